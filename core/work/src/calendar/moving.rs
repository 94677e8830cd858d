//! Working calendars on their way between companies (`kernel::moving`): the company's, and those of departments by the names on the
//! way down to them. A person's calendar stays; their company brings it back from its history. Open deadlines stay as they are.

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{self, Gathered, Moved, Object};
use kernel::{Ctx, Error, Result};
use people::department::{self, Department};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::settings::CalendarSettings;
use super::store::{self, CalendarOf, Calendars, INVALID};

/// Departments on the way to one at most: more are a ring.
const MAX_DEEP: usize = 1_000;
/// Characters of a name that an error tells.
const SHOWN: usize = 80;

/// A working calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarSpec {
    /// Of this department: names from the top down. Neither this nor a person: the company's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    department: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<Uuid>,
    calendar: CalendarSettings,
}

impl CalendarSpec {
    /// None for a department that is gone.
    fn of(departments: &[Department], of: CalendarOf, calendar: &CalendarSettings) -> Option<Self> {
        let (department, person) = match of {
            CalendarOf::Company => (Vec::new(), None),
            CalendarOf::Department(id) => (path(departments, id)?, None),
            CalendarOf::Person(id) => (Vec::new(), Some(id)),
        };
        Some(Self { department, person, calendar: calendar.clone() })
    }

    fn key(&self) -> String {
        match self.person {
            Some(id) => format!("person.{id}"),
            None if self.department.is_empty() => "company".to_owned(),
            None => format!("department.{}", self.department.join(" / ")),
        }
    }

    /// Whose it is here.
    fn whose(&self, departments: &[Department]) -> Result<CalendarOf> {
        if let Some(id) = self.person {
            return Ok(CalendarOf::Person(id));
        }
        if self.department.is_empty() {
            return Ok(CalendarOf::Company);
        }
        let shown: String = self.department.join(" / ").chars().take(SHOWN).collect();
        let wrong = |code: &str| Error::field(INVALID, "department", FieldError::new(code).with("value", &shown));
        // The way to each of them is long to find, and a file may name many.
        let named = |one: &&Department| {
            self.department.last() == Some(&one.name) && path(departments, one.id).as_ref() == Some(&self.department)
        };
        let mut found = departments.iter().filter(named);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(CalendarOf::Department(one.id)),
            (Some(_), Some(_)) => Err(wrong("twice")),
            (None, _) => Err(wrong("unknown_name")),
        }
    }
}

/// Names on the way down to a department.
fn path(departments: &[Department], id: Uuid) -> Option<Vec<String>> {
    let find = |id: Uuid| departments.iter().find(|one| one.id == id);
    let above = |one: &&Department| one.parent_id.and_then(find);
    let mut names: Vec<String> =
        std::iter::successors(find(id), above).take(MAX_DEEP).map(|one| one.name.clone()).collect();
    names.reverse();
    Some(names).filter(|names| !names.is_empty())
}

/// A calendar of a file, read.
///
/// # Errors
/// What is not understood, in English.
pub fn object(spec: Json) -> std::result::Result<Object, String> {
    let read: CalendarSpec = moving::read(spec)?;
    if read.person.is_some() && !read.department.is_empty() {
        return Err("it is of a department or of a person".to_owned());
    }
    Ok(Object { key: read.key(), spec: moving::sorted(json!(read)) })
}

/// What the audit log is told of a change.
pub(super) async fn told(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    of: CalendarOf,
    before: Option<&CalendarSettings>,
    after: Option<&CalendarSettings>,
) -> Result<Json> {
    let departments = match of {
        CalendarOf::Department(_) => department::list(conn, ctx.tenant).await?,
        CalendarOf::Company | CalendarOf::Person(_) => Vec::new(),
    };
    let spec = |settings: &CalendarSettings| CalendarSpec::of(&departments, of, settings);
    let (before, after) = (before.and_then(spec), after.and_then(spec));
    let key = before.as_ref().or(after.as_ref()).map(CalendarSpec::key);
    Ok(json!({"key": key, "before": before, "after": after}))
}

/// Calendars that were set: the company's, then those of departments and persons by name.
///
/// # Errors
/// When the database fails.
pub async fn gather(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Gathered> {
    let departments = department::list(conn, ctx.tenant).await?;
    let set = store::all(conn, ctx.tenant).await?;
    let mut specs: Vec<CalendarSpec> =
        set.iter().filter_map(|(of, settings)| CalendarSpec::of(&departments, *of, settings)).collect();
    // Databases order texts differently.
    specs.sort_by_key(CalendarSpec::key);
    let mut all = Gathered::default();
    for spec in specs {
        all.add(spec.key(), json!(spec));
    }
    Ok(all)
}

impl Calendars {
    /// Sets a calendar as it is told, or takes it away, in the caller's transaction; after it, `forget` (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound` for a person; `calendar.invalid` by place.
    pub async fn put_moved(&self, tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<()> {
        people::require_admin(ctx)?;
        let wanted = moved.wanted::<CalendarSpec>()?;
        let Some(told) = wanted.clone().or(moved.known()?) else { return Ok(()) };
        let of = told.whose(&department::list(tx, ctx.tenant).await?)?;
        store::exists(tx, ctx.tenant, of).await?;
        let settings = wanted.map(|spec| spec.calendar);
        if let Some(settings) = &settings {
            store::checked(ctx, settings)?;
        }
        self.put(tx, ctx, of, settings.as_ref()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn department(id: u128, parent: Option<u128>, name: &str) -> Department {
        let (id, parent_id) = (Uuid::from_u128(id), parent.map(Uuid::from_u128));
        Department { id, parent_id, heads: Vec::new(), name: name.to_owned() }
    }

    fn read(spec: Json) -> CalendarSpec {
        moving::read(spec).unwrap()
    }

    #[test]
    fn departments_are_found_by_the_names_on_the_way_to_them() {
        let all = [
            department(1, None, "Sales"),
            department(2, Some(1), "North"),
            department(3, None, "North"),
            department(4, Some(1), "South"),
            department(5, Some(1), "South"),
            department(6, Some(6), "Ring"),
        ];
        let whose = |names: &[&str]| read(json!({"department": names, "calendar": {}})).whose(&all).ok();
        assert_eq!(whose(&[]), Some(CalendarOf::Company));
        assert_eq!(whose(&["Sales", "North"]), Some(CalendarOf::Department(Uuid::from_u128(2))));
        assert_eq!(whose(&["North"]), Some(CalendarOf::Department(Uuid::from_u128(3))));
        assert_eq!((whose(&["Sales", "South"]), whose(&["West"]), whose(&["Ring"])), (None, None, None));
    }

    #[test]
    fn whose_it_is_stands_in_its_name() {
        let key = |spec: Json| object(spec).map(|object| object.key);
        assert_eq!(key(json!({"calendar": {}})).as_deref(), Ok("company"));
        assert_eq!(key(json!({"department": ["A", "B"], "calendar": {}})).as_deref(), Ok("department.A / B"));
        let id = Uuid::nil();
        assert!(key(json!({"department": ["A"], "person": id, "calendar": {}})).is_err());
        assert!(key(json!({"calendar": {"weeks": {}}})).is_err());
    }
}
