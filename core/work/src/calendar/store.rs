//! The table `calendar`, and which calendar counts for whom. Kept for a few seconds, so that a task costs no reading.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono_tz::Tz;
use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::event::{self, NewEvent};
use kernel::kept::Kept;
use kernel::{Ctx, Db, Error, Result, TenantId, audit};
use people::user::User;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::arithmetic::WorkingTime;
use super::moving;
use super::settings::CalendarSettings;

/// Seconds that calendars are kept; a change made by another node is seen after that.
const KEPT_SECONDS: i64 = 5;
/// What happens when a calendar is set.
pub const CHANGED: &str = "calendar.updated";
/// The code of errors about what a calendar says.
pub(super) const INVALID: &str = "calendar.invalid";
/// What stands for its entity.
const ENTITY: &str = "calendar";
/// Companies whose calendars are kept at most.
const MAX_TENANTS: usize = 2_000;

/// Whose calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CalendarOf {
    /// The company's.
    Company,
    /// A department's.
    Department(Uuid),
    /// A person's.
    Person(Uuid),
}

impl CalendarOf {
    const fn kind(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Department(_) => "department",
            Self::Person(_) => "person",
        }
    }

    const fn owner(self, tenant: TenantId) -> Uuid {
        match self {
            Self::Company => tenant.0,
            Self::Department(id) | Self::Person(id) => id,
        }
    }
}

/// The calendars of a tenant.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    zone: Tz,
    calendars: HashMap<(String, Uuid), Arc<WorkingTime>>,
    /// Departments with the one above each.
    above: HashMap<Uuid, Option<Uuid>>,
}

/// The service of calendars; cheap to clone.
#[derive(Debug, Clone)]
pub struct Calendars {
    db: Db,
    known: Arc<Kept<TenantId, Arc<Known>>>,
}

impl Calendars {
    /// Over a database.
    pub fn new(db: &Db) -> Self {
        Self { db: db.clone(), known: Arc::new(Kept::of(MAX_TENANTS)) }
    }

    /// The calendar that was set for this one itself; none when it has the inherited one.
    ///
    /// # Errors
    /// `NotFound` for a department or person that the tenant does not have; `Denied` for another person's calendar
    /// unless the actor is an administrator.
    pub async fn get(&self, ctx: &Ctx, of: CalendarOf) -> Result<Option<CalendarSettings>> {
        if let CalendarOf::Person(id) = of
            && ctx.user().map(|user| user.0) != Some(id)
        {
            people::require_admin(ctx)?;
        }
        exists(self.db.read(), ctx.tenant, of).await?;
        stored(self.db.read(), ctx.tenant, of).await
    }

    /// Sets a calendar, or with `None` goes back to the inherited one (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`, `calendar.invalid` by place.
    pub async fn set(&self, ctx: &Ctx, of: CalendarOf, settings: Option<&CalendarSettings>) -> Result<()> {
        self.check(ctx, of, settings).await?;
        let tx = self.db.begin().await?;
        self.put(&tx, ctx, of, settings).await?;
        tx.commit().await?;
        self.forget();
        Ok(())
    }

    /// Passes when the actor may set this calendar to that.
    pub(crate) async fn check(&self, ctx: &Ctx, of: CalendarOf, settings: Option<&CalendarSettings>) -> Result<()> {
        people::require_admin(ctx)?;
        exists(self.db.read(), ctx.tenant, of).await?;
        match settings {
            Some(settings) => checked(ctx, settings),
            None => Ok(()),
        }
    }

