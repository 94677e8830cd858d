//! Made, changed, archived, emptied: no record falls out of its pipeline.

use serde_json::{Value, json};

use super::{main, place, stage_of, stages, with, without};
use crate::app::TestApp;

#[tokio::test]
async fn acceptance_7_a_stage_with_records_goes_only_with_a_place_to_move_to_and_undo_brings_all_back() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(app.record("deal", json!({"title": format!("d{n}"), "stage": "quote", "amount": 10})).await);
    }
    let before = main(&app, "deal").await;
    let list = without(stages(&before), "quote");
    let refused = admin.put(&place(&before), json!({"stages": list})).await.problem(409, "config.in_use");
    assert_eq!(refused["current"]["records"], 3);
    assert_eq!(refused["current"]["stages"][0]["stage"], "quote");
    let dry = json!({"stages": list, "move_to": {"quote": "negotiation"}, "dry_run": true});
    let dry = admin.put(&place(&before), dry).await.ok(200);
    assert_eq!(
        (&dry["moves"], &dry["closes"], &dry["pipeline"]["version"]),
        (&json!(3), &json!(0), &before["version"])
    );
    assert_eq!(dry["removed"][0], json!({"stage": "quote", "name": "Quote sent", "records": 3, "to": "negotiation"}));
    assert_eq!(main(&app, "deal").await, before, "a dry run changes nothing");

    let done = json!({"stages": list, "move_to": {"quote": "negotiation"}});
    let done = admin.put(&place(&before), done).await.ok(200);
    assert_eq!((&done["job"]["state"], &done["job"]["result"]["changed"]), (&json!("done"), &json!(3)), "{done}");
    for id in &ids {
        assert_eq!(stage_of(&app, id).await, "negotiation");
    }
    admin.update("deal", &ids[0], json!({"title": "touched"})).await.ok(200);
    admin.create("deal", json!({"title": "late", "stage": "quote"})).await.problem(422, "record.invalid");

    // The old funnel still names it.
    let entity = admin.get("/entities/deal").await.ok(200);
    assert_eq!(
        (&entity["gone_stages"][0]["key"], &entity["gone_stages"][0]["name"]),
        (&json!("quote"), &json!("Quote sent"))
    );
    let ask = json!({"over": "stage", "mode": "visited", "entity": "deal", "group_by": ["step"]});
    let funnel = admin.post("/reports/funnel", ask).await.ok(200);
    let row = funnel["items"].as_array().unwrap().iter().find(|row| row["group"]["step"] == "quote").unwrap();
    assert_eq!(row["entered"], 3);
    let heads = admin.post("/records/deal/aggregate", json!({"group_by": ["stage"]})).await.ok(200);
    assert_eq!(heads["items"].as_array().unwrap().len(), 1, "{heads}");

    // Undo brings the stage and the deals back, but for the one that somebody has edited since.
    let undone = admin.post(&format!("/batches/{}/undo", done["batch"].as_str().unwrap()), json!({})).await.ok(200);
    assert_eq!((&undone["restored"], &undone["kept_total"]), (&json!(2), &json!(1)));
    assert_eq!(stage_of(&app, &ids[1]).await, "quote");
    assert_eq!(stage_of(&app, &ids[0]).await, "negotiation");
    let after = main(&app, "deal").await;
    let keys = |pipeline: &Value| stages(pipeline).iter().map(|stage| stage["key"].clone()).collect::<Vec<_>>();
    assert_eq!(keys(&after), keys(&before));
    app.finish().await;
}

