//! Tables of events and expected traces, written from the standard's text, and properties over random processes.
//!
//! A process is the inside of a `process` element; a line `> a b c [condition]` stands for the sequence flows `a_b` and
//! `b_c`, the last one with the condition. A script has a line `event => trace` for each step:
//!
//! | event | means | | trace | means |
//! |---|---|---|---|---|
//! | `start x=1`, `start at s x=1` | begin (at a triggered start) | | `a`, `~a`, `^a`, `!a` | left: done, cancelled, skipped, by an error |
//! | `come a x=1`, `come a#1` | the wait at `a` (the second one) | | `+a` | task, service or call opened |
//! | `due t` | the clock goes to the timer's time, it comes | | `@t`, `?t` | timer armed, subscribed |
//! | `result a 5` | a service's answer | | `-a` | wait withdrawn |
//! | `error a E x=1`, `escalate a E`, `fail a` | of a task, service, call | | `msg:m`, `sig:s`, `esc:e`, `err:e` | thrown |
//! | `set x=1`, `subject x=1` | variables, the record's fields | | `#a`, `=a` | incident raised, over |
//! | `retry a`, `skip a`, `from a`, `cancel` | an operator | | `END` | over |
//! | `get x` | shows a variable | | `stale` | nothing changed |
//! | `called` | from now on by a caller | | `??`, `-?` | a wait that is armed and let go in one step |

mod activities;
mod budget;
mod compensation;
mod complex;
mod errors;
mod events;
mod flow;
mod gateways;
mod incidents;
mod invariants;
mod parts;
mod previews;
mod random;
mod repeat;
mod scopes;
mod timers;
mod transactions;
mod variables;

use std::cell::Cell;
use std::collections::BTreeMap;

use kernel::{Locale, Timestamp};
use serde_json::{Map, Value as Json, json};

use super::budget::{Limits, Pace};
use super::event::VisitOutcome;
use super::state::{IncidentId, Status, WaitId, WaitKind};
use super::{Command, Event, Input, Outcome, State, step_within};
use crate::definition::Severity;
use crate::definition::model::Definition;

/// 2026-03-02 is a Monday.
pub const NOON: &str = "2026-03-02T12:00:00Z";

/// Text of a file with one process `p`, or of several processes when the text has them.
pub fn file(body: &str) -> String {
    let body = body.lines().map(flows).collect::<Vec<_>>().join("\n");
    let inside = if body.contains("<process") { body } else { format!("<process id='p'>{body}</process>") };
    format!(
        "<definitions id='defs' xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' xmlns:v='urn:verstak:bpmn:1'
            xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>
          <message id='m1' name='paid'/><message id='m2' name='broken'/><message id='m3' name='order' v:correlationKey='vars.number'/>
          <signal id='s1' name='alarm'/><signal id='s2' name='calm'/>
          <error id='e1' errorCode='E1'/><error id='e2' errorCode='E2'/>
          <escalation id='x1' escalationCode='X1'/><escalation id='x2' escalationCode='X2'/>
          {inside}
        </definitions>"
    )
}

fn flows(line: &str) -> String {
    let Some(line) = line.trim().strip_prefix("> ") else { return line.to_owned() };
    let (path, condition) = match line.split_once('[') {
        Some((path, condition)) => (path, condition.strip_suffix(']').unwrap()),
        None => (line, ""),
    };
    let nodes: Vec<&str> = path.split_whitespace().collect();
    let escaped = condition.replace('&', "&amp;").replace('<', "&lt;");
    let last = nodes.len() - 2;
    let flow = |(at, pair): (usize, &[&str])| {
        let (from, to) = (pair[0], pair[1]);
        let condition = if at == last && !condition.is_empty() {
            format!("<conditionExpression xsi:type='tFormalExpression'>{escaped}</conditionExpression>")
        } else {
            String::new()
        };
        format!("<sequenceFlow id='{from}_{to}' sourceRef='{from}' targetRef='{to}'>{condition}</sequenceFlow>")
    };
    nodes.windows(2).enumerate().map(flow).collect()
}

/// Reads a process; it must have no errors.
pub fn read(body: &str) -> Definition {
    let text = file(body);
    match crate::definition::read(text.as_bytes()) {
        Ok((definition, _)) => definition,
        Err(mut problems) => {
            problems.retain(|problem| problem.severity == Severity::Error);
            panic!("{problems:#?}\n{text}")
        }
    }
}

/// A slice that is over after so many questions whether it is.
#[derive(Debug)]
struct Slice(Cell<u32>);

impl Slice {
    fn of(asked: u32) -> Self {
        Self(Cell::new(asked))
    }
}

