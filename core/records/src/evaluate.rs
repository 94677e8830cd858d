//! What a record would be like, asked while somebody types: states of fields, formulas, and what would be refused. The same
//! engine as of writing, without plugins and without writing anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::access::Action;
use kernel::error::FieldErrors;
use kernel::{Ctx, Error, Fields, RecordId, Result, Value};
use serde_json::{Map, Value as Json};

use crate::computed::{self, Moment, Which};
use crate::conditions::{self, Scene, State};
use crate::read::{self, Query};
use crate::write::{self, Operation, PendingChange};
use crate::{Records, catalogue::EntityDef};

/// Records that one page of violations looks at.
const LOOKED_AT: u64 = 200;

/// What a record would be like.
#[derive(Debug, Default)]
pub struct Evaluated {
    /// Fields that have conditions.
    pub states: BTreeMap<String, State>,
    /// Values of formulas that the asker sees, an amount's currency beside it.
    pub formulas: BTreeMap<String, Value>,
    /// What a write would be refused for by values and conditions, by field.
    pub errors: FieldErrors,
    /// Rules that it would break, in their order.
    pub rules: Vec<RuleTold>,
    /// Formulas that could not be computed, in English, by field.
    pub problems: BTreeMap<String, String>,
}

/// A rule that a record breaks.
#[derive(Debug, Clone)]
pub struct RuleTold {
    /// Its name.
    pub name: String,
    /// Where it is shown.
    pub field: Option<String>,
    /// What somebody is told.
    pub message: kernel::Message,
    /// Whether a reason overrides it.
    pub warn: bool,
}

/// A record that would not be taken as it is, if it were new.
#[derive(Debug)]
pub struct Violation {
    /// Which.
    pub id: RecordId,
    /// Its title.
    pub title: String,
    /// What is wrong with it.
    pub found: Evaluated,
}

/// A page of them.
#[derive(Debug)]
pub struct Violations {
    /// Those among the records of this page: none does not mean that there are no more.
    pub items: Vec<Violation>,
    /// For the next page, if there is one.
    pub next_cursor: Option<String>,
}

impl Records {
    /// What a record would be like with these values: a new one, or one that the asker sees.
    ///
    /// # Errors
    /// `NotFound`, `Denied`. What is wrong with values is in the answer.
    pub async fn evaluate(
        &self,
        ctx: &Ctx,
        entity: &str,
        id: Option<RecordId>,
        fields: &Map<String, Json>,
    ) -> Result<Evaluated> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        let action = if id.is_some() { Action::Read } else { Action::Create };
        if !ctx.rights.may(entity, action) {
            return Err(if id.is_some() { Error::NotFound(entity.to_owned()) } else { Error::Denied("action") });
        }
        let ids: Vec<RecordId> = id.into_iter().collect();
        let found = read::load_whole(self.db().read(), &catalogue, ctx, def, &ids, Action::Read, false).await?;
        let known = found.into_iter().next();
        if let (Some(id), None) = (id, &known) {
            return Err(Error::NotFound(format!("{entity} {id}")));
        }
        let (given, errors) = understood(def, ctx, fields);
        let mut change = PendingChange {
            entity: Arc::clone(def),
            id: id.unwrap_or_else(|| RecordId(ctx.id())),
            operation: if id.is_some() { Operation::Update } else { Operation::Create },
            version: known.as_ref().map_or(0, |record| record.version),
            after: known.as_ref().map(|record| record.fields.clone()).unwrap_or_default(),
            before: known.map(|record| record.fields),
            given: given.keys().cloned().collect(),
            refusal: None,
            along: Vec::new(),
            merging: false,
        };
        change.assign(given);
        let rules = self.rules_of(entity);
        write::fill_in(&mut change, ctx, &catalogue.pipelines, rules.as_deref());
        Ok(judged(&mut change, ctx, &catalogue.pipelines.currency, errors))
    }

    /// Records that would not be taken as they are, among the next of those that the asker sees, newest first.
    ///
    /// # Errors
    /// `NotFound`, `request.invalid` for a cursor that is none.
    pub async fn violations(&self, ctx: &Ctx, entity: &str, cursor: Option<String>) -> Result<Violations> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        let query = Query { fields: Some(Vec::new()), limit: Some(LOOKED_AT), cursor, ..Query::default() };
        let page = self.query(ctx, entity, &query).await?;
        let ids: Vec<RecordId> = page.items.iter().map(|record| record.id).collect();
        let mut items = Vec::new();
        let mut found = read::load_whole(self.db().read(), &catalogue, ctx, def, &ids, Action::Read, false).await?;
        found.sort_by_key(|record| ids.iter().position(|id| *id == record.id));
        for record in found {
            let title = record.fields.get("title").and_then(Value::as_text).unwrap_or_default().to_owned();
            let mut change = as_new(def, record.id, record.fields);
            let errors = write::gaps(&change, &ctx.rights);
            let judged = judged(&mut change, ctx, &catalogue.pipelines.currency, errors);
            let clean = judged.errors.is_empty() && judged.rules.is_empty() && judged.problems.is_empty();
            if !clean {
                items.push(Violation { id: record.id, title, found: judged });
            }
        }
        Ok(Violations { items, next_cursor: page.next_cursor })
    }
}

