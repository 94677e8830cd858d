//! Signatures of the sender's domain under letters: DKIM (RFC 6376), `relaxed/relaxed`, by RSA or Ed25519 (RFC 8463).

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::Timestamp;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

/// Headers that are signed where a letter has them; `from` twice, so that nobody adds a second one.
const SIGNED: [&str; 14] = [
    "from",
    "from",
    "to",
    "cc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mime-version",
    "content-type",
];
/// Characters of a line of the signature.
const LINE: usize = 70;

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// Who signs. The key is never shown.
#[derive(Clone)]
pub struct DkimOptions {
    domain: String,
    selector: String,
    key: Arc<Key>,
}

impl fmt::Debug for DkimOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DkimOptions")
            .field("domain", &self.domain)
            .field("selector", &self.selector)
            .finish_non_exhaustive()
    }
}

impl DkimOptions {
    /// With a private key in PEM: RSA of at least 2,048 bits (PKCS #1 or #8), or Ed25519 (PKCS #8). The public half stands
    /// in the DNS at `<selector>._domainkey.<domain>`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn new(domain: &str, selector: &str, pem: &str) -> Result<Self, String> {
        let name = |text: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !text.is_empty() && text.len() <= 253 && text.bytes().all(fits)
        };
        if !name(domain) || !name(selector) {
            return Err("dkim_domain and dkim_selector must be names as in the DNS".to_owned());
        }
        let (label, der) = decoded(pem)?;
        let rejected = |error: ring::error::KeyRejected| format!("the key is not taken: {error}");
        let key = match label {
            "RSA PRIVATE KEY" => Key::Rsa(Box::new(RsaKeyPair::from_der(&der).map_err(rejected)?)),
            "PRIVATE KEY" => match Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
                Ok(key) => Key::Ed25519(key),
                Err(_) => Key::Rsa(Box::new(RsaKeyPair::from_pkcs8(&der).map_err(rejected)?)),
            },
            other => return Err(format!("`{other}` is no private key that signs letters")),
        };
        Ok(Self { domain: domain.to_owned(), selector: selector.to_owned(), key: Arc::new(key) })
    }

    /// The letter with its signature in front.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(super) fn sign(&self, letter: Vec<u8>, at: Timestamp) -> Result<Vec<u8>, String> {
        let end = letter.windows(4).position(|four| four == b"\r\n\r\n").ok_or("the letter has no body")?;
        let (head, body) = letter.split_at(end);
        let head = String::from_utf8_lossy(head);
        let names = signed(&head);
        let value = [
            "v=1".to_owned(),
            format!("a={}", self.key.algorithm()),
            "c=relaxed/relaxed".to_owned(),
            format!("d={}", self.domain),
            format!("s={}", self.selector),
            format!("t={}", at.micros() / 1_000_000),
            format!("h={}", names.join(":")),
            format!("bh={}", STANDARD.encode(digest(&SHA256, &relaxed_body(body.get(4..).unwrap_or_default())))),
            "b=".to_owned(),
        ]
        .join(";\r\n ");
        let seal = STANDARD.encode(self.key.seal(&head, &names, &value)?);
        let seal: Vec<String> =
            seal.as_bytes().chunks(LINE).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        let mut whole = format!("DKIM-Signature: {value}{}\r\n", seal.join("\r\n ")).into_bytes();
        whole.extend_from_slice(&letter);
        Ok(whole)
    }
}

impl Key {
    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// Signs the named headers and the signature's own, whose `b=` is empty (RFC 6376, section 3.7).
    fn seal(&self, head: &str, names: &[&str], value: &str) -> Result<Vec<u8>, String> {
        let mut left = fields(head);
        let mut text = String::new();
        for wanted in names {
            // From the bottom, each once.
            if let Some(at) = left.iter().rposition(|(name, _)| name.eq_ignore_ascii_case(wanted)) {
                let (name, value) = left.remove(at);
                text.push_str(&relaxed_header(name, value));
                text.push_str("\r\n");
            }
        }
        text.push_str(&relaxed_header("DKIM-Signature", value));
        match self {
            Self::Rsa(key) => {
                let mut seal = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut seal)
                    .map_err(|_| "the key cannot sign".to_owned())?;
                Ok(seal)
            }
            Self::Ed25519(key) => Ok(key.sign(digest(&SHA256, text.as_bytes()).as_ref()).as_ref().to_vec()),
        }
    }
}

