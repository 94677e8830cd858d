//! `/entities`: the catalogue as the caller may see it.

use ::records::catalogue::change::{FieldPatch, NewField};
use ::records::catalogue::condition::Conditions;
use ::records::catalogue::entities::{EntityPatch, NewEntity, RemovedEntity};
use ::records::catalogue::{
    Catalogue, Choice, EntityDef, Labels, MenuPlace, Owner, Rollup, choice_label, entity_label, field_label,
};
use ::records::duplicates::Mode;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::access::Action;
use kernel::value::{Currency, FieldType};
use kernel::{Ctx, FieldKey};
use people::Identity;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::entity_layout::{Layout, PipelineLayout, layout, pipeline_layouts};
use super::entity_stages::{PipelineView, StageView, pipeline_view, stage_view};
use super::view::Items;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// An entity.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntityView {
    key: String,
    label: String,
    label_plural: String,
    /// Its name of one by language, as it is kept, for administrators: of the company's own and of modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    labels: Option<Labels>,
    /// Its name of many, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    labels_plural: Option<Labels>,
    title_field: String,
    /// Whether it moves through stages.
    staged: bool,
    /// Made by an administrator of the company.
    own: bool,
    /// The plugin that declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plugin: Option<String>,
    /// Whether it stands in no menu: pages of its module lead to it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    inner: bool,
    /// Its picture, by a name of `sdk/ui/icons.json`, where an administrator has chosen one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    icon: Option<String>,
    /// Where it stands in the menu, where an administrator has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    menu: Option<MenuPlace>,
    /// Whether it has formulas, conditions or rules: forms ask `/records/{entity}/evaluate` while somebody types.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    evaluated: bool,
    /// What is done about duplicates, where records can be merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    duplicates: Option<Mode>,
    actions: Actions,
    fields: Vec<FieldView>,
    pipelines: Vec<PipelineView>,
    /// Stages that were taken away: what records have been through.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    gone_stages: Vec<StageView>,
    layout: Layout,
    /// Of pipelines where fields stand otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pipeline_layouts: Vec<PipelineLayout>,
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
    /// Its name by language, as it is kept, for administrators: of the company's own and of modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    labels: Option<Labels>,
    #[schema(value_type = FieldType)]
    r#type: String,
    /// Made by an administrator of the company.
    own: bool,
    /// The plugin that declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plugin: Option<String>,
    /// Of a currency: the money whose currency it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<String>,
    required: bool,
    /// Whether no two records have the same in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    unique: bool,
    /// Whether lists find and sort by it through an index of its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    indexed: bool,
    read_only: bool,
    /// Kept by the product itself.
    system: bool,
    sortable: bool,
    filterable: bool,
    /// The entity it links to, where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    entity: Option<String>,
    /// All entities it links to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entities: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<ChoiceView>,
    /// The directory that gives the choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    directory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max: Option<i64>,
    /// What a new record has when nobody says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<serde_json::Value>,
    /// Whether it is computed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    computed: bool,
    /// What it is computed by, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    formula: Option<FormulaView>,
    /// What it counts or adds up, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rollup: Option<Rollup>,
    /// Its conditions, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    conditions: Option<Conditions>,
    /// Those that its plugin declares, which hold besides, for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    declared_conditions: Option<Conditions>,
}

/// What a field is computed by.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormulaView {
    /// In CEL.
    text: String,
    /// Digits after the point.
    decimals: u32,
    /// Whether it depends on the time: computed when it is read, neither sorted nor filtered by.
    live: bool,
}

impl FieldView {
    /// What it is called.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Its key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Its type.
    pub(super) fn kind(&self) -> &str {
        &self.r#type
    }

    /// What one of its choices is called.
    pub(super) fn choice(&self, value: &str) -> Option<&str> {
        self.choices.iter().find(|choice| choice.value == value).map(|choice| choice.label.as_str())
    }
}

/// A value of a choice.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChoiceView {
    value: String,
    label: String,
    /// Its name by language, as the field has it, for administrators: of the company's own and of modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    labels: Option<Labels>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    /// Kept by records that have it, not offered any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    archived: bool,
    /// The choice above it, where they are a tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parent: Option<String>,
}

/// `GET /entities`
#[utoipa::path(get, path = "/entities", tag = "entities", responses((status = 200, body = Items<EntityView>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<EntityView>>> {
    Ok(Json(Items { items: readable(&state, &caller.identity).await? }))
}

/// The entities of which somebody may see records.
///
/// # Errors
/// When the database fails.
pub async fn readable(state: &AppState, identity: &Identity) -> kernel::Result<Vec<EntityView>> {
    let ctx = identity.ctx(&state.env);
    let catalogue = state.records.catalogue_of(&ctx).await?;
    let readable = catalogue.entities().iter().filter(|def| ctx.rights.may(&def.key, Action::Read));
    let roles = roles_of(identity);
    Ok(readable.map(|def| view(&catalogue, def, &ctx, &roles)).collect())
}

