//! `/tasks`, `/notifications`, `/calendars`, `/letters`: the work of people.

use std::collections::BTreeMap;

use ::messaging::mail::{Decision, Letter, LetterState};
use ::messaging::notices;
use ::messaging::notifications::{self, NotificationPage, NotificationQuery, ReadInput};
use ::work::calendar::holidays::{self, HolidayPack, HolidaysAsked, HolidaysFound};
use ::work::calendar::{CalendarOf, CalendarSettings};
use ::work::tasks::{
    AT_ONCE, Acceptance, ActionInput, CalendarPreview, ChecklistChange, Completion, Counters, Delegation, ManualTask,
    OpenDeadlines, QuickLine, QuickTask, Returning, Task, TaskPage, TaskPatch, TaskQuery, TaskView,
};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::jobs::long;
use kernel::{Error, TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::jobs::{JobView, accepted};
use super::timeline::{ActorView, changes_view};
use super::view::Items;
use crate::http::{ApiResult, Body, Caller, Params};
use crate::state::AppState;

/// Lines of a task's history.
const HISTORY: u64 = 200;
/// Letters of a page.
const LETTERS: u64 = 100;

/// `GET /tasks`
#[utoipa::path(get, path = "/tasks", tag = "tasks", params(TaskQuery), responses((status = 200, body = TaskPage)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<TaskQuery>,
) -> ApiResult<Json<TaskPage>> {
    Ok(Json(state.tasks.list(&caller.ctx, &params).await?))
}

/// `POST /tasks`: a task by hand.
#[utoipa::path(post, path = "/tasks", tag = "tasks", request_body = ManualTask, responses((status = 201, body = Task)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ManualTask>,
) -> ApiResult<(StatusCode, Json<Task>)> {
    caller.require_role()?;
    Ok((StatusCode::CREATED, Json(state.tasks.create(&caller.ctx, body).await?)))
}

/// `POST /tasks/parse`: what a line says ("call Ivanov tomorrow 15:00 @petrov"), to be shown before it is saved. Nothing
/// is made of it. A token for writing alone finds nobody but the caller.
#[utoipa::path(post, path = "/tasks/parse", tag = "tasks", operation_id = "parse_task", request_body = QuickLine, responses((status = 200, body = QuickTask)))]
pub async fn parse(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<QuickLine>,
) -> ApiResult<Json<QuickTask>> {
    caller.require_role()?;
    Ok(Json(state.tasks.parse(&caller.ctx, &body, caller.is_told_of_others()).await?))
}

/// `GET /tasks/counters`: violations and work at hand, of the caller and of those they lead.
#[utoipa::path(get, path = "/tasks/counters", tag = "tasks", responses((status = 200, body = Counters)))]
pub async fn counters(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Counters>> {
    Ok(Json(state.tasks.counters(&caller.ctx).await?))
}

/// `GET /tasks/{id}`: with what stands in the way of completing it, and what the reader may do.
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", params(("id" = Uuid, Path)), responses((status = 200, body = TaskView)))]
pub async fn get(State(state): State<AppState>, caller: Caller, Path(id): Path<TaskId>) -> ApiResult<Json<TaskView>> {
    Ok(Json(state.tasks.view(&caller.ctx, id).await?))
}

/// `PATCH /tasks/{id}`
#[utoipa::path(patch, path = "/tasks/{id}", tag = "tasks", params(("id" = Uuid, Path)), request_body = TaskPatch, responses((status = 200, body = Task)))]
pub async fn update(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Body(body): Body<TaskPatch>,
) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.edit(&caller.ctx, id, &body).await?))
}

/// `POST /tasks/{id}/complete`: exactly once.
#[utoipa::path(post, path = "/tasks/{id}/complete", tag = "tasks", params(("id" = Uuid, Path)), request_body = Completion, responses((status = 200, body = Task)))]
pub async fn complete(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Body(body): Body<Completion>,
) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.complete(&caller.ctx, id, body).await?))
}

/// `POST /tasks/{id}/claim`
#[utoipa::path(post, path = "/tasks/{id}/claim", tag = "tasks", params(("id" = Uuid, Path)), responses((status = 200, body = Task)))]
pub async fn claim(State(state): State<AppState>, caller: Caller, Path(id): Path<TaskId>) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.claim(&caller.ctx, id).await?))
}

