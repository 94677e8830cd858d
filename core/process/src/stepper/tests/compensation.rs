//! Compensation (BPMN 10.7, 13.5.5): what, in which order, with which data.

use serde_json::json;

use super::super::budget::Limits;
use super::super::state::{Role, State};
use super::{Bench, check, read, run};

/// An activity `id` and the user task `u<id>` that undoes it.
fn undone(id: &str) -> String {
    undone_by(id, "<userTask id='#' isForCompensation='true'/>")
}

/// The same undone by another activity, whose id is `#`.
fn undone_by(id: &str, undo: &str) -> String {
    format!("<userTask id='{id}'/>{}", undo_of(id, undo))
}

/// What undoes the activity `id`.
fn undo_of(id: &str, undo: &str) -> String {
    let undo = undo.replace('#', &format!("u{id}"));
    format!(
        "<boundaryEvent id='{id}c' attachedToRef='{id}'><compensateEventDefinition/></boundaryEvent>{undo}
         <association id='{id}l' sourceRef='{id}c' targetRef='u{id}'/>"
    )
}

/// Writes the value down in the list `log`.
fn logging(value: &str) -> String {
    format!(
        "<scriptTask id='#' isForCompensation='true' v:resultVariable='log'><script>vars.log + [{value}]</script></scriptTask>"
    )
}

const ALL: &str = "<intermediateThrowEvent id='t'><compensateEventDefinition/></intermediateThrowEvent>";

fn of(activity: &str) -> String {
    format!(
        "<intermediateThrowEvent id='t'><compensateEventDefinition activityRef='{activity}'/></intermediateThrowEvent>"
    )
}

fn line(first: &str, second: &str, throw: &str) -> String {
    format!("<startEvent id='s'/>{first}{second}{throw}<userTask id='z'/><endEvent id='e'/>\n> s a b t z e")
}

#[test]
fn the_last_is_undone_first_and_the_event_waits() {
    check(
        &line(&undone("a"), &undone("b"), ALL),
        "start   => s +a
         come a  => a +b
         come b  => b +ub
         come ub => ub +ua
         come ua => ua t +z
         come z  => z e END",
    );
}

#[test]
fn an_event_that_does_not_wait_goes_on_at_once() {
    let throw = "<intermediateThrowEvent id='t'><compensateEventDefinition waitForCompletion='false'/></intermediateThrowEvent>";
    check(
        &line(&undone("a"), &undone("b"), throw),
        "start   => s +a
         come a  => a +b
         come b  => b t +z +ub
         come z  => z e
         come ub => ub +ua
         come ua => ua END",
    );
}

#[test]
fn one_activity_is_undone_with_all_its_completions() {
    let body = format!(
        "<startEvent id='s'/><exclusiveGateway id='m'/>{}{}<exclusiveGateway id='g' default='g_t'/>{}<endEvent id='e'/>
         > s m a b g
         > g m [vars.again]
         > g t e",
        undone("a"),
        undone("b"),
        of("a"),
    );
    check(
        &body,
        "start             => s m +a
         come a            => a +b
         come b again=true => b g m +a
         come a            => a +b
         come b again=false => b g +ua
         come ua           => ua +ua
         come ua           => ua t e END",
    );
}

#[test]
fn an_end_event_undoes_before_it_ends() {
    let body =
        format!("<startEvent id='s'/>{}<endEvent id='t'><compensateEventDefinition/></endEvent>\n> s a t", undone("a"));
    check(
        &body,
        "start   => s +a
         come a  => a +ua
         come ua => ua t END",
    );
}

#[test]
fn what_was_not_completed_is_not_undone() {
    let body = format!(
        "<startEvent id='s'/><parallelGateway id='f'/>{}<userTask id='b'/>{ALL}<endEvent id='e'/>
         > s f a e
         > f b t e",
        undone("a"),
    );
    check(
        &body,
        "start  => s f +a +b
         come b => b t e
         come a => a e END",
    );
    check(
        &body,
        "start   => s f +a +b
         come a  => a e
         come b  => b +ua
         come ua => ua t e END",
    );
    check(
        &line(&undone("a"), &undone("b"), &of("a")),
        "start   => s +a
         fail a  => #a
         skip a  => =a -a ^a +b
         come b  => b t +z",
    );
}

