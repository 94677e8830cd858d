//! Requests of plugins over the network, through the same guarded wire as webhooks.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use plugin_host::outbound::{Incoming, NoAnswer, Outbound, Outgoing};

use crate::webhook::{Request, Trouble, Wire};

/// Answers the plugin host's port.
pub struct Fetch(pub Wire);

#[async_trait::async_trait]
impl Outbound for Fetch {
    async fn send(&self, request: Outgoing) -> Result<Incoming, NoAnswer> {
        let most = request.most;
        let request = wired(request).map_err(NoAnswer::Wrong)?;
        let answer = self.0.exchange(request, most).await.map_err(|trouble| match trouble {
            Trouble::Forbidden(why) => NoAnswer::Forbidden(why),
            Trouble::Passing(why) => NoAnswer::Unavailable(why),
            Trouble::Wrong(why) => NoAnswer::Wrong(why),
        })?;
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = answer.headers.iter().filter_map(text).collect();
        let body = answer.body.ok_or(NoAnswer::TooLong(most / 1024))?;
        Ok(Incoming { status: answer.status, headers, body })
    }
}

fn wired(request: Outgoing) -> Result<Request, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|error| error.to_string())?;
        headers.insert(name, HeaderValue::from_str(value).map_err(|error| error.to_string())?);
    }
    let url = reqwest::Url::parse(request.url.as_str()).map_err(|error| error.to_string())?;
    let method = Method::try_from(request.method.as_str()).map_err(|error| error.to_string())?;
    Ok(Request { url, method, headers, body: request.body })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, Bytes};
    use axum::http::header;
    use axum::routing::any;

    use super::*;

    async fn server() -> String {
        let endless = || async {
            let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 65_536])));
            Body::from_stream(chunks)
        };
        // It says how much comes, and goes on.
        let declared = || async {
            let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 65_536])));
            ([(header::CONTENT_LENGTH, "1073741824")], Body::from_stream(chunks))
        };
        // A byte at a time, without an end.
        let trickle = || async {
            let drops = futures::stream::unfold((), |()| async {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), ()))
            });
            Body::from_stream(drops)
        };
        let slow = || async { Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>()) };
        let away = || async { ([(header::LOCATION, "http://169.254.169.254/")], axum::http::StatusCode::FOUND) };
        let router = Router::new()
            .route("/endless", any(endless))
            .route("/declared", any(declared))
            .route("/trickle", any(trickle))
            .route("/slow", any(slow))
            .route("/away", any(away))
            .route("/", any(|| async { "fine" }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    async fn send(allow_private: bool, url: &str) -> Result<Incoming, NoAnswer> {
        let request = Outgoing {
            url: url.parse().unwrap(),
            method: "GET".to_owned(),
            headers: vec![("x-a".to_owned(), "1".to_owned())],
            body: Vec::new(),
            most: 1024 * 1024,
        };
        Fetch(Wire::new(allow_private).unwrap()).send(request).await
    }

    #[tokio::test]
    async fn the_networks_around_the_server_are_not_reached() {
        let url = server().await;
        let port = url.rsplit(':').next().unwrap();
        for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254", "0.0.0.0"]
        {
            let answer = send(false, &format!("http://{host}:{port}/")).await;
            assert!(matches!(answer, Err(NoAnswer::Forbidden(_))), "{host}: {answer:?}");
        }
        // What the operator may allow is never a link-local address.
        let answer = send(true, "http://169.254.169.254/").await;
        assert!(matches!(answer, Err(NoAnswer::Forbidden(_))), "{answer:?}");
        assert_eq!(send(true, &url).await.unwrap().body, b"fine");
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_cut_and_a_slow_one_left() {
        let url = server().await;
        let answer = send(true, &format!("{url}/endless")).await;
        assert!(matches!(answer, Err(NoAnswer::TooLong(1024))), "{answer:?}");
        let answer = send(true, &format!("{url}/declared")).await;
        assert!(matches!(answer, Err(NoAnswer::TooLong(1024))), "{answer:?}");
        for path in ["slow", "trickle"] {
            let path = format!("{url}/{path}");
            let slow = tokio::time::timeout(std::time::Duration::from_millis(300), send(true, &path)).await;
            assert!(slow.is_err(), "{path}: it waits until its caller does not");
        }
        // A redirect is an answer: whoever asked judges the place first.
        let away = send(true, &format!("{url}/away")).await.unwrap();
        assert_eq!((away.status, away.headers.iter().any(|(name, _)| name == "location")), (302, true));
    }
}
