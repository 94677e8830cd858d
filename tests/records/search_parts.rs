//! SQLite's index looks each kind of text up by itself, counts candidates once, and is made anew by the upgrade that
//! brought this.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use kernel::filter::Filter;
use kernel::{Db, Locale};
use records::Records;
use records::read::{Query, Sort};
use sea_orm::Statement;
use serde_json::{Value, json};

use super::search::{contains, listed};
use crate::app::{TestApp, on_postgres, titles};

/// A statement on the index: its text, and the kinds of texts (titles, others, phones and addresses, long ones) that it
/// looks for groups in.
type Asked = (String, BTreeSet<u32>);

fn by_title(filter: &Value) -> Query {
    let sort = vec![Sort { field: "title".into(), descending: false }];
    Query { filter: Some(Filter::parse(filter).unwrap()), sort, limit: Some(10), ..Query::default() }
}

/// What a list of leads asks of the index, in order.
async fn asked(app: &TestApp, query: &Query) -> Vec<Asked> {
    let seen: Arc<Mutex<Vec<Statement>>> = Arc::default();
    let told = Arc::clone(&seen);
    let db = Db::open(&app.state.config.db_options()).await.unwrap();
    let db = db.watched(move |statement| told.lock().unwrap().push(statement.clone()));
    Records::new(&db, &app.state.env).query(&app.system(), "lead", query).await.unwrap();
    db.close().await.unwrap();
    let seen = seen.lock().unwrap();
    seen.iter().filter(|statement| statement.sql.contains("search_index MATCH")).map(on_index).collect()
}

fn on_index(statement: &Statement) -> Asked {
    let values = statement.values.as_ref().map_or(&[][..], |values| values.0.as_slice());
    let texts = values.iter().filter_map(|value| match value {
        sea_orm::Value::String(Some(text)) if text.starts_with('"') => Some(text),
        _ => None,
    });
    let own = texts.flat_map(|text| text.chars()).map(u32::from).filter(|c| (0x80..0x800).contains(c));
    (statement.sql.clone(), own.map(|c| (c - 0x80) / 480).collect())
}

/// Records of the index that hold three Cyrillic letters in a kind of texts.
async fn holding(app: &TestApp, kind: u32, group: &str) -> i64 {
    let own = |c: char| char::from_u32(0x80 + 480 * kind + 96 + u32::from(c) - 0x400).unwrap();
    let group: String = group.chars().map(own).collect();
    app.count(&format!("SELECT count(*) FROM search_index WHERE search_index MATCH '\"{group}\"'")).await
}

