//! `/process-templates`: processes of ours and of modules to begin with.

use ::process::runtime::DefinitionView;
use ::process::templates::{self, Template};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::{Ctx, Error, Locale, Result};
use people::{role, tenant};
use serde::Serialize;
use utoipa::ToSchema;

use super::processes::DeployParams;
use super::view::Items;
use crate::http::{ApiResult, Caller, Params};
use crate::state::AppState;

/// A role that a template speaks of.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateRole {
    /// Its key.
    key: String,
    /// What to call it.
    name: String,
}

/// A process to begin with.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateView {
    /// Key of the template and of the definition made from it.
    key: String,
    /// In the caller's language.
    title: String,
    /// In the caller's language.
    description: String,
    /// Roles whose holders have tasks in it.
    roles: Vec<TemplateRole>,
    /// Those of them that the company does not have.
    missing_roles: Vec<TemplateRole>,
}

/// A definition made from a template.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeployedTemplate {
    /// The definition.
    #[serde(flatten)]
    definition: DefinitionView,
    /// Roles that it speaks of and the company does not have; their tasks wait for an administrator until it has.
    missing_roles: Vec<TemplateRole>,
}

/// `GET /process-templates`
#[utoipa::path(get, path = "/process-templates", tag = "processes", operation_id = "templates", responses((status = 200, body = Items<TemplateView>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<TemplateView>>> {
    caller.require_role()?;
    let locale = caller.ctx.locale;
    let known = known_roles(&state, &caller.ctx).await?;
    let view = |template: &Template| TemplateView {
        key: template.key.clone(),
        title: template.title(locale).to_owned(),
        description: template.description(locale).to_owned(),
        roles: template.roles().iter().map(|role| role_view(role, locale)).collect(),
        missing_roles: missing(template, &known, locale),
    };
    let of_modules = state.plugins.process_templates(&caller.ctx).await?;
    let all = templates::all().iter().chain(of_modules.iter().map(|one| &**one));
    Ok(Json(Items { items: all.map(view).collect() }))
}

/// `POST /process-templates/{key}/deploy` (administrators): in the language of the company.
#[utoipa::path(post, path = "/process-templates/{key}/deploy", tag = "processes", operation_id = "deploy_template", params(("key" = String, Path), DeployParams), responses((status = 201, body = DeployedTemplate)))]
pub async fn deploy(
    State(state): State<AppState>,
    caller: Caller,
    Path(key): Path<String>,
    Params(params): Params<DeployParams>,
) -> ApiResult<(StatusCode, Json<DeployedTemplate>)> {
    let of_modules = state.plugins.process_templates(&caller.ctx).await?;
    let brought = || of_modules.iter().map(|one| &**one).find(|one| one.key == key);
    let template = templates::find(&key).or_else(brought);
    let template = template.ok_or_else(|| Error::NotFound(format!("process template {key}")))?;
    let locale = tenant::get(&state.db, caller.ctx.tenant).await?.locale;
    let file = template.file(locale).into_bytes();
    let definition = state.processes.deploy(&caller.ctx, file, params.publish).await?;
    let known = known_roles(&state, &caller.ctx).await?;
    let missing_roles = missing(template, &known, caller.ctx.locale);
    Ok((StatusCode::CREATED, Json(DeployedTemplate { definition, missing_roles })))
}

async fn known_roles(state: &AppState, ctx: &Ctx) -> Result<Vec<String>> {
    Ok(role::list(state.db.read(), ctx.tenant).await?.into_iter().map(|role| role.key).collect())
}

fn missing(template: &Template, known: &[String], locale: Locale) -> Vec<TemplateRole> {
    template.roles().iter().filter(|role| !known.contains(&role.key)).map(|role| role_view(role, locale)).collect()
}

fn role_view(role: &templates::Role, locale: Locale) -> TemplateRole {
    TemplateRole { key: role.key.clone(), name: role.name(locale).to_owned() }
}
