//! What must hold after any step.

use std::collections::BTreeSet;

use super::super::state::{Done, Failed, PROCESS, Role, Status, WaitKind};
use super::Bench;

/// Links agree in both directions, the outside was told of exactly what is awaited, nothing is silently stuck, and an
/// instance that is over has left nothing.
pub fn check(bench: &Bench<'_>) {
    scopes_agree(bench);
    waits_agree(bench);
    incidents_agree(bench);
    let state = &bench.state;
    let announced: BTreeSet<u32> = bench.open.keys().copied().collect();
    let silent = |kind: &WaitKind| matches!(kind, WaitKind::Condition { .. });
    let awaited = state.waits.iter().filter(|(_, wait)| !silent(&wait.kind)).map(|(id, _)| *id).collect();
    assert_eq!(announced, awaited, "the outside was told of every wait and of every end of one");
    match state.status {
        Status::Active if state.scopes.is_empty() => {}
        Status::Active => {
            let works = state.scopes.values().any(|scope| !scope.waits.is_empty() || !scope.incidents.is_empty());
            let works = works || state.paused.is_some();
            assert!(works, "silently stuck: {state:#?}");
        }
        Status::Completed | Status::Cancelled => {
            assert!(
                state.waits.is_empty()
                    && state.incidents.is_empty()
                    && state.conditions.is_empty()
                    && state.paused.is_none()
            );
            assert!(state.scopes.keys().all(|scope| *scope == PROCESS), "{state:#?}");
            for scope in state.scopes.values() {
                assert!(scope.held.is_empty() && scope.waits.is_empty() && scope.guards.is_empty());
                assert!(scope.children.is_empty() && scope.incidents.is_empty());
                assert!(scope.done.is_empty() && scope.resets.is_empty());
            }
        }
    }
}

/// Whether what is said to be within an activity is there.
fn is_whole(mut done: &[Done]) -> bool {
    while let Some((root, before)) = done.split_last() {
        let Some(rest) = before.len().checked_sub(root.within) else { return false };
        if !is_whole(&before[rest..]) {
            return false;
        }
        done = &before[..rest];
    }
    true
}

fn scopes_agree(bench: &Bench<'_>) {
    let state = &bench.state;
    for (id, scope) in &state.scopes {
        assert_eq!(scope.moving, 0, "a token is on its way between steps: {state:#?}");
        match scope.parent {
            Some(parent) => assert!(parent < *id && state.scopes[&parent].children.contains(id)),
            None => assert_eq!(*id, PROCESS),
        }
        assert!(scope.children.iter().all(|child| state.scopes[child].parent == Some(*id)));
        assert!(scope.waits.iter().all(|wait| {
            let wait = &state.waits[wait];
            wait.scope == *id && wait.host.is_none() && wait.guards.is_none()
        }));
        assert!(scope.guards.iter().all(|wait| state.waits[wait].guards == Some(*id)));
        assert!(scope.incidents.iter().all(|incident| state.incidents[incident].scope == *id));
        let left = if let Role::Undo { left, .. } = &scope.role { left.as_slice() } else { &[] };
        assert!(is_whole(&scope.done) && is_whole(left), "{state:#?}");
    }
}

fn waits_agree(bench: &Bench<'_>) {
    let state = &bench.state;
    for (id, wait) in &state.waits {
        assert!(*id < state.next);
        match (wait.host, wait.guards) {
            (Some(host), None) => assert!(state.waits[&host].boundary.contains(id)),
            (None, Some(scope)) => assert!(state.scopes[&scope].guards.contains(id)),
            (None, None) => assert!(state.scopes[&wait.scope].waits.contains(id)),
            both => panic!("a wait in two places: {both:?}"),
        }
        assert!(wait.boundary.iter().all(|boundary| state.waits[boundary].host == Some(*id)));
        assert_eq!(matches!(wait.kind, WaitKind::Condition { .. }), state.conditions.contains(id));
        assert!(wait.incident.is_none_or(|incident| state.incidents.contains_key(&incident)));
    }
    assert!(state.conditions.iter().all(|wait| state.waits.contains_key(wait)));
}

fn incidents_agree(bench: &Bench<'_>) {
    let state = &bench.state;
    for (id, incident) in &state.incidents {
        match &incident.step {
            Failed::Wait { wait } | Failed::Uncaught { wait: Some(wait), .. } => {
                assert_eq!(state.waits[wait].incident, Some(*id));
            }
            _ => assert!(state.scopes[&incident.scope].incidents.contains(id)),
        }
        assert!(!incident.message.in_locale(kernel::Locale::En).is_empty());
    }
}
