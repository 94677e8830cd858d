//! `/events` and `/stream`: the event log as pages and as live updates.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event as Sse, KeepAlive};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use kernel::event::{self, Cursor, Event, Selection};
use kernel::{Error, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::timeline::{ActorView, ChangeView, changes_view};
use crate::http::auth::{bearer, cookie};
use crate::http::body::bad_request;
use crate::http::feed::Listener;
use crate::http::{ApiResult, Caller, Params};
use crate::state::AppState;

/// Events of a page at most.
const MAX_LIMIT: u64 = 1_000;
/// Events of a stream judged by one query.
const TOGETHER: usize = 500;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventParams {
    /// Where the page before ended; the start of the log by default.
    after: Option<String>,
    /// Of which entity.
    entity: Option<String>,
    /// 1 to 1,000; 100 by default.
    limit: Option<u64>,
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    cursor: String,
    #[schema(value_type = String)]
    at: kernel::Timestamp,
    /// e.g. `lead.updated`.
    r#type: String,
    entity: String,
    record: Uuid,
    version: i64,
    actor: ActorView,
    /// By field.
    #[schema(value_type = BTreeMap<String, ChangeView>)]
    changes: Map<String, Value>,
    /// `{root, hop, chain}`
    #[schema(value_type = Object)]
    cause: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<Uuid>,
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    items: Vec<EventView>,
    /// For the next page; stays the same while there is nothing new.
    next_cursor: String,
}

fn view(event: Event) -> EventView {
    EventView {
        cursor: event.cursor().to_string(),
        at: event.at,
        actor: ActorView::of(&event.actor, &BTreeMap::new()),
        changes: changes_view(&event),
        cause: serde_json::to_value(&event.cause).unwrap_or_default(),
        batch: event.batch.map(|b| b.0),
        r#type: event.kind,
        entity: event.entity,
        record: event.record,
        version: event.version,
    }
}

/// `GET /events`
#[utoipa::path(get, path = "/events", tag = "events", params(EventParams), responses((status = 200, body = EventPage)))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<EventParams>,
) -> ApiResult<Json<EventPage>> {
    let limit = params.limit.unwrap_or(100);
    if limit == 0 || limit > MAX_LIMIT {
        return Err(bad_request("limit", "1 to 1000").into());
    }
    let after = params.after.as_deref().map(place).transpose()?.unwrap_or_default();
    let selection = Selection { tenant: Some(caller.ctx.tenant), entity: params.entity };
    let events = event::read_after(state.db.read(), after, &selection, limit).await?;
    let next_cursor = events.last().map_or(after, Event::cursor).to_string();
    let visible = state.seen.events(&caller.ctx, events).await?;
    Ok(Json(EventPage { items: visible.into_iter().map(view).collect(), next_cursor }))
}

/// A place in the log, as the API told it.
fn place(text: &str) -> Result<Cursor, Error> {
    text.parse().map_err(|error| bad_request("after", error))
}

/// From where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamParams {
    /// The place in the log that `GET /session` told; what happens from now on by default.
    after: Option<String>,
}

