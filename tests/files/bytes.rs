//! Bytes of files: what is sent comes back, whole or in parts, as what it is, and nothing of it runs.

use axum::body::Body;
use futures::{StreamExt, stream};
use serde_json::json;

use super::{id_of, names, put, put_form};
use crate::app::TestApp;

#[tokio::test]
async fn what_is_sent_comes_back_whole_and_in_parts() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let bytes: Vec<u8> = (0..700_000_u32).map(|n| n.to_le_bytes()[0].wrapping_mul(31)).collect();
    let made = put(&admin, &record, "Скан 1.bin", bytes.clone()).await.ok(201);
    assert_eq!((&made["name"], &made["size"]), (&json!("Скан 1.bin"), &json!(700_000)));
    assert_eq!(made["created_by"]["name"], "Ada Admin");
    let path = format!("/api/v1/files/{}/content", id_of(&made));
    let whole = admin.send("GET", &path, None, Vec::new()).await;
    assert_eq!((whole.status.as_u16(), whole.body.len()), (200, 700_000));
    assert_eq!(whole.body, bytes);
    let tag = whole.header("etag").unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", made["sha256"].as_str().unwrap()));
    assert_eq!((whole.header("content-length"), whole.header("accept-ranges")), (Some("700000"), Some("bytes")));
    for (range, status, expected, told) in [
        ("bytes=0-9", 206, &bytes[..10], Some("bytes 0-9/700000")),
        ("bytes=699990-", 206, &bytes[699_990..], Some("bytes 699990-699999/700000")),
        ("bytes=-5", 206, &bytes[699_995..], Some("bytes 699995-699999/700000")),
        ("bytes=300000-399999", 206, &bytes[300_000..400_000], Some("bytes 300000-399999/700000")),
        ("bytes=9-2", 200, &bytes[..], None),
        ("bytes=0-1,4-5", 200, &bytes[..], None),
        ("bytes=700000-", 416, &[][..], Some("bytes */700000")),
    ] {
        let part = admin.header("range", range).send("GET", &path, None, Vec::new()).await;
        assert_eq!((part.status.as_u16(), part.header("content-range")), (status, told), "{range}");
        assert!(part.body == expected, "{range}: {} bytes", part.body.len());
    }
    let known = admin.header("if-none-match", &tag).send("GET", &path, None, Vec::new()).await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    let other =
        admin.header("range", "bytes=0-1").header("if-range", "\"old\"").send("GET", &path, None, Vec::new()).await;
    assert_eq!((other.status.as_u16(), other.body.len()), (200, 700_000), "a part of other bytes is of no use");
    // The same bytes again are another file.
    let again = put(&admin, &record, "copy.bin", bytes).await.ok(201);
    assert!(again["id"] != made["id"] && again["sha256"] == made["sha256"]);
    let empty = put_form(&admin, &record, "empty.txt", b"").await.ok(201);
    let path = format!("/api/v1/files/{}/content", id_of(&empty));
    assert_eq!(admin.send("GET", &path, None, Vec::new()).await.ok(200), json!(null));
    assert_eq!(names(&admin, &record).await, ["copy.bin", "empty.txt", "Скан 1.bin"]);
    app.finish().await;
}

#[tokio::test]
async fn texts_go_out_as_they_are_kept_even_to_browsers_that_unpack() {
    let app = TestApp::start().await;
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let text = "line of text\n".repeat(10_000);
    let made = put(&app.admin(), &record, "a.txt", text.as_str()).await.ok(201);
    let asking = app.admin().header("accept-encoding", "gzip, br");
    let answer = asking.send("GET", &format!("/api/v1/files/{}/content", id_of(&made)), None, Vec::new()).await;
    assert_eq!((answer.header("content-encoding"), answer.text() == text), (None, true));
    app.finish().await;
}

#[tokio::test]
async fn nothing_that_runs_is_shown_whatever_it_is_called() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let script = b"<html><script>fetch('/api/v1/me')</script></html>";
    for (name, bytes, kind, sent, way) in [
        ("cat.png", &script[..], "text/html", "application/octet-stream", "attachment"),
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            "image/svg+xml",
            "image/svg+xml",
            "attachment",
        ),
        ("a.xml", b"<?xml version='1.0'?><x/>", "application/xml", "application/xml", "attachment"),
        ("a.html", b"plain words", "text/plain", "text/plain; charset=utf-8", "inline"),
        ("a.csv", b"a;b\n<script>", "text/csv", "text/plain; charset=utf-8", "inline"),
        ("a.pdf", b"%PDF-1.7", "application/pdf", "application/pdf", "inline"),
        ("a.txt", b"MZ\0\x01\x02", "application/octet-stream", "application/octet-stream", "attachment"),
        ("a.js", b"PK\x03\x04", "application/zip", "application/zip", "attachment"),
    ] {
        let made = put(&admin, &record, name, bytes).await.ok(201);
        assert_eq!((&made["media_type"], &made["shown"]), (&json!(kind), &json!(way == "inline")), "{name}");
        let path = format!("/api/v1/files/{}/content", id_of(&made));
        let shown = admin.send("GET", &path, None, Vec::new()).await;
        assert_eq!(shown.header("content-type"), Some(sent), "{name}");
        assert!(
            shown.header("content-disposition").unwrap().starts_with(&format!("{way}; filename=\"{name}\"")),
            "{name}"
        );
        assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
        let policy = shown.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{name}: {policy}");
        assert!(policy.contains("sandbox") || kind == "application/pdf", "{name}: {policy}");
        let saved = admin.send("GET", &format!("{path}?download=true"), None, Vec::new()).await;
        assert!(saved.header("content-disposition").unwrap().starts_with("attachment"), "{name}");
    }
    app.finish().await;
}

