//! Who asks: nobody, somebody who may only read, another company, somebody from whom a field is hidden.

use people::token::Scope;
use serde_json::{Value, json};

use super::example::{texts, with};
use super::{Door, MARKER, doors, faulty, unlike};
use crate::access::{Objects, image, same};
use crate::app::{Answer, Client, TestApp};

/// What only some may read.
const SECRET: &str = "Verborgener Aal";

#[tokio::test]
async fn no_operation_works_for_nobody_and_none_writes_for_a_token_that_may_only_read() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    app.drain().await;
    let reading = app.token_of(&app.companies[0], app.id_of("admin"), &[Scope::Read]).await;
    let before = image(&app, &objects).await;
    let reader = app.with_token(&reading);
    let nobody = [app.stranger(), app.with_token("vst_wrong"), app.with_token(&reading[1..])];
    let mut wrong = Vec::new();
    for door in doors(&app, &objects).await {
        for stranger in &nobody {
            let answer = door.send(stranger, &door.address(), door.good()).await;
            wrong.extend(if door.public {
                faulty(&door, "no token", answer.as_ref())
            } else {
                unlike(&door, "no token", answer.as_ref(), &[401])
            });
        }
        let answer = door.send(&reader, &door.address(), door.good()).await;
        let question = verstak::http::auth::QUESTIONS.contains(&format!("/api/v1{}", door.operation.template).as_str());
        wrong.extend(if door.operation.method == "GET" || question || door.public {
            faulty(&door, "reading token", answer.as_ref())
        } else {
            unlike(&door, "reading token", answer.as_ref(), &[403])
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    same(&before, &image(&app, &objects).await);
    app.finish().await;
}

/// What an answer tells that it must not, or that it is a fault.
fn leak(door: &Door, attack: &str, answer: Option<&Answer>, hidden: &[&str]) -> Option<String> {
    let told = answer.and_then(|answer| {
        let text = answer.text();
        let word = hidden.iter().find(|word| text.contains(**word))?;
        Some(format!("{}: {attack}: tells `{word}`: {text}", door.name()))
    });
    told.or_else(|| faulty(door, attack, answer))
}

/// Sends the door everything that may be sent to it with this word: as each text of its body, in each place of its query.
async fn with_word(door: &Door, client: &Client<'_>, word: &str) -> Vec<(String, Option<Answer>)> {
    let mut answers = Vec::new();
    if door.excepted("words") {
        return answers;
    }
    for place in texts(&door.whole) {
        let body = with(&door.whole, &place, word).to_string();
        answers.push((format!("`{word}` at {place}"), door.send(client, &door.address(), body).await));
    }
    for name in &door.query {
        let address = format!("{}?{name}={word}", door.address());
        answers.push((address.clone(), door.send(client, &address, door.good()).await));
    }
    answers
}

#[tokio::test]
async fn no_operation_tells_another_company_anything_whatever_ids_it_is_given() {
    let mut app = TestApp::build().lead_desk(json!({})).start().await;
    let objects = Objects::make(&app, MARKER).await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    app.drain().await;
    let before = image(&app, &objects).await;
    let stranger = app.by_of(other, "admin");
    let tenant = app.companies[0].tenant.id.to_string();
    let hidden = [MARKER, tenant.as_str(), "someone@marker.test"];
    let mut wrong = Vec::new();
    for door in doors(&app, &objects).await {
        let answer = door.send(&stranger, &door.address(), door.good()).await;
        wrong.extend(leak(&door, "good body", answer.as_ref(), &hidden));
        if door.operation.owned && answer.is_some_and(|answer| answer.status.is_success()) {
            wrong.push(format!("{}: another company's object was found", door.name()));
        }
        for id in objects.all() {
            for (attack, answer) in with_word(&door, &stranger, id).await {
                wrong.extend(leak(&door, &attack, answer.as_ref(), &hidden));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    same(&before, &image(&app, &objects).await);
    app.finish().await;
}

/// Somebody who may do everything with records, and from whom their comments are hidden.
async fn blind(app: &mut TestApp) {
    let all = json!(["read", "create", "update", "delete"]);
    let entities = ["lead", "deal", "contact", "company", "activity", "task"];
    let rows: Vec<Value> =
        entities.map(|entity| json!({"kind": "permission", "entity": entity, "actions": all})).into();
    let commented = ["lead", "deal", "contact", "company"];
    let rights: Vec<Value> =
        commented.map(|entity| json!({"entity": entity, "field": "comments", "right": "hidden"})).into();
    app.role("blind", json!(rows), json!(rights)).await;
    app.person(0, "blind", &["blind"]).await;
}

#[tokio::test]
async fn no_operation_tells_a_hidden_field() {
    let mut app = TestApp::build().lead_desk(json!({})).start().await;
    blind(&mut app).await;
    let objects = Objects::make(&app, MARKER).await;
    for entity in ["lead", "deal", "contact", "company"] {
        app.admin().update(entity, objects.id(entity), json!({"comments": SECRET})).await.ok(200);
    }
    app.drain().await;
    let client = app.by("blind");
    let mut wrong = Vec::new();
    for door in doors(&app, &objects).await {
        let answer = door.send(&client, &door.address(), door.good()).await;
        wrong.extend(leak(&door, "good body", answer.as_ref(), &[SECRET]));
        for word in ["comments", "lead.comments", SECRET] {
            if word == SECRET && door.excepted("hidden word") {
                continue;
            }
            let answers = with_word(&door, &client, &word.replace(' ', "%20")).await;
            // What somebody sends themselves may come back to them.
            let hidden: &[&str] = if word == SECRET { &[] } else { &[SECRET] };
            wrong.extend(answers.iter().filter_map(|(attack, one)| leak(&door, attack, one.as_ref(), hidden)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.drain().await;
    app.finish().await;
}
