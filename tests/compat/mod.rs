//! Databases of released versions: the newest program opens them, loses nothing, and leaves the schema a new one has.
//!
//! `released/` holds one file for each release, made by its own binary (`make.py`) and never changed afterwards. On
//! PostgreSQL its rows are loaded into the schema of that release.

mod released;
mod schema;
mod starters;
mod upgrade;
