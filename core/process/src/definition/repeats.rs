//! Standard loops and multi-instances of activities.

use kernel::expression::Expression;

use super::expressions;
use super::model::{Over, Repeat};
use super::nodes::{Reading, is_event_sub_process};
use super::xml::{self, Xml};

/// The variable of a member when the file names none.
const ITEM: &str = "item";

/// The repetition of an activity, if it has one.
pub fn read(reading: &mut Reading<'_, '_>) -> Option<Repeat> {
    let node = reading.node;
    let standard = xml::child(node, "standardLoopCharacteristics");
    let multi = xml::child(node, "multiInstanceLoopCharacteristics");
    if standard.or(multi).is_some() && is_event_sub_process(node) {
        reading.error("an event sub-process cannot be repeated");
        return None;
    }
    match (standard, multi) {
        (Some(_), Some(_)) => {
            reading.error("the activity has both a standard loop and a multi-instance: keep one");
            None
        }
        (Some(loops), None) => standard_loop(reading, loops),
        (None, Some(multi)) => multi_instance(reading, multi),
        (None, None) => None,
    }
}

fn standard_loop(reading: &mut Reading<'_, '_>, loops: Xml<'_>) -> Option<Repeat> {
    let condition = optional(reading, loops, "loopCondition")?;
    let max = match xml::attribute(loops, "loopMaximum").map(str::parse) {
        None => None,
        Some(Ok(max)) if max > 0 => Some(max),
        Some(_) => {
            reading.error("loopMaximum is not a number above 0");
            return None;
        }
    };
    if condition.is_none() && max.is_none() {
        reading.warn("the loop has neither a loopCondition nor a loopMaximum: it ends only by an event");
    }
    Some(Repeat::Loop { condition, test_before: xml::flag(loops, "testBefore", false), max })
}

/// The expression in a child element; the outer `None` is an error, the inner one says there is none.
fn optional(reading: &mut Reading<'_, '_>, holder: Xml<'_>, tag: &'static str) -> Option<Option<Expression>> {
    let text = xml::child(holder, tag).map(xml::content).filter(|text| !text.is_empty());
    match text {
        None => Some(None),
        Some(text) => reading.check(tag, expressions::compile(&text)).map(Some),
    }
}

fn multi_instance(reading: &mut Reading<'_, '_>, multi: Xml<'_>) -> Option<Repeat> {
    let over = over(reading, multi);
    let completion = completion(reading, multi);
    let output = output(reading, multi);
    Some(Repeat::Multi {
        sequential: xml::flag(multi, "isSequential", false),
        over: over?,
        completion: completion?,
        output: output?,
    })
}

fn completion(reading: &mut Reading<'_, '_>, multi: Xml<'_>) -> Option<Option<Expression>> {
    match own(reading.node, multi, "completionCondition") {
        Some(text) => reading.check("v:completionCondition", expressions::compile(text)).map(Some),
        None => optional(reading, multi, "completionCondition"),
    }
}

/// An attribute of ours, on the loop characteristics or on the activity.
fn own<'a>(node: Xml<'a>, multi: Xml<'a>, name: &str) -> Option<&'a str> {
    xml::ours(multi, name).or_else(|| xml::ours(node, name))
}

fn zeebe<'a>(multi: Xml<'a>, name: &str) -> Option<&'a str> {
    xml::extensions(multi, xml::ZEEBE, "loopCharacteristics").find_map(|it| xml::attribute(it, name))
}

fn over(reading: &mut Reading<'_, '_>, multi: Xml<'_>) -> Option<Over> {
    let node = reading.node;
    let item = own(node, multi, "item")
        .or_else(|| xml::child(multi, "inputDataItem").and_then(data_name))
        .or_else(|| xml::relative(multi, "elementVariable"))
        .or_else(|| zeebe(multi, "inputElement"))
        .unwrap_or(ITEM)
        .to_owned();
    let given = own(node, multi, "collection").or_else(|| zeebe(multi, "inputCollection"));
    if let Some(text) = given.or_else(|| xml::relative(multi, "collection")) {
        let list = reading.check("collection", expressions::compile(text))?;
        return Some(Over::Collection { list, item });
    }
    if let Some(reference) = reference(reading, multi, "loopDataInputRef") {
        let list = reading.check("loopDataInputRef", variable(&reference))?;
        return Some(Over::Collection { list, item });
    }
    let count = match own(node, multi, "cardinality") {
        Some(text) => Some(reading.check("v:cardinality", expressions::compile(text))?),
        None => optional(reading, multi, "loopCardinality")?,
    };
    if count.is_none() {
        reading.error(
            "the multi-instance does not say over what: write loopCardinality, loopDataInputRef or v:collection",
        );
    }
    count.map(Over::Count)
}

/// What is collected of the members: the name of the list, and an expression over each member's variables.
fn output(reading: &mut Reading<'_, '_>, multi: Xml<'_>) -> Option<Option<(String, Expression)>> {
    let node = reading.node;
    let list = own(node, multi, "outputCollection")
        .or_else(|| zeebe(multi, "outputCollection"))
        .map(str::to_owned)
        .or_else(|| reference(reading, multi, "loopDataOutputRef"));
    let Some(list) = list else { return Some(None) };
    let item = own(node, multi, "outputItem").or_else(|| zeebe(multi, "outputElement")).map(expressions::compile);
    let item = item.or_else(|| xml::child(multi, "outputDataItem").and_then(data_name).map(variable));
    let Some(item) = item else {
        reading.error("outputDataItem is missing: say what is collected of each member");
        return None;
    };
    reading.check("outputDataItem", item).map(|item| Some((list, item)))
}

fn data_name<'a>(node: Xml<'a>) -> Option<&'a str> {
    xml::attribute(node, "name").or_else(|| xml::attribute(node, "id"))
}

/// The variable a data reference stands for: the name of the data object, property or data input with that id, or the
/// reference itself.
fn reference(reading: &Reading<'_, '_>, multi: Xml<'_>, tag: &'static str) -> Option<String> {
    let text = xml::child(multi, tag).map(xml::content).filter(|text| !text.is_empty())?;
    let local = text.rsplit_once(':').map_or(text.as_str(), |(_, local)| local);
    let inputs = xml::child(reading.node, "ioSpecification").map(|io| xml::children(io).collect::<Vec<_>>());
    let input = inputs.unwrap_or_default().into_iter().find(|input| xml::attribute(*input, "id") == Some(local));
    let found = input.or_else(|| reading.outline.named.get(local).copied());
    Some(found.and_then(|found| xml::attribute(found, "name")).unwrap_or(&text).to_owned())
}

/// A variable by its name, whatever signs it has.
fn variable(name: &str) -> Result<Expression, String> {
    let quoted = serde_json::Value::from(name).to_string();
    expressions::compile(&format!("vars[{quoted}]"))
}
