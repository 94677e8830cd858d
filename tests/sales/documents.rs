//! Documents by every door: sums follow from rows, what is issued is read-only.

use serde_json::{Value, json};

use super::totals::table;
use super::{draft, fields, issued};
use crate::app::TestApp;

#[tokio::test]
async fn saved_rows_come_to_what_is_calculated() {
    let app = TestApp::start().await;
    for (name, input, [net, tax, total]) in table() {
        let (rows, discount) = (&input["rows"], &input["discount"]);
        let own = |key: &str, or: Value| input.get(key).cloned().unwrap_or(or);
        let terms =
            json!({"currency": own("currency", json!("RUB")), "tax_rounding": own("tax_rounding", json!(null))});
        // By the address of rows.
        let id = app.record("quote", terms.clone()).await;
        let discount = if discount.is_null() { json!({}) } else { discount.clone() };
        let put = json!({"rows": rows, "discount": discount, "version": 1});
        let put = app.admin().put(&format!("/records/quote/{id}/rows"), put).await.ok(200);
        let got = ["net", "tax", "total"].map(|key| put["totals"][key].as_f64().unwrap());
        assert_eq!(got, [net, tax, total], "{name}: {put:#}");
        // As a field of a record.
        let mut all = terms;
        let more =
            json!({"rows": rows, "discount_percent": discount["percent"], "discount_amount": discount["amount"]});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = app.admin().create("order", all).await.ok(201);
        let got = ["net", "tax", "amount"].map(|key| made["fields"][key].as_f64().unwrap());
        assert_eq!(got, [net, tax, total], "{name}: {made:#}");
        assert_eq!(put["rows"][0]["figures"], made["fields"]["rows"][0]["figures"], "{name}");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn imported_rows_come_to_what_is_calculated() {
    let app = TestApp::start().await;
    let mut file = "Title,Currency,Rows\n".to_owned();
    let plain: Vec<_> = table()
        .into_iter()
        .filter(|(_, input, _)| input["discount"].is_null() && input["tax_rounding"].is_null())
        .collect();
    for (name, input, _) in &plain {
        let currency = input["currency"].as_str().unwrap_or("RUB");
        let rows = input["rows"].to_string().replace('"', "\"\"");
        file.push_str(&format!("\"{name}\",{currency},\"{rows}\"\n"));
    }
    let form = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\nquote\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"q.csv\"\r\n\r\n{file}\r\n--B--\r\n"
    );
    let kind = Some("multipart/form-data; boundary=B");
    let made = app.admin().send("POST", "/api/v1/imports", kind, form.into_bytes()).await.ok(201);
    let path = format!("/imports/{}", made["id"].as_str().unwrap());
    let to = |(column, field): (usize, &str)| json!({"column": column, "field": field});
    let mapping: Vec<Value> = ["title", "currency", "rows"].into_iter().enumerate().map(to).collect();
    app.admin().post(&format!("{path}/start"), json!({"mapping": mapping})).await.ok(202);
    app.drain().await;
    let done = app.admin().get(&path).await.ok(200);
    assert_eq!((&done["accepted"], &done["refused"]), (&json!(plain.len()), &json!(0)), "{done:#}");
    for (name, _, expected) in &plain {
        let filter = json!({"filter": {"field": "title", "op": "eq", "value": name}});
        let of = app.admin().query("quote", filter).await.ok(200)["items"][0]["fields"].clone();
        let got = ["net", "tax", "amount"].map(|key| of[key].as_f64().unwrap());
        assert_eq!(&got, expected, "{name}: {of:#}");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn rows_that_cannot_be_are_refused_at_every_door() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let made = admin.create("quote", json!({"rows": [{"price": -1}]})).await.problem(422, "record.invalid");
    assert_eq!(made["fields"]["rows.0.price"]["code"], "range");
    let mixed = json!({"discount_percent": 5, "rows": [
        {"price": 12, "tax_rate": 20, "tax_included": true}, {"price": 10, "tax_rate": 10}]});
    admin.create("quote", mixed.clone()).await.problem(422, "sale.mixed_tax_mode");
    let both = json!({"discount_percent": 5, "discount_amount": 1, "rows": [{"price": 12}]});
    admin.create("quote", both).await.problem(422, "record.invalid");
    admin.create("deal", json!({"title": "x", "rows": "x"})).await.problem(422, "record.invalid");
    admin.create("lead", json!({"title": "x", "rows": [{"cost": 1}]})).await.problem(422, "record.invalid");
    let bulk = json!({"create": [{"fields": mixed}, {"fields": {"title": "good"}}]});
    let bulk = admin.post("/records/quote/bulk", bulk).await.ok(200);
    assert_eq!(
        (&bulk["results"][0]["code"], &bulk["results"][1]["status"]),
        (&json!("sale.mixed_tax_mode"), &json!("created"))
    );
    let contact = app.record("contact", json!({"title": "x"})).await;
    admin.put(&format!("/records/contact/{contact}/rows"), json!({"rows": []})).await.problem(404, "not_found");
    let quote = app.record("quote", json!({})).await;
    for (rows, code) in [(json!(vec![json!({}); 201]), "rows"), (json!([{"product": quote}]), "rows.0.product")] {
        let path = format!("/records/quote/{quote}/rows");
        let refused = admin.put(&path, json!({"rows": rows})).await.problem(422, "record.invalid");
        assert!(refused["fields"].get(code).is_some(), "{refused:#}");
    }
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn the_amount_of_a_deal_is_that_of_its_rows_until_it_is_set_by_hand() {
    let app = TestApp::start().await;
    let deal = app.record("deal", json!({"title": "x"})).await;
    let path = format!("/records/deal/{deal}/rows");
    let put = async |price: i64| {
        app.admin().put(&path, json!({"rows": [{"price": price, "tax_rate": 20}]})).await.ok(200);
        let of = fields(&app, "deal", &deal).await;
        (of["amount"].clone(), of["rows_amount"].clone(), of["currency"].clone())
    };
    assert_eq!(put(100).await, (json!(120), json!(120), json!("USD")));
    app.admin().update("deal", &deal, json!({"amount": 99})).await.ok(200);
    assert_eq!(put(200).await, (json!(99), json!(240), json!("USD")));
    app.admin().update("deal", &deal, json!({"amount": null})).await.ok(200);
    assert_eq!(put(300).await.0, json!(360));
    let by_hand = app.record("deal", json!({"title": "x", "amount": 5, "currency": "EUR"})).await;
    let rows = json!({"rows": [{"price": 7}]});
    app.admin().put(&format!("/records/deal/{by_hand}/rows"), rows).await.ok(200);
    let of = fields(&app, "deal", &by_hand).await;
    assert_eq!((&of["amount"], &of["rows_amount"], &of["currency"]), (&json!(5), &json!(7), &json!("EUR")));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_is_issued_is_read_only_and_void_keeps_its_number() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = issued(&app, json!(100), json!({})).await;
    let of = fields(&app, "invoice", &id).await;
    assert_eq!(
        (&of["state"], &of["debt"], &of["document_number"]),
        (&json!("issued"), &json!(100), &json!("2026-0001"))
    );
    assert_eq!((&of["title"], &of["document_date"]), (&json!("Invoice 2026-0001"), &json!("2026-03-16")));
    for change in [json!({"title": "x"}), json!({"rows": []}), json!({"comments": "x"})] {
        admin.update("invoice", &id, change).await.problem(409, "invoice.issued");
    }
    admin.put(&format!("/records/invoice/{id}/rows"), json!({"rows": []})).await.problem(409, "invoice.issued");
    admin.delete(&format!("/records/invoice/{id}")).await.problem(409, "invoice.issued");
    admin.post(&format!("/records/invoice/{id}/issue"), json!({})).await.problem(409, "invoice.issued");
    for state in ["draft", "paid", "partly_paid"] {
        let refused = admin.update("invoice", &id, json!({"state": state})).await.problem(422, "record.invalid");
        assert_eq!(refused["fields"]["state"]["code"], "choice");
    }
    let bulk = admin.post("/records/invoice/bulk", json!({"delete": [id]})).await.ok(200);
    assert_eq!(bulk["results"][0]["code"], "invoice.issued");
    let void = format!("/records/invoice/{id}/void");
    admin.post(&void, json!({"reason": ""})).await.problem(422, "record.invalid");
    let voided = admin.post(&void, json!({"reason": "typo"})).await.ok(200)["fields"].clone();
    assert_eq!(
        (&voided["state"], &voided["debt"], &voided["document_number"]),
        (&json!("void"), &json!(0), &json!("2026-0001"))
    );
    admin.update("invoice", &id, json!({"title": "x"})).await.problem(409, "invoice.issued");
    admin.delete(&format!("/records/invoice/{id}")).await.problem(409, "invoice.issued");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_document_without_rows_or_prices_is_not_issued() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let open = draft(&admin, json!(null), json!({})).await;
    let refused = admin.post(&format!("/records/invoice/{open}/issue"), json!({})).await.problem(422, "record.invalid");
    assert_eq!(refused["fields"]["rows.0.price"]["code"], "required");
    let empty = app.record("invoice", json!({"amount": 5})).await;
    admin.post(&format!("/records/invoice/{empty}/issue"), json!({})).await.problem(422, "record.invalid");
    assert_eq!(fields(&app, "invoice", &open).await["document_number"], json!(null));
    // A draft can still be thrown away.
    admin.delete(&format!("/records/invoice/{open}")).await.ok(204);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_reader_issues_nothing_and_another_company_sees_nothing() {
    let mut app = TestApp::build().person("olga", "observer").person("sam", "sales_manager").start().await;
    let id = draft(&app.admin(), json!(5), json!({})).await;
    let olga = app.by("olga");
    olga.post(&format!("/records/invoice/{id}/issue"), json!({})).await.problem(403, "denied");
    olga.put(&format!("/records/invoice/{id}/rows"), json!({"rows": []})).await.problem(403, "denied");
    // What is the administrator's is not there for a manager.
    app.by("sam").post(&format!("/records/invoice/{id}/issue"), json!({})).await.problem(404, "not_found");
    let own = draft(&app.by("sam"), json!(5), json!({})).await;
    app.by("sam").post(&format!("/records/invoice/{own}/issue"), json!({})).await.ok(200);
    let other = app.add_company("Other", kernel::Locale::En).await;
    let stranger = app.by_of(other, "admin");
    for (path, body) in [
        (format!("/records/invoice/{id}/issue"), json!({})),
        (format!("/records/invoice/{id}/void"), json!({"reason": "x"})),
        (format!("/records/invoice/{own}/credit"), json!({})),
        (format!("/records/invoice/{id}/derive"), json!({"to": "invoice"})),
    ] {
        stranger.post(&path, body).await.problem(404, "not_found");
    }
    app.drain().await;
    app.finish().await;
}
