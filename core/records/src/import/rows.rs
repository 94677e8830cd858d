//! What becomes of the rows of a chunk: converted, compared with known clients, written through `Records::write`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::phone::Country;
use kernel::value::FieldType;
use kernel::{Ctx, Error, Fields, Locale, RecordId, Result, Value};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::convert::{Converted, Noted, Plan, RowProblem, may_lack};
use super::problem::Problem;
use super::source::spool::Row;
use super::store::{Refusal, Stored};
use super::{Duplicates, Imports, lines, lookup};
use crate::catalogue::{Catalogue, EntityDef, FieldDef};
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
    /// Rows of the file.
    pub rows: u64,
    pub accepted: u64,
    pub skipped: u64,
    pub refused: Vec<Refusal>,
    /// Of the accepted rows, those of which cells were left out.
    pub partial: Vec<Refusal>,
}

impl Outcome {
    /// A record is refused with all rows of the file that are of it; those that are not to blame are told so.
    fn refuse(&mut self, row: Row, problems: Vec<Noted>, locale: Locale) {
        let together = || vec![RowProblem::of_row(&Problem::new("lines_together"), locale)];
        let mut of: HashMap<u64, Vec<RowProblem>> = HashMap::new();
        for (number, problem) in problems {
            of.entry(number).or_default().push(problem);
        }
        let rows = std::iter::once((row.number, row.cells)).chain(row.more);
        self.refused.extend(rows.map(|(number, cells)| Refusal {
            row: number,
            cells,
            problems: of.remove(&number).unwrap_or_else(together),
        }));
    }

    /// A record is written, perhaps without some cells.
    fn accept(&mut self, row: Row, notes: Vec<Noted>) {
        self.accepted += row.length();
        let mut of: HashMap<u64, Vec<RowProblem>> = HashMap::new();
        for (number, note) in notes {
            of.entry(number).or_default().push(note);
        }
        let rows = std::iter::once((row.number, row.cells)).chain(row.more);
        let noted =
            rows.filter_map(|(number, cells)| Some(Refusal { row: number, cells, problems: of.remove(&number)? }));
        self.partial.extend(noted);
    }
}

/// A row on its way into a record.
struct Ready {
    row: Row,
    fields: Map<String, Json>,
    keys: BTreeSet<Key>,
    name: Name,
    /// Cells that were left out.
    notes: Vec<Noted>,
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
        let mut outcome = Outcome { rows: rows.iter().map(Row::length).sum(), ..Outcome::default() };
        let links = lookup::links(self.records.db().read(), &run.catalogue, ctx, &run.plan.wanted(&rows)).await?;
        let mut ready = Vec::with_capacity(rows.len());
        for row in rows {
            match run.plan.convert(&row, &links) {
                Ok(Converted { fields, notes }) => {
                    let name = Name::of(&run.def, |key| fields.get(key).and_then(Json::as_str));
                    ready.push(Ready { keys: keys::keys(&fields, run.home), name, row, fields, notes });
                }
                Err(problems) => outcome.refuse(row, problems, ctx.locale),
            }
        }
        if first && run.dry.is_none() {
            let written = self.written(run, &ready).await?;
            let is_written = |ready: &mut Ready| written.contains(&record_id(run.import.id, ready.row.number));
            for done in ready.extract_if(.., is_written) {
                outcome.accept(done.row, done.notes);
            }
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
        let mut pending = Vec::new();
        for (ready, decision) in self.decide(ctx, run, ready).await? {
            match decision {
                Decision::Write(mut change) => match self.fill_in(ctx, run, &mut change).await {
                    Ok(()) => pending.push((ready, change)),
                    Err(error) if is_fault(&error) => return Err(error.into()),
                    Err(error) => refuse(run, ready, &error, ctx, outcome),
                },
                Decision::Skip => outcome.skipped += ready.row.length(),
                Decision::Refuse(problem) => {
                    let problem = (ready.row.number, RowProblem::of_row(&problem, ctx.locale));
                    outcome.refuse(ready.row, vec![problem], ctx.locale);
                }
            }
        }
        // What is refused for a cell that may be left out is tried without it.
        for last in [false, false, true] {
            if !pending.is_empty() {
                pending = self.attempt(ctx, run, pending, outcome, last).await?;
            }
        }
        Ok(())
    }

    /// Fills in what product rows leave out.
    async fn fill_in(&self, ctx: &Ctx, run: &Run, change: &mut Change) -> Result<()> {
        let Some(products) = &self.products else { return Ok(()) };
        let (known, fields) = match change {
            Change::CreateAs { fields, .. } => (None, fields),
            Change::Update { id, fields, .. } => (Some(*id), fields),
            _ => return Ok(()),
        };
        if run.plan.own_columns().is_none() || !fields.contains_key(lines::ROWS) {
            return Ok(());
        }
        products.fill_in(ctx, &run.def.key, known, fields).await
    }