/// `POST /tasks/{id}/seen`: the caller has looked at a task that they have.
#[utoipa::path(post, path = "/tasks/{id}/seen", tag = "tasks", operation_id = "task_seen", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn seen(State(state): State<AppState>, caller: Caller, Path(id): Path<TaskId>) -> ApiResult<StatusCode> {
    state.tasks.seen(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /tasks/{id}/release`: back to everybody who may do it.
#[utoipa::path(post, path = "/tasks/{id}/release", tag = "tasks", params(("id" = Uuid, Path)), responses((status = 200, body = Task)))]
pub async fn release(State(state): State<AppState>, caller: Caller, Path(id): Path<TaskId>) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.release(&caller.ctx, id).await?))
}

/// `POST /tasks/{id}/delegate`
#[utoipa::path(post, path = "/tasks/{id}/delegate", tag = "tasks", params(("id" = Uuid, Path)), request_body = Delegation, responses((status = 200, body = Task)))]
pub async fn delegate(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Body(body): Body<Delegation>,
) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.delegate(&caller.ctx, id, &body).await?))
}

/// `POST /tasks/{id}/accept`: what was done is good.
#[utoipa::path(post, path = "/tasks/{id}/accept", tag = "tasks", operation_id = "accept_task", params(("id" = Uuid, Path)), request_body = Acceptance, responses((status = 200, body = Task)))]
pub async fn accept(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Body(body): Body<Acceptance>,
) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.accept(&caller.ctx, id, &body).await?))
}

/// `POST /tasks/{id}/return`: what was done is not good yet.
#[utoipa::path(post, path = "/tasks/{id}/return", tag = "tasks", operation_id = "return_task", params(("id" = Uuid, Path)), request_body = Returning, responses((status = 200, body = Task)))]
pub async fn give_back(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Body(body): Body<Returning>,
) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.give_back(&caller.ctx, id, &body).await?))
}

/// `POST /tasks/{id}/action`: does the main action.
#[utoipa::path(post, path = "/tasks/{id}/action", tag = "tasks", params(("id" = Uuid, Path)), request_body = ActionInput, responses((status = 200, body = Task)))]
pub async fn action(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Body(body): Body<ActionInput>,
) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.act(&caller.ctx, id, body).await?))
}

/// `POST /tasks/{id}/checklist`
#[utoipa::path(post, path = "/tasks/{id}/checklist", tag = "tasks", params(("id" = Uuid, Path)), request_body = ChecklistChange, responses((status = 200, body = Task)))]
pub async fn checklist(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Body(body): Body<ChecklistChange>,
) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.change_checklist(&caller.ctx, id, &body).await?))
}

/// Why.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoteInput {
    /// Kept in the history.
    note: Option<String>,
}

/// `POST /tasks/{id}/cancel`: a task made by hand is not to be done any more.
#[utoipa::path(post, path = "/tasks/{id}/cancel", tag = "tasks", params(("id" = Uuid, Path)), request_body = NoteInput, responses((status = 200, body = Task)))]
pub async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Body(body): Body<NoteInput>,
) -> ApiResult<Json<Task>> {
    Ok(Json(state.tasks.cancel(&caller.ctx, id, body.note.as_deref()).await?))
}

/// A line of a task's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskEvent {
    /// Row number.
    id: i64,
    #[schema(value_type = String)]
    at: Timestamp,
    /// `task.created`, `task.updated`, `task.completed` ...
    event: String,
    actor: ActorView,
    /// `{field: {before, after}}`
    #[schema(value_type = Object)]
    changes: Map<String, Value>,
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// Older than this line.
    before: Option<i64>,
}

/// `GET /tasks/{id}/history`: newest first.
#[utoipa::path(get, path = "/tasks/{id}/history", tag = "tasks", params(("id" = Uuid, Path), HistoryParams), responses((status = 200, body = Items<TaskEvent>)))]
pub async fn history(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Params(params): Params<HistoryParams>,
) -> ApiResult<Json<Items<TaskEvent>>> {
    let events = state.tasks.history(&caller.ctx, id, params.before, HISTORY).await?;
    let items = events.into_iter().map(|event| TaskEvent {
        id: event.id,
        at: event.at,
        actor: ActorView::of(&event.actor, &BTreeMap::new()),
        changes: changes_view(&event),
        event: event.kind,
    });
    Ok(Json(Items { items: items.collect() }))
}

/// Something to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentInput {
    text: String,
}

/// `POST /tasks/{id}/comments`: it stands in the history.
#[utoipa::path(post, path = "/tasks/{id}/comments", tag = "tasks", params(("id" = Uuid, Path)), request_body = CommentInput, responses((status = 204)))]
pub async fn comment(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<TaskId>,
    Body(body): Body<CommentInput>,
) -> ApiResult<StatusCode> {
    state.tasks.comment(&caller.ctx, id, &body.text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /notifications`: the caller's own, newest first.
#[utoipa::path(get, path = "/notifications", tag = "tasks", params(NotificationQuery), responses((status = 200, body = NotificationPage)))]
pub async fn notifications(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<NotificationQuery>,
) -> ApiResult<Json<NotificationPage>> {
    Ok(Json(notifications::list(&state.db, &caller.ctx, &params).await?))
}

/// How many.
#[derive(Debug, Serialize, ToSchema)]
pub struct Marked {
    /// Notifications that were unread.
    marked: u64,
}

/// `POST /notifications/read`
#[utoipa::path(post, path = "/notifications/read", tag = "tasks", request_body = ReadInput, responses((status = 200, body = Marked)))]
pub async fn read(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ReadInput>,
) -> ApiResult<Json<Marked>> {
    Ok(Json(Marked { marked: notifications::mark_read(&state.db, &caller.ctx, &body).await? }))
}

/// `POST /notifications/{id}/confirm`: the reader of a module's notice says that they have read it.
#[utoipa::path(post, path = "/notifications/{id}/confirm", operation_id = "confirm_notification", tag = "tasks", params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn confirm(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    notices::confirm(&state.db, &caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A working calendar.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarView {
    /// Its own settings; null when it has none and the one above it counts.
    calendar: Option<CalendarSettings>,
}

