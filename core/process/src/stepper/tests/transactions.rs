//! Transactions and cancel events (BPMN 10.3.5, 13.3.4).

use super::check;

/// An activity `id` and the user task `u<id>` that undoes it.
fn undone(id: &str) -> String {
    format!(
        "<userTask id='{id}'/><boundaryEvent id='{id}c' attachedToRef='{id}'><compensateEventDefinition/></boundaryEvent>
         <userTask id='u{id}' isForCompensation='true'/><association id='{id}l' sourceRef='{id}c' targetRef='u{id}'/>"
    )
}

const CANCEL: &str = "<endEvent id='c'><cancelEventDefinition/></endEvent>";

/// The transaction `t` with this inside, left by the cancel event `x` to `y`, or done to `z`.
fn transaction(attributes: &str, inside: &str) -> String {
    format!(
        "<startEvent id='s'/><transaction id='t'>{attributes}{inside}
         </transaction>
         <boundaryEvent id='x' attachedToRef='t'><cancelEventDefinition/></boundaryEvent><userTask id='y'/><userTask id='z'/>
         > s t z
         > x y"
    )
}

#[test]
fn a_cancelled_transaction_is_undone_and_left_by_its_cancel_event() {
    let inside = format!(
        "<startEvent id='ts'/><parallelGateway id='f'/>{}{}<userTask id='d'/>{CANCEL}
         > ts f a b c
         > f d",
        undone("a"),
        undone("b"),
    );
    check(
        &transaction("", &inside),
        "start   => s ts f +a +d
         come a  => a +b
         come b  => b c -d ~d +ub
         come ub => ub +ua
         come ua => ua ~t x +y
         come y  => y END",
    );
}

#[test]
fn without_anything_done_it_is_left_at_once() {
    let inside = format!("<userTask id='a'/>{CANCEL}\n> a c");
    check(
        &transaction("", &inside),
        "start  => s +a
         come a => a c ~t x +y",
    );
}

#[test]
fn a_transaction_that_is_not_cancelled_is_a_sub_process() {
    check(
        &transaction("", &undone("a")),
        "start  => s +a
         come a => a t +z
         come z => z END",
    );
    let thrown = format!(
        "<startEvent id='s'/><transaction id='t'>{}</transaction><intermediateThrowEvent id='w'><compensateEventDefinition activityRef='t'/></intermediateThrowEvent>
         > s t w",
        undone("a")
    );
    check(
        &thrown,
        "start   => s +a
         come a  => a t +ua
         come ua => ua w END",
    );
}

#[test]
fn without_a_cancel_event_nothing_follows() {
    let body = format!(
        "<startEvent id='s'/><transaction id='t'>{}{CANCEL}
           > a c
         </transaction><userTask id='z'/>
         > s t z",
        undone("a")
    );
    check(
        &body,
        "start   => s +a
         come a  => a c +ua
         come ua => ua ~t END",
    );
}

#[test]
fn what_is_open_is_undone_as_far_as_it_came() {
    let inside = format!(
        "<startEvent id='ts'/><parallelGateway id='f'/>{}<subProcess id='v'>{}<userTask id='n'/>
           > b n
         </subProcess>
         <userTask id='m'/>{CANCEL}
         > ts f a
         > f v
         > f m c",
        undone("a"),
        undone("b"),
    );
    check(
        &transaction("", &inside),
        "start   => s ts f +a +m +b
         come b  => b +n
         come a  => a
         come m  => m c -n ~n ~v +ub
         come ub => ub +ua
         come ua => ua ~t x +y",
    );
}

#[test]
fn an_inner_transaction_is_cancelled_by_itself_and_undone_with_the_outer() {
    let inner = |end: &str| {
        format!(
            "{}<transaction id='v'>{}{end}
               > b n
             </transaction><boundaryEvent id='vx' attachedToRef='v'><cancelEventDefinition/></boundaryEvent><userTask id='m'/>{CANCEL}
             > a v m c
             > vx m",
            undone("a"),
            undone("b"),
        )
    };
    check(
        &transaction("", &inner("<endEvent id='n'><cancelEventDefinition/></endEvent>")),
        "start   => s +a
         come a  => a +b
         come b  => b n +ub
         come ub => ub ~v vx +m
         come m  => m c +ua
         come ua => ua ~t x +y",
    );
    check(
        &transaction("", &inner("<endEvent id='n'/>")),
        "start   => s +a
         come a  => a +b
         come b  => b n v +m
         come m  => m c +ub
         come ub => ub +ua
         come ua => ua ~t x +y",
    );
}

