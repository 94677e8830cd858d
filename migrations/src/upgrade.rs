//! Brings a database up to date, once, however many nodes start together.
//!
//! All pending steps are one transaction: whoever comes second waits for it and finds nothing left to do; a node that
//! is killed half-way leaves the old schema. PostgreSQL: an advisory lock of the transaction. SQLite: the write lock of
//! the file, with foreign keys off until the end, so that a step may rebuild a table others refer to (sqlite.org,
//! "ALTER TABLE", section 7); they are checked before the commit.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};

use crate::Migrator;

/// Of PostgreSQL's advisory locks (one space for the whole database) this one is ours: "verstak" in ASCII.
const LOCK: i64 = 0x76_6572_7374_616b;

/// Applies what is pending.
///
/// # Errors
/// When the database fails, is of a newer version than this program, or a step leaves rows that refer to nothing. Then
/// nothing was changed.
pub async fn upgrade(db: &DatabaseConnection) -> Result<(), DbErr> {
    if is_current(db).await? {
        return Ok(());
    }
    if db.get_database_backend() == DbBackend::Postgres {
        let tx = db.begin().await?;
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
        Migrator::up(&tx, None).await?;
        return tx.commit().await;
    }
    foreign_keys(db, false).await?;
    let done = on_sqlite(db).await;
    foreign_keys(db, true).await?;
    done
}

async fn is_current(db: &DatabaseConnection) -> Result<bool, DbErr> {
    Ok(Migrator::get_pending_migrations_read_only(db).await?.is_empty())
}

async fn on_sqlite(db: &DatabaseConnection) -> Result<(), DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = db.begin_with_options(options).await?;
    Migrator::up(&tx, None).await?;
    match dangling(&tx).await? {
        None => tx.commit().await,
        Some(table) => Err(DbErr::Migration(format!("rows of `{table}` refer to rows that are not there"))),
    }
}

/// Has no effect inside a transaction, so it stands around it. The pool of migrations has one connection.
async fn foreign_keys(db: &DatabaseConnection, on: bool) -> Result<(), DbErr> {
    let sql = if on { "PRAGMA foreign_keys = ON" } else { "PRAGMA foreign_keys = OFF" };
    db.execute_unprepared(sql).await.map(drop)
}

/// A table with rows that refer to nothing.
async fn dangling(tx: &DatabaseTransaction) -> Result<Option<String>, DbErr> {
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA foreign_key_check");
    tx.query_one_raw(check).await?.map(|row| row.try_get_by_index(0)).transpose()
}
