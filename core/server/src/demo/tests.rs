use kernel::clock::Env;
use kernel::{Locale, UserId};
use records::read::Query;
use serde_json::json;

use crate::config::{Config, Overrides};
use crate::setup::{NewCompany, create_company};
use crate::state::AppState;

#[tokio::test(flavor = "multi_thread")]
async fn half_a_year_is_told_and_ends_now() {
    let folder = tempfile::tempdir().unwrap();
    let overrides = Overrides { data: Some(folder.path().to_owned()), ..Overrides::default() };
    let mut config = Config::load(None, &overrides).unwrap();
    config.database.full_sync = false;
    let state = AppState::open(config, Env::system()).await.unwrap();
    let company = NewCompany {
        name: "Торговий дім".into(),
        locale: Locale::Uk,
        admin_email: "admin@example.org".into(),
        admin_name: "Admin".into(),
        admin_password: "long enough".into(),
    };
    let (tenant, admin) = create_company(&state.db, &state.env, &company).await.unwrap();
    super::fill(&state, &tenant).await.unwrap();
    let ctx = state.identities.of_user(tenant.id, UserId(admin.id)).await.unwrap().ctx(&state.env);
    let count = async |entity: &str, filter: &str| {
        let filter = serde_json::from_str(filter).unwrap();
        let query = Query { filter: Some(filter), ..Query::default() };
        state.records.count(&ctx, entity, &query).await.unwrap()
    };
    let all = r#"{"and": []}"#;
    for (entity, least) in
        [("lead", 600), ("deal", 250), ("contact", 200), ("company", 150), ("activity", 650), ("task", 80)]
    {
        let found = count(entity, all).await;
        assert!((least..least * 3).contains(&found), "{found} of {entity}");
    }
    let future = r#"{"field": "created_at", "op": "gt", "value": {"relative": "today"}}"#;
    assert_eq!(count("lead", future).await, 0);
    for (entity, stage) in
        [("lead", "new"), ("lead", "qualified"), ("deal", "negotiation"), ("deal", "won"), ("deal", "lost")]
    {
        let there = count(entity, &format!(r#"{{"field": "stage", "op": "eq", "value": "{stage}"}}"#)).await;
        assert!(there > 0, "no {entity} is {stage}");
    }
    for (entity, there) in [("tax", 1), ("product", 8), ("price_list", 1), ("price", 10)] {
        assert_eq!(count(entity, all).await, there, "{entity}");
    }
    // A quote can be made at once: in the company's language and currency, with the tax in the price.
    let racks = r#"{"field": "code", "op": "eq", "value": "RACK-200"}"#;
    let query = Query { filter: Some(serde_json::from_str(racks).unwrap()), ..Query::default() };
    let rack = state.records.query(&ctx, "product", &query).await.unwrap().items.remove(0);
    let input = json!({"rows": [{"product": rack.id, "quantity": 10}]});
    let sold = state.sales.calculate(&ctx, &serde_json::from_value(input).unwrap()).await.unwrap();
    let sold = serde_json::to_value(&sold).unwrap();
    assert_eq!(sold["totals"]["total"], 66_000, "{sold}");
    assert_eq!((&sold["rows"][0]["unit"], &sold["rows"][0]["tax_rate"]), (&json!("шт."), &json!(20)), "{sold}");
    let open = count("task", r#"{"field": "state", "op": "eq", "value": "open"}"#).await;
    assert!((1..100).contains(&open), "{open} open tasks");
    assert_eq!(people::user::list(&state.db, tenant.id, None, 100).await.unwrap().len(), 13);
}
