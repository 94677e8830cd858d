//! Connections: how many there may be, in all and from one address, and how long they may take to say what they want.
//!
//! Each takes a descriptor; some are reserved for the database, files and requests to others, so that a crowd of
//! connections never keeps the server from its own work.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::address::network;
use super::patience::Patient;
use crate::config::Config;

/// Descriptors that connections leave to files, plugins, letters and webhooks.
const RESERVED: usize = 256;
/// Bytes of a request's head, and of what is read ahead of a body.
const MAX_HEAD: usize = 64 * 1024;
/// Rest after the system had no descriptor for a connection.
const REST: Duration = Duration::from_millis(100);
/// What a connection too many is told.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Raises the number of descriptors this process may open as far as the system lets it; gives that number.
pub fn raise_descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::warn!(%error, "the number of open files could not be raised");
    }
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX))
}

/// Who is connected.
#[derive(Debug)]
struct Open {
    all: usize,
    /// None: they all come from the proxy in front.
    each: Option<usize>,
    by_network: Mutex<(usize, HashMap<IpAddr, usize>)>,
}

/// One connection's place; free again when dropped.
#[derive(Debug)]
struct Place(Arc<Open>, IpAddr);

impl Open {
    /// By the settings and the descriptors there are.
    fn new(config: &Config, descriptors: usize) -> Self {
        // SQLite opens three files for each connection.
        let database = usize::try_from(config.database.connections).unwrap_or(usize::MAX).saturating_mul(3);
        let left = descriptors.saturating_sub(RESERVED.saturating_add(database)).max(descriptors / 2);
        let each = config.http.client_address_header.is_empty().then_some(config.http.connections_per_address);
        Self { all: config.http.connections.min(left), each, by_network: Mutex::default() }
    }

    fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Place> {
        let ip = network(ip);
        let mut open = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, by_network) = &mut *open;
        let mine = by_network.get(&ip).copied().unwrap_or(0);
        if *all >= self.all || self.each.is_some_and(|each| mine >= each) {
            return None;
        }
        *all += 1;
        by_network.insert(ip, mine + 1);
        Some(Place(Arc::clone(self), ip))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.0.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        open.0 = open.0.saturating_sub(1);
        if let Some(mine) = open.1.get_mut(&self.1) {
            *mine = mine.saturating_sub(1);
            if *mine == 0 {
                open.1.remove(&self.1);
            }
        }
    }
}

/// Serves connections until `stop`; those that are open then finish the request in hand.
pub async fn serve(listener: TcpListener, app: Router, config: &Config, stop: CancellationToken) {
    let open = Arc::new(Open::new(config, raise_descriptors()));
    let head = Duration::from_secs(config.http.header_seconds);
    let pause = Duration::from_secs(config.http.body_seconds);
    tracing::debug!(connections = open.all, "at most");
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => match open.admit(peer.ip()) {
                Some(place) => drop(tasks.spawn(one(stream, peer, app.clone(), (head, pause), stop.clone(), place))),
                None => refuse(stream),
            },
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

/// Serves a connection, with the times for the head of a request and for taking its answer.
async fn one(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    (head, pause): (Duration, Duration),
    stop: CancellationToken,
    place: Place,
) {
    drop(stream.set_nodelay(true));
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = app.clone().oneshot(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(MAX_HEAD);
    let connection = builder.serve_connection(TokioIo::new(Patient::new(stream, pause)), service);
    tokio::pin!(connection);
    // A connection that breaks off is nobody's fault here.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
    drop(place);
}

/// Tells a connection too many to come later, as far as that can be done without waiting.
fn refuse(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        drop(stream.write_all(FULL));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    fn open(change: impl Fn(&mut Config), descriptors: usize) -> Arc<Open> {
        let mut config = Config::load(None, &Overrides::default()).unwrap();
        (config.http.connections, config.http.connections_per_address) = (3, 2);
        change(&mut config);
        Arc::new(Open::new(&config, descriptors))
    }

    #[test]
    fn connections_are_capped_from_one_network_and_in_all() {
        let open = open(|_| {}, 10_000);
        let from = |ip: &str| open.admit(ip.parse().unwrap());
        let first = from("2001:db8::1").unwrap();
        let _second = from("2001:db8::2").unwrap();
        assert!(from("2001:db8::3").is_none());
        let _third = from("192.0.2.1").unwrap();
        assert!(from("192.0.2.2").is_none());
        drop(first);
        assert!(from("2001:db8::3").is_some());
    }

    #[test]
    fn behind_a_proxy_all_may_come_from_it() {
        let open = open(|config| config.http.client_address_header = "x-forwarded-for".into(), 10_000);
        let places: Vec<_> = (0..4).map(|_| open.admit("10.0.0.1".parse().unwrap())).collect();
        assert_eq!(places.iter().flatten().count(), 3);
    }

    #[test]
    fn some_descriptors_are_left_to_the_database() {
        let open = open(|config| (config.http.connections, config.database.connections) = (8_192, 8), 1_024);
        assert_eq!(open.all, 1_024 - 256 - 24);
    }
}
