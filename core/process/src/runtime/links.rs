//! The services `link` and `unlink`: records are put into a link of a record, or taken out of it. What somebody else puts
//! there at the same time stays.

use kernel::error::FieldError;
use kernel::value::FieldType;
use kernel::{Ctx, Error, RecordId, Result, Value};
use records::{Change, WriteOptions};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::services::{ServiceCall, ServiceFailure, failure, target};
use super::{INVALID, Processes};

/// Times that a change is tried when somebody else was quicker, before it is tried later.
const TRIES: usize = 20;

/// What is asked for: parameters `field`, `to` (an id, or several), and whose link it is (`entity` and `id`, by default
/// the subject).
struct Asked {
    entity: String,
    id: RecordId,
    field: String,
    others: Vec<Uuid>,
    add: bool,
}

impl Asked {
    fn of(call: &ServiceCall) -> Result<Self, ServiceFailure> {
        let never = |reason: &str| ServiceFailure::Never(format!("{}: {reason}", call.kind));
        let (entity, id, rest) = target(call, true)?;
        let Some(field) = rest.get("field").and_then(Json::as_str) else {
            return Err(never("the parameter `field` is missing"));
        };
        let others =
            ids(rest.get("to")).ok_or_else(|| never("the parameter `to` is neither an id nor a list of ids"))?;
        Ok(Self { entity, id, field: field.to_owned(), others, add: call.kind == "link" })
    }

    /// The records that the link has then.
    fn wanted(&self, now: &[Uuid], many: bool) -> Result<Vec<Uuid>> {
        if !self.add {
            return Ok(now.iter().copied().filter(|id| !self.others.contains(id)).collect());
        }
        if !many {
            return match self.others.as_slice() {
                [one] => Ok(vec![*one]),
                _ => Err(wrong("to", "the field takes one record")),
            };
        }
        let mut all = now.to_vec();
        for other in &self.others {
            if !all.contains(other) {
                all.push(*other);
            }
        }
        Ok(all)
    }
}

/// Ids of a text with commas, or of a list; nothing where one of them is none, or there are none.
pub(crate) fn ids(value: Option<&Json>) -> Option<Vec<Uuid>> {
    let texts: Vec<&str> = match value? {
        Json::String(text) => text.split(',').map(str::trim).collect(),
        Json::Array(items) => items.iter().map(Json::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    let ids: Vec<Uuid> = texts.into_iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
    Some(ids).filter(|ids| !ids.is_empty())
}

fn wrong(part: &str, why: &str) -> Error {
    Error::field(INVALID, part, FieldError::new("invalid").with("reason", why))
}

impl Processes {
    /// Does what is asked for; nothing is written where it is so already.
    ///
    /// # Errors
    /// Why it was not done.
    pub(super) async fn change_links(
        &self,
        ctx: &Ctx,
        call: &ServiceCall,
        options: &WriteOptions,
    ) -> Result<Json, ServiceFailure> {
        let asked = Asked::of(call)?;
        for _ in 0..TRIES {
            match self.try_links(ctx, &asked, options).await {
                Ok(()) => return Ok(json!({"entity": asked.entity, "id": asked.id})),
                Err(Error::Conflict { code: "record.conflict", .. }) => {}
                Err(error) => return Err(failure(&error)),
            }
        }
        Err(ServiceFailure::Again(format!("{}: others change the record all the time", call.kind)))
    }

    async fn try_links(&self, ctx: &Ctx, asked: &Asked, options: &WriteOptions) -> Result<()> {
        let def = self.records.defined(ctx, &asked.entity).await?;
        let many = match def.field(&asked.field).map(|field| field.kind) {
            Some(FieldType::Link) => false,
            Some(FieldType::Links) => true,
            _ => return Err(wrong("field", "there is no such link")),
        };
        let record = self.records.get(ctx, &asked.entity, asked.id).await?;
        let now = match record.fields.get(asked.field.as_str()) {
            Some(Value::Id(id)) => vec![*id],
            Some(Value::Ids(ids)) => ids.clone(),
            Some(_) => Vec::new(),
            // What the actor does not see, they must not overwrite.
            None => return Err(Error::Denied("field")),
        };
        let wanted = asked.wanted(&now, many)?;
        if wanted == now {
            return Ok(());
        }
        let value = if many { json!(wanted) } else { json!(wanted.first()) };
        let fields = Map::from_iter([(asked.field.clone(), value)]);
        let change = Change::Update { id: asked.id, version: Some(record.version), fields };
        self.records.write_one(ctx, &asked.entity, change, options).await.map(drop)
    }
}
