//! Where what an entity has stands, as `/entities` shows it: only what the reader sees.

use ::records::catalogue::layout::{LayoutRelated, LayoutSection, Spec};
use ::records::catalogue::{Catalogue, EntityDef, Labels, section_label, section_labels};
use kernel::access::Action;
use kernel::{Ctx, FieldKey};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is shown where at first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Layout {
    list: Vec<String>,
    card: Vec<String>,
    /// Of the first tab.
    sections: Vec<Section>,
    /// Lists of related records in the first tab.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    related: Vec<LayoutRelated>,
    /// Surfaces of modules in the first tab, `plugin.surface`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    blocks: Vec<String>,
    /// Tabs beside the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    tabs: Vec<CardTab>,
    /// What the form of a new record asks at first, beside what is required; absent: what cards show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    form: Vec<String>,
    /// Arranged by an administrator: what stands in no section is not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    arranged: bool,
}

/// Where fields stand in a pipeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct PipelineLayout {
    pipeline: Uuid,
    layout: Layout,
}

/// A section of the record card.
#[derive(Debug, Serialize, ToSchema)]
pub struct Section {
    key: String,
    title: String,
    /// Its name in every language it has; administrators see it, for they arrange sections.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    titles: Option<Labels>,
    fields: Vec<String>,
}

/// A tab of the record card beside the first.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardTab {
    key: String,
    title: String,
    /// Its name in every language it has; administrators see it, for they arrange tabs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>, nullable = false)]
    titles: Option<Labels>,
    sections: Vec<Section>,
    /// Lists of related records in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    related: Vec<LayoutRelated>,
    /// Surfaces of modules in it, `plugin.surface`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    blocks: Vec<String>,
}

/// Of pipelines where things stand otherwise.
pub(super) fn pipeline_layouts(
    catalogue: &Catalogue,
    def: &EntityDef,
    ctx: &Ctx,
    roles: &[Uuid],
) -> Vec<PipelineLayout> {
    let own = catalogue.layouts.pipelines(&def.key).into_iter();
    let laid = |pipeline| PipelineLayout { pipeline, layout: layout(catalogue, def, ctx, roles, Some(pipeline)) };
    own.map(laid).collect()
}

/// Where what somebody sees stands.
pub(super) fn layout(
    catalogue: &Catalogue,
    def: &EntityDef,
    ctx: &Ctx,
    roles: &[Uuid],
    pipeline: Option<Uuid>,
) -> Layout {
    let or = |arranged: &[FieldKey], product: &[FieldKey]| {
        let shown = if arranged.is_empty() { product } else { arranged };
        keys(def, ctx, shown)
    };
    let spec = catalogue.layouts.of(&def.key, roles, pipeline);
    let parts = spec.map_or_else(|| of_product(def, ctx), |spec| arranged(catalogue, def, ctx, spec));
    Layout {
        list: or(spec.map_or(&[], |spec| spec.list.as_slice()), &def.list),
        card: or(spec.map_or(&[], |spec| spec.card.as_slice()), &def.card),
        form: spec.map(|spec| keys(def, ctx, &spec.form)).unwrap_or_default(),
        arranged: spec.is_some(),
        ..parts
    }
}

/// What stands on a card where nobody has arranged it.
fn of_product(def: &EntityDef, ctx: &Ctx) -> Layout {
    let admin = ctx.rights.is_admin();
    let titled = def.sections.iter().map(|section| Section {
        key: section.key.clone(),
        title: section_label(&section.key, ctx.locale),
        titles: admin.then(|| section_labels(&section.key)),
        fields: keys(def, ctx, &section.fields),
    });
    let sections = titled.filter(|section| !section.fields.is_empty()).collect();
    parts(sections, Vec::new(), Vec::new(), Vec::new())
}

/// What stands on a card as an administrator arranged it. A tab that shows a reader nothing is not there.
fn arranged(catalogue: &Catalogue, def: &EntityDef, ctx: &Ctx, spec: &Spec) -> Layout {
    let tabs = spec.tabs.iter().enumerate().map(|(index, tab)| CardTab {
        key: format!("tab_{index}"),
        title: tab.title.in_locale(ctx.locale).to_owned(),
        titles: ctx.rights.is_admin().then(|| tab.title.clone()),
        sections: sections(def, ctx, &tab.sections),
        related: related(catalogue, def, ctx, &tab.related),
        blocks: blocks(ctx, &tab.blocks),
    });
    let full = |tab: &CardTab| !(tab.sections.is_empty() && tab.related.is_empty() && tab.blocks.is_empty());
    parts(
        sections(def, ctx, &spec.complete(def)),
        related(catalogue, def, ctx, &spec.related),
        blocks(ctx, &spec.blocks),
        tabs.filter(full).collect(),
    )
}

fn parts(sections: Vec<Section>, related: Vec<LayoutRelated>, blocks: Vec<String>, tabs: Vec<CardTab>) -> Layout {
    Layout { list: Vec::new(), card: Vec::new(), sections, related, blocks, tabs, form: Vec::new(), arranged: false }
}

/// Those of some fields that somebody sees.
fn keys(def: &EntityDef, ctx: &Ctx, keys: &[FieldKey]) -> Vec<String> {
    keys.iter().filter(|key| shows(def, ctx, key)).map(ToString::to_string).collect()
}

fn shows(def: &EntityDef, ctx: &Ctx, key: &str) -> bool {
    def.field(key).is_some() && def.shows_key(&ctx.rights, key)
}

/// One that shows a reader nothing is not there.
fn sections(def: &EntityDef, ctx: &Ctx, all: &[LayoutSection]) -> Vec<Section> {
    let titled = all.iter().enumerate().map(|(index, section)| Section {
        key: format!("arranged_{index}"),
        title: section.title.in_locale(ctx.locale).to_owned(),
        titles: ctx.rights.is_admin().then(|| section.title.clone()),
        fields: keys(def, ctx, &section.fields),
    });
    titled.filter(|section| !section.fields.is_empty()).collect()
}

/// Lists of records that the reader may see, by a link that they see.
fn related(catalogue: &Catalogue, def: &EntityDef, ctx: &Ctx, all: &[LayoutRelated]) -> Vec<LayoutRelated> {
    let seen = all.iter().filter_map(|one| {
        let child = one.linking(catalogue, def)?;
        if !ctx.rights.may(&child.key, Action::Read) || !shows(child, ctx, &one.via) {
            return None;
        }
        let columns = one.columns.iter().filter(|key| shows(child, ctx, key)).cloned().collect();
        Some(LayoutRelated { columns, ..one.clone() })
    });
    seen.collect()
}

/// Surfaces of modules that are not closed to the reader: which of the others there are, `/ui` says.
fn blocks(ctx: &Ctx, all: &[String]) -> Vec<String> {
    let closed = |name: &str| {
        let modules = ctx.rights.closed().map(|closed| &closed.modules);
        let of = |module: &String| name.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('.'));
        modules.is_some_and(|modules| modules.iter().any(of))
    };
    all.iter().filter(|name| !closed(name)).cloned().collect()
}
