//! What SQLite refuses, as sea-orm's error, and what errors of both databases mean.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::{DatabaseError, ErrorKind};

/// SQLITE_INTERRUPT, as a code.
const INTERRUPTED: i32 = 9;

/// What SQLite said.
#[derive(Debug)]
struct Refused {
    message: String,
    /// Extended result code (sqlite.org/rescode.html).
    code: i32,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(code: {}) {}", self.code, self.message)
    }
}

impl StdError for Refused {}

impl DatabaseError for Refused {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        match self.code {
            1555 | 2067 => ErrorKind::UniqueViolation,
            787 => ErrorKind::ForeignKeyViolation,
            1299 => ErrorKind::NotNullViolation,
            275 => ErrorKind::CheckViolation,
            _ => ErrorKind::Other,
        }
    }
}

/// As sea-orm reports it.
pub(super) fn failed(error: rusqlite::Error) -> DbErr {
    let code = error.sqlite_error().map(|error| error.extended_code);
    let Some(code) = code else { return DbErr::Custom(error.to_string()) };
    refused(error.to_string(), code)
}

fn refused(message: String, code: i32) -> DbErr {
    let refused = sqlx::Error::Database(Box::new(Refused { message, code }));
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(refused)))
}

/// A statement was given up because of the time that it took.
pub(super) fn too_long() -> DbErr {
    refused("reading took too long".into(), INTERRUPTED)
}

fn database(error: &DbErr) -> Option<&dyn DatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()
}

/// Whether the database undid a transaction for another one's sake (`deadlock_detected`, `serialization_failure`;
/// PostgreSQL, appendix A).
pub fn is_lost(error: &DbErr) -> bool {
    let code = database(error).and_then(DatabaseError::code);
    code.is_some_and(|code| ["40P01", "40001"].contains(&&*code))
}

/// What is taken already, when a row was refused because it must be the only one.
pub fn taken(error: &DbErr) -> Option<&str> {
    database(error).filter(|error| error.is_unique_violation()).map(DatabaseError::message)
}

/// Whether a statement was given up because of the time that it took.
pub(crate) fn is_too_long(error: &DbErr) -> bool {
    database(error).and_then(|error| error.try_downcast_ref::<Refused>()).is_some_and(|error| error.code == INTERRUPTED)
}

/// Whether SQLite may have undone the whole transaction: FULL, IOERR, NOMEM, BUSY, INTERRUPT (sqlite.org, "Response To
/// Errors Within A Transaction").
pub(super) fn undoes_all(error: &DbErr) -> bool {
    let refused = database(error).and_then(|error| error.try_downcast_ref::<Refused>());
    refused.is_some_and(|error| matches!(error.code & 0xff, 5 | 7 | 9 | 10 | 13))
}
