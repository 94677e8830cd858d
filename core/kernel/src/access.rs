//! Access algebra, pure: rows of an actor's roles become one filter per entity and action.
//!
//! Permission rows OR together, restriction rows AND; nothing granted = nothing seen. A restriction binds everyone
//! whose role carries it. An admin role grants everything, and restrictions of the person's other roles still bind.

mod closed;
mod processes;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use closed::Closed;
pub use processes::{Definitions, ProcessAction, ProcessRights};

use crate::filter::Filter;

/// What may be done with records of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// See.
    Read,
    /// Make.
    Create,
    /// Change.
    Update,
    /// Move to the recycle bin and back.
    Delete,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Update, Self::Delete];
}

/// Whether a row grants or narrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AccessKind)]
pub enum RowKind {
    /// Grants.
    Permission,
    /// Narrows.
    Restriction,
}

/// One row of a role. The entity `*` means those that the row covers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessRow {
    /// Grants or narrows.
    pub kind: RowKind,
    /// Entity key or `*`.
    #[schema(value_type = String)]
    pub entity: String,
    /// Actions it speaks of.
    #[schema(value_type = Vec<Action>)]
    pub actions: BTreeSet<Action>,
    /// Which records; none = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::filter::shape::Filter>, nullable = false)]
    pub filter: Option<Filter>,
    /// With `*`: the entities it covers. None: every one, also those that come later; so speak restrictions and rows
    /// that code makes. A permission of a role always says which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<BTreeSet<String>>,
}

/// Stands for the entities that a row covers.
pub const ANY: &str = "*";

impl AccessRow {
    /// Whether it has a say about an entity.
    pub fn speaks_of(&self, entity: &str) -> bool {
        let covered = || self.covers.as_ref().is_none_or(|covers| covers.contains(entity));
        self.entity == entity || (self.entity == ANY && covered())
    }
}

/// How a field is narrowed for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldAccess {
    /// May be seen, not changed.
    ReadOnly,
    /// Not seen at all.
    Hidden,
}

/// One field right of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldRight {
    /// Entity key.
    #[schema(value_type = String)]
    pub entity: String,
    /// Field key.
    #[schema(value_type = String)]
    pub field: String,
    /// How it is narrowed.
    pub right: FieldAccess,
}

/// The records an action may touch.
#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    /// None at all.
    Nothing,
    /// Every record of the tenant.
    All,
    /// Those that pass the filter.
    Where(Filter),
}

/// What one role gives.
#[derive(Debug, Clone, Default)]
pub struct RoleRights {
    /// Grants everything.
    pub admin: bool,
    /// Its rows.
    pub rows: Vec<AccessRow>,
    /// Its field rights.
    pub fields: Vec<FieldRight>,
    /// Its rights on processes.
    pub processes: ProcessRights,
}

/// Everything an actor may do.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    /// Every record may be touched.
    all_records: bool,
    /// Settings, people and plugins may be changed.
    admin: bool,
    rows: Vec<AccessRow>,
    /// A field is as narrow as the least narrow of the person's roles makes it.
    fields: HashMap<(String, String), FieldAccess>,
    processes: ProcessRights,
    /// Counts before everything else, for administrators too.
    closed: Option<Arc<Closed>>,
}

impl Rights {
    /// Everything: the system itself.
    pub fn everything() -> Self {
        Self { all_records: true, admin: true, ..Self::default() }
    }

    /// The rights of somebody with these roles.
    pub fn of_roles(roles: &[RoleRights]) -> Self {
        let admin = roles.iter().any(|role| role.admin);
        let mut rights = Self { all_records: admin, admin, ..Self::default() };
        rights.rows = roles.iter().flat_map(|role| role.rows.iter().cloned()).collect();
        if !rights.admin {
            rights.fields = narrowed_fields(roles);
        }
        for role in roles {
            rights.processes.extend(&role.processes);
        }
        rights
    }

    /// The same rights with more of them on processes.
    #[must_use]
    pub fn with_processes(mut self, more: &ProcessRights) -> Self {
        self.processes.extend(more);
        self
    }

