//! An administrator looks as somebody else: sees what they see, changes nothing, and only as long as they may.

use serde_json::{Value, json};

use super::sessions::{sign_in, with_password};
use crate::access::{Objects, image, same, send};
use crate::app::{Client, PASSWORD, TestApp, titles};

const MARKER: &str = "Grauer Hecht";
/// Half an hour.
const LONGEST: i64 = 30 * 60;

async fn look_as(client: &Client<'_>, who: Value) {
    client.post("/view-as", who).await.ok(204);
}

async fn leads(client: &Client<'_>) -> Vec<String> {
    titles(&client.query("lead", json!({"limit": 500})).await.ok(200))
}

/// A dashboard of another administrator, shared with one role.
async fn board(app: &TestApp, name: &str, role: uuid::Uuid) {
    let card = json!({"id": "a", "x": 0, "y": 0, "w": 6, "h": 4, "card": {"kind": "text", "text": "x"}});
    let board = json!({"name": name, "cards": [card], "shared": {"all": false, "roles": [role]}});
    app.by("eve").post("/dashboards", board).await.ok(201);
}

/// Names of those that somebody finds.
async fn boards(client: &Client<'_>) -> Vec<String> {
    let found = client.get("/dashboards").await.ok(200);
    let names = found["items"].as_array().unwrap().iter().filter_map(|board| board["name"].as_str());
    names.filter(|name| name.starts_with("of ")).map(str::to_owned).collect()
}

/// Beginnings and ends of looking as others, the newest first: action, object, how it ended.
async fn told(app: &TestApp) -> Vec<(String, String, Value)> {
    let page = app.admin().get("/audit?area=session&limit=200").await.ok(200);
    let acts = page["items"].as_array().unwrap().iter();
    let of_looking = acts.filter(|act| act["action"].as_str().unwrap().starts_with("session.view_as"));
    let text = |act: &Value, part: &str| act[part].as_str().unwrap().to_owned();
    of_looking.map(|act| (text(act, "action"), text(act, "object"), act["detail"]["how"].clone())).collect()
}

#[tokio::test]
async fn an_administrator_sees_what_the_person_sees_and_is_themselves_again_afterwards() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    app.record("lead", json!({"title": "others"})).await;
    let ann = app.id_of("ann").to_string();
    app.record("lead", json!({"title": "hers", "owner": ann})).await;
    let desk = sign_in(&app, "admin", "desk").await;
    assert_eq!(leads(&desk).await, ["hers", "others"]);
    look_as(&desk, json!({"user": ann})).await;
    app.clock.advance_seconds(60);
    let me = desk.get("/me").await.ok(200);
    assert_eq!((&me["user"]["id"], &me["admin"], &me["operator"]), (&json!(ann), &json!(false), &json!(false)));
    assert_eq!((&me["viewing"]["name"], &me["viewing"]["by"]), (&json!("Ada Admin"), &json!(app.id_of("admin"))));
    assert_eq!(leads(&desk).await, ["hers"]);
    assert_eq!(leads(&app.by("ann")).await, ["hers"]);
    let (seen, hers) = (desk.get("/session").await.ok(200), app.by("ann").get("/session").await.ok(200));
    let reads = json!({"read": true, "create": false, "update": false, "delete": false});
    let mut hers = hers["entities"].as_array().unwrap().clone();
    assert!(hers.iter().any(|entity| entity["actions"]["create"] == true), "{hers:?}");
    hers.iter_mut().for_each(|entity| entity["actions"] = reads.clone());
    assert_eq!(seen["entities"], Value::from(hers), "the same, and no way to change it");
    assert!(app.by("ann").get("/me").await.ok(200).get("viewing").is_none(), "nobody looks through her own sessions");
    assert_eq!(leads(&app.admin()).await, ["hers", "others"], "a token of the administrator looks as nobody");
    desk.get("/audit").await.problem(409, "view_as.private");
    desk.delete("/view-as").await.ok(204);
    desk.delete("/view-as").await.ok(204);
    let me = desk.get("/me").await.ok(200);
    assert_eq!((&me["user"]["id"], me.get("viewing")), (&json!(app.id_of("admin")), None));
    assert_eq!(leads(&desk).await, ["hers", "others"]);
    let expected = [
        ("session.view_as_ended".to_owned(), ann.clone(), json!("stopped")),
        ("session.view_as".to_owned(), ann, Value::Null),
    ];
    assert_eq!(told(&app).await, expected);
    app.finish().await;
}

