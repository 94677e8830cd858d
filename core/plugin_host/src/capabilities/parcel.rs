//! `parcel`: files of the plugin's own package, and its texts. Open to every plugin.

use kernel::Locale;

use super::State;
use crate::bindings::types::{HostError, Message};
use crate::bindings::verstak::runtime::parcel as wit;

impl wit::Host for State {
    async fn file(&mut self, path: String) -> wasmtime::Result<Result<Vec<u8>, HostError>> {
        self.enter()?;
        let found = self.caller.as_ref().and_then(|caller| caller.plugin.version.data.get(&path).cloned());
        Ok(found.ok_or_else(|| HostError::NotFound(format!("the package has no file `{path:.100}` in `data/`"))))
    }

    async fn words(&mut self, text: Message, locale: String) -> wasmtime::Result<String> {
        self.enter_shared("words")?;
        let locale: Locale = locale.parse().unwrap_or_default();
        let parameters = text.parameters.iter().map(|one| (one.name.as_str(), one.value.as_str()));
        Ok(match &self.caller {
            Some(caller) => caller.plugin.version.texts.words(locale, &text.key, parameters, &text.fallback),
            None => text.fallback,
        })
    }
}
