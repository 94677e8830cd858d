//! What operators do, who sees what, and what would happen.

use serde_json::{Value, json};

use super::{Engine, elements, flows, one_task, process, standing, trace, when};
use crate::app::TestApp;

/// Two tasks in a row, with a way past the second.
fn two(id: &str, first: &str, second: &str) -> String {
    let inside = format!(
        r#"<startEvent id="start"/><userTask id="{first}" name="First" v:executors="owner"/><exclusiveGateway id="short" default="short-{second}"/>
<userTask id="{second}" name="Second" v:executors="owner"/><endEvent id="end"/><endEvent id="past"/>"#
    );
    let flows = flows(&format!("start>{first} {first}>short short>{second} {second}>end"));
    process(id, &(inside + &flows + &when("short", "past", "vars.skip")))
}

#[tokio::test]
async fn cancelling_withdraws_what_was_asked() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><userTask id="ask" v:executors="owner"/>
<intermediateCatchEvent id="wait"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
<serviceTask id="make" v:service="create-record"><extensionElements><v:param name="entity">lead</v:param><v:param name="title">x</v:param></extensionElements></serviceTask>"#;
    engine.deploy(process("wide", &(inside.to_owned() + &flows("start>ask start>wait start>make")))).await;
    let id = engine.start("wide", json!({})).await;
    let task = engine.task(&id).await;
    let over = engine.operate(&id, "cancel", json!({})).await.ok(200);
    assert_eq!((&over["state"], standing(&over)), (&json!("cancelled"), String::new()));
    engine.complete(&task, json!({})).await.problem(409, "task.cancelled");
    app.clock.advance_seconds(7_200);
    app.drain().await;
    let over = engine.instance(&id).await;
    assert_eq!((&over["state"], trace(&over)), (&json!("cancelled"), "start".into()));
    assert_eq!(app.count("SELECT count(*) FROM process_wait").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 0);
    for (what, body) in [
        ("cancel", json!({})),
        ("retry", json!({})),
        ("skip", json!({"incident": 1})),
        ("start-from", json!({"element": "ask"})),
    ] {
        engine.operate(&id, what, body).await.problem(409, "process.over");
    }
    let variables = json!({"variables": {"a": 1}});
    app.admin().patch(&format!("/process-instances/{id}"), variables).await.problem(409, "process.over");
    app.finish().await;
}

