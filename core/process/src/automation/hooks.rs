//! Rules with an address of their own: somebody outside sends JSON or a form, which expressions see as `vars`. What is sent is
//! about a record that it names, or makes one. The address is known by a token that is told once; of it only a hash is kept.
//!
//! A call has an id: of the sender's `Idempotency-Key`, else its own. The record that it makes and the run that it begins
//! follow from it, so that a call that comes twice is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::people::require_admin;
use ::people::token::hash_of;
use kernel::clock::Env;
use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::event::Event;
use kernel::jobs::{self, NewJob};
use kernel::{Actor, Ctx, Error, Fields, RecordId, Result, TenantId, Timestamp, Value, audit};
use records::happened::{self, Happened, SENT};
use records::{Along, Change, EntityDef, WriteOptions};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::answer::LINK;
use super::model::{Rule, TriggerKind};
use super::rules::{self, Kept};
use super::{Automations, INVALID, reader, words};

const TABLE: &str = "automation_hook";

/// The address of a rule, without its token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationHook)]
pub struct HookView {
    /// When it was made; none: there is none.
    #[schema(value_type = Option<String>)]
    pub created: Option<Timestamp>,
}

/// A new address of a rule; its token is told once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NewAutomationHook)]
pub struct NewHook {
    /// `/hooks/automation/<token>`
    pub path: String,
}

/// Whose an address is.
#[derive(Debug, Clone, Copy)]
pub struct Hook {
    /// The company.
    pub tenant: TenantId,
    rule: Uuid,
}

/// What came of a call.
#[derive(Debug, Serialize)]
pub struct Called {
    /// The call: the same for every try with one key.
    pub id: Uuid,
}

