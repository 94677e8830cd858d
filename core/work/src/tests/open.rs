//! Making tasks: executors, assignment, words.

use super::*;
use crate::tasks::TaskQuery;
use kernel::{InstanceId, RecordId, RecordRef};

async fn check(world: &World, new: NewTask, assignee: Option<&str>) -> Task {
    let task = world.open(new).await;
    assert_eq!(task.assignee, assignee.map(|name| world.user(name)), "{:?}", task.executors);
    task
}

#[tokio::test]
async fn roles_are_found_by_key_and_by_name_and_a_single_candidate_has_the_task_at_once() {
    let world = world().await;
    for role in ["role:technician", "role:Технический специалист"] {
        let task = check(&world, step(&[role], json!({})), Some("egor")).await;
        assert_eq!(task.role.as_deref(), Some("technician"));
        assert_eq!(serde_json::to_value(&task.executors).unwrap(), json!([{"role": "technician"}]));
        assert_eq!(task.element.as_deref(), Some("Task_1"));
        assert_eq!(task.instance, Some(InstanceId(Uuid::from_u128(1))));
    }
    check(&world, step(&["role:manager"], json!({})), None).await;
    assert_eq!(world.told("egor").await, ["task.new", "task.new"]);
    assert_eq!(world.told("vera").await, ["task.offered"]);
    assert_eq!(world.told("boris").await, [""; 0]);
}

#[tokio::test]
async fn owner_head_and_deputy_speak_of_the_owner_of_the_subject() {
    let world = world().await;
    let about = |owner: RecordId, rule: &str| NewTask {
        subject: Some(RecordRef { entity: "deal".into(), id: owner }),
        ..step(&[rule], json!({}))
    };
    let (vera, dina, egor) = (world.deal("vera").await, world.deal("dina").await, world.deal("egor").await);
    check(&world, about(vera, "owner"), Some("vera")).await;
    check(&world, about(vera, "head"), Some("boris")).await;
    check(&world, about(egor, "head"), Some("dina")).await;
    // A head's head is the one above.
    check(&world, about(dina, "head"), Some("boris")).await;
    check(&world, about(vera, "deputy"), Some("vera")).await;
    world.absent("vera", 3).await;
    check(&world, about(vera, "deputy"), Some("boris")).await;
    // Nobody but the absent owner may do it: it waits for them, and their head sees it.
    let task = check(&world, about(vera, "owner"), None).await;
    assert_eq!(world.tasks.get(&world.ctx("boris").await, task.id).await.unwrap().id, task.id);
    world.clock.advance_seconds(4 * 86_400);
    check(&world, about(vera, "deputy"), Some("vera")).await;
}

#[tokio::test]
async fn the_load_goes_to_who_has_least_and_turns_go_round_and_neither_to_the_absent() {
    let world = world().await;
    let load = || step(&["role:manager"], json!({"assignment": "load"}));
    let (mut ids, names) = (Vec::new(), ["vera", "gleb"]);
    for _ in 0..4 {
        ids.push(world.open(load()).await.assignee.unwrap());
    }
    for name in names {
        assert_eq!(ids.iter().filter(|id| **id == world.user(name)).count(), 2, "{name}");
    }
    world.absent("gleb", 1).await;
    check(&world, load(), Some("vera")).await;
    check(&world, load(), Some("vera")).await;
    world.clock.advance_seconds(2 * 86_400);
    check(&world, load(), Some("gleb")).await;

    let turn = || step(&["role:manager"], json!({"assignment": "turn"}));
    let first = world.open(turn()).await.assignee.unwrap();
    let second = world.open(turn()).await.assignee.unwrap();
    let third = world.open(turn()).await.assignee.unwrap();
    assert_ne!(first, second);
    assert_eq!(first, third);
    world.absent("gleb", 1).await;
    check(&world, turn(), Some("vera")).await;
    check(&world, turn(), Some("vera")).await;
}

