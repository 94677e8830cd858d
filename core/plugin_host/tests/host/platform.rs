//! Interfaces 1.4 and 1.5 against a real component: calendars, people, gates, notices, timelines, records that are ensured or written
//! together, moments, codes of refusals, parameters of paths, files of the package, indexed fields.

use std::collections::BTreeSet;

use kernel::access::Action;
use kernel::db::ConnectionTrait;
use kernel::{Ctx, Error, Locale, Message, RecordId, Timestamp, UserId};
use messaging::notices;
use messaging::notifications::{self, NotificationQuery};
use people::department::{self, DepartmentInput};
use people::user::{self, UserPatch};
use plugin_host::dev::scene::{self, Scene};
use plugin_host::health::{Health, Part};
use plugin_host::{Grants, HostConfig, HttpCaller, HttpRequest};
use records::read::Query;
use records::{Change, WriteOptions};
use sea_orm::sea_query::{Expr, Query as Sql};
use serde_json::json;
use uuid::Uuid;

use crate::plugins::released;
use crate::support::{database, guest, package};

const PLUGIN: &str = "test.platform";
const THING: &str = "plat_thing";

async fn scene() -> (Scene, tempfile::TempDir) {
    scene_of(&package(&guest("platform"))).await
}

async fn scene_of(package: &[u8]) -> (Scene, tempfile::TempDir) {
    let (db, folder) = database().await;
    let mut scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    for name in ["ann", "bob", "eve"] {
        scene.user(name, &["sales_manager"]).await.unwrap();
    }
    scene.begin();
    let admin = scene.ctx("admin").await.unwrap();
    let id = scene.host.install(&admin, package).await.unwrap();
    scene.host.enable(&admin, &id, &Grants::Requested, None).await.unwrap();
    scene.drain().await.unwrap();
    (scene, folder)
}

async fn ask(scene: &Scene, name: &str, what: &str, query: &[(&str, String)]) -> String {
    let ctx = scene.ctx(name).await.unwrap();
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let path = format!("/do/{what}");
    let request = HttpRequest { method: "GET".into(), path, query, ..HttpRequest::default() };
    let answer = scene.host.http(HttpCaller::User(&ctx), PLUGIN, request).await.unwrap();
    let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    said["said"].as_str().unwrap().to_owned()
}

async fn check(scene: &Scene, what: &str, query: &[(&str, String)], expected: &str) {
    let said = ask(scene, "ann", what, query).await;
    assert!(said.contains(expected), "{what} {query:?}: `{said}` without `{expected}`");
}

async fn department(scene: &Scene, name: &str, parent: Option<Uuid>, heads: &[&str], members: &[&str]) -> Uuid {
    let heads = heads.iter().map(|name| scene.users[*name]).collect();
    let input = DepartmentInput { name: name.to_owned(), parent_id: parent, head_id: None, head_ids: Some(heads) };
    let made = department::create(&scene.db, &scene.system(), &input).await.unwrap();
    for member in members {
        let patch = UserPatch { department_id: Some(Some(made.id)), ..Default::default() };
        user::update(&scene.db, &scene.system(), UserId(scene.users[*member]), &patch).await.unwrap();
    }
    made.id
}

