//! The plugin's own HTTP routes: requests as the host passes them on, and answers.

use crate::bindings::http::exports::verstak::plugin::http::Header;

pub use crate::bindings::http::exports::verstak::plugin::http::{Request, Response};

impl Request {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }

    /// A parameter of the query string.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|pair| pair.name == name).map(|pair| pair.value.as_str())
    }

    /// The body as UTF-8 text.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }
}

impl Response {
    /// An answer with a JSON body already in text.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Response {
            status,
            headers: vec![Header { name: "content-type".into(), value: "application/json".into() }],
            body: body.into().into_bytes(),
        }
    }

    /// A file, status 200. A type that a browser might run is sent as bytes.
    pub fn file(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Response {
            status: 200,
            headers: vec![Header { name: "content-type".into(), value: media_type.into() }],
            body: body.into(),
        }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Response { status, headers: Vec::new(), body: Vec::new() }
    }
}
