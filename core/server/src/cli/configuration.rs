//! `verstak configuration`: what administrators made of a company, into a file and out of one.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use kernel::Error;
use kernel::moving::Area;
use serde_json::Value as Json;

use super::{Failure, Outcome, Place, company, plain, say};
use crate::configuration::{self, Plan};

/// Objects and troubles of a plan that are printed.
const PRINTED: usize = 100;

/// Commands about the configuration of a company.
#[derive(Debug, Subcommand)]
pub enum ConfigurationCommand {
    /// Write it into a file.
    Export(Export),
    /// Take a file in, as a whole or not at all.
    Import(Import),
}

/// Write the configuration into a file.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    place: Place,
    /// The file to write (zip).
    file: PathBuf,
    /// Areas with commas between them; all of them by default.
    #[arg(long, value_delimiter = ',', value_name = "AREA")]
    areas: Vec<String>,
    /// Slug of the company.
    #[arg(long)]
    tenant: Option<String>,
}

/// Take a file of configuration in.
#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    place: Place,
    /// The file.
    file: PathBuf,
    /// Only tell what would be done.
    #[arg(long)]
    dry_run: bool,
    /// On whose behalf; an administrator by default.
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Slug of the company.
    #[arg(long)]
    tenant: Option<String>,
}

impl ConfigurationCommand {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::Export(export) => export.run().await,
            Self::Import(import) => import.run().await,
        }
    }
}

impl Export {
    async fn run(self) -> Outcome {
        let unknown = |name: &String| {
            let known: Vec<&str> = Area::ALL.into_iter().map(Area::name).collect();
            Failure(format!("there is no area `{}`; use {}", plain(name), known.join(", ")))
        };
        let mut areas = Vec::new();
        for name in &self.areas {
            areas.push(Area::named(name.trim()).ok_or_else(|| unknown(name))?);
        }
        if areas.is_empty() {
            areas = Area::ALL.to_vec();
        }
        let state = self.place.open().await?;
        let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
        let ctx = company::person(&state, &tenant, None).await?;
        let bytes = configuration::export(&state, &ctx, &areas).await?;
        let written = tokio::fs::write(&self.file, bytes).await;
        written.map_err(|error| Failure(format!("cannot write {}: {error}", self.file.display())))?;
        for (area, found) in configuration::areas(&state, &ctx).await? {
            if areas.contains(&area) {
                say(&format!("{}: {}", area.name(), found.objects.len()));
                for (key, why) in &found.left_out {
                    say(&format!("  left out: {}: {}", plain(key), why.in_locale(kernel::Locale::En)));
                }
            }
        }
        Ok(())
    }
}

impl Import {
    async fn run(self) -> Outcome {
        let bytes = read(&self.file).await?;
        let state = self.place.open().await?;
        let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
        let ctx = company::person(&state, &tenant, self.user.as_deref()).await?;
        match configuration::import(&state, &ctx, &bytes, self.dry_run).await {
            Ok(plan) => {
                tell(&plan);
                Ok(())
            }
            Err(Error::Conflict { code: "config.import", current: Some(plan) }) => {
                tell_troubles(&plan);
                Err(Failure("nothing was changed: see above what stands in the way".into()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| Failure(format!("cannot read {}: {error}", path.display()));
    let size = tokio::fs::metadata(path).await.map_err(unreadable)?.len();
    let most = u64::try_from(configuration::file::MAX_PACKED).unwrap_or(u64::MAX);
    if size > most {
        return Err(Failure(format!("{} is too large for a file of configuration", path.display())));
    }
    tokio::fs::read(path).await.map_err(unreadable)
}

fn tell(plan: &Plan) {
    for (what, entries) in [("create", &plan.create), ("change", &plan.change)] {
        for entry in entries.iter().take(PRINTED) {
            say(&format!("  {what} {} {}", entry.area.name(), plain(&entry.key)));
        }
    }
    for told in plan.missing.iter().chain(&plan.conflicts).take(PRINTED) {
        say(&format!("  {} {}: {}", told.area.name(), plain(&told.key), plain(&told.message)));
    }
    let done = if plan.applied { "done" } else { "nothing was changed" };
    let counts = (plan.create.len(), plan.change.len(), plan.same.len());
    say(&format!("create {}, change {}, the same {}: {done}", counts.0, counts.1, counts.2));
    if let Some(id) = plan.change_id {
        say(&format!("import {id} (the list of changes of the configuration takes it back)"));
    }
}

fn tell_troubles(plan: &Json) {
    let lists = ["missing", "conflicts"].into_iter().filter_map(|list| plan.get(list)?.as_array());
    for told in lists.flatten().take(PRINTED) {
        let part = |name: &str| plain(told.get(name).and_then(Json::as_str).unwrap_or_default());
        say(&format!("  {} {}: {}", part("area"), part("key"), part("message")));
    }
}
