//! Health and metrics, for operators and load balancers. No sign-in: they say nothing about any company.

use std::path::Path;
use std::sync::OnceLock;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::state::AppState;
use kernel::db::ConnectionTrait;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Begins to collect metrics; once per process.
pub fn collect() {
    if METRICS.get().is_none() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_ok() {
            drop(METRICS.set(handle));
        }
    }
}

/// `GET /health/live`: the process answers.
pub async fn live() -> &'static str {
    "ok"
}

/// `GET /health/ready`: the database answers and the disk has room. Plugins that this node cannot load are named: the node works, and refuses what
/// they guard.
pub async fn ready(State(state): State<AppState>) -> Response {
    let data = &state.config.data;
    match free_bytes(&data.dir) {
        Ok(free) if free < data.min_free => {
            tracing::error!(free, folder = %data.dir.display(), "not ready: the disk is full");
            return (StatusCode::SERVICE_UNAVAILABLE, "the disk is full").into_response();
        }
        Ok(_) => {}
        Err(error) => {
            tracing::error!(%error, folder = %data.dir.display(), "not ready");
            return (StatusCode::SERVICE_UNAVAILABLE, "the data folder cannot be read").into_response();
        }
    }
    match state.db.read().execute_unprepared("SELECT 1").await {
        Ok(_) => {
            let failed = state.plugins.failed().into_iter();
            let lines =
                failed.map(|(plugin, version, _)| format!("\nfailed: plugin {plugin} {version} cannot be loaded"));
            format!("ok{}", lines.collect::<String>()).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
        }
    }
}

/// Bytes that the server may still write on the disk of a folder.
pub(crate) fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// `GET /metrics`: in the Prometheus text format.
pub async fn metrics() -> Response {
    let text = METRICS.get().map(PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// Keeps the histograms small; called now and then.
pub fn upkeep() {
    if let Some(handle) = METRICS.get() {
        handle.run_upkeep();
    }
}
