//! Papers through plugins: of records by templates of the company as far as grants and rights let them, of the plugin's own data, and
//! workbooks.

use documents::{NewTemplate, Uploaded};
use kernel::{Ctx, Locale, RecordId};
use plugin_host::dev::project;
use plugin_host::dev::scene::{self, Scene};
use plugin_host::engine::{Caps, EngineConfig};
use plugin_host::{Grants, HostConfig, HttpCaller, HttpRequest};
use process::runtime::{Service, ServiceCall};
use records::{Change, WriteOptions};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{component, database, guest, package};

const PLUGIN: &str = "test.papers";
/// A template of the company.
const LETTER: &str = "#let d = json(\"data.json\")\n= Letter about #d.record.title";

struct Stage {
    scene: Scene,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn start() -> Self {
        let (db, folder) = database().await;
        // Setting papers in this process takes as long as the tests beside it let it.
        let caps = Caps { patience: 100, ..Caps::default() };
        let engine = EngineConfig { caps, ..EngineConfig::default() };
        let mut scene = Scene::new(db, Locale::En, HostConfig { engine, ..HostConfig::default() }).await.unwrap();
        scene.user("ann", &["sellers"]).await.unwrap();
        scene.user("eve", &[]).await.unwrap();
        scene.begin();
        let admin = scene.ctx("admin").await.unwrap();
        let id = scene.host.install(&admin, &package(&guest("papers"))).await.unwrap();
        scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
        Self { scene, _folder: folder }
    }

    async fn record(&self, ctx: &Ctx, entity: &str, fields: Value) -> String {
        let change = Change::Create { fields: fields.as_object().unwrap().clone() };
        let made = self.scene.records.write_one(ctx, entity, change, &WriteOptions::default()).await.unwrap();
        made.record.id.to_string()
    }

    async fn change(&self, entity: &str, id: &str, fields: Value) -> Result<(), kernel::Error> {
        let admin = self.scene.ctx("admin").await.unwrap();
        let id: RecordId = id.parse().unwrap();
        let change = Change::Update { id, version: None, fields: fields.as_object().unwrap().clone() };
        self.scene.records.write_one(&admin, entity, change, &WriteOptions::default()).await.map(drop)
    }

    /// An invoice of ours to a client that is still a draft.
    async fn invoice(&self) -> String {
        let admin = self.scene.ctx("admin").await.unwrap();
        self.record(&admin, "organization", json!({"title": "Ours", "legal_name": "Ours Ltd", "main": true})).await;
        let client = self.record(&admin, "company", json!({"title": "Client"})).await;
        let rows = json!([{"title": "Work", "price": 100}]);
        self.record(&admin, "invoice", json!({"company": client, "currency": "EUR", "rows": rows})).await
    }

    /// A template that a company brings; how a plugin names it.
    async fn letter(&self, admin: &Ctx, entity: &str) -> String {
        let new = NewTemplate { entity: entity.to_owned(), paper: None, title: None };
        let file = Uploaded { name: "Letter.typ".to_owned(), bytes: LETTER.as_bytes().to_vec() };
        format!("company:{}", self.scene.documents.add_own(admin, new, file).await.unwrap().id)
    }

    async fn files(&self, entity: &str, id: &str) -> usize {
        let admin = self.scene.ctx("admin").await.unwrap();
        self.scene.files.list(&admin, entity, id.parse().unwrap(), false).await.unwrap().0.len()
    }

    /// What the plugin says to somebody.
    async fn says(&self, name: &str, what: &str, query: &[(&str, &str)]) -> String {
        let ctx = self.scene.ctx(name).await.unwrap();
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let path = format!("/do/{what}");
        let request = HttpRequest { method: "GET".into(), path, query, ..HttpRequest::default() };
        let answer = self.scene.host.http(HttpCaller::User(&ctx), PLUGIN, request).await.unwrap();
        let said: Value = serde_json::from_slice(&answer.body).unwrap();
        said["said"].as_str().unwrap().to_owned()
    }

    async fn check(&self, what: &str, query: &[(&str, &str)], expected: &str) {
        let said = self.says("ann", what, query).await;
        assert!(said.contains(expected), "{what} {query:?}: `{said}` without `{expected}`");
    }

