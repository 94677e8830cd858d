//! Webhooks in the whole product: what other servers are told, by whose rights, how it is signed, and what becomes of what
//! they do not take.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use hmac::{Hmac, KeyInit, Mac};
use kernel::Locale;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::app::TestApp;

/// A message as the other server heard it.
#[derive(Clone)]
struct Heard {
    path: String,
    id: String,
    timestamp: String,
    signature: String,
    body: String,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What the specification says of a secret, computed apart from the product.
    fn signed_with(&self, secret: &str) -> String {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.body).as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// Another server, which answers with a status or not at all.
#[derive(Clone)]
struct Other {
    heard: Arc<Mutex<Vec<Heard>>>,
    status: Arc<AtomicU16>,
    silent: Arc<AtomicBool>,
    url: String,
}

async fn hear(
    State(other): State<Other>,
    path: axum::extract::OriginalUri,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, [(header::HeaderName, &'static str); 1], &'static str) {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    other.heard.lock().unwrap().push(Heard {
        path: path.0.path().to_owned(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body,
    });
    if other.silent.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    let status = StatusCode::from_u16(other.status.load(Ordering::Relaxed)).unwrap();
    (status, [(header::LOCATION, "/elsewhere")], "said by the other server")
}

impl Other {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = Self {
            heard: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            silent: Arc::default(),
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
        };
        let router = Router::new().route("/hook", post(hear)).route("/elsewhere", post(hear)).with_state(other.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        other
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// Types and records, in the order in which they were told.
    fn told(&self) -> Vec<(String, String)> {
        let one = |heard: &Heard| {
            let told = heard.json();
            (told["type"].as_str().unwrap().to_owned(), told["data"]["id"].as_str().unwrap_or_default().to_owned())
        };
        self.heard().iter().map(one).collect()
    }
}

async fn app() -> TestApp {
    TestApp::build().person("ann", "admin").config(|config| config.webhooks.allow_private = true).start().await
}

/// Makes a webhook as the administrator: its id and its secret.
async fn webhook(app: &TestApp, url: &str, events: &[&str]) -> (String, String) {
    let made = app.admin().post("/webhooks", json!({"url": url, "events": events})).await;
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.ok(201);
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

async fn shown(app: &TestApp, id: &str) -> Value {
    let all = app.admin().get("/webhooks").await.ok(200);
    all["items"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone()
}

/// Deliveries of a webhook, newest first.
async fn deliveries(app: &TestApp, id: &str) -> Vec<Value> {
    let page = app.admin().get(&format!("/webhooks/{id}/deliveries?limit=200")).await.ok(200);
    page["items"].as_array().unwrap().clone()
}

/// Lets everybody have their turn.
async fn drain(app: &TestApp) {
    app.drain().await;
    app.clock.advance_seconds(2);
    app.drain().await;
}

#[tokio::test]
async fn what_happened_is_told_by_name_and_signed_with_the_secret_that_is_shown_once() {
    let app = app().await;
    let other = Other::start().await;
    let before = app.record("deal", json!({"title": "Before"})).await;
    let (id, secret) = webhook(&app, &other.url, &["deal.created", "deal.stage:won", "lead.*"]).await;
    let deal = app.record("deal", json!({"title": "Pipes", "amount": 4711})).await;
    drain(&app).await;
    app.admin().update("deal", &deal, json!({"amount": 4712})).await.ok(200);
    app.admin().update("deal", &deal, json!({"stage": "won"})).await.ok(200);
    let lead = app.record("lead", json!({"title": "Ann"})).await;
    drain(&app).await;
    app.admin().delete(&format!("/records/lead/{lead}")).await.ok(204);
    drain(&app).await;
    let of = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
    let told = other.told();
    assert_eq!(told.iter().filter(|one| one.1 == deal).count(), 2, "{told:?}");
    assert!(told.contains(&of("deal.created", &deal)) && told.contains(&of("deal.updated", &deal)), "{told:?}");
    assert!(told.contains(&of("lead.created", &lead)) && told.contains(&of("lead.deleted", &lead)), "{told:?}");
    assert!(told.iter().all(|one| one.1 != before), "what happened before is no news");
    for heard in other.heard() {
        assert_eq!(heard.signature, heard.signed_with(&secret));
        assert!(!heard.body.contains("4711") && !heard.body.contains("Pipes"), "names, no values: {}", heard.body);
        assert!(heard.id.starts_with("msg_"));
    }
    let heard = other.heard();
    let made = heard.iter().map(Heard::json).find(|one| one["type"] == "deal.created").unwrap();
    assert_eq!((&made["data"]["entity"], &made["data"]["version"]), (&json!("deal"), &json!(1)));
    assert_eq!(made["timestamp"], "2026-03-16T09:00:00Z");
    assert!(made["data"]["changed"].as_array().unwrap().contains(&json!("amount")), "{made}");
    let won = heard.iter().map(Heard::json).find(|one| one["type"] == "deal.updated").unwrap();
    assert_eq!(won["data"]["stage"], "won");
    // The secret is in no other answer.
    let listed = app.admin().get("/webhooks").await;
    assert!(!listed.text().contains("whsec_"), "{}", listed.text());
    let sent = deliveries(&app, &id).await;
    assert_eq!(sent.len(), heard.len());
    assert!(
        sent.iter().all(|one| one["state"] == "delivered" && one["status"] == 200 && one["tries"] == 1),
        "{sent:?}"
    );
    assert_eq!(sent[0]["answer"], "said by the other server");
    app.finish().await;
}

#[tokio::test]
async fn a_new_secret_overlaps_the_one_before_for_a_day() {
    let app = app().await;
    let other = Other::start().await;
    let (id, old) = webhook(&app, &other.url, &["deal.created"]).await;
    let path = format!("/webhooks/{id}/secret");
    let made = app.admin().post(&path, json!({})).await;
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let new = made.ok(200)["secret"].as_str().unwrap().to_owned();
    app.record("deal", json!({"title": "One"})).await;
    drain(&app).await;
    let heard = other.heard().remove(0);
    assert_eq!(heard.signature, format!("{} {}", heard.signed_with(&new), heard.signed_with(&old)));
    app.clock.advance_seconds(86_400);
    app.record("deal", json!({"title": "Two"})).await;
    drain(&app).await;
    let heard = other.heard().remove(1);
    assert_eq!(heard.signature, heard.signed_with(&new));
    app.finish().await;
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again_with_growing_pauses_then_listed_and_sent_anew() {
    let app = app().await;
    let other = Other::start().await;
    let (id, _) = webhook(&app, &other.url, &["deal.created"]).await;
    other.answers(500);
    app.record("deal", json!({"title": "Pipes"})).await;
    app.drain().await;
    assert_eq!(other.heard().len(), 1);
    let waits = deliveries(&app, &id).await.remove(0);
    assert_eq!((&waits["state"], &waits["status"], &waits["tries"]), (&json!("waiting"), &json!(500), &json!(1)));
    for (done, pause) in [5, 60, 300, 1_800, 7_200, 28_800].into_iter().enumerate() {
        app.clock.advance_seconds(pause - 1);
        app.drain().await;
        assert_eq!(other.heard().len(), done + 1, "not before {pause} s are over");
        app.clock.advance_seconds(1);
        app.drain().await;
        assert_eq!(other.heard().len(), done + 2, "after {pause} s");
    }
    let dead = deliveries(&app, &id).await.remove(0);
    assert_eq!((&dead["state"], &dead["tries"], &dead["status"]), (&json!("dead"), &json!(7), &json!(500)));
    assert_eq!(dead["answer"], "said by the other server");
    app.clock.advance_seconds(86_400);
    app.drain().await;
    assert_eq!(other.heard().len(), 7, "nobody tries any more");
    assert!(shown(&app, &id).await["failing_since"].is_string());
    // One sent anew has the id that it had.
    other.answers(204);
    let path = format!("/webhooks/{id}/deliveries/{}/replay", dead["id"].as_str().unwrap());
    assert_eq!(app.admin().post(&path, json!({})).await.ok(200)["state"], "waiting");
    drain(&app).await;
    let heard = other.heard();
    assert!(heard.len() == 8 && heard.iter().all(|one| one.id == heard[0].id && one.body == heard[0].body));
    let taken = deliveries(&app, &id).await.remove(0);
    assert_eq!((&taken["state"], &taken["tries"]), (&json!("delivered"), &json!(1)));
    assert!(shown(&app, &id).await["failing_since"].is_null(), "it is well again");
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'webhook.replayed'").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn days_of_failures_switch_a_webhook_off_and_administrators_are_told() {
    let app = app().await;
    let other = Other::start().await;
    let (id, _) = webhook(&app, &other.url, &["deal.created"]).await;
    let body = |enabled: bool| json!({"url": other.url, "events": ["deal.created"], "enabled": enabled});
    other.answers(503);
    app.record("deal", json!({"title": "One"})).await;
    app.drain().await;
    app.clock.advance_seconds(3 * 86_400);
    app.drain().await;
    let off = shown(&app, &id).await;
    assert_eq!((&off["enabled"], &off["stopped"]), (&json!(false), &json!("failures")));
    let told = app.admin().get("/notifications").await.ok(200);
    let ours: Vec<&Value> =
        told["items"].as_array().unwrap().iter().filter(|one| one["kind"] == "webhook.stopped").collect();
    assert_eq!((ours.len(), &ours[0]["link"]), (1, &json!("/settings/webhooks")), "{told}");
    assert_eq!(app.count("SELECT count(*) FROM audit WHERE action = 'webhook.stopped'").await, 1);
    // What waited is given up and kept; nothing is sent anew while it is off.
    app.clock.advance_seconds(86_400);
    app.drain().await;
    let kept = deliveries(&app, &id).await.remove(0);
    assert_eq!((&kept["state"], &kept["error"]), (&json!("dead"), &json!("switched_off")));
    app.admin().post(&format!("/webhooks/{id}/replay"), json!({})).await.problem(409, "webhook.off");
    let path = format!("/webhooks/{id}/deliveries/{}/replay", kept["id"].as_str().unwrap());
    app.admin().post(&path, json!({})).await.problem(409, "webhook.off");
    app.record("deal", json!({"title": "Nobody's news"})).await;
    drain(&app).await;
    // Switched on it is told of what happens from now on, and of what is sent anew.
    other.answers(200);
    let on = app.admin().put(&format!("/webhooks/{id}"), body(true)).await.ok(200);
    assert_eq!((&on["stopped"], &on["failing_since"]), (&Value::Null, &Value::Null));
    let replayed = app.admin().post(&format!("/webhooks/{id}/replay"), json!({})).await.ok(200);
    assert_eq!(replayed, json!({"replayed": 1, "left": 0}));
    let before = other.heard().len();
    let new = app.record("deal", json!({"title": "Two"})).await;
    drain(&app).await;
    assert_eq!(other.heard().len(), before + 2);
    assert!(other.told().contains(&("deal.created".to_owned(), new)));
    // A server that says it is gone is believed at once.
    other.answers(410);
    app.record("deal", json!({"title": "Three"})).await;
    drain(&app).await;
    assert_eq!(shown(&app, &id).await["stopped"], "gone");
    app.finish().await;
}

#[tokio::test]
async fn a_webhook_looks_with_the_rights_that_its_owner_has_now() {
    let mut app = app().await;
    let other = Other::start().await;
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read"],
        "filter": {"field": "owner", "op": "eq", "value": {"me": true}}}]);
    app.role("own_deals", rows, json!([{"entity": "deal", "field": "amount", "right": "hidden"}])).await;
    let ann = app.id_of("ann");
    let wanted = json!({"url": other.url, "events": ["deal.created", "deal.updated"]});
    let id = app.by("ann").post("/webhooks", wanted.clone()).await.id();
    assert_eq!(shown(&app, &id).await["owner"], json!(ann));
    let roles = json!({"roles": [app.companies[0].roles["own_deals"]]});
    app.admin().patch(&format!("/users/{ann}"), roles).await.ok(200);
    app.record("deal", json!({"title": "Another's", "amount": 1})).await;
    let hers = app.record("deal", json!({"title": "Hers", "amount": 2, "owner": ann})).await;
    drain(&app).await;
    assert_eq!(other.told(), [("deal.created".to_owned(), hers.clone())]);
    let of_amount = |heard: &Heard| heard.json()["data"]["changed"].as_array().unwrap().contains(&json!("amount"));
    assert!(!of_amount(&other.heard()[0]), "{}", other.heard()[0].body);
    // A change of what she does not see is not told as one.
    app.admin().update("deal", &hers, json!({"amount": 3})).await.ok(200);
    drain(&app).await;
    assert!(!other.heard().iter().any(of_amount));
    // Without an account nobody looks: it is switched off, and whoever switches it on takes it on.
    app.admin().patch(&format!("/users/{ann}"), json!({"active": false})).await.ok(200);
    let before = other.heard().len();
    app.admin().update("deal", &hers, json!({"title": "Unseen"})).await.ok(200);
    drain(&app).await;
    assert_eq!(other.heard().len(), before);
    assert_eq!(shown(&app, &id).await["stopped"], "owner");
    let taken = app.admin().put(&format!("/webhooks/{id}"), wanted).await.ok(200);
    assert_eq!(taken["owner"], json!(app.id_of("admin")));
    let seen = app.record("deal", json!({"title": "Seen", "amount": 4})).await;
    drain(&app).await;
    assert!(other.told().contains(&("deal.created".to_owned(), seen)));
    app.finish().await;
}

#[tokio::test]
async fn only_administrators_have_webhooks_and_of_their_own_company_alone() {
    let mut app = TestApp::build()
        .person("max", "sales_manager")
        .config(|config| config.webhooks.allow_private = true)
        .start()
        .await;
    let stranger = app.add_company("Other", Locale::En).await;
    let other = Other::start().await;
    let (id, _) = webhook(&app, &other.url, &["deal.created"]).await;
    let body = json!({"url": other.url, "events": ["deal.created"]});
    app.record("deal", json!({"title": "Ours"})).await;
    drain(&app).await;
    let delivery = deliveries(&app, &id).await.remove(0)["id"].as_str().unwrap().to_owned();
    let one = format!("deliveries/{delivery}/replay");
    for (who, status, code) in [(app.by("max"), 403, "denied"), (app.by_of(stranger, "admin"), 404, "not_found")] {
        who.put(&format!("/webhooks/{id}"), body.clone()).await.problem(status, code);
        who.delete(&format!("/webhooks/{id}")).await.problem(status, code);
        who.get(&format!("/webhooks/{id}/deliveries")).await.problem(status, code);
        for path in ["secret", "test", "replay", one.as_str()] {
            who.post(&format!("/webhooks/{id}/{path}"), json!({})).await.problem(status, code);
        }
    }
    app.by("max").get("/webhooks").await.problem(403, "denied");
    app.by("max").post("/webhooks", body).await.problem(403, "denied");
    assert_eq!(app.by_of(stranger, "admin").get("/webhooks").await.ok(200)["items"], json!([]));
    // What happens in the other company is told to nobody here.
    app.by_of(stranger, "admin").create("deal", json!({"title": "Theirs"})).await.ok(201);
    drain(&app).await;
    assert_eq!(other.heard().len(), 1);
    // A delivery is replayed through its own webhook alone.
    let (second, _) = webhook(&app, &other.url, &["lead.created"]).await;
    let path = format!("/webhooks/{second}/deliveries/{delivery}/replay");
    app.admin().post(&path, json!({})).await.problem(404, "not_found");
    app.admin().delete(&format!("/webhooks/{id}")).await.ok(204);
    app.admin().delete(&format!("/webhooks/{id}")).await.problem(404, "not_found");
    app.record("deal", json!({"title": "After"})).await;
    drain(&app).await;
    assert_eq!(other.heard().len(), 1);
    app.finish().await;
}

async fn refused(app: &TestApp, url: &str, events: Value, field: &str, code: &str) {
    let body = json!({"url": url, "events": events});
    let problem = app.admin().post("/webhooks", body).await.problem(422, "config.invalid");
    assert_eq!(problem["fields"][field]["code"], code, "{url} {events}: {problem}");
}

#[tokio::test]
async fn what_a_webhook_names_must_be_there_and_there_are_twenty_at_most() {
    let app = app().await;
    let url = "https://hooks.example.com/a";
    refused(&app, url, json!([]), "events", "required").await;
    refused(&app, url, json!(["nope.created"]), "events", "unknown_name").await;
    refused(&app, url, json!(["deal.stage:nope"]), "events", "unknown_name").await;
    refused(&app, url, json!(["deal"]), "events", "unknown_name").await;
    refused(&app, url, json!(["*"]), "events", "unknown_name").await;
    let many: Vec<String> = (0..101).map(|number| format!("deal.{}", "a".repeat(number + 1))).collect();
    refused(&app, url, json!(many), "events", "too_many").await;
    for wrong in ["ftp://a.example.com/", "a.example.com", "https://ann:pw@a.example.com/", "https://", "javascript:1"]
    {
        refused(&app, wrong, json!(["deal.*"]), "url", "webhook_url").await;
    }
    let body =
        |number: i32| json!({"url": url, "events": ["task.*"], "description": number.to_string(), "enabled": false});
    for number in 0..18 {
        app.admin().post("/webhooks", body(number)).await.ok(201);
    }
    // Of several at once as many as there is room for, each seeing what the others made.
    let admin = app.admin();
    let (one, two, three, four) = futures::join!(
        admin.post("/webhooks", body(18)),
        admin.post("/webhooks", body(19)),
        admin.post("/webhooks", body(20)),
        admin.post("/webhooks", body(21)),
    );
    let mut told = [&one, &two, &three, &four].map(|answer| answer.status.as_u16());
    told.sort_unstable();
    assert_eq!(told, [201, 201, 422, 422]);
    assert_eq!(app.count("SELECT count(*) FROM webhook").await, 20);
    refused(&app, url, json!(["deal.*"]), "url", "too_many").await;
    app.finish().await;
}

#[tokio::test]
async fn the_network_around_the_server_is_not_told() {
    let app = TestApp::start().await;
    let hosts = [
        "127.0.0.1",
        "2130706433",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "[fe80::1]",
    ];
    for host in hosts {
        refused(&app, &format!("http://{host}/"), json!(["deal.*"]), "url", "webhook_private").await;
    }
    // A name is judged by where it leads to when something is sent.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    let (id, _) = webhook(&app, &url, &["deal.created"]).await;
    app.record("deal", json!({"title": "Pipes"})).await;
    drain(&app).await;
    let dead = deliveries(&app, &id).await.remove(0);
    assert_eq!((&dead["state"], &dead["tries"]), (&json!("dead"), &json!(1)));
    assert!(dead["error"].as_str().unwrap().contains("is not on the public internet"), "{dead}");
    assert!(listener.accept().is_err(), "somebody knocked");
    app.finish().await;
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let app = app().await;
    let other = Other::start().await;
    let (id, _) = webhook(&app, &other.url, &["deal.created"]).await;
    other.answers(302);
    app.record("deal", json!({"title": "Pipes"})).await;
    app.drain().await;
    let heard = other.heard();
    assert_eq!(heard.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["/hook"]);
    let waits = deliveries(&app, &id).await.remove(0);
    assert_eq!((&waits["state"], &waits["status"]), (&json!("waiting"), &json!(302)));
    app.finish().await;
}

#[tokio::test]
async fn many_go_in_turn_and_a_test_also_to_one_that_is_switched_off() {
    let app = app().await;
    let other = Other::start().await;
    let (id, secret) = webhook(&app, &other.url, &["lead.created"]).await;
    let create: Vec<Value> = (0..12).map(|number| json!({"fields": {"title": number.to_string()}})).collect();
    app.admin().post("/records/lead/bulk", json!({"create": create})).await.ok(200);
    app.drain().await;
    assert_eq!(other.heard().len(), 1, "ten in a second");
    app.clock.advance_seconds(2);
    app.drain().await;
    assert_eq!(other.heard().len(), 12);
    let body = json!({"url": other.url, "events": ["lead.created"], "enabled": false});
    app.admin().put(&format!("/webhooks/{id}"), body).await.ok(200);
    let made = app.admin().post(&format!("/webhooks/{id}/test"), json!({})).await.ok(202);
    assert_eq!((&made["type"], &made["state"]), (&json!("webhook.test"), &json!("waiting")));
    drain(&app).await;
    let heard = other.heard().pop().unwrap();
    assert_eq!((&heard.json()["type"], heard.signature.clone()), (&json!("webhook.test"), heard.signed_with(&secret)));
    // It is tried once, and says nothing of how the webhook is.
    other.answers(500);
    app.admin().post(&format!("/webhooks/{id}/test"), json!({})).await.ok(202);
    drain(&app).await;
    assert_eq!(deliveries(&app, &id).await[0]["state"], "dead");
    assert!(shown(&app, &id).await["failing_since"].is_null());
    app.finish().await;
}

#[tokio::test]
async fn a_message_on_its_way_when_the_server_ends_is_sent_again_under_the_same_id() {
    let app = app().await;
    let other = Other::start().await;
    let (id, _) = webhook(&app, &other.url, &["deal.created"]).await;
    other.silent.store(true, Ordering::Relaxed);
    app.record("deal", json!({"title": "Pipes"})).await;
    app.settle().await;
    app.state.dispatch().await.unwrap();
    // A process that ends while the other server has the message and has not answered.
    let worker = app.state.worker();
    let mut run = Box::pin(worker.run_due());
    while other.heard().is_empty() {
        assert!((&mut run).now_or_never().is_none(), "it waits for an answer");
        tokio::task::yield_now().await;
    }
    drop(run);
    assert_eq!(deliveries(&app, &id).await[0]["state"], "waiting");
    other.silent.store(false, Ordering::Relaxed);
    app.clock.advance_seconds(121);
    app.drain().await;
    let heard = other.heard();
    assert_eq!(heard.len(), 2);
    assert_eq!((&heard[0].id, &heard[0].body), (&heard[1].id, &heard[1].body));
    let sent = deliveries(&app, &id).await;
    assert_eq!((sent.len(), &sent[0]["state"]), (1, &json!("delivered")));
    app.finish().await;
}

#[tokio::test]
async fn two_nodes_that_read_the_same_event_make_one_delivery() {
    let app = app().await;
    let other = Other::start().await;
    let (id, _) = webhook(&app, &other.url, &["deal.created"]).await;
    for number in 0..5 {
        app.record("deal", json!({"title": number.to_string()})).await;
    }
    app.settle().await;
    let node = messaging::Webhooks::new(&app.state.db, &app.state.env, &app.state.identities, true);
    let (one, two) = futures::join!(app.state.subscriptions.dispatch(), node.dispatch());
    assert_eq!(one.unwrap() + two.unwrap(), 1, "one job for the part of the log");
    drain(&app).await;
    assert_eq!(deliveries(&app, &id).await.len(), 5);
    let mut ids: Vec<String> = other.heard().into_iter().map(|one| one.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    app.finish().await;
}

#[tokio::test]
async fn a_node_that_knows_of_no_webhook_hears_at_once_of_one_that_another_node_makes() {
    let app = app().await;
    let other = Other::start().await;
    let node = messaging::Webhooks::new(&app.state.db, &app.state.env, &app.state.identities, true);
    app.record("deal", json!({"title": "Before"})).await;
    app.settle().await;
    assert_eq!(node.dispatch().await.unwrap(), 0, "nobody listens");
    let (id, _) = webhook(&app, &other.url, &["deal.created"]).await;
    app.record("deal", json!({"title": "Pipes"})).await;
    app.settle().await;
    assert_eq!(node.dispatch().await.unwrap(), 1, "the part of the log that it wants");
    drain(&app).await;
    assert_eq!(deliveries(&app, &id).await.len(), 1, "what happened before it was made is not told");
    let off = json!({"url": other.url, "events": ["deal.created"], "enabled": false});
    app.admin().put(&format!("/webhooks/{id}"), off).await.ok(200);
    app.record("deal", json!({"title": "After"})).await;
    app.settle().await;
    assert_eq!(node.dispatch().await.unwrap(), 0, "switched off, it wants nothing");
    drain(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn old_deliveries_are_forgotten() {
    let app = app().await;
    let other = Other::start().await;
    let (id, _) = webhook(&app, &other.url, &["deal.created"]).await;
    app.record("deal", json!({"title": "Old"})).await;
    drain(&app).await;
    app.clock.advance_seconds(31 * 86_400);
    app.record("deal", json!({"title": "New"})).await;
    drain(&app).await;
    app.state.subscriptions.forget_old().await.unwrap();
    assert_eq!(deliveries(&app, &id).await.len(), 1);
    app.admin().delete(&format!("/webhooks/{id}")).await.ok(204);
    app.clock.advance_seconds(31 * 86_400);
    app.state.subscriptions.forget_old().await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM webhook").await, 0);
    app.finish().await;
}