/// A new state of a working calendar.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CalendarInput {
    /// Null takes it away: the one above it counts.
    calendar: Option<CalendarSettings>,
}

/// `company`, `department:<id>` or `user:<id>`.
fn calendar_of(name: &str) -> Result<CalendarOf, Error> {
    let missing = || Error::NotFound(format!("calendar {name}"));
    let id = |id: &str| Uuid::parse_str(id).map_err(|_| missing());
    match name.split_once(':') {
        None if name == "company" => Ok(CalendarOf::Company),
        Some(("department", department)) => Ok(CalendarOf::Department(id(department)?)),
        Some(("user", user)) => Ok(CalendarOf::Person(id(user)?)),
        _ => Err(missing()),
    }
}

/// `GET /calendars/{of}`: of `company`, `department:<id>` or `user:<id>`.
#[utoipa::path(get, path = "/calendars/{of}", tag = "tasks", params(("of" = String, Path)), responses((status = 200, body = CalendarView)))]
pub async fn calendar(
    State(state): State<AppState>,
    caller: Caller,
    Path(of): Path<String>,
) -> ApiResult<Json<CalendarView>> {
    let calendar = state.tasks.calendars().get(&caller.ctx, calendar_of(&of)?).await?;
    Ok(Json(CalendarView { calendar }))
}

/// What becomes of open deadlines.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CalendarParams {
    /// `keep` (by default), or `recompute`: those in working time are counted anew.
    #[param(inline)]
    open: OpenDeadlines,
}

/// A working calendar that was set.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarSet {
    /// Its own settings; null when it has none and the one above it counts.
    calendar: Option<CalendarSettings>,
    /// Open deadlines that moved.
    moved: u64,
}

/// `PUT /calendars/{of}` (administrators). Deadlines to be counted anew are so at once where at most 200 are open (200);
/// of more it is a job to watch (202), whose result is `{moved}`.
#[utoipa::path(put, path = "/calendars/{of}", tag = "tasks", params(("of" = String, Path), CalendarParams), request_body = CalendarInput,
    responses((status = 200, body = CalendarSet), (status = 202, body = JobView)))]
