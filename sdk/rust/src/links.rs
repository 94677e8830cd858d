//! Personal links to public pages of the plugin; needs the `links` permission, and `run_as = "plugin"` to make one. Where a page
//! stands needs neither.
//!
//! ```ignore
//! let made = links::make("order", "shop_order", &order)?;
//! // ... `made.url` goes into a letter; the page's `view.record_of("shop_order")` is the order.
//! ```

use crate::HostError;
use crate::bindings::imports::verstak::public::{links as raw, pages};
use crate::steps::Subject;

pub use raw::{Link, Made};

fn of(entity: &str, record: &str) -> Subject {
    Subject { entity: entity.to_owned(), id: record.to_owned() }
}

/// A new link that opens a page for a record, for 30 days. Its address is told only here.
///
/// # Errors
/// `Conflict` when as many links of the record are good as there may be.
pub fn make(page: &str, entity: &str, record: &str) -> Result<Made, HostError> {
    raw::make(&raw::NewLink { page: page.to_owned(), record: of(entity, record), seconds: None })
}

/// The same for so many seconds: a minute to 366 days.
pub fn make_for(page: &str, entity: &str, record: &str, seconds: u32) -> Result<Made, HostError> {
    raw::make(&raw::NewLink { page: page.to_owned(), record: of(entity, record), seconds: Some(seconds) })
}

/// Links for a record that are good, newest first.
pub fn of_record(entity: &str, record: &str) -> Result<Vec<Link>, HostError> {
    raw::of_record(&of(entity, record))
}

/// It opens nothing from now on.
///
/// # Errors
/// `NotFound` when it opened nothing any more.
pub fn revoke(link: &str) -> Result<(), HostError> {
    raw::revoke(link)
}

/// The address of a public page; none while no administrator has opened it.
///
/// # Errors
/// `NotFound` when the plugin has no such public page.
pub fn page_address(page: &str) -> Result<Option<String>, HostError> {
    pages::address(page)
}
