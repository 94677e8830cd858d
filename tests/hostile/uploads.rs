//! Files: forms that are broken and packages that are not what they say.

use serde_json::json;

use crate::app::{LEAD_DESK, TestApp, lead_desk};

const OCTETS: Option<&str> = Some("application/octet-stream");

#[tokio::test]
async fn broken_forms_are_refused() {
    let app = TestApp::start().await;
    let part = |name: &str, text: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n{text}\r\n")
    };
    let bodies = [
        ("multipart/form-data", "x".to_owned()),
        ("multipart/form-data; boundary=", "x".into()),
        ("multipart/form-data; boundary=B", String::new()),
        ("multipart/form-data; boundary=B", "--B".into()),
        ("multipart/form-data; boundary=B", part("file", "a")),
        ("multipart/form-data; boundary=B", format!("{}--B--\r\n", part("other", "a"))),
        (
            "multipart/form-data; boundary=B",
            format!("--B\r\nContent-Disposition: {}\r\n\r\nx\r\n--B--\r\n", "x".repeat(50_000)),
        ),
        (
            "multipart/form-data; boundary=B",
            format!("{}{}--B--\r\n", part("file", "a\0b"), part("entity", "spaceship")),
        ),
        ("multipart/form-data; boundary=B", format!("{}{}--B--\r\n", part("entity", "lead\0"), part("file", "a"))),
        ("application/json", "{}".into()),
    ];
    for (kind, body) in bodies {
        for path in ["/api/v1/plugins", "/api/v1/imports"] {
            let answer = app.admin().send("POST", path, Some(kind), body.clone().into_bytes()).await;
            assert!(answer.status.is_client_error(), "{path} {kind}: {} {}", answer.status, answer.text());
        }
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn packages_that_are_not_what_they_say_are_not_installed() {
    let app = TestApp::start().await;
    let good = lead_desk();
    let replaced = |from: &[u8], to: &[u8]| {
        let mut bytes = good.to_vec();
        let mut at = 0;
        let mut count = 0;
        while let Some(found) = bytes[at..].windows(from.len()).position(|window| window == from) {
            bytes[at + found..at + found + to.len()].copy_from_slice(to);
            at += found + from.len();
            count += 1;
        }
        assert!(count > 0, "the package has no {}", String::from_utf8_lossy(from));
        bytes
    };
    let mut flipped = good.to_vec();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let mut longer = good.to_vec();
    longer.extend_from_slice(b"trailing");
    let packages: [(&str, Vec<u8>); 9] = [
        ("nothing", Vec::new()),
        ("noise", (0..5_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()),
        ("an empty archive", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec()),
        ("the first half", good[..middle].to_vec()),
        ("all but the end", good[..good.len() - 10].to_vec()),
        ("one byte changed", flipped),
        ("a path out of the folder", replaced(b"i18n/en", b"../../e")),
        ("no manifest", replaced(b"plugin.toml", b"plugin.tomb")),
        ("no component", replaced(b"component.wasm", b"component.wasn")),
    ];
    for (what, bytes) in packages {
        let refused = app.admin().send("POST", "/api/v1/plugins", OCTETS, bytes).await;
        let body = refused.problem(422, "plugin.invalid");
        assert!(body["fields"]["file"]["message"].as_str().is_some_and(|words| words.contains(' ')), "{what}: {body}");
    }
    assert_eq!(app.admin().get("/plugins").await.ok(200)["items"], json!([]));
    app.admin().send("POST", "/api/v1/plugins", OCTETS, good.to_vec()).await.ok(201);
    app.finish().await;
}

#[tokio::test]
async fn only_the_operator_installs_and_only_administrators_switch_on() {
    let mut app = TestApp::build().person("max", "sales_head").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    for client in [app.by("max"), app.by_of(other, "admin")] {
        client.send("POST", "/api/v1/plugins", OCTETS, lead_desk().to_vec()).await.problem(403, "denied");
    }
    app.admin().send("POST", "/api/v1/plugins", OCTETS, lead_desk().to_vec()).await.ok(201);
    let path = |word: &str| format!("/plugins/{LEAD_DESK}/{word}");
    app.by("max").post(&path("enable"), json!({"grants": "requested"})).await.problem(403, "denied");
    let some = app.admin().post(&path("enable"), json!({"grants": ["kv"]})).await.problem(422, "plugin.invalid");
    assert!(some["fields"].as_object().unwrap().len() > 1, "{some}");
    for settings in [
        json!({"country": "XX"}),
        json!({"follow_up_hours": 721}),
        json!({"follow_up_hours": "x"}),
        json!({"unknown": 1}),
    ] {
        let body = json!({"grants": "requested", "settings": settings});
        app.admin().post(&path("enable"), body).await.problem(422, "plugin.settings_invalid");
    }
    app.by_of(other, "admin").post(&path("enable"), json!({"grants": "requested"})).await.ok(200);
    app.by_of(other, "admin").delete(&format!("/plugins/{LEAD_DESK}")).await.problem(403, "denied");
    app.admin().delete(&format!("/plugins/{LEAD_DESK}")).await.problem(409, "plugin.in_use");
    app.by_of(other, "admin").post(&path("disable"), json!({})).await.ok(200);
    app.admin().delete(&format!("/plugins/{LEAD_DESK}")).await.ok(204);
    app.finish().await;
}
