//! Candidates for what a list looks for, and whether to use them.

use kernel::access::Action;
use kernel::db::ConnectionTrait;
use kernel::filter::Pieces;
use kernel::phone::{self, Country};
use kernel::{Ctx, Result, TenantId, words};
use sea_orm::DbBackend;
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, Order, Query as Sql, SelectStatement, SubQueryStatement, UnionType,
};

use super::document::{PARTS, WORDS, groups, in_part, mark_of, number_of, part_of};
use crate::catalogue::EntityDef;
use crate::read::{MAX_WORDS, Query};
use crate::{Catalogue, Records};

/// Groups of one piece that are looked for: more of them hardly narrow further.
const MAX_GROUPS: usize = 16;
/// Groups of a whole filter: with more, the records are read instead.
const MAX_ALL_GROUPS: usize = 256;
/// The name of the candidates in a statement.
const CANDIDATE: &str = "candidate";

/// What the filter and the words of a list need to stand in a record's text; nothing when the index cannot help: no
/// text is looked for, or less than three characters of it, or something else may do as well.
pub(crate) fn needed(def: &EntityDef, ctx: &Ctx, home: Option<Country>, query: &Query) -> Option<Pieces> {
    if !ctx.rights.may(&def.key, Action::Read) {
        return None;
    }
    let kind = |key: &str| def.field(key).map(|field| field.kind);
    let filter = query.filter.as_ref().and_then(|filter| Pieces::of_filter(filter, &kind, home));
    let words = query.words.as_ref().and_then(|words| of_words(words, home));
    Pieces::all([filter, words]).filter(|pieces| group_count(pieces) <= MAX_ALL_GROUPS)
}

/// All words, or a number that is written in several (`read::list`).
fn of_words(asked: &str, home: Option<Country>) -> Option<Pieces> {
    let folded = words::folded(asked);
    let all = Pieces::all(folded.split_whitespace().take(MAX_WORDS).map(|word| of_word(word, home)));
    let number = folded.trim();
    if number.contains(' ') && phone::typed(number, None).is_some() {
        return Pieces::any([all, of_word(number, home)]);
    }
    all
}

/// A word in any field, or digits of a phone.
fn of_word(word: &str, home: Option<Country>) -> Option<Pieces> {
    let address = words::address(word);
    Pieces::any([Pieces::of(None, word), Pieces::of(None, &address), Pieces::of_digits(None, &address, home)])
}

fn group_count(pieces: &Pieces) -> usize {
    match pieces {
        Pieces::One { text, .. } => Ord::min(text.chars().count(), MAX_GROUPS),
        Pieces::All(parts) | Pieces::Any(parts) => parts.iter().map(group_count).sum(),
    }
}

/// What was counted of the newest candidates, on SQLite.
pub(crate) enum Newest {
    /// There are no others.
    All,
    /// There are older ones as well.
    More {
        /// Where the counted ones end, for `Search::is_within`.
        behind: i64,
        /// Whether they stand close together, among the newest documents.
        close: bool,
    },
}

/// A search that the index can help with.
pub(crate) struct Search<'a> {
    pieces: Pieces,
    tenant: TenantId,
    def: &'a EntityDef,
    backend: DbBackend,
}

impl Records {
    /// The search for pieces, when all records of the entity are in the index.
    pub(crate) async fn search<'a>(
        &self,
        catalogue: &Catalogue,
        ctx: &Ctx,
        def: &'a EntityDef,
        pieces: Option<Pieces>,
    ) -> Result<Option<Search<'a>>> {
        let Some(pieces) = pieces else { return Ok(None) };
        if !self.search.is_whole(ctx.tenant, &def.key, catalogue.revision) {
            let gap = Sql::select()
                .expr(Expr::val(1))
                .from("search_gap")
                .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
                .and_where(Expr::col("entity").eq(def.key.as_str()))
                .take();
            if self.db().read().query_one(&gap).await?.is_some() {
                return Ok(None);
            }
            self.search.note_whole(ctx.tenant, &def.key, catalogue.revision);
        }
        let backend = self.db().backend();
        Ok(Some(Search { pieces, tenant: ctx.tenant, def, backend }))
    }
}

