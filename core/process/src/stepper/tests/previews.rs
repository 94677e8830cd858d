//! Next steps and dry runs.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::super::budget::AtOnce;
use super::super::event::{Event, Input};
use super::super::next::{Preview, after, simulate};
use super::{Bench, NOON, read};
use kernel::Timestamp;

const BODY: &str = "<startEvent id='s'/><userTask id='a'/><exclusiveGateway id='x' default='x_c'/><userTask id='b'/><userTask id='c'/>
     <intermediateCatchEvent id='t'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent><endEvent id='e'/>
     <boundaryEvent id='d' attachedToRef='c'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
     > s a x
     > x b [vars.ok]
     > x c t e
     > d e";

const NULL: Json = Json::Null;

fn input() -> Input<'static> {
    Input {
        now: Timestamp::parse(NOON).unwrap(),
        record: &NULL,
        instance: &NULL,
        actor: &NULL,
        zone: chrono_tz::UTC,
        called: false,
        told: &[],
        pace: &AtOnce,
    }
}

fn map(value: Json) -> Map<String, Json> {
    value.as_object().unwrap().clone()
}

fn preview(script: &str, wait: &str, variables: Json) -> Preview {
    let definition = read(BODY);
    let mut bench = Bench::new(&definition);
    script.lines().for_each(|line| drop(bench.line(line.trim())));
    let before = bench.state.clone();
    let preview = after(&definition, &bench.state, bench.wait(wait), map(variables), &input()).unwrap();
    assert_eq!(bench.state, before);
    preview
}

fn ids(list: &[&str]) -> Vec<std::sync::Arc<str>> {
    list.iter().map(|id| (*id).into()).collect()
}

#[test]
fn the_next_step_is_what_would_be_waited_for() {
    let sure = preview("start", "a", json!({"ok": true}));
    assert_eq!(sure, Preview { visited: ids(&["a", "x"]), next: ids(&["b"]), ..Preview::default() });
    let other = preview("start", "a", json!({"ok": false}));
    assert_eq!(other.next, ids(&["c"]));
    let last = preview("start\ncome a ok=true", "b", json!({}));
    assert_eq!(last, Preview { visited: ids(&["b"]), ended: true, ..Preview::default() });
}

#[test]
fn a_condition_that_cannot_be_answered_yet_shows_all_branches() {
    let unsure = preview("start", "a", json!({}));
    assert_eq!(unsure.possible, ids(&["b", "c"]));
    assert_eq!((unsure.next, unsure.problems, unsure.ended), (vec![], vec![], false));
}

#[test]
fn an_unknown_wait_has_no_next_step() {
    let definition = read(BODY);
    let mut bench = Bench::new(&definition);
    bench.line("start");
    assert_eq!(after(&definition, &bench.state, 999, Map::new(), &input()), None);
}

#[test]
fn a_dry_run_goes_as_if_everything_came_at_once() {
    let definition = read(BODY);
    let run = |answer: Json, limit: u32| {
        let answers = HashMap::from([("a".into(), map(answer))]);
        let start = Event::Start { at: None, variables: Map::new() };
        simulate(&definition, start, &"p".into(), &answers, limit, &input())
    };
    let done = run(json!({"ok": false}), 100);
    assert_eq!(done.visited, ids(&["s", "a", "x", "c", "t", "e"]));
    assert!(!done.cut && done.state.waits.is_empty());
    let cut = run(json!({"ok": false}), 1);
    assert_eq!((cut.visited, cut.cut), (ids(&["s", "a", "x"]), true));
    let failed = run(json!({}), 100);
    assert_eq!(failed.visited, ids(&["s", "a", "x"]));
    assert_eq!(failed.state.incidents.len(), 1);
}
