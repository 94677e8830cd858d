//! People: signing in, accounts, departments, roles, limits.

mod accounts;
mod audit;
mod departments;
mod factor;
mod idp;
mod limits;
mod links;
mod oidc;
mod oidc_settings;
mod secrets;
mod sessions;
mod sign_in;
mod view_as;
