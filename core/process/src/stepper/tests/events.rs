//! Events (BPMN 13.5): caught, thrown, on boundaries, in event sub-processes.

use super::check;

/// `a` with one boundary event of this kind, `b` behind it.
fn boundary(event: &str, interrupting: bool) -> String {
    format!(
        "<startEvent id='s'/><userTask id='a'/><userTask id='b'/><endEvent id='e'/>
         <boundaryEvent id='t' attachedToRef='a' cancelActivity='{interrupting}'>{event}</boundaryEvent>
         > s a e
         > t b"
    )
}

const TIMER: &str = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>";
const CYCLE: &str = "<timerEventDefinition><timeCycle>R2/PT1H</timeCycle></timerEventDefinition>";
const MESSAGE: &str = "<messageEventDefinition messageRef='m1'/>";
const SIGNAL: &str = "<signalEventDefinition signalRef='s1'/>";
const CONDITION: &str = "<conditionalEventDefinition><condition>vars.x > 1</condition></conditionalEventDefinition>";
const ESCALATION: &str = "<escalationEventDefinition escalationRef='x1'/>";
const ERROR: &str = "<errorEventDefinition errorRef='e1'/>";

#[test]
fn interrupting_boundary_events_cancel_their_activity() {
    check(&boundary(TIMER, true), "start => s +a @t\n due t => -a ~a t +b\n come b => b END");
    check(&boundary(CYCLE, true), "start => s +a @t\n due t => -a ~a t +b");
    check(&boundary(MESSAGE, true), "start => s +a ?t\n come t x=1 => -a ~a t +b\n get x => 1");
    check(&boundary(SIGNAL, true), "start => s +a ?t\n come t => -a ~a t +b");
    check(&boundary(CONDITION, true), "start x=1 => s +a\n set x=2 => -a ~a t +b");
    check(&boundary(ESCALATION, true), "start => s +a\n escalate a X1 => -a ~a t +b");
    check(&boundary(ERROR, true), "start => s +a\n error a E1 y=3 => -a !a t +b\n get y => 3");
}

#[test]
fn boundary_events_end_with_their_activity() {
    check(&boundary(TIMER, true), "start => s +a @t\n come a => -t a e END");
    check(&boundary(CYCLE, false), "start => s +a @t\n come a => -t a e END");
    check(&boundary(MESSAGE, false), "start => s +a ?t\n come a => -t a e END");
    check(&boundary(CONDITION, false), "start x=1 => s +a\n come a => -t a e END");
    check(&boundary(SIGNAL, true), "start => s +a ?t\n cancel => -a -t ~a END");
}

#[test]
fn boundary_events_that_do_not_interrupt_stay_armed() {
    check(
        &boundary(MESSAGE, false),
        "start => s +a ?t\n come t => t +b\n come t => t +b\n come b => b\n come b => b\n come a => -t a e END",
    );
    check(&boundary(SIGNAL, false), "start => s +a ?t\n come t => t +b\n come a => -t a e\n come b => b END");
    check(
        &boundary(ESCALATION, false),
        "start => s +a\n escalate a X1 => t +b\n escalate a X1 => t +b\n come a => a e",
    );
}

#[test]
fn a_duration_comes_once_and_a_cycle_as_often_as_it_says() {
    check(&boundary(TIMER, false), "start => s +a @t\n due t => t +b\n come a => a e\n come b => b END");
    check(&boundary(CYCLE, false), "start => s +a @t\n due t => @t t +b\n due t => t +b\n come a => a e");
}

#[test]
fn a_condition_comes_when_it_turns_true() {
    check(
        &boundary(CONDITION, false),
        "start x=2 => s +a t +b
         set x=3   =>
         set x=1   =>
         set x=2   => t +b
         come a    => -t a e",
    );
}

#[test]
fn a_condition_that_cannot_be_answered_is_an_incident_that_passes() {
    check(
        &boundary(CONDITION, true),
        "start     => s +a #t
         set y=1   =>
         set x=1   => =t
         set x='a' => #t
         come a    => =t -t a e END",
    );
    check(&boundary(CONDITION, true), "start => s +a #t\n skip t => =t -t -a ~a t +b");
    check(&boundary(CONDITION, true), "start => s +a #t\n retry t => =t #t");
}

#[test]
fn conditions_see_the_record() {
    let event = "<conditionalEventDefinition><condition>record.stage == 'won'</condition></conditionalEventDefinition>";
    check(
        &boundary(event, true),
        "start => s +a\n subject stage='lost' =>\n subject stage='won' => -a ~a t +b\n subject stage='new' => stale",
    );
}

#[test]
fn a_task_that_changes_a_variable_wakes_a_condition_elsewhere() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/>
         <intermediateCatchEvent id='c'><conditionalEventDefinition><condition>vars.x == 1</condition></conditionalEventDefinition></intermediateCatchEvent>
         <scriptTask id='n' v:resultVariable='x'><script>1</script></scriptTask>
         <scriptTask id='o' v:resultVariable='x'><script>2</script></scriptTask><endEvent id='e'/>
         > s f c e
         > f a n o",
        "start x=0 => s f +a
         come a    => a n c o e END",
    );
}

