//! The evaluator's environment, and functions of our own that the compiled tree calls: they count what a comprehension
//! costs, give maps an order, and let an integer stand beside a double. Exact arithmetic has more of them (`exact`).
//!
//! Their names begin with `@`, so no text can call them. A thread evaluates one expression at a time, so the counters
//! are the thread's.

use std::cell::Cell;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, LiteralValue, operators};
use cel::common::types::{CelDouble, CelInt, CelList, CelMap, CelMapKey, CelOptional, CelString, CelUInt, DYN_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{Env, ExecutionError, IdedExpr, Value as Cel};

use super::{MAX_MADE, MAX_ROUNDS, exact};

const ROUNDS: &str = "@rounds";
const MADE: &str = "@made";
const SEEN: &str = "@seen";
const PLUS: &str = "@plus";
const MINUS: &str = "@minus";
const TIMES: &str = "@times";
const OVER: &str = "@over";
const PORTION: &str = "@portion";
/// Members and bytes that are compared at the cost of one round.
const PER_ROUND: u64 = 16;

/// How numbers are reckoned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `/` of two integers gives an integer, as in CEL.
    Whole,
    /// It gives a double.
    Fraction,
    /// Decimals instead of doubles (`exact`).
    Exact,
}

/// One shared environment: a fresh one costs twenty times the evaluation.
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    let functions: [(&str, usize, cel::common::functions::Function); 8] = [
        (ROUNDS, 1, rounds),
        (MADE, 1, made),
        (SEEN, 1, seen),
        (PLUS, 2, plus),
        (MINUS, 2, minus),
        (TIMES, 2, times),
        (OVER, 2, over),
        (PORTION, 2, portion),
    ];
    for (name, arguments, function) in functions {
        // The names cannot clash: the standard library has none of them.
        let _ = env.add_overload(name, name, (0..arguments).map(|_| DYN_TYPE).collect(), function);
    }
    exact::declare(&mut env);
    Arc::new(env)
});

thread_local! {
    static ROUNDS_LEFT: Cell<u64> = const { Cell::new(0) };
    static MADE_LEFT: Cell<u64> = const { Cell::new(0) };
}

/// The environment to evaluate in.
pub fn env() -> Arc<Env> {
    Arc::clone(&ENV)
}

/// Parses a text.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<IdedExpr, String> {
    ENV.parser().max_recursion_depth(48).error_recovery_limit(2).parse(text).map_err(|errors| {
        let Some(first) = errors.errors.first() else { return "it cannot be read".to_owned() };
        if first.msg.contains("ecursion limit") {
            return "it is nested too deeply".to_owned();
        }
        let (line, column) = first.pos;
        let message: String = first.msg.chars().take(200).collect();
        format!("{message} (line {line}, column {column})")
    })
}

/// Runs an evaluation with fresh counters.
pub fn metered<T>(run: impl FnOnce() -> T) -> T {
    ROUNDS_LEFT.set(MAX_ROUNDS);
    MADE_LEFT.set(MAX_MADE);
    run()
}

/// Puts the calls of our own functions into a tree.
pub fn install(node: &mut IdedExpr, arithmetic: Arithmetic) {
    Installer(arithmetic).visit(node, false);
}

struct Installer(Arithmetic);

impl Installer {
    fn visit(&self, node: &mut IdedExpr, looping: bool) {
        match &mut node.expr {
            Expr::Literal(LiteralValue::Double(number)) if self.0 == Arithmetic::Exact => {
                node.expr = exact::literal(*number.inner());
            }
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
            Expr::Select(select) => self.visit(&mut select.operand, looping),
            Expr::Call(call) => self.visit_call(call, looping),
            Expr::List(list) => list.elements.iter_mut().for_each(|part| {
                self.visit(part, looping);
                wrap(part, MADE);
            }),
            Expr::Map(map) => map.entries.iter_mut().for_each(|entry| self.visit_entry(entry, looping)),
            Expr::Struct(structure) => {
                structure.entries.iter_mut().for_each(|entry| self.visit_entry(entry, looping));
            }
            Expr::Comprehension(inner) => self.visit_comprehension(inner, looping),
        }
    }

    fn visit_call(&self, call: &mut CallExpr, looping: bool) {
        call.args.iter_mut().for_each(|part| self.visit(part, looping));
        if let Some(target) = &mut call.target {
            self.visit(target, looping);
            // A name before a dot may be part of a function's: it must stay a name.
            if looping && !matches!(target.expr, Expr::Ident(_)) {
                wrap(target, SEEN);
            }
        }
        if call.target.is_none() && self.0 == Arithmetic::Exact {
            return make_exact(call);
        }
        if call.target.is_some() || call.args.len() != 2 {
            return;
        }
        let ours = match (call.func_name.as_str(), self.0) {
            (operators::ADD, _) => PLUS,
            (operators::SUBSTRACT, _) => MINUS,
            (operators::MULTIPLY, _) => TIMES,
            (operators::DIVIDE, Arithmetic::Fraction) => PORTION,
            (operators::DIVIDE, _) => OVER,
            (operators::EQUALS | operators::NOT_EQUALS | operators::IN, _) => {
                call.args.iter_mut().for_each(|part| wrap(part, SEEN));
                return;
            }
            _ => return,
        };
        ours.clone_into(&mut call.func_name);
    }

