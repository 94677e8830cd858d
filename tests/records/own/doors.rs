//! Lists, filters, sorting, sums, writes, access, import, bulk, undo, history, search, processes and reports work on an
//! own entity like on leads.

use serde_json::{Value, json};

use super::{MACHINE, workshop};
use crate::app::{Client, TestApp, titles};
use crate::process::{Engine, file, one};

async fn three(app: &TestApp) -> Vec<String> {
    let company = app.record("company", json!({"title": "Acme", "industry": "it"})).await;
    let one = app
        .record(
            MACHINE,
            json!({
                "title": "one", "x_serial": "A-1", "x_notes": "Старый станок", "x_hours": 10, "x_weight": 1.5,
                "x_price": 200.1, "x_price_currency": "EUR", "x_leased": true, "x_bought": "2026-01-31",
                "x_serviced": "2026-02-01T10:00:00Z", "x_cycle": 90, "x_kind": "mill", "x_tools": ["saw", "mill"],
                "x_client": company, "x_keeper": app.id_of("max"), "x_phones": ["+7 916 123-45-67"],
                "x_place": {"city": "Київ", "country": "ua"}, "x_data": {"a": [1]}
            }),
        )
        .await;
    let two = app
        .record(
            MACHINE,
            json!({"title": "two", "x_serial": "Б-2", "x_hours": 9, "x_price": 5, "x_kind": "lathe", "x_parts": [one]}),
        )
        .await;
    let three = app.record(MACHINE, json!({"title": "three", "x_bought": "2026-03-01", "x_leased": false})).await;
    vec![one, two, three]
}