#[test]
fn intermediate_events_wait() {
    let wait = |event: &str| {
        format!(
            "<startEvent id='s'/><intermediateCatchEvent id='t'>{event}</intermediateCatchEvent><endEvent id='e'/>\n> s t e"
        )
    };
    check(&wait(TIMER), "start => s @t\n due t => t e END");
    check(&wait(CYCLE), "start => s @t\n due t => t e END");
    check(&wait(MESSAGE), "start => s ?t\n come t => t e END");
    check(&wait(SIGNAL), "start => s ?t\n come t => t e END");
    check(&wait(CONDITION), "start x=1 => s\n set x=2 => t e END");
    check(&wait(CONDITION), "start x=2 => s t e END");
    check(&wait(CONDITION), "start => s #t\n set x=2 => =t t e END");
}

#[test]
fn events_are_thrown_on_the_way_and_at_the_end() {
    let throw = |event: &str| {
        format!(
            "<startEvent id='s'/><intermediateThrowEvent id='t'>{event}</intermediateThrowEvent><endEvent id='e'>{event}</endEvent>\n> s t e"
        )
    };
    check(&throw(""), "start => s t e END");
    check(&throw(MESSAGE), "start => s msg:paid t msg:paid e END");
    check(&throw(SIGNAL), "start => s sig:alarm t sig:alarm e END");
    check(&throw(ESCALATION), "start => s t e END");
    check(&throw(ESCALATION), "called\n start => s t esc:X1 e esc:X1 END");
}

#[test]
fn links_join_two_ends_of_a_flow() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/>
         <intermediateThrowEvent id='l1'><linkEventDefinition name='L'/></intermediateThrowEvent>
         <intermediateThrowEvent id='l2'><linkEventDefinition name='L'/></intermediateThrowEvent>
         <intermediateCatchEvent id='k'><linkEventDefinition name='L'/></intermediateCatchEvent><userTask id='a'/>
         > s f l1
         > f l2
         > k a",
        "start  => s f l1 l2 k k +a +a
         come a => a
         come a => a END",
    );
}

/// A process with the event sub-process `h` (start `t`, task `b`) beside the task `a`.
fn event_sub_process(event: &str, interrupting: bool) -> String {
    format!(
        "<startEvent id='s'/><userTask id='a'/><endEvent id='e'/>
         > s a e
         <subProcess id='h' triggeredByEvent='true'>
           <startEvent id='t' isInterrupting='{interrupting}'>{event}</startEvent><userTask id='b'/>
           > t b
         </subProcess>"
    )
}

#[test]
fn an_interrupting_event_sub_process_takes_over_its_scope() {
    check(&event_sub_process(TIMER, true), "start => @t s +a\n due t => -a ~a t +b\n come b => b h END");
    check(
        &event_sub_process(MESSAGE, true),
        "start => ?t s +a\n come t x=1 => -a ~a t +b\n come b => b h END\n get x => 1",
    );
    check(&event_sub_process(SIGNAL, true), "start => ?t s +a\n come t => -a ~a t +b\n cancel => -b ~b ~h END");
    check(&event_sub_process(CONDITION, true), "start x=1 => s +a\n set x=2 => -a ~a t +b\n set x=1 =>\n set x=2 =>");
    check(&event_sub_process(ERROR, true), "start => s +a\n error a E1 => -a ~a t +b\n error b E1 => #b");
    check(&event_sub_process(ESCALATION, true), "start => s +a\n escalate a X1 => -a ~a t +b\n come b => b h END");
}

#[test]
fn an_event_sub_process_that_does_not_interrupt_runs_beside_and_stays_armed() {
    check(
        &event_sub_process(MESSAGE, false),
        "start  => ?t s +a
         come t => t +b
         come t => t +b
         come a => a e
         come b => b h
         come b => b h -t END",
    );
    check(&event_sub_process(CYCLE, false), "start => @t s +a\n due t => @t t +b\n due t => t +b\n come a => a e");
    check(&event_sub_process(CONDITION, false), "start x=2 => s t +a +b\n set x=1 =>\n set x=2 => t +b");
    check(
        &event_sub_process(ESCALATION, false),
        "start => s +a\n escalate a X1 => t +b\n escalate b X1 =>\n come a => a e\n come b => b h END",
    );
}

#[test]
fn the_scope_ends_with_its_last_token_whatever_is_armed() {
    check(&event_sub_process(TIMER, true), "start => @t s +a\n come a => a e -t END");
    check(&event_sub_process(SIGNAL, false), "start => ?t s +a\n come a => a e -t END");
}

#[test]
fn an_event_sub_process_that_cannot_be_armed_is_an_incident() {
    let event = "<timerEventDefinition><timeDate>=vars.when</timeDate></timerEventDefinition>";
    check(
        &event_sub_process(event, true),
        "start                      => #t s +a
         set when='2026-03-03'      =>
         retry t                    => =t @t
         due t                      => -a ~a t +b",
    );
    check(&event_sub_process(event, true), "start => #t s +a\n come a => a e\n skip t => =t END");
}
