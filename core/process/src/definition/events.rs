//! Events: what a start, catch or boundary event waits for, what a throw or end event does.

use super::expressions;
use super::model::{ElementId, MAX_PARTS, MessageRef, NodeIx, NodeKind, Outcome, Timer, Trigger};
use super::nodes::Reading;
use super::outline::MAX_ID;
use super::time;
use super::xml::{self, Xml};

/// `startEvent`.
pub fn start(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let trigger = trigger(reading)?;
    if let Some(problem) = trigger.parts().iter().find_map(|part| wrong_start(reading, part)) {
        reading.error(problem);
    }
    if let Trigger::Several { parts, .. } = &trigger {
        check_names(reading, parts.len());
    }
    let interrupting = interrupts(reading, "isInterrupting", &trigger);
    Some(NodeKind::Start { trigger, interrupting })
}

fn wrong_start(reading: &Reading<'_, '_>, trigger: &Trigger) -> Option<&'static str> {
    match trigger {
        Trigger::Link(_) => Some("a start event cannot be a link"),
        Trigger::Cancel => Some("a cancel event can only stand at the boundary of a transaction, or be its end"),
        Trigger::None if reading.in_event_sub_process() => Some(
            "the start of an event sub-process needs an event: a timer, message, signal, error, escalation or condition",
        ),
        Trigger::Error(_) | Trigger::Escalation(_) if !reading.in_event_sub_process() => {
            Some("errors and escalations can only start an event sub-process")
        }
        Trigger::Compensation if !reading.undoes_sub_process() => {
            Some("compensation can only start an event sub-process that stands in a sub-process: it undoes that")
        }
        Trigger::None => None,
        _ if reading.in_event_sub_process() || reading.in_process() => None,
        _ => Some("a sub-process begins plainly: remove the event from its start, or mark it as an event sub-process"),
    }
}

/// Several events of a start have names of their own, which are no ids of elements.
fn check_names(reading: &mut Reading<'_, '_>, count: usize) {
    let names = (0..count).map(|part| format!("{}#{part}", reading.id()));
    let taken = names.into_iter().find(|name| reading.outline.definition.find(name).is_some());
    if let Some(id) = taken {
        reading.error(format!("two elements have the id `{id}`: give one of them another"));
    }
}

fn interrupts(reading: &Reading<'_, '_>, attribute: &str, trigger: &Trigger) -> bool {
    match trigger {
        Trigger::Compensation => false,
        Trigger::Error(_) | Trigger::Cancel => true,
        _ => xml::flag(reading.node, attribute, true),
    }
}

/// `endEvent`.
pub fn end(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    match outcome(reading)? {
        Outcome::Link(_) => {
            reading.error("an end event cannot be a link: use an intermediate throw event");
            None
        }
        outcome => Some(NodeKind::End(outcome)),
    }
}

/// `intermediateCatchEvent`.
pub fn catch(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    match trigger(reading)? {
        Trigger::None => reading.error("the event waits for nothing: add a timer, message, signal, condition or link"),
        trigger => match trigger.parts().iter().find_map(caught_elsewhere) {
            Some(problem) => reading.error(problem),
            None => return Some(NodeKind::Catch(trigger)),
        },
    }
    None
}

/// Why it cannot be waited for in the flow.
fn caught_elsewhere(trigger: &Trigger) -> Option<&'static str> {
    match trigger {
        Trigger::Error(_) | Trigger::Escalation(_) => {
            Some("errors and escalations can only be caught by boundary events and event sub-processes")
        }
        Trigger::Compensation => {
            Some("compensation can only be caught at the boundary of an activity, or start an event sub-process in it")
        }
        Trigger::Cancel => Some("a cancel event can only stand at the boundary of a transaction, or be its end"),
        _ => None,
    }
}

/// `intermediateThrowEvent`.
pub fn throw(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    match outcome(reading)? {
        Outcome::Terminate => reading.error("only an end event can terminate"),
        Outcome::Error(_) => reading.error("only an end event can throw an error"),
        Outcome::Cancel => {
            reading.error("a cancel event can only stand at the boundary of a transaction, or be its end")
        }
        Outcome::Several(parts) if parts.iter().any(ends) => {
            reading.error("only an end event can do all of this: errors, cancellations and terminations end");
        }
        outcome => return Some(NodeKind::Throw(outcome)),
    }
    None
}

