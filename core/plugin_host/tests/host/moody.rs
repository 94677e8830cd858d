//! Plugins that misbehave at the moments of their own life: what is not well is not installed, and whatever one does when it is
//! switched on or off keeps nobody from switching it.

use kernel::Locale;
use plugin_host::dev::project;
use plugin_host::dev::scene::Scene;
use plugin_host::engine::{Caps, EngineConfig};
use plugin_host::{Grants, HostConfig, package};
use records::read::Query;

use crate::support::{component, database, guest};

const PLUGIN: &str = "test.moody";

/// The component with another order after this word.
fn ordered(code: &[u8], word: &str, order: &str) -> Vec<u8> {
    let (from, to) = (format!("{word}: be good!"), format!("{word}: {order:<8}"));
    assert_eq!(from.len(), to.len(), "{order}");
    let mut code = code.to_vec();
    let at: Vec<usize> = (0..=code.len() - from.len()).filter(|at| code[*at..].starts_with(from.as_bytes())).collect();
    assert!(!at.is_empty(), "the component says nothing of {word}");
    for at in at {
        code[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    code
}

fn packed(health: &str, moment: &str) -> Vec<u8> {
    let folder = guest("moody");
    let mut files = project::gather(&folder, &component(&folder)).unwrap();
    let code = ordered(&ordered(&files["component.wasm"], "health", health), "moment", moment);
    files.insert("component.wasm".to_owned(), code);
    package::write(&files, None).unwrap()
}

async fn scene() -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    // What a call uses of a processor counts, not how long it waits for one.
    let caps = Caps { patience: 100, ..Caps::default() };
    let engine = EngineConfig { caps, ..EngineConfig::default() };
    (Scene::new(db, Locale::En, HostConfig { engine, ..HostConfig::default() }).await.unwrap(), folder)
}

async fn leads(scene: &Scene) -> i64 {
    let admin = scene.ctx("admin").await.unwrap();
    scene.records.count(&admin, "lead", &Query::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_well_is_not_installed_and_nobody_has_it() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    for (order, expected) in [
        ("loop", "more than 250 ms of CPU time"),
        ("memory", "more than 32 MiB of memory"),
        ("trap", "panic or abort"),
        ("fail", "on purpose"),
        ("write", "there is no tenant in this call"),
    ] {
        let refused = scene.host.install(&admin, &packed(order, "be good!")).await.unwrap_err();
        let words = |locale: Locale| refused.fields_in(locale)["file"].1.clone();
        let said = words(Locale::En);
        assert!(said.starts_with("The plugin's health check failed: ") && said.contains(expected), "{order}: {said}");
        for locale in [Locale::Ru, Locale::Uk] {
            assert!(words(locale).chars().any(|letter| ('а'..='я').contains(&letter)), "{order}: {}", words(locale));
        }
        assert!(scene.host.list(&admin).await.unwrap().is_empty(), "{order}");
    }
    assert_eq!(leads(&scene).await, 0);
    // The same version is free for one that is well.
    scene.host.install(&admin, &packed("be good!", "be good!")).await.unwrap();
    scene.host.enable(&admin, PLUGIN, &Grants::Requested, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_fails_at_its_moments_is_switched_on_and_off_all_the_same() {
    for (order, expected) in [
        ("loop", "more than 2000 ms of CPU time"),
        ("memory", "more than 64 MiB of memory"),
        ("trap", "panic or abort"),
        ("fail", "on purpose"),
    ] {
        let (scene, _folder) = scene().await;
        let admin = scene.ctx("admin").await.unwrap();
        scene.host.install(&admin, &packed("be good!", order)).await.unwrap();
        scene.host.enable(&admin, PLUGIN, &Grants::Requested, None).await.unwrap();
        assert!(scene.host.list(&admin).await.unwrap()[0].enabled, "{order}");
        scene.host.disable(&admin, PLUGIN).await.unwrap();
        assert!(!scene.host.list(&admin).await.unwrap()[0].enabled, "{order}");
        let lines = scene.host.logs(&admin, PLUGIN, None, None).await.unwrap();
        for moment in ["enabled", "disabling"] {
            let told = |message: &str| message.starts_with(&format!("{moment}: ")) && message.contains(expected);
            assert!(lines.iter().any(|line| told(&line.message)), "{order}: {lines:?}");
        }
        assert_eq!(leads(&scene).await, 0);
    }
}
