//! Stored calendars: who may set them, which one counts.

use kernel::jobs::long::Steps;

use super::*;
use crate::CalendarOf;
use crate::calendar::CalendarSettings;
use crate::tasks::{OpenDeadlines, RecountSteps};

fn mondays(hours: &str) -> CalendarSettings {
    serde_json::from_value(json!({"week": {"mon": [hours]}})).unwrap()
}

#[tokio::test]
async fn the_nearest_calendar_counts_and_without_any_the_usual_week() {
    let world = world().await;
    let admin = world.ctx("anna").await;
    let week = 7 * 86_400;
    let length = async |name: &str| {
        let calendar = world.calendars.of_person(world.db.read(), &admin, world.user(name)).await.unwrap();
        calendar.between(world.env.now(), world.env.now().plus_seconds(week)).unwrap() / 3_600
    };
    assert_eq!(length("egor").await, 40);
    world.calendars.set(&admin, CalendarOf::Company, Some(&mondays("09:00-12:00"))).await.unwrap();
    assert_eq!(length("egor").await, 3);
    let sales = CalendarOf::Department(world.departments["sales"]);
    world.calendars.set(&admin, sales, Some(&mondays("09:00-13:00"))).await.unwrap();
    // Egor's department is below sales; Anna has none.
    assert_eq!((length("egor").await, length("vera").await, length("anna").await), (4, 4, 3));
    world.calendars.set(&admin, CalendarOf::Person(world.user("egor")), Some(&mondays("09:00-14:00"))).await.unwrap();
    assert_eq!((length("egor").await, length("dina").await), (5, 4));
    world.calendars.set(&admin, sales, None).await.unwrap();
    assert_eq!((length("egor").await, length("dina").await), (5, 3));
    assert_eq!(world.calendars.get(&admin, sales).await.unwrap(), None);
    assert_eq!(world.calendars.get(&admin, CalendarOf::Company).await.unwrap(), Some(mondays("09:00-12:00")));
}

#[tokio::test]
async fn only_administrators_set_calendars_and_only_of_their_own_company() {
    let world = world().await;
    let (admin, vera) = (world.ctx("anna").await, world.ctx("vera").await);
    let set = async |ctx: &Ctx, of: CalendarOf, settings: &CalendarSettings| {
        world.calendars.set(ctx, of, Some(settings)).await
    };
    let good = mondays("09:00-12:00");
    assert_eq!(code(set(&vera, CalendarOf::Company, &good).await), "denied");
    assert_eq!(code(set(&vera, CalendarOf::Person(world.user("vera")), &good).await), "denied");
    assert_eq!(code(set(&admin, CalendarOf::Person(world.user("zoya")), &good).await), "not_found");
    assert_eq!(code(set(&admin, CalendarOf::Department(Uuid::nil()), &good).await), "not_found");
    assert_eq!(code(set(&admin, CalendarOf::Company, &mondays("9-18")).await), "calendar.invalid");
    assert_eq!(code(world.calendars.get(&vera, CalendarOf::Person(world.user("gleb"))).await), "denied");
    assert_eq!(world.calendars.get(&vera, CalendarOf::Person(world.user("vera"))).await.unwrap(), None);
    assert_eq!(world.rows("calendar").await, 0);
    let before = world.rows("audit").await;
    set(&admin, CalendarOf::Company, &good).await.unwrap();
    assert_eq!(world.rows("audit").await, before + 1);
}

/// Egor's: eight hours from Monday 12:00 in Moscow, one with a deadline by hand, and one of an hour.
async fn with_deadlines(world: &World) -> [TaskId; 3] {
    world.at("2026-03-02T09:00:00Z").await;
    let day = world.open(step(&["role:technician"], json!({"duration": 28_800, "remind_before": [3_600]}))).await;
    let hour = world.open(step(&["user:egor@example.org"], json!({"duration": 3_600}))).await;
    let said = world.make("egor", json!({"title": "said", "due": "2026-03-03T09:00:00Z"})).await.unwrap();
    [day.id, said.id, hour.id]
}

fn tuesday_off() -> CalendarSettings {
    let day = ["09:00-13:00", "14:00-18:00"];
    let week = json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day});
    serde_json::from_value(json!({"week": week, "days": [{"date": "2026-03-03", "name": "Праздник"}]})).unwrap()
}

async fn due(world: &World, id: TaskId) -> String {
    world.get(id).await.due.unwrap().to_string()
}

/// Steps of the job, one after the other.
async fn recount(world: &World, by: &str, of: CalendarOf, settings: Option<&CalendarSettings>) -> Json {
    let open = OpenDeadlines::Recompute;
    let begun = world.tasks.set_calendar(&world.ctx(by).await, of, settings, open).await.unwrap();
    let (mut job, begun) = begun.unwrap();
    assert!(begun);
    let steps = RecountSteps::new(&world.tasks, &world.identities);
    loop {
        let step = steps.step(&job).await.unwrap();
        if let Some(tx) = step.tx {
            tx.commit().await.unwrap();
        }
        (job.cursor, job.done, job.result) = (step.cursor, step.done, step.result);
        if step.over {
            assert_eq!(job.done, job.total);
            return job.result;
        }
    }
}

