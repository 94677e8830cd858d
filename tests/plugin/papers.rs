//! Papers of plugins in the whole product: what stands on those of the example `lead-papers`, and whom a template that does not end
//! keeps from what.

use plugin_host::dev::project;
use serde_json::{Value, json};

use crate::app::{TestApp, root};
use crate::sales::papers::{has, paper, text_of};

const EXAMPLE: &str = "verstak.lead-papers";
const GUEST: &str = "test.papers";

/// Installs and enables what is in a folder.
async fn enable(app: &TestApp, folder: &str, id: &str) {
    let folder = root().join(folder);
    let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
    let package = project::package(&folder, &component, None).unwrap();
    app.admin().send("POST", "/api/v1/plugins", Some("application/octet-stream"), package).await.ok(201);
    app.admin().post(&format!("/plugins/{id}/enable"), json!({"grants": "requested"})).await.ok(200);
}

/// A template that the company brings.
async fn bring(app: &TestApp, entity: &str, source: &str) -> Value {
    let uri = format!("/api/v1/document-templates/own?entity={entity}&name=letter.typ");
    let sent = app.admin().send("POST", &uri, Some("application/octet-stream"), source.as_bytes().to_vec()).await;
    sent.ok(201)["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_knows_stands_on_its_papers() {
    let app = TestApp::build().config(|config| config.plugins.patience = 20).start().await;
    enable(&app, "examples/lead-papers", EXAMPLE).await;
    let fields =
        json!({"title": "Ґанок #1 *not bold* \"x\"", "amount": 1500, "currency": "UAH", "comments": "Чекає\n= ні"});
    let lead = app.record("lead", fields).await;
    let route = |path: &str| format!("/plugins/{EXAMPLE}/http{path}");
    let summary = app.admin().get(&route(&format!("/leads/{lead}/summary"))).await;
    assert_eq!(summary.status, 200, "{}", summary.text());
    // What somebody typed is text, whatever it looks like.
    has(&text_of(&summary.body), &["Summary of a lead", "Ґанок #1 *not bold* \"x\"", "1500", "UAH", "Чекає", "= ні"]);
    let book = app.admin().get(&route("/leads")).await;
    assert!(book.status == 200 && book.body.starts_with(b"PK"), "{}", book.text());
    let nobody = route("/leads/019cf5df-a280-7c22-9ab4-780c4d7b7ace/summary");
    assert_eq!(app.admin().get(&nobody).await.status, 404);
    app.drain().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_of_a_plugin_that_does_not_end_keeps_nobody_from_their_papers() {
    let binary = crate::durability::server::binary();
    let app = TestApp::build()
        .config(move |config| {
            config.documents.typesetter = Some(binary.to_owned());
            config.documents.seconds = 1;
            config.plugins.patience = 20;
        })
        .start()
        .await;
    enable(&app, "core/plugin_host/tests/guests/papers", GUEST).await;
    let lead = app.record("lead", json!({"title": "Acme"})).await;
    let own = bring(&app, "lead", "#let d = json(\"data.json\")\n#d.record.title").await;
    let file = async |name: &str| {
        let path = format!("/plugins/{GUEST}/http/do/file?file=data/{name}");
        app.admin().get(&path).await.ok(200)["said"].as_str().unwrap().to_owned()
    };
    let ending = async {
        let said = file("endless.typ").await;
        assert!(said.starts_with("invalid") && said.contains("longer than 1 s"), "{said}");
    };
    let asking = async {
        for _ in 0..2 {
            let body = json!({"entity": "lead", "id": lead, "own": own});
            has(&paper(&app.admin().post("/documents/preview", body).await), &["Acme"]);
        }
    };
    futures::join!(ending, asking);
    // Its turn comes again, and it sees nothing of the server.
    assert_eq!(file("note.typ").await, "Format::Pdf %PDF");
    assert!(file("nosy.typ").await.contains("A template sees only data.json"));
    app.drain().await;
    app.finish().await;
}
