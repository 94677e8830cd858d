//! Processes that name an option of a field: before the option goes, what is published and what is drawn has to let go of
//! it. Instances of older versions run on with what they say.

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, Error, Result};
use records::Catalogue;
use records::catalogue::Looks;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::definition::options;
use crate::runtime::Processes;

/// Tells of them.
pub struct ProcessLooks(pub Processes);

/// Files of one kind: where they are listed, and where their bytes are.
struct Files {
    /// As users of an option are told apart.
    kind: &'static str,
    /// Which there are: id, name, number.
    heads: SelectStatement,
    /// The table of bytes, and its columns of id and number.
    bytes: (&'static str, &'static str, &'static str),
}

#[async_trait::async_trait]
impl Looks for ProcessLooks {
    /// Nothing: a file does not say what its instances are about, so its expressions are judged by each step.
    async fn users(&self, _: &Tx, _: &Ctx, _: &Catalogue, _: &Catalogue) -> Result<Vec<Json>> {
        Ok(Vec::new())
    }

    async fn naming(&self, ctx: &Ctx, _: &str, field: &str, items: &[String]) -> Result<Vec<Json>> {
        let conn = self.0.db().read();
        let mut users = Vec::new();
        for Files { kind, heads, bytes } in [published(ctx), drawn(ctx)] {
            for head in conn.query_all(&heads).await? {
                let (id, name, number): (Uuid, String, i64) =
                    (head.try_get_by_index(0)?, head.try_get_by_index(1)?, head.try_get_by_index(2)?);
                // One file in memory at a time.
                let Some(row) = conn.query_one(&file(ctx, bytes, id, number)).await? else { continue };
                let xml: Vec<u8> = row.try_get_by_index(0)?;
                let (field, items) = (field.to_owned(), items.to_vec());
                let named = tokio::task::spawn_blocking(move || options::named(&xml, &field, &items));
                if named.await.map_err(Error::internal)? {
                    users.push(json!({"kind": kind, "key": id, "name": name}));
                }
            }
        }
        Ok(users)
    }
}

/// What new instances are of.
fn published(ctx: &Ctx) -> Files {
    let heads = Query::select()
        .columns(["id", "name", "published"])
        .from("process_definition")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("published").is_not_null())
        .order_by("key", Order::Asc)
        .take();
    Files { kind: "process", heads, bytes: ("process_version", "definition_id", "version") }
}

/// What may be published next.
fn drawn(ctx: &Ctx) -> Files {
    let heads = Query::select()
        .columns(["id", "title", "revision"])
        .from("process_drawing")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .order_by("id", Order::Asc)
        .take();
    Files { kind: "drawing", heads, bytes: ("process_drawing_revision", "drawing_id", "revision") }
}

fn file(
    ctx: &Ctx,
    (table, of, number): (&'static str, &'static str, &'static str),
    id: Uuid,
    at: i64,
) -> SelectStatement {
    Query::select()
        .column("xml")
        .from(table)
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col(of).eq(id))
        .and_where(Expr::col(number).eq(at))
        .take()
}
