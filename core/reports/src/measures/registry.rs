//! The registry: every measure of the product, each with its formula and its date, and what modules have brought.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kernel::filter::{Filter, Op};
use kernel::text::Texts;
use kernel::{Ctx, Locale, Result};
use records::Catalogue;
use records::stages::Semantic;
use serde::Serialize;

use crate::Reports;
use crate::forecast::standing;

/// Grows when a formula changes or a measure goes.
pub(super) const VERSION: u32 = 3;

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new([
        (Locale::En, include_str!("../../i18n/en.json")),
        (Locale::Ru, include_str!("../../i18n/ru.json")),
        (Locale::Uk, include_str!("../../i18n/uk.json")),
    ])
});

/// What figures are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MeasureUnit)]
pub enum Unit {
    /// A count or a sum of plain numbers.
    Number,
    /// Percent, to 0.1.
    Percent,
    /// An amount, in the answer's currency.
    Money,
    /// Seconds: of the company's working time, unless the measure says otherwise.
    Seconds,
    /// Working days of eight hours, to 0.1.
    Days,
}

/// How samples become one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stat {
    Median,
    P90,
    Mean,
}

/// Time between two moments that only a calendar can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// From one field to another.
    Fields(&'static str, &'static str),
    /// From the making of a lead to the first answer to it.
    FirstAnswer,
    /// All visits of a record to a stage together; by the clock instead of working time.
    Visits { clock: bool },
}

/// A formula.
#[derive(Debug, Clone)]
pub(crate) enum Formula {
    /// How many records match.
    Count(Filter),
    /// The sum of a field of those that match.
    Sum(Filter, String),
    /// That sum by those of them that have a value.
    Average(Filter, String),
    /// Of those that match the second, the part that matches the first too, percent.
    Share(Filter, Filter),
    /// Of the sum of a field over all, what those that match have, percent.
    SumShare(Filter, String),
    /// A figure of times, of those that match.
    Time(Filter, Span, Stat),
    /// Of tasks whose deadline has passed, those that were done behind it or are open, percent.
    Late,
    /// The sum of amounts, each by how likely its record is to be won.
    Weighted(Filter),
    /// The sum of a field of those that match, less that of another one.
    Less(Filter, &'static str, &'static str),
    /// What the rows of those that match come to.
    Rows(Filter),
    /// Of those that match, the ones that are picked by what no filter knows.
    Picked(Filter, Pick),
}

/// What no filter knows of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    /// Nothing was done with it for ten working days, and nothing is planned.
    Idle,
    /// The first won deal of its client.
    Gained,
    /// Its client has won one of another pipeline before.
    Cross,
    /// Of the clients of the 365 days before the end, the part that has two or more; a figure in percent.
    Repeat,
}

/// A measure.
#[derive(Debug, Clone)]
pub(crate) struct Measure {
    pub(crate) key: String,
    pub(crate) entity: String,
    pub(super) formula: Formula,
    /// The field whose time a period means; none of what is as it stands.
    pub(super) date: Option<String>,
    pub(super) unit: Unit,
    /// Of a module, in the reader's language.
    pub(super) label: Option<String>,
    /// Whose it is.
    pub(super) plugin: Option<String>,
    /// Whether it can be told how it stood at a moment of the past.
    pub(super) past: bool,
}

impl Measure {
    /// Fields that its reader must see.
    pub(super) fn fields(&self) -> Vec<&str> {
        let mut fields: Vec<&str> = self.date.iter().map(String::as_str).collect();
        match &self.formula {
            Formula::Count(filter) => fields.extend(filter.fields()),
            Formula::Sum(filter, field) | Formula::Average(filter, field) | Formula::SumShare(filter, field) => {
                fields.extend(filter.fields());
                fields.push(field);
            }
            Formula::Share(part, whole) => fields.extend(part.fields().into_iter().chain(whole.fields())),
            Formula::Time(filter, span, _) => {
                fields.extend(filter.fields());
                match span {
                    Span::Fields(from, to) => fields.extend([*from, *to]),
                    Span::FirstAnswer => fields.push("created_at"),
                    Span::Visits { .. } => fields.push("stage"),
                }
            }
            Formula::Late => fields.extend(["due", "completed_at", "state"]),
            Formula::Weighted(filter) => {
                fields.extend(filter.fields());
                fields.extend(["amount", "probability", "stage"]);
            }
            Formula::Less(filter, field, less) => {
                fields.extend(filter.fields());
                fields.extend([*field, *less]);
            }
            Formula::Rows(filter) => {
                fields.extend(filter.fields());
                fields.push("rows");
            }
            Formula::Picked(filter, pick) => {
                fields.extend(filter.fields());
                match pick {
                    Pick::Idle => fields.push("created_at"),
                    Pick::Gained | Pick::Cross | Pick::Repeat => fields.extend(["company", "closed_at"]),
                }
            }
        }
        fields
    }

    /// What it is called.
    pub(super) fn label(&self, locale: Locale) -> String {
        self.label.clone().unwrap_or_else(|| label(&self.key, locale))
    }
}