/// Ids of somebody's roles: some of them see an entity laid out otherwise.
fn roles_of(identity: &Identity) -> Vec<Uuid> {
    identity.roles.iter().map(|(id, ..)| *id).collect()
}

/// `GET /entities/{entity}`
#[utoipa::path(get, path = "/entities/{entity}", tag = "entities", params(("entity" = String, Path)),
    responses((status = 200, body = EntityView)))]
pub async fn get(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
) -> ApiResult<Json<EntityView>> {
    let catalogue = state.records.catalogue_of(&caller.ctx).await?;
    let def = catalogue.entity(&entity)?;
    if !caller.ctx.rights.may(&def.key, Action::Read) {
        return Err(kernel::Error::NotFound(entity).into());
    }
    Ok(Json(view(&catalogue, def, &caller.ctx, &roles_of(&caller.identity))))
}

/// An entity that was removed and can be restored.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemovedEntityView {
    key: String,
    label: String,
    label_plural: String,
    /// The plugin that declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plugin: Option<String>,
}

/// `GET /entities/removed`: entities of the company's own and of modules that were removed, in the order they were made
/// (administrators). Their keys stay taken.
#[utoipa::path(get, path = "/entities/removed", operation_id = "list_removed_entities", tag = "entities",
    responses((status = 200, body = Items<RemovedEntityView>)))]
pub async fn removed(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<RemovedEntityView>>> {
    let locale = caller.ctx.locale;
    let view = |one: RemovedEntity| RemovedEntityView {
        key: one.key.to_string(),
        label: one.label.in_locale(locale).to_owned(),
        label_plural: one.label_many.in_locale(locale).to_owned(),
        plugin: one.owner.plugin().map(str::to_owned),
    };
    let items = state.records.removed_entities(&caller.ctx).await?.into_iter().map(view).collect();
    Ok(Json(Items { items }))
}

/// `POST /entities`: an entity of the company's own (administrators).
#[utoipa::path(post, path = "/entities", operation_id = "create_entity", tag = "entities", request_body = NewEntity,
    responses((status = 201, body = EntityView)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(input): Body<NewEntity>,
) -> ApiResult<(StatusCode, Json<EntityView>)> {
    let def = state.records.create_entity(&caller.ctx, input).await?;
    Ok((StatusCode::CREATED, Json(current(&state, &caller.ctx, &def).await?)))
}

/// `PATCH /entities/{entity}`
#[utoipa::path(patch, path = "/entities/{entity}", operation_id = "change_entity", tag = "entities",
    params(("entity" = String, Path)), request_body = EntityPatch, responses((status = 200, body = EntityView)))]
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(patch): Body<EntityPatch>,
) -> ApiResult<Json<EntityView>> {
    let def = state.records.change_entity(&caller.ctx, &entity, patch).await?;
    Ok(Json(current(&state, &caller.ctx, &def).await?))
}

/// `DELETE /entities/{entity}`: hides it with all its records; nothing is lost.
#[utoipa::path(delete, path = "/entities/{entity}", operation_id = "remove_entity", tag = "entities",
    params(("entity" = String, Path)), responses((status = 204)))]
pub async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
) -> ApiResult<StatusCode> {
    state.records.set_entity_removed(&caller.ctx, &entity, true).await?;
    // Rules of roles that name it are judged anew.
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /entities/{entity}/restore`: shows it again, with the records it had.
#[utoipa::path(post, path = "/entities/{entity}/restore", operation_id = "restore_entity", tag = "entities",
    params(("entity" = String, Path)), responses((status = 200, body = EntityView)))]
pub async fn restore(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
) -> ApiResult<Json<EntityView>> {
    state.records.set_entity_removed(&caller.ctx, &entity, false).await?;
    // Rules of roles that name it are judged anew.
    state.forget_people();
    let def = state.records.defined(&caller.ctx, &entity).await?;
    Ok(Json(current(&state, &caller.ctx, &def).await?))
}

/// `POST /entities/{entity}/fields`: a field of the company's own (administrators).
#[utoipa::path(post, path = "/entities/{entity}/fields", operation_id = "create_field", tag = "entities",
    params(("entity" = String, Path)), request_body = NewField, responses((status = 201, body = EntityView)))]
pub async fn create_field(
    State(state): State<AppState>,
    caller: Caller,
    Path(entity): Path<String>,
    Body(input): Body<NewField>,
) -> ApiResult<(StatusCode, Json<EntityView>)> {
    let def = state.records.create_field(&caller.ctx, &entity, input).await?;
    Ok((StatusCode::CREATED, Json(current(&state, &caller.ctx, &def).await?)))
}

/// `PATCH /entities/{entity}/fields/{key}`; 409 `config.doubles` with groups of records that have the same where it is to be
/// unique.
#[utoipa::path(patch, path = "/entities/{entity}/fields/{key}", operation_id = "change_field", tag = "entities",
    params(("entity" = String, Path), ("key" = String, Path)), request_body = FieldPatch,
    responses((status = 200, body = EntityView)))]
pub async fn change_field(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, key)): Path<(String, String)>,
    Body(patch): Body<FieldPatch>,
) -> ApiResult<Json<EntityView>> {
    let def = state.records.change_field(&caller.ctx, &entity, &key, patch).await?;
    Ok(Json(current(&state, &caller.ctx, &def).await?))
}

/// `DELETE /entities/{entity}/fields/{key}`: hides it; its values are kept.
#[utoipa::path(delete, path = "/entities/{entity}/fields/{key}", operation_id = "remove_field", tag = "entities",
    params(("entity" = String, Path), ("key" = String, Path)), responses((status = 204)))]
pub async fn remove_field(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, key)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    state.records.set_field_removed(&caller.ctx, &entity, &key, true).await?;
    // Rules of roles that name it are judged anew.
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /entities/{entity}/fields/{key}/restore`: shows it again, with the values it had.
#[utoipa::path(post, path = "/entities/{entity}/fields/{key}/restore", operation_id = "restore_field", tag = "entities",
    params(("entity" = String, Path), ("key" = String, Path)), responses((status = 200, body = EntityView)))]
