//! Hostile guests: each stays within its budget, says what it did wrong, and the next call is answered.

use std::time::Duration;

use plugin_host::LogLevel;
use plugin_host::bench::Bare;
use plugin_host::engine::{Caps, EngineConfig, Fault, OverBudget};

use crate::support::{guest, package};

/// Says that a test is alone in its process.
const ALONE: &str = "VERSTAK_TEST_ALONE";

/// Judged by what calls use, not by how long they wait for a processor.
async fn bare() -> Bare {
    let caps = Caps { patience: 1_000, ..Caps::default() };
    Bare::new(&package(&guest("hostile")), &EngineConfig { caps, ..EngineConfig::default() }).await.unwrap()
}

async fn check(bare: &Bare, order: &str, expected: &str) {
    let outcome = bare.call(order).await;
    let fault = outcome.answer.expect_err(order);
    assert!(fault.to_string().contains(expected), "{order}: {fault}");
    assert!(outcome.usage.cpu < Duration::from_secs(2), "{order}: {:?}", outcome.usage);
    assert!(outcome.usage.memory <= 32 * 1024 * 1024, "{order}: {:?}", outcome.usage);
    assert!(bare.call("be good").await.answer.is_ok(), "the next call after {order}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_misbehaviour_is_stopped_and_named() {
    let bare = bare().await;
    check(&bare, "loop", "more than 50 ms of CPU time").await;
    check(&bare, "memory", "more than 32 MiB of memory").await;
    check(&bare, "recursion", "recursion without an end").await;
    check(&bare, "trap", "panic or abort").await;
    check(&bare, "fail", "failed: on purpose").await;
    check(&bare, "host calls", "more than 100 host calls").await;
    check(&bare, "huge patch", "KiB to the host at once").await;
    check(&bare, "huge log", "KiB to the host at once").await;
    check(&bare, "file", "failed: Err(").await;
    check(&bare, "environment", "failed: 0 variables").await;
    check(&bare, "socket", "failed: Err(").await;
    check(&bare, "other entity", "Denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_only_waits_is_ended_by_the_clock() {
    let bare = Bare::new(&package(&guest("hostile")), &EngineConfig::default()).await.unwrap();
    let outcome = bare.call("sleep").await;
    assert_eq!(outcome.answer.unwrap_err(), Fault::OverBudget(OverBudget::Wall(500)));
    let caps = Caps { patience: 3, ..Caps::default() };
    let config = EngineConfig { caps, ..EngineConfig::default() };
    let patient = Bare::new(&package(&guest("hostile")), &config).await.unwrap();
    assert_eq!(patient.call("sleep").await.answer.unwrap_err(), Fault::OverBudget(OverBudget::Wall(1_500)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_leaves_its_last_words_and_floods_are_cut() {
    let bare = bare().await;
    let lines = bare.call("trap").await.lines;
    assert!(lines.iter().any(|line| line.message.contains("on purpose")), "{lines:?}");
    for order in ["log", "print"] {
        let outcome = bare.call(order).await;
        let bytes: usize = outcome.lines.iter().map(|line| line.message.len()).sum();
        assert!(outcome.answer.is_ok() && outcome.lines.len() <= 201 && bytes < 100_000, "{order}: {bytes}");
    }
    let lines = bare.call("log").await.lines;
    assert!(lines.iter().any(|line| line.level == LogLevel::Warning && line.message.contains("thrown away")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_stops_nobody_else() {
    let bare = bare().await;
    let good = async {
        for _ in 0..20 {
            assert!(bare.call("be good").await.answer.is_ok());
        }
    };
    let bad = async {
        let fault = bare.call("loop").await.answer.unwrap_err();
        assert_eq!(fault, Fault::OverBudget(OverBudget::Cpu(50)));
    };
    tokio::join!(bad, good);
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_flat_after_ten_thousand_traps() {
    // The tests beside it take memory too: it is measured in a process of its own.
    if std::env::var_os(ALONE).is_none() {
        let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
        alone.args(["--exact", "contained::memory_is_flat_after_ten_thousand_traps"]).env(ALONE, "1");
        let output = alone.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let bare = bare().await;
    for _ in 0..500 {
        assert!(bare.call("trap").await.answer.is_err());
    }
    let before = resident();
    for _ in 0..10_000 {
        assert!(bare.call("trap").await.answer.is_err());
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 16 * 1024 * 1024, "{grown} bytes more");
    assert!(bare.call("be good").await.answer.is_ok());
}

/// Resident memory of this process, bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_a_pool_instances_are_made_one_by_one() {
    let caps = Caps { patience: 1_000, ..Caps::default() };
    let config = EngineConfig { slots: 1_000_000, caps, ..EngineConfig::default() };
    let bare = Bare::new(&package(&guest("hostile")), &config).await.unwrap();
    assert!(bare.call("be good").await.answer.is_ok());
    assert!(bare.call("memory").await.answer.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn compiled_code_is_kept_and_a_broken_file_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let config = EngineConfig { cache: Some(folder.path().join("code")), ..EngineConfig::default() };
    let package = package(&guest("hostile"));
    let files =
        || std::fs::read_dir(folder.path().join("code")).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    drop(Bare::new(&package, &config).await.unwrap());
    assert_eq!(files().len(), 1);
    std::fs::write(&files()[0], b"not code").unwrap();
    assert!(Bare::new(&package, &config).await.unwrap().call("be good").await.answer.is_ok());
    assert_eq!(files().len(), 1);
    assert!(std::fs::metadata(&files()[0]).unwrap().len() > 10_000);
}
