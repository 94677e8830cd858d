//! Several events of one element (BPMN 10.5.6): one of them, or all of them; and events that begin an instance
//! (BPMN 13.2, 13.4.4).

use super::{check, read, run};

const PAID: &str = "<messageEventDefinition messageRef='m1'/>";
const ALARM: &str = "<signalEventDefinition signalRef='s1'/>";
const HOUR: &str = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>";

fn several(tag: &str, attributes: &str) -> String {
    format!("<{tag} {attributes}>{PAID}{HOUR}</{tag}>")
}

fn caught(attributes: &str) -> String {
    format!("<startEvent id='s'/>{}<userTask id='z'/>\n> s c z", several("intermediateCatchEvent", attributes))
}

#[test]
fn the_first_of_several_events_is_enough() {
    check(
        &caught("id='c'"),
        "start  => s ?c @c
         come c => -c c +z
         come z => z END",
    );
    check(
        &caught("id='c'"),
        "start    => s ?c @c
         due c#1  => -c c +z",
    );
    check(
        &caught("id='c'"),
        "start  => s ?c @c
         cancel => -c -c ~c END",
    );
}

#[test]
fn all_of_several_events_must_come() {
    check(
        &caught("id='c' parallelMultiple='true'"),
        "start        => s ?c @c
         come c x=1   =>
         get x        => 1
         due c        => c +z",
    );
    check(
        &caught("id='c' parallelMultiple='true'"),
        "start    => s ?c @c
         due c#1  =>
         come c   => c +z",
    );
    check(
        &caught("id='c' parallelMultiple='true'"),
        "start   => s ?c @c
         due c#1 =>
         cancel  => -c ~c END",
    );
}

#[test]
fn conditions_are_among_them() {
    let condition = "<conditionalEventDefinition><condition>vars.ok</condition></conditionalEventDefinition>";
    check(
        &format!(
            "<startEvent id='s'/><intermediateCatchEvent id='c' parallelMultiple='true'>{PAID}{condition}</intermediateCatchEvent><userTask id='z'/>\n> s c z"
        ),
        "start ok=false => s ?c
         set ok=true    =>
         set ok=false   =>
         come c         => c +z",
    );
}

fn boundary(attributes: &str) -> String {
    format!(
        "<startEvent id='s'/><userTask id='a'/>{}<userTask id='z'/>
         > s a
         > c z",
        several("boundaryEvent", &format!("id='c' attachedToRef='a' {attributes}"))
    )
}

#[test]
fn at_the_boundary_of_an_activity() {
    check(
        &boundary(""),
        "start  => s +a ?c @c
         come c => -a -c ~a c +z",
    );
    check(
        &boundary("cancelActivity='false'"),
        "start   => s +a ?c @c
         come c  => c +z
         due c#1 => c +z
         come c  => c +z
         come a  => -c a",
    );
    check(
        &boundary("parallelMultiple='true'"),
        "start  => s +a ?c @c
         come c =>
         due c  => -a ~a c +z",
    );
    check(
        &boundary("parallelMultiple='true' cancelActivity='false'"),
        "start    => s +a ?c @c
         come c   =>
         due c    => ?c @c c +z
         due c#1  =>
         come c   => ?c @c c +z
         come a   => -c -c a",
    );
}

#[test]
fn an_error_may_be_one_of_them() {
    check(
        "<startEvent id='s'/><userTask id='a'/><boundaryEvent id='c' attachedToRef='a'><messageEventDefinition messageRef='m1'/><errorEventDefinition errorRef='e1'/></boundaryEvent><userTask id='z'/>
         > s a
         > c z",
        "start      => s +a ?c
         error a E1 => -a -c !a c +z",
    );
}

