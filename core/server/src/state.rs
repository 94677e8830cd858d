//! What every handler can reach: the services, made once.

use std::ops::Deref;
use std::sync::Arc;

use documents::Documents;
use futures::FutureExt;
use kernel::child::{ChildCommand, ChildLimits};
use kernel::clock::Env;
use kernel::files::Store;
use kernel::jobs::Worker;
use kernel::jobs::long::{LongJobs, LongRun};
use kernel::{Db, Result};
use messaging::{Mail, Messages, Webhooks as Subscriptions};
use people::Identities;
use plugin_host::engine::{Caps, EngineConfig};
use plugin_host::{HostConfig, PluginHost};
use process::ProcessLooks;
use process::automation::{ApplySteps, Automations};
use process::runtime::{MigrateSteps, Processes, Subjects, UndoMigrationSteps};
use records::Records;
use records::catalogue::directory::settle::DirectorySteps;
use records::export::ListExportSteps;
use records::files::Files;
use records::import::Imports;
use records::merge::MergeSteps;
use records::rollups::Rollups;
use records::rules::SoundRules;
use records::stages::settle::SettleSteps;
use records::undo::UndoSteps;
use records::whole::WholeSteps;
use reports::{ExportSteps, Letters, Reports};
use work::calendar::Calendars;
use work::tasks::{RecountSteps, Tasks};

use crate::config::Config;
use crate::conversions::Conversions;
use crate::drafts::SalesDrafts;
use crate::fetch::Fetch;
use crate::http::feed::Feed;
use crate::http::kept::KeptAnswers;
use crate::http::limit::Limits;
use crate::oidc::Oidc;
use crate::papers::Papers;
use crate::private;
use crate::seen::Seen;
use crate::standing::System;
use crate::webhook::{Webhooks, Wire};

/// The hidden command that compiles a component.
pub(crate) const COMPILE: &str = "compile-component";

/// The hidden command that sets a paper.
pub(crate) const TYPESET: &str = "typeset-paper";

/// The services of a running server. Every layer of every request clones it: one pointer.
#[derive(Clone)]
pub struct AppState(Arc<Services>);

/// The services.
pub struct Services {
    /// Settings.
    pub config: Arc<Config>,
    /// Time and randomness.
    pub env: Env,
    /// The database.
    pub db: Db,
    /// Who asks.
    pub identities: Identities,
    /// Records.
    pub records: Records,
    /// Documents of sale.
    pub sales: crm::Sales,
    /// Imports.
    pub imports: Imports,
    /// How requests go out to places that people name.
    pub wire: Wire,
    /// Files of records.
    pub files: Files,
    /// Papers of records.
    pub documents: Documents,
    /// Letters out.
    pub mail: Mail,
    /// Messages of plugins.
    pub messages: Messages,
    /// Long work with progress.
    pub long_jobs: LongJobs,
    /// Tasks and working calendars.
    pub tasks: Tasks,
    /// Processes.
    pub processes: Processes,
    /// Rules of automation.
    pub automations: Automations,
    /// Figures.
    pub reports: Reports,
    /// Letters with figures.
    letters: Arc<Letters>,
    /// Counts of linking records.
    pub rollups: Rollups,
    /// Plugins.
    pub plugins: PluginHost,
    /// Other servers that are told what happens.
    pub subscriptions: Subscriptions,
    /// What somebody sees of the event log.
    pub seen: Seen,
    /// Live events.
    pub feed: Feed,
    /// Providers of identity.
    pub oidc: Oidc,
    /// Rate limits.
    pub limits: Limits,
    /// Answers kept for requests that are sent again.
    pub kept: KeptAnswers,
}

impl Deref for AppState {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

impl AppState {
    /// Opens the database, brings its schema up to date and makes the services.
    ///
    /// # Errors
    /// When the data folder cannot be made, the keys of secrets are none, the database cannot be reached or the plugin engine
    /// cannot start.
    pub async fn open(config: Config, env: Env) -> Result<Self> {
        async move {
            let unusable = |e: std::io::Error| {
                kernel::Error::Unavailable(format!("the data folder {} cannot be used: {e}", config.data.dir.display()))
            };
            private::prepare(&config).map_err(unusable)?;
            let db = Db::open(&config.db_options()).await?;
            migrations::upgrade(db.for_migrations()).await?;
            kernel::seal::prepare(&db, &env, &config.seal_options()).await?;
            records::texts::renew(&db, &env).await?;
            Self::over(config, env, db)
        }
        .boxed()
        .await
    }

