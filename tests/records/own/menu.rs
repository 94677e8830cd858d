//! What administrators are told of a company's own entities: names as they are kept, what was removed, the picture and the place
//! in the menu.

use kernel::Locale;
use serde_json::{Value, json};

use super::{MACHINE, workshop};
use crate::app::{Client, TestApp};

fn field<'a>(entity: &'a Value, key: &str) -> &'a Value {
    entity["fields"].as_array().unwrap().iter().find(|field| field["key"] == key).unwrap()
}

async fn seen(client: &Client<'_>) -> Value {
    client.get(&format!("/entities/{MACHINE}")).await.ok(200)
}

/// An app with machines that somebody else may read.
async fn read_by_kim() -> TestApp {
    let mut app = workshop().await;
    let rows = json!([{"kind": "permission", "entity": MACHINE, "actions": ["read"]}]);
    app.role("reader", rows, json!([])).await;
    app.person(0, "kim", &["reader"]).await;
    app
}

#[tokio::test]
async fn names_in_every_language_are_told_to_whoever_may_change_them() {
    let app = read_by_kim().await;
    let admin = app.admin();
    let label = json!({"en": "Machine", "ru": "Станок", "uk": "Верстат"});
    let told = seen(&admin).await;
    assert_eq!((&told["label"], &told["labels"]), (&json!("Machine"), &label));
    assert_eq!(told["labels_plural"], json!({"en": "Machines"}));
    assert_eq!(field(&told, "x_serial")["labels"], json!({"en": "x_serial"}));
    let kind = field(&told, "x_kind");
    assert_eq!(kind["choices"][0]["labels"], json!({"en": "Mill"}));
    // What nobody but the product names has words of its own, and the currency is called after its amount.
    assert_eq!((field(&told, "title").get("labels"), field(&told, "x_price_currency").get("labels")), (None, None));
    assert_eq!(admin.get("/entities/deal").await.ok(200).get("labels"), None);
    let session = admin.get("/session").await.ok(200);
    let all = session["entities"].as_array().unwrap().iter();
    assert_eq!(all.filter(|one| one["labels"] == label).count(), 1);
    let names = json!({"label": {"en": "Tool", "uk": "Інструмент"}});
    let now = admin.patch(&format!("/entities/{MACHINE}"), names.clone()).await.ok(200);
    assert_eq!((&now["labels"], &now["labels_plural"]), (&names["label"], &json!({"en": "Machines"})));
    let named = json!({"label": {"en": "Serial", "ru": "Номер"}});
    let now = admin.patch(&format!("/entities/{MACHINE}/fields/x_serial"), named.clone()).await.ok(200);
    assert_eq!(field(&now, "x_serial")["labels"], named["label"]);
    let kims = seen(&app.by("kim")).await;
    assert_eq!(kims["label"], "Tool");
    assert!(!kims.to_string().contains("\"labels"), "{kims}");
    app.finish().await;
}

#[tokio::test]
async fn what_was_removed_is_told_until_it_is_back() {
    let mut app = workshop().await;
    let other = app.add_company("Other", Locale::En).await;
    let admin = app.admin();
    let removed = async |client: &Client<'_>| client.get("/entities/removed").await.ok(200)["items"].clone();
    assert_eq!(removed(&admin).await, json!([]));
    admin.delete(&format!("/entities/{MACHINE}")).await.ok(204);
    let told = json!([{"key": MACHINE, "label": "Machine", "label_plural": "Machines"}]);
    assert_eq!(removed(&admin).await, told);
    assert_eq!(removed(&app.by_of(other, "admin")).await, json!([]));
    app.by("max").get("/entities/removed").await.problem(403, "denied");
    admin.post("/entities", json!({"key": MACHINE, "label": {"en": "X"}})).await.problem(422, "config.invalid");
    admin.post(&format!("/entities/{MACHINE}/restore"), json!({})).await.ok(200);
    assert_eq!(removed(&admin).await, json!([]));
    app.finish().await;
}

