//! Constraints hold whoever writes, from whichever side, and however many at once.

use futures::future::join_all;
use serde_json::{Value, json};

use super::{REQUEST, days, leave, office, run, staff};
use crate::app::TestApp;

/// An entity with a constraint of each kind.
const KEPT: &str = r#"
[[entities]]
key = "leave_entry"
label = "entity.leave_request"
fields = [
  { key = "code", type = "text", label = "days.none" },
  { key = "year", type = "integer", label = "days.none" },
  { key = "person", type = "user", label = "days.none" },
  { key = "amount", type = "decimal", label = "days.none" },
  { key = "ended", type = "boolean", label = "days.none" },
]
[[entities.constraints]]
key = "code"
kind = "unique"
per = ["code", "year"]
[[entities.constraints]]
key = "open"
kind = "one_open"
per = ["person"]
when = "record.ended == false"
[[entities.constraints]]
key = "balance"
kind = "balance"
per = ["year"]
amount = "amount"
min = -2
"#;
const ENTRY: &str = "leave_entry";

async fn ledger() -> TestApp {
    let mut app = TestApp::start().await;
    run(
        &app,
        leave(
            "1.0.0",
            |manifest| {
                manifest.replace(
                    "[[roles]]\nkey = \"leave_employee\"",
                    &format!("{KEPT}\n[[roles]]\nkey = \"leave_employee\""),
                )
            },
            &[],
        ),
    )
    .await;
    staff(&mut app).await;
    app
}

fn statuses(answers: &[crate::app::Answer]) -> (usize, usize) {
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!(count(201) + count(409), answers.len(), "{:?}", answers.iter().map(|a| a.text()).collect::<Vec<_>>());
    (count(201), count(409))
}

#[tokio::test]
async fn twenty_writers_of_one_key_and_one_of_them_has_it() {
    let app = ledger().await;
    let admin = app.admin();
    let make = |fields: Value| admin.create(ENTRY, fields);
    let unique = join_all((0..20).map(|n| make(json!({"title": n.to_string(), "code": "A", "year": 2026})))).await;
    assert_eq!(statuses(&unique), (1, 19));
    let open =
        join_all((0..20).map(|n| make(json!({"title": n.to_string(), "person": app.id_of("ann"), "ended": false}))))
            .await;
    assert_eq!(statuses(&open), (1, 19));
    // Twenty take one day each of the same March: every second one overlaps with the one before.
    let ann = app.by("ann");
    let overlap = join_all((1..=20).map(|day| ann.create(REQUEST, days(day, day + 1)))).await;
    let (made, _) = statuses(&overlap);
    assert!((7..=10).contains(&made), "{made}");
    let page = ann.query(REQUEST, json!({"sort": [{"field": "starts"}], "limit": 100})).await.ok(200);
    let ranges: Vec<(&str, &str)> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["fields"]["starts"].as_str().unwrap(), item["fields"]["ends"].as_str().unwrap()))
        .collect();
    assert_eq!(ranges.len(), made);
    assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0), "{ranges:?}");
    // Ten days, and twenty who each take one and a half: eight of them, for the bound is two below nothing.
    make(json!({"title": "given", "year": 2027, "amount": 10})).await.ok(201);
    let taken = join_all((0..20).map(|n| make(json!({"title": n.to_string(), "year": 2027, "amount": -1.5})))).await;
    assert_eq!(statuses(&taken), (8, 12));
    app.finish().await;
}