/// The label and bytes of the first block of a PEM file (RFC 7468).
fn decoded(pem: &str) -> Result<(&str, Vec<u8>), String> {
    let wrong = || "the key file is no PEM file".to_owned();
    let (_, rest) = pem.split_once("-----BEGIN ").ok_or_else(wrong)?;
    let (label, rest) = rest.split_once("-----").ok_or_else(wrong)?;
    let (text, _) = rest.split_once("-----END ").ok_or_else(wrong)?;
    let text: String = text.split_whitespace().collect();
    Ok((label, STANDARD.decode(text).map_err(|_| wrong())?))
}

/// Names and raw values of headers, continuation lines included.
fn fields(head: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = head;
    while !rest.is_empty() {
        let mut end = rest.len();
        let mut from = 0;
        while let Some(at) = rest.get(from..).and_then(|rest| rest.find("\r\n")).map(|at| at + from) {
            if !rest.get(at + 2..).is_some_and(|next| next.starts_with([' ', '\t'])) {
                end = at;
                break;
            }
            from = at + 2;
        }
        let (field, after) = rest.split_at(end);
        found.extend(field.split_once(':'));
        rest = after.strip_prefix("\r\n").unwrap_or(after);
    }
    found
}

/// Which headers of a letter are signed, in order.
fn signed(head: &str) -> Vec<&'static str> {
    let there = fields(head);
    SIGNED.into_iter().filter(|wanted| there.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))).collect()
}

/// RFC 6376, section 3.4.2.
fn relaxed_header(name: &str, value: &str) -> String {
    let value: Vec<&str> = value.split([' ', '\t', '\r', '\n']).filter(|part| !part.is_empty()).collect();
    format!("{}:{}", name.trim().to_ascii_lowercase(), value.join(" "))
}

/// RFC 6376, section 3.4.4.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(body.len());
    let mut empty = 0_usize;
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut kept: Vec<u8> = Vec::with_capacity(line.len());
        for byte in line {
            let space = matches!(byte, b' ' | b'\t');
            if !space {
                kept.push(*byte);
            } else if kept.last() != Some(&b' ') {
                kept.push(b' ');
            }
        }
        if kept.last() == Some(&b' ') {
            kept.pop();
        }
        if kept.is_empty() {
            empty += 1;
            continue;
        }
        (0..std::mem::take(&mut empty)).for_each(|_| whole.extend_from_slice(b"\r\n"));
        whole.extend_from_slice(&kept);
        whole.extend_from_slice(b"\r\n");
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8463, appendix A.
    const HEAD: &str = "From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>";
    const BODY: &str = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n\r\n";
    const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const VALUE: &str = " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n \
        q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    const SEAL: &str = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==";

    fn key() -> Key {
        Key::Ed25519(Ed25519KeyPair::from_seed_unchecked(&STANDARD.decode(SEED).unwrap()).unwrap())
    }

    #[test]
    fn the_example_of_the_standard_is_signed_as_there() {
        let hash = STANDARD.encode(digest(&SHA256, &relaxed_body(BODY.as_bytes())));
        assert_eq!(hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
        let names = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
        assert_eq!(STANDARD.encode(key().seal(HEAD, &names, VALUE).unwrap()), SEAL);
    }

    #[test]
    fn a_letter_is_signed_in_front_of_its_headers() {
        let options = DkimOptions { domain: "acme.test".into(), selector: "s1".into(), key: Arc::new(key()) };
        let letter = format!("{HEAD}\r\nReferences: <a@b>\r\n  <c@d>\r\n\r\n{BODY}");
        let signed =
            String::from_utf8(options.sign(letter.clone().into_bytes(), Timestamp(1_000_000)).unwrap()).unwrap();
        let (signature, rest) = signed.split_at(signed.find("From: ").unwrap());
        assert_eq!(rest, letter);
        let expected = "DKIM-Signature: v=1;\r\n a=ed25519-sha256;\r\n c=relaxed/relaxed;\r\n d=acme.test;\r\n s=s1;\r\n t=1;\r\n \
            h=from:from:to:subject:date:message-id:references;\r\n bh=";
        assert!(signature.starts_with(expected), "{signature}");
        assert!(signature.lines().all(|line| line.len() < 100), "{signature}");
    }

    #[test]
    fn bodies_are_told_alike_as_the_standard_wants() {
        for (body, expected) in
            [("", ""), ("\r\n\r\n", ""), (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"), ("x", "x\r\n")]
        {
            assert_eq!(String::from_utf8(relaxed_body(body.as_bytes())).unwrap(), expected, "{body:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_in_words() {
        for (domain, pem) in [
            ("acme.test", "nonsense"),
            ("acme.test", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
            ("acme.test", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
            ("acme test; b=", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
        ] {
            assert!(DkimOptions::new(domain, "s1", pem).is_err(), "{pem}");
        }
    }
}
