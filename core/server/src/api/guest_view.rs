//! A record as a guest sees it: the fields, rows and sums that whoever made the link sees and the link names. Nothing that is
//! the company's own leaves: no ids of what it links to, no origins of rows.

use ::people::guest::{self, Comment, Link, Scope};
use ::records::catalogue::{choice_label, entity_label, field_label};
use ::records::read::Refs;
use ::records::{Catalogue, EntityDef, FieldDef, Record};
use kernel::value::FieldType;
use kernel::{Ctx, FieldKey, Locale, Result, Timestamp, Value};
use serde::Serialize;
use serde_json::{Value as Wire, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::guests::Opened;
use super::share::ANSWERED;
use crate::state::AppState;

/// Entities with rows, sums and a paper.
const SOLD: [&str; 3] = ["quote", "order", "invoice"];

/// A record as a guest sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestView {
    /// Name of the company.
    company: String,
    /// What kind of record it is.
    entity: String,
    title: String,
    /// What the guest may do.
    scope: Scope,
    fields: Vec<GuestField>,
    /// What is sold, of a quote, order or invoice.
    rows: Vec<GuestRow>,
    /// What it comes to.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sums: Option<GuestSums>,
    /// Whether it has a paper.
    paper: bool,
    /// Whether it waits to be accepted or declined by the guest.
    asks: bool,
    comments: Vec<GuestComment>,
    /// Who made the link.
    made_by: String,
    #[schema(value_type = String)]
    expires: Timestamp,
}

/// A field of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestField {
    key: String,
    label: String,
    r#type: &'static str,
    /// As in records; null where `text` says it.
    value: Wire,
    /// In words: names of choices, stages and of what it links to.
    text: Option<String>,
    /// Of an amount.
    currency: Option<String>,
}

/// A row.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestRow {
    title: String,
    unit: String,
    #[schema(value_type = f64)]
    quantity: Wire,
    #[schema(value_type = Option<f64>)]
    price: Wire,
    /// With discount and tax.
    #[schema(value_type = Option<f64>)]
    total: Wire,
}

/// Sums of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestSums {
    #[schema(value_type = Option<f64>)]
    net: Wire,
    #[schema(value_type = Option<f64>)]
    tax: Wire,
    #[schema(value_type = Option<f64>)]
    amount: Wire,
    currency: String,
}

/// Something that was written.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuestComment {
    id: Uuid,
    author: String,
    /// Whether the guest wrote it.
    mine: bool,
    /// `accepted` or `declined`.
    answer: Option<String>,
    text: String,
    #[schema(value_type = String)]
    at: Timestamp,
}

impl From<Comment> for GuestComment {
    fn from(comment: Comment) -> Self {
        Self {
            id: comment.id,
            author: comment.author,
            mine: comment.user.is_none(),
            answer: comment.answer,
            text: comment.text,
            at: comment.at,
        }
    }
}

/// Whether the record waits for the guest's answer.
pub(super) fn asks(opened: &Opened) -> bool {
    let state = opened.record.fields.get("state").and_then(Value::as_text);
    // A newer revision asks instead.
    let revised = opened.record.fields.get("revised") == Some(&Value::Boolean(true));
    let answers = opened.link.scope == Scope::Accept && opened.ctx.rights.changes(ANSWERED, "state");
    answers && opened.link.entity == ANSWERED && state == Some("sent") && !revised && !is_over(opened)
}

/// Whether the last day of the offer is over, where the company is: only the company takes up an old one.
fn is_over(opened: &Opened) -> bool {
    let today = opened.ctx.now().utc().with_timezone(&opened.ctx.zone).date_naive();
    matches!(opened.record.fields.get("valid_to"), Some(Value::Date(last)) if *last < today)
}

/// Whether there is a paper, all of which whoever made the link may see.
pub(super) fn has_paper(def: &EntityDef, opened: &Opened) -> bool {
    let numbered = opened.record.fields.get("document_number").is_some_and(|number| !number.is_empty());
    numbered && sees_sums(def, opened)
}

fn sees_sums(def: &EntityDef, opened: &Opened) -> bool {
    let sees = |key: &str| def.shows_key(&opened.ctx.rights, key);
    SOLD.contains(&opened.link.entity.as_str()) && sees("rows") && sees("amount") && sees("net") && sees("tax")
}

/// What a link shows.
pub(super) async fn view(state: &AppState, opened: &Opened) -> Result<GuestView> {
    let Opened { link, maker, ctx, record } = opened;
    let catalogue = state.records.catalogue_of(ctx).await?;
    let def = catalogue.entity(&link.entity)?;
    let refs = state.records.refs(ctx, std::slice::from_ref(record)).await?;
    let roles: Vec<Uuid> = maker.roles.iter().map(|(id, ..)| *id).collect();
    let fields = keys(&catalogue, def, link, &roles)
        .into_iter()
        .filter_map(|key| field(&catalogue, def, def.field(&key)?, record, &refs, ctx))
        .collect();
    let sold = sees_sums(def, opened);
    let comments = guest::comments(state.db.read(), link).await?;
    Ok(GuestView {
        company: maker.tenant.name.clone(),
        entity: entity_label(def, false, ctx.locale),
        title: text_of(record, "title"),
        scope: link.scope,
        fields,
        rows: if sold { rows(record) } else { Vec::new() },
        sums: sold.then(|| sums(&catalogue, def, record)),
        paper: has_paper(def, opened),
        asks: asks(opened),
        comments: comments.into_iter().map(GuestComment::from).collect(),
        made_by: maker.user.name.clone(),
        expires: link.expires,
    })
}

