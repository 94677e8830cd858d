//! Activities: tasks, calls and sub-processes.

use std::sync::Arc;

use super::contract::Contract;
use super::model::{Binding, NodeKind, Parameter, SERVICES, Service};
use super::nodes::{Reading, is_event_sub_process};
use super::xml::{self, Xml};
use super::{events, expressions, steps};

/// Tries of a service before an incident, unless `v:retries` says otherwise.
const RETRIES: u32 = 3;
/// Most tries of a service.
const MAX_RETRIES: u32 = 100;
/// Parameters of a service or main action.
const MAX_PARAMETERS: usize = 200;
/// Languages a script may be in.
const LANGUAGES: [&str; 4] = ["cel", "feel", "text/cel", "text/feel"];

/// Any activity.
pub fn read(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    match reading.node.tag_name().name() {
        "task" => Some(NodeKind::Abstract),
        "userTask" => Some(NodeKind::User(Arc::new(steps::read(reading)))),
        "manualTask" => {
            steps::check_name(reading);
            Some(NodeKind::User(Arc::new(Contract::default())))
        }
        "serviceTask" => service(reading),
        "scriptTask" => script(reading),
        "businessRuleTask" => rule(reading),
        "sendTask" => send(reading),
        "receiveTask" => receive(reading),
        "callActivity" => call(reading),
        "subProcess" | "transaction" => sub_process(reading),
        other => {
            reading.error(format!("`{other}` is not supported"));
            None
        }
    }
}

fn sub_process(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let scope = reading.outline.insides.get(&reading.place).copied()?;
    let (event, transaction) = (is_event_sub_process(reading.node), xml::is(reading.node, "transaction"));
    Some(NodeKind::SubProcess { scope, event, transaction })
}

/// `v:service`; else a service of ours named where other tools name theirs.
fn service_kind<'a>(node: Xml<'a>) -> Option<&'a str> {
    let zeebe = || xml::extensions(node, xml::ZEEBE, "taskDefinition").find_map(|it| xml::attribute(it, "type"));
    let named = xml::attribute(node, "implementation").or_else(|| xml::relative(node, "topic")).or_else(zeebe);
    xml::ours(node, "service").or_else(|| named.filter(|name| is_service(name)))
}

fn is_service(name: &str) -> bool {
    SERVICES.contains(&name) || (name.starts_with("plugin:") && name.contains('/'))
}

fn service(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let Some(kind) = service_kind(reading.node) else {
        reading.error(format!(
            "the service task says nothing we can run: write v:service with one of {}, or plugin:<id>/<action> (what \
             other engines call is code of theirs)",
            SERVICES.join(", ")
        ));
        return None;
    };
    if !is_service(kind) {
        reading.error(format!(
            "v:service `{kind}` is not known: write one of {}, or plugin:<id>/<action>",
            SERVICES.join(", ")
        ));
        return None;
    }
    let retries = match xml::ours(reading.node, "retries").map(str::parse) {
        None => RETRIES,
        Some(Ok(tries)) if (1..=MAX_RETRIES).contains(&tries) => tries,
        Some(_) => {
            reading.error(format!("v:retries is not a number from 1 to {MAX_RETRIES}"));
            return None;
        }
    };
    let parameters = parameters(reading, "v:param");
    let result = result_variable(reading.node);
    Some(NodeKind::Service(Service { kind: kind.to_owned(), parameters, result, retries }))
}

/// `v:param` children of the extensions, also within a `v:parameters` or `v:mainAction` there.
pub fn parameters(reading: &mut Reading<'_, '_>, what: &str) -> Vec<(String, Parameter)> {
    let node = reading.node;
    let groups = ["parameters", "mainAction", "service"];
    let nested = groups.iter().flat_map(|group| xml::extensions(node, xml::OURS, group));
    let params: Vec<Xml<'_>> = xml::extensions(node, xml::OURS, "param")
        .chain(nested.flat_map(|group| xml::within(group, xml::OURS, "param")))
        .collect();
    let mut found: Vec<(String, Parameter)> = Vec::with_capacity(params.len());
    if params.len() > MAX_PARAMETERS {
        reading.error(format!("{what}: more than {MAX_PARAMETERS} parameters"));
        return Vec::new();
    }
    for param in params {
        let Some(name) = xml::attribute(param, "name") else {
            reading.error(format!("{what}: a parameter has no name"));
            continue;
        };
        if found.iter().any(|(known, _)| known == name) {
            reading.error(format!("{what}: the parameter `{name}` is given twice"));
            continue;
        }
        let text = param.attribute("value").map_or_else(|| xml::content(param), str::to_owned);
        if let Some(value) = reading.check(&format!("{what} `{name}`"), expressions::parameter(&text)) {
            found.push((name.to_owned(), value));
        }
    }
    found
}

