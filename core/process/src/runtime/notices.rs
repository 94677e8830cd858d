//! The service `notice`: people are told something, with a link to the record it is about.

use std::collections::BTreeMap;

use kernel::db::Tx;
use kernel::error::FieldError;
use kernel::text::Message;
use kernel::{Actor, Ctx, Error, RecordRef, Result};
use messaging::notifications::{self, Kind};
use serde_json::Value as Json;
use uuid::Uuid;
use work::tasks::ExecutorRule;

use super::services::ServiceCall;
use super::{INVALID, Processes};
use crate::automation::executors;

/// Characters of a notice.
const MAX_NOTICE: usize = 1_000;

/// A notice with whom it is for.
pub(crate) struct Notice {
    people: Vec<Uuid>,
    link: String,
    text: String,
}

impl Notice {
    /// Tells them. Gives their number.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn tell(self, tx: &Tx, ctx: &Ctx) -> Result<usize> {
        let params = BTreeMap::from([("text".to_owned(), self.text)]);
        // Whoever set it off is told too, if they are meant.
        let ctx = ctx.acting_as(Actor::System);
        let told = self.people.len();
        notifications::tell_at(tx, &ctx, Kind::Rule, self.people, &self.link, &params).await?;
        Ok(told)
    }
}

impl Processes {
    /// The notice that parameters word: `to` (people as tasks name them) and `text`. People are looked for here, before any
    /// transaction: one must not wait for a second connection.
    ///
    /// # Errors
    /// That `to` names nobody; when the database fails.
    pub(crate) async fn notice(&self, ctx: &Ctx, call: &ServiceCall) -> Result<Notice> {
        let wrong = |why: String| Error::field(INVALID, "to", FieldError::new("invalid").with("reason", why));
        let named = executors(call.parameters.get("to")).map_err(wrong)?;
        let people = self.people_of(ctx, &named, call.subject.as_ref()).await?;
        if people.is_empty() {
            return Err(wrong(Message::key("automation.no_people").in_locale(ctx.locale)));
        }
        let text = match call.parameters.get("text") {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        let link = match &call.subject {
            Some(subject) => format!("/records/{}/{}", subject.entity, subject.id),
            None => "/tasks".to_owned(),
        };
        Ok(Notice { people, link, text: text.chars().take(MAX_NOTICE).collect() })
    }

    /// Active people that the parts name.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn people_of(
        &self,
        ctx: &Ctx,
        rules: &[ExecutorRule],
        subject: Option<&RecordRef>,
    ) -> Result<Vec<Uuid>> {
        if rules.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.tasks.prospect(ctx, rules, subject, None, ctx.now()).await?.people)
    }
}
