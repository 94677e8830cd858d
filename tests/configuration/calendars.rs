//! Working calendars out of one company, into another.

use kernel::Locale;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{exported, file_of, import, named, unpacked};
use crate::app::{Client, TestApp};

fn monday(hours: &str) -> Value {
    json!({"calendar": {"week": {"mon": [hours]}, "days": [{"date": "2027-05-03", "name": "Off"}]}})
}

async fn set(client: &Client<'_>, of: &str, calendar: Value) {
    client.put(&format!("/calendars/{of}"), calendar).await.ok(200);
}

/// The first hours of a calendar's Monday; none where there is no calendar.
async fn hours(client: &Client<'_>, of: &str) -> Option<String> {
    let view = client.get(&format!("/calendars/{of}")).await.ok(200);
    view["calendar"]["week"]["mon"][0].as_str().map(str::to_owned)
}

async fn department(client: &Client<'_>, name: &str, above: Option<&str>) -> String {
    client.post("/departments", json!({"name": name, "parent_id": above})).await.id()
}

#[tokio::test]
async fn calendars_move_by_the_names_of_departments_and_those_of_people_stay() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    let top = department(&admin, "Sales", None).await;
    let north = department(&admin, "North", Some(&top)).await;
    set(&admin, "company", monday("08:00-17:00")).await;
    set(&admin, &format!("department:{north}"), monday("10:00-19:00")).await;
    set(&admin, &format!("user:{}", app.id_of("max")), monday("12:00-14:00")).await;
    let file = exported(&admin).await;
    let told = &unpacked(&file)["calendars.json"];
    assert_eq!(told.as_array().unwrap().len(), 2, "{told}");
    assert_eq!(told[1]["department"], json!(["Sales", "North"]));
    let areas = admin.get("/configuration/areas").await.ok(200);
    let calendars = areas["items"].as_array().unwrap().iter().find(|one| one["area"] == "calendars").unwrap();
    assert_eq!((&calendars["count"], calendars["left_out"].as_array().unwrap().len()), (&json!(2), 1));

    let alone = file_of("calendars", told.clone());
    let plan = import(&stranger, &alone, true).await.ok(200);
    assert_eq!(named(&plan, "missing"), ["calendars department.Sales / North"], "there is no such department");
    import(&stranger, &alone, false).await.problem(409, "config.import");
    assert_eq!(hours(&stranger, "company").await, None);

    // One of the name elsewhere is another one.
    department(&stranger, "North", None).await;
    import(&stranger, &alone, false).await.problem(409, "config.import");
    let top = department(&stranger, "Sales", None).await;
    let here = department(&stranger, "North", Some(&top)).await;
    let plan = import(&stranger, &alone, true).await.ok(200);
    assert_eq!(named(&plan, "create"), ["calendars company", "calendars department.Sales / North"]);
    assert_eq!(hours(&stranger, "company").await, None, "a dry run leaves nothing");
    let done = import(&stranger, &alone, false).await.ok(200);
    assert_eq!(hours(&stranger, "company").await.as_deref(), Some("08:00-17:00"));
    assert_eq!(hours(&stranger, &format!("department:{here}")).await.as_deref(), Some("10:00-19:00"));
    let again = import(&stranger, &alone, false).await.ok(200);
    assert_eq!((&again["create"], &again["change"], &again["applied"]), (&json!([]), &json!([]), &json!(false)));
    assert_eq!(unpacked(&exported(&stranger).await)["calendars.json"], *told, "the same content, the same bytes");

    // A change is told with its hours before and after.
    set(&stranger, "company", monday("07:00-16:00")).await;
    let plan = import(&stranger, &alone, true).await.ok(200);
    assert_eq!(named(&plan, "change"), ["calendars company"]);
    assert_eq!(plan["change"][0]["before"]["calendar"]["week"]["mon"], json!(["07:00-16:00"]));
    import(&stranger, &alone, false).await.ok(200);
    let id = done["change_id"].as_str().unwrap();
    let told = stranger.get("/configuration/changes").await.ok(200);
    let first = told["items"].as_array().unwrap().iter().find(|act| act["key"] == id).unwrap()["id"].clone();
    let path = format!("/configuration/changes/{}/restore?dry_run=false", first.as_str().unwrap());
    stranger.post(&path, json!({})).await.ok(200);
    assert_eq!(
        (hours(&stranger, "company").await, hours(&stranger, &format!("department:{here}")).await),
        (None, None)
    );
    assert_eq!(hours(&admin, "company").await.as_deref(), Some("08:00-17:00"), "nothing reached the other company");
    app.finish().await;
}

