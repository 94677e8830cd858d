//! `Idempotency-Key` on POST: a request that is sent again is answered with the first answer and does nothing.
//!
//! Keys belong to a person and are kept for a day. Every finished answer is kept with its headers, refusals and faults
//! too, whatever the media type of the request, uploads too. Not kept are answers with a secret (they carry
//! `Cache-Control: no-store` or a cookie) and refusals before the work began (401, 429, 503): the same key then begins
//! anew. The work goes on when its sender has gone away, so that they find its answer. While it is going on, or when the
//! server stopped in the middle of it, the same key answers 409: its sender must look before trying with a new key. Whoever
//! has too many answers kept (`kept.rs`) is refused before the work begins, and still gets those that are there.

use std::panic::AssertUnwindSafe;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::response::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::FutureExt;
use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::{Ctx, Error, Message};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde::{Deserialize, Serialize};

use super::error::Began;
use super::fingerprint::Fingerprint;
use super::layers::{REQUEST_ID, RequestId, Slot, panicked};
use super::{ApiError, ApiResult, Caller, error};
use crate::state::AppState;

const HEADER: &str = "idempotency-key";
/// Longest key.
const MAX_KEY: usize = 200;
/// Largest answer that is kept; a bigger one is said to be in progress when it is asked for again.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Seconds a key is kept.
pub const KEPT_SECONDS: i64 = 24 * 3_600;

/// Marks an answer that is another one's repetition.
#[derive(Debug, Clone, Copy)]
pub struct Repeated;

/// The layer around the API.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> ApiResult<Response> {
    let key = match request.headers().get(HEADER) {
        Some(value) if request.method() == Method::POST => value.to_str().unwrap_or_default().to_owned(),
        _ => return Ok(next.run(request).await),
    };
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(super::body::bad_request(HEADER, "1 to 200 visible characters").into());
    }
    let (mut parts, body) = request.into_parts();
    // Without a caller there is nothing to remember: the handler says 401 itself.
    let Ok(caller) = Caller::from_request_parts(&mut parts, &state).await else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    // Whoever looks as somebody else does nothing that would be done twice, and is told none of their answers.
    if caller.identity.viewing.is_some() {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    let print = Fingerprint::new(&parts);
    let id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let slot = parts.extensions.get::<Slot>().cloned();
    let store = Store { state, ctx: caller.ctx, key };
    store.room().await?;
    if !store.claim().await? {
        print.read(body).await?;
        return store.replay(&print).await;
    }
    let request = Request::from_parts(parts, print.watch(body));
    let work = tokio::spawn(async move {
        let response = AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(panicked);
        let kept = store.keep(response, &print, &id).await;
        drop(slot);
        kept
    });
    work.await.map_err(Error::internal)?
}

struct Store {
    state: AppState,
    ctx: Ctx,
    key: String,
}

/// What is kept of an answer beside its status and body.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    headers: Vec<(String, String)>,
    /// The body is no text and stands in Base64.
    encoded: bool,
}

impl Store {
    fn user(&self) -> uuid::Uuid {
        self.ctx.user().map(|u| u.0).unwrap_or_default()
    }

    fn mine(&self) -> sea_orm::sea_query::Expr {
        Expr::col("tenant_id")
            .eq(self.ctx.tenant.0)
            .and(Expr::col("user_id").eq(self.user()))
            .and(Expr::col("key").eq(self.key.as_str()))
    }

    /// Passes for a key that is known, and while there is room for one more.
    async fn room(&self) -> ApiResult<()> {
        let Err(full) = self.state.kept.room(&self.state.db, &self.ctx, &self.state.config.http).await else {
            return Ok(());
        };
        let select = Query::select().expr(Expr::val(1)).from("idempotency_key").and_where(self.mine()).limit(1).take();
        if self.state.db.read().query_one(&select).await?.is_some() { Ok(()) } else { Err(full.into()) }
    }

    /// True for the first request with this key.
    async fn claim(&self) -> Result<bool, DbErr> {
        let insert = Query::insert()
            .into_table("idempotency_key")
            .columns(["tenant_id", "user_id", "key", "request_hash", "created_at"])
            .values_panic([
                self.ctx.tenant.into(),
                self.user().into(),
                self.key.as_str().into(),
                "".into(),
                self.ctx.now().0.into(),
            ])
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .to_owned();
        let tx = self.state.db.begin().await?;
        let first = tx.execute(&insert).await?.rows_affected() == 1;
        tx.commit().await?;
        Ok(first)
    }

