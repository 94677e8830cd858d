//! What is another company's: whatever a plugin asks for by an id that it got from elsewhere, it is told the same as of an id that
//! nobody has. The plugin acts as itself, with all that it asked for, and runs in both companies.

use bytes::Bytes;
use kernel::{Ctx, Locale, RecordId, TaskId, UserId, Value};
use people::department::{self, DepartmentInput};
use people::tenant::Tenant;
use people::user::{self, NewUser, UserPatch};
use plugin_host::dev::scene::{Scene, company};
use plugin_host::{Grants, HostConfig, HttpCaller, HttpRequest};
use process::runtime::StartInput;
use records::read::Query;
use records::{Change, WriteOptions};
use serde_json::json;
use uuid::Uuid;

use crate::support::{database, guest, package};

pub const PLUGIN: &str = "test.nosy";
const HOSTILE: &str = "test.hostile";
/// An id as any other, of nothing.
const NOBODY: &str = "019cf5df-a280-7c22-9ab4-780c4d7b7ace";

/// What a company has, by ids.
pub struct Side {
    lead: String,
    spare: String,
    removed: String,
    company: String,
    head: String,
    member: String,
    department: String,
    file: String,
    upload: String,
    task: String,
    instance: String,
    /// Of a message that an instance waits for, of a letter and of something kept.
    key: String,
    letter: String,
    link: String,
}

async fn record(scene: &Scene, ctx: &Ctx, entity: &str, title: &str) -> RecordId {
    let fields = json!({ "title": title }).as_object().unwrap().clone();
    let made = scene.records.write_one(ctx, entity, Change::Create { fields }, &WriteOptions::default()).await;
    made.unwrap().record.id
}

fn bpmn(id: &str, step: &str) -> Vec<u8> {
    format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" id="d" targetNamespace="t">
        <message id="m" name="paid"/>
        <process id="{id}" isExecutable="true"><startEvent id="s"/>{step}<endEvent id="e"/>
        <sequenceFlow id="f1" sourceRef="s" targetRef="x"/><sequenceFlow id="f2" sourceRef="x" targetRef="e"/>
        </process></definitions>"#
    )
    .into_bytes()
}

async fn started(scene: &Scene, ctx: &Ctx, definition: &str, step: &str) -> String {
    scene.processes.deploy(ctx, bpmn(definition, step), true).await.unwrap();
    let variables = serde_json::Map::new();
    let definition = definition.to_owned();
    let start = StartInput { definition, version: None, process: None, subject: None, variables };
    scene.processes.start(ctx, start).await.unwrap().id.to_string()
}

pub async fn ask(scene: &Scene, ctx: &Ctx, path: &str, id: &str, side: Option<&Side>) -> String {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut query = vec![pair("id", id)];
    query.extend(side.into_iter().flat_map(|side| [pair("mine", &side.lead), pair("person", &side.member)]));
    let request = HttpRequest { method: "GET".into(), path: format!("/do/{path}"), query, ..HttpRequest::default() };
    let answer = scene.host.http(HttpCaller::User(ctx), PLUGIN, request).await.unwrap();
    let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    said["said"].as_str().unwrap().to_owned()
}