#[tokio::test]
async fn an_operator_starts_from_an_element_and_sets_variables() {
    let app = TestApp::build().person("mary", "sales_manager").start().await;
    let engine = Engine::of(&app);
    engine.deploy(two("two", "first", "second")).await;
    let id = engine.start("two", json!({"skip": false})).await;
    for (element, status, code) in [("nowhere", 422, "process.invalid"), ("", 422, "process.invalid")] {
        engine.operate(&id, "start-from", json!({"element": element})).await.problem(status, code);
    }
    let both = engine.operate(&id, "start-from", json!({"element": "second"})).await.ok(200);
    assert_eq!(standing(&both), "first second");
    let path = format!("/process-instances/{id}");
    let set = app.admin().patch(&path, json!({"variables": {"skip": true, "note": {"a": [1]}}})).await.ok(200);
    assert_eq!(set["variables"], json!({"skip": true, "note": {"a": [1]}}));
    let refused = app.admin().patch(&path, json!({"variables": {"": 1}})).await.problem(422, "process.invalid");
    assert!(refused["fields"]["variables"].is_object(), "{refused}");
    let large = json!({"variables": {"x": "x".repeat(1_100_000)}});
    app.admin().patch(&path, large).await.problem(422, "process.invalid");
    for task in engine.tasks(&id).await {
        engine.complete(task["id"].as_str().unwrap(), json!({})).await.ok(200);
    }
    let done = engine.instance(&id).await;
    assert_eq!(done["state"], "completed");
    assert!(elements(&done, "visited").contains(&"past".to_owned()), "{done:#}");

    // Others do not operate: who sees it is refused, who does not learns nothing.
    let mary = Engine::by(app.by("mary"));
    let own = mary.start("two", json!({"skip": true})).await;
    let strange = engine.start("two", json!({"skip": true})).await;
    for (what, body) in [
        ("cancel", json!({})),
        ("retry", json!({})),
        ("skip", json!({"incident": 1})),
        ("start-from", json!({"element": "second"})),
        ("migrate", json!({"version": 1})),
    ] {
        mary.operate(&own, what, body.clone()).await.problem(403, "denied");
        let refused = mary.operate(&strange, what, body).await;
        assert!([403, 404].contains(&refused.status.as_u16()), "{what}: {}", refused.text());
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn instances_are_listed_to_those_who_may_see_them() {
    let app = TestApp::build().person("mary", "sales_manager").person("john", "sales_manager").start().await;
    let engine = Engine::of(&app);
    engine.deploy(one_task("mine")).await;
    let inside = r#"<startEvent id="start"/><userTask id="role" v:executors="role:sales_manager"/>"#.to_owned()
        + &flows("start>role");
    engine.deploy(process("theirs", &inside)).await;
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    let mary = Engine::by(app.by("mary"));
    let john = Engine::by(app.by("john"));
    let mut all = Vec::new();
    for n in 0..5 {
        app.clock.advance_seconds(1);
        all.push(engine.start_about("mine", "lead", &lead, json!({"n": n})).await);
    }
    let of_mary = mary.start("mine", json!({})).await;
    let shared = engine.start("theirs", json!({})).await;
    let ids =
        |items: Vec<Value>| -> Vec<String> { items.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect() };
    let same = |mut found: Vec<String>, wanted: &[&String]| {
        let mut wanted: Vec<String> = wanted.iter().map(|id| (*id).clone()).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
    };
    same(ids(mary.instances("").await), &[&of_mary, &shared]);
    same(ids(john.instances("").await), &[&shared]);
    assert_eq!(engine.instances("").await.len(), 7);
    app.by("john").get(&format!("/process-instances/{of_mary}")).await.problem(404, "not_found");
    app.by("john").get(&format!("/process-instances/{shared}")).await.ok(200);
    let next = json!({"wait": 1, "variables": {}});
    john.operate(&of_mary, "next", next.clone()).await.problem(404, "not_found");
    // Nobody starts a process about a record they may not see.
    let hidden = json!({"definition": "mine", "subject": {"entity": "lead", "id": lead}});
    app.by("mary").post("/process-instances", hidden).await.problem(404, "not_found");

    // Filters and pages.
    engine.pass(&all[0], json!({})).await;
    engine.operate(&all[1], "cancel", json!({})).await.ok(200);
    same(ids(engine.instances("state=completed").await), &[&all[0]]);
    same(ids(engine.instances("state=cancelled").await), &[&all[1]]);
    same(ids(engine.instances(&format!("subject={lead}&state=active")).await), &[&all[2], &all[3], &all[4]]);
    same(ids(engine.instances("definition=theirs").await), &[&shared]);
    same(ids(engine.instances("element=role").await), &[&shared]);
    same(
        ids(engine.instances("element=ask&definition=mine&state=active").await),
        &[&all[2], &all[3], &all[4], &of_mary],
    );
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.admin().get(&format!("/process-instances?limit=3{cursor}")).await.ok(200);
        paged.extend(ids(page["items"].as_array().unwrap().clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, ids(engine.instances("limit=100").await));
    assert_eq!(paged.len(), 7);
    for query in ["state=sleeping", "limit=0", "limit=501"] {
        app.admin().get(&format!("/process-instances?{query}")).await.problem(422, "process.invalid");
    }
    app.admin().get("/process-instances?definition=none").await.problem(404, "not_found");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn instances_move_to_another_version_when_they_fit() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(two("moved", "first", "second")).await;
    let mut all = Vec::new();
    for n in 0..4 {
        app.clock.advance_seconds(1);
        all.push(engine.start("moved", json!({"skip": false, "n": n})).await);
    }
    engine.pass(&all[3], json!({})).await;
    // The first task has another name there, the second is gone.
    let other =
        r#"<startEvent id="start"/><userTask id="begin" name="Begin" v:executors="owner"/><endEvent id="done"/>"#
            .to_owned()
            + &flows("start>begin begin>done");
    let made = engine.deploy(process("moved", &other)).await;
    assert_eq!(made["version"], 2);
    let definition = made["id"].as_str().unwrap();
    let migrate = async |body: Value| app.admin().post("/process-definitions/moved/migrate", body).await;
    let report = migrate(json!({"version": 2, "dry_run": true})).await.ok(200);
    let of = |report: &Value, id: &str| {
        let items = report["instances"].as_array().unwrap();
        items.iter().find(|item| item["instance"] == id).unwrap_or_else(|| panic!("{report}")).clone()
    };
    assert_eq!((&report["dry_run"], report["instances"].as_array().unwrap().len()), (&json!(true), 4));
    assert!(all.iter().all(|id| of(&report, id)["ok"] == false), "{report:#}");
    assert_eq!(of(&report, &all[0])["problems"][0]["element"], "first");

    let mapping = json!({"version": 2, "mapping": {"first": "begin"}, "dry_run": true});
    let report = migrate(mapping.clone()).await.ok(200);
    let fits: Vec<bool> = all.iter().map(|id| of(&report, id)["ok"] == true).collect();
    assert_eq!(fits, [true, true, true, false]);
    assert_eq!(of(&report, &all[3])["problems"][0]["element"], "second");
    for id in &all {
        assert_eq!(engine.instance(id).await["version"], 1, "a dry run changes nothing");
    }
    // A chosen one, then all: those that do not fit stay.
    let task = engine.task(&all[0]).await;
    let one = json!({"version": 2, "mapping": {"first": "begin"}, "instances": [all[0]]});
    migrate(one).await.ok(200);
    let versions = async || {
        let mut versions = Vec::new();
        for id in &all {
            versions.push(engine.instance(id).await["version"].as_i64().unwrap());
        }
        versions
    };
    assert_eq!(versions().await, [2, 1, 1, 1]);
    let single = json!({"version": 2, "mapping": {"first": "begin"}});
    engine.operate(&all[1], "migrate", single.clone()).await.ok(200);
    assert_eq!(versions().await, [2, 2, 1, 1]);
    // One that cannot go says so, with what keeps it; asked beforehand it only reports.
    let refused = engine.operate(&all[3], "migrate", single.clone()).await;
    let refused = refused.problem(409, "process.migration_impossible");
    assert_eq!(refused["current"]["instances"][0]["problems"][0]["element"], "second");
    let mut ahead = single.clone();
    ahead["dry_run"] = json!(true);
    assert_eq!(engine.operate(&all[3], "migrate", ahead).await.ok(200)["refused"], 1);
    migrate(single).await.ok(200);
    assert_eq!(versions().await, [2, 2, 2, 1]);
    // The same task goes on, under the new element.
    let moved = app.admin().get(&format!("/tasks/{task}")).await.ok(200);
    assert_eq!((&moved["state"], &moved["element"]), (&json!("open"), &json!("begin")));
    assert_eq!(engine.instances("element=begin").await.len(), 3);
    engine.complete(&task, json!({})).await.ok(200);
    let done = engine.instance(&all[0]).await;
    assert_eq!((&done["state"], trace(&done)), (&json!("completed"), "start begin done".into()));
    engine.pass(&all[3], json!({})).await;
    assert_eq!(trace(&engine.instance(&all[3]).await), "start first short second end");
    for (body, status, code) in [
        (json!({"version": 9}), 422, "process.invalid"),
        (json!({"version": 2, "instances": [definition]}), 404, "not_found"),
    ] {
        migrate(body).await.problem(status, code);
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_would_happen_is_told_and_nothing_happens() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><userTask id="decide" v:executors="owner"/><exclusiveGateway id="large" default="large-small"/>
<serviceTask id="make" v:service="create-record" v:resultVariable="lead"><extensionElements><v:param name="entity">lead</v:param><v:param name="title">x</v:param></extensionElements></serviceTask>
<endEvent id="done"/><endEvent id="small"/>"#
        .to_owned()
        + &flows("start>decide decide>large large>small make>done")
        + &when("large", "make", "record.amount &gt; vars.limit");
    engine.send(process("maybe", &inside), false).await.ok(201);
    let rich = app.record("lead", json!({"title": "Rich", "amount": 500})).await;
    let poor = app.record("lead", json!({"title": "Poor", "amount": 5})).await;
    app.drain().await;
    let dry = async |body: Value| app.admin().post("/process-definitions/maybe/dry-run", body).await;
    for (lead, way) in [
        (&rich, json!(["start", "decide", "large", "make", "done"])),
        (&poor, json!(["start", "decide", "large", "small"])),
    ] {
        let body = json!({"subject": {"entity": "lead", "id": lead}, "answers": {"decide": {"limit": 100}}});
        let ran = dry(body).await.ok(200);
        assert_eq!((&ran["visited"], &ran["state"], &ran["cut"]), (&way, &json!("completed"), &json!(false)), "{ran}");
    }
    // Without the answer the gateway cannot know.
    let ran = dry(json!({"subject": {"entity": "lead", "id": rich}})).await.ok(200);
    assert_eq!((&ran["problems"][0]["element"], &ran["state"]), (&json!("large"), &json!("active")), "{ran}");
    dry(json!({"process": "other"})).await.problem(422, "process.invalid");
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM process_instance").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 2);

    // The next step of a running one.
    app.admin().post("/process-definitions/maybe/publish", json!({})).await.ok(200);
    let id = engine.start_about("maybe", "lead", &rich, json!({})).await;
    let wait = engine.instance(&id).await["active"][0]["wait"].clone();
    let next = engine.operate(&id, "next", json!({"wait": wait, "variables": {"limit": 100}})).await.ok(200);
    assert_eq!(
        (&next["next"], &next["ended"], &next["problems"]),
        (&json!(["make"]), &json!(false), &json!([])),
        "{next}"
    );
    let next = engine.operate(&id, "next", json!({"wait": wait, "variables": {"limit": 1_000}})).await.ok(200);
    assert_eq!((&next["next"], &next["ended"]), (&json!([]), &json!(true)), "{next}");
    engine.operate(&id, "next", json!({"wait": 999})).await.problem(404, "not_found");
    assert_eq!(standing(&engine.instance(&id).await), "decide");
    app.drain().await;
    app.finish().await;
}

/// What happens is in the event log, for those who may see it.
#[tokio::test]
async fn the_log_and_the_stream_tell_of_tasks_and_instances_to_those_who_see_them() {
    let mut app = TestApp::build().person("mary", "sales_manager").start().await;
    let rows = json!([{"kind": "permission", "entity": "company", "actions": ["read"]}]);
    app.role("clients", rows, json!([])).await;
    app.person(0, "john", &["clients"]).await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><userTask id="role" v:executors="role:sales_manager"/>"#.to_owned()
        + &flows("start>role");
    engine.deploy(process("theirs", &inside)).await;
    app.go_live();
    let mut hears = app.by("mary").stream().await;
    let mut deaf = app.by("john").stream().await;
    assert_eq!((hears.next().await.unwrap().event, deaf.next().await.unwrap().event), ("hello".into(), "hello".into()));
    let id = engine.start("theirs", json!({})).await;
    let task = engine.task(&id).await;
    Engine::by(app.by("mary")).complete(&task, json!({})).await.ok(200);
    app.admin().create("company", json!({"title": "Public"})).await.ok(201);
    app.drain().await;
    let types = async |name: &str| {
        let page = app.by(name).get("/events?limit=1000").await.ok(200);
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["type"].as_str().unwrap().to_owned())
            .filter(|kind| !kind.starts_with("company"))
            .collect::<Vec<_>>()
    };
    let told = ["process_instance.started", "task.created", "task.completed", "process_instance.completed"];
    let mut of_admin = types("admin").await;
    let mut wanted: Vec<String> = told.iter().map(|kind| (*kind).to_owned()).collect();
    of_admin.sort();
    wanted.sort();
    assert_eq!(of_admin, wanted);
    let mut of_mary = types("mary").await;
    of_mary.sort();
    assert_eq!(of_mary, wanted);
    assert_eq!(types("john").await, Vec::<String>::new());
    let mut heard = Vec::new();
    while heard.len() < 4 {
        let sent = hears.next().await.unwrap();
        if sent.data["entity"] != "company" {
            heard.push(sent.data["type"].as_str().unwrap().to_owned());
        }
    }
    heard.sort();
    assert_eq!(heard, wanted);
    // John hears of the company only.
    assert_eq!(deaf.next().await.unwrap().data["entity"], "company");
    app.finish().await;
}
