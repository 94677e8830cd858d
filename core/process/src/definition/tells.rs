//! What the variables of a definition's instances, and with them its forms and prepared letters, may tell of the record.

use kernel::expression::Expression;
use work::tasks::Tells;

use super::model::{Definition, Node, NodeKind, Over, Parameter, Repeat};

/// The expressions whose values people see, taken together. What services and called processes answer may be anything.
pub fn tells(definition: &Definition) -> Tells {
    let mut tells = Tells::Nothing;
    for node in &definition.nodes {
        let anything = match &node.kind {
            NodeKind::Service(service) => service.result.is_some(),
            NodeKind::Call { .. } => true,
            _ => false,
        };
        if anything {
            return Tells::Anything;
        }
        for expression in values(node) {
            tells = tells.and(read(expression));
        }
    }
    tells
}

/// Whether the values of its steps are made of fields of the record that an instance is about: about none it would stop at
/// the first of them.
pub fn needs_record(definition: &Definition) -> bool {
    let of_record = |expression: &Expression| expression.fields_of("record").next().is_some();
    definition.nodes.iter().flat_map(values).any(of_record)
}

/// The expressions of a node that become variables or parameters.
fn values(node: &Node) -> Vec<&Expression> {
    let mut values = Vec::new();
    match &node.kind {
        NodeKind::Script { expression, .. } => values.push(expression),
        NodeKind::User(contract) => {
            let parameters = contract.main_action.iter().flat_map(|action| &action.parameters);
            values.extend(parameters.filter_map(|(_, parameter)| match parameter {
                Parameter::Expression(expression) => Some(expression),
                Parameter::Text(_) => None,
            }));
        }
        _ => {}
    }
    if let Some(Repeat::Multi { over, output, .. }) = &node.repeat {
        if let Over::Collection { list, .. } = over {
            values.push(list);
        }
        values.extend(output.iter().map(|(_, expression)| expression));
    }
    values
}

fn read(expression: &Expression) -> Tells {
    if !expression.names().any(|name| name == "record") {
        return Tells::Nothing;
    }
    let fields: std::collections::BTreeSet<String> = expression.fields_of("record").map(str::to_owned).collect();
    if fields.is_empty() { Tells::Anything } else { Tells::Fields(fields) }
}
