//! The second factor: codes of an app that change every half minute (TOTP, RFC 6238: SHA-1, six digits, 30 seconds, one
//! step of drift), and codes to be kept on paper for a device that is lost. Each code is good once. Secrets lie sealed: where the
//! server has lost the key, codes on paper still let in.

use std::collections::BTreeSet;

use kernel::clock::Env;
use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::error::FieldError;
use kernel::seal::{Kept, Spot};
use kernel::{Ctx, Db, Error, Result, TenantId, Timestamp, UserId, audit};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

use crate::entities::{Fetch, Run, Store, second_factor};
use crate::tenant::{self, one_by_one};
use crate::token::hash_of;
use crate::user::{self, User};
use crate::{INVALID, password, require_admin};

/// Codes to be kept on paper.
const RECOVERY: usize = 10;
/// Letters and digits of such a code that nobody takes for another; 50 bits in ten of them.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Wrong codes of a window; then none is looked at until it is over. Whoever guesses has the password already.
const MAX_WRONG: i64 = 10;
/// Seconds of such a window.
const WINDOW: i64 = 900;

/// A factor that is to be confirmed by a first code.
#[derive(Debug)]
pub struct Begun {
    /// For those who type it: base 32 (RFC 4648).
    pub secret: String,
    /// For those who scan it: `otpauth://totp/…`.
    pub uri: String,
}

/// Whether somebody's second factor is in force, and how many codes for a lost device are left.
///
/// # Errors
/// When the database fails.
pub async fn state(db: &Db, id: UserId) -> Result<Option<usize>> {
    Ok(of(db.read(), id.0).await?.map(|row| recovery(&row).len()))
}

/// Whether one is in force.
pub(crate) async fn state_in(tx: &Tx, id: Uuid) -> Result<bool> {
    Ok(of(tx, id).await?.is_some())
}

/// Who of a company has one in force.
///
/// # Errors
/// When the database fails.
pub async fn holders(db: &Db, tenant: TenantId) -> Result<BTreeSet<Uuid>> {
    let found = second_factor::Entity::find()
        .filter(second_factor::Column::TenantId.eq(tenant.0))
        .filter(second_factor::Column::ConfirmedAt.is_not_null());
    Ok(found.rows(db.read()).await?.into_iter().map(|row| row.user_id).collect())
}

/// Makes a secret. One that was never confirmed is replaced.
///
/// # Errors
/// `people.invalid` when the password is not right, `Conflict("auth.factor_on")`, `Conflict("secrets.locked")`.
pub async fn begin(db: &Db, ctx: &Ctx, id: UserId, present: &str) -> Result<Begun> {
    let account = proven(db, ctx, id, present).await?;
    let mut bytes = vec![0_u8; 20];
    ctx.env.fill_random(&mut bytes);
    let secret = Secret::from(bytes).to_base32();
    let tenant = tenant::get(db, ctx.tenant).await?;
    let uri = totp(&secret, &account.email, &format!("Verstak {}", tenant.name))?.to_url().map_err(Error::internal)?;
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    if of(&tx, id.0).await?.is_some() {
        return Err(Error::Conflict { code: "auth.factor_on", current: None });
    }
    remove_in(&tx, id.0).await?;
    let row = second_factor::ActiveModel {
        user_id: Set(id.0),
        tenant_id: Set(ctx.tenant.0),
        secret: Set(db.seals().seal(&ctx.env, &place(ctx.tenant.0, id.0), &secret)?),
        recovery: Set(json!([])),
        last_step: Set(0),
        wrong: Set(0),
        wrong_since: Set(0),
        created_at: Set(ctx.now().0),
        confirmed_at: Set(None),
    };
    row.add(&tx).await?;
    tx.commit().await?;
    Ok(Begun { secret, uri })
}