impl Automations {
    /// Whether a rule has an address (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn hook(&self, ctx: &Ctx, id: Uuid) -> Result<HookView> {
        require_admin(ctx)?;
        self.one(ctx, id).await?;
        let select = Query::select()
            .column("created_at")
            .from(TABLE)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("rule_id").eq(id))
            .to_owned();
        let row = self.processes.db().read().query_one(&select).await?;
        let created = row.map(|row| row.try_get_by_index(0)).transpose()?.map(Timestamp);
        Ok(HookView { created })
    }

    /// Makes the address of a rule; the one there was is none any more (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`; `config.invalid` for a rule that something else sets off.
    pub async fn open_hook(&self, ctx: &Ctx, id: Uuid) -> Result<NewHook> {
        require_admin(ctx)?;
        let kept = self.one(ctx, id).await?;
        if kept.placed.rule.on.event != TriggerKind::Webhook {
            return Err(Error::field(INVALID, "on.event", FieldError::new("invalid").with("reason", "webhook")));
        }
        let token = ctx.env.secret();
        let tx = self.processes.db().begin().await?;
        let insert = Query::insert()
            .into_table(TABLE)
            .columns(["tenant_id", "rule_id", "token_hash", "created_at"])
            .values_panic([ctx.tenant.into(), id.into(), hash_of(&token).into(), ctx.now().0.into()])
            .on_conflict(
                OnConflict::columns(["tenant_id", "rule_id"]).update_columns(["token_hash", "created_at"]).to_owned(),
            )
            .to_owned();
        tx.execute(&insert).await?;
        audit::record(&tx, ctx, "automation.hook_opened", &kept.placed.rule.name, json!({"rule": id})).await?;
        tx.commit().await?;
        Ok(NewHook { path: format!("/hooks/automation/{token}") })
    }

    /// Takes the address of a rule away (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn close_hook(&self, ctx: &Ctx, id: Uuid) -> Result<()> {
        require_admin(ctx)?;
        let kept = self.one(ctx, id).await?;
        let tx = self.processes.db().begin().await?;
        let delete = Query::delete()
            .from_table(TABLE)
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("rule_id").eq(id))
            .to_owned();
        if tx.execute(&delete).await?.rows_affected() == 0 {
            return Err(gone());
        }
        audit::record(&tx, ctx, "automation.hook_closed", &kept.placed.rule.name, json!({"rule": id})).await?;
        Ok(tx.commit().await?)
    }

    /// Whose the address with this token is.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn hook_of(&self, token: &str) -> Result<Hook> {
        let select = Query::select()
            .columns(["tenant_id", "rule_id"])
            .from(TABLE)
            .and_where(Expr::col("token_hash").eq(hash_of(token)))
            .to_owned();
        let row = self.processes.db().read().query_one(&select).await?.ok_or_else(gone)?;
        Ok(Hook { tenant: TenantId(row.try_get_by_index(0)?), rule: row.try_get_by_index(1)? })
    }

    /// Takes what was sent to an address, once for each key; what the rule does is done by a job.
    ///
    /// # Errors
    /// `NotFound` for a rule that is off or gone; `config.invalid` naming `record` when what was sent names no record that
    /// is there; `record.invalid` for a record that cannot be made of it.
    pub async fn take_call(&self, hook: Hook, key: Option<&str>, sent: Map<String, Json>) -> Result<Called> {
        let ctx = self.processes.system(hook.tenant).await?;
        let kept = rules::by_id(self.processes.db().read(), hook.tenant, hook.rule).await?;
        let listens = |kept: &Kept| kept.placed.rule.enabled && kept.placed.rule.on.event == TriggerKind::Webhook;
        let kept = kept.filter(listens).ok_or_else(gone)?;
        let id = match key {
            Some(key) => kernel::id::derived(&format!("hook:{}:{key}", hook.rule)),
            None => ctx.id(),
        };
        let acting = acting(&ctx, &kept);
        let def = self.processes.records().defined(&ctx, &kept.placed.entity).await?;
        let scene = before_record(&def, &ctx, &sent);
        let place = (kept.placed.entity.as_str(), &kept.placed.rule);
        let named = self.named(&ctx, place, &def, &scene).await?;
        let job = job_of(&ctx, &acting, &kept, (named.unwrap_or(RecordId(id)), id), sent)?;
        match named {
            Some(_) => self.enqueue(&ctx, job).await?,
            None => self.made(&acting, &kept, &def, &scene, RecordId(id), job).await?,
        }
        Ok(Called { id })
    }

    /// The record that what was sent names.
    ///
    /// # Errors
    /// `config.invalid` naming `record` when it names one that is not there.
    pub(super) async fn named(
        &self,
        ctx: &Ctx,
        (entity, rule): (&str, &Rule),
        def: &Arc<EntityDef>,
        scene: &Happened,
    ) -> Result<Option<RecordId>> {
        let Some(text) = &rule.on.record else { return Ok(None) };
        let compiled = happened::compile(def, text).map_err(|error| unread("record", &words::said(&error)))?;
        let id: RecordId = match scene.value(&compiled, &nothing()).map_err(|why| unread("record", &why))? {
            Json::Null => return Ok(None),
            Json::String(id) if id.trim().is_empty() => return Ok(None),
            Json::String(id) => id.trim().parse().map_err(|_| unread("record", "no id"))?,
            _ => return Err(unread("record", "no id")),
        };
        match self.is_there(ctx, entity, id).await? {
            true => Ok(Some(id)),
            false => Err(unread("record", "there is no such record")),
        }
    }

    /// Makes a record of what was sent, in one transaction with the job that answers it.
    async fn made(
        &self,
        acting: &Ctx,
        kept: &Kept,
        def: &Arc<EntityDef>,
        scene: &Happened,
        id: RecordId,
        job: NewJob,
    ) -> Result<()> {
        let entity = kept.placed.entity.as_str();
        if self.was_made(acting, entity, id).await? {
            return self.enqueue(acting, job).await;
        }
        let fields = fields_of(def, &kept.placed.rule, scene)?;
        let follows = Arc::new(Follows { env: acting.env.clone(), job: job.clone(), written: AtomicBool::new(false) });
        let along: Arc<dyn Along> = follows.clone();
        let options = WriteOptions { along: Some(along), ..WriteOptions::default() };
        match self.processes.records().write_one(acting, entity, Change::CreateAs { id, fields }, &options).await {
            Ok(_) if follows.written.load(Ordering::Relaxed) => Ok(()),
            // Whoever owns the entity wrote it alone.
            Ok(_) => self.enqueue(acting, job).await,
            // The same call came at the same time, and was quicker: the id is taken, or the record is like itself.
            Err(error) => match self.was_made(acting, entity, id).await? {
                true => self.enqueue(acting, job).await,
                false => Err(told(error)),
            },
        }
    }

    async fn enqueue(&self, ctx: &Ctx, job: NewJob) -> Result<()> {
        let tx = self.processes.db().begin().await?;
        jobs::enqueue(&tx, &ctx.env, job).await?;
        Ok(tx.commit().await?)
    }

    async fn is_there(&self, ctx: &Ctx, entity: &str, id: RecordId) -> Result<bool> {
        let image = self.processes.records().images(ctx, entity, &[id]).await?.remove(&id);
        Ok(image.is_some_and(|image| image.get("deleted_at").is_none_or(|at| *at == Value::Null)))
    }

    async fn was_made(&self, ctx: &Ctx, entity: &str, id: RecordId) -> Result<bool> {
        Ok(self.processes.records().images(ctx, entity, &[id]).await?.contains_key(&id))
    }
}

