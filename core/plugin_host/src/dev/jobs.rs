//! Steps of test scripts that are about jobs of the plugin.

use kernel::Error;

use super::scene::Scene;
use super::script::{Runs, Work};
use super::test::explain;
use crate::jobs::RunState;
use crate::view::{RunQuery, RunView};

/// Begins a job as an administrator would, and runs it to its end.
pub(super) async fn work(scene: &Scene, plugin: &str, work: &Work) -> Result<(), String> {
    let failed = |error: Error| explain(&error);
    let admin = scene.ctx("admin").await.map_err(failed)?;
    let begun = scene.host.run_job(&admin, plugin, &work.id).await.map_err(failed)?;
    scene.drain().await.map_err(failed)?;
    let query = RunQuery { job: Some(work.id.clone()), ..RunQuery::default() };
    let (runs, _) = scene.host.job_runs(&admin, plugin, &query).await.map_err(failed)?;
    let run = runs.iter().find(|run| run.id == begun.id).ok_or("the run is gone")?;
    match &work.failure {
        Some(words) if !run.last_error.as_ref().is_some_and(|error| error.contains(words.as_str())) => {
            return Err(format!("it did not fail, or differently: {}", described(run)));
        }
        None if run.state != RunState::Done => return Err(format!("it is not done: {}", described(run))),
        _ => {}
    }
    match work.steps {
        Some(steps) if steps != run.steps => Err(format!("{} steps instead of {steps}", run.steps)),
        _ => Ok(()),
    }
}

/// Counts the runs of a job.
pub(super) async fn look(scene: &Scene, plugin: &str, wanted: &Runs) -> Result<(), String> {
    let failed = |error: Error| explain(&error);
    let admin = scene.ctx("admin").await.map_err(failed)?;
    let mut query = RunQuery { job: Some(wanted.id.clone()), state: wanted.state, before: None };
    let mut found = Vec::new();
    loop {
        let (runs, next) = scene.host.job_runs(&admin, plugin, &query).await.map_err(failed)?;
        found.extend(runs);
        let Some(next) = next else { break };
        query.before = Some(next);
    }
    if found.len() == wanted.count {
        return Ok(());
    }
    let runs: Vec<String> = found.iter().map(described).collect();
    Err(format!("{} runs instead of {}: {}", found.len(), wanted.count, runs.join("; ")))
}

fn described(run: &RunView) -> String {
    let error = run.last_error.as_deref().unwrap_or_default();
    format!("{} after {} steps {error}", run.state.name(), run.steps)
}
