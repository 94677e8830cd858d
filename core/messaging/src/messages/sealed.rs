//! Secrets of gateways, where they lie.

use kernel::db::ConnectionTrait;
use kernel::seal::{Kept, Spot};
use kernel::{Db, Result, TenantId};
use sea_orm::sea_query::Query;

use super::gateway::{from_row, origin};

/// What the secret of a gateway is sealed for: it goes to this server alone.
pub(super) fn place(tenant: TenantId, key: &str, url: &str) -> String {
    let origin = origin(url).map(|origin| origin.ascii_serialization()).unwrap_or_default();
    format!("message_gateway/{}/{key}/{origin}", tenant.0)
}

/// Secrets of all companies, where they lie.
pub(crate) async fn secrets(db: &Db) -> Result<Vec<Kept>> {
    let columns = ["gateway", "settings", "secret", "tenant_id"];
    let select = Query::select().columns(columns).from("message_gateway").to_owned();
    let mut all = Vec::new();
    for row in db.read().query_all(&select).await? {
        let (key, gateway) = from_row(&row)?;
        let tenant = TenantId(row.try_get_by_index(3)?);
        all.push(Kept {
            tenant,
            what: format!("the SMS gateway {key}"),
            place: place(tenant, &key, &gateway.settings.url),
            text: gateway.secret,
            spot: Spot {
                table: "message_gateway",
                column: "secret",
                member: None,
                row: vec![("tenant_id", tenant.0.into()), ("gateway", key.into())],
            },
        });
    }
    Ok(all)
}
