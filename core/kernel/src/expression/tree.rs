//! An expression as a tree in JSON, for those who evaluate it without a parser: pages of plugins in the portal.
//!
//! One key names what a node is; bare JSON is a literal. The other side is `portal/src/engines/blocks/expression`:
//! `{"name"} {"get"} {"get?"} {"has"} {"call"} {"list"} {"entries"} {"int"} {"uint"} {"double"} {"bytes"}` and the
//! comprehensions `{"all"} {"exists"} {"exists_one"} {"filter"} {"map"}`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators};
use serde_json::{Value as Json, json};

use super::{meter, shape};

/// Largest whole number that every reader of JSON keeps.
const MAX_SAFE: u64 = 9_007_199_254_740_991;
/// What besides the functions of the language may be called in a page.
const MORE: [&str; 1] = ["can"];

/// Compiles an expression over these names to its tree.
///
/// # Errors
/// What is wrong with it, in English; a name that is none of `roots`.
pub fn compile(text: &str, roots: &[&str]) -> Result<Json, String> {
    shape::check_text(text)?;
    let root = meter::parse(text)?;
    shape::check(&root, &MORE)?;
    if let Some(name) =
        shape::uses(&root).into_keys().find(|name| !roots.contains(&name.as_str()) && !shape::is_type(name))
    {
        return Err(format!("`{name}` is not defined; there are {}", roots.join(", ")));
    }
    node(&root)
}

type Made = Result<Json, String>;

fn node(part: &IdedExpr) -> Made {
    Ok(match &part.expr {
        Expr::Unspecified => return Err("it is not whole".to_owned()),
        Expr::Ident(name) => json!({ "name": name.trim_start_matches('.') }),
        Expr::Literal(literal) => literal_node(literal),
        Expr::Select(select) => select_node(select)?,
        Expr::Call(call) => call_node(call)?,
        Expr::List(list) if list.optional_indices.is_empty() => json!({ "list": nodes(&list.elements)? }),
        Expr::Map(map) => {
            let pair = |entry: &EntryExpr| match entry {
                EntryExpr::MapEntry(entry) if !entry.optional => Ok(json!([node(&entry.key)?, node(&entry.value)?])),
                _ => Err("optional entries are not available".to_owned()),
            };
            let pairs: Result<Vec<Json>, String> = map.entries.iter().map(|entry| pair(&entry.expr)).collect();
            json!({ "entries": pairs? })
        }
        Expr::List(_) => return Err("optional members are not available".to_owned()),
        Expr::Struct(structure) => return Err(format!("`{}{{...}}` is not available", structure.type_name)),
        Expr::Comprehension(inner) => comprehension(inner)?,
    })
}

fn nodes(parts: &[IdedExpr]) -> Result<Vec<Json>, String> {
    parts.iter().map(node).collect()
}

fn literal_node(literal: &LiteralValue) -> Json {
    match literal {
        LiteralValue::Null => Json::Null,
        LiteralValue::Boolean(flag) => json!(flag.inner()),
        LiteralValue::String(text) => json!(text.inner()),
        LiteralValue::Int(number) if number.inner().unsigned_abs() <= MAX_SAFE => json!(number.inner()),
        LiteralValue::Int(number) => json!({ "int": number.inner().to_string() }),
        LiteralValue::UInt(number) => json!({ "uint": number.inner().to_string() }),
        LiteralValue::Double(number) => json!({ "double": double(*number.inner()) }),
        LiteralValue::Bytes(bytes) => json!({ "bytes": BASE64_STANDARD.encode(bytes.inner()) }),
    }
}

fn double(number: f64) -> Json {
    match number {
        number if number.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        number => json!(number),
    }
}

fn select_node(select: &SelectExpr) -> Made {
    let key = if select.test { "has" } else { "get" };
    Ok(json!({ key: [node(&select.operand)?, select.field] }))
}

fn call_node(call: &CallExpr) -> Made {
    let name = call.func_name.as_str();
    if name == operators::OPT_SELECT
        && let [object, key] = call.args.as_slice()
        && let Expr::Literal(LiteralValue::String(field)) = &key.expr
    {
        return Ok(json!({ "get?": [node(object)?, field.inner()] }));
    }
    let mut parts = Vec::with_capacity(call.args.len() + 2);
    match &call.target {
        Some(target) if shape::is_optional_library(target, name) => parts.push(json!(format!("optional.{name}"))),
        Some(target) => parts.extend([json!(name), node(target)?]),
        None => parts.push(json!(operator(name))),
    }
    parts.extend(nodes(&call.args)?);
    Ok(json!({ "call": parts }))
}

/// `_&&_` as it is written.
fn operator(name: &str) -> &str {
    match name {
        operators::CONDITIONAL => "?:",
        operators::LOGICAL_NOT => "!",
        operators::NEGATE => "neg",
        operators::INDEX => "[]",
        operators::OPT_INDEX => "[?]",
        operators::IN => "in",
        infix => infix.strip_prefix('_').and_then(|rest| rest.strip_suffix('_')).unwrap_or(infix),
    }
}

