//! Pages for people without an account: what their trees may hold, which of them a company has opened, and a page as a
//! stranger finds it.
//!
//! A stranger sees nothing of the company but what the plugin's code answers: the plugin acts as itself, with what its
//! manifest asks for and the company granted. A page that is not open, one of a plugin that is off, or that is not there, are
//! alike: there is none. A gate says for whose work a module is on; a stranger is in no department, so it closes no page.

use std::sync::Arc;

use kernel::access::Rights;
use kernel::db::Tx;
use kernel::error::Refusal;
use kernel::value::FieldType;
use kernel::{Actor, Ctx, Error, Locale, Message, Result, audit};
use people::require_admin;
use people::tenant::{self, Tenant};
use serde::Serialize;
use serde_json::json;

use super::found::{FILE, Named};
use super::spec::Spec;
use super::{Open, Surface, Tree};
use crate::PluginHost;
use crate::manifest::ManifestError;
use crate::manifest::known::nearest;
use crate::registry::links::Of;
use crate::registry::opened::Words;
use crate::registry::{OnNode, Running, Version, opened, store};
use crate::texts::Texts;

/// Blocks that a public page may have.
const BLOCKS: [&str; 5] = ["text", "notice", "form", "preview", "progress"];
/// Verbs of its actions: what the plugin answers, and what stays in the browser.
const VERBS: [&str; 2] = ["act", "set"];
/// Inputs of its forms: none of them asks the company for anything.
const INPUTS: [&str; 14] = [
    "text",
    "long_text",
    "integer",
    "decimal",
    "boolean",
    "date",
    "datetime",
    "choice",
    "choices",
    "phones",
    "emails",
    "period",
    "rows",
    FILE,
];
/// Names that mean nothing to a stranger.
const UNKNOWN: [&str; 4] = ["me", "record", "settings", "can"];
/// What is said of a page while its plugin is off.
const CLOSED: &str = "public.closed";

/// Whether everything in a tree may stand on a public page.
///
/// # Errors
/// The first that may not, with its place and what may.
pub(super) fn check(tree: &Tree) -> Result<(), ManifestError> {
    let found = &tree.found;
    among("the block", &found.kinds, &BLOCKS)?;
    among("an action with", &found.verbs, &VERBS)?;
    among("an input of the type", &found.inputs, &INPUTS)?;
    if let Some(named) = found.names.iter().find(|one| UNKNOWN.contains(&one.name.as_str())) {
        return Err(ManifestError::new(
            &named.place,
            format!("`{}`: nobody is signed in on a public page", named.name),
        ));
    }
    if let Some(named) = found.entities.iter().chain(&found.surfaces).next() {
        let words =
            format!("`{}`: a public page reads and writes nothing but by the plugin's code (`act`)", named.name);
        return Err(ManifestError::new(&named.place, words));
    }
    tree.sources.iter().try_for_each(|(name, source)| check_source(&format!("sources.{name}"), &source.spec))
}

/// Refuses on a page of the portal what strangers alone are given: files there are sent to records.
///
/// # Errors
/// The first input that takes files.
pub(super) fn elsewhere(tree: &Tree) -> Result<(), ManifestError> {
    match tree.found.inputs.iter().find(|one| one.name == FILE) {
        Some(one) => Err(ManifestError::new(&one.place, "inputs that take files are for public pages")),
        None => Ok(()),
    }
}

