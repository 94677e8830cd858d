//! kill -9 while processes run, many times: every acknowledged step stands, none is done twice.
//!
//! `VERSTAK_KILLS` says how many times; 12 by default.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kernel::Db;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::caller::{Caller, client, deploy, dice, kills, left_behind, number, rows};
use super::server::{Server, company};
use crate::app::Database;

const KILLS: usize = 12;
const CLIENTS: usize = 6;
/// What every instance leaves behind it, in order.
const WAY: &str = "start ask sum make pause end";

/// A task, a script, a record, a time.
const PROCESS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" targetNamespace="t">
<process id="order" isExecutable="true">
  <startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="ask"/>
  <userTask id="ask" name="Ask" v:executors="owner"/><sequenceFlow id="f2" sourceRef="ask" targetRef="sum"/>
  <scriptTask id="sum" v:resultVariable="sum"><script>vars.n + 1</script></scriptTask><sequenceFlow id="f3" sourceRef="sum" targetRef="make"/>
  <serviceTask id="make" v:service="create-record" v:resultVariable="lead"><extensionElements>
    <v:param name="entity">lead</v:param><v:param name="title">=vars.name</v:param><v:param name="amount">=vars.sum</v:param>
  </extensionElements></serviceTask><sequenceFlow id="f4" sourceRef="make" targetRef="pause"/>
  <intermediateCatchEvent id="pause"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition></intermediateCatchEvent>
  <sequenceFlow id="f5" sourceRef="pause" targetRef="end"/><endEvent id="end"/>
</process></definitions>"#;

/// What a client was told is done.
#[derive(Default)]
struct Told {
    /// Name -> instance.
    started: BTreeMap<String, Uuid>,
    /// Instances whose task was completed.
    completed: BTreeSet<Uuid>,
}

impl Caller<'_> {
    /// Starts instances and completes most of their tasks until the server is gone.
    async fn work(&self, name: &str, told: &mut Told, acts: &AtomicUsize) -> Option<()> {
        for n in 0_i64.. {
            let name = format!("{name}-{n}");
            let body = json!({"definition": "order", "variables": {"name": name, "n": n}});
            let started = self.done(Method::POST, "/process-instances", Some(body), 201).await?;
            let id: Uuid = started["id"].as_str().unwrap().parse().unwrap();
            told.started.insert(name, id);
            acts.fetch_add(1, Ordering::SeqCst);
            if n % 4 == 3 {
                continue;
            }
            let open = self.done(Method::GET, &format!("/tasks?state=open&instance={id}"), None, 200).await?;
            let task = open["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{id} has no task: {open}")).to_owned();
            let variables = json!({"variables": {"by": n}});
            self.done(Method::POST, &format!("/tasks/{task}/complete"), Some(variables), 200).await?;
            told.completed.insert(id);
            acts.fetch_add(1, Ordering::SeqCst);
        }
        None
    }

    /// Completes what is left and lets all times come.
    async fn finish(&self) -> Option<()> {
        loop {
            let open = self.done(Method::GET, "/tasks?state=open&limit=200", None, 200).await?;
            let items = open["items"].as_array().unwrap();
            for task in items {
                let path = format!("/tasks/{}/complete", task["id"].as_str().unwrap());
                self.done(Method::POST, &path, Some(json!({})), 200).await?;
            }
            if items.is_empty() {
                break;
            }
        }
        // Jobs of dead servers are locked for two minutes.
        for _ in 0..4 {
            self.done(Method::POST, "/test/clock", Some(json!({"advance_seconds": 150})), 200).await?;
        }
        Some(())
    }
}

#[tokio::test]
async fn no_step_of_a_process_is_lost_or_doubled_by_kill_9() {
    let kills = kills(KILLS);
    let database = Database::bare().await;
    let token = company(&database);
    let client = client();
    deploy(&database, &token, PROCESS).await;
    let begun = Instant::now();
    let mut told = Told::default();
    for round in 0..kills {
        let server = Server::start(&database);
        let url = server.url.clone();
        let caller = Caller { client: client.clone(), url: &url, token: &token };
        let acts = AtomicUsize::new(0);
        let clients = futures::future::join_all((0..CLIENTS).map(|n| {
            let (caller, acts) = (&caller, &acts);
            async move {
                let mut told = Told::default();
                caller.work(&format!("{round}-{n}"), &mut told, acts).await;
                told
            }
        }));
        let killer = async {
            // Some die soon after their start, with the work of those before them in hand; some in the middle of theirs.
            tokio::time::sleep(Duration::from_millis(dice(round, 250))).await;
            let enough = usize::try_from(dice(round + 1_000_000, 60)).unwrap();
            while acts.load(Ordering::SeqCst) < enough {
                tokio::task::yield_now().await;
            }
            server.kill();
        };
        let (all, ()) = futures::join!(clients, killer);
        for one in all {
            told.started.extend(one.started);
            told.completed.extend(one.completed);
        }
    }
    assert!(told.started.len() > kills && told.completed.len() > kills / 2, "too little was done to say anything");

    let server = Server::start_with(&database, &["--test-clock"]);
    let caller = Caller { client: client.clone(), url: &server.url, token: &token };
    caller.finish().await.expect("the last server is alive");
    server.kill();
    let db = left_behind(&database).await;
    check(&db, &told).await;
    println!(
        "{kills} kills in {:?}: {} instances acknowledged, {} in all, {} completions acknowledged",
        begun.elapsed(),
        told.started.len(),
        number(&db, "SELECT count(*) FROM process_instance").await,
        told.completed.len()
    );
    db.close().await.unwrap();
}

