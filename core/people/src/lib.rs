//! People: tenants, users, departments, roles with their access rows, sign-in, API tokens.
//!
//! Owns: who exists and what their roles grant. Must not know: which entities there are (access rows name them as
//! text), HTTP, plugins. Data enters as typed inputs with a `Ctx`; it leaves as rows and as an `Identity`, from which
//! a request's `Ctx` is made.
//!
//! | module | what |
//! |---|---|
//! | `tenant` | companies using this installation |
//! | `user` | accounts |
//! | `department` | the tree of departments |
//! | `role` | roles, access rows, field rights |
//! | `moving` | roles that move between companies |
//! | `directory` | people as modules see them, heads above them |
//! | `staff` | questions of others: members of roles, heads, who is present |
//! | `guest` | personal links of those without an account |
//! | `password` | argon2id hashes |
//! | `sign_in` | signing in and out |
//! | `provider` | signing in by somebody else's word (OpenID Connect) |
//! | `link` | links by which people set their password: invitations, forgotten ones |
//! | `factor` | the second factor |
//! | `session` | the list of one's sessions, and ending them |
//! | `token` | API tokens |
//! | `told` | what modules hear of people and departments |
//! | `relation` | people and departments as others ask about them |
//! | `names` | names of people and departments, cached |
//! | `identity` | who asks: a token or session as a `Ctx`, cached |
//! | `view_as` | an administrator looks as somebody else |

pub mod department;
pub mod directory;
mod entities;
pub mod factor;
pub mod guest;
pub mod identity;
pub mod link;
pub mod moving;
pub mod names;
pub mod password;
pub mod provider;
pub mod relation;
pub mod role;
pub mod session;
pub mod sign_in;
pub mod staff;
pub mod tenant;
pub mod token;
pub mod told;
pub mod user;
pub mod view_as;

pub use identity::{Identities, Identity};

use kernel::error::FieldError;
use kernel::{Ctx, Error, Result};

/// The code of errors about wrong input here.
pub const INVALID: &str = "people.invalid";

/// Only administrators pass.
///
/// # Errors
/// `Denied`.
pub fn require_admin(ctx: &Ctx) -> Result<()> {
    if ctx.rights.is_admin() { Ok(()) } else { Err(Error::Denied("admin")) }
}

/// A name as people write it: trimmed, not empty, at most `max` characters.
pub(crate) fn checked_name(field: &str, text: &str, max: usize) -> Result<String> {
    let name = text.trim();
    if name.is_empty() {
        return Err(Error::field(INVALID, field, FieldError::new("required")));
    }
    if name.chars().count() > max {
        return Err(Error::field(INVALID, field, FieldError::new("too_long").with("max", max)));
    }
    if name.contains('\0') {
        return Err(Error::field(INVALID, field, FieldError::new("characters")));
    }
    Ok(name.to_owned())
}
