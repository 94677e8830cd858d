//! Wrong, huge and foreign: everything is said by place, nothing is changed.

use serde_json::{Value, json};

use super::{main, place, stages, with};
use crate::app::TestApp;

#[tokio::test]
async fn wrong_lists_say_what_is_wrong_where() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let before = main(&app, "deal").await;
    let (good, address) = (stages(&before), place(&before));
    let check = async |list: Vec<Value>, at: &str, code: &str| {
        let problem = admin.put(&address, json!({"stages": list, "dry_run": true})).await;
        let problem = problem.problem(422, "config.invalid");
        assert_eq!(problem["fields"][at]["code"], code, "{problem}");
    };
    let change = |key: &str, members: Value| with(good.clone(), key, members);
    check(Vec::new(), "stages", "stage_lost").await;
    check(super::without(good.clone(), "won"), "stages", "stage_won").await;
    check(super::without(good.clone(), "lost"), "stages", "stage_lost").await;
    check(good.iter().filter(|one| one["semantic"] != "open").cloned().collect(), "stages", "stage_open").await;
    check(good.iter().rev().cloned().collect(), "stages", "stage_first").await;
    check((0..61).map(|_| good[0].clone()).collect(), "stages", "too_many").await;
    check(change("quote", json!({"label": {}})), "stages.2.label", "required").await;
    check(change("quote", json!({"label": {"en": "x".repeat(101)}})), "stages.2.label", "too_long").await;
    check(change("quote", json!({"color": "red"})), "stages.2.color", "color").await;
    check(change("quote", json!({"probability": 101})), "stages.2.probability", "range").await;
    check(change("quote", json!({"key": "deal_new"})), "stages.2.key", "taken").await;
    for key in ["", "Ä b", "x'--", &"k".repeat(41)] {
        check(change("quote", json!({"key": key})), "stages.2.key", "choice_key").await;
    }
    for duration in ["a day", "P1M", "-P1D", "P9999999D"] {
        check(change("quote", json!({"duration": duration})), "stages.2.duration", "invalid").await;
    }
    check(change("quote", json!({"duration": "PT0S"})), "stages.2.duration", "duration_positive").await;
    check(change("won", json!({"duration": "P1D"})), "stages.6.duration", "duration_open").await;
    check(change("quote", json!({"duration": "PT1H", "remind": "P1D"})), "stages.2.remind", "remind_shorter").await;
    check(change("quote", json!({"remind": "PT1H"})), "stages.2.remind", "remind_shorter").await;
    check(change("quote", json!({"required": ["spaceship"]})), "stages.2.required", "unknown_name").await;
    check(change("quote", json!({"required": ["created_at"]})), "stages.2.required", "unknown_name").await;
    check(change("quote", json!({"from": ["spaceship"]})), "stages.2.from", "unknown_name").await;
    check(change("quote", json!({"roles": ["spaceship"]})), "stages.2.roles", "unknown_name").await;
    check(change("quote", json!({"guard": "record.("})), "stages.2.guard", "invalid").await;
    check(change("quote", json!({"guard": "vars.x == 1"})), "stages.2.guard", "unknown_name").await;
    check(change("quote", json!({"guard": "record.spaceship == 1"})), "stages.2.guard", "unknown_name").await;
    check(change("quote", json!({"guard": format!("'{}' == ''", "x".repeat(4_000))})), "stages.2.guard", "invalid")
        .await;
    let moving = |from: &str, to: &str| json!({"stages": good, "move_to": {(from): to}, "dry_run": true});
    let refused = admin.put(&address, moving("quote", "won")).await.problem(422, "config.invalid");
    assert_eq!(refused["fields"]["move_to.quote"]["code"], "not_going");
    let short = super::without(good.clone(), "quote");
    for to in ["quote", "junk", "nowhere"] {
        let sent = json!({"stages": short, "move_to": {"quote": to}, "dry_run": true});
        let refused = admin.put(&address, sent).await.problem(422, "config.invalid");
        assert_eq!(refused["fields"]["move_to.quote"]["code"], "unknown_name", "{to}");
    }
    for body in [
        json!([]),
        json!({}),
        json!({"stages": "all"}),
        json!({"stages": [], "more": 1}),
        json!({"stages": [{"key": "a"}]}),
    ] {
        let answer = admin.put(&address, body.clone()).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.text());
    }
    for (body, at) in [
        (json!({"entity": "company", "label": {"en": "A"}}), "entity"),
        (json!({"entity": "spaceship", "label": {"en": "A"}}), "entity"),
        (json!({"entity": "deal", "label": {"en": " "}}), "label"),
        (json!({"entity": "deal", "label": {"en": "A"}, "stages": []}), "stages"),
    ] {
        let refused = admin.post("/pipelines", body.clone()).await.problem(422, "config.invalid");
        assert!(refused["fields"].get(at).is_some(), "{body}: {refused}");
    }
    let address = format!("/pipelines/{}", before["id"].as_str().unwrap());
    admin.delete(&format!("{address}?move_to=quote")).await.problem(400, "request.invalid");
    admin.patch(&address, json!({"is_default": false})).await.problem(409, "pipeline.default");
    assert_eq!(main(&app, "deal").await, before, "nothing was changed");
    app.finish().await;
}

