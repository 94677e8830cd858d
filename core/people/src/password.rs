//! Passwords: argon2id (RFC 9106) with the crate's recommended parameters, off the async threads.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use kernel::clock::Env;
use kernel::error::FieldError;
use kernel::{Error, Result};

/// Shortest password.
pub const MIN_LENGTH: usize = 8;
/// Longest password; more would only cost the server time.
pub const MAX_LENGTH: usize = 256;

/// Hashes a password for storage.
///
/// # Errors
/// `people.invalid` when it is too short or too long.
pub async fn hash(env: &Env, password: &str) -> Result<String> {
    let length = password.chars().count();
    if length < MIN_LENGTH {
        return Err(Error::field(crate::INVALID, "password", FieldError::new("password").with("min", MIN_LENGTH)));
    }
    if length > MAX_LENGTH {
        return Err(Error::field(crate::INVALID, "password", FieldError::new("too_long").with("max", MAX_LENGTH)));
    }
    let mut salt = [0_u8; 16];
    env.fill_random(&mut salt);
    let password = password.to_owned();
    let hash = tokio::task::spawn_blocking(move || {
        let hash: argon2::password_hash::Result<PasswordHash> =
            Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|h| h.to_string())
    });
    hash.await.map_err(Error::internal)?.map_err(Error::internal)
}

/// Whether the password is the one that was hashed. Without a hash the same time is spent, so that an answer's delay
/// does not tell which accounts exist.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool> {
    if password.chars().count() > MAX_LENGTH {
        return Ok(false);
    }
    let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
    let checked = tokio::task::spawn_blocking(move || {
        let stored = hash.as_deref().unwrap_or(NOBODY);
        let matches = PasswordHash::new(stored)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        matches && hash.is_some()
    });
    checked.await.map_err(Error::internal)
}

/// The hash of a random password that nobody has.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Wbl6ZqB4ZxWLPcqQpKDYu4jYhAsBcgGkcRdpTSAtDcA";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_passes() {
        let env = Env::system();
        let stored = hash(&env, "correct horse").await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!verify("correct house", Some(&stored)).await.unwrap());
        assert!(!verify("correct horse", None).await.unwrap());
        assert!(!verify(&"x".repeat(1_000_000), Some(&stored)).await.unwrap());
        assert!(PasswordHash::new(NOBODY).is_ok(), "the stand-in must be a hash, or it would cost no time");
    }

    #[tokio::test]
    async fn short_and_endless_passwords_are_refused() {
        let env = Env::system();
        assert!(hash(&env, "seven77").await.is_err());
        assert!(hash(&env, &"x".repeat(257)).await.is_err());
    }
}
