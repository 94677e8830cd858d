//! What documents do inside the transaction of their change: whose they are by default, numbers, revisions, credits,
//! counts of what is invoiced, events that processes wait for.

use std::collections::BTreeMap;

use kernel::access::Action;
use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::event::{self, NewEvent};
use kernel::{Ctx, Error, Fields, Locale, RecordId, Result, Value};
use records::catalogue::entity_label;
use records::{Inner, Operation, PendingChange, Record, Records, Told, WriteOptions};
use rust_decimal::Decimal;
use serde_json::{Map, json};
use uuid::Uuid;

use crate::documents::{self, Kind};
use crate::numbers::{self, Counted};
use crate::rows::{self, Row};
use crate::sums::{self, decimal, id, text};

/// What a document does with its change.
pub(crate) async fn within(
    records: &Records,
    kind: Kind,
    tx: &Tx,
    ctx: &Ctx,
    change: &mut PendingChange,
) -> Result<()> {
    let new = change.operation == Operation::Create;
    if !new && !change.changes("state") && !change.changes("organization") {
        return Ok(());
    }
    if !new {
        still_there(records, kind.entity(), tx, ctx, change).await?;
    }
    if matches!(change.operation, Operation::Delete | Operation::Restore) {
        return Ok(());
    }
    if new {
        begin(records, kind, tx, ctx, change).await?;
    }
    if new || change.changes("organization") {
        sells_by(records, tx, ctx, change).await?;
    }
    if !change.changes("state") {
        return Ok(());
    }
    let state = text(&change.after, "state").to_owned();
    if kind.numbers(&state) {
        number(records, kind, tx, ctx, change).await?;
    }
    match (kind, state.as_str()) {
        (Kind::Invoice, "issued") => issued(records, tx, ctx, change).await,
        (Kind::Invoice, "void") => voided(records, tx, ctx, change).await,
        (Kind::Quote, "sent" | "accepted" | "declined") => tell(tx, ctx, change, &format!("quote.{state}")).await,
        _ => Ok(()),
    }
}

/// Keeps the record from others; nobody has changed it meanwhile.
pub(crate) async fn still_there(
    records: &Records,
    entity: &str,
    tx: &Tx,
    ctx: &Ctx,
    change: &PendingChange,
) -> Result<()> {
    let lost = || Error::Conflict { code: "record.conflict", current: None };
    match records.locked(tx, ctx, entity, change.id).await {
        Ok(now) if now.version == change.version => Ok(()),
        Ok(_) => Err(lost()),
        // In the recycle bin: a change of what is there is lost, what is restored is there again.
        Err(Error::NotFound(_)) if change.operation == Operation::Restore => Ok(()),
        Err(Error::NotFound(_)) => Err(lost()),
        Err(error) => Err(error),
    }
}

/// A revision takes over the number; the one before is read-only from now on.
async fn begin(records: &Records, kind: Kind, tx: &Tx, ctx: &Ctx, change: &mut PendingChange) -> Result<()> {
    if kind != Kind::Quote {
        return Ok(());
    }
    let Some(old) = id(&change.after, "revises") else {
        change.after.insert("revision".into(), Value::Integer(1));
        return Ok(());
    };
    may_change(records, tx, ctx, kind, RecordId(old)).await?;
    let old = records.locked(tx, ctx, kind.entity(), RecordId(old)).await?;
    if old.fields.get("revised") == Some(&Value::Boolean(true)) {
        return Err(Error::Conflict { code: "quote.revised", current: None });
    }
    let revision = if let Some(Value::Integer(revision)) = old.fields.get("revision") { *revision } else { 1 };
    change.after.insert("revision".into(), Value::Integer(revision.saturating_add(1)));
    let number = old.fields.get("document_number").cloned().unwrap_or(Value::Null);
    change.after.insert("document_number".into(), number);
    let revised = Fields::from_iter([("revised".into(), Value::Boolean(true))]);
    put(records, tx, ctx, &old, revised, None).await
}

/// Passes whoever may change a document that a change of another one changes too.
async fn may_change(records: &Records, tx: &Tx, ctx: &Ctx, kind: Kind, document: RecordId) -> Result<()> {
    let may = records.may_in(tx, ctx, kind.entity(), document, Action::Update).await?;
    if may { Ok(()) } else { Err(Error::Denied("action")) }
}

