//! Requests to other servers: who may be asked, what leaves, what comes back. The wire itself is the server's.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kernel::{Ctx, Db, Locale};
use plugin_host::dev::scene::Scene;
use plugin_host::outbound::{Incoming, NoAnswer, Outbound, Outgoing};
use plugin_host::{Grants, HostConfig, PluginHost};
use process::runtime::{Service, ServiceCall};
use records::{Change, WriteOptions};
use serde_json::json;
use uuid::Uuid;

use crate::support::{database, guest, package};

pub const PLUGIN: &str = "test.web";

/// A wire that remembers and answers by the path.
#[derive(Default)]
pub struct Wire(Mutex<Vec<Outgoing>>);

#[async_trait]
impl Outbound for Wire {
    async fn send(&self, request: Outgoing) -> Result<Incoming, NoAnswer> {
        let path = request.url.path().to_owned();
        self.0.lock().unwrap().push(request);
        let away = |status: u16, to: &str| {
            Ok(Incoming { status, headers: vec![("location".to_owned(), to.to_owned())], body: Vec::new() })
        };
        match path.as_str() {
            "/slow" => std::future::pending().await,
            "/large" => Err(NoAnswer::TooLong(2048)),
            "/private" => Err(NoAnswer::Forbidden("127.0.0.1 is not on the public internet".to_owned())),
            "/away" => away(302, "https://evil.example.net/"),
            "/address" => away(302, "http://169.254.169.254/"),
            "/plain" => away(301, "http://api.example.com/"),
            "/near" => away(307, "/there"),
            "/below" => away(303, "https://a.example.org/there"),
            "/circle" => away(302, "/circle"),
            _ => Ok(Incoming {
                status: 200,
                headers: vec![
                    ("content-type".to_owned(), "text/plain".to_owned()),
                    ("set-cookie".to_owned(), "a=b".to_owned()),
                ],
                body: b"hello".to_vec(),
            }),
        }
    }
}

impl Wire {
    /// Addresses and headers of what was sent since the last look.
    pub fn sent(&self) -> Vec<(String, Vec<(String, String)>)> {
        let sent = std::mem::take(&mut *self.0.lock().unwrap());
        sent.into_iter().map(|request| (request.url.to_string(), request.headers)).collect()
    }
}

async fn scene() -> (Scene, Arc<Wire>, tempfile::TempDir) {
    let (db, folder) = database().await;
    let (scene, wire) = over(db).await;
    (scene, wire, folder)
}

/// A company that runs the guest, its secret set.
pub async fn over(db: Db) -> (Scene, Arc<Wire>) {
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let wire = Arc::new(Wire::default());
    scene.host.set_outbound(Arc::<Wire>::clone(&wire));
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, &package(&guest("web"))).await.unwrap();
    let settings = [("token".to_owned(), json!("s3cret"))].into();
    scene.host.enable(&admin, &id, &Grants::Requested, Some(&settings)).await.unwrap();
    (scene, wire)
}

async fn ask(scene: &Scene, order: &str, url: &str) -> String {
    ask_host(&scene.host, &scene.system(), order, url).await
}

