//! Letters: the result exists when the mail server has the letter; no letter goes out twice by itself.

use sea_orm::sea_query::{Expr, ExprTrait};

use super::smtp_server::{Fault, SmtpServer};
use super::*;
use messaging::mail::LetterState;

fn contract() -> Json {
    let parameters =
        json!({"to": "client@example.com", "subject": "Предложение", "text": "Добрый день!\n.точка в начале"});
    json!({"main_action": {"kind": "email", "parameters": parameters}, "require_main_action": true})
}

async fn letter_world() -> (World, SmtpServer, Task) {
    let server = SmtpServer::start().await;
    let world = world_with(Some(server.options())).await;
    let task = world.open(step(&["role:technician"], contract())).await;
    (world, server, task)
}

async fn state(world: &World, task: &Task) -> (bool, Option<String>) {
    let action = world.get(task.id).await.main_action.unwrap();
    (action.done, action.state)
}

#[tokio::test]
async fn the_letter_really_goes_out_before_the_task_can_be_completed() {
    let (world, server, task) = letter_world().await;
    assert_eq!(code(world.complete("egor", task.id, json!({})).await), "task.main_action_missing");
    world.act("egor", task.id, json!({"kind": "email", "cc": ["boss@example.com"]})).await.unwrap();
    assert_eq!(state(&world, &task).await, (false, Some("queued".into())));
    assert_eq!(code(world.complete("egor", task.id, json!({})).await), "task.main_action_missing");
    assert_eq!(code(world.act("egor", task.id, json!({"kind": "email"})).await), "task.action_pending");
    world.worker.run_due().await.unwrap();
    assert_eq!(state(&world, &task).await, (true, None));
    let letter = server.letters.lock().unwrap()[0].clone();
    assert!(letter.contains("To: client@example.com\r\n"), "{letter}");
    assert!(letter.contains("Cc: boss@example.com\r\n"), "{letter}");
    assert!(letter.contains("Reply-To: egor@example.org\r\n"), "{letter}");
    assert!(letter.contains("@romashka.example>\r\n"), "{letter}");
    assert!(letter.is_ascii());
    assert_eq!(code(world.act("egor", task.id, json!({"kind": "email"})).await), "task.action_done");
    world.complete("egor", task.id, json!({})).await.unwrap();
    world.worker.run_due().await.unwrap();
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn what_the_server_surely_did_not_take_is_tried_again() {
    for fault in [Fault::Greeting, Fault::LaterRecipient, Fault::LaterLetter] {
        let (world, server, task) = letter_world().await;
        server.fail(fault);
        world.act("egor", task.id, json!({"kind": "email"})).await.unwrap();
        world.worker.run_due().await.unwrap();
        assert_eq!(state(&world, &task).await, (false, Some("queued".into())), "{fault:?}");
        server.fail(Fault::None);
        world.clock.advance_seconds(60);
        world.worker.run_due().await.unwrap();
        assert_eq!((state(&world, &task).await, server.count()), ((true, None), 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_refused_letter_is_shown_and_may_be_written_anew() {
    for fault in [Fault::NeverRecipient, Fault::NeverLetter] {
        let (world, server, task) = letter_world().await;
        server.fail(fault);
        world.act("egor", task.id, json!({"kind": "email"})).await.unwrap();
        world.worker.run_due().await.unwrap();
        assert_eq!(state(&world, &task).await, (false, Some("failed".into())), "{fault:?}");
        assert_eq!(world.told("egor").await, ["task.letter", "task.new"]);
        assert_eq!(code(world.complete("egor", task.id, json!({})).await), "task.main_action_missing");
        server.fail(Fault::None);
        world.act("egor", task.id, json!({"kind": "email", "to": ["right@example.com"]})).await.unwrap();
        world.worker.run_due().await.unwrap();
        assert_eq!((state(&world, &task).await, server.count()), ((true, None), 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_after_some_tries() {
    let (world, server, task) = letter_world().await;
    server.fail(Fault::Greeting);
    world.act("egor", task.id, json!({"kind": "email"})).await.unwrap();
    for _ in 0..14 {
        world.worker.run_due().await.unwrap();
        world.clock.advance_seconds(4_000);
    }
    assert_eq!(state(&world, &task).await, (false, Some("failed".into())));
}

#[tokio::test]
async fn a_letter_cut_off_on_its_way_is_in_doubt_and_never_sent_again_by_itself() {
    for fault in [Fault::SilentAfterLetter, Fault::CutLetter] {
        let (world, server, task) = letter_world().await;
        server.fail(fault);
        world.act("egor", task.id, json!({"kind": "email"})).await.unwrap();
        world.worker.run_due().await.unwrap();
        assert_eq!(state(&world, &task).await, (false, Some("unsure".into())), "{fault:?}");
        server.fail(Fault::None);
        let before = server.count();
        world.clock.advance_seconds(100_000);
        world.worker.run_due().await.unwrap();
        assert_eq!(server.count(), before);
        assert_eq!(code(world.act("egor", task.id, json!({"kind": "email"})).await), "task.letter_unsure");
        assert_eq!(code(world.act("vera", task.id, json!({"kind": "email", "decision": "sent"})).await), "not_found");
        if fault == Fault::SilentAfterLetter {
            world.act("egor", task.id, json!({"kind": "email", "decision": "sent"})).await.unwrap();
            assert_eq!((state(&world, &task).await, server.count()), ((true, None), 1));
        } else {
            world.act("egor", task.id, json!({"kind": "email", "decision": "resend"})).await.unwrap();
            world.worker.run_due().await.unwrap();
            assert_eq!((state(&world, &task).await, server.count()), ((true, None), 1));
        }
        assert_eq!(
            fields(world.act("egor", task.id, json!({"kind": "email", "decision": "resend"})).await),
            "decision:invalid"
        );
        world.complete("egor", task.id, json!({})).await.unwrap();
    }
}

#[tokio::test]
async fn a_crash_while_the_letter_went_over_leaves_it_in_doubt() {
    let (world, server, task) = letter_world().await;
    world.act("egor", task.id, json!({"kind": "email"})).await.unwrap();
    // What kill -9 leaves: the letter marked, the job still there.
    let crashed = Query::update()
        .table("mail_outbox")
        .value("state", "sending")
        .and_where(Expr::col("state").eq("queued"))
        .to_owned();
    let tx = world.db.begin().await.unwrap();
    tx.execute(&crashed).await.unwrap();
    tx.commit().await.unwrap();
    world.worker.run_due().await.unwrap();
    assert_eq!((state(&world, &task).await, server.count()), ((false, Some("unsure".into())), 0));
    let anna = world.ctx("anna").await;
    let letters = world.tasks.mail().letters(&anna, Some(LetterState::Unsure), None, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(code(world.tasks.mail().letters(&world.ctx("egor").await, None, None, 10).await), "denied");
    let decision = messaging::mail::Decision::Resend;
    assert_eq!(
        code(world.tasks.mail().settle_letter(&world.ctx("egor").await, letters[0].id, decision).await),
        "denied"
    );
    assert_eq!(
        code(world.tasks.mail().settle_letter(&world.ctx("zoya").await, letters[0].id, decision).await),
        "not_found"
    );
    world.tasks.mail().settle_letter(&anna, letters[0].id, decision).await.unwrap();
    assert_eq!(code(world.tasks.mail().settle_letter(&anna, letters[0].id, decision).await), "mail.settled");
    world.worker.run_due().await.unwrap();
    assert_eq!((state(&world, &task).await, server.count()), ((true, None), 1));
    let sent = world.tasks.mail().letters(&anna, Some(LetterState::Sent), None, 10).await.unwrap();
    assert_eq!(sent[0].message_id, letters[0].message_id);
}

#[tokio::test]
async fn letters_that_cannot_be_sent_are_refused_at_once() {
    let (world, _server, task) = letter_world().await;
    for (input, expected) in [
        (json!({"to": []}), "to:required"),
        (json!({"to": ["nobody"]}), "to:email"),
        (json!({"to": ["a@b.example\r\nRCPT TO:<c@d.example>"]}), "to:email"),
        (json!({"to": vec!["a@b.example"; 101]}), "to:too_many"),
        (json!({"cc": ["x"]}), "cc:email"),
        (json!({"subject": ""}), "subject:required"),
        (json!({"subject": "a\r\nBcc: all@example.com"}), "subject:characters"),
        (json!({"subject": "x".repeat(501)}), "subject:too_long"),
        (json!({"text": "x".repeat(200_001)}), "text:too_long"),
        (json!({"text": "a\0"}), "text:characters"),
    ] {
        let mut input = object(input);
        input.insert("kind".into(), json!("email"));
        assert_eq!(fields(world.act("egor", task.id, Json::Object(input)).await), expected);
    }
    assert_eq!(world.rows("mail_outbox").await, 0);
    let without = super::world().await;
    let task = without.open(step(&["role:technician"], contract())).await;
    assert_eq!(code(without.act("egor", task.id, json!({"kind": "email"})).await), "mail.not_configured");
}
