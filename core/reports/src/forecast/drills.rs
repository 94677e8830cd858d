//! Which deals stand behind the sums of the forecast, as filters that open them.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use kernel::filter::{Filter, Op, Operand, Test};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Asked, BEST_CASE, COMMIT, DEAL, When};
use crate::measures::Drill;

/// How sure people are of an open deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Category {
    Commit,
    BestCase,
    Pipeline,
}

impl Category {
    const fn key(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::BestCase => "best_case",
            Self::Pipeline => "pipeline",
        }
    }
}

impl Asked {
    /// Close dates of the months that have not passed.
    pub(super) fn due(&self) -> Filter {
        let from = self.from.max(self.today);
        Filter::And(vec![
            Filter::test("close_date", Op::Gte, from.to_string()),
            Filter::test("close_date", Op::Lt, self.to.to_string()),
        ])
    }

    /// Deals won from a day to another.
    pub(super) fn won_in(&self, from: NaiveDate, to: NaiveDate) -> Filter {
        let at = |day: NaiveDate| kernel::filter::day_start(day, self.zone).to_string();
        let closed = [(Op::Gte, from), (Op::Lt, to)].map(|(op, day)| Filter::test("closed_at", op, at(day)));
        Filter::And([self.won.clone()].into_iter().chain(closed).collect())
    }

    fn drill(&self, parts: Vec<Filter>) -> Drill {
        let all = self.filter.iter().cloned().chain(parts).collect();
        Drill { entity: DEAL.to_owned(), filter: Filter::all(all).to_json() }
    }

    /// What opens the deals of each sum that is not of all of them.
    pub(super) fn parts(&self, when: When) -> BTreeMap<&'static str, Drill> {
        let won = match when {
            When::Month(month) => Some(self.won_in(month, month + Months::new(1))),
            When::Total => Some(self.won_in(self.from, self.to)),
            When::Overdue | When::Undated => None,
        };
        let sure = [Category::Commit, Category::BestCase, Category::Pipeline].map(|category| {
            (category.key(), self.drill(vec![self.open.clone(), self.part(when), self.sure(category)]))
        });
        won.map(|won| ("won", self.drill(vec![won]))).into_iter().chain(sure).collect()
    }

    /// Open deals of a category: said by hand, else by how likely they are, themselves or by their stage.
    fn sure(&self, category: Category) -> Filter {
        let empty = |field: &str| Filter::Test(Test { field: field.into(), op: Op::Empty, value: Operand::None });
        let said = |key: &str| Filter::test("forecast_category", Op::Eq, key);
        let (by_hand, from, to) = match category {
            Category::Commit => (said("commit"), Some(COMMIT), None),
            Category::BestCase => (said("best_case"), Some(BEST_CASE), Some(COMMIT)),
            Category::Pipeline => {
                let other = Filter::Not(Box::new(Filter::Or(vec![
                    empty("forecast_category"),
                    said("commit"),
                    said("best_case"),
                ])));
                (other, None, Some(BEST_CASE))
            }
        };
        let bounds = [(Op::Gte, from), (Op::Lt, to)];
        let own = bounds.iter().filter_map(|(op, bound)| Some(Filter::test("probability", *op, (*bound)?)));
        let fits = |odds: &Decimal| {
            let percent = odds.to_i64().unwrap_or(0);
            from.is_none_or(|from| percent >= from) && to.is_none_or(|to| percent < to)
        };
        let stages: Vec<Filter> = self
            .odds
            .iter()
            .filter(|(_, (odds, _))| fits(odds))
            .map(|(stage, _)| Filter::test("stage", Op::Eq, stage.as_str()))
            .collect();
        let mut likely = vec![Filter::all(own.collect())];
        if !stages.is_empty() {
            likely.push(Filter::And(vec![empty("probability"), Filter::any(stages)]));
        }
        Filter::Or(vec![by_hand, Filter::And(vec![empty("forecast_category"), Filter::any(likely)])])
    }

    pub(super) fn opens(&self, when: When) -> Drill {
        self.drill(vec![self.open.clone(), self.part(when)])
    }

    /// Open deals of a bag.
    pub(super) fn part(&self, when: When) -> Filter {
        match when {
            When::Month(month) => {
                let next = month + Months::new(1);
                Filter::And(vec![
                    Filter::test("close_date", Op::Gte, month.max(self.today).to_string()),
                    Filter::test("close_date", Op::Lt, next.to_string()),
                ])
            }
            When::Overdue => Filter::test("close_date", Op::Lt, self.today.to_string()),
            When::Undated => Filter::Test(Test { field: "close_date".into(), op: Op::Empty, value: Operand::None }),
            When::Total => self.due(),
        }
    }
}