/// What a link shows: what it names, else what the card of its maker does.
fn keys(catalogue: &Catalogue, def: &EntityDef, link: &Link, roles: &[Uuid]) -> Vec<FieldKey> {
    if let Some(named) = &link.fields {
        return named.iter().filter_map(|key| def.field(key).map(|field| field.key.clone())).collect();
    }
    let arranged = catalogue.layouts.of(&def.key, roles, None).map(|spec| spec.card.clone());
    arranged.filter(|card| !card.is_empty()).unwrap_or_else(|| def.card.clone())
}

/// A field with a value that the maker sees.
fn field(
    catalogue: &Catalogue,
    def: &EntityDef,
    field: &FieldDef,
    record: &Record,
    refs: &Refs,
    ctx: &Ctx,
) -> Option<GuestField> {
    if !def.shows(&ctx.rights, field) || field.kind == FieldType::Json {
        return None;
    }
    let value = record.fields.get(&field.key).filter(|value| !value.is_empty())?;
    let text = worded(catalogue, def, field, value, refs, ctx.locale);
    let linked = matches!(value, Value::Id(_) | Value::Ids(_));
    let currency = (field.kind == FieldType::Money).then(|| currency_of(catalogue, def, field, record));
    // Ids mean nothing outside.
    if linked && text.as_ref().is_none_or(String::is_empty) {
        return None;
    }
    Some(GuestField {
        key: field.key.to_string(),
        label: field_label(def, field, ctx.locale),
        r#type: field.kind.name(),
        value: if text.is_some() { Wire::Null } else { value.to_json() },
        text,
        currency,
    })
}

/// The currency of an amount; the company's where it has none of its own.
fn currency_of(catalogue: &Catalogue, def: &EntityDef, money: &FieldDef, record: &Record) -> String {
    let own = def.currency_of(money).and_then(|part| record.fields.get(&part.key)).and_then(Value::as_text);
    own.map_or_else(|| catalogue.pipelines.currency.clone(), str::to_owned)
}

/// A value that is no figure, in words.
fn worded(
    catalogue: &Catalogue,
    def: &EntityDef,
    field: &FieldDef,
    value: &Value,
    refs: &Refs,
    locale: Locale,
) -> Option<String> {
    let choice = |key: &String| {
        let known = field.choices.iter().find(|choice| choice.key == *key);
        known.map_or_else(|| key.clone(), |choice| choice_label(def, field, choice, locale))
    };
    let title = |id: &Uuid| refs.get(id).map(|one| one.title.clone());
    match (field.kind, value) {
        (FieldType::Stage, Value::Text(key)) => {
            let mut stages = catalogue.pipelines.of(&def.key).flat_map(|pipeline| pipeline.stages.iter());
            let stage = stages.find(|stage| stage.key == *key)?;
            let named = stage.labels.as_ref().map(|labels| labels.in_locale(locale).to_owned());
            Some(named.unwrap_or_else(|| stage.name.clone()))
        }
        (FieldType::Choice, Value::Text(key)) => Some(choice(key)),
        (_, Value::Texts(keys)) => Some(keys.iter().map(choice).collect::<Vec<_>>().join(", ")),
        (FieldType::Pipeline, Value::Id(id)) => {
            let mut pipelines = catalogue.pipelines.of(&def.key);
            pipelines.find(|pipeline| pipeline.id == *id).map(|pipeline| pipeline.name.clone())
        }
        (_, Value::Id(id)) => title(id),
        (_, Value::Ids(ids)) => Some(ids.iter().filter_map(title).collect::<Vec<_>>().join(", ")),
        (_, Value::Multi(values)) => Some(values.iter().map(|one| one.value.clone()).collect::<Vec<_>>().join(", ")),
        _ => None,
    }
}

fn text_of(record: &Record, key: &str) -> String {
    record.fields.get(key).and_then(Value::as_text).unwrap_or_default().to_owned()
}

fn wire(record: &Record, key: &str) -> Wire {
    record.fields.get(key).map(Value::to_json).unwrap_or_default()
}

/// Rows without what is the company's own: ids, where they come from, what was invoiced.
fn rows(record: &Record) -> Vec<GuestRow> {
    let Some(Value::Json(Wire::Array(rows))) = record.fields.get("rows") else { return Vec::new() };
    let text = |row: &Wire, key: &str| row.get(key).and_then(Wire::as_str).unwrap_or_default().to_owned();
    let one = |row: &Wire| GuestRow {
        title: text(row, "title"),
        unit: text(row, "unit"),
        quantity: row.get("quantity").cloned().unwrap_or(json!(1)),
        price: row.get("price").cloned().unwrap_or_default(),
        total: row.pointer("/figures/total").cloned().unwrap_or_default(),
    };
    rows.iter().map(one).collect()
}

fn sums(catalogue: &Catalogue, def: &EntityDef, record: &Record) -> GuestSums {
    let currency = def.field("amount").map(|amount| currency_of(catalogue, def, amount, record)).unwrap_or_default();
    GuestSums { net: wire(record, "net"), tax: wire(record, "tax"), amount: wire(record, "amount"), currency }
}
