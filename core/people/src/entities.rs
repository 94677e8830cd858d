//! The tables of this crate as sea-orm entities, one module each. sea-orm builds their statements; they go and their rows
//! come as all others do (`kernel::db`).

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use sea_orm::sea_query::{Alias, Expr, Query};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, Iden, Insert, Iterable, QueryTrait, Select, StatementBuilder};

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

            impl super::Kept for Model {
                fn read(row: &kernel::db::QueryResult) -> Result<Self, DbErr> {
                    let mut columns = 0..;
                    Ok(Self { $($field: super::cell(row, columns.next())?),+ })
                }
            }
        }
    };
}

/// A row of a table, its cells in the order of its fields.
pub(crate) trait Kept: Sized {
    fn read(row: &QueryResult) -> Result<Self, DbErr>;
}

fn cell<T: kernel::db::Cell>(row: &QueryResult, index: Option<usize>) -> Result<T, DbErr> {
    row.try_get_by_index(index.unwrap_or(usize::MAX))
}

/// What a select finds.
pub(crate) trait Fetch<M> {
    /// All rows.
    async fn rows(self, conn: &impl ConnectionTrait) -> Result<Vec<M>, DbErr>;
    /// The first row.
    async fn row(self, conn: &impl ConnectionTrait) -> Result<Option<M>, DbErr>;
    /// How many there are.
    async fn number(self, conn: &impl ConnectionTrait) -> Result<i64, DbErr>;
}

impl<E: EntityTrait<Model: Kept>> Fetch<E::Model> for Select<E> {
    async fn rows(self, conn: &impl ConnectionTrait) -> Result<Vec<E::Model>, DbErr> {
        conn.query_all(&self.into_query()).await?.iter().map(Kept::read).collect()
    }

    async fn row(self, conn: &impl ConnectionTrait) -> Result<Option<E::Model>, DbErr> {
        conn.query_one(&self.into_query()).await?.as_ref().map(Kept::read).transpose()
    }

    async fn number(self, conn: &impl ConnectionTrait) -> Result<i64, DbErr> {
        let found = self.into_query();
        let count = Query::select().expr(Expr::cust("count(*)")).from_subquery(found, Alias::new("found")).take();
        conn.query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }
}

/// A change of many rows.
pub(crate) trait Run {
    /// How many rows it changed.
    async fn run(self, tx: &Tx) -> Result<u64, DbErr>;
}

impl<Q: QueryTrait<QueryStatement: StatementBuilder>> Run for Q {
    async fn run(self, tx: &Tx) -> Result<u64, DbErr> {
        Ok(tx.execute(&self.into_query()).await?.rows_affected())
    }
}

/// A row to be kept.
pub(crate) trait Store<M> {
    /// Adds it.
    async fn add(self, tx: &Tx) -> Result<M, DbErr>;
    /// Changes the cells that are set; does nothing when none is but those of the key.
    async fn change(self, tx: &Tx) -> Result<(), DbErr>;
}

impl<A: ActiveModelTrait<Entity: EntityTrait<Model: Kept>>> Store<ModelOf<A>> for A {
    async fn add(self, tx: &Tx) -> Result<ModelOf<A>, DbErr> {
        let columns = <A::Entity as EntityTrait>::Column::iter().map(|column| column.to_string());
        let returning = Query::returning().columns(columns.collect::<Vec<_>>());
        let row = tx.query_one(Insert::one(self).into_query().returning(returning)).await?;
        Kept::read(&row.ok_or(DbErr::RecordNotInserted)?)
    }

    async fn change(self, tx: &Tx) -> Result<(), DbErr> {
        let statement = A::Entity::update(self).validate()?.into_query();
        if statement.get_values().is_empty() || tx.execute(&statement).await?.rows_affected() == 1 {
            return Ok(());
        }
        Err(DbErr::RecordNotUpdated)
    }
}

type ModelOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Model;

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
    as_user: Option<Uuid>,
    as_role: Option<Uuid>,
    as_until: Option<i64>,
});

entity!(
    /// Links by which people set their password.
    sign_in_link, "sign_in_link", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    user_id: Uuid,
    purpose: String,
    secret_hash: String,
    created_at: i64,
    expires_at: i64,
});

entity!(
    /// Providers of identity by which people of a company sign in.
    sign_in_provider, "sign_in_provider", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    label: String,
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    domains: Json,
    trusts_email: bool,
    creates: bool,
    role_id: Option<Uuid>,
    department_id: Option<Uuid>,
    passwords: bool,
    enabled: bool,
    created_at: i64,
});

entity!(
    /// Whom an issuer means by a subject.
    provider_account, "provider_account", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    user_id: Uuid,
    issuer: String,
    subject: String,
    created_at: i64,
    used_at: i64,
});

entity!(
    /// Sign-ins through providers that are under way.
    sign_in_attempt, "sign_in_attempt", {
    #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
    tenant_id: Uuid,
    provider_id: Uuid,
    state_hash: String,
    browser_hash: String,
    nonce: String,
    verifier: String,
    next: String,
    user_id: Option<Uuid>,
    expires_at: i64,
});

entity!(
    /// What people prove themselves with besides a password.
    second_factor, "second_factor", {
    #[sea_orm(primary_key, auto_increment = false)] user_id: Uuid,
    tenant_id: Uuid,
    secret: String,
    recovery: Json,
    last_step: i64,
    wrong: i64,
    wrong_since: i64,
    created_at: i64,
    confirmed_at: Option<i64>,
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
