//! Hostile input: huge, foreign, of the wrong type. Each gets a clear refusal and leaves nothing behind.

use super::*;
use crate::tasks::{ActionInput, ChecklistChange, Delegation};
use kernel::{RecordId, RecordRef, TaskId};

#[tokio::test]
async fn tasks_by_hand_are_checked_field_by_field() {
    let world = world().await;
    let foreign_deal = {
        let zoya = world.ctx("zoya").await;
        let change = Change::Create { fields: object(json!({"title": "чужая"})) };
        world.records.write_one(&zoya, "deal", change, &WriteOptions::default()).await.unwrap().record.id
    };
    let zoya = world.user("zoya");
    let mut deep = json!(1);
    for _ in 0..60 {
        deep = json!([deep]);
    }
    let many = (0..600).map(|n| (n.to_string(), json!(n))).collect::<Map<_, _>>();
    let form = |field: Json| json!({"title": "x", "form": [field]});
    for (input, expected) in [
        (json!({}), "title:required"),
        (json!({"title": "   "}), "title:required"),
        (json!({"title": "x".repeat(256)}), "title:too_long"),
        (json!({"title": "x".repeat(5_000_000)}), "title:too_long"),
        (json!({"title": "a\0b"}), "title:characters"),
        (json!({"title": "x", "description": "y".repeat(20_001)}), "description:too_long"),
        (json!({"title": "x", "assignee": "zoya@example.org"}), "executors:invalid"),
        (json!({"title": "x", "assignee": zoya}), "executors:invalid"),
        (json!({"title": "x", "assignee": ""}), "assignee:invalid"),
        (json!({"title": "x", "executors": ["role:stranger_role"]}), "executors:invalid"),
        (json!({"title": "x", "executors": vec!["owner"; 101]}), "executors:too_many"),
        (json!({"title": "x", "due": "2026-03-05T00:00:00Z", "duration": 60}), "duration:invalid"),
        (json!({"title": "x", "due": "0001-01-01T00:00:00Z"}), "due:datetime"),
        (json!({"title": "x", "due": "9999-01-01T00:00:00Z"}), "due:datetime"),
        (json!({"title": "x", "duration": -1}), "duration:range"),
        (json!({"title": "x", "duration": i64::MAX}), "duration:range"),
        (json!({"title": "x", "duration": 60, "remind_before": vec![1; 17]}), "remind_before:too_many"),
        (json!({"title": "x", "duration": 60, "remind_before": [-5]}), "remind_before:range"),
        (json!({"title": "x", "subject": {"entity": "deal", "id": foreign_deal}}), "subject:missing"),
        (json!({"title": "x", "subject": {"entity": "rocket", "id": foreign_deal}}), "subject:missing"),
        (json!({"title": "x", "require_main_action": true}), "main_action:required"),
        (json!({"title": "x", "main_action": {"kind": "explode"}}), "main_action:choice"),
        (json!({"title": "x", "variables": many}), "variables:too_many"),
        (json!({"title": "x", "variables": {"a": deep}}), "variables:invalid"),
        (json!({"title": "x", "variables": {"a": "b\0"}}), "variables:characters"),
        (json!({"title": "x", "variables": {"a": "y".repeat(300_000)}}), "variables:too_long"),
        (json!({"title": "x", "variables": {"": 1}}), "variables:invalid"),
        (json!({"title": "x", "checklist": [" "]}), "checklist:required"),
        (json!({"title": "x", "checklist": vec!["y"; 201]}), "checklist:too_many"),
        (form(json!({"name": ""})), "form:invalid"),
        (form(json!({"name": "record."})), "form:invalid"),
        (form(json!({"name": "x", "kind": "rocket"})), "form:choice"),
        (form(json!({"name": "x", "kind": "choice"})), "form:invalid"),
        (form(json!({"name": "y".repeat(300)})), "form:too_long"),
    ] {
        assert_eq!(fields(world.make("vera", input.clone()).await), expected, "{input:.200}");
    }
    for table in ["task", "task_executor", "notification", "job"] {
        assert_eq!(world.rows(table).await, 0, "{table}");
    }
}

#[test]
fn wrong_types_and_unknown_keys_do_not_even_become_inputs() {
    fn refused<T: serde::de::DeserializeOwned>(texts: &[&str]) {
        for text in texts {
            assert!(serde_json::from_str::<T>(text).is_err(), "{text}");
        }
    }
    refused::<ManualTask>(&[
        r#"{"title": 5}"#,
        r#"{"title": "x", "executors": "owner"}"#,
        r#"{"title": "x", "executors": ["boss"]}"#,
        r#"{"title": "x", "due": "tomorrow"}"#,
        r#"{"title": "x", "completed_by": 0}"#,
        r#"{"title": "x", "state": "completed"}"#,
        r#"{"title": "x", "variables": []}"#,
    ]);
    refused::<Completion>(&[r#"{"variables": 5}"#, r#"{"variables": [1]}"#, r#"{"done": true}"#]);
    refused::<ActionInput>(&[r#"{"kind": 1}"#, r#"{"kind": "email", "to": "a@b.c"}"#, r#"{"decision": "maybe"}"#]);
    refused::<Delegation>(&["{}", r#"{"to": 5}"#]);
    refused::<ChecklistChange>(&[r#"{"check": ["1"]}"#, r#"{"check": [-1]}"#, r#"{"items": []}"#]);
}

#[tokio::test]
async fn completions_that_cannot_be_kept_change_nothing() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], json!({}))).await;
    for (input, expected) in [
        (json!({"variables": {"a": "b\0"}}), "variables:characters"),
        (json!({"result": "b\0"}), "result:characters"),
        (json!({"result": "y".repeat(300_000)}), "result:too_long"),
        (json!({"comment": "y".repeat(5_000)}), "comment:too_long"),
        (json!({"variables": {"record.amount": 5}}), "record.amount:unknown"),
    ] {
        assert_eq!(fields(world.complete("egor", task.id, input.clone()).await), expected, "{input:.100}");
    }
    assert_eq!(world.get(task.id).await.version, 1);
    assert_eq!(code(world.complete("egor", TaskId(Uuid::nil()), json!({})).await), "not_found");
}

#[tokio::test]
async fn a_contract_of_a_process_that_cannot_be_kept_is_refused_before_anything_is_written() {
    let world = world().await;
    for contract in [
        json!({"duration": -1}),
        json!({"remind_before": vec![1; 17]}),
        json!({"escalate": [{"to": "head", "after": -1}]}),
        json!({"main_action": {"kind": "explode"}}),
        json!({"form": [{"name": ""}]}),
    ] {
        assert_eq!(code(world.try_open(step(&["role:technician"], contract)).await), "task.invalid");
    }
    let unknown = NewTask {
        subject: Some(RecordRef { entity: "rocket".into(), id: RecordId(Uuid::nil()) }),
        ..step(&["owner"], json!({}))
    };
    assert_eq!(fields(world.try_open(unknown).await), "subject:missing");
    assert_eq!(world.rows("task").await, 0);
}
