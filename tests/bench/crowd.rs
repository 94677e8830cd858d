//! Many clients at once, half of them bad ones: what the good ones are answered meanwhile.
//!
//! Must not know: what serves the address. The bench runs a large crowd for long, the suite a small one for moments.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

/// Who comes, and for how long.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// Of the server.
    pub address: SocketAddr,
    /// Of somebody who may read and make leads.
    pub token: String,
    /// How many; every second one is bad.
    pub clients: usize,
    /// How long they stay.
    pub length: Duration,
}

/// What they met.
#[derive(Debug, Default)]
pub struct Met {
    /// How long each success of a good client took.
    pub times: Vec<Duration>,
    /// Answers to good clients, by status.
    pub statuses: BTreeMap<u16, usize>,
    /// Connections of good clients that broke off.
    pub broken: usize,
    /// Connections of bad clients that the server ended.
    pub ended: usize,
}

impl Met {
    fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.broken += other.broken;
        self.ended += other.ended;
    }

    /// The time that this many of 1000 successes stayed within.
    pub fn within(&self, per_mille: usize) -> Duration {
        let mut all = self.times.clone();
        all.sort_unstable();
        let place = (all.len() * per_mille / 1000).min(all.len().saturating_sub(1));
        all.get(place).copied().unwrap_or_default()
    }

    /// Answers to good clients with a status that this is true of.
    pub fn answered(&self, which: impl Fn(u16) -> bool) -> usize {
        self.statuses.iter().filter(|(status, _)| which(**status)).map(|(_, count)| count).sum()
    }
}

impl Crowd {
    /// Comes, stays, and goes.
    pub async fn run(&self) -> Met {
        let until = Instant::now() + self.length;
        let crowd = Arc::new(self.clone());
        let clients: Vec<_> = (0..self.clients).map(|n| tokio::spawn(client(Arc::clone(&crowd), n, until))).collect();
        let mut met = Met::default();
        for client in clients {
            met.add(client.await.unwrap_or_default());
        }
        met
    }

    /// Only good ones, so many requests of each, one after the other.
    pub async fn alone(&self, requests: usize) -> Met {
        let mut met = Met::default();
        let mut connection = None;
        for n in 0..requests {
            ask(self, &mut connection, n, &mut met).await;
        }
        met
    }

    fn head(&self, method: &str, path: &str, rest: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n{rest}", self.token)
    }

    /// The n-th request of a good client: mostly reads, and a new lead now and then.
    fn request(&self, n: usize) -> String {
        match n % 8 {
            7 => {
                let body = format!(r#"{{"fields": {{"title": "Crowd {n}"}}}}"#);
                let length = format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                self.head("POST", "/api/v1/records/lead", &length)
            }
            3 => self.head("GET", "/api/v1/me", "\r\n"),
            _ => self.head("GET", "/api/v1/records/lead?limit=20", "\r\n"),
        }
    }
}

async fn client(crowd: Arc<Crowd>, n: usize, until: Instant) -> Met {
    let mut met = Met::default();
    let mut connection = None;
    for round in n.. {
        if Instant::now() >= until {
            break;
        }
        let went = if n.is_multiple_of(2) {
            timeout_at(until, ask(&crowd, &mut connection, round, &mut met)).await
        } else {
            timeout_at(until, bad(&crowd, n / 2)).await.map(|()| met.ended += 1)
        };
        if went.is_err() {
            break;
        }
    }
    met
}

type Connection = Option<BufReader<TcpStream>>;

/// One request of a good client; whoever is told to come later does.
async fn ask(crowd: &Crowd, connection: &mut Connection, n: usize, met: &mut Met) {
    let begun = Instant::now();
    match answer(crowd, connection, n).await {
        Ok(status) => {
            *met.statuses.entry(status).or_default() += 1;
            if (200..300).contains(&status) {
                met.times.push(begun.elapsed());
            } else {
                sleep(Duration::from_millis(500)).await;
            }
        }
        Err(_) => {
            met.broken += 1;
            *connection = None;
            sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn answer(crowd: &Crowd, connection: &mut Connection, n: usize) -> std::io::Result<u16> {
    let stream = match connection {
        Some(stream) => stream,
        None => connection.insert(BufReader::new(TcpStream::connect(crowd.address).await?)),
    };
    stream.get_mut().write_all(crowd.request(n).as_bytes()).await?;
    let (mut status, mut length, mut line, mut last) = (0, 0, String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim_end().to_ascii_lowercase();
        if let Some(rest) = text.strip_prefix("http/1.1 ") {
            status = rest.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
        } else if let Some(value) = text.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        } else if text == "connection: close" {
            last = true;
        } else if text.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    if last {
        *connection = None;
    }
    Ok(status)
}

/// One bad client until the server has had enough of it.
async fn bad(crowd: &Crowd, n: usize) {
    let went: std::io::Result<()> = async {
        let mut stream = TcpStream::connect(crowd.address).await?;
        let body = "content-type: application/json\r\ncontent-length: 4000000\r\n\r\n";
        match n % 5 {
            // Half a head, half a body, and nothing more.
            0 => stream.write_all(b"GET /api/v1/me HTTP/1.1\r\nhost: x\r\nx-").await?,
            1 => {
                stream.write_all(crowd.head("POST", "/api/v1/records/lead", body).as_bytes()).await?;
                stream.write_all(&vec![b' '; 100_000]).await?;
            }
            // Nobody known with half a body.
            2 => {
                stream.write_all(format!("POST /api/v1/session HTTP/1.1\r\nhost: x\r\n{body}").as_bytes()).await?;
                stream.write_all(&vec![b' '; 100_000]).await?;
            }
            // A body by drops.
            3 => {
                stream.write_all(crowd.head("POST", "/api/v1/records/lead/query", body).as_bytes()).await?;
                while stream.write_all(b" ").await.is_ok() {
                    sleep(Duration::from_millis(200)).await;
                }
            }
            // A large answer, asked for and read by drops.
            _ => {
                let long = crowd.head("GET", "/api/v1/records/lead?limit=500", "\r\n");
                stream.write_all(long.as_bytes()).await?;
                let mut drop = [0; 64];
                while stream.read(&mut drop).await? > 0 {
                    sleep(Duration::from_millis(200)).await;
                }
            }
        }
        // Until it hangs up.
        let mut told = Vec::new();
        stream.read_to_end(&mut told).await.map(|_| ())
    }
    .await;
    if went.is_err() {
        sleep(Duration::from_millis(100)).await;
    }
}