/// `GET /stream`: server-sent events. `Last-Event-ID` continues where a broken stream ended, whatever the address says.
#[utoipa::path(get, path = "/stream", tag = "events", params(StreamParams), responses((status = 200, content_type = "text/event-stream", body = String)))]
pub async fn stream(
    State(state): State<AppState>,
    caller: Caller,
    Params(params): Params<StreamParams>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let after = params.after.as_deref().map(place).transpose()?;
    let listener = state.feed.listen(&caller.identity, state.config.http.streams_per_person)?;
    let (live, now) = state.feed.subscribe().await?;
    let broken =
        headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|text| text.parse::<Cursor>().ok());
    let last = broken.or(after);
    let hello = Sse::default().event("hello").data("{}");
    let begin = stream::iter([Ok::<_, Infallible>(hello)]);
    let credential = Credential::of(&headers);
    let watcher = Watcher {
        state,
        tenant: caller.ctx.tenant,
        credential,
        through: caller.identity.through(),
        listener,
        live,
        seen: last.unwrap_or(now),
        missed: last,
        ready: VecDeque::new(),
    };
    let body = axum::response::Sse::new(begin.chain(watcher.follow()))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    Ok(([(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")], body)
        .into_response())
}

/// How the listener proved who they are: asked again for every event, so that a revoked session hears nothing.
enum Credential {
    Token(String),
    Session(String),
}

impl Credential {
    fn of(headers: &HeaderMap) -> Self {
        match bearer(headers) {
            Some(token) => Self::Token(token.to_owned()),
            None => Self::Session(cookie(headers).unwrap_or_default()),
        }
    }
}

struct Watcher {
    state: AppState,
    tenant: TenantId,
    credential: Credential,
    /// What narrowed their rights when they began to listen.
    through: Option<Uuid>,
    listener: Listener,
    live: Receiver<Arc<Event>>,
    /// The newest event that was told or passed over.
    seen: Cursor,
    /// Where reading what a broken stream has missed goes on; none when it has caught up.
    missed: Option<Cursor>,
    /// Visible events to be told.
    ready: VecDeque<Event>,
}

impl Watcher {
    fn follow(self) -> impl Stream<Item = Result<Sse, Infallible>> {
        stream::unfold(self, |mut watcher| async move {
            let event = watcher.next().await?;
            Some((Ok(event), watcher))
        })
    }

    /// The next event that the listener may see; none when they may listen no longer.
    async fn next(&mut self) -> Option<Sse> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(sse(event));
            }
            let events = match self.missed {
                Some(after) => self.read(after).await?,
                None => self.heard().await?,
            };
            let identity = match &self.credential {
                Credential::Token(token) => self.state.identities.by_token(token).await.ok()?,
                Credential::Session(secret) => self.state.identities.by_session(secret).await.ok()?,
            };
            // They look as somebody else now, or no longer: their page begins anew.
            if identity.through() != self.through {
                return None;
            }
            let ctx = identity.ctx(&self.state.env);
            let (gates, events): (Vec<Event>, Vec<Event>) =
                events.into_iter().partition(|event| event.kind == plugin_host::gates::CHANGED);
            let ask = |events| self.state.seen.events(&ctx, events);
            let mut seen = self.listener.ears.judge(ctx.now(), events, ask).await.ok()?;
            seen.extend(gates);
            seen.sort_by_key(Event::cursor);
            self.ready.extend(seen);
        }
    }

    /// A page of what was missed.
    async fn read(&mut self, after: Cursor) -> Option<Vec<Event>> {
        let selection = Selection { tenant: Some(self.tenant), entity: None };
        let events = event::read_after(self.state.db.read(), after, &selection, MAX_LIMIT).await.ok()?;
        self.missed = events.last().map(Event::cursor);
        self.seen = self.missed.unwrap_or(self.seen);
        Some(events)
    }

    /// The next new events of the company: at least one, and those that are there already.
    async fn heard(&mut self) -> Option<Vec<Event>> {
        let mut events = Vec::new();
        loop {
            let event = match self.live.try_recv() {
                Ok(event) => event,
                Err(TryRecvError::Empty) if !events.is_empty() => return Some(events),
                Err(TryRecvError::Empty) => match self.live.recv().await {
                    Ok(event) => event,
                    // Too slow: the browser connects again and continues from its last event.
                    Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
                },
                Err(TryRecvError::Lagged(_) | TryRecvError::Closed) => return None,
            };
            if event.tenant == self.tenant && event.cursor() > self.seen {
                self.seen = event.cursor();
                events.push((*event).clone());
                if events.len() >= TOGETHER {
                    return Some(events);
                }
            }
        }
    }
}

/// The data of a `record` or `instance` message of the stream.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreamRecord {
    /// e.g. `lead.updated`.
    r#type: String,
    entity: String,
    /// The record; of an `instance` message, the process instance.
    record: Uuid,
    version: i64,
    actor: ActorView,
    /// Keys of the fields.
    changed: Vec<String>,
    batch: Option<Uuid>,
}

/// A changed gate is told to everybody, without whose it is: `gates`, and whoever shows modules asks anew.
/// Else the message says what happened to what: `instance` for process instances, which are no records, else `record`.
fn sse(event: Event) -> Sse {
    if event.kind == plugin_host::gates::CHANGED {
        return Sse::default().event("gates").id(event.cursor().to_string()).data("{}");
    }
    let what = if event.entity == process::runtime::ENTITY { "instance" } else { "record" };
    let cursor = event.cursor().to_string();
    let changed =
        if let Value::Object(changes) = &event.changes { changes.keys().cloned().collect() } else { Vec::new() };
    let data = StreamRecord {
        actor: ActorView::of(&event.actor, &BTreeMap::new()),
        changed,
        batch: event.batch.map(|b| b.0),
        r#type: event.kind,
        entity: event.entity,
        record: event.record,
        version: event.version,
    };
    Sse::default().event(what).id(cursor).data(json!(data).to_string())
}
