//! One change of everything a filter finds: a mass edit over a whole list.
//!
//! It is a long job with one batch, so it can be undone. It walks from the newest record to the oldest, so each is
//! visited once, whatever the change does to the filter; a record that is made after the start is left alone, and whether a record
//! matches is asked when its turn comes. A crash repeats at most one step: the same values written again change nothing.

use kernel::access::Action;
use kernel::filter::Filter;
use kernel::jobs::long::{self, LongJob, NewLongJob, Step, Steps};
use kernel::{BatchId, Ctx, Error, Message, RecordId, Result, Timestamp, event};
use people::Identities;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::read::Query;
use crate::write::{CHUNK, Change, WriteOptions, parse};
use crate::{Records, bad_filter, batch, invalid};

/// The kind of long job.
pub const KIND: &str = "records.bulk";
/// Records of one mass edit.
pub const MAX: i64 = 500_000;
/// Refused records that are listed; the others are counted.
const LISTED: usize = 1_000;

/// What is done to each record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WholeChange {
    /// New values, in wire form.
    Update(Map<String, Json>),
    /// Into the recycle bin.
    Delete,
}

/// A record that stayed as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refused {
    /// Which.
    pub id: RecordId,
    /// Why, as an error code.
    pub code: String,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Changed {
    /// The undo group.
    pub batch: BatchId,
    /// Records that were changed.
    pub changed: i64,
    /// Records that were refused, at most 1,000 of them.
    pub refused: Vec<Refused>,
    /// All records that were refused.
    pub refused_total: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Input {
    entity: String,
    filter: Json,
    words: Option<String>,
    change: WholeChange,
    batch: BatchId,
}

impl Records {
    /// Begins a change of every record that the filter (and words) find for the actor; `rules` says whether rules of
    /// automation run for what is changed.
    ///
    /// # Errors
    /// `request.invalid` naming `filter`, `record.invalid`, `Denied`, `TooLarge`, conflict `job.too_many`.
    pub async fn begin_whole(
        &self,
        ctx: &Ctx,
        entity: &str,
        filter: &Filter,
        words: Option<String>,
        change: WholeChange,
        rules: bool,
    ) -> Result<LongJob> {
        let def = self.entity(ctx, entity).await?;
        let action = match &change {
            WholeChange::Update(fields) => {
                parse(&def, &ctx.rights, fields).map_err(invalid)?;
                Action::Update
            }
            WholeChange::Delete => Action::Delete,
        };
        if !ctx.rights.may(entity, action) {
            return Err(Error::Denied("action"));
        }
        let query = Query { filter: Some(filter.clone()), words: words.clone(), ..Query::default() };
        let total = self.count(ctx, entity, &query).await?;
        if total > MAX {
            return Err(Error::TooLarge(Message::key("error.too_large").with("max", MAX)));
        }
        let tx = self.db.begin().await?;
        let batch = batch::open_for_rules(&tx, ctx, "bulk", rules).await?;
        let input = json!(Input { entity: entity.to_owned(), filter: filter.to_json(), words, change, batch });
        let new = NewLongJob { kind: KIND, subject: None, input, total };
        let (job, _) = long::begin(&tx, ctx, new, false).await?;
        tx.commit().await?;
        Ok(job)
    }
}

/// Does the steps of mass edits.
pub struct WholeSteps {
    records: Records,
    identities: Identities,
}

impl WholeSteps {
    /// Over the service of records.
    pub fn new(records: &Records, identities: &Identities) -> Self {
        Self { records: records.clone(), identities: identities.clone() }
    }
}

#[async_trait::async_trait]
impl Steps for WholeSteps {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn step(&self, job: &LongJob) -> Result<Step> {
        let input: Input = serde_json::from_value(job.input.clone()).map_err(Error::internal)?;
        let cursor: Option<String> = serde_json::from_value(job.cursor.clone()).map_err(Error::internal)?;
        let mut changed: Changed = match &job.result {
            Json::Null => Changed { batch: input.batch, changed: 0, refused: Vec::new(), refused_total: 0 },
            result => serde_json::from_value(result.clone()).map_err(Error::internal)?,
        };
        let person = self.identities.of_user(job.tenant, job.user).await?;
        let ctx = job.acting(person.ctx(self.records.env()));
        let page = self.records.query(&ctx, &input.entity, &input.page(job.created_at, cursor)?).await?;
        let found = i64::try_from(page.items.len()).unwrap_or(0);
        let ids = page.items.into_iter().map(|record| record.id).collect();
        let refused = self.change(&ctx, &input, ids).await?;
        changed.add(found, refused);
        let over = page.next_cursor.is_none();
        if over {
            // Exactly, also when a step was repeated.
            changed.changed = event::extent_of_batch(self.records.db.read(), ctx.tenant, input.batch).await?.0;
        }
        let (cursor, done) = (json!(page.next_cursor), job.done + found);
        Ok(Step { tx: None, cursor, done, result: json!(changed), over })
    }
}

impl Input {
    /// The next records, newest first: an order that no change touches and an index serves.
    fn page(&self, until: Timestamp, cursor: Option<String>) -> Result<Query> {
        let asked = Filter::parse(&self.filter).map_err(bad_filter)?;
        let before = json!({"field": "created_at", "op": "lte", "value": until});
        let filter = Filter::all(vec![asked, Filter::parse(&before).map_err(bad_filter)?]);
        Ok(Query {
            filter: Some(filter),
            words: self.words.clone(),
            fields: Some(Vec::new()),
            limit: u64::try_from(CHUNK).ok(),
            cursor,
            ..Query::default()
        })
    }
}

impl WholeSteps {
    async fn change(&self, ctx: &Ctx, input: &Input, ids: Vec<RecordId>) -> Result<Vec<Refused>> {
        let options = WriteOptions { batch: Some(input.batch), ..WriteOptions::default() };
        let change = |id: &RecordId| match &input.change {
            WholeChange::Update(fields) => Change::Update { id: *id, version: None, fields: fields.clone() },
            WholeChange::Delete => Change::Delete { id: *id, version: None },
        };
        let outcomes = self.records.write(ctx, &input.entity, ids.iter().map(change).collect(), &options).await?;
        let refused = ids.into_iter().zip(outcomes).filter_map(|(id, outcome)| {
            let error = outcome.err()?;
            Some(Refused { id, code: error.code().to_owned() })
        });
        Ok(refused.collect())
    }
}

impl Changed {
    pub(crate) fn add(&mut self, found: i64, refused: Vec<Refused>) {
        let count = i64::try_from(refused.len()).unwrap_or(0);
        self.changed += found - count;
        self.refused_total += count;
        let room = LISTED.saturating_sub(self.refused.len());
        self.refused.extend(refused.into_iter().take(room));
    }
}