    /// Makes the services over a database with the present schema.
    ///
    /// # Errors
    /// When the plugin engine cannot start.
    pub fn over(config: Config, env: Env, db: Db) -> Result<Self> {
        let records = Records::new(&db, &env);
        crm::join(&records);
        let identities = Identities::new(&db, &env);
        identities.set_rules(SoundRules::new(&records));
        let host = HostConfig {
            engine: EngineConfig {
                slots: config.plugins.calls.clamp(2, 1_000),
                cache: Some(config.data.dir.join("plugin-cache")),
                compiler: config.plugins.compiler.clone().map(|program| ChildCommand {
                    program,
                    command: COMPILE.to_owned(),
                    limits: ChildLimits {
                        memory: config.plugins.compile_memory,
                        seconds: config.plugins.compile_seconds,
                    },
                }),
                caps: Caps { patience: config.plugins.patience.max(1), ..Caps::default() },
            },
            allow_unsigned: config.plugins.allow_unsigned,
            public_url: config.http.public_url.clone(),
            ..HostConfig::default()
        };
        let mail = Mail::new(&db, &env, config.mail.options()?);
        let tasks = Tasks::new(&records, &Calendars::new(&db), &mail);
        let processes = Processes::new(&records, &tasks);
        records.add_follower(Arc::new(Subjects(processes.clone())));
        records.add_looker(Arc::new(ProcessLooks(processes.clone())));
        let automations = Automations::new(&processes, &identities);
        let plugins = PluginHost::new(&records, &tasks, &processes, host)?;
        let webhooks = Webhooks::new(config.webhooks.allow_private)?;
        let oidc = Oidc::new(webhooks.wire(), &env, config.webhooks.allow_private);
        let wire = webhooks.wire();
        plugins.guard(&identities);
        plugins.set_outbound(Arc::new(Fetch(webhooks.wire())));
        let messages = Messages::new(&mail, config.messages.limits());
        messages.set_outbound(Arc::new(Fetch(webhooks.wire())));
        let seen = Seen::new(&records, &tasks, &processes);
        let subscriptions = Subscriptions::new(&db, &env, &identities, config.webhooks.allow_private);
        subscriptions.set_outbound(Arc::new(Fetch(webhooks.wire())));
        subscriptions.set_sight(Arc::new(seen.clone()));
        plugins.set_messages(messages.clone());
        let config = Arc::new(config);
        plugins.set_health(Arc::new(System {
            config: Arc::clone(&config),
            db: db.clone(),
            messages: messages.clone(),
        }));
        let sales = crm::Sales::new(&records);
        let conversions = Conversions { sales: sales.clone() };
        tasks.set_actions(Arc::new(plugins.clone()));
        tasks.set_drafts(Arc::new(SalesDrafts(sales.clone())));
        let reports = plugins.reports().clone();
        let store = Store::open(&config.store_options())?;
        mail.set_files(store.clone());
        let files = Files::new(&records, store.clone(), config.file_limits());
        plugins.set_files(files.clone());
        let documents = Documents::new(&env, &records, &files, &store, &mail, config.documents.child());
        mail.add_owner(Arc::new(documents.clone()));
        plugins.set_documents(&documents);
        let papers = Papers { documents: documents.clone() };
        processes.set_services(vec![
            Arc::new(plugins.clone()),
            Arc::new(webhooks),
            Arc::new(conversions),
            Arc::new(papers),
        ]);
        let long_jobs = LongJobs::new(&db, &env);
        long_jobs.set_steps(vec![
            Arc::new(UndoSteps::new(&records, &identities)),
            Arc::new(WholeSteps::new(&records, &identities)),
            Arc::new(SettleSteps::new(&records, &identities)),
            Arc::new(DirectorySteps::new(&records, &identities)),
            Arc::new(MergeSteps::new(&records, &identities)),
            Arc::new(ListExportSteps::new(&records, &identities)),
            Arc::new(MigrateSteps::new(&processes, &identities)),
            Arc::new(UndoMigrationSteps::new(&processes, &identities)),
            Arc::new(ApplySteps::new(&automations, &identities)),
            Arc::new(RecountSteps::new(&tasks, &identities)),
            Arc::new(ExportSteps::new(&reports, &identities)),
        ]);
        let public_url = Some(config.http.public_url.clone()).filter(|url| !url.is_empty());
        let letters = Arc::new(Letters::new(&reports, &identities, &mail, &store, public_url));
        let upload_limit = u64::try_from(config.http.upload_limit).unwrap_or(u64::MAX);
        Ok(Self(Arc::new(Services {
            imports: Imports::new(&records, &identities, &config.files_dir().join("imports"), upload_limit)
                .with_products(Arc::new(sales.clone())),
            wire,
            files,
            documents,
            oidc,
            limits: Limits::new(&config.http),
            kept: KeptAnswers::default(),
            config,
            feed: Feed::new(&db),
            env,
            db,
            identities,
            long_jobs,
            sales,
            rollups: Rollups::new(&records),
            records,
            mail,
            messages,
            tasks,
            reports,
            letters,
            processes,
            automations,
            plugins,
            subscriptions,
            seen,
        })))
    }