    /// What it says to a process, where it acts as itself.
    async fn told(&self, what: &str, entity: &str, record: &str) -> String {
        let call = ServiceCall {
            instance: kernel::InstanceId(Uuid::nil()),
            wait: 7,
            element: "step".to_owned(),
            kind: format!("plugin:{PLUGIN}/do"),
            parameters: json!({"what": what, "entity": entity, "record": record}).as_object().unwrap().clone(),
            subject: None,
            cause: None,
            batch: None,
        };
        let answer = Service::call(&self.scene.host, &self.scene.system(), &call).await.unwrap();
        answer["said"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn papers_of_records_are_drawn_and_kept_as_far_as_granted() {
    let stage = Stage::start().await;
    let admin = stage.scene.ctx("admin").await.unwrap();
    let lead = stage.record(&admin, "lead", json!({"title": "Acme"})).await;
    let of_lead = [("entity", "lead"), ("record", lead.as_str())];
    stage.check("draw", &of_lead, "not found").await;
    assert_eq!(stage.says("ann", "templates", &of_lead).await, "");
    let template = stage.letter(&admin, "lead").await;
    let lettered = [of_lead.as_slice(), &[("template", template.as_str())]].concat();
    assert_eq!(stage.says("ann", "templates", &of_lead).await, "Format::Pdf Letter false");
    assert_eq!(stage.says("ann", "draw", &lettered).await, "Format::Pdf %PDF");
    assert_eq!((stage.files("lead", &lead).await, stage.says("ann", "kept", &of_lead).await), (0, String::new()));
    // What has not changed is kept once.
    for _ in 0..2 {
        assert_eq!(stage.says("ann", "keep", &lettered).await, "Letter Acme.pdf");
    }
    assert_eq!(stage.says("ann", "kept", &of_lead).await, "Letter Acme.pdf en");
    let in_ukrainian = [lettered.as_slice(), &[("locale", "uk")]].concat();
    stage.check("keep", &in_ukrainian, "Letter Acme.pdf").await;
    assert_eq!(stage.files("lead", &lead).await, 2);
    stage.check("draw", &[lettered.as_slice(), &[("locale", "xx")]].concat(), "invalid: locale: ").await;

    // Of a document of sale the product has templates; a draft has no paper that is kept.
    let invoice = stage.invoice().await;
    let of_invoice = [("entity", "invoice"), ("record", invoice.as_str())];
    stage.check("templates", &of_invoice, "Format::Pdf").await;
    assert_eq!(stage.says("ann", "draw", &of_invoice).await, "Format::Pdf %PDF");
    stage.check("keep", &of_invoice, "conflict: This is still a draft").await;
    assert_eq!(stage.files("invoice", &invoice).await, 0);
    stage.change("invoice", &invoice, json!({"state": "issued"})).await.unwrap();
    stage.check("keep", &of_invoice, ".pdf").await;
    assert_eq!(stage.files("invoice", &invoice).await, 1);
    let by = |key: &'static str| [of_invoice.as_slice(), &[("template", key)]].concat();
    assert_eq!(stage.says("ann", "draw", &by("act")).await, "Format::Pdf %PDF");
    stage.check("draw", &by("quote"), "invalid").await;
    stage.check("draw", &by("nonsense"), "not found: the product has no template `nonsense`").await;
    stage.check("draw", &by("company:x"), "invalid: `x` is not an id").await;

    // What is not granted, for an entity or at all.
    let deal = stage.record(&admin, "deal", json!({"title": "x"})).await;
    let of_deal = [("entity", "deal"), ("record", deal.as_str())];
    stage.check("draw", &of_deal, "denied: the permission `documents` does not let it draw papers of `deal`").await;
    for entity in ["contact", "user", "spaceship", ""] {
        for what in ["draw", "keep", "kept", "templates"] {
            let said = stage.says("ann", what, &[("entity", entity), ("record", lead.as_str())]).await;
            assert!(said.starts_with("denied"), "{what} {entity}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_acts_must_see_the_record_and_other_companies_do_not_exist() {
    let stage = Stage::start().await;
    let admin = stage.scene.ctx("admin").await.unwrap();
    let lead = stage.record(&admin, "lead", json!({"title": "Acme"})).await;
    let template = stage.letter(&admin, "lead").await;
    let other = scene::company(&stage.scene.db, &stage.scene.env, "Other", Locale::En).await.unwrap();
    let stranger = other.system_ctx(&stage.scene.env);
    let theirs = stage.record(&stranger, "lead", json!({"title": "Secret"})).await;
    let foreign = stage.letter(&stranger, "lead").await;
    for what in ["draw", "keep", "kept"] {
        let query = [("entity", "lead"), ("record", theirs.as_str()), ("template", template.as_str())];
        assert!(stage.says("ann", what, &query).await.starts_with("not found"), "{what}");
        assert!(stage.says("admin", what, &query).await.starts_with("not found"), "{what}");
        let hidden = [("entity", "lead"), ("record", lead.as_str()), ("template", template.as_str())];
        let said = stage.says("eve", what, &hidden).await;
        assert!(said.starts_with("not found") || said.starts_with("denied"), "{what}: {said}");
    }
    stage.check("draw", &[("entity", "lead"), ("record", &lead), ("template", &foreign)], "other documents").await;
    stage.check("draw", &[("entity", "lead"), ("record", "nonsense")], "invalid: `nonsense` is not an id").await;
    assert_eq!(stage.says("eve", "templates", &[("entity", "lead")]).await, "");
    assert_eq!(stage.files("lead", &lead).await, 0);
    // Where a process asks, the plugin acts as itself: of every record of the company, of the named entities.
    let invoice = stage.invoice().await;
    assert_eq!(stage.told("draw", "invoice", &invoice).await, "Format::Pdf %PDF");
    assert!(stage.told("draw", "lead", &theirs).await.starts_with("not found"));
    assert!(stage.told("draw", "deal", &lead).await.starts_with("denied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn own_data_become_papers_and_workbooks_within_limits() {
    let stage = Stage::start().await;
    assert_eq!(stage.says("ann", "note", &[("title", "Привіт, Ґанку")]).await, "Format::Pdf %PDF");
    assert_eq!(stage.says("ann", "file", &[("file", "data/note.docx")]).await, "Format::Docx PK");
    assert_eq!(stage.says("ann", "book", &[]).await, "Format::Xlsx PK");
    for (file, expected) in [
        ("data/none.typ", "not found: the package has no file"),
        ("note.typ", "not found"),
        ("data/../data/note.typ", "not found"),
        ("./data/note.typ", "not found"),
        ("/etc/passwd", "not found"),
        ("plugin.toml", "not found"),
        ("component.wasm", "not found"),
        ("", "not found"),
        ("data/plan.txt", "A template is a file .typ"),
        ("data/tricky.zip", "../b.png"),
        ("data/broken.typ", "3: unknown variable"),
        ("data/nosy.typ", "A template sees only data.json"),
    ] {
        let said = stage.says("ann", "file", &[("file", file)]).await;
        assert!(said.contains(expected), "{file}: `{said}` without `{expected}`");
    }
    let deep = format!("{{\"title\": {}1{}}}", "[".repeat(500), "]".repeat(500));
    for (data, expected) in [
        ("[]", "invalid: data: not a JSON object"),
        ("{", "invalid: data: "),
        (deep.as_str(), "invalid: data: "),
        ("{}", "The document has no such name"),
        ("{\"title\": \"\u{1f600}\"}", "U+1F600"),
    ] {
        let said = stage.says("ann", "data", &[("data", data)]).await;
        assert!(said.starts_with("invalid") && said.contains(expected), "{data:.50}: {said}");
    }
    let squared = "{\"title\": \"\u{1f600}\", \"squares\": true}";
    assert_eq!(stage.says("ann", "data", &[("data", squared)]).await, "Format::Pdf %PDF");
    stage.check("much", &[], "limit: data: more than 512 KiB").await;
    stage.check("many", &[], "limit: more than 2 papers in one call").await;
    stage.check("large book", &[], "limit: more than 100000 cells").await;
    stage.check("wrong book", &[], "invalid: rows: `a lot` is not a number").await;
    // Nobody waits for a paper in a save.
    let admin = stage.scene.ctx("admin").await.unwrap();
    let lead = stage.record(&admin, "lead", json!({"title": "x"})).await;
    let refused = stage.change("lead", &lead, json!({"title": "y"})).await.unwrap_err();
    let said = refused.message().in_locale(Locale::En);
    assert!(said.starts_with("limit: more than 0 papers"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_makes_papers_must_say_so_in_its_manifest() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let admin = scene.ctx("admin").await.unwrap();
    let folder = guest("papers");
    let mut files = project::gather(&folder, &component(&folder)).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap();
    let asked = manifest.split("[permissions.documents]").nth(1).unwrap().split("[[hooks]]").next().unwrap();
    let all = format!("[permissions.documents]{asked}");
    let entities = asked.lines().find(|line| line.starts_with("entities")).unwrap();
    for (changes, expected) in [
        (vec![(all.as_str(), "")], "verstak:documents/documents"),
        (vec![("deal = [\"keep\"]", "deal = []")], "permissions.documents.entities.deal"),
        (vec![("deal = [\"keep\"]", "deal = [\"burn\"]")], "burn"),
        (vec![("deal = [", "spaceship = [")], "spaceship"),
        (vec![(entities, ""), ("own = true\n", "")], "permissions.documents.entities"),
        (vec![("reason.en = \"To make papers.\"", "")], "permissions.documents.reason"),
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_its_own_data_is_a_grant_of_its_own() {
    let (db, folder) = database().await;
    let mut scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    scene.user("ann", &["sellers"]).await.unwrap();
    scene.begin();
    let admin = scene.ctx("admin").await.unwrap();
    let of_guest = guest("papers");
    let mut files = project::gather(&of_guest, &component(&of_guest)).unwrap();
    let manifest = String::from_utf8(files["plugin.toml"].clone()).unwrap().replacen("own = true\n", "", 1);
    files.insert("plugin.toml".into(), manifest.into_bytes());
    let id = scene.host.install(&admin, &plugin_host::package::write(&files, None).unwrap()).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    let stage = Stage { scene, _folder: folder };
    for what in ["note", "file", "book"] {
        let said = stage.says("ann", what, &[("file", "data/note.typ")]).await;
        assert_eq!(said, "denied: the permission `documents` does not say `own = true`", "{what}");
    }
    let detail = stage.scene.host.get(&admin, PLUGIN).await.unwrap();
    let shown = serde_json::to_string(&detail).unwrap();
    for words in ["Papers by templates. ", "reads everything that stands on them", "keeps them among the files"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("of its own data"), "{shown}");
}
