//! `/directories`: lists of options that fields share, as administrators make and change them.

use std::collections::{BTreeMap, HashSet};

use ::records::catalogue::Labels;
use ::records::catalogue::directory::change::{DirectoryPatch, Going, NewDirectory, Settled, Used};
use ::records::catalogue::directory::merge::MergeDirectories;
use ::records::catalogue::directory::settle::AT_ONCE;
use ::records::catalogue::directory::{Directory, Item};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Ctx, Locale};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::jobs::JobView;
use super::records::if_match;
use super::view::Items;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// A directory, without its items.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryHead {
    key: String,
    /// In the caller's language.
    name: String,
    /// Its name by language.
    label: BTreeMap<String, String>,
    /// Brought by the product: it stays, and so do its items.
    built_in: bool,
    /// For `If-Match`; 0 while it is as the product brings it.
    version: i64,
    /// Items that are offered.
    offered: usize,
    /// Items that are archived.
    archived: usize,
    /// Fields that take their options from it.
    fields: Vec<DirectoryField>,
}

/// A field that takes its options from a directory.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryField {
    entity: String,
    field: String,
    /// In the caller's language, with the entity.
    name: String,
}

/// A directory.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryView {
    #[serde(flatten)]
    head: DirectoryHead,
    /// In order, each behind the one above it.
    items: Vec<DirectoryItem>,
}

/// An item of a directory.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryItem {
    key: String,
    /// In the caller's language.
    name: String,
    /// Its name by language.
    label: BTreeMap<String, String>,
    color: Option<String>,
    /// Kept by records that have it, not offered any more.
    archived: bool,
    /// The item above it.
    parent: Option<String>,
    /// Brought by the product: it may be archived, not taken away.
    built_in: bool,
}

/// What names an item, and has to let go first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryUser {
    /// `role`, `formula`, `condition`, `rule`, `rollup`, `default`, `automation`.
    kind: String,
    key: String,
    name: String,
}

/// What a change does, or has done.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectoryChange {
    /// Whether it only says so.
    dry_run: bool,
    /// Items that go, with their records.
    removed: Vec<Going>,
    /// Records that get another value.
    moves: i64,
    /// What names items that go: the change is refused while there is something.
    users: Vec<DirectoryUser>,
    /// The directory as it is now.
    directory: DirectoryView,
    /// The undo group of what moves.
    batch: Option<Uuid>,
    /// The work on the records: done where they are few, else to be watched.
    job: Option<JobView>,
}

/// `GET /directories` (administrators)
#[utoipa::path(get, path = "/directories", operation_id = "list_directories", tag = "entities",
    responses((status = 200, body = Items<DirectoryHead>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<DirectoryHead>>> {
    let all = state.records.directories(&caller.ctx).await?;
    let locale = caller.ctx.locale;
    Ok(Json(Items { items: all.iter().map(|one| head(one, locale)).collect() }))
}

/// `POST /directories` (administrators)
#[utoipa::path(post, path = "/directories", operation_id = "create_directory", tag = "entities",
    request_body = NewDirectory, responses((status = 201, body = DirectoryView)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(input): Body<NewDirectory>,
) -> ApiResult<Response> {
    let made = state.records.create_directory(&caller.ctx, input).await?;
    Ok(tagged(StatusCode::CREATED, &made, caller.ctx.locale))
}

/// `GET /directories/{directory}`, with its version as `ETag` (administrators)
#[utoipa::path(get, path = "/directories/{directory}", operation_id = "get_directory", tag = "entities",
    params(("directory" = String, Path)), responses((status = 200, body = DirectoryView)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(key): Path<String>) -> ApiResult<Response> {
    let found = state.records.directory(&caller.ctx, &key).await?;
    Ok(tagged(StatusCode::OK, &found, caller.ctx.locale))
}

/// `PATCH /directories/{directory}`: its name, and its items, all of them in order; a dry run says what would become of
/// records (administrators). 409 `config.in_use` with the records of items that go, or with what else names them.
#[utoipa::path(patch, path = "/directories/{directory}", operation_id = "change_directory", tag = "entities",
    params(("directory" = String, Path)), request_body = DirectoryPatch,
    responses((status = 200, body = DirectoryChange)))]
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(key): Path<String>,
    headers: HeaderMap,
    Body(patch): Body<DirectoryPatch>,
) -> ApiResult<Json<DirectoryChange>> {
    let dry_run = patch.dry_run;
    let settled = state.records.change_directory(&caller.ctx, &key, patch, if_match(&headers)?).await?;
    Ok(Json(answer(&state, &caller.ctx, settled, dry_run, &key).await?))
}

