//! A press that the plugin answers.

use std::collections::BTreeMap;

use kernel::{Ctx, Message, Result};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use uuid::Uuid;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::view::{input, object_of};
use super::{ACT, MAX_ANSWER, View};
use crate::PluginHost;
use crate::bindings::types;
use crate::bindings::ui_act as wit;
use crate::capabilities::State;
use crate::engine::{Code, Effect, Fault, Invoke};
use crate::surfaces::Open;

/// Patches of an answer.
const MAX_PATCHES: usize = 20;
/// Errors, and refused rows, of an answer.
const MAX_SAID: usize = 200;
/// Bytes of a source's name.
const MAX_NAME: usize = 200;
/// Characters of an address.
const MAX_ADDRESS: usize = 2_000;
/// What strangers read in place of words that are not the package's.
const UNTOLD: &str = "public.untold";
/// Bytes of parameters and state that an answer sets.
const MAX_STATE: usize = 16 * 1024;

/// A press, by the act's name.
pub(super) struct Press(pub(super) String, pub(super) wit::Call);

impl Invoke for Press {
    type Answer = std::result::Result<wit::Answer, types::Message>;
    const EFFECT: Effect = Effect::Writes;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<std::result::Result<Self::Answer, String>> {
        let guest = code.indices::<wit::GuestIndices>(ACT.export)?.load(&mut *store, instance)?;
        Ok(match guest.call_act(store, &self.0, &self.1).await? {
            Ok(answer) => Ok(Ok(answer)),
            Err(wit::Failure::Refused(message)) => Ok(Err(message)),
            Err(wit::Failure::Failed(text)) => Err(text),
        })
    }
}

/// What somebody presses.
#[derive(Debug, Clone)]
pub struct Deed {
    /// Its name in the plugin.
    pub act: String,
    /// The same for every try of this press and of no other.
    pub key: Uuid,
    /// Entity of the rows, where they are records; the caller has seen to it that whoever presses sees them.
    pub entity: Option<String>,
    /// The row it stands on, or the chosen rows.
    pub rows: Vec<String>,
    /// What the action gives and what was asked first.
    pub input: Json,
}

/// What came of it, in the reader's language.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = ActAnswer)]
pub struct Acted {
    /// What the page does now, in order.
    pub patches: Vec<Patch>,
    /// By name of the input.
    pub errors: BTreeMap<String, String>,
    /// Of a selection: the rows it was not done for.
    pub refused: Vec<RefusedRow>,
}

/// A row that an act was not done for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefusedRow {
    /// The row.
    pub id: String,
    /// Why.
    pub detail: String,
}

/// A change of the page.
#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
#[schema(as = PagePatch)]
pub enum Patch {
    /// Parameters and state.
    Set {
        /// Of the address.
        #[schema(value_type = BTreeMap<String, Json>)]
        params: Map<String, Json>,
        /// Of the page.
        #[schema(value_type = BTreeMap<String, Json>)]
        state: Map<String, Json>,
    },
    /// Reads sources anew.
    Refresh {
        /// These; all when there is none.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        sources: Vec<String>,
    },
    /// Words for a moment.
    Toast(Toast),
    /// Another page.
    Open {
        /// Its address in the portal.
        url: String,
    },
    /// Closes the panel or modal.
    Close,
}

/// Words for a moment.
#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Toast {
    /// In the reader's language.
    pub text: String,
    /// `ok` or `danger`.
    pub tone: &'static str,
}

impl PluginHost {
    /// Does what somebody pressed on a surface.
    ///
    /// # Errors
    /// `NotFound` for an act that the surface does not have; `act.refused` with the plugin's words; `plugin.failed` with its
    /// name and the reason.
    pub async fn act(&self, ctx: &Ctx, open: &Open, deed: Deed, view: &View) -> Result<Acted> {
        if !open.has_act(&deed.act) {
            return Err(kernel::Error::NotFound(format!("the act {}", deed.act)));
        }
        let point = open.point(&ACT, &deed.act);
        self.goes(ctx, open, &point)?;
        let call = wit::Call {
            key: deed.key.to_string(),
            view: view.to_wit(open),
            entity: deed.entity,
            rows: deed.rows,
            input: input(&deed.input),
        };
        let failed = |fault: Fault| open.failed(ctx, &fault);
        let judge = |answer: &std::result::Result<wit::Answer, _>| answer.as_ref().map_or(Ok(()), sound);
        match self.call(ctx, &point, Press(deed.act, call), judge).await.map_err(failed)? {
            Ok(answer) => Ok(open.acted(ctx, answer)),
            Err(message) => {
                let words = Message::Words(open.words(ctx, &message));
                let told = open.plugin.manifest().refused_as(&message.key);
                let (code, status) = told.unwrap_or(("act.refused", None));
                Err(open.refused(code, status, words))
            }
        }
    }
}

