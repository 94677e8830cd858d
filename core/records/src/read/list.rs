//! Lists: filter, words, sort, keyset cursor. A page deep inside costs what the first one does.
//!
//! Empty values stand last, whichever way the order goes and whatever the database would do by itself. Those of the
//! first key are a range of their own, read after the others, so that an index still serves the order.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt;
use kernel::access::Action;
use kernel::db::{ConnectionTrait, Line, Reader};
use kernel::error::FieldError;
use kernel::filter::{Filter, Op, has_digits};
use kernel::phone;
use kernel::value::FieldType;
use kernel::{Ctx, Error, Result, Value};
use sea_orm::DbBackend;
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, Func, LikeExpr, NullOrdering, Order, Query as Sql, SelectStatement,
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::narrow::{Worded, narrow_all};
use super::row::Row;
use crate::catalogue::{EntityDef, FieldDef};
use crate::shape::Asker;
use crate::{Catalogue, Record, Records, bad_filter, computed, search};

/// Largest page.
pub const MAX_LIMIT: u64 = 500;
/// Sort keys of one list.
const MAX_SORT: usize = 4;
/// Words looked for at once.
pub(crate) const MAX_WORDS: usize = 8;
/// Characters of one of them.
const MAX_WORD: usize = 200;

/// One sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// Field key.
    pub field: String,
    /// From the largest.
    pub descending: bool,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Which records.
    pub filter: Option<Filter>,
    /// Words to look for in names, phones, addresses.
    pub words: Option<String>,
    /// Order; newest first by default.
    pub sort: Vec<Sort>,
    /// Only these fields; all visible ones by default.
    pub fields: Option<Vec<String>>,
    /// Page size, 1 to 500; 50 by default.
    pub limit: Option<u64>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Whether to count all of them.
    pub total: bool,
    /// The recycle bin instead of the living records.
    pub deleted: bool,
}

/// A page of a list.
#[derive(Debug)]
pub struct Page {
    /// The records.
    pub items: Vec<Record>,
    /// For the next page, if there is one.
    pub next_cursor: Option<String>,
    /// All of them, if asked for.
    pub total: Option<i64>,
}

pub(super) struct Key<'a> {
    /// What is read for the cursor.
    cell: Expr,
    /// What is compared.
    place: Expr,
    nullable: bool,
    kind: FieldType,
    pub field: Option<&'a FieldDef>,
    pub descending: bool,
}

impl Records {
    /// A page of records.
    ///
    /// # Errors
    /// `request.invalid` naming `filter`, `sort`, `fields`, `limit` or `cursor`.
    pub async fn query(&self, ctx: &Ctx, entity: &str, query: &Query) -> Result<Page> {
        async move {
            let catalogue = self.catalogue_of(ctx).await?;
            let def = catalogue.entity(entity)?;
            let limit = query.limit.unwrap_or(50);
            if limit == 0 || limit > MAX_LIMIT {
                return Err(bad("limit", FieldError::new("range").with("min", 1).with("max", MAX_LIMIT)));
            }
            if !ctx.rights.may(&def.key, Action::Read) {
                return Ok(Page { items: Vec::new(), next_cursor: None, total: query.total.then_some(0) });
            }
            let conn = self.db.read();
            let row = chosen(def, ctx, query)?;
            let asker = Asker::new(&catalogue, ctx, conn.get_database_backend());
            let keys = keys(def, ctx, asker.backend(), &query.sort)?;
            let mut select = row.select();
            for key in &keys {
                select.expr(key.cell.clone());
            }
            matching(&mut select, ctx, def, &asker, query)?;
            in_order(&mut select, &keys);
            let after = query.cursor.as_ref().map(|cursor| read_cursor(cursor, &keys)).transpose()?;
            let pieces = search::needed(def, ctx, asker.home(), query);
            let listed = Listed { row: &row, keys: &keys };
            let search = self.search(&catalogue, ctx, def, pieces).await?;
            let after = after.as_deref();
            let mut found = if search.is_some() || (is_alone(query) && is_worded(query)) {
                let (listed, search, deleted) = (&listed, search.as_ref(), query.deleted);
                let alone = is_alone(query) && asker.allowed(def, Action::Read).is_none();
                Worded { search, def, ctx, listed, after, deleted, alone }.rows(conn, select, limit + 1).await?
            } else {
                listed.rows(conn, select, ranges(&keys, after), limit + 1).await?
            };
            let page = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = found.len() > page;
            found.truncate(page);
            let next_cursor = found.last().filter(|_| more).map(|(_, place)| write_cursor(place, &keys));
            let mut items: Vec<Record> = found.into_iter().map(|(record, _)| record).collect();
            super::fill_links(conn, ctx, def, &row, &mut items).await?;
            computed::live(def, ctx, &catalogue.pipelines.currency, &row.besides, &mut items);
            super::in_words(def, ctx.locale, &mut items);
            let total = if query.total { Some(self.count_in(&catalogue, ctx, def, query).await?) } else { None };
            Ok(Page { items, next_cursor, total })
        }
        .boxed()
        .await
    }

