//! Exact arithmetic of expressions: formulas, conditions and validation rules of records reckon with decimals, not with
//! doubles (core/decisions/0035).
//!
//! - A decimal is a value of its own beside those of the language; a literal with a point is one, an integer beside one
//!   becomes one, and `/` always gives one.
//! - An empty value in `+ - * / %` gives an empty one (in a text it is no text), is in no order (every `<` is false), is
//!   in no list, and as an answer to yes or no it is no.
//! - `today`, `now` (also `today()`, `now()`) are names like others: whoever evaluates gives them.
//! - More functions: `round(x)`, `round(x, digits)`, `floor`, `ceil`, `abs`, `min`, `max`, `daysBetween(from, to)`,
//!   `addDays(day, days)`.

use std::any::Any;
use std::cmp::Ordering;

use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::common::functions::Function;
use cel::common::traits::{Comparer, Negator};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelNull, CelString, CelTimestamp, CelUInt, DYN_TYPE, Type,
};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{Env, ExecutionError, IdedExpr, Value as Cel};
use chrono::{Days, NaiveDate};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::meter;
use crate::clock::Timestamp;
use crate::value::Value;

/// The name of today's date.
pub const TODAY: &str = "today";
/// The name of this moment.
pub const NOW: &str = "now";

/// Functions there are besides those of the language.
pub const FUNCTIONS: [&str; 8] = ["round", "floor", "ceil", "abs", "min", "max", "daysBetween", "addDays"];

const EXACT: &str = "@exact";
const NEGATED: &str = "@negated";
const SAME: &str = "@same";
const OTHER: &str = "@other";
const WITHIN: &str = "@within";
const TRUTH: &str = "@truth";
/// Most digits that `round` keeps.
const MAX_DIGITS: i64 = 20;

type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// A decimal as a value of the language.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub Decimal);

static DECIMAL: Type = Type::new_unspecified_type("decimal");

impl Val for Number {
    fn get_type(&self) -> &Type {
        &DECIMAL
    }

    fn cel_type() -> &'static Type {
        &DECIMAL
    }

    fn equals(&self, other: &dyn Val) -> bool {
        number(other).is_some_and(|other| other.exact() == self.0)
    }

    fn as_comparer(&self) -> Option<&dyn Comparer> {
        Some(self)
    }

    fn as_negator<'b, 'v>(&'b self) -> Option<&'b (dyn Negator + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(*self)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Number {}

impl Comparer for Number {
    fn compare(&self, other: &dyn Val) -> Result<Ordering, ExecutionError> {
        let other = number(other).ok_or_else(|| misfit("<", self, other))?;
        Ok(self.0.cmp(&other.exact()))
    }
}

impl Negator for Number {
    fn negate<'v>(&self) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        Ok(Box::new(Self(-self.0)))
    }
}

/// A number of any kind.
#[derive(Debug, Clone, Copy)]
enum Num {
    Whole(i64),
    Exact(Decimal),
}

impl Num {
    fn exact(self) -> Decimal {
        match self {
            Self::Whole(number) => number.into(),
            Self::Exact(number) => number,
        }
    }
}

fn number(value: &dyn Val) -> Option<Num> {
    if let Some(number) = value.downcast_ref::<Number>() {
        return Some(Num::Exact(number.0));
    }
    if let Some(number) = value.downcast_ref::<CelInt>() {
        return Some(Num::Whole(*number.inner()));
    }
    if let Some(number) = value.downcast_ref::<CelUInt>() {
        return Some(Num::Exact((*number.inner()).into()));
    }
    let double = value.downcast_ref::<CelDouble>()?;
    double.inner().to_string().parse().ok().map(Num::Exact)
}

fn is_null(value: &dyn Val) -> bool {
    value.downcast_ref::<CelNull>().is_some()
}

/// What an expression gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A value as fields have them; an integer stays one.
    Value(Value),
    /// A length of time, in seconds.
    Seconds(i64),
    /// Something that no field keeps: the name of its type.
    Other(String),
}

