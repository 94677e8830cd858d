//! Puts a declaration into force in a company, or out of it: inside the transaction of whoever switches the plugin, so that
//! nothing is ever half in force.

use std::collections::{BTreeSet, HashSet};

use kernel::db::Tx;
use kernel::{Ctx, EntityKey, FieldKey, Result};

use super::plan::{Plan, plan};
use super::{Declared, DeclaredStage};
use crate::catalogue::indexed;
use crate::catalogue::store::{self, Kept, KeptRows, OwnEntity, OwnField, Standing, Which};
use crate::stages::{self, FirstStage};
use crate::{Catalogue, Records, recompute, search, write};

/// Where definitions of plugins stand among those of the company: behind its own.
const BEHIND: i64 = 1_000;

impl Records {
    /// Puts a declaration into force. The caller commits and then calls `forget_catalogue`.
    ///
    /// # Errors
    /// `config.invalid` naming what cannot be done; `record.constraint` with a record that breaks a new constraint.
    pub async fn declare(&self, tx: &Tx, ctx: &Ctx, declared: &Declared) -> Result<Plan> {
        // Before the revision counts up: what is read with it is kept for others.
        let catalogue = self.catalogue_in(tx, ctx.tenant).await?;
        let seen = store::all(tx, ctx.tenant).await?;
        if declared.is_empty() && !seen.has_any_of(&declared.plugin) {
            return Ok(Plan::default());
        }
        store::touch(tx, ctx.tenant).await?;
        // Others who change the catalogue wait from here on.
        let kept = store::all(tx, ctx.tenant).await?;
        let plan = plan(tx, ctx, declared, &kept).await?;
        plan.check()?;
        let applying = Applying { tx, ctx, declared, kept: &kept, after: catalogue.with(declared) };
        applying.entities().await?;
        applying.fields().await?;
        applying.put_away().await?;
        Ok(plan)
    }

    /// Hides everything that a plugin declared; nothing is lost. The caller commits and then calls `forget_catalogue`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdraw(&self, tx: &Tx, ctx: &Ctx, plugin: &str) -> Result<()> {
        let kept = store::all(tx, ctx.tenant).await?;
        if !kept.has_any_of(plugin) {
            return Ok(());
        }
        store::touch(tx, ctx.tenant).await?;
        for (key, row) in kept.entities.into_iter().filter(|(_, row)| row.owner.plugin() == Some(plugin)) {
            let definition = OwnEntity { standing: off(row.definition.standing), ..row.definition };
            store::save(tx, ctx, Which::Entity(&key), &definition).await?;
            store::set_removed(tx, ctx, Which::Entity(&key), true).await?;
        }
        for (entity, key, row) in kept.fields.into_iter().filter(|(_, _, row)| row.owner.plugin() == Some(plugin)) {
            let definition = OwnField { standing: off(row.definition.standing), ..row.definition };
            store::save(tx, ctx, Which::Field(&entity, &key), &definition).await?;
            store::set_removed(tx, ctx, Which::Field(&entity, &key), true).await?;
        }
        Ok(())
    }
}

fn off(standing: Standing) -> Standing {
    Standing { off: true, ..standing }
}

/// How it stands when it is declared again.
fn again(before: Standing) -> Standing {
    Standing { gone: false, off: false, ..before }
}

struct Applying<'a> {
    tx: &'a Tx,
    ctx: &'a Ctx,
    declared: &'a Declared,
    kept: &'a KeptRows,
    /// The catalogue as it will be.
    after: Catalogue,
}