    /// Sets a calendar that was checked, in the caller's transaction; after it, `forget`.
    pub(crate) async fn put(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        of: CalendarOf,
        settings: Option<&CalendarSettings>,
    ) -> Result<()> {
        let owner = of.owner(ctx.tenant);
        let before = stored(tx, ctx.tenant, of).await?;
        match settings {
            Some(settings) => {
                let json = serde_json::to_value(settings).map_err(Error::internal)?;
                let insert = Query::insert()
                    .into_table("calendar")
                    .columns(["tenant_id", "kind", "owner_id", "settings", "updated_at"])
                    .values_panic([ctx.tenant.into(), of.kind().into(), owner.into(), json.into(), ctx.now().0.into()])
                    .on_conflict(
                        OnConflict::columns(["tenant_id", "kind", "owner_id"])
                            .update_columns(["settings", "updated_at"])
                            .to_owned(),
                    )
                    .to_owned();
                tx.execute(&insert).await?;
            }
            None => {
                let delete = Query::delete()
                    .from_table("calendar")
                    .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
                    .and_where(Expr::col("kind").eq(of.kind()))
                    .and_where(Expr::col("owner_id").eq(owner))
                    .to_owned();
                tx.execute(&delete).await?;
            }
        }
        let object = format!("{} {owner}", of.kind());
        let told = moving::told(tx, ctx, of, before.as_ref(), settings).await?;
        audit::record(tx, ctx, CHANGED, &object, told).await?;
        let told = NewEvent {
            kind: CHANGED.to_owned(),
            entity: ENTITY,
            record: owner,
            version: 0,
            changes: json!({"of": [null, of.kind()], "owner": [null, owner]}),
        };
        event::append(tx, ctx, None, vec![told]).await?;
        Ok(())
    }

    /// Forgets what was kept: after changes of departments or of the company's time zone.
    pub fn forget(&self) {
        self.known.forget_all();
    }

    /// The calendar that counts for a person; the company's for somebody unknown.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_person(&self, conn: &impl ConnectionTrait, ctx: &Ctx, user: Uuid) -> Result<Arc<WorkingTime>> {
        let known = self.known(conn, ctx).await?;
        if let Some(own) = known.own("person", user) {
            return Ok(own);
        }
        let department = people::staff::department_of(conn, ctx.tenant, user).await?;
        self.of_department(conn, ctx, department).await
    }

    /// The same of somebody who was read already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user(&self, conn: &impl ConnectionTrait, ctx: &Ctx, user: &User) -> Result<Arc<WorkingTime>> {
        match self.known(conn, ctx).await?.own("person", user.id) {
            Some(own) => Ok(own),
            None => self.of_department(conn, ctx, user.department_id).await,
        }
    }

    /// The calendar that counts for a department: its own, that of one above, the company's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_department(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        department: Option<Uuid>,
    ) -> Result<Arc<WorkingTime>> {
        let mut known = self.known(conn, ctx).await?;
        if department.is_some_and(|id| !known.above.contains_key(&id)) {
            // Made a moment ago.
            self.forget();
            known = self.known(conn, ctx).await?;
        }
        Ok(known.counting(ctx.tenant, None, department).1)
    }

    /// All calendars as they are in the database now, whatever was kept.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn fresh(&self, conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Known> {
        load(conn, ctx).await
    }

    async fn known(&self, conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Arc<Known>> {
        let now = ctx.now();
        if let Some((at, known)) = self.known.get(&ctx.tenant)
            && at.plus_seconds(KEPT_SECONDS) > now
            && known.zone == ctx.zone
        {
            return Ok(known);
        }
        let since = self.known.moment();
        let loaded = Arc::new(load(conn, ctx).await?);
        self.known.put(since, ctx.tenant, now, Arc::clone(&loaded));
        Ok(loaded)
    }
}

impl Known {
    /// The calendar that counts for a person of a department (or for the department alone), and whose it is.
    pub(crate) fn counting(
        &self,
        tenant: TenantId,
        person: Option<Uuid>,
        department: Option<Uuid>,
    ) -> (CalendarOf, Arc<WorkingTime>) {
        let usual = (CalendarOf::Company, None);
        let places = self.places(person, department).into_iter();
        let (of, own) = places
            .map(|of| (of, self.own(of.kind(), of.owner(tenant))))
            .find(|(_, own)| own.is_some())
            .unwrap_or(usual);
        (of, own.unwrap_or_else(|| Arc::new(WorkingTime::usual(self.zone))))
    }

    /// Whether a calendar of `of`, there or not, is the nearest one for them.
    pub(crate) fn reaches(
        &self,
        tenant: TenantId,
        of: CalendarOf,
        person: Option<Uuid>,
        department: Option<Uuid>,
    ) -> bool {
        let places = self.places(person, department).into_iter();
        let mut nearest =
            places.take_while(|place| *place == of || self.own(place.kind(), place.owner(tenant)).is_none());
        nearest.any(|place| place == of)
    }