/// The answer of an evaluation.
///
/// # Errors
/// When it cannot be taken out of the evaluator.
pub fn outcome(value: &dyn Val) -> Result<Outcome, ExecutionError> {
    if let Some(number) = value.downcast_ref::<Number>() {
        return Ok(Outcome::Value(Value::Decimal(number.0)));
    }
    let kept = match Cel::try_from(value)? {
        Cel::Null => Value::Null,
        Cel::Bool(flag) => Value::Boolean(flag),
        Cel::Int(number) => Value::Integer(number),
        Cel::UInt(number) => Value::Decimal(number.into()),
        Cel::Float(_) => number(value).map_or(Value::Null, |number| Value::Decimal(number.exact())),
        Cel::String(text) => Value::Text(text.to_string()),
        Cel::Timestamp(at) => Value::Instant(Timestamp(at.timestamp_micros())),
        Cel::Duration(span) => return Ok(Outcome::Seconds(span.num_seconds())),
        other => return Ok(Outcome::Other(other.type_of().to_string())),
    };
    Ok(Outcome::Value(kept))
}

/// Adds our functions to the evaluator's environment.
pub fn declare(env: &mut Env) {
    let functions: [(&str, usize, Function); 28] = [
        (EXACT, 1, exact),
        (NEGATED, 1, negated),
        (SAME, 2, same),
        (OTHER, 2, other),
        (WITHIN, 2, within),
        (TRUTH, 1, truth),
        ("@exact+", 2, plus),
        ("@exact-", 2, minus),
        ("@exact*", 2, times),
        ("@exact/", 2, over),
        ("@exact%", 2, rest),
        ("@exact<", 2, less),
        ("@exact<=", 2, less_or_same),
        ("@exact>", 2, more),
        ("@exact>=", 2, more_or_same),
        ("round", 1, round),
        ("round", 2, round),
        ("floor", 1, floor),
        ("ceil", 1, ceil),
        ("abs", 1, abs),
        ("min", 2, least),
        ("min", 3, least),
        ("min", 4, least),
        ("max", 2, largest),
        ("max", 3, largest),
        ("max", 4, largest),
        ("daysBetween", 2, days_between),
        ("addDays", 2, add_days),
    ];
    for (name, arguments, function) in functions {
        let types = (0..arguments).map(|_| DYN_TYPE).collect();
        let _ = env.add_overload(name, &format!("{name}/{arguments}"), types, function);
    }
    let of_decimals: [(&str, Function); 3] = [("string", text), ("int", whole), ("double", same_number)];
    for (name, function) in of_decimals {
        let _ = env.add_overload(name, &format!("decimal_to_{name}"), vec![DECIMAL.to_owned()], function);
    }
}

/// The function that does the work of an operator in exact arithmetic.
pub fn operator(name: &str) -> Option<&'static str> {
    Some(match name {
        operators::ADD => "@exact+",
        operators::SUBSTRACT => "@exact-",
        operators::MULTIPLY => "@exact*",
        operators::DIVIDE => "@exact/",
        operators::MODULO => "@exact%",
        operators::LESS => "@exact<",
        operators::LESS_EQUALS => "@exact<=",
        operators::GREATER => "@exact>",
        operators::GREATER_EQUALS => "@exact>=",
        operators::EQUALS => SAME,
        operators::NOT_EQUALS => OTHER,
        operators::IN => WITHIN,
        operators::NEGATE => NEGATED,
        _ => return None,
    })
}

/// Arguments of these are answers to yes or no.
pub fn asks_truth(name: &str) -> bool {
    matches!(name, operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT)
}

/// A node whose value is asked as yes or no.
pub fn as_truth(node: &mut IdedExpr) {
    let inner = std::mem::take(node);
    let call = CallExpr { func_name: TRUTH.to_owned(), target: None, args: vec![inner] };
    *node = IdedExpr { id: 0, expr: Expr::Call(call) };
}

/// A literal with a point, as it will be evaluated.
pub fn literal(number: f64) -> Expr {
    let text = Expr::Literal(LiteralValue::String(CelString::from(number.to_string())));
    let args = vec![IdedExpr { id: 0, expr: text }];
    Expr::Call(CallExpr { func_name: EXACT.to_owned(), target: None, args })
}