#[test]
fn nothing_is_undone_twice() {
    let body = format!(
        "<startEvent id='s'/>{}{ALL}<intermediateThrowEvent id='again'><compensateEventDefinition activityRef='a'/></intermediateThrowEvent>
         > s a t again",
        undone("a"),
    );
    check(
        &body,
        "start   => s +a
         come a  => a +ua
         come ua => ua t again END",
    );
}

#[test]
fn what_undoes_sees_what_the_activity_brought() {
    let body = format!(
        "<startEvent id='s'/><exclusiveGateway id='m'/>{}<exclusiveGateway id='g' default='g_t'/>{ALL}<userTask id='z'/>
         > s m a g
         > g m [vars.booking < 3]
         > g t z",
        undone_by("a", &logging("vars.booking")),
    );
    check(
        &body,
        "start log=[]     => s m +a
         come a booking=1 => a g m +a
         come a booking=2 => a g m +a
         come a booking=3 => a g ua ua ua t +z
         get log          => [3,2,1]
         get booking      => 3",
    );
}

#[test]
fn what_undoing_writes_is_seen_by_it_and_behind_it() {
    let undo = "<subProcess id='#' isForCompensation='true'><userTask id='w'/>
        <scriptTask id='x' v:resultVariable='seen'><script>vars.status</script></scriptTask>
        > w x
        </subProcess>";
    check(
        &line(&undone_by("a", undo), "<userTask id='b'/>", &of("a")),
        "start                   => s +a
         come a status='booked'  => a +b
         come b                  => b +w
         come w status='undone'  => w x ua t +z
         get seen                => \"undone\"
         get status              => \"undone\"",
    );
}

#[test]
fn a_sub_process_is_undone_by_undoing_what_was_done_in_it() {
    let sub = format!(
        "<subProcess id='b'>{}{}<subProcess id='v'>{}<userTask id='n'/>
           > c n
           </subProcess>
           > d v f
         </subProcess>",
        undone("d"),
        undone("f"),
        undone("c"),
    );
    check(
        &line(&undone("a"), &sub, ALL),
        "start   => s +a
         come a  => a +d
         come d  => d +c
         come c  => c +n
         come n  => n v +f
         come f  => f b +uf
         come uf => uf +uc
         come uc => uc +ud
         come ud => ud +ua
         come ua => ua t +z",
    );
    check(
        &line(&undone("a"), &sub, &of("b")),
        "start   => s +a
         come a  => a +d
         come d  => d +c
         come c  => c +n
         come n  => n v +f
         come f  => f b +uf
         come uf => uf +uc
         come uc => uc +ud
         come ud => ud t +z",
    );
}

#[test]
fn the_data_of_a_sub_process_is_that_of_its_end() {
    let body = format!(
        "<startEvent id='s'/><exclusiveGateway id='m'/>
         <subProcess id='b'><dataObject id='o' name='room'/><scriptTask id='k' v:resultVariable='room'><script>vars.next</script></scriptTask>{}
           > k a
         </subProcess>
         <exclusiveGateway id='g' default='g_t'/>{ALL}<userTask id='z'/>
         > s m b g
         > g m [vars.next < 2]
         > g t z",
        undone_by("a", &logging("vars.room")),
    );
    check(
        &body,
        "start log=[] next=1 => s m k +a
         set next=1          =>
         come a next=1       => a b g m k +a
         come a next=2       => a b g ua ua t +z
         get log             => [1,1]
         get room            => none",
    );
}

#[test]
fn each_member_is_undone_with_its_own_data() {
    let multi =
        "<userTask id='a'><multiInstanceLoopCharacteristics v:collection='vars.list' v:item='item'/></userTask>";
    let body = format!(
        "<startEvent id='s'/>{multi}{}{ALL}<userTask id='z'/>\n> s a t z",
        undo_of("a", &logging("[vars.loopCounter, vars.item]")),
    );
    check(
        &body,
        "start log=[] list=[7,8,9] => s +a +a +a
         come a#1                  => a
         come a#0                  => a
         come a                    => a ua ua ua t +z
         get log                   => [[2,9],[0,7],[1,8]]",
    );
}

