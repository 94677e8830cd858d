//! SMTP (RFC 5321) step by step, so that it is known at which point something went wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use super::compose::{Enclosed, compose};
use super::dkim::DkimOptions;
use super::outbox::Letter;

/// Bytes of a letter written at once.
const PART: usize = 16 * 1024;

/// How the connection is kept from listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// In the clear: only for a server on the same machine.
    None,
    /// Begun in the clear, then TLS by STARTTLS; refused when the server cannot.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
}

/// Where letters are handed over. The password is never shown by `Debug`.
#[derive(Clone, serde::Deserialize)]
pub struct MailOptions {
    /// Name of the server.
    pub host: String,
    /// 25, 465 or 587.
    pub port: u16,
    /// How the connection is kept from listeners.
    #[serde(default)]
    pub tls: MailTls,
    /// Sign-in name, if the server wants one.
    #[serde(default)]
    pub username: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<String>,
    /// Sender of all letters: `Name <address>` or an address.
    pub from: String,
    /// What this machine calls itself; the sender's domain by default.
    #[serde(default)]
    pub hello: Option<String>,
    /// Seconds that one step of the dialogue may take; 30 by default.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
    /// Letters a second at most; 0 = as they come.
    #[serde(default)]
    pub per_second: u32,
    /// What signs letters; none = nothing.
    #[serde(skip)]
    pub dkim: Option<DkimOptions>,
}

const fn thirty() -> u64 {
    30
}

impl std::fmt::Debug for MailOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailOptions")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("username", &self.username)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

impl MailOptions {
    /// Whether letters could be sent like this: call at the start of the server.
    ///
    /// # Errors
    /// What is wrong, naming the key.
    pub fn check(&self) -> Result<(), String> {
        if self.host.trim().is_empty() {
            return Err("mail.host is empty".into());
        }
        self.from.parse::<Mailbox>().map_err(|e| format!("mail.from `{}` is not an address: {e}", self.from))?;
        if self.username.is_some() != self.password.is_some() {
            return Err("mail.username and mail.password belong together".into());
        }
        if self.username.is_some() && self.tls == MailTls::None {
            tracing::warn!("the mail password goes over the network in the clear: mail.tls is none");
        }
        Ok(())
    }

    /// The domain of the sender.
    pub(super) fn domain(&self) -> &str {
        let address = self.from.rsplit('@').next().unwrap_or_default().trim_end_matches('>').trim();
        if address.is_empty() { "verstak.invalid" } else { address }
    }
}

/// Why the letter was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server surely has no letter; another try may help.
    Later(String),
    /// The server surely has no letter and will not take it.
    Never(String),
    /// The connection broke while the letter was on its way.
    Unsure(String),
}

impl Trouble {
    /// A step failed before the letter itself went over.
    fn before(step: &str, error: &lettre::transport::smtp::Error) -> Self {
        let text = format!("{step}: {error}{}", cause(error));
        if error.is_permanent() { Self::Never(text) } else { Self::Later(text) }
    }

    /// The letter itself went over, or a part of it.
    fn after(error: &lettre::transport::smtp::Error) -> Self {
        let text = format!("text of the letter: {error}{}", cause(error));
        if error.is_permanent() {
            Self::Never(text)
        } else if error.is_transient() {
            Self::Later(text)
        } else {
            Self::Unsure(text)
        }
    }
}

fn cause(error: &lettre::transport::smtp::Error) -> String {
    std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default()
}

/// A server that waits for the text of the letter.
pub(super) struct Accepted {
    connection: AsyncSmtpConnection,
    text: Vec<u8>,
    patience: Duration,
}