impl Side {
    async fn make(scene: &Scene, ctx: &Ctx, name: &str) -> Self {
        let person = async |who: &str| {
            let (name, email) = (who.to_owned(), format!("{who}@{name}.test"));
            user::create(&scene.db, ctx, &NewUser { name, email, ..Default::default() }).await.unwrap().id
        };
        let (head, member) = (person("hilda").await, person("milo").await);
        let heads = Some(vec![head]);
        let input = DepartmentInput { name: "Sales".into(), parent_id: None, head_id: None, head_ids: heads };
        let department = department::create(&scene.db, ctx, &input).await.unwrap().id;
        let patch = UserPatch { department_id: Some(Some(department)), ..Default::default() };
        user::update(&scene.db, ctx, UserId(member), &patch).await.unwrap();
        let lead = record(scene, ctx, "lead", name).await;
        let removed = record(scene, ctx, "lead", "Removed").await;
        let delete = Change::Delete { id: removed, version: None };
        scene.records.write_one(ctx, "lead", delete, &WriteOptions::default()).await.unwrap();
        let whole = futures::stream::iter([Ok(Bytes::from_static(b"hello"))]);
        let file = scene.files.add(ctx, "lead", lead, "a.txt", whole).await.unwrap();
        let bytes = Bytes::from_static(b"hello there");
        let task = json!({ "title": "Call", "assignee": member.to_string() });
        let key = format!("{name}-7");
        let step = format!(r#"<userTask id="x" name="Decide" v:executors="user:{member}"/>"#);
        let waits = format!(
            r#"<intermediateCatchEvent id="x"><extensionElements/><messageEventDefinition messageRef="m" v:correlationKey="'{key}'"/></intermediateCatchEvent>"#
        );
        started(scene, ctx, "waits", &waits).await;
        Self {
            instance: started(scene, ctx, "allowed", &step).await,
            spare: record(scene, ctx, "lead", "Spare").await.to_string(),
            company: record(scene, ctx, "company", "Client").await.to_string(),
            upload: scene.files.offer(ctx, PLUGIN, "192.0.2.0", "b.txt", bytes).await.unwrap(),
            task: scene.tasks.create(ctx, serde_json::from_value(task).unwrap()).await.unwrap().id.to_string(),
            letter: ask(scene, ctx, "mail/send", &key, None).await,
            link: ask(scene, ctx, "links/make", &lead.to_string(), None).await,
            lead: lead.to_string(),
            removed: removed.to_string(),
            head: head.to_string(),
            member: member.to_string(),
            department: department.to_string(),
            file: file.id.to_string(),
            key,
        }
    }
}

struct Stage {
    scene: Scene,
    /// Whose administrator asks.
    ours: Side,
    theirs: Side,
    other: Tenant,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn start() -> Self {
        let (db, folder) = database().await;
        let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
        scene.begin();
        let other = company(&scene.db, &scene.env, "Other", Locale::En).await.unwrap();
        let (own, foreign) = (scene.system(), other.system_ctx(&scene.env));
        for name in ["nosy", "plain"] {
            let id = scene.host.install(&own, &package(&guest(name))).await.unwrap();
            for ctx in [&own, &foreign] {
                scene.host.enable(ctx, &id, &Grants::Requested, None).await.unwrap();
            }
        }
        let (ours, theirs) = (Side::make(&scene, &own, "ours").await, Side::make(&scene, &foreign, "theirs").await);
        for (ctx, side) in [(&own, &ours), (&foreign, &theirs)] {
            assert_eq!(ask(&scene, ctx, "kept/set", &side.key, None).await, "done");
            assert!(Uuid::parse_str(&side.letter).is_ok(), "{}", side.letter);
            assert!(Uuid::parse_str(&side.link).is_ok(), "{}", side.link);
        }
        Self { scene, ours, theirs, other, _folder: folder }
    }

    /// What is said of an id, without ids in it.
    async fn said(&self, path: &str, id: &str) -> String {
        let ctx = self.scene.ctx("admin").await.unwrap();
        let said = ask(&self.scene, &ctx, path, id, Some(&self.ours)).await.replace(id, "ID");
        let is_id = |word: &str| Uuid::parse_str(word.trim_matches(|one: char| !one.is_ascii_alphanumeric())).is_ok();
        said.split(' ').map(|word| if is_id(word) { "ID" } else { word }).collect::<Vec<_>>().join(" ")
    }

    /// Another company's is as nobody's, and the question is one that has another answer.
    async fn check(&self, path: &str, of: impl Fn(&Side) -> &String) {
        let nobody = self.said(path, NOBODY).await;
        assert_eq!(self.said(path, of(&self.theirs)).await, nobody, "{path}");
        assert_ne!(self.said(path, of(&self.ours)).await, nobody, "{path}: of its own it says the same");
    }

    /// Asked in the other company.
    async fn there(&self, path: &str, id: &str) -> String {
        let ctx = self.other.system_ctx(&self.scene.env);
        ask(&self.scene, &ctx, path, id, Some(&self.theirs)).await
    }

