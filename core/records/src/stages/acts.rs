//! What stages do on entering, on its way from a list of stages to whoever keeps it.

use std::collections::BTreeSet;

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::{FieldError, FieldErrors};
use kernel::{BatchId, Ctx, Error, Locale, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

use super::checked::CheckedStage;
use super::{OnEnter, Pipeline, Stage, StageInput, load};
use crate::Records;
use crate::catalogue::change::INVALID;
use crate::catalogue::{Catalogue, EntityDef};

impl Records {
    /// Passes what stages do when a record enters them.
    pub(super) async fn check_acts(&self, ctx: &Ctx, def: &EntityDef, all: &[OnEnter]) -> Result<()> {
        self.pass_acts(ctx, def, all, None).await
    }

    /// The same as a transaction sees what they name.
    pub(super) async fn check_acts_in(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        catalogue: &Catalogue,
        def: &EntityDef,
        all: &[OnEnter],
    ) -> Result<()> {
        self.pass_acts(ctx, def, all, Some((tx, catalogue))).await
    }

    async fn pass_acts(
        &self,
        ctx: &Ctx,
        def: &EntityDef,
        all: &[OnEnter],
        within: Option<(&Tx, &Catalogue)>,
    ) -> Result<()> {
        let mut errors = FieldErrors::new();
        for (index, on_enter) in all.iter().enumerate().filter(|(_, on_enter)| !on_enter.acts.is_empty()) {
            let Some(acts) = self.stage_acts() else {
                let nobody = FieldError::new("invalid").with("reason", "there is no automation");
                return Err(Error::field(INVALID, &format!("stages.{index}.on_enter"), nobody));
            };
            let passed = match within {
                Some((tx, catalogue)) => acts.check_in(tx, ctx, catalogue, &def.key, on_enter).await,
                None => acts.check(ctx, &def.key, on_enter).await,
            };
            match passed {
                Err(Error::Invalid { fields, .. }) => {
                    let named = |(part, error): (String, FieldError)| {
                        let part = part.strip_prefix("do").unwrap_or_default().to_owned();
                        (format!("stages.{index}.on_enter{part}"), error)
                    };
                    errors.extend(fields.into_iter().map(named));
                }
                passed => passed?,
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid { code: INVALID, fields: errors }) }
    }

    /// Keeps it.
    pub(super) async fn keep_acts(&self, tx: &Tx, ctx: &Ctx, def: &EntityDef, all: &[OnEnter]) -> Result<()> {
        match self.stage_acts() {
            Some(acts) => acts.keep(tx, ctx, &def.key, all).await,
            None => Ok(()),
        }
    }

    /// What stages do that came back with the undo of a batch: from now on they do it again.
    pub(crate) async fn act_again(&self, tx: &Tx, ctx: &Ctx, batch: BatchId) -> Result<()> {
        let Some(port) = self.stage_acts() else { return Ok(()) };
        let back = Query::select()
            .columns(["pipeline_id", "key"])
            .from("stage")
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .and_where(Expr::col("removed_in").eq(batch.0))
            .and_where(Expr::col("removed_at").is_null())
            .take();
        let mut came: BTreeSet<(Uuid, String)> = BTreeSet::new();
        for row in tx.query_all(&back).await? {
            came.insert((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        }
        let pipelines = load(tx, ctx.tenant, String::new()).await?;
        for pipeline in &pipelines.all {
            let acts =
                |stage: &&Stage| !stage.rules.on_enter.is_empty() && came.contains(&(pipeline.id, stage.key.clone()));
            let all: Vec<OnEnter> =
                pipeline.stages.iter().filter(acts).map(|stage| OnEnter::kept(stage, ctx.locale)).collect();
            if !all.is_empty() {
                port.keep(tx, ctx, &pipeline.entity, &all).await?;
            }
        }
        Ok(())
    }
}

impl OnEnter {
    /// Of a stage as it is kept.
    fn kept(stage: &Stage, locale: Locale) -> Self {
        Self { stage: stage.key.clone(), name: stage.name_in(locale).to_owned(), acts: stage.rules.on_enter.clone() }
    }

    /// Of a stage as somebody wants it.
    pub(super) fn wanted(stage: &StageInput, locale: Locale) -> Self {
        Self {
            stage: stage.key.clone().unwrap_or_default(),
            name: stage.label.in_locale(locale).to_owned(),
            acts: stage.on_enter.clone(),
        }
    }
}

/// What the stages do on entering, in their order; those of the pipeline as it was that are there no more do nothing.
pub(super) fn on_enter(old: Option<&Pipeline>, stages: &[CheckedStage], locale: Locale) -> Vec<OnEnter> {
    let new = stages.iter().map(|stage| OnEnter {
        stage: stage.key.clone(),
        name: stage.labels.in_locale(locale).to_owned(),
        acts: stage.rules.on_enter.clone(),
    });
    let gone = old.into_iter().flat_map(|old| &old.stages);
    let gone = gone.filter(|stage| !stages.iter().any(|new| new.key == stage.key));
    let gone = gone.map(|stage| OnEnter { stage: stage.key.clone(), name: stage.name.clone(), acts: Vec::new() });
    new.chain(gone).collect()
}
