//! Signed requests to `hmac` routes: HMAC-SHA256 (RFC 2104) with the tenant's secret over `<timestamp>.<body>`.
//!
//! Headers: `x-verstak-timestamp` (seconds since the epoch, within 5 minutes) and `x-verstak-signature`
//! (`sha256=<hex>` or the hexadecimal digits alone). A signature is good for one answer that
//! is no failure (a status below 500).

use hmac::{Hmac, KeyInit, Mac};
use kernel::db::ConnectionTrait;
use kernel::{Ctx, Db, Error, Result};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sha2::Sha256;

/// Seconds that clocks may differ.
const WINDOW: i64 = 300;

/// The header with the time.
pub const TIMESTAMP: &str = "x-verstak-timestamp";
/// The header with the signature.
pub const SIGNATURE: &str = "x-verstak-signature";

/// What a caller must send in `x-verstak-signature`.
pub fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(mac(secret, timestamp, body).finalize().into_bytes()))
}

fn mac(secret: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap_or_else(|_| Hmac::new(&Default::default()));
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

/// Checks time and signature; comparison takes the same time whatever differs.
pub(crate) fn verify(secret: &str, now: i64, timestamp: Option<&str>, signature: Option<&str>, body: &[u8]) -> bool {
    let (Some(timestamp), Some(signature)) = (timestamp, signature) else { return false };
    let Some(at) = timestamp.parse::<i64>().ok() else { return false };
    let Ok(given) = hex::decode(signature.strip_prefix("sha256=").unwrap_or(signature)) else { return false };
    now.saturating_sub(at).saturating_abs() <= WINDOW && mac(secret, timestamp, body).verify_slice(&given).is_ok()
}

/// A signature that was remembered for a request in hand. Unless the request is settled it is forgotten again: then its
/// caller went away, and what was begun for it was dropped.
#[must_use]
pub(crate) struct Spent {
    db: Db,
    tenant: kernel::TenantId,
    plugin: String,
    signature: String,
    open: bool,
}

impl Spent {
    /// The request has been answered: with `done` the signature stays used, else the same may be sent again.
    pub(crate) async fn settle(mut self, done: bool) -> Result<()> {
        self.open = false;
        if done { Ok(()) } else { give_back(&self.db, self.tenant, &self.plugin, &self.signature).await }
    }
}

impl Drop for Spent {
    fn drop(&mut self) {
        let (true, Ok(runtime)) = (self.open, tokio::runtime::Handle::try_current()) else { return };
        let (db, tenant) = (self.db.clone(), self.tenant);
        let (plugin, signature) = (std::mem::take(&mut self.plugin), std::mem::take(&mut self.signature));
        runtime.spawn(async move {
            if let Err(error) = give_back(&db, tenant, &plugin, &signature).await {
                tracing::error!(%error, plugin, "a signature could not be given back");
            }
        });
    }
}

async fn give_back(db: &Db, tenant: kernel::TenantId, plugin: &str, signature: &str) -> Result<()> {
    let delete = Query::delete()
        .from_table("plugin_seen")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("plugin").eq(plugin))
        .and_where(Expr::col("signature").eq(signature))
        .to_owned();
    let tx = db.begin().await?;
    tx.execute(&delete).await?;
    Ok(tx.commit().await?)
}

/// Remembers a signature; `Unauthenticated` when it has been used before, on any node.
pub(crate) async fn once(db: &Db, ctx: &Ctx, plugin: &str, signature: &str) -> Result<Spent> {
    let signature = signature.strip_prefix("sha256=").unwrap_or(signature).to_lowercase();
    let tx = db.begin().await?;
    let insert = Query::insert()
        .into_table("plugin_seen")
        .columns(["tenant_id", "plugin", "signature", "expires_at"])
        .values_panic([
            ctx.tenant.0.into(),
            plugin.into(),
            signature.as_str().into(),
            ctx.now().plus_seconds(2 * WINDOW).micros().into(),
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .to_owned();
    if tx.execute(&insert).await?.rows_affected() != 1 {
        return Err(Error::Unauthenticated);
    }
    tx.commit().await?;
    Ok(Spent { db: db.clone(), tenant: ctx.tenant, plugin: plugin.to_owned(), signature, open: true })
}

/// Forgets signatures whose time has passed, and store entries that have expired.
pub(crate) async fn forget(db: &Db, now: kernel::Timestamp) -> Result<()> {
    let tx = db.begin().await?;
    for table in ["plugin_seen", "plugin_kv"] {
        let delete = Query::delete().from_table(table).and_where(Expr::col("expires_at").lt(now.micros())).to_owned();
        tx.execute(&delete).await?;
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fresh_and_untouched_requests_pass() {
        let signature = sign("secret", "1000", b"body");
        let check = |now, timestamp, signature: &str, body: &[u8]| {
            verify("secret", now, Some(timestamp), Some(signature), body)
        };
        assert!(check(1000, "1000", &signature, b"body"));
        assert!(check(1300, "1000", signature.strip_prefix("sha256=").unwrap(), b"body"));
        assert!(!check(1301, "1000", &signature, b"body"));
        assert!(!check(1000, "1001", &signature, b"body"));
        assert!(!check(1000, "1000", &signature, b"other"));
        assert!(!check(1000, "1000", "sha256=", b"body"));
        assert!(!check(1000, "x", &signature, b"body"));
        assert!(!verify("other", 1000, Some("1000"), Some(&signature), b"body"));
        assert!(!verify("secret", 1000, None, Some(&signature), b"body"));
    }
}
