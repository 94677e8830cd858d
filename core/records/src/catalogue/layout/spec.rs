//! What a layout is made of: what of it makes sense, and what of it is still there.

use std::collections::BTreeSet;

use kernel::error::FieldError;
use kernel::value::FieldType;
use kernel::{EntityKey, FieldKey, Result};
use serde::{Deserialize, Serialize};

use crate::catalogue::change::{labels, wrong};
use crate::catalogue::{Catalogue, EntityDef, FieldDef, Labels};

/// Tabs of a card beside the first.
const MAX_TABS: usize = 12;
/// Sections of a layout, those of its tabs too.
const MAX_SECTIONS: usize = 30;
/// Fields of a list, a card or a form.
const MAX_FIELDS: usize = 60;
/// Lists of records that link to the record, and surfaces of modules, in all tabs.
const MAX_RELATED: usize = 20;
/// Columns of such a list beside the title.
const MAX_COLUMNS: usize = 8;
/// Rows of such a list that are shown at once.
const MAX_SHOWN: u16 = 50;
/// Characters of the name of a surface.
const MAX_BLOCK: usize = 200;

/// A section of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutSection {
    /// Its name by language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub title: Labels,
    /// Keys of its fields, in order.
    #[schema(value_type = Vec<String>)]
    pub fields: Vec<FieldKey>,
}

/// A list of the records of an entity that link to the one of the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutRelated {
    /// Records of this entity.
    #[schema(value_type = String)]
    pub entity: EntityKey,
    /// Their field that holds the link.
    #[schema(value_type = String)]
    pub via: FieldKey,
    /// Fields shown beside the title, 8 at most.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub columns: Vec<FieldKey>,
    /// Rows shown at first, 1 to 50; 10 where nothing is said.
    #[serde(default = "shown")]
    pub limit: u16,
}

/// A tab of a card beside the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutTab {
    /// Its name by language.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub title: Labels,
    /// Its sections.
    #[serde(default)]
    pub sections: Vec<LayoutSection>,
    /// Its lists of related records, below the sections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<LayoutRelated>,
    /// Surfaces of modules that stand in it, `plugin.surface`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<String>,
}

/// Where fields stand. A field that stands nowhere is not shown on cards, unless it must have a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LayoutSpec)]
pub struct Spec {
    /// Of the card's first tab; one at least.
    pub sections: Vec<LayoutSection>,
    /// Lists of related records in the first tab, in order; 20 in all tabs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<LayoutRelated>,
    /// Surfaces of modules in the first tab, `plugin.surface`, in order; those that are placed nowhere stand where the
    /// product puts them. One whose module is gone shows nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<String>,
    /// Tabs beside the first, 12 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tabs: Vec<LayoutTab>,
    /// Columns a list has at first; none: those of the product.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub list: Vec<FieldKey>,
    /// What a card on a board shows; none: what the product shows.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub card: Vec<FieldKey>,
    /// What the form of a new record asks at first, beside what is required; none: what the product asks.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub form: Vec<FieldKey>,
}

/// Rows of a list of related records where nothing is said.
const fn shown() -> u16 {
    10
}

impl LayoutRelated {
    /// The entity whose records are listed, where they (still) link to those of `def`.
    pub fn linking<'a>(&self, catalogue: &'a Catalogue, def: &EntityDef) -> Option<&'a EntityDef> {
        let child: &EntityDef = catalogue.find(&self.entity)?;
        let links =
            |field: &&FieldDef| matches!(field.kind, FieldType::Link | FieldType::Links) && field.part_of.is_none();
        let via = child.field(&self.via).filter(links)?;
        via.targets.contains(&def.key).then_some(child)
    }
}

impl Spec {
    /// The sections of a card's first tab, with what must have a value and stands in no tab at the end of the first
    /// section.
    pub fn complete(&self, def: &EntityDef) -> Vec<LayoutSection> {
        let mut sections = self.sections.clone();
        let all = self.sections.iter().chain(self.tabs.iter().flat_map(|tab| &tab.sections));
        let placed: BTreeSet<&FieldKey> = all.flat_map(|section| &section.fields).collect();
        let demanded = |field: &&FieldDef| {
            let sometimes = field.conditions.as_ref().is_some_and(|conditions| !conditions.required.is_empty());
            // Stages have a bar of their own.
            let beside = field.key == "title" || matches!(field.kind, FieldType::Stage | FieldType::Pipeline);
            (field.required || sometimes) && !field.system && !beside && !placed.contains(&field.key)
        };
        let missing = def.fields.iter().filter(demanded).map(|field| field.key.clone());
        if let Some(first) = sections.first_mut() {
            first.fields.extend(missing);
        }
        sections
    }
}

