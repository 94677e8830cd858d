//! Definitions: versions, files of other tools, what is refused, what is hostile.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Engine, elements, file, flows, one, one_task, process, trace};
use crate::app::TestApp;

#[tokio::test]
async fn a_file_becomes_a_version_and_comes_back_byte_for_byte() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let first = one_task("approval");
    let made = engine.send(first.clone(), false).await.ok(201);
    assert_eq!(
        (&made["key"], &made["version"], &made["state"], &made["name"]),
        (&json!("approval"), &json!(1), &json!("draft"), &json!("Process approval"))
    );
    assert_eq!((&made["processes"], &made["problems"]), (&json!(["approval"]), &json!([])));
    let id = made["id"].as_str().unwrap().to_owned();
    let start = json!({"definition": "approval"});
    app.admin().post("/process-instances", start.clone()).await.problem(409, "process.not_published");

    // Identical bytes are the version they were; one more space is another.
    let again = engine.send(first.clone(), false).await.ok(201);
    assert_eq!((&again["id"], &again["version"]), (&json!(id), &json!(1)));
    let published = app.admin().post(&format!("/process-definitions/{id}/publish"), json!({})).await.ok(200);
    assert_eq!((&published["state"], &published["published"]), (&json!("published"), &json!(1)));
    let second = first.clone() + "\n";
    let next = engine.send(second.clone(), false).await.ok(201);
    assert_eq!((&next["id"], &next["version"], &next["state"]), (&json!(id), &json!(2), &json!("draft")));
    assert_eq!(app.admin().post("/process-instances", start.clone()).await.ok(201)["version"], 1);
    let versions = app.admin().get("/process-definitions/approval/versions").await.ok(200);
    let numbers: Vec<&Value> = versions["items"].as_array().unwrap().iter().map(|it| &it["version"]).collect();
    assert_eq!(numbers, [2, 1]);

    // A version that is published stays: instances of it go on, new ones get the newest published.
    let third = engine.deploy(first.replace("Ask", "Ask again")).await;
    assert_eq!((&third["version"], &third["published"]), (&json!(3), &json!(3)));
    assert_eq!(app.admin().post("/process-instances", start).await.ok(201)["version"], 3);
    let old = json!({"definition": id, "version": 1});
    assert_eq!(app.admin().post("/process-instances", old).await.ok(201)["version"], 1);
    let draft = json!({"definition": id, "version": 2});
    app.admin().post("/process-instances", draft).await.problem(422, "process.invalid");
    // The first bytes once more: still version 1, and published again when asked for.
    let back = engine.deploy(first.clone()).await;
    assert_eq!((&back["version"], &back["published"], &back["latest"]), (&json!(1), &json!(1), &json!(3)));

    for (version, xml) in [(1, &first), (2, &second)] {
        for name in [id.as_str(), "approval"] {
            let got = app.admin().get(&format!("/process-definitions/{name}/versions/{version}/xml")).await;
            assert_eq!((got.status.as_u16(), &got.text()), (200, xml));
            assert_eq!(got.header("content-type"), Some("application/xml"));
        }
    }
    for path in [
        "/process-definitions/none",
        "/process-definitions/approval?version=4",
        "/process-definitions/approval/versions/4/xml",
        "/process-definitions/approval/versions/0/xml",
        "/process-definitions/none/versions",
    ] {
        app.admin().get(path).await.problem(404, "not_found");
    }
    let listed = app.admin().get("/process-definitions").await.ok(200);
    assert_eq!(elements_of(&listed["items"], "key"), ["approval"]);
    app.drain().await;
    app.finish().await;
}

