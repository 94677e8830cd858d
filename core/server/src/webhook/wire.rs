//! A request over the network: names become addresses, every address is judged, and the connection goes to one of them.
//!
//! One connection per request, HTTP/1.1, certificates checked against Mozilla's roots. No proxy of the environment, no
//! redirect, no second look at the name between the judgement and the connection.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{self, HeaderValue, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kernel::net::{self, Unreachable};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::request::Request;
use super::{Answer, Trouble};

/// Bytes of an answer that are read.
pub(super) const MAX_ANSWER: usize = 256 * 1024;
/// Bytes of the head of an answer.
const MAX_HEAD: usize = 64 * 1024;

/// How requests go out; cheap to clone.
#[derive(Clone)]
pub struct Wire {
    tls: Arc<ClientConfig>,
    allow_private: bool,
}

/// Anything that carries bytes.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Wire {
    /// With `allow_private`, addresses of this machine and of private networks are reachable too.
    ///
    /// # Errors
    /// When the machine cannot do TLS.
    pub fn new(allow_private: bool) -> Result<Self, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: Arc::new(tls), allow_private })
    }

    /// Sends a request and reads its answer, up to `most` bytes of it.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn exchange(&self, request: Request, most: usize) -> Result<Answer, Trouble> {
        // In brackets when it is an IPv6 address.
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = request.url.port_or_known_default().unwrap_or(80);
        let addresses = net::addresses(&host, port, self.allow_private).await.map_err(|why| match why {
            Unreachable::Unknown(_) => Trouble::Passing(why.to_string()),
            Unreachable::Forbidden(_) => Trouble::Forbidden(why.to_string()),
        })?;
        let stream = connect(&addresses).await;
        let stream = stream.map_err(|error| Trouble::Passing(format!("no connection: {error}")))?;
        let stream: Box<dyn Stream> = if request.url.scheme() == "https" {
            let name = ServerName::try_from(host).map_err(|error| Trouble::Wrong(error.to_string()))?;
            let secured = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
            Box::new(secured.map_err(|error| Trouble::Passing(format!("no secure connection: {error}")))?)
        } else {
            Box::new(stream)
        };
        let request = outgoing(request).map_err(Trouble::Wrong)?;
        talk(stream, request, most).await.map_err(|error| Trouble::Passing(error.to_string()))
    }
}

/// The first address that answers; all of them have been judged.
async fn connect(addresses: &[SocketAddr]) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(addresses).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The request as it goes over the wire.
fn outgoing(request: Request) -> Result<http::Request<Full<Bytes>>, String> {
    let url = &request.url;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = format!("{}{port}", url.host_str().unwrap_or_default());
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut outgoing = http::Request::builder()
        .method(request.method)
        .uri(target)
        .body(Full::new(Bytes::from(request.body)))
        .map_err(|error| error.to_string())?;
    let headers = outgoing.headers_mut();
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("Verstak/", env!("CARGO_PKG_VERSION"))));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.extend(request.headers);
    headers.insert(header::HOST, HeaderValue::from_str(&host).map_err(|error| error.to_string())?);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(outgoing)
}

async fn talk(
    stream: Box<dyn Stream>,
    request: http::Request<Full<Bytes>>,
    most: usize,
) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
    let mut client = http1::Builder::new();
    client.max_buf_size(MAX_HEAD);
    let (mut sender, connection) = client.handshake(TokioIo::new(stream)).await?;
    // The connection lives as long as the exchange.
    let talk = async move {
        let response = sender.send_request(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = match Limited::new(response.into_body(), most).collect().await {
            Ok(body) => Some(body.to_bytes().to_vec()),
            Err(error) if error.is::<LengthLimitError>() => None,
            Err(error) => return Err(error),
        };
        Ok(Answer { status, headers, body })
    };
    let mut talk = std::pin::pin!(talk);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        answer = &mut talk => return answer,
        ended = &mut connection => ended,
    };
    // The other side has closed: what it said before may still be there to be read.
    match talk.await {
        Ok(answer) => Ok(answer),
        Err(error) => Err(ended.err().map_or(error, Into::into)),
    }
}
