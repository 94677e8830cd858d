//! The tables of a company's own entities and fields. A definition is kept as JSON and read back leniently: what a newer
//! version wrote does not keep an older node from working.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::filter::Storage;
use kernel::value::FieldType;
use kernel::{Ctx, EntityKey, FieldKey, Locale, Result, TenantId, Value};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::condition::{Conditions, ConditionsDef, RuleDef, ValidationRule};
use super::constraint::{Constraint, ConstraintDef};
use super::core_entities;
use super::definition::{Choice, EntityDef, FieldDef, Labels, Owner};
use super::directory::{self, Directory};
use super::formula::{self, Formula};
use super::indexed;
use super::menu::MenuPlace;
use super::retype::Moved;
use super::rollup::Rollup;
use super::rules;
use super::text;
use crate::read::MeasureOp;

/// How what a plugin declared stands in a company.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Standing {
    /// An administrator has named it otherwise.
    pub renamed: bool,
    /// An administrator has hidden it.
    pub hidden: bool,
    /// The version that runs does not declare it.
    pub gone: bool,
    /// The plugin does not run.
    pub off: bool,
}

impl Standing {
    /// Whether it is out of the catalogue.
    pub const fn removed(self) -> bool {
        self.hidden || self.gone || self.off
    }

    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// An entity of a company's own or of a plugin, as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OwnEntity {
    pub label: Labels,
    pub label_many: Labels,
    #[serde(default)]
    pub staged: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_from: Option<FieldKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<FieldKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub card: Vec<FieldKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// Validation rules: of a plugin's entity, as it declares them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ValidationRule>,
    /// Stands in no menu.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inner: bool,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    #[serde(default, skip_serializing_if = "MenuPlace::is_plain")]
    pub menu: MenuPlace,
    #[serde(default, skip_serializing_if = "Standing::is_plain")]
    pub standing: Standing,
}

/// A field of a company's own or of a plugin, as kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct OwnField {
    pub kind: FieldType,
    pub label: Labels,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub targets: Vec<EntityKey>,
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// The directory that gives its choices; then it has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    #[serde(default)]
    pub max_length: Option<usize>,
    #[serde(default)]
    pub range: Option<(i64, i64)>,
    /// On the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
    /// Whether lists find and sort by it through an index.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub indexed: bool,
    /// Whether no two records have the same in it: of the company's own fields alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// What it is computed by, in CEL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// Digits after the point of what is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    /// What it counts or adds up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollup: Option<Rollup>,
    /// When it is there, must have a value, may be changed: of a plugin's field, as it declares them.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// Validation rules of its entity that look at it: of a plugin's field on an entity of the product.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ValidationRule>,
    /// How often its values have moved: each type it had kept them in a place of its own.
    #[serde(default, skip_serializing_if = "is_first")]
    pub place: u32,
    /// Where its values were before its type changed, while some are there still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    #[serde(default, skip_serializing_if = "Standing::is_plain")]
    pub standing: Standing,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_first(place: &u32) -> bool {
    *place == 0
}

/// Everything of a company's own and of its plugins, in the order it was made.
#[derive(Debug, Clone, Default)]
pub(super) struct Own {
    pub entities: Vec<(EntityKey, Owner, OwnEntity)>,
    pub fields: Vec<(EntityKey, FieldKey, Owner, OwnField)>,
    /// Conditions of fields of any owner.
    pub conditions: Vec<(EntityKey, FieldKey, Conditions)>,
    /// Validation rules, in the order of each entity's.
    pub rules: Vec<(EntityKey, Uuid, ValidationRule)>,
    /// Lists of options that fields share, as far as somebody has made or changed them.
    pub directories: Arc<Vec<Directory>>,
}

