//! What would happen to an instance, without anything happening.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::access::ProcessAction;
use kernel::error::FieldError;
use kernel::{Ctx, Error, RecordRef, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::advance::Outside;
use super::definitions::require;
use super::dry_steps::{self, DryOpen, DryStep};
use super::slice::Slice;
use super::start::check_variables;
use super::store::{self, Stored};
use super::{INVALID, Processes};
use crate::definition::model::Definition;
use crate::definition::{Problem, Severity};
use crate::stepper::{Event, next};

/// Waits that a dry run lets come.
const DRY_LIMIT: u32 = 1_000;

/// A dry run to make.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DryRunInput {
    /// Its version; the newest by default, drafts too.
    pub version: Option<i64>,
    /// Id of the process.
    pub process: Option<String>,
    /// The record it would be about.
    pub subject: Option<RecordRef>,
    /// First variables.
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
    /// What each element brings when it is done: element -> variables.
    #[schema(value_type = Object)]
    pub answers: HashMap<String, Map<String, Json>>,
}

/// What would happen.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DryRun {
    /// Elements in the order they would be left.
    pub visited: Vec<String>,
    /// `active`, `completed` or `cancelled` at the end.
    pub state: &'static str,
    /// Variables at the end.
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
    /// Elements that would fail.
    #[schema(value_type = Vec<Object>)]
    pub problems: Vec<Problem>,
    /// Whether it was stopped because it had gone on for too long.
    pub cut: bool,
    /// Who would get which task, and what would be written and sent, in order.
    pub steps: Vec<DryStep>,
    /// Gateways at which nobody knows yet how it goes on: answer for an element before them.
    pub open: Vec<DryOpen>,
}

impl Processes {
    /// What would happen to an instance, if everything it waits for came at once. Fields of the record that are hidden
    /// from the person are not there for it.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `process.invalid`, `Limited` when the person has too many of them under way.
    pub async fn dry_run(&self, ctx: &Ctx, name: &str, input: DryRunInput) -> Result<DryRun> {
        let found = self.find(ctx, name).await?;
        if !ctx.rights.may_process(&found.key, ProcessAction::Design) {
            require(ctx, &found.key, ProcessAction::Start)?;
        }
        let version = input.version.unwrap_or(found.latest);
        let definition = self.ready(self.db.read(), ctx.tenant, found.id, version).await?;
        self.try_out(ctx, definition, (found.id, version), input).await
    }

    /// The same of a file that is no version.
    ///
    /// # Errors
    /// The same; `process.invalid` naming the elements that cannot run.
    pub(crate) async fn dry_run_file(
        &self,
        ctx: &Ctx,
        xml: Vec<u8>,
        of: (Uuid, i64),
        input: DryRunInput,
    ) -> Result<DryRun> {
        let file = self.deployable(ctx, xml, false).await?;
        self.try_out(ctx, Arc::new(file.into_definition()), of, input).await
    }

    async fn try_out(
        &self,
        ctx: &Ctx,
        definition: Arc<Definition>,
        (id, version): (Uuid, i64),
        input: DryRunInput,
    ) -> Result<DryRun> {
        check_variables(ctx, &input.variables)?;
        let process = input
            .process
            .clone()
            .or_else(|| definition.processes.iter().find(|p| p.executable).map(|p| p.id.to_string()));
        let process = process.filter(|id| definition.process(id).is_some_and(|process| process.executable));
        let unknown = || Error::field(INVALID, "process", FieldError::worded("invalid", "process_missing"));
        let process = process.ok_or_else(unknown)?;
        let record = match &input.subject {
            Some(subject) => {
                self.records.get(ctx, &subject.entity, subject.id).await?;
                self.subject_for(self.db.read(), ctx, subject).await?
            }
            None => Json::Null,
        };
        let stored = Stored::new(ctx, id, version, &process);
        let outside = self.outside(ctx, record, &definition, &stored).await?;
        let answers = input.answers.into_iter().map(|(element, variables)| (element.into(), variables)).collect();
        let start = Event::Start { at: None, variables: input.variables };
        let moment = Outside::moment(ctx, &stored);
        let of_run = Arc::clone(&definition);
        let rehearsal = move |slice: &Slice| {
            let surroundings = outside.input(&moment, slice);
            next::simulate(&of_run, start, &process.into(), &answers, DRY_LIMIT, &surroundings)
        };
        let ran = self.rehearsals.run(ctx, rehearsal).await?;
        let problems = ran.state.incidents.values().map(|incident| Problem {
            element: incident.element.to_string(),
            severity: Severity::Error,
            message: incident.message.in_locale(ctx.locale),
        });
        Ok(DryRun {
            visited: ran.visited.iter().map(ToString::to_string).collect(),
            state: store::status_name(ran.state.status),
            variables: ran.state.variables().cloned().unwrap_or_default(),
            problems: problems.collect(),
            cut: ran.cut,
            steps: self.dry_steps(ctx, &definition, &ran, input.subject.as_ref()).await?,
            open: dry_steps::open(&definition, &ran.state),
        })
    }
}
