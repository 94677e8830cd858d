//! What a payment may be for: invoices whose number stands in its purpose, then those of its client. Nothing is
//! allocated by itself but what agrees in number, amount and the client's tax id.

use std::collections::BTreeSet;

use kernel::value::{Currency, decimal_to_json};
use kernel::{Ctx, Error, Fields, RecordId, Result, Value};
use records::read::{Query, Sort};
use records::{Change, Record, WriteOptions, Written};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::documents::{Kind, today};
use crate::payments::{self, PAYMENT, allocations};
use crate::rows::number;
use crate::sales::{Sales, filtered};
use crate::sums::{self, decimal, id, text};
use crate::totals::rounded;

/// Invoices that are proposed.
const MAX_PROPOSALS: u64 = 20;
/// Words of a purpose that are taken for numbers.
const MAX_WORDS: usize = 50;

/// An invoice that a payment may be for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Proposal {
    /// Which.
    pub invoice: Uuid,
    /// Its number.
    pub document_number: String,
    /// Its title.
    pub title: String,
    /// What is owed, in its currency.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub debt: Decimal,
    /// ISO 4217.
    pub currency: String,
    /// What of the payment would be allocated, in its currency.
    #[serde(serialize_with = "number")]
    #[schema(value_type = f64)]
    pub amount: Decimal,
    /// What one unit of the invoice's currency costs in the payment's, as text.
    pub rate: String,
    /// What agrees: `number`, `client`, `amount`, `tax_id`.
    pub agrees: Vec<&'static str>,
    /// Whether it may be allocated without a question: number, amount and tax id agree.
    pub certain: bool,
}

/// A part of a payment for an invoice.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocateInput {
    /// The invoice.
    pub invoice: Uuid,
    /// In the payment's currency; what is left of it, as far as the debt goes, where it is left out. 0 takes back what
    /// was allocated.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    pub amount: Json,
    /// What one unit of the invoice's currency costs in the payment's, as text, up to 10 digits behind the point; by the
    /// company's rates where it is left out.
    #[serde(default)]
    pub rate: Option<String>,
}

