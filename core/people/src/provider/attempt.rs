//! Sign-ins through a provider that are under way. The browser that began one keeps a secret in a cookie and the provider
//! brings `state` back; both are needed, once, within ten minutes. PKCE (RFC 7636) and the nonce bind what the provider
//! says to this attempt.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kernel::clock::Env;
use kernel::db::Tx;
use kernel::{Db, Error, Result, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use super::{Provider, enabled};
use crate::entities::{Fetch, Run, Store, sign_in_attempt};
use crate::token::hash_of;
use crate::user::User;

pub use sign_in_attempt::Model as Attempt;

/// Seconds within which somebody comes back from the provider, and types the code of their second factor.
pub const SECONDS: i64 = 600;
/// Attempts of one provider that are under way at the same time, and how many of them go when there are more.
const MAX_UNDER_WAY: i64 = 10_000;
const ROOM: u64 = 100;
/// Bytes of where somebody was going.
const MAX_NEXT: usize = 2_000;

/// What goes to the provider and to the browser.
#[derive(Debug)]
pub struct Begun {
    /// For the provider to bring back.
    pub state: String,
    /// For the browser's cookie.
    pub browser: String,
    /// What the provider's word must carry.
    pub nonce: String,
    /// SHA-256 of the verifier.
    pub challenge: String,
}

/// Begins a sign-in; `next` is where the person was going. A browser that has a secret from another tab keeps it.
///
/// # Errors
/// `Conflict("auth.provider_off")` when the provider was taken away a moment ago.
pub async fn begin(db: &Db, env: &Env, provider: &Provider, next: &str, browser: Option<&str>) -> Result<Begun> {
    let (state, nonce, verifier) = (env.secret(), env.secret(), env.secret());
    let known = browser.filter(|secret| secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let browser = known.map_or_else(|| env.secret(), str::to_owned);
    let tx = db.begin().await?;
    forget_ended(&tx, env.now()).await?;
    let live = sign_in_attempt::Entity::find().filter(sign_in_attempt::Column::ProviderId.eq(provider.id));
    if live.number(&tx).await? >= MAX_UNDER_WAY {
        make_room(&tx, provider.id).await?;
    }
    // It may have been taken away a moment ago.
    enabled(&tx, provider.id).await?;
    let row =
        Row { state: &state, browser: &browser, nonce: &nonce, verifier: &verifier, next: &path_of(next), user: None };
    row.add(&tx, env, provider).await?;
    tx.commit().await?;
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    Ok(Begun { state, browser, nonce, challenge })
}

/// Ends those that began first: strangers who begin without end keep nobody else out. Whoever owes the code of their second
/// factor is no stranger.
async fn make_room(tx: &Tx, provider: Uuid) -> Result<()> {
    let oldest = sign_in_attempt::Entity::find()
        .filter(sign_in_attempt::Column::ProviderId.eq(provider))
        .filter(sign_in_attempt::Column::UserId.is_null())
        .order_by_asc(sign_in_attempt::Column::ExpiresAt)
        .limit(ROOM)
        .rows(tx)
        .await?;
    let ids = oldest.into_iter().map(|row| row.id);
    sign_in_attempt::Entity::delete_many().filter(sign_in_attempt::Column::Id.is_in(ids)).run(tx).await?;
    Ok(())
}

/// Takes an attempt that comes back to the browser which began it: it is good no more.
///
/// # Errors
/// `Conflict("auth.provider_state")`.
pub async fn take(db: &Db, env: &Env, provider: Uuid, state: &str, browser: &str) -> Result<Attempt> {
    let tx = db.begin().await?;
    let found = sign_in_attempt::Entity::find()
        .filter(sign_in_attempt::Column::StateHash.eq(hash_of(state)))
        .filter(sign_in_attempt::Column::BrowserHash.eq(hash_of(browser)))
        .filter(sign_in_attempt::Column::ProviderId.eq(provider))
        .filter(sign_in_attempt::Column::UserId.is_null())
        .filter(sign_in_attempt::Column::ExpiresAt.gt(env.now().0));
    let row = found.row(&tx).await?.ok_or_else(gone)?;
    spend(&tx, &row).await?;
    tx.commit().await?;
    Ok(row)
}

/// The attempt of a browser whose second factor is still to be shown.
pub(super) async fn waiting(db: &Db, env: &Env, browser: &str) -> Result<(Attempt, Uuid)> {
    let found = sign_in_attempt::Entity::find()
        .filter(sign_in_attempt::Column::BrowserHash.eq(hash_of(browser)))
        .filter(sign_in_attempt::Column::UserId.is_not_null())
        .filter(sign_in_attempt::Column::ExpiresAt.gt(env.now().0));
    let row = found.row(db.read()).await?.ok_or_else(gone)?;
    let user = row.user_id.ok_or_else(gone)?;
    Ok((row, user))
}

/// Has the browser of an attempt show the second factor of this account next.
pub(super) async fn wait(
    tx: &Tx,
    env: &Env,
    provider: &Provider,
    attempt: &Attempt,
    browser: &str,
    user: &User,
) -> Result<()> {
    let older = sign_in_attempt::Entity::delete_many()
        .filter(sign_in_attempt::Column::BrowserHash.eq(hash_of(browser)))
        .filter(sign_in_attempt::Column::UserId.is_not_null());
    older.run(tx).await?;
    let state = env.secret();
    let row = Row { state: &state, browser, nonce: "", verifier: "", next: &attempt.next, user: Some(user.id) };
    row.add(tx, env, provider).await
}

/// Ends an attempt; of two who use one at the same time the second is late.
pub(super) async fn spend(tx: &Tx, row: &Attempt) -> Result<()> {
    let taken = sign_in_attempt::Entity::delete_many().filter(sign_in_attempt::Column::Id.eq(row.id)).run(tx).await?;
    if taken == 1 { Ok(()) } else { Err(gone()) }
}

/// Ends all attempts by a provider.
pub(super) async fn end_of_provider(tx: &Tx, provider: Uuid) -> Result<()> {
    sign_in_attempt::Entity::delete_many().filter(sign_in_attempt::Column::ProviderId.eq(provider)).run(tx).await?;
    Ok(())
}

/// Ends those of somebody who still owes the code of their second factor.
pub(crate) async fn end_of_user(tx: &Tx, user: Uuid) -> Result<()> {
    sign_in_attempt::Entity::delete_many().filter(sign_in_attempt::Column::UserId.eq(user)).run(tx).await?;
    Ok(())
}

/// Removes attempts that ended before `now`.
///
/// # Errors
/// When the database fails.
pub async fn forget_ended(tx: &Tx, now: Timestamp) -> Result<()> {
    sign_in_attempt::Entity::delete_many().filter(sign_in_attempt::Column::ExpiresAt.lt(now.0)).run(tx).await?;
    Ok(())
}

pub(super) const fn gone() -> Error {
    Error::Conflict { code: "auth.provider_state", current: None }
}

struct Row<'a> {
    state: &'a str,
    browser: &'a str,
    nonce: &'a str,
    verifier: &'a str,
    next: &'a str,
    user: Option<Uuid>,
}

impl Row<'_> {
    async fn add(&self, tx: &Tx, env: &Env, provider: &Provider) -> Result<()> {
        let row = sign_in_attempt::ActiveModel {
            id: Set(kernel::id::fresh(env)),
            tenant_id: Set(provider.tenant_id),
            provider_id: Set(provider.id),
            state_hash: Set(hash_of(self.state)),
            browser_hash: Set(hash_of(self.browser)),
            nonce: Set(self.nonce.to_owned()),
            verifier: Set(self.verifier.to_owned()),
            next: Set(self.next.to_owned()),
            user_id: Set(self.user),
            expires_at: Set(env.now().plus_seconds(SECONDS).0),
        };
        row.add(tx).await?;
        Ok(())
    }
}