impl Pace for Slice {
    fn is_over(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

/// A running instance with the world around it.
pub struct Bench<'d> {
    pub definition: &'d Definition,
    pub state: State,
    pub now: Timestamp,
    pub record: Json,
    pub called: bool,
    pub zone: chrono_tz::Tz,
    /// What the instance may do and be.
    pub limits: Limits,
    /// Tokens and conditions of one slice.
    pub slice: u32,
    /// What the outside has been asked for and not yet let go of: element by wait.
    pub open: BTreeMap<WaitId, String>,
    incidents: BTreeMap<IncidentId, String>,
}

impl<'d> Bench<'d> {
    pub fn new(definition: &'d Definition) -> Self {
        Self {
            definition,
            state: State::new(definition.processes[0].id.clone()),
            now: Timestamp::parse(NOON).unwrap(),
            record: json!({"stage": "new"}),
            called: false,
            zone: chrono_tz::UTC,
            limits: Limits::default(),
            slice: u32::MAX,
            open: BTreeMap::new(),
            incidents: BTreeMap::new(),
        }
    }

    /// One step, with everything checked that must hold after any step.
    pub fn step(&mut self, event: Event) -> Outcome {
        let instance = json!({"id": "i-1", "key": "p", "process": "p", "started": NOON});
        let input = |pace| Input {
            now: self.now,
            record: &self.record,
            instance: &instance,
            actor: &Json::Null,
            zone: self.zone,
            called: self.called,
            told: &[],
            pace,
        };
        let before = self.state.clone();
        let pace = Slice::of(self.slice);
        let outcome = step_within(self.definition, self.state.clone(), event.clone(), &input(&pace), self.limits);
        let stored = serde_json::to_string(&before).unwrap();
        let read = serde_json::from_str(&stored).unwrap();
        let pace = Slice::of(self.slice);
        let again = step_within(self.definition, read, event.clone(), &input(&pace), self.limits);
        assert_eq!(outcome, again, "a stored state steps as one in memory: {event:?}");
        if outcome.stale {
            assert_eq!(outcome.state, before, "a stale event changes nothing");
            assert!(outcome.commands.is_empty());
        }
        self.state = outcome.state.clone();
        if let Event::Come { wait, .. } = &event
            && !self.state.waits.contains_key(wait)
        {
            self.open.remove(wait);
        }
        for command in &outcome.commands {
            self.obey(command);
        }
        invariants::check(self);
        outcome
    }

    fn obey(&mut self, command: &Command) {
        match command {
            Command::OpenTask { wait, .. }
            | Command::CallService { wait, .. }
            | Command::CallProcess { wait, .. }
            | Command::ArmTimer { wait, .. }
            | Command::Subscribe { wait, .. } => {
                let element = self.state.waits.get(wait).map(|wait| wait.element.to_string());
                self.open.insert(*wait, element.unwrap_or_default());
            }
            Command::Withdraw { wait } => {
                self.open.remove(wait);
            }
            Command::Incident { incident, element, .. } => {
                self.incidents.insert(*incident, element.to_string());
            }
            _ => {}
        }
    }

    /// The wait at an element, `a#1` for the second one.
    pub fn wait(&self, name: &str) -> WaitId {
        let (element, which) = name.split_once('#').unwrap_or((name, "0"));
        let mut waits = self.state.waits.iter().filter(|(_, wait)| &*wait.element == element).map(|(id, _)| *id);
        waits.nth(which.parse().unwrap()).unwrap_or_else(|| panic!("no wait at {name}: {:#?}", self.state))
    }

    fn incident(&self, element: &str) -> IncidentId {
        let found = self.state.incidents.iter().find(|(_, incident)| &*incident.element == element);
        found.map(|(id, _)| *id).unwrap_or_else(|| panic!("no incident at {element}: {:#?}", self.state))
    }

