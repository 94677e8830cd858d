//! Formulas, conditions and rules from the definition to the rows, through the pipeline and the job.

use std::sync::Arc;

use kernel::clock::{Env, TestClock, TestRandom};
use kernel::db::{ConnectionTrait, DbOptions};
use kernel::filter::Filter;
use kernel::jobs::Worker;
use kernel::{Ctx, Db, Locale, RecordId, Timestamp, Value};
use people::Identities;
use people::role::{self, RoleInput};
use people::tenant::{self, NewTenant};
use people::user::{self, NewUser};
use sea_orm::sea_query::Query as Sql;
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;

use super::Recompute;
use crate::catalogue::change::{FieldPatch, NewField};
use crate::catalogue::rules::Trying;
use crate::import::tests::database;
use crate::read::{Query, Sort};
use crate::stages::{FirstStage, Semantic};
use crate::{Change, Records, WriteOptions};

struct World {
    _dir: TempDir,
    db: Db,
    clock: Arc<TestClock>,
    records: Records,
    worker: Worker,
    admin: Ctx,
}

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::new(Timestamp::parse("2026-03-02T08:00:00Z").unwrap()));
    let env = Env::new(clock.clone(), Arc::new(TestRandom::new(7)));
    let db = Db::open(&DbOptions::new(&database(&dir).await)).await.unwrap();
    migrations::upgrade(db.for_migrations()).await.unwrap();
    let tx = db.begin().await.unwrap();
    let tenant = tenant::create(&tx, &env, &NewTenant { name: "Acme".into(), locale: Locale::En }).await.unwrap();
    let system = tenant.system_ctx(&env);
    let stages = [("new", Semantic::Open), ("won", Semantic::Won)].map(|(key, semantic)| FirstStage {
        labels: None,
        key: key.into(),
        name: key.to_owned(),
        semantic,
        color: "#4c8dff".into(),
        convert_only: false,
    });
    crate::stages::create(&tx, &system, "deal", "Deals", &stages).await.unwrap();
    let admins = RoleInput { key: "admin".into(), name: "admin".into(), admin: true, ..RoleInput::default() };
    let admins = role::create_in(&tx, &system, &admins, &crate::rules::core_keys()).await.unwrap();
    let ann =
        NewUser { name: "Ann".into(), email: "ann@example.org".into(), roles: vec![admins.id], ..NewUser::default() };
    let ann = user::create_in(&tx, &system, &ann, None).await.unwrap();
    tx.commit().await.unwrap();
    let records = Records::new(&db, &env);
    let admin = Identities::new(&db, &env).of_user(tenant.id, kernel::UserId(ann.id)).await.unwrap().ctx(&env);
    let worker = Worker::new(&db, &env, vec![Arc::new(Recompute(records.clone()))]);
    World { _dir: dir, db, clock, records, worker, admin }
}

fn fields(json: Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

impl World {
    async fn field(&self, json: Json) {
        let mut field = json;
        field["label"] = json!({"en": field["key"]});
        let field: NewField = serde_json::from_value(field).unwrap();
        self.records.create_field(&self.admin, "deal", field).await.unwrap();
    }

    async fn write(&self, change: Change) -> Result<crate::Record, kernel::Error> {
        let written = self.records.write_one(&self.admin, "deal", change, &WriteOptions::default()).await;
        written.map(|written| written.record)
    }

    async fn make(&self, json: Json) -> crate::Record {
        self.write(Change::Create { fields: fields(json) }).await.unwrap()
    }

    async fn update(&self, id: RecordId, json: Json) -> Result<crate::Record, kernel::Error> {
        self.write(Change::Update { id, version: None, fields: fields(json) }).await
    }

    async fn get(&self, id: RecordId) -> crate::Record {
        self.records.get(&self.admin, "deal", id).await.unwrap()
    }

    async fn recomputed(&self) {
        self.clock.advance_seconds(3);
        while self.worker.run_due().await.unwrap() > 0 {}
    }
}

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse().unwrap())
}