impl Own {
    /// The product's entities with the company's fields, then the others with theirs.
    pub fn applied_to(self, core: &[Arc<EntityDef>]) -> Vec<Arc<EntityDef>> {
        let mut by_entity: HashMap<EntityKey, Vec<(FieldKey, Owner, OwnField)>> = HashMap::new();
        for (entity, key, owner, field) in self.fields {
            by_entity.entry(entity).or_default().push((key, owner, field));
        }
        let mut all: Vec<Arc<EntityDef>> = core.to_vec();
        let mut layouts = Vec::with_capacity(self.entities.len());
        for (key, owner, own) in self.entities {
            let mut def = core_entities::custom(&key, owner, own.staged);
            def.label = Some((own.label, own.label_many));
            def.title_from = own.title_from;
            def.inner = own.inner;
            def.icon = own.icon;
            def.menu = own.menu;
            def.constraints = own.constraints.into_iter().map(ConstraintDef::new).collect();
            def.rules = declared_rules(&def.owner, own.rules).collect();
            all.push(Arc::new(def));
            layouts.push((own.list, own.card));
        }
        let own = all.len().saturating_sub(layouts.len());
        for def in &mut all {
            if let Some(fields) = by_entity.remove(&def.key) {
                add_fields(Arc::make_mut(def), fields);
            }
        }
        for (def, (list, card)) in all.iter_mut().skip(own).zip(layouts) {
            lay_out(Arc::make_mut(def), list, card);
        }
        directory::resolve(&mut all, &self.directories);
        guard(&mut all, self.conditions, self.rules);
        all
    }
}

/// Gives fields their conditions, entities their rules and the order of their formulas.
fn guard(
    all: &mut [Arc<EntityDef>],
    conditions: Vec<(EntityKey, FieldKey, Conditions)>,
    rules: Vec<(EntityKey, Uuid, ValidationRule)>,
) {
    let places: HashMap<EntityKey, usize> =
        all.iter().enumerate().map(|(place, def)| (def.key.clone(), place)).collect();
    let place = |key: &EntityKey| places.get(key).copied();
    for (entity, key, spec) in conditions {
        let def = place(&entity).and_then(|place| all.get_mut(place)).map(Arc::make_mut);
        if let Some(field) = def.and_then(|def| def.field_mut(&key)) {
            let declared = field.conditions.as_ref().map(|known| known.declared.clone()).unwrap_or_default();
            field.conditions = Some(Arc::new(ConditionsDef::new(spec, declared)));
        }
    }
    for (entity, id, spec) in rules {
        if let Some(def) = place(&entity).and_then(|place| all.get_mut(place)) {
            Arc::make_mut(def).rules.push(Arc::new(RuleDef::new(id, spec)));
        }
    }
    for def in all.iter_mut().filter(|def| def.fields.iter().any(|field| field.formula.is_some())) {
        formula::put_in_order(Arc::make_mut(def));
    }
}

/// Rules that a plugin declares, ready to be asked.
fn declared_rules(owner: &Owner, rules: Vec<ValidationRule>) -> impl Iterator<Item = Arc<RuleDef>> {
    rules.into_iter().map(|rule| Arc::new(RuleDef::declared(owner.clone(), rule)))
}

/// Adds fields to an entity: those of its own plugin into its main section, the others into a section of their own.
fn add_fields(def: &mut EntityDef, fields: Vec<(FieldKey, Owner, OwnField)>) {
    let mut section = super::Section { key: "own".to_owned(), fields: Vec::new() };
    let mut main = Vec::new();
    for (key, owner, own) in fields {
        let keys = if owner == def.owner && owner.plugin().is_some() { &mut main } else { &mut section.fields };
        keys.push(key.clone());
        if own.unique {
            def.constraints.push(ConstraintDef::of_field(&key));
        }
        def.rules.extend(declared_rules(&owner, own.rules.clone()));
        let part = (own.kind == FieldType::Money).then(|| currency_part(&key, owner.clone(), &own));
        def.add(own.definition(&key, owner));
        if let Some(part) = part {
            keys.push(part.key.clone());
            def.add(part);
        }
    }
    if let Some(first) = def.sections.first_mut() {
        first.fields.extend(main);
    }
    if !section.fields.is_empty() {
        let end = def.sections.len().saturating_sub(1);
        def.sections.insert(Ord::min(1, end), section);
    }
}

