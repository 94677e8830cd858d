//! Stored calendars: who may set them, which one counts.

use super::*;
use crate::CalendarOf;
use crate::calendar::CalendarSettings;

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
