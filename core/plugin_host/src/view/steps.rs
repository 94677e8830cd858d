//! Actions and conditions as whoever draws processes sees them.

use kernel::{Ctx, Locale};
use serde::Serialize;

use crate::PluginHost;
use crate::breaker::BreakerState;
use crate::manifest::{Manifest, Parameter, ParameterType, Text};
use crate::points::{self, PointKind};
use crate::registry::store::TenantRow;

/// An action or a condition.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginStep)]
pub struct StepView {
    /// Its id.
    pub id: String,
    /// What a process or task calls it by: `v:service`, `v:mainAction`.
    pub kind: String,
    /// Its name.
    pub title: String,
    /// In more words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it takes.
    pub input: Vec<ParameterView>,
    /// What its answer has; a condition answers with a boolean.
    pub output: Vec<ParameterView>,
    /// Its circuit breaker.
    pub breaker: BreakerState,
}

/// One named value.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PluginParameter)]
pub struct ParameterView {
    /// Its name.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Whether it must be there.
    pub required: bool,
    /// Beside the input.
    pub label: String,
}

impl ParameterView {
    fn of(parameter: &Parameter, locale: Locale) -> Self {
        let label = parameter.label.in_locale(locale);
        Self {
            name: parameter.name.clone(),
            kind: parameter.kind,
            required: parameter.required,
            label: if label.is_empty() { parameter.name.clone() } else { label.to_owned() },
        }
    }
}

/// What both have in common.
struct Declared<'a> {
    kind: &'static PointKind,
    id: &'a str,
    title: &'a Text,
    description: &'a Text,
    input: &'a [Parameter],
    output: &'a [Parameter],
}

impl PluginHost {
    pub(super) fn actions(&self, ctx: &Ctx, manifest: &Manifest, row: Option<&TenantRow>) -> Vec<StepView> {
        let declared = manifest.actions.iter().map(|one| Declared {
            kind: &points::ACTION,
            id: &one.id,
            title: &one.title,
            description: &one.description,
            input: &one.input,
            output: &one.output,
        });
        declared.map(|one| self.step_view(ctx, manifest, row, &one)).collect()
    }

    pub(super) fn conditions(&self, ctx: &Ctx, manifest: &Manifest, row: Option<&TenantRow>) -> Vec<StepView> {
        let declared = manifest.conditions.iter().map(|one| Declared {
            kind: &points::CONDITION,
            id: &one.id,
            title: &one.title,
            description: &one.description,
            input: &one.input,
            output: &[],
        });
        declared.map(|one| self.step_view(ctx, manifest, row, &one)).collect()
    }

    fn step_view(&self, ctx: &Ctx, manifest: &Manifest, row: Option<&TenantRow>, one: &Declared<'_>) -> StepView {
        let parameters =
            |list: &[Parameter]| list.iter().map(|parameter| ParameterView::of(parameter, ctx.locale)).collect();
        StepView {
            id: one.id.to_owned(),
            kind: format!("plugin:{}/{}", manifest.id, one.id),
            title: one.title.in_locale(ctx.locale).to_owned(),
            description: Some(one.description.in_locale(ctx.locale).to_owned()).filter(|words| !words.is_empty()),
            input: parameters(one.input),
            output: parameters(one.output),
            breaker: self.breaker(ctx, &manifest.id, one.kind.point(one.id), row),
        }
    }
}
