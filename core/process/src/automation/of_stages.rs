//! What stages do on entering: each a rule with a row of its own, which is kept and changed with the stage alone.

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::{FieldError, FieldErrors};
use kernel::event;
use kernel::{Ctx, Error, Result, TenantId};
use records::Catalogue;
use records::stages::{OnEnter, StageActs};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::model::{Action, ActsAs, PlacedRule, Rule, Trigger, TriggerKind};
use super::rules::{TABLE, json_of, name_taken};
use super::{Automations, INVALID, known, moving};

/// Before rules that administrators write.
const PLACE: i64 = 0;
/// Characters of a rule's name that are a stage's.
const MAX_NAME: usize = 50;

#[async_trait::async_trait]
impl StageActs for Automations {
    async fn check(&self, ctx: &Ctx, entity: &str, on_enter: &OnEnter) -> Result<()> {
        let rule = rule(on_enter).map_err(|fields| Error::Invalid { code: INVALID, fields })?;
        of_actions(self.checked(ctx, entity, rule).await)
    }

    async fn check_in(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        catalogue: &Catalogue,
        entity: &str,
        on_enter: &OnEnter,
    ) -> Result<()> {
        let rule = rule(on_enter).map_err(|fields| Error::Invalid { code: INVALID, fields })?;
        of_actions(self.checked_in(tx, ctx, catalogue, entity, rule).await)
    }

    fn kept_back(&self, act: &Json) -> Option<&'static str> {
        // What is no action is refused wherever it comes in.
        serde_json::from_value(act.clone()).ok().as_ref().and_then(moving::kept_back)
    }

    async fn keep(&self, tx: &Tx, ctx: &Ctx, entity: &str, all: &[OnEnter]) -> Result<()> {
        known::touch(tx, ctx.tenant).await?;
        for on_enter in all {
            let id = id_of(ctx.tenant, entity, &on_enter.stage);
            match on_enter.acts.is_empty() {
                true => remove(tx, ctx, id).await?,
                false => {
                    let rule = rule(on_enter).map_err(|fields| Error::Invalid { code: INVALID, fields })?;
                    put(tx, ctx, PlacedRule { id, entity: entity.to_owned(), place: PLACE, rule }).await?;
                }
            }
        }
        Ok(())
    }
}

/// What is wrong with its actions: the stage that it names may be a new one.
fn of_actions(checked: Result<Rule>) -> Result<()> {
    match checked {
        Err(Error::Invalid { code, mut fields }) => {
            fields.retain(|part, _| part.starts_with("do"));
            if fields.is_empty() { Ok(()) } else { Err(Error::Invalid { code, fields }) }
        }
        checked => checked.map(drop),
    }
}

/// Whether a rule is a stage's: then it is changed there alone.
pub(super) fn is_of_stage(tenant: TenantId, placed: &PlacedRule) -> bool {
    placed.rule.on.stage.as_ref().is_some_and(|stage| placed.id == id_of(tenant, &placed.entity, stage))
}

fn id_of(tenant: TenantId, entity: &str, stage: &str) -> Uuid {
    kernel::id::derived(&format!("on_enter:{tenant}:{entity}:{stage}"))
}

fn rule(on_enter: &OnEnter) -> Result<Rule, FieldErrors> {
    let (mut actions, mut errors) = (Vec::with_capacity(on_enter.acts.len()), FieldErrors::new());
    for (index, act) in on_enter.acts.iter().enumerate() {
        match serde_json::from_value::<Action>(Json::clone(act)) {
            Ok(action) => actions.push(action),
            Err(error) => {
                let error = FieldError::new("invalid").with("reason", error);
                errors.insert(format!("do.{index}"), error);
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let name: String = on_enter.name.chars().take(MAX_NAME).collect();
    Ok(Rule {
        // Stages of an entity have different keys, and may have one name.
        name: format!("→ {} ({})", name.trim(), on_enter.stage),
        on: Trigger {
            event: TriggerKind::StageEntered,
            fields: Vec::new(),
            stage: Some(on_enter.stage.clone()),
            after: None,
            field: None,
            offset: None,
            at: None,
            label: None,
            roles: Vec::new(),
            cron: None,
            record: None,
            make: Map::new(),
            filter: None,
            most: None,
        },
        when: None,
        once: false,
        delay: None,
        actions,
        acts_as: ActsAs::Rule,
        enabled: true,
    })
}

/// Writes the rule: one that is new, or was away, looks at what happens from now on.
async fn put(tx: &Tx, ctx: &Ctx, placed: PlacedRule) -> Result<()> {
    let definition = json_of(&placed.rule)?;
    let mut update = Query::update();
    update
        .table(TABLE)
        .value("name", placed.rule.name.as_str())
        .value("definition", definition.clone())
        .value("enabled", true)
        .and_where(Expr::col("id").eq(placed.id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    let mut there = update.clone();
    there.and_where(Expr::col("removed_at").is_null());
    if tx.execute(&there).await.map_err(name_taken)?.rows_affected() == 1 {
        return Ok(());
    }
    let since = event::newest(tx).await?.to_string();
    update.value("removed_at", Option::<i64>::None).value("since", since.as_str());
    if tx.execute(&update).await.map_err(name_taken)?.rows_affected() == 1 {
        return Ok(());
    }
    let insert = Query::insert()
        .into_table(TABLE)
        .columns(["id", "tenant_id", "entity", "name", "definition", "enabled", "sort", "since", "created_at"])
        .values_panic([
            placed.id.into(),
            ctx.tenant.into(),
            placed.entity.as_str().into(),
            placed.rule.name.as_str().into(),
            definition.into(),
            true.into(),
            placed.place.into(),
            since.into(),
            ctx.now().0.into(),
        ])
        .to_owned();
    tx.execute(&insert).await.map_err(name_taken)?;
    Ok(())
}

async fn remove(tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<()> {
    let update = Query::update()
        .table(TABLE)
        .value("enabled", false)
        .value("removed_at", ctx.now().0)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("removed_at").is_null())
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}