    /// The same rights with more rows on top, e.g. the scopes of a token as restrictions.
    #[must_use]
    pub fn restricted(mut self, rows: impl IntoIterator<Item = AccessRow>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// The same rights where some modules do not exist.
    #[must_use]
    pub fn without(mut self, closed: Arc<Closed>) -> Self {
        self.closed = Some(closed);
        self
    }

    /// What does not exist for this person, if there is something.
    pub const fn closed(&self) -> Option<&Arc<Closed>> {
        self.closed.as_ref()
    }

    /// Whether a field was brought by a module that does not exist for this person.
    pub fn closes(&self, entity: &str, field: &str) -> bool {
        self.closed.as_ref().is_some_and(|closed| closed.has_field(entity, field))
    }

    /// The same rights on records, without those of an administrator on settings (a token without that scope).
    #[must_use]
    pub fn without_admin(mut self) -> Self {
        self.admin = false;
        self
    }

    /// Rows that narrow.
    pub fn restrictions(&self) -> impl Iterator<Item = &AccessRow> {
        self.rows.iter().filter(|row| row.kind == RowKind::Restriction)
    }

    /// Whether nothing at all may be changed: a token for reading, somebody who looks as another.
    pub fn reads_alone(&self) -> bool {
        let every = |row: &AccessRow| row.entity == ANY && row.covers.is_none() && row.filter.is_none();
        let bars = |row: &AccessRow| {
            [Action::Create, Action::Update, Action::Delete].iter().all(|it| row.actions.contains(it))
        };
        self.restrictions().any(|row| every(row) && bars(row))
    }

    /// Whether settings, people and plugins may be changed.
    pub const fn is_admin(&self) -> bool {
        self.admin
    }

    /// All of it in words, whatever the order in which roles say it: what was read with the same rights is told from what
    /// was read with others.
    pub(crate) fn spelled(&self) -> Vec<String> {
        let mut all = vec![format!("{} {} {:?}", self.all_records, self.admin, self.processes)];
        all.extend(self.rows.iter().map(|row| format!("{row:?}")));
        all.extend(self.fields.iter().map(|(field, access)| format!("{field:?} {access:?}")));
        if let Some(closed) = &self.closed {
            all.extend(closed.modules.iter().map(|module| format!("closed {module}")));
        }
        all.sort();
        all
    }

    /// Which records of an entity an action may touch.
    pub fn scope(&self, entity: &str, action: Action) -> Scope {
        if self.closed.as_ref().is_some_and(|closed| closed.entities.contains(entity)) {
            return Scope::Nothing;
        }
        let rows = |kind: RowKind| {
            self.rows
                .iter()
                .filter(move |row| row.kind == kind && row.speaks_of(entity) && row.actions.contains(&action))
        };
        let mut granted: Vec<Filter> = Vec::new();
        let mut all = self.all_records;
        for row in rows(RowKind::Permission) {
            match &row.filter {
                None => all = true,
                Some(filter) => granted.push(filter.clone()),
            }
        }
        if !all && granted.is_empty() {
            return Scope::Nothing;
        }
        let mut both: Vec<Filter> = if all { Vec::new() } else { vec![Filter::any(granted)] };
        for row in rows(RowKind::Restriction) {
            match &row.filter {
                None => return Scope::Nothing,
                Some(filter) => both.push(filter.clone()),
            }
        }
        if both.is_empty() { Scope::All } else { Scope::Where(Filter::all(both)) }
    }

    /// Whether anything at all may be done.
    pub fn may(&self, entity: &str, action: Action) -> bool {
        self.scope(entity, action) != Scope::Nothing
    }

    /// The definitions of processes on which something may be done. Administrators may do everything; a token of theirs
    /// without the scope `admin` starts and sees.
    pub fn processes(&self, action: ProcessAction) -> Definitions<'_> {
        let harmless = matches!(action, ProcessAction::Start | ProcessAction::See);
        if self.admin || (self.all_records && harmless) { Definitions::All } else { self.processes.with(action) }
    }

    /// Whether something may be done with the definition of this key and its instances.
    pub fn may_process(&self, key: &str, action: ProcessAction) -> bool {
        self.processes(action).contain(key)
    }

    /// Whether a message of this name may be published.
    pub fn may_publish(&self, message: &str) -> bool {
        self.admin || ProcessRights::has(&self.processes.messages, message)
    }

    /// Whether a signal of this name may be broadcast.
    pub fn may_broadcast(&self, signal: &str) -> bool {
        self.admin || ProcessRights::has(&self.processes.signals, signal)
    }

