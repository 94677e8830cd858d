//! `verstak plugin`: work on plugins in a folder, and manage them on this machine's data or on a running server.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use kernel::db::{Db, DbOptions};
use plugin_host::Grants;
use plugin_host::dev::{self, project, test};
use serde_json::{Value, json};

use super::{Failure, Outcome, Place, company, own_binary, plain, say};
use crate::config::{Config, Overrides};

/// Plugin work.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Make the folder of a new plugin from the template.
    New {
        /// Its name: lower-case letters, digits, hyphens.
        name: String,
        /// Who publishes it.
        #[arg(long, default_value = "example")]
        publisher: String,
        /// Where to put the folder.
        #[arg(long, default_value = ".")]
        parent: PathBuf,
    },
    /// Build the component with cargo for wasm32-wasip2.
    Build(Folder),
    /// Build, and check everything that an installation checks.
    Check(Folder),
    /// Build, check and write the package file.
    Pack {
        #[command(flatten)]
        folder: Folder,
        /// Where to write it; beside the manifest by default.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Print the reference for makers of plugins: interfaces, budgets, what a manifest may declare.
    Docs,
    /// Build, and run the scripts under tests/ against the real host on an empty database in memory.
    Test(Folder),
    /// Install a package.
    Install {
        /// The `.vpkg` file.
        file: PathBuf,
        #[command(flatten)]
        target: Target,
    },
    /// Print what a plugin may do, or would be allowed to do by its newest version, with the differences marked.
    Review {
        /// Its id.
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// Switch a plugin on for a company, with the permissions it asks for, or let the company run its newest version.
    Enable {
        /// Its id.
        id: String,
        #[command(flatten)]
        target: Target,
        /// `requested`: everything the manifest asks for. Look at it first: `verstak plugin review`.
        #[arg(long, default_value = "requested", value_parser = ["requested"])]
        grants: String,
        /// The version whose permissions you have looked at: needed when it asks for more than the one before. An older one
        /// takes the company back.
        #[arg(long, value_name = "VERSION")]
        approve: Option<String>,
        /// Settings as a JSON object.
        #[arg(long)]
        settings: Option<String>,
    },
    /// Switch a plugin off for a company; its data stays.
    Disable {
        /// Its id.
        id: String,
        #[command(flatten)]
        target: Target,
    },
    /// Remove for good what a plugin that is off has left in a company, its records among it.
    Purge {
        /// Its id.
        id: String,
        #[command(flatten)]
        target: Target,
        /// Say that you mean it: nothing brings the records back.
        #[arg(long)]
        yes: bool,
    },
    /// List installed plugins.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Print a plugin's log, newest last.
    Logs {
        /// Its id.
        id: String,
        #[command(flatten)]
        target: Target,
    },
}

/// A plugin's folder.
#[derive(Debug, Args)]
pub struct Folder {
    /// The folder with `plugin.toml`.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Where cargo puts what it builds.
    #[arg(long)]
    target_dir: Option<PathBuf>,
}

/// Where a plugin is managed: this machine's data, or a server over HTTP.
#[derive(Debug, Args)]
pub struct Target {
    #[command(flatten)]
    place: Place,
    /// Slug of the company.
    #[arg(long)]
    tenant: Option<String>,
    /// Address of a running server, instead of this machine's data.
    #[arg(long, value_name = "URL", requires = "token")]
    server: Option<String>,
    /// API token for the server.
    #[arg(long, env = "VERSTAK_TOKEN")]
    token: Option<String>,
}

impl From<dev::DevError> for Failure {
    fn from(error: dev::DevError) -> Self {
        Self(error.to_string())
    }
}

impl PluginCommand {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::New { name, publisher, parent } => {
                let folder = project::new(&parent, &publisher, &name)?;
                say(&format!("Made {}. Next: cd {} && verstak plugin test", folder.display(), folder.display()));
                Ok(())
            }
            Self::Build(folder) => {
                let component = project::build(&folder.folder, folder.target_dir.as_deref())?;
                say(&component.display().to_string());
                Ok(())
            }
            Self::Check(folder) => {
                let (id, version) = project::check(&folder.package()?).await?;
                say(&format!("{id} {version} is fit to be installed."));
                Ok(())
            }
            Self::Pack { folder, out } => {
                let made = project::pack(&folder.folder, folder.target_dir.as_deref(), None).await?;
                let path = match out {
                    Some(out) if out != made => {
                        std::fs::rename(&made, &out)
                            .or_else(|_| std::fs::copy(&made, &out).and_then(|_| std::fs::remove_file(&made)))?;
                        out
                    }
                    _ => made,
                };
                say(&path.display().to_string());
                Ok(())
            }
            Self::Docs => {
                say(dev::reference::reference().trim_end());
                Ok(())
            }
            Self::Test(folder) => folder.test().await,
            Self::Install { file, target } => {
                let bytes = std::fs::read(&file).map_err(|e| Failure(format!("{}: {e}", file.display())))?;
                say(&format!("Installed {}.", target.install(bytes).await?));
                Ok(())
            }
            Self::Review { id, target } => target.review(&id).await,
            Self::Enable { id, target, approve, settings, .. } => {
                target.enable(&id, approve, settings.as_deref()).await
            }
            Self::Disable { id, target } => target.disable(&id).await,
            Self::Purge { id, yes: false, .. } => {
                Err(Failure(format!("the records of {id} would be gone for good: say --yes")))
            }
            Self::Purge { id, target, yes: true } => target.purge(&id).await,
            Self::List { target } => target.list().await,
            Self::Logs { id, target } => target.logs(&id).await,
        }
    }
}