/// Whose it is and how that organization rounds, where nobody said otherwise.
async fn sells_by(records: &Records, tx: &Tx, ctx: &Ctx, change: &mut PendingChange) -> Result<()> {
    if documents::organization(&change.after).is_none() && change.operation == Operation::Create {
        let main = records.found_in(tx, ctx, "organization", &[("main", Value::Boolean(true))]).await?;
        if let Some(main) = main.first() {
            change.after.insert("organization".into(), Value::Id(main.id.0));
        }
    }
    let Some(organization) = documents::organization(&change.after) else { return Ok(()) };
    let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
    let organization = match records.get_in(tx, &eyes, "organization", RecordId(organization)).await {
        Err(Error::NotFound(_)) => return Ok(()),
        found => found?,
    };
    let mut differs = false;
    for key in ["tax_rounding", "cash_rounding"] {
        let theirs = organization.fields.get(key).cloned().unwrap_or(Value::Null);
        if !change.given.contains(key) && change.after.get(key).unwrap_or(&Value::Null) != &theirs {
            change.after.insert(key.into(), theirs);
            differs = true;
        }
    }
    if differs {
        sums::of_document(ctx, change);
    }
    Ok(())
}

/// Gives a number, which the title shows where nobody named the document.
async fn number(records: &Records, kind: Kind, tx: &Tx, ctx: &Ctx, change: &mut PendingChange) -> Result<()> {
    let date = documents::day(ctx, &change.after);
    change.after.insert("document_date".into(), Value::Date(date));
    if change.after.get("tax_date").is_none_or(Value::is_empty) {
        change.after.insert("tax_date".into(), Value::Date(date));
    }
    if !text(&change.after, "document_number").is_empty() {
        return Ok(());
    }
    let series = if kind == Kind::Invoice { text(&change.after, "kind") } else { kind.entity() };
    let counted = Counted { kind: series, organization: documents::organization(&change.after), date };
    let number = numbers::draw(records, tx, ctx, counted).await?;
    let title = text(&change.after, "title");
    if Locale::ALL.iter().any(|locale| entity_label(&change.entity, false, *locale) == title) {
        let title = format!("{title} {number}");
        change.after.insert("title".into(), Value::Text(title));
    }
    change.after.insert("document_number".into(), Value::Text(number));
    Ok(())
}

/// An invoice is owed from now on; what its order had of it is counted, what it credits is owed less.
async fn issued(records: &Records, tx: &Tx, ctx: &Ctx, change: &mut PendingChange) -> Result<()> {
    change.after.insert("issued_at".into(), Value::Instant(ctx.now()));
    documents::owed(&mut change.after);
    count_invoiced(records, tx, ctx, change, Decimal::ONE).await?;
    credit(records, tx, ctx, change, Decimal::NEGATIVE_ONE).await?;
    tell(tx, ctx, change, "invoice.issued").await
}

/// A void document is owed no more and has taken nothing.
async fn voided(records: &Records, tx: &Tx, ctx: &Ctx, change: &mut PendingChange) -> Result<()> {
    documents::owed(&mut change.after);
    count_invoiced(records, tx, ctx, change, Decimal::NEGATIVE_ONE).await?;
    credit(records, tx, ctx, change, Decimal::ONE).await?;
    tell(tx, ctx, change, "invoice.void").await
}

/// Takes what a credit note says off the debt of its invoice, or puts it back. Its amount is negative.
async fn credit(records: &Records, tx: &Tx, ctx: &Ctx, change: &PendingChange, sign: Decimal) -> Result<()> {
    let invoice = id(&change.after, "credits").filter(|_| text(&change.after, "kind") == "credit");
    let Some(invoice) = invoice else { return Ok(()) };
    may_change(records, tx, ctx, Kind::Invoice, RecordId(invoice)).await?;
    let credited = decimal(&change.after, "amount").unwrap_or_default() * sign;
    let settled = Settled { paid: Decimal::ZERO, credited, currency: sums::currency(&change.after) };
    settle(records, tx, ctx, invoice, settled).await
}

/// Counts at an order's rows what is invoiced of them.
async fn count_invoiced(records: &Records, tx: &Tx, ctx: &Ctx, change: &PendingChange, sign: Decimal) -> Result<()> {
    let Some(order) = id(&change.after, "order") else { return Ok(()) };
    let mut taken: BTreeMap<Uuid, Decimal> = BTreeMap::new();
    for row in sums::rows_of(&change.after)? {
        if let Some(source) = row.source {
            *taken.entry(source).or_default() += row.quantity * sign;
        }
    }
    if taken.is_empty() {
        return Ok(());
    }
    let order = records.locked(tx, ctx, Kind::Order.entity(), RecordId(order)).await?;
    let mut rows = sums::rows_of(&order.fields)?;
    let figures: Option<Vec<Row>> = sums::reckoned(&order.fields)?.map(|(rows, ..)| rows);
    for (place, row) in rows.iter_mut().enumerate() {
        row.figures = figures.as_ref().and_then(|rows| rows.get(place)?.figures);
        let more = row.id.and_then(|id| taken.get(&id).copied()).unwrap_or_default();
        row.invoiced = Some(row.invoiced.unwrap_or_default() + more).filter(|sum| !sum.is_zero());
    }
    let counted = Fields::from_iter([("rows".into(), Value::Json(rows::to_json(&rows)))]);
    put(records, tx, ctx, &order, counted, None).await
}