    /// Writes changes; returns those to try again without cells of theirs.
    async fn attempt(
        &self,
        ctx: &Ctx,
        run: &mut Run,
        pending: Vec<(Ready, Change)>,
        outcome: &mut Outcome,
        last: bool,
    ) -> Result<Vec<(Ready, Change)>, Stop> {
        let options = WriteOptions { batch: run.import.batch, dry_run: run.dry.clone(), ..WriteOptions::default() };
        let changes = pending.iter().map(|(_, change)| change.clone()).collect();
        let written = self.records.write(ctx, &run.def.key, changes, &options).await?;
        let strict = last || run.import.settings.options.strict;
        let mut again = Vec::new();
        for ((mut ready, mut change), result) in pending.into_iter().zip(written) {
            match result {
                Ok(_) => {
                    if run.dry.is_some() {
                        run.seen.extend(ready.keys.iter().map(|key| run.hasher.hash_one((key, ready.name.spelled()))));
                    }
                    outcome.accept(ready.row, ready.notes);
                }
                Err(error) if is_fault(&error) => return Err(error.into()),
                Err(error) if !strict && leave_out(&error, &run.def, &mut change) => {
                    let number = ready.row.number;
                    let left = problems_of(&error, ctx).into_iter();
                    ready.notes.extend(left.map(|problem| (number, RowProblem { left_out: true, ..problem })));
                    again.push((ready, change));
                }
                Err(error) => refuse(run, ready, &error, ctx, outcome),
            }
        }
        Ok(again)
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

/// Whether trying again may help.
const fn is_fault(error: &Error) -> bool {
    matches!(error, Error::Database(_) | Error::Raced(_) | Error::Internal(_) | Error::Unavailable(_))
}

/// Refuses a record with what was left out of it; what is wrong in a product row is told of its row of the file.
fn refuse(run: &Run, ready: Ready, error: &Error, ctx: &Ctx, outcome: &mut Outcome) {
    let hard = |(number, note): Noted| (number, RowProblem { left_out: false, ..note });
    let mut problems: Vec<Noted> = ready.notes.into_iter().map(hard).collect();
    let placed = |problem: RowProblem| match problem.field.as_deref().and_then(|f| run.plan.place(&ready.row, f)) {
        Some((number, part)) => (number, RowProblem { field: Some(part), ..problem }),
        None => (ready.row.number, problem),
    };
    problems.extend(problems_of(error, ctx).into_iter().map(placed));
    outcome.refuse(ready.row, problems, ctx.locale);
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

/// What may be wrong with a value as such. Whatever has to do with others (rules, constraints, guards) is no fault of a cell.
const OF_VALUES: [&str; 15] = [
    "address",
    "characters",
    "choice",
    "date",
    "datetime",
    "decimals",
    "email",
    "id",
    "missing",
    "multi_value",
    "phone",
    "precision",
    "range",
    "too_long",
    "too_many",
];

/// Takes the values that a change was refused for out of it, where the record may be without them.
fn leave_out(error: &Error, def: &EntityDef, change: &mut Change) -> bool {
    let Error::Invalid { code: crate::INVALID, fields: wrong } = error else { return false };
    let (Change::CreateAs { fields, .. } | Change::Update { fields, .. }) = change else { return false };
    let mendable = |(key, error): (&String, &FieldError)| {
        // Of a list one item is at fault: it is not lost with the others.
        let whole = |field: &FieldDef| field.kind.is_multi() || field.kind == FieldType::Json;
        let may = def.field(key).is_some_and(|field| may_lack(field) && !whole(field));
        may && fields.contains_key(key) && OF_VALUES.contains(&error.code.as_str())
    };
    if wrong.is_empty() || !wrong.iter().all(mendable) || wrong.len() >= fields.len() {
        return false;
    }
    fields.retain(|key, _| !wrong.contains_key(key));
    true
}

/// A refusal in the words of the person who imports.
fn problems_of(error: &Error, ctx: &Ctx) -> Vec<RowProblem> {
    let fields = error.fields_in(ctx.locale);
    let general = error.message().in_locale(ctx.locale);
    let said = fields.values().any(|(_, message)| *message == general);
    let mut problems: Vec<RowProblem> = Vec::new();
    if fields.is_empty() || (matches!(error, Error::Refused(_)) && !said) {
        problems.push(RowProblem {
            field: None,
            code: error.code().to_owned(),
            message: general,
            value: None,
            left_out: false,
        });
    }
    problems.extend(fields.into_iter().map(|(field, (code, message))| RowProblem {
        field: Some(field),
        code,
        message,
        value: None,
        left_out: false,
    }));
    problems
}
