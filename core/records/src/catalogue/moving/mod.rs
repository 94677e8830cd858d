//! What administrators made of the catalogue, as objects that move between companies (`kernel::moving`): gathered with keys
//! in the place of ids, and put in again inside the transaction of whoever moves them. The checks are those of single changes; but
//! all rows are written before anything is asked of them, for a file knows no order in which its fields were thought of.
//!
//! | module | what |
//! |---|---|
//! | `definitions` | own entities and fields |
//! | `guards` | conditions of fields, validation rules |
//! | `layouts` | layouts |
//! | `views` | saved views that everybody sees |
//!
//! Pipelines are in `stages::moving`, directories in `directory::moving`, what is done about duplicates in `duplicates::moving`.

mod definitions;
mod guards;
mod layouts;
mod views;

use std::sync::Arc;

use kernel::db::{ConnectionTrait, Tx};
use kernel::moving::{self, Area, Gathered, Moved, Object, Trouble};
use kernel::{Ctx, Error, Result, TenantId};
use serde_json::Value as Json;

use super::directory::moving::{self as directories, DirectorySpec};
use super::{Catalogue, store};
use crate::duplicates::Policies;
use crate::duplicates::moving::{self as duplicates, DuplicatesSpec};
use crate::stages::moving::PipelineSpec;
use crate::{Records, stages};

pub(crate) use definitions::absent;
pub(in crate::catalogue) use definitions::{told_entity, told_field};
pub(in crate::catalogue) use layouts::told_layout;

/// Passes those who may take the configuration along and change it.
///
/// # Errors
/// `config.denied`.
pub fn require(ctx: &Ctx) -> Result<()> {
    if ctx.rights.is_admin() { Ok(()) } else { Err(Error::Denied("config")) }
}

/// An object of a file, read: its name, and what it says in full.
///
/// # Errors
/// What is not understood, in English.
pub fn object(area: Area, spec: Json) -> std::result::Result<Object, String> {
    match area {
        Area::Entities => full::<definitions::EntitySpec>(spec),
        Area::Directories => full::<DirectorySpec>(spec),
        Area::Fields => full::<definitions::FieldSpec>(spec),
        Area::Pipelines => full::<PipelineSpec>(spec),
        Area::Conditions => full::<guards::ConditionSpec>(spec),
        Area::Rules => full::<guards::RuleSpec>(spec),
        Area::Duplicates => full::<DuplicatesSpec>(spec),
        Area::Layouts => full::<layouts::LayoutSpec>(spec),
        Area::Views => full::<views::ViewSpec>(spec),
        Area::Roles
        | Area::Calendars
        | Area::Gateways
        | Area::Templates
        | Area::OwnTemplates
        | Area::Processes
        | Area::Automations
        | Area::Reports
        | Area::Dashboards => Err("it is not an object of the catalogue".to_owned()),
    }
}

/// What an object of an area says.
pub(crate) trait Spec: serde::Serialize + serde::de::DeserializeOwned {
    /// Its name within its area.
    fn key(&self) -> String;
}

fn full<S: Spec>(spec: Json) -> std::result::Result<Object, String> {
    let read: S = moving::read(spec)?;
    let spec = serde_json::to_value(&read).map_err(|error| error.to_string())?;
    Ok(Object { key: read.key(), spec: moving::sorted(spec) })
}

/// Adds what an object says.
pub(crate) fn add<S: Spec>(all: &mut Gathered, spec: &S) -> Result<()> {
    all.add(spec.key(), serde_json::to_value(spec).map_err(Error::internal)?);
    Ok(())
}

impl Records {
    /// Takes the catalogue for a change of many objects: others who change it wait from here on. The caller commits and then
    /// calls `forget_catalogue`.
    ///
    /// # Errors
    /// `config.denied`.
    pub async fn take_configuration(&self, tx: &Tx, ctx: &Ctx) -> Result<()> {
        require(ctx)?;
        store::touch(tx, ctx.tenant).await
    }

    /// The whole catalogue as a connection sees it, also in the middle of a change; never kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drawn_from(&self, conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Catalogue> {
        let currency = people::tenant::currency(conn, tenant).await?;
        let pipelines = stages::load(conn, tenant, currency).await?;
        let own = store::load(conn, tenant).await?;
        let directories = Arc::clone(&own.directories);
        let made = Catalogue::new(0, pipelines, own.applied_to(self.known.core()));
        Ok(Catalogue { duplicates: Policies::load(conn, tenant).await?, directories, ..made })
    }

    /// The objects of an area of the catalogue.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gather(&self, conn: &impl ConnectionTrait, ctx: &Ctx, area: Area) -> Result<Gathered> {
        let catalogue = self.drawn_from(conn, ctx.tenant).await?;
        match area {
            Area::Entities => definitions::entities(conn, ctx, &catalogue).await,
            Area::Directories => directories::gather(conn, ctx).await,
            Area::Fields => definitions::fields(conn, ctx, &catalogue).await,
            Area::Pipelines => stages::moving::gather(conn, ctx, &catalogue, self.stage_acts()).await,
            Area::Conditions => guards::conditions(conn, ctx, &catalogue).await,
            Area::Rules => guards::rules(conn, ctx, &catalogue).await,
            Area::Duplicates => duplicates::gather(conn, ctx.tenant, &catalogue).await,
            Area::Layouts => layouts::layouts(conn, ctx, &catalogue).await,
            Area::Views => views::views(conn, ctx, &catalogue).await,
            _ => Ok(Gathered::default()),
        }
    }

    /// Makes changes of an area of the catalogue, and tells what stands in the way of them. Where something that blocks does, the
    /// transaction must not be committed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(&self, tx: &Tx, ctx: &Ctx, area: Area, wanted: &[Moved]) -> Result<Vec<Trouble>> {
        let wanted: Vec<&Moved> = wanted.iter().filter(|moved| moved.area == area).collect();
        match area {
            Area::Entities => self.put_entities(tx, ctx, &wanted).await,
            Area::Directories => self.put_directories(tx, ctx, &wanted).await,
            Area::Fields => self.put_fields(tx, ctx, &wanted).await,
            Area::Pipelines => self.put_pipelines(tx, ctx, &wanted).await,
            Area::Conditions => self.put_conditions(tx, ctx, &wanted).await,
            Area::Rules => self.put_rules(tx, ctx, &wanted).await,
            Area::Duplicates => self.put_duplicates(tx, ctx, &wanted).await,
            Area::Layouts => self.put_layouts(tx, ctx, &wanted).await,
            Area::Views => self.put_views(tx, ctx, &wanted).await,
            _ => Ok(Vec::new()),
        }
    }
}
