//! Why somebody may or may not do something with a record: each rule of their roles with whether the record passes it,
//! and the verdict by the very conditions that lists and writes use. How many records an action may touch.

use std::collections::BTreeMap;

use kernel::access::{AccessRow, Action, Closed, FieldAccess, RowKind};
use kernel::db::ConnectionTrait;
use kernel::filter::Filter;
use kernel::{Ctx, Error, FieldKey, RecordId, Result};
use people::role::Role;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use uuid::Uuid;

use crate::catalogue::EntityDef;
use crate::shape::Asker;
use crate::{Catalogue, Records};

/// Conditions of one statement: each may bring as many values as a filter has (4,000), a statement takes 32,766.
const AT_ONCE: usize = 8;

/// A rule that has a say about an action.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The role's id.
    pub role: Uuid,
    /// The role's name.
    pub name: String,
    /// Its row, counted from 0; none: the role is of administrators and grants everything.
    pub row: Option<usize>,
    /// Grants or narrows.
    pub kind: RowKind,
    /// Whether the record passes it. A permission that is passed grants; a restriction that is not passed forbids.
    pub matched: bool,
    /// Which records it speaks of; none: all.
    pub filter: Option<Filter>,
    /// It names what is not there (any more, or for this person), and counts as false.
    pub broken: bool,
}

/// Whether an action is allowed, and all that has a say about it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// May it be done.
    pub allowed: bool,
    /// In the order of roles and rows.
    pub because: Vec<Reason>,
}

/// What somebody may do with a record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explained {
    /// By action; of `create`: whether they might make such a record.
    pub actions: BTreeMap<Action, Verdict>,
    /// Fields that they do not see.
    pub hidden: Vec<FieldKey>,
    /// Fields that they see and do not change.
    pub read_only: Vec<FieldKey>,
    /// The module that brought the entity is off for their departments.
    pub off: bool,
}

impl Records {
    /// What a person may do with a record, and why. `of` is their context, `roles` are theirs. Whether the record may be
    /// spoken of at all is the caller's to know.
    ///
    /// # Errors
    /// `NotFound` when the record does not exist or is in the recycle bin.
    pub async fn explain(&self, of: &Ctx, roles: &[Role], entity: &str, id: RecordId) -> Result<Explained> {
        let whole = self.catalogue(of.tenant).await?;
        let def = whole.entity(entity)?;
        let open = self.catalogue_of(of).await?;
        let said = Said::of(roles, def, &Asker::new(&open, of, self.db.read().get_database_backend()));
        let passed = self.passed(def, of, id, &said.conditions).await?;
        if of.rights.closed().is_some_and(|closed: &std::sync::Arc<Closed>| closed.entities.contains(entity)) {
            let actions = Action::ALL.map(|action| (action, Verdict::default()));
            return Ok(Explained { actions: actions.into(), off: true, ..Explained::default() });
        }
        let narrowed = |right: FieldAccess| {
            let fields = def.fields.iter().filter(|field| match right {
                FieldAccess::Hidden => !def.shows(&of.rights, field),
                FieldAccess::ReadOnly => def.shows(&of.rights, field) && !of.rights.changes(&def.key, &field.key),
            });
            fields.map(|field| field.key.clone()).collect()
        };
        Ok(Explained {
            actions: Action::ALL.into_iter().map(|action| (action, said.verdict(action, &passed))).collect(),
            hidden: narrowed(FieldAccess::Hidden),
            read_only: narrowed(FieldAccess::ReadOnly),
            off: false,
        })
    }

    /// How many records of an entity each action may touch; of `create` nothing.
    ///
    /// # Errors
    /// `NotFound` for an entity that does not exist for the person.
    pub async fn reach(&self, of: &Ctx, entity: &str) -> Result<BTreeMap<Action, i64>> {
        let catalogue = self.catalogue_of(of).await?;
        let def = catalogue.entity(entity)?;
        let mut counts = BTreeMap::new();
        for action in [Action::Read, Action::Update, Action::Delete] {
            counts.insert(action, self.reached(&catalogue, of, def, action).await?);
        }
        Ok(counts)
    }