#[tokio::test]
async fn there_is_an_end_to_pipelines() {
    let app = TestApp::start().await;
    let made = app.admin().post("/pipelines", json!({"entity": "lead", "label": {"en": "A"}})).await.ok(201);
    app.sql(&format!(
        "INSERT INTO pipeline (id, tenant_id, entity, key, name, is_default, sort)
         SELECT {}, tenant_id, entity, 'k' || n.i, 'n', {}, 9 FROM pipeline, {} WHERE key = '{}'",
        if crate::app::on_postgres() { "gen_random_uuid()" } else { "randomblob(16)" },
        if crate::app::on_postgres() { "false" } else { "0" },
        if crate::app::on_postgres() {
            "generate_series(1, 48) AS n (i)"
        } else {
            "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 48) SELECT i FROM n) AS n"
        },
        made["key"].as_str().unwrap(),
    ))
    .await;
    let more = app.admin().post("/pipelines", json!({"entity": "lead", "label": {"en": "B"}})).await;
    assert_eq!(more.problem(422, "config.invalid")["fields"]["entity"]["code"], "too_many");
    app.finish().await;
}

#[tokio::test]
async fn only_administrators_configure_and_only_their_own_company() {
    let mut app = TestApp::build().person("max", "sales_head").start().await;
    let other = app.add_company("Other", kernel::Locale::Ru).await;
    let before = main(&app, "deal").await;
    let address = format!("/pipelines/{}", before["id"].as_str().unwrap());
    let (list, new) = (json!({"stages": stages(&before)}), json!({"entity": "deal", "label": {"en": "A"}}));
    let max = app.by("max");
    max.get("/pipelines").await.problem(403, "config.denied");
    max.post("/pipelines", new).await.problem(403, "config.denied");
    max.patch(&address, json!({})).await.problem(403, "config.denied");
    max.delete(&address).await.problem(403, "config.denied");
    max.put(&place(&before), list.clone()).await.problem(403, "config.denied");
    app.stranger().get("/pipelines").await.problem(401, "auth.required");
    let foreign = app.by_of(other, "admin");
    foreign.put(&place(&before), list).await.problem(404, "not_found");
    foreign.patch(&address, json!({"archived": true})).await.problem(404, "not_found");
    foreign.delete(&address).await.problem(404, "not_found");
    let theirs = foreign.get("/pipelines").await.ok(200);
    assert!(theirs["items"].as_array().unwrap().iter().all(|one| one["id"] != before["id"]));
    assert_eq!(main(&app, "deal").await, before);
    app.finish().await;
}
