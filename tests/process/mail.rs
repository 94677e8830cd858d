//! Letters of tasks and of service tasks, handed to a real mail server that fails at every point of the dialogue.

use serde_json::{Value, json};

use super::smtp::{Fault, MailServer, Point};
use super::{Engine, elements, flows, process, standing, trace};
use crate::app::TestApp;

const TO: &str = "client@example.com";

/// One task of the administrator's that is for a letter.
fn by_task() -> String {
    let task = r#"<startEvent id="start"/><userTask id="write" name="Write" v:executors="owner" v:mainAction="email" v:requireMainAction="true">
<extensionElements><v:param name="to">=vars.to</v:param><v:param name="subject">="Счёт № " + vars.number</v:param><v:param name="text">Добрый день!</v:param></extensionElements>
</userTask><endEvent id="end"/>"#;
    process("writes", &(task.to_owned() + &flows("start>write write>end")))
}

/// A service task that sends a letter, then a task.
fn by_service() -> String {
    let task = r#"<startEvent id="start"/><serviceTask id="send" v:service="email" v:resultVariable="sent">
<extensionElements><v:param name="to">=vars.to</v:param><v:param name="cc">boss@acme.test</v:param><v:param name="subject">Отгрузка № 5</v:param><v:param name="text">="Добрый день!\n.точка\nСумма: " + string(vars.sum)</v:param></extensionElements>
</serviceTask><userTask id="after" name="After" v:executors="owner"/><endEvent id="end"/>"#;
    process("sends", &(task.to_owned() + &flows("start>send send>after after>end")))
}

async fn office(mail: &MailServer) -> TestApp {
    let app = TestApp::build().config(mail.configure()).start().await;
    let engine = Engine::of(&app);
    engine.deploy(by_task()).await;
    engine.deploy(by_service()).await;
    app
}

/// An instance with its task; the letter is asked for.
async fn asked(app: &TestApp) -> (String, String) {
    let engine = Engine::of(app);
    let instance = engine.start("writes", json!({"to": TO, "number": "7"})).await;
    let task = engine.task(&instance).await;
    app.admin().post(&format!("/tasks/{task}/action"), json!({"kind": "email"})).await.ok(200);
    (instance, task)
}

async fn action(app: &TestApp, task: &str) -> Value {
    app.admin().get(&format!("/tasks/{task}")).await.ok(200)["main_action"].clone()
}

async fn decide(app: &TestApp, task: &str, decision: &str) {
    let body = json!({"kind": "email", "decision": decision});
    app.admin().post(&format!("/tasks/{task}/action"), body).await.ok(200);
    app.drain().await;
}

async fn later(app: &TestApp, seconds: i64) {
    app.clock.advance_seconds(seconds);
    app.drain().await;
}

/// Failures after which the server surely has no letter.
const SURE: [Fault; 9] = [
    Fault::HangUp(Point::Greeting),
    Fault::Say(Point::Greeting, "421 too busy"),
    Fault::Say(Point::Mail, "451 try later"),
    Fault::HangUp(Point::Mail),
    Fault::Say(Point::Recipient, "450 greylisted"),
    Fault::HangUp(Point::Recipient),
    Fault::Say(Point::Data, "451 try later"),
    Fault::HangUp(Point::Data),
    Fault::Say(Point::Dot, "452 disk full"),
];

#[tokio::test]
async fn what_the_server_surely_does_not_have_is_tried_again_until_it_has_it_once() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    for fault in SURE {
        let before = (mail.letters().len(), mail.calls());
        let (instance, task) = asked(&app).await;
        mail.fail([fault, fault]);
        app.drain().await;
        let now = action(&app, &task).await;
        assert_eq!((&now["done"], &now["state"]), (&json!(false), &json!("queued")), "{fault:?}: {now}");
        Engine::of(&app).complete(&task, json!({})).await.problem(409, "task.main_action_missing");
        later(&app, 3_600).await;
        later(&app, 3_600).await;
        assert_eq!(action(&app, &task).await["done"], true, "{fault:?}");
        assert_eq!((mail.letters().len(), mail.calls()), (before.0 + 1, before.1 + 3), "{fault:?}");
        Engine::of(&app).pass(&instance, json!({})).await;
    }
    // All the tries of a letter are one letter.
    let mut ids: Vec<String> = mail.letters().iter().map(|letter| letter.header("Message-ID")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), SURE.len());
    assert!(mail.letters().iter().all(|letter| letter.header("Subject") == "Счёт № 7"));
    app.finish().await;
}

