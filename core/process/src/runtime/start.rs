//! How instances begin.

use kernel::access::ProcessAction;
use kernel::ctx::MAX_HOPS_TOTAL;
use kernel::db::ConnectionTrait;
use kernel::error::FieldError;
use kernel::{Ctx, Error, InstanceId, RecordRef, Result, TenantId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::advance::{Followed, Round};
use super::definitions::require;
use super::services::{ServiceCall, ServiceFailure, failure};
use super::store::{self, Stored};
use super::{INVALID, InstanceView, Processes, instances, invalid, locks};
use crate::definition::model::Definition;
use crate::definition::needs_record;
use crate::stepper::Event;
use crate::stepper::budget::{MAX_VARIABLES, weigh_all};

/// An instance to start.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartInput {
    /// The definition, by id or by key.
    pub definition: String,
    /// Its version; the published one by default.
    #[serde(default)]
    pub version: Option<i64>,
    /// Id of the process, of a file with several; the first executable one by default.
    #[serde(default)]
    pub process: Option<String>,
    /// The record it is about.
    #[serde(default)]
    pub subject: Option<RecordRef>,
    /// First variables.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub variables: Map<String, Json>,
}

impl Processes {
    /// Starts an instance at its plain start and shows it.
    ///
    /// # Errors
    /// `Denied`, `NotFound` for the definition or the subject, `process.invalid` naming `version`, `process` or `variables`,
    /// conflict `process.not_published`.
    pub async fn start(&self, ctx: &Ctx, input: StartInput) -> Result<InstanceView> {
        let begun = self.begun(ctx, input).await?;
        let mut view = self.view(ctx, begun.stored).await?;
        view.visited = instances::visited_in(&begun.visits, ctx);
        Ok(view)
    }

    /// Starts an instance and gives its id: for plugins, which may start what they may not look at.
    ///
    /// # Errors
    /// As `start`.
    pub async fn begin(&self, ctx: &Ctx, input: StartInput) -> Result<InstanceId> {
        Ok(self.begun(ctx, input).await?.stored.id)
    }

    /// The same under an id of the caller's, who may ask twice: what was begun already is left alone.
    ///
    /// # Errors
    /// As `start`.
    pub(crate) async fn begin_once(&self, ctx: &Ctx, id: InstanceId, input: StartInput) -> Result<()> {
        if store::load(self.db.read(), ctx.tenant, id).await?.is_some() {
            return Ok(());
        }
        self.begun_as(ctx, id, input).await.map(drop)
    }

    /// The service `start-process`: the definition that `process` names, about the same record; the other parameters are its
    /// first variables. Nobody waits for its end.
    ///
    /// # Errors
    /// Why it was not started.
    pub(super) async fn start_another(&self, ctx: &Ctx, call: &ServiceCall) -> Result<Json, ServiceFailure> {
        let never = |why: &str| Err(ServiceFailure::Never(format!("start-process: {why}")));
        let mut variables = call.parameters.clone();
        let Some(Json::String(definition)) = variables.remove("process") else {
            return never("the parameter `process` is missing");
        };
        if ctx.cause.hop >= MAX_HOPS_TOTAL {
            return never("processes start one another without end");
        }
        let id = InstanceId(call.idempotency_key());
        let input = StartInput { definition, version: None, process: None, subject: call.subject.clone(), variables };
        self.begin_once(ctx, id, input).await.map_err(|error| failure(&error))?;
        Ok(json!({"instance": id}))
    }

    async fn begun(&self, ctx: &Ctx, input: StartInput) -> Result<Followed> {
        self.begun_as(ctx, InstanceId(ctx.id()), input).await
    }

    async fn begun_as(&self, ctx: &Ctx, id: InstanceId, input: StartInput) -> Result<Followed> {
        check_variables(ctx, &input.variables)?;
        let found = self.find(ctx, &input.definition).await?;
        require(ctx, &found.key, ProcessAction::Start)?;
        let version = match input.version {
            None => found.published.ok_or(Error::Conflict { code: "process.not_published", current: None })?,
            Some(version) if self.version(self.db.read(), ctx.tenant, found.id, version).await?.is_some() => version,
            Some(version) => return Err(invalid("version", format!("there is no published version {version}"))),
        };
        let definition = self.ready(self.db.read(), ctx.tenant, found.id, version).await?;
        let process = chosen(&definition, input.process.as_deref())?;
        if input.subject.is_none() && needs_record(&definition) {
            return Err(Error::field(INVALID, "subject", FieldError::new("record_needed")));
        }
        if let Some(subject) = &input.subject {
            // Whoever starts a process about a record must be allowed to see it.
            self.records.get(ctx, &subject.entity, subject.id).await?;
        }
        let stored = Stored { id, subject: input.subject, ..Stored::new(ctx, found.id, version, &process) };
        let tx = self.db.begin().await?;
        let mut round = Round::new(self, &tx, ctx);
        let begun = round.follow(stored, Event::Start { at: None, variables: input.variables }).await?;
        tx.commit().await?;
        Ok(begun)
    }

