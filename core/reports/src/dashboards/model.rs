//! What a card and a dashboard are; limits of both.

use std::collections::BTreeSet;

use kernel::error::FieldError;
use kernel::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use super::homes::Home;
use super::store::Said;
use crate::saved::{Kind, Question, checked_description, checked_json, checked_name};
use crate::sharing::{Person, Sharing};
use crate::{INVALID, invalid};

/// Cards of a dashboard, and columns of its grid.
const MAX_CARDS: usize = 40;
const GRID: u32 = 12;
/// Rows of the grid, and of a card.
const MAX_ROW: u32 = 1_000;
const MAX_HEIGHT: u32 = 40;
/// Characters of a card's id, of its title, of a text on it.
const MAX_ID: usize = 40;
const MAX_TITLE: usize = 200;
const MAX_TEXT: usize = 4_000;
/// Bytes of all cards together; of the filter bar; of how a card is drawn.
const MAX_BYTES: usize = 128 * 1024;
const MAX_BAR: usize = 4 * 1024;
const MAX_CHART: usize = 4 * 1024;

/// A card on the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DashboardCard)]
pub struct Card {
    /// Unique on the dashboard, 1 to 40 characters.
    pub id: String,
    /// What it is called; by what it shows when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Column of the grid of 12, from 0.
    pub x: u32,
    /// Row, from 0.
    pub y: u32,
    /// Columns.
    pub w: u32,
    /// Rows.
    pub h: u32,
    /// What it shows.
    pub card: Content,
}

/// What a card shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = DashboardCardContent)]
pub enum Content {
    /// A saved report.
    Report {
        /// Which.
        saved: Uuid,
    },
    /// Measures by axes.
    Question {
        /// As `POST /reports/query`.
        #[schema(value_type = Object)]
        question: Json,
        /// How it is drawn.
        #[serde(default)]
        #[schema(value_type = Option<Object>)]
        chart: Json,
    },
    /// Steps or stages.
    Funnel {
        /// As `POST /reports/funnel`.
        #[schema(value_type = Object)]
        question: Json,
    },
    /// What is likely to come in.
    Forecast {
        /// As `POST /reports/forecast`.
        #[schema(value_type = Object)]
        question: Json,
    },
    /// People beside each other.
    Managers {
        /// As `POST /reports/managers`.
        #[schema(value_type = Object)]
        question: Json,
    },
    /// Plans of this month, this quarter and this year.
    Plans {
        /// Of this measure alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        measure: Option<String>,
    },
    /// What one should look at.
    Hints {
        /// An entity with stages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        entity: Option<String>,
    },
    /// The reader's open tasks.
    Tasks {},
    /// Words.
    Text {
        /// Up to 4,000 characters.
        text: String,
    },
}

impl Content {
    /// The question behind it, where it is kept here.
    pub(super) const fn question(&self) -> Option<(Kind, &Json)> {
        match self {
            Self::Question { question, .. } => Some((Kind::Query, question)),
            Self::Funnel { question } => Some((Kind::Funnel, question)),
            Self::Forecast { question } => Some((Kind::Forecast, question)),
            Self::Managers { question } => Some((Kind::Managers, question)),
            _ => None,
        }
    }
}

/// A dashboard.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Dashboard)]
pub struct DashboardView {
    /// Its id; none of a home that is built in.
    pub id: Option<Uuid>,
    /// Counts its changes, from 1; 0 of what is built in.
    pub version: i64,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `own` or `role`.
    pub kind: &'static str,
    /// Of a home: for whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<Home>,
    /// Whether nobody has changed it.
    pub builtin: bool,
    /// With whom it is shared.
    pub shared: Sharing,
    /// Whose it is; nobody's of a home.
    pub owner: Option<Person>,
    /// Whether it is the reader's own.
    pub mine: bool,
    /// Whether the reader may change it.
    pub may_edit: bool,
    /// What its cards are narrowed by at first, as it came.
    #[schema(value_type = Option<Object>)]
    pub filter_bar: Json,
    /// Its cards.
    pub cards: Vec<Card>,
    /// When it was last changed.
    #[schema(value_type = Option<String>)]
    pub updated_at: Option<Timestamp>,
}

/// A dashboard to make, or its new state.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DashboardInput {
    /// What it is called, 1 to 100 characters.
    pub name: String,
    /// What it is for, up to 2,000 characters.
    #[serde(default)]
    pub description: String,
    /// With whom it is shared.
    #[serde(default)]
    pub shared: Sharing,
    /// What its cards are narrowed by at first, up to 4 KiB.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub filter_bar: Json,
    /// Its cards, up to 40.
    pub cards: Vec<Card>,
}

impl DashboardInput {
    /// Whether it can be kept; gives its name.
    pub(super) fn check(&self) -> Result<String> {
        let name = checked_name("name", &self.name)?;
        checked_description(&self.description)?;
        checked_json("filter_bar", &self.filter_bar, MAX_BAR)?;
        check_cards(&self.cards)?;
        Ok(name)
    }

    /// What is to be kept, under its checked name.
    pub(super) const fn said<'a>(&'a self, name: &'a str) -> Said<'a> {
        Said {
            name,
            description: self.description.as_str(),
            shared: &self.shared,
            filter_bar: &self.filter_bar,
            cards: self.cards.as_slice(),
        }
    }
}

/// Whether cards can be kept.
pub(super) fn check_cards(cards: &[Card]) -> Result<()> {
    if cards.len() > MAX_CARDS {
        return Err(Error::field(INVALID, "cards", FieldError::new("too_many").with("max", MAX_CARDS)));
    }
    if serde_json::to_vec(cards).map_or(usize::MAX, |bytes| bytes.len()) > MAX_BYTES {
        return Err(Error::field(INVALID, "cards", FieldError::new("too_long").with("max", MAX_BYTES)));
    }
    let mut seen = BTreeSet::new();
    for (index, card) in cards.iter().enumerate() {
        let at = |part: &str, reason: &str| invalid(&format!("cards.{index}.{part}"), reason);
        if card.id.is_empty() || card.id.chars().nth(MAX_ID).is_some() || !seen.insert(card.id.as_str()) {
            return Err(at("id", "1 to 40 characters, once on a dashboard"));
        }
        if card.title.as_ref().is_some_and(|title| title.chars().nth(MAX_TITLE).is_some() || title.contains('\0')) {
            return Err(at("title", "at most 200 characters"));
        }
        let fits = card.w > 0 && card.h > 0 && card.h <= MAX_HEIGHT && card.y <= MAX_ROW;
        if !fits || card.w > GRID || card.x > GRID - card.w {
            return Err(at("x", "inside 12 columns and 1,000 rows"));
        }
        match &card.card {
            Content::Text { text } if text.chars().nth(MAX_TEXT).is_some() || text.contains('\0') => {
                return Err(at("card", "at most 4,000 characters"));
            }
            Content::Question { chart, .. } if chart.to_string().len() > MAX_CHART => {
                return Err(at("card", "a chart of at most 4 KiB"));
            }
            content => {
                if let Some((kind, question)) = content.question() {
                    Question::read(kind, question).map_err(|error| match error {
                        Error::Invalid { code, fields } => {
                            let field = |error: FieldError| (format!("cards.{index}.card"), error);
                            Error::Invalid { code, fields: fields.into_values().map(field).collect() }
                        }
                        other => other,
                    })?;
                }
            }
        }
    }
    Ok(())
}
