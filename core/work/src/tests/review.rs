//! A task that was given is looked at when it is done.

use super::*;
use crate::tasks::{Acceptance, Returning, TaskAct};

impl World {
    async fn done_in_the_portal(&self, by: &str, id: TaskId) -> Result<Task> {
        self.complete(by, id, json!({"acceptance": true})).await
    }

    async fn accept(&self, by: &str, id: TaskId, mark: Option<u8>) -> Result<Task> {
        self.tasks.accept(&self.ctx(by).await, id, &Acceptance { mark }).await
    }

    async fn give_back(&self, by: &str, id: TaskId, note: &str) -> Result<Task> {
        self.tasks.give_back(&self.ctx(by).await, id, &Returning { note: note.to_owned() }).await
    }
}

#[tokio::test]
async fn what_was_given_is_looked_at_given_back_and_accepted_with_a_mark() {
    let world = world().await;
    let task = world.make("boris", json!({"title": "x", "assignee": "vera@example.org"})).await.unwrap();
    let done = world.done_in_the_portal("vera", task.id).await.unwrap();
    assert_eq!((done.state, done.completed_by), (TaskState::Review, Some(world.user("vera"))));
    assert!(world.told("boris").await.contains(&"task.review".to_owned()));
    assert_eq!(world.tasks.counters(&world.ctx("boris").await).await.unwrap().mine.review, 1);
    assert_eq!(world.tasks.counters(&world.ctx("vera").await).await.unwrap().mine.open, 0);
    // Nobody does it twice, and whoever did it does not judge it.
    assert_eq!(code(world.complete("vera", task.id, json!({})).await), "task.in_review");
    assert_eq!(code(world.accept("vera", task.id, Some(5)).await), "denied");
    assert_eq!(code(world.accept("gleb", task.id, None).await), "not_found");
    assert_eq!(code(world.accept("zoya", task.id, None).await), "not_found");
    assert_eq!(fields(world.accept("boris", task.id, Some(6)).await), "mark:range");
    assert_eq!(fields(world.give_back("boris", task.id, "  ").await), "note:required");
    let view = world.tasks.view(&world.ctx("boris").await, task.id).await.unwrap();
    assert_eq!((view.may, view.blockers.len()), (vec![TaskAct::Accept, TaskAct::Return], 0));
    assert_eq!(world.tasks.view(&world.ctx("vera").await, task.id).await.unwrap().may, []);

    let back = world.give_back("boris", task.id, "The price is missing").await.unwrap();
    assert_eq!((back.state, back.completed, back.returned), (TaskState::Open, None, 1));
    assert_eq!(back.assignee, Some(world.user("vera")));
    assert!(world.told("vera").await.contains(&"task.returned".to_owned()));
    assert_eq!(code(world.accept("boris", task.id, None).await), "task.not_in_review");
    world.done_in_the_portal("vera", task.id).await.unwrap();
    let accepted = world.accept("boris", task.id, Some(4)).await.unwrap();
    assert_eq!((accepted.state, accepted.mark, accepted.returned), (TaskState::Completed, Some(4), 1));
    assert_eq!(code(world.give_back("boris", task.id, "x").await), "task.not_in_review");
}

#[tokio::test]
async fn what_is_ones_own_of_a_process_or_not_asked_for_is_over_at_once() {
    let world = world().await;
    let own = world.make("vera", json!({"title": "x"})).await.unwrap();
    assert_eq!(world.done_in_the_portal("vera", own.id).await.unwrap().state, TaskState::Completed);
    let given = world.make("boris", json!({"title": "x", "assignee": "vera@example.org"})).await.unwrap();
    assert_eq!(world.complete("vera", given.id, json!({})).await.unwrap().state, TaskState::Completed);
    let step = world.open(step(&["user:vera@example.org"], json!({}))).await;
    assert_eq!(world.done_in_the_portal("vera", step.id).await.unwrap().state, TaskState::Completed);
    assert_eq!(world.owner.told.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_who_judge_at_once_one_does() {
    let world = world().await;
    let task = world.make("boris", json!({"title": "x", "assignee": "vera@example.org"})).await.unwrap();
    world.done_in_the_portal("vera", task.id).await.unwrap();
    let (accepted, returned) =
        tokio::join!(world.accept("boris", task.id, Some(3)), world.give_back("anna", task.id, "again"));
    assert_ne!(accepted.is_ok(), returned.is_ok());
}
