//! What happened to a record, as expressions see it after the commit: for whoever acts on changes later (rules of
//! automation). The record is as it is kept now with what the event says on top, `before` the same as it was before the event.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::access::Action;
use kernel::error::FieldError;
use kernel::event::Event;
use kernel::expression::exact::{NOW, Outcome, TODAY};
use kernel::expression::{Expression, Names};
use kernel::{Ctx, Fields, RecordId, Result, Value};
use serde_json::{Map, Value as Json};

use crate::catalogue::condition::{ACTOR, BEFORE, compiled_over};
use crate::catalogue::formula::RECORD;
use crate::catalogue::{Catalogue, EntityDef};
use crate::computed::Moment;
use crate::conditions::{actor_of, picture};
use crate::{Operation, Records, read};

/// What came of what was done before: a list, the first at 0.
pub const RESULTS: &str = "results";
/// What somebody outside sent.
pub const VARS: &str = "vars";
/// What was sent, among the changes of an event.
pub const SENT: &str = "@vars";
/// The record's own id, among its fields.
const ID: &str = "id";

/// Compiles an expression over `record` (also `record.id`), `before`, `actor`, `today`, `now`, `results` and `vars`.
///
/// # Errors
/// That it is not understood, or names what is not there.
pub fn compile(def: &EntityDef, text: &str) -> Result<Expression, FieldError> {
    compiled_over(def, text, &[RESULTS, VARS], &[ID])
}

/// A change that was made.
pub struct Happened {
    def: Arc<EntityDef>,
    id: RecordId,
    now: Fields,
    record: Fields,
    before: Fields,
    actor: Json,
    sent: Json,
    moment: Moment,
}

impl std::fmt::Debug for Happened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Happened").field("entity", &self.def.key).field("id", &self.id).finish_non_exhaustive()
    }
}

impl Records {
    /// What records are now, in the recycle bin too, whole, by id. Those that are gone for good are missing.
    ///
    /// # Errors
    /// `NotFound` for the entity.
    pub async fn images(&self, ctx: &Ctx, entity: &str, ids: &[RecordId]) -> Result<HashMap<RecordId, Fields>> {
        let catalogue: Arc<Catalogue> = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        let found = read::load_whole(self.db().read(), &catalogue, ctx, def, ids, Action::Read, true).await?;
        Ok(found.into_iter().map(|record| (record.id, record.fields)).collect())
    }
}

impl Happened {
    /// An event, given the record as it is now; `later`: what the event says of it counts no more, but for `before`.
    pub fn to(def: &Arc<EntityDef>, image: &Fields, event: &Event, later: bool, ctx: &Ctx) -> Self {
        let nothing = Map::new();
        let changes = event.changes.as_object().unwrap_or(&nothing);
        let new = Operation::of_event(&event.kind) == Some(Operation::Create);
        Self {
            def: Arc::clone(def),
            id: RecordId(event.record),
            now: image.clone(),
            record: if later { image.clone() } else { side(def, image, changes, 1) },
            before: if new { Fields::new() } else { side(def, image, changes, 0) },
            actor: actor_of(ctx),
            sent: changes.get(SENT).cloned().unwrap_or_else(|| Json::Object(Map::new())),
            moment: Moment::of(ctx),
        }
    }

    /// Nothing but that a record is as it is.
    pub fn nothing(def: &Arc<EntityDef>, id: RecordId, image: &Fields, ctx: &Ctx) -> Self {
        Self {
            def: Arc::clone(def),
            id,
            now: image.clone(),
            record: image.clone(),
            before: image.clone(),
            actor: actor_of(ctx),
            sent: Json::Object(Map::new()),
            moment: Moment::of(ctx),
        }
    }

    /// The same with what somebody outside sent.
    #[must_use]
    pub fn with_sent(self, sent: Map<String, Json>) -> Self {
        Self { sent: Json::Object(sent), ..self }
    }

    /// A field of the record.
    pub fn field(&self, key: &str) -> Value {
        self.def.field(key).map_or(Value::Null, |field| self.def.value_of(&self.record, field))
    }

    /// A field of the record as it is kept now, whatever the event says.
    pub fn now(&self, key: &str) -> Value {
        self.def.field(key).map_or(Value::Null, |field| self.def.value_of(&self.now, field))
    }

    /// Whether an expression holds.
    ///
    /// # Errors
    /// Why it cannot be answered, in English.
    pub fn holds(&self, expression: &Expression) -> Result<bool, String> {
        self.ask(expression, &Json::Array(Vec::new()), |names| expression.holds(names))
    }

    /// What an expression gives, as JSON, with what came of what was done before.
    ///
    /// # Errors
    /// The same.
    pub fn value(&self, expression: &Expression, results: &Json) -> Result<Json, String> {
        self.ask(expression, results, |names| match expression.outcome(names)? {
            Outcome::Value(value) => Ok(value.to_json()),
            Outcome::Seconds(seconds) => Ok(seconds.into()),
            Outcome::Other(_) => expression.evaluate(names),
        })
    }

    fn ask<T>(&self, expression: &Expression, results: &Json, ask: impl FnOnce(&Names<'_>) -> T) -> T {
        let whole = |image: &Fields, name: &str| {
            let mut seen = picture(&self.def, image, expression, name);
            seen.insert(ID.into(), Value::Id(self.id.0));
            seen
        };
        let (record, before) = (whole(&self.record, RECORD), whole(&self.before, BEFORE));
        let names = Names::new()
            .with_exact(RECORD, &record)
            .with_exact(BEFORE, &before)
            .with(ACTOR, &self.actor)
            .with_value(TODAY, &self.moment.today)
            .with_value(NOW, &self.moment.now)
            .with(RESULTS, results)
            .with(VARS, &self.sent);
        ask(&names)
    }
}

/// A record before (0) or after (1) a change: as it is now, with what the change says.
fn side(def: &EntityDef, image: &Fields, changes: &Map<String, Json>, side: usize) -> Fields {
    let mut flat = def.flat(image);
    for (key, pair) in changes {
        let Some((field, json)) = def.field(key).zip(pair.get(side)) else { continue };
        // What no longer fits the field's type is seen as it is now.
        if let Ok(value) = Value::from_json(field.kind, json) {
            flat.insert(field.key.clone(), value);
        }
    }
    def.gathered(flat)
}