impl Sales {
    /// Invoices that a payment may be for, the likeliest first.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn proposals(&self, ctx: &Ctx, payment: RecordId) -> Result<Vec<Proposal>> {
        let payment = self.records.get(ctx, PAYMENT, payment).await?;
        let company = id(&payment.fields, "company");
        let words = words_of(&format!("{} {}", text(&payment.fields, "purpose"), text(&payment.fields, "title")));
        let named = json!({"field": "document_number", "op": "in", "value": words});
        let mut filters: Vec<Json> = (!words.is_empty()).then_some(named).into_iter().collect();
        filters.extend(company.map(|company| json!({"field": "company", "op": "eq", "value": company})));
        let mut found: Vec<Record> = Vec::new();
        for filter in filters {
            let invoices = self.owed(ctx, &filter).await?;
            found.extend(
                invoices.into_iter().filter(|one| !found.iter().any(|known| known.id == one.id)).collect::<Vec<_>>(),
            );
        }
        let mut proposals = Vec::with_capacity(found.len());
        for invoice in found {
            proposals.extend(self.proposal(ctx, &payment.fields, &invoice, &words).await?);
        }
        proposals.sort_by_key(|one| std::cmp::Reverse((one.agrees.contains(&"number"), one.agrees.len())));
        Ok(proposals)
    }

    async fn owed(&self, ctx: &Ctx, which: &Json) -> Result<Vec<Record>> {
        let owed = json!({"field": "debt", "op": "gt", "value": 0});
        let query = Query {
            filter: filtered(&json!({"and": [owed, which]}))?,
            sort: vec![Sort { field: "due_date".into(), descending: false }],
            limit: Some(MAX_PROPOSALS),
            ..Query::default()
        };
        Ok(self.records.query(ctx, Kind::Invoice.entity(), &query).await?.items)
    }

    async fn proposal(
        &self,
        ctx: &Ctx,
        payment: &Fields,
        invoice: &Record,
        words: &BTreeSet<String>,
    ) -> Result<Option<Proposal>> {
        let of = &invoice.fields;
        let (Some(currency), Some(own)) = (sums::currency(of), sums::currency(payment)) else { return Ok(None) };
        let Some(rate) = self.rate(ctx, payment, currency, own).await? else { return Ok(None) };
        let debt = decimal(of, "debt").unwrap_or_default();
        let left = decimal(payment, "left_over").unwrap_or_default();
        let amount = needed(debt, rate, own).min(left);
        let client = id(of, "company").filter(|client| id(payment, "company") == Some(*client));
        let tests = [
            ("number", words.contains(text(of, "document_number"))),
            ("client", client.is_some()),
            ("amount", currency == own && left == debt),
            ("tax_id", self.same_tax_id(ctx, payment, of).await?),
        ];
        let agrees: Vec<&str> = tests.into_iter().filter(|(_, agrees)| *agrees).map(|(what, _)| what).collect();
        Ok(Some(Proposal {
            invoice: invoice.id.0,
            document_number: text(of, "document_number").to_owned(),
            title: text(of, "title").to_owned(),
            debt,
            currency: currency.code().to_owned(),
            amount,
            rate: rate.normalize().to_string(),
            certain: ["number", "amount", "tax_id"].iter().all(|what| agrees.contains(what)),
            agrees,
        }))
    }

    async fn same_tax_id(&self, ctx: &Ctx, payment: &Fields, invoice: &Fields) -> Result<bool> {
        let payer = text(payment, "payer_tax_id");
        let Some(company) = id(invoice, "company").filter(|_| !payer.is_empty()) else { return Ok(false) };
        let found = self.records.get_many(ctx, "company", &[RecordId(company)]).await?;
        Ok(found.first().is_some_and(|company| text(&company.fields, "tax_id") == payer))
    }

    /// What one unit of an invoice's currency costs in the payment's on its day, to 10 digits; none where that is not known.
    pub(crate) async fn rate(
        &self,
        ctx: &Ctx,
        payment: &Fields,
        of: Currency,
        own: Currency,
    ) -> Result<Option<Decimal>> {
        let day = if let Some(Value::Date(day)) = payment.get("paid_on") { *day } else { today(ctx) };
        let rate = self.records.rates(ctx).await?.between(of.code(), own.code(), day);
        Ok(rate.map(|rate| rounded(rate, 10)).filter(|rate| *rate > Decimal::ZERO))
    }

    /// Allocates a part of a payment to an invoice, or takes it back.
    ///
    /// # Errors
    /// `NotFound` of the payment or the invoice; `record.invalid` naming `allocations` or `amount`; `sale.no_rate` (409) where
    /// no rate is given and none is known; as a change of the payment.
    pub async fn allocate(&self, ctx: &Ctx, payment: RecordId, input: &AllocateInput) -> Result<Written> {
        let record = self.records.get(ctx, PAYMENT, payment).await?;
        let invoice = self.records.get(ctx, Kind::Invoice.entity(), RecordId(input.invoice)).await?;
        let mut kept = kept(&record.fields)?;
        kept.retain(|part| part.get("invoice") != Some(&json!(input.invoice)));
        let taken: Decimal = allocations(&record.fields)?
            .iter()
            .filter(|part| part.invoice != input.invoice)
            .map(|part| part.amount)
            .sum();
        let amount = Value::from_json(kernel::value::FieldType::Decimal, &input.amount)
            .map_err(|error| Error::field(records::INVALID, "amount", error))?;
        if amount != Value::Decimal(Decimal::ZERO) {
            let left = decimal(&record.fields, "amount").unwrap_or_default() - taken;
            let rate = self.rate_given(ctx, &record.fields, &invoice.fields, input.rate.as_deref()).await?;
            let amount = match amount {
                Value::Decimal(amount) => amount,
                _ => self.open(&record.fields, &invoice, rate)?.min(left),
            };
            kept.push(json!({
                "invoice": input.invoice,
                "amount": decimal_to_json(amount),
                "rate": rate.normalize().to_string(),
            }));
        }
        let value = if kept.is_empty() { Json::Null } else { Json::Array(kept) };
        let fields = Map::from_iter([("allocations".to_owned(), value)]);
        let change = Change::Update { id: payment, version: Some(record.version), fields };
        self.records.write_one(ctx, PAYMENT, change, &WriteOptions::default()).await
    }

    /// What an invoice takes of a payment at a rate, with what it has of it already.
    fn open(&self, payment: &Fields, invoice: &Record, rate: Decimal) -> Result<Decimal> {
        let already =
            allocations(payment)?.into_iter().filter(|part| part.invoice == invoice.id.0).map(|part| part.paid);
        let debt = decimal(&invoice.fields, "debt").unwrap_or_default() + already.sum::<Decimal>();
        let own = sums::currency(payment).ok_or_else(|| Error::NotFound("currency".into()))?;
        Ok(needed(debt, rate, own))
    }

    pub(crate) async fn rate_given(
        &self,
        ctx: &Ctx,
        payment: &Fields,
        invoice: &Fields,
        given: Option<&str>,
    ) -> Result<Decimal> {
        let unknown = Error::Conflict { code: "sale.no_rate", current: None };
        let (Some(of), Some(own)) = (sums::currency(invoice), sums::currency(payment)) else { return Err(unknown) };
        if let Some(given) = given.filter(|_| of != own) {
            return payments::rate_of(given).map_err(|error| Error::field(records::INVALID, "rate", error));
        }
        self.rate(ctx, payment, of, own).await?.ok_or(unknown)
    }
}

/// What pays a debt, in a currency at a rate.
pub(crate) fn needed(debt: Decimal, rate: Decimal, own: Currency) -> Decimal {
    rounded(debt.checked_mul(rate).unwrap_or(Decimal::MAX), own.decimals())
}

/// The allocations of a payment as they are kept.
fn kept(fields: &Fields) -> Result<Vec<Json>> {
    let value = payments::json_of(&allocations(fields)?);
    Ok(if let Value::Json(Json::Array(items)) = value { items } else { Vec::new() })
}

/// Words of a purpose that may be numbers of documents: they have a digit.
fn words_of(purpose: &str) -> BTreeSet<String> {
    let words =
        purpose.split(|letter: char| letter.is_whitespace() || [',', ';', '№', '#', '(', ')'].contains(&letter));
    let words = words.map(|word| word.trim_matches(['.', ':', '"', '«', '»']));
    words.filter(|word| word.chars().any(|c| c.is_ascii_digit())).take(MAX_WORDS).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_the_purpose_of_a_payment() {
        let words = words_of("Оплата по счёту №A-2027-0001, от 05.03.2027 г., без НДС. (B-7)");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(words, ["05.03.2027", "A-2027-0001", "B-7"]);
    }
}
