//! Pages: what the plugin's code computes, does and draws, and how it is stopped when it does it wrongly.

use kernel::{Ctx, Error, Locale};
use plugin_host::dev::scene::Scene;
use plugin_host::surfaces::Open;
use plugin_host::surfaces::spec::{Computed, Spec};
use plugin_host::{ComputedRows, Deed, Grants, HostConfig, Patch, View};
use records::read::Query;
use serde_json::{Value, json};

use crate::support::{database, guest, package};

const PLUGIN: &str = "test.pages";

struct Page {
    scene: Scene,
    ctx: Ctx,
    _folder: tempfile::TempDir,
}

async fn page() -> Page {
    let (db, folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let ctx = scene.ctx("admin").await.unwrap();
    scene.host.install(&ctx, &package(&guest("pages"))).await.unwrap();
    scene.host.enable(&ctx, PLUGIN, &Grants::Requested, None).await.unwrap();
    Page { scene, ctx, _folder: folder }
}

impl Page {
    async fn open(&self, surface: &str) -> Open {
        self.scene.host.open(&self.ctx, &json!({"admin": true}), PLUGIN, surface, None).await.unwrap()
    }

    async fn figures(&self, order: &str, cursor: Option<&str>) -> Result<ComputedRows, Error> {
        let open = self.open("declared").await;
        let columns = self.scene.host.surfaces(&self.ctx, &json!({"admin": true})).await.unwrap();
        let declared = columns.surfaces.iter().find(|one| one.id == "declared").unwrap();
        let mut given = declared.tree.as_ref().unwrap()["sources"]["order"].clone();
        given["input"] = json!(order);
        let Spec::Plugin(computed) = open.source("order", &given).unwrap() else { panic!("no plugin source") };
        let computed: Computed = computed;
        self.scene.host.computed(&self.ctx, &open, &computed, &View::default(), cursor.map(str::to_owned)).await
    }

    async fn press(&self, order: &str) -> Result<Vec<Patch>, Error> {
        let open = self.open("declared").await;
        let input = json!({ "order": order });
        let deed = Deed { act: "order".into(), key: self.ctx.id(), entity: None, rows: Vec::new(), input };
        self.scene.host.act(&self.ctx, &open, deed, &View::default()).await.map(|acted| acted.patches)
    }

    async fn draw(&self, order: &str) -> Result<Value, Error> {
        let open = self.open("drawn").await;
        let params = json!({ "order": order }).as_object().unwrap().clone();
        let view = View { params, ..View::default() };
        self.scene.host.render(&self.ctx, &open, &view, &Value::Null).await.map(|drawn| drawn.tree)
    }

    /// The last thing in the plugin's log.
    async fn said(&self) -> String {
        let log = self.scene.host.logs(&self.ctx, PLUGIN, None, None).await.unwrap();
        log.first().map(|line| line.message.clone()).unwrap_or_default()
    }

    async fn fails<T: std::fmt::Debug>(&self, order: &str, failed: Result<T, Error>, expected: &str) {
        let error = failed.unwrap_err();
        assert_eq!(error.code(), "plugin.failed", "{order}: {error:?}");
        assert!(error.message().in_locale(Locale::En).contains("Pages"), "{order}: {error:?}");
        let said = self.said().await;
        assert!(said.contains(expected), "{order}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_come_as_declared_and_others_are_refused() {
    let page = page().await;
    let rows = page.figures("", None).await.unwrap();
    assert_eq!((rows.rows[0].id.as_str(), &rows.rows[0].fields["left"]), ("a", &json!(1)));
    let first = page.figures("cursor", None).await.unwrap();
    assert_eq!(first.next.as_deref(), Some("b"));
    assert_eq!(page.figures("cursor", Some("b")).await.unwrap().rows[0].id, "b");
    assert_eq!(page.figures("no number", None).await.unwrap().rows[0].fields["left"], Value::Null);
    for (order, expected) in [
        ("many", "2001 rows"),
        ("twice", "the id `a`"),
        ("column", "declares no column `other`"),
        ("type", "left: "),
        ("large", "is empty, long"),
        ("write", "may not change anything"),
        ("keep", "may not change anything"),
        ("loop", "more than 50 ms of CPU time"),
        ("trap", "panic or abort"),
        ("memory", "more than 32 MiB of memory"),
        ("long cursor", "a cursor of more than 1000 characters"),
        ("flag", "left: "),
        ("time", "left: "),
        ("list", "left: "),
        ("somebody", "who: "),
        ("a number of people", "who: "),
    ] {
        page.fails(order, page.figures(order, None).await, expected).await;
        // Ten failures among twenty calls would open its breaker.
        for _ in 0..2 {
            page.figures("", None).await.unwrap();
        }
    }
    assert_eq!(page.scene.records.count(&page.ctx, "lead", &Query::default()).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_changes_the_page_and_nothing_beyond_the_portal() {
    let page = page().await;
    assert_eq!(page.press("local").await.unwrap(), [Patch::Open { url: "/r/lead".to_owned() }]);
    assert!(matches!(&page.press("write").await.unwrap()[..], [Patch::Toast(toast)] if toast.text == "Left"));
    assert_eq!(page.scene.records.count(&page.ctx, "lead", &Query::default()).await.unwrap(), 1);
    let refused = page.press("refuse").await.unwrap_err();
    assert_eq!((refused.code(), refused.message().in_locale(Locale::En)), ("act.refused", "Left".to_owned()));
    let denied = page.press("deny").await.unwrap_err();
    assert_eq!(denied.code(), "act.refused", "what the host refused is refused: {denied:?}");
    for (order, expected) in [
        ("away", "is not an address of the portal"),
        ("patches", "more than 20 patches"),
        ("state", "more than 16 KiB"),
        ("fail", "ordered"),
        ("away by a line", "is not an address of the portal"),
        ("away by a slash", "is not an address of the portal"),
        ("script", "is not an address of the portal"),
        ("endless toast", "a toast of more than 16 KiB"),
        ("sources", "more than 20 sources to refresh"),
        ("errors", "more than 200 errors or refused rows"),
        ("refusals", "more than 200 errors or refused rows"),
        ("endless errors", "more than 1024 KiB"),
        ("loop", "more than 500 ms of CPU time"),
        ("trap", "panic or abort"),
        ("memory", "more than 64 MiB of memory"),
    ] {
        page.fails(order, page.press(order).await, expected).await;
        for _ in 0..2 {
            page.press("").await.unwrap();
        }
    }
    let open = page.open("declared").await;
    let other = Deed { act: "other".into(), key: page.ctx.id(), entity: None, rows: Vec::new(), input: Value::Null };
    let unknown = page.scene.host.act(&page.ctx, &open, other, &View::default()).await.unwrap_err();
    assert!(matches!(unknown, Error::NotFound(_)), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_of_the_code_is_checked_like_a_declared_one() {
    let page = page().await;
    assert_eq!(page.draw("").await.unwrap()["blocks"][0]["markdown"], "=1 + 1", "a string is itself");
    for (order, expected) in [
        ("none", "tree: "),
        ("deep", "tree: "),
        ("large", "larger than 256 KiB"),
        ("act", "`other` is not among the acts of the surface `drawn`"),
        ("source", "`other` is not among the sources of the surface `drawn`"),
        ("entity", "add [permissions.records.deal]"),
        ("lie", "`nobody` is not defined"),
        ("write", "may not change anything"),
        ("many", "more than 300 blocks"),
        ("nested", "more than 8 blocks inside one another"),
        ("endless expression", "inside one another"),
        ("frame", "the package has no page `ui/map/index.html`"),
        ("circle", "hang on themselves: a on b on a"),
        ("own tail", "hang on themselves: a on a"),
        ("chain", "a chain of more than 2 sources"),
        ("loop", "more than 50 ms of CPU time"),
        ("trap", "panic or abort"),
        ("memory", "more than 32 MiB of memory"),
    ] {
        page.fails(order, page.draw(order).await, expected).await;
        for _ in 0..2 {
            page.draw("").await.unwrap();
        }
    }
    let unknown = page.draw("unknown").await.unwrap();
    assert_eq!(unknown["blocks"], json!([{"block": "hologram", "else": []}]), "a block of a later version is left out");
    let declared = page.open("declared").await;
    let none = page.scene.host.render(&page.ctx, &declared, &View::default(), &Value::Null).await.unwrap_err();
    assert!(matches!(none, Error::NotFound(_)), "{none:?}");
}
