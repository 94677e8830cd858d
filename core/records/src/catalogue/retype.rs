//! Another type for a field that has values. The values are tried first and misfits block. Then the field keeps its values
//! in a place of its own from the next write on; what is still in the old place is read as the new type at once, and is
//! moved over by a job, so that lists find it too. Nobody's doing: no version, no event, for the value is the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;
use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::filter::{DOCUMENT, Storage};
use kernel::jobs::{self, Handler, Job, JobError, Lane, NewJob};
use kernel::value::FieldType;
use kernel::{Ctx, Error, FieldKey, RecordId, Result, TenantId, Value, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::change::{own_field, require_admin, wrong};
use super::choices::choices;
use super::definition::{Choice, EntityDef, FieldDef, longest};
use super::indexed;
use super::store::{self, OwnField, Which};
use crate::write::with_members;
use crate::{Records, import, recompute, search};

/// The job that moves values over.
pub const RETYPE: &str = "records.retype";
/// Records of one statement.
const CHUNK: usize = 1_000;
/// Chunks of one run of the job.
const CHUNKS: usize = 20;
/// Seconds before it begins: by then every node writes into the new place.
const DELAY_SECONDS: i64 = 2;
/// Misfits that are told one by one.
const TOLD: usize = 20;

/// Another type for a field.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retype {
    /// The type.
    #[schema(value_type = String)]
    pub r#type: FieldType,
    /// Its choices, where it becomes a choice.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub choices: Vec<Choice>,
    /// Only says what would fit.
    #[serde(default)]
    pub dry_run: bool,
}

/// How the values fit another type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = FieldTypeFit)]
pub struct Fit {
    /// Records whose value fits.
    pub fits: u64,
    /// Records whose value does not.
    pub misfits: u64,
    /// Some of these.
    pub examples: Vec<Misfit>,
    /// Something of each value is lost: the hour of a moment that becomes a day.
    pub narrows: bool,
}

/// A record whose value does not fit.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = FieldTypeMisfit)]
pub struct Misfit {
    /// The record.
    #[schema(value_type = uuid::Uuid)]
    pub id: RecordId,
    /// Its title.
    pub title: String,
    /// Its value.
    #[schema(value_type = Option<serde_json::Value>)]
    pub value: Json,
}

/// Where values of a field were kept before its type changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The place.
    pub from: FieldKey,
    /// Their type there.
    pub kind: FieldType,
    /// Their choices there.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// The company's time zone when the type changed: days of moments are its days.
    pub zone: String,
}

impl Moved {
    /// What a document has in the old place, as a value of the field; `None` where there is nothing.
    pub(crate) fn value_in(&self, document: &Json, field: &FieldDef) -> Option<Value> {
        let old = Value::from_document(self.kind, document.get(self.from.as_str())?);
        self.converted(old, field)
    }

    /// An old value as one of the new type; `None` where it does not fit.
    fn converted(&self, old: Value, to: &FieldDef) -> Option<Value> {
        use FieldType as T;
        if old.is_empty() {
            return Some(Value::Null);
        }
        match (self.kind, to.kind, old) {
            (T::Text | T::LongText, T::Boolean, Value::Text(text)) => yes_or_no(&text).map(Value::Boolean),
            (T::Text | T::LongText, T::Choice, Value::Text(text)) => chosen(to, &text).map(Value::Text),
            (T::Text | T::LongText, T::Choices, Value::Text(text)) => {
                let keys: Option<Vec<String>> = text.split([',', ';']).map(|part| chosen(to, part)).collect();
                keys.map(Value::Texts)
            }
            (T::Text | T::LongText, kind, Value::Text(text)) => {
                let value =
                    Value::from_json(kind, &Json::from(text.as_str())).ok().or_else(|| as_written(kind, &text))?;
                let long = value.as_text().is_some_and(|text| text.chars().count() > to.max_length);
                (!long).then_some(value)
            }
            (T::Integer, T::Decimal, Value::Integer(number)) => Some(Value::Decimal(number.into())),
            (T::Boolean, T::Choice, Value::Boolean(flag)) => {
                chosen(to, if flag { "yes" } else { "no" }).map(Value::Text)
            }
            (T::Datetime, T::Date, Value::Instant(at)) => {
                let zone = self.zone.parse().unwrap_or(Tz::UTC);
                Some(Value::Date(at.utc().with_timezone(&zone).date_naive()))
            }
            (T::Choice, T::Choices, Value::Text(key)) => Some(Value::Texts(vec![key])),
            (T::Choice, T::Text | T::LongText, Value::Text(key)) => {
                let label = self.choices.iter().find(|choice| choice.key == key).and_then(|one| one.label.as_ref());
                Some(Value::Text(label.map_or(key.clone(), |label| label.in_locale(kernel::Locale::En).to_owned())))
            }
            _ => None,
        }
    }
}

