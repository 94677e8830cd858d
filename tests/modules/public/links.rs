//! Personal links to pages for people without an account: what one opens, what ends it, who sees that there are any.

use serde_json::{Value, json};

use super::{ENTITY, OCTETS, PAGE, PLUGIN, PNG, company, noted, send, sent, set, switched};
use crate::app::{Answer, Client, TestApp};

const MINE: &str = "/public/acme/verstak.callback-requests/mine";

/// What a press gives as a personal link: what stands behind `#`.
async fn linked(app: &TestApp, name: &str) -> String {
    let done = send(&app.stranger(), sent(name, "+380440000001")).await.ok(200);
    let url = done["patches"][2]["state"]["link"].as_str().unwrap().to_owned();
    let (page, token) = url.split_once('#').unwrap();
    assert!(page.ends_with("/p/acme/verstak.callback-requests/mine") && token.len() == 64, "{url}");
    token.to_owned()
}

async fn mine(client: &Client<'_>) -> Answer {
    let items = json!([{"name": "mine", "source": {"plugin": "mine"}}]);
    client.post(&format!("{MINE}/read"), json!({"items": items})).await
}

/// The source as its tree has it.
async fn told(app: &TestApp, token: &str) -> Value {
    let client = app.stranger().header("x-page-link", token);
    let tree = client.get(MINE).await.ok(200)["tree"].clone();
    let items = json!([{"name": "mine", "source": tree["sources"]["mine"]}]);
    client.post(&format!("{MINE}/read"), json!({"items": items})).await.ok(200)["results"][0]["rows"].clone()
}