#[test]
fn a_cancel_event_deeper_inside_cancels_the_nearest_transaction() {
    let inside = format!(
        "{}<subProcess id='v'><userTask id='m'/>{CANCEL}
           > m c
         </subProcess>
         > a v",
        undone("a")
    );
    check(
        &transaction("", &inside),
        "start   => s +a
         come a  => a +m
         come m  => m c ~v +ua
         come ua => ua ~t x +y",
    );
}

#[test]
fn of_a_repeated_transaction_the_whole_is_cancelled() {
    let inside = format!(
        "{}<exclusiveGateway id='g' default='g_e'/>{CANCEL}<endEvent id='e'/>
         > a g c [vars.no]
         > g e",
        undone("a")
    );
    let multi = "<multiInstanceLoopCharacteristics v:collection='vars.list'/>";
    check(
        &transaction(multi, &inside),
        "start list=[1,2,3]  => s +a +a +a
         come a no=false     => a g e t
         come a#1 no=true    => a g c -a ~a ~t ~t +ua
         come ua             => ua +ua
         come ua             => ua x +y",
    );
}

#[test]
fn an_error_of_what_undoes_leaves_by_the_error_event() {
    let body = format!(
        "<startEvent id='s'/><transaction id='t'>{}{CANCEL}
           > a c
         </transaction>
         <boundaryEvent id='x' attachedToRef='t'><cancelEventDefinition/></boundaryEvent>
         <boundaryEvent id='h' attachedToRef='t'><errorEventDefinition/></boundaryEvent><userTask id='y'/>
         > s t
         > x y
         > h y",
        undone("a")
    );
    check(
        &body,
        "start       => s +a
         come a      => a c +ua
         error ua E1 => -ua ~ua !t h +y",
    );
}

#[test]
fn what_else_could_come_to_a_cancelled_transaction_comes_no_more() {
    let body = format!(
        "<startEvent id='s'/><transaction id='t'>{}{CANCEL}
           <subProcess id='k' triggeredByEvent='true'><startEvent id='ks' isInterrupting='false'><signalEventDefinition signalRef='s1'/></startEvent></subProcess>
           > a c
         </transaction>
         <boundaryEvent id='x' attachedToRef='t'><cancelEventDefinition/></boundaryEvent>
         <boundaryEvent id='l' attachedToRef='t'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent><userTask id='y'/>
         > s t
         > x y
         > l y",
        undone("a")
    );
    check(
        &body,
        "start   => s @l ?ks +a
         come a  => a c -ks -l +ua
         come ua => ua ~t x +y",
    );
}

#[test]
fn an_event_sub_process_cancels_its_transaction() {
    let inside = format!(
        "{}<userTask id='b'/><subProcess id='h' triggeredByEvent='true'><startEvent id='hs'><signalEventDefinition signalRef='s1'/></startEvent>{CANCEL}
           > hs c
         </subProcess>
         > a b",
        undone("a")
    );
    check(
        &transaction("", &inside),
        "start   => s ?hs +a
         come a  => a +b
         come hs => -b ~b hs c ~h +ua
         come ua => ua ~t x +y",
    );
}

#[test]
fn a_cancellation_that_undoing_causes_comes_to_an_end() {
    let undo = |id: &str| {
        format!(
            "<userTask id='{id}'/><boundaryEvent id='{id}c' attachedToRef='{id}'><compensateEventDefinition/></boundaryEvent>
             <subProcess id='u{id}' isForCompensation='true'><userTask id='w{id}'/><endEvent id='e{id}'><cancelEventDefinition/></endEvent>
               > w{id} e{id}
             </subProcess><association id='{id}l' sourceRef='{id}c' targetRef='u{id}'/>"
        )
    };
    let inside = format!("{}{}{CANCEL}\n> a b c", undo("a"), undo("b"));
    check(
        &transaction("", &inside),
        "start   => s +a
         come a  => a +b
         come b  => b c +wb
         come wb => wb eb ~ub +wa
         come wa => wa ea ~ua ~t x +y",
    );
}

#[test]
fn terminate_in_a_transaction_undoes_nothing() {
    let inside = format!("{}<endEvent id='e'><terminateEventDefinition/></endEvent>\n> a e", undone("a"));
    check(
        &transaction("", &inside),
        "start  => s +a
         come a => a e t +z",
    );
}
