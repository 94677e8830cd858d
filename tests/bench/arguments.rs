//! The command line and the environment that `cargo xtask bench` sets.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Outcome;

pub const HELP: &str = "\
cargo xtask bench [--leads N] [--seconds S] [--rounds R] [--only PART,...] [--out FILE]

  --leads N    leads in the company (default 100000); below 10000 modules and companies are a tenth of what they are
  --seconds S  of each measured stretch (default 1.5)
  --rounds R   stretches of each kind, taken in turn (default 5)
  --only ...   parts to run: hook, sqlite, postgres, processes, modules, figures, volume, surfaces, tenants, load
  --out FILE   default tests/bench/RESULTS.md";

/// How to measure.
pub struct Arguments {
    /// Leads in the company.
    pub leads: usize,
    /// Length of a stretch.
    pub stretch: Duration,
    /// Stretches of each side.
    pub rounds: usize,
    /// Where the tables go.
    pub out: PathBuf,
    /// The built product.
    pub verstak: PathBuf,
    /// Where guests are built.
    pub components: PathBuf,
    /// Built packages.
    pub packages: PathBuf,
    /// The repository.
    pub root: PathBuf,
    only: Option<Vec<String>>,
    postgres: Option<String>,
}

/// A database to measure on.
pub struct Place {
    /// `sqlite` or `postgres`.
    pub name: &'static str,
    /// PostgreSQL's address; none for SQLite.
    pub server: Option<String>,
}

impl Arguments {
    /// Reads them; `None` when help is asked for.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Outcome<Option<Self>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the repository is not found")?.to_owned();
        let built = std::env::current_exe()?.parent().ok_or("the target folder is not found")?.to_owned();
        let target = built.parent().unwrap_or(&built).to_owned();
        let place = |name: &str, default: PathBuf| std::env::var_os(name).map_or(default, PathBuf::from);
        let mut arguments = Self {
            leads: 100_000,
            stretch: Duration::from_millis(1_500),
            rounds: 5,
            out: root.join("tests/bench/RESULTS.md"),
            verstak: place("VERSTAK_BIN", built.join("verstak")),
            components: place("VERSTAK_COMPONENTS", target.join("plugins")),
            packages: place("VERSTAK_PACKAGES", target.join("packages")),
            only: None,
            postgres: std::env::var("VERSTAK_TEST_POSTGRES_URL").ok(),
            root,
        };
        while let Some(word) = words.next() {
            if word == "--help" || word == "-h" {
                return Ok(None);
            }
            let value = words.next().ok_or_else(|| format!("`{word}` needs a value"))?;
            match word.as_str() {
                "--leads" => arguments.leads = value.parse()?,
                "--seconds" => arguments.stretch = Duration::try_from_secs_f64(value.parse()?)?,
                "--rounds" => arguments.rounds = value.parse()?,
                "--only" => arguments.only = Some(value.split(',').map(str::to_owned).collect()),
                "--out" => arguments.out = value.into(),
                other => return Err(format!("`{other}` is not understood\n\n{HELP}").into()),
            }
        }
        Ok(Some(arguments))
    }

    /// Whether a part is to run.
    pub fn wants(&self, part: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|name| name == part))
    }

    /// The databases there are.
    pub fn places(&self) -> Vec<Place> {
        let mut places = vec![Place { name: "sqlite", server: None }];
        places.extend(self.postgres.clone().map(|url| Place { name: "postgres", server: Some(url) }));
        places
    }

    /// A folder on the disk of the target folder (never in memory), gone with the guard.
    pub fn scratch(&self) -> Outcome<tempfile::TempDir> {
        let beside = self.components.parent().unwrap_or(&self.root);
        Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(beside)?)
    }
}
