//! Counters: each number opens exactly that many.

use super::*;
use crate::tasks::{Acceptance, Returning, TaskQuery};

const NAMES: [&str; 8] = ["open", "overdue", "due_today", "returned", "new", "unclaimed", "review", "violations"];

/// The counters of `of` as `by` sees them, each checked against the list that it opens.
async fn counted(world: &World, by: &str, of: &str) -> Vec<i64> {
    let ctx = world.ctx(by).await;
    let counters = serde_json::to_value(world.tasks.counters(&ctx).await.unwrap()).unwrap();
    let count = match of {
        "me" => counters["mine"].clone(),
        "team" => counters["team"].clone(),
        name => {
            let people = counters["subordinates"].as_array().unwrap();
            people.iter().find(|person| person["name"] == name).unwrap().clone()
        }
    };
    let mut numbers = Vec::new();
    for name in NAMES {
        let number = count[name].as_i64().unwrap_or_else(|| panic!("{name} of {count}"));
        let of = if ["me", "team"].contains(&of) { of.to_owned() } else { world.user(of).to_string() };
        let query = json!({"counter": name, "of": of, "total": true, "limit": 200});
        let page = world.tasks.list(&ctx, &serde_json::from_value::<TaskQuery>(query).unwrap()).await.unwrap();
        assert_eq!(
            (page.total, page.items.len()),
            (Some(number), usize::try_from(number).unwrap()),
            "{by}: {name} of {of}"
        );
        numbers.push(number);
    }
    numbers
}

async fn seen(world: &World, by: &str, id: TaskId) {
    world.tasks.seen(&world.ctx(by).await, id).await.unwrap();
}

#[tokio::test]
async fn a_task_is_new_until_whoever_has_it_has_looked_at_it() {
    let world = world().await;
    world.make("vera", json!({"title": "her own"})).await.unwrap();
    let given = world.make("boris", json!({"title": "given", "assignee": "vera@example.org"})).await.unwrap();
    assert!(given.unseen);
    assert_eq!(counted(&world, "vera", "me").await, [2, 0, 0, 0, 1, 0, 0, 0]);
    seen(&world, "boris", given.id).await;
    assert_eq!(counted(&world, "vera", "me").await[4], 1, "the maker looked, not she");
    let version = world.get(given.id).await.version;
    seen(&world, "vera", given.id).await;
    seen(&world, "vera", given.id).await;
    assert_eq!(counted(&world, "vera", "me").await[4], 0);
    assert_eq!((world.get(given.id).await.unseen, world.get(given.id).await.version), (false, version));
    let to: crate::tasks::Delegation = serde_json::from_value(json!({"to": "gleb@example.org"})).unwrap();
    world.tasks.delegate(&world.ctx("vera").await, given.id, &to).await.unwrap();
    assert_eq!((counted(&world, "vera", "me").await[4], counted(&world, "gleb", "me").await[4]), (0, 1));
    let offered = world.make("boris", json!({"title": "offered", "executors": ["role:manager"]})).await.unwrap();
    assert_eq!(counted(&world, "vera", "me").await, [1, 0, 0, 0, 0, 1, 0, 0]);
    world.tasks.claim(&world.ctx("vera").await, offered.id).await.unwrap();
    assert_eq!(counted(&world, "vera", "me").await, [2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(code(world.tasks.seen(&world.ctx("zoya").await, given.id).await), "not_found");
}

#[tokio::test]
async fn what_comes_back_is_counted_until_it_is_done_again() {
    let world = world().await;
    let task = world.make("boris", json!({"title": "x", "assignee": "vera@example.org"})).await.unwrap();
    let done = async || world.complete("vera", task.id, json!({"acceptance": true})).await.unwrap();
    done().await;
    let boris = world.ctx("boris").await;
    world.tasks.give_back(&boris, task.id, &Returning { note: "again".into() }).await.unwrap();
    assert_eq!(counted(&world, "vera", "me").await[3], 1);
    done().await;
    assert_eq!((counted(&world, "vera", "me").await[3], counted(&world, "boris", "me").await[6]), (0, 1));
    world.tasks.accept(&boris, task.id, &Acceptance { mark: None }).await.unwrap();
    assert_eq!(counted(&world, "boris", "me").await, [0; 8]);
}

#[tokio::test]
async fn violations_are_what_is_late_whoever_it_waits_for() {
    let world = world().await;
    // To be taken within four working hours: from 9 to 13 in Moscow; half of it is gone at 11.
    let offered = step(&["role:manager"], json!({"duration": 14_400}));
    let offered = world.open(offered).await;
    let late = world.make("vera", json!({"title": "late", "due": "2026-03-02T07:00:00Z"})).await.unwrap();
    assert_eq!(counted(&world, "vera", "me").await, [1, 0, 1, 0, 0, 1, 0, 0]);
    world.at("2026-03-02T07:59:59Z").await;
    assert_eq!(counted(&world, "vera", "me").await, [1, 1, 0, 0, 0, 1, 0, 1]);
    world.at("2026-03-02T08:00:00Z").await;
    assert_eq!(counted(&world, "vera", "me").await, [1, 1, 0, 0, 0, 1, 0, 2]);
    assert_eq!(counted(&world, "gleb", "me").await, [0, 0, 0, 0, 0, 1, 0, 1]);
    // The heads see each of theirs; a task that both might take is one of the team.
    assert_eq!(counted(&world, "boris", "vera").await[7], 2);
    assert_eq!(counted(&world, "boris", "team").await, [1, 1, 0, 0, 0, 1, 0, 2]);
    world.tasks.claim(&world.ctx("gleb").await, offered.id).await.unwrap();
    assert_eq!(counted(&world, "boris", "team").await, [2, 1, 1, 0, 0, 0, 0, 1]);
    // Done on Monday at 12 and not looked at by Tuesday 12: a working day.
    let given = world.make("vera", json!({"title": "given", "assignee": "gleb@example.org"})).await.unwrap();
    world.at("2026-03-02T09:00:00Z").await;
    world.complete("gleb", given.id, json!({"acceptance": true})).await.unwrap();
    world.complete("gleb", offered.id, json!({})).await.unwrap();
    world.complete("vera", late.id, json!({})).await.unwrap();
    world.at("2026-03-03T08:59:59Z").await;
    assert_eq!(counted(&world, "vera", "me").await, [0, 0, 0, 0, 0, 0, 1, 0]);
    world.at("2026-03-03T09:00:00Z").await;
    assert_eq!(counted(&world, "vera", "me").await, [0, 0, 0, 0, 0, 0, 1, 1]);
    assert_eq!(counted(&world, "boris", "team").await, [0, 0, 0, 0, 0, 0, 1, 1]);
}

#[tokio::test]
async fn counters_of_others_open_only_what_one_sees() {
    let world = world().await;
    world.make("egor", json!({"title": "his"})).await.unwrap();
    let list = async |by: &str, of: Json| {
        let query: TaskQuery = serde_json::from_value(json!({"counter": "open", "of": of})).unwrap();
        world.tasks.list(&world.ctx(by).await, &query).await
    };
    for (by, expected) in [("dina", 1), ("boris", 1), ("anna", 1), ("vera", 0), ("zoya", 0)] {
        assert_eq!(list(by, json!(world.user("egor"))).await.unwrap().items.len(), expected, "{by}");
    }
    assert_eq!(fields(list("vera", json!("x")).await), "of:id");
    assert!(serde_json::from_value::<TaskQuery>(json!({"counter": "all"})).is_err());
}