/// `today()` and `now()` are the names.
pub fn name_moments(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => {}
        Expr::Select(select) => name_moments(&mut select.operand),
        Expr::Call(call) => {
            if call.target.is_none() && call.args.is_empty() && [TODAY, NOW].contains(&call.func_name.as_str()) {
                node.expr = Expr::Ident(std::mem::take(&mut call.func_name));
                return;
            }
            if let Some(target) = &mut call.target {
                name_moments(target);
            }
            call.args.iter_mut().for_each(name_moments);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(name_moments),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| {
            if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                name_moments(&mut entry.key);
                name_moments(&mut entry.value);
            }
        }),
        Expr::Comprehension(inner) => {
            let parts = [&mut inner.iter_range, &mut inner.accu_init, &mut inner.loop_cond, &mut inner.loop_step];
            parts.into_iter().for_each(name_moments);
            name_moments(&mut inner.result);
        }
    }
}

/// Names, in place of a function, the errors that come of types alone.
pub const TYPES: &str = "@types";

fn misfit(operator: &'static str, left: &dyn Val, right: &dyn Val) -> ExecutionError {
    let what = |value: &dyn Val| value.get_type().name().to_owned();
    let text = format!("`{operator}` does not fit a value of type {} and one of type {}", what(left), what(right));
    ExecutionError::function_error(TYPES, text)
}

fn wrong(text: &str) -> ExecutionError {
    ExecutionError::function_error("@exact", text)
}

fn too_large() -> ExecutionError {
    wrong("the number is too large")
}

fn two<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Result<(CowVal<'b, 'v>, CowVal<'b, 'v>), ExecutionError> {
    match (arguments.pop(), arguments.pop()) {
        (Some(right), Some(left)) => Ok((left, right)),
        _ => Err(ExecutionError::missing_argument_or_target()),
    }
}

fn one<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    arguments.pop().ok_or_else(ExecutionError::missing_argument_or_target)
}

fn null<'b, 'v>() -> CowVal<'b, 'v> {
    CowVal::owned(CelNull)
}

fn flag<'b, 'v>(answer: bool) -> CowVal<'b, 'v> {
    CowVal::owned(CelBool::from(answer))
}

fn exactly<'b, 'v>(number: Option<Decimal>) -> Answer<'b, 'v> {
    number.map(|number| CowVal::owned(Number(number))).ok_or_else(too_large)
}

fn wholly<'b, 'v>(number: Option<i64>) -> Answer<'b, 'v> {
    number.map(|number| CowVal::owned(CelInt::from(number))).ok_or_else(too_large)
}

fn exact<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let text = one(arguments)?;
    let written = text.downcast_ref::<CelString>().and_then(|text| text.inner().parse().ok());
    exactly(written)
}

/// An operation on two numbers; an empty one makes it empty. What are no numbers is left to the language.
fn reckon<'b, 'v>(
    arguments: Vec<CowVal<'b, 'v>>,
    wholes: impl Fn(i64, i64) -> Answer<'b, 'v>,
    decimals: impl Fn(Decimal, Decimal) -> Answer<'b, 'v>,
    otherwise: impl Fn(Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v>,
) -> Answer<'b, 'v> {
    let (left, right) = two(arguments)?;
    match (number(left.as_ref()), number(right.as_ref())) {
        (Some(Num::Whole(left)), Some(Num::Whole(right))) => wholes(left, right),
        (Some(left), Some(right)) => decimals(left.exact(), right.exact()),
        _ if is_null(left.as_ref()) || is_null(right.as_ref()) => Ok(null()),
        _ => otherwise(vec![left, right]),
    }
}

fn plus<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = two(arguments)?;
    // In a text, nothing is no text.
    let text = |value: &CowVal<'b, 'v>| value.downcast_ref::<CelString>().is_some();
    if is_null(right.as_ref()) && text(&left) {
        return Ok(left);
    }
    if is_null(left.as_ref()) && text(&right) {
        return Ok(right);
    }
    let wholes = |left: i64, right: i64| wholly(left.checked_add(right));
    reckon(vec![left, right], wholes, |left, right| exactly(left.checked_add(right)), meter::plus)
}