pub async fn restore_field(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, key)): Path<(String, String)>,
) -> ApiResult<Json<EntityView>> {
    state.records.set_field_removed(&caller.ctx, &entity, &key, false).await?;
    // Rules of roles that name it are judged anew.
    state.forget_people();
    let def = state.records.defined(&caller.ctx, &entity).await?;
    Ok(Json(current(&state, &caller.ctx, &def).await?))
}

/// `PUT /entities/{entity}/fields/{key}/conditions`: of a field of any owner; none take them away (administrators).
#[utoipa::path(put, path = "/entities/{entity}/fields/{key}/conditions", operation_id = "set_conditions", tag = "entities",
    params(("entity" = String, Path), ("key" = String, Path)), request_body = Conditions,
    responses((status = 200, body = EntityView)))]
pub async fn set_conditions(
    State(state): State<AppState>,
    caller: Caller,
    Path((entity, key)): Path<(String, String)>,
    Body(conditions): Body<Conditions>,
) -> ApiResult<Json<EntityView>> {
    let def = state.records.set_conditions(&caller.ctx, &entity, &key, conditions).await?;
    Ok(Json(current(&state, &caller.ctx, &def).await?))
}

/// These fields of an entity, as far as somebody sees them; all of them where none are named.
///
/// # Errors
/// `NotFound` where there is no such entity.
pub(super) async fn fields(
    state: &AppState,
    ctx: &Ctx,
    entity: &str,
    keys: Option<&[String]>,
) -> kernel::Result<Vec<FieldView>> {
    let catalogue = state.records.catalogue_of(ctx).await?;
    let def = catalogue.entity(entity)?;
    let wanted = |field: &&::records::FieldDef| {
        def.shows(&ctx.rights, field) && keys.is_none_or(|keys| keys.iter().any(|key| field.key == key.as_str()))
    };
    Ok(def.fields.iter().filter(wanted).map(|field| field_view(&catalogue, def, field, ctx)).collect())
}

impl FieldView {
    /// A column that is no field of a record.
    pub(super) fn computed(key: &str, label: String, kind: &str) -> Self {
        Self {
            key: key.into(),
            label,
            labels: None,
            r#type: kind.into(),
            own: false,
            plugin: None,
            part_of: None,
            required: false,
            unique: false,
            indexed: false,
            read_only: true,
            system: false,
            sortable: false,
            filterable: false,
            entity: None,
            entities: Vec::new(),
            choices: Vec::new(),
            directory: None,
            max_length: None,
            min: None,
            max: None,
            default: None,
            computed: false,
            formula: None,
            rollup: None,
            conditions: None,
            declared_conditions: None,
        }
    }
}

async fn current(state: &AppState, ctx: &Ctx, def: &EntityDef) -> ApiResult<EntityView> {
    let catalogue = state.records.catalogue(ctx.tenant).await?;
    Ok(view(&catalogue, def, ctx, &[]))
}

