//! What cells name by words: colleagues, choices, stages, other records.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kernel::access::Action;
use kernel::db::ConnectionTrait;
use kernel::value::{Currency, FieldType};
use kernel::{Ctx, EntityKey, Locale, Result, words};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use uuid::Uuid;

use crate::Catalogue;
use crate::catalogue::directory::MAX_DEPTH;
use crate::catalogue::{Choice, EntityDef, FieldDef, choice_label, text};
use crate::shape::Asker;
use crate::stages::Pipelines;

/// Values of one `IN` list.
const LIST: usize = 200;

/// One meaning, or several of which none can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning<T> {
    /// This one.
    One(T),
    /// More than one.
    Several,
}

impl<T: PartialEq> Meaning<T> {
    fn add<K: std::hash::Hash + Eq>(all: &mut HashMap<K, Self>, key: K, value: T) {
        use std::collections::hash_map::Entry;
        match all.entry(key) {
            Entry::Vacant(place) => drop(place.insert(Self::One(value))),
            Entry::Occupied(mut place) => {
                if *place.get() != Self::One(value) {
                    place.insert(Self::Several);
                }
            }
        }
    }
}

/// Words are compared as people do, and without double spaces.
pub(super) fn normal(text: &str) -> String {
    words::folded(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Active colleagues by e-mail and by name, with the words of a name in any order.
pub(super) fn users(all: &[people::user::User]) -> HashMap<String, Meaning<Uuid>> {
    let mut found = HashMap::new();
    for user in all.iter().filter(|user| user.active) {
        Meaning::add(&mut found, normal(&user.email), user.id);
        Meaning::add(&mut found, name_key(&user.name), user.id);
        found.insert(user.id.to_string(), Meaning::One(user.id));
    }
    found
}

/// The words of a name in alphabetical order, so that surname and given name may stand either way.
pub(super) fn name_key(name: &str) -> String {
    let folded = words::folded(name);
    let mut words: Vec<&str> = folded.split_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}

/// Signs that stand for currencies.
const SIGNS: [(&str, &str); 10] = [
    ("$", "USD"),
    ("€", "EUR"),
    ("₴", "UAH"),
    ("грн", "UAH"),
    ("грн.", "UAH"),
    ("₽", "RUB"),
    ("руб", "RUB"),
    ("руб.", "RUB"),
    ("₸", "KZT"),
    ("£", "GBP"),
];

/// Keys of a choice by key and by label in every language; of a currency by code and sign.
pub(super) fn choices(catalogue: &Catalogue, def: &EntityDef, field: &FieldDef) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let choices = catalogue.choices(field);
    for choice in choices.iter().filter(|choice| !choice.archived) {
        for locale in Locale::ALL {
            found.entry(normal(&choice_label(def, field, choice, locale))).or_insert_with(|| choice.key.clone());
        }
    }
    for choice in choices.iter().filter(|choice| !choice.archived && choice.parent.is_some()) {
        for locale in Locale::ALL {
            found.insert(normal(&path(def, field, &choices, choice, locale)), choice.key.clone());
        }
    }
    found.extend(choices.iter().map(|choice| (normal(&choice.key), choice.key.clone())));
    if field.kind == FieldType::Currency {
        found.extend(Currency::all().map(|currency| (normal(currency.code()), currency.code().to_owned())));
        found.extend(SIGNS.iter().map(|(sign, code)| ((*sign).to_owned(), (*code).to_owned())));
    }
    found
}

/// A choice of a tree with what is above it: `Ukraine / Kyiv` tells it from another Kyiv.
fn path(def: &EntityDef, field: &FieldDef, all: &[Choice], choice: &Choice, locale: Locale) -> String {
    let mut names = vec![choice_label(def, field, choice, locale)];
    let mut above = choice.parent.as_deref();
    while let Some(parent) = all.iter().find(|one| Some(one.key.as_str()) == above) {
        names.push(choice_label(def, field, parent, locale));
        above = parent.parent.as_deref().filter(|_| names.len() < MAX_DEPTH);
    }
    names.reverse();
    names.join(" / ")
}

/// Stages by key, by the company's name for them, and by their first names in every language.
pub(super) fn stages(entity: &str, pipelines: &Pipelines) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for stage in pipelines.of(entity).flat_map(|pipeline| &pipeline.stages) {
        found.entry(normal(&stage.name)).or_insert_with(|| stage.key.clone());
        for label in stage.labels.iter().flat_map(|labels| labels.0.values()) {
            found.entry(normal(label)).or_insert_with(|| stage.key.clone());
        }
    }
    for stage in pipelines.of(entity).flat_map(|pipeline| &pipeline.stages) {
        found.insert(normal(&stage.key), stage.key.clone());
        for locale in Locale::ALL {
            found.entry(normal(&text(&format!("stage.{}", stage.key), locale))).or_insert_with(|| stage.key.clone());
        }
    }
    found
}