fn minus<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let wholes = |left: i64, right: i64| wholly(left.checked_sub(right));
    reckon(arguments, wholes, |left, right| exactly(left.checked_sub(right)), meter::minus)
}

fn times<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let wholes = |left: i64, right: i64| wholly(left.checked_mul(right));
    reckon(arguments, wholes, |left, right| exactly(left.checked_mul(right)), meter::times)
}

fn divided<'b, 'v>(left: Decimal, right: Decimal) -> Answer<'b, 'v> {
    if right.is_zero() { Err(wrong("division by zero")) } else { exactly(left.checked_div(right)) }
}

fn over<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    reckon(arguments, |left, right| divided(left.into(), right.into()), divided, meter::over)
}

fn rest<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let by_zero = || wrong("division by zero");
    let wholes = |left: i64, right: i64| match right {
        0 => Err(by_zero()),
        right => wholly(left.checked_rem(right)),
    };
    let decimals = |left: Decimal, right: Decimal| match right.is_zero() {
        true => Err(by_zero()),
        false => exactly(left.checked_rem(right)),
    };
    reckon(arguments, wholes, decimals, |arguments| {
        let (left, right) = two(arguments)?;
        Err(misfit("%", left.as_ref(), right.as_ref()))
    })
}

fn negated<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let value = one(arguments)?;
    match number(value.as_ref()) {
        Some(Num::Whole(number)) => wholly(number.checked_neg()),
        Some(Num::Exact(number)) => exactly(Some(-number)),
        None if is_null(value.as_ref()) => Ok(value),
        None => {
            let negator = value.as_negator().ok_or_else(|| misfit("-", value.as_ref(), value.as_ref()))?;
            Ok(CowVal::Owned(negator.negate()?))
        }
    }
}

/// The order of two values; none where one is empty.
fn order(arguments: Vec<CowVal<'_, '_>>, sign: &'static str) -> Result<Option<Ordering>, ExecutionError> {
    let (left, right) = two(arguments)?;
    let (left, right) = (left.as_ref(), right.as_ref());
    if is_null(left) || is_null(right) {
        return Ok(None);
    }
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return Ok(Some(left.exact().cmp(&right.exact())));
    }
    let comparer = left.as_comparer().ok_or_else(|| misfit(sign, left, right))?;
    comparer.compare(right).map(Some).map_err(|_| misfit(sign, left, right))
}

fn less<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    Ok(flag(order(arguments, "<")?.is_some_and(Ordering::is_lt)))
}

fn less_or_same<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    Ok(flag(order(arguments, "<=")?.is_some_and(Ordering::is_le)))
}

fn more<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    Ok(flag(order(arguments, ">")?.is_some_and(Ordering::is_gt)))
}

fn more_or_same<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    Ok(flag(order(arguments, ">=")?.is_some_and(Ordering::is_ge)))
}

fn equal(left: &dyn Val, right: &dyn Val) -> bool {
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return left.exact() == right.exact();
    }
    match (left.downcast_ref::<CelList>(), right.downcast_ref::<CelList>()) {
        (Some(left), Some(right)) => {
            let (left, right) = (left.inner(), right.inner());
            left.len() == right.len() && left.iter().zip(right).all(|(one, other)| equal(one.as_ref(), other.as_ref()))
        }
        _ => left.equals(right),
    }
}

fn same<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = two(arguments)?;
    Ok(flag(equal(left.as_ref(), right.as_ref())))
}

fn other<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = two(arguments)?;
    Ok(flag(!equal(left.as_ref(), right.as_ref())))
}

fn within<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (item, holder) = two(arguments)?;
    if is_null(holder.as_ref()) {
        return Ok(flag(false));
    }
    if let Some(list) = holder.downcast_ref::<CelList>() {
        return Ok(flag(list.inner().iter().any(|one| equal(item.as_ref(), one.as_ref()))));
    }
    let container = holder.as_container().ok_or_else(|| misfit("in", item.as_ref(), holder.as_ref()))?;
    Ok(flag(container.contains(item.as_ref())?))
}

fn truth<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let value = one(arguments)?;
    Ok(if is_null(value.as_ref()) { flag(false) } else { value })
}

