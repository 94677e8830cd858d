//! The scripts of first-party plugins and examples, as `verstak plugin test` runs them.

use kernel::Locale;
use plugin_host::dev::scene::Scene;
use plugin_host::dev::{project, test};
use plugin_host::{Grants, HostConfig};
use process::runtime::{Service, ServiceCall};
use serde_json::json;

use crate::support::{database, guest, package, root};

async fn check(plugin: &str) {
    let folder = root().join(plugin);
    let package = package(&folder);
    let mut scripts: Vec<_> =
        std::fs::read_dir(folder.join("tests")).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    for script in scripts {
        let (db, _folder) = database().await;
        let report = test::run(db, &package, &script, None).await.unwrap();
        assert!(report.passed(), "{}", report.print());
        println!("{}", report.print());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lead_desk() {
    check("plugins/lead-desk").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn process_action() {
    check("examples/process-action").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lead_summary() {
    check("examples/lead-summary").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reminder_mail() {
    check("examples/reminder-mail").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lead_papers() {
    check("examples/lead-papers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_requests() {
    check("examples/leave-requests").await;
}

/// What a script says wrongly is a failed step, never one that passes unseen.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_says_two_things_or_names_nobody_fails_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("wrong.toml");
    let text = r#"
        [[users]]
        name = "Anna"
        [[steps]]
        create = { entity = "lead", fields = { title = "Ann" } }
        find = { entity = "lead", count = 7 }
        [[steps]]
        as = "Hanna"
        create = { entity = "lead", fields = { title = "Ann" } }
        [[steps]]
        notices = { of = "@Anna", count = 0, link = "/records/lead/$lead" }
        [[steps]]
        notices = { of = "@Hanna", count = 0 }
        [[steps]]
        find = { entity = "leed", count = 0 }
    "#;
    std::fs::write(&script, text).unwrap();
    let (db, _folder) = database().await;
    let report = test::run(db, &package(&root().join("plugins/lead-desk")), &script, None).await.unwrap();
    let problems: Vec<String> = report.steps.into_iter().map(|step| step.problem.unwrap_or_default()).collect();
    assert_eq!(problems[0], "a step does one thing: `create` and `find` are two");
    assert!(problems[1].contains("nobody is called `Hanna`; there are Anna, admin"), "{problems:?}");
    assert_eq!(problems[2], "");
    assert!(problems[3].contains("nobody is called `@Hanna`"), "{problems:?}");
    assert!(problems[4].contains("leed"), "{problems:?}");
}

/// What `plugin new` makes builds, passes its own tests and packs, away from this repository.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_plugin_works_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = project::new(folder.path(), "acme", "first").unwrap();
    assert!(project::new(folder.path(), "acme", "first").is_err(), "nothing is overwritten");
    assert!(project::new(folder.path(), "Acme Inc", "second").is_err());
    let bytes = package(&plugin);
    assert_eq!(project::check(&bytes).await.unwrap(), ("acme.first".to_owned(), "0.1.0".to_owned()));
    let (db, _folder) = database().await;
    let report = test::run(db, &bytes, &plugin.join("tests/amount.toml"), None).await.unwrap();
    assert!(report.passed() && report.steps.len() == 2, "{}", report.print());

    // What the reference speaks of is there, and the examples build where they lie.
    for part in ["REFERENCE.md", "ui/blocks.json", "ui/icons.json", "testkit/README.md", "wit/plugin.wit"] {
        assert!(plugin.join("sdk").join(part).is_file(), "{part}");
    }
    let (id, _) = project::check(&package(&plugin.join("sdk/examples/lead-summary"))).await.unwrap();
    assert!(id.ends_with(".lead-summary"), "{id}");
    let nothing = project::build(folder.path(), None).unwrap_err();
    assert!(nothing.to_string().contains("there is no plugin here"), "{nothing}");
}

/// A guest with its component as it was built with the interfaces of a version.
pub fn released(guest_name: &str, version: &str) -> Vec<u8> {
    let file = format!("core/plugin_host/tests/guests/released/{guest_name}-{version}.wasm");
    project::package(&guest(guest_name), &root().join(file), None).unwrap()
}

/// A component of the interfaces 1.0, as it was built then.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_with_the_first_interfaces_works() {
    let (db, _folder) = database().await;
    let bench = plugin_host::bench::HookBench::new(db, &[released("plain", "1.0")]).await.unwrap();
    bench.run(3).await.unwrap();
}

/// A component of the interfaces 1.1, as it was built then, and the same source built now.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_with_the_interfaces_of_processes_works() {
    for package in [released("steps", "1.1"), package(&guest("steps"))] {
        let (db, _folder) = database().await;
        let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
        let admin = scene.ctx("admin").await.unwrap();
        let id = scene.host.install(&admin, &package).await.unwrap();
        scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
        let fields = json!({ "title": "Lead" }).as_object().unwrap().clone();
        let create = records::Change::Create { fields };
        let lead = scene.records.write_one(&admin, "lead", create, &Default::default()).await.unwrap().record;
        scene.tasks.create(&admin, serde_json::from_value(json!({ "title": "Call" })).unwrap()).await.unwrap();
        let ask = async |step: &str| {
            let call = ServiceCall {
                instance: kernel::InstanceId(uuid::Uuid::nil()),
                wait: 1,
                element: "step".to_owned(),
                kind: format!("plugin:{id}/{step}"),
                parameters: Default::default(),
                subject: Some(kernel::RecordRef { entity: "lead".into(), id: lead.id }),
                cause: None,
                batch: None,
            };
            Service::call(&scene.host, &scene.system(), &call).await.unwrap()
        };
        assert_eq!(ask("busy").await, json!(true));
        assert_eq!(ask("finish").await, json!({ "completed": 1 }));
        assert_eq!(ask("busy").await, json!(false));
    }
}
