//! Rules of roles against the catalogue: which entities there are, and which rules still make sense. A rule that names
//! a field which is gone is false: a permission grants nothing, a restriction lets nothing pass.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::access::{ANY, AccessRow, RowKind};
use kernel::clock::Env;
use kernel::db::ConnectionTrait;
use kernel::error::{FieldError, FieldErrors};
use kernel::filter::Filter;
use kernel::{Ctx, Error, Locale, Result, TenantId};
use people::identity::Rules;
use people::role::{Role, RoleInput};
use sea_orm::DbBackend;

use crate::shape::Asker;
use crate::{Catalogue, Records};

/// Broken rules that are remembered, so that each is told once.
const TOLD: usize = 1_000;

/// Keys of the entities that every company has.
pub fn core_keys() -> BTreeSet<String> {
    keys_of(&Catalogue::core())
}

/// Keys of the entities of a catalogue.
pub fn keys_of(catalogue: &Catalogue) -> BTreeSet<String> {
    catalogue.entities().iter().map(|def| def.key.to_string()).collect()
}

/// Passes a rule that makes sense in a catalogue.
///
/// # Errors
/// What its filter names and is not there.
pub fn sound_in(catalogue: &Catalogue, row: &AccessRow) -> std::result::Result<(), FieldError> {
    row.filter.as_ref().map_or(Ok(()), |filter| sound(catalogue, &row.entity, filter))
}

/// Passes a filter that makes sense for an entity of a catalogue.
///
/// # Errors
/// What it names and is not there.
pub(crate) fn sound(catalogue: &Catalogue, entity: &str, filter: &Filter) -> std::result::Result<(), FieldError> {
    let Some(def) = catalogue.find(entity) else { return Ok(()) };
    let env = Env::system();
    let ctx = Ctx::system(TenantId::fresh(&env), chrono_tz::Tz::UTC, Locale::En, &env);
    Asker::new(catalogue, &ctx, DbBackend::Sqlite).rule(def, filter).map(drop)
}

impl Records {
    /// Keys of all entities of a company.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entity_keys(&self, tenant: TenantId) -> Result<BTreeSet<String>> {
        Ok(keys_of(&*self.catalogue(tenant).await?))
    }

    /// What is wrong with a rule, by entity: empty when it makes sense everywhere it speaks of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn problems_of_rule(&self, tenant: TenantId, row: &AccessRow) -> Result<Vec<(String, FieldError)>> {
        if row.filter.is_none() {
            return Ok(Vec::new());
        }
        Ok(self.problems_in(&*self.catalogue(tenant).await?, tenant, row))
    }

    fn problems_in(&self, catalogue: &Catalogue, tenant: TenantId, row: &AccessRow) -> Vec<(String, FieldError)> {
        let Some(filter) = &row.filter else { return Vec::new() };
        let ctx = Ctx::system(tenant, chrono_tz::Tz::UTC, Locale::En, self.env());
        let asker = Asker::new(catalogue, &ctx, self.db.read().get_database_backend());
        let spoken = catalogue.entities().iter().filter(|def| row.speaks_of(&def.key));
        spoken.filter_map(|def| Some((def.key.to_string(), asker.rule(def, filter).err()?))).collect()
    }
}

impl Records {
    /// Passes when everything that a role newly says names what is there. What it said before may stay: entities and
    /// fields go, and a role must not be caught by that.
    ///
    /// # Errors
    /// `people.invalid` naming `rows.<n>` and `field_rights.<n>`.
    pub async fn check_role(&self, tenant: TenantId, before: Option<&Role>, input: &RoleInput) -> Result<()> {
        self.check_role_in(&*self.catalogue(tenant).await?, tenant, before, input)
    }

    /// The same against a catalogue.
    ///
    /// # Errors
    /// As [`Records::check_role`].
    pub fn check_role_in(
        &self,
        catalogue: &Catalogue,
        tenant: TenantId,
        before: Option<&Role>,
        input: &RoleInput,
    ) -> Result<()> {
        let mut errors = FieldErrors::new();
        let (old_rows, old_fields) = before.map_or((&[][..], &[][..]), |role| (&role.rows, &role.field_rights));
        for (index, row) in input.rows.iter().enumerate().filter(|(_, row)| !old_rows.iter().any(|old| same(old, row)))
        {
            let spoken = catalogue.entities().iter().filter(|def| row.speaks_of(&def.key)).count();
            let mut problems = self.problems_in(catalogue, tenant, row);
            let problem = if spoken == 0 && row.entity != ANY {
                Some(FieldError::new("unknown_name").with("value", &row.entity))
            } else {
                // A rule for all entities may be false for some of them: that is reported with the role.
                problems.pop().filter(|_| problems.len() + 1 == spoken).map(|(_, problem)| problem)
            };
            errors.extend(problem.map(|problem| (format!("rows.{index}"), problem)));
        }
        for (index, right) in input.field_rights.iter().enumerate().filter(|(_, right)| !old_fields.contains(right)) {
            let field_is_there = catalogue.find(&right.entity).is_some_and(|def| def.field(&right.field).is_some());
            if !field_is_there {
                let named = format!("{}.{}", right.entity, right.field);
                errors.insert(format!("field_rights.{index}"), FieldError::new("unknown_name").with("value", named));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid { code: people::INVALID, fields: errors }) }
    }
}

