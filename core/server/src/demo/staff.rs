//! The demo company itself: departments, roles, colleagues.

use std::collections::HashMap;

use kernel::access::{AccessRow, Action, RowKind};
use kernel::text::latin;
use kernel::{Ctx, Locale, Result, UserId};
use people::department::{self, DepartmentInput};
use people::role::{self, RoleInput};
use people::user::{self, NewUser, User};
use uuid::Uuid;

use crate::AppState;

/// Colleagues who do the work of the story.
pub(super) struct Staff {
    /// Sales managers; leads go to them by turn.
    pub managers: Vec<UserId>,
    /// Takes in leads from advertising.
    pub marketer: UserId,
    /// Takes in leads from calls.
    pub support: UserId,
}

/// A colleague: names by language of the company, department, role, whether they lead the department.
struct Seat {
    names: [&'static str; 3],
    department: &'static str,
    role: &'static str,
    head: bool,
}

const fn seat(names: [&'static str; 3], department: &'static str, role: &'static str, head: bool) -> Seat {
    Seat { names, department, role, head }
}

/// Names in English, Russian, Ukrainian.
const SEATS: [Seat; 12] = [
    seat(["Marina Hughes", "Марина Громова", "Марина Громенко"], "management", "admin", true),
    seat(["Paul Weston", "Павел Светлов", "Павло Світличний"], "sales", "sales_head", true),
    seat(["Olga Fisher", "Ольга Рыбакова", "Ольга Рибак"], "retail", "sales_head", true),
    seat(["Denis Clark", "Денис Климов", "Денис Климчук"], "retail", "sales_manager", false),
    seat(["Irene Bell", "Ирина Белкина", "Ірина Білик"], "retail", "sales_manager", false),
    seat(["Timothy Stone", "Тимофей Каменев", "Тимофій Кам'янський"], "retail", "sales_manager", false),
    seat(["Helen Price", "Елена Прайс", "Олена Цінник"], "corporate", "sales_head", true),
    seat(["Oleh Savage", "Олег Савченко", "Олег Савченко"], "corporate", "sales_manager", false),
    seat(["Nina Ross", "Нина Росина", "Ніна Росюк"], "corporate", "sales_manager", false),
    seat(["Arthur Young", "Артур Юнусов", "Артур Юнак"], "corporate", "sales_manager", false),
    seat(["Julia Marsh", "Юлия Болотова", "Юлія Болотна"], "marketing", "marketing", true),
    seat(["Sergey Hart", "Сергей Сердюк", "Сергій Сердюк"], "service", "support", true),
];

/// Keys with names in English, Russian, Ukrainian, and the department above.
const DEPARTMENTS: [(&str, [&str; 3], Option<&str>); 6] = [
    ("management", ["Management", "Руководство", "Керівництво"], None),
    ("sales", ["Sales", "Отдел продаж", "Відділ продажів"], Some("management")),
    ("retail", ["Retail clients", "Розница", "Роздріб"], Some("sales")),
    ("corporate", ["Corporate clients", "Корпоративные клиенты", "Корпоративні клієнти"], Some("sales")),
    ("marketing", ["Marketing", "Маркетинг", "Маркетинг"], Some("management")),
    ("service", ["Customer service", "Служба поддержки", "Служба підтримки"], Some("management")),
];

/// The text in a language, of those in English, Russian, Ukrainian.
pub(super) const fn in_language(texts: [&str; 3], locale: Locale) -> &str {
    let [en, ru, uk] = texts;
    match locale {
        Locale::En => en,
        Locale::Ru => ru,
        Locale::Uk => uk,
    }
}

/// Makes the departments, two more roles and the colleagues. Nobody but the administrator of the company has a
/// password; set one with `verstak user password`.
pub(super) async fn make(state: &AppState, ctx: &Ctx) -> Result<Staff> {
    let departments = departments(state, ctx).await?;
    let roles = roles(state, ctx).await?;
    let mut made: Vec<(&Seat, User)> = Vec::new();
    for seat in &SEATS {
        let name = in_language(seat.names, ctx.locale);
        let input = NewUser {
            name: name.to_owned(),
            email: format!("{}@{}.example.com", latin(name, '.'), "verstak-demo"),
            department_id: departments.get(seat.department).copied(),
            roles: roles.get(seat.role).copied().into_iter().collect(),
            locale: Some(ctx.locale.code().to_owned()),
            ..NewUser::default()
        };
        made.push((seat, user::create(&state.db, ctx, &input).await?));
    }
    for (key, names, parent) in DEPARTMENTS {
        let Some(id) = departments.get(key) else { continue };
        let head = made.iter().find(|(seat, _)| seat.head && seat.department == key).map(|(_, user)| user.id);
        let parent_id = parent.and_then(|parent| departments.get(parent).copied());
        let input = DepartmentInput {
            name: in_language(names, ctx.locale).to_owned(),
            parent_id,
            head_id: head,
            head_ids: None,
        };
        department::update(&state.db, ctx, *id, &input).await?;
    }
    let in_role = |role: &str| {
        made.iter().filter(|(seat, _)| seat.role == role).map(|(_, user)| UserId(user.id)).collect::<Vec<_>>()
    };
    let first =
        |role: &str| in_role(role).first().copied().ok_or_else(|| kernel::Error::Internal(format!("nobody is {role}")));
    Ok(Staff { marketer: first("marketing")?, support: first("support")?, managers: in_role("sales_manager") })
}

async fn departments(state: &AppState, ctx: &Ctx) -> Result<HashMap<&'static str, Uuid>> {
    let mut made: HashMap<&'static str, Uuid> = HashMap::new();
    for (key, names, parent) in DEPARTMENTS {
        let parent_id = parent.and_then(|parent| made.get(parent).copied());
        let input = DepartmentInput {
            name: in_language(names, ctx.locale).to_owned(),
            parent_id,
            head_id: None,
            head_ids: None,
        };
        made.insert(key, department::create(&state.db, ctx, &input).await?.id);
    }
    Ok(made)
}

/// The roles of every company by key, and two for those who do not sell.
async fn roles(state: &AppState, ctx: &Ctx) -> Result<HashMap<String, Uuid>> {
    let grant = |entity: &str, actions: &[Action]| AccessRow {
        kind: RowKind::Permission,
        entity: entity.to_owned(),
        actions: actions.iter().copied().collect(),
        filter: None,
        covers: None,
    };
    let entities = state.records.entity_keys(ctx.tenant).await?;
    let all = [Action::Read, Action::Create, Action::Update];
    let more = [
        (
            "marketing",
            ["Marketer", "Маркетолог", "Маркетолог"],
            vec![grant("lead", &all), grant("deal", &[Action::Read])],
        ),
        (
            "support",
            ["Support", "Поддержка", "Підтримка"],
            vec![grant("lead", &all), grant("activity", &all), grant("task", &all), grant("*", &[Action::Read])],
        ),
    ];
    for (key, names, rows) in more {
        let name = in_language(names, ctx.locale).to_owned();
        let processes = Some(crate::setup::starting());
        let input = RoleInput { key: key.to_owned(), name, rows, processes, ..RoleInput::default() };
        role::create(&state.db, ctx, &input, &entities).await?;
    }
    let known = role::list(state.db.read(), ctx.tenant).await?;
    Ok(known.into_iter().map(|role| (role.key, role.id)).collect())
}