#[tokio::test]
async fn a_pipeline_is_made_named_filled_and_emptied_into_another() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let label = json!({"en": "Partners", "ru": "Партнёры"});
    let made = admin.post("/pipelines", json!({"entity": "deal", "label": label})).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let made = made.ok(201);
    let keys: Vec<&str> = made["stages"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["new", "in_progress", "won_2", "lost_2"], "a key is an entity's own");
    assert_eq!(made["stages"][0]["label"]["uk"], "Новий");
    let id = made["id"].as_str().unwrap();
    let address = format!("/pipelines/{id}");

    let deal = app.record("deal", json!({"title": "Pipes"})).await;
    admin.update("deal", &deal, json!({"stage": "in_progress"})).await.ok(200);
    let won = app.record("deal", json!({"title": "Won", "stage": "won_2"})).await;

    // Names, in the reader's language; where new records go.
    let named = admin.patch(&address, json!({"label": {"en": "Dealers", "ru": "Дилеры"}})).await.ok(200);
    assert_eq!((&named["name"], &named["version"]), (&json!("Dealers"), &json!(2)));
    admin.header("if-match", "\"1\"").patch(&address, json!({"archived": true})).await.problem(409, "config.conflict");
    let old = main(&app, "deal").await;
    admin.patch(&address, json!({"is_default": true})).await.ok(200);
    admin.patch(&address, json!({"archived": true})).await.problem(409, "pipeline.default");
    admin.delete(&address).await.problem(409, "pipeline.default");
    assert_eq!(admin.create("deal", json!({"title": "first"})).await.ok(201)["fields"]["stage"], "new");
    admin.patch(&format!("/pipelines/{}", old["id"].as_str().unwrap()), json!({"is_default": true})).await.ok(200);

    // Archived: it keeps what it has, takes no others.
    admin.patch(&address, json!({"archived": true})).await.ok(200);
    let other = app.record("deal", json!({"title": "other"})).await;
    let refused = admin.update("deal", &other, json!({"stage": "new"})).await.problem(409, "stage.refused");
    assert_eq!(refused["conditions"][0]["code"], "archived");
    admin.update("deal", &deal, json!({"stage": "new"})).await.ok(200);

    // It goes when its records have a place; closing one takes a look first.
    let refused = admin.delete(&address).await.problem(409, "config.in_use");
    assert_eq!(refused["current"]["records"], 3);
    let mapping = "move_to=new:deal_new,won_2:lost";
    let dry = admin.delete(&format!("{address}?{mapping}&dry_run=true")).await.ok(200);
    assert_eq!((&dry["moves"], &dry["closes"], &dry["opens"]), (&json!(3), &json!(0), &json!(0)));
    let closing = "move_to=new:lost,won_2:deal_new";
    let seen = admin.delete(&format!("{address}?{closing}")).await.problem(409, "pipeline.preview")["current"].clone();
    assert_eq!((&seen["closes"], &seen["opens"]), (&json!(2), &json!(1)));
    let preview = seen["preview"].as_str().unwrap();
    let done = admin.delete(&format!("{address}?{closing}&preview={preview}")).await.ok(200);
    assert_eq!((&done["job"]["result"]["changed"], &done["pipeline"]), (&json!(3), &Value::Null));
    assert_eq!((stage_of(&app, &deal).await, stage_of(&app, &won).await), (json!("lost"), json!("deal_new")));
    let reopened = admin.get(&format!("/records/deal/{won}")).await.ok(200);
    assert_eq!((&reopened["fields"]["closed_at"], &reopened["fields"]["pipeline"]), (&Value::Null, &old["id"]));
    admin.patch(&address, json!({"archived": false})).await.problem(404, "not_found");
    assert_eq!(admin.get("/entities/deal").await.ok(200)["pipelines"].as_array().unwrap().len(), 1);

    // Undo brings the pipeline back with its records.
    let batch = done["batch"].as_str().unwrap();
    assert_eq!(admin.post(&format!("/batches/{batch}/undo"), json!({})).await.ok(200)["restored"], 3);
    assert_eq!(stage_of(&app, &won).await, "won_2");
    let again = admin.patch(&address, json!({"archived": false})).await.ok(200);
    assert_eq!(again["records"], 3);
    app.finish().await;
}

#[tokio::test]
async fn a_meaning_changes_after_a_preview_and_closes_or_opens_the_records() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let open = app.record("deal", json!({"title": "open", "stage": "payment"})).await;
    let lost = app.record("deal", json!({"title": "lost", "stage": "lost"})).await;
    let before = main(&app, "deal").await;
    let mut list = with(stages(&before), "payment", json!({"semantic": "won", "probability": null}));
    list = with(list, "lost", json!({"semantic": "open"}));
    list.push(json!({"label": {"en": "Gone"}, "semantic": "lost", "color": "#868e96"}));
    let seen = admin.put(&place(&before), json!({"stages": list})).await.problem(409, "pipeline.preview");
    let plan = &seen["current"];
    assert_eq!((&plan["closes"], &plan["opens"], &plan["added"]), (&json!(1), &json!(1), &json!(["Gone"])));
    assert_eq!(
        plan["turned"][0],
        json!({"stage": "payment", "name": "Payment", "from": "open", "to": "won", "records": 1})
    );
    // What somebody saw is what is done: another record meanwhile asks again.
    let late = app.record("deal", json!({"title": "late", "stage": "payment"})).await;
    let sent = json!({"stages": list, "preview": plan["preview"]});
    let seen = admin.put(&place(&before), sent).await.problem(409, "pipeline.preview")["current"].clone();
    let sent = json!({"stages": list, "preview": seen["preview"]});
    let done = admin.put(&place(&before), sent).await.ok(200);
    assert_eq!(done["job"]["result"]["changed"], 3, "{done}");
    let fields = async |id: &str| admin.get(&format!("/records/deal/{id}")).await.ok(200)["fields"].clone();
    for id in [&open, &late] {
        let now = fields(id).await;
        assert_eq!((&now["stage"], &now["closed_owner"]), (&json!("payment"), &now["owner"]));
        assert_eq!(now["closed_at"], "2026-03-16T09:00:00Z");
    }
    assert_eq!(fields(&lost).await["closed_at"], Value::Null);
    assert_eq!(done["pipeline"]["stages"].as_array().unwrap().last().unwrap()["key"], "gone");
    app.finish().await;
}

