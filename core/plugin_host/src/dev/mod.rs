//! What `verstak plugin new | build | check | pack | docs | test` do. The command line only reads arguments and prints.
//!
//! | function | command |
//! |---|---|
//! | [`project::new`] | `plugin new NAME [--publisher P]` |
//! | [`project::build`] | `plugin build [DIR]` |
//! | [`project::check`] | `plugin check [DIR \| FILE.vpkg]` |
//! | [`project::pack`] | `plugin pack [DIR] [--key FILE]` |
//! | [`reference::reference`] | `plugin docs` |
//! | [`test::run`] | `plugin test [DIR]`, on a migrated, empty database |
//! | [`scene::Scene`] | a company in a database, for tests and benchmarks |

mod company;
mod files;
mod jobs;
mod messages;
mod pages;
mod papers;
pub mod project;
mod published;
pub mod reference;
pub mod scene;
mod script;
mod scripted;
mod system;
pub mod test;

/// Why a command could not do its work; fit to be printed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DevError(pub String);

impl DevError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    /// An error about a file.
    fn at(path: &std::path::Path, error: impl std::fmt::Display) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}
