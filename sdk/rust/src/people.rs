//! Colleagues of the tenant, who leads them, departments; needs the `people` permission.

use crate::HostError;
use crate::bindings::imports::verstak::people::people as raw;

pub use raw::{Department, Head, Member, PeoplePage, Person};

/// Active members of a role, by id.
pub fn role_members(role: &str) -> Result<Vec<Member>, HostError> {
    raw::role_members(role)
}

/// One user.
pub fn user(id: &str) -> Result<Option<Member>, HostError> {
    Ok(raw::users(&[id.to_owned()])?.into_iter().next().flatten())
}

/// One person, active or not, with their roles.
pub fn person(id: &str) -> Result<Option<Person>, HostError> {
    Ok(raw::persons(&[id.to_owned()])?.into_iter().next().flatten())
}

/// Up to 200 people in the order asked for; none where there is no such person.
pub fn persons(ids: &[String]) -> Result<Vec<Option<Person>>, HostError> {
    raw::persons(ids)
}

/// Active people, 200 a page, after the id that the page before named.
pub fn everybody(after: Option<&str>) -> Result<PeoplePage, HostError> {
    raw::everybody(after)
}

/// Active people who may do everything.
pub fn admins() -> Result<Vec<String>, HostError> {
    raw::admins()
}

/// The heads above a person, nearest first.
pub fn heads(person: &str) -> Result<Vec<Head>, HostError> {
    Ok(raw::heads(&[person.to_owned()])?.into_iter().next().unwrap_or_default())
}

/// The heads above each of up to 200 people.
pub fn heads_of(people: &[String]) -> Result<Vec<Vec<Head>>, HostError> {
    raw::heads(people)
}

/// People of the departments that somebody heads, and of those below, without themselves.
pub fn under(head: &str) -> Result<Vec<Person>, HostError> {
    raw::under(head)
}

/// All departments.
pub fn departments() -> Result<Vec<Department>, HostError> {
    raw::departments()
}

/// The departments that somebody heads, with all below these, by name.
pub fn departments_over(head: &str) -> Result<Vec<Department>, HostError> {
    raw::departments_over(head)
}

/// Active people of a department, with `below` also of those below it.
pub fn in_department(department: &str, below: bool) -> Result<Vec<Person>, HostError> {
    raw::in_department(department, below)
}

/// The departments of up to 200 people at an instant.
pub fn departments_at(people: &[String], at: i64) -> Result<Vec<Option<String>>, HostError> {
    raw::departments_at(people, at)
}
