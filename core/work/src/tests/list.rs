//! Lists and counters: only what the actor sees, page by page.

use super::*;
use crate::tasks::TaskQuery;
use kernel::{RecordId, TaskId};

async fn titles(world: &World, by: &str, query: Json) -> Vec<String> {
    let query: TaskQuery = serde_json::from_value(query).unwrap();
    let page = world.tasks.list(&world.ctx(by).await, &query).await.unwrap();
    page.items.into_iter().map(|task| task.title).collect()
}

/// a: Vera's own. b: for managers, due soon. c: Egor's, by Vera, about a deal. d: done by Gleb. z: of another company.
async fn filled() -> (World, RecordId) {
    let world = world().await;
    let deal = world.deal("vera").await;
    world.make("vera", json!({"title": "a Счёт"})).await.unwrap();
    world
        .make("boris", json!({"title": "b Звонок 100%", "executors": ["role:manager"], "due": "2026-03-02T08:00:00Z"}))
        .await
        .unwrap();
    let c = json!({"title": "c", "assignee": "egor@example.org", "subject": {"entity": "deal", "id": deal}, "due": "2026-03-02T07:00:00Z"});
    world.make("vera", c).await.unwrap();
    let d = world.make("gleb", json!({"title": "d", "due": "2026-03-02T06:30:00Z"})).await.unwrap();
    world.complete("gleb", d.id, json!({})).await.unwrap();
    world.make("zoya", json!({"title": "z"})).await.unwrap();
    (world, deal)
}

#[tokio::test]
async fn everybody_sees_their_own_their_makings_and_what_is_below_them() {
    let (world, _) = filled().await;
    let all = json!({});
    assert_eq!(titles(&world, "anna", all.clone()).await, ["d", "c", "b Звонок 100%", "a Счёт"]);
    assert_eq!(titles(&world, "boris", all.clone()).await, ["d", "c", "b Звонок 100%", "a Счёт"]);
    assert_eq!(titles(&world, "vera", all.clone()).await, ["c", "b Звонок 100%", "a Счёт"]);
    assert_eq!(titles(&world, "gleb", all.clone()).await, ["d", "b Звонок 100%"]);
    assert_eq!(titles(&world, "dina", all.clone()).await, ["c"]);
    assert_eq!(titles(&world, "egor", all.clone()).await, ["c"]);
    assert_eq!(titles(&world, "zoya", all.clone()).await, ["z"]);
    assert_eq!(titles(&world, "yana", all).await, [""; 0]);
    let zoya = world.ctx("zoya").await;
    let ids: Vec<TaskId> = world
        .tasks
        .list(&world.ctx("anna").await, &TaskQuery::default())
        .await
        .unwrap()
        .items
        .iter()
        .map(|t| t.id)
        .collect();
    assert!(world.tasks.visible(&zoya, &ids).await.unwrap().is_empty());
    assert_eq!(world.tasks.visible(&world.ctx("gleb").await, &ids).await.unwrap().len(), 2);
}

#[tokio::test]
async fn filters_narrow() {
    let (world, deal) = filled().await;
    world.clock.advance_seconds(3_600);
    for (query, expected) in [
        (json!({"assignee": "none"}), &["b Звонок 100%"][..]),
        (json!({"assignee": world.user("egor")}), &["c"]),
        (json!({"candidate": world.user("gleb")}), &["d", "b Звонок 100%"]),
        (json!({"creator": world.user("boris")}), &["b Звонок 100%"]),
        (json!({"role": "manager"}), &["b Звонок 100%"]),
        (json!({"role": "no such"}), &[]),
        (json!({"state": "open"}), &["c", "b Звонок 100%", "a Счёт"]),
        (json!({"state": "completed"}), &["d"]),
        (json!({"overdue": true}), &["c"]),
        (json!({"overdue": false, "state": "open"}), &["b Звонок 100%", "a Счёт"]),
        (json!({"subject": deal}), &["c"]),
        (json!({"subject": format!("deal:{deal}")}), &["c"]),
        (json!({"subject": format!("lead:{deal}")}), &[]),
        (json!({"q": "ЗВОНОК"}), &["b Звонок 100%"]),
        (json!({"q": "100%"}), &["b Звонок 100%"]),
        (json!({"q": "1%0"}), &[]),
        (json!({"q": "с_ёт"}), &[]),
        (json!({"element": "Task_1"}), &[]),
        (json!({"instance": Uuid::nil()}), &[]),
        (json!({"sort": "due"}), &["d", "c", "b Звонок 100%", "a Счёт"]),
    ] {
        assert_eq!(titles(&world, "anna", query.clone()).await, expected, "{query}");
    }
    assert_eq!(titles(&world, "egor", json!({"assignee": "me"})).await, ["c"]);
}