    /// Nothing of the other company has changed.
    async fn untouched(&self) {
        let (scene, ctx, theirs) = (&self.scene, self.other.system_ctx(&self.scene.env), &self.theirs);
        let lead = scene.records.get(&ctx, "lead", theirs.lead.parse().unwrap()).await.unwrap();
        assert_eq!(lead.fields["title"], Value::Text("theirs".into()));
        assert_eq!(scene.records.count(&ctx, "lead", &Query::default()).await.unwrap(), 2);
        let task: TaskId = theirs.task.parse().unwrap();
        assert_eq!(scene.tasks.get(&ctx, task).await.unwrap().state.name(), "open");
        for (path, id, expected) in [
            ("records/get", &theirs.removed, "none"),
            ("records/get", &theirs.spare, "there"),
            ("files/list", &theirs.lead, "1"),
            ("files/get", &theirs.file, "a.txt"),
            ("files/take", &theirs.upload, "done"),
            ("links/list", &theirs.lead, "1"),
            ("kept/get", &theirs.key, "there"),
            ("mail/status", &theirs.letter, "there"),
            ("work/instance", &theirs.instance, "1"),
            ("work/publish", &theirs.key, "1 0"),
        ] {
            assert_eq!(self.there(path, id).await, expected, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_and_people_of_another_company_are_nobodys() {
    let stage = Stage::start().await;
    for path in ["get", "find", "visible", "change", "together"] {
        stage.check(&format!("records/{path}"), |side| &side.lead).await;
    }
    stage.check("records/remove", |side| &side.spare).await;
    stage.check("records/restore", |side| &side.removed).await;
    stage.check("records/link", |side| &side.company).await;
    stage.check("records/owner", |side| &side.member).await;
    for path in ["people/user", "people/person", "people/heads", "people/at", "people/on", "people/notify"] {
        stage.check(path, |side| &side.member).await;
    }
    for path in ["people/under", "people/over"] {
        stage.check(path, |side| &side.head).await;
    }
    for path in ["people/in", "people/gate"] {
        stage.check(path, |side| &side.department).await;
    }
    for path in ["time/days", "time/between", "time/after"] {
        stage.check(path, |side| &side.member).await;
    }
    stage.untouched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_files_and_messages_of_another_company_are_nobodys() {
    let stage = Stage::start().await;
    stage.check("past/record", |side| &side.lead).await;
    stage.check("past/person", |side| &side.member).await;
    stage.check("work/instance", |side| &side.instance).await;
    stage.check("work/complete", |side| &side.task).await;
    stage.check("work/executor", |side| &side.member).await;
    for path in ["work/about", "work/start"] {
        stage.check(path, |side| &side.lead).await;
    }
    stage.check("work/publish", |side| &side.key).await;
    stage.check("mail/about", |side| &side.lead).await;
    stage.check("mail/file", |side| &side.file).await;
    stage.check("mail/status", |side| &side.letter).await;
    stage.check("mail/key", |side| &side.key).await;
    for path in ["kept/get", "kept/keys"] {
        stage.check(path, |side| &side.key).await;
    }
    for path in ["files/list", "files/put", "files/fetch", "links/list", "links/make"] {
        stage.check(path, |side| &side.lead).await;
    }
    stage.check("links/revoke", |side| &side.link).await;
    stage.check("files/take", |side| &side.upload).await;
    for path in ["files/get", "files/read", "files/remove"] {
        stage.check(path, |side| &side.file).await;
    }
    stage.untouched().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_fails_in_one_company_works_in_the_others() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let other = company(&scene.db, &scene.env, "Other", Locale::En).await.unwrap();
    let (own, foreign) = (scene.system(), other.system_ctx(&scene.env));
    scene.host.install(&own, &package(&guest("hostile"))).await.unwrap();
    for ctx in [&own, &foreign] {
        scene.host.enable(ctx, HOSTILE, &Grants::Requested, None).await.unwrap();
    }
    let create = async |ctx: &Ctx, order: &str| {
        let fields = json!({ "title": "Lead", "comments": order }).as_object().unwrap().clone();
        let change = Change::Create { fields };
        scene.records.write_one(ctx, "lead", change, &WriteOptions::default()).await
    };
    for _ in 0..5 {
        assert!(create(&own, "trap").await.is_err());
        assert!(create(&foreign, "be good").await.is_ok());
    }
    let said = create(&own, "be good").await.unwrap_err().message().in_locale(Locale::En);
    assert!(said.contains("switched off for a while"), "{said}");
    assert!(create(&foreign, "be good").await.is_ok(), "its breaker is its own");
    scene.host.flush().await.unwrap();
    let told = async |ctx: &Ctx| {
        let lines = scene.host.logs(ctx, HOSTILE, None, None).await.unwrap();
        lines.iter().any(|line| line.message.contains("on purpose"))
    };
    assert!(told(&own).await && !told(&foreign).await, "and so is its log");
    let failures = async |ctx: &Ctx| {
        let cost = scene.host.cost(ctx, HOSTILE).await.unwrap();
        cost.iter().map(|cost| cost.failures).sum::<i64>()
    };
    assert_eq!((failures(&own).await, failures(&foreign).await), (5, 0));
}
