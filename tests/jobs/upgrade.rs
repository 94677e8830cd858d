//! Deliveries that wait in a database of the first release name a part of the log afterwards.

use kernel::Db;
use kernel::db::{ConnectionTrait, DbOptions};
use sea_orm_migration::MigratorTrait;
use serde_json::{Value, json};

use crate::app::{Database, statement, uuid_sql};

#[tokio::test]
async fn deliveries_with_copies_of_events_become_references() {
    let database = Database::bare().await;
    let options = DbOptions { url: database.url().to_owned(), connections: 2, full_sync: false };
    let db = Db::open(&options).await.unwrap();
    let connection = db.for_migrations();
    migrations::Migrator::up(connection, Some(5)).await.unwrap();
    let event =
        |tx: i64, id: i64| json!({"id": id, "tx": tx, "kind": "lead.created", "changes": {"title": [null, "it's"]}});
    let waiting = [
        ("00000000-0000-0000-0000-000000000001", json!([event(7, 20), event(7, 21), event(9, 25)])),
        ("00000000-0000-0000-0000-000000000002", json!([event(9, 26)])),
    ];
    let tenant = uuid_sql("0a000000-0000-0000-0000-00000000000b");
    for (number, (id, events)) in waiting.iter().enumerate() {
        let payload = json!({"plugin": "verstak.lead-desk", "subscription": "created", "events": events});
        let sql = format!(
            "INSERT INTO job (id, tenant_id, kind, payload, state, run_at, attempts, max_attempts, created_at)
             VALUES ({}, {tenant}, 'plugin.event', '{}', 'ready', 0, 0, 8, {number})",
            uuid_sql(id),
            payload.to_string().replace('\'', "''"),
        );
        connection.execute_unprepared(&sql).await.unwrap();
    }
    migrations::Migrator::up(connection, None).await.unwrap();
    let sql = "SELECT payload, order_key, order_no FROM job ORDER BY order_no";
    let rows = connection.query_all_raw(statement(sql)).await.unwrap();
    let read: Vec<(Value, String)> =
        rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect();
    let key = "plugin.event/0a00000000000000000000000000000b/verstak.lead-desk/created";
    let part = |after: &str, to: &str| {
        let payload = json!({"plugin": "verstak.lead-desk", "subscription": "created", "after": after, "to": to});
        (payload, key.to_owned())
    };
    assert_eq!(read, [part("7-19", "9-25"), part("9-25", "9-26")]);
    db.close().await.unwrap();
}
