//! Variables: looked up from the innermost scope outwards; written where the name is found, or else into the process's
//! scope.
//!
//! An expression sees all of them as `vars`. They are moved together for the evaluation and moved back, never copied:
//! ten thousand members beside a list of ten thousand would be a hundred million copies.

use kernel::expression::{Expression, Names};
use serde_json::{Map, Value as Json};

use super::run::Run;
use super::state::{PROCESS, Role, ScopeId, ScopeState, State};
use crate::definition::model::{Definition, MessageRef, Repeat};

impl Run<'_> {
    /// The value of an expression in a scope.
    pub fn evaluate(&mut self, scope: ScopeId, expression: &Expression) -> Result<Json, String> {
        self.with_names(scope, |names| expression.evaluate(names))
    }

    /// Whether a condition holds in a scope.
    pub fn holds(&mut self, scope: ScopeId, condition: &Expression) -> Result<bool, String> {
        self.with_names(scope, |names| condition.holds(names))
    }

    fn with_names<T>(&mut self, scope: ScopeId, ask: impl FnOnce(&Names<'_>) -> T) -> T {
        let input = self.input;
        let layers = Layers::lift(self.definition, &mut self.state, scope);
        let names = Names::new()
            .with("vars", &layers.all)
            .with("record", input.record)
            .with("instance", input.instance)
            .with("actor", input.actor);
        let answer = ask(&names);
        layers.put_back(&mut self.state);
        answer
    }

    /// Text or number of an expression, as text.
    pub fn text(&mut self, scope: ScopeId, expression: &Expression) -> Result<String, String> {
        match self.evaluate(scope, expression)? {
            Json::String(text) => Ok(text),
            Json::Number(number) => Ok(number.to_string()),
            other => Err(format!("`{}` gave {}, not text or a number", expression.text(), kind_of(&other))),
        }
    }

    /// The key of a message in a scope.
    pub fn key(&mut self, scope: ScopeId, message: &MessageRef) -> Result<Option<String>, String> {
        let Some(key) = &message.key else { return Ok(None) };
        let text = self.text(scope, key);
        text.map(Some).map_err(|problem| format!("correlation key of the message `{}`: {problem}", message.name))
    }

    /// Writes a variable.
    pub fn write(&mut self, scope: ScopeId, name: &str, value: Json) {
        let mut at = Some(scope);
        while let Some(state) = at.and_then(|at| self.state.scopes.get_mut(&at)) {
            if let Some(place) = state.variables.get_mut(name) {
                *place = value;
                self.asking = true;
                return;
            }
            at = state.parent;
        }
        if let Some(process) = self.scope_mut(PROCESS) {
            process.variables.insert(name.to_owned(), value);
            self.asking = true;
        }
    }

    /// Writes several variables.
    pub fn write_all(&mut self, scope: ScopeId, variables: Map<String, Json>) {
        for (name, value) in variables {
            self.write(scope, &name, value);
        }
    }

    /// A copy of all variables that are seen in a scope.
    pub fn visible(&self, scope: ScopeId) -> Map<String, Json> {
        let mut all = Map::new();
        for scope in chain(&self.state, scope).into_iter().rev().filter_map(|scope| self.scope(scope)) {
            all.extend(scope.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        all
    }
}

/// A scope and those around it, outwards.
pub(super) fn chain(state: &State, scope: ScopeId) -> Vec<ScopeId> {
    std::iter::successors(Some(scope), |scope| state.scopes.get(scope).and_then(|state| state.parent)).collect()
}

/// All variables seen in a scope, lifted out of the state.
struct Layers {
    all: Json,
    outermost: ScopeId,
    /// What was laid over the outermost scope's variables, in order: whose it is (none = a counter of a repetition), its
    /// name, and what it hides.
    laid: Vec<(Option<ScopeId>, String, Option<Json>)>,
}

impl Layers {
    fn lift(definition: &Definition, state: &mut State, scope: ScopeId) -> Self {
        let mut scopes = chain(state, scope);
        let outermost = scopes.pop().unwrap_or(PROCESS);
        let take = |state: &mut State, scope| match state.scopes.get_mut(&scope) {
            Some(found) => std::mem::take(&mut found.variables),
            None => Map::new(),
        };
        let mut all = take(state, outermost);
        let mut laid = Vec::new();
        for scope in scopes.into_iter().rev() {
            let counters = state.scopes.get(&scope).map(|state| counters(definition, state)).unwrap_or_default();
            let own = take(state, scope);
            let counters = counters.into_iter().map(|(name, value)| (None, name.to_owned(), Json::from(value)));
            for (owner, name, value) in counters.chain(own.into_iter().map(|(name, value)| (Some(scope), name, value)))
            {
                let hidden = all.insert(name.clone(), value);
                laid.push((owner, name, hidden));
            }
        }
        Self { all: Json::Object(all), outermost, laid }
    }

    fn put_back(self, state: &mut State) {
        let Json::Object(mut all) = self.all else { return };
        let mut back = Vec::with_capacity(self.laid.len());
        for (owner, name, hidden) in self.laid.into_iter().rev() {
            // What hides nothing was added last, so taking it away keeps the order of the rest.
            let value = match hidden {
                Some(hidden) => all.insert(name.clone(), hidden),
                None => all.remove(&name),
            };
            back.extend(owner.zip(value).map(|(owner, value)| (owner, name, value)));
        }
        for (owner, name, value) in back.into_iter().rev() {
            if let Some(scope) = state.scopes.get_mut(&owner) {
                scope.variables.insert(name, value);
            }
        }
        if let Some(scope) = state.scopes.get_mut(&self.outermost) {
            scope.variables = all;
        }
    }
}

/// Counters that a repetition shows inside itself (BPMN 10.3.8, tables 10.28 and 10.31).
fn counters(definition: &Definition, scope: &ScopeState) -> Vec<(&'static str, u32)> {
    match &scope.role {
        Role::Inside => Vec::new(),
        Role::Member { index } => vec![("loopCounter", *index)],
        Role::Body { total, begun, completed, .. } => {
            let node = scope.element.as_deref().and_then(|id| definition.find(id)).map(|node| definition.node(node));
            if matches!(node.and_then(|node| node.repeat.as_ref()), Some(Repeat::Loop { .. })) {
                return vec![("loopCounter", *completed)];
            }
            vec![
                ("numberOfInstances", *total),
                ("numberOfActiveInstances", begun.saturating_sub(*completed)),
                ("numberOfCompletedInstances", *completed),
                ("numberOfTerminatedInstances", 0),
            ]
        }
    }
}

/// What a JSON value is, in words.
pub(super) const fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
