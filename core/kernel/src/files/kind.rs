//! Media types by content. What a sender says of its bytes counts for nothing; a name only chooses where content leaves a
//! choice that is harmless (which office document is inside a ZIP, which text it is).

/// Bytes of the beginning that are looked at.
pub const HEAD: usize = 4096;

/// Beginnings of files (the offset, the bytes there) and what they mean.
const MAGIC: [(usize, &[u8], &str); 18] = [
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "application/ogg"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"\x7fELF", UNKNOWN),
];
const ZIP: &str = "application/zip";
const UNKNOWN: &str = "application/octet-stream";

/// Documents inside a ZIP: the end of the name, what its beginning holds, and the type.
const INSIDE_ZIP: [(&str, &[u8], &str); 6] = [
    ("docx", b"[Content_Types].xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", b"[Content_Types].xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", b"[Content_Types].xml", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("odt", b"mimetypeapplication/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
    (
        "ods",
        b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.spreadsheet",
    ),
    (
        "odp",
        b"mimetypeapplication/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.presentation",
    ),
];
/// Texts by the end of the name.
const TEXTS: [(&str, &str); 4] =
    [("csv", "text/csv"), ("json", "application/json"), ("md", "text/markdown"), ("eml", "message/rfc822")];
/// How texts begin that a browser would run.
const MARKUP: [&str; 14] = [
    "<!doctype",
    "<html",
    "<head",
    "<body",
    "<script",
    "<iframe",
    "<svg",
    "<?xml",
    "<!--",
    "<a ",
    "<img",
    "<style",
    "<div",
    "<title",
];

/// The media type of a file that begins with `head` and has this name.
pub fn of(head: &[u8], name: &str) -> &'static str {
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    let found = MAGIC.iter().find(|(at, bytes, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes)));
    match found {
        Some((_, _, ZIP)) => {
            let inside = INSIDE_ZIP.iter().find(|(of, bytes, _)| *of == end && holds(head, bytes));
            inside.map_or(ZIP, |(_, _, kind)| kind)
        }
        Some((_, _, kind)) => kind,
        None => text(head).map_or(UNKNOWN, |text| of_text(text, &end)),
    }
}

/// Whether a browser may show it in its own window: pictures, PDF and texts that are never run.
pub fn is_shown(media_type: &str) -> bool {
    is_picture(media_type) || matches!(media_type, "application/pdf" | "text/plain" | "text/csv" | "text/markdown")
}

/// Whether thumbnails are made of it.
pub fn is_picture(media_type: &str) -> bool {
    matches!(media_type, "image/png" | "image/jpeg" | "image/gif" | "image/webp")
}

fn holds(head: &[u8], bytes: &[u8]) -> bool {
    head.windows(bytes.len()).any(|window| window == bytes)
}

/// The beginning as text, if it is one: UTF-8 (the last character may be cut) without control characters.
fn text(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && head.len() >= HEAD => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let control = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{c}');
    (!text.chars().any(control)).then_some(text)
}

fn of_text(text: &str, end: &str) -> &'static str {
    let begin = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    let begin: String = begin.chars().take(16).collect::<String>().to_ascii_lowercase();
    if MARKUP.iter().any(|markup| begin.starts_with(markup)) {
        let lower = text.to_ascii_lowercase();
        return match () {
            () if lower.contains("<svg") => "image/svg+xml",
            () if begin.starts_with("<?xml") && !lower.contains("<html") => "application/xml",
            () => "text/html",
        };
    }
    TEXTS.iter().find(|(of, _)| *of == end).map_or("text/plain", |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], name: &str, expected: &str) {
        assert_eq!(of(head, name), expected, "{name}: {}", String::from_utf8_lossy(head));
    }

    #[test]
    fn content_decides_whatever_the_name_says() {
        check(b"\x89PNG\r\n\x1a\n....", "a.html", "image/png");
        check(b"RIFF....WEBPVP8 ", "a", "image/webp");
        check(b"<html><script>alert(1)</script>", "cat.png", "text/html");
        check(b"\xef\xbb\xbf\n <!DOCTYPE html>", "a.txt", "text/html");
        check(b"<?xml version='1.0'?><svg onload='x'/>", "a.png", "image/svg+xml");
        check(b"<?xml version='1.0'?><order/>", "a.xml", "application/xml");
        check(b"Hello <b>", "a.html", "text/plain");
        check(b"a;b\n1;2", "t.CSV", "text/csv");
        check(b"MZ\x90\0\x03", "a.txt", "application/octet-stream");
        check(
            b"PK\x03\x04....[Content_Types].xml",
            "a.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        );
        check(b"PK\x03\x04....x", "a.docx", "application/zip");
        check(b"", "a.png", "text/plain");
        let mut cut = "д".repeat(HEAD).into_bytes();
        cut.truncate(HEAD - 1);
        cut.insert(0, b'a');
        assert_eq!(of(&cut, "a.txt"), "text/plain");
        assert!(is_shown("image/png") && !is_shown("text/html") && !is_shown("image/svg+xml"));
    }
}
