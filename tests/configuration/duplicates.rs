//! What is done about duplicates, out of one company, into another.

use kernel::Locale;
use serde_json::{Value, json};

use super::{exported, file_of, import, named, unpacked};
use crate::app::{Client, TestApp};

async fn mode(client: &Client<'_>, entity: &str) -> Value {
    let all = client.get("/entities").await.ok(200);
    all["items"].as_array().unwrap().iter().find(|one| one["key"] == entity).unwrap()["duplicates"].clone()
}

#[tokio::test]
async fn what_was_said_moves_and_comes_back() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    for (entity, mode) in [("contact", "block"), ("lead", "off"), ("company", "warn")] {
        admin.put(&format!("/entities/{entity}/duplicates"), json!({"mode": mode})).await.ok(200);
    }
    let file = exported(&admin).await;
    let told = &unpacked(&file)["duplicates.json"];
    assert_eq!(told[0], json!({"entity": "company", "mode": "warn"}), "what was said, though it is the usual");
    import(&stranger, &file, true).await.ok(200);
    assert_eq!(mode(&stranger, "contact").await, "warn", "a dry run leaves nothing");
    let done = import(&stranger, &file, false).await.ok(200);
    assert_eq!(named(&done, "create"), ["duplicates company", "duplicates contact", "duplicates lead"]);
    assert_eq!((mode(&stranger, "contact").await, mode(&stranger, "lead").await), (json!("block"), json!("off")));
    let again = import(&stranger, &file, false).await.ok(200);
    assert_eq!((&again["create"], &again["change"], &again["applied"]), (&json!([]), &json!([]), &json!(false)));
    assert_eq!(unpacked(&exported(&stranger).await)["duplicates.json"], *told, "the same content, the same bytes");
    app.clock.advance_seconds(60);
    stranger.put("/entities/contact/duplicates", json!({"mode": "off"})).await.ok(200);
    let acts = stranger.get("/configuration/changes?area=duplicates").await.ok(200);
    let newest = &acts["items"][0];
    assert_eq!((&newest["before"]["mode"], &newest["after"]["mode"]), (&json!("block"), &json!("off")));
    let path = format!("/configuration/changes/{}/restore?dry_run=false", newest["id"].as_str().unwrap());
    stranger.post(&path, json!({})).await.ok(200);
    assert_eq!(mode(&stranger, "contact").await, "block");
    let acts = stranger.get("/configuration/changes").await.ok(200);
    let imported = acts["items"].as_array().unwrap().iter().find(|act| act["key"] == done["change_id"]).unwrap();
    let path = format!("/configuration/changes/{}/restore?dry_run=false", imported["id"].as_str().unwrap());
    stranger.post(&path, json!({})).await.ok(200);
    assert_eq!((mode(&stranger, "contact").await, mode(&stranger, "lead").await), (json!("warn"), json!("warn")));
    assert_eq!(mode(&admin, "contact").await, "block", "nothing reached the company that it came from");
    app.finish().await;
}

#[tokio::test]
async fn what_is_not_there_or_not_merged_is_told() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let before = exported(&admin).await;
    for (entity, list) in [("x_nothing", "missing"), ("task", "conflicts")] {
        let file = file_of("duplicates", json!([{"entity": entity, "mode": "block"}]));
        let plan = import(&admin, &file, true).await.ok(200);
        assert_eq!(named(&plan, list), [format!("duplicates {entity}")], "{plan}");
        import(&admin, &file, false).await.problem(409, "config.import");
    }
    for spec in [json!({"entity": "lead", "mode": "shout"}), json!({"entity": "lead", "mode": "off", "by": 1})] {
        let file = file_of("duplicates", json!([spec]));
        assert!(!import(&admin, &file, false).await.status.is_success(), "{spec}");
    }
    assert_eq!(exported(&admin).await, before);
    app.finish().await;
}
