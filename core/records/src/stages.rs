//! Pipelines and stages: the ordered states of leads, deals and a company's own entities, per tenant.

use kernel::db::Tx;
use kernel::{Ctx, Result, TenantId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::Serialize;
use uuid::Uuid;

use crate::catalogue::text;

/// What a stage means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Semantic {
    /// Work goes on.
    Open,
    /// Ended well.
    Won,
    /// Ended without success.
    Lost,
}

/// A stage.
#[derive(Debug, Clone, Serialize)]
pub struct Stage {
    /// Unique within the entity.
    pub key: String,
    /// Its name, as the company calls it.
    pub name: String,
    /// What it means.
    pub semantic: Semantic,
    /// Its colour, `#rrggbb`.
    pub color: String,
    /// Its place.
    pub sort: i64,
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
    /// Where new records go.
    pub is_default: bool,
    /// Its stages in order.
    pub stages: Vec<Stage>,
}

/// All pipelines of a tenant, and what else new records take from its settings.
#[derive(Debug, Default)]
pub struct Pipelines {
    all: Vec<Pipeline>,
    /// The company's currency, ISO 4217.
    pub currency: String,
}

impl Pipelines {
    /// The pipelines of an entity in order.
    pub fn of(&self, entity: &str) -> impl Iterator<Item = &Pipeline> {
        self.all.iter().filter(move |pipeline| pipeline.entity == entity)
    }

    /// A stage by key, with its pipeline.
    pub fn stage(&self, entity: &str, key: &str) -> Option<(&Pipeline, &Stage)> {
        self.of(entity)
            .find_map(|pipeline| pipeline.stages.iter().find(|stage| stage.key == key).map(|stage| (pipeline, stage)))
    }

    /// Where new records of an entity begin.
    pub fn first(&self, entity: &str) -> Option<(&Pipeline, &Stage)> {
        let pipeline = self.of(entity).find(|p| p.is_default).or_else(|| self.of(entity).next())?;
        pipeline.stages.first().map(|stage| (pipeline, stage))
    }
}

/// Reads the pipelines of a tenant.
pub(crate) async fn load(conn: &impl ConnectionTrait, tenant: TenantId, currency: String) -> Result<Pipelines> {
    let pipelines = Query::select()
        .columns(["id", "entity", "key", "name", "is_default"])
        .from("pipeline")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("sort", Order::Asc)
        .take();
    let stages = Query::select()
        .columns(["pipeline_id", "key", "name", "semantic", "color", "sort"])
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
            is_default: row.try_get_by_index(4)?,
            stages: Vec::new(),
        });
    }
    for row in conn.query_all(&stages).await? {
        let pipeline: Uuid = row.try_get_by_index(0)?;
        let semantic: String = row.try_get_by_index(3)?;
        let stage = Stage {
            key: row.try_get_by_index(1)?,
            name: row.try_get_by_index(2)?,
            semantic: match semantic.as_str() {
                "won" => Semantic::Won,
                "lost" => Semantic::Lost,
                _ => Semantic::Open,
            },
            color: row.try_get_by_index(4)?,
            sort: row.try_get_by_index(5)?,
        };
        if let Some(owner) = all.iter_mut().find(|p| p.id == pipeline) {
            owner.stages.push(stage);
        }
    }
    Ok(Pipelines { all, currency })
}

/// Key, semantic, colour.
type DefaultStages = &'static [(&'static str, &'static str, &'static str)];

/// The pipelines every new company begins with, by entity. A stage is named by the text `stage.<key>`.
const DEFAULTS: [(&str, DefaultStages); 2] = [
    (
        "lead",
        &[
            ("new", "open", "#4c8dff"),
            ("in_progress", "open", "#22b8cf"),
            ("qualified", "open", "#7c6cf0"),
            ("proposal", "open", "#f0a020"),
            ("converted", "won", "#2f9e44"),
            ("junk", "lost", "#868e96"),
        ],
    ),
    (
        "deal",
        &[
            ("deal_new", "open", "#4c8dff"),
            ("preparation", "open", "#22b8cf"),
            ("quote", "open", "#7c6cf0"),
            ("negotiation", "open", "#f0a020"),
            ("contract", "open", "#e8590c"),
            ("payment", "open", "#d6336c"),
            ("won", "won", "#2f9e44"),
            ("lost", "lost", "#868e96"),
        ],
    ),
];

/// The pipeline an entity of a company's own begins with.
const OWN: DefaultStages = &[
    ("new", "open", "#4c8dff"),
    ("in_progress", "open", "#22b8cf"),
    ("won", "won", "#2f9e44"),
    ("lost", "lost", "#868e96"),
];

/// Makes the default pipelines of a new company, named in its language.
///
/// # Errors
/// When the database fails.
pub async fn create_defaults(tx: &Tx, ctx: &Ctx) -> Result<()> {
    for (entity, stages) in DEFAULTS {
        create(tx, ctx, entity, &text(&format!("pipeline.{entity}"), ctx.locale), stages).await?;
    }
    Ok(())
}

/// Makes the first pipeline of an entity of the company's own.
pub(crate) async fn create_own(tx: &Tx, ctx: &Ctx, entity: &str, name: &str) -> Result<()> {
    create(tx, ctx, entity, name, OWN).await
}

async fn create(tx: &Tx, ctx: &Ctx, entity: &str, name: &str, stages: DefaultStages) -> Result<()> {
    let pipeline = ctx.id();
    let insert = Query::insert()
        .into_table("pipeline")
        .columns(["id", "tenant_id", "entity", "key", "name", "is_default", "sort"])
        .values_panic([
            pipeline.into(),
            ctx.tenant.into(),
            entity.into(),
            "main".into(),
            name.into(),
            true.into(),
            0_i64.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    let mut insert = Query::insert();
    insert.into_table("stage").columns([
        "id",
        "tenant_id",
        "entity",
        "pipeline_id",
        "key",
        "name",
        "semantic",
        "color",
        "sort",
    ]);
    for (sort, (key, semantic, color)) in (0_i64..).zip(stages) {
        insert.values_panic([
            ctx.id().into(),
            ctx.tenant.into(),
            entity.into(),
            pipeline.into(),
            (*key).into(),
            text(&format!("stage.{key}"), ctx.locale).into(),
            (*semantic).into(),
            (*color).into(),
            sort.into(),
        ]);
    }
    tx.execute(&insert).await?;
    Ok(())
}
