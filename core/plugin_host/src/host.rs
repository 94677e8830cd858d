//! The service: one per process, shared by everything that needs plugins.

use std::sync::Arc;

use kernel::Result;
use kernel::child::ChildCommand;
use kernel::clock::Env;
use kernel::event::Follower;
use kernel::jobs::Handler;
use people::Identities;
use process::runtime::Processes;
use records::Records;
use reports::Reports;
use tokio_util::sync::CancellationToken;
use work::Tasks;

use crate::breaker::Breakers;
use crate::capabilities::Services;
use crate::engine::{Engine, EngineConfig};
use crate::figures::BroughtFigures;
use crate::files::FetchHandler;
use crate::gates::GateKeeper;
use crate::health::Health;
use crate::jobs::{JobHandler, schedule, store};
use crate::journal::Journal;
use crate::outbound::Outbound;
use crate::package::TrustedKeys;
use crate::points::events::{EventHandler, READER};
use crate::points::pages::KeptFigures;
use crate::points::signature;
use crate::registry::{Registry, links};

/// How often logs and costs are written.
const BEAT: std::time::Duration = std::time::Duration::from_secs(1);

/// How the host is set up.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// The engine.
    pub engine: EngineConfig,
    /// Keys the operator trusts.
    pub trusted: TrustedKeys,
    /// Whether packages without a signature may be installed.
    pub allow_unsigned: bool,
    /// Where this installation is reached, for the addresses of routes; for example `https://crm.example.com`.
    pub public_url: String,
    /// What sets papers in companies of tests (`dev::scene`); none: this process itself, where nothing ends a template.
    pub typesetter: Option<ChildCommand>,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            engine: EngineConfig::default(),
            trusted: TrustedKeys::default(),
            allow_unsigned: true,
            public_url: String::new(),
            typesetter: None,
        }
    }
}

/// The plugin host; cheap to clone.
#[derive(Clone)]
pub struct PluginHost {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) env: Env,
    pub(crate) services: Services,
    pub(crate) identities: Identities,
    pub(crate) engine: Engine,
    pub(crate) registry: Registry,
    pub(crate) gates: GateKeeper,
    pub(crate) breakers: Breakers,
    pub(crate) figures: KeptFigures,
    pub(crate) journal: Journal,
    pub(crate) follower: Follower,
    pub(crate) looked: schedule::Looked,
    pub(crate) config: HostConfig,
}

impl PluginHost {
    /// Starts the host over the services that plugins reach, and answers before-hooks of records from now on. It is a
    /// `process::runtime::Service` and a `work::tasks::ActionRunner`: whoever makes the services tells them.
    ///
    /// # Errors
    /// When the machine cannot run compiled WebAssembly.
    pub fn new(records: &Records, tasks: &Tasks, processes: &Processes, config: HostConfig) -> Result<Self> {
        let (db, env) = (records.db(), records.env());
        let engine = Engine::new(&config.engine).map_err(|error| kernel::Error::Internal(format!("{error:#}")))?;
        let registry = Registry::new(db, env, &engine, config.trusted.clone());
        let (gates, identities) = (GateKeeper::new(&registry, records), Identities::new(db, env));
        identities.set_gates(Arc::new(gates.clone()));
        let reports = Reports::new(records, processes);
        reports.set_brought(Arc::new(BroughtFigures(registry.clone())));
        let host = Self {
            inner: Arc::new(Inner {
                env: env.clone(),
                services: Services {
                    db: db.clone(),
                    records: records.clone(),
                    tasks: tasks.clone(),
                    processes: processes.clone(),
                    gates: gates.clone(),
                    identities: identities.clone(),
                    reports,
                    outbound: Arc::default(),
                    files: Arc::default(),
                    messages: Arc::default(),
                    documents: Arc::default(),
                    health: Arc::default(),
                    public_url: config.public_url.trim_end_matches('/').into(),
                },
                identities,
                registry,
                gates,
                engine,
                breakers: Breakers::default(),
                figures: KeptFigures::default(),
                journal: Journal::default(),
                // Nothing again: a plugin enabled meanwhile is not told of what was before.
                follower: Follower::new(db, env, READER, 0),
                looked: schedule::Looked::default(),
                config,
            }),
        };
        records.set_hooks(Arc::new(host.clone()));
        Ok(host)
    }

