//! The part `[[roles]]`: roles that a plugin brings, with rows over its own entities. An administrator gives them to people;
//! once made, a role is the company's.

use std::collections::BTreeSet;

use kernel::access::{AccessRow, Action, FieldRight, RowKind};
use kernel::filter::Filter;
use records::Catalogue;
use serde::Deserialize;
use serde_json::Value as Json;

use super::check::{Checked, fail};
use super::known::nearest;
use super::{Manifest, ManifestError};

/// Roles of a plugin.
const MAX_ROLES: usize = 20;
/// Rows and field rights of a role.
const MAX_ROWS: usize = 100;

/// A role.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// `<prefix>_...`.
    pub key: String,
    /// Text of its name; `role.<key>` where absent.
    pub label: Option<String>,
    /// What it grants and takes.
    #[serde(default)]
    pub rows: Vec<RoleRow>,
    /// How it narrows fields.
    #[serde(default)]
    pub field_rights: Vec<FieldRight>,
}

/// A row of a role.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRow {
    /// Grants or narrows.
    #[serde(default = "grants")]
    pub kind: RowKind,
    /// An entity of the plugin.
    pub entity: String,
    /// `read`, `create`, `update`, `delete`.
    pub actions: BTreeSet<Action>,
    /// Which records; none = all.
    pub filter: Option<Json>,
}

const fn grants() -> RowKind {
    RowKind::Permission
}

impl RoleRow {
    /// As roles have it.
    ///
    /// # Errors
    /// What is wrong with the filter, in English.
    pub(crate) fn row(&self) -> Result<AccessRow, String> {
        let filter = self.filter.as_ref().map(Filter::parse).transpose();
        Ok(AccessRow {
            kind: self.kind,
            entity: self.entity.clone(),
            actions: self.actions.clone(),
            filter: filter.map_err(|error| error.message.in_locale(kernel::Locale::En))?,
            covers: None,
        })
    }
}

/// Keys, and rows that make sense in a catalogue.
pub(crate) fn check(manifest: &Manifest, catalogue: &Catalogue) -> Checked {
    if manifest.roles.len() > MAX_ROLES {
        return fail("roles", format!("more than {MAX_ROLES}"));
    }
    let begin = format!("{}_", manifest.prefix.as_deref().unwrap_or_default());
    let mut seen = BTreeSet::new();
    for (index, role) in manifest.roles.iter().enumerate() {
        let place = format!("roles[{index}]");
        let rest = role.key.strip_prefix(&begin).unwrap_or_default();
        let plain = rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if manifest.prefix.is_none() || rest.is_empty() || !plain || role.key.len() > 64 {
            return fail(
                format!("{place}.key"),
                "must be the plugin's prefix, `_`, lower-case letters, digits and `_`",
            );
        }
        if !seen.insert(&role.key) {
            return fail(format!("{place}.key"), format!("`{}` is declared twice", role.key));
        }
        if role.rows.len() > MAX_ROWS || role.field_rights.len() > MAX_ROWS {
            return fail(place, format!("more than {MAX_ROWS} rows"));
        }
        for (index, row) in role.rows.iter().enumerate() {
            check_row(&format!("{place}.rows[{index}]"), manifest, row, catalogue)?;
        }
        for (index, right) in role.field_rights.iter().enumerate() {
            let place = format!("{place}.field_rights[{index}]");
            own(&place, manifest, &right.entity)?;
            let def = catalogue.find(&right.entity);
            if def.is_some_and(|def| def.field(&right.field).is_none()) {
                return fail(place, format!("there is no field of {} `{}`", right.entity, right.field));
            }
        }
    }
    Ok(())
}

fn own(place: &str, manifest: &Manifest, entity: &str) -> Checked {
    if manifest.entities.iter().any(|own| own.key == *entity) {
        return Ok(());
    }
    let near = nearest(entity, manifest.entities.iter().map(|own| own.key.as_str()));
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    fail(place, format!("`{entity}` is not an entity of this plugin: its roles speak of its own alone{hint}"))
}

fn check_row(place: &str, manifest: &Manifest, row: &RoleRow, catalogue: &Catalogue) -> Checked {
    own(&format!("{place}.entity"), manifest, &row.entity)?;
    if row.actions.is_empty() {
        return fail(format!("{place}.actions"), "name at least one of read, create, update, delete");
    }
    let wrong = |problem: String| ManifestError::new(format!("{place}.filter"), problem);
    let row = row.row().map_err(wrong)?;
    records::rules::sound_in(catalogue, &row).map_err(|error| wrong(error.message.in_locale(kernel::Locale::En)))
}
