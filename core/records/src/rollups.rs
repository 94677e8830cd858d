//! Rollups follow the event log: a change of a record that others count makes a job which counts again for the records it
//! links to, and for those it linked to before. The value, and the formulas that look at it, are written as no one's
//! doing by the writer of recomputed formulas (`recompute`); all jobs of a company's come one after another, so that an
//! older count never overwrites a newer one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kernel::access::Action;
use kernel::event::{Concern, Event, Follower};
use kernel::filter::{Filter, Op};
use kernel::jobs::{Handler, Job, JobError, NewJob};
use kernel::value::{Currency, FieldType, Money};
use kernel::{Ctx, EntityKey, Error, Fields, Locale, RecordId, Result, TenantId, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use tokio_util::sync::CancellationToken;

use crate::catalogue::rollup::{self, Rollup};
use crate::catalogue::{Catalogue, EntityDef, FieldDef};
use crate::read::{self, Aggregate, Measure, MeasureOp, Query};
use crate::write::Operation;
use crate::{Records, recompute};

/// The job.
const JOB: &str = "records.rollup";
/// The name of the reader in the event log.
const READER: &str = "records.rollups";
/// Events that may be read again after a restart.
const REPEAT: usize = 10_000;
/// Records of one job.
const CHUNK: usize = 200;

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    entity: EntityKey,
    records: Vec<RecordId>,
}

/// Reads the event log for rollups.
#[derive(Clone)]
pub struct Rollups {
    records: Records,
    follower: Arc<Follower>,
}

/// What a change of a record may concern: `(tenant, entity of the linking record)`.
type Linking = BTreeMap<(TenantId, EntityKey), BTreeSet<RecordId>>;
/// Records to count for.
type Linked = BTreeMap<(TenantId, EntityKey), BTreeSet<RecordId>>;

impl Rollups {
    /// Over the service of records.
    pub fn new(records: &Records) -> Self {
        let follower = Arc::new(Follower::new(records.db(), records.env(), READER, REPEAT));
        Self { records: records.clone(), follower }
    }

    /// Reads the event log up to its end and enqueues what is to be counted again. Returns how many jobs were enqueued.
    ///
    /// # Errors
    /// When the database fails; nothing is lost, the next call goes on from there.
    pub async fn dispatch(&self) -> Result<usize> {
        self.follower.read_on(self).await
    }

    /// Reads the event log after every commit and at least once a second, until told to stop.
    pub async fn serve(&self, stop: CancellationToken) {
        self.follower.serve("rollups", &stop, || self.dispatch()).await;
    }

