//! The tables `own_template` and `own_template_version`.

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Actor, Ctx, Error, Result, TenantId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Order, Query, SelectStatement};
use sea_orm::{DbBackend, DbErr};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{OwnTemplate, OwnVersion};
use crate::templates::Paper;

const TEMPLATE: &str = "own_template";
const VERSION: &str = "own_template_version";

/// A version that is to be kept.
pub(crate) struct NewVersion<'a> {
    pub version: i64,
    pub file_name: &'a str,
    pub sha256: &'a str,
    pub content: &'a [u8],
    pub unknown: &'a [String],
}

fn typed<T: serde::de::DeserializeOwned>(json: Json) -> Result<T, DbErr> {
    serde_json::from_value(json).map_err(|error| DbErr::Type(error.to_string()))
}

fn json<T: serde::Serialize>(value: &T) -> Result<Json> {
    serde_json::to_value(value).map_err(Error::internal)
}

/// Templates that were not removed, with their present versions.
fn select(tenant: TenantId) -> SelectStatement {
    Query::select()
        .columns([
            (TEMPLATE, "id"),
            (TEMPLATE, "entity"),
            (TEMPLATE, "paper"),
            (TEMPLATE, "title"),
            (TEMPLATE, "kind"),
            (TEMPLATE, "version"),
            (TEMPLATE, "usual"),
            (TEMPLATE, "updated_at"),
            (VERSION, "file_name"),
            (VERSION, "size"),
            (VERSION, "unknown"),
        ])
        .from(TEMPLATE)
        .inner_join(VERSION, Expr::col((VERSION, "template_id")).equals((TEMPLATE, "id")))
        .and_where(Expr::col((VERSION, "version")).equals((TEMPLATE, "version")))
        .and_where(Expr::col((TEMPLATE, "tenant_id")).eq(tenant.0))
        .and_where(Expr::col((TEMPLATE, "removed_at")).is_null())
        .take()
}

fn from_row(row: &QueryResult) -> Result<OwnTemplate, DbErr> {
    let paper: Option<String> = row.try_get_by_index(2)?;
    let kind: String = row.try_get_by_index(4)?;
    Ok(OwnTemplate {
        id: row.try_get_by_index(0)?,
        entity: row.try_get_by_index(1)?,
        paper: paper.as_deref().and_then(Paper::of),
        title: row.try_get_by_index(3)?,
        kind: typed(Json::String(kind))?,
        version: row.try_get_by_index(5)?,
        usual: row.try_get_by_index(6)?,
        updated_at: Timestamp(row.try_get_by_index(7)?),
        file_name: row.try_get_by_index(8)?,
        size: row.try_get_by_index(9)?,
        unknown: typed(row.try_get_by_index(10)?)?,
    })
}

