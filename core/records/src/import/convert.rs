//! A row of the file as the fields of a record, or as what is wrong with it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kernel::access::Rights;
use kernel::value::FieldType;
use kernel::{Ctx, EntityKey, FieldKey, Locale, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::cell::{DateOrder, Dates, Votes};
use super::lines::{self, Part};
use super::lookup::{self, Links, Meaning, name_key, normal};
use super::model::Offered;
use super::problem::Problem;
use super::source::spool::Row;
use super::suggest::{self, FULL_NAME, Mapped, NAMES};
use super::{Column, cell};
use crate::catalogue::{Catalogue, EntityDef, FieldDef, choice_label, text};
use crate::{Records, references};

/// The field that never is in the future.
const BIRTHDATE: &str = "birthdate";
/// Colleagues a cell may name.
const MAX_USERS: u64 = 20_000;
/// Colleagues offered for values of a column.
const MAX_OFFERED: usize = 500;
/// Meanings of values of one column.
const MAX_VALUES: usize = 500;
/// Characters of a value with a meaning of its own.
const MAX_VALUE: usize = 300;
/// Characters of a cell that are kept with what is wrong with it.
const KEPT_VALUE: usize = 80;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RowProblem {
    /// Which field, when it is one field's fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Machine-readable.
    pub code: String,
    /// For people, in the language of whoever imports.
    pub message: String,
    /// The beginning of the cell that is not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Only the cell was left out; the row was taken without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
}

impl RowProblem {
    /// One of the whole row.
    pub(super) fn of_row(problem: &Problem, locale: Locale) -> Self {
        Self { field: None, code: problem.code.to_owned(), message: problem.text(locale), value: None, left_out: false }
    }
}

/// What is wrong in a row of the file, by its number.
pub(super) type Noted = (u64, RowProblem);

/// A row as fields, with the cells that were left out.
#[derive(Debug, Default)]
pub(super) struct Converted {
    /// In wire form.
    pub fields: Map<String, Json>,
    /// What was left out.
    pub notes: Vec<Noted>,
}

/// Where a column goes.
#[derive(Debug)]
pub(super) enum Goal {
    Field(Box<FieldDef>, &'static str),
    FullName,
    Part(&'static Part),
}

/// Everything needed to read rows: the mapping and the words of the company.
pub(super) struct Plan {
    def: Arc<EntityDef>,
    pub(super) goals: Vec<(usize, Goal)>,
    /// What cells of columns mean instead, by `normal`.
    values: HashMap<usize, HashMap<String, Option<String>>>,
    /// Whether one bad cell refuses its row.
    pub(super) strict: bool,
    width: usize,
    choices: HashMap<FieldKey, HashMap<String, String>>,
    stages: HashMap<String, String>,
    users: HashMap<String, Meaning<Uuid>>,
    /// Active colleagues by name, where a column names some.
    people: Vec<(Uuid, String)>,
    dates: Dates,
    /// Of columns with dates.
    orders: HashMap<usize, DateOrder>,
    locale: Locale,
}

/// Checks a mapping against the columns and the person's rights.
///
/// # Errors
/// The problem, with the index of the entry it is about.
pub(super) fn check_mapping(
    def: &EntityDef,
    rights: &Rights,
    columns: usize,
    mapping: &[Mapped],
) -> Result<(), (usize, Problem)> {
    let mut used: Vec<&str> = Vec::new();
    for (index, entry) in mapping.iter().enumerate() {
        let Some(key) = &entry.field else { continue };
        let twice_column =
            mapping.iter().take(index).any(|other| other.column == entry.column && other.field.is_some());
        if entry.column >= columns {
            return Err((index, Problem::new("column_unknown")));
        }
        let field = def.field(key).filter(|field| suggest::fillable(def, field, rights));
        let many = field.is_some_and(|f| f.kind.is_multi());
        let full = key == FULL_NAME && suggest::has_names(def, rights);
        let part = lines::part_of(key).is_some() && lines::has(def, rights);
        if field.is_none() && !full && !part {
            return Err((index, Problem::new("field_unknown")));
        }
        if entry.values.len() > MAX_VALUES {
            return Err((index, Problem::new("values_many").with("max", MAX_VALUES)));
        }
        let long = |text: &str| text.len() > MAX_VALUE && text.chars().count() > MAX_VALUE;
        if entry.values.iter().any(|value| long(&value.from) || value.to.as_deref().is_some_and(long)) {
            return Err((index, Problem::new("value_long").with("max", MAX_VALUE)));
        }
        let whole = |one: &str, other: &str| one == lines::ROWS && lines::part_of(other).is_some();
        let clash = |other: &str| {
            let names = (other == FULL_NAME && NAMES.contains(&key.as_str())) || (full && NAMES.contains(&other));
            names || whole(other, key) || whole(key, other)
        };
        if twice_column || (!many && used.contains(&key.as_str())) || used.iter().any(|other| clash(other)) {
            return Err((index, Problem::new("column_twice")));
        }
        used.push(key);
    }
    if used.is_empty() { Err((0, Problem::new("mapping_empty"))) } else { Ok(()) }
}

impl Plan {
    /// Loads the words that the mapped fields need.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn load(
        records: &Records,
        ctx: &Ctx,
        catalogue: &Catalogue,
        def: &Arc<EntityDef>,
        columns: &[Column],
        mapping: &[Mapped],
        strict: bool,
    ) -> Result<Self> {
        let mut goals = Vec::new();
        let mut values = HashMap::new();
        for entry in mapping {
            let meanings = entry.values.iter().map(|value| (normal(&value.from), value.to.clone()));
            values.insert(entry.column, meanings.collect::<HashMap<_, _>>());
            let name = columns.get(entry.column).map(|column| column.name.as_str()).unwrap_or_default();
            let Some(key) = entry.field.as_deref() else { continue };
            if key == FULL_NAME {
                goals.push((entry.column, Goal::FullName));
            } else if let Some(part) = lines::part_of(key) {
                goals.push((entry.column, Goal::Part(part)));
            } else {
                let kind = |field: &FieldDef| cell::kind_of_header(field.kind, name);
                let field = def.field(key).map(|f| Goal::Field(Box::new(f.clone()), kind(f)));
                goals.extend(field.map(|goal| (entry.column, goal)));
            }
        }
        let fields = || {
            goals.iter().filter_map(|(_, goal)| if let Goal::Field(field, _) = goal { Some(&**field) } else { None })
        };
        let listed = |f: &&FieldDef| matches!(f.kind, FieldType::Choice | FieldType::Choices | FieldType::Currency);
        let choices = fields().filter(listed).map(|f| (f.key.clone(), lookup::choices(catalogue, def, f))).collect();
        let everybody = if fields().any(|field| field.kind == FieldType::User) {
            people::user::list(records.db(), ctx.tenant, None, MAX_USERS).await?
        } else {
            Vec::new()
        };
        let users = lookup::users(&everybody);
        let active = everybody.into_iter().filter(|user| user.active);
        let people = active.take(MAX_OFFERED).map(|user| (user.id, user.name)).collect();
        let stages = lookup::stages(&def.key, &catalogue.pipelines);
        let def = Arc::clone(def);
        let today = ctx.now().utc().with_timezone(&ctx.zone).date_naive();
        let dates = Dates { order: DateOrder::default(), today, past: false, zone: ctx.zone };
        let orders = HashMap::new();
        let (width, locale) = (columns.len(), ctx.locale);
        Ok(Self { def, goals, values, strict, width, choices, stages, users, people, dates, orders, locale })
    }

    /// The columns with dates, whose order of day and month is to be found out.
    pub(super) fn dated(&self) -> Vec<usize> {
        let dated =
            |goal: &Goal| matches!(goal, Goal::Field(f, _) if matches!(f.kind, FieldType::Date | FieldType::Datetime));
        self.goals.iter().filter(|(_, goal)| dated(goal)).map(|(column, _)| *column).collect()
    }

    /// Takes what the cells of columns say.
    pub(super) fn decide(&mut self, votes: HashMap<usize, Votes>) {
        let english = self.english();
        self.orders = votes.into_iter().map(|(column, votes)| (column, votes.order(english))).collect();
    }

    /// Whether numbers are read as in English.
    pub(super) fn english(&self) -> bool {
        self.locale == Locale::En
    }

    /// How the dates of a column for a field are read.
    fn dates(&self, column: usize, field: &FieldDef) -> Dates {
        let order = self.orders.get(&column).copied().unwrap_or_default();
        Dates { order, past: field.key == BIRTHDATE, ..self.dates }
    }

    /// The records that rows name, to be looked up together.
    pub(super) fn wanted(&self, rows: &[Row]) -> BTreeMap<EntityKey, BTreeSet<String>> {
        let mut wanted: BTreeMap<EntityKey, BTreeSet<String>> = BTreeMap::new();
        for row in rows {
            for (text, goal) in self.cells(row) {
                let Goal::Field(field, _) = goal else { continue };
                for target in self.targets(field, row) {
                    wanted.entry(target).or_default().extend(names(field.kind, &text));
                }
            }
            for (text, part) in row.all().flat_map(|(_, cells)| self.parts(cells)) {
                if let lines::Kind::Record(entity) = part.kind {
                    wanted.entry(entity.into()).or_default().insert(text);
                }
            }
        }
        wanted
    }

    /// The entities a linking field may point to in this row.
    fn targets(&self, field: &FieldDef, row: &Row) -> Vec<EntityKey> {
        match field.kind {
            FieldType::Link | FieldType::Links => field.targets.clone(),
            FieldType::Record => {
                let is_kind = |goal: &Goal| matches!(goal, Goal::Field(f, _) if f.key == references::ENTITY_BESIDE);
                let named = self.cells(row).find(|(_, goal)| is_kind(goal)).map(|(text, _)| normal(&text));
                let known = self.choices.get(references::ENTITY_BESIDE);
                named.and_then(|named| known?.get(&named)).map(|key| key.as_str().into()).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The cells of a row that are mapped and not empty.
    fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (Cow<'a, str>, &'a Goal)> {
        self.placed(row).map(|(_, text, goal)| (text, goal))
    }

    /// The same with their columns.
    fn placed<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (usize, Cow<'a, str>, &'a Goal)> {
        self.goals.iter().filter_map(|(column, goal)| {
            let list = match goal {
                Goal::Part(_) => return None,
                Goal::FullName => false,
                Goal::Field(field, _) => matches!(field.kind, FieldType::Links | FieldType::Choices),
            };
            let text = self.meant(*column, row.cells.get(*column)?.trim(), list)?;
            (!text.is_empty()).then_some((*column, text, goal))
        })
    }

    /// What a cell means by the person's word, item by item in a list; none where it means nothing.
    pub(super) fn meant<'a>(&self, column: usize, text: &'a str, list: bool) -> Option<Cow<'a, str>> {
        let Some(values) = self.values.get(&column).filter(|values| !values.is_empty()) else {
            return Some(Cow::Borrowed(text));
        };
        if let Some(to) = values.get(&normal(text)) {
            return to.as_ref().map(|to| Cow::Owned(to.trim().to_owned()));
        }
        if !list {
            return Some(Cow::Borrowed(text));
        }
        let one = |item: String| values.get(&normal(&item)).cloned().unwrap_or(Some(item));
        Some(Cow::Owned(names(FieldType::Links, text).into_iter().filter_map(one).collect::<Vec<_>>().join("; ")))
    }

    /// The fields of a row in wire form.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn convert(&self, row: &Row, links: &Links) -> Result<Converted, Vec<Noted>> {
        let mut found = Converted::default();
        let mut problems = self.misshapen(row);
        let mut currency = BTreeMap::new();
        for (column, text, goal) in self.placed(row) {
            match goal {
                Goal::Part(_) => {}
                Goal::FullName if text.contains(char::REPLACEMENT_CHARACTER) => {
                    problems.push((row.number, self.problem(None, &Problem::new("encoding"), "")));
                }
                Goal::FullName => {
                    let name = cell::full_name(&text);
                    let parts = NAMES.into_iter().zip([name.last, name.first, name.middle]);
                    found.fields.extend(
                        parts
                            .filter(|(_, part)| !part.is_empty())
                            .map(|(key, part)| (key.to_owned(), Json::String(part))),
                    );
                }
                Goal::Field(field, kind) => match self.value(field, kind, (column, &text), row, links, &mut currency) {
                    Ok(value) => put(&mut found.fields, &field.key, value),
                    Err(problem) if !self.strict && may_lack(field) => {
                        found.notes.push((row.number, self.left_out(&field.key, &problem, &text)));
                    }
                    Err(problem) => problems.push((row.number, self.problem(Some(&field.key), &problem, &text))),
                },
            }
        }
        match self.lines(row, links, &mut currency, &mut found.notes) {
            Ok(lines) => found.fields.extend(lines.map(|lines| (lines::ROWS.to_owned(), lines))),
            Err(wrong) => problems.extend(wrong),
        }
        for (money, code) in currency {
            if let Some(problem) = self.apply_currency(&money, code, &mut found.fields) {
                problems.push((row.number, problem));
            }
        }
        if problems.is_empty() && (found.notes.is_empty() || !found.fields.is_empty()) {
            return Ok(found);
        }
        // Of a row that is not taken nothing was left out.
        problems.extend(found.notes.into_iter().map(|(number, note)| (number, RowProblem { left_out: false, ..note })));
        Err(problems)
    }

    /// Rows with more cells than there are columns, and those of a record without an end.
    fn misshapen(&self, row: &Row) -> Vec<Noted> {
        let wide = |cells: &[String]| cells.iter().skip(self.width).any(|cell| !cell.trim().is_empty());
        let of_row = |code| RowProblem::of_row(&Problem::new(code), self.locale);
        let mut problems = Vec::new();
        if row.beyond {
            problems.push((row.number, of_row("lines_many")));
        }
        problems.extend(row.all().filter(|row| wide(row.1)).map(|(number, _)| (number, of_row("columns"))));
        problems
    }

    /// What is wrong with a cell, or with the whole row.
    pub(super) fn problem(&self, field: Option<&str>, problem: &Problem, text: &str) -> RowProblem {
        RowProblem {
            field: field.map(str::to_owned),
            value: (!text.is_empty()).then(|| text.chars().take(KEPT_VALUE).collect()),
            ..RowProblem::of_row(problem, self.locale)
        }
    }

    /// The same of a cell without which the row is taken.
    pub(super) fn left_out(&self, field: &str, problem: &Problem, text: &str) -> RowProblem {
        RowProblem { left_out: true, ..self.problem(Some(field), problem, text) }
    }

    /// The sign beside an amount fills the currency, or must agree with it.
    fn apply_currency(&self, money: &FieldKey, code: &str, fields: &mut Map<String, Json>) -> Option<RowProblem> {
        let field = self.def.field(money).and_then(|money| self.def.currency_of(money))?;
        match fields.get(field.key.as_str()).and_then(Json::as_str) {
            None => drop(fields.insert(field.key.to_string(), json!(code))),
            Some(given) if given == code => {}
            Some(_) => {
                let problem = Problem::new("currency_differs").with("value", code);
                return Some(self.problem(Some(&field.key), &problem, code));
            }
        }
        None
    }

    fn value(
        &self,
        field: &FieldDef,
        kind: &str,
        (column, text): (usize, &str),
        row: &Row,
        links: &Links,
        currency: &mut BTreeMap<FieldKey, &'static str>,
    ) -> Result<Json, Problem> {
        if cell::is_spreadsheet_error(text) {
            return Err(Problem::new("excel_error").with("value", text));
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Problem::new("encoding"));
        }
        let comma_groups = self.english();
        let unknown = |code| Problem::new(code).with("value", text);
        Ok(match field.kind {
            FieldType::Integer | FieldType::Duration => json!(cell::whole(text, comma_groups)?),
            FieldType::Decimal | FieldType::Money => {
                let amount = cell::amount(text, comma_groups)?;
                if let Some(code) = amount.currency.filter(|_| field.kind == FieldType::Money) {
                    currency.insert(field.key.clone(), code);
                }
                json!(amount.value.to_string())
            }
            FieldType::Boolean => json!(cell::boolean(text)?),
            FieldType::Date => json!(self.dates(column, field).date(text)?.format("%Y-%m-%d").to_string()),
            FieldType::Datetime => json!(self.dates(column, field).datetime(text)?.to_string()),
            FieldType::Choice | FieldType::Currency => {
                let known = self.choices.get(&field.key).and_then(|known| known.get(&normal(text)));
                json!(known.ok_or_else(|| unknown("choice"))?)
            }
            FieldType::Choices => {
                let known = self.choices.get(&field.key);
                let key = |name: String| known.and_then(|known| known.get(&normal(&name))).cloned();
                let keys = names(FieldType::Links, text).into_iter().map(key);
                json!(keys.collect::<Option<Vec<_>>>().ok_or_else(|| unknown("choice"))?)
            }
            FieldType::Stage => json!(self.stages.get(&normal(text)).ok_or_else(|| unknown("stage"))?),
            FieldType::User => {
                let found = self.users.get(&normal(text)).or_else(|| self.users.get(&name_key(text)));
                match found {
                    Some(Meaning::One(id)) => json!(id),
                    Some(Meaning::Several) => return Err(unknown("user_ambiguous")),
                    None => return Err(unknown("unknown_user")),
                }
            }
            FieldType::Link | FieldType::Record => json!(self.link(field, text, row, links)?),
            FieldType::Links => {
                let ids = names(field.kind, text).into_iter().map(|name| self.link(field, &name, row, links));
                json!(ids.collect::<Result<Vec<_>, _>>()?)
            }
            multi if multi.is_multi() => serde_json::to_value(cell::multi(multi, text, kind)?).unwrap_or(Json::Null),
            FieldType::Json => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            _ => json!(text),
        })
    }

    /// The only field of a plan for one column.
    fn single(&self) -> Option<&FieldDef> {
        self.goals.iter().find_map(|(_, goal)| if let Goal::Field(field, _) = goal { Some(&**field) } else { None })
    }

    /// Whether cells of the column hold several items.
    pub(super) fn is_list(&self) -> bool {
        self.single().is_some_and(|field| matches!(field.kind, FieldType::Links | FieldType::Choices))
    }

    /// What a cell means by itself in a field that has a few values.
    pub(super) fn meaning(&self, text: &str) -> Option<String> {
        let field = self.single()?;
        match field.kind {
            FieldType::Choice | FieldType::Choices | FieldType::Currency => {
                self.choices.get(&field.key)?.get(&normal(text)).cloned()
            }
            FieldType::Stage => self.stages.get(&normal(text)).cloned(),
            FieldType::Boolean => cell::boolean(text).ok().map(|yes| yes.to_string()),
            FieldType::User => match self.users.get(&normal(text)).or_else(|| self.users.get(&name_key(text)))? {
                Meaning::One(id) => Some(id.to_string()),
                Meaning::Several => None,
            },
            _ => None,
        }
    }

    /// What cells of the column may mean, where it is one of a few.
    pub(super) fn offered(&self, catalogue: &Catalogue, locale: Locale) -> Vec<Offered> {
        let Some(field) = self.single() else { return Vec::new() };
        let offered = |key: &str, label: String| Offered { key: key.to_owned(), label };
        match field.kind {
            FieldType::Choice | FieldType::Choices => {
                let choices = catalogue.choices(field);
                let open = choices.iter().filter(|choice| !choice.archived);
                open.map(|choice| offered(&choice.key, choice_label(&self.def, field, choice, locale))).collect()
            }
            FieldType::Stage => {
                let pipelines = catalogue.pipelines.of(&self.def.key);
                let mut known = BTreeSet::new();
                let stages = pipelines.flat_map(|pipeline| &pipeline.stages).filter(|stage| known.insert(&stage.key));
                stages.map(|stage| offered(&stage.key, stage.name_in(locale).to_owned())).collect()
            }
            FieldType::Boolean => {
                [("true", "yes"), ("false", "no")].map(|(key, word)| offered(key, text(word, locale))).to_vec()
            }
            FieldType::User => self.people.iter().map(|(id, name)| offered(&id.to_string(), name.clone())).collect(),
            _ => Vec::new(),
        }
    }

    fn link(&self, field: &FieldDef, name: &str, row: &Row, links: &Links) -> Result<Uuid, Problem> {
        let mut found = None;
        for target in self.targets(field, row) {
            match (links.get(&target, name), found) {
                (None, _) => {}
                (Some(Meaning::One(id)), None) => found = Some(id),
                (Some(_), _) => return Err(Problem::new("ambiguous").with("value", name)),
            }
        }
        found.ok_or_else(|| Problem::new("unknown_record").with("value", name))
    }
}

/// The items of a cell that holds a list.
pub(super) fn items(text: &str) -> Vec<String> {
    names(FieldType::Links, text)
}

/// Whether a record may be without it, so that a row is taken without its cell. An amount without its currency would be
/// another amount, a record without its stage stand elsewhere.
pub(super) fn may_lack(field: &FieldDef) -> bool {
    let meant = matches!(field.kind, FieldType::Stage | FieldType::Currency);
    !field.required && !field.never_empty && !meant
}

/// The records a cell names: several are separated by semicolons or lines (titles may hold commas).
fn names(kind: FieldType, text: &str) -> Vec<String> {
    let one = |text: &str| text.trim().to_owned();
    if kind == FieldType::Links {
        text.split([';', '\n', '\r']).map(one).filter(|name| !name.is_empty()).collect()
    } else {
        vec![one(text)]
    }
}

/// Sets a field; lists of several columns are joined.
fn put(fields: &mut Map<String, Json>, key: &str, value: Json) {
    match (fields.get_mut(key), value) {
        (Some(Json::Array(known)), Json::Array(more)) => {
            let fresh: Vec<Json> =
                more.into_iter().filter(|item| !known.iter().any(|k| k["value"] == item["value"])).collect();
            known.extend(fresh);
        }
        (_, value) => drop(fields.insert(key.to_owned(), value)),
    }
}