async fn create(scene: &Scene, ctx: &Ctx, entity: &str, fields: serde_json::Value) -> Result<RecordId, Error> {
    let serde_json::Value::Object(fields) = fields else { panic!("{fields}") };
    let written = scene.records.write_one(ctx, entity, Change::Create { fields }, &WriteOptions::default()).await?;
    Ok(written.record.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn working_days_and_local_times_are_those_of_the_company() {
    let (scene, _folder) = scene().await;
    let ann = scene.users["ann"].to_string();
    let days = |people: &str, first: &str, last: &str| {
        [("people", people.to_owned()), ("first", first.to_owned()), ("last", last.to_owned())]
    };
    check(&scene, "days", &days("", "2026-01-16", "2026-01-17"), "[2026-01-16:28800/28800 2026-01-17:0/0]").await;
    let admin = scene.ctx("admin").await.unwrap();
    let fields = json!({"title": "Away", "user": ann, "starts_at": "2026-01-15T12:00:00Z", "ends_at": "2026-01-16T10:00:00Z",
        "deputy": scene.users["bob"]});
    create(&scene, &admin, "absence", fields).await.unwrap();
    let both = format!("{ann},{}", Uuid::nil());
    let expected = "[2026-01-15:28800/10800 2026-01-16:28800/25200][]";
    check(&scene, "days", &days(&both, "2026-01-15", "2026-01-16"), expected).await;
    check(&scene, "days", &days(&ann, "2026-02-30", "2026-03-01"), "invalid: first: `2026-02-30` is not a date").await;
    check(&scene, "days", &days(&ann, "2000-01-01", "2040-01-01"), "limit: more than 10000 days").await;
    check(&scene, "days", &days("x", "2026-01-15", "2026-01-16"), "invalid: `x` is not an id").await;
    let friday = 1_768_554_000_000_000_i64;
    let span = [("from", friday.to_string()), ("until", (friday + 72 * 3_600_000_000).to_string())];
    check(&scene, "between", &span, "28800").await;
    let later = [("from", friday.to_string()), ("seconds", "36000".to_owned())];
    check(&scene, "after", &later, "1768820400000000").await;
    let nobody = [("person", Uuid::nil().to_string()), ("from", "0".to_owned()), ("until", "1".to_owned())];
    check(&scene, "between", &nobody, "not found: there is no user").await;
    let kyiv = |local: &str| [("zone", "Europe/Kyiv".to_owned()), ("local", local.to_owned())];
    check(&scene, "instant", &kyiv("2026-03-29T03:30"), "never 1774746000000000").await;
    check(&scene, "instant", &kyiv("2026-10-25T03:30"), "twice 1792888200000000 1792891800000000").await;
    check(&scene, "instant", &kyiv("yesterday"), "invalid: local: `yesterday`").await;
    let at = |zone: &str| [("zone", zone.to_owned()), ("at", "1792888200000000".to_owned())];
    check(&scene, "local", &at("Europe/Kyiv"), "2026-10-25T03:30:00+03:00").await;
    check(&scene, "local", &at("Mars/Olympus"), "invalid: `Mars/Olympus` is not a time zone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_known_with_their_heads_and_departments() {
    let (scene, _folder) = scene().await;
    let office = department(&scene, "Office", None, &["admin"], &[]).await;
    let sales = department(&scene, "Sales", Some(office), &["bob"], &["ann", "bob"]).await;
    let (ann, bob) = (scene.users["ann"].to_string(), scene.users["bob"].to_string());
    let admin = scene.ctx("admin").await.unwrap();
    check(&scene, "heads", &[("person", ann.clone())], "bob/0/true/ admin/1/true/").await;
    let now = scene.env.now();
    let fields = json!({"title": "Ill", "user": bob, "starts_at": now.plus_seconds(-60), "ends_at": now.plus_seconds(3600), "deputy": ann});
    create(&scene, &admin, "absence", fields).await.unwrap();
    check(&scene, "heads", &[("person", ann.clone())], &format!("bob/0/false/{ann} admin/1/true/")).await;
    check(&scene, "heads", &[("person", bob.clone())], "admin/1/true/").await;
    check(&scene, "persons", &[("people", format!("{ann},{}", Uuid::nil()))], "ann/Sales/sales_manager/true/false -")
        .await;
    check(&scene, "under", &[("person", bob.clone())], "ann/Sales").await;
    let over = async |person: &str| ask(&scene, "ann", "over", &[("person", person.to_owned())]).await;
    assert_eq!(
        (over(&scene.users["admin"].to_string()).await, over(&bob).await),
        ("Office Sales".into(), "Sales".into())
    );
    assert_eq!((over(&ann).await, over(&Uuid::nil().to_string()).await), (String::new(), String::new()));
    check(&scene, "over", &[("person", "x".to_owned())], "invalid: `x` is not an id").await;
    let whole = |below: &str| [("department", office.to_string()), ("below", below.to_owned())];
    check(&scene, "in", &whole("yes"), "ann/Sales/sales_manager/true/false bob/Sales").await;
    assert_eq!(ask(&scene, "ann", "in", &whole("no")).await, "");
    check(&scene, "departments", &[], "Office/1 Sales/1").await;
    let then = [("people", format!("{ann},{}", scene.users["eve"])), ("at", now.micros().to_string())];
    check(&scene, "at", &then, &format!("{sales} ")).await;
    let before = [("people", ann.clone()), ("at", "0".to_owned())];
    assert_eq!(ask(&scene, "ann", "at", &before).await, "");
    check(&scene, "admins", &[], &scene.users["admin"].to_string()).await;
    let patch = UserPatch { active: Some(false), ..Default::default() };
    user::update(&scene.db, &scene.system(), UserId(scene.users["eve"]), &patch).await.unwrap();
    let everybody = ask(&scene, "ann", "everybody", &[]).await;
    assert!(everybody.contains("ann/") && !everybody.contains("eve/"), "{everybody}");
    scene.drain().await.unwrap();
    scene.host.flush().await.unwrap();
    let lines = scene.host.logs(&admin, PLUGIN, None, None).await.unwrap();
    let heard: BTreeSet<&str> = lines.iter().filter_map(|line| line.message.split("heard ").nth(1)).collect();
    for wanted in ["user.updated department", "user.blocked active"] {
        assert!(heard.contains(wanted), "{wanted}: {heard:?}");
    }
    assert!(heard.iter().any(|line| line.starts_with("department.updated")), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_ensure_a_record_one_makes_it() {
    let (scene, _folder) = scene().await;
    let scene = std::sync::Arc::new(scene);
    let code = |code: &str| [("constraint", "code".to_owned()), ("code", code.to_owned())];
    let tries = (0..20).map(|_| {
        let scene = std::sync::Arc::clone(&scene);
        tokio::spawn(async move {
            let query = [("constraint", "code".to_owned()), ("code", "A-1".to_owned())];
            ask(&scene, "ann", "ensure", &query).await
        })
    });
    let said: Vec<String> = futures::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let made = said.iter().filter(|said| said.ends_with("true")).count();
    let ids: BTreeSet<&str> = said.iter().map(|said| said.split(' ').next().unwrap()).collect();
    assert_eq!((made, ids.len()), (1, 1), "{said:?}");
    // Without a code nothing stands in the way.
    check(&scene, "ensure", &[("constraint", "code".to_owned())], "1 true").await;
    check(&scene, "ensure", &[("constraint", "colour".to_owned()), ("code", "x".to_owned())], "constraint").await;
    check(&scene, "ensure", &code("locked"), "The thing is locked").await;
    // One in the bin is none.
    let admin = scene.ctx("admin").await.unwrap();
    let id: RecordId = ids.first().unwrap().parse().unwrap();
    let delete = Change::Delete { id, version: None };
    scene.records.write_one(&admin, THING, delete, &WriteOptions::default()).await.unwrap();
    let again = ask(&scene, "ann", "ensure", &code("A-1")).await;
    assert!(again.ends_with("1 true") && !again.starts_with(&id.to_string()), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_several_entities_are_written_together_or_not_at_all() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let count = async |entity: &str| scene.records.count(&admin, entity, &Query::default()).await.unwrap();
    let code = |code: &str, spoil: &str| [("code", code.to_owned()), ("spoil", spoil.to_owned())];
    let (things, parts) = (count(THING).await, count("plat_part").await);
    let said = ask(&scene, "ann", "together", &code("T-1", "")).await;
    let (written, thing) = said.split_once(' ').unwrap();
    assert_eq!(written, "3", "{said}");
    let found = scene.records.query(&admin, "plat_part", &Query::default()).await.unwrap();
    let owners: Vec<String> =
        found.items.iter().map(|part| part.fields["thing"].as_id().unwrap().to_string()).collect();
    assert_eq!(owners, [thing, thing]);
    for (code, spoil, expected) in [
        ("T-2", "missing", "2: "),
        ("T-2", "twice", "2: "),
        ("T-2", "task", "denied: the permission `records.task` is not granted"),
        ("T-1", "", "conflict: 1: Such a code is there"),
        ("locked", "", "invalid: 1: The thing is locked"),
    ] {
        let said = ask(&scene, "ann", "together", &[("code", code.to_owned()), ("spoil", spoil.to_owned())]).await;
        assert!(said.contains(expected), "{code} {spoil}: {said}");
        assert_eq!((count(THING).await, count("plat_part").await), (things + 1, parts + 2), "{code} {spoil}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_together_do_not_wait_for_each_other_for_ever() {
    let (scene, _folder) = scene().await;
    let scene = std::sync::Arc::new(scene);
    let tries = (0..20).map(|n| {
        let scene = std::sync::Arc::clone(&scene);
        tokio::spawn(async move {
            let query = [("code", format!("P-{}", n % 10)), ("spoil", String::new())];
            ask(&scene, "ann", "together", &query).await
        })
    });
    let said: Vec<String> = futures::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
    let made = said.iter().filter(|said| said.starts_with("3 ")).count();
    let refused = said.iter().filter(|said| said.contains("Such a code is there")).count();
    assert_eq!((made, refused), (10, 10), "{said:?}");
    let admin = scene.ctx("admin").await.unwrap();
    assert_eq!(scene.records.count(&admin, "plat_part", &Query::default()).await.unwrap(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_sees_what_they_may_whatever_the_plugin_may() {
    let (mut scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let lead = create(&scene, &admin, "lead", json!({"title": "Acme"})).await.unwrap().to_string();
    scene.user("stranger", &[]).await.unwrap();
    let ids = [("ids", format!("{lead},{}", Uuid::nil()))];
    assert_eq!(ask(&scene, "ann", "visible", &ids).await, "true false");
    assert_eq!(ask(&scene, "stranger", "visible", &ids).await, "false false");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_once_in_their_language_and_may_confirm() {
    let (scene, _folder) = scene().await;
    let patch = UserPatch { locale: Some("ru".into()), ..Default::default() };
    user::update(&scene.db, &scene.system(), UserId(scene.users["ann"]), &patch).await.unwrap();
    let patch = UserPatch { active: Some(false), ..Default::default() };
    user::update(&scene.db, &scene.system(), UserId(scene.users["eve"]), &patch).await.unwrap();
    scene.forget();
    let all = ["ann", "bob", "eve"].map(|name| scene.users[name].to_string()).join(",");
    let tell = |link: &str| {
        [("key", "k-1".to_owned()), ("name", "{you}".to_owned()), ("people", all.clone()), ("link", link.to_owned())]
    };
    for _ in 0..3 {
        check(&scene, "notify", &tell("/app/test.platform/x"), "told").await;
    }
    let ann = scene.ctx("ann").await.unwrap();
    let page = notifications::list(&scene.db, &ann, &NotificationQuery::default()).await.unwrap();
    let own: Vec<_> = page.items.iter().filter(|one| one.plugin.as_deref() == Some(PLUGIN)).collect();
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].text.as_str(), own[0].link.as_deref()), ("Здравствуйте, {you}", Some("/app/test.platform/x")));
    assert!(own[0].confirm && own[0].confirmed.is_none());
    let bob = scene.ctx("bob").await.unwrap();
    let others = notices::confirm(&scene.db, &bob, own[0].id).await;
    assert!(matches!(others, Err(Error::NotFound(_))), "{others:?}");
    for _ in 0..2 {
        notices::confirm(&scene.db, &ann, own[0].id).await.unwrap();
    }
    let mut expected =
        [("ann", "true/true"), ("bob", "false/false")].map(|(name, state)| format!("{}/{state}", scene.users[name]));
    expected.sort();
    assert_eq!(ask(&scene, "ann", "receipts", &[("key", "k-1".to_owned())]).await, expected.join(" "));
    for link in ["https://evil.example", "//evil.example", "/\\evil.example", "/a\nb"] {
        check(&scene, "notify", &tell(link), "invalid: link").await;
    }
    let long = [("key", "x".repeat(201)), ("name", "x".to_owned()), ("people", all.clone())];
    check(&scene, "notify", &long, "invalid: key").await;
    let many = vec![scene.users["ann"].to_string(); 1_001].join(",");
    check(&scene, "notify", &[("key", "k-2".to_owned()), ("people", many)], "limit: more than 1000 people").await;
    // A hook may still be refused: nobody is told of what has not happened.
    let told = create(&scene, &scene.ctx("admin").await.unwrap(), THING, json!({"code": "tell"})).await.unwrap_err();
    assert!(told.message().in_locale(Locale::En).contains("denied: a before-hook"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_in_the_past_stands_where_it_happened() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let lead = create(&scene, &admin, "lead", json!({"title": "Acme"})).await.unwrap();
    let bob = scene.users["bob"].to_string();
    let past = scene.env.now().plus_seconds(-400 * 86_400);
    let entry = |key: &str, at: Timestamp| {
        [
            ("key", key.to_owned()),
            ("record", lead.to_string()),
            ("at", at.micros().to_string()),
            ("text", "They called\nand asked for pipes".to_owned()),
            ("person", bob.clone()),
        ]
    };
    let first = ask(&scene, "ann", "timeline", &entry("old-1", past)).await;
    assert_eq!(ask(&scene, "ann", "timeline", &entry("old-1", past)).await, first);
    let second = ask(&scene, "ann", "timeline", &entry("old-2", past.plus_seconds(-60))).await;
    let timeline = scene.records.timeline(&admin, "lead", lead, None, 10).await.unwrap();
    let shown: Vec<String> = timeline.entries.iter().map(records::timeline::Entry::id).collect();
    assert_eq!(shown[shown.len() - 2..], [first.clone(), second]);
    let kept = scene.records.get(&admin, "activity", first.parse().unwrap()).await.unwrap();
    let text = |key: &str| kept.fields[key].as_text().unwrap_or_default().to_owned();
    assert_eq!(
        (text("title"), text("kind"), text("direction")),
        ("They called".into(), "call".into(), "incoming".into())
    );
    assert_eq!(kept.fields["created_at"].as_instant(), Some(past));
    assert_eq!(kept.fields["owner"].as_id().map(|id| id.to_string()), Some(bob.clone()));
    let refused = |name: &'static str, value: String| {
        let mut all: Vec<(&str, String)> = entry("bad", past).to_vec();
        all.retain(|(key, _)| *key != name);
        all.push((name, value));
        all
    };
    let future = scene.env.now().plus_seconds(60).micros().to_string();
    for (name, value, expected) in [
        ("at", future, "invalid: at"),
        ("key", String::new(), "invalid: key"),
        ("record", Uuid::nil().to_string(), "not found"),
        ("person", Uuid::nil().to_string(), "invalid: person"),
        ("entity", "deal".to_owned(), "denied: the permission `timeline` does not name `deal`"),
    ] {
        let said = ask(&scene, "ann", "timeline", &refused(name, value)).await;
        assert!(said.contains(expected), "{name}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_the_codes_that_the_manifest_gives_them() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let refused = async |code: &str| {
        let error = create(&scene, &admin, THING, json!({"code": code})).await.unwrap_err();
        let Error::Refused(refusal) = error else { panic!("{error:?}") };
        (refusal.code.clone(), refusal.status, refusal.message.in_locale(Locale::En))
    };
    assert_eq!(refused("locked").await, ("plat.thing_locked".into(), Some(409), "The thing is locked".into()));
    create(&scene, &admin, THING, json!({"code": "B"})).await.unwrap();
    let (code, status, words) = refused("B").await;
    assert_eq!((code.as_str(), status), ("plat.code_taken", Some(409)));
    assert!(words.starts_with("Such a code is there"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_called_when_it_is_switched_and_finds_its_package() {
    let (scene, _folder) = scene().await;
    check(&scene, "file", &[("path", "data/plan.json".to_owned())], "{'plan': 1}").await;
    for path in ["data/../plugin.toml", "plugin.toml", "i18n/en.toml", ""] {
        check(&scene, "file", &[("path", path.to_owned())], "not found").await;
    }
    check(&scene, "words", &[("locale", "ru".to_owned())], "Здравствуйте, Ann").await;
    check(&scene, "words", &[("locale", "de".to_owned())], "Hello Ann").await;
    let admin = scene.ctx("admin").await.unwrap();
    scene.host.disable(&admin, PLUGIN).await.unwrap();
    scene.host.enable(&admin, PLUGIN, &Grants::Requested, None).await.unwrap();
    scene.host.flush().await.unwrap();
    let mut lines = scene.host.logs(&admin, PLUGIN, None, None).await.unwrap();
    lines.reverse();
    let told: Vec<&str> = lines
        .iter()
        .map(|line| line.message.as_str())
        .filter(|line| line.contains("abling") || line.contains("enabled"))
        .collect();
    assert_eq!(told, ["enabled, made true", "disabling with 1", "enabled, made false"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_switches_others_but_not_itself() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let other = scene.host.install(&admin, &package(&guest("gates"))).await.unwrap();
    scene.host.enable(&admin, &other, &Grants::Requested, None).await.unwrap();
    let sales = department(&scene, "Sales", None, &[], &["bob"]).await;
    check(&scene, "modules", &[], "test.gates/Gates/None test.platform/Platform/None").await;
    check(&scene, "set", &[("plugin", other.clone()), ("departments", sales.to_string())], "set").await;
    check(&scene, "modules", &[], "test.gates/Gates/Some(1)").await;
    for (plugin, departments, expected) in [
        (PLUGIN, sales.to_string(), "denied: its own gate"),
        ("acme.nothing", sales.to_string(), "not found"),
        ("test.gates", Uuid::nil().to_string(), "invalid"),
    ] {
        check(&scene, "set", &[("plugin", plugin.to_owned()), ("departments", departments)], expected).await;
    }
    // A change that was not seen is not overwritten.
    let detail = scene.host.get(&admin, &other).await.unwrap();
    let stale = scene.host.set_gate(&admin, &other, &None, Some("other")).await.unwrap_err();
    assert!(matches!(stale, Error::Conflict { code: "plugin.gate_changed", .. }), "{stale:?}");
    scene.host.set_gate(&admin, &other, &None, Some(&detail.gate_version)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_indexed_field_has_an_index_until_nobody_declares_it() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let indexes = async || {
        let sqlite = scene.db.backend() == sea_orm::DbBackend::Sqlite;
        let select = match sqlite {
            true => Sql::select().column("name").from("sqlite_master").take(),
            false => Sql::select().expr(Expr::cust("relname::text")).from("pg_class").take(),
        };
        let rows = scene.db.read().query_all(&select).await.unwrap();
        rows.iter().filter(|row| row.try_get_by_index::<String>(0).unwrap().starts_with("own_field_")).count()
    };
    assert_eq!(indexes().await, 1);
    for size in 0..5 {
        create(&scene, &admin, THING, json!({"size": size, "title": size.to_string()})).await.unwrap();
    }
    let filter = kernel::filter::Filter::parse(&json!({"field": "size", "op": "gte", "value": 3})).unwrap();
    let query = Query { filter: Some(filter), ..Query::default() };
    assert_eq!(scene.records.count(&admin, THING, &query).await.unwrap(), 2);
    scene.host.disable(&admin, PLUGIN).await.unwrap();
    scene.host.purge(&admin, PLUGIN).await.unwrap();
    scene.drain().await.unwrap();
    scene.records.keep_indexes().await.unwrap();
    assert_eq!(indexes().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_stages_and_titles_are_read_in_the_readers_language() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let thing = create(&scene, &admin, THING, json!({"kind": "large", "code": "L"})).await.unwrap();
    let title = async |locale: Locale| {
        let ctx = Ctx { locale, ..admin.clone() };
        let record = scene.records.get(&ctx, THING, thing).await.unwrap();
        record.fields["title"].as_text().unwrap().to_owned()
    };
    assert_eq!((title(Locale::En).await, title(Locale::Ru).await), ("Large one".to_owned(), "Большая".to_owned()));
    let catalogue = scene.records.catalogue(scene.tenant.id).await.unwrap();
    let (_, stage) = catalogue.pipelines.first(THING).unwrap();
    assert_eq!((stage.name_in(Locale::En), stage.name_in(Locale::Ru)), ("Begun", "Начата"));
    let names = scene.host.role_names(&admin).await.unwrap();
    assert_eq!(names["plat_clerk"].in_locale(Locale::Ru), "Хранитель вещей");
    // Several people in one field.
    let people = json!([scene.users["ann"], scene.users["bob"]]);
    let part = create(&scene, &admin, "plat_part", json!({"thing": thing, "people": people})).await.unwrap();
    let kept = scene.records.get(&admin, "plat_part", part).await.unwrap();
    assert_eq!(kept.fields["people"].to_json(), people);
    let refs = scene.records.refs(&admin, &[kept]).await.unwrap();
    assert_eq!(refs[&scene.users["ann"]].title, "ann");
    let nobody = create(&scene, &admin, "plat_part", json!({"thing": thing, "people": [Uuid::nil()]})).await;
    assert!(matches!(nobody, Err(Error::Invalid { .. })), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_company_holds_of_a_module_can_be_saved() {
    let (scene, _folder) = scene().await;
    let admin = scene.ctx("admin").await.unwrap();
    let thing = create(&scene, &admin, THING, json!({"code": "X", "title": "Saved"})).await.unwrap();
    let delete = Change::Delete { id: thing, version: None };
    scene.records.write_one(&admin, THING, delete, &WriteOptions::default()).await.unwrap();
    scene.host.disable(&admin, PLUGIN).await.unwrap();
    assert!(!admin.rights.may(THING, Action::Read) || scene.records.get(&admin, THING, thing).await.is_err());
    let mut export = scene.host.export(&admin, PLUGIN).await.unwrap();
    let mut lines = Vec::new();
    while let Some(some) = scene.host.next_lines(&mut export).await.unwrap() {
        lines.extend(some);
    }
    assert_eq!(lines[0]["plugin"], json!(PLUGIN));
    let parts: Vec<&str> = lines.iter().filter_map(|line| line["part"]["entity"].as_str()).collect();
    assert_eq!(parts, [THING, "plat_part"]);
    let kept = lines.iter().find(|line| line["record"]["id"] == json!(thing)).unwrap();
    assert_eq!((&kept["record"]["fields"]["code"], &kept["record"]["fields"]["title"]), (&json!("X"), &json!("Saved")));
    let eve = scene.ctx("eve").await.unwrap();
    assert!(matches!(scene.host.export(&eve, PLUGIN).await, Err(Error::Denied(_))));
    assert!(matches!(scene.host.export(&admin, "acme.nothing").await, Err(Error::NotFound(_))));
    // Of another company nothing is told.
    let other = scene::company(&scene.db, &scene.env, "Other", Locale::En).await.unwrap();
    let stranger = other.system_ctx(&scene.env);
    assert!(matches!(scene.host.export(&stranger, PLUGIN).await, Err(Error::NotFound(_))));
}

/// Says what a test says, to whichever company asks.
struct Told;

#[async_trait::async_trait]
impl Health for Told {
    async fn parts(&self, ctx: &Ctx) -> kernel::Result<Vec<Part>> {
        let mail = Part::good("mail", Message::key("health.mail"));
        let sms = Part::good("sms:one", Message::key("health.sms").with("title", "One")).off();
        Ok(vec![mail.wrong(Message::key("health.way_refused"), Some(ctx.now())), sms])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_the_system_is_is_told_in_the_readers_words_with_the_modules_of_the_company() {
    let (scene, _folder) = scene().await;
    check(&scene, "health", &[], "plugin:test.platform/Module: Platform/Standing::Ok/").await;
    scene.host.set_health(std::sync::Arc::new(Told));
    let said = ask(&scene, "ann", "health", &[]).await;
    assert!(
        said.starts_with(
            "mail/Mail server/Standing::Failing/The last messages were not taken. sms:one/SMS: One/Standing::Off/"
        ),
        "{said}"
    );
    assert!(said.ends_with("plugin:test.platform/Module: Platform/Standing::Ok/"), "{said}");
}

/// A component of the interfaces 1.4, as it was built then.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_with_the_interfaces_1_4_works() {
    let (scene, _folder) = scene_of(&released("platform", "1.4")).await;
    let (ann, bob) = (scene.users["ann"].to_string(), scene.users["bob"].to_string());
    let office = department(&scene, "Office", None, &["bob"], &["ann"]).await;
    check(&scene, "persons", &[("people", ann)], "ann/Office").await;
    check(&scene, "under", &[("person", bob)], "ann/Office").await;
    check(&scene, "in", &[("department", office.to_string())], "ann/Office").await;
    let days = [("first", "2026-01-16".to_owned()), ("last", "2026-01-17".to_owned())];
    check(&scene, "days", &days, "[2026-01-16:28800/28800 2026-01-17:0/0]").await;
    let admin = scene.ctx("admin").await.unwrap();
    create(&scene, &admin, THING, json!({"code": "second"})).await.unwrap();
    for code in ["locked", "second"] {
        let refused = create(&scene, &admin, THING, json!({"code": code})).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{code}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_request_came_from_is_told_as_people_read_it_and_nothing_where_nobody_knows() {
    let (scene, _folder) = scene().await;
    check(&scene, "address", &[], "unknown").await;
    for (came, read) in [("::ffff:203.0.113.7", "203.0.113.7"), ("2001:db8:0::1", "2001:db8::1")] {
        let ctx = Ctx { address: came.parse().ok(), ..scene.ctx("ann").await.unwrap() };
        let request = HttpRequest { method: "GET".into(), path: "/do/address".into(), ..HttpRequest::default() };
        let answer = scene.host.http(HttpCaller::User(&ctx), PLUGIN, request).await.unwrap();
        let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(said["said"], read);
    }
}