#[tokio::test]
async fn a_rule_that_finds_nobody_does_not_stop_a_process_but_administrators_are_told() {
    let world = world().await;
    for rule in ["role:empty", "role:no such role", "user:nobody@example.org", "user:zoya@example.org", "head"] {
        let task = check(&world, step(&[rule], json!({})), None).await;
        assert_eq!(task.executors[0].unresolved.as_deref(), Some(rule));
    }
    let zoya = format!("user:{}", world.user("zoya"));
    check(&world, step(&[&zoya], json!({})), None).await;
    assert_eq!(world.told("anna").await, ["task.unassigned"; 6]);
    assert_eq!(world.told("zoya").await, [""; 0]);
    // One rule that finds somebody is enough.
    check(&world, step(&["role:empty", "role:technician"], json!({})), Some("egor")).await;
}

#[tokio::test]
async fn a_deadline_counts_the_working_time_of_the_one_who_has_the_task() {
    let world = world().await;
    let admin = world.ctx("anna").await;
    let due = |task: Task| task.due.unwrap().to_string();
    let day = json!({"duration": 8 * 3_600});
    assert_eq!(due(world.open(step(&["role:technician"], day.clone())).await), "2026-03-02T15:00:00Z");
    let night = serde_json::from_value(json!({"week": {"mon": ["20:00-08:00"], "tue": ["20:00-08:00"]}})).unwrap();
    world.calendars.set(&admin, crate::CalendarOf::Person(world.user("egor")), Some(&night)).await.unwrap();
    assert_eq!(due(world.open(step(&["role:technician"], day.clone())).await), "2026-03-03T01:00:00Z");
    // Two managers of one department share its calendar while nobody has the task.
    let short = serde_json::from_value(json!({"week": {"mon": ["09:00-10:00"], "thu": ["09:00-16:00"]}})).unwrap();
    world.calendars.set(&admin, crate::CalendarOf::Department(world.departments["sales"]), Some(&short)).await.unwrap();
    assert_eq!(due(world.open(step(&["role:manager"], day.clone())).await), "2026-03-05T13:00:00Z");
    // People of different departments: the company's.
    assert_eq!(due(world.open(step(&["role:manager", "role:technician"], day)).await), "2026-03-02T15:00:00Z");
    let task = world.open(step(&["role:technician"], json!({}))).await;
    assert_eq!(task.due, None);
    assert!(!task.overdue);
}

#[tokio::test]
async fn a_calendar_without_working_time_is_an_error_not_an_endless_search() {
    let world = world().await;
    let never = serde_json::from_value(json!({"week": {}})).unwrap();
    let anna = world.ctx("anna").await;
    assert_eq!(fields(world.calendars.set(&anna, crate::CalendarOf::Company, Some(&never)).await), "week:no_hours");
    let little = serde_json::from_value(json!({"week": {"mon": ["09:00-09:01"]}})).unwrap();
    world.calendars.set(&anna, crate::CalendarOf::Company, Some(&little)).await.unwrap();
    let opened = world.try_open(step(&["role:technician"], json!({"duration": 60 * 600}))).await;
    assert_eq!(fields(opened), "duration:no_hours");
}

#[tokio::test]
async fn words_of_a_process_are_cut_and_never_refused() {
    let world = world().await;
    let new = NewTask {
        title: "х".repeat(1_000),
        description: format!("a\0b{}", "y".repeat(30_000)),
        ..step(&["role:technician"], json!({}))
    };
    let task = world.open(new).await;
    assert_eq!(task.title.chars().count(), 255);
    assert_eq!(task.description.chars().count(), 20_000);
    assert!(task.description.starts_with("ab"));
    let task = world.open(NewTask { title: "  ".into(), ..step(&["role:technician"], json!({})) }).await;
    assert_eq!(task.title, "Task_1");
}