#[tokio::test]
async fn every_field_comes_back_as_it_was_given() {
    let app = workshop().await;
    let ids = three(&app).await;
    let fields = app.admin().get(&format!("/records/{MACHINE}/{}", ids[0])).await.ok(200)["fields"].clone();
    for (key, value) in [
        ("x_serial", json!("A-1")),
        ("x_hours", json!(10)),
        ("x_weight", json!(1.5)),
        ("x_price", json!(200.1)),
        ("x_price_currency", json!("EUR")),
        ("x_leased", json!(true)),
        ("x_bought", json!("2026-01-31")),
        ("x_serviced", json!("2026-02-01T10:00:00Z")),
        ("x_cycle", json!(90)),
        ("x_kind", json!("mill")),
        ("x_tools", json!(["saw", "mill"])),
        ("x_keeper", json!(app.id_of("max"))),
        ("x_phones", json!([{"value": "+7 916 123-45-67", "kind": "other"}])),
        ("x_place", json!({"city": "Київ", "country": "UA"})),
        ("x_data", json!({"a": [1]})),
        ("x_parts", json!([])),
        ("number", json!(1)),
        ("stage", json!("new")),
    ] {
        assert_eq!(fields[key], value, "{key}");
    }
    let two = app.admin().get(&format!("/records/{MACHINE}/{}", ids[1])).await.ok(200);
    assert_eq!(two["fields"]["x_parts"], json!([ids[0]]));
    assert_eq!(two["fields"]["x_price_currency"], "USD", "an amount without a currency is in the company's");
    assert_eq!(two["refs"][&ids[0]], json!({"entity": MACHINE, "title": "one"}));
    // Emptied again, nothing else moves.
    let emptied = json!({"x_price": null, "x_leased": null, "x_client": null, "x_tools": [], "x_place": null});
    let now = app.admin().update(MACHINE, &ids[0], emptied).await.ok(200)["fields"].clone();
    assert_eq!((&now["x_leased"], &now["x_client"], &now["x_tools"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!((&now["x_hours"], &now["x_serial"]), (&json!(10), &json!("A-1")));
    app.finish().await;
}

#[tokio::test]
async fn every_field_can_be_filtered() {
    let app = workshop().await;
    let ids = three(&app).await;
    let admin = app.admin();
    let check = async |filter: Value, expected: &[&str]| {
        assert_eq!(admin.found(MACHINE, filter.clone()).await, expected, "{filter}");
    };
    let test = |field: &str, op: &str, value: Value| json!({"field": field, "op": op, "value": value});
    check(test("x_serial", "eq", json!("A-1")), &["one"]).await;
    check(test("x_serial", "contains", json!("б")), &["two"]).await;
    check(test("x_notes", "starts_with", json!("СТАР")), &["one"]).await;
    check(test("x_hours", "gt", json!(9)), &["one"]).await;
    check(test("x_hours", "in", json!([9, 11])), &["two"]).await;
    check(json!({"field": "x_hours", "op": "empty"}), &["three"]).await;
    check(test("x_weight", "lte", json!(1.5)), &["one"]).await;
    check(test("x_price", "between", json!([5, 200.1])), &["one", "two"]).await;
    check(test("x_price_currency", "eq", json!("EUR")), &["one"]).await;
    check(test("x_leased", "eq", json!(false)), &["three"]).await;
    check(test("x_leased", "ne", json!(true)), &["three", "two"]).await;
    check(test("x_bought", "lt", json!("2026-02-01")), &["one"]).await;
    check(test("x_bought", "eq", json!({"relative": "this_month"})), &["three"]).await;
    check(test("x_serviced", "gte", json!("2026-02-01T10:00:00Z")), &["one"]).await;
    check(test("x_cycle", "eq", json!(90)), &["one"]).await;
    check(test("x_kind", "in", json!(["mill", "lathe"])), &["one", "two"]).await;
    check(test("x_tools", "eq", json!("saw")), &["one"]).await;
    check(test("x_tools", "not_in", json!(["saw"])), &["three", "two"]).await;
    check(json!({"field": "x_tools", "op": "empty"}), &["three", "two"]).await;
    check(test("x_client.industry", "eq", json!("it")), &["one"]).await;
    check(json!({"field": "x_client", "op": "empty"}), &["three", "two"]).await;
    check(test("x_parts", "eq", json!(ids[0])), &["two"]).await;
    check(test("x_keeper", "eq", json!(app.id_of("max"))), &["one"]).await;
    check(test("x_keeper", "in", json!({"my_subtree": true})), &[]).await;
    check(test("x_phones", "contains", json!("123-45")), &["one"]).await;
    check(json!({"not": test("x_kind", "eq", json!("mill"))}), &["three", "two"]).await;
    assert_eq!(titles(&admin.get(&format!("/records/{MACHINE}?q=a-1")).await.ok(200)), ["one"]);
    assert_eq!(titles(&admin.get(&format!("/records/{MACHINE}?q=9161234567")).await.ok(200)), ["one"]);
    app.finish().await;
}

/// Titles of all pages of two in an order.
async fn paged(client: &Client<'_>, sort: Value) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = client.query(MACHINE, json!({"sort": [sort], "limit": 2, "cursor": cursor})).await.ok(200);
        let items = page["items"].as_array().unwrap();
        all.extend(items.iter().map(|item| item["fields"]["title"].as_str().unwrap().to_owned()));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            return all;
        }
    }
}

#[tokio::test]
async fn own_fields_sort_page_and_sum() {
    let app = workshop().await;
    for n in 0..7 {
        let mut fields = json!({"title": format!("m{n}"), "x_kind": if n % 2 == 0 { "mill" } else { "saw" }});
        if n % 3 != 0 {
            fields.as_object_mut().unwrap().extend(json!({"x_hours": 10 - n, "x_price": n * 10, "x_bought": format!("2026-0{}-01", n + 1), "x_leased": n > 3, "x_serial": format!("S{}", n * 7 % 5)}).as_object().unwrap().clone());
        }
        app.record(MACHINE, fields).await;
    }
    let admin = app.admin();
    for field in ["x_hours", "x_price", "x_bought", "x_leased", "x_serial", "x_kind", "stage", "title"] {
        for descending in [false, true] {
            let order = paged(&admin, json!({"field": field, "desc": descending})).await;
            let mut sorted = order.clone();
            sorted.sort();
            assert_eq!(sorted, ["m0", "m1", "m2", "m3", "m4", "m5", "m6"], "{field} {descending}: {order:?}");
        }
    }
    let by_hours = paged(&admin, json!({"field": "x_hours", "desc": true})).await;
    let filled: Vec<&str> = by_hours.iter().map(String::as_str).filter(|t| !["m0", "m3", "m6"].contains(t)).collect();
    assert_eq!(filled, ["m1", "m2", "m4", "m5"]);
    let sums = admin
        .post(&format!("/records/{MACHINE}/aggregate"), json!({"group_by": ["x_kind"], "measures": [{"op": "count"}, {"op": "sum", "field": "x_price"}, {"op": "max", "field": "x_hours"}]}))
        .await
        .ok(200);
    assert_eq!(
        sums["items"],
        json!([
            {"group": {"x_kind": "mill"}, "values": {"count": 4, "sum_x_price": 60, "sum_x_price_by_currency": {"USD": 60}, "max_x_hours": 8}},
            {"group": {"x_kind": "saw"}, "values": {"count": 3, "sum_x_price": 60, "sum_x_price_by_currency": {"USD": 60}, "max_x_hours": 9}}
        ])
    );
    let quarters = admin
        .post(&format!("/records/{MACHINE}/aggregate"), json!({"filter": {"field": "x_bought", "op": "not_empty"}, "group_by": [{"field": "x_bought", "bucket": "quarter"}]}))
        .await
        .ok(200);
    assert_eq!(quarters["items"][0], json!({"group": {"x_bought": "2026-01-01"}, "values": {"count": 2}}));
    let refused = admin.query(MACHINE, json!({"sort": [{"field": "x_tools"}]})).await;
    refused.problem(400, "request.invalid");
    app.finish().await;
}

#[tokio::test]
async fn rights_of_roles_hold_on_own_entities_and_fields() {
    let mut app = workshop().await;
    three(&app).await;
    // What comes later is closed to roles of before, whatever they say of `*`.
    let max = app.by("max");
    assert_eq!(max.get(&format!("/records/{MACHINE}")).await.ok(200)["items"], json!([]));
    max.create(MACHINE, json!({"title": "x"})).await.problem(403, "denied");
    let mine = json!({"field": "x_keeper", "op": "eq", "value": {"me": true}});
    let rows = json!([{"kind": "permission", "entity": MACHINE, "actions": ["read", "update"], "filter": mine}]);
    let rights = json!([{"entity": MACHINE, "field": "x_price", "right": "hidden"}, {"entity": MACHINE, "field": "x_hours", "right": "read_only"}]);
    app.role("keeper", rows, rights).await;
    app.person(0, "kim", &["keeper"]).await;
    let id = app.record(MACHINE, json!({"title": "kims", "x_keeper": app.id_of("kim"), "x_price": 77})).await;
    let kim = app.by("kim");
    let page = kim.get(&format!("/records/{MACHINE}?total=true")).await.ok(200);
    assert_eq!((titles(&page), &page["total"]), (vec!["kims".to_owned()], &json!(1)));
    let seen = page["items"][0]["fields"].as_object().unwrap();
    assert!(!seen.contains_key("x_price"), "{seen:?}");
    kim.update(MACHINE, &id, json!({"x_hours": 5})).await.problem(422, "record.invalid");
    kim.update(MACHINE, &id, json!({"x_price": 5})).await.problem(422, "record.invalid");
    kim.update(MACHINE, &id, json!({"x_serial": "K"})).await.ok(200);
    // Nobody gives a record away by an own field.
    kim.update(MACHINE, &id, json!({"x_keeper": app.id_of("max")})).await.problem(403, "denied");
    kim.query(MACHINE, json!({"filter": {"field": "x_price", "op": "gt", "value": 1}}))
        .await
        .problem(400, "request.invalid");
    app.finish().await;
}

#[tokio::test]
async fn bulk_undo_history_and_views() {
    let app = workshop().await;
    let ids = three(&app).await;
    let admin = app.admin();
    let update = |hours: i64| json!({"update": ids.iter().map(|id| json!({"id": id, "fields": {"x_hours": hours, "x_price": hours, "x_tools": ["lathe"], "x_client": null, "stage": "in_progress"}})).collect::<Vec<_>>()});
    let answer = admin.post(&format!("/records/{MACHINE}/bulk"), update(50)).await.ok(200);
    let undone = admin.post(&format!("/batches/{}/undo", answer["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!((&undone["restored"], &undone["kept"]), (&json!(3), &json!([])));
    let back = admin.get(&format!("/records/{MACHINE}/{}", ids[0])).await.ok(200)["fields"].clone();
    assert_eq!(
        (&back["x_hours"], &back["x_price"], &back["x_price_currency"]),
        (&json!(10), &json!(200.1), &json!("EUR"))
    );
    assert_eq!((&back["x_tools"], &back["stage"]), (&json!(["saw", "mill"]), &json!("new")));
    assert!(back["x_client"].is_string());
    let timeline = admin.get(&format!("/records/{MACHINE}/{}/timeline", ids[0])).await.ok(200);
    let changes: Vec<&Value> =
        timeline["items"].as_array().unwrap().iter().filter(|entry| !entry["changes"]["x_hours"].is_null()).collect();
    assert_eq!(changes.len(), 3, "{timeline}");
    admin.post(&format!("/records/{MACHINE}/{}/timeline", ids[0]), json!({"text": "looked at it"})).await.ok(201);
    let view = json!({"entity": MACHINE, "name": "Old", "kind": "list", "config": {"filter": {"field": "x_hours", "op": "gt", "value": 9}}});
    let view = admin.post("/views", view).await.ok(201);
    let listed = admin.get(&format!("/records/{MACHINE}?view={}", view["id"].as_str().unwrap())).await.ok(200);
    assert_eq!(titles(&listed), ["one"]);
    app.finish().await;
}

#[tokio::test]
async fn files_are_imported_into_own_entities_and_fields() {
    let app = workshop().await;
    three(&app).await;
    app.admin().post("/entities/lead/fields", json!({"label": {"en": "Shoe size"}, "type": "integer"})).await.ok(201);
    let text = "title,x_serial,x_hours,x_price,x_kind,x_tools,x_client,x_keeper\n\
        four,Z-9,12,\"1,500.50 €\",Mill,saw; lathe,Acme,max\n\
        five,Z-10,many,5,Mill,,,\n";
    let job = import(&app, MACHINE, text).await;
    // What is no number of hours is left out, not its row.
    assert_eq!((&job["accepted"], &job["refused"], &job["partial"]), (&json!(2), &json!(0), &json!(1)), "{job}");
    assert_eq!((&job["errors"][0]["field"], &job["errors"][0]["left_out"]), (&json!("x_hours"), &json!(true)));
    let page =
        app.admin().query(MACHINE, json!({"filter": {"field": "title", "op": "eq", "value": "four"}})).await.ok(200);
    let four = &page["items"][0]["fields"];
    assert_eq!(
        (&four["x_price"], &four["x_price_currency"], &four["x_kind"]),
        (&json!(1500.5), &json!("EUR"), &json!("mill"))
    );
    assert_eq!((&four["x_tools"], &four["x_keeper"]), (&json!(["saw", "lathe"]), &json!(app.id_of("max"))));
    let job = import(&app, "lead", "Last name,Shoe size\nLee,43\n").await;
    assert_eq!((&job["accepted"], &job["refused"]), (&json!(1), &json!(0)), "{job}");
    assert_eq!(app.admin().found("lead", json!({"field": "x_shoe_size", "op": "eq", "value": 43})).await, ["Lee"]);
    app.finish().await;
}

async fn import(app: &TestApp, entity: &str, text: &str) -> Value {
    let body = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n{entity}\r\n--B\r\nContent-Disposition: \
         form-data; name=\"file\"; filename=\"rows.csv\"\r\n\r\n{text}\r\n--B--\r\n"
    );
    let kind = Some("multipart/form-data; boundary=B");
    let made = app.admin().send("POST", "/api/v1/imports", kind, body.into_bytes()).await.ok(201);
    let id = made["id"].as_str().unwrap();
    app.admin().post(&format!("/imports/{id}/start"), json!({})).await.ok(202);
    app.drain().await;
    app.admin().get(&format!("/imports/{id}")).await.ok(200)
}

#[tokio::test]
async fn processes_and_reports_take_own_entities() {
    let app = workshop().await;
    let engine = Engine::of(&app);
    let start = r#"<startEvent id="start"><messageEventDefinition messageRef="m"/></startEvent>"#;
    let work = r#"<userTask id="then" v:executors="owner"><extensionElements/></userTask>"#;
    let inside = format!("{start}{work}{}", crate::process::flows("start>then"));
    engine.deploy(file(&format!(r#"<message id="m" name="{MACHINE}.created"/>{}"#, one("repair", &inside)))).await;
    let ids = three(&app).await;
    app.drain().await;
    let begun = engine.instances(&format!("subject={}", ids[0])).await;
    assert_eq!((begun.len(), &begun[0]["subject"]), (1, &json!({"entity": MACHINE, "id": ids[0]})));
    let to = format!("/records/{MACHINE}/{}/stage", ids[0]);
    app.admin().post(&to, json!({"stage": "won"})).await.ok(200);
    let ask = json!({"over": "stage", "entity": MACHINE, "group_by": ["step", "field:x_kind"]});
    let funnel = app.admin().post("/reports/funnel", ask).await.ok(200);
    let group = |step: &str, kind: Value| {
        let rows = funnel["items"].as_array().unwrap();
        rows.iter().find(|row| row["group"] == json!({"step": step, "field:x_kind": kind})).cloned().unwrap_or_default()
    };
    assert_eq!((&group("new", json!("mill"))["left"], &group("won", json!("mill"))["entered"]), (&json!(1), &json!(1)));
    assert_eq!(group("new", json!("lathe"))["standing"], 1);
    app.drain().await;
    app.finish().await;
}