/// Only what the plugin computes, and no people in it: their names are the company's.
fn check_source(place: &str, spec: &Spec) -> Result<(), ManifestError> {
    let Spec::Plugin(computed) = spec else {
        return Err(ManifestError::new(
            place,
            "a public page has sources that the plugin computes: `plugin = \"...\"`",
        ));
    };
    let of_people = [FieldType::User, FieldType::Department].map(FieldType::name);
    match computed.columns.iter().find(|column| of_people.contains(&column.r#type.as_str())) {
        Some(column) => {
            let words = format!("the column `{}` would name the company's people to strangers", column.key);
            Err(ManifestError::new(place, words))
        }
        None => Ok(()),
    }
}

fn among(what: &str, found: &[Named], known: &[&str]) -> Result<(), ManifestError> {
    let Some(other) = found.iter().find(|one| !known.contains(&one.name.as_str())) else { return Ok(()) };
    let near = nearest(&other.name, known.iter().copied());
    let hint = near.map_or_else(|| format!("there are {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
    let words = format!("a public page has no place for {what} `{}`; {hint}", other.name);
    Err(ManifestError::new(&other.place, words))
}

/// A page for people without an account, as administrators see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PublicPage)]
pub struct PublicPageView {
    /// Its id in the plugin.
    pub id: String,
    /// In the reader's language.
    pub title: String,
    /// Whether strangers may open it.
    pub open: bool,
    /// Where, below the address of this installation: `/p/acme/acme.callback/ask`.
    pub path: String,
}

/// A public page that a stranger has opened.
pub struct Visit {
    /// The page.
    pub open: Open,
    /// The plugin, which acts as itself, in the stranger's language.
    pub ctx: Ctx,
}

impl Visit {
    /// What it is called.
    pub fn title(&self) -> String {
        self.open.surface().map(|surface| title(&self.open.plugin, surface, self.ctx.locale)).unwrap_or_default()
    }

    /// What to draw, with the hash that names it.
    pub fn tree(&self) -> Option<(serde_json::Value, String)> {
        let tree = self.open.surface()?.tree.as_ref()?;
        Some((tree.json.clone(), tree.hash.clone()))
    }

    /// Whether a form of the page has an input of this name that takes files.
    pub fn takes_files(&self, input: &str) -> bool {
        let tree = self.open.surface().and_then(|surface| surface.tree.as_ref());
        tree.is_some_and(|tree| tree.found.uploads.contains_key(input))
    }

    /// How many files all inputs of the page take together: one press sends no more.
    pub fn most_files(&self) -> usize {
        let tree = self.open.surface().and_then(|surface| surface.tree.as_ref());
        let most = tree.map_or(0, |tree| tree.found.uploads.values().fold(0, |sum, one| one.saturating_add(sum)));
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// All texts of the package, in the stranger's language.
    pub fn texts(&self) -> std::collections::BTreeMap<String, String> {
        self.open.plugin.version.texts.all(self.ctx.locale)
    }
}

fn title(plugin: &Running, surface: &Surface, locale: Locale) -> String {
    let key = surface.declared.title.trim_start_matches('@');
    plugin.version.texts.words(locale, key, [], key)
}

/// What is said of a page while its plugin is off, in all languages of the package.
fn closing_words(texts: &Texts, surface: &Surface) -> Words {
    let key = surface.declared.while_disabled.as_deref().map(|key| key.trim_start_matches('@'));
    let all = key.and_then(|key| texts.in_all(key)).map(|labels| labels.0).unwrap_or_default();
    all.into_iter().map(|(locale, words)| (locale.code().to_owned(), words)).collect()
}

/// Why there is no page now: in words, if the plugin left any.
fn closed(words: &Words, locale: Locale) -> Error {
    match [locale.code(), "en"].into_iter().find_map(|code| words.get(code)) {
        Some(words) => {
            let refusal = Refusal::new(CLOSED, Message::Words(words.clone()));
            Error::Refused(Box::new(Refusal { status: Some(409), ..refusal }))
        }
        None => Error::NotFound("a public page".to_owned()),
    }
}

/// Closes the open pages that a version which a company begins to run does not have: one that comes under their name later is
/// another page, which somebody opens. Links to pages that nobody had opened end as well.
///
/// # Errors
/// When the database fails.
pub(crate) async fn close_gone(tx: &Tx, ctx: &Ctx, version: &Version) -> Result<()> {
    let plugin = version.manifest.id.as_str();
    let linked = Of { tenant: ctx.tenant, plugin }.pages(tx, ctx.now()).await?;
    let mut pages = opened::all(tx, ctx.tenant, plugin).await?;
    pages.extend(linked);
    for page in pages {
        let is_it = |surface: &Surface| surface.declared.is_public() && surface.declared.id == page;
        if !version.surfaces.iter().any(is_it) {
            close(tx, ctx, plugin, &page).await?;
        }
    }
    Ok(())
}

/// Closes a page, with all personal links to it, also those that were made while it was not open: whoever opens it later does not
/// open it to them.
async fn close(tx: &Tx, ctx: &Ctx, plugin: &str, page: &str) -> Result<()> {
    let was_open = opened::close(tx, ctx.tenant, plugin, page).await?;
    let links = Of { tenant: ctx.tenant, plugin }.revoke_all(tx, page, ctx.now()).await?;
    if !was_open && links == 0 {
        return Ok(());
    }
    Ok(audit::record(tx, ctx, "plugin.page_closed", plugin, json!({ "page": page, "links": links })).await?)
}

impl PluginHost {
    /// A page as somebody without an account finds it. What it says and does is the plugin's.
    ///
    /// # Errors
    /// `NotFound` where there is none, or it is not open, or the plugin is off; `public.closed` with the plugin's words in
    /// place of the last, where it left some; `Unavailable` when this node cannot load the plugin; `ui.stale` with the tree's
    /// hash, when another tree is shown.
    pub async fn visit(
        &self,
        company: &Tenant,
        plugin: &str,
        page: &str,
        locale: Locale,
        hash: Option<&str>,
    ) -> Result<Visit> {
        let kept = opened::one(self.inner.services.db.read(), company.id, plugin, page).await?;
        let kept = kept.ok_or_else(|| Error::NotFound(format!("public page {page} of plugin {plugin}")))?;
        let plugins = self.inner.registry.tenant(company.id).await?;
        let running = match plugins.get(plugin) {
            Some(OnNode::Running(running)) => running,
            Some(OnNode::Failed(failed)) => return Err(failed.error()),
            None => return Err(closed(&kept, locale)),
        };
        let visit = self.visit_of(company, running, page, locale)?;
        let now = visit.open.surface().map(Surface::hash).unwrap_or_default();
        if hash.is_some_and(|hash| hash != now) {
            return Err(Error::Conflict { code: "ui.stale", current: Some(json!({ "tree_hash": now })) });
        }
        Ok(visit)
    }

    /// A page of a plugin that runs, whether or not the company has opened it.
    fn visit_of(&self, company: &Tenant, plugin: Arc<Running>, page: &str, locale: Locale) -> Result<Visit> {
        let is_it = |surface: &Surface| surface.declared.is_public() && surface.declared.id == page;
        let index = plugin.version.surfaces.iter().position(is_it);
        let index = index.ok_or_else(|| Error::NotFound(format!("public page {page} of {}", plugin.id())))?;
        let rights: Arc<Rights> = plugin.own_rights.clone().unwrap_or_default();
        let actor = Actor::Plugin { id: plugin.id().to_owned(), user: None };
        let ctx = Ctx { actor, rights, locale, ..company.system_ctx(&self.inner.env) };
        Ok(Visit { open: Open { plugin, index, public: true }, ctx })
    }

    /// The public pages of a plugin that the company runs, open or not.
    ///
    /// # Errors
    /// `Denied`; `NotFound` when the company does not run it.
    pub async fn public_pages(&self, ctx: &Ctx, plugin: &str) -> Result<Vec<PublicPageView>> {
        require_admin(ctx)?;
        let db = &self.inner.services.db;
        let running = self.running_here(ctx, plugin).await?;
        let company = tenant::get(db, ctx.tenant).await?;
        let open = opened::all(db.read(), ctx.tenant, plugin).await?;
        let public = running.version.surfaces.iter().filter(|surface| surface.declared.is_public());
        let view = |surface: &Surface| PublicPageView {
            id: surface.declared.id.clone(),
            title: title(&running, surface, ctx.locale),
            open: open.contains(&surface.declared.id),
            path: format!("/p/{}/{plugin}/{}", company.slug, surface.declared.id),
        };
        Ok(public.map(view).collect())
    }

    /// Opens a public page to strangers, or closes it with all personal links to it; it counts with the next request.
    ///
    /// # Errors
    /// `Denied`; `NotFound` when the company does not run the plugin or it has no such page.
    pub async fn set_public_page(&self, ctx: &Ctx, plugin: &str, page: &str, open: bool) -> Result<()> {
        require_admin(ctx)?;
        let running = self.running_here(ctx, plugin).await?;
        let is_it = |surface: &Surface| surface.declared.is_public() && surface.declared.id == page;
        if !running.version.surfaces.iter().any(is_it) {
            return Err(Error::NotFound(format!("public page {page} of plugin {plugin}")));
        }
        let tx = self.inner.services.db.begin().await?;
        // Whoever switches it off or removes it at the same moment leaves no page open behind them.
        if !store::stays_enabled(&tx, ctx.tenant, plugin).await? {
            return Err(Error::NotFound(format!("plugin {plugin} in this company")));
        }
        if !open {
            close(&tx, ctx, plugin, page).await?;
        } else if opened::open(&tx, ctx.tenant, plugin, page, ctx.now()).await? {
            audit::record(&tx, ctx, "plugin.page_opened", plugin, json!({ "page": page })).await?;
        }
        Ok(tx.commit().await?)
    }

    /// What strangers read of the public pages of a plugin while it is off: its texts are not at hand then.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn closing(&self, ctx: &Ctx, plugin: &str) -> Result<Vec<(String, Words)>> {
        let plugins = self.inner.registry.tenant(ctx.tenant).await?;
        // What this node cannot load keeps the words of its last time.
        let Some(OnNode::Running(running)) = plugins.get(plugin) else { return Ok(Vec::new()) };
        let public = running.version.surfaces.iter().filter(|surface| surface.declared.is_public());
        let words = |surface: &Surface| (surface.declared.id.clone(), closing_words(&running.version.texts, surface));
        Ok(public.map(words).collect())
    }

    /// A public page of a plugin that runs, open or not: for whoever tries it out.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    pub(crate) async fn try_out(&self, company: &Tenant, plugin: &str, page: &str, locale: Locale) -> Result<Visit> {
        match self.inner.registry.tenant(company.id).await?.get(plugin) {
            Some(OnNode::Running(running)) => self.visit_of(company, running, page, locale),
            _ => Err(Error::NotFound(format!("public page {page} of plugin {plugin}"))),
        }
    }

    async fn running_here(&self, ctx: &Ctx, plugin: &str) -> Result<Arc<Running>> {
        match self.inner.registry.tenant(ctx.tenant).await?.get(plugin) {
            Some(OnNode::Running(running)) => Ok(running),
            Some(OnNode::Failed(failed)) => Err(failed.error()),
            None => Err(Error::NotFound(format!("plugin {plugin} in this company"))),
        }
    }
}
