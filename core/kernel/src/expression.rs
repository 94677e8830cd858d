//! Expressions in CEL (Common Expression Language): conditions of plugins, conditions and scripts of processes.
//!
//! Owns: compiling, guards, evaluation over named values. Must not know: who asks, what the names mean. Data enters as
//! text and as JSON (or fields) under names and leaves as JSON.
//!
//! The evaluator cannot be interrupted from outside, so cost is bounded from inside: length, words, nodes and nesting
//! of the text are limited when it is compiled (`shape`), rounds of comprehensions and the size of what they make are
//! metered while it runs (`meter`). Evaluation is deterministic: it knows no clock and goes over maps by sorted key.
//!
//! Two things are wider than the language: an integer beside a double in `+ - * /` becomes a double, and names can have
//! a default root (see [`Expression::compile_with_default`]). What records reckon with is exact (`exact`).

mod convert;
pub mod exact;
mod meter;
mod shape;
pub mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use cel::common::value::Val;
use cel::{Context, ExecutionError, IdedExpr, Value as Cel};
use serde_json::Value as Json;

use crate::value::{Fields, Value};
use exact::Outcome;
use meter::Arithmetic;

/// Characters of an expression.
pub const MAX_TEXT: usize = 4_000;
/// Words, numbers and signs of an expression; a quoted text counts once.
pub const MAX_WORDS: usize = 1_000;
/// Nodes of an expression.
pub const MAX_NODES: usize = 1_000;
/// Levels of an expression.
pub const MAX_DEPTH: usize = 100;
/// Comprehensions (`all`, `exists`, `map`, `filter`) inside one another.
pub const MAX_NESTING: usize = 2;
/// Rounds of all comprehensions of one evaluation together.
pub const MAX_ROUNDS: u64 = 200_000;
/// Bytes of text and members, deep, that one evaluation may make: each value that is copied counts with all that is in it.
pub const MAX_MADE: u64 = 2_000_000;

/// A compiled expression. Cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    text: String,
    root: IdedExpr,
    uses: Uses,
    arithmetic: Arithmetic,
}

/// Names an expression looks at, each with the fields it takes of it; none = the whole.
type Uses = BTreeMap<String, Option<BTreeSet<String>>>;

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.text).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.root == other.0.root
    }
}

impl Expression {
    /// Compiles and checks an expression.
    ///
    /// # Errors
    /// What is wrong with it, in English.
    pub fn compile(text: &str) -> Result<Self, String> {
        Self::build(text, None, Arithmetic::Whole)
    }

    /// Compiles an expression in which a bare name that is not one of `roots`, no variable of a comprehension and no
    /// type beside `type(...)` stands for that field of `default`: with roots `["vars", "record"]` and default `vars`,
    /// `amount > 100` means `vars.amount > 100`.
    ///
    /// # Errors
    /// What is wrong with it, in English.
    pub fn compile_with_default(text: &str, roots: &[&str], default: &str) -> Result<Self, String> {
        Self::build(text, Some((roots, default)), Arithmetic::Whole)
    }

    /// As `compile_with_default`, for expressions taken over from other tools: `/` of two integers gives a double.
    ///
    /// # Errors
    /// What is wrong with it, in English.
    pub fn compile_foreign(text: &str, roots: &[&str], default: &str) -> Result<Self, String> {
        Self::build(text, Some((roots, default)), Arithmetic::Fraction)
    }

    /// Compiles an expression of exact arithmetic over these names (`exact`).
    ///
    /// # Errors
    /// What is wrong with it, in English; a name that is none of `roots`.
    pub fn compile_exact(text: &str, roots: &[&str]) -> Result<Self, String> {
        let made = Self::build(text, None, Arithmetic::Exact)?;
        let unknown = |name: &&str| !roots.contains(name) && !shape::is_type(name);
        let unknown = made.names().find(unknown).map(str::to_owned);
        match unknown {
            Some(name) => Err(format!("`{name}` is not defined; there are {}", roots.join(", "))),
            None => Ok(made),
        }
    }

    fn build(text: &str, default: Option<(&[&str], &str)>, arithmetic: Arithmetic) -> Result<Self, String> {
        shape::check_text(text)?;
        let mut root = meter::parse(text)?;
        let exact = arithmetic == Arithmetic::Exact;
        if exact {
            exact::name_moments(&mut root);
        }
        shape::check(&root, if exact { &exact::FUNCTIONS } else { &[] })?;
        if let Some((roots, default)) = default {
            shape::qualify(&mut root, roots, default);
        }
        let uses = shape::uses(&root);
        meter::install(&mut root, arithmetic);
        Ok(Self(Arc::new(Compiled { text: text.to_owned(), root, uses, arithmetic })))
    }

    /// The text it was compiled from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The fields that it takes of what stands behind a name; none where it looks at the whole.
    pub fn fields_of(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.uses.get(name).into_iter().flatten().flatten().map(String::as_str)
    }

    /// Whether it looks at all of what stands behind a name, so that nobody can say at what.
    pub fn takes_all_of(&self, name: &str) -> bool {
        self.0.uses.get(name).is_some_and(Option::is_none)
    }

