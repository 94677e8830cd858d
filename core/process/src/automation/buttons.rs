//! Rules with a button on the card: who sees it, and what a press does. A press makes the run and the job that does it in one
//! transaction, so that whoever presses has an answer at once and nothing is lost. Each press has an id: one that comes
//! twice is one.

use ::people::role;
use kernel::db::ConnectionTrait;
use kernel::event::Event;
use kernel::{Ctx, Error, RecordId, Result, Timestamp};
use records::happened::Happened;
use sea_orm::sea_query::{Expr, ExprTrait, Order};
use serde::Serialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::answer::{self, Begun};
use super::model::{Rule, TriggerKind};
use super::rules::Kept;
use super::runs::{self, Run, RunState};
use super::{Automations, reader};

/// The key of the press among the changes of its event.
const PRESS: &str = "@press";

/// A button on the card of a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationButton)]
pub struct ButtonView {
    /// Its rule.
    pub rule: Uuid,
    /// What stands on it, in the asker's language.
    pub label: String,
    /// What came of the last press on this record, whoever pressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub run: Option<ButtonRun>,
}

/// What came of a press.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AutomationButtonRun)]
pub struct ButtonRun {
    /// The run.
    pub id: Uuid,
    /// How it stands.
    pub state: RunState,
    /// When it was pressed.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Why it did not go on, for administrators, in the company's language or English.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
}

impl Automations {
    /// Buttons that the actor may press on a record: of rules for one of their roles whose condition holds for it now.
    ///
    /// # Errors
    /// `NotFound` for the record.
    pub async fn buttons(&self, ctx: &Ctx, entity: &str, id: RecordId) -> Result<Vec<ButtonView>> {
        self.processes.records().get(ctx, entity, id).await?;
        let all = self.buttons_of(ctx, entity).await?;
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let system = self.processes.system(ctx.tenant).await?;
        let def = self.processes.records().defined(ctx, entity).await?;
        // A rule sees every field, whatever the actor sees.
        let image = self.processes.records().images(&system, entity, &[id]).await?.remove(&id);
        let image = image.ok_or_else(|| Error::NotFound(format!("{entity} {id}")))?;
        let happened = Happened::nothing(&def, id, &image, ctx);
        let mut shown = Vec::new();
        for kept in &all {
            let rule = &kept.placed.rule;
            // One whose condition cannot be answered says why when it is pressed.
            let condition = answer::condition(rule, &def).ok().flatten();
            if condition.is_some_and(|condition| happened.holds(&condition) == Ok(false)) {
                continue;
            }
            let run = self.last_run(ctx, kept.placed.id, id).await?.map(|run| view(ctx, run));
            shown.push(ButtonView { rule: kept.placed.id, label: label(rule, ctx), run });
        }
        Ok(shown)
    }

    /// Presses a button: the run that it makes is done at once by a job, after the delay of the rule where it has one. The
    /// same press again gives the same run, and so does a rule that acts once for a record.
    ///
    /// # Errors
    /// `NotFound` for the record or the rule, `Denied` for the actor's roles, conflict `automation.not_now` when the
    /// condition does not hold.
    pub async fn press(&self, ctx: &Ctx, (entity, id): (&str, RecordId), rule: Uuid, press: Uuid) -> Result<ButtonRun> {
        self.processes.records().get(ctx, entity, id).await?;
        let known = self.known_buttons(ctx, entity).await?;
        let kept = known.into_iter().find(|kept| kept.placed.id == rule);
        let kept = kept.ok_or_else(|| Error::NotFound(format!("rule {rule}")))?;
        if !is_for(&kept.placed.rule, ctx, &self.roles_of(ctx).await?) {
            return Err(Error::Denied("button"));
        }
        let of = (entity, id.0);
        let event = Event {
            actor: ctx.actor.clone(),
            cause: ctx.cause.clone(),
            ..reader::unlogged(ctx, of, "button", ctx.now(), json!({PRESS: press}))
        };
        let system = self.processes.system(ctx.tenant).await?;
        match self.begin(&system, &kept, &event, true).await? {
            Begun::Nothing => Err(Error::Conflict { code: "automation.not_now", current: None }),
            Begun::Known(run) | Begun::New(run) => Ok(view(ctx, run)),
        }
    }

    /// Rules with a button on the cards of an entity.
    async fn known_buttons(&self, ctx: &Ctx, entity: &str) -> Result<Vec<Kept>> {
        let conn = self.processes.db().read();
        let known = self.processes.rules().of_company(conn, ctx.now(), ctx.tenant).await?;
        let is_button = |kept: &&Kept| kept.placed.entity == entity && kept.placed.rule.on.event == TriggerKind::Button;
        Ok(known.iter().filter(is_button).cloned().collect())
    }

    /// Those of them that the actor may press.
    async fn buttons_of(&self, ctx: &Ctx, entity: &str) -> Result<Vec<Kept>> {
        let mut known = self.known_buttons(ctx, entity).await?;
        if !known.is_empty() {
            let roles = self.roles_of(ctx).await?;
            known.retain(|kept| is_for(&kept.placed.rule, ctx, &roles));
        }
        Ok(known)
    }

    /// Keys of the roles of whoever acts.
    async fn roles_of(&self, ctx: &Ctx) -> Result<Vec<String>> {
        Ok(role::of_actor(self.processes.db().read(), ctx).await?.into_iter().map(|role| role.key).collect())
    }

    async fn last_run(&self, ctx: &Ctx, rule: Uuid, record: RecordId) -> Result<Option<Run>> {
        let mut select = runs::select();
        select
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("rule_id").eq(rule))
            .and_where(Expr::col("record_id").eq(record.0))
            .order_by("number", Order::Desc)
            .limit(1);
        self.processes.db().read().query_one(&select).await?.as_ref().map(Run::read).transpose()
    }
}

/// Whether somebody with these roles may press the button of a rule.
fn is_for(rule: &Rule, ctx: &Ctx, roles: &[String]) -> bool {
    ctx.rights.is_admin() || rule.on.roles.iter().any(|role| roles.contains(role))
}

fn label(rule: &Rule, ctx: &Ctx) -> String {
    rule.on.label.as_ref().map_or_else(|| rule.name.clone(), |label| label.in_locale(ctx.locale).to_owned())
}

fn view(ctx: &Ctx, run: Run) -> ButtonRun {
    let error = run.error.filter(|_| ctx.rights.is_admin());
    ButtonRun { id: run.id, state: run.state, at: run.at, error }
}

/// The press that an event of ours is.
pub(super) fn press_of(event: &Event) -> Option<&str> {
    event.changes.get(PRESS).and_then(Json::as_str)
}
