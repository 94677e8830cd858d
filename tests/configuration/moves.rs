//! Out of one company, into another.

use futures::future::join_all;
use kernel::Locale;
use serde_json::{Value, json};

use super::{arrange, computed, exported, file_of, import, named, packed, unpacked};
use crate::app::TestApp;

// customize.md, acceptance 14.
#[tokio::test]
async fn a_new_company_becomes_the_same_and_its_file_has_the_same_bytes() {
    let mut app = TestApp::start().await;
    arrange(&app).await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    let file = exported(&admin).await;
    assert_eq!(exported(&admin).await, file, "the same content, the same bytes");
    let before = exported(&stranger).await;
    assert_ne!(before, file);

    let plan = import(&stranger, &file, true).await.ok(200);
    let created = named(&plan, "create");
    for name in [
        "entities x_machine",
        "directories x_regions",
        "directories source",
        "fields company.x_region",
        "fields x_machine.x_parts",
        "fields deal.x_margin",
        "fields company.x_machines",
        "roles fitter",
        "calendars company",
        "gateways main",
        "pipelines deal.partners",
        "pipelines x_machine.main",
        "conditions deal.x_share",
        "rules deal.First",
        "duplicates contact",
        "layouts deal/partners@fitter",
        "views deal.list.Shared",
        "templates quote",
        "processes quote-approval",
        "automations deal.Tell",
        "automations deal.Press",
        "automations x_machine.At night",
        "dashboards shared.Open",
    ] {
        assert!(created.contains(&name.to_owned()), "{name}: {created:?}");
    }
    assert!(!created.contains(&"views deal.list.Mine".to_owned()), "what is one's own stays");
    assert_eq!((&plan["missing"], &plan["conflicts"], &plan["change"]), (&json!([]), &json!([]), &json!([])), "{plan}");
    assert!(named(&plan, "same").contains(&"pipelines deal.main".to_owned()), "{plan}");
    assert_eq!((&plan["applied"], plan.get("change_id")), (&json!(false), None));
    assert_eq!(exported(&stranger).await, before, "a dry run leaves nothing");

    let done = import(&stranger, &file, false).await.ok(200);
    assert_eq!((&done["applied"], &done["create"]), (&json!(true), &plan["create"]));
    computed(&app).await;
    let again = import(&stranger, &file, true).await.ok(200);
    for list in ["create", "change", "missing", "conflicts"] {
        assert_eq!(again[list], json!([]), "{list}");
    }
    assert_eq!(again["same"].as_array().unwrap().len(), created.len() + named(&plan, "same").len());
    assert_eq!(exported(&stranger).await, file, "byte by byte");
    let idle = import(&stranger, &file, false).await.ok(200);
    assert_eq!((&idle["applied"], idle.get("change_id")), (&json!(false), None), "there was nothing to do");
    app.finish().await;
}

