//! People and departments as others may ask about them in SQL: which table, which fields. The rows themselves are read
//! and written here alone.

use kernel::TenantId;
use kernel::filter::{Column, Storage};
use kernel::value::FieldType;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use uuid::Uuid;

/// A table that records point to.
#[derive(Debug, Clone, Copy)]
pub struct Relation {
    /// Its name.
    pub table: &'static str,
    /// The column of the name that people know it by.
    pub title: &'static str,
    /// What may be asked: key, column, type.
    fields: &'static [(&'static str, &'static str, FieldType)],
}

/// Accounts.
pub const PERSON: Relation = Relation {
    table: "user_account",
    title: "name",
    fields: &[
        ("id", "id", FieldType::Link),
        ("name", "name", FieldType::Text),
        ("department", "department_id", FieldType::Department),
        ("active", "active", FieldType::Boolean),
    ],
};

/// Departments.
pub const DEPARTMENT: Relation = Relation {
    table: "department",
    title: "name",
    fields: &[
        ("id", "id", FieldType::Link),
        ("name", "name", FieldType::Text),
        ("parent", "parent_id", FieldType::Department),
    ],
};

impl Relation {
    /// A field that may be asked about.
    pub fn column(&self, key: &str) -> Option<Column<'static>> {
        let (key, column, kind) = self.fields.iter().find(|(known, _, _)| *known == key)?;
        Some(Column { key, kind: *kind, storage: Storage::Column(column), target: None })
    }
}

/// The ids of the people who work in one of these departments now.
pub fn people_in(tenant: TenantId, departments: Vec<Uuid>) -> SelectStatement {
    Query::select()
        .column(("user_account", "id"))
        .from("user_account")
        .and_where(Expr::col(("user_account", "tenant_id")).eq(tenant.0))
        .and_where(Expr::col(("user_account", "department_id")).is_in(departments))
        .take()
}