    async fn replay(&self, print: &Fingerprint) -> ApiResult<Response> {
        let select = Query::select()
            .columns(["request_hash", "status", "head", "body"])
            .from("idempotency_key")
            .and_where(self.mine())
            .take();
        let row = self.state.db.read().query_one(&select).await?.ok_or_else(|| Error::Unavailable("retry".into()))?;
        let Some(status) = row.try_get_by_index::<Option<i64>>(1)? else {
            return Err(Error::Conflict { code: "idempotency.in_progress", current: None }.into());
        };
        if !print.matches(&row.try_get_by_index::<String>(0)?) {
            let error = FieldError { code: "taken".into(), message: Message::key("error.idempotency.mismatch") };
            return Err(Error::field("idempotency.mismatch", HEADER, error).into());
        }
        let head: Option<String> = row.try_get_by_index(2)?;
        let body: String = row.try_get_by_index::<Option<String>>(3)?.unwrap_or_default();
        repeated(status, head.as_deref(), body).map_err(|error| ApiError(Error::internal(error)))
    }

    /// Keeps an answer; one that began no work, or has a secret, frees the key.
    async fn keep(&self, response: Response, print: &Fingerprint, id: &str) -> ApiResult<Response> {
        let began = response.extensions().get::<Began>().is_some();
        let response = error::written(response, self.ctx.locale, id);
        let (parts, body) = response.into_parts();
        if !is_kept(&parts, began) {
            let delete = Query::delete().from_table("idempotency_key").and_where(self.mine()).to_owned();
            self.run(&delete).await?;
            return Ok(Response::from_parts(parts, body));
        }
        if body.size_hint().lower() > u64::try_from(MAX_ANSWER).unwrap_or(u64::MAX) {
            return Ok(Response::from_parts(parts, body));
        }
        let bytes = to_bytes(body, MAX_ANSWER).await.map_err(|e| ApiError(Error::internal(e)))?;
        // PostgreSQL keeps no NUL in a text.
        let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0')).map(str::to_owned);
        let head = Head { headers: headers(&parts, id), encoded: text.is_none() };
        let body = text.unwrap_or_else(|| BASE64_STANDARD.encode(&bytes));
        let size = body.len();
        let update = Query::update()
            .table("idempotency_key")
            .value("request_hash", print.text())
            .value("status", i64::from(parts.status.as_u16()))
            .value("head", serde_json::to_string(&head).map_err(Error::internal)?)
            .value("body", body)
            .and_where(self.mine())
            .to_owned();
        self.run(&update).await?;
        self.state.kept.add(&self.ctx, size);
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }

    async fn run(&self, statement: &impl sea_orm::StatementBuilder) -> Result<(), DbErr> {
        let tx = self.state.db.begin().await?;
        tx.execute(statement).await?;
        tx.commit().await
    }
}

fn is_kept(parts: &Parts, began: bool) -> bool {
    let refused_before = matches!(
        parts.status,
        StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    let secret = parts.headers.contains_key(header::SET_COOKIE)
        || parts.headers.get_all(header::CACHE_CONTROL).iter().any(|value| {
            let mut directives = value.to_str().unwrap_or_default().split(',');
            directives.any(|directive| directive.trim().eq_ignore_ascii_case("no-store"))
        });
    (began || !refused_before) && !secret
}

/// The headers that belong to the answer and not to this one sending of it, and the id of the request.
fn headers(parts: &Parts, id: &str) -> Vec<(String, String)> {
    let sending = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::DATE, REQUEST_ID];
    let own = parts.headers.iter().filter(|(name, _)| !sending.contains(name));
    let own = own.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    own.chain([(REQUEST_ID.to_string(), id.to_owned())]).collect()
}

fn repeated(status: i64, head: Option<&str>, body: String) -> Result<Response, Box<dyn std::error::Error>> {
    let head: Head = serde_json::from_str(head.unwrap_or_default())?;
    let body = if head.encoded { Body::from(BASE64_STANDARD.decode(body)?) } else { Body::from(body) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(u16::try_from(status)?)?;
    for (name, value) in &head.headers {
        response.headers_mut().append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    response.headers_mut().insert("idempotent-replay", HeaderValue::from_static("true"));
    response.extensions_mut().insert(Repeated);
    Ok(response)
}