#[tokio::test]
async fn with_a_role_one_is_oneself_with_that_role_alone() {
    let app = TestApp::build().person("ann", "sales_manager").person("eve", "admin").start().await;
    app.record("lead", json!({"title": "mine", "owner": app.id_of("admin")})).await;
    app.record("lead", json!({"title": "hers", "owner": app.id_of("ann")})).await;
    let role = app.companies[0].roles["sales_manager"];
    board(&app, "of sellers", role).await;
    board(&app, "of administrators", app.companies[0].roles["admin"]).await;
    let desk = sign_in(&app, "admin", "desk").await;
    look_as(&desk, json!({"role": role})).await;
    let me = desk.get("/me").await.ok(200);
    assert_eq!((&me["user"]["id"], &me["admin"]), (&json!(app.id_of("admin")), &json!(false)));
    assert!(me["viewing"]["role"].is_string() && me["roles"].as_array().unwrap().len() == 1, "{me}");
    // What roles are asked for is answered by this one: of boards, those that are shared with it.
    assert_eq!(boards(&desk).await, ["of sellers"]);
    assert_eq!(leads(&desk).await, ["mine"]);
    desk.create("lead", json!({"title": "x"})).await.problem(409, "view_as.read_only");
    let phone = sign_in(&app, "admin", "phone").await;
    assert_eq!(boards(&phone).await, ["of administrators"]);
    assert_eq!(leads(&phone).await, ["hers", "mine"], "another session looks as nobody");
    app.finish().await;
}

