//! What stepping may cost: slices, sizes, and what is said past them.

use kernel::Locale;
use serde_json::{Map, Value as Json, json};

use super::super::budget::{Limits, MAX_LEVELS, MAX_TEXT, MAX_VARIABLES, weigh, weigh_all};
use super::super::event::{Command, Event};
use super::super::state::{State, Status};
use super::{Bench, check, read};

fn problems(state: &State) -> Vec<(String, String)> {
    let shown = |incident: &super::super::state::Incident| {
        (incident.element.to_string(), incident.message.in_locale(Locale::En))
    };
    state.incidents.values().map(shown).collect()
}

fn map(value: Json) -> Map<String, Json> {
    value.as_object().unwrap().clone()
}

/// Steps until nothing is put off any more; how many steps that took.
fn settle(bench: &mut Bench<'_>) -> u32 {
    let mut steps = 0;
    while bench.state.paused.is_some() {
        assert!(!bench.step(Event::Continue).stale);
        steps += 1;
    }
    steps
}

/// A loop around a script, as long as the condition holds.
fn looping(script: &str, condition: &str) -> String {
    format!(
        "<startEvent id='s'/><exclusiveGateway id='m'/><scriptTask id='n' v:resultVariable='n'><script>vars.n + 1</script></scriptTask>
         <scriptTask id='grow' v:resultVariable='list'><script>{script}</script></scriptTask>
         <exclusiveGateway id='again' default='again_u'/><userTask id='u'/>
         > s m n grow again
         > again m [{condition}]
         > again u"
    )
}

#[test]
fn a_step_that_takes_too_long_goes_on_in_slices_and_ends_where_it_would_have() {
    let body = looping("vars.list + [vars.n]", "vars.n < 40");
    let definition = read(&body);
    let start = || Event::Start { at: None, variables: map(json!({"n": 0, "list": []})) };
    let mut whole = Bench::new(&definition);
    whole.step(start());
    let mut sliced = Bench::new(&definition);
    sliced.slice = 7;
    let outcome = sliced.step(start());
    assert_eq!(outcome.commands.last(), Some(&Command::Continue));
    assert!(settle(&mut sliced) > 20);
    assert_eq!(sliced.state, whole.state);
    assert!(sliced.step(Event::Continue).stale, "nothing is put off any more");
}

#[test]
fn what_is_put_off_goes_on_with_any_event_and_ends_with_the_instance() {
    let definition = read(&looping("vars.list + [vars.n]", "vars.n < 40"));
    let start = || Event::Start { at: None, variables: map(json!({"n": 0, "list": []})) };
    let mut bench = Bench::new(&definition);
    bench.slice = 7;
    bench.step(start());
    bench.slice = u32::MAX;
    bench.line("set other=1");
    assert_eq!(bench.state.variables().unwrap()["n"], json!(40));
    let mut bench = Bench::new(&definition);
    bench.slice = 7;
    bench.step(start());
    assert!(bench.step(Event::Come { wait: 77, variables: Map::new(), result: None }).stale);
    bench.step(Event::Cancel);
    assert_eq!((bench.state.status, &bench.state.paused), (Status::Cancelled, &None));
}

#[test]
fn too_many_slices_without_waiting_are_an_incident_that_can_be_retried() {
    let definition = read(&looping("[1]", "vars.n < 1000"));
    let mut bench = Bench::new(&definition);
    (bench.slice, bench.limits) = (50, Limits { slices: 10, ..Limits::default() });
    bench.step(Event::Start { at: None, variables: map(json!({"n": 0, "list": []})) });
    assert_eq!(settle(&mut bench), 10);
    let [(_, message)] = problems(&bench.state).try_into().unwrap();
    assert!(message.contains("10 slices"), "{message}");
    let before = bench.state.variables().unwrap()["n"].clone();
    bench.step(Event::Retry { incident: None });
    settle(&mut bench);
    assert!(bench.state.variables().unwrap()["n"].as_u64() > before.as_u64(), "it went on from where it was");
    assert_eq!(problems(&bench.state).len(), 1);
}

