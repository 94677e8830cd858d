//! The part `[[refusals]]`: the code and the status under which programs are told what the plugin refuses. The words are
//! texts of the package as ever.

use serde::{Deserialize, Serialize};

use super::Manifest;
use super::check::{Checked, each, fail};

/// Refusals of a manifest.
const MAX: usize = 200;
/// Characters of a code.
const MAX_CODE: usize = 64;
/// How HTTP may tell it.
const STATUSES: [u16; 3] = [403, 409, 422];
/// Where no status is said.
const USUAL: u16 = 422;
/// What keys of texts of constraints begin with.
const CONSTRAINT: &str = "constraint.";

/// How one refusal is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The key of its message: of a hook's rejection or an act's refusal, or `constraint.<entity>.<key>`.
    pub key: String,
    /// `<prefix>.<name>`.
    pub code: String,
    /// 403, 409 or 422; where absent 422, of a constraint 409.
    pub status: Option<u16>,
}

impl Manifest {
    /// The code and status of a refusal with this message, where the manifest says so.
    pub(crate) fn refused_as(&self, key: &str) -> Option<(&str, Option<u16>)> {
        let found = self.refusals.iter().find(|one| one.key == key)?;
        Some((&found.code, Some(found.status.unwrap_or(USUAL))))
    }

    /// The same of a constraint of an entity.
    pub(super) fn constraint_refused_as(&self, entity: &str, key: &str) -> Option<(String, Option<u16>)> {
        let text = format!("{CONSTRAINT}{entity}.{key}");
        self.refusals.iter().find(|one| one.key == text).map(|one| (one.code.clone(), one.status))
    }
}

pub(super) fn check(manifest: &Manifest) -> Checked {
    if manifest.refusals.len() > MAX {
        return fail("refusals", format!("at most {MAX}"));
    }
    let Some(prefix) = manifest.prefix.as_ref().map(|prefix| format!("{prefix}.")) else {
        return if manifest.refusals.is_empty() {
            Ok(())
        } else {
            fail("prefix", "is what the codes of [[refusals]] begin with: choose one")
        };
    };
    each(
        "refusals",
        &manifest.refusals,
        |one| one.key.clone(),
        |place, one| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte);
            let name = one.code.strip_prefix(&prefix).unwrap_or_default();
            if name.is_empty() || !one.code.bytes().all(plain) || one.code.len() > MAX_CODE {
                let problem =
                    format!("must be `{prefix}`, then lower-case letters, digits, `_` and dots, at most {MAX_CODE}");
                return fail(format!("{place}.code"), problem);
            }
            if one.status.is_some_and(|status| !STATUSES.contains(&status)) {
                return fail(format!("{place}.status"), "must be 403, 409 or 422");
            }
            known(manifest, place, one)
        },
    )
}

/// A constraint that it names must be there; what texts hooks and acts use only they know.
fn known(manifest: &Manifest, place: &str, one: &Refused) -> Checked {
    let Some((entity, key)) = one.key.strip_prefix(CONSTRAINT).and_then(|rest| rest.split_once('.')) else {
        return Ok(());
    };
    let of_entity = manifest.entities.iter().find(|declared| declared.key == entity);
    let there = of_entity.is_some_and(|declared| {
        declared.constraints.iter().any(|rule| rule.key == key)
            || declared.fields.iter().any(|field| field.unique && field.key == key)
    });
    if there {
        Ok(())
    } else {
        fail(format!("{place}.key"), format!("no entity declares the constraint `{entity}.{key}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "acme.time"
version = "1.0.0"
api = "1"
prefix = "ours"
title.en = "Time"
[[refusals]]
key = "sheet.locked"
code = "ours.sheet_locked"
status = 409
[[refusals]]
key = "not.whole"
code = "ours.not_whole"
"#;

    #[test]
    fn refusals_have_codes_of_the_plugin() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.refused_as("sheet.locked"), Some(("ours.sheet_locked", Some(409))));
        assert_eq!(manifest.refused_as("not.whole"), Some(("ours.not_whole", Some(422))));
        assert_eq!(manifest.refused_as("other"), None);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        let check = |from: &str, to: &str, expected: &str| {
            assert!(GOOD.contains(from), "{from}");
            let error = Manifest::parse(&GOOD.replacen(from, to, 1)).expect_err(to).to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("\"ours.sheet_locked\"", "\"hook.rejected\"", "refusals[0].code: must be `ours.`");
        check("\"ours.sheet_locked\"", "\"ours.\"", "refusals[0].code");
        check("409", "200", "refusals[0].status: must be 403, 409 or 422");
        check("prefix = \"ours\"", "", "prefix: is what the codes");
        check("\"sheet.locked\"", "\"constraint.ours_day.open\"", "declares the constraint `ours_day.open`");
        check("\"not.whole\"", "\"sheet.locked\"", "declared twice");
    }
}
