//! `http`: requests to hosts of the manifest. Secrets are named, never read: the host puts them into headers.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::Locale;
use records::Catalogue;
use serde::Deserialize;
use url::Url;

use super::{Caller, State};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::http::http as wit;
use crate::manifest::check::{fail, text};
use crate::manifest::permissions::{Grant, Part, Permission, things};
use crate::manifest::{ManifestError, Text};
use crate::outbound::{self, NoAnswer, Outbound, Outgoing};
use crate::secrets;

/// Hosts of a manifest.
const MAX_HOSTS: usize = 50;
/// Bytes that are sent.
const MAX_BODY: usize = 1024 * 1024;
/// Bytes of an answer.
const MAX_ANSWER: usize = 2 * 1024 * 1024;
/// Headers of a request, and bytes of one.
const MAX_HEADERS: usize = 50;
const MAX_VALUE: usize = 8 * 1024;
/// The longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Headers that belong to the connection.
const OWN: [&str; 12] = [
    "host",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "te",
    "trailer",
    "upgrade",
    "expect",
];

/// What the manifest says: `[permissions.http]`.
pub(crate) const PART: Part = Part::of::<HttpPermission>("http");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpPermission {
    /// `api.example.com`, with a port where it is not the scheme's own; `*.example.com`: whatever stands below it.
    pub(crate) hosts: Vec<String>,
    /// Shown to the admin who grants it.
    #[serde(default)]
    reason: Text,
}

impl Permission for HttpPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.http.reason", &self.reason)?;
        if self.hosts.is_empty() || self.hosts.len() > MAX_HOSTS {
            return fail("permissions.http.hosts", format!("name 1 to {MAX_HOSTS} hosts"));
        }
        match self.hosts.iter().find(|host| !is_host(host)) {
            Some(host) => fail(
                "permissions.http.hosts",
                format!("`{host}` must be a name such as `api.example.com`, `api.example.com:8443` or `*.example.com`"),
            ),
            None => Ok(()),
        }
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Talks to other servers: ",
            Locale::Ru => "Обращается к другим серверам: ",
            Locale::Uk => "Звертається до інших серверів: ",
        };
        vec![Grant {
            key: PART.name.to_owned(),
            title: title.to_owned() + &self.hosts.join(", "),
            reason: self.reason.clone(),
            scope: things("host", &self.hosts).collect(),
        }]
    }
}

