//! Webhooks: the service task `v:service="webhook"`, a request to somebody else's server.
//!
//! Owns: the request and what an answer means. `kernel::net` keeps requests out of the network the server stands in.
//! Must not know: how a process goes on. A `ServiceCall` enters; JSON or a failure leaves.
//!
//! | parameter | meaning |
//! |---|---|
//! | `url` | `http://` or `https://`; required |
//! | `method` | `POST` (default), `PUT`, `PATCH`, `DELETE` or `GET` |
//! | `headers` | an object of texts |
//! | `body` | what is sent as JSON; without it an object of all other parameters. `GET` sends none |
//!
//! Every request carries `Idempotency-Key`, the same for every try of the call. 2xx is the answer: its JSON, its text
//! when it is no JSON, null when it is empty. 408, 429, 5xx, a connection that fails and 30 seconds without an answer
//! are tried again; any other status, redirects too, is an incident at once.

mod request;
mod wire;

use std::time::Duration;

use axum::http::HeaderMap;
use kernel::Ctx;
use process::runtime::{Service, ServiceCall, ServiceFailure};
use serde_json::Value as Json;
use tokio::time::timeout;

pub use request::Request;
pub use wire::Wire;

/// What a service task calls this service by.
const KIND: &str = "webhook";
/// From the first look for an address to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Characters of an answer that are shown in an incident.
const SHOWN: usize = 200;

/// The service of webhooks; cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    wire: Wire,
    timeout: Duration,
}

impl Webhooks {
    /// With `allow_private`, addresses of this machine and of private networks are reachable too.
    ///
    /// # Errors
    /// When the machine cannot do TLS.
    pub fn new(allow_private: bool) -> kernel::Result<Self> {
        Ok(Self { wire: Wire::new(allow_private).map_err(kernel::Error::internal)?, timeout: TIMEOUT })
    }
}

impl Webhooks {
    /// What its requests go out by.
    pub fn wire(&self) -> Wire {
        self.wire.clone()
    }
}

#[async_trait::async_trait]
impl Service for Webhooks {
    fn serves(&self, kind: &str) -> bool {
        kind == KIND
    }

    async fn call(&self, _ctx: &Ctx, call: &ServiceCall) -> Result<Json, ServiceFailure> {
        let request = Request::of(call).map_err(|why| ServiceFailure::Never(format!("webhook: {why}")))?;
        let place = request.place();
        match timeout(self.timeout, self.wire.exchange(request, wire::MAX_ANSWER)).await {
            Ok(Ok(answer)) => judge(&place, answer),
            Ok(Err(trouble)) => Err(trouble.failure(&place)),
            Err(_) => {
                let seconds = self.timeout.as_secs();
                Err(ServiceFailure::Again(format!("webhook {place}: no answer within {seconds} seconds")))
            }
        }
    }
}

/// What came back.
pub struct Answer {
    /// Any.
    pub status: u16,
    /// As they came.
    pub headers: HeaderMap,
    /// None when it was longer than is read.
    pub body: Option<Vec<u8>>,
}

/// Why nothing came back.
pub enum Trouble {
    /// The address may not be reached.
    Forbidden(String),
    /// Trying again may help.
    Passing(String),
    /// It cannot be sent.
    Wrong(String),
}

impl Trouble {
    /// What it means to a process.
    fn failure(self, place: &str) -> ServiceFailure {
        match self {
            Self::Forbidden(why) => {
                ServiceFailure::Never(format!("webhook {place}: {why}, which webhooks may not leave"))
            }
            Self::Passing(why) => ServiceFailure::Again(format!("webhook {place}: {why}")),
            Self::Wrong(why) => ServiceFailure::Never(format!("webhook {place}: {why}")),
        }
    }
}

fn judge(place: &str, answer: Answer) -> Result<Json, ServiceFailure> {
    let status = answer.status;
    match (status, answer.body) {
        (200..=299, Some(body)) => read(&body).map_err(|why| ServiceFailure::Never(format!("webhook {place}: {why}"))),
        (200..=299, None) => {
            let limit = wire::MAX_ANSWER / 1024;
            Err(ServiceFailure::Never(format!("webhook {place}: the answer is longer than {limit} KiB")))
        }
        (300..=399, _) => Err(ServiceFailure::Never(format!(
            "webhook {place} answered {status}: redirects are not followed; use the address it leads to"
        ))),
        (_, body) => {
            let why = format!("webhook {place} answered {status}{}", shown(&body.unwrap_or_default()));
            let passes = matches!(status, 408 | 429 | 500..=599);
            Err(if passes { ServiceFailure::Again(why) } else { ServiceFailure::Never(why) })
        }
    }
}

/// The answer as a value of a process.
fn read(body: &[u8]) -> Result<Json, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the answer is no UTF-8 text".to_owned())?;
    if text.contains('\0') || text.contains("\\u0000") {
        return Err("the answer has the character U+0000".to_owned());
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Ok(Json::Null);
    }
    Ok(serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned())))
}

/// The beginning of an answer, in one line.
fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}

#[cfg(test)]
mod tests;
