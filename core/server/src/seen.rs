//! What somebody sees of the event log: for pages of it, live updates and webhooks.

use std::collections::HashSet;

use kernel::event::Event;
use kernel::{Ctx, InstanceId, Result, TaskId};
use messaging::webhooks::Sight;
use process::runtime::Processes;
use records::Records;
use uuid::Uuid;
use work::tasks::Tasks;

/// Asks records, tasks and processes; cheap to clone.
#[derive(Clone)]
pub struct Seen {
    records: Records,
    tasks: Tasks,
    processes: Processes,
}

impl Seen {
    /// Over the services that know.
    pub fn new(records: &Records, tasks: &Tasks, processes: &Processes) -> Self {
        Self { records: records.clone(), tasks: tasks.clone(), processes: processes.clone() }
    }

    /// Those of the events whose record, task or process instance the actor may see now; in the order they came.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&self, ctx: &Ctx, events: Vec<Event>) -> Result<Vec<Event>> {
        let of = |entity: &'static str| {
            let own = events.iter().filter(move |event| event.tenant == ctx.tenant && event.entity == entity);
            own.map(|event| event.record)
        };
        let tasks: Vec<TaskId> = of(work::tasks::ENTITY).map(TaskId).collect();
        let instances: Vec<InstanceId> = of(process::runtime::ENTITY).map(InstanceId).collect();
        let tasks = self.tasks.visible(ctx, &tasks).await?.into_iter().map(|task| task.0);
        let instances = self.processes.visible_instances(ctx, &instances).await?.into_iter().map(|instance| instance.0);
        let work: HashSet<Uuid> = tasks.chain(instances).collect();
        // Who does a task sees what happens to it by standing; others by their roles, like events of other records.
        let (of_work, of_records): (Vec<Event>, Vec<Event>) =
            events.into_iter().partition(|event| event.tenant == ctx.tenant && work.contains(&event.record));
        let mut seen = self.records.visible_events(ctx, of_records).await?;
        seen.extend(of_work);
        seen.sort_by_key(Event::cursor);
        Ok(seen)
    }
}

#[async_trait::async_trait]
impl Sight for Seen {
    async fn seen(&self, ctx: &Ctx, events: Vec<Event>) -> Result<Vec<Event>> {
        self.events(ctx, events).await
    }

    async fn knows(&self, ctx: &Ctx, entity: &str, stage: Option<&str>) -> Result<bool> {
        let catalogue = self.records.catalogue(ctx.tenant).await?;
        let Some(def) = catalogue.find(entity) else { return Ok(false) };
        let Some(stage) = stage else { return Ok(true) };
        let mut pipelines = catalogue.pipelines.of(&def.key);
        Ok(pipelines.any(|pipeline| pipeline.stages.iter().any(|one| one.key == stage)))
    }
}
