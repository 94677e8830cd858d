//! `/sign-in-providers`: by whose word people of a company sign in (administrators).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kernel::UserId;
use people::provider::{self, Provider, SignInProvider, SignInProviderInput, account};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::oidc::callback_of;
use super::view::Items;
use crate::http::{ApiResult, Body, Caller};
use crate::oidc::Trouble;
use crate::state::AppState;

/// What is wrong with a provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderTrouble {
    /// Machine-readable.
    code: String,
    /// In the caller's language, with the way out.
    message: String,
}

/// How a connection test went.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderTest {
    /// Whether nothing was found. What only a person can try out (their account there) is not tried.
    works: bool,
    troubles: Vec<ProviderTrouble>,
}

fn view(state: &AppState, row: Provider) -> SignInProvider {
    let callback = callback_of(state, row.id);
    SignInProvider { callback, ..SignInProvider::from(row) }
}

/// `GET /sign-in-providers`: oldest first (administrators).
#[utoipa::path(get, path = "/sign-in-providers", operation_id = "list_sign_in_providers", tag = "people",
    responses((status = 200, body = Items<SignInProvider>)))]
pub async fn list(State(state): State<AppState>, caller: Caller) -> ApiResult<Json<Items<SignInProvider>>> {
    let found = provider::list(&state.db, &caller.ctx).await?;
    Ok(Json(Items { items: found.into_iter().map(|row| view(&state, row)).collect() }))
}

/// `POST /sign-in-providers`: up to ten (administrators).
#[utoipa::path(post, path = "/sign-in-providers", operation_id = "create_sign_in_provider", tag = "people",
    request_body = SignInProviderInput, responses((status = 201, body = SignInProvider)))]
pub async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<SignInProviderInput>,
) -> ApiResult<(StatusCode, Json<SignInProvider>)> {
    let made = provider::create(&state.db, &caller.ctx, &body, state.oidc.plain()).await?;
    Ok((StatusCode::CREATED, Json(view(&state, made))))
}

/// `PUT /sign-in-providers/{id}`: all of it; the secret stays where none is given (administrators).
#[utoipa::path(put, path = "/sign-in-providers/{id}", operation_id = "change_sign_in_provider", tag = "people",
    params(("id" = Uuid, Path)), request_body = SignInProviderInput, responses((status = 200, body = SignInProvider)))]
pub async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Body(body): Body<SignInProviderInput>,
) -> ApiResult<Json<SignInProvider>> {
    let saved = provider::change(&state.db, &caller.ctx, id, &body, state.oidc.plain()).await?;
    state.oidc.forget(id);
    Ok(Json(view(&state, saved)))
}

/// `DELETE /sign-in-providers/{id}`: sessions go on (administrators).
#[utoipa::path(delete, path = "/sign-in-providers/{id}", operation_id = "remove_sign_in_provider", tag = "people",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn remove(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    provider::remove(&state.db, &caller.ctx, id).await?;
    state.oidc.forget(id);
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /sign-in-providers/{id}/test`: asks the provider and says what is wrong, within 20 seconds (administrators).
#[utoipa::path(post, path = "/sign-in-providers/{id}/test", operation_id = "test_sign_in_provider", tag = "people",
    params(("id" = Uuid, Path)), responses((status = 200, body = ProviderTest)))]
pub async fn test(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<ProviderTest>> {
    let row = provider::one(&state.db, &caller.ctx, id).await?;
    let found = match provider::opened(&state.db, &row) {
        Ok(opened) => state.oidc.test(&opened, callback_of(&state, id).as_deref()).await,
        Err(_) => vec![Trouble::sealed()],
    };
    let told = found
        .iter()
        .map(|trouble| ProviderTrouble { code: trouble.code.to_owned(), message: trouble.words(caller.ctx.locale) });
    Ok(Json(ProviderTest { works: found.is_empty(), troubles: told.collect() }))
}

/// `DELETE /users/{id}/providers`: forgets whom providers mean by this person; the next time they are found by their e-mail
/// again (administrators).
#[utoipa::path(delete, path = "/users/{id}/providers", operation_id = "forget_providers_of", tag = "people",
    params(("id" = Uuid, Path)), responses((status = 204)))]
pub async fn unlink(State(state): State<AppState>, caller: Caller, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    account::unlink(&state.db, &caller.ctx, UserId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
