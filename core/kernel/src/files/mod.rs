//! Files: bytes in a store (a folder, or S3 and the like) and a row about each of them.
//!
//! Owns: the store, writing in pieces with a hash, what kind of bytes they are, names that do no harm, thumbnails, the
//! rows, how much a company keeps. Must not know: who may read or write a file (`records` asks that of the record it
//! belongs to), HTTP. Data enters as pieces of bytes and rows and leaves the same way.
//!
//! The life of a file: `sending` (its bytes come; nobody sees it) -> `kept` -> `removed` (the bin) -> `kept` again, or
//! `condemned` (to be forgotten with its bytes by the sweep). Bytes are whole and durable before a row says `kept`, and a row
//! stays until its bytes are gone: whatever stops the server in between, the sweep finds it. What somebody without an account
//! sends before there is a record for it is `sending` under [`offered::OFFERED`] until a record gets it, or the sweep.
//!
//! | module | what |
//! |---|---|
//! | `store` | where bytes are kept; writing and reading them |
//! | `kind` | media types by content |
//! | `name` | names |
//! | `thumbnail` | small pictures, within limits |
//! | `table` | the rows, and how much a company keeps |
//! | `offered` | rows of files that wait for their record |

pub mod kind;
pub mod name;
pub mod offered;
mod store;
pub mod table;
pub mod thumbnail;

pub use store::{Pieces, S3, Store, StoreOptions, Stored, Writing};
pub use table::{FileRow, State};