/// Whether two rows say the same; what `*` covers is filled in when a role is saved.
fn same(old: &AccessRow, new: &AccessRow) -> bool {
    let covers = new.covers.clone().or_else(|| old.covers.clone());
    *old == AccessRow { covers, ..new.clone() }
}

/// Judges the rules of everybody who signs in.
pub struct SoundRules {
    records: Records,
    told: Mutex<HashSet<(TenantId, String)>>,
}

impl SoundRules {
    /// Over the service of records.
    pub fn new(records: &Records) -> Arc<Self> {
        Arc::new(Self { records: records.clone(), told: Mutex::default() })
    }

    /// Writes a broken rule into the log, once while the process lives.
    fn tell(&self, tenant: TenantId, role: &str, entity: &str, error: &FieldError) {
        let problem = error.message.in_locale(Locale::En);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TOLD && told.insert((tenant, format!("{role} {entity} {problem}"))) {
            tracing::warn!(%tenant, role, entity, problem, "a rule of a role names what is not there: it is false");
        }
    }
}

#[async_trait::async_trait]
impl Rules for SoundRules {
    async fn sound(&self, tenant: TenantId, role: &str, rows: Vec<AccessRow>) -> Result<Vec<AccessRow>> {
        let mut sound = Vec::with_capacity(rows.len());
        for row in rows {
            let problems = self.records.problems_of_rule(tenant, &row).await?;
            for (entity, error) in &problems {
                self.tell(tenant, role, entity, error);
            }
            let broken: BTreeSet<String> = problems.into_iter().map(|(entity, _)| entity).collect();
            sound.extend(without(row, &broken));
        }
        Ok(sound)
    }
}

/// A rule as it is where it makes sense, and false where it does not.
fn without(row: AccessRow, broken: &BTreeSet<String>) -> Vec<AccessRow> {
    if broken.is_empty() {
        return vec![row];
    }
    let closed = broken.iter().map(|entity| AccessRow {
        kind: RowKind::Restriction,
        entity: entity.clone(),
        filter: None,
        covers: None,
        ..row.clone()
    });
    match (row.kind, row.entity == ANY) {
        (RowKind::Permission, false) => Vec::new(),
        (RowKind::Permission, true) => {
            let covers = row.covers.as_ref().map(|covers| covers.difference(broken).cloned().collect());
            vec![AccessRow { covers, ..row }]
        }
        // What restricts nothing else is replaced whole; one of many entities still restricts the others.
        (RowKind::Restriction, false) => closed.collect(),
        (RowKind::Restriction, true) => closed.collect::<Vec<_>>().into_iter().chain([row]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use kernel::access::{Action, Rights, RoleRights, Scope};
    use serde_json::json;

    use super::*;

    fn check(row: serde_json::Value, broken: &[&str], expected: &[(&str, &str)]) {
        let row: AccessRow = serde_json::from_value(row).unwrap();
        let grant = json!({"kind": "permission", "entity": "*", "actions": ["read"]});
        let mut rows = without(row.clone(), &broken.iter().map(|key| (*key).to_owned()).collect());
        if row.kind == RowKind::Restriction {
            rows.push(serde_json::from_value(grant).unwrap());
        }
        let rights = Rights::of_roles(&[RoleRights { rows, ..RoleRights::default() }]);
        for (entity, scope) in expected {
            let got = match rights.scope(entity, Action::Read) {
                Scope::Nothing => "nothing",
                Scope::All => "all",
                Scope::Where(_) => "some",
            };
            assert_eq!(got, *scope, "{entity} of {row:?}");
        }
    }

    #[test]
    fn a_broken_rule_is_false_where_it_is_broken() {
        let filter = json!({"not": {"field": "gone", "op": "eq", "value": 1}});
        let row = |kind: &str, entity: &str, covers: serde_json::Value| json!({"kind": kind, "entity": entity, "actions": ["read"], "filter": filter, "covers": covers});
        check(row("permission", "lead", json!(null)), &[], &[("lead", "some"), ("deal", "nothing")]);
        check(row("permission", "lead", json!(null)), &["lead"], &[("lead", "nothing")]);
        check(row("permission", "*", json!(["lead", "deal"])), &["lead"], &[("lead", "nothing"), ("deal", "some")]);
        check(row("restriction", "lead", json!(null)), &["lead"], &[("lead", "nothing"), ("deal", "all")]);
        check(row("restriction", "*", json!(null)), &["lead"], &[("lead", "nothing"), ("deal", "some")]);
    }
}
