//! Jobs: schedules, enqueued runs, cursors, failures, cancelling, and jobs of bad manners.

use std::time::Duration;

use kernel::{Ctx, Locale};
use plugin_host::dev::scene::Scene;
use plugin_host::view::{RunQuery, RunState, RunView};
use plugin_host::{Grants, HostConfig};
use process::runtime::{Service, ServiceCall};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{database, guest, package};

const PLUGIN: &str = "test.jobs";
const DAY: i64 = 86_400;

async fn scene() -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    scene.begin();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &package(&guest("jobs"))).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    (scene, folder)
}

async fn admin(scene: &Scene) -> Ctx {
    scene.ctx("admin").await.unwrap()
}

/// What the plugin says to enqueueing a job.
async fn enqueue(scene: &Scene, input: Value) -> String {
    let call = ServiceCall {
        instance: kernel::InstanceId(Uuid::nil()),
        wait: 7,
        element: "step".to_owned(),
        kind: format!("plugin:{PLUGIN}/enqueue"),
        parameters: input.as_object().unwrap().clone(),
        subject: None,
        cause: None,
        batch: None,
    };
    let answer = Service::call(&scene.host, &scene.system(), &call).await.unwrap();
    answer["said"].as_str().unwrap().to_owned()
}

async fn runs(scene: &Scene, job: &str) -> Vec<RunView> {
    let query = RunQuery { job: Some(job.to_owned()), ..RunQuery::default() };
    scene.host.job_runs(&admin(scene).await, PLUGIN, &query).await.unwrap().0
}

async fn run(scene: &Scene, id: &str) -> RunView {
    let id: Uuid = id.parse().unwrap_or_else(|_| panic!("{id}"));
    let all = scene.host.job_runs(&admin(scene).await, PLUGIN, &RunQuery::default()).await.unwrap().0;
    all.into_iter().find(|run| run.id == id).unwrap()
}

/// Titles of all leads, in order.
async fn leads(scene: &Scene) -> Vec<String> {
    let query = records::read::Query { limit: Some(200), ..Default::default() };
    let page = scene.records.query(&admin(scene).await, "lead", &query).await.unwrap().items;
    let title = |lead: records::Record| lead.fields["title"].to_json().as_str().unwrap().to_owned();
    let mut titles: Vec<String> = page.into_iter().map(title).collect();
    titles.sort();
    titles
}

async fn next_of(scene: &Scene, job: &str) -> String {
    let jobs = scene.host.jobs(&admin(scene).await, PLUGIN).await.unwrap();
    jobs.iter().find(|one| one.id == job).unwrap().next_at.unwrap().to_string()
}

