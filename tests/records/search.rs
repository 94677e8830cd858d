//! Texts are looked for in an index, on both databases, and what is found is what reading every record finds: whoever asks,
//! whatever was written before, whatever is looked for.

use std::collections::BTreeSet;

use kernel::filter::Filter;
use kernel::{Ctx, Locale};
use records::Records;
use records::read::{Query, Sort};
use serde_json::{Value, json};

use super::own::{MACHINE, make_machines};
use crate::app::{TestApp, on_postgres, titles};

pub(super) fn contains(field: &str, value: &str) -> Value {
    json!({"field": field, "op": "contains", "value": value})
}

async fn by_words(app: &TestApp, entity: &str, words: &str) -> Vec<String> {
    titles(&app.admin().query(entity, json!({"q": words})).await.ok(200))
}

/// The same product beside it, which does not use the index: a gap is open.
async fn without_index(app: &TestApp) -> Records {
    for entity in ["lead", "contact", MACHINE] {
        app.sql(&format!(
            "INSERT INTO search_gap (tenant_id, entity) SELECT id, '{entity}' FROM tenant WHERE true ON CONFLICT DO NOTHING"
        ))
        .await;
    }
    Records::new(&app.state.db, &app.state.env)
}

/// Ids in the order of a list, page by page, and how many a count gives.
pub(super) async fn listed(records: &Records, ctx: &Ctx, entity: &str, query: &Query) -> (Vec<String>, Option<i64>) {
    let (mut query, mut ids, mut total) = (query.clone(), Vec::new(), None);
    loop {
        let page = records.query(ctx, entity, &query).await.unwrap();
        ids.extend(page.items.iter().map(|record| record.id.to_string()));
        total = total.or(page.total);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return (ids, total);
        }
    }
}

