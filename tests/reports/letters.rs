//! Letters with reports: each with its recipient's rights, at the company's hour.

use serde_json::{Value, json};

use super::at;
use crate::app::TestApp;
use crate::process::smtp::MailServer;

/// 40,000 of a manager, 50,000 of another; their head sees both.
async fn office(mail: &MailServer) -> (TestApp, String) {
    let mut app = TestApp::build()
        .config(mail.configure())
        .person("head", "sales_head")
        .person("max", "sales_manager")
        .person("ann", "sales_manager")
        .start()
        .await;
    let sales = app.department("Sales", None, &["max", "ann", "head"]).await;
    app.admin()
        .patch(&format!("/departments/{sales}"), json!({"name": "Sales", "head_ids": [app.id_of("head")]}))
        .await
        .ok(200);
    // A Friday.
    at(&app, "2027-03-12T10:00:00Z");
    for (owner, amount) in [("max", 40_000), ("ann", 50_000)] {
        let fields = json!({"title": owner, "owner": app.id_of(owner), "amount": amount});
        let id = app.record("deal", fields).await;
        super::stage(&app, "deal", &id, "won").await;
    }
    let report = json!({"name": "Won", "shared": {"all": true}, "config": {"measures": ["deal.won_amount"], "period": {"preset": "this_month"}}});
    let id = app.admin().post("/reports/saved", report).await.id();
    (app, id)
}

/// The minute's chores and what they set off.
async fn tick(app: &TestApp) {
    kernel::jobs::set_schedule(&app.state.db, &app.state.env, reports::DUE, "* * * * *").await.unwrap();
    app.clock.advance_seconds(61);
    kernel::jobs::tick(&app.state.db, &app.state.env).await.unwrap();
    app.drain().await;
}

fn mondays(app: &TestApp, names: &[&str]) -> Value {
    let recipients: Vec<_> = names.iter().map(|name| app.id_of(name)).collect();
    json!({"every": "week", "weekday": 1, "hour": 9, "recipients": recipients, "attach": true})
}