    /// Forgets what is kept in memory about people: call after any change of accounts, roles, departments, sessions or
    /// tokens.
    pub fn forget_people(&self) {
        self.identities.forget();
        self.records.forget_names();
        self.tasks.calendars().forget();
    }

    /// Hands events to plugins, processes, rollups and webhooks. Gives the number of jobs that they made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dispatch(&self) -> Result<usize> {
        let begun = self.plugins.dispatch().await? + self.processes.dispatch().await?;
        Ok(begun + self.rollups.dispatch().await? + self.subscriptions.dispatch().await?)
    }

    /// Hands events to whoever reads them and runs due jobs, until nothing is left. Gives the number of jobs that
    /// ran.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drain(&self) -> Result<usize> {
        let worker = self.worker();
        let mut ran = 0;
        loop {
            let dispatched = self.dispatch().await?;
            let done = worker.run_due().await?;
            if dispatched + done == 0 {
                return Ok(ran);
            }
            ran += done;
        }
    }

    /// The background worker with every handler of the product.
    pub fn worker(&self) -> Worker {
        let mut handlers = self.imports.handlers();
        handlers.push(Arc::new(records::totals::FoldTotals(self.records.clone())));
        handlers.push(Arc::new(records::search::Fill(self.records.clone())));
        handlers.push(Arc::new(records::catalogue::indexed::KeepIndexes(self.records.clone())));
        handlers.push(Arc::new(records::recompute::Recompute(self.records.clone())));
        handlers.push(Arc::new(records::catalogue::retype::MoveValues(self.records.clone())));
        handlers.push(Arc::new(records::catalogue::unique::ClaimField(self.records.clone())));
        handlers.push(Arc::new(records::rollups::RollUp(self.records.clone())));
        handlers.push(Arc::new(records::files::Sweep(self.files.clone())));
        handlers.push(Arc::new(records::export::Sweep(self.records.clone())));
        handlers.extend(self.mail.handlers());
        handlers.extend(self.documents.handlers());
        handlers.extend(self.messages.handlers());
        handlers.extend(self.subscriptions.handlers());
        handlers.extend(self.tasks.handlers());
        let public_url = Some(self.config.http.public_url.clone()).filter(|url| !url.is_empty());
        handlers.extend(work::notices::handlers(&self.tasks, public_url));
        handlers.extend(self.processes.handlers());
        handlers.extend(self.automations.handlers());
        handlers.extend(self.plugins.handlers());
        handlers.push(self.letters.clone());
        handlers.push(Arc::new(reports::Due(self.reports.clone())));
        handlers.push(Arc::new(reports::Sweep(self.reports.clone())));
        handlers.push(Arc::new(LongRun(self.long_jobs.clone())));
        let cleanup = crate::housekeeping::Cleanup::new(&self.db, &self.env, &self.messages, &self.subscriptions);
        handlers.push(Arc::new(cleanup));
        Worker::new(&self.db, &self.env, handlers)
    }
}
