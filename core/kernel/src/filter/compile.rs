//! A filter as SQL, for SQLite and PostgreSQL, with bound values only. The one place that knows how a test on a field
//! becomes a condition on columns.

use chrono::NaiveDate;
use chrono_tz::Tz;
use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, BinOper, Condition, Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement};
use serde_json::Value as Json;
use uuid::Uuid;

use super::place::{COMMUNICATION, Column, LINK, Shapes, Storage};
use super::{Filter, Op, Operand, Relative, Test};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::id::{DepartmentId, TenantId, UserId};
use crate::phone::{self, Country};
use crate::value::{FieldType, Value};
use crate::words;

/// Who asks, and when.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The tenant; part of every statement.
    pub tenant: TenantId,
    /// The person, if one asks.
    pub user: Option<UserId>,
    /// Their department.
    pub department: Option<DepartmentId>,
    /// Their department and all below it and below those they head.
    pub subtree: Vec<DepartmentId>,
    /// Those they head and all below these.
    pub headed: Vec<DepartmentId>,
    /// The present.
    pub now: Timestamp,
    /// The tenant's time zone.
    pub zone: Tz,
}

/// Compiles filters for one asker on one database.
#[derive(Clone, Copy)]
pub struct Compiler<'a> {
    /// What exists.
    pub shapes: &'a dyn Shapes,
    /// Who asks.
    pub viewer: &'a Viewer,
    /// Which SQL.
    pub backend: DbBackend,
}

type Compiled = Result<Expr, FieldError>;

