//! A mail server (RFC 5321, what a client that hands letters over needs): keeps the letters it took, counts them, and
//! refuses or hangs up where it is told to. It runs on a thread of its own, as a server elsewhere would.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use messaging::MailTls;
use verstak::config::Config;

/// A point of the dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Instead of the greeting.
    Greeting,
    Mail,
    Recipient,
    /// Instead of `354`.
    Data,
    /// After `354`, before any of the text was read.
    Text,
    /// After the final dot, when the letter is kept.
    Dot,
    /// When the client takes its leave, knowing that the letter is kept.
    Goodbye,
}

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Says this instead of yes.
    Say(Point, &'static str),
    /// Closes the connection without a word.
    HangUp(Point),
}

/// A letter that was taken.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Sender and recipients of the envelope.
    pub from: String,
    pub to: Vec<String>,
    /// Header and body, dots unstuffed.
    pub text: String,
}

impl Letter {
    /// A header, unfolded and with encoded words read.
    pub fn header(&self, name: &str) -> String {
        let (head, _) = self.text.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        decoded(line.unwrap_or_else(|| panic!("no {name} in {head}")))
    }

    /// The body as it was written.
    pub fn body(&self) -> String {
        let (_, body) = self.text.split_once("\r\n\r\n").unwrap();
        let body = match self.header("Content-Transfer-Encoding").as_str() {
            "base64" => base64(body),
            "quoted-printable" => quoted(&body.replace("=\r\n", ""), '='),
            _ => body.as_bytes().to_vec(),
        };
        String::from_utf8(body).unwrap().trim_end().to_owned()
    }
}

/// What happens at a point of a dialogue.
type Hook = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Kept {
    letters: Vec<Letter>,
    faults: VecDeque<Fault>,
    hook: Option<(Point, Hook)>,
    /// Connections that were made.
    calls: usize,
}

pub struct MailServer {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

impl MailServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::<Mutex<Kept>>::default();
        let serving = Arc::downgrade(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // The test is over.
                let Some(kept) = serving.upgrade() else { return };
                drop(Dialogue::new(stream.unwrap(), &kept).serve());
            }
        });
        Self { address, kept }
    }

    /// Settings of a product that sends its letters here.
    pub fn configure(&self) -> impl Fn(&mut Config) + 'static {
        let address = self.address;
        move |config| {
            config.mail.host = address.ip().to_string();
            config.mail.port = address.port();
            config.mail.tls = MailTls::None;
            config.mail.from = "Верстак <crm@acme.test>".into();
            config.mail.timeout_seconds = 5;
        }
    }

    /// The next connections fail like this, one each; those after them succeed.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.kept.lock().unwrap().faults = faults.into_iter().collect();
    }

    /// The same settings in the environment of a process.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("VERSTAK__MAIL__HOST", self.address.ip().to_string()),
            ("VERSTAK__MAIL__PORT", self.address.port().to_string()),
            ("VERSTAK__MAIL__TLS", "none".into()),
            ("VERSTAK__MAIL__FROM", "Верстак <crm@acme.test>".into()),
            ("VERSTAK__MAIL__TIMEOUT_SECONDS", "5".into()),
        ]
    }

    /// Does this when the next dialogue comes to the point, before the server answers there.
    pub fn at(&self, point: Point, hook: impl FnOnce() + Send + 'static) {
        self.kept.lock().unwrap().hook = Some((point, Box::new(hook)));
    }

    /// Letters taken so far.
    pub fn letters(&self) -> Vec<Letter> {
        self.kept.lock().unwrap().letters.clone()
    }

    /// The only letter.
    #[track_caller]
    pub fn letter(&self) -> Letter {
        let letters = self.letters();
        assert_eq!(letters.len(), 1, "{letters:#?}");
        letters[0].clone()
    }

    pub fn calls(&self) -> usize {
        self.kept.lock().unwrap().calls
    }
}

impl Drop for MailServer {
    /// Wakes the thread, which then finds that nobody keeps letters any more.
    fn drop(&mut self) {
        self.kept = Arc::default();
        drop(TcpStream::connect(self.address));
    }
}

struct Dialogue<'a> {
    reader: BufReader<TcpStream>,
    kept: &'a Mutex<Kept>,
    fault: Option<Fault>,
    from: Option<String>,
    to: Vec<String>,
}