impl Folder {
    fn package(&self) -> Result<Vec<u8>, Failure> {
        let component = project::build(&self.folder, self.target_dir.as_deref())?;
        Ok(project::package(&self.folder, &component, None)?)
    }

    async fn test(&self) -> Outcome {
        let package = self.package()?;
        let scripts = scripts(&self.folder.join("tests"))?;
        if scripts.is_empty() {
            return Err(Failure(format!("there are no scripts (*.toml) in {}", self.folder.join("tests").display())));
        }
        let mut papers = Config::load(None, &Overrides::default()).map_err(Failure)?.documents;
        papers.typesetter = own_binary();
        let (mut passed, mut failed) = (0, 0);
        for script in scripts {
            let folder = tempfile::tempdir().map_err(|e| Failure(e.to_string()))?;
            let db = empty_database(folder.path()).await?;
            let report = test::run(db, &package, &script, papers.child()).await?;
            say(&format!("{}\n{}", script.display(), report.print()));
            if report.passed() { passed += 1 } else { failed += 1 }
        }
        say(&format!("{passed} passed, {failed} failed"));
        if failed == 0 { Ok(()) } else { Err(Failure("some scripts failed".into())) }
    }
}

/// A migrated SQLite database for as long as its folder.
async fn empty_database(folder: &Path) -> Result<Db, Failure> {
    let url = format!("sqlite:{}", folder.join("test.db").display());
    let db = Db::open(&DbOptions { connections: 2, full_sync: false, ..DbOptions::new(&url) }).await?;
    migrations::upgrade(db.for_migrations()).await?;
    Ok(db)
}

fn scripts(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|e| Failure(format!("{}: {e}", folder.display())))?;
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    found.sort();
    Ok(found)
}

