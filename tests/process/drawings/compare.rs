//! Two of drawings, revisions and versions side by side.

use serde_json::{Value, json};

use super::{Board, id};
use crate::app::TestApp;
use crate::process::{Engine, process};

fn drawn(duration: &str, inside: &str, x: u32) -> String {
    let shapes = format!(
        r#"<i:BPMNDiagram xmlns:i="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:c="http://www.omg.org/spec/DD/20100524/DC"><i:BPMNPlane bpmnElement="p"><i:BPMNShape bpmnElement="end"><c:Bounds x="{x}" y="0" width="36" height="36"/></i:BPMNShape></i:BPMNPlane></i:BPMNDiagram></definitions>"#
    );
    let body = format!(
        r#"<startEvent id="start"/><userTask id="a" name="A" v:duration="{duration}" v:executors="owner"/><endEvent id="end"/>{inside}<sequenceFlow id="g" sourceRef="a" targetRef="end"/>"#
    );
    process("p", &body).replace("</definitions>", &shapes)
}

fn list<'a>(found: &'a Value, kind: &str) -> Vec<&'a str> {
    found[kind].as_array().unwrap().iter().map(|it| it["element"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_new_task_a_duration_and_a_moved_shape_are_told_apart() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let before = drawn("P1D", r#"<sequenceFlow id="f" sourceRef="start" targetRef="a"/>"#, 10);
    let after = drawn(
        "P2D",
        r#"<userTask id="b" name="B" v:executors="owner"/><sequenceFlow id="f" sourceRef="start" targetRef="b"/><sequenceFlow id="h" sourceRef="b" targetRef="a"/>"#,
        90,
    );
    let drawing = id(&board.draw(before.clone()).await);
    board.save(&drawing, 1, after).await.ok(200);
    Engine::of(&app).deploy(before).await;
    for from in [
        json!({"drawing": drawing, "revision": 1}),
        json!({"definition": "p"}),
        json!({"definition": "p", "version": 1}),
    ] {
        let body = json!({"from": from, "to": {"drawing": drawing}});
        let found = board.client.post("/process-drawings/compare", body).await.ok(200);
        assert_eq!((list(&found, "added"), list(&found, "removed")), (vec!["b", "h"], vec![]));
        assert_eq!(list(&found, "moved"), ["end"]);
        assert_eq!(
            found["changed"],
            json!([
                {"element": "a", "what": "v:duration", "before": "P1D", "after": "P2D"},
                {"element": "f", "what": "target", "before": "a", "after": "b"},
            ])
        );
    }
    for (from, status) in [
        (json!({}), 422),
        (json!({"drawing": drawing, "definition": "p"}), 422),
        (json!({"drawing": drawing, "revision": 9}), 404),
    ] {
        let body = json!({"from": from, "to": {"drawing": drawing}});
        assert_eq!(board.client.post("/process-drawings/compare", body).await.status, status);
    }
    app.drain().await;
    app.finish().await;
}