#[tokio::test]
async fn a_formula_is_in_rows_made_before_and_after_it_and_nobody_is_said_to_have_changed_them() {
    let world = world().await;
    let old = world.make(json!({"title": "old", "amount": 200.10, "currency": "EUR"})).await;
    world.clock.advance_seconds(60);
    world.field(json!({"key": "x_margin", "type": "money", "formula": "record.amount * 0.15"})).await;
    let new = world.make(json!({"title": "new", "amount": 100, "currency": "EUR"})).await;
    assert_eq!(new.fields["x_margin"], decimal("15"));
    assert_eq!(world.get(old.id).await.fields["x_margin"], Value::Null);
    world.recomputed().await;
    let after = world.get(old.id).await;
    assert_eq!((&after.fields["x_margin"], after.version), (&decimal("30.02"), old.version + 1));
    assert_eq!(after.fields["updated_at"], old.fields["updated_at"]);
    let changed = world.update(old.id, json!({"amount": 10})).await.unwrap();
    assert_eq!(changed.fields["x_margin"], decimal("1.5"));
    let filter = Filter::parse(&json!({"field": "x_margin", "op": "gt", "value": 1})).unwrap();
    let sort = vec![Sort { field: "x_margin".into(), descending: true }];
    let query = Query { filter: Some(filter), sort, ..Query::default() };
    let page = world.records.query(&world.admin, "deal", &query).await.unwrap();
    let titles: Vec<_> = page.items.iter().filter_map(|one| one.fields["title"].as_text()).collect();
    assert_eq!(titles, ["new", "old"]);
    let refused = world.update(old.id, json!({"x_margin": 1})).await.unwrap_err();
    assert_eq!(refused.fields_in(Locale::En)["x_margin"].0, "read_only");
    // Another formula, then none: frozen, the values are written like others.
    let patch = |text: &str| FieldPatch { formula: Some(text.into()), ..FieldPatch::default() };
    world.records.change_field(&world.admin, "deal", "x_margin", patch("record.amount * 2")).await.unwrap();
    world.recomputed().await;
    assert_eq!(world.get(old.id).await.fields["x_margin"], decimal("20"));
    world.records.change_field(&world.admin, "deal", "x_margin", patch("")).await.unwrap();
    let kept = world.update(old.id, json!({"amount": 1, "x_margin": 7})).await.unwrap();
    assert_eq!(kept.fields["x_margin"], decimal("7"));
}

#[tokio::test]
async fn live_formulas_follow_the_clock_and_are_nowhere_to_be_sorted_by() {
    let world = world().await;
    world
        .field(json!({"key": "x_left", "type": "integer", "formula": "daysBetween(today(), record.close_date)"}))
        .await;
    world.field(json!({"key": "x_late", "type": "boolean", "formula": "record.x_left < 0"})).await;
    let deal = world.make(json!({"title": "a", "close_date": "2026-03-04"})).await;
    assert_eq!(deal.fields["x_left"], Value::Integer(2));
    world.clock.advance_seconds(3 * 24 * 3600);
    assert_eq!(world.get(deal.id).await.fields["x_left"], Value::Integer(-1));
    let query = Query { fields: Some(vec!["x_late".into()]), ..Query::default() };
    let page = world.records.query(&world.admin, "deal", &query).await.unwrap();
    let only: Vec<_> = page.items[0].fields.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    assert_eq!(only, [("x_late", Value::Boolean(true))]);
    let sort = vec![Sort { field: "x_left".into(), descending: true }];
    let sorted = Query { sort, ..Query::default() };
    assert!(world.records.query(&world.admin, "deal", &sorted).await.is_err());
    let filter = Filter::parse(&json!({"field": "x_left", "op": "gt", "value": 1})).unwrap();
    let filtered = Query { filter: Some(filter), ..Query::default() };
    assert!(world.records.query(&world.admin, "deal", &filtered).await.is_err());
    world.recomputed().await;
    assert_eq!(world.get(deal.id).await.version, deal.version, "the clock changes nothing that is kept");
}