/// What cells call records of an entity by besides id, title and number: a column of theirs with a text.
const CODES: [(&str, &str); 2] = [("product", "code"), ("tax", "code")];

/// Records by what cells call them: id, title, number or code.
#[derive(Debug, Default)]
pub(super) struct Links {
    named: HashMap<(EntityKey, String), Meaning<Uuid>>,
}

impl Links {
    /// The record of an entity that a cell names.
    pub(super) fn get(&self, entity: &str, text: &str) -> Option<Meaning<Uuid>> {
        self.named.get(&(entity.into(), text.to_owned())).copied()
    }
}

/// Looks up records that the importing person may see. A title is matched as people do (letter
/// case and ё do not count) and goes before a number.
///
/// # Errors
/// When the database fails.
pub(super) async fn links(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    wanted: &BTreeMap<EntityKey, BTreeSet<String>>,
) -> Result<Links> {
    let mut links = Links::default();
    for (entity, texts) in wanted {
        let Some(def) = catalogue.find(entity) else { continue };
        for texts in texts.iter().collect::<Vec<_>>().chunks(LIST) {
            by_title_or_number(conn, catalogue, ctx, def, texts, &mut links).await?;
        }
    }
    Ok(links)
}

async fn by_title_or_number(
    conn: &impl ConnectionTrait,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    texts: &[&String],
    links: &mut Links,
) -> Result<()> {
    let numbers: HashMap<i64, &String> = texts.iter().filter_map(|text| Some((number(text)?, *text))).collect();
    let ids: HashSet<Uuid> = texts.iter().filter_map(|text| Uuid::parse_str(text).ok()).collect();
    let backend = conn.get_database_backend();
    let title = words::in_order(Expr::col((def.table, "title")), backend);
    let code = CODES.iter().find(|(entity, _)| def.key == *entity).map(|(_, code)| *code);
    let mut named = Cond::any()
        .add(title.is_in(texts.iter().map(|text| words::operand(text).into_owned())))
        .add(Expr::col((def.table, "number")).is_in(numbers.keys().copied()))
        .add(Expr::col((def.table, "id")).is_in(ids));
    if let Some(code) = code {
        named = named.add(Expr::col((def.table, code)).is_in(texts.iter().map(|text| text.as_str())));
    }
    let mut select = Query::select();
    select
        .column((def.table, "id"))
        .column((def.table, "title"))
        .column((def.table, "number"))
        .column((def.table, code.unwrap_or("title")))
        .from(def.table)
        .and_where(Expr::col((def.table, "deleted_at")).is_null())
        .cond_where(named);
    def.own(&mut select, ctx.tenant);
    let asker = Asker::new(catalogue, ctx, backend);
    if let Some(allowed) = asker.allowed(def, Action::Read) {
        select.and_where(allowed);
    }
    let mut by_number: Vec<(String, Uuid)> = Vec::new();
    let mut by_code: Vec<(String, Uuid)> = Vec::new();
    for row in conn.query_all(&select).await? {
        let (id, title): (Uuid, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        for text in texts.iter().filter(|text| words::compare(text, &title).is_eq()) {
            Meaning::add(&mut links.named, (def.key.clone(), (*text).clone()), id);
        }
        if let Some(text) = numbers.get(&row.try_get_by_index::<i64>(2)?) {
            by_number.push(((*text).clone(), id));
        }
        let own: Option<String> = row.try_get_by_index(3)?;
        by_code.extend(own.filter(|own| code.is_some() && texts.contains(&own)).map(|own| (own, id)));
        let text = id.to_string();
        if let Some(text) = texts.iter().find(|given| given.eq_ignore_ascii_case(&text)) {
            links.named.insert((def.key.clone(), (*text).clone()), Meaning::One(id));
        }
    }
    // Codes of several records (rates of one tax) name none of them.
    let mut coded = HashMap::new();
    by_code.into_iter().for_each(|(text, id)| Meaning::add(&mut coded, (def.key.clone(), text), id));
    for (key, meaning) in coded {
        links.named.entry(key).or_insert(meaning);
    }
    for (text, id) in by_number {
        links.named.entry((def.key.clone(), text)).or_insert(Meaning::One(id));
    }
    Ok(())
}

/// `123`, `#123`, `№ 123`.
fn number(text: &str) -> Option<i64> {
    let digits = text.trim_start_matches(['#', '№', 'N']).trim_start();
    digits.chars().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}
