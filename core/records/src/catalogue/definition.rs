//! What an entity and a field are. The same for core, custom and plugin entities: whoever reads or writes records works
//! from these alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kernel::access::Rights;
use kernel::filter::{Storage, Table};
use kernel::value::FieldType;
use kernel::{EntityKey, FieldKey, Locale, RecordId, TenantId, Value};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, Order, SelectStatement};
use serde::{Deserialize, Serialize};

use super::condition::{ConditionsDef, RuleDef};
use super::constraint::ConstraintDef;
use super::formula::Formula;
use super::menu::MenuPlace;
use super::retype::Moved;
use super::rollup::Rollup;

/// The table that custom and plugin entities share.
pub(crate) const SHARED: &str = "shared_record";
/// The field that says into which record one in the bin was merged.
pub const MERGED_INTO: &str = "merged_into";

/// Words by language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(pub BTreeMap<Locale, String>);

impl Labels {
    /// The words in a language, else in English, else in any.
    pub fn in_locale(&self, locale: Locale) -> &str {
        let found = self.0.get(&locale).or_else(|| self.0.get(&Locale::En)).or_else(|| self.0.values().next());
        found.map_or("", String::as_str)
    }
}

/// Whose entity or field it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The product's.
    Core,
    /// Made by an administrator.
    Custom,
    /// Declared by the plugin with this id.
    Plugin(Arc<str>),
}

impl Owner {
    /// The id of the plugin that declares it.
    pub fn plugin(&self) -> Option<&str> {
        if let Self::Plugin(id) = self { Some(id) } else { None }
    }
}

/// A value of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its key.
    pub key: String,
    /// Its name; none: a text of this crate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Labels>,
    /// Its colour, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Kept by records that have it, not offered any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// The choice above it, where they come from a directory that is a tree.
    #[serde(skip)]
    pub parent: Option<String>,
}

/// The definition of a field.
#[derive(Debug, Clone)]
pub struct FieldDef {
    /// Its key, e.g. `amount`.
    pub key: FieldKey,
    /// Its type.
    pub kind: FieldType,
    /// Where it is kept.
    pub storage: Storage,
    /// Whose it is.
    pub owner: Owner,
    /// Its name; none: a text of this crate.
    pub label: Option<Labels>,
    /// Must have a value.
    pub required: bool,
    /// Set by the product, never from outside.
    pub system: bool,
    /// The database itself refuses an empty one.
    pub never_empty: bool,
    /// The entities it links to.
    pub targets: Vec<EntityKey>,
    /// The values of a choice.
    pub choices: Vec<Choice>,
    /// The directory that gives these values.
    pub directory: Option<String>,
    /// Of a currency: the money it belongs to.
    pub part_of: Option<FieldKey>,
    /// Longest text, in characters.
    pub max_length: usize,
    /// Smallest and largest number.
    pub range: Option<(i64, i64)>,
    /// What a new record has when nobody says otherwise.
    pub default: Option<Value>,
    /// What it is computed by; then nobody writes it.
    pub formula: Option<Arc<Formula>>,
    /// Where its values were before its type changed, while some are there still.
    pub moved: Option<Arc<Moved>>,
    /// What it counts or adds up; then nobody writes it.
    pub rollup: Option<Arc<Rollup>>,
    /// When it is there, must have a value, may be changed.
    pub conditions: Option<Arc<ConditionsDef>>,
    /// Whether lists find and sort by it through an index of its own.
    pub indexed: bool,
}

impl FieldDef {
    /// Whether it can be emptied in all records at once: a figure, time or yes-no of the product that needs no value.
    pub fn may_be_emptied(&self) -> bool {
        use FieldType::{Boolean, Date, Datetime, Decimal, Duration, Integer};
        let plain = matches!(self.kind, Integer | Decimal | Duration | Boolean | Date | Datetime);
        let column = self.owner == Owner::Core && matches!(self.storage, Storage::Column(_));
        plain && column && !self.required && !self.system && !self.never_empty
    }

    /// A field of the product in the column of its key.
    pub(super) fn new(key: &'static str, kind: FieldType) -> Self {
        Self {
            key: key.into(),
            kind,
            storage: Storage::Column(key),
            owner: Owner::Core,
            label: None,
            required: false,
            system: false,
            never_empty: false,
            targets: Vec::new(),
            choices: Vec::new(),
            directory: None,
            part_of: None,
            max_length: longest(kind),
            range: None,
            default: None,
            formula: None,
            moved: None,
            rollup: None,
            conditions: None,
            indexed: false,
        }
    }

    /// Whether it is computed when it is read: no database knows its value.
    pub fn is_live(&self) -> bool {
        self.formula.as_ref().is_some_and(|formula| formula.live)
    }

