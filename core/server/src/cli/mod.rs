//! The command line: one file per command group. Commands call the same services as the API.

mod backup;
mod company;
mod configuration;
mod doctor;
mod export;
mod import;
mod openapi;
mod plugin;
mod secrets;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use documents::typeset_alone;
use kernel::child::ChildLimits;
use kernel::clock::Env;
use kernel::{Error, Locale};
use plugin_host::engine::compile_alone;

use crate::config::{Config, Overrides};
use crate::state::{AppState, COMPILE, TYPESET};

/// Self-hosted CRM and business-process platform.
#[derive(Debug, Parser)]
#[command(name = "verstak", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server and its workers.
    Serve(serve::Serve),
    /// Make the first (or another) company with its administrator.
    Init(company::Init),
    /// API tokens.
    #[command(subcommand)]
    Token(company::TokenCommand),
    /// Companies of this installation.
    #[command(subcommand)]
    Tenant(company::TenantCommand),
    /// Accounts.
    #[command(subcommand)]
    User(company::UserCommand),
    /// Save database and files into a new folder; the server may run meanwhile.
    Backup(backup::BackupCommand),
    /// Put a backup back; no server may run on it.
    Restore(backup::RestoreCommand),
    /// Say how the system and what is joined to it are.
    Doctor(doctor::Doctor),
    /// Keys of the secrets that are kept here.
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
    /// Bring the database schema up to date.
    Migrate(Place),
    /// Import a CSV or XLSX file into records.
    Import(import::Import),
    /// Export a list of records to a CSV or XLSX file.
    Export(export::Export),
    /// What administrators made of a company, as a file for another one.
    #[command(subcommand)]
    Configuration(configuration::ConfigurationCommand),
    /// Print the OpenAPI document.
    Openapi,
    /// Make, build, check, pack, test, install and manage plugins.
    #[command(subcommand)]
    Plugin(plugin::PluginCommand),
    /// Compile the component on standard input, within limits: the server starts this by itself.
    #[command(name = COMPILE, hide = true)]
    CompileComponent {
        /// Where to write the code.
        out: PathBuf,
        /// Bytes of memory.
        memory: u64,
        /// Seconds of processor time.
        seconds: u64,
        /// The limits are there already.
        #[arg(long)]
        limited: bool,
    },
    /// Set the paper on standard input, within limits: the server starts this by itself.
    #[command(name = TYPESET, hide = true)]
    TypesetPaper {
        /// Bytes of memory.
        memory: u64,
        /// Seconds of processor time.
        seconds: u64,
        /// The limits are there already.
        #[arg(long)]
        limited: bool,
    },
}

/// Where the data is.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// Folder of the SQLite file, files and caches; made if absent.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// `postgres://...` instead of the SQLite file.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
}

impl Place {
    fn settings(&self, listen: Option<String>) -> Result<Config, Failure> {
        let overrides = Overrides { data: self.data.clone(), database_url: self.database_url.clone(), listen };
        let mut config = Config::load(self.config.as_deref(), &overrides).map_err(Failure)?;
        config.plugins.compiler = own_binary();
        config.plugins.beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned()));
        config.documents.typesetter = own_binary();
        Ok(config)
    }

    async fn open(&self) -> Result<AppState, Failure> {
        crate::private::mask();
        Ok(AppState::open(self.settings(None)?, Env::system()).await?)
    }
}

/// This very binary, also when its file has been replaced since it was started.
fn own_binary() -> Option<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Some(running) } else { std::env::current_exe().ok() }
}

/// Why a command did not do its work, fit to be printed.
#[derive(Debug)]
pub struct Failure(pub String);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut text = match &error {
            Error::Database(_) | Error::Raced(_) | Error::Internal(_) | Error::Unavailable(_) | Error::NotFound(_) => {
                error.to_string()
            }
            other => other.message().in_locale(Locale::En),
        };
        for (field, (_, message)) in error.fields_in(Locale::En) {
            text.push_str(&format!("\n  {field}: {message}"));
        }
        Self(text)
    }
}

impl From<sea_orm::DbErr> for Failure {
    fn from(error: sea_orm::DbErr) -> Self {
        Self(format!("the database: {error}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Bytes of the stack of each thread: a change of a record goes through many layers, and debug builds keep each one's whole.
const STACK: usize = 8 * 1024 * 1024;

/// Result of a command.
pub type Outcome = Result<(), Failure>;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Before any thread is started: they would count.
    let alone = match &cli.command {
        Command::CompileComponent { out, memory, seconds, limited } => {
            Some(compile_alone(out, ChildLimits { memory: *memory, seconds: *seconds }, *limited))
        }
        Command::TypesetPaper { memory, seconds, limited } => {
            Some(typeset_alone(ChildLimits { memory: *memory, seconds: *seconds }, *limited))
        }
        _ => None,
    };
    if let Some(done) = alone {
        return match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => failed(&Failure(problem)),
        };
    }
    kernel::net::choose_encryption();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&Failure(error.to_string())),
    };
    match runtime.block_on(run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure),
    }
}

#[expect(clippy::print_stderr, reason = "the command line speaks to people here")]
fn failed(failure: &Failure) -> ExitCode {
    eprintln!("verstak: {}", escaped(&failure.0, &['\n', '\t']));
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "answers of commands go to standard output")]
pub(crate) fn say(text: &str) {
    println!("{}", escaped(text, &['\n', '\t']));
}

/// A text from somebody else inside a line: what could move the cursor, break the line or turn its direction is escaped.
pub(crate) fn plain(text: &str) -> String {
    escaped(text, &[])
}

fn escaped(text: &str, kept: &[char]) -> String {
    let forges = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match forges(letter) && !kept.contains(&letter) {
            true => plain.extend(letter.escape_default()),
            false => plain.push(letter),
        }
    }
    plain
}

async fn run(command: Command) -> Outcome {
    match command {
        Command::Serve(serve) => serve.run().await,
        Command::Init(init) => init.run().await,
        Command::Token(command) => command.run().await,
        Command::Tenant(command) => command.run().await,
        Command::User(command) => command.run().await,
        Command::Backup(command) => command.run().await,
        Command::Restore(command) => command.run().await,
        Command::Import(import) => import.run().await,
        Command::Export(export) => export.run().await,
        Command::Doctor(doctor) => doctor.run().await,
        Command::Configuration(command) => command.run().await,
        Command::Secrets(command) => command.run().await,
        Command::Migrate(place) => {
            place.open().await?;
            say("The database schema is up to date.");
            Ok(())
        }
        Command::Openapi => openapi::run(),
        Command::Plugin(command) => command.run().await,
        Command::CompileComponent { .. } | Command::TypesetPaper { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_forge_no_lines() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected);
        check("Леди & Co — 5\u{a0}%", "Леди & Co — 5\u{a0}%");
        check("a\nverstak: done\t\r", "a\\nverstak: done\\t\\r");
        check("\u{1b}[2J\u{9b}1m\u{7f}", "\\u{1b}[2J\\u{9b}1m\\u{7f}");
        check("\u{202e}txt.exe\u{2028}", "\\u{202e}txt.exe\\u{2028}");
    }
}
