//! `jobs`: work for later, done by the plugin's own jobs.

use kernel::{Ctx, Locale, Timestamp};
use records::Catalogue;
use serde::Deserialize;

use super::{Caller, State, host_error, object};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::jobs::{jobs as wit, runs};
use crate::jobs::enqueue::{MAX_OPEN, Wanted};
use crate::jobs::store;
use crate::loops;
use crate::manifest::check::text;
use crate::manifest::known::nearest;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

/// Jobs in one call.
const BATCH: usize = 200;
/// Bytes of an input.
const MAX_INPUT: usize = 64 * 1024;
/// Bytes of a dedup key.
const MAX_KEY: usize = 200;
/// Seconds a run may lie ahead.
const MAX_AHEAD: i64 = 400 * 86_400;

/// What the manifest says: `[permissions.jobs]`.
pub(crate) const PART: Part = Part::of::<JobsPermission>("jobs");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobsPermission {
    /// Shown to the admin who grants it.
    #[serde(default)]
    reason: Text,
}

impl Permission for JobsPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.jobs.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Works by itself: on a schedule and later, when nobody asks",
            Locale::Ru => "Работает сам: по расписанию и позже, когда никто не просит",
            Locale::Uk => "Працює сам: за розкладом і згодом, коли ніхто не просить",
        };
        vec![Grant {
            key: PART.name.to_owned(),
            title: title.to_owned(),
            reason: self.reason.clone(),
            scope: Default::default(),
        }]
    }
}

impl runs::Host for State {}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl wit::Host for State {
    async fn enqueue(&mut self, jobs: Vec<wit::NewJob>) -> Answer<Vec<Result<String, HostError>>> {
        self.enter()?;
        Ok(self.enqueue_jobs(jobs).await)
    }
}

fn invalid(text: String) -> HostError {
    HostError::Invalid(Invalid { text, fields: Vec::new() })
}

impl State {
    async fn enqueue_jobs(&mut self, jobs: Vec<wit::NewJob>) -> Result<Vec<Result<String, HostError>>, HostError> {
        if jobs.len() > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} jobs at once")));
        }
        let caller = self.writes(PART.name)?;
        self.take_rows(jobs.len())?;
        kernel::db::again(
            |made: &kernel::Result<_>| matches!(made, Err(kernel::Error::Raced(_))),
            || put(&caller, &jobs),
        )
        .await
        .map_err(|error| host_error(&error))
    }
}

/// All of them in one transaction, those left out that are wrong.
async fn put(caller: &Caller, jobs: &[wit::NewJob]) -> kernel::Result<Vec<Result<String, HostError>>> {
    let (ctx, plugin) = (&caller.ctx, caller.plugin.id());
    let tx = caller.services.db.begin().await?;
    let open = store::open(&tx, ctx.tenant, plugin).await?;
    let mut room = MAX_OPEN - open.iter().map(|(_, count)| count).sum::<i64>();
    let mut made = Vec::with_capacity(jobs.len());
    for job in jobs {
        made.push(match wanted(caller, job) {
            Err(error) => Err(error),
            Ok(_) if room <= 0 => Err(HostError::Limit(format!("{MAX_OPEN} runs of this plugin are not over"))),
            Ok(wanted) => {
                room -= 1;
                Ok(wanted.enqueue(&tx, ctx).await?.to_string())
            }
        });
    }
    tx.commit().await?;
    Ok(made)
}

fn wanted<'a>(caller: &'a Caller, job: &'a wit::NewJob) -> Result<Wanted<'a>, HostError> {
    let manifest = caller.plugin.manifest();
    if !manifest.jobs.iter().any(|declared| declared.id == job.job) {
        let near = nearest(&job.job, manifest.jobs.iter().map(|declared| declared.id.as_str()));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(invalid(format!("job: the manifest declares no job `{}`{hint}", job.job)));
    }
    if job.input.len() > MAX_INPUT {
        return Err(HostError::Limit(format!("input: more than {} KiB", MAX_INPUT / 1024)));
    }
    let key = job.dedup_key.as_deref();
    if key.is_some_and(|key| key.is_empty() || key.len() > MAX_KEY || key.contains('\0')) {
        return Err(invalid(format!("dedup-key: 1 to {MAX_KEY} bytes, none of them U+0000")));
    }
    let cause = caller.own_ctx().cause;
    if let Err(chain) = loops::check(&cause, &loops::link_after(caller.plugin.id(), &job.job)) {
        return Err(HostError::Limit(format!("plugins set each other off in a loop: {chain}")));
    }
    Ok(Wanted {
        plugin: caller.plugin.id(),
        job: &job.job,
        input: serde_json::Value::Object(object("input", &job.input)?).to_string(),
        run_at: job.run_at.map(|at| time(&caller.ctx, at)).transpose()?,
        key,
        cause,
    })
}

/// A time in the past is now.
fn time(ctx: &Ctx, at: i64) -> Result<Timestamp, HostError> {
    let (at, now) = (Timestamp(at), ctx.now());
    if at > now.plus_seconds(MAX_AHEAD) {
        return Err(invalid(format!("run-at: more than {} days ahead", MAX_AHEAD / 86_400)));
    }
    Ok(at.max(now))
}
