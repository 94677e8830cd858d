//! Who has the objects of an area: reads them, gathers them, puts them in. An area is one line here for each.

use kernel::db::{ConnectionTrait, Tx};
use kernel::moving::{Area, Gathered, Moved, Object, Trouble};
use kernel::{Ctx, Error, Result};
use records::catalogue::Catalogue;
use serde_json::Value as Json;

use crate::state::AppState;

/// What a spec of an area says, in full.
///
/// # Errors
/// What is not understood, in English.
pub(super) fn object(area: Area, spec: Json) -> std::result::Result<Object, String> {
    match area {
        Area::Roles => people::moving::object(spec),
        Area::Calendars => work::calendar::moving::object(spec),
        Area::Gateways => messaging::messages::moving::object(spec),
        Area::Templates => documents::moving::object(spec),
        Area::OwnTemplates => documents::moving_own::object(spec),
        Area::Processes => process::runtime::object(spec),
        Area::Automations => process::automation::object(spec),
        Area::Reports => reports::moving::object(spec),
        Area::Dashboards => reports::moving_dashboards::object(spec),
        _ => records::catalogue::moving::object(area, spec),
    }
}

/// The objects of an area.
pub(super) async fn gather(state: &AppState, conn: &impl ConnectionTrait, ctx: &Ctx, area: Area) -> Result<Gathered> {
    match area {
        Area::Roles => people::moving::gather(conn, ctx.tenant).await,
        Area::Calendars => work::calendar::moving::gather(conn, ctx).await,
        Area::Gateways => messaging::messages::moving::gather(conn, ctx.tenant).await,
        Area::Templates => documents::moving::gather(conn, ctx.tenant).await,
        Area::OwnTemplates => documents::moving_own::gather(conn, ctx.tenant).await,
        Area::Processes => state.processes.gather(conn, ctx).await,
        Area::Automations => state.automations.gather(conn, ctx).await,
        Area::Reports => reports::moving::gather(conn, ctx).await,
        Area::Dashboards => reports::moving_dashboards::gather(conn, ctx).await,
        _ => state.records.gather(conn, ctx, area).await,
    }
}

/// Puts changes of an area in; what stands in their way.
pub(super) async fn put(state: &AppState, tx: &Tx, ctx: &Ctx, area: Area, wanted: &[Moved]) -> Result<Vec<Trouble>> {
    match area {
        Area::Roles => {
            let catalogue = state.records.drawn_from(tx, ctx.tenant).await?;
            let mut troubles = Vec::new();
            for moved in wanted {
                if let Err(error) = put_role(state, tx, ctx, &catalogue, moved).await {
                    troubles.extend(Trouble::of(moved, error)?);
                }
            }
            Ok(troubles)
        }
        Area::Calendars | Area::Templates | Area::Reports | Area::Dashboards => {
            let mut troubles = Vec::new();
            for moved in wanted {
                if let Err(error) = put_one(state, tx, ctx, moved).await {
                    troubles.extend(Trouble::of(moved, error)?);
                }
            }
            Ok(troubles)
        }
        Area::Gateways => messaging::messages::moving::put(tx, ctx, wanted).await,
        Area::OwnTemplates => {
            let catalogue = state.records.drawn_from(tx, ctx.tenant).await?;
            state.documents.put_own(tx, ctx, &catalogue, wanted).await
        }
        Area::Processes => {
            let wanted: Vec<&Moved> = wanted.iter().collect();
            state.processes.put(tx, ctx, &wanted).await
        }
        Area::Automations => {
            let catalogue = state.records.drawn_from(tx, ctx.tenant).await?;
            let wanted: Vec<&Moved> = wanted.iter().collect();
            state.automations.put(tx, ctx, &catalogue, &wanted).await
        }
        _ => state.records.put(tx, ctx, area, wanted).await,
    }
}

/// Puts an object in that asks nothing of the others of its area.
async fn put_one(state: &AppState, tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<()> {
    match moved.area {
        Area::Calendars => state.tasks.calendars().put_moved(tx, ctx, moved).await,
        Area::Templates => documents::moving::put(tx, ctx, moved).await,
        Area::Reports => reports::moving::put(tx, ctx, moved).await,
        Area::Dashboards => reports::moving_dashboards::put(tx, ctx, moved).await,
        other => Err(Error::Internal(format!("objects of {} are put in together", other.name()))),
    }
}

async fn put_role(state: &AppState, tx: &Tx, ctx: &Ctx, catalogue: &Catalogue, moved: &Moved) -> Result<()> {
    if let Some(input) = people::moving::input(moved)? {
        let known = people::role::list(tx, ctx.tenant).await?;
        let before = known.iter().find(|role| role.key == moved.key);
        state.records.check_role_in(catalogue, ctx.tenant, before, &input)?;
    }
    people::moving::put(tx, ctx, moved, &records::rules::keys_of(catalogue)).await
}