#[tokio::test]
async fn a_holiday_moves_open_deadlines_in_working_time_with_their_reminders_and_no_others() {
    let world = world().await;
    let [day, said, hour] = with_deadlines(&world).await;
    assert_eq!(due(&world, day).await, "2026-03-03T09:00:00Z");
    let anna = world.ctx("anna").await;
    let wanted = tuesday_off();
    let since = Some(world.get(day).await.created);
    let preview = world.tasks.preview_calendar(&anna, CalendarOf::Company, Some(&wanted), since, Some(28_800));
    let preview = preview.await.unwrap();
    assert_eq!((preview.moved, preview.complete), (1, true));
    assert_eq!(preview.due.unwrap().to_string(), "2026-03-04T09:00:00Z");
    let [example] = preview.examples.as_slice() else { panic!("{preview:?}") };
    assert_eq!((example.task, example.assignee), (day, Some(world.user("egor"))));
    assert_eq!(
        (example.due.to_string(), example.then.to_string()),
        ("2026-03-03T09:00:00Z".into(), "2026-03-04T09:00:00Z".into())
    );
    assert_eq!(due(&world, day).await, "2026-03-03T09:00:00Z", "nothing was changed");
    // Kept: what is open stays. Recomputed from the same beginning, whatever was kept before.
    let keep = world.tasks.set_calendar(&anna, CalendarOf::Company, Some(&tuesday_off()), OpenDeadlines::Keep).await;
    assert!(keep.unwrap().is_none());
    assert_eq!(due(&world, day).await, "2026-03-03T09:00:00Z");
    assert_eq!(recount(&world, "anna", CalendarOf::Company, Some(&tuesday_off())).await, json!({"moved": 1}));
    assert_eq!(due(&world, day).await, "2026-03-04T09:00:00Z");
    assert_eq!(
        (due(&world, said).await, due(&world, hour).await),
        ("2026-03-03T09:00:00Z".into(), "2026-03-02T10:00:00Z".into())
    );
    assert_eq!(recount(&world, "anna", CalendarOf::Company, Some(&tuesday_off())).await, json!({"moved": 0}), "once");
    // The reminder goes with the deadline; the old one says nothing.
    world.at("2026-03-03T09:00:00Z").await;
    assert_eq!((world.get(day).await.reminders_sent, world.get(day).await.overdue), (0, false));
    world.at("2026-03-04T08:00:00Z").await;
    assert_eq!(world.get(day).await.reminders_sent, 1);
    world.at("2026-03-04T09:00:00Z").await;
    assert!(world.get(day).await.overdue);
    // What was late and would be late all the same stays as it was told; without the holiday it is late too.
    assert_eq!(recount(&world, "anna", CalendarOf::Company, None).await, json!({"moved": 0}));
    assert!(world.get(day).await.overdue);
}

#[tokio::test]
async fn a_calendar_moves_what_it_reaches_alone() {
    let world = world().await;
    let [day, ..] = with_deadlines(&world).await;
    let managers = world.open(step(&["user:vera@example.org"], json!({"duration": 28_800}))).await;
    let workshop = CalendarOf::Department(world.departments["workshop"]);
    assert_eq!(recount(&world, "anna", workshop, Some(&tuesday_off())).await, json!({"moved": 1}));
    assert_eq!(due(&world, day).await, "2026-03-04T09:00:00Z");
    assert_eq!(due(&world, managers.id).await, "2026-03-03T09:00:01Z");
    // The workshop has its own: the company's moves the managers' alone.
    assert_eq!(recount(&world, "anna", CalendarOf::Company, Some(&tuesday_off())).await, json!({"moved": 1}));
    assert_eq!(due(&world, managers.id).await, "2026-03-04T09:00:01Z");
    // Egor's own, from nine to two: his day is over on Wednesday at ten. Taken away, it is the workshop's again.
    let mornings: CalendarSettings = serde_json::from_value(
        json!({"week": {"mon": ["09:00-14:00"], "tue": ["09:00-14:00"], "wed": ["09:00-14:00"]}}),
    )
    .unwrap();
    let own = CalendarOf::Person(world.user("egor"));
    assert_eq!(recount(&world, "anna", own, Some(&mornings)).await, json!({"moved": 1}));
    assert_eq!(due(&world, day).await, "2026-03-04T07:00:00Z");
    assert_eq!(recount(&world, "anna", own, None).await, json!({"moved": 1}));
    assert_eq!(due(&world, day).await, "2026-03-04T09:00:00Z");
}

#[tokio::test]
async fn previews_are_for_administrators_and_have_limits() {
    let world = world().await;
    let (anna, vera) = (world.ctx("anna").await, world.ctx("vera").await);
    let preview = async |ctx: &Ctx, of: CalendarOf, settings: &CalendarSettings, seconds: Option<i64>| {
        world.tasks.preview_calendar(ctx, of, Some(settings), None, seconds).await
    };
    let good = mondays("09:00-12:00");
    assert_eq!(code(preview(&vera, CalendarOf::Company, &good, None).await), "denied");
    assert_eq!(code(preview(&anna, CalendarOf::Person(world.user("zoya")), &good, None).await), "not_found");
    assert_eq!(code(preview(&anna, CalendarOf::Company, &mondays("9-18"), None).await), "calendar.invalid");
    assert_eq!(fields(preview(&anna, CalendarOf::Company, &good, Some(-1)).await), "duration:range");
    assert_eq!(fields(preview(&anna, CalendarOf::Company, &good, Some(i64::MAX)).await), "duration:range");
    let set = world.tasks.set_calendar(&vera, CalendarOf::Company, Some(&good), OpenDeadlines::Recompute).await;
    assert_eq!(code(set), "denied");
    assert_eq!((world.rows("calendar").await, world.rows("long_job").await), (0, 0));
}
