//! Main actions that leave a record.

use kernel::{RecordId, RecordRef};

use super::*;
use crate::tasks::Drafts;

fn asked(kind: &str) -> Json {
    json!({"main_action": {"kind": kind}, "require_main_action": true})
}

impl World {
    async fn about_deal(&self, kind: &str) -> (RecordId, Task) {
        let deal = self.deal("vera").await;
        let subject = Some(RecordRef { entity: "deal".into(), id: deal });
        (deal, self.open(NewTask { subject, ..step(&["owner"], asked(kind)) }).await)
    }

    async fn write(&self, by: &str, entity: &str, change: Change) -> RecordId {
        let written = self.records.write_one(&self.ctx(by).await, entity, change, &WriteOptions::default()).await;
        written.unwrap().record.id
    }

    /// Kinds of what stands in the way of Vera.
    async fn in_the_way(&self, task: &Task) -> Vec<String> {
        let view = self.tasks.view(&self.ctx("vera").await, task.id).await.unwrap();
        view.blockers.into_iter().map(|blocker| blocker.code).collect()
    }
}

#[tokio::test]
async fn a_call_is_done_when_it_has_a_result() {
    let world = world().await;
    crm::join(&world.records);
    let (deal, task) = world.about_deal("call").await;
    assert_eq!(code(world.complete("vera", task.id, json!({})).await), "task.main_action_missing");
    // Planned: it is there, and nothing came of it yet.
    let planned = json!({"kind": "call", "fields": {"starts_at": "2026-03-03T09:00:00Z"}});
    let action = world.act("vera", task.id, planned).await.unwrap().main_action.unwrap();
    assert_eq!((action.done, action.state.as_deref()), (false, Some("made")));
    let id: RecordId = serde_json::from_value(action.result.unwrap()["id"].clone()).unwrap();
    assert_eq!(world.in_the_way(&task).await, ["main_action_missing"]);
    assert_eq!(code(world.complete("vera", task.id, json!({})).await), "task.main_action_missing");
    // The result goes into the same call.
    let acted = world.act("vera", task.id, json!({"kind": "call", "fields": {"result": "Agreed"}})).await.unwrap();
    assert!(acted.main_action.unwrap().done);
    let call = world.records.get(&world.system().await, "activity", id).await.unwrap().fields;
    let said = |key: &str| call[key].to_json();
    assert_eq!((said("kind"), said("result"), said("done")), (json!("call"), json!("Agreed"), json!(true)));
    assert_eq!((said("record_id"), said("title")), (json!(deal), json!("Подготовить решение")));
    assert_eq!(world.rows("activity").await, 1);
    let done = world.complete("vera", task.id, json!({})).await.unwrap();
    assert_eq!(done.result, Some(json!({"entity": "activity", "id": id})));
}

#[tokio::test]
async fn a_meeting_written_down_on_the_card_counts_when_it_is_of_now() {
    let world = world().await;
    crm::join(&world.records);
    let deal = world.deal("vera").await;
    let meeting = |result: Json| {
        let fields =
            json!({"kind": "meeting", "title": "x", "record_entity": "deal", "record_id": deal, "result": result});
        Change::Create { fields: object(fields) }
    };
    // One from before the task, one without a result, one of another kind, one about another deal.
    world.write("vera", "activity", meeting(json!("Old"))).await;
    world.clock.advance_seconds(60);
    let subject = Some(RecordRef { entity: "deal".into(), id: deal });
    let task = world.open(NewTask { subject, ..step(&["owner"], asked("meeting")) }).await;
    world.clock.advance_seconds(60);
    let bare = world.write("vera", "activity", meeting(Json::Null)).await;
    let Change::Create { mut fields } = meeting(json!("Yes")) else { unreachable!() };
    fields.insert("kind".into(), json!("call"));
    world.write("vera", "activity", Change::Create { fields }).await;
    let Change::Create { mut fields } = meeting(json!("Yes")) else { unreachable!() };
    fields.insert("record_id".into(), json!(world.deal("vera").await));
    world.write("vera", "activity", Change::Create { fields }).await;
    assert_eq!(world.in_the_way(&task).await, ["main_action_missing"]);
    assert_eq!(code(world.complete("vera", task.id, json!({})).await), "task.main_action_missing");
    let fields = object(json!({"result": "Signed"}));
    world.write("vera", "activity", Change::Update { id: bare, version: None, fields }).await;
    assert_eq!(world.in_the_way(&task).await, Vec::<String>::new());
    let seen = world.tasks.view(&world.ctx("vera").await, task.id).await.unwrap().task.main_action.unwrap();
    assert!(seen.done);
    let done = world.complete("vera", task.id, json!({})).await.unwrap();
    assert_eq!(done.result, Some(json!({"entity": "activity", "id": bare})));
}

/// Makes records that have a state, in the place of sales.
struct Drafter(Records);

#[async_trait::async_trait]
impl Drafts for Drafter {
    async fn draft(
        &self,
        ctx: &Ctx,
        kind: &str,
        subject: Option<&RecordRef>,
        id: RecordId,
        mut fields: Map<String, Json>,
    ) -> Result<()> {
        fields.insert("deal".into(), json!(subject.map(|deal| deal.id)));
        fields.insert("title".into(), json!("Draft"));
        fields.insert("state".into(), json!("draft"));
        let change = Change::CreateAs { id, fields };
        self.0.write_one(ctx, kind, change, &WriteOptions::default()).await.map(drop)
    }
}

#[tokio::test]
async fn a_quote_is_drafted_once_and_done_when_it_is_a_draft_no_more() {
    let world = world().await;
    let (deal, task) = world.about_deal("quote").await;
    assert_eq!(code(world.act("anna", task.id, json!({"kind": "quote"})).await), "unavailable");
    world.tasks.set_drafts(Arc::new(Drafter(world.records.clone())));
    let made = world.act("anna", task.id, json!({"kind": "quote"})).await.unwrap().main_action.unwrap();
    assert_eq!((made.done, made.state.as_deref()), (false, Some("made")));
    let id: RecordId = serde_json::from_value(made.result.unwrap()["id"].clone()).unwrap();
    let quote = async || world.records.get(&world.system().await, "quote", id).await.unwrap();
    assert_eq!(quote().await.fields["deal"].to_json(), json!(deal));
    // Asked again it is the same.
    world.act("anna", task.id, json!({"kind": "quote"})).await.unwrap();
    assert_eq!(world.rows("sale_quote").await, 1);
    assert_eq!(code(world.complete("anna", task.id, json!({})).await), "task.main_action_missing");
    let sent = Change::Update { id, version: None, fields: object(json!({"state": "sent"})) };
    world.write("anna", "quote", sent).await;
    let done = world.complete("anna", task.id, json!({})).await.unwrap();
    assert!(done.main_action.unwrap().done);
    assert_eq!(done.result, Some(json!({"entity": "quote", "id": id})));
}

#[tokio::test]
async fn a_draft_that_was_thrown_away_is_made_anew() {
    let world = world().await;
    world.tasks.set_drafts(Arc::new(Drafter(world.records.clone())));
    let (_, task) = world.about_deal("quote").await;
    let made = async || {
        let action = world.act("anna", task.id, json!({"kind": "quote"})).await.unwrap().main_action.unwrap();
        serde_json::from_value::<RecordId>(action.result.unwrap()["id"].clone()).unwrap()
    };
    let first = made().await;
    world.write("anna", "quote", Change::Delete { id: first, version: None }).await;
    assert_eq!(world.in_the_way(&task).await, ["main_action_missing"]);
    let second = made().await;
    assert_ne!(first, second);
    assert_eq!(made().await, second);
}
