//! A mail server for tests: takes letters, or fails where it is told to.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use messaging::mail::{MailOptions, MailTls};

/// Where the server fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Hangs up instead of a greeting.
    Greeting,
    /// `450` to the recipient.
    LaterRecipient,
    /// `550` to the recipient.
    NeverRecipient,
    /// `452` after the letter.
    LaterLetter,
    /// `554` after the letter.
    NeverLetter,
    /// Takes the letter and hangs up without a word.
    SilentAfterLetter,
    /// Hangs up in the middle of the letter.
    CutLetter,
}

pub(super) struct SmtpServer {
    pub port: u16,
    /// Letters taken, whole.
    pub letters: Arc<Mutex<Vec<String>>>,
    pub fault: Arc<Mutex<Fault>>,
}

impl SmtpServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (letters, fault) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(Mutex::new(Fault::None)));
        let (kept, failing) = (letters.clone(), fault.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, failing) = (kept.clone(), failing.clone());
                tokio::spawn(async move { serve(stream, &kept, &failing).await.unwrap_or_default() });
            }
        });
        Self { port, letters, fault }
    }

    pub fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    pub fn count(&self) -> usize {
        self.letters.lock().unwrap().len()
    }

    pub fn options(&self) -> MailOptions {
        MailOptions {
            host: "127.0.0.1".into(),
            port: self.port,
            tls: MailTls::None,
            username: None,
            password: None,
            from: "Верстак <crm@romashka.example>".into(),
            hello: None,
            timeout_seconds: 5,
            per_second: 0,
            dkim: None,
        }
    }
}

async fn serve(stream: TcpStream, letters: &Mutex<Vec<String>>, fault: &Mutex<Fault>) -> std::io::Result<()> {
    let fault = *fault.lock().unwrap();
    if fault == Fault::Greeting {
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test ESMTP\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match line.get(..4).unwrap_or_default() {
            "RCPT" if fault == Fault::LaterRecipient => "450 later",
            "RCPT" if fault == Fault::NeverRecipient => "550 no such user",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut letter = String::new();
                loop {
                    line.clear();
                    if stream.read_line(&mut line).await? == 0 || fault == Fault::CutLetter {
                        return Ok(());
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    letter.push_str(&line);
                }
                match fault {
                    Fault::LaterLetter => "452 full",
                    Fault::NeverLetter => "554 spam",
                    _ => {
                        letters.lock().unwrap().push(letter);
                        if fault == Fault::SilentAfterLetter {
                            return Ok(());
                        }
                        "250 taken"
                    }
                }
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}
