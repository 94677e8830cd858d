//! The company of a test script: departments, people, calendars, and what becomes of them; notices that people got.

use std::collections::BTreeMap;

use kernel::{Ctx, Error, Timestamp, UserId};
use messaging::notices;
use messaging::notifications::{self, NotificationQuery};
use people::department::{self, DepartmentInput};
use people::tenant::{self, TenantPatch};
use people::user::{self, UserPatch};
use uuid::Uuid;
use work::{CalendarOf, CalendarSettings};

use super::scene::Scene;
use super::script::{Company, Department, FindNotices, PatchUser, SetCalendar, User};
use super::test::explain;

/// The time zone of the company.
pub(super) async fn set_up(scene: &mut Scene, company: &Company) -> kernel::Result<()> {
    if let Some(zone) = &company.zone {
        let patch = TenantPatch { time_zone: Some(zone.clone()), ..TenantPatch::default() };
        scene.tenant = tenant::update(&scene.db, &scene.system(), &patch).await?;
        scene.forget();
    }
    Ok(())
}

/// The moment of the first step.
pub(super) fn beginning(company: &Company) -> kernel::Result<Option<Timestamp>> {
    let parse = |text: &String| {
        let wrong = |_| Error::Internal(format!("company.begin: `{text}` is not RFC 3339"));
        serde_json::from_value(text.as_str().into()).map_err(wrong)
    };
    company.begin.as_ref().map(parse).transpose()
}

/// Makes departments; gives their ids by name.
pub(super) async fn departments(scene: &Scene, all: &[Department]) -> kernel::Result<BTreeMap<String, Uuid>> {
    let mut known = BTreeMap::new();
    for one in all {
        let parent_id = one.above.as_ref().map(|name| named(&known, name)).transpose()?;
        let input = DepartmentInput { name: one.name.clone(), parent_id, head_id: None, head_ids: None };
        let made = department::create(&scene.db, &scene.system(), &input).await?;
        known.insert(one.name.clone(), made.id);
    }
    Ok(known)
}

fn named(known: &BTreeMap<String, Uuid>, name: &str) -> kernel::Result<Uuid> {
    known
        .get(name)
        .copied()
        .ok_or_else(|| Error::Internal(format!("there is no department `{name}` in [[departments]]")))
}

/// Puts somebody where they work and makes them the head of what they head.
pub(super) async fn place(scene: &Scene, known: &BTreeMap<String, Uuid>, id: Uuid, user: &User) -> kernel::Result<()> {
    let department = user.department.as_ref().map(|name| named(known, name)).transpose()?;
    if department.is_some() || user.position.is_some() {
        let patch = UserPatch {
            department_id: department.map(Some),
            position: user.position.clone().map(Some),
            ..UserPatch::default()
        };
        user::update(&scene.db, &scene.system(), UserId(id), &patch).await?;
    }
    for name in &user.head_of {
        let headed = named(known, name)?;
        let all = department::list(scene.db.read(), scene.tenant.id).await?;
        let Some(before) = all.into_iter().find(|department| department.id == headed) else { continue };
        let heads = before.heads.into_iter().chain([id]).collect();
        let input =
            DepartmentInput { name: before.name, parent_id: before.parent_id, head_id: None, head_ids: Some(heads) };
        department::update(&scene.db, &scene.system(), headed, &input).await?;
    }
    Ok(())
}

/// Changes somebody.
pub(super) async fn patch(scene: &mut Scene, known: &BTreeMap<String, Uuid>, patch: &PatchUser) -> kernel::Result<()> {
    let id = scene.person(&patch.name)?;
    let department = match patch.department.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(name) => Some(Some(named(known, name)?)),
    };
    let mut roles = None;
    if let Some(names) = &patch.roles {
        let ids = roles.insert(Vec::new());
        for name in names {
            ids.push(scene.role(name).await?);
        }
    }
    let changes = UserPatch { department_id: department, active: patch.active, roles, ..UserPatch::default() };
    user::update(&scene.db, &scene.system(), UserId(id), &changes).await?;
    scene.forget();
    Ok(())
}

/// Sets a calendar, or takes it away.
pub(super) async fn calendar(scene: &Scene, known: &BTreeMap<String, Uuid>, set: &SetCalendar) -> kernel::Result<()> {
    let of = match (set.of.strip_prefix('@'), set.of.strip_prefix("department:")) {
        (Some(name), _) => CalendarOf::Person(scene.person(name)?),
        (None, Some(name)) => CalendarOf::Department(named(known, name)?),
        (None, None) if set.of == "company" => CalendarOf::Company,
        _ => return Err(Error::Internal("calendar.of is `company`, `@Name` or `department:Name`".to_owned())),
    };
    let settings = set.settings.clone().map(serde_json::from_value::<CalendarSettings>);
    let settings = settings.transpose().map_err(Error::internal)?;
    scene.tasks.calendars().set(&scene.system(), of, settings.as_ref()).await
}

/// The notices of the plugin that somebody has.
pub(super) async fn notices(
    scene: &Scene,
    plugin: &str,
    find: &FindNotices,
    link: Option<String>,
) -> Result<(), String> {
    let failed = |error: Error| explain(&error);
    let ctx: Ctx = scene.ctx(&find.of).await.map_err(failed)?;
    let query = NotificationQuery { limit: Some(notifications::MAX_LIMIT), ..NotificationQuery::default() };
    let page = notifications::list(&scene.db, &ctx, &query).await.map_err(failed)?;
    let own: Vec<_> = page.items.into_iter().filter(|one| one.plugin.as_deref() == Some(plugin)).collect();
    if own.len() != find.count {
        let texts: Vec<&str> = own.iter().map(|one| one.text.as_str()).collect();
        return Err(format!("{} notices instead of {}: {}", own.len(), find.count, texts.join(" | ")));
    }
    let Some(newest) = own.first() else { return Ok(()) };
    if let Some(words) = find.text.as_ref().filter(|words| !newest.text.contains(words.as_str())) {
        return Err(format!("`{words}` is not in the newest: {}", newest.text));
    }
    if link.is_some() && link != newest.link {
        return Err(format!("the newest leads to {}", newest.link.as_deref().unwrap_or("nowhere")));
    }
    if find.confirm {
        notices::confirm(&scene.db, &ctx, newest.id).await.map_err(failed)?;
    }
    Ok(())
}
