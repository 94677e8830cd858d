//! What every call of a page stands on.

use kernel::{Ctx, RecordId, RecordRef, Result};
use plugin_host::View;
use plugin_host::surfaces::Open;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::http::body::bad_request;
use crate::state::AppState;

/// Bytes of parameters, and of state.
const MAX_KEPT: usize = 16 * 1024;
/// Bytes of an input.
const MAX_GIVEN: usize = 64 * 1024;

/// A record that a surface stands on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StandsOn {
    /// Entity key.
    entity: String,
    /// Its id.
    #[schema(value_type = Uuid)]
    id: RecordId,
}

/// Which surface a call is for, and what the page knows.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = OnPage)]
pub struct Stand {
    /// Whose surface.
    pub(super) plugin: String,
    /// Its id.
    pub(super) surface: String,
    /// The tree that is shown; another one is 409 `ui.stale`.
    tree_hash: Option<String>,
    /// Parameters of the page, up to 16 KiB.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    params: Map<String, Value>,
    /// State of the page, up to 16 KiB.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    state: Map<String, Value>,
    /// The record whose page the surface stands on.
    record: Option<StandsOn>,
    /// Language of the page; answers come in the caller's.
    #[serde(rename = "locale")]
    _locale: Option<String>,
    /// Whatever else there is: refused.
    #[serde(flatten)]
    #[schema(ignore)]
    unknown: Map<String, Value>,
}

/// What a page gives to its plugin's code or a source beside parameters and state, up to 64 KiB.
pub(super) fn bounded(name: &str, given: &Value) -> Result<()> {
    match serde_json::to_string(given).map_or(true, |text| text.len() > MAX_GIVEN) {
        true => Err(bad_request(name, &format!("at most {} KiB", MAX_GIVEN / 1024))),
        false => Ok(()),
    }
}

/// Parameters and state of a page, up to 16 KiB each.
pub(super) fn small(params: &Map<String, Value>, state: &Map<String, Value>) -> Result<()> {
    for (name, kept) in [("params", params), ("state", state)] {
        if serde_json::to_string(kept).map_or(true, |text| text.len() > MAX_KEPT) {
            return Err(bad_request(name, &format!("at most {} KiB", MAX_KEPT / 1024)));
        }
    }
    Ok(())
}

impl Stand {
    /// The surface, for somebody who may see it and the record it stands on.
    pub(super) async fn open(self, state: &AppState, ctx: &Ctx, me: &Value) -> Result<(Open, View)> {
        if let Some(key) = self.unknown.keys().next() {
            return Err(bad_request(key, "there is no such field"));
        }
        small(&self.params, &self.state)?;
        let open = state.plugins.open(ctx, me, &self.plugin, &self.surface, self.tree_hash.as_deref()).await?;
        let record = match self.record {
            Some(on) => {
                state.records.get(ctx, &on.entity, on.id).await?;
                Some(RecordRef { entity: on.entity.as_str().into(), id: on.id })
            }
            None => None,
        };
        Ok((open, View { params: self.params, state: self.state, record }))
    }
}
