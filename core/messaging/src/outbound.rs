//! The port through which requests worded by somebody else leave: the server answers it with a client that judges every
//! address, tests with a script.

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
