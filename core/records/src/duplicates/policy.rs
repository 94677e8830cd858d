//! What a company does about duplicates, by entity. Kept beside the catalogue and read with it.

use std::collections::{BTreeMap, HashMap};

use kernel::db::{ConnectionTrait, Tx};
use kernel::{Ctx, EntityKey, Result, TenantId, audit};
use people::require_admin;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moving;
use crate::Records;
use crate::catalogue::touch;

/// What happens when somebody says what is done.
pub(super) const CHANGED: &str = "duplicates.changed";

/// What is done about duplicates of an entity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = DuplicateMode)]
pub enum Mode {
    /// Nothing: whoever asks is told.
    Off,
    /// Forms and cards tell of them by themselves.
    #[default]
    Warn,
    /// Records with the phone, e-mail or legal id of another one that the writer sees are not written.
    Block,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Off, Self::Warn, Self::Block];

    const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

/// By entity.
#[derive(Debug, Clone, Default)]
pub struct Policies(HashMap<EntityKey, Mode>);

impl Policies {
    /// Of an entity; where nobody said, forms warn.
    pub fn of(&self, entity: &str) -> Mode {
        self.0.get(entity).copied().unwrap_or_default()
    }

    pub(crate) async fn load(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Self> {
        let said = said(conn, tenant).await?;
        Ok(Self(said.into_iter().map(|(entity, mode)| (entity.into(), mode)).collect()))
    }
}

/// What was said, by entity.
pub(super) async fn said(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<BTreeMap<String, Mode>> {
    let mut select = Query::select();
    select.columns(["entity", "mode"]).from("duplicate_policy").and_where(Expr::col("tenant_id").eq(tenant.0));
    let mut all = BTreeMap::new();
    for row in conn.query_all(&select).await? {
        let (entity, word): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        all.extend(Mode::ALL.into_iter().find(|mode| mode.word() == word).map(|mode| (entity, mode)));
    }
    Ok(all)
}

/// Says it of an entity.
pub(super) async fn save(tx: &Tx, tenant: TenantId, entity: &str, mode: Mode) -> Result<()> {
    let mut over = OnConflict::columns(["tenant_id", "entity"]);
    over.update_column("mode");
    let insert = Query::insert()
        .into_table("duplicate_policy")
        .columns(["tenant_id", "entity", "mode"])
        .values_panic([tenant.0.into(), entity.into(), mode.word().into()])
        .on_conflict(over)
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Leaves it to what is usual.
pub(super) async fn forget(tx: &Tx, tenant: TenantId, entity: &str) -> Result<()> {
    let delete = Query::delete()
        .from_table("duplicate_policy")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("entity").eq(entity))
        .to_owned();
    tx.execute(&delete).await?;
    Ok(())
}

impl Records {
    /// Says what is done about duplicates of an entity (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; conflict `merge.not_offered` for entities whose records are not merged.
    pub async fn set_duplicates(&self, ctx: &Ctx, entity: &str, mode: Mode) -> Result<()> {
        require_admin(ctx)?;
        let def = self.defined(ctx, entity).await?;
        moving::offered(&def)?;
        let tx = self.db().begin().await?;
        touch(&tx, ctx.tenant).await?;
        let before = said(&tx, ctx.tenant).await?.get(def.key.as_str()).copied();
        save(&tx, ctx.tenant, def.key.as_str(), mode).await?;
        audit::record(&tx, ctx, CHANGED, entity, moving::told(entity, before, mode)).await?;
        tx.commit().await?;
        self.forget_catalogue(ctx.tenant);
        Ok(())
    }
}
