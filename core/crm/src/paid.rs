//! What was paid of an invoice: by which payments, what its client has left over, and a payment that is recorded from it.
//!
//! Which payments pay an invoice is kept beside them, for the allocations stand in the payment.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kernel::access::Action;
use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::value::{FieldType, decimal_to_json};
use kernel::{Ctx, Error, Fields, RecordId, Result, Value};
use records::read::{Query, Sort};
use records::{Change, Record, WriteOptions, Written};
use rust_decimal::Decimal;
use sea_orm::sea_query::{self, Expr, ExprTrait, OnConflict, Order};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::documents::Kind;
use crate::payments::{Allocation, PAYMENT, allocations, refused};
use crate::proposals::needed;
use crate::rows::{number, optional};
use crate::sales::{Sales, filtered};
use crate::sums::{self, decimal, id, text};

/// Which payments pay which invoices.
const TABLE: &str = "payment_part";
/// Payments of an invoice that are told one by one; what others paid is in `unseen`.
const MAX_PARTS: u64 = 500;
/// Payments with something left over that are offered.
const MAX_CREDIT: u64 = 20;

/// What was paid of an invoice.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvoicePayments {
    /// By payments that the asker sees, newest first.
    pub items: Vec<PaidPart>,
    /// In all, in the invoice's currency.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub paid: Decimal,
    /// Of it by payments that the asker does not see.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub unseen: Decimal,
    /// What is owed still.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub debt: Decimal,
    /// The invoice's currency, ISO 4217; null where it has none.
    pub currency: Option<String>,
    /// What payments of its client have left over, while something is owed, oldest first, up to 20.
    pub credit: Vec<Credit>,
}

/// A part of a payment that pays an invoice.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaidPart {
    /// The payment.
    pub payment: Uuid,
    /// Its title.
    pub title: String,
    /// Its day.
    #[schema(value_type = Option<String>, format = Date)]
    pub paid_on: Option<NaiveDate>,
    /// What of it is for the invoice, in its own currency.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub amount: Decimal,
    /// Its currency, ISO 4217.
    pub currency: Option<String>,
    /// What one unit of the invoice's currency costs in the payment's, as text.
    pub rate: String,
    /// What is paid by it, in the invoice's currency.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub paid: Decimal,
}

/// What a payment of the client has left over.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Credit {
    /// The payment.
    pub payment: Uuid,
    /// Its title.
    pub title: String,
    /// Its day.
    #[schema(value_type = Option<String>, format = Date)]
    pub paid_on: Option<NaiveDate>,
    /// What is left of it, in its currency.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub left_over: Decimal,
    /// Its currency, ISO 4217.
    pub currency: String,
    /// What of it the debt takes; null where no rate is known.
    #[serde(serialize_with = "optional")]
    #[schema(value_type = Option<f64>)]
    pub amount: Option<Decimal>,
    /// What one unit of the invoice's currency costs in the payment's, as text; null where that is not known.
    pub rate: Option<String>,
}

/// A payment to record from its invoice.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiveInput {
    /// Of the payment, by key: `amount` is needed; client, organization and currency are the invoice's where they are left
    /// out, the day is today.
    #[schema(value_type = Object)]
    pub fields: Map<String, Json>,
    /// What one unit of the invoice's currency costs in the payment's, as text, up to 10 digits behind the point; by the
    /// company's rates where it is left out.
    pub rate: Option<String>,
}

impl PaidPart {
    fn of(payment: &Record, part: &Allocation) -> Self {
        Self {
            payment: payment.id.0,
            title: text(&payment.fields, "title").to_owned(),
            paid_on: day(&payment.fields),
            amount: part.amount,
            currency: sums::currency(&payment.fields).map(|currency| currency.code().to_owned()),
            rate: part.rate.normalize().to_string(),
            paid: part.paid,
        }
    }
}

