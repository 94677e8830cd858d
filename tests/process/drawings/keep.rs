//! What is kept, what is told of it, and how it becomes a version.

use serde_json::json;

use super::{Board, id, problems};
use crate::app::TestApp;
use crate::process::{Engine, file, flows, one_task, process};

/// Two pools that are not meant to run, with content of another tool.
const POOLS: &str = r#"<?xml version="1.0"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:acme="urn:acme" id="d" targetNamespace="t" exporter="Other">
  <bpmn:collaboration id="c"><bpmn:participant id="a" processRef="buy"/><bpmn:participant id="b" processRef="sell"/></bpmn:collaboration>
  <bpmn:process id="buy"   isExecutable="false"><bpmn:startEvent id="s1"/><bpmn:userTask id="ask" name="Ask" acme:cost="7"><bpmn:extensionElements><acme:price unit="eur"/></bpmn:extensionElements></bpmn:userTask>
    <bpmn:sequenceFlow id="f1" sourceRef="s1" targetRef="ask"/></bpmn:process>
  <bpmn:process id="sell" isExecutable="false"><bpmn:startEvent id="s2"/></bpmn:process>
</bpmn:definitions>"#;

#[tokio::test]
async fn two_pools_that_do_not_run_are_kept_and_made_to_run() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let made = board.draw(POOLS).await;
    let drawing = id(&made);
    assert_eq!(problems(&made), "buy:no_executable_process sell:no_executable_process");
    assert_eq!((&made["executable"], &made["revision"], &made["key"]), (&json!(false), &json!(1), &json!("buy")));
    assert_eq!((&made["title"], &made["kind"], &made["diagram"]), (&json!("buy"), &json!("draft"), &json!(false)));
    assert_eq!(made["problems"][0]["fix"], "make_executable");
    let back = board.xml(&drawing).await;
    assert_eq!((back.body.as_slice(), back.header("etag")), (POOLS.as_bytes(), Some("\"1\"")));
    let refused = board.post(&drawing, "publish", json!({})).await.problem(422, "process.invalid");
    let fields = refused["fields"].as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["buy", "sell"]);

    let fix = json!({"fix": "make_executable", "element": "buy"});
    board.post(&drawing, "fix", fix.clone()).await.problem(422, "drawing.invalid");
    let stale = board.client.header("if-match", "2");
    stale.post(&format!("/process-drawings/{drawing}/fix"), fix.clone()).await.problem(409, "drawing.changed");
    let fixing = board.client.header("if-match", "1");
    let fixed = fixing.post(&format!("/process-drawings/{drawing}/fix"), fix).await.ok(200);
    assert_eq!(
        (&fixed["revision"], &fixed["executable"], problems(&fixed)),
        (&json!(2), &json!(true), "sell:process_not_run".to_owned())
    );
    let expected = POOLS.replacen("isExecutable=\"false\"", "isExecutable=\"true\"", 1);
    assert_eq!(board.xml(&drawing).await.text(), expected);
    let published = board.post(&drawing, "publish", json!({"note": " first "})).await.ok(200);
    assert_eq!(
        (&published["key"], &published["version"], &published["note"]),
        (&json!("buy"), &json!(1), &json!("first"))
    );
    assert_eq!(published["published"], 1);
    let shown = board.get(&drawing).await;
    assert_eq!(shown["definition"], json!({"id": published["id"], "key": "buy", "version": 1}));
    // The same bytes again are the same version.
    let again = board.post(&drawing, "publish", json!({"revision": 2})).await.ok(200);
    assert_eq!(again["version"], 1);
    board.post(&drawing, "publish", json!({"revision": 1})).await.problem(409, "drawing.changed");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_condition_that_is_none_is_drawn_and_not_published() {
    let app = TestApp::build().person("olga", "admin").start().await;
    let condition = r#"<conditionExpression>vars.</conditionExpression>"#;
    let inside = format!(
        r#"<startEvent id="start"/><userTask id="ask" name="Ask"/><sequenceFlow id="f" sourceRef="start" targetRef="ask">{condition}</sequenceFlow>"#
    );
    let wrong = process("wrong", &inside);
    let board = Board::by(app.admin());
    let made = board.draw(wrong.clone()).await;
    assert_eq!(problems(&made), "f:condition_wrong");
    assert_eq!(made["problems"][0]["severity"], "error");
    let refused = board.post(&id(&made), "publish", json!({})).await.problem(422, "process.invalid");
    assert!(refused["fields"]["f"]["message"].as_str().unwrap().contains("condition"), "{refused}");
    let deployed = Engine::of(&app).send(wrong, false).await.problem(422, "process.invalid");
    assert!(deployed["fields"]["f"].is_object());
    // Each in their language.
    let olga = app.by("olga");
    olga.patch("/me", json!({"locale": "uk"})).await.ok(200);
    let shown = Board::by(olga.clone()).get(&id(&made)).await;
    assert!(shown["problems"][0]["message"].as_str().unwrap().starts_with("умова: `vars.` — не вираз CEL"), "{shown}");
    let refused = Board::by(olga).post(&id(&made), "publish", json!({})).await.problem(422, "process.invalid");
    assert!(refused["fields"]["f"]["message"].as_str().unwrap().contains("умова"), "{refused}");
    app.finish().await;
}

