//! `people`: colleagues of the tenant, by role and by id, who leads them, departments.

use std::collections::HashMap;

use kernel::filter::{Filter, Op};
use kernel::{Locale, Timestamp, Value};
use people::department::{self, Department};
use people::directory::{self, Person, Which};
use people::staff;
use people::user::User;
use records::Catalogue;
use records::read::Query;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{Caller, State, host_error, id_from_wit};
use crate::bindings::types::HostError;
use crate::bindings::verstak::people::people as wit;
use crate::manifest::check::text;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

const BATCH: usize = 200;
/// People of a page.
const PAGE: u64 = 200;
/// Absences that are read for one answer at most.
const MAX_ABSENCES: usize = 10_000;

/// What the manifest says: `[permissions.people]`.
pub(crate) const PART: Part = Part::of::<PeoplePermission>("people");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeoplePermission {
    #[serde(default)]
    reason: Text,
}

impl Permission for PeoplePermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.people.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Colleagues: names, roles, departments with their heads, working time and absences",
            Locale::Ru => "Сотрудники: имена, роли, подразделения с руководителями, рабочее время и отсутствия",
            Locale::Uk => "Співробітники: імена, ролі, підрозділи з керівниками, робочий час і відсутності",
        };
        vec![Grant {
            key: "people".to_owned(),
            title: title.to_owned(),
            reason: self.reason.clone(),
            scope: Default::default(),
        }]
    }
}

