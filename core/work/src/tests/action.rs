//! The main action: a task that requires it cannot be completed without its result.

use super::*;
use crate::tasks::ActionRunner;
use kernel::{RecordId, RecordRef};

fn required(kind: &str, parameters: Json) -> Json {
    json!({"main_action": {"kind": kind, "parameters": parameters}, "require_main_action": true})
}

#[tokio::test]
async fn an_approval_is_given_by_the_action_or_with_the_completion() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], required("approve", json!({})))).await;
    assert_eq!(code(world.complete("egor", task.id, json!({})).await), "task.main_action_missing");
    assert_eq!(
        fields(world.act("egor", task.id, json!({"kind": "approve", "result": "maybe"})).await),
        "result:choice"
    );
    assert_eq!(fields(world.act("egor", task.id, json!({"kind": "form"})).await), "kind:choice");
    let acted = world
        .act("egor", task.id, json!({"kind": "approve", "result": "rejected", "comment": "дорого"}))
        .await
        .unwrap();
    let action = acted.main_action.unwrap();
    assert!(action.done);
    assert_eq!(action.result.unwrap()["comment"], json!("дорого"));
    let done = world.complete("egor", task.id, json!({})).await.unwrap();
    assert_eq!(done.result, Some(json!("rejected")));

    let task = world.open(step(&["role:technician"], required("approve", json!({})))).await;
    assert_eq!(fields(world.complete("egor", task.id, json!({"result": "yes"})).await), "result:choice");
    let done = world.complete("egor", task.id, json!({"result": "approved"})).await.unwrap();
    assert_eq!(
        (done.result.clone(), done.main_action.unwrap().result),
        (Some(json!("approved")), Some(json!({"result": "approved"})))
    );
    assert_eq!(
        code(world.act("egor", task.id, json!({"kind": "approve", "result": "rejected"})).await),
        "task.completed"
    );
}

#[tokio::test]
async fn several_approve_each_for_themselves_and_one_rejection_rejects() {
    let world = world().await;
    let mut contract = object(required("approve", json!({})));
    contract.insert("completed_by".into(), json!("all"));
    let task = world.open(step(&["role:manager"], Json::Object(contract))).await;
    assert_eq!(code(world.complete("vera", task.id, json!({})).await), "task.main_action_missing");
    world.act("vera", task.id, json!({"kind": "approve", "result": "approved"})).await.unwrap();
    world.complete("vera", task.id, json!({})).await.unwrap();
    assert_eq!(code(world.complete("gleb", task.id, json!({})).await), "task.main_action_missing");
    let done = world.complete("gleb", task.id, json!({"result": "rejected"})).await.unwrap();
    assert_eq!((done.state, done.result), (TaskState::Completed, Some(json!("rejected"))));
}

#[tokio::test]
async fn an_acknowledgement_is_an_act_of_its_own() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], required("acknowledge", json!({})))).await;
    assert_eq!(
        code(world.complete("egor", task.id, json!({"result": "acknowledged"})).await),
        "task.main_action_missing"
    );
    world.act("egor", task.id, json!({"kind": "acknowledge"})).await.unwrap();
    world.complete("egor", task.id, json!({})).await.unwrap();
}

#[tokio::test]
async fn a_form_is_done_when_nothing_required_is_missing() {
    let world = world().await;
    let mut contract = object(required("form", json!({})));
    contract.insert(
        "form".into(),
        json!([{"name": "a", "required": true}, {"name": "b", "kind": "number", "required": true}]),
    );
    let task = world.open(step(&["role:technician"], Json::Object(contract))).await;
    let half = world.act("egor", task.id, json!({"kind": "form", "variables": {"a": "x"}})).await.unwrap();
    assert!(!half.main_action.unwrap().done);
    assert_eq!(
        fields(world.act("egor", task.id, json!({"kind": "form", "variables": {"c": 1, "b": "x"}})).await),
        "b:type c:unknown"
    );
    assert_eq!(fields(world.complete("egor", task.id, json!({})).await), "b:required");
    let whole = world.act("egor", task.id, json!({"kind": "form", "variables": {"b": 2}})).await.unwrap();
    assert!(whole.main_action.unwrap().done);
    let done = world.complete("egor", task.id, json!({"variables": {"free": true}})).await.unwrap();
    assert!(done.main_action.unwrap().done);
    assert_eq!(world.owner.told.lock().unwrap()[0].1, object(json!({"a": "x", "b": 2, "free": true})));
}

