//! An answer of any kind as lines and columns, in the words of its reader.

use chrono::NaiveDate;
use kernel::{Ctx, Locale, Result};
use records::catalogue::choice_label;
use records::{Catalogue, EntityDef};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::measures::{Unit, text};
use crate::refs::{RefsView, StepNames, step_name};
use crate::saved::Outcome;
use crate::{Answer, Column, Forecast, Funnel, Managers, Reports};

/// A cell of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Empty.
    None,
    /// Words.
    Text(String),
    /// A number as it is.
    Number(f64),
    /// An amount, shown with two decimals.
    Money(f64),
    /// A calendar day.
    Day(NaiveDate),
    /// A length of time, in seconds; shown as hours and minutes.
    Length(f64),
}

impl Cell {
    /// As text.
    pub(super) fn said(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) | Self::Money(number) | Self::Length(number) => number.to_string(),
            Self::Day(day) => day.to_string(),
        }
    }

    /// A value of a field of this type, as records and pages give it; `named` says what keys of choices and ids are called.
    pub fn of(value: Option<&Json>, kind: &str, locale: Locale, named: impl Fn(&str) -> String) -> Self {
        let number = |number: &Json, made: fn(f64) -> Self| number.as_f64().map_or(Self::None, made);
        match (kind, value) {
            (_, None | Some(Json::Null)) => Self::None,
            (_, Some(Json::Bool(yes))) => Self::Text(text(locale, if *yes { "cell.yes" } else { "cell.no" })),
            ("duration", Some(value @ Json::Number(_))) => number(value, Self::Length),
            ("money", Some(value @ Json::Number(_))) => number(value, Self::Money),
            (_, Some(value @ Json::Number(_))) => number(value, Self::Number),
            ("date", Some(Json::String(day))) => {
                day.parse::<NaiveDate>().map_or_else(|_| Self::Text(day.clone()), Self::Day)
            }
            (_, Some(Json::String(text))) => Self::Text(named(text)),
            (_, Some(Json::Array(many))) if many.iter().all(Json::is_string) => {
                Self::Text(many.iter().filter_map(Json::as_str).map(named).collect::<Vec<_>>().join(", "))
            }
            (_, Some(value)) => Self::Text(value.to_string()),
        }
    }

    fn figure(value: Option<&Json>, unit: Option<Unit>) -> Self {
        match (value.and_then(Json::as_f64), unit) {
            (Some(number), Some(Unit::Money)) => Self::Money(number),
            (Some(number), _) => Self::Number(number),
            (None, _) => Self::None,
        }
    }
}

/// Lines under a head.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// What columns are called.
    pub head: Vec<String>,
    /// Their cells, line by line.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// As lines of a letter: one figure beside the other, at most so many lines.
    pub(crate) fn lines(&self, most: usize) -> Vec<String> {
        let line = |row: &Vec<Cell>| {
            let cells = self.head.iter().zip(row).filter(|(_, cell)| **cell != Cell::None);
            cells.map(|(head, cell)| format!("{head}: {}", cell.said())).collect::<Vec<_>>().join("; ")
        };
        self.rows.iter().take(most).map(line).collect()
    }
}

/// What values of axes are called.
struct Words<'a> {
    catalogue: &'a Catalogue,
    def: Option<&'a EntityDef>,
    refs: &'a RefsView,
    steps: &'a StepNames,
    ctx: &'a Ctx,
}

impl Words<'_> {
    /// `definition`: of the same row, for a step.
    fn cell(&self, axis: &str, value: Option<&Json>, definition: Option<&Json>) -> Cell {
        let Some(value) = value else { return Cell::None };
        let Some(said) = value.as_str() else { return Cell::figure(Some(value), None) };
        if let Some(named) = said.parse::<Uuid>().ok().and_then(|id| self.refs.get(&id)) {
            return Cell::Text(named.title.clone());
        }
        if let Some(day) = said.parse::<NaiveDate>().ok().filter(|_| said.len() == 10) {
            return Cell::Day(day);
        }
        let definition = || definition.and_then(Json::as_str).and_then(|id| id.parse().ok());
        let name = self
            .choice(axis, said)
            .or_else(|| (axis == "step").then(|| step_name(self.steps, definition(), said)).flatten());
        Cell::Text(name.unwrap_or_else(|| said.to_owned()))
    }

    /// The name of a stage or of a choice.
    fn choice(&self, axis: &str, value: &str) -> Option<String> {
        let def = self.def?;
        let field = axis.strip_prefix("field:").unwrap_or(axis);
        if matches!(field, "stage" | "step") {
            return self
                .catalogue
                .pipelines
                .stage_ever(&def.key, value)
                .map(|(_, stage)| stage.name_in(self.ctx.locale).to_owned());
        }
        let (def, key) = match field.split_once('.') {
            Some((link, key)) => (self.catalogue.find(def.field(link)?.target()?)?.as_ref(), key),
            None => (def, field),
        };
        let field = def.field(key)?;
        let choice = field.choices.iter().find(|choice| choice.key == value)?;
        Some(choice_label(def, field, choice, self.ctx.locale))
    }
}

