//! The shape of an expression: limits, names, the default root.

use std::collections::BTreeSet;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedEntryExpr, LiteralValue, SelectExpr, operators};

use super::{MAX_DEPTH, MAX_NESTING, MAX_NODES, MAX_TEXT, MAX_WORDS, Uses};

/// Names that are types of the language.
const TYPES: [&str; 11] =
    ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint", "google"];

/// Functions and methods there are. The evaluator would only miss an unknown one when it comes to it.
const FUNCTIONS: [&str; 40] = [
    "bool",
    "bytes",
    "contains",
    "double",
    "duration",
    "dyn",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "hasValue",
    "int",
    "matches",
    "none",
    "of",
    "ofNonZeroValue",
    "or",
    "orValue",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
    "uint",
    "value",
    operators::CONDITIONAL,
    operators::LOGICAL_NOT,
    operators::NEGATE,
    operators::INDEX,
    operators::OPT_INDEX,
    operators::OPT_SELECT,
    operators::NOT_STRICTLY_FALSE,
    operators::IN,
];

/// Whether the name is that of a type.
pub fn is_type(name: &str) -> bool {
    TYPES.contains(&name)
}

/// Limits of the text itself, so that the parser is only given what it can read in bounded time and stack.
pub fn check_text(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.chars().nth(MAX_TEXT).is_some() {
        return Err(format!("longer than {MAX_TEXT} characters"));
    }
    if words(text) > MAX_WORDS {
        return Err(format!("more than {MAX_WORDS} words and signs"));
    }
    Ok(())
}

/// Words, numbers, quoted texts and single signs. Where quotes do not close, the parser will say so.
fn words(text: &str) -> usize {
    let mut count = 0;
    let mut in_word = false;
    let mut quote = None;
    let mut escaped = false;
    for sign in text.chars() {
        if let Some(open) = quote {
            if escaped {
                escaped = false;
            } else if sign == '\\' {
                escaped = true;
            } else if sign == open || sign == '\n' {
                quote = None;
            }
            continue;
        }
        let wordlike = sign.is_alphanumeric() || sign == '_';
        if !sign.is_whitespace() && (!wordlike || !in_word) {
            count += 1;
        }
        in_word = wordlike;
        if sign == '\'' || sign == '"' {
            quote = Some(sign);
        }
    }
    count
}

/// Limits of the tree; `more` are functions that there are besides.
pub fn check(root: &IdedExpr, more: &[&str]) -> Result<(), String> {
    check_node(root, 0, 0, &mut Seen { nodes: 0, more })
}

/// What has been gone over.
struct Seen<'a> {
    nodes: usize,
    more: &'a [&'a str],
}

fn check_node(node: &IdedExpr, depth: usize, nesting: usize, nodes: &mut Seen<'_>) -> Result<(), String> {
    nodes.nodes += 1;
    if nodes.nodes > MAX_NODES {
        return Err(format!("more than {MAX_NODES} nodes"));
    }
    if depth > MAX_DEPTH {
        return Err(format!("more than {MAX_DEPTH} levels inside one another"));
    }
    let more = nodes.more;
    let mut check = |part: &IdedExpr| check_node(part, depth + 1, nesting, nodes);
    match &node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Ok(()),
        Expr::Select(select) => check(&select.operand),
        Expr::Call(call) => {
            if call.func_name == "matches" {
                return Err("`matches` is not available: use startsWith, endsWith or contains".to_owned());
            }
            // Infix operators are named `_+_`, `_&&_` and so on.
            let name = call.func_name.as_str();
            let infix = name.starts_with('_') && name.ends_with('_') && call.args.len() == 2;
            if !infix && !FUNCTIONS.contains(&name) && !more.contains(&name) {
                return Err(format!("there is no function `{name}`; there are {}", there_are(more)));
            }
            call.target.iter().map(AsRef::as_ref).chain(&call.args).try_for_each(check)
        }
        Expr::List(list) => list.elements.iter().try_for_each(check),
        Expr::Map(map) => entries(&map.entries).try_for_each(check),
        Expr::Struct(structure) => Err(format!("`{}{{...}}` is not available", structure.type_name)),
        Expr::Comprehension(inner) => {
            if nesting >= MAX_NESTING {
                return Err(format!("more than {MAX_NESTING} comprehensions inside one another"));
            }
            [&inner.iter_range, &inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result]
                .into_iter()
                .try_for_each(|part| check_node(part, depth + 1, nesting + 1, nodes))
        }
    }
}

/// The functions there are by their names, `more` among them.
fn there_are(more: &[&str]) -> String {
    let plain = |name: &&str| name.starts_with(|c: char| c.is_ascii_lowercase()) && *name != "matches";
    let names: BTreeSet<&str> = FUNCTIONS.iter().chain(more).copied().filter(plain).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn entries(entries: &[IdedEntryExpr]) -> impl Iterator<Item = &IdedExpr> {
    entries.iter().flat_map(|entry| match &entry.expr {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    })
}

/// Puts bare names under the default root.
pub fn qualify(root: &mut IdedExpr, roots: &[&str], default: &str) {
    Qualifier { roots, default, bound: Vec::new() }.visit(root);
}

struct Qualifier<'a> {
    roots: &'a [&'a str],
    default: &'a str,
    bound: Vec<String>,
}

