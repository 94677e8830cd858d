//! The catalogue as the filter compiler sees it. What somebody asks about is seen within their rights: hidden fields
//! do not exist, hops look only at visible records. Access rows themselves are seen without rights.

use kernel::access::{Action, Rights, Scope};
use kernel::ctx::Ctx;
use kernel::error::FieldError;
use kernel::filter::{Column, Compiler, Filter, Shapes, Storage, Table, Viewer};
use kernel::value::FieldType;
use sea_orm::DbBackend;
use sea_orm::sea_query::Expr;

use crate::catalogue;

struct Catalogue<'a> {
    rights: Option<&'a Rights>,
}

/// People, for hops such as `owner.department`.
const USER_FIELDS: [(&str, &str, FieldType); 3] = [
    ("name", "name", FieldType::Text),
    ("department", "department_id", FieldType::Department),
    ("active", "active", FieldType::Boolean),
];

impl Shapes for Catalogue<'_> {
    fn table(&self, entity: &str) -> Option<Table> {
        if entity == "user" {
            return Some(Table { name: "user_account", recycle_bin: false });
        }
        catalogue::entity(entity).map(|def| Table { name: def.table, recycle_bin: true })
    }

    fn column(&self, entity: &str, field: &str) -> Option<Column<'_>> {
        if entity == "user" {
            let (key, column, kind) = USER_FIELDS.into_iter().find(|(key, _, _)| *key == field)?;
            return Some(Column { key, kind, storage: Storage::Column(column), target: None });
        }
        if field == "id" {
            return Some(Column { key: "id", kind: FieldType::Link, storage: Storage::Column("id"), target: None });
        }
        let def = catalogue::entity(entity)?.field(field)?;
        if self.rights.is_some_and(|rights| !rights.sees(entity, field)) {
            return None;
        }
        let target = if def.kind == FieldType::User { Some("user") } else { def.target };
        Some(Column { key: def.key, kind: def.kind, storage: def.storage, target })
    }

    fn visible(&self, entity: &str) -> Scope {
        match self.rights {
            Some(rights) if entity != "user" => rights.scope(entity, Action::Read),
            _ => Scope::All,
        }
    }
}

/// Compiles what an actor asks and what their rights say.
pub struct Asker<'a> {
    rights: &'a Rights,
    viewer: Viewer,
    backend: DbBackend,
}

impl<'a> Asker<'a> {
    /// For the actor of `ctx` on this database.
    pub fn new(ctx: &'a Ctx, backend: DbBackend) -> Self {
        Self { rights: &ctx.rights, viewer: ctx.viewer(), backend }
    }

    /// A filter that came from outside, on the rows of `entity`'s own table.
    ///
    /// # Errors
    /// `filter` with the place and the reason.
    pub fn asked(&self, entity: &str, table: &str, filter: &Filter) -> Result<Expr, FieldError> {
        let shapes = Catalogue { rights: Some(self.rights) };
        Compiler { shapes: &shapes, viewer: &self.viewer, backend: self.backend }.condition(entity, table, filter)
    }

    /// What an action may touch; `None` = everything.
    ///
    /// # Errors
    /// `filter` when an access row names something that does not exist (any more).
    pub fn allowed(&self, entity: &str, table: &str, action: Action) -> Result<Option<Expr>, FieldError> {
        let shapes = Catalogue { rights: None };
        let compiler = Compiler { shapes: &shapes, viewer: &self.viewer, backend: self.backend };
        compiler.scope(entity, table, &self.rights.scope(entity, action))
    }

    /// A rule of a role by itself.
    ///
    /// # Errors
    /// `filter` when it names something that does not exist (any more).
    pub fn rule(&self, entity: &str, filter: &Filter) -> Result<Expr, FieldError> {
        let table = catalogue::entity(entity).map_or("", |def| def.table);
        let shapes = Catalogue { rights: None };
        Compiler { shapes: &shapes, viewer: &self.viewer, backend: self.backend }.condition(entity, table, filter)
    }
}