    /// Whether a field of the entity is hidden.
    pub fn hides_of(&self, entity: &str) -> bool {
        let closed = || self.closed.as_ref().is_some_and(|closed| closed.fields.contains_key(entity));
        closed() || self.fields.iter().any(|((of, _), access)| of == entity && *access == FieldAccess::Hidden)
    }

    /// Whether the field may be seen.
    pub fn sees(&self, entity: &str, field: &str) -> bool {
        self.field(entity, field) != Some(FieldAccess::Hidden)
    }

    /// Whether the field may be changed.
    pub fn changes(&self, entity: &str, field: &str) -> bool {
        self.field(entity, field).is_none()
    }

    fn field(&self, entity: &str, field: &str) -> Option<FieldAccess> {
        if self.closes(entity, field) {
            return Some(FieldAccess::Hidden);
        }
        if self.fields.is_empty() {
            return None;
        }
        self.fields.get(&(entity.to_owned(), field.to_owned())).copied()
    }
}

/// Several roles: a field stays narrow only if every role that may read the entity narrows it.
fn narrowed_fields(roles: &[RoleRights]) -> HashMap<(String, String), FieldAccess> {
    let mut narrowed = HashMap::new();
    for right in roles.iter().flat_map(|role| &role.fields) {
        let readers = roles.iter().filter(|role| {
            role.rows.iter().any(|row| {
                row.kind == RowKind::Permission && row.speaks_of(&right.entity) && row.actions.contains(&Action::Read)
            })
        });
        let loosest = readers
            .map(|role| {
                role.fields.iter().find(|f| f.entity == right.entity && f.field == right.field).map(|f| f.right)
            })
            .min()
            .unwrap_or(Some(right.right));
        if let Some(access) = loosest {
            narrowed.insert((right.entity.clone(), right.field.clone()), access);
        }
    }
    narrowed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filter(json: serde_json::Value) -> Filter {
        serde_json::from_value(json).unwrap()
    }

    fn row(kind: RowKind, entity: &str, actions: &[Action], f: Option<serde_json::Value>) -> AccessRow {
        let (actions, filter) = (actions.iter().copied().collect(), f.map(filter));
        AccessRow { kind, entity: entity.into(), actions, filter, covers: None }
    }

    fn role(rows: Vec<AccessRow>) -> RoleRights {
        RoleRights { rows, ..RoleRights::default() }
    }

    fn own() -> serde_json::Value {
        json!({"field": "owner", "op": "eq", "value": {"me": true}})
    }

    #[test]
    fn nothing_granted_is_nothing_seen() {
        assert_eq!(Rights::of_roles(&[]).scope("lead", Action::Read), Scope::Nothing);
        let rights = Rights::of_roles(&[role(vec![row(RowKind::Permission, "deal", &[Action::Read], None)])]);
        assert_eq!(rights.scope("lead", Action::Read), Scope::Nothing);
        assert_eq!(rights.scope("deal", Action::Update), Scope::Nothing);
        assert_eq!(rights.scope("deal", Action::Read), Scope::All);
    }

    #[test]
    fn what_is_closed_exists_for_no_role_not_even_for_administrators() {
        let closed = Arc::new(Closed {
            modules: ["acme.cars".to_owned()].into(),
            entities: ["cars_car".to_owned()].into(),
            fields: [("lead".to_owned(), ["cars_wish".to_owned()].into())].into(),
        });
        let all = row(RowKind::Permission, "*", &Action::ALL, None);
        for rights in [Rights::everything(), Rights::of_roles(&[role(vec![all])])] {
            assert!(rights.may("cars_car", Action::Read) && rights.sees("lead", "cars_wish"));
            let rights = rights.without(Arc::clone(&closed));
            assert_eq!(rights.scope("cars_car", Action::Read), Scope::Nothing);
            assert!(!rights.sees("lead", "cars_wish") && !rights.changes("lead", "cars_wish"));
            assert!(rights.hides_of("lead") && !rights.hides_of("deal"));
            assert!(rights.may("lead", Action::Read) && rights.sees("lead", "title"));
        }
    }

    #[test]
    fn permissions_or_together_and_restrictions_and() {
        let open = json!({"field": "stage", "op": "eq", "value": "new"});
        let rights = Rights::of_roles(&[
            role(vec![row(RowKind::Permission, "lead", &[Action::Read], Some(own()))]),
            role(vec![row(RowKind::Permission, "*", &[Action::Read], Some(open.clone()))]),
            role(vec![row(
                RowKind::Restriction,
                "lead",
                &[Action::Read],
                Some(json!({"field": "amount", "op": "lt", "value": 5})),
            )]),
        ]);
        let expected = filter(json!({"and": [{"or": [own(), open]}, {"field": "amount", "op": "lt", "value": 5}]}));
        assert_eq!(rights.scope("lead", Action::Read), Scope::Where(expected));
    }

    #[test]
    fn a_restriction_without_filter_takes_everything_even_from_an_admin() {
        let admin = RoleRights { admin: true, ..RoleRights::default() };
        let rights =
            Rights::of_roles(&[admin.clone(), role(vec![row(RowKind::Restriction, "lead", &[Action::Delete], None)])]);
        assert_eq!(rights.scope("lead", Action::Delete), Scope::Nothing);
        assert_eq!(rights.scope("lead", Action::Read), Scope::All);
    }

    #[test]
    fn a_star_speaks_of_what_it_covers() {
        let mut star = row(RowKind::Permission, ANY, &[Action::Read], None);
        star.covers = Some(["lead".to_owned()].into());
        let rights = Rights::of_roles(&[role(vec![star])]);
        assert_eq!(rights.scope("lead", Action::Read), Scope::All);
        assert_eq!(rights.scope("later", Action::Read), Scope::Nothing);
        let all = row(RowKind::Permission, "later", &[Action::Delete], None);
        let rights = Rights::of_roles(&[role(vec![all, row(RowKind::Restriction, ANY, &[Action::Delete], None)])]);
        assert_eq!(rights.scope("later", Action::Delete), Scope::Nothing, "a restriction binds later ones too");
    }

    #[test]
    fn a_field_is_as_open_as_the_most_open_reading_role_makes_it() {
        let hidden = FieldRight { entity: "lead".into(), field: "amount".into(), right: FieldAccess::Hidden };
        let mut operator = role(vec![row(RowKind::Permission, "lead", &[Action::Read], None)]);
        operator.fields.push(hidden);
        assert!(!Rights::of_roles(std::slice::from_ref(&operator)).sees("lead", "amount"));
        let head = role(vec![row(RowKind::Permission, "lead", &[Action::Read], None)]);
        assert!(Rights::of_roles(&[operator.clone(), head]).sees("lead", "amount"));
        let stranger = role(vec![row(RowKind::Permission, "deal", &[Action::Read], None)]);
        assert!(!Rights::of_roles(&[operator, stranger]).sees("lead", "amount"));
    }

    fn of_processes(json: serde_json::Value) -> RoleRights {
        RoleRights { processes: serde_json::from_value(json).unwrap(), ..RoleRights::default() }
    }

    #[test]
    fn rights_on_processes_of_several_roles_add_up() {
        assert!(!Rights::of_roles(&[]).may_process("dealer", ProcessAction::Start));
        let rights = Rights::of_roles(&[
            of_processes(json!({"definitions": {"*": ["start"], "dealer": ["see"]}, "messages": ["paid"]})),
            of_processes(json!({"definitions": {"quote": ["operate"]}, "signals": ["*"]})),
        ]);
        assert_eq!(rights.processes(ProcessAction::Start), Definitions::All);
        assert_eq!(rights.processes(ProcessAction::See), Definitions::Keys(vec!["dealer", "quote"]), "operators see");
        assert!(rights.may_process("quote", ProcessAction::Operate));
        assert!(!rights.may_process("dealer", ProcessAction::Operate));
        assert!(rights.may_publish("paid") && !rights.may_publish("shipped") && rights.may_broadcast("anything"));
    }

    #[test]
    fn an_administrators_token_without_that_scope_operates_nothing() {
        let admin = RoleRights { admin: true, ..RoleRights::default() };
        let rights = Rights::of_roles(&[admin]);
        assert!(rights.may_process("dealer", ProcessAction::Publish) && rights.may_publish("paid"));
        let token = rights.without_admin();
        assert!(token.may_process("dealer", ProcessAction::Start));
        assert!(!token.may_process("dealer", ProcessAction::Operate) && !token.may_publish("paid"));
    }
}
