//! Personal links of guests: somebody without an account opens one record, comments on it, accepts or declines a quote.
//!
//! A link is good for a time, until it is revoked, and as long as whoever made it has an active account: what it shows is
//! what they may see. Its token is told once and kept as a hash. What record it is of is told as names: records know more.

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::error::FieldError;
use kernel::{Ctx, Error, Result, TenantId, Timestamp, audit};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::token::hash_of;
use crate::{INVALID, checked_name};

/// Links of one record that are good.
pub const MAX_LINKS: u64 = 50;
/// Comments by one link.
pub const MAX_COMMENTS: u64 = 200;
/// Fields that a link names.
pub const MAX_FIELDS: usize = 100;
/// Seconds for which a link is good where nobody says otherwise: 30 days; and at most: a year.
const USUAL: i64 = 30 * 86_400;
const LONGEST: i64 = 366 * 86_400;
/// Seconds after its end for which a link is still listed to nobody and kept.
const KEPT: i64 = 366 * 86_400;
/// Characters of a comment, and of a name.
const MAX_TEXT: usize = 5_000;
const MAX_NAME: usize = 100;
const COLUMNS: [&str; 12] = [
    "id",
    "tenant_id",
    "entity",
    "record_id",
    "scope",
    "fields",
    "label",
    "owner_id",
    "created_at",
    "expires_at",
    "opened",
    "opened_at",
];

/// What a guest may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GuestScope)]
pub enum Scope {
    /// Look.
    View,
    /// Write comments too.
    Comment,
    /// Accept or decline a quote too.
    Accept,
}

impl Scope {
    const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Comment => "comment",
            Self::Accept => "accept",
        }
    }
}

/// A link to make.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GuestLinkInput)]
pub struct NewLink {
    /// What the guest may do; `accept` of quotes alone.
    pub scope: Scope,
    /// Keys of the fields that are shown; those of the card where absent. Up to 100.
    #[serde(default)]
    pub fields: Option<Vec<String>>,
    /// When it ends; in 30 days where absent, at most in a year.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub expires: Option<Timestamp>,
    /// For whom it is, for colleagues; up to 100 characters.
    pub label: String,
}

/// A link that is good.
#[derive(Debug, Clone)]
pub struct Link {
    /// Its id: that of the guest in history.
    pub id: Uuid,
    /// Whose.
    pub tenant: TenantId,
    /// Entity of its record.
    pub entity: String,
    /// Its record.
    pub record: Uuid,
    /// What the guest may do.
    pub scope: Scope,
    /// What is shown; none: the card.
    pub fields: Option<Vec<String>>,
    /// For whom it is.
    pub label: String,
    /// Who made it.
    pub owner: Uuid,
    /// When.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Timestamp,
    /// How often it was opened.
    pub opened: i64,
    /// When it was opened last.
    pub opened_at: Option<Timestamp>,
}

/// What somebody wrote by a link, or to its guest.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Its id.
    pub id: Uuid,
    /// As they call themselves.
    pub author: String,
    /// Somebody of the company; none: the guest.
    pub user: Option<Uuid>,
    /// `accepted` or `declined`, with a quote that was answered.
    pub answer: Option<String>,
    /// What they wrote.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// A comment to write.
#[derive(Debug, Clone)]
pub struct NewComment<'a> {
    /// As they call themselves.
    pub author: &'a str,
    /// Somebody of the company.
    pub user: Option<Uuid>,
    /// `accepted` or `declined`.
    pub answer: Option<&'a str>,
    /// Empty only with an answer.
    pub text: &'a str,
}

