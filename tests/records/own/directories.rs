//! Directories: lists of options that fields share. What administrators make of them is seen at every door, and no record
//! loses what it has.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::app::{Client, TestApp};
use crate::process::process;
use crate::records::imports::import;

/// Items as they are sent.
fn inputs(directory: &Value) -> Vec<Value> {
    let input = |item: &Value| {
        json!({"key": item["key"], "label": item["label"], "color": item["color"], "archived": item["archived"],
            "parent": item["parent"]})
    };
    directory["items"].as_array().unwrap().iter().map(input).collect()
}

fn keys(directory: &Value) -> Vec<&str> {
    directory["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect()
}

fn without(items: &[Value], key: &str) -> Vec<Value> {
    items.iter().filter(|item| item["key"] != key).cloned().collect()
}

async fn field(client: &Client<'_>, entity: &str, key: &str) -> Value {
    let entity = client.get(&format!("/entities/{entity}")).await.ok(200);
    entity["fields"].as_array().unwrap().iter().find(|field| field["key"] == key).unwrap().clone()
}

fn choice(field: &Value, key: &str) -> Value {
    let found = field["choices"].as_array().unwrap().iter().find(|choice| choice["value"] == key);
    found.unwrap_or_else(|| panic!("{field}")).clone()
}

/// Regions as a tree, with a field of companies that has one and another that has several.
async fn regions(app: &TestApp) -> Value {
    let admin = app.admin();
    let items = json!([
        {"key": "ua", "label": {"en": "Ukraine", "ru": "Украина"}, "color": "#4c8dff"},
        {"key": "kyiv", "label": {"en": "Kyiv", "ru": "Киев"}, "parent": "ua"},
        {"key": "lviv", "label": {"en": "Lviv"}, "parent": "ua"},
        {"label": {"en": "Poland"}},
    ]);
    let made = admin.post("/directories", json!({"label": {"en": "Regions"}, "items": items})).await.ok(201);
    assert_eq!((&made["key"], &made["version"], &made["built_in"]), (&json!("x_regions"), &json!(1), &json!(false)));
    assert_eq!(keys(&made), ["ua", "kyiv", "lviv", "x_poland"]);
    for (key, kind) in [("x_region", "choice"), ("x_markets", "choices")] {
        let field = json!({"key": key, "label": {"en": key}, "type": kind, "directory": "x_regions"});
        admin.post("/entities/company/fields", field).await.ok(201);
    }
    made
}

fn is(region: &str) -> Value {
    json!({"field": "x_region", "op": "eq", "value": region})
}

#[tokio::test]
async fn options_of_the_product_are_renamed_ordered_archived_and_joined_by_others() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let (admin, max) = (app.admin(), app.by("max"));
    let old = max.create("lead", json!({"title": "Old", "source": "event"})).await.id();
    let read = admin.get("/directories/source").await;
    assert_eq!(read.header("etag"), Some("\"0\""));
    let before = read.ok(200);
    assert_eq!((&before["built_in"], &before["name"], keys(&before)[0]), (&json!(true), &json!("Sources"), "web"));
    let used: Vec<&str> =
        before["fields"].as_array().unwrap().iter().map(|field| field["entity"].as_str().unwrap()).collect();
    assert_eq!(used, ["lead", "deal", "contact"]);

    let mut items = inputs(&before);
    items.reverse();
    for item in &mut items {
        if item["key"] == "web" {
            item["label"] = json!({"en": "Site", "ru": "Сайт"});
        } else if item["key"] == "event" {
            item["archived"] = json!(true);
        }
    }
    items.push(json!({"label": {"en": "Trade fair"}, "color": "#112233"}));
    let done = admin.patch("/directories/source", json!({"items": items})).await.ok(200);
    assert_eq!(
        (&done["directory"]["version"], &done["removed"], &done["batch"]),
        (&json!(1), &json!([]), &json!(null))
    );
    assert_eq!((keys(&done["directory"])[0], *keys(&done["directory"]).last().unwrap()), ("other", "x_trade_fair"));
    for entity in ["lead", "deal", "contact"] {
        let source = field(&max, entity, "source").await;
        assert_eq!(source["directory"], "source");
        assert_eq!(source["choices"][0]["value"], "other");
        assert_eq!(choice(&source, "web")["label"], "Site");
        assert_eq!(choice(&source, "event")["archived"], true);
        assert_eq!(choice(&source, "call")["label"], "Call", "as the product calls it");
        assert_eq!(choice(&source, "x_trade_fair")["color"], "#112233");
    }

    // What is archived stays where it is, and is not chosen anew.
    admin.update("lead", &old, json!({"title": "Older"})).await.ok(200);
    assert_eq!(max.found("lead", json!({"field": "source", "op": "eq", "value": "event"})).await, ["Older"]);
    let refused = max.create("lead", json!({"title": "x", "source": "event"})).await.problem(422, "record.invalid");
    assert_eq!(refused["fields"]["source"]["code"], "choice");
    max.create("lead", json!({"title": "New", "source": "x_trade_fair"})).await.ok(201);
    // A lead takes it along into what it becomes.
    let converted = admin.post(&format!("/records/lead/{old}/convert"), json!({"deal": {"create": {}}})).await.ok(200);
    let deal = admin.get(&format!("/records/deal/{}", converted["deal"].as_str().unwrap())).await.ok(200);
    assert_eq!(deal["fields"]["source"], "event");

    // The product's items are archived, not taken away; whoever saw an older list is told.
    let left = without(&inputs(&done["directory"]), "call");
    let refused = admin.patch("/directories/source", json!({"items": left})).await.problem(422, "config.invalid");
    assert_eq!(refused["fields"]["items"]["code"], "choice_lost");
    let outdated = admin.header("if-match", "\"0\"").patch("/directories/source", json!({"items": items})).await;
    outdated.problem(409, "config.conflict");
    admin.delete("/directories/source").await.problem(422, "config.invalid");
    // The product's own words again are the product's: in every language.
    let words: Vec<Value> = inputs(&before);
    let mut items = inputs(&done["directory"]);
    for item in &mut items {
        if let Some(first) = words.iter().find(|first| first["key"] == item["key"]) {
            item["label"] = first["label"].clone();
        }
    }
    admin.patch("/directories/source", json!({"items": items})).await.ok(200);
    assert_eq!(choice(&field(&max, "lead", "source").await, "web")["label"], before["items"][0]["name"]);
    app.finish().await;
}

