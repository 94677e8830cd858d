//! Payments: what they are allocated to, at a rate that is kept, and what of them is left over. Allocations stand in the
//! payment as JSON, so that they pass every door a payment passes; invoices follow inside the transaction.

use std::collections::BTreeMap;

use kernel::db::Tx;
use kernel::error::{FieldError, FieldErrors};
use kernel::value::{Currency, FieldType, decimal_to_json};
use kernel::{Ctx, Error, Fields, RecordId, Result, Value};
use records::{EntityRules, Operation, PendingChange, Records};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::documents::{Kind, today};
use crate::issue::{self, Settled};
use crate::paid;
use crate::sums::{self, decimal, text};
use crate::totals::rounded;

/// The entity.
pub(crate) const PAYMENT: &str = "payment";
/// Allocations of one payment.
const MAX_ALLOCATIONS: usize = 100;
/// Digits behind the point of a rate.
const MAX_SCALE: u32 = 10;

/// A part of a payment that is for an invoice.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Allocation {
    pub invoice: Uuid,
    /// Of the payment, in its currency.
    pub amount: Decimal,
    /// What one unit of the invoice's currency costs in the payment's; one where they are the same.
    pub rate: Decimal,
    /// What is paid of the invoice, in its currency; the product's.
    pub paid: Decimal,
    /// The invoice's currency; the product's.
    pub currency: Option<Currency>,
}

impl Allocation {
    fn json(&self) -> Json {
        json!({
            "invoice": self.invoice,
            "amount": decimal_to_json(self.amount),
            "rate": self.rate.normalize().to_string(),
            "paid": decimal_to_json(self.paid),
            "currency": self.currency.map(Currency::code),
        })
    }
}

/// Reads the allocations of a payment.
///
/// # Errors
/// `record.invalid` by place.
pub(crate) fn allocations(fields: &Fields) -> Result<Vec<Allocation>> {
    let items = match fields.get("allocations") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Json(Json::Array(items))) if items.len() <= MAX_ALLOCATIONS => items,
        Some(Value::Json(Json::Array(_))) => return Err(refused("allocations", too_many())),
        Some(_) => return Err(refused("allocations", FieldError::new("type").with("type", "allocations"))),
    };
    let (mut found, mut errors) = (Vec::with_capacity(items.len()), FieldErrors::new());
    for (index, item) in items.iter().enumerate() {
        match allocation(item) {
            Ok(allocation) => found.push(allocation),
            Err((key, error)) => drop(errors.insert(format!("allocations.{index}.{key}"), error)),
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(sums::invalid(errors)) }
}

fn too_many() -> FieldError {
    FieldError::new("too_many").with("max", MAX_ALLOCATIONS)
}

pub(crate) fn refused(field: &str, error: FieldError) -> Error {
    Error::field(records::INVALID, field, error)
}

fn allocation(item: &Json) -> Result<Allocation, (&'static str, FieldError)> {
    let nothing = Map::new();
    let parts = item.as_object().unwrap_or(&nothing);
    if parts.keys().any(|key| !["invoice", "amount", "rate", "paid", "currency"].contains(&key.as_str())) {
        return Err(("invoice", FieldError::new("unknown")));
    }
    let part = |key: &'static str, kind: FieldType| {
        let read = parts.get(key).map_or(Ok(Value::Null), |json| Value::from_json(kind, json));
        read.map_err(|error| (key, error))
    };
    let needed = |key: &'static str| (key, FieldError::new("required"));
    let invoice = part("invoice", FieldType::Link)?.as_id().ok_or_else(|| needed("invoice"))?;
    let amount = match part("amount", FieldType::Decimal)? {
        Value::Decimal(amount) if amount > Decimal::ZERO => amount,
        Value::Decimal(_) => {
            return Err(("amount", FieldError::new("range").with("min", "0.0001").with("max", 99_999_999_999_i64)));
        }
        _ => return Err(needed("amount")),
    };
    let paid = if let Value::Decimal(paid) = part("paid", FieldType::Decimal)? { paid } else { Decimal::ZERO };
    let currency = part("currency", FieldType::Currency)?.as_text().and_then(|code| code.parse().ok());
    Ok(Allocation { invoice, amount, rate: rate(parts.get("rate"))?, paid, currency })
}

/// A rate, of text or a number; one where there is none.
fn rate(json: Option<&Json>) -> Result<Decimal, (&'static str, FieldError)> {
    let text = match json {
        None | Some(Json::Null) => return Ok(Decimal::ONE),
        Some(Json::String(text)) => text.trim().to_owned(),
        Some(other) => other.to_string(),
    };
    rate_of(&text).map_err(|error| ("rate", error))
}

/// Reads a rate.
///
/// # Errors
/// `range`: it is above zero, at most a milliard, with up to 10 digits behind the point.
pub(crate) fn rate_of(text: &str) -> Result<Decimal, FieldError> {
    let wrong = || FieldError::new("range").with("min", "0.0000000001").with("max", 1_000_000_000);
    let rate = Decimal::from_str_exact(text.trim()).map_err(|_| wrong())?.normalize();
    let fits = rate > Decimal::ZERO && rate <= Decimal::from(1_000_000_000) && rate.scale() <= MAX_SCALE;
    if fits { Ok(rate) } else { Err(wrong()) }
}

/// The rules of payments.
pub(crate) struct Payments {
    pub records: Records,
}