#[tokio::test]
async fn files_in_other_encodings_come_back_as_they_were() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let text = process("wide", r#"<startEvent id="s"/><userTask id="a" name="Закупівля є"/><sequenceFlow id="f" sourceRef="s" targetRef="a"/>"#)
        .replace("isExecutable=\"true\"", "isExecutable=\"false\"");
    let said = |encoding: &str| text.replace("encoding=\"UTF-8\"", &format!("encoding=\"{encoding}\""));
    let units = |bytes: fn(u16) -> [u8; 2]| said("UTF-16").encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let cyrillic: Vec<u8> = said("windows-1251")
        .chars()
        .map(|sign| match sign {
            'А'..='я' => u8::try_from(u32::from(sign) - 0x410 + 0xC0).unwrap(),
            'і' => 0xB3,
            'є' => 0xBA,
            sign => u8::try_from(u32::from(sign)).unwrap(),
        })
        .collect();
    let latin: Vec<u8> = said("ISO-8859-1")
        .replace("Закупівля є", "Café ü")
        .chars()
        .map(|sign| u8::try_from(u32::from(sign)).unwrap())
        .collect();
    for bytes in [
        [&[0xFF, 0xFE], units(u16::to_le_bytes).as_slice()].concat(),
        [&[0xFE, 0xFF], units(u16::to_be_bytes).as_slice()].concat(),
        cyrillic,
        latin,
        [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat(),
    ] {
        let made = board.draw(bytes.clone()).await;
        let drawing = id(&made);
        assert_eq!(problems(&made), "wide:no_executable_process");
        assert_eq!(board.xml(&drawing).await.body, bytes);
        // A fix changes one word, in the file's own encoding.
        let fixing = board.client.header("if-match", "1");
        let fix = json!({"fix": "make_executable"});
        fixing.post(&format!("/process-drawings/{drawing}/fix"), fix).await.ok(200);
        let fixed = board.xml(&drawing).await.body;
        assert!(fixed.len() < bytes.len(), "`true` is shorter than `false`");
        assert_eq!(fixed[..20], bytes[..20]);
        let laid = board.client.get(&format!("/process-drawings/{drawing}/xml?layout=true")).await.text();
        let name = if laid.contains("Café ü") { "Café ü" } else { "Закупівля є" };
        assert!(laid.contains(name) && laid.contains("bpmnElement=\"a\""), "{laid}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_an_editor_lost_is_told() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let drawing = id(&board.draw(POOLS).await);
    let same = board.save(&drawing, 1, POOLS).await.ok(200);
    assert_eq!((&same["revision"], &same["lost"]), (&json!(1), &json!([])));
    let bare = POOLS.replace(r#" acme:cost="7""#, "").replace(r#"<acme:price unit="eur"/>"#, "");
    let saved = board.save(&drawing, 1, bare.clone()).await.ok(200);
    assert_eq!(
        (&saved["revision"], &saved["lost"]),
        (
            &json!(2),
            &json!([
                {"element": "ask", "kind": "attribute", "namespace": "urn:acme", "name": "cost"},
                {"element": "ask", "kind": "attribute", "namespace": "urn:acme", "name": "price@unit"},
                {"element": "ask", "kind": "element", "namespace": "urn:acme", "name": "price"},
            ])
        )
    );
    // Whoever removes an element means it.
    let back = board.save(&drawing, 2, POOLS).await.ok(200);
    assert_eq!(back["lost"], json!([]));
    let gone = POOLS.split("<bpmn:userTask").next().unwrap().to_owned() + "</bpmn:process></bpmn:definitions>";
    let gone = gone.replace(r#"<bpmn:participant id="b" processRef="sell"/>"#, "");
    assert_eq!(board.save(&drawing, 3, gone).await.ok(200)["lost"], json!([]));
    let before = board.client.get(&format!("/process-drawings/{drawing}/revisions/1/xml")).await;
    assert_eq!(before.text(), POOLS);
    app.finish().await;
}

#[tokio::test]
async fn drawings_are_listed_changed_paired_and_removed() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let mut ids = Vec::new();
    for n in 0..3 {
        app.clock.advance_seconds(1);
        let answer = board.send(one_task(&format!("p{n}")), &format!("?title=Drawing%20{n}&kind=as_is")).await;
        ids.push(id(&answer.ok(201)));
    }
    let page = board.client.get("/process-drawings?limit=2").await.ok(200);
    let titles = |page: &serde_json::Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(&page), ["Drawing 2", "Drawing 1"]);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = board.client.get(&format!("/process-drawings?limit=2&after={next}")).await.ok(200);
    assert_eq!((titles(&rest), &rest["next_cursor"]), (vec!["Drawing 0".to_owned()], &json!(null)));

    let path = |n: usize| format!("/process-drawings/{}", ids[n]);
    let change = json!({"title": "Buying", "kind": "to_be", "pair": ids[1]});
    let changed = board.client.patch(&path(0), change).await.ok(200);
    assert_eq!(
        (&changed["title"], &changed["kind"], &changed["pair"]),
        (&json!("Buying"), &json!("to_be"), &json!(ids[1]))
    );
    assert_eq!(board.get(&ids[1]).await["pair"], json!(ids[0]));
    board.client.put(&path(2), json!({"pair": ids[0]})).await.ok(200);
    assert_eq!((board.get(&ids[1]).await.get("pair"), &board.get(&ids[0]).await["pair"]), (None, &json!(ids[2])));
    for (body, field) in [
        (json!({"title": " "}), "title"),
        (json!({"title": "a\u{7}b"}), "title"),
        (json!({"pair": ids[0]}), "pair"),
        (json!({"pair": uuid::Uuid::nil()}), "pair"),
    ] {
        let refused = board.client.patch(&path(0), body).await.problem(422, "drawing.invalid");
        assert!(refused["fields"][field].is_object(), "{refused}");
    }
    board.client.delete(&path(2)).await.ok(204);
    board.client.get(&path(2)).await.problem(404, "not_found");
    assert_eq!(board.get(&ids[0]).await.get("pair"), None);
    // Names of revisions, and what pains at elements.
    let named = board.client.patch(&format!("{}/revisions/1", path(0)), json!({"name": "Begun"})).await.ok(200);
    assert_eq!((&named["name"], &named["aside"]), (&json!("Begun"), &json!(false)));
    assert_eq!(named["author"]["name"], "Ada Admin");
    board.client.patch(&format!("{}/revisions/9", path(0)), json!({"name": "x"})).await.problem(404, "not_found");
    let note = json!({"element": "ask", "pain": "waiting", "text": "Two days in a drawer"});
    let note = board.post(&ids[0], "notes", note).await.ok(201);
    let listed = board.client.get(&format!("{}/notes", path(0))).await.ok(200);
    assert_eq!(listed["items"], json!([note]));
    board.client.delete(&format!("{}/notes/{}", path(0), id(&note))).await.ok(204);
    board.client.delete(&format!("{}/notes/{}", path(0), id(&note))).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn drawings_are_seen_by_who_designs_them() {
    let mut app = TestApp::build().person("mary", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let rights = json!({"key": "designer", "name": "Designer", "processes": {"definitions": {"mine": ["design"]}}});
    let made = app.admin().post("/roles", rights).await.ok(201);
    app.know_role("designer", uuid::Uuid::parse_str(made["id"].as_str().unwrap()).unwrap());
    app.person(0, "dora", &["designer"]).await;
    let board = Board::by(app.admin());
    let (mine, hers) = (id(&board.draw(one_task("mine")).await), id(&board.draw(one_task("hers")).await));
    // Whoever designs nothing knows of the page, not of drawings.
    let mary = Board::by(app.by("mary"));
    mary.client.get("/process-drawings").await.problem(403, "denied");
    mary.send(one_task("x"), "").await.problem(403, "denied");
    mary.client.get(&format!("/process-drawings/{mine}")).await.problem(403, "denied");
    // Whoever designs one process sees its drawings and their own.
    let dora = Board::by(app.by("dora"));
    app.clock.advance_seconds(1);
    let own = id(&dora.draw(file(&flows(""))).await);
    let listed = dora.client.get("/process-drawings").await.ok(200);
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [own.as_str(), mine.as_str()]);
    dora.client.get(&format!("/process-drawings/{hers}")).await.problem(404, "not_found");
    dora.save(&hers, 1, one_task("mine")).await.problem(404, "not_found");
    dora.save(&mine, 1, one_task("mine") + " ").await.ok(200);
    dora.post(&mine, "publish", json!({})).await.problem(403, "denied");
    // What is drawn for one process cannot be published as another.
    dora.save(&own, 1, one_task("hers")).await.ok(200);
    dora.post(&own, "publish", json!({})).await.problem(403, "denied");
    // Another company finds nothing.
    let stranger = Board::by(app.by_of(other, "admin"));
    for path in ["", "/xml", "/revisions", "/notes", "/revisions/1/xml"] {
        stranger.client.get(&format!("/process-drawings/{mine}{path}")).await.problem(404, "not_found");
    }
    stranger.save(&mine, 1, one_task("mine")).await.problem(404, "not_found");
    stranger.lease(&mine, "take_over").await.problem(404, "not_found");
    stranger.post(&mine, "publish", json!({})).await.problem(404, "not_found");
    stranger.client.delete(&format!("/process-drawings/{mine}")).await.problem(404, "not_found");
    assert_eq!(stranger.client.get("/process-drawings").await.ok(200)["items"], json!([]));
    let both = json!({"from": {"drawing": mine}, "to": {"drawing": mine}});
    stranger.client.post("/process-drawings/compare", both).await.problem(404, "not_found");
    app.finish().await;
}