#[tokio::test]
async fn a_personal_link_opens_one_page_for_one_record() {
    let app = company().await;
    set(&app.admin(), "mine", true).await.ok(200);
    let (ivan, olga) = (linked(&app, "Ivan").await, linked(&app, "Olga").await);
    assert_ne!(ivan, olga);
    for (token, name) in [(&ivan, "Ivan"), (&olga, "Olga")] {
        assert_eq!(told(&app, token).await[0]["fields"], json!({"name": name, "done": false}));
    }
    // Without a link there is the page, and nothing on it.
    let plain = app.stranger().get(MINE).await.ok(200);
    let items = json!([{"name": "mine", "source": plain["tree"]["sources"]["mine"]}]);
    let read = app.stranger().post(&format!("{MINE}/read"), json!({"items": items})).await.ok(200);
    assert_eq!(read["results"][0]["rows"], json!([]));
    // Nothing is kept of the token, and the audit is told of the link.
    assert_eq!(app.count(&format!("SELECT count(*) FROM plugin_page_link WHERE token_hash = '{ivan}'")).await, 0);
    let told_of = "SELECT count(*) FROM audit WHERE action = 'plugin.link_made'";
    assert_eq!(app.count(told_of).await, 2);
    assert_eq!(app.count(&format!("{told_of} AND CAST(detail AS TEXT) LIKE '%{ivan}%'")).await, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_link_that_is_not_good_opens_nothing_at_any_door() {
    let mut app = company().await;
    set(&app.admin(), "mine", true).await.ok(200);
    let token = linked(&app, "Ivan").await;
    let shut = async |token: &str| {
        let client = app.stranger().header("x-page-link", token);
        client.get(MINE).await.problem(404, "not_found");
        mine(&client).await.problem(404, "not_found");
        client.get(PAGE).await.problem(404, "not_found");
        send(&client, sent("Eve", "+380440000002")).await.problem(404, "not_found");
        let files = format!("/api/v1{PAGE}/files?input=photos&name=a.png");
        client.send("POST", &files, OCTETS, PNG.to_vec()).await.problem(404, "not_found");
    };
    let flipped = format!("{}{}", &token[1..], &token[..1]);
    for wrong in ["", "x", "' OR '1'='1", flipped.as_str(), "0".repeat(4_000).as_str()] {
        shut(wrong).await;
    }
    // It is of another page.
    app.stranger().header("x-page-link", &token).get(PAGE).await.problem(404, "not_found");
    // Its record is in the bin, and comes back.
    let list = app.admin().get(&format!("/records/{ENTITY}")).await.ok(200);
    let request = list["items"][0]["id"].as_str().unwrap().to_owned();
    app.admin().delete(&format!("/records/{ENTITY}/{request}")).await;
    shut(&token).await;
    app.admin().post(&format!("/records/{ENTITY}/{request}/restore"), json!({})).await;
    assert_eq!(told(&app, &token).await[0]["fields"]["name"], "Ivan");
    // Switched off it waits; a closed page ends it.
    switched(&app, "disable", json!({})).await;
    app.stranger().header("x-page-link", &token).get(MINE).await.problem(404, "not_found");
    switched(&app, "enable", json!({"grants": "requested"})).await;
    assert_eq!(told(&app, &token).await[0]["fields"]["name"], "Ivan");
    set(&app.admin(), "mine", false).await.ok(200);
    set(&app.admin(), "mine", true).await.ok(200);
    shut(&token).await;
    // Another one ends by itself.
    let late = linked(&app, "Olga").await;
    app.clock.advance_seconds(30 * 86_400 + 1);
    let client = app.stranger().header("x-page-link", &late);
    client.get(MINE).await.problem(404, "not_found");
    // Another company's page is not opened by it.
    let other = app.add_company("Other", kernel::Locale::En).await;
    assert_ne!(other, 0);
    let theirs = "/public/other/verstak.callback-requests/mine";
    app.stranger().header("x-page-link", &late).get(theirs).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn whoever_has_a_link_ends_all_links_of_that_record_alone() {
    let app = company().await;
    set(&app.admin(), "mine", true).await.ok(200);
    let keyed = app.stranger().header("idempotency-key", "one-request");
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let done = send(&keyed, sent("Ivan", "+380440000001")).await.ok(200);
        let url = done["patches"][2]["state"]["link"].as_str().unwrap().to_owned();
        tokens.push(url.split_once('#').unwrap().1.to_owned());
    }
    let olga = linked(&app, "Olga").await;
    let ends = json!({"act": "end", "input": {}});
    // Without a link there is no record whose links would end.
    let plain = app.stranger().post(&format!("{MINE}/act"), ends.clone()).await.ok(200);
    assert_eq!(plain["patches"], json!([]));
    assert_eq!(told(&app, &tokens[0]).await[0]["fields"]["name"], "Ivan");
    let own = app.stranger().header("x-page-link", &tokens[0]);
    let done = own.post(&format!("{MINE}/act"), ends.clone()).await.ok(200);
    assert_eq!(done["patches"][0]["state"], json!({"ended": true}));
    for token in &tokens {
        app.stranger().header("x-page-link", token).get(MINE).await.problem(404, "not_found");
    }
    own.post(&format!("{MINE}/act"), ends).await.problem(404, "not_found");
    assert_eq!(told(&app, &olga).await[0]["fields"]["name"], "Olga");
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'plugin.link_revoked'").await, 2);
    app.finish().await;
}

#[tokio::test]
async fn a_key_that_somebody_else_has_used_leads_nobody_to_their_request() {
    let app = company().await;
    set(&app.admin(), "mine", true).await.ok(200);
    let keyed = app.stranger().header("idempotency-key", "1");
    let token = async |body: Value| {
        let done = send(&keyed, body).await.ok(200);
        done["patches"][2]["state"]["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned()
    };
    let ivan = token(sent("Ivan", "+380440000001")).await;
    let olga = token(sent("Olga", "+380440000001")).await;
    assert_eq!(told(&app, &ivan).await[0]["fields"]["name"], "Ivan");
    assert_eq!(told(&app, &olga).await[0]["fields"]["name"], "Olga");
    // Whatever differs in it, it is another press; what is the same is the one of before.
    let mut elsewhere = sent("Ivan", "+380440000001");
    elsewhere["params"] = json!({"from": "another page"});
    token(elsewhere).await;
    token(sent("Ivan", "+380440000001")).await;
    assert_eq!(noted(&app).await, 3);
    app.finish().await;
}

#[tokio::test]
async fn administrators_see_the_links_to_a_page_and_end_one() {
    let mut app = company().await;
    app.person(0, "ann", &["sales_manager"]).await;
    set(&app.admin(), "mine", true).await.ok(200);
    let (ivan, olga) = (linked(&app, "Ivan").await, linked(&app, "Olga").await);
    let path = format!("/plugins/{PLUGIN}/public-pages/mine/links");
    app.by("ann").get(&path).await.problem(403, "denied");
    let answer = app.admin().get(&path).await;
    assert!(!answer.text().contains(&ivan) && !answer.text().contains(&olga), "nothing that opens the page");
    let items = answer.ok(200)["items"].clone();
    let mut titles: Vec<&str> = items.as_array().unwrap().iter().map(|link| link["title"].as_str().unwrap()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["Ivan", "Olga"]);
    let of = items.as_array().unwrap().iter().find(|link| link["title"] == "Ivan").unwrap();
    assert_eq!(of["entity"], ENTITY);
    let record = of["record"].as_str().unwrap();
    let alone = app.admin().get(&format!("{path}?record={record}")).await.ok(200);
    assert_eq!(alone["items"], json!([of]));
    app.admin().get(&format!("{path}?record=x")).await.problem(400, "request.invalid");
    assert_eq!(app.admin().get(&path.replace("/mine/", "/ask/")).await.ok(200)["items"], json!([]));
    let link = of["id"].as_str().unwrap();
    let one = format!("{path}/{link}");
    app.by("ann").delete(&one).await.problem(403, "denied");
    // It is to another page.
    app.admin().delete(&one.replace("/mine/", "/ask/")).await.problem(404, "not_found");
    // Another company has no such link.
    let other = app.add_company("Other", kernel::Locale::En).await;
    app.by_of(other, "admin").delete(&one).await.problem(404, "not_found");
    assert_eq!(app.by_of(other, "admin").get(&path).await.ok(200)["items"], json!([]));
    assert_eq!(told(&app, &ivan).await[0]["fields"]["name"], "Ivan");
    assert_eq!(app.admin().delete(&one).await.status, 204);
    app.stranger().header("x-page-link", &ivan).get(MINE).await.problem(404, "not_found");
    app.admin().delete(&one).await.problem(404, "not_found");
    assert_eq!(told(&app, &olga).await[0]["fields"]["name"], "Olga");
    // While the module is off its links wait, and are seen.
    switched(&app, "disable", json!({})).await;
    assert_eq!(app.admin().get(&path).await.ok(200)["items"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn closing_a_page_ends_links_that_were_made_while_it_was_closed() {
    let app = company().await;
    let token = linked(&app, "Ivan").await;
    let client = app.stranger().header("x-page-link", &token);
    client.get(MINE).await.problem(404, "not_found");
    set(&app.admin(), "mine", false).await.ok(200);
    set(&app.admin(), "mine", true).await.ok(200);
    client.get(MINE).await.problem(404, "not_found");
    assert_eq!(app.count("SELECT count(*) FROM plugin_page_link WHERE revoked_at IS NULL").await, 0);
    app.finish().await;
}

#[tokio::test]
async fn links_go_with_the_module_and_there_is_an_end_to_them() {
    let app = company().await;
    set(&app.admin(), "mine", true).await.ok(200);
    let keyed = app.stranger().header("idempotency-key", "again-and-again");
    for _ in 0..50 {
        send(&keyed, sent("Ivan", "+380440000001")).await.ok(200);
    }
    // The same press, so the same record.
    send(&keyed, sent("Ivan", "+380440000001")).await.problem(422, "act.refused");
    assert_eq!((noted(&app).await, app.count("SELECT count(*) FROM plugin_page_link").await), (1, 50));
    switched(&app, "disable", json!({})).await;
    switched(&app, "purge", json!({})).await;
    assert_eq!(app.count("SELECT count(*) FROM plugin_page_link").await, 0);
    app.drain().await;
    app.finish().await;
}
