//! The built server as a process: how fast it answers after its start, how much memory it holds.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Outcome;
use crate::client::{Ask, Client};
use crate::measure::now;

/// A running server; dropping it ends it.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to the first answer.
    pub started: Duration,
}

/// Resident memory, in MiB.
pub struct Memory {
    /// Now.
    pub now: f64,
    /// The most there has been.
    pub most: f64,
}

impl Server {
    /// Starts it on a database that is there, and waits until it has answered a signed-in request.
    pub fn start(verstak: &Path, data: &Path, url: &str, token: &str) -> Outcome<Self> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let begin = now();
        let mut command = Command::new(verstak);
        command.args(["serve", "--listen", &address.to_string(), "--database-url", url, "--data"]).arg(data);
        // One client asks for all: the limit per person is not what is measured.
        command.env("VERSTAK__HTTP__RATE_PER_SECOND", "0").env("VERSTAK__LOG__LEVEL", "warn");
        let child = command.stdin(Stdio::null()).spawn().map_err(|error| format!("{}: {error}", verstak.display()))?;
        let mut server = Self { child, address, started: Duration::ZERO };
        server.wait_for_answer(token)?;
        server.started = begin.elapsed();
        Ok(server)
    }

    fn wait_for_answer(&mut self, token: &str) -> Outcome {
        let begin = now();
        loop {
            match TcpStream::connect(self.address) {
                Ok(_) => break,
                Err(error)
                    if error.kind() == ErrorKind::ConnectionRefused && begin.elapsed() < Duration::from_secs(60) => {}
                Err(error) => return Err(error.into()),
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended: {status}").into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let ask = Ask { method: "GET", path: "/api/v1/records/lead?limit=1".to_owned(), body: None };
        Client::new(self.address, token)?.send(&ask)?;
        Ok(())
    }

    /// Memory of its own (anonymous: pages of files that the system may drop do not count), in MiB.
    pub fn own_memory(&self) -> Outcome<f64> {
        Ok(self.kib("RssAnon:")? / 1024.0)
    }

    fn kib(&self, key: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(key)).ok_or("no such line in /proc")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Its memory.
    pub fn memory(&self) -> Outcome<Memory> {
        Ok(Memory { now: self.kib("VmRSS:")? / 1024.0, most: self.kib("VmHWM:")? / 1024.0 })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
