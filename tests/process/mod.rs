//! The process engine over HTTP: files in, instances on their way, tasks and letters out.

pub mod budget;
mod calendar;
mod correlation;
mod dealer;
mod deploy;
mod doors;
mod drawings;
mod events;
mod funnel;
mod given_up;
mod history;
mod journal;
mod made;
mod mail;
mod map;
mod migrate;
mod migrate_undo;
mod operations;
mod races;
mod records;
mod recount;
mod reserved;
mod rights;
mod run;
pub mod smtp;
mod templates;
mod trees;
mod undo;

use serde_json::{Value, json};

use crate::app::{Answer, Client, TestApp};

/// A BPMN file around this text.
pub fn file(inside: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">
{inside}
</definitions>"#
    )
}

/// A file with one process of this inside.
pub fn process(id: &str, inside: &str) -> String {
    file(&one(id, inside))
}

/// One process of a file.
pub fn one(id: &str, inside: &str) -> String {
    format!(r#"<process id="{id}" name="Process {id}" isExecutable="true">{inside}</process>"#)
}

/// Sequence flows, written as `a>b b>c`; their ids are `a-b`, `b-c`.
pub fn flows(text: &str) -> String {
    text.split_whitespace()
        .map(|pair| {
            let (from, to) = pair.split_once('>').unwrap();
            format!(r#"<sequenceFlow id="{from}-{to}" sourceRef="{from}" targetRef="{to}"/>"#)
        })
        .collect()
}

/// A sequence flow that is taken only when the condition holds.
pub fn when(from: &str, to: &str, condition: &str) -> String {
    format!(
        r#"<sequenceFlow id="{from}-{to}" sourceRef="{from}" targetRef="{to}"><conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression></sequenceFlow>"#
    )
}

/// Start, one user task, end.
pub fn one_task(id: &str) -> String {
    process(
        id,
        &(r#"<startEvent id="start"/><userTask id="ask" name="Ask" v:executors="owner"/><endEvent id="end"/>"#
            .to_owned()
            + &flows("start>ask ask>end")),
    )
}

/// What the tests ask of a company's engine, as one person.
pub struct Engine<'a> {
    pub client: Client<'a>,
}

impl<'a> Engine<'a> {
    /// As the administrator of the first company.
    pub fn of(app: &'a TestApp) -> Self {
        Self { client: app.admin() }
    }

    pub fn by(client: Client<'a>) -> Self {
        Self { client }
    }

    /// Sends a file as it is.
    pub async fn send(&self, xml: impl Into<Vec<u8>>, publish: bool) -> Answer {
        let path = format!("/api/v1/process-definitions?publish={publish}");
        self.client.send("POST", &path, Some("application/xml"), xml.into()).await
    }

    /// Deploys and publishes.
    #[track_caller]
    pub fn deploy(&self, xml: impl Into<Vec<u8>>) -> impl Future<Output = Value> {
        let at = std::panic::Location::caller();
        let xml = xml.into();
        async move {
            let answer = self.send(xml, true).await;
            assert_eq!(answer.status, 201, "{at}: {}", answer.text());
            answer.json()
        }
    }

    /// Starts an instance of the definition with this key.
    pub async fn start(&self, key: &str, variables: Value) -> String {
        let body = json!({"definition": key, "variables": variables});
        let started = self.client.post("/process-instances", body).await.ok(201);
        started["id"].as_str().unwrap().to_owned()
    }

    /// Starts one about a record.
    pub async fn start_about(&self, key: &str, entity: &str, id: &str, variables: Value) -> String {
        let body = json!({"definition": key, "subject": {"entity": entity, "id": id}, "variables": variables});
        let started = self.client.post("/process-instances", body).await.ok(201);
        started["id"].as_str().unwrap().to_owned()
    }

    pub async fn instance(&self, id: &str) -> Value {
        self.client.get(&format!("/process-instances/{id}")).await.ok(200)
    }

    /// `POST /process-instances/{id}/{what}`
    pub async fn operate(&self, id: &str, what: &str, body: Value) -> Answer {
        self.client.post(&format!("/process-instances/{id}/{what}"), body).await
    }

    /// Instances of a definition, newest first.
    pub async fn instances(&self, query: &str) -> Vec<Value> {
        let page = self.client.get(&format!("/process-instances?{query}")).await.ok(200);
        page["items"].as_array().unwrap().clone()
    }

    /// Open tasks of an instance.
    pub async fn tasks(&self, instance: &str) -> Vec<Value> {
        let page = self.client.get(&format!("/tasks?state=open&instance={instance}")).await.ok(200);
        page["items"].as_array().unwrap().clone()
    }

    /// The id of its only open task.
    pub async fn task(&self, instance: &str) -> String {
        let tasks = self.tasks(instance).await;
        assert_eq!(tasks.len(), 1, "{tasks:#?}");
        tasks[0]["id"].as_str().unwrap().to_owned()
    }

    pub async fn complete(&self, task: &str, variables: Value) -> Answer {
        self.client.post(&format!("/tasks/{task}/complete"), json!({"variables": variables})).await
    }

    /// Completes the only open task of an instance.
    pub async fn pass(&self, instance: &str, variables: Value) {
        let task = self.task(instance).await;
        self.complete(&task, variables).await.ok(200);
    }

    pub async fn message(&self, name: &str, key: Option<&str>, variables: Value) -> Value {
        self.client.post("/messages", json!({"name": name, "key": key, "variables": variables})).await.ok(200)
    }

    pub async fn signal(&self, name: &str, variables: Value) -> Value {
        self.client.post("/signals", json!({"name": name, "variables": variables})).await.ok(200)
    }
}

/// The elements in a list of an instance: `active`, `visited` or `incidents`.
pub fn elements(instance: &Value, list: &str) -> Vec<String> {
    let items = instance[list].as_array().unwrap();
    items.iter().map(|item| item["element"].as_str().unwrap().to_owned()).collect()
}

/// What the instance left, in order, by spaces.
pub fn trace(instance: &Value) -> String {
    elements(instance, "visited").join(" ")
}

/// Where it stands, sorted, by spaces.
pub fn standing(instance: &Value) -> String {
    let mut elements = elements(instance, "active");
    elements.sort();
    elements.join(" ")
}
