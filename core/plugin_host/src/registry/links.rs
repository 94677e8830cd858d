//! The table `plugin_page_link`: personal links to public pages of plugins. Each is of one page and one record, ends, and is kept
//! as the hash of what its address has behind `#`.

use std::collections::BTreeSet;

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Ctx, Db, Error, RecordId, RecordRef, TenantId, Timestamp, audit};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use serde_json::{Value as Json, json};
use uuid::Uuid;

const TABLE: &str = "plugin_page_link";
const COLUMNS: [&str; 6] = ["id", "surface", "entity", "record_id", "created_at", "expires_at"];
/// Seconds after its end for which a link is kept.
const KEPT: i64 = 90 * 86_400;

/// A link that is good.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) id: Uuid,
    /// Id of the page in the plugin.
    pub(crate) page: String,
    /// The record that it is opened for.
    pub(crate) record: RecordRef,
    pub(crate) created: Timestamp,
    /// Until when it is good.
    pub(crate) expires: Timestamp,
}

impl Link {
    /// What the audit is told; never the token.
    pub(crate) fn detail(&self) -> Json {
        let Self { id, page, record, expires, .. } = self;
        json!({ "link": id, "page": page, "entity": record.entity, "record": record.id, "expires": expires })
    }
}

/// Whose links.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) plugin: &'a str,
}

impl Of<'_> {
    fn good(self, now: Timestamp) -> SelectStatement {
        Query::select()
            .columns(COLUMNS)
            .from(TABLE)
            .and_where(Expr::col("tenant_id").eq(self.tenant.0))
            .and_where(Expr::col("plugin").eq(self.plugin))
            .and_where(Expr::col("revoked_at").is_null())
            .and_where(Expr::col("expires_at").gt(now.0))
            .take()
    }

    pub(crate) async fn insert(self, tx: &Tx, link: &Link, hash: &str) -> Result<(), DbErr> {
        let insert = Query::insert()
            .into_table(TABLE)
            .columns(COLUMNS.into_iter().chain(["tenant_id", "plugin", "token_hash"]))
            .values_panic([
                link.id.into(),
                link.page.as_str().into(),
                link.record.entity.as_str().into(),
                link.record.id.0.into(),
                link.created.0.into(),
                link.expires.0.into(),
                self.tenant.0.into(),
                self.plugin.into(),
                hash.into(),
            ])
            .to_owned();
        tx.execute(&insert).await.map(drop)
    }

    /// Links for a record that are good, newest first.
    pub(crate) async fn of_record(
        self,
        conn: &impl ConnectionTrait,
        record: &RecordRef,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Link>, DbErr> {
        let mut select = self.good(now);
        select
            .and_where(Expr::col("entity").eq(record.entity.as_str()))
            .and_where(Expr::col("record_id").eq(record.id.0))
            .order_by("created_at", Order::Desc)
            .order_by("id", Order::Desc)
            .limit(limit);
        conn.query_all(&select).await?.iter().map(read).collect()
    }

    /// Links to a page that are good, newest first; where a record is named, those for it.
    pub(crate) async fn of_page(
        self,
        conn: &impl ConnectionTrait,
        page: &str,
        record: Option<Uuid>,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Link>, DbErr> {
        let mut select = self.good(now);
        select.and_where(Expr::col("surface").eq(page));
        if let Some(record) = record {
            select.and_where(Expr::col("record_id").eq(record));
        }
        select.order_by("created_at", Order::Desc).order_by("id", Order::Desc).limit(limit);
        conn.query_all(&select).await?.iter().map(read).collect()
    }

    /// The link to a page with this hash, if it is good.
    pub(crate) async fn find(
        self,
        conn: &impl ConnectionTrait,
        page: &str,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<Link>, DbErr> {
        let mut select = self.good(now);
        select.and_where(Expr::col("surface").eq(page)).and_where(Expr::col("token_hash").eq(hash));
        conn.query_one(&select).await?.as_ref().map(read).transpose()
    }

    /// The link with this id, if it is good.
    pub(crate) async fn one(
        self,
        conn: &impl ConnectionTrait,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<Link>, DbErr> {
        let mut select = self.good(now);
        select.and_where(Expr::col("id").eq(id));
        conn.query_one(&select).await?.as_ref().map(read).transpose()
    }

    /// The pages that there are good links to.
    pub(crate) async fn pages(self, conn: &impl ConnectionTrait, now: Timestamp) -> Result<BTreeSet<String>, DbErr> {
        let mut select = self.good(now);
        select.clear_selects().column("surface").distinct();
        conn.query_all(&select).await?.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// Ends a link. Says whether it was good until now.
    pub(crate) async fn revoke(self, tx: &Tx, id: Uuid, now: Timestamp) -> Result<bool, DbErr> {
        self.end(tx, "id", id, now).await.map(|count| count == 1)
    }

    /// Ends all links to a page. Gives how many were good until now.
    pub(crate) async fn revoke_all(self, tx: &Tx, page: &str, now: Timestamp) -> Result<u64, DbErr> {
        self.end(tx, "surface", page, now).await
    }

    async fn end(self, tx: &Tx, column: &'static str, value: impl Into<Expr>, now: Timestamp) -> Result<u64, DbErr> {
        let update = Query::update()
            .table(TABLE)
            .value("revoked_at", now.0)
            .and_where(Expr::col("tenant_id").eq(self.tenant.0))
            .and_where(Expr::col("plugin").eq(self.plugin))
            .and_where(Expr::col(column).eq(value))
            .and_where(Expr::col("revoked_at").is_null())
            .and_where(Expr::col("expires_at").gt(now.0))
            .to_owned();
        Ok(tx.execute(&update).await?.rows_affected())
    }
}

/// Ends a link of a plugin, and tells the audit; where a page is named, one to it.
///
/// # Errors
/// `NotFound` when it opened nothing any more, or is another's.
pub(crate) async fn revoke(db: &Db, ctx: &Ctx, of: Of<'_>, id: Uuid, page: Option<&str>) -> kernel::Result<()> {
    let gone = || Error::NotFound(format!("personal link {id}"));
    let tx = db.begin().await?;
    let link = of.one(&tx, id, ctx.now()).await?.ok_or_else(gone)?;
    if page.is_some_and(|page| page != link.page) || !of.revoke(&tx, id, ctx.now()).await? {
        return Err(gone());
    }
    audit::record(&tx, ctx, "plugin.link_revoked", of.plugin, link.detail()).await?;
    Ok(tx.commit().await?)
}

/// Forgets links that ended long ago.
pub(crate) async fn forget_ended(tx: &Tx, now: Timestamp) -> Result<(), DbErr> {
    let before = now.plus_seconds(-KEPT);
    let delete = Query::delete().from_table(TABLE).and_where(Expr::col("expires_at").lt(before.0)).to_owned();
    tx.execute(&delete).await.map(drop)
}

fn read(row: &QueryResult) -> Result<Link, DbErr> {
    Ok(Link {
        id: row.try_get_by_index(0)?,
        page: row.try_get_by_index(1)?,
        record: RecordRef {
            entity: row.try_get_by_index::<String>(2)?.as_str().into(),
            id: RecordId(row.try_get_by_index(3)?),
        },
        created: Timestamp(row.try_get_by_index(4)?),
        expires: Timestamp(row.try_get_by_index(5)?),
    })
}
