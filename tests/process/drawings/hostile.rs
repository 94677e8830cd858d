//! What nobody draws by accident.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Board, id};
use crate::app::TestApp;
use crate::process::{file, one_task, process};

#[tokio::test]
async fn what_is_no_drawing_is_refused_in_words() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let good = id(&board.draw(one_task("p")).await);
    let bomb = r#"<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><d>&b;</d>"#;
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let attributes: String = (0..300).fold(String::new(), |mut text, n| {
        let _ = write!(text, " a{n}=\"\"");
        text
    });
    let huge = vec![b' '; 10_000_001];
    for (bytes, code) in [
        (Vec::new(), "not_well_formed"),
        (b"<definitions".to_vec(), "not_well_formed"),
        (b"hello".to_vec(), "not_well_formed"),
        (b"<html/>".to_vec(), "no_bpmn"),
        (bomb.as_bytes().to_vec(), "doctype"),
        (br#"<!DOCTYPE d SYSTEM "file:///etc/passwd"><d/>"#.to_vec(), "doctype"),
        (deep.into_bytes(), "nested_too_deep"),
        (format!("<a{attributes}/>").into_bytes(), "too_many_attributes"),
        (file("&#0;").into_bytes(), "no_character"),
        (file("&nbsp;").into_bytes(), "not_well_formed"),
        (b"\xff\xfe\x00\xd8".to_vec(), "encoding_wrong"),
        (b"<a>\xff</a>".to_vec(), "not_utf8"),
        (br#"<?xml version="1.0" encoding="klingon"?><a/>"#.to_vec(), "encoding"),
        (huge, "too_large_file"),
    ] {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        for answer in [board.send(bytes.clone(), "").await, board.save(&good, 1, bytes).await] {
            if answer.status == 413 {
                continue;
            }
            let refused = answer.problem(422, "drawing.unreadable");
            assert_eq!(refused["fields"]["xml"]["code"], code, "{shown}: {refused}");
        }
    }
    assert_eq!(board.revisions(&good).await, [1]);
    app.finish().await;
}

#[tokio::test]
async fn drawings_without_processes_and_with_everything_are_kept() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let empty = board.draw(file("")).await;
    assert_eq!((&empty["executable"], &empty["title"]), (&json!(false), &json!("Untitled")));
    assert_eq!(
        empty["problems"][0],
        json!({"element": null, "severity": "error", "code": "no_process", "message": "the file has no process"})
    );
    let odd = board
        .draw(process("odd", r#"<transaction id="t"/><adHocSubProcess id="h"/><task/><sequenceFlow id="f" sourceRef="t" targetRef="gone"/><script id="x">alert(1)</script>"#))
        .await;
    let elements: Vec<Option<&str>> =
        odd["problems"].as_array().unwrap().iter().map(|it| it["element"].as_str()).collect();
    assert!(elements.contains(&Some("t")) && elements.contains(&Some("f")) && elements.contains(&None), "{odd}");
    // Nested as deep as the reader goes, and laid out without a diagram.
    let nested = (0..150).fold(String::new(), |text, n| format!(r#"<subProcess id="s{n}">{text}</subProcess>"#));
    let nested = id(&board.draw(process("nested", &nested)).await);
    let begun = Instant::now();
    let laid = board.client.get(&format!("/process-drawings/{nested}/xml?layout=true")).await.text();
    assert_eq!(laid.matches("<bpmndi:BPMNShape").count(), 150);
    assert!(begun.elapsed() < Duration::from_secs(5));
    app.finish().await;
}

#[tokio::test]
async fn names_without_end_are_kept_in_the_file_and_never_run() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let long = "Ж".repeat(1_000_000);
    let text = one_task("long").replace("name=\"Ask\"", &format!("name=\"{long}\""));
    let drawing = id(&board.draw(text.clone()).await);
    assert_eq!(board.xml(&drawing).await.body, text.as_bytes());
    let refused = board.post(&drawing, "publish", json!({})).await.problem(422, "process.invalid");
    assert!(refused["fields"]["ask"]["message"].as_str().unwrap().contains("255"), "{refused}");
    app.finish().await;
}

#[tokio::test]
async fn five_thousand_elements_are_saved_compared_and_laid_out() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let mut inside = String::from(r#"<startEvent id="t0"/>"#);
    for n in 1..5_000 {
        let _ = write!(
            inside,
            r#"<task id="t{n}" name="{n}"/><sequenceFlow id="f{n}" sourceRef="t{}" targetRef="t{n}"/>"#,
            n / 2
        );
    }
    let text = process("big", &inside);
    let begun = Instant::now();
    let drawing = id(&board.draw(text.clone()).await);
    board.save(&drawing, 1, text.replace("name=\"7\"", "name=\"seven\"")).await.ok(200);
    let laid = board.client.get(&format!("/process-drawings/{drawing}/xml?layout=true")).await.text();
    assert_eq!(laid.matches("<bpmndi:BPMNEdge").count(), 4_999);
    let body = json!({"from": {"drawing": drawing, "revision": 1}, "to": {"drawing": drawing}});
    let found = board.client.post("/process-drawings/compare", body).await.ok(200);
    assert_eq!(found["changed"], json!([{"element": "t7", "what": "name", "before": "7", "after": "seven"}]));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    app.finish().await;
}