#[test]
fn rounds_of_a_loop_are_undone_backwards_and_only_when_it_is_over() {
    let rounds = "<userTask id='a'><standardLoopCharacteristics><loopCondition>vars.more</loopCondition></standardLoopCharacteristics></userTask>";
    let body = format!(
        "<startEvent id='s'/><parallelGateway id='f'/>{rounds}{}<userTask id='b'/>{ALL}<endEvent id='e'/>
         > s f a e
         > f b t e",
        undo_of("a", &logging("vars.loopCounter")),
    );
    check(
        &body,
        "start log=[]       => s f +b +a
         come a more=true   => a +a
         come b             => b t e
         come a more=false  => a e END
         get log            => []",
    );
    check(
        &body,
        "start log=[]       => s f +b +a
         come a more=true   => a +a
         come a more=false  => a e
         come b             => b ua ua t e END
         get log            => [1,0]",
    );
}

#[test]
fn sub_processes_of_a_multi_instance_are_undone_one_by_one() {
    let body = format!(
        "<startEvent id='s'/><subProcess id='b'>{}<multiInstanceLoopCharacteristics v:collection='vars.list'/></subProcess>{}<userTask id='z'/>\n> s b t z",
        undone_by("a", &logging("vars.item")),
        of("b"),
    );
    check(
        &body,
        "start log=[] list=[1,2] => s +a +a
         come a                  => a b
         come a                  => a b ua ua t +z
         get log                 => [2,1]",
    );
}

/// A sub-process `b` with `a` in it and an event sub-process for compensation.
fn own(event: &str) -> String {
    format!(
        "<subProcess id='b'><dataObject id='o' name='room'/>{}
           <subProcess id='h' triggeredByEvent='true'><startEvent id='hs'><compensateEventDefinition/></startEvent>{event}
           </subProcess>
         </subProcess>",
        undone("a")
    )
}

#[test]
fn a_sub_process_is_undone_by_its_own_event_sub_process() {
    let event = "<intermediateThrowEvent id='x'><compensateEventDefinition/></intermediateThrowEvent><userTask id='w'/>\n> hs x w";
    let body = format!("<startEvent id='s'/>{}{ALL}<userTask id='z'/>\n> s b t z", own(event));
    check(
        &body,
        "start   => s +a
         come a  => a b hs +ua
         come ua => ua x +w
         come w  => w h t +z",
    );
    let alone = format!("<startEvent id='s'/>{}{ALL}<userTask id='z'/>\n> s b t z", own("<userTask id='w'/>\n> hs w"));
    check(
        &alone,
        "start  => s +a
         come a => a b hs +w
         come w => w h t +z",
    );
}

#[test]
fn what_hangs_on_a_sub_process_undoes_it_as_a_whole() {
    let sub = format!(
        "<subProcess id='b'>{}</subProcess>{}",
        undone("a"),
        undo_of("b", "<userTask id='#' isForCompensation='true'/>")
    );
    let body = format!("<startEvent id='s'/>{sub}{ALL}<userTask id='z'/>\n> s b t z");
    check(
        &body,
        "start   => s +a
         come a  => a b +ub
         come ub => ub t +z",
    );
}

#[test]
fn an_event_sub_process_undoes_what_was_done_around_it() {
    let body = format!(
        "<startEvent id='s'/>{}<endEvent id='e'><errorEventDefinition errorRef='e1'/></endEvent>
         <subProcess id='h' triggeredByEvent='true'><startEvent id='hs'><errorEventDefinition/></startEvent>{}{ALL}
           > hs b t
         </subProcess>
         > s a e",
        undone("a"),
        undone("b"),
    );
    check(
        &body,
        "start   => s +a
         come a  => a e hs +b
         come b  => b +ub
         come ub => ub +ua
         come ua => ua t h END",
    );
}

