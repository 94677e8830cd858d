//! `Idempotency-Key` on POST: a request that is sent again is answered with the first answer and does nothing.
//!
//! Keys belong to a person and are kept for a day. While the first request is in work, or when the server stopped in
//! the middle of it, the same key answers 409: its sender must look before trying with a new key.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::error::FieldError;
use kernel::{Ctx, Error, Message};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ConnectionTrait, DbErr};
use sha2::{Digest, Sha256};

use super::{ApiError, ApiResult, Caller};
use crate::state::AppState;

const HEADER: &str = "idempotency-key";
/// Longest key.
const MAX_KEY: usize = 200;
/// Largest answer that is kept; bigger ones are not replayed.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Seconds a key is kept.
pub const KEPT_SECONDS: i64 = 24 * 3_600;

/// The layer around the API.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> ApiResult<Response> {
    let key = match request.headers().get(HEADER) {
        Some(value) if request.method() == Method::POST => value.to_str().unwrap_or_default().to_owned(),
        _ => return Ok(next.run(request).await),
    };
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(super::body::bad_request(HEADER, "1 to 200 visible characters").into());
    }
    let json =
        request.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
    let (mut parts, body) = request.into_parts();
    // Without a caller there is nothing to remember: the handler says 401 itself. Uploads are not kept in memory.
    let Ok(caller) = Caller::from_request_parts(&mut parts, &state).await else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    if !json {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    let bytes = to_bytes(body, state.config.http.body_limit)
        .await
        .map_err(|_| Error::TooLarge(Message::key("error.body_too_large")))?;
    let mut hash = Sha256::new();
    hash.update(parts.uri.to_string().as_bytes());
    hash.update([0]);
    hash.update(&bytes);
    let store = Store { state: &state, ctx: &caller.ctx, key: &key, hash: hex::encode(hash.finalize()) };
    if !store.claim().await? {
        return store.replay().await;
    }
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    store.keep(response).await
}

struct Store<'a> {
    state: &'a AppState,
    ctx: &'a Ctx,
    key: &'a str,
    hash: String,
}

impl Store<'_> {
    fn user(&self) -> uuid::Uuid {
        self.ctx.user().map(|u| u.0).unwrap_or_default()
    }

    fn mine(&self) -> sea_orm::sea_query::Expr {
        Expr::col("tenant_id")
            .eq(self.ctx.tenant.0)
            .and(Expr::col("user_id").eq(self.user()))
            .and(Expr::col("key").eq(self.key))
    }

    /// True for the first request with this key.
    async fn claim(&self) -> Result<bool, DbErr> {
        let insert = Query::insert()
            .into_table("idempotency_key")
            .columns(["tenant_id", "user_id", "key", "request_hash", "created_at"])
            .values_panic([
                self.ctx.tenant.into(),
                self.user().into(),
                self.key.into(),
                self.hash.as_str().into(),
                self.ctx.now().0.into(),
            ])
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .to_owned();
        let tx = self.state.db.begin().await?;
        let first = tx.execute(&insert).await?.rows_affected() == 1;
        tx.commit().await?;
        Ok(first)
    }

    async fn replay(&self) -> ApiResult<Response> {
        let select = Query::select()
            .columns(["request_hash", "status", "content_type", "body"])
            .from("idempotency_key")
            .and_where(self.mine())
            .take();
        let row = self.state.db.read().query_one(&select).await?.ok_or_else(|| Error::Unavailable("retry".into()))?;
        if row.try_get_by_index::<String>(0)? != self.hash {
            let error = FieldError { code: "taken".into(), message: Message::key("error.idempotency.mismatch") };
            return Err(Error::field("idempotency.mismatch", HEADER, error).into());
        }
        let Some(status) = row.try_get_by_index::<Option<i64>>(1)? else {
            return Err(Error::Conflict { code: "idempotency.in_progress", current: None }.into());
        };
        let status = u16::try_from(status).ok().and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or(StatusCode::OK);
        let kind: String = row.try_get_by_index::<Option<String>>(2)?.unwrap_or_default();
        let body: String = row.try_get_by_index::<Option<String>>(3)?.unwrap_or_default();
        let mut response = (status, body).into_response();
        if let Ok(kind) = HeaderValue::from_str(&kind) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        response.headers_mut().insert("idempotent-replay", HeaderValue::from_static("true"));
        Ok(response)
    }

    /// Keeps an answer; one that changed nothing frees the key, so that the request can be mended and sent again.
    async fn keep(&self, response: Response) -> ApiResult<Response> {
        if !response.status().is_success() {
            let delete = Query::delete().from_table("idempotency_key").and_where(self.mine()).to_owned();
            self.run(&delete).await?;
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, MAX_ANSWER).await.map_err(|e| ApiError(Error::internal(e)))?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let update = Query::update()
            .table("idempotency_key")
            .value("status", i64::from(parts.status.as_u16()))
            .value("content_type", kind)
            .value("body", String::from_utf8_lossy(&bytes).into_owned())
            .and_where(self.mine())
            .to_owned();
        self.run(&update).await?;
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }

    async fn run(&self, statement: &impl sea_orm::StatementBuilder) -> Result<(), DbErr> {
        let tx = self.state.db.begin().await?;
        tx.execute(statement).await?;
        tx.commit().await
    }
}