    /// The names it looks at.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.uses.keys().map(String::as_str)
    }

    /// Its value as JSON. Integers stay integers; an instant becomes RFC 3339 text, a duration ISO 8601 text, bytes
    /// Base64 text.
    ///
    /// # Errors
    /// What is wrong and with which expression: an undefined name, a wrong type, an overflow, too much work.
    pub fn evaluate(&self, names: &Names<'_>) -> Result<Json, String> {
        let value = self.run(names, |value| Cel::try_from(value))?;
        convert::to_json(&value).map_err(|problem| self.blame(&problem))
    }

    /// What it gives, of exact arithmetic.
    ///
    /// # Errors
    /// As `evaluate`.
    pub fn outcome(&self, names: &Names<'_>) -> Result<Outcome, String> {
        self.run(names, exact::outcome)
    }

    /// Whether it holds. In exact arithmetic nothing is no.
    ///
    /// # Errors
    /// As `evaluate`; and when it gives anything but true or false.
    pub fn holds(&self, names: &Names<'_>) -> Result<bool, String> {
        match self.run(names, |value| Cel::try_from(value))? {
            Cel::Bool(answer) => Ok(answer),
            Cel::Null if self.0.arithmetic == Arithmetic::Exact => Ok(false),
            other => Err(self.blame(&format!("gave a value of type {}, not true or false", other.type_of()))),
        }
    }

    /// Why it gives nothing of values of such types, whatever they are: an operator does not fit them. None where it gives
    /// something, and where something else is in its way.
    pub fn type_error(&self, names: &Names<'_>) -> Option<String> {
        match self.attempt(names, exact::outcome) {
            Err(Failed::Evaluation(error)) if is_of_types(&error) => Some(explain(&error)),
            _ => None,
        }
    }

    fn run<T>(&self, names: &Names<'_>, take: impl FnOnce(&dyn Val) -> Result<T, ExecutionError>) -> Result<T, String> {
        self.attempt(names, take).map_err(|failed| match failed {
            Failed::Name(name) => self.blame(&format!("`{name}` is not defined")),
            Failed::Evaluation(error) => self.blame(&explain(&error)),
        })
    }

    fn attempt<T>(
        &self,
        names: &Names<'_>,
        take: impl FnOnce(&dyn Val) -> Result<T, ExecutionError>,
    ) -> Result<T, Failed> {
        let mut context = Context::with_env(meter::env());
        for (name, fields) in &self.0.uses {
            match names.0.iter().rev().find(|(known, _)| known == name) {
                Some((_, given)) => context.add_variable_as_val(name.as_str(), convert::bind(given, fields.as_ref())),
                None if shape::is_type(name) => {}
                None => return Err(Failed::Name(name.clone())),
            }
        }
        let resolve = || {
            let value = Cel::resolve_val(&self.0.root, &context)?;
            meter::charge_made(value.as_ref())?;
            take(value.as_ref())
        };
        meter::metered(resolve).map_err(Failed::Evaluation)
    }

    fn blame(&self, problem: &str) -> String {
        let mut text: String = self.0.text.chars().take(200).collect();
        if text.len() < self.0.text.len() {
            text.push_str("...");
        }
        format!("`{text}`: {problem}")
    }
}

/// Why an evaluation gave nothing.
enum Failed {
    /// There is no such name.
    Name(String),
    /// The evaluator's reason.
    Evaluation(ExecutionError),
}

/// Whether an error comes of the types of values that are there.
fn is_of_types(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::FunctionError { function, .. } => function == exact::TYPES,
        ExecutionError::UnsupportedBinaryOperator(_, left, right)
        | ExecutionError::ValuesNotComparable(left, right) => !matches!(left, Cel::Null) && !matches!(right, Cel::Null),
        _ => false,
    }
}

/// The names an expression may use. A later one hides an earlier one.
#[derive(Debug, Clone, Default)]
pub struct Names<'a>(Vec<(&'a str, Given<'a>)>);

#[derive(Debug, Clone)]
enum Given<'a> {
    Json(&'a Json),
    Fields(Option<&'a Fields>),
    Exact(&'a Fields),
    Value(&'a Value),
}

impl<'a> Names<'a> {
    /// No names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name for a JSON value. Integers are bound as `int`, other numbers as `double`.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: &'a Json) -> Self {
        self.0.push((name, Given::Json(value)));
        self
    }

    /// Adds a name for a record's fields, or for null. Decimals are bound as `double`; of long texts and lists the
    /// first 10,000 characters and members are seen.
    #[must_use]
    pub fn with_fields(mut self, name: &'a str, fields: Option<&'a Fields>) -> Self {
        self.0.push((name, Given::Fields(fields)));
        self
    }

    /// The same for exact arithmetic: decimals and amounts as they are.
    #[must_use]
    pub fn with_exact(mut self, name: &'a str, fields: &'a Fields) -> Self {
        self.0.push((name, Given::Exact(fields)));
        self
    }

    /// Adds a name for one value, in exact arithmetic.
    #[must_use]
    pub fn with_value(mut self, name: &'a str, value: &'a Value) -> Self {
        self.0.push((name, Given::Value(value)));
        self
    }
}

/// The evaluator's errors in words, and short: its own texts print whole values.
fn explain(error: &ExecutionError) -> String {
    let text = match error {
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not defined"),
        ExecutionError::NoSuchKey(name) => format!("there is no `{name}`: test it with has(...) first"),
        ExecutionError::FunctionError { function, message } if function.starts_with('@') => message.clone(),
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => {
            format!("`{operator}` does not fit a value of type {} and one of type {}", left.type_of(), right.type_of())
        }
        ExecutionError::ValuesNotComparable(left, right) => {
            format!("a value of type {} cannot be compared to one of type {}", left.type_of(), right.type_of())
        }
        ExecutionError::Overflow(..) => "the number is too large".to_owned(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "division by zero".to_owned(),
        other => other.to_string(),
    };
    if text.chars().count() <= 300 { text } else { text.chars().take(300).chain("...".chars()).collect() }
}

#[cfg(test)]
mod tests;
