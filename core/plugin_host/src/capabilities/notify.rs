//! `notify`: notices to people in the bell of the portal, once per key and person.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Ctx, DepartmentId, Error, Locale};
use messaging::notices::{self, BATCH, MAX_PEOPLE, Notice};
use people::{department, staff};
use records::Catalogue;
use serde::Deserialize;
use uuid::Uuid;

use super::people::uuids;
use super::{Caller, State, host_error};
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::notify::notify as wit;
use crate::gates::lets_in;
use crate::manifest::check::text;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

/// Characters of a key.
const MAX_KEY: usize = 200;
/// Characters of a notice.
const MAX_TEXT: usize = 500;
/// Bytes of an address.
const MAX_LINK: usize = 1_000;

/// What the manifest says: `[permissions.notify]`.
pub(crate) const PART: Part = Part::of::<NotifyPermission>("notify");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotifyPermission {
    #[serde(default)]
    reason: Text,
}

impl Permission for NotifyPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.notify.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Sends notices to people in the portal",
            Locale::Ru => "Отправляет сотрудникам уведомления в портале",
            Locale::Uk => "Надсилає співробітникам сповіщення в порталі",
        };
        let (key, title) = (PART.name.to_owned(), title.to_owned());
        vec![Grant { key, title, reason: self.reason.clone(), scope: Default::default() }]
    }
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

fn invalid(text: impl Into<String>) -> HostError {
    HostError::Invalid(Invalid { text: text.into(), fields: Vec::new() })
}

impl wit::Host for State {
    async fn send(&mut self, notices: Vec<wit::Notice>) -> Answer<()> {
        self.enter()?;
        Ok(self.send_notices(notices).await)
    }

    async fn receipts(&mut self, key: String) -> Answer<Vec<wit::Receipt>> {
        self.enter()?;
        Ok(self.receipts_of(&key).await)
    }
}

impl State {
    async fn send_notices(&mut self, asked: Vec<wit::Notice>) -> Result<(), HostError> {
        if asked.len() > BATCH {
            return Err(HostError::Limit(format!("more than {BATCH} notices at once")));
        }
        let caller = self.writes(PART.name)?;
        if caller.held.is_some() {
            let why = "a before-hook may still be refused: tell of it from the event";
            return Err(HostError::Denied(why.to_owned()));
        }
        let mut ready = Vec::with_capacity(asked.len());
        for one in asked {
            self.take_rows(one.people.len())?;
            ready.push(notice(&caller, one)?);
        }
        let ctx = caller.own_ctx();
        narrow(&caller, &ctx, &mut ready).await.map_err(|error| host_error(&error))?;
        let work = || async {
            let tx = caller.services.db.begin().await?;
            notices::send(&tx, &ctx, caller.plugin.id(), &ready).await?;
            tx.commit().await?;
            Ok::<_, Error>(())
        };
        let sent = kernel::db::again(|sent: &kernel::Result<()>| matches!(sent, Err(Error::Raced(_))), work).await;
        sent.map_err(|error| match error {
            Error::Limited { .. } => {
                HostError::Limit("this plugin has told as many people as it may in an hour".into())
            }
            error => host_error(&error),
        })
    }

    async fn receipts_of(&mut self, key: &str) -> Result<Vec<wit::Receipt>, HostError> {
        let caller = self.granted(PART.name)?;
        if key.contains('\0') {
            return Ok(Vec::new());
        }
        let found = notices::receipts(caller.services.db.read(), &caller.ctx, caller.plugin.id(), key).await;
        let found = found.map_err(|error| host_error(&error))?;
        self.take_rows(found.len())?;
        let view = |one: notices::Receipt| wit::Receipt {
            person: one.person.to_string(),
            seen: one.seen.map(kernel::Timestamp::micros),
            confirmed: one.confirmed.map(kernel::Timestamp::micros),
        };
        Ok(found.into_iter().map(view).collect())
    }
}

/// A notice as it can be kept, for whomever it names.
fn notice(caller: &Caller, asked: wit::Notice) -> Result<Notice, HostError> {
    if !(1..=MAX_KEY).contains(&asked.key.chars().count()) || asked.key.contains('\0') {
        return Err(invalid(format!("key: must have 1 to {MAX_KEY} characters")));
    }
    if asked.people.len() > MAX_PEOPLE {
        return Err(HostError::Limit(format!("more than {MAX_PEOPLE} people in one notice")));
    }
    if let Some(link) = &asked.link {
        let inside = link.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
        if !inside || link.len() > MAX_LINK || link.chars().any(char::is_control) {
            return Err(invalid(format!("link: `{link:.100}` is not an address of the portal, which begins with `/`")));
        }
    }
    let words = |locale: Locale| {
        let parameters = asked.text.parameters.iter().map(|one| (one.name.as_str(), one.value.as_str()));
        let words = caller.plugin.version.texts.words(locale, &asked.text.key, parameters, &asked.text.fallback);
        (locale, words.trim().chars().take(MAX_TEXT).collect::<String>())
    };
    let words: BTreeMap<Locale, String> = Locale::ALL.into_iter().map(words).collect();
    if words.values().any(String::is_empty) {
        return Err(invalid("text: there are no words"));
    }
    let people: BTreeSet<Uuid> = uuids(&asked.people)?.into_iter().collect();
    Ok(Notice { key: asked.key, people: people.into_iter().collect(), words, link: asked.link, confirm: asked.confirm })
}

/// Leaves out those who may not sign in, and those for whom the plugin is not on.
async fn narrow(caller: &Caller, ctx: &Ctx, notices: &mut [Notice]) -> kernel::Result<()> {
    let (db, tenant) = (&caller.services.db, ctx.tenant);
    let named: BTreeSet<Uuid> = notices.iter().flat_map(|notice| notice.people.iter().copied()).collect();
    let named: Vec<Uuid> = named.into_iter().collect();
    let gate = &caller.plugin.enabled.departments;
    let departments = if gate.is_some() { department::list(db.read(), tenant).await? } else { Vec::new() };
    let mut told: BTreeSet<Uuid> = BTreeSet::new();
    for some in named.chunks(500) {
        for user in staff::by_ids(db.read(), tenant, some).await?.into_iter().filter(|user| user.active) {
            let within = department::with_those_above(&departments, user.department_id.map(DepartmentId));
            if lets_in(gate, &within) {
                told.insert(user.id);
            }
        }
    }
    for notice in notices {
        notice.people.retain(|id| told.contains(id));
    }
    Ok(())
}
