//! Guards fail closed and refuse nobody else: batches with bad rows, probes and signatures of callers that go away, and what
//! people read.

use std::time::Duration;

use kernel::db::ConnectionTrait;
use kernel::{Error, Locale, Value};
use messaging::notifications;
use plugin_host::dev::project;
use plugin_host::dev::scene::Scene;
use plugin_host::view::PluginState;
use plugin_host::{Grants, HostConfig, HttpCaller, HttpRequest, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use records::{Change, WriteOptions, Written};
use sea_orm::sea_query::{Expr, Query};
use serde_json::json;

use crate::support::{component, database, guest, package};

/// The hostile guest with its manifest changed.
pub fn hostile(edit: impl Fn(String) -> String) -> Vec<u8> {
    let mut files = project::gather(&guest("hostile"), &component(&guest("hostile"))).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    files.insert("plugin.toml".to_owned(), edit(manifest).into_bytes());
    plugin_host::package::write(&files, None).unwrap()
}

pub async fn scene(bytes: &[u8]) -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, bytes).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    (scene, folder)
}

fn lead(comments: &str) -> Change {
    Change::Create { fields: json!({ "title": "Lead", "comments": comments }).as_object().unwrap().clone() }
}

async fn write(scene: &Scene, comments: impl Iterator<Item = &str>) -> Vec<Result<Written, Error>> {
    let admin = scene.ctx("admin").await.unwrap();
    scene.records.write(&admin, "lead", comments.map(lead).collect(), &WriteOptions::default()).await.unwrap()
}

async fn state(scene: &Scene) -> PluginState {
    scene.host.list(&scene.ctx("admin").await.unwrap()).await.unwrap()[0].state
}