/// Whether a small letter was out before the server hung up is the network's doing: either the server surely has not got it,
/// or a person is asked. It comes once in both cases.
#[tokio::test]
async fn a_letter_whose_text_is_broken_off_comes_once() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    let (_, task) = asked(&app).await;
    mail.fail([Fault::HangUp(Point::Text); 2]);
    app.drain().await;
    for _ in 0..2 {
        let now = action(&app, &task).await;
        assert_eq!((&now["done"], mail.letters().len()), (&json!(false), 0), "{now}");
        if now["state"] == "unsure" {
            decide(&app, &task, "resend").await;
        } else {
            assert_eq!(now["state"], "queued", "{now}");
            later(&app, 3_600).await;
        }
    }
    assert_eq!(action(&app, &task).await["done"], true);
    assert_eq!((mail.letters().len(), mail.calls()), (1, 3));
    app.finish().await;
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_shown_and_may_be_mended() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    for point in [Point::Mail, Point::Recipient, Point::Data, Point::Dot] {
        let before = mail.letters().len();
        let (_, task) = asked(&app).await;
        mail.fail([Fault::Say(point, "550 not here")]);
        app.drain().await;
        let now = action(&app, &task).await;
        assert_eq!((&now["done"], &now["state"]), (&json!(false), &json!("failed")), "{point:?}");
        assert!(now["problem"].as_str().unwrap().contains("not here"), "{now}");
        later(&app, 86_400).await;
        assert_eq!(mail.letters().len(), before, "{point:?}");
        let again = json!({"kind": "email", "to": ["right@example.com"]});
        app.admin().post(&format!("/tasks/{task}/action"), again).await.ok(200);
        app.drain().await;
        assert_eq!(mail.letters().last().unwrap().to, ["right@example.com"]);
        Engine::of(&app).complete(&task, json!({})).await.ok(200);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_connection_lost_after_the_final_dot_leaves_the_letter_to_a_person() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    let (instance, task) = asked(&app).await;
    mail.fail([Fault::HangUp(Point::Dot)]);
    app.drain().await;
    assert_eq!(action(&app, &task).await["state"], "unsure");
    assert_eq!(mail.letters().len(), 1);
    // Nothing happens by itself, and nothing by pressing again.
    later(&app, 7 * 86_400).await;
    assert_eq!((mail.letters().len(), mail.calls()), (1, 1));
    let again = app.admin().post(&format!("/tasks/{task}/action"), json!({"kind": "email"})).await;
    again.problem(409, "task.letter_unsure");
    Engine::of(&app).complete(&task, json!({})).await.problem(409, "task.main_action_missing");
    let listed = app.admin().get("/letters?state=unsure").await.ok(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["to"]), (1, &json!([TO])));
    // It did arrive.
    decide(&app, &task, "sent").await;
    assert_eq!((&action(&app, &task).await["done"], mail.letters().len()), (&json!(true), 1));
    Engine::of(&app).pass(&instance, json!({})).await;
    // It did not: once more, under the same Message-ID, so that a server that has it can tell.
    let (_, task) = asked(&app).await;
    mail.fail([Fault::HangUp(Point::Dot)]);
    app.drain().await;
    decide(&app, &task, "resend").await;
    assert_eq!((&action(&app, &task).await["done"], mail.letters().len()), (&json!(true), 3));
    assert_eq!(mail.letters()[1].header("Message-ID"), mail.letters()[2].header("Message-ID"));
    let decided =
        app.admin().post(&format!("/tasks/{task}/action"), json!({"kind": "email", "decision": "resend"})).await;
    decided.problem(422, "task.invalid");
    app.finish().await;
}

#[tokio::test]
async fn a_process_killed_while_it_handed_a_letter_over_does_not_send_it_again() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    let (_, task) = asked(&app).await;
    let service = Engine::of(&app).start("sends", json!({"to": TO, "sum": 1})).await;
    // What kill -9 leaves behind: letters marked, their jobs still there.
    while app.count("SELECT count(*) FROM mail_outbox").await < 2 {
        mail.fail([Fault::HangUp(Point::Greeting), Fault::HangUp(Point::Greeting)]);
        app.drain().await;
    }
    app.sql("UPDATE mail_outbox SET state = 'sending'").await;
    let calls = mail.calls();
    later(&app, 3_600).await;
    assert_eq!((mail.letters().len(), mail.calls()), (0, calls));
    assert_eq!(action(&app, &task).await["state"], "unsure");
    assert_eq!(elements(&Engine::of(&app).instance(&service).await, "incidents"), ["send"]);
    app.finish().await;
}

