//! Complex gateways (BPMN 10.6.5, 13.4.5, table 13.5).

use super::check;

/// Three tasks `a`, `b`, `c` to the complex gateway `g` with this condition, and these lines behind it.
fn three(condition: &str, rest: &str) -> String {
    format!(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/><userTask id='c'/>
         <complexGateway id='g'><activationCondition>{condition}</activationCondition></complexGateway><userTask id='z'/><userTask id='y'/>
         > s f a g
         > f b g
         > f c g
         {rest}"
    )
}

#[test]
fn two_of_three_go_on_once() {
    check(
        &three("activationCount &gt;= 2", "> g z"),
        "start  => s f +a +b +c
         come b => b
         come a => a g +z
         come c => c g
         come z => z END",
    );
    check(
        &three("activationCount &gt;= 2", "> g z"),
        "start  => s f +a +b +c
         come b => b
         come c => c g +z
         come z => z
         come a => a g END",
    );
}

#[test]
fn all_of_them_wait_for_nothing_more() {
    check(
        &three("activationCount == 3", "> g z [true]"),
        "start  => s f +a +b +c
         come a => a
         come b => b
         come c => c g +z
         come z => z END",
    );
}

#[test]
fn those_that_come_late_go_by_the_conditions_of_the_second_phase() {
    let body = three(
        "activationCount >= 1",
        "> g z [vars.waitingForStart]
         > g y [!vars.waitingForStart]",
    );
    check(
        &body.replace("<complexGateway id='g'>", "<complexGateway id='g' default='g_z'>"),
        "start  => s f +a +b +c
         come a => a g +z
         come b => b
         come c => c g +y
         come y => y
         come z => z END",
    );
}

#[test]
fn the_default_is_taken_where_no_condition_is_true() {
    let body = three("activationCount >= 1", "> g z\n> g y [vars.waitingForStart && vars.more]");
    let body = body.replace("<complexGateway id='g'>", "<complexGateway id='g' default='g_z'>");
    check(
        &body,
        "start more=false => s f +a +b +c
         come a           => a g +z
         come b           => b
         come c           => c g +z",
    );
    check(
        &body,
        "start more=true => s f +a +b +c
         come a          => a g +y
         come b          => b
         come c          => c g +z",
    );
}

#[test]
fn it_does_not_wait_for_what_cannot_come() {
    check(
        "<startEvent id='s'/><inclusiveGateway id='f'/><userTask id='a'/><userTask id='b'/>
         <complexGateway id='g'><activationCondition>activationCount >= 1</activationCondition></complexGateway>
         <userTask id='z'/><userTask id='y'/>
         > s f a g
         > f b [vars.both]
         > b g z
         > g y [!vars.waitingForStart]",
        "start both=false => s f +a
         come a           => a g +z g +y
         come z           => z
         come y           => y END",
    );
}

#[test]
fn conditions_tell_the_flows_apart() {
    let body = three("activationCounts.b_g > 0 || activationCount > 2", "> g z");
    check(
        &body,
        "start  => s f +a +b +c
         come a => a
         come c => c
         come b => b g +z",
    );
    check(
        &body,
        "start  => s f +a +b +c
         come b => b g +z
         come a => a
         come c => c g",
    );
}

#[test]
fn a_condition_that_never_holds_is_a_deadlock_that_can_be_skipped() {
    check(
        &three("activationCount > 5", "> g z"),
        "start  => s f +a +b +c
         come a => a
         come b => b
         come c => c #g
         skip g => =g g +z
         come z => z END",
    );
}

#[test]
fn a_condition_that_cannot_be_answered_keeps_the_tokens() {
    check(
        &three("activationCount >= vars.need", "> g z"),
        "start      => s f +a +b +c
         come a     => a #g
         come b     => b
         set need=2 =>
         retry g    => =g g +z
         come c     => c g
         come z     => z END",
    );
}

#[test]
fn it_is_asked_again_when_variables_change() {
    check(
        &three("activationCount >= vars.need", "> g z"),
        "start need=3 => s f +a +b +c
         come a       => a
         set need=1   => g +z
         come b       => b
         come c       => c g
         come z       => z END",
    );
}

#[test]
fn conditions_behind_it_that_cannot_be_answered_are_incidents() {
    check(
        &three("activationCount >= 1", "> g z [vars.waitingForStart || vars.missing]"),
        "start           => s f +a +b +c
         come a          => a g +z
         come b          => b
         come c          => c #g
         set missing=true =>
         retry g         => =g g +z
         come z          => z
         come z          => z END",
    );
    check(
        &three("activationCount >= 1", "> g z [vars.waitingForStart || vars.missing]"),
        "start  => s f +a +b +c
         come a => a g +z
         come b => b
         come c => c #g
         skip g => =g
         come z => z END",
    );
    check(
        &three("activationCount >= 1", "> g z [vars.missing]"),
        "start            => s f +a +b +c
         come a           => a g #g
         set missing=true =>
         retry g          => =g +z",
    );
}

#[test]
fn it_begins_anew_in_a_loop() {
    check(
        "<startEvent id='s'/><exclusiveGateway id='m'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/>
         <complexGateway id='g'><activationCondition>activationCount >= 1</activationCondition></complexGateway>
         <userTask id='z'/><exclusiveGateway id='h' default='h_e'/><endEvent id='e'/>
         > s m f a g z h e
         > f b g
         > h m [vars.again]",
        "start             => s m f +a +b
         come a            => a g +z
         come b            => b g
         come z again=true => z h m f +a +b
         come b            => b g +z
         come a            => a g
         come z again=false => z h e END",
    );
}

#[test]
fn with_one_way_in_it_only_splits() {
    check(
        "<startEvent id='s'/><complexGateway id='g'/><userTask id='z'/><userTask id='y'/>
         > s g z [true]
         > g y [true]",
        "start  => s g +z +y
         come z => z
         come y => y END",
    );
    check(
        "<startEvent id='s'/><complexGateway id='g'><activationCondition>activationCount >= 1</activationCondition></complexGateway><userTask id='z'/>
         > s g z [true]",
        "start  => s g +z
         come z => z END",
    );
}

#[test]
fn what_it_waits_for_goes_with_its_scope() {
    let inside = three("activationCount >= 1", "> g z");
    let inside = inside.replace("<startEvent id='s'/>", "<startEvent id='us'/>").replace("> s f", "> us f");
    let body = format!(
        "<startEvent id='s'/><subProcess id='u'>{inside}
         </subProcess>
         <boundaryEvent id='x' attachedToRef='u'><messageEventDefinition messageRef='m1'/></boundaryEvent><userTask id='n'/>
         > s u
         > x n"
    );
    check(
        &body,
        "start  => s ?x us f +a +b +c
         come a => a g +z
         come b => b
         come x => -c ~c -z ~z ~u x +n
         come n => n END",
    );
}