impl Compiler<'_> {
    /// The condition for rows of `entity` in the table or alias `alias`.
    ///
    /// # Errors
    /// `filter` naming the field: unknown, an operand of the wrong type, an operator that does not fit.
    pub fn condition(&self, entity: &str, alias: &str, filter: &Filter) -> Compiled {
        match filter {
            Filter::And(parts) => self.group(Condition::all(), entity, alias, parts),
            Filter::Or(parts) if parts.is_empty() => Ok(Expr::val(1).eq(0)),
            Filter::Or(parts) => self.group(Condition::any(), entity, alias, parts),
            // NULL is "does not hold", so its negation holds.
            Filter::Not(part) => {
                let inner = self.condition(entity, alias, part)?;
                Ok(Expr::expr(Func::coalesce([inner, Expr::val(false)])).not())
            }
            Filter::Test(test) => self.test(entity, alias, test),
        }
    }

    /// The condition of a scope; `None` where everything is allowed.
    ///
    /// # Errors
    /// As `condition`.
    pub fn scope(&self, entity: &str, alias: &str, scope: &Scope) -> Result<Option<Expr>, FieldError> {
        match scope {
            Scope::All => Ok(None),
            Scope::Nothing => Ok(Some(Expr::val(1).eq(0))),
            Scope::Where(filter) => self.condition(entity, alias, filter).map(Some),
        }
    }

    fn group(&self, mut all: Condition, entity: &str, alias: &str, parts: &[Filter]) -> Compiled {
        for part in parts {
            all = all.add(self.condition(entity, alias, part)?);
        }
        Ok(if parts.is_empty() { Expr::val(1).eq(1) } else { all.into() })
    }

    fn test(&self, entity: &str, alias: &str, test: &Test) -> Compiled {
        if let Some((link, field)) = test.field.split_once('.') {
            return self.hop(entity, alias, link, field, test);
        }
        let column =
            self.shapes.column(entity, &test.field).ok_or_else(|| bad(&test.field, "there is no such field"))?;
        if column.kind.is_multi() {
            return self.communication(alias, &column, test);
        }
        match column.storage.cell(alias, column.kind, self.backend) {
            None => self.links(alias, &column, test),
            Some(cell) if column.kind == FieldType::Choices => self.choices(cell, test),
            Some(cell) => self.plain(cell, &column, test),
        }
    }

    /// `link.field`: some linked record that the asker may see passes the test.
    fn hop(&self, entity: &str, alias: &str, link: &str, field: &str, test: &Test) -> Compiled {
        let column = self.shapes.column(entity, link).ok_or_else(|| bad(&test.field, "there is no such field"))?;
        let target = column.target.as_ref().ok_or_else(|| bad(&test.field, "this field is not a link"))?;
        let table = self.shapes.table(target).ok_or_else(|| bad(&test.field, "this field is not a link"))?;
        if field.contains('.') || alias == HOP {
            return Err(bad(&test.field, "only one hop across a link is possible"));
        }
        let inner = Test { field: field.to_owned(), ..test.clone() };
        let mut select = Query::select();
        select.expr(Expr::val(1)).from_as(table.name, HOP);
        table.own(&mut select, HOP, self.viewer.tenant);
        if table.recycle_bin {
            select.and_where(Expr::col((HOP, "deleted_at")).is_null());
        }
        if let Some(visible) = self.visible_in_hop(target)? {
            select.and_where(visible);
        }
        select.and_where(self.test(target, HOP, &inner)?);
        let id = Expr::col((HOP, "id"));
        select.and_where(match column.storage.cell(alias, column.kind, self.backend) {
            Some(cell) => id.eq(cell),
            None => id.in_subquery(self.link_rows(alias, &column)),
        });
        Ok(Expr::exists(select))
    }

    /// An access row that itself hops cannot be put inside a hop: such records count as not visible.
    fn visible_in_hop(&self, target: &str) -> Result<Option<Expr>, FieldError> {
        match self.shapes.visible(target) {
            Scope::Where(filter) if filter.fields().iter().any(|field| field.contains('.')) => {
                Ok(Some(Expr::val(1).eq(0)))
            }
            scope => self.scope(target, HOP, &scope),
        }
    }

    fn link_rows(&self, alias: &str, column: &Column<'_>) -> SelectStatement {
        let mut rows = match column.storage {
            Storage::Stages => self.shapes.stages(),
            _ => self.shapes.links(column.key),
        };
        rows.column((LINK, "target_id"))
            .and_where(Expr::col((LINK, "record_id")).equals((Alias::new(alias), Alias::new("id"))))
            .and_where(Expr::col((LINK, "tenant_id")).eq(self.viewer.tenant.0))
            .take()
    }

    fn links(&self, alias: &str, column: &Column<'_>, test: &Test) -> Compiled {
        let mut rows = self.link_rows(alias, column);
        match test.op {
            Op::Empty => return Ok(Expr::exists(rows).not()),
            Op::NotEmpty => return Ok(Expr::exists(rows)),
            Op::Eq | Op::Contains | Op::In | Op::Ne | Op::NotIn => {}
            _ => return Err(bad(&test.field, "this comparison does not fit a list of links")),
        }
        let kind = if column.storage == Storage::Stages { FieldType::Stage } else { FieldType::Link };
        let ids = self.values(kind, test)?;
        if ids.iter().any(|id| id.as_null() == *id) {
            return match test.op {
                Op::Eq => Ok(Expr::exists(rows).not()),
                Op::Ne => Ok(Expr::exists(rows)),
                _ => Err(bad(&test.field, "null can only be compared by eq and ne")),
            };
        }
        rows.and_where(Expr::col((LINK, "target_id")).is_in(ids));
        let exists = Expr::exists(rows);
        Ok(if matches!(test.op, Op::Ne | Op::NotIn) { exists.not() } else { exists })
    }

    /// Whether one of the chosen keys is among those asked for; all of them for `contains`.
    fn choices(&self, cell: Expr, test: &Test) -> Compiled {
        let present = || match self.backend {
            DbBackend::Sqlite => Expr::cust_with_exprs("json_array_length(?) > 0", [cell.clone()]),
            _ => Expr::cust_with_exprs("jsonb_array_length($1) > 0", [cell.clone()]),
        };
        match test.op {
            Op::Empty => return Ok(Expr::expr(Func::coalesce([present(), Expr::val(false)])).not()),
            Op::NotEmpty => return Ok(present()),
            Op::Eq | Op::Contains | Op::In | Op::Ne | Op::NotIn => {}
            _ => return Err(bad(&test.field, "this comparison does not fit several choices")),
        }
        let text = |operand: &Operand| match operand {
            Operand::One(Json::String(key)) => Ok(key.clone()),
            _ => Err(bad(&test.field, "expected the key of a choice")),
        };
        let keys = match &test.value {
            Operand::Many(items) => items.iter().map(text).collect::<Result<Vec<_>, _>>()?,
            one => vec![text(one)?],
        };
        let mut any = Condition::any();
        for key in keys {
            any = any.add(match self.backend {
                DbBackend::Sqlite => Expr::cust_with_exprs(
                    "EXISTS (SELECT 1 FROM json_each(?) WHERE json_each.value = ?)",
                    [cell.clone(), Expr::val(key)],
                ),
                _ => Expr::cust_with_exprs("jsonb_exists($1, $2)", [cell.clone(), Expr::val(key)]),
            });
        }
        let any: Expr = if any.is_empty() { Expr::val(1).eq(0) } else { any.into() };
        let chosen = Expr::expr(Func::coalesce([any, Expr::val(false)]));
        Ok(if matches!(test.op, Op::Ne | Op::NotIn) { chosen.not() } else { chosen })
    }

    /// Phones, addresses and accounts, in their searchable form.
    fn communication(&self, alias: &str, column: &Column<'_>, test: &Test) -> Compiled {
        let value = Expr::col((COMMUNICATION, "value"));
        let mut rows = self.shapes.communications(column.key);
        rows.expr(Expr::val(1))
            .and_where(Expr::col((COMMUNICATION, "record_id")).equals((Alias::new(alias), Alias::new("id"))));
        let term = || match &test.value {
            Operand::One(Json::String(text)) if text.chars().count() > MAX_TERM => {
                Err(bad(&test.field, "at most 200 characters can be searched for"))
            }
            Operand::One(Json::String(text)) => Ok(words::folded(&words::address(text))),
            _ => Err(bad(&test.field, "expected text")),
        };
        let phone = column.kind == FieldType::Phones;
        match test.op {
            Op::Empty => return Ok(Expr::exists(rows).not()),
            Op::NotEmpty => {}
            Op::Eq | Op::Ne if phone => drop(rows.and_where(is_number(&value, &term()?, self.shapes.home()))),
            Op::Eq | Op::Ne => drop(rows.and_where(value.eq(term()?))),
            Op::Contains | Op::StartsWith if phone => {
                let start = test.op == Op::StartsWith;
                rows.and_where(has_digits(&value, &term()?, start, self.shapes.home()));
            }
            Op::Contains => drop(rows.and_where(value.like(like(&term()?, true)))),
            Op::StartsWith => drop(rows.and_where(value.like(like(&term()?, false)))),
            _ => return Err(bad(&test.field, "this comparison does not fit a list of values")),
        }
        let exists = Expr::exists(rows);
        Ok(if test.op == Op::Ne { exists.not() } else { exists })
    }

    fn plain(&self, column: Expr, shape: &Column<'_>, test: &Test) -> Compiled {
        if let Operand::Relative(relative) = test.value {
            return self.relative(&column, shape.kind, test, relative);
        }
        if let (
            FieldType::User | FieldType::Department,
            Operand::MyDepartment | Operand::MySubtree | Operand::MyHeaded,
        ) = (shape.kind, &test.value)
        {
            let inside = self.in_departments(column, shape.kind, &test.value);
            return Ok(if matches!(test.op, Op::Ne | Op::NotIn) {
                Expr::expr(Func::coalesce([inside, Expr::val(false)])).not()
            } else {
                inside
            });
        }
        let column =
            if is_prose(shape.kind) && compares(test.op) { words::in_order(column, self.backend) } else { column };
        Ok(match test.op {
            Op::Empty if shape.kind.is_text() => column.clone().is_null().or(column.eq("")),
            Op::NotEmpty if shape.kind.is_text() => column.clone().is_not_null().and(column.ne("")),
            Op::Empty => column.is_null(),
            Op::NotEmpty => column.is_not_null(),
            Op::Contains | Op::StartsWith => self.text(column, shape.kind, test)?,
            Op::In => column.is_in(self.values(shape.kind, test)?),
            Op::NotIn => column.clone().is_null().or(column.is_not_in(self.values(shape.kind, test)?)),
            Op::Between => {
                let mut pair = self.values(shape.kind, test)?.into_iter();
                let (Some(from), Some(to)) = (pair.next(), pair.next()) else {
                    return Err(bad(&test.field, "`between` needs two values"));
                };
                column.clone().gte(from).and(column.lte(to))
            }
            op => self.compare(column, shape.kind, op, test)?,
        })
    }

    fn compare(&self, column: Expr, kind: FieldType, op: Op, test: &Test) -> Compiled {
        let Some(value) = self.values(kind, test)?.pop() else { return Err(bad(&test.field, "`value` is missing")) };
        if value.as_null() == value {
            return match op {
                Op::Eq => Ok(column.is_null()),
                Op::Ne => Ok(column.is_not_null()),
                _ => Err(bad(&test.field, "null can only be compared by eq and ne")),
            };
        }
        Ok(match op {
            Op::Ne => column.clone().is_null().or(column.ne(value)),
            Op::Gt => column.gt(value),
            Op::Gte => column.gte(value),
            Op::Lt => column.lt(value),
            Op::Lte => column.lte(value),
            _ => column.eq(value),
        })
    }

    /// Letter case is ignored in every alphabet, ё is е: ILIKE on PostgreSQL, a case-insensitive REGEXP on SQLite,
    /// whose LIKE knows only ASCII.
    fn text(&self, column: Expr, kind: FieldType, test: &Test) -> Compiled {
        let Operand::One(Json::String(term)) = &test.value else { return Err(bad(&test.field, "expected text")) };
        if !kind.is_text() {
            return Err(FieldError::new("filter_text").with("place", &test.field));
        }
        if term.chars().count() > MAX_TERM {
            return Err(bad(&test.field, "at most 200 characters can be searched for"));
        }
        let inside = test.op == Op::Contains;
        let term = words::composed(term);
        Ok(match self.backend {
            DbBackend::Sqlite => {
                let pattern = format!("(?i){}{}", if inside { "" } else { "^" }, escape_regex(&term));
                column.binary(BinOper::Custom("REGEXP"), pattern)
            }
            _ => alike(column, &words::operand(&term), inside),
        })
    }

    fn relative(&self, column: &Expr, kind: FieldType, test: &Test, relative: Relative) -> Compiled {
        let period = relative.period(self.viewer.now, self.viewer.zone);
        let (from, to): (sea_orm::Value, sea_orm::Value) = match kind {
            FieldType::Datetime => {
                let (from, to) = period.instants(self.viewer.zone);
                (from.0.into(), to.0.into())
            }
            FieldType::Date => {
                let text = |day: NaiveDate| day.format("%Y-%m-%d").to_string();
                (text(period.first).into(), text(period.last + chrono::Days::new(1)).into())
            }
            _ => return Err(bad(&test.field, "a period fits only dates and times")),
        };
        Ok(match test.op {
            Op::Eq => column.clone().gte(from).and(column.clone().lt(to)),
            Op::Ne => column.clone().is_null().or(column.clone().lt(from)).or(column.clone().gte(to)),
            Op::Gt => column.clone().gte(to),
            Op::Gte => column.clone().gte(from),
            Op::Lt => column.clone().lt(from),
            Op::Lte => column.clone().lt(to),
            _ => return Err(bad(&test.field, "this comparison does not fit a period")),
        })
    }

    fn in_departments(&self, column: Expr, kind: FieldType, which: &Operand) -> Expr {
        let departments: Vec<Uuid> = match which {
            Operand::MyDepartment => self.viewer.department.iter().map(|d| d.0).collect(),
            Operand::MyHeaded => self.viewer.headed.iter().map(|d| d.0).collect(),
            _ => self.viewer.subtree.iter().map(|d| d.0).collect(),
        };
        if kind == FieldType::Department {
            return column.is_in(departments);
        }
        // Somebody without a department still has themselves.
        let people = self.shapes.people_in(departments);
        let inside = column.clone().in_subquery(people);
        match self.viewer.user {
            Some(me) => inside.or(column.eq(me.0)),
            None => inside,
        }
    }

    /// The operands as cells of the field's type.
    fn values(&self, kind: FieldType, test: &Test) -> Result<Vec<sea_orm::Value>, FieldError> {
        let one = |operand: &Operand| -> Result<sea_orm::Value, FieldError> {
            match operand {
                Operand::One(Json::String(text)) if is_prose(kind) => {
                    Ok(words::operand(text.trim()).into_owned().into())
                }
                Operand::One(json) => {
                    let value = Value::from_json(kind, json)
                        .map_err(|e| bad(&test.field, &e.message.in_locale(crate::Locale::En)))?;
                    Ok(value.to_cell(kind))
                }
                Operand::Me if kind == FieldType::User => Ok(sea_orm::Value::Uuid(self.viewer.user.map(|u| u.0))),
                Operand::MyDepartment if kind == FieldType::Department => {
                    Ok(sea_orm::Value::Uuid(self.viewer.department.map(|d| d.0)))
                }
                _ => Err(bad(&test.field, "this value does not fit the field")),
            }
        };
        match &test.value {
            Operand::Many(items) => items.iter().map(one).collect(),
            single => one(single).map(|value| vec![value]),
        }
    }
}

