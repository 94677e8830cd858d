//! Formulas, conditions and validation rules that a manifest declares: held at every door while the module is on, gone while it
//! is off, in the module's own words; wrong ones are refused with the place.

use kernel::Locale;
use serde_json::{Value, json};

use super::{LEAVE, REQUEST, days, disable, enable, install, leave, office, run};
use crate::app::TestApp;
use crate::process::{Engine, file, flows, one};
use crate::records::own::formulas::recomputed;

const EXTENSION: &str = r#"
[permissions.records.deal]
read = ["amount", "stage"]
reason.en = "To reckon the fee."
[[fields]]
entity = "deal"
key = "leave_fee"
type = "money"
formula = "record.amount * 0.15"
[[fields]]
entity = "deal"
key = "leave_why"
type = "text"
conditions = { required = "record.amount > 1000", read_only = "before.stage == 'won'" }
[[fields.rules]]
name = "worded"
check = "record.leave_why != 'no'"
field = "leave_why"
"#;
const TEXTS: [&str; 3] = ["field.deal.leave_fee", "field.deal.leave_why", "rule.deal.worded"];

fn extended() -> Vec<u8> {
    leave("1.0.0", |manifest| manifest + EXTENSION, &TEXTS)
}

fn deal(amount: f64) -> Value {
    json!({"title": "A", "amount": amount, "currency": "EUR"})
}

/// That a field is wrong, with this code.
fn wrong(problem: &Value, field: &str, code: &str) {
    assert_eq!(problem["fields"][field]["code"], code, "{problem}");
}

#[tokio::test]
async fn what_a_manifest_says_of_fields_holds_at_every_door() {
    let app = TestApp::start().await;
    run(&app, extended()).await;
    let admin = app.admin();
    let made = admin.create("deal", deal(200.10)).await.ok(201);
    assert_eq!(made["fields"]["leave_fee"], 30.02, "exact: doubles would give 30.01");
    let id = made["id"].as_str().unwrap();
    // API
    wrong(
        &admin.update("deal", id, json!({"leave_fee": 1})).await.problem(422, "record.invalid"),
        "leave_fee",
        "read_only",
    );
    wrong(&admin.create("deal", deal(2_000.0)).await.problem(422, "record.invalid"), "leave_why", "required");
    let said = admin.update("deal", id, json!({"leave_why": "no"})).await.problem(422, "record.rule");
    assert_eq!(said["fields"]["leave_why"]["message"], "rule.deal.worded en", "{said}");
    // bulk
    let update = json!({"update": [{"id": id, "fields": {"leave_why": "no"}}]});
    let bulk = admin.post("/records/deal/bulk", update).await.ok(200);
    assert_eq!(bulk["results"][0]["code"], "record.rule", "{bulk}");
    // form
    let asked = json!({"id": id, "fields": {"amount": 5000}});
    let form = admin.post("/records/deal/evaluate", asked).await.ok(200);
    assert_eq!(form["fields"]["leave_why"]["required"], true, "{form}");
    assert_eq!(admin.get("/entities/deal").await.ok(200)["evaluated"], true);
    // process
    let engine = Engine::of(&app);
    let set = r#"<startEvent id="start"/><serviceTask id="set" v:service="update-record"><extensionElements>
<v:param name="leave_why">no</v:param></extensionElements></serviceTask><endEvent id="end"/>"#;
    engine.deploy(file(&one("sell", &(set.to_owned() + &flows("start>set set>end"))))).await;
    engine.start_about("sell", "deal", id, json!({})).await;
    app.drain().await;
    let kept = admin.get(&format!("/records/deal/{id}")).await.ok(200)["fields"].clone();
    assert_eq!(kept["leave_why"], Value::Null, "{kept}");
    // What was written stays once it is won.
    admin.update("deal", id, json!({"leave_why": "yes", "stage": "won"})).await.ok(200);
    wrong(
        &admin.update("deal", id, json!({"leave_why": "so"})).await.problem(422, "record.invalid"),
        "leave_why",
        "locked",
    );
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_rule_of_an_entity_of_the_module_stands_in_imports_too() {
    let app = office().await;
    let ann = app.by("ann");
    let backwards = ann.create(REQUEST, days(5, 3)).await.problem(422, "record.rule");
    assert_eq!(backwards["fields"]["ends"]["message"], "The last day is before the first one", "{backwards}");
    let job = super::doors::import(&app, "ann", "First day,Last day,Kind\n2026-03-20,2026-03-19,Sick leave\n").await;
    assert_eq!((&job["accepted"], &job["refused"]), (&json!(0), &json!(1)), "{job}");
    assert!(job["errors"][0]["message"].as_str().unwrap().contains("before the first"), "{job}");
    app.finish().await;
}

#[tokio::test]
async fn off_it_asks_nothing_and_on_again_what_changed_meanwhile_is_computed() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::Ru).await;
    run(&app, extended()).await;
    let admin = app.admin();
    let id = app.record("deal", deal(100.0)).await;
    disable(&app).await;
    assert_eq!(admin.get("/entities/deal").await.ok(200)["evaluated"], Value::Null);
    let bare = admin.update("deal", &id, json!({"amount": 5000})).await.ok(200);
    assert!(bare["fields"].get("leave_fee").is_none(), "{bare}");
    enable(&app).await.ok(200);
    recomputed(&app).await;
    let back = admin.get(&format!("/records/deal/{id}")).await.ok(200)["fields"].clone();
    assert_eq!(back["leave_fee"], 750, "{back}");
    // An old gap keeps it from another stage alone.
    admin.update("deal", &id, json!({"title": "B"})).await.ok(200);
    wrong(
        &admin.update("deal", &id, json!({"stage": "quote"})).await.problem(422, "record.invalid"),
        "leave_why",
        "required",
    );
    // Another company has nothing of it until it switches it on, in its own language.
    let stranger = app.by_of(other, "admin");
    stranger.create("deal", deal(2_000.0)).await.ok(201);
    stranger.post(&format!("/plugins/{LEAVE}/enable"), json!({"grants": "requested"})).await.ok(200);
    let said = stranger.create("deal", json!({"title": "A", "leave_why": "no"})).await.problem(422, "record.rule");
    assert_eq!(said["fields"]["leave_why"]["message"], "rule.deal.worded ru", "{said}");
    app.finish().await;
}