    /// Records that linking records point to now.
    async fn pointed(&self, linking: Linking, linked: &mut Linked) -> Result<()> {
        for ((tenant, entity), ids) in linking {
            let ctx = Ctx::system(tenant, chrono_tz::Tz::UTC, Locale::En, self.records.env());
            let catalogue = self.records.catalogue(tenant).await?;
            let Some(def) = catalogue.find(&entity) else { continue };
            let ids: Vec<RecordId> = ids.into_iter().collect();
            let conn = self.records.db().read();
            let found = read::load(conn, &catalogue, &ctx, def, &ids, Action::Read, true).await?;
            for (of, rollups) in rollup::followers(&catalogue, &entity) {
                let targets = linked.entry((tenant, of.key.clone())).or_default();
                let values =
                    found.iter().flat_map(|record| rollups.iter().map(move |rollup| record.fields.get(&rollup.via)));
                for value in values.flatten() {
                    match value {
                        Value::Id(id) => drop(targets.insert(RecordId(*id))),
                        Value::Ids(ids) => targets.extend(ids.iter().copied().map(RecordId)),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Concern for Rollups {
    async fn jobs(&self, events: Vec<Event>) -> Result<Vec<NewJob>> {
        let mut catalogues: HashMap<TenantId, Arc<Catalogue>> = HashMap::new();
        let (mut linking, mut linked) = (Linking::new(), Linked::new());
        for event in &events {
            let catalogue = match catalogues.get(&event.tenant) {
                Some(known) => Arc::clone(known),
                None => {
                    let read = self.records.catalogue(event.tenant).await?;
                    catalogues.insert(event.tenant, Arc::clone(&read));
                    read
                }
            };
            for (def, rollups) in rollup::followers(&catalogue, &event.entity) {
                let child = catalogue.find(&event.entity);
                let concerned: Vec<_> = rollups.iter().filter(|rollup| concerns(rollup, event, child)).collect();
                if concerned.is_empty() {
                    continue;
                }
                let place = (event.tenant, EntityKey::from(event.entity.as_str()));
                linking.entry(place).or_default().insert(RecordId(event.record));
                let targets = linked.entry((event.tenant, def.key.clone())).or_default();
                targets.extend(concerned.iter().flat_map(|rollup| named(&event.changes, &rollup.via)));
            }
        }
        self.pointed(linking, &mut linked).await?;
        let mut jobs = Vec::new();
        for ((tenant, entity), records) in linked {
            let records: Vec<RecordId> = records.into_iter().collect();
            for some in records.chunks(CHUNK) {
                let payload = json!(Payload { entity: entity.clone(), records: some.to_vec() });
                let job = NewJob::now(self.records.env(), JOB, payload).for_tenant(tenant);
                jobs.push(job.in_order(recompute::order(tenant)));
            }
        }
        Ok(jobs)
    }
}

/// Whether what happened to a linking record may change a count.
fn concerns(rollup: &Rollup, event: &Event, child: Option<&Arc<EntityDef>>) -> bool {
    let changes = |field: &str| event.changes.get(field).is_some();
    let currency = || {
        let child = child?;
        Some(child.currency_of(child.field(rollup.field.as_ref()?)?)?.key.clone())
    };
    match Operation::of_event(&event.kind) {
        Some(Operation::Create | Operation::Delete | Operation::Restore) => true,
        Some(Operation::Update) | None => {
            changes("deleted_at")
                || rollup.looks_at().any(changes)
                || currency().is_some_and(|currency| changes(&currency))
        }
    }
}

/// Records that a changed link named before and names now.
fn named(changes: &Json, via: &str) -> Vec<RecordId> {
    let pair = changes.get(via).and_then(Json::as_array).into_iter().flatten();
    let ids = pair.flat_map(|side| match side {
        Json::Array(ids) => ids.iter().filter_map(Json::as_str).collect(),
        Json::String(id) => vec![id.as_str()],
        _ => Vec::new(),
    });
    ids.filter_map(|id| id.parse().ok()).map(RecordId).collect()
}

/// Counts again.
pub struct RollUp(pub Records);

#[async_trait::async_trait]
impl Handler for RollUp {
    fn kind(&self) -> &'static str {
        JOB
    }

    async fn run(&self, job: &Job) -> std::result::Result<(), JobError> {
        let Some(tenant) = job.tenant else { return Ok(()) };
        let payload: Payload = serde_json::from_value(job.payload.clone()).map_err(Error::internal)?;
        Ok(self.0.recompute_these(tenant, &payload.entity, &payload.records).await?)
    }
}

impl Records {
    /// Puts what a record's rollups come to into its image.
    pub(crate) async fn roll_up(
        &self,
        ctx: &Ctx,
        catalogue: &Catalogue,
        def: &EntityDef,
        id: RecordId,
        image: &mut Fields,
    ) -> Result<()> {
        for field in &def.fields {
            let Some(rollup) = &field.rollup else { continue };
            // What it counts is off: it stays as it was.
            if catalogue.find(&rollup.entity).is_none_or(|child| child.field(&rollup.via).is_none()) {
                continue;
            }
            match self.rolled(ctx, catalogue, field, rollup, id).await {
                Ok(value) => drop(image.insert(field.key.clone(), value)),
                Err(Error::Invalid { fields, .. }) => {
                    tracing::warn!(tenant = %ctx.tenant, entity = %def.key, field = %field.key, ?fields, "a rollup names what is not there");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn rolled(
        &self,
        ctx: &Ctx,
        catalogue: &Catalogue,
        field: &FieldDef,
        rollup: &Rollup,
        id: RecordId,
    ) -> Result<Value> {
        let of = Filter::test(&rollup.via, Op::Eq, id.0.to_string());
        let filter = Filter::all([of].into_iter().chain(rollup.filter.clone()).collect());
        let measure = Measure { op: rollup.op, field: rollup.field.as_ref().map(ToString::to_string) };
        let query = Query { filter: Some(filter), ..Query::default() };
        let ask = Aggregate { query, measures: vec![measure], ..Aggregate::default() };
        let groups = self.aggregate(ctx, &rollup.entity, &ask).await?;
        let values = groups.into_iter().next().map(|group| group.values).unwrap_or_default();
        value_of(field, rollup, &values, &catalogue.pipelines.currency)
    }
}

/// An aggregate's answer as a value of the field; of amounts in several currencies none.
fn value_of(field: &FieldDef, rollup: &Rollup, values: &Map<String, Json>, home: &str) -> Result<Value> {
    let op = serde_json::to_value(rollup.op).map_err(Error::internal)?;
    let name = match &rollup.field {
        Some(key) => format!("{}_{key}", op.as_str().unwrap_or_default()),
        None => "count".to_owned(),
    };
    let answer = values.get(&name).cloned().unwrap_or(Json::Null);
    if field.kind != FieldType::Money {
        return Value::from_json(field.kind, &answer).or(Ok(Value::Null));
    }
    let by_currency = values.get(&format!("{name}_by_currency")).and_then(Json::as_object);
    let one = match by_currency {
        Some(by) if by.len() > 1 => return Ok(Value::Null),
        Some(by) => by.iter().next().map(|(code, amount)| (code.clone(), amount.clone())),
        None => None,
    };
    // Nothing adds up to nothing, in the company's own currency.
    let (code, amount) = match one {
        Some(one) => one,
        None if rollup.op == MeasureOp::Sum => (home.to_owned(), json!(0)),
        None => return Ok(Value::Null),
    };
    let (Ok(Value::Decimal(amount)), Ok(currency)) =
        (Value::from_json(FieldType::Decimal, &amount), code.parse::<Currency>())
    else {
        return Ok(Value::Null);
    };
    Ok(Value::Money(Money { amount: Some(amount), currency }))
}
