//! Papers of documents: what stands on them in three languages, what cannot, what is kept, who may make them.

use serde_json::{Value, json};

use super::{draft, fields, issued};
use crate::app::{Answer, TestApp};

/// The text of a PDF, page by page, with plain spaces and without line ends.
pub fn text_of(pdf: &[u8]) -> String {
    assert!(pdf.starts_with(b"%PDF-1."), "{}", String::from_utf8_lossy(&pdf[..pdf.len().min(200)]));
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    let text = document.extract_text(&pages).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The paper is made; its text.
#[track_caller]
pub fn paper(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/pdf"));
    text_of(&answer.body)
}

/// Nothing of these is missing, whatever stands between their letters.
#[track_caller]
pub fn has(text: &str, all: &[&str]) {
    let bare = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    let missing: Vec<&&str> = all.iter().filter(|part| !bare(text).contains(&bare(part))).collect();
    assert!(missing.is_empty(), "{missing:?} are not in: {text}");
}

/// A company of ours that sells, and a client in this language.
pub async fn office(app: &TestApp, language: &str) -> String {
    let ours = json!({"title": "Верстак", "legal_name": "ТОВ «Ґанок і Ко»", "main": true, "tax_id": "12345678",
        "country": "UA", "legal_address": "м. Київ, вул. Їжакевича, 1", "bank_details": "UA21 3223 1300 0002 6007",
        "emails": [{"value": "office@ganok.test"}]});
    app.record("organization", ours).await;
    let client = json!({"title": "Ёлки & Co", "tax_id": "7701234567", "language": language,
        "emails": [{"value": "client@example.com"}]});
    app.record("company", client).await
}

/// A quote to the client.
pub async fn quote(app: &TestApp, company: &str, currency: &str) -> String {
    let rows = json!([
        {"title": "Стілець «Ґринджоли» їдальний", "quantity": 2, "unit": "шт", "price": 1234.5, "tax_rate": 20},
        {"title": "Доставка ещё раз", "price": 100, "discount_percent": 10, "tax_rate": 20},
    ]);
    let quote = json!({"company": company, "currency": currency, "rows": rows, "valid_to": "2026-04-01",
        "terms": "Оплата 100 % ₴ ₽ ₸ €"});
    app.record("quote", quote).await
}

async fn preview(app: &TestApp, entity: &str, id: &str, more: Value) -> Answer {
    let mut body = json!({"entity": entity, "id": id});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.admin().post("/documents/preview", body).await
}

#[tokio::test]
async fn papers_say_in_each_language_what_the_record_says() {
    let app = TestApp::start().await;
    let company = office(&app, "uk").await;
    let id = quote(&app, &company, "UAH").await;
    let own = ["ТОВ «Ґанок і Ко»", "Ёлки & Co", "Стілець «Ґринджоли» їдальний", "Доставка ещё раз", "₴ ₽ ₸ €", "1 / 1"];
    for (locale, expected) in [
        (
            json!(null),
            vec![
                "ЧЕРНЕТКА",
                "Комерційна пропозиція, чернетка від 16 березня 2026 р.",
                "Постачальник",
                "ЄДРПОУ 12345678",
                "2 469,00",
                "Податок 20 %",
                "3 070,80 ₴",
                "Три тисячі сімдесят гривень 80 копійок",
                "1 квітня 2026 р.",
                "Найменування",
            ],
        ),
        (
            json!("ru"),
            vec![
                "ЧЕРНОВИК",
                "Коммерческое предложение, черновик от 16 марта 2026 г.",
                "Поставщик",
                "3 070,80 ₴",
                "Три тысячи семьдесят гривен 80 копеек",
                "Действует до",
                "Наименование",
            ],
        ),
        (
            json!("en"),
            vec![
                "DRAFT",
                "Quote, draft of 16 March 2026",
                "Seller",
                "2,469.00",
                "₴3,070.80",
                "Three thousand seventy hryvnias 80 kopiykas",
                "Valid until",
                "Description",
            ],
        ),
    ] {
        let text = paper(&preview(&app, "quote", &id, json!({"locale": locale})).await);
        has(&text, &own);
        has(&text, &expected);
    }
    // Looking takes no number and changes nothing.
    let of = fields(&app, "quote", &id).await;
    assert_eq!((&of["document_number"], &of["state"]), (&json!(null), &json!("draft")));
    assert_eq!(app.admin().get(&format!("/records/quote/{id}")).await.ok(200)["version"], 1);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn every_template_can_be_set_with_its_settings() {
    let mut app = TestApp::start().await;
    app.person(0, "ann", &["sales_manager"]).await;
    let admin = app.admin();
    let company = office(&app, "en").await;
    let of_client = json!({"company": company, "currency": "EUR"});
    let invoice = issued(&app, json!(1200), of_client.clone()).await;
    let credit = admin.post(&format!("/records/invoice/{invoice}/credit"), json!({})).await.ok(200);
    let credit = credit["id"].as_str().unwrap().to_owned();
    let mut rows = of_client.clone();
    rows["rows"] = json!([{"title": "Work", "price": 7, "tax_rate": 20, "tax_included": true}]);
    let order = app.record("order", rows).await;
    let text = paper(&preview(&app, "invoice", &invoice, json!({})).await);
    has(&text, &["Invoice 2026-0001 of 16 March 2026", "Bank details", "UA21 3223", "Total €1,200.00", "Without tax"]);
    assert!(!text.contains("DRAFT"), "{text}");
    has(&paper(&preview(&app, "invoice", &credit, json!({})).await), &["Credit note, draft", "To invoice 2026-0001"]);
    has(
        &paper(&preview(&app, "order", &order, json!({})).await),
        &["Order, draft", "€7.00", "including Tax 20%", "€1.17"],
    );
    let act = paper(&preview(&app, "order", &order, json!({"template": "act"})).await);
    has(&act, &["Act of acceptance", "Contractor", "no claims"]);
    let wrong = preview(&app, "order", &order, json!({"template": "quote"})).await.problem(422, "document.invalid");
    assert_eq!(wrong["fields"]["template"]["code"], "choice");
    preview(&app, "invoice", &credit, json!({"template": "invoice"})).await.problem(422, "document.invalid");

    let listed = admin.get("/document-templates").await.ok(200);
    let keys: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["quote", "order", "invoice", "credit", "act"]);
    let settings = json!({"color": "#aa0033", "font": "serif", "columns": ["title", "total"], "words": false,
        "texts": {"en": {"intro": "Dear #client, *thank* you", "footer": "Registered in Kyiv"}}});
    let put = |version: i64, settings: Value| json!({"version": version, "settings": settings});
    app.by("ann").put("/document-templates/order", put(0, settings.clone())).await.problem(403, "denied");
    assert_eq!(admin.put("/document-templates/order", put(0, settings.clone())).await.ok(200)["version"], 1);
    admin.put("/document-templates/order", put(0, settings)).await.problem(409, "document.template_changed");
    let text = paper(&preview(&app, "order", &order, json!({})).await);
    // What people type is text, never markup.
    has(&text, &["Dear #client, *thank* you", "Registered in Kyiv"]);
    assert!(!text.contains("Qty") && !text.contains("In words"), "{text}");
    for (settings, field) in [
        (json!({"color": "red\")"}), "settings.color"),
        (json!({"columns": []}), "settings.columns"),
        (json!({"columns": ["title", "title"]}), "settings.columns"),
        (json!({"texts": {"en": {"intro": "x".repeat(2_001)}}}), "settings.texts.en.intro"),
    ] {
        let refused = admin.put("/document-templates/act", put(0, settings)).await.problem(422, "document.invalid");
        assert!(refused["fields"].get(field).is_some(), "{refused:#}");
    }
    admin.put("/document-templates/none", put(0, json!({}))).await.problem(404, "not_found");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn a_character_that_no_font_has_is_refused_by_its_name() {
    let app = TestApp::start().await;
    let rows = json!({"rows": [{"title": "Chair \u{1F600} and \u{4E2D}", "price": 1}]});
    let id = app.record("quote", rows).await;
    let refused = preview(&app, "quote", &id, json!({})).await.problem(422, "document.invalid");
    let told = &refused["fields"]["characters"];
    assert_eq!(told["code"], "characters");
    let words = told["message"].as_str().unwrap();
    assert!(words.contains("U+1F600") && words.contains("U+4E2D"), "{words}");
    // Arrows, signs and marks have a font.
    let rows = json!({"rows": [{"title": "a → b − c ≤ d ✓ № 5 — «x»\u{200b}y\u{ad}z", "price": 1}]});
    let id = app.record("quote", rows).await;
    has(&paper(&preview(&app, "quote", &id, json!({})).await), &["a → b − c ≤ d ✓ № 5 — «x»"]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn an_issued_document_is_kept_once_with_hash_and_version() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let company = office(&app, "ru").await;
    let id = draft(&admin, json!(100), json!({"company": company, "currency": "RUB"})).await;
    let make = async || {
        admin.post("/documents", json!({"template": "invoice", "entity": "invoice", "id": id, "format": "pdf"})).await
    };
    make().await.problem(409, "document.draft");
    admin.post(&format!("/records/invoice/{id}/issue"), json!({})).await.ok(200);
    let made = make().await.ok(200);
    assert_eq!((&made["state"], &made["locale"], &made["template_version"]), (&json!("kept"), &json!("ru"), &json!(0)));
    assert_eq!(made["file_name"], "Счёт на оплату 2026-0001.pdf");
    assert_eq!(make().await.ok(200)["id"], made["id"]);
    let files = admin.get(&format!("/records/invoice/{id}/files")).await.ok(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 1, "{files:#}");
    let file = &files["items"][0];
    assert_eq!(
        (&file["id"], &file["sha256"], &file["media_type"]),
        (&made["file"], &made["sha256"], &json!("application/pdf"))
    );
    let content = admin.get(&format!("/files/{}/content", file["id"].as_str().unwrap())).await;
    has(
        &text_of(&content.body),
        &["Счёт на оплату № 2026-0001 от 16 марта 2026 г.", "100,00 ₽", "Сто рублей 00 копеек"],
    );
    // The client has another address now: that is another paper.
    admin.update("company", &company, json!({"legal_address": "Москва"})).await.ok(200);
    assert_ne!(make().await.ok(200)["id"], made["id"]);
    let listed = admin.get(&format!("/documents?entity=invoice&id={id}")).await.ok(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    // A void one says so.
    admin.post(&format!("/records/invoice/{id}/void"), json!({"reason": "x"})).await.ok(200);
    has(&paper(&preview(&app, "invoice", &id, json!({})).await), &["АННУЛИРОВАН"]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_somebody_does_not_see_is_on_no_paper_of_theirs() {
    let mut app = TestApp::start().await;
    let hidden = |entity: &str, field: &str| json!({"entity": entity, "field": field, "right": "hidden"});
    let all = |entity: &str| json!({"kind": "permission", "entity": entity, "actions": ["read"]});
    let rows = json!([all("quote"), all("company")]);
    let rights = json!([hidden("quote", "terms"), hidden("company", "tax_id"), hidden("organization", "bank_details")]);
    app.role("blind", rows.clone(), rights).await;
    app.role("no_sums", rows, json!([hidden("quote", "rows")])).await;
    app.role("no_client", json!([all("quote")]), json!([])).await;
    app.person(0, "ben", &["blind"]).await;
    app.person(0, "cat", &["no_sums"]).await;
    app.person(0, "dan", &["no_client"]).await;
    let other = app.add_company("Other", kernel::Locale::En).await;
    let company = office(&app, "en").await;
    let id = quote(&app, &company, "UAH").await;
    app.admin().post(&format!("/records/quote/{id}/send"), json!({})).await.ok(200);
    let body = json!({"entity": "quote", "id": id});
    let text = paper(&app.by("ben").post("/documents/preview", body.clone()).await);
    has(&text, &["Ёлки & Co", "₴3,070.80", "EDRPOU 12345678"]);
    assert!(!text.contains("7701234567") && !text.contains("100 %") && !text.contains("UA21"), "{text}");
    let text = paper(&app.by("dan").post("/documents/preview", body.clone()).await);
    assert!(!text.contains("Ёлки"), "{text}");
    // Who reads may make: the paper is kept, although they may not change the record.
    let made = app.by("ben").post("/documents", body.clone()).await.ok(200);
    assert_eq!(made["state"], "kept");
    app.by("ben")
        .post(&format!("/records/quote/{id}/send"), letter("x@example.com"))
        .await
        .problem(409, "document.no_mail");
    app.by("cat").post("/documents/preview", body.clone()).await.problem(403, "denied");
    app.by("cat").post("/documents", body.clone()).await.problem(403, "denied");
    app.by("cat").get(&format!("/records/quote/{id}/letter")).await.problem(403, "denied");
    let stranger = app.by_of(other, "admin");
    for path in ["/documents", "/documents/preview"] {
        stranger.post(path, body.clone()).await.problem(404, "not_found");
    }
    stranger.get(&format!("/documents?entity=quote&id={id}")).await.problem(404, "not_found");
    stranger.post(&format!("/records/quote/{id}/send"), letter("x@example.com")).await.problem(404, "not_found");
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn two_who_make_the_same_paper_at_once_get_one() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let company = office(&app, "en").await;
    let id = quote(&app, &company, "UAH").await;
    admin.post(&format!("/records/quote/{id}/send"), json!({})).await.ok(200);
    let body = json!({"entity": "quote", "id": id});
    let (one, other) = tokio::join!(admin.post("/documents", body.clone()), admin.post("/documents", body.clone()));
    let (one, other) = (one.ok(200), other.ok(200));
    assert_eq!((&one["id"], &one["file"]), (&other["id"], &other["file"]));
    let kept = admin.get(&format!("/documents?entity=quote&id={id}")).await.ok(200);
    assert_eq!(kept["items"].as_array().unwrap().len(), 1, "{kept}");
    app.drain().await;
    app.finish().await;
}

/// A letter to somebody.
pub fn letter(to: &str) -> Value {
    json!({"to": [to], "subject": "Пропозиція {number}", "text": "Вітаємо!\n\n№ {number}"})
}

#[tokio::test]
async fn an_organization_puts_its_pictures_on_its_papers() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let company = office(&app, "en").await;
    let ours = admin.query("organization", json!({})).await.ok(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let id = quote(&app, &company, "UAH").await;
    let pictures = async || {
        let answer = preview(&app, "quote", &id, json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let document = lopdf::Document::load_mem(&answer.body).unwrap();
        let is_image = |dictionary: &lopdf::Dictionary| {
            dictionary.get(b"Subtype").and_then(lopdf::Object::as_name).is_ok_and(|name| name == b"Image")
        };
        document.objects.values().filter(|object| object.as_stream().is_ok_and(|one| is_image(&one.dict))).count()
    };
    assert_eq!(pictures().await, 0);
    for name in ["Logo.gif", "stamp.png"] {
        let uri = format!("/api/v1/records/organization/{ours}/files?name={name}");
        let octets = Some("application/octet-stream");
        admin.send("POST", &uri, octets, crate::access::operations::PICTURE.to_vec()).await.ok(201);
    }
    // The same picture twice is in the file once.
    assert!(pictures().await > 0);
    admin
        .put("/document-templates/quote", json!({"version": 0, "settings": {"logo": false, "signatures": false}}))
        .await
        .ok(200);
    assert_eq!(pictures().await, 0);
    app.drain().await;
    app.finish().await;
}
