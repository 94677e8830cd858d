//! Homes and shared dashboards out of one company, into another.

use kernel::Locale;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{exported, file_of, import, named, packed, unpacked};
use crate::app::{Client, TestApp};

const HOME: &str = "/dashboards/homes/manager";

fn card(id: &str, content: Value) -> Value {
    json!({"id": id, "x": 0, "y": 0, "w": 6, "h": 4, "card": content})
}

fn words(text: &str) -> Value {
    card("words", json!({"kind": "text", "text": text}))
}

async fn report(client: &Client<'_>, name: &str, shared: Value) -> String {
    let config = json!({"measures": ["deal.won"], "group_by": ["source"]});
    client.post("/reports/saved", json!({"name": name, "config": config, "shared": shared})).await.id()
}

async fn board(client: &Client<'_>, name: &str, cards: Value, shared: Value) -> String {
    client.post("/dashboards", json!({"name": name, "cards": cards, "shared": shared})).await.id()
}

/// The dashboards that somebody sees, without homes.
async fn seen(client: &Client<'_>) -> Vec<Value> {
    let page = client.get("/dashboards").await.ok(200);
    page["items"].as_array().unwrap().iter().filter(|one| one["kind"] == "own").cloned().collect()
}

fn keys(file: &[u8]) -> Vec<String> {
    let files = unpacked(file);
    let key = |one: &Value| match one["home"].as_str() {
        Some(home) => format!("home {home}"),
        None => one["name"].as_str().unwrap().to_owned(),
    };
    files["dashboards.json"].as_array().unwrap().iter().map(key).collect()
}

#[tokio::test]
async fn dashboards_move_with_their_reports_by_name_and_come_back() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    let (won, mine) = (report(&admin, "Won", json!({"all": true})).await, report(&admin, "Mine", json!({})).await);
    let roles = admin.get("/roles").await.ok(200);
    let sales = roles["items"].as_array().unwrap().iter().find(|role| role["key"] == "sales_manager").unwrap();
    let question = json!({"kind": "question", "question": {"measures": ["deal.open"]}, "chart": {"kind": "number"}});
    let cards = json!([card("a", json!({"kind": "report", "saved": won})), card("b", question)]);
    board(&admin, "Sales", cards, json!({"roles": [sales["id"]]})).await;
    board(&admin, "Private", json!([words("x")]), json!({})).await;
    let hidden = json!([card("a", json!({"kind": "report", "saved": mine}))]);
    board(&admin, "Of mine", hidden, json!({"all": true})).await;
    let owned = json!({"field": "owner", "op": "eq", "value": app.id_of("admin")});
    let about = json!({"kind": "question", "question": {"measures": ["deal.open"], "filter": owned}});
    board(&admin, "Of me", json!([card("a", about)]), json!({"all": true})).await;
    let home = json!({"name": "Morning", "cards": [words("Good morning")]});
    admin.header("if-match", "\"0\"").put(HOME, home).await.ok(200);

    let file = exported(&admin).await;
    assert_eq!(keys(&file), ["home manager", "Sales"]);
    let told = &unpacked(&file)["dashboards.json"];
    assert_eq!(
        (&told[1]["roles"], &told[1]["cards"][0]["card"]),
        (&json!(["sales_manager"]), &json!({"report": "Won"}))
    );
    let areas = admin.get("/configuration/areas").await.ok(200);
    let area = areas["items"].as_array().unwrap().iter().find(|one| one["area"] == "dashboards").unwrap();
    let left: Vec<&str> = area["left_out"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!((&area["count"], left), (&json!(2), vec!["shared.Of me", "shared.Of mine"]));

    // Without the report, which is no part of that file, it is told.
    let mut files = unpacked(&file);
    files.remove("reports.json");
    let part = packed(&files);
    let plan = import(&stranger, &part, true).await.ok(200);
    assert_eq!(named(&plan, "missing"), ["dashboards shared.Sales"], "{plan}");
    assert!(plan["missing"][0]["message"].as_str().unwrap().contains("Won"), "{plan}");
    import(&stranger, &part, false).await.problem(409, "config.import");

    let dry = import(&stranger, &file, true).await.ok(200);
    assert!(named(&dry, "create").contains(&"dashboards home.manager".to_owned()), "{dry}");
    assert_eq!(seen(&stranger).await, Vec::<Value>::new(), "a dry run leaves nothing");
    let done = import(&stranger, &file, false).await.ok(200);
    let here = seen(&stranger).await;
    assert_eq!((here.len(), &here[0]["name"], &here[0]["mine"]), (1, &json!("Sales"), &json!(true)));
    let theirs = stranger.get("/reports/saved").await.ok(200)["items"][0]["id"].clone();
    assert_eq!(here[0]["cards"][0]["card"]["saved"], theirs, "it shows the report of this company");
    assert_ne!(theirs, json!(won));
    let home = stranger.get("/dashboards/home?role=manager").await.ok(200);
    assert_eq!((&home["name"], &home["builtin"]), (&json!("Morning"), &json!(false)));
    let again = import(&stranger, &file, false).await.ok(200);
    assert_eq!((&again["create"], &again["change"], &again["applied"]), (&json!([]), &json!([]), &json!(false)));
    assert_eq!(unpacked(&exported(&stranger).await)["dashboards.json"], *told, "the same content, the same bytes");

    let acts = stranger.get("/configuration/changes").await.ok(200);
    let imported = acts["items"].as_array().unwrap().iter().find(|act| act["key"] == done["change_id"]).unwrap();
    let id = imported["id"].as_str().unwrap();
    stranger.post(&format!("/configuration/changes/{id}/restore?dry_run=false"), json!({})).await.ok(200);
    assert_eq!(seen(&stranger).await, Vec::<Value>::new());
    assert_eq!(stranger.get("/dashboards/home?role=manager").await.ok(200)["builtin"], true);
    assert_eq!(seen(&admin).await.len(), 4, "nothing reached the company that it came from");
    app.finish().await;
}