#[tokio::test]
async fn what_came_in_works() {
    let mut app = TestApp::start().await;
    arrange(&app).await;
    let other = app.add_company("Other", Locale::En).await;
    let file = exported(&app.admin()).await;
    let stranger = app.by_of(other, "admin");
    import(&stranger, &file, false).await.ok(200);
    computed(&app).await;
    let deal = stranger.create("deal", json!({"title": "Pipes", "amount": 200.10, "x_share": 0.15})).await.ok(201);
    assert_eq!(deal["fields"]["x_margin"], json!(30.02));
    stranger.create("deal", json!({"title": "Two", "x_share": 2})).await.problem(422, "record.rule");
    let company = stranger.create("company", json!({"title": "Steel", "x_code": "A"})).await.id();
    stranger.create("x_machine", json!({"title": "Mill", "x_client": company})).await.ok(201);
    app.drain().await;
    let company = stranger.get(&format!("/records/company/{company}")).await.ok(200);
    assert_eq!(company["fields"]["x_machines"], 1);
    let views = stranger.get("/views?entity=deal").await.ok(200);
    let views: Vec<&Value> = views["items"].as_array().unwrap().iter().collect();
    assert_eq!((views.len(), &views[0]["name"], &views[0]["mine"]), (1, &json!("Shared"), &json!(true)));
    stranger.create("company", json!({"title": "Rails", "x_region": "kyiv"})).await.ok(201);
    stranger.create("lead", json!({"title": "Fair", "source": "x_fair"})).await.ok(201);
    stranger.create("lead", json!({"title": "Old", "source": "event"})).await.problem(422, "record.invalid");
    // Nothing of it reached the company that it came from.
    assert_eq!(app.admin().get("/views?entity=deal").await.ok(200)["items"].as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn buttons_and_schedules_come_in_with_the_roles_and_fields_that_they_name() {
    let mut app = TestApp::start().await;
    arrange(&app).await;
    let rule = async |name: &str, on: Value| {
        let tell = json!({"kind": "notice", "parameters": {"to": "role:fitter", "text": "x"}});
        let body = json!({"entity": "deal", "rule": {"name": name, "on": on, "do": [tell]}});
        app.admin().post("/automations", body).await.ok(201);
    };
    rule("Press it", json!({"event": "button", "label": {"en": "Go"}, "roles": ["fitter"]})).await;
    let filter = json!({"field": "x_share", "op": "gt", "value": 1});
    rule("Every day", json!({"event": "schedule", "cron": "0 9 * * *", "filter": filter})).await;
    let file = exported(&app.admin()).await;
    let other = app.add_company("Other", Locale::En).await;
    let plan = import(&app.by_of(other, "admin"), &file, false).await.ok(200);
    let created = named(&plan, "create");
    for name in ["automations deal.Press it", "automations deal.Every day"] {
        assert!(created.contains(&name.to_owned()), "{name}: {plan}");
    }
    app.finish().await;
}

#[tokio::test]
async fn areas_may_be_taken_one_by_one() {
    let app = TestApp::start().await;
    arrange(&app).await;
    let admin = app.admin();
    let answer = admin.get("/configuration?areas=rules,fields").await;
    let names: Vec<String> = unpacked(&answer.body).into_keys().collect();
    assert_eq!(names, ["configuration.json", "fields.json", "rules.json"]);
    admin.get("/configuration?areas=rules,people").await.problem(400, "request.invalid");
    let areas = admin.get("/configuration/areas").await.ok(200);
    let areas = areas["items"].as_array().unwrap();
    assert_eq!(areas.len(), 18);
    let rules = areas.iter().find(|one| one["area"] == "rules").unwrap();
    assert_eq!((&rules["count"], &rules["left_out"]), (&json!(2), &json!([])));
    app.finish().await;
}

#[tokio::test]
async fn a_process_in_another_encoding_stays_and_the_rest_leaves() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let text = r#"<?xml version="1.0" encoding="UTF-16"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
targetNamespace="t"><process id="wide" isExecutable="true"><startEvent id="start"/><sequenceFlow id="a" sourceRef="start"
targetRef="end"/><endEvent id="end"/></process></definitions>"#;
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    let file: Vec<u8> = [0xFF, 0xFE].into_iter().chain(units).collect();
    admin.send("POST", "/api/v1/process-definitions?publish=true", Some("application/xml"), file).await.ok(201);
    let areas = admin.get("/configuration/areas").await.ok(200);
    let processes = areas["items"].as_array().unwrap().iter().find(|one| one["area"] == "processes").unwrap();
    assert_eq!((&processes["count"], &processes["left_out"][0]["key"]), (&json!(0), &json!("wide")));
    assert!(processes["left_out"][0]["message"].as_str().unwrap().contains("UTF-8"), "{processes}");
    exported(&admin).await;
    app.finish().await;
}

#[tokio::test]
async fn nothing_that_names_somebody_leaves() {
    let app = TestApp::build().person("max", "sales_manager").start().await;
    let admin = app.admin();
    let (max, company) = (app.id_of("max").to_string(), app.record("company", json!({"title": "Steel"})).await);
    let filter = json!({"field": "company", "op": "eq", "value": company});
    let view = json!({"entity": "deal", "name": "Of Steel", "shared": true, "config": {"filter": filter}});
    admin.post("/views", view).await.ok(201);
    let check = format!("record.owner != '{max}'");
    let rule = json!({"name": "Not Max", "check": check, "message": {"en": "Not Max."}});
    admin.post("/validation-rules", json!({"entity": "deal", "rule": rule})).await.ok(201);
    let ask = |name: &str, kind: &str, parameters: Value| {
        let action = json!({"kind": kind, "parameters": parameters});
        json!({"entity": "deal", "rule": {"name": name, "on": {"event": "deleted"}, "do": [action]}})
    };
    let headers = json!({"authorization": "Bearer hush"});
    for rule in [
        ask("To Max", "notice", json!({"to": format!("user:{max}"), "text": "Hello"})),
        ask("To an address", "email", json!({"to": "boss@acme.test", "subject": "Hello", "text": "Hello"})),
        ask("Secret", "webhook", json!({"url": "https://hook.acme.test/", "headers": headers})),
    ] {
        admin.post("/automations", rule).await.ok(201);
    }
    let stage =
        |key: &str, semantic: &str| json!({"key": key, "label": {"en": key}, "semantic": semantic, "color": "#102030"});
    let mut first = stage("s_new", "open");
    first["contract"] = json!({"title": {"en": "Call"}, "executors": ["user:boss@acme.test"]});
    let stages = json!([first, stage("s_won", "won"), stage("s_lost", "lost")]);
    let pipeline = json!({"entity": "deal", "label": {"en": "Persons"}, "stages": stages});
    admin.post("/pipelines", pipeline).await.ok(201);
    let file = exported(&admin).await;
    let text = format!("{:?}", unpacked(&file));
    for secret in [max.as_str(), company.as_str(), "boss@", "hush", &app.companies[0].tenant.id.to_string()] {
        assert!(!text.contains(secret), "{secret}");
    }
    let areas = admin.get("/configuration/areas").await.ok(200);
    let left: Vec<&str> = areas["items"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|area| area["left_out"].as_array().unwrap())
        .map(|one| one["key"].as_str().unwrap())
        .collect();
    assert!(left.contains(&"deal.persons"), "{left:?}");
    for key in ["deal.list.Of Steel", "deal.Not Max", "deal.To Max", "deal.To an address", "deal.Secret"] {
        assert!(left.contains(&key), "{key}: {left:?}");
    }
    // One of the same name is not overwritten by a file that does not know it.
    let rule = json!({"name": "Not Max", "check": "true", "message": {"en": "x"}});
    let plan = import(&admin, &file_of("rules", json!([{"entity": "deal", "rule": rule}])), true).await.ok(200);
    assert_eq!(named(&plan, "conflicts"), ["rules deal.Not Max"]);
    app.finish().await;
}

#[tokio::test]
async fn what_is_missing_is_told_in_words_and_nothing_is_saved() {
    let mut app = TestApp::start().await;
    arrange(&app).await;
    let other = app.add_company("Other", Locale::En).await;
    let (file, stranger) = (exported(&app.admin()).await, app.by_of(other, "admin"));
    let before = exported(&stranger).await;
    let mut files = unpacked(&file);
    files.remove("fields.json");
    files.remove("roles.json");
    let part = packed(&files);
    let plan = import(&stranger, &part, true).await.ok(200);
    let missing = named(&plan, "missing");
    for name in ["pipelines deal.partners", "conditions deal.x_share", "rules deal.First", "automations deal.Tell"] {
        assert!(missing.contains(&name.to_owned()), "{name}: {missing:?}");
    }
    for told in plan["missing"].as_array().unwrap() {
        assert!(told["message"].as_str().unwrap().contains(' ') && told["blocks"] == true, "{told}");
    }
    let refused = import(&stranger, &part, false).await.problem(409, "config.import");
    assert_eq!(refused["current"]["missing"], plan["missing"]);
    assert_eq!(exported(&stranger).await, before, "not even the entity, which stood in nobody's way");
    // Rights on what is not there are left out, and said.
    let row = json!({"kind": "permission", "entity": "*", "actions": ["read"], "covers": ["lead", "leave_request"]});
    let role = json!([{"key": "clerk", "name": "Clerk", "rows": [row]}]);
    let plan = import(&stranger, &file_of("roles", role), false).await.ok(200);
    assert_eq!((named(&plan, "missing"), &plan["missing"][0]["blocks"]), (vec!["roles clerk".into()], &json!(false)));
    assert_eq!(plan["applied"], true);
    app.finish().await;
}

#[tokio::test]
async fn places_in_the_menu_come_along_before_what_is_there() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let stranger = app.by_of(other, "admin");
    let entity = |key: &str, before: &str| {
        let (label, menu) = (json!({"en": key}), json!({"before": before}));
        json!({"key": key, "label": label, "label_plural": label, "icon": "ticket", "menu": menu})
    };
    // Of two in one file either may come first, and of a module only those who have it know.
    let file = file_of("entities", json!([entity("x_gate", "x_pass"), entity("x_pass", "leave_request")]));
    let plan = import(&stranger, &file, false).await.ok(200);
    assert_eq!(
        (named(&plan, "missing"), &plan["missing"][0]["blocks"]),
        (vec!["entities x_pass".into()], &json!(false))
    );
    assert_eq!(plan["applied"], true);
    let pass = stranger.get("/entities/x_pass").await.ok(200);
    assert_eq!((&pass["icon"], pass.get("menu")), (&json!("ticket"), None));
    let gate = stranger.get("/entities/x_gate").await.ok(200);
    assert_eq!(gate["menu"], json!({"shown": true, "before": "x_pass"}));
    // One that is gone is nobody's neighbour in a file.
    stranger.delete("/entities/x_pass").await.ok(204);
    let left = &unpacked(&exported(&stranger).await)["entities.json"];
    assert_eq!((&left[0]["key"], left[0].get("menu"), left.get(1)), (&json!("x_gate"), None, None));
    let round = file_of("entities", json!([entity("x_one", "x_two"), entity("x_two", "x_one")]));
    let refused = import(&stranger, &round, false).await.problem(409, "config.import");
    assert_eq!(refused["current"]["conflicts"][0]["part"], "menu.before");
    app.finish().await;
}

