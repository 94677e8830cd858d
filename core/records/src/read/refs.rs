//! Titles of what records point to: people, departments, linked records that the asker may see.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::FutureExt;
use kernel::{Ctx, EntityKey, Result, Value};
use serde::Serialize;
use uuid::Uuid;

use crate::catalogue::title_label;
use crate::references::{self, Target, USER};
use crate::{Record, Records};

/// What an id means to a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ref {
    /// Entity key, or `user`, `department`.
    pub entity: EntityKey,
    /// Its name.
    pub title: String,
}

/// By id.
pub type Refs = BTreeMap<Uuid, Ref>;

impl Records {
    /// The titles of everything these records point to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refs(&self, ctx: &Ctx, records: &[Record]) -> Result<Refs> {
        let catalogue = self.catalogue_of(ctx).await?;
        let mut wanted: HashMap<EntityKey, BTreeSet<Uuid>> = HashMap::new();
        for record in records {
            let Some(def) = catalogue.find(&record.entity) else { continue };
            for (key, value) in &record.fields {
                let ids = match value {
                    Value::Id(id) => std::slice::from_ref(id),
                    Value::Ids(ids) => ids.as_slice(),
                    _ => continue,
                };
                let Some(field) = def.field(key) else { continue };
                for target in references::pointed_to(field, &record.fields) {
                    wanted.entry(target).or_default().extend(ids);
                }
            }
        }
        let mut refs = Refs::new();
        for (entity, ids) in wanted {
            self.titles(ctx, &entity, &ids.into_iter().collect::<Vec<_>>(), &mut refs).await?;
        }
        Ok(refs)
    }

    /// Adds the titles of these things, as far as they may be seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn titles(&self, ctx: &Ctx, entity: &str, ids: &[Uuid], refs: &mut Refs) -> Result<()> {
        async move {
            let catalogue = self.catalogue_of(ctx).await?;
            let Some(target) = Target::of(&catalogue, entity) else { return Ok(()) };
            let missing = match target {
                Target::Entity(_) => ids.to_vec(),
                Target::Person(_) | Target::Department(_) => self.known_titles(ctx, entity, ids, refs).await?,
            };
            if missing.is_empty() {
                return Ok(());
            }
            for (id, title) in target.titles(self.db.read(), &catalogue, ctx, &missing).await? {
                let own = if let Target::Entity(def) = &target { title_label(def, &title, ctx.locale) } else { None };
                let title = own.unwrap_or(title);
                refs.insert(id, Ref { entity: entity.into(), title });
            }
            Ok(())
        }
        .boxed()
        .await
    }

    /// Adds what is in memory, gives the ids that are not.
    async fn known_titles(&self, ctx: &Ctx, entity: &str, ids: &[Uuid], refs: &mut Refs) -> Result<Vec<Uuid>> {
        let known = self.names.of(&self.db, &self.env, ctx.tenant).await?;
        let names = if entity == USER { &known.users } else { &known.departments };
        let mut missing = Vec::new();
        for id in ids {
            match names.get(id) {
                Some(name) => drop(refs.insert(*id, Ref { entity: entity.into(), title: name.clone() })),
                None => missing.push(*id),
            }
        }
        Ok(missing)
    }
}