/// Everything that was acknowledged, and for every instance all of it exactly once.
async fn check(db: &Db, told: &Told) {
    let mut names = BTreeMap::new();
    for row in rows(db, "SELECT id, status, state, revision FROM process_instance").await {
        let id: Uuid = row.try_get_by_index(0).unwrap();
        let state: Value = serde_json::from_str(&row.try_get_by_index::<String>(2).unwrap()).unwrap();
        let variables = &state["scopes"]["0"]["variables"];
        assert_eq!(row.try_get_by_index::<String>(1).unwrap(), "completed", "{id}: {state:#}");
        assert_eq!(variables["sum"].as_i64(), variables["n"].as_i64().map(|n| n + 1), "{id}: {variables}");
        let name = variables["name"].as_str().unwrap().to_owned();
        let lead: Uuid = variables["lead"]["id"].as_str().unwrap().parse().unwrap();
        let revision: i64 = row.try_get_by_index(3).unwrap();
        assert!(names.insert(name.clone(), (id, lead, revision)).is_none(), "{name} was started twice");
    }
    for (name, id) in &told.started {
        let found = names.get(name).unwrap_or_else(|| panic!("{name} was acknowledged and is lost"));
        assert_eq!(found.0, *id, "{name}");
    }

    // The journal: every element once, in order; the steps without a gap.
    let mut ways: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    let visits =
        "SELECT instance_id, element FROM process_visit WHERE outcome = 'completed' ORDER BY instance_id, number";
    for row in rows(db, visits).await {
        ways.entry(row.try_get_by_index(0).unwrap()).or_default().push(row.try_get_by_index(1).unwrap());
    }
    let mut steps: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
    for row in rows(db, "SELECT instance_id, revision FROM process_step ORDER BY instance_id, revision").await {
        steps.entry(row.try_get_by_index(0).unwrap()).or_default().push(row.try_get_by_index(1).unwrap());
    }
    let mut leads: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for row in rows(db, "SELECT title, id FROM lead").await {
        leads.entry(row.try_get_by_index(0).unwrap()).or_default().push(row.try_get_by_index(1).unwrap());
    }
    assert_eq!((ways.len(), leads.len()), (names.len(), names.len()));
    for (name, (id, lead, revision)) in &names {
        assert_eq!(ways[id].join(" "), WAY, "{name}");
        assert_eq!(steps[id], (1..=*revision).collect::<Vec<_>>(), "{name}");
        // Start, the task, the record, the time: four steps and no more.
        assert_eq!(*revision, 4, "{name}");
        assert_eq!(leads[name], [*lead], "{name}");
    }

    // Tasks: one for each, completed once; those that were acknowledged by whoever said so.
    let mut tasks: BTreeMap<Uuid, String> = BTreeMap::new();
    for row in rows(db, "SELECT instance_id, state FROM task").await {
        let id = row.try_get_by_index(0).unwrap();
        assert!(tasks.insert(id, row.try_get_by_index(1).unwrap()).is_none(), "{id} has two tasks");
    }
    assert_eq!(tasks.len(), names.len());
    assert!(tasks.values().all(|state| state == "completed"));
    assert!(told.completed.iter().all(|id| tasks.contains_key(id)));
    let said = "SELECT count(*) FROM (SELECT record_id FROM event_log WHERE kind = '{}' GROUP BY record_id HAVING count(*) <> 1) AS wrong";
    for (kind, count) in [
        ("task.created", names.len()),
        ("task.completed", names.len()),
        ("process_instance.started", names.len()),
        ("process_instance.completed", names.len()),
        ("lead.created", names.len()),
    ] {
        assert_eq!(number(db, &said.replace("{}", kind)).await, 0, "{kind}");
        let all = format!("SELECT count(*) FROM event_log WHERE kind = '{kind}'");
        assert_eq!(usize::try_from(number(db, &all).await).unwrap(), count, "{kind}");
    }
    // Nothing is left over.
    assert_eq!(number(db, "SELECT count(*) FROM process_wait").await, 0);
    assert_eq!(number(db, "SELECT count(*) FROM job WHERE kind LIKE 'process.%' AND state = 'dead'").await, 0);
}
