//! Names of pages against the grants and a catalogue: entities, fields, columns, other surfaces.

use std::collections::BTreeSet;

use kernel::filter::Filter;
use records::Catalogue;

use super::spec::{Axis, Spec};
use super::{Surface, Tree};
use crate::manifest::check::{Checked, fail};
use crate::manifest::known::{Known, Names, unknown};
use crate::manifest::{Manifest, ManifestError, RecordPermission};

/// Checks every name of the surfaces; stops at the first that is unknown or not asked for.
///
/// # Errors
/// File, block and name, with the nearest that there is.
pub(crate) fn names(manifest: &Manifest, surfaces: &[Surface], catalogue: &Catalogue, known: Known) -> Checked {
    let names = Names { catalogue, known };
    for (index, surface) in surfaces.iter().enumerate() {
        if let Some(entity) = surface.declared.entity() {
            names.entity(&format!("surfaces[{index}].slot"), entity)?;
        }
        if let Some(count) = &surface.count {
            let spec = Spec::Aggregate(count.clone());
            Asked { manifest, names: &names }.source(&format!("surfaces[{index}].count"), &spec)?;
        }
        let Some(tree) = &surface.tree else { continue };
        let page = Page { asked: Asked { manifest, names: &names }, tree };
        page.check(surfaces).map_err(|error| error.in_file(&tree.file))?;
    }
    Ok(())
}

/// The same for a tree that the plugin's code made for a company.
///
/// # Errors
/// Block and name, with the nearest that there is.
pub(super) fn of_rendered(manifest: &Manifest, tree: &Tree, surfaces: &[Surface], catalogue: &Catalogue) -> Checked {
    let names = &Names { catalogue, known: Known::Whole };
    Page { asked: Asked { manifest, names }, tree }.check(surfaces)
}

/// What is asked for, against what the manifest asks to be granted.
struct Asked<'a> {
    manifest: &'a Manifest,
    names: &'a Names<'a>,
}

struct Page<'a> {
    asked: Asked<'a>,
    tree: &'a Tree,
}

impl Page<'_> {
    fn check(&self, surfaces: &[Surface]) -> Checked {
        for (name, source) in &self.tree.sources {
            self.asked.source(&format!("sources.{name}"), &source.spec)?;
        }
        let found = &self.tree.found;
        for one in &found.fields {
            if let Some(source) = self.tree.sources.get(&one.of) {
                self.column(&one.place, &one.of, &source.spec, &one.field)?;
            }
        }
        for one in &found.entities {
            self.asked.names.entity(&one.place, &one.name)?;
            self.asked.asked_for(&one.place, &one.name)?;
        }
        for one in &found.asked {
            self.asked.names.fields(&one.place, &one.of, std::iter::once(one.field.as_str()))?;
        }
        for one in &found.surfaces {
            let mut ids = surfaces.iter().map(|surface| surface.declared.id.as_str());
            if !ids.clone().any(|id| id == one.name) {
                return unknown(&one.place, "surface", &one.name, &mut ids);
            }
        }
        Ok(())
    }

    /// A column of a source's rows.
    fn column(&self, place: &str, source: &str, spec: &Spec, column: &str) -> Checked {
        let known: BTreeSet<String> = match spec {
            Spec::Report(_) => return Ok(()),
            Spec::Plugin(computed) if computed.columns.is_empty() => return Ok(()),
            Spec::Plugin(computed) => computed.columns.iter().map(|column| column.key.clone()).collect(),
            Spec::Aggregate(figures) => {
                let groups = figures.group_by.iter().map(|axis| axis.field().to_owned());
                let measures = figures.measures.iter().map(super::spec::Measured::name);
                let counted = figures.measures.is_empty().then(|| "count".to_owned());
                groups.chain(measures).chain(counted).collect()
            }
            Spec::Records(super::spec::Listed { records: entity, fields, .. })
            | Spec::Record(super::spec::One { record: entity, fields, .. }) => {
                self.asked.names.fields(place, entity, std::iter::once(column))?;
                match fields {
                    None => return Ok(()),
                    Some(fields) => fields.iter().cloned().collect(),
                }
            }
        };
        if column == "id" || known.contains(column) {
            return Ok(());
        }
        unknown(place, &format!("column of the source `{source}`"), column, known.iter().map(String::as_str))
    }
}

impl Asked<'_> {
    fn asked_for(&self, place: &str, entity: &str) -> Checked {
        match self.manifest.records(entity) {
            Some(_) => Ok(()),
            None => fail(place, format!("add [permissions.records.{entity}] with the fields it reads to plugin.toml")),
        }
    }

    fn source(&self, place: &str, spec: &Spec) -> Checked {
        let Some(entity) = spec.entity() else { return Ok(()) };
        self.names.entity(place, entity)?;
        self.asked_for(place, entity)?;
        for field in fields_of(spec)? {
            self.field(place, entity, &field)?;
        }
        Ok(())
    }

    /// A field that a source names: `company.industry` needs the link and the other entity's field.
    fn field(&self, place: &str, entity: &str, path: &str) -> Checked {
        let (field, beyond) = path.split_once('.').map_or((path, None), |(link, field)| (link, Some(field)));
        self.names.fields(place, entity, std::iter::once(field))?;
        let def = self.names.catalogue.find(entity);
        let sees = |asked: &RecordPermission| match def {
            Some(def) => asked.sees(def, field),
            None => asked.reads(field),
        };
        let reads = self.manifest.records(entity).is_some_and(|asked| field == "id" || sees(asked));
        if !reads {
            return fail(place, format!("`{field}` is not among the fields of {entity} that the plugin may read"));
        }
        let Some(beyond) = beyond else { return Ok(()) };
        let target = self.names.catalogue.find(entity).and_then(|def| def.field(field)?.target());
        match target {
            Some(target) => {
                self.asked_for(place, target)?;
                self.field(place, target, beyond)
            }
            None if self.names.believed(field) => Ok(()),
            None => fail(place, format!("`{field}` of {entity} is no link to one entity")),
        }
    }
}

/// Every field that a source names.
fn fields_of(spec: &Spec) -> Result<BTreeSet<String>, ManifestError> {
    let mut fields = BTreeSet::new();
    if let Some(filter) = spec.filter() {
        let parsed = Filter::parse(filter);
        let parsed =
            parsed.map_err(|error| ManifestError::new("filter", error.message.in_locale(kernel::Locale::En)))?;
        fields.extend(parsed.fields().into_iter().map(str::to_owned));
    }
    match spec {
        Spec::Records(listed) => {
            fields.extend(listed.sort.iter().map(|key| key.field.clone()));
            fields.extend(listed.fields.iter().flatten().cloned());
        }
        Spec::Record(one) => fields.extend(one.fields.iter().flatten().cloned()),
        Spec::Aggregate(figures) => {
            fields.extend(figures.group_by.iter().map(Axis::field).map(str::to_owned));
            fields.extend(figures.measures.iter().filter_map(|measure| measure.field.clone()));
        }
        Spec::Report(_) | Spec::Plugin(_) => {}
    }
    Ok(fields)
}
