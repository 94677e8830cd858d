//! Administrative acts: who changed rights, plugins, tokens, settings. Changes of records are in the event log.

use sea_orm::DbErr;
use sea_orm::sea_query::Query;
use serde_json::Value as Json;

use crate::ctx::Ctx;
use crate::db::Tx;

/// Writes one act into the transaction that performs it.
///
/// `action` is dotted (`plugin.enabled`), `object` names the thing, `detail` says what changed (never a secret).
///
/// # Errors
/// When the database fails.
pub async fn record(tx: &Tx, ctx: &Ctx, action: &str, object: &str, detail: Json) -> Result<(), DbErr> {
    let actor = serde_json::to_value(&ctx.actor).map_err(|e| DbErr::Custom(e.to_string()))?;
    let insert = Query::insert()
        .into_table("audit")
        .columns(["id", "tenant_id", "at", "actor", "action", "object", "detail"])
        .values_panic([
            ctx.id().into(),
            ctx.tenant.into(),
            ctx.now().0.into(),
            actor.into(),
            action.into(),
            object.into(),
            detail.into(),
        ])
        .to_owned();
    tx.later(&insert).await
}
