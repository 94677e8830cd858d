//! PostgreSQL: changes whose answer nobody needs, several of them in one journey to the server.
//!
//! The driver waits for the answer of every statement, and the way there and back costs more than most of ours take. So
//! such changes wait for the next statement that needs an answer, or the commit, and go as the parts of one statement:
//! `WITH p0 AS (INSERT ...), p1 AS (UPDATE ...) DELETE ...`. All its parts see the tables as they were before it and are
//! done in no certain order (PostgreSQL, 7.8.4 "Data-Modifying Statements in WITH"), so a change that names a table
//! which one before it writes goes in the next journey. Rows for the same columns of the same table become one INSERT,
//! in their order.

use std::fmt::Write;
use std::ops::Range;

use sea_orm::sea_query::Values;
use sea_orm::{DbBackend, Statement};

/// Parts of one statement.
const MAX_PARTS: usize = 16;
/// Values of one statement; the protocol takes 65,535.
const MAX_VALUES: usize = 30_000;

/// A change that waits.
#[derive(Debug)]
struct Part {
    sql: String,
    values: Vec<sea_orm::Value>,
    /// The table that it writes, in quotes.
    table: String,
    /// Of an INSERT of rows and nothing more: where their text begins.
    rows: Option<usize>,
}

/// Changes that go together.
#[derive(Debug, Default)]
pub(super) struct Pending(Vec<Part>);

impl Pending {
    /// Has a change wait with the others; gives it back when it cannot, and then or before it what waits must be sent.
    pub(super) fn add(&mut self, statement: Statement) -> Option<Statement> {
        let part = match Part::of(statement) {
            Ok(part) => part,
            Err(statement) => return Some(statement),
        };
        let values = self.0.iter().map(|part| part.values.len()).sum::<usize>() + part.values.len();
        let full = self.0.len() >= MAX_PARTS || self.0.iter().any(|earlier| part.sql.contains(&earlier.table));
        match self.0.iter_mut().find(|earlier| earlier.takes(&part)) {
            Some(earlier) if values <= MAX_VALUES => earlier.append(part),
            None if values <= MAX_VALUES && !full => self.0.push(part),
            _ => return Some(built(part.sql, part.values)),
        }
        None
    }

    /// Everything that waits as one statement; none when nothing does.
    pub(super) fn take(&mut self) -> Option<Statement> {
        let mut parts = std::mem::take(&mut self.0);
        let last = parts.pop()?;
        if parts.is_empty() {
            return Some(built(last.sql, last.values));
        }
        let (mut sql, mut values) = (String::from("WITH "), Vec::new());
        for (number, part) in parts.into_iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            // Writing into a text cannot fail.
            write!(sql, "{comma}p{number} AS ({})", moved(&part.sql, values.len())).unwrap_or_default();
            values.extend(part.values);
        }
        sql.push(' ');
        sql.push_str(&moved(&last.sql, values.len()));
        values.extend(last.values);
        Some(built(sql, values))
    }
}

impl Part {
    /// Gives back what is no plain change of a table.
    fn of(statement: Statement) -> Result<Self, Statement> {
        let Some(table) = changed(&statement.sql) else { return Err(statement) };
        let (table, rows) = (format!("\"{table}\""), rows_only(&statement.sql));
        let values = statement.values.map(|values| values.0).unwrap_or_default();
        Ok(Self { sql: statement.sql, values, table, rows })
    }

    /// Whether the rows of another INSERT can stand behind those of this one.
    fn takes(&self, other: &Self) -> bool {
        match (self.rows, other.rows) {
            (Some(ours), Some(theirs)) => self.sql.get(..ours) == other.sql.get(..theirs),
            _ => false,
        }
    }

    fn append(&mut self, other: Self) {
        let rows = other.rows.and_then(|begin| other.sql.get(begin..)).unwrap_or_default();
        self.sql.push_str(", ");
        self.sql.push_str(&moved(rows, self.values.len()));
        self.values.extend(other.values);
    }
}

fn built(sql: String, values: Vec<sea_orm::Value>) -> Statement {
    Statement { sql, values: Some(Values(values)), db_backend: DbBackend::Postgres }
}

/// The table that a statement changes, if it does nothing else first.
fn changed(sql: &str) -> Option<&str> {
    let rest = ["INSERT INTO ", "UPDATE ", "DELETE FROM "].iter().find_map(|verb| sql.strip_prefix(verb))?;
    rest.strip_prefix('"')?.split_once('"').map(|(table, _)| table)
}

/// Where the rows of an INSERT begin, if there is nothing but bound values in them and nothing behind them.
fn rows_only(sql: &str) -> Option<usize> {
    const BEFORE: &str = ") VALUES ";
    let begin = sql.strip_prefix("INSERT INTO ").and_then(|_| sql.find(BEFORE))? + BEFORE.len();
    let plain = |byte: u8| byte.is_ascii_digit() || b"$(), ".contains(&byte);
    sql.get(begin..)?.bytes().all(plain).then_some(begin)
}

