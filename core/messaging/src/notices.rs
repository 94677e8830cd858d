//! Notices of plugins: notifications whose words are the plugin's, in each language, once per key and person; some ask to be
//! confirmed.

use std::collections::BTreeMap;

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Db, Error, Locale, Result, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Order, Query};
use uuid::Uuid;

/// What notifications of plugins are called.
pub const KIND: &str = "plugin.notice";
/// Notices of one call.
pub const BATCH: usize = 200;
/// People of one notice.
pub const MAX_PEOPLE: usize = 1_000;
/// People whom a plugin may tell something in an hour, each notice counted.
const PER_HOUR: i64 = 20_000;
/// Rows of one statement.
const ROWS: usize = 500;

/// A notice to make.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Each person is told once under it.
    pub key: String,
    /// Whom it is for.
    pub people: Vec<Uuid>,
    /// Its words in each language.
    pub words: BTreeMap<Locale, String>,
    /// The address in the portal that opens with it.
    pub link: Option<String>,
    /// Whether they are asked to confirm that they have read it.
    pub confirm: bool,
}

/// What became of a notice with one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The reader.
    pub person: Uuid,
    /// When it was marked as read.
    pub seen: Option<Timestamp>,
    /// When it was confirmed.
    pub confirmed: Option<Timestamp>,
}

/// Tells people, but for those who were told under the key before.
///
/// # Errors
/// `Limited` when the plugin has told as many people as it may in an hour.
pub async fn send(tx: &Tx, ctx: &Ctx, plugin: &str, notices: &[Notice]) -> Result<()> {
    let asked: usize = notices.iter().map(|notice| notice.people.len()).sum();
    let asked = i64::try_from(asked).unwrap_or(i64::MAX);
    if told_in_an_hour(tx, ctx, plugin).await?.saturating_add(asked) > PER_HOUR {
        return Err(Error::Limited { retry_after: 3_600 });
    }
    for notice in notices {
        let words: BTreeMap<&str, &String> = notice.words.iter().map(|(locale, text)| (locale.code(), text)).collect();
        let words = serde_json::to_value(words).map_err(Error::internal)?;
        for people in notice.people.chunks(ROWS) {
            let mut insert = Query::insert();
            insert.into_table("notification").columns([
                "id",
                "tenant_id",
                "user_id",
                "kind",
                "params",
                "at",
                "plugin",
                "notice_key",
                "link",
                "confirm",
            ]);
            for person in people {
                insert.values_panic([
                    ctx.id().into(),
                    ctx.tenant.into(),
                    (*person).into(),
                    KIND.into(),
                    words.clone().into(),
                    ctx.now().0.into(),
                    plugin.into(),
                    notice.key.as_str().into(),
                    notice.link.clone().into(),
                    notice.confirm.into(),
                ]);
            }
            insert.on_conflict(OnConflict::new().do_nothing().to_owned());
            tx.later(&insert).await?;
        }
    }
    Ok(())
}

async fn told_in_an_hour(conn: &impl ConnectionTrait, ctx: &Ctx, plugin: &str) -> Result<i64> {
    let count = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from("notification")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("at").gt(ctx.now().plus_seconds(-3_600).0))
        .take();
    Ok(conn.query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?)
}

/// Who was told under a key, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn receipts(conn: &impl ConnectionTrait, ctx: &Ctx, plugin: &str, key: &str) -> Result<Vec<Receipt>> {
    let select = Query::select()
        .columns(["user_id", "read_at", "confirmed_at"])
        .from("notification")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("notice_key").eq(key))
        .order_by("user_id", Order::Asc)
        .take();
    let mut receipts = Vec::new();
    for row in conn.query_all(&select).await? {
        receipts.push(Receipt {
            person: row.try_get_by_index(0)?,
            seen: row.try_get_by_index::<Option<i64>>(1)?.map(Timestamp),
            confirmed: row.try_get_by_index::<Option<i64>>(2)?.map(Timestamp),
        });
    }
    Ok(receipts)
}

/// The actor confirms that they have read a notice of theirs that asks for it; a second time changes nothing.
///
/// # Errors
/// `Denied` for an actor that is no person; `NotFound`.
pub async fn confirm(db: &Db, ctx: &Ctx, id: Uuid) -> Result<()> {
    let me = ctx.user().ok_or(Error::Denied("action"))?;
    let own = || {
        Expr::col("id")
            .eq(id)
            .and(Expr::col("user_id").eq(me.0))
            .and(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and(Expr::col("confirm").eq(true))
    };
    let now = ctx.now().0;
    let tx = db.begin().await?;
    let confirm = Query::update()
        .table("notification")
        .value("confirmed_at", now)
        .value("read_at", Func::coalesce([Expr::col("read_at"), Expr::val(now)]))
        .and_where(own())
        .and_where(Expr::col("confirmed_at").is_null())
        .take();
    if tx.execute(&confirm).await?.rows_affected() == 0 {
        let there = Query::select().column("id").from("notification").and_where(own()).take();
        if tx.query_one(&there).await?.is_none() {
            return Err(Error::NotFound(format!("notice {id}")));
        }
    }
    Ok(tx.commit().await?)
}
