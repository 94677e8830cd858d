//! A company in an empty, migrated database, with the real services, a clock that stands still and jobs that run when
//! told: where plugins are tried out.

use std::collections::BTreeMap;
use std::sync::Arc;

use documents::Documents;
use kernel::clock::{Env, SystemRandom, TestClock};
use kernel::files::{Store, StoreOptions};
use kernel::jobs::{Handler, Worker};
use kernel::{Ctx, Db, Error, Locale, Result, Timestamp, UserId, event};
use messaging::{Mail, MessageLimits, Messages};
use people::role;
use people::tenant::{NewTenant, Tenant};
use people::user::NewUser;
use process::runtime::Processes;
use records::Records;
use records::catalogue::indexed::KeepIndexes;
use records::files::{FileLimits, Files};
use records::recompute::Recompute;
use serde_json::json;
use uuid::Uuid;
use work::{Calendars, Tasks};

use crate::{HostConfig, PluginHost};

/// 2026-01-12 09:00 UTC, a Monday.
const START: Timestamp = Timestamp(1_768_208_400_000_000);
/// People are made one after another in the minutes before, so that their ids are in that order.
const BEFORE: i64 = 600;

/// The company and everything around it.
pub struct Scene {
    /// The database.
    pub db: Db,
    /// Clock and randomness.
    pub env: Env,
    /// Moves the clock.
    pub clock: Arc<TestClock>,
    /// The company.
    pub tenant: Tenant,
    /// Records.
    pub records: Records,
    /// Tasks; letters fail, there is no mail server until somebody takes its place.
    pub tasks: Tasks,
    /// Letters out.
    pub mail: Mail,
    /// Messages of plugins.
    pub messages: Messages,
    /// Processes.
    pub processes: Processes,
    /// Files, in memory.
    pub files: Files,
    /// Papers.
    pub documents: Documents,
    /// Plugins.
    pub host: PluginHost,
    /// People by name; `admin` is one of them.
    pub users: BTreeMap<String, Uuid>,
    roles: BTreeMap<String, Uuid>,
    /// When everybody is there.
    start: Timestamp,
    worker: Worker,
}

impl Scene {
    /// Makes a company with an admin.
    ///
    /// # Errors
    /// When the database is not fit: not migrated, not reachable.
    pub async fn new(db: Db, locale: Locale, config: HostConfig) -> Result<Self> {
        let clock = Arc::new(TestClock::new(START.plus_seconds(-BEFORE)));
        let clock_of_env: Arc<dyn kernel::clock::Clock> = Arc::<TestClock>::clone(&clock);
        let env = Env::new(clock_of_env, Arc::new(SystemRandom));
        let records = Records::new(&db, &env);
        crm::join(&records);
        let mail = Mail::new(&db, &env, None);
        let tasks = Tasks::new(&records, &Calendars::new(&db), &mail);
        let processes = Processes::new(&records, &tasks);
        let typesetter = config.typesetter.clone();
        let host = PluginHost::new(&records, &tasks, &processes, config)?;
        let limits = FileLimits { file: 16 * 1024 * 1024, company: 0, record: 500, bin_days: 30 };
        let store = Store::open(&StoreOptions::Memory)?;
        let files = Files::new(&records, store.clone(), limits);
        host.set_files(files.clone());
        let documents = Documents::new(&env, &records, &files, &store, &mail, typesetter);
        host.set_documents(&documents);
        mail.set_files(store);
        let messages = Messages::new(&mail, MessageLimits { per_hour: 1_000, keep_days: 0 });
        host.set_messages(messages.clone());
        processes.set_services(vec![Arc::new(host.clone())]);
        tasks.set_actions(Arc::new(host.clone()));
        let indexes: Arc<dyn Handler> = Arc::new(KeepIndexes(records.clone()));
        let formulas: Arc<dyn Handler> = Arc::new(Recompute(records.clone()));
        let handlers = [
            vec![indexes, formulas],
            host.handlers(),
            mail.handlers(),
            messages.handlers(),
            tasks.handlers(),
            processes.handlers(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let worker = Worker::new(&db, &env, handlers);
        let tenant = company(&db, &env, "Test company", locale).await?;
        let (users, roles) = (BTreeMap::new(), BTreeMap::new());
        let mut scene = Self {
            db,
            env,
            clock,
            tenant,
            records,
            tasks,
            mail,
            messages,
            processes,
            files,
            documents,
            host,
            users,
            roles,
            start: START,
            worker,
        };
        scene.role("admin").await?;
        scene.user("admin", &["admin"]).await?;
        Ok(scene)
    }

    /// Makes a role once: `admin` may do everything, one that the plugin brings what it says, others see and change every
    /// record.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn role(&mut self, key: &str) -> Result<Uuid> {
        if let Some(id) = self.roles.get(key) {
            return Ok(*id);
        }
        let known = role::list(self.db.read(), self.tenant.id).await?;
        if let Some(brought) = known.into_iter().find(|role| role.key == key) {
            self.roles.insert(key.to_owned(), brought.id);
            return Ok(brought.id);
        }
        let rows = json!([{ "kind": "permission", "entity": "*", "actions": ["read", "create", "update", "delete"] }]);
        let input = json!({ "key": key, "name": key, "admin": key == "admin", "rows": if key == "admin" { json!([]) } else { rows } });
        let input = serde_json::from_value(input).map_err(Error::internal)?;
        let made =
            role::create(&self.db, &self.system(), &input, &self.records.entity_keys(self.tenant.id).await?).await?;
        self.roles.insert(key.to_owned(), made.id);
        Ok(made.id)
    }

    /// Makes a user with roles.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&mut self, name: &str, roles: &[&str]) -> Result<Uuid> {
        let mut ids = Vec::new();
        for role in roles {
            ids.push(self.role(role).await?);
        }
        self.clock.advance_seconds(1);
        let email = format!("user{}@example.com", self.users.len());
        let input = NewUser { name: name.to_owned(), email, roles: ids, ..Default::default() };
        let made = people::user::create(&self.db, &self.system(), &input).await?;
        self.users.insert(name.to_owned(), made.id);
        Ok(made.id)
    }