impl Reports {
    /// An answer as a table.
    pub(crate) async fn table(&self, ctx: &Ctx, outcome: &Outcome) -> Result<Table> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        if let Some(answer) = &outcome.query {
            let all = self.registry(ctx, &catalogue).await?;
            let first = answer.columns.iter().find(|column| column.unit.is_some());
            let entity =
                first.and_then(|column| all.iter().find(|one| one.key == column.key)).map(|one| one.entity.clone());
            let def = entity.and_then(|entity| catalogue.find(&entity));
            return Ok(of_answer(
                answer,
                &Words {
                    catalogue: &catalogue,
                    def: def.map(AsRef::as_ref),
                    refs: &answer.refs,
                    steps: &answer.steps,
                    ctx,
                },
            ));
        }
        if let Some(funnel) = &outcome.funnel {
            let entity = funnel.items.iter().find_map(|row| row.drill.as_ref()).map(|drill| drill.entity.clone());
            let def = entity.and_then(|entity| catalogue.find(&entity));
            return Ok(of_funnel(
                funnel,
                &Words {
                    catalogue: &catalogue,
                    def: def.map(AsRef::as_ref),
                    refs: &funnel.refs,
                    steps: &funnel.steps,
                    ctx,
                },
            ));
        }
        if let Some(forecast) = &outcome.forecast {
            return Ok(of_forecast(ctx, forecast));
        }
        Ok(outcome.managers.as_ref().map(|managers| of_managers(ctx, managers)).unwrap_or_default())
    }
}

fn of_answer(answer: &Answer, words: &Words<'_>) -> Table {
    let head = answer.columns.iter().map(|column| column.label.clone()).collect();
    let row = |group: &std::collections::BTreeMap<String, Json>, values: &std::collections::BTreeMap<String, Json>| {
        let cell = |column: &Column| match column.unit {
            None => words.cell(&column.key, group.get(&column.key), group.get("definition")),
            unit => Cell::figure(values.get(&column.key), unit),
        };
        answer.columns.iter().map(cell).collect::<Vec<_>>()
    };
    Table { head, rows: answer.rows.iter().map(|one| row(&one.group, &one.figures.values)).collect() }
}

fn of_funnel(funnel: &Funnel, words: &Words<'_>) -> Table {
    let empty = Map::new();
    let axes: Vec<&String> = funnel.items.first().map_or(&empty, |row| &row.group).keys().collect();
    let figures = ["count", "entered", "standing", "conversion", "decided", "amount", "hours"];
    let named = |key: &str| text(words.ctx.locale, &format!("column.{key}"));
    let head = axes.iter().map(|axis| named(axis)).chain(figures.iter().map(|key| named(key))).collect();
    let number = |value: Option<f64>| value.map_or(Cell::None, Cell::Number);
    let count = |value: i64| Cell::figure(Some(&Json::from(value)), None);
    let row = |row: &crate::FunnelRow| {
        let mut cells: Vec<Cell> =
            axes.iter().map(|axis| words.cell(axis, row.group.get(*axis), row.group.get("template"))).collect();
        cells.extend([
            count(row.count),
            count(row.entered),
            count(row.standing),
            number(row.conversion),
            number(row.decided),
            row.amount.map_or(Cell::None, Cell::Money),
            number(row.seconds.map(|seconds| (seconds / 360.0).round() / 10.0)),
        ]);
        cells
    };
    Table { rows: funnel.items.iter().map(row).collect(), head }
}

fn of_forecast(ctx: &Ctx, forecast: &Forecast) -> Table {
    let named = |key: &str| text(ctx.locale, &format!("column.{key}"));
    let figures = ["n", "total", "weighted", "history", "commit", "best_case", "pipeline", "won"];
    let head = std::iter::once("month").chain(figures).map(named).collect();
    let row = |first: Cell, bag: &crate::Bag| {
        let money = |value: &Json| Cell::figure(Some(value), Some(Unit::Money));
        let sums = [&bag.amount, &bag.weighted, &bag.history, &bag.commit, &bag.best_case, &bag.pipeline, &bag.won];
        let n = Cell::figure(Some(&Json::from(bag.n)), None);
        [first, n].into_iter().chain(sums.into_iter().map(money)).collect::<Vec<_>>()
    };
    let mut rows: Vec<Vec<Cell>> =
        forecast.months.iter().map(|month| row(Cell::Day(month.month), &month.bag)).collect();
    rows.push(row(Cell::Text(named("overdue")), &forecast.overdue));
    rows.push(row(Cell::Text(named("undated")), &forecast.undated));
    Table { head, rows }
}

fn of_managers(ctx: &Ctx, managers: &Managers) -> Table {
    let head = std::iter::once(text(ctx.locale, "axis.manager"));
    let head = head.chain(managers.columns.iter().map(|column| column.label.clone())).collect();
    let row = |row: &crate::ManagerRow| {
        let name = row.user.and_then(|id| managers.refs.get(&id)).map(|named| named.title.clone());
        let figures = managers.columns.iter().map(|column| Cell::figure(row.values.get(&column.key), column.unit));
        std::iter::once(Cell::Text(name.unwrap_or_default())).chain(figures).collect::<Vec<_>>()
    };
    Table { rows: managers.rows.iter().map(row).collect(), head }
}
