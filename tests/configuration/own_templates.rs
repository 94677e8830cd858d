//! Templates of a company's own out of one company, into another.

use std::io::{Cursor, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::Locale;
use serde_json::{Value, json};

use super::{exported, file_of, import, named, unpacked};
use crate::app::{Client, TestApp};

const OFFER: &str = "#let d = json(\"data.json\")\n= #d.heading\n#d.total";

async fn upload(client: &Client<'_>, entity: &str, name: &str, file: &[u8]) -> String {
    let uri = format!("/api/v1/document-templates/own?entity={entity}&name={name}");
    client.send("POST", &uri, Some("application/octet-stream"), file.to_vec()).await.id()
}

async fn replace(client: &Client<'_>, id: &str, seen: i64, file: &[u8]) {
    let uri = format!("/api/v1/document-templates/own/{id}/content?name=offer.typ&seen={seen}");
    client.send("PUT", &uri, Some("application/octet-stream"), file.to_vec()).await.ok(200);
}

fn word(text: &str) -> Vec<u8> {
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    );
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("[Content_Types].xml", "<Types/>"), ("word/document.xml", document.as_str())] {
        zip.start_file(name.to_owned(), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A template of seven MiB that is a few KiB as it is packed.
fn great() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: String, content: &[u8]| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    };
    add("main.typ".to_owned(), OFFER.as_bytes());
    for n in 0..7 {
        add(format!("{n}.png"), &vec![0; 1024 * 1024]);
    }
    zip.finish().unwrap().into_inner()
}

async fn all(client: &Client<'_>) -> Vec<Value> {
    client.get("/document-templates/own").await.ok(200)["items"].as_array().unwrap().clone()
}

async fn content(client: &Client<'_>, template: &Value) -> Vec<u8> {
    let (id, version) = (template["id"].as_str().unwrap(), &template["version"]);
    client.get(&format!("/document-templates/own/{id}/versions/{version}/content")).await.body
}

#[tokio::test]
async fn own_templates_move_with_their_files_and_come_back() {
    let mut app = TestApp::start().await;
    let other = app.add_company("Other", Locale::En).await;
    let (admin, stranger) = (app.admin(), app.by_of(other, "admin"));
    let offer = upload(&admin, "quote", "offer.typ", OFFER.as_bytes()).await;
    admin.patch(&format!("/document-templates/own/{offer}"), json!({"usual": true})).await.ok(200);
    let letter = word("Dear {{company.title}}");
    upload(&admin, "deal", "letter.docx", &letter).await;
    let great = format!("{OFFER}\n/*{}*/", "x".repeat(260 * 1024));
    upload(&admin, "quote", "great.typ", great.as_bytes()).await;
    let file = exported(&admin).await;
    let told = &unpacked(&file)["own_templates.json"];
    assert_eq!(told.as_array().unwrap().len(), 2, "{told}");
    assert_eq!(
        (&told[1]["text"], &told[1]["usual"], &told[1]["paper"]),
        (&json!(OFFER), &json!(true), &json!("quote"))
    );
    let areas = admin.get("/configuration/areas").await.ok(200);
    let area = areas["items"].as_array().unwrap().iter().find(|one| one["area"] == "own_templates").unwrap();
    assert_eq!((&area["count"], &area["left_out"][0]["key"]), (&json!(2), &json!("quote.great")));
    assert!(area["left_out"][0]["message"].as_str().unwrap().contains("256"), "{area}");

    let dry = import(&stranger, &file, true).await.ok(200);
    assert_eq!(named(&dry, "create"), ["own_templates deal.letter", "own_templates quote.offer"]);
    assert_eq!(all(&stranger).await, Vec::<Value>::new(), "a dry run leaves nothing");
    let done = import(&stranger, &file, false).await.ok(200);
    let here = all(&stranger).await;
    assert_eq!((content(&stranger, &here[0]).await, content(&stranger, &here[1]).await), (letter, OFFER.into()));
    assert_eq!((&here[1]["usual"], &here[1]["version"]), (&json!(true), &json!(1)));
    let again = import(&stranger, &file, false).await.ok(200);
    assert_eq!((&again["create"], &again["change"], &again["applied"]), (&json!([]), &json!([]), &json!(false)));
    assert_eq!(unpacked(&exported(&stranger).await)["own_templates.json"], *told, "the same content, the same bytes");

    // Another file is the next version, and taken back the one before it comes again.
    let newer = format!("{OFFER}\n\nTwo");
    replace(&admin, &offer, 1, newer.as_bytes()).await;
    app.clock.advance_seconds(60);
    let second = import(&stranger, &exported(&admin).await, false).await.ok(200);
    assert_eq!(named(&second, "change"), ["own_templates quote.offer"]);
    let here = all(&stranger).await;
    assert_eq!((content(&stranger, &here[1]).await, &here[1]["version"]), (newer.into_bytes(), &json!(2)));
    for (change, left) in [(second, 2), (done, 0)] {
        let acts = stranger.get("/configuration/changes?limit=200").await.ok(200);
        let act = acts["items"].as_array().unwrap().iter().find(|act| act["key"] == change["change_id"]).unwrap();
        let path = format!("/configuration/changes/{}/restore?dry_run=false", act["id"].as_str().unwrap());
        stranger.post(&path, json!({})).await.ok(200);
        let here = all(&stranger).await;
        assert_eq!(here.len(), left);
        if let Some(offer) = here.get(1) {
            assert_eq!((content(&stranger, offer).await, &offer["version"]), (OFFER.into(), &json!(3)));
        }
        app.clock.advance_seconds(60);
    }
    assert_eq!(all(&admin).await.len(), 3, "nothing reached the company that it came from");
    let acts = stranger.get("/configuration/changes?area=own_templates").await.ok(200);
    assert!(acts["items"].as_array().unwrap().iter().any(|act| act["key"] == "quote.offer"), "{acts}");
    app.finish().await;
}