    /// How many records match.
    ///
    /// # Errors
    /// `request.invalid` naming `filter`.
    pub async fn count(&self, ctx: &Ctx, entity: &str, query: &Query) -> Result<i64> {
        let catalogue = self.catalogue_of(ctx).await?;
        self.count_in(&catalogue, ctx, catalogue.entity(entity)?, query).await
    }

    async fn count_in(&self, catalogue: &Catalogue, ctx: &Ctx, def: &EntityDef, query: &Query) -> Result<i64> {
        let conn = self.db.read();
        let asker = Asker::new(catalogue, ctx, conn.get_database_backend());
        let mut select = Sql::select().expr(Func::count(Expr::col((def.table, "id")))).from(def.table).take();
        matching(&mut select, ctx, def, &asker, query)?;
        let pieces = search::needed(def, ctx, asker.home(), query);
        let search = self.search(catalogue, ctx, def, pieces).await?;
        narrow_all(conn, search.as_ref(), &mut select).await?;
        let row = conn.query_one(&select).await?;
        Ok(row.map_or(Ok(0), |row| row.try_get_by_index(0))?)
    }
}

/// A record, and where it stands in the order of its list.
pub(super) type Found = (Record, Vec<Value>);

/// What is read of each row of a list: its fields, and behind them the keys of its order.
pub(super) struct Listed<'a> {
    pub row: &'a Row<'a>,
    pub keys: &'a [Key<'a>],
}

impl Listed<'_> {
    /// The first `limit` rows of a select, read range after range.
    pub async fn rows(
        &self,
        conn: &Reader,
        select: SelectStatement,
        ranges: Vec<Expr>,
        limit: u64,
    ) -> Result<Vec<Found>> {
        let within = |range: Option<Expr>, limit: u64| {
            let mut select = select.clone();
            range.map(|range| select.and_where(range));
            select.limit(limit).take()
        };
        let width = self.row.width();
        let make = |line: Line<'_>| Ok((self.row.decode(line)?, self.place(line, width)?));
        if ranges.is_empty() {
            return conn.lines(&within(None, limit), make).await;
        }
        let mut found = Vec::new();
        for range in ranges {
            let missing = limit.saturating_sub(u64::try_from(found.len()).unwrap_or(u64::MAX));
            if missing > 0 {
                found.extend(conn.lines(&within(Some(range), missing), make).await?);
            }
        }
        Ok(found)
    }

    fn place(&self, line: Line<'_>, before: usize) -> Result<Vec<Value>> {
        let cell = |(offset, key): (usize, &Key<'_>)| Value::from_cell(key.kind, line, before + offset);
        Ok(self.keys.iter().enumerate().map(cell).collect::<Result<_, _>>()?)
    }
}

/// Adds tenant, recycle bin, rights, filter and words.
pub(super) fn matching(
    select: &mut SelectStatement,
    ctx: &Ctx,
    def: &EntityDef,
    asker: &Asker<'_>,
    query: &Query,
) -> Result<()> {
    def.own(select, ctx.tenant);
    let deleted_at = Expr::col((def.table, "deleted_at"));
    select.and_where(if query.deleted { deleted_at.is_not_null() } else { deleted_at.is_null() });
    if let Some(allowed) = asker.allowed(def, Action::Read) {
        select.and_where(allowed);
    }
    if let Some(filter) = &query.filter {
        select.and_where(asker.asked(def, filter).map_err(bad_filter)?);
    }
    if let Some(words) = &query.words {
        select.and_where(words_condition(def, ctx, asker, words)?);
    }
    Ok(())
}

/// Whether a list asks for one text alone.
const fn is_alone(query: &Query) -> bool {
    matches!((&query.filter, &query.words), (None, _) | (Some(Filter::Test(_)), None))
}

/// Whether it asks for a text at all: words, or a part of one.
const fn is_worded(query: &Query) -> bool {
    match &query.filter {
        Some(Filter::Test(test)) => matches!(test.op, Op::Contains | Op::StartsWith),
        _ => query.words.is_some(),
    }
}

/// All words are found; a phone number that is written with spaces may also be one.
fn words_condition(def: &EntityDef, ctx: &Ctx, asker: &Asker<'_>, words: &str) -> Result<Expr> {
    let folded = kernel::words::folded(words);
    let mut all = Condition::all();
    for word in folded.split_whitespace().take(MAX_WORDS) {
        if word.chars().count() > MAX_WORD {
            return Err(bad("q", FieldError::new("too_long").with("max", MAX_WORD)));
        }
        all = all.add(word_condition(def, ctx, asker, word)?);
    }
    let number = folded.trim();
    let digits = number.chars().filter(char::is_ascii_digit).count();
    if number.contains(' ') && (7..=20).contains(&digits) && phone::typed(number, None).is_some() {
        return Ok(Expr::from(all).or(word_condition(def, ctx, asker, number)?));
    }
    Ok(all.into())
}