/// A name of at least two parts, in lower case; no address, no scheme, no path.
fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let name = name.strip_prefix("*.").unwrap_or(name);
    let part = |part: &str| {
        !part.is_empty()
            && part.len() <= 63
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let top = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && name.len() <= 253
        && name.split('.').all(part)
        && top.bytes().any(|byte| byte.is_ascii_lowercase())
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Whether an address goes to one of the hosts. A port must be named, unless it is the scheme's own.
pub(crate) fn goes_to(url: &Url, hosts: &[String]) -> bool {
    let Some(name) = url.host_str().map(|name| name.trim_end_matches('.').to_ascii_lowercase()) else { return false };
    hosts.iter().any(|host| {
        let (wanted, port) = host.split_once(':').map_or((host.as_str(), None), |(name, port)| (name, Some(port)));
        let fits = match wanted.strip_prefix('*') {
            Some(below) => name.len() > below.len() && name.ends_with(below),
            None => name == wanted,
        };
        fits && url.port().map(|port| port.to_string()).as_deref() == port
    })
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl wit::Host for State {
    async fn fetch(&mut self, request: wit::Request) -> Answer<wit::Response> {
        self.enter()?;
        Ok(self.fetch_url(request).await)
    }
}

fn invalid(text: impl Into<String>) -> HostError {
    HostError::Invalid(Invalid { text: text.into(), fields: Vec::new() })
}

impl State {
    async fn fetch_url(&mut self, request: wit::Request) -> Result<wit::Response, HostError> {
        let caller = self.granted(PART.name)?;
        let most = self.budget.requests;
        if most == 0 {
            return Err(HostError::Denied(
                "nobody waits for other servers here: use an event, a job or a route".to_owned(),
            ));
        }
        if self.requests >= most {
            return Err(HostError::Limit(format!("more than {most} requests in one call")));
        }
        self.requests += 1;
        let permission = caller.plugin.manifest().permissions.part::<HttpPermission>();
        let hosts = permission.map(|permission| permission.hosts.clone()).unwrap_or_default();
        let secret = headers_of(&caller, &request.secrets)?;
        let outgoing = outgoing(&request, &secret)?;
        let outbound: Arc<dyn Outbound> = caller
            .services
            .outbound
            .get()
            .cloned()
            .ok_or_else(|| HostError::Unavailable("this process sends nothing".to_owned()))?;
        let left = self.budget.wall.saturating_sub(self.started.elapsed());
        let asked = request.timeout_ms.map_or(TIMEOUT, |ms| Duration::from_millis(ms.into()));
        let may = |url: &Url| {
            if goes_to(url, &hosts) {
                return Ok(());
            }
            let host = url.host_str().unwrap_or_default();
            Err(NoAnswer::Forbidden(format!("`{host}` is not among the hosts of the manifest")))
        };
        let answer = outbound::follow(&outbound, outgoing, secret, TIMEOUT.min(asked).min(left), may).await;
        let answer = answer.map_err(|why| match why {
            NoAnswer::Forbidden(why) => HostError::Denied(why),
            NoAnswer::Unavailable(why) => HostError::Unavailable(why),
            NoAnswer::TooLong(_) => HostError::Limit(why.to_string()),
            NoAnswer::Wrong(why) => invalid(why),
        })?;
        let header = |(name, value): (String, String)| wit::Header { name, value };
        let headers = answer.headers.into_iter().filter(|(name, _)| name != "set-cookie").map(header);
        Ok(wit::Response { status: answer.status, headers: headers.collect(), body: answer.body })
    }
}

/// Headers with secrets in them, which only the wire sees.
fn headers_of(caller: &Caller, uses: &[wit::SecretUse]) -> Result<Vec<(String, String)>, HostError> {
    let secret = |key: &str| secrets::opened(&caller.services.db, caller.ctx.tenant, &caller.plugin, key);
    let header = |name: &str, value: String| Ok((header_name(name)?, header_value(name, &value)?));
    uses.iter()
        .map(|one| match one {
            wit::SecretUse::Bearer(key) => header("authorization", format!("Bearer {}", secret(key)?)),
            wit::SecretUse::Basic(basic) => {
                if basic.user.contains(':') {
                    return Err(invalid("a user's name has no colon"));
                }
                let both = format!("{}:{}", basic.user, secret(&basic.secret)?);
                header("authorization", format!("Basic {}", STANDARD.encode(both)))
            }
            wit::SecretUse::Header(one) => header(&one.name, format!("{}{}", one.prefix, secret(&one.secret)?)),
        })
        .collect()
}

fn header_name(name: &str) -> Result<String, HostError> {
    let name = name.to_ascii_lowercase();
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let shown: String = name.chars().take(100).filter(|letter| !letter.is_control()).collect();
    if name.is_empty() || name.len() > 100 || !name.bytes().all(token) {
        return Err(invalid(format!("`{shown}` is no header's name")));
    }
    if OWN.contains(&name.as_str()) {
        return Err(invalid(format!("the header `{shown}` cannot be set")));
    }
    Ok(name)
}

/// Visible ASCII, spaces and tabs: neither a line's end nor what is not defined (RFC 9110, section 5.5).
fn header_value(name: &str, value: &str) -> Result<String, HostError> {
    let plain = value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
    if !plain || value.len() > MAX_VALUE {
        return Err(invalid(format!("the header `{name}` must have up to 8 KiB of ASCII without line ends")));
    }
    Ok(value.to_owned())
}

fn outgoing(request: &wit::Request, secret: &[(String, String)]) -> Result<Outgoing, HostError> {
    if !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(&request.method.as_str()) {
        return Err(invalid("the method must be GET, HEAD, POST, PUT, PATCH or DELETE"));
    }
    let url = Url::parse(&request.url).map_err(|error| invalid(format!("url: {error}")))?;
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("url: must begin with https:// or http:// and a host"));
    }
    if url.scheme() != "https" && !secret.is_empty() {
        return Err(HostError::Denied("secrets go over https alone".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("url: a name and a password belong into `secrets`"));
    }
    if request.body.len() > MAX_BODY {
        return Err(HostError::Limit(format!("body: more than {} KiB", MAX_BODY / 1024)));
    }
    if request.headers.len() + secret.len() > MAX_HEADERS {
        return Err(HostError::Limit(format!("more than {MAX_HEADERS} headers")));
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    for header in &request.headers {
        let (name, value) = (header_name(&header.name)?, header_value(&header.name, &header.value)?);
        if headers.iter().chain(secret).any(|(known, _)| *known == name) {
            return Err(invalid(format!("the header `{name}` is there twice")));
        }
        headers.push((name, value));
    }
    Ok(Outgoing { url, method: request.method.clone(), headers, body: request.body.clone(), most: MAX_ANSWER })
}
