//! From hand to hand, and small changes.

use super::*;
use crate::tasks::{ChecklistChange, Delegation, TaskPatch};
use kernel::TaskId;

fn to(name: &str) -> Delegation {
    Delegation { to: format!("{name}@example.org"), note: Some("болею".into()) }
}

#[tokio::test]
async fn a_task_is_claimed_by_one_and_given_back() {
    let world = world().await;
    let task = world.open(step(&["role:manager"], json!({}))).await;
    let (vera, gleb, egor) = (world.ctx("vera").await, world.ctx("gleb").await, world.ctx("egor").await);
    assert_eq!(code(world.tasks.claim(&egor, task.id).await), "not_found");
    assert_eq!(world.tasks.claim(&vera, task.id).await.unwrap().assignee, Some(world.user("vera")));
    assert_eq!(world.tasks.claim(&vera, task.id).await.unwrap().version, 2);
    assert_eq!(code(world.tasks.claim(&gleb, task.id).await), "task.claimed");
    assert_eq!(code(world.tasks.release(&gleb, task.id).await), "task.claimed");
    assert_eq!(world.tasks.release(&vera, task.id).await.unwrap().assignee, None);
    assert_eq!(world.tasks.release(&vera, task.id).await.unwrap().version, 3);
    world.tasks.claim(&gleb, task.id).await.unwrap();
    // The head may take it away.
    assert_eq!(world.tasks.release(&world.ctx("boris").await, task.id).await.unwrap().assignee, None);
    world.complete("vera", task.id, json!({})).await.unwrap();
    assert_eq!(code(world.tasks.claim(&gleb, task.id).await), "task.completed");
}

#[tokio::test]
async fn a_delegated_task_is_the_others_and_the_note_is_kept() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], json!({}))).await;
    let egor = world.ctx("egor").await;
    let given = world.tasks.delegate(&egor, task.id, &to("vera")).await.unwrap();
    assert_eq!(given.assignee, Some(world.user("vera")));
    assert_eq!(world.told("vera").await, ["task.delegated"]);
    let history = world.tasks.history(&egor, task.id, None, 10).await.unwrap();
    assert_eq!(history[0].changes["note"], json!([null, "болею"]));
    assert_eq!(history[0].changes["assignee"], json!([world.user("egor"), world.user("vera")]));
    assert_eq!(code(world.complete("egor", task.id, json!({})).await), "task.claimed");
    // Given back, those it was for have it again.
    world.tasks.release(&world.ctx("vera").await, task.id).await.unwrap();
    assert_eq!(code(world.complete("vera", task.id, json!({})).await), "not_found");
    world.complete("egor", task.id, json!({})).await.unwrap();
}

#[tokio::test]
async fn a_task_goes_only_to_active_people_of_the_company() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], json!({}))).await;
    let egor = world.ctx("egor").await;
    let long = "x".repeat(5_000);
    for (to, field) in [
        ("zoya@example.org", "to:missing"),
        ("nobody", "to:missing"),
        ("", "to:missing"),
        (&*long, "to:too_long"),
        ("a\0b", "to:characters"),
    ] {
        let input = Delegation { to: to.into(), note: None };
        assert_eq!(fields(world.tasks.delegate(&egor, task.id, &input).await), field, "{to:.20}");
    }
    assert_eq!(code(world.tasks.delegate(&world.ctx("vera").await, task.id, &to("gleb")).await), "not_found");
    let patch = UserPatch { active: Some(false), ..UserPatch::default() };
    user::update(&world.db, &world.system().await, kernel::UserId(world.user("vera")), &patch).await.unwrap();
    assert_eq!(fields(world.tasks.delegate(&egor, task.id, &to("vera")).await), "to:missing");
    let input = Delegation { to: world.user("gleb").to_string(), note: Some("x".repeat(5_000)) };
    assert_eq!(fields(world.tasks.delegate(&egor, task.id, &input).await), "note:too_long");
}

#[tokio::test]
async fn of_a_shared_task_ones_own_part_is_given_away() {
    let world = world().await;
    let task = world.open(step(&["role:manager"], json!({"completed_by": "all"}))).await;
    let vera = world.ctx("vera").await;
    assert_eq!(fields(world.tasks.delegate(&vera, task.id, &to("gleb")).await), "to:taken");
    world.tasks.delegate(&vera, task.id, &to("egor")).await.unwrap();
    assert_eq!(code(world.complete("vera", task.id, json!({})).await), "not_found");
    world.complete("egor", task.id, json!({})).await.unwrap();
    assert_eq!(code(world.tasks.delegate(&world.ctx("egor").await, task.id, &to("vera")).await), "task.voted");
    assert_eq!(code(world.tasks.delegate(&world.ctx("anna").await, task.id, &to("vera")).await), "denied");
    assert_eq!(world.complete("gleb", task.id, json!({})).await.unwrap().state, TaskState::Completed);
}

