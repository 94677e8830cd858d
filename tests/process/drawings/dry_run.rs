//! What would happen to a revision that nobody has published.

use serde_json::{Value, json};

use super::{Board, id};
use crate::app::TestApp;
use crate::process::{flows, process, when};

#[tokio::test]
async fn a_revision_is_tried_on_a_record_and_nothing_happens() {
    let app = TestApp::build().person("mary", "sales_manager").start().await;
    let day = json!(["09:00-13:00", "14:00-18:00"]);
    let week = json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day});
    app.admin().put("/calendars/company", json!({"calendar": {"week": week}})).await.ok(200);
    let inside = r#"<startEvent id="start"/><userTask id="a" name="A" v:executors="role:sales_manager" v:duration="P1D"/>
        <userTask id="b" name="B" v:executors="role:nobody" v:duration="PT4H" v:mainAction="email">
        <extensionElements><v:param name="to">x@client.test</v:param><v:param name="subject">="About " + record.title</v:param></extensionElements></userTask>
        <exclusiveGateway id="ask"/><serviceTask id="set" v:service="update-record"><extensionElements><v:param name="amount">7</v:param></extensionElements></serviceTask><endEvent id="end"/>"#;
    let inside = inside.to_owned() + &flows("start>a a>b b>ask set>end") + &when("ask", "set", "vars.go == true");
    let board = Board::by(app.admin());
    let drawing = id(&board.draw(process("tried", &inside)).await);
    let deal = app.record("deal", json!({"title": "Pumps"})).await;
    let tables = "SELECT (SELECT count(*) FROM process_instance) + (SELECT count(*) FROM process_version) + (SELECT count(*) FROM task) + (SELECT count(*) FROM process_drawing_revision)";
    let before = app.count(tables).await;
    let subject = json!({"entity": "deal", "id": deal});
    let asked = board.post(&drawing, "dry-run", json!({"subject": subject})).await.ok(200);
    assert_eq!(asked["open"], json!([{"element": "ask", "branches": ["set"]}]));
    let body = json!({"subject": subject, "revision": 1, "answers": {"b": {"go": true}}});
    let ran = board.post(&drawing, "dry-run", body).await.ok(200);
    assert_eq!((&ran["state"], &ran["open"]), (&json!("completed"), &json!([])));
    let path: Vec<&str> = ran["steps"].as_array().unwrap().iter().map(|it| it["element"].as_str().unwrap()).collect();
    assert_eq!(path, ["start", "a", "b", "ask", "set", "end"]);
    let step = |n: usize| -> &Value { &ran["steps"][n] };
    assert_eq!((&step(1)["order"], &step(1)["due"]), (&json!(2), &json!("2026-03-16T18:00:00Z")));
    assert_eq!(step(1)["who"], json!([{"role": "sales_manager", "user": app.id_of("mary"), "name": "mary"}]));
    assert_eq!(
        (&step(2)["due"], &step(2)["who"][0]["unresolved"]),
        (&json!("2026-03-17T13:00:00Z"), &json!("role:nobody"))
    );
    assert_eq!(
        step(2)["effects"],
        json!([{"kind": "email", "parameters": {"to": "x@client.test", "subject": "About Pumps"}}])
    );
    assert_eq!(step(4)["effects"], json!([{"kind": "update-record", "parameters": {"amount": "7"}}]));
    assert_eq!(app.count(tables).await, before);
    // What cannot run cannot be tried.
    board.save(&drawing, 1, process("tried", "<task/>")).await.ok(200);
    board.post(&drawing, "dry-run", json!({})).await.problem(422, "process.invalid");
    board.post(&drawing, "dry-run", json!({"revision": 1, "answers": {"b": {"go": true}}})).await.ok(200);
    board.post(&drawing, "dry-run", json!({"revision": 9})).await.problem(404, "not_found");
    app.finish().await;
}
