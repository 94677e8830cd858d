//! Gateways (BPMN 13.4).

use super::check;

#[test]
fn exclusive_takes_the_first_true_flow_in_the_files_order() {
    let body = "<startEvent id='s'/><exclusiveGateway id='g' default='g_d'/>
         <userTask id='b'/><userTask id='c'/><userTask id='d'/>
         > s g
         > g d
         > g b [vars.x > 1]
         > g c [vars.x > 2]";
    check(body, "start x=3 => s g +b");
    check(body, "start x=2.5 => s g +b");
    check(body, "start x=1 => s g +d");
}

#[test]
fn exclusive_merges_let_each_token_through() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/><exclusiveGateway id='m'/>
         <userTask id='c'/>
         > s f a m c
         > f b m",
        "start    => s f +a +b
         come a   => a m +c
         come b   => b m +c
         come c   => c
         come c   => c END",
    );
}

#[test]
fn exclusive_without_a_true_flow_is_an_incident_that_is_retried_or_skipped() {
    let body = "<startEvent id='s'/><exclusiveGateway id='g'/><userTask id='b'/><userTask id='c'/>
         > s g
         > g b [vars.x > 1]
         > g c [vars.x > 2]";
    check(body, "start x=1 => s g #g\n set x=3 =>\n retry => =g +b");
    check(body, "start x=1 => s g #g\n skip g => =g +b");
    check(body, "start => s g #g");
    check(body, "start x='a' => s g #g");
    check(body, "start x=null => s g #g");
}

#[test]
fn parallel_joins_wait_for_one_token_of_each_flow() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/><userTask id='c'/>
         <parallelGateway id='j'/><endEvent id='e'/>
         > s f a j e
         > f b j
         > f c j",
        "start  => s f +a +b +c
         come c => c
         come a => a
         come b => b j e END",
    );
}

#[test]
fn two_tokens_by_the_same_flow_do_not_count_twice() {
    check(
        "<startEvent id='s'/><task id='f'/><userTask id='a'/><userTask id='b'/><exclusiveGateway id='m'/>
         <task id='n'/><userTask id='c'/><parallelGateway id='j'/><userTask id='d'/>
         > s f a m n j d
         > f b m
         > f c j",
        "start    => s f +a +b +c
         come a   => a m n
         come b   => b m n
         come c   => c j +d
         come d   => d #j
         skip j   => =j j +d
         come d   => d END",
    );
}

#[test]
fn a_parallel_join_that_can_never_be_full_is_a_deadlock() {
    check(
        "<startEvent id='s'/><exclusiveGateway id='x' default='x_b'/><userTask id='a'/><userTask id='b'/>
         <parallelGateway id='j'/><endEvent id='e'/>
         > s x
         > x a [vars.x == 1]
         > x b
         > a j e
         > b j",
        "start x=1 => s x +a
         come a    => a #j
         retry     => =j #j
         from b    => +b
         come b    => b =j j e END",
    );
}

#[test]
fn inclusive_takes_all_true_flows_and_joins_what_it_took() {
    let body = "<startEvent id='s'/><inclusiveGateway id='g' default='g_d'/>
         <userTask id='a'/><userTask id='b'/><userTask id='d'/><inclusiveGateway id='j'/><endEvent id='e'/>
         > s g
         > g a [vars.x > 1]
         > g b [vars.x > 2]
         > g d
         > a j
         > b j
         > d j e";
    check(body, "start x=3 => s g +a +b\n come b => b\n come a => a j e END");
    check(body, "start x=2 => s g +a\n come a => a j e END");
    check(body, "start x=0 => s g +d\n come d => d j e END");
}

#[test]
fn an_inclusive_join_waits_only_for_what_can_reach_it() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/><userTask id='c'/>
         <exclusiveGateway id='x' default='x_e'/><inclusiveGateway id='j'/><userTask id='d'/><endEvent id='e'/>
         > s f a j d
         > f b x e
         > x j [vars.x == 1]
         > f c",
        "start    => s f +a +b +c
         come a   => a
         come b x=0 => b x e j +d",
    );
}

#[test]
fn an_inclusive_join_in_a_loop_waits_for_the_token_behind_it() {
    // The first token goes through. Then b stands behind the join, but can come back to its empty flow: the second token
    // waits for it.
    check(
        "<startEvent id='s'/><task id='f'/><userTask id='a'/><userTask id='c'/><exclusiveGateway id='m'/>
         <inclusiveGateway id='j'/><userTask id='b'/><exclusiveGateway id='x' default='x_e'/><endEvent id='e'/>
         > s f a m j b x e
         > f c m
         > x j [vars.again]",
        "start              => s f +a +c
         come a             => a m j +b
         come c             => c m
         come b again=true  => b x j +b
         come b again=false => b x e END",
    );
}