/// What a list and a board card show at first, where it was declared.
fn lay_out(def: &mut EntityDef, list: Vec<FieldKey>, card: Vec<FieldKey>) {
    let there = |keys: Vec<FieldKey>, def: &EntityDef| -> Vec<FieldKey> {
        keys.into_iter().filter(|key| def.field(key).is_some()).collect()
    };
    if !list.is_empty() {
        def.list = there(list, def);
    }
    if !card.is_empty() {
        def.card = there(card, def);
    }
}

/// The key under which the currency of an own money field is shown.
pub(super) fn currency_key(money: &str) -> FieldKey {
    FieldKey::new(format!("{money}_currency"))
}

fn currency_part(money: &FieldKey, owner: Owner, of: &OwnField) -> FieldDef {
    let mut part = FieldDef::new("currency", FieldType::Currency);
    part.key = currency_key(money);
    part.storage = Storage::Document(money.clone(), Some(1));
    part.owner = owner;
    part.part_of = Some(money.clone());
    part.system = of.is_computed();
    let named = |(locale, field): (Locale, String)| (locale, text("currency_of", locale).replace("{field}", &field));
    part.label = Some(Labels(of.label.0.clone().into_iter().map(named).collect()));
    part
}

impl OwnField {
    /// Whether nobody writes it.
    pub fn is_computed(&self) -> bool {
        self.formula.is_some() || self.rollup.is_some()
    }

    fn definition(self, key: &FieldKey, owner: Owner) -> FieldDef {
        let mut def = FieldDef::new("", self.kind);
        def.system = self.is_computed();
        def.key = key.clone();
        def.owner = owner;
        def.default = self.default.and_then(|json| Value::from_json(self.kind, &json).ok());
        // `~` stands in no key.
        let place = FieldKey::new(indexed::place_of(key, self.place));
        def.indexed = self.indexed;
        def.moved = self.moved.map(Arc::new);
        def.storage = match self.kind {
            FieldType::Link | FieldType::Links => Storage::Links,
            FieldType::Money => Storage::Document(key.clone(), Some(0)),
            _ => Storage::Document(place, None),
        };
        def.label = Some(self.label);
        if self.rollup.as_ref().is_some_and(|rollup| rollup.op == MeasureOp::Count) {
            // Nothing links to what is new.
            def.default = Some(Value::Integer(0));
        }
        def.rollup = self.rollup.map(Arc::new);
        def.formula = self.formula.map(|text| Arc::new(Formula::kept(self.kind, text, self.decimals)));
        def.required = self.required;
        def.targets = self.targets;
        def.choices = self.choices;
        def.directory = self.directory;
        def.max_length = self.max_length.unwrap_or(def.max_length);
        def.range = self.range;
        if !self.conditions.is_empty() {
            def.conditions = Some(Arc::new(ConditionsDef::new(Conditions::default(), self.conditions)));
        }
        def
    }
}

/// The revision of a tenant's catalogue, 0 before anything was changed.
pub(super) async fn revision(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<i64> {
    let select = Query::select()
        .column("revision")
        .from("catalogue_revision")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .take();
    let row = conn.query_one(&select).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get_by_index(0))?)
}