/// What is taken off an invoice's debt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settled {
    /// Paid more, in its currency; negative: taken back.
    pub paid: Decimal,
    /// Credited more.
    pub credited: Decimal,
    /// The currency of these sums.
    pub currency: Option<kernel::value::Currency>,
}

/// Changes what was paid and credited of an invoice, and its state by what is left.
///
/// # Errors
/// `record.invalid` naming `allocations`: another currency, more than is owed, or an invoice that owes nothing.
pub(crate) async fn settle(records: &Records, tx: &Tx, ctx: &Ctx, invoice: Uuid, settled: Settled) -> Result<()> {
    let refused = |words: &str| {
        let error = FieldError::worded("invalid", &format!("sale.{words}"));
        Error::field(records::INVALID, "allocations", error)
    };
    let invoice = match records.locked(tx, ctx, Kind::Invoice.entity(), RecordId(invoice)).await {
        Err(Error::NotFound(_)) => {
            return Err(Error::field(records::INVALID, "allocations", FieldError::new("missing")));
        }
        found => found?,
    };
    let owes = ["issued", "partly_paid", "paid"].contains(&text(&invoice.fields, "state"));
    if !owes || text(&invoice.fields, "kind") != "invoice" {
        return Err(refused("owes_nothing"));
    }
    if sums::currency(&invoice.fields) != settled.currency {
        return Err(refused("other_currency"));
    }
    let now = owed_now(&invoice.fields, &settled).ok_or_else(|| refused("more_than_owed"))?;
    let fully = text(&now, "state") == "paid" && text(&invoice.fields, "state") != "paid";
    put(records, tx, ctx, &invoice, now, fully.then_some("invoice.paid")).await
}

/// The sums and the state of an invoice of which more is settled; none where that is more than is owed. A credit note to
/// what is paid already leaves a debt of ours; a payment never does.
fn owed_now(invoice: &Fields, settled: &Settled) -> Option<Fields> {
    let sum = |key: &str| decimal(invoice, key).unwrap_or_default();
    let (amount, paid, credited) = (sum("amount"), sum("paid") + settled.paid, sum("credited") + settled.credited);
    let debt = amount - paid - credited;
    let over = credited > amount || settled.paid > Decimal::ZERO && debt < Decimal::ZERO;
    if over || paid < Decimal::ZERO || credited < Decimal::ZERO {
        return None;
    }
    let state = match (debt <= Decimal::ZERO, (paid + credited).is_zero()) {
        (true, _) => "paid",
        (false, true) => "issued",
        (false, false) => "partly_paid",
    };
    let mut now: Fields = [("paid", paid), ("credited", credited), ("debt", debt)]
        .map(|(key, value)| (key.into(), Value::Decimal(value)))
        .into_iter()
        .collect();
    now.insert("state".into(), Value::Text(state.to_owned()));
    Some(now)
}

/// Writes values of a record that the transaction keeps from others.
async fn put(
    records: &Records,
    tx: &Tx,
    ctx: &Ctx,
    record: &Record,
    after: Fields,
    kind: Option<&'static str>,
) -> Result<()> {
    let before =
        after.keys().map(|key| (key.clone(), record.fields.get(key).cloned().unwrap_or(Value::Null))).collect();
    let inner = Inner {
        id: record.id,
        operation: Operation::Update,
        version: record.version,
        before,
        after,
        told: Told::Event { kind, more: kind.map(|_| about(&record.fields)).unwrap_or_default() },
    };
    records.write_in(tx, ctx, &record.entity, inner, &WriteOptions::default()).await.map(drop)
}

/// Tells of what processes wait for, beside the change itself.
async fn tell(tx: &Tx, ctx: &Ctx, change: &PendingChange, kind: &str) -> Result<()> {
    let mut changes = about(&change.after);
    changes.insert("document_number".to_owned(), json!([null, text(&change.after, "document_number")]));
    let event = NewEvent {
        kind: kind.to_owned(),
        entity: &change.entity.key,
        record: change.id.0,
        version: change.version + 1,
        changes: changes.into(),
    };
    Ok(event::append(tx, ctx, None, vec![event]).await?)
}

/// The deal that a document belongs to, for processes about it.
fn about(fields: &Fields) -> Map<String, serde_json::Value> {
    id(fields, "deal").map(|deal| (event::ABOUT.to_owned(), json!([null, deal]))).into_iter().collect()
}
