//! Elements that cannot be executed are refused by id and reason; what is doubtful is a warning.

use super::*;

#[test]
fn elements_outside_the_supported_set() {
    for (element, part) in [
        (r#"<adHocSubProcess id="n"/>"#, "ad-hoc sub-processes are not supported"),
        (r#"<choreographyTask id="n"/>"#, "choreographies"),
        (r#"<implicitThrowEvent id="n"/>"#, "implicit throw events"),
        (r#"<somethingElse id="n"/>"#, "not known"),
        (r#"<eventBasedGateway id="n" eventGatewayType="Parallel"/>"#, "only where it begins the process"),
    ] {
        refused(&file(element), "n", part);
    }
}

#[test]
fn events_that_make_no_sense() {
    let timer = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>";
    for (element, part) in [
        (r#"<startEvent id="n"><errorEventDefinition/></startEvent>"#.to_owned(), "event sub-process"),
        (r#"<startEvent id="n"><linkEventDefinition name="l"/></startEvent>"#.to_owned(), "cannot be a link"),
        (format!(r#"<subProcess id="u"><startEvent id="n">{timer}</startEvent></subProcess>"#), "begins plainly"),
        (r#"<subProcess id="u" triggeredByEvent="true"><startEvent id="n"/></subProcess>"#.to_owned(), "needs an event"),
        (r#"<intermediateCatchEvent id="n"/>"#.to_owned(), "waits for nothing"),
        (r#"<intermediateCatchEvent id="n"><errorEventDefinition/></intermediateCatchEvent>"#.to_owned(), "boundary events"),
        (r#"<intermediateThrowEvent id="n"><terminateEventDefinition/></intermediateThrowEvent>"#.to_owned(), "only an end event"),
        (r#"<intermediateThrowEvent id="n"><errorEventDefinition/></intermediateThrowEvent>"#.to_owned(), "only an end event"),
        (format!(r#"<endEvent id="n">{timer}</endEvent>"#), "not thrown"),
        (r#"<endEvent id="n"><linkEventDefinition name="l"/></endEvent>"#.to_owned(), "cannot be a link"),
        (format!(r#"<startEvent id="h"/><boundaryEvent id="n" attachedToRef="h">{timer}</boundaryEvent>"#), "no activity"),
        (r#"<task id="h"/><boundaryEvent id="n" attachedToRef="h"/>"#.to_owned(), "waits for nothing"),
        (format!(r#"<boundaryEvent id="n">{timer}</boundaryEvent>"#), "attachedToRef is missing"),
        (format!(r#"<subProcess id="u"><task id="h"/></subProcess><boundaryEvent id="n" attachedToRef="h">{timer}</boundaryEvent>"#), "another process or sub-process"),
        (r#"<intermediateThrowEvent id="n"><linkEventDefinition name="l"/></intermediateThrowEvent>"#.to_owned(), "no link catch event"),
        (r#"<intermediateCatchEvent id="h"><linkEventDefinition name="l"/></intermediateCatchEvent><intermediateCatchEvent id="n"><linkEventDefinition name="l"/></intermediateCatchEvent>"#.to_owned(), "two link catch"),
        (r#"<intermediateCatchEvent id="n"><messageEventDefinition/></intermediateCatchEvent>"#.to_owned(), "messageRef is missing"),
        (r#"<intermediateCatchEvent id="n"><signalEventDefinition/></intermediateCatchEvent>"#.to_owned(), "signalRef is missing"),
        (r#"<intermediateCatchEvent id="n"><timerEventDefinition/></intermediateCatchEvent>"#.to_owned(), "exactly one of"),
        (r#"<intermediateCatchEvent id="n"><timerEventDefinition><timeDuration>soon</timeDuration></timerEventDefinition></intermediateCatchEvent>"#.to_owned(), "not an ISO 8601 duration"),
        (r#"<intermediateCatchEvent id="n"><timerEventDefinition><timeDate>soon</timeDate></timerEventDefinition></intermediateCatchEvent>"#.to_owned(), "not a date or time"),
        (r#"<intermediateCatchEvent id="n"><timerEventDefinition><timeCycle>soon</timeCycle></timerEventDefinition></intermediateCatchEvent>"#.to_owned(), "timeCycle"),
        (r#"<intermediateCatchEvent id="n"><conditionalEventDefinition><condition>a &gt;</condition></conditionalEventDefinition></intermediateCatchEvent>"#.to_owned(), "condition"),
        (r#"<eventBasedGateway id="n"/><task id="h"/><sequenceFlow id="f" sourceRef="n" targetRef="h"/>"#.to_owned(), "neither a catch event nor a receive task"),
    ] {
        refused(&file(&element), "n", part);
    }
    refused(
        &file(r#"<task id="a"/><endEvent id="b"/><sequenceFlow id="f" sourceRef="b" targetRef="a"/>"#),
        "f",
        "no outgoing",
    );
    refused(
        &file(r#"<task id="a"/><startEvent id="b"/><sequenceFlow id="f" sourceRef="a" targetRef="b"/>"#),
        "f",
        "no incoming",
    );
    let event = r#"<task id="a"/><subProcess id="b" triggeredByEvent="true"><startEvent id="c"><signalEventDefinition signalRef="s"/></startEvent></subProcess>"#;
    refused(&file(&format!(r#"{event}<sequenceFlow id="f" sourceRef="a" targetRef="b"/>"#)), "f", "has no flows");
    refused(
        &file(r#"<startEvent id="a"/><subProcess id="b" triggeredByEvent="true"><task id="c"/></subProcess>"#),
        "b",
        "exactly one start event",
    );
    refused(&file(r#"<startEvent id="a"/><subProcess id="b"/>"#), "b", "nowhere to begin");
}

#[test]
fn activities_that_say_too_little() {
    for (element, part) in [
        (r#"<serviceTask id="n"/>"#, "says nothing we can run"),
        (r#"<serviceTask id="n" camunda:delegateExpression="${x}"/>"#, "says nothing we can run"),
        (r#"<serviceTask id="n" v:service="fly"/>"#, "`fly` is not known"),
        (r#"<serviceTask id="n" v:service="email" v:retries="0"/>"#, "v:retries"),
        (
            r#"<serviceTask id="n" v:service="email"><extensionElements><v:param>x</v:param></extensionElements></serviceTask>"#,
            "no name",
        ),
        (
            r#"<serviceTask id="n" v:service="email"><extensionElements><v:param name="to">=(</v:param></extensionElements></serviceTask>"#,
            "v:param `to`",
        ),
        (
            r#"<serviceTask id="n" v:service="email"><extensionElements><v:param name="to">a</v:param><v:param name="to">b</v:param></extensionElements></serviceTask>"#,
            "given twice",
        ),
        (r#"<scriptTask id="n"/>"#, "no script"),
        (r#"<scriptTask id="n" scriptFormat="javascript"><script>1</script></scriptTask>"#, "`javascript` are not run"),
        (r#"<scriptTask id="n"><script>var x = 1;</script></scriptTask>"#, "script"),
        (r#"<scriptTask id="n"><script>vars.list.matches('a')</script></scriptTask>"#, "`matches` is not available"),
        (r#"<businessRuleTask id="n" camunda:decisionRef="d"/>"#, "v:expression"),
        (r#"<sendTask id="n"/>"#, "sends nothing"),
        (r#"<receiveTask id="n"/>"#, "messageRef is missing"),
        (r#"<callActivity id="n"/>"#, "calledElement is missing"),
        (r#"<callActivity id="n" calledElement="${x}"/>"#, "is an expression"),
        (r#"<callActivity id="n" calledElement="q" v:binding="newest"/>"#, "v:binding"),
        (r#"<task id="n"><multiInstanceLoopCharacteristics/></task>"#, "does not say over what"),
        (r#"<task id="n"><standardLoopCharacteristics/><multiInstanceLoopCharacteristics/></task>"#, "keep one"),
        (r#"<task id="n"><standardLoopCharacteristics loopMaximum="0"/></task>"#, "loopMaximum"),
        (
            r#"<task id="n"><standardLoopCharacteristics><loopCondition>a &gt;</loopCondition></standardLoopCharacteristics></task>"#,
            "loopCondition",
        ),
    ] {
        refused(&line(element), "n", part);
    }
}

#[test]
fn conditions_are_checked_at_deployment() {
    let condition = |text: &str| {
        file(&format!(
            r#"<exclusiveGateway id="g"/><task id="a"/><sequenceFlow id="f" sourceRef="g" targetRef="a"><conditionExpression>{text}</conditionExpression></sequenceFlow>"#
        ))
    };
    for text in ["amount &gt;", "${bean.call(x)}", "import os", "nobody(1)"] {
        refused(&condition(text), "f", "condition");
    }
    refused(
        &condition("true").replace("<conditionExpression", r#"<conditionExpression language="groovy""#),
        "f",
        "not run",
    );
    warned(&condition(""), "f", "empty");
}

#[test]
fn doubts_are_warnings() {
    warned(&line(r#"<userTask id="n"/>"#), "n", "no name");
    warned(&line(r#"<userTask id="n" name="N" v:durration="PT1H"/>"#), "n", "`v:durration` is not known");
    warned(&line(r#"<scriptTask id="n"><script>1 + 1</script></scriptTask>"#), "n", "goes nowhere");
    warned(&line(r#"<task id="n"/><task id="lost"/>"#), "lost", "nothing leads here");
    warned(&line(r#"<task id="n"><standardLoopCharacteristics/></task>"#), "n", "ends only by an event");
    let split = |gateway: &str, first: &str, second: &str| {
        file(&format!(
            r#"<startEvent id="s0"/><{gateway} id="g"/><task id="a"/><task id="b"/><parallelGateway id="j"/><endEvent id="z"/>
            <sequenceFlow id="f0" sourceRef="s0" targetRef="g"/>
            <sequenceFlow id="f1" sourceRef="g" targetRef="a">{first}</sequenceFlow><sequenceFlow id="f2" sourceRef="g" targetRef="b">{second}</sequenceFlow>
            <sequenceFlow id="f3" sourceRef="a" targetRef="j"/><sequenceFlow id="f4" sourceRef="b" targetRef="j"/>
            <sequenceFlow id="f5" sourceRef="j" targetRef="z"/>"#
        ))
    };
    let (yes, no) = ("<conditionExpression>ok</conditionExpression>", "<conditionExpression>!ok</conditionExpression>");
    warned(&split("exclusiveGateway", yes, no), "j", "would wait for ever");
    warned(&split("exclusiveGateway", yes, no), "g", "no default flow");
    warned(&split("exclusiveGateway", yes, ""), "f2", "no condition");
    warned(&split("parallelGateway", yes, ""), "f1", "mean nothing");
    assert_eq!(good(&split("parallelGateway", "", "")).1, Vec::new());
}