#[tokio::test]
async fn a_picture_and_a_place_are_chosen_changed_and_taken_back() {
    let app = read_by_kim().await;
    let admin = app.admin();
    let machine = format!("/entities/{MACHINE}");
    let told = seen(&admin).await;
    assert_eq!((told.get("icon"), told.get("menu")), (None, None));
    let place = json!({"shown": true, "before": "deal"});
    let now = admin.patch(&machine, json!({"icon": "truck", "menu": place})).await.ok(200);
    assert_eq!((&now["icon"], &now["menu"], &now["label"]), (&json!("truck"), &place, &json!("Machine")));
    let kims = seen(&app.by("kim")).await;
    assert_eq!((&kims["icon"], &kims["menu"]), (&json!("truck"), &place), "at once, for everybody");
    // Names are changed without it, and one of them without the other.
    admin.patch(&machine, json!({"label": {"en": "Tool"}})).await.ok(200);
    app.clock.advance_seconds(1);
    let now = admin.patch(&machine, json!({"menu": {"shown": false}})).await.ok(200);
    assert_eq!((&now["icon"], &now["menu"]), (&json!("truck"), &json!({"shown": false})));
    let audit = admin.get("/audit?area=entity").await.ok(200);
    let newest = &audit["items"][0];
    assert_eq!((&newest["action"], &newest["object"]), (&json!("entity.updated"), &json!(MACHINE)));
    assert_eq!(newest["detail"]["before"]["menu"], place);
    assert_eq!(newest["detail"]["after"]["menu"], json!({"shown": false}));
    let now = admin.patch(&machine, json!({"icon": "", "menu": {}})).await.ok(200);
    assert_eq!((now.get("icon"), now.get("menu")), (None, None));
    let new = json!({"label": {"en": "Room"}, "icon": "key", "menu": {"before": MACHINE}});
    let room = admin.post("/entities", new).await.ok(201);
    assert_eq!((&room["icon"], &room["menu"]), (&json!("key"), &json!({"shown": true, "before": MACHINE})));
    // What it stands before goes and comes: its place stays said.
    admin.delete(&machine).await.ok(204);
    let left = admin.patch("/entities/x_room", json!({"label": {"en": "Hall"}})).await.ok(200);
    assert_eq!(left["menu"]["before"], MACHINE);
    app.finish().await;
}

#[tokio::test]
async fn places_and_pictures_that_are_not_there_are_refused() {
    let mut app = workshop().await;
    let other = app.add_company("Other", Locale::En).await;
    app.by_of(other, "admin").post("/entities", json!({"label": {"en": "Theirs"}})).await.ok(201);
    app.admin().patch("/me", json!({"locale": "ru"})).await.ok(200);
    let admin = app.admin();
    admin.post("/entities", json!({"label": {"en": "Room"}, "menu": {"before": MACHINE}})).await.ok(201);
    let before = seen(&admin).await;
    let huge = "x".repeat(30_000);
    let beside = |key: &str| json!({"menu": {"shown": true, "before": key}});
    for (field, code, body) in [
        ("icon", "choice", json!({"icon": "hippopotamus"})),
        ("icon", "choice", json!({"icon": "Truck"})),
        ("icon", "choice", json!({"icon": "../../truck"})),
        ("icon", "choice", json!({"icon": huge})),
        ("menu.before", "choice", beside("x_nothing")),
        ("menu.before", "choice", beside("x_theirs")),
        ("menu.before", "choice", beside("")),
        ("menu.before", "choice", beside(&huge)),
        ("menu.before", "menu_round", beside(MACHINE)),
        ("menu.before", "menu_round", beside("x_room")),
    ] {
        let answer = admin.patch(&format!("/entities/{MACHINE}"), body.clone()).await;
        let problem = answer.problem(422, "config.invalid");
        let found = &problem["fields"][field];
        let words = found["message"].as_str().unwrap_or_default();
        assert!(found["code"] == code && words.chars().any(|c| ('а'..='я').contains(&c)), "{field}: {problem}");
        assert!(problem.to_string().len() < 2_000, "{field} {code}");
        if code == "choice" {
            let mut new = json!({"label": {"en": "New"}});
            new.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            admin.post("/entities", new).await.problem(422, "config.invalid");
        }
    }
    for body in [
        json!({"icon": 5}),
        json!({"menu": "top"}),
        json!({"menu": {"shown": "yes"}}),
        json!({"menu": {"befor": "deal"}}),
        json!({"menu": {"before": ["deal"]}}),
    ] {
        let answer = admin.patch(&format!("/entities/{MACHINE}"), body.clone()).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.text());
    }
    assert_eq!(seen(&admin).await, before, "nothing of it was kept");
    app.by("max").patch(&format!("/entities/{MACHINE}"), json!({"icon": "truck"})).await.problem(403, "denied");
    app.by_of(other, "admin")
        .patch(&format!("/entities/{MACHINE}"), json!({"icon": "truck"}))
        .await
        .problem(404, "not_found");
    admin.patch("/entities/deal", json!({"icon": "truck"})).await.problem(404, "not_found");
    app.finish().await;
}
