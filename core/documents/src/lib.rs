//! Papers made of records: quotes, orders, invoices, credit notes and acts as PDF, kept with their records and sent to
//! clients.
//!
//! Owns: settings of templates, templates of a company's own, papers that were made, letters that bring them. Must not know: HTTP, how plugins run, how sums are
//! reckoned (`crm`), how letters go (`messaging`). A record enters as its reader sees it and leaves as a PDF: what they do
//! not see cannot be on it.
//!
//! | module | what |
//! |---|---|
//! | `templates` | our templates and their settings |
//! | `own` | templates that a company brings itself, with their versions |
//! | `docx` | Word files with placeholders |
//! | `data` | a record as the texts that stand on a paper |
//! | `format`, `words` | dates, sums and texts by language |
//! | `typeset` | templates into PDF, in a child process with limits |
//! | `gather` | what is around a record, in whose language |
//! | `sheet` | a template with all it reads, and its bytes |
//! | `service` | preview, making, what was made |
//! | `modules` | papers for plugins: a turn of their own, templates and data that they bring |
//! | `lines` | work that waits for other work of its kind |
//! | `letter` | the letter as it would be written |
//! | `send` | the letter is asked for, with the document's step |
//! | `deliver` | it is made by a job, and noted when the mail server took it |
//! | `store` | the tables |
//! | `moving` | settings of templates that move between companies |

mod data;
mod deliver;
mod docx;
mod format;
mod gather;
mod letter;
mod lines;
mod modules;
pub mod moving;
mod own;
mod send;
mod service;
mod sheet;
mod store;
mod templates;
pub mod typeset;
mod words;

pub use letter::{LetterDraft, Recipient};
pub use own::moving as moving_own;
pub use own::{NewTemplate, OwnTemplate, OwnVersion, SettingsTrial, TemplateEdit, TemplateKind, Trial, Uploaded};
pub use send::{SendInput, Sent};
pub use service::{DocumentInput, Documents, Format};
pub use store::{Brought, Made, MadeState};
pub use templates::{Column, Face, Paper, PaperSettings, PaperTexts, Template};
pub use typeset::typeset_alone;

/// The code of errors about papers.
pub const INVALID: &str = "document.invalid";
