//! Documents made of others: deal -> quote -> order -> invoice, credit notes, revisions of quotes. Rows are copied and
//! name the row they come from; rates of taxes are those of the new document's day.

use std::collections::BTreeMap;

use kernel::error::{FieldError, FieldErrors};
use kernel::value::decimal_to_json;
use kernel::{Ctx, Error, Fields, RecordId, RecordRef, Result, Value};
use records::{Change, Record, WriteOptions, Written};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::documents::Kind;
use crate::fill::{Refresh, RowChange};
use crate::rows::{self, Row};
use crate::sales::Sales;
use crate::sums::{self, decimal, text};

/// A row to take over, or a part of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakenRow {
    /// Its id in the document that it is taken from.
    pub id: Uuid,
    /// How many; all that are left where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    pub quantity: Json,
}

/// A document to make of another.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeriveInput {
    /// `quote`, `order` or `invoice`.
    pub to: String,
    /// Which rows; all of them where it is left out.
    #[serde(default)]
    pub rows: Option<Vec<TakenRow>>,
    /// Also more than is left of an order.
    #[serde(default)]
    pub confirm: bool,
}

/// Which rows to credit.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CreditInput {
    /// All of them where it is left out.
    pub rows: Option<Vec<TakenRow>>,
}

/// The document that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Derived {
    /// Its entity.
    pub entity: String,
    /// Its id.
    pub id: Uuid,
    /// What the new day changed in its rows.
    pub changes: Vec<RowChange>,
}

/// Fields that documents take over from each other.
const COPIED: [&str; 9] = [
    "company",
    "contact",
    "organization",
    "deal",
    "currency",
    "discount_percent",
    "tax_rounding",
    "cash_rounding",
    "terms",
];

impl Sales {
    /// Makes the next document of a record.
    ///
    /// # Errors
    /// `NotFound`; `sale.invalid` naming `to` or `rows.<n>`; 409 `order.over_invoiced` when more of an order is asked
    /// for than is left of it and that was not confirmed; as a new record of the other entity.
    pub async fn derive(&self, ctx: &Ctx, entity: &str, from: RecordId, input: &DeriveInput) -> Result<Derived> {
        self.derive_as(ctx, entity, from, input, None, Map::new()).await
    }

    /// Makes a draft of `to` (`quote` or `invoice`) under an id that was chosen before: the next document of a record that
    /// has one, else an empty one for the client. `fields` stand on top.
    ///
    /// # Errors
    /// As `derive`.
    pub async fn draft(
        &self,
        ctx: &Ctx,
        to: &str,
        subject: Option<&RecordRef>,
        id: RecordId,
        mut fields: Map<String, Json>,
    ) -> Result<()> {
        let input = DeriveInput { to: to.to_owned(), rows: None, confirm: false };
        if let Some(subject) = subject.filter(|one| followed_by(&one.entity).contains(&to)) {
            self.derive_as(ctx, &subject.entity, subject.id, &input, Some(id), fields).await?;
            return Ok(());
        }
        if let Some(client) = subject.filter(|one| ["company", "contact"].contains(&one.entity.as_str())) {
            fields.entry(client.entity.to_string()).or_insert_with(|| json!(client.id));
        }
        self.records.write_one(ctx, to, Change::CreateAs { id, fields }, &WriteOptions::default()).await?;
        Ok(())
    }

    async fn derive_as(
        &self,
        ctx: &Ctx,
        entity: &str,
        from: RecordId,
        input: &DeriveInput,
        id: Option<RecordId>,
        given: Map<String, Json>,
    ) -> Result<Derived> {
        let record = self.records.get(ctx, entity, from).await?;
        let follows = followed_by(entity);
        if follows.is_empty() {
            return Err(Error::NotFound(format!("{entity} {from}")));
        }
        let Some(to) = Kind::of(&input.to).filter(|to| follows.contains(&to.entity())) else {
            let value = input.to.chars().take(80).collect::<String>();
            return Err(Error::field("sale.invalid", "to", FieldError::new("choice").with("value", value)));
        };
        let all = sums::rows_of(&record.fields)?;
        let (rows, over) = taken(&all, input.rows.as_deref(), entity == "order")?;
        if over && !input.confirm {
            return Err(Error::Conflict { code: "order.over_invoiced", current: None });
        }
        let mut fields = copied(&record);
        fields.extend(link(entity, from));
        if rows.len() == all.len() && decimal(&record.fields, "discount_percent").is_none() {
            fields.extend(value_of(&record.fields, "discount_amount"));
        }
        fields.extend(given);
        self.make(ctx, to, id, fields, rows, Refresh::Rates).await
    }