impl wit::Host for State {
    async fn role_members(&mut self, role: String) -> wasmtime::Result<Result<Vec<wit::Member>, HostError>> {
        self.enter()?;
        let caller = match self.granted("people") {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        Ok(match members(&caller, &role).await {
            Ok(members) => self.take_rows(members.len()).map(|()| members),
            Err(error) => Err(host_error(&error)),
        })
    }

    async fn users(&mut self, ids: Vec<String>) -> wasmtime::Result<Result<Vec<Option<wit::Member>>, HostError>> {
        self.enter()?;
        let caller = match self.granted("people").and_then(|caller| self.take_rows(ids.len()).map(|()| caller)) {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        if ids.len() > BATCH {
            return Ok(Err(HostError::Limit(format!("more than {BATCH} ids at once"))));
        }
        Ok(by_ids(&caller, &ids).await)
    }

    async fn persons(&mut self, ids: Vec<String>) -> Answer<Vec<Option<wit::Person>>> {
        self.enter()?;
        Ok(self.persons_of(ids).await)
    }

    async fn everybody(&mut self, after: Option<String>) -> Answer<wit::PeoplePage> {
        self.enter()?;
        Ok(self.page_of_people(after).await)
    }

    async fn admins(&mut self) -> Answer<Vec<String>> {
        self.enter()?;
        let caller = match self.people_caller(0) {
            Ok(caller) => caller,
            Err(error) => return Ok(Err(error)),
        };
        let found = staff::admins(caller.services.db.read(), caller.ctx.tenant).await;
        Ok(found.map(|ids| ids.iter().map(ToString::to_string).collect()).map_err(|error| host_error(&error)))
    }

    async fn heads(&mut self, people: Vec<String>) -> Answer<Vec<Vec<wit::Head>>> {
        self.enter()?;
        Ok(self.heads_of(people).await)
    }

    async fn under(&mut self, head: String) -> Answer<Vec<wit::Person>> {
        self.enter()?;
        Ok(self.people_under(&head).await)
    }

    async fn departments(&mut self) -> Answer<Vec<wit::Department>> {
        self.enter()?;
        Ok(self.departments_of_company().await)
    }

    async fn departments_over(&mut self, head: String) -> Answer<Vec<wit::Department>> {
        self.enter()?;
        Ok(self.departments_of_head(&head).await)
    }

    async fn in_department(&mut self, department: String, below: bool) -> Answer<Vec<wit::Person>> {
        self.enter()?;
        Ok(self.people_of_department(&department, below).await)
    }

    async fn departments_at(&mut self, people: Vec<String>, at: i64) -> Answer<Vec<Option<String>>> {
        self.enter()?;
        Ok(self.where_at(people, at).await)
    }
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl State {
    /// A caller who may ask about people, for so many of them.
    pub(super) fn people_caller(&mut self, ids: usize) -> Result<Caller, HostError> {
        if ids > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} people at once")));
        }
        let caller = self.granted("people")?;
        self.take_rows(ids.max(1))?;
        Ok(caller)
    }

    /// People as an answer; each counts as a row.
    async fn found(&mut self, caller: &Caller, which: Which<'_>) -> Result<Vec<wit::Person>, HostError> {
        let found = directory::people(caller.services.db.read(), caller.ctx.tenant, which).await;
        let found = found.map_err(|error| host_error(&error))?;
        self.take_rows(found.len())?;
        Ok(found.into_iter().map(person).collect())
    }

    async fn persons_of(&mut self, ids: Vec<String>) -> Result<Vec<Option<wit::Person>>, HostError> {
        let caller = self.people_caller(ids.len())?;
        let wanted = uuids(&ids)?;
        let found = directory::people(caller.services.db.read(), caller.ctx.tenant, Which::Ids(&wanted)).await;
        let found = found.map_err(|error| host_error(&error))?;
        let one = |id: &Uuid| found.iter().find(|person| person.id == *id).cloned().map(person);
        Ok(wanted.iter().map(one).collect())
    }

    async fn page_of_people(&mut self, after: Option<String>) -> Result<wit::PeoplePage, HostError> {
        let caller = self.people_caller(0)?;
        let after = after.map(|id| id_from_wit(&id)).transpose()?;
        let people = self.found(&caller, Which::After(after, PAGE)).await?;
        let whole = u64::try_from(people.len()).is_ok_and(|count| count == PAGE);
        let next = people.last().filter(|_| whole).map(|last| last.id.clone());
        Ok(wit::PeoplePage { people, next })
    }

    async fn heads_of(&mut self, ids: Vec<String>) -> Result<Vec<Vec<wit::Head>>, HostError> {
        let caller = self.people_caller(ids.len())?;
        let wanted = uuids(&ids)?;
        let (db, tenant, now) = (&caller.services.db, caller.ctx.tenant, caller.ctx.now());
        let failed = |error: kernel::Error| host_error(&error);
        let departments = department::list(db.read(), tenant).await.map_err(failed)?;
        let people = staff::by_ids(db.read(), tenant, &wanted).await.map_err(failed)?;
        let above: Vec<Vec<(Uuid, u32)>> = wanted
            .iter()
            .map(|id| {
                let own = people.iter().find(|user| user.id == *id).and_then(|user| user.department_id);
                directory::heads_above(&departments, *id, own)
            })
            .collect();
        let mut all: Vec<Uuid> = above.iter().flatten().map(|(head, _)| *head).collect();
        all.sort_unstable();
        all.dedup();
        self.take_rows(all.len())?;
        let heads = staff::by_ids(db.read(), tenant, &all).await.map_err(failed)?;
        let absent = absences(&caller, &all, now, now.plus_seconds(1)).await?;
        let head = |(id, level): &(Uuid, u32)| {
            let user = heads.iter().find(|user| user.id == *id)?;
            let away = absent.get(id).and_then(|absences| absences.first());
            Some(wit::Head {
                id: id.to_string(),
                name: user.name.clone(),
                level: *level,
                present: staff::is_present(user, now) && away.is_none(),
                deputy: away.and_then(|away| away.deputy).map(|deputy| deputy.to_string()),
            })
        };
        Ok(above.iter().map(|above| above.iter().filter_map(head).collect()).collect())
    }

    async fn people_under(&mut self, head: &str) -> Result<Vec<wit::Person>, HostError> {
        let caller = self.people_caller(0)?;
        let head: Uuid = id_from_wit(head)?;
        let below = directory::departments_under(&all_departments(&caller).await?, head);
        let mut found = self.found(&caller, Which::In(&below, false)).await?;
        let head = head.to_string();
        found.retain(|person| person.id != head);
        Ok(found)
    }

    async fn departments_of_company(&mut self) -> Result<Vec<wit::Department>, HostError> {
        let caller = self.people_caller(0)?;
        let all = all_departments(&caller).await?;
        self.take_rows(all.len())?;
        Ok(all.into_iter().map(department_of).collect())
    }

    async fn departments_of_head(&mut self, head: &str) -> Result<Vec<wit::Department>, HostError> {
        let caller = self.people_caller(0)?;
        let head: Uuid = id_from_wit(head)?;
        let mut all = all_departments(&caller).await?;
        let below = directory::departments_under(&all, head);
        all.retain(|one| below.contains(&one.id));
        self.take_rows(all.len())?;
        Ok(all.into_iter().map(department_of).collect())
    }

    async fn people_of_department(&mut self, id: &str, below: bool) -> Result<Vec<wit::Person>, HostError> {
        let caller = self.people_caller(0)?;
        let id: Uuid = id_from_wit(id)?;
        let wanted = match below {
            true => directory::with_those_below(&all_departments(&caller).await?, id),
            false => vec![id],
        };
        self.found(&caller, Which::In(&wanted, true)).await
    }

    async fn where_at(&mut self, ids: Vec<String>, at: i64) -> Result<Vec<Option<String>>, HostError> {
        let caller = self.people_caller(ids.len())?;
        let wanted = uuids(&ids)?;
        let then = department::members_at(caller.services.db.read(), caller.ctx.tenant, Timestamp(at)).await;
        let then = then.map_err(|error| host_error(&error))?;
        Ok(wanted.iter().map(|id| then.get(&kernel::UserId(*id)).map(ToString::to_string)).collect())
    }
}

pub(super) fn uuids(ids: &[String]) -> Result<Vec<Uuid>, HostError> {
    ids.iter().map(|id| id_from_wit(id)).collect()
}

async fn all_departments(caller: &Caller) -> Result<Vec<Department>, HostError> {
    let all = department::list(caller.services.db.read(), caller.ctx.tenant).await;
    all.map_err(|error| host_error(&error))
}

fn department_of(one: Department) -> wit::Department {
    wit::Department {
        id: one.id.to_string(),
        name: one.name,
        parent: one.parent_id.map(|id| id.to_string()),
        heads: one.heads.iter().map(ToString::to_string).collect(),
    }
}

/// Somebody is not there.
pub(super) struct Away {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) deputy: Option<Uuid>,
}