impl<'a> Dialogue<'a> {
    fn new(stream: TcpStream, kept: &'a Mutex<Kept>) -> Self {
        let mut guard = kept.lock().unwrap();
        guard.calls += 1;
        let fault = guard.faults.pop_front();
        Self { reader: BufReader::new(stream), kept, fault, from: None, to: Vec::new() }
    }

    fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.reader.get_mut().write_all(format!("{line}\r\n").as_bytes())
    }

    /// A point is reached.
    fn come(&self, point: Point) {
        let hook = self.kept.lock().unwrap().hook.take_if(|(at, _)| *at == point);
        if let Some((_, hook)) = hook {
            hook();
        }
    }

    /// Says yes at a point, or does what is wrong there. False when it said no.
    fn answer(&mut self, point: Point, yes: &str) -> std::io::Result<bool> {
        self.come(point);
        match self.fault {
            Some(Fault::HangUp(at)) if at == point => Err(std::io::ErrorKind::ConnectionAborted.into()),
            Some(Fault::Say(at, no)) if at == point => self.say(no).map(|()| false),
            _ => self.say(yes).map(|()| true),
        }
    }

    /// Ends with an error when the connection is to be closed.
    fn serve(&mut self) -> std::io::Result<()> {
        self.answer(Point::Greeting, "220 mail.test ESMTP")?;
        let mut line = String::new();
        loop {
            line.clear();
            if self.reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            match line.split_once([' ', ':']).map_or(line, |(verb, _)| verb).to_ascii_uppercase().as_str() {
                "EHLO" => self.say("250-mail.test\r\n250 8BITMIME")?,
                "HELO" | "NOOP" => self.say("250 mail.test")?,
                "MAIL" => {
                    if self.answer(Point::Mail, "250 sender")? {
                        (self.from, self.to) = (Some(address(line)), Vec::new());
                    }
                }
                "RCPT" if self.from.is_none() => self.say("503 MAIL first")?,
                "RCPT" => {
                    if self.answer(Point::Recipient, "250 recipient")? {
                        self.to.push(address(line));
                    }
                }
                "DATA" if self.to.is_empty() => self.say("503 RCPT first")?,
                "DATA" => self.data()?,
                "RSET" => {
                    (self.from, self.to) = (None, Vec::new());
                    self.say("250 forgotten")?;
                }
                "QUIT" => return self.answer(Point::Goodbye, "221 bye").map(drop),
                _ => self.say("502 unknown")?,
            }
        }
    }

    fn data(&mut self) -> std::io::Result<()> {
        if !self.answer(Point::Data, "354 go on")? {
            return Ok(());
        }
        self.come(Point::Text);
        if self.fault == Some(Fault::HangUp(Point::Text)) {
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        }
        let mut text = String::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            match line.as_str() {
                ".\r\n" => break,
                line => text.push_str(line.strip_prefix('.').unwrap_or(line)),
            }
        }
        let from = self.from.take().unwrap_or_default();
        let letter = Letter { from, to: std::mem::take(&mut self.to), text };
        if !matches!(self.fault, Some(Fault::Say(Point::Dot, _))) {
            self.kept.lock().unwrap().letters.push(letter);
        }
        self.answer(Point::Dot, "250 taken").map(drop)
    }
}

/// What stands between `<` and `>`.
fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map(|(address, _)| address.to_owned()).unwrap_or_default()
}

/// RFC 2047 words in a header.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value;
    while let Some((before, word)) = rest.split_once("=?") {
        // White space between two words is none.
        if !before.trim().is_empty() || bytes.is_empty() {
            bytes.extend(before.bytes());
        }
        let mut parts = word.splitn(3, '?');
        let (charset, way, behind) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        assert_eq!(charset.to_ascii_lowercase(), "utf-8");
        let (inside, after) = behind.split_once("?=").unwrap();
        bytes.extend(if way.eq_ignore_ascii_case("b") {
            base64(inside)
        } else {
            quoted(&inside.replace('_', " "), '=')
        });
        rest = after;
    }
    bytes.extend(rest.bytes());
    String::from_utf8(bytes).unwrap()
}

fn quoted(text: &str, mark: char) -> Vec<u8> {
    let mut parts = text.split(mark);
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    bytes
}

fn base64(text: &str) -> Vec<u8> {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for sign in text.bytes().filter(|sign| !sign.is_ascii_whitespace() && *sign != b'=') {
        let value = SIGNS.iter().position(|known| *known == sign).unwrap();
        (bits, count) = ((bits << 6) | u32::try_from(value).unwrap(), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    bytes
}
