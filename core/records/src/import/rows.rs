//! What becomes of the rows of a chunk: converted, compared with known clients, written through `Records::write`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use kernel::db::ConnectionTrait;
use kernel::phone::Country;
use kernel::{Ctx, Error, Fields, RecordId, Result, Value};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::convert::{Plan, RowProblem};
use super::problem::Problem;
use super::source::spool::Row;
use super::store::{Refusal, Stored};
use super::{Duplicates, Imports, lookup};
use crate::catalogue::{Catalogue, EntityDef};
use crate::duplicates::keys::{self, Key, Name};
use crate::merge::unite;
use crate::write::{Change, Trial, WriteOptions};

/// Why the work ended before the last row.
pub(super) enum Stop {
    /// Trying again may help.
    Fault(Error),
    /// It will not.
    Hopeless(Problem),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// What became of the rows of a chunk.
#[derive(Default)]
pub(super) struct Outcome {
    pub accepted: u64,
    pub skipped: u64,
    pub refused: Vec<Refusal>,
}

/// A row on its way into a record.
struct Ready {
    row: Row,
    fields: Map<String, Json>,
    keys: BTreeSet<Key>,
    name: Name,
}

/// One run over a file.
pub(super) struct Run {
    pub import: Stored,
    pub run: Uuid,
    /// The company's definitions, one state of them for the whole run.
    pub catalogue: Arc<Catalogue>,
    pub def: Arc<EntityDef>,
    pub plan: Plan,
    /// Nothing is written: what has been tried so far.
    pub dry: Option<Trial>,
    /// The country of phone numbers without a code.
    pub home: Option<Country>,
    /// Keys and names of the rows that a dry run would have written, hashed.
    pub seen: HashSet<u64>,
    pub hasher: RandomState,
}

impl Imports {
    /// Deals with a chunk of rows. `first` after a start, when a crash may have left some of them written.
    pub(super) async fn chunk(&self, ctx: &Ctx, run: &mut Run, rows: Vec<Row>, first: bool) -> Result<Outcome, Stop> {
        let mut outcome = Outcome::default();
        let links = lookup::links(self.records.db().read(), &run.catalogue, ctx, &run.plan.wanted(&rows)).await?;
        let mut ready = Vec::with_capacity(rows.len());
        for row in rows {
            match run.plan.convert(&row, &links) {
                Ok(fields) => {
                    let name = Name::of(&run.def, |key| fields.get(key).and_then(Json::as_str));
                    ready.push(Ready { keys: keys::keys(&fields, run.home), name, row, fields });
                }
                Err(problems) => outcome.refused.push(Refusal { row: row.number, cells: row.cells, problems }),
            }
        }
        if first && run.dry.is_none() {
            let written = self.written(run, &ready).await?;
            outcome.accepted += u64::try_from(written.len()).unwrap_or_default();
            ready.retain(|ready| !written.contains(&record_id(run.import.id, ready.row.number)));
        }
        // Rows of one client in one chunk go one after the other, so that the later one finds the earlier one's record.
        while !ready.is_empty() {
            let later = if run.import.settings.options.duplicates == Duplicates::Create {
                Vec::new()
            } else {
                repeated(&mut ready)
            };
            self.wave(ctx, run, ready, &mut outcome).await?;
            ready = later;
        }
        outcome.refused.sort_by_key(|refusal| refusal.row);
        Ok(outcome)
    }

