//! What a company does about duplicates, on its way to another one (`kernel::moving`): by entity, where somebody said it.

use kernel::db::{ConnectionTrait, Tx};
use kernel::moving::{Gathered, Moved, Trouble};
use kernel::{Ctx, Error, Result, TenantId, audit};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::policy::{self, CHANGED, Mode};
use crate::catalogue::Catalogue;
use crate::catalogue::moving::{Spec, absent, add};
use crate::{EntityDef, Records};

/// What is done about duplicates of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuplicatesSpec {
    entity: String,
    mode: Mode,
}

impl Spec for DuplicatesSpec {
    fn key(&self) -> String {
        self.entity.clone()
    }
}

/// How the audit log keeps a change.
pub(super) fn told(entity: &str, before: Option<Mode>, after: Mode) -> Json {
    let spec = |mode: Mode| DuplicatesSpec { entity: entity.to_owned(), mode };
    json!({"key": entity, "before": before.map(spec), "after": spec(after)})
}

/// What was said, by entity; of kinds of records that are not there nothing.
pub(crate) async fn gather(conn: &impl ConnectionTrait, tenant: TenantId, catalogue: &Catalogue) -> Result<Gathered> {
    let mut all = Gathered::default();
    for (entity, mode) in policy::said(conn, tenant).await? {
        if catalogue.find(&entity).is_some() {
            add(&mut all, &DuplicatesSpec { entity, mode })?;
        }
    }
    Ok(all)
}

impl Records {
    pub(crate) async fn put_duplicates(&self, tx: &Tx, ctx: &Ctx, wanted: &[&Moved]) -> Result<Vec<Trouble>> {
        let catalogue = self.drawn_from(tx, ctx.tenant).await?;
        let mut troubles = Vec::new();
        for moved in wanted {
            if let Err(error) = put(tx, ctx, &catalogue, moved).await {
                troubles.extend(Trouble::of(moved, error)?);
            }
        }
        Ok(troubles)
    }
}

/// Passes entities whose records are merged.
pub(super) fn offered(def: &EntityDef) -> Result<()> {
    if def.merges() { Ok(()) } else { Err(Error::Conflict { code: "merge.not_offered", current: None }) }
}

async fn put(tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, moved: &Moved) -> Result<()> {
    match moved.wanted::<DuplicatesSpec>()? {
        Some(spec) => {
            let def = catalogue.find(&spec.entity).ok_or_else(|| absent("entity", &spec.entity))?;
            offered(def)?;
            policy::save(tx, ctx.tenant, &spec.entity, spec.mode).await?;
        }
        None => policy::forget(tx, ctx.tenant, &moved.key).await?,
    }
    Ok(audit::record(tx, ctx, CHANGED, &moved.key, moved.told()).await?)
}