    fn visit_entry(&self, entry: &mut IdedEntryExpr, looping: bool) {
        match &mut entry.expr {
            EntryExpr::StructField(field) => self.visit(&mut field.value, looping),
            EntryExpr::MapEntry(entry) => {
                self.visit(&mut entry.key, looping);
                self.visit(&mut entry.value, looping);
                wrap(&mut entry.value, MADE);
            }
        }
    }

    fn visit_comprehension(&self, inner: &mut ComprehensionExpr, looping: bool) {
        self.visit(&mut inner.iter_range, looping);
        wrap(&mut inner.iter_range, ROUNDS);
        self.visit(&mut inner.accu_init, looping);
        self.visit(&mut inner.loop_cond, true);
        self.visit_step(&mut inner.loop_step, &inner.accu_var);
        self.visit(&mut inner.result, looping);
    }

    /// The evaluator knows the shape `accu + [item]`, alone or under `?:`, and appends in place; it must stay as it is.
    fn visit_step(&self, step: &mut IdedExpr, accumulator: &str) {
        let is_accumulator = |part: &IdedExpr| matches!(&part.expr, Expr::Ident(name) if name == accumulator);
        if let Expr::Call(call) = &mut step.expr {
            match (call.func_name.as_str(), call.args.as_mut_slice()) {
                (operators::ADD, [left, right]) if is_accumulator(left) => return self.visit(right, true),
                (operators::CONDITIONAL, [condition, then, otherwise]) if is_accumulator(otherwise) => {
                    self.visit(condition, true);
                    return self.visit_step(then, accumulator);
                }
                _ => {}
            }
        }
        self.visit(step, true);
    }
}

/// The operators of exact arithmetic; what is compared is counted as ever.
fn make_exact(call: &mut CallExpr) {
    let name = call.func_name.as_str();
    if exact::asks_truth(name) {
        return call.args.iter_mut().for_each(exact::as_truth);
    }
    if name == operators::CONDITIONAL {
        return call.args.iter_mut().take(1).for_each(exact::as_truth);
    }
    if matches!(name, operators::EQUALS | operators::NOT_EQUALS | operators::IN) {
        call.args.iter_mut().for_each(|part| wrap(part, SEEN));
    }
    if let Some(ours) = exact::operator(name) {
        ours.clone_into(&mut call.func_name);
    }
}

fn wrap(node: &mut IdedExpr, function: &str) {
    if !matches!(node.expr, Expr::Literal(_)) {
        let inner = std::mem::take(node);
        let call = CallExpr { func_name: function.to_owned(), target: None, args: vec![inner] };
        *node = IdedExpr { id: 0, expr: Expr::Call(call) };
    }
}

type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

fn take<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    arguments.pop().ok_or_else(ExecutionError::missing_argument_or_target)
}

fn size(value: &dyn Val) -> u64 {
    let size = value.as_sizer().map_or(0, |sizer| sizer.size().into_inner());
    u64::try_from(size).unwrap_or(0)
}

fn charge(
    left: &'static std::thread::LocalKey<Cell<u64>>,
    cost: u64,
    function: &str,
    what: &str,
) -> Result<(), ExecutionError> {
    let rest = left.get().checked_sub(cost).ok_or_else(|| ExecutionError::function_error(function, what))?;
    left.set(rest);
    Ok(())
}

/// What a comprehension goes over: counted, maps become the list of their sorted keys.
fn rounds<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let range = take(arguments)?;
    charge(&ROUNDS_LEFT, size(range.as_ref()).saturating_add(1), ROUNDS, "it goes over too many members")?;
    charge_made(range.as_ref())?;
    let Some(map) = range.downcast_ref::<CelMap>() else { return Ok(range) };
    let mut keys: Vec<CelMapKey<'v>> = map.inner().keys().cloned().collect();
    keys.sort();
    let keys: Vec<Box<dyn Val + 'v>> = keys
        .into_iter()
        .map(|key| -> Box<dyn Val + 'v> {
            match key {
                CelMapKey::Bool(key) => Box::new(key),
                CelMapKey::Int(key) => Box::new(key),
                CelMapKey::String(key) => Box::new(key),
                CelMapKey::UInt(key) => Box::new(key),
            }
        })
        .collect();
    Ok(CowVal::owned(CelList::from(keys)))
}

