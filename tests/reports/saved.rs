//! Saved reports: whose they are, who reads them, what a reader sees; files made of them.

use serde_json::{Value, json};

use crate::app::TestApp;

fn won() -> Value {
    json!({"name": "Won", "config": {"measures": ["deal.won", "deal.won_amount"], "group_by": ["source"], "period": {"preset": "this_month"}}})
}

fn shared(mut report: Value, with: Value) -> Value {
    report["shared"] = with;
    report
}

#[tokio::test]
async fn a_report_is_seen_by_its_owner_and_those_it_is_shared_with_and_by_no_one_else() {
    let mut app = TestApp::build()
        .person("ann", "sales_manager")
        .person("bob", "sales_manager")
        .person("eve", "observer")
        .start()
        .await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let role = app.companies[0].roles["sales_manager"];
    let own = app.by("ann").post("/reports/saved", won()).await.ok(201);
    assert_eq!(
        (&own["mine"], &own["may_edit"], &own["owner"]["name"], &own["version"]),
        (&json!(true), &json!(true), &json!("ann"), &json!(1))
    );
    let with_role = app.by("ann").post("/reports/saved", shared(won(), json!({"roles": [role]}))).await.id();
    let with_all = app.by("ann").post("/reports/saved", shared(won(), json!({"all": true}))).await.id();
    let own = own["id"].as_str().unwrap().to_owned();
    for (name, count) in [("ann", 3), ("bob", 2), ("eve", 1), ("admin", 1)] {
        let list = app.by(name).get("/reports/saved").await.ok(200);
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{name}");
    }
    assert_eq!(app.by_of(other, "admin").get("/reports/saved").await.ok(200)["items"], json!([]));
    for (name, id, status) in
        [("bob", &own, 404), ("eve", &with_role, 404), ("bob", &with_role, 200), ("eve", &with_all, 200)]
    {
        assert_eq!(app.by(name).get(&format!("/reports/saved/{id}")).await.status.as_u16(), status, "{name}");
        assert_eq!(
            app.by(name).post(&format!("/reports/saved/{id}/run"), json!({})).await.status.as_u16(),
            status,
            "{name}"
        );
    }
    // A name that nobody sees is none; marks that nobody sees are taken out of it.
    for name in ["\u{200b}", " \u{2800}\u{3164} ", "\u{ad}\u{200d}"] {
        let mut blank = won();
        blank["name"] = json!(name);
        let refused = app.by("ann").post("/reports/saved", blank.clone()).await.problem(422, "report.invalid");
        assert_eq!(refused["fields"]["name"]["code"], "required", "{refused}");
        let board = json!({"name": name, "cards": []});
        app.by("ann").post("/dashboards", board).await.problem(422, "report.invalid");
    }
    let renamed = app.by("ann").header("if-match", "\"1\"");
    let seen = renamed.patch(&format!("/reports/saved/{with_role}"), json!({"name": "W\u{202e}on"})).await.ok(200);
    assert_eq!(seen["name"], "Won");
    let back = app.by("ann").header("if-match", "\"2\"");
    back.patch(&format!("/reports/saved/{with_role}"), json!({"name": "Won"})).await.ok(200);
    // Shared is not handed over: its owner changes it, and an administrator what is shared.
    let renamed = json!({"name": "Mine now"});
    let bob = app.by("bob").header("if-match", "\"3\"");
    bob.patch(&format!("/reports/saved/{with_role}"), renamed.clone()).await.problem(403, "denied");
    app.by("bob").delete(&format!("/reports/saved/{with_role}")).await.problem(403, "denied");
    let admin = app.admin().header("if-match", "\"1\"");
    assert_eq!(admin.patch(&format!("/reports/saved/{with_all}"), renamed.clone()).await.ok(200)["version"], 2);
    app.admin().delete(&format!("/reports/saved/{own}")).await.problem(404, "not_found");
    // Over the version that was seen alone.
    let path = format!("/reports/saved/{own}");
    app.by("ann").patch(&path, renamed.clone()).await.problem(422, "report.invalid");
    let ann = app.by("ann").header("if-match", "\"1\"");
    let changed = ann.patch(&path, renamed.clone()).await;
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let stale = ann.patch(&path, renamed).await.problem(409, "report.conflict");
    assert_eq!(stale["current"]["version"], 2, "{stale}");
    app.by("ann").delete(&path).await.ok(204);
    app.by("ann").get(&path).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_report_runs_with_its_readers_rights_and_what_is_said_over_it() {
    let mut app = TestApp::build().person("ann", "sales_manager").start().await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read"]}]);
    app.role("blind", rows, json!([{"entity": "deal", "field": "amount", "right": "hidden"}])).await;
    app.person(0, "max", &["blind"]).await;
    for (source, amount) in [("web", 100), ("call", 50)] {
        let id = app.record("deal", json!({"title": source, "source": source, "amount": amount})).await;
        super::stage(&app, "deal", &id, "won").await;
    }
    let id = app.admin().post("/reports/saved", shared(won(), json!({"all": true}))).await.id();
    let run =
        async |name: &str, body: Value| app.by(name).post(&format!("/reports/saved/{id}/run"), body).await.ok(200);
    assert_eq!(run("admin", json!({})).await["query"]["totals"]["values"]["deal.won_amount"], 150);
    let blind = run("max", json!({})).await;
    assert_eq!(
        (&blind["query"]["totals"]["values"], &blind["query"]["hidden"]),
        (&json!({"deal.won": 2}), &json!(["deal.won_amount"]))
    );
    assert_eq!(blind["query"]["hidden_labels"]["deal.won_amount"], "Amount of won deals");
    // A manager sees their own.
    assert_eq!(run("ann", json!({})).await["query"]["totals"]["values"]["deal.won"], 0);
    let web = json!({"filter": {"field": "source", "op": "eq", "value": "web"}});
    assert_eq!(run("admin", web).await["query"]["totals"]["values"]["deal.won_amount"], 100);
    let before = json!({"period": {"preset": "last_year"}});
    assert_eq!(run("admin", before).await["query"]["totals"]["values"]["deal.won"], 0);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_report_that_cannot_be_kept_is_refused_by_its_place() {
    let app = TestApp::start().await;
    for (key, value, place) in [
        ("name", json!(""), "name"),
        ("name", json!("x".repeat(101)), "name"),
        ("name", json!("a\u{7}b"), "name"),
        ("description", json!("x".repeat(2_001)), "description"),
        ("config", json!({"measure": []}), "config"),
        ("config", json!("x"), "config"),
        ("config", json!({"measures": ["lead.happiness"]}), "config"),
        ("config", json!({"measures": ["deal.won"], "group_by": ["weather"]}), "config"),
        ("config", json!({"measures": [], "filter": "x".repeat(40_000)}), "config"),
        ("config", json!({"measures": [], "filter": {"field": "a"}}), "config"),
        ("chart", json!({"kind": "x".repeat(5_000)}), "chart"),
        ("chart", json!([1]), "chart"),
        ("shared", json!({"roles": [uuid::Uuid::nil()]}), "shared"),
        ("shared", json!({"roles": vec![uuid::Uuid::nil(); 51]}), "shared"),
    ] {
        let mut wrong = won();
        wrong[key] = value;
        let said = app.admin().post("/reports/saved", wrong.clone()).await.problem(422, "report.invalid");
        assert!(said["fields"][place].is_object(), "{wrong}: {said}");
    }
    app.admin()
        .post("/reports/saved", json!({"name": "x", "config": {}, "kind": "poem"}))
        .await
        .problem(400, "request.invalid");
    for (kind, config) in [
        ("funnel", json!({"over": "stage", "entity": "deal"})),
        ("forecast", json!({})),
        ("managers", json!({"period": {"preset": "this_month"}})),
    ] {
        let id = app.admin().post("/reports/saved", json!({"name": kind, "kind": kind, "config": config})).await.id();
        let outcome = app.admin().post(&format!("/reports/saved/{id}/run"), json!({})).await.ok(200);
        assert_eq!(outcome["kind"], kind);
        assert!(outcome[kind].is_object(), "{outcome}");
    }
    app.finish().await;
}

#[tokio::test]
async fn nobody_keeps_more_than_two_hundred() {
    let app = TestApp::start().await;
    for _ in 0..200 {
        app.admin().post("/reports/saved", won()).await.ok(201);
    }
    app.admin().post("/reports/saved", won()).await.problem(409, "report.too_many");
    app.finish().await;
}

#[tokio::test]
async fn an_export_is_a_file_for_whoever_asked_with_their_rights() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    for (title, amount) in [("=1+1", 100), ("b", 50)] {
        let fields = json!({"title": title, "source_description": title, "amount": amount, "source": "web"});
        let id = app.record("deal", fields).await;
        super::stage(&app, "deal", &id, "won").await;
    }
    let config = json!({"measures": ["deal.won", "deal.won_amount"], "group_by": ["title"]});
    let export = json!({"config": config, "format": "csv", "name": "Won deals"});
    let job = app.admin().post("/reports/export", export.clone()).await.ok(202);
    assert_eq!(job["kind"], "reports.export");
    app.drain().await;
    let done = app.admin().get(&format!("/jobs/{}", job["id"].as_str().unwrap())).await.ok(200);
    let file = &done["result"]["file"];
    assert_eq!(
        (&done["state"], &file["name"], &file["rows"]),
        (&json!("done"), &json!("Won deals.csv"), &json!(2)),
        "{done:#}"
    );
    let href = file["href"].as_str().unwrap().strip_prefix("/api/v1").unwrap().to_owned();
    let answer = app.admin().get(&href).await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = answer.text();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.starts_with('\u{feff}') && text.contains("'=1+1,1,100"), "{text}");
    app.by("ann").get(&href).await.problem(404, "not_found");
    let mut sheet = export.clone();
    sheet["format"] = json!("xlsx");
    let job = app.by("ann").post("/reports/export", sheet).await.ok(202)["id"].as_str().unwrap().to_owned();
    app.drain().await;
    let done = app.by("ann").get(&format!("/jobs/{job}")).await.ok(200);
    assert_eq!(done["result"]["file"]["rows"], 0, "her rights, not the administrator's: {done}");
    assert!(app.by("ann").get(&format!("/reports/exports/{job}/content")).await.body.starts_with(b"PK"));
    // A question that nobody can answer fails the job and says why.
    let mut wrong = export;
    wrong["config"] = json!({"measures": ["no.such"]});
    let job = app.admin().post("/reports/export", wrong).await.ok(202)["id"].as_str().unwrap().to_owned();
    app.drain().await;
    let failed = app.admin().get(&format!("/jobs/{job}")).await.ok(200);
    assert_eq!((&failed["state"], &failed["problem"]["code"]), (&json!("failed"), &json!("report.invalid")));
    app.clock.advance_seconds(8 * 86_400);
    app.admin().get(&href).await.problem(404, "not_found");
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'report.exported'").await, 2);
    app.drain().await;
    app.finish().await;
}
