//! `/me`: who am I, and what I may set of myself.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kernel::{Result, UserId};
use messaging::channels::{self, NotificationSettings, NotificationSettingsView};
use people::Identity;
use people::user::UserPatch;
use people::view_as::Viewing;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::body::given;
use crate::http::{ApiResult, Body, Caller};
use crate::state::AppState;

/// The signed-in person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    user: MyUser,
    tenant: MyTenant,
    roles: Vec<MyRole>,
    /// May change company settings.
    admin: bool,
    /// May install plugins for the installation.
    operator: bool,
    /// Plugins that are switched on.
    plugins: Vec<MyPlugin>,
    /// Counters for the shell.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    counters: Map<String, Value>,
    /// While an administrator looks as this person, or as somebody who has this role alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    viewing: Option<MyViewing>,
}

/// Whoever looks as somebody else.
#[derive(Debug, Serialize, ToSchema)]
struct MyViewing {
    /// The administrator.
    by: Uuid,
    /// What they are called.
    name: String,
    /// What the role is called as which they look; absent: they look as the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    role: Option<String>,
    /// When it ends by itself.
    #[schema(value_type = String)]
    until: kernel::Timestamp,
}

impl From<&Viewing> for MyViewing {
    fn from(viewing: &Viewing) -> Self {
        let role = viewing.role.as_ref().map(|(_, name)| name.clone());
        Self { by: viewing.by.0, name: viewing.name.clone(), role, until: viewing.until }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct MyUser {
    id: Uuid,
    name: String,
    email: String,
    #[schema(value_type = kernel::Locale)]
    locale: String,
    department_id: Option<Uuid>,
    #[schema(value_type = Option<String>)]
    absent_until: Option<kernel::Timestamp>,
}

#[derive(Debug, Serialize, ToSchema)]
struct MyTenant {
    id: Uuid,
    slug: String,
    name: String,
    #[schema(value_type = kernel::Locale)]
    locale: String,
    currency: String,
    time_zone: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct MyRole {
    id: Uuid,
    key: String,
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct MyPlugin {
    id: String,
    title: String,
}

impl Me {
    /// The view of an identity.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(state: &AppState, identity: &Identity) -> Result<Self> {
        let ctx = identity.ctx(&state.env);
        let plugins = state.plugins.enabled(&ctx).await?;
        let (user, tenant) = (&identity.user, &identity.tenant);
        Ok(Self {
            user: MyUser {
                id: user.id,
                name: user.name.clone(),
                email: user.email.clone(),
                locale: identity.locale().code().into(),
                department_id: user.department_id,
                absent_until: user.absent_until.map(kernel::Timestamp),
            },
            tenant: MyTenant {
                id: tenant.id.0,
                slug: tenant.slug.clone(),
                name: tenant.name.clone(),
                locale: tenant.locale.code().into(),
                currency: tenant.currency.clone(),
                time_zone: tenant.zone.name().into(),
            },
            roles: identity.roles.iter().cloned().map(|(id, key, name)| MyRole { id, key, name }).collect(),
            admin: identity.admin,
            operator: identity.operator,
            plugins: plugins.into_iter().map(|(id, title)| MyPlugin { id, title }).collect(),
            counters: Map::new(),
            viewing: identity.viewing.as_ref().map(MyViewing::from),
        })
    }
}

/// `GET /me/notifications`: how the caller wants to be told, with what there is to choose.
#[utoipa::path(get, path = "/me/notifications", tag = "session", operation_id = "notification_settings", responses((status = 200, body = NotificationSettingsView)))]
pub async fn notifications(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<NotificationSettingsView>> {
    Ok(Json(channels::get(&state.db, &caller.ctx, state.mail.is_configured()).await?))
}

/// `PUT /me/notifications`: of each kind where it goes (the portal, a letter, the daily digest), and whether all of it waits
/// until working time begins. Kinds that are not named go to the portal alone.
#[utoipa::path(put, path = "/me/notifications", tag = "session", operation_id = "set_notification_settings", request_body = NotificationSettings, responses((status = 200, body = NotificationSettingsView)))]
pub async fn set_notifications(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<NotificationSettings>,
) -> ApiResult<Json<NotificationSettingsView>> {
    channels::put(&state.db, &caller.ctx, &body).await?;
    Ok(Json(channels::get(&state.db, &caller.ctx, state.mail.is_configured()).await?))
}

/// What one may set of oneself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MePatch {
    /// `en`, `ru`, `uk`.
    locale: Option<String>,
    /// Absent until then; null = present.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    absent_until: Option<Option<kernel::Timestamp>>,
}

/// A new password for oneself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The password of now.
    present: String,
    /// The password of the future.
    new: String,
}

/// `POST /me/password`: ends all of one's sessions; sign in again with the new one.
#[utoipa::path(post, path = "/me/password", tag = "session", request_body = PasswordBody, responses((status = 204)))]
pub async fn password(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<PasswordBody>,
) -> ApiResult<StatusCode> {
    tokio::time::sleep(state.limits.sign_in("", &caller.identity.user.email)?).await;
    let id = UserId(caller.identity.user.id);
    people::user::change_password(&state.db, &caller.ctx, id, &body.present, &body.new).await?;
    state.forget_people();
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /me`
#[utoipa::path(get, path = "/me", tag = "session", responses((status = 200, body = Me)))]
pub async fn get(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Me>> {
    Ok(Json(Me::of(&state, &caller.identity).await?))
}

/// `PATCH /me`
#[utoipa::path(patch, path = "/me", tag = "session", request_body = MePatch, responses((status = 200, body = Me)))]
pub async fn update(State(state): State<AppState>, caller: Caller, Body(body): Body<MePatch>) -> ApiResult<Json<Me>> {
    let patch = UserPatch { locale: body.locale, absent_until: body.absent_until, ..UserPatch::default() };
    let id = UserId(caller.identity.user.id);
    people::user::update(&state.db, &caller.ctx, id, &patch).await?;
    state.forget_people();
    let identity = Identity {
        user: people::user::get(state.db.read(), caller.ctx.tenant, id).await?,
        ..(*caller.identity).clone()
    };
    Ok(Json(Me::of(&state, &identity).await?))
}
