//! A keep-alive HTTP/1.1 client over a plain socket: it shares two cores with the server it measures, so it does no
//! more than a program of a few lines would. It asks for no compression.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::time::Duration;

use serde_json::Value as Json;

use crate::Outcome;
use crate::measure::{Stretch, now};

/// A request to send.
pub struct Ask {
    /// `GET`, `POST`.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// JSON.
    pub body: Option<String>,
}

/// A connection with a token.
pub struct Client {
    stream: BufReader<TcpStream>,
    token: String,
    line: String,
    body: Vec<u8>,
}

impl Client {
    /// Connects.
    pub fn new(address: SocketAddr, token: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self {
            stream: BufReader::with_capacity(65_536, stream),
            token: token.to_owned(),
            line: String::new(),
            body: Vec::new(),
        })
    }

    /// Sends a request and reads the whole answer; anything but success is an error.
    pub fn send(&mut self, ask: &Ask) -> Outcome<&[u8]> {
        self.carry(ask.method, &ask.path, "application/json", ask.body.as_deref().unwrap_or_default().as_bytes())
    }

    /// The same with the answer read.
    pub fn json(&mut self, ask: &Ask) -> Outcome<Json> {
        Ok(serde_json::from_slice(self.send(ask)?)?)
    }

    /// The same with a body of any kind.
    pub fn carry(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Outcome<&[u8]> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        let status = self.head()?;
        self.stream.read_exact(&mut self.body)?;
        if !(200..300).contains(&status) {
            return Err(format!("{method} {path} answered {status}: {}", String::from_utf8_lossy(&self.body)).into());
        }
        Ok(&self.body)
    }

    /// Reads status and headers and makes room for the body.
    fn head(&mut self) -> Outcome<u16> {
        let mut status = 0;
        let mut length = 0;
        loop {
            self.line.clear();
            if self.stream.read_line(&mut self.line)? == 0 {
                return Err("the server closed the connection".into());
            }
            let line = self.line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.split(' ').next().unwrap_or_default().parse()?;
            } else if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        self.body.resize(length, 0);
        Ok(status)
    }
}

/// A file that comes in pieces: asked for by HTTP/1.0, so that it ends with the connection.
pub fn download(address: SocketAddr, token: &str, path: &str) -> Outcome<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let request = format!("GET {path} HTTP/1.0\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("an answer without an end of its head")?;
    let file = answer.split_off(end + 4);
    let head = String::from_utf8_lossy(&answer);
    match head.split(' ').nth(1) {
        Some("200") => Ok(file),
        _ => Err(format!("GET {path} answered {head}").into()),
    }
}

/// Drives so many clients for a while, each as fast as it is answered. `make(client, n)` gives a client's n-th request.
pub fn drive(
    address: SocketAddr,
    token: &str,
    clients: usize,
    length: Duration,
    make: &(dyn Fn(usize, usize) -> Option<Ask> + Sync),
) -> Outcome<Stretch> {
    let gate = Barrier::new(clients);
    let one = |client: usize| -> Outcome<Stretch> {
        let connection = Client::new(address, token);
        gate.wait();
        let mut connection = connection?;
        let mut times = Vec::new();
        let begin = now();
        while begin.elapsed() < length {
            let Some(ask) = make(client, times.len()) else { break };
            let start = now();
            connection.send(&ask)?;
            times.push(start.elapsed());
        }
        Ok(Stretch { times, elapsed: begin.elapsed(), ..Stretch::default() })
    };
    let one = &one;
    let parts: Vec<Outcome<Stretch>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|client| scope.spawn(move || one(client))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a client panicked".into()))).collect()
    });
    join(parts)
}

/// The stretches of clients that ran side by side as one.
pub fn join(parts: Vec<Outcome<Stretch>>) -> Outcome<Stretch> {
    let mut all = Stretch::default();
    for part in parts {
        let part = part?;
        all.times.extend(part.times);
        all.elapsed = all.elapsed.max(part.elapsed);
    }
    Ok(all)
}
