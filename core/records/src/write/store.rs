//! The SQL of the pipeline: rows, links, communications, stage transitions, events, and the second look at rights.

use std::collections::{BTreeSet, HashSet};

use kernel::access::{Action, Scope};
use kernel::db::{ConnectionTrait, Tx};
use kernel::event::{self, NewEvent};
use kernel::filter::{DOCUMENT, Storage};
use kernel::phone::{self, Country};
use kernel::value::FieldType;
use kernel::{Ctx, RecordId, Result, Value, words};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict, Order, Query, UpdateStatement};
use serde_json::{Map, Value as Json, json};

use super::derive::search_text;
use super::insert::Inserts;
use super::{Operation, PendingChange, WriteOptions};
use crate::Catalogue;
use crate::catalogue::EntityDef;
use crate::read::{Row, in_document};
use crate::search::{self, Forms};
use crate::shape::Asker;
use crate::totals;

/// Bookkeeping that history does not repeat: each event has its own time and actor.
const SILENT: [&str; 3] = ["updated_at", "last_activity_at", "editor"];

/// How storing went.
pub(super) struct Stored {
    /// Records that somebody else changed first; nothing was written for them.
    pub lost: HashSet<RecordId>,
}

/// Whether a change would write anything beside its own bookkeeping.
pub(crate) fn differs(change: &PendingChange) -> bool {
    change.changed().any(|field| !SILENT.contains(&field.key.as_str()))
}

/// Writes the changes into the transaction.
pub(super) async fn write(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    home: Option<Country>,
    changes: &mut [&mut PendingChange],
    options: &WriteOptions,
) -> Result<Stored> {
    number(tx, ctx, def, changes).await?;
    insert_rows(tx, ctx, def, changes).await?;
    let mut lost = HashSet::new();
    for change in changes.iter().filter(|c| c.operation != Operation::Create) {
        if tx.execute(&update_row(tx, ctx, def, change)).await?.rows_affected() != 1 {
            lost.insert(change.id);
        }
    }
    let kept: Vec<&PendingChange> = changes.iter().map(|c| &**c).filter(|c| !lost.contains(&c.id)).collect();
    around(tx, ctx, def, home, &kept, options).await?;
    let events = kept.iter().map(|change| NewEvent {
        kind: format!("{}.{}", def.key, change.operation.past()),
        entity: &def.key,
        record: change.id.0,
        version: change.version + 1,
        changes: Json::Object(differences(change)),
    });
    event::append(tx, ctx, options.batch, events.collect()).await?;
    Ok(Stored { lost })
}

/// Writes formulas that were computed anew; gives the records that somebody else changed first.
pub(crate) async fn computed(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    home: Option<Country>,
    changes: &mut [&mut PendingChange],
) -> Result<HashSet<RecordId>> {
    Ok(write(tx, ctx, def, home, changes, &WriteOptions::default()).await?.lost)
}

/// Writes one change of a record that the caller keeps from others, without an event.
pub(super) async fn write_kept(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    home: Option<Country>,
    change: &mut PendingChange,
    options: &WriteOptions,
) -> Result<()> {
    if change.operation == Operation::Create {
        number(tx, ctx, def, &mut [&mut *change]).await?;
        insert_rows(tx, ctx, def, &[&mut *change]).await?;
    } else {
        tx.later(&update_row(tx, ctx, def, change)).await?;
    }
    around(tx, ctx, def, home, &[&*change], options).await
}

/// Writes the event of a change, of a kind of its own and with more in it than the record's fields.
pub(super) async fn tell(
    tx: &Tx,
    ctx: &Ctx,
    change: &PendingChange,
    kind: Option<&str>,
    more: Map<String, Json>,
    options: &WriteOptions,
) -> Result<()> {
    let def = &change.entity;
    let mut changes = differences(change);
    changes.extend(more);
    let event = NewEvent {
        kind: kind.map_or_else(|| format!("{}.{}", def.key, change.operation.past()), str::to_owned),
        entity: &def.key,
        record: change.id.0,
        version: change.version + 1,
        changes: Json::Object(changes),
    };
    Ok(event::append(tx, ctx, options.batch, vec![event]).await?)
}

