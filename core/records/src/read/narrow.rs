//! Lists that look for text: the index narrows them to candidates, or the records are walked through in the list's order,
//! whichever is less.
//!
//! Of a needle that stands in many records a page is soon full by walking; of one that stands in few the candidates are
//! few. Between the two, with `n` records and `c` candidates, walking reads about `50 n / c` records and the candidates
//! are `c`: equal near the square root of `n`.
//!
//! PostgreSQL takes a long needle for a rare one, and would rather read the whole table and sort what it finds. So it is
//! asked about the first records of the order alone, of ever more of them (core/decisions/0065).

use kernel::db::{ConnectionTrait, Reader};
use kernel::{Ctx, Result, Value};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Func, Query as Sql, SelectStatement};

use super::list::{Found, Listed, in_order, ranges};
use crate::catalogue::EntityDef;
use crate::search::{Newest, Search};

/// Records that are looked at first, on PostgreSQL: its index finds all candidates before it gives the first.
const LOOKED_AT: u64 = 1_000;
/// How many times more are looked at next, when those were too few.
const WIDER: u64 = 10;
/// On SQLite the newest candidates are counted up to here. So many among the newest documents fill the first page newest
/// first of whoever asks for nothing else, and no more are counted.
const NEWEST: (u64, i64) = (100, 2_000);
/// Candidates that are always taken, and that never are exceeded, by a page.
const CANDIDATES: (u64, u64) = (500, 10_000);
/// Candidates that are taken for a count, where the other way is to read all records.
const COUNTED: u64 = 50_000;
/// Sort keys that no record is without and that have an index.
const WALKED: [&str; 3] = ["created_at", "updated_at", "title"];

/// A page of a list that looks for text.
pub(super) struct Worded<'a> {
    /// None where the index cannot help.
    pub search: Option<&'a Search<'a>>,
    pub def: &'a EntityDef,
    pub ctx: &'a Ctx,
    pub listed: &'a Listed<'a>,
    /// Where the page before ended.
    pub after: Option<&'a [Value]>,
    /// Whether it lists the recycle bin.
    pub deleted: bool,
    /// Whether a record is on the list for what it says alone: no rights and no other conditions leave candidates out.
    pub alone: bool,
}

impl Worded<'_> {
    /// The first `limit` rows of the list's select.
    pub async fn rows(&self, conn: &Reader, mut select: SelectStatement, limit: u64) -> Result<Vec<Found>> {
        let postgres = conn.get_database_backend() == DbBackend::Postgres && self.is_walked();
        if postgres && let Some(found) = self.among(conn, &select, LOOKED_AT, limit).await? {
            return Ok(found);
        }
        if let Some(search) = self.search
            && self.are_fewer(search, conn, limit).await?
        {
            search.narrow(&mut select);
        } else if postgres
            && self.alone
            && let Some(found) = self.wider(conn, &select, limit).await?
        {
            return Ok(found);
        }
        self.listed.rows(conn, select, ranges(self.listed.keys, self.after), limit).await
    }

    /// The first `limit` rows, when so many of them are among the first `many` records of the order.
    async fn among(
        &self,
        conn: &Reader,
        select: &SelectStatement,
        many: u64,
        limit: u64,
    ) -> Result<Option<Vec<Found>>> {
        let found = self.listed.rows(conn, self.first(select, many), Vec::new(), limit).await?;
        Ok(u64::try_from(found.len()).is_ok_and(|count| count >= limit).then_some(found))
    }

    /// The same among ever more records, each time from the beginning: what is written meanwhile moves the others. Of all
    /// of them PostgreSQL may read as it likes.
    async fn wider(&self, conn: &Reader, select: &SelectStatement, limit: u64) -> Result<Option<Vec<Found>>> {
        let all = records(conn, self.def, self.ctx).await?;
        let mut many = LOOKED_AT.saturating_mul(WIDER);
        while many < all {
            if let Some(found) = self.among(conn, select, many, limit).await? {
                return Ok(Some(found));
            }
            many = many.saturating_mul(WIDER);
        }
        Ok(None)
    }

    /// Whether the candidates are less than what would be walked through for `limit` rows.
    async fn are_fewer(&self, search: &Search<'_>, conn: &Reader, limit: u64) -> Result<bool> {
        let (counted, behind) = match conn.get_database_backend() {
            DbBackend::Sqlite => match search.newest(conn, NEWEST.0, NEWEST.1).await? {
                Newest::All => return Ok(true),
                Newest::More { close: true, .. } if self.is_filled_by_newest(limit) => return Ok(false),
                Newest::More { behind, .. } => (NEWEST.0 + 1, Some(behind)),
            },
            _ => (0, None),
        };
        let (least, most) = CANDIDATES;
        let even = records(conn, self.def, self.ctx).await?.saturating_mul(25).isqrt();
        search.is_within(conn, even.clamp(least, most).saturating_sub(counted), behind).await
    }

    /// Whether an index gives the records in the list's order, all in one range.
    fn is_walked(&self) -> bool {
        let first = self.listed.keys.first().and_then(|key| key.field);
        let walked = first.is_some_and(|field| WALKED.contains(&field.key.as_str()));
        walked && self.listed.keys.len() == 2 && !self.deleted
    }

    /// Whether more than `NEWEST.0` candidates among the newest documents are all that `limit` rows need. A later page may
    /// have left them behind, and would walk to the end of the table for those that are missing.
    fn is_filled_by_newest(&self, limit: u64) -> bool {
        let first = self.listed.keys.first().filter(|key| key.descending).and_then(|key| key.field);
        let newest_first = first.is_some_and(|field| field.key.as_str() == "created_at");
        self.alone && newest_first && self.is_walked() && self.after.is_none() && limit <= NEWEST.0 + 1
    }

    /// The same select among the first records of the list's order alone.
    fn first(&self, select: &SelectStatement, many: u64) -> SelectStatement {
        let mut first = Sql::select();
        first.column(Asterisk).from(self.def.table);
        self.def.own(&mut first, self.ctx.tenant);
        first.and_where(Expr::col((self.def.table, "deleted_at")).is_null());
        for range in ranges(self.listed.keys, self.after) {
            first.and_where(range);
        }
        in_order(&mut first, self.listed.keys);
        first.limit(many);
        select.clone().from_clear().from_subquery(first, self.def.table).take()
    }
}

/// Narrows a select that reads everything it finds, when the candidates are not too many.
pub(super) async fn narrow_all(
    conn: &impl ConnectionTrait,
    search: Option<&Search<'_>>,
    select: &mut SelectStatement,
) -> Result<()> {
    if let Some(search) = search
        && search.is_within(conn, COUNTED, None).await?
    {
        search.narrow(select);
    }
    Ok(())
}

/// About how many records there are: the largest number.
async fn records(conn: &impl ConnectionTrait, def: &EntityDef, ctx: &Ctx) -> Result<u64> {
    let mut select = Sql::select();
    select.expr(Func::max(Expr::col((def.table, "number")))).from(def.table);
    def.own(&mut select, ctx.tenant);
    let row = conn.query_one(&select).await?;
    let number: Option<i64> = row.map_or(Ok(None), |row| row.try_get_by_index(0))?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}
