//! A row of the file as the fields of a record, or as what is wrong with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kernel::access::Rights;
use kernel::value::FieldType;
use kernel::{Ctx, EntityKey, FieldKey, Locale, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::cell::{DateOrder, Dates, Votes};
use super::lookup::{self, Links, Meaning, name_key, normal};
use super::problem::Problem;
use super::source::spool::Row;
use super::suggest::{self, FULL_NAME, Mapped, NAMES};
use super::{Column, cell};
use crate::catalogue::{Catalogue, EntityDef, FieldDef};
use crate::{Records, references};

/// The field that never is in the future.
const BIRTHDATE: &str = "birthdate";
/// Colleagues a cell may name.
const MAX_USERS: u64 = 20_000;

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
}

/// Where a column goes.
#[derive(Debug)]
enum Goal {
    Field(Box<FieldDef>, &'static str),
    FullName,
}

/// Everything needed to read rows: the mapping and the words of the company.
pub(super) struct Plan {
    def: Arc<EntityDef>,
    goals: Vec<(usize, Goal)>,
    width: usize,
    choices: HashMap<FieldKey, HashMap<String, String>>,
    stages: HashMap<String, String>,
    users: HashMap<String, Meaning<Uuid>>,
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
        if field.is_none() && !full {
            return Err((index, Problem::new("field_unknown")));
        }
        let clash =
            |other: &str| (other == FULL_NAME && NAMES.contains(&key.as_str())) || (full && NAMES.contains(&other));
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
    ) -> Result<Self> {
        let mut goals = Vec::new();
        for entry in mapping {
            let name = columns.get(entry.column).map(|column| column.name.as_str()).unwrap_or_default();
            match entry.field.as_deref() {
                Some(FULL_NAME) => goals.push((entry.column, Goal::FullName)),
                Some(key) => {
                    let kind = |field: &FieldDef| cell::kind_of_header(field.kind, name);
                    let field = def.field(key).map(|f| Goal::Field(Box::new(f.clone()), kind(f)));
                    goals.extend(field.map(|goal| (entry.column, goal)));
                }
                None => {}
            }
        }
        let fields = || {
            goals.iter().filter_map(|(_, goal)| if let Goal::Field(field, _) = goal { Some(&**field) } else { None })
        };
        let listed = |f: &&FieldDef| matches!(f.kind, FieldType::Choice | FieldType::Choices | FieldType::Currency);
        let choices = fields().filter(listed).map(|f| (f.key.clone(), lookup::choices(catalogue, def, f))).collect();
        let users = if fields().any(|field| field.kind == FieldType::User) {
            lookup::users(&people::user::list(records.db(), ctx.tenant, None, MAX_USERS).await?)
        } else {
            HashMap::new()
        };
        let stages = lookup::stages(&def.key, &catalogue.pipelines);
        let def = Arc::clone(def);
        let today = ctx.now().utc().with_timezone(&ctx.zone).date_naive();
        let dates = Dates { order: DateOrder::default(), today, past: false, zone: ctx.zone };
        let orders = HashMap::new();
        Ok(Self { def, width: columns.len(), choices, stages, users, dates, orders, locale: ctx.locale, goals })
    }

    /// The columns with dates, whose order of day and month is to be found out.
    pub(super) fn dated(&self) -> Vec<usize> {
        let dated =
            |goal: &Goal| matches!(goal, Goal::Field(f, _) if matches!(f.kind, FieldType::Date | FieldType::Datetime));
        self.goals.iter().filter(|(_, goal)| dated(goal)).map(|(column, _)| *column).collect()
    }

    /// Takes what the cells of columns say.
    pub(super) fn decide(&mut self, votes: HashMap<usize, Votes>) {
        let english = self.locale == Locale::En;
        self.orders = votes.into_iter().map(|(column, votes)| (column, votes.order(english))).collect();
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
                    wanted.entry(target).or_default().extend(names(field.kind, text));
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
                let named = self.cells(row).find(|(_, goal)| is_kind(goal)).map(|(text, _)| normal(text));
                let known = self.choices.get(references::ENTITY_BESIDE);
                named.and_then(|named| known?.get(&named)).map(|key| key.as_str().into()).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The cells of a row that are mapped and not empty.
    fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a str, &'a Goal)> {
        self.placed(row).map(|(_, text, goal)| (text, goal))
    }

    /// The same with their columns.
    fn placed<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (usize, &'a str, &'a Goal)> {
        self.goals.iter().filter_map(|(column, goal)| {
            let text = row.cells.get(*column)?.trim();
            (!text.is_empty()).then_some((*column, text, goal))
        })
    }

    /// The fields of a row in wire form.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn convert(&self, row: &Row, links: &Links) -> Result<Map<String, Json>, Vec<RowProblem>> {
        let mut fields = Map::new();
        let mut problems = Vec::new();
        let mut currency = BTreeMap::new();
        if row.cells.iter().skip(self.width).any(|cell| !cell.trim().is_empty()) {
            problems.push(self.problem(None, &Problem::new("columns")));
        }
        for (column, text, goal) in self.placed(row) {
            if text.contains(char::REPLACEMENT_CHARACTER) {
                problems.push(self.problem(None, &Problem::new("encoding")));
                continue;
            }
            match goal {
                Goal::FullName => {
                    let name = cell::full_name(text);
                    let parts = NAMES.into_iter().zip([name.last, name.first, name.middle]);
                    fields.extend(
                        parts
                            .filter(|(_, part)| !part.is_empty())
                            .map(|(key, part)| (key.to_owned(), Json::String(part))),
                    );
                }
                Goal::Field(field, kind) => match self.value(field, kind, (column, text), row, links, &mut currency) {
                    Ok(value) => put(&mut fields, &field.key, value),
                    Err(problem) => problems.push(self.problem(Some(&field.key), &problem)),
                },
            }
        }
        for (money, code) in currency {
            self.apply_currency(&money, code, &mut fields, &mut problems);
        }
        if problems.is_empty() { Ok(fields) } else { Err(problems) }
    }

    fn problem(&self, field: Option<&str>, problem: &Problem) -> RowProblem {
        RowProblem {
            field: field.map(str::to_owned),
            code: problem.code.to_owned(),
            message: problem.text(self.locale),
        }
    }

    /// The sign beside an amount fills the currency, or must agree with it.
    fn apply_currency(
        &self,
        money: &FieldKey,
        code: &str,
        fields: &mut Map<String, Json>,
        problems: &mut Vec<RowProblem>,
    ) {
        let field = self.def.field(money).and_then(|money| self.def.currency_of(money));
        let Some(field) = field else { return };
        match fields.get(field.key.as_str()).and_then(Json::as_str) {
            None => drop(fields.insert(field.key.to_string(), json!(code))),
            Some(given) if given == code => {}
            Some(_) => {
                problems.push(self.problem(Some(&field.key), &Problem::new("currency_differs").with("value", code)))
            }
        }
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
        let comma_groups = self.locale == Locale::En;
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

    fn link(&self, field: &FieldDef, name: &str, row: &Row, links: &Links) -> Result<Uuid, Problem> {
        let mut found = None;
        for target in self.targets(field, row) {
            match (links.get(&(target, name.to_owned())), found) {
                (None, _) => {}
                (Some(Meaning::One(id)), None) => found = Some(*id),
                (Some(_), _) => return Err(Problem::new("ambiguous").with("value", name)),
            }
        }
        found.ok_or_else(|| Problem::new("unknown_record").with("value", name))
    }
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
