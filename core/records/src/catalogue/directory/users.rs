//! What names an item of a directory: records, saved views, rules of roles, conditions, formulas. Records and views follow
//! where an item goes; what an administrator has written has to let go first.

use std::collections::BTreeMap;

use kernel::access::AccessRow;
use kernel::db::{ConnectionTrait, Tx};
use kernel::filter::{Filter, Op, Operand, Test};
use kernel::{Ctx, EntityKey, FieldKey, Locale, Result};
use people::role::Role;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::catalogue::{Catalogue, EntityDef, FieldDef, condition, entity_label, field_label};
use crate::read::{Aggregate, GroupBy};
use crate::{Records, read};

/// A field that takes its options from a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// Of this entity.
    pub entity: EntityKey,
    /// Its key.
    pub field: FieldKey,
    /// Whether a record may have several of them.
    pub many: bool,
    /// Its name.
    pub name: String,
}

/// The fields that take their options from a directory.
pub(super) fn bound(catalogue: &Catalogue, directory: &str, locale: Locale) -> Vec<Bound> {
    let mut all = Vec::new();
    for def in catalogue.entities() {
        let fields = def.fields.iter().filter(|field| field.directory.as_deref() == Some(directory));
        all.extend(fields.map(|field| Bound {
            entity: def.key.clone(),
            field: field.key.clone(),
            many: field.kind == kernel::value::FieldType::Choices,
            name: format!("{}: {}", entity_label(def, true, locale), field_label(def, field, locale)),
        }));
    }
    all
}

impl Records {
    /// What names items above records.
    pub(super) async fn named_above(&self, ctx: &Ctx, bound: &[Bound], items: &[String]) -> Result<Vec<Json>> {
        let lookers = self.lookers();
        let mut users = Vec::new();
        for one in bound.iter().filter(|_| !items.is_empty()) {
            for looks in &lookers {
                users.extend(looks.naming(ctx, &one.entity, &one.field, items).await?);
            }
        }
        Ok(users)
    }

    /// Records that have items in the fields, by item, whoever may see them; the recycle bin not counted. Of fields with one
    /// value all items are counted at once.
    pub(super) async fn having(&self, ctx: &Ctx, bound: &[Bound], items: &[String]) -> Result<BTreeMap<String, i64>> {
        let eyes = Ctx::system(ctx.tenant, ctx.zone, ctx.locale, &ctx.env);
        let mut counts: BTreeMap<String, i64> = items.iter().map(|item| (item.clone(), 0)).collect();
        for one in bound.iter().filter(|_| !items.is_empty()) {
            if one.many {
                for (item, count) in &mut counts {
                    let filter = Some(Filter::test(&one.field, Op::Eq, item.as_str()));
                    let query = read::Query { filter, ..read::Query::default() };
                    *count += self.count(&eyes, &one.entity, &query).await?;
                }
                continue;
            }
            let value = Operand::Many(items.iter().map(|item| Operand::One(item.as_str().into())).collect());
            let filter = Some(Filter::Test(Test { field: one.field.to_string(), op: Op::In, value }));
            let query = read::Query { filter, ..read::Query::default() };
            let group_by = vec![GroupBy { field: one.field.to_string(), bucket: None }];
            let ask = Aggregate { query, group_by, measures: Vec::new(), besides: 0 };
            for group in self.aggregate(&eyes, &one.entity, &ask).await? {
                let item = group.group.get(one.field.as_str()).and_then(Json::as_str);
                if let Some(count) = item.and_then(|item| counts.get_mut(item)) {
                    *count += group.values.get("count").and_then(Json::as_i64).unwrap_or(0);
                }
            }
        }
        Ok(counts)
    }
}

