//! People: signing in, accounts, departments, roles, limits.

mod accounts;
mod departments;
mod limits;
mod sessions;
mod sign_in;
