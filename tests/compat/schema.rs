//! The schema in words, and that it does not depend on where a database began.

use kernel::Db;
use kernel::db::{ConnectionTrait, DbOptions, QueryResult};
use sea_orm::Statement;

use super::released::RELEASES;
use crate::app::{Database, on_postgres};

#[tokio::test]
async fn an_upgraded_database_has_the_schema_of_a_new_one() {
    let new = Database::fresh().await;
    let new = described(&open(&new).await).await;
    for release in RELEASES {
        let database = release.database().await;
        let db = open(&database).await;
        migrations::upgrade(db.for_migrations()).await.unwrap();
        similar(&described(&db).await, &new, release.name);
        db.close().await.unwrap();
    }
}

#[tokio::test]
async fn steps_of_a_release_are_as_they_were_released() {
    for release in RELEASES {
        let database = Database::bare().await;
        let db = release.empty(&database).await;
        let now = described(&db).await;
        db.close().await.unwrap();
        if on_postgres() {
            insta::assert_snapshot!(format!("{}-postgres", release.name), now.join("\n"));
        } else {
            let released = release.database().await;
            let db = open(&released).await;
            similar(&now, &described(&db).await, release.name);
            db.close().await.unwrap();
        }
    }
}

async fn open(database: &Database) -> Db {
    Db::open(&DbOptions { url: database.url().to_owned(), connections: 2, full_sync: false }).await.unwrap()
}

/// Fails with the lines that only one of them has.
fn similar(got: &[String], expected: &[String], what: &str) {
    let more: Vec<&String> = got.iter().filter(|line| !expected.contains(line)).collect();
    let less: Vec<&String> = expected.iter().filter(|line| !got.contains(line)).collect();
    assert!(more.is_empty() && less.is_empty(), "{what}: unexpected {more:#?}\nmissing {less:#?}");
    assert!(!got.is_empty());
}

/// Tables, columns with type, nullability and default, keys, indexes: one line each, sorted.
async fn described(db: &Db) -> Vec<String> {
    let mut lines = if on_postgres() { on_server(db).await } else { in_file(db).await };
    lines.sort();
    lines
}

async fn rows(db: &Db, sql: &str) -> Vec<QueryResult> {
    let conn = db.for_migrations();
    conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap()
}

async fn lines(db: &Db, sql: &str) -> Vec<String> {
    rows(db, sql).await.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn in_file(db: &Db) -> Vec<String> {
    let columns =
        "SELECT m.name || '.' || c.name || ' ' || c.type || CASE c.\"notnull\" WHEN 0 THEN '' ELSE ' not null' END
        || COALESCE(' default ' || c.dflt_value, '') || CASE c.pk WHEN 0 THEN '' ELSE ' key ' || c.pk END
        FROM sqlite_master AS m, pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
    let references = "SELECT m.name || '.' || f.\"from\" || ' references ' || f.\"table\" || ' ' || COALESCE(f.\"to\", '') || ' ' || f.on_delete
        FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
    let unique = "SELECT m.name || ' ' || i.origin || ' ' || (SELECT group_concat(name) FROM pragma_index_info(i.name))
        FROM sqlite_master AS m, pragma_index_list(m.name) AS i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND i.origin <> 'c'";
    let others =
        "SELECT type || ' ' || name || ' ' || sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL";
    let counters =
        "SELECT name || ' autoincrement' FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'";
    let mut all = Vec::new();
    for sql in [columns, references, unique, others, counters] {
        all.extend(lines(db, sql).await);
    }
    // Indexes of a file are kept as they were written.
    all.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

async fn on_server(db: &Db) -> Vec<String> {
    let columns = "SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || COALESCE(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
        || CASE WHEN l.collname = 'C' THEN ' collate C' ELSE '' END || CASE WHEN a.attgenerated <> '' THEN ' generated' ELSE '' END
        FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped";
    let keys = "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n'";
    let indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'";
    let others = "SELECT relkind::text || ' ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'i')
        UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'extension ' || extname FROM pg_extension";
    let mut all = Vec::new();
    for sql in [columns, keys, indexes, others] {
        all.extend(lines(db, sql).await);
    }
    all
}