/// A number or a day as people write it: `1 000,50`, `31.12.2026`.
fn as_written(kind: FieldType, text: &str) -> Option<Value> {
    let plain = match kind {
        FieldType::Integer | FieldType::Decimal => import::plain_number(text)?.to_string(),
        FieldType::Date => import::plain_day(text)?.to_string(),
        _ => return None,
    };
    Value::from_json(kind, &Json::from(plain)).ok()
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "yes" | "true" | "1" | "да" | "так" => Some(true),
        "no" | "false" | "0" | "нет" | "ні" => Some(false),
        _ => None,
    }
}

/// The key of a choice by its key or its name in any language.
fn chosen(field: &FieldDef, text: &str) -> Option<String> {
    let text = text.trim();
    let named = |choice: &Choice| {
        let mut names = choice.label.iter().flat_map(|label| label.0.values());
        choice.key == text || names.any(|name| name.to_lowercase() == text.to_lowercase())
    };
    field.choices.iter().find(|choice| named(choice)).map(|choice| choice.key.clone())
}

/// Whether values of a type may become those of another.
const fn may_become(from: FieldType, to: FieldType) -> bool {
    use FieldType as T;
    match from {
        T::Text | T::LongText => matches!(
            to,
            T::Text
                | T::LongText
                | T::Integer
                | T::Decimal
                | T::Boolean
                | T::Date
                | T::Datetime
                | T::Choice
                | T::Choices
                | T::Phones
                | T::Emails
                | T::Urls
        ),
        T::Integer => matches!(to, T::Decimal),
        T::Boolean => matches!(to, T::Choice),
        T::Datetime => matches!(to, T::Date),
        T::Choice => matches!(to, T::Choices | T::Text | T::LongText),
        T::Link => matches!(to, T::Links),
        _ => false,
    }
}

impl Records {
    /// Gives a field of the company's own another type, or says what would come of it (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.invalid` on `type` or `choices`; conflict `config.misfits` with the `Fit` where values do
    /// not fit, `config.in_use` with the `users` that look at it, `config.moving` while the values of an earlier change are
    /// on their way.
    pub async fn retype_field(&self, ctx: &Ctx, entity: &str, key: &str, input: Retype) -> Result<Fit> {
        require_admin(ctx)?;
        let catalogue = self.catalogue(ctx.tenant).await?;
        let def = catalogue.entity(entity)?;
        let field = def.field(key).filter(|field| field.owner == super::Owner::Custom && field.part_of.is_none());
        let field = field.ok_or_else(|| Error::NotFound(format!("field {entity}.{key}")))?;
        if def.is_unique(key) {
            // What was told apart as one type may be the same as another.
            return Err(wrong("type", FieldError::new("retype_unique")));
        }
        let (moved, target) = planned(ctx, field, &input)?;
        self.let_change(self.db().read(), ctx, &catalogue, (def, &target)).await?;
        let mut fit = self.fit(ctx, def, field, &moved, &target).await?;
        fit.narrows = field.kind == FieldType::Datetime;
        if input.dry_run {
            return Ok(fit);
        }
        if fit.misfits > 0 {
            return Err(Error::Conflict { code: "config.misfits", current: Some(json!(fit)) });
        }
        self.give_type(ctx, (entity, field), &target, moved).await?;
        Ok(fit)
    }

