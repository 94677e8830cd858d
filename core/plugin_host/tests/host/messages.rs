//! Messages of plugins: each once under its key, with the change it goes with, and what is refused in which words.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kernel::Locale;
use messaging::mail::{Letter, PostOffice};
use messaging::messages::{GatewayInput, Message, MessageQuery};
use plugin_host::dev::project;
use plugin_host::dev::scene::Scene;
use plugin_host::outbound::{Incoming, NoAnswer, Outbound, Outgoing};
use plugin_host::{Grants, HostConfig};
use process::runtime::{Service, ServiceCall};
use records::{Change, WriteOptions};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::support::{component, database, guest, package};

const PLUGIN: &str = "test.messages";

/// A mail server and a gateway that remember.
#[derive(Default)]
struct World {
    letters: Mutex<Vec<Letter>>,
    asked: Mutex<Vec<Outgoing>>,
    /// What the gateway answers next; then 200.
    answers: Mutex<Vec<Result<u16, NoAnswer>>>,
}

#[async_trait]
impl PostOffice for World {
    async fn take(&self, letter: &Letter) -> Result<(), String> {
        if letter.to.iter().any(|to| to == "gone@example.com") {
            return Err("550 no such user".to_owned());
        }
        self.letters.lock().unwrap().push(letter.clone());
        Ok(())
    }
}

