//! `/entities`: the catalogue as the caller may see it.

use ::records::catalogue::{self, EntityDef, choice_label, entity_label, field_label, section_label};
use ::records::stages::Pipelines;
use axum::Json;
use axum::extract::{Path, State};
use kernel::Ctx;
use kernel::access::Action;
use kernel::filter::Storage;
use kernel::value::FieldType;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::Items;
use crate::http::{ApiResult, Caller};
use crate::state::AppState;

/// An entity.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntityView {
    key: String,
    label: String,
    label_plural: String,
    title_field: String,
    /// Whether it moves through stages.
    staged: bool,
    actions: Actions,
    fields: Vec<FieldView>,
    pipelines: Vec<PipelineView>,
    layout: Layout,
}

/// What the caller may do with some records of an entity.
#[derive(Debug, Serialize, ToSchema)]
pub struct Actions {
    read: bool,
    create: bool,
    update: bool,
    delete: bool,
}

/// A field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldView {
    key: String,
    label: String,
    #[schema(value_type = FieldType)]
    r#type: String,
    required: bool,
    read_only: bool,
    /// Kept by the product itself.
    system: bool,
    sortable: bool,
    filterable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    entity: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<ChoiceView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max: Option<i64>,
}

/// A value of a choice.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChoiceView {
    value: String,
    label: String,
}

/// A pipeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct PipelineView {
    id: Uuid,
    key: String,
    name: String,
    is_default: bool,
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

/// What is shown where at first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Layout {
    list: Vec<String>,
    card: Vec<String>,
    sections: Vec<Section>,
}

/// A section of the record card.
#[derive(Debug, Serialize, ToSchema)]
pub struct Section {
    key: String,
    title: String,
    fields: Vec<String>,
}

/// `GET /entities`
#[utoipa::path(get, path = "/entities", tag = "entities", responses((status = 200, body = Items<EntityView>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<EntityView>>> {
    let pipelines = state.records.pipelines(caller.ctx.tenant).await?;
    let readable = catalogue::entities().iter().filter(|def| caller.ctx.rights.may(def.key, Action::Read));
    Ok(Json(Items { items: readable.map(|def| view(def, &caller.ctx, &pipelines)).collect() }))
}

/// `GET /entities/{entity}`
#[utoipa::path(get, path = "/entities/{entity}", tag = "entities", params(("entity" = String, Path)),
    responses((status = 200, body = EntityView)))]
pub async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
) -> ApiResult<Json<EntityView>> {
    let def = ::records::entity(&entity)?;
    if !caller.ctx.rights.may(def.key, Action::Read) {
        return Err(kernel::Error::NotFound(entity).into());
    }
    let pipelines = state.records.pipelines(caller.ctx.tenant).await?;
    Ok(Json(view(def, &caller.ctx, &pipelines)))
}

fn view(def: &EntityDef, ctx: &Ctx, pipelines: &Pipelines) -> EntityView {
    let sees = |key: &&&str| ctx.rights.sees(def.key, key);
    let keys = |keys: &[&str]| keys.iter().filter(|k| sees(k)).map(|k| (*k).to_owned()).collect::<Vec<_>>();
    let may = |action| ctx.rights.may(def.key, action);
    EntityView {
        key: def.key.into(),
        label: entity_label(def.key, false, ctx.locale),
        label_plural: entity_label(def.key, true, ctx.locale),
        title_field: "title".into(),
        staged: def.staged,
        actions: Actions {
            read: may(Action::Read),
            create: may(Action::Create),
            update: may(Action::Update),
            delete: may(Action::Delete),
        },
        fields: def
            .fields
            .iter()
            .filter(|f| ctx.rights.sees(def.key, f.key))
            .map(|f| field_view(def, f, ctx))
            .collect(),
        pipelines: pipelines.of(def.key).map(pipeline_view).collect(),
        layout: Layout {
            list: keys(def.list),
            card: keys(def.card),
            sections: def
                .sections
                .iter()
                .map(|(key, fields)| Section {
                    key: (*key).into(),
                    title: section_label(key, ctx.locale),
                    fields: keys(fields),
                })
                .collect(),
        },
    }
}

fn field_view(def: &EntityDef, field: &::records::FieldDef, ctx: &Ctx) -> FieldView {
    let texts = matches!(field.kind, FieldType::Text | FieldType::LongText);
    let choice = |value: &&str| ChoiceView {
        value: (*value).into(),
        label: choice_label(def.key, field.key, value, ctx.locale),
    };
    FieldView {
        key: field.key.into(),
        label: field_label(def.key, field.key, ctx.locale),
        r#type: field.kind.name().into(),
        required: field.required,
        read_only: field.system || !ctx.rights.changes(def.key, field.key),
        system: field.system,
        sortable: field.kind.is_sortable() && matches!(field.storage, Storage::Column(_)),
        filterable: field.kind != FieldType::Json,
        entity: field.target.map(str::to_owned),
        choices: field.choices.iter().map(choice).collect(),
        max_length: texts.then_some(field.max_length),
        min: field.range.map(|(min, _)| min),
        max: field.range.map(|(_, max)| max),
    }
}

fn pipeline_view(pipeline: &::records::stages::Pipeline) -> PipelineView {
    let stage = |s: &::records::stages::Stage| StageView {
        key: s.key.clone(),
        name: s.name.clone(),
        semantic: s.semantic,
        color: s.color.clone(),
        sort: s.sort,
    };
    PipelineView {
        id: pipeline.id,
        key: pipeline.key.clone(),
        name: pipeline.name.clone(),
        is_default: pipeline.is_default,
        stages: pipeline.stages.iter().map(stage).collect(),
    }
}
