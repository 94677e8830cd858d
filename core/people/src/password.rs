//! Passwords: argon2id (RFC 9106) with the crate's recommended parameters, off the async threads.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use kernel::clock::Env;
use kernel::error::FieldError;
use kernel::{Error, Result};
use tokio::sync::Semaphore;

/// Shortest password.
pub const MIN_LENGTH: usize = 8;
/// Longest password; more would only cost the server time.
pub const MAX_LENGTH: usize = 256;

/// Hashes in work at the same time: each takes 19 MiB and a processor.
static WORK: Semaphore = Semaphore::const_new(4);

/// Runs a hash off the async threads, when it is its turn.
async fn work<T: Send + 'static>(hash: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _turn = WORK.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(hash).await.map_err(Error::internal)
}

/// Hashes a password for storage, of the account with this e-mail.
///
/// # Errors
/// `people.invalid` when it is too short, too long or easily guessed.
pub async fn hash(env: &Env, password: &str, email: &str) -> Result<String> {
    let length = password.chars().count();
    if length < MIN_LENGTH {
        return Err(Error::field(crate::INVALID, "password", FieldError::new("password").with("min", MIN_LENGTH)));
    }
    if length > MAX_LENGTH {
        return Err(Error::field(crate::INVALID, "password", FieldError::new("too_long").with("max", MAX_LENGTH)));
    }
    if is_weak(password, email) {
        return Err(Error::field(crate::INVALID, "password", FieldError::new("weak_password")));
    }
    let mut salt = [0_u8; 16];
    env.fill_random(&mut salt);
    let password = password.to_owned();
    let hash = work(move || {
        let hash: argon2::password_hash::Result<PasswordHash> =
            Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|h| h.to_string())
    });
    hash.await?.map_err(Error::internal)
}

/// What is guessed first: words of lists of stolen passwords, with digits and signs after them.
const COMMON: [&str; 40] = [
    "password",
    "passwort",
    "пароль",
    "parol",
    "admin",
    "administrator",
    "админ",
    "root",
    "user",
    "guest",
    "test",
    "welcome",
    "letmein",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "master",
    "sunshine",
    "princess",
    "superman",
    "batman",
    "shadow",
    "trustno",
    "secret",
    "changeme",
    "default",
    "login",
    "qwerty",
    "йцукен",
    "azerty",
    "abc",
    "asd",
    "zxc",
    "pass",
    "привет",
    "любовь",
    "наташа",
    "verstak",
];

/// Rows of keys, and the alphabets; parts of them are no secret in either direction.
const ROWS: [&str; 8] = [
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "1q2w3e4r5t6y7u8i9o0p",
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "q1w2e3r4t5y6u7i8o9p0",
];

/// Whether a password would be among the first that somebody tries: few different characters, a walk over the keyboard,
/// a common word or the person's own name with little after it.
fn is_weak(password: &str, email: &str) -> bool {
    let text = password.trim().to_lowercase();
    let letters: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let different: std::collections::BTreeSet<&char> = letters.iter().collect();
    if letters.len() < MIN_LENGTH - 2 || different.len() < 4 {
        return true;
    }
    let repeats = (1..=letters.len() / 2).any(|length| {
        let (unit, _) = letters.split_at(length);
        length <= 3 && letters.chunks(length).all(|chunk| unit.starts_with(chunk))
    });
    let plain: String = letters.iter().collect();
    let backwards: String = letters.iter().rev().collect();
    let walks = ROWS.iter().any(|row| row.contains(&plain) || row.contains(&backwards));
    let name = email.split('@').next().unwrap_or_default().to_lowercase();
    let own = Some(name.as_str()).filter(|name| name.chars().count() >= 3);
    // What is left of `Qwerty123456!` when the word and the signs are taken away.
    let known = COMMON.into_iter().chain(own).filter_map(|word| plain.strip_prefix(word));
    let little = |rest: &str| {
        let rest = rest.trim_matches(|letter: char| !letter.is_alphanumeric());
        rest.chars().all(|letter| letter.is_ascii_digit()) || COMMON.contains(&rest)
    };
    repeats || walks || known.into_iter().any(little)
}

/// Whether the password is the one that was hashed. Without a hash the same time is spent, so that an answer's delay
/// does not tell which accounts exist.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool> {
    if password.chars().count() > MAX_LENGTH {
        return Ok(false);
    }
    let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
    let checked = work(move || {
        let stored = hash.as_deref().unwrap_or(NOBODY);
        let matches = PasswordHash::new(stored)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        matches && hash.is_some()
    });
    checked.await
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
        let stored = hash(&env, "correct horse", "a@a.test").await.unwrap();
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
        assert!(hash(&env, "seven77", "a@a.test").await.is_err());
        assert!(hash(&env, &"x".repeat(257), "a@a.test").await.is_err());
    }

    #[test]
    fn what_is_guessed_first_is_weak() {
        for weak in [
            "12345678",
            "        ",
            "87654321",
            "aaaaaaaa",
            "abababab",
            "qwertyui",
            "Password",
            "password1",
            "P a s s w o r d 1",
            "Qwerty123456!",
            "1q2w3e4r",
            "йцукенгш",
            "пароль2026",
            "ada.admin",
            "ada.admin99",
            "admin123",
            "a b c d",
            "11112222",
        ] {
            assert!(is_weak(weak, "ada.admin@acme.test"), "{weak}");
        }
        for strong in [
            "correct horse",
            "first password",
            "another long one",
            "abcdefgh9!kM",
            "Kd8!xq2p",
            "тихий лес",
            "adamantium",
        ] {
            assert!(!is_weak(strong, "ada@acme.test"), "{strong}");
        }
    }
}
