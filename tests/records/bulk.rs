//! Many changes in one request.

use serde_json::{Value, json};

use crate::app::TestApp;
use kernel::db::ConnectionTrait;

fn statuses(answer: &Value) -> Vec<String> {
    let results = answer["results"].as_array().unwrap();
    assert!(results.iter().enumerate().all(|(i, row)| row["index"] == i), "{answer}");
    results.iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_refused_row_does_not_stop_the_others() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let (one, two) = (app.record("lead", json!({"title": "1"})).await, app.record("lead", json!({"title": "2"})).await);
    let answer = admin.post("/records/lead/bulk", json!({
        "create": [{"fields": {"title": "3", "amount": 5}}, {"fields": {"amount": "much"}}, {"fields": {}}],
        "update": [{"id": one, "fields": {"amount": 7}}, {"id": one, "version": 1, "fields": {"amount": 8}}, {"id": uuid::Uuid::nil(), "fields": {}}],
        "delete": [two, two],
    })).await.ok(200);
    assert_eq!(
        statuses(&answer),
        ["created", "refused", "created", "updated", "refused", "refused", "deleted", "refused"]
    );
    let code = |i: usize| answer["results"][i]["code"].as_str().unwrap().to_owned();
    assert_eq!([code(1), code(4), code(5), code(7)], ["record.invalid", "record.conflict", "not_found", "not_found"]);
    assert_eq!(answer["results"][1]["fields"]["amount"]["code"], "type");
    assert!(answer["results"][1]["detail"].as_str().unwrap().contains(' '));
    assert_eq!(answer["results"][3]["id"], one.as_str());
    assert_eq!(app.count("SELECT count(*) FROM lead WHERE deleted_at IS NULL").await, 3);
    app.finish().await;
}

#[tokio::test]
async fn all_or_nothing_writes_nothing_when_one_row_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let id = app.record("lead", json!({"title": "1", "amount": 1})).await;
    let body = json!({"all_or_nothing": true, "create": [{"fields": {"title": "2"}}, {"fields": {"amount": -5}}], "update": [{"id": id, "fields": {"amount": 2}}]});
    let answer = admin.post("/records/lead/bulk", body).await.ok(200);
    assert_eq!(statuses(&answer), ["refused"; 3]);
    assert_eq!(answer["results"][0]["code"], "batch.rolled_back");
    assert_eq!(answer["results"][1]["code"], "record.invalid");
    let stale = json!({"all_or_nothing": true, "create": [{"fields": {"title": "2"}}], "update": [{"id": id, "version": 9, "fields": {"amount": 2}}]});
    assert_eq!(statuses(&admin.post("/records/lead/bulk", stale).await.ok(200)), ["refused"; 2]);
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM event_log WHERE entity = 'lead'").await, 1);
    let good = json!({"all_or_nothing": true, "create": [{"fields": {"title": "2"}}], "update": [{"id": id, "fields": {"amount": 2}}]});
    assert_eq!(statuses(&admin.post("/records/lead/bulk", good).await.ok(200)), ["created", "updated"]);
    app.finish().await;
}

#[tokio::test]
async fn a_thousand_rows_are_taken_and_one_more_is_too_much() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let rows =
        |n: usize| (0..n).map(|i| json!({"fields": {"title": format!("L{i}"), "amount": i}})).collect::<Vec<_>>();
    admin.post("/records/lead/bulk", json!({"create": rows(1_001)})).await.problem(413, "too_large");
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 0);
    let answer = admin.post("/records/lead/bulk", json!({"create": rows(1_000)})).await.ok(200);
    assert!(statuses(&answer).iter().all(|status| status == "created"));
    assert_eq!(app.count("SELECT count(DISTINCT number) FROM lead").await, 1_000);
    let batch = answer["batch"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/batches/{batch}")).await.ok(200)["kind"], "bulk");
    app.finish().await;
}

