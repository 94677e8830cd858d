//! The tables of this crate as sea-orm entities, one module each.

macro_rules! entity {
    ($(#[$doc:meta])* $module:ident, $table:literal, { $($(#[$meta:meta])* $field:ident : $kind:ty),+ $(,)? }) => {
        $(#[$doc])*
        pub mod $module {
            use sea_orm::entity::prelude::*;

            /// A row.
            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $($(#[$meta])* pub $field: $kind),+
            }

            /// No joins are declared: queries here are by key.
            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(
    /// Tenants.
    tenant, "tenant", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    slug: String,
    name: String,
    locale: String,
    currency: String,
    time_zone: String,
    created_at: i64,
});

entity!(
    /// Departments.
    department, "department", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    parent_id: Option<Uuid>,
    name: String,
});

entity!(
    /// Who leads which department.
    department_head, "department_head", {
    tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)] department_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)] user_id: Uuid,
    sort: i64,
});

entity!(
    /// Who was in which department from when to when.
    department_member, "department_member", {
    tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)] user_id: Uuid,
    department_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)] since: i64,
    until: Option<i64>,
});

entity!(
    /// Accounts.
    user, "user_account", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    email: String,
    name: String,
    password_hash: Option<String>,
    locale: String,
    department_id: Option<Uuid>,
    active: bool,
    operator: bool,
    absent_until: Option<i64>,
    position: Option<String>,
    created_at: i64,
});

entity!(
    /// Roles.
    role, "role", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    key: String,
    name: String,
    admin: bool,
    processes: Json,
});

entity!(
    /// Who has which role.
    user_role, "user_role", {
    #[sea_orm(primary_key, auto_increment = false)] user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)] role_id: Uuid,
});

entity!(
    /// Permission and restriction rows of roles.
    access_row, "access_row", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    role_id: Uuid,
    kind: String,
    entity: String,
    actions: Json,
    filter: Option<Json>,
    covers: Option<Json>,
});

entity!(
    /// Field rights of roles.
    field_right, "field_right", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    role_id: Uuid,
    entity: String,
    field: String,
    access: String,
});

entity!(
    /// Sessions of the portal.
    session, "session", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    user_id: Uuid,
    token_hash: String,
    created_at: i64,
    seen_at: i64,
    expires_at: i64,
    agent: String,
    address: String,
});

entity!(
    /// API tokens.
    api_token, "api_token", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    user_id: Uuid,
    name: String,
    token_hash: String,
    scopes: Json,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
});