/// A function of one number; of an empty one it is empty.
fn of_number<'b, 'v>(value: CowVal<'b, 'v>, make: impl Fn(Decimal) -> Decimal) -> Answer<'b, 'v> {
    match number(value.as_ref()) {
        Some(Num::Whole(_)) => Ok(value),
        Some(Num::Exact(number)) => exactly(Some(make(number))),
        None if is_null(value.as_ref()) => Ok(value),
        None => Err(wrong("only numbers are rounded")),
    }
}

/// Half away from zero, as money is rounded.
pub fn rounded(number: Decimal, digits: u32) -> Decimal {
    number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

fn round<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let digits = if arguments.len() > 1 { arguments.pop() } else { None };
    let digits = match digits.map(|digits| number(digits.as_ref())) {
        None => 0,
        Some(Some(Num::Whole(digits))) => {
            u32::try_from(digits.clamp(0, MAX_DIGITS)).map_err(|_| wrong("digits are a whole number"))?
        }
        Some(_) => return Err(wrong("digits are a whole number")),
    };
    of_number(one(arguments)?, |number| rounded(number, digits))
}

fn floor<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    of_number(one(arguments)?, |number| number.floor())
}

fn ceil<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    of_number(one(arguments)?, |number| number.ceil())
}

fn abs<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let value = one(arguments)?;
    match number(value.as_ref()) {
        Some(Num::Whole(number)) => wholly(number.checked_abs()),
        Some(Num::Exact(number)) => exactly(Some(number.abs())),
        None if is_null(value.as_ref()) => Ok(value),
        None => Err(wrong("only numbers have an amount")),
    }
}

/// Of those that are not empty.
fn extreme<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>, wanted: Ordering) -> Answer<'b, 'v> {
    let mut best: Option<CowVal<'b, 'v>> = None;
    for value in arguments.into_iter().filter(|value| !is_null(value.as_ref())) {
        let better = match &best {
            None => true,
            Some(best) => order(vec![value.clone(), best.clone()], "min")? == Some(wanted),
        };
        if better {
            best = Some(value);
        }
    }
    Ok(best.unwrap_or_else(null))
}

fn least<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    extreme(arguments, Ordering::Less)
}

fn largest<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    extreme(arguments, Ordering::Greater)
}

fn day(value: &dyn Val) -> Result<NaiveDate, ExecutionError> {
    if let Some(text) = value.downcast_ref::<CelString>() {
        return text.inner().parse().map_err(|_| wrong("a day is written as 2026-02-28"));
    }
    let at = value.downcast_ref::<CelTimestamp>().ok_or_else(|| wrong("it is no day"))?;
    Ok(at.inner().date_naive())
}

/// Whole days from the one to the other.
fn days_between<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (from, to) = two(arguments)?;
    if is_null(from.as_ref()) || is_null(to.as_ref()) {
        return Ok(null());
    }
    wholly(Some((day(to.as_ref())? - day(from.as_ref())?).num_days()))
}

/// The day so many days later, or earlier.
fn add_days<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (from, days) = two(arguments)?;
    if is_null(from.as_ref()) || is_null(days.as_ref()) {
        return Ok(null());
    }
    let days = number(days.as_ref()).and_then(|days| rounded(days.exact(), 0).to_i64());
    let days = days.ok_or_else(|| wrong("days are a number"))?;
    let from = day(from.as_ref())?;
    let count = Days::new(days.unsigned_abs());
    let moved = if days < 0 { from.checked_sub_days(count) } else { from.checked_add_days(count) };
    let moved = moved.filter(|day| (0..=9999).contains(&chrono::Datelike::year(day))).ok_or_else(too_large)?;
    Ok(CowVal::owned(CelString::from(moved.to_string())))
}

fn text<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let value = one(arguments)?;
    let number = number(value.as_ref()).map(|number| number.exact().normalize().to_string());
    Ok(CowVal::owned(CelString::from(number.unwrap_or_default())))
}

fn whole<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let value = one(arguments)?;
    wholly(number(value.as_ref()).and_then(|number| number.exact().trunc().to_i64()))
}

fn same_number<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    one(arguments)
}

#[cfg(test)]
mod tests;
