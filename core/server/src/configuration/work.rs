//! Objects compared with what is there, and put in: area by area, each naming only what stands in those before it. What goes, goes at
//! the end, in the opposite order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::FutureExt;
use kernel::db::{ConnectionTrait, Tx};
use kernel::moving::{Area, Moved, Object, Trouble};
use kernel::{Ctx, Error, Locale, Message, Result, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::Serialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::owners;
use crate::state::AppState;

/// The act of an import in the audit log.
pub(super) const IMPORTED: &str = "configuration.imported";
/// Imports of a company that can be taken back.
const KEPT: u64 = 50;

/// An object of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ConfigurationEntry)]
pub struct Entry {
    /// Its area.
    pub area: Area,
    /// Its name there.
    pub key: String,
    /// What it says now; absent: it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub before: Option<Json>,
    /// What it would say; absent: it would go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub after: Option<Json>,
}

/// What stands in the way of an object.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ConfigurationTrouble)]
pub struct Told {
    /// Its area.
    pub area: Area,
    /// Its name there.
    pub key: String,
    /// The part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub part: Option<String>,
    /// For people.
    pub message: String,
    /// Whether nothing is taken in while it stands there; otherwise the object is, without that part.
    pub blocks: bool,
}

/// What taking objects in does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ConfigurationPlan)]
pub struct Plan {
    /// Objects that are not there yet.
    pub create: Vec<Entry>,
    /// Objects that say something else, or go.
    pub change: Vec<Entry>,
    /// Objects that are there as they are.
    pub same: Vec<Entry>,
    /// What objects name and is not there.
    pub missing: Vec<Told>,
    /// What contradicts what is there.
    pub conflicts: Vec<Told>,
    /// Whether it was done.
    pub applied: bool,
    /// Its name in the list of changes, by which it can be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub change_id: Option<Uuid>,
}

impl Plan {
    /// Whether something stands in the way.
    pub fn is_blocked(&self) -> bool {
        self.missing.iter().chain(&self.conflicts).any(|told| told.blocks)
    }

    fn tell(&mut self, troubles: Vec<Trouble>, locale: Locale) {
        for trouble in troubles {
            let told = Told {
                area: trouble.area,
                key: trouble.key,
                part: trouble.part,
                message: trouble.message.in_locale(locale),
                blocks: trouble.blocks,
            };
            if trouble.missing { self.missing.push(told) } else { self.conflicts.push(told) }
        }
    }

    fn changes(&self) -> impl Iterator<Item = &Entry> {
        self.create.iter().chain(&self.change)
    }
}

/// The name of an object, and what it shall say; nothing where it shall go.
type Wanted = (String, Option<Json>);
/// Objects that are wanted.
pub(super) type Given = BTreeMap<Area, Vec<Wanted>>;

/// Everything that a file says.
pub(super) fn given(objects: super::Objects) -> Given {
    let wanted = |object: Object| (object.key, Some(object.spec));
    objects.into_iter().map(|(area, objects)| (area, objects.into_iter().map(wanted).collect())).collect()
}

/// Puts objects in, in one transaction, or only says what that would do. `own`: they are of this very company, and may name its
/// people and records.
///
/// # Errors
/// `config.denied`; conflict `config.import` with the plan where it cannot be done as a whole.
pub(super) async fn put(state: &AppState, ctx: &Ctx, given: Given, dry_run: bool, own: bool) -> Result<Plan> {
    async move {
        let tx = state.db.begin().await?;
        state.records.take_configuration(&tx, ctx).await?;
        let mut plan = Plan::default();
        for area in Area::ALL {
            let objects = given.get(&area).map_or(&[][..], Vec::as_slice);
            let objects: Vec<&Wanted> = objects.iter().filter(|(_, after)| after.is_some()).collect();
            // A new kind of records gets the pipeline that it did not bring.
            if !objects.is_empty() || area == Area::Pipelines {
                put_area(state, &tx, ctx, (area, own), &objects, &mut plan).await?;
            }
        }
        let leaving = leaving(&given);
        for area in Area::ALL.into_iter().rev() {
            let objects = given.get(&area).map_or(&[][..], Vec::as_slice);
            // Fields and pipelines go out of sight with their kind of records, and come back with it.
            let along = |key: &str| {
                let of = key.split('.').next().unwrap_or_default();
                matches!(area, Area::Fields | Area::Pipelines) && leaving.contains(of)
            };
            let gone: Vec<&Wanted> = objects.iter().filter(|(key, after)| after.is_none() && !along(key)).collect();
            if !gone.is_empty() {
                put_area(state, &tx, ctx, (area, own), &gone, &mut plan).await?;
            }
        }
        let idle = plan.changes().next().is_none();
        if dry_run || idle || plan.is_blocked() {
            tx.rollback().await?;
            if plan.is_blocked() && !dry_run {
                return Err(Error::Conflict { code: "config.import", current: Some(json!(plan)) });
            }
            return Ok(plan);
        }
        plan.change_id = Some(keep(&tx, ctx, &plan).await?);
        plan.applied = true;
        tx.commit().await?;
        state.records.forget_catalogue(ctx.tenant);
        state.forget_people();
        Ok(plan)
    }
    .boxed()
    .await
}

/// Kinds of records that shall go.
fn leaving(given: &Given) -> BTreeSet<&str> {
    let entities = given.get(&Area::Entities).into_iter().flatten();
    entities.filter(|(_, after)| after.is_none()).map(|(key, _)| key.as_str()).collect()
}

async fn put_area(
    state: &AppState,
    tx: &Tx,
    ctx: &Ctx,
    (area, own): (Area, bool),
    objects: &[&Wanted],
    plan: &mut Plan,
) -> Result<()> {
    let found = owners::gather(state, tx, ctx, area).await?;
    let mut held: BTreeSet<String> = found.left_out.into_iter().map(|(key, _)| key).collect();
    let mut known: HashMap<String, Json> = found.objects.into_iter().map(|object| (object.key, object.spec)).collect();
    for object in found.held.into_iter().filter(|_| own) {
        held.remove(&object.key);
        known.insert(object.key, object.spec);
    }
    let mut wanted = Vec::new();
    let entities = match area {
        Area::Roles => records::rules::keys_of(&state.records.drawn_from(tx, ctx.tenant).await?),
        _ => BTreeSet::new(),
    };
    for (key, after) in objects {
        let mut moved = Moved { area, key: key.clone(), before: known.remove(key), after: after.clone(), own };
        if held.contains(key) {
            plan.tell(vec![in_the_way(&moved)], ctx.locale);
            continue;
        }
        if area == Area::Processes && moved.after.is_none() {
            // It may have run meanwhile.
            plan.tell(vec![Trouble::skipped(&moved, "xml", Message::key("configuration.process_stays"))], ctx.locale);
            continue;
        }
        if area == Area::Roles {
            let (fitted, troubles) = people::moving::fitted(&moved, &entities)?;
            moved.after = fitted;
            plan.tell(troubles, ctx.locale);
        }
        let entry = Entry { area, key: key.clone(), before: moved.before.clone(), after: moved.after.clone() };
        match (&moved.before, &moved.after) {
            (before, after) if before == after => {
                plan.same.push(Entry { before: None, after: None, ..entry });
                continue;
            }
            (None, Some(_)) => plan.create.push(entry),
            _ => plan.change.push(entry),
        }
        wanted.push(moved);
    }
    if !wanted.is_empty() || area == Area::Pipelines {
        let troubles = owners::put(state, tx, ctx, area, &wanted).await?;
        plan.tell(troubles, ctx.locale);
    }
    Ok(())
}

/// There is one of this name that names people or records, or is there twice: it is not overwritten.
fn in_the_way(moved: &Moved) -> Trouble {
    Trouble {
        area: moved.area,
        key: moved.key.clone(),
        missing: false,
        blocks: true,
        part: None,
        message: Message::key("configuration.in_the_way"),
    }
}

/// Keeps what was changed; the name of the change.
async fn keep(tx: &Tx, ctx: &Ctx, plan: &Plan) -> Result<Uuid> {
    let id = ctx.id();
    let changes: Vec<&Entry> = plan.changes().collect();
    let insert = Query::insert()
        .into_table("configuration_import")
        .columns(["id", "tenant_id", "changes", "created_at"])
        .values_panic([id.into(), ctx.tenant.into(), json!(changes).into(), ctx.now().0.into()])
        .to_owned();
    tx.execute(&insert).await?;
    forget_old(tx, ctx).await?;
    let detail = json!({"created": plan.create.len(), "changed": plan.change.len()});
    audit::record(tx, ctx, IMPORTED, &id.to_string(), detail).await?;
    Ok(id)
}

async fn forget_old(tx: &Tx, ctx: &Ctx) -> Result<()> {
    let mut select = Query::select();
    select.column("id").from("configuration_import").and_where(Expr::col("tenant_id").eq(ctx.tenant.0));
    select.order_by("created_at", Order::Desc).order_by("id", Order::Desc).offset(KEPT).limit(KEPT);
    let rows = tx.query_all(&select).await?;
    let old: Vec<Uuid> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    if old.is_empty() {
        return Ok(());
    }
    let delete = Query::delete().from_table("configuration_import").and_where(Expr::col("id").is_in(old)).to_owned();
    tx.execute(&delete).await?;
    Ok(())
}

/// What an import changed, turned round: as the objects were before it; none where it is not kept any more.
pub(super) async fn reversed(state: &AppState, ctx: &Ctx, id: Uuid) -> Result<Option<Given>> {
    let select = Query::select()
        .column("changes")
        .from("configuration_import")
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .take();
    let Some(row) = state.db.read().query_one(&select).await? else { return Ok(None) };
    let changes: Vec<Change> = serde_json::from_value(row.try_get_by_index::<Json>(0)?).map_err(Error::internal)?;
    let mut given = Given::new();
    for change in changes {
        given.entry(change.area).or_default().push((change.key, change.before.map(kernel::moving::sorted)));
    }
    Ok(Some(given))
}

/// An object of a kept import.
#[derive(Debug, serde::Deserialize)]
struct Change {
    area: Area,
    key: String,
    #[serde(default)]
    before: Option<Json>,
}
