//! A new company: tenant, pipelines, roles, first administrator, in one transaction.

use kernel::access::{ANY, AccessRow, Action, ProcessAction, ProcessRights, RowKind};
use kernel::clock::Env;
use kernel::filter::{Filter, Op, Operand, Test};
use kernel::{Db, Locale, Result};
use people::role::{self, Role, RoleInput};
use people::tenant::{self, NewTenant, Tenant};
use people::user::{self, NewUser, User};

/// What a new company needs.
#[derive(Debug, Clone)]
pub struct NewCompany {
    /// Its name.
    pub name: String,
    /// Its language.
    pub locale: Locale,
    /// E-mail of its first administrator.
    pub admin_email: String,
    /// Their name.
    pub admin_name: String,
    /// Their password.
    pub admin_password: String,
}

/// Makes a company. The administrator of the installation's first company also operates the installation.
///
/// # Errors
/// `people.invalid` on a wrong name, e-mail or password.
pub async fn create_company(db: &Db, env: &Env, input: &NewCompany) -> Result<(Tenant, User)> {
    let operator = tenant::list(db).await?.is_empty();
    let hash = people::password::hash(env, &input.admin_password, &input.admin_email).await?;
    let tx = db.begin().await?;
    let tenant = tenant::create(&tx, env, &NewTenant { name: input.name.clone(), locale: input.locale }).await?;
    let ctx = tenant.system_ctx(env);
    crm::pipelines::create(&tx, &ctx).await?;
    let entities = records::rules::core_keys();
    let mut admin: Option<Role> = None;
    for role in default_roles(input.locale) {
        let made = role::create_in(&tx, &ctx, &role, &entities).await?;
        if made.admin {
            admin = Some(made);
        }
    }
    let account = NewUser {
        name: input.admin_name.clone(),
        email: input.admin_email.clone(),
        roles: admin.iter().map(|role| role.id).collect(),
        operator,
        ..NewUser::default()
    };
    let account = user::create_in(&tx, &ctx, &account, Some(hash)).await?;
    tx.commit().await?;
    Ok((tenant, account))
}

/// The roles every company begins with; all but the administrator's can be changed.
fn default_roles(locale: Locale) -> Vec<RoleInput> {
    let name = |en: &str, ru: &str, uk: &str| match locale {
        Locale::En => en.to_owned(),
        Locale::Ru => ru.to_owned(),
        Locale::Uk => uk.to_owned(),
    };
    let role = |key: &str, name: String, admin: bool, rows: Vec<AccessRow>| RoleInput {
        key: key.into(),
        name,
        admin,
        rows,
        field_rights: Vec::new(),
        processes: Some(starting()),
    };
    vec![
        role("admin", name("Administrator", "Администратор", "Адміністратор"), true, Vec::new()),
        role(
            "sales_head",
            name("Head of sales", "Руководитель продаж", "Керівник продажів"),
            false,
            sales(Operand::MySubtree),
        ),
        role(
            "sales_manager",
            name("Sales manager", "Менеджер по продажам", "Менеджер з продажу"),
            false,
            sales(Operand::Me),
        ),
        role(
            "observer",
            name("Observer", "Наблюдатель", "Спостерігач"),
            false,
            vec![grant("*", &[Action::Read], None)],
        ),
    ]
}

/// Everybody who works here may start what was published.
pub(crate) fn starting() -> ProcessRights {
    let definitions = [(ANY.to_owned(), [ProcessAction::Start].into())].into();
    ProcessRights { definitions, ..ProcessRights::default() }
}

fn grant(entity: &str, actions: &[Action], filter: Option<Filter>) -> AccessRow {
    let actions = actions.iter().copied().collect();
    AccessRow { kind: RowKind::Permission, entity: entity.into(), actions, filter, covers: None }
}

/// Everybody in sales sees clients and prices and makes records; leads, deals, activities and documents are changed by those responsible,
/// and by the heads above them, tasks by those who have or made them. A lead without a responsible person is everybody's to take.
fn sales(whose: Operand) -> Vec<AccessRow> {
    let op = if whose == Operand::Me { Op::Eq } else { Op::In };
    let of = |field: &str| Filter::Test(Test { field: field.into(), op, value: whose.clone() });
    let owned = || of("owner");
    let free = || Filter::Test(Test { field: "owner".into(), op: Op::Empty, value: Operand::None });
    let mine = || Some(Filter::Or(vec![owned(), free()]));
    let mut rows = Vec::new();
    for entity in ["contact", "company"] {
        rows.push(grant(entity, &[Action::Read, Action::Create, Action::Update], None));
        rows.push(grant(entity, &[Action::Delete], Some(owned())));
    }
    for entity in ["product", "tax", "price_list", "price"] {
        rows.push(grant(entity, &[Action::Read], None));
    }
    rows.push(grant("payment", &[Action::Read], mine()));
    for entity in ["lead", "deal", "activity", "quote", "order", "invoice"] {
        rows.push(grant(entity, &[Action::Create], None));
        rows.push(grant(entity, &[Action::Read, Action::Update], mine()));
        rows.push(grant(entity, &[Action::Delete], Some(owned())));
    }
    // A task is whose it is to do and whose it was to give; what a record's owner may see of its steps is no more.
    let either = || Some(Filter::Or(vec![of("assignee"), of("creator")]));
    rows.push(grant("task", &[Action::Create], None));
    rows.push(grant("task", &[Action::Read, Action::Update], either()));
    rows.push(grant("task", &[Action::Delete], Some(of("creator"))));
    rows
}
