//! Product rows of a record in a file: columns for parts of a row, one row of the file for each. Rows of the file below
//! each other that say the same of the record itself, or nothing, are its rows.

use std::collections::BTreeMap;

use kernel::access::Rights;
use kernel::value::FieldType;
use kernel::{Ctx, FieldKey, RecordId, Result};
use serde_json::{Map, Value as Json, json};

use super::cell;
use super::convert::{Goal, Noted, Plan};
use super::lookup::{Links, Meaning};
use super::problem::Problem;
use super::source::spool::Row;
use super::suggest;
use crate::catalogue::{EntityDef, Owner};

/// The field of the rows.
pub(super) const ROWS: &str = "rows";
/// What the rows come to.
const AMOUNT: &str = "amount";
/// Rows of a file read as one record; a document with more than a fifth of them is refused by its owner.
const MOST: usize = 1_000;

/// Whoever sells products, and knows what a row of one has.
#[async_trait::async_trait]
pub trait ProductRows: Send + Sync {
    /// Fills in what the product rows of a record on its way leave out: its fields in wire form. `known`: the record that
    /// they change.
    ///
    /// # Errors
    /// By `rows.<n>.<part>`; when the database fails. Rows that cannot be read are left as they are.
    async fn fill_in(
        &self,
        ctx: &Ctx,
        entity: &str,
        known: Option<RecordId>,
        fields: &mut Map<String, Json>,
    ) -> Result<()>;
}

/// What a part of a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Yes,
    Record(&'static str),
}

/// A part of a row that a column may go into.
#[derive(Debug)]
pub(super) struct Part {
    /// `rows.<part>`.
    pub key: &'static str,
    /// What it holds.
    pub kind: Kind,
}

const fn part(key: &'static str, kind: Kind) -> Part {
    Part { key, kind }
}

/// All of them.
pub(super) static PARTS: [Part; 10] = [
    part("rows.product", Kind::Record("product")),
    part("rows.title", Kind::Text),
    part("rows.unit", Kind::Text),
    part("rows.quantity", Kind::Number),
    part("rows.price", Kind::Number),
    part("rows.discount_percent", Kind::Number),
    part("rows.discount_amount", Kind::Number),
    part("rows.tax", Kind::Record("tax")),
    part("rows.tax_rate", Kind::Number),
    part("rows.tax_included", Kind::Yes),
];

/// The part of a key.
pub(super) fn part_of(key: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.key == key)
}

impl Part {
    /// Its name in a row.
    pub(super) fn name(&self) -> &'static str {
        self.key.strip_prefix("rows.").unwrap_or(self.key)
    }
}

/// Whether the person may import product rows into such records.
pub(super) fn has(def: &EntityDef, rights: &Rights) -> bool {
    let rows = def.field(ROWS).filter(|field| field.kind == FieldType::Json && field.owner == Owner::Core);
    rows.is_some_and(|field| suggest::fillable(def, field, rights))
}

/// Puts rows of one record together.
pub(super) struct Together<I: Iterator> {
    rows: std::iter::Peekable<I>,
    /// The columns of the record itself; none when there are no product rows.
    own: Option<Vec<usize>>,
    /// The first row of the record before: rows that go on with it are of one that has more of them than are read together.
    before: Option<Row>,
}

impl<I: Iterator<Item = std::io::Result<Row>>> Together<I> {
    /// `before`: the first row of the record that the last row that was dealt with is of.
    pub(super) fn new(rows: I, own: Option<Vec<usize>>, before: Option<Row>) -> Self {
        Self { rows: rows.peekable(), own, before }
    }
}

/// The first row of the record that the last of these rows is of: what comes next may go on with it.
pub(super) fn last_first(
    rows: impl Iterator<Item = std::io::Result<Row>>,
    own: &[usize],
) -> std::io::Result<Option<Row>> {
    let mut first: Option<Row> = None;
    for row in rows {
        let row = row?;
        if first.as_ref().is_none_or(|first| !goes_on(own, first, &row)) {
            first = Some(row);
        }
    }
    Ok(first)
}