#[test]
fn behind_an_event_based_gateway() {
    let body = |attributes: &str| {
        format!(
            "<startEvent id='s'/><eventBasedGateway id='g'/>{}<intermediateCatchEvent id='d'>{ALARM}</intermediateCatchEvent><userTask id='z'/>
             > s g c z
             > g d",
            several("intermediateCatchEvent", attributes)
        )
    };
    check(
        &body("id='c'"),
        "start  => s g ?c @c ?d
         come c => -c -d c +z",
    );
    check(
        &body("id='c'"),
        "start  => s g ?c @c ?d
         come d => -c -c d END",
    );
    check(
        &body("id='c' parallelMultiple='true'"),
        "start  => s g ?c @c ?d
         come c =>
         due c  => -d c +z",
    );
}

#[test]
fn at_the_start_of_an_event_sub_process() {
    let body = |attributes: &str| {
        format!(
            "<startEvent id='s'/><userTask id='a'/><subProcess id='h' triggeredByEvent='true'>{}<userTask id='z'/>
               > c z
             </subProcess>
             > s a",
            several("startEvent", attributes)
        )
    };
    check(
        &body("id='c' parallelMultiple='true'"),
        "start  => ?c @c s +a
         come c =>
         due c  => -a ~a c +z
         come z => z h END",
    );
    check(
        &body("id='c' isInterrupting='false'"),
        "start  => ?c @c s +a
         come c => c +z
         come z => z h
         come a => a -c -c END",
    );
}

#[test]
fn one_event_throws_several() {
    check(
        &format!(
            "<startEvent id='s'/><intermediateThrowEvent id='t'>{PAID}<signalEventDefinition signalRef='s2'/></intermediateThrowEvent>
             <userTask id='a'/><parallelGateway id='f'/><endEvent id='e'>{ALARM}<terminateEventDefinition/></endEvent>
             > s f t e
             > f a"
        ),
        "start => s f msg:paid sig:calm t +a sig:alarm e -? ~a END",
    );
}

#[test]
fn a_gateway_begins_an_instance_with_one_of_its_events() {
    check(
        &format!(
            "<eventBasedGateway id='g' instantiate='true'/><intermediateCatchEvent id='c'>{PAID}</intermediateCatchEvent><intermediateCatchEvent id='d'>{ALARM}</intermediateCatchEvent><userTask id='z'/>
             > g c z
             > g d z"
        ),
        "start at d x=1 => g d +z
         come z         => z END",
    );
}

#[test]
fn a_parallel_gateway_waits_for_the_others_in_the_instance() {
    check(
        &format!(
            "<eventBasedGateway id='g' instantiate='true' eventGatewayType='Parallel'/>
             <intermediateCatchEvent id='c'>{PAID}</intermediateCatchEvent><intermediateCatchEvent id='d'>{ALARM}</intermediateCatchEvent><receiveTask id='r' messageRef='m2'/>
             <parallelGateway id='j'/><userTask id='z'/>
             > g c j z
             > g d j
             > g r j"
        ),
        "start at d => g d ?c ?r
         come r     => r
         come c     => c j +z
         come z     => z END",
    );
}

#[test]
fn a_receive_task_begins_an_instance() {
    check("<receiveTask id='r' messageRef='m1' instantiate='true'/><userTask id='z'/>\n> r z", "start at r => r +z");
}

#[test]
fn a_start_waits_for_all_of_its_events_in_the_instance() {
    let body = format!("{}<userTask id='z'/>\n> c z", several("startEvent", "id='c' parallelMultiple='true'"));
    check(
        &body,
        "start at c#0 => @c
         due c        => c +z
         come z       => z END",
    );
    check(
        &body,
        "start at c#1 => ?c
         come c       => c +z",
    );
    let any = format!("{}<userTask id='z'/>\n> c z", several("startEvent", "id='c'"));
    check(&any, "start at c#1 => c +z");
    check(&any, "start at c#2 => stale");
    let names: Vec<String> = {
        let definition = read(&any);
        definition.beginnings(definition.processes[0].scope).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names, ["c#0", "c#1"]);
}

#[test]
fn a_dry_run_goes_past_what_must_all_come() {
    let body = format!("{}<userTask id='z'/>\n> c z", several("startEvent", "id='c' parallelMultiple='true'"));
    let definition = read(&body);
    let bench = run(&definition, "start at c#0");
    assert_eq!(bench.state.waits.len(), 1);
}