/// Puts it in force by its first code. Gives the codes for a lost device; they are shown once.
///
/// # Errors
/// `people.invalid` when the code is not right, `Conflict("auth.factor_on")` when it is in force already, `NotFound` when
/// none was begun, `Conflict("secrets.locked")`.
pub async fn confirm(db: &Db, ctx: &Ctx, id: UserId, code: &str) -> Result<Vec<String>> {
    let tx = db.begin().await?;
    one_by_one(&tx, ctx.tenant).await?;
    let found = second_factor::Entity::find_by_id(id.0).row(&tx).await?;
    let row = found.ok_or_else(|| Error::NotFound("second factor".into()))?;
    if row.confirmed_at.is_some() {
        return Err(Error::Conflict { code: "auth.factor_on", current: None });
    }
    let wrong = || Error::field(INVALID, "code", FieldError::new("wrong_code"));
    let step = step_of(&row, code, ctx.now(), |row| opened(db, row))?.ok_or_else(wrong)?;
    let codes: Vec<String> = (0..RECOVERY).map(|_| paper_code(&ctx.env)).collect();
    let update = second_factor::ActiveModel {
        user_id: Set(id.0),
        recovery: Set(json!(codes.iter().map(|code| hash_of(&plain(code))).collect::<Vec<_>>())),
        last_step: Set(step),
        confirmed_at: Set(Some(ctx.now().0)),
        ..Default::default()
    };
    update.change(&tx).await?;
    audit::record(&tx, ctx, "user.factor_on", &id.to_string(), json!({})).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Takes one's own away.
///
/// # Errors
/// `people.invalid` when the password is not right.
pub async fn remove(db: &Db, ctx: &Ctx, id: UserId, present: &str) -> Result<()> {
    proven(db, ctx, id, present).await?;
    take_away(db, ctx, id).await
}

/// Takes somebody's away, whose device is lost (administrators).
///
/// # Errors
/// `Denied`, `NotFound`.
pub async fn remove_of(db: &Db, ctx: &Ctx, id: UserId) -> Result<()> {
    require_admin(ctx)?;
    user::get(db.read(), ctx.tenant, id).await?;
    take_away(db, ctx, id).await
}

async fn take_away(db: &Db, ctx: &Ctx, id: UserId) -> Result<()> {
    let tx = db.begin().await?;
    if remove_in(&tx, id.0).await? {
        audit::record(&tx, ctx, "user.factor_off", &id.to_string(), json!({})).await?;
    }
    Ok(tx.commit().await?)
}

/// Judges what was typed besides the password. Nothing is asked of those without a second factor.
///
/// # Errors
/// `Conflict("auth.code_required")`, `Conflict("auth.wrong_code")`, `Limited` after too many wrong ones;
/// `Conflict("secrets.locked")` of codes of the app, where the key is not here.
pub(crate) async fn judge(db: &Db, env: &Env, account: &User, code: Option<&str>) -> Result<()> {
    if of(db.read(), account.id).await?.is_none() {
        return Ok(());
    }
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else {
        return Err(Error::Conflict { code: "auth.code_required", current: None });
    };
    let tx = db.begin().await?;
    one_by_one(&tx, TenantId(account.tenant_id)).await?;
    let Some(row) = of(&tx, account.id).await? else { return Ok(()) };
    let now = env.now();
    let over = Timestamp(row.wrong_since).plus_seconds(WINDOW);
    let (wrong, since) = if over > now { (row.wrong, row.wrong_since) } else { (0, now.0) };
    if wrong >= MAX_WRONG {
        let left = (over.0 - now.0).div_euclid(1_000_000).max(0);
        return Err(Error::Limited { retry_after: u64::try_from(left).unwrap_or_default().saturating_add(1) });
    }
    let update = match taken(&row, code, now, |row| opened(db, row))? {
        Some(update) => update,
        None => second_factor::ActiveModel {
            wrong: Set(wrong.saturating_add(1)),
            wrong_since: Set(since),
            ..Default::default()
        },
    };
    let right = update.wrong.is_not_set();
    second_factor::ActiveModel { user_id: Set(account.id), ..update }.change(&tx).await?;
    tx.commit().await?;
    if right { Ok(()) } else { Err(Error::Conflict { code: "auth.wrong_code", current: None }) }
}

/// Secrets of all companies, where they lie.
///
/// # Errors
/// When the database fails.
pub async fn secrets(db: &Db) -> Result<Vec<Kept>> {
    let select = Query::select()
        .columns([("second_factor", "user_id"), ("second_factor", "tenant_id"), ("second_factor", "secret")])
        .column(("user_account", "email"))
        .from("second_factor")
        .inner_join("user_account", Expr::col(("user_account", "id")).equals(("second_factor", "user_id")))
        .order_by(("user_account", "email"), Order::Asc)
        .to_owned();
    let rows = db.read().query_all(&select).await?;
    let kept = |row: &QueryResult| -> Result<Kept> {
        let (user, tenant): (Uuid, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok(Kept {
            tenant: TenantId(tenant),
            what: format!("the second factor of {}", row.try_get_by_index::<String>(3)?),
            place: place(tenant, user),
            text: row.try_get_by_index(2)?,
            spot: Spot { table: "second_factor", column: "secret", member: None, row: vec![("user_id", user.into())] },
        })
    };
    rows.iter().map(kept).collect()
}

/// What a secret is sealed for.
fn place(tenant: Uuid, user: Uuid) -> String {
    format!("second_factor/{tenant}/{user}")
}

/// The secret as it was made.
fn opened(db: &Db, row: &second_factor::Model) -> Result<String> {
    db.seals().open(&place(row.tenant_id, row.user_id), &row.secret)
}

/// What changes when the code is right: it is good no more.
fn taken(
    row: &second_factor::Model,
    code: &str,
    now: Timestamp,
    open: impl Fn(&second_factor::Model) -> Result<String>,
) -> Result<Option<second_factor::ActiveModel>> {
    if let Some(step) = step_of(row, code, now, open)? {
        return Ok(Some(second_factor::ActiveModel { last_step: Set(step), ..Default::default() }));
    }
    let mut left = recovery(row);
    if !left.remove(&hash_of(&plain(code))) {
        return Ok(None);
    }
    Ok(Some(second_factor::ActiveModel { recovery: Set(json!(left)), ..Default::default() }))
}

/// The step of a code of the app, when it is right and was not used before. The secret is opened for what may be one alone.
fn step_of(
    row: &second_factor::Model,
    code: &str,
    now: Timestamp,
    open: impl Fn(&second_factor::Model) -> Result<String>,
) -> Result<Option<i64>> {
    let digits: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let seconds = u64::try_from(now.0.div_euclid(1_000_000)).map_err(Error::internal)?;
    let step = totp(&open(row)?, "", "")?.check(&digits, seconds);
    let step = step.map(i64::try_from).transpose().map_err(Error::internal)?;
    Ok(step.filter(|step| *step > row.last_step))
}

fn totp(secret: &str, account: &str, issuer: &str) -> Result<Totp> {
    let secret = Secret::try_from_base32(secret).map_err(|error| Error::internal(error.to_string()))?;
    // A colon would end the issuer in the address (Key Uri Format of Google Authenticator).
    let named = |text: &str| text.replace(':', " ");
    let built = Builder::new().with_secret(secret).with_account_name(named(account)).with_issuer(Some(named(issuer)));
    Ok(built.build_noncompliant())
}

/// Ten letters and digits in two halves.
fn paper_code(env: &Env) -> String {
    let mut bytes = [0_u8; 10];
    env.fill_random(&mut bytes);
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).copied().map_or('a', char::from);
    let code: String = bytes.iter().map(letter).collect();
    let (left, right) = code.split_at(5);
    format!("{left}-{right}")
}

/// A code as it is compared: without what people put between and with small letters.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(64).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn recovery(row: &second_factor::Model) -> BTreeSet<String> {
    serde_json::from_value(row.recovery.clone()).unwrap_or_default()
}