/// Whether a row says nothing else of the record than the first one.
fn goes_on(own: &[usize], first: &Row, next: &Row) -> bool {
    let silent = own.iter().all(|column| trimmed(next, *column).is_empty());
    silent || own.iter().all(|column| trimmed(next, *column) == trimmed(first, *column))
}

fn trimmed(row: &Row, column: usize) -> &str {
    row.cells.get(column).map_or("", |cell| cell.trim())
}

impl<I: Iterator<Item = std::io::Result<Row>>> Iterator for Together<I> {
    type Item = std::io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = match self.rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        let Some(own) = &self.own else { return Some(Ok(row)) };
        let before = self.before.take().filter(|before| goes_on(own, before, &row));
        row.beyond = before.is_some();
        let first = before.unwrap_or_else(|| row.clone());
        while let Some(Ok(next)) = self.rows.peek() {
            if !goes_on(own, &first, next) {
                break;
            }
            if row.more.len() + 1 >= MOST {
                // All of it is refused: without its end it would be another record.
                row.beyond = true;
                self.before = Some(first);
                break;
            }
            if let Some(Ok(next)) = self.rows.next() {
                row.more.push((next.number, next.cells));
            }
        }
        Some(Ok(row))
    }
}

impl Row {
    /// Rows of the file that it is.
    pub(super) fn length(&self) -> u64 {
        u64::try_from(self.more.len()).unwrap_or_default() + 1
    }

    /// The numbers and cells of all of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (u64, &[String])> {
        let more = self.more.iter().map(|(number, cells)| (*number, cells.as_slice()));
        std::iter::once((self.number, self.cells.as_slice())).chain(more)
    }
}

impl Plan {
    /// The columns of the record itself, where there are product rows.
    pub(super) fn own_columns(&self) -> Option<Vec<usize>> {
        let is_part = |goal: &Goal| matches!(goal, Goal::Part(_));
        let has = self.goals.iter().any(|(_, goal)| is_part(goal));
        has.then(|| self.goals.iter().filter(|(_, goal)| !is_part(goal)).map(|(column, _)| *column).collect())
    }

    /// The product rows of a record.
    ///
    /// # Errors
    /// Everything that is wrong with them: a sum of other rows would be another one.
    pub(super) fn lines(
        &self,
        row: &Row,
        links: &Links,
        currency: &mut BTreeMap<FieldKey, &'static str>,
        notes: &mut Vec<Noted>,
    ) -> Result<Option<Json>, Vec<Noted>> {
        if self.own_columns().is_none() {
            return Ok(None);
        }
        let (mut lines, mut problems) = (Vec::new(), Vec::new());
        for (number, cells) in row.all() {
            let mut line = Map::new();
            for (text, part) in self.parts(cells) {
                match self.part(part, &text, links, currency) {
                    Ok(value) => drop(line.insert(part.name().to_owned(), value)),
                    // What is not in the catalogue is sold by its name.
                    Err(problem) if !self.strict && part.name() == "product" => {
                        line.entry("title").or_insert_with(|| json!(text));
                        notes.push((number, self.left_out(part.key, &problem, &text)));
                    }
                    Err(problem) => problems.push((number, self.problem(Some(part.key), &problem, &text))),
                }
            }
            if !line.is_empty() {
                lines.push(Json::Object(line));
            }
        }
        match (problems.is_empty(), lines.is_empty()) {
            (false, _) => Err(problems),
            (_, true) => Ok(None),
            _ => Ok(Some(Json::Array(lines))),
        }
    }

    /// Where in the file `rows.<n>.<part>` of a record stands, and the key of the part.
    pub(super) fn place(&self, row: &Row, field: &str) -> Option<(u64, String)> {
        let (line, part) = field.strip_prefix("rows.")?.split_once('.')?;
        let mut filled = row.all().filter(|(_, cells)| self.parts(cells).next().is_some());
        Some((filled.nth(line.parse().ok()?)?.0, format!("rows.{part}")))
    }

