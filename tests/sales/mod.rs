//! Sales: totals, products, documents, numbers, payments.

mod chain;
mod convert;
mod documents;
mod guests;
mod letters;
mod numbers;
mod own_templates;
pub mod papers;
mod payments;
mod prices;
mod totals;

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

/// A draft of an invoice over one row.
async fn draft(client: &Client<'_>, price: Value, more: Value) -> String {
    let mut fields = json!({"rows": [{"title": "Work", "price": price}]});
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = client.create("invoice", fields).await;
    made.ok(201);
    made.id()
}

/// An invoice that was issued.
async fn issued(app: &TestApp, price: Value, more: Value) -> String {
    let id = draft(&app.admin(), price, more).await;
    app.admin().post(&format!("/records/invoice/{id}/issue"), json!({})).await.ok(200);
    id
}

/// Fields of a record.
async fn fields(app: &TestApp, entity: &str, id: &str) -> Value {
    app.admin().get(&format!("/records/{entity}/{id}")).await.ok(200)["fields"].clone()
}

/// Kinds of the events of a record, oldest first.
async fn told(app: &TestApp, entity: &str, id: &str) -> Vec<String> {
    app.settle().await;
    let page = app.admin().get(&format!("/events?entity={entity}&limit=1000")).await.ok(200);
    let of = page["items"].as_array().unwrap().iter().filter(|event| event["record"] == id);
    of.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}
