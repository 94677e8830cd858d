//! Everything that a plugin's records and fields hold in a company, whether the plugin runs or not: to be kept before it is
//! removed for good. Read page by page in the order of ids, records of the recycle bin among them.

use std::collections::BTreeMap;

use kernel::db::ConnectionTrait;
use kernel::value::FieldType;
use kernel::{Ctx, EntityKey, FieldKey, Locale, RecordId, Result};
use sea_orm::sea_query::{Expr, ExprTrait, Order};
use serde_json::{Map, Value as Json, json};

use crate::catalogue::choice_label;
use crate::catalogue::store::{self, Own, OwnEntity, OwnField, Standing};
use crate::read::{self, Row};
use crate::references::{DEPARTMENT_KEY, USER};
use crate::{Catalogue, FieldDef, Record, Records};

/// Records of a page.
const PAGE: u64 = 500;

/// What a plugin has declared in a company, in any version.
#[derive(Debug)]
pub struct Holdings {
    catalogue: Catalogue,
    parts: Vec<Part>,
}

/// An entity of the plugin, or its fields on one of the product.
#[derive(Debug, Clone)]
struct Part {
    entity: EntityKey,
    /// None: all of them.
    fields: Option<Vec<FieldKey>>,
}

/// A part as a sheet, in the words of its reader.
#[derive(Debug)]
pub struct Sheet {
    /// What its records are called.
    pub name: String,
    /// Its fields.
    pub columns: Vec<SheetColumn>,
}

/// A field of a sheet.
#[derive(Debug)]
pub struct SheetColumn {
    /// Its key in records.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// Its type.
    pub kind: FieldType,
    /// What it may point to.
    pub targets: Vec<String>,
    /// What its choices are called, by key.
    pub choices: BTreeMap<String, String>,
}

/// A page of what it holds.
#[derive(Debug)]
pub struct Page {
    /// An object each.
    pub rows: Vec<Json>,
    /// Where the next page begins; none at the end.
    pub next: Option<RecordId>,
}

impl Holdings {
    /// How many parts there are.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// What a part is: its entity with the definitions of the fields in it.
    pub fn part(&self, index: usize) -> Option<Json> {
        let part = self.parts.get(index)?;
        let def = self.catalogue.find(&part.entity)?;
        let field = |key: &FieldKey| {
            let field = def.field(key)?;
            let label = field.label.as_ref().map(|label| &label.0);
            Some(json!({ "key": key, "type": field.kind.name(), "label": label }))
        };
        let keys = part.fields.clone().unwrap_or_else(|| def.fields.iter().map(|field| field.key.clone()).collect());
        let fields: Vec<Json> = keys.iter().filter_map(field).collect();
        Some(json!({ "entity": part.entity, "own": part.fields.is_none(), "fields": fields }))
    }

    /// A part as a sheet.
    pub fn sheet(&self, index: usize, locale: Locale) -> Option<Sheet> {
        let part = self.parts.get(index)?;
        let def = self.catalogue.find(&part.entity)?;
        let fields: Vec<&FieldDef> = match &part.fields {
            None => def.fields.iter().collect(),
            Some(keys) => keys.iter().filter_map(|key| def.field(key)).collect(),
        };
        let column = |field: &FieldDef| SheetColumn {
            key: field.key.to_string(),
            label: self.catalogue.field_name(&part.entity, &field.key, locale),
            kind: field.kind,
            targets: match field.kind {
                FieldType::User => vec![USER.to_owned()],
                FieldType::Department => vec![DEPARTMENT_KEY.to_owned()],
                _ => field.targets.iter().map(ToString::to_string).collect(),
            },
            choices: field
                .choices
                .iter()
                .map(|choice| (choice.key.clone(), choice_label(def, field, choice, locale)))
                .collect(),
        };
        let columns = fields.into_iter().map(column).collect();
        Some(Sheet { name: self.catalogue.entity_name(&part.entity, locale), columns })
    }
}

impl Records {
    /// What a plugin has declared in the company, put away or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holdings(&self, ctx: &Ctx, plugin: &str) -> Result<Holdings> {
        let kept = store::all(self.db().read(), ctx.tenant).await?;
        let mut own = Own::default();
        let mut parts: Vec<Part> = Vec::new();
        for (key, row) in kept.entities.into_iter().filter(|(_, row)| row.owner.plugin() == Some(plugin)) {
            let definition = OwnEntity { standing: Standing::default(), ..row.definition };
            parts.push(Part { entity: key.clone(), fields: None });
            own.entities.push((key, row.owner, definition));
        }
        for (entity, key, row) in kept.fields {
            let mine = row.owner.plugin() == Some(plugin);
            // What the company has added to an entity of the plugin goes with it.
            let beside = parts.iter().any(|part| part.entity == entity && part.fields.is_none());
            if !mine && !beside {
                continue;
            }
            if !beside {
                let keys = match parts.iter_mut().find(|part| part.entity == entity) {
                    Some(part) => &mut part.fields,
                    None => {
                        parts.push(Part { entity: entity.clone(), fields: Some(Vec::new()) });
                        let Some(part) = parts.last_mut() else { continue };
                        &mut part.fields
                    }
                };
                let money = row.definition.kind == FieldType::Money;
                let part = money.then(|| store::currency_key(&key));
                keys.get_or_insert_default().extend(std::iter::once(key.clone()).chain(part));
            }
            own.fields.push((entity, key, row.owner, OwnField { standing: Standing::default(), ..row.definition }));
        }
        let core = Catalogue::core();
        let catalogue = Catalogue::new(0, Default::default(), own.applied_to(core.entities()));
        Ok(Holdings { catalogue, parts })
    }

    /// A page of a part: whole records of an entity of the plugin; of the product's those that have a value in a field of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn held(&self, ctx: &Ctx, holdings: &Holdings, index: usize, after: Option<RecordId>) -> Result<Page> {
        let none = Page { rows: Vec::new(), next: None };
        let Some(part) = holdings.parts.get(index) else { return Ok(none) };
        let Some(def) = holdings.catalogue.find(&part.entity) else { return Ok(none) };
        let row = match &part.fields {
            None => Row::whole(def),
            Some(keys) => Row::of(def, keys.iter().filter_map(|key| def.field(key)).collect()),
        };
        let conn = self.db().read();
        let mut select = row.select();
        def.own(&mut select, ctx.tenant);
        if let Some(after) = after {
            select.and_where(Expr::col((def.table, "id")).gt(after));
        }
        select.order_by((def.table, "id"), Order::Asc).limit(PAGE);
        let found = conn.query_all(&select).await?;
        let mut records = found.iter().map(|line| row.decode(line)).collect::<Result<Vec<_>>>()?;
        let whole = u64::try_from(records.len()).is_ok_and(|count| count == PAGE);
        let next = records.last().filter(|_| whole).map(|record| record.id);
        read::fill_links(conn, ctx, def, &row, &mut records).await?;
        let rows = records.into_iter().filter_map(|record| told(record, part.fields.is_some())).collect();
        Ok(Page { rows, next })
    }
}

/// A record as a line; none of those that hold nothing, where only some fields are asked for.
fn told(record: Record, only_filled: bool) -> Option<Json> {
    let filled = record.fields.iter().filter(|(_, value)| !value.is_empty());
    let fields: Map<String, Json> = filled.map(|(key, value)| (key.to_string(), value.to_json())).collect();
    if only_filled && fields.is_empty() {
        return None;
    }
    Some(json!({ "entity": record.entity, "id": record.id, "version": record.version, "fields": fields }))
}
