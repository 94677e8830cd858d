//! Gates: a module can be on for some departments alone, with those below them. For everybody else it does not exist.
//!
//! What does not exist for a person is put into their rights when a request or a job asks who they are (`people::identity`);
//! here it is worked out. The gate belongs to what a company has of a plugin (`plugin_tenant`), so a plugin that this node
//! cannot load is closed all the same, and asking never compiles anything. A department that was removed lets nobody in:
//! a gate that names only such is closed to everybody, until an administrator names others.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kernel::access::Closed;
use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::event::{self, Event, NewEvent};
use kernel::kept::Kept;
use kernel::{Ctx, Db, DepartmentId, Error, Result, TenantId, UserId, audit};
use people::identity::Gates;
use people::{department, require_admin, staff};
use records::catalogue::Labels;
use records::{Catalogue, Records};
use serde_json::json;
use uuid::Uuid;

use crate::PluginHost;
use crate::registry::store::{self, TenantRow};
use crate::registry::{Registry, TenantPlugins};

/// The departments that a module is on for, those below them too; nothing: for everybody.
pub type Gate = Option<BTreeSet<Uuid>>;

/// What happens when a gate is changed.
pub const CHANGED: &str = "gate.changed";
/// What stands for its entity.
const ENTITY: &str = "gate";
/// Departments that a gate names at most.
const MAX_NAMED: usize = 1_000;
/// Sets of closed modules that are kept at most.
const MAX_KEPT: usize = 2_000;

/// What tells one gate from another, for whoever changes what they have seen.
pub(crate) fn version(gate: &Gate) -> String {
    let text = json!(gate).to_string();
    kernel::id::derived(&text).simple().to_string()
}

/// Whether somebody in these departments (their own and those above it) is inside.
pub(crate) fn lets_in(gate: &Gate, within: &[DepartmentId]) -> bool {
    gate.as_ref().is_none_or(|named| within.iter().any(|department| named.contains(&department.0)))
}

/// What is closed where these modules are, by the names of the modules, with the catalogue it was read from.
type KeptClosed = Kept<(TenantId, BTreeSet<String>), (Arc<Catalogue>, Arc<Closed>)>;

/// Works out what is closed to whom; cheap to clone.
#[derive(Clone)]
pub(crate) struct GateKeeper {
    registry: Registry,
    records: Records,
    kept: Arc<KeptClosed>,
}

impl GateKeeper {
    pub(crate) fn new(registry: &Registry, records: &Records) -> Self {
        Self { registry: registry.clone(), records: records.clone(), kept: Arc::new(Kept::of(MAX_KEPT)) }
    }

    /// The gate of a module; nothing where the company does not run it.
    pub(crate) async fn of(&self, tenant: TenantId, plugin: &str) -> Result<Option<Gate>> {
        let row = store::in_tenant(self.records.db().read(), tenant, plugin).await?;
        Ok(row.filter(|row| row.enabled).map(|row| row.departments))
    }

    /// Says whom a module is on for; who may is judged by the caller.
    ///
    /// # Errors
    /// `NotFound` when the tenant never enabled it; `plugin.gate_invalid` naming a department that is not there; `Conflict` where
    /// it is on for others than the caller has `seen`.
    pub(crate) async fn set(&self, ctx: &Ctx, plugin: &str, gate: &Gate, seen: Option<&str>) -> Result<()> {
        let tx = self.records.db().begin().await?;
        let found = store::in_tenant(&tx, ctx.tenant, plugin).await?;
        let mut row = found.ok_or_else(|| Error::NotFound(format!("plugin {plugin} in this company")))?;
        if seen.is_some_and(|seen| seen != version(&row.departments)) {
            return Err(Error::Conflict { code: "plugin.gate_changed", current: None });
        }
        if row.departments != *gate {
            change(&tx, ctx, &mut row, gate).await?;
            store::put_tenant(&tx, ctx.tenant, &row, ctx.now()).await?;
            store::touch(&tx).await?;
        }
        tx.commit().await?;
        self.registry.changed();
        Ok(())
    }