/// Everything in a value: its bytes of text, its members and theirs. It stops to count where it is more than `most`.
fn deep(value: &dyn Val, most: u64) -> u64 {
    let inside = |sum: u64, part: &dyn Val| match sum > most {
        true => sum,
        false => sum.saturating_add(deep(part, most - sum)),
    };
    let length = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    if let Some(text) = value.downcast_ref::<CelString>() {
        return length(text.inner().len()).saturating_add(1);
    }
    if let Some(list) = value.downcast_ref::<CelList>() {
        return list.inner().iter().fold(1, |sum, part| inside(sum, part.as_ref()));
    }
    if let Some(map) = value.downcast_ref::<CelMap>() {
        return map.inner().iter().fold(1, |sum, (key, part)| inside(inside(sum, key.inner()), part.as_ref()));
    }
    if let Some(optional) = value.downcast_ref::<CelOptional>() {
        return optional.inner().map_or(1, |part| inside(1, part));
    }
    size(value).saturating_add(1)
}

/// Counts what a value is made of.
///
/// # Errors
/// When this evaluation made too much already.
pub fn charge_made(value: &dyn Val) -> Result<(), ExecutionError> {
    charge(&MADE_LEFT, deep(value, MADE_LEFT.get()), MADE, "it makes too much data")
}

/// A value that is kept: copied into a list, a map or the answer.
fn made<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let value = take(arguments)?;
    charge_made(value.as_ref())?;
    Ok(value)
}

/// A value that is compared or searched.
fn seen<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let value = take(arguments)?;
    let most = ROUNDS_LEFT.get().saturating_mul(PER_ROUND);
    let found = deep(value.as_ref(), most);
    let cost = if found > most { u64::MAX } else { found / PER_ROUND };
    charge(&ROUNDS_LEFT, cost, SEEN, "it compares too much data")?;
    Ok(value)
}

/// An integer beside a double as a double; everything else as it is.
fn widen<'b, 'v>(value: CowVal<'b, 'v>, beside: &CowVal<'b, 'v>) -> CowVal<'b, 'v> {
    if beside.downcast_ref::<CelDouble>().is_none() {
        return value;
    }
    let widened = if let Some(number) = value.downcast_ref::<CelInt>() {
        Cel::Int(*number.inner())
    } else if let Some(number) = value.downcast_ref::<CelUInt>() {
        Cel::UInt(*number.inner())
    } else {
        return value;
    };
    CowVal::owned(CelDouble::from(to_double(&widened)))
}

#[expect(clippy::as_conversions, reason = "nearest double of an integer is what is meant; there is no other way")]
fn to_double(value: &Cel) -> f64 {
    match value {
        Cel::Int(number) => *number as f64,
        Cel::UInt(number) => *number as f64,
        _ => f64::NAN,
    }
}

fn operands<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Result<(CowVal<'b, 'v>, CowVal<'b, 'v>), ExecutionError> {
    let (Some(right), Some(left)) = (arguments.pop(), arguments.pop()) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let left = widen(left, &right);
    let right = widen(right, &left);
    Ok((left, right))
}

/// Two integers as doubles.
fn portion<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    if let Some(left) = arguments.first_mut()
        && let Some(number) = left.downcast_ref::<CelInt>()
    {
        let number = to_double(&Cel::Int(*number.inner()));
        *left = CowVal::owned(CelDouble::from(number));
    }
    over(arguments)
}

fn misfit(operator: &'static str, left: &dyn Val, right: &dyn Val) -> ExecutionError {
    let value = |value: &dyn Val| Cel::try_from(value).unwrap_or(Cel::Null);
    ExecutionError::UnsupportedBinaryOperator(operator, value(left), value(right))
}

/// `+` of the language, with an integer beside a double.
pub(super) fn plus<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = operands(arguments)?;
    let adder = left.as_adder().ok_or_else(|| misfit("+", left.as_ref(), right.as_ref()))?;
    // Counted before it is done: afterwards the memory is taken.
    charge_made(left.as_ref())?;
    charge_made(right.as_ref())?;
    Ok(CowVal::Owned(adder.add(right.as_ref())?.into_owned()))
}

/// `-` of the language, with an integer beside a double.
pub(super) fn minus<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = operands(arguments)?;
    let subtractor = left.as_subtractor().ok_or_else(|| misfit("-", left.as_ref(), right.as_ref()))?;
    Ok(CowVal::Owned(subtractor.sub(right.as_ref())?.into_owned()))
}

/// `*` of the language, with an integer beside a double.
pub(super) fn times<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = operands(arguments)?;
    let multiplier = left.as_multiplier().ok_or_else(|| misfit("*", left.as_ref(), right.as_ref()))?;
    Ok(CowVal::Owned(multiplier.mul(right.as_ref())?.into_owned()))
}

/// `/` of the language, with an integer beside a double.
pub(super) fn over<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = operands(arguments)?;
    let divider = left.as_divider().ok_or_else(|| misfit("/", left.as_ref(), right.as_ref()))?;
    Ok(CowVal::Owned(divider.div(right.as_ref())?.into_owned()))
}