#[tokio::test]
async fn a_service_task_sends_its_letter_once_and_goes_on_when_a_server_has_it() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    let engine = Engine::of(&app);
    let instance = engine.start("sends", json!({"to": TO, "sum": 99.5})).await;
    assert_eq!(standing(&engine.instance(&instance).await), "send");
    mail.fail([Fault::HangUp(Point::Recipient)]);
    app.drain().await;
    let waiting = engine.instance(&instance).await;
    assert_eq!((standing(&waiting).as_str(), &waiting["incidents"]), ("send", &json!([])));
    later(&app, 3_600).await;
    let letter = mail.letter();
    assert_eq!(letter.to, [TO, "boss@acme.test"]);
    assert_eq!((letter.header("To").as_str(), letter.header("Cc").as_str()), (TO, "boss@acme.test"));
    assert_eq!(letter.header("Subject"), "Отгрузка № 5");
    assert_eq!(letter.body().replace("\r\n", "\n"), "Добрый день!\n.точка\nСумма: 99.5");
    let now = engine.instance(&instance).await;
    assert_eq!((trace(&now).as_str(), standing(&now).as_str()), ("start send", "after"));
    assert!(now["variables"]["sent"]["letter"].is_string(), "{now}");
    later(&app, 86_400).await;
    assert_eq!(mail.letters().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_service_letter_that_cannot_go_out_is_an_incident_for_a_person() {
    let mail = MailServer::start();
    let app = office(&mail).await;
    let engine = Engine::of(&app);
    let message = async |instance: &str| {
        let now = engine.instance(instance).await;
        assert_eq!(
            (standing(&now).as_str(), elements(&now, "incidents").as_slice()),
            ("send", &["send".to_owned()][..])
        );
        now["incidents"][0]["message"].as_str().unwrap().to_owned()
    };
    // No address at all.
    let instance = engine.start("sends", json!({"to": "nobody", "sum": 1})).await;
    app.drain().await;
    assert!(message(&instance).await.contains("to: "));
    engine.client.patch(&format!("/process-instances/{instance}"), json!({"variables": {"to": TO}})).await.ok(200);
    engine.operate(&instance, "retry", json!({})).await.ok(200);
    app.drain().await;
    assert_eq!((standing(&engine.instance(&instance).await).as_str(), mail.letters().len()), ("after", 1));
    // Refused for good, mended, tried again by an operator: one letter.
    let instance = engine.start("sends", json!({"to": TO, "sum": 1})).await;
    mail.fail([Fault::Say(Point::Recipient, "550 no such user")]);
    app.drain().await;
    assert!(message(&instance).await.contains("no such user"));
    engine.operate(&instance, "retry", json!({})).await.ok(200);
    app.drain().await;
    assert_eq!((standing(&engine.instance(&instance).await).as_str(), mail.letters().len()), ("after", 2));
    // In doubt: never by itself, and the incident says why; a person who knows says so.
    let instance = engine.start("sends", json!({"to": TO, "sum": 1})).await;
    mail.fail([Fault::HangUp(Point::Dot)]);
    app.drain().await;
    assert!(message(&instance).await.contains("Nobody knows"));
    later(&app, 7 * 86_400).await;
    // Nor by an operator who tries the step again without knowing.
    engine.operate(&instance, "retry", json!({})).await.ok(200);
    app.drain().await;
    assert!(message(&instance).await.contains("Nobody knows"));
    assert_eq!(mail.letters().len(), 3);
    let letters = app.admin().get("/letters?state=unsure").await.ok(200);
    let id = letters["items"][0]["id"].as_str().unwrap();
    app.admin().post(&format!("/letters/{id}/settle"), json!({"decision": "sent"})).await.ok(204);
    app.drain().await;
    let now = engine.instance(&instance).await;
    assert_eq!((standing(&now).as_str(), &now["incidents"], mail.letters().len()), ("after", &json!([]), 3));
    app.admin().post(&format!("/letters/{id}/settle"), json!({"decision": "sent"})).await.problem(409, "mail.settled");
    app.finish().await;
}

#[tokio::test]
async fn without_a_mail_server_a_task_says_so_and_a_service_is_an_incident() {
    let app = TestApp::start().await;
    let engine = Engine::of(&app);
    engine.deploy(by_task()).await;
    engine.deploy(by_service()).await;
    let instance = engine.start("writes", json!({"to": TO, "number": "7"})).await;
    let task = engine.task(&instance).await;
    let answer = app.admin().post(&format!("/tasks/{task}/action"), json!({"kind": "email"})).await;
    answer.problem(409, "mail.not_configured");
    let instance = engine.start("sends", json!({"to": TO, "sum": 1})).await;
    app.drain().await;
    let now = engine.instance(&instance).await;
    assert!(now["incidents"][0]["message"].as_str().unwrap().contains("no mail server"), "{now}");
    app.finish().await;
}
