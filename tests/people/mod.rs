//! People: signing in, accounts, departments, roles, limits.

mod accounts;
mod limits;
mod sign_in;