/// The factor that is in force.
async fn of(conn: &impl ConnectionTrait, user: Uuid) -> Result<Option<second_factor::Model>> {
    let found = second_factor::Entity::find_by_id(user).filter(second_factor::Column::ConfirmedAt.is_not_null());
    Ok(found.row(conn).await?)
}

async fn remove_in(tx: &Tx, user: Uuid) -> Result<bool> {
    let gone = second_factor::Entity::delete_many().filter(second_factor::Column::UserId.eq(user)).run(tx).await?;
    Ok(gone > 0)
}

/// Refuses whoever does not know the account's password.
async fn proven(db: &Db, ctx: &Ctx, id: UserId, present: &str) -> Result<User> {
    let account = user::get(db.read(), ctx.tenant, id).await?;
    if !password::verify(present, account.password_hash.as_deref()).await? {
        return Err(Error::field(INVALID, "present", FieldError::new("wrong_password")));
    }
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(last_step: i64, codes: &[&str]) -> second_factor::Model {
        second_factor::Model {
            user_id: Uuid::nil(),
            tenant_id: Uuid::nil(),
            // "12345678901234567890" of RFC 6238, appendix B.
            secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".into(),
            recovery: json!(codes.iter().map(|code| hash_of(code)).collect::<Vec<_>>()),
            last_step,
            wrong: 0,
            wrong_since: 0,
            created_at: 0,
            confirmed_at: Some(0),
        }
    }

    fn clear(row: &second_factor::Model) -> Result<String> {
        Ok(row.secret.clone())
    }

    fn locked(_: &second_factor::Model) -> Result<String> {
        Err(Error::Conflict { code: "secrets.locked", current: None })
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn codes_of_the_standard_are_right_once_and_within_a_step() {
        // RFC 6238, appendix B, the last six digits.
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let step = step_of(&row(0, &[]), code, at(seconds), clear).unwrap();
            assert_eq!(step, Some(seconds / 30), "{code}");
            assert!(step_of(&row(0, &[]), code, at(seconds + 30), clear).unwrap().is_some());
            assert!(step_of(&row(0, &[]), code, at(seconds + 90), clear).unwrap().is_none());
            assert!(step_of(&row(seconds / 30, &[]), code, at(seconds), clear).unwrap().is_none(), "used already");
        }
        for wrong in ["", "287 08", "28708", "2870820", "２８７０８２", "abcdef"] {
            assert!(step_of(&row(0, &[]), wrong, at(59), clear).unwrap().is_none(), "{wrong}");
        }
        assert!(step_of(&row(0, &[]), "287 082", at(59), clear).unwrap().is_some());
    }

    #[test]
    fn codes_on_paper_are_good_once_however_they_are_typed() {
        let row = row(0, &["abcde23456", "zzzzz99999"]);
        let update = taken(&row, " ABCDE-23456 ", at(59), locked).unwrap().unwrap();
        assert_eq!(update.recovery.unwrap(), json!([hash_of("zzzzz99999")]));
        assert!(taken(&row, "abcde-23457", at(59), locked).unwrap().is_none());
        assert_eq!(taken(&row, "287082", at(59), locked).unwrap_err().code(), "secrets.locked");
        let made = paper_code(&Env::system());
        assert_eq!((made.len(), plain(&made).len()), (11, 10));
    }

    #[test]
    fn the_address_for_the_app_names_company_and_account() {
        let uri =
            totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "a@b.test", "Verstak Acme: South").unwrap().to_url().unwrap();
        assert!(uri.starts_with("otpauth://totp/Verstak%20Acme"), "{uri}");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") && uri.contains("issuer="), "{uri}");
    }
}
