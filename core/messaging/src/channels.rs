//! How each person wants to be told: which kinds of notification in the portal, by letter, in the daily digest; nothing
//! outside their working time. Who has said nothing is told everything in the portal, at once.
//!
//! What is not simply shown is a job (`DELIVER`), enqueued with the notification: somebody above, who knows working time,
//! does it. Escalations and incidents are always shown, at once.

use std::collections::{BTreeMap, HashMap};

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::{FieldError, FieldErrors};
use kernel::jobs::{NewJob, enqueue};
use kernel::{Ctx, Db, Error, Locale, Result};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::input::INVALID;
use crate::notifications::{self, Kind};

/// The job that brings a notification where its reader wants it.
pub const DELIVER: &str = "notification.deliver";
/// The job of a person's digest.
pub const DIGEST: &str = "notification.digest";
/// Lines of a digest.
const LINES: u64 = 200;
const TABLE: &str = "notification_setting";

/// Where notifications of a kind go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    /// The bell of the portal.
    #[serde(default = "yes")]
    pub portal: bool,
    /// A letter for each.
    #[serde(default)]
    pub mail: bool,
    /// A line of the letter that comes when the next working day begins.
    #[serde(default)]
    pub digest: bool,
}

const fn yes() -> bool {
    true
}

impl Default for Channels {
    fn default() -> Self {
        Self { portal: true, mail: false, digest: false }
    }
}

/// What a person wants.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotificationSettings {
    /// Outside of their working time they are told nothing: it waits until that begins. Escalations and incidents do not.
    pub quiet: bool,
    /// By kind; of a kind that is not named, the portal alone.
    pub kinds: BTreeMap<String, Channels>,
}

/// The same with what can be chosen.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NotificationSettingsView {
    /// Whether they are told nothing outside of their working time.
    pub quiet: bool,
    /// Every kind that the reader may be told.
    pub kinds: BTreeMap<String, Channels>,
    /// Kinds that are always shown in the portal, at once.
    pub always: Vec<String>,
    /// Whether letters can be sent.
    pub mail: bool,
}

/// A notification on its way.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Delivery {
    /// Which.
    pub notification: Uuid,
    /// Whose.
    pub user: Uuid,
    /// Not before their working time.
    pub quiet: bool,
    /// Where.
    pub channels: Channels,
}

/// A letter to somebody about what they are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The line.
    pub text: String,
    /// Where it leads in the portal.
    pub link: Option<String>,
}

impl NotificationSettings {
    /// Where a notification goes, and whether it waits for working time.
    fn of(&self, kind: Kind) -> (Channels, bool) {
        let chosen = self.kinds.get(kind.name()).copied().unwrap_or_default();
        if kind.is_urgent() { (Channels { portal: true, ..chosen }, false) } else { (chosen, self.quiet) }
    }
}

/// What the actor wants, with what they may choose.
///
/// # Errors
/// `Denied` for an actor that is no person.
pub async fn get(db: &Db, ctx: &Ctx, mail: bool) -> Result<NotificationSettingsView> {
    let me = ctx.user().ok_or(Error::Denied("action"))?;
    let settings = wishes(db.read(), ctx, &[me.0]).await?.remove(&me.0).unwrap_or_default();
    let kinds = Kind::ALL.into_iter().filter(|kind| ctx.rights.is_admin() || !kind.is_of_admins());
    let always = Kind::ALL.into_iter().filter(|kind| kind.is_urgent()).map(|kind| kind.name().to_owned());
    Ok(NotificationSettingsView {
        quiet: settings.quiet,
        always: always.collect(),
        kinds: kinds.map(|kind| (kind.name().to_owned(), settings.of(kind).0)).collect(),
        mail,
    })
}

/// Sets what the actor wants. Kinds that are not named are as if nothing had been said of them.
///
/// # Errors
/// `Denied` for an actor that is no person; `task.invalid` at `kinds.<kind>` for an unknown kind, and for one that cannot
/// be muted.
pub async fn put(db: &Db, ctx: &Ctx, settings: &NotificationSettings) -> Result<()> {
    let me = ctx.user().ok_or(Error::Denied("action"))?;
    let mut fields = FieldErrors::new();
    for (name, channels) in &settings.kinds {
        let shown: String = name.chars().take(100).collect();
        match Kind::ALL.into_iter().find(|kind| kind.name() == name) {
            None => drop(fields.insert(format!("kinds.{shown}"), FieldError::new("choice").with("value", &shown))),
            Some(kind) if kind.is_urgent() && !channels.portal => {
                fields.insert(format!("kinds.{shown}"), FieldError::new("never_muted"));
            }
            Some(_) => {}
        }
    }
    if !fields.is_empty() {
        return Err(Error::Invalid { code: INVALID, fields });
    }
    let json = serde_json::to_value(settings).map_err(Error::internal)?;
    let insert = Query::insert()
        .into_table(TABLE)
        .columns(["user_id", "tenant_id", "settings", "updated_at"])
        .values_panic([me.0.into(), ctx.tenant.0.into(), json.into(), ctx.now().0.into()])
        .on_conflict(OnConflict::column("user_id").update_columns(["settings", "updated_at"]).to_owned())
        .to_owned();
    let tx = db.begin().await?;
    tx.execute(&insert).await?;
    Ok(tx.commit().await?)
}

