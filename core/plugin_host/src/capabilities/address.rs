//! `address`: where the request of whoever acts came from.

use kernel::Locale;
use records::Catalogue;
use serde::Deserialize;

use super::State;
use crate::bindings::types::HostError;
use crate::bindings::verstak::address::address as wit;
use crate::manifest::check::text;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

/// What the manifest says: `[permissions.address]`.
pub(crate) const PART: Part = Part::of::<AddressPermission>("address");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressPermission {
    #[serde(default)]
    reason: Text,
}

impl Permission for AddressPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.address.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "The IP address from which people work",
            Locale::Ru => "IP-адрес, с которого работают люди",
            Locale::Uk => "IP-адреса, з якої працюють люди",
        };
        vec![Grant {
            key: "address".to_owned(),
            title: title.to_owned(),
            reason: self.reason.clone(),
            scope: Default::default(),
        }]
    }
}

impl wit::Host for State {
    async fn of_request(&mut self) -> wasmtime::Result<Result<Option<String>, HostError>> {
        self.enter_shared("address")?;
        let caller = self.granted("address");
        Ok(caller.map(|caller| caller.ctx.address.map(|ip| ip.to_canonical().to_string())))
    }
}
