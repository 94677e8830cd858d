//! The part `[[roles]]`: roles that a plugin brings, with rows over its own entities, and over those records of the product
//! that hold something in a field of the plugin. An administrator gives them to people;
//! once made, a role is the company's.

use std::collections::BTreeSet;

use kernel::access::{AccessRow, Action, FieldRight, RowKind};
use kernel::filter::{Filter, Op, Operand};
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
    /// An entity of the plugin; or of the product, with a filter over a field of the plugin.
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
    fail(
        place,
        format!(
            "`{entity}` is not an entity of this plugin: its roles speak of its own, and of those that it adds fields to{hint}"
        ),
    )
}

/// A row over records of the product: only those that the plugin itself has marked, and no more than it may do itself.
fn of_product(place: &str, manifest: &Manifest, row: &RoleRow, rule: &AccessRow) -> Checked {
    let entity = &row.entity;
    if !manifest.fields.iter().any(|field| field.entity.as_ref() == Some(entity)) {
        return own(&format!("{place}.entity"), manifest, entity);
    }
    let may = |action: &Action| {
        let asked = manifest.records(entity).is_some_and(|asked| asked.actions.contains(action));
        asked && matches!(action, Action::Read | Action::Update)
    };
    if row.kind != RowKind::Permission || !row.actions.iter().all(may) {
        return fail(
            format!("{place}.actions"),
            format!(
                "over `{entity}` of the product: `read` and `update`, as far as [permissions.records.{entity}] asks for them"
            ),
        );
    }
    if !rule.filter.as_ref().is_some_and(|filter| holds_own(filter, manifest, entity)) {
        return fail(
            format!("{place}.filter"),
            format!(
                "over `{entity}` of the product a filter must ask for a value in a field of this plugin: `not_empty`, `eq` \
                 or `in`, alone or within `and`"
            ),
        );
    }
    Ok(())
}

/// Whether a record can only pass with a value in a field that the plugin has added.
fn holds_own(filter: &Filter, manifest: &Manifest, entity: &str) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().any(|part| holds_own(part, manifest, entity)),
        Filter::Or(_) | Filter::Not(_) => false,
        Filter::Test(test) => {
            let mine = |field: &super::Field| field.entity.as_deref() == Some(entity) && field.key == test.field;
            let filled = match (test.op, &test.value) {
                (Op::NotEmpty, _) => true,
                (Op::Eq | Op::In, value) => says_something(value),
                _ => false,
            };
            filled && manifest.fields.iter().any(mine)
        }
    }
}

fn says_something(value: &Operand) -> bool {
    match value {
        Operand::None => false,
        Operand::One(one) => !one.is_null() && one.as_str() != Some(""),
        Operand::Many(many) => !many.is_empty() && many.iter().all(says_something),
        Operand::Relative(_) | Operand::Me | Operand::MyDepartment | Operand::MySubtree | Operand::MyHeaded => true,
    }
}

fn check_row(place: &str, manifest: &Manifest, row: &RoleRow, catalogue: &Catalogue) -> Checked {
    if let Some(rule) = row.row().ok().filter(|_| !manifest.entities.iter().any(|own| own.key == row.entity)) {
        of_product(place, manifest, row, &rule)?;
    }
    if row.actions.is_empty() {
        return fail(format!("{place}.actions"), "name at least one of read, create, update, delete");
    }
    let wrong = |problem: String| ManifestError::new(format!("{place}.filter"), problem);
    let row = row.row().map_err(wrong)?;
    records::rules::sound_in(catalogue, &row).map_err(|error| wrong(error.message.in_locale(kernel::Locale::En)))
}
