//! Several records into one, and back.

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

async fn merged(client: &Client<'_>, entity: &str, into: &str, others: &[&str]) -> Value {
    client.post(&format!("/records/{entity}/merge"), json!({"into": into, "records": others})).await.ok(200)
}

async fn fields(client: &Client<'_>, entity: &str, id: &str) -> Value {
    client.get(&format!("/records/{entity}/{id}")).await.ok(200)["fields"].clone()
}

fn values(phones: &Value) -> Vec<&str> {
    phones.as_array().unwrap().iter().map(|phone| phone["value"].as_str().unwrap()).collect()
}

async fn undo(client: &Client<'_>, merged: &Value) -> Value {
    client.post(&format!("/batches/{}/undo", merged["batch"].as_str().unwrap()), json!({})).await.ok(200)
}

// sales.md, acceptance 14.
#[tokio::test]
async fn two_become_one_with_everything_about_them_and_two_again() {
    let app = TestApp::start().await;
    let admin = app.admin();
    admin.patch("/tenant", json!({"currency": "RUB"})).await.ok(200);
    let one = app.record("contact", json!({"last_name": "Lee", "phones": ["+79161234561"], "comments": "kept"})).await;
    let two = json!({"last_name": "Li", "first_name": "Ann", "phones": ["+79161234562", "8 916 123-45-61"],
        "origin_system": "1c", "origin_id": "77"});
    let two = app.record("contact", two).await;
    let mut deals = Vec::new();
    for number in 0..3 {
        let contacts = if number == 2 { json!([two, one]) } else { json!([two]) };
        deals.push(app.record("deal", json!({"title": number.to_string(), "contacts": contacts})).await);
    }
    let about = json!({"kind": "call", "title": "call", "record_entity": "contact", "record_id": two});
    let call = app.record("activity", about).await;
    let subject = json!({"entity": "contact", "id": two});
    let task = admin.post("/tasks", json!({"title": "ask", "assignee": app.id_of("admin"), "subject": subject})).await;
    let task = task.ok(201)["id"].as_str().unwrap().to_owned();
    let closed =
        admin.post("/tasks", json!({"title": "over", "assignee": app.id_of("admin"), "subject": subject})).await;
    let closed = closed.ok(201)["id"].as_str().unwrap().to_owned();
    admin.post(&format!("/tasks/{closed}/complete"), json!({})).await.ok(200);
    let draft = json!({"contact": two, "rows": [{"title": "Work", "price": 10}]});
    let invoice = admin.create("invoice", draft).await.id();
    admin.post(&format!("/records/invoice/{invoice}/issue"), json!({})).await.ok(200);
    let file = format!("/api/v1/records/contact/{two}/files?name=a.txt");
    admin.send("POST", &file, Some("application/octet-stream"), b"text".to_vec()).await.ok(201);
    let before = [fields(&admin, "contact", &one).await, fields(&admin, "contact", &two).await];

    let path = "/records/contact/merge";
    let tried = json!({"into": one, "records": [two], "fields": {"last_name": two}, "dry_run": true});
    let plan = admin.post(path, tried).await.ok(200);
    assert_eq!(plan["moved"], json!({"activity": 1, "deal": 3, "file": 1, "invoice": 1, "task": 2}));
    let named = |key: &str| plan["fields"].as_array().unwrap().iter().find(|field| field["key"] == key).unwrap();
    assert_eq!((&named("last_name")["from"], &named("last_name")["differs"]), (&json!(two), &json!(true)));
    assert_eq!((&named("comments")["from"], &named("comments")["differs"]), (&json!(one), &json!(false)));
    assert_eq!(values(&named("phones")["value"]), ["+79161234561", "+79161234562"]);
    assert_eq!(fields(&admin, "contact", &one).await, before[0], "a dry run writes nothing");

    let chosen = json!({"into": one, "records": [two], "fields": {"last_name": two}});
    let done = admin.post(path, chosen).await.ok(200);
    assert_eq!((&done["moved"], &done["stayed"]), (&plan["moved"], &json!({})));
    let now = fields(&admin, "contact", &one).await;
    assert_eq!(
        (&now["last_name"], &now["first_name"], &now["comments"]),
        (&json!("Li"), &json!("Ann"), &json!("kept"))
    );
    assert_eq!(values(&now["phones"]), ["+79161234561", "+79161234562"]);
    let on = async |entity: &str, id: &str| {
        let filter = json!({"field": "contacts", "op": "eq", "value": id});
        admin.found(entity, filter).await.len()
    };
    assert_eq!((on("deal", &one).await, on("deal", &two).await), (3, 0));
    assert_eq!(fields(&admin, "deal", &deals[2]).await["contacts"], json!([one]));
    for (entity, id, key) in [
        ("activity", &call, "record_id"),
        ("task", &task, "record_id"),
        ("task", &closed, "record_id"),
        ("invoice", &invoice, "contact"),
    ] {
        assert_eq!(fields(&admin, entity, id).await[key], json!(one), "{entity}");
    }
    let files = admin.get(&format!("/records/contact/{one}/files")).await.ok(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 1);
    // Its address leads on.
    let gone = admin.get(&format!("/records/contact/{two}")).await.problem(410, "record.merged");
    assert_eq!(gone["other"], json!({"entity": "contact", "id": one}));
    let binned = admin.get(&format!("/records/contact/{two}?deleted=true")).await.ok(200);
    assert_eq!(binned["fields"]["merged_into"], json!(one));
    admin.update("contact", &two, json!({"last_name": "x"})).await.problem(404, "not_found");
    app.settle().await;

    let undone = undo(&admin, &done).await;
    assert_eq!((&undone["kept"], &undone["restored"]), (&json!([]), &json!(9)), "{undone}");
    for (id, before) in [(&one, &before[0]), (&two, &before[1])] {
        let mut now = fields(&admin, "contact", id).await;
        for silent in ["updated_at", "last_activity_at", "editor"] {
            now[silent] = before[silent].clone();
        }
        assert_eq!(&now, before);
    }
    assert_eq!((on("deal", &one).await, on("deal", &two).await), (1, 3));
    assert_eq!(fields(&admin, "deal", &deals[2]).await["contacts"], json!([two, one]));
    assert_eq!(fields(&admin, "invoice", &invoice).await["contact"], json!(two));
    assert_eq!(fields(&admin, "task", &closed).await["record_id"], json!(two));
    let files = admin.get(&format!("/records/contact/{two}/files")).await.ok(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_somebody_changed_since_stays_and_the_rest_goes_back() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let one = app.record("company", json!({"title": "One"})).await;
    let two = app.record("company", json!({"title": "Two", "phones": ["+79161234567"]})).await;
    let deals = [
        app.record("deal", json!({"title": "a", "company": two})).await,
        app.record("deal", json!({"title": "b", "company": two})).await,
    ];
    let done = merged(&admin, "company", &one, &[&two]).await;
    admin.update("deal", &deals[0], json!({"title": "changed"})).await.ok(200);
    admin.update("company", &one, json!({"title": "changed"})).await.ok(200);
    let undone = undo(&admin, &done).await;
    let mut kept: Vec<&str> =
        undone["kept"].as_array().unwrap().iter().map(|kept| kept["id"].as_str().unwrap()).collect();
    kept.sort_unstable();
    let mut expected = [deals[0].as_str(), one.as_str()];
    expected.sort_unstable();
    assert_eq!(kept, expected);
    assert_eq!(fields(&admin, "deal", &deals[0]).await["company"], json!(one));
    assert_eq!(fields(&admin, "deal", &deals[1]).await["company"], json!(two));
    assert_eq!(fields(&admin, "company", &two).await["merged_into"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn processes_go_on_about_the_record_that_stays() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let [one, two] = [app.record("lead", json!({"title": "1"})).await, app.record("lead", json!({"title": "2"})).await];
    let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" targetNamespace="t">
      <process id="p" isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/>
      <userTask id="t" v:executors="owner"/></process></definitions>"#;
    let deployed = admin
        .send("POST", "/api/v1/process-definitions?publish=true", Some("application/xml"), xml.as_bytes().to_vec())
        .await
        .ok(201);
    let about = json!({"definition": deployed["id"], "subject": {"entity": "lead", "id": two}});
    let instance = admin.post("/process-instances", about).await.ok(201)["id"].as_str().unwrap().to_owned();
    app.drain().await;
    let done = merged(&admin, "lead", &one, &[&two]).await;
    assert_eq!(done["moved"], json!({"process": 1, "task": 1}));
    let subject = async || admin.get(&format!("/process-instances/{instance}")).await.ok(200)["subject"]["id"].clone();
    assert_eq!(subject().await, json!(one));
    let tasks = admin.get(&format!("/tasks?instance={instance}")).await.ok(200);
    let task = tasks["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(tasks["items"][0]["subject"]["id"], json!(one));
    undo(&admin, &done).await;
    assert_eq!(subject().await, json!(two));
    admin.post(&format!("/tasks/{task}/complete"), json!({})).await.ok(200);
    app.drain().await;
    let state = admin.get(&format!("/process-instances/{instance}")).await.ok(200)["state"].clone();
    assert_eq!(state, "completed");
    app.finish().await;
}

#[tokio::test]
async fn who_may_merge_and_what() {
    let mut app = TestApp::start().await;
    let theirs = json!([{"kind": "permission", "entity": "contact", "actions": ["read", "create", "update", "delete"],
        "filter": {"field": "owner", "op": "eq", "value": {"me": true}}}]);
    app.role("own_contacts", theirs, json!([])).await;
    app.person(0, "zoe", &["own_contacts"]).await;
    let path = "/records/contact/merge";
    let [one, two] =
        [app.record("contact", json!({"title": "1"})).await, app.record("contact", json!({"title": "2"})).await];
    let admin = app.admin();
    let input = |into: &str, others: Value| json!({"into": into, "records": others});
    for others in [json!([]), json!([one]), json!([two, two])] {
        admin.post(path, input(&one, others)).await.problem(422, "merge.invalid");
    }
    let many: Vec<String> = (0..10).map(|n| uuid::Uuid::from_u128(n).to_string()).collect();
    admin.post(path, input(&one, json!(many))).await.problem(422, "merge.invalid");
    admin.post(path, input(&one, json!([uuid::Uuid::nil()]))).await.problem(404, "not_found");
    let fields = |fields: Value| json!({"into": one, "records": [two], "fields": fields});
    for wrong in
        [json!({"stage": two}), json!({"phones": two}), json!({"nothing": two}), json!({"title": uuid::Uuid::nil()})]
    {
        admin.post(path, fields(wrong)).await.problem(422, "merge.invalid");
    }
    let tasks = json!({"into": one, "records": [two]});
    admin.post("/records/task/merge", tasks).await.problem(409, "merge.not_offered");
    let stale =
        json!({"into": one, "records": [two], "versions": json!(std::collections::BTreeMap::from([(&two, 7)]))});
    admin.post(path, stale).await.problem(409, "record.conflict");
    // What one does not see, cannot delete, or is another company's.
    app.by("zoe").post(path, input(&one, json!([two]))).await.problem(404, "not_found");
    let mine = app.by("zoe").create("contact", json!({"title": "mine"})).await.id();
    app.by("zoe").post(path, input(&mine, json!([two]))).await.problem(404, "not_found");
    let rows = json!([{"kind": "permission", "entity": "contact", "actions": ["read", "update"]}]);
    app.role("editor", rows, json!([])).await;
    app.person(0, "eve", &["editor"]).await;
    app.by("eve").post(path, input(&one, json!([two]))).await.problem(403, "denied");
    let other = app.add_company("Other", kernel::Locale::En).await;
    app.by_of(other, "admin").post(path, input(&one, json!([two]))).await.problem(404, "not_found");
    assert_eq!(app.count("SELECT count(*) FROM contact WHERE merged_into IS NOT NULL").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn links_of_records_that_one_does_not_see_move_too_and_are_not_told_of() {
    let mut app = TestApp::start().await;
    let all = json!(["read", "create", "update", "delete"]);
    let own = json!({"field": "owner", "op": "eq", "value": {"me": true}});
    let rows = json!([{"kind": "permission", "entity": "contact", "actions": all},
        {"kind": "permission", "entity": "deal", "actions": all, "filter": own}]);
    app.role("clerk", rows, json!([{"entity": "contact", "field": "comments", "right": "hidden"}])).await;
    app.person(0, "clerk", &["clerk"]).await;
    let one = app.record("contact", json!({"title": "1"})).await;
    let two = app.record("contact", json!({"title": "2", "comments": "secret"})).await;
    let strange = app.record("deal", json!({"title": "strange", "contacts": [two]})).await;
    let mine = app.by("clerk").create("deal", json!({"title": "mine", "contacts": [two]})).await.id();
    let clerk = app.by("clerk");
    let plan = clerk.post("/records/contact/merge", json!({"into": one, "records": [two], "dry_run": true})).await;
    assert_eq!(plan.ok(200)["moved"], json!({"deal": 1}));
    assert!(!plan.text().contains("secret") && !plan.text().contains("comments"), "{}", plan.text());
    let done = merged(&clerk, "contact", &one, &[&two]).await;
    assert_eq!(done["moved"], json!({"deal": 1}));
    for deal in [&strange, &mine] {
        assert_eq!(fields(&app.admin(), "deal", deal).await["contacts"], json!([one]));
    }
    assert_eq!(fields(&app.admin(), "contact", &one).await["comments"], Value::Null, "closed fields stay");
    undo(&clerk, &done).await;
    for deal in [&strange, &mine] {
        assert_eq!(fields(&app.admin(), "deal", deal).await["contacts"], json!([two]));
    }
    app.finish().await;
}

#[tokio::test]
async fn two_who_merge_the_same_records_at_once_never_lose_both() {
    let app = TestApp::start().await;
    for round in 0..6 {
        let [one, two] = [
            app.record("contact", json!({"title": "1"})).await,
            app.record("contact", json!({"title": "2", "comments": if round % 2 == 0 { "x" } else { "" }})).await,
        ];
        let deal = app.record("deal", json!({"title": "d", "contacts": [one, two]})).await;
        let merge = |into: &str, other: &str| {
            let body = json!({"into": into, "records": [other]});
            let client = app.admin();
            async move { client.post("/records/contact/merge", body).await }
        };
        let (there, back) = tokio::join!(merge(&one, &two), merge(&two, &one));
        let won = [&there, &back].iter().filter(|answer| answer.status.as_u16() == 200).count();
        assert_eq!(won, 1, "{} {}", there.text(), back.text());
        let lost = if there.status.as_u16() == 200 { &back } else { &there };
        assert!([404, 409].contains(&lost.status.as_u16()), "{}", lost.text());
        app.drain().await;
        let left = fields(&app.admin(), "deal", &deal).await["contacts"].clone();
        assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
        app.admin().get(&format!("/records/contact/{}", left[0].as_str().unwrap())).await.ok(200);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_merged_record_that_is_merged_again_leads_to_the_last_one_and_its_origin_too() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let origin = json!({"title": "Ann Lee", "last_name": "Lee", "origin_system": "1c", "origin_id": "77"});
    let [one, two, three] = [
        app.record("contact", origin).await,
        app.record("contact", json!({"title": "2"})).await,
        app.record("contact", json!({"title": "3"})).await,
    ];
    merged(&admin, "contact", &two, &[&one]).await;
    merged(&admin, "contact", &three, &[&two]).await;
    let gone = admin.get(&format!("/records/contact/{one}")).await.problem(410, "record.merged");
    assert_eq!(gone["other"]["id"], json!(three));
    let asked = json!({"fields": {"origin_system": "1c", "origin_id": "77"}});
    let found = admin.post("/records/contact/duplicates", asked).await.ok(200);
    assert_eq!(found["items"][0]["record"]["id"], json!(three));
    app.finish().await;
}

#[tokio::test]
async fn a_company_that_wants_no_duplicates_may_merge_them_and_undo_it() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let [one, two] = [
        app.record("lead", json!({"title": "1", "phones": ["+79161234567"]})).await,
        app.record("lead", json!({"title": "2", "phones": ["+79161234567", "+79160000001"]})).await,
    ];
    admin.put("/entities/lead/duplicates", json!({"mode": "block"})).await.ok(200);
    let done = merged(&admin, "lead", &one, &[&two]).await;
    assert_eq!(values(&fields(&admin, "lead", &one).await["phones"]), ["+79161234567", "+79160000001"]);
    assert_eq!(undo(&admin, &done).await["kept"], json!([]));
    assert_eq!(values(&fields(&admin, "lead", &two).await["phones"]).len(), 2);
    app.finish().await;
}

/// Whatever is merged into whatever, undo puts everything back (property of the whole: records, links, order of lists).
#[tokio::test]
async fn undo_of_any_merge_restores_everything() {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let plan = (2_usize..5, prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..8));
    let app = TestApp::start().await;
    let admin = app.admin();
    for round in 0..12 {
        let (count, links) = plan.new_tree(&mut runner).unwrap().current();
        let mut people = Vec::new();
        for n in 0..count {
            let phones: Vec<String> = links
                .iter()
                .filter(|(a, ..)| usize::from(*a) % count == n)
                .map(|(a, b, _)| format!("+7916{a:03}{b:03}0"))
                .collect();
            let mut fields = json!({"title": format!("{round}.{n}"), "phones": phones});
            for (a, b, c) in &links {
                if usize::from(*b) % count == n {
                    fields["last_name"] = json!(format!("N{a}"));
                    fields["comments"] = if c % 3 == 0 { Value::Null } else { json!(format!("C{c}")) };
                }
            }
            people.push(app.record("contact", fields).await);
        }
        let mut deals = Vec::new();
        for (a, b, _) in &links {
            let (x, y) = (&people[usize::from(*a) % count], &people[usize::from(*b) % count]);
            let contacts = if x == y { json!([x]) } else { json!([x, y]) };
            deals.push(app.record("deal", json!({"title": "d", "contacts": contacts})).await);
            let about = json!({"kind": "note", "title": "n", "record_entity": "contact", "record_id": y});
            deals.push(app.record("activity", about).await);
        }
        let image = async || {
            let mut all = Vec::new();
            for (index, id) in people.iter().chain(&deals).enumerate() {
                let entity = if index < count {
                    "contact"
                } else if (index - count) % 2 == 0 {
                    "deal"
                } else {
                    "activity"
                };
                let mut fields = fields(&admin, entity, id).await;
                for silent in ["updated_at", "last_activity_at", "editor"] {
                    fields[silent] = Value::Null;
                }
                all.push(fields);
            }
            all
        };
        let before = image().await;
        let into = people[usize::from(links[0].2) % count].as_str();
        let others: Vec<&str> = people.iter().map(String::as_str).filter(|id| *id != into).collect();
        let chosen = json!({"into": into, "records": others, "fields": {"last_name": others[0]}});
        let done = admin.post("/records/contact/merge", chosen).await.ok(200);
        assert_eq!(done["stayed"], json!({}));
        let filter = json!({"field": "contacts", "op": "in", "value": others});
        assert_eq!(admin.found("deal", filter).await, Vec::<String>::new());
        assert_eq!(undo(&admin, &done).await["kept"], json!([]));
        assert_eq!(image().await, before, "round {round}: {links:?}");
    }
    app.finish().await;
}
