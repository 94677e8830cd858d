//! How the system of a test script is.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use kernel::{Ctx, Message};
use serde::Deserialize;

use crate::health::{Health, Part, Standing};

/// A part as a script says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptPart {
    key: String,
    title: String,
    standing: Standing,
    #[serde(default)]
    problem: String,
}

/// Parts of a script; a step may say others.
#[derive(Debug, Default)]
pub(super) struct System(Mutex<Vec<ScriptPart>>);

impl System {
    pub(super) fn new(parts: &[ScriptPart]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(parts.to_vec())))
    }

    /// From now on it is like this.
    pub(super) fn set(&self, parts: &[ScriptPart]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = parts.to_vec();
    }
}

#[async_trait]
impl Health for System {
    async fn parts(&self, _ctx: &Ctx) -> kernel::Result<Vec<Part>> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let part = |one: ScriptPart| Part {
            key: one.key,
            title: Message::Words(one.title),
            standing: one.standing,
            problem: Some(one.problem).filter(|problem| !problem.is_empty()).map(Message::Words),
            since: None,
        };
        Ok(told.into_iter().map(part).collect())
    }
}
