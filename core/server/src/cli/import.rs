//! `verstak import`: a CSV or XLSX file into records, with the rights of a person of the company.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use kernel::Ctx;
use kernel::jobs::{Slots, Worker};
use records::import::{Duplicates, Header, Import as Imported, Mapped, Options, Source, State};
use tokio_util::sync::CancellationToken;

use super::{Failure, Outcome, Place, company, plain, say};
use crate::state::AppState;

/// How often progress is told.
const LOOK: Duration = Duration::from_millis(500);
/// Refused rows that are printed.
const PRINTED: usize = 20;

/// Import a CSV or XLSX file.
#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    place: Place,
    /// What the rows become: lead, deal, contact, company, product, price, invoice, task or any other entity, also of the
    /// company's own and of modules.
    entity: String,
    /// The file.
    file: PathBuf,
    /// COLUMN=FIELD by the column's name or number (from 1); an empty FIELD leaves the column out. Columns not named go
    /// where their names suggest.
    #[arg(long, value_name = "COLUMN=FIELD")]
    map: Vec<String>,
    /// What to do with clients that are known by phone, e-mail or origin.
    #[arg(long, value_enum, default_value = "skip")]
    duplicates: Known,
    /// Refuse a row for one bad cell; otherwise a cell that is not understood is left out where its field may be empty.
    #[arg(long)]
    strict: bool,
    /// Number of the row that names the columns, or of several below each other: 3 or 2-3.
    #[arg(long, value_name = "ROW")]
    header: Option<String>,
    /// Only tell what would be refused.
    #[arg(long)]
    dry_run: bool,
    /// Write the refused rows to this CSV file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// On whose behalf; an administrator by default.
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Slug of the company.
    #[arg(long)]
    tenant: Option<String>,
}

/// What to do with known clients.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Known {
    Create,
    Skip,
    Update,
}

impl Import {
    pub(super) async fn run(self) -> Outcome {
        let state = self.place.open().await?;
        let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
        let ctx = company::person(&state, &tenant, self.user.as_deref()).await?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let copy = state.imports.temporary(&ctx).await?;
        tokio::fs::copy(&self.file, &copy)
            .await
            .map_err(|e| Failure(format!("cannot read {}: {e}", self.file.display())))?;
        let mut import = state.imports.upload(&ctx, &self.entity, &name, Source::File(copy)).await?;
        if let Some(rows) = &self.header {
            import = state.imports.set_header(&ctx, import.id, header(rows)?).await?;
        }
        let mapping = mapping(&import, &self.map)?;
        tell_mapping(&import, &mapping);
        let duplicates = match self.duplicates {
            Known::Create => Duplicates::Create,
            Known::Skip => Duplicates::Skip,
            Known::Update => Duplicates::Update,
        };
        let options = Some(Options { duplicates, run_rules: false, strict: self.strict });
        if self.dry_run {
            state.imports.check(&ctx, import.id, Some(mapping), options).await?;
        } else {
            state.imports.start(&ctx, import.id, Some(mapping), options).await?;
        }
        let ended = work(&state, &ctx, &import).await?;
        if let Some(path) = &self.report {
            let report = state.imports.report(&ctx, import.id, false).await?.all().await?;
            tokio::fs::write(path, report)
                .await
                .map_err(|e| Failure(format!("cannot write {}: {e}", path.display())))?;
        }
        tell_end(&ended)
    }
}

/// `3`, or `2-3`.
fn header(rows: &str) -> Result<Header, Failure> {
    let (first, last) = rows.split_once('-').unwrap_or((rows, rows));
    let number = |text: &str| text.trim().parse::<u64>();
    match (number(first), number(last)) {
        (Ok(first), Ok(last)) => Ok(Header { first, last }),
        _ => Err(Failure(format!("--header {rows}: expected the number of a row, or FIRST-LAST"))),
    }
}

/// The suggested mapping with the wishes of the command line.
fn mapping(import: &Imported, wishes: &[String]) -> Result<Vec<Mapped>, Failure> {
    let mut mapping = import.mapping.clone();
    for wish in wishes {
        let (column, field) =
            wish.rsplit_once('=').ok_or_else(|| Failure(format!("--map {wish}: expected COLUMN=FIELD")))?;
        let by_name =
            import.columns.iter().find(|known| known.name.eq_ignore_ascii_case(column)).map(|known| known.index);
        let by_number = || column.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let index = by_name.or_else(by_number).filter(|index| *index < import.columns.len());
        let index = index.ok_or_else(|| Failure(format!("the file has no column `{column}`")))?;
        let field = Some(field.to_owned()).filter(|field| !field.is_empty());
        mapping.retain(|entry| entry.column != index);
        mapping.push(Mapped { column: index, field, values: Vec::new() });
    }
    Ok(mapping)
}

fn tell_mapping(import: &Imported, mapping: &[Mapped]) {
    say(&format!("{}: {} rows", plain(&import.file_name), import.total));
    for column in &import.columns {
        let field = mapping.iter().find(|entry| entry.column == column.index).and_then(|entry| entry.field.as_deref());
        say(&format!("  {} -> {}", plain(&column.name), field.map_or_else(|| "(left out)".to_owned(), plain)));
    }
}

/// Works until the import has ended; a running server may do the work instead of us.
async fn work(state: &AppState, ctx: &Ctx, import: &Imported) -> Result<Imported, Failure> {
    let _held = crate::alone::working(&state.config)?;
    let stop = CancellationToken::new();
    let worker = Worker::new(&state.db, &state.env, state.imports.handlers());
    let working = tokio::spawn({
        let stop = stop.clone();
        async move { worker.serve(stop, Slots::each(1)).await }
    });
    let mut told = 0;
    let ended = loop {
        tokio::time::sleep(LOOK).await;
        let now = state.imports.get(ctx, import.id).await?;
        if !matches!(now.state, State::Running | State::Checking) {
            break now;
        }
        if now.processed >= told + 5_000 {
            told = now.processed;
            say(&format!("  {told} of {}", now.total));
        }
    };
    stop.cancel();
    drop(working.await);
    // Hooks ran in this process.
    state.plugins.flush().await?;
    Ok(ended)
}

fn tell_end(import: &Imported) -> Outcome {
    for error in import.errors.iter().filter(|error| !error.problem.left_out).take(PRINTED) {
        let field = error.problem.field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default();
        say(&format!("  row {}: {}{}", error.row, plain(&field), plain(&error.problem.message)));
    }
    say(&format!("accepted {}, refused {}, known already {}", import.accepted, import.refused, import.skipped));
    if import.partial > 0 {
        say(&format!("of the accepted rows, {} without some of their cells:", import.partial));
        for reason in import.reasons.iter().filter(|reason| reason.left_out).take(PRINTED) {
            let field = reason.field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default();
            say(&format!("  {} rows: {}{}", reason.rows, plain(&field), plain(&reason.message)));
        }
    }
    if let Some(batch) = import.batch {
        say(&format!("batch {batch} (POST /api/v1/batches/{batch}/undo takes it back)"));
    }
    match &import.problem {
        Some(problem) => Err(Failure(problem.clone())),
        None => Ok(()),
    }
}