/// Passes what makes sense.
///
/// # Errors
/// `config.invalid` by place.
pub(in crate::catalogue) fn checked(catalogue: &Catalogue, def: &EntityDef, mut spec: Spec) -> Result<Spec> {
    if spec.tabs.len() > MAX_TABS {
        return Err(wrong("tabs", FieldError::new("too_many").with("max", MAX_TABS)));
    }
    let sections = spec.sections.len() + spec.tabs.iter().map(|tab| tab.sections.len()).sum::<usize>();
    if spec.sections.is_empty() || sections > MAX_SECTIONS {
        return Err(wrong("sections", FieldError::new("range").with("min", 1).with("max", MAX_SECTIONS)));
    }
    let mut placing = Placing::new(catalogue, def);
    placing.tab("", &mut spec.sections, &spec.related, &spec.blocks)?;
    for (index, tab) in spec.tabs.iter_mut().enumerate() {
        tab.title = labels(&format!("tabs.{index}.title"), std::mem::take(&mut tab.title))?;
        placing.tab(&format!("tabs.{index}."), &mut tab.sections, &tab.related, &tab.blocks)?;
    }
    for (part, keys) in [("list", &spec.list), ("card", &spec.card), ("form", &spec.form)] {
        fit(def, part, keys, &mut BTreeSet::new(), MAX_FIELDS)?;
    }
    Ok(spec)
}

/// What has a place already: each thing stands once on a card.
struct Placing<'a> {
    catalogue: &'a Catalogue,
    def: &'a EntityDef,
    fields: BTreeSet<FieldKey>,
    related: BTreeSet<(EntityKey, FieldKey)>,
    blocks: BTreeSet<String>,
}

impl<'a> Placing<'a> {
    fn new(catalogue: &'a Catalogue, def: &'a EntityDef) -> Self {
        Self { catalogue, def, fields: BTreeSet::new(), related: BTreeSet::new(), blocks: BTreeSet::new() }
    }

    /// What stands in a tab; `within` is its place with a dot behind it, of the first tab nothing.
    fn tab(
        &mut self,
        within: &str,
        sections: &mut [LayoutSection],
        related: &[LayoutRelated],
        blocks: &[String],
    ) -> Result<()> {
        for (index, section) in sections.iter_mut().enumerate() {
            let place = format!("{within}sections.{index}");
            section.title = labels(&format!("{place}.title"), std::mem::take(&mut section.title))?;
            fit(self.def, &format!("{place}.fields"), &section.fields, &mut self.fields, usize::MAX)?;
        }
        for (index, one) in related.iter().enumerate() {
            self.list(&format!("{within}related.{index}"), one)?;
        }
        for (index, name) in blocks.iter().enumerate() {
            self.block(&format!("{within}blocks.{index}"), name)?;
        }
        Ok(())
    }

    fn list(&mut self, place: &str, one: &LayoutRelated) -> Result<()> {
        if self.catalogue.find(&one.entity).is_none() {
            let error = FieldError::new("choice").with("value", &*one.entity);
            return Err(wrong(&format!("{place}.entity"), error));
        }
        let Some(child) = one.linking(self.catalogue, self.def) else {
            let error = FieldError::new("rollup_via").with("field", &*one.via);
            return Err(wrong(&format!("{place}.via"), error));
        };
        if !(1..=MAX_SHOWN).contains(&one.limit) {
            let error = FieldError::new("range").with("min", 1).with("max", MAX_SHOWN);
            return Err(wrong(&format!("{place}.limit"), error));
        }
        fit(child, &format!("{place}.columns"), &one.columns, &mut BTreeSet::new(), MAX_COLUMNS)?;
        if !self.related.insert((one.entity.clone(), one.via.clone())) {
            let error = FieldError::new("twice").with("value", format!("{}.{}", one.entity, one.via));
            return Err(wrong(place, error));
        }
        self.few(place, self.related.len())
    }

