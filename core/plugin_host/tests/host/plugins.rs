//! The scripts of first-party plugins, as `verstak plugin test` runs them.

use plugin_host::dev::test;

use crate::support::{database, package, root};

async fn check(plugin: &str) {
    let folder = root().join("plugins").join(plugin);
    let package = package(&folder);
    let mut scripts: Vec<_> = std::fs::read_dir(folder.join("tests")).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    for script in scripts {
        let (db, _folder) = database().await;
        let report = test::run(db, &package, &script).await.unwrap();
        assert!(report.passed(), "{}", report.print());
        println!("{}", report.print());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lead_desk() {
    check("lead-desk").await;
}