    /// Makes a credit note to an invoice that was issued: its rows with their signs turned around, at its own rates.
    ///
    /// # Errors
    /// `NotFound`; 409 `invoice.not_issued`; `sale.invalid` naming `rows.<n>`.
    pub async fn credit(&self, ctx: &Ctx, invoice: RecordId, input: &CreditInput) -> Result<Derived> {
        let record = self.records.get(ctx, Kind::Invoice.entity(), invoice).await?;
        let open = ["issued", "partly_paid", "paid"].contains(&text(&record.fields, "state"));
        if !open || text(&record.fields, "kind") != "invoice" {
            return Err(Error::Conflict { code: "invoice.not_issued", current: None });
        }
        let all = sums::rows_of(&record.fields)?;
        let (mut rows, _) = taken(&all, input.rows.as_deref(), false)?;
        for row in &mut rows {
            row.quantity = -row.quantity;
            row.discount_amount = row.discount_amount.map(|amount| -amount);
            // What an order counts is counted back.
            let of_invoice = all.iter().find(|old| old.id == row.source);
            row.source = of_invoice.and_then(|old| old.source).or(row.source);
        }
        let mut fields = copied(&record);
        fields.extend(value_of(&record.fields, "order"));
        fields.insert("kind".to_owned(), json!("credit"));
        fields.insert("credits".to_owned(), json!(invoice));
        fields.extend(value_of(&record.fields, "tax_date"));
        let amount = decimal(&record.fields, "discount_amount");
        if let Some(amount) = amount.filter(|_| rows.len() == all.len()) {
            fields.insert("discount_amount".to_owned(), decimal_to_json(-amount));
        }
        self.make(ctx, Kind::Invoice, None, fields, rows, Refresh::Nothing).await
    }

    /// Makes the next revision of a quote: a draft under the same number. The one before is read-only from then on.
    ///
    /// # Errors
    /// `NotFound`; 409 `quote.draft` or `quote.revised`.
    pub async fn revise(&self, ctx: &Ctx, quote: RecordId) -> Result<Derived> {
        let record = self.records.get(ctx, Kind::Quote.entity(), quote).await?;
        if text(&record.fields, "state") == "draft" {
            return Err(Error::Conflict { code: "quote.draft", current: None });
        }
        let mut fields = copied(&record);
        fields.insert("revises".to_owned(), json!(quote));
        for key in ["title", "discount_amount"] {
            fields.extend(value_of(&record.fields, key));
        }
        let rows = sums::rows_of(&record.fields)?;
        let rows = rows.into_iter().map(|row| Row { id: None, figures: None, ..row }).collect();
        self.make(ctx, Kind::Quote, None, fields, rows, Refresh::Nothing).await
    }

    /// Moves a document to a state, as any change of it.
    ///
    /// # Errors
    /// `NotFound`; `record.invalid` naming `state` and what the state asks for; 409 by the document's state.
    pub async fn step(
        &self,
        ctx: &Ctx,
        entity: &str,
        record: RecordId,
        mut fields: Map<String, Json>,
        state: &str,
    ) -> Result<Written> {
        let found = self.records.get(ctx, entity, record).await?;
        if text(&found.fields, "state") == state {
            // Asked again, it is not done twice.
            let code = if state == "issued" { "invoice.issued" } else { "sale.state" };
            return Err(Error::Conflict { code, current: None });
        }
        fields.insert("state".to_owned(), json!(state));
        let change = Change::Update { id: record, version: None, fields };
        self.records.write_one(ctx, entity, change, &WriteOptions::default()).await
    }