#[test]
fn an_error_of_what_undoes_is_caught_where_it_was_thrown() {
    let body = format!(
        "<startEvent id='s'/><subProcess id='p1'>{}{}{ALL}
           > a b t
         </subProcess><boundaryEvent id='x' attachedToRef='p1'><errorEventDefinition errorRef='e1'/></boundaryEvent><userTask id='y'/>
         > s p1
         > x y",
        undone("a"),
        undone("b"),
    );
    check(
        &body,
        "start       => s +a
         come a      => a +b
         come b      => b +ub
         error ub E1 => -ub ~ub ~t !p1 x +y
         come y      => y END",
    );
    check(
        &body,
        "start       => s +a
         come a      => a +b
         come b      => b +ub
         error ub E2 => #ub
         skip ub     => =ub -ub ^ub +ua
         come ua     => ua t p1 END",
    );
}

#[test]
fn terminate_ends_what_undoes() {
    let body = format!(
        "<startEvent id='s'/><parallelGateway id='f'/>{}{ALL}<userTask id='b'/><endEvent id='e'><terminateEventDefinition/></endEvent>
         > s f a t
         > f b e",
        undone("a"),
    );
    check(
        &body,
        "start  => s f +a +b
         come a => a +ua
         come b => b e -ua ~ua ~t END",
    );
    check(
        &body,
        "start  => s f +a +b
         come a => a +ua
         cancel => -ua ~ua ~t -b ~b END",
    );
}

#[test]
fn what_undoes_does_not_undo_itself() {
    let undo = "<subProcess id='#' isForCompensation='true'><userTask id='w'/><intermediateThrowEvent id='x'><compensateEventDefinition/></intermediateThrowEvent>
        > w x
        </subProcess>";
    check(
        &line(&undone_by("a", undo), &undone("b"), ALL),
        "start   => s +a
         come a  => a +b
         come b  => b +ub
         come ub => ub +w
         come w  => w x ua t +z",
    );
}

#[test]
fn a_repeated_activity_can_undo() {
    let undo = "<userTask id='#' isForCompensation='true'><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask>";
    check(
        &line(&undone_by("a", undo), "<task id='b'/>", ALL),
        "start   => s +a
         come a  => a b +ua +ua
         come ua => ua
         come ua => ua t +z",
    );
}

#[test]
fn a_loop_that_undoes_itself_for_ever_is_stopped() {
    let body = format!(
        "<startEvent id='s'/><exclusiveGateway id='m'/><task id='a'/>{}{ALL}\n> s m a t m",
        undo_of("a", "<task id='#' isForCompensation='true'/>")
    );
    let definition = read(&body);
    let mut bench = Bench::new(&definition);
    bench.limits = Limits { steps: 200, ..Limits::default() };
    bench.line("start");
    assert_eq!(bench.state.incidents.len(), 1);
    let kept: usize = bench.state.scopes.values().map(|scope| scope.done.len()).sum();
    assert!(kept <= 1, "{kept}");
}

/// A loop of `rounds` rounds of a script that is undone by counting, then all of them are undone.
fn rounds() -> String {
    format!(
        "<startEvent id='s'/><exclusiveGateway id='m'/><scriptTask id='a' v:resultVariable='n'><script>vars.n + 1</script></scriptTask>{}
         <exclusiveGateway id='g' default='g_t'/>{ALL}<userTask id='z'/>
         > s m a g
         > g m [vars.n < vars.rounds]
         > g t z",
        undo_of("a", "<scriptTask id='#' isForCompensation='true' v:resultVariable='sum'><script>vars.sum + vars.n</script></scriptTask>")
    )
}

#[test]
fn thousands_of_rounds_are_undone() {
    let definition = read(&rounds());
    let mut bench = Bench::new(&definition);
    bench.line("start n=0 sum=0 rounds=3000");
    assert_eq!(bench.line("get sum"), (3_000 * 3_001 / 2).to_string());
    assert_eq!(bench.line("get n"), "3000");
    assert!(bench.state.scopes.values().all(|scope| scope.done.is_empty()));
}

