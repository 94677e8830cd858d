//! NUL in texts, addresses and queries; methods and media types nobody knows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::example::{texts, with};
use super::{Door, MARKER, doors, faulty, unlike};
use crate::access::Objects;
use crate::app::TestApp;

/// The address with one of its parameters replaced, for each of them.
fn replaced(door: &Door, by: &str) -> Vec<String> {
    let (template, path) = (door.operation.template.split('/'), door.operation.path.split('/'));
    let parts: Vec<(&str, &str)> = template.zip(path).collect();
    let places = (0..parts.len()).filter(|n| parts[*n].0.starts_with('{'));
    let with = |place: usize| {
        let each = parts.iter().enumerate().map(|(n, (_, part))| if n == place { by } else { part });
        format!("/api/v1{}", each.collect::<Vec<_>>().join("/"))
    };
    places.map(with).collect()
}

#[tokio::test]
async fn no_operation_takes_a_nul_in_its_address_or_its_texts() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    let admin = app.admin();
    let mut wrong = Vec::new();
    for door in doors(&app, &objects).await {
        let query = door.query.iter().map(|name| format!("{}?{name}=a%00b", door.address()));
        for address in replaced(&door, "a%00b").into_iter().chain(query) {
            let answer = door.send(&admin, &address, door.good()).await;
            wrong.extend(unlike(&door, &address, answer.as_ref(), &[400]));
        }
        for place in texts(&door.whole) {
            let body = with(&door.whole, &place, "a\u{0}b").to_string();
            let answer = door.send(&admin, &door.address(), body).await;
            wrong.extend(unlike(&door, &format!("NUL at {place}"), answer.as_ref(), &[400]));
        }
        if door.media.is_some() && !door.json() && !door.excepted("NUL in the file") {
            let spoilt =
                String::from_utf8_lossy(&door.good()).replace("lead", "le\u{0}ad").replace("walk", "wa\u{0}lk");
            let answer = door.send(&admin, &door.address(), spoilt).await;
            wrong.extend(unlike(&door, "NUL in the file", answer.as_ref(), &[400, 404, 422]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn no_value_of_any_query_or_address_is_a_fault_of_ours() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    let admin = app.admin();
    let long = "9".repeat(3_000);
    let nasty =
        ["", "-1", "1.5", "null", "%F0%9F", "%25%27%22%5C", "99999999999999999999", "%E2%80%AE", "a.b,c", &long];
    let mut wrong = Vec::new();
    for door in doors(&app, &objects).await.iter().filter(|door| door.operation.method == "GET") {
        for value in nasty {
            let query = door.query.iter().map(|name| format!("{}?{name}={value}", door.address()));
            for address in replaced(door, value).into_iter().chain(query) {
                let answer = door.send(&admin, &address, Vec::new()).await;
                wrong.extend(faulty(door, &address, answer.as_ref()));
            }
        }
        let unknown = format!("{}?nobody_knows=1", door.address());
        wrong.extend(faulty(door, &unknown, door.send(&admin, &unknown, Vec::new()).await.as_ref()));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn methods_that_an_address_does_not_have_are_refused_and_those_it_has_are_named() {
    const INVENTED: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "get"];
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    let mut known: BTreeMap<String, (BTreeSet<String>, Door)> = BTreeMap::new();
    for door in doors(&app, &objects).await {
        let method = door.operation.method.clone();
        let address = door.address().split('?').next().unwrap_or_default().to_owned();
        known.entry(address).or_insert_with(|| (BTreeSet::new(), door)).0.insert(method);
    }
    let mut wrong = Vec::new();
    for (address, (methods, door)) in &known {
        for method in INVENTED.into_iter().filter(|method| !methods.contains(*method)) {
            let answer = app.admin().send(method, address, None, Vec::new()).await;
            let code = (answer.status == 405).then(|| answer.json()["code"].clone());
            let allow = answer.header("allow").unwrap_or_default();
            let named = methods.iter().all(|one| allow.contains(one.as_str()));
            if code.is_none_or(|code| code != "request.invalid") || !named {
                wrong.push(format!(
                    "{method} {}: {} {allow:?} {}",
                    door.operation.template,
                    answer.status,
                    answer.text()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn no_operation_reads_a_media_type_that_it_does_not_know() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    let attack = "unknown media type";
    let mut wrong = Vec::new();
    for door in doors(&app, &objects).await.iter().filter(|door| door.media.is_some() && !door.excepted(attack)) {
        for kind in [Some("application/x-walk"), Some("text/plain"), Some("\u{ff}"), None] {
            let answer = door.send_as(&app.admin(), &door.address(), kind, door.good()).await;
            wrong.extend(unlike(door, &format!("{attack} {kind:?}"), answer.as_ref(), &[400, 415]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    app.finish().await;
}