const fn ends(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Terminate | Outcome::Error(_) | Outcome::Cancel)
}

/// `boundaryEvent`.
pub fn boundary(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let trigger = trigger(reading)?;
    let Some(reference) = xml::attribute(reading.node, "attachedToRef") else {
        reading.error("attachedToRef is missing: the event is attached to no activity");
        return None;
    };
    let Some(host) = found(reading, reference) else {
        reading.error(format!("attachedToRef `{reference}` is no element of the process"));
        return None;
    };
    let definition = &reading.outline.definition;
    if !reading.outline.is_activity(host) {
        reading.error(format!("attachedToRef `{reference}` is no activity"));
    } else if definition.node(host).scope != definition.node(reading.place).scope {
        reading.error(format!("attachedToRef `{reference}` is in another process or sub-process"));
    }
    match trigger {
        Trigger::None => reading.error(
            "the boundary event waits for nothing: add a timer, message, signal, error, escalation or condition",
        ),
        Trigger::Link(_) => reading.error("a boundary event cannot be a link"),
        Trigger::Cancel if !reading.outline.node(host).is_some_and(|node| xml::is(node, "transaction")) => {
            reading.error("a cancel event can only stand at the boundary of a transaction, or be its end");
        }
        trigger => {
            let interrupting = interrupts(reading, "cancelActivity", &trigger);
            return Some(NodeKind::Boundary { host, interrupting, trigger });
        }
    }
    None
}

/// The node that a reference means.
fn found(reading: &Reading<'_, '_>, reference: &str) -> Option<NodeIx> {
    let definition = &reading.outline.definition;
    definition.find(reference).or_else(|| definition.find(reference.rsplit_once(':')?.1))
}

/// The event definitions, of the event itself or of the file by reference; none is an error.
fn event_definitions<'a>(reading: &mut Reading<'a, '_>) -> Option<Vec<Xml<'a>>> {
    let node = reading.node;
    let mut found: Vec<Xml<'a>> =
        xml::children(node).filter(|child| child.tag_name().name().ends_with("EventDefinition")).collect();
    for reference in xml::named(node, "eventDefinitionRef").map(xml::content) {
        let local = reference.rsplit_once(':').map_or(reference.as_str(), |(_, local)| local);
        match reading.outline.named.get(local) {
            Some(definition) => found.push(*definition),
            None => {
                reading.error(format!("eventDefinitionRef `{reference}` is no event definition of the file"));
                return None;
            }
        }
    }
    if u32::try_from(found.len()).is_ok_and(|count| count > MAX_PARTS) {
        reading.error(format!("the event has more than {MAX_PARTS} event definitions"));
        return None;
    }
    Some(found)
}

fn trigger(reading: &mut Reading<'_, '_>) -> Option<Trigger> {
    match event_definitions(reading)?.as_slice() {
        [] => Some(Trigger::None),
        [only] => one_trigger(reading, *only),
        several => several_triggers(reading, several),
    }
}