#[tokio::test]
async fn a_place_that_goes_round_since_one_came_back_is_not_in_a_file() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    for key in ["x_one", "x_two", "x_three"] {
        admin.post("/entities", json!({"key": key, "label": {"en": key}})).await.ok(201);
    }
    let place = async |key: &str, before: &str| {
        admin.patch(&format!("/entities/{key}"), json!({"menu": {"before": before}})).await.ok(200);
    };
    place("x_two", "x_three").await;
    place("x_one", "x_two").await;
    admin.delete("/entities/x_two").await.ok(204);
    place("x_three", "x_one").await;
    admin.post("/entities/x_two/restore", json!({})).await.ok(200);
    let file = exported(&admin).await;
    let told = &unpacked(&file)["entities.json"];
    assert!(told.as_array().unwrap().iter().all(|entity| entity.get("menu").is_none()), "{told}");
    assert_eq!(import(&stranger, &file, false).await.ok(200)["applied"], true);
    app.finish().await;
}

#[tokio::test]
async fn what_contradicts_is_told_and_records_stay_where_they_are() {
    let app = TestApp::start().await;
    arrange(&app).await;
    let admin = app.admin();
    app.record("deal", json!({"title": "Pipes"})).await;
    let mut files = unpacked(&exported(&admin).await);
    let mut edit = |name: &str, key: &str, edit: &dyn Fn(&mut Value)| {
        let all = files.get_mut(name).unwrap().as_array_mut().unwrap();
        edit(all.iter_mut().find(|one| one["key"] == key).unwrap());
    };
    edit("fields.json", "x_share", &|field| field["type"] = json!("text"));
    edit("fields.json", "x_kind", &|field| drop(field["choices"].as_array_mut().unwrap().pop()));
    edit("pipelines.json", "main", &|pipeline| {
        let stages = pipeline["stages"].as_array_mut().unwrap();
        stages.retain(|stage| stage["key"] != "deal_new" && stage["key"] != "new");
    });
    let plan = import(&admin, &packed(&files), true).await.ok(200);
    let conflicts = named(&plan, "conflicts");
    assert!(conflicts.contains(&"fields deal.x_share".to_owned()), "{conflicts:?}");
    assert!(conflicts.contains(&"fields x_machine.x_kind".to_owned()), "{conflicts:?}");
    // An entity has a key `main` too; the first one is the deal's.
    assert!(conflicts.contains(&"pipelines deal.main".to_owned()), "{conflicts:?}");
    let before = exported(&admin).await;
    import(&admin, &packed(&files), false).await.problem(409, "config.import");
    assert_eq!(exported(&admin).await, before);
    app.finish().await;
}

#[tokio::test]
async fn of_two_importers_at_once_the_second_finds_everything_there() {
    let mut app = TestApp::start().await;
    arrange(&app).await;
    let other = app.add_company("Other", Locale::En).await;
    let (file, stranger) = (exported(&app.admin()).await, app.by_of(other, "admin"));
    let answers = join_all((0..3).map(|_| import(&stranger, &file, false))).await;
    let applied = answers.iter().filter(|answer| answer.ok(200)["applied"] == true).count();
    assert_eq!(applied, 1);
    computed(&app).await;
    assert_eq!(exported(&stranger).await, file);
    let imports = format!(
        "SELECT count(*) FROM configuration_import WHERE tenant_id = {}",
        crate::app::uuid_sql(&app.companies[other].tenant.id.to_string())
    );
    assert_eq!(app.count(&imports).await, 1);
    app.finish().await;
}
