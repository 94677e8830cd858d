//! Any question that can be saved, shown on a card, exported or sent: read by its kind, answered by its kind.

use kernel::{Ctx, Result, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::measures::{Compare, RangeInput};
use crate::{Answer, Forecast, ForecastInput, Funnel, FunnelInput, Managers, ManagersInput, Query, Reports, invalid};

/// What a question is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportKind)]
pub enum Kind {
    /// Measures by axes.
    #[default]
    Query,
    /// Steps or stages.
    Funnel,
    /// What is likely to come in.
    Forecast,
    /// People beside each other.
    Managers,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Funnel => "funnel",
            Self::Forecast => "forecast",
            Self::Managers => "managers",
        }
    }

    pub(crate) fn named(name: &str) -> Self {
        [Self::Funnel, Self::Forecast, Self::Managers].into_iter().find(|kind| kind.name() == name).unwrap_or_default()
    }
}

/// A question of any kind.
#[derive(Debug, Clone)]
pub enum Question {
    /// Measures by axes.
    Query(Box<Query>),
    /// Steps or stages.
    Funnel(Box<FunnelInput>),
    /// What is likely to come in.
    Forecast(ForecastInput),
    /// People beside each other.
    Managers(ManagersInput),
}

/// What is said of a saved question when it is asked: it goes over what was saved.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReportRun)]
pub struct RunInput {
    /// Another time.
    pub period: Option<RangeInput>,
    /// Besides its own filter.
    #[schema(value_type = Option<Object>)]
    pub filter: Option<Json>,
    /// Another moment.
    #[schema(value_type = Option<String>)]
    pub as_of: Option<Timestamp>,
    /// Beside it the figures of another time.
    pub compare: Option<Compare>,
    /// In another currency.
    pub currency: Option<String>,
}

/// An answer, under the name of its kind.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReportOutcome)]
pub struct Outcome {
    /// Which of the others is there.
    pub kind: Kind,
    /// Of measures by axes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub query: Option<Box<Answer>>,
    /// Of steps or stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub funnel: Option<Box<Funnel>>,
    /// Of what is likely to come in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub forecast: Option<Box<Forecast>>,
    /// Of people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub managers: Option<Box<Managers>>,
}

fn read<T: DeserializeOwned>(json: &Json) -> Result<T> {
    let said = |error: serde_json::Error| error.to_string().chars().take(300).collect::<String>();
    serde_json::from_value(json.clone()).map_err(|error| invalid("config", said(error)))
}

/// One filter of two, either of which may be missing.
fn both(one: Option<Json>, other: Option<&Json>) -> Option<Json> {
    match (one.filter(|filter| !filter.is_null()), other) {
        (Some(one), Some(other)) => Some(json!({ "and": [one, other] })),
        (one, other) => one.or_else(|| other.cloned()),
    }
}

impl Question {
    /// Reads a question.
    ///
    /// # Errors
    /// `report.invalid` naming `config`.
    pub fn read(kind: Kind, config: &Json) -> Result<Self> {
        Ok(match kind {
            Kind::Query => Self::Query(Box::new(read(config)?)),
            Kind::Funnel => Self::Funnel(Box::new(read(config)?)),
            Kind::Forecast => Self::Forecast(read(config)?),
            Kind::Managers => Self::Managers(read(config)?),
        })
    }

    /// The question with what is said over it.
    #[must_use]
    pub fn under(mut self, run: &RunInput) -> Self {
        match &mut self {
            Self::Query(query) => {
                query.period = run.period.clone().or_else(|| query.period.take());
                query.filter = both(query.filter.take(), run.filter.as_ref());
                query.as_of = run.as_of.or(query.as_of);
                query.compare = run.compare.or(query.compare);
                query.currency = run.currency.clone().or_else(|| query.currency.take());
            }
            Self::Funnel(funnel) => {
                funnel.period = run.period.clone().unwrap_or_else(|| std::mem::take(&mut funnel.period));
                if funnel.entity.is_some() {
                    funnel.filter = both(funnel.filter.take(), run.filter.as_ref());
                }
            }
            Self::Forecast(forecast) => {
                forecast.period = run.period.clone().or_else(|| forecast.period.take());
                forecast.filter = both(forecast.filter.take(), run.filter.as_ref());
                forecast.currency = run.currency.clone().or_else(|| forecast.currency.take());
            }
            Self::Managers(managers) => {
                managers.period = run.period.clone().or_else(|| managers.period.take());
                managers.filter = both(managers.filter.take(), run.filter.as_ref());
                managers.currency = run.currency.clone().or_else(|| managers.currency.take());
            }
        }
        self
    }
}

impl Reports {
    /// Answers a question of any kind, as whoever asks.
    ///
    /// # Errors
    /// Those of its kind.
    pub async fn answer(&self, ctx: &Ctx, question: &Question) -> Result<Outcome> {
        let mut outcome = Outcome { kind: Kind::Query, query: None, funnel: None, forecast: None, managers: None };
        match question {
            Question::Query(query) => outcome.query = Some(Box::new(self.query(ctx, query).await?)),
            Question::Funnel(funnel) => {
                outcome.kind = Kind::Funnel;
                outcome.funnel = Some(Box::new(self.funnel(ctx, funnel).await?));
            }
            Question::Forecast(forecast) => {
                outcome.kind = Kind::Forecast;
                outcome.forecast = Some(Box::new(self.forecast(ctx, forecast).await?));
            }
            Question::Managers(managers) => {
                outcome.kind = Kind::Managers;
                outcome.managers = Some(Box::new(self.managers(ctx, managers).await?));
            }
        }
        Ok(outcome)
    }
}
