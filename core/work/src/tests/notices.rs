//! What people are told, when and where they want it.

use std::collections::BTreeMap;

use super::*;
use messaging::channels::{self, NotificationSettings};

async fn wishes(world: &World, name: &str, settings: Json) {
    let settings: NotificationSettings = serde_json::from_value(settings).unwrap();
    channels::put(&world.db, &world.ctx(name).await, &settings).await.unwrap();
}

async fn letters(world: &World) -> Vec<(String, String, String)> {
    let letters = world.tasks.mail().letters(&world.ctx("anna").await, None, None, 100).await.unwrap();
    let told = letters.into_iter().rev().map(|letter| (letter.to.join(" "), letter.subject, letter.text));
    told.collect()
}

/// With the jobs of notifications and a mail server; letters stay where they are queued.
async fn with_letters() -> World {
    let mut world = world_with(Some(super::smtp_server::SmtpServer::start().await.options())).await;
    let handlers = [world.tasks.handlers(), crate::notices::handlers(&world.tasks, Some("https://crm.test/".into()))];
    world.worker = Worker::new(&world.db, &world.env, handlers.concat());
    world
}

#[tokio::test]
async fn outside_of_working_time_nothing_is_told_until_it_begins() {
    let world = with_letters().await;
    wishes(&world, "vera", json!({"quiet": true})).await;
    // Monday, 19:00 in Moscow.
    world.at("2026-03-02T16:00:00Z").await;
    world.make("boris", json!({"title": "late", "assignee": "vera@example.org"})).await.unwrap();
    world.make("boris", json!({"title": "also", "assignee": "gleb@example.org"})).await.unwrap();
    world.worker.run_due().await.unwrap();
    assert_eq!((world.told("vera").await.len(), world.told("gleb").await.len()), (0, 1));
    assert_eq!(notifications::unread(&world.db, &world.ctx("vera").await).await.unwrap(), 0);
    // Nor is it read with "all".
    let all: notifications::ReadInput = serde_json::from_value(json!({"all": true})).unwrap();
    assert_eq!(notifications::mark_read(&world.db, &world.ctx("vera").await, &all).await.unwrap(), 0);
    world.at("2026-03-03T05:59:59Z").await;
    assert_eq!(world.told("vera").await.len(), 0);
    world.at("2026-03-03T06:00:00Z").await;
    assert_eq!(world.told("vera").await, ["task.new"]);
    // In working time at once.
    world.make("boris", json!({"title": "now", "assignee": "vera@example.org"})).await.unwrap();
    world.worker.run_due().await.unwrap();
    assert_eq!(world.told("vera").await.len(), 2);
}

#[tokio::test]
async fn escalations_are_never_muted_nor_kept_back() {
    let world = with_letters().await;
    let muted = serde_json::from_value(json!({"kinds": {"task.escalation": {"portal": false}}})).unwrap();
    assert_eq!(
        fields(channels::put(&world.db, &world.ctx("dina").await, &muted).await),
        "kinds.task.escalation:never_muted"
    );
    let unknown = serde_json::from_value(json!({"kinds": {"task.old": {}}})).unwrap();
    assert_eq!(fields(channels::put(&world.db, &world.ctx("dina").await, &unknown).await), "kinds.task.old:choice");
    wishes(&world, "dina", json!({"quiet": true, "kinds": {"task.overdue": {"portal": false}}})).await;
    let contract = json!({"duration": 28_800, "escalate": [{"to": "head", "after": 0}]});
    world.open(step(&["role:technician"], contract)).await;
    // Six in the evening: the working day is over, the deadline too.
    world.at("2026-03-02T15:00:00Z").await;
    world.worker.run_due().await.unwrap();
    assert_eq!(world.told("dina").await, ["task.escalation"]);
    let view = channels::get(&world.db, &world.ctx("dina").await, true).await.unwrap();
    assert!(view.quiet && view.kinds["task.escalation"].portal && !view.kinds["task.overdue"].portal);
    assert!(!view.kinds.contains_key("plugin.stopped"), "what only administrators are told");
}

#[tokio::test]
async fn a_kind_goes_by_letter_or_in_a_digest_when_the_next_day_begins() {
    let world = with_letters().await;
    let kinds = json!({"task.new": {"mail": true}, "task.delegated": {"portal": false, "digest": true}});
    wishes(&world, "vera", json!({"kinds": kinds})).await;
    let new = world.make("boris", json!({"title": "Насосы", "assignee": "vera@example.org"})).await.unwrap();
    world.worker.run_due().await.unwrap();
    let link = format!("https://crm.test/tasks/{}", new.id);
    let first = (
        "vera@example.org".to_owned(),
        "Новая задача: «Насосы».".to_owned(),
        format!("Новая задача: «Насосы».\n{link}"),
    );
    assert_eq!(letters(&world).await, [first]);
    for title in ["раз", "два"] {
        let task = world.make("boris", json!({"title": title})).await.unwrap();
        let to: crate::tasks::Delegation = serde_json::from_value(json!({"to": "vera@example.org"})).unwrap();
        world.tasks.delegate(&world.ctx("boris").await, task.id, &to).await.unwrap();
        world.worker.run_due().await.unwrap();
    }
    assert_eq!((world.told("vera").await, letters(&world).await.len()), (vec!["task.new".to_owned()], 1));
    world.at("2026-03-03T05:59:59Z").await;
    assert_eq!(letters(&world).await.len(), 1);
    world.at("2026-03-03T06:00:00Z").await;
    let all = letters(&world).await;
    assert_eq!((all.len(), all[1].1.as_str()), (2, "Что вы ещё не прочитали"));
    assert!(all[1].2.contains("раз") && all[1].2.contains("два") && !all[1].2.contains("Насосы"), "{}", all[1].2);
    // One letter a day, and each line once.
    world.at("2026-03-05T06:00:00Z").await;
    assert_eq!(letters(&world).await.len(), 2);
}

#[tokio::test]
async fn what_is_too_much_for_a_digest_comes_with_the_next_one() {
    let world = with_letters().await;
    wishes(&world, "vera", json!({"kinds": {"task.delegated": {"portal": false, "digest": true}}})).await;
    let system = world.system().await;
    let tx = world.db.begin().await.unwrap();
    for number in 0..201 {
        let params = BTreeMap::from([("title".to_owned(), format!("n{number:03}"))]);
        let vera = [world.user("vera")];
        let kind = notifications::Kind::Delegated;
        notifications::tell(&tx, &system, kind, vera, None::<TaskId>, &params).await.unwrap();
    }
    tx.commit().await.unwrap();
    world.worker.run_due().await.unwrap();
    world.at("2026-03-03T06:00:00Z").await;
    let first = letters(&world).await;
    let told = |text: &str| (0..201).filter(|number| text.contains(&format!("n{number:03}"))).collect::<Vec<i32>>();
    assert_eq!((first.len(), told(&first[0].2).len()), (1, 200));
    assert!(first[0].2.ends_with("Ещё 1 — в следующей сводке."), "{}", first[0].2);
    world.at("2026-03-04T05:59:59Z").await;
    assert_eq!(letters(&world).await.len(), 1);
    world.at("2026-03-04T06:00:00Z").await;
    let both = letters(&world).await;
    assert_eq!(both.len(), 2);
    let rest = told(&both[1].2);
    assert_eq!(rest.len(), 1);
    assert!(!told(&both[0].2).contains(&rest[0]), "each line once");
    world.at("2026-03-06T06:00:00Z").await;
    assert_eq!(letters(&world).await.len(), 2);
}
