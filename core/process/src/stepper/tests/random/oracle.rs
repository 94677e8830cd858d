//! What a structured process must wait for, told without tokens: each block is either over or has open parts.

use super::blocks::{Block, Guard, Repeat, Sub};

/// An element that is waited for, and the members of repetitions it stands in.
pub type Key = (String, Vec<u32>);

/// A running process.
pub struct Oracle<'b>(Inside<'b>);

/// An open scope.
struct Inside<'b> {
    /// Of which sub-process; none for the process.
    sub: Option<&'b Sub>,
    parts: Vec<Live<'b>>,
    /// Tasks that go to an end of their own.
    beside: Vec<String>,
    interrupted: bool,
}

enum Live<'b> {
    Task(String),
    /// A task that throws when it is done.
    Throwing(String),
    /// What is under way, and what comes after it.
    Seq(Box<Live<'b>>, &'b [Block]),
    All(Vec<Live<'b>>),
    Loop(&'b Block, Box<Live<'b>>, u8),
    Sub {
        sub: &'b Sub,
        members: Vec<(u32, Inside<'b>)>,
        begun: u32,
        completed: u32,
    },
}

/// What an event did to a part.
enum Did {
    Nothing,
    Stays,
    Over,
    Throws,
    /// It stays, and this task begins beside it in its scope.
    Beside(String),
}

impl<'b> Oracle<'b> {
    pub fn start(root: &'b Block) -> Self {
        Self(Inside { sub: None, parts: begin(root).into_iter().collect(), beside: Vec::new(), interrupted: false })
    }

    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }

    pub fn awaited(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        self.0.awaited(&[], &mut keys);
        keys.sort();
        keys
    }

    pub fn come(&mut self, key: &Key) {
        assert!(!matches!(self.0.come(&key.0, &key.1), Did::Nothing | Did::Throws), "{key:?}");
    }
}

/// What a block waits for when it begins; none when it passes at once.
fn begin(block: &Block) -> Option<Live<'_>> {
    match block {
        Block::Task(id) => Some(Live::Task(format!("t{id}"))),
        Block::Script(_) => None,
        Block::Seq(parts) => begin_all(parts),
        Block::Par(_, parts) => all(parts.iter().filter_map(begin).collect()),
        Block::Xor(_, parts, which) => begin(&parts[*which]),
        Block::Incl(_, parts, on) => {
            all(parts.iter().zip(on).filter(|(_, on)| **on).filter_map(|(part, _)| begin(part)).collect())
        }
        Block::Loop(_, body, rounds) => begin(body).map(|live| Live::Loop(body, Box::new(live), rounds - 1)),
        Block::Sub(sub) => begin_sub(sub),
    }
}

fn all(parts: Vec<Live<'_>>) -> Option<Live<'_>> {
    if parts.is_empty() { None } else { Some(Live::All(parts)) }
}

fn begin_all(parts: &[Block]) -> Option<Live<'_>> {
    let (first, rest) = parts.split_first()?;
    match begin(first) {
        Some(live) => Some(Live::Seq(Box::new(live), rest)),
        None => begin_all(rest),
    }
}

fn begin_sub(sub: &Sub) -> Option<Live<'_>> {
    let first = match sub.repeat {
        Repeat::Once | Repeat::Rounds(_) => 1,
        Repeat::Multi { count, sequential, .. } => {
            if sequential {
                count.min(1)
            } else {
                count
            }
        }
    };
    let mut live = Live::Sub { sub, members: Vec::new(), begun: 0, completed: 0 };
    if let Live::Sub { members, begun, .. } = &mut live {
        (0..first).for_each(|index| members.push((index, Inside::of(sub))));
        *begun = first;
    }
    if first == 0 || settle(&mut live) { None } else { Some(live) }
}

/// Closes members that are over and begins the next ones; whether the sub-process is over.
fn settle(live: &mut Live<'_>) -> bool {
    let Live::Sub { sub, members, begun, completed } = live else { return false };
    loop {
        let Some(over) = members.iter().position(|(_, inside)| inside.is_over()) else { return false };
        members.remove(over);
        *completed += 1;
        let more = match sub.repeat {
            Repeat::Once => return true,
            Repeat::Rounds(rounds) => {
                if *completed >= rounds {
                    return true;
                }
                true
            }
            Repeat::Multi { count, sequential, enough } => {
                if *completed >= enough || *completed == count {
                    return true;
                }
                sequential
            }
        };
        if more {
            members.push((*begun, Inside::of(sub)));
            *begun += 1;
        }
    }
}

impl<'b> Inside<'b> {
    fn of(sub: &'b Sub) -> Self {
        let mut parts: Vec<Live<'b>> = sub.parts.iter().filter_map(begin).collect();
        if sub.throws {
            parts.push(Live::Throwing(format!("f{}", sub.id)));
        }
        Self { sub: Some(sub), parts, beside: Vec::new(), interrupted: false }
    }