#[tokio::test]
async fn nothing_is_changed_and_nothing_private_is_told_by_any_operation() {
    let app = TestApp::build().lead_desk(json!({})).person("max", "sales_head").start().await;
    let objects = Objects::make(&app, MARKER).await;
    app.drain().await;
    let desk = sign_in(&app, "admin", "desk").await;
    look_as(&desk, json!({"user": app.id_of("max")})).await;
    let before = image(&app, &objects).await;
    let mut wrong = Vec::new();
    let asked = |template: &str, method: &str| (template, method) != ("/view-as", "DELETE");
    let operations = objects.operations();
    for operation in operations.iter().filter(|op| !op.is_public() && asked(&op.template, &op.method)) {
        let answer = send(&desk, operation).await;
        let code = if answer.status.is_success() { String::new() } else { answer.text() };
        let private = ["/me/", "/tokens", "/notifications", "/exports", "/reports/exports/{export}", "/configuration"];
        let private = private.iter().any(|start| operation.template.starts_with(start));
        let fits = if !operation.reads() && operation.template != "/render" {
            code.contains("view_as.read_only")
        } else if private && operation.method == "GET" {
            code.contains("view_as.private")
        } else {
            !answer.status.is_server_error()
        };
        if !fits {
            wrong.push(format!("{} {} -> {} {}", operation.method, operation.path, answer.status, answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What is no operation of the document: code of modules behind addresses of their own.
    desk.get("/plugins/verstak.lead-desk/http/anything").await.problem(409, "view_as.private");
    desk.post("/plugins/verstak.lead-desk/http/anything", json!({})).await.problem(409, "view_as.read_only");
    desk.header("idempotency-key", "walk").query("lead", json!({})).await.ok(200);
    assert_eq!(app.count("SELECT count(*) FROM idempotency_key").await, 0);
    app.drain().await;
    same(&before, &image(&app, &objects).await);
    app.finish().await;
}

#[tokio::test]
async fn nobody_looks_as_whoever_may_more_or_is_not_there() {
    let mut app = TestApp::build().person("ann", "sales_manager").person("eve", "admin").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let far = app.person(other, "far", &["sales_manager"]).await;
    let none = json!([{"kind": "restriction", "entity": "lead", "actions": ["read"]}]);
    let bound = app.role("no_leads", none, json!([])).await;
    app.record("lead", json!({"title": "hidden"})).await;
    with_password(&app, "ann").await;
    let (admin, ann) = (app.id_of("admin"), app.id_of("ann"));
    let desk = sign_in(&app, "admin", "desk").await;
    for who in [json!({"user": far}), json!({"role": app.companies[other].roles["observer"]})] {
        desk.post("/view-as", who).await.problem(404, "not_found");
    }
    desk.post("/view-as", json!({"user": app.id_of("eve")})).await.problem(409, "view_as.admin");
    desk.post("/view-as", json!({"role": app.companies[0].roles["admin"]})).await.problem(409, "view_as.admin");
    desk.post("/view-as", json!({"user": admin})).await.problem(409, "view_as.self");
    let both = json!({"user": ann, "role": app.companies[0].roles["observer"]});
    for wrong in [json!({}), both] {
        desk.post("/view-as", wrong).await.problem(400, "request.invalid");
    }
    app.admin().post("/view-as", json!({"user": ann})).await.problem(409, "view_as.session");
    let hers = sign_in(&app, "ann", "hers").await;
    hers.post("/view-as", json!({"role": app.companies[0].roles["observer"]})).await.problem(403, "denied");
    app.stranger().delete("/view-as").await.problem(401, "auth.required");
    app.admin().delete("/view-as").await.problem(409, "view_as.session");
    desk.header("origin", "https://evil.example").delete("/view-as").await.problem(403, "denied");
    app.admin().patch(&format!("/users/{ann}"), json!({"active": false})).await.ok(200);
    desk.post("/view-as", json!({"user": ann})).await.problem(409, "view_as.barred");
    app.admin().patch(&format!("/users/{ann}"), json!({"active": true})).await.ok(200);

    let roles = json!({"roles": [app.companies[0].roles["admin"], bound]});
    app.admin().patch(&format!("/users/{admin}"), roles).await.ok(200);
    desk.post("/view-as", json!({"user": ann})).await.problem(409, "view_as.restricted");
    look_as(&desk, json!({"role": app.companies[0].roles["sales_manager"]})).await;
    let session = desk.get("/session").await.ok(200);
    let shown = session["entities"].as_array().unwrap();
    assert!(shown.iter().all(|entity| entity["key"] != "lead"), "what one is forbidden stays forbidden: {session}");
    assert_eq!(told(&app).await.len(), 1, "what was refused did not begin");
    app.finish().await;
}

#[tokio::test]
async fn it_ends_after_half_an_hour_and_nothing_else_is_answered_until_somebody_takes_note() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    let desk = sign_in(&app, "admin", "desk").await;
    look_as(&desk, json!({"user": app.id_of("ann")})).await;
    app.clock.advance_seconds(LONGEST - 1);
    assert_eq!(desk.get("/me").await.ok(200)["user"]["id"], json!(app.id_of("ann")));
    app.clock.advance_seconds(1);
    // A page that was drawn as Ann must not begin to act as the administrator.
    desk.get("/me").await.problem(409, "view_as.ended");
    desk.create("lead", json!({"title": "x"})).await.problem(409, "view_as.ended");
    app.clock.advance_seconds(3_600);
    desk.get("/session").await.problem(409, "view_as.ended");
    let ended = ("session.view_as_ended".to_owned(), app.id_of("ann").to_string(), json!("time"));
    assert_eq!(told(&app).await[0], ended);
    assert_eq!(told(&app).await.len(), 2, "the end is written once");
    desk.delete("/view-as").await.ok(204);
    assert_eq!(desk.get("/me").await.ok(200)["user"]["id"], json!(app.id_of("admin")));
    assert_eq!(told(&app).await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn it_ends_with_the_right_with_the_person_and_with_the_session() {
    let app = TestApp::build().person("ann", "sales_manager").person("eve", "admin").start().await;
    let (ann, eve) = (app.id_of("ann"), app.id_of("eve"));
    with_password(&app, "eve").await;
    let hers = sign_in(&app, "eve", "hers").await;
    let as_ann = json!({"user": ann});

    look_as(&hers, as_ann.clone()).await;
    app.admin().patch(&format!("/users/{ann}"), json!({"active": false})).await.ok(200);
    hers.get("/me").await.problem(409, "view_as.ended");
    app.admin().patch(&format!("/users/{ann}"), json!({"active": true})).await.ok(200);
    hers.get("/me").await.problem(409, "view_as.ended");
    hers.delete("/view-as").await.ok(204);

    look_as(&hers, as_ann.clone()).await;
    let admin_now = json!({"roles": [app.companies[0].roles["admin"]]});
    app.admin().patch(&format!("/users/{ann}"), admin_now.clone()).await.ok(200);
    hers.get("/me").await.problem(409, "view_as.ended");
    hers.delete("/view-as").await.ok(204);
    let seller = json!({"roles": [app.companies[0].roles["sales_manager"]]});
    app.admin().patch(&format!("/users/{ann}"), seller.clone()).await.ok(200);

    look_as(&hers, as_ann.clone()).await;
    app.admin().patch(&format!("/users/{eve}"), seller).await.ok(200);
    hers.get("/me").await.problem(409, "view_as.ended");
    hers.delete("/view-as").await.ok(204);
    assert_eq!(hers.get("/me").await.ok(200)["admin"], json!(false));
    hers.post("/view-as", as_ann.clone()).await.problem(403, "denied");
    app.admin().patch(&format!("/users/{eve}"), admin_now).await.ok(200);

    look_as(&hers, as_ann.clone()).await;
    hers.delete("/session").await.ok(204);
    hers.get("/me").await.problem(401, "auth.required");
    let hers = sign_in(&app, "eve", "hers").await;
    assert_eq!(hers.get("/me").await.ok(200)["user"]["id"], json!(eve), "a new session looks as nobody");
    look_as(&hers, as_ann).await;
    app.admin().patch(&format!("/users/{eve}"), json!({"active": false})).await.ok(200);
    hers.get("/me").await.problem(401, "auth.required");
    let mut how: Vec<Value> =
        told(&app).await.into_iter().map(|(_, _, how)| how).filter(|how| !how.is_null()).collect();
    let mut expected = ["not_allowed", "not_allowed", "not_allowed", "session_ended", "signed_out"].map(Value::from);
    how.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(how, expected);
    app.finish().await;
}

#[tokio::test]
async fn live_updates_are_those_of_whoever_one_looks_as() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    app.go_live();
    let desk = sign_in(&app, "admin", "desk").await;
    let mut own = desk.stream().await;
    assert_eq!(own.next().await.unwrap().event, "hello");
    look_as(&desk, json!({"user": app.id_of("ann")})).await;
    let mut seen = desk.stream().await;
    assert_eq!(seen.next().await.unwrap().event, "hello");
    app.record("lead", json!({"title": "others"})).await;
    assert!(own.next().await.is_none(), "what the administrator listened to ends");
    let hers = app.record("lead", json!({"title": "hers", "owner": app.id_of("ann")})).await;
    assert_eq!(seen.next().await.unwrap().data["record"], hers.as_str());
    desk.delete("/view-as").await.ok(204);
    app.record("lead", json!({"title": "again", "owner": app.id_of("ann")})).await;
    assert!(seen.next().await.is_none(), "and so does what was heard as her");
    app.finish().await;
}

#[tokio::test]
async fn of_two_beginnings_at_once_one_counts_and_so_does_one_end() {
    let app = TestApp::build().person("ann", "sales_manager").person("max", "observer").start().await;
    let desk = sign_in(&app, "admin", "desk").await;
    let (ann, max) = (json!({"user": app.id_of("ann")}), json!({"user": app.id_of("max")}));
    let (one, two) = futures::join!(desk.post("/view-as", ann), desk.post("/view-as", max));
    let mut codes = [one.status.as_u16(), two.status.as_u16()];
    codes.sort_unstable();
    assert_eq!(codes, [204, 409], "{} {}", one.text(), two.text());
    assert_eq!(told(&app).await.len(), 1);
    let (one, two) = futures::join!(desk.delete("/view-as"), desk.delete("/view-as"));
    assert_eq!([one.status.as_u16(), two.status.as_u16()], [204, 204], "{} {}", one.text(), two.text());
    assert_eq!(told(&app).await.len(), 2, "the end is written once");
    app.finish().await;
}

#[tokio::test]
async fn nobody_acts_as_the_administrator_at_a_node_that_has_not_heard_of_it() {
    let app = TestApp::build().person("ann", "sales_manager").start().await;
    let body = json!({"email": "admin@acme.test", "password": PASSWORD});
    let answer = app.stranger().post("/session", body).await;
    answer.ok(200);
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
    let secret = cookie.strip_prefix("verstak_session=").unwrap();
    let other = people::Identities::new(&app.state.db, &app.state.env);
    let (admin, ann) = (app.id_of("admin"), app.id_of("ann"));
    assert_eq!(other.by_session_to_act(secret).await.unwrap().user.id, admin);
    let desk = app.stranger().header("cookie", cookie);
    look_as(&desk, json!({"user": ann})).await;
    assert_eq!(other.by_session(secret).await.unwrap().user.id, admin, "as it was a moment ago");
    let seen = other.by_session_to_act(secret).await.unwrap();
    assert_eq!((seen.user.id, seen.person()), (ann, admin));
    // A session that was ended elsewhere changes nothing more either.
    desk.delete("/view-as").await.ok(204);
    app.clock.advance_seconds(5);
    assert_eq!(other.by_session(secret).await.unwrap().user.id, admin);
    desk.delete("/session").await.ok(204);
    assert!(matches!(other.by_session_to_act(secret).await, Err(kernel::Error::Unauthenticated)));
    app.finish().await;
}