    async fn reached(&self, catalogue: &Catalogue, of: &Ctx, def: &EntityDef, action: Action) -> Result<i64> {
        if !of.rights.may(&def.key, action) {
            return Ok(0);
        }
        let conn = self.db.read();
        let mut select = live(def, of);
        select.expr(Func::count(Expr::col((def.table, "id"))));
        if let Some(allowed) = Asker::new(catalogue, of, conn.get_database_backend()).allowed(def, action) {
            select.and_where(allowed);
        }
        let row = conn.query_one(&select).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    /// Which of the conditions the record passes.
    async fn passed(&self, def: &EntityDef, of: &Ctx, id: RecordId, conditions: &[Expr]) -> Result<Vec<bool>> {
        let mut passed = Vec::with_capacity(conditions.len());
        for some in conditions.chunks(AT_ONCE) {
            let mut select = live(def, of);
            select.and_where(Expr::col((def.table, "id")).eq(id));
            for condition in some {
                select.expr(Expr::case(condition.clone(), 1).finally(0));
            }
            let row = self.db.read().query_one(&select).await?;
            let row = row.ok_or_else(|| Error::NotFound(format!("{} {id}", def.key)))?;
            for index in 0..some.len() {
                passed.push(row.try_get_by_index::<i32>(index)? == 1);
            }
        }
        Ok(passed)
    }
}

/// Records of the person's company that are not in the recycle bin.
fn live(def: &EntityDef, of: &Ctx) -> SelectStatement {
    let mut select = Query::select();
    select.from(def.table).and_where(Expr::col((def.table, "deleted_at")).is_null());
    def.own(&mut select, of.tenant);
    select
}

/// What roles say about an entity: conditions to be asked of the record, and which rule each belongs to.
struct Said<'a> {
    rules: Vec<Rule<'a>>,
    /// The verdicts on the four actions, then those of the rules.
    conditions: Vec<Expr>,
}

struct Rule<'a> {
    role: &'a Role,
    /// None: everything, of an administrator.
    row: Option<(usize, &'a AccessRow)>,
    /// Its place among the conditions; none: what it says needs no look at the record.
    condition: Option<usize>,
    broken: bool,
}

impl<'a> Said<'a> {
    fn of(roles: &'a [Role], def: &EntityDef, asker: &Asker<'_>) -> Self {
        let verdict = |action| match asker.allowed(def, action) {
            Some(allowed) => allowed,
            None => Expr::val(1).eq(1),
        };
        let mut said = Self { rules: Vec::new(), conditions: Action::ALL.map(verdict).into() };
        for role in roles {
            if role.admin {
                said.rules.push(Rule { role, row: None, condition: None, broken: false });
            }
            for (index, row) in role.rows.iter().enumerate().filter(|(_, row)| row.speaks_of(&def.key)) {
                let asked = row.filter.as_ref().map(|filter| asker.rule(def, filter));
                let broken = matches!(asked, Some(Err(_)));
                let condition = asked.and_then(std::result::Result::ok).map(|condition| {
                    said.conditions.push(condition);
                    said.conditions.len() - 1
                });
                said.rules.push(Rule { role, row: Some((index, row)), condition, broken });
            }
        }
        said
    }

    fn verdict(&self, action: Action, passed: &[bool]) -> Verdict {
        let of_action = Action::ALL.iter().position(|one| *one == action).unwrap_or_default();
        let speaks = |rule: &&Rule<'_>| rule.row.is_none_or(|(_, row)| row.actions.contains(&action));
        let because = self.rules.iter().filter(speaks).map(|rule| rule.reason(passed)).collect();
        Verdict { allowed: passed.get(of_action).copied().unwrap_or_default(), because }
    }
}

impl Rule<'_> {
    fn reason(&self, passed: &[bool]) -> Reason {
        let kind = self.row.map_or(RowKind::Permission, |(_, row)| row.kind);
        // Without a filter a permission grants all, and a restriction lets nothing pass.
        let plain = !self.broken && kind == RowKind::Permission;
        Reason {
            role: self.role.id,
            name: self.role.name.clone(),
            row: self.row.map(|(index, _)| index),
            kind,
            matched: self.condition.map_or(plain, |place| passed.get(place).copied().unwrap_or_default()),
            filter: self.row.and_then(|(_, row)| row.filter.clone()),
            broken: self.broken,
        }
    }
}
