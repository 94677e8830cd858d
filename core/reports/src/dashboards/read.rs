//! What stands on the cards of a dashboard: each question answered as the reader, one that fails beside those that do not.
//!
//! An answer is kept for a minute for whoever has asked, by their rights: who asks again at once has it at once, and it says
//! of when it is.

use std::collections::BTreeMap;

use kernel::filter::{Filter, Op};
use kernel::kept::Kept;
use kernel::{Ctx, Error, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::empty::{Empty, empty};
use super::homes::HomeQuery;
use super::model::{Card, Content};
use crate::hints::{HintQuery, Hints};
use crate::measures::{RangeInput, text, whose};
use crate::plans::{PlanQuery, Plans};
use crate::saved::{Kind, Outcome, Question, RunInput};
use crate::sharing::Reader;
use crate::{Answer, Forecast, Funnel, Managers, Reports};

/// Seconds for which an answer is kept, and answers at most.
const KEPT_SECONDS: i64 = 60;
const MAX_KEPT: usize = 2_000;

/// Answers by whose they are and what was asked.
pub(crate) type KeptCards = Kept<String, CardView>;

pub(crate) fn kept() -> KeptCards {
    Kept::of(MAX_KEPT)
}

/// What the cards are narrowed by.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadCards {
    /// Another time for all of them.
    pub period: Option<RangeInput>,
    /// Besides their own filters, by entity.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub filter: BTreeMap<String, Json>,
    /// These cards alone.
    pub cards: Option<Vec<String>>,
    /// Asks anew, whatever is kept.
    pub fresh: bool,
}

/// What stands on the cards.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReadDashboard {
    /// The moment that it was asked at.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
    /// By id of the card.
    pub cards: BTreeMap<String, CardView>,
}

/// How a card stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// Figures stand there.
    Ok,
    /// Nothing stands there yet.
    Empty,
    /// Something is wrong with what is asked.
    Problem,
}

/// The reader's tasks.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TasksCard {
    /// Open.
    pub open: i64,
    /// Of them, behind their deadline.
    pub overdue: i64,
}

/// Why nothing could be answered.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CardProblem {
    /// An error code.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// What stands on a card; under the name of its kind.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = DashboardCardView)]
pub struct CardView {
    /// How it stands.
    pub status: CardState,
    /// `query`, `funnel`, `forecast`, `managers`, `plans`, `hints`, `tasks` or `text`.
    pub kind: &'static str,
    /// Measures by axes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub query: Option<Box<Answer>>,
    /// Steps or stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub funnel: Option<Box<Funnel>>,
    /// What is likely to come in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub forecast: Option<Box<Forecast>>,
    /// People beside each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub managers: Option<Box<Managers>>,
    /// Plans.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub plans: Option<Plans>,
    /// What one should look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hints: Option<Hints>,
    /// The reader's tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tasks: Option<TasksCard>,
    /// What will stand there, and what fills it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub empty: Option<Empty>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<CardProblem>,
    /// Of when it is.
    #[schema(value_type = String)]
    pub as_of: Timestamp,
}

impl CardView {
    const fn of(kind: &'static str, as_of: Timestamp) -> Self {
        Self {
            status: CardState::Ok,
            kind,
            query: None,
            funnel: None,
            forecast: None,
            managers: None,
            plans: None,
            hints: None,
            tasks: None,
            empty: None,
            problem: None,
            as_of,
        }
    }
}

impl Reports {
    /// What stands on the cards of a dashboard.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `report.invalid` naming `period`. What is wrong with a card is said on it.
    pub async fn read_dashboard(&self, ctx: &Ctx, id: Uuid, how: &ReadCards) -> Result<ReadDashboard> {
        let reader = Reader::of(self.db(), ctx).await?;
        let row = self.dashboard_row(self.db().read(), ctx, &reader, id).await?;
        self.read_cards_of(ctx, row.cards, how).await
    }