#[async_trait::async_trait]
impl EntityRules for Payments {
    fn entity(&self) -> &'static str {
        PAYMENT
    }

    fn defaults(&self, ctx: &Ctx, change: &mut PendingChange) {
        if change.operation != Operation::Create {
            return;
        }
        if change.after.get("state").is_none_or(Value::is_empty) {
            change.after.insert("state".into(), Value::Text("received".to_owned()));
        }
        if change.after.get("paid_on").is_none_or(Value::is_empty) {
            change.after.insert("paid_on".into(), Value::Date(today(ctx)));
        }
        if change.after.get("title").is_none_or(Value::is_empty) {
            let title = records::catalogue::entity_label(&change.entity, false, ctx.locale);
            change.after.insert("title".into(), Value::Text(title));
        }
    }

    fn follow(&self, _: &Ctx, change: &mut PendingChange) {
        if !matches!(change.operation, Operation::Delete | Operation::Restore) {
            left_over(&mut change.after);
        }
    }

    fn check(&self, _: &Ctx, change: &PendingChange) -> Result<()> {
        match (change.operation, &change.before) {
            (Operation::Delete, Some(before)) if !allocations(before)?.is_empty() => {
                Err(Error::Conflict { code: "payment.allocated", current: None })
            }
            (Operation::Delete | Operation::Restore, _) => Ok(()),
            _ => {
                let parts = allocations(&change.after)?;
                let over = decimal(&change.after, "left_over").is_some_and(|left| left < Decimal::ZERO);
                if over {
                    return Err(refused("allocations", FieldError::worded("invalid", "sale.more_than_paid")));
                }
                if text(&change.after, "state") == "refunded" && !parts.is_empty() {
                    return Err(Error::Conflict { code: "payment.allocated", current: None });
                }
                if !parts.is_empty() && change.changes("currency") && change.before.is_some() {
                    return Err(Error::Conflict { code: "payment.allocated", current: None });
                }
                Ok(())
            }
        }
    }

    fn acts_within(&self) -> bool {
        true
    }

    async fn within(&self, tx: &Tx, ctx: &Ctx, change: &mut PendingChange) -> Result<()> {
        if matches!(change.operation, Operation::Delete | Operation::Restore) || !change.changes("allocations") {
            return Ok(());
        }
        if change.operation == Operation::Update {
            issue::still_there(&self.records, PAYMENT, tx, ctx, change).await?;
        }
        self.allocate(tx, ctx, change).await
    }
}

impl Payments {
    /// Pays invoices by what the allocations say now, in the order of their ids; of those that are named no more,
    /// takes it back.
    async fn allocate(&self, tx: &Tx, ctx: &Ctx, change: &mut PendingChange) -> Result<()> {
        let before = change.before.as_ref().map_or(Ok(Vec::new()), allocations)?;
        let mut after = allocations(&change.after)?;
        let own = sums::currency(&change.after);
        for part in after.iter_mut().filter(|part| !before.contains(part)) {
            self.reckon(tx, ctx, own, part).await?;
        }
        let mut more: BTreeMap<Uuid, (Decimal, Option<Currency>)> = BTreeMap::new();
        for (parts, sign) in [(&before, Decimal::NEGATIVE_ONE), (&after, Decimal::ONE)] {
            for part in parts {
                let of = more.entry(part.invoice).or_insert((Decimal::ZERO, part.currency));
                of.0 += part.paid * sign;
            }
        }
        for (invoice, (paid, currency)) in more.into_iter().filter(|(_, (paid, _))| !paid.is_zero()) {
            let settled = Settled { paid, credited: Decimal::ZERO, currency };
            issue::settle(&self.records, tx, ctx, invoice, settled).await?;
        }
        paid::keep(tx, ctx, change.id, &before, &after).await?;
        change.after.insert("allocations".into(), json_of(&after));
        Ok(())
    }

    /// What a part pays of an invoice that its writer sees; another one is not there.
    async fn reckon(&self, tx: &Tx, ctx: &Ctx, own: Option<Currency>, part: &mut Allocation) -> Result<()> {
        let invoice = match self.records.get_in(tx, ctx, Kind::Invoice.entity(), RecordId(part.invoice)).await {
            Err(Error::NotFound(_)) => return Err(refused("allocations", FieldError::new("missing"))),
            found => found?,
        };
        part.currency = sums::currency(&invoice.fields);
        if part.currency == own {
            part.rate = Decimal::ONE;
        }
        let decimals = part.currency.map_or(2, Currency::decimals);
        let paid = part.amount.checked_div(part.rate).map(|paid| rounded(paid, decimals));
        let nothing = || refused("allocations", FieldError::worded("invalid", "sale.pays_nothing"));
        part.paid = paid.filter(|paid| *paid > Decimal::ZERO).ok_or_else(nothing)?;
        Ok(())
    }
}

/// Allocations as they are kept.
pub(crate) fn json_of(parts: &[Allocation]) -> Value {
    if parts.is_empty() { Value::Null } else { Value::Json(parts.iter().map(Allocation::json).collect()) }
}

/// What is left of a payment, and its state by that.
fn left_over(fields: &mut Fields) {
    let Ok(parts) = allocations(fields) else { return };
    let amount = decimal(fields, "amount").unwrap_or_default();
    let left = amount - parts.iter().map(|part| part.amount).sum::<Decimal>();
    fields.insert("left_over".into(), Value::Decimal(left));
    if text(fields, "state") != "refunded" {
        let state = if left.is_zero() && !parts.is_empty() { "matched" } else { "received" };
        fields.insert("state".into(), Value::Text(state.to_owned()));
    }
}