#[tokio::test]
async fn a_word_of_few_titles_is_looked_for_among_titles_alone() {
    let mut app = TestApp::start().await;
    let row = |n: usize| {
        let title = if n.is_multiple_of(40) { format!("Поставка {n}") } else { format!("Lead {n}") };
        json!({"fields": {"title": title, "last_name": "Поставкин", "comments": "поставка в четверг"}})
    };
    let rows: Vec<Value> = (0..120).map(row).collect();
    app.admin().post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    let other = app.add_company("Other", Locale::En).await;
    app.by_of(other, "admin").create("lead", json!({"title": "Поставка им"})).await.ok(201);
    let few = ["Поставка 80", "Поставка 40", "Поставка 0"];
    for kept in ["waiting", "in the index"] {
        let admin = app.admin();
        let sorted = |mut found: Vec<String>| {
            found.sort();
            found.reverse();
            found
        };
        assert_eq!(sorted(admin.found("lead", contains("title", "ПОСТАВ")).await), few, "{kept}");
        assert_eq!(admin.found("lead", contains("last_name", "тавки")).await.len(), 120, "{kept}");
        assert_eq!(admin.found("lead", contains("last_name", "тавка")).await, [""; 0], "{kept}");
        assert_eq!(admin.found("lead", contains("comments", "ставка в")).await.len(), 120, "{kept}");
        // Comments are no words of a list.
        assert_eq!(sorted(titles(&admin.query("lead", json!({"q": "поставка"})).await.ok(200))), few, "{kept}");
        let theirs = app.by_of(other, "admin").found("lead", contains("title", "постав")).await;
        assert_eq!(theirs, ["Поставка им"], "{kept}");
        app.state.records.fill_search().await.unwrap();
    }
    if !on_postgres() {
        // Three titles of this company and one of the other.
        assert_eq!((holding(&app, 0, "пос").await, holding(&app, 1, "пос").await), (4, 120));
        assert_eq!(holding(&app, 3, "пос").await, 120);
        for (query, kinds) in [
            (by_title(&contains("title", "поставка")), vec![0]),
            (by_title(&contains("title", "а 8")), vec![0]),
            (by_title(&contains("last_name", "поставкин")), vec![1]),
            (by_title(&contains("phones", "916")), vec![2]),
            (by_title(&contains("comments", "поставка")), vec![3]),
            (Query { words: Some("поставка".into()), ..Query::default() }, vec![0, 1, 2]),
        ] {
            let asked = asked(&app, &query).await;
            assert!(!asked.is_empty(), "{query:?}");
            for (sql, found) in asked {
                assert_eq!(found.into_iter().collect::<Vec<_>>(), kinds, "{query:?} {sql}");
            }
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn candidates_are_counted_once_and_taken_up_to_the_bound() {
    let app = TestApp::start().await;
    let row = |n: usize| {
        let name = if n == 7 { "Other" } else { "Beryl" };
        let title = if n < 3 { format!("Agate opal {n}") } else { format!("Agate {n}") };
        json!({"fields": {"title": title, "last_name": name}})
    };
    let rows: Vec<Value> = (0..501).map(row).collect();
    app.admin().post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    app.state.records.fill_search().await.unwrap();
    // What is looked for, how often candidates are counted, and whether the list begins with them.
    for (field, text, counts, narrowed) in
        [("title", "opal", 1, true), ("last_name", "beryl", 2, true), ("title", "agate", 2, false)]
    {
        let query = by_title(&contains(field, text));
        let page = app.state.records.query(&app.system(), "lead", &query).await.unwrap();
        assert_eq!(page.items.len(), if text == "opal" { 3 } else { 10 }, "{text}");
        if on_postgres() {
            continue;
        }
        let asked: Vec<String> = asked(&app, &query).await.into_iter().map(|(sql, _)| sql).collect();
        let (counted, lists): (Vec<&String>, Vec<&String>) = asked.iter().partition(|sql| sql.contains("count(*)"));
        assert_eq!((counted.len(), lists.len()), (counts, usize::from(narrowed)), "{text}: {asked:#?}");
        assert!(lists.iter().all(|sql| sql.contains("CROSS JOIN \"lead\"")), "{text}: {lists:#?}");
        // The second one leaves out what the first one counted.
        assert!(counted.iter().skip(1).all(|sql| sql.contains("\"rowid\" < ")), "{text}: {counted:#?}");
    }
    app.finish().await;
}

/// The index and what stood in it before its groups told kinds of texts apart.
const OLDER: [&str; 6] = [
    "DROP TABLE search_index",
    "CREATE VIRTUAL TABLE search_index USING fts5 (title, words, reach, long, content = '', contentless_delete = 1,
        detail = column, tokenize = 'trigram case_sensitive 1')",
    "INSERT INTO search_index (rowid, title, words, reach, long)
        SELECT id, 'sapphire', 'sapphire', '1234567', 'sapphire' FROM search_document",
    "INSERT INTO search_pending (record_id, tenant_id, entity, title, words, reach, long)
        SELECT record_id, tenant_id, entity, 'sapphire', '', '', '' FROM search_document WHERE id = 1",
    "INSERT INTO search_gap (tenant_id, entity, filled_to)
        SELECT tenant_id, entity, max(record_id) FROM search_document WHERE entity = 'contact' GROUP BY tenant_id, entity",
    "DELETE FROM seaql_migrations WHERE version = 'm20261130_000057_search_parts'",
];

#[tokio::test]
async fn an_index_of_before_is_made_anew_and_everything_is_found_meanwhile() {
    if on_postgres() {
        // Its groups said from the first where they stand.
        return;
    }
    let mut app = TestApp::start().await;
    let rows: Vec<Value> = (0..450).map(|n| json!({"fields": {"title": format!("Сапфир {n}")}})).collect();
    app.admin().post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    app.record("contact", json!({"title": "Ann", "comments": "ЁЛКИ и\u{306}од"})).await;
    let other = app.add_company("Other", Locale::En).await;
    app.by_of(other, "admin").create("lead", json!({"title": "Сапфир 441 у них"})).await.ok(201);
    app.state.records.fill_search().await.unwrap();
    for sql in OLDER {
        app.sql(sql).await;
    }
    migrations::upgrade(app.state.db.for_migrations()).await.unwrap();
    let indexed = app.count("SELECT count(*) FROM (SELECT DISTINCT tenant_id, entity FROM search_document)").await;
    assert_eq!(app.count("SELECT count(*) FROM search_gap WHERE filled_to IS NULL").await, indexed);
    assert_eq!(app.count("SELECT count(*) FROM search_gap").await, indexed);
    assert_eq!(app.count("SELECT count(*) FROM search_pending").await, 0, "they are of the old form");
    // The program that starts on it.
    let records = Records::new(&app.state.db, &app.state.env);
    let query = by_title(&contains("title", "апфир 44"));
    assert_eq!(listed(&records, &app.system(), "lead", &query).await.0.len(), 11, "read without the index");
    app.record("lead", json!({"title": "Сапфир 449 и ещё"})).await;
    assert_eq!(listed(&records, &app.system(), "lead", &query).await.0.len(), 12, "what is written meanwhile too");
    records.fill_search().await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM search_gap").await, 0);
    let documents = app.count("SELECT count(*) FROM search_document").await;
    assert_eq!(app.count("SELECT count(*) FROM search_index").await, documents);
    let asked = asked(&app, &query).await;
    assert!(!asked.is_empty());
    for (sql, kinds) in asked {
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [0], "titles are asked for: {sql}");
    }
    assert_eq!(listed(&records, &app.system(), "lead", &query).await.0.len(), 12);
    assert_eq!(listed(&records, &app.system_of(other), "lead", &query).await.0.len(), 1);
    for part in ["елки йод", "ЁЛКИ И\u{306}ОД"] {
        assert_eq!(app.admin().found("contact", contains("comments", part)).await, ["Ann"], "{part}");
    }
    assert_eq!(app.admin().found("lead", contains("title", "sapphire")).await, [""; 0]);
    app.drain().await;
    app.finish().await;
}