    /// Everybody is there: the clock moves to nine o'clock.
    pub fn begin(&self) {
        let left = (self.start.micros() - self.env.now().micros()) / 1_000_000;
        self.clock.advance_seconds(left.max(0));
    }

    /// Has everybody be there at another moment, later than now.
    pub fn begins_at(&mut self, start: Timestamp) {
        self.start = start;
    }

    /// Forgets who people are and what their calendars say, after a change of them.
    pub fn forget(&self) {
        self.host.inner.identities.forget();
        self.tasks.calendars().forget();
        self.records.forget_names();
    }

    /// The product itself.
    pub fn system(&self) -> Ctx {
        self.tenant.system_ctx(&self.env)
    }

    /// The id of somebody by name, with or without `@` before it.
    ///
    /// # Errors
    /// `NotFound`, with those there are.
    pub fn person(&self, name: &str) -> Result<Uuid> {
        let found = self.users.get(name.strip_prefix('@').unwrap_or(name)).copied();
        found.ok_or_else(|| {
            let mut names: Vec<&str> = self.users.keys().map(String::as_str).collect();
            names.sort_unstable();
            Error::NotFound(format!("nobody is called `{name}`; there are {}", names.join(", ")))
        })
    }

    /// Somebody by name.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn ctx(&self, name: &str) -> Result<Ctx> {
        let identity = self.host.inner.identities.of_user(self.tenant.id, UserId(self.person(name)?)).await?;
        Ok(identity.ctx(&self.env))
    }

    /// Waits until readers may see every event that was written: on PostgreSQL a transaction anywhere on the server, begun
    /// before, holds them back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&self) -> Result<()> {
        while event::any_hidden(self.db.read()).await? {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Hands events to plugins and runs all jobs that are due, until nothing is left. Returns how many ran.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drain(&self) -> Result<usize> {
        let mut ran = 0;
        loop {
            self.settle().await?;
            self.host.dispatch().await?;
            let told = self.processes.dispatch().await?;
            match self.worker.run_due().await? {
                0 if told == 0 => return Ok(ran),
                some => ran += some,
            }
        }
    }
}

/// Makes one more company in the same database.
///
/// # Errors
/// When the database fails.
pub async fn company(db: &Db, env: &Env, name: &str, locale: Locale) -> Result<Tenant> {
    let tx = db.begin().await?;
    let tenant = people::tenant::create(&tx, env, &NewTenant { name: name.to_owned(), locale }).await?;
    crm::pipelines::create(&tx, &tenant.system_ctx(env)).await?;
    tx.commit().await?;
    Ok(tenant)
}
