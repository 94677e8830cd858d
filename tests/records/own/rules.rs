//! Conditions of fields and validation rules: one answer for forms and writers, at each door, and old gaps.

use kernel::Locale;
use serde_json::{Value, json};

use super::formulas::{formula, recomputed};
use crate::app::TestApp;
use crate::process::{Engine, file, flows, one};

/// Deals with a kind and a contract.
async fn kinds(app: &TestApp) {
    let kinds = json!([{"key": "sale"}, {"key": "rent"}]);
    let terms = json!([{"key": "month"}, {"key": "year"}, {"key": "once"}]);
    for field in [
        json!({"key": "x_kind", "label": {"en": "Kind"}, "type": "choice", "choices": kinds}),
        json!({"key": "x_contract", "label": {"en": "Contract"}, "type": "text"}),
        json!({"key": "x_term", "label": {"en": "Term"}, "type": "choice", "choices": terms}),
    ] {
        app.admin().post("/entities/deal/fields", field).await.ok(201);
    }
}

async fn conditions(app: &TestApp, key: &str, conditions: Value) {
    app.admin().put(&format!("/entities/deal/fields/{key}/conditions"), conditions).await.ok(200);
}

async fn rule(app: &TestApp, rule: Value) -> String {
    app.admin().post("/validation-rules", json!({"entity": "deal", "rule": rule})).await.id()
}

#[tokio::test]
async fn what_is_required_of_a_sale_is_refused_at_every_door_and_old_gaps_block_moves_alone() {
    let app = TestApp::start().await;
    kinds(&app).await;
    let old = app.record("deal", json!({"title": "old", "x_kind": "sale"})).await;
    conditions(&app, "x_contract", json!({"required": "record.x_kind == \"sale\""})).await;
    let admin = app.admin();
    let lacks = |problem: &Value| assert_eq!(problem["fields"]["x_contract"]["code"], "required", "{problem}");
    // API
    lacks(&admin.create("deal", json!({"title": "a", "x_kind": "sale"})).await.problem(422, "record.invalid"));
    let rent = app.record("deal", json!({"title": "rent", "x_kind": "rent"})).await;
    lacks(&admin.update("deal", &rent, json!({"x_kind": "sale"})).await.problem(422, "record.invalid"));
    // bulk, by rows and by a filter
    let bulk = json!({"update": [{"id": rent, "fields": {"x_kind": "sale"}}]});
    let answer = admin.post("/records/deal/bulk", bulk).await.ok(200);
    lacks(&answer["results"][0]);
    let whole = json!({"filter": {"field": "title", "op": "eq", "value": "rent"}, "fields": {"x_kind": "sale"}});
    let job = admin.post("/records/deal/bulk", whole).await.id();
    app.drain().await;
    let job = admin.get(&format!("/jobs/{job}")).await.ok(200);
    assert_eq!(job["result"]["refused_total"], 1, "{job}");
    // import
    let form = "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\ndeal\r\n--B\r\nContent-Disposition: form-data; \
        name=\"file\"; filename=\"l.csv\"\r\n\r\nTitle,Kind\nfile,sale\n\r\n--B--\r\n";
    let kind = Some("multipart/form-data; boundary=B");
    let import = admin.send("POST", "/api/v1/imports", kind, form.as_bytes().to_vec()).await.id();
    let mapping = json!([{"column": 0, "field": "title"}, {"column": 1, "field": "x_kind"}]);
    admin.post(&format!("/imports/{import}/start"), json!({"mapping": mapping})).await.ok(202);
    app.drain().await;
    let import = admin.get(&format!("/imports/{import}")).await.ok(200);
    assert_eq!((&import["accepted"], &import["refused"]), (&json!(0), &json!(1)), "{import}");
    // process
    let engine = Engine::of(&app);
    let set = r#"<startEvent id="start"/><serviceTask id="set" v:service="update-record"><extensionElements>
<v:param name="x_kind">sale</v:param></extensionElements></serviceTask><endEvent id="end"/>"#;
    engine.deploy(file(&one("sell", &(set.to_owned() + &flows("start>set set>end"))))).await;
    engine.start_about("sell", "deal", &rent, json!({})).await;
    app.drain().await;
    assert_eq!(admin.get(&format!("/records/deal/{rent}")).await.ok(200)["fields"]["x_kind"], "rent");
    // An old gap: other edits pass, a move does not; filled, it does.
    admin.update("deal", &old, json!({"title": "older"})).await.ok(200);
    let listed = admin.get("/entities/deal/violations").await.ok(200);
    assert_eq!((&listed["items"][0]["id"], listed["items"].as_array().unwrap().len()), (&json!(old), 1), "{listed}");
    lacks(
        &admin
            .post(&format!("/records/deal/{old}/stage"), json!({"stage": "quote"}))
            .await
            .problem(409, "record.invalid"),
    );
    lacks(&admin.update("deal", &old, json!({"stage": "quote"})).await.problem(422, "record.invalid"));
    admin.update("deal", &old, json!({"x_contract": "7"})).await.ok(200);
    admin.post(&format!("/records/deal/{old}/stage"), json!({"stage": "quote"})).await.ok(200);
    lacks(&admin.update("deal", &old, json!({"x_contract": null})).await.problem(422, "record.invalid"));
    let listed = admin.get("/entities/deal/violations").await.ok(200);
    assert_eq!(listed["items"], json!([]));
    app.expect_dead(0);
    app.finish().await;
}

