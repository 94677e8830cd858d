//! Implicit forks and joins, conditional and default flows, starts and ends (BPMN 13.2, 13.3.1).

use super::check;

#[test]
fn a_token_goes_from_start_to_end() {
    check(
        "<startEvent id='s'/><userTask id='a'/><task id='b'/><endEvent id='e'/>
         > s a b e",
        "start     => s +a
         come a    => a b e END",
    );
}

#[test]
fn several_flows_out_of_an_activity_are_a_fork_and_several_in_are_no_join() {
    check(
        "<startEvent id='s'/><task id='a'/><userTask id='b'/><userTask id='c'/><userTask id='d'/>
         > s a b d
         > a c d",
        "start     => s a +b +c
         come c    => c +d
         come b    => b +d
         come d#1  => d
         come d    => d END",
    );
}

#[test]
fn conditional_flows_of_an_activity_all_that_are_true_the_default_only_if_none() {
    let body = "<startEvent id='s'/><task id='a' default='a_d'/><userTask id='b'/><userTask id='c'/><userTask id='d'/>
         > s a
         > a b [vars.x > 1]
         > a c [vars.x > 2]
         > a d";
    check(body, "start x=3 => s a +b +c");
    check(body, "start x=2 => s a +b");
    check(body, "start x=1 => s a +d");
}

#[test]
fn a_plain_flow_beside_conditional_ones_is_always_taken() {
    let body = "<startEvent id='s'/><task id='a' default='a_d'/><userTask id='b'/><userTask id='c'/><userTask id='d'/>
         > s a b
         > a c [vars.x > 2]
         > a d";
    check(body, "start x=3 => s a +b +c");
    check(body, "start x=1 => s a +b +d");
}

#[test]
fn no_true_flow_and_no_default_is_an_incident_not_a_silent_end() {
    check(
        "<startEvent id='s'/><task id='a'/><userTask id='b'/><userTask id='c'/>
         > s a
         > a b [vars.x > 1]
         > a c [vars.x > 2]",
        "start x=0 => s a #a
         retry a   => =a #a
         set x=2   =>
         retry a   => =a +b",
    );
}

#[test]
fn several_plain_starts_all_begin_and_no_start_means_nodes_without_incoming_flows() {
    check(
        "<startEvent id='s'/><startEvent id='t'/><userTask id='a'/><userTask id='b'/>
         > s a
         > t b",
        "start  => s t +a +b
         come a => a
         come b => b END",
    );
    check(
        "<userTask id='a'/><userTask id='b'/><task id='c'/>\n> a c",
        "start => +a +b\n come a => a c\n come b => b END",
    );
}

#[test]
fn several_ends_end_each_their_token() {
    check(
        "<startEvent id='s'/><parallelGateway id='g'/><endEvent id='e'/><userTask id='a'/><endEvent id='f'/>
         > s g e
         > g a f",
        "start  => s g e +a
         come a => a f END",
    );
}

#[test]
fn a_process_starts_at_the_event_that_was_triggered() {
    check(
        "<startEvent id='s'/><startEvent id='m'><messageEventDefinition messageRef='m1'/></startEvent>
         <userTask id='a'/><userTask id='b'/>
         > s a
         > m b",
        "start at m sum=5 => m +b
         get sum          => 5
         start            => stale",
    );
}

#[test]
fn an_event_after_the_end_and_an_unknown_wait_are_stale() {
    check(
        "<startEvent id='s'/><userTask id='a'/>
         > s a",
        "start  => s +a
         gone   => stale
         start  => stale
         come a => a END
         gone   => stale
         cancel => stale
         set x=1 => stale",
    );
}

#[test]
fn only_the_first_process_of_several_runs() {
    let body = "<process id='p' isExecutable='true'><startEvent id='s'/><userTask id='a'/>
         > s a
         </process><process id='q' isExecutable='true'><startEvent id='t'/><userTask id='b'/>
         > t b
         </process>";
    check(body, "start => s +a\n come a => a END");
    check(body, "start at t => stale\n start => s +a\n from b => stale");
}
