//! Pipelines and stages of an entity, as `/entities` shows them.

use ::records::catalogue::{EntityDef, entity_label};
use ::records::stages::{Pipeline, Stage};
use kernel::Locale;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A pipeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct PipelineView {
    id: Uuid,
    key: String,
    name: String,
    is_default: bool,
    /// It keeps the records it has and takes no others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    archived: bool,
    stages: Vec<StageView>,
}

/// A stage.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageView {
    key: String,
    name: String,
    /// What it means.
    semantic: ::records::stages::Semantic,
    color: String,
    sort: i64,
}

pub(super) fn pipeline_view(def: &EntityDef, pipeline: &Pipeline, locale: Locale) -> PipelineView {
    // The only pipeline of a module's entity is called as the entity.
    let of_module = def.owner.plugin().is_some() && pipeline.is_default && pipeline.labels.is_none();
    PipelineView {
        id: pipeline.id,
        key: pipeline.key.clone(),
        name: if of_module { entity_label(def, true, locale) } else { pipeline.name_in(locale).to_owned() },
        is_default: pipeline.is_default,
        archived: pipeline.archived,
        stages: pipeline.stages.iter().map(|stage| stage_view(stage, locale)).collect(),
    }
}

pub(super) fn stage_view(stage: &Stage, locale: Locale) -> StageView {
    StageView {
        key: stage.key.clone(),
        name: stage.name_in(locale).to_owned(),
        semantic: stage.semantic,
        color: stage.color.clone(),
        sort: stage.sort,
    }
}
