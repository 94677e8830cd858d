//! Numbers of documents: counted in the transaction that issues the document, so that there are no gaps and no doubles.
//! One who issues waits for the one before until that is committed or undone.

use chrono::{Datelike, NaiveDate};
use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::{Ctx, Error, Result, Value};
use records::Records;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use uuid::Uuid;

use crate::sums::text;

/// The entity of series.
const SERIES: &str = "number_series";
/// The pattern of whoever made no series.
const PATTERN: &str = "{prefix}{yyyy}-{n:4}";

/// Which series a document counts in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted<'a> {
    /// `quote`, `order`, `invoice`, `credit`.
    pub kind: &'a str,
    /// Whose document it is.
    pub organization: Option<Uuid>,
    /// Its date.
    pub date: NaiveDate,
}

/// Draws the next number.
///
/// # Errors
/// `record.invalid` naming `document_date` when a later document of the series has a number already.
pub(crate) async fn draw(records: &Records, tx: &Tx, ctx: &Ctx, counted: Counted<'_>) -> Result<String> {
    let (prefix, pattern) = series(records, tx, ctx, counted).await?;
    let period = period(&pattern, counted.date);
    let organization = counted.organization.map_or_else(String::new, |id| id.simple().to_string());
    let name = format!("{} {organization}", counted.kind);
    let number = next(tx, ctx, &name, &period, counted.date).await?;
    Ok(written(&pattern, &prefix, counted.date, number))
}

/// The prefix and the pattern of a series: the organization's, else everybody's.
async fn series(records: &Records, tx: &Tx, ctx: &Ctx, counted: Counted<'_>) -> Result<(String, String)> {
    let kind = ("kind", Value::Text(counted.kind.to_owned()));
    for organization in counted.organization.map(Value::Id).into_iter().chain([Value::Null]) {
        let found = records.found_in(tx, ctx, SERIES, &[kind.clone(), ("organization", organization)]).await?;
        if let Some(series) = found.first() {
            return Ok((text(&series.fields, "prefix").to_owned(), text(&series.fields, "pattern").to_owned()));
        }
    }
    Ok((String::new(), PATTERN.to_owned()))
}

/// Counts on, and keeps others from counting until the transaction ends.
async fn next(tx: &Tx, ctx: &Ctx, series: &str, period: &str, date: NaiveDate) -> Result<i64> {
    let date = date.format("%Y-%m-%d").to_string();
    let begin = Query::insert()
        .into_table("number_counter")
        .columns(["tenant_id", "series", "period", "value", "last_date"])
        .values_panic([ctx.tenant.0.into(), series.into(), period.into(), 0_i64.into(), date.as_str().into()])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .to_owned();
    tx.execute(&begin).await?;
    let count = Query::update()
        .table("number_counter")
        .value("value", Expr::col("value").add(1_i64))
        .value("last_date", date.as_str())
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("series").eq(series))
        .and_where(Expr::col("period").eq(period))
        .and_where(Expr::col("last_date").lte(date.as_str()))
        .returning_col("value")
        .to_owned();
    match tx.query_one(&count).await? {
        Some(row) => Ok(row.try_get_by_index(0)?),
        None => Err(Error::field(
            records::INVALID,
            "document_date",
            FieldError::worded("invalid", "sale.date_before_last").with("value", date),
        )),
    }
}

/// The period in which numbers are not repeated, by what the pattern says of the date.
fn period(pattern: &str, date: NaiveDate) -> String {
    if pattern.contains("{mm}") {
        format!("{:04}-{:02}", date.year(), date.month())
    } else if pattern.contains("{yy}") || pattern.contains("{yyyy}") {
        format!("{:04}", date.year())
    } else {
        String::new()
    }
}

/// A place of a pattern.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Words(&'a str),
    Prefix,
    Year,
    ShortYear,
    Month,
    Number(usize),
}

/// The parts of a pattern; none when it is not understood, has no number, or numbers months without their year.
fn parts(pattern: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((words, place)) = rest.split_once('{') {
        let (place, after) = place.split_once('}')?;
        parts.push(Part::Words(words));
        parts.push(match place {
            "prefix" => Part::Prefix,
            "yyyy" => Part::Year,
            "yy" => Part::ShortYear,
            "mm" => Part::Month,
            "n" => Part::Number(1),
            digits => Part::Number(digits.strip_prefix("n:")?.parse().ok().filter(|digits| (1..=12).contains(digits))?),
        });
        rest = after;
    }
    parts.push(Part::Words(rest));
    let number = parts.iter().any(|part| matches!(part, Part::Number(_)));
    let year = parts.iter().any(|part| matches!(part, Part::Year | Part::ShortYear));
    let month = parts.contains(&Part::Month);
    (number && (year || !month) && !rest.contains('}')).then_some(parts)
}

/// Passes a pattern that makes numbers.
///
/// # Errors
/// `invalid`.
pub(crate) fn check(pattern: &str) -> Result<(), FieldError> {
    parts(pattern).map(drop).ok_or_else(|| FieldError::worded("invalid", "sale.pattern"))
}

fn written(pattern: &str, prefix: &str, date: NaiveDate, number: i64) -> String {
    let parts = parts(pattern).unwrap_or_else(|| vec![Part::Prefix, Part::Year, Part::Words("-"), Part::Number(4)]);
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Words(words) => text.push_str(words),
            Part::Prefix => text.push_str(prefix),
            Part::Year => text.push_str(&format!("{:04}", date.year())),
            Part::ShortYear => text.push_str(&format!("{:02}", date.year() % 100)),
            Part::Month => text.push_str(&format!("{:02}", date.month())),
            Part::Number(digits) => text.push_str(&format!("{number:0digits$}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_by_their_pattern() {
        let day: NaiveDate = "2027-03-09".parse().unwrap();
        let check = |pattern: &str, expected: &str, kept: &str| {
            assert_eq!((written(pattern, "A-", day, 42).as_str(), period(pattern, day).as_str()), (expected, kept));
        };
        check(PATTERN, "A-2027-0042", "2027");
        check("{prefix}{n}", "A-42", "");
        check("INV {yy}/{mm}/{n:3}", "INV 27/03/042", "2027-03");
        assert_eq!(written("{n:2}", "", day, 1234), "1234");
    }

    #[test]
    fn patterns_that_make_no_numbers_are_refused() {
        for pattern in ["", "{prefix}", "{n", "n}", "{n:0}", "{n:13}", "{n:x}", "{day}-{n}", "{mm}-{n}", "{n}}"] {
            assert!(check(pattern).is_err(), "{pattern}");
        }
        assert!(check(PATTERN).is_ok());
    }
}