#[tokio::test]
async fn a_calendar_comes_back_from_its_history() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    for of in ["company".to_owned(), format!("user:{}", app.id_of("max"))] {
        set(&admin, &of, monday("08:00-17:00")).await;
        app.clock.advance_seconds(60);
        set(&admin, &of, monday("09:00-18:00")).await;
        let told = admin.get("/configuration/changes?area=calendars").await.ok(200);
        let newest = &told["items"][0];
        assert_eq!((&newest["action"], &newest["restorable"]), (&json!("calendar.updated"), &json!(true)), "{newest}");
        assert_eq!(newest["before"]["calendar"]["week"]["mon"], json!(["08:00-17:00"]));
        let path = format!("/configuration/changes/{}/restore", newest["id"].as_str().unwrap());
        let plan = admin.post(&format!("{path}?dry_run=true"), json!({})).await.ok(200);
        assert_eq!(plan["change"].as_array().unwrap().len(), 1, "{plan}");
        assert_eq!(hours(&admin, &of).await.as_deref(), Some("09:00-18:00"));
        admin.post(&format!("{path}?dry_run=false"), json!({})).await.ok(200);
        assert_eq!(hours(&admin, &of).await.as_deref(), Some("08:00-17:00"));
        app.clock.advance_seconds(60);
        // What was made first goes again.
        let told = admin.get("/configuration/changes?area=calendars").await.ok(200);
        let acts = told["items"].as_array().unwrap();
        let made = acts.iter().find(|act| act.get("before").is_none()).unwrap();
        let path = format!("/configuration/changes/{}/restore?dry_run=false", made["id"].as_str().unwrap());
        admin.post(&path, json!({})).await.ok(200);
        assert_eq!(hours(&admin, &of).await, None);
        app.clock.advance_seconds(60);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_calendar_that_cannot_be_set_is_told_and_nothing_is_taken_in() {
    let app = TestApp::start().await;
    let admin = app.admin();
    set(&admin, "company", monday("08:00-17:00")).await;
    let before = exported(&admin).await;
    for calendar in [
        json!({}),
        json!({"week": {}}),
        json!({"week": {"mon": ["25:00-26:00"]}}),
        json!({"week": {"mon": ["09:00-18:00"]}, "time_zone": "Mars/Olympus"}),
        json!({"week": {"mon": ["09:00-18:00"]}, "cycle": {"anchor": "2026-01-01", "days": [["09:00-18:00"]]}}),
        json!({"cycle": {"anchor": "2026-01-01", "days": vec![["09:00-18:00"]; 367]}}),
    ] {
        let file = file_of("calendars", json!([{ "calendar": calendar }]));
        let plan = import(&admin, &file, true).await.ok(200);
        assert_eq!(named(&plan, "conflicts").first().map(String::as_str), Some("calendars company"), "{calendar}");
        import(&admin, &file, false).await.problem(409, "config.import");
    }
    let calendar = &monday("09:00-18:00")["calendar"];
    for spec in [
        json!({"calendar": calendar, "secret": 1}),
        json!({"calendar": {"weeks": {}}}),
        // People do not move, however they are written.
        json!({"calendar": calendar, "person": Uuid::nil()}),
        json!({"calendar": calendar, "person": Uuid::nil().simple().to_string()}),
        json!({"calendar": calendar, "person": Uuid::nil(), "department": ["Sales"]}),
    ] {
        let file = file_of("calendars", json!([spec]));
        assert!(!import(&admin, &file, false).await.status.is_success(), "{spec}");
    }
    assert_eq!(exported(&admin).await, before);
    app.finish().await;
}