#[tokio::test]
async fn on_monday_the_manager_and_the_head_get_a_letter_each_with_their_own_sum() {
    let mail = MailServer::start();
    let (app, report) = office(&mail).await;
    for (name, sum) in [("max", 40_000), ("head", 90_000)] {
        let run = app.by(name).post(&format!("/reports/saved/{report}/run"), json!({})).await.ok(200);
        assert_eq!(run["query"]["totals"]["values"]["deal.won_amount"], sum, "{name}");
    }
    let path = format!("/reports/saved/{report}/schedules");
    let made = app.admin().post(&path, mondays(&app, &["max", "head"])).await.ok(201);
    assert_eq!(made["next_at"], "2027-03-15T09:00:00Z", "{made}");
    tick(&app).await;
    assert_eq!(mail.letters().len(), 0);
    at(&app, "2027-03-15T09:00:00Z");
    tick(&app).await;
    let mut letters = mail.letters();
    letters.sort_by(|one, other| one.to.cmp(&other.to));
    let told: Vec<_> = letters
        .iter()
        .map(|letter| {
            (
                letter.to[0].split('@').next().unwrap().to_owned(),
                letter.text.contains("90000"),
                letter.text.contains("40000"),
            )
        })
        .collect();
    assert_eq!(told, [("head".to_owned(), true, false), ("max".to_owned(), false, true)]);
    assert!(letters[0].text.contains("Won.xlsx"));
    // Once, and the next one a week later; who got what is listed.
    tick(&app).await;
    assert_eq!(mail.letters().len(), 2);
    let list = app.admin().get(&path).await.ok(200);
    assert_eq!(
        (&list["items"][0]["next_at"], &list["items"][0]["last"]["state"]),
        (&json!("2027-03-22T09:00:00Z"), &json!("sent")),
        "{list}"
    );
    let sent = app.admin().get(&format!("/reports/saved/{report}/sent")).await.ok(200);
    assert_eq!(sent["items"].as_array().unwrap().len(), 2);
    app.by("max").get(&format!("/reports/saved/{report}/sent")).await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn nothing_is_sent_to_whom_it_is_not_shared_with_any_more_or_when_the_figure_does_not_say_so() {
    let mail = MailServer::start();
    let (app, report) = office(&mail).await;
    let path = format!("/reports/saved/{report}/schedules");
    let mut often = mondays(&app, &["max", "head"]);
    often["every"] = json!("day");
    often["only_if"] = json!({"measure": "deal.won_amount", "op": "gt", "value": 50_000});
    let made = app.admin().post(&path, often).await.ok(201);
    at(&app, "2027-03-13T09:00:00Z");
    tick(&app).await;
    // The manager's own figure is 40,000.
    assert_eq!(mail.letters().len(), 1);
    let role = app.companies[0].roles["sales_manager"];
    let unshare = json!({"shared": {"roles": [role]}});
    app.admin().header("if-match", "\"1\"").patch(&format!("/reports/saved/{report}"), unshare).await.ok(200);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    app.admin().patch(&one, json!({"only_if": null})).await.problem(422, "report.invalid");
    app.admin().header("if-match", "\"1\"").patch(&one, json!({"only_if": null})).await.ok(200);
    app.admin().header("if-match", "\"1\"").patch(&one, json!({"hour": 7})).await.problem(409, "report.conflict");
    at(&app, "2027-03-14T09:00:00Z");
    tick(&app).await;
    assert_eq!(mail.letters().len(), 2);
    let sent = app.admin().get(&format!("/reports/saved/{report}/sent")).await.ok(200);
    let states: Vec<&str> =
        sent["items"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states.iter().filter(|state| **state == "skipped").count(), 2, "{sent}");
    // Disabled it rests, removed it is gone.
    app.admin().header("if-match", "\"2\"").patch(&one, json!({"enabled": false})).await.ok(200);
    at(&app, "2027-03-15T09:00:00Z");
    tick(&app).await;
    assert_eq!(mail.letters().len(), 2);
    app.admin().delete(&one).await.ok(204);
    app.admin().delete(&one).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_letter_that_cannot_be_made_is_told_to_the_owner_and_one_is_sent_by_hand() {
    let mail = MailServer::start();
    let (app, report) = office(&mail).await;
    assert_eq!(app.by("max").post(&format!("/reports/saved/{report}/send"), json!({})).await.ok(202)["queued"], 1);
    app.drain().await;
    assert!(mail.letter().text.contains("40000"));
    app.by("max")
        .post(&format!("/reports/saved/{report}/send"), json!({"recipients": [app.id_of("ann")]}))
        .await
        .problem(403, "denied");
    let broken = json!({"name": "Broken", "config": {"measures": ["deal.won"]}});
    let id = app.by("head").post("/reports/saved", broken).await.id();
    // The module that had its measure is gone.
    app.sql(r#"UPDATE report_saved SET config = '{"measures": ["no.such"]}' WHERE name = 'Broken'"#).await;
    app.by("head").post(&format!("/reports/saved/{id}/send"), json!({})).await.ok(202);
    app.drain().await;
    let told = app.by("head").get("/notifications").await.ok(200);
    assert!(told["items"][0]["text"].as_str().unwrap().contains("Broken"), "{told}");
    let sent = app.by("head").get(&format!("/reports/saved/{id}/sent")).await.ok(200);
    assert_eq!(sent["items"][0]["state"], "failed");
    app.finish().await;
}

#[tokio::test]
async fn a_schedule_that_makes_no_sense_is_refused_by_its_place() {
    let mail = MailServer::start();
    let (mut app, report) = office(&mail).await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let path = format!("/reports/saved/{report}/schedules");
    let strange = app.companies[other].people["admin"].id;
    for (key, value, place) in [
        ("hour", json!(24), "hour"),
        ("weekday", json!(0), "weekday"),
        ("recipients", json!([]), "recipients"),
        ("recipients", json!([strange]), "recipients"),
        ("recipients", json!((0..101_u128).map(uuid::Uuid::from_u128).collect::<Vec<_>>()), "recipients"),
        ("only_if", json!({"measure": "no.such", "op": "gt", "value": 1}), "only_if"),
    ] {
        let mut wrong = mondays(&app, &["max"]);
        wrong[key] = value;
        let said = app.admin().post(&path, wrong.clone()).await.problem(422, "report.invalid");
        assert!(said["fields"][place].is_object(), "{wrong}: {said}");
    }
    app.by("max").post(&path, mondays(&app, &["max"])).await.problem(403, "denied");
    app.by_of(other, "admin").post(&path, mondays(&app, &["max"])).await.problem(404, "not_found");
    app.finish().await;
}