const HOP: &str = "hop";
/// Characters of a text that is looked for.
const MAX_TERM: usize = 200;
/// The longest text whose pattern PostgreSQL's planner sees.
const SEEN: usize = 3;

/// The letters of every language, whatever the language of the database. The backslash escapes by itself here; sea-query
/// puts an explicit ESCAPE of ILIKE into wrong brackets.
fn alike(column: Expr, term: &str, inside: bool) -> Expr {
    // Of a pattern that it sees PostgreSQL thinks that each letter leaves a fifth of the rows: a word would be in none of
    // them. Of one that it does not see: in one of two hundred (core/decisions/0065).
    let operand = if term.chars().count() > SEEN { "(SELECT $2)" } else { "$2" };
    Expr::cust_with_exprs(
        format!("translate($1, 'ёЁ', 'еЕ') COLLATE \"und-x-icu\" ILIKE {operand}"),
        [column, Expr::val(pattern(term, inside))],
    )
}

/// Text that people word, as opposed to the key of a choice.
const fn is_prose(kind: FieldType) -> bool {
    matches!(kind, FieldType::Text | FieldType::LongText)
}

/// Whether the whole value is compared.
const fn compares(op: Op) -> bool {
    !matches!(op, Op::Empty | Op::NotEmpty | Op::Contains | Op::StartsWith)
}

