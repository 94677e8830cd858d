//! `[[surfaces]]`: where in the portal a plugin shows something. What it shows stands in `ui/<tree>.toml`.

use kernel::icons;
use serde::Deserialize;
use serde_json::Value as Json;

use super::ManifestError;
use super::check::{Checked, fail, name};
use super::known::nearest;

/// Pages for people without an account.
const PUBLIC: &str = "public.page";
/// Places without an entity.
const SLOTS: [&str; 7] =
    ["nav.page", "shell.corner", "dashboard.widget", "settings.page", "settings.mine", "palette.command", PUBLIC];
/// Places of a record's page and of a list, `record.<entity>.tab`.
const OF_ENTITIES: [(&str, &[&str]); 2] = [
    ("record", &["tab", "sidebar", "header-action", "timeline-item"]),
    ("list", &["toolbar", "row-menu", "bulk-action"]),
];
/// Named in the specification; nothing of the portal would draw them yet, and what draws nothing is refused.
const NOT_YET: [&str; 5] = ["calendar.layer", "call.card", "process.action-form", "search.provider", "field-type"];
const MAX_ORDER: u16 = 1_000;

/// A place in the portal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Surface {
    /// Unique in the plugin; of a page the last part of its address.
    pub(crate) id: String,
    /// Where: `nav.page`, `record.lead.tab` ...
    pub(crate) slot: String,
    /// `@key` of the package's texts.
    pub(crate) title: String,
    /// Name of its file: `ui/<tree>.toml`.
    pub(crate) tree: Option<String>,
    /// The plugin's code makes the tree.
    #[serde(default)]
    pub(crate) rendered: bool,
    /// Of a rendered one: the presses that its trees may have.
    #[serde(default)]
    pub(crate) acts: Vec<String>,
    /// Of a rendered one: the sources that its trees may have and the plugin computes.
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    /// How many records its title has beside it: `{ aggregate, filter }`, as whoever looks.
    pub(crate) count: Option<Json>,
    /// Surfaces of a slot stand by this number, then by plugin id. 0 to 1,000.
    #[serde(default = "default_order")]
    pub(crate) order: u16,
    /// CEL over `me`: shown only to those for whom it holds.
    pub(crate) when: Option<String>,
    /// Name of a picture, one of `ui/icons.json`.
    pub(crate) icon: Option<String>,
    /// Of a public page: `@key` of what strangers read while the plugin is off; else there is no page for them then.
    pub(crate) while_disabled: Option<String>,
}

const fn default_order() -> u16 {
    500
}

impl Surface {
    /// Whether it is for people without an account.
    pub(crate) fn is_public(&self) -> bool {
        self.slot == PUBLIC
    }

    /// The entity whose page or list it stands on.
    pub(crate) fn entity(&self) -> Option<&str> {
        let mut parts = self.slot.split('.');
        let kind = parts.next()?;
        OF_ENTITIES.iter().any(|(of, _)| *of == kind).then(|| parts.next())?
    }
}

/// What its types cannot express.
pub(super) fn check(place: &str, surface: &Surface) -> Checked {
    name(place, "id", &surface.id)?;
    check_slot(&format!("{place}.slot"), &surface.slot)?;
    if surface.order > MAX_ORDER {
        return fail(format!("{place}.order"), format!("must be from 0 to {MAX_ORDER}"));
    }
    check_icon(&format!("{place}.icon"), surface.icon.as_deref())?;
    for (key, names) in [("acts", &surface.acts), ("sources", &surface.sources)] {
        names.iter().try_for_each(|one| name(place, key, one))?;
        if !surface.rendered && !names.is_empty() {
            return fail(
                format!("{place}.{key}"),
                "is for surfaces with `rendered = true`: a declared tree says it itself",
            );
        }
    }
    match (&surface.tree, surface.rendered) {
        (Some(tree), false) => name(place, "tree", tree)?,
        (None, true) => {}
        _ => return fail(place, "has either `tree`, the name of a file in ui/, or `rendered = true`"),
    }
    check_public(place, surface)
}

/// A public page is a declared one for everybody; what is said while it is off is for public pages.
fn check_public(place: &str, surface: &Surface) -> Checked {
    if !surface.is_public() {
        return match surface.while_disabled {
            Some(_) => fail(format!("{place}.while_disabled"), format!("is for surfaces in the slot `{PUBLIC}`")),
            None => Ok(()),
        };
    }
    if surface.rendered {
        return fail(format!("{place}.rendered"), "a public page is declared: name its file by `tree`");
    }
    for (key, is_there) in [("when", surface.when.is_some()), ("count", surface.count.is_some())] {
        if is_there {
            return fail(format!("{place}.{key}"), "a public page is for people without an account, alike for all");
        }
    }
    Ok(())
}

fn check_icon(place: &str, icon: Option<&str>) -> Checked {
    let Some(icon) = icon.filter(|icon| !icons::is_known(icon)) else { return Ok(()) };
    let hint = nearest(icon, icons::all())
        .map_or_else(|| "; they are listed in ui/icons.json".to_owned(), |near| format!("; did you mean `{near}`?"));
    fail(place, format!("there is no icon `{icon}`{hint}"))
}

fn check_slot(place: &str, slot: &str) -> Checked {
    if SLOTS.contains(&slot) {
        return Ok(());
    }
    if NOT_YET.contains(&slot) {
        return fail(place, format!("the portal has no place for `{slot}` yet: it would draw nothing"));
    }
    let parts: Vec<&str> = slot.split('.').collect();
    let places = |kind: &str| OF_ENTITIES.iter().find(|(of, _)| *of == kind).map(|(_, places)| *places);
    if let [kind, entity, at] = parts.as_slice()
        && let Some(places) = places(kind)
        && !entity.is_empty()
    {
        let known = places.join(", ");
        return if places.contains(at) {
            Ok(())
        } else {
            fail(place, format!("there is no slot `{slot}`; of `{kind}.{entity}` there are {known}"))
        };
    }
    let all =
        OF_ENTITIES.iter().flat_map(|(kind, places)| places.iter().map(move |at| format!("{kind}.<entity>.{at}")));
    let all: Vec<String> = SLOTS.iter().map(ToString::to_string).chain(all).collect();
    let hint = nearest(slot, all.iter().map(String::as_str))
        .map_or_else(|| format!("; there are {}", all.join(", ")), |near| format!("; did you mean `{near}`?"));
    Err(ManifestError::new(place, format!("there is no slot `{slot}`{hint}")))
}
