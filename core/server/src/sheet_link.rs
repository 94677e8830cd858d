//! Tables behind links: a sheet of Google as CSV, or any CSV or XLSX file that a link leads to.
//!
//! Owns: what link a table is fetched by, redirects and their limits, what an answer is called. Every address, also one
//! that a redirect names, goes through the guarded wire. Must not know: what becomes of the rows.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use kernel::{Locale, Result};
use percent_encoding::percent_decode_str;
use records::import::refused_link;
use reqwest::Url;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::webhook::{Answer, Request, Trouble, Wire};

/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// From the beginning of the wait for others to the last byte.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of a table, which is held in memory until it is all there.
const MOST: usize = 64 * 1024 * 1024;
/// Characters of a link.
const MAX_LINK: usize = 2_000;
/// Tables on their way at the same time.
const TOGETHER: usize = 4;
/// Where Google's sheets are.
const SHEETS: &str = "docs.google.com";
/// Where Google sends those who must sign in.
const SIGN_IN: &str = "accounts.google.com";

static FETCHING: Semaphore = Semaphore::const_new(TOGETHER);

/// A table.
#[derive(Debug)]
pub struct Table {
    /// What it is called.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Fetches the table of a link, of at most `most` bytes. With `plain`, links need not be encrypted.
///
/// # Errors
/// `import.invalid` (field `url`): `link`, `link_closed`, `link_forbidden`, `link_away`, `too_large`.
pub async fn fetch(wire: &Wire, link: &str, plain: bool, most: usize, locale: Locale) -> Result<Table> {
    let refused = |code| refused_link(code, locale);
    let url = address(link, plain).ok_or_else(|| refused("link"))?;
    // Waiting for others counts too: slow servers must not keep everybody waiting.
    let fetching = async {
        let _slot = FETCHING.acquire().await.map_err(|_| "link_away")?;
        follow(wire, url, plain, Ord::min(most, MOST)).await
    };
    match timeout(TIMEOUT, fetching).await {
        Ok(found) => found.map_err(refused),
        Err(_) => Err(refused("link_away")),
    }
}

async fn follow(wire: &Wire, mut url: Url, plain: bool, most: usize) -> Result<Table, &'static str> {
    for _ in 0..=REDIRECTS {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/csv, */*;q=0.8"))]);
        let request = Request { url: url.clone(), method: Method::GET, headers, body: Vec::new() };
        let answer = wire.exchange(request, most).await.map_err(|trouble| match trouble {
            Trouble::Forbidden(_) => "link_forbidden",
            Trouble::Passing(_) => "link_away",
            Trouble::Wrong(_) => "link",
        })?;
        match answer.status {
            300..=399 => url = onwards(&url, &answer.headers, plain)?,
            _ => return judged(&url, answer),
        }
    }
    Err("link_away")
}

/// Where a redirect leads; a page to sign in is no table.
fn onwards(from: &Url, headers: &HeaderMap, plain: bool) -> Result<Url, &'static str> {
    let place = headers.get(header::LOCATION).and_then(|place| place.to_str().ok()).ok_or("link_away")?;
    let url = from.join(place).ok().filter(|url| may_be_asked(url, plain)).ok_or("link_forbidden")?;
    if url.host_str() == Some(SIGN_IN) { Err("link_closed") } else { Ok(url) }
}

fn judged(url: &Url, answer: Answer) -> Result<Table, &'static str> {
    match answer.status {
        200..=299 => {}
        401 | 403 | 404 | 410 => return Err("link_closed"),
        _ => return Err("link_away"),
    }
    let bytes = answer.body.ok_or("too_large")?;
    let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let start: Vec<u8> = bytes.iter().copied().skip_while(u8::is_ascii_whitespace).take(9).collect();
    let page = start.eq_ignore_ascii_case(b"<!doctype")
        || start.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case(b"<html"));
    if page || kind.trim_start().to_ascii_lowercase().starts_with("text/html") {
        return Err("link_closed");
    }
    Ok(Table { name: name(url, &answer.headers), bytes })
}

/// The address of the table that a link shows; none of what is no link to one.
fn address(link: &str, plain: bool) -> Option<Url> {
    let link = link.trim();
    if link.chars().count() > MAX_LINK {
        return None;
    }
    let url = Url::parse(link).ok().filter(|url| may_be_asked(url, plain))?;
    if url.host_str() == Some(SHEETS) { sheet(&url) } else { Some(url) }
}

fn may_be_asked(url: &Url, plain: bool) -> bool {
    let scheme = url.scheme() == "https" || (plain && url.scheme() == "http");
    scheme && url.host_str().is_some() && url.username().is_empty() && url.password().is_none()
}

/// A sheet of Google as CSV: `/spreadsheets/d/ID/edit#gid=1` and `/spreadsheets/d/e/ID/pubhtml?gid=1`.
fn sheet(url: &Url) -> Option<Url> {
    let parts: Vec<&str> = url.path_segments()?.collect();
    let at = parts.iter().position(|part| *part == "d").filter(|_| parts.first() == Some(&"spreadsheets"))?;
    let plain = |id: &&&str| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let asked = url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned()));
    let behind = url::form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes()).into_owned();
    let gid = asked.chain(behind).find(|(key, _)| key == "gid").map(|(_, gid)| gid);
    let gid = gid.filter(|gid| !gid.is_empty() && gid.chars().all(|c| c.is_ascii_digit()));
    let (path, mut query) = if parts.get(at + 1) == Some(&"e") {
        let id = parts.get(at + 2).filter(plain)?;
        (format!("/spreadsheets/d/e/{id}/pub"), "output=csv".to_owned())
    } else {
        let id = parts.get(at + 1).filter(plain)?;
        (format!("/spreadsheets/d/{id}/export"), "format=csv".to_owned())
    };
    if let Some(gid) = gid {
        query.push_str(&format!("&gid={gid}"));
    }
    let mut sheet = url.clone();
    sheet.set_path(&path);
    sheet.set_query(Some(&query));
    sheet.set_fragment(None);
    Some(sheet)
}

/// What the answer calls itself, else the end of its address.
fn name(url: &Url, headers: &HeaderMap) -> String {
    let told = headers.get(header::CONTENT_DISPOSITION).and_then(|told| told.to_str().ok()).unwrap_or_default();
    let part = |key: &str| {
        let value = told.split(';').find_map(|part| part.trim().strip_prefix(key))?;
        Some(value.trim().trim_matches('"').to_owned()).filter(|value| !value.is_empty())
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let whole = part("filename*=").and_then(|value| Some(decoded(value.split_once("''")?.1)));
    let end = || url.path_segments()?.next_back().map(decoded).filter(|end| end.contains('.'));
    let name = whole.or_else(|| part("filename=")).or_else(end).unwrap_or_else(|| "table.csv".to_owned());
    // Only the last part: it names a file, not a place.
    name.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or("table.csv").to_owned()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::any;

    use super::*;

    #[test]
    fn links_people_copy_become_addresses_of_tables() {
        let of = |link: &str| address(link, false).map(|url| url.to_string()).unwrap_or_default();
        for (link, expected) in [
            (
                "https://docs.google.com/spreadsheets/d/1aB_c-9/edit#gid=42",
                "https://docs.google.com/spreadsheets/d/1aB_c-9/export?format=csv&gid=42",
            ),
            (
                "https://docs.google.com/spreadsheets/d/1aB/edit?usp=sharing",
                "https://docs.google.com/spreadsheets/d/1aB/export?format=csv",
            ),
            (
                "https://docs.google.com/spreadsheets/u/0/d/1aB/edit?gid=7#gid=7",
                "https://docs.google.com/spreadsheets/d/1aB/export?format=csv&gid=7",
            ),
            (
                "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pubhtml?gid=0&single=true",
                "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pub?output=csv&gid=0",
            ),
            (
                "https://docs.google.com/spreadsheets/d/1aB/edit#gid=1;x",
                "https://docs.google.com/spreadsheets/d/1aB/export?format=csv",
            ),
            (" https://example.com/files/list.csv ", "https://example.com/files/list.csv"),
            ("https://docs.google.com/document/d/1aB/edit", ""),
            ("https://docs.google.com/spreadsheets/d/../../x", ""),
            ("http://example.com/list.csv", ""),
            ("https://me:secret@example.com/list.csv", ""),
            ("file:///etc/passwd", ""),
            ("list.csv", ""),
            ("", ""),
        ] {
            assert_eq!(of(link), expected, "{link}");
        }
        assert_eq!(of(&format!("https://example.com/{}", "x".repeat(2_000))), "");
    }

    async fn server() -> String {
        let away = |place: &'static str| any(move || async move { (StatusCode::FOUND, [(header::LOCATION, place)]) });
        let csv = [(
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"x.csv\"; filename*=UTF-8''%D0%9B%D1%8E%D0%B4%D0%B8.csv",
        )];
        let page = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        let router = Router::new()
            .route("/list.csv", any(move || async move { (csv, "Name\nAnn\n") }))
            .route("/page", any(move || async move { (page, "Sign in") }))
            .route("/disguised", any(|| async { "\n<!DOCTYPE html><p>Sign in" }))
            .route("/to-list", away("/list.csv"))
            .route("/round", away("/round"))
            .route("/to-cloud", away("http://169.254.169.254/latest/meta-data"))
            .route("/to-file", away("file:///etc/passwd"))
            .route("/to-sign-in", away("https://accounts.google.com/ServiceLogin"))
            .route("/closed", any(|| async { StatusCode::FORBIDDEN }))
            .route("/ill", any(|| async { StatusCode::BAD_GATEWAY }))
            .route("/large", any(|| async { "x".repeat(2_000) }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    #[tokio::test]
    async fn redirects_are_followed_through_the_guard_and_pages_are_no_tables() {
        let (server, wire) = (server().await, Wire::new(true).unwrap());
        let code = async |path: &str| match fetch(&wire, &format!("{server}{path}"), true, 1_000, Locale::En).await {
            Err(kernel::Error::Invalid { fields, .. }) => fields["url"].code.clone(),
            other => panic!("{path}: {other:?}"),
        };
        for path in ["/list.csv", "/to-list"] {
            let table = fetch(&wire, &format!("{server}{path}"), true, 1_000, Locale::En).await.unwrap();
            assert_eq!((table.name.as_str(), table.bytes.as_slice()), ("Люди.csv", b"Name\nAnn\n".as_slice()));
        }
        for (path, expected) in [
            ("/page", "link_closed"),
            ("/disguised", "link_closed"),
            ("/to-sign-in", "link_closed"),
            ("/closed", "link_closed"),
            ("/nothing", "link_closed"),
            ("/round", "link_away"),
            ("/ill", "link_away"),
            ("/to-cloud", "link_forbidden"),
            ("/to-file", "link_forbidden"),
            ("/large", "too_large"),
        ] {
            assert_eq!(code(path).await, expected, "{path}");
        }
        // The operator has not allowed private networks.
        let closed = Wire::new(false).unwrap();
        let refused = fetch(&closed, &format!("{server}/list.csv"), true, 1_000, Locale::En).await;
        assert!(
            matches!(refused, Err(kernel::Error::Invalid { fields, .. }) if fields["url"].code == "link_forbidden")
        );
    }
}
