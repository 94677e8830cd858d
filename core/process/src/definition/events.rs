//! Events: what a start, catch or boundary event waits for, what a throw or end event does.

use super::expressions;
use super::model::{MessageRef, NodeKind, Outcome, Timer, Trigger};
use super::nodes::Reading;
use super::outline::MAX_ID;
use super::time;
use super::xml::{self, Xml};

/// `startEvent`.
pub fn start(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let trigger = trigger(reading)?;
    let interrupting = xml::flag(reading.node, "isInterrupting", true);
    let problem = match &trigger {
        Trigger::Link(_) => Some("a start event cannot be a link"),
        Trigger::None if reading.in_event_sub_process() => Some(
            "the start of an event sub-process needs an event: a timer, message, signal, error, escalation or condition",
        ),
        Trigger::Error(_) | Trigger::Escalation(_) if !reading.in_event_sub_process() => {
            Some("errors and escalations can only start an event sub-process")
        }
        Trigger::None => None,
        _ if reading.in_event_sub_process() || reading.in_process() => None,
        _ => Some("a sub-process begins plainly: remove the event from its start, or mark it as an event sub-process"),
    };
    if let Some(problem) = problem {
        reading.error(problem);
    }
    let interrupting = interrupting || matches!(trigger, Trigger::Error(_));
    Some(NodeKind::Start { trigger, interrupting })
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
        Trigger::Error(_) | Trigger::Escalation(_) => {
            reading.error("errors and escalations can only be caught by boundary events and event sub-processes");
        }
        trigger => return Some(NodeKind::Catch(trigger)),
    }
    None
}

/// `intermediateThrowEvent`.
pub fn throw(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    match outcome(reading)? {
        Outcome::Terminate => reading.error("only an end event can terminate"),
        Outcome::Error(_) => reading.error("only an end event can throw an error"),
        outcome => return Some(NodeKind::Throw(outcome)),
    }
    None
}

/// `boundaryEvent`.
pub fn boundary(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let trigger = trigger(reading)?;
    let Some(reference) = xml::attribute(reading.node, "attachedToRef") else {
        reading.error("attachedToRef is missing: the event is attached to no activity");
        return None;
    };
    let definition = &reading.outline.definition;
    let host = definition.find(reference).or_else(|| definition.find(reference.rsplit_once(':')?.1));
    let Some(host) = host else {
        reading.error(format!("attachedToRef `{reference}` is no element of the process"));
        return None;
    };
    let is_activity = reading.outline.node(host).is_some_and(|node| {
        let tag = node.tag_name().name();
        tag.ends_with("ask") || matches!(tag, "subProcess" | "callActivity")
    });
    if !is_activity {
        reading.error(format!("attachedToRef `{reference}` is no activity"));
    } else if definition.node(host).scope != definition.node(reading.place).scope {
        reading.error(format!("attachedToRef `{reference}` is in another process or sub-process"));
    }
    match trigger {
        Trigger::None => reading.error(
            "the boundary event waits for nothing: add a timer, message, signal, error, escalation or condition",
        ),
        Trigger::Link(_) => reading.error("a boundary event cannot be a link"),
        trigger => {
            let interrupting = xml::flag(reading.node, "cancelActivity", true) || matches!(trigger, Trigger::Error(_));
            return Some(NodeKind::Boundary { host, interrupting, trigger });
        }
    }
    None
}

/// The one event definition, of the event itself or of the file by reference; the outer `None` is an error.
fn event_definition<'a>(reading: &mut Reading<'a, '_>) -> Option<Option<Xml<'a>>> {
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
    if xml::flag(node, "parallelMultiple", false) || found.len() > 1 {
        reading.error("events with several definitions are not supported: use one event for each");
        return None;
    }
    Some(found.first().copied())
}

fn trigger(reading: &mut Reading<'_, '_>) -> Option<Trigger> {
    let Some(definition) = event_definition(reading)? else { return Some(Trigger::None) };
    match definition.tag_name().name() {
        "messageEventDefinition" => message(reading, definition).map(Trigger::Message),
        "timerEventDefinition" => timer(reading, definition).map(Trigger::Timer),
        "signalEventDefinition" => signal(reading, definition).map(Trigger::Signal),
        "conditionalEventDefinition" => condition(reading, definition),
        "errorEventDefinition" => code(reading, definition, "error").map(Trigger::Error),
        "escalationEventDefinition" => code(reading, definition, "escalation").map(Trigger::Escalation),
        "linkEventDefinition" => link(reading, definition).map(Trigger::Link),
        "terminateEventDefinition" => {
            reading.error("only an end event can terminate");
            None
        }
        other => refuse(reading, other),
    }
}

fn outcome(reading: &mut Reading<'_, '_>) -> Option<Outcome> {
    let Some(definition) = event_definition(reading)? else { return Some(Outcome::None) };
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
        other @ ("timerEventDefinition" | "conditionalEventDefinition") => {
            reading.error(format!("`{other}` can only be waited for, not thrown"));
            None
        }
        other => refuse(reading, other),
    }
}

fn refuse<T>(reading: &mut Reading<'_, '_>, tag: &str) -> Option<T> {
    reading.error(match tag {
        "compensateEventDefinition" => "compensation is not supported: draw the way back as ordinary steps".to_owned(),
        "cancelEventDefinition" => "transactions and cancel events are not supported: use an error event".to_owned(),
        other => format!("`{other}` is not supported"),
    });
    None
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