#[tokio::test]
async fn keys_of_several_fields_empty_parts_and_conditions() {
    let app = ledger().await;
    let admin = app.admin();
    let id = app
        .record(ENTRY, json!({"title": "first", "code": "A", "year": 2026, "person": app.id_of("ann"), "ended": false}))
        .await;
    app.record(ENTRY, json!({"title": "other year", "code": "A", "year": 2027})).await;
    for _ in 0..2 {
        app.record(ENTRY, json!({"title": "no year", "code": "A"})).await;
        app.record(ENTRY, json!({"title": "ended", "person": app.id_of("ann"), "ended": true})).await;
    }
    let problem =
        admin.create(ENTRY, json!({"title": "x", "code": "A", "year": 2026})).await.problem(409, "record.constraint");
    assert_eq!(problem["other"], json!({"entity": ENTRY, "id": id}));
    assert_eq!(problem["plugin"], super::LEAVE);
    assert_eq!(problem["detail"], "There is such a record already. (first)");
    assert_eq!(problem["fields"]["code"]["code"], "constraint");
    assert_eq!(problem["fields"]["year"]["code"], "constraint");
    let ended = admin.create(ENTRY, json!({"title": "x", "person": app.id_of("ann"), "ended": true})).await.ok(201);
    admin.update(ENTRY, ended["id"].as_str().unwrap(), json!({"ended": false})).await.problem(409, "record.constraint");
    admin.update(ENTRY, &id, json!({"ended": true, "title": "closed"})).await.ok(200);
    admin.update(ENTRY, ended["id"].as_str().unwrap(), json!({"ended": false})).await.ok(200);
    // What is one's own is not in one's way.
    admin.update(ENTRY, &id, json!({"code": "A", "year": 2026, "title": "same"})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn the_other_record_is_named_only_to_those_who_may_see_it() {
    let app = office().await;
    let id = app.by("ann").create(REQUEST, days(1, 2)).await.ok(201)["id"].as_str().unwrap().to_owned();
    let own = app.by("ann").create(REQUEST, days(2, 3)).await.problem(409, "record.constraint");
    assert_eq!((&own["other"]["id"], &own["fields"]["starts"]["code"]), (&json!(id), &json!("constraint")));
    assert_eq!(own["detail"], "These days overlap with another request of the same person. (Yearly leave)");
    // A head who may make requests for others, and see none of them.
    let mut app = app;
    let rows = json!([{"kind": "permission", "entity": REQUEST, "actions": ["create"]}]);
    app.role("maker", rows, json!([])).await;
    app.person(0, "eve", &["maker"]).await;
    let mut fields = days(2, 3);
    fields["owner"] = json!(app.id_of("ann"));
    let blind = app.by("eve").create(REQUEST, fields).await.problem(409, "record.constraint");
    assert_eq!(blind["detail"], "These days overlap with another request of the same person.");
    assert!(blind.get("other").is_none() && !blind.to_string().contains(&id), "{blind}");
    app.finish().await;
}

#[tokio::test]
async fn bulk_undo_bin_and_restore_keep_them() {
    let app = office().await;
    let (admin, ann) = (app.admin(), app.by("ann"));
    let id = async |from, to| ann.create(REQUEST, days(from, to)).await.ok(201)["id"].as_str().unwrap().to_owned();
    let (one, two) = (id(1, 2).await, id(10, 11).await);
    let moved = |from, to, id: &str| json!({"id": id, "fields": days(from, to)});
    let bulk = async |body: Value| admin.post(&format!("/records/{REQUEST}/bulk"), body).await.ok(200);
    let results = |answer: &Value| -> Vec<String> {
        answer["results"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
    };
    // They change places in one go; rows of one bulk are in each other's way as well.
    let swapped = bulk(json!({"update": [moved(10, 11, &one), moved(1, 2, &two)]})).await;
    assert_eq!(results(&swapped), ["updated", "updated"], "{swapped}");
    let owner = app.id_of("ann");
    let create = |from, to| {
        let mut fields = days(from, to);
        fields["owner"] = json!(owner);
        json!({ "fields": fields })
    };
    let made = bulk(json!({"create": [create(20, 22), create(22, 23), create(24, 25), create(1, 1)]})).await;
    assert_eq!(results(&made), ["created", "refused", "created", "refused"], "{made}");
    assert_eq!(
        (&made["results"][1]["code"], &made["results"][3]["other"]["id"]),
        (&json!("record.constraint"), &json!(two))
    );
    let none = bulk(json!({"create": [create(27, 28), create(28, 29)], "all_or_nothing": true})).await;
    assert_eq!(results(&none), ["refused", "refused"], "{none}");
    // Into the bin: its days are free, and taken when it would come back.
    admin.delete(&format!("/records/{REQUEST}/{two}")).await.ok(204);
    let instead = id(2, 2).await;
    let back = admin.post(&format!("/records/{REQUEST}/{two}/restore"), json!({})).await;
    assert_eq!(back.problem(409, "record.constraint")["other"]["id"], json!(instead));
    admin.delete(&format!("/records/{REQUEST}/{instead}")).await.ok(204);
    admin.post(&format!("/records/{REQUEST}/{two}/restore"), json!({})).await.ok(200);
    // Undo puts back what it can, and says what it kept.
    let away = bulk(json!({"update": [moved(5, 6, &two)]})).await;
    id(1, 1).await;
    let undone = admin.post(&format!("/batches/{}/undo", away["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!(
        (&undone["restored"], &undone["kept"][0]["reason"]),
        (&json!(0), &json!("record.constraint")),
        "{undone}"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_balance_is_kept_by_changes_moves_and_the_bin() {
    let app = ledger().await;
    let admin = app.admin();
    let given = app.record(ENTRY, json!({"title": "given", "year": 2026, "amount": 5})).await;
    let spent = app.record(ENTRY, json!({"title": "spent", "year": 2026, "amount": -6.5})).await;
    let problem = admin.create(ENTRY, json!({"title": "x", "year": 2026, "amount": -0.5001})).await;
    assert_eq!(problem.problem(409, "record.constraint")["fields"]["amount"]["code"], "constraint");
    app.record(ENTRY, json!({"title": "the last", "year": 2026, "amount": -0.5})).await;
    admin.update(ENTRY, &given, json!({"amount": 4})).await.problem(409, "record.constraint");
    admin.update(ENTRY, &given, json!({"year": 2027})).await.problem(409, "record.constraint");
    admin.delete(&format!("/records/{ENTRY}/{given}")).await.problem(409, "record.constraint");
    admin.delete(&format!("/records/{ENTRY}/{spent}")).await.ok(204);
    admin.update(ENTRY, &given, json!({"amount": 0})).await.ok(200);
    admin.post(&format!("/records/{ENTRY}/{spent}/restore"), json!({})).await.problem(409, "record.constraint");
    admin.update(ENTRY, &given, json!({"amount": 5})).await.ok(200);
    admin.post(&format!("/records/{ENTRY}/{spent}/restore"), json!({})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_of_an_import_asks_them_and_so_does_the_import() {
    let app = ledger().await;
    let admin = app.admin();
    app.record(ENTRY, json!({"title": "there", "code": "A", "year": 2026})).await;
    let mut file = "Title;Code;Year;Amount\nfirst;A;2026;1\nsecond;B;2026;-2,5\nthird;B;2026;0\n".to_owned();
    // The same key again far behind, when hundreds of other rows were read.
    (0..400).for_each(|n| file.push_str(&format!("row {n};C{n};2027;0\n")));
    file.push_str("last;C7;2027;0\nfourth;D;2026;-0,5\nfifth;E;2026;-1\n");
    let form = format!(
        "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\n{ENTRY}\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"l.csv\"\r\n\r\n{file}\r\n--B--\r\n"
    );
    let kind = Some("multipart/form-data; boundary=B");
    let made = admin.send("POST", "/api/v1/imports", kind, form.into_bytes()).await.ok(201);
    let path = format!("/imports/{}", made["id"].as_str().unwrap());
    let columns = ["title", "code", "year", "amount"].iter().enumerate();
    let mapping: Vec<Value> = columns.map(|(column, field)| json!({"column": column, "field": field})).collect();
    let body = json!({"mapping": mapping, "options": {"duplicates": "create"}});
    for step in ["check", "start"] {
        admin.post(&format!("{path}/{step}"), body.clone()).await.ok(202);
        app.drain().await;
        let done = admin.get(&path).await.ok(200);
        assert_eq!((&done["accepted"], &done["refused"]), (&json!(403), &json!(3)), "{step}: {done}");
    }
    assert_eq!(app.count(&format!("SELECT count(*) FROM shared_record WHERE entity = '{ENTRY}'")).await, 404);
    app.finish().await;
}

#[tokio::test]
async fn balances_of_the_largest_numbers_are_kept_too() {
    let app = ledger().await;
    let admin = app.admin();
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(app.record(ENTRY, json!({"title": n.to_string(), "year": 2026, "amount": 1})).await);
    }
    // As much as ten thousand of the largest numbers each.
    app.sql("UPDATE record_claim SET amount = 999999999999990000").await;
    admin.delete(&format!("/records/{ENTRY}/{}", ids[0])).await.ok(204);
    admin.update(ENTRY, &ids[1], json!({"amount": -1})).await.ok(200);
    app.finish().await;
}
