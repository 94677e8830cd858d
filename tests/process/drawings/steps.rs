//! Drawings from lines of text.

use serde_json::{Value, json};

use super::{Board, id, problems};
use crate::app::TestApp;
use crate::process::{Engine, standing};

const LINES: [&str; 3] = ["A | sales_manager | 1d", "? ok | yes: next | no: 1", "B | finance_manager | 4h | email!"];

async fn steps(board: &Board<'_>, lines: &[&str]) -> crate::app::Answer {
    board.client.post("/process-drawings/from-steps", json!({"title": "Approval", "lines": lines})).await
}

#[tokio::test]
async fn lines_become_a_process_that_runs() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let made = steps(&board, &LINES).await.ok(201);
    assert_eq!(problems(&made), "");
    assert_eq!(
        (&made["title"], &made["key"], &made["executable"], &made["diagram"]),
        (&json!("Approval"), &json!("approval"), &json!(true), &json!(true))
    );
    let text = board.xml(&id(&made)).await.text();
    assert!(text.contains(r#"v:executors="role:sales_manager" v:duration="P1D""#), "{text}");
    assert!(
        text.contains(
            r#"v:executors="role:finance_manager" v:duration="PT4H" v:mainAction="email" v:requireMainAction="true""#
        ),
        "{text}"
    );
    let again = steps(&board, &LINES).await.ok(201);
    assert_eq!(board.xml(&id(&again)).await.text(), text, "the same lines are the same bytes");

    // The default of the question leads back to the first step.
    board.post(&id(&made), "publish", json!({})).await.ok(200);
    let engine = Engine::of(&app);
    let instance = engine.start("approval", json!({})).await;
    engine.pass(&instance, json!({"answer_2": "no"})).await;
    assert_eq!(standing(&engine.instance(&instance).await), "step_1");
    engine.pass(&instance, json!({"answer_2": "yes"})).await;
    assert_eq!(standing(&engine.instance(&instance).await), "step_3");
    let task = engine.task(&instance).await;
    engine.complete(&task, json!({})).await.problem(409, "task.main_action_missing");
    engine.operate(&instance, "cancel", json!({})).await.ok(200);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn wrong_lines_are_told_by_number_in_the_language_of_whoever_asks() {
    let app = TestApp::build().person("olga", "admin").start().await;
    app.by("olga").patch("/me", json!({"locale": "ru"})).await.ok(200);
    let olga = Board::by(app.by("olga"));
    let refused = steps(&olga, &["A", "B | Никто", "", "? ok | да: 9 | нет: конец", "C | | скоро"]).await;
    let fields = refused.problem(422, "drawing.lines")["fields"].clone();
    let said: Vec<(&str, &Value, &Value)> = fields
        .as_object()
        .unwrap()
        .iter()
        .map(|(line, field)| (line.as_str(), &field["code"], &field["message"]))
        .collect();
    assert_eq!(
        said,
        [
            ("lines.2", &json!("role_unknown"), &json!("Роли «Никто» нет: напишите её ключ или название.")),
            ("lines.5", &json!("time_wrong"), &json!("«скоро» — не срок: напишите 1д, 4ч или 30м.")),
        ]
    );
    steps(&olga, &[]).await.problem(422, "drawing.lines");
    let many = vec!["A"; 501];
    steps(&olga, &many).await.problem(422, "drawing.lines");
    let untitled = json!({"title": "", "lines": ["A"]});
    olga.client.post("/process-drawings/from-steps", untitled).await.problem(422, "drawing.invalid");
    assert_eq!(olga.client.get("/process-drawings").await.ok(200)["items"], json!([]));
    // Roles by name, in any alphabet; times as they are said.
    app.admin().post("/roles", json!({"key": "technician", "name": "Технический специалист"})).await.ok(201);
    let made = steps(&olga, &["Решение | технический специалист | 1 день | письмо!"]).await.ok(201);
    let text = olga.xml(&id(&made)).await.text();
    assert!(text.contains(r#"v:executors="role:technician" v:duration="P1D" v:mainAction="email""#), "{text}");
    app.finish().await;
}
