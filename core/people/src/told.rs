//! What modules hear of people and departments: events beside those of records, under no right of records.

use kernel::db::Tx;
use kernel::event::{self, NewEvent};
use kernel::{Ctx, Result};
use serde_json::Value as Json;
use uuid::Uuid;

/// What stands for the entity of a person.
const USER: &str = "user";
/// The same of a department.
const DEPARTMENT: &str = "department";

/// Events that are told, by name.
pub const EVENTS: [&str; 4] = ["user.created", "user.updated", "user.blocked", "department.updated"];

/// Tells of somebody: `created`, `updated`, `blocked`; each change as before and after.
pub(crate) async fn user(tx: &Tx, ctx: &Ctx, what: &str, id: Uuid, changes: Json) -> Result<()> {
    tell(tx, ctx, USER, what, id, changes).await
}

/// Tells of a department.
pub(crate) async fn department(tx: &Tx, ctx: &Ctx, id: Uuid, changes: Json) -> Result<()> {
    tell(tx, ctx, DEPARTMENT, "updated", id, changes).await
}

async fn tell(tx: &Tx, ctx: &Ctx, entity: &'static str, what: &str, id: Uuid, changes: Json) -> Result<()> {
    let told = NewEvent { kind: format!("{entity}.{what}"), entity, record: id, version: 0, changes };
    Ok(event::append(tx, ctx, None, vec![told]).await?)
}