impl Qualifier<'_> {
    fn visit(&mut self, node: &mut IdedExpr) {
        match &mut node.expr {
            Expr::Unspecified | Expr::Literal(_) | Expr::Struct(_) => {}
            Expr::Ident(name) => {
                let bare = name.trim_start_matches('.');
                if self.roots.contains(&bare) || self.bound.iter().any(|bound| bound == bare) {
                    return;
                }
                let field = bare.to_owned();
                let operand = Box::new(IdedExpr { id: node.id, expr: Expr::Ident(self.default.to_owned()) });
                node.expr = Expr::Select(SelectExpr { operand, field, test: false });
            }
            Expr::Select(select) => self.visit(&mut select.operand),
            Expr::Call(call) => self.visit_call(call),
            Expr::List(list) => list.elements.iter_mut().for_each(|part| self.visit(part)),
            Expr::Map(map) => map.entries.iter_mut().for_each(|entry| {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    self.visit(&mut entry.key);
                    self.visit(&mut entry.value);
                }
            }),
            Expr::Comprehension(inner) => {
                self.visit(&mut inner.iter_range);
                self.visit(&mut inner.accu_init);
                let outer = self.bound.len();
                self.bound.extend([inner.iter_var.clone(), inner.accu_var.clone()]);
                self.bound.extend(inner.iter_var2.clone());
                [&mut inner.loop_cond, &mut inner.loop_step, &mut inner.result]
                    .into_iter()
                    .for_each(|part| self.visit(part));
                self.bound.truncate(outer);
            }
        }
    }

    fn visit_call(&mut self, call: &mut CallExpr) {
        if let Some(target) = &mut call.target
            && !is_optional_library(target, &call.func_name)
        {
            self.visit(target);
        }
        let typed = is_comparison(&call.func_name) && call.args.iter().any(is_type_call);
        for part in &mut call.args {
            let is_type_name = matches!(&part.expr, Expr::Ident(name) if is_type(name));
            if !(typed && is_type_name) {
                self.visit(part);
            }
        }
    }
}

fn is_comparison(function: &str) -> bool {
    function == operators::EQUALS || function == operators::NOT_EQUALS
}

fn is_type_call(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Call(call) if call.func_name == "type" && call.target.is_none())
}

/// `optional.of(...)` and its like, which have no target of their own.
pub fn is_optional_library(target: &IdedExpr, function: &str) -> bool {
    matches!(&target.expr, Expr::Ident(name) if name == "optional")
        && matches!(function, "of" | "none" | "ofNonZeroValue")
}

/// The names that must be given, with the fields looked at.
pub fn uses(root: &IdedExpr) -> Uses {
    let mut uses = Uses::new();
    collect(root, &mut Vec::new(), &mut uses);
    uses
}

fn collect<'a>(node: &'a IdedExpr, bound: &mut Vec<&'a str>, uses: &mut Uses) {
    match &node.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Struct(_) => {}
        Expr::Ident(name) => note(name, None, bound, uses),
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(name) => note(name, Some(&select.field), bound, uses),
            _ => collect(&select.operand, bound, uses),
        },
        Expr::Call(call) => {
            if let Some((name, field)) = indexed(call) {
                return note(name, Some(field), bound, uses);
            }
            if let Some(target) = &call.target
                && !is_optional_library(target, &call.func_name)
            {
                collect(target, bound, uses);
            }
            call.args.iter().for_each(|part| collect(part, bound, uses));
        }
        Expr::List(list) => list.elements.iter().for_each(|part| collect(part, bound, uses)),
        Expr::Map(map) => entries(&map.entries).for_each(|part| collect(part, bound, uses)),
        Expr::Comprehension(inner) => {
            collect(&inner.iter_range, bound, uses);
            collect(&inner.accu_init, bound, uses);
            let outer = bound.len();
            bound.extend([inner.iter_var.as_str(), inner.accu_var.as_str()]);
            bound.extend(inner.iter_var2.as_deref());
            [&inner.loop_cond, &inner.loop_step, &inner.result].into_iter().for_each(|part| collect(part, bound, uses));
            bound.truncate(outer);
        }
    }
}

/// `name["field"]`.
fn indexed(call: &CallExpr) -> Option<(&str, &str)> {
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::INDEX, [object, key]) => match (&object.expr, &key.expr) {
            (Expr::Ident(name), Expr::Literal(LiteralValue::String(field))) => Some((name, field.inner())),
            _ => None,
        },
        _ => None,
    }
}

fn note(name: &str, field: Option<&str>, bound: &[&str], uses: &mut Uses) {
    let name = name.trim_start_matches('.');
    if bound.contains(&name) {
        return;
    }
    match (uses.entry(name.to_owned()).or_insert_with(|| Some(BTreeSet::new())), field) {
        (Some(fields), Some(field)) => {
            fields.insert(field.to_owned());
        }
        (whole, None) => *whole = None,
        (None, Some(_)) => {}
    }
}