    async fn make(
        &self,
        ctx: &Ctx,
        to: Kind,
        id: Option<RecordId>,
        mut fields: Map<String, Json>,
        mut rows: Vec<Row>,
        refresh: Refresh,
    ) -> Result<Derived> {
        let known: Fields = ["company", "organization"]
            .into_iter()
            .filter_map(|key| Some((key.into(), Value::Id(fields.get(key)?.as_str()?.parse().ok()?))))
            .collect();
        let mut sale = self.sale_of(ctx, to.entity(), &known, refresh).await?;
        if let Some(currency) = fields.get("currency").and_then(Json::as_str) {
            sale.currency = currency.to_owned();
        }
        let changes = self.fill(ctx, &sale, &mut rows).await?;
        fields.insert("rows".to_owned(), rows::to_json(&rows));
        let change = match id {
            Some(id) => Change::CreateAs { id, fields },
            None => Change::Create { fields },
        };
        let written = self.records.write_one(ctx, to.entity(), change, &WriteOptions::default()).await?;
        Ok(Derived { entity: to.entity().to_owned(), id: written.record.id.0, changes })
    }
}

/// Entities of documents that can be made of a record.
fn followed_by(entity: &str) -> &'static [&'static str] {
    match entity {
        "deal" => &["quote", "order", "invoice"],
        "quote" => &["order", "invoice"],
        "order" => &["invoice"],
        _ => &[],
    }
}

/// What a document takes over from another, in wire form.
fn copied(record: &Record) -> Map<String, Json> {
    let mut fields: Map<String, Json> = COPIED.iter().flat_map(|key| value_of(&record.fields, key)).collect();
    if let Some(Value::Ids(contacts)) = record.fields.get("contacts")
        && let Some(contact) = contacts.first()
    {
        fields.insert("contact".to_owned(), json!(contact));
    }
    fields
}

fn value_of(fields: &Fields, key: &str) -> Option<(String, Json)> {
    let value = fields.get(key).filter(|value| !value.is_empty())?;
    Some((key.to_owned(), value.to_json()))
}

/// What names the record that a document was made of.
fn link(entity: &str, record: RecordId) -> Option<(String, Json)> {
    ["deal", "quote", "order"].contains(&entity).then(|| (entity.to_owned(), json!(record)))
}

/// The rows to take over, each naming the one it comes from, and whether that is more than is left of them. Of an order,
/// what is not invoiced yet is left.
fn taken(all: &[Row], asked: Option<&[TakenRow]>, counted: bool) -> Result<(Vec<Row>, bool)> {
    let mut wanted: BTreeMap<Uuid, Option<Decimal>> = BTreeMap::new();
    let mut errors = FieldErrors::new();
    for (place, row) in asked.unwrap_or_default().iter().enumerate() {
        if !all.iter().any(|own| own.id == Some(row.id)) {
            errors.insert(format!("rows.{place}.id"), FieldError::new("missing"));
        }
        match Value::from_json(kernel::value::FieldType::Decimal, &row.quantity) {
            Ok(Value::Decimal(quantity)) => drop(wanted.insert(row.id, Some(quantity))),
            Ok(_) => drop(wanted.insert(row.id, None)),
            Err(error) => drop(errors.insert(format!("rows.{place}.quantity"), error)),
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid { code: "sale.invalid", fields: errors });
    }
    let (mut rows, mut over) = (Vec::with_capacity(all.len()), false);
    for row in all {
        let done = if counted { row.invoiced.unwrap_or_default() } else { Decimal::ZERO };
        let left = row.quantity - done;
        let quantity = match (asked, row.id.and_then(|id| wanted.get(&id))) {
            (Some(_), None) => continue,
            (_, Some(Some(quantity))) => *quantity,
            _ => left,
        };
        over |= quantity.abs() > left.abs();
        if quantity.is_zero() {
            continue;
        }
        let whole = quantity == row.quantity;
        rows.push(Row {
            id: None,
            source: row.id,
            invoiced: None,
            figures: None,
            quantity,
            discount_amount: row.discount_amount.filter(|_| whole),
            ..row.clone()
        });
    }
    Ok((rows, over))
}
