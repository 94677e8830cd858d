//! Conditions of a manifest in CEL, evaluated by the host before anything is instantiated. What an expression may be and
//! cost is `kernel::expression`'s.

use kernel::expression::{Expression, Names};
use kernel::value::Fields;
use serde_json::Value as Json;

/// A compiled condition.
#[derive(Debug)]
pub struct When(Expression);

impl When {
    /// Compiles and checks an expression.
    ///
    /// # Errors
    /// What is wrong with it, in English.
    pub fn compile(text: &str) -> Result<Self, String> {
        Expression::compile(text).map(Self)
    }

    /// The fields that it takes of the record, before and after.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        ["fields", "before"].into_iter().flat_map(|name| self.0.fields_of(name))
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
        let (entity, operation) = (Json::from(entity), Json::from(operation));
        let names = Names::new()
            .with_fields("fields", Some(fields))
            .with_fields("before", before)
            .with("operation", &operation)
            .with("entity", &entity);
        self.0.holds(&names)
    }
}

#[cfg(test)]
mod tests {
    use kernel::value::Value;

    use super::*;

    fn fields() -> Fields {
        Fields::from_iter([
            ("amount".into(), Value::Decimal(rust_decimal::Decimal::new(125, 1))),
            ("stage".into(), Value::Text("new".to_owned())),
            ("owner".into(), Value::Null),
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
        check(&format!("true{}", " && true".repeat(600)), Err("longer than 4000"));
        check(&"(".repeat(1_300), Err("more than 1000 words"));
        check(&"x".repeat(4_001), Err("longer than 4000"));
        check("[1].all(a, [1].all(b, [1].all(c, a == b && b == c)))", Err("inside one another"));
        check("fields.stage.matches('(a+)+$')", Err("not available"));
        check("nothing.at.all", Err("nothing"));
    }
}
