//! Records follow a changed configuration: stages that went, items of directories that became others.
//!
//! It is a long job with one batch, through the write pipeline like every change, so hooks and validation rules may refuse:
//! such records keep what they have, and are listed. It goes through the pieces in their order, page by page. A crash repeats
//! at most one step, which changes nothing.

use kernel::filter::Filter;
use kernel::jobs::long::{LongJob, Step};
use kernel::{BatchId, Ctx, Error, RecordId, Result, event};
use people::Identities;
use serde_json::{Value as Json, json};

use crate::read::Query;
use crate::whole::{Changed, Refused};
use crate::write::{CHUNK, Change, WriteOptions};
use crate::{Record, Records};

/// Times a record is read again because somebody else was quicker.
const TRIES: usize = 5;

/// What a record becomes, if anything.
pub(crate) type Becoming<'a> = Box<dyn Fn(&Record) -> Option<Change> + Send + Sync + 'a>;

/// What happens to the records that a filter finds.
pub(crate) struct Piece<'a> {
    /// Their entity.
    pub entity: &'a str,
    pub filter: Filter,
    /// Fields that `change` looks at. Where one was removed meanwhile, or is closed to who began this, records keep what
    /// they have.
    pub fields: Vec<String>,
    /// What is written over what was read; nothing where somebody has given the record another value meanwhile.
    pub change: Becoming<'a>,
}

/// Does the steps of such work.
pub(crate) struct Settling {
    records: Records,
    identities: Identities,
}

impl Settling {
    /// Over the service of records.
    pub fn new(records: &Records, identities: &Identities) -> Self {
        Self { records: records.clone(), identities: identities.clone() }
    }

    /// Does the next page of the pieces, which are gone through `rounds` times.
    pub async fn step(&self, job: &LongJob, batch: BatchId, pieces: &[Piece<'_>], rounds: usize) -> Result<Step> {
        let (at, cursor): (usize, Option<String>) = match &job.cursor {
            Json::Null => (0, None),
            cursor => serde_json::from_value(cursor.clone()).map_err(Error::internal)?,
        };
        let mut changed: Changed = match &job.result {
            Json::Null => Changed { batch, changed: 0, refused: Vec::new(), refused_total: 0 },
            result => serde_json::from_value(result.clone()).map_err(Error::internal)?,
        };
        let end = pieces.len().saturating_mul(rounds);
        let (mut found, mut next) = (0, None);
        if let Some(piece) = pieces.iter().cycle().nth(at).filter(|_| at < end) {
            let person = self.identities.of_user(job.tenant, job.user).await?;
            let ctx = job.acting(person.ctx(self.records.env()));
            let (seen, cursor, refused) = self.page(&ctx, batch, piece, cursor).await?;
            // What was refused in the first round is refused in the next again.
            if at < pieces.len() {
                changed.add(seen, refused);
                found = seen;
            }
            next = cursor;
        }
        let at = if next.is_none() { at + 1 } else { at };
        let over = at >= end;
        if over {
            // Exactly, also when a step was repeated.
            changed.changed = event::extent_of_batch(self.records.db().read(), job.tenant, batch).await?.0;
        }
        Ok(Step { tx: None, cursor: json!((at, next)), done: job.done + found, result: json!(changed), over })
    }

    /// Changes the next records of a piece: how many there were, where to go on, what was refused.
    async fn page(
        &self,
        ctx: &Ctx,
        batch: BatchId,
        piece: &Piece<'_>,
        cursor: Option<String>,
    ) -> Result<(i64, Option<String>, Vec<Refused>)> {
        let catalogue = self.records.catalogue_of(ctx).await?;
        let def = catalogue.find(piece.entity);
        if def.is_none_or(|def| piece.fields.iter().any(|field| def.field(field).is_none())) {
            return Ok((0, None, Vec::new()));
        }
        let asked = Query {
            filter: Some(piece.filter.clone()),
            fields: Some(piece.fields.clone()),
            limit: u64::try_from(CHUNK).ok(),
            cursor,
            ..Query::default()
        };
        let page = match self.records.query(ctx, piece.entity, &asked).await {
            Err(Error::NotFound(_)) => return Ok((0, None, Vec::new())),
            page => page?,
        };
        let found = i64::try_from(page.items.len()).unwrap_or(0);
        let refused = self.change(ctx, batch, piece, page.items).await?;
        Ok((found, page.next_cursor, refused))
    }

    async fn change(
        &self,
        ctx: &Ctx,
        batch: BatchId,
        piece: &Piece<'_>,
        mut records: Vec<Record>,
    ) -> Result<Vec<Refused>> {
        let options = WriteOptions { batch: Some(batch), unguarded: true, ..WriteOptions::default() };
        let mut refused = Vec::new();
        for left in (0..TRIES).rev() {
            let (ids, changes): (Vec<RecordId>, Vec<Change>) =
                records.iter().filter_map(|record| Some((record.id, (piece.change)(record)?))).unzip();
            if ids.is_empty() {
                break;
            }
            let outcomes = self.records.write(ctx, piece.entity, changes, &options).await?;
            records.clear();
            for (id, outcome) in ids.into_iter().zip(outcomes) {
                match outcome {
                    Ok(_) => {}
                    Err(Error::Conflict { code: "record.conflict", .. }) if left > 0 => {
                        match self.records.get(ctx, piece.entity, id).await {
                            Ok(record) => records.push(record),
                            // Somebody has put it into the bin.
                            Err(Error::NotFound(_)) => {}
                            Err(error) => return Err(error),
                        }
                    }
                    Err(error) => refused.push(Refused { id, code: error.code().to_owned() }),
                }
            }
        }
        Ok(refused)
    }
}