#[tokio::test]
async fn what_another_company_could_not_take_in_stays() {
    let mut app = TestApp::start().await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read"]}]);
    let role = app.role("passing", rows, json!([])).await;
    let admin = app.admin();
    let shared = json!({"roles": [role]});
    report(&admin, "Won", shared.clone()).await;
    board(&admin, "Sales", json!([words("x")]), shared).await;
    // A report that names somebody stays, and so does what shows it.
    let owned = json!({"field": "owner", "op": "eq", "value": app.id_of("admin")});
    let config = json!({"measures": ["deal.open"], "filter": owned});
    let named_one = json!({"name": "Of me", "config": config, "shared": {"all": true}});
    let saved = admin.post("/reports/saved", named_one).await.id();
    let cards = json!([card("a", json!({"kind": "report", "saved": saved}))]);
    board(&admin, "Shows it", cards, json!({"all": true})).await;
    admin.delete(&format!("/roles/{role}")).await.ok(204);
    let file = exported(&admin).await;
    let files = unpacked(&file);
    assert_eq!((&files["reports.json"], &files["dashboards.json"]), (&json!([]), &json!([])));
    let areas = admin.get("/configuration/areas").await.ok(200);
    let area = areas["items"].as_array().unwrap().iter().find(|one| one["area"] == "dashboards").unwrap();
    let left: Vec<&str> = area["left_out"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(left, ["shared.Sales", "shared.Shows it"]);
    let plan = import(&admin, &file, true).await.ok(200);
    assert_eq!((&plan["missing"], &plan["conflicts"]), (&json!([]), &json!([])));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_home_comes_back_from_its_history() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let mine = report(&admin, "Mine", json!({})).await;
    // Its company may bring back what names its own.
    let mut first = json!({"cards": [card("a", json!({"kind": "report", "saved": mine})), words("one")]});
    first["cards"][1]["y"] = json!(4);
    admin.header("if-match", "\"0\"").put(HOME, first.clone()).await.ok(200);
    app.clock.advance_seconds(60);
    admin.header("if-match", "\"1\"").put(HOME, json!({"name": "Two", "cards": [words("two")]})).await.ok(200);
    app.clock.advance_seconds(60);
    admin.delete(HOME).await.ok(200);
    let acts = async || {
        let told = admin.get("/configuration/changes?area=dashboards").await.ok(200);
        told["items"].as_array().unwrap().clone()
    };
    let told = acts().await;
    let actions: Vec<&str> = told.iter().map(|act| act["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["home.restored", "home.changed", "home.changed"]);
    for (act, name) in [(&told[0], "Two"), (&told[1], "")] {
        assert_eq!((&act["key"], &act["restorable"]), (&json!("home.manager"), &json!(true)), "{act}");
        let path = format!("/configuration/changes/{}/restore", act["id"].as_str().unwrap());
        let before = admin.get("/dashboards/home?role=manager").await.ok(200);
        admin.post(&format!("{path}?dry_run=true"), json!({})).await.ok(200);
        assert_eq!(admin.get("/dashboards/home?role=manager").await.ok(200)["cards"], before["cards"]);
        admin.post(&format!("{path}?dry_run=false"), json!({})).await.ok(200);
        let home = admin.get("/dashboards/home?role=manager").await.ok(200);
        assert_eq!((&home["builtin"], home["name"] == "Two"), (&json!(false), name == "Two"));
        app.clock.advance_seconds(60);
    }
    let home = admin.get("/dashboards/home?role=manager").await.ok(200);
    assert_eq!(home["cards"], first["cards"]);
    // Before the first change it was as it is built in.
    let made = told[2]["id"].as_str().unwrap();
    admin.post(&format!("/configuration/changes/{made}/restore?dry_run=false"), json!({})).await.ok(200);
    assert_eq!(admin.get("/dashboards/home?role=manager").await.ok(200)["builtin"], true);
    app.finish().await;
}

#[tokio::test]
async fn a_dashboard_that_cannot_be_kept_is_told_and_nothing_is_taken_in() {
    let app = TestApp::start().await;
    let admin = app.admin();
    board(&admin, "Kept", json!([words("x")]), json!({"all": true})).await;
    let before = exported(&admin).await;
    let good = json!({"name": "A", "all": true, "cards": [words("x")]});
    let with = |part: &str, value: Value| {
        let mut spec = good.clone();
        spec[part] = value;
        spec
    };
    let wide = json!({"id": "a", "x": 8, "y": 0, "w": 6, "h": 4, "card": {"kind": "tasks"}});
    for spec in [
        with("name", json!(" A ")),
        with("name", json!("x".repeat(200))),
        with("description", json!("x".repeat(3_000))),
        with("filter_bar", json!({"x": "x".repeat(5_000)})),
        with("cards", json!(vec![words("x"); 41])),
        with("cards", json!([words("x"), words("y")])),
        with("cards", json!([wide])),
        with("cards", json!([words(&"x".repeat(5_000))])),
        with("cards", json!([card("a", json!({"kind": "question", "question": {"nothing": 1}}))])),
        with("cards", json!([card("a", json!({"report": "Nobody's"}))])),
        with("roles", json!(["nobody"])),
        with("all", json!(false)),
        json!({"home": "manager", "cards": []}),
    ] {
        let file = file_of("dashboards", json!([spec]));
        let plan = import(&admin, &file, true).await.ok(200);
        let told = plan["missing"].as_array().unwrap().len() + plan["conflicts"].as_array().unwrap().len();
        assert!(told > 0, "{spec}");
        import(&admin, &file, false).await.problem(409, "config.import");
    }
    for spec in [
        with("secret", json!(1)),
        with("home", json!("king")),
        with("home", json!("manager")),
        with("cards", json!([card("a", json!({"kind": "spell"}))])),
        with("cards", json!([card("a", json!({"kind": "report", "saved": Uuid::nil()}))])),
        with("cards", json!([card("a", json!({"kind": "report", "saved": Uuid::nil().simple().to_string()}))])),
    ] {
        let file = file_of("dashboards", json!([spec]));
        assert!(!import(&admin, &file, false).await.status.is_success(), "{spec}");
    }
    assert_eq!(exported(&admin).await, before);
    // A right one changes the one of its name; fifty are a person's.
    let mut changed = unpacked(&before)["dashboards.json"].clone();
    changed[0]["description"] = json!("Otherwise");
    let plan = import(&admin, &file_of("dashboards", changed), false).await.ok(200);
    assert_eq!(named(&plan, "change"), ["dashboards shared.Kept"]);
    let many: Vec<Value> = (0..50).map(|n| with("name", json!(format!("D{n}")))).collect();
    let plan = import(&admin, &file_of("dashboards", json!(many)), true).await.ok(200);
    assert_eq!(named(&plan, "conflicts").len(), 1, "{plan}");
    app.finish().await;
}