#[tokio::test]
async fn a_field_locks_by_what_was_and_choices_go_by_another_field() {
    let app = TestApp::start().await;
    kinds(&app).await;
    conditions(&app, "x_contract", json!({"read_only": "before.stage == 'won'"})).await;
    let terms = json!({"once": "record.x_kind == 'sale'", "month": "record.x_kind == 'rent'"});
    conditions(&app, "x_term", json!({"options_when": terms, "visible": "record.x_kind != null"})).await;
    let admin = app.admin();
    let id = app.record("deal", json!({"title": "a"})).await;
    admin.update("deal", &id, json!({"stage": "won", "x_contract": "1"})).await.ok(200);
    let locked = admin.update("deal", &id, json!({"x_contract": "2"})).await.problem(422, "record.invalid");
    assert_eq!(locked["fields"]["x_contract"]["code"], "locked", "{locked}");
    admin.update("deal", &id, json!({"title": "b", "x_contract": "1"})).await.ok(200);
    // Choices.
    let wrong = admin.update("deal", &id, json!({"x_kind": "rent", "x_term": "once"})).await;
    assert_eq!(wrong.problem(422, "record.invalid")["fields"]["x_term"]["code"], "option_not_now");
    admin.update("deal", &id, json!({"x_kind": "rent", "x_term": "month"})).await.ok(200);
    let made_wrong = admin.update("deal", &id, json!({"x_kind": "sale"})).await.problem(422, "record.invalid");
    assert_eq!(made_wrong["fields"]["x_term"]["code"], "option_not_now");
    // The form is told the same.
    let asked = json!({"id": id, "fields": {"x_kind": "sale"}});
    let said = admin.post("/records/deal/evaluate", asked).await.ok(200);
    assert_eq!(said["fields"]["x_term"]["options"], json!(["year", "once"]), "{said}");
    assert_eq!(said["fields"]["x_contract"]["read_only"], true);
    let codes: Vec<&str> = said["errors"].as_array().unwrap().iter().map(|e| e["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["option_not_now"]);
    let new = admin.post("/records/deal/evaluate", json!({"fields": {}})).await.ok(200);
    assert_eq!(
        (&new["fields"]["x_term"]["visible"], &new["fields"]["x_contract"]["read_only"]),
        (&json!(false), &json!(false))
    );
    // Taken away, nothing is asked.
    conditions(&app, "x_term", json!({})).await;
    admin.update("deal", &id, json!({"x_kind": "sale"})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn broken_rules_are_told_all_at_once_in_their_order_and_a_warning_takes_a_reason() {
    let app = TestApp::build().locale(Locale::Ru).person("max", "sales_manager").start().await;
    kinds(&app).await;
    let message = |en: &str, ru: &str| json!({"en": en, "ru": ru});
    let first = rule(
        &app,
        json!({
            "name": "large", "when": "record.amount > 100", "check": "record.x_contract != null", "field": "x_contract",
            "message": message("A large deal needs a contract.", "Крупной сделке нужен договор.")
        }),
    )
    .await;
    rule(
        &app,
        json!({"name": "dates", "check": "!(record.close_date < record.begin_date)",
        "message": message("It ends before it begins.", "Кончается раньше начала.")}),
    )
    .await;
    let warn = rule(
        &app,
        json!({"name": "zero", "check": "record.amount != 0", "warn": true,
        "message": message("An amount of nothing?", "Сумма ноль?")}),
    )
    .await;
    let max = app.by("max");
    max.patch("/me", json!({"locale": "ru"})).await.ok(200);
    let dates = json!({"title": "a", "amount": 200, "begin_date": "2026-02-01", "close_date": "2026-01-01"});
    let refused = max.create("deal", dates).await.problem(422, "record.rule");
    assert_eq!(refused["detail"], "Крупной сделке нужен договор. Кончается раньше начала.", "{refused}");
    assert_eq!(refused["fields"]["x_contract"]["code"], "rule");
    assert_eq!(refused["fields"]["record"]["message"], "Кончается раньше начала.");
    let zero = json!({"title": "z", "amount": 0});
    let warned = max.create("deal", zero.clone()).await.problem(422, "record.warned");
    assert_eq!(warned["fields"]["record"]["code"], "warning", "{warned}");
    max.post("/records/deal", json!({"fields": zero, "reason": "  "})).await.problem(422, "record.warned");
    let id = max.post("/records/deal", json!({"fields": zero, "reason": "a gift"})).await.id();
    let kept = app.text("SELECT CAST(detail AS TEXT) FROM audit WHERE action = 'rule.overridden'").await;
    assert!(kept.contains("a gift") && kept.contains("zero"), "{kept}");
    // Only what is touched is asked about again; who cannot be asked is not.
    max.update("deal", &id, json!({"title": "zz"})).await.ok(200);
    max.update("deal", &id, json!({"amount": 0, "x_contract": "1"})).await.ok(200);
    // Changed, moved, switched off, removed.
    let listed = app.admin().get("/validation-rules?entity=deal").await.ok(200);
    let names: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|r| r["rule"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["large", "dates", "zero"]);
    let mut off = listed["items"][0]["rule"].clone();
    off["enabled"] = json!(false);
    app.admin().put(&format!("/validation-rules/{first}"), json!({"rule": off, "place": 99})).await.ok(200);
    max.create("deal", json!({"title": "b", "amount": 200})).await.ok(201);
    app.admin().delete(&format!("/validation-rules/{warn}")).await.ok(204);
    max.create("deal", zero).await.ok(201);
    let listed = app.admin().get("/validation-rules?entity=deal").await.ok(200);
    assert_eq!(listed["items"][1]["rule"]["name"], "large", "{listed}");
    app.finish().await;
}

#[tokio::test]
async fn definitions_that_make_no_sense_are_refused_and_other_companies_see_none() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    kinds(&app).await;
    let admin = app.admin();
    let refused = async |path: &str, body: Value, part: &str| {
        let answer = if path.starts_with("/valid") {
            admin.post(path, body.clone()).await
        } else {
            admin.put(path, body.clone()).await
        };
        let problem = answer.problem(422, "config.invalid");
        assert!(problem["fields"].get(part).is_some(), "{body}: {problem}");
    };
    let of_contract = "/entities/deal/fields/x_contract/conditions";
    refused(of_contract, json!({"required": "record.nothing == 1"}), "required").await;
    refused(of_contract, json!({"visible": "record.x_kind =="}), "visible").await;
    refused(of_contract, json!({"read_only": "actor.password == ''"}), "read_only").await;
    refused(of_contract, json!({"options_when": {"a": "true"}}), "options_when").await;
    refused("/entities/deal/fields/number/conditions", json!({"required": "true"}), "required").await;
    admin.put("/entities/deal/fields/nothing/conditions", json!({})).await.problem(404, "not_found");
    let rule_of = |change: Value| {
        let mut rule = json!({"name": "r", "check": "true", "message": {"en": "no"}});
        rule.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"entity": "deal", "rule": rule})
    };
    for (change, part) in [
        (json!({"name": " "}), "name"),
        (json!({"check": "record.nothing"}), "check"),
        (json!({"when": "1 +"}), "when"),
        (json!({"field": "nothing"}), "field"),
        (json!({"message": {}}), "message"),
    ] {
        refused("/validation-rules", rule_of(change), part).await;
    }
    let made = admin.post("/validation-rules", rule_of(json!({"check": "record.x_contract != 'no'"}))).await.id();
    refused("/validation-rules", rule_of(json!({})), "name").await;
    let used = admin.delete("/entities/deal/fields/x_contract").await.problem(409, "config.in_use");
    assert_eq!(used["current"]["users"][0]["kind"], "rule", "{used}");
    // A rule that cannot be asked refuses, and says so.
    rule(&app, json!({"name": "broken", "check": "record.title > 1", "message": {"en": "no"}})).await;
    let told = admin.create("deal", json!({"title": "a"})).await.problem(422, "record.rule");
    assert!(told["detail"].as_str().unwrap().contains("broken"), "{told}");
    // Only administrators, and not those of another company.
    let max = app.by("max");
    max.get("/validation-rules").await.problem(403, "denied");
    max.post("/validation-rules", rule_of(json!({"name": "m"}))).await.problem(403, "denied");
    max.put(of_contract, json!({})).await.problem(403, "denied");
    let other = app.add_company("Other", Locale::En).await;
    let stranger = app.by_of(other, "admin");
    assert_eq!(stranger.get("/validation-rules").await.ok(200)["items"], json!([]));
    stranger.delete(&format!("/validation-rules/{made}")).await.problem(404, "not_found");
    stranger.put(of_contract, json!({"required": "true"})).await.problem(404, "not_found");
    stranger.create("deal", json!({"title": "free"})).await.ok(201);
    let id = app.by_of(other, "admin").create("deal", json!({"title": "theirs"})).await.id();
    let foreign = json!({"id": id, "fields": {}});
    app.admin().post("/records/deal/evaluate", foreign).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn rules_see_formulas_and_two_writers_cannot_get_round_them() {
    let app = TestApp::start().await;
    formula(&app, "x_margin", "decimal", "record.amount * 0.1").await;
    rule(&app, json!({"name": "margin", "check": "!(record.x_margin > 10)", "message": {"en": "Too much."}})).await;
    app.admin().create("deal", json!({"title": "a", "amount": 101})).await.problem(422, "record.rule");
    let id = app.record("deal", json!({"title": "a", "amount": 100, "probability": 1})).await;
    rule(&app, json!({"name": "both", "check": "!(record.amount > 50 && record.probability > 50)", "message": {"en": "Both."}})).await;
    app.admin().update("deal", &id, json!({"amount": 10})).await.ok(200);
    // Each alone is right; one after the other they are not.
    let client = app.admin();
    let (one, two) = tokio::join!(
        client.update("deal", &id, json!({"amount": 60})),
        client.update("deal", &id, json!({"probability": 60})),
    );
    let passed = [one, two].iter().filter(|answer| answer.status.as_u16() == 200).count();
    assert_eq!(passed, 1);
    recomputed(&app).await;
    app.finish().await;
}