/// The variable for the value, answer or result.
pub fn result_variable(node: Xml<'_>) -> Option<String> {
    let zeebe = || xml::extensions(node, xml::ZEEBE, "script").find_map(|it| xml::attribute(it, "resultVariable"));
    xml::ours(node, "resultVariable")
        .or_else(|| xml::relative(node, "resultVariable"))
        .or_else(zeebe)
        .map(str::to_owned)
}

fn script(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let node = reading.node;
    if let Some(language) = xml::attribute(node, "scriptFormat")
        && !LANGUAGES.contains(&language.to_ascii_lowercase().as_str())
    {
        reading
            .error(format!("scripts in `{language}` are not run: write an expression in CEL, with scriptFormat `cel`"));
        return None;
    }
    if xml::relative(node, "resource").is_some() {
        reading.error("the script is in another file: write an expression in CEL into the task");
        return None;
    }
    let zeebe = || xml::extensions(node, xml::ZEEBE, "script").find_map(|it| xml::attribute(it, "expression"));
    let text = xml::child(node, "script").map(xml::content).filter(|text| !text.is_empty());
    let Some(text) = text.or_else(|| zeebe().map(str::to_owned)) else {
        reading.error("the script task has no script: write an expression in CEL");
        return None;
    };
    valued(reading, "script", &text)
}

fn rule(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let Some(text) = xml::ours(reading.node, "expression") else {
        reading.error("the business rule task has no v:expression: decision tables of other tools are not run");
        return None;
    };
    valued(reading, "v:expression", text)
}

fn valued(reading: &mut Reading<'_, '_>, what: &str, text: &str) -> Option<NodeKind> {
    let expression = reading.check(what, expressions::compile(text))?;
    let result = result_variable(reading.node);
    if result.is_none() {
        reading.warn(format!("the value of the {what} goes nowhere: write v:resultVariable"));
    }
    Some(NodeKind::Script { expression, result })
}

fn send(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    if service_kind(reading.node).is_some() {
        return service(reading);
    }
    if xml::attribute(reading.node, "messageRef").is_none() {
        reading.error("the send task sends nothing: write messageRef with a message of the file, or v:service");
        return None;
    }
    events::message(reading, reading.node).map(NodeKind::Send)
}

fn receive(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    events::message(reading, reading.node).map(NodeKind::Receive)
}

fn call(reading: &mut Reading<'_, '_>) -> Option<NodeKind> {
    let node = reading.node;
    let zeebe = || xml::extensions(node, xml::ZEEBE, "calledElement").find_map(|it| xml::attribute(it, "processId"));
    let Some(called) = xml::attribute(node, "calledElement").or_else(zeebe) else {
        reading.error("calledElement is missing: write the id of the process to call");
        return None;
    };
    if called.contains(['{', '=', '$']) {
        reading.error(format!("calledElement `{called}` is an expression: write the id of the process to call"));
        return None;
    }
    let of_file = reading.outline.find(called, "process").and_then(|process| xml::attribute(process, "id"));
    let process = of_file.unwrap_or(called);
    let binding = binding(reading)?;
    Some(NodeKind::Call { process: process.to_owned(), binding })
}

/// `v:binding`: `latest`, `deployment`, `version` with `v:version`, or a number.
fn binding(reading: &mut Reading<'_, '_>) -> Option<Binding> {
    let node = reading.node;
    let version = match xml::ours(node, "binding").or_else(|| xml::relative(node, "calledElementBinding")) {
        None | Some("deployment") => return Some(Binding::Deployment),
        Some("latest") => return Some(Binding::Latest),
        Some("version") => xml::ours(node, "version").or_else(|| xml::relative(node, "calledElementVersion")),
        Some(other) => Some(other.strip_prefix("version:").unwrap_or(other)),
    };
    match version.map(str::parse) {
        Some(Ok(version)) if version > 0 => Some(Binding::Version(version)),
        _ => {
            reading.error("v:binding is one of `latest`, `deployment`, or `version` with v:version and its number");
            None
        }
    }
}
