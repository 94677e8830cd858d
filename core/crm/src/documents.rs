//! Quotes, orders and invoices: their states, what may be changed in which of them, and what follows. What has to
//! happen inside the transaction is in `issue`.

use chrono::NaiveDate;
use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::{Ctx, Error, Fields, Result, Value};
use records::catalogue::{Owner, entity_label};
use records::{EntityRules, Operation, PendingChange, Records};
use rust_decimal::Decimal;

use crate::issue;
use crate::sums::{self, decimal, id, text};

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Quote,
    Order,
    Invoice,
}

impl Kind {
    /// The key of its entity.
    pub const fn entity(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Order => "order",
            Self::Invoice => "invoice",
        }
    }

    /// The kind with this entity.
    pub fn of(entity: &str) -> Option<Self> {
        [Self::Quote, Self::Order, Self::Invoice].into_iter().find(|kind| kind.entity() == entity)
    }

    /// States that follow a state by hand.
    const fn steps(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Quote => &[
                ("draft", &["sending", "sent"]),
                ("sending", &["sent"]),
                ("sent", &["accepted", "declined", "expired"]),
                ("expired", &["sending", "sent"]),
            ],
            Self::Order => &[
                ("draft", &["confirmed", "cancelled"]),
                ("confirmed", &["fulfilled", "cancelled"]),
                ("fulfilled", &["closed"]),
            ],
            Self::Invoice => {
                &[("draft", &["issued"]), ("issued", &["void"]), ("partly_paid", &["void"]), ("paid", &["void"])]
            }
        }
    }

    /// The state in which it gets its number.
    pub const fn issued(self) -> &'static str {
        match self {
            Self::Quote => "sent",
            Self::Order => "confirmed",
            Self::Invoice => "issued",
        }
    }

    /// Whether it gets its number in this state, if it has none. A letter with a quote is on its way while it is `sending`.
    pub fn numbers(self, state: &str) -> bool {
        state == self.issued() || self == Self::Quote && state == "sending"
    }

    /// Why a record like this is read-only, if it is.
    fn closed(self, before: &Fields) -> Option<&'static str> {
        match (self, text(before, "state")) {
            (Self::Quote, _) if before.get("revised") == Some(&Value::Boolean(true)) => Some("quote.revised"),
            (_, "draft") | (Self::Order, "confirmed") => None,
            (Self::Quote, _) => Some("quote.sent"),
            (Self::Order, _) => Some("order.closed"),
            (Self::Invoice, _) => Some("invoice.issued"),
        }
    }

    /// Why a record like this is not deleted, if it is not.
    fn kept(self, before: &Fields) -> Option<&'static str> {
        let confirmed = self == Self::Order && text(before, "state") == "confirmed";
        self.closed(before).or(confirmed.then_some("order.confirmed"))
    }
}

/// The rules of a kind of document.
pub(crate) struct Documents {
    pub kind: Kind,
    pub records: Records,
}

#[async_trait::async_trait]
impl EntityRules for Documents {
    fn entity(&self) -> &'static str {
        self.kind.entity()
    }

    fn defaults(&self, ctx: &Ctx, change: &mut PendingChange) {
        if change.operation != Operation::Create {
            return;
        }
        let title = entity_label(&change.entity, false, ctx.locale);
        let mut begin = vec![("state", "draft".to_owned()), ("title", title)];
        if self.kind == Kind::Invoice {
            begin.push(("kind", "invoice".to_owned()));
        }
        for (key, value) in begin {
            if change.after.get(key).is_none_or(Value::is_empty) {
                change.after.insert(key.into(), Value::Text(value));
            }
        }
        sums::begin_amount(change);
    }

    fn follow(&self, ctx: &Ctx, change: &mut PendingChange) {
        if matches!(change.operation, Operation::Delete | Operation::Restore) {
            return;
        }
        sums::of_document(ctx, change);
        if self.kind == Kind::Invoice {
            owed(&mut change.after);
        }
    }

    fn check(&self, _: &Ctx, change: &PendingChange) -> Result<()> {
        match change.operation {
            Operation::Restore => Ok(()),
            Operation::Delete => {
                let kept = change.before.as_ref().and_then(|before| self.kind.kept(before));
                kept.map_or(Ok(()), |code| Err(Error::Conflict { code, current: None }))
            }
            Operation::Create | Operation::Update => {
                read_only(self.kind, change)?;
                if sums::concerns(change) {
                    sums::reckoned(&change.after)?;
                }
                self.step(change)
            }
        }
    }

    fn told_beside(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Quote => &["quote.sent", "quote.accepted", "quote.declined"],
            Kind::Order => &[],
            Kind::Invoice => &["invoice.issued", "invoice.void"],
        }
    }

    fn acts_within(&self) -> bool {
        true
    }

    async fn within(&self, tx: &Tx, ctx: &Ctx, change: &mut PendingChange) -> Result<()> {
        issue::within(&self.records, self.kind, tx, ctx, change).await
    }
}

