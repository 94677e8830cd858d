//! Writes of several entities in one transaction, all or none: each entity's changes are planned as ever, with what is made
//! beside them as if it were there, and stored together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use kernel::db::Tx;
use kernel::phone::Country;
use kernel::{BatchId, Ctx, Error, RecordId, Result};

use super::claims::Claims;
use super::manner::Manner;
use super::within::is_lost;
use super::{Along, Change, Row, WriteOptions, Written, store, write_along, written};
use crate::catalogue::EntityDef;
use crate::{Catalogue, Records};

/// Times that writes are planned again because somebody else was quicker.
const RETRIES: usize = 5;

/// What kept writes from being done: the number of the first that was refused, and why.
#[derive(Debug)]
pub struct NotTogether {
    /// Its number from 0; none where it was no single one.
    pub index: Option<usize>,
    /// Why.
    pub error: Error,
}

impl From<Error> for NotTogether {
    fn from(error: Error) -> Self {
        Self { index: None, error }
    }
}

/// The changes of one entity.
struct Part {
    def: Arc<EntityDef>,
    rows: Vec<Row>,
}

/// What became of an attempt.
enum Came {
    Done(HashMap<usize, Written>),
    /// Somebody else changed a record meanwhile.
    Lost(usize),
}

impl Records {
    /// Makes changes of several entities in one transaction: all of them, or none. Each record once; entities with an owner (tasks)
    /// cannot be among them. The outcomes stand in the order of the changes.
    ///
    /// # Errors
    /// As [`Records::write`], with the number of the change.
    pub async fn write_together(
        &self,
        ctx: &Ctx,
        changes: &[(String, Change)],
    ) -> std::result::Result<Vec<Written>, NotTogether> {
        self.write_together_along(ctx, changes, &WriteOptions::default(), None).await
    }

    /// The same as a conversion, in a batch that can be undone.
    ///
    /// # Errors
    /// As `write_together`.
    pub async fn convert_together(
        &self,
        ctx: &Ctx,
        changes: &[(String, Change)],
        batch: BatchId,
    ) -> std::result::Result<Vec<Written>, NotTogether> {
        let options = WriteOptions { batch: Some(batch), converting: true, ..WriteOptions::default() };
        self.write_together_along(ctx, changes, &options, None).await
    }

