//! Who sees which surface, and a surface opened by a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::access::Action;
use kernel::error::FieldError;
use kernel::expression::Names;
use kernel::{Ctx, Error, Locale, Result};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::Surface;
use super::spec::{Figures, Spec};
use crate::PluginHost;
use crate::registry::{OnNode, Running};

/// What conditions of surfaces know of a person; the portal's expressions know the same.
pub fn viewer(identity: &people::Identity) -> Json {
    let roles: Vec<&str> = identity.roles.iter().map(|(_, key, _)| key.as_str()).collect();
    json!({ "id": identity.user.id, "name": identity.user.name, "roles": roles, "admin": identity.admin })
}

/// A place in the portal, for one person.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SurfaceView {
    /// Whose it is.
    pub plugin: String,
    /// Its id in the plugin.
    pub id: String,
    /// Where: `nav.page`, `record.lead.tab` ...
    pub slot: String,
    /// In the person's language.
    pub title: String,
    /// 0 to 1,000; then by plugin.
    pub order: u16,
    /// Name of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub icon: Option<String>,
    /// Names the tree; empty where the plugin's code makes it.
    pub tree_hash: String,
    /// What to draw; absent where the plugin's code makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, Json>>, nullable = false)]
    pub tree: Option<Json>,
    /// Where the files of its frames are; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub frames: Option<String>,
}

/// Every surface that a person may see, with the texts of their plugins.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Ui)]
pub struct UiView {
    /// In order.
    pub surfaces: Vec<SurfaceView>,
    /// By plugin and key, in the person's language.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
}

/// A surface that a request stands on.
pub struct Open {
    pub(crate) plugin: Arc<Running>,
    pub(crate) index: usize,
    /// Whoever asks has no account: nothing is told but what the plugin says, and it acts as itself.
    pub(crate) public: bool,
}

impl Surface {
    /// Whether somebody sees it in the portal: the page or list it stands on, its condition, and at least one of the
    /// entities whose records it shows.
    fn shows(&self, ctx: &Ctx, me: &Json) -> bool {
        if self.declared.is_public() {
            return false;
        }
        let reads = |entity: &str| ctx.rights.may(entity, Action::Read);
        if self.declared.entity().is_some_and(|entity| !reads(entity)) {
            return false;
        }
        let mut entities = self.tree.iter().flat_map(|tree| tree.sources.values()).filter_map(|one| one.spec.entity());
        let hidden =
            self.tree.as_ref().is_some_and(|tree| tree.sources.values().any(|one| one.spec.entity().is_some()))
                && !entities.any(reads);
        let holds = |when: &kernel::expression::Expression| when.holds(&Names::new().with("me", me)).unwrap_or(false);
        !hidden && self.when.as_ref().is_none_or(holds)
    }
}

impl Open {
    /// Whether the plugin answers this press on this surface.
    pub(crate) fn has_act(&self, act: &str) -> bool {
        self.surface().is_some_and(|surface| match &surface.tree {
            Some(tree) => tree.found.acts.contains(act),
            None => surface.declared.acts.iter().any(|one| one == act),
        })
    }

    fn computes(&self, source: &str) -> bool {
        self.surface().is_some_and(|surface| match &surface.tree {
            Some(tree) => tree.computed().any(|one| one.plugin == source),
            None => surface.declared.sources.iter().any(|one| one == source),
        })
    }

    pub(crate) fn surface(&self) -> Option<&Surface> {
        self.plugin.version.surfaces.get(self.index)
    }

    /// Id of the plugin.
    pub fn plugin(&self) -> &str {
        self.plugin.id()
    }

    /// What people call the plugin.
    pub fn title(&self, locale: Locale) -> &str {
        self.plugin.manifest().title.in_locale(locale)
    }

    /// A text of the package: `{"t": key}` in a language.
    pub fn text(&self, text: &Json, locale: Locale) -> String {
        let key = text.get("t").and_then(Json::as_str).unwrap_or_default();
        self.plugin.version.texts.words(locale, key, [], key)
    }

    /// What a request asks of a source of this surface; only values of expressions come from it.
    ///
    /// # Errors
    /// `ui.source_differs` where it is not the declared one, or there is none of this name.
    pub fn source(&self, name: &str, given: &Json) -> Result<Spec> {
        let differs =
            |reason: String| Error::field("ui.source_differs", name, FieldError::new("invalid").with("reason", reason));
        let tree = self.surface().and_then(|surface| surface.tree.as_ref());
        let spec = match tree {
            Some(tree) => {
                let source = tree.sources.get(name).ok_or_else(|| differs("it is not declared".to_owned()))?;
                source.asked(given).map_err(differs)?
            }
            // The code made the tree: whatever it asks for is read as the viewer, of what the plugin may read.
            None => Spec::parse(given).map_err(differs)?,
        };
        if let Spec::Plugin(computed) = &spec
            && !self.computes(&computed.plugin)
        {
            return Err(differs("the plugin does not compute it here".to_owned()));
        }
        match spec.entity().filter(|entity| self.plugin.records(entity).is_none()) {
            Some(_) => Err(Error::Denied("grant")),
            None => Ok(spec),
        }
    }
}

