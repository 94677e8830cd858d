//! Errors and escalations (BPMN 13.5.3, 13.5.4): the nearest scope that catches, through nested scopes and calls.

use super::check;

/// An end event that throws, in a sub-process in a sub-process; every level may catch.
fn nested(inner: &str, outer: &str, process: &str) -> String {
    format!(
        "<startEvent id='s'/>
         <subProcess id='u'><userTask id='o'/>
           <subProcess id='v'><startEvent id='vs'/><userTask id='a'/><userTask id='w'/><endEvent id='x'><errorEventDefinition errorRef='e1'/></endEvent>
             > vs a x
             > vs w
           </subProcess>
           {inner}
         </subProcess>
         {outer}
         > s u
         {process}"
    )
}

fn on(id: &str, host: &str, error: &str) -> String {
    let reference = if error.is_empty() { String::new() } else { format!("errorRef='{error}'") };
    format!(
        "<boundaryEvent id='{id}' attachedToRef='{host}'><errorEventDefinition {reference}/></boundaryEvent><userTask id='{id}b'/>
         > {id} {id}b
        "
    )
}

fn handler(id: &str, error: &str) -> String {
    let reference = if error.is_empty() { String::new() } else { format!("errorRef='{error}'") };
    format!(
        "<subProcess id='{id}' triggeredByEvent='true'><startEvent id='{id}s'><errorEventDefinition {reference}/></startEvent><userTask id='{id}b'/>
         > {id}s {id}b
         </subProcess>"
    )
}

#[test]
fn the_nearest_scope_catches() {
    let start = "start => s +o vs +a +w\n";
    check(&nested(&on("i", "v", "e1"), &on("j", "u", "e1"), ""), &format!("{start} come a => a x -w ~w !v i +ib"));
    check(
        &nested("", &on("j", "u", "e1"), ""),
        &format!("{start} come a => a x -w ~w ~v -o ~o !u j +jb\n come jb => jb END"),
    );
    check(
        &nested(&on("i", "v", "e2"), &on("j", "u", "e1"), ""),
        &format!("{start} come a => a x -w ~w ~v -o ~o !u j +jb"),
    );
    check(
        &nested("", "", &handler("h", "e1")),
        &format!("{start} come a => a x -w ~w ~v -o ~o ~u hs +hb\n come hb => hb h END"),
    );
    check(
        &nested(&handler("h", ""), &on("j", "u", "e1"), ""),
        &format!("{start} come a => a x -w ~w ~v -o ~o hs +hb\n come hb => hb h u END"),
    );
}

#[test]
fn a_code_of_its_own_comes_before_a_catch_all_of_the_same_place() {
    let both = format!("{}{}", on("i", "v", ""), on("k", "v", "e1"));
    check(&nested(&both, "", ""), "start => s +o vs +a +w\n come a => a x -w ~w !v k +kb");
    let handlers = format!("{}{}", handler("h", ""), handler("g", "e1"));
    check(&nested("", "", &handlers), "start => s +o vs +a +w\n come a => a x -w ~w ~v -o ~o ~u gs +gb");
}

#[test]
fn a_catch_all_that_is_nearer_comes_before_a_code_further_out() {
    let script = "start => s +o vs +a +w\n come a => a x -w ~w !v i +ib";
    check(&nested(&on("i", "v", ""), &on("j", "u", "e1"), ""), script);
}

#[test]
fn an_error_that_nobody_catches_is_an_incident() {
    check(
        &nested("", "", ""),
        "start   => s +o vs +a +w
         come a  => a #x
         come w  => w
         retry x => =x #x
         skip x  => =x ^x v
         come o  => o u END",
    );
}

#[test]
fn an_error_that_nobody_catches_ends_a_called_process() {
    check(&nested("", "", ""), "called\n start => s +o vs +a +w\n come a => a x -w ~w ~v -o ~o ~u err:E1 END");
}

#[test]
fn a_handler_does_not_catch_its_own_error() {
    check(
        "<startEvent id='s'/>
         <subProcess id='u'><userTask id='a'/>
           <subProcess id='h' triggeredByEvent='true'><startEvent id='hs'><errorEventDefinition/></startEvent><endEvent id='x'><errorEventDefinition errorRef='e1'/></endEvent>
           > hs x
           </subProcess>
         </subProcess>
         <boundaryEvent id='j' attachedToRef='u'><errorEventDefinition errorRef='e1'/></boundaryEvent><userTask id='b'/>
         > s u
         > j b",
        "start      => s +a
         error a E2 => -a ~a hs x ~h !u j +b",
    );
}

