//! Formula fields: computed from the record's own fields and other formulas. A field with a formula is a field of the type
//! of its result, kept as any other, so that lists, filters, sums and exports need to know nothing of it; nobody writes it.
//!
//! One that looks at `today` or `now`, or at a formula that does, is *live*: it is kept nowhere, computed when it is read, and
//! is neither sorted nor filtered by. How a record's formulas are computed: `crate::computed`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use kernel::FieldKey;
use kernel::error::FieldError;
use kernel::expression::Expression;
use kernel::expression::exact::{NOW, TODAY};
use kernel::value::{DECIMAL_SCALE, FieldType};

use super::definition::{EntityDef, FieldDef};

/// The name under which an expression sees the record.
pub const RECORD: &str = "record";
/// What formulas may name.
const ROOTS: [&str; 3] = [RECORD, TODAY, NOW];
/// Digits after the point where nobody says how many: of money, of other decimals.
const MONEY_DECIMALS: u32 = 2;
/// Fields that are filled in beside the pipeline, when formulas have been computed.
const LATE: [&str; 2] = ["number", "last_activity_at"];

/// The formula of a field.
#[derive(Debug, Clone)]
pub struct Formula {
    /// The text, in CEL.
    pub text: String,
    /// Digits after the point of the result.
    pub decimals: u32,
    /// Whether it depends on the time.
    pub live: bool,
    /// None when it is not understood (any more): then the field is empty.
    pub expression: Option<Expression>,
}

impl Formula {
    /// A formula as it is kept.
    pub(super) fn kept(kind: FieldType, text: String, decimals: Option<u32>) -> Self {
        let expression = Expression::compile_exact(&text, &ROOTS)
            .inspect_err(|error| tracing::error!(error, "a formula is not understood and left empty"))
            .ok();
        let live = expression.as_ref().is_some_and(is_live);
        Self { text, decimals: decimals.unwrap_or_else(|| decimals_of(kind)), live, expression }
    }

    /// The fields of the record that it looks at.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.expression.iter().flat_map(|expression| expression.fields_of(RECORD))
    }
}

fn is_live(expression: &Expression) -> bool {
    expression.names().any(|name| name == TODAY || name == NOW)
}

const fn decimals_of(kind: FieldType) -> u32 {
    match kind {
        FieldType::Money => MONEY_DECIMALS,
        FieldType::Decimal => DECIMAL_SCALE,
        _ => 0,
    }
}

/// Whether a formula may give values of a type.
pub(super) const fn fits(kind: FieldType) -> bool {
    use FieldType as T;
    matches!(
        kind,
        T::Text | T::LongText | T::Integer | T::Decimal | T::Money | T::Boolean | T::Date | T::Datetime | T::Duration
    )
}

/// Passes a formula that a field of the entity may have.
///
/// # Errors
/// On `formula` or `decimals`: that it is not understood, names what is not there, or ends in itself, with the path.
pub(super) fn check(
    def: &EntityDef,
    key: &str,
    kind: FieldType,
    text: &str,
    decimals: Option<u32>,
) -> Result<(), (&'static str, FieldError)> {
    let refused = |error: FieldError| Err(("formula", error));
    if !fits(kind) {
        return refused(FieldError::new("formula_type").with("type", kind.name()));
    }
    if decimals.is_some_and(|decimals| decimals > DECIMAL_SCALE) {
        return Err(("decimals", FieldError::new("range").with("min", 0).with("max", DECIMAL_SCALE)));
    }
    let expression = match Expression::compile_exact(text, &ROOTS) {
        Ok(expression) => expression,
        Err(problem) => return refused(FieldError::new("expression").with("problem", problem)),
    };
    if expression.takes_all_of(RECORD) {
        return refused(FieldError::new("formula_whole"));
    }
    if let Some(path) = cycle(def, key, &expression) {
        return refused(FieldError::new("formula_cycle").with("path", path.join(" -> ")));
    }
    let live = is_live(&expression);
    for input in expression.fields_of(RECORD) {
        if def.field(input).is_none() {
            return refused(FieldError::new("formula_field").with("field", input));
        }
        if !live && LATE.contains(&input) {
            return refused(FieldError::new("formula_late").with("field", input));
        }
    }
    Ok(())
}

/// The way round through a field, if it had this formula: `[a, b, a]` of `b`.
fn cycle(def: &EntityDef, key: &str, expression: &Expression) -> Option<Vec<String>> {
    let mut path = vec![key.to_owned()];
    let mut seen = BTreeSet::new();
    let inputs: Vec<String> = expression.fields_of(RECORD).map(str::to_owned).collect();
    if !inputs.into_iter().any(|input| leads_back(def, &input, key, &mut path, &mut seen)) {
        return None;
    }
    // From what it looks at, round to there: the field itself is what the asker has before them.
    path.remove(0);
    path.extend(path.first().cloned());
    Some(path)
}

fn leads_back(def: &EntityDef, at: &str, key: &str, path: &mut Vec<String>, seen: &mut BTreeSet<String>) -> bool {
    path.push(at.to_owned());
    if at == key {
        return true;
    }
    if seen.insert(at.to_owned()) {
        let formula = def.field(at).and_then(|field| field.formula.clone());
        let inputs = formula.iter().flat_map(|formula| formula.inputs());
        for input in inputs {
            if leads_back(def, input, key, path, seen) {
                return true;
            }
        }
    }
    path.pop();
    false
}

/// Puts the formulas of an entity into the order of their computation, and tells which are live.
pub(super) fn put_in_order(def: &mut EntityDef) {
    let formulas: HashMap<FieldKey, Arc<Formula>> =
        def.fields.iter().filter_map(|field| Some((field.key.clone(), field.formula.clone()?))).collect();
    let mut order = Vec::with_capacity(formulas.len());
    let mut seen = BTreeSet::new();
    for field in def.fields.iter().filter(|field| field.formula.is_some()) {
        visit(&field.key, &formulas, &mut seen, &mut order);
    }
    for key in &order {
        let live = |input: &str| def.field(input).is_some_and(FieldDef::is_live);
        let infected = formulas.get(key).is_some_and(|formula| !formula.live && formula.inputs().any(live));
        if infected && let Some(formula) = def.field_mut(key).and_then(|field| field.formula.as_mut()) {
            Arc::make_mut(formula).live = true;
        }
    }
    def.computed = order;
}

fn visit(
    key: &FieldKey,
    formulas: &HashMap<FieldKey, Arc<Formula>>,
    seen: &mut BTreeSet<FieldKey>,
    order: &mut Vec<FieldKey>,
) {
    let Some(formula) = formulas.get(key).filter(|_| seen.insert(key.clone())) else { return };
    for input in formula.inputs() {
        visit(&input.into(), formulas, seen, order);
    }
    order.push(key.clone());
}

#[cfg(test)]
mod tests;