fn several_triggers(reading: &mut Reading<'_, '_>, definitions: &[Xml<'_>]) -> Option<Trigger> {
    let all = xml::flag(reading.node, "parallelMultiple", false);
    let mut parts = Vec::with_capacity(definitions.len());
    for definition in definitions {
        match one_trigger(reading, *definition)? {
            Trigger::Link(_) | Trigger::Compensation | Trigger::Cancel => {
                reading.error("links, compensation and cancel events cannot be among several events of one element");
                return None;
            }
            Trigger::Error(_) | Trigger::Escalation(_) if all => {
                reading.error("errors and escalations cannot be among events that must all come");
                return None;
            }
            part => parts.push(part),
        }
    }
    Some(Trigger::Several { all, parts })
}

fn one_trigger(reading: &mut Reading<'_, '_>, definition: Xml<'_>) -> Option<Trigger> {
    match definition.tag_name().name() {
        "messageEventDefinition" => message(reading, definition).map(Trigger::Message),
        "timerEventDefinition" => timer(reading, definition).map(Trigger::Timer),
        "signalEventDefinition" => signal(reading, definition).map(Trigger::Signal),
        "conditionalEventDefinition" => condition(reading, definition),
        "errorEventDefinition" => code(reading, definition, "error").map(Trigger::Error),
        "escalationEventDefinition" => code(reading, definition, "escalation").map(Trigger::Escalation),
        "linkEventDefinition" => link(reading, definition).map(Trigger::Link),
        "compensateEventDefinition" => Some(Trigger::Compensation),
        "cancelEventDefinition" => Some(Trigger::Cancel),
        "terminateEventDefinition" => {
            reading.error("only an end event can terminate");
            None
        }
        other => refuse(reading, other),
    }
}

fn outcome(reading: &mut Reading<'_, '_>) -> Option<Outcome> {
    match event_definitions(reading)?.as_slice() {
        [] => Some(Outcome::None),
        [only] => one_outcome(reading, *only),
        several => several_outcomes(reading, several),
    }
}

/// Messages and signals in the file's order; what else it does comes last, as the token goes on with that.
fn several_outcomes(reading: &mut Reading<'_, '_>, definitions: &[Xml<'_>]) -> Option<Outcome> {
    let (mut parts, mut last) = (Vec::with_capacity(definitions.len()), None);
    for definition in definitions {
        match one_outcome(reading, *definition)? {
            part @ (Outcome::Message(_) | Outcome::Signal(_)) => parts.push(part),
            Outcome::Link(_) => {
                reading.error("links, compensation and cancel events cannot be among several events of one element");
                return None;
            }
            part if last.is_none() => last = Some(part),
            _ => {
                reading
                    .error("one event can throw messages and signals, and only one thing more: use one event for each");
                return None;
            }
        }
    }
    parts.extend(last);
    Some(Outcome::Several(parts))
}

fn one_outcome(reading: &mut Reading<'_, '_>, definition: Xml<'_>) -> Option<Outcome> {
    match definition.tag_name().name() {
        "messageEventDefinition" => message(reading, definition).map(Outcome::Message),
        "signalEventDefinition" => signal(reading, definition).map(Outcome::Signal),
        "errorEventDefinition" => {
            let code = code(reading, definition, "error")?;
            if code.is_none() {
                reading.warn("the error has no code: only a catch of every error will catch it");
            }
            Some(Outcome::Error(code.unwrap_or_default()))
        }
        "escalationEventDefinition" => {
            code(reading, definition, "escalation").map(|code| Outcome::Escalation(code.unwrap_or_default()))
        }
        "linkEventDefinition" => link(reading, definition).map(Outcome::Link),
        "terminateEventDefinition" => Some(Outcome::Terminate),
        "compensateEventDefinition" => compensate(reading, definition),
        "cancelEventDefinition" => {
            if !reading.in_transaction() {
                reading.error("a cancel event can only stand at the boundary of a transaction, or be its end");
            }
            Some(Outcome::Cancel)
        }
        other @ ("timerEventDefinition" | "conditionalEventDefinition") => {
            reading.error(format!("`{other}` can only be waited for, not thrown"));
            None
        }
        other => refuse(reading, other),
    }
}

fn refuse<T>(reading: &mut Reading<'_, '_>, tag: &str) -> Option<T> {
    reading.error(format!("`{tag}` is not supported"));
    None
}

/// `activityRef` names an activity beside the event; from an event sub-process also one of the scopes around it.
fn compensate(reading: &mut Reading<'_, '_>, definition: Xml<'_>) -> Option<Outcome> {
    let wait = xml::flag(definition, "waitForCompletion", true);
    let Some(reference) = xml::attribute(definition, "activityRef") else {
        return Some(Outcome::Compensate { activity: None, wait });
    };
    let activity = found(reading, reference).filter(|activity| reading.outline.is_activity(*activity));
    let Some(activity) = activity else {
        reading.error(format!("activityRef `{reference}` is no activity of the process"));
        return None;
    };
    let file = &reading.outline.definition;
    if !reading.reach().any(|scope| file.node(activity).scope == scope) {
        reading.error(format!(
            "activityRef `{reference}` is out of reach: an event has what was done beside it undone, and from an event \
             sub-process what was done around that"
        ));
        return None;
    }
    Some(Outcome::Compensate { activity: Some(ElementId::clone(&file.node(activity).id)), wait })
}

/// The message of an event or task.
pub fn message(reading: &mut Reading<'_, '_>, holder: Xml<'_>) -> Option<MessageRef> {
    let Some(reference) = xml::attribute(holder, "messageRef") else {
        reading.error("messageRef is missing: say which message it is");
        return None;
    };
    let Some(message) = reading.outline.find(reference, "message") else {
        reading.error(format!("messageRef `{reference}` is no message of the file"));
        return None;
    };
    let Some(name) = xml::attribute(message, "name") else {
        reading.error(format!("the message `{reference}` has no name: messages are told apart by their names"));
        return None;
    };
    let zeebe =
        xml::extensions(message, xml::ZEEBE, "subscription").find_map(|it| xml::attribute(it, "correlationKey"));
    let key = xml::ours(holder, "correlationKey")
        .or_else(|| xml::ours(reading.node, "correlationKey"))
        .or_else(|| xml::ours(message, "correlationKey"))
        .or(zeebe);
    let key = match key {
        Some(text) => Some(reading.check("v:correlationKey", expressions::compile(text))?),
        None => None,
    };
    Some(MessageRef { name: name.to_owned(), key })
}

fn signal(reading: &mut Reading<'_, '_>, definition: Xml<'_>) -> Option<String> {
    let Some(reference) = xml::attribute(definition, "signalRef") else {
        reading.error("signalRef is missing: say which signal it is");
        return None;
    };
    let Some(signal) = reading.outline.find(reference, "signal") else {
        reading.error(format!("signalRef `{reference}` is no signal of the file"));
        return None;
    };
    let name = xml::attribute(signal, "name");
    if name.is_none() {
        reading.error(format!("the signal `{reference}` has no name: signals are told apart by their names"));
    }
    name.filter(|name| is_short(reading, "signal", name)).map(str::to_owned)
}

fn is_short(reading: &mut Reading<'_, '_>, what: &str, name: &str) -> bool {
    let short = name.chars().nth(MAX_ID).is_none();
    if !short {
        reading.error(format!("the name of the {what} is longer than {MAX_ID} characters"));
    }
    short
}

/// The code of an error or escalation; without a reference it stands for any.
fn code(reading: &mut Reading<'_, '_>, definition: Xml<'_>, what: &str) -> Option<Option<String>> {
    let Some(reference) = xml::attribute(definition, &format!("{what}Ref")) else { return Some(None) };
    let Some(found) = reading.outline.find(reference, what) else {
        reading.error(format!("{what}Ref `{reference}` is no {what} of the file"));
        return None;
    };
    let code = xml::attribute(found, &format!("{what}Code")).or_else(|| xml::attribute(found, "name"));
    Some(Some(code.unwrap_or_else(|| xml::label(found)).to_owned()))
}

fn link(reading: &mut Reading<'_, '_>, definition: Xml<'_>) -> Option<String> {
    let name = xml::attribute(definition, "name").or_else(|| xml::attribute(reading.node, "name"));
    if name.is_none() {
        reading.error("the link has no name: the two ends of a link have the same name");
    }
    name.map(str::to_owned)
}

fn condition(reading: &mut Reading<'_, '_>, definition: Xml<'_>) -> Option<Trigger> {
    let text = xml::child(definition, "condition").map(xml::content).unwrap_or_default();
    reading.check("condition", expressions::compile(&text)).map(Trigger::Conditional)
}

fn timer(reading: &mut Reading<'_, '_>, definition: Xml<'_>) -> Option<Timer> {
    let kinds = xml::children(definition).filter(|child| child.tag_name().name().starts_with("time"));
    let kinds: Vec<Xml<'_>> = kinds.filter(|child| !xml::content(*child).is_empty()).collect();
    let [kind] = kinds.as_slice() else {
        reading.error("the timer needs exactly one of timeDate, timeDuration and timeCycle");
        return None;
    };
    let (tag, text) = (kind.tag_name().name(), xml::content(*kind));
    let value = match tag {
        "timeDate" => time::value(&text, time::check_date).map(Timer::Date),
        "timeDuration" => time::value(&text, time::check_duration).map(Timer::Duration),
        "timeCycle" => time::value(&text, time::check_cycle).map(Timer::Cycle),
        other => Err(format!("`{other}` is not known")),
    };
    reading.check(tag, value)
}