#[tokio::test]
async fn words_and_parts_of_words_are_found_at_once_in_any_spelling() {
    let app = TestApp::build().locale(Locale::Ru).start().await;
    app.record(
        "lead",
        json!({
            "title": "Поставка Жёлудей №7", "last_name": "Соловьёв", "comments": "Позвонить: подъезд у ЁЛКИ\nв четверг",
            "phones": ["8 (916) 123-45-67"], "emails": ["Olga.Йод@Example.org"], "utm_source": "yandex-direct",
        }),
    )
    .await;
    app.record("lead", json!({"title": "Other"})).await;
    let found = ["Поставка Жёлудей №7"];
    for kept in ["beside the index", "in it"] {
        for words in ["желуд", "ЖЁЛУД", "ставка жел", "соловьев", "и\u{306}од@ex", "йод@", "й№7", "удей №7"]
        {
            let expected: &[&str] = if words == "й№7" { &[] } else { &found };
            assert_eq!(by_words(&app, "lead", words).await, expected, "{kept} {words}");
        }
        for words in ["8916123", "+7 916 123-45-67", "9161234567", "123-45-67", "23456"] {
            assert_eq!(by_words(&app, "lead", words).await, found, "{kept} {words}");
        }
        for (field, part) in [
            ("title", "ЖЕЛУДЕЙ"),
            ("title", "а жё"),
            ("comments", "ёлки"),
            ("comments", "елки"),
            ("utm_source", "NDEX-d"),
            ("emails", "ЙОД@"),
            ("phones", "8 916 12"),
            ("phones", "+7916"),
            ("phones", "345"),
        ] {
            assert_eq!(app.admin().found("lead", contains(field, part)).await, found, "{kept} {field} {part}");
        }
        for part in ["желубей", "other", "й"] {
            assert_eq!(app.admin().found("lead", contains("comments", part)).await, [""; 0], "{kept} {part}");
        }
        app.state.records.fill_search().await.unwrap();
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_written_by_any_way_is_found_as_it_is_and_no_longer_as_it_was() {
    let app = TestApp::start().await;
    let admin = app.admin();
    let lead = app.record("lead", json!({"title": "Alabaster", "phones": ["+7 916 123-45-67"]})).await;
    let is = async |words: &str, expected: &[&str]| {
        assert_eq!(by_words(&app, "lead", words).await, expected, "{words}");
        assert_eq!(app.admin().found("lead", contains("title", words)).await, expected, "{words}");
    };
    admin.update("lead", &lead, json!({"title": "Basalt"})).await.ok(200);
    is("alabas", &[]).await;
    is("basalt", &["Basalt"]).await;
    assert_eq!(by_words(&app, "lead", "9161234567").await, ["Basalt"], "the phone stays");
    admin.update("lead", &lead, json!({"phones": [], "comments": "granite inside"})).await.ok(200);
    assert_eq!(by_words(&app, "lead", "9161234567").await, [""; 0]);
    assert_eq!(admin.found("lead", contains("comments", "granit")).await, ["Basalt"]);
    admin.delete(&format!("/records/lead/{lead}")).await.ok(204);
    is("basalt", &[]).await;
    let deleted = admin.query("lead", json!({"q": "basalt", "deleted": true})).await.ok(200);
    assert_eq!(titles(&deleted), ["Basalt"]);
    admin.post(&format!("/records/lead/{lead}/restore"), json!({})).await.ok(200);
    is("basalt", &["Basalt"]).await;
    let changed =
        admin.post("/records/lead/bulk", json!({"update": [{"id": lead, "fields": {"title": "Chalk"}}]})).await.ok(200);
    is("chalk", &["Chalk"]).await;
    admin.post(&format!("/batches/{}/undo", changed["batch"].as_str().unwrap()), json!({})).await.ok(200);
    is("chalk", &[]).await;
    is("basalt", &["Basalt"]).await;
    // Tasks are written by their owner.
    let task = app.record("task", json!({"title": "Dig", "description": "marl and clay"})).await;
    admin.update("task", &task, json!({"description": "loess"})).await.ok(200);
    assert_eq!(admin.found("task", contains("description", "marl")).await, [""; 0]);
    assert_eq!(admin.found("task", contains("description", "oess")).await, ["Dig"]);
    assert_eq!(by_words(&app, "task", "dig").await, ["Dig"]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn nobody_finds_what_stands_in_fields_that_are_hidden_from_them_or_at_others() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let rows = json!([{"kind": "permission", "entity": "contact", "actions": ["read"]}]);
    let hidden = |field: &str| json!({"entity": "contact", "field": field, "right": "hidden"});
    app.role("half", rows, json!([hidden("comments"), hidden("phones"), hidden("x_secret")])).await;
    app.person(0, "hal", &["half"]).await;
    let field = json!({"key": "x_secret", "type": "text", "label": {"en": "Secret"}});
    app.admin().post("/entities/contact/fields", field).await.ok(201);
    app.record(
        "contact",
        json!({"title": "Ann", "comments": "obsidian", "phones": ["+7 916 123-45-67"], "x_secret": "onyx black"}),
    )
    .await;
    app.record("lead", json!({"title": "Opal", "owner": app.id_of("admin")})).await;
    let other = app.add_company("Other", Locale::En).await;
    app.by_of(other, "admin").create("contact", json!({"title": "Obsidian & Sons"})).await.ok(201);
    for words in ["obsidian", "onyx", "9161234", "+7 916 123-45-67"] {
        let seen = app.by("hal").query("contact", json!({"q": words, "total": true})).await.ok(200);
        assert_eq!((titles(&seen), &seen["total"]), (vec![], &json!(0)), "{words}");
    }
    for (field, part) in [("comments", "obsidian"), ("phones", "916123"), ("x_secret", "onyx")] {
        let ask = json!({"filter": contains(field, part)});
        app.by("hal").query("contact", ask.clone()).await.problem(400, "request.invalid");
        assert_eq!(titles(&app.admin().query("contact", ask).await.ok(200)), ["Ann"], "{field}");
    }
    assert_eq!(titles(&app.by("hal").query("contact", json!({"q": "ann"})).await.ok(200)), ["Ann"]);
    assert_eq!(by_words(&app, "contact", "obsidian").await, [""; 0], "comments are no words of a list");
    let theirs = app.by_of(other, "admin").query("contact", json!({"q": "obsidian"})).await.ok(200);
    assert_eq!(titles(&theirs), ["Obsidian & Sons"]);
    let own = app.by("max").query("lead", json!({"q": "opal"})).await.ok(200);
    assert_eq!(titles(&own), [""; 0], "rows of others stay theirs");
    app.finish().await;
}

#[tokio::test]
async fn hostile_needles_are_looked_for_as_they_stand() {
    let app = TestApp::start().await;
    let strange = r#"a"b' OR 1=1 -- 100%_of\it* NEAR(x y) {col}: ^z -w"#;
    app.record("lead", json!({"title": strange})).await;
    app.record("lead", json!({"title": "plain"})).await;
    let private = "\u{e000}\u{e001}\u{e002}";
    for kept in ["beside the index", "in it"] {
        for part in [
            r#"a"b'"#,
            "' OR 1=1 --",
            "100%_of",
            r"f\it",
            "it* NEAR(",
            "{col}: ^z -w",
            r#"""""#,
            "%%%",
            "___",
            r"\\\",
            "NOT x",
            "title : z",
            "\" OR \"pla",
            "plain\" OR \"",
            "}'; DROP TABLE lead; --",
            private,
            "   ",
            "\u{1}\u{2}\u{3}",
        ] {
            let expected: &[&str] = if strange.contains(part) { &[strange] } else { &[] };
            assert_eq!(app.admin().found("lead", contains("title", part)).await, expected, "{kept} {part:?}");
        }
        app.state.records.fill_search().await.unwrap();
    }
    let answer = app.admin().query("lead", json!({"filter": contains("title", "a\0bc")})).await;
    assert!(answer.status.as_u16() < 500, "{}", answer.text());
    let long = "pla".repeat(60);
    assert_eq!(app.admin().found("lead", contains("title", &long)).await, [""; 0]);
    let many: Vec<Value> = (0..290).map(|n| contains("title", &format!("needle number {n}"))).collect();
    assert_eq!(app.admin().found("lead", json!({"or": many})).await, [""; 0]);
    for body in [json!({"q": "x".repeat(10_000)}), json!({"filter": contains("title", &"x".repeat(10_000))})] {
        app.admin().query("lead", body).await.problem(400, "request.invalid");
    }
    app.finish().await;
}

#[tokio::test]
async fn records_from_before_the_index_are_found_while_it_is_filled_and_after() {
    let app = TestApp::start().await;
    make_machines(&app).await;
    let rows: Vec<Value> = (0..450).map(|n| json!({"fields": {"title": format!("Sapphire {n}")}})).collect();
    app.admin().post("/records/lead/bulk", json!({"create": rows})).await.ok(200);
    app.record(MACHINE, json!({"title": "Saw", "x_notes": "topaz teeth"})).await;
    let everything = async || {
        assert_eq!(app.admin().found("lead", contains("title", "phire 44")).await.len(), 11);
        assert_eq!(app.admin().found(MACHINE, contains("x_notes", "paz te")).await, ["Saw"]);
    };
    everything().await;
    // The database of an older version: nothing is in the index, and the upgrade says so.
    forget(&app).await;
    let found = app.admin().found("lead", contains("title", "phire 44")).await;
    assert_eq!(found, [""; 0], "the index is what is asked");
    let tables = [("lead", "'lead'"), ("shared_record", "entity")];
    for (table, entity) in tables {
        app.sql(&format!(
            "INSERT INTO search_gap (tenant_id, entity) SELECT DISTINCT tenant_id, {entity} FROM {table}"
        ))
        .await;
    }
    let records = Records::new(&app.state.db, &app.state.env);
    let filter = Filter::parse(&contains("title", "phire 44")).unwrap();
    let query = Query { filter: Some(filter), ..Query::default() };
    let (read, _) = listed(&records, &app.system(), "lead", &query).await;
    assert_eq!(read.len(), 11, "read without the index while there is a gap");
    records.fill_search().await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM search_gap").await, 0);
    everything().await;
    // By hand.
    forget(&app).await;
    records.rebuild_search(app.system().tenant).await.unwrap();
    records.fill_search().await.unwrap();
    everything().await;
    app.finish().await;
}

/// Takes everything out of the index.
async fn forget(app: &TestApp) {
    app.sql("DELETE FROM search_document").await;
    if !on_postgres() {
        app.sql("DELETE FROM search_pending").await;
        app.sql("DELETE FROM search_index").await;
    }
}

#[tokio::test]
async fn a_field_that_was_brought_back_is_searched_also_where_records_were_changed_meanwhile() {
    let app = TestApp::start().await;
    make_machines(&app).await;
    let admin = app.admin();
    let saw = app.record(MACHINE, json!({"title": "Saw", "x_serial": "ruby-17", "x_notes": "agate"})).await;
    let field = format!("/entities/{MACHINE}/fields/x_serial");
    admin.delete(&field).await.ok(204);
    admin.update(MACHINE, &saw, json!({"title": "Circular saw"})).await.ok(200);
    admin.post(&format!("{field}/restore"), json!({})).await.ok(200);
    assert_eq!(admin.found(MACHINE, contains("x_serial", "ruby")).await, ["Circular saw"]);
    app.state.records.fill_search().await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM search_gap").await, 0);
    assert_eq!(admin.found(MACHINE, contains("x_serial", "ruby")).await, ["Circular saw"]);
    app.drain().await;
    app.finish().await;
}

#[tokio::test]
async fn what_stands_in_the_newest_records_is_found_on_every_page_in_every_order() {
    let mut app = TestApp::build().person("max", "sales_manager").start().await;
    let rows = |word: &str, count: u32| -> Vec<Value> {
        let named = |n: u32| if n.is_multiple_of(40) { "Rare" } else { "Common" };
        (0..count).map(|n| json!({"fields": {"title": format!("{word} {n}"), "last_name": named(n)}})).collect()
    };
    app.admin().post("/records/lead/bulk", json!({"create": rows("Marble", 300)})).await.ok(200);
    let other = app.add_company("Other", Locale::En).await;
    app.by_of(other, "admin").post("/records/lead/bulk", json!({"create": rows("Zircon", 120)})).await.ok(200);
    let made = app.admin().post("/records/lead/bulk", json!({"create": rows("Zircon", 130)})).await.ok(200);
    app.state.records.fill_search().await.unwrap();
    // One waits beside the index, one of those in it is in the recycle bin.
    app.record("lead", json!({"title": "Zircon that waits"})).await;
    let gone = made["results"][129]["id"].as_str().unwrap();
    app.admin().delete(&format!("/records/lead/{gone}")).await.ok(204);
    let user = kernel::UserId(app.id_of("max"));
    let found = app.state.identities.of_user(app.system().tenant, user).await.unwrap();
    let max = found.ctx(&app.state.env);
    let by = |field: &str, descending: bool| vec![Sort { field: field.into(), descending }];
    let title = Filter::parse(&contains("title", "zircon")).unwrap();
    let rare = json!({"and": [contains("title", "zircon"), {"field": "last_name", "op": "eq", "value": "Rare"}]});
    let rare = Filter::parse(&rare).unwrap();
    let mut asked: Vec<Query> = Vec::new();
    for sort in [vec![], by("created_at", false), by("updated_at", true), by("title", true), by("title", false)] {
        for limit in [7, 50, 100, 500] {
            let query = Query { sort: sort.clone(), limit: Some(limit), total: true, ..Query::default() };
            asked.push(Query { filter: Some(title.clone()), ..query.clone() });
            asked.push(Query { filter: Some(rare.clone()), ..query.clone() });
            asked.push(Query { words: Some("zircon".into()), ..query });
        }
    }
    let mut indexed = Vec::new();
    for query in &asked {
        for ctx in [&app.system(), &max] {
            indexed.push(listed(&app.state.records, ctx, "lead", query).await);
        }
    }
    assert_eq!(indexed[0].1, Some(130));
    let scanning = without_index(&app).await;
    let mut indexed = indexed.into_iter();
    for query in &asked {
        for ctx in [&app.system(), &max] {
            let read = listed(&scanning, ctx, "lead", query).await;
            assert_eq!(indexed.next(), Some(read), "{query:?}");
        }
    }
    app.finish().await;
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const SOUNDS: [&str; 24] = [
    "ёл",
    "Ель",
    "ЖУК",
    "и\u{306}од",
    "Київ",
    "їжа",
    "ß",
    "ẞ",
    "ΟΔΟΣ",
    "οδός",
    "İz",
    "ı",
    "ﬁ",
    "the",
    "Pipe",
    "x",
    " ",
    "-",
    "12",
    "916",
    "8 9",
    "%",
    "\"",
    "\u{200b}",
];

fn text(dice: &mut Dice) -> String {
    (0..2 + dice.below(6)).map(|_| dice.pick(&SOUNDS)).collect()
}

fn number(dice: &mut Dice) -> String {
    let digits = 1_000_000 + dice.below(40) * 21_013;
    format!("{}{digits}", dice.pick(&["8 916", "+7 916", "+1 916", "916", "+380 50", "007916", ""]))
}

fn record(dice: &mut Dice) -> Value {
    let fields = ["title", "last_name", "comments", "utm_source", "address"];
    let mut values = serde_json::Map::new();
    for field in fields {
        if field == "title" || dice.below(2) == 0 {
            values.insert(field.into(), json!(format!("t{}", text(dice))));
        }
    }
    if dice.below(2) == 0 {
        values.insert("phones".into(), json!([number(dice)]));
    }
    if dice.below(3) == 0 {
        values.insert("emails".into(), json!([format!("m{}@example.org", dice.below(50))]));
    }
    json!(values)
}

/// A part of a text that may have been written, in some spelling.
fn needle(dice: &mut Dice) -> String {
    let whole = if dice.below(4) == 0 { number(dice) } else { text(dice) };
    let (from, length) = (dice.below(4), 1 + dice.below(9));
    let part: String = whole.chars().skip(from).take(length).collect();
    let part = if part.is_empty() { whole } else { part };
    match dice.below(4) {
        0 => part.to_uppercase(),
        1 => part.to_lowercase(),
        2 => part.replace('ё', "е").replace('й', "и\u{306}"),
        _ => part,
    }
}

fn ask(dice: &mut Dice) -> Query {
    let ops = ["contains", "contains", "starts_with", "eq"];
    let test = |dice: &mut Dice| {
        let field = dice.pick(&["title", "last_name", "comments", "phones", "emails", "utm_source"]);
        json!({"field": field, "op": dice.pick(&ops), "value": needle(dice)})
    };
    let filter = match dice.below(6) {
        0 => json!({"and": [test(dice), test(dice)]}),
        1 => json!({"or": [test(dice), test(dice)]}),
        2 => json!({"and": [{"not": test(dice)}, test(dice)]}),
        _ => test(dice),
    };
    let words = (dice.below(2) == 0).then(|| needle(dice));
    let sort = match dice.below(4) {
        0 => vec![Sort { field: "title".into(), descending: false }],
        1 => vec![Sort { field: "last_name".into(), descending: true }],
        _ => Vec::new(),
    };
    let filter = if words.is_some() && dice.below(3) > 0 { None } else { Some(Filter::parse(&filter).unwrap()) };
    Query { filter, words, sort, limit: Some(20), total: true, ..Query::default() }
}

#[tokio::test]
async fn the_index_finds_what_reading_every_record_finds() {
    let mut app = TestApp::build().locale(Locale::Ru).person("max", "sales_manager").start().await;
    let role = json!([{"kind": "permission", "entity": "contact", "actions": ["read"]}]);
    app.role("half", role, json!([{"entity": "contact", "field": "last_name", "right": "hidden"}])).await;
    app.person(0, "hal", &["half"]).await;
    let mut dice = Dice(20_261_129);
    for _ in 0..4 {
        let rows: Vec<Value> = (0..200).map(|_| json!({"fields": record(&mut dice)})).collect();
        app.admin().post("/records/contact/bulk", json!({"create": rows})).await.ok(200);
    }
    let all: Vec<String> = listed(&app.state.records, &app.system(), "contact", &Query::default()).await.0;
    for id in all.iter().step_by(9) {
        app.admin().update("contact", id, record(&mut dice)).await.ok(200);
    }
    let mut readers = Vec::new();
    for name in ["admin", "max", "hal"] {
        let user = kernel::UserId(app.id_of(name));
        let found = app.state.identities.of_user(app.system().tenant, user).await.unwrap();
        readers.push((name, found.ctx(&app.state.env)));
    }
    let scanning = without_index(&app).await;
    let (mut some, mut seen) = (0, BTreeSet::new());
    for n in 0..600 {
        let query = ask(&mut dice);
        let (name, ctx) = &readers[n % readers.len()];
        let hidden = query.filter.as_ref().is_some_and(|filter| filter.fields().contains(&"last_name"));
        let sorted = query.sort.iter().any(|sort| sort.field == "last_name");
        if *name == "hal" && (hidden || sorted) {
            continue;
        }
        let indexed = listed(&app.state.records, ctx, "contact", &query).await;
        let read = listed(&scanning, ctx, "contact", &query).await;
        assert_eq!(indexed, read, "{name} {query:?}");
        some += usize::from(!read.0.is_empty());
        seen.extend(read.0);
    }
    assert!(some > 100 && seen.len() > 300, "{some} asks found {} records", seen.len());
    app.sql("DELETE FROM search_gap").await;
    app.finish().await;
}
