//! Files of records through plugins: what grants and rights let through, and what the host fetches for them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use kernel::Locale;
use plugin_host::dev::project;
use plugin_host::dev::scene::Scene;
use plugin_host::outbound::{Incoming, NoAnswer, Outbound, Outgoing};
use plugin_host::{Grants, HostConfig};
use process::runtime::{Service, ServiceCall};
use records::{Change, WriteOptions};
use serde_json::json;
use uuid::Uuid;

use crate::support::{component, database, guest, package};

const PLUGIN: &str = "test.files";

/// Remembers and answers by the path.
#[derive(Default)]
struct Wire(Mutex<Vec<Outgoing>>);

#[async_trait]
impl Outbound for Wire {
    async fn send(&self, request: Outgoing) -> Result<Incoming, NoAnswer> {
        let path = request.url.path().to_owned();
        let tries = {
            let mut sent = self.0.lock().unwrap();
            sent.push(request);
            sent.iter().filter(|one| one.url.path() == path).count()
        };
        let answer = |status: u16, body: &[u8]| Ok(Incoming { status, headers: Vec::new(), body: body.to_vec() });
        match path.as_str() {
            "/gone" => answer(404, b"no"),
            "/later" if tries < 3 => answer(503, b"busy"),
            "/large" => Err(NoAnswer::TooLong(16 * 1024)),
            "/inside" => Err(NoAnswer::Forbidden("10.0.0.1 is not on the public internet".to_owned())),
            "/away" => {
                let to = ("location".to_owned(), "http://169.254.169.254/".to_owned());
                Ok(Incoming { status: 302, headers: vec![to], body: Vec::new() })
            }
            _ => answer(200, b"<html>fetched</html>"),
        }
    }
}

struct Stage {
    scene: Scene,
    wire: Arc<Wire>,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn start(grants: &Grants) -> Self {
        let (db, folder) = database().await;
        let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
        let wire = Arc::new(Wire::default());
        scene.host.set_outbound(Arc::<Wire>::clone(&wire));
        let admin = scene.ctx("admin").await.unwrap();
        let id = scene.host.install(&admin, &package(&guest("files"))).await.unwrap();
        let settings = [("token".to_owned(), json!("s3cret"))].into();
        scene.host.enable(&admin, &id, grants, Some(&settings)).await.unwrap();
        Self { scene, wire, _folder: folder }
    }

    async fn record(&self, entity: &str) -> String {
        let admin = self.scene.ctx("admin").await.unwrap();
        let fields = json!({"title": "x"}).as_object().unwrap().clone();
        let change = Change::Create { fields };
        let made = self.scene.records.write_one(&admin, entity, change, &WriteOptions::default()).await.unwrap();
        made.record.id.to_string()
    }

    async fn told(&self, order: &str, entity: &str, record: &str, text: &str) -> String {
        let call = ServiceCall {
            instance: kernel::InstanceId(Uuid::nil()),
            wait: 7,
            element: "step".to_owned(),
            kind: format!("plugin:{PLUGIN}/do"),
            parameters: json!({"order": order, "entity": entity, "record": record, "text": text})
                .as_object()
                .unwrap()
                .clone(),
            subject: None,
            cause: None,
            batch: None,
        };
        let answer = Service::call(&self.scene.host, &self.scene.system(), &call).await.unwrap();
        answer["said"].as_str().unwrap().to_owned()
    }

