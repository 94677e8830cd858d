//! Numbers without gaps and without doubles.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use kernel::error::Refusal;
use kernel::{Ctx, Message, RecordId, Value as Cell};
use records::{BeforeHooks, PendingChange, Records};
use serde_json::{Map, Value, json};

use super::{draft, fields, issued};
use crate::app::TestApp;

/// Refuses to issue what is called so.
struct Refuses;

#[async_trait::async_trait]
impl BeforeHooks for Refuses {
    async fn watches(&self, _: &Ctx, entity: &str) -> kernel::Result<bool> {
        Ok(entity == "invoice")
    }

    async fn before(&self, _: &Ctx, changes: &mut [PendingChange]) -> kernel::Result<()> {
        for change in changes {
            if change.after.get("title").and_then(Cell::as_text) == Some("no") {
                change.refusal = Some(Refusal::new("hook.rejected", Message::key("error.hook.failed")));
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn fifty_at_once_of_which_a_hook_refuses_half_leave_no_gap() {
    let app = TestApp::start().await;
    let mut drafts = Vec::new();
    for number in 0..50 {
        let title = if number % 2 == 0 { "yes" } else { "no" };
        drafts.push(draft(&app.admin(), json!(10), json!({"title": title})).await);
    }
    let records = Records::new(&app.state.db, &app.state.env);
    crm::join(&records);
    records.set_hooks(Arc::new(Refuses));
    let (sales, ctx) = (crm::Sales::new(&records), app.system());
    let issue = async |id: &String| {
        let id = RecordId(id.parse().unwrap());
        sales.step(&ctx, "invoice", id, Map::new(), "issued").await.is_ok()
    };
    let done = join_all(drafts.iter().map(issue)).await;
    assert_eq!(done.iter().filter(|done| **done).count(), 25);
    let mut numbers = BTreeSet::new();
    for id in &drafts {
        let of = fields(&app, "invoice", id).await;
        match of["document_number"].as_str() {
            Some(number) => assert!(numbers.insert(number.to_owned()), "{number} was given twice"),
            None => assert_eq!(of["state"], "draft"),
        }
    }
    let expected: BTreeSet<String> = (1..=25).map(|number| format!("2026-{number:04}")).collect();
    assert_eq!(numbers, expected);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn each_organization_counts_in_its_own_series_and_drafts_have_no_number() {
    let app = TestApp::start().await;
    let organization = async |prefix: &str| {
        let id = app.record("organization", json!({"title": prefix})).await;
        let series =
            json!({"kind": "invoice", "organization": id, "prefix": prefix, "pattern": "{prefix}{yyyy}-{n:4}"});
        app.record("number_series", series).await;
        id
    };
    let (a, b) = (organization("A-").await, organization("B-").await);
    let number = async |of: &str| {
        let id = issued(&app, json!(1), json!({"organization": of, "document_date": "2027-01-11"})).await;
        fields(&app, "invoice", &id).await["document_number"].clone()
    };
    assert_eq!([number(&a).await, number(&b).await], [json!("A-2027-0001"), json!("B-2027-0001")]);
    assert_eq!(number(&a).await, json!("A-2027-0002"));
    let open = draft(&app.admin(), json!(1), json!({"organization": a})).await;
    assert_eq!(fields(&app, "invoice", &open).await["document_number"], Value::Null);
    // What is refused among others takes no number.
    let ids = [draft(&app.admin(), json!(1), json!({"organization": a, "document_date": "2027-01-11"})).await, open];
    let unpriced = draft(&app.admin(), json!(null), json!({"organization": a, "document_date": "2027-01-11"})).await;
    let change = |id: &str| json!({"id": id, "fields": {"state": "issued", "document_date": "2027-01-12"}});
    let bulk = json!({"update": [change(&unpriced), change(&ids[0]), change(&ids[1])]});
    let bulk = app.admin().post("/records/invoice/bulk", bulk).await.ok(200);
    assert_eq!(bulk["results"][0]["status"], "refused");
    let numbers = [fields(&app, "invoice", &ids[0]).await, fields(&app, "invoice", &ids[1]).await];
    let numbers = numbers.map(|of| of["document_number"].clone());
    assert_eq!(numbers, [json!("A-2027-0003"), json!("A-2027-0004")]);
    // Credit notes count by themselves.
    let first = app.admin().post(&format!("/records/invoice/{}/credit", ids[0]), json!({})).await.ok(200);
    let credit = first["id"].as_str().unwrap().to_owned();
    let credit = app.admin().post(&format!("/records/invoice/{credit}/issue"), json!({})).await.ok(200);
    assert_eq!(credit["fields"]["document_number"], "2026-0001");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_date_before_the_last_one_of_the_series_is_refused() {
    let app = TestApp::start().await;
    issued(&app, json!(1), json!({"document_date": "2026-03-15"})).await;
    let early = draft(&app.admin(), json!(1), json!({"document_date": "2026-03-14"})).await;
    let path = format!("/records/invoice/{early}/issue");
    let refused = app.admin().post(&path, json!({})).await.problem(422, "record.invalid");
    assert_eq!(refused["fields"]["document_date"]["code"], "invalid");
    app.admin().update("invoice", &early, json!({"document_date": "2026-03-15"})).await.ok(200);
    assert_eq!(app.admin().post(&path, json!({})).await.ok(200)["fields"]["document_number"], "2026-0002");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_pattern_that_makes_no_number_is_refused_and_there_is_one_series_of_a_kind() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let series = |pattern: &str, of: &str| json!({"kind": "quote", "organization": of, "pattern": pattern});
    let of = app.record("organization", json!({"title": "We"})).await;
    let refused = admin.create("number_series", series("{yyyy}", &of)).await.problem(422, "record.invalid");
    assert_eq!(refused["fields"]["pattern"]["code"], "invalid");
    admin.create("number_series", series("{n}", &of)).await.ok(201);
    admin.create("number_series", series("{n:2}", &of)).await.ok(409);
    app.drain().await;
    app.finish().await;
}