#[test]
fn errors_and_escalations_come_through_calls() {
    let call = |event: &str, interrupting: bool| {
        format!(
            "<startEvent id='s'/><callActivity id='a' calledElement='q'/><userTask id='b'/><endEvent id='e'/>
             <boundaryEvent id='t' attachedToRef='a' cancelActivity='{interrupting}'>{event}</boundaryEvent>
             > s a e
             > t b"
        )
    };
    let error = "<errorEventDefinition errorRef='e1'/>";
    check(&call(error, true), "start => s +a\n error a E1 x=1 => -a !a t +b\n get x => 1");
    check(&call(error, true), "start => s +a\n error a E2 => #a\n retry a => =a +a\n come a => a e END");
    check(&call(error, true), "start => s +a\n error a E2 => #a\n skip a => =a -a ^a e END");
    check(&call(error, true), "called\n start => s +a\n error a E2 => -a ~a err:E2 END");
    let escalation = "<escalationEventDefinition escalationRef='x1'/>";
    check(
        &call(escalation, false),
        "start => s +a\n escalate a X1 => t +b\n escalate a X1 => t +b\n escalate a X2 =>\n come a => a e",
    );
    check(&call(escalation, true), "start => s +a\n escalate a X1 => -a ~a t +b\n gone => stale");
    check(&call(escalation, true), "called\n start => s +a\n escalate a X2 => esc:X2\n come a => a e END");
    check(&call("<escalationEventDefinition/>", false), "start => s +a\n escalate a X9 => t +b");
}

/// A sub-process `u` that throws the escalation `X1` on its way from `a` to `b`.
fn escalating(catching: &str, end: bool) -> String {
    let throw = if end { "endEvent" } else { "intermediateThrowEvent" };
    let on = if end { "" } else { "> x b" };
    format!(
        "<startEvent id='s'/>
         <subProcess id='u'><startEvent id='us'/><userTask id='a'/><userTask id='w'/><userTask id='b'/>
           <{throw} id='x'><escalationEventDefinition escalationRef='x1'/></{throw}>
           > us a x
           > us w
           > w b
           {on}
         </subProcess><endEvent id='e'/>
         > s u e
         {catching}"
    )
}

#[test]
fn an_escalation_goes_on_unless_it_is_interrupted() {
    let catch = |interrupting: bool| {
        format!(
            "<boundaryEvent id='t' attachedToRef='u' cancelActivity='{interrupting}'><escalationEventDefinition escalationRef='x1'/></boundaryEvent><userTask id='c'/>
             > t c"
        )
    };
    check(
        &escalating(&catch(false), false),
        "start => s us +a +w\n come a => a x t +c +b\n come w => w +b\n come b => b\n come b => b u e\n come c => c END",
    );
    check(&escalating(&catch(true), false), "start => s us +a +w\n come a => a x -w ~w ~u t +c\n come c => c END");
    check(&escalating(&catch(true), true), "start => s us +a +w\n come a => a x -w ~w ~u t +c");
    check(
        &escalating(&catch(false), true),
        "start => s us +a +w\n come a => a x t +c\n come w => w +b\n come b => b u e\n come c => c END",
    );
    check(&escalating("", false), "start => s us +a +w\n come a => a x +b");
}

#[test]
fn an_escalation_starts_event_sub_processes_of_the_process() {
    let handler = |interrupting: bool| {
        format!(
            "<subProcess id='h' triggeredByEvent='true'><startEvent id='hs' isInterrupting='{interrupting}'><escalationEventDefinition/></startEvent><userTask id='hb'/>
             > hs hb
             </subProcess>"
        )
    };
    check(&escalating(&handler(false), false), "start => s us +a +w\n come a => a x hs +b +hb");
    check(
        &escalating(&handler(true), false),
        "start => s us +a +w\n come a => a x -w ~w ~u hs +hb\n come hb => hb h END",
    );
}

#[test]
fn a_handler_that_ends_at_once_does_not_end_the_scope_under_its_thrower() {
    check(
        "<startEvent id='s'/><intermediateThrowEvent id='x'><escalationEventDefinition escalationRef='x1'/></intermediateThrowEvent><userTask id='a'/>
         > s x a
         <subProcess id='h' triggeredByEvent='true'><startEvent id='hs' isInterrupting='false'><escalationEventDefinition/></startEvent></subProcess>",
        "start  => s x hs h +a
         come a => a END",
    );
}

#[test]
fn an_error_of_one_member_cancels_the_whole_multi_instance() {
    let body = |kind: &str| {
        format!(
            "<startEvent id='s'/>{kind}
             <boundaryEvent id='t' attachedToRef='a'><errorEventDefinition errorRef='e1'/></boundaryEvent><userTask id='b'/>
             > s a
             > t b"
        )
    };
    let three =
        "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>";
    check(
        &body(&format!("<userTask id='a'>{three}</userTask>")),
        "start        => s +a +a +a
         come a       => a
         error a#1 E1 => -a ~a -a ~a t +b",
    );
    check(
        &body(&format!(
            "<subProcess id='a'><userTask id='i'/><endEvent id='x'><errorEventDefinition errorRef='e1'/></endEvent>
             > i x
             {three}</subProcess>"
        )),
        "start    => s +i +i +i
         come i#1 => i x -i ~i ~a ~a -i ~i ~a t +b
         come b   => b END",
    );
}
