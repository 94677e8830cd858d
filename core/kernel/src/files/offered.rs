//! Rows of files that were sent before there is a record for them: what somebody without an account sends by a form.

use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, UpdateStatement};
use uuid::Uuid;

use super::store::Stored;
use super::table::{FileRow, State, base, big, from_row};
use crate::clock::Timestamp;
use crate::db::{ConnectionTrait, QueryResult, Tx};
use crate::id::{RecordId, RecordRef, TenantId};

/// The entity of such files: none has such a key. They are `sending` until a record gets them. In the place of their record
/// stands where they came from.
pub const OFFERED: &str = "~offered";

/// A change of a file while it waits; none of one that a record has got, or that is gone.
fn of_waiting(tenant: TenantId, id: Uuid) -> UpdateStatement {
    Query::update()
        .table("stored_file")
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("entity").eq(OFFERED))
        .and_where(Expr::col("state").eq(State::Sending.word()))
        .to_owned()
}

/// The bytes of an offered file are whole: it waits for its record. False when its row is gone meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &Tx, tenant: TenantId, id: Uuid, stored: &Stored) -> Result<bool, DbErr> {
    let update = of_waiting(tenant, id)
        .value("media_type", stored.media_type)
        .value("size", big(stored.size))
        .value("sha256", stored.sha256.as_str())
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// An offered file whose bytes are whole, since an instant.
///
/// # Errors
/// When the database fails.
pub async fn held(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    id: Uuid,
    since: Timestamp,
) -> Result<Option<FileRow>, DbErr> {
    let mut select = base();
    select
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("entity").eq(OFFERED))
        .and_where(Expr::col("state").eq(State::Sending.word()))
        .and_where(Expr::col("sha256").ne(""))
        .and_where(Expr::col("created_at").gte(since.0));
    conn.query_one(&select).await?.map(|row| from_row(&row)).transpose()
}

/// Gives an offered file to a record. False when it was given meanwhile, or is gone.
///
/// # Errors
/// When the database fails.
pub async fn give(tx: &Tx, file: &FileRow, record: &RecordRef) -> Result<bool, DbErr> {
    let update = of_waiting(file.tenant, file.id)
        .value("state", State::Kept.word())
        .value("entity", record.entity.as_str())
        .value("record_id", record.id)
        .to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// Gives up an offered file, for its bytes to be forgotten. False when a record has got it, or it is gone.
///
/// # Errors
/// When the database fails.
pub async fn give_up(tx: &Tx, tenant: TenantId, id: Uuid) -> Result<bool, DbErr> {
    let update = of_waiting(tenant, id).value("state", State::Condemned.word()).to_owned();
    Ok(tx.execute(&update).await?.rows_affected() == 1)
}

/// An offered file that waits, or is still coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: Uuid,
    /// Where it came from.
    pub place: RecordId,
}

/// The offered files of a company that wait, the oldest first, up to `limit`; those that are still coming too.
///
/// # Errors
/// When the database fails.
pub async fn waiting(conn: &impl ConnectionTrait, tenant: TenantId, limit: u64) -> Result<Vec<Waiting>, DbErr> {
    let select = Query::select()
        .columns(["id", "record_id"])
        .from("stored_file")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("entity").eq(OFFERED))
        .and_where(Expr::col("state").eq(State::Sending.word()))
        .order_by("created_at", Order::Asc)
        .order_by("id", Order::Asc)
        .limit(limit)
        .take();
    let rows = conn.query_all(&select).await?;
    rows.iter().map(waits).collect()
}

fn waits(row: &QueryResult) -> Result<Waiting, DbErr> {
    Ok(Waiting { id: row.try_get_by_index(0)?, place: RecordId(row.try_get_by_index(1)?) })
}

/// How many of these files wait.
///
/// # Errors
/// When the database fails.
pub async fn waiting_among(conn: &impl ConnectionTrait, tenant: TenantId, ids: &[Uuid]) -> Result<usize, DbErr> {
    let select = Query::select()
        .column("id")
        .from("stored_file")
        .and_where(Expr::col("id").is_in(ids.iter().copied()))
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("entity").eq(OFFERED))
        .and_where(Expr::col("state").eq(State::Sending.word()))
        .take();
    Ok(conn.query_all(&select).await?.len())
}

/// Offered files of all companies from before an instant, which no record got: for the sweep.
///
/// # Errors
/// When the database fails.
pub async fn abandoned(conn: &impl ConnectionTrait, before: Timestamp, limit: u64) -> Result<Vec<FileRow>, DbErr> {
    let mut select = base();
    select
        .and_where(Expr::col("entity").eq(OFFERED))
        .and_where(Expr::col("state").eq(State::Sending.word()))
        .and_where(Expr::col("created_at").lt(before.0))
        .order_by("id", Order::Asc)
        .limit(limit);
    conn.query_all(&select).await?.iter().map(from_row).collect()
}