#[tokio::test]
async fn of_those_for_whom_the_module_is_not_on_nothing_is_asked() {
    let mut app = TestApp::build().person("ann", "sales_manager").person("max", "sales_manager").start().await;
    run(&app, extended()).await;
    let field = app.department("Field", None, &["ann"]).await;
    app.admin().put(&format!("/plugins/{LEAVE}/gate"), json!({"departments": [field]})).await.ok(200);
    let inside = app.by("ann").create("deal", deal(2_000.0)).await.problem(422, "record.invalid");
    wrong(&inside, "leave_why", "required");
    app.by("ann").create("deal", json!({"title": "A", "leave_why": "no"})).await.problem(422, "record.rule");
    let made = app.by("max").create("deal", deal(2_000.0)).await.ok(201);
    assert!(made["fields"].get("leave_fee").is_none(), "{made}");
    app.finish().await;
}

#[tokio::test]
async fn a_companys_own_conditions_hold_besides() {
    let app = TestApp::start().await;
    run(&app, extended()).await;
    let admin = app.admin();
    let path = "/entities/deal/fields/leave_why/conditions";
    admin.put(path, json!({"required": "record.title == 'must'"})).await.ok(200);
    wrong(
        &admin.create("deal", json!({"title": "must"})).await.problem(422, "record.invalid"),
        "leave_why",
        "required",
    );
    wrong(&admin.create("deal", deal(2_000.0)).await.problem(422, "record.invalid"), "leave_why", "required");
    admin.create("deal", deal(10.0)).await.ok(201);
    let seen = admin.get("/entities/deal").await.ok(200);
    let field = seen["fields"].as_array().unwrap().iter().find(|field| field["key"] == "leave_why").unwrap();
    assert_eq!(field["conditions"], json!({"required": "record.title == 'must'"}));
    assert_eq!(field["declared_conditions"]["read_only"], "before.stage == 'won'");
    // Its rules are listed with the company's own, and are not theirs to change.
    let listed = admin.get("/validation-rules?entity=deal").await.ok(200)["items"].clone();
    assert_eq!((&listed[0]["rule"]["name"], &listed[0]["plugin"]), (&json!("worded"), &json!(LEAVE)), "{listed}");
    let rule = listed[0]["id"].as_str().unwrap();
    admin.delete(&format!("/validation-rules/{rule}")).await.problem(404, "not_found");
    // Taken away they leave those of the module; and what the module computes is the module's.
    admin.put(path, json!({})).await.ok(200);
    admin.create("deal", json!({"title": "must"})).await.ok(201);
    wrong(&admin.create("deal", deal(2_000.0)).await.problem(422, "record.invalid"), "leave_why", "required");
    let own =
        admin.patch("/entities/deal/fields/leave_fee", json!({"formula": "1"})).await.problem(422, "config.invalid");
    wrong(&own, "formula", "of_plugin");
    app.finish().await;
}

