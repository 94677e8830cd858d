//! The same question again: answered from memory, and never after something was written, on whatever node.

use kernel::Ctx;
use serde_json::{Value, json};
use verstak::AppState;

use super::ask;
use crate::app::{TestApp, uuid_sql};

/// Open deals and when that was, as a node says it.
async fn open(app: &TestApp, node: &AppState, ctx: &Ctx) -> (Value, Value) {
    app.settle().await;
    let query = serde_json::from_value(json!({"measures": ["deal.open", "deal.open_amount"]})).unwrap();
    let answer = serde_json::to_value(node.reports.query_again(ctx, &query).await.unwrap()).unwrap();
    (answer["totals"]["values"].clone(), answer["as_of"].clone())
}

#[tokio::test]
async fn an_answer_is_kept_until_somebody_writes_something_on_any_node() {
    let app = TestApp::start().await;
    let (config, env) = ((*app.state.config).clone(), app.state.env.clone());
    let node = AppState::over(config, env, app.state.db.clone()).unwrap();
    let ctx = app.system();
    app.record("deal", json!({"title": "a", "amount": 10})).await;
    app.drain().await;
    let (ours, theirs) = (open(&app, &app.state, &ctx).await, open(&app, &node, &ctx).await);
    assert_eq!(ours.0["deal.open"], 1);
    app.clock.advance_seconds(10);
    assert_eq!((open(&app, &app.state, &ctx).await, open(&app, &node, &ctx).await), (ours.clone(), theirs));
    // Written here, seen there.
    let id = app.record("deal", json!({"title": "b", "amount": 5})).await;
    for node in [&app.state, &node] {
        let (figures, as_of) = open(&app, node, &ctx).await;
        assert_eq!((&figures["deal.open"], &figures["deal.open_amount"]), (&json!(2), &json!(15)), "{figures}");
        assert_ne!(as_of, ours.1);
    }
    app.admin().update("deal", &id, json!({"amount": 7})).await.ok(200);
    assert_eq!(open(&app, &node, &ctx).await.0["deal.open_amount"], 17);
    app.admin().delete(&format!("/records/deal/{id}")).await.ok(204);
    assert_eq!(open(&app, &node, &ctx).await.0["deal.open"], 1);
    // A minute is the end in any case.
    let before = open(&app, &node, &ctx).await;
    app.clock.advance_seconds(61);
    let after = open(&app, &node, &ctx).await;
    assert_eq!(before.0, after.0);
    assert_ne!(before.1, after.1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_event_ends_an_answer_too() {
    let app = TestApp::start().await;
    app.admin().patch("/tenant", json!({"currency": "UAH"})).await.ok(200);
    app.record("deal", json!({"title": "a", "amount": 10, "currency": "USD"})).await;
    app.drain().await;
    let total = async || {
        app.settle().await;
        let answer = ask(&app, "admin", json!({"measures": ["deal.open_amount"]})).await;
        answer["totals"]["values"]["deal.open_amount"].clone()
    };
    assert_eq!(total().await, Value::Null);
    // Both in the same moment of the clock.
    for (rate, expected) in [("2", 20), ("3", 30)] {
        let rates = json!({"rates": [{"currency": "USD", "day": "2020-01-01", "rate": rate}]});
        app.admin().put("/currency-rates", rates).await.ok(200);
        assert_eq!(total().await, expected, "{rate}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_act_that_is_committed_late_is_no_older_news() {
    let app = TestApp::start().await;
    let tenant = app.companies[0].tenant.id;
    let rates = json!({"rates": [{"currency": "USD", "day": "2020-01-01", "rate": "2"}]});
    app.admin().put("/currency-rates", rates).await.ok(200);
    let mark = async || kernel::audit::newest(app.state.db.read(), tenant).await.unwrap().unwrap();
    let before = mark().await;
    let id = uuid_sql("01890a5d-ac96-774b-bcce-b302099a8057");
    // Its transaction began a second earlier than that of the newest act.
    app.sql(&format!(
        "INSERT INTO audit (id, tenant_id, at, actor, action, object, detail)
         SELECT {id}, tenant_id, at - 1000000, actor, action, object, detail FROM audit WHERE action = 'currency_rates.changed'"
    ))
    .await;
    let after = mark().await;
    assert_eq!((after.0, after.1), (before.0, before.1 + 1));
    app.finish().await;
}

#[tokio::test]
async fn a_funnel_is_kept_until_somebody_writes_something() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let asked = json!({"over": "stage", "entity": "deal"});
    let funnel = async |name: &str| {
        app.settle().await;
        let funnel = app.by(name).post("/reports/funnel", asked.clone()).await.ok(200);
        (funnel["items"][0]["entered"].clone(), funnel["as_of"].clone())
    };
    app.record("deal", json!({"title": "a"})).await;
    app.drain().await;
    let first = funnel("admin").await;
    assert_eq!(first.0, 1);
    app.clock.advance_seconds(10);
    assert_eq!(funnel("admin").await, first);
    assert_eq!(funnel("max").await.0, Value::Null, "nobody else is given it");
    app.record("deal", json!({"title": "b"})).await;
    app.drain().await;
    let second = funnel("admin").await;
    assert_eq!(second.0, 2);
    app.clock.advance_seconds(61);
    assert_ne!(funnel("admin").await.1, second.1, "a minute is the end");
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_given_the_answer_of_other_rights() {
    let mut app = TestApp::build().person("max", "sales_manager").person("olga", "observer").start().await;
    let count = async |app: &TestApp, name: &str| {
        app.settle().await;
        ask(app, name, json!({"measures": ["deal.open"]})).await["totals"]["values"]["deal.open"].clone()
    };
    app.record("deal", json!({"title": "his", "owner": app.id_of("max")})).await;
    app.record("deal", json!({"title": "mine", "owner": app.id_of("admin")})).await;
    app.drain().await;
    for (name, expected) in [("admin", 2), ("max", 1), ("olga", 2), ("max", 1)] {
        assert_eq!(count(&app, name).await, expected, "{name}");
    }
    // The rights are gone at once, and with them the answer.
    app.role("nothing", json!([]), json!([])).await;
    let role = app.companies[0].roles["nothing"];
    app.admin().patch(&format!("/users/{}", app.id_of("max")), json!({"roles": [role]})).await.ok(200);
    let asked = app.by("max").post("/reports/query", json!({"measures": ["deal.open"]})).await;
    assert!(!asked.status.is_success() || asked.json()["totals"]["values"]["deal.open"] != 1, "{}", asked.text());
    app.drain().await;
    app.finish().await;
}
