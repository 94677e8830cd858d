//! Pipelines that entities begin with, and those of modules.

use std::borrow::Cow;

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::{FieldError, FieldErrors};
use kernel::{Ctx, Error, Result, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;
use uuid::Uuid;

use super::{Semantic, Stage, load};
use crate::Records;
use crate::catalogue::{Labels, text};

/// A stage of a pipeline that is made.
#[derive(Debug, Clone)]
pub struct FirstStage {
    /// Unique within the entity.
    pub key: Cow<'static, str>,
    /// As the company reads it.
    pub name: String,
    /// In each language, where a module gives it.
    pub labels: Option<Labels>,
    /// What it means.
    pub semantic: Semantic,
    /// `#rrggbb`.
    pub color: Cow<'static, str>,
    /// Records that stand elsewhere enter it by converting only.
    pub convert_only: bool,
}

/// The pipeline an entity of a company's own begins with. A stage is named by the text `stage.<key>`.
pub(super) const OWN: [(&str, Semantic, &str); 4] = [
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
        labels: None,
        semantic,
        color: color.into(),
        convert_only: false,
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

impl Records {
    /// Says how likely records in open stages of an entity are to be won (administrators); `None`: by their place again.
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `stage.invalid` naming `items.<n>.stage` or `items.<n>.probability`.
    pub async fn set_probabilities(&self, ctx: &Ctx, entity: &str, given: &[(String, Option<i64>)]) -> Result<()> {
        people::require_admin(ctx)?;
        let catalogue = self.catalogue_of(ctx).await?;
        let def = catalogue.entity(entity)?;
        let mut errors = FieldErrors::new();
        for (index, (key, probability)) in given.iter().enumerate() {
            match catalogue.pipelines.stage(&def.key, key) {
                Some((_, stage)) if stage.semantic == Semantic::Open => {}
                _ => {
                    let value: String = key.chars().take(80).collect();
                    errors.insert(format!("items.{index}.stage"), FieldError::new("choice").with("value", value));
                }
            }
            if probability.is_some_and(|percent| !(0..=100).contains(&percent)) {
                let error = FieldError::new("range").with("min", 0).with("max", 100);
                errors.insert(format!("items.{index}.probability"), error);
            }
        }
        if !errors.is_empty() {
            return Err(Error::Invalid { code: "stage.invalid", fields: errors });
        }
        let tx = self.db.begin().await?;
        for (key, probability) in given {
            let update = Query::update()
                .table("stage")
                .value("probability", *probability)
                .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
                .and_where(Expr::col("entity").eq(def.key.as_str()))
                .and_where(Expr::col("key").eq(key.as_str()))
                .to_owned();
            tx.execute(&update).await?;
        }
        let changed = Query::update()
            .table("pipeline")
            .value("version", Expr::col("version").add(1))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("entity").eq(def.key.as_str()))
            .to_owned();
        tx.execute(&changed).await?;
        crate::catalogue::touch(&tx, ctx.tenant).await?;
        audit::record(&tx, ctx, "stage.probabilities", entity, json!({ "items": given })).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(())
    }
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
        "labels",
        "rules",
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
            json_of(stage.labels.as_ref())?.into(),
            stage.convert_only.then(|| json!({"convert_only": true})).into(),
        ]);
    }
    if any {
        tx.execute(&insert).await?;
    }
    Ok(())
}

fn json_of(labels: Option<&Labels>) -> Result<Option<serde_json::Value>> {
    labels.map(serde_json::to_value).transpose().map_err(kernel::Error::internal)
}

/// Brings the main pipeline of an entity into the order of these stages, with their names, and adds those that it lacks; others
/// stay behind them, for records may be in them.
pub(crate) async fn extend(tx: &Tx, ctx: &Ctx, entity: &str, stages: &[FirstStage]) -> Result<()> {
    let pipelines = load(tx, ctx.tenant, String::new()).await?;
    let Some(pipeline) = pipelines.of(entity).find(|pipeline| pipeline.is_default) else { return Ok(()) };
    let other =
        |stage: &FirstStage| pipelines.stage_ever(entity, &stage.key).is_some_and(|(owner, _)| owner.id != pipeline.id);
    if let Some(taken) = stages.iter().find(|stage| other(stage)) {
        tracing::warn!(entity, stage = &*taken.key, "a stage of a module stands in another pipeline and is left there");
    }
    let stages: Vec<&FirstStage> = stages.iter().filter(|stage| !other(stage)).collect();
    let named = |key: &str| stages.iter().any(|stage| stage.key == key);
    let others = pipeline.stages.iter().filter(|stage| !named(&stage.key)).map(|stage| stage.key.as_str());
    let order: Vec<&str> = stages.iter().map(|stage| &*stage.key).chain(others).collect();
    for (sort, key) in (0_i64..).zip(order) {
        let given = stages.iter().find(|stage| stage.key == key);
        let labels = |stage: &Stage| {
            let given = given.filter(|_| !stage.rules.renamed);
            given.map_or(&stage.labels, |given| &given.labels).clone()
        };
        let stands = pipeline.stages.iter().find(|stage| stage.key == key);
        if let Some(stage) = stands.filter(|stage| stage.sort != sort || stage.labels != labels(stage)) {
            let update = Query::update()
                .table("stage")
                .value("sort", sort)
                .value("labels", json_of(labels(stage).as_ref())?)
                .and_where(Expr::col("pipeline_id").eq(pipeline.id))
                .and_where(Expr::col("key").eq(key))
                .to_owned();
            tx.execute(&update).await?;
        }
    }
    let known = |key: &str| pipeline.stages.iter().chain(&pipeline.gone).any(|stage| stage.key == key);
    let new = (0_i64..).zip(stages).filter(|(_, stage)| !known(&stage.key));
    insert_stages(tx, ctx, entity, pipeline.id, new).await
}