/// What is counted beside a surface's title.
pub struct Counted {
    /// Whose surface.
    pub plugin: String,
    /// Its id.
    pub surface: String,
    /// What is counted.
    pub figures: Figures,
}

/// Counts of one person's menu.
const MAX_COUNTS: usize = 50;

impl PluginHost {
    /// What is counted beside the titles of the surfaces that somebody may see, up to 50.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counted(&self, ctx: &Ctx, me: &Json) -> Result<Vec<Counted>> {
        let plugins = self.inner.registry.tenant(ctx.tenant).await?;
        let mut counted = Vec::new();
        for plugin in plugins.running().iter().filter(|plugin| !ctx.is_closed(plugin.id())) {
            let shown = plugin.version.surfaces.iter().filter(|surface| surface.shows(ctx, me));
            counted.extend(shown.filter_map(|surface| {
                let figures = surface.count.clone()?;
                // What was not granted is not counted, like a source of a page.
                plugin.records(&figures.aggregate)?;
                let surface = surface.declared.id.clone();
                Some(Counted { plugin: plugin.id().to_owned(), surface, figures })
            }));
        }
        counted.truncate(MAX_COUNTS);
        Ok(counted)
    }

    /// The surfaces of the company's plugins that somebody may see. `me` is what conditions know of them: `id`, `name`,
    /// `roles`, `admin`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn surfaces(&self, ctx: &Ctx, me: &Json) -> Result<UiView> {
        let plugins = self.inner.registry.tenant(ctx.tenant).await?;
        let mut view = UiView { surfaces: Vec::new(), texts: BTreeMap::new() };
        for plugin in plugins.running().iter().filter(|plugin| !ctx.is_closed(plugin.id())) {
            let seen: Vec<&Surface> = plugin.version.surfaces.iter().filter(|surface| surface.shows(ctx, me)).collect();
            if !seen.is_empty() {
                view.texts.insert(plugin.id().to_owned(), plugin.version.texts.all(ctx.locale));
            }
            view.surfaces.extend(seen.into_iter().map(|surface| shown(ctx, plugin, surface)));
        }
        // Plugins come in the order of their ids, and the sort keeps it.
        view.surfaces.sort_by_key(|surface| surface.order);
        Ok(view)
    }

    /// A surface of a plugin for somebody who may see it.
    ///
    /// # Errors
    /// `NotFound` (also where it may not be seen, or the module is on for other departments); `ui.stale` with the tree's hash, when another tree is shown;
    /// `Unavailable` when this node cannot load the plugin.
    pub async fn open(&self, ctx: &Ctx, me: &Json, plugin: &str, id: &str, hash: Option<&str>) -> Result<Open> {
        let missing = || Error::NotFound(format!("surface {id} of plugin {plugin}"));
        if ctx.is_closed(plugin) {
            return Err(missing());
        }
        let plugins = self.inner.registry.tenant(ctx.tenant).await?;
        let plugin = match plugins.get(plugin).ok_or_else(missing)? {
            OnNode::Running(running) => running,
            OnNode::Failed(failed) => return Err(failed.error()),
        };
        let found = plugin.version.surfaces.iter().enumerate().find(|(_, surface)| surface.declared.id == id);
        let (index, surface) = found.filter(|(_, surface)| surface.shows(ctx, me)).ok_or_else(missing)?;
        let now = surface.hash();
        if surface.tree.is_some() && hash.is_some_and(|hash| hash != now) {
            return Err(Error::Conflict { code: "ui.stale", current: Some(json!({ "tree_hash": now })) });
        }
        Ok(Open { plugin: Arc::clone(&plugin), index, public: false })
    }
}

fn shown(ctx: &Ctx, plugin: &Running, surface: &Surface) -> SurfaceView {
    let declared = &surface.declared;
    let title = declared.title.trim_start_matches('@');
    SurfaceView {
        plugin: plugin.id().to_owned(),
        id: declared.id.clone(),
        slot: declared.slot.clone(),
        title: plugin.version.texts.words(ctx.locale, title, [], title),
        order: declared.order,
        icon: declared.icon.clone(),
        tree_hash: surface.hash().to_owned(),
        tree: surface.tree.as_ref().map(|tree| tree.json.clone()),
        frames: plugin.frames_at(ctx.tenant),
    }
}
