//! Pipelines and stages: the ordered states of leads, deals and a company's own entities, per tenant.
//!
//! A stage that is taken away keeps its row: reports still name it, records that could not be moved still stand in it.
//!
//! | module | what |
//! |---|---|
//! | `acts`, `contract` | what a stage makes happen when a record enters it |
//! | `rules` | what holds for entering a stage and standing in it |
//! | `make` | first pipelines, those of modules |
//! | `change` | pipelines as administrators make and change them |
//! | `checked` | a list of stages as it was sent: what is wrong with it |
//! | `planned` | what a list would do to the records |
//! | `moving` | pipelines that move between companies |
//! | `settle` | records brought to where a changed pipeline wants them, as a long job |
//! | `stood` | which stages a record has stood in |

mod acts;
pub mod change;
mod checked;
mod contract;
mod make;
pub(crate) mod moving;
mod planned;
mod rules;
pub mod settle;
mod stood;

use kernel::db::ConnectionTrait;
use kernel::{Locale, Result, TenantId};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::Labels;

pub use checked::StageInput;
pub use contract::{OnEnter, StageActs, StageContract, StageEntered, StageEscalation, StageTasks};
pub use make::{FirstStage, create};
pub(crate) use make::{create_own, extend};
pub use planned::{Moving, Planned, Turned};
pub use rules::{Guard, STAGE_TOLD, StageClock, StageRules, StageTold};

/// What a stage means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Semantic {
    /// Work goes on.
    Open,
    /// Ended well.
    Won,
    /// Ended without success.
    Lost,
}

impl Semantic {
    const fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    fn of(key: &str) -> Self {
        [Self::Won, Self::Lost].into_iter().find(|semantic| semantic.key() == key).unwrap_or(Self::Open)
    }
}

/// A stage.
#[derive(Debug, Clone, Serialize)]
pub struct Stage {
    /// Unique within the entity.
    pub key: String,
    /// Its name, as the company calls it.
    pub name: String,
    /// Its name in each language, where a module gives it.
    #[serde(skip)]
    pub labels: Option<Labels>,
    /// What it means.
    pub semantic: Semantic,
    /// Its colour, `#rrggbb`.
    pub color: String,
    /// Its place.
    pub sort: i64,
    /// How likely a record in it is to be won, percent, where somebody has said so.
    pub probability: Option<i64>,
    /// What holds for entering it and standing in it.
    #[serde(skip)]
    pub rules: StageRules,
}

impl Stage {
    /// Its name for a reader.
    pub fn name_in(&self, locale: Locale) -> &str {
        self.labels.as_ref().map_or(&self.name, |labels| labels.in_locale(locale))
    }
}

/// A pipeline.
#[derive(Debug, Clone, Serialize)]
pub struct Pipeline {
    /// Its id.
    pub id: Uuid,
    /// Its entity.
    pub entity: String,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its name in each language, where somebody has given it.
    #[serde(skip)]
    pub labels: Option<Labels>,
    /// Where new records go.
    pub is_default: bool,
    /// Keeps the records it has, takes no others.
    pub archived: bool,
    /// Taken away: known for the sake of reports.
    pub removed: bool,
    /// Counts its changes.
    pub version: i64,
    /// Its stages in order.
    pub stages: Vec<Stage>,
    /// Stages that were taken away.
    #[serde(skip)]
    pub gone: Vec<Stage>,
}

impl Pipeline {
    /// Its name for a reader.
    pub fn name_in(&self, locale: Locale) -> &str {
        self.labels.as_ref().map_or(&self.name, |labels| labels.in_locale(locale))
    }

    /// How likely a record in one of its stages is to be won, percent: as it was said, else evenly by its place among the
    /// open ones; of what is closed surely or not at all.
    pub fn probability(&self, key: &str) -> Option<i64> {
        let stage = self.stages.iter().find(|stage| stage.key == key)?;
        Some(match stage.semantic {
            Semantic::Won => 100,
            Semantic::Lost => 0,
            Semantic::Open => stage.probability.unwrap_or_else(|| self.by_place(key)),
        })
    }

    fn by_place(&self, key: &str) -> i64 {
        let open: Vec<&Stage> = self.stages.iter().filter(|stage| stage.semantic == Semantic::Open).collect();
        let place = open.iter().position(|stage| stage.key == key).map_or(0, |place| place + 1);
        i64::try_from(place * 100 / (open.len() + 1)).unwrap_or(0)
    }
}

