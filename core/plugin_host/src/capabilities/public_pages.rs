//! `public/pages`: where the plugin's own public pages stand. Open to every plugin: a page that is open anybody may open, and
//! of one that is closed nothing is told.

use people::tenant;

use super::{Caller, State, host_error};
use crate::bindings::types::HostError;
use crate::bindings::verstak::public::pages as wit;
use crate::registry::opened;

impl wit::Host for State {
    async fn address(&mut self, page: String) -> wasmtime::Result<Result<Option<String>, HostError>> {
        self.enter()?;
        Ok(match self.caller.clone() {
            Some(caller) => address_of(&caller, &page).await,
            None => Err(HostError::Denied("there is no tenant in this call".to_owned())),
        })
    }
}

async fn address_of(caller: &Caller, page: &str) -> Result<Option<String>, HostError> {
    known(caller, page)?;
    let (db, plugin) = (&caller.services.db, caller.plugin.id());
    let open = opened::one(db.read(), caller.ctx.tenant, plugin, page).await;
    if open.map_err(|error| host_error(&error.into()))?.is_none() {
        return Ok(None);
    }
    let company = tenant::get(db, caller.ctx.tenant).await.map_err(|error| host_error(&error))?;
    let base = &caller.services.public_url;
    Ok(Some(format!("{base}{}", path_of(&company.slug, plugin, page))))
}

/// Where a public page stands in the installation.
pub(super) fn path_of(company: &str, plugin: &str, page: &str) -> String {
    format!("/p/{company}/{plugin}/{page}")
}

/// Whether the plugin has such a public page.
pub(super) fn known(caller: &Caller, page: &str) -> Result<(), HostError> {
    let mut surfaces = caller.plugin.version.surfaces.iter().map(|surface| &surface.declared);
    if surfaces.any(|surface| surface.is_public() && surface.id == page) {
        return Ok(());
    }
    Err(HostError::NotFound(format!("not found: public page {page}")))
}
