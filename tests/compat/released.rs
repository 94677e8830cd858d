//! Fixtures of releases, on the database under test.

use std::fs::File;
use std::path::{Path, PathBuf};

use kernel::Db;
use kernel::db::DbOptions;
use migrations::Migrator;
use sea_orm::sea_query::{Alias, Expr, Query, Value};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Statement, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::app::{Database, on_postgres};

/// A version that is out in the world.
pub struct Release {
    /// Its commit.
    pub name: &'static str,
    /// Steps of the schema it had.
    pub steps: u32,
}

pub const RELEASES: &[Release] = &[Release { name: "d48ca5d", steps: 5 }];

impl Release {
    /// Its database as it was left.
    pub async fn database(&self) -> Database {
        let database = Database::bare().await;
        let file = self.unpack(database.folder());
        if on_postgres() {
            let target = self.empty(&database).await;
            load(&file, target.for_migrations()).await;
            target.close().await.unwrap();
            std::fs::remove_file(file).unwrap();
        }
        database
    }

    /// The schema of the release on a database without any table.
    pub async fn empty(&self, database: &Database) -> Db {
        let options = DbOptions { url: database.url().to_owned(), connections: 2, full_sync: false };
        let db = Db::open(&options).await.unwrap();
        Migrator::up(db.for_migrations(), Some(self.steps)).await.unwrap();
        db
    }

    fn unpack(&self, folder: &Path) -> PathBuf {
        let packed = format!("{}/compat/released/{}.zip", env!("CARGO_MANIFEST_DIR"), self.name);
        let mut archive = zip::ZipArchive::new(File::open(packed).unwrap()).unwrap();
        let path = folder.join("verstak.db");
        std::io::copy(&mut archive.by_name("verstak.db").unwrap(), &mut File::create(&path).unwrap()).unwrap();
        path
    }
}

/// Rows of one statement.
const ROWS: usize = 200;

/// Brings all rows of the file into the tables of the same names.
async fn load(file: &Path, target: &DatabaseConnection) {
    let source = sea_orm::Database::connect(format!("sqlite:{}", file.display())).await.unwrap();
    let tx = target.begin().await.unwrap();
    // Made in this order, tables come after those they refer to.
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations' ORDER BY rowid";
    for row in all(&source, tables).await {
        copy(&source, &tx, &row.try_get_by_index::<String>(0).unwrap()).await;
    }
    tx.commit().await.unwrap();
    source.close().await.unwrap();
}

async fn all(conn: &impl ConnectionTrait, sql: &str) -> Vec<QueryResult> {
    conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await.unwrap()
}

async fn copy(source: &DatabaseConnection, tx: &DatabaseTransaction, table: &str) {
    assert_eq!(tx.get_database_backend(), DbBackend::Postgres);
    let columns = format!(
        "SELECT attname::text, format_type(atttypid, atttypmod), pg_get_serial_sequence('{table}', attname::text)
         FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    );
    let columns: Vec<(String, String, Option<String>)> = all(tx, &columns)
        .await
        .iter()
        .map(|row| {
            (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap(), row.try_get_by_index(2).unwrap())
        })
        .collect();
    // A step may have put a row there.
    tx.execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
    let names = columns.iter().map(|(name, ..)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    for rows in all(source, &format!("SELECT {names} FROM {table} ORDER BY rowid")).await.chunks(ROWS) {
        let mut insert = Query::insert();
        insert.into_table(Alias::new(table)).columns(columns.iter().map(|(name, ..)| Alias::new(name)));
        for row in rows {
            insert.values_panic(columns.iter().enumerate().map(|(n, (_, kind, _))| Expr::val(cell(row, n, kind))));
        }
        tx.execute(&insert).await.unwrap();
    }
    for (name, _, sequence) in &columns {
        if let Some(sequence) = sequence {
            let next = format!("SELECT setval('{sequence}', (SELECT COALESCE(max(\"{name}\"), 1) FROM {table}))");
            tx.execute_unprepared(&next).await.unwrap();
        }
    }
}

/// A cell of SQLite as PostgreSQL keeps it.
fn cell(row: &QueryResult, index: usize, kind: &str) -> Value {
    match kind {
        "uuid" => row.try_get_by_index::<Option<Uuid>>(index).unwrap().into(),
        "jsonb" => row.try_get_by_index::<Option<Json>>(index).unwrap().into(),
        "boolean" => row.try_get_by_index::<Option<bool>>(index).unwrap().into(),
        "bigint" => row.try_get_by_index::<Option<i64>>(index).unwrap().into(),
        "bytea" => row.try_get_by_index::<Option<Vec<u8>>>(index).unwrap().into(),
        "text" => row.try_get_by_index::<Option<String>>(index).unwrap().into(),
        other => panic!("a column of the type {other}"),
    }
}