impl Sales {
    /// What was paid of an invoice, and what its client has left over.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn payments(&self, ctx: &Ctx, invoice: RecordId) -> Result<InvoicePayments> {
        let record = self.records.get(ctx, Kind::Invoice.entity(), invoice).await?;
        let of = &record.fields;
        let sees = ctx.rights.may(PAYMENT, Action::Read);
        let mut items = Vec::new();
        if sees {
            let ids = self.paying(ctx, invoice).await?;
            for payment in self.records.get_many(ctx, PAYMENT, &ids).await? {
                let parts = allocations(&payment.fields)?;
                let own = parts.iter().filter(|part| part.invoice == invoice.0);
                items.extend(own.map(|part| PaidPart::of(&payment, part)));
            }
        }
        items.sort_by_key(|part| std::cmp::Reverse(part.paid_on));
        let paid = decimal(of, "paid").unwrap_or_default();
        let debt = decimal(of, "debt").unwrap_or_default();
        let seen: Decimal = items.iter().map(|part| part.paid).sum();
        let credit = if sees && debt > Decimal::ZERO { self.credit_of(ctx, of, debt).await? } else { Vec::new() };
        Ok(InvoicePayments {
            items,
            paid,
            unseen: Ord::max(paid - seen, Decimal::ZERO),
            debt,
            currency: sums::currency(of).map(|currency| currency.code().to_owned()),
            credit,
        })
    }

    /// The payments that pay an invoice, newest first.
    async fn paying(&self, ctx: &Ctx, invoice: RecordId) -> Result<Vec<RecordId>> {
        let select = sea_query::Query::select()
            .column("payment_id")
            .from(TABLE)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("invoice_id").eq(invoice.0))
            .order_by("payment_id", Order::Desc)
            .limit(MAX_PARTS)
            .take();
        let mut ids: Vec<RecordId> = Vec::new();
        for row in self.records.db().read().query_all(&select).await? {
            ids.push(row.try_get_by_index(0)?);
        }
        Ok(ids)
    }

    async fn credit_of(&self, ctx: &Ctx, invoice: &Fields, debt: Decimal) -> Result<Vec<Credit>> {
        let (Some(company), Some(currency)) = (id(invoice, "company"), sums::currency(invoice)) else {
            return Ok(Vec::new());
        };
        let left = json!({"and": [
            {"field": "left_over", "op": "gt", "value": 0},
            {"field": "company", "op": "eq", "value": company},
            {"not": {"field": "state", "op": "eq", "value": "refunded"}},
        ]});
        let query = Query {
            filter: filtered(&left)?,
            sort: vec![Sort { field: "paid_on".into(), descending: false }],
            limit: Some(MAX_CREDIT),
            ..Query::default()
        };
        let payments = match self.records.query(ctx, PAYMENT, &query).await {
            Ok(page) => page.items,
            // To whom these fields are hidden nothing is offered.
            Err(Error::Invalid { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut offered = Vec::with_capacity(payments.len());
        for payment in payments {
            let of = &payment.fields;
            let Some(own) = sums::currency(of) else { continue };
            let rate = self.rate(ctx, of, currency, own).await?;
            let left_over = decimal(of, "left_over").unwrap_or_default();
            offered.push(Credit {
                payment: payment.id.0,
                title: text(of, "title").to_owned(),
                paid_on: day(of),
                left_over,
                currency: own.code().to_owned(),
                amount: rate.map(|rate| Ord::min(needed(debt, rate, own), left_over)),
                rate: rate.map(|rate| rate.normalize().to_string()),
            });
        }
        Ok(offered)
    }

    /// Records a payment that an invoice is paid by as far as the debt goes, in one transaction; what is over stays the
    /// client's.
    ///
    /// # Errors
    /// `NotFound` of the invoice; `record.invalid` naming `amount`, `currency`, `paid_on`, `rate` or `allocations` (an invoice
    /// that owes nothing); `sale.no_rate` (409) where no rate is given and none is known; as a new payment.
    pub async fn receive(&self, ctx: &Ctx, invoice: RecordId, input: &ReceiveInput) -> Result<Written> {
        let invoice = self.records.get(ctx, Kind::Invoice.entity(), invoice).await?;
        let mut fields = input.fields.clone();
        if fields.contains_key("allocations") {
            return Err(refused("allocations", FieldError::new("unknown")));
        }
        for key in ["company", "organization", "currency"] {
            let theirs = invoice.fields.get(key).filter(|value| !value.is_empty());
            if let Some(theirs) = theirs.filter(|_| !fields.contains_key(key)) {
                fields.insert(key.to_owned(), theirs.to_json());
            }
        }
        let debt = decimal(&invoice.fields, "debt").unwrap_or_default();
        if debt <= Decimal::ZERO {
            return Err(refused("allocations", FieldError::worded("invalid", "sale.owes_nothing")));
        }
        let said = said(&fields)?;
        let (Some(own), Some(amount)) = (sums::currency(&said), decimal(&said, "amount")) else {
            return Err(refused("currency", FieldError::new("required")));
        };
        let rate = self.rate_given(ctx, &said, &invoice.fields, input.rate.as_deref()).await?;
        let part = json!({
            "invoice": invoice.id,
            "amount": decimal_to_json(Ord::min(needed(debt, rate, own), amount)),
            "rate": rate.normalize().to_string(),
        });
        fields.insert("allocations".to_owned(), json!([part]));
        self.records.write_one(ctx, PAYMENT, Change::Create { fields }, &WriteOptions::default()).await
    }
}

/// What a new payment says of its sum and its day.
fn said(fields: &Map<String, Json>) -> Result<Fields> {
    let mut said = Fields::new();
    for (key, kind) in [("amount", FieldType::Decimal), ("currency", FieldType::Currency), ("paid_on", FieldType::Date)]
    {
        let value = fields.get(key).map_or(Ok(Value::Null), |json| Value::from_json(kind, json));
        said.insert(key.into(), value.map_err(|error| refused(key, error))?);
    }
    match said.get("amount") {
        Some(Value::Decimal(amount)) if *amount > Decimal::ZERO => Ok(said),
        Some(Value::Decimal(_)) => {
            Err(refused("amount", FieldError::new("range").with("min", "0.0001").with("max", 99_999_999_999_i64)))
        }
        _ => Err(refused("amount", FieldError::new("required"))),
    }
}

/// The day of a payment.
fn day(payment: &Fields) -> Option<NaiveDate> {
    if let Some(Value::Date(day)) = payment.get("paid_on") { Some(*day) } else { None }
}

/// Keeps which invoices a payment pays, in the transaction of its change.
pub(crate) async fn keep(
    tx: &Tx,
    ctx: &Ctx,
    payment: RecordId,
    before: &[Allocation],
    after: &[Allocation],
) -> Result<()> {
    let invoices = |parts: &[Allocation]| parts.iter().map(|part| part.invoice).collect::<BTreeSet<Uuid>>();
    let (before, after) = (invoices(before), invoices(after));
    for invoice in before.difference(&after) {
        let delete = sea_query::Query::delete()
            .from_table(TABLE)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("invoice_id").eq(*invoice))
            .and_where(Expr::col("payment_id").eq(payment.0))
            .to_owned();
        tx.execute(&delete).await?;
    }
    for invoice in after.difference(&before) {
        let insert = sea_query::Query::insert()
            .into_table(TABLE)
            .columns(["tenant_id", "invoice_id", "payment_id"])
            .values_panic([ctx.tenant.0.into(), (*invoice).into(), payment.0.into()])
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .to_owned();
        tx.execute(&insert).await?;
    }
    Ok(())
}