/// An entity as somebody with these roles sees it.
pub(super) fn view(catalogue: &Catalogue, def: &EntityDef, ctx: &Ctx, roles: &[Uuid]) -> EntityView {
    let sees = |key: &&FieldKey| def.shows_key(&ctx.rights, key);
    let may = |action| ctx.rights.may(&def.key, action);
    let labels = def.label.as_ref().filter(|_| ctx.rights.is_admin());
    EntityView {
        key: def.key.to_string(),
        label: entity_label(def, false, ctx.locale),
        label_plural: entity_label(def, true, ctx.locale),
        labels: labels.map(|(one, _)| one.clone()),
        labels_plural: labels.map(|(_, many)| many.clone()),
        title_field: "title".into(),
        staged: def.staged,
        own: def.is_own(),
        plugin: def.owner.plugin().map(str::to_owned),
        inner: def.inner,
        icon: def.icon.clone(),
        menu: Some(&def.menu).filter(|place| !place.is_plain()).cloned(),
        evaluated: !def.computed.is_empty()
            || def.rules.iter().any(|rule| rule.spec.enabled)
            || def.fields.iter().any(|field| field.conditions.is_some()),
        duplicates: def.merges().then(|| catalogue.duplicates.of(&def.key)),
        actions: Actions {
            read: may(Action::Read),
            create: may(Action::Create),
            update: may(Action::Update),
            delete: may(Action::Delete),
        },
        fields: def.fields.iter().filter(|f| sees(&&f.key)).map(|f| field_view(catalogue, def, f, ctx)).collect(),
        pipelines: catalogue.pipelines.of(&def.key).map(|one| pipeline_view(def, one, ctx.locale)).collect(),
        gone_stages: catalogue.pipelines.gone(&def.key).map(|stage| stage_view(stage, ctx.locale)).collect(),
        layout: layout(catalogue, def, ctx, roles, None),
        pipeline_layouts: pipeline_layouts(catalogue, def, ctx, roles),
    }
}

fn field_view(catalogue: &Catalogue, def: &EntityDef, field: &::records::FieldDef, ctx: &Ctx) -> FieldView {
    let texts = matches!(field.kind, FieldType::Text | FieldType::LongText);
    let admin = ctx.rights.is_admin();
    let formula = field.formula.as_ref().filter(|_| admin);
    let asked = field.conditions.as_ref().filter(|_| admin);
    let said = |conditions: &Conditions| Some(conditions.clone()).filter(|conditions| !conditions.is_empty());
    FieldView {
        key: field.key.to_string(),
        label: field_label(def, field, ctx.locale),
        // The currency of an own amount is called after it.
        labels: field.label.as_ref().filter(|_| admin && field.part_of.is_none()).cloned(),
        r#type: field.kind.name().into(),
        own: field.owner == Owner::Custom,
        plugin: field.owner.plugin().map(str::to_owned),
        part_of: field.part_of.as_ref().map(ToString::to_string),
        required: field.required,
        unique: def.is_unique(&field.key),
        indexed: field.indexed,
        read_only: field.system || !ctx.rights.changes(&def.key, &field.key),
        system: field.system,
        sortable: field.is_sortable(),
        filterable: !matches!(field.kind, FieldType::Json | FieldType::Address | FieldType::Formula)
            && !field.is_live(),
        entity: field.target().map(ToString::to_string),
        entities: field.targets.iter().map(ToString::to_string).collect(),
        choices: choices(catalogue, def, field, ctx),
        directory: field.directory.clone(),
        max_length: texts.then_some(field.max_length),
        min: field.range.map(|(min, _)| min),
        max: field.range.map(|(_, max)| max),
        default: field.default.as_ref().map(kernel::Value::to_json),
        computed: field.formula.is_some() || field.rollup.is_some(),
        formula: formula.map(|formula| FormulaView {
            text: formula.text.clone(),
            decimals: formula.decimals,
            live: formula.live,
        }),
        rollup: field.rollup.as_deref().filter(|_| admin).cloned(),
        conditions: asked.and_then(|asked| said(&asked.spec)),
        declared_conditions: asked.and_then(|asked| said(&asked.declared)),
    }
}

fn choices(catalogue: &Catalogue, def: &EntityDef, field: &::records::FieldDef, ctx: &Ctx) -> Vec<ChoiceView> {
    let plain = |code: &str| ChoiceView {
        value: code.into(),
        label: code.into(),
        labels: None,
        color: None,
        archived: false,
        parent: None,
    };
    if field.kind == FieldType::Currency {
        return Currency::all().map(|currency| plain(currency.code())).collect();
    }
    // Those of a directory are named there.
    let named = ctx.rights.is_admin() && field.owner != Owner::Core && field.directory.is_none();
    let choice = |choice: &Choice| ChoiceView {
        value: choice.key.clone(),
        label: choice_label(def, field, choice, ctx.locale),
        labels: choice.label.as_ref().filter(|_| named).cloned(),
        color: choice.color.clone(),
        archived: choice.archived,
        parent: choice.parent.clone(),
    };
    let shown = |choice: &&Choice| {
        field.key != ::records::references::ENTITY_BESIDE || ctx.rights.may(&choice.key, Action::Read)
    };
    catalogue.choices(field).iter().filter(shown).map(choice).collect()
}
