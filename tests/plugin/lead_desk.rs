//! Its before-hook, from every side a lead can be written.

use serde_json::{Value, json};

use crate::app::{LEAD_DESK, TestApp};

const NOBODY: &str = "Add a phone number, an e-mail, a site or a messenger: otherwise nobody can answer this lead";
const AMOUNT: &str = "Fill in the amount before moving the lead to this stage";

fn phones(record: &Value) -> Vec<&str> {
    record["fields"]["phones"].as_array().unwrap().iter().map(|phone| phone["value"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_lead_is_tidied_or_refused_when_it_is_made_and_changed() {
    let app = TestApp::build().lead_desk(json!({"country": "RU"})).start().await;
    let admin = app.admin();
    let made = admin
        .create("lead", json!({"title": "Ann", "phones": [{"value": "8 (916) 123-45-67", "kind": "work"}]}))
        .await
        .ok(201);
    assert_eq!(made["fields"]["phones"], json!([{"value": "+79161234567", "kind": "work"}]));
    let refused = admin.create("lead", json!({"title": "Nobody"})).await.problem(422, "hook.rejected");
    assert_eq!((&refused["detail"], &refused["plugin"]), (&json!(NOBODY), &json!(LEAD_DESK)));
    assert_eq!(refused["fields"]["phones"]["message"], NOBODY);
    let id = made["id"].as_str().unwrap();
    let short = admin.update("lead", id, json!({"phones": ["12"]})).await.problem(422, "hook.rejected");
    assert_eq!(short["fields"]["phones"]["message"], "“12” is not a phone number");
    admin.update("lead", id, json!({"phones": []})).await.problem(422, "hook.rejected");
    let changed = admin.update("lead", id, json!({"phones": ["8 495 000 11 22"], "amount": 5})).await.ok(200);
    assert_eq!(phones(&changed), ["+74950001122"]);
    admin.update("lead", id, json!({"title": "Unwatched"})).await.ok(200);
    admin.create("contact", json!({"title": "Not a lead"})).await.ok(201);
    admin.patch("/me", json!({"locale": "ru"})).await.ok(200);
    let russian = admin.create("lead", json!({"title": "Никто"})).await.problem(422, "hook.rejected");
    assert!(russian["detail"].as_str().unwrap().starts_with("Укажите телефон"), "{russian}");
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_refused_row_of_a_mass_edit_does_not_stop_the_others() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let admin = app.admin();
    let id = app.record("lead", json!({"title": "a", "phones": ["+79161234567"]})).await;
    let rows = json!({
        "create": [{"fields": {"title": "b", "emails": ["b@b.test"]}}, {"fields": {"title": "nobody"}}, {"fields": {"title": "c", "phones": ["89161234568"]}}],
        "update": [{"id": id, "fields": {"stage": "converted"}}],
    });
    let answer = admin.post("/records/lead/bulk", rows).await.ok(200);
    let statuses: Vec<&str> =
        answer["results"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["created", "refused", "created", "refused"]);
    assert_eq!(
        (&answer["results"][1]["code"], &answer["results"][1]["detail"]),
        (&json!("hook.rejected"), &json!(NOBODY))
    );
    assert_eq!(answer["results"][3]["fields"]["amount"]["message"], AMOUNT);
    assert_eq!(admin.found("lead", json!({"field": "phones", "op": "eq", "value": "+79161234568"})).await, ["c"]);
    let strict = json!({"all_or_nothing": true, "create": [{"fields": {"title": "d", "emails": ["d@d.test"]}}, {"fields": {"title": "nobody"}}]});
    admin.post("/records/lead/bulk", strict).await.ok(200);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 3);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_refused_move_is_a_conflict_with_the_plugins_words() {
    let app = TestApp::build().lead_desk(json!({"amount_stages": "qualified, converted"})).start().await;
    let admin = app.admin();
    let id = app.record("lead", json!({"title": "a", "phones": ["+79161234567"]})).await;
    let path = format!("/records/lead/{id}/stage");
    for stage in ["qualified", "converted"] {
        let refused = admin.post(&path, json!({"stage": stage})).await.problem(409, "hook.rejected");
        assert_eq!((&refused["detail"], &refused["fields"]["amount"]["message"]), (&json!(AMOUNT), &json!(AMOUNT)));
    }
    let lead = admin.get(&format!("/records/lead/{id}")).await.ok(200);
    assert_eq!((&lead["fields"]["stage"], &lead["version"]), (&json!("new"), &json!(1)));
    admin.post(&path, json!({"stage": "in_progress"})).await.ok(200);
    admin.update("lead", &id, json!({"amount": 10})).await.ok(200);
    assert_eq!(admin.post(&path, json!({"stage": "qualified"})).await.ok(200)["fields"]["stage"], "qualified");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn new_leads_are_shared_by_turn_among_those_who_are_present() {
    let app = TestApp::build()
        .person("ann", "sales_manager")
        .person("bob", "sales_manager")
        .person("cat", "sales_manager")
        .lead_desk(json!({"role": "sales_manager"}))
        .start()
        .await;
    let owner = async |fields: Value| {
        let made = app.admin().create("lead", fields).await.ok(201);
        let id = made["fields"]["owner"].as_str().unwrap().to_owned();
        app.companies[0].people.iter().find(|(_, person)| person.id.to_string() == id).unwrap().0.clone()
    };
    let lead = || json!({"title": "x", "phones": ["+79161234567"]});
    let mut owners = Vec::new();
    for _ in 0..4 {
        owners.push(owner(lead()).await);
    }
    assert_eq!(owners, ["ann", "bob", "cat", "ann"]);
    app.by("bob").patch("/me", json!({"absent_until": "2026-03-17T00:00:00Z"})).await.ok(200);
    assert_eq!(owner(lead()).await, "cat");
    let mut mine = lead();
    mine["owner"] = json!(app.id_of("admin"));
    assert_eq!(owner(mine).await, "admin", "who was chosen stays");
    let rows = json!({"create": [{"fields": lead()}, {"fields": lead()}, {"fields": lead()}]});
    app.admin().post("/records/lead/bulk", rows).await.ok(200);
    assert_eq!(app.by("ann").get("/records/lead?total=true").await.ok(200)["total"], 4);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn an_import_has_the_refused_rows_in_its_report() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    let file = "Title,Phone\nAnn,8 916 123-45-67\nNobody,\nBo,12\n";
    let form = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\nlead\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n{file}\r\n--B--\r\n"
    );
    let import = app
        .admin()
        .send("POST", "/api/v1/imports", Some("multipart/form-data; boundary=B"), form.into_bytes())
        .await
        .ok(201);
    let path = format!("/imports/{}", import["id"].as_str().unwrap());
    let mapping = json!([{"column": 0, "field": "title"}, {"column": 1, "field": "phones"}]);
    app.admin().post(&format!("{path}/check"), json!({"mapping": mapping})).await.ok(202);
    app.drain().await;
    let checked = app.admin().get(&path).await.ok(200);
    assert_eq!(
        (&checked["state"], &checked["accepted"], &checked["refused"]),
        (&json!("checked"), &json!(1), &json!(2)),
        "{checked}"
    );
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 0, "a check writes nothing");
    app.admin().post(&format!("{path}/start"), json!({})).await.ok(202);
    app.drain().await;
    let done = app.admin().get(&path).await.ok(200);
    assert_eq!((&done["state"], &done["accepted"], &done["refused"]), (&json!("done"), &json!(1), &json!(2)), "{done}");
    let report = app.admin().get(&format!("{path}/report")).await.text();
    assert!(
        report.contains(NOBODY) && report.contains("“12” is not a phone number") && !report.contains("Ann"),
        "{report}"
    );
    assert_eq!(
        app.admin().found("lead", json!({"field": "phones", "op": "eq", "value": "+79161234567"})).await,
        ["Ann"]
    );
    assert_eq!(app.count("SELECT count(*) FROM activity").await, 0, "imported leads get no task by default");
    app.finish().await;
}

#[tokio::test]
async fn a_plugin_that_is_switched_off_or_set_otherwise_stops_at_once() {
    let mut app = TestApp::build().lead_desk(json!({})).start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let nobody = || json!({"title": "Nobody"});
    app.by_of(other, "admin").create("lead", nobody()).await.ok(201);
    app.admin().create("lead", nobody()).await.problem(422, "hook.rejected");
    let path = |word: &str| format!("/plugins/{LEAD_DESK}/{word}");
    app.admin().put(&path("settings"), json!({"settings": {"country": "UA"}})).await.ok(200);
    let made = app.admin().create("lead", json!({"phones": ["050 123-45-67"]})).await.ok(201);
    assert_eq!(phones(&made), ["+380501234567"]);
    app.admin().post(&path("disable"), json!({})).await.ok(200);
    app.admin().create("lead", nobody()).await.ok(201);
    assert_eq!(app.drain().await, 0, "events that wait are not handled any more");
    assert_eq!(app.count("SELECT count(*) FROM activity").await, 0);
    assert_eq!(app.admin().get("/me").await.ok(200)["plugins"], json!([]));
    app.admin().post(&path("enable"), json!({"grants": "requested"})).await.ok(200);
    app.admin().create("lead", nobody()).await.problem(422, "hook.rejected");
    assert_eq!(app.admin().get("/me").await.ok(200)["plugins"][0]["id"], LEAD_DESK);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn calls_are_counted_and_refusals_are_no_failures() {
    let app = TestApp::build().lead_desk(json!({})).start().await;
    app.record("lead", json!({"title": "a", "phones": ["+79161234567"]})).await;
    app.admin().create("lead", json!({"title": "Nobody"})).await.problem(422, "hook.rejected");
    app.drain().await;
    let cost = app.admin().get(&format!("/plugins/{LEAD_DESK}/cost")).await.ok(200);
    let point = |name: &str| {
        cost["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["point"].as_str().unwrap().contains(name))
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!((&point("check")["calls"], &point("check")["failures"]), (&json!(2), &json!(0)), "{cost}");
    assert_eq!((&point("created")["calls"], &point("created")["failures"]), (&json!(1), &json!(0)), "{cost}");
    let detail = app.admin().get(&format!("/plugins/{LEAD_DESK}")).await.ok(200);
    assert_eq!((&detail["state"], &detail["hooks"][0]["breaker"]), (&json!("enabled"), &json!("closed")));
    app.finish().await;
}

#[tokio::test]
async fn what_people_wrote_beside_a_number_is_kept() {
    let app = TestApp::build().lead_desk(json!({"country": "RU"})).start().await;
    for (written, kept) in [
        ("8 495 123-45-67 доб. 123", "+74951234567 доб. 123"),
        ("+7 916 123-45-67, +7 495 111-22-33", "+7 916 123-45-67, +7 495 111-22-33"),
        ("8 800 555-35-35 (Анна)", "8 800 555-35-35 (Анна)"),
        ("+7 495 123-45-67 / 68", "+7 495 123-45-67 / 68"),
    ] {
        let made = app.admin().create("lead", json!({"title": "x", "phones": [written]})).await.ok(201);
        assert_eq!(phones(&made), [kept], "{written}");
    }
    app.drain().await;
    app.finish().await;
}