/// What administrators have written that names one of the items: `[{kind, key, name}]`.
pub(super) fn named(
    catalogue: &Catalogue,
    roles: &[Role],
    bound: &[Bound],
    items: &[&str],
    locale: Locale,
) -> Vec<Json> {
    let mut users = Vec::new();
    if items.is_empty() {
        return users;
    }
    for one in bound {
        let Some(def) = catalogue.find(&one.entity) else { continue };
        in_texts(def, one, items, locale, &mut users);
        if let Some(field) = def.field(&one.field) {
            in_field(def, field, items, locale, &mut users);
        }
        for other in catalogue.entities() {
            let counting = other.fields.iter().filter(|field| {
                let filter = field.rollup.as_ref().and_then(|rollup| rollup.filter.as_ref());
                filter.is_some_and(|filter| compares(&filter.to_json(), &|name| reaches(name, &one.field), items))
            });
            users.extend(counting.map(|field| user("rollup", &field.key, &label(other, field, locale))));
        }
        let speaks = |row: &AccessRow| {
            let filter = row.filter.as_ref().map(Filter::to_json);
            filter.is_some_and(|filter| compares(&filter, &|name| reaches(name, &one.field), items))
        };
        let speaking = roles.iter().filter(|role| role.rows.iter().any(speaks));
        users.extend(speaking.map(|role| user("role", &role.key, &role.name)));
    }
    users
}

fn user(kind: &str, key: &str, name: &str) -> Json {
    json!({"kind": kind, "key": key, "name": name})
}

fn label(def: &EntityDef, field: &FieldDef, locale: Locale) -> String {
    format!("{}: {}", entity_label(def, true, locale), field_label(def, field, locale))
}

/// Formulas, conditions and rules of the entity that look at the field and quote an item.
fn in_texts(def: &EntityDef, one: &Bound, items: &[&str], locale: Locale, users: &mut Vec<Json>) {
    let quotes = |text: &str| {
        let quoted = |item: &&str| text.contains(&format!("'{item}'")) || text.contains(&format!("\"{item}\""));
        items.iter().any(quoted)
    };
    for field in &def.fields {
        let computed = |text: &str| quotes(text) && condition::names(text, &one.field);
        if field.formula.as_ref().is_some_and(|formula| computed(&formula.text)) {
            users.push(user("formula", &field.key, &label(def, field, locale)));
        }
        let mut texts = field.conditions.iter().flat_map(|conditions| conditions.spec.texts());
        if texts.any(|text| computed(text)) {
            users.push(user("condition", &field.key, &label(def, field, locale)));
        }
    }
    for rule in &def.rules {
        let spec = &rule.spec;
        if spec.names(&one.field) && (quotes(&spec.check) || spec.when.as_deref().is_some_and(quotes)) {
            users.push(json!({"kind": "rule", "key": rule.id, "name": spec.name}));
        }
    }
}

/// The default of the field, and when its options are offered.
fn in_field(def: &EntityDef, field: &FieldDef, items: &[&str], locale: Locale, users: &mut Vec<Json>) {
    let default = field.default.as_ref().map(kernel::Value::to_json);
    let defaults = match &default {
        Some(Json::String(key)) => items.contains(&key.as_str()),
        Some(Json::Array(keys)) => keys.iter().filter_map(Json::as_str).any(|key| items.contains(&key)),
        _ => false,
    };
    if defaults {
        users.push(user("default", &field.key, &label(def, field, locale)));
    }
    let offered = field.conditions.iter().flat_map(|conditions| conditions.spec.options_when.keys());
    if offered.into_iter().any(|key| items.contains(&key.as_str())) {
        users.push(user("condition", &field.key, &label(def, field, locale)));
    }
}

/// Whether a filter may mean a field: by its own key, or across a link.
fn reaches(name: &str, field: &str) -> bool {
    name.rsplit('.').next() == Some(field)
}

/// Whether a filter compares a field with one of the items.
fn compares(filter: &Json, field: &dyn Fn(&str) -> bool, items: &[&str]) -> bool {
    match filter {
        Json::Object(node) => {
            let named = node.get("field").and_then(Json::as_str).is_some_and(field);
            let has = |value: &Json| value.as_str().is_some_and(|key| items.contains(&key));
            let compared = node.get("value").is_some_and(|value| match value {
                Json::Array(values) => values.iter().any(has),
                value => has(value),
            });
            (named && compared)
                || ["and", "or", "not"]
                    .iter()
                    .any(|key| node.get(*key).is_some_and(|part| compares(part, field, items)))
        }
        Json::Array(parts) => parts.iter().any(|part| compares(part, field, items)),
        _ => false,
    }
}

