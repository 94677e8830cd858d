//! The catalogue as the filter compiler sees it. What somebody asks about is seen within their rights: hidden fields
//! do not exist, hops look only at visible records. Access rows themselves are seen without rights.

use kernel::access::{Action, Closed, Rights, Scope};
use kernel::ctx::Ctx;
use kernel::error::FieldError;
use kernel::filter::{COMMUNICATION, Column, Compiler, Filter, LINK, Shapes, Storage, Table, Viewer};
use kernel::phone::Country;
use kernel::value::FieldType;
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use uuid::Uuid;

use crate::references::{DEPARTMENT_KEY, Target, USER};
use crate::{Catalogue, EntityDef};

/// What filters call the stages that a record of an entity with stages has stood in, whatever came after.
pub const REACHED: &str = "reached";
const STAGE: &str = "stage";

struct Seen<'a> {
    catalogue: &'a Catalogue,
    rights: Option<&'a Rights>,
    /// What does not exist for the actor, rules of their own roles included.
    closed: Option<&'a Closed>,
    viewer: &'a Viewer,
}

impl Shapes for Seen<'_> {
    fn table(&self, entity: &str) -> Option<Table> {
        Some(Target::of(self.catalogue, entity)?.table())
    }

    fn column(&self, entity: &str, field: &str) -> Option<Column<'_>> {
        let def = match Target::of(self.catalogue, entity)? {
            Target::Entity(def) => def,
            Target::Person(relation) | Target::Department(relation) => return relation.column(field),
        };
        if field == "id" {
            return Some(Column { key: "id", kind: FieldType::Link, storage: Storage::Column("id"), target: None });
        }
        let owner = self.catalogue.find(&def.key)?;
        let passed = field == REACHED && owner.staged;
        let def = owner.field(if passed { STAGE } else { field }).filter(|field| !field.is_live())?;
        if self.rights.is_some_and(|rights| !owner.shows(rights, def))
            || self.closed.is_some_and(|closed| closed.has_field(&owner.key, &def.key))
        {
            return None;
        }
        if passed {
            return Some(Column { key: REACHED, kind: def.kind, storage: Storage::Stages, target: None });
        }
        let target = match def.kind {
            FieldType::User => Some(USER.into()),
            FieldType::Department => Some(DEPARTMENT_KEY.into()),
            _ => def.target().cloned(),
        };
        Some(Column { key: &def.key, kind: def.kind, storage: def.storage.clone(), target })
    }

    fn visible(&self, entity: &str) -> Scope {
        match (self.rights, Target::of(self.catalogue, entity)) {
            (Some(rights), Some(Target::Entity(_))) => rights.scope(entity, Action::Read),
            _ => Scope::All,
        }
    }

    fn people_in(&self, departments: Vec<Uuid>) -> SelectStatement {
        people::relation::people_in(self.viewer.tenant, departments)
    }

    fn links(&self, field: &str) -> SelectStatement {
        Query::select().from_as("record_link", LINK).and_where(Expr::col((LINK, "field")).eq(field)).take()
    }

    fn stages(&self) -> SelectStatement {
        let passed = Query::select()
            .columns(["record_id", "tenant_id"])
            .expr_as(Expr::col("stage"), "target_id")
            .from("stage_transition")
            .take();
        Query::select().from_subquery(passed, LINK).take()
    }

    fn home(&self) -> Option<Country> {
        Country::of_currency(&self.catalogue.pipelines.currency)
    }

    fn communications(&self, field: &str) -> SelectStatement {
        let of_field = Expr::col((COMMUNICATION, "field")).eq(field);
        Query::select().from_as("communication", COMMUNICATION).and_where(of_field).take()
    }
}

/// Compiles what an actor asks and what their rights say.
pub struct Asker<'a> {
    catalogue: &'a Catalogue,
    rights: &'a Rights,
    viewer: Viewer,
    backend: DbBackend,
}

impl<'a> Asker<'a> {
    /// For the actor of `ctx` on this database.
    pub fn new(catalogue: &'a Catalogue, ctx: &'a Ctx, backend: DbBackend) -> Self {
        Self { catalogue, rights: &ctx.rights, viewer: ctx.viewer(), backend }
    }

    /// A filter that came from outside, on the rows of the entity's own table.
    ///
    /// # Errors
    /// `filter` with the place and the reason.
    pub fn asked(&self, def: &EntityDef, filter: &Filter) -> Result<Expr, FieldError> {
        let shapes = Seen { catalogue: self.catalogue, rights: Some(self.rights), closed: None, viewer: &self.viewer };
        let compiler = Compiler { shapes: &shapes, viewer: &self.viewer, backend: self.backend };
        compiler.condition(&def.key, def.table, filter)
    }

    /// What an action may touch; `None` = everything. Rules that name what is gone were judged when the person's rights
    /// were put together (`rules`); what goes in between, and what is off for the actor, allows nothing by itself.
    pub fn allowed(&self, def: &EntityDef, action: Action) -> Option<Expr> {
        let scope = self.rights.scope(&def.key, action);
        match self.unseen(|compiler| compiler.scope(&def.key, def.table, &scope)) {
            Ok(allowed) => allowed,
            Err(error) => {
                let problem = error.message.in_locale(kernel::Locale::En);
                tracing::debug!(tenant = %self.viewer.tenant, entity = %def.key, problem, "a rule names what is gone");
                let left = if let Scope::Where(filter) = &scope { self.without_gone(def, filter) } else { None };
                let left = left.and_then(|filter| self.rule(def, &filter).ok());
                Some(left.unwrap_or_else(|| Expr::val(1).eq(0)))
            }
        }
    }

    /// The same filter without the alternatives that name what is gone, or is off for the actor: it can only let less pass.
    /// None where it cannot do without them.
    fn without_gone(&self, def: &EntityDef, filter: &Filter) -> Option<Filter> {
        if self.rule(def, filter).is_ok() {
            return Some(filter.clone());
        }
        match filter {
            Filter::Or(parts) => {
                Some(Filter::Or(parts.iter().filter_map(|part| self.without_gone(def, part)).collect()))
            }
            Filter::And(parts) => {
                let left: Option<Vec<Filter>> = parts.iter().map(|part| self.without_gone(def, part)).collect();
                left.map(Filter::And)
            }
            Filter::Not(_) | Filter::Test(_) => None,
        }
    }

    /// The country whose phone numbers are written without a code.
    pub fn home(&self) -> Option<Country> {
        Country::of_currency(&self.catalogue.pipelines.currency)
    }

    /// An entity that exists for the actor.
    pub(crate) fn entity(&self, key: &str) -> Option<&EntityDef> {
        self.catalogue.find(key).map(AsRef::as_ref)
    }

    /// The database's dialect.
    pub const fn backend(&self) -> DbBackend {
        self.backend
    }

    /// A rule of a role by itself.
    ///
    /// # Errors
    /// `filter` when it names something that does not exist (any more).
    pub fn rule(&self, def: &EntityDef, filter: &Filter) -> Result<Expr, FieldError> {
        self.unseen(|compiler| compiler.condition(&def.key, def.table, filter))
    }

    /// The compiler without rights: what the rules of roles themselves are seen with.
    fn unseen<T>(&self, ask: impl FnOnce(Compiler<'_>) -> T) -> T {
        let shapes = Seen {
            catalogue: self.catalogue,
            rights: None,
            closed: self.rights.closed().map(AsRef::as_ref),
            viewer: &self.viewer,
        };
        ask(Compiler { shapes: &shapes, viewer: &self.viewer, backend: self.backend })
    }
}