#[tokio::test]
async fn names_with_tricks_become_harmless() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let long = "я".repeat(300) + ".docx";
    for (name, expected) in [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("photo\u{202e}gnp.exe", "photognp.exe"),
        // As browsers write quotes and line ends in a form; a percent sign stays.
        ("%22Act%22 100%25%0D%0A.pdf", "\"Act\" 100%25.pdf"),
        (&long, &("я".repeat(195) + ".docx")),
    ] {
        let made = put_form(&admin, &record, name, b"x").await.ok(201);
        assert_eq!(made["name"], expected, "{name:?}");
        let path = format!("/api/v1/files/{}/content", id_of(&made));
        admin.send("GET", &path, None, Vec::new()).await;
    }
    let made = put(&admin, &record, "a\tb\u{7f}.txt", "x").await.ok(201);
    assert_eq!(made["name"], "ab.txt");
    put(&admin, &record, "a\0b.txt", "x").await.problem(400, "request.invalid");
    let made = put(&admin, &record, "a\r\nset-cookie: x=1\r\n\r\n<b>.txt", "x").await.ok(201);
    let answer = admin.send("GET", &format!("/api/v1/files/{}/content", id_of(&made)), None, Vec::new()).await;
    assert_eq!(answer.header("set-cookie"), None);
    for nothing in ["..", "///", "", " . ", "\u{202e}"] {
        let refused = put_form(&admin, &record, nothing, b"x").await.problem(422, "file.invalid");
        assert_eq!(refused["fields"]["name"]["code"], "required", "{nothing:?}");
    }
    put(&admin, &record, "", "x").await.problem(422, "file.invalid");
    let file = format!("/files/{}", id_of(&made));
    let renamed = admin.patch(&file, json!({"name": "x/../Договор\u{200f}.pdf "})).await.ok(200);
    assert_eq!((&renamed["name"], &renamed["media_type"]), (&json!("Договор.pdf"), &json!("text/plain")));
    admin.patch(&file, json!({"name": "/"})).await.problem(422, "file.invalid");
    app.finish().await;
}

#[tokio::test]
async fn what_breaks_off_or_is_too_large_leaves_nothing() {
    let app = TestApp::build().config(|config| config.files.max_bytes = 100_000).start().await;
    let admin = app.admin();
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let uri = format!("/api/v1/records/{record}/files?name=a.bin");
    let sent = async |body: Body| admin.send_body("POST", &uri, Some("application/octet-stream"), body).await;
    let piece = || Ok::<_, std::io::Error>(axum::body::Bytes::from(vec![7_u8; 10_000]));
    let broken = [piece(), piece(), Err(std::io::Error::other("the line is gone"))];
    sent(Body::from_stream(stream::iter(broken))).await.problem(400, "request.invalid");
    let endless = stream::repeat_with(piece).take(1_000_000);
    sent(Body::from_stream(endless)).await.problem(413, "too_large");
    put(&admin, &record, "b.bin", vec![0; 100_001]).await.problem(413, "too_large");
    sent(Body::from(vec![0; 1_073_741])).await.problem(413, "too_large");
    let half =
        format!("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{}", "x".repeat(5_000));
    let uri = format!("/api/v1/records/{record}/files");
    admin
        .send("POST", &uri, Some("multipart/form-data; boundary=B"), half.into_bytes())
        .await
        .problem(400, "request.invalid");
    for body in ["", "--B--\r\n", "--B\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--B--\r\n"] {
        admin
            .send("POST", &uri, Some("multipart/form-data; boundary=B"), body.into())
            .await
            .problem(400, "request.invalid");
    }
    assert_eq!(app.count("SELECT count(*) FROM stored_file").await, 0);
    assert_eq!(kept(&app), 0);
    put(&admin, &record, "c.bin", vec![0; 100_000]).await.ok(201);
    assert_eq!(kept(&app), 1);
    app.finish().await;
}

/// Files in the store.
fn kept(app: &TestApp) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&app.state.config.files_dir().join("records"))
}

#[tokio::test]
async fn small_pictures_are_made_of_pictures_alone() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    let picture = put(&admin, &record, "a.bin", PICTURE).await.ok(201);
    let path = format!("/api/v1/files/{}/thumbnail", id_of(&picture));
    let small = admin.send("GET", &path, None, Vec::new()).await;
    assert_eq!((small.status.as_u16(), small.header("content-type")), (200, Some("image/png")));
    let again = admin.send("GET", &path, None, Vec::new()).await;
    assert!(small.body.starts_with(b"\x89PNG") && again.body == small.body);
    // A header that claims 65,535 by 65,535 pixels.
    let mut bomb = PICTURE.to_vec();
    bomb[6..10].fill(0xff);
    for (name, bytes) in
        [("bomb.gif", bomb), ("cut.gif", PICTURE[..12].to_vec()), ("a.jpg", b"\xff\xd8\xff\xe0junk".to_vec())]
    {
        let made = put(&admin, &record, name, bytes).await.ok(201);
        assert_eq!(made["thumbnail"], true, "nobody has looked yet");
        let file = format!("/files/{}", id_of(&made));
        for _ in 0..2 {
            admin.get(&format!("{file}/thumbnail")).await.problem(404, "not_found");
        }
        assert_eq!(admin.get(&file).await.ok(200)["thumbnail"], false, "{name}");
    }
    let text = put(&admin, &record, "a.png", "no picture").await.ok(201);
    assert_eq!(text["thumbnail"], false);
    admin.get(&format!("/files/{}/thumbnail", id_of(&text))).await.problem(404, "not_found");
    app.finish().await;
}

/// A picture of one pixel.
const PICTURE: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