    /// Whether this start event of this version still makes instances.
    pub(super) async fn starts(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        definition: Uuid,
        version: i64,
        element: &str,
    ) -> Result<bool> {
        let select = Query::select()
            .column("element")
            .from("process_start")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("definition_id").eq(definition))
            .and_where(Expr::col("version").eq(version))
            .and_where(Expr::col("element").eq(element))
            .take();
        Ok(conn.query_one(&select).await?.is_some())
    }

    /// The published version that has a process with this id.
    pub(super) async fn callable(
        &self,
        conn: &impl ConnectionTrait,
        tenant: TenantId,
        process: &str,
    ) -> Result<Option<(Uuid, i64)>> {
        let select = Query::select()
            .columns(["definition_id", "version"])
            .from("process_callable")
            .and_where(Expr::col("tenant_id").eq(tenant.0))
            .and_where(Expr::col("process").eq(process))
            .take();
        match conn.query_one(&select).await? {
            Some(row) => Ok(Some((row.try_get_by_index(0)?, row.try_get_by_index(1)?))),
            None => Ok(None),
        }
    }

    /// This version, when it was published at some time.
    pub(super) async fn version(
        &self,
        conn: &impl ConnectionTrait,
        tenant: TenantId,
        definition: Uuid,
        version: i64,
    ) -> Result<Option<(Uuid, i64)>> {
        let select = Query::select()
            .column("version")
            .from("process_version")
            .and_where(Expr::col("tenant_id").eq(tenant.0))
            .and_where(Expr::col("definition_id").eq(definition))
            .and_where(Expr::col("version").eq(version))
            .and_where(Expr::col("published_at").is_not_null())
            .take();
        Ok(conn.query_one(&select).await?.map(|_| (definition, version)))
    }
}

impl Round<'_> {
    /// Starts an instance at a triggered start event under an id that tells whether it was started already.
    pub(super) async fn start_once(
        &mut self,
        id: InstanceId,
        (definition, version): (Uuid, i64),
        process: &str,
        element: &str,
    ) -> Result<()> {
        if locks::lock(self.tx, self.ctx.tenant, id).await?.is_some() {
            return Ok(());
        }
        let stored = Stored { id, ..Stored::new(self.ctx, definition, version, process) };
        let event = self.beginning(element, Map::new());
        self.begin(stored, event).await
    }
}

/// The process to start.
fn chosen(definition: &Definition, wanted: Option<&str>) -> Result<String> {
    let mut executable = definition.processes.iter().filter(|process| process.executable);
    let process = match wanted {
        Some(id) => executable.find(|process| &*process.id == id),
        None => executable.next(),
    };
    let process = process.ok_or_else(|| invalid("process", "the definition has no such executable process"))?;
    if definition.scope(process.scope).starts.is_empty() {
        return Err(invalid("process", "it begins with an event: send its message or signal, or wait for its time"));
    }
    Ok(process.id.to_string())
}

/// Variables of a request within their limits.
pub(super) fn check_variables(ctx: &Ctx, variables: &Map<String, Json>) -> Result<()> {
    if variables.keys().any(|name| name.is_empty() || name.chars().count() > 255) {
        return Err(invalid("variables", "a variable's name has 1 to 255 characters"));
    }
    match weigh_all(variables) {
        Ok(weight) if weight <= MAX_VARIABLES => {}
        Ok(_) => return Err(invalid("variables", format!("larger than {MAX_VARIABLES} bytes"))),
        Err(message) => return Err(invalid("variables", message.in_locale(ctx.locale))),
    }
    let text = serde_json::to_string(variables).map_err(Error::internal)?;
    if text.contains("\\u0000") {
        return Err(invalid("variables", "the character U+0000 is not allowed"));
    }
    Ok(())
}