#[test]
fn a_list_that_doubles_ends_at_the_script_and_what_there_is_stays() {
    let definition = read(&looping("vars.list + vars.list", "vars.n < 60"));
    let mut bench = Bench::new(&definition);
    bench.step(Event::Start { at: None, variables: map(json!({"n": 0, "list": [1]})) });
    let [(element, message)] = problems(&bench.state).try_into().unwrap();
    assert_eq!(element, "grow");
    assert!(message.contains("1024 KiB"), "{message}");
    assert!(weigh_all(bench.state.variables().unwrap()).unwrap() <= MAX_VARIABLES);
    // Whoever makes room can go on.
    bench.line("set list=[] n=60");
    bench.line("retry grow");
    assert_eq!((problems(&bench.state), bench.state.waits.len()), (Vec::new(), 1));
}

#[test]
fn texts_and_levels_have_limits_too() {
    let grows = |script: &str, first: Json| {
        let definition = read(&looping(script, "vars.n < 1000"));
        let mut bench = Bench::new(&definition);
        bench.step(Event::Start { at: None, variables: map(json!({"n": 0, "list": first})) });
        let [(element, message)] = problems(&bench.state).try_into().unwrap();
        assert_eq!(element, "grow");
        // It can be read back.
        let stored = serde_json::to_string(&bench.state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&stored).unwrap(), bench.state);
        message
    };
    assert!(grows("vars.list + vars.list", json!("x")).contains("64 KiB"));
    assert!(grows("[vars.list]", json!(1)).contains("64 levels"));
    assert!(weigh(&json!("x".repeat(MAX_TEXT))).is_ok() && weigh(&json!("x".repeat(MAX_TEXT + 1))).is_err());
    let nested = |levels: usize| (1..levels).fold(json!(1), |inner, _| json!([inner]));
    assert!(weigh(&nested(MAX_LEVELS)).is_ok() && weigh(&nested(MAX_LEVELS + 1)).is_err());
}

#[test]
fn what_the_outside_brings_is_measured_before_it_is_written() {
    let definition = read(
        "<startEvent id='s'/><userTask id='a'/><userTask id='b'/>
         > s a b",
    );
    let large = || map(json!({"big": vec!["x".repeat(MAX_TEXT); 20]}));
    let mut bench = Bench::new(&definition);
    bench.line("start x=1");
    bench.step(Event::Come { wait: bench.wait("a"), variables: large(), result: None });
    assert_eq!(problems(&bench.state)[0].0, "a");
    assert!(bench.step(Event::Variables { wait: None, variables: large() }).stale);
    assert_eq!(bench.state.variables().unwrap(), &map(json!({"x": 1})));
    // It is asked for once more, or passed over.
    assert_eq!(bench.line("retry a"), "=a +a");
    bench.step(Event::Come { wait: bench.wait("a"), variables: large(), result: None });
    assert_eq!(bench.line("skip a"), "=a -a ^a +b");
    let mut bench = Bench::new(&definition);
    bench.step(Event::Start { at: None, variables: large() });
    assert_eq!(problems(&bench.state)[0].0, "s");
}

#[test]
fn tokens_that_multiply_are_stopped_and_skipping_them_does_not_multiply_them_further() {
    let definition = read(
        "<startEvent id='s'/><inclusiveGateway id='m'/><parallelGateway id='f'/><userTask id='u'/><endEvent id='e'/>
         <task id='x'/><task id='y'/><task id='z'/><exclusiveGateway id='back'/>
         > s x f
         > f x
         > f y x
         > f z x
         > f u e",
    );
    let mut bench = Bench::new(&definition);
    bench.limits = Limits { places: 500, ..Limits::default() };
    bench.line("start");
    for _ in 0..20 {
        let [(_, message)] = problems(&bench.state).try_into().unwrap();
        assert!(message.contains("500 tokens"), "{message}");
        let places = bench.state.waits.len() + serde_json::to_string(&bench.state.incidents).unwrap().len() / 30;
        assert!(places < 2_000, "{places}");
        let incident = *bench.state.incidents.keys().next().unwrap();
        bench.step(Event::Skip { incident });
    }
    bench.line("cancel");
}