    /// Which surfaces there are, is known above: those of a module that is switched off come back with it.
    fn block(&mut self, place: &str, name: &str) -> Result<()> {
        if name.is_empty() || name.chars().any(|one| one.is_control() || one.is_whitespace()) {
            return Err(wrong(place, FieldError::new("characters")));
        }
        if name.chars().count() > MAX_BLOCK {
            return Err(wrong(place, FieldError::new("too_long").with("max", MAX_BLOCK)));
        }
        if !self.blocks.insert(name.to_owned()) {
            return Err(wrong(place, FieldError::new("twice").with("value", name)));
        }
        self.few(place, self.blocks.len())
    }

    fn few(&self, place: &str, many: usize) -> Result<()> {
        if many > MAX_RELATED {
            return Err(wrong(place, FieldError::new("too_many").with("max", MAX_RELATED)));
        }
        Ok(())
    }
}

/// Passes fields that are there, each once.
fn fit(def: &EntityDef, part: &str, keys: &[FieldKey], placed: &mut BTreeSet<FieldKey>, most: usize) -> Result<()> {
    if keys.len() > most {
        return Err(wrong(part, FieldError::new("too_many").with("max", most)));
    }
    for key in keys {
        if def.field(key).is_none() {
            return Err(wrong(part, FieldError::new("choice").with("value", key.as_str())));
        }
        if !placed.insert(key.clone()) {
            return Err(wrong(part, FieldError::new("twice").with("value", key.as_str())));
        }
    }
    Ok(())
}

/// What of a layout is still there.
pub(in crate::catalogue) fn there(catalogue: &Catalogue, def: &EntityDef, spec: Spec) -> Spec {
    let tab = |tab: LayoutTab| LayoutTab {
        sections: sections_there(def, tab.sections),
        related: related_there(catalogue, def, tab.related),
        ..tab
    };
    Spec {
        sections: sections_there(def, spec.sections),
        related: related_there(catalogue, def, spec.related),
        blocks: spec.blocks,
        tabs: spec.tabs.into_iter().map(tab).collect(),
        list: known(def, spec.list),
        card: known(def, spec.card),
        form: known(def, spec.form),
    }
}

fn known(def: &EntityDef, keys: Vec<FieldKey>) -> Vec<FieldKey> {
    keys.into_iter().filter(|key| def.field(key).is_some()).collect()
}

fn sections_there(def: &EntityDef, sections: Vec<LayoutSection>) -> Vec<LayoutSection> {
    let section = |section: LayoutSection| LayoutSection { fields: known(def, section.fields), ..section };
    sections.into_iter().map(section).collect()
}

fn related_there(catalogue: &Catalogue, def: &EntityDef, related: Vec<LayoutRelated>) -> Vec<LayoutRelated> {
    let still = related.into_iter().filter_map(|one| {
        let child = one.linking(catalogue, def)?;
        Some(LayoutRelated { columns: known(child, one.columns), ..one })
    });
    still.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(layout: Value) -> Spec {
        serde_json::from_value(layout).unwrap()
    }

    #[test]
    fn what_was_saved_before_there_were_tabs_is_read_and_written_alike() {
        let sections = json!([{"title": {"en": "A"}, "fields": ["amount"]}]);
        let old = json!({"sections": sections, "list": [], "card": [], "form": []});
        assert_eq!(serde_json::to_value(read(old.clone())).unwrap(), old);
    }

    #[test]
    fn what_is_gone_is_left_out_of_every_tab() {
        let catalogue = Catalogue::core();
        let deal = catalogue.entity("deal").unwrap();
        let sections = json!([{"title": {"en": "A"}, "fields": ["amount", "gone"]}]);
        let lists = json!([
            {"entity": "quote", "via": "deal", "columns": ["amount", "gone"], "limit": 5},
            {"entity": "gone", "via": "deal"},
            {"entity": "quote", "via": "gone"},
            {"entity": "quote", "via": "company"},
        ]);
        let spec = there(
            &catalogue,
            deal,
            read(json!({"sections": sections, "related": lists,
                "tabs": [{"title": {"en": "T"}, "sections": sections, "related": lists, "blocks": ["some.thing"]}]})),
        );
        let [tab] = spec.tabs.as_slice() else { panic!("one tab") };
        assert_eq!((&tab.sections, &tab.related), (&spec.sections, &spec.related));
        assert_eq!(tab.blocks, ["some.thing"]);
        let kept = serde_json::to_value(&spec.related).unwrap();
        assert_eq!(kept, json!([{"entity": "quote", "via": "deal", "columns": ["amount"], "limit": 5}]));
        assert_eq!(serde_json::to_value(&spec.sections).unwrap()[0]["fields"], json!(["amount"]));
    }
}
