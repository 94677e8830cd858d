//! Reminders, the mark of a missed deadline, escalation.

use super::*;
use crate::tasks::TaskPatch;

/// Eight working hours from Monday 09:00 in Moscow: 18:00 there, 15:00 in UTC.
fn day() -> Json {
    json!({"duration": 28_800, "remind_before": [14_400, 3_600]})
}

#[tokio::test]
async fn reminders_come_once_each_in_working_time_before_the_deadline() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], day())).await;
    // Four working hours before 18:00 is 14:00 after lunch.
    assert_eq!(world.at("2026-03-02T10:59:59Z").await, 0);
    assert_eq!(world.at("2026-03-02T11:00:00Z").await, 1);
    assert_eq!(world.get(task.id).await.reminders_sent, 1);
    assert_eq!(world.at("2026-03-02T13:59:59Z").await, 0);
    assert_eq!(world.at("2026-03-02T14:00:00Z").await, 1);
    assert_eq!(world.told("egor").await, ["task.new", "task.reminder", "task.reminder"]);
    let task = world.get(task.id).await;
    assert_eq!((task.reminders_sent, task.overdue), (2, false));
    assert_eq!(world.at("2026-03-02T15:00:00Z").await, 1);
    let task = world.get(task.id).await;
    assert_eq!((task.reminders_sent, task.overdue), (2, true));
    assert_eq!(world.told("egor").await, ["task.new", "task.overdue", "task.reminder", "task.reminder"]);
}

#[tokio::test]
async fn jobs_of_a_task_that_was_done_or_has_another_deadline_do_nothing() {
    let world = world().await;
    let done = world.open(step(&["role:technician"], day())).await;
    world.complete("egor", done.id, json!({})).await.unwrap();
    let moved = world.open(step(&["role:technician"], day())).await;
    let due = Some(Some(Timestamp::parse("2026-03-03T15:00:00Z").unwrap()));
    let patch = TaskPatch { due, ..TaskPatch::default() };
    world.tasks.edit(&world.ctx("egor").await, moved.id, &patch).await.unwrap();
    world.at("2026-03-02T16:00:00Z").await;
    assert_eq!((world.get(done.id).await.overdue, world.get(done.id).await.reminders_sent), (false, 0));
    assert_eq!((world.get(moved.id).await.overdue, world.get(moved.id).await.reminders_sent), (false, 0));
    world.at("2026-03-03T15:00:00Z").await;
    assert_eq!((world.get(moved.id).await.overdue, world.get(moved.id).await.reminders_sent), (true, 2));
}

#[tokio::test]
async fn a_reminder_whose_moment_has_passed_when_the_task_is_made_is_left_out() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], json!({"duration": 1_800, "remind_before": [3_600, 600]}))).await;
    world.at("2026-03-02T06:29:00Z").await;
    assert_eq!(world.get(task.id).await.reminders_sent, 1);
}

#[tokio::test]
async fn the_same_job_twice_counts_once() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], day())).await;
    let system = world.system().await;
    for kind in ["task.remind", "task.overdue"] {
        let tx = world.db.begin().await.unwrap();
        for _ in 0..3 {
            let payload = json!({"task": task.id, "due": task.due, "number": 0});
            let job = kernel::jobs::NewJob::now(&world.env, kind, payload).for_tenant(system.tenant);
            kernel::jobs::enqueue(&tx, &world.env, job).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    world.at("2026-03-02T15:00:00Z").await;
    assert_eq!(world.get(task.id).await.reminders_sent, 2);
    let told = world.told("egor").await;
    assert_eq!(told.iter().filter(|kind| *kind == "task.overdue").count(), 1);
}

#[tokio::test]
async fn escalation_tells_the_head_again_and_again_and_gives_the_task_over() {
    let world = world().await;
    let mut contract = object(day());
    contract.insert(
        "escalate".into(),
        json!([{"to": "head", "after": 3_600, "every": 7_200}, {"to": "role:manager", "after": 12_600, "reassign": true}]),
    );
    let task = world.open(step(&["role:technician"], Json::Object(contract))).await;
    world.at("2026-03-02T15:00:00Z").await;
    assert_eq!(world.told("dina").await, [""; 0]);
    // An hour of working time after Monday 18:00 is Tuesday 10:00 in Moscow.
    world.at("2026-03-03T06:59:00Z").await;
    assert_eq!(world.told("dina").await, [""; 0]);
    world.at("2026-03-03T07:00:00Z").await;
    assert_eq!(world.told("dina").await, ["task.escalation"]);
    assert_eq!(world.get(task.id).await.assignee, Some(world.user("egor")));
    world.absent("vera", 5).await;
    world.at("2026-03-03T09:00:00Z").await;
    assert_eq!(world.told("dina").await.len(), 2);
    // Three hours and a half after: the first manager who is present has it.
    world.at("2026-03-03T09:30:00Z").await;
    let task = world.get(task.id).await;
    assert_eq!(task.assignee, Some(world.user("gleb")));
    assert_eq!(world.told("gleb").await, ["task.escalation"]);
    // The head of the one who has it now.
    world.at("2026-03-03T12:00:00Z").await;
    assert_eq!(world.told("boris").await, ["task.escalation"]);
    world.complete("gleb", task.id, json!({})).await.unwrap();
    world.at("2026-03-09T12:00:00Z").await;
    assert_eq!((world.told("boris").await.len(), world.told("dina").await.len()), (1, 2));
    assert!(world.get(task.id).await.overdue);
}

#[tokio::test]
async fn an_escalation_to_nobody_goes_to_administrators() {
    let world = world().await;
    let contract = json!({"duration": 60, "escalate": [{"to": "role:empty", "after": 0}]});
    world.open(step(&["role:technician"], contract)).await;
    world.at("2026-03-02T06:01:00Z").await;
    assert_eq!(world.told("anna").await, ["task.escalation"]);
}

#[tokio::test]
async fn the_maker_of_a_task_by_hand_hears_that_it_is_late() {
    let world = world().await;
    let task = json!({"title": "x", "assignee": "egor@example.org", "due": "2026-03-02T12:00:00+03:00", "remind_before": [600]});
    let task = world.make("vera", task).await.unwrap();
    world.at("2026-03-02T09:00:00Z").await;
    assert_eq!(world.told("vera").await, ["task.overdue"]);
    assert_eq!(world.told("egor").await, ["task.new", "task.overdue", "task.reminder"]);
    let counters = world.tasks.counters(&world.ctx("egor").await).await.unwrap();
    assert_eq!((counters.mine.open, counters.mine.overdue, counters.mine.due_today), (1, 1, 0));
    assert_eq!(world.get(task.id).await.reminders_sent, 1);
}