    /// Whether it has a choice that may be given with this key (archived ones stay where they are).
    pub fn offers(&self, key: &str) -> bool {
        self.choices.iter().any(|choice| choice.key == key && !choice.archived)
    }

    /// The entity it links to, where there is only one.
    pub fn target(&self) -> Option<&EntityKey> {
        if let [one] = self.targets.as_slice() { Some(one) } else { None }
    }

    /// The value in SQL as a cell of its type; none for links and live formulas.
    pub fn cell(&self, def: &EntityDef, backend: DbBackend) -> Option<Expr> {
        if self.is_live() {
            return None;
        }
        self.storage.cell(def.table, self.kind, backend)
    }

    /// What lists may sort and group by.
    pub fn is_sortable(&self) -> bool {
        self.kind.is_sortable() && self.storage != Storage::Links && !self.is_live()
    }
}

/// Characters of a text where a field does not say otherwise.
pub(super) const fn longest(kind: FieldType) -> usize {
    match kind {
        FieldType::LongText => 20_000,
        _ => 255,
    }
}

/// A section of the record card.
#[derive(Debug, Clone)]
pub struct Section {
    /// Key of its name.
    pub key: String,
    /// Its fields.
    pub fields: Vec<FieldKey>,
}

/// The definition of an entity.
#[derive(Debug, Clone)]
pub struct EntityDef {
    /// Its key in the API, e.g. `lead`.
    pub key: EntityKey,
    /// Whose it is.
    pub owner: Owner,
    /// Its name of one and of many; none: texts of this crate.
    pub label: Option<(Labels, Labels)>,
    /// Its table.
    pub table: &'static str,
    /// Whether it moves through the stages of a pipeline.
    pub staged: bool,
    /// Its fields, in the order of the card.
    pub fields: Vec<FieldDef>,
    /// Fields a list shows at first.
    pub list: Vec<FieldKey>,
    /// Fields a card on a board shows.
    pub card: Vec<FieldKey>,
    /// Sections of the record card.
    pub sections: Vec<Section>,
    /// The field that names a record whose title nobody gave.
    pub title_from: Option<FieldKey>,
    /// What must hold between its records.
    pub constraints: Vec<ConstraintDef>,
    /// Whether it stands in no menu: its plugin's own pages show it.
    pub inner: bool,
    /// Its picture, where it has one of its own.
    pub icon: Option<String>,
    /// Where it stands in the menu.
    pub menu: MenuPlace,
    /// Its fields with formulas, in the order of their computation.
    pub computed: Vec<FieldKey>,
    /// Its validation rules, in their order.
    pub rules: Vec<Arc<RuleDef>>,
    /// Place of each field.
    places: HashMap<FieldKey, usize>,
}

impl EntityDef {
    /// Whether an administrator made it.
    pub fn is_own(&self) -> bool {
        self.owner == Owner::Custom
    }

    /// An entity of these parts.
    pub(super) fn new(key: &str, owner: Owner, table: &'static str, fields: Vec<FieldDef>) -> Self {
        let mut def = Self {
            key: key.into(),
            owner,
            label: None,
            table,
            staged: fields.iter().any(|field| field.kind == FieldType::Stage),
            fields: Vec::new(),
            list: Vec::new(),
            card: Vec::new(),
            sections: Vec::new(),
            title_from: None,
            constraints: Vec::new(),
            inner: false,
            icon: None,
            menu: MenuPlace::default(),
            computed: Vec::new(),
            rules: Vec::new(),
            places: HashMap::new(),
        };
        fields.into_iter().for_each(|field| def.add(field));
        def
    }

    /// Adds a field at the end.
    pub(super) fn add(&mut self, field: FieldDef) {
        self.places.insert(field.key.clone(), self.fields.len());
        self.fields.push(field);
    }

    /// Takes away the fields of a plugin, with their rules.
    pub(super) fn without_fields_of(&mut self, plugin: &str) {
        self.rules.retain(|rule| rule.owner.plugin() != Some(plugin));
        self.keep_fields(|field| field.owner.plugin() != Some(plugin));
    }

    /// Takes away a field with its parts.
    pub(super) fn without_field(&mut self, key: &str) {
        self.keep_fields(|field| field.key != key && field.part_of.as_ref().is_none_or(|whole| *whole != key));
    }

    fn keep_fields(&mut self, keep: impl Fn(&FieldDef) -> bool) {
        let fields = std::mem::take(&mut self.fields);
        self.places.clear();
        for field in fields.into_iter().filter(keep) {
            self.add(field);
        }
        for section in &mut self.sections {
            section.fields.retain(|key| self.places.contains_key(key));
        }
        self.computed.retain(|key| self.places.contains_key(key));
    }

