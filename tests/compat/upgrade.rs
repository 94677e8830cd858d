//! A database of a released version under the newest program: nothing is lost, and all of it is alive.

use std::collections::BTreeMap;

use kernel::Db;
use kernel::clock::Env;
use kernel::db::{ConnectionTrait, DbOptions};
use serde_json::{Value, json};
use verstak::config::{Config, Overrides};

use super::released::RELEASES;
use crate::app::{Client, Database, TestApp, on_postgres, statement};

/// Rows of each table.
type Counts = BTreeMap<String, i64>;
/// By entity, field and currency: how many amounts, and their sum in ten-thousandths.
type Sums = BTreeMap<(&'static str, &'static str, Option<String>), (i64, i64)>;

/// What holds amounts.
const AMOUNTS: [(&str, &str); 3] = [("lead", "amount"), ("deal", "amount"), ("company", "revenue")];
/// Titles and states of all tasks, wherever they are.
const TASKS_BEFORE: &str = "SELECT title || ' ' || state FROM task UNION ALL SELECT title || ' ' || CASE WHEN done
    THEN 'completed' WHEN deleted_at IS NULL THEN 'open' ELSE 'cancelled' END FROM activity WHERE kind = 'task'";
const TASKS_AFTER: &str = "SELECT title || ' ' || state FROM task";
/// What a start of the program writes by itself.
const LIVING: [&str; 4] = ["seaql_migrations", "lease", "schedule", "seal_key"];

