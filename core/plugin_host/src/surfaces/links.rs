//! A public page that is opened by a personal link: for which record; and the links to a page, for administrators.

use std::collections::BTreeMap;

use kernel::{Ctx, Error, RecordRef, Result, Timestamp};
use people::require_admin;
use people::token::hash_of;
use records::read::Refs;
use serde::Serialize;
use uuid::Uuid;

use super::{Surface, Visit};
use crate::PluginHost;
use crate::registry::links::{self, Link, Of};

/// Longer texts are no token.
const MAX_TOKEN: usize = 200;
/// Links in one answer at most.
const LISTED: u64 = 200;

/// A personal link to a public page that is good, as administrators see it: nothing that opens the page.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PublicLink)]
pub struct PublicLinkView {
    /// Its id.
    pub id: Uuid,
    /// Entity of the record that it opens the page for.
    pub entity: String,
    /// The record.
    pub record: Uuid,
    /// What the record is called, where it is there and the reader may see it.
    pub title: Option<String>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// Until when it is good.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
}

impl PluginHost {
    /// The record that a page is opened for by what its address has behind `#`. Of a link that is unknown, of another page, over
    /// or revoked, and of one whose record is gone or no longer the plugin's to read, nothing is told but that there is none.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn linked(&self, visit: &Visit, token: &str) -> Result<RecordRef> {
        let gone = || Error::NotFound("a personal link".to_owned());
        if token.is_empty() || token.len() > MAX_TOKEN {
            return Err(gone());
        }
        let Visit { open, ctx } = visit;
        let page = open.surface().map(|surface: &Surface| surface.declared.id.as_str()).unwrap_or_default();
        let of = Of { tenant: ctx.tenant, plugin: open.plugin() };
        let services = &self.inner.services;
        let link = of.find(services.db.read(), page, &hash_of(token), ctx.now()).await?.ok_or_else(gone)?;
        if open.plugin.records(&link.record.entity).is_none() {
            return Err(gone());
        }
        match services.records.get(ctx, &link.record.entity, link.record.id).await {
            Ok(_) => Ok(link.record),
            Err(Error::NotFound(_) | Error::Denied(_)) => Err(gone()),
            Err(error) => Err(error),
        }
    }

    /// The good links to a public page of a plugin, newest first, up to 200; those for one record where it is named. Also while the
    /// plugin is off: they wait.
    ///
    /// # Errors
    /// `Denied`.
    pub async fn page_links(
        &self,
        ctx: &Ctx,
        plugin: &str,
        page: &str,
        record: Option<Uuid>,
    ) -> Result<Vec<PublicLinkView>> {
        require_admin(ctx)?;
        let services = &self.inner.services;
        let of = Of { tenant: ctx.tenant, plugin };
        let found = of.of_page(services.db.read(), page, record, ctx.now(), LISTED).await?;
        let mut wanted: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
        for link in &found {
            wanted.entry(link.record.entity.to_string()).or_default().push(link.record.id.0);
        }
        let mut titles = Refs::new();
        for (entity, ids) in &wanted {
            services.records.titles(ctx, entity, ids, &mut titles).await?;
        }
        let view = |link: Link| PublicLinkView {
            id: link.id,
            entity: link.record.entity.to_string(),
            record: link.record.id.0,
            title: titles.get(&link.record.id.0).map(|named| named.title.clone()),
            created_at: link.created,
            expires_at: link.expires,
        };
        Ok(found.into_iter().map(view).collect())
    }

    /// Ends a link to a public page of a plugin: it opens nothing from now on.
    ///
    /// # Errors
    /// `Denied`; `NotFound` when it opened nothing any more.
    pub async fn revoke_page_link(&self, ctx: &Ctx, plugin: &str, page: &str, link: Uuid) -> Result<()> {
        require_admin(ctx)?;
        let of = Of { tenant: ctx.tenant, plugin };
        links::revoke(&self.inner.services.db, ctx, of, link, Some(page)).await
    }
}