#[tokio::test]
async fn a_thousand_rows_are_written_all_or_none_with_many_phones_and_links() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let lead = |n: usize| {
        let phones: Vec<String> = (0..40).map(|k| format!("+7 916 {:03} {:04}", k, n)).collect();
        json!({"fields": {"title": format!("L{n}"), "amount": n, "phones": phones, "last_name": "x", "source": "web"}})
    };
    let rows: Vec<Value> = (0..1_000).map(lead).collect();
    let answer = admin.post("/records/lead/bulk", json!({"all_or_nothing": true, "create": rows})).await.ok(200);
    assert!(statuses(&answer).iter().all(|status| status == "created"));
    assert_eq!(app.count("SELECT count(*) FROM communication").await, 40_000);
    app.finish().await;
}

#[tokio::test]
async fn a_page_of_records_with_a_hundred_links_each_has_all_their_names() {
    let app = TestApp::start().await;
    let admin = app.admin();
    app.record("contact", json!({"title": "first"})).await;
    super::multiply(&app, "contact", 33_000).await;
    let deals: Vec<Value> = (0..330).map(|n| json!({"fields": {"title": format!("D{n}")}})).collect();
    admin.post("/records/deal/bulk", json!({"create": deals})).await.ok(200);
    app.sql(
        "INSERT INTO record_link (tenant_id, entity, record_id, field, target_id, sort)
         SELECT d.tenant_id, 'deal', d.id, 'contacts', c.id, c.number FROM deal d JOIN contact c ON (c.number - 1) / 100 = d.number - 1",
    )
    .await;
    let page = admin.query("deal", json!({"limit": 500})).await.ok(200);
    let named = page["refs"].as_object().unwrap().values().filter(|named| named["entity"] == "contact").count();
    assert_eq!(named, 33_000);
    app.finish().await;
}

#[tokio::test]
async fn what_was_written_before_a_failure_is_told_row_by_row() {
    let app = TestApp::start().await;
    // The database fails in the second chunk.
    let trigger = if crate::app::on_postgres() {
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.title = 'bad' THEN RAISE 'broken disk'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON lead FOR EACH ROW EXECUTE FUNCTION refuse()"
    } else {
        "CREATE TRIGGER refuse BEFORE INSERT ON lead WHEN NEW.title = 'bad' BEGIN SELECT RAISE(ABORT, 'broken disk'); END"
    };
    app.state.db.for_migrations().execute_unprepared(trigger).await.unwrap();
    let title = |n: usize| if n == 250 { "bad".to_owned() } else { format!("L{n}") };
    let rows: Vec<Value> = (0..500).map(|n| json!({"fields": {"title": title(n)}})).collect();
    let answer = app.admin().post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    let statuses = statuses(&answer);
    assert!(statuses[..200].iter().all(|status| status == "created"));
    assert!(statuses[200..].iter().all(|status| status == "refused"));
    assert_eq!(answer["results"][200]["code"], "internal");
    assert_eq!(app.count("SELECT count(*) FROM lead").await, 200);
    let all = json!({"create": [{"fields": {"title": "bad"}}]});
    app.admin().post("/records/lead/bulk", all).await.problem(500, "internal");
    app.finish().await;
}

#[tokio::test]
async fn parallel_patches_without_a_version_all_get_through() {
    let app = TestApp::start().await;
    let id = app.record("contact", json!({"title": "x"})).await;
    let admin = app.admin();
    let fields = ["comments", "position", "first_name", "last_name", "middle_name", "utm_term"];
    let patches = (0..48).map(|n| admin.update("contact", &id, json!({(fields[n % 6]): format!("v{n}")})));
    let answers = futures::future::join_all(patches).await;
    assert!(
        answers.iter().all(|answer| answer.status == 200),
        "{:?}",
        answers.iter().map(|a| a.status).collect::<Vec<_>>()
    );
    let kept = admin.get(&format!("/records/contact/{id}")).await.ok(200);
    assert!(fields.iter().all(|field| kept["fields"][field].is_string()), "{kept}");
    app.finish().await;
}
