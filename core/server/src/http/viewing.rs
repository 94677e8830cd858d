//! What may be asked by an administrator who looks as somebody else: what only reads, of what that person works with. Whatever
//! is not named here is refused, so that a new operation is none of it until somebody says so.

use axum::http::Method;
use kernel::{Error, Result};

use super::auth::reads;

/// First parts of addresses below `/api/v1` whose operations are shown.
const SHOWN: [&str; 28] = [
    "batches",
    "calendars",
    "currency-rates",
    "dashboards",
    "departments",
    "document-templates",
    "documents",
    "entities",
    "events",
    "files",
    "jobs",
    "payments",
    "plans",
    "process-definitions",
    "process-drawings",
    "process-instances",
    "process-templates",
    "read",
    "records",
    "render",
    "reports",
    "roles",
    "sales",
    "stream",
    "tasks",
    "ui",
    "users",
    "views",
];

/// Operations that are shown though nothing else of theirs is: sign-in, tokens and notices are private, code of plugins
/// behind their own addresses may write, files that lists become leave the house.
const ALONE: [&str; 6] = [
    "/api/v1/imports",
    "/api/v1/imports/{id}",
    "/api/v1/me",
    "/api/v1/plugins",
    "/api/v1/plugins/{id}",
    "/api/v1/session",
];

/// The other way round.
const KEPT: [&str; 1] = ["/api/v1/reports/exports/{export}/content"];

/// The way back, by DELETE.
const STOP: &str = "/api/v1/view-as";

/// Refuses what changes something, and what is private.
///
/// # Errors
/// Conflicts `view_as.read_only`, `view_as.private`.
pub(super) fn judge(method: &Method, operation: &str) -> Result<()> {
    let refused = |code| Err(Error::Conflict { code, current: None });
    if *method == Method::DELETE && operation == STOP {
        return Ok(());
    }
    if !reads(method, operation) {
        return refused("view_as.read_only");
    }
    let rest = operation.strip_prefix("/api/v1/").unwrap_or_default();
    let part = rest.split('/').next().unwrap_or_default();
    let shown = SHOWN.contains(&part) && !KEPT.contains(&operation);
    if shown || ALONE.contains(&operation) { Ok(()) } else { refused("view_as.private") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_is_private_or_unknown_is_refused() {
        let code = |method: Method, operation: &str| {
            judge(&method, operation).err().map(|error| error.code().to_owned()).unwrap_or_default()
        };
        for (method, operation) in [
            (Method::GET, "/api/v1/records/{entity}"),
            (Method::POST, "/api/v1/records/{entity}/query"),
            (Method::HEAD, "/api/v1/stream"),
            (Method::GET, "/api/v1/me"),
            (Method::POST, "/api/v1/reports/query"),
            (Method::DELETE, "/api/v1/view-as"),
        ] {
            assert_eq!(code(method, operation), "", "{operation}");
        }
        for (method, operation) in [
            (Method::POST, "/api/v1/records/{entity}"),
            (Method::PATCH, "/api/v1/me"),
            (Method::POST, "/api/v1/exports"),
            (Method::POST, "/api/v1/view-as"),
            (Method::POST, "/api/v1/read/file"),
            (Method::from_bytes(b"QUERY").unwrap(), "/api/v1/records/{entity}"),
            (Method::DELETE, ""),
        ] {
            assert_eq!(code(method, operation), "view_as.read_only", "{operation}");
        }
        for operation in [
            "",
            "/api/v1/notifications",
            "/api/v1/tokens",
            "/api/v1/me/sessions",
            "/api/v1/exports/{list}/content",
            "/api/v1/reports/exports/{export}/content",
            "/api/v1/plugins/{id}/http/{*path}",
            "/api/v1/what-comes-later",
        ] {
            assert_eq!(code(Method::GET, operation), "view_as.private", "{operation}");
        }
    }
}
