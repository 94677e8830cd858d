//! Shared reports on their way between companies (`kernel::moving`): by name, with roles by key. What one keeps for oneself, and what
//! names people or records, stays. One that comes in is the importing administrator's. Whether what it asks is there is
//! told when it is asked: a file need not bring fields before the reports over them.

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{self, Gathered, Moved, Object};
use kernel::{Ctx, Error, Result, audit};
use people::role::{self, Role};
use sea_orm::sea_query::Query;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::keep::{MAX_CHART, checked_description, checked_json, checked_name, checked_question};
use super::question::Kind;
use super::store::{self, NewRow, Row, SAVED};
use crate::sharing::{Sharing, kept};
use crate::{INVALID, invalid};

/// The first part of acts about shared reports in the audit log.
pub const SHARED: &str = "shared_report";

/// A shared report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportSpec {
    name: String,
    #[serde(default)]
    description: String,
    kind: Kind,
    config: Json,
    #[serde(default)]
    chart: Json,
    /// With everybody.
    #[serde(default)]
    all: bool,
    /// With these roles, by key.
    #[serde(default)]
    roles: Vec<String>,
}

/// A report of a file, read.
///
/// # Errors
/// What is not understood, in English.
pub fn object(spec: Json) -> std::result::Result<Object, String> {
    let mut read: ReportSpec = moving::read(spec)?;
    read.roles.sort_unstable();
    read.roles.dedup();
    Ok(Object { key: read.name.clone(), spec: moving::sorted(json!(read)) })
}

/// Reports that are shared, by name.
///
/// # Errors
/// When the database fails.
pub async fn gather(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Gathered> {
    let roles = role::list(conn, ctx.tenant).await?;
    let mut rows = store::shared(conn, ctx).await?;
    // Databases order texts differently.
    rows.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    let mut all = Gathered::default();
    for row in rows {
        let spec = spec_of(&row, &roles);
        match spec.all || !spec.roles.is_empty() {
            true => all.add(row.name, json!(spec)),
            false => all.hold(row.name, "configuration.roles_gone", json!(spec)),
        }
    }
    Ok(all)
}

fn spec_of(row: &Row, roles: &[Role]) -> ReportSpec {
    ReportSpec {
        name: row.name.clone(),
        description: row.description.clone(),
        kind: row.kind,
        config: row.config.clone(),
        chart: row.chart.clone(),
        all: row.shared.all,
        roles: row.shared.keys(roles),
    }
}

/// Makes, changes or removes a shared report inside a transaction (administrators).
///
/// # Errors
/// `Denied`; `report.invalid` by part; conflicts `report.too_many` and `report.conflict`.
pub async fn put(tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<()> {
    people::require_admin(ctx)?;
    // Of several with the name the one that is told (`gather`).
    let named = store::shared(tx, ctx).await?.into_iter().filter(|row| row.name == moved.key);
    let there = named.min_by_key(|row| row.id);
    let act = match (moved.wanted::<ReportSpec>()?, there) {
        (Some(spec), there) => {
            let shared = checked(tx, ctx, &spec).await?;
            match there {
                Some(row) => change(tx, ctx, &row, &spec, &shared).await?,
                None => insert(tx, ctx, &spec, &shared).await?,
            }
            "changed"
        }
        (None, Some(row)) => {
            store::remove(tx, row.id).await?;
            "removed"
        }
        (None, None) => return Ok(()),
    };
    Ok(audit::record(tx, ctx, &format!("{SHARED}.{act}"), &moved.key, moved.told()).await?)
}

/// With whom a report is shared that may be kept.
async fn checked(tx: &Tx, ctx: &Ctx, spec: &ReportSpec) -> Result<Sharing> {
    if checked_name("name", &spec.name)? != spec.name {
        return Err(invalid("name", "blanks around it, or letters in parts"));
    }
    checked_description(&spec.description)?;
    checked_question(spec.kind, &spec.config)?;
    checked_json("chart", &spec.chart, MAX_CHART)?;
    Sharing::of_keys(tx, ctx, spec.all, &spec.roles).await
}

async fn insert(tx: &Tx, ctx: &Ctx, spec: &ReportSpec, shared: &Sharing) -> Result<()> {
    let owner = ctx.user().ok_or(Error::Denied("action"))?.0;
    let new = NewRow {
        name: &spec.name,
        description: &spec.description,
        kind: spec.kind,
        config: &spec.config,
        chart: &spec.chart,
        shared,
    };
    store::insert(tx, ctx, owner, &new).await?;
    Ok(())
}

async fn change(tx: &Tx, ctx: &Ctx, row: &Row, spec: &ReportSpec, shared: &Sharing) -> Result<()> {
    if spec.kind != row.kind {
        return Err(Error::field(INVALID, "kind", FieldError::new("read_only")));
    }
    let update = Query::update()
        .table(SAVED)
        .value("description", spec.description.as_str())
        .value("config", spec.config.clone())
        .value("chart", spec.chart.clone())
        .value("shared", json!(shared))
        .value("is_shared", true)
        .to_owned();
    kept::change(tx, ctx, update, (row.id, row.version, row.version)).await
}
