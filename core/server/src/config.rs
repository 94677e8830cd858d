//! Configuration: the embedded defaults, then a file, then `VERSTAK__SECTION__KEY`, then the command line. Unknown
//! keys are errors. `config/default.toml` documents every key.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use kernel::child::{ChildCommand, ChildLimits};
use kernel::db::DbOptions;
use kernel::files::{S3, StoreOptions};
use kernel::jobs::Slots;
use kernel::seal::SealOptions;
use messaging::{DkimOptions, MailOptions, MailTls, MessageLimits};
use records::files::FileLimits;
use serde::{Deserialize, Serialize};

const DEFAULTS: &str = include_str!("../../../config/default.toml");

/// All settings.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Files.
    pub data: Data,
    /// Database.
    pub database: Database,
    /// HTTP server.
    pub http: Http,
    /// Background jobs.
    pub jobs: Jobs,
    /// Letters out.
    pub mail: Letters,
    /// Messages of plugins.
    pub messages: PluginMessages,
    /// Requests of processes and webhooks to other servers.
    pub webhooks: Webhooks,
    /// Files of records.
    pub files: Files,
    /// Papers of records.
    pub documents: Papers,
    /// Plugins.
    pub plugins: Plugins,
    /// Keys of secrets.
    pub secrets: Secrets,
    /// Logging.
    pub log: Log,
}

/// Files.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Folder of everything the server keeps.
    pub dir: PathBuf,
    /// Bytes that must be free there for the server to be ready.
    pub min_free: u64,
}

/// Database.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Empty = SQLite in the data folder.
    pub url: String,
    /// Connections.
    pub connections: u32,
    /// SQLite: `synchronous=FULL`.
    pub full_sync: bool,
}

/// HTTP server.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address to listen on.
    pub listen: String,
    /// Address people open.
    pub public_url: String,
    /// Header in which a trusted proxy in front tells the caller's address; empty = no proxy.
    pub client_address_header: String,
    /// Proxies in front that add to it.
    pub trusted_proxies: usize,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once of one address, when no proxy is in front.
    pub connections_per_address: usize,
    /// Seconds for the head of a request.
    pub header_seconds: u64,
    /// Seconds for a body, or for the next piece of an upload.
    pub body_seconds: u64,
    /// Open live streams of one person.
    pub streams_per_person: usize,
    /// Bytes of a JSON body.
    pub body_limit: usize,
    /// Bytes of an uploaded file.
    pub upload_limit: usize,
    /// Seconds of a request.
    pub timeout_seconds: u64,
    /// Requests per second of one person or address; 0 = no limit.
    pub rate_per_second: u32,
    /// Requests at once of one person or address.
    pub rate_burst: u32,
    /// Sign-ins per minute of one address and e-mail; 0 = no limit.
    pub sign_in_per_minute: u32,
    /// Requests in work.
    pub concurrency: usize,
    /// Answers to requests with an `Idempotency-Key` that are kept for one person; each for a day.
    pub kept_answers: i64,
    /// Bytes of them.
    pub kept_bytes: i64,
}

/// Background jobs.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// At the same time.
    pub concurrency: usize,
    /// Besides those: jobs that wait for other servers and plugins.
    pub waiting: usize,
    /// Besides those: imports, mass edits and other work of minutes.
    pub long: usize,
    /// Besides those: jobs of plugins.
    pub modules: usize,
}

impl Jobs {
    /// Slots by lane.
    pub const fn slots(&self) -> Slots {
        Slots { short: self.concurrency, waiting: self.waiting, long: self.long, modules: self.modules }
    }
}

/// Letters out.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Letters {
    /// Mail server; empty = letters wait.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `none`, `starttls` or `tls`.
    pub tls: MailTls,
    /// Who we are to it; empty = nobody.
    pub username: String,
    /// The password.
    pub password: String,
    /// Sender of letters.
    pub from: String,
    /// Seconds to wait for the server.
    pub timeout_seconds: u64,
    /// Letters a second; 0 = as they come.
    pub per_second: u32,
    /// The domain that signs letters; empty = none does.
    pub dkim_domain: String,
    /// Where its key stands in the DNS.
    pub dkim_selector: String,
    /// File of the private key.
    pub dkim_key_file: PathBuf,
}

