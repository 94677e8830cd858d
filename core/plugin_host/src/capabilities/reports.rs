//! `reports`: figures by measure, as whoever acts sees them.

use ::reports::Query;
use kernel::Locale;
use records::Catalogue;
use serde::Deserialize;

use super::{State, host_error, host_error_in};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::reports::reports as wit;
use crate::manifest::check::text;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

/// Bytes of a question.
const MAX_QUERY: usize = 64 * 1024;
/// Bytes of an answer.
const MAX_ANSWER: usize = 1024 * 1024;

/// What the manifest says: `[permissions.reports]`.
pub(crate) const PART: Part = Part::of::<ReportsPermission>("reports");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportsPermission {
    #[serde(default)]
    reason: Text,
}

impl Permission for ReportsPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.reports.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Figures: everything that whoever works with it may see in reports",
            Locale::Ru => "Показатели: всё, что в отчётах видит тот, кто с ним работает",
            Locale::Uk => "Показники: усе, що у звітах бачить той, хто з ним працює",
        };
        let (key, title) = ("reports".to_owned(), title.to_owned());
        vec![Grant { key, title, reason: self.reason.clone(), scope: Default::default() }]
    }
}

impl wit::Host for State {
    async fn query(&mut self, query: String) -> wasmtime::Result<Result<String, HostError>> {
        self.enter()?;
        Ok(self.answer(&query).await)
    }
}

impl State {
    async fn answer(&mut self, query: &str) -> Result<String, HostError> {
        let caller = self.granted("reports")?;
        if query.len() > MAX_QUERY {
            return Err(HostError::Limit(format!("query: more than {} KiB", MAX_QUERY / 1024)));
        }
        let wrong = |why: String| HostError::Invalid(Invalid { text: format!("query: {why}"), fields: Vec::new() });
        let query: Query = serde_json::from_str(query).map_err(|error| wrong(error.to_string()))?;
        let ctx = caller.own_ctx();
        let answer = caller.services.reports.query_again(&ctx, &query).await;
        let answer = answer.map_err(|error| host_error_in(ctx.locale, &error))?;
        self.take_rows(answer.rows.len())?;
        let text = serde_json::to_string(&answer).map_err(|error| host_error(&kernel::Error::internal(error)))?;
        match text.len() > MAX_ANSWER {
            true => Err(HostError::Limit(format!("the answer has more than {} MiB", MAX_ANSWER / 1024 / 1024))),
            false => Ok(text),
        }
    }
}