/// What the guest says on one node.
pub async fn ask_host(host: &PluginHost, ctx: &Ctx, order: &str, url: &str) -> String {
    let call = ServiceCall {
        instance: kernel::InstanceId(Uuid::nil()),
        wait: 7,
        element: "step".to_owned(),
        kind: format!("plugin:{PLUGIN}/fetch"),
        parameters: json!({"order": order, "url": url}).as_object().unwrap().clone(),
        subject: None,
        cause: None,
        batch: None,
    };
    let answer = Service::call(host, ctx, &call).await.unwrap();
    answer["said"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_hosts_of_the_manifest_are_asked() {
    let (scene, wire, _folder) = scene().await;
    let good = [
        "https://api.example.com/",
        "http://api.example.com/",
        "https://a.b.example.org/x",
        "https://API.example.com./",
        "https://api.example.com:8443/",
    ];
    for url in good {
        assert_eq!(ask(&scene, "", url).await, "200 content-type hello", "{url}");
    }
    assert_eq!(wire.sent().len(), good.len());
    for url in [
        "https://example.com/",
        "https://example.org/",
        "https://evilexample.org/",
        "https://api.example.com.evil.net/",
        "https://api.example.com:444/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/",
        "https://api.example.com@evil.net/",
        "file:///etc/passwd",
        "ftp://api.example.com/",
        "nonsense",
    ] {
        let said = ask(&scene, "", url).await;
        assert!(said.starts_with("denied: ") || said.starts_with("invalid: "), "{url}: {said}");
    }
    assert_eq!(wire.sent(), [], "nothing left");
    assert!(ask(&scene, "", "https://api.example.com/private").await.starts_with("denied: 127.0.0.1"));
    assert!(ask(&scene, "", "https://api.example.com/large").await.starts_with("limit: the answer is longer"));
    assert!(ask(&scene, "slow", "https://api.example.com/slow").await.contains("unavailable: no answer within 50 ms"));
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_judged_like_the_first_place_and_secrets_stay_behind() {
    let (scene, wire, _folder) = scene().await;
    let at = |path: &str| format!("https://api.example.com{path}");
    for (path, expected) in [
        ("/away", "denied: `evil.example.net` is not among the hosts"),
        ("/address", "denied: `169.254.169.254` is not among the hosts"),
        ("/plain", "leaves https"),
        ("/circle", "unavailable: more than 5 redirects"),
    ] {
        let said = ask(&scene, "", &at(path)).await;
        assert!(said.contains(expected), "{path}: {said}");
    }
    wire.sent();
    assert_eq!(ask(&scene, "secrets", &at("/below")).await, "200 content-type hello");
    let sent = wire.sent();
    let secret = |headers: &[(String, String)]| headers.iter().any(|(_, value)| value.contains("s3cret"));
    assert_eq!(sent.iter().map(|(_, headers)| secret(headers)).collect::<Vec<_>>(), [true, false]);
    assert_eq!(sent[1].0, "https://a.example.org/there");
    assert_eq!(
        ask(&scene, "post", &at("/near")).await,
        "307 location ",
        "what changes something is not repeated elsewhere"
    );
    assert_eq!(wire.sent().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_put_in_by_the_host_and_never_read() {
    let (scene, wire, _folder) = scene().await;
    assert_eq!(ask(&scene, "secrets", "").await, "200 content-type hello");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let (_, headers) = wire.sent().remove(0);
    assert_eq!(headers, [pair("authorization", "Bearer s3cret"), pair("x-key", "s3cret")]);
    ask(&scene, "basic", "").await;
    assert_eq!(wire.sent()[0].1, [pair("authorization", "Basic YW5uOnMzY3JldA==")]);
    for (order, expected) in [
        ("read settings", "internal: None"),
        ("no secret", "no setting `open` of the type secret"),
        ("unknown secret", "no setting `tokn` of the type secret"),
        ("unset secret", "nobody has set the secret `empty`"),
    ] {
        let said = ask(&scene, order, "").await;
        assert!(said.contains(expected) && !said.contains("s3cret"), "{order}: {said}");
    }
    assert_eq!(wire.sent(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_smuggle_or_flood_does_not_leave() {
    let (scene, wire, _folder) = scene().await;
    for (order, expected) in [
        ("line end", "without line ends"),
        ("line end in a name", "is no header's name"),
        ("host header", "cannot be set"),
        ("length header", "cannot be set"),
        ("two headers", "is there twice"),
        ("large body", "more than 1024 KiB"),
        ("method", "the method must be"),
    ] {
        let said = ask(&scene, order, "").await;
        assert!(said.contains(expected), "{order}: {said}");
    }
    assert_eq!(wire.sent(), []);
    assert!(ask(&scene, "many", "").await.contains("more than 20 requests in one call"));
    assert_eq!(wire.sent().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_other_servers_in_a_save() {
    let (scene, wire, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let fields = json!({"title": "Acme"}).as_object().unwrap().clone();
    let saved = scene.records.write_one(&admin, "lead", Change::Create { fields }, &WriteOptions::default()).await;
    let said = saved.unwrap_err().message().in_locale(Locale::En);
    assert!(said.contains("nobody waits for other servers here"), "{said}");
    assert_eq!(wire.sent(), []);
}