/// Absences of people that have something in common with a range of time, by person, in order: what a module may know of them
/// whoever acts, for it shows in presence and working time.
pub(super) async fn absences(
    caller: &Caller,
    people: &[Uuid],
    from: Timestamp,
    until: Timestamp,
) -> Result<HashMap<Uuid, Vec<Away>>, HostError> {
    let mut found: HashMap<Uuid, Vec<Away>> = HashMap::new();
    if people.is_empty() {
        return Ok(found);
    }
    let ctx = kernel::Ctx::system(caller.ctx.tenant, caller.ctx.zone, caller.ctx.locale, &caller.ctx.env);
    let among = json!({ "field": "user", "op": "in", "value": people });
    let among = Filter::parse(&among).map_err(|error| HostError::Internal(format!("{error:?}")))?;
    let mut query = Query {
        filter: Some(Filter::And(vec![
            among,
            Filter::test("starts_at", Op::Lt, until.to_string()),
            Filter::test("ends_at", Op::Gt, from.to_string()),
        ])),
        fields: Some(["user", "starts_at", "ends_at", "deputy"].map(str::to_owned).to_vec()),
        sort: vec![records::read::Sort { field: "starts_at".to_owned(), descending: false }],
        limit: Some(records::read::MAX_LIMIT),
        ..Query::default()
    };
    let mut count = 0;
    loop {
        let page = caller.services.records.query(&ctx, "absence", &query).await.map_err(|error| host_error(&error))?;
        count += page.items.len();
        for record in page.items {
            let (id, at) = (
                |key: &str| record.fields.get(key).and_then(Value::as_id),
                |key: &str| record.fields.get(key).and_then(Value::as_instant).map(|at| at.0),
            );
            if let (Some(user), Some(from), Some(to)) = (id("user"), at("starts_at"), at("ends_at")) {
                found.entry(user).or_default().push(Away { from, to, deputy: id("deputy") });
            }
        }
        query.cursor = page.next_cursor;
        if query.cursor.is_none() || count >= MAX_ABSENCES {
            return Ok(found);
        }
    }
}

fn person(person: Person) -> wit::Person {
    wit::Person {
        id: person.id.to_string(),
        name: person.name,
        department: person.department.map(|id| id.to_string()),
        department_name: person.department_name,
        position: person.position,
        active: person.active,
        roles: person.roles,
        admin: person.admin,
    }
}

/// Members of a role named by id or key. An unknown role has no members.
async fn members(caller: &Caller, role: &str) -> kernel::Result<Vec<wit::Member>> {
    if role.contains('\0') {
        return Ok(Vec::new());
    }
    let found = staff::role_members(caller.services.db.read(), caller.ctx.tenant, role).await?;
    Ok(found.into_iter().map(|user| member(user, caller.ctx.now())).collect())
}

async fn by_ids(caller: &Caller, ids: &[String]) -> Result<Vec<Option<wit::Member>>, HostError> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| id_from_wit(id)).collect::<Result<_, _>>()?;
    let found = staff::by_ids(caller.services.db.read(), caller.ctx.tenant, &wanted)
        .await
        .map_err(|error| host_error(&error))?;
    let now = caller.ctx.now();
    let one = |id: &Uuid| found.iter().find(|user| user.id == *id).map(|user| member(user.clone(), now));
    Ok(wanted.iter().map(one).collect())
}

fn member(user: User, now: Timestamp) -> wit::Member {
    wit::Member {
        present: staff::is_present(&user, now),
        id: user.id.to_string(),
        name: user.name,
        department: user.department_id.map(|id| id.to_string()),
    }
}