impl Search<'_> {
    /// Whether there are at most so many candidates; `behind` those that `newest` has counted, at most so many others.
    /// Documents that are not in the index yet are not counted.
    pub(crate) async fn is_within(&self, conn: &impl ConnectionTrait, most: u64, behind: Option<i64>) -> Result<bool> {
        let mut found = self.indexed();
        if let Some(place) = behind {
            found.and_where(Expr::col("rowid").lt(place));
        }
        found.expr(Expr::cust("1")).limit(most + 1);
        let count = Sql::select().expr(Expr::cust("count(*)")).from_subquery(found, "found").take();
        let row = conn.query_one(&count).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(u64::try_from(count).is_ok_and(|count| count <= most))
    }

    /// Counts the newest candidates on SQLite, up to `most` and one more. They are close together among the newest `among`
    /// documents of all companies. Those that are not in the index yet are not counted.
    pub(crate) async fn newest(&self, conn: &impl ConnectionTrait, most: u64, among: i64) -> Result<Newest> {
        let mut found = self.indexed();
        found.column("rowid").order_by("rowid", Order::Desc).limit(most + 1);
        let mut counted = Sql::select();
        counted.exprs([
            Expr::cust("count(*)"),
            Expr::cust("min(rowid)"),
            Expr::cust("(SELECT max(id) FROM search_document)"),
        ]);
        let Some(row) = conn.query_one(&counted.from_subquery(found, "found").take()).await? else {
            return Ok(Newest::All);
        };
        let count: i64 = row.try_get_by_index(0)?;
        let (first, last): (Option<i64>, Option<i64>) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        let few = u64::try_from(count).is_ok_and(|count| count <= most);
        let Some(behind) = first.filter(|_| !few) else { return Ok(Newest::All) };
        Ok(Newest::More { behind, close: last.is_some_and(|last| last - behind <= among) })
    }

    /// Narrows a select from the entity's table to the candidates, in a way that leaves the database no other plan than to
    /// begin with them.
    pub(crate) fn narrow(&self, select: &mut SelectStatement) {
        let id = Expr::col((self.def.table, "id"));
        if self.backend == DbBackend::Sqlite {
            select.from_clear().from_subquery(self.candidates(), CANDIDATE);
            select.cross_join(self.def.table).and_where(id.equals((CANDIDATE, "record_id")));
        } else {
            let candidates = Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(self.candidates())));
            select.and_where(Expr::cust_with_exprs("$1 = ANY (ARRAY $2)", [id, candidates]));
        }
    }

    /// The ids of records that may be found.
    fn candidates(&self) -> SelectStatement {
        let mut indexed = self.indexed();
        indexed.column(("search_document", "record_id"));
        if self.backend == DbBackend::Sqlite {
            let same = Expr::col(("search_document", "id")).equals(("search_index", "rowid"));
            indexed.cross_join("search_document").and_where(same);
            let pending = Sql::select()
                .column("record_id")
                .from("search_pending")
                .and_where(Expr::col("tenant_id").eq(self.tenant.0))
                .and_where(Expr::col("entity").eq(self.def.key.as_str()))
                .and_where(self.standing(&self.pieces))
                .take();
            indexed.union(UnionType::Distinct, pending);
        }
        indexed
    }

    /// A select from the index, without columns.
    fn indexed(&self) -> SelectStatement {
        let mark = mark_of(self.tenant, &self.def.key);
        let mut select = Sql::select();
        if self.backend == DbBackend::Sqlite {
            let matched = format!("\"{mark}\" AND {}", self.expression(&self.pieces));
            select.from("search_index").and_where(Expr::cust_with_values("search_index MATCH ?", [matched]));
        } else {
            select.from("search_document").and_where(self.holding(&self.pieces, &mark));
        }
        select
    }

    /// The parts of documents that a piece may be in.
    fn parts(&self, field: Option<&str>) -> Vec<usize> {
        let field = field.and_then(|key| self.def.field(key));
        field.map_or_else(|| WORDS.to_vec(), |field| vec![part_of(field)])
    }

    /// The pieces as FTS5 is asked for them (sqlite.org/fts5.html, section 3): groups as strings, which hold nothing that
    /// FTS5 reads otherwise (`in_part`).
    fn expression(&self, pieces: &Pieces) -> String {
        let joined = |asked: Vec<String>, word: &str| format!("({})", asked.join(word));
        let each = |parts: &[Pieces]| -> Vec<String> { parts.iter().map(|part| self.expression(part)).collect() };
        match pieces {
            Pieces::One { field, text } => {
                let parts = self.parts(field.as_deref());
                let groups: Vec<String> =
                    groups(text).into_iter().take(MAX_GROUPS).map(|group| group.iter().collect()).collect();
                let one = |part: usize, group: &str| format!("\"{}\"", in_part(part, group));
                // It may begin in one part and end in another.
                if text.contains(' ') {
                    let any = |group: &String| joined(parts.iter().map(|part| one(*part, group)).collect(), " OR ");
                    return joined(groups.iter().map(any).collect(), " AND ");
                }
                let all = |part: &usize| joined(groups.iter().map(|group| one(*part, group)).collect(), " AND ");
                joined(parts.iter().map(all).collect(), " OR ")
            }
            Pieces::All(parts) => joined(each(parts), " AND "),
            Pieces::Any(parts) => joined(each(parts), " OR "),
        }
    }

    /// The pieces as a condition on PostgreSQL's arrays. Each of them carries the mark, so that none is looked for in all.
    fn holding(&self, pieces: &Pieces, mark: &str) -> Expr {
        match pieces {
            Pieces::One { field, text } => {
                let marks = groups(mark).into_iter().map(|group| number_of(0, group));
                let groups = groups(text).into_iter().take(MAX_GROUPS);
                if let [part] = *self.parts(field.as_deref()) {
                    return compared("@>", marks.chain(groups.map(|group| number_of(part, group))));
                }
                // Each group in one of the parts.
                let each = groups.map(|group| compared("&&", WORDS.map(|part| number_of(part, group)).into_iter()));
                each.fold(compared("@>", marks), ExprTrait::and)
            }
            Pieces::All(parts) => group(Condition::all(), parts, |part| self.holding(part, mark)),
            Pieces::Any(parts) => group(Condition::any(), parts, |part| self.holding(part, mark)),
        }
    }

    /// The pieces as a condition on the text of a document that waits.
    fn standing(&self, pieces: &Pieces) -> Expr {
        match pieces {
            // It may begin in one part and end in another.
            Pieces::One { field: None, text } if text.contains(' ') => Expr::val(1).eq(1),
            Pieces::One { field, text } => {
                let inside = |part: usize| {
                    let column = Expr::col(PARTS.get(part).copied()?);
                    Some(Expr::cust_with_exprs("instr(?, ?) > 0", [column, Expr::val(in_part(part, text))]))
                };
                let parts = self.parts(field.as_deref()).into_iter().filter_map(inside);
                parts.fold(Condition::any(), |any, part| any.add(part)).into()
            }
            Pieces::All(parts) => group(Condition::all(), parts, |part| self.standing(part)),
            Pieces::Any(parts) => group(Condition::any(), parts, |part| self.standing(part)),
        }
    }
}

/// A condition on PostgreSQL's arrays of groups.
fn compared(how: &str, numbers: impl Iterator<Item = i32>) -> Expr {
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    let array = Expr::val(format!("{{{}}}", numbers.join(","))).cast_as("integer[]");
    Expr::cust_with_exprs(format!("$1 {how} $2"), [Expr::col(("search_document", "grams")), array])
}

fn group(mut all: Condition, parts: &[Pieces], one: impl Fn(&Pieces) -> Expr) -> Expr {
    for part in parts {
        all = all.add(one(part));
    }
    all.into()
}
