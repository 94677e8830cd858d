//! Shared reports out of one company, into another.

use kernel::Locale;
use serde_json::{Value, json};

use super::{exported, file_of, import, named, unpacked};
use crate::app::{Client, TestApp};

fn report(name: &str, shared: Value) -> Value {
    let config = json!({"measures": ["deal.won"], "group_by": ["source"], "period": {"preset": "this_month"}});
    json!({"name": name, "description": "What was won", "config": config, "shared": shared})
}

async fn save(client: &Client<'_>, body: Value) -> String {
    client.post("/reports/saved", body).await.id()
}

/// Names of the reports that somebody sees, sorted.
async fn seen(client: &Client<'_>) -> Vec<String> {
    let page = client.get("/reports/saved").await.ok(200);
    let mut names: Vec<String> =
        page["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn shared_reports_move_by_name_with_their_roles_by_key() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    let roles = admin.get("/roles").await.ok(200);
    let sales = roles["items"].as_array().unwrap().iter().find(|role| role["key"] == "sales_manager").unwrap();
    save(&admin, report("All", json!({"all": true}))).await;
    save(&admin, report("Sales", json!({"roles": [sales["id"]]}))).await;
    save(&admin, report("Mine", json!({}))).await;
    let file = exported(&admin).await;
    let told = &unpacked(&file)["reports.json"];
    assert_eq!(
        (&told[0]["name"], &told[1]["name"], told.as_array().unwrap().len()),
        (&json!("All"), &json!("Sales"), 2)
    );
    assert_eq!(told[1]["roles"], json!(["sales_manager"]));
    let dry = import(&stranger, &file, true).await.ok(200);
    assert!(named(&dry, "create").contains(&"reports Sales".to_owned()), "{dry}");
    assert_eq!(seen(&stranger).await, Vec::<String>::new());
    let done = import(&stranger, &file, false).await.ok(200);
    assert_eq!(seen(&stranger).await, ["All", "Sales"]);
    assert_eq!(
        import(&stranger, &file, true).await.ok(200)["create"],
        json!([]),
        "the second time all of it is the same"
    );
    assert_eq!(unpacked(&exported(&stranger).await)["reports.json"], *told, "the same content, the same bytes");
    // Taken back, what it brought goes again.
    let told = stranger.get("/configuration/changes").await.ok(200);
    let imported = told["items"].as_array().unwrap().iter().find(|act| act["key"] == done["change_id"]).unwrap();
    let id = imported["id"].as_str().unwrap();
    stranger.post(&format!("/configuration/changes/{id}/restore?dry_run=false"), json!({})).await.ok(200);
    assert_eq!(seen(&stranger).await, Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn a_report_that_cannot_be_kept_is_told_and_nothing_is_taken_in() {
    let app = TestApp::start().await;
    let admin = app.admin();
    save(&admin, report("Kept", json!({"all": true}))).await;
    let before = exported(&admin).await;
    let good = json!({"name": "A", "kind": "query", "config": {"measures": ["deal.won"]}, "all": true});
    let with = |part: &str, value: Value| {
        let mut spec = good.clone();
        spec[part] = value;
        spec
    };
    for spec in [
        with("name", json!(" A ")),
        with("name", json!("x".repeat(200))),
        with("config", json!({"measures": [], "filter": {"field": "a"}})),
        with("config", json!("x")),
        with("config", json!({"measures": ["x".repeat(40_000)]})),
        with("chart", json!([1])),
        with("roles", json!(["nobody"])),
        with("all", json!(false)),
        // It is of another kind here.
        json!({"name": "Kept", "kind": "forecast", "config": {}, "all": true}),
    ] {
        let file = file_of("reports", json!([spec]));
        let plan = import(&admin, &file, true).await.ok(200);
        let told = plan["missing"].as_array().unwrap().len() + plan["conflicts"].as_array().unwrap().len();
        assert!(told > 0, "{spec}");
        import(&admin, &file, false).await.problem(409, "config.import");
    }
    let file = file_of("reports", json!([with("secret", json!(1))]));
    assert!(!import(&admin, &file, true).await.status.is_success(), "what is not understood is no report");
    assert_eq!(exported(&admin).await, before);
    // A right one changes the one of its name.
    let mut changed = unpacked(&before)["reports.json"].clone();
    changed[0]["description"] = json!("Otherwise");
    let plan = import(&admin, &file_of("reports", changed), false).await.ok(200);
    assert_eq!(named(&plan, "change"), ["reports Kept"]);
    app.finish().await;
}