    async fn logs(&self) -> String {
        self.scene.host.flush().await.unwrap();
        let admin = self.scene.ctx("admin").await.unwrap();
        let logs = self.scene.host.logs(&admin, PLUGIN, None, None).await.unwrap();
        logs.iter().map(|line| format!("{line:?}\n")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_put_listed_read_and_removed_as_far_as_granted() {
    let stage = Stage::start(&Grants::Requested).await;
    let (lead, deal, company) = (stage.record("lead").await, stage.record("deal").await, stage.record("company").await);
    let file = stage.told("put", "lead", &lead, "hello there").await;
    assert!(Uuid::parse_str(&file).is_ok(), "{file}");
    assert_eq!(stage.told("list", "lead", &lead, "").await, "a.txt text/plain 11");
    assert_eq!(stage.told("read", "", "", &file).await, "ell");
    assert_eq!(stage.told("read behind", "", "", &file).await, "0");
    let large = stage.told("put a lot", "lead", &lead, "").await;
    assert_eq!(stage.told("read whole", "", "", &large).await, (1024 * 1024).to_string());
    assert!(stage.told("put too much", "lead", &lead, "").await.starts_with("limit: more than 1024 KiB"));
    assert_eq!(stage.told("put badly named", "lead", &lead, "").await, "a.txt");
    assert!(stage.told("put without a name", "lead", &lead, "").await.starts_with("invalid"));
    // What is not granted, for an entity or at all.
    assert!(stage.told("remove", "", "", &file).await.contains("does not let it remove files of `lead`"));
    let of_deal = stage.told("put", "deal", &deal, "x").await;
    assert_eq!(stage.told("remove", "", "", &of_deal).await, "removed");
    assert!(stage.told("get", "", "", &of_deal).await.starts_with("not found"));
    let of_company = stage.told("put", "company", &company, "x").await;
    for order in ["get", "read", "remove"] {
        let said = stage.told(order, "", "", &of_company).await;
        assert!(said.starts_with("not found"), "{order}: {said}");
    }
    assert!(stage.told("list", "company", &company, "").await.starts_with("denied"));
    for (entity, record) in [("contact", &lead), ("user", &lead), ("spaceship", &lead)] {
        assert!(stage.told("put", entity, record, "x").await.starts_with("denied"), "{entity}");
    }
    for record in [Uuid::nil().to_string(), deal, "nonsense".to_owned()] {
        let said = stage.told("put", "lead", &record, "x").await;
        assert!(said.starts_with("not found") || said.starts_with("invalid"), "{record}: {said}");
    }
    stage.scene.drain().await.unwrap();
    let logs = stage.logs().await;
    assert!(logs.contains("file.added lead") && logs.contains("file.removed deal"), "{logs}");
    assert!(!logs.contains("file.added company"), "it may not read those: {logs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_fetches_what_it_may_and_says_what_it_could_not() {
    let stage = Stage::start(&Grants::Requested).await;
    let lead = stage.record("lead").await;
    let at = |path: &str| format!("https://files.example.com{path}");
    for (order, url, expected) in [
        ("fetch", "https://evil.example.net/a".to_owned(), "denied"),
        ("fetch", "http://127.0.0.1/a".into(), "denied"),
        ("fetch", "http://169.254.169.254/latest/meta-data".into(), "denied"),
        ("fetch", "file:///etc/passwd".into(), "denied"),
        ("fetch", "https://ann:pw@files.example.com/a".into(), "denied"),
        ("fetch", "nonsense".into(), "invalid"),
        ("fetch with a secret", "http://files.example.com/a".into(), "denied"),
        ("fetch with no secret", at("/a"), "denied"),
        ("fetch many", at("/many"), "limit: more than 20 requests"),
    ] {
        let said = stage.told(order, "lead", &lead, &url).await;
        assert!(said.starts_with(expected), "{order} {url}: {said}");
    }
    assert!(stage.wire.0.lock().unwrap().is_empty(), "nothing is asked while the plugin works");
    stage.scene.drain().await.unwrap();
    assert_eq!(stage.wire.0.lock().unwrap().len(), 20);
    let file = stage.told("fetch with a secret", "lead", &lead, &at("/a")).await;
    assert!(stage.told("get", "", "", &file).await.starts_with("not found"), "it is not there yet");
    stage.scene.drain().await.unwrap();
    assert_eq!(stage.told("get", "", "", &file).await, "fetched.txt");
    let list = stage.told("list", "lead", &lead, "").await;
    assert!(list.contains("fetched.txt text/html 20"), "{list}");
    let sent = stage.wire.0.lock().unwrap().last().unwrap().headers.clone();
    assert_eq!(sent, [("authorization".to_owned(), "Bearer s3cret".to_owned())]);
    let later = stage.told("fetch", "lead", &lead, &at("/later")).await;
    for path in ["/gone", "/large", "/inside", "/away"] {
        stage.told("fetch", "lead", &lead, &at(path)).await;
    }
    for _ in 0..4 {
        stage.scene.drain().await.unwrap();
        stage.scene.clock.advance_seconds(3_600);
    }
    assert_eq!(stage.told("get", "", "", &later).await, "fetched.txt");
    let logs = stage.logs().await;
    for why in ["answered 404", "longer than", "10.0.0.1 is not on the public", "169.254.169.254"] {
        assert!(logs.contains(why), "{why}: {logs}");
    }
    // Nobody waits for other servers in a save.
    let admin = stage.scene.ctx("admin").await.unwrap();
    let fields = json!({"title": "y"}).as_object().unwrap().clone();
    let change = Change::Update { id: lead.parse().unwrap(), version: None, fields };
    let saved = stage.scene.records.write_one(&admin, "lead", change, &WriteOptions::default()).await;
    let said = saved.unwrap_err().message().in_locale(Locale::En);
    assert!(said.starts_with("limit: more than 0 requests"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_taken_by_whom_it_waits_for_once_and_as_far_as_granted() {
    let stage = Stage::start(&Grants::Requested).await;
    let (lead, deal) = (stage.record("lead").await, stage.record("deal").await);
    let ctx = stage.scene.system();
    let offer = async |by: &str| {
        let bytes = Bytes::from_static(b"hello there");
        stage.scene.files.offer(&ctx, by, "192.0.2.0", "../a.txt", bytes).await.unwrap()
    };
    let (mine, other) = (offer(PLUGIN).await, offer("test.other").await);
    // What another plugin was sent, what nobody was, and what has no such entity in its grant.
    for word in [other.as_str(), "", "a.txt", "0".repeat(10_000).as_str()] {
        assert!(stage.told("take", "lead", &lead, word).await.starts_with("not found"), "{word:.20}");
    }
    let denied = stage.told("take", "contact", &lead, &mine).await;
    assert!(denied.contains("does not let it add files of `contact`"), "{denied}");
    let nowhere = stage.told("take", "lead", &Uuid::nil().to_string(), &mine).await;
    assert!(nowhere.starts_with("not found"), "{nowhere}");
    let file = stage.told("take", "lead", &lead, &mine).await;
    assert!(Uuid::parse_str(&file).is_ok(), "{file}");
    assert_eq!(stage.told("take", "lead", &lead, &mine).await, file, "asked again it is the same");
    assert!(stage.told("take", "deal", &deal, &mine).await.starts_with("not found"));
    assert_eq!(stage.told("list", "lead", &lead, "").await, "a.txt text/plain 11");
    assert_eq!(stage.told("read", "", "", &file).await, "ell");
    // What is in the bin is not taken out of it.
    let admin = stage.scene.ctx("admin").await.unwrap();
    stage.scene.files.remove(&admin, Uuid::parse_str(&file).unwrap()).await.unwrap();
    assert!(stage.told("take", "lead", &lead, &mine).await.starts_with("not found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_reaches_for_files_must_say_so_in_its_manifest() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let folder = guest("files");
    let mut files = project::gather(&folder, &component(&folder)).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    let asked = manifest.split("[permissions.files]").nth(1).unwrap().split("[permissions.http]").next().unwrap();
    let all = format!("[permissions.files]{asked}");
    for (changes, expected) in [
        (vec![(all.as_str(), "")], "`file.*` needs [permissions.files]"),
        (vec![(all.as_str(), ""), ("file.*", "lead.created")], "verstak:files/files"),
        (vec![("\"read\", \"add\", \"remove\"", "")], "permissions.files.entities.deal"),
        (vec![("\"add\", \"remove\"", "\"add\", \"steal\"")], "steal"),
        (vec![("file.*", "file.aded")], "did you mean `file.added`"),
        (vec![("company = [", "spaceship = [")], "spaceship"),
    ] {
        let mut changed = manifest.clone();
        for (part, with) in changes {
            assert!(changed.contains(part), "{part}");
            changed = changed.replacen(part, with, 1);
        }
        files.insert("plugin.toml".into(), changed.into_bytes());
        let refused = scene.host.install(&admin, &plugin_host::package::write(&files, None).unwrap()).await;
        let fields = refused.unwrap_err().fields_in(Locale::En);
        assert!(format!("{fields:?}").contains(expected), "{expected}: {fields:?}");
    }
}
