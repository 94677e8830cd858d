//! Rights on processes: who starts, sees, operates, designs and publishes; who sends which message or signal; and that
//! no door of processes tells what a hidden field holds.

use serde_json::{Value, json};

use super::{Engine, file, flows, one, one_task, process, when};
use crate::app::TestApp;

/// A person whose one role has these rights on processes, and reads and makes leads.
async fn person(app: &mut TestApp, name: &str, processes: Value) {
    let rows = json!([{"kind": "permission", "entity": "lead", "actions": ["read", "create", "update"]}]);
    let role = json!({"key": name, "name": name, "rows": rows, "processes": processes});
    let made = app.admin().post("/roles", role).await.ok(201);
    assert!(made["processes"].is_object(), "{made}");
    let id = uuid::Uuid::parse_str(made["id"].as_str().unwrap()).unwrap();
    app.know_role(name, id);
    app.person(0, name, &[name]).await;
}

#[tokio::test]
async fn roles_say_who_starts_sees_operates_designs_and_publishes_which_definition() {
    let mut app = TestApp::start().await;
    Engine::of(&app).deploy(one_task("dealer")).await;
    Engine::of(&app).deploy(one_task("quote")).await;
    person(&mut app, "starter", json!({"definitions": {"dealer": ["start"]}})).await;
    person(&mut app, "reader", json!({"definitions": {"dealer": ["see"]}})).await;
    person(&mut app, "operator", json!({"definitions": {"dealer": ["operate"]}})).await;
    person(&mut app, "designer", json!({"definitions": {"dealer": ["design"], "quote": ["design", "publish"]}})).await;
    person(&mut app, "nobody", json!({})).await;
    let by = |name: &str| Engine::by(app.by(name));

    let id = by("starter").start("dealer", json!({})).await;
    for (name, key) in [("starter", "quote"), ("reader", "dealer"), ("nobody", "dealer")] {
        let body = json!({"definition": key});
        by(name).client.post("/process-instances", body).await.problem(403, "denied");
        let path = format!("/process-definitions/{key}/dry-run");
        by(name).client.post(&path, json!({})).await.problem(403, "denied");
    }
    let path = format!("/process-instances/{id}");
    for (name, status) in [("starter", 200), ("reader", 200), ("operator", 200), ("designer", 404), ("nobody", 404)] {
        assert_eq!(app.by(name).get(&path).await.status, status, "{name}");
        let listed = app.by(name).get("/process-instances").await.ok(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), usize::from(status == 200), "{name}");
    }
    let cancel = format!("{path}/cancel");
    for (name, status) in [("starter", 403), ("reader", 403), ("designer", 404), ("operator", 200)] {
        assert_eq!(app.by(name).post(&cancel, json!({})).await.status, status, "{name}");
    }
    let other = Engine::of(&app).start("quote", json!({})).await;
    app.by("operator").post(&format!("/process-instances/{other}/cancel"), json!({})).await.problem(404, "not_found");

    let changed = |key: &str| one_task(key).replace("name=\"Ask\"", "name=\"Ask again\"");
    for name in ["starter", "operator", "nobody"] {
        by(name).send(changed("dealer"), false).await.problem(403, "denied");
    }
    by("designer").send(changed("dealer"), true).await.problem(403, "denied");
    by("designer").send(changed("dealer"), false).await.ok(201);
    by("designer").send(one_task("another"), false).await.problem(403, "denied");
    app.by("designer").post("/process-definitions/dealer/publish", json!({})).await.problem(403, "denied");
    by("designer").send(changed("quote"), true).await.ok(201);
    let migrate = json!({"version": 2});
    app.by("operator").post("/process-definitions/quote/migrate", migrate.clone()).await.problem(403, "denied");
    app.by("designer").post("/process-definitions/quote/migrate", migrate.clone()).await.problem(403, "denied");
    let single = format!("/process-instances/{other}/migrate");
    app.by("operator").post(&single, migrate).await.problem(404, "not_found");
    let shown = app.by("operator").get("/process-definitions/dealer").await.ok(200);
    assert_eq!(shown["may"], json!(["see", "operate"]));
    app.finish().await;
}

