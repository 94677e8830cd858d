//! Incidents, limits, and what operators do.

use super::super::event::Event;
use super::super::state::{Failed, Status};
use super::{Bench, check, file, read};
use kernel::Locale;

#[test]
fn what_went_before_a_failed_step_stands() {
    check(
        "<startEvent id='s'/><userTask id='a'/><scriptTask id='b' v:resultVariable='y'><script>vars.x * 2</script></scriptTask><userTask id='c'/>
         > s a b c",
        "start         => s +a
         come a done=1 => a #b
         get done      => 1
         set x=4       =>
         retry b       => =b b +c
         get y         => 8",
    );
}

#[test]
fn all_incidents_can_be_retried_together() {
    let body = "<startEvent id='s'/><parallelGateway id='f'/>
         <scriptTask id='a'><script>vars.x</script></scriptTask><scriptTask id='b'><script>vars.x</script></scriptTask>
         <parallelGateway id='j'/><endEvent id='e'/>
         > s f a j e
         > f b j";
    check(body, "start => s f #a #b\n retry => =a =b #a #b\n set x=1 =>\n retry => =a =b a b j e END\n retry => stale");
    check("<startEvent id='s'/><userTask id='a'/>\n> s a", "start => s +a\n retry => stale");
}

#[test]
fn an_operator_starts_from_an_element() {
    let body = "<startEvent id='s'/><userTask id='a'/><subProcess id='u'><userTask id='i'/><userTask id='k'/>
           > i k
         </subProcess><userTask id='b'/><endEvent id='e'/>
         <boundaryEvent id='t' attachedToRef='a'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
         > s a u b e
         > t e";
    check(body, "from b x=1 => +b\n get x => 1\n come b => b e END");
    check(
        body,
        "from i => stale\n from t => stale\n from nothing => stale\n from u => +i\n start => stale\n from k => +k\n come k => k\n come i => i +k\n come k => k u +b",
    );
    check(
        body,
        "start => s +a @t\n from b x=2 => +b\n get x => 2\n come a => -t a +i\n come b => b e\n from s => s +a @t",
    );
}

#[test]
fn an_operator_puts_a_token_through_a_join() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/><parallelGateway id='j'/><userTask id='c'/>
         > s f a j c
         > f b j",
        "start  => s f +a +b
         from j => j +c
         cancel => -a ~a -b ~b -c ~c END",
    );
}

#[test]
fn cancel_leaves_nothing() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><task id='k'/><parallelGateway id='j'/>
         <scriptTask id='b'><script>vars.x</script></scriptTask>
         <boundaryEvent id='t' attachedToRef='a' cancelActivity='false'><timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></boundaryEvent>
         <subProcess id='h' triggeredByEvent='true'><startEvent id='hs'><conditionalEventDefinition><condition>record.stage == 'won'</condition></conditionalEventDefinition></startEvent></subProcess>
         > s f a j
         > f k j
         > f b
         > t j",
        "start  => s f +a @t k #b
         due t  => @t t
         cancel => -a -t ~a =b -hs END
         cancel => stale",
    );
    check("<startEvent id='s'/><userTask id='a'/>\n> s a", "cancel => END\n start => stale");
}

#[test]
fn a_loop_without_a_wait_is_stopped_and_can_be_let_go() {
    let body = "<startEvent id='s'/><task id='a'/><exclusiveGateway id='x' default='x_e'/><endEvent id='e'/>
         > s a x e
         > x a [!vars.stop]";
    let definition = read(body);
    let mut bench = Bench::new(&definition);
    let trace = bench.line("start stop=false");
    assert!(trace.ends_with("a x a x a #x"), "{}", &trace[trace.len() - 100..]);
    assert_eq!(trace.split(' ').count(), 100_001);
    let incident = bench.state.incidents.values().next().unwrap();
    assert!(matches!(&incident.step, Failed::Stopped { tokens } if tokens.len() == 1), "{incident:?}");
    assert!(incident.message.in_locale(Locale::En).contains("100000 steps"));
    assert_eq!(bench.line("set stop=true"), "");
    assert_eq!(bench.line("retry"), "=x x e END");
}

#[test]
fn a_fork_bomb_is_stopped() {
    let definition = read(
        "<startEvent id='s'/><task id='a'/>
         > s a a",
    );
    let mut bench = Bench::new(&definition);
    bench.line("start");
    assert_eq!(bench.state.incidents.len(), 1);
    let definition = read(
        "<startEvent id='s'/><task id='a'/><task id='b'/>
         > s a b a
         > a a",
    );
    let mut bench = Bench::new(&definition);
    bench.line("start");
    assert_eq!(bench.state.incidents.len(), 1);
    assert_eq!(bench.line("cancel"), "=a END");
}

#[test]
fn steps_are_counted_anew_after_each_event() {
    let repeat = "<multiInstanceLoopCharacteristics isSequential='true'><loopCardinality>10000</loopCardinality></multiInstanceLoopCharacteristics>";
    let definition = read(&format!(
        "<startEvent id='s'/><task id='a'>{repeat}</task><task id='b'>{repeat}</task><userTask id='c'/><exclusiveGateway id='x' default='x_e'/><endEvent id='e'/>
         > s a b c x e
         > x a [vars.again]"
    ));
    let mut bench = Bench::new(&definition);
    bench.line("start");
    for _ in 0..6 {
        assert!(bench.state.incidents.is_empty());
        bench.line("come c again=true");
    }
    bench.line("come c again=false");
    assert_eq!(bench.state.status, Status::Completed);
}

#[test]
fn a_state_of_another_version_is_told_and_not_lost() {
    let old = read("<startEvent id='s'/><userTask id='a'/><userTask id='b'/>\n> s a\n> s b");
    let new = read("<startEvent id='s'/><userTask id='b'/>\n> s b");
    let mut bench = Bench::new(&old);
    bench.line("start");
    bench.definition = &new;
    assert_eq!(bench.line("come a"), "#a");
    assert!(bench.state.incidents.values().all(|incident| incident.message.in_locale(Locale::En).contains("migrate")));
    assert_eq!(bench.line("retry"), "=a #a");
    bench.definition = &old;
    assert_eq!(bench.line("come a"), "=a a");
    assert_eq!(bench.line("come b"), "b END");
}

#[test]
fn a_process_that_the_definition_does_not_have_is_stale() {
    let definition = read("<startEvent id='s'/><userTask id='a'/>\n> s a");
    let mut bench = Bench::new(&definition);
    bench.state.process = "nobody".into();
    assert!(bench.step(Event::Start { at: None, variables: serde_json::Map::new() }).stale);
    assert!(file("").contains("nobody") || bench.state.scopes.is_empty());
}