/// A company's templates, by entity and title.
pub(crate) async fn list(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<OwnTemplate>> {
    let select = select(tenant)
        .order_by((TEMPLATE, "entity"), Order::Asc)
        .order_by((TEMPLATE, "title"), Order::Asc)
        .order_by((TEMPLATE, "id"), Order::Asc)
        .take();
    Ok(conn.query_all(&select).await?.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// One that was not removed.
pub(crate) async fn find(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Option<OwnTemplate>> {
    let select = select(tenant).and_where(Expr::col((TEMPLATE, "id")).eq(id)).take();
    Ok(conn.query_one(&select).await?.map(|row| from_row(&row)).transpose()?)
}

/// Keeps a template from others until the transaction ends. False: it is not there any more.
pub(crate) async fn lock(tx: &Tx, tenant: TenantId, id: Uuid) -> Result<bool> {
    let mut select = Query::select()
        .column("id")
        .from(TEMPLATE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("removed_at").is_null())
        .to_owned();
    // SQLite has one writer at a time.
    if tx.get_database_backend() == DbBackend::Postgres {
        select.lock(LockType::Update);
    }
    Ok(tx.query_one(&select).await?.is_some())
}

/// Keeps all templates of a company from others, in one order, until the transaction ends: what is counted of them stays
/// so. Comes before one of them is locked by itself.
pub(crate) async fn lock_all(tx: &Tx, tenant: TenantId) -> Result<()> {
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let select = Query::select()
        .column("id")
        .from(TEMPLATE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("id", Order::Asc)
        .lock(LockType::Update)
        .to_owned();
    tx.query_all(&select).await?;
    Ok(())
}

/// Notes a new template.
pub(crate) async fn insert(tx: &Tx, ctx: &Ctx, new: &OwnTemplate) -> Result<()> {
    let columns =
        ["id", "tenant_id", "entity", "paper", "title", "kind", "version", "usual", "created_at", "updated_at"];
    let insert = Query::insert()
        .into_table(TEMPLATE)
        .columns(columns)
        .values_panic([
            new.id.into(),
            ctx.tenant.into(),
            new.entity.as_str().into(),
            new.paper.map(Paper::key).into(),
            new.title.as_str().into(),
            new.kind.key().into(),
            new.version.into(),
            new.usual.into(),
            ctx.now().0.into(),
            ctx.now().0.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Keeps a version of a template.
pub(crate) async fn insert_version(tx: &Tx, ctx: &Ctx, id: Uuid, new: &NewVersion<'_>) -> Result<()> {
    let size = i64::try_from(new.content.len()).map_err(Error::internal)?;
    let columns = [
        "template_id",
        "version",
        "tenant_id",
        "file_name",
        "size",
        "sha256",
        "content",
        "unknown",
        "actor",
        "created_at",
    ];
    let insert = Query::insert()
        .into_table(VERSION)
        .columns(columns)
        .values_panic([
            id.into(),
            new.version.into(),
            ctx.tenant.into(),
            new.file_name.into(),
            size.into(),
            new.sha256.into(),
            new.content.to_vec().into(),
            json(&new.unknown)?.into(),
            json(&ctx.actor)?.into(),
            ctx.now().0.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// What changes of a template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edit {
    pub version: Option<i64>,
    pub title: Option<String>,
    pub usual: Option<bool>,
    pub removed: bool,
}

/// Changes a template.
pub(crate) async fn edit(tx: &Tx, ctx: &Ctx, id: Uuid, edit: Edit) -> Result<()> {
    let mut update = Query::update();
    update
        .table(TEMPLATE)
        .value("updated_at", ctx.now().0)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    if let Some(version) = edit.version {
        update.value("version", version);
    }
    if let Some(title) = edit.title {
        update.value("title", title);
    }
    if let Some(usual) = edit.usual {
        update.value("usual", usual);
    }
    if edit.removed {
        update.value("removed_at", ctx.now().0);
    }
    tx.execute(&update).await?;
    Ok(())
}

/// No template of this entity and kind of paper is the usual one any more.
pub(crate) async fn none_usual(tx: &Tx, ctx: &Ctx, entity: &str, paper: Option<Paper>) -> Result<()> {
    let of_paper = match paper {
        Some(paper) => Expr::col("paper").eq(paper.key()),
        None => Expr::col("paper").is_null(),
    };
    let update = Query::update()
        .table(TEMPLATE)
        .value("usual", false)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("entity").eq(entity))
        .and_where(of_paper)
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

/// Versions of a template, newest first.
pub(crate) async fn versions(conn: &impl ConnectionTrait, tenant: TenantId, id: Uuid) -> Result<Vec<OwnVersion>> {
    let select = Query::select()
        .columns(["version", "file_name", "size", "sha256", "unknown", "actor", "created_at"])
        .from(VERSION)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("template_id").eq(id))
        .order_by("version", Order::Desc)
        .to_owned();
    let mut found = Vec::new();
    for row in conn.query_all(&select).await? {
        let actor: Actor = typed(row.try_get_by_index(5)?)?;
        found.push(OwnVersion {
            version: row.try_get_by_index(0)?,
            file_name: row.try_get_by_index(1)?,
            size: row.try_get_by_index(2)?,
            sha256: row.try_get_by_index(3)?,
            unknown: typed(row.try_get_by_index(4)?)?,
            actor,
            created_at: Timestamp(row.try_get_by_index(6)?),
        });
    }
    Ok(found)
}

/// The file of a version: its name and its bytes.
pub(crate) async fn content(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    id: Uuid,
    version: i64,
) -> Result<Option<(String, Vec<u8>)>> {
    let select = Query::select()
        .columns(["file_name", "content"])
        .from(VERSION)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("template_id").eq(id))
        .and_where(Expr::col("version").eq(version))
        .to_owned();
    let Some(row) = conn.query_one(&select).await? else { return Ok(None) };
    Ok(Some((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
}

/// How many templates a company has, and bytes of all their versions.
pub(crate) async fn kept(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<(usize, i64)> {
    let count = list(conn, tenant).await?.len();
    let select = Query::select().column("size").from(VERSION).and_where(Expr::col("tenant_id").eq(tenant.0)).to_owned();
    let mut bytes = 0_i64;
    for row in conn.query_all(&select).await? {
        bytes = bytes.saturating_add(row.try_get_by_index::<i64>(0)?);
    }
    Ok((count, bytes))
}

/// Versions of a template that papers name, and whether one of these papers is still being made.
pub(crate) async fn named_versions(
    conn: &impl ConnectionTrait,
    tenant: TenantId,
    id: Uuid,
) -> Result<(Vec<i64>, bool)> {
    let select = Query::select()
        .distinct()
        .columns(["template_version", "state"])
        .from("made_document")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("own_template").eq(id))
        .to_owned();
    let (mut versions, mut busy) = (Vec::new(), false);
    for row in conn.query_all(&select).await? {
        versions.push(row.try_get_by_index(0)?);
        busy = busy || row.try_get_by_index::<String>(1)? == "making";
    }
    Ok((versions, busy))
}

/// Forgets versions but for these; the template itself where none is left. True: something of it stays.
pub(crate) async fn forget(tx: &Tx, tenant: TenantId, id: Uuid, but: &[i64]) -> Result<bool> {
    let mut versions = Query::delete()
        .from_table(VERSION)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("template_id").eq(id))
        .to_owned();
    if !but.is_empty() {
        versions.and_where(Expr::col("version").is_not_in(but.iter().copied()));
    }
    tx.execute(&versions).await?;
    if !but.is_empty() {
        return Ok(true);
    }
    let template = Query::delete()
        .from_table(TEMPLATE)
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    tx.execute(&template).await?;
    Ok(false)
}