impl Open {
    /// A message in words. Strangers read what stands in the package: what the host said to the plugin, or what was put
    /// together of it, may name the company's people and records.
    fn words(&self, ctx: &Ctx, message: &types::Message) -> String {
        if self.public && !self.plugin.version.texts.has(&message.key) {
            return Message::key(UNTOLD).in_locale(ctx.locale);
        }
        let parameters = message.parameters.iter().map(|one| (one.name.as_str(), one.value.as_str()));
        self.plugin.version.texts.words(ctx.locale, &message.key, parameters, &message.fallback)
    }

    fn acted(&self, ctx: &Ctx, answer: wit::Answer) -> Acted {
        let patch = |patch: wit::Patch| match patch {
            wit::Patch::Set(set) => Patch::Set { params: object_of(set.params), state: object_of(set.state) },
            wit::Patch::Refresh(sources) => Patch::Refresh { sources },
            wit::Patch::Toast(toast) => Patch::Toast(Toast {
                text: self.words(ctx, &toast.text),
                tone: if toast.tone == wit::Tone::Ok { "ok" } else { "danger" },
            }),
            wit::Patch::Open(url) => Patch::Open { url },
            wit::Patch::Close => Patch::Close,
        };
        let error = |one: types::FieldMessage| (one.field, self.words(ctx, &one.message));
        let refused = |one: wit::Refused| RefusedRow { id: one.id, detail: self.words(ctx, &one.message) };
        // A stranger has no other page to go to.
        let stays = |patch: &Patch| !(self.public && matches!(patch, Patch::Open { .. }));
        Acted {
            patches: answer.patches.into_iter().map(patch).filter(stays).collect(),
            errors: answer.errors.into_iter().map(error).collect(),
            refused: answer.refused.into_iter().map(refused).collect(),
        }
    }
}

/// What the types cannot express.
fn sound(answer: &wit::Answer) -> std::result::Result<(), String> {
    if answer.patches.len() > MAX_PATCHES {
        return Err(format!("more than {MAX_PATCHES} patches"));
    }
    let said = |message: &types::Message| {
        let parameters = message.parameters.iter().map(|one| one.name.len().saturating_add(one.value.len()));
        parameters.fold(message.fallback.len().saturating_add(message.key.len()), usize::saturating_add)
    };
    if answer.errors.len() > MAX_SAID || answer.refused.len() > MAX_SAID {
        return Err(format!("more than {MAX_SAID} errors or refused rows"));
    }
    let bytes = answer.errors.iter().map(|one| said(&one.message).saturating_add(one.field.len()));
    let bytes = bytes.chain(answer.refused.iter().map(|one| said(&one.message).saturating_add(one.id.len())));
    if bytes.fold(0_usize, usize::saturating_add) > MAX_ANSWER {
        return Err(format!("more than {} KiB", MAX_ANSWER / 1024));
    }
    for patch in &answer.patches {
        match patch {
            // Of this portal: `//host` and `/\host` are other hosts to a browser.
            wit::Patch::Open(url) if !is_local(url) => {
                return Err(format!("`{url:.100}` is not an address of the portal, which begins with `/`"));
            }
            wit::Patch::Set(set) if size(&set.params).saturating_add(size(&set.state)) > MAX_STATE => {
                return Err(format!("parameters and state of more than {} KiB", MAX_STATE / 1024));
            }
            wit::Patch::Refresh(sources)
                if sources.len() > MAX_PATCHES || sources.iter().any(|one| one.len() > MAX_NAME) =>
            {
                return Err(format!(
                    "more than {MAX_PATCHES} sources to refresh, or a name of more than {MAX_NAME} bytes"
                ));
            }
            wit::Patch::Toast(toast) if said(&toast.text) > MAX_STATE => {
                return Err(format!("a toast of more than {} KiB", MAX_STATE / 1024));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_local(url: &str) -> bool {
    let inside = url.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    inside && url.len() <= MAX_ADDRESS && !url.chars().any(char::is_control)
}

fn size(fields: &[types::Field]) -> usize {
    Json::Object(object_of(fields.to_vec())).to_string().len()
}
