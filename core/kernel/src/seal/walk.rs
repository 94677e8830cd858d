//! Secrets where they lie: their owners say where that is, and one walk seals them anew, finds those that no key opens, and gives
//! those up. Each is compared again as it is written, so that a change that comes between wins.

use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query, Value};
use serde_json::Value as Json;

use super::{FORGOTTEN, Renewed, Seals, is_forgotten};
use crate::clock::Env;
use crate::db::{ConnectionTrait, Db, Tx};
use crate::{Result, TenantId};

/// The cell of a table in which a secret lies.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The owner's table.
    pub table: &'static str,
    /// A column with text, or with a JSON object.
    pub column: &'static str,
    /// Of an object: the member that is the secret.
    pub member: Option<String>,
    /// What tells its row from all others.
    pub row: Vec<(&'static str, Value)>,
}

/// A secret as it lies in its table, perhaps clear. It is in no log: it has no `Debug`.
pub struct Kept {
    /// Whose it is.
    pub tenant: TenantId,
    /// What it is, for whoever runs the server.
    pub what: String,
    /// What it is sealed for.
    pub place: String,
    /// The text that lies there.
    pub text: String,
    /// Where it lies.
    pub spot: Spot,
}

/// Seals those that are clear, or sealed with a key of before.
///
/// # Errors
/// When the database fails.
pub async fn renew(db: &Db, env: &Env, all: &[Kept]) -> Result<Renewed> {
    let mut renewed = Renewed::default();
    for kept in all {
        match db.seals().renewed(env, &kept.place, &kept.text) {
            Ok(None) => {}
            // Whoever gave another one meanwhile has sealed it.
            Ok(Some(anew)) => renewed.sealed += usize::from(kept.swap(db, &anew).await?),
            Err(_) => renewed.closed += 1,
        }
    }
    Ok(renewed)
}

/// Those that do not open with these keys; those that were given up are not asked for again.
pub fn unreadable<'a>(seals: &Seals, all: &'a [Kept]) -> Vec<&'a Kept> {
    all.iter().filter(|kept| !is_forgotten(&kept.text) && !seals.opens(&kept.place, &kept.text)).collect()
}

/// Gives these up for good: they open nowhere, until others are given. Says how many were given up.
///
/// # Errors
/// When the database fails.
pub async fn forget(db: &Db, all: &[&Kept]) -> Result<usize> {
    let mut forgotten = 0;
    for kept in all {
        forgotten += usize::from(kept.swap(db, FORGOTTEN).await?);
    }
    Ok(forgotten)
}

impl Kept {
    /// Puts another text in its place, while it lies there still.
    async fn swap(&self, db: &Db, text: &str) -> Result<bool> {
        let tx = db.begin().await?;
        let swapped = match &self.spot.member {
            None => self.swap_text(&tx, text).await?,
            Some(member) => self.swap_member(&tx, member, text).await?,
        };
        tx.commit().await?;
        Ok(swapped)
    }

    async fn swap_text(&self, tx: &Tx, text: &str) -> Result<bool> {
        let mut update = Query::update()
            .table(self.spot.table)
            .value(self.spot.column, text)
            .and_where(Expr::col(self.spot.column).eq(self.text.as_str()))
            .to_owned();
        for (column, value) in &self.spot.row {
            update.and_where(Expr::col(*column).eq(value.clone()));
        }
        Ok(tx.execute(&update).await?.rows_affected() == 1)
    }

    /// The row is held from looking to writing: what else stands in the object stays.
    async fn swap_member(&self, tx: &Tx, member: &str, text: &str) -> Result<bool> {
        let mut select = Query::select().column(self.spot.column).from(self.spot.table).to_owned();
        for (column, value) in &self.spot.row {
            select.and_where(Expr::col(*column).eq(value.clone()));
        }
        // SQLite has one writer at a time.
        if tx.get_database_backend() == DbBackend::Postgres {
            select.lock(LockType::Update);
        }
        let Some(row) = tx.query_one(&select).await? else { return Ok(false) };
        let mut whole: Json = row.try_get_by_index(0)?;
        let Some(lies) = whole.get_mut(member).filter(|lies| lies.as_str() == Some(self.text.as_str())) else {
            return Ok(false);
        };
        *lies = Json::String(text.to_owned());
        let mut update = Query::update().table(self.spot.table).value(self.spot.column, whole).to_owned();
        for (column, value) in &self.spot.row {
            update.and_where(Expr::col(*column).eq(value.clone()));
        }
        Ok(tx.execute(&update).await?.rows_affected() == 1)
    }
}