/// The macro that a comprehension was made by.
fn comprehension(inner: &ComprehensionExpr) -> Made {
    let unknown = || Err("a comprehension that is not available".to_owned());
    let Expr::Call(step) = &inner.loop_step.expr else { return unknown() };
    let (range, name) = (node(&inner.iter_range)?, inner.iter_var.as_str());
    let looped = |kind: &str, body: &IdedExpr| Ok(json!({ kind: [range, name, node(body)?] }));
    match (&inner.accu_init.expr, step.func_name.as_str(), step.args.as_slice()) {
        (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_AND, [_, body]) => looped("all", body),
        (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_OR, [_, body]) => looped("exists", body),
        (Expr::Literal(LiteralValue::Int(_)), operators::CONDITIONAL, [body, ..]) => looped("exists_one", body),
        (Expr::List(_), operators::ADD, [_, made]) => match member(made) {
            Some(body) => looped("map", body),
            None => unknown(),
        },
        (Expr::List(_), operators::CONDITIONAL, [condition, then, _]) => {
            let Expr::Call(add) = &then.expr else { return unknown() };
            let Some(body) = add.args.get(1).and_then(member) else { return unknown() };
            if matches!(&body.expr, Expr::Ident(same) if *same == inner.iter_var) {
                return looped("filter", condition);
            }
            Ok(json!({ "map": [range, name, node(condition)?, node(body)?] }))
        }
        _ => unknown(),
    }
}

/// The one member of `[x]`.
fn member(list: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::List(list) = &list.expr else { return None };
    list.elements.first()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Json, &str>) {
        match (compile(text, &["row", "me", "sources"]), expected) {
            (Ok(got), Ok(wanted)) => assert_eq!(got, wanted, "{text}"),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{text}: {problem}"),
            (got, wanted) => panic!("{text}: {got:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn every_kind_of_node_is_what_the_portal_reads() {
        let (row, me) = (json!({"name": "row"}), json!({"name": "me"}));
        check("row.stage == 'asked'", Ok(json!({"call": ["==", {"get": [row, "stage"]}, "asked"]})));
        check(
            "!(-1 + 2 * 3 > 0 && true)",
            Ok(
                json!({"call": ["!", {"call": ["&&", {"call": [">", {"call": ["+", -1, {"call": ["*", 2, 3]}]}, 0]}, true]}]}),
            ),
        );
        check("-row", Ok(json!({"call": ["neg", row]})));
        check("row ? 1u : 1.5", Ok(json!({"call": ["?:", row, {"uint": "1"}, {"double": 1.5}]})));
        check(
            "has(row.a) || 'x' in me.roles",
            Ok(json!({"call": ["||", {"has": [row, "a"]}, {"call": ["in", "x", {"get": [me, "roles"]}]}]})),
        );
        check("row['a']", Ok(json!({"call": ["[]", row, "a"]})));
        check("me.name.startsWith('A')", Ok(json!({"call": ["startsWith", {"get": [me, "name"]}, "A"]})));
        check("can('lead', 'update')", Ok(json!({"call": ["can", "lead", "update"]})));
        check("{'a': [1, null]}", Ok(json!({"entries": [["a", {"list": [1, null]}]]})));
        check("b'ab'", Ok(json!({"bytes": "YWI="})));
        check("9007199254740992", Ok(json!({"int": "9007199254740992"})));
        check("type(row) == string", Ok(json!({"call": ["==", {"call": ["type", row]}, {"name": "string"}]})));
    }

    #[test]
    fn comprehensions_are_told_apart() {
        let (row, x) = (json!({"name": "row"}), json!({"name": "x"}));
        let more = json!({"call": [">", x, 1]});
        for kind in ["all", "exists", "exists_one", "filter"] {
            check(&format!("row.{kind}(x, x > 1)"), Ok(json!({kind: [row, "x", more]})));
        }
        check("row.map(x, x > 1)", Ok(json!({"map": [row, "x", more]})));
        check("row.map(x, x > 1, x + 1)", Ok(json!({"map": [row, "x", more, {"call": ["+", x, 1]}]})));
    }

    #[test]
    fn cases_shared_with_the_portal_compile_to_the_tree_it_evaluates_and_mean_the_same_here() {
        let shared: Json = serde_json::from_str(include_str!("../../../../sdk/ui/expressions.cases.json")).unwrap();
        let given = &shared["environment"]["names"];
        let (vars, record) = (&given["vars"], &given["record"]);
        let names = super::super::Names::new().with("vars", vars).with("record", record);
        let (mut compiled, mut evaluated) = (0, 0);
        for case in shared["cases"].as_array().unwrap() {
            let text = case["text"].as_str().unwrap();
            match compile(text, &["vars", "record", "row", "sources", "me", "params"]) {
                Ok(tree) => assert_eq!(tree, case["tree"], "{text}"),
                Err(problem) => {
                    assert!(problem.contains(case["error"].as_str().unwrap()), "{text}: {problem}");
                    continue;
                }
            }
            compiled += 1;
            // Rows have types, and what is long or late is the portal's to make up.
            let other =
                ["row.", "sources.", "vars.many", "vars.long", "can(", "me."].iter().any(|part| text.contains(part));
            if other || case.get("unknown").is_some() || case.get("exact").is_some() {
                continue;
            }
            let here = super::super::Expression::compile_with_default(text, &["vars", "record"], "vars")
                .and_then(|expression| expression.evaluate(&names));
            match (here, case.get("value")) {
                (Ok(value), Some(wanted)) => assert_eq!(value.to_string(), wanted.to_string(), "{text}"),
                (Err(problem), None) => assert!(problem.contains(case["error"].as_str().unwrap()), "{text}: {problem}"),
                (here, wanted) => panic!("{text}: {here:?} instead of {wanted:?}"),
            }
            evaluated += 1;
        }
        assert!(compiled > 60 && evaluated > 40, "{compiled} {evaluated}");
    }

    #[test]
    fn what_the_portal_could_not_evaluate_is_refused() {
        check("nobody.name", Err("`nobody` is not defined; there are row, me, sources"));
        check("row.matches('a+')", Err("not available"));
        check("fetch('x')", Err("there is no function `fetch`"));
        check("row.x >", Err("Syntax"));
        check("", Err("empty"));
        check("row.all(a, row.all(b, row.all(c, c == a)))", Err("inside one another"));
    }
}
