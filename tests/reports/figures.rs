//! The measures, by the numbers of their definition.

use serde_json::{Value, json};

use super::{ask, at, figure, office_hours, opens_what_it_counts};
use crate::app::TestApp;

async fn deal(app: &TestApp, fields: Value) -> String {
    app.admin().create("deal", fields).await.id()
}

async fn stage(app: &TestApp, entity: &str, id: &str, stage: &str) {
    app.admin().post(&format!("/records/{entity}/{id}/stage"), json!({"stage": stage})).await.ok(200);
}

#[tokio::test]
async fn amounts_are_put_together_at_the_rate_of_their_day_and_never_one_to_one() {
    let app = TestApp::start().await;
    let admin = app.admin();
    admin.patch("/tenant", json!({"currency": "UAH"})).await.ok(200);
    let rate = |currency: &str, day: &str, rate: &str| json!({"currency": currency, "day": day, "rate": rate});
    let rates = json!([
        rate("USD", "2027-01-04", "41.50"),
        rate("USD", "2027-01-11", "42.00"),
        rate("EUR", "2027-01-04", "45.00")
    ]);
    admin.put("/currency-rates", json!({"rates": rates})).await.ok(200);
    let won = async |instant: &str, amount: i64, currency: &str| {
        at(&app, instant);
        let id = deal(&app, json!({"title": currency, "amount": amount, "currency": currency})).await;
        stage(&app, "deal", &id, "won").await;
    };
    won("2027-01-05T10:00:00Z", 1_000, "USD").await;
    for (amount, currency) in [(1_000, "USD"), (200, "EUR"), (5_000, "UAH")] {
        won("2027-01-12T10:00:00Z", amount, currency).await;
    }
    let january = json!({"from": "2027-01-01", "to": "2027-02-01"});
    let keys = json!(["deal.won_amount", "deal.average", "deal.won"]);
    let answer = ask(&app, "admin", json!({"measures": keys, "period": january})).await;
    assert_eq!(answer["totals"]["values"]["deal.won_amount"], 97_500);
    assert_eq!(answer["totals"]["values"]["deal.average"], 24_375);
    let by_currency = json!({"EUR": 200, "UAH": 5_000, "USD": 2_000});
    assert_eq!(answer["totals"]["by_currency"]["deal.won_amount"], by_currency);
    assert_eq!((&answer["currency"], &answer["missing_rates"]), (&json!("UAH"), &json!([])));
    opens_what_it_counts(&app, "admin", &answer).await;
    // By weeks of the same date: each amount stays in its week and keeps the rate of its day.
    let by_week = json!({"measures": keys, "period": january, "group_by": [{"field": "closed_at", "bucket": "week"}]});
    let answer = ask(&app, "admin", by_week).await;
    let sums: Vec<&Value> =
        answer["rows"].as_array().unwrap().iter().map(|row| &row["values"]["deal.won_amount"]).collect();
    assert_eq!(sums, [&json!(41_500), &json!(56_000)], "{answer}");
    opens_what_it_counts(&app, "admin", &answer).await;
    // In another currency, and one without a rate.
    let dollars = json!({"measures": ["deal.won_amount"], "period": {"from": "2027-01-12", "to": "2027-01-13"}, "currency": "USD"});
    assert_eq!(ask(&app, "admin", dollars).await["totals"]["values"]["deal.won_amount"], 1_333.33);
    won("2027-01-13T10:00:00Z", 300, "PLN").await;
    let answer = ask(&app, "admin", json!({"measures": keys, "period": january})).await;
    assert_eq!(answer["totals"]["values"]["deal.won_amount"], Value::Null);
    assert_eq!((&answer["missing_rates"], &answer["totals"]["values"]["deal.won"]), (&json!(["PLN"]), &json!(5)));
    assert_eq!(answer["totals"]["by_currency"]["deal.won_amount"]["PLN"], 300);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn time_in_a_stage_is_working_time_of_all_visits_together() {
    let app = TestApp::start().await;
    office_hours(&app).await;
    at(&app, "2026-03-23T09:00:00Z");
    let id = deal(&app, json!({"title": "a", "stage": "quote"})).await;
    at(&app, "2026-03-24T11:00:00Z");
    stage(&app, "deal", &id, "preparation").await;
    at(&app, "2026-03-25T09:00:00Z");
    stage(&app, "deal", &id, "quote").await;
    at(&app, "2026-03-25T12:00:00Z");
    stage(&app, "deal", &id, "contract").await;
    let keys = json!(["stage.time", "stage.time.clock", "stage.time.p90", "stage.time.mean"]);
    let asked = json!({"measures": keys, "group_by": ["stage"], "period": {"from": "2026-03-23", "to": "2026-03-28"}});
    let answer = ask(&app, "admin", asked).await;
    let quote = answer["rows"].as_array().unwrap().iter().find(|row| row["group"]["stage"] == "quote").unwrap();
    let values =
        json!({"stage.time": 46_800, "stage.time.clock": 104_400, "stage.time.mean": 46_800, "stage.time.p90": 46_800});
    assert_eq!(quote["values"], values, "{answer}");
    opens_what_it_counts(&app, "admin", &answer).await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_task_is_late_when_it_was_done_behind_its_deadline_or_is_open_after_it() {
    let app = TestApp::start().await;
    at(&app, "2026-03-23T08:00:00Z");
    let mut ids = Vec::new();
    for title in ["in time", "late", "open", "cancelled", "later"] {
        let due = if title == "later" { "2026-03-27T12:00:00Z" } else { "2026-03-24T12:00:00Z" };
        let task = json!({"title": title, "due": due, "assignee": app.id_of("admin")});
        ids.push(app.admin().post("/tasks", task).await.id());
    }
    let done = async |id: &str| drop(app.admin().post(&format!("/tasks/{id}/complete"), json!({})).await.ok(200));
    done(&ids[0]).await;
    at(&app, "2026-03-25T10:00:00Z");
    done(&ids[1]).await;
    app.admin().post(&format!("/tasks/{}/cancel", ids[3]), json!({})).await.ok(200);
    at(&app, "2026-03-26T10:00:00Z");
    let week = json!({"from": "2026-03-23", "to": "2026-03-30"});
    let answer =
        ask(&app, "admin", json!({"measures": ["task.late_share", "task.done", "task.open"], "period": week})).await;
    let values = json!({"task.late_share": 66.7, "task.done": 2, "task.open": 2});
    assert_eq!(answer["totals"]["values"], values, "{answer}");
    opens_what_it_counts(&app, "admin", &answer).await;
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn the_first_answer_to_a_lead_is_counted_in_working_time() {
    let app = TestApp::start().await;
    office_hours(&app).await;
    at(&app, "2026-03-20T17:30:00Z");
    let lead = app.admin().create("lead", json!({"title": "a", "phones": ["+79161234567"]})).await.id();
    app.admin().create("lead", json!({"title": "nobody answered", "phones": ["+79161234568"]})).await.id();
    at(&app, "2026-03-23T09:20:00Z");
    let call = |direction: &str, done: bool| json!({"title": "call", "kind": "call", "direction": direction, "done": done, "record_entity": "lead", "record_id": lead});
    app.admin().create("activity", call("outgoing", true)).await.ok(201);
    at(&app, "2026-03-23T15:00:00Z");
    app.admin().create("activity", call("outgoing", true)).await.ok(201);
    stage(&app, "lead", &lead, "in_progress").await;
    let answer = ask(&app, "admin", json!({"measures": ["lead.first_answer"], "period": {"from": "2026-03-16"}})).await;
    assert_eq!(answer["totals"]["values"]["lead.first_answer"], 3_000);
    assert_eq!(answer["totals"]["n"]["lead.first_answer"], 1);
    opens_what_it_counts(&app, "admin", &answer).await;
    // A move by a person is an answer too; what came in, or is only planned, is none.
    let other = app.admin().create("lead", json!({"title": "b", "phones": ["+79161234569"]})).await.id();
    for planned in [call("incoming", true), call("outgoing", false)] {
        let mut planned = planned;
        planned["record_id"] = json!(other);
        app.admin().create("activity", planned).await.ok(201);
    }
    let of_b = json!({"measures": ["lead.first_answer"], "filter": {"field": "title", "op": "eq", "value": "b"}});
    assert_eq!(ask(&app, "admin", of_b.clone()).await["totals"]["values"]["lead.first_answer"], Value::Null);
    at(&app, "2026-03-23T15:10:00Z");
    stage(&app, "lead", &other, "in_progress").await;
    assert_eq!(ask(&app, "admin", of_b).await["totals"]["values"]["lead.first_answer"], 600);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_month_is_the_companys_and_a_period_has_no_common_moment_with_the_next() {
    let app = TestApp::start().await;
    app.admin().patch("/tenant", json!({"time_zone": "Europe/Kyiv"})).await.ok(200);
    at(&app, "2027-01-31T21:59:59Z");
    app.record("lead", json!({"title": "January", "phones": ["+79161234567"]})).await;
    at(&app, "2027-01-31T22:30:00Z");
    app.record("lead", json!({"title": "February", "phones": ["+79161234568"]})).await;
    let all = json!({"measures": ["lead.created"], "group_by": [{"field": "created_at", "bucket": "month"}]});
    let answer = ask(&app, "admin", all).await;
    let rows: Vec<_> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["group"]["created_at"], &row["values"]["lead.created"]))
        .collect();
    assert_eq!(rows, [(&json!("2027-01-01"), &json!(1)), (&json!("2027-02-01"), &json!(1))]);
    opens_what_it_counts(&app, "admin", &answer).await;
    let drill = &answer["rows"][1]["drill"]["lead.created"];
    assert_eq!(app.admin().found("lead", drill["filter"].clone()).await, ["February"]);
    for (from, to, expected) in
        [("2027-01-01", "2027-02-01", 1), ("2027-02-01", "2027-03-01", 1), ("2027-01-01", "2027-03-01", 2)]
    {
        assert_eq!(figure(&app, "lead.created", json!({"from": from, "to": to})).await, expected, "{from}");
    }
    assert_eq!(figure(&app, "lead.created", json!({"preset": "this_month"})).await, 1);
    // Of deals that stand open by the month they were made in likewise.
    app.record("deal", json!({"title": "Pumps"})).await;
    let standing = json!({"measures": ["deal.open"], "group_by": [{"field": "created_at", "bucket": "month"}]});
    let deals = ask(&app, "admin", standing).await;
    assert_eq!((&deals["rows"][0]["group"]["created_at"], &deals["rows"][1]), (&json!("2027-02-01"), &Value::Null));
    assert_eq!(deals["totals"]["values"], deals["rows"][0]["values"]);
    opens_what_it_counts(&app, "admin", &deals).await;
    let compared = json!({"measures": ["lead.created"], "period": {"from": "2027-02-01", "to": "2027-03-01"}, "compare": "before"});
    assert_eq!(ask(&app, "admin", compared).await["totals"]["before"]["lead.created"], 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_not_see_amounts_gets_equal_counts_and_no_sums() {
    let mut app = TestApp::start().await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read"], "filter": {"field": "title", "op": "ne", "value": "secret"}}]);
    app.role("blind", rows, json!([{"entity": "deal", "field": "amount", "right": "hidden"}])).await;
    app.person(0, "max", &["blind"]).await;
    for title in ["a", "b", "secret"] {
        let id = deal(&app, json!({"title": title, "amount": 100})).await;
        stage(&app, "deal", &id, "won").await;
    }
    let keys = json!(["deal.won", "deal.won_amount", "deal.average", "lead.created"]);
    let asked = json!({"measures": keys, "group_by": ["stage"]});
    let answer = ask(&app, "max", asked).await;
    assert_eq!(answer["hidden"], json!(["deal.won_amount", "deal.average", "lead.created"]));
    assert_eq!(answer["totals"]["values"], json!({"deal.won": 2}));
    assert!(!answer.to_string().contains("100"), "{answer}");
    opens_what_it_counts(&app, "max", &answer).await;
    let listed = app.by("max").get("/reports/measures").await.ok(200);
    let keys: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert!(
        keys.contains(&"deal.won") && !keys.iter().any(|key| key.contains("amount") || key.starts_with("lead")),
        "{keys:?}"
    );
    let by_amount = json!({"measures": ["deal.won"], "group_by": ["amount"]});
    app.by("max").post("/reports/query", by_amount).await.problem(422, "report.invalid");
    let over = json!({"measures": ["deal.won"], "filter": {"field": "amount", "op": "gt", "value": 1}});
    app.by("max").post("/reports/query", over).await.problem(422, "report.invalid");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn every_cell_opens_exactly_the_records_that_it_counts() {
    let app = TestApp::start().await;
    office_hours(&app).await;
    for (index, last) in ["won", "lost", "quote", "won", "deal_new"].into_iter().enumerate() {
        app.clock.advance_seconds(3_600);
        let mut fields = json!({"title": index.to_string(), "source": (if index % 2 == 0 { "web" } else { "call" })});
        if index > 0 {
            fields["amount"] = json!(index * 100);
        }
        let id = deal(&app, fields).await;
        app.clock.advance_seconds(7_200);
        if last != "deal_new" {
            stage(&app, "deal", &id, last).await;
        }
    }
    let keys = json!([
        "deal.open",
        "deal.open_amount",
        "deal.won",
        "deal.won_amount",
        "deal.lost",
        "deal.average",
        "deal.win_rate",
        "deal.cycle"
    ]);
    for groups in [
        json!([]),
        json!(["source"]),
        json!(["kind", "source"]),
        json!(["owner", {"field": "created_at", "bucket": "day"}]),
    ] {
        let asked = json!({"measures": keys, "group_by": groups, "column": "stage", "period": {"preset": "this_week"}});
        let answer = ask(&app, "admin", asked).await;
        assert!(answer["rows"].as_array().unwrap().len() > 1, "{answer}");
        opens_what_it_counts(&app, "admin", &answer).await;
    }
    let answer =
        ask(&app, "admin", json!({"measures": keys, "sort": "-deal.won_amount", "group_by": ["source"]})).await;
    let values = &answer["totals"]["values"];
    let expected = json!({"deal.open": 2, "deal.open_amount": 600, "deal.won": 2, "deal.won_amount": 300, "deal.lost": 1,
        "deal.average": 300, "deal.win_rate": 66.7, "deal.cycle": 0.1});
    assert_eq!(values, &expected);
    assert_eq!(answer["rows"][0]["group"]["source"], "call", "{answer}");
    app.drain().await;
    app.finish().await;
}