    /// Once every value fits: from the next write on it has the type of the target.
    async fn give_type(
        &self,
        ctx: &Ctx,
        (entity, field): (&str, &FieldDef),
        target: &FieldDef,
        moved: Moved,
    ) -> Result<()> {
        let key = field.key.as_str();
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let kept = own_field(&tx, ctx, entity, key, false).await?.definition;
        if kept.kind != field.kind || kept.moved.is_some() || kept.unique {
            return Err(Error::Conflict { code: "config.moving", current: None });
        }
        let now = self.drawn_in(&tx, ctx).await?;
        self.let_change(&tx, ctx, &now, (now.entity(entity)?, target)).await?;
        let own = retyped(kept.clone(), target, moved);
        store::save(&tx, ctx, Which::Field(entity, key), &own).await?;
        indexed::declare_own(&tx, ctx, (entity, key), (Some(&kept), &own)).await?;
        if own.moved.is_some() {
            let payload = Payload { entity: entity.to_owned(), field: key.into(), after: None };
            enqueue(&tx, ctx, &payload, DELAY_SECONDS).await?;
        }
        let detail = json!({"before": field.kind, "after": own.kind});
        audit::record(&tx, ctx, "field.retyped", &format!("{entity}.{key}"), detail).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(())
    }

    async fn fit(&self, ctx: &Ctx, def: &EntityDef, field: &FieldDef, moved: &Moved, to: &FieldDef) -> Result<Fit> {
        let mut fit = Fit::default();
        if field.storage == Storage::Links {
            return Ok(fit);
        }
        let mut after = None;
        loop {
            let rows = self.documents(ctx, def, after).await?;
            for (id, title, _, document) in &rows {
                let Some(old) = document.get(moved.from.as_str()) else { continue };
                match moved.value_in(document, to) {
                    Some(_) => fit.fits += 1,
                    None => {
                        fit.misfits += 1;
                        if fit.examples.len() < TOLD {
                            let value = Value::from_document(moved.kind, old).to_json();
                            fit.examples.push(Misfit { id: *id, title: title.clone(), value });
                        }
                    }
                }
            }
            match rows.last() {
                Some((last, ..)) if rows.len() == CHUNK => after = Some(*last),
                _ => return Ok(fit),
            }
        }
    }

    /// Documents behind a record: id, title, version, document.
    async fn documents(
        &self,
        ctx: &Ctx,
        def: &EntityDef,
        after: Option<RecordId>,
    ) -> Result<Vec<(RecordId, String, i64, Json)>> {
        let select = chunk(ctx.tenant, def, after);
        let rows = self.db().read().query_all(&select).await?;
        let read = rows.iter().map(|row| {
            let title: Option<String> = row.try_get_by_index(1)?;
            let document: Option<Json> = row.try_get_by_index(3)?;
            let id = RecordId(row.try_get_by_index(0)?);
            Ok((id, title.unwrap_or_default(), row.try_get_by_index(2)?, document.unwrap_or(Json::Null)))
        });
        read.collect()
    }
}

/// Documents in the order of their records' ids.
fn chunk(tenant: TenantId, def: &EntityDef, after: Option<RecordId>) -> SelectStatement {
    let mut select = Query::select();
    select.columns(["id", "title", "version", DOCUMENT].map(|column| (def.table, column))).from(def.table);
    def.page(&mut select, tenant, after, u64::try_from(CHUNK).unwrap_or(u64::MAX));
    select
}

