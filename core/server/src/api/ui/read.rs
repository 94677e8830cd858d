//! `POST /read`: up to twenty sources of a page at once, each with its own status. What a source asks is what its tree
//! declares; of the request only the values of expressions count. Every source is read as the caller, by the service
//! that answers everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use kernel::{Ctx, Error, Locale, Result};
use plugin_host::View;
use plugin_host::surfaces::spec::Spec;
use plugin_host::surfaces::{Open, viewer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::super::entities::{EntityView, FieldView};
use super::super::view::RefView;
use super::stand::{Stand, bounded};
use super::{computed, figures, reported, rows};
use crate::http::body::bad_request;
use crate::http::layers::RequestId;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// Sources of one call.
const MAX_ITEMS: usize = 20;
/// Characters of a cursor.
const MAX_CURSOR: usize = 4_000;
/// Milliseconds that a call may wait.
const MAX_WAIT: u64 = 10_000;

/// Sources to read.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ReadRequest)]
pub struct ReadBody {
    /// Where.
    #[serde(flatten)]
    stand: Stand,
    /// 1 to 20.
    items: Vec<ReadItem>,
    /// Milliseconds to wait for the slowest, up to 10,000; what is not there then is `late`. 300 by default.
    wait_ms: Option<u64>,
}

/// One source.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadItem {
    /// Its name in the tree.
    pub(super) name: String,
    /// As declared, with the values of its expressions.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub(super) source: Value,
    /// Where the portion before ended.
    pub(super) cursor: Option<String>,
    /// Also count all rows.
    #[serde(default)]
    total: bool,
}

impl ReadItem {
    /// The first portion of a source.
    pub(super) fn new(name: &str, source: Value) -> Self {
        Self { name: name.to_owned(), source, cursor: None, total: false }
    }
}

/// A row of a source.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceRow {
    /// Of a record its id; else unique in the answer.
    pub(super) id: String,
    /// Of a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) version: Option<i64>,
    /// Of a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) entity: Option<String>,
    /// By key.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub(super) fields: Map<String, Value>,
}

/// What a source says.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct SourceRows {
    /// Its name in the tree.
    pub(super) name: String,
    /// The rows.
    pub(super) rows: Vec<SourceRow>,
    /// What the columns are; one that the caller may not read is absent.
    pub(super) fields: Vec<FieldView>,
    /// Titles of what rows point to, by id.
    pub(super) refs: BTreeMap<uuid::Uuid, RefView>,
    /// For the next portion, if there is one.
    pub(super) next_cursor: Option<String>,
    /// All of them, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) total: Option<i64>,
    /// Of records: their entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) shape: Option<EntityView>,
    /// When figures were made; absent: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) at: Option<String>,
}

/// Why a source says nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceProblem {
    /// Machine-readable.
    code: String,
    /// In the caller's language.
    detail: String,
    /// Whose page it is, for people.
    by: String,
    /// When it may be asked again, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_at: Option<String>,
    /// For the server's log.
    request_id: String,
}

/// One source's answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum ReadResult {
    /// Its rows.
    Ok(Box<SourceRows>),
    /// Not in time: to be asked alone.
    Late {
        /// Its name in the tree.
        name: String,
    },
    /// It failed, by itself.
    Error {
        /// Its name in the tree.
        name: String,
        /// Why.
        problem: SourceProblem,
    },
}

/// Answers of all sources.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadAnswer {
    /// One for each item.
    pub(super) results: Vec<ReadResult>,
}

/// Whether so many sources may be asked for, each once.
pub(super) fn sound(items: &[ReadItem]) -> Result<()> {
    let names: BTreeSet<&str> = items.iter().map(|item| item.name.as_str()).collect();
    if items.is_empty() || items.len() > MAX_ITEMS || names.len() < items.len() {
        return Err(bad_request("items", &format!("1 to {MAX_ITEMS} sources, each once")));
    }
    for item in items {
        bounded("items.source", &item.source)?;
        if item.cursor.as_ref().is_some_and(|cursor| cursor.len() > MAX_CURSOR) {
            return Err(bad_request("items.cursor", &format!("at most {MAX_CURSOR} characters")));
        }
    }
    Ok(())
}

