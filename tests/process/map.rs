//! Where instances stand on their drawing, how operators take them elsewhere, what keeps a task from its end.

use serde_json::{Value, json};

use super::smtp::MailServer;
use super::{Engine, flows, process, standing};
use crate::app::TestApp;

/// Monday to Friday, 09 to 13 and 14 to 18, UTC.
async fn office_hours(app: &TestApp) {
    let day = json!(["09:00-13:00", "14:00-18:00"]);
    let week = json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day});
    app.admin().put("/calendars/company", json!({"calendar": {"week": week}})).await.ok(200);
}

async fn map(app: &TestApp, instance: &str) -> Value {
    app.admin().get(&format!("/process-instances/{instance}/map")).await.ok(200)
}

/// `a` with a day and a reminder, then `b`, then `c`.
fn three() -> String {
    process(
        "three",
        &(r#"<startEvent id="start"/><userTask id="a" name="A" v:executors="owner" v:duration="P1D" v:remindBefore="PT1H"/>
            <userTask id="b" name="B" v:executors="owner"/><userTask id="c" name="C" v:executors="owner"/><endEvent id="end"/>"#
            .to_owned()
            + &flows("start>a a>b b>c c>end")),
    )
}

#[tokio::test]
async fn the_map_counts_working_time_against_the_limit() {
    let app = TestApp::start().await;
    office_hours(&app).await;
    let engine = Engine::of(&app);
    engine.deploy(three()).await;
    // Monday, 15:00.
    app.clock.advance_seconds(6 * 3_600);
    let instance = engine.start("three", json!({})).await;
    app.drain().await;
    let begun = map(&app, &instance).await;
    assert_eq!((&begun["version"], &begun["running"], &begun["key"]), (&json!(1), &json!(true), &json!("three")));
    let a = &begun["elements"]["a"];
    assert_eq!((&a["due"], &a["since"]), (&json!("2026-03-17T15:00:00Z"), &json!("2026-03-16T15:00:00Z")));
    assert_eq!((&a["who"]["name"], &a["visits"]), (&json!("Ada Admin"), &json!(1)));
    assert_eq!(begun["elements"]["start"]["state"], "done");
    assert_eq!((begun["flows"].clone(), begun["elements"].get("b")), (json!({"start-a": 1}), None));
    // Tuesday, 10:00: three hours of Monday and one of Tuesday.
    app.clock.advance_seconds(19 * 3_600);
    let a = map(&app, &instance).await["elements"]["a"].clone();
    assert_eq!((&a["state"], &a["elapsed"], &a["limit"]), (&json!("current"), &json!(14_400), &json!(28_800)));
    // The reminder comes at 14:00, an hour before the deadline, and not a second earlier.
    let task = format!("/tasks/{}", engine.task(&instance).await);
    for (seconds, reminders) in [(4 * 3_600 - 1, 0), (1, 1)] {
        app.clock.advance_seconds(seconds);
        app.drain().await;
        assert_eq!(app.admin().get(&task).await.ok(200)["reminders_sent"], reminders);
    }
    app.clock.advance_seconds(3_600);
    assert_eq!(map(&app, &instance).await["elements"]["a"]["state"], "current");
    app.clock.advance_seconds(1);
    app.drain().await;
    let a = map(&app, &instance).await["elements"]["a"].clone();
    assert_eq!((&a["state"], &a["elapsed"]), (&json!("overdue"), &json!(28_801)));
    let all = app.admin().get("/process-definitions/three/map").await.ok(200);
    assert_eq!(
        all["elements"]["a"],
        json!({"standing": 1, "overdue": 1, "incidents": 0, "entered": 1, "oldest": "2026-03-16T15:00:00Z"})
    );
    engine.pass(&instance, json!({})).await;
    let left = map(&app, &instance).await;
    assert_eq!((&left["elements"]["a"]["state"], &left["elements"]["b"]["state"]), (&json!("done"), &json!("current")));
    assert_eq!(left["elements"]["a"]["elapsed"], 28_801);
    assert_eq!(left["flows"], json!({"start-a": 1, "a-b": 1}));
    let all = app.admin().get("/process-definitions/three/map").await.ok(200);
    assert_eq!((&all["elements"]["a"]["median"], &all["elements"]["a"]["p90"]), (&json!(28_801), &json!(28_801)));
    assert_eq!((&all["elements"]["a"]["standing"], &all["elements"]["b"]["standing"]), (&json!(0), &json!(1)));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn elements_of_another_version_are_listed_and_sub_processes_show_their_worst() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><userTask id="old" name="Old" v:executors="owner"/>
        <subProcess id="sub"><startEvent id="s"/><userTask id="in" name="In" v:executors="owner"/><scriptTask id="bad" v:resultVariable="x"><script>vars.nothing + 1</script></scriptTask>
        <sequenceFlow id="x" sourceRef="s" targetRef="in"/><sequenceFlow id="y" sourceRef="s" targetRef="bad"/></subProcess>"#;
    let first = process("nested", &(inside.to_owned() + &flows("start>old old>sub")));
    engine.deploy(first.clone()).await;
    let instance = engine.start("nested", json!({})).await;
    engine.pass(&instance, json!({})).await;
    app.drain().await;
    let now = map(&app, &instance).await;
    let state = |id: &str| now["elements"][id]["state"].clone();
    assert_eq!((state("in"), state("bad"), state("sub")), (json!("current"), json!("incident"), json!("incident")));
    assert_eq!(now["elements"]["sub"]["visits"], 1);
    let second = first
        .replace("id=\"old\"", "id=\"new\"")
        .replace("start-old", "start-new")
        .replace("\"old\"", "\"new\"")
        .replace("old-sub", "new-sub");
    engine.deploy(second).await;
    engine.operate(&instance, "migrate", json!({"version": 2})).await.ok(200);
    let now = map(&app, &instance).await;
    assert_eq!((&now["version"], &now["gone"]), (&json!(2), &json!([{"element": "old", "visits": 1}])));
    assert_eq!(now["elements"].get("old"), None);
    let all = app.admin().get("/process-definitions/nested/map").await.ok(200);
    assert_eq!((&all["gone"], &all["elements"]["bad"]["incidents"]), (&json!(["old"]), &json!(1)));
    engine.operate(&instance, "cancel", json!({})).await.ok(200);
    let over = map(&app, &instance).await;
    assert_eq!((&over["running"], &over["elements"]["in"]["state"]), (&json!(false), &json!("cancelled")));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn readers_of_the_record_see_the_map_without_names_and_strangers_nothing() {
    let mut app = TestApp::build().person("mary", "sales_manager").person("olga", "observer").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let engine = Engine::of(&app);
    engine.deploy(three()).await;
    let deal = app.record("deal", json!({"title": "Pumps", "owner": app.id_of("mary")})).await;
    let about = engine.start_about("three", "deal", &deal, json!({"secret": 7})).await;
    let plain = engine.start("three", json!({})).await;
    app.drain().await;
    let seen = app.by("olga").get(&format!("/process-instances/{about}/map")).await.ok(200);
    let a = &seen["elements"]["a"];
    assert_eq!((&a["state"], a.get("who"), seen.get("variables")), (&json!("current"), None, None));
    app.by("olga").get(&format!("/process-instances/{about}")).await.problem(404, "not_found");
    app.by("olga").get(&format!("/process-instances/{plain}/map")).await.problem(404, "not_found");
    app.by("olga").get("/process-definitions/three/map").await.problem(403, "denied");
    let stranger = app.by_of(other, "admin");
    stranger.get(&format!("/process-instances/{about}/map")).await.problem(404, "not_found");
    stranger.get("/process-definitions/three/map").await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn an_operator_takes_a_step_elsewhere_and_the_history_says_why() {
    let app = TestApp::build().person("mary", "sales_manager").start().await;
    let engine = Engine::of(&app);
    engine.deploy(three()).await;
    let instance = engine.start("three", json!({})).await;
    let task = engine.task(&instance).await;
    let wait = engine.instance(&instance).await["active"][0]["wait"].clone();
    let to = |element: &str, reason: &str| json!({"wait": wait, "element": element, "reason": reason});
    for (body, field) in [
        (to("c", " "), "reason"),
        (to("nowhere", "x"), "element"),
        (json!({"wait": 99, "element": "c", "reason": "x"}), "wait"),
    ] {
        let refused = engine.operate(&instance, "move", body).await.problem(422, "process.invalid");
        assert!(refused["fields"][field].is_object(), "{refused}");
    }
    let mary = app.by("mary").post(&format!("/process-instances/{instance}/move"), to("c", "x")).await;
    mary.problem(404, "not_found");
    let moved = engine.operate(&instance, "move", to("c", "The client has signed already")).await.ok(200);
    assert_eq!(standing(&moved), "c");
    assert_eq!(app.admin().get(&format!("/tasks/{task}")).await.ok(200)["state"], "cancelled");
    let history = app.admin().get(&format!("/process-instances/{instance}/history")).await.ok(200);
    let line = history["items"].as_array().unwrap().iter().find(|line| line["element"] == "a").unwrap();
    assert_eq!(
        (&line["outcome"], &line["actor"], &line["note"]),
        (&json!("cancelled"), &json!(app.id_of("admin")), &json!("The client has signed already"))
    );
    engine.operate(&instance, "move", to("b", "again")).await.problem(422, "process.invalid");
    engine.pass(&instance, json!({})).await;
    assert_eq!(engine.instance(&instance).await["state"], "completed");
    engine.operate(&instance, "move", to("b", "late")).await.problem(409, "process.over");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn moving_out_of_a_sub_process_closes_it_and_repetitions_cannot_be_left() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><subProcess id="sub"><startEvent id="s"/><userTask id="in" name="In" v:executors="owner"/>
        <sequenceFlow id="x" sourceRef="s" targetRef="in"/></subProcess>
        <boundaryEvent id="late" attachedToRef="sub"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
        <userTask id="after" name="After" v:executors="owner"/><userTask id="each" name="Each" v:executors="owner">
        <multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask><endEvent id="end"/>"#;
    engine.deploy(process("deep", &(inside.to_owned() + &flows("start>sub sub>after after>each each>end")))).await;
    let instance = engine.start("deep", json!({})).await;
    let active = engine.instance(&instance).await["active"].clone();
    let body = json!({"wait": active[0]["wait"], "element": "each", "reason": "skip"});
    let moved = engine.operate(&instance, "move", body).await.ok(200);
    assert_eq!(standing(&moved), "each each");
    // The hour of the boundary event is over, with nobody left in the sub-process.
    app.clock.advance_seconds(7_200);
    app.drain().await;
    assert_eq!(standing(&engine.instance(&instance).await), "each each");
    let body = json!({"wait": moved["active"][0]["wait"], "element": "after", "reason": "back"});
    engine.operate(&instance, "move", body).await.problem(422, "process.invalid");
    for task in engine.tasks(&instance).await {
        engine.complete(task["id"].as_str().unwrap(), json!({})).await.ok(200);
    }
    assert_eq!(engine.instance(&instance).await["state"], "completed");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_task_says_what_keeps_it_from_its_end_and_what_mends_it() {
    let mail = MailServer::start();
    let app = TestApp::build()
        .person("mary", "sales_manager")
        .person("bob", "sales_manager")
        .config(mail.configure())
        .start()
        .await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><userTask id="write" name="Write" v:executors="role:sales_manager" v:mainAction="email" v:requireMainAction="true">
        <extensionElements><v:param name="to">client@client.test</v:param><v:param name="subject">Hello</v:param><v:param name="text">Dear client</v:param>
        <v:form><v:field name="price" label="Price" type="number"/></v:form></extensionElements></userTask><endEvent id="end"/>"#;
    engine.deploy(process("letter", &(inside.to_owned() + &flows("start>write write>end")))).await;
    let instance = engine.start("letter", json!({})).await;
    app.drain().await;
    let task = format!("/tasks/{}", engine.task(&instance).await);
    let mary = app.by("mary");
    let shown = mary.get(&task).await.ok(200);
    assert_eq!(
        shown["blockers"],
        json!([
            {"code": "main_action_missing", "message": "The task cannot be completed before its main action is done.", "fix": "email"},
            {"code": "required", "field": "price", "message": "Required.", "fix": "fill"},
        ])
    );
    assert_eq!(shown["may"], json!(["complete", "action", "claim", "delegate"]));
    mary.post(&format!("{task}/claim"), json!({})).await.ok(200);
    assert_eq!(mary.get(&task).await.ok(200)["may"], json!(["complete", "action", "release", "delegate"]));
    let bob = app.by("bob").get(&task).await.ok(200);
    assert_eq!((&bob["blockers"][0]["code"], &bob["may"]), (&json!("claimed"), &json!([])));
    let done = json!({"variables": {"price": 5}});
    mary.post(&format!("{task}/complete"), done.clone()).await.problem(409, "task.main_action_missing");
    mary.post(&format!("{task}/action"), json!({"kind": "email"})).await.ok(200);
    app.drain().await;
    let shown = mary.get(&task).await.ok(200);
    assert_eq!(shown["blockers"].as_array().unwrap().len(), 1, "{shown}");
    mary.post(&format!("{task}/complete"), done).await.ok(200);
    let over = mary.get(&task).await.ok(200);
    assert_eq!((&over["blockers"], &over["may"]), (&json!([]), &json!([])));
    app.drain().await;
    app.finish().await;
}
