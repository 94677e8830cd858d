//! `health`: how the system and what it is joined to are.

use kernel::Locale;
use records::Catalogue;
use serde::Deserialize;

use super::{State, host_error};
use crate::bindings::types::HostError;
use crate::bindings::verstak::health::health as wit;
use crate::health::{Part as Told, Standing, all};
use crate::manifest::check::text;
use crate::manifest::permissions::{Grant, Part, Permission};
use crate::manifest::{ManifestError, Text};

/// What the manifest says: `[permissions.health]`.
pub(crate) const PART: Part = Part::of::<HealthPermission>("health");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HealthPermission {
    #[serde(default)]
    reason: Text,
}

impl Permission for HealthPermission {
    fn check(&self) -> Result<(), ManifestError> {
        text("permissions.health.reason", &self.reason)
    }

    fn grants(&self, _catalogue: Option<&Catalogue>, locale: Locale) -> Vec<Grant> {
        let title = match locale {
            Locale::En => "How the system, its mail, gateways and modules are",
            Locale::Ru => "Состояние системы, почты, шлюзов и модулей",
            Locale::Uk => "Стан системи, пошти, шлюзів і модулів",
        };
        vec![Grant {
            key: "health".to_owned(),
            title: title.to_owned(),
            reason: self.reason.clone(),
            scope: Default::default(),
        }]
    }
}

impl wit::Host for State {
    async fn check(&mut self) -> wasmtime::Result<Result<Vec<wit::Part>, HostError>> {
        self.enter()?;
        Ok(self.parts_of_system().await)
    }
}

impl State {
    async fn parts_of_system(&mut self) -> Result<Vec<wit::Part>, HostError> {
        let caller = self.granted("health")?;
        let parts = all(&caller.services, &caller.ctx).await.map_err(|error| host_error(&error))?;
        self.take_rows(parts.len().max(1))?;
        Ok(parts.into_iter().map(|part| told(part, caller.ctx.locale)).collect())
    }
}

fn told(part: Told, locale: Locale) -> wit::Part {
    wit::Part {
        key: part.key,
        title: part.title.in_locale(locale),
        standing: match part.standing {
            Standing::Ok => wit::Standing::Ok,
            Standing::Failing => wit::Standing::Failing,
            Standing::Off => wit::Standing::Off,
        },
        problem: part.problem.map(|problem| problem.in_locale(locale)).unwrap_or_default(),
        since: part.since.map(|since| since.0),
    }
}
