//! Dashboards, and homes by role: never empty, for nobody.

use serde_json::{Value, json};

use crate::app::TestApp;

fn board(cards: Value) -> Value {
    json!({"name": "Board", "cards": cards})
}

fn card(id: &str, content: Value) -> Value {
    json!({"id": id, "x": 0, "y": 0, "w": 6, "h": 4, "card": content})
}

#[tokio::test]
async fn a_new_manager_of_an_empty_company_finds_an_act_on_every_card() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    app.person(0, "nobody", &[]).await;
    for (name, role, cards) in [("max", "manager", 8), ("nobody", "operator", 2), ("admin", "administrator", 8)] {
        let home = app.by(name).get("/dashboards/home").await.ok(200);
        assert_eq!(
            (&home["role"], &home["builtin"], home["cards"].as_array().unwrap().len()),
            (&json!(role), &json!(true), cards),
            "{name}"
        );
        let read = app.by(name).post("/dashboards/home/read", json!({})).await.ok(200);
        assert_eq!(read["cards"].as_object().unwrap().len(), cards);
        for (id, card) in read["cards"].as_object().unwrap() {
            assert_eq!(card["status"], "empty", "{name} {id}: {card:#}");
            assert!(!card["empty"]["text"].as_str().unwrap().is_empty());
            let act = &card["empty"]["act"];
            assert!(act["href"].as_str().unwrap().starts_with('/') && !act["label"].as_str().unwrap().is_empty());
        }
    }
    app.record("deal", json!({"title": "x", "amount": 5, "owner": app.id_of("max")})).await;
    let fresh = app.by("max").post("/dashboards/home/read", json!({"fresh": true})).await.ok(200);
    assert_eq!(fresh["cards"]["open"]["query"]["totals"]["values"], json!({"deal.open": 1, "deal.open_amount": 5}));
    assert_eq!(fresh["cards"]["funnel"]["status"], "ok");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn every_role_of_the_product_has_its_home_and_no_card_of_it_is_wrong() {
    let roles: [(&str, &[&str], &str); 4] = [
        ("head", &["sales_head"], "head"),
        ("seller", &["sales_manager"], "manager"),
        ("observer", &["observer"], "owner"),
        ("oper", &[], "operator"),
    ];
    let mut app = TestApp::start().await;
    for (name, role, _) in roles {
        app.person(0, name, role).await;
    }
    let lead = app.record("lead", json!({"title": "a", "phones": ["+79161234567"], "source": "web"})).await;
    super::stage(&app, "lead", &lead, "in_progress").await;
    let deal = app.record("deal", json!({"title": "a", "amount": 5, "close_date": "2099-01-01"})).await;
    super::stage(&app, "deal", &deal, "won").await;
    app.admin().post("/tasks", json!({"title": "a", "assignee": app.id_of("seller")})).await.ok(201);
    for (name, _, home) in roles {
        let found = app.by(name).get("/dashboards/home").await.ok(200);
        assert_eq!(found["role"], home, "{name}");
        let read = app.by(name).post("/dashboards/home/read", json!({})).await.ok(200);
        for (id, card) in read["cards"].as_object().unwrap() {
            assert_ne!(card["status"], "problem", "{name} {id}: {card:#}");
        }
    }
    let read = app.by("seller").post("/dashboards/home/read", json!({})).await.ok(200);
    assert_eq!(read["cards"]["tasks"]["tasks"], json!({"open": 1, "overdue": 0}));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_home_is_changed_for_all_who_have_it_and_restored() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let cards = json!([card("words", json!({"kind": "text", "text": "Good morning"}))]);
    let path = "/dashboards/homes/manager";
    let body = json!({"name": "Morning", "cards": cards});
    app.by("max").header("if-match", "\"0\"").put(path, body.clone()).await.problem(403, "denied");
    app.admin().put(path, body.clone()).await.problem(422, "report.invalid");
    app.admin().header("if-match", "\"3\"").put(path, body.clone()).await.problem(409, "report.conflict");
    app.admin().header("if-match", "\"0\"").put(path, json!({"cards": []})).await.problem(422, "report.invalid");
    app.admin().header("if-match", "\"0\"").put(path, body.clone()).await.ok(200);
    let home = app.by("max").get("/dashboards/home").await.ok(200);
    assert_eq!(
        (&home["name"], &home["cards"], &home["builtin"], &home["version"]),
        (&json!("Morning"), &cards, &json!(false), &json!(1))
    );
    let homes = app.by("max").get("/dashboards/homes").await.ok(200);
    let manager = homes["items"].as_array().unwrap().iter().find(|one| one["role"] == "manager").unwrap();
    assert_eq!((&manager["mine"], &manager["changed"]), (&json!(true), &json!(true)));
    app.by("max").get("/dashboards/home?role=head").await.problem(404, "not_found");
    app.admin().get("/dashboards/home?role=head").await.ok(200);
    app.admin().header("if-match", "\"1\"").put(path, body).await.ok(200);
    app.by("max").delete(path).await.problem(403, "denied");
    assert_eq!(app.admin().delete(path).await.ok(200)["builtin"], true);
    assert_eq!(app.by("max").get("/dashboards/home").await.ok(200)["cards"].as_array().unwrap().len(), 8);
    app.finish().await;
}