    /// The engine, for calls outside any tenant.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Figures, those of plugins among them.
    pub fn reports(&self) -> &Reports {
        &self.inner.services.reports
    }

    /// Lets whoever makes contexts of people know of gates.
    pub fn guard(&self, identities: &Identities) {
        identities.set_gates(Arc::new(self.inner.gates.clone()));
    }

    /// Says what sends plugins' requests to other servers. Only the first call counts.
    pub fn set_outbound(&self, outbound: Arc<dyn Outbound>) {
        drop(self.inner.services.outbound.set(outbound));
    }

    /// Says by what plugins send messages out of the house. Only the first call counts.
    pub fn set_messages(&self, messages: messaging::Messages) {
        drop(self.inner.services.messages.set(messages));
    }

    /// Says what makes papers: modules make them in a turn of their own. Only the first call counts.
    pub fn set_documents(&self, documents: &documents::Documents) {
        drop(self.inner.services.documents.set(documents.for_modules()));
    }

    /// Says who knows how the system is. Only the first call counts.
    pub fn set_health(&self, health: Arc<dyn Health>) {
        drop(self.inner.services.health.set(health));
    }

    /// Handlers to register with the worker of jobs.
    pub fn handlers(&self) -> Vec<Arc<dyn Handler>> {
        vec![
            Arc::new(EventHandler(self.clone())),
            Arc::new(JobHandler(self.clone())),
            Arc::new(FetchHandler(self.clone())),
        ]
    }

    /// Plugin, version and reason of everything enabled that this node could not load when it last tried.
    pub fn failed(&self) -> Vec<(String, String, String)> {
        self.inner.registry.failed()
    }

    /// Writes logs and costs gathered since the last call.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flush(&self) -> Result<()> {
        self.inner.journal.flush(&self.inner.services.db).await
    }

    /// For a process that answers requests and delivers no events: writes logs and costs every second, and tries again to
    /// load what could not be loaded, until told to stop.
    pub async fn keep(&self, stop: CancellationToken) {
        while tokio::time::timeout(BEAT, stop.cancelled()).await.is_err() {
            if let Err(error) = self.inner.registry.try_again().await {
                tracing::error!(%error, "plugins that could not be loaded could not be tried again");
            }
            if let Err(error) = self.flush().await {
                tracing::error!(%error, "logs of plugins could not be written");
            }
        }
        self.last_flush().await;
    }

    async fn clean(&self) -> Result<()> {
        let (db, now) = (&self.inner.services.db, self.inner.env.now());
        signature::forget(db, now).await?;
        let tx = db.begin().await?;
        store::clean(&tx, now).await?;
        links::forget_ended(&tx, now).await?;
        Ok(tx.commit().await?)
    }

    async fn last_flush(&self) {
        if let Err(error) = self.flush().await {
            tracing::error!(%error, "the last logs of plugins could not be written");
        }
    }

    /// Reads the event log after every commit and at least once a second, writes logs and costs, and clears away what
    /// has expired, until told to stop.
    pub async fn serve(&self, stop: CancellationToken) {
        let mut commits = self.inner.services.db.commits();
        let mut beats: u64 = 0;
        while !stop.is_cancelled() {
            if let Err(error) = self.dispatch().await {
                tracing::error!(%error, "events could not be handed to plugins");
            }
            if let Err(error) = self.flush().await {
                tracing::error!(%error, "logs of plugins could not be written");
            }
            if beats % 3_600 == 60
                && let Err(error) = self.clean().await
            {
                tracing::error!(%error, "expired entries of plugins could not be removed");
            }
            beats = beats.wrapping_add(1);
            self.inner.follower.news(&mut commits, &stop).await;
        }
        self.last_flush().await;
    }
}