/// Messages of plugins.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PluginMessages {
    /// Of one plugin of one company; 0 = no limit.
    pub plugin_per_hour: u32,
    /// Days that messages are kept after they were sent or failed, with their letters; 0 = for good.
    pub keep_days: u32,
}

impl PluginMessages {
    /// What plugins may send.
    pub const fn limits(&self) -> MessageLimits {
        MessageLimits { per_hour: self.plugin_per_hour, keep_days: self.keep_days }
    }
}

impl Letters {
    /// How to reach the mail server; none when there is none.
    ///
    /// # Errors
    /// `Unavailable` naming the setting that is wrong.
    pub fn options(&self) -> kernel::Result<Option<MailOptions>> {
        if self.host.is_empty() {
            return Ok(None);
        }
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let options = MailOptions {
            host: self.host.clone(),
            port: self.port,
            tls: self.tls,
            username: given(&self.username),
            password: given(&self.password),
            from: self.from.clone(),
            hello: None,
            timeout_seconds: self.timeout_seconds,
            per_second: self.per_second,
            dkim: self.dkim()?,
        };
        options.check().map_err(|reason| kernel::Error::Unavailable(format!("configuration: mail: {reason}")))?;
        Ok(Some(options))
    }

    fn dkim(&self) -> kernel::Result<Option<DkimOptions>> {
        if self.dkim_domain.is_empty() {
            return Ok(None);
        }
        let file = self.dkim_key_file.display();
        let wrong =
            |why: String| kernel::Error::Unavailable(format!("configuration: mail.dkim_key_file {file}: {why}"));
        let key = std::fs::read_to_string(&self.dkim_key_file).map_err(|error| wrong(error.to_string()))?;
        DkimOptions::new(&self.dkim_domain, &self.dkim_selector, &key).map(Some).map_err(wrong)
    }
}

/// Requests to other servers: of processes, of webhooks, and to providers of identity.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Whether this machine and private networks are in reach.
    pub allow_private: bool,
}

/// Files of records.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Bytes of one file.
    pub max_bytes: u64,
    /// Bytes of all files of a company; 0 = no limit.
    pub company_bytes: u64,
    /// Files of one record.
    pub per_record: u64,
    /// Days a removed file can be restored.
    pub bin_days: u32,
    /// Seconds of one upload.
    pub upload_seconds: u64,
    /// Bucket of an S3-compatible service; empty = a folder below the data folder.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// Its address; empty = Amazon's.
    pub endpoint: String,
    /// The key's id.
    pub access_key: String,
    /// The key's secret.
    pub secret_key: String,
    /// Whether the service may be spoken to without encryption.
    pub allow_http: bool,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files")
            .field("max_bytes", &self.max_bytes)
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// Keys with which secrets of others are sealed in the database.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The keys; empty = in a file of the data folder.
    pub keys: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// Papers of records.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Papers {
    /// Bytes of memory that setting one may take.
    pub memory: u64,
    /// Seconds of processor time that it may take.
    pub seconds: u64,
    /// This binary, which sets papers in a process of their own; none in programs that are not it.
    #[serde(skip)]
    pub typesetter: Option<PathBuf>,
}

impl Papers {
    /// What sets papers; none: this process itself.
    pub fn child(&self) -> Option<ChildCommand> {
        let limits = ChildLimits { memory: self.memory, seconds: self.seconds };
        let program = self.typesetter.clone()?;
        Some(ChildCommand { program, command: crate::state::TYPESET.to_owned(), limits })
    }
}

