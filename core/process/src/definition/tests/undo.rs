//! Compensation, transactions, complex gateways, several events of one element, what begins a process: how they are read,
//! and what is wrong with them.

use super::*;

const UNDO: &str = r#"<boundaryEvent id="c" attachedToRef="n"><compensateEventDefinition/></boundaryEvent>
    <task id="u" isForCompensation="true"/><association id="l" sourceRef="c" targetRef="u"/>"#;

fn with_undo(more: &str) -> String {
    line(&format!(r#"<task id="n"/>{UNDO}{more}"#))
}

#[test]
fn an_association_leads_to_what_undoes() {
    for text in
        [with_undo(""), with_undo("").replace(r#"sourceRef="c" targetRef="u""#, r#"sourceRef="u" targetRef="c""#)]
    {
        let (definition, problems) = good(&text);
        assert_eq!(problems, Vec::new());
        let [n, u] = ["n", "u"].map(|id| definition.find(id).unwrap());
        assert_eq!(definition.node(n).undo, Some(u));
        assert!(definition.node(u).for_compensation && definition.is_undone(n) && !definition.is_undone(u));
        assert_eq!(definition.scope(ScopeIx(0)).starts, [definition.find("start").unwrap()]);
    }
    let bare = file(&format!(r#"<task id="n"/>{UNDO}"#));
    assert_eq!(good(&bare).0.scope(ScopeIx(0)).starts, [good(&bare).0.find("n").unwrap()]);
}

#[test]
fn what_is_wrong_with_compensation_is_named() {
    let plain = with_undo("");
    refused(&plain.replace(r#" isForCompensation="true""#, ""), "c", "not marked as an activity for compensation");
    refused(&plain.replace(r#"targetRef="u""#, r#"targetRef="end""#), "c", "one association");
    refused(&plain.replace(r#"<association id="l" sourceRef="c" targetRef="u"/>"#, ""), "c", "one association");
    let two = r#"<boundaryEvent id="d" attachedToRef="n"><compensateEventDefinition/></boundaryEvent><association id="k" sourceRef="d" targetRef="u"/>"#;
    refused(&with_undo(two), "d", "two compensation events");
    refused(&with_undo(r#"<sequenceFlow id="f" sourceRef="c" targetRef="u"/>"#), "f", "no outgoing flow");
    refused(&with_undo(r#"<sequenceFlow id="f" sourceRef="n" targetRef="u"/>"#), "f", "for compensation has no flows");
    let elsewhere = r#"<task id="n"/><boundaryEvent id="c" attachedToRef="n"><compensateEventDefinition/></boundaryEvent>
        <subProcess id="xx"><task id="y"/><task id="u" isForCompensation="true"/></subProcess><association id="l" sourceRef="c" targetRef="u"/>"#;
    refused(&file(elsewhere), "c", "another process or sub-process");
    let start = r#"<startEvent id="n"><compensateEventDefinition/></startEvent>"#;
    let event = |event: &str| {
        format!(
            r#"<subProcess id="h{event}" triggeredByEvent="true">{}</subProcess>"#,
            start.replace(r#""n""#, &format!(r#""n{event}""#))
        )
    };
    refused(&file(&format!(r#"<task id="a"/>{}"#, event(""))), "n", "stands in a sub-process");
    refused(
        &file(&format!(r#"<subProcess id="ss"><task id="a"/>{}{}</subProcess>"#, event("1"), event("2"))),
        "h2",
        "two event sub-processes",
    );
    let (definition, problems) =
        good(&file(&format!(r#"<subProcess id="ss"><task id="a"/>{}</subProcess>"#, event(""))));
    assert_eq!(problems, Vec::new());
    assert!(definition.is_undone(definition.find("ss").unwrap()));
    refused(
        &file(r#"<intermediateCatchEvent id="n"><compensateEventDefinition/></intermediateCatchEvent>"#),
        "n",
        "boundary of an activity",
    );
}

fn throw(attributes: &str) -> String {
    format!(r#"<intermediateThrowEvent id="n"><compensateEventDefinition {attributes}/></intermediateThrowEvent>"#)
}

#[test]
fn what_a_compensation_event_reaches() {
    let activity = format!(r#"<task id="a"/>{}"#, UNDO.replace(r#""n""#, r#""a""#));
    let outcome = |attributes: &str| match node(&file(&format!("{activity}{}", throw(attributes)))).kind {
        NodeKind::Throw(outcome) => format!("{outcome:?}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(outcome(""), "Compensate { activity: None, wait: true }");
    assert_eq!(
        outcome(r#"activityRef="a" waitForCompletion="false""#),
        r#"Compensate { activity: Some("a"), wait: false }"#
    );
    let body = format!("{activity}{}", throw(r#"activityRef="gone""#));
    refused(&file(&body), "n", "no activity of the process");
    let inside = format!(r#"<subProcess id="xx">{activity}</subProcess>{}"#, throw(r#"activityRef="a""#));
    refused(&file(&inside), "n", "out of reach");
    let outside = format!(r#"{activity}<subProcess id="xx">{}</subProcess>"#, throw(r#"activityRef="a""#));
    refused(&file(&outside), "n", "out of reach");
    let event =
        r#"<startEvent id="b"><errorEventDefinition/></startEvent><sequenceFlow id="f" sourceRef="b" targetRef="n"/>"#;
    let event = format!(
        r#"{activity}<subProcess id="xx" triggeredByEvent="true">{event}{}</subProcess>"#,
        throw(r#"activityRef="a""#)
    );
    assert_eq!(good(&file(&event)).1, Vec::new());
    warned(&file(&format!(r#"<task id="a"/>{}"#, throw(r#"activityRef="a""#))), "n", "nothing undoes `a`");
}

#[test]
fn transactions_and_what_cancels_them() {
    let inside = r#"<task id="a"/><endEvent id="c"><cancelEventDefinition/></endEvent><sequenceFlow id="g" sourceRef="a" targetRef="c"/>"#;
    let boundary = r#"<boundaryEvent id="xx" attachedToRef="n"><cancelEventDefinition/></boundaryEvent>"#;
    let (definition, problems) = good(&line(&format!(r#"<transaction id="n">{inside}</transaction>{boundary}"#)));
    assert_eq!(problems, Vec::new());
    assert!(matches!(
        definition.node(definition.find("n").unwrap()).kind,
        NodeKind::SubProcess { transaction: true, event: false, .. }
    ));
    assert!(matches!(
        definition.node(definition.find("xx").unwrap()).kind,
        NodeKind::Boundary { trigger: Trigger::Cancel, interrupting: true, .. }
    ));
    warned(&line(&format!(r#"<transaction id="n">{inside}</transaction>"#)), "c", "nothing follows");
    let part = "boundary of a transaction, or be its end";
    refused(&line(&format!(r#"<subProcess id="n">{inside}</subProcess>"#)), "c", part);
    refused(&line(&format!(r#"<task id="n"/>{boundary}"#)), "xx", part);
    refused(&file(r#"<intermediateThrowEvent id="n"><cancelEventDefinition/></intermediateThrowEvent>"#), "n", part);
    refused(&file(r#"<intermediateCatchEvent id="n"><cancelEventDefinition/></intermediateCatchEvent>"#), "n", part);
    refused(&file(r#"<startEvent id="n"><cancelEventDefinition/></startEvent>"#), "n", part);
}

#[test]
fn complex_gateways() {
    let gateway = |inside: &str| {
        file(&format!(
            r#"<parallelGateway id="f"/><complexGateway id="n">{inside}</complexGateway><task id="z"/>
            <sequenceFlow id="a" sourceRef="f" targetRef="n"/><sequenceFlow id="b" sourceRef="f" targetRef="n"/><sequenceFlow id="c" sourceRef="n" targetRef="z"/>"#
        ))
    };
    let condition = "<activationCondition>activationCount >= 2</activationCondition>";
    assert_eq!(good(&gateway(condition)).1, Vec::new());
    let NodeKind::Complex { activation: Some(activation) } = node(&gateway(condition)).kind else { panic!() };
    assert_eq!(activation.text(), "activationCount >= 2");
    warned(&gateway(""), "n", "no activationCondition");
    refused(&gateway("<activationCondition>a +</activationCondition>"), "n", "activationCondition");
}

#[test]
fn several_events_of_one_element() {
    let paid = r#"<messageEventDefinition messageRef="m"/>"#;
    let alarm = r#"<signalEventDefinition signalRef="s"/>"#;
    let catch = |attributes: &str, inside: &str| {
        file(&format!(r#"<intermediateCatchEvent id="n" {attributes}>{inside}</intermediateCatchEvent>"#))
    };
    for (attributes, wanted) in [("", false), (r#"parallelMultiple="true""#, true)] {
        let NodeKind::Catch(Trigger::Several { all, parts }) = node(&catch(attributes, &format!("{paid}{alarm}"))).kind
        else {
            panic!()
        };
        assert_eq!((all, parts.len()), (wanted, 2));
    }
    assert!(matches!(node(&catch(r#"parallelMultiple="true""#, paid)).kind, NodeKind::Catch(Trigger::Message(_))));
    refused(&catch("", &format!("{paid}<errorEventDefinition/>")), "n", "boundary events");
    refused(&catch("", &format!(r#"{paid}<linkEventDefinition name="l"/>"#)), "n", "cannot be among several");
    refused(&catch("", &paid.repeat(21)), "n", "more than 20");
    let boundary = |attributes: &str, inside: &str| {
        line(&format!(r#"<task id="n"/><boundaryEvent id="b" attachedToRef="n" {attributes}>{inside}</boundaryEvent>"#))
    };
    assert_eq!(good(&boundary("", &format!("{paid}<errorEventDefinition/>"))).1, Vec::new());
    let all = r#"parallelMultiple="true""#;
    refused(&boundary(all, &format!("{paid}<errorEventDefinition/>")), "b", "must all come");
    refused(&boundary("", &format!("{paid}<compensateEventDefinition/>")), "b", "cannot be among several");
    let end = |inside: &str| {
        file(&format!(
            r#"<startEvent id="s0"/><endEvent id="n">{inside}</endEvent><sequenceFlow id="f" sourceRef="s0" targetRef="n"/>"#
        ))
    };
    let NodeKind::End(Outcome::Several(parts)) = node(&end(&format!("<terminateEventDefinition/>{paid}{alarm}"))).kind
    else {
        panic!()
    };
    assert!(matches!(parts.as_slice(), [Outcome::Message(_), Outcome::Signal(_), Outcome::Terminate]));
    refused(&end(r#"<terminateEventDefinition/><errorEventDefinition errorRef="e"/>"#), "n", "only one thing more");
    let throw = |inside: &str| file(&format!(r#"<intermediateThrowEvent id="n">{inside}</intermediateThrowEvent>"#));
    refused(&throw(&format!("{paid}<terminateEventDefinition/>")), "n", "only an end event");
    let start = file(&format!(r#"<startEvent id="a">{paid}{alarm}</startEvent><task id="a#1"/>"#));
    refused(&start, "a", "two elements have the id `a#1`");
}

#[test]
fn what_begins_a_process() {
    let catch = |id: &str| {
        format!(
            r#"<intermediateCatchEvent id="{id}"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>"#
        )
    };
    let gateway = |attributes: &str| {
        format!(
            r#"<eventBasedGateway id="n" {attributes}/>{}{}<sequenceFlow id="f" sourceRef="n" targetRef="a"/><sequenceFlow id="g" sourceRef="n" targetRef="b"/>"#,
            catch("a"),
            catch("b")
        )
    };
    for (attributes, begins) in
        [(r#"instantiate="true""#, Begins::One), (r#"instantiate="true" eventGatewayType="Parallel""#, Begins::All)]
    {
        let (definition, problems) = good(&file(&gateway(attributes)));
        assert_eq!(problems, Vec::new());
        let scope = definition.scope(ScopeIx(0));
        assert_eq!(definition.node(definition.find("n").unwrap()).begins, Some(begins));
        assert_eq!(scope.triggered_starts, ["a", "b"].map(|id| definition.find(id).unwrap()));
        assert_eq!(scope.starts, []);
    }
    let receive = r#"<receiveTask id="n" messageRef="m" instantiate="true"/>"#;
    let (definition, _) = good(&file(receive));
    assert_eq!(definition.beginnings(ScopeIx(0)).len(), 1);
    refused(&line(receive), "f1", "no incoming flow");
    refused(&file(&format!(r#"<task id="t"/><subProcess id="u">{receive}</subProcess>"#)), "n", "no sub-process");
    refused(
        &file(r#"<receiveTask id="n" messageRef="m" instantiate="true"><standardLoopCharacteristics/></receiveTask>"#),
        "n",
        "cannot be repeated",
    );
}
