//! A letter as the text of RFC 5322 that goes over the wire.

use std::time::Duration;

use kernel::Timestamp;
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

use super::outbox::Letter;

/// A file with its bytes.
pub(super) struct Enclosed {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

/// The letter as text; the same letter has the same Message-ID and date at every try.
pub(super) fn compose(from: &Mailbox, letter: &Letter, files: Vec<Enclosed>) -> Result<Vec<u8>, String> {
    let mailbox = |address: &String| {
        address.parse::<Address>().map(|email| Mailbox::new(None, email)).map_err(|e| format!("{address}: {e}"))
    };
    let mut builder = Message::builder()
        .from(from.clone())
        .message_id(Some(letter.message_id.clone()))
        .date(date(letter.created))
        .subject(letter.subject.clone());
    for address in &letter.to {
        builder = builder.to(mailbox(address)?);
    }
    for address in &letter.cc {
        builder = builder.cc(mailbox(address)?);
    }
    if let Some(reply_to) = letter.reply_to.as_ref().and_then(|address| mailbox(address).ok()) {
        builder = builder.reply_to(reply_to);
    }
    for (name, value) in &letter.parts.headers {
        let name = HeaderName::new_from_ascii(name.clone()).map_err(|_| format!("the header {name}"))?;
        builder = builder.raw_header(HeaderValue::new(name, value.clone()));
    }
    let plain = letter.text.clone();
    let built = match (&letter.parts.html, files.is_empty()) {
        (None, true) => builder.header(ContentType::TEXT_PLAIN).body(plain),
        (Some(html), true) => builder.multipart(MultiPart::alternative_plain_html(plain, html.clone())),
        (html, false) => {
            let mixed = MultiPart::mixed();
            let words = match html {
                Some(html) => mixed.multipart(MultiPart::alternative_plain_html(plain, html.clone())),
                None => mixed.singlepart(SinglePart::plain(plain)),
            };
            builder.multipart(files.into_iter().fold(words, |all, file| all.singlepart(enclosed(file))))
        }
    };
    built.map(|message| message.formatted()).map_err(|e| e.to_string())
}

fn enclosed(file: Enclosed) -> SinglePart {
    // What is no media type is bytes.
    let plain = ContentType::parse("application/octet-stream").unwrap_or(ContentType::TEXT_PLAIN);
    let kind = ContentType::parse(&file.media_type).unwrap_or(plain);
    Attachment::new(file.name).body(file.bytes, kind)
}

fn date(at: Timestamp) -> std::time::SystemTime {
    let micros = u64::try_from(at.micros()).unwrap_or(0);
    std::time::SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}
