//! Whose turn it is: members of a role by id, those who are away left out, the last one served kept in the store.

use verstak_plugin::prelude::*;

const KEY: &str = "turn";
/// Others may take turns at the same moment; after this many losses the batch is shared without saving the turn.
const ATTEMPTS: u32 = 5;

/// Owners for `wanted` new leads, in order; empty when nobody is present.
pub fn take(role: &str, wanted: usize) -> Outcome<Vec<String>> {
    let present: Vec<String> =
        people::role_members(role)?.into_iter().filter(|member| member.present).map(|member| member.id).collect();
    if present.is_empty() || wanted == 0 {
        return Ok(Vec::new());
    }
    for _ in 0..ATTEMPTS {
        let entry = kv::get(KEY)?;
        let last = entry.as_ref().and_then(|entry| std::str::from_utf8(&entry.value).ok());
        let owners = after(&present, last, wanted);
        let next = owners.last().cloned().unwrap_or_default();
        if kv::swap(KEY, next, entry.map(|entry| entry.revision))? {
            return Ok(owners);
        }
    }
    warning!("the turn is contended: sharing {wanted} leads without moving it");
    Ok(after(&present, None, wanted))
}

/// The next `wanted` members after the one served last, who may have left meanwhile.
fn after(present: &[String], last: Option<&str>, wanted: usize) -> Vec<String> {
    let start = last.map_or(0, |last| present.iter().position(|id| id.as_str() > last).unwrap_or(0));
    present.iter().cycle().skip(start).take(wanted).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::after;

    fn check(present: &str, last: Option<&str>, wanted: usize, expected: &str) {
        let present: Vec<String> = present.split(' ').map(str::to_owned).collect();
        assert_eq!(after(&present, last, wanted).join(" "), expected);
    }

    #[test]
    fn everybody_gets_a_turn() {
        check("a b c", None, 2, "a b");
        check("a b c", Some("b"), 3, "c a b");
        check("a b c", Some("c"), 1, "a");
        check("a c", Some("b"), 1, "c");
        check("a", Some("a"), 2, "a a");
    }
}
