//! Notifications: what a person should know about their tasks, and administrators of the product. Kept as a kind with parameters, shown in the reader's
//! language (`i18n/*.json`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::error::FieldError;
use kernel::text::Texts;
use kernel::{Ctx, Db, Error, Locale, Result, TaskId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::input::wrong;
use crate::{channels, notices};

const COLUMNS: [&str; 10] =
    ["id", "kind", "task_id", "params", "at", "read_at", "plugin", "link", "confirm", "confirmed_at"];
/// Notifications of a page at most.
pub const MAX_LIMIT: u64 = 200;

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A task for the reader to do.
    New,
    /// A task that the reader may claim.
    Offered,
    /// A task for which nobody was found.
    Unassigned,
    /// The deadline is near.
    Reminder,
    /// The deadline has passed.
    Overdue,
    /// Somebody else's deadline has passed.
    Escalation,
    /// Somebody gave the reader a task.
    Delegated,
    /// A task that the reader gave was done: they look at it.
    Review,
    /// A task that the reader did was given back.
    Returned,
    /// A letter could not be sent, or nobody knows whether it was.
    Letter,
    /// A point of a module failed too often and is not called any more: for administrators.
    Stopped,
    /// What a job of processes was to do, and nobody will: for administrators.
    GivenUp,
    /// A report that was to be sent could not be made: for its owner.
    Report,
    /// A letter with a document could not be sent, or nobody knows whether it was.
    Document,
    /// A record must soon leave its stage: for its owner.
    StageReminder,
    /// A record has stood in its stage for too long: for its owner.
    StageOverdue,
    /// What a rule of automation tells.
    Rule,
    /// A webhook was switched off: for administrators.
    WebhookStopped,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::New,
        Self::Offered,
        Self::Unassigned,
        Self::Reminder,
        Self::Overdue,
        Self::Escalation,
        Self::Delegated,
        Self::Review,
        Self::Returned,
        Self::Letter,
        Self::Stopped,
        Self::GivenUp,
        Self::Report,
        Self::Document,
        Self::StageReminder,
        Self::StageOverdue,
        Self::Rule,
        Self::WebhookStopped,
    ];

    /// Whether nobody can mute it or have it wait: escalations and incidents.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::Escalation | Self::Stopped | Self::GivenUp | Self::WebhookStopped)
    }

    /// Whether only administrators are told.
    pub const fn is_of_admins(self) -> bool {
        matches!(self, Self::Unassigned | Self::Stopped | Self::GivenUp | Self::WebhookStopped)
    }

    /// Its name in the database and the API; the key of its text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "task.new",
            Self::Offered => "task.offered",
            Self::Unassigned => "task.unassigned",
            Self::Reminder => "task.reminder",
            Self::Overdue => "task.overdue",
            Self::Escalation => "task.escalation",
            Self::Delegated => "task.delegated",
            Self::Review => "task.review",
            Self::Returned => "task.returned",
            Self::Letter => "task.letter",
            Self::Stopped => "plugin.stopped",
            Self::GivenUp => "process.given_up",
            Self::Report => "report.failed",
            Self::Document => "document.letter",
            Self::StageReminder => "stage.reminder",
            Self::StageOverdue => "stage.overdue",
            Self::Rule => "automation.notice",
            Self::WebhookStopped => "webhook.stopped",
        }
    }
}

/// A notification as its reader sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Notification {
    /// Its id.
    pub id: Uuid,
    /// e.g. `task.new`.
    pub kind: String,
    /// The task it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub task: Option<TaskId>,
    /// In the reader's language.
    pub text: String,
    /// What stands in the text: `title`, `due` ...
    pub params: BTreeMap<String, String>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Since when it has been read.
    #[schema(value_type = Option<String>)]
    pub read: Option<Timestamp>,
    /// The module whose notice it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The address in the portal that opens with it, beginning with `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Whether the reader is asked to confirm it.
    pub confirm: bool,
    /// When they did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub confirmed: Option<Timestamp>,
}

/// Which notifications to list.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct NotificationQuery {
    /// Only unread ones.
    pub unread: bool,
    /// 1 to 200; 50 by default.
    pub limit: Option<u64>,
    /// Where the page before ended.
    pub cursor: Option<Uuid>,
}

/// A page of notifications, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NotificationPage {
    /// The notifications.
    pub items: Vec<Notification>,
    /// For the next page.
    pub next_cursor: Option<Uuid>,
    /// Unread ones altogether.
    pub unread: i64,
}

/// Which notifications were read.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadInput {
    /// These.
    pub ids: Vec<Uuid>,
    /// All of them.
    pub all: bool,
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new([
        (Locale::En, include_str!("../i18n/en.json")),
        (Locale::Ru, include_str!("../i18n/ru.json")),
        (Locale::Uk, include_str!("../i18n/uk.json")),
    ])
});