/// `DELETE /directories/{directory}`: one of the company's own that no field takes its options from (administrators).
#[utoipa::path(delete, path = "/directories/{directory}", operation_id = "remove_directory", tag = "entities",
    params(("directory" = String, Path)), responses((status = 204)))]
pub async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    state.records.remove_directory(&caller.ctx, &key, if_match(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /directories/{directory}/merge`: another directory goes into this one, with its fields; a dry run says what would
/// become of records (administrators).
#[utoipa::path(post, path = "/directories/{directory}/merge", operation_id = "merge_directories", tag = "entities",
    params(("directory" = String, Path)), request_body = MergeDirectories,
    responses((status = 200, body = DirectoryChange)))]
pub async fn merge(
    State(state): State<AppState>,
    caller: Caller,
    Path(key): Path<String>,
    headers: HeaderMap,
    Body(input): Body<MergeDirectories>,
) -> ApiResult<Json<DirectoryChange>> {
    let dry_run = input.dry_run;
    let settled = state.records.merge_directories(&caller.ctx, &key, input, if_match(&headers)?).await?;
    Ok(Json(answer(&state, &caller.ctx, settled, dry_run, &key).await?))
}

/// What was done, after what can be done at once.
async fn answer(
    state: &AppState,
    ctx: &Ctx,
    settled: Settled,
    dry_run: bool,
    key: &str,
) -> kernel::Result<DirectoryChange> {
    let Settled { planned, batch, job } = settled;
    let job = match job {
        Some(job) if job.total <= AT_ONCE => Some(state.long_jobs.run_now(job).await),
        job => job,
    };
    let text = |user: &serde_json::Value, part: &str| match user.get(part) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let user = |one: &serde_json::Value| DirectoryUser {
        kind: text(one, "kind"),
        key: text(one, "key"),
        name: text(one, "name"),
    };
    Ok(DirectoryChange {
        dry_run,
        moves: planned.going.iter().filter(|one| one.to.is_some()).map(|one| one.records).sum(),
        users: planned.users.iter().map(user).collect(),
        removed: planned.going,
        directory: view(&state.records.directory(ctx, key).await?, ctx.locale),
        batch: batch.map(|batch| batch.0),
        job: job.map(|job| JobView::new(job, ctx.locale)),
    })
}

fn tagged(status: StatusCode, used: &Used, locale: Locale) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{}\"", used.directory.version));
    let mut response = (status, Json(view(used, locale))).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn head(used: &Used, locale: Locale) -> DirectoryHead {
    let one = &used.directory;
    let archived = one.live().filter(|item| item.archived).count();
    DirectoryHead {
        key: one.key.clone(),
        name: one.name(locale),
        label: words(&one.names()),
        built_in: one.is_built_in(),
        version: one.version,
        offered: one.live().count() - archived,
        archived,
        fields: used
            .fields
            .iter()
            .map(|field| DirectoryField {
                entity: field.entity.to_string(),
                field: field.field.to_string(),
                name: field.name.clone(),
            })
            .collect(),
    }
}

fn view(used: &Used, locale: Locale) -> DirectoryView {
    let one = &used.directory;
    let standing: HashSet<&str> = one.live().map(|item| item.key.as_str()).collect();
    let items = one.live().map(|item| item_view(one, item, &standing, locale)).collect();
    DirectoryView { head: head(used, locale), items }
}

fn item_view(one: &Directory, item: &Item, standing: &HashSet<&str>, locale: Locale) -> DirectoryItem {
    let names = one.item_names(item);
    DirectoryItem {
        key: item.key.clone(),
        name: names.in_locale(locale).to_owned(),
        label: words(&names),
        color: item.color.clone(),
        archived: item.archived,
        // What went away may come back without the one above it.
        parent: item.parent.clone().filter(|parent| standing.contains(parent.as_str())),
        built_in: one.has_built_in(&item.key),
    }
}

fn words(labels: &Labels) -> BTreeMap<String, String> {
    labels.0.iter().map(|(locale, words)| (locale.code().to_owned(), words.clone())).collect()
}
