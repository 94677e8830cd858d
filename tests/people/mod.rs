//! People: signing in, accounts, departments, roles, limits.

mod accounts;
mod audit;
mod departments;
mod factor;
mod limits;
mod links;
mod sessions;
mod sign_in;