pub(super) fn label(key: &str, locale: Locale) -> String {
    TEXTS.get(locale, &format!("measure.{key}")).unwrap_or(key).to_owned()
}

/// What measures of the product are called; of modules by their keys.
pub(super) fn labels(keys: &[String], locale: Locale) -> BTreeMap<String, String> {
    keys.iter().map(|key| (key.clone(), label(key, locale))).collect()
}

/// A text of this crate; its key where there is none.
pub(crate) fn text(locale: Locale, key: &str) -> String {
    TEXTS.get(locale, key).unwrap_or(key).to_owned()
}

/// A measure or an axis of a module, over its own entities. The module's manifest was checked when it was installed.
#[derive(Debug, Clone)]
pub struct Declared {
    /// `<prefix>_<name>`.
    pub key: String,
    /// Whose.
    pub plugin: String,
    /// Entity key.
    pub entity: String,
    /// `count`, `sum`, `avg` or `share`.
    pub op: String,
    /// Of which field, where it is no count; of a share: whose sum.
    pub field: Option<String>,
    /// Which records.
    pub filter: Option<Filter>,
    /// The field whose time a period means.
    pub date: Option<String>,
    /// In the reader's language.
    pub label: String,
}

/// An axis under a name of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReportAxis)]
pub struct Axis {
    /// `<prefix>_<name>`.
    pub key: String,
    /// Entity key.
    pub entity: String,
    /// The field behind it.
    pub field: String,
    /// Of dates: `day`, `week`, `month`, `quarter`, `year`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub bucket: Option<records::read::Bucket>,
    /// In the reader's language.
    pub label: String,
    /// Whose.
    pub plugin: String,
}

/// Tells what the modules of a company have brought, as far as they are on for whoever asks.
#[async_trait::async_trait]
pub trait Brought: Send + Sync {
    /// Their measures.
    ///
    /// # Errors
    /// When the database fails.
    async fn measures(&self, ctx: &Ctx) -> Result<Vec<Declared>>;

    /// Their axes.
    ///
    /// # Errors
    /// When the database fails.
    async fn axes(&self, ctx: &Ctx) -> Result<Vec<Axis>>;
}

fn all() -> Filter {
    Filter::And(Vec::new())
}

fn measure(key: &str, entity: &str, unit: Unit, date: Option<&str>, formula: Formula) -> Measure {
    let date = date.map(str::to_owned);
    let (label, plugin, past) = (None, None, false);
    Measure { key: key.to_owned(), entity: entity.to_owned(), formula, date, unit, label, plugin, past }
}

