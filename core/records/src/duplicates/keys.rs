//! Rows and records that are the same client: by phone, e-mail, legal id, or origin. A phone or an address that is shared by people
//! of other names (an office, a family) does not make one client of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::access::Action;
use kernel::db::ConnectionTrait;
use kernel::filter::Storage;
use kernel::phone::{self, Country, Number};
use kernel::value::FieldType;
use kernel::{Ctx, RecordId, Result, words};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use serde_json::{Map, Value as Json};

use crate::Catalogue;
use crate::catalogue::{EntityDef, MERGED_INTO};
use crate::read::column;
use crate::shape::Asker;
use crate::write::searchable;

/// Comparisons of one statement; SQLite nests them, and at most 1,000 deep.
const LIST: usize = 200;
/// Ids that the state gave.
const LEGAL: [&str; 2] = ["tax_id", "registration_number"];
/// Shorter ones are none.
const LEGAL_LENGTH: usize = 5;
/// Steps from a record that was merged to where it leads.
const MAX_STEPS: usize = 20;
/// The parts of a person's name.
pub(crate) const NAMES: [&str; 3] = ["last_name", "first_name", "middle_name"];

/// What two records of the same client share.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    /// External system and the id in it. Comes first: it is the surest.
    Origin(Option<String>, String),
    /// The field and what it says, without spaces.
    Legal(&'static str, String),
    /// An address in its searched form.
    Email(String),
    /// A phone number as a cell of the search.
    Phone(String),
}

impl Key {
    /// A key that equal ones have in common, and numbers that may turn out to be the same.
    pub(crate) fn rough(&self) -> Self {
        match self {
            Self::Phone(cell) => Self::Phone(cell.split(':').next().unwrap_or_default().to_owned()),
            other => other.clone(),
        }
    }
}