#[tokio::test]
async fn a_dashboard_is_kept_whole_and_read_by_whom_it_is_shared_with() {
    let mut app = TestApp::build().person("ann", "sales_manager").person("bob", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let report = json!({"name": "r", "config": {"measures": ["deal.open"]}});
    let hidden = app.by("ann").post("/reports/saved", report).await.id();
    let cards = json!([
        card("a", json!({"kind": "question", "question": {"measures": ["deal.open"]}, "chart": {"kind": "number"}})),
        card("b", json!({"kind": "report", "saved": hidden})),
        card("c", json!({"kind": "question", "question": {"measures": ["no.such"]}, "chart": null})),
        card("d", json!({"kind": "funnel", "question": {"over": "stage", "entity": "deal"}})),
        card("e", json!({"kind": "forecast", "question": {}})),
        card("f", json!({"kind": "plans"})),
    ]);
    let made = app.by("ann").post("/dashboards", board(cards.clone())).await.ok(201);
    let path = format!("/dashboards/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["cards"], &made["kind"]), (&cards, &json!("own")));
    app.by("bob").get(&path).await.problem(404, "not_found");
    let mut shared = board(cards);
    shared["shared"] = json!({"all": true});
    app.by("ann").put(&path, shared.clone()).await.problem(422, "report.invalid");
    app.by("ann").header("if-match", "\"1\"").put(&path, shared.clone()).await.ok(200);
    app.by("ann").header("if-match", "\"1\"").put(&path, shared.clone()).await.problem(409, "report.conflict");
    app.by("bob").header("if-match", "\"2\"").put(&path, shared.clone()).await.problem(403, "denied");
    app.by_of(other, "admin").get(&path).await.problem(404, "not_found");
    app.by_of(other, "admin").post(&format!("{path}/read"), json!({})).await.problem(404, "not_found");
    app.record("deal", json!({"title": "x", "owner": app.id_of("ann")})).await;
    // To be shown a dashboard shows no record: each reads with their own rights.
    let read = async |name: &str| {
        app.by(name).post(&format!("{path}/read"), json!({"fresh": true})).await.ok(200)["cards"].clone()
    };
    let (hers, his) = (read("ann").await, read("bob").await);
    assert_eq!(
        (&hers["a"]["query"]["totals"]["values"]["deal.open"], &his["a"]["status"]),
        (&json!(1), &json!("empty"))
    );
    assert_eq!((&hers["b"]["status"], &his["b"]["problem"]["code"]), (&json!("ok"), &json!("not_found")));
    assert_eq!(
        (&his["c"]["problem"]["code"], &hers["d"]["status"], &hers["e"]["status"]),
        (&json!("report.invalid"), &json!("ok"), &json!("ok"))
    );
    let some = app
        .by("ann")
        .post(
            &format!("{path}/read"),
            json!({"cards": ["a"], "filter": {"deal": {"field": "title", "op": "eq", "value": "y"}}}),
        )
        .await
        .ok(200);
    assert_eq!((some["cards"].as_object().unwrap().len(), &some["cards"]["a"]["status"]), (1, &json!("empty")));
    app.by("bob").delete(&path).await.problem(403, "denied");
    app.by("ann").delete(&path).await.ok(204);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_role_that_is_gone_keeps_nobody_from_saving_what_was_shared_with_it() {
    let mut app = TestApp::build().person("ann", "sales_manager").start().await;
    let role =
        app.role("passing", json!([{"kind": "permission", "entity": "deal", "actions": ["read"]}]), json!([])).await;
    let shared = json!({"all": false, "roles": [role]});
    let mut wanted = board(json!([]));
    wanted["shared"] = shared.clone();
    let ann = app.by("ann");
    let path = format!("/dashboards/{}", ann.post("/dashboards", wanted.clone()).await.id());
    let report = json!({"name": "r", "config": {"measures": ["deal.open"]}, "shared": shared});
    let report = format!("/reports/saved/{}", ann.post("/reports/saved", report).await.id());
    app.admin().delete(&format!("/roles/{role}")).await.ok(204);
    wanted["description"] = json!("Changed");
    ann.header("if-match", "\"1\"").put(&path, wanted.clone()).await.ok(200);
    ann.header("if-match", "\"1\"").patch(&report, json!({"name": "s", "shared": shared})).await.ok(200);
    // With what is not there nothing is shared anew.
    ann.post("/dashboards", wanted).await.problem(422, "report.invalid");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn an_answer_is_kept_for_a_minute_and_no_longer_than_a_right() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let cards = json!([card("a", json!({"kind": "question", "question": {"measures": ["deal.open"]}, "chart": null}))]);
    let made = app.by("max").post("/dashboards", board(cards)).await.id();
    let read = async |app: &TestApp| {
        let read = app.by("max").post(&format!("/dashboards/{made}/read"), json!({})).await.ok(200);
        read["cards"]["a"].clone()
    };
    app.record("deal", json!({"title": "x", "owner": app.id_of("max")})).await;
    let first = read(&app).await;
    app.record("deal", json!({"title": "y", "owner": app.id_of("max")})).await;
    app.clock.advance_seconds(30);
    assert_eq!(read(&app).await, first);
    app.clock.advance_seconds(31);
    assert_eq!(read(&app).await["query"]["totals"]["values"]["deal.open"], 2);
    app.role("nothing", json!([]), json!([])).await;
    let role = app.companies[0].roles["nothing"];
    app.admin().patch(&format!("/users/{}", app.id_of("max")), json!({"roles": [role]})).await.ok(200);
    assert_eq!(read(&app).await["status"], "empty");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_dashboard_that_cannot_be_kept_is_refused_by_its_place() {
    let app = TestApp::start().await;
    let text = json!({"kind": "text", "text": "x"});
    let with = |key: &str, value: Value| {
        let mut wrong = card("a", text.clone());
        wrong[key] = value;
        json!([wrong])
    };
    for (cards, place) in [
        (with("id", json!("")), "cards.0.id"),
        (with("id", json!("x".repeat(41))), "cards.0.id"),
        (json!([card("a", text.clone()), card("a", text.clone())]), "cards.1.id"),
        (with("w", json!(13)), "cards.0.x"),
        (with("x", json!(7)), "cards.0.x"),
        (with("h", json!(0)), "cards.0.x"),
        (with("y", json!(1_001)), "cards.0.x"),
        (with("title", json!("x".repeat(201))), "cards.0.title"),
        (with("card", json!({"kind": "text", "text": "x".repeat(4_001)})), "cards.0.card"),
        (with("card", json!({"kind": "question", "question": {"nothing": 1}, "chart": null})), "cards.0.card"),
        (with("card", json!({"kind": "question", "question": {}, "chart": {"a": "x".repeat(5_000)}})), "cards.0.card"),
        (json!((0..41).map(|index| card(&index.to_string(), text.clone())).collect::<Vec<_>>()), "cards"),
    ] {
        let said = app.admin().post("/dashboards", board(cards.clone())).await.problem(422, "report.invalid");
        assert!(said["fields"][place].is_object(), "{place}: {said}");
    }
    for cards in [with("card", json!({"kind": "poem"})), with("w", json!(-1)), json!("x")] {
        app.admin().post("/dashboards", board(cards)).await.problem(400, "request.invalid");
    }
    app.finish().await;
}