/// Takes the catalogue for a change: others who change it wait, readers are told by the new revision.
pub(crate) async fn touch(tx: &Tx, tenant: TenantId) -> Result<()> {
    let mut again = OnConflict::column("tenant_id");
    again.value("revision", Expr::col(("catalogue_revision", "revision")).add(1));
    let insert = Query::insert()
        .into_table("catalogue_revision")
        .columns(["tenant_id", "revision"])
        .values_panic([tenant.into(), 1_i64.into()])
        .on_conflict(again)
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Everything of a tenant's own that was not removed.
pub(super) async fn load(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Own> {
    let mut own = Own::default();
    let select = |table: &'static str, columns: &[&'static str]| {
        Query::select()
            .columns(columns.iter().copied())
            .from(table)
            .and_where(Expr::col("tenant_id").eq(tenant.0))
            .and_where(Expr::col("removed_at").is_null())
            .order_by("sort", Order::Asc)
            .order_by("key", Order::Asc)
            .take()
    };
    for row in conn.query_all(&select("entity_definition", &["key", "definition", "plugin"])).await? {
        if let Some(definition) = read(&row, 1)? {
            own.entities.push((row.try_get_by_index::<String>(0)?.into(), owner(&row, 2)?, definition));
        }
    }
    for row in conn.query_all(&select("field_definition", &["entity", "key", "definition", "plugin"])).await? {
        if let Some(definition) = read(&row, 2)? {
            let (entity, key): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            own.fields.push((entity.into(), key.into(), owner(&row, 3)?, definition));
        }
    }
    let directories = directory::load(conn, tenant).await?.into_iter();
    own.directories = Arc::new(directories.filter(Directory::is_changed).collect());
    own.conditions = rules::conditions(conn, tenant).await?;
    own.rules =
        rules::rules(conn, tenant).await?.into_iter().map(|(entity, rule)| (entity, rule.id, rule.rule)).collect();
    Ok(own)
}

/// Every kept definition of a tenant, put away or not.
#[derive(Debug, Default)]
pub(super) struct KeptRows {
    pub entities: Vec<(EntityKey, Kept<OwnEntity>)>,
    pub fields: Vec<(EntityKey, FieldKey, Kept<OwnField>)>,
}

impl KeptRows {
    /// Whether a plugin has something in it.
    pub fn has_any_of(&self, plugin: &str) -> bool {
        let mine = |owner: &Owner| owner.plugin() == Some(plugin);
        self.entities.iter().any(|(_, row)| mine(&row.owner)) || self.fields.iter().any(|(_, _, row)| mine(&row.owner))
    }
}

/// Reads all of them.
pub(super) async fn all(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<KeptRows> {
    let mut rows = KeptRows::default();
    let select = |table: &'static str, columns: &[&'static str]| {
        Query::select()
            .columns(["definition", "removed_at", "plugin"])
            .columns(columns.iter().copied())
            .from(table)
            .and_where(Expr::col("tenant_id").eq(tenant.0))
            .order_by("sort", Order::Asc)
            .take()
    };
    for row in conn.query_all(&select("entity_definition", &["key"])).await? {
        let key: String = row.try_get_by_index(3)?;
        rows.entities.extend(kept(Some(row))?.map(|kept| (key.into(), kept)));
    }
    for row in conn.query_all(&select("field_definition", &["entity", "key"])).await? {
        let (entity, key): (String, String) = (row.try_get_by_index(3)?, row.try_get_by_index(4)?);
        rows.fields.extend(kept(Some(row))?.map(|kept| (entity.into(), key.into(), kept)));
    }
    Ok(rows)
}

/// Whose a definition is.
fn owner(row: &QueryResult, index: usize) -> Result<Owner> {
    let plugin: Option<String> = row.try_get_by_index(index)?;
    Ok(plugin.map_or(Owner::Custom, |plugin| Owner::Plugin(plugin.into())))
}

pub(super) fn read<T: serde::de::DeserializeOwned>(row: &QueryResult, index: usize) -> Result<Option<T>> {
    let json: serde_json::Value = row.try_get_by_index(index)?;
    Ok(match serde_json::from_value(json) {
        Ok(definition) => Some(definition),
        Err(error) => {
            tracing::error!(%error, "a definition of the catalogue is not understood and left out");
            None
        }
    })
}

/// A kept definition.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub definition: T,
    pub removed: bool,
    pub owner: Owner,
}

/// One entity's definition, removed ones too.
pub(super) async fn entity(conn: &impl ConnectionTrait, ctx: &Ctx, key: &str) -> Result<Option<Kept<OwnEntity>>> {
    let select = Query::select()
        .columns(["definition", "removed_at", "plugin"])
        .from("entity_definition")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("key").eq(key))
        .take();
    kept(conn.query_one(&select).await?)
}

