//! `reports`: figures by measure, as whoever acts sees them.

use ::reports::{Query, Reports};
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
    /// Whether in its own name it asks who took out how much as files, which is the administrators' to see.
    #[serde(default)]
    exports: bool,
    #[serde(default)]
    reason: Text,
}

impl Permission for ReportsPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.reports.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let (title, exports) = match locale {
            Locale::En => (
                "Figures: everything that whoever works with it may see in reports",
                "how many rows each person takes out as files",
            ),
            Locale::Ru => (
                "Показатели: всё, что в отчётах видит тот, кто с ним работает",
                "сколько строк каждый выгружает в файлы",
            ),
            Locale::Uk => {
                ("Показники: усе, що у звітах бачить той, хто з ним працює", "скільки рядків кожен вивантажує у файли")
            }
        };
        let title = if self.exports { format!("{title}; {exports}") } else { title.to_owned() };
        let scope = self.exports.then(|| "of:exports".to_owned()).into_iter().collect();
        vec![Grant { key: PART.name.to_owned(), title, reason: self.reason.clone(), scope }]
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
        let permission = caller.plugin.manifest().permissions.part::<ReportsPermission>();
        let allowed = caller.is_itself() && permission.is_some_and(|permission| permission.exports);
        let answer = match allowed && Reports::is_of_exports(&query) {
            true => caller.services.reports.exports(&ctx, &query).await,
            false => caller.services.reports.query_again(&ctx, &query).await,
        };
        let answer = answer.map_err(|error| host_error_in(ctx.locale, &error))?;
        self.take_rows(answer.rows.len())?;
        let text = serde_json::to_string(&answer).map_err(|error| host_error(&kernel::Error::internal(error)))?;
        match text.len() > MAX_ANSWER {
            true => Err(HostError::Limit(format!("the answer has more than {} MiB", MAX_ANSWER / 1024 / 1024))),
            false => Ok(text),
        }
    }
}
