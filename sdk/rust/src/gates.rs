//! Whom the company's modules are on for; needs the `gates` permission.

use crate::HostError;
use crate::bindings::imports::verstak::people::gates as raw;

/// The departments that this plugin is on for, with those below them; none: for everybody.
pub fn departments() -> Result<Option<Vec<String>>, HostError> {
    raw::departments()
}

/// Whether this plugin is on for a person.
pub fn is_on(person: &str) -> Result<bool, HostError> {
    Ok(raw::is_on(None, &[person.to_owned()])?.first().copied().unwrap_or(false))
}

/// The people of these, up to 200, for whom a plugin is on, by its id.
pub fn those_with(plugin: &str, people: &[String]) -> Result<Vec<String>, HostError> {
    let on = raw::is_on(Some(plugin), people)?;
    Ok(people.iter().zip(on).filter(|(_, on)| *on).map(|(person, _)| person.clone()).collect())
}
