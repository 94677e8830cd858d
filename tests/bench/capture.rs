//! What one request asks of the database: the router in this process, over a database that is watched.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use kernel::Db;
use sea_orm::Statement;
use serde_json::Value as Json;
use tower::ServiceExt;
use verstak::AppState;

use crate::Outcome;
use crate::client::Ask;

/// Largest answer read.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// The statements made while somebody looks. Else none is kept: those that fill a database hold all of it.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<Option<Vec<Statement>>>>);

impl Seen {
    /// Watches a database.
    pub fn watching(&self, db: Db) -> Db {
        let seen = Arc::clone(&self.0);
        db.watched(move |statement| {
            if let Some(seen) = seen.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                seen.push(statement.clone());
            }
        })
    }

    fn look(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    fn take(&self) -> Vec<Statement> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// The product in this process.
pub struct Watched {
    router: Router,
    token: String,
    seen: Seen,
}

/// A request with its answer and statements.
pub struct Captured {
    /// In order.
    pub statements: Vec<Statement>,
    /// The answer's body.
    pub answer: Json,
}

impl Watched {
    /// The product over a watched database.
    pub fn new(state: &AppState, token: &str, seen: &Seen) -> Self {
        Self { router: verstak::app::router(state), token: token.to_owned(), seen: seen.clone() }
    }

    /// Answers a request and tells its statements.
    pub async fn send(&self, ask: &Ask) -> Outcome<Captured> {
        let request = Request::builder()
            .method(ask.method)
            .uri(&ask.path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(ask.body.clone().map_or_else(Body::empty, Body::from))?;
        self.seen.look();
        let response = self.router.clone().oneshot(request).await?;
        let statements = self.seen.take();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), MAX_ANSWER).await?;
        if !status.is_success() {
            return Err(format!("{} answered {status}: {}", ask.path, String::from_utf8_lossy(&bytes)).into());
        }
        Ok(Captured { statements, answer: serde_json::from_slice(&bytes)? })
    }
}