#[tokio::test]
async fn fields_take_their_options_from_a_tree_at_every_door() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let (admin, max) = (app.admin(), app.by("max"));
    regions(&app).await;
    let region = field(&max, "company", "x_region").await;
    assert_eq!(choice(&region, "kyiv")["parent"], "ua");
    assert_eq!(choice(&region, "ua")["color"], "#4c8dff");
    app.record("company", json!({"title": "One", "x_region": "kyiv", "x_markets": ["ua", "x_poland"]})).await;
    for wrong in [json!({"x_region": "mars"}), json!({"x_markets": ["ua", "mars"]})] {
        let mut fields = json!({"title": "x"});
        fields.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        max.create("company", fields).await.problem(422, "record.invalid");
    }
    let file = "Title;Region\nName;Lviv\nKey;ua\nRussian;Киев\nPath;Ukraine / Kyiv\nWrong;nowhere\n";
    let done = import(&app, "company", file, &["title", "x_region"], "create").await;
    assert_eq!((&done["accepted"], &done["refused"], &done["partial"]), (&json!(5), &json!(0), &json!(1)), "{done}");
    assert_eq!(done["reasons"][0]["values"], json!(["nowhere"]), "{done}");
    let branch = json!({"field": "x_region", "op": "in", "value": ["ua", "kyiv", "lviv"]});
    assert_eq!(max.found("company", branch).await, ["Key", "Name", "One", "Path", "Russian"]);
    assert_eq!(max.found("company", json!({"field": "x_markets", "op": "eq", "value": "x_poland"})).await, ["One"]);

    // A directory that is used stays; fields let go one by one and keep what they offered.
    let refused = admin.delete("/directories/x_regions").await.problem(409, "config.in_use");
    let users: Vec<&Value> = refused["current"]["users"].as_array().unwrap().iter().map(|user| &user["key"]).collect();
    assert_eq!(users, ["company.x_region", "company.x_markets"]);
    let both = json!({"directory": "", "choices": [{"key": "a"}]});
    let refused = admin.patch("/entities/company/fields/x_region", both).await.problem(422, "config.invalid");
    assert_eq!(refused["fields"]["choices"]["code"], "directory_or_choices");
    for key in ["x_region", "x_markets"] {
        admin.patch(&format!("/entities/company/fields/{key}"), json!({"directory": ""})).await.ok(200);
    }
    let own = field(&max, "company", "x_region").await;
    assert_eq!((own.get("directory"), &choice(&own, "kyiv")["label"]), (None, &json!("Kyiv")));
    admin.delete("/directories/x_regions").await.ok(204);
    admin.get("/directories/x_regions").await.problem(404, "not_found");
    let again = json!({"key": "x_regions", "label": {"en": "Regions"}});
    let refused = admin.post("/directories", again).await.problem(422, "config.invalid");
    assert_eq!(refused["fields"]["key"]["code"], "taken", "a key is never used again");

    // Back into a directory that has all of it, and not into one that lacks something.
    let few = json!({"label": {"en": "Few"}, "items": [{"key": "ua", "label": {"en": "Ukraine"}}]});
    admin.post("/directories", few).await.ok(201);
    let lacking = admin.patch("/entities/company/fields/x_region", json!({"directory": "x_few"})).await;
    assert_eq!(lacking.problem(422, "config.invalid")["fields"]["directory"]["code"], "directory_lacks");
    app.finish().await;
}