/// Connects and announces the letter, up to the server's `354`. The server has no letter after this.
pub(super) async fn begin(options: &MailOptions, letter: &Letter, files: Vec<Enclosed>) -> Result<Accepted, Trouble> {
    let patience = Duration::from_secs(options.timeout_seconds.clamp(1, 600));
    let from: Mailbox = options.from.parse().map_err(|e| Trouble::Never(format!("mail.from: {e}")))?;
    let mut text = compose(&from, letter, files).map_err(Trouble::Never)?;
    if let Some(dkim) = &options.dkim {
        text = dkim.sign(text, letter.created).map_err(Trouble::Later)?;
    }
    let mut connection = step("connect", patience, connect(options, patience)).await?;
    if let (Some(name), Some(password)) = (&options.username, &options.password) {
        let credentials = Credentials::new(name.clone(), password.clone());
        // A wrong password is a fault of the configuration, not of the letter: it is worth another try.
        let signed = step("AUTH", patience, connection.auth(DEFAULT_MECHANISMS, &credentials)).await;
        signed.map_err(|trouble| match trouble {
            Trouble::Never(text) => Trouble::Later(text),
            other => other,
        })?;
    }
    step("MAIL FROM", patience, connection.command(MailFrom::new(Some(from.email), Vec::new()))).await?;
    for address in letter.to.iter().chain(&letter.cc) {
        let parsed: Address = address.parse().map_err(|e| Trouble::Never(format!("{address}: {e}")))?;
        let name = format!("RCPT TO {address}");
        step(&name, patience, connection.command(Rcpt::new(parsed, Vec::new()))).await?;
    }
    step("DATA", patience, connection.command(Data)).await?;
    Ok(Accepted { connection, text, patience })
}

impl Accepted {
    /// Hands the letter over. After this the server has it, or it is known that it has not, or nobody knows.
    ///
    /// The text goes in parts, each written out before the next, the final dot behind the last. While parts are left the
    /// dot was surely not sent, so that a connection that breaks until then has brought the server nothing.
    pub async fn hand_over(mut self) -> Result<(), Trouble> {
        let over = AtomicBool::new(false);
        let end = std::iter::from_fn(|| {
            over.store(true, Ordering::Relaxed);
            None
        });
        let parts = self.text.chunks(self.text.len().div_ceil(2).clamp(1, PART)).chain(end);
        let sent = timeout(self.patience.saturating_mul(4), self.connection.message_iter(parts)).await;
        match sent {
            Ok(Ok(_)) => {
                // The letter is the server's; how it says goodbye does not matter.
                drop(timeout(Duration::from_secs(1), self.connection.quit()).await);
                Ok(())
            }
            Ok(Err(error)) if !over.load(Ordering::Relaxed) => {
                Err(Trouble::Later(format!("text of the letter, before its end: {error}{}", cause(&error))))
            }
            Err(_) if !over.load(Ordering::Relaxed) => {
                Err(Trouble::Later("text of the letter: the server did not take it in time".into()))
            }
            Ok(Err(error)) => Err(Trouble::after(&error)),
            Err(_) => Err(Trouble::Unsure("text of the letter: the server did not answer in time".into())),
        }
    }
}

async fn step<T>(
    name: &str,
    patience: Duration,
    work: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Trouble> {
    match timeout(patience, work).await {
        Ok(result) => result.map_err(|error| Trouble::before(name, &error)),
        Err(_) => Err(Trouble::Later(format!("{name}: the server did not answer in time"))),
    }
}

async fn connect(
    options: &MailOptions,
    patience: Duration,
) -> Result<AsyncSmtpConnection, lettre::transport::smtp::Error> {
    let hello = ClientId::Domain(options.hello.clone().unwrap_or_else(|| options.domain().to_owned()));
    let server = (options.host.as_str(), options.port);
    let parameters = || TlsParameters::new(options.host.clone());
    let implicit = if options.tls == MailTls::Tls { Some(parameters()?) } else { None };
    let mut connection = AsyncSmtpConnection::connect_tokio1(server, Some(patience), &hello, implicit, None).await?;
    if options.tls == MailTls::Starttls {
        connection.starttls(parameters()?, &hello).await?;
    }
    Ok(connection)
}