#[async_trait]
impl Outbound for World {
    async fn send(&self, request: Outgoing) -> Result<Incoming, NoAnswer> {
        self.asked.lock().unwrap().push(request);
        let status = match self.answers.lock().unwrap().pop() {
            Some(answer) => answer?,
            None => 200,
        };
        Ok(Incoming { status, headers: Vec::new(), body: br#"{"id": 17}"#.to_vec() })
    }
}

struct Stage {
    scene: Scene,
    world: Arc<World>,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn start() -> Self {
        let (db, folder) = database().await;
        let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
        let world = Arc::new(World::default());
        scene.mail.set_office(Arc::<World>::clone(&world));
        scene.messages.set_outbound(Arc::<World>::clone(&world));
        let admin = scene.ctx("admin").await.unwrap();
        let id = scene.host.install(&admin, &package(&guest("messages"))).await.unwrap();
        scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
        Self { scene, world, _folder: folder }
    }

    async fn gateway(&self, key: &str, change: Json) {
        let mut input = json!({
            "title": "SMS", "url": "https://sms.example.com/send", "secret": "s3cret", "answer_id": "/id",
            "headers": {"authorization": "Bearer {secret}"},
            "body": "{\"to\": \"{to}\", \"text\": \"{text}\", \"ref\": \"{key}\"}",
        });
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let input: GatewayInput = serde_json::from_value(input).unwrap();
        self.scene.messages.set_gateway(&self.scene.ctx("admin").await.unwrap(), key, input).await.unwrap();
    }

    async fn lead(&self, title: &str) -> Result<String, String> {
        let admin = self.scene.ctx("admin").await.unwrap();
        let fields = json!({"title": title}).as_object().unwrap().clone();
        let made =
            self.scene.records.write_one(&admin, "lead", Change::Create { fields }, &WriteOptions::default()).await;
        made.map(|made| made.record.id.to_string()).map_err(|error| error.message().in_locale(Locale::En))
    }

    async fn told(&self, order: &str, record: &str, text: &str) -> String {
        let call = ServiceCall {
            instance: kernel::InstanceId(Uuid::nil()),
            wait: 7,
            element: "step".to_owned(),
            kind: format!("plugin:{PLUGIN}/do"),
            parameters: json!({"order": order, "record": record, "text": text}).as_object().unwrap().clone(),
            subject: None,
            cause: None,
            batch: None,
        };
        let answer = Service::call(&self.scene.host, &self.scene.system(), &call).await.unwrap();
        answer["said"].as_str().unwrap().to_owned()
    }

    async fn messages(&self) -> Vec<Message> {
        let admin = self.scene.ctx("admin").await.unwrap();
        self.scene.messages.list(&admin, &MessageQuery::default()).await.unwrap()
    }

    async fn logs(&self) -> String {
        self.scene.host.flush().await.unwrap();
        let admin = self.scene.ctx("admin").await.unwrap();
        let logs = self.scene.host.logs(&admin, PLUGIN, None, None).await.unwrap();
        logs.iter().map(|line| format!("{line:?}\n")).collect()
    }

    fn letters(&self) -> usize {
        self.world.letters.lock().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_goes_once_under_its_key_and_the_plugin_hears_what_became_of_it() {
    let stage = Stage::start().await;
    let lead = stage.lead("Acme").await.unwrap();
    let id = stage.told("mail about", &lead, "k1").await;
    assert!(Uuid::parse_str(&id).is_ok(), "{id}");
    assert_eq!(stage.told("by key", "", "k1").await, "State::Queued ");
    assert_eq!(stage.told("mail about", &lead, "k1").await, id, "asked for again before it went");
    stage.scene.drain().await.unwrap();
    assert_eq!(stage.told("mail about", &lead, "k1").await, id, "asked for again after it went");
    let other = stage.told("other mail", "", "k1").await;
    assert!(other.starts_with("conflict: This key stands for another message"), "{other}");
    let twice = stage.told("the same twice", "", "").await;
    let ids: Vec<&str> = twice.split(' ').collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{twice}");
    let gone = stage.told("mail to nobody there", "", "k2").await;
    stage.scene.drain().await.unwrap();
    assert_eq!(stage.letters(), 2);
    assert_eq!(stage.told("status", "", &id).await, "State::Sent ");
    assert_eq!(stage.told("status", "", &gone).await, "State::Failed 550 no such user");
    assert_eq!(stage.told("by key", "", "unheard of").await, "none");
    assert_eq!(stage.told("status", "", &Uuid::nil().to_string()).await, "none");
    let logs = stage.logs().await;
    for told in [
        "message.sent Some(Value::Text(\\\"k1\\\"))",
        &lead,
        "message.failed Some(Value::Text(\\\"k2\\\"))",
        "550 no such user",
    ] {
        assert!(logs.contains(told), "{told}: {logs}");
    }
    assert_eq!(logs.matches("message.sent").count(), 2, "{logs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_a_hook_goes_with_the_change_or_not_at_all() {
    let stage = Stage::start().await;
    let lead = stage.lead("send it").await.unwrap();
    let all = stage.messages().await;
    assert_eq!(
        (all.len(), all[0].record.unwrap().to_string(), all[0].entity.as_deref()),
        (1, lead.clone(), Some("lead"))
    );
    // Refused by the hook, by the product, by another row of the set.
    assert_eq!(stage.lead("send it, refused").await.unwrap_err(), "not like this");
    let said = stage.lead("send it elsewhere").await.unwrap_err();
    assert!(said.contains("in a before-hook a message is about one of the changed records"), "{said}");
    let admin = stage.scene.ctx("admin").await.unwrap();
    let create = |fields: Json| Change::Create { fields: fields.as_object().unwrap().clone() };
    let wrong = create(json!({"title": "send it", "stage": "no such stage"}));
    let records = &stage.scene.records;
    assert!(records.write_one(&admin, "lead", wrong, &WriteOptions::default()).await.is_err());
    let set = vec![create(json!({"title": "send it"})), create(json!({"title": "send it, refused"}))];
    let together = WriteOptions { all_or_nothing: true, ..WriteOptions::default() };
    let outcomes = records.write(&admin, "lead", set.clone(), &together).await.unwrap();
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(stage.messages().await.len(), 1);
    // Of a set in which one is refused, the others go.
    let outcomes = records.write(&admin, "lead", set, &WriteOptions::default()).await.unwrap();
    assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 1);
    assert_eq!(stage.messages().await.len(), 2);
    // A dry run and a change of nothing send nothing.
    let dry = WriteOptions { dry_run: Some(records::Trial::default()), ..WriteOptions::default() };
    records.write_one(&admin, "lead", create(json!({"title": "send it dry"})), &dry).await.unwrap();
    let same = Change::Update {
        id: lead.parse().unwrap(),
        version: None,
        fields: json!({"title": "send it"}).as_object().unwrap().clone(),
    };
    records.write_one(&admin, "lead", same, &WriteOptions::default()).await.unwrap();
    assert_eq!(stage.messages().await.len(), 2);
    // Records with an owner, by either door.
    let task = create(json!({"title": "send with the task"}));
    records.write_one(&admin, "task", task, &WriteOptions::default()).await.unwrap();
    assert_eq!(stage.messages().await.len(), 3);
    let input = serde_json::from_value(json!({"title": "send with a task by hand"})).unwrap();
    stage.scene.tasks.create(&admin, input).await.unwrap();
    assert_eq!(stage.messages().await.len(), 4);
    stage.scene.drain().await.unwrap();
    assert_eq!(stage.letters(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sms_is_asked_of_the_gateway_until_it_answers() {
    let stage = Stage::start().await;
    let none = stage.told("sms", "+380 50 123-45-67", "s0").await;
    assert!(none.contains("gateway: The company has no gateway for SMS"), "{none}");
    stage.gateway("first", json!({})).await;
    *stage.world.answers.lock().unwrap() = vec![Ok(503), Err(NoAnswer::Unavailable("no route".to_owned()))];
    let id = stage.told("sms", "+380 50 123-45-67", "s1").await;
    for _ in 0..3 {
        stage.scene.drain().await.unwrap();
        stage.scene.clock.advance_seconds(3_600);
    }
    {
        let asked = stage.world.asked.lock().unwrap();
        assert_eq!(asked.len(), 3);
        let body: Json = serde_json::from_slice(&asked[2].body).unwrap();
        assert_eq!(body, json!({"to": "+380501234567", "text": "Привет, {to}! \\ \" <b>", "ref": id}));
        for request in asked.iter() {
            assert!(request.headers.contains(&("authorization".into(), "Bearer s3cret".into())), "{request:?}");
            assert!(request.headers.contains(&("idempotency-key".into(), id.clone())), "{request:?}");
        }
    }
    assert_eq!(stage.told("status", "", &id).await, "State::Sent ");
    let sent = stage.messages().await;
    assert_eq!((sent[0].foreign_id.as_deref(), sent[0].to.as_slice()), (Some("17"), &["+380501234567".to_owned()][..]));
    // What it refuses for good, where it may not be, and where nobody knows.
    for (answer, state) in [
        (Ok(400), "State::Failed the gateway answered 400: {'id': 17}"),
        (Ok(302), "State::Failed the gateway answered 302: {'id': 17}; redirects are not followed"),
        (
            Err(NoAnswer::Forbidden("127.0.0.1 is not on the public internet".into())),
            "State::Failed 127.0.0.1 is not on the public internet",
        ),
        (Err(NoAnswer::TooLong(64)), "State::Unsure the answer is longer than 64 KiB"),
    ] {
        stage.world.answers.lock().unwrap().push(answer);
        let id = stage.told("sms", "+380501234567", state).await;
        stage.scene.drain().await.unwrap();
        assert_eq!(stage.told("status", "", &id).await, state);
    }
    // An administrator has one sent again.
    let admin = stage.scene.ctx("admin").await.unwrap();
    let failed = stage.messages().await.into_iter().find(|one| one.key.contains("400")).unwrap();
    stage.scene.messages.decide(&admin, failed.id, messaging::mail::Decision::Resend).await.unwrap();
    stage.scene.drain().await.unwrap();
    assert_eq!(stage.told("status", "", &failed.id.to_string()).await, "State::Sent ");
    // Several gateways: the one that is named, or `default`.
    stage.gateway("second", json!({})).await;
    assert!(stage.told("sms", "+380501234567", "s9").await.contains("no `default`"));
    assert!(stage.told("sms by another", "", "third").await.contains("no `third`"));
    assert!(Uuid::parse_str(&stage.told("sms by another", "", "second").await).is_ok());
    // One that is gone meanwhile.
    stage.scene.messages.remove_gateway(&admin, "second").await.unwrap();
    stage.scene.drain().await.unwrap();
    assert_eq!(stage.told("by key", "", "by").await, "State::Failed there is no gateway `second` any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_not_asked_faster_than_it_may() {
    let stage = Stage::start().await;
    stage.gateway("slow", json!({"per_second": 2})).await;
    for n in 0..5 {
        stage.told("sms", "+380501234567", &format!("s{n}")).await;
    }
    let asked = || stage.world.asked.lock().unwrap().len();
    stage.scene.drain().await.unwrap();
    assert_eq!(asked(), 1);
    stage.scene.clock.advance_seconds(1);
    stage.scene.drain().await.unwrap();
    assert_eq!(asked(), 3);
    stage.scene.clock.advance_seconds(1);
    stage.scene.drain().await.unwrap();
    assert_eq!(asked(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_in_words() {
    let stage = Stage::start().await;
    stage.gateway("first", json!({})).await;
    let lead = stage.lead("Acme").await.unwrap();
    for (order, expected) in [
        ("to with a line end", "to: “anna@example.comBcc: x@example.com” is not an e-mail address"),
        ("cc with a line end", "cc: “anna@example.comBcc: x@example.com” is not an e-mail address"),
        ("subject with a line end", "subject: Contains a character that cannot be stored"),
        ("reply-to with a line end", "reply_to: “a@example.comBcc: x@example.com” is not an e-mail address"),
        ("header with a line end", "headers: “X-A” must be one line"),
        ("header name with a line end", "headers: The header “X-A: bBcc” cannot be set"),
        ("header of the envelope", "headers: The header “Bcc” cannot be set"),
        ("header twice", "headers: one is there twice"),
        ("unsubscribe with a line end", "unsubscribe: must be an address"),
        ("unsubscribe by script", "unsubscribe: must be an address"),
        ("ten thousand recipients", "to: At most 100 values"),
        ("nobody", "to: Required"),
        ("no address", "to: “nobody” is not an e-mail address"),
        ("endless html", "html: At most 500000 characters"),
        ("endless text", "text: At most 200000 characters"),
        ("endless sms", "text: At most 1530 characters"),
        ("too many", "limit: more than 200 messages at once"),
        ("thirty files", "limit: more than 20 files with a letter"),
        ("a file", "not found"),
    ] {
        let said = stage.told(order, &lead, &Uuid::from_u128(306).to_string()).await;
        assert!(said.contains(expected), "{order}: {said}");
    }
    for (record, key, expected) in [
        ("not a number", "s", "to: “not a number” is not a phone number"),
        ("+1", "s", "to: “+1” is not a phone number"),
        ("+380501234567, +380501234568", "s", "is not a phone number"),
    ] {
        let said = stage.told("sms", record, key).await;
        assert!(said.contains(expected), "{record}: {said}");
    }
    assert!(stage.told("mail", "", "").await.contains("key: A key has 1 to 200 bytes"));
    assert!(stage.told("mail", "", &"k".repeat(201)).await.contains("key: A key has 1 to 200 bytes"));
    // Records: of entities that are granted, and that are there.
    let deal = stage.told("mail about a deal", &lead, "k").await;
    assert!(deal.contains("the permission `records.deal` is not granted"), "{deal}");
    assert!(stage.told("mail about", &Uuid::from_u128(322).to_string(), "k").await.starts_with("not found"));
    assert!(stage.told("mail about", "nonsense", "k").await.starts_with("invalid"));
    assert!(stage.messages().await.is_empty());
    // So many in an hour.
    for n in 0..5 {
        let sent = stage.told("mail", "", &format!("k{n}")).await;
        assert!(Uuid::parse_str(&sent).is_ok(), "{sent}");
    }
    stage.scene.drain().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_place_of_a_letter_ends_its_line() {
    let stage = Stage::start().await;
    stage.gateway("first", json!({})).await;
    for place in [
        "to",
        "cc",
        "subject",
        "reply-to",
        "header",
        "references",
        "header name",
        "unsubscribe",
        "unsubscribe by mail",
        "key",
        "sms",
    ] {
        for end in ["both", "return", "feed", "zero"] {
            let said = stage.told(&format!("break in {place}"), "", end).await;
            assert!(said.starts_with("invalid: "), "{end} in {place}: {said}");
        }
    }
    assert!(stage.messages().await.is_empty());
    // What it tries to break is sent where nothing breaks.
    assert!(Uuid::parse_str(&stage.told("break in nothing", "", "both").await).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_company_is_not_there_and_one_that_is_gone_fails_the_letter() {
    let stage = Stage::start().await;
    let lead = stage.lead("Acme").await.unwrap();
    let admin = stage.scene.ctx("admin").await.unwrap();
    let bytes = || futures::stream::iter([Ok(bytes::Bytes::from_static(b"hello"))]);
    let id = lead.parse().unwrap();
    let own = stage.scene.files.add(&admin, "lead", id, "a.txt", bytes()).await.unwrap();
    // The same record and file as another company's would be: not found, in the same words.
    let other = plugin_host::dev::scene::company(&stage.scene.db, &stage.scene.env, "Other", Locale::En).await.unwrap();
    let ctx = other.system_ctx(&stage.scene.env);
    let fields = json!({"title": "Theirs"}).as_object().unwrap().clone();
    let theirs = stage.scene.records.write_one(&ctx, "lead", Change::Create { fields }, &WriteOptions::default()).await;
    let theirs = stage.scene.files.add(&ctx, "lead", theirs.unwrap().record.id, "a.txt", bytes()).await.unwrap();
    assert!(stage.told("a file", "", &theirs.id.to_string()).await.starts_with("not found"));
    let sent = stage.told("a file", "", &own.id.to_string()).await;
    assert!(Uuid::parse_str(&sent).is_ok(), "{sent}");
    stage.scene.drain().await.unwrap();
    assert_eq!(stage.told("status", "", &sent).await, "State::Sent ");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_sends_must_say_so_in_its_manifest() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let folder = guest("messages");
    let mut files = project::gather(&folder, &component(&folder)).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    let all = "[permissions.messaging]\nchannels = [\"mail\", \"sms\"]\nreason.en = \"To tell people.\"\n";
    for (changes, expected) in [
        (vec![(all, "")], "`message.*` needs [permissions.messaging]"),
        (vec![(all, ""), ("message.*", "lead.created")], "verstak:messaging/messaging"),
        (vec![("channels = [\"mail\", \"sms\"]", "channels = []")], "name `mail`, `sms` or both, each once"),
        (vec![("channels = [\"mail\", \"sms\"]", "channels = [\"mail\", \"mail\"]")], "each once"),
        (vec![("channels = [\"mail\", \"sms\"]", "channels = [\"mail\", \"pigeon\"]")], "pigeon"),
        (vec![("message.*", "message.sennt")], "did you mean `message.sent`"),
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