impl Documents {
    /// Passes a state that may follow, with what it asks for.
    fn step(&self, change: &PendingChange) -> Result<()> {
        let from = change.before.as_ref().map_or("draft", |before| text(before, "state"));
        let to = text(&change.after, "state");
        if from == to {
            return Ok(());
        }
        let steps = self.kind.steps().iter().find(|(state, _)| *state == from).map_or(&[][..], |(_, steps)| steps);
        if !steps.contains(&to) {
            return refused("state", FieldError::worded("choice", "sale.step"));
        }
        match to {
            "void" if text(&change.after, "void_reason").is_empty() => {
                refused("void_reason", FieldError::new("required"))
            }
            "void" if owed_less(&change.after) => Err(Error::Conflict { code: "invoice.has_payments", current: None }),
            to if self.kind.numbers(to) => priced(&change.after),
            _ => Ok(()),
        }
    }
}

fn refused(field: &str, error: FieldError) -> Result<()> {
    Err(Error::field(records::INVALID, field, error))
}

/// Whether something was paid or credited.
fn owed_less(fields: &Fields) -> bool {
    ["paid", "credited"].iter().any(|key| decimal(fields, key).is_some_and(|sum| !sum.is_zero()))
}

/// What is issued says how much of what.
fn priced(fields: &Fields) -> Result<()> {
    let rows = sums::rows_of(fields)?;
    if rows.is_empty() {
        return refused("rows", FieldError::new("required"));
    }
    match rows.iter().position(|row| row.price.is_none()) {
        Some(row) => refused(&format!("rows.{row}.price"), FieldError::new("required")),
        None => Ok(()),
    }
}

/// What stays to be paid: of an invoice that was issued, what was not paid or credited.
pub(crate) fn owed(fields: &mut Fields) {
    let owes = text(fields, "kind") == "invoice" && ["issued", "partly_paid", "paid"].contains(&text(fields, "state"));
    let sum = |key: &str| decimal(fields, key).unwrap_or_default();
    let debt = if owes { sum("amount") - sum("paid") - sum("credited") } else { Decimal::ZERO };
    fields.insert("debt".into(), Value::Decimal(debt));
}

/// Refuses changes of what is read-only: whoever answers for it, its state and fields that are not the product's may
/// be changed. A merge of clients or deals goes along.
fn read_only(kind: Kind, change: &PendingChange) -> Result<()> {
    let Some(code) = change.before.as_ref().and_then(|before| kind.closed(before)) else { return Ok(()) };
    let voided = text(&change.after, "state") == "void" && change.changes("state");
    let free = |key: &str| {
        let client = change.merging && ["company", "contact", "deal"].contains(&key);
        client || ["owner", "state"].contains(&key) && code != "quote.revised" || voided && key == "void_reason"
    };
    let fields = change.entity.fields.iter().filter(|field| field.owner == Owner::Core && !field.system);
    if fields.filter(|field| !free(&field.key)).any(|field| change.changes(&field.key)) {
        return Err(Error::Conflict { code, current: None });
    }
    Ok(())
}

/// The day of a document: its own, else today where the company is.
pub(crate) fn day(ctx: &Ctx, fields: &Fields) -> NaiveDate {
    match fields.get("document_date") {
        Some(Value::Date(day)) => *day,
        _ => today(ctx),
    }
}

/// Today where the company is.
pub(crate) fn today(ctx: &Ctx) -> NaiveDate {
    ctx.now().utc().with_timezone(&ctx.zone).date_naive()
}

/// Whose document it is.
pub(crate) fn organization(fields: &Fields) -> Option<uuid::Uuid> {
    id(fields, "organization")
}