/// The job that follows a record.
#[derive(Debug)]
struct Follows {
    env: Env,
    job: NewJob,
    /// Whether it was written along.
    written: AtomicBool,
}

#[async_trait::async_trait]
impl Along for Follows {
    async fn write(&self, tx: &Tx) -> Result<()> {
        jobs::enqueue(tx, &self.env, self.job.clone()).await?;
        self.written.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// The job that answers a call about a record.
fn job_of(
    ctx: &Ctx,
    acting: &Ctx,
    kept: &Kept,
    (record, call): (RecordId, Uuid),
    sent: Map<String, Json>,
) -> Result<NewJob> {
    let changes = json!({"@rule": kept.placed.id, "@value": call, SENT: Json::Object(sent)});
    let of = (kept.placed.entity.as_str(), record.0);
    let event = Event { cause: acting.cause.clone(), ..reader::unlogged(ctx, of, "webhook", ctx.now(), changes) };
    let kind = if reader::is_far(&kept.placed.rule) { reader::FAR } else { reader::NEAR };
    let payload = serde_json::to_value(&event).map_err(Error::internal)?;
    Ok(NewJob::now(&ctx.env, kind, payload).for_tenant(ctx.tenant).in_order(format!("automation:{record}")))
}

/// The rule itself, which makes records of what comes to it.
fn acting(ctx: &Ctx, kept: &Kept) -> Ctx {
    let name = kept.placed.rule.name.clone();
    let cause = ctx.cause.through(&format!("{LINK}{name}"));
    Ctx { cause, ..ctx.acting_as(Actor::Rule { id: kept.placed.id, name, user: None }) }
}

/// What was sent, as expressions see it before there is a record.
pub(super) fn before_record(def: &Arc<EntityDef>, ctx: &Ctx, sent: &Map<String, Json>) -> Happened {
    Happened::nothing(def, RecordId(Uuid::nil()), &Fields::new(), ctx).with_sent(sent.clone())
}

/// Fields of the record that is made of what was sent.
///
/// # Errors
/// `config.invalid` naming `make`, or `record` when the rule makes none.
pub(super) fn fields_of(def: &Arc<EntityDef>, rule: &Rule, scene: &Happened) -> Result<Map<String, Json>> {
    if rule.on.make.is_empty() {
        return Err(unread("record", "it names none"));
    }
    words::evaluate(def, &rule.on.make, scene, &nothing()).map_err(|why| unread("make", &why))
}

fn nothing() -> Json {
    Json::Array(Vec::new())
}

fn unread(part: &str, why: &str) -> Error {
    let why: String = why.chars().take(300).collect();
    Error::field(INVALID, part, FieldError::new("invalid").with("reason", why))
}

/// What a stranger hears of a record that was not made: what is wrong with its fields, and nothing of other records.
fn told(error: Error) -> Error {
    match error {
        Error::Refused(_) | Error::Conflict { .. } => unread("make", "a record like this is not taken in"),
        error => error,
    }
}

fn gone() -> Error {
    Error::NotFound("the address of a rule".into())
}