#[tokio::test]
async fn withdrawn_tasks_are_cancelled_and_a_wait_has_one_task() {
    let world = world().await;
    let new = step(&["role:technician"], json!({}));
    let (instance, wait) = new.origin.as_ref().map(|origin| (origin.instance, origin.wait)).unwrap();
    let other = world.open(step(&["role:technician"], json!({}))).await;
    let task = world.open(new.clone()).await;
    assert!(world.try_open(new).await.is_err());
    let system = world.system().await;
    let tx = world.db.begin().await.unwrap();
    world.tasks.migrate(&tx, &system, instance, wait, "Task_9", Uuid::from_u128(9)).await.unwrap();
    world.tasks.withdraw(&tx, &system, instance, wait).await.unwrap();
    world.tasks.withdraw(&tx, &system, instance, wait).await.unwrap();
    tx.commit().await.unwrap();
    let task = world.get(task.id).await;
    assert_eq!((task.state, task.element.as_deref()), (TaskState::Cancelled, Some("Task_9")));
    assert_eq!(world.get(other.id).await.state, TaskState::Open);
    assert_eq!(code(world.complete("egor", task.id, json!({})).await), "task.cancelled");
    let tx = world.db.begin().await.unwrap();
    world.tasks.withdraw_instance(&tx, &system, instance).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.get(other.id).await.state, TaskState::Cancelled);
}

#[tokio::test]
async fn a_task_by_hand_without_executors_is_its_makers_own() {
    let world = world().await;
    let task = world.make("vera", json!({"title": " Позвонить ", "checklist": ["раз", "два"]})).await.unwrap();
    assert_eq!((task.title.as_str(), task.assignee), ("Позвонить", Some(world.user("vera"))));
    assert_eq!(
        task.checklist.iter().map(|item| (item.id, item.text.as_str())).collect::<Vec<_>>(),
        [(1, "раз"), (2, "два")]
    );
    assert_eq!(world.told("vera").await, [""; 0]);
    let task = world.make("vera", json!({"title": "Проверить", "assignee": "egor@example.org"})).await.unwrap();
    assert_eq!(task.assignee, Some(world.user("egor")));
    assert_eq!(world.told("egor").await, ["task.new"]);
    let due = world.make("vera", json!({"title": "К сроку", "duration": 3_600})).await.unwrap().due.unwrap();
    assert_eq!(due.to_string(), "2026-03-02T07:00:03Z");
}

fn by_hand(title: &str, executor: &str) -> ManualTask {
    ManualTask {
        title: title.into(),
        executors: vec![format!("user:{executor}@example.org").parse().unwrap()],
        ..ManualTask::default()
    }
}

#[tokio::test]
async fn many_are_made_at_once_and_one_that_cannot_be_made_leaves_the_others() {
    let world = world().await;
    let ctx = world.ctx("anna").await;
    let inputs = vec![
        (None, by_hand("one", "vera")),
        (None, by_hand("", "vera")),
        (None, by_hand("nobody's", "zoya")),
        (None, by_hand("two", "gleb")),
    ];
    let made = world.tasks.create_many(&ctx, inputs).await.unwrap();
    let titles: Vec<Option<&str>> = made.iter().map(|one| one.as_ref().ok().map(|task| task.title.as_str())).collect();
    assert_eq!(titles, [Some("one"), None, None, Some("two")]);
    assert_eq!(made[1].as_ref().unwrap_err().code(), "task.invalid");
    let nobody = made[2].as_ref().unwrap_err().fields_in(Locale::En);
    assert!(nobody["executors"].1.contains("zoya"), "{nobody:?}");
    assert_eq!(world.told("vera").await, ["task.new"]);
    assert_eq!(world.tasks.list(&ctx, &TaskQuery::default()).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn a_task_with_an_id_is_made_once() {
    let world = world().await;
    let ctx = world.ctx("anna").await;
    let id = |key: &str| Some(TaskId(kernel::id::derived(key)));
    let first = world.tasks.create_many(&ctx, vec![(id("a"), by_hand("first", "vera"))]).await.unwrap();
    let first = first[0].as_ref().unwrap().id;
    world.complete("vera", first, json!({})).await.unwrap();
    let again = vec![(id("a"), by_hand("again", "gleb")), (id("b"), by_hand("second", "gleb"))];
    let made = world.tasks.create_many(&ctx, again).await.unwrap();
    let (one, two) = (made[0].as_ref().unwrap(), made[1].as_ref().unwrap());
    assert_eq!((one.id, one.title.as_str(), one.state), (first, "first", TaskState::Completed));
    assert_eq!(two.title, "second");
    assert_eq!(world.tasks.list(&ctx, &TaskQuery::default()).await.unwrap().items.len(), 2);
}
