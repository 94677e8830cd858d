//! Tabs of cards, lists of related records and surfaces of modules in layouts: as arranged, as far as the reader sees
//! them; what makes no sense is refused.

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

fn section(title: &str, fields: &[&str]) -> Value {
    json!({"title": {"en": title}, "fields": fields})
}

fn tab(title: &str, fields: &[&str]) -> Value {
    json!({"title": {"en": title, "ru": format!("{title} рус"), "uk": format!("{title} укр")},
        "sections": [section(title, fields)]})
}

async fn put(client: &Client<'_>, layout: Value) -> Value {
    client.put("/layouts", json!({"of": {"entity": "company"}, "layout": layout})).await.ok(200)
}

async fn layout(client: &Client<'_>) -> Value {
    client.get("/entities/company").await.ok(200)["layout"].clone()
}

#[tokio::test]
async fn a_card_has_tabs_with_names_in_every_language_and_what_is_required_in_the_first() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    let field = json!({"key": "x_kind", "label": {"en": "Kind"}, "type": "text", "required": true});
    admin.post("/entities/company/fields", field).await.ok(201);
    let deals = json!({"entity": "deal", "via": "company", "columns": ["amount", "stage"], "limit": 5});
    let money = json!({"title": {"en": "Money", "uk": "Гроші"}, "sections": [section("Sums", &["revenue"])],
        "related": [deals], "blocks": ["some_module.panel"]});
    let saved = put(&admin, json!({"sections": [section("Main", &["industry"])], "tabs": [money]})).await;
    assert_eq!(saved["layout"]["tabs"], json!([money]), "as it was sent");

    let seen = layout(&app.by("max")).await;
    assert_eq!(seen["sections"][0]["fields"], json!(["industry", "x_kind"]), "required, and placed nowhere");
    let tabs = seen["tabs"].as_array().unwrap();
    assert_eq!(tabs.len(), 1);
    assert_eq!((&tabs[0]["key"], &tabs[0]["title"]), (&json!("tab_0"), &json!("Money")));
    assert_eq!(tabs[0].get("titles"), None, "names in other languages are for those who arrange");
    assert_eq!(tabs[0]["sections"][0]["fields"], json!(["revenue"]));
    assert_eq!((&tabs[0]["related"], &tabs[0]["blocks"]), (&json!([deals]), &json!(["some_module.panel"])));
    assert_eq!(layout(&admin).await["tabs"][0]["titles"], json!({"en": "Money", "uk": "Гроші"}));

    // Placed in a tab, it is not put into the first one besides; a tab that shows nothing is not there.
    let tabs = [tab("Kind", &["x_kind"]), tab("Empty", &[])];
    put(&admin, json!({"sections": [section("Main", &["industry"])], "tabs": tabs})).await;
    let seen = layout(&app.by("max")).await;
    assert_eq!(seen["sections"][0]["fields"], json!(["industry"]));
    let tabs = seen["tabs"].as_array().unwrap();
    assert_eq!((tabs.len(), &tabs[0]["sections"][0]["fields"]), (1, &json!(["x_kind"])));

    // What was saved before there were tabs goes on as it was.
    put(&admin, json!({"sections": [section("Main", &["industry"])]})).await;
    let seen = layout(&app.by("max")).await;
    assert_eq!((seen.get("tabs"), seen.get("related"), seen.get("blocks")), (None, None, None));
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_told_of_lists_and_columns_that_they_may_not_see() {
    let mut app = TestApp::build().start().await;
    let all = |entity: &str| json!({"kind": "permission", "entity": entity, "actions": ["read"]});
    let no_amount = json!([{"entity": "deal", "field": "amount", "right": "hidden"}]);
    app.role("no_amount", json!([all("company"), all("deal")]), no_amount).await;
    let no_link = json!([{"entity": "deal", "field": "company", "right": "hidden"}]);
    app.role("no_link", json!([all("company"), all("deal")]), no_link).await;
    app.role("no_deals", json!([all("company")]), json!([])).await;
    for name in ["no_amount", "no_link", "no_deals"] {
        app.person(0, name, &[name]).await;
    }
    let deals = json!({"entity": "deal", "via": "company", "columns": ["amount", "owner"], "limit": 5});
    let inside = json!({"title": {"en": "Deals"}, "sections": [], "related": [deals]});
    put(&app.admin(), json!({"sections": [section("Main", &["industry"])], "tabs": [inside]})).await;
    let lists = async |name: &str| layout(&app.by(name)).await["tabs"][0]["related"].clone();
    assert_eq!(lists("admin").await[0]["columns"], json!(["amount", "owner"]));
    assert_eq!(lists("no_amount").await[0]["columns"], json!(["owner"]));
    // A tab with nothing else in it is not there for them.
    assert_eq!((lists("no_link").await, lists("no_deals").await), (Value::Null, Value::Null));
    app.finish().await;
}

