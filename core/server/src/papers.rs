//! The service `document` of processes and rules: a paper of the record they are about, or of another one, is made and kept
//! among its files.
//!
//! | parameter | meaning |
//! |---|---|
//! | `template` | one of ours (`quote`, `order`, `invoice`, `credit`, `act`), or the title or id of a template of the company's own; the usual one where it is left out |
//! | `locale` | `en`, `ru` or `uk`; the client's where it is left out |
//! | `entity`, `id` | the record; the one that the call is about where they are left out |

use documents::{DocumentInput, Documents, Paper};
use kernel::{Ctx, Locale};
use process::runtime::{Service, ServiceCall, ServiceFailure, failure};
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// What a service task calls this service by.
const KIND: &str = "document";

/// Papers as a service of processes.
pub(crate) struct Papers {
    pub documents: Documents,
}

#[async_trait::async_trait]
impl Service for Papers {
    fn serves(&self, kind: &str) -> bool {
        kind == KIND
    }

    async fn call(&self, ctx: &Ctx, call: &ServiceCall) -> Result<Json, ServiceFailure> {
        let (entity, id) = record_of(call)?;
        let (template, own) = self.template(ctx, &entity, text(call, "template")).await?;
        let input = DocumentInput { template, own, entity, id, locale: locale(call)?, format: None };
        let made = self.documents.make_once(ctx, call.idempotency_key(), &input).await;
        let made = made.map_err(|error| failure(&error))?;
        Ok(json!({"document": made.id, "file": made.file, "name": made.file_name}))
    }
}

impl Papers {
    /// One of ours, one of the company's, or neither: the usual one.
    async fn template(
        &self,
        ctx: &Ctx,
        entity: &str,
        named: Option<&str>,
    ) -> Result<(Option<Paper>, Option<Uuid>), ServiceFailure> {
        let Some(named) = named else { return Ok((None, None)) };
        if let Some(paper) = Paper::of(named) {
            return Ok((Some(paper), None));
        }
        let all = self.documents.own_templates(ctx).await.map_err(|error| failure(&error))?;
        let id = named.parse::<Uuid>().ok();
        let fits = |title: &str, of: Uuid| title == named || Some(of) == id;
        let mut fitting = all.iter().filter(|one| one.entity == entity && fits(&one.title, one.id));
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok((None, Some(one.id))),
            (Some(_), Some(_)) => Err(never(&format!("several templates are called `{named}`: write the id of one"))),
            (None, _) => Err(never(&format!("there is no template `{named}` of `{entity}`"))),
        }
    }
}

fn record_of(call: &ServiceCall) -> Result<(String, Uuid), ServiceFailure> {
    match (text(call, "entity"), text(call, "id"), &call.subject) {
        (Some(entity), Some(id), _) => {
            let id = id.parse().map_err(|_| never("the parameter `id` is no id"))?;
            Ok((entity.to_owned(), id))
        }
        (None, None, Some(subject)) => Ok((subject.entity.to_string(), subject.id.0)),
        (None, None, None) => Err(never("there is no record that it is about: write `entity` and `id`")),
        _ => Err(never("`entity` and `id` go together")),
    }
}

fn locale(call: &ServiceCall) -> Result<Option<Locale>, ServiceFailure> {
    let wrong = |_: String| never("the parameter `locale` is none of en, ru, uk");
    text(call, "locale").map(|code| code.parse::<Locale>().map_err(wrong)).transpose()
}

/// A parameter, unless it is empty.
fn text<'c>(call: &'c ServiceCall, name: &str) -> Option<&'c str> {
    call.parameters.get(name).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn never(why: &str) -> ServiceFailure {
    ServiceFailure::Never(format!("{KIND}: {why}"))
}
