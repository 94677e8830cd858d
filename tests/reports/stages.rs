//! The funnel over stages: who reached a stage, who stood there, who went on.

use serde_json::{Value, json};

use super::{opens, stage};
use crate::app::TestApp;

/// The first four stages of a new company, and the one that is won.
const STAGES: [&str; 4] = ["deal_new", "preparation", "quote", "negotiation"];

/// A pipeline of four open stages: the others are taken away.
async fn four_stages(app: &TestApp) {
    app.sql("DELETE FROM stage WHERE entity = 'deal' AND key IN ('contract', 'payment')").await;
    let entity = json!({"items": [{"stage": "quote", "probability": 25}]});
    app.admin().put("/reports/probabilities", entity).await.ok(200);
}

async fn deal(app: &TestApp, path: &[&str], amount: i64) {
    let id = app.admin().create("deal", json!({"title": path.join(" "), "amount": amount, "source": "web"})).await.id();
    for to in path {
        stage(app, "deal", &id, to).await;
    }
}

/// The ten deals of the specification.
async fn ten_deals(app: &TestApp) {
    four_stages(app).await;
    let [_, s2, s3, s4] = STAGES;
    for path in [
        &[s2, s3, s4, "won"][..],
        &[s2, s3, s4, "won"],
        &["won"],
        &[s2, s3, "lost"],
        &[s2, "lost"],
        &["lost"],
        &[s3],
        &[s2, "deal_new"],
        &[s2],
        &[],
    ] {
        deal(app, path, 10).await;
    }
}

async fn funnel(app: &TestApp, mode: &str, axes: &[&str]) -> Value {
    let ask = json!({"over": "stage", "mode": mode, "entity": "deal", "group_by": axes});
    app.admin().post("/reports/funnel", ask).await.ok(200)
}

/// A figure by stage, in the order of the answer.
fn column<'a>(funnel: &'a Value, key: &str) -> Vec<(&'a str, &'a Value)> {
    let rows = funnel["items"].as_array().unwrap().iter();
    rows.map(|row| (row["group"]["step"].as_str().unwrap(), row.get(key).unwrap())).collect()
}

