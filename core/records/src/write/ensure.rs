//! Insert if absent: records that are made unless there is one already under a constraint of their entity. The constraint
//! itself decides inside the commit, so that however many ask at once, one makes it; looking first only saves hooks and
//! refused writes.

use std::collections::HashMap;

use kernel::access::Action;
use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::{Ctx, Error, RecordId, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{Change, Known, WriteOptions, apply, claims, derive};
use crate::catalogue::constraint::{ConstraintDef, ConstraintKind};
use crate::{Catalogue, EntityDef, Records};

/// Times that a record is made anew because the one in its way was gone again.
const TRIES: usize = 3;

/// A record that is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub id: RecordId,
    /// Its version.
    pub version: i64,
    /// Whether it was made just now.
    pub created: bool,
}

/// The fields of a row that is not there yet, and what became of it.
struct Asked {
    fields: Map<String, Json>,
    kept: Option<Result<Kept>>,
}

impl Records {
    /// Makes records of an entity unless there are such already under the constraint with this key, of the kind `unique` or
    /// `one_open`. The outcomes stand in the order of the rows.
    ///
    /// # Errors
    /// `Denied`; `request.invalid` naming `constraint`; per row as `write`: also the refusal by the constraint, where the
    /// record in the way may not be seen.
    pub async fn ensure(
        &self,
        ctx: &Ctx,
        entity: &str,
        constraint: &str,
        rows: Vec<Map<String, Json>>,
    ) -> Result<Vec<Result<Kept>>> {
        let catalogue = self.catalogue_of(ctx).await?;
        let def = std::sync::Arc::clone(catalogue.entity(entity)?);
        let single = |one: &&ConstraintDef| {
            one.spec.key == constraint && matches!(one.spec.kind, ConstraintKind::Unique | ConstraintKind::OneOpen)
        };
        let Some(spec) = def.constraints.iter().find(single) else {
            let error = FieldError::new("choice").with("value", constraint.chars().take(80).collect::<String>());
            return Err(Error::field("request.invalid", "constraint", error));
        };
        if !ctx.rights.may(entity, Action::Create) {
            return Err(Error::Denied("action"));
        }
        let mut asked: Vec<Asked> = rows.into_iter().map(|fields| Asked { fields, kept: None }).collect();
        self.look(&catalogue, ctx, &def, spec, &mut asked).await?;
        for left in (0..TRIES).rev() {
            if !self.make(ctx, &def, constraint, &mut asked, left == 0).await? {
                break;
            }
        }
        let lost = || Err(Error::Internal("a row got no outcome".into()));
        Ok(asked.into_iter().map(|one| one.kept.unwrap_or_else(lost)).collect())
    }

    /// Settles the rows whose record is there and may be seen.
    async fn look(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &std::sync::Arc<EntityDef>,
        spec: &ConstraintDef,
        asked: &mut [Asked],
    ) -> Result<()> {
        let rules = self.rules_of(&def.key);
        let mut digests: Vec<Option<Uuid>> = Vec::with_capacity(asked.len());
        for one in asked.iter() {
            let change = Change::Create { fields: one.fields.clone() };
            let claim = apply(ctx, def, &change, &Known::default()).ok().and_then(|mut pending| {
                derive::before_hooks(&mut pending, ctx, &catalogue.pipelines, rules.as_deref());
                claims::claim_of(&catalogue.pipelines, ctx.tenant, def, spec, &pending.after).ok().flatten()
            });
            digests.push(claim.map(|claim| claim.digest));
        }
        let wanted: Vec<Uuid> = digests.iter().flatten().copied().collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let select = Query::select()
            .columns(["digest", "record_id"])
            .from("record_claim")
            .and_where(Expr::col("digest").is_in(wanted))
            .take();
        let mut claimed: HashMap<Uuid, RecordId> = HashMap::new();
        for row in self.db().read().query_all(&select).await? {
            claimed.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
        let ids: Vec<RecordId> = claimed.values().copied().collect();
        let seen = self.versions(ctx, def, &ids).await?;
        for (one, digest) in asked.iter_mut().zip(digests) {
            let there = digest.and_then(|digest| claimed.get(&digest));
            one.kept = there.and_then(|id| Some(Ok(Kept { id: *id, version: *seen.get(id)?, created: false })));
        }
        Ok(())
    }

    /// Makes the rows that have no outcome. Gives whether some are left, because what stood in their way is gone again; none
    /// are with `last`.
    async fn make(
        &self,
        ctx: &Ctx,
        def: &EntityDef,
        constraint: &str,
        asked: &mut [Asked],
        last: bool,
    ) -> Result<bool> {
        let open: Vec<usize> =
            asked.iter().enumerate().filter(|(_, one)| one.kept.is_none()).map(|(index, _)| index).collect();
        if open.is_empty() {
            return Ok(false);
        }
        let changes = open.iter().filter_map(|index| asked.get(*index));
        let changes = changes.map(|one| Change::Create { fields: one.fields.clone() }).collect();
        let outcomes = self.write(ctx, &def.key, changes, &WriteOptions::default()).await?;
        let in_the_way = |outcome: &Result<super::Written>| match outcome {
            Err(Error::Refused(refusal)) if refusal.rule.as_deref() == Some(constraint) => {
                refusal.other.as_ref().map(|other| other.id)
            }
            _ => None,
        };
        let others: Vec<RecordId> = outcomes.iter().filter_map(in_the_way).collect();
        let seen = self.versions(ctx, def, &others).await?;
        let mut left = false;
        for (index, outcome) in open.into_iter().zip(outcomes) {
            let Some(one) = asked.get_mut(index) else { continue };
            let other = in_the_way(&outcome);
            let there = other.and_then(|id| Some(Kept { id, version: *seen.get(&id)?, created: false }));
            one.kept = match (outcome, there) {
                (Ok(written), _) => {
                    Some(Ok(Kept { id: written.record.id, version: written.record.version, created: true }))
                }
                (Err(_), Some(there)) => Some(Ok(there)),
                (Err(_), None) if other.is_some() && !last => {
                    left = true;
                    None
                }
                (Err(error), None) => Some(Err(error)),
            };
        }
        Ok(left)
    }

    /// The versions of those of the records that may be seen.
    async fn versions(&self, ctx: &Ctx, def: &EntityDef, ids: &[RecordId]) -> Result<HashMap<RecordId, i64>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.get_many(ctx, &def.key, ids).await?;
        Ok(found.into_iter().map(|record| (record.id, record.version)).collect())
    }
}