/// `POST /read`: sources of a page, each with its own status.
#[utoipa::path(post, path = "/read", operation_id = "read_sources", tag = "ui", request_body = ReadBody,
    responses((status = 200, body = ReadAnswer)))]
pub async fn read(
    State(state): State<AppState>,
    caller: Caller,
    Extension(request): Extension<RequestId>,
    Body(body): Body<ReadBody>,
) -> ApiResult<Json<ReadAnswer>> {
    sound(&body.items)?;
    let me = viewer(&caller.identity);
    let (open, view) = body.stand.open(&state, &caller.ctx, &me).await?;
    let page = Page::new(state, caller.ctx, open, view, request.0);
    let deadline = Instant::now() + Duration::from_millis(body.wait_ms.unwrap_or(300).min(MAX_WAIT));
    let mut names: Vec<String> = body.items.iter().map(|item| item.name.clone()).collect();
    let mut asked = JoinSet::new();
    for item in body.items {
        let page = page.clone();
        asked.spawn(async move {
            let answer = page.ask(&item).await;
            (item.name, answer)
        });
    }
    let mut results = Vec::with_capacity(names.len());
    // What is not there in time ends with the set.
    while let Ok(Some(answered)) = tokio::time::timeout_at(deadline, asked.join_next()).await {
        let (name, answer) = answered.map_err(Error::internal)?;
        names.retain(|left| *left != name);
        results.push(page.result(name, answer));
    }
    results.extend(names.into_iter().map(|name| ReadResult::Late { name }));
    Ok(Json(ReadAnswer { results }))
}

/// Who asks for which page.
#[derive(Clone)]
pub(super) struct Page {
    state: AppState,
    ctx: Ctx,
    open: Arc<Open>,
    view: Arc<View>,
    request: String,
}

impl Page {
    pub(super) fn new(state: AppState, ctx: Ctx, open: Open, view: View, request: String) -> Self {
        Self { state, ctx, open: Arc::new(open), view: Arc::new(view), request }
    }

    /// A portion of a source.
    pub(super) async fn ask(&self, item: &ReadItem) -> Result<SourceRows> {
        let (state, ctx) = (&self.state, &self.ctx);
        match self.open.source(&item.name, &item.source)? {
            Spec::Records(listed) => rows::list(state, ctx, listed, item.cursor.clone(), item.total).await,
            Spec::Record(one) => rows::one(state, ctx, one).await,
            Spec::Aggregate(asked) => figures::read(state, ctx, asked).await,
            Spec::Plugin(asked) => computed::read(state, ctx, &self.open, &self.view, asked, item.cursor.clone()).await,
            Spec::Report(asked) if asked.report == reported::QUERY => reported::read(state, ctx, asked).await,
            Spec::Report(_) => Err(Error::Conflict { code: "ui.source_missing", current: None }),
        }
    }

    fn result(&self, name: String, answer: Result<SourceRows>) -> ReadResult {
        let locale = self.ctx.locale;
        Teller { locale, by: self.open.title(locale), request: &self.request }.result(name, answer)
    }
}

/// How answers of sources are told.
pub(super) struct Teller<'a> {
    pub(super) locale: Locale,
    /// Whose page it is, for people.
    pub(super) by: &'a str,
    pub(super) request: &'a str,
}

impl Teller<'_> {
    pub(super) fn result(&self, name: String, answer: Result<SourceRows>) -> ReadResult {
        match answer {
            Ok(rows) => ReadResult::Ok(Box::new(SourceRows { name, ..rows })),
            Err(error) => ReadResult::Error { name, problem: self.problem(&error) },
        }
    }

    fn problem(&self, error: &Error) -> SourceProblem {
        if matches!(error, Error::Database(_) | Error::Internal(_)) {
            tracing::error!(%error, request_id = %self.request, "a source could not be read");
        }
        let of_fields = error.fields_in(self.locale).into_values().map(|(_, words)| words);
        let words: Vec<String> = std::iter::once(error.message().in_locale(self.locale)).chain(of_fields).collect();
        SourceProblem {
            code: error.code().to_owned(),
            detail: words.join(" "),
            by: self.by.to_owned(),
            retry_at: None,
            request_id: self.request.to_owned(),
        }
    }
}