/// A text inside an answer; empty when it is not there.
fn text_of(json: &Value, key: &str) -> String {
    json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The items of a list.
fn items_of(json: &Value) -> &[Value] {
    json.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The permissions of a plugin for the terminal; where another version would take the place of the company's, those of that
/// one with the differences marked.
fn reviewed(detail: &Value) -> String {
    let update = detail.get("update").filter(|update| !update.is_null());
    let text = |json: &Value, key: &str| plain(&text_of(json, key));
    let version = text(update.unwrap_or(detail), "version");
    let mut lines = vec![match update {
        Some(update) => format!("{} {version}, in place of {}:", text(detail, "id"), text(update, "replaces")),
        None => format!("{} {version}:", text(detail, "id")),
    }];
    let permissions = update.unwrap_or(detail).get("permissions").and_then(Value::as_array);
    for permission in permissions.into_iter().flatten() {
        let mark = match text_of(permission, "change").as_str() {
            "new" => "+ new   ",
            "wider" => "+ wider ",
            "narrower" => "- less  ",
            "gone" => "- gone  ",
            _ => "        ",
        };
        lines.push(format!("  {mark}{}  ({})", text(permission, "title"), text(permission, "reason")));
    }
    if permissions.is_none_or(Vec::is_empty) {
        lines.push("  asks for no permissions".to_owned());
    }
    let schema = update.unwrap_or(detail).get("schema").and_then(Value::as_array);
    for change in schema.into_iter().flatten() {
        let what = text(change, "what").replace('_', " ");
        let key = text(change, "key");
        let key = if key.is_empty() { text(change, "entity") } else { format!("{}.{key}", text(change, "entity")) };
        let refused = text(change, "refused");
        let refused = if refused.is_empty() { refused } else { format!("  CANNOT BE DONE: {refused}") };
        lines.push(format!("  * {what:<18}{key}  ({}){refused}", text(change, "label")));
    }
    let brings = update.unwrap_or(detail).get("brings").and_then(Value::as_array);
    lines.extend(brings.into_iter().flatten().map(brought));
    lines.join("\n")
}

/// A line about a role, hook, job, event or route that a plugin brings.
fn brought(one: &Value) -> String {
    let text = |key: &str| plain(&text_of(one, key));
    let list = |key: &str| {
        let items = one.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        items.map(plain).collect::<Vec<_>>().join(", ")
    };
    let mark = match text_of(one, "change").as_str() {
        "new" => "+ new   ",
        "changed" => "~ other ",
        "gone" => "- gone  ",
        _ => "        ",
    };
    let (what, words) = match text("what").as_str() {
        "role" => ("role", format!("{} ({}): rights to {}", text("label"), text("key"), list("entities"))),
        "hook" => {
            ("hook", format!("{}: before {} of {}{}", text("key"), list("on"), list("entities"), hook_words(one)))
        }
        "job" => {
            let cron = text("cron");
            let cron = if cron.is_empty() { "when it is begun".to_owned() } else { format!("cron {cron}") };
            ("job", format!("{} ({}): {cron}", text("label"), text("key")))
        }
        "listens" => ("listens", format!("{}: {}", text("key"), list("on"))),
        "publishes" => ("event", format!("{} ({})", text("key"), text("label"))),
        _ => {
            let who = match text("auth").as_str() {
                "none" => "ANYBODY may call it",
                "user" => "whoever is signed in",
                _ => "whoever has its secret",
            };
            ("route", format!("{}: {who}", text("key")))
        }
    };
    format!("  {mark}{what:<10}{words}")
}

/// When a hook is called, and what happens while it cannot be.
fn hook_words(hook: &Value) -> String {
    let when = plain(&text_of(hook, "when"));
    let when = if when.is_empty() { when } else { format!(", when {when}") };
    let fails = match hook.get("guards").and_then(Value::as_bool) {
        Some(true) => "while it fails, such changes are REFUSED",
        _ => "while it fails, changes pass unchecked",
    };
    format!("{when}; {fails}")
}

impl Target {
    async fn install(&self, bytes: Vec<u8>) -> Result<String, Failure> {
        if let Some(server) = &self.server {
            let answer = self.send(reqwest::Method::POST, server, "plugins", Some(bytes), None).await?;
            return Ok(text_of(&answer, "id"));
        }
        let state = self.place.open().await?;
        let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
        Ok(state.plugins.install(&tenant.system_ctx(&state.env), &bytes).await?)
    }

    /// Everything about a plugin, as the API has it.
    async fn detail(&self, id: &str) -> Result<Value, Failure> {
        if let Some(server) = &self.server {
            return self.send(reqwest::Method::GET, server, &format!("plugins/{id}"), None, None).await;
        }
        let state = self.place.open().await?;
        let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
        let detail = state.plugins.get(&tenant.system_ctx(&state.env), id).await?;
        serde_json::to_value(detail).map_err(|e| Failure(e.to_string()))
    }

    async fn review(&self, id: &str) -> Outcome {
        let detail = self.detail(id).await?;
        say(&reviewed(&detail));
        Ok(())
    }

    async fn enable(&self, id: &str, approve: Option<String>, settings: Option<&str>) -> Outcome {
        let detail = self.detail(id).await?;
        say(&reviewed(&detail));
        let update = detail.get("update").filter(|update| !update.is_null());
        let more = update.is_some_and(|update| update.get("asks_more").and_then(Value::as_bool).unwrap_or_default());
        if more && approve.is_none() {
            let version = update.map(|update| plain(&text_of(update, "version"))).unwrap_or_default();
            return Err(Failure(format!(
                "{version} asks for more than was allowed. To allow it: verstak plugin enable {id} --approve {version}"
            )));
        }
        let settings: Option<Value> =
            settings.map(serde_json::from_str).transpose().map_err(|e| Failure(format!("--settings: {e}")))?;
        if let Some(server) = &self.server {
            let body = json!({"grants": "requested", "version": approve, "settings": settings});
            self.send(reqwest::Method::POST, server, &format!("plugins/{id}/enable"), None, Some(body)).await?;
        } else {
            let state = self.place.open().await?;
            let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
            let settings =
                settings.map(serde_json::from_value).transpose().map_err(|e| Failure(format!("--settings: {e}")))?;
            let grants = approve.map_or(Grants::Requested, |version| Grants::Seen { version, keys: None });
            state.plugins.enable(&tenant.system_ctx(&state.env), id, &grants, settings.as_ref()).await?;
        }
        say(&format!("{id} is on."));
        Ok(())
    }

    async fn disable(&self, id: &str) -> Outcome {
        if let Some(server) = &self.server {
            self.send(reqwest::Method::POST, server, &format!("plugins/{id}/disable"), None, None).await?;
        } else {
            let state = self.place.open().await?;
            let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
            state.plugins.disable(&tenant.system_ctx(&state.env), id).await?;
        }
        say(&format!("{id} is off."));
        Ok(())
    }

    async fn purge(&self, id: &str) -> Outcome {
        let purged = if let Some(server) = &self.server {
            self.send(reqwest::Method::POST, server, &format!("plugins/{id}/purge"), None, None).await?
        } else {
            let state = self.place.open().await?;
            let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
            let purged = state.plugins.purge(&tenant.system_ctx(&state.env), id).await?;
            serde_json::to_value(purged).map_err(|e| Failure(e.to_string()))?
        };
        let count = |key: &str| purged.get(key).and_then(Value::as_u64).unwrap_or_default();
        let (entities, records, fields) = (count("entities"), count("records"), count("fields"));
        say(&format!("Removed {records} records of {entities} entities, and {fields} fields of other entities."));
        Ok(())
    }

    async fn list(&self) -> Outcome {
        let items = match &self.server {
            Some(server) => self.send(reqwest::Method::GET, server, "plugins", None, None).await?,
            None => {
                let state = self.place.open().await?;
                let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
                json!({"items": state.plugins.list(&tenant.system_ctx(&state.env)).await?})
            }
        };
        for item in items_of(&items) {
            let text = |key: &str| plain(&text_of(item, key));
            say(&format!("{}\t{}\t{}\t{}", text("id"), text("version"), text("state"), text("title")));
        }
        Ok(())
    }

    async fn logs(&self, id: &str) -> Outcome {
        let lines = match &self.server {
            Some(server) => self.send(reqwest::Method::GET, server, &format!("plugins/{id}/logs"), None, None).await?,
            None => {
                let state = self.place.open().await?;
                let tenant = company::tenant(&state, self.tenant.as_deref()).await?;
                json!({"items": state.plugins.logs(&tenant.system_ctx(&state.env), id, None, None).await?})
            }
        };
        for line in items_of(&lines).iter().rev() {
            let text = |key: &str| plain(&text_of(line, key));
            say(&format!("{}\t{}\t{}\t{}", text("at"), text("level"), text("point"), text("message")));
        }
        Ok(())
    }

    async fn send(
        &self,
        method: reqwest::Method,
        server: &str,
        path: &str,
        bytes: Option<Vec<u8>>,
        body: Option<Value>,
    ) -> Result<Value, Failure> {
        let address = format!("{}/api/v1/{path}", server.trim_end_matches('/'));
        let mut request =
            reqwest::Client::new().request(method, &address).bearer_auth(self.token.as_deref().unwrap_or_default());
        if let Some(bytes) = bytes {
            request = request.header("content-type", "application/octet-stream").body(bytes);
        } else if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(|e| Failure(format!("{server}: {e}")))?;
        let good = response.status().is_success();
        let answer: Value = response.json().await.map_err(|e| Failure(format!("{server}: {e}")))?;
        if good {
            return Ok(answer);
        }
        let mut text = plain(&text_of(&answer, "detail"));
        for (field, problem) in answer.get("fields").and_then(Value::as_object).into_iter().flatten() {
            text.push_str(&format!("\n  {}: {}", plain(field), plain(&text_of(problem, "message"))));
        }
        Err(Failure(text))
    }
}