/// All pipelines of a tenant, and what else new records take from its settings.
#[derive(Debug, Clone, Default)]
pub struct Pipelines {
    all: Vec<Pipeline>,
    /// The company's currency, ISO 4217.
    pub currency: String,
}

impl Pipelines {
    /// The pipelines of an entity in order, archived ones too.
    pub fn of(&self, entity: &str) -> impl Iterator<Item = &Pipeline> {
        self.ever(entity).filter(|pipeline| !pipeline.removed)
    }

    /// The same with those that were taken away.
    pub fn ever(&self, entity: &str) -> impl Iterator<Item = &Pipeline> {
        self.all.iter().filter(move |pipeline| pipeline.entity == entity)
    }

    /// A stage by key, with its pipeline.
    pub fn stage(&self, entity: &str, key: &str) -> Option<(&Pipeline, &Stage)> {
        self.of(entity)
            .find_map(|pipeline| pipeline.stages.iter().find(|stage| stage.key == key).map(|stage| (pipeline, stage)))
    }

    /// The same, also of stages that were taken away: what records have been through, or stand in still.
    pub fn stage_ever(&self, entity: &str, key: &str) -> Option<(&Pipeline, &Stage)> {
        self.ever(entity).find_map(|pipeline| {
            let mut all = pipeline.stages.iter().chain(&pipeline.gone);
            all.find(|stage| stage.key == key).map(|stage| (pipeline, stage))
        })
    }

    /// Stages of an entity that were taken away.
    pub fn gone(&self, entity: &str) -> impl Iterator<Item = &Stage> {
        self.ever(entity).flat_map(|pipeline| &pipeline.gone)
    }

    /// Where new records of an entity begin.
    pub fn first(&self, entity: &str) -> Option<(&Pipeline, &Stage)> {
        let open = || self.of(entity).filter(|pipeline| !pipeline.archived);
        let pipeline = open().find(|pipeline| pipeline.is_default).or_else(|| open().next())?;
        pipeline.stages.first().map(|stage| (pipeline, stage))
    }
}

/// Reads the pipelines of a tenant.
pub(crate) async fn load(conn: &impl ConnectionTrait, tenant: TenantId, currency: String) -> Result<Pipelines> {
    let pipelines = Query::select()
        .columns(["id", "entity", "key", "name", "labels", "is_default", "archived_at", "removed_at", "version"])
        .from("pipeline")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("sort", Order::Asc)
        .order_by("id", Order::Asc)
        .take();
    let stages = Query::select()
        .columns(["pipeline_id", "removed_at", "key", "name", "semantic", "color", "sort", "labels", "probability"])
        .column("rules")
        .from("stage")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("sort", Order::Asc)
        .take();
    let mut all = Vec::new();
    for row in conn.query_all(&pipelines).await? {
        all.push(Pipeline {
            id: row.try_get_by_index(0)?,
            entity: row.try_get_by_index(1)?,
            key: row.try_get_by_index(2)?,
            name: row.try_get_by_index(3)?,
            labels: worded(row.try_get_by_index(4)?),
            is_default: row.try_get_by_index(5)?,
            archived: row.try_get_by_index::<Option<i64>>(6)?.is_some(),
            removed: row.try_get_by_index::<Option<i64>>(7)?.is_some(),
            version: row.try_get_by_index(8)?,
            stages: Vec::new(),
            gone: Vec::new(),
        });
    }
    for row in conn.query_all(&stages).await? {
        let (pipeline, removed): (Uuid, Option<i64>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let semantic: String = row.try_get_by_index(4)?;
        let stage = Stage {
            key: row.try_get_by_index(2)?,
            name: row.try_get_by_index(3)?,
            labels: worded(row.try_get_by_index(7)?),
            semantic: Semantic::of(&semantic),
            color: row.try_get_by_index(5)?,
            sort: row.try_get_by_index(6)?,
            probability: row.try_get_by_index(8)?,
            rules: StageRules::kept(row.try_get_by_index(9)?),
        };
        if let Some(owner) = all.iter_mut().find(|one| one.id == pipeline) {
            if removed.is_some() { owner.gone.push(stage) } else { owner.stages.push(stage) }
        }
    }
    Ok(Pipelines { all, currency })
}

fn worded(labels: Option<serde_json::Value>) -> Option<Labels> {
    labels.and_then(|labels| serde_json::from_value(labels).ok())
}