/// A word stands somewhere in the record's searchable text; digits may also be part of a phone number.
fn word_condition(def: &EntityDef, ctx: &Ctx, asker: &Asker<'_>, word: &str) -> Result<Expr> {
    if def.fields.iter().any(|field| !def.shows(&ctx.rights, field)) {
        return seen_word_condition(def, ctx, asker, word);
    }
    let lower = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let inside = Expr::col((def.table, "search")).like(LikeExpr::new(format!("%{lower}%")).escape('\\'));
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let fields: Vec<&str> =
        def.fields.iter().filter(|field| field.kind == FieldType::Phones).map(|field| field.key.as_str()).collect();
    if digits < 5 || fields.is_empty() || phone::typed(word, None).is_none() {
        return Ok(inside);
    }
    let value = Expr::col(("communication", "value"));
    // By the record alone, as filters ask for phones: of a few candidates that is a few seeks.
    let phones = Sql::select()
        .expr(Expr::val(1))
        .from("communication")
        .and_where(Expr::col(("communication", "record_id")).equals((def.table, "id")))
        .and_where(Expr::col(("communication", "field")).is_in(fields))
        .and_where(has_digits(&value, word, false, asker.home()))
        .take();
    Ok(inside.or(Expr::exists(phones)))
}

/// The same for somebody from whom fields are hidden: the searchable text would tell what is in them, so each field
/// that they see is asked by itself.
fn seen_word_condition(def: &EntityDef, ctx: &Ctx, asker: &Asker<'_>, word: &str) -> Result<Expr> {
    let searched = def
        .fields
        .iter()
        .filter(|field| (field.kind == FieldType::Text || field.kind.is_multi()) && def.shows(&ctx.rights, field));
    let any = Filter::Or(searched.map(|field| Filter::test(&field.key, Op::Contains, word)).collect());
    asker.asked(def, &any).map_err(bad_filter)
}

fn bad(field: &'static str, error: FieldError) -> Error {
    Error::field("request.invalid", field, error)
}

fn chosen<'a>(def: &'a EntityDef, ctx: &Ctx, query: &Query) -> Result<Row<'a>> {
    let mut row = Row::visible(def, &ctx.rights);
    let Some(wanted) = &query.fields else { return Ok(row) };
    for key in wanted {
        let besides = row.besides.iter().any(|field| *field == key.as_str());
        if besides || !row.fields.iter().any(|field| field.key == key.as_str()) {
            return Err(bad("fields", FieldError::new("choice").with("value", key)));
        }
    }
    row.fields.retain(|field| wanted.iter().any(|key| field.key == key.as_str()) && !row.besides.contains(&field.key));
    Ok(Row::of(def, row.fields))
}

fn keys<'a>(def: &'a EntityDef, ctx: &Ctx, backend: DbBackend, sort: &[Sort]) -> Result<Vec<Key<'a>>> {
    if sort.len() > MAX_SORT {
        return Err(bad("sort", FieldError::new("too_many").with("max", MAX_SORT)));
    }
    let default = [Sort { field: "created_at".into(), descending: true }];
    let sort = if sort.is_empty() { &default[..] } else { sort };
    let mut keys = Vec::new();
    for by in sort {
        let found = def.field(&by.field).filter(|f| f.is_sortable() && def.shows(&ctx.rights, f));
        let Some((field, cell)) = found.and_then(|field| Some((field, field.cell(def, backend)?))) else {
            return Err(bad("sort", FieldError::new("choice").with("value", &by.field)));
        };
        let (nullable, kind) = (!field.never_empty, field.kind);
        let worded = kind == FieldType::Text;
        let place = if worded { kernel::words::in_order(cell.clone(), backend) } else { cell.clone() };
        keys.push(Key { cell, place, nullable, kind, field: Some(field), descending: by.descending });
    }
    // The id makes the order total; it goes the way of the key before it, so one index serves both.
    let descending = keys.last().is_some_and(|key| key.descending);
    let cell = super::column(def, "id");
    let place = cell.clone();
    keys.push(Key { cell, place, nullable: false, kind: FieldType::Link, field: None, descending });
    Ok(keys)
}

