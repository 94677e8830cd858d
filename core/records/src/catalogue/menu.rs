//! How an entity of a company's own stands in the menu: its picture, and its place. The order of the product's own is the
//! portal's; so a place is told by the entity that it stands before, which another company has too, and not by a number.

use kernel::error::FieldError;
use kernel::{EntityKey, Result};
use serde::{Deserialize, Serialize};

use super::Catalogue;
use super::change::wrong;
use super::entities::MAX_ENTITIES;

/// Where an entity stands in the menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MenuPlace {
    /// Whether it stands there at all; search, links and the palette find it anyway.
    pub shown: bool,
    /// The entity that it stands before. Absent, or where that one is not there any more: at the end, in the order in which
    /// they were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub before: Option<EntityKey>,
}

impl Default for MenuPlace {
    fn default() -> Self {
        Self { shown: true, before: None }
    }
}

impl MenuPlace {
    /// Whether nobody has said anything about it.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// As much of a name as is told back.
fn short(name: &str) -> String {
    name.chars().take(80).collect()
}

/// The picture asked for; an empty name asks for none.
pub(super) fn icon(name: &str) -> Result<Option<String>> {
    match name {
        "" => Ok(None),
        known if kernel::icons::is_known(known) => Ok(Some(known.to_owned())),
        unknown => Err(wrong("icon", FieldError::new("choice").with("value", short(unknown)))),
    }
}

/// Passes a place before an entity that is there and may stand in a menu, and does not wait for this one's place itself.
pub(super) fn check(catalogue: &Catalogue, key: &str, place: &MenuPlace) -> Result<()> {
    let Some(before) = &place.before else { return Ok(()) };
    if catalogue.find(before).is_none_or(|def| def.inner) {
        return Err(wrong("menu.before", FieldError::new("choice").with("value", short(before))));
    }
    if comes_back(catalogue, before, key) {
        return Err(wrong("menu.before", FieldError::new("menu_round")));
    }
    Ok(())
}

/// Whether the places lead from one entity to another, or nowhere.
fn comes_back(catalogue: &Catalogue, from: &str, to: &str) -> bool {
    let mut at = from;
    for _ in 0..=MAX_ENTITIES {
        if at == to {
            return true;
        }
        match catalogue.find(at).and_then(|def| def.menu.before.as_ref()) {
            Some(next) => at = next.as_str(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalogue::{Owner, core_entities};
    use crate::stages::Pipelines;

    /// Own entities, each before another.
    fn catalogue(places: &[(&str, Option<&str>)]) -> Catalogue {
        let own = places.iter().map(|(key, before)| {
            let mut def = core_entities::custom(key, Owner::Custom, false);
            def.menu.before = before.map(Into::into);
            Arc::new(def)
        });
        Catalogue::new(0, Pipelines::default(), core_entities::all().into_iter().chain(own).collect())
    }

    fn code(catalogue: &Catalogue, key: &str, before: &str) -> Option<String> {
        let place = MenuPlace { shown: true, before: Some(before.into()) };
        match check(catalogue, key, &place) {
            Err(kernel::Error::Invalid { fields, .. }) => Some(fields["menu.before"].code.clone()),
            Err(other) => panic!("{other:?}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn a_place_is_before_what_is_there_and_never_before_itself() {
        let catalogue = catalogue(&[("x_a", Some("x_b")), ("x_b", Some("lead")), ("x_c", None)]);
        assert_eq!(code(&catalogue, "x_c", "x_a"), None);
        assert_eq!(code(&catalogue, "x_c", "lead"), None);
        assert_eq!(code(&catalogue, "x_c", "x_c").as_deref(), Some("menu_round"));
        assert_eq!(code(&catalogue, "x_b", "x_a").as_deref(), Some("menu_round"));
        assert_eq!(code(&catalogue, "x_c", "x_nothing").as_deref(), Some("choice"));
        assert!(check(&catalogue, "x_c", &MenuPlace::default()).is_ok());
    }

    #[test]
    fn a_circle_that_is_there_already_ends() {
        let catalogue = catalogue(&[("x_a", Some("x_b")), ("x_b", Some("x_a")), ("x_c", None)]);
        assert_eq!(code(&catalogue, "x_c", "x_a").as_deref(), Some("menu_round"));
    }

    #[test]
    fn pictures_are_of_the_list() {
        assert_eq!(icon("").unwrap(), None);
        assert_eq!(icon("truck").unwrap().as_deref(), Some("truck"));
        for wrong in ["hippopotamus", "Truck", "../truck", &"x".repeat(1 << 20)] {
            let told = format!("{:?}", icon(wrong).unwrap_err());
            assert!(told.len() < 1_000, "{told}");
        }
    }
}