#[test]
fn what_is_kept_has_a_limit_and_says_so() {
    let definition = read(&line(&undone("a"), &undone("b"), ALL));
    let mut bench = Bench::new(&definition);
    bench.limits = Limits { done: 1, ..Limits::default() };
    assert_eq!(bench.line("start"), "s +a");
    assert_eq!(bench.line("come a"), "a +b");
    assert_eq!(bench.line("come b"), "b #b");
    let said = bench.state.incidents.values().next().unwrap().message.in_locale(kernel::Locale::En);
    assert!(said.contains("More than 1 finished steps"), "{said}");
    assert_eq!(bench.line("retry b"), "=b #b");
    assert_eq!(bench.line("skip b"), "=b +ua");
    assert_eq!(bench.line("come ua"), "ua t +z");
}

#[test]
fn data_that_is_kept_counts_as_variables() {
    let definition = read(&rounds());
    let mut bench = Bench::new(&definition);
    let text = "x".repeat(60_000);
    let variables = json!({"n": 0, "sum": 0, "rounds": 3, "text": text}).as_object().unwrap().clone();
    bench.step(super::super::Event::Start { at: None, variables });
    assert!(bench.state.incidents.is_empty());
    let body = format!("<startEvent id='s'/><exclusiveGateway id='m'/>{}\n> s m a m", undone("a"));
    let definition = read(&body);
    let mut bench = Bench::new(&definition);
    bench.line("start");
    for _ in 0..30 {
        let Some(wait) = bench.state.waits.keys().next().copied() else { break };
        let variables = json!({"text": text}).as_object().unwrap().clone();
        bench.step(super::super::Event::Come { wait, variables, result: None });
        if !bench.state.incidents.is_empty() {
            break;
        }
    }
    let said = bench.state.incidents.values().next().unwrap().message.in_locale(kernel::Locale::En);
    assert!(said.contains("1024"), "{said}");
    assert!(serde_json::to_string(&bench.state).unwrap().len() < 1_300_000);
}

#[test]
fn nested_sub_processes_are_stored_flat() {
    let mut inside = undone("a");
    for depth in 0..40 {
        inside = format!("<subProcess id='n{depth}'>{inside}</subProcess>");
    }
    let definition = read(&format!("<startEvent id='s'/>{inside}<userTask id='y'/>{ALL}\n> s n39 y t"));
    let mut bench = run(&definition, "start\ncome a");
    assert_eq!(bench.state.scopes[&0].done.len(), 41);
    assert_eq!(bench.line("come y"), "y +ua");
    assert_eq!(bench.line("come ua"), "ua t END");
}

#[test]
fn states_from_before_are_read() {
    let stored = json!({
        "process": "p", "status": "active", "next": 3,
        "scopes": {"0": {"role": {"role": "inside"}, "variables": {}, "waits": [2]}},
        "waits": {"2": {"scope": 0, "element": "a", "kind": {"kind": "task"}, "since": "2026-03-02T12:00:00Z"}},
    });
    let state: State = serde_json::from_value(stored).unwrap();
    assert_eq!(state.scopes[&0].role, Role::Inside);
    assert!(state.scopes[&0].done.is_empty() && state.waits[&2].part.is_none());
    let written = serde_json::to_string(&state).unwrap();
    for new in ["done", "resets", "part", "group"] {
        assert!(!written.contains(&format!("\"{new}\"")), "{written}");
    }
}

#[test]
fn terminate_behind_what_undoes_ends_only_that() {
    let undo = "<userTask id='#' isForCompensation='true'/><boundaryEvent id='late' attachedToRef='#'><messageEventDefinition messageRef='m1'/></boundaryEvent>
        <endEvent id='x'><terminateEventDefinition/></endEvent>
        > late x
        ";
    check(
        &line(&undone("a"), &undone_by("b", undo), ALL),
        "start     => s +a
         come a    => a +b
         come b    => b +ub ?late
         come late => -ub ~ub late x +ua
         come ua   => ua t +z",
    );
}

#[test]
fn operators_put_no_token_before_what_undoes() {
    check(
        &line(&undone("a"), &undone("b"), ALL),
        "start   => s +a
         from ua => stale",
    );
}
