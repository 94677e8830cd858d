//! What tells two requests apart: their address and their bytes, hashed as they pass, so that uploads are not kept in
//! memory. The boundary between the parts of a form is random for each sending and does not count.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use axum::body::{Body, HttpBody};
use axum::http::header;
use axum::http::request::Parts;
use futures::{StreamExt, stream};
use kernel::Error;
use sha2::{Digest, Sha256};

use super::body::{bad_request, media_type};

/// Stands for the body of a request that was answered before it was read to its end.
const UNREAD: &str = "unread:";

/// The hash of a request that is being read; clones share it.
#[derive(Clone)]
pub struct Fingerprint(Arc<Mutex<Reading>>);

struct Reading {
    address: String,
    hash: Sha256,
    lines: Option<Lines>,
    bytes: u64,
    ended: bool,
}

/// The lines of a form; those that are boundaries are left out.
struct Lines {
    boundary: Vec<u8>,
    /// The beginning of a line that may still become a boundary.
    held: Vec<u8>,
    /// Whether the rest of the line counts; none at its beginning.
    counts: Option<bool>,
}

impl Fingerprint {
    /// Of a request whose body comes next.
    pub fn new(parts: &Parts) -> Self {
        let mut hash = Sha256::new();
        hash.update(parts.uri.to_string().as_bytes());
        let address = hex::encode(hash.clone().finalize());
        hash.update([0]);
        let lines = boundary(parts).map(|boundary| Lines { boundary, held: Vec::new(), counts: None });
        Self(Arc::new(Mutex::new(Reading { address, hash, lines, bytes: 0, ended: false })))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Reading) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same body, hashed while somebody reads it.
    pub fn watch(&self, body: Body) -> Body {
        let (fed, ended) = (self.clone(), self.clone());
        if body.is_end_stream() {
            self.with(|reading| reading.ended = true);
            return body;
        }
        let length = body.size_hint().exact();
        let bytes = body.into_data_stream().map(move |chunk| {
            if let Ok(bytes) = &chunk {
                fed.with(|reading| {
                    reading.feed(bytes);
                    reading.ended |= length == Some(reading.bytes);
                });
            }
            chunk
        });
        let end = stream::poll_fn(move |_| {
            ended.with(|reading| reading.ended = true);
            Poll::Ready(None)
        });
        Body::from_stream(bytes.chain(end))
    }

    /// Reads the body to its end for the hash alone.
    ///
    /// # Errors
    /// When it breaks off.
    pub async fn read(&self, body: Body) -> Result<(), Error> {
        let mut bytes = body.into_data_stream();
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(|error| bad_request("body", &error.to_string()))?;
            self.with(|reading| reading.feed(&chunk));
        }
        self.with(|reading| reading.ended = true);
        Ok(())
    }

    /// The hash of what was read.
    pub fn text(&self) -> String {
        self.with(|reading| match reading.ended {
            true => hex::encode(reading.finished()),
            false => format!("{UNREAD}{}", reading.address),
        })
    }

    /// Whether this request, read to its end, is the one that left `text`.
    pub fn matches(&self, text: &str) -> bool {
        match text.strip_prefix(UNREAD) {
            Some(address) => self.with(|reading| reading.address == address),
            None => self.text() == text,
        }
    }
}

impl Reading {
    fn feed(&mut self, bytes: &[u8]) {
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let Some(lines) = &mut self.lines else { return self.hash.update(bytes) };
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            lines.feed(piece, &mut self.hash);
        }
    }

    fn finished(&self) -> impl AsRef<[u8]> + use<> {
        let mut hash = self.hash.clone();
        if let Some(lines) = &self.lines
            && !lines.held.starts_with(&lines.boundary)
        {
            hash.update(&lines.held);
        }
        hash.finalize()
    }
}

impl Lines {
    /// A piece of one line, with its end if it has one.
    fn feed(&mut self, piece: &[u8], hash: &mut Sha256) {
        let over = piece.ends_with(b"\n");
        match self.counts {
            Some(true) => hash.update(piece),
            Some(false) => {}
            None => {
                self.held.extend_from_slice(piece);
                if over || self.held.len() >= self.boundary.len() {
                    let counts = !self.held.starts_with(&self.boundary);
                    if counts {
                        hash.update(&self.held);
                    }
                    self.held.clear();
                    self.counts = Some(counts);
                }
            }
        }
        if over {
            self.counts = None;
        }
    }
}

/// How lines between the parts of a form begin (RFC 2046, 5.1.1).
fn boundary(parts: &Parts) -> Option<Vec<u8>> {
    let kind = parts.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if !media_type(&parts.headers)?.starts_with("multipart/") {
        return None;
    }
    let named = kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    });
    named.filter(|name| !name.is_empty()).map(|name| format!("--{name}").into_bytes())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn of(kind: &str, chunks: &[&str]) -> String {
        let (parts, ()) = Request::post("/a").header("content-type", kind).body(()).unwrap().into_parts();
        let print = Fingerprint::new(&parts);
        print.with(|reading| {
            for chunk in chunks {
                reading.feed(chunk.as_bytes());
            }
            reading.ended = true;
        });
        print.text()
    }

    #[test]
    fn the_boundary_of_a_form_does_not_count_and_everything_else_does() {
        let form = |boundary: &str, text: &str| {
            let whole = format!("--{boundary}\r\nname: x\r\n\r\n{text}\r\n--{boundary}--\r\n");
            let kind = format!("Multipart/Form-Data; boundary=\"{boundary}\"");
            let (begin, end) = whole.split_at(7);
            assert_eq!(of(&kind, &[&whole]), of(&kind, &[begin, end]), "however it is cut");
            of(&kind, &[&whole])
        };
        assert_eq!(form("first-1", "--text\n--fir"), form("2nd", "--text\n--fir"));
        assert_ne!(form("first-1", "one"), form("first-1", "two"));
        assert_ne!(of("application/json", &["--a\n"]), of("application/json", &["--b\n"]));
    }
}