#[tokio::test]
async fn an_item_goes_only_with_what_takes_its_place_and_undo_brings_it_back() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let regions = regions(&app).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(app.record("company", json!({"title": format!("c{n}"), "x_region": "lviv"})).await);
    }
    let several = app.record("company", json!({"title": "several", "x_markets": ["kyiv", "lviv", "ua"]})).await;
    let view = json!({"entity": "company", "name": "West", "config": {"filter": {"and": [
        {"field": "x_region", "op": "in", "value": ["lviv", "kyiv"]}, {"field": "title", "op": "ne", "value": "lviv"}]}}});
    admin.post("/views", view).await.ok(201);

    let items = without(&inputs(&regions), "lviv");
    let refused = admin.patch("/directories/x_regions", json!({"items": items})).await.problem(409, "config.in_use");
    assert_eq!(refused["current"]["records"], 4);
    assert_eq!(refused["current"]["items"][0]["item"], "lviv");
    for (to, code) in [("lviv", "unknown_name"), ("mars", "unknown_name")] {
        let wrong = json!({"items": items, "move_to": {"lviv": to}});
        let refused = admin.patch("/directories/x_regions", wrong).await.problem(422, "config.invalid");
        assert_eq!(refused["fields"]["move_to.lviv"]["code"], code);
    }
    let stays = json!({"items": items, "move_to": {"ua": "kyiv"}});
    let refused = admin.patch("/directories/x_regions", stays).await.problem(422, "config.invalid");
    assert_eq!(refused["fields"]["move_to.ua"]["code"], "item_stays");

    let merge = json!({"items": items, "move_to": {"lviv": "kyiv"}, "dry_run": true});
    let dry = admin.patch("/directories/x_regions", merge).await.ok(200);
    assert_eq!((&dry["moves"], &dry["batch"], keys(&dry["directory"]).len()), (&json!(4), &json!(null), 4));
    assert_eq!(dry["removed"], json!([{"item": "lviv", "name": "Lviv", "records": 4, "to": "kyiv"}]));
    let merge = json!({"items": items, "move_to": {"lviv": "kyiv"}});
    let done = admin.patch("/directories/x_regions", merge).await.ok(200);
    assert_eq!((&done["job"]["state"], &done["job"]["result"]["changed"]), (&json!("done"), &json!(4)), "{done}");
    assert_eq!(keys(&done["directory"]), ["ua", "kyiv", "x_poland"]);
    assert_eq!(admin.found("company", is("kyiv")).await, ["c0", "c1", "c2"]);
    let read = admin.get(&format!("/records/company/{several}")).await.ok(200);
    assert_eq!(read["fields"]["x_markets"], json!(["kyiv", "ua"]), "each once");
    let views = admin.get("/views?entity=company").await.ok(200);
    let filter = &views["items"][0]["config"]["filter"]["and"];
    assert_eq!((&filter[0]["value"], &filter[1]["value"]), (&json!(["kyiv"]), &json!("lviv")));
    let gone = choice(&field(&admin, "company", "x_region").await, "lviv");
    assert_eq!((&gone["archived"], &gone["label"]), (&json!(true), &json!("Lviv")), "old figures can still be read");
    admin.create("company", json!({"title": "late", "x_region": "lviv"})).await.problem(422, "record.invalid");
    let again = [items.as_slice(), &[json!({"key": "lviv", "label": {"en": "Lviv"}})]].concat();
    let refused = admin.patch("/directories/x_regions", json!({"items": again})).await.problem(422, "config.invalid");
    assert_eq!(refused["fields"]["items.3.key"]["code"], "taken");

    // Undo: all but what somebody has edited since, and the item with them.
    admin.update("company", &ids[0], json!({"x_region": "ua"})).await.ok(200);
    let undone = admin.post(&format!("/batches/{}/undo", done["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!((&undone["restored"], &undone["kept_total"]), (&json!(3), &json!(1)), "{undone}");
    assert_eq!(admin.found("company", is("lviv")).await, ["c1", "c2"]);
    assert_eq!(choice(&field(&admin, "company", "x_region").await, "lviv").get("archived"), None);
    admin.create("company", json!({"title": "again", "x_region": "lviv"})).await.ok(201);
    app.finish().await;
}

#[tokio::test]
async fn what_administrators_have_written_about_an_item_lets_go_first() {
    let mut app = TestApp::start().await;
    let regions = regions(&app).await;
    let row = json!([{"kind": "permission", "entity": "company", "actions": ["read"], "filter": is("x_poland")}]);
    app.role("poles", row, json!([])).await;
    let admin = app.admin();
    let conditions = json!({"options_when": {"x_poland": "record.title != ''"}});
    admin.put("/entities/company/fields/x_region/conditions", conditions).await.ok(200);
    let rule = json!({"name": "No Poles", "check": "record.x_region != 'x_poland'", "message": {"en": "No."}});
    admin.post("/validation-rules", json!({"entity": "company", "rule": rule})).await.ok(201);
    let tell = json!({"kind": "notice", "parameters": {"to": "owner", "text": "Poles"}});
    let when = "record.x_region == 'x_poland'";
    let rule = json!({"name": "Poles", "on": {"event": "created"}, "when": when, "do": [tell], "enabled": false});
    admin.post("/automations", json!({"entity": "company", "rule": rule})).await.ok(201);
    let items = without(&inputs(&regions), "x_poland");
    let refused = admin.patch("/directories/x_regions", json!({"items": items})).await.problem(409, "config.in_use");
    let users = refused["current"]["users"].as_array().unwrap();
    let mut kinds: Vec<&str> = users.iter().map(|user| user["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["automation", "condition", "role", "rule"]);
    let dry = admin.patch("/directories/x_regions", json!({"items": items, "dry_run": true})).await.ok(200);
    assert_eq!(dry["users"].as_array().unwrap().len(), 4, "{dry}");
    // Nothing was changed, and archiving needs nobody's leave.
    assert_eq!(admin.get("/directories/x_regions").await.ok(200)["version"], 1);
    let mut items = inputs(&regions);
    items[3]["archived"] = json!(true);
    admin.patch("/directories/x_regions", json!({"items": items})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn two_directories_become_one_with_their_fields_and_records() {
    let app = TestApp::start().await;
    let admin = app.admin();
    regions(&app).await;
    let items = json!([
        {"key": "town", "label": {"en": "Kiev town"}},
        {"key": "lviv", "label": {"en": "Lviv"}},
        {"key": "odesa", "label": {"en": "Odesa"}},
        {"key": "port", "label": {"en": "Port"}, "parent": "odesa"},
    ]);
    admin.post("/directories", json!({"label": {"en": "Cities"}, "items": items})).await.ok(201);
    let city = json!({"label": {"en": "City"}, "type": "choice", "directory": "x_cities"});
    admin.post("/entities/lead/fields", city).await.ok(201);
    let lead = app.record("lead", json!({"title": "A", "x_city": "town"})).await;
    app.record("lead", json!({"title": "B", "x_city": "port"})).await;

    for (body, place) in [
        (json!({"from": "x_regions"}), "from"),
        (json!({"from": "source"}), "from"),
        (json!({"from": "nothing"}), "from"),
        (json!({"from": "x_cities", "items": {"mars": "kyiv"}}), "items.mars"),
        (json!({"from": "x_cities", "items": {"town": "mars"}}), "items.town"),
    ] {
        let refused = admin.post("/directories/x_regions/merge", body.clone()).await.problem(422, "config.invalid");
        assert!(refused["fields"].get(place).is_some(), "{body}: {refused}");
    }
    let merge = json!({"from": "x_cities", "items": {"town": "kyiv"}, "dry_run": true});
    let dry = admin.post("/directories/x_regions/merge", merge).await.ok(200);
    assert_eq!((&dry["moves"], &dry["removed"][0]["records"]), (&json!(1), &json!(1)));
    let merge = json!({"from": "x_cities", "items": {"town": "kyiv"}});
    let done = admin.post("/directories/x_regions/merge", merge).await.ok(200);
    assert_eq!(keys(&done["directory"]), ["ua", "kyiv", "lviv", "x_poland", "odesa", "port"]);
    let used = done["directory"]["fields"].as_array().unwrap().len();
    assert_eq!(used, 3, "its fields came along");
    assert_eq!(field(&admin, "lead", "x_city").await["directory"], "x_regions");
    assert_eq!(admin.get(&format!("/records/lead/{lead}")).await.ok(200)["fields"]["x_city"], "kyiv");
    admin.get("/directories/x_cities").await.problem(404, "not_found");
    admin.create("lead", json!({"title": "C", "x_city": "ua"})).await.ok(201);

    let undone = admin.post(&format!("/batches/{}/undo", done["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!((&undone["restored"], &undone["kept_total"]), (&json!(1), &json!(0)), "{undone}");
    assert_eq!(admin.get(&format!("/records/lead/{lead}")).await.ok(200)["fields"]["x_city"], "town");
    assert!(keys(&admin.get("/directories/x_regions").await.ok(200)).contains(&"town"), "the directories stay one");
    app.finish().await;
}

#[tokio::test]
async fn records_written_meanwhile_lose_nothing_to_a_merge() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let regions = regions(&app).await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(app.record("company", json!({"title": format!("c{n}"), "x_markets": ["lviv", "ua"]})).await);
    }
    let items = without(&inputs(&regions), "lviv");
    let merge = async {
        let body = json!({"items": items, "move_to": {"lviv": "kyiv"}});
        admin.patch("/directories/x_regions", body).await.ok(200);
    };
    let writers = join_all(ids.iter().enumerate().map(async |(n, id)| {
        admin.update("company", id, json!({"title": format!("t{n}"), "comments": "seen"})).await.ok(200);
        // Whoever is late is told so, whoever is in time is merged.
        let made = admin.create("company", json!({"title": format!("n{n}"), "x_markets": ["lviv"]})).await;
        assert!([201, 422].contains(&made.status.as_u16()), "{}", made.text());
    }));
    tokio::join!(merge, writers);
    app.drain().await;
    // What came in at the last moment goes with the next merge that names the item.
    let rest = json!({"items": items, "move_to": {"lviv": "kyiv"}});
    admin.patch("/directories/x_regions", rest).await.ok(200);
    let having = |key: &str| json!({"field": "x_markets", "op": "eq", "value": key});
    assert_eq!(admin.found("company", having("lviv")).await, [""; 0]);
    for (n, id) in ids.iter().enumerate() {
        let fields = admin.get(&format!("/records/company/{id}")).await.ok(200)["fields"].clone();
        assert_eq!(fields["x_markets"], json!(["kyiv", "ua"]));
        assert_eq!((&fields["title"], &fields["comments"]), (&json!(format!("t{n}")), &json!("seen")));
    }
    app.finish().await;
}

#[tokio::test]
async fn two_administrators_at_once_do_not_tear_a_list() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let regions = regions(&app).await;
    let attempts = join_all((0..6).map(async |n| {
        let more = [inputs(&regions).as_slice(), &[json!({"label": {"en": format!("Land {n}")}})]].concat();
        let client = admin.header("if-match", "\"1\"");
        client.patch("/directories/x_regions", json!({"items": more})).await.status.as_u16()
    }))
    .await;
    assert_eq!(attempts.iter().filter(|status| **status == 200).count(), 1, "{attempts:?}");
    assert_eq!(attempts.iter().filter(|status| **status == 409).count(), 5, "{attempts:?}");
    assert_eq!(keys(&admin.get("/directories/x_regions").await.ok(200)).len(), 5);
    app.finish().await;
}

#[tokio::test]
async fn a_process_and_its_drawing_that_name_an_item_let_go_first() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    let regions = regions(&app).await;
    let naming = |item: &str| {
        let asks = format!(r#"<conditionExpression>record.x_region == '{item}'</conditionExpression>"#);
        process(
            "region",
            &format!(
                r#"<startEvent id="start"/><exclusiveGateway id="ask" default="no"/><endEvent id="end"/><endEvent id="else"/>
<sequenceFlow id="go" sourceRef="start" targetRef="ask"/><sequenceFlow id="no" sourceRef="ask" targetRef="else"/>
<sequenceFlow id="yes" sourceRef="ask" targetRef="end">{asks}</sequenceFlow>"#
            ),
        )
    };
    let xml = Some("application/xml");
    let drawn = admin.send("POST", "/api/v1/process-drawings", xml, naming("x_poland").into_bytes()).await.ok(201);
    let drawing = format!("/process-drawings/{}", drawn["id"].as_str().unwrap());
    admin.post(&format!("{drawing}/publish"), json!({})).await.ok(200);
    // What another company draws is nobody's business.
    stranger.send("POST", "/api/v1/process-drawings", xml, naming("x_poland").into_bytes()).await.ok(201);
    let items = without(&inputs(&regions), "x_poland");
    let refused = admin.patch("/directories/x_regions", json!({"items": items})).await.problem(409, "config.in_use");
    let users = refused["current"]["users"].as_array().unwrap();
    let mut kinds: Vec<&str> = users.iter().map(|user| user["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["drawing", "process"], "{refused}");
    // Drawn anew it is still published as it was; published anew it names another item.
    let path = format!("/api/v1{drawing}/xml");
    let saved = admin.header("if-match", "\"1\"").send("PUT", &path, xml, naming("kyiv").into_bytes()).await;
    saved.ok(200);
    let dry = admin.patch("/directories/x_regions", json!({"items": items, "dry_run": true})).await.ok(200);
    assert_eq!((dry["users"].as_array().unwrap().len(), &dry["users"][0]["kind"]), (1, &json!("process")), "{dry}");
    admin.post(&format!("{drawing}/publish"), json!({})).await.ok(200);
    admin.patch("/directories/x_regions", json!({"items": items})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn wrong_huge_foreign_and_unasked_lists_are_refused() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let regions = regions(&app).await;
    let admin = app.admin();
    let label = json!({"en": "A"});
    let many: Vec<Value> = (0..2_001).map(|n| json!({"key": format!("k{n}"), "label": label})).collect();
    let deep: Vec<Value> = (0..6)
        .map(|n| json!({"key": format!("k{n}"), "label": label, "parent": (n > 0).then(|| format!("k{}", n - 1))}))
        .collect();
    for (items, place) in [
        (json!([{"key": "a"}]), "items.0.label"),
        (json!([{"key": "a", "label": {"en": "x".repeat(101)}}]), "items.0.label"),
        (json!([{"key": "A b", "label": label}]), "items.0.key"),
        (json!([{"key": "a".repeat(41), "label": label}]), "items.0.key"),
        (json!([{"key": "a", "label": label}, {"key": "a", "label": label}]), "items.1.key"),
        (json!([{"key": "a", "label": label, "color": "red"}]), "items.0.color"),
        (json!([{"key": "a", "label": label, "parent": "b"}]), "items.0.parent"),
        (json!([{"key": "a", "label": label, "parent": "a"}]), "items.0.parent"),
        (json!(deep), "items.5.parent"),
        (json!(many), "items"),
    ] {
        let refused = admin.post("/directories", json!({"label": label, "items": items})).await;
        let refused = refused.problem(422, "config.invalid");
        assert!(refused["fields"].get(place).is_some(), "{place}: {refused}");
    }
    let whole = json!({"label": {"en": "Whole"}, "items": many[..2_000]});
    assert_eq!(keys(&admin.post("/directories", whole).await.ok(201)).len(), 2_000);
    let fair = json!({"items": [{"key": "fair", "label": label}]});
    let refused = admin.patch("/directories/source", fair).await.problem(422, "config.invalid");
    assert_eq!(refused["fields"]["items.0.key"]["code"], "own_key", "the product goes on making keys of its own");
    for field in [
        json!({"label": label, "type": "text", "directory": "x_regions"}),
        json!({"label": label, "type": "choice", "directory": "x_nothing"}),
    ] {
        let refused = admin.post("/entities/lead/fields", field).await.problem(422, "config.invalid");
        assert!(refused["fields"].get("directory").is_some(), "{refused}");
    }

    // Only administrators, and only of this company.
    let (max, stranger) = (app.by("max"), app.by_of(other, "admin"));
    let list = json!({"items": inputs(&regions)});
    let merge = json!({"from": "x_whole"});
    max.get("/directories").await.problem(403, "config.denied");
    max.get("/directories/x_regions").await.problem(403, "config.denied");
    max.post("/directories", json!({"label": label})).await.problem(403, "config.denied");
    max.patch("/directories/x_regions", list.clone()).await.problem(403, "config.denied");
    max.delete("/directories/x_regions").await.problem(403, "config.denied");
    max.post("/directories/x_regions/merge", merge.clone()).await.problem(403, "config.denied");
    let theirs = stranger.get("/directories").await.ok(200);
    assert!(!theirs.to_string().contains("x_regions"));
    stranger.get("/directories/x_regions").await.problem(404, "not_found");
    stranger.patch("/directories/x_regions", list).await.problem(404, "not_found");
    stranger.delete("/directories/x_regions").await.problem(404, "not_found");
    stranger.post("/directories/source/merge", json!({"from": "x_regions"})).await.problem(422, "config.invalid");
    stranger.patch("/directories/source", json!({"label": {"en": "Theirs"}})).await.ok(200);
    assert_eq!(admin.get("/directories/source").await.ok(200)["name"], "Sources");
    app.finish().await;
}
