//! Every element of the first version, as the model has it.

use super::*;

fn value(expression: &kernel::expression::Expression, vars: &serde_json::Value) -> serde_json::Value {
    expression.evaluate(&kernel::expression::Names::new().with("vars", vars)).unwrap()
}

fn event(tag: &str, attributes: &str, inside: &str) -> NodeKind {
    node(&file(&format!(r#"<startEvent id="begin"/><task id="host"/><{tag} id="n" {attributes}>{inside}</{tag}>"#)))
        .kind
}

#[test]
fn triggers() {
    let catch = |inside: &str| match event("intermediateCatchEvent", "", inside) {
        NodeKind::Catch(trigger) => format!("{trigger:?}"),
        other => panic!("{other:?}"),
    };
    let timer = |inside: &str| catch(&format!("<timerEventDefinition>{inside}</timerEventDefinition>"));
    for (trigger, expected) in [
        (catch(r#"<messageEventDefinition messageRef="m"/>"#), r#"Message(MessageRef { name: "Paid", key: None })"#),
        (
            catch(r#"<messageEventDefinition messageRef="m" v:correlationKey="vars.order"/>"#),
            r#"Message(MessageRef { name: "Paid", key: Some(Expression("vars.order")) })"#,
        ),
        (catch(r#"<signalEventDefinition signalRef="s"/>"#), r#"Signal("Alarm")"#),
        (
            catch("<conditionalEventDefinition><condition>${amount > 1}</condition></conditionalEventDefinition>"),
            r#"Conditional(Expression("amount > 1"))"#,
        ),
        (timer("<timeDuration>PT1H</timeDuration>"), r#"Timer(Duration(Text("PT1H")))"#),
        (timer("<timeDate>2026-03-01T09:00:00Z</timeDate>"), r#"Timer(Date(Text("2026-03-01T09:00:00Z")))"#),
        (timer("<timeCycle>R3/PT1H</timeCycle>"), r#"Timer(Cycle(Text("R3/PT1H")))"#),
        (timer("<timeCycle>0 9 * * 1</timeCycle>"), r#"Timer(Cycle(Text("0 9 * * 1")))"#),
        (timer("<timeDate>=vars.due</timeDate>"), r#"Timer(Date(Expression(Expression("vars.due"))))"#),
    ] {
        assert_eq!(trigger, expected);
    }
}

#[test]
fn outcomes() {
    let end = |inside: &str| match event("endEvent", "", inside) {
        NodeKind::End(outcome) => format!("{outcome:?}"),
        other => panic!("{other:?}"),
    };
    let throw = |inside: &str| match event("intermediateThrowEvent", "", inside) {
        NodeKind::Throw(outcome) => format!("{outcome:?}"),
        other => panic!("{other:?}"),
    };
    for (outcome, expected) in [
        (end(""), "None"),
        (end("<terminateEventDefinition/>"), "Terminate"),
        (end(r#"<errorEventDefinition errorRef="e"/>"#), r#"Error("E1")"#),
        (end(r#"<escalationEventDefinition escalationRef="x"/>"#), r#"Escalation("X1")"#),
        (end(r#"<messageEventDefinition messageRef="m"/>"#), r#"Message(MessageRef { name: "Paid", key: None })"#),
        (end(r#"<signalEventDefinition signalRef="s"/>"#), r#"Signal("Alarm")"#),
        (throw(""), "None"),
        (throw(r#"<signalEventDefinition signalRef="s"/>"#), r#"Signal("Alarm")"#),
        (throw(r#"<escalationEventDefinition escalationRef="x"/>"#), r#"Escalation("X1")"#),
        (throw(r#"<messageEventDefinition messageRef="m"/>"#), r#"Message(MessageRef { name: "Paid", key: None })"#),
    ] {
        assert_eq!(outcome, expected);
    }
}

#[test]
fn start_events_of_processes() {
    for (inside, expected) in [
        ("", "None"),
        (r#"<messageEventDefinition messageRef="m"/>"#, "Message"),
        ("<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>", "Timer"),
        (r#"<signalEventDefinition signalRef="s"/>"#, "Signal"),
        (
            "<conditionalEventDefinition><condition>record.stage == 'won'</condition></conditionalEventDefinition>",
            "Conditional",
        ),
    ] {
        let (definition, _) = good(&file(&format!(r#"<startEvent id="n">{inside}</startEvent>"#)));
        let scope = definition.scope(ScopeIx(0));
        let NodeKind::Start { trigger, interrupting: true } = &definition.node(NodeIx(0)).kind else {
            panic!("{inside}")
        };
        assert!(format!("{trigger:?}").starts_with(expected), "{trigger:?}");
        let plain = inside.is_empty();
        assert_eq!((scope.starts.len(), scope.triggered_starts.len()), (usize::from(plain), usize::from(!plain)));
    }
}

#[test]
fn boundary_events() {
    for (inside, attributes, interrupts) in [
        (r#"<messageEventDefinition messageRef="m"/>"#, "", true),
        (r#"<signalEventDefinition signalRef="s"/>"#, r#"cancelActivity="false""#, false),
        (
            "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
            r#"cancelActivity="true""#,
            true,
        ),
        (r#"<errorEventDefinition errorRef="e"/>"#, r#"cancelActivity="false""#, true),
        ("<errorEventDefinition/>", "", true),
        (r#"<escalationEventDefinition escalationRef="x"/>"#, r#"cancelActivity="false""#, false),
        ("<conditionalEventDefinition><condition>ok</condition></conditionalEventDefinition>", "", true),
    ] {
        let body = format!(
            r#"<startEvent id="b"/><boundaryEvent id="n" attachedToRef="host" {attributes}>{inside}</boundaryEvent><task id="host"/><sequenceFlow id="f" sourceRef="b" targetRef="host"/>"#
        );
        let (definition, problems) = good(&file(&body));
        assert_eq!(problems, Vec::new());
        let (n, host) = (definition.find("n").unwrap(), definition.find("host").unwrap());
        assert_eq!(definition.node(host).boundary, [n]);
        let NodeKind::Boundary { host: found, interrupting, .. } = definition.node(n).kind else { panic!() };
        assert_eq!((found, interrupting), (host, interrupts), "{inside}");
        assert!(definition.scope(ScopeIx(0)).starts.iter().all(|start| *start != n));
    }
}

#[test]
fn event_sub_processes() {
    let inner = |attributes: &str, inside: &str| {
        let body = format!(
            r#"<startEvent id="b"/><subProcess id="u" triggeredByEvent="true"><startEvent id="n" {attributes}>{inside}</startEvent><endEvent id="z"/>
            <sequenceFlow id="f" sourceRef="n" targetRef="z"/></subProcess>"#
        );
        let (definition, problems) = good(&file(&body));
        assert_eq!(problems, Vec::new());
        let u = definition.find("u").unwrap();
        assert_eq!(definition.scope(ScopeIx(0)).event_sub_processes, [u]);
        let NodeKind::SubProcess { scope, event: true, transaction: false } = definition.node(u).kind else { panic!() };
        assert_eq!(definition.scope(scope).owner, Some(u));
        assert_eq!(definition.scope(scope).triggered_starts, [definition.find("n").unwrap()]);
        let NodeKind::Start { interrupting, .. } = definition.node(definition.find("n").unwrap()).kind else {
            panic!()
        };
        interrupting
    };
    assert!(inner("", "<errorEventDefinition/>"));
    assert!(inner(r#"isInterrupting="false""#, r#"<errorEventDefinition errorRef="e"/>"#));
    assert!(!inner(r#"isInterrupting="false""#, "<escalationEventDefinition/>"));
    assert!(!inner(r#"isInterrupting="false""#, r#"<messageEventDefinition messageRef="m"/>"#));
    assert!(inner(
        r#"isInterrupting="true""#,
        "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
    ));
}

#[test]
fn gateways_and_flows() {
    let body = r#"<startEvent id="b"/><exclusiveGateway id="n" default="f2"/><parallelGateway id="q"/><inclusiveGateway id="i"/><endEvent id="z"/>
        <sequenceFlow id="f0" sourceRef="b" targetRef="n"/>
        <sequenceFlow id="f1" name="big" sourceRef="n" targetRef="q"><conditionExpression xsi:type="tFormalExpression">${amount gt 100}</conditionExpression></sequenceFlow>
        <sequenceFlow id="f2" sourceRef="n" targetRef="i"/>
        <sequenceFlow sourceRef="q" targetRef="z"/><sequenceFlow sourceRef="q" targetRef="z"/><sequenceFlow id="f5" sourceRef="i" targetRef="z"/>"#;
    let (definition, problems) = good(&file(body));
    assert_eq!(problems, Vec::new());
    let n = definition.node(definition.find("n").unwrap());
    assert!(matches!(n.kind, NodeKind::Exclusive));
    let ids = |flows: &[FlowIx]| flows.iter().map(|flow| definition.flow(*flow).id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&n.outgoing), ["f1", "f2"]);
    assert_eq!(n.default.map(|flow| definition.flow(flow).id.to_string()), Some("f2".to_owned()));
    let condition = definition.flow(n.outgoing[0]).condition.as_ref().unwrap();
    assert_eq!(value(condition, &serde_json::json!({"amount": 101})), serde_json::json!(true));
    assert_eq!(ids(&definition.node(definition.find("q").unwrap()).outgoing), ["q->z", "q->z#2"]);
    assert_eq!(definition.node(definition.find("z").unwrap()).incoming.len(), 3);
    let race = r#"<startEvent id="b"/><eventBasedGateway id="n"/><receiveTask id="r" messageRef="m"/><intermediateCatchEvent id="c"><signalEventDefinition signalRef="s"/></intermediateCatchEvent>
        <sequenceFlow id="f" sourceRef="b" targetRef="n"/><sequenceFlow id="f1" sourceRef="n" targetRef="r"/><sequenceFlow id="f2" sourceRef="n" targetRef="c"/>"#;
    assert!(matches!(node(&file(race)).kind, NodeKind::EventBased));
}

#[test]
fn tasks() {
    assert!(matches!(node(&line(r#"<task id="n"/>"#)).kind, NodeKind::Abstract));
    assert!(matches!(node(&line(r#"<manualTask id="n"/>"#)).kind, NodeKind::User(_)));
    assert!(
        matches!(node(&line(r#"<receiveTask id="n" messageRef="m"/>"#)).kind, NodeKind::Receive(it) if it.name == "Paid")
    );
    assert!(
        matches!(node(&line(r#"<sendTask id="n" messageRef="m"/>"#)).kind, NodeKind::Send(it) if it.name == "Paid")
    );
    let NodeKind::Script { expression, result } =
        node(&line(r#"<scriptTask id="n" scriptFormat="cel" v:resultVariable="sum"><script><![CDATA[ a + 1 ]]></script></scriptTask>"#)).kind
    else {
        panic!()
    };
    assert_eq!(
        (value(&expression, &serde_json::json!({"a": 2})), result.as_deref()),
        (serde_json::json!(3), Some("sum"))
    );
    let NodeKind::Script { expression, result } =
        node(&line(r#"<businessRuleTask id="n" v:expression="a > 1 ? 'big' : 'small'" v:resultVariable="size"/>"#))
            .kind
    else {
        panic!()
    };
    assert_eq!(
        (value(&expression, &serde_json::json!({"a": 2})), result.as_deref()),
        (serde_json::json!("big"), Some("size"))
    );
    let service = r#"<serviceTask id="n" v:service="email" v:resultVariable="sent" v:retries="5"><documentation>Says thanks</documentation><extensionElements>
        <v:param name="to">=record.email</v:param><v:param name="text"> Hello ${name} </v:param><v:param name="subject" value="Hi"/></extensionElements></serviceTask>"#;
    let read = node(&line(service));
    assert_eq!(read.documentation, "Says thanks");
    let NodeKind::Service(service) = read.kind else { panic!() };
    assert_eq!((service.kind.as_str(), service.result.as_deref(), service.retries), ("email", Some("sent"), 5));
    let parameters: Vec<String> = service.parameters.iter().map(|(name, value)| format!("{name} {value:?}")).collect();
    assert_eq!(
        parameters,
        [r#"to Expression(Expression("record.email"))"#, r#"text Text("Hello ${name}")"#, r#"subject Text("Hi")"#]
    );
    let NodeKind::Service(plugin) = node(&line(r#"<sendTask id="n" v:service="plugin:acme.sms/send"/>"#)).kind else {
        panic!()
    };
    assert_eq!((plugin.kind.as_str(), plugin.retries), ("plugin:acme.sms/send", 3));
}

#[test]
fn calls_and_sub_processes() {
    for (attributes, expected) in [
        ("", Binding::Deployment),
        (r#"v:binding="latest""#, Binding::Latest),
        (r#"v:binding="deployment""#, Binding::Deployment),
        (r#"v:binding="version" v:version="3""#, Binding::Version(3)),
        (r#"v:binding="4""#, Binding::Version(4)),
    ] {
        let NodeKind::Call { process, binding } =
            node(&line(&format!(r#"<callActivity id="n" calledElement="q" {attributes}/>"#))).kind
        else {
            panic!()
        };
        assert_eq!((process.as_str(), binding), ("q", expected));
    }
    let body = r#"<startEvent id="b"/><subProcess id="n"><dataObject id="d" name="draft"/><task id="t"/><subProcess id="deep"><task id="u"/></subProcess></subProcess>
        <property id="o" name="count"/><sequenceFlow id="f" sourceRef="b" targetRef="n"/>"#;
    let (definition, _) = good(&file(body));
    let NodeKind::SubProcess { scope, event: false, transaction: false } =
        definition.node(definition.find("n").unwrap()).kind
    else {
        panic!()
    };
    let inside = definition.scope(scope);
    assert_eq!(
        (inside.parent, inside.process, inside.data.as_slice()),
        (Some(ScopeIx(0)), 0, &["draft".to_owned()][..])
    );
    assert_eq!(inside.starts, [definition.find("t").unwrap(), definition.find("deep").unwrap()]);
    assert_eq!(definition.scope(ScopeIx(0)).data, ["count"]);
    assert_eq!(definition.node(definition.find("u").unwrap()).scope, ScopeIx(2));
}

#[test]
fn loops() {
    let repeat = |inside: &str| node(&line(&format!(r#"<task id="n">{inside}</task>"#))).repeat.unwrap();
    let Repeat::Loop { condition, test_before, max } = repeat(
        r#"<standardLoopCharacteristics testBefore="true" loopMaximum="3"><loopCondition>again</loopCondition></standardLoopCharacteristics>"#,
    ) else {
        panic!()
    };
    assert_eq!((condition.unwrap().text(), test_before, max), ("again", true, Some(3)));
    let vars =
        serde_json::json!({"list": [1, 2], "numberOfCompletedInstances": 1, "numberOfInstances": 2, "out": 5, "n": 3});
    let members = |characteristics: &str, inside: &str| match repeat(&format!(
        "<multiInstanceLoopCharacteristics {characteristics}>{inside}</multiInstanceLoopCharacteristics>"
    )) {
        Repeat::Multi { sequential, over, completion, output } => {
            let over = match over {
                Over::Count(count) => value(&count, &vars).to_string(),
                Over::Collection { list, item } => format!("{item} of {}", value(&list, &vars)),
            };
            let completion = completion.map(|it| value(&it, &vars));
            (sequential, over, completion, output.map(|(list, item)| format!("{list} {}", value(&item, &vars))))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(members("", "<loopCardinality>3</loopCardinality>"), (false, "3".to_owned(), None, None));
    assert_eq!(
        members(r#"isSequential="true""#, "<loopCardinality>${n}</loopCardinality>"),
        (true, "3".to_owned(), None, None)
    );
    assert_eq!(members(r#"v:collection="vars.list" v:item="line""#, "").1, "line of [1,2]");
    assert_eq!(members(r#"v:collection="list""#, "").1, "item of [1,2]");
    let standard = r#"<loopDataInputRef>list</loopDataInputRef><loopDataOutputRef>results</loopDataOutputRef><inputDataItem id="i" name="line"/><outputDataItem id="o" name="out"/>
        <completionCondition>numberOfCompletedInstances >= 1</completionCondition>"#;
    let expected = (false, "line of [1,2]".to_owned(), Some(serde_json::json!(true)), Some("results 5".to_owned()));
    assert_eq!(members("", standard), expected);
    let camunda = r#"camunda:collection="list" camunda:elementVariable="line""#;
    let completion = "<completionCondition>${nrOfCompletedInstances / nrOfInstances >= 0.5}</completionCondition>";
    assert_eq!(members(camunda, completion), (false, "line of [1,2]".to_owned(), Some(serde_json::json!(true)), None));
    let zeebe = r#"<extensionElements><zeebe:loopCharacteristics inputCollection="=list" inputElement="line" outputCollection="results" outputElement="=out"/></extensionElements>"#;
    assert_eq!(members("", zeebe), (false, "line of [1,2]".to_owned(), None, Some("results 5".to_owned())));
}

#[test]
fn a_loop_over_a_data_object_uses_its_name() {
    let body = r#"<startEvent id="b"/><dataObject id="d1"/><dataObjectReference id="r1" dataObjectRef="d1" name="Строки"/>
        <task id="n"><multiInstanceLoopCharacteristics><loopDataInputRef>r1</loopDataInputRef><inputDataItem name="строка"/></multiInstanceLoopCharacteristics></task>
        <sequenceFlow id="f" sourceRef="b" targetRef="n"/>"#;
    let Some(Repeat::Multi { over: Over::Collection { list, item }, .. }) = node(&file(body)).repeat else { panic!() };
    assert_eq!((item.as_str(), value(&list, &serde_json::json!({"Строки": [7]}))), ("строка", serde_json::json!([7])));
    assert_eq!(good(&file(body)).0.scope(ScopeIx(0)).data, ["Строки"]);
}

#[test]
fn links_lanes_and_implicit_starts() {
    let body = r#"<laneSet><lane id="l1" name="Sales"><flowNodeRef>a</flowNodeRef><flowNodeRef>t</flowNodeRef><childLaneSet><lane id="l2" name="Juniors"><flowNodeRef>a</flowNodeRef></lane></childLaneSet></lane></laneSet>
        <task id="a"/><intermediateThrowEvent id="t"><linkEventDefinition name="go"/></intermediateThrowEvent>
        <intermediateCatchEvent id="c"><linkEventDefinition name="go"/></intermediateCatchEvent><task id="z"/>
        <sequenceFlow id="f1" sourceRef="a" targetRef="t"/><sequenceFlow id="f2" sourceRef="c" targetRef="z"/>"#;
    let (definition, problems) = good(&file(body));
    assert_eq!(problems, Vec::new());
    assert_eq!(definition.scope(ScopeIx(0)).starts, [definition.find("a").unwrap()]);
    assert_eq!(definition.node(definition.find("a").unwrap()).lane, "Juniors");
    assert_eq!(definition.node(definition.find("t").unwrap()).lane, "Sales");
    warned(&file(&body.replace("<flowNodeRef>t</flowNodeRef>", "<flowNodeRef>gone</flowNodeRef>")), "l1", "`gone`");
}

#[test]
fn several_processes_in_one_file() {
    let file = |attributes: [&str; 3]| {
        let process =
            |n: usize| format!(r#"<process id="p{n}" name="P{n}" {}><startEvent id="s{n}"/></process>"#, attributes[n]);
        format!(
            r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><collaboration id="c"><participant id="a0" processRef="p0"/><participant id="a1" processRef="p1"/>
            <participant id="box" name="Client"/><messageFlow id="mf" sourceRef="box" targetRef="s0"/></collaboration>{}{}{}</definitions>"#,
            process(0),
            process(1),
            process(2)
        )
    };
    let executable = |attributes: [&str; 3]| {
        let (definition, _) = good(&file(attributes));
        let marks: Vec<bool> = definition.processes.iter().map(|process| process.executable).collect();
        (definition.key, definition.name, marks)
    };
    let (yes, no) = (r#"isExecutable="true""#, r#"isExecutable="false""#);
    let answer = |key: &str, marks: [bool; 3]| (key.to_owned(), key.to_uppercase(), marks.to_vec());
    assert_eq!(executable([yes, yes, yes]), answer("p0", [true; 3]));
    assert_eq!(executable([no, yes, ""]), answer("p1", [false, true, true]));
    assert_eq!(executable([no, no, no]), answer("p0", [true; 3]));
    warned(&file([no, yes, yes]), "p0", "not executable");
}

#[test]
fn fingerprints_are_of_bytes() {
    assert_eq!(fingerprint(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_ne!(fingerprint(b"<a/>"), fingerprint(b"<a />"));
}
