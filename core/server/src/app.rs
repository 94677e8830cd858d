//! The router: every address of the product, with its layers; and the server that runs it with its background work.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use kernel::Result;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::api;
use crate::housekeeping;
use crate::http::{again, answers, health, idempotency, layers, listen, portal, receive};
use crate::state::AppState;

/// Every address of the product.
pub fn router(state: &AppState) -> Router {
    let (api, _) = api::routes().split_for_parts();
    let uploads = Router::new()
        .route("/api/v1/plugins/{id}/http/{*path}", any(api::plugins::call))
        .route("/hooks/inbound/mail/{token}", post(api::inbound::mail))
        .route("/hooks/inbound/sms/{token}", post(api::inbound::sms))
        .route("/hooks/automation/{token}", post(api::hooks::come))
        .route("/hooks/{tenant}/{plugin}/{*path}", any(api::plugins::hook))
        .route("/frames/{tenant}/{plugin}/{hash}/{*path}", get(api::frames::file))
        .route("/oidc/{provider}", get(api::oidc::back));
    let slots = Arc::new(tokio::sync::Semaphore::new(state.config.http.concurrency));
    let streams = NotForContentType::const_new("text/event-stream");
    // Layers put on one by one would each box every route, and every request clones the boxes it passes.
    let inner = ServiceBuilder::new()
        .layer(from_fn_with_state(state.clone(), layers::recognised))
        .layer(from_fn_with_state(answers::Waiting::default(), answers::layer))
        .layer(from_fn_with_state((state.clone(), receive::Memory::default()), receive::layer))
        .layer(from_fn_with_state(slots, layers::admitted))
        .layer(from_fn_with_state(state.clone(), layers::timed))
        .layer(from_fn_with_state(state.clone(), idempotency::layer))
        .layer(from_fn_with_state(state.clone(), again::layer));
    let outer = ServiceBuilder::new()
        .layer(from_fn_with_state(state.clone(), layers::outermost))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(streams).and(transformable)));
    let guarded = Router::new()
        .nest("/api/v1", api)
        .merge(uploads)
        .route("/api/v1/test/clock", post(api::test_clock::advance))
        .route("/api/v1/openapi.json", get(crate::openapi::serve))
        .route_layer(from_fn_with_state(state.clone(), layers::measured))
        .layer(inner);
    guarded
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(portal::serve)
        .layer(outer)
        .with_state(state.clone())
}

/// Bytes of files go out as they are: their hash and their ranges are told.
fn transformable(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kept = headers.get(header::CACHE_CONTROL).and_then(|value| value.to_str().ok());
    !kept.is_some_and(|kept| kept.contains("no-transform"))
}

/// Which halves of the server run in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// HTTP only.
    Web,
    /// Background work only.
    Worker,
    /// Both.
    All,
}

/// Runs the server until `stop` resolves; requests and jobs in hand are finished first.
///
/// # Errors
/// When the database fails while the chores are set.
pub async fn serve(
    state: AppState,
    listener: TcpListener,
    role: Role,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let ended = CancellationToken::new();
    let mut tasks = Vec::new();
    if role != Role::Web {
        for (name, cron) in housekeeping::SCHEDULES {
            kernel::jobs::set_schedule(&state.db, &state.env, name, cron).await?;
        }
        let (worker, slots) = (state.worker(), state.config.jobs.slots());
        tasks.push(tokio::spawn({
            let stop = ended.clone();
            async move { worker.serve(stop, slots).await }
        }));
        tasks.push(tokio::spawn({
            let (host, stop) = (state.plugins.clone(), ended.clone());
            async move { host.serve(stop).await }
        }));
        tasks.push(tokio::spawn({
            let (processes, stop) = (state.processes.clone(), ended.clone());
            async move { processes.serve(stop).await }
        }));
        tasks.push(tokio::spawn({
            let (rollups, stop) = (state.rollups.clone(), ended.clone());
            async move { rollups.serve(stop).await }
        }));
        tasks.push(tokio::spawn({
            let (subscriptions, stop) = (state.subscriptions.clone(), ended.clone());
            async move { subscriptions.serve(stop).await }
        }));
    } else {
        // Hooks, routes and actions run here too: what they log and cost must not stay in memory.
        let (host, stop) = (state.plugins.clone(), ended.clone());
        tasks.push(tokio::spawn(async move { host.keep(stop).await }));
    }
    tasks.push(tokio::spawn(state.feed.clone().run(ended.clone())));
    tasks.push(tokio::spawn(upkeep(state.clone(), ended.clone())));
    let finished = ended.clone();
    tasks.push(tokio::spawn(async move {
        stop.await;
        finished.cancel();
    }));
    let server = listen::serve(listener, router(&state), &state.config, ended.clone());
    // Open streams would keep a graceful shutdown waiting for ever.
    let deadline = async {
        ended.cancelled().await;
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    };
    tokio::select! {
        () = server => {}
        () = deadline => tracing::warn!("some connections were still open after ten seconds"),
    }
    ended.cancel();
    for task in tasks {
        drop(task.await);
    }
    Ok(())
}

async fn upkeep(state: AppState, stop: CancellationToken) {
    while tokio::time::timeout(std::time::Duration::from_secs(60), stop.cancelled()).await.is_err() {
        state.limits.shrink();
        health::upkeep();
    }
}