/// Orders by the keys. Empty values of the first one are in a range of their own; those of the others say where they go.
pub(super) fn in_order(select: &mut SelectStatement, keys: &[Key<'_>]) {
    for (place, key) in keys.iter().enumerate() {
        let order = if key.descending { Order::Desc } else { Order::Asc };
        if key.nullable && place > 0 {
            select.order_by_expr_with_nulls(key.place.clone(), order, NullOrdering::Last);
        } else {
            select.order_by_expr(key.place.clone(), order);
        }
    }
}

/// Where the records of a page stand in this order, after the values of a cursor if there is one: one range of the
/// index, or two when empty values of the first key follow the others. Read in turn, each is found by a seek, however
/// deep the page. No range is all of them.
pub(super) fn ranges(keys: &[Key<'_>], after: Option<&[Value]>) -> Vec<Expr> {
    let Some(first) = keys.first() else { return Vec::new() };
    let (filled, empty) = (first.place.clone().is_not_null(), first.place.clone().is_null());
    match after {
        None if first.nullable => vec![filled, empty],
        None => Vec::new(),
        Some(values) if first.nullable && values.first() != Some(&Value::Null) => vec![further(keys, values), empty],
        Some(values) => vec![further(keys, values)],
    }
}

/// The condition "comes after these values in this order"; empty values that follow a first key with a value are left
/// to a range of their own.
fn further(keys: &[Key<'_>], values: &[Value]) -> Expr {
    // SQLite does not search an index by a row of values one of which has a collation of its own.
    let plain = |key: &Key<'_>| !key.nullable && key.kind != FieldType::Text;
    let one_way = keys.iter().all(|key| plain(key) && Some(key.descending) == keys.first().map(|k| k.descending));
    if one_way {
        let place = Expr::tuple(keys.iter().map(|key| key.place.clone()));
        let bound = Expr::tuple(keys.iter().zip(values).map(|(key, value)| Expr::val(bound(key, value))));
        let down = keys.first().is_some_and(|key| key.descending);
        return if down { place.lt(bound) } else { place.gt(bound) };
    }
    let mut rest: Option<Expr> = None;
    for (place, (key, value)) in keys.iter().zip(values).enumerate().rev() {
        let cell = bound(key, value);
        let null = *value == Value::Null;
        let mut beyond = Condition::any();
        if !null {
            beyond = beyond.add(past(key, cell.clone()));
            if key.nullable && place > 0 {
                beyond = beyond.add(key.place.clone().is_null());
            }
        }
        if let Some(rest) = rest.take() {
            let same = if null { key.place.clone().is_null() } else { key.place.clone().eq(cell.clone()) };
            beyond = beyond.add(same.and(rest));
        }
        let condition: Expr = if beyond.is_empty() { Expr::val(1).eq(0) } else { beyond.into() };
        // A plain bound beside the alternatives lets the database begin at the right place of the index.
        let bound = (place == 0 && !null)
            .then(|| if key.descending { key.place.clone().lte(cell) } else { key.place.clone().gte(cell) });
        rest = Some(match bound {
            Some(bound) => bound.and(condition),
            None => condition,
        });
    }
    rest.unwrap_or_else(|| Expr::val(1).eq(1))
}

/// The value of a cursor as it is compared.
fn bound(key: &Key<'_>, value: &Value) -> sea_orm::Value {
    match value {
        Value::Text(text) if key.kind == FieldType::Text => kernel::words::operand(text).into_owned().into(),
        value => value.to_cell(key.kind),
    }
}

fn past(key: &Key<'_>, cell: sea_orm::Value) -> Expr {
    if key.descending { key.place.clone().lt(cell) } else { key.place.clone().gt(cell) }
}

fn spelled(keys: &[Key<'_>]) -> String {
    keys.iter()
        .map(|k| format!("{}{}", if k.descending { "-" } else { "" }, k.field.map_or("id", |field| field.key.as_str())))
        .collect::<Vec<_>>()
        .join(",")
}

fn write_cursor(place: &[Value], keys: &[Key<'_>]) -> String {
    let parts = std::iter::once(Json::String(spelled(keys))).chain(place.iter().map(Value::to_json));
    URL_SAFE_NO_PAD.encode(Json::Array(parts.collect()).to_string())
}

fn read_cursor(cursor: &str, keys: &[Key<'_>]) -> Result<Vec<Value>> {
    let wrong = || bad("cursor", FieldError::worded("invalid", "cursor_foreign"));
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
    let parts: Vec<Json> = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    let Some((spelling, values)) = parts.split_first() else { return Err(wrong()) };
    if spelling.as_str() != Some(&spelled(keys)) || values.len() != keys.len() {
        return Err(wrong());
    }
    let values = keys.iter().zip(values).map(|(key, json)| Value::from_json(key.kind, json).map_err(|_| wrong()));
    let values: Vec<Value> = values.collect::<Result<_>>()?;
    match values.last() {
        Some(Value::Id(id)) if *id != Uuid::nil() => Ok(values),
        _ => Err(wrong()),
    }
}
