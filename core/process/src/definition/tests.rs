//! Table tests over small files. Helpers first, then one module for each area.

use std::fmt::Write as _;

use super::model::*;
use super::*;

mod contract;
mod elements;
mod fit;
mod hostile;
mod refusals;
mod tools;
mod undo;

/// A file with one executable process `p` around the given elements, and root elements before it.
pub(super) fn file_with(roots: &str, body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="urn:test">
  {roots}
  <message id="m" name="Paid"/><signal id="s" name="Alarm"/>
  <error id="e" name="No stock" errorCode="E1"/><escalation id="x" name="Late" escalationCode="X1"/>
  <process id="p" name="Process" isExecutable="true">{body}</process>
</definitions>"#
    )
}

pub(super) fn file(body: &str) -> String {
    file_with("", body)
}

/// Start, the given element with id `n`, end, joined in a line.
pub(super) fn line(element: &str) -> String {
    file(&format!(
        r#"<startEvent id="start"/>{element}<endEvent id="end"/>
        <sequenceFlow id="f1" sourceRef="start" targetRef="n"/><sequenceFlow id="f2" sourceRef="n" targetRef="end"/>"#
    ))
}

pub(super) fn good(xml: &str) -> (Definition, Vec<Problem>) {
    let (definition, problems) = read(xml.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}\n{xml}"));
    all_known(&problems);
    (definition, problems)
}

/// Every problem has a code, and with it words for people, in English too.
pub(super) fn all_known(problems: &[Problem]) {
    for problem in problems {
        let (code, words) = words::of(problem, kernel::Locale::En);
        assert_ne!(code, "invalid", "`{words}` is not in the catalogue");
    }
}

/// The node `n` of a good file.
pub(super) fn node(xml: &str) -> Node {
    let (mut definition, _) = good(xml);
    let place = definition.nodes.iter().position(|node| &*node.id == "n").unwrap();
    definition.nodes.swap_remove(place)
}

/// The file is refused, with an error of the element that says the part.
pub(super) fn refused(xml: &str, element: &str, part: &str) {
    let problems = read(xml.as_bytes()).expect_err(&format!("not refused: {part}\n{xml}"));
    all_known(&problems);
    let found =
        problems.iter().any(|it| it.severity == Severity::Error && it.element == element && it.message.contains(part));
    assert!(found, "`{element}`: {part} is not in {problems:#?}");
}

/// The file is read, with a warning of the element that says the part.
pub(super) fn warned(xml: &str, element: &str, part: &str) {
    let (_, problems) = good(xml);
    let found = problems
        .iter()
        .any(|it| it.severity == Severity::Warning && it.element == element && it.message.contains(part));
    assert!(found, "`{element}`: {part} is not in {problems:#?}");
}

/// Tasks in a row, with exclusive splits and merges, as a file of about `count` flow nodes.
pub(super) fn long_file(count: usize) -> String {
    let mut body = String::from(r#"<startEvent id="start"/>"#);
    let mut last = "start".to_owned();
    for n in 0..count / 4 {
        let _ = write!(
            body,
            r#"<exclusiveGateway id="g{n}" default="d{n}"/><userTask id="a{n}" name="Step {n}" v:duration="PT4H"/>
            <scriptTask id="b{n}" v:resultVariable="total"><script>total + {n}</script></scriptTask>
            <exclusiveGateway id="j{n}"/>
            <sequenceFlow id="i{n}" sourceRef="{last}" targetRef="g{n}"/>
            <sequenceFlow id="c{n}" sourceRef="g{n}" targetRef="a{n}"><conditionExpression>amount &gt; {n}</conditionExpression></sequenceFlow>
            <sequenceFlow id="d{n}" sourceRef="g{n}" targetRef="b{n}"/>
            <sequenceFlow id="x{n}" sourceRef="a{n}" targetRef="j{n}"/><sequenceFlow id="y{n}" sourceRef="b{n}" targetRef="j{n}"/>"#
        );
        last = format!("j{n}");
    }
    let _ = write!(body, r#"<endEvent id="end"/><sequenceFlow id="z" sourceRef="{last}" targetRef="end"/>"#);
    file(&body)
}