#[test]
fn joins_in_a_loop_do_not_wait_for_each_other_for_ever() {
    let body = |outer: &str| {
        format!(
            "<startEvent id='s'/><exclusiveGateway id='m'/><{outer} id='f'/><inclusiveGateway id='g'/>
             <userTask id='a'/><userTask id='b'/><userTask id='c'/><inclusiveGateway id='j'/><{outer} id='k'/>
             <exclusiveGateway id='x' default='x_e'/><endEvent id='e'/>
             > s m f g
             > g a [true]
             > g b [false]
             > a j
             > b j k
             > f c k x e
             > x m [vars.again]"
        )
    };
    for outer in ["parallelGateway", "inclusiveGateway"] {
        check(
            &body(outer),
            "start              => s m f g +c +a
             come a             => a j
             come c again=true  => c k x m f g +c +a
             come c             => c
             come a again=false => a j k x e END",
        );
    }
}

#[test]
fn an_inclusive_join_waits_where_a_token_may_yet_choose_its_flow() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/><exclusiveGateway id='x' default='x_m'/>
         <exclusiveGateway id='m'/><inclusiveGateway id='j'/><endEvent id='e'/>
         > s f a m j e
         > f b x m
         > x j [vars.short]",
        "start             => s f +a +b
         come a            => a m
         come b short=true => b x j e END",
    );
}

#[test]
fn an_inclusive_join_waits_through_boundary_events_nested_scopes_and_links() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/>
         <subProcess id='u'><userTask id='i'/></subProcess>
         <boundaryEvent id='t' attachedToRef='u'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
         <inclusiveGateway id='j'/><endEvent id='e'/><endEvent id='n'/>
         > s f a j e
         > f u n
         > t j",
        "start  => s f +a @t +i
         come a => a
         come i => i -t u n j e END",
    );
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/>
         <intermediateThrowEvent id='l'><linkEventDefinition name='L'/></intermediateThrowEvent>
         <intermediateCatchEvent id='k'><linkEventDefinition name='L'/></intermediateCatchEvent>
         <inclusiveGateway id='j'/><endEvent id='e'/>
         > s f a j e
         > f b l
         > k j",
        "start  => s f +a +b
         come a => a
         come b => b l k j e END",
    );
}

#[test]
fn an_inclusive_join_does_not_wait_for_another_scope() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='b'/>
         <subProcess id='u'><startEvent id='us'/><inclusiveGateway id='g'/><userTask id='a'/><userTask id='c'/>
           <inclusiveGateway id='j'/><endEvent id='ue'/>
           > us g
           > g a [true]
           > g c [false]
           > a j ue
           > c j
         </subProcess>
         > s f u
         > f b u",
        "start  => s f +b us g +a
         come a => a j ue u
         come b => b us g +a
         come a => a j ue u END",
    );
}

#[test]
fn a_token_that_an_incident_holds_may_still_come() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><scriptTask id='b'><script>vars.nothing</script></scriptTask>
         <inclusiveGateway id='j'/><endEvent id='e'/>
         > s f a j e
         > f b j",
        "start  => s f +a #b
         come a => a
         skip b => =b ^b j e END",
    );
}

#[test]
fn inclusive_joins_that_wait_for_each_other_are_a_deadlock() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/>
         <inclusiveGateway id='j'/><inclusiveGateway id='k'/><exclusiveGateway id='x'/><exclusiveGateway id='y'/><endEvent id='e'/>
         > s f a j x e
         > f b k y e
         > x k
         > y j",
        "start  => s f +a +b
         come a => a
         come b => b #j #k
         skip j => =j j x e =k k y e END",
    );
}

#[test]
fn behind_an_event_based_gateway_the_first_event_wins() {
    let body = "<startEvent id='s'/><eventBasedGateway id='g'/>
         <intermediateCatchEvent id='m'><messageEventDefinition messageRef='m1'/></intermediateCatchEvent>
         <intermediateCatchEvent id='t'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
         <receiveTask id='r' messageRef='m2'/>
         <intermediateCatchEvent id='n'><signalEventDefinition signalRef='s1'/></intermediateCatchEvent>
         <intermediateCatchEvent id='c'><conditionalEventDefinition><condition>record.stage == 'won'</condition></conditionalEventDefinition></intermediateCatchEvent>
         <userTask id='a'/><userTask id='b'/>
         > s g m a
         > g t b
         > g r b
         > g n b
         > g c b";
    check(body, "start => s g ?m @t ?r ?n\n come m => -t -r -n -c m +a\n come a => a END");
    check(body, "start => s g ?m @t ?r ?n\n due t => -m -r -n -c t +b");
    check(body, "start => s g ?m @t ?r ?n\n come r => -m -t -n -c r +b");
    check(body, "start => s g ?m @t ?r ?n\n come n => -m -t -r -c n +b");
    check(body, "start => s g ?m @t ?r ?n\n subject stage='won' => -m -t -r -n c +b");
    check(body, "start => s g ?m @t ?r ?n\n cancel => -m -t -r -n -c END");
}

#[test]
fn a_condition_that_already_holds_wins_its_race_at_once() {
    check(
        "<startEvent id='s'/><eventBasedGateway id='g'/>
         <intermediateCatchEvent id='m'><messageEventDefinition messageRef='m1'/></intermediateCatchEvent>
         <intermediateCatchEvent id='c'><conditionalEventDefinition><condition>record.stage == 'new'</condition></conditionalEventDefinition></intermediateCatchEvent>
         <endEvent id='e'/>
         > s g m e
         > g c e",
        "start => s g ?? -? c e END",
    );
}
