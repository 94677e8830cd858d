//! What nobody draws by accident.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Board, id};
use crate::app::TestApp;
use crate::process::{file, flows, one_task, process};

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

#[tokio::test]
async fn five_thousand_elements_with_everything_wrong_are_kept_and_named_in_time() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let mut inside = String::new();
    for n in 0..5_000 {
        let wrong = match n % 5 {
            0 => format!(r#"<userTask id="t{n}" v:executors="nobody at all"/>"#),
            1 => format!(r#"<callActivity id="t{n}"/>"#),
            2 => format!(
                r#"<intermediateCatchEvent id="t{n}"><timerEventDefinition><timeDuration>soon</timeDuration></timerEventDefinition></intermediateCatchEvent>"#
            ),
            3 => format!(r#"<scriptTask id="t{n}"><script>vars.</script></scriptTask>"#),
            _ => format!(r#"<sequenceFlow id="t{n}" sourceRef="t{}" targetRef="gone{n}"/>"#, n - 1),
        };
        inside.push_str(&wrong);
    }
    let text = process("wrong", &inside);
    let begun = Instant::now();
    let made = board.draw(text.clone()).await;
    let named = made["problems"].as_array().unwrap();
    assert!(!named.is_empty() && named.iter().all(|problem| problem["message"].as_str().unwrap().len() < 2_000));
    assert!(named.iter().any(|problem| problem["element"].is_string()), "{made}");
    assert!(made.to_string().len() < 5_000_000, "what is wrong fits into an answer");
    let drawing = id(&made);
    assert_eq!(board.xml(&drawing).await.body, text.as_bytes());
    board.post(&drawing, "publish", json!({})).await.problem(422, "process.invalid");
    board.save(&drawing, 1, text.replace("soon", "later")).await.ok(200);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    app.finish().await;
}

#[tokio::test]
async fn a_drawing_may_be_as_large_as_the_reader_takes() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let of = |bytes: usize| file(&format!("<!-- {} -->", "x".repeat(bytes)));
    let drawing = id(&board.draw(of(9_000_000)).await);
    board.save(&drawing, 1, of(9_500_000)).await.ok(200);
    assert_eq!(board.xml(&drawing).await.body.len(), of(9_500_000).len());
    // What is no file of a drawing stays small.
    let padded = json!({"title": "x".repeat(5_000_000), "lines": ["a"]});
    let refused = board.client.post("/process-drawings/from-steps", padded).await;
    assert_eq!(refused.status, 413, "{}", refused.text());
    app.finish().await;
}

#[tokio::test]
async fn scripts_and_pictures_in_words_are_words() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(2)</script></svg>";
    let escaped = svg.replace('&', "&amp;").replace('<', "&lt;");
    let long = "Ж".repeat(50_000);
    let inside = format!(
        r#"<documentation><![CDATA[<script>alert(3)</script>{svg}]]></documentation><startEvent id="start" name="{escaped}"/>
<userTask id="ask" name="{long}" v:executors="owner"><documentation textFormat="text/html">{escaped}</documentation></userTask>
<endEvent id="end" name="javascript:alert(4)"/>{}<textAnnotation id="note"><text>{escaped}</text></textAnnotation>"#,
        flows("start>ask ask>end")
    );
    let text = process("words", &inside);
    let made = board.draw(text.clone()).await;
    let drawing = id(&made);
    let answer = board.xml(&drawing).await;
    assert_eq!(answer.body, text.as_bytes(), "byte for byte, 100 KB in a name too");
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment"), "no browser opens it as a page");
    // Laid out it is XML still: what was text is text.
    let laid = board.client.get(&format!("/process-drawings/{drawing}/xml?layout=true")).await.text();
    assert!(!laid.contains("name=\"<svg") && laid.contains("&lt;svg"), "{}", &laid[..500]);
    let problems = made["problems"].as_array().unwrap();
    assert!(problems.iter().all(|problem| problem["message"].as_str().unwrap().chars().count() < 1_000), "{made}");
    let same = json!({"from": {"drawing": drawing, "revision": 1}, "to": {"drawing": drawing}});
    assert_eq!(board.client.post("/process-drawings/compare", same).await.ok(200)["changed"], json!([]));
    app.finish().await;
}

/// As tools of the interchange group's list write: quotes of both kinds, no declaration, extensions of their own, references
/// to nothing, a plane without an id, several diagrams.
#[tokio::test]
async fn files_in_the_manner_of_many_tools_are_kept_and_come_back_as_they_were() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let spaces = "xmlns:bpmndi='http://www.omg.org/spec/BPMN/20100524/DI' xmlns:dc='http://www.omg.org/spec/DD/20100524/DC' \
                  xmlns:di='http://www.omg.org/spec/DD/20100524/DI' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let model = "http://www.omg.org/spec/BPMN/20100524/MODEL";
    let plain = format!(
        "<b:definitions id='_0'\n    xmlns:b='{model}' {spaces} targetNamespace='http://tool.test/bpmn' typeLanguage='https://jcp.org/x'>\n\
         <b:itemDefinition id='_101' itemKind='Information' structureRef='Long' isCollection='false'></b:itemDefinition>\n\
         <b:process id='_1'><b:startEvent id='_12' name='Start'><b:outgoing>_14</b:outgoing></b:startEvent>\
         <b:task id='_13' name=''><b:incoming>_14</b:incoming><b:outgoing>_19</b:outgoing></b:task>\
         <b:sequenceFlow id='_14' sourceRef='_12' targetRef='_13' name=''></b:sequenceFlow></b:process>\
         <bpmndi:BPMNDiagram id='_1000'><bpmndi:BPMNPlane bpmnElement='_1'><bpmndi:BPMNShape bpmnElement='_12' id='_s'>\
         <dc:Bounds x='186.0' y='-336.5' width='30.0' height='30.0'/></bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>\
         <bpmndi:BPMNDiagram id='_1001'/></b:definitions>\n\n"
    );
    let extended = format!(
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\r\n<!-- Tool 9.1 -->\r\n<definitions xmlns='{model}' {spaces} xmlns:t='urn:tool' \
         t:build='7' exporter='Tool' exporterVersion='9.1' id='d' targetNamespace='t'>\r\n<extensionElements><t:meta t:key='k'><![CDATA[<raw>&]]>\
         </t:meta></extensionElements><collaboration id='c'><participant id='p1' processRef='p'/><participant id='p2' name='Nobody'/>\
         <messageFlow id='m' sourceRef='p2' targetRef='s'/></collaboration><process id='p' t:colour='red' isExecutable='false'>\
         <startEvent id='s'><extensionElements><t:icon x='1'/></extensionElements></startEvent><t:alien id='z'/></process>\
         <choreography id='ch'><choreographyTask id='ct' initiatingParticipantRef='p1'><participantRef>p1</participantRef></choreographyTask>\
         </choreography></definitions>\r\n"
    );
    let latin: Vec<u8> = extended
        .replace("UTF-8", "ISO-8859-1")
        .replace("Nobody", "Müller")
        .chars()
        .map(|sign| u8::try_from(u32::from(sign)).unwrap())
        .collect();
    for bytes in [plain.into_bytes(), extended.into_bytes(), latin] {
        let made = board.draw(bytes.clone()).await;
        let drawing = id(&made);
        assert_eq!(board.xml(&drawing).await.body, bytes);
        let laid = board.client.get(&format!("/process-drawings/{drawing}/xml?layout=true")).await;
        assert_eq!(laid.status, 200, "{}", laid.text());
        board.save(&drawing, 1, bytes.clone()).await.ok(200);
        assert_eq!(board.xml(&drawing).await.body, bytes);
    }
    app.finish().await;
}
