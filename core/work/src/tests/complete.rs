//! Completing: exactly once, through the contract, together with the process's next step.

use super::*;
use kernel::RecordRef;

#[tokio::test]
async fn a_task_is_completed_once_and_its_process_told_once() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], json!({}))).await;
    let done =
        world.complete("egor", task.id, json!({"variables": {"price": 5}, "result": "ok", "comment": "готово"})).await;
    let done = done.unwrap();
    assert_eq!((done.state, done.completed_by), (TaskState::Completed, Some(world.user("egor"))));
    assert_eq!((done.result, done.variables["price"].clone()), (Some(json!("ok")), json!(5)));
    assert_eq!(code(world.complete("egor", task.id, json!({})).await), "task.completed");
    assert_eq!(code(world.complete("anna", task.id, json!({})).await), "task.completed");
    let told = world.owner.told.lock().unwrap().clone();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.id, &told[0].1), (task.id, &object(json!({"price": 5}))));
    let history = world.tasks.history(&world.ctx("egor").await, task.id, None, 50).await.unwrap();
    assert_eq!(history.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["task.completed", "task.created"]);
    assert_eq!(history[0].changes["note"], json!([null, "готово"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_completes_it() {
    let world = world().await;
    let task = world.open(step(&["role:manager"], json!({}))).await;
    let (vera, gleb) = (world.ctx("vera").await, world.ctx("gleb").await);
    let tries = (0..12).map(|n| {
        let (tasks, ctx) = (world.tasks.clone(), if n % 2 == 0 { vera.clone() } else { gleb.clone() });
        tokio::spawn(async move { tasks.complete(&ctx, task.id, Completion::default()).await })
    });
    let mut results = Vec::new();
    for each in tries.collect::<Vec<_>>() {
        results.push(each.await.unwrap());
    }
    let mut refused = results.iter().filter_map(|result| result.as_ref().err());
    assert!(refused.all(|error| error.code() == "task.completed"));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(world.owner.told.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_the_process_refuses_is_not_completed() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], json!({}))).await;
    *world.owner.refuse.lock().unwrap() = true;
    let before = world.rows("sequence").await;
    assert_eq!(code(world.complete("egor", task.id, json!({})).await), "process.refused");
    assert_eq!(world.get(task.id).await.state, TaskState::Open);
    // Nor is what the process wrote before it refused.
    assert_eq!(world.rows("sequence").await, before);
    *world.owner.refuse.lock().unwrap() = false;
    world.complete("egor", task.id, json!({})).await.unwrap();
}

#[tokio::test]
async fn only_those_concerned_may_complete_and_others_do_not_learn_of_it() {
    let world = world().await;
    let task = world.open(step(&["role:technician"], json!({}))).await;
    for stranger in ["vera", "gleb", "zoya", "yana"] {
        assert_eq!(code(world.complete(stranger, task.id, json!({})).await), "not_found", "{stranger}");
        assert_eq!(code(world.act(stranger, task.id, json!({"kind": "form"})).await), "not_found", "{stranger}");
        assert_eq!(code(world.tasks.get(&world.ctx(stranger).await, task.id).await), "not_found", "{stranger}");
    }
    // The head of the workshop, and the head above.
    for head in ["dina", "boris", "anna"] {
        let task = world.open(step(&["role:technician"], json!({}))).await;
        world.complete(head, task.id, json!({})).await.unwrap();
    }
    // The maker sees it, no more.
    let task = world.make("vera", json!({"title": "x", "assignee": "egor@example.org"})).await.unwrap();
    assert_eq!(code(world.complete("vera", task.id, json!({})).await), "denied");
    assert_eq!(world.tasks.get(&world.ctx("vera").await, task.id).await.unwrap().id, task.id);
}

#[tokio::test]
async fn what_somebody_has_taken_is_not_completed_by_another_candidate() {
    let world = world().await;
    let task = world.open(step(&["role:manager"], json!({}))).await;
    world.tasks.claim(&world.ctx("vera").await, task.id).await.unwrap();
    assert_eq!(code(world.complete("gleb", task.id, json!({})).await), "task.claimed");
    let done = world.complete("vera", task.id, json!({})).await.unwrap();
    assert_eq!(done.assignee, Some(world.user("vera")));
    let task = world.open(step(&["role:manager"], json!({}))).await;
    let done = world.complete("gleb", task.id, json!({})).await.unwrap();
    assert_eq!(done.assignee, Some(world.user("gleb")));
}

#[tokio::test]
async fn required_fields_are_required_and_of_their_kind() {
    let world = world().await;
    let form = json!({"form": [
        {"name": "reason", "required": true},
        {"name": "amount", "kind": "number", "required": true},
        {"name": "agreed", "kind": "boolean", "required": true},
        {"name": "day", "kind": "date"},
        {"name": "way", "kind": "choice", "choices": ["post", "courier"]},
    ]});
    let task = world.open(step(&["role:technician"], form.clone())).await;
    assert_eq!(task.required, ["reason", "amount", "agreed"]);
    let check = async |variables: Json, expected: &str| {
        let result = world.complete("egor", task.id, json!({"variables": variables})).await;
        assert_eq!(fields(result), expected, "{variables:.200}");
    };
    check(json!({}), "agreed:required amount:required reason:required").await;
    check(json!({"reason": " ", "amount": null, "agreed": false}), "amount:required reason:required").await;
    let with = |key: &str, value: Json| {
        let mut good = object(json!({"reason": "так", "amount": 1.5, "agreed": false}));
        good.insert(key.into(), value);
        Json::Object(good)
    };
    check(with("reason", json!(5)), "reason:type").await;
    check(with("reason", json!(["x"])), "reason:type").await;
    check(with("reason", json!("x".repeat(20_001))), "reason:too_long").await;
    check(with("amount", json!("много")), "amount:type").await;
    check(with("agreed", json!("true")), "agreed:type").await;
    check(with("day", json!("2026-02-30")), "day:date").await;
    check(with("day", json!(20_260_230)), "day:type").await;
    check(with("way", json!("pigeon")), "way:choice").await;
    check(with("record.amount", json!(5)), "record.amount:unknown").await;
    assert_eq!(world.get(task.id).await.state, TaskState::Open);
    world.complete("egor", task.id, json!({"variables": with("day", json!("2026-02-28"))})).await.unwrap();
    // What the process knows already counts.
    let known = object(json!({"reason": "есть", "amount": 0}));
    let task = world.open(NewTask { variables: known, ..step(&["role:technician"], form) }).await;
    world.complete("egor", task.id, json!({"variables": {"agreed": true}})).await.unwrap();
    assert_eq!(world.owner.told.lock().unwrap().last().unwrap().1, object(json!({"agreed": true})));
}

#[tokio::test]
async fn fields_of_the_subject_go_through_the_pipeline_of_records() {
    let world = world().await;
    let deal = world.deal("vera").await;
    let form = json!({"form": [{"name": "record.amount", "kind": "number", "required": true}, {"name": "why", "required": true}]});
    let new =
        NewTask { subject: Some(RecordRef { entity: "deal".into(), id: deal }), ..step(&["owner"], form.clone()) };
    let task = world.open(new.clone()).await;
    assert_eq!(
        fields(world.complete("vera", task.id, json!({"variables": {"why": "x"}})).await),
        "record.amount:required"
    );
    // A refused completion has not touched the record.
    assert_eq!(
        fields(world.complete("vera", task.id, json!({"variables": {"record.amount": 7}})).await),
        "why:required"
    );
    assert_eq!(world.deal_field(deal, "amount").await, Json::Null);
    let wrong = json!({"variables": {"record.amount": "семь", "why": "x"}});
    assert_eq!(fields(world.complete("vera", task.id, wrong).await), "record.amount:type");
    world.complete("vera", task.id, json!({"variables": {"record.amount": 7, "why": "x"}})).await.unwrap();
    assert_eq!(world.deal_field(deal, "amount").await.to_string(), "7");
    assert_eq!(world.owner.told.lock().unwrap().last().unwrap().1, object(json!({"why": "x"})));
    // A value that stands there counts; and rights on the record bind here as everywhere.
    let origin = step(&[], json!({})).origin;
    let task = world.open(NewTask { origin, ..new.clone() }).await;
    world.complete("vera", task.id, json!({"variables": {"why": "x"}})).await.unwrap();
    let origin = step(&[], json!({})).origin;
    let task = world.open(NewTask { origin, executors: rules(&["role:technician"]), ..new }).await;
    let result = world.complete("egor", task.id, json!({"variables": {"record.amount": 8, "why": "x"}})).await;
    assert!(["not_found", "denied"].contains(&code(result).as_str()));
    assert_eq!(world.deal_field(deal, "amount").await.to_string(), "7");
}

#[tokio::test]
async fn everybody_or_enough_must_complete_what_needs_several() {
    let world = world().await;
    let executors = ["role:manager", "role:technician"];
    let all = world.open(step(&executors, json!({"completed_by": "all"}))).await;
    assert_eq!((all.assignee, all.votes.needed), (None, 3));
    assert_eq!(code(world.tasks.claim(&world.ctx("vera").await, all.id).await), "task.shared");
    let part = world.complete("vera", all.id, json!({"variables": {"a": 1}, "result": "x"})).await.unwrap();
    assert_eq!((part.state, part.votes.done), (TaskState::Open, 1));
    assert_eq!(code(world.complete("vera", all.id, json!({})).await), "task.voted");
    // Heads and administrators have no part in it.
    assert_eq!(code(world.complete("boris", all.id, json!({})).await), "denied");
    assert_eq!(code(world.complete("anna", all.id, json!({})).await), "denied");
    world.clock.advance_seconds(1);
    world.complete("gleb", all.id, json!({"variables": {"b": 2}})).await.unwrap();
    world.clock.advance_seconds(1);
    assert!(world.owner.told.lock().unwrap().is_empty());
    let done = world.complete("egor", all.id, json!({"variables": {"a": 3}})).await.unwrap();
    assert_eq!((done.state, done.result), (TaskState::Completed, Some(json!(["x", null, null]))));
    assert_eq!(world.owner.told.lock().unwrap()[0].1, object(json!({"a": 3, "b": 2})));
    assert_eq!(code(world.complete("egor", all.id, json!({})).await), "task.completed");

    let two = world.open(step(&executors, json!({"completed_by": 2}))).await;
    world.complete("vera", two.id, json!({})).await.unwrap();
    assert_eq!(world.complete("egor", two.id, json!({})).await.unwrap().state, TaskState::Completed);
    assert_eq!(code(world.complete("gleb", two.id, json!({})).await), "task.completed");
    // More than there are candidates: all of them.
    let many = world.open(step(&["role:technician"], json!({"completed_by": 9}))).await;
    assert_eq!(world.complete("egor", many.id, json!({})).await.unwrap().state, TaskState::Completed);
}
