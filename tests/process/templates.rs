//! Process templates: listed, deployed in the company's language, run to their ends.

use kernel::Locale;
use serde_json::{Value, json};

use super::Engine;
use super::dealer::{DEALER, act, complete, deploy, hours, office, send_and_complete, task_of};
use super::smtp::MailServer;
use crate::app::TestApp;

#[tokio::test]
async fn templates_are_listed_with_roles_that_are_missing_and_deployed_in_the_companys_language() {
    let app = TestApp::build().locale(Locale::Uk).person("max", "sales_manager").start().await;
    let listed = app.admin().get("/process-templates").await.ok(200);
    let keys: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["dealer-purchase", "lead-qualification", "quote-approval", "absence-request"]);
    app.by("max").get("/process-templates").await.ok(200);
    app.by("max").post("/process-templates/dealer-purchase/deploy", json!({})).await.problem(403, "denied");
    app.admin().post("/process-templates/nothing/deploy", json!({})).await.problem(404, "not_found");
    for key in keys {
        let made = deploy(&app, key).await;
        assert_eq!((&made["key"], &made["state"]), (&json!(key), &json!("published")));
        let problems = made["problems"].as_array().unwrap();
        let of_roles = |problem: &Value| {
            problem["severity"] == "warning" && problem["message"].as_str().unwrap().contains("ролі `")
        };
        assert!(problems.iter().all(of_roles), "{problems:?}");
        assert_eq!(problems.len(), made["missing_roles"].as_array().unwrap().len(), "{made:#}");
        // The same file once more is the same version.
        assert_eq!(deploy(&app, key).await["version"], 1);
    }
    let made = deploy(&app, "dealer-purchase").await;
    assert_eq!(made["name"], "Дилер: разова закупівля");
    let missing: Vec<&str> =
        made["missing_roles"].as_array().unwrap().iter().map(|role| role["key"].as_str().unwrap()).collect();
    assert_eq!(missing, ["technical_specialist", "lawyer", "finance_manager", "warehouse"]);
    let xml = app.admin().get("/process-definitions/dealer-purchase/versions/1/xml").await.text();
    assert!(xml.contains("name=\"Підготувати технічне рішення\""));
    app.finish().await;
}

#[tokio::test]
async fn a_new_lead_is_called_three_times_and_becomes_a_deal_or_is_set_aside() {
    let mail = MailServer::start();
    let (app, _) = office(&mail).await;
    deploy(&app, "lead-qualification").await;
    let engine = Engine::of(&app);
    let lead = app.record("lead", json!({"title": "Звонок", "owner": app.id_of("manager")})).await;
    let quiet = app.record("lead", json!({"title": "Молчит", "owner": app.id_of("manager")})).await;
    app.drain().await;
    assert_eq!(engine.instances("definition=lead-qualification").await.len(), 2);
    let contact = async |lead: &str, reached: bool| {
        let page = app.by("manager").get(&format!("/tasks?state=open&assignee=me&subject=lead:{lead}")).await.ok(200);
        let task = page["items"][0].clone();
        assert_eq!(task["element"], "contact", "{page}");
        complete(&app, "manager", &task, json!({"variables": {"reached": reached}})).await.ok(200);
    };
    let stage =
        async |id: &str| app.admin().get(&format!("/records/lead/{id}")).await.ok(200)["fields"]["stage"].clone();
    contact(&lead, true).await;
    let qualify = task_of(&app, "manager", "qualify").await;
    let filled = json!({"qualified": true, "need": "насос", "budget": 50_000});
    complete(&app, "manager", &qualify, json!({"variables": filled})).await.ok(200);
    app.drain().await;
    assert_eq!(stage(&lead).await, "qualified");
    let deal = task_of(&app, "manager", "deal").await;
    complete(&app, "manager", &deal, json!({})).await.problem(409, "task.main_action_missing");
    let made = act(&app, "manager", &deal, json!({"kind": "create-record"})).await.ok(200);
    complete(&app, "manager", &deal, json!({})).await.ok(200);
    let id = made["main_action"]["result"]["id"].as_str().unwrap();
    let fields = app.admin().get(&format!("/records/deal/{id}")).await.ok(200)["fields"].clone();
    assert_eq!(
        (&fields["title"], &fields["amount"], &fields["comments"]),
        (&json!("Звонок"), &json!(50_000), &json!("насос"))
    );
    for _ in 0..2 {
        contact(&quiet, false).await;
        hours(&app, 24).await;
    }
    contact(&quiet, false).await;
    app.drain().await;
    assert_eq!((stage(&lead).await, stage(&quiet).await), (json!("converted"), json!("junk")));
    assert_eq!(engine.instances("definition=lead-qualification&state=completed").await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn a_big_discount_is_approved_by_all_and_an_absence_by_the_head() {
    let mail = MailServer::start();
    let (mut app, deal) = office(&mail).await;
    app.role("hr_manager", json!([]), json!([])).await;
    deploy(&app, "quote-approval").await;
    deploy(&app, "absence-request").await;
    let manager = Engine::by(app.by("manager"));
    let quote = manager.start_about("quote-approval", "deal", &deal, json!({})).await;
    let prepare = async |discount: i64| {
        let task = task_of(&app, "manager", "prepare").await;
        let filled = json!({"record.amount": 900, "discount": discount, "client_email": DEALER});
        complete(&app, "manager", &task, json!({"variables": filled})).await.ok(200);
    };
    prepare(20).await;
    let joint = Engine::of(&app).tasks(&quote).await[0].clone();
    complete(&app, "boss", &joint, json!({"result": "approved"})).await.ok(200);
    complete(&app, "fin", &joint, json!({"result": "rejected"})).await.ok(200);
    let revise = task_of(&app, "manager", "revise").await;
    complete(&app, "manager", &revise, json!({"variables": {"go_on": true}})).await.ok(200);
    prepare(10).await;
    let head = task_of(&app, "boss", "head").await;
    complete(&app, "boss", &head, json!({"result": "approved"})).await.ok(200);
    send_and_complete(&app, "manager", "send", json!({})).await;
    assert_eq!(mail.letter().to, [DEALER]);
    assert_eq!(Engine::of(&app).instance(&quote).await["state"], "completed");

    let absence = manager.start("absence-request", json!({})).await;
    let request = task_of(&app, "manager", "request").await;
    let filled = json!({"kind": "Отпуск", "from": "2026-06-01", "until": "2026-06-14"});
    complete(&app, "manager", &request, json!({"variables": filled})).await.ok(200);
    let approval = task_of(&app, "boss", "approval").await;
    complete(&app, "boss", &approval, json!({"result": "approved"})).await.ok(200);
    let cover = task_of(&app, "boss", "cover").await;
    complete(&app, "boss", &cover, json!({"variables": {"deputy": "Пётр"}})).await.ok(200);
    // Nobody holds the role of the personnel manager: an administrator does it.
    let order = Engine::of(&app).tasks(&absence).await[0].clone();
    assert_eq!((&order["element"], &order["assignee"]), (&json!("order"), &Value::Null));
    let filled = json!({"order_number": "12-к", "order_date": "2026-05-20"});
    complete(&app, "admin", &order, json!({"variables": filled})).await.ok(200);
    let inform = task_of(&app, "manager", "inform").await;
    act(&app, "manager", &inform, json!({"kind": "acknowledge"})).await.ok(200);
    complete(&app, "manager", &inform, json!({})).await.ok(200);
    assert_eq!(Engine::of(&app).instance(&absence).await["state"], "completed");
    app.finish().await;
}