// Each node has threads of its own: who waits for the lock of the file holds its thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_on_an_empty_database_all_run() {
    let database = Database::bare().await;
    let mut config = Config::load(None, &Overrides::default()).unwrap();
    config.data.dir = database.folder().to_owned();
    config.database.url = database.url().to_owned();
    config.database.connections = 2;
    let open = || {
        let config = config.clone();
        tokio::spawn(async move { verstak::AppState::open(config, Env::system()).await.map(|state| state.db.clone()) })
    };
    for node in [open(), open(), open()] {
        let db = node.await.unwrap().unwrap();
        assert_eq!(number(&db, "SELECT count(*) FROM user_account").await, 0);
        db.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_database_of_a_release_opens_and_loses_nothing() {
    for release in RELEASES {
        let database = release.database().await;
        let db = open(&database).await;
        let (mut counts, sums) = (counts(&db).await, sums(&db).await);
        rich(&counts, &sums);
        let had = texts(&db, TASKS_BEFORE).await;
        let moved = number(&db, "SELECT count(*) FROM activity WHERE kind = 'task'").await;
        let theirs = number(&db, "SELECT count(*) FROM activity WHERE kind = 'task' AND owner IS NOT NULL").await;
        let rights =
            number(&db, "SELECT count(*) FROM access_row WHERE entity = 'activity' AND kind = 'permission'").await;
        assert!(moved > 0 && rights > 0);
        migrations::upgrade(db.for_migrations()).await.unwrap();
        // One kind of task: those of activities are tasks now, and who may use the ones may use the others.
        for (table, more) in [("activity", -moved), ("task", moved), ("task_executor", theirs), ("access_row", rights)]
        {
            *counts.get_mut(table).unwrap() += more;
        }
        let sequences = number(&db, "SELECT count(DISTINCT tenant_id) FROM task").await;
        *counts.get_mut("sequence").unwrap() += sequences;
        // Webhooks begin with what happens from now on.
        *counts.get_mut("event_reader").unwrap() += 1;
        kept(&counts, &self::counts(&db).await);
        assert_eq!(texts(&db, TASKS_AFTER).await, had);
        assert_eq!(number(&db, "SELECT count(*) FROM task_contract").await, counts["task"]);
        assert_eq!(number(&db, "SELECT value FROM sequence WHERE name = 'task'").await, counts["task"]);
        assert_eq!(self::sums(&db).await, sums);
        db.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_database_of_a_release_is_read_by_every_list() {
    for release in RELEASES {
        let app = TestApp::over(release.database().await).await;
        let admin = app.admin();
        for entity in admin.get("/entities").await.ok(200)["items"].as_array().unwrap() {
            let key = entity["key"].as_str().unwrap();
            let read = all(&admin, key).await.len();
            let table = records::Catalogue::core().find(key).unwrap().table;
            let there = app.count(&format!("SELECT count(*) FROM {table} WHERE deleted_at IS NULL")).await;
            assert_eq!(i64::try_from(read).unwrap(), there, "{key}");
        }
        for view in admin.get("/views").await.ok(200)["items"].as_array().unwrap() {
            let config = &view["config"];
            let body = json!({"filter": config["filter"], "limit": 50, "total": true});
            let page = admin.query(view["entity"].as_str().unwrap(), body).await.ok(200);
            assert!(page["total"].as_i64().unwrap() > 0, "{view}");
        }
        for (path, least) in [
            ("/tasks?limit=100", 12),
            ("/process-definitions", 3),
            ("/process-instances?limit=100", 8),
            ("/imports", 2),
            ("/plugins", 1),
            ("/roles", 5),
            ("/users", 13),
            ("/departments", 1),
            ("/notifications?limit=100", 1),
            ("/events?limit=100", 100),
        ] {
            let page = admin.get(path).await.ok(200);
            let items = page["items"].as_array().unwrap_or_else(|| panic!("{path}: {page}")).len();
            assert!(items >= least, "{path}: {items}");
        }
        app.drain().await;
        app.finish().await;
    }
}

#[tokio::test]
async fn work_goes_on_in_a_database_of_a_release() {
    for release in RELEASES {
        let app = TestApp::over(release.database().await).await;
        let admin = app.admin();
        // The plugin still judges.
        admin.create("lead", json!({"title": "Nobody"})).await.problem(422, "hook.rejected");
        admin.create("lead", json!({"title": "Somebody", "phones": ["8 916 123-45-67"]})).await.ok(201);
        // A process goes on from where it stood.
        let open = admin.get("/tasks?state=open&element=check&limit=100").await.ok(200);
        let task = open["items"].as_array().unwrap().iter().find(|task| task["main_action"]["done"] == false).unwrap();
        let path = format!("/tasks/{}", task["id"].as_str().unwrap());
        admin.post(&format!("{path}/complete"), json!({})).await.problem(409, "task.main_action_missing");
        admin.post(&format!("{path}/action"), json!({"kind": "acknowledge"})).await.ok(200);
        admin.post(&format!("{path}/complete"), json!({})).await.ok(200);
        // Its timers come.
        app.drain().await;
        app.clock.advance_seconds(70 * 86_400);
        app.drain().await;
        let ended = admin.get("/process-instances?state=completed&limit=100").await.ok(200);
        assert!(ended["items"].as_array().unwrap().len() >= 3, "{ended}");
        // A mass edit made then is undone now.
        let batch = app.uuid("SELECT id FROM batch WHERE kind = 'bulk' AND undone_at IS NULL").await;
        let undone = admin.post(&format!("/batches/{batch}/undo"), json!({})).await.ok(200);
        assert_eq!(undone["kept"], json!([]));
        assert_eq!(undone["restored"], 10);
        app.drain().await;
        app.finish().await;
    }
}

async fn open(database: &Database) -> Db {
    Db::open(&DbOptions { url: database.url().to_owned(), connections: 2, full_sync: false }).await.unwrap()
}

/// All records of an entity, page by page.
async fn all(admin: &Client<'_>, entity: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut page = admin.query(entity, json!({"limit": 500, "cursor": cursor})).await.ok(200);
        found.append(page["items"].as_array_mut().unwrap());
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            return found;
        }
    }
}

async fn counts(db: &Db) -> Counts {
    let tables = if on_postgres() {
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    };
    let mut counts = Counts::new();
    for row in db.for_migrations().query_all_raw(statement(tables)).await.unwrap() {
        let table: String = row.try_get_by_index(0).unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        let count = db.for_migrations().query_one_raw(statement(&sql)).await.unwrap().unwrap();
        counts.insert(table, count.try_get_by_index(0).unwrap());
    }
    counts
}

async fn number(db: &Db, sql: &str) -> i64 {
    db.for_migrations().query_one_raw(statement(sql)).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// The texts that a statement finds, sorted.
async fn texts(db: &Db, sql: &str) -> Vec<String> {
    let rows = db.for_migrations().query_all_raw(statement(sql)).await.unwrap();
    let mut found: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    found.sort();
    found
}

async fn sums(db: &Db) -> Sums {
    let mut sums = Sums::new();
    for (entity, field) in AMOUNTS {
        let sql = format!(
            "SELECT currency, count({field}), CAST(sum({field}) AS BIGINT) FROM {entity} WHERE {field} IS NOT NULL GROUP BY currency"
        );
        for row in db.for_migrations().query_all_raw(statement(&sql)).await.unwrap() {
            let amounts = (row.try_get_by_index(1).unwrap(), row.try_get_by_index(2).unwrap());
            sums.insert((entity, field, row.try_get_by_index(0).unwrap()), amounts);
        }
    }
    sums
}

/// The fixture has some of everything that can be lost.
fn rich(counts: &Counts, sums: &Sums) {
    for table in [
        "lead",
        "deal",
        "contact",
        "company",
        "activity",
        "communication",
        "record_link",
        "stage_transition",
        "event_log",
        "record_view",
        "batch",
        "import",
        "import_refusal",
        "role",
        "access_row",
        "field_right",
        "task",
        "task_executor",
        "notification",
        "process_definition",
        "process_version",
        "process_instance",
        "process_wait",
        "process_visit",
        "process_step",
        "plugin_version",
        "plugin_tenant",
        "department",
        "user_account",
        "audit",
    ] {
        assert!(counts[table] > 0, "no rows in {table}");
    }
    for entity in ["lead", "deal"] {
        let currencies = sums.keys().filter(|(of, ..)| *of == entity).count();
        assert!(currencies >= 4, "{entity} has amounts in {currencies} currencies");
    }
}

/// No table has fewer rows than before.
fn kept(before: &Counts, after: &Counts) {
    for (table, count) in before.iter().filter(|(table, _)| !LIVING.contains(&table.as_str())) {
        assert_eq!(after.get(table), Some(count), "rows of {table}");
    }
}

#[tokio::test]
async fn records_of_a_release_are_found_by_the_rules_of_today() {
    for release in RELEASES {
        let database = release.database().await;
        // As an older program kept them: letters taken apart, phones by their last digits, ё as it is.
        let db = open(&database).await;
        for sql in [
            "UPDATE contact SET title = 'Пётр И\u{306}од', search = 'пётр и\u{306}од', phones = '[{\"value\": \"8 (916) 555-12-34\", \"kind\": \"work\"}]' WHERE number = 1",
            "UPDATE communication SET value = '165551234:89165551234' WHERE field = 'phones' AND record_id IN (SELECT id FROM contact WHERE number = 1)",
        ] {
            db.for_migrations().execute_unprepared(sql).await.unwrap();
        }
        db.close().await.unwrap();
        let app = TestApp::over(database).await;
        let admin = app.admin();
        let title = "Пётр Йод";
        let ours = |found: Vec<String>| found.into_iter().filter(|found| found == title).count();
        for filter in [
            json!({"field": "phones", "op": "eq", "value": "+7 916 555-12-34"}),
            json!({"field": "title", "op": "eq", "value": "петр йод"}),
        ] {
            assert_eq!(ours(admin.found("contact", filter.clone()).await), 1, "{filter}");
        }
        let found = admin.query("contact", json!({"q": "петр йод"})).await.ok(200);
        assert_eq!(ours(crate::app::titles(&found)), 1);
        app.drain().await;
        app.finish().await;
    }
}