#[tokio::test]
async fn conditions_rules_evaluation_and_old_gaps() {
    let world = world().await;
    world.field(json!({"key": "x_kind", "type": "choice", "choices": [{"key": "sale"}, {"key": "rent"}]})).await;
    world.field(json!({"key": "x_contract", "type": "text"})).await;
    let old = world.make(json!({"title": "old", "x_kind": "sale"})).await;
    let conditions = json!({"required": "record.x_kind == 'sale'", "read_only": "before.stage == 'won'"});
    let conditions = serde_json::from_value(conditions).unwrap();
    world.records.set_conditions(&world.admin, "deal", "x_contract", conditions).await.unwrap();
    let code = |error: kernel::Error, field: &str| error.fields_in(Locale::En)[field].0.clone();
    let refused = world.write(Change::Create { fields: fields(json!({"title": "a", "x_kind": "sale"})) }).await;
    assert_eq!(code(refused.unwrap_err(), "x_contract"), "required");
    world.update(old.id, json!({"title": "older"})).await.unwrap();
    let moved = world.update(old.id, json!({"stage": "won"})).await;
    assert_eq!(code(moved.unwrap_err(), "x_contract"), "required");
    let gaps = world.records.violations(&world.admin, "deal", None).await.unwrap();
    assert_eq!((gaps.items.len(), gaps.items[0].id), (1, old.id));
    world.update(old.id, json!({"stage": "won", "x_contract": "1"})).await.unwrap();
    assert_eq!(code(world.update(old.id, json!({"x_contract": "2"})).await.unwrap_err(), "x_contract"), "locked");
    // The form is told the same.
    let said = world.records.evaluate(&world.admin, "deal", None, &fields(json!({"x_kind": "sale"}))).await.unwrap();
    assert!(said.states["x_contract"].required && !said.states["x_contract"].read_only);
    let said = world.records.evaluate(&world.admin, "deal", Some(old.id), &Map::new()).await.unwrap();
    assert!(said.states["x_contract"].read_only && said.errors.is_empty());
    // A warning, with and without a reason.
    let rule = json!({"name": "cheap", "check": "!(record.amount < 10)", "warn": true, "message": {"en": "So cheap?"}});
    let rule = serde_json::from_value(rule).unwrap();
    let placed = world.records.create_rule(&world.admin, "deal", rule, None).await.unwrap();
    let cheap = || Change::Create { fields: fields(json!({"title": "c", "amount": 5})) };
    assert_eq!(world.write(cheap()).await.unwrap_err().code(), "record.warned");
    let options = WriteOptions { reason: Some("a gift".into()), ..WriteOptions::default() };
    world.records.write_one(&world.admin, "deal", cheap(), &options).await.unwrap();
    let audit = Sql::select().columns(["action", "detail"]).from("audit").take();
    let rows = world.db.read().query_all(&audit).await.unwrap();
    let kept = rows.iter().filter(|row| row.try_get_by_index::<String>(0).unwrap() == "rule.overridden");
    let kept: Vec<Json> = kept.map(|row| row.try_get_by_index(1).unwrap()).collect();
    assert_eq!(kept, [json!({"rules": ["cheap"], "reason": "a gift"})]);
    // What looks at a field keeps it.
    let gone = world.records.set_field_removed(&world.admin, "deal", "x_kind", true).await.unwrap_err();
    assert_eq!(gone.code(), "config.in_use");
    world.records.remove_rule(&world.admin, placed.id).await.unwrap();
    world.write(cheap()).await.unwrap();
    let trying = Trying {
        text: "record.amount * 2".into(),
        result: Some(kernel::value::FieldType::Money),
        field: None,
        decimals: None,
    };
    let tried = world.records.try_expression(&world.admin, "deal", trying).await.unwrap();
    assert!(tried.iter().any(|one| one.value == json!(10)) && tried.iter().all(|one| one.problem.is_none()));
    world.recomputed().await;
}
