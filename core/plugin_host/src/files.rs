//! Files that the host fetches for plugins, in the background: a job that asks a server of the manifest through the address guard
//! and adds what it answers to the record. Grants and rights are those of the moment in which it is done.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use kernel::ctx::Cause;
use kernel::jobs::{Handler, Job, JobError, Lane};
use kernel::{Actor, Error, RecordId, TenantId};
use records::files::Files;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::PluginHost;
use crate::capabilities::LogLevel;
use crate::capabilities::files::{FileAct, may, own_rights};
use crate::capabilities::http::{HttpPermission, goes_to};
use crate::manifest::RunAs;
use crate::outbound::{self, NoAnswer, Outgoing};
use crate::registry::{OnNode, Running};
use crate::secrets;

/// Kind of the job.
pub(crate) const FETCH: &str = "plugin.file_fetch";
/// Bytes that are fetched: they are in memory on their way.
const MOST: usize = 16 * 1024 * 1024;
/// How long a server may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Seconds to look again whether a plugin is there.
const PAUSE: i64 = 300;

/// What is to be fetched.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fetching {
    pub(crate) plugin: String,
    /// The id that the file gets: done twice, it is there once.
    pub(crate) file: Uuid,
    pub(crate) entity: String,
    pub(crate) record: RecordId,
    pub(crate) name: String,
    pub(crate) url: String,
    /// The key of a secret setting.
    pub(crate) bearer: Option<String>,
    /// Whether the plugin acts as itself.
    pub(crate) own: bool,
    pub(crate) actor: Actor,
    pub(crate) cause: Cause,
}

/// Does the jobs.
pub struct FetchHandler(pub(crate) PluginHost);

#[async_trait::async_trait]
impl Handler for FetchHandler {
    fn kind(&self) -> &'static str {
        FETCH
    }

    fn lane(&self) -> Lane {
        Lane::Waiting
    }

    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let Some(tenant) = job.tenant else { return Err(JobError::Fatal("a file of nobody".to_owned())) };
        self.0.fetch_file(tenant, job.read()?).await
    }

    async fn dead(&self, job: &Job, error: &str) {
        let (Some(tenant), Ok(fetching)) = (job.tenant, job.read::<Fetching>()) else { return };
        let Ok(tenant) = people::tenant::get(&self.0.inner.services.db, tenant).await else { return };
        let ctx = tenant.system_ctx(&self.0.inner.env);
        let words = format!("the file `{}` could not be fetched: {error}", fetching.name);
        self.0.note(&ctx, &fetching.plugin, "files", fetching.file, LogLevel::Error, words);
    }
}

impl PluginHost {
    /// Says where files of records are. Only the first call counts.
    pub fn set_files(&self, files: Files) {
        drop(self.inner.services.files.set(files));
    }

    async fn fetch_file(&self, tenant: TenantId, fetching: Fetching) -> Result<(), JobError> {
        let plugins = self.inner.registry.tenant(tenant).await?;
        let plugin = match plugins.get(&fetching.plugin) {
            Some(OnNode::Running(plugin)) => plugin,
            Some(OnNode::Failed(_)) => {
                let until = self.inner.env.now().plus_seconds(PAUSE);
                return Err(JobError::Wait { reason: "the plugin cannot be loaded here".to_owned(), until });
            }
            None => return Err(JobError::Fatal("the plugin is disabled".to_owned())),
        };
        if !may(&plugin, &fetching.entity, FileAct::Add) {
            return Err(JobError::Fatal("the permission `files` is not granted any more".to_owned()));
        }
        let mut ctx = people::tenant::get(&self.inner.services.db, tenant).await?.system_ctx(&self.inner.env);
        (ctx.actor, ctx.cause) = (fetching.actor.clone(), fetching.cause.clone());
        let run_as = if fetching.own { RunAs::Plugin } else { RunAs::Actor };
        if fetching.own {
            ctx.rights = Arc::new(own_rights(&plugin));
        }
        self.as_now(&mut ctx, run_as).await?;
        let files =
            self.inner.services.files.get().ok_or_else(|| JobError::Retry("this node keeps no files".into()))?;
        // Nobody is asked for what has nowhere to go.
        for_good(files.may_add(&ctx, &fetching.entity, fetching.record).await)?;
        let body = self.asked(ctx.tenant, &plugin, &fetching).await?;
        let (entity, name) = (fetching.entity.as_str(), fetching.name.as_str());
        let whole = stream::iter([Ok(Bytes::from(body))]);
        for_good(files.add_once(&ctx, fetching.file, entity, fetching.record, name, whole).await.map(drop))
    }

    /// What the server answers.
    async fn asked(&self, tenant: TenantId, plugin: &Running, fetching: &Fetching) -> Result<Vec<u8>, JobError> {
        let fatal = |why: String| JobError::Fatal(why);
        let outbound = self.inner.services.outbound.get().cloned();
        let outbound = outbound.ok_or_else(|| JobError::Retry("this process sends nothing".to_owned()))?;
        let url = Url::parse(&fetching.url).map_err(|error| fatal(error.to_string()))?;
        let secret = match &fetching.bearer {
            Some(key) => {
                let kept = secrets::kept(plugin, key).map_err(|error| fatal(format!("{error:?}")))?;
                // The key may be put back.
                let secret = secrets::open(&self.inner.services.db, tenant, plugin, key, kept);
                let secret = secret.map_err(|error| JobError::Retry(format!("{error:?}")))?;
                vec![("authorization".to_owned(), format!("Bearer {secret}"))]
            }
            None => Vec::new(),
        };
        let permission = plugin.manifest().permissions.part::<HttpPermission>();
        let hosts = permission.map(|permission| permission.hosts.clone()).unwrap_or_default();
        let may = |url: &Url| match goes_to(url, &hosts) {
            true => Ok(()),
            false => {
                Err(NoAnswer::Forbidden(format!("{} is not among the hosts of the manifest", outbound::place(url))))
            }
        };
        let request = Outgoing { url, method: "GET".to_owned(), headers: Vec::new(), body: Vec::new(), most: MOST };
        let answer = outbound::follow(&outbound, request, secret, TIMEOUT, may).await;
        let answer = answer.map_err(|why| match why {
            NoAnswer::Unavailable(why) => JobError::Retry(why),
            why => fatal(why.to_string()),
        })?;
        match answer.status {
            200 => Ok(answer.body),
            status @ (408 | 425 | 429 | 500..) => Err(JobError::Retry(format!("the server answered {status}"))),
            status => Err(fatal(format!("the server answered {status}"))),
        }
    }
}

/// What will not be otherwise however often it is tried.
fn for_good(done: kernel::Result<()>) -> Result<(), JobError> {
    done.map_err(|error| match error {
        Error::NotFound(_) | Error::Denied(_) | Error::TooLarge(_) | Error::Invalid { .. } | Error::Conflict { .. } => {
            JobError::Fatal(error.to_string())
        }
        error => error.into(),
    })
}