/// Tells people something, in the transaction in which it happens. The acting person is not told of their own acts.
pub async fn tell(
    tx: &Tx,
    ctx: &Ctx,
    kind: Kind,
    users: impl IntoIterator<Item = Uuid>,
    task: impl Into<Option<TaskId>>,
    params: &BTreeMap<String, String>,
) -> Result<()> {
    write(tx, ctx, kind, users, (task.into(), None), params).await
}

/// The same of something that has an address in the portal, beginning with `/`.
///
/// # Errors
/// When the database fails.
pub async fn tell_at(
    tx: &Tx,
    ctx: &Ctx,
    kind: Kind,
    users: impl IntoIterator<Item = Uuid>,
    link: &str,
    params: &BTreeMap<String, String>,
) -> Result<()> {
    write(tx, ctx, kind, users, (None, Some(link)), params).await
}

async fn write(
    tx: &Tx,
    ctx: &Ctx,
    kind: Kind,
    users: impl IntoIterator<Item = Uuid>,
    (task, link): (Option<TaskId>, Option<&str>),
    params: &BTreeMap<String, String>,
) -> Result<()> {
    let me = ctx.user().map(|user| user.0);
    let mut users: Vec<Uuid> = users.into_iter().filter(|user| Some(*user) != me).collect();
    users.sort_unstable();
    users.dedup();
    if users.is_empty() {
        return Ok(());
    }
    let params = serde_json::to_value(params).map_err(Error::internal)?;
    let told: Vec<(Uuid, Uuid)> = users.into_iter().map(|user| (ctx.id(), user)).collect();
    let routes = channels::routed(tx, ctx, kind, &told).await?;
    let mut insert = Query::insert();
    insert.into_table("notification").columns([
        "id",
        "tenant_id",
        "user_id",
        "kind",
        "task_id",
        "params",
        "at",
        "link",
        "shown",
        "digest",
    ]);
    for (id, user) in told {
        let (shown, digest) = routes.get(&user).copied().unwrap_or((true, false));
        insert.values_panic([
            id.into(),
            ctx.tenant.into(),
            user.into(),
            kind.name().into(),
            task.into(),
            params.clone().into(),
            ctx.now().0.into(),
            link.into(),
            shown.into(),
            digest.into(),
        ]);
    }
    tx.later(&insert).await?;
    Ok(())
}

/// Whether one of these people was told exactly this since then.
///
/// # Errors
/// When the database fails.
pub async fn was_told(
    conn: &impl ConnectionTrait,
    kind: Kind,
    users: &[Uuid],
    params: &BTreeMap<String, String>,
    since: Timestamp,
) -> Result<bool> {
    let select = Query::select()
        .column("params")
        .from("notification")
        .and_where(Expr::col("user_id").is_in(users.iter().copied()))
        .and_where(Expr::col("at").gte(since.0))
        .and_where(Expr::col("kind").eq(kind.name()))
        .take();
    let params = serde_json::to_value(params).map_err(Error::internal)?;
    for row in conn.query_all(&select).await? {
        if row.try_get_by_index::<Json>(0)? == params {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A page of the actor's notifications.
///
/// # Errors
/// `Denied` for an actor that is no person; `task.invalid` naming `limit`.
pub async fn list(db: &Db, ctx: &Ctx, query: &NotificationQuery) -> Result<NotificationPage> {
    let me = ctx.user().ok_or(Error::Denied("action"))?;
    let limit = query.limit.unwrap_or(50);
    if limit == 0 || limit > MAX_LIMIT {
        return Err(wrong("limit", FieldError::new("range").with("min", 1).with("max", MAX_LIMIT)));
    }
    let mut select = Query::select();
    select
        .columns(COLUMNS)
        .from("notification")
        .and_where(Expr::col("user_id").eq(me.0))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("shown").eq(true))
        .order_by("id", Order::Desc)
        .limit(limit + 1);
    if query.unread {
        select.and_where(Expr::col("read_at").is_null());
    }
    if let Some(cursor) = query.cursor {
        select.and_where(Expr::col("id").lt(cursor));
    }
    let rows = db.read().query_all(&select).await?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let items = rows.iter().take(page).map(|row| from_row(row, ctx.locale)).collect::<Result<Vec<_>>>()?;
    let next_cursor = if rows.len() > page { items.last().map(|item| item.id) } else { None };
    Ok(NotificationPage { items, next_cursor, unread: unread(db, ctx).await? })
}

/// How many notifications the actor has not read.
///
/// # Errors
/// When the database fails.
pub async fn unread(db: &Db, ctx: &Ctx) -> Result<i64> {
    let Some(me) = ctx.user() else { return Ok(0) };
    let count = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from("notification")
        .and_where(Expr::col("user_id").eq(me.0))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("read_at").is_null())
        .and_where(Expr::col("shown").eq(true))
        .take();
    Ok(db.read().query_one(&count).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?)
}

/// Marks notifications of the actor as read. Returns how many were not.
///
/// # Errors
/// `Denied` for an actor that is no person; `task.invalid` naming `ids`.
pub async fn mark_read(db: &Db, ctx: &Ctx, input: &ReadInput) -> Result<u64> {
    let me = ctx.user().ok_or(Error::Denied("action"))?;
    if input.ids.len() > 1_000 {
        return Err(wrong("ids", FieldError::new("too_many").with("max", 1_000)));
    }
    let mut update = Query::update();
    update
        .table("notification")
        .value("read_at", ctx.now().0)
        .and_where(Expr::col("user_id").eq(me.0))
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("read_at").is_null())
        .and_where(Expr::col("shown").eq(true));
    if !input.all {
        update.and_where(Expr::col("id").is_in(input.ids.iter().copied()));
    }
    let tx = db.begin().await?;
    let changed = tx.execute(&update).await?.rows_affected();
    tx.commit().await?;
    Ok(changed)
}