    /// The records of these rows that an interrupted run has written already.
    async fn written(&self, run: &Run, ready: &[Ready]) -> Result<HashSet<RecordId>> {
        let ids = ready.iter().map(|ready| record_id(run.import.id, ready.row.number));
        let select = Query::select()
            .column("id")
            .from(run.def.table)
            .and_where(Expr::col("id").is_in(ids))
            .and_where(Expr::col("tenant_id").eq(run.import.tenant.0))
            .take();
        let rows = self.records.db().read().query_all(&select).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// Decides about rows of different clients and writes them.
    async fn wave(&self, ctx: &Ctx, run: &mut Run, ready: Vec<Ready>, outcome: &mut Outcome) -> Result<(), Stop> {
        let (mut rows, mut changes) = (Vec::new(), Vec::new());
        for (ready, decision) in self.decide(ctx, run, ready).await? {
            match decision {
                Decision::Write(change) => {
                    rows.push(ready);
                    changes.push(change);
                }
                Decision::Skip => outcome.skipped += 1,
                Decision::Refuse(problem) => outcome.refused.push(Refusal {
                    row: ready.row.number,
                    cells: ready.row.cells,
                    problems: vec![RowProblem {
                        field: None,
                        code: problem.code.into(),
                        message: problem.text(ctx.locale),
                    }],
                }),
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let options = WriteOptions { batch: run.import.batch, dry_run: run.dry.clone(), ..WriteOptions::default() };
        let written = self.records.write(ctx, &run.def.key, changes, &options).await?;
        for (ready, result) in rows.into_iter().zip(written) {
            match result {
                Ok(_) => {
                    outcome.accepted += 1;
                    if run.dry.is_some() {
                        run.seen.extend(ready.keys.iter().map(|key| run.hasher.hash_one((key, ready.name.spelled()))));
                    }
                }
                Err(error @ (Error::Database(_) | Error::Raced(_) | Error::Internal(_) | Error::Unavailable(_))) => {
                    return Err(error.into());
                }
                Err(error) => outcome.refused.push(Refusal {
                    row: ready.row.number,
                    cells: ready.row.cells,
                    problems: problems_of(&error, ctx),
                }),
            }
        }
        Ok(())
    }

    async fn decide(&self, ctx: &Ctx, run: &Run, ready: Vec<Ready>) -> Result<Vec<(Ready, Decision)>, Stop> {
        let how = run.import.settings.options.duplicates;
        let create = |ready: &Ready| {
            let id = record_id(run.import.id, ready.row.number);
            Decision::Write(Change::CreateAs { id, fields: ready.fields.clone() })
        };
        if how == Duplicates::Create {
            return Ok(ready
                .into_iter()
                .map(|ready| {
                    let decision = create(&ready);
                    (ready, decision)
                })
                .collect());
        }
        let conn = self.records.db().read();
        let wanted: BTreeSet<Key> = ready.iter().flat_map(|ready| ready.keys.iter().cloned()).collect();
        let known = keys::find(conn, &run.catalogue, ctx, &run.def, &wanted).await?;
        let matches: Vec<BTreeSet<RecordId>> =
            ready.iter().map(|ready| known.matches(&ready.keys, &ready.name)).collect();
        let ids: Vec<RecordId> =
            matches.iter().filter(|ids| how == Duplicates::Update && ids.len() == 1).flatten().copied().collect();
        let mut images: HashMap<RecordId, Fields> = HashMap::new();
        for record in self.records.get_many(ctx, &run.def.key, &ids).await? {
            images.insert(record.id, record.fields);
        }
        let seen = |ready: &Ready| {
            let known = |key| run.seen.contains(&run.hasher.hash_one((key, ready.name.spelled())));
            run.dry.is_some() && ready.keys.iter().any(known)
        };
        let decided = ready.into_iter().zip(matches).map(|(ready, ids)| {
            let decision = match (ids.len(), ids.first(), how) {
                (0, ..) if how == Duplicates::Skip && seen(&ready) => Decision::Skip,
                (0, ..) | (_, None, _) => create(&ready),
                (_, _, Duplicates::Skip) => Decision::Skip,
                (1, Some(id), _) => {
                    let fields = merged(&run.def, ready.fields.clone(), images.get(id), run.home);
                    Decision::Write(Change::Update { id: *id, version: None, fields })
                }
                _ => Decision::Refuse(Problem::new("duplicate_ambiguous")),
            };
            (ready, decision)
        });
        Ok(decided.collect())
    }
}

/// What to do with a row.
enum Decision {
    Write(Change),
    Skip,
    Refuse(Problem),
}

/// The id of the record that a row becomes: a UUIDv7 (RFC 9562, section 5.7) with the time of the import and, in place
/// of random bits, the row's number and the last 48 random bits of the import's id. Ids of one import are in the order
/// of its rows.
fn record_id(import: Uuid, row: u64) -> RecordId {
    let [a, b, c, d, e, f, .., u, v, w, x, y, z] = *import.as_bytes();
    let millis = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let [.., high, middle, low] = row.to_be_bytes();
    // The builder takes 12 bits of the first two bytes and 6 of the third for itself to fill with version and variant.
    let [high, middle] = (u16::from_be_bytes([high, middle]) & 0x0FFF).to_be_bytes();
    RecordId(uuid::Builder::from_unix_timestamp_millis(millis, &[high, middle, 0, low, u, v, w, x, y, z]).into_uuid())
}

/// Takes out the rows that share a key with an earlier one.
fn repeated(ready: &mut Vec<Ready>) -> Vec<Ready> {
    let mut known: HashSet<Key> = HashSet::new();
    let again: Vec<bool> = ready
        .iter()
        .map(|ready| {
            let rough: Vec<Key> = ready.keys.iter().map(Key::rough).collect();
            let again = rough.iter().any(|key| known.contains(key));
            known.extend(rough);
            again
        })
        .collect();
    let mut again = again.into_iter();
    ready.extract_if(.., |_| again.next().unwrap_or_default()).collect()
}

/// The row's values over a record: phones and addresses are added to those it has.
fn merged(
    def: &EntityDef,
    mut fields: Map<String, Json>,
    image: Option<&Fields>,
    home: Option<Country>,
) -> Map<String, Json> {
    let Some(image) = image else { return fields };
    for (key, value) in &mut fields {
        let found = (&*value, image.get(key.as_str()), def.field(key));
        if let (Json::Array(new), Some(Value::Multi(known)), Some(field)) = found {
            let mut all: Vec<Json> = known.iter().filter_map(|item| serde_json::to_value(item).ok()).collect();
            unite(field, &mut all, new, home);
            *value = Json::Array(all);
        }
    }
    fields
}

/// A refusal in the words of the person who imports.
fn problems_of(error: &Error, ctx: &Ctx) -> Vec<RowProblem> {
    let fields = error.fields_in(ctx.locale);
    let general = error.message().in_locale(ctx.locale);
    let said = fields.values().any(|(_, message)| *message == general);
    let mut problems: Vec<RowProblem> = Vec::new();
    if fields.is_empty() || (matches!(error, Error::Refused(_)) && !said) {
        problems.push(RowProblem { field: None, code: error.code().to_owned(), message: general });
    }
    problems.extend(fields.into_iter().map(|(field, (code, message))| RowProblem {
        field: Some(field),
        code,
        message,
    }));
    problems
}
