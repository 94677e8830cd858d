//! Names that the product tells when records change: no process throws them.

use serde_json::json;

use super::{Engine, elements, file, flows, one};
use crate::app::TestApp;
use crate::records::own::{MACHINE, make_machines};

/// A process that throws a message or signal of this name, by one of the elements that can.
fn throwing(name: &str, thrower: &str) -> String {
    let named = format!(r#"<message id="m" name="{name}"/><signal id="s" name="{name}"/>"#);
    let inside = format!(r#"<startEvent id="start"/>{thrower}"#) + &flows("start>tell");
    file(&(named + &one("teller", &inside)))
}

const THROWERS: [&str; 5] = [
    r#"<intermediateThrowEvent id="tell"><messageEventDefinition messageRef="m"/></intermediateThrowEvent>"#,
    r#"<intermediateThrowEvent id="tell"><signalEventDefinition signalRef="s"/></intermediateThrowEvent>"#,
    r#"<endEvent id="tell"><messageEventDefinition messageRef="m"/></endEvent>"#,
    r#"<endEvent id="tell"><signalEventDefinition signalRef="s"/></endEvent>"#,
    r#"<sendTask id="tell" messageRef="m"/>"#,
];

#[tokio::test]
async fn a_process_that_says_what_only_the_product_tells_is_not_published() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    for name in ["lead.stage:won", "deal.created", "contact.updated"] {
        for thrower in THROWERS {
            let refused = engine.send(throwing(name, thrower), true).await;
            let text = refused.problem(422, "process.invalid").to_string();
            assert!(text.contains("told by the product itself") && text.contains("tell"), "{text}");
        }
    }
    engine.deploy(throwing("lead.bought", THROWERS[0])).await;
    let id = engine.start("teller", json!({})).await;
    assert_eq!(engine.instance(&id).await["state"], "completed");
    app.finish().await;
}

#[tokio::test]
async fn what_was_published_before_a_name_became_the_products_stands_with_an_incident() {
    for thrower in THROWERS {
        let app = TestApp::start().await;
        let engine = Engine::of(&app);
        engine.deploy(throwing(&format!("{MACHINE}.created"), thrower)).await;
        let before = engine.start("teller", json!({})).await;
        assert_eq!(engine.instance(&before).await["state"], "completed");
        make_machines(&app).await;
        let after = engine.instance(&engine.start("teller", json!({})).await).await;
        assert_eq!(elements(&after, "incidents"), ["tell"], "{after}");
        let message = after["incidents"][0]["message"].as_str().unwrap();
        assert!(message.contains("x_machine.created") && message.contains("told by the product"), "{message}");
        app.finish().await;
    }
}