/// Plugins.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Plugins {
    /// Whether administrators of companies may upload packages.
    pub tenant_upload: bool,
    /// Whether packages without a signature may be installed.
    pub allow_unsigned: bool,
    /// Folder of packages that are installed when a server starts; empty: `packages` beside the program.
    pub packages: PathBuf,
    /// Bytes of memory that the compilation of one component may take.
    pub compile_memory: u64,
    /// Seconds of processor time that it may take.
    pub compile_seconds: u64,
    /// Calls at the same time, at least 1: others wait for their turn.
    pub calls: u32,
    /// How many times longer than its budget a call may last from start to end; at least 1.
    pub patience: u32,
    /// This binary, which compiles components in a process of their own; none in programs that are not it.
    #[serde(skip)]
    pub compiler: Option<PathBuf>,
    /// The folder that this binary lies in; none in programs that are not it.
    #[serde(skip)]
    pub beside: Option<PathBuf>,
}

/// Logging.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Filter.
    pub level: String,
    /// `text` or `json`.
    pub format: String,
}

/// What the command line sets.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--database-url`
    pub database_url: Option<String>,
    /// `--listen`
    pub listen: Option<String>,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// A sentence that names the key and where it stands.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self, String> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(format!("there is no configuration file {}", file.display()));
            }
            figment = figment.merge(Toml::file(file));
        }
        figment = figment.merge(Env::prefixed("VERSTAK__").split("__"));
        if let Some(dir) = &overrides.data {
            figment = figment.merge(Serialized::default("data.dir", dir));
        }
        if let Some(url) = &overrides.database_url {
            figment = figment.merge(Serialized::default("database.url", url));
        }
        if let Some(listen) = &overrides.listen {
            figment = figment.merge(Serialized::default("http.listen", listen));
        }
        figment.extract().map_err(|error| format!("configuration: {error}"))
    }

    /// How to open the database.
    pub fn db_options(&self) -> DbOptions {
        let url = if self.database.url.is_empty() {
            format!("sqlite:{}", self.database_file().display())
        } else {
            self.database.url.clone()
        };
        DbOptions { url, connections: self.database.connections, full_sync: self.database.full_sync }
    }

    /// SQLite's file, where there is no other database.
    pub fn database_file(&self) -> PathBuf {
        self.data.dir.join("verstak.db")
    }

    /// Where the keys of secrets are.
    pub fn seal_options(&self) -> SealOptions {
        SealOptions { keys: self.secrets.keys.clone(), file: self.secrets_file() }
    }

    /// The file of the keys of secrets, where they are not set.
    pub fn secrets_file(&self) -> PathBuf {
        self.data.dir.join("secrets.key")
    }

    /// Folder of uploaded files.
    pub fn files_dir(&self) -> PathBuf {
        self.data.dir.join("files")
    }

    /// Where files of records are kept.
    pub fn store_options(&self) -> StoreOptions {
        if self.files.bucket.is_empty() {
            return StoreOptions::Folder { path: self.files_dir().join("records"), full_sync: self.database.full_sync };
        }
        let files = self.files.clone();
        StoreOptions::S3(S3 {
            bucket: files.bucket,
            region: files.region,
            endpoint: files.endpoint,
            access_key: files.access_key,
            secret_key: files.secret_key,
            allow_http: files.allow_http,
        })
    }

    /// How many files are taken, and how large ones.
    pub fn file_limits(&self) -> FileLimits {
        FileLimits {
            file: self.files.max_bytes,
            company: self.files.company_bytes,
            record: self.files.per_record,
            bin_days: self.files.bin_days.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.toml");
        std::fs::write(&file, toml).unwrap();
        Config::load(Some(&file), &Overrides::default())
    }

    #[test]
    fn a_file_overrides_the_defaults_and_unknown_keys_are_errors() {
        assert_eq!(load("").unwrap().http.listen, "127.0.0.1:8080");
        assert_eq!(load("[http]\nlisten = \"0.0.0.0:1\"").unwrap().http.listen, "0.0.0.0:1");
        let error = load("[http]\nlisen = \"0.0.0.0:1\"").unwrap_err();
        assert!(error.contains("lisen"), "{error}");
        let error = load("[http]\nbody_limit = \"big\"").unwrap_err();
        assert!(error.contains("body_limit"), "{error}");
    }

    #[test]
    fn the_example_for_production_is_understood() {
        let text = include_str!("../../../config/production.example.toml");
        assert!(load(text).unwrap().db_options().url.starts_with("postgres://"));
    }
}