fn from_row(row: &QueryResult, locale: Locale) -> Result<Notification> {
    let kind: String = row.try_get_by_index(1)?;
    let params: Json = row.try_get_by_index(3)?;
    let params: BTreeMap<String, String> = serde_json::from_value(params).map_err(Error::internal)?;
    // The words of a module's notice are its parameters.
    let (text, params) = if kind == notices::KIND {
        let words = [locale.code(), "en"].into_iter().find_map(|code| params.get(code));
        (words.or_else(|| params.values().next()).cloned().unwrap_or_default(), BTreeMap::new())
    } else {
        (text(&kind, &params, locale), params)
    };
    Ok(Notification {
        id: row.try_get_by_index(0)?,
        task: row.try_get_by_index(2)?,
        text,
        at: Timestamp(row.try_get_by_index(4)?),
        read: row.try_get_by_index::<Option<i64>>(5)?.map(Timestamp),
        plugin: row.try_get_by_index(6)?,
        link: row.try_get_by_index(7)?,
        confirm: row.try_get_by_index(8)?,
        confirmed: row.try_get_by_index::<Option<i64>>(9)?.map(Timestamp),
        kind,
        params,
    })
}

/// Notifications that nobody has read, as `told` reads them.
pub(crate) fn unread_of(ctx: &Ctx) -> SelectStatement {
    Query::select()
        .columns(["kind", "params", "task_id", "link"])
        .from("notification")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("read_at").is_null())
        .take()
}

/// A row of `unread_of` as a line.
pub(crate) fn told(row: &QueryResult, locale: Locale) -> Result<channels::Told> {
    let params: BTreeMap<String, String> = serde_json::from_value(row.try_get_by_index(1)?).map_err(Error::internal)?;
    let task: Option<TaskId> = row.try_get_by_index(2)?;
    let link: Option<String> = row.try_get_by_index(3)?;
    let link = link.or_else(|| task.map(|task| format!("/tasks/{task}")));
    Ok(channels::Told { text: text(&row.try_get_by_index::<String>(0)?, &params, locale), link })
}

/// A sentence of letters about notifications.
pub fn sentence(key: &str, locale: Locale) -> &'static str {
    TEXTS.get(locale, key).unwrap_or_default()
}

fn text(kind: &str, params: &BTreeMap<String, String>, locale: Locale) -> String {
    let mut text = TEXTS.get(locale, kind).unwrap_or(kind).to_owned();
    // The title comes last: what people wrote into it is not a place to put parameters.
    for (name, value) in params.iter().filter(|(name, _)| *name != "title") {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    params.get("title").map_or(text.clone(), |title| text.replace("{title}", title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_text_in_every_language_with_the_same_parameters() {
        assert_eq!(TEXTS.differences(), [""; 0]);
        // And what letters about them say: `digest.subject`, `digest.more`.
        assert_eq!(TEXTS.keys(Locale::En).len(), Kind::ALL.len() + 2);
        // What a rule tells is in the words of whoever wrote it.
        assert!(Locale::ALL.iter().all(|locale| TEXTS.get(*locale, Kind::Rule.name()) == Some("{text}")));
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Rule) {
            let texts = Locale::ALL.map(|locale| TEXTS.get(locale, kind.name()).unwrap());
            assert!(texts.iter().all(|text| texts.iter().filter(|other| text == *other).count() == 1), "{texts:?}");
        }
    }

    #[test]
    fn a_title_with_braces_stays_as_it_is() {
        let params = BTreeMap::from([("title".into(), "{due}".into()), ("due".into(), "завтра".into())]);
        assert!(text("task.reminder", &params, Locale::Ru).contains("{due}"));
    }
}
