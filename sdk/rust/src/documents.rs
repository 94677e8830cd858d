//! Papers as files: of records by templates of the company, of the plugin's own data by templates of its package, and workbooks;
//! needs the `documents` permission.
//!
//! ```ignore
//! let kept = documents::keep(documents::paper("invoice", &invoice))?;
//! messaging::mail(&key, &address, "Your invoice", "...").with(|mail| mail.attachments.push(kept.file)).send()?;
//!
//! let paper = documents::compose("data/visit.typ", r#"{"title": "Visit", "rows": []}"#)?;
//! files::put("deal", &deal, "Visit.pdf", &paper.bytes)?;
//! ```

use crate::bindings::imports::verstak::documents::documents as raw;
use crate::http::Response;
use crate::{HostError, Value};

pub use raw::{Choice, Format, Kept, Order, Paper, Sheet, Template};

/// A paper of a record by the company's usual template, in its reader's language.
pub fn paper(entity: &str, record: &str) -> Order {
    Order { entity: entity.to_owned(), record: record.to_owned(), template: Template::Usual, locale: None }
}

impl Order {
    /// By one of the product's templates: `quote`, `order`, `invoice`, `credit`, `act`.
    #[must_use]
    pub fn by(mut self, key: &str) -> Self {
        self.template = Template::Product(key.to_owned());
        self
    }

    /// By a template that the company brought.
    #[must_use]
    pub fn by_company(mut self, id: &str) -> Self {
        self.template = Template::Company(id.to_owned());
        self
    }

    /// In a language: `en`, `ru` or `uk`.
    #[must_use]
    pub fn in_language(mut self, locale: &str) -> Self {
        self.locale = Some(locale.to_owned());
        self
    }
}

impl Paper {
    /// What it is on the way to a browser.
    pub fn media_type(&self) -> &'static str {
        match self.format {
            Format::Pdf => "application/pdf",
            Format::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The answer of a route.
    pub fn answer(self) -> Response {
        Response::file(self.media_type(), self.bytes)
    }
}

impl Sheet {
    /// One without lines, under a name and with these columns.
    pub fn new<'a>(name: &str, head: impl IntoIterator<Item = &'a str>) -> Self {
        Sheet { name: name.to_owned(), head: head.into_iter().map(str::to_owned).collect(), rows: Vec::new() }
    }

    /// Adds a line.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Value>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// Templates of an entity: the company's, then the product's.
pub fn templates(entity: &str) -> Result<Vec<Choice>, HostError> {
    raw::templates(entity)
}

/// A paper of a record that is kept nowhere; a draft says so on each page.
///
/// # Errors
/// `Denied`, also where whoever acts does not see rows or sums; `NotFound`; `Invalid` where the template does not fit or is wrong;
/// `Limit`; `Unavailable` while others make too many.
pub fn draw(order: Order) -> Result<Paper, HostError> {
    raw::draw(&order)
}

/// Makes a paper and keeps it among the files of its record; what has not changed is there once.
///
/// # Errors
/// As [`draw`]; `Conflict` of a draft, or where the record has as many files as it may.
pub fn keep(order: Order) -> Result<Kept, HostError> {
    raw::keep(&order)
}

/// Papers of a record that are kept, newest first, up to 100.
pub fn of_record(entity: &str, record: &str) -> Result<Vec<Kept>, HostError> {
    raw::of_record(entity, record)
}

/// A paper of the plugin's own data, a JSON object in text, by a template of its package: `.typ`, `.zip` or `.docx` in `data/`.
///
/// # Errors
/// `NotFound` without such a file; `Invalid` where the template is wrong, with its line; `Limit`; `Unavailable`.
pub fn compose(template: &str, data: &str) -> Result<Paper, HostError> {
    raw::compose(template, data)
}

/// A workbook of up to 20 sheets with 100,000 cells together.
///
/// # Errors
/// `Invalid` where a line is longer than its head or a value is none; `Limit`.
pub fn workbook(sheets: &[Sheet]) -> Result<Paper, HostError> {
    raw::workbook(sheets)
}