/// One field's definition, removed ones too.
pub(super) async fn field(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    entity: &str,
    key: &str,
) -> Result<Option<Kept<OwnField>>> {
    let select = Query::select()
        .columns(["definition", "removed_at", "plugin"])
        .from("field_definition")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("entity").eq(entity))
        .and_where(Expr::col("key").eq(key))
        .take();
    kept(conn.query_one(&select).await?)
}

fn kept<T: serde::de::DeserializeOwned>(row: Option<QueryResult>) -> Result<Option<Kept<T>>> {
    let Some(row) = row else { return Ok(None) };
    let removed = row.try_get_by_index::<Option<i64>>(1)?.is_some();
    let owner = owner(&row, 2)?;
    Ok(read(&row, 0)?.map(|definition| Kept { definition, removed, owner }))
}

/// Keys of a tenant's own entities, or of its own fields of an entity; removed ones too, for no key is used twice. Those
/// of plugins are not among them: they begin otherwise.
pub(super) async fn keys(conn: &impl ConnectionTrait, ctx: &Ctx, entity: Option<&str>) -> Result<Vec<String>> {
    let mut select = Query::select();
    select.column("key").and_where(Expr::col("tenant_id").eq(ctx.tenant.0)).and_where(Expr::col("plugin").is_null());
    match entity {
        Some(entity) => select.from("field_definition").and_where(Expr::col("entity").eq(entity)),
        None => select.from("entity_definition"),
    };
    let rows = conn.query_all(&select).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Writes a new entity.
pub(super) async fn insert_entity(
    tx: &Tx,
    ctx: &Ctx,
    key: &str,
    owner: &Owner,
    own: &OwnEntity,
    sort: i64,
) -> Result<()> {
    let insert = Query::insert()
        .into_table("entity_definition")
        .columns(["id", "tenant_id", "key", "definition", "sort", "created_at", "plugin"])
        .values_panic([
            ctx.id().into(),
            ctx.tenant.into(),
            key.into(),
            serde_json::to_value(own).map_err(kernel::Error::internal)?.into(),
            sort.into(),
            ctx.now().0.into(),
            owner.plugin().into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Writes a new field.
pub(super) async fn insert_field(
    tx: &Tx,
    ctx: &Ctx,
    entity: &str,
    key: &str,
    owner: &Owner,
    own: &OwnField,
    sort: i64,
) -> Result<()> {
    let insert = Query::insert()
        .into_table("field_definition")
        .columns(["id", "tenant_id", "entity", "key", "definition", "sort", "created_at", "plugin"])
        .values_panic([
            ctx.id().into(),
            ctx.tenant.into(),
            entity.into(),
            key.into(),
            serde_json::to_value(own).map_err(kernel::Error::internal)?.into(),
            sort.into(),
            ctx.now().0.into(),
            owner.plugin().into(),
        ])
        .to_owned();
    tx.execute(&insert).await?;
    Ok(())
}

/// Which definition.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    Entity(&'a str),
    Field(&'a str, &'a str),
}

/// Writes a changed definition.
pub(super) async fn save(tx: &Tx, ctx: &Ctx, which: Which<'_>, definition: &impl Serialize) -> Result<()> {
    let json = serde_json::to_value(definition).map_err(kernel::Error::internal)?;
    set(tx, ctx, which, "definition", json.into()).await
}

/// Hides a definition, or shows it again.
pub(super) async fn set_removed(tx: &Tx, ctx: &Ctx, which: Which<'_>, removed: bool) -> Result<()> {
    set(tx, ctx, which, "removed_at", removed.then(|| ctx.now().0).into()).await
}

async fn set(tx: &Tx, ctx: &Ctx, which: Which<'_>, column: &'static str, value: sea_orm::Value) -> Result<()> {
    let mut update = Query::update();
    update.value(column, value).and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    match which {
        Which::Entity(key) => update.table("entity_definition").and_where(Expr::col("key").eq(key)),
        Which::Field(entity, key) => update
            .table("field_definition")
            .and_where(Expr::col("entity").eq(entity))
            .and_where(Expr::col("key").eq(key)),
    };
    tx.execute(&update).await?;
    Ok(())
}
