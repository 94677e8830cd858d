//! The request that a service task asks for. Parameters enter and leave as something that can be sent. Pure.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use process::runtime::ServiceCall;
use reqwest::Url;
use serde_json::{Map, Value as Json};

/// Bytes of a body.
const MAX_BODY: usize = 1024 * 1024;
/// Headers of a request, and bytes of one.
const MAX_HEADERS: usize = 50;
const MAX_VALUE: usize = 8 * 1024;
/// Headers that belong to the connection or are set here.
const OWN: [&str; 13] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "idempotency-key",
];

/// A request, ready to be sent.
pub struct Request {
    /// Where to.
    pub url: Url,
    /// How.
    pub method: Method,
    /// Besides those of the connection.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads the parameters of a call.
    ///
    /// # Errors
    /// What is wrong with which parameter.
    pub(super) fn of(call: &ServiceCall) -> Result<Self, String> {
        let mut parameters = call.parameters.clone();
        let url = url(parameters.remove("url"))?;
        let method = method(parameters.remove("method"))?;
        let mut headers = headers(parameters.remove("headers"))?;
        let key = HeaderValue::from_str(&call.idempotency_key().to_string()).map_err(|error| error.to_string())?;
        headers.insert(HeaderName::from_static("idempotency-key"), key);
        let body = if method == Method::GET { nothing(&parameters)? } else { body(parameters)? };
        if method != Method::GET {
            headers.insert(HeaderName::from_static("content-type"), HeaderValue::from_static("application/json"));
        }
        Ok(Self { url, method, headers, body })
    }

    /// Where it goes, without anything that may be secret.
    pub(super) fn place(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}{}", self.url.scheme(), self.url.host_str().unwrap_or_default(), self.url.path())
    }
}

fn url(value: Option<Json>) -> Result<Url, String> {
    let Some(Json::String(text)) = value else {
        return Err("the parameter `url` is missing".to_owned());
    };
    let url = Url::parse(text.trim()).map_err(|error| format!("the parameter `url` is no address: {error}"))?;
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
        return Err("the parameter `url` must begin with http:// or https:// and a host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the parameter `url` has a name or password; use the header authorization".to_owned());
    }
    Ok(url)
}

fn method(value: Option<Json>) -> Result<Method, String> {
    let known = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::GET];
    match value {
        None | Some(Json::Null) => Ok(Method::POST),
        Some(Json::String(text)) => {
            let found = known.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text.trim()));
            found.ok_or_else(|| "the parameter `method` must be POST, PUT, PATCH, DELETE or GET".to_owned())
        }
        Some(_) => Err("the parameter `method` is no text".to_owned()),
    }
}

fn headers(value: Option<Json>) -> Result<HeaderMap, String> {
    let given = match value {
        None | Some(Json::Null) => Map::new(),
        Some(Json::Object(given)) => given,
        Some(_) => return Err("the parameter `headers` must be an object of texts".to_owned()),
    };
    if given.len() > MAX_HEADERS {
        return Err(format!("the parameter `headers` has more than {MAX_HEADERS}"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let wrong = |why: &str| format!("the header `{}` {why}", name.chars().take(100).collect::<String>());
        let key = HeaderName::try_from(name.as_str()).map_err(|_| wrong("is no header's name"))?;
        if OWN.contains(&key.as_str()) {
            return Err(wrong("cannot be set"));
        }
        let text = value.as_str().filter(|text| text.len() <= MAX_VALUE);
        let text = text.ok_or_else(|| wrong("must be a text of at most 8 KiB"))?;
        headers.insert(key, HeaderValue::from_str(text).map_err(|_| wrong("has letters that a header cannot have"))?);
    }
    Ok(headers)
}

fn nothing(rest: &Map<String, Json>) -> Result<Vec<u8>, String> {
    match rest.keys().next() {
        Some(name) => Err(format!("GET sends no body: put `{name}` into the url")),
        None => Ok(Vec::new()),
    }
}

fn body(mut rest: Map<String, Json>) -> Result<Vec<u8>, String> {
    let body = match rest.remove("body") {
        Some(body) => match rest.keys().next() {
            Some(name) => return Err(format!("`{name}` stands beside `body`: put it into the body")),
            None => body,
        },
        None => Json::Object(rest),
    };
    let bytes = serde_json::to_vec(&body).map_err(|error| error.to_string())?;
    if bytes.len() > MAX_BODY { Err(format!("the body is larger than {MAX_BODY} bytes")) } else { Ok(bytes) }
}