pub async fn set_calendar(
    State(state): State<AppState>,
    caller: Caller,
    Path(of): Path<String>,
    Params(params): Params<CalendarParams>,
    Body(body): Body<CalendarInput>,
) -> ApiResult<Response> {
    let of = calendar_of(&of)?;
    let mut moved = 0;
    let begun = state.tasks.set_calendar(&caller.ctx, of, body.calendar.as_ref(), params.open).await?;
    if let Some((mut job, begun)) = begun {
        if begun && job.total <= AT_ONCE {
            job = state.long_jobs.run_now(job).await;
        }
        if job.state != long::State::Done {
            return Ok(accepted(job, &caller));
        }
        moved = job.result.get("moved").and_then(Value::as_u64).unwrap_or(0);
    }
    let calendar = state.tasks.calendars().get(&caller.ctx, of).await?;
    Ok(Json(CalendarSet { calendar, moved }).into_response())
}

/// A calendar to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarTrial {
    /// Whose: `company`, `department:<id>` or `user:<id>`.
    of: String,
    /// Null takes it away.
    #[serde(default)]
    calendar: Option<CalendarSettings>,
    /// When work begins; now by default.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// How much work, in seconds of working time.
    #[serde(default)]
    duration: Option<i64>,
}

/// `POST /calendars/preview` (administrators): what setting a calendar would do to open deadlines, and when work would be
/// due by it. Nothing is changed.
#[utoipa::path(post, path = "/calendars/preview", tag = "tasks", request_body = CalendarTrial, responses((status = 200, body = CalendarPreview)))]
pub async fn preview_calendar(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<CalendarTrial>,
) -> ApiResult<Json<CalendarPreview>> {
    let of = calendar_of(&body.of)?;
    let tried = state.tasks.preview_calendar(&caller.ctx, of, body.calendar.as_ref(), body.from, body.duration);
    Ok(Json(tried.await?))
}

/// `GET /calendars/holidays`: the countries whose public holidays are known.
#[utoipa::path(get, path = "/calendars/holidays", tag = "tasks", operation_id = "holiday_packs", responses((status = 200, body = Items<HolidayPack>)))]
pub async fn holiday_packs(caller: Caller) -> ApiResult<Json<Items<HolidayPack>>> {
    caller.require_role()?;
    Ok(Json(Items { items: holidays::packs() }))
}

/// `POST /calendars/holidays`: public holidays of a country, or the whole days of an ICS file, to be put into a calendar.
/// Nothing is changed.
#[utoipa::path(post, path = "/calendars/holidays", tag = "tasks", operation_id = "find_holidays", request_body = HolidaysAsked, responses((status = 200, body = HolidaysFound)))]
pub async fn find_holidays(caller: Caller, Body(body): Body<HolidaysAsked>) -> ApiResult<Json<HolidaysFound>> {
    caller.require_role()?;
    let locale = caller.ctx.locale;
    // A file is read away from the threads of requests.
    let found = tokio::task::spawn_blocking(move || holidays::find(&body, locale)).await;
    Ok(Json(found.map_err(Error::internal)??))
}

/// Which letters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LetterParams {
    /// `queued`, `sending`, `sent`, `failed`, `unsure`.
    #[param(inline)]
    state: Option<LetterState>,
    /// Older than this letter.
    before: Option<Uuid>,
}

/// `GET /letters`: letters out, newest first (administrators).
#[utoipa::path(get, path = "/letters", tag = "tasks", params(LetterParams), responses((status = 200, body = Items<Letter>)))]
pub async fn letters(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<LetterParams>,
) -> ApiResult<Json<Items<Letter>>> {
    Ok(Json(Items { items: state.mail.letters(&caller.ctx, params.state, params.before, LETTERS).await? }))
}

/// What became of a letter, by a person's word.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleInput {
    /// What became of it.
    pub(super) decision: Decision,
}

/// `POST /letters/{id}/settle` (administrators): `sent` or `resend`, when nobody knows or it failed.
#[utoipa::path(post, path = "/letters/{id}/settle", tag = "tasks", params(("id" = Uuid, Path)), request_body = SettleInput, responses((status = 204)))]
pub async fn settle(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<SettleInput>,
) -> ApiResult<StatusCode> {
    state.mail.settle_letter(&caller.ctx, id, body.decision).await?;
    Ok(StatusCode::NO_CONTENT)
}