    /// What the company runs: id, titles, version and gate of each; of what this node cannot load the id stands for the title.
    pub(crate) async fn modules(&self, ctx: &Ctx) -> Result<Vec<(String, String, String, Gate)>> {
        let running = self.registry.tenant(ctx.tenant).await?;
        let rows = store::of_tenant(self.records.db().read(), ctx.tenant).await?;
        let title = |id: &str| {
            let found = running.running().iter().find(|plugin| plugin.id() == id);
            found.map_or_else(|| id.to_owned(), |plugin| plugin.manifest().title.in_locale(ctx.locale).to_owned())
        };
        let rows = rows.into_iter().filter(|row| row.enabled);
        Ok(rows.map(|row| (row.plugin.clone(), title(&row.plugin), row.version, row.departments)).collect())
    }

    /// What the company runs, as it stands on this node.
    pub(crate) async fn plugins(&self, tenant: TenantId) -> Result<Arc<TenantPlugins>> {
        self.registry.tenant(tenant).await
    }

    /// Whether any module of the company has a gate.
    pub(crate) async fn any(&self, tenant: TenantId) -> Result<bool> {
        Ok(!self.registry.gates(tenant).await?.is_empty())
    }
}

#[async_trait::async_trait]
impl Gates for GateKeeper {
    async fn closed(&self, tenant: TenantId, within: &[DepartmentId]) -> Result<Option<Arc<Closed>>> {
        let gates = self.registry.gates(tenant).await?;
        let shut = gates.iter().filter(|(_, gate)| !lets_in(gate, within));
        let modules: BTreeSet<String> = shut.map(|(plugin, _)| plugin.clone()).collect();
        if modules.is_empty() {
            return Ok(None);
        }
        let catalogue = self.records.catalogue(tenant).await?;
        let key = (tenant, modules);
        if let Some((_, (of, closed))) = self.kept.get(&key)
            && Arc::ptr_eq(&of, &catalogue)
        {
            return Ok(Some(closed));
        }
        let closed = Arc::new(brought(&catalogue, &key.1));
        self.kept.put(self.kept.moment(), key, self.records.env().now(), (catalogue, Arc::clone(&closed)));
        Ok(Some(closed))
    }
}

/// What some modules have brought into a catalogue.
fn brought(catalogue: &Catalogue, modules: &BTreeSet<String>) -> Closed {
    let of_them = |owner: &records::catalogue::Owner| owner.plugin().is_some_and(|plugin| modules.contains(plugin));
    let mut closed = Closed { modules: modules.clone(), ..Closed::default() };
    for def in catalogue.entities() {
        if of_them(&def.owner) {
            closed.entities.insert(def.key.to_string());
            continue;
        }
        let fields: BTreeSet<String> =
            def.fields.iter().filter(|field| of_them(&field.owner)).map(|field| field.key.to_string()).collect();
        if !fields.is_empty() {
            closed.fields.insert(def.key.to_string(), fields);
        }
    }
    closed
}

/// Where people are, asked once each: who made the changes of a page of events.
#[derive(Default)]
pub(crate) struct Whereabouts(HashMap<(TenantId, UserId), Vec<DepartmentId>>);

impl Whereabouts {
    /// Whether a module hears of what somebody did. It always hears of what no person did, and of changes of gates, people,
    /// departments and calendars.
    pub(crate) async fn let_in(&mut self, db: &Db, gate: &Gate, event: &Event) -> Result<bool> {
        let kind = event.kind.as_str();
        let of_all = [CHANGED, work::calendar::CHANGED].contains(&kind) || people::told::EVENTS.contains(&kind);
        let (Some(user), true) = (event.actor.user(), gate.is_some() && !of_all) else { return Ok(true) };
        let tenant = event.tenant;
        let within = match self.0.entry((tenant, user)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let own = staff::department_of(db.read(), tenant, user.0).await?.map(DepartmentId);
                place.insert(department::with_those_above(&department::list(db.read(), tenant).await?, own))
            }
        };
        Ok(lets_in(gate, within))
    }
}