/// A record as if it were moved to where it is: it answers for everything, and nothing of it is touched.
fn as_new(def: &Arc<EntityDef>, id: RecordId, fields: Fields) -> PendingChange {
    PendingChange {
        entity: Arc::clone(def),
        id,
        operation: Operation::Create,
        version: 0,
        before: Some(fields.clone()),
        after: fields,
        given: Default::default(),
        refusal: None,
        along: Vec::new(),
        merging: false,
    }
}

/// What can be understood of values, and what is wrong with the others.
fn understood(def: &EntityDef, ctx: &Ctx, fields: &Map<String, Json>) -> (Fields, FieldErrors) {
    let (mut given, mut errors) = (Fields::new(), FieldErrors::new());
    for (key, json) in fields {
        let one = Map::from_iter([(key.clone(), json.clone())]);
        match write::parse(def, &ctx.rights, &one) {
            Ok(values) => given.extend(values),
            // What may not be written is not asked about either.
            Err(wrong) => errors.extend(wrong.into_iter().filter(|(_, error)| error.code != "read_only")),
        }
    }
    (given, errors)
}

fn judged(change: &mut PendingChange, ctx: &Ctx, currency: &str, mut errors: FieldErrors) -> Evaluated {
    let def = Arc::clone(&change.entity);
    let problems = computed::compute(&def, &mut change.after, ctx, currency, Which::All);
    let (actor, moment) = (conditions::actor_of(ctx), Moment::of(ctx));
    let scene = Scene::new(&def, &change.after, change.before.as_ref(), &actor, &moment);
    for (key, error) in conditions::fields(change, &scene, ctx) {
        errors.entry(key).or_insert(error);
    }
    let sees = |key: &str| def.shows_key(&ctx.rights, key);
    let told = |one: &conditions::Broken| RuleTold {
        name: one.rule.spec.name.clone(),
        field: one.rule.spec.field.clone(),
        message: one.message(ctx),
        warn: one.rule.spec.warn,
    };
    let rules = conditions::broken(change, &scene, ctx).iter().map(told).collect();
    let states = conditions::states(&def, &scene, ctx);
    let flat = def.flat(&change.after);
    let shown = def.computed.iter().filter_map(|key| def.field(key)).filter(|field| def.shows(&ctx.rights, field));
    let keys = shown.flat_map(|field| [Some(field), def.currency_of(field)]).flatten();
    let formulas =
        keys.map(|field| (field.key.to_string(), flat.get(&field.key).cloned().unwrap_or(Value::Null))).collect();
    errors.retain(|key, _| sees(key));
    let problems = problems.into_iter().filter(|(key, _)| sees(key));
    Evaluated {
        states,
        formulas,
        errors,
        rules,
        problems: problems.map(|(key, text)| (key.to_string(), text)).collect(),
    }
}