/// Lets time pass in steps that retries fit into.
async fn pass(scene: &Scene, times: usize, seconds: i64) {
    for _ in 0..times {
        scene.clock.advance_seconds(seconds);
        scene.drain().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_begins_a_job_in_the_company_s_time_while_the_plugin_is_enabled() {
    let (scene, _folder) = scene().await;
    let patch = people::tenant::TenantPatch { time_zone: Some("Asia/Kolkata".to_owned()), ..Default::default() };
    scene.drain().await.unwrap();
    assert_eq!(next_of(&scene, "hourly").await, "2026-01-12T10:00:00Z");
    people::tenant::update(&scene.db, &scene.system(), &patch).await.unwrap();
    pass(&scene, 1, 61).await;
    // Hours of India begin at half past those of London.
    assert_eq!(next_of(&scene, "hourly").await, "2026-01-12T09:30:00Z");
    pass(&scene, 1, 1_800).await;
    let made = runs(&scene, "hourly").await;
    assert_eq!((made.len(), made[0].state), (1, RunState::Done));
    assert_eq!(made[0].planned_at.to_string(), "2026-01-12T09:30:00Z");
    // A time missed while nothing ran is made up for once.
    pass(&scene, 1, 3 * 3_600).await;
    assert_eq!(runs(&scene, "hourly").await.len(), 2);
    let admin = admin(&scene).await;
    scene.host.disable(&admin, PLUGIN).await.unwrap();
    pass(&scene, 1, DAY).await;
    assert_eq!(runs(&scene, "hourly").await.len(), 2);
    scene.host.enable(&admin, PLUGIN, &Grants::Requested, None).await.unwrap();
    scene.drain().await.unwrap();
    assert_eq!(runs(&scene, "hourly").await.len(), 2, "what was missed while disabled is not made up for");
    pass(&scene, 1, 3_600).await;
    assert_eq!(runs(&scene, "hourly").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_nodes_never_run_a_tick_twice() {
    let (scene, _folder) = scene().await;
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(
            plugin_host::PluginHost::new(&scene.records, &scene.tasks, &scene.processes, HostConfig::default())
                .unwrap(),
        );
    }
    for hour in 1..=5 {
        scene.clock.advance_seconds(3_600);
        scene.settle().await.unwrap();
        let ticks = nodes.iter().map(|node| {
            let node = node.clone();
            tokio::spawn(async move { node.dispatch().await })
        });
        for tick in futures::future::join_all(ticks).await {
            // Two that meet on PostgreSQL: one tries again at its next beat.
            drop(tick.unwrap());
        }
        scene.drain().await.unwrap();
        assert_eq!(leads(&scene).await.len(), hour);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jitter_puts_runs_off_and_an_overlapping_tick_waits_or_is_left_out() {
    let (scene, _folder) = scene().await;
    let next = next_of(&scene, "queued").await;
    assert!(("2026-01-12T10:00:00Z"..="2026-01-12T10:10:00Z").contains(&next.as_str()), "{next}");
    // An administrator's run that fails holds its place until it is given up.
    let admin = admin(&scene).await;
    scene.host.run_job(&admin, PLUGIN, "hourly").await.unwrap();
    scene.drain().await.unwrap();
    assert_eq!(runs(&scene, "hourly").await[0].state, RunState::Done);
    scene.clock.advance_seconds(3_600);
    scene.host.dispatch().await.unwrap();
    scene.clock.advance_seconds(3_600);
    scene.host.dispatch().await.unwrap();
    let waiting = |runs: &[RunView]| runs.iter().filter(|run| run.state == RunState::Waiting).count();
    assert_eq!(waiting(&runs(&scene, "hourly").await), 1, "the second tick is left out");
    assert_eq!(waiting(&runs(&scene, "queued").await), 2, "the second tick waits");
    pass(&scene, 1, 600).await;
    assert!(runs(&scene, "queued").await.iter().all(|run| run.state == RunState::Done));
    scene.host.flush().await.unwrap();
    let lines = scene.host.logs(&admin, PLUGIN, None, None).await.unwrap();
    assert!(lines.iter().any(|line| line.message.contains("left out the run of 2026-01-12T11:00:00Z")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn enqueued_runs_wait_for_their_time_and_a_key_makes_them_one() {
    let (scene, _folder) = scene().await;
    let at = scene.env.now().plus_seconds(3_600).micros();
    let order = |key: &str| json!({"order": "lead", "key": key, "at": at});
    let first = enqueue(&scene, order("a")).await;
    assert_eq!(enqueue(&scene, order("a")).await, first);
    let other = enqueue(&scene, order("b")).await;
    assert_ne!(other, first);
    scene.drain().await.unwrap();
    assert_eq!(leads(&scene).await.len(), 0);
    // Disabled, it waits; enabled again, it goes on.
    let admin = admin(&scene).await;
    scene.host.disable(&admin, PLUGIN).await.unwrap();
    pass(&scene, 1, 3_600).await;
    assert_eq!((leads(&scene).await.len(), run(&scene, &first).await.state), (0, RunState::Waiting));
    scene.host.enable(&admin, PLUGIN, &Grants::Requested, None).await.unwrap();
    scene.drain().await.unwrap();
    assert_eq!(leads(&scene).await, ["by a job", "by a job"]);
    assert_ne!(enqueue(&scene, order("a")).await, first, "the run that began is another one");
    scene.drain().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_that_enqueue_under_one_key_have_one_run() {
    let (scene, _folder) = scene().await;
    let at = scene.env.now().plus_seconds(3_600).micros();
    let scene = std::sync::Arc::new(scene);
    let all = (0..20).map(|_| {
        let scene = std::sync::Arc::clone(&scene);
        tokio::spawn(async move { enqueue(&scene, json!({"order": "lead", "key": "one", "at": at})).await })
    });
    let ids: std::collections::BTreeSet<String> =
        futures::future::join_all(all).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    pass(&scene, 1, 3_600).await;
    assert_eq!(leads(&scene).await[0], "by a job");
    assert_eq!(runs(&scene, "work").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_from_its_cursor() {
    let (scene, _folder) = scene().await;
    let counted = enqueue(&scene, json!({"order": "count"})).await;
    scene.drain().await.unwrap();
    let done = run(&scene, &counted).await;
    assert_eq!((done.state, done.steps, done.progress), (RunState::Done, 6, Some(1.0)), "{done:?}");
    assert_eq!(done.message.as_deref(), Some("5 of 5"));
    assert_eq!(leads(&scene).await, ["step 0", "step 1", "step 2", "step 3", "step 4"]);
    let failing = enqueue(&scene, json!({"order": "fail at two"})).await;
    scene.drain().await.unwrap();
    let waits = run(&scene, &failing).await;
    assert_eq!((waits.state, waits.steps, waits.failures), (RunState::Waiting, 2, 1));
    assert!(waits.last_error.as_deref().unwrap().contains("not yet"), "{waits:?}");
    assert!(waits.progress.is_some_and(|progress| (progress - 0.6667).abs() < 0.001), "{waits:?}");
    pass(&scene, 2, 30).await;
    let done = run(&scene, &failing).await;
    assert_eq!((done.state, done.last_error), (RunState::Done, None));
    let twice = ["step 0", "step 0", "step 1", "step 1", "step 2", "step 2", "step 3", "step 4"];
    assert_eq!(leads(&scene).await, twice, "nothing is done again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_then_given_up_and_begun_again_by_an_administrator() {
    let (scene, _folder) = scene().await;
    let failing = enqueue(&scene, json!({"order": "fail"})).await;
    scene.drain().await.unwrap();
    for (pause, failures) in [(5, 2), (20, 3), (80, 4), (320, 5)] {
        pass(&scene, 1, pause - 1).await;
        assert_eq!(run(&scene, &failing).await.failures, failures - 1, "too early");
        pass(&scene, 1, 1).await;
        assert_eq!(run(&scene, &failing).await.failures, failures);
    }
    let failed = run(&scene, &failing).await;
    assert_eq!(failed.state, RunState::Failed);
    assert!(failed.last_error.unwrap().contains("on purpose"));
    pass(&scene, 1, DAY).await;
    assert_eq!(run(&scene, &failing).await.failures, 5);
    let admin = admin(&scene).await;
    let id = failed.id;
    scene.host.run_again(&admin, PLUGIN, id).await.unwrap();
    scene.drain().await.unwrap();
    assert_eq!((run(&scene, &failing).await.state, run(&scene, &failing).await.failures), (RunState::Waiting, 1));
    scene.host.cancel_run(&admin, PLUGIN, id).await.unwrap();
    pass(&scene, 1, DAY).await;
    assert_eq!(run(&scene, &failing).await.state, RunState::Cancelled);
    let never = enqueue(&scene, json!({"order": "never"})).await;
    scene.drain().await.unwrap();
    let never = run(&scene, &never).await;
    assert_eq!((never.state, never.last_error.as_deref()), (RunState::Failed, Some("not this")));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_manners_are_contained_and_named() {
    let (scene, _folder) = scene().await;
    for (order, expected) in [
        ("loop", "10000 ms"),
        ("memory", "128 MiB"),
        ("trap", "crashed"),
        ("same cursor", "it would never end"),
        ("progress", "not from 0 to 1"),
        ("large cursor", "16 KiB"),
    ] {
        let id = enqueue(&scene, json!({ "order": order })).await;
        scene.drain().await.unwrap();
        let run = run(&scene, &id).await;
        let error = run.last_error.clone().unwrap_or_default();
        assert_eq!(run.state, RunState::Waiting, "{order}: {run:?}");
        assert!(error.contains(expected), "{order}: {error}");
        scene.host.cancel_run(&admin(&scene).await, PLUGIN, run.id).await.unwrap();
        let good = enqueue(&scene, json!({"order": "count"})).await;
        scene.drain().await.unwrap();
        assert_eq!(self::run(&scene, &good).await.state, RunState::Done, "after {order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_wishes_are_refused_with_words() {
    let (scene, _folder) = scene().await;
    let check = async |input: Value, expected: &str| {
        let said = enqueue(&scene, input.clone()).await;
        assert!(said.contains(expected), "{input}: {said}");
    };
    check(json!({"job": "wrok"}), "declares no job `wrok`; did you mean `work`?").await;
    check(json!({"order": "large input"}), "more than 64 KiB").await;
    check(json!({"order": "no object"}), "not a JSON object").await;
    check(json!({"order": "too far"}), "more than 400 days ahead").await;
    check(json!({"order": "long key"}), "1 to 200 bytes").await;
    check(json!({"order": "lead", "key": ""}), "1 to 200 bytes").await;
    check(json!({"order": "batch"}), "more than 200 jobs at once").await;
    assert_eq!(leads(&scene).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_runs_that_are_not_over_and_no_more() {
    let (scene, _folder) = scene().await;
    let at = scene.env.now().plus_seconds(DAY).micros();
    enqueue(&scene, json!({"order": "lead", "at": at})).await;
    let postgres = scene.db.backend() == sea_orm::DbBackend::Postgres;
    let id = if postgres { "gen_random_uuid()" } else { "randomblob(16)" };
    let same = "tenant_id, plugin, job, origin, state, serial, input, actor, cause, planned_at, run_at, steps, failures, \
                revision, ticket, created_at";
    let fill = format!(
        "INSERT INTO plugin_job (id, {same}) SELECT {id}, {same} FROM plugin_job CROSS JOIN (WITH RECURSIVE n(i) AS \
         (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) SELECT i FROM n) AS numbers"
    );
    kernel::db::ConnectionTrait::execute_unprepared(scene.db.for_migrations(), &fill).await.unwrap();
    let said = enqueue(&scene, json!({"order": "lead", "at": at})).await;
    assert!(said.contains("limit: 10000 runs of this plugin are not over"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_enqueues_itself_is_stopped() {
    let (scene, _folder) = scene().await;
    enqueue(&scene, json!({"order": "again"})).await;
    scene.drain().await.unwrap();
    let all = runs(&scene, "work").await;
    assert_eq!(all.len(), 3, "{all:?}");
    let last = all.iter().find(|run| run.state != RunState::Done).unwrap();
    assert!(last.last_error.as_deref().unwrap().contains("in a loop"), "{last:?}");
    assert_eq!(leads(&scene).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_under_way_is_cancelled_and_one_without_an_end_gives_way() {
    let (scene, _folder) = scene().await;
    let scene = std::sync::Arc::new(scene);
    for order in ["sleep", "count for ever"] {
        let id = enqueue(&scene, json!({ "order": order })).await;
        let working = {
            let scene = std::sync::Arc::clone(&scene);
            tokio::spawn(async move { scene.drain().await })
        };
        let begun = async {
            while run(&scene, &id).await.state != RunState::Running {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), begun).await.unwrap();
        let admin = admin(&scene).await;
        let uuid: Uuid = id.parse().unwrap();
        assert!(scene.host.run_again(&admin, PLUGIN, uuid).await.unwrap_err().code() == "plugin.job_running");
        scene.host.cancel_run(&admin, PLUGIN, uuid).await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), working).await.expect(order).unwrap().unwrap();
        assert_eq!(run(&scene, &id).await.state, RunState::Cancelled);
        assert_eq!(scene.host.cancel_run(&admin, PLUGIN, uuid).await.unwrap_err().code(), "plugin.job_over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_in_somebody_s_name_has_their_present_rights() {
    let (scene, _folder) = scene().await;
    // The process that enqueued it acts for nobody, and nobody may make leads.
    let id = enqueue(&scene, json!({"job": "theirs", "order": "lead"})).await;
    scene.drain().await.unwrap();
    let refused = run(&scene, &id).await;
    assert_eq!(refused.state, RunState::Failed, "{refused:?}");
    assert!(refused.last_error.unwrap().contains("denied"));
    let own = enqueue(&scene, json!({"order": "lead"})).await;
    scene.drain().await.unwrap();
    assert_eq!(run(&scene, &own).await.state, RunState::Done);
    let queue = scene.host.run_job(&admin(&scene).await, PLUGIN, "no-such").await.unwrap_err();
    assert_eq!(queue.code(), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_made_due_while_it_begins_is_done_all_the_same() {
    let (scene, _folder) = scene().await;
    let admin = admin(&scene).await;
    for _ in 0..20 {
        let press = || scene.host.run_job(&admin, PLUGIN, "hourly");
        let pressed = futures::future::join_all((0..8).map(|_| press()));
        let (pressed, drained) = tokio::join!(pressed, scene.drain());
        drained.unwrap();
        assert!(pressed.iter().any(Result::is_ok), "{pressed:?}");
        // What waits for its turn has one within a moment.
        for _ in 0..3 {
            scene.clock.advance_seconds(2);
            scene.drain().await.unwrap();
        }
        let open: Vec<RunView> = runs(&scene, "hourly")
            .await
            .into_iter()
            .filter(|run| matches!(run.state, RunState::Waiting | RunState::Running))
            .collect();
        assert!(open.iter().all(|run| run.run_at > scene.env.now()), "{open:?}");
    }
}