    /// What stands on the cards of a home.
    ///
    /// # Errors
    /// As `home`; `report.invalid` naming `period`.
    pub async fn read_home(&self, ctx: &Ctx, query: &HomeQuery, how: &ReadCards) -> Result<ReadDashboard> {
        let reader = Reader::of(self.db(), ctx).await?;
        let home = self.home_of(ctx, &reader, query)?;
        let view = self.home_view(ctx, &reader, home).await?;
        self.read_cards_of(ctx, view.cards, how).await
    }

    async fn read_cards_of(&self, ctx: &Ctx, cards: Vec<Card>, how: &ReadCards) -> Result<ReadDashboard> {
        if let Some(period) = &how.period {
            period.read(ctx)?;
        }
        let mut read = BTreeMap::new();
        let asked = |card: &Card| how.cards.as_ref().is_none_or(|wanted| wanted.contains(&card.id));
        for card in cards.into_iter().filter(asked) {
            let view = self.kept_card(ctx, &card.card, how).await?;
            read.insert(card.id, view);
        }
        Ok(ReadDashboard { as_of: ctx.now(), cards: read })
    }

    async fn kept_card(&self, ctx: &Ctx, content: &Content, how: &ReadCards) -> Result<CardView> {
        let key = key(ctx, content, how);
        let now = ctx.now();
        if !how.fresh
            && let Some((at, view)) = self.kept.get(&key)
            && at <= now
            && at.plus_seconds(KEPT_SECONDS) > now
        {
            return Ok(view);
        }
        let since = self.kept.moment();
        let view = match self.card(ctx, content, how).await {
            Ok(view) => view,
            Err(Error::Database(error)) => return Err(Error::Database(error)),
            Err(Error::Internal(error)) => return Err(Error::Internal(error)),
            Err(error) => problem(ctx, content, &error),
        };
        self.kept.put(since, key, now, view.clone());
        Ok(view)
    }

    async fn card(&self, ctx: &Ctx, content: &Content, how: &ReadCards) -> Result<CardView> {
        let (mut view, some) = match content {
            Content::Report { saved } => {
                let report = self.saved_report(ctx, *saved).await?;
                self.asked(ctx, Question::read(report.kind, &report.config)?, how).await?
            }
            Content::Plans { measure } => {
                let mut plans =
                    self.plans(ctx, &PlanQuery { measure: measure.clone(), ..PlanQuery::default() }).await?;
                let today = crate::measures::day_of(ctx, ctx.now());
                plans.items.retain(|plan| plan.period.from <= today && today < plan.period.to);
                let some = !plans.items.is_empty();
                (CardView { plans: Some(plans), ..CardView::of("plans", ctx.now()) }, some)
            }
            Content::Hints { entity } => {
                let hints = self.hints(ctx, &HintQuery { entity: entity.clone(), department: None }).await?;
                let some = !hints.items.is_empty();
                (CardView { hints: Some(hints), ..CardView::of("hints", ctx.now()) }, some)
            }
            Content::Tasks {} => {
                let tasks = self.own_tasks(ctx).await?;
                let some = tasks.open > 0;
                (CardView { tasks: Some(tasks), ..CardView::of("tasks", ctx.now()) }, some)
            }
            Content::Text { .. } => (CardView::of("text", ctx.now()), true),
            other => match other.question() {
                Some((kind, question)) => self.asked(ctx, Question::read(kind, question)?, how).await?,
                None => (CardView::of("text", ctx.now()), true),
            },
        };
        if !some {
            view.status = CardState::Empty;
            let plans = matches!(content, Content::Plans { .. }) && self.may_plan(ctx).await?;
            view.empty = Some(empty(ctx, content, plans));
        }
        Ok(view)
    }

