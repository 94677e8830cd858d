//! What ids in answers are called, as far as the reader may know it.

use std::collections::{BTreeMap, BTreeSet};

use kernel::value::FieldType;
use kernel::{Ctx, Result};
use process::runtime::Processes;
use records::read::Refs;
use records::{Catalogue, EntityDef};
use serde::Serialize;
use uuid::Uuid;

use crate::Reports;

/// What an id means to a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReportRef)]
pub struct Named {
    /// Entity key, or `user`, `department`, `pipeline`, `process_definition`.
    pub entity: String,
    /// Its name.
    pub title: String,
}

/// By id.
pub type RefsView = BTreeMap<Uuid, Named>;

/// What steps of processes are called, by definition and element.
pub type StepNames = BTreeMap<Uuid, BTreeMap<String, String>>;

/// What a step is called: in its definition, else in all that have one of that id.
pub(crate) fn step_name(steps: &StepNames, definition: Option<Uuid>, element: &str) -> Option<String> {
    let all = steps.iter().filter(|(id, _)| definition.is_none_or(|known| known == **id));
    let names: BTreeSet<&str> = all.filter_map(|(_, names)| names.get(element)).map(String::as_str).collect();
    (!names.is_empty()).then(|| names.into_iter().collect::<Vec<_>>().join(" / "))
}

/// Titles of records, people and departments.
pub(crate) fn view(refs: Refs) -> RefsView {
    refs.into_iter().map(|(id, one)| (id, Named { entity: one.entity.to_string(), title: one.title })).collect()
}

/// What the values of a field are ids of; none where they are none, or of several entities.
pub(crate) fn target(def: &EntityDef, key: &str) -> Option<String> {
    let field = def.field(key)?;
    match field.kind {
        FieldType::User => Some("user".to_owned()),
        FieldType::Department => Some("department".to_owned()),
        FieldType::Pipeline => Some("pipeline".to_owned()),
        _ => field.target().map(ToString::to_string),
    }
}

/// Adds the names of pipelines.
pub(crate) fn pipelines(catalogue: &Catalogue, ids: &[Uuid], into: &mut RefsView) {
    for def in catalogue.entities() {
        for pipeline in catalogue.pipelines.ever(&def.key).filter(|pipeline| ids.contains(&pipeline.id)) {
            into.insert(pipeline.id, Named { entity: "pipeline".to_owned(), title: pipeline.name.clone() });
        }
    }
}

impl Reports {
    /// Adds the names of process definitions that the reader may see.
    pub(crate) async fn definition_names(&self, ctx: &Ctx, ids: &[Uuid], into: &mut RefsView) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let processes: &Processes = &self.processes;
        for view in processes.definitions(ctx).await?.into_iter().filter(|view| ids.contains(&view.id)) {
            into.insert(view.id, Named { entity: process::DEFINITION.to_owned(), title: view.name });
        }
        Ok(())
    }

    /// What these steps are called, in one definition or in all that the reader may see.
    pub(crate) async fn step_names(
        &self,
        ctx: &Ctx,
        elements: &BTreeSet<&str>,
        definition: Option<Uuid>,
    ) -> Result<StepNames> {
        let mut steps = StepNames::new();
        if elements.is_empty() {
            return Ok(steps);
        }
        for ((id, element), name) in self.processes.names_of_elements(ctx).await? {
            if elements.contains(element.as_str()) && definition.is_none_or(|known| known == id) {
                steps.entry(id).or_default().insert(element, name);
            }
        }
        Ok(steps)
    }
}