/// What is kept beside the rows.
async fn around(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    home: Option<Country>,
    changes: &[&PendingChange],
    options: &WriteOptions,
) -> Result<()> {
    let worded: Vec<(&PendingChange, Forms<'_>)> = changes
        .iter()
        .filter(|change| search::changes(change))
        .map(|change| (*change, search::forms(def, &change.after, home)))
        .collect();
    communications(tx, ctx, def, &worded).await?;
    links(tx, ctx, def, changes).await?;
    transitions(tx, ctx, def, changes, options).await?;
    let document = |(change, forms): &(&PendingChange, Forms<'_>)| {
        (change.id, search::document(def, &change.after, number_of(change), forms))
    };
    let documents = search::keep(ctx, def, tx.get_database_backend(), worded.iter().map(document).collect());
    for insert in totals::differences(ctx, def, changes).into_iter().chain(documents) {
        tx.later(&insert).await?;
    }
    Ok(())
}

async fn number(tx: &Tx, ctx: &Ctx, def: &EntityDef, changes: &mut [&mut PendingChange]) -> Result<()> {
    let created = changes.iter().filter(|c| c.operation == Operation::Create).count();
    if created == 0 {
        return Ok(());
    }
    let first = tx.reserve(ctx.tenant, &def.key, i64::try_from(created).unwrap_or(i64::MAX)).await?;
    let new = changes.iter_mut().filter(|c| c.operation == Operation::Create);
    for (number, change) in (first..).zip(new) {
        change.after.insert("number".into(), Value::Integer(number));
    }
    Ok(())
}

fn number_of(change: &PendingChange) -> i64 {
    if let Some(Value::Integer(number)) = change.after.get("number") { *number } else { 0 }
}

async fn insert_rows(tx: &Tx, ctx: &Ctx, def: &EntityDef, changes: &[&mut PendingChange]) -> Result<()> {
    let row = Row::whole(def);
    let mut insert = Query::insert();
    let shared = def.is_shared().then_some("entity");
    let first = ["id", "tenant_id", "version", "search"].into_iter().chain(shared);
    insert.into_table(def.table).columns(first.chain(row.columns()));
    let mut rows = Inserts::new(tx, insert);
    for change in changes.iter().filter(|c| c.operation == Operation::Create) {
        let search = search_text(def, &change.after, number_of(change));
        let mut cells: Vec<Expr> = vec![change.id.into(), ctx.tenant.0.into(), 1_i64.into(), search.into()];
        cells.extend(shared.map(|_| Expr::val(def.key.as_str())));
        cells.extend(row.cells(&change.after));
        rows.add(cells).await?;
    }
    rows.send().await
}

/// Writes what differs, unless the version has moved on.
fn update_row(tx: &Tx, ctx: &Ctx, def: &EntityDef, change: &PendingChange) -> UpdateStatement {
    let mut update = Query::update();
    update.table(def.table).value("version", change.version + 1);
    let mut searchable = false;
    let mut document = Vec::new();
    for field in change.changed() {
        match &field.storage {
            Storage::Column(column) => {
                let value = def.value_of(&change.after, field);
                update.value(Alias::new(*column), value.to_cell(field.kind));
            }
            Storage::Document(..) => document.push(def.money_of(field).unwrap_or(field)),
            Storage::Links | Storage::Stages => {}
        }
        searchable |= field.kind == FieldType::Text || field.kind.is_multi();
    }
    // What is written is in the new place alone: an emptied field must not be read from the old one.
    let old = document.iter().filter_map(|field| Some((field.moved.as_ref()?.from.to_string(), Json::Null)));
    let old: Vec<_> = old.collect();
    let document = document.into_iter().filter_map(|field| in_document(field, &change.after));
    let document: Vec<_> = document.chain(old).collect();
    if !document.is_empty() {
        update.value(DOCUMENT, with_members(document, tx.get_database_backend()));
    }
    if searchable {
        update.value("search", search_text(def, &change.after, number_of(change)));
    }
    update
        .and_where(Expr::col("id").eq(change.id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("version").eq(change.version));
    update
}

/// The document with some members changed: what else is in it (of fields that were removed, or that another node knows)
/// stays.
pub(crate) fn with_members(members: Vec<(String, Json)>, backend: DbBackend) -> Expr {
    let mut document = match backend {
        DbBackend::Sqlite => Expr::cust_with_exprs("coalesce(?, '{}')", [Expr::col(DOCUMENT)]),
        _ => Expr::cust_with_exprs("coalesce($1, '{}'::jsonb)", [Expr::col(DOCUMENT)]),
    };
    for (key, value) in members {
        let value = Some(value).filter(|value| *value != Json::Null);
        document = match (backend, value) {
            (DbBackend::Sqlite, Some(value)) => {
                let path = Expr::val(format!("$.{key}"));
                Expr::cust_with_exprs("json_set(?, ?, json(?))", [document, path, Expr::val(value.to_string())])
            }
            (DbBackend::Sqlite, None) => {
                Expr::cust_with_exprs("json_remove(?, ?)", [document, Expr::val(format!("$.{key}"))])
            }
            (_, Some(value)) => Expr::cust_with_exprs("($1 || $2)", [document, Expr::val(json!({ (key): value }))]),
            (_, None) => Expr::cust_with_exprs("($1 - $2)", [document, Expr::val(key).cast_as("text")]),
        };
    }
    document
}

/// Keeps the searchable forms of phones, addresses and accounts.
async fn communications(tx: &Tx, ctx: &Ctx, def: &EntityDef, changes: &[(&PendingChange, Forms<'_>)]) -> Result<()> {
    let mut insert = Query::insert();
    insert.into_table("communication").columns(["tenant_id", "entity", "record_id", "field", "value"]);
    let mut rows = Inserts::new(tx, insert);
    for (change, forms) in changes {
        for field in change.changed().filter(|field| field.kind.is_multi()) {
            if change.operation != Operation::Create {
                let delete = Query::delete()
                    .from_table("communication")
                    .and_where(Expr::col("record_id").eq(change.id))
                    .and_where(Expr::col("field").eq(field.key.as_str()))
                    .to_owned();
                tx.later(&delete).await?;
            }
            for form in forms.iter().filter(|(of, _)| of.key == field.key).flat_map(|(_, forms)| forms) {
                rows.add(vec![
                    ctx.tenant.0.into(),
                    def.key.as_str().into(),
                    change.id.into(),
                    field.key.as_str().into(),
                    form.as_str().into(),
                ])
                .await?;
            }
        }
    }
    rows.send().await
}

/// The forms of a communication that are compared: numbers of phones, the folded text of the rest.
pub(crate) fn searchable(kind: FieldType, value: &str, home: Option<Country>) -> BTreeSet<String> {
    if kind == FieldType::Phones { phone::cells(value, home) } else { [words::folded(&words::address(value))].into() }
}

async fn links(tx: &Tx, ctx: &Ctx, def: &EntityDef, changes: &[&PendingChange]) -> Result<()> {
    for field in def.fields.iter().filter(|field| field.storage == Storage::Links) {
        for change in changes.iter().filter(|change| change.changes(&field.key)) {
            let delete = Query::delete()
                .from_table("record_link")
                .and_where(Expr::col("record_id").eq(change.id))
                .and_where(Expr::col("field").eq(field.key.as_str()))
                .to_owned();
            tx.later(&delete).await?;
            let targets = match change.after.get(&field.key) {
                Some(Value::Ids(targets)) => targets.as_slice(),
                Some(Value::Id(target)) => std::slice::from_ref(target),
                _ => continue,
            };
            let mut insert = Query::insert();
            insert.into_table("record_link").columns([
                "tenant_id",
                "entity",
                "record_id",
                "field",
                "target_id",
                "sort",
            ]);
            for (sort, target) in (0_i64..).zip(targets) {
                insert.values_panic([
                    ctx.tenant.0.into(),
                    def.key.as_str().into(),
                    change.id.into(),
                    field.key.as_str().into(),
                    (*target).into(),
                    sort.into(),
                ]);
            }
            if !targets.is_empty() {
                insert.on_conflict(OnConflict::new().do_nothing().to_owned());
                tx.later(&insert).await?;
            }
        }
    }
    Ok(())
}

/// Entering a stage is a row; leaving it closes the row.
async fn transitions(
    tx: &Tx,
    ctx: &Ctx,
    def: &EntityDef,
    changes: &[&PendingChange],
    options: &WriteOptions,
) -> Result<()> {
    if !def.staged {
        return Ok(());
    }
    let mut insert = Query::insert();
    insert.into_table("stage_transition").columns([
        "tenant_id",
        "entity",
        "record_id",
        "pipeline_id",
        "stage",
        "from_stage",
        "entered_at",
        "entered_by",
        "comment",
    ]);
    let mut any = false;
    for change in changes.iter().filter(|change| change.changes("stage")) {
        let text = |fields: Option<&kernel::Fields>| fields.and_then(|f| f.get("stage")?.as_text().map(str::to_owned));
        if change.before.is_some() {
            let leave = Query::update()
                .table("stage_transition")
                .value("left_at", ctx.now().0)
                .and_where(Expr::col("record_id").eq(change.id))
                .and_where(Expr::col("left_at").is_null())
                .to_owned();
            tx.later(&leave).await?;
        }
        any = true;
        insert.values_panic([
            ctx.tenant.0.into(),
            def.key.as_str().into(),
            change.id.into(),
            change.after.get("pipeline").and_then(Value::as_id).unwrap_or_default().into(),
            text(Some(&change.after)).unwrap_or_default().into(),
            text(change.before.as_ref()).into(),
            ctx.now().0.into(),
            ctx.user().map(|u| u.0).into(),
            options.comment.clone().into(),
        ]);
    }
    if any {
        tx.later(&insert).await?;
    }
    Ok(())
}

/// `{field: [before, after]}` of everything that differs.
fn differences(change: &PendingChange) -> Map<String, Json> {
    let def = &change.entity;
    let mut changes = Map::new();
    for field in change.changed().filter(|field| !SILENT.contains(&field.key.as_str())) {
        let json = |image: &kernel::Fields| def.value_of(image, field).to_json();
        let before = change.before.as_ref().map_or(Json::Null, json);
        changes.insert(field.key.to_string(), json!([before, json(&change.after)]));
    }
    changes
}

/// Records whose new image is outside of what the writer may write: nobody puts a record out of their own reach, or
/// into somebody else's, by changing it.
pub(super) async fn outside_rights(
    tx: &Tx,
    catalogue: &Catalogue,
    ctx: &Ctx,
    def: &EntityDef,
    changes: impl Iterator<Item = &PendingChange>,
) -> Result<HashSet<RecordId>> {
    let mut outside = HashSet::new();
    let mut by_action: [(Action, Vec<RecordId>); 2] = [(Action::Create, Vec::new()), (Action::Update, Vec::new())];
    for change in changes {
        match change.operation {
            Operation::Create => by_action[0].1.push(change.id),
            Operation::Update => by_action[1].1.push(change.id),
            Operation::Delete | Operation::Restore => {}
        }
    }
    for (action, ids) in by_action {
        if ids.is_empty() || ctx.rights.scope(&def.key, action) == Scope::All {
            continue;
        }
        let asker = Asker::new(catalogue, ctx, tx.get_database_backend());
        let allowed = asker.allowed(def, action);
        let mut select = Query::select();
        select.column((def.table, "id")).from(def.table);
        select.and_where(Expr::col((def.table, "id")).is_in(ids.iter().copied()));
        def.own(&mut select, ctx.tenant);
        if let Some(allowed) = allowed {
            select.and_where(allowed);
        }
        select.order_by((def.table, "id"), Order::Asc);
        let mut inside = HashSet::new();
        for row in tx.query_all(&select).await? {
            inside.insert(row.try_get_by_index::<RecordId>(0)?);
        }
        outside.extend(ids.into_iter().filter(|id| !inside.contains(id)));
    }
    Ok(outside)
}
