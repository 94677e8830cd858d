//! Requests to other servers; needs the `http` permission, which names their hosts. Not in before-hooks.
//!
//! ```ignore
//! let answer = fetch::get("https://api.example.com/rates").bearer("api_key").send()?;
//! if answer.status == 200 { /* answer.text() */ }
//! ```
//! A secret is named by the key of a setting of the type `secret`; the host puts it into the request, the plugin never
//! sees it.

use crate::HostError;
use crate::bindings::imports::verstak::http::http as raw;

pub use raw::{Header, Request, Response};

/// A request that reads.
pub fn get(url: &str) -> Request {
    request("GET", url)
}

/// A request that sends JSON in text.
pub fn post_json(url: &str, body: impl Into<String>) -> Request {
    request("POST", url).json(body)
}

/// Any request: GET, HEAD, POST, PUT, PATCH or DELETE.
pub fn request(method: &str, url: &str) -> Request {
    Request {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        secrets: Vec::new(),
        body: Vec::new(),
        timeout_ms: None,
    }
}

impl Request {
    /// One more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push(Header { name: name.to_owned(), value: value.into() });
        self
    }

    /// JSON in text.
    #[must_use]
    pub fn json(mut self, body: impl Into<String>) -> Self {
        self.body = body.into().into_bytes();
        self.header("content-type", "application/json")
    }

    /// `Authorization: Bearer` with a secret of the settings.
    #[must_use]
    pub fn bearer(mut self, secret: &str) -> Self {
        self.secrets.push(raw::SecretUse::Bearer(secret.to_owned()));
        self
    }

    /// `Authorization: Basic` with a secret of the settings as the password.
    #[must_use]
    pub fn basic(mut self, user: &str, secret: &str) -> Self {
        let (user, secret) = (user.to_owned(), secret.to_owned());
        self.secrets.push(raw::SecretUse::Basic(raw::BasicUse { user, secret }));
        self
    }

    /// A header whose value is a secret of the settings.
    #[must_use]
    pub fn secret_header(mut self, name: &str, secret: &str) -> Self {
        let (name, secret) = (name.to_owned(), secret.to_owned());
        self.secrets.push(raw::SecretUse::Header(raw::HeaderUse { name, prefix: String::new(), secret }));
        self
    }

    /// Waits at most so long.
    #[must_use]
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.timeout_ms = Some(milliseconds);
        self
    }

    /// Sends it. Any status is an answer.
    ///
    /// # Errors
    /// `Denied`, `Limit`, `Unavailable` when there is none in time, `Invalid`.
    pub fn send(&self) -> Result<Response, HostError> {
        raw::fetch(self)
    }
}

impl Response {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }

    /// The body as UTF-8 text.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }
}
