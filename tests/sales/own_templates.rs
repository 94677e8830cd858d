//! Templates of a company's own: what is uploaded, what is wrong with it, versions, who may, what is made by them.

use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::draft;
use super::papers::{has, office, paper, quote, text_of};
use crate::app::{Answer, Client, TestApp};

const OFFER: &str = "#let d = json(\"data.json\")\n= #d.heading\n#d.record.title for #d.company.title\n\n#for row in d.rows [#row.title: #row.total \\ ]\n\n#d.total";

/// Uploads a template.
async fn upload(client: &Client<'_>, entity: &str, name: &str, file: &[u8]) -> Answer {
    let uri = format!("/api/v1/document-templates/own?entity={entity}&name={name}");
    client.send("POST", &uri, Some("application/octet-stream"), file.to_vec()).await
}

/// Uploads its next version.
async fn replace(client: &Client<'_>, id: &str, seen: i64, name: &str, file: &[u8]) -> Answer {
    let uri = format!("/api/v1/document-templates/own/{id}/content?name={name}&seen={seen}");
    client.send("PUT", &uri, Some("application/octet-stream"), file.to_vec()).await
}

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file((*name).to_owned(), SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A Word file of these paragraphs.
fn word(paragraphs: &[&str]) -> Vec<u8> {
    let body: String = paragraphs.iter().map(|text| format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")).collect();
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>{body}</w:body></w:document>"
    );
    packed(&[("[Content_Types].xml", b"<Types/>".as_slice()), ("word/document.xml", document.as_bytes())])
}

/// The text of a Word file.
fn text_of_word(file: &[u8]) -> String {
    use std::io::Read;
    let mut zip = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut xml = String::new();
    zip.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
    let mut text = String::new();
    for part in xml.split('<').skip(1) {
        text.push(' ');
        text.push_str(part.split_once('>').map_or("", |(_, text)| text));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wrong(answer: &Answer, field: &str) -> String {
    let refused = answer.problem(422, "document.invalid");
    refused["fields"][field]["message"].as_str().unwrap_or_else(|| panic!("{refused:#}")).to_owned()
}

#[tokio::test]
async fn an_own_template_makes_papers_and_they_keep_its_version() {
    let mut app = TestApp::start().await;
    app.person(0, "ann", &["sales_head", "observer"]).await;
    let admin = app.admin();
    let company = office(&app, "en").await;
    let id = quote(&app, &company, "UAH").await;
    admin.update("quote", &id, json!({"owner": app.id_of("ann")})).await.ok(200);
    upload(&app.by("ann"), "quote", "offer.typ", OFFER.as_bytes()).await.problem(403, "denied");
    let made = upload(&admin, "quote", "offer.typ", OFFER.as_bytes()).await.ok(201);
    assert_eq!((&made["version"], &made["paper"], &made["unknown"]), (&json!(1), &json!("quote"), &json!([])));
    assert_eq!((&made["title"], &made["kind"], &made["usual"]), (&json!("offer"), &json!("typ"), &json!(false)));
    let own = made["id"].as_str().unwrap().to_owned();
    // A draft says so although the template does not.
    let body = json!({"entity": "quote", "id": id, "own": own});
    let text = paper(&app.by("ann").post("/documents/preview", body.clone()).await);
    has(&text, &["DRAFT", "Quote, draft of", "Ёлки & Co", "Доставка ещё раз", "₴3,070.80"]);
    app.by("ann").post("/documents", body.clone()).await.problem(409, "document.draft");
    admin.post(&format!("/records/quote/{id}/send"), json!({})).await.ok(200);
    let first = app.by("ann").post("/documents", body.clone()).await.ok(200);
    assert_eq!((&first["own"], &first["template_version"], &first["state"]), (&json!(own), &json!(1), &json!("kept")));
    assert_eq!(first["file_name"], "offer 2026-0001.pdf");
    assert_eq!(app.by("ann").post("/documents", body.clone()).await.ok(200)["id"], first["id"]);

    // Another version: what was made stays, what is made is new.
    let second = OFFER.replace("= #d.heading", "= Second #d.heading");
    replace(&admin, &own, 0, "offer.typ", second.as_bytes()).await.problem(409, "document.template_changed");
    assert_eq!(replace(&admin, &own, 1, "offer.typ", second.as_bytes()).await.ok(200)["version"], 2);
    let again = app.by("ann").post("/documents", body.clone()).await.ok(200);
    assert_eq!((&again["template_version"], again["id"] == first["id"]), (&json!(2), false));
    let file = admin.get(&format!("/files/{}/content", again["file"].as_str().unwrap())).await;
    has(&text_of(&file.body), &["Second Quote 2026-0001", "Ёлки & Co"]);

    // Going back makes a third one of the first.
    let back = format!("/document-templates/own/{own}/versions/1/restore");
    app.by("ann").post(&back, json!({"seen": 2})).await.problem(403, "denied");
    assert_eq!(admin.post(&back, json!({"seen": 2})).await.ok(200)["version"], 3);
    let versions = admin.get(&format!("/document-templates/own/{own}/versions")).await.ok(200);
    let numbers: Vec<&Value> = versions["items"].as_array().unwrap().iter().map(|one| &one["version"]).collect();
    assert_eq!(numbers, [&json!(3), &json!(2), &json!(1)]);
    assert_eq!(versions["items"][0]["sha256"], versions["items"][2]["sha256"]);
    let content = admin.get(&format!("/document-templates/own/{own}/versions/2/content")).await;
    assert_eq!(content.text(), second);
    assert!(content.header("content-disposition").unwrap().starts_with("attachment"));

    // The usual one is taken where nobody chooses, and is not removed; ours stays to be had.
    let path = format!("/document-templates/own/{own}");
    assert_eq!(admin.patch(&path, json!({"usual": true, "title": "Our offer"})).await.ok(200)["usual"], true);
    let usual = app.by("ann").post("/documents", json!({"entity": "quote", "id": id})).await.ok(200);
    assert_eq!((&usual["own"], &usual["file_name"]), (&json!(own), &json!("Our offer 2026-0001.pdf")));
    let ours = json!({"entity": "quote", "id": id, "template": "quote"});
    assert_eq!(app.by("ann").post("/documents", ours).await.ok(200)["own"], json!(null));
    admin.delete(&path).await.problem(409, "document.template_usual");
    admin.patch(&path, json!({"usual": false})).await.ok(200);
    assert_eq!(admin.delete(&path).await.status, 204);
    admin.get(&format!("{path}/versions")).await.problem(404, "not_found");
    wrong(&app.by("ann").post("/documents/preview", body).await, "own");
    assert_eq!(admin.get("/document-templates/own").await.ok(200)["items"], json!([]));
    // Versions that papers name stay behind them: three of three.
    assert_eq!(app.count("SELECT COUNT(*) FROM own_template_version").await, 3);
    let listed = admin.get(&format!("/documents?entity=quote&id={id}")).await.ok(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 4);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_template_is_told_when_it_is_uploaded() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let refused = async |name: &str, file: &[u8]| upload(&app.admin(), "quote", name, file).await;
    let words = wrong(&refused("a.typ", b"Text\n#nothing").await, "template");
    assert!(words.contains("2: unknown variable") && words.contains("spelling"), "{words}");
    let words = wrong(&refused("a.typ", b"#image(\"logo.png\")").await, "template");
    assert!(words.contains("ZIP"), "{words}");
    let words = wrong(&refused("a.typ", b"#read(\"/etc/passwd\")").await, "template");
    assert!(words.contains("file not found"), "{words}");
    let words = wrong(&refused("a.typ", b"#(").await, "template");
    assert!(words.contains("1: "), "{words}");
    assert!(wrong(&refused("a.typ", "Smile \u{1F600}".as_bytes()).await, "characters").contains("U+1F600"));
    assert!(wrong(&refused("a.exe", b"x").await, "file").contains(".typ"));
    assert!(wrong(&refused("a.zip", b"x").await, "file").contains("ZIP"));
    refused("a.typ", &vec![b'x'; 2 * 1024 * 1024 + 1]).await.problem(413, "too_large");
    let bomb = packed(&[("a.typ", b"x".as_slice()), ("b.png", vec![0; 9 * 1024 * 1024].as_slice())]);
    assert!(bomb.len() < 100_000 && wrong(&refused("a.zip", &bomb).await, "file").contains('8'));
    upload(&admin, "nothing", "a.typ", b"x").await.problem(404, "not_found");
    let uri = "/api/v1/document-templates/own?entity=deal&paper=quote&name=a.typ";
    wrong(&admin.send("POST", uri, Some("application/octet-stream"), b"x".to_vec()).await, "paper");
    assert_eq!(admin.get("/document-templates/own").await.ok(200)["items"], json!([]));

    // Names that do not exist are told all at once; the file is kept, so that it can be mended.
    let source = "#let d = json(\"data.json\")\n#d.at(\"x\", default: none)\n#if d.draft [#d.record.at(\"y\", default: none)] else [#d.record.titel]";
    let made = refused("a.typ", source.as_bytes()).await.ok(201);
    assert_eq!(made["unknown"], json!(["d.record.titel"]));
    let made = upload(&admin, "deal", "b.docx", &word(&["{{deal.titel}}", "{{heading}} {{sum}}"])).await.ok(201);
    assert_eq!((&made["unknown"], &made["kind"]), (&json!(["deal.titel", "sum"]), &json!("docx")));
    assert!(
        wrong(&upload(&admin, "deal", "c.docx", &word(&["{{#each rows}}"])).await, "template").contains("#each rows")
    );
    // A version is of the kind of its template.
    let own = made["id"].as_str().unwrap();
    assert!(wrong(&replace(&admin, own, 1, "b.typ", b"x").await, "file").contains("Word"));
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn word_files_are_filled_in_three_languages_with_every_letter() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let company = office(&app, "uk").await;
    let id = quote(&app, &company, "UAH").await;
    let file = word(&[
        "{{heading}}",
        "{{#each rows}}",
        "{{number}}. {{title}}",
        "{{/each}}",
        "{{terms}} {{quote.number}}",
        "{{total}}",
    ]);
    let own = upload(&admin, "quote", "Offer.docx", &file).await.ok(201)["id"].as_str().unwrap().to_owned();
    for (locale, heading, total) in [
        ("uk", "Комерційна пропозиція, чернетка від 16 березня 2026 р.", "3 070,80 ₴"),
        ("ru", "Коммерческое предложение, черновик от 16 марта 2026 г.", "3 070,80 ₴"),
        ("en", "Quote, draft of 16 March 2026", "₴3,070.80"),
    ] {
        let body = json!({"entity": "quote", "id": id, "own": own, "locale": locale});
        let answer = admin.post("/documents/preview", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let kind = answer.header("content-type").unwrap();
        assert!(kind.ends_with("wordprocessingml.document"), "{kind}");
        let text = text_of_word(&answer.body);
        has(&text, &[heading, total, "1. Стілець «Ґринджоли» їдальний", "2. Доставка ещё раз", "Оплата 100 % ₴ ₽ ₸ €"]);
    }
    let pdf = json!({"entity": "quote", "id": id, "own": own, "format": "pdf"});
    assert!(wrong(&admin.post("/documents/preview", pdf).await, "format").contains("Word"));
    admin.post(&format!("/records/quote/{id}/send"), json!({})).await.ok(200);
    let made = admin.post("/documents", json!({"entity": "quote", "id": id, "own": own})).await.ok(200);
    assert_eq!(made["file_name"], "Offer 2026-0001.docx");
    let file = admin.get(&format!("/files/{}", made["file"].as_str().unwrap())).await.ok(200);
    assert!(file["media_type"].as_str().unwrap().ends_with("wordprocessingml.document"), "{file:#}");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn any_record_has_papers_by_own_templates() {
    let mut app = TestApp::start().await;
    let admin = app.admin();
    let company = office(&app, "en").await;
    let deal = app.record("deal", json!({"title": "Contract / Ёлки", "company": company, "amount": 7})).await;
    let body = json!({"entity": "deal", "id": deal});
    admin.post("/documents/preview", body.clone()).await.problem(404, "not_found");
    let source = "#let d = json(\"data.json\")\n#d.deal.title between #d.organization.legal_name and #d.company.title, #d.company.tax_id";
    let own = upload(&admin, "deal", "contract.typ", source.as_bytes()).await.ok(201);
    assert_eq!((&own["paper"], &own["unknown"]), (&json!(null), &json!([])));
    let path = format!("/document-templates/own/{}", own["id"].as_str().unwrap());
    admin.patch(&path, json!({"usual": true})).await.ok(200);
    let text = paper(&admin.post("/documents/preview", body.clone()).await);
    has(&text, &["Contract / Ёлки between ТОВ «Ґанок і Ко» and Ёлки & Co, 7701234567"]);
    assert!(!text.contains("DRAFT"), "{text}");
    let made = admin.post("/documents", body.clone()).await.ok(200);
    assert_eq!((&made["template"], &made["file_name"]), (&json!(null), &json!("contract Contract - Ёлки.pdf")));
    admin.get(&format!("/records/deal/{deal}/letter")).await.problem(404, "not_found");
    // Not for records of another entity.
    let other = json!({"entity": "company", "id": company, "own": own["id"]});
    wrong(&admin.post("/documents/preview", other).await, "own");

    // What somebody does not see is empty, and whoever sees no deals sees no templates of deals.
    let rows = json!([{"kind": "permission", "entity": "deal", "actions": ["read"]},
        {"kind": "permission", "entity": "company", "actions": ["read"]}]);
    app.role("blind", rows, json!([{"entity": "company", "field": "tax_id", "right": "hidden"}])).await;
    app.role("stranger", json!([{"kind": "permission", "entity": "lead", "actions": ["read"]}]), json!([])).await;
    app.person(0, "ben", &["blind"]).await;
    app.person(0, "cat", &["stranger"]).await;
    let text = paper(&app.by("ben").post("/documents/preview", body.clone()).await);
    assert!(text.contains("Contract") && !text.contains("7701234567"), "{text}");
    app.by("cat").post("/documents/preview", body.clone()).await.problem(404, "not_found");
    assert_eq!(app.by("cat").get("/document-templates/own").await.ok(200)["items"], json!([]));
    // Another company has neither the record nor the template.
    let other = app.add_company("Other", kernel::Locale::En).await;
    let stranger = app.by_of(other, "admin");
    stranger.post("/documents/preview", body).await.problem(404, "not_found");
    stranger.post(&format!("{path}/preview"), json!({})).await.problem(404, "not_found");
    stranger.delete(&path).await.problem(404, "not_found");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_trial_is_a_draft_with_an_example_or_a_record() {
    let mut app = TestApp::start().await;
    app.person(0, "ann", &["sales_manager"]).await;
    let admin = app.admin();
    let own = upload(&admin, "invoice", "bill.typ", OFFER.as_bytes()).await.ok(201);
    let path = format!("/document-templates/own/{}/preview", own["id"].as_str().unwrap());
    app.by("ann").post(&path, json!({})).await.problem(403, "denied");
    has(&paper(&admin.post(&path, json!({})).await), &["DRAFT", "Goods or services 1"]);
    has(&paper(&admin.post(&path, json!({"locale": "uk"})).await), &["ЧЕРНЕТКА", "Товар або послуга 2"]);
    // An issued one is marked too.
    let company = office(&app, "en").await;
    let invoice = draft(&admin, json!(100), json!({"company": company, "currency": "EUR"})).await;
    admin.post(&format!("/records/invoice/{invoice}/issue"), json!({})).await.ok(200);
    has(&paper(&admin.post(&path, json!({"record": invoice})).await), &["DRAFT", "Ёлки & Co", "€100.00"]);
    admin.post(&path, json!({"version": 7})).await.problem(404, "not_found");
    admin.post(&path, json!({"record": company})).await.problem(404, "not_found");

    // Settings that nobody kept yet.
    let trial = json!({"settings": {"color": "#aa0033", "columns": ["title", "total"], "words": false,
        "texts": {"en": {"intro": "Dear client"}}}});
    let text = paper(&admin.post("/document-templates/quote/preview", trial.clone()).await);
    has(&text, &["DRAFT", "Dear client", "Goods or services 1"]);
    assert!(!text.contains("Qty"), "{text}");
    app.by("ann").post("/document-templates/quote/preview", trial).await.problem(403, "denied");
    let wrong = json!({"settings": {"color": "red"}});
    admin.post("/document-templates/quote/preview", wrong).await.problem(422, "document.invalid");
    admin.post("/document-templates/none/preview", json!({})).await.problem(404, "not_found");
    let source = admin.get("/document-templates/act/content").await;
    assert!(source.text().contains("#import \"paper.typ\""), "{}", source.text());
    // It can be uploaded as it is.
    upload(&admin, "order", "act.typ", &source.body).await.ok(201);
    app.drain().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_change_a_template_one_is_told() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let own = upload(&admin, "quote", "a.typ", b"A").await.ok(201)["id"].as_str().unwrap().to_owned();
    let other = upload(&admin, "quote", "b.typ", b"B").await.ok(201)["id"].as_str().unwrap().to_owned();
    let (first, second) =
        futures::join!(replace(&admin, &own, 1, "a.typ", b"A2"), replace(&admin, &own, 1, "a.typ", b"A3"));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    // Whoever chooses last: one is the usual one.
    let path = |id: &str| format!("/document-templates/own/{id}");
    let (one, two) = (path(&own), path(&other));
    let (first, second) =
        futures::join!(admin.patch(&one, json!({"usual": true})), admin.patch(&two, json!({"usual": true})));
    first.ok(200);
    second.ok(200);
    assert_eq!(app.count("SELECT COUNT(*) FROM own_template WHERE usual").await, 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_template_is_refused_while_the_server_answers() {
    let binary = crate::durability::server::binary();
    let app = TestApp::build()
        .config(move |config| {
            config.documents.typesetter = Some(binary.to_owned());
            config.documents.seconds = 1;
        })
        .start()
        .await;
    let admin = app.admin();
    let endless = b"#for a in range(9999) { for b in range(9999) { for c in range(9999) { } } }";
    let ending = async {
        let words = wrong(&upload(&admin, "quote", "endless.typ", endless).await, "template");
        assert!(words.contains("longer than 1 s"), "{words}");
    };
    let asking = async {
        for _ in 0..5 {
            app.admin().get("/me").await.ok(200);
        }
    };
    futures::join!(ending, asking);
    let words = wrong(&upload(&admin, "quote", "huge.typ", b"#let a = range(200000000)\n#a.len()").await, "template");
    assert!(words.contains("memory") || words.contains("longer"), "{words}");
    assert_eq!(admin.get("/document-templates/own").await.ok(200)["items"], json!([]));
    // What sees nothing but its inputs sees nothing of the server.
    let nosy = b"#let d = json(\"data.json\")\n#sys.inputs.keys().len() #d.entity";
    upload(&admin, "quote", "nosy.typ", nosy).await.ok(201);
    app.drain().await;
    app.finish().await;
}