    /// The cells of parts that are not empty.
    pub(super) fn parts<'a>(&'a self, cells: &'a [String]) -> impl Iterator<Item = (String, &'static Part)> + 'a {
        self.goals.iter().filter_map(|(column, goal)| {
            let Goal::Part(part) = goal else { return None };
            let text = self.meant(*column, cells.get(*column)?.trim(), false)?;
            (!text.is_empty()).then(|| (text.into_owned(), *part))
        })
    }

    fn part(
        &self,
        part: &Part,
        text: &str,
        links: &Links,
        currency: &mut BTreeMap<FieldKey, &'static str>,
    ) -> Result<Json, Problem> {
        if cell::is_spreadsheet_error(text) {
            return Err(Problem::new("excel_error").with("value", text));
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Problem::new("encoding"));
        }
        Ok(match part.kind {
            Kind::Text => json!(text),
            Kind::Yes => json!(cell::boolean(text)?),
            Kind::Number => {
                let amount = cell::amount(text, self.english())?;
                // The sign beside a price is the currency of the whole.
                let code = amount.currency.filter(|_| part.name() == "price");
                let other =
                    code.and_then(|code| currency.insert(AMOUNT.into(), code)).filter(|other| Some(*other) != code);
                if let Some(other) = other {
                    return Err(Problem::new("currency_differs").with("value", other));
                }
                json!(amount.value.to_string())
            }
            Kind::Record(entity) => match links.get(entity, text) {
                Some(Meaning::One(id)) => json!(id),
                Some(Meaning::Several) => return Err(Problem::new("ambiguous").with("value", text)),
                None => return Err(Problem::new("unknown_record").with("value", text)),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64, cells: &[&str]) -> std::io::Result<Row> {
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        Ok(Row { number, cells, more: Vec::new(), beyond: false })
    }

    fn numbers(rows: Vec<std::io::Result<Row>>, own: Option<Vec<usize>>) -> Vec<(Vec<u64>, bool)> {
        let together = Together::new(rows.into_iter(), own, None).map(|row| row.unwrap());
        together.map(|row| (row.all().map(|(number, _)| number).collect(), row.beyond)).collect()
    }

    #[test]
    fn rows_that_say_the_same_of_the_record_are_its_rows() {
        let rows =
            || vec![row(2, &["A", "1"]), row(3, &["", "2"]), row(4, &["A", "3"]), row(5, &["B", "4"]), row(6, &["A"])];
        assert_eq!(numbers(rows(), Some(vec![0])), [(vec![2, 3, 4], false), (vec![5], false), (vec![6], false)]);
        assert_eq!(numbers(rows(), None).len(), 5);
        assert_eq!(numbers(rows(), Some(Vec::new())), [(vec![2, 3, 4, 5, 6], false)]);
    }

    #[test]
    fn a_record_without_an_end_is_cut_and_its_rest_is_marked() {
        let rows: Vec<_> = (0..2_500).map(|number| row(number, &["A"])).chain([row(9_000, &["B"])]).collect();
        let got = numbers(rows, Some(vec![0]));
        let short: Vec<(usize, bool)> = got.iter().map(|(numbers, beyond)| (numbers.len(), *beyond)).collect();
        assert_eq!(short, [(1_000, true), (1_000, true), (500, true), (1, false)]);
    }

    #[test]
    fn after_a_stop_inside_a_record_its_rest_is_no_other_record() {
        let rows = || (0..1_500).map(|number| row(number, &[["A", ""][usize::from(number % 2 == 1)]]));
        let file = || rows().chain([row(9_000, &["B"]), row(9_001, &["C"])]);
        for (done, expected) in [
            (1_000, vec![(500, true), (1, false), (1, false)]),
            (1_500, vec![(1, false), (1, false)]),
            (1_501, vec![(1, false)]),
        ] {
            let before = last_first(file().take(done), &[0]).unwrap();
            let rest = Together::new(file().skip(done), Some(vec![0]), before).map(|row| row.unwrap());
            let rest: Vec<(u64, bool)> = rest.map(|row| (row.length(), row.beyond)).collect();
            assert_eq!(rest, expected, "{done}");
        }
        assert!(last_first(std::iter::empty(), &[0]).unwrap().is_none());
    }
}
