//! Secrets of gateways, where they lie.

use kernel::clock::Env;
use kernel::db::ConnectionTrait;
use kernel::seal::Renewed;
use kernel::{Db, Result, TenantId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::gateway::{from_row, origin};

/// What the secret of a gateway is sealed for: it goes to this server alone.
pub(super) fn place(tenant: TenantId, key: &str, url: &str) -> String {
    let origin = origin(url).map(|origin| origin.ascii_serialization()).unwrap_or_default();
    format!("message_gateway/{}/{key}/{origin}", tenant.0)
}

/// Seals those secrets of all companies that are clear, or sealed with a key of before.
pub(crate) async fn renew_secrets(db: &Db, env: &Env) -> Result<Renewed> {
    let mut renewed = Renewed::default();
    let columns = ["gateway", "settings", "secret", "tenant_id"];
    let select = Query::select().columns(columns).from("message_gateway").to_owned();
    for row in db.read().query_all(&select).await? {
        let (key, gateway) = from_row(&row)?;
        let tenant = TenantId(row.try_get_by_index(3)?);
        match db.seals().renewed(env, &place(tenant, &key, &gateway.settings.url), &gateway.secret) {
            Ok(None) => {}
            Ok(Some(anew)) => {
                let update = Query::update()
                    .table("message_gateway")
                    .value("secret", anew)
                    .and_where(Expr::col("tenant_id").eq(tenant.0))
                    .and_where(Expr::col("gateway").eq(key))
                    // Whoever gave another one meanwhile has sealed it.
                    .and_where(Expr::col("secret").eq(gateway.secret))
                    .to_owned();
                let tx = db.begin().await?;
                tx.execute(&update).await?;
                tx.commit().await?;
                renewed.sealed += 1;
            }
            Err(_) => renewed.closed += 1,
        }
    }
    Ok(renewed)
}