impl Applying<'_> {
    async fn entities(&self) -> Result<()> {
        for (index, (key, owner, entity)) in (BEHIND..).zip(&self.declared.own.entities) {
            let row = self.kept.entities.iter().find(|(known, _)| known == key).map(|(_, row)| row);
            self.stages(key, entity, row.is_none()).await?;
            match row {
                None => store::insert_entity(self.tx, self.ctx, key, owner, entity, index).await?,
                Some(row) => self.update_entity(key, row, entity).await?,
            }
        }
        Ok(())
    }

    async fn update_entity(&self, key: &EntityKey, row: &Kept<OwnEntity>, entity: &OwnEntity) -> Result<()> {
        let before = &row.definition;
        let mut now = OwnEntity { standing: again(before.standing), ..entity.clone() };
        if before.standing.renamed {
            (now.label, now.label_many) = (before.label.clone(), before.label_many.clone());
        }
        let constraints = before.constraints != now.constraints;
        self.save(Which::Entity(key), before, &now, row.removed, now.standing).await?;
        if constraints && let Some(def) = self.after.find(key) {
            write::claims::make_anew(self.tx, self.ctx, &self.after, def).await?;
        }
        Ok(())
    }

    async fn stages(&self, key: &EntityKey, entity: &OwnEntity, new: bool) -> Result<()> {
        let stages: Vec<FirstStage> = self.declared.stages_of(key).iter().map(|stage| first(stage, self.ctx)).collect();
        if stages.is_empty() {
            return Ok(());
        }
        if new {
            let name = entity.label_many.in_locale(self.ctx.locale);
            return stages::create(self.tx, self.ctx, key, name, &stages).await;
        }
        stages::extend(self.tx, self.ctx, key, &stages).await
    }

    async fn fields(&self) -> Result<()> {
        let mut indexes = false;
        let mut stale: BTreeSet<&EntityKey> = BTreeSet::new();
        for (index, (entity, key, owner, field)) in (BEHIND..).zip(&self.declared.own.fields) {
            let row = self.kept.fields.iter().find(|(of, known, _)| of == entity && known == key);
            let Some((_, _, row)) = row else {
                store::insert_field(self.tx, self.ctx, entity, key, owner, field, index).await?;
                indexes |= field.indexed;
                if field.formula.is_some() && self.has_records(entity) {
                    stale.insert(entity);
                }
                continue;
            };
            let before = &row.definition;
            let other = (&before.formula, before.decimals) != (&field.formula, field.decimals);
            // While it was away records were changed without it.
            if field.formula.is_some() && (other || row.removed) {
                stale.insert(entity);
            }
            indexes |= indexed::differs(before, field);
            let mut now = OwnField { standing: again(before.standing), ..field.clone() };
            if before.standing.renamed {
                now.label = before.label.clone();
            }
            // Records of the recycle bin and of history may have what is offered no more.
            let lost = before.choices.iter().filter(|one| !field.choices.iter().any(|now| now.key == one.key));
            now.choices.extend(lost.map(|choice| crate::catalogue::Choice { archived: true, ..choice.clone() }));
            self.save(Which::Field(entity, key), before, &now, row.removed, now.standing).await?;
        }
        for entity in stale {
            recompute::begin(self.tx, self.ctx, entity).await?;
        }
        indexed::declare(self.tx, self.ctx, self.declared, indexes).await
    }

    /// Whether there may be records of an entity: of all but those that come with this declaration.
    fn has_records(&self, entity: &EntityKey) -> bool {
        let own = self.declared.entities().any(|own| own == entity);
        !own || self.kept.entities.iter().any(|(known, _)| known == entity)
    }

    /// What this version does not declare, and one before did.
    async fn put_away(&self) -> Result<()> {
        let entities: HashSet<&EntityKey> = self.declared.entities().collect();
        let fields: HashSet<(&EntityKey, &FieldKey)> =
            self.declared.own.fields.iter().map(|(entity, key, ..)| (entity, key)).collect();
        let plugin = Some(&*self.declared.plugin);
        for (key, row) in self.kept.entities.iter().filter(|(_, row)| row.owner.plugin() == plugin) {
            if !entities.contains(key) {
                let standing = Standing { gone: true, off: false, ..row.definition.standing };
                let now = OwnEntity { standing, ..row.definition.clone() };
                self.save(Which::Entity(key), &row.definition, &now, row.removed, standing).await?;
            }
        }
        for (entity, key, row) in self.kept.fields.iter().filter(|(_, _, row)| row.owner.plugin() == plugin) {
            if !fields.contains(&(entity, key)) {
                let standing = Standing { gone: true, off: false, ..row.definition.standing };
                let now = OwnField { standing, ..row.definition.clone() };
                self.save(Which::Field(entity, key), &row.definition, &now, row.removed, standing).await?;
            }
        }
        Ok(())
    }

    async fn save<T: serde::Serialize + PartialEq>(
        &self,
        which: Which<'_>,
        before: &T,
        now: &T,
        removed: bool,
        standing: Standing,
    ) -> Result<()> {
        if before != now {
            store::save(self.tx, self.ctx, which, now).await?;
        }
        if removed != standing.removed() {
            store::set_removed(self.tx, self.ctx, which, standing.removed()).await?;
        }
        if removed && !standing.removed() {
            // Records that were changed meanwhile are in the index without it.
            let (Which::Entity(entity) | Which::Field(entity, _)) = which;
            search::mark(self.tx, self.ctx.tenant, entity).await?;
        }
        Ok(())
    }
}

fn first(stage: &DeclaredStage, ctx: &Ctx) -> FirstStage {
    FirstStage {
        key: stage.key.clone().into(),
        name: stage.label.in_locale(ctx.locale).to_owned(),
        labels: Some(stage.label.clone()),
        semantic: stage.semantic,
        color: stage.color.clone().into(),
        convert_only: false,
    }
}