#[tokio::test]
async fn a_template_that_cannot_be_kept_is_told_and_nothing_is_taken_in() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let own = upload(&admin, "quote", "offer.typ", OFFER.as_bytes()).await;
    admin.patch(&format!("/document-templates/own/{own}"), json!({"usual": true})).await.ok(200);
    let before = exported(&admin).await;
    let good = json!({"entity": "quote", "title": "A", "file": "a.typ", "text": OFFER});
    let with = |part: &str, value: Value| {
        let mut spec = good.clone();
        spec[part] = value;
        spec
    };
    // In base64 "no zip"; in a file of configuration anybody may say of it what they like.
    let packed = json!({"entity": "quote", "title": "A", "file": "a.docx", "base64": "bm8gemlw"});
    let mut bare = packed.clone();
    bare["file"] = json!("a.zip");
    for (spec, list) in [
        (with("entity", json!("x_nothing")), "missing"),
        (with("paper", json!("act")), "conflicts"),
        (with("title", json!(" A ")), "conflicts"),
        (with("title", json!("x".repeat(101))), "conflicts"),
        (with("file", json!("../a.typ")), "conflicts"),
        (with("file", json!("a.exe")), "conflicts"),
        (with("text", json!("  ")), "conflicts"),
        (with("usual", json!(true)), "conflicts"),
        (packed, "conflicts"),
        (bare, "conflicts"),
        // Here it is a source.
        (
            json!({"entity": "quote", "title": "offer", "file": "a.docx", "base64": STANDARD.encode(word("x"))}),
            "conflicts",
        ),
    ] {
        let file = file_of("own_templates", json!([spec]));
        let plan = import(&admin, &file, true).await.ok(200);
        assert_eq!(named(&plan, list).len(), 1, "{spec}: {plan}");
        import(&admin, &file, false).await.problem(409, "config.import");
    }
    for spec in [
        with("secret", json!(1)),
        with("text", Value::Null),
        with("base64", json!("AAAA")),
        with("text", json!("x".repeat(257 * 1024))),
        with("text", json!(format!("{OFFER} {own}"))),
    ] {
        let file = file_of("own_templates", json!([spec]));
        assert!(!import(&admin, &file, false).await.status.is_success(), "{spec}");
    }
    let many: Vec<Value> = (0..101).map(|n| with("title", json!(format!("T{n}")))).collect();
    let plan = import(&admin, &file_of("own_templates", json!(many)), true).await.ok(200);
    assert_eq!(named(&plan, "conflicts").len(), 1);
    // Small files that unpack to great ones are counted together.
    let bomb = |n: usize| json!({"entity": "quote", "title": format!("B{n}"), "file": "b.zip", "base64": STANDARD.encode(great())});
    let plan =
        import(&admin, &file_of("own_templates", json!((0..6).map(bomb).collect::<Vec<_>>())), true).await.ok(200);
    assert_eq!(named(&plan, "conflicts"), ["own_templates quote.B4", "own_templates quote.B5"], "{plan}");
    assert_eq!(plan["conflicts"][0]["part"], "file");
    assert_eq!(exported(&admin).await, before);
    // The place of the usual one may go from one to the other in one file.
    let mut here = unpacked(&before)["own_templates.json"].clone();
    here[0]["usual"] = json!(false);
    let swapped = json!([with("usual", json!(true)), here[0]]);
    let done = import(&admin, &file_of("own_templates", swapped), false).await.ok(200);
    assert_eq!(done["applied"], true, "{done}");
    let usual: Vec<Value> = all(&admin).await.into_iter().filter(|one| one["usual"] == true).collect();
    assert_eq!((usual.len(), &usual[0]["title"]), (1, &json!("A")));
    app.finish().await;
}