/// Whether a cell is one of these numbers, in any spelling. A number without an extension is found with each of them.
pub fn is_number(value: &Expr, term: &str, home: Option<Country>) -> Expr {
    let exactly = |cell: String| value.clone().eq(cell);
    let from = |start: &str, end: &str| value.clone().gte(start.to_owned()).and(value.clone().lt(end.to_owned()));
    let mut any = Condition::any();
    for number in phone::numbers(term, home) {
        let extension = number.extension();
        match number.starts() {
            Some(starts) => {
                for start in starts {
                    if extension.is_empty() {
                        any = any.add(from(&format!("{start};"), &format!("{start}<"))).add(exactly(start));
                    } else {
                        any = any.add(exactly(format!("{start};{extension}")));
                    }
                }
            }
            None => {
                let tail = number.tail();
                let ending = value.clone().like(format!("%;{extension}"));
                let same = from(&format!("{tail}:"), &format!("{tail};"));
                any = any.add(if extension.is_empty() { same } else { same.and(ending) });
            }
        }
    }
    if any.is_empty() { exactly(phone::words_cell(term)) } else { any.into() }
}

/// Whether digits stand in a number, at its start or anywhere; or words in what is written beside it.
pub fn has_digits(value: &Expr, term: &str, start: bool, home: Option<Country>) -> Expr {
    let Some(spellings) = phone::typed(term, home) else {
        let words = phone::words_cell(term);
        let (mark, words) = words.split_at(1);
        let searched = words.chars().any(char::is_alphanumeric);
        let pattern = pattern(words, !start);
        let found = value.clone().like(LikeExpr::new(format!("{mark}{pattern}")).escape('\\'));
        return if searched { found } else { Expr::val(1).eq(0) };
    };
    let mut any = Condition::any();
    for digits in spellings {
        for place in if start { &["%:", "%:+"][..] } else { &["%"][..] } {
            any = any.add(value.clone().like(format!("{place}{digits}%")));
        }
    }
    // A whole number is also found as it may be written in its country.
    let whole = phone::numbers(term, home).iter().any(|number| number.starts().is_some());
    if whole && !start {
        any = any.add(is_number(value, term, home));
    }
    any.into()
}

fn bad(field: &str, reason: &str) -> FieldError {
    FieldError::new("filter").with("place", field).with("reason", reason)
}

/// A LIKE pattern with the wildcards of `term` taken literally (the escape character is the backslash on both).
fn like(term: &str, inside: bool) -> LikeExpr {
    LikeExpr::new(pattern(term, inside)).escape('\\')
}

fn pattern(term: &str, inside: bool) -> String {
    let mut escaped = String::with_capacity(term.len() + 2);
    for c in term.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    if inside { format!("%{escaped}%") } else { format!("{escaped}%") }
}

fn escape_regex(term: &str) -> String {
    let mut escaped = String::with_capacity(term.len() * 2);
    for c in term.chars() {
        if matches!(c, 'е' | 'ё' | 'Е' | 'Ё') {
            escaped.push_str("[её]");
            continue;
        }
        if !c.is_alphanumeric() && c.is_ascii() && !c.is_whitespace() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