#[tokio::test]
async fn a_role_changed_without_a_word_of_processes_keeps_its_rights_on_them() {
    let mut app = TestApp::start().await;
    Engine::of(&app).deploy(one_task("dealer")).await;
    person(&mut app, "starter", json!({"definitions": {"dealer": ["start"]}})).await;
    let role = app.admin().get("/roles").await.ok(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|role| role["key"] == "starter")
        .cloned()
        .unwrap();
    let path = format!("/roles/{}", role["id"].as_str().unwrap());
    let kept = app.admin().patch(&path, json!({"name": "Starters"})).await.ok(200);
    assert_eq!(kept["processes"], json!({"definitions": {"dealer": ["start"]}, "messages": [], "signals": []}));
    let emptied = app.admin().patch(&path, json!({"name": "Starters", "processes": {}})).await.ok(200);
    assert_eq!(emptied["processes"]["definitions"], json!({}));
    app.by("starter").post("/process-instances", json!({"definition": "dealer"})).await.problem(403, "denied");
    for wrong in [json!({"definitions": {"dealer": ["everything"]}}), json!({"definitions": {" ": ["start"]}})] {
        let answer = app.admin().patch(&path, json!({"name": "Starters", "processes": wrong})).await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{}", answer.text());
    }
    app.finish().await;
}

/// Waits for the message `paid`, which may bring `amount`, and for the signal `go`, which may bring it too.
fn waiting(id: &str) -> String {
    let roots = r#"<message id="m" name="paid"/><signal id="s" name="go"/>"#;
    let inside = r#"<dataObject id="data"/><dataObjectReference id="amount" name="amount" dataObjectRef="data"/><startEvent id="start"/><eventBasedGateway id="first"/>
<intermediateCatchEvent id="message"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>
<intermediateCatchEvent id="signal"><signalEventDefinition signalRef="s"/></intermediateCatchEvent><userTask id="then" v:executors="owner"/><endEvent id="end"/>"#;
    let joined = flows("start>first first>message first>signal message>then signal>then then>end");
    file(&(roots.to_owned() + &one(id, &(inside.to_owned() + &joined))))
}

