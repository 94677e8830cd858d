//! `verstak export`: a list as a CSV or XLSX file, with the rights of a person of the company.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use kernel::filter::Filter;
use kernel::jobs::long::{LongJob, State};
use kernel::{Ctx, Error, Locale};
use records::export::{Format, ListExport};
use records::read::{Query, Sort};
use tokio::io::AsyncWriteExt;

use super::{Failure, Outcome, Place, company, plain, say};
use crate::state::AppState;

/// How often it is looked whether somebody else has made the file.
const LOOK: Duration = Duration::from_millis(500);

/// Export a list to a CSV or XLSX file.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    place: Place,
    /// Of what: lead, deal, contact, company or any other entity.
    entity: String,
    /// The file to write: .csv or .xlsx.
    file: PathBuf,
    /// Which records, in the query language of the API (JSON).
    #[arg(long, value_name = "JSON")]
    filter: Option<String>,
    /// Columns by their keys, with commas; those of the first list when left out.
    #[arg(long, value_name = "KEY,...", value_delimiter = ',')]
    fields: Vec<String>,
    /// Order by keys, with commas; `-KEY` is descending.
    #[arg(long, value_name = "KEY,...", value_delimiter = ',', allow_hyphen_values = true)]
    sort: Vec<String>,
    /// On whose behalf; an administrator by default.
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Slug of the company.
    #[arg(long)]
    tenant: Option<String>,
}

impl Export {
    pub(super) async fn run(self) -> Outcome {
        let format = self.format()?;
        let query = self.query()?;
        let state = self.place.open().await?;
        let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
        let ctx = company::person(&state, &tenant, self.user.as_deref()).await?;
        let asked = ListExport { query, format, name: None };
        let job = state.records.begin_list_export(&ctx, &self.entity, asked).await?;
        let job = ended(&state, &ctx, job).await?;
        if job.state != State::Done {
            let why = job.problem.map(|problem| problem.message.in_locale(Locale::En));
            return Err(Failure(why.unwrap_or_else(|| "the export was stopped".into())));
        }
        self.write(&state, &ctx, &job).await?;
        say(&format!("{}: {} rows", plain(&self.file.display().to_string()), job.done));
        Ok(())
    }

    fn format(&self) -> Result<Format, Failure> {
        let end = self.file.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        match end.as_str() {
            "csv" => Ok(Format::Csv),
            "xlsx" => Ok(Format::Xlsx),
            _ => Err(Failure(format!("{}: expected a name that ends in .csv or .xlsx", self.file.display()))),
        }
    }

    fn query(&self) -> Result<Query, Failure> {
        let wrong = |why: String| Failure(format!("--filter: {why}"));
        let json = self.filter.as_deref().map(serde_json::from_str::<serde_json::Value>).transpose();
        let json = json.map_err(|error| wrong(error.to_string()))?;
        let filter = json.as_ref().map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Error::field("request.invalid", "filter", error))?;
        let sort = |key: &String| match key.strip_prefix('-') {
            Some(field) => Sort { field: field.to_owned(), descending: true },
            None => Sort { field: key.clone(), descending: false },
        };
        let fields = Some(self.fields.clone()).filter(|fields| !fields.is_empty());
        Ok(Query { filter, fields, sort: self.sort.iter().map(sort).collect(), ..Query::default() })
    }

    async fn write(&self, state: &AppState, ctx: &Ctx, job: &LongJob) -> Result<(), Failure> {
        let mut outgoing = state.records.list_export(ctx, job.id).await?;
        let failed = |error: std::io::Error| Failure(format!("cannot write {}: {error}", self.file.display()));
        let mut file = tokio::fs::File::create(&self.file).await.map_err(failed)?;
        while let Some(piece) = state.records.next_piece(&mut outgoing).await? {
            file.write_all(&piece).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)
    }
}

/// Makes the file here; a running server may have begun to, then its end is waited for.
async fn ended(state: &AppState, ctx: &Ctx, job: LongJob) -> Result<LongJob, Failure> {
    let _held = crate::alone::working(&state.config)?;
    let mut job = state.long_jobs.run_now(job).await;
    while job.state == State::Running {
        tokio::time::sleep(LOOK).await;
        job = state.long_jobs.get(ctx, job.id).await?;
    }
    Ok(job)
}