    /// The same with another calendar in its place; with `None`, without it.
    pub(crate) fn with(mut self, ctx: &Ctx, of: CalendarOf, settings: Option<&CalendarSettings>) -> Result<Self> {
        let key = (of.kind().to_owned(), of.owner(ctx.tenant));
        match settings {
            Some(settings) => {
                let read = settings.read(ctx.zone).map_err(|fields| Error::Invalid { code: INVALID, fields })?;
                self.calendars.insert(key, Arc::new(read));
            }
            None => drop(self.calendars.remove(&key)),
        }
        Ok(self)
    }

    /// Where a calendar may be, the nearest place first.
    fn places(&self, person: Option<Uuid>, department: Option<Uuid>) -> Vec<CalendarOf> {
        let mut places: Vec<CalendarOf> = person.map(CalendarOf::Person).into_iter().collect();
        let mut seen = HashSet::new();
        let mut next = department;
        while let Some(id) = next.filter(|id| seen.insert(*id)) {
            places.push(CalendarOf::Department(id));
            next = self.above.get(&id).copied().flatten();
        }
        places.push(CalendarOf::Company);
        places
    }

    fn own(&self, kind: &str, owner: Uuid) -> Option<Arc<WorkingTime>> {
        if self.calendars.is_empty() {
            return None;
        }
        self.calendars.get(&(kind.to_owned(), owner)).cloned()
    }
}

/// Passes settings that a calendar may have.
pub(super) fn checked(ctx: &Ctx, settings: &CalendarSettings) -> Result<()> {
    settings.check(ctx.zone).map_err(|fields| Error::Invalid { code: INVALID, fields })
}

/// The calendar that was set for this one itself.
async fn stored(conn: &impl ConnectionTrait, tenant: TenantId, of: CalendarOf) -> Result<Option<CalendarSettings>> {
    let select = Query::select()
        .column("settings")
        .from("calendar")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .and_where(Expr::col("kind").eq(of.kind()))
        .and_where(Expr::col("owner_id").eq(of.owner(tenant)))
        .take();
    let Some(row) = conn.query_one(&select).await? else { return Ok(None) };
    serde_json::from_value(row.try_get_by_index(0)?).map(Some).map_err(Error::internal)
}

/// All calendars that were set, in no order: whose by kind and id.
async fn rows(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<(String, Uuid, CalendarSettings)>> {
    let select = Query::select()
        .columns(["kind", "owner_id", "settings"])
        .from("calendar")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .take();
    let read = |row: &QueryResult| {
        let settings = serde_json::from_value(row.try_get_by_index(2)?).map_err(Error::internal)?;
        Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, settings))
    };
    conn.query_all(&select).await?.iter().map(read).collect()
}

/// All calendars that were set, in no order.
pub(super) async fn all(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<(CalendarOf, CalendarSettings)>> {
    let known = |(kind, owner, settings): (String, Uuid, CalendarSettings)| {
        let of = [CalendarOf::Company, CalendarOf::Department(owner), CalendarOf::Person(owner)];
        of.into_iter().find(|of| of.kind() == kind).map(|of| (of, settings))
    };
    Ok(rows(conn, tenant).await?.into_iter().filter_map(known).collect())
}

async fn load(conn: &impl ConnectionTrait, ctx: &Ctx) -> Result<Known> {
    let mut calendars = HashMap::new();
    for (kind, owner, settings) in rows(conn, ctx.tenant).await? {
        let key = (kind, owner);
        let read =
            settings.read(ctx.zone).map_err(|errors| Error::internal(format!("calendar {key:?}: {errors:?}")))?;
        calendars.insert(key, Arc::new(read));
    }
    let departments = people::department::list(conn, ctx.tenant).await?;
    let above = departments.into_iter().map(|department| (department.id, department.parent_id)).collect();
    Ok(Known { zone: ctx.zone, calendars, above })
}

pub(super) async fn exists(conn: &impl ConnectionTrait, tenant: TenantId, of: CalendarOf) -> Result<()> {
    let found = match of {
        CalendarOf::Company => true,
        CalendarOf::Person(id) => people::user::get(conn, tenant, kernel::UserId(id)).await.map(|_| true)?,
        CalendarOf::Department(id) => {
            people::department::list(conn, tenant).await?.iter().any(|department| department.id == id)
        }
    };
    if found { Ok(()) } else { Err(Error::NotFound(format!("{} of a calendar", of.kind()))) }
}