#[tokio::test]
async fn messages_and_signals_are_sent_by_whose_roles_name_them_or_who_operates_the_receiver() {
    let mut app = TestApp::start().await;
    Engine::of(&app).deploy(waiting("waits")).await;
    Engine::of(&app).deploy(waiting("others")).await;
    person(&mut app, "payer", json!({"messages": ["paid"], "signals": ["go"]})).await;
    person(&mut app, "operator", json!({"definitions": {"others": ["operate"]}})).await;
    person(&mut app, "starter", json!({"definitions": {"*": ["start", "see"]}})).await;
    let by = |name: &str| Engine::by(app.by(name));
    let send = async |name: &str, path: &str, body: Value| by(name).client.post(path, body).await;

    let mine = by("starter").start("waits", json!({})).await;
    for path in ["/messages", "/signals"] {
        send("starter", path, json!({"name": "paid"})).await.problem(403, "denied");
        send("payer", path, json!({"name": "shipped"})).await.problem(403, "denied");
    }
    // Whoever operates another process reaches nobody here.
    let missed = send("operator", "/messages", json!({"name": "paid", "variables": {"approved": true}})).await.ok(200);
    assert_eq!(missed["delivered"], false);
    let refused = send("payer", "/messages", json!({"name": "paid", "variables": {"approved": true}})).await;
    assert!(refused.problem(422, "process.invalid")["fields"]["variables"].is_object());
    assert_eq!(Engine::of(&app).instance(&mine).await["active"][0]["kind"], "message", "it still waits");
    let taken = send("payer", "/messages", json!({"name": "paid", "variables": {"amount": 5}})).await.ok(200);
    assert_eq!(taken["instances"], json!([mine]));
    assert_eq!(Engine::of(&app).instance(&mine).await["variables"], json!({"amount": 5}));

    let (one, two) = (by("starter").start("waits", json!({})).await, by("starter").start("others", json!({})).await);
    let both = json!({"name": "go", "variables": {"amount": 7, "approved": true}});
    let reached = send("operator", "/signals", both.clone()).await.ok(200);
    assert_eq!(reached["instances"], json!([two]), "only what they operate");
    assert_eq!(Engine::of(&app).instance(&two).await["variables"], json!({"amount": 7, "approved": true}));
    let reached = send("payer", "/signals", both).await.ok(200);
    assert_eq!(reached["instances"], json!([one]));
    assert_eq!(Engine::of(&app).instance(&one).await["variables"], json!({"amount": 7}), "only what is declared");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_the_product_tells_of_records_nobody_else_can_say() {
    let mut app = TestApp::start().await;
    let inside = r#"<startEvent id="start"><messageEventDefinition messageRef="m"/></startEvent><userTask id="ask" v:executors="owner"/><endEvent id="end"/>"#;
    let won = r#"<message id="m" name="lead.stage:won"/>"#.to_owned()
        + &one("won", &(inside.to_owned() + &flows("start>ask ask>end")));
    Engine::of(&app).deploy(file(&won)).await;
    person(&mut app, "sender", json!({"messages": ["*"]})).await;
    for name in ["lead.stage:won", "lead.created", "deal.updated"] {
        for client in [app.admin(), app.by("sender")] {
            let refused = client.post("/messages", json!({"name": name})).await;
            assert!(refused.problem(422, "process.invalid")["fields"]["name"].is_object());
        }
    }
    for free in ["lead.bought", "boat.created", "lead.x.created", "created"] {
        app.by("sender").post("/messages", json!({"name": free})).await.ok(200);
    }
    app.finish().await;
}

/// Goes left when the lead's amount is above 100; keeps the amount in a variable and shows it in a form.
fn tattling() -> String {
    let inside = r#"<startEvent id="start"/><scriptTask id="keep" v:resultVariable="kept"><script>record.amount</script></scriptTask>
<userTask id="ask" v:executors="owner"><extensionElements><v:form><v:field name="kept" type="number"/></v:form></extensionElements></userTask>
<exclusiveGateway id="which" default="which-small"/><userTask id="large" v:executors="owner"/><userTask id="small" v:executors="owner"/><endEvent id="end"/>"#;
    let joined =
        flows("start>keep keep>ask ask>which which>small large>end small>end") + &when("which", "large", "kept > 100");
    process("tells", &(inside.to_owned() + &joined))
}

#[tokio::test]
async fn a_hidden_field_is_not_found_out_through_dry_runs_variables_forms_or_the_next_step() {
    let mut app = TestApp::start().await;
    Engine::of(&app).deploy(tattling()).await;
    let direct = r#"<startEvent id="start"/><exclusiveGateway id="which" default="which-small"/><userTask id="large" v:executors="owner"/><userTask id="small" v:executors="owner"/><endEvent id="end"/>"#;
    let joined =
        flows("start>which which>small large>end small>end") + &when("which", "large", "record.amount > vars.limit");
    Engine::of(&app).deploy(process("asks", &(direct.to_owned() + &joined))).await;
    let rows = json!([{"kind": "permission", "entity": "lead", "actions": ["read", "create", "update"]}]);
    let hidden = json!([{"entity": "lead", "field": "amount", "right": "hidden"}]);
    let starts = json!({"definitions": {"*": ["start", "see"]}});
    let role = json!({"key": "clerk", "name": "Clerk", "rows": rows, "field_rights": hidden, "processes": starts});
    let made = app.admin().post("/roles", role).await.ok(201);
    app.know_role("clerk", uuid::Uuid::parse_str(made["id"].as_str().unwrap()).unwrap());
    let clerk_id = app.person(0, "clerk", &["clerk"]).await;
    let clerk = app.by("clerk");
    let lead = app.record("lead", json!({"title": "Boat", "amount": 98765, "owner": clerk_id})).await;
    let subject = json!({"entity": "lead", "id": lead});

    // A dry run says the same whatever the field holds.
    let mut answers = Vec::new();
    for limit in [0, 98_764, 98_765, 1_000_000] {
        let body = json!({"subject": subject, "variables": {"limit": limit}});
        let mut ran = clerk.post("/process-definitions/asks/dry-run", body).await.ok(200);
        ran["variables"] = Value::Null;
        answers.push(ran);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let ran = clerk.post("/process-definitions/tells/dry-run", json!({"subject": subject})).await.ok(200);
    assert!(!ran.to_string().contains("98765"), "{ran}");

    let body = json!({"definition": "tells", "subject": subject});
    let started = clerk.post("/process-instances", body).await.ok(201);
    let id = started["id"].as_str().unwrap().to_owned();
    let told = clerk.get(&format!("/process-instances/{id}")).await.ok(200);
    assert_eq!((&told["variables"], &told["withheld"]), (&json!({}), &json!(true)));
    assert!(!started.to_string().contains("98765"), "{started}");
    let listed = clerk.get("/process-instances").await.ok(200);
    assert!(!listed.to_string().contains("98765"), "{listed}");
    let tasks = clerk.get("/tasks").await.ok(200);
    assert!(!tasks.to_string().contains("98765") && tasks["items"][0]["withheld"] == true, "{tasks}");
    let one = clerk.get(&format!("/tasks/{}", tasks["items"][0]["id"].as_str().unwrap())).await.ok(200);
    assert!(one["form"][0]["value"].is_null() && !one.to_string().contains("98765"), "{one}");
    let wait = told["active"][0]["wait"].clone();
    let next = clerk.post(&format!("/process-instances/{id}/next"), json!({"wait": wait})).await.ok(200);
    assert_eq!((&next["next"], &next["possible"]), (&json!([]), &json!(["small", "large"])), "either may follow");

    let seen = app.admin().get(&format!("/process-instances/{id}")).await.ok(200);
    assert_eq!(seen["variables"]["kept"], 98_765, "who sees the field sees the variable");
    app.drain().await;
    app.finish().await;
}
