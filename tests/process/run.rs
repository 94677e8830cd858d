//! Instances from their start to their end: tasks, gateways, scripts, services, calls, repetitions.

use serde_json::{Value, json};

use super::{Engine, elements, flows, one_task, process, standing, trace, when};
use crate::app::TestApp;

/// Start, a task, a gateway: large amounts are doubled and become a lead, small ones end.
fn approval() -> String {
    let inside = r#"<startEvent id="start"/>
<userTask id="decide" name="Decide" v:executors="role:sales_manager" v:duration="PT4H"/>
<exclusiveGateway id="large" default="large-small"/>
<scriptTask id="double" v:resultVariable="total"><script>vars.amount * 2</script></scriptTask>
<serviceTask id="make" v:service="create-record" v:resultVariable="lead">
  <extensionElements><v:param name="entity">lead</v:param><v:param name="title">=vars.title</v:param><v:param name="amount">=vars.total</v:param></extensionElements>
</serviceTask>
<endEvent id="done"/><endEvent id="small"/>"#;
    process(
        "approval",
        &(inside.to_owned()
            + &flows("start>decide decide>large large>small double>make make>done")
            + &when("large", "double", "vars.amount &gt; 100")),
    )
}

#[tokio::test]
async fn from_a_task_over_a_gateway_and_a_script_to_a_record() {
    let app = TestApp::build().person("mary", "sales_manager").person("fred", "observer").start().await;
    let engine = Engine::of(&app);
    engine.deploy(approval()).await;
    let body = json!({"definition": "approval", "variables": {"title": "Pipes", "amount": 99.5}});
    let started = app.admin().post("/process-instances", body).await.ok(201);
    assert_eq!(
        (&started["state"], trace(&started), standing(&started)),
        (&json!("active"), "start".into(), "decide".into())
    );
    let id = started["id"].as_str().unwrap();
    app.clock.advance_seconds(600);

    // The task is Mary's by her role; Fred does not learn of it.
    let mary = Engine::by(app.by("mary"));
    let task = mary.task(id).await;
    let shown = app.by("mary").get(&format!("/tasks/{task}")).await.ok(200);
    assert_eq!(
        (&shown["title"], &shown["element"], &shown["instance"], &shown["role"], &shown["state"], &shown["overdue"]),
        (&json!("Decide"), &json!("decide"), &json!(id), &json!("sales_manager"), &json!("open"), &json!(false))
    );
    assert_eq!(shown["due"], "2026-03-16T13:00:00Z");
    app.by("fred").get(&format!("/tasks/{task}")).await.problem(404, "not_found");
    Engine::by(app.by("fred")).complete(&task, json!({})).await.problem(404, "not_found");
    mary.complete(&task, json!({"amount": 250})).await.ok(200);
    mary.complete(&task, json!({"amount": 1})).await.problem(409, "task.completed");
    let waiting = engine.instance(id).await;
    assert_eq!((trace(&waiting), standing(&waiting)), ("start decide large double".into(), "make".into()));
    app.drain().await;

    let done = engine.instance(id).await;
    assert_eq!((&done["state"], trace(&done)), (&json!("completed"), "start decide large double make done".into()));
    assert_eq!((&done["variables"]["total"], &done["variables"]["lead"]["entity"]), (&json!(500), &json!("lead")));
    let visited = &done["visited"][1];
    assert_eq!(
        (&visited["entered"], &visited["left"], &visited["outcome"], &visited["actor"]),
        (
            &json!("2026-03-16T09:00:00Z"),
            &json!("2026-03-16T09:10:00Z"),
            &json!("completed"),
            &json!(app.id_of("mary"))
        )
    );
    let lead = done["variables"]["lead"]["id"].as_str().unwrap();
    let lead = app.admin().get(&format!("/records/lead/{lead}")).await.ok(200);
    assert_eq!((&lead["fields"]["title"], &lead["fields"]["amount"]), (&json!("Pipes"), &json!(500)));
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);

    // The other way.
    let small = engine.start("approval", json!({"title": "Nails", "amount": 100})).await;
    mary.pass(&small, json!({})).await;
    assert_eq!(trace(&engine.instance(&small).await), "start decide large small");
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn two_who_complete_at_once_are_one_completion() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(one_task("once")).await;
    for _ in 0..5 {
        let id = engine.start("once", json!({})).await;
        let task = engine.task(&id).await;
        let tries = futures::future::join_all((0..6).map(|n| engine.complete(&task, json!({"n": n}))));
        let answers = tries.await;
        let good = answers.iter().filter(|answer| answer.status == 200).count();
        let refused = answers.iter().filter(|answer| answer.status == 409).count();
        assert_eq!((good, refused), (1, 5), "{:?}", answers.iter().map(crate::app::Answer::text).collect::<Vec<_>>());
        let done = engine.instance(&id).await;
        assert_eq!((&done["state"], trace(&done)), (&json!("completed"), "start ask end".into()));
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_fails_is_an_incident_that_is_retried_or_skipped() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><exclusiveGateway id="which"/>
<serviceTask id="make" v:service="create-record" v:retries="2" v:resultVariable="made"><extensionElements><v:param name="entity">=vars.entity</v:param><v:param name="title">x</v:param></extensionElements></serviceTask>
<endEvent id="done"/>"#;
    let xml =
        process("fails", &(inside.to_owned() + &flows("start>which make>done") + &when("which", "make", "vars.go")));
    engine.deploy(xml).await;

    // A name that is not there, then an entity that is not there: each is told at its element and goes on when mended.
    let id = engine.start("fails", json!({})).await;
    let stuck = engine.instance(&id).await;
    assert_eq!((elements(&stuck, "incidents"), trace(&stuck)), (vec!["which".to_owned()], "start which".into()));
    let words = stuck["incidents"][0]["message"].as_str().unwrap();
    assert!(words.contains("go"), "{words}");
    let patch = |variables: Value| json!({"variables": variables});
    let path = format!("/process-instances/{id}");
    app.admin().patch(&path, patch(json!({"go": true, "entity": "unicorn"}))).await.ok(200);
    engine.operate(&id, "retry", json!({})).await.ok(200);
    app.drain().await;
    let stuck = engine.instance(&id).await;
    assert_eq!(elements(&stuck, "incidents"), ["make"], "{stuck:#}");
    assert!(stuck["incidents"][0]["message"].as_str().unwrap().contains("unicorn"), "{stuck:#}");
    assert_eq!(engine.instances("state=incident").await.len(), 1);
    // Parameters were evaluated when the step was made; the retry evaluates them anew.
    app.admin().patch(&path, patch(json!({"entity": "lead"}))).await.ok(200);
    engine.operate(&id, "retry", json!({"incident": stuck["incidents"][0]["id"]})).await.ok(200);
    app.drain().await;
    let done = engine.instance(&id).await;
    assert_eq!((&done["state"], trace(&done)), (&json!("completed"), "start which make done".into()), "{done:#}");
    engine.operate(&id, "retry", json!({})).await.problem(409, "process.over");

    // Skipped: goes on as if it was done, and the journal says so.
    let id = engine.start("fails", json!({"go": true, "entity": "unicorn"})).await;
    app.drain().await;
    let stuck = engine.instance(&id).await;
    engine.operate(&id, "skip", json!({"incident": 999})).await.problem(409, "process.no_incident");
    engine.operate(&id, "skip", json!({"incident": stuck["incidents"][0]["id"]})).await.ok(200);
    let done = engine.instance(&id).await;
    assert_eq!((&done["state"], trace(&done)), (&json!("completed"), "start which make done".into()));
    assert_eq!(done["visited"][2]["outcome"], "skipped");
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_called_process_gets_variables_and_gives_them_back() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inner = r#"<startEvent id="begin"/><userTask id="inner" v:executors="owner"/><exclusiveGateway id="good"/>
<scriptTask id="sum" v:resultVariable="sum"><script>vars.a + vars.b</script></scriptTask><endEvent id="fine"/>
<endEvent id="bad"><errorEventDefinition errorRef="broken"/></endEvent>"#
        .to_owned()
        + &flows("begin>inner inner>good sum>fine")
        + &when("good", "sum", "vars.b &gt; 0")
        + &when("good", "bad", "vars.b &lt;= 0");
    let error = r#"<error id="broken" name="Broken" errorCode="BROKEN"/>"#;
    engine.deploy(super::file(&(error.to_owned() + &super::one("adder", &inner)))).await;
    let outer = r#"<startEvent id="start"/><callActivity id="call" calledElement="adder"/><endEvent id="end"/>
<boundaryEvent id="caught" attachedToRef="call"><errorEventDefinition errorRef="broken"/></boundaryEvent><endEvent id="failed"/>"#
        .to_owned()
        + &flows("start>call call>end caught>failed");
    engine.deploy(super::file(&(error.to_owned() + &super::one("caller", &outer)))).await;

    let lead = app.record("lead", json!({"title": "About"})).await;
    for (b, way, sum) in [(3, "start call end", json!(5)), (0, "start call caught failed", Value::Null)] {
        let id = engine.start_about("caller", "lead", &lead, json!({"a": 2})).await;
        assert_eq!(standing(&engine.instance(&id).await), "call");
        let inner = engine.instances("definition=adder&state=active").await;
        assert_eq!(inner.len(), 1);
        let called = &inner[0];
        assert_eq!(
            (&called["parent"], &called["variables"]["a"], &called["subject"]["id"]),
            (&json!(id), &json!(2), &json!(lead))
        );
        engine.pass(called["id"].as_str().unwrap(), json!({"b": b})).await;
        let done = engine.instance(&id).await;
        assert_eq!((&done["state"], &done["variables"]["sum"]), (&json!("completed"), &sum), "{done:#}");
        let left = trace(&done);
        assert_eq!(left.replace(" call caught", " caught"), way.replace(" call caught", " caught"));
        let over = engine.instance(called["id"].as_str().unwrap()).await;
        assert_eq!(over["state"], if b > 0 { "completed" } else { "cancelled" });
    }
    // A caller that is cancelled takes what it called with it, tasks included.
    let id = engine.start("caller", json!({"a": 1})).await;
    let called = engine.instances("definition=adder&state=active").await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(engine.tasks(&called).await.len(), 1);
    engine.operate(&id, "cancel", json!({})).await.ok(200);
    assert_eq!(engine.instance(&called).await["state"], "cancelled");
    assert_eq!(engine.tasks(&called).await.len(), 0);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_task_for_each_member_of_a_collection() {
    let app = TestApp::build().person("mary", "sales_manager").person("john", "sales_manager").start().await;
    let engine = Engine::of(&app);
    let each = |id: &str, sequential: bool| {
        let inside = format!(
            r#"<startEvent id="start"/><userTask id="ask" v:executors="=&quot;user:&quot; + vars.who">
<multiInstanceLoopCharacteristics isSequential="{sequential}" v:collection="vars.people" v:item="who" v:outputCollection="answers" v:outputItem="vars.answer"><completionCondition>vars.enough</completionCondition></multiInstanceLoopCharacteristics></userTask><endEvent id="end"/>"#
        );
        process(id, &(inside + &flows("start>ask ask>end")))
    };
    engine.deploy(each("all", false)).await;
    engine.deploy(each("turns", true)).await;
    let people = json!([app.id_of("mary"), app.id_of("john"), app.id_of("mary")]);

    let id = engine.start("all", json!({"people": people, "enough": false})).await;
    let open = engine.tasks(&id).await;
    assert_eq!(open.len(), 3);
    let mut members: Vec<&Value> = open.iter().map(|task| &task["variables"]["loopCounter"]).collect();
    members.sort_by_key(|n| n.as_i64());
    assert_eq!(members, [0, 1, 2], "each task knows its member: {open:#?}");
    assert_eq!(Engine::by(app.by("john")).tasks(&id).await.len(), 1);
    for task in &open {
        let n = &task["variables"]["loopCounter"];
        engine.complete(task["id"].as_str().unwrap(), json!({"answer": n})).await.ok(200);
    }
    let done = engine.instance(&id).await;
    assert_eq!((&done["state"], &done["variables"]["answers"]), (&json!("completed"), &json!([0, 1, 2])), "{done:#}");

    // Early: one is enough, the others' tasks are withdrawn.
    let id = engine.start("all", json!({"people": people, "enough": false})).await;
    let first = engine.tasks(&id).await[0]["id"].as_str().unwrap().to_owned();
    engine.complete(&first, json!({"answer": "yes", "enough": true})).await.ok(200);
    assert_eq!((engine.instance(&id).await["state"].clone(), engine.tasks(&id).await.len()), (json!("completed"), 0));

    // One after the other.
    let id = engine.start("turns", json!({"people": people, "enough": false})).await;
    for n in 0..3 {
        assert_eq!(engine.instance(&id).await["state"], "active", "{n}");
        engine.pass(&id, json!({"answer": n})).await;
    }
    assert_eq!(engine.instance(&id).await["variables"]["answers"], json!([0, 1, 2]));
    // Nobody: straight on.
    let id = engine.start("all", json!({"people": [], "enough": false})).await;
    assert_eq!(engine.instance(&id).await["state"], "completed");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn parallel_ways_meet_and_terminate_ends_all() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/><parallelGateway id="fork"/><userTask id="a" v:executors="owner"/><userTask id="b" v:executors="owner"/>
<parallelGateway id="join"/><endEvent id="end"/>"#;
    engine
        .deploy(process("meet", &(inside.to_owned() + &flows("start>fork fork>a fork>b a>join b>join join>end"))))
        .await;
    let stop = r#"<startEvent id="start"/><parallelGateway id="fork"/><userTask id="a" v:executors="owner"/><userTask id="b" v:executors="owner"/>
<endEvent id="stop"><terminateEventDefinition/></endEvent><endEvent id="end"/>"#;
    engine.deploy(process("stops", &(stop.to_owned() + &flows("start>fork fork>a fork>b a>stop b>end")))).await;
    let task_at = async |id: &str, element: &str| {
        let tasks = engine.tasks(id).await;
        tasks.iter().find(|task| task["element"] == element).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let id = engine.start("meet", json!({})).await;
    assert_eq!(standing(&engine.instance(&id).await), "a b");
    engine.complete(&task_at(&id, "b").await, json!({"x": 1})).await.ok(200);
    assert_eq!(standing(&engine.instance(&id).await), "a");
    engine.complete(&task_at(&id, "a").await, json!({"y": 2})).await.ok(200);
    let done = engine.instance(&id).await;
    assert_eq!((&done["state"], &done["variables"]), (&json!("completed"), &json!({"x": 1, "y": 2})));
    assert_eq!(trace(&done), "start fork b a join end");
    let id = engine.start("stops", json!({})).await;
    engine.complete(&task_at(&id, "a").await, json!({})).await.ok(200);
    let done = engine.instance(&id).await;
    assert_eq!((&done["state"], trace(&done)), (&json!("completed"), "start fork a stop".into()));
    assert_eq!(engine.tasks(&id).await.len(), 0);
    // What is asked for and taken back in the same step is not there afterwards.
    let called =
        r#"<startEvent id="begin"/><userTask id="inner" v:executors="owner"/>"#.to_owned() + &flows("begin>inner");
    engine.deploy(process("called", &called)).await;
    let at_once = r#"<startEvent id="start"/><parallelGateway id="fork"/><userTask id="a" v:executors="owner"/><callActivity id="c" calledElement="called"/>
<serviceTask id="s" v:service="create-record"><extensionElements><v:param name="entity">lead</v:param><v:param name="title">x</v:param></extensionElements></serviceTask>
<endEvent id="stop"><terminateEventDefinition/></endEvent>"#;
    engine.deploy(process("none", &(at_once.to_owned() + &flows("start>fork fork>a fork>c fork>s fork>stop")))).await;
    let id = engine.start("none", json!({})).await;
    app.drain().await;
    assert_eq!(engine.instance(&id).await["state"], "completed");
    assert_eq!(engine.tasks(&id).await.len(), 0);
    assert_eq!(engine.instances("state=active").await.len(), 0);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM task WHERE state = 'open'").await, 0);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_variables_say_of_a_step_is_asked_when_its_task_is_made() {
    let app = TestApp::build().person("mary", "sales_manager").person("fred", "observer").start().await;
    let engine = Engine::of(&app);
    let inside = r#"<startEvent id="start"/>
<userTask id="check" v:executors="role:sales_manager" v:duration="PT1H">
  <extensionElements><v:escalate to="=vars.boss" after="PT0S"/>
    <v:form><v:field name="amount" type="number"/><v:field name="note" required="false"/></v:form></extensionElements>
</userTask><endEvent id="done"/>"#;
    engine.deploy(process("asked", &(inside.to_owned() + &flows("start>check check>done")))).await;
    let fred = app.id_of("fred");
    let id = engine.start("asked", json!({"amount": 5, "secret": 1, "boss": format!("user:{fred}")})).await;
    let mary = Engine::by(app.by("mary"));
    let task = mary.task(&id).await;
    let shown = app.by("mary").get(&format!("/tasks/{task}")).await.ok(200);
    assert_eq!((&shown["form"][0]["value"], &shown["form"][1]["value"]), (&json!(5), &Value::Null));
    // What is shown is not yet said by anybody.
    mary.complete(&task, json!({})).await.problem(422, "task.invalid");
    app.clock.advance_seconds(2 * 3_600);
    app.drain().await;
    let told = app.by("fred").get("/notifications").await.ok(200);
    assert_eq!(told["items"][0]["kind"], "task.escalation", "{told:#}");
    mary.complete(&task, json!({"amount": 6})).await.ok(200);
    assert_eq!(engine.instance(&id).await["variables"]["amount"], 6);
    // Nobody is named: an operator is asked.
    let id = engine.start("asked", json!({"amount": 5})).await;
    let problem = engine.instance(&id).await["incidents"][0]["message"].as_str().unwrap().to_owned();
    assert!(problem.contains("escalation") && problem.contains("`boss`"), "{problem}");
    app.finish().await;
}