fn elements_of(items: &Value, key: &str) -> Vec<String> {
    items.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn doubts_are_told_and_kept_and_only_administrators_deploy() {
    let app = TestApp::build().person("mary", "sales_manager").start().await;
    let doubtful = process(
        "doubtful",
        &(r#"<startEvent id="start"/><userTask id="ask"/><task id="lost"/>"#.to_owned() + &flows("start>ask")),
    );
    let made = Engine::of(&app).deploy(doubtful.clone()).await;
    let warned = |view: &Value| {
        let problems = view["problems"].as_array().unwrap();
        assert!(problems.iter().all(|problem| problem["severity"] == "warning"), "{problems:#?}");
        let mut elements = elements_of(&view["problems"], "element");
        elements.sort();
        elements
    };
    assert_eq!(warned(&made), ["ask", "lost"]);
    let read = app.by("mary").get("/process-definitions/doubtful").await.ok(200);
    assert_eq!(warned(&read), ["ask", "lost"]);
    let mary = Engine::by(app.by("mary"));
    mary.send(one_task("mine"), true).await.problem(403, "denied");
    app.by("mary").post("/process-definitions/doubtful/publish", json!({})).await.problem(403, "denied");
    app.by("mary").post("/process-definitions/doubtful/migrate", json!({"version": 1})).await.problem(403, "denied");
    app.finish().await;
}

/// The same small process as tools write it.
fn as_tools_write() -> Vec<(&'static str, String, Vec<u8>)> {
    let camunda = r##"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:modeler="http://camunda.org/schema/modeler/1.0" id="Definitions_0k1" targetNamespace="http://bpmn.io/schema/bpmn" exporter="Camunda Modeler" exporterVersion="5.0.0" modeler:executionPlatform="Camunda Platform">
  <bpmn:process id="camunda" isExecutable="true" camunda:historyTimeToLive="180" camunda:candidateStarterGroups="a">
    <bpmn:startEvent id="begin" camunda:asyncBefore="true" camunda:formKey="embedded:app:forms/x.html"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="check" />
    <bpmn:userTask id="check" name="Check" camunda:assignee="demo" camunda:candidateGroups="sales,management" camunda:dueDate="${now()}">
      <bpmn:extensionElements>
        <camunda:formData><camunda:formField id="ok" label="OK" type="boolean" defaultValue="true"><camunda:validation><camunda:constraint name="required" /></camunda:validation></camunda:formField></camunda:formData>
        <camunda:taskListener class="org.example.Listener" event="create" />
        <camunda:inputOutput><camunda:inputParameter name="in">${x}</camunda:inputParameter></camunda:inputOutput>
      </bpmn:extensionElements>
      <bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:exclusiveGateway id="fork" default="f4"><bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>f3</bpmn:outgoing><bpmn:outgoing>f4</bpmn:outgoing></bpmn:exclusiveGateway>
    <bpmn:sequenceFlow id="f2" sourceRef="check" targetRef="fork" />
    <bpmn:sequenceFlow id="f3" name="yes" sourceRef="fork" targetRef="yes"><bpmn:conditionExpression xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="bpmn:tFormalExpression">${ok == true &amp;&amp; amount &gt;= 10}</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="f4" sourceRef="fork" targetRef="no" />
    <bpmn:endEvent id="yes"><bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent><bpmn:endEvent id="no"><bpmn:incoming>f4</bpmn:incoming></bpmn:endEvent>
    <bpmn:textAnnotation id="TextAnnotation_1"><bpmn:text>Note</bpmn:text></bpmn:textAnnotation>
    <bpmn:association id="Association_1" sourceRef="check" targetRef="TextAnnotation_1" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="BPMNDiagram_1"><bpmndi:BPMNPlane id="BPMNPlane_1" bpmnElement="camunda">
    <bpmndi:BPMNShape id="check_di" bpmnElement="check" bioc:stroke="#831311" xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0"><dc:Bounds x="270" y="80" width="100" height="80" /><bpmndi:BPMNLabel /></bpmndi:BPMNShape>
    <bpmndi:BPMNEdge id="f1_di" bpmnElement="f1"><di:waypoint x="215" y="120" /><di:waypoint x="270" y="120" /></bpmndi:BPMNEdge>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>
"##;
    let zeebe = camunda
        .replace("id=\"camunda\"", "id=\"zeebe\"")
        .replace("xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\"", "xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\" xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\"")
        .replace("<camunda:taskListener class=\"org.example.Listener\" event=\"create\" />", "<zeebe:assignmentDefinition candidateGroups=\"sales\" /><zeebe:formDefinition formKey=\"camunda-forms:bpmn:x\" /><zeebe:userTask /><zeebe:taskHeaders><zeebe:header key=\"a\" value=\"b\" /></zeebe:taskHeaders>")
        .replace("${ok == true &amp;&amp; amount &gt;= 10}", "=ok = true and amount &gt;= 10");
    let flowable = camunda
        .replace("id=\"camunda\"", "id=\"flowable\"")
        .replace("http://camunda.org/schema/1.0/bpmn", "http://flowable.org/bpmn")
        .replace("camunda:", "flowable:")
        .replace("xmlns:camunda", "xmlns:flowable")
        .replace("bpmn:", "")
        .replace("xmlns:bpmn=", "xmlns=");
    let signavio = camunda
        .replace("id=\"camunda\"", "id=\"signavio\"")
        .replace("id=\"Definitions_0k1\"", "id=\"sid-4b8c1c9a\" xmlns:signavio=\"http://www.signavio.com\" expressionLanguage=\"http://www.w3.org/1999/XPath\" typeLanguage=\"http://www.w3.org/2001/XMLSchema\"")
        .replace("isExecutable=\"true\"", "isExecutable=\"false\" processType=\"None\" isClosed=\"false\"")
        .replace("<bpmn:startEvent", "<bpmn:extensionElements><signavio:signavioDiagramMetaData metaKey=\"meta-x\" metaValue=\"\"/></bpmn:extensionElements><bpmn:laneSet id=\"ls\"><bpmn:lane id=\"lane\" name=\"Sales\"><bpmn:flowNodeRef>check</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet><bpmn:startEvent");
    let odd = camunda
        .replace("id=\"camunda\"", "id=\"odd\"")
        .replace("<bpmn:", "<_x.y-2:")
        .replace("</bpmn:", "</_x.y-2:")
        .replace("xmlns:bpmn=", "xmlns:_x.y-2=")
        .replace("\"bpmn:tFormal", "\"_x.y-2:tFormal");
    let cyrillic = camunda
        .replace("id=\"camunda\"", "id=\"Закупка\" name=\"Разовая закупка\"")
        .replace("\"check\"", "\"Проверка\"")
        .replace("camunda\">", "Закупка\">");
    let marked = |text: &str| [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
    let wide = |text: &str, key: &str| {
        let text = text
            .replace("encoding=\"UTF-8\"", "encoding=\"UTF-16\"")
            .replace("id=\"camunda\"", &format!("id=\"{key}\""));
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [&[0xFF, 0xFE], &units[..]].concat()
    };
    let plain = |text: &str| text.as_bytes().to_vec();
    vec![
        ("camunda", "check".into(), plain(camunda)),
        ("zeebe", "check".into(), plain(&zeebe)),
        ("flowable", "check".into(), plain(&flowable)),
        ("signavio", "check".into(), plain(&signavio)),
        ("odd", "check".into(), plain(&odd)),
        ("Закупка", "Проверка".into(), plain(&cyrillic)),
        ("marked", "check".into(), marked(&camunda.replace("id=\"camunda\"", "id=\"marked\""))),
        ("wide", "check".into(), wide(camunda, "wide")),
    ]
}

#[tokio::test]
async fn files_of_other_tools_deploy_run_and_come_back_untouched() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    for (key, task, bytes) in as_tools_write() {
        let answer = engine.send(bytes.clone(), key != "signavio").await;
        assert_eq!(answer.status, 201, "{key}: {}", answer.text());
        let made = answer.json();
        assert_eq!(made["key"], key);
        let id = made["id"].as_str().unwrap();
        let back = app.admin().get(&format!("/process-definitions/{id}/versions/1/xml")).await;
        assert_eq!(back.body, bytes, "{key}");
        if key == "signavio" {
            // It says that it is not meant to run: it is kept, and not taken as if it were.
            let publish = app.admin().post("/process-definitions/signavio/publish", json!({})).await;
            let refused = publish.problem(422, "process.invalid");
            assert!(
                refused["fields"]["signavio"].to_string().contains("marked as a process that can be run"),
                "{refused}"
            );
            let text = String::from_utf8(bytes).unwrap().replace("isExecutable=\"false\"", "isExecutable=\"true\"");
            assert_eq!(engine.deploy(text).await["version"], 2);
        }
        for (amount, end) in [(10, "yes"), (9, "no")] {
            let instance = engine.start(key, json!({"amount": amount})).await;
            engine.pass(&instance, json!({"ok": true})).await;
            let done = engine.instance(&instance).await;
            assert_eq!(
                (done["state"].as_str(), trace(&done)),
                (Some("completed"), format!("begin {task} fork {end}")),
                "{key}: {done:#}"
            );
        }
    }
    app.drain().await;
    app.finish().await;
}

/// The fields of a refusal.
async fn refusal(engine: &Engine<'_>, xml: impl Into<Vec<u8>>) -> Value {
    engine.send(xml, true).await.problem(422, "process.invalid")["fields"].clone()
}

#[tokio::test]
async fn what_cannot_run_is_refused_by_its_name() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let line = |element: &str| {
        process("p", &format!(r#"<startEvent id="start"/>{element}<endEvent id="end"/>{}"#, flows("start>it it>end")))
    };
    for (element, part) in [
        (r#"<adHocSubProcess id="it"/>"#, "ad-hoc"),
        (r#"<eventBasedGateway id="it" eventGatewayType="Parallel"/>"#, "where the process begins"),
        (r#"<serviceTask id="it" v:service="fly"/>"#, "fly"),
        (r#"<serviceTask id="it" camunda:class="x.Y" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"/>"#, "service"),
        (r#"<scriptTask id="it" scriptFormat="groovy"><script>x</script></scriptTask>"#, "groovy"),
        (r#"<scriptTask id="it"><script>vars.a +</script></scriptTask>"#, "script"),
        (r#"<userTask id="it" v:duration="4 hours"/>"#, "duration"),
        (r#"<userTask id="it" v:executors="everybody"/>"#, "executor"),
        (r#"<userTask id="it" v:mainAction="dance"/>"#, "dance"),
        (r#"<callActivity id="it"/>"#, "calledElement"),
        (
            r#"<intermediateCatchEvent id="it"><timerEventDefinition><timeDuration>soon</timeDuration></timerEventDefinition></intermediateCatchEvent>"#,
            "ISO 8601",
        ),
    ] {
        let fields = refusal(&engine, line(element)).await;
        let words = fields["it"]["message"].as_str().unwrap_or_else(|| panic!("{element}: {fields}"));
        assert!(words.contains(part), "{element}: {words}");
    }
    let twice =
        process("p", r#"<startEvent id="start"/><task id="a"/><adHocSubProcess id="b"/><choreographyTask id="c"/>"#);
    let fields = refusal(&engine, twice).await;
    assert!(fields["b"].is_object() && fields["c"].is_object() && fields.get("a").is_none(), "{fields}");
    // Nothing of what was refused is there.
    assert_eq!(app.admin().get("/process-definitions").await.ok(200)["items"], json!([]));
    // A start that cannot be armed is known when the version is published.
    let start = |timer: &str| {
        process(
            "timed",
            &format!(
                r#"<startEvent id="when"><timerEventDefinition>{timer}</timerEventDefinition></startEvent><task id="a"/>{}"#,
                flows("when>a")
            ),
        )
    };
    let fields = refusal(&engine, start("<timeDuration>=vars.wait</timeDuration>")).await;
    assert!(fields["when"].is_object(), "{fields}");
    app.finish().await;
}

#[tokio::test]
async fn hostile_files_are_refused_in_no_time() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    let bomb = {
        let mut entities = String::from(r#"<!ENTITY e0 "lol">"#);
        for n in 1..30 {
            entities += &format!(r#"<!ENTITY e{n} "&e{0};&e{0};&e{0};&e{0};">"#, n - 1);
        }
        format!("<?xml version=\"1.0\"?><!DOCTYPE d [{entities}]><d>&e29;</d>")
    };
    let external = r#"<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>"#;
    let nested = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let sub_processes =
        process("deep", &format!("{}{}", r#"<subProcess id="s">"#.repeat(100_000), "</subProcess>".repeat(100_000)));
    let duplicate = process("p", r#"<startEvent id="a"/><task id="b"/><task id="b"/>"#);
    let dangling = process("p", r#"<startEvent id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="nowhere"/>"#);
    let itself =
        process("p", &(r#"<startEvent id="a"/><callActivity id="c" calledElement="p"/>"#.to_owned() + &flows("a>c")));
    let cycle = file(
        &(one("p", &(r#"<startEvent id="a"/><callActivity id="c" calledElement="q"/>"#.to_owned() + &flows("a>c")))
            + &one(
                "q",
                &(r#"<startEvent id="a2"/><callActivity id="c2" calledElement="p"/>"#.to_owned() + &flows("a2>c2")),
            )),
    );
    let mut random = 7_u64;
    let garbage: Vec<u8> = std::iter::repeat_with(|| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random.to_be_bytes()[0]
    })
    .take(100_000)
    .collect();
    let attributes: String = (0..200_000).map(|n| format!(" a{n}='1'")).collect();
    for (what, bytes, status) in [
        ("an entity bomb", bomb.into_bytes(), 422),
        ("an external entity", external.into(), 422),
        ("deep", nested.into_bytes(), 422),
        ("deep sub-processes", sub_processes.into_bytes(), 422),
        ("50 MB", vec![b' '; 50_000_000], 413),
        ("11 MB of elements", file(&"<a/>".repeat(2_600_000)).into_bytes(), 422),
        ("9 MB of elements", file(&"<a/>".repeat(2_200_000)).into_bytes(), 422),
        ("many attributes", format!("<d{attributes}/>").into_bytes(), 422),
        ("duplicate ids", duplicate.into_bytes(), 422),
        ("dangling references", dangling.into_bytes(), 422),
        ("a call of itself", itself.into_bytes(), 422),
        ("a cycle of calls", cycle.into_bytes(), 422),
        ("garbage", garbage, 422),
        ("nothing", Vec::new(), 422),
        ("JSON", br#"{"definitions": {"process": []}}"#.to_vec(), 422),
        ("zeroes", vec![0; 10_000], 422),
    ] {
        let begun = Instant::now();
        let answer = engine.send(bytes, true).await;
        let took = begun.elapsed();
        assert!(answer.status.is_client_error(), "{what}: {} {}", answer.status, answer.text());
        if answer.status.as_u16() != 413 {
            assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text());
            let problem = answer.problem(status, "process.invalid");
            assert!(!problem["fields"].as_object().unwrap().is_empty(), "{what}: {problem}");
        }
        assert!(answer.body.len() < 100_000, "{what}: the answer is long");
        assert!(took < Duration::from_secs(10), "{what} took {took:?}");
    }
    // Another kind of body, and none.
    let json = app.admin().send("POST", "/api/v1/process-definitions", Some("application/json"), b"{}".to_vec()).await;
    json.problem(422, "process.invalid");
    let none = app.admin().send("POST", "/api/v1/process-definitions", None, Vec::new()).await;
    none.problem(422, "process.invalid");
    assert_eq!(app.admin().get("/process-definitions").await.ok(200)["items"], json!([]));
    app.finish().await;
}

/// Processes that call each other round across files cannot be known at deployment: running stops them.
#[tokio::test]
async fn calls_in_a_circle_across_files_end_at_their_depth() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    for (id, other) in [("ping", "pong"), ("pong", "ping")] {
        let inside = format!(r#"<startEvent id="a"/><callActivity id="c" calledElement="{other}"/>"#) + &flows("a>c");
        engine.deploy(process(id, &inside)).await;
    }
    let first = engine.start("ping", json!({})).await;
    app.drain().await;
    let all = engine.instances("state=active&limit=100").await;
    assert!(all.len() <= 21, "{} instances", all.len());
    let stuck = engine.instances("state=incident").await;
    assert_eq!(stuck.len(), 1, "{stuck:#?}");
    assert_eq!(elements(&stuck[0], "incidents"), ["c"]);
    engine.operate(&first, "cancel", json!({})).await.ok(200);
    app.drain().await;
    assert_eq!(engine.instances("state=active").await.len(), 0);
    app.finish().await;
}

#[tokio::test]
async fn a_diagram_of_ten_thousand_nodes_deploys_and_runs_to_its_end() {
    const BLOCKS: usize = 2_000;
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    // Each block: an exclusive fork over two scripts that meet again, and one task; 5 nodes.
    let mut inside = String::from(r#"<startEvent id="start"/><userTask id="ask" name="Ask" v:executors="owner"/>"#)
        + &flows("start>ask ask>g0");
    for n in 0..BLOCKS {
        let next = if n + 1 == BLOCKS { "end".to_owned() } else { format!("g{}", n + 1) };
        inside += &format!(
            r#"<exclusiveGateway id="g{n}" default="g{n}-b{n}"/><scriptTask id="a{n}" v:resultVariable="sum"><script>vars.sum + 1</script></scriptTask>
<task id="b{n}"/><exclusiveGateway id="m{n}"/><task id="t{n}"/>"#
        );
        inside += &super::when(&format!("g{n}"), &format!("a{n}"), "vars.sum % 2 == 0 || vars.all");
        inside += &flows(&format!("g{n}>b{n} a{n}>m{n} b{n}>m{n} m{n}>t{n} t{n}>{next}"));
    }
    inside += r#"<endEvent id="end"/>"#;
    let begun = Instant::now();
    engine.deploy(process("long", &inside)).await;
    let deployed = begun.elapsed();
    let instance = engine.start("long", json!({"sum": 0, "all": true})).await;
    engine.pass(&instance, json!({})).await;
    app.drain().await;
    let done = engine.instance(&instance).await;
    assert_eq!(
        (&done["state"], &done["variables"]["sum"]),
        (&json!("completed"), &json!(BLOCKS)),
        "{:?}",
        done["incidents"]
    );
    let left = app.count("SELECT count(*) FROM process_visit").await;
    assert_eq!(left, i64::try_from(4 * BLOCKS + 3).unwrap());
    // Without optimisation a good deal slower than the product: 2 seconds there.
    assert!(deployed < Duration::from_secs(20), "deployed in {deployed:?}");
    assert!(begun.elapsed() < Duration::from_secs(60), "all in {:?}", begun.elapsed());
    app.drain().await;
    app.finish().await;
}
