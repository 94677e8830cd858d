//! Events reach plugins in batches, and in order per record through failures and repeats.

use std::collections::{BTreeMap, BTreeSet};

use kernel::db::ConnectionTrait;
use kernel::event::{self, NewEvent};
use kernel::{Ctx, Locale, RecordId};
use plugin_host::dev::scene::Scene;
use plugin_host::{Grants, HostConfig};
use records::{Change, WriteOptions};
use sea_orm::Statement;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde_json::json;

use crate::support::{database, guest, package};

const PLUGIN: &str = "test.listener";

async fn scene() -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let mut scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    scene.user("other", &["admin"]).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &package(&guest("listener"))).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    (scene, folder)
}

/// Tells the guest something through its store.
async fn tell(scene: &Scene, key: &str, value: &str) {
    let insert = Query::insert()
        .into_table("plugin_kv")
        .columns(["tenant_id", "plugin", "key", "value", "revision"])
        .values_panic([
            scene.tenant.id.into(),
            PLUGIN.into(),
            key.into(),
            value.as_bytes().to_vec().into(),
            1_000_000_i64.into(),
        ])
        .to_owned();
    let tx = scene.db.begin().await.unwrap();
    tx.execute(&insert).await.unwrap();
    tx.commit().await.unwrap();
}

/// What a call brought.
#[derive(Debug)]
struct Call {
    good: bool,
    events: Vec<(RecordId, i64)>,
}

