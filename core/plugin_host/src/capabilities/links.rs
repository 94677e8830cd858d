//! `links`: personal links to public pages of the plugin, each for one record.

use kernel::{Ctx, Error, Locale, RecordId, RecordRef, audit};
use people::tenant;
use people::token::hash_of;
use records::Catalogue;
use serde::Deserialize;

use super::public_pages::{known, path_of};
use super::{Caller, State, host_error, id_from_wit};
use crate::bindings::subjects::Subject;
use crate::bindings::types::{HostError, Invalid};
use crate::bindings::verstak::public::links as wit;
use crate::manifest::check::text;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};
use crate::registry::links::{self, Link, Of};
use crate::registry::store;

/// Links of one record that are good.
const MAX_LINKS: u64 = 50;
/// Seconds for which a link is good: where nobody says otherwise, at least, and at most.
const USUAL: i64 = 30 * 86_400;
const SHORTEST: i64 = 60;
const LONGEST: i64 = 366 * 86_400;

/// What the manifest says: `[permissions.links]`.
pub(crate) const PART: Part = Part::of::<LinksPermission>("links");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinksPermission {
    #[serde(default)]
    reason: Text,
}

impl Permission for LinksPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.links.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "Makes personal links: whoever has one opens a page of the module for one record",
            Locale::Ru => "Создаёт личные ссылки: по такой ссылке открывается страница модуля для одной записи",
            Locale::Uk => {
                "Створює особисті посилання: за таким посиланням відкривається сторінка модуля для одного запису"
            }
        };
        let (key, title) = (PART.name.to_owned(), title.to_owned());
        vec![Grant { key, title, reason: self.reason.clone(), scope: Default::default() }]
    }
}

type Answer<T> = wasmtime::Result<Result<T, HostError>>;

impl wit::Host for State {
    async fn make(&mut self, link: wit::NewLink) -> Answer<wit::Made> {
        self.enter()?;
        Ok(self.make_link(link).await)
    }

    async fn of_record(&mut self, record: Subject) -> Answer<Vec<wit::Link>> {
        self.enter()?;
        Ok(self.links_of(&record).await)
    }

    async fn revoke(&mut self, link: String) -> Answer<()> {
        self.enter()?;
        Ok(self.revoke_link(&link).await)
    }
}

impl State {
    async fn make_link(&mut self, new: wit::NewLink) -> Result<wit::Made, HostError> {
        let caller = self.writes(PART.name)?;
        if caller.held.is_some() {
            return Err(HostError::Denied("a before-hook may still be refused: make it from the event".to_owned()));
        }
        if caller.plugin.own_rights.is_none() {
            let why = "a public page acts as the plugin itself, so links to it need `run_as = \"plugin\"`";
            return Err(HostError::Denied(why.to_owned()));
        }
        known(&caller, &new.page)?;
        let seconds = new.seconds.map_or(USUAL, i64::from);
        if !(SHORTEST..=LONGEST).contains(&seconds) {
            let text = format!("seconds: {SHORTEST} to {LONGEST}");
            return Err(HostError::Invalid(Invalid { text, fields: Vec::new() }));
        }
        let (ctx, record) = self.linked(&caller, &new.record).await?;
        let (created, token) = (ctx.now(), ctx.env.secret());
        let expires = created.plus_seconds(seconds);
        let link = Link { id: ctx.id(), page: new.page, record, created, expires };
        let path = keep(&caller, &ctx, &link, &token).await.map_err(|error| host_error(&error))?;
        let base = &caller.services.public_url;
        Ok(wit::Made { url: format!("{base}{path}#{token}"), link: to_wit(link) })
    }

    async fn links_of(&mut self, record: &Subject) -> Result<Vec<wit::Link>, HostError> {
        let caller = self.granted(PART.name)?;
        let (ctx, record) = self.linked(&caller, record).await?;
        let of = Of { tenant: ctx.tenant, plugin: caller.plugin.id() };
        let found = of.of_record(caller.services.db.read(), &record, ctx.now(), MAX_LINKS).await;
        let found = found.map_err(|error| host_error(&error.into()))?;
        self.take_rows(found.len())?;
        Ok(found.into_iter().map(to_wit).collect())
    }

    async fn revoke_link(&mut self, link: &str) -> Result<(), HostError> {
        let caller = self.writes(PART.name)?;
        self.take_rows(1)?;
        let (id, ctx) = (id_from_wit(link)?, caller.own_ctx());
        let of = Of { tenant: ctx.tenant, plugin: caller.plugin.id() };
        let ended = links::revoke(&caller.services.db, &ctx, of, id, None).await;
        ended.map_err(|error| host_error(&error))
    }

    /// A record of an entity that the plugin may read, in the context that sees it.
    async fn linked(&mut self, caller: &Caller, record: &Subject) -> Result<(Ctx, RecordRef), HostError> {
        if caller.plugin.records(&record.entity).is_none() {
            return Err(HostError::Denied(format!("the permission `records.{}` is not granted", record.entity)));
        }
        self.take_rows(1)?;
        let ctx = caller.own_ctx();
        let record = RecordRef { entity: record.entity.as_str().into(), id: RecordId(id_from_wit(&record.id)?) };
        let found = caller.services.records.get(&ctx, &record.entity, record.id).await;
        found.map_err(|error| host_error(&error))?;
        Ok((ctx, record))
    }
}

/// Keeps a link. Gives where its page is.
async fn keep(caller: &Caller, ctx: &Ctx, link: &Link, token: &str) -> kernel::Result<String> {
    let plugin = caller.plugin.id();
    let of = Of { tenant: ctx.tenant, plugin };
    let company = tenant::get(&caller.services.db, ctx.tenant).await?;
    let tx = caller.services.db.begin().await?;
    // Whoever removes the plugin at the same moment leaves no link behind them.
    if !store::stays_enabled(&tx, ctx.tenant, plugin).await? {
        return Err(Error::NotFound(format!("plugin {plugin} in this company")));
    }
    let good = of.of_record(&tx, &link.record, link.created, MAX_LINKS).await?;
    if u64::try_from(good.len()).unwrap_or(u64::MAX) >= MAX_LINKS {
        return Err(Error::Conflict { code: "plugin.links_full", current: None });
    }
    of.insert(&tx, link, &hash_of(token)).await?;
    audit::record(&tx, ctx, "plugin.link_made", plugin, link.detail()).await?;
    tx.commit().await?;
    Ok(path_of(&company.slug, plugin, &link.page))
}

fn to_wit(link: Link) -> wit::Link {
    wit::Link {
        id: link.id.to_string(),
        page: link.page,
        record: Subject { entity: link.record.entity.to_string(), id: link.record.id.to_string() },
        created_at: link.created.micros(),
        expires_at: link.expires.micros(),
    }
}