#[tokio::test]
async fn hostile_arrangements_are_refused_by_their_place() {
    let mut app = TestApp::build().start().await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let admin = app.admin();
    // An entity of another company is none of this one.
    let stranger = app.by_of(other, "admin");
    let label = json!({"en": "Secret"});
    let made = stranger.post("/entities", json!({"label": label, "label_plural": label})).await.ok(201);
    let secret = made["key"].as_str().unwrap().to_owned();
    let link = json!({"key": "x_of", "label": {"en": "Of"}, "type": "link", "entities": ["company"]});
    stranger.post(&format!("/entities/{secret}/fields"), link).await.ok(201);

    let main = section("Main", &["industry"]);
    let of = |more: Value| {
        let mut layout = json!({"sections": [main]});
        layout.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        layout
    };
    let list = |entity: &str, via: &str, rest: Value| {
        let mut list = json!({"entity": entity, "via": via});
        list.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        of(json!({"related": [list]}))
    };
    let none = json!({});
    let deals = json!({"entity": "deal", "via": "company"});
    let thousand: Vec<Value> = (0..1_000).map(|number| tab(&number.to_string(), &[])).collect();
    let full: Vec<Value> = (0..30).map(|number| section(&number.to_string(), &[])).collect();
    let names: Vec<String> = (0..21).map(|number| format!("module.panel_{number}")).collect();
    let wide = vec!["amount"; 9];
    for (layout, part) in [
        (of(json!({"tabs": thousand})), "tabs"),
        (of(json!({"tabs": [{"title": {"en": "T"}, "sections": full}]})), "sections"),
        (json!({"sections": [], "tabs": [tab("T", &["industry"])]}), "sections"),
        (of(json!({"tabs": [{"title": {}, "sections": []}]})), "tabs.0.title"),
        (of(json!({"tabs": [{"title": {"en": "x".repeat(101)}, "sections": []}]})), "tabs.0.title"),
        (of(json!({"tabs": [tab("T", &["nothing"])]})), "tabs.0.sections.0.fields"),
        (of(json!({"tabs": [tab("T", &["industry"])]})), "tabs.0.sections.0.fields"),
        (of(json!({"tabs": [tab("A", &["revenue"]), tab("B", &["revenue"])]})), "tabs.1.sections.0.fields"),
        (list("nothing", "company", none.clone()), "related.0.entity"),
        (list(&secret, "x_of", none.clone()), "related.0.entity"),
        (list("deal", "nothing", none.clone()), "related.0.via"),
        (list("deal", "amount", none.clone()), "related.0.via"),
        // A link to something else.
        (list("deal", "lead", none.clone()), "related.0.via"),
        (list("deal", "company", json!({"columns": ["nothing"]})), "related.0.columns"),
        (list("deal", "company", json!({"columns": ["amount", "amount"]})), "related.0.columns"),
        (list("deal", "company", json!({"columns": wide})), "related.0.columns"),
        (list("deal", "company", json!({"limit": 0})), "related.0.limit"),
        (list("deal", "company", json!({"limit": 51})), "related.0.limit"),
        (of(json!({"related": [deals, deals]})), "related.1"),
        (of(json!({"related": [deals], "tabs": [{"title": {"en": "T"}, "related": [deals]}]})), "tabs.0.related.0"),
        (of(json!({"blocks": [""]})), "blocks.0"),
        (of(json!({"blocks": ["two words"]})), "blocks.0"),
        (of(json!({"blocks": ["x".repeat(201)]})), "blocks.0"),
        (of(json!({"blocks": ["a.b", "a.b"]})), "blocks.1"),
        (of(json!({"blocks": names})), "blocks.20"),
    ] {
        let body = json!({"of": {"entity": "company"}, "layout": layout});
        let refused = admin.put("/layouts", body).await.problem(422, "config.invalid");
        assert!(refused["fields"].get(part).is_some(), "{part}: {refused}");
    }
    // A tab in a tab, a limit that is no number, a part that nobody knows: not a layout at all.
    let nested = json!({"title": {"en": "T"}, "sections": [], "tabs": [tab("Inner", &[])]});
    let negative = list("deal", "company", json!({"limit": -1}));
    for layout in [of(json!({"tabs": [nested]})), negative, of(json!({"pages": []}))] {
        let status = admin.put("/layouts", json!({"of": {"entity": "company"}, "layout": layout})).await.status;
        assert!(status.is_client_error(), "{status}");
    }
    assert_eq!(admin.get("/layouts?entity=company").await.ok(200)["items"], json!([]), "nothing of it was kept");
    app.finish().await;
}

#[tokio::test]
async fn a_list_goes_with_its_entity_and_comes_back_whole() {
    let app = TestApp::build().start().await;
    let admin = app.admin();
    let label = json!({"en": "Visit"});
    let visit = admin.post("/entities", json!({"label": label, "label_plural": label})).await.ok(201);
    let visit = visit["key"].as_str().unwrap().to_owned();
    let link = json!({"key": "x_client", "label": {"en": "Client"}, "type": "link", "entities": ["company"]});
    admin.post(&format!("/entities/{visit}/fields"), link).await.ok(201);
    let lists = json!([{"entity": visit, "via": "x_client"}, {"entity": "deal", "via": "company"}]);
    let saved = put(&admin, json!({"sections": [section("Main", &["industry"])], "related": lists})).await;
    let entities = |layout: &Value| -> Vec<String> {
        let lists = layout["related"].as_array().unwrap();
        lists.iter().map(|list| list["entity"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(entities(&layout(&admin).await), [visit.as_str(), "deal"]);
    assert_eq!(layout(&admin).await["related"][0]["limit"], 10);
    admin.delete(&format!("/entities/{visit}/fields/x_client")).await.ok(204);
    assert_eq!(entities(&layout(&admin).await), ["deal"]);
    // An earlier save comes back without what is gone.
    let path = format!("/layouts/{}/restore", saved["id"].as_str().unwrap());
    let restored = admin.post(&path, json!({})).await.ok(200);
    assert_eq!(entities(&restored["layout"]), ["deal"]);
    app.drain().await;
    app.finish().await;
}