    /// The field with this key.
    pub fn field(&self, key: &str) -> Option<&FieldDef> {
        self.places.get(key).and_then(|place| self.fields.get(*place))
    }

    /// The same, to be changed while the catalogue is put together.
    pub(super) fn field_mut(&mut self, key: &str) -> Option<&mut FieldDef> {
        self.places.get(key).and_then(|place| self.fields.get_mut(*place))
    }

    /// Its rows, as the filter compiler sees them.
    pub fn place(&self) -> Table {
        let entity = (self.table == SHARED).then(|| self.key.clone());
        Table { name: self.table, recycle_bin: true, entity }
    }

    /// Narrows a select from its table to its own rows of a tenant.
    pub fn own(&self, select: &mut SelectStatement, tenant: TenantId) {
        self.place().own(select, self.table, tenant);
    }

    /// Whether no two of its records have the same in a field.
    pub fn is_unique(&self, key: &str) -> bool {
        self.constraints.iter().any(|constraint| constraint.keeps_apart(key))
    }

    /// Narrows a select to so many of its rows of a tenant in the order of their ids, behind one of them; rows in the
    /// recycle bin too.
    pub(crate) fn page(&self, select: &mut SelectStatement, tenant: TenantId, after: Option<RecordId>, many: u64) {
        self.own(select, tenant);
        if let Some(after) = after {
            select.and_where(Expr::col((self.table, "id")).gt(after));
        }
        select.order_by((self.table, "id"), Order::Asc).limit(many);
    }

    /// Whether somebody sees a field: the currency of a hidden amount is hidden too.
    pub fn shows(&self, rights: &Rights, field: &FieldDef) -> bool {
        let sees = |key: &FieldKey| rights.sees(&self.key, key);
        sees(&field.key) && field.part_of.as_ref().is_none_or(sees)
    }

    /// Whether somebody sees what stands under a key; of what is not a field (any more), what the key alone says.
    pub fn shows_key(&self, rights: &Rights, key: &str) -> bool {
        self.field(key).map_or_else(|| rights.sees(&self.key, key), |field| self.shows(rights, field))
    }

    /// Whether its records may be merged.
    pub fn merges(&self) -> bool {
        self.field(MERGED_INTO).is_some()
    }

    /// Whether rows of its table carry the key of their entity.
    pub(crate) fn is_shared(&self) -> bool {
        self.table == SHARED
    }

    /// The money that a currency is part of.
    pub fn money_of<'a>(&'a self, currency: &'a FieldDef) -> Option<&'a FieldDef> {
        self.field(currency.part_of.as_ref()?)
    }

    /// The currency's field of a money field.
    pub fn currency_of(&self, money: &FieldDef) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.part_of.as_ref() == Some(&money.key))
    }

    /// The value of a field as its own: of money the amount, of its currency the code.
    pub fn value_of(&self, fields: &kernel::Fields, field: &FieldDef) -> Value {
        let whole = fields.get(field.part_of.as_ref().unwrap_or(&field.key));
        match (field.kind, whole) {
            (FieldType::Money, Some(Value::Money(money))) => money.amount.map_or(Value::Null, Value::Decimal),
            (FieldType::Currency, Some(Value::Money(money))) => Value::Text(money.currency.code().to_owned()),
            (FieldType::Currency, _) => Value::Null,
            (_, whole) => whole.cloned().unwrap_or(Value::Null),
        }
    }

    /// An image of the pipeline as readers see it: money as its amount with the currency beside it.
    pub fn flat(&self, image: &kernel::Fields) -> kernel::Fields {
        let mut flat = image.clone();
        for (key, value) in image {
            let (Value::Money(money), Some(field)) = (value, self.field(key)) else { continue };
            flat.insert(key.clone(), money.amount.map_or(Value::Null, Value::Decimal));
            if let Some(currency) = self.currency_of(field) {
                flat.insert(currency.key.clone(), Value::Text(money.currency.code().to_owned()));
            }
        }
        flat
    }

    /// What readers see as an image of the pipeline: an amount and its currency as one value. An amount without a
    /// currency stays a plain number, for the pipeline to complete.
    pub fn gathered(&self, mut flat: kernel::Fields) -> kernel::Fields {
        for field in self.fields.iter().filter(|field| field.kind == FieldType::Currency) {
            let Some(money) = self.money_of(field) else { continue };
            let code = flat.remove(&field.key);
            let Some(currency) = code.as_ref().and_then(Value::as_text).and_then(|code| code.parse().ok()) else {
                continue;
            };
            let amount = match flat.get(&money.key) {
                Some(Value::Decimal(amount)) => Some(*amount),
                _ => None,
            };
            flat.insert(money.key.clone(), Value::Money(kernel::value::Money { amount, currency }));
        }
        flat
    }
}