#[tokio::test]
async fn skipping_a_stage_passes_it_and_going_back_takes_nothing_away() {
    let app = TestApp::start().await;
    ten_deals(&app).await;
    let funnel = funnel(&app, "reached", &["step"]).await;
    let [s1, s2, s3, s4] = STAGES;
    let counts = column(&funnel, "count");
    let expected = [(s1, 10), (s2, 8), (s3, 5), (s4, 3), ("won", 3), ("lost", 3)];
    let counts: Vec<(&str, i64)> = counts.into_iter().map(|(step, count)| (step, count.as_i64().unwrap())).collect();
    assert_eq!(counts, expected, "{funnel:#}");
    for (key, expected) in [
        ("conversion", [80.0, 62.5, 60.0, 100.0]),
        ("decided", [88.9, 83.3, 75.0, 100.0]),
        ("share_percent", [100.0, 80.0, 50.0, 30.0]),
    ] {
        let found: Vec<f64> = column(&funnel, key).iter().take(4).map(|(_, value)| value.as_f64().unwrap()).collect();
        assert_eq!(found, expected, "{key}");
    }
    assert_eq!(funnel["closed"], json!({"won": 3, "lost": 3, "win_rate": 50.0}));
    assert_eq!(column(&funnel, "amount")[0].1, 100.0);
    for row in funnel["items"].as_array().unwrap() {
        opens(&app, "admin", &row["drill"], row["count"].as_i64().unwrap()).await;
        opens(&app, "admin", &row["standing_drill"], row["standing"].as_i64().unwrap()).await;
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn visited_is_who_really_stood_there_and_every_group_opens_its_own() {
    let app = TestApp::start().await;
    ten_deals(&app).await;
    let visited = funnel(&app, "visited", &["step"]).await;
    let counts: Vec<i64> = column(&visited, "count").iter().map(|(_, count)| count.as_i64().unwrap()).collect();
    assert_eq!(counts[..5], [10, 6, 4, 2, 3], "{visited:#}");
    assert_eq!(column(&visited, "conversion")[0].1, &Value::Null);
    for mode in ["reached", "visited"] {
        for axes in [
            &["step", "source", "manager", "template"][..],
            &["manager", "department"],
            &["step", "organization", "client"],
        ] {
            let funnel = funnel(&app, mode, axes).await;
            assert!(!funnel["items"].as_array().unwrap().is_empty());
            for row in funnel["items"].as_array().unwrap() {
                opens(&app, "admin", &row["drill"], row["count"].as_i64().unwrap()).await;
            }
        }
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn the_cohort_is_of_records_that_were_made_in_the_time_and_a_hop_groups_by_the_client() {
    let app = TestApp::start().await;
    let company = app.record("company", json!({"title": "Iron", "industry": "manufacturing"})).await;
    let organization = app.record("organization", json!({"title": "We"})).await;
    let fields = json!({"title": "old", "company": company, "organization": organization});
    app.record("deal", fields).await;
    app.clock.advance_seconds(86_400);
    let from = app.state.env.now().to_string();
    app.record("deal", json!({"title": "new"})).await;
    let ask = json!({"over": "stage", "entity": "deal", "group_by": ["step"], "period": {"from": from}});
    let answer = app.admin().post("/reports/funnel", ask).await.ok(200);
    assert_eq!(answer["items"][0]["count"], 1, "{answer:#}");
    opens(&app, "admin", &answer["items"][0]["drill"], 1).await;
    let ask =
        json!({"over": "stage", "entity": "deal", "group_by": ["step", "field:company.industry", "organization"]});
    let answer = app.admin().post("/reports/funnel", ask).await.ok(200);
    let rows = answer["items"].as_array().unwrap();
    let of = |industry: Value| {
        rows.iter().find(|row| row["group"]["field:company.industry"] == industry && row["group"]["step"] == "deal_new")
    };
    for (industry, title) in [(json!("manufacturing"), "old"), (Value::Null, "new")] {
        let row = of(industry).unwrap();
        assert_eq!(app.admin().found("deal", row["drill"]["filter"].clone()).await, [title]);
    }
    assert_eq!(answer["refs"][&organization]["title"], "We");
    let by_industry = json!({"measures": ["deal.open"], "group_by": ["company.industry"]});
    let answer = super::ask(&app, "admin", by_industry).await;
    super::opens_what_it_counts(&app, "admin", &answer).await;
    assert_eq!(answer["rows"].as_array().unwrap().len(), 2);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_funnel_that_makes_no_sense_is_refused_by_its_place() {
    let app = TestApp::start().await;
    for (body, place) in [
        (json!({"filter": {"field": "title", "op": "eq", "value": "x"}}), "filter"),
        (json!({"over": "stage", "entity": "deal", "filter": {"field": "nothing", "op": "eq", "value": 1}}), "filter"),
        (json!({"over": "stage", "entity": "deal", "period": {"preset": "someday"}}), "period"),
        (json!({"over": "stage", "entity": "deal", "group_by": ["field:company.nothing"]}), "group_by"),
        (json!({"over": "stage", "entity": "deal", "group_by": ["x".repeat(100_000)]}), "group_by"),
        (json!({"over": "stage", "entity": "contact"}), "entity"),
    ] {
        let said = app.admin().post("/reports/funnel", body.clone()).await.problem(422, "report.invalid");
        assert!(said["fields"][place].is_object(), "{body}: {said}");
    }
    app.admin().post("/reports/funnel", json!({"mode": "never"})).await.problem(400, "request.invalid");
    app.finish().await;
}

#[tokio::test]
async fn a_pile_is_where_those_who_stand_have_waited_longest_together() {
    let app = TestApp::start().await;
    let made = async |stage_key: &str| app.admin().create("deal", json!({"title": "x", "stage": stage_key})).await.id();
    // Three that will have stood 8, 16 and 24 hours, and five of two hours.
    for hours in [8, 8, 6] {
        made("quote").await;
        app.clock.advance_seconds(hours * 3_600);
    }
    for _ in 0..5 {
        made("contract").await;
    }
    app.clock.advance_seconds(2 * 3_600);
    let answer = funnel(&app, "reached", &["step"]).await;
    assert_eq!(answer["pile_up"], json!({"group": {"step": "quote"}, "standing": 3, "seconds": 172_800.0}));
    app.drain().await;
    app.finish().await;
}
