//! Who did what, as administrators read it.

use std::collections::BTreeSet;
use std::path::Path;

use kernel::clock::Clock;
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestApp, root};

fn actions(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|act| act["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_administrator_reads_who_did_what_in_their_own_language() {
    let app = TestApp::build().person("max", "sales_manager").locale(kernel::Locale::Ru).start().await;
    let admin = app.admin();
    app.stranger().post("/session", json!({"email": "admin@acme.test", "password": PASSWORD})).await.ok(200);
    app.clock.advance_seconds(1);
    admin.patch(&format!("/users/{}", app.id_of("max")), json!({"position": "Старший"})).await.ok(200);
    let page = admin.get("/audit?limit=2").await.ok(200);
    assert_eq!(actions(&page), ["user.updated", "session.opened"]);
    let first = &page["items"][0];
    assert_eq!(
        (&first["text"], &first["title"], &first["actor"]["name"]),
        (&json!("изменена учётная запись"), &json!("max"), &json!("Ada Admin"))
    );
    app.by("max").get("/audit").await.problem(403, "denied");
    app.stranger().get("/audit").await.problem(401, "auth.required");
    app.finish().await;
}

#[tokio::test]
async fn acts_are_found_by_area_person_and_time_page_by_page_and_only_ones_own() {
    let mut app = TestApp::build().person("max", "admin").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let admin = app.admin();
    let role =
        |n: usize| json!({"key": format!("role_{n}"), "name": format!("Role {n}"), "rows": [], "field_rights": []});
    for n in 0..5 {
        admin.post("/roles", role(n)).await.ok(201);
        app.clock.advance_seconds(1);
    }
    app.clock.advance_seconds(60);
    let middle = app.clock.now();
    app.by("max").post("/tokens", json!({"name": "script"})).await.ok(201);
    let mut seen = Vec::new();
    let mut path = "/audit?area=role&limit=2".to_owned();
    loop {
        let page = admin.get(&path).await.ok(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|act| act["title"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/audit?area=role&limit=2&cursor={cursor}");
    }
    assert_eq!(seen[..5], ["Role 4", "Role 3", "Role 2", "Role 1", "Role 0"]);
    let distinct: BTreeSet<&String> = seen.iter().collect();
    assert_eq!((distinct.len(), seen.len()), (9, 9), "those the company began with, and each once");
    let by_max = admin.get(&format!("/audit?person={}", app.id_of("max"))).await.ok(200);
    assert_eq!(actions(&by_max), ["token.created"]);
    let since = admin.get(&format!("/audit?since={middle}")).await.ok(200);
    assert_eq!(actions(&since), ["token.created"]);
    let until = admin.get(&format!("/audit?until={middle}&person={}", app.id_of("max"))).await.ok(200);
    assert!(actions(&until).is_empty(), "{until}");
    assert!(!app.by_of(other, "admin").get("/audit").await.text().contains("Role 4"));
    for wrong in
        ["area=Role", "area=r%25", "cursor=1", "cursor=x_y", "person=max", "since=yesterday", "limit=no", "which=all"]
    {
        admin.get(&format!("/audit?{wrong}")).await.problem(400, "request.invalid");
    }
    app.finish().await;
}

/// Names of acts in the sources below a folder: the first text of the form `a.b` behind `audit::record(`.
fn written(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            written(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for call in text.split("audit::record(").skip(1) {
                let texts = call.split('"').skip(1).step_by(2).take(1);
                let dotted = |name: &&str| {
                    name.contains('.') && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
                };
                found.extend(texts.filter(dotted).map(str::to_owned));
            }
        }
    }
}

#[test]
fn every_act_has_words_in_every_language() {
    let mut found = BTreeSet::new();
    written(&root().join("core"), &mut found);
    assert!(found.len() > 40, "{found:?}");
    for locale in [kernel::Locale::En, kernel::Locale::Ru, kernel::Locale::Uk] {
        let missing: Vec<&String> =
            found.iter().filter(|act| kernel::text::lookup(locale, &format!("audit.{act}")).is_none()).collect();
        assert!(missing.is_empty(), "{locale:?}: {missing:?}");
    }
}