#[tokio::test]
async fn stages_match_by_key_so_that_history_outlives_names_and_order() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    let id = app.record("deal", json!({"title": "d", "stage": "quote"})).await;
    let before = main(&app, "deal").await;
    let mut list =
        with(stages(&before), "quote", json!({"label": {"en": "Offer", "uk": "Пропозиція"}, "color": "#123456"}));
    list.swap(1, 2);
    let done = admin.put(&place(&before), json!({"stages": list})).await.ok(200);
    assert_eq!((&done["batch"], &done["job"], &done["moves"]), (&Value::Null, &Value::Null, &json!(0)));
    // Others see it with the next operation, in their language.
    let max = app.by("max");
    let stages =
        max.header("accept-language", "uk").get("/entities/deal").await.ok(200)["pipelines"][0]["stages"].clone();
    assert_eq!((&stages[1]["key"], &stages[1]["color"]), (&json!("quote"), &json!("#123456")));
    assert_eq!(stage_of(&app, &id).await, "quote");
    let audit = "SELECT count(*) FROM audit WHERE action = 'pipeline.updated' AND object = 'deal.main'";
    assert_eq!(app.count(audit).await, 1);
    assert_eq!(app.count("SELECT count(*) FROM event_log WHERE kind = 'pipeline.updated'").await, 1);
    // A stage that went comes back under its key.
    let short = without(super::stages(&done["pipeline"]), "contract");
    let gone = admin.put(&place(&before), json!({"stages": short})).await.ok(200);
    assert_eq!(gone["removed"][0]["stage"], "contract");
    let back = admin.put(&place(&before), json!({"stages": super::stages(&done["pipeline"])})).await.ok(200);
    assert_eq!(super::stages(&back["pipeline"]), super::stages(&done["pipeline"]));
    app.finish().await;
}

#[tokio::test]
async fn two_administrators_at_once_do_not_undo_each_other() {
    let mut app = TestApp::start().await;
    app.person(0, "ann", &["admin"]).await;
    let before = main(&app, "deal").await;
    let version = format!("\"{}\"", before["version"]);
    let list = |name: &str| {
        let mut list = stages(&before);
        list.insert(1, json!({"label": {"en": name}, "semantic": "open", "color": "#112233"}));
        json!({"stages": list})
    };
    let (one, two) = (app.admin().header("if-match", &version), app.by("ann").header("if-match", &version));
    let address = place(&before);
    let (first, second) = futures::future::join(one.put(&address, list("One")), two.put(&address, list("Two"))).await;
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", first.text(), second.text());
    let refused = if first.status == 409 { first } else { second };
    refused.problem(409, "config.conflict");
    assert_eq!(main(&app, "deal").await["stages"].as_array().unwrap().len(), stages(&before).len() + 1);

    // Pipelines of the same name at once: each has a key of its own.
    let new = || json!({"entity": "deal", "label": {"en": "Dealers"}});
    let admin = app.admin();
    let made = futures::future::join_all((0..4).map(|_| admin.post("/pipelines", new()))).await;
    let mut keys: Vec<String> = made.iter().map(|one| one.ok(201)["key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    assert_eq!(keys, ["dealers", "dealers_2", "dealers_3", "dealers_4"]);
    app.finish().await;
}

#[tokio::test]
async fn many_records_move_as_a_job_and_all_of_them_come_back() {
    let app = TestApp::start().await;
    let admin = app.admin();
    app.record("deal", json!({"title": "T1", "stage": "quote"})).await;
    for _ in 0..6 {
        let rows: Vec<Value> =
            (0..200).map(|n| json!({"fields": {"title": format!("n{n}"), "stage": "quote"}})).collect();
        admin.post("/records/deal/bulk", json!({"create": rows})).await.ok(200);
    }
    let before = main(&app, "deal").await;
    let sent = json!({"stages": without(stages(&before), "quote"), "move_to": {"quote": "contract"}});
    let done = admin.put(&place(&before), sent).await.ok(200);
    assert_eq!((&done["job"]["state"], &done["job"]["total"]), (&json!("running"), &json!(1201)));
    // Until they have moved they stand where they stood, and are told.
    assert_eq!(done["pipeline"]["left"], json!([{"key": "quote", "name": "Quote sent", "records": 1201}]));
    app.drain().await;
    let job = admin.get(&format!("/jobs/{}", done["job"]["id"].as_str().unwrap())).await.ok(200);
    assert_eq!((&job["state"], &job["result"]["changed"]), (&json!("done"), &json!(1201)), "{job}");
    assert_eq!(app.count("SELECT count(*) FROM deal WHERE stage = 'contract'").await, 1201);
    admin.post(&format!("/batches/{}/undo", done["batch"].as_str().unwrap()), json!({})).await.ok(202);
    app.drain().await;
    assert_eq!(app.count("SELECT count(*) FROM deal WHERE stage = 'quote'").await, 1201);
    app.finish().await;
}
