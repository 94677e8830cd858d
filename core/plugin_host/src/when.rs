//! Conditions in CEL (Common Expression Language), evaluated by the host before anything is instantiated.
//!
//! The crate cannot interrupt an evaluation, so the cost is bounded beforehand: length of the text, number of nodes,
//! nesting of comprehensions, and the size of what it looks at.

use std::sync::{Arc, LazyLock};

use cel::common::ast::{EntryExpr, Expr};
use cel::{Context, Env, IdedExpr, Program, Value as Cel};
use kernel::value::{Fields, Value};

/// Bytes of an expression.
pub const MAX_TEXT: usize = 2_000;
/// Nodes of an expression.
pub const MAX_NODES: usize = 200;
/// Comprehensions (`all`, `exists`, `map`, `filter`) inside one another.
pub const MAX_NESTING: usize = 2;
/// Characters of a text and items of a list that an expression sees.
const MAX_SEEN: usize = 10_000;

/// One shared environment: a fresh one costs twenty times the evaluation.
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled condition.
pub struct When {
    program: Program,
    text: String,
}

impl std::fmt::Debug for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("When").field(&self.text).finish()
    }
}

impl When {
    /// Compiles and checks an expression.
    ///
    /// # Errors
    /// What is wrong with it, in English.
    pub fn compile(text: &str) -> Result<Self, String> {
        if text.len() > MAX_TEXT {
            return Err(format!("longer than {MAX_TEXT} bytes"));
        }
        if text.matches(['(', '[', '{']).count() > MAX_NODES {
            return Err(format!("more than {MAX_NODES} nodes"));
        }
        let program = ENV.compile(text).map_err(|error| error.to_string())?;
        let mut nodes = 0;
        walk(program.expression(), 0, &mut nodes)?;
        Ok(Self { program, text: text.to_owned() })
    }

    /// Whether the condition holds. Fields that are absent are null.
    ///
    /// # Errors
    /// When it does not give a boolean, for example because a null was compared.
    pub fn holds(
        &self,
        entity: &str,
        operation: &str,
        fields: &Fields,
        before: Option<&Fields>,
    ) -> Result<bool, String> {
        let mut context = Context::with_env(Arc::clone(&ENV));
        context.add_variable_from_value("fields", map(fields));
        context.add_variable_from_value("before", before.map_or(Cel::Null, map));
        context.add_variable_from_value("operation", operation);
        context.add_variable_from_value("entity", entity);
        match self.program.execute(&context) {
            Ok(Cel::Bool(answer)) => Ok(answer),
            Ok(other) => Err(format!("`{}` gave {:?}, not true or false", self.text, other.type_of())),
            Err(error) => Err(format!("`{}`: {error}", self.text)),
        }
    }
}

fn walk(node: &IdedExpr, nesting: usize, nodes: &mut usize) -> Result<(), String> {
    *nodes += 1;
    if *nodes > MAX_NODES {
        return Err(format!("more than {MAX_NODES} nodes"));
    }
    match &node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Ok(()),
        Expr::Select(select) => walk(&select.operand, nesting, nodes),
        Expr::Call(call) => {
            if call.func_name == "matches" {
                return Err("`matches` is not available: use startsWith, endsWith or contains".to_owned());
            }
            call.target.iter().map(AsRef::as_ref).chain(&call.args).try_for_each(|part| walk(part, nesting, nodes))
        }
        Expr::List(list) => list.elements.iter().try_for_each(|part| walk(part, nesting, nodes)),
        Expr::Map(map) => entries(&map.entries, nesting, nodes),
        Expr::Struct(structure) => entries(&structure.entries, nesting, nodes),
        Expr::Comprehension(inner) => {
            if nesting >= MAX_NESTING {
                return Err(format!("more than {MAX_NESTING} comprehensions inside one another"));
            }
            [&inner.iter_range, &inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result]
                .into_iter()
                .try_for_each(|part| walk(part, nesting + 1, nodes))
        }
    }
}

fn entries(entries: &[cel::common::ast::IdedEntryExpr], nesting: usize, nodes: &mut usize) -> Result<(), String> {
    entries.iter().try_for_each(|entry| match &entry.expr {
        EntryExpr::StructField(field) => walk(&field.value, nesting, nodes),
        EntryExpr::MapEntry(entry) => {
            walk(&entry.key, nesting, nodes)?;
            walk(&entry.value, nesting, nodes)
        }
    })
}

fn map(fields: &Fields) -> Cel {
    let entries: std::collections::HashMap<String, Cel> =
        fields.iter().map(|(name, value)| (name.clone(), to_cel(value))).collect();
    entries.into()
}

fn cut(text: &str) -> Cel {
    Cel::from(text.chars().take(MAX_SEEN).collect::<String>())
}

fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Boolean(flag) => Cel::Bool(*flag),
        Value::Integer(number) => Cel::Int(*number),
        Value::Decimal(number) => {
            use rust_decimal::prelude::ToPrimitive;
            number.to_f64().map_or(Cel::Null, Cel::Float)
        }
        Value::Text(text) => cut(text),
        Value::Date(date) => Cel::from(date.to_string()),
        Value::Instant(at) => Cel::Timestamp(at.utc().fixed_offset()),
        Value::Id(id) => Cel::from(id.to_string()),
        Value::Ids(ids) => Cel::from(ids.iter().take(MAX_SEEN).map(ToString::to_string).collect::<Vec<_>>()),
        Value::Multi(values) => {
            Cel::from(values.iter().take(MAX_SEEN).map(|entry| cut(&entry.value)).collect::<Vec<_>>())
        }
        Value::Json(json) => cel::to_value(json).unwrap_or(Cel::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        Fields::from([
            ("amount".to_owned(), Value::Decimal(rust_decimal::Decimal::new(125, 1))),
            ("stage".to_owned(), Value::Text("new".to_owned())),
            ("owner".to_owned(), Value::Null),
        ])
    }

    fn check(text: &str, expected: Result<bool, &str>) {
        let outcome = When::compile(text).and_then(|when| when.holds("lead", "update", &fields(), Some(&fields())));
        match (outcome, expected) {
            (Ok(answer), Ok(wanted)) => assert_eq!(answer, wanted, "{text}"),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{text}: {problem}"),
            (outcome, expected) => panic!("{text}: {outcome:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn conditions_over_a_record() {
        check("fields.amount > 10.0", Ok(true));
        check("fields.stage in ['won', 'lost']", Ok(false));
        check("operation == 'update' && entity == 'lead' && fields.stage == before.stage", Ok(true));
        check("fields.owner == null", Ok(true));
        check("has(fields.nothing)", Ok(false));
        check("fields.stage.startsWith('n')", Ok(true));
    }

    #[test]
    fn costly_or_wrong_conditions_are_refused() {
        check("fields.amount", Err("not true or false"));
        check("fields.amount >", Err("Syntax"));
        check(&format!("true{}", " && true".repeat(200)), Err("more than 200 nodes"));
        check(&"(".repeat(300), Err("more than 200 nodes"));
        check(&"x".repeat(3_000), Err("longer than 2000"));
        check("[1].all(a, [1].all(b, [1].all(c, a == b && b == c)))", Err("inside one another"));
        check("fields.stage.matches('(a+)+$')", Err("not available"));
        check("nothing.at.all", Err("nothing"));
    }
}
