//! Whose a figure is: results are the owner's at closing, open work the owner's now; clients; what nobody works on; the past.

use serde_json::{Value, json};

use super::{ask, at, office_hours, opens_what_it_counts, stage};
use crate::app::TestApp;

async fn of(app: &TestApp, name: &str, measure: &str) -> Value {
    let answer = ask(app, "admin", json!({"measures": [measure], "group_by": ["manager"]})).await;
    opens_what_it_counts(app, "admin", &answer).await;
    let id = app.id_of(name).to_string();
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.filter(|row| row["group"]["manager"] == id)
        .map(|row| row["values"][measure].clone())
        .next()
        .unwrap_or(json!(0))
}

#[tokio::test]
async fn what_was_won_stays_with_who_owned_it_then_and_open_work_goes_over() {
    let mut app = TestApp::build().person("ann", "sales_manager").person("bob", "sales_manager").start().await;
    let (north, south) = (app.department("North", None, &["ann"]).await, app.department("South", None, &["bob"]).await);
    let (ann, bob) = (app.id_of("ann"), app.id_of("bob"));
    let mut deals = Vec::new();
    for title in ["won", "open"] {
        deals.push(app.record("deal", json!({"title": title, "owner": ann, "amount": 100})).await);
    }
    stage(&app, "deal", &deals[0], "won").await;
    for deal in &deals {
        app.admin().update("deal", deal, json!({"owner": bob})).await.ok(200);
    }
    assert_eq!((of(&app, "ann", "deal.won").await, of(&app, "ann", "deal.open").await), (json!(1), json!(0)));
    assert_eq!((of(&app, "bob", "deal.won").await, of(&app, "bob", "deal.open").await), (json!(0), json!(1)));
    assert_eq!(of(&app, "ann", "deal.won_amount").await, 100);
    let answer = ask(&app, "admin", json!({"measures": ["deal.won", "deal.open"], "group_by": ["department"]})).await;
    opens_what_it_counts(&app, "admin", &answer).await;
    for (department, won, open) in [(north, 1, 0), (south, 0, 1)] {
        let row =
            answer["rows"].as_array().unwrap().iter().find(|row| row["group"]["department"] == department.to_string());
        assert_eq!(row.unwrap()["values"], json!({"deal.won": won, "deal.open": open}), "{answer:#}");
    }
    assert_eq!(answer["refs"][north.to_string()]["title"], "North");
    let managers = app.admin().post("/reports/managers", json!({})).await.ok(200);
    let row = managers["rows"].as_array().unwrap().iter().find(|row| row["user"] == ann.to_string()).unwrap();
    assert_eq!((&row["values"]["deal.won"], &row["values"]["deal.open"]), (&json!(1), &json!(0)), "{managers:#}");
    assert_eq!(managers["totals"]["values"]["deal.won_amount"], 100);
    let only = app.admin().post("/reports/managers", json!({"department": south})).await.ok(200);
    assert!(only["rows"].as_array().unwrap().iter().all(|row| row["user"] == bob.to_string()), "{only}");
    // Opened again it is nobody's result.
    stage(&app, "deal", &deals[0], "quote").await;
    assert_eq!(of(&app, "ann", "deal.won").await, 0);
    let record = app.admin().get(&format!("/records/deal/{}", deals[0])).await.ok(200);
    assert_eq!(record["fields"]["closed_owner"], Value::Null);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn clients_are_gained_once_and_come_again() {
    let app = TestApp::start().await;
    at(&app, "2027-03-01T10:00:00Z");
    let [one, two] = ["one", "two"].map(|title| json!({"title": title}));
    let (one, two) = (app.record("company", one).await, app.record("company", two).await);
    let contact = app.record("contact", json!({"title": "Ann", "phones": ["+79161234567"]})).await;
    let won = async |fields: Value| {
        let id = app.admin().create("deal", fields).await.id();
        stage(&app, "deal", &id, "won").await;
    };
    won(json!({"title": "a", "company": one})).await;
    won(json!({"title": "b", "contacts": [contact]})).await;
    won(json!({"title": "nobody's"})).await;
    at(&app, "2027-04-01T10:00:00Z");
    won(json!({"title": "c", "company": one})).await;
    won(json!({"title": "d", "company": two})).await;
    let month = |from: &str, to: &str| json!({"measures": ["client.gained", "client.repeat", "deal.cross"], "period": {"from": from, "to": to}});
    for (from, to, gained, repeat) in [("2027-03-01", "2027-04-01", 2, 0.0), ("2027-04-01", "2027-05-01", 1, 33.3)] {
        let answer = ask(&app, "admin", month(from, to)).await;
        let values = &answer["totals"]["values"];
        assert_eq!(
            (&values["client.gained"], values["client.repeat"].as_f64()),
            (&json!(gained), Some(repeat)),
            "{from}"
        );
        assert_eq!(values["deal.cross"], 0);
        opens_what_it_counts(&app, "admin", &answer).await;
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_deal_is_idle_after_ten_working_days_without_anything_done_or_planned() {
    let app = TestApp::start().await;
    office_hours(&app).await;
    at(&app, "2027-03-01T09:00:00Z");
    let mut deals = Vec::new();
    for title in ["idle", "called", "planned", "won"] {
        deals.push(app.record("deal", json!({"title": title})).await);
    }
    stage(&app, "deal", &deals[3], "won").await;
    let activity = |deal: &str, done: bool| json!({"title": "x", "kind": "call", "done": done, "record_entity": "deal", "record_id": deal});
    app.record("activity", activity(&deals[2], false)).await;
    app.record("activity", activity(&deals[0], true)).await;
    at(&app, "2027-03-10T12:00:00Z");
    app.record("activity", activity(&deals[1], true)).await;
    app.record("deal", json!({"title": "young"})).await;
    // Ten working days back from Monday, 15 March, 09:00 is Monday the 1st, 09:00.
    at(&app, "2027-03-15T09:00:00Z");
    let idle = json!({"measures": ["deal.idle"]});
    assert_eq!(ask(&app, "admin", idle.clone()).await["totals"]["values"]["deal.idle"], 0);
    at(&app, "2027-03-15T10:00:00Z");
    let answer = ask(&app, "admin", idle).await;
    assert_eq!(answer["totals"]["values"]["deal.idle"], 1);
    let drill = answer["totals"]["drill"]["deal.idle"]["filter"].clone();
    assert_eq!(app.admin().found("deal", drill).await, ["idle"]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_stood_open_at_a_moment_of_the_past_is_told_from_the_transitions() {
    let app = TestApp::start().await;
    at(&app, "2027-03-01T10:00:00Z");
    let old = app.record("deal", json!({"title": "old", "amount": 100})).await;
    at(&app, "2027-03-02T10:00:00Z");
    stage(&app, "deal", &old, "lost").await;
    at(&app, "2027-03-03T10:00:00Z");
    stage(&app, "deal", &old, "quote").await;
    app.record("deal", json!({"title": "new", "amount": 10})).await;
    for (moment, count, sum) in [
        ("2027-02-28T00:00:00Z", 0, 0),
        ("2027-03-01T12:00:00Z", 1, 100),
        ("2027-03-02T12:00:00Z", 0, 0),
        ("2027-03-03T12:00:00Z", 2, 110),
    ] {
        at(&app, "2027-03-05T10:00:00Z");
        let answer = ask(&app, "admin", json!({"measures": ["deal.open", "deal.open_amount"], "as_of": moment})).await;
        let values = json!({"deal.open": count, "deal.open_amount": sum});
        assert_eq!(answer["totals"]["values"], values, "{moment}");
        opens_what_it_counts(&app, "admin", &answer).await;
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn hints_are_said_with_their_numbers_and_open_what_they_count() {
    let app = TestApp::start().await;
    office_hours(&app).await;
    at(&app, "2027-03-15T10:00:00Z");
    assert_eq!(app.admin().get("/reports/hints").await.ok(200)["items"], json!([]));
    for index in 0..9 {
        let fields = json!({"title": index.to_string(), "amount": 1, "close_date": "2027-12-31"});
        app.record("deal", fields).await;
    }
    app.record("deal", json!({"title": "late", "amount": 1, "close_date": "2027-03-14"})).await;
    let hints = app.admin().get("/reports/hints?entity=deal").await.ok(200);
    let keys: Vec<&str> = hints["items"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["overdue"], "{hints:#}");
    let overdue = &hints["items"][0];
    assert_eq!(overdue["numbers"], json!({"count": 1, "open": 10, "percent": 10}));
    assert!(overdue["text"].as_str().unwrap().contains("1 of 10"), "{overdue}");
    assert_eq!(app.admin().found("deal", overdue["drill"]["filter"].clone()).await, ["late"]);
    app.record("deal", json!({"title": "blind"})).await;
    app.record("deal", json!({"title": "blind too", "amount": 1})).await;
    let hints = app.admin().get("/reports/hints").await.ok(200);
    let blind = hints["items"].as_array().unwrap().iter().find(|one| one["key"] == "blind").unwrap();
    assert_eq!(blind["numbers"]["count"], 2);
    app.admin().get("/reports/hints?entity=contact").await.problem(422, "report.invalid");
    app.drain().await;
    app.finish().await;
}
