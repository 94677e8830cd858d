//! Pipelines and stages: the ordered states of leads, deals and a company's own entities, per tenant.

use std::borrow::Cow;

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Result, TenantId};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::text;

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
#[derive(Debug, Clone, Default)]
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
            semantic: Semantic::of(&semantic),
            color: row.try_get_by_index(4)?,
            sort: row.try_get_by_index(5)?,
        };
        if let Some(owner) = all.iter_mut().find(|p| p.id == pipeline) {
            owner.stages.push(stage);
        }
    }
    Ok(Pipelines { all, currency })
}

/// A stage of a pipeline that is made.
#[derive(Debug, Clone)]
pub struct FirstStage {
    /// Unique within the entity.
    pub key: Cow<'static, str>,
    /// As the company reads it.
    pub name: String,
    /// What it means.
    pub semantic: Semantic,
    /// `#rrggbb`.
    pub color: Cow<'static, str>,
}

/// The pipeline an entity of a company's own begins with. A stage is named by the text `stage.<key>`.
const OWN: [(&str, Semantic, &str); 4] = [
    ("new", Semantic::Open, "#4c8dff"),
    ("in_progress", Semantic::Open, "#22b8cf"),
    ("won", Semantic::Won, "#2f9e44"),
    ("lost", Semantic::Lost, "#868e96"),
];

/// Makes the first pipeline of an entity of the company's own.
pub(crate) async fn create_own(tx: &Tx, ctx: &Ctx, entity: &str, name: &str) -> Result<()> {
    let stage = |(key, semantic, color): (&'static str, Semantic, &'static str)| FirstStage {
        key: key.into(),
        name: text(&format!("stage.{key}"), ctx.locale),
        semantic,
        color: color.into(),
    };
    create(tx, ctx, entity, name, &OWN.map(stage)).await
}

/// Makes the main pipeline of an entity.
///
/// # Errors
/// When the database fails; when the entity has one already.
pub async fn create(tx: &Tx, ctx: &Ctx, entity: &str, name: &str, stages: &[FirstStage]) -> Result<()> {
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
    insert_stages(tx, ctx, entity, pipeline, (0_i64..).zip(stages)).await
}

async fn insert_stages(
    tx: &Tx,
    ctx: &Ctx,
    entity: &str,
    pipeline: Uuid,
    stages: impl Iterator<Item = (i64, &FirstStage)>,
) -> Result<()> {
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
    let mut any = false;
    for (sort, stage) in stages {
        any = true;
        insert.values_panic([
            ctx.id().into(),
            ctx.tenant.into(),
            entity.into(),
            pipeline.into(),
            (&*stage.key).into(),
            stage.name.as_str().into(),
            stage.semantic.key().into(),
            (&*stage.color).into(),
            sort.into(),
        ]);
    }
    if any {
        tx.execute(&insert).await?;
    }
    Ok(())
}

/// Brings the main pipeline of an entity into the order of these stages and adds those that it lacks; others stay behind
/// them, for records may be in them.
pub(crate) async fn extend(tx: &Tx, ctx: &Ctx, entity: &str, stages: &[FirstStage]) -> Result<()> {
    let pipelines = load(tx, ctx.tenant, String::new()).await?;
    let Some(pipeline) = pipelines.of(entity).find(|pipeline| pipeline.is_default) else { return Ok(()) };
    let named = |key: &str| stages.iter().any(|stage| stage.key == key);
    let others = pipeline.stages.iter().filter(|stage| !named(&stage.key)).map(|stage| stage.key.as_str());
    let order: Vec<&str> = stages.iter().map(|stage| &*stage.key).chain(others).collect();
    for (sort, key) in (0_i64..).zip(order) {
        if pipeline.stages.iter().any(|stage| stage.key == key && stage.sort != sort) {
            let update = Query::update()
                .table("stage")
                .value("sort", sort)
                .and_where(Expr::col("pipeline_id").eq(pipeline.id))
                .and_where(Expr::col("key").eq(key))
                .to_owned();
            tx.execute(&update).await?;
        }
    }
    let known = |key: &str| pipeline.stages.iter().any(|stage| stage.key == key);
    let new = (0_i64..).zip(stages).filter(|(_, stage)| !known(&stage.key));
    insert_stages(tx, ctx, entity, pipeline.id, new).await
}