#[tokio::test]
async fn an_update_shows_what_becomes_of_rules_and_computes_by_the_new_formula() {
    let app = TestApp::start().await;
    run(&app, extended()).await;
    let id = app.record("deal", deal(100.0)).await;
    let next = EXTENSION.replace("* 0.15", "* 0.5").replace("!= 'no'", "!= 'never'");
    install(&app, leave("2.0.0", |manifest| manifest + &next, &TEXTS)).await.ok(201);
    let detail = app.admin().get(&format!("/plugins/{LEAVE}")).await.ok(200);
    let plan: Vec<(&str, &str)> = detail["update"]["schema"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["what"].as_str().unwrap(), one["key"].as_str().unwrap()))
        .collect();
    assert_eq!(plan, [("field_changed", "leave_fee"), ("rule_changed", "worded")]);
    enable(&app).await.ok(200);
    recomputed(&app).await;
    assert_eq!(app.admin().get(&format!("/records/deal/{id}")).await.ok(200)["fields"]["leave_fee"], 50);
    app.admin().update("deal", &id, json!({"leave_why": "no"})).await.ok(200);
    app.finish().await;
}

#[tokio::test]
async fn wrong_expressions_are_refused_with_the_place_and_the_nearest_name() {
    let app = TestApp::start().await;
    let check = async |from: &str, to: &str, expected: &str| {
        let edit = |manifest: String| {
            let whole = manifest + EXTENSION;
            assert!(whole.contains(from), "{from}");
            whole.replacen(from, to, 1)
        };
        let problem = install(&app, leave("1.0.0", edit, &TEXTS)).await.problem(422, "plugin.invalid");
        let words = problem["fields"]["file"]["message"].as_str().unwrap();
        assert!(words.contains(expected), "{to}: {words}");
    };
    let days = "daysBetween(record.starts, record.ends) + 1";
    check(
        days,
        "daysBetween(record.startz, record.ends)",
        "no field of leave_request `startz`; did you mean `starts`?",
    )
    .await;
    check(days, "record.days + 1", "entities[0].fields[3].formula").await;
    check(days, "daysBetween(", "entities[0].fields[3].formula").await;
    check(days, "record.title", "it gives a text, not a value of type integer").await;
    check(days, "record.ends - record.starts", "`-` does not fit a value of type string and one of type string").await;
    check(days, "days(record.starts)", "there is no function `days`; there are abs, addDays,").await;
    check(days, "before.days + 1", "entities[0].fields[3].formula").await;
    check(days, "size(record)", "entities[0].fields[3].formula").await;
    check("name = \"in_order\"", "name = \"In order\"", "entities[0].rules[0].name: must be lower-case").await;
    check("!(record.ends < record.starts)", "!(record.ends < record.start)", "did you mean `starts`?").await;
    check("!(record.ends < record.starts)", "record.starts", "entities[0].rules[0].check: it gives something else")
        .await;
    check("message = \"days.none\"", "message = \"days.nome\"", "did you mean `days.none`?").await;
    check("field = \"ends\"", "field = \"endz\"", "entities[0].rules[0].field").await;
    check("per = [\"owner\"]", "per = [\"owner\", \"days\"]", "`days` is computed").await;
    check("title = \"kind\"", "title = \"days\"", "entities[0].title: a title is not made of what is computed").await;
    check("record.amount * 0.15", "record.probability * 0.15", "it looks at `probability` of deal").await;
    check("record.amount * 0.15", "record.amuont * 0.15", "fields[0].formula: there is no field of deal `amuont`")
        .await;
    check("record.amount > 1000", "record.title == 'x'", "fields[1].conditions.required: it looks at `title`").await;
    check("before.stage == 'won'", "actor.name == 'x'", "fields[1].conditions.read_only").await;
    check("record.leave_why != 'no'", "record.amount < 10", "must look at `record.leave_why`").await;
    check("required = \"record", "requird = \"record", "unknown field `requird`").await;
    check("type = \"money\"", "type = \"user\"", "fields[0].formula").await;
    check("type = \"money\"", "type = \"money\"\nrequired = true", "fields[0].required").await;
    app.finish().await;
}