#[tokio::test]
async fn the_checklist_is_kept_item_by_item() {
    let world = world().await;
    let vera = world.ctx("vera").await;
    let task = world.make("vera", json!({"title": "x", "checklist": ["a"]})).await.unwrap();
    let change = |json: Json| -> ChecklistChange { serde_json::from_value(json).unwrap() };
    let after = world
        .tasks
        .change_checklist(&vera, task.id, &change(json!({"add": ["b", "c"], "check": [1, 2]})))
        .await
        .unwrap();
    let done: Vec<_> = after.checklist.iter().map(|item| (item.id, item.done, item.by.is_some())).collect();
    assert_eq!(done, [(1, true, true), (2, true, true), (3, false, false)]);
    let after = world
        .tasks
        .change_checklist(&vera, task.id, &change(json!({"uncheck": [1], "remove": [3], "add": ["d"]})))
        .await
        .unwrap();
    assert_eq!(
        after.checklist.iter().map(|item| (item.id, item.done)).collect::<Vec<_>>(),
        [(1, false), (2, true), (4, false)]
    );
    for wrong in [
        json!({"check": [9]}),
        json!({"add": [""]}),
        json!({"add": vec!["x"; 201]}),
        json!({"add": ["x".repeat(5_000)]}),
        json!({"add": vec!["x"; 198]}),
    ] {
        assert!(fields(world.tasks.change_checklist(&vera, task.id, &change(wrong)).await).starts_with("checklist"));
    }
}

#[tokio::test]
async fn the_maker_changes_and_cancels_a_task_by_hand_but_not_a_processs() {
    let world = world().await;
    let vera = world.ctx("vera").await;
    let task = world.make("vera", json!({"title": "x", "assignee": "egor@example.org"})).await.unwrap();
    let patch = |json: Json| -> TaskPatch { serde_json::from_value(json).unwrap() };
    let changed =
        world.tasks.edit(&vera, task.id, &patch(json!({"title": "y", "due": "2026-03-05T12:00:00Z"}))).await.unwrap();
    assert_eq!((changed.title.as_str(), changed.due.unwrap().to_string().as_str()), ("y", "2026-03-05T12:00:00Z"));
    assert_eq!(world.tasks.edit(&vera, task.id, &patch(json!({"due": null}))).await.unwrap().due, None);
    for (wrong, field) in [
        (json!({"title": " "}), "title:required"),
        (json!({"title": "x".repeat(300)}), "title:too_long"),
        (json!({"due": "3026-01-01T00:00:00Z"}), "due:datetime"),
    ] {
        assert_eq!(fields(world.tasks.edit(&vera, task.id, &patch(wrong)).await), field);
    }
    world.tasks.comment(&vera, task.id, "как дела?").await.unwrap();
    assert_eq!(code(world.tasks.comment(&world.ctx("gleb").await, task.id, "x").await), "not_found");
    assert_eq!(
        code(world.tasks.edit(&world.ctx("gleb").await, task.id, &patch(json!({"title": "z"}))).await),
        "not_found"
    );
    assert_eq!(world.tasks.cancel(&vera, task.id, Some("не нужно")).await.unwrap().state, TaskState::Cancelled);
    assert_eq!(code(world.complete("egor", task.id, json!({})).await), "task.cancelled");

    let task = world.open(step(&["role:technician"], json!({}))).await;
    let egor = world.ctx("egor").await;
    assert_eq!(code(world.tasks.edit(&egor, task.id, &patch(json!({"title": "z"}))).await), "task.of_process");
    assert_eq!(code(world.tasks.cancel(&world.ctx("anna").await, task.id, None).await), "task.of_process");
    world.tasks.edit(&egor, task.id, &patch(json!({"due": "2026-03-05T12:00:00Z"}))).await.unwrap();
}

/// Refuses titles that say so, and makes what is done to tasks urgent.
struct Guard;

#[async_trait::async_trait]
impl records::BeforeHooks for Guard {
    async fn watches(&self, _: &Ctx, entity: &str) -> Result<bool> {
        Ok(entity == "task")
    }

    async fn before(&self, _: &Ctx, changes: &mut [records::PendingChange]) -> Result<()> {
        for change in changes {
            if change.after.get("title").and_then(kernel::Value::as_text) == Some("нельзя") {
                let message = kernel::Message::key("error.hook.rejected");
                change.refusal = Some(kernel::error::Refusal::new("hook.rejected", message));
            }
            change.after.insert("priority".into(), kernel::Value::Text("high".into()));
        }
        Ok(())
    }
}

#[tokio::test]
async fn before_hooks_see_what_people_do_to_tasks_at_their_own_door() {
    let world = world().await;
    let priority = async |id: TaskId| {
        let record = world.records.get(&world.system().await, "task", id.into()).await.unwrap();
        record.fields["priority"].clone()
    };
    let old = world.make("vera", json!({"title": "Старая"})).await.unwrap();
    world.records.set_hooks(Arc::new(Guard));
    assert_eq!(code(world.make("vera", json!({"title": "нельзя"})).await), "hook.rejected");
    let task = world.make("vera", json!({"title": "можно"})).await.unwrap();
    assert_eq!(priority(task.id).await, kernel::Value::Text("high".into()));
    let vera = world.ctx("vera").await;
    let patch = |title: &str| TaskPatch { title: Some(title.into()), ..TaskPatch::default() };
    assert_eq!(code(world.tasks.edit(&vera, task.id, &patch("нельзя")).await), "hook.rejected");
    assert_eq!((world.get(task.id).await.title, world.rows("task").await), ("можно".into(), 2));
    assert_eq!(priority(old.id).await, kernel::Value::Null);
    world.complete("vera", old.id, json!({})).await.unwrap();
    assert_eq!(priority(old.id).await, kernel::Value::Text("high".into()));
    // Who may not see a task is told so before any hook is asked.
    assert_eq!(code(world.tasks.edit(&world.ctx("egor").await, task.id, &patch("нельзя")).await), "not_found");
}
