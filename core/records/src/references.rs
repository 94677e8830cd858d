//! Whatever records may point to: records of entities, people, departments. The one place that knows what stands behind
//! the key of a target: its table, what may be asked of it, whether an id is there, what it is called.

use std::collections::HashSet;

use kernel::access::Action;
use kernel::db::{ConnectionTrait, Line, Reader, filled};
use kernel::filter::Table;
use kernel::value::FieldType;
use kernel::{Actor, Ctx, EntityKey, Fields, Result, Value};
use people::relation::{DEPARTMENT, PERSON, Relation};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use uuid::Uuid;

use crate::shape::Asker;
use crate::{Catalogue, EntityDef, FieldDef};

/// The key of people as a target.
pub const USER: &str = "user";
/// The key of departments as a target.
pub const DEPARTMENT_KEY: &str = "department";

/// Ids of one statement; a page of 500 records may point to 50,000.
const MAX_IDS: usize = 5_000;

/// The field that names the entity of a field that points to any record.
pub const ENTITY_BESIDE: &str = "record_entity";

/// The targets that a field of a record may point to: by its type, by its definition, or by the field beside it.
pub fn pointed_to(field: &FieldDef, fields: &Fields) -> Vec<EntityKey> {
    match field.kind {
        FieldType::User => vec![USER.into()],
        FieldType::Department => vec![DEPARTMENT_KEY.into()],
        FieldType::Record => fields.get(ENTITY_BESIDE).and_then(Value::as_text).map(Into::into).into_iter().collect(),
        _ => field.targets.clone(),
    }
}

/// What stands behind a target's key.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Records.
    Entity(&'a EntityDef),
    /// People of the company.
    Person(Relation),
    /// Departments.
    Department(Relation),
}

impl<'a> Target<'a> {
    /// The target with this key, if there is one.
    pub fn of(catalogue: &'a Catalogue, key: &str) -> Option<Self> {
        match key {
            USER => Some(Self::Person(PERSON)),
            DEPARTMENT_KEY => Some(Self::Department(DEPARTMENT)),
            key => catalogue.find(key).map(|def| Self::Entity(def)),
        }
    }

    /// Its table.
    pub fn table(&self) -> Table {
        match self {
            Self::Entity(def) => def.place(),
            Self::Person(relation) | Self::Department(relation) => {
                Table { name: relation.table, recycle_bin: false, entity: None }
            }
        }
    }

    /// Ids and titles of those with these ids, before rights.
    fn rows(&self, ctx: &Ctx, ids: &[Uuid]) -> SelectStatement {
        let table = self.table();
        let title = match self {
            Self::Entity(_) => "title",
            Self::Person(relation) | Self::Department(relation) => relation.title,
        };
        let mut select = Query::select();
        select.column((table.name, "id")).column((table.name, title)).from(table.name);
        table.own(&mut select, table.name, ctx.tenant);
        select.and_where(Expr::col((table.name, "id")).is_in(ids.iter().copied()));
        select
    }

    /// Those of the ids that the actor may newly point to: there, not in the recycle bin, an active person (for a plugin's own
    /// writes also one who may not sign in any more).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn existing(
        &self,
        conn: &impl ConnectionTrait,
        catalogue: &Catalogue,
        ctx: &Ctx,
        ids: &[Uuid],
    ) -> Result<HashSet<Uuid>> {
        let mut existing = HashSet::new();
        let table = self.table().name;
        for ids in ids.chunks(MAX_IDS) {
            let mut select = self.rows(ctx, ids);
            match self {
                // A module keeps books on people who left too: a timesheet that nobody handed in.
                Self::Person(_) if matches!(ctx.actor, Actor::Plugin { .. }) => {}
                Self::Person(_) => drop(select.and_where(Expr::col((table, "active")).eq(true))),
                Self::Department(_) => {}
                Self::Entity(def) => {
                    select.and_where(Expr::col((table, "deleted_at")).is_null());
                    narrow(&mut select, conn, catalogue, ctx, def)?;
                }
            }
            for row in conn.query_all(&select).await? {
                existing.insert(row.try_get_by_index(0)?);
            }
        }
        Ok(existing)
    }

    /// Titles of those of the ids that the actor sees, deleted records too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn titles(
        &self,
        conn: &Reader,
        catalogue: &Catalogue,
        ctx: &Ctx,
        ids: &[Uuid],
    ) -> Result<Vec<(Uuid, String)>> {
        let mut titles = Vec::with_capacity(ids.len());
        for ids in ids.chunks(MAX_IDS) {
            let mut select = self.rows(ctx, ids);
            if let Self::Entity(def) = self {
                if !ctx.rights.may(&def.key, Action::Read) || !ctx.rights.sees(&def.key, "title") {
                    return Ok(Vec::new());
                }
                narrow(&mut select, conn, catalogue, ctx, def)?;
            }
            let named = |line: Line<'_>| Ok((filled(line.id(0)?)?, filled(line.text(1)?)?.into_owned()));
            titles.extend(conn.lines(&select, named).await?);
        }
        Ok(titles)
    }
}

fn narrow(
    select: &mut SelectStatement,
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
) -> Result<()> {
    let asker = Asker::new(catalogue, ctx, conn.get_database_backend());
    if let Some(allowed) = asker.allowed(def, Action::Read) {
        select.and_where(allowed);
    }
    Ok(())
}
