//! Secrets of all owners together: sealed anew by the chores, and another key in the place of one that is old or lost.

use std::collections::BTreeMap;

use kernel::clock::Env;
use kernel::seal::{self, Kept, Renewed, SealOptions};
use kernel::{Db, Error, Result};
use uuid::Uuid;

use crate::cli::plain;

/// Secrets that are named one by one.
const NAMED: usize = 50;

/// All secrets of all companies, where they lie.
///
/// # Errors
/// When the database fails.
pub async fn all(db: &Db) -> Result<Vec<Kept>> {
    let mut all = people::provider::secrets(db).await?;
    all.extend(people::factor::secrets(db).await?);
    all.extend(messaging::secrets(db).await?);
    all.extend(plugin_host::secrets(db).await?);
    Ok(all)
}

/// Seals secrets that are clear, or sealed with a key of before.
///
/// # Errors
/// When the database fails.
pub async fn renew(db: &Db, env: &Env) -> Result<Renewed> {
    seal::renew(db, env, &all(db).await?).await
}

/// What became of all secrets under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// Sealed with it now.
    pub sealed: usize,
    /// Given up: no key at hand opened them.
    pub forgotten: usize,
}

/// Puts another key in the place of the one that seals (`seal::rotate`), and seals everything with it. Where a secret does not open
/// with the keys at hand nothing is changed, but where those are to be given up. The database has not been told its keys yet.
///
/// # Errors
/// `Unavailable` naming the secrets that do not open; those of `seal::rotate`.
pub async fn rotate(db: &Db, env: &Env, options: &SealOptions, forget: bool) -> Result<Rotated> {
    let before = all(db).await?;
    let unreadable = seal::unreadable(&seal::at_hand(options)?, &before);
    if !forget && !unreadable.is_empty() {
        return Err(Error::Unavailable(refusal(&named(db, &unreadable).await?)));
    }
    seal::rotate(db, env, options).await?;
    seal::prepare(db, env, options).await?;
    let forgotten = seal::forget(db, &unreadable).await?;
    let renewed = renew(db, env).await?;
    Ok(Rotated { sealed: renewed.sealed, forgotten })
}

fn refusal(named: &[String]) -> String {
    format!(
        "no key at hand opens these secrets ({}):{}\nNothing was changed. Put the key back that sealed them, into the file of keys \
         or into secrets.keys behind the others (`verstak doctor` says which it is), and run this again. If it is lost, \
         `--forget-unreadable` gives them up for good: they are given anew in the portal",
        named.len(),
        lines(named)
    )
}

/// Each on a line of its own, of very many the first ones.
pub fn lines(named: &[String]) -> String {
    let mut lines: String = named.iter().take(NAMED).map(|one| format!("\n  {one}")).collect();
    if named.len() > NAMED {
        lines.push_str(&format!("\n  and {} more", named.len() - NAMED));
    }
    lines
}

/// What they are and of which company, for whoever runs the server.
///
/// # Errors
/// When the database fails.
pub async fn named(db: &Db, secrets: &[&Kept]) -> Result<Vec<String>> {
    let companies: BTreeMap<Uuid, String> =
        people::tenant::list(db).await?.into_iter().map(|one| (one.id.0, one.slug)).collect();
    let name = |kept: &&Kept| {
        let company = companies.get(&kept.tenant.0).map_or("a company that is gone", String::as_str);
        plain(&format!("{company}: {}", kept.what))
    };
    Ok(secrets.iter().map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_very_many_the_first_ones_are_named() {
        let named: Vec<String> = (0..52).map(|number| format!("acme: {number}")).collect();
        let text = refusal(&named);
        assert!(text.contains("(52):\n  acme: 0\n") && text.contains("acme: 49\n  and 2 more\nNothing"), "{text}");
        assert!(!text.contains("acme: 50"));
        assert_eq!(lines(&named[..1]), "\n  acme: 0");
    }
}
