//! Variables: looked up from the innermost scope outwards; written where the name is found, or else into the process's
//! scope.
//!
//! An expression sees all of them as `vars`. They are moved together for the evaluation and moved back, never copied:
//! ten thousand members beside a list of ten thousand would be a hundred million copies.

use kernel::Locale;
use kernel::expression::{Expression, Names};
use kernel::text::Message;
use serde_json::{Map, Value as Json};

use super::budget::{self, MAX_VARIABLES, weigh, weigh_all, weight};
use super::run::Run;
use super::state::{Done, PROCESS, Role, ScopeId, ScopeState, State};
use crate::definition::model::{Definition, MessageRef, Repeat};

/// Characters of a message's key.
const MAX_KEY: usize = 255;

impl Run<'_> {
    /// The value of an expression in a scope, not larger than all variables may be.
    pub fn evaluate(&mut self, scope: ScopeId, expression: &Expression) -> Result<Json, String> {
        let value = self.value(scope, expression)?;
        match weigh(&value) {
            Ok(weight) if weight <= MAX_VARIABLES => Ok(value),
            Ok(_) => Err(in_english(budget::variables())),
            Err(message) => Err(in_english(message)),
        }
    }

    /// The value of an expression in a scope, for `write`, which looks at how large it is.
    pub fn value(&mut self, scope: ScopeId, expression: &Expression) -> Result<Json, String> {
        self.with_names(scope, |names| expression.evaluate(names))
    }

    /// Whether a condition holds in a scope.
    pub fn holds(&mut self, scope: ScopeId, condition: &Expression) -> Result<bool, String> {
        self.with_names(scope, |names| condition.holds(names))
    }

    /// Whether a condition holds in a scope, where there are these variables more.
    pub fn holds_with(
        &mut self,
        scope: ScopeId,
        condition: &Expression,
        more: Vec<(&str, Json)>,
    ) -> Result<bool, String> {
        self.with_more_names(scope, more, |names| condition.holds(names))
    }

    fn with_names<T>(&mut self, scope: ScopeId, ask: impl FnOnce(&Names<'_>) -> T) -> T {
        self.with_more_names(scope, Vec::new(), ask)
    }

    fn with_more_names<T>(&mut self, scope: ScopeId, more: Vec<(&str, Json)>, ask: impl FnOnce(&Names<'_>) -> T) -> T {
        let input = self.input;
        let mut layers = Layers::lift(self.definition, &mut self.state, scope);
        more.into_iter().for_each(|(name, value)| layers.lay(None, name.to_owned(), value));
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
        let text = self.text(scope, key).and_then(|text| match text.chars().count() {
            0..=MAX_KEY => Ok(text),
            length => Err(format!("it has {length} characters, more than the {MAX_KEY} of a key")),
        });
        text.map(Some).map_err(|problem| format!("correlation key of the message `{}`: {problem}", message.name))
    }

    /// Writes a variable.
    ///
    /// # Errors
    /// When it, or all of them with it, would be too large.
    pub fn write(&mut self, scope: ScopeId, name: &str, value: Json) -> Result<(), Message> {
        let copies = if self.handler_with(scope, name).is_some() { 2 } else { 1 };
        let new = weigh(&value)?.saturating_add(name.len()).saturating_mul(copies);
        let old = self.place(scope, name).map_or(0, |place| weight(place).saturating_add(name.len()));
        if new > old && self.weight.saturating_sub(old).saturating_add(new) > MAX_VARIABLES {
            return Err(budget::variables());
        }
        self.put(scope, name, value);
        Ok(())
    }

    /// Whether what the outside brings is small enough to be written.
    ///
    /// # Errors
    /// When it is not.
    pub fn fit(&mut self, scope: ScopeId, variables: &Map<String, Json>, result: Option<&Json>) -> Result<(), Message> {
        let copied = variables.keys().any(|name| self.handler_with(scope, name).is_some());
        let new = weigh_all(variables)?.saturating_add(result.map_or(Ok(0), weigh)?);
        let new = if copied { new.saturating_mul(2) } else { new };
        if new == 0 || self.weight.saturating_add(new) <= MAX_VARIABLES {
            return Ok(());
        }
        let mut old = 0;
        for name in variables.keys() {
            old += self.place(scope, name).map_or(0, |place| weight(place).saturating_add(name.len()));
        }
        let grows = new > old && self.weight.saturating_sub(old).saturating_add(new) > MAX_VARIABLES;
        if grows { Err(budget::variables()) } else { Ok(()) }
    }

    /// Writes a variable that is small enough. What undoes an activity sees what that brought, and what it writes is seen
    /// by itself and by those behind it.
    pub fn put(&mut self, scope: ScopeId, name: &str, value: Json) {
        if let Some(around) = self.handler_with(scope, name) {
            self.put(around, name, value.clone());
        }
        let new = weight(&value);
        let old = match self.place(scope, name) {
            Some(place) => {
                let old = weight(place);
                *place = value;
                old
            }
            None => match self.scope_mut(PROCESS) {
                Some(process) => {
                    process.variables.insert(name.to_owned(), value);
                    0
                }
                None => return,
            },
        };
        self.weight = self.weight.saturating_sub(old).saturating_add(new);
        self.asking = true;
    }

    /// The scope around that of an activity that is being undone, when the variable is one that it brought.
    fn handler_with(&self, scope: ScopeId, name: &str) -> Option<ScopeId> {
        let holds = |at: &ScopeId| self.scope(*at).is_some_and(|state| state.variables.contains_key(name));
        let at = chain(&self.state, scope).into_iter().find(holds)?;
        let state = self.scope(at)?;
        state.parent.filter(|_| state.role == Role::Handler)
    }

    /// Where a variable is, as seen from a scope.
    fn place(&mut self, scope: ScopeId, name: &str) -> Option<&mut Json> {
        let holds = |at: &ScopeId| self.state.scopes.get(at).is_some_and(|state| state.variables.contains_key(name));
        let at = chain(&self.state, scope).into_iter().find(holds)?;
        self.scope_mut(at)?.variables.get_mut(name)
    }

    /// Writes several variables that are small enough.
    pub fn write_all(&mut self, scope: ScopeId, variables: Map<String, Json>) {
        for (name, value) in variables {
            self.put(scope, &name, value);
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

/// What a scope's data takes.
pub(super) fn weight_of(scope: &ScopeState) -> usize {
    let of_variables = scope.variables.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>();
    let of_done = scope.done.iter().map(weight_of_done).sum::<usize>();
    let of_variables = of_variables + of_done;
    match &scope.role {
        Role::Undo { left, .. } => of_variables + left.iter().map(weight_of_done).sum::<usize>(),
        Role::Body { items, output, .. } => {
            of_variables
                + items.iter().map(weight).sum::<usize>()
                + output.iter().map(|(_, value)| weight(value)).sum::<usize>()
        }
        _ => of_variables,
    }
}

/// What the data of a completed activity takes.
pub(super) fn weight_of_done(done: &Done) -> usize {
    done.variables.iter().map(|(name, value)| name.len() + weight(value)).sum()
}

/// A text in the language of messages that are put together.
pub(super) fn in_english(message: Message) -> String {
    message.in_locale(Locale::En)
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

    /// Lays one more variable over the others.
    fn lay(&mut self, owner: Option<ScopeId>, name: String, value: Json) {
        let Json::Object(all) = &mut self.all else { return };
        let hidden = all.insert(name.clone(), value);
        self.laid.push((owner, name, hidden));
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
        Role::Inside | Role::Undo { .. } | Role::Handler => Vec::new(),
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