/// The product's measures over the stages that a company has.
pub(super) fn of_product(ctx: &Ctx, catalogue: &Catalogue) -> Vec<Measure> {
    use Formula::{Average, Count, Late, Less, Picked, Rows, Share, Sum, Time, Weighted};
    let [open, won, lost] =
        [Semantic::Open, Semantic::Won, Semantic::Lost].map(|semantic| standing(catalogue, "deal", semantic));
    let closed = Filter::any(vec![won.clone(), lost.clone()]);
    let converted = standing(catalogue, "lead", Semantic::Won);
    let is = |field: &str, value: &str| Filter::test(field, Op::Eq, value);
    let amount = || "amount".to_owned();
    let today = ctx.now().utc().with_timezone(&ctx.zone).date_naive();
    let due = Filter::all(vec![open.clone(), Filter::test("close_date", Op::Gte, today.to_string())]);
    let some = |field: &str, values: &[&str]| Filter::any(values.iter().map(|value| is(field, value)).collect());
    let issued = Filter::And(vec![is("kind", "invoice"), some("state", &["issued", "partly_paid", "paid"])]);
    let owed = Filter::And(vec![is("kind", "invoice"), some("state", &["issued", "partly_paid"])]);
    let late = Filter::all(vec![owed.clone(), Filter::test("due_date", Op::Lt, today.to_string())]);
    let matched = some("state", &["received", "matched"]);
    let past = |measure: Measure| Measure { past: true, ..measure };
    let visits = |stat: Stat, clock: bool| Time(all(), Span::Visits { clock }, stat);
    vec![
        measure("lead.created", "lead", Unit::Number, Some("created_at"), Count(all())),
        measure("lead.conversion", "lead", Unit::Percent, Some("created_at"), Share(converted, all())),
        measure(
            "lead.first_answer",
            "lead",
            Unit::Seconds,
            Some("created_at"),
            Time(all(), Span::FirstAnswer, Stat::Median),
        ),
        past(measure("deal.open", "deal", Unit::Number, None, Count(open.clone()))),
        past(measure("deal.open_amount", "deal", Unit::Money, None, Sum(open.clone(), amount()))),
        measure("deal.weighted", "deal", Unit::Money, Some("close_date"), Weighted(due)),
        measure("deal.idle", "deal", Unit::Number, None, Picked(open, Pick::Idle)),
        measure("deal.cross", "deal", Unit::Number, Some("closed_at"), Picked(won.clone(), Pick::Cross)),
        measure("client.gained", "deal", Unit::Number, Some("closed_at"), Picked(won.clone(), Pick::Gained)),
        measure("client.repeat", "deal", Unit::Percent, Some("closed_at"), Picked(won.clone(), Pick::Repeat)),
        measure("deal.won", "deal", Unit::Number, Some("closed_at"), Count(won.clone())),
        measure("deal.won_amount", "deal", Unit::Money, Some("closed_at"), Sum(won.clone(), amount())),
        measure("deal.lost", "deal", Unit::Number, Some("closed_at"), Count(lost)),
        measure("deal.average", "deal", Unit::Money, Some("closed_at"), Average(won.clone(), amount())),
        measure("deal.win_rate", "deal", Unit::Percent, Some("closed_at"), Share(won.clone(), closed)),
        measure(
            "deal.cycle",
            "deal",
            Unit::Days,
            Some("closed_at"),
            Time(won, Span::Fields("created_at", "closed_at"), Stat::Median),
        ),
        measure("deal.rows", "deal", Unit::Money, Some("closed_at"), Rows(standing(catalogue, "deal", Semantic::Won))),
        measure("invoice.issued", "invoice", Unit::Money, Some("issued_at"), Sum(issued.clone(), amount())),
        measure("invoice.rows", "invoice", Unit::Money, Some("issued_at"), Rows(issued)),
        measure("invoice.paid", "payment", Unit::Money, Some("paid_on"), Less(matched, "amount", "left_over")),
        measure("invoice.debt", "invoice", Unit::Money, None, Sum(owed, "debt".to_owned())),
        measure("invoice.overdue", "invoice", Unit::Money, None, Sum(late, "debt".to_owned())),
        measure("stage.time", "deal", Unit::Seconds, Some("left"), visits(Stat::Median, false)),
        measure("stage.time.p90", "deal", Unit::Seconds, Some("left"), visits(Stat::P90, false)),
        measure("stage.time.mean", "deal", Unit::Seconds, Some("left"), visits(Stat::Mean, false)),
        measure("stage.time.clock", "deal", Unit::Seconds, Some("left"), visits(Stat::Median, true)),
        measure("task.done", "task", Unit::Number, Some("completed_at"), Count(is("state", "completed"))),
        measure("task.open", "task", Unit::Number, None, Count(is("state", "open"))),
        measure(
            "task.lead_time",
            "task",
            Unit::Seconds,
            Some("completed_at"),
            Time(is("state", "completed"), Span::Fields("created_at", "completed_at"), Stat::Median),
        ),
        measure("task.late_share", "task", Unit::Percent, Some("due"), Late),
        measure("activity.count", "activity", Unit::Number, Some("done_at"), Count(Filter::test("done", Op::Eq, true))),
    ]
}

impl Declared {
    fn measure(self, catalogue: &Catalogue) -> Option<Measure> {
        let (filter, def) = (self.filter.unwrap_or_else(all), catalogue.find(&self.entity)?);
        let kind = self.field.as_deref().and_then(|field| def.field(field)).map(|field| field.kind);
        let unit = match kind {
            _ if self.op == "share" => Unit::Percent,
            Some(kernel::value::FieldType::Money) => Unit::Money,
            Some(kernel::value::FieldType::Duration) => Unit::Seconds,
            _ => Unit::Number,
        };
        let formula = match (self.op.as_str(), self.field) {
            ("sum", Some(field)) => Formula::Sum(filter, field),
            ("avg", Some(field)) => Formula::Average(filter, field),
            ("share", Some(field)) => Formula::SumShare(filter, field),
            ("share", None) => Formula::Share(filter, all()),
            _ => Formula::Count(filter),
        };
        let (label, plugin) = (Some(self.label), Some(self.plugin));
        let past = false;
        Some(Measure { key: self.key, entity: self.entity, formula, date: self.date, unit, label, plugin, past })
    }
}

impl Reports {
    /// Every measure there is for whoever asks: of entities that exist for them.
    pub(crate) async fn registry(&self, ctx: &Ctx, catalogue: &Catalogue) -> Result<Vec<Measure>> {
        let mut all = of_product(ctx, catalogue);
        if let Some(brought) = self.brought.get() {
            all.extend(brought.measures(ctx).await?.into_iter().filter_map(|one| one.measure(catalogue)));
        }
        all.retain(|one| catalogue.find(&one.entity).is_some());
        Ok(all)
    }

    pub(super) async fn named_axes(&self, ctx: &Ctx) -> Result<Vec<Axis>> {
        match self.brought.get() {
            Some(brought) => brought.axes(ctx).await,
            None => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_has_words_and_fields_that_there_are() {
        let catalogue = Catalogue::core();
        let env = kernel::clock::Env::system();
        let ctx = Ctx::system(kernel::TenantId(uuid::Uuid::nil()), chrono_tz::UTC, Locale::En, &env);
        for one in of_product(&ctx, &catalogue) {
            for locale in Locale::ALL {
                assert_ne!(one.label(locale), one.key);
            }
            let def = catalogue.find(&one.entity).unwrap();
            for field in one.fields().into_iter().filter(|field| *field != "left") {
                assert!(def.field(field).is_some(), "{}: {field}", one.key);
            }
        }
    }
}