    /// A question narrowed by what the dashboard is narrowed by, and whether its answer says anything.
    async fn asked(&self, ctx: &Ctx, question: Question, how: &ReadCards) -> Result<(CardView, bool)> {
        let entity = self.entity_of(ctx, &question).await?;
        let filter = entity.and_then(|entity| how.filter.get(&entity).cloned());
        let run = RunInput { period: how.period.clone(), filter, ..RunInput::default() };
        let outcome = self.answer(ctx, &question.under(&run)).await?;
        let some = says_something(&outcome);
        let view = CardView {
            query: outcome.query,
            funnel: outcome.funnel,
            forecast: outcome.forecast,
            managers: outcome.managers,
            ..CardView::of(outcome.kind.name(), ctx.now())
        };
        Ok((view, some))
    }

    /// Of which records a question is.
    async fn entity_of(&self, ctx: &Ctx, question: &Question) -> Result<Option<String>> {
        Ok(match question {
            Question::Query(query) => {
                let catalogue = self.records.catalogue_of(ctx).await?;
                let all = self.registry(ctx, &catalogue).await?;
                let first = query.measures.first();
                first.and_then(|key| all.into_iter().find(|one| one.key == *key)).map(|one| one.entity)
            }
            Question::Funnel(funnel) => funnel.entity.clone(),
            Question::Forecast(_) | Question::Managers(_) => Some("deal".to_owned()),
        })
    }

    async fn own_tasks(&self, ctx: &Ctx) -> Result<TasksCard> {
        let Some(me) = ctx.user() else { return Ok(TasksCard { open: 0, overdue: 0 }) };
        if !ctx.rights.may("task", kernel::access::Action::Read) {
            return Ok(TasksCard { open: 0, overdue: 0 });
        }
        let own = || vec![Filter::test("assignee", Op::Eq, me.0.to_string()), Filter::test("state", Op::Eq, "open")];
        let late = own().into_iter().chain([Filter::test("due", Op::Lt, ctx.now().to_string())]).collect();
        Ok(TasksCard {
            open: self.count(ctx, "task", Filter::And(own())).await?,
            overdue: self.count(ctx, "task", Filter::And(late)).await?,
        })
    }
}

fn says_something(outcome: &Outcome) -> bool {
    let counts = |n: &BTreeMap<String, i64>| n.values().any(|count| *count > 0);
    match outcome.kind {
        Kind::Query => outcome.query.as_ref().is_some_and(|answer| counts(&answer.totals.n)),
        Kind::Funnel => outcome.funnel.as_ref().is_some_and(|funnel| funnel.items.iter().any(|row| row.count > 0)),
        Kind::Forecast => outcome.forecast.as_ref().is_some_and(|forecast| {
            let won = |bag: &crate::Bag| !bag.won.is_null() && bag.won != json!(0);
            [&forecast.totals, &forecast.overdue, &forecast.undated].iter().any(|bag| bag.n > 0 || won(bag))
        }),
        Kind::Managers => outcome.managers.as_ref().is_some_and(|managers| !managers.rows.is_empty()),
    }
}

/// What is wrong with a card, for people.
fn problem(ctx: &Ctx, content: &Content, error: &Error) -> CardView {
    let kind = match content {
        Content::Plans { .. } => "plans",
        Content::Hints { .. } => "hints",
        Content::Tasks {} => "tasks",
        Content::Text { .. } => "text",
        other => other.question().map_or("query", |(kind, _)| kind.name()),
    };
    let words = match error {
        Error::NotFound(_) => text(ctx.locale, "problem.gone"),
        Error::Denied(_) => text(ctx.locale, "problem.denied"),
        Error::Invalid { fields, .. } => {
            let said: Vec<String> = fields.values().map(|field| field.message.in_locale(ctx.locale)).collect();
            said.join(" ")
        }
        _ => text(ctx.locale, "problem.other"),
    };
    let problem = Some(CardProblem { code: error.code().to_owned(), detail: words });
    CardView { status: CardState::Problem, problem, ..CardView::of(kind, ctx.now()) }
}

/// Whose answer it is and what was asked: with their rights, so that nothing outlives a right.
fn key(ctx: &Ctx, content: &Content, how: &ReadCards) -> String {
    format!("{} {}", whose(ctx), json!([content, how.period, how.filter]))
}