/// A place of this portal: its path with query and fragment, in plain letters. Anything that a browser could take for
/// another place is the first page.
fn path_of(next: &str) -> String {
    let odd = |letter: char| letter == '\\' || letter.is_control() || letter.is_whitespace();
    let plain = |text: &str| text.starts_with('/') && !text.starts_with("//") && text.len() <= MAX_NEXT;
    let found = Some(next).filter(|next| plain(next) && !next.contains(odd)).and_then(written);
    // Dots in a path may leave two slashes at its beginning.
    found.filter(|path| plain(path)).unwrap_or_else(|| "/".to_owned())
}

/// As it stands in a header: letters of other alphabets are encoded.
fn written(next: &str) -> Option<String> {
    let url = Url::parse("https://portal.invalid/").and_then(|here| here.join(next)).ok()?;
    let mut path = url.path().to_owned();
    for (sign, part) in [('?', url.query()), ('#', url.fragment())] {
        if let Some(part) = part {
            path.push(sign);
            path.push_str(part);
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_of_this_portal_are_gone_back_to() {
        for good in ["/", "/records/deal/list?q=a%20b#x", "/settings/profile"] {
            assert_eq!(path_of(good), good);
        }
        assert_eq!(path_of("/search?q=їжак"), "/search?q=%D1%97%D0%B6%D0%B0%D0%BA");
        let long = format!("/{}", "x".repeat(MAX_NEXT));
        for bad in [
            "",
            "https://evil.test/",
            "//evil.test",
            "/.//evil.test",
            "/%2e%2e//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/a\r\nb: c",
            "/\t/evil.test",
            "javascript:alert(1)",
            " /x",
            &long,
        ] {
            assert_eq!(path_of(bad), "/", "{bad}");
        }
    }
}