/// The text with its placeholders `$1`, `$2` ... moved behind `by` others.
fn moved(sql: &str, by: usize) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut kept = 0;
    for place in placeholders(sql) {
        let number: usize = sql.get(place.clone()).and_then(|digits| digits.parse().ok()).unwrap_or_default();
        out.push_str(sql.get(kept..place.start).unwrap_or_default());
        write!(out, "{}", number + by).unwrap_or_default();
        kept = place.end;
    }
    out.push_str(sql.get(kept..).unwrap_or_default());
    out
}

/// Where the numbers of placeholders stand: not in texts (`'...'`, two quotes for one) nor names (`"..."`).
fn placeholders(sql: &str) -> Vec<Range<usize>> {
    let (mut found, mut quoted) = (Vec::new(), None);
    let mut bytes = sql.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match (quoted, byte) {
            (Some(quote), _) if byte == quote => quoted = None,
            (None, b'\'' | b'"') => quoted = Some(byte),
            (None, b'$') => {
                let mut end = at + 1;
                while bytes.next_if(|(_, next)| next.is_ascii_digit()).is_some() {
                    end += 1;
                }
                if end > at + 1 {
                    found.push(at + 1..end);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use sea_orm::StatementBuilder;
    use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};

    use super::*;

    fn made(statement: &impl StatementBuilder) -> Statement {
        DbBackend::Postgres.build(statement)
    }

    fn insert(table: &'static str, value: i64) -> Statement {
        made(
            &Query::insert().into_table(table).columns(["a", "b"]).values_panic([value.into(), "$1".into()]).to_owned(),
        )
    }

    fn update(table: &'static str, value: i64) -> Statement {
        made(&Query::update().table(table).value("a", value).and_where(Expr::col("b").eq(value)).to_owned())
    }

    fn numbers(statement: &Statement) -> Vec<i64> {
        let values = statement.values.clone().map(|values| values.0).unwrap_or_default();
        let number = |value| if let sea_orm::Value::BigInt(Some(number)) = value { Some(number) } else { None };
        values.into_iter().filter_map(number).collect()
    }

    #[test]
    fn changes_of_several_tables_are_one_statement_with_their_own_values() {
        let mut pending = Pending::default();
        for change in [insert("one", 1), update("two", 2), update("three", 3)] {
            assert!(pending.add(change).is_none());
        }
        let sent = pending.take().unwrap();
        assert_eq!(
            sent.sql,
            r#"WITH p0 AS (INSERT INTO "one" ("a", "b") VALUES ($1, $2)), p1 AS (UPDATE "two" SET "a" = $3 WHERE "b" = $4) UPDATE "three" SET "a" = $5 WHERE "b" = $6"#
        );
        assert_eq!(numbers(&sent), [1, 2, 2, 3, 3]);
        assert!(pending.take().is_none(), "what was sent waits no longer");
    }

    #[test]
    fn rows_of_one_table_are_one_insert_in_their_order() {
        let mut pending = Pending::default();
        for change in [insert("one", 1), update("two", 9), insert("one", 2), insert("one", 3)] {
            assert!(pending.add(change).is_none());
        }
        let sent = pending.take().unwrap();
        assert!(sent.sql.contains(r#"VALUES ($1, $2), ($3, $4), ($5, $6))"#), "{}", sent.sql);
        assert_eq!(numbers(&sent), [1, 2, 3, 9, 9]);
    }

    #[test]
    fn a_change_that_names_a_table_written_before_it_waits_for_the_next_journey() {
        let reads = made(
            &Query::update()
                .table("two")
                .value("a", 1_i64)
                .and_where(Expr::col("b").in_subquery(Query::select().column("b").from("one").take()))
                .to_owned(),
        );
        let conflict = made(
            &Query::insert()
                .into_table("one")
                .columns(["a"])
                .values_panic([1_i64.into()])
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .to_owned(),
        );
        let delete = made(&Query::delete().from_table("one").and_where(Expr::col("a").eq(1_i64)).to_owned());
        for later in [reads, conflict, delete, update("one", 2)] {
            let mut pending = Pending::default();
            assert!(pending.add(insert("one", 1)).is_none());
            assert!(pending.add(later.clone()).is_some(), "{}", later.sql);
        }
        let mut pending = Pending::default();
        assert!(pending.add(update("one", 1)).is_none());
        assert!(pending.add(insert("one", 2)).is_some(), "nor may rows pass a change of their table");
    }

    #[test]
    fn texts_and_names_keep_their_dollars() {
        assert_eq!(moved(r#"a = $1 AND "$2" = '$3''$4' AND b = $12 AND c = '$'"#, 5), {
            r#"a = $6 AND "$2" = '$3''$4' AND b = $17 AND c = '$'"#
        });
    }

    #[test]
    fn what_is_no_plain_change_or_too_much_goes_alone() {
        let mut pending = Pending::default();
        let select = Statement::from_string(DbBackend::Postgres, "SELECT 1");
        assert!(pending.add(select).is_some());
        for _ in 0..MAX_VALUES / 2 {
            assert!(pending.add(insert("one", 1)).is_none());
        }
        assert!(pending.add(insert("one", 1)).is_some());
    }
}