/// What these people want, as far as they have said it.
async fn wishes(conn: &impl ConnectionTrait, ctx: &Ctx, users: &[Uuid]) -> Result<HashMap<Uuid, NotificationSettings>> {
    let select = Query::select()
        .columns(["user_id", "settings"])
        .from(TABLE)
        .and_where(Expr::col("user_id").is_in(users.iter().copied()))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .take();
    let rows = conn.query_all(&select).await?;
    let read = rows.iter().map(|row| {
        let settings: Json = row.try_get_by_index(1)?;
        Ok((row.try_get_by_index(0)?, serde_json::from_value(settings).map_err(Error::internal)?))
    });
    read.collect()
}

/// How notifications of a kind are written for these people: by person whether it is shown at once and whether a digest
/// is to tell of it. The rest is enqueued under the ids they get.
pub(crate) async fn routed(
    tx: &Tx,
    ctx: &Ctx,
    kind: Kind,
    told: &[(Uuid, Uuid)],
) -> Result<HashMap<Uuid, (bool, bool)>> {
    let users: Vec<Uuid> = told.iter().map(|(_, user)| *user).collect();
    let wishes = wishes(tx, ctx, &users).await?;
    let mut routes = HashMap::new();
    for (notification, user) in told {
        let Some(settings) = wishes.get(user) else { continue };
        let (channels, quiet) = settings.of(kind);
        let late = (quiet && channels.portal) || channels.mail || channels.digest;
        routes.insert(*user, (channels.portal && !quiet, channels.digest));
        if late {
            let delivery = Delivery { notification: *notification, user: *user, quiet, channels };
            let payload = serde_json::to_value(delivery).map_err(Error::internal)?;
            enqueue(tx, &ctx.env, NewJob::now(&ctx.env, DELIVER, payload).for_tenant(ctx.tenant)).await?;
        }
    }
    Ok(routes)
}

/// Shows a notification that was kept back.
///
/// # Errors
/// When the database fails.
pub async fn reveal(tx: &Tx, ctx: &Ctx, id: Uuid) -> Result<()> {
    let update = Query::update()
        .table("notification")
        .value("shown", true)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .to_owned();
    tx.execute(&update).await?;
    Ok(())
}

/// A notification as a line in its reader's language; none when they have read it, or it is gone.
///
/// # Errors
/// When the database fails.
pub async fn line(conn: &impl ConnectionTrait, ctx: &Ctx, id: Uuid, locale: Locale) -> Result<Option<Told>> {
    let select = notifications::unread_of(ctx).and_where(Expr::col("id").eq(id)).take();
    conn.query_one(&select).await?.map(|row| notifications::told(&row, locale)).transpose()
}

/// What a person's digest tells: what they have not read, the oldest first, at most 200 lines, and how much more waits
/// for the next one. Each line is told once.
///
/// # Errors
/// `Unavailable` when somebody else tells the same lines right now; when the database fails.
pub async fn digest(tx: &Tx, ctx: &Ctx, user: Uuid, locale: Locale) -> Result<(Vec<Told>, usize)> {
    let mine = || Expr::col("user_id").eq(user).and(Expr::col("digest").eq(true));
    let select = notifications::unread_of(ctx).column("id").and_where(mine()).order_by("id", Order::Asc).take();
    let rows = tx.query_all(&select).await?;
    let lines = usize::try_from(LINES).unwrap_or(usize::MAX);
    let mut told = Vec::new();
    let mut ids: Vec<Uuid> = Vec::new();
    for row in rows.iter().take(lines) {
        told.push(notifications::told(row, locale)?);
        ids.push(row.try_get_by_index(4)?);
    }
    if ids.is_empty() {
        return Ok((told, 0));
    }
    let more = rows.len().saturating_sub(ids.len());
    // Only what is told: what came meanwhile, or is too much, waits for the next one.
    let done = Query::update()
        .table("notification")
        .value("digest", false)
        .and_where(Expr::col("id").is_in(ids.iter().copied()))
        .and_where(mine())
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .to_owned();
    if tx.execute(&done).await?.rows_affected() != u64::try_from(ids.len()).unwrap_or(u64::MAX) {
        return Err(Error::Unavailable("somebody else tells this digest".into()));
    }
    Ok((told, more))
}