impl PluginHost {
    /// Says for which departments a module is on, those below them included; nothing: for everybody. It counts with the next
    /// request, on other nodes within a second.
    ///
    /// # Errors
    /// `NotFound` when the tenant never enabled it; `plugin.gate_invalid` naming a department that is not there; `Conflict` where
    /// it is on for others than the caller has `seen`.
    pub async fn set_gate(&self, ctx: &Ctx, plugin: &str, gate: &Gate, seen: Option<&str>) -> Result<()> {
        require_admin(ctx)?;
        self.inner.gates.set(ctx, plugin, gate, seen).await
    }
}

impl PluginHost {
    /// The names of roles that the company's modules have brought, in each language, by key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn role_names(&self, ctx: &Ctx) -> Result<BTreeMap<String, Labels>> {
        let running = self.inner.registry.tenant(ctx.tenant).await?;
        let all = running.running().iter().flat_map(|plugin| plugin.version.role_names.clone());
        Ok(all.collect())
    }
}

/// Puts another gate into a row, which the caller then keeps, and tells of it.
pub(crate) async fn change(tx: &Tx, ctx: &Ctx, row: &mut TenantRow, gate: &Gate) -> Result<()> {
    let before = std::mem::replace(&mut row.departments, gate.clone());
    if before == *gate {
        return Ok(());
    }
    check(tx, ctx.tenant, &before, gate).await?;
    let detail = json!({ "departments": gate, "before": before });
    audit::record(tx, ctx, "plugin.gate_changed", &row.plugin, detail).await?;
    let told = NewEvent {
        kind: CHANGED.to_owned(),
        entity: ENTITY,
        record: kernel::id::derived(&format!("gate:{}:{}", ctx.tenant, row.plugin)),
        version: 0,
        changes: json!({ "plugin": [null, row.plugin], "departments": [before, gate] }),
    };
    Ok(event::append(tx, ctx, None, vec![told]).await?)
}

/// Every newly named department must be there; those that were named before may be gone.
async fn check(tx: &Tx, tenant: TenantId, before: &Gate, gate: &Gate) -> Result<()> {
    let Some(named) = gate else { return Ok(()) };
    let wrong = |error: FieldError| Err(Error::field("plugin.gate_invalid", "departments", error));
    if named.len() > MAX_NAMED {
        return wrong(FieldError::new("too_many").with("max", MAX_NAMED));
    }
    let there = department::list(tx, tenant).await?;
    let known = |id: &Uuid| {
        there.iter().any(|department| department.id == *id) || before.as_ref().is_some_and(|before| before.contains(id))
    };
    match named.iter().find(|id| !known(id)) {
        Some(id) => wrong(FieldError::new("missing").with("value", id)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_lets_in_those_below_what_it_names() {
        let id = |n: u128| Uuid::from_u128(n);
        let within = |ids: &[u128]| ids.iter().map(|n| DepartmentId(id(*n))).collect::<Vec<_>>();
        let gate = |ids: &[u128]| Some(ids.iter().map(|n| id(*n)).collect());
        for (gate, at, expected) in [
            (None, within(&[]), true),
            (gate(&[2]), within(&[3, 2, 1]), true),
            (gate(&[3]), within(&[2, 1]), false),
            (gate(&[2]), within(&[]), false),
            (gate(&[]), within(&[3, 2, 1]), false),
            (gate(&[9]), within(&[3, 2, 1]), false),
        ] {
            assert_eq!(lets_in(&gate, &at), expected, "{gate:?} {at:?}");
        }
    }
}