/// Where values are now, and the field as it will be.
fn planned(ctx: &Ctx, field: &FieldDef, input: &Retype) -> Result<(Moved, FieldDef)> {
    let refused =
        || wrong("type", FieldError::new("retype").with("from", field.kind.name()).with("to", input.r#type.name()));
    if !may_become(field.kind, input.r#type) || field.kind == input.r#type || field.system {
        return Err(refused());
    }
    if field.moved.is_some() {
        return Err(Error::Conflict { code: "config.moving", current: None });
    }
    let Storage::Document(from, None) = &field.storage else {
        let moved =
            Moved { from: field.key.clone(), kind: field.kind, choices: Vec::new(), zone: ctx.zone.name().into() };
        return Ok((moved, FieldDef { kind: input.r#type, ..field.clone() }));
    };
    let keeps = field.kind == FieldType::Choice && input.r#type == FieldType::Choices;
    let given = if keeps { field.choices.clone() } else { choices(input.r#type, input.choices.clone())? };
    let moved =
        Moved { from: from.clone(), kind: field.kind, choices: field.choices.clone(), zone: ctx.zone.name().into() };
    let mut target = field.clone();
    (target.kind, target.choices, target.max_length) = (input.r#type, given, longest(input.r#type));
    target.directory = target.directory.filter(|_| keeps);
    (target.range, target.default) = (None, None);
    if field.kind == FieldType::Boolean && ["yes", "no"].iter().any(|key| chosen(&target, key).is_none()) {
        return Err(wrong("choices", FieldError::new("retype_choices")));
    }
    Ok((moved, target))
}

fn retyped(kept: OwnField, target: &FieldDef, moved: Moved) -> OwnField {
    let linked = matches!(target.kind, FieldType::Link | FieldType::Links);
    let listed = matches!(target.kind, FieldType::Choice | FieldType::Choices);
    let directory = kept.directory.clone().filter(|_| listed);
    OwnField {
        kind: target.kind,
        choices: if directory.is_some() { Vec::new() } else { target.choices.clone() },
        directory,
        max_length: None,
        range: None,
        default: None,
        place: if linked { kept.place } else { kept.place + 1 },
        moved: (!linked).then_some(moved),
        indexed: kept.indexed && indexed::fits(target.kind),
        ..kept
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    entity: String,
    field: FieldKey,
    after: Option<RecordId>,
}

async fn enqueue(tx: &Tx, ctx: &Ctx, payload: &Payload, delay: i64) -> Result<()> {
    let job = NewJob::now(&ctx.env, RETYPE, json!(payload)).for_tenant(ctx.tenant);
    let job = NewJob { run_at: ctx.now().plus_seconds(delay), ..job.in_order(recompute::order(ctx.tenant)) };
    Ok(jobs::enqueue(tx, &ctx.env, job).await?)
}

/// Goes on with what a removed field left half done.
pub(super) async fn resume(tx: &Tx, ctx: &Ctx, entity: &str, key: &str) -> Result<()> {
    let moved = store::field(tx, ctx, entity, key).await?.is_some_and(|kept| kept.definition.moved.is_some());
    if moved {
        enqueue(tx, ctx, &Payload { entity: entity.to_owned(), field: key.into(), after: None }, DELAY_SECONDS).await?;
    }
    Ok(())
}

/// Moves values into the place of their new type.
pub struct MoveValues(pub Records);

#[async_trait::async_trait]
impl Handler for MoveValues {
    fn kind(&self) -> &'static str {
        RETYPE
    }

    fn lane(&self) -> Lane {
        Lane::Long
    }

    async fn run(&self, job: &Job) -> std::result::Result<(), JobError> {
        let Some(tenant) = job.tenant else { return Ok(()) };
        let payload: Payload = serde_json::from_value(job.payload.clone()).map_err(Error::internal)?;
        Ok(self.0.move_values(tenant, payload).await?)
    }
}

impl Records {
    async fn move_values(&self, tenant: TenantId, payload: Payload) -> Result<()> {
        let Some(ctx) = self.system_of(tenant).await? else { return Ok(()) };
        let catalogue = self.catalogue(tenant).await?;
        // A field that was removed meanwhile keeps both places: they are moved when it is brought back.
        let Some(def) = catalogue.find(&payload.entity) else { return Ok(()) };
        let found = def.field(&payload.field).and_then(|field| Some((field, field.moved.clone()?)));
        let Some((field, moved)) = found else { return Ok(()) };
        let mut after = payload.after;
        for _ in 0..CHUNKS {
            let rows = self.documents(&ctx, def, after).await?;
            self.move_some(&ctx, def, field, &moved, &rows).await?;
            match rows.last() {
                Some((last, ..)) if rows.len() == CHUNK => after = Some(*last),
                _ => return self.moved_all(&ctx, &payload).await,
            }
        }
        let tx = self.db().begin().await?;
        enqueue(&tx, &ctx, &Payload { after, ..payload }, 0).await?;
        Ok(tx.commit().await?)
    }

    async fn move_some(
        &self,
        ctx: &Ctx,
        def: &EntityDef,
        field: &FieldDef,
        moved: &Arc<Moved>,
        rows: &[(RecordId, String, i64, Json)],
    ) -> Result<()> {
        let Storage::Document(place, _) = &field.storage else { return Ok(()) };
        let tx = self.db().begin().await?;
        for (id, _, version, document) in rows {
            // Written since, into the new place: what is in the old one went with that.
            if document.get(place.as_str()).is_some() || document.get(moved.from.as_str()).is_none() {
                continue;
            }
            let Some(value) = moved.value_in(document, field) else {
                tracing::warn!(tenant = %ctx.tenant, entity = %def.key, %id, field = %field.key, "a value does not fit the new type and stays where it was");
                continue;
            };
            let members =
                vec![(place.to_string(), value.to_document(field.kind)), (moved.from.to_string(), Json::Null)];
            let update = Query::update()
                .table(def.table)
                .value(DOCUMENT, with_members(members, tx.get_database_backend()))
                .and_where(Expr::col("id").eq(*id))
                .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
                .and_where(Expr::col("version").eq(*version))
                .to_owned();
            // Somebody was quicker: if the field was not theirs, it is read from the old place until the last look.
            tx.execute(&update).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Once everything was looked at: looks again while somebody was quicker, then the old place is no more.
    async fn moved_all(&self, ctx: &Ctx, payload: &Payload) -> Result<()> {
        let tx = self.db().begin().await?;
        store::touch(&tx, ctx.tenant).await?;
        let Some(kept) = store::field(&tx, ctx, &payload.entity, &payload.field).await? else { return Ok(()) };
        let def = self.defined_in(&tx, ctx, &payload.entity).await?;
        let left = match def.field(&payload.field) {
            Some(field) => self.left(&tx, ctx, &def, field).await?,
            None => BTreeMap::new(),
        };
        if !left.is_empty() {
            enqueue(
                &tx,
                ctx,
                &Payload { entity: payload.entity.clone(), field: payload.field.clone(), after: None },
                1,
            )
            .await?;
            return Ok(tx.commit().await?);
        }
        let own = OwnField { moved: None, ..kept.definition };
        store::save(&tx, ctx, Which::Field(&payload.entity, &payload.field), &own).await?;
        search::mark(&tx, ctx.tenant, &payload.entity).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(())
    }

    /// Values that fit and are in the old place still, some of them.
    async fn left(&self, tx: &Tx, ctx: &Ctx, def: &EntityDef, field: &FieldDef) -> Result<BTreeMap<RecordId, Value>> {
        let (Some(moved), Storage::Document(place, _)) = (&field.moved, &field.storage) else {
            return Ok(BTreeMap::new());
        };
        let old =
            Storage::Document(moved.from.clone(), None).cell(def.table, FieldType::Text, tx.get_database_backend());
        let Some(old) = old else { return Ok(BTreeMap::new()) };
        let mut select = chunk(ctx.tenant, def, None);
        select.and_where(old.is_not_null());
        let mut left = BTreeMap::new();
        for row in tx.query_all(&select).await? {
            let document: Option<Json> = row.try_get_by_index(3)?;
            let document = document.unwrap_or(Json::Null);
            let moved = moved.value_in(&document, field).filter(|_| document.get(place.as_str()).is_none());
            left.extend(moved.map(|value| Ok::<_, Error>((RecordId(row.try_get_by_index(0)?), value))).transpose()?);
        }
        Ok(left)
    }
}