async fn calls(scene: &Scene) -> Vec<Call> {
    let select = Query::select()
        .columns(["key", "value"])
        .from("plugin_kv")
        .and_where(Expr::col("plugin").eq(PLUGIN))
        .and_where(Expr::col("key").like("call/%"))
        .order_by("key", Order::Asc)
        .take();
    let rows = scene.db.read().query_all(&select).await.unwrap();
    let call = |row: &kernel::db::QueryResult| {
        let (key, value): (String, Vec<u8>) = (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
        let text = String::from_utf8(value).unwrap();
        let event = |one: &str| {
            let (record, version) = one.split_once(':').unwrap();
            (record.parse().unwrap(), version.parse().unwrap())
        };
        Call { good: key.ends_with("/ok"), events: text.split(' ').map(event).collect() }
    };
    rows.iter().map(call).collect()
}

async fn count(scene: &Scene, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let statement = Statement::from_string(scene.db.backend(), sql);
    scene.db.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn create(scene: &Scene, ctx: &Ctx, title: &str) -> RecordId {
    let fields = json!({ "title": title }).as_object().unwrap().clone();
    let options = WriteOptions::default();
    scene.records.write_one(ctx, "lead", Change::Create { fields }, &options).await.unwrap().record.id
}

async fn update(scene: &Scene, ctx: &Ctx, id: RecordId, title: &str) {
    let fields = json!({ "title": title }).as_object().unwrap().clone();
    let change = Change::Update { id, version: None, fields };
    scene.records.write_one(ctx, "lead", change, &WriteOptions::default()).await.unwrap();
}

/// No event of a record was seen before all earlier ones of it were handled; gives how far each record has come.
fn in_order(calls: &[Call]) -> BTreeMap<RecordId, i64> {
    let mut handled: BTreeMap<RecordId, i64> = BTreeMap::new();
    for (number, call) in calls.iter().enumerate() {
        let mut here: BTreeMap<RecordId, i64> = BTreeMap::new();
        for (record, version) in &call.events {
            let before = here.get(record).or_else(|| handled.get(record)).copied().unwrap_or_default();
            assert!(*version <= before + 1, "call {number} brings {record}:{version} after {before}");
            here.insert(*record, *version);
        }
        if call.good {
            for (record, version) in here {
                let known = handled.entry(record).or_default();
                *known = Ord::max(version, *known);
            }
        }
    }
    handled
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_record_come_in_order_through_random_failures() {
    for seed in 1..=4 {
        let (scene, _folder) = scene().await;
        let mut dice = Dice(seed);
        // Seldom enough that no event fails eight times, which would give it up.
        let plan: String = (0..150).map(|_| if dice.below(6) == 0 { 'x' } else { '.' }).collect();
        tell(&scene, "plan", &plan).await;
        let people = [scene.ctx("admin").await.unwrap(), scene.ctx("other").await.unwrap()];
        let mut leads = Vec::new();
        let mut versions: BTreeMap<RecordId, i64> = BTreeMap::new();
        for step in 0..120 {
            let who = &people[usize::try_from(dice.below(2)).unwrap()];
            if leads.len() < 3 || (leads.len() < 12 && dice.below(4) == 0) {
                let id = create(&scene, who, &format!("{step}")).await;
                leads.push(id);
                versions.insert(id, 1);
            } else {
                let id = leads[usize::try_from(dice.below(u64::try_from(leads.len()).unwrap())).unwrap()];
                update(&scene, who, id, &format!("{step}")).await;
                *versions.get_mut(&id).unwrap() += 1;
            }
            if dice.below(4) == 0 {
                scene.drain().await.unwrap();
                scene.clock.advance_seconds(i64::try_from(dice.below(120)).unwrap());
            }
        }
        let admin = scene.ctx("admin").await.unwrap();
        for _ in 0..200 {
            scene.drain().await.unwrap();
            if count(&scene, "job").await == 0 {
                break;
            }
            scene.clock.advance_seconds(1_300);
            // A point that is stopped for good waits for somebody to look.
            scene.host.enable(&admin, PLUGIN, &Grants::Requested, None).await.unwrap();
        }
        let calls = calls(&scene).await;
        assert!(calls.iter().filter(|call| !call.good).count() > 5, "seed {seed}");
        assert_eq!(in_order(&calls), versions, "seed {seed}: every event of every record was handled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_always_fails_holds_back_its_own_events_alone() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let (bad, good) = (create(&scene, &admin, "bad").await, create(&scene, &admin, "good").await);
    tell(&scene, "bad", &bad.to_string()).await;
    scene.drain().await.unwrap();
    assert!(in_order(&calls(&scene).await).is_empty(), "both are in the batch that failed");
    update(&scene, &admin, bad, "worse").await;
    update(&scene, &admin, good, "better").await;
    scene.clock.advance_seconds(5);
    scene.drain().await.unwrap();
    scene.clock.advance_seconds(5);
    scene.drain().await.unwrap();
    let told = calls(&scene).await;
    assert_eq!(in_order(&told), BTreeMap::from([(good, 2)]), "the others go on");
    assert!(!told.iter().any(|call| call.events.contains(&(bad, 2))), "its later events wait for the first {told:?}");
    for _ in 0..30 {
        scene.clock.advance_seconds(3_700);
        scene.drain().await.unwrap();
    }
    let told = calls(&scene).await;
    assert!(told.iter().any(|call| call.events.contains(&(bad, 2))), "given up, it holds nobody back");
    let dead = kernel::jobs::dead(scene.db.read(), Some(scene.tenant.id)).await.unwrap();
    assert_eq!(dead.len(), 2);
    tell_again(&scene, "bad", "").await;
    let tx = scene.db.begin().await.unwrap();
    for letter in &dead {
        assert!(kernel::jobs::retry_dead(&tx, &scene.env, scene.tenant.id, letter.id).await.unwrap());
    }
    tx.commit().await.unwrap();
    scene.drain().await.unwrap();
    let seen: Vec<Call> = calls(&scene).await.into_iter().filter(|call| call.good).collect();
    assert_eq!(in_order(&seen), BTreeMap::from([(bad, 2), (good, 2)]), "dead letters go out in their old order");
}

async fn tell_again(scene: &Scene, key: &str, value: &str) {
    let delete = Query::delete().from_table("plugin_kv").and_where(Expr::col("key").eq(key)).to_owned();
    let tx = scene.db.begin().await.unwrap();
    tx.execute(&delete).await.unwrap();
    tx.commit().await.unwrap();
    tell(scene, key, value).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_events_come_two_hundred_at_a_time() {
    let (scene, _folder) = scene().await;
    for _ in 0..50 {
        // Every transaction has a cause of its own.
        let ctx = scene.ctx("admin").await.unwrap();
        let event = |_| NewEvent {
            kind: "lead.updated".into(),
            entity: "lead",
            record: ctx.id(),
            version: 1,
            changes: json!({ "title": ["a", "b"] }),
        };
        let tx = scene.db.begin().await.unwrap();
        event::append(&tx, &ctx, None, (0..200).map(event).collect()).await.unwrap();
        tx.commit().await.unwrap();
    }
    scene.settle().await.unwrap();
    while scene.host.dispatch().await.unwrap() > 0 {}
    let payloads = Statement::from_string(scene.db.backend(), "SELECT sum(length(CAST(payload AS TEXT))) FROM job");
    let row = scene.db.read().query_one_raw(payloads).await.unwrap().unwrap();
    let bytes: i64 = row.try_get_by_index(0).unwrap();
    let jobs = count(&scene, "job").await;
    assert!(jobs == 1 && bytes < 500, "{jobs} jobs of {bytes} bytes: references, not events");
    scene.drain().await.unwrap();
    let calls = calls(&scene).await;
    assert_eq!(calls.iter().map(|call| call.events.len()).collect::<Vec<_>>(), [200; 50]);
    let different: BTreeSet<_> = calls.iter().flat_map(|call| &call.events).collect();
    assert_eq!(different.len(), 10_000, "each once");
}
