//! People: who is above whom, who decides, whom to tell.

use verstak_plugin::people::{Head, Person};
use verstak_plugin::prelude::*;

/// One person, active or not.
///
/// # Errors
/// As the host says.
pub fn person(id: &str) -> Result<Option<Person>, HostError> {
    people::person(id)
}

/// Whether a person has a role of the module, by its key.
pub fn has_role(person: &Person, role: &str) -> bool {
    person.admin || person.roles.iter().any(|key| key == role || key == "time_admin")
}

/// The same by id.
///
/// # Errors
/// As the host says.
pub fn is(id: &str, role: &str) -> Result<bool, HostError> {
    Ok(person(id)?.is_some_and(|person| has_role(&person, role)))
}

/// Whether one of the heads is somebody, or somebody stands in for one who is away.
fn among(heads: &[Head], decider: &str) -> bool {
    heads.iter().any(|head| head.id == decider || (!head.present && head.deputy.as_deref() == Some(decider)))
}

/// Whether somebody may decide for somebody now: a head above them, the deputy of one who is away, an administrator. Never
/// the person themselves.
///
/// # Errors
/// As the host says.
pub fn may_decide(of: &str, decider: &str) -> Result<bool, HostError> {
    Ok(of != decider && (among(&people::heads(of)?, decider) || is(decider, "time_admin")?))
}

/// For whom of these people somebody may decide.
///
/// # Errors
/// As the host says.
pub fn decided_by(people: &[String], decider: &str) -> Result<Vec<String>, HostError> {
    if is(decider, "time_admin")? {
        return Ok(people.iter().filter(|id| *id != decider).cloned().collect());
    }
    let mut found = Vec::new();
    for part in people.chunks(200) {
        let heads = people::heads_of(part)?;
        let below = part.iter().zip(heads).filter(|(id, heads)| *id != decider && among(heads, decider));
        found.extend(below.map(|(id, _)| id.clone()));
    }
    Ok(found)
}

/// Who is to decide for somebody now: the heads of the nearest department that has one there, or a deputy; else
/// who administers the module, or the company.
///
/// # Errors
/// As the host says.
pub fn deciders(of: &str) -> Result<Vec<String>, HostError> {
    let nearest = nearest(&people::heads(of)?, of);
    if !nearest.is_empty() {
        return Ok(nearest);
    }
    let mut admins: Vec<String> = match people::role_members("time_admin") {
        Ok(members) => members.into_iter().map(|member| member.id).collect(),
        Err(HostError::NotFound(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    admins.retain(|id| id != of);
    if admins.is_empty() { people::admins() } else { Ok(admins) }
}

fn nearest(heads: &[Head], of: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut at = None;
    for head in heads {
        if at.is_some_and(|level| level != head.level) {
            break;
        }
        let who = if head.present { Some(&head.id) } else { head.deputy.as_ref() };
        if let Some(who) = who.filter(|who| *who != of) {
            at = Some(head.level);
            found.push(who.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(id: &str, level: u32, present: bool, deputy: Option<&str>) -> Head {
        Head { id: id.into(), name: id.into(), level, present, deputy: deputy.map(str::to_owned) }
    }

    #[test]
    fn rule_7_the_nearest_head_who_is_there_decides_then_a_deputy_then_the_next_one_up() {
        let (petro, inna) = (head("petro", 0, true, None), head("inna", 0, true, None));
        let boss = head("boss", 1, true, None);
        assert_eq!(nearest(&[petro.clone(), inna, boss.clone()], "olha"), ["petro", "inna"]);
        let away = head("petro", 0, false, Some("maksym"));
        assert_eq!(nearest(&[away.clone(), boss.clone()], "olha"), ["maksym"]);
        assert_eq!(nearest(&[head("petro", 0, false, None), boss.clone()], "olha"), ["boss"]);
        assert_eq!(nearest(&[away, boss], "maksym"), ["boss"]);
        assert!(nearest(&[], "olha").is_empty());
    }

    #[test]
    fn rule_7_a_deputy_decides_while_the_head_is_away_only() {
        assert!(among(&[head("petro", 0, false, Some("maksym"))], "maksym"));
        assert!(!among(&[head("petro", 0, true, Some("maksym"))], "maksym"));
        assert!(among(&[head("petro", 0, false, None), head("boss", 1, true, None)], "boss"));
    }
}