#[test]
fn repetitions_inside_one_another_are_stopped_before_they_are_opened() {
    let many =
        "<multiInstanceLoopCharacteristics><loopCardinality>100</loopCardinality></multiInstanceLoopCharacteristics>";
    let definition = read(&format!(
        "<startEvent id='s'/><subProcess id='o'>{many}<startEvent id='os'/><userTask id='i'>{many}</userTask>
         > os i
         </subProcess>
         > s o"
    ));
    let mut bench = Bench::new(&definition);
    bench.limits = Limits { places: 1_000, ..Limits::default() };
    bench.line("start");
    assert!(bench.state.scopes.len() + bench.state.waits.len() < 1_500);
    assert!(problems(&bench.state).iter().any(|(_, message)| message.contains("1000 tokens")));
    bench.line("cancel");
}

#[test]
fn a_join_that_takes_too_long_to_decide_is_an_incident_and_goes_on_when_skipped() {
    let definition = read(
        "<startEvent id='s'/><inclusiveGateway id='f'/><userTask id='a'/><task id='b'/><inclusiveGateway id='j'/><userTask id='n'/>
         > s f a j n
         > f b j",
    );
    let mut bench = Bench::new(&definition);
    bench.limits = Limits { looks: 2, ..Limits::default() };
    bench.line("start");
    let [(element, message)] = problems(&bench.state).try_into().unwrap();
    assert!(element == "j" && message.contains("joins"), "{element}: {message}");
    assert_eq!(bench.line("skip j"), "=j j +n");
}

#[test]
fn many_conditions_are_asked_in_slices() {
    let events: String = (0..20)
        .map(|at| {
            format!(
                "<boundaryEvent id='b{at}' attachedToRef='u' cancelActivity='false'><conditionalEventDefinition>
                 <condition>vars.x > {at}</condition></conditionalEventDefinition></boundaryEvent><endEvent id='end{at}'/>
                 > b{at} end{at}\n"
            )
        })
        .collect();
    let definition = read(&format!("<startEvent id='s'/><userTask id='u'/>\n> s u\n{events}"));
    let mut bench = Bench::new(&definition);
    bench.line("start x=0");
    bench.slice = 3;
    let outcome = bench.step(Event::Variables { wait: None, variables: map(json!({"x": 10})) });
    assert_eq!(outcome.commands.last(), Some(&Command::Continue));
    let visits = |commands: &[Command]| commands.iter().filter(|it| matches!(it, Command::Visit(_))).count();
    let mut left = visits(&outcome.commands);
    while bench.state.paused.is_some() {
        left += visits(&bench.step(Event::Continue).commands);
    }
    assert_eq!((left, problems(&bench.state).len()), (20, 0), "ten events and their ends");
}

#[test]
fn messages_with_large_variables_end_a_slice() {
    check(
        "<startEvent id='s'/><exclusiveGateway id='m'/>
         <intermediateThrowEvent id='t'><signalEventDefinition signalRef='s1'/></intermediateThrowEvent>
         <scriptTask id='n' v:resultVariable='n'><script>vars.n + 1</script></scriptTask>
         <exclusiveGateway id='again' default='again_e'/><endEvent id='e'/>
         > s m t n again
         > again m [vars.n < 2]
         > again e",
        "start n=0 => s m sig:alarm t n again m sig:alarm t n again e END",
    );
    let definition = read(
        "<startEvent id='s'/><exclusiveGateway id='m'/>
         <intermediateThrowEvent id='t'><signalEventDefinition signalRef='s1'/></intermediateThrowEvent>
         > s m t m",
    );
    let mut bench = Bench::new(&definition);
    let outcome = bench.step(Event::Start { at: None, variables: map(json!({"big": vec!["x".repeat(60_000); 15]})) });
    let thrown = outcome.commands.iter().filter(|command| matches!(command, Command::Signal { .. })).count();
    assert!((4..8).contains(&thrown), "{thrown}");
    assert_eq!(outcome.commands.last(), Some(&Command::Continue));
}
