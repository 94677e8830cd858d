//! Rows of drawings and their revisions.

use kernel::access::Definitions;
use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::{Ctx, Error, Result, Timestamp};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query, SelectStatement};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::designs;
use super::view::{DrawingKind, PublishedAs};
use crate::definition::drawing::Drawn;
use crate::definition::{Problem, fingerprint};
use crate::runtime::Processes;

pub(super) const DRAWING: &str = "process_drawing";
pub(super) const REVISION: &str = "process_drawing_revision";
pub(super) const NOTE: &str = "process_drawing_note";

/// A drawing.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) title: String,
    pub(super) kind: DrawingKind,
    pub(super) pair: Option<Uuid>,
    pub(super) key: Option<String>,
    pub(super) revision: i64,
    pub(super) problems: Vec<Problem>,
    pub(super) diagram: bool,
    pub(super) published: Option<PublishedAs>,
    /// Who edits it, and until when; perhaps long ago.
    pub(super) lease: Option<(Uuid, Timestamp)>,
    pub(super) author: Option<Uuid>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// Drawings that the person may see.
///
/// # Errors
/// `Denied` when they design nothing.
pub(super) fn select(ctx: &Ctx) -> Result<SelectStatement> {
    let of = |column: &'static str| (DRAWING, column);
    let definition = "process_definition";
    let mut select = Query::select();
    select
        .columns(["id", "title", "kind", "pair_id", "key", "revision", "problems", "diagram"].map(of))
        .columns(["definition_id", "version", "lease_user", "lease_until"].map(of))
        .columns(["created_by", "created_at", "updated_at"].map(of))
        .column((definition, "key"))
        .from(DRAWING)
        .left_join(definition, Expr::col((definition, "id")).equals(of("definition_id")))
        .and_where(Expr::col(of("tenant_id")).eq(ctx.tenant.0));
    if let Definitions::Keys(keys) = designs(ctx)? {
        let mine = Expr::col(of("created_by")).eq(user(ctx));
        select.cond_where(Cond::any().add(Expr::col(of("key")).is_in(keys)).add(mine));
    }
    Ok(select)
}

/// Who acts, if it is a person.
pub(super) fn user(ctx: &Ctx) -> Option<Uuid> {
    ctx.user().map(|user| user.0)
}

pub(super) fn from_row(row: &QueryResult) -> Result<Row> {
    let published: Option<(Uuid, String, i64)> = match (
        row.try_get_by_index::<Option<Uuid>>(8)?,
        row.try_get_by_index::<Option<i64>>(9)?,
        row.try_get_by_index::<Option<String>>(15)?,
    ) {
        (Some(id), Some(version), Some(key)) => Some((id, key, version)),
        _ => None,
    };
    let lease_user: Option<Uuid> = row.try_get_by_index(10)?;
    let lease_until: Option<i64> = row.try_get_by_index(11)?;
    Ok(Row {
        id: row.try_get_by_index(0)?,
        title: row.try_get_by_index(1)?,
        kind: DrawingKind::named(&row.try_get_by_index::<String>(2)?),
        pair: row.try_get_by_index(3)?,
        key: row.try_get_by_index(4)?,
        revision: row.try_get_by_index(5)?,
        problems: serde_json::from_value(row.try_get_by_index::<Json>(6)?).map_err(Error::internal)?,
        diagram: row.try_get_by_index(7)?,
        published: published.map(|(id, key, version)| PublishedAs { id, key, version }),
        lease: lease_user.zip(lease_until.map(Timestamp)),
        author: row.try_get_by_index(12)?,
        created_at: Timestamp(row.try_get_by_index(13)?),
        updated_at: Timestamp(row.try_get_by_index(14)?),
    })
}

impl Processes {
    /// A drawing that the person may see.
    pub(super) async fn drawing_row(&self, conn: &impl ConnectionTrait, ctx: &Ctx, id: Uuid) -> Result<Row> {
        let mut select = select(ctx)?;
        select.and_where(Expr::col((DRAWING, "id")).eq(id));
        let row = conn.query_one(&select).await?;
        from_row(&row.ok_or_else(|| Error::NotFound(format!("drawing {id}")))?)
    }

    /// The bytes of a revision.
    pub(super) async fn revision_xml(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        id: Uuid,
        revision: i64,
    ) -> Result<Vec<u8>> {
        let select = Query::select().column("xml").from(REVISION).cond_where(this(ctx, id, revision)).take();
        let row = conn.query_one(&select).await?;
        let row = row.ok_or_else(|| Error::NotFound(format!("revision {revision} of drawing {id}")))?;
        Ok(row.try_get_by_index(0)?)
    }
}

/// A revision.
pub(super) fn this(ctx: &Ctx, id: Uuid, revision: i64) -> Cond {
    Cond::all()
        .add(Expr::col("drawing_id").eq(id))
        .add(Expr::col("revision").eq(revision))
        .add(Expr::col("tenant_id").eq(ctx.tenant.0))
}

/// A new drawing with its first revision.
pub(super) struct Fresh<'a> {
    pub(super) id: Uuid,
    pub(super) title: &'a str,
    pub(super) kind: DrawingKind,
    pub(super) drawn: &'a Drawn,
}

pub(super) async fn insert(tx: &Tx, ctx: &Ctx, fresh: &Fresh<'_>, xml: Vec<u8>) -> Result<()> {
    let now = ctx.now().0;
    let insert = Query::insert()
        .into_table(DRAWING)
        .columns([
            "id",
            "tenant_id",
            "title",
            "kind",
            "key",
            "revision",
            "latest",
            "problems",
            "diagram",
            "created_at",
            "created_by",
            "updated_at",
        ])
        .values_panic([
            fresh.id.into(),
            ctx.tenant.0.into(),
            fresh.title.into(),
            fresh.kind.name().into(),
            fresh.drawn.key.clone().into(),
            1_i64.into(),
            1_i64.into(),
            json!(fresh.drawn.problems).into(),
            fresh.drawn.diagram.into(),
            now.into(),
            user(ctx).into(),
            now.into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    insert_revision(tx, ctx, fresh.id, 1, false, xml).await
}

pub(super) async fn insert_revision(
    tx: &Tx,
    ctx: &Ctx,
    id: Uuid,
    revision: i64,
    aside: bool,
    xml: Vec<u8>,
) -> Result<()> {
    let size = i64::try_from(xml.len()).unwrap_or(i64::MAX);
    let insert = Query::insert()
        .into_table(REVISION)
        .columns(["drawing_id", "revision", "tenant_id", "fingerprint", "xml", "size", "aside", "at", "author"])
        .values_panic([
            id.into(),
            revision.into(),
            ctx.tenant.0.into(),
            fingerprint(&xml).into(),
            xml.into(),
            size.into(),
            aside.into(),
            ctx.now().0.into(),
            user(ctx).into(),
        ])
        .to_owned();
    Ok(tx.execute(&insert).await.map(drop)?)
}
