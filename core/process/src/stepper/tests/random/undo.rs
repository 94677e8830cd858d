//! Random trees of activities that can be undone, completed in random orders: beside an oracle that knows only the tree.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::super::state::Status;
use super::super::{Bench, read};
use super::come;

/// Activities side by side.
#[derive(Debug, Clone)]
enum Part {
    Task,
    Sub(Vec<Part>),
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = Just(Part::Task).prop_recursive(
        4,
        24,
        4,
        |inner| prop_oneof![2 => Just(Part::Task), 1 => prop::collection::vec(inner, 1..4).prop_map(Part::Sub)],
    );
    prop::collection::vec(part, 1..5)
}

/// A scope of the oracle: the scope around it, and what was completed in it, in order.
#[derive(Debug, Default)]
struct Known {
    around: Option<usize>,
    count: usize,
    done: Vec<Was>,
    /// Scopes in it, in the order they were opened.
    inner: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Was {
    Task(usize),
    Scope(usize),
}

/// The tree as text and as the oracle has it; tasks by number with their scope.
#[derive(Default)]
struct Tree {
    text: String,
    scopes: Vec<Known>,
    tasks: Vec<usize>,
}

impl Tree {
    fn of(parts: &[Part]) -> Self {
        let mut tree = Self::default();
        tree.add(parts, None);
        tree
    }

    fn add(&mut self, parts: &[Part], around: Option<usize>) -> usize {
        let this = self.scopes.len();
        self.scopes.push(Known { around, count: parts.len(), ..Known::default() });
        for part in parts {
            match part {
                Part::Task => {
                    let id = self.tasks.len();
                    self.tasks.push(this);
                    let _ = writeln!(
                        self.text,
                        "<userTask id='t{id}'/><boundaryEvent id='c{id}' attachedToRef='t{id}'><compensateEventDefinition/></boundaryEvent>
                         <userTask id='u{id}' isForCompensation='true'/><association id='l{id}' sourceRef='c{id}' targetRef='u{id}'/>"
                    );
                }
                Part::Sub(parts) => {
                    let _ = write!(self.text, "<subProcess id='n{}'>", self.scopes.len());
                    let inner = self.add(parts, Some(this));
                    self.scopes[this].inner.push(inner);
                    self.text.push_str("</subProcess>\n");
                }
            }
        }
        this
    }

    fn complete(&mut self, task: usize) {
        let mut at = self.tasks[task];
        self.scopes[at].done.push(Was::Task(task));
        while let (true, Some(around)) = (self.scopes[at].done.len() == self.scopes[at].count, self.scopes[at].around) {
            self.scopes[around].done.push(Was::Scope(at));
            at = around;
        }
    }

    /// What is undone of a scope, in order: what is not completed was the last.
    fn undone(&self, scope: usize) -> Vec<String> {
        let known = &self.scopes[scope];
        let whole = |inner: &&usize| self.scopes[**inner].done.len() == self.scopes[**inner].count;
        let open = known.inner.iter().filter(|inner| !whole(inner)).map(|inner| Was::Scope(*inner));
        let all: Vec<Was> = known.done.iter().copied().chain(open).collect();
        let names = all.into_iter().rev().map(|was| match was {
            Was::Task(task) => vec![format!("u{task}")],
            Was::Scope(scope) => self.undone(scope),
        });
        names.flatten().collect()
    }
}

/// Completes what there is to do; the order in which it came.
fn all_in_turn(bench: &mut Bench<'_>) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some((wait, found)) = bench.state.waits.iter().next().filter(|_| bench.state.status == Status::Active) {
        assert_eq!(bench.state.waits.len(), 1, "one after the other");
        seen.push(found.element.to_string());
        let wait = *wait;
        bench.step(come(wait));
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_completed_is_undone_backwards(parts in parts(), choices in prop::collection::vec(any::<u16>(), 40)) {
        let mut tree = Tree::of(&parts);
        let definition = read(&format!(
            "<startEvent id='s'/><subProcess id='r'>{}</subProcess><endEvent id='e'><compensateEventDefinition/></endEvent>\n> s r e",
            tree.text
        ));
        let mut bench = Bench::new(&definition);
        bench.line("start");
        for choice in choices.iter().cycle().take(tree.tasks.len()) {
            let waits: Vec<_> = bench.state.waits.iter().map(|(id, wait)| (*id, wait.element.to_string())).collect();
            let (wait, element) = &waits[usize::from(*choice) % waits.len()];
            tree.complete(element[1..].parse().unwrap());
            bench.step(come(*wait));
        }
        prop_assert_eq!(all_in_turn(&mut bench), tree.undone(0));
        prop_assert_eq!(bench.state.status, Status::Completed);
    }

    #[test]
    fn a_cancelled_transaction_leaves_nothing_done(parts in parts(), choices in prop::collection::vec(any::<u16>(), 0..12)) {
        let mut tree = Tree::of(&parts);
        let definition = read(&format!(
            "<startEvent id='s'/><transaction id='r'><userTask id='stop'/><endEvent id='x'><cancelEventDefinition/></endEvent>{}
             > stop x
             </transaction><boundaryEvent id='b' attachedToRef='r'><cancelEventDefinition/></boundaryEvent><endEvent id='e'/>
             > s r
             > b e",
            tree.text
        ));
        let mut bench = Bench::new(&definition);
        bench.line("start");
        for choice in choices {
            let work = bench.state.waits.iter().filter(|(_, wait)| &*wait.element != "stop");
            let waits: Vec<_> = work.map(|(id, wait)| (*id, wait.element.to_string())).collect();
            let Some((wait, element)) = waits.get(usize::from(choice) % waits.len().max(1)) else { break };
            tree.complete(element[1..].parse().unwrap());
            bench.step(come(*wait));
        }
        bench.line("come stop");
        prop_assert_eq!(all_in_turn(&mut bench), tree.undone(0));
        prop_assert_eq!(bench.state.status, Status::Completed);
    }
}