#[tokio::test]
async fn fields_are_set_through_the_pipeline_with_the_actors_rights() {
    let world = world().await;
    let deal = world.deal("vera").await;
    let with = |executor: &str, parameters: Json| NewTask {
        subject: Some(RecordRef { entity: "deal".into(), id: deal }),
        ..step(&[executor], required("set-fields", parameters))
    };
    let task = world.open(with("owner", json!({"fields": {"amount": 10}}))).await;
    assert_eq!(code(world.complete("vera", task.id, json!({})).await), "task.main_action_missing");
    let wrong = json!({"kind": "set-fields", "fields": {"no_such": 1}});
    assert_eq!(fields(world.act("vera", task.id, wrong).await), "record.no_such:unknown");
    world.act("vera", task.id, json!({"kind": "set-fields", "fields": {"comments": "да"}})).await.unwrap();
    assert_eq!(world.deal_field(deal, "amount").await.to_string(), "10");
    assert_eq!(world.deal_field(deal, "comments").await, json!("да"));
    world.complete("vera", task.id, json!({})).await.unwrap();
    // Parameters beside each other; and somebody without the right.
    let task = world.open(with("role:technician", json!({"amount": 11}))).await;
    let refused = code(world.act("egor", task.id, json!({"kind": "set-fields"})).await);
    assert!(["not_found", "denied"].contains(&refused.as_str()), "{refused}");
    assert!(!world.get(task.id).await.main_action.unwrap().done);
    let bare = world.open(step(&["role:technician"], required("set-fields", json!({"amount": 1})))).await;
    assert_eq!(fields(world.act("egor", bare.id, json!({"kind": "set-fields"})).await), "fields:invalid");
}

#[tokio::test]
async fn a_record_is_made_once_and_linked_as_the_result() {
    let world = world().await;
    let parameters = json!({"entity": "deal", "title": "Из задачи"});
    let task = world.open(step(&["user:vera@example.org"], required("create-record", parameters))).await;
    let wrong = json!({"kind": "create-record", "fields": {"amount": "x"}});
    assert_eq!(fields(world.act("vera", task.id, wrong).await), "amount:type");
    assert_eq!(world.rows("deal").await, 0);
    let acted = world.act("vera", task.id, json!({"kind": "create-record", "fields": {"amount": 3}})).await.unwrap();
    let result = acted.main_action.unwrap().result.unwrap();
    let id: RecordId = serde_json::from_value(result["id"].clone()).unwrap();
    assert_eq!(world.deal_field(id, "title").await, json!("Из задачи"));
    assert_eq!(code(world.act("vera", task.id, json!({"kind": "create-record"})).await), "task.action_done");
    assert_eq!(world.rows("deal").await, 1);
    world.complete("vera", task.id, json!({})).await.unwrap();
    // The user may not choose another entity than the contract's, and an unknown one is named.
    let task =
        world.open(step(&["user:vera@example.org"], required("create-record", json!({"entity": "rocket"})))).await;
    assert_eq!(fields(world.act("vera", task.id, json!({"kind": "create-record"})).await), "entity:choice");
    let task = world.open(step(&["user:vera@example.org"], required("create-record", json!({})))).await;
    assert_eq!(fields(world.act("vera", task.id, json!({"kind": "create-record"})).await), "entity:required");
}

#[tokio::test]
async fn a_record_made_just_before_a_crash_is_found_again() {
    let world = world().await;
    let parameters = json!({"entity": "deal", "title": "Один раз"});
    let task = world.open(step(&["user:vera@example.org"], required("create-record", parameters))).await;
    // Everything but the last transaction: what a crash leaves.
    world.act("vera", task.id, json!({"kind": "create-record"})).await.unwrap();
    let id: RecordId =
        serde_json::from_value(world.get(task.id).await.main_action.unwrap().result.unwrap()["id"].clone()).unwrap();
    let crashed = sea_orm::sea_query::Query::update()
        .table("task_contract")
        .value("action", json!({"pending": id}))
        .and_where(sea_orm::sea_query::ExprTrait::eq(sea_orm::sea_query::Expr::col("id"), task.id))
        .to_owned();
    let tx = world.db.begin().await.unwrap();
    tx.execute(&crashed).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!world.get(task.id).await.main_action.unwrap().done);
    let again = world.act("vera", task.id, json!({"kind": "create-record"})).await.unwrap();
    assert_eq!(again.main_action.unwrap().result.unwrap()["id"], json!(id));
    assert_eq!(world.rows("deal").await, 1);
}

struct Robot;

#[async_trait::async_trait]
impl ActionRunner for Robot {
    async fn run(&self, _: &Ctx, task: &Task, kind: &str, parameters: &Map<String, Json>) -> Result<Json> {
        Ok(json!({"kind": kind, "of": task.title, "with": parameters}))
    }
}

#[tokio::test]
async fn actions_of_plugins_go_through_the_port() {
    let world = world().await;
    let contract = required("plugin:robot/move", json!({"to": "A"}));
    let task = world.open(step(&["role:technician"], contract)).await;
    let act = json!({"kind": "plugin:robot/move", "parameters": {"speed": 2}});
    assert_eq!(code(world.act("egor", task.id, act.clone()).await), "unavailable");
    world.tasks.set_actions(Arc::new(Robot));
    let result = world.act("egor", task.id, act).await.unwrap().main_action.unwrap().result.unwrap();
    assert_eq!(result["with"], json!({"to": "A", "speed": 2}));
    world.complete("egor", task.id, json!({})).await.unwrap();
}

#[tokio::test]
async fn a_task_without_a_main_action_has_none_to_do() {
    let world = world().await;
    let task = world.make("vera", json!({"title": "x"})).await.unwrap();
    assert_eq!(code(world.act("vera", task.id, json!({"kind": "form"})).await), "task.no_main_action");
}
