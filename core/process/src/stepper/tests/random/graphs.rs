//! Random processes without any structure: what holds after any step holds for them too.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::super::event::Event;
use super::super::super::state::{IncidentId, Status, WaitId};
use super::super::{Bench, Limits, file};

/// Nodes that a random process is drawn of. `#` is the node's id.
const KINDS: [&str; 22] = [
    "<userTask id='#'/>",
    "<task id='#'/>",
    "<exclusiveGateway id='#'/>",
    "<parallelGateway id='#'/>",
    "<parallelGateway id='#'/>",
    "<inclusiveGateway id='#'/>",
    "<inclusiveGateway id='#'/>",
    "<userTask id='#'/><boundaryEvent id='#b' attachedToRef='#'><signalEventDefinition signalRef='s1'/></boundaryEvent>",
    "<userTask id='#'/><boundaryEvent id='#b' attachedToRef='#' cancelActivity='false'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>",
    "<subProcess id='#'><startEvent id='#s'/><parallelGateway id='#f'/><userTask id='#t'/><userTask id='#r'/><inclusiveGateway id='#j'/>
     > #s #f #t #j
     > #f #r #j
     </subProcess><boundaryEvent id='#b' attachedToRef='#'><errorEventDefinition/></boundaryEvent>",
    "<subProcess id='#'><userTask id='#t'/><endEvent id='#x'><errorEventDefinition errorRef='e1'/></endEvent>
     > #t #x
     </subProcess><boundaryEvent id='#b' attachedToRef='#'><errorEventDefinition errorRef='e1'/></boundaryEvent>",
    "<userTask id='#'><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask>",
    "<scriptTask id='#'><script>vars.missing</script></scriptTask>",
    "<userTask id='#'/><boundaryEvent id='#c' attachedToRef='#'><compensateEventDefinition/></boundaryEvent><userTask id='#u' isForCompensation='true'/><association id='#l' sourceRef='#c' targetRef='#u'/>",
    "<task id='#'/><boundaryEvent id='#c' attachedToRef='#'><compensateEventDefinition/></boundaryEvent><subProcess id='#u' isForCompensation='true'><userTask id='#t'/><endEvent id='#x'><errorEventDefinition errorRef='e1'/></endEvent>
     > #t #x
     </subProcess><association id='#l' sourceRef='#c' targetRef='#u'/>",
    "<userTask id='#'><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask><boundaryEvent id='#c' attachedToRef='#'><compensateEventDefinition/></boundaryEvent><userTask id='#u' isForCompensation='true'/><association id='#l' sourceRef='#c' targetRef='#u'/>",
    "<intermediateThrowEvent id='#'><compensateEventDefinition/></intermediateThrowEvent>",
    "<intermediateThrowEvent id='#'><compensateEventDefinition waitForCompletion='false'/></intermediateThrowEvent>",
    "<transaction id='#'><userTask id='#t'/><boundaryEvent id='#c' attachedToRef='#t'><compensateEventDefinition/></boundaryEvent><userTask id='#u' isForCompensation='true'/><association id='#l' sourceRef='#c' targetRef='#u'/>
     <parallelGateway id='#f'/><userTask id='#r'/><endEvent id='#x'><cancelEventDefinition/></endEvent>
     > #t #f #x
     > #f #r
     </transaction><boundaryEvent id='#b' attachedToRef='#'><cancelEventDefinition/></boundaryEvent>",
    "<subProcess id='#'><userTask id='#t'/><boundaryEvent id='#c' attachedToRef='#t'><compensateEventDefinition/></boundaryEvent><userTask id='#u' isForCompensation='true'/><association id='#l' sourceRef='#c' targetRef='#u'/>
     <subProcess id='#h' triggeredByEvent='true'><startEvent id='#s'><compensateEventDefinition/></startEvent><intermediateThrowEvent id='#x'><compensateEventDefinition/></intermediateThrowEvent>
     > #s #x
     </subProcess></subProcess>",
    "<complexGateway id='#'><activationCondition>activationCount >= 2</activationCondition></complexGateway>",
    "<intermediateCatchEvent id='#' parallelMultiple='true'><messageEventDefinition messageRef='m1'/><signalEventDefinition signalRef='s1'/></intermediateCatchEvent>",
];

fn graph() -> impl Strategy<Value = String> {
    let nodes = prop::collection::vec(0..KINDS.len(), 3..10);
    let flows = prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 3..20);
    (nodes, flows).prop_map(|(nodes, flows)| {
        let mut text = String::from("<startEvent id='start'/><endEvent id='end'/>");
        let mut sources = vec!["start".to_owned()];
        for (at, kind) in nodes.iter().enumerate() {
            let id = format!("n{at}");
            let element = KINDS[*kind].replace('#', &id);
            sources.extend(Some(format!("{id}b")).filter(|boundary| element.contains(boundary.as_str())));
            sources.push(id);
            let _ = writeln!(text, "{element}");
        }
        let mut seen = std::collections::BTreeSet::from([("start".to_owned(), "n0".to_owned())]);
        text.push_str("> start n0\n");
        for (from, to) in flows {
            let pair = (sources[from.index(sources.len())].clone(), format!("n{}", to.index(nodes.len())));
            if seen.insert(pair.clone()) {
                let _ = writeln!(text, "> {} {}", pair.0, pair.1);
            }
        }
        for source in &sources {
            if !seen.iter().any(|(from, _)| from == source) {
                let _ = writeln!(text, "> {source} end");
            }
        }
        text
    })
}

/// One of the things that can happen now.
fn event(bench: &Bench<'_>, choice: u16) -> Option<Event> {
    let waits: Vec<WaitId> = bench.state.waits.keys().copied().collect();
    let incidents: Vec<IncidentId> = bench.state.incidents.keys().copied().collect();
    let which = usize::from(choice / 8);
    let incident = incidents.get(which % incidents.len().max(1)).copied();
    let wait = waits.get(which % waits.len().max(1)).copied();
    let come = |wait| Event::Come { wait, variables: serde_json::Map::new(), result: None };
    match (choice % 8, incident, wait) {
        (0, Some(incident), _) => Some(Event::Retry { incident: Some(incident) }),
        (1, _, Some(wait)) => Some(Event::Error { wait, code: "E2".into(), variables: serde_json::Map::new() }),
        (2, _, Some(wait)) => Some(Event::Failed { wait, message: "no".into() }),
        (_, _, Some(wait)) => Some(come(wait)),
        (_, Some(incident), None) => Some(Event::Skip { incident }),
        (_, None, None) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_whatever_is_drawn(text in graph(), choices in prop::collection::vec(any::<u16>(), 0..30)) {
        // What the reader refuses (a process that cannot end, for example) never runs.
        let Ok((definition, _)) = crate::definition::read(file(&text).as_bytes()) else { return Ok(()) };
        let mut bench = Bench::new(&definition);
        bench.limits = Limits { steps: 300, places: 2_000, ..Limits::default() };
        bench.line("start");
        for choice in choices {
            if bench.state.waits.len() > 200 {
                break;
            }
            let Some(event) = event(&bench, choice) else { break };
            prop_assert!(!bench.step(event).stale);
        }
        if bench.state.status == Status::Active {
            bench.step(Event::Cancel);
        }
        prop_assert!(bench.open.is_empty());
        prop_assert!(bench.state.incidents.is_empty());
    }
}
