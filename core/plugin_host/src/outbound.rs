//! Requests of plugins to other servers, by the port that messages go out by too: redirects are followed here, each judged
//! like the first place.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

pub use messaging::outbound::{Incoming, NoAnswer, Outbound, Outgoing};

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
