//! Pipelines as administrators make and change them, and what their stages ask of records (customize.md, R43).

mod changing;
mod contract;
mod guards;
mod hostile;
mod time;

use serde_json::{Value, json};

use crate::app::TestApp;

/// The pipeline of an entity where new records go, as it is configured.
pub async fn main(app: &TestApp, entity: &str) -> Value {
    let all = app.admin().get(&format!("/pipelines?entity={entity}")).await.ok(200);
    let main = all["items"].as_array().unwrap().iter().find(|one| one["is_default"] == true);
    main.unwrap_or_else(|| panic!("{all}")).clone()
}

/// Its stages as they are sent: all of them.
pub fn stages(pipeline: &Value) -> Vec<Value> {
    let one = |stage: &Value| {
        let mut stage = stage.clone();
        let sent = stage.as_object_mut().unwrap();
        sent.remove("name");
        sent.remove("records");
        stage
    };
    pipeline["stages"].as_array().unwrap().iter().map(one).collect()
}

/// Puts members into a stage of a list.
pub fn with(mut stages: Vec<Value>, key: &str, members: Value) -> Vec<Value> {
    let stage = stages.iter_mut().find(|stage| stage["key"] == key).unwrap();
    stage.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    stages
}

/// A list without a stage.
pub fn without(mut stages: Vec<Value>, key: &str) -> Vec<Value> {
    stages.retain(|stage| stage["key"] != key);
    stages
}

/// The address of a pipeline's stages.
pub fn place(pipeline: &Value) -> String {
    format!("/pipelines/{}/stages", pipeline["id"].as_str().unwrap())
}

/// Gives a stage of the main pipeline of deals rules.
pub async fn rule(app: &TestApp, stage: &str, members: Value) {
    let main = main(app, "deal").await;
    let list = json!({"stages": with(stages(&main), stage, members)});
    app.admin().put(&place(&main), list).await.ok(200);
}

pub async fn stage_of(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/records/deal/{id}")).await.ok(200)["fields"]["stage"].clone()
}