async fn calls(scene: &Scene) -> i64 {
    let admin = scene.ctx("admin").await.unwrap();
    let costs = scene.host.cost(&admin, "test.hostile").await.unwrap();
    costs.iter().filter(|cost| cost.point == "hook:nasty").map(|cost| cost.calls).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_row_refuses_itself_alone() {
    let (scene, _folder) = scene(&package(&guest("hostile"))).await;
    let rows = (0..200).map(|row| if row == 77 { "trap" } else { "patch comments" });
    let written = write(&scene, rows).await;
    let refused: Vec<usize> = written.iter().enumerate().filter(|(_, one)| one.is_err()).map(|(row, _)| row).collect();
    assert_eq!(refused, [77]);
    let patched = written.iter().flatten().all(|one| one.record.fields["comments"] == Value::Text("patched".into()));
    assert!(patched, "every other row has the verdict of its own");
    assert_eq!(state(&scene).await, PluginState::Enabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_bad_rows_ends_when_the_breaker_opens() {
    let (scene, _folder) = scene(&package(&guest("hostile"))).await;
    let written = write(&scene, std::iter::repeat_n("trap", 200)).await;
    assert!(written.iter().all(|one| one.as_ref().is_err_and(|error| error.code() == "hook.failed")));
    assert_eq!(state(&scene).await, PluginState::Failing);
    let calls = calls(&scene).await;
    assert!(calls <= 20, "{calls} calls");
    assert!(write(&scene, std::iter::once("be good")).await[0].is_err(), "the guard stays closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_skipping_hook_fails_at_passes_and_the_others_keep_their_verdicts() {
    let (scene, _folder) =
        scene(&hostile(|m| m.replace("id = \"nasty\"\nentity", "id = \"nasty\"\non_failure = \"skip\"\nentity"))).await;
    let written = write(&scene, ["patch comments", "trap", "patch comments"].into_iter()).await;
    let comments: Vec<_> = written.iter().map(|one| one.as_ref().unwrap().record.fields["comments"].clone()).collect();
    assert_eq!(comments, ["patched", "trap", "patched"].map(|words| Value::Text(words.into())));
}

/// Any salesperson can send heavy rows: they must not be able to shut a guard by it.
#[tokio::test(flavor = "multi_thread")]
async fn batches_that_are_too_heavy_as_a_whole_shut_no_guard() {
    let (scene, _folder) = scene(&package(&guest("hostile"))).await;
    for _ in 0..6 {
        let written = write(&scene, std::iter::repeat_n("burn", 60)).await;
        assert!(written.iter().all(Result::is_ok), "{:?}", written.iter().find(|one| one.is_err()));
    }
    assert!(calls(&scene).await > 12, "the whole was too heavy");
    assert_eq!(state(&scene).await, PluginState::Enabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_asks_for_every_row_of_a_batch_counts_once() {
    let (scene, _folder) = scene(&package(&guest("hostile"))).await;
    let written = write(&scene, std::iter::repeat_n("ask", 200)).await;
    assert!(written.iter().all(Result::is_ok), "{:?}", written[0]);
    assert_eq!(calls(&scene).await, 1);
    let admin = scene.ctx("admin").await.unwrap();
    let cost = scene.host.cost(&admin, "test.hostile").await.unwrap();
    assert!(cost[0].host_calls <= 3, "settings, time and log: {}", cost[0].host_calls);
}

/// Until its breaker has opened three times.
async fn fail_again_and_again(scene: &Scene) {
    for pause in [0, 0, 0, 0, 0, 31, 61] {
        scene.clock.advance_seconds(pause);
        assert!(write(scene, std::iter::once("trap")).await[0].is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_are_told_once_an_hour_of_a_point_that_is_stopped() {
    let (scene, _folder) = scene(&package(&guest("hostile"))).await;
    let admin = scene.ctx("admin").await.unwrap();
    for (after, told) in [(0, 1), (60, 1), (3_600, 2)] {
        scene.clock.advance_seconds(after);
        scene.host.enable(&admin, "test.hostile", &Grants::Requested, None).await.unwrap();
        fail_again_and_again(&scene).await;
        let page = notifications::list(&scene.db, &admin, &Default::default()).await.unwrap();
        assert_eq!(page.items.len(), told, "{:?}", page.items);
        let text = &page.items[0].text;
        assert!(text.contains("“Hostile”") && text.contains("hook:nasty"), "{text}");
        assert!(write(&scene, std::iter::once("be good")).await[0].is_err(), "the guard stays closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_leaves_its_probe_to_the_next_one() {
    let (scene, _folder) = scene(&package(&guest("hostile"))).await;
    for _ in 0..5 {
        assert!(write(&scene, std::iter::once("trap")).await[0].is_err());
    }
    scene.clock.advance_seconds(31);
    let gone = tokio::time::timeout(Duration::from_millis(50), write(&scene, std::iter::once("sleep"))).await;
    assert!(gone.is_err(), "it went away while the probe was under way");
    assert!(write(&scene, std::iter::once("be good")).await[0].is_ok());
    assert_eq!(state(&scene).await, PluginState::Enabled);
}

fn signed(scene: &Scene, secret: &str, order: &str) -> HttpRequest {
    let at = (scene.env.now().micros() / 1_000_000).to_string();
    let signature = sign(secret, &at, order.as_bytes());
    HttpRequest {
        method: "POST".into(),
        path: "/nasty".into(),
        body: order.into(),
        headers: vec![(SIGNATURE_HEADER.into(), signature), (TIMESTAMP_HEADER.into(), at)],
        query: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_spent_by_an_answer_alone() {
    let (scene, _folder) = scene(&hostile(|m| m.replace("auth = \"none\"", "auth = \"hmac\""))).await;
    let admin = scene.ctx("admin").await.unwrap();
    let secret = scene.host.get(&admin, "test.hostile").await.unwrap().secret.unwrap();
    let public = HttpCaller::Public(scene.tenant.id);
    let call = async |order: &str| scene.host.http(public, "test.hostile", signed(&scene, &secret, order)).await;
    for _ in 0..2 {
        assert!(matches!(call("trap").await.unwrap_err(), Error::Unavailable(_)), "the same may be sent again");
    }
    let gone = tokio::time::timeout(Duration::from_millis(100), call("sleep")).await;
    assert!(gone.is_err(), "it went away");
    let spent = async || {
        let select = Query::select().expr(Expr::col("signature")).from("plugin_seen").take();
        scene.db.read().query_all(&select).await.unwrap().len()
    };
    let given_back = async {
        while spent().await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), given_back).await.expect("given back");
    assert_eq!(call("be good").await.unwrap().status, 200);
    assert!(matches!(call("be good").await.unwrap_err(), Error::Unauthenticated), "a replay");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_which_plugin_failed_and_why_in_their_language() {
    let (scene, _folder) =
        scene(&hostile(|m| m.replace("title.en = \"Hostile\"", "title = { en = \"Hostile\", ru = \"Враг\" }"))).await;
    let mut admin = scene.ctx("admin").await.unwrap();
    admin.locale = Locale::Ru;
    let request =
        || HttpRequest { method: "POST".into(), path: "/nasty".into(), body: "trap".into(), ..Default::default() };
    let error = scene.host.http(HttpCaller::User(&admin), "test.hostile", request()).await.unwrap_err();
    assert_eq!(error.code(), "plugin.failed");
    assert_eq!(error.message().in_locale(Locale::Ru), "Модуль «Враг» дал сбой: он аварийно завершился");
    let stranger = scene.host.http(HttpCaller::Public(scene.tenant.id), "test.hostile", request()).await.unwrap_err();
    assert!(!stranger.message().in_locale(Locale::En).contains("Hostile"), "{stranger:?}");
    let refused = scene.records.write_one(&admin, "lead", lead("loop"), &WriteOptions::default()).await.unwrap_err();
    let words = refused.message().in_locale(Locale::Ru);
    assert!(words.contains("«Враг»") && words.contains("больше 50 мс процессорного времени"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_a_log_stay_in_the_order_in_which_they_were_written() {
    let (scene, _folder) = scene(&package(&guest("hostile"))).await;
    assert!(write(&scene, std::iter::once("log")).await[0].is_ok());
    let admin = scene.ctx("admin").await.unwrap();
    let mut lines = scene.host.logs(&admin, "test.hostile", None, None).await.unwrap();
    lines.reverse();
    let numbers: Vec<usize> = lines.iter().filter_map(|line| line.message.split(' ').next()?.parse().ok()).collect();
    let sorted = numbers.is_sorted();
    assert!(sorted && numbers.len() > 5, "{numbers:?}");
}