    /// The same with something else written in the transaction. Of the options `batch` and `converting` count.
    ///
    /// # Errors
    /// As `write_together`, and its own.
    pub(crate) async fn write_together_along(
        &self,
        ctx: &Ctx,
        changes: &[(String, Change)],
        options: &WriteOptions,
        along: Option<&dyn Along>,
    ) -> std::result::Result<Vec<Written>, NotTogether> {
        for left in (0..=RETRIES).rev() {
            match self.attempt(ctx, changes, options, along).await {
                Ok(Came::Done(mut made)) => {
                    let missing = || Error::Internal("a change got no outcome".into());
                    let made = (0..changes.len()).map(|index| made.remove(&index).ok_or_else(missing));
                    return Ok(made.collect::<Result<_>>()?);
                }
                Ok(Came::Lost(index)) => {
                    let pinned = changes.get(index).is_some_and(|(_, change)| change.version().is_some());
                    if pinned || left == 0 {
                        let error = Error::Conflict { code: "record.conflict", current: None };
                        return Err(NotTogether { index: Some(index), error });
                    }
                }
                Err(NotTogether { error: Error::Raced(_), .. }) if left > 0 => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Internal("no attempt".into()).into())
    }

    async fn attempt(
        &self,
        ctx: &Ctx,
        changes: &[(String, Change)],
        options: &WriteOptions,
        along: Option<&dyn Along>,
    ) -> std::result::Result<Came, NotTogether> {
        let catalogue = self.catalogue_of(ctx).await?;
        let mut parts = self.plan_parts(&catalogue, ctx, changes, options.batch).await?;
        for part in &mut parts {
            // What changes nothing is done.
            part.rows.retain(|row| row.change.before.is_none() || store::differs(&row.change));
        }
        for part in &mut parts {
            self.judge_part(&catalogue, ctx, part, options).await?;
        }
        let mut made = HashMap::new();
        let tx = self.db().begin().await.map_err(Error::from)?;
        let claims = lock(&tx, &catalogue, ctx, &parts).await?;
        let options = WriteOptions { all_or_nothing: true, batch: options.batch, ..WriteOptions::default() };
        for (part, claims) in parts.iter_mut().zip(&claims) {
            let stored = match self.within(&tx, ctx, &part.def, part.rows.iter_mut()).await? {
                Some((index, error)) if is_lost(&error) => Err((index, None)),
                Some((index, error)) => Err((index, Some(error))),
                None => store_part(&tx, &catalogue, ctx, part, claims, &options).await?,
            };
            if let Err(refused) = stored {
                tx.rollback().await.map_err(Error::from)?;
                return match refused {
                    (index, None) => Ok(Came::Lost(index)),
                    (index, Some(error)) => Err(NotTogether { index: Some(index), error }),
                };
            }
        }
        for row in parts.iter().flat_map(|part| &part.rows) {
            write_along(&tx, &row.change.along).await?;
        }
        if let Some(along) = along {
            along.write(&tx).await?;
        }
        tx.commit().await.map_err(Error::from)?;
        for part in parts {
            let (def, count) = (part.def, part.rows.len());
            made.extend(part.rows.into_iter().map(|row| (row.index, written(ctx, row))));
            self.fold_after(ctx, &def, count).await;
            self.index_after(count).await;
        }
        self.unchanged(ctx, changes, &mut made).await?;
        Ok(Came::Done(made))
    }

    /// Plans the changes of each entity, in the order of their keys: so everybody waits for keys of constraints in one order.
    /// What belongs to a batch takes over what another record has, archived choices too.
    async fn plan_parts(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        changes: &[(String, Change)],
        batch: Option<BatchId>,
    ) -> std::result::Result<Vec<Part>, NotTogether> {
        let mut by_entity: BTreeMap<&str, Vec<(usize, &Change)>> = BTreeMap::new();
        let mut seen: HashSet<RecordId> = HashSet::new();
        let mut manner = Manner { batch, archived: batch.is_some(), ..Manner::default() };
        for (index, (entity, change)) in changes.iter().enumerate() {
            let refused = |error| NotTogether { index: Some(index), error };
            catalogue.entity(entity).map_err(refused)?;
            let made = if let Change::CreateAs { id, .. } = change { Some(*id) } else { None };
            manner.fresh.extend(made.map(|id| id.0));
            if self.owner_of(entity).is_some() || made.or(change.id()).is_some_and(|id| !seen.insert(id)) {
                return Err(refused(Error::Conflict { code: "record.together", current: None }));
            }
            by_entity.entry(entity).or_default().push((index, change));
        }
        let mut parts = Vec::with_capacity(by_entity.len());
        for (entity, chunk) in by_entity {
            let def = Arc::clone(catalogue.entity(entity)?);
            let mut outcomes = HashMap::new();
            let rows = self.plan(catalogue, ctx, &def, chunk, &manner, &mut outcomes).await?;
            let refused = outcomes.into_iter().filter_map(|(index, outcome)| Some((index, outcome.err()?)));
            if let Some((index, error)) = refused.min_by_key(|(index, _)| *index) {
                return Err(NotTogether { index: Some(index), error });
            }
            parts.push(Part { def, rows });
        }
        Ok(parts)
    }

    /// Asks the rules of stages.
    async fn judge_part(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        part: &mut Part,
        options: &WriteOptions,
    ) -> std::result::Result<(), NotTogether> {
        let mut outcomes = HashMap::new();
        self.judge(catalogue, ctx, &part.def, &mut part.rows, options, &mut outcomes).await?;
        let refused = outcomes.into_iter().filter_map(|(index, outcome)| Some((index, outcome.err()?)));
        match refused.min_by_key(|(index, _)| *index) {
            Some((index, error)) => Err(NotTogether { index: Some(index), error }),
            None => Ok(()),
        }
    }

    /// The records of changes that changed nothing.
    async fn unchanged(
        &self,
        ctx: &Ctx,
        changes: &[(String, Change)],
        made: &mut HashMap<usize, Written>,
    ) -> Result<()> {
        for (index, (entity, change)) in changes.iter().enumerate() {
            if let (false, Some(id)) = (made.contains_key(&index), change.id()) {
                let record = self.get_deleted(ctx, entity, id).await?;
                made.insert(index, Written { operation: change.operation(), record });
            }
        }
        Ok(())
    }
}

/// Takes the keys of all constraints before anything is written.
async fn lock(tx: &Tx, catalogue: &Catalogue, ctx: &Ctx, parts: &[Part]) -> Result<Vec<Claims>> {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        let changes = part.rows.iter().map(|row| &row.change);
        let claims = Claims::of(&catalogue.pipelines, ctx.tenant, &part.def, changes);
        claims.lock(tx, ctx.tenant, &part.def).await?;
        all.push(claims);
    }
    Ok(all)
}

/// Writes the changes of one entity; gives the first that cannot be, without an error when somebody else was quicker.
async fn store_part(
    tx: &Tx,
    catalogue: &Catalogue,
    ctx: &Ctx,
    part: &mut Part,
    claims: &Claims,
    options: &WriteOptions,
) -> Result<std::result::Result<(), (usize, Option<Error>)>> {
    if part.rows.is_empty() {
        return Ok(Ok(()));
    }
    let home = Country::of_currency(&catalogue.pipelines.currency);
    let def = &part.def;
    let mut changes: Vec<_> = part.rows.iter_mut().map(|row| &mut row.change).collect();
    let stored = store::write(tx, ctx, def, home, &mut changes, options).await?;
    let lost = part.rows.iter().find(|row| stored.lost.contains(&row.change.id));
    if let Some(lost) = lost {
        return Ok(Err((lost.index, None)));
    }
    let outside = store::outside_rights(tx, catalogue, ctx, def, part.rows.iter().map(|row| &row.change)).await?;
    if let Some(row) = part.rows.iter().find(|row| outside.contains(&row.change.id)) {
        return Ok(Err((row.index, Some(Error::Denied("scope")))));
    }
    let mut broken = claims.settle(tx, catalogue, ctx, def, &stored.lost).await?;
    let refused = part.rows.iter().find_map(|row| Some((row.index, broken.remove(&row.change.id)?)));
    Ok(refused.map_or(Ok(()), |(index, error)| Err((index, Some(error)))))
}
