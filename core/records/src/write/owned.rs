//! The end of the pipeline for entities that have an owner: it writes, in a transaction per change, or in one for all
//! of them when all or nothing was asked for. What it refuses is rolled back whole.

use std::collections::{HashMap, HashSet};

use kernel::{Ctx, Error, Result};

use super::owner::EntityOwner;
use super::{Row, WriteOptions, Written, seen, store, write_along};
use crate::catalogue::EntityDef;
use crate::{Catalogue, Records};

impl Records {
    /// Hands the changes to their owner. Returns those to plan again, because somebody else was quicker.
    #[expect(clippy::too_many_arguments, reason = "what to write, of whom, by whom")]
    pub(super) async fn store_owned(
        &self,
        owner: &dyn EntityOwner,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
        mut rows: Vec<Row>,
        options: &WriteOptions,
        outcomes: &mut HashMap<usize, Result<Written>>,
    ) -> Result<HashSet<usize>> {
        let mut raced = HashSet::new();
        let together = if options.all_or_nothing { rows.len() } else { 1 };
        while !rows.is_empty() {
            let chunk: Vec<Row> = rows.drain(..Ord::min(together.max(1), rows.len())).collect();
            let tx = self.db.begin().await?;
            let mut made = Vec::with_capacity(chunk.len());
            let mut refused = None;
            for row in &chunk {
                match self.hand_over(owner, &tx, catalogue, ctx, def, row, options).await {
                    Ok(written) => made.push((row.index, written)),
                    Err(error @ (Error::Database(_) | Error::Internal(_))) => return Err(error),
                    Err(error) => {
                        refused = Some((row, error));
                        break;
                    }
                }
            }
            if let Some((row, error)) = refused {
                tx.rollback().await?;
                let lost = match &error {
                    Error::Conflict { code: "record.conflict", .. } => !row.pinned,
                    Error::Raced(_) => true,
                    _ => false,
                };
                if options.all_or_nothing && matches!(&error, Error::Raced(_)) {
                    return Err(error);
                }
                if lost && !options.all_or_nothing {
                    raced.insert(row.index);
                }
                outcomes.insert(row.index, Err(error));
                continue;
            }
            if options.dry_run.is_some() {
                tx.rollback().await?
            } else {
                tx.commit().await?
            }
            outcomes.extend(made.into_iter().map(|(index, written)| (index, Ok(written))));
        }
        Ok(raced)
    }

    #[expect(clippy::too_many_arguments, reason = "what to write, of whom, by whom")]
    async fn hand_over(
        &self,
        owner: &dyn EntityOwner,
        tx: &kernel::db::Tx,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &EntityDef,
        row: &Row,
        options: &WriteOptions,
    ) -> Result<Written> {
        let change = &row.change;
        let (version, image) = owner.write(tx, ctx, change, options).await?;
        if !store::outside_rights(tx, catalogue, ctx, def, std::iter::once(change)).await?.is_empty() {
            return Err(Error::Denied("scope"));
        }
        write_along(tx, &change.along).await?;
        Ok(Written { operation: change.operation, record: seen(ctx, change, version, &image) })
    }
}
