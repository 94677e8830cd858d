//! Titles of what records point to: people, departments, pipelines, linked records that the asker may see.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::access::Action;
use kernel::value::FieldType;
use kernel::{Ctx, Result, Value};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::Serialize;
use uuid::Uuid;

use crate::shape::Asker;
use crate::{Record, Records};

/// What an id means to a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ref {
    /// Entity key, or `user`, `department`.
    pub entity: String,
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
        let mut wanted: HashMap<&str, BTreeSet<Uuid>> = HashMap::new();
        for record in records {
            let Some(def) = crate::catalogue::entity(record.entity) else { continue };
            for field in &def.fields {
                let target = match field.kind {
                    FieldType::User => "user",
                    FieldType::Department => "department",
                    FieldType::Record => {
                        record.fields.get("record_entity").and_then(Value::as_text).unwrap_or_default()
                    }
                    _ => field.target.unwrap_or_default(),
                };
                if target.is_empty() {
                    continue;
                }
                match record.fields.get(field.key) {
                    Some(Value::Id(id)) => drop(wanted.entry(target).or_default().insert(*id)),
                    Some(Value::Ids(ids)) => wanted.entry(target).or_default().extend(ids),
                    _ => {}
                }
            }
        }
        let mut refs = Refs::new();
        for (entity, ids) in wanted {
            self.titles(ctx, entity, &ids.into_iter().collect::<Vec<_>>(), &mut refs).await?;
        }
        Ok(refs)
    }

    /// Adds the titles of these things, as far as they may be seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn titles(&self, ctx: &Ctx, entity: &str, ids: &[Uuid], refs: &mut Refs) -> Result<()> {
        let conn = self.db.read();
        let ids = &self.known_titles(ctx, entity, ids, refs).await?;
        if ids.is_empty() {
            return Ok(());
        }
        let (table, title, live) = match entity {
            "user" => ("user_account", "name", false),
            "department" => ("department", "name", false),
            key => match crate::catalogue::entity(key) {
                Some(def) if ctx.rights.may(key, Action::Read) && ctx.rights.sees(key, "title") => {
                    (def.table, "title", true)
                }
                _ => return Ok(()),
            },
        };
        let mut select = Query::select()
            .column((table, "id"))
            .column((table, title))
            .from(table)
            .and_where(Expr::col((table, "id")).is_in(ids.iter().copied()))
            .and_where(Expr::col((table, "tenant_id")).eq(ctx.tenant.0))
            .take();
        if live {
            let asker = Asker::new(ctx, conn.get_database_backend());
            if let Some(allowed) = asker.allowed(entity, table, Action::Read).map_err(crate::bad_filter)? {
                select.and_where(allowed);
            }
        }
        for row in conn.query_all(&select).await? {
            refs.insert(row.try_get_by_index(0)?, Ref { entity: entity.to_owned(), title: row.try_get_by_index(1)? });
        }
        Ok(())
    }

    /// Adds what is in memory, gives the ids that are not.
    async fn known_titles(&self, ctx: &Ctx, entity: &str, ids: &[Uuid], refs: &mut Refs) -> Result<Vec<Uuid>> {
        let known = match entity {
            "user" | "department" => self.names.of(&self.db, &self.env, ctx.tenant).await?,
            _ => return Ok(ids.to_vec()),
        };
        let names = if entity == "user" { &known.users } else { &known.departments };
        let mut missing = Vec::new();
        for id in ids {
            match names.get(id) {
                Some(name) => drop(refs.insert(*id, Ref { entity: entity.to_owned(), title: name.clone() })),
                None => missing.push(*id),
            }
        }
        Ok(missing)
    }
}
