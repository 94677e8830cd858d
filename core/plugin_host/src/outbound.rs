//! The port through which plugins' requests leave: the server answers it with a client that judges every address, tests
//! with a script.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

/// One request to one place; redirects are not followed on the way.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to: `http` or `https`.
    pub url: Url,
    /// In capitals.
    pub method: String,
    /// Names in lower case; values fit to be sent.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Vec<u8>,
    /// Bytes of an answer that are read.
    pub most: usize,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Any.
    pub status: u16,
    /// Names in lower case; those that are no text left out.
    pub headers: Vec<(String, String)>,
    /// What was answered.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The address may not be reached.
    #[error("{0}")]
    Forbidden(String),
    /// Perhaps later.
    #[error("{0}")]
    Unavailable(String),
    /// The answer is longer than is read.
    #[error("the answer is longer than {0} KiB")]
    TooLong(usize),
    /// It cannot be sent.
    #[error("{0}")]
    Wrong(String),
}

/// Sends requests.
#[async_trait]
pub trait Outbound: Send + Sync {
    /// Sends one and reads the whole answer. Whoever calls stops waiting after its own time.
    ///
    /// # Errors
    /// Why there is none.
    async fn send(&self, request: Outgoing) -> Result<Incoming, NoAnswer>;
}

/// Redirects that are followed.
const HOPS: usize = 5;

/// Sends a request and follows redirects of requests that only read, to places that `may` go to. Headers in `secret` go to
/// the first place only.
///
/// # Errors
/// As [`Outbound::send`]; `Unavailable` when it takes longer than `timeout`.
pub(crate) async fn follow(
    outbound: &Arc<dyn Outbound>,
    request: Outgoing,
    secret: Vec<(String, String)>,
    timeout: Duration,
    may: impl Fn(&Url) -> Result<(), NoAnswer> + Send + Sync,
) -> Result<Incoming, NoAnswer> {
    let work = async {
        let mut request = request;
        may(&request.url)?;
        let reads = request.method == "GET" || request.method == "HEAD";
        let first = Outgoing { headers: request.headers.iter().chain(&secret).cloned().collect(), ..request.clone() };
        let mut answer = outbound.send(first).await?;
        for _ in 0..HOPS {
            let Some(next) = redirect(&request.url, &answer).filter(|_| reads) else { return Ok(answer) };
            let next = next?;
            may(&next)?;
            if request.url.scheme() == "https" && next.scheme() != "https" {
                return Err(NoAnswer::Forbidden(format!("the redirect to {} leaves https", place(&next))));
            }
            request.url = next;
            answer = outbound.send(request.clone()).await?;
        }
        match redirect(&request.url, &answer) {
            Some(_) if reads => Err(NoAnswer::Unavailable(format!("more than {HOPS} redirects"))),
            _ => Ok(answer),
        }
    };
    let late = |_| NoAnswer::Unavailable(format!("no answer within {} ms", timeout.as_millis()));
    tokio::time::timeout(timeout, work).await.map_err(late)?
}

/// Where an answer leads to, if it is a redirect.
fn redirect(from: &Url, answer: &Incoming) -> Option<Result<Url, NoAnswer>> {
    if ![301, 302, 303, 307, 308].contains(&answer.status) {
        return None;
    }
    let (_, to) = answer.headers.iter().find(|(name, _)| name == "location")?;
    Some(from.join(to).map_err(|error| NoAnswer::Forbidden(format!("a redirect to nowhere: {error}"))))
}

/// Where it goes, without anything that may be secret.
pub(crate) fn place(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}
