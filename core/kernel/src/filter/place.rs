//! Where fields and records are kept, as SQL: the one description that filters, lists, sums, selects and sorts share.

use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, BinOper, Expr, ExprTrait, SelectStatement};
use uuid::Uuid;

use crate::access::Scope;
use crate::id::TenantId;
use crate::key::{EntityKey, FieldKey};
use crate::phone::Country;
use crate::value::FieldType;

/// The column that holds the document of custom values.
pub const DOCUMENT: &str = "custom";

/// How a field is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In a column of the entity's table.
    Column(&'static str),
    /// In the document of custom values, under this key; of a list only the member with this number.
    Document(FieldKey, Option<u8>),
    /// As rows of `record_link`.
    Links,
    /// As rows of the stages that a record has stood in: tested, never read or written.
    Stages,
}

impl Storage {
    /// The value in SQL, in the form of a cell of this type; none for what has rows of its own.
    pub fn cell(&self, alias: &str, kind: FieldType, backend: DbBackend) -> Option<Expr> {
        match self {
            Self::Column(name) => Some(Expr::col((Alias::new(alias), Alias::new(*name)))),
            Self::Document(key, member) => Some(in_document(alias, key, *member, kind, backend)),
            Self::Links | Self::Stages => None,
        }
    }
}

/// `->` and `->>` mean the same on both databases: the member as JSON, and as a value.
fn in_document(alias: &str, key: &FieldKey, member: Option<u8>, kind: FieldType, backend: DbBackend) -> Expr {
    let document = Expr::col((Alias::new(alias), Alias::new(DOCUMENT)));
    // Keys are Latin letters, digits and `_` (the catalogue sees to it); a bound key would keep indexes out.
    let name = Expr::cust(format!("'{}'", key.replace('\'', "''")));
    let step = |from: Expr, operator: &'static str, to: Expr| from.binary(BinOper::Custom(operator), to);
    if matches!(kind, FieldType::Choices | FieldType::Json | FieldType::Address) || kind.is_multi() {
        return step(document, "->", name);
    }
    let value = match member {
        Some(member) => step(step(document, "->", name), "->>", Expr::cust(member.to_string())),
        None => step(document, "->>", name),
    };
    let sqlite = backend == DbBackend::Sqlite;
    match kind {
        kind if kind.is_id() && sqlite => Expr::cust_with_exprs("unhex(?)", [value]),
        kind if kind.is_id() => value.cast_as("uuid"),
        FieldType::Boolean if !sqlite => value.cast_as("boolean"),
        FieldType::Datetime if !sqlite => value.cast_as("bigint"),
        kind if kind.is_number() && !sqlite => value.cast_as("bigint"),
        _ => value,
    }
}

/// A field as the compiler sees it.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its type.
    pub kind: FieldType,
    /// Where it is kept.
    pub storage: Storage,
    /// The entity it links to; none also where there are several.
    pub target: Option<EntityKey>,
}

/// The table of an entity, or of something else that records point to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Whether rows have `deleted_at`.
    pub recycle_bin: bool,
    /// In a table that entities share: whose rows.
    pub entity: Option<EntityKey>,
}

impl Table {
    /// Narrows a select from this table (or an alias of it) to the rows of a tenant and of this entity.
    pub fn own(&self, select: &mut SelectStatement, alias: &'static str, tenant: TenantId) {
        for condition in self.conditions(alias, tenant) {
            select.and_where(condition);
        }
    }

    /// The same as conditions.
    pub fn conditions(&self, alias: &'static str, tenant: TenantId) -> impl Iterator<Item = Expr> {
        // Written out, not bound: indexes of fields are for the rows of one entity. Keys are Latin letters, digits and `_`.
        let literal = |key: &EntityKey| Expr::cust(format!("'{}'", key.replace('\'', "''")));
        let entity = self.entity.as_ref().map(|key| Expr::col((alias, "entity")).eq(literal(key)));
        std::iter::once(Expr::col((alias, "tenant_id")).eq(tenant.0)).chain(entity)
    }
}

/// What exists and may be asked about. Unknown and hidden fields are the same thing to the compiler.
pub trait Shapes {
    /// The table of an entity.
    fn table(&self, entity: &str) -> Option<Table>;
    /// A field of an entity that the asker may test.
    fn column(&self, entity: &str, field: &str) -> Option<Column<'_>>;
    /// Which records of an entity the asker may look through a link at.
    fn visible(&self, entity: &str) -> Scope;
    /// The ids of the people who work in one of these departments.
    fn people_in(&self, departments: Vec<Uuid>) -> SelectStatement;
    /// Rows of links from a field, as (record_id, target_id) of the alias `LINK`.
    fn links(&self, field: &str) -> SelectStatement;
    /// Rows of the stages that records have stood in, in the same form.
    fn stages(&self) -> SelectStatement;
    /// The country whose phone numbers the company writes without a code.
    fn home(&self) -> Option<Country>;
    /// Rows of searchable phones, addresses and accounts of a field, as (record_id, value) of the alias `COMMUNICATION`.
    fn communications(&self, field: &str) -> SelectStatement;
}

/// The alias of `Shapes::links`.
pub const LINK: &str = "link";
/// The alias of `Shapes::communications`.
pub const COMMUNICATION: &str = "communication";