/// Makes a link to a record that the actor may see, in their name. Gives it with its token.
///
/// # Errors
/// `people.invalid` naming what is wrong; `Denied` for an actor that is no person.
pub async fn make(tx: &Tx, ctx: &Ctx, entity: &str, record: Uuid, new: &NewLink) -> Result<(Link, String)> {
    let owner = ctx.user().ok_or(Error::Denied("action"))?.0;
    let label = checked_name("label", &new.label, MAX_NAME)?;
    let now = ctx.now();
    let expires = new.expires.unwrap_or_else(|| now.plus_seconds(USUAL));
    if expires <= now || expires > now.plus_seconds(LONGEST) {
        return Err(wrong("expires", FieldError::new("guest_expires")));
    }
    if new.fields.as_ref().is_some_and(|fields| fields.len() > MAX_FIELDS) {
        return Err(wrong("fields", FieldError::new("too_many").with("max", MAX_FIELDS)));
    }
    if count(tx, live(ctx.tenant, record, now), "guest_link").await? >= MAX_LINKS {
        return Err(wrong("label", FieldError::new("too_many").with("max", MAX_LINKS)));
    }
    let token = ctx.env.secret();
    let link = Link {
        id: ctx.id(),
        tenant: ctx.tenant,
        entity: entity.to_owned(),
        record,
        scope: new.scope,
        fields: new.fields.clone(),
        label,
        owner,
        created: now,
        expires,
        opened: 0,
        opened_at: None,
    };
    let insert = Query::insert()
        .into_table("guest_link")
        .columns(COLUMNS.into_iter().chain(["token_hash"]))
        .values_panic([
            link.id.into(),
            link.tenant.0.into(),
            link.entity.as_str().into(),
            link.record.into(),
            link.scope.name().into(),
            link.fields.as_ref().map(|fields| json!(fields)).into(),
            link.label.as_str().into(),
            link.owner.into(),
            link.created.0.into(),
            link.expires.0.into(),
            link.opened.into(),
            Option::<i64>::None.into(),
            hash_of(&token).into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    audit::record(tx, ctx, "guest.link_made", &link.id.to_string(), detail(&link)).await?;
    Ok((link, token))
}

/// Links of a record that are good, newest first.
///
/// # Errors
/// When the database fails.
pub async fn of_record(conn: &impl ConnectionTrait, ctx: &Ctx, record: Uuid) -> Result<Vec<Link>> {
    let mut select = live(ctx.tenant, record, ctx.now());
    select.columns(COLUMNS).order_by("created_at", Order::Desc).order_by("id", Order::Desc);
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// One of them.
///
/// # Errors
/// `NotFound`.
pub async fn one(conn: &impl ConnectionTrait, ctx: &Ctx, record: Uuid, id: Uuid) -> Result<Link> {
    let mut select = live(ctx.tenant, record, ctx.now());
    select.columns(COLUMNS).and_where(Expr::col("id").eq(id));
    let found = conn.query_one(&select).await?.as_ref().map(read).transpose()?;
    found.ok_or_else(|| Error::NotFound(format!("guest link {id}")))
}

/// Ends a link.
///
/// # Errors
/// `NotFound`.
pub async fn revoke(tx: &Tx, ctx: &Ctx, record: Uuid, id: Uuid) -> Result<()> {
    let link = one(tx, ctx, record, id).await?;
    let update = Query::update()
        .table("guest_link")
        .value("revoked_at", ctx.now().0)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("revoked_at").is_null())
        .to_owned();
    if tx.execute(&update).await?.rows_affected() != 1 {
        return Err(Error::NotFound(format!("guest link {id}")));
    }
    Ok(audit::record(tx, ctx, "guest.link_revoked", &id.to_string(), detail(&link)).await?)
}

/// The link with this token, if it is good.
///
/// # Errors
/// `NotFound`.
pub async fn find(conn: &impl ConnectionTrait, token: &str, now: Timestamp) -> Result<Link> {
    let select = Query::select()
        .columns(COLUMNS)
        .from("guest_link")
        .and_where(Expr::col("token_hash").eq(hash_of(token)))
        .and_where(Expr::col("revoked_at").is_null())
        .and_where(Expr::col("expires_at").gt(now.0))
        .take();
    let found = conn.query_one(&select).await?.as_ref().map(read).transpose()?;
    found.ok_or_else(|| Error::NotFound("guest link".to_owned()))
}

/// Counts an opening.
///
/// # Errors
/// When the database fails.
pub async fn opened(tx: &Tx, link: &Link, now: Timestamp) -> Result<()> {
    let update = Query::update()
        .table("guest_link")
        .value("opened", Expr::col("opened").add(1))
        .value("opened_at", now.0)
        .and_where(Expr::col("id").eq(link.id))
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

/// What was written by a link and to its guest, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn comments(conn: &impl ConnectionTrait, link: &Link) -> Result<Vec<Comment>> {
    let select = Query::select()
        .columns(["id", "author", "user_id", "answer", "body", "created_at"])
        .from("guest_comment")
        .and_where(Expr::col("link_id").eq(link.id))
        .order_by("created_at", Order::Asc)
        .order_by("id", Order::Asc)
        .take();
    let comment = |row: &QueryResult| {
        Ok(Comment {
            id: row.try_get_by_index(0)?,
            author: row.try_get_by_index(1)?,
            user: row.try_get_by_index(2)?,
            answer: row.try_get_by_index(3)?,
            text: row.try_get_by_index(4)?,
            at: Timestamp(row.try_get_by_index(5)?),
        })
    };
    Ok(conn.query_all(&select).await?.iter().map(comment).collect::<Result<_, DbErr>>()?)
}

/// Whether a comment may be written: before anything is.
///
/// # Errors
/// `people.invalid` naming `name` or `text`.
pub fn check(new: &NewComment<'_>) -> Result<()> {
    checked_name("name", new.author, MAX_NAME)?;
    if new.answer.is_none() && new.text.trim().is_empty() {
        return Err(wrong("text", FieldError::new("required")));
    }
    if new.text.len() > MAX_TEXT * 4 || new.text.chars().count() > MAX_TEXT {
        return Err(wrong("text", FieldError::new("too_long").with("max", MAX_TEXT)));
    }
    if new.text.contains('\0') {
        return Err(wrong("text", FieldError::new("characters")));
    }
    Ok(())
}

/// Whether there is room for one more comment by a link.
///
/// # Errors
/// `people.invalid` naming `text`.
pub async fn room(conn: &impl ConnectionTrait, link: &Link) -> Result<()> {
    let of = Query::select().from("guest_comment").and_where(Expr::col("link_id").eq(link.id)).take();
    if count(conn, of, "guest_comment").await? >= MAX_COMMENTS {
        return Err(wrong("text", FieldError::new("guest_comments").with("max", MAX_COMMENTS)));
    }
    Ok(())
}

/// Writes a comment that was checked. An answer is in the audit too.
///
/// # Errors
/// When the database fails.
pub async fn write(tx: &Tx, ctx: &Ctx, link: &Link, new: &NewComment<'_>) -> Result<(), Error> {
    let insert = Query::insert()
        .into_table("guest_comment")
        .columns(["id", "tenant_id", "link_id", "author", "user_id", "answer", "body", "created_at"])
        .values_panic([
            ctx.id().into(),
            link.tenant.0.into(),
            link.id.into(),
            new.author.trim().into(),
            new.user.into(),
            new.answer.into(),
            new.text.trim().into(),
            ctx.now().0.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    if let Some(answer) = new.answer {
        let detail = json!({"entity": link.entity, "record": link.record, "answer": answer, "name": new.author.trim()});
        audit::record(tx, ctx, "guest.answered", &link.id.to_string(), detail).await?;
    }
    Ok(())
}

/// Forgets links that ended long ago, with what was written by them; the timeline of the record keeps its notes.
///
/// # Errors
/// When the database fails.
pub async fn forget_ended(tx: &Tx, now: Timestamp) -> Result<()> {
    let before = now.plus_seconds(-KEPT);
    let ended =
        || Query::select().column("id").from("guest_link").and_where(Expr::col("expires_at").lt(before.0)).take();
    let comments =
        Query::delete().from_table("guest_comment").and_where(Expr::col("link_id").in_subquery(ended())).to_owned();
    tx.execute(&comments).await?;
    let links = Query::delete().from_table("guest_link").and_where(Expr::col("expires_at").lt(before.0)).to_owned();
    tx.execute(&links).await?;
    Ok(())
}

/// Links of a record that are good, without columns.
fn live(tenant: TenantId, record: Uuid, now: Timestamp) -> SelectStatement {
    Query::select()
        .from("guest_link")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("record_id").eq(record))
        .and_where(Expr::col("revoked_at").is_null())
        .and_where(Expr::col("expires_at").gt(now.0))
        .take()
}

async fn count(conn: &impl ConnectionTrait, mut of: SelectStatement, table: &'static str) -> Result<u64> {
    of.expr(Func::count(Expr::col((table, "id"))));
    let found: i64 = conn.query_one(&of).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(u64::try_from(found).unwrap_or_default())
}

fn read(row: &QueryResult) -> Result<Link> {
    let scope = Json::String(row.try_get_by_index(4)?);
    let fields: Option<Json> = row.try_get_by_index(5)?;
    Ok(Link {
        id: row.try_get_by_index(0)?,
        tenant: TenantId(row.try_get_by_index(1)?),
        entity: row.try_get_by_index(2)?,
        record: row.try_get_by_index(3)?,
        scope: serde_json::from_value(scope).map_err(Error::internal)?,
        fields: fields.map(serde_json::from_value).transpose().map_err(Error::internal)?,
        label: row.try_get_by_index(6)?,
        owner: row.try_get_by_index(7)?,
        created: Timestamp(row.try_get_by_index(8)?),
        expires: Timestamp(row.try_get_by_index(9)?),
        opened: row.try_get_by_index(10)?,
        opened_at: row.try_get_by_index::<Option<i64>>(11)?.map(Timestamp),
    })
}

/// What the audit is told; never the token.
fn detail(link: &Link) -> Json {
    json!({
        "entity": link.entity, "record": link.record, "scope": link.scope, "label": link.label, "expires": link.expires,
    })
}

fn wrong(field: &str, error: FieldError) -> Error {
    Error::field(INVALID, field, error)
}
