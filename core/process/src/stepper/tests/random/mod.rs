//! Properties over random processes and random orders of events.
//!
//! Structured processes are run beside an oracle that knows nothing of tokens (`oracle`): after each event both must
//! wait for exactly the same. Unstructured ones (`graphs`) must only never break what holds after any step.

mod blocks;
mod graphs;
mod oracle;
mod undo;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::event::Event;
use super::super::state::{Role, ScopeId, Status, WaitId};
use super::super::variables::chain;
use super::{Bench, read};
use oracle::{Key, Oracle};

/// The members of repetitions a scope stands in, outermost first.
fn path(bench: &Bench<'_>, scope: ScopeId) -> Vec<u32> {
    let scopes = chain(&bench.state, scope).into_iter().rev();
    let index = |scope| match bench.state.scopes[&scope].role {
        Role::Member { index } => Some(index),
        _ => None,
    };
    scopes.filter_map(index).collect()
}

fn awaited(bench: &Bench<'_>) -> Vec<(Key, WaitId)> {
    let key =
        |(id, wait): (&WaitId, &super::super::state::Wait)| ((wait.element.to_string(), path(bench, wait.scope)), *id);
    let mut waits: Vec<_> = bench.state.waits.iter().map(key).collect();
    waits.sort();
    waits
}

fn agree(bench: &Bench<'_>, oracle: &Oracle<'_>, xml: &str) {
    let keys: Vec<Key> = awaited(bench).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, oracle.awaited(), "\n{xml}");
    assert_eq!(bench.state.status != Status::Active, oracle.is_over(), "\n{xml}");
    assert!(bench.state.incidents.is_empty(), "{:?}\n{xml}", bench.state.incidents);
}

fn come(wait: WaitId) -> Event {
    Event::Come { wait, variables: serde_json::Map::new(), result: None }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_token_is_lost_or_doubled_and_joins_release_when_they_must(
        block in blocks::root(),
        choices in prop::collection::vec(any::<u16>(), 0..60),
    ) {
        let xml = blocks::xml(&block);
        let definition = read(&xml);
        let mut bench = Bench::new(&definition);
        let mut oracle = Oracle::start(&block);
        bench.line("start");
        agree(&bench, &oracle, &xml);
        for choice in choices {
            let waits = awaited(&bench);
            let Some((key, wait)) = waits.get(usize::from(choice) % waits.len().max(1)) else { break };
            bench.step(come(*wait));
            oracle.come(key);
            agree(&bench, &oracle, &xml);
            prop_assert!(bench.state.status != Status::Active || !bench.step(come(4_000_000)).state.waits.is_empty());
        }
        if bench.state.status == Status::Active {
            bench.step(Event::Cancel);
        }
        prop_assert!(bench.open.is_empty());
    }

    #[test]
    fn a_structured_process_comes_to_its_end_when_all_its_work_is_done(block in blocks::root(), seed in any::<u16>()) {
        let definition = read(&blocks::xml(&block));
        let mut bench = Bench::new(&definition);
        bench.line("start");
        let mut left = 5_000;
        while bench.state.status == Status::Active && left > 0 {
            let work: Vec<WaitId> = bench.state.scopes.values().flat_map(|scope| scope.waits.iter().copied()).collect();
            bench.step(come(work[usize::from(seed) % work.len()]));
            left -= 1;
        }
        prop_assert_eq!(bench.state.status, Status::Completed);
    }

    #[test]
    fn the_same_events_give_the_same_states_and_commands(
        block in blocks::root(),
        choices in prop::collection::vec(any::<u16>(), 0..30),
    ) {
        let definition = read(&blocks::xml(&block));
        let run = || {
            let mut bench = Bench::new(&definition);
            let mut log = vec![bench.line("start")];
            for choice in &choices {
                let waits: Vec<WaitId> = bench.state.waits.keys().copied().collect();
                // Starts that stay armed may multiply without end; what is logged of them is no smaller.
                if waits.len() > 300 {
                    break;
                }
                let Some(wait) = waits.get(usize::from(*choice) % waits.len().max(1)) else { break };
                let outcome = bench.step(come(*wait));
                log.push(serde_json::to_string(&outcome.commands).unwrap());
                log.push(serde_json::to_string(&outcome.state).unwrap());
            }
            log
        };
        prop_assert_eq!(run(), run());
    }
}

#[test]
fn random_processes_have_everything_in_them() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for _ in 0..300 {
        let xml = blocks::xml(&blocks::root().new_tree(&mut runner).unwrap().current());
        for what in [
            "inclusiveGateway",
            "parallelGateway",
            "exclusiveGateway",
            "isSequential='true'",
            "isSequential='false'",
            "standardLoop",
            "errorEventDefinition",
            "cancelActivity='false'",
            "cancelActivity='true'",
            "triggeredByEvent",
            "completionCondition",
        ] {
            *seen.entry(what).or_default() += u32::from(xml.contains(what));
        }
    }
    assert!(seen.values().all(|count| *count > 20), "{seen:?}");
}
