//! One SQL text for both databases: the few type names that differ are written in braces.
//!
//! Conventions of the schema: ids are UUIDs; instants are BIGINT microseconds since 1970-01-01 UTC; dates are TEXT
//! `YYYY-MM-DD`; decimals are BIGINT in ten-thousandths. All three sort and compare the same way on SQLite and
//! PostgreSQL (core/decisions/0003).

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

const TYPES: [(&str, &str, &str); 6] = [
    // name, SQLite, PostgreSQL
    ("{uuid}", "BLOB", "UUID"),
    ("{json}", "TEXT", "JSONB"),
    ("{bytes}", "BLOB", "BYTEA"),
    ("{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT", "BIGSERIAL PRIMARY KEY"),
    // The writing transaction's number, which orders the event log safely (see kernel::events).
    ("{tx}", "BIGINT NOT NULL DEFAULT 0", "BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)"),
    // Compared byte by byte, whatever the language of the database.
    ("{bytewise}", "TEXT", "TEXT COLLATE \"C\""),
];

/// Runs the statements of `sql`, separated by `;`, with the types of the connected database.
pub async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
    let mut text = sql.to_owned();
    for (name, on_sqlite, on_postgres) in TYPES {
        text = text.replace(name, if sqlite { on_sqlite } else { on_postgres });
    }
    for statement in text.split(';').map(str::trim).filter(|s| !s.is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
