//! The registry: every measure of the product, each with its formula and its date, and what modules have brought.

use std::sync::LazyLock;

use kernel::filter::{Filter, Op};
use kernel::text::Texts;
use kernel::{Ctx, Locale, Result};
use records::Catalogue;
use records::stages::Semantic;
use serde::Serialize;

use crate::Reports;

/// Grows when a formula changes or a measure goes.
pub(super) const VERSION: u32 = 1;

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
pub(super) enum Stat {
    Median,
    P90,
    Mean,
}

/// Time between two moments that only a calendar can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    /// From one field to another.
    Fields(&'static str, &'static str),
    /// From the making of a lead to the first answer to it.
    FirstAnswer,
    /// All visits of a record to a stage together; by the clock instead of working time.
    Visits { clock: bool },
}

/// A formula.
#[derive(Debug, Clone)]
pub(super) enum Formula {
    /// How many records match.
    Count(Filter),
    /// The sum of a field of those that match.
    Sum(Filter, String),
    /// That sum by those of them that have a value.
    Average(Filter, String),
    /// Of those that match the second, the part that matches the first too, percent.
    Share(Filter, Filter),
    /// A figure of times, of those that match.
    Time(Filter, Span, Stat),
    /// Of tasks whose deadline has passed, those that were done behind it or are open, percent.
    Late,
}

/// A measure.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    pub(super) key: String,
    pub(super) entity: String,
    pub(super) formula: Formula,
    /// The field whose time a period means; none of what is as it stands.
    pub(super) date: Option<String>,
    pub(super) unit: Unit,
    /// Of a module, in the reader's language.
    pub(super) label: Option<String>,
    /// Whose it is.
    pub(super) plugin: Option<String>,
}

impl Measure {
    /// Fields that its reader must see.
    pub(super) fn fields(&self) -> Vec<&str> {
        let mut fields: Vec<&str> = self.date.iter().map(String::as_str).collect();
        match &self.formula {
            Formula::Count(filter) => fields.extend(filter.fields()),
            Formula::Sum(filter, field) | Formula::Average(filter, field) => {
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
        }
        fields
    }

    /// What it is called.
    pub(super) fn label(&self, locale: Locale) -> String {
        let own = || TEXTS.get(locale, &format!("measure.{}", self.key)).unwrap_or(&self.key).to_owned();
        self.label.clone().unwrap_or_else(own)
    }
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
    /// `count`, `sum` or `avg`.
    pub op: String,
    /// Of which field, where it is no count.
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

/// Records in stages of a meaning.
fn stands(catalogue: &Catalogue, entity: &str, semantic: Semantic) -> Filter {
    let stages = catalogue.pipelines.of(entity).flat_map(|pipeline| &pipeline.stages);
    let mut keys: Vec<&str> = stages.filter(|one| one.semantic == semantic).map(|one| one.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    Filter::any(keys.into_iter().map(|key| Filter::test("stage", Op::Eq, key)).collect())
}

fn measure(key: &str, entity: &str, unit: Unit, date: Option<&str>, formula: Formula) -> Measure {
    let date = date.map(str::to_owned);
    Measure { key: key.to_owned(), entity: entity.to_owned(), formula, date, unit, label: None, plugin: None }
}

/// The product's measures over the stages that a company has.
pub(super) fn of_product(catalogue: &Catalogue) -> Vec<Measure> {
    use Formula::{Average, Count, Late, Share, Sum, Time};
    let [open, won, lost] =
        [Semantic::Open, Semantic::Won, Semantic::Lost].map(|semantic| stands(catalogue, "deal", semantic));
    let closed = Filter::any(vec![won.clone(), lost.clone()]);
    let converted = stands(catalogue, "lead", Semantic::Won);
    let is = |field: &str, value: &str| Filter::test(field, Op::Eq, value);
    let amount = || "amount".to_owned();
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
        measure("deal.open", "deal", Unit::Number, None, Count(open.clone())),
        measure("deal.open_amount", "deal", Unit::Money, None, Sum(open, amount())),
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
            Some(kernel::value::FieldType::Money) => Unit::Money,
            Some(kernel::value::FieldType::Duration) => Unit::Seconds,
            _ => Unit::Number,
        };
        let formula = match (self.op.as_str(), self.field) {
            ("sum", Some(field)) => Formula::Sum(filter, field),
            ("avg", Some(field)) => Formula::Average(filter, field),
            _ => Formula::Count(filter),
        };
        let (label, plugin) = (Some(self.label), Some(self.plugin));
        Some(Measure { key: self.key, entity: self.entity, formula, date: self.date, unit, label, plugin })
    }
}

impl Reports {
    /// Every measure there is for whoever asks: of entities that exist for them.
    pub(super) async fn registry(&self, ctx: &Ctx, catalogue: &Catalogue) -> Result<Vec<Measure>> {
        let mut all = of_product(catalogue);
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
        for one in of_product(&catalogue) {
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