    fn event(&mut self, line: &str) -> Event {
        let mut words = line.split_whitespace().peekable();
        let verb = words.next().unwrap();
        let mut word = || words.next().unwrap_or_default().to_owned();
        match verb {
            "start" => {
                let at = line.strip_prefix("start at ").map(|_| word()).map(|_| word().into());
                Event::Start { at, variables: variables(line) }
            }
            "come" => Event::Come { wait: self.wait(&word()), variables: variables(line), result: None },
            "due" => {
                let wait = self.wait(&word());
                let WaitKind::Timer { at, .. } = self.state.waits[&wait].kind else { panic!("no timer: {line}") };
                self.now = self.now.max(at);
                Event::Come { wait, variables: Map::new(), result: None }
            }
            "result" => {
                let wait = self.wait(&word());
                Event::Come { wait, variables: Map::new(), result: Some(value(&word())) }
            }
            "error" => Event::Error { wait: self.wait(&word()), code: word(), variables: variables(line) },
            "escalate" => Event::Escalation { wait: self.wait(&word()), code: word() },
            "fail" => Event::Failed { wait: self.wait(&word()), message: "it does not answer".into() },
            "set" => Event::Variables { wait: None, variables: variables(line) },
            "subject" => {
                self.record.as_object_mut().unwrap().extend(variables(line));
                Event::SubjectChanged
            }
            "retry" => Event::Retry { incident: Some(word()).filter(|w| !w.is_empty()).map(|w| self.incident(&w)) },
            "skip" => Event::Skip { incident: self.incident(&word()) },
            "from" => Event::StartFrom { element: word().into(), variables: variables(line) },
            "gone" => Event::Come { wait: 4_000_000, variables: Map::new(), result: None },
            "cancel" => Event::Cancel,
            "continue" => Event::Continue,
            other => panic!("no such event: {other}"),
        }
    }

    fn trace(&self, outcome: &Outcome, known: &BTreeMap<WaitId, String>) -> String {
        if outcome.stale {
            return "stale".into();
        }
        let element = |wait: &WaitId| {
            let open = self.open.get(wait).or_else(|| known.get(wait)).cloned();
            open.or_else(|| self.state.waits.get(wait).map(|wait| wait.element.to_string()))
        };
        // A wait that is opened and withdrawn in one step.
        let element = |wait: &WaitId| element(wait).filter(|it| !it.is_empty()).unwrap_or_else(|| "?".into());
        let word = |command: &Command| match command {
            Command::Visit(visit) => {
                let sign = match visit.outcome {
                    VisitOutcome::Completed => "",
                    VisitOutcome::Cancelled => "~",
                    VisitOutcome::Skipped => "^",
                    VisitOutcome::Error => "!",
                };
                format!("{sign}{}", visit.element)
            }
            Command::OpenTask { element, .. }
            | Command::CallService { element, .. }
            | Command::CallProcess { element, .. } => format!("+{element}"),
            Command::ArmTimer { wait, .. } => format!("@{}", element(wait)),
            Command::Subscribe { wait, .. } => format!("?{}", element(wait)),
            Command::Withdraw { wait } => format!("-{}", element(wait)),
            Command::Message { name, .. } => format!("msg:{name}"),
            Command::Signal { name, .. } => format!("sig:{name}"),
            Command::Escalated { code } => format!("esc:{code}"),
            Command::Failed { code } => format!("err:{code}"),
            Command::Incident { element, .. } => format!("#{element}"),
            Command::Resolved { incident } => {
                format!("={}", self.incidents.get(incident).map(String::as_str).unwrap_or("?"))
            }
            Command::Continue => "...".into(),
            Command::Ended => "END".into(),
        };
        outcome.commands.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// Does one line of a script; what it gives.
    pub fn line(&mut self, line: &str) -> String {
        if line == "called" {
            self.called = true;
            return String::new();
        }
        if let Some(name) = line.strip_prefix("get ") {
            let value = self.state.variables().and_then(|variables| variables.get(name));
            return value.map_or("none".into(), Json::to_string);
        }
        let mut known = self.open.clone();
        known.extend(self.state.waits.iter().map(|(id, wait)| (*id, wait.element.to_string())));
        let event = self.event(line);
        let outcome = self.step(event);
        self.trace(&outcome, &known)
    }
}

fn value(text: &str) -> Json {
    serde_json::from_str(&text.replace('\'', "\"")).unwrap_or_else(|_| panic!("no JSON: {text}"))
}

fn variables(line: &str) -> Map<String, Json> {
    let pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
    pairs.map(|(name, text)| (name.to_owned(), value(text))).collect()
}

/// Runs a script against a process.
pub fn check(body: &str, script: &str) {
    let definition = read(body);
    let mut bench = Bench::new(&definition);
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (event, expected) = line.split_once("=>").unwrap_or((line, ""));
        let trace = bench.line(event.trim());
        let incidents: Vec<_> =
            bench.state.incidents.values().map(|incident| incident.message.in_locale(Locale::En)).collect();
        assert_eq!(trace, expected.trim(), "\nat `{}` of:\n{script}\n{incidents:?}", event.trim());
    }
}

/// Runs a script and gives the instance.
pub fn run<'d>(definition: &'d Definition, script: &str) -> Bench<'d> {
    let mut bench = Bench::new(definition);
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        bench.line(line);
    }
    assert!(bench.state.status != Status::Active || !bench.state.waits.is_empty() || !bench.state.incidents.is_empty());
    bench
}