#[tokio::test]
async fn wrong_questions_are_named() {
    let world = world().await;
    let anna = world.ctx("anna").await;
    for (query, expected) in [
        (json!({"limit": 0}), "limit:range"),
        (json!({"limit": 100_000}), "limit:range"),
        (json!({"assignee": "x"}), "assignee:id"),
        (json!({"sort": "title"}), "sort:choice"),
        (json!({"cursor": "x"}), "cursor:invalid"),
        (json!({"cursor": "x_y", "sort": "due"}), "cursor:invalid"),
        (json!({"subject": "deal"}), "subject:id"),
        (json!({"q": "x".repeat(300)}), "q:too_long"),
        (json!({"role": "a\0"}), "role:characters"),
        (json!({"element": "a\0"}), "element:characters"),
    ] {
        let query: TaskQuery = serde_json::from_value(query).unwrap();
        assert_eq!(fields(world.tasks.list(&anna, &query).await), expected);
    }
    assert!(serde_json::from_value::<TaskQuery>(json!({"stat": "open"})).is_err());
    assert!(serde_json::from_value::<TaskQuery>(json!({"state": "done"})).is_err());
}

#[tokio::test]
async fn pages_hold_every_task_once_in_either_order() {
    let world = world().await;
    for n in 0..23 {
        let due = if n % 3 == 0 { Json::Null } else { json!(format!("2026-03-0{}T12:00:00Z", 3 + n % 4)) };
        world.make("vera", json!({"title": n.to_string(), "due": due})).await.unwrap();
    }
    let vera = world.ctx("vera").await;
    for sort in ["created", "due"] {
        let mut query = TaskQuery { limit: Some(5), sort: Some(sort.into()), total: true, ..TaskQuery::default() };
        let mut seen = Vec::new();
        loop {
            let page = world.tasks.list(&vera, &query).await.unwrap();
            assert_eq!(page.total, Some(23));
            seen.extend(page.items.iter().map(|task| (task.due.map_or(i64::MAX, |due| due.0), task.id)));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((seen.len(), sorted.len()), (23, 23), "{sort}");
        if sort == "due" {
            assert_eq!(seen, sorted);
        }
    }
}

#[tokio::test]
async fn counters_are_of_the_person_and_of_those_below() {
    let (world, _) = filled().await;
    world.clock.advance_seconds(3_600);
    let counters = async |name: &str| world.tasks.counters(&world.ctx(name).await).await.unwrap();
    let vera = counters("vera").await;
    assert_eq!((vera.mine.open, vera.mine.overdue, vera.mine.due_today, vera.mine.unclaimed), (1, 0, 0, 1));
    assert!(vera.subordinates.is_empty());
    let egor = counters("egor").await;
    assert_eq!((egor.mine.open, egor.mine.overdue), (1, 1));
    let boris = counters("boris").await;
    assert_eq!((boris.mine.open, boris.mine.unclaimed), (0, 0));
    assert_eq!((boris.team.open, boris.team.overdue, boris.team.unclaimed), (2, 1, 1));
    let names: Vec<&str> = boris.subordinates.iter().map(|person| person.name.as_str()).collect();
    assert_eq!(names, ["dina", "egor", "gleb", "vera"]);
    assert_eq!(boris.subordinates[2].count.unclaimed, 1);
    world.make("gleb", json!({"title": "сегодня", "due": "2026-03-02T20:00:00Z"})).await.unwrap();
    world.make("gleb", json!({"title": "завтра", "due": "2026-03-02T21:00:00Z"})).await.unwrap();
    // Midnight in Moscow is 21:00 in UTC.
    assert_eq!(counters("gleb").await.mine.due_today, 1);
    let json = serde_json::to_value(counters("dina").await).unwrap();
    assert_eq!(json["subordinates"][0]["overdue"], json!(1));
}

#[tokio::test]
async fn notifications_are_the_readers_own_and_are_read_once() {
    let (world, _) = filled().await;
    let egor = world.ctx("egor").await;
    let page = notifications::list(&world.db, &egor, &NotificationQuery::default()).await.unwrap();
    assert_eq!((page.items.len(), page.unread), (1, 1));
    assert_eq!(page.items[0].text, "Новая задача: «c».");
    let input: notifications::ReadInput = serde_json::from_value(json!({"ids": [page.items[0].id]})).unwrap();
    assert_eq!(notifications::mark_read(&world.db, &world.ctx("vera").await, &input).await.unwrap(), 0);
    assert_eq!(notifications::mark_read(&world.db, &egor, &input).await.unwrap(), 1);
    assert_eq!(notifications::mark_read(&world.db, &egor, &input).await.unwrap(), 0);
    assert_eq!(notifications::unread(&world.db, &egor).await.unwrap(), 0);
}
