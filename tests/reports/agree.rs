//! Whatever is asked of whatever there is: every figure opens as many records as it counts.

use serde_json::{Value, json};

use super::{ask, at, opens, opens_what_it_counts, stage};
use crate::app::TestApp;

/// A small generator of its own: the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

const STAGES: [&str; 5] = ["preparation", "quote", "contract", "won", "lost"];
const MEASURES: [&str; 11] = [
    "deal.open",
    "deal.open_amount",
    "deal.won",
    "deal.won_amount",
    "deal.lost",
    "deal.average",
    "deal.win_rate",
    "deal.weighted",
    "deal.idle",
    "client.gained",
    "deal.cycle",
];

async fn deals(app: &TestApp, dice: &mut Dice, people: &[&str], company: &str) {
    for index in 0..24 {
        at(app, &format!("2027-0{}-{:02}T{:02}:30:00Z", 1 + index / 12, 1 + index % 12 * 2, dice.below(24)));
        let mut fields = json!({"title": index.to_string(), "owner": app.id_of(dice.of(people))});
        if dice.below(3) > 0 {
            fields["amount"] = json!(dice.below(1_000));
            fields["currency"] = json!(dice.of(&["RUB", "USD"]));
        }
        if dice.below(2) > 0 {
            fields["source"] = json!(dice.of(&["web", "call"]));
        }
        if dice.below(2) > 0 {
            fields["company"] = json!(company);
        }
        if dice.below(2) > 0 {
            fields["close_date"] = json!(format!("2027-0{}-15", 1 + dice.below(6)));
        }
        let id = app.record("deal", fields).await;
        for _ in 0..dice.below(4) {
            stage(app, "deal", &id, dice.of(&STAGES)).await;
        }
    }
}

#[tokio::test]
async fn whatever_is_asked_counts_and_lists_agree() {
    let mut app = TestApp::build().person("ann", "sales_manager").person("bob", "sales_manager").start().await;
    app.department("North", None, &["ann"]).await;
    app.admin().patch("/tenant", json!({"time_zone": "Europe/Kyiv"})).await.ok(200);
    let company = app.record("company", json!({"title": "Iron", "industry": "manufacturing"})).await;
    let mut dice = Dice(20_261_129);
    deals(&app, &mut dice, &["ann", "bob", "admin"], &company).await;
    let axes = [
        json!("source"),
        json!("stage"),
        json!("manager"),
        json!("department"),
        json!("company"),
        json!("company.industry"),
        json!("currency"),
        json!({"field": "created_at", "bucket": "month"}),
        json!({"field": "created_at", "bucket": "day"}),
    ];
    for round in 0..40 {
        let measures: Vec<&str> = (0..1 + dice.below(4)).map(|_| dice.of(&MEASURES)).collect();
        let groups: Vec<Value> = (0..dice.below(4)).map(|_| dice.of(&axes)).collect();
        let mut query = json!({"measures": measures, "group_by": groups});
        if dice.below(2) > 0 {
            query["period"] = json!({"from": "2027-01-05", "to": format!("2027-02-{:02}", 1 + dice.below(27))});
        }
        if dice.below(2) > 0 {
            query["filter"] = json!({"field": "source", "op": "eq", "value": "web"});
        }
        let name = dice.of(&["admin", "ann", "bob"]);
        let answer = ask(&app, name, query.clone()).await;
        opens_what_it_counts(&app, name, &answer).await;
        let steps = dice.of(&[&["step"][..], &["step", "manager"], &["step", "source", "department"], &["client"]]);
        let funnel = json!({"over": "stage", "entity": "deal", "mode": dice.of(&["reached", "visited"]), "group_by": steps,
            "filter": query["filter"], "period": if round % 2 == 0 { json!({"from": "2027-01-10"}) } else { json!({}) }});
        let funnel = app.by(name).post("/reports/funnel", funnel).await.ok(200);
        for row in funnel["items"].as_array().unwrap() {
            opens(&app, name, &row["drill"], row["count"].as_i64().unwrap()).await;
            if steps.contains(&"step") {
                opens(&app, name, &row["standing_drill"], row["standing"].as_i64().unwrap()).await;
            }
        }
    }
    app.drain().await;
    app.finish().await;
}
