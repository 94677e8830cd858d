//! Writes of `records` that are more than a row at a time: insert if absent, several entities in one transaction; and whether
//! somebody sees records that the plugin sees.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::access::Action;
use kernel::{Error, RecordId};
use records::{Change, Kept};
use serde_json::{Map, Value as Json};

use super::records::{BATCH, Door, saved, version};
use super::{State, host_error, host_error_in, id_from_wit};
use crate::bindings::types::{Field, HostError, Invalid};
use crate::bindings::verstak::records::records as wit;

fn invalid(text: impl Into<String>) -> HostError {
    HostError::Invalid(Invalid { text: text.into(), fields: Vec::new() })
}

impl State {
    pub(super) async fn ensure_rows(
        &mut self,
        entity: &str,
        constraint: &str,
        rows: Vec<Vec<Field>>,
    ) -> Result<Vec<Result<wit::Kept, HostError>>, HostError> {
        self.writes(&format!("records.{entity}"))?;
        let door = self.door(entity, rows.len()).await?;
        let permission = door.may(Action::Create)?;
        let rows: Vec<Result<Map<String, Json>, HostError>> =
            rows.into_iter().map(|fields| door.fields(permission, fields)).collect();
        let good: Vec<Map<String, Json>> = rows.iter().filter_map(|row| row.as_ref().ok().cloned()).collect();
        let told = |error: Error| in_the_way(door.ctx.locale, &error);
        // Hooks of other plugins may come back here: the loop is bounded by the cause chain.
        let ensured = Box::pin(door.caller.services.records.ensure(&door.ctx, entity, constraint, good)).await;
        let mut outcomes = ensured.map_err(told)?.into_iter();
        let lost = || Err(HostError::Internal("the host gave no result".to_owned()));
        let kept = |one: Kept| wit::Kept {
            id: one.id.to_string(),
            version: u64::try_from(one.version).unwrap_or_default(),
            created: one.created,
        };
        let mut next = |_| outcomes.next().map_or_else(lost, |outcome| outcome.map(kept).map_err(told));
        Ok(rows.into_iter().map(|row| row.and_then(&mut next)).collect())
    }

    pub(super) async fn write_together(&mut self, writes: Vec<wit::Write>) -> Result<Vec<wit::Saved>, HostError> {
        if writes.len() > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} writes at once")));
        }
        let mut doors: HashMap<String, Arc<Door>> = HashMap::new();
        let mut changes = Vec::with_capacity(writes.len());
        for (index, write) in writes.into_iter().enumerate() {
            let entity = entity_of(&write).to_owned();
            if !doors.contains_key(&entity) {
                self.writes(&format!("records.{entity}"))?;
                doors.insert(entity.clone(), Arc::new(self.door(&entity, 0).await?));
            }
            self.take_rows(1)?;
            let Some(door) = doors.get(&entity) else { continue };
            changes.push((entity, change(door, write).map_err(|error| numbered(index, error))?));
        }
        let caller = self.granted_any()?;
        let ctx = caller.own_ctx();
        let written = Box::pin(caller.services.records.write_together(&ctx, &changes)).await;
        match written {
            Ok(written) => Ok(written.into_iter().map(saved).collect()),
            Err(not) => {
                let error = in_the_way(ctx.locale, &not.error);
                Err(match not.index {
                    Some(index) => numbered(index, error),
                    None => error,
                })
            }
        }
    }

    pub(super) fn ids(&mut self, count: u32) -> Result<Vec<String>, HostError> {
        if usize::try_from(count).unwrap_or(usize::MAX) > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} ids at once")));
        }
        let caller = self.granted_any()?;
        Ok((0..count).map(|_| caller.ctx.id().to_string()).collect())
    }

    /// As whoever caused the call, by their present rights.
    pub(super) async fn visible_rows(&mut self, entity: &str, ids: &[String]) -> Result<Vec<bool>, HostError> {
        let door = self.door(entity, ids.len()).await?;
        door.may(Action::Read)?;
        let wanted: Vec<RecordId> = ids.iter().map(|id| id_from_wit(id)).collect::<Result<_, _>>()?;
        let caller = &door.caller;
        let Some(user) = caller.ctx.user().filter(|_| !caller.anonymous) else { return Ok(vec![false; ids.len()]) };
        let identity = match caller.services.identities.of_user(caller.ctx.tenant, user).await {
            Ok(identity) => identity,
            Err(Error::Unauthenticated | Error::NotFound(_)) => return Ok(vec![false; ids.len()]),
            Err(error) => return Err(host_error(&error)),
        };
        let eyes = identity.ctx(&caller.ctx.env);
        let found = match caller.services.records.get_many(&eyes, entity, &wanted).await {
            Ok(found) => found,
            // The module is not on for them.
            Err(Error::NotFound(_)) => Vec::new(),
            Err(error) => return Err(host_error(&error)),
        };
        Ok(wanted.iter().map(|id| found.iter().any(|record| record.id == *id)).collect())
    }

    /// The caller, whatever was granted.
    fn granted_any(&self) -> Result<super::Caller, HostError> {
        self.caller.clone().ok_or_else(|| HostError::Denied("there is no tenant in this call".to_owned()))
    }
}

fn entity_of(write: &wit::Write) -> &str {
    match write {
        wit::Write::Create(one) => &one.entity,
        wit::Write::Change(one) => &one.entity,
        wit::Write::Remove(one) => &one.entity,
    }
}

fn change(door: &Door, write: wit::Write) -> Result<Change, HostError> {
    Ok(match write {
        wit::Write::Create(one) => {
            let fields = door.fields(door.may(Action::Create)?, one.fields)?;
            match one.id {
                None => Change::Create { fields },
                Some(id) => Change::CreateAs { id: fresh(&id)?, fields },
            }
        }
        wit::Write::Change(one) => Change::Update {
            id: id_from_wit(&one.id)?,
            version: version(one.version),
            fields: door.fields(door.may(Action::Update)?, one.fields)?,
        },
        wit::Write::Remove(one) => {
            door.may(Action::Delete)?;
            Change::Delete { id: id_from_wit(&one.id)?, version: None }
        }
    })
}

/// An id as `fresh-ids` makes them.
fn fresh(id: &str) -> Result<RecordId, HostError> {
    let parsed: RecordId = id_from_wit(id)?;
    let made = parsed.0.get_version_num() == 7;
    if made { Ok(parsed) } else { Err(invalid(format!("`{id:.40}` is not one of `fresh-ids`"))) }
}

/// A record that stands in the way is a conflict, like one that somebody else has changed.
fn in_the_way(locale: kernel::Locale, error: &Error) -> HostError {
    match error {
        Error::Refused(refusal) if refusal.rule.is_some() => HostError::Conflict(error.message().in_locale(locale)),
        _ => host_error_in(locale, error),
    }
}

fn numbered(index: usize, error: HostError) -> HostError {
    let said = |text: String| format!("{index}: {text}");
    match error {
        HostError::Denied(text) => HostError::Denied(said(text)),
        HostError::NotFound(text) => HostError::NotFound(said(text)),
        HostError::Conflict(text) => HostError::Conflict(said(text)),
        HostError::Invalid(wrong) => HostError::Invalid(Invalid { text: said(wrong.text), fields: wrong.fields }),
        HostError::Limit(text) => HostError::Limit(said(text)),
        HostError::Unavailable(text) => HostError::Unavailable(said(text)),
        HostError::Internal(text) => HostError::Internal(said(text)),
    }
}