    fn is_over(&self) -> bool {
        self.parts.is_empty() && self.beside.is_empty()
    }

    fn awaited(&self, path: &[u32], keys: &mut Vec<Key>) {
        if self.is_over() {
            return;
        }
        self.parts.iter().for_each(|part| part.awaited(path, keys));
        keys.extend(self.beside.iter().map(|task| (task.clone(), path.to_vec())));
        if let Some(sub) = self.sub.filter(|sub| sub.event.is_some() && !self.interrupted) {
            keys.push((format!("a{}", sub.id), path.to_vec()));
        }
    }

    fn come(&mut self, element: &str, path: &[u32]) -> Did {
        if path.is_empty() {
            if let Some(sub) = self.sub.filter(|sub| element == format!("a{}", sub.id)) {
                if sub.event == Some(true) {
                    self.parts.clear();
                    self.beside.clear();
                    self.interrupted = true;
                }
                self.beside.push(format!("w{}", sub.id));
                return Did::Stays;
            }
            if let Some(task) = self.beside.iter().position(|task| task == element) {
                self.beside.remove(task);
                return Did::Stays;
            }
        }
        match each(&mut self.parts, element, path) {
            Did::Over => Did::Stays,
            Did::Beside(task) => {
                self.beside.push(task);
                Did::Stays
            }
            other => other,
        }
    }
}

/// The event for one of several parts; one that is over is taken out.
fn each(parts: &mut Vec<Live<'_>>, element: &str, path: &[u32]) -> Did {
    for at in 0..parts.len() {
        match parts[at].come(element, path) {
            Did::Nothing => {}
            Did::Over => {
                parts.remove(at);
                return if parts.is_empty() { Did::Over } else { Did::Stays };
            }
            did => return did,
        }
    }
    Did::Nothing
}

impl Live<'_> {
    fn awaited(&self, path: &[u32], keys: &mut Vec<Key>) {
        match self {
            Live::Task(id) | Live::Throwing(id) => keys.push((id.clone(), path.to_vec())),
            Live::Seq(live, _) | Live::Loop(_, live, _) => live.awaited(path, keys),
            Live::All(parts) => parts.iter().for_each(|part| part.awaited(path, keys)),
            Live::Sub { sub, members, .. } => {
                for (index, inside) in members {
                    let mut path = path.to_vec();
                    path.extend(Some(*index).filter(|_| !matches!(sub.repeat, Repeat::Once)));
                    inside.awaited(&path, keys);
                }
                if matches!(sub.guard, Some(Guard::Interrupting | Guard::Beside)) {
                    keys.push((format!("g{}", sub.id), path.to_vec()));
                }
            }
        }
    }

    fn come(&mut self, element: &str, path: &[u32]) -> Did {
        match self {
            Live::Task(id) if id == element && path.is_empty() => Did::Over,
            Live::Throwing(id) if id == element && path.is_empty() => Did::Throws,
            Live::Task(_) | Live::Throwing(_) => Did::Nothing,
            Live::All(parts) => each(parts, element, path),
            Live::Seq(live, rest) => match live.come(element, path) {
                Did::Over => match begin_all(rest) {
                    Some(next) => {
                        *self = next;
                        Did::Stays
                    }
                    None => Did::Over,
                },
                did => did,
            },
            Live::Loop(body, live, left) => match live.come(element, path) {
                Did::Over if *left > 0 => {
                    *left -= 1;
                    **live = begin(body).unwrap_or(Live::All(Vec::new()));
                    Did::Stays
                }
                did => did,
            },
            Live::Sub { .. } => self.come_sub(element, path),
        }
    }

    fn come_sub(&mut self, element: &str, path: &[u32]) -> Did {
        let Live::Sub { sub, members, .. } = self else { return Did::Nothing };
        let (id, guard) = (sub.id, sub.guard);
        let handler = format!("h{id}");
        if path.is_empty() && element == format!("g{id}") {
            if guard == Some(Guard::Beside) {
                return Did::Beside(handler);
            }
            *self = Live::Task(handler);
            return Did::Stays;
        }
        let once = matches!(sub.repeat, Repeat::Once);
        let did = match path.split_first() {
            _ if once => members[0].1.come(element, path),
            Some((index, path)) => match members.iter_mut().find(|(member, _)| member == index) {
                Some((_, inside)) => inside.come(element, path),
                None => Did::Nothing,
            },
            None => Did::Nothing,
        };
        match did {
            Did::Throws if guard == Some(Guard::Error) => {
                *self = Live::Task(handler);
                Did::Stays
            }
            Did::Stays if settle(self) => Did::Over,
            did => did,
        }
    }
}
