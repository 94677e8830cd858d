//! A line that becomes a task, as far as people are named in it.

use super::*;
use crate::tasks::{QuickKind, QuickLine, QuickTask};

async fn parsed(world: &World, by: &str, text: &str) -> QuickTask {
    world.tasks.parse(&world.ctx(by).await, &QuickLine { text: text.into(), time_zone: None }, true).await.unwrap()
}

#[tokio::test]
async fn a_line_is_a_title_a_deadline_and_a_person() {
    let world = world().await;
    let task = parsed(&world, "anna", "call Ivanov tomorrow 15:00 @vera").await;
    assert_eq!((task.title.as_str(), task.due.unwrap().to_string().as_str()), ("call Ivanov", "2026-03-03T12:00:00Z"));
    assert_eq!(task.assignee.as_ref().unwrap().id, world.user("vera"));
    let chips: Vec<_> = task.chips.iter().map(|chip| (chip.kind, chip.text.as_str(), chip.from, chip.to)).collect();
    let expected =
        [(QuickKind::Due, "tomorrow", 12, 20), (QuickKind::Due, "15:00", 21, 26), (QuickKind::Person, "@vera", 27, 32)];
    assert_eq!(chips, expected);
    // By the writer's own calendar: in Vladivostok it is seven hours earlier.
    let zone: crate::CalendarSettings =
        serde_json::from_value(json!({"time_zone": "Asia/Vladivostok", "week": {"tue": ["09:00-12:00"]}})).unwrap();
    let own = crate::CalendarOf::Person(world.user("anna"));
    world.calendars.set(&world.ctx("anna").await, own, Some(&zone)).await.unwrap();
    assert_eq!(parsed(&world, "anna", "x завтра 15:00").await.due.unwrap().to_string(), "2026-03-03T05:00:00Z");
    assert_eq!(parsed(&world, "anna", "x завтра").await.due.unwrap().to_string(), "2026-03-03T02:00:00Z");
}

#[tokio::test]
async fn people_are_found_by_name_in_any_alphabet_and_by_address() {
    let world = world().await;
    let anna = world.ctx("anna").await;
    for (name, email) in [
        ("Иван Петров", "i.petrov@example.org"),
        ("Пётр Иванов-Сидоров", "petr@example.org"),
        ("Ιωάννα Παππά", "jp@example.org"),
    ] {
        let new = NewUser { name: name.into(), email: email.into(), ..NewUser::default() };
        user::create(&world.db, &anna, &new).await.unwrap();
    }
    let found = async |text: &str| {
        let task = parsed(&world, "anna", text).await;
        (task.assignee.map(|person| person.name), task.title)
    };
    for (text, expected) in [
        ("x @петров", Some("Иван Петров")),
        ("x @ПЕТРОВ, please", Some("Иван Петров")),
        ("x @Иван.Петров", Some("Иван Петров")),
        ("x @ива_петро", Some("Иван Петров")),
        ("x @i.petrov", Some("Иван Петров")),
        ("x @петр", Some("Пётр Иванов-Сидоров")),
        ("x @сидоров", Some("Пётр Иванов-Сидоров")),
        ("x @παππά", Some("Ιωάννα Παππά")),
        ("x @никто", None),
        ("x @yana", None),
    ] {
        let (assignee, title) = found(text).await;
        assert_eq!(assignee.as_deref(), expected, "{text}");
        assert_eq!(title.contains('@'), expected.is_none(), "{title}: a name that is nobody's stays");
    }
    // Several: whom to choose from, and the name stays until somebody has chosen.
    let task = parsed(&world, "anna", "x @и").await;
    let people: Vec<&str> = task.chips[0].people.iter().map(|person| person.name.as_str()).collect();
    assert_eq!((task.assignee, people.len()), (None, 2));
    // Whoever left is not named.
    let gone = UserPatch { active: Some(false), ..UserPatch::default() };
    user::update(&world.db, &anna, kernel::UserId(world.user("gleb")), &gone).await.unwrap();
    assert_eq!(found("x @gleb").await, (None, "x @gleb".into()));
}

#[tokio::test]
async fn who_is_told_of_nobody_finds_only_themselves() {
    let world = world().await;
    let vera = world.ctx("vera").await;
    for (text, expected) in [("x @gleb", None), ("x @vera", Some(world.user("vera")))] {
        let line = QuickLine { text: text.into(), time_zone: None };
        let task = world.tasks.parse(&vera, &line, false).await.unwrap();
        assert_eq!(task.assignee.map(|person| person.id), expected, "{text}");
        assert_eq!(task.chips[0].people.is_empty(), expected.is_none(), "{text}");
    }
}

#[tokio::test]
async fn lines_have_limits() {
    let world = world().await;
    let vera = world.ctx("vera").await;
    let line = async |text: String| world.tasks.parse(&vera, &QuickLine { text, time_zone: None }, true).await;
    assert_eq!(fields(line("я".repeat(501)).await), "text:too_long");
    assert_eq!(fields(line("a\0".into()).await), "text:characters");
    assert!(line("@я ".repeat(166)).await.unwrap().chips.len() <= 5);
    assert_eq!(line(String::new()).await.unwrap().title, "");
    assert_eq!(
        code(world.tasks.parse(&world.system().await, &QuickLine { text: "x".into(), time_zone: None }, true).await),
        "denied"
    );
    assert_eq!(world.rows("task").await, 0, "nothing was made");
}