/// Writes what takes the place of items where a filter compares a field with them. Says whether it did.
fn follow(filter: &mut Json, field: &dyn Fn(&str) -> bool, moves: &BTreeMap<String, String>) -> bool {
    match filter {
        Json::Object(node) => {
            let named = node.get("field").and_then(Json::as_str).is_some_and(field);
            let mut changed = false;
            if named && let Some(value) = node.get_mut("value") {
                changed |= replaced(value, moves);
            }
            for key in ["and", "or", "not"] {
                if let Some(part) = node.get_mut(key) {
                    changed |= follow(part, field, moves);
                }
            }
            changed
        }
        Json::Array(parts) => {
            let mut changed = false;
            for part in parts {
                changed |= follow(part, field, moves);
            }
            changed
        }
        _ => false,
    }
}

fn replaced(value: &mut Json, moves: &BTreeMap<String, String>) -> bool {
    match value {
        Json::String(key) => match moves.get(key.as_str()) {
            Some(to) => {
                *key = to.clone();
                true
            }
            None => false,
        },
        Json::Array(values) => {
            let mut changed = false;
            for one in values.iter_mut() {
                changed |= replaced(one, moves);
            }
            if changed {
                let mut kept: Vec<Json> = Vec::with_capacity(values.len());
                for one in values.drain(..) {
                    if !kept.contains(&one) {
                        kept.push(one);
                    }
                }
                *values = kept;
            }
            changed
        }
        _ => false,
    }
}

/// Saved views of everybody name from now on what takes the place of items. Gives how many do.
pub(super) async fn views_follow(
    tx: &Tx,
    ctx: &Ctx,
    catalogue: &Catalogue,
    bound: &[Bound],
    moves: &BTreeMap<String, String>,
) -> Result<usize> {
    if moves.is_empty() || bound.is_empty() {
        return Ok(0);
    }
    let select = Query::select()
        .columns(["id", "entity", "config"])
        .from("record_view")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .take();
    let mut changed = 0_usize;
    for row in tx.query_all(&select).await? {
        let (id, entity): (Uuid, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let mut config: Json = row.try_get_by_index(2)?;
        let means = |name: &str| bound.iter().any(|one| is(catalogue, &entity, name, one));
        if !config.get_mut("filter").is_some_and(|filter| follow(filter, &means, moves)) {
            continue;
        }
        let update = Query::update()
            .table("record_view")
            .value("config", config)
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
            .to_owned();
        tx.execute(&update).await?;
        changed += 1;
    }
    Ok(changed)
}

/// Whether a name in a filter over an entity means a field: its own, or that of what it links to.
fn is(catalogue: &Catalogue, entity: &str, name: &str, one: &Bound) -> bool {
    let Some((link, field)) = name.split_once('.') else { return *one.entity == *entity && *one.field == *name };
    let link = catalogue.find(entity).and_then(|def| def.field(link));
    *one.field == *field && link.is_some_and(|link| link.targets.contains(&one.entity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_follows_where_items_go_and_names_none_twice() {
        let mut filter = json!({"and": [
            {"field": "source", "op": "in", "value": ["web", "x_site", "call"]},
            {"not": {"field": "source", "op": "eq", "value": "x_site"}},
            {"field": "kind", "op": "eq", "value": "x_site"},
        ]});
        let source = |name: &str| name == "source";
        assert!(compares(&filter, &source, &["x_site"]));
        let moves = BTreeMap::from([("x_site".to_owned(), "web".to_owned())]);
        assert!(follow(&mut filter, &source, &moves));
        assert_eq!(filter["and"][0]["value"], json!(["web", "call"]));
        assert_eq!(filter["and"][1]["not"]["value"], "web");
        assert_eq!(filter["and"][2]["value"], "x_site", "another field");
        assert!(!follow(&mut filter, &source, &moves));
        assert!(!compares(&filter, &source, &["x_site"]));
    }
}