/// The keys of a row's fields.
pub(crate) fn keys(fields: &Map<String, Json>, home: Option<Country>) -> BTreeSet<Key> {
    let values = |field: &str| {
        let items = fields.get(field).and_then(Json::as_array).into_iter().flatten();
        items.filter_map(|item| item.get("value")?.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let text = |field: &str| fields.get(field).and_then(Json::as_str).map(str::to_owned);
    let emails = values("emails");
    let mut keys: BTreeSet<Key> =
        emails.iter().flat_map(|email| searchable(FieldType::Emails, email, home)).map(Key::Email).collect();
    let phones = values("phones");
    let numbers = phones.iter().flat_map(|phone| phone::numbers(phone, home));
    keys.extend(numbers.map(|number| Key::Phone(number.cell())));
    keys.extend(text("origin_id").map(|id| Key::Origin(text("origin_system"), id)));
    for field in LEGAL {
        let plain: String = text(field).unwrap_or_default().split_whitespace().collect();
        if plain.chars().count() >= LEGAL_LENGTH {
            keys.insert(Key::Legal(field, plain));
        }
    }
    keys
}

/// What a client is called, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Name {
    /// The words of a person's own name; else of the title, where a title is a name.
    own: BTreeSet<String>,
    /// All of them.
    all: BTreeSet<String>,
}

impl Name {
    /// Of texts by field. The title of what goes through stages (leads) says what it is about, not whose it is.
    pub(crate) fn of<'a>(def: &EntityDef, text: impl Fn(&str) -> Option<&'a str>) -> Self {
        let words = |text: Option<&str>| -> BTreeSet<String> {
            let folded = words::folded(text.unwrap_or_default());
            folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let person: BTreeSet<String> = NAMES.iter().flat_map(|part| words(text(part))).collect();
        let title = if def.staged { BTreeSet::new() } else { words(text("title")) };
        let all = person.union(&title).cloned().collect();
        Self { own: if person.is_empty() { title } else { person }, all }
    }

    /// Whether both may be one client who has the same phone: one name holds the other, or there is none.
    fn may_be(&self, other: &Self) -> bool {
        let inside = |own: &BTreeSet<String>, all: &BTreeSet<String>| own.is_empty() || own.is_subset(all);
        inside(&self.own, &other.all) || inside(&other.own, &self.all)
    }

    /// The same for who has the same e-mail, which is more of one's own: a word in common is enough.
    fn shares_a_word(&self, other: &Self) -> bool {
        self.own.is_empty() || other.own.is_empty() || !self.all.is_disjoint(&other.all)
    }

    /// Whether a record with this key and this name is the client.
    pub(crate) fn is_of(&self, key: &Key, other: &Self) -> bool {
        match key {
            Key::Origin(..) => true,
            // Branches of one company may share it.
            Key::Email(_) | Key::Legal(..) => self.shares_a_word(other),
            Key::Phone(_) => self.may_be(other),
        }
    }

    /// All words in one, to know it again.
    pub(crate) fn spelled(&self) -> String {
        self.own.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// Known records by key, with their names.
#[derive(Debug, Default)]
pub(crate) struct Known {
    by_key: HashMap<Key, BTreeSet<RecordId>>,
    names: HashMap<RecordId, Name>,
}

impl Known {
    /// Every record that was found, with what it shares.
    pub(crate) fn all(&self) -> BTreeMap<RecordId, BTreeSet<&Key>> {
        let mut all: BTreeMap<RecordId, BTreeSet<&Key>> = BTreeMap::new();
        for (key, ids) in &self.by_key {
            for id in ids {
                all.entry(*id).or_default().insert(key);
            }
        }
        all
    }

    /// The records of a client; those of the same origin alone when there are any.
    pub(crate) fn matches(&self, keys: &BTreeSet<Key>, name: &Name) -> BTreeSet<RecordId> {
        let of = |origin: bool| -> BTreeSet<RecordId> {
            let wanted = keys.iter().filter(|key| matches!(key, Key::Origin(..)) == origin);
            let found = wanted.flat_map(|key| self.by_key.get(key).into_iter().flatten().map(move |id| (key, id)));
            let same = found.filter(|(key, id)| self.names.get(id).is_some_and(|other| name.is_of(key, other)));
            same.map(|(_, id)| *id).collect()
        };
        let by_origin = of(true);
        if by_origin.is_empty() { of(false) } else { by_origin }
    }
}

/// Records that have one of the keys and that the importing person may see.
///
/// # Errors
/// When the database fails.
pub(crate) async fn find(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    keys: &BTreeSet<Key>,
) -> Result<Known> {
    let mut found: Vec<(Key, RecordId)> = Vec::new();
    for keys in keys.iter().collect::<Vec<_>>().chunks(LIST) {
        by_communication(conn, ctx, def, keys, &mut found).await?;
        by_origin(conn, ctx, def, keys, &mut found).await?;
        by_legal(conn, ctx, def, keys, &mut found).await?;
    }
    let merged = leading(conn, ctx, def, found.iter().map(|(_, id)| *id).collect()).await?;
    found.iter_mut().for_each(|(_, id)| *id = merged.get(id).copied().unwrap_or(*id));
    let ids: BTreeSet<RecordId> = found.iter().map(|(_, id)| *id).collect();
    let mut known = Known { names: visible(conn, catalogue, ctx, def, &ids).await?, ..Known::default() };
    for (key, id) in found.into_iter().filter(|(_, id)| known.names.contains_key(id)) {
        known.by_key.entry(key).or_default().insert(id);
    }
    Ok(known)
}

async fn by_communication(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    def: &EntityDef,
    keys: &[&Key],
    found: &mut Vec<(Key, RecordId)>,
) -> Result<()> {
    // Each alternative names the tenant and the field, so that each is a search of the index by itself.
    let place = |field: &str| Expr::col("tenant_id").eq(ctx.tenant.0).and(Expr::col("field").eq(field));
    let mut any = Cond::any();
    let mut emails = Vec::new();
    let mut phones: HashMap<String, Vec<(&Key, Number)>> = HashMap::new();
    for key in keys {
        match key {
            Key::Phone(cell) => {
                let Some(number) = Number::of_cell(cell) else { continue };
                let start = number.tail().to_owned();
                let range = Expr::col("value").gte(format!("{start}:")).and(Expr::col("value").lt(format!("{start};")));
                any = any.add(place("phones").and(range));
                phones.entry(start).or_default().push((key, number));
            }
            Key::Email(address) => emails.push(address.as_str()),
            Key::Origin(..) | Key::Legal(..) => {}
        }
    }
    if !emails.is_empty() {
        any = any.add(place("emails").and(Expr::col("value").is_in(emails)));
    }
    if any.is_empty() {
        return Ok(());
    }
    let mut select = Query::select();
    select.columns(["record_id", "field", "value"]).from("communication").cond_where(any);
    select.and_where(Expr::col("entity").eq(def.key.as_str()));
    for row in conn.query_all(&select).await? {
        let (id, field, value): (RecordId, String, String) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        if field != "phones" {
            found.push((Key::Email(value), id));
        } else if let Some(number) = Number::of_cell(&value) {
            let asked = phones.get(number.tail()).into_iter().flatten();
            found.extend(asked.filter(|(_, wanted)| wanted.is_same(&number)).map(|(key, _)| ((*key).clone(), id)));
        }
    }
    Ok(())
}

async fn by_origin(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    def: &EntityDef,
    keys: &[&Key],
    found: &mut Vec<(Key, RecordId)>,
) -> Result<()> {
    let mut by_system: HashMap<Option<&str>, Vec<&str>> = HashMap::new();
    for key in keys {
        if let Key::Origin(system, id) = key {
            by_system.entry(system.as_deref()).or_default().push(id);
        }
    }
    for (system, ids) in by_system {
        let same = match system {
            Some(system) => Expr::col("origin_system").eq(system),
            None => Expr::col("origin_system").is_null(),
        };
        let mut select = Query::select();
        select.columns(["id", "origin_id"]).from(def.table);
        def.own(&mut select, ctx.tenant);
        select.and_where(same).and_where(Expr::col("origin_id").is_in(ids));
        for row in conn.query_all(&select).await? {
            found.push((Key::Origin(system.map(str::to_owned), row.try_get_by_index(1)?), row.try_get_by_index(0)?));
        }
    }
    Ok(())
}

async fn by_legal(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    def: &EntityDef,
    keys: &[&Key],
    found: &mut Vec<(Key, RecordId)>,
) -> Result<()> {
    let mut by_field: HashMap<&'static str, Vec<&str>> = HashMap::new();
    for key in keys {
        if let Key::Legal(field, text) = key {
            by_field.entry(field).or_default().push(text);
        }
    }
    for (field, texts) in by_field {
        // Only the entities of the product have it as a column.
        if def.field(field).is_none_or(|found| found.storage != Storage::Column(field)) {
            continue;
        }
        let mut select = Query::select();
        select.columns(["id", field]).from(def.table);
        def.own(&mut select, ctx.tenant);
        select.and_where(Expr::col(field).is_in(texts));
        for row in conn.query_all(&select).await? {
            found.push((Key::Legal(field, row.try_get_by_index(1)?), row.try_get_by_index(0)?));
        }
    }
    Ok(())
}

/// Where records lead that were merged into others: what came from elsewhere as one of them is the other now.
pub(crate) async fn leading(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    def: &EntityDef,
    ids: BTreeSet<RecordId>,
) -> Result<HashMap<RecordId, RecordId>> {
    let mut leads: HashMap<RecordId, RecordId> = HashMap::new();
    let mut ends: BTreeSet<RecordId> = ids.clone();
    for _ in 0..MAX_STEPS {
        if !def.merges() || ends.is_empty() {
            break;
        }
        let mut select = Query::select();
        select.columns(["id", MERGED_INTO]).from(def.table);
        def.own(&mut select, ctx.tenant);
        select.and_where(Expr::col("id").is_in(std::mem::take(&mut ends)));
        select.and_where(Expr::col(MERGED_INTO).is_not_null()).and_where(Expr::col("deleted_at").is_not_null());
        for row in conn.query_all(&select).await? {
            let (from, into): (RecordId, RecordId) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            leads.insert(from, into);
            ends.insert(into);
        }
    }
    let end = |id: &RecordId| {
        let mut end = *id;
        for _ in 0..MAX_STEPS {
            let Some(next) = leads.get(&end) else { break };
            end = *next;
        }
        (*id, end)
    };
    Ok(ids.iter().map(end).filter(|(id, end)| id != end).collect())
}

/// The names of those of the records that the importing person may see.
async fn visible(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    ids: &BTreeSet<RecordId>,
) -> Result<HashMap<RecordId, Name>> {
    let mut visible = HashMap::new();
    if !ctx.rights.may(&def.key, Action::Read) {
        return Ok(visible);
    }
    let asker = Asker::new(catalogue, ctx, conn.get_database_backend());
    let shown = |key: &&str| def.field(key).is_some_and(|field| def.shows(&ctx.rights, field));
    let named: Vec<&'static str> = ["title"].into_iter().chain(NAMES).filter(shown).collect();
    for ids in ids.iter().copied().collect::<Vec<_>>().chunks(LIST) {
        let mut select = Query::select();
        select
            .column((def.table, "id"))
            .from(def.table)
            .and_where(Expr::col((def.table, "deleted_at")).is_null())
            .and_where(Expr::col((def.table, "id")).is_in(ids.iter().copied()));
        for key in &named {
            select.expr(column(def, key));
        }
        def.own(&mut select, ctx.tenant);
        if let Some(allowed) = asker.allowed(def, Action::Read) {
            select.and_where(allowed);
        }
        for row in conn.query_all(&select).await? {
            let mut texts: HashMap<&str, String> = HashMap::new();
            for (at, key) in named.iter().enumerate() {
                texts.extend(row.try_get_by_index::<Option<String>>(at + 1)?.map(|text| (*key, text)));
            }
            visible.insert(row.try_get_by_index(0)?, Name::of(def, |key| texts.get(key).map(String::as_str)));
        }
    }
    Ok(visible)
}
