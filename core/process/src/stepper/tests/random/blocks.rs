//! Random block-structured processes, and their files.

use std::fmt::Write as _;

use proptest::prelude::*;

/// A part of a process with one way in and one way out. Numbers make ids.
#[derive(Debug, Clone)]
pub enum Block {
    Task(u32),
    Script(u32),
    Seq(Vec<Block>),
    /// A parallel split and join.
    Par(u32, Vec<Block>),
    /// An exclusive split and merge: which branch is true.
    Xor(u32, Vec<Block>, usize),
    /// An inclusive split and join: which branches are true.
    Incl(u32, Vec<Block>, Vec<bool>),
    /// A way back drawn by hand: how often it is gone through.
    Loop(u32, Box<Block>, u8),
    Sub(Sub),
}

/// A sub-process whose parts end each on their own.
#[derive(Debug, Clone)]
pub struct Sub {
    pub id: u32,
    pub parts: Vec<Block>,
    pub repeat: Repeat,
    pub guard: Option<Guard>,
    /// An event sub-process: whether it interrupts.
    pub event: Option<bool>,
    /// Whether it has a part that throws an error.
    pub throws: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Repeat {
    Once,
    Rounds(u32),
    Multi { count: u32, sequential: bool, enough: u32 },
}

/// Its boundary event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Guard {
    Interrupting,
    Beside,
    Error,
}

/// A whole process.
pub fn root() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![4 => Just(Block::Task(0)), 1 => Just(Block::Script(0))];
    let block = leaf.prop_recursive(5, 40, 4, |inner| {
        let several = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(Block::Seq),
            2 => several().prop_map(|parts| Block::Par(0, parts)),
            1 => (several(), any::<prop::sample::Index>())
                .prop_map(|(parts, which)| { let which = which.index(parts.len()); Block::Xor(0, parts, which) }),
            2 => (several(), 1_u8..8).prop_map(|(parts, mask)| {
                let mut on: Vec<bool> = (0..parts.len()).map(|bit| mask & (1 << bit) != 0).collect();
                on[0] |= on.iter().all(|on| !on);
                Block::Incl(0, parts, on)
            }),
            1 => (inner.clone(), 1_u8..4).prop_map(|(body, rounds)| Block::Loop(0, Box::new(body), rounds)),
            3 => sub(inner.clone()).prop_map(Block::Sub),
        ]
    });
    prop::collection::vec(block, 1..4).prop_map(|parts| {
        let mut root = Block::Seq(parts);
        number(&mut root, &mut 0, false);
        root
    })
}

fn sub(inner: BoxedStrategy<Block>) -> impl Strategy<Value = Sub> {
    let repeat = prop_oneof![
        3 => Just(Repeat::Once),
        1 => (1_u32..4).prop_map(Repeat::Rounds),
        3 => (0_u32..4, any::<bool>(), 1_u32..5)
            .prop_map(|(count, sequential, enough)| Repeat::Multi { count, sequential, enough }),
    ];
    let guard = prop::option::of(prop_oneof![Just(Guard::Interrupting), Just(Guard::Beside), Just(Guard::Error)]);
    let event = prop::option::weighted(0.3, any::<bool>());
    (prop::collection::vec(inner, 1..3), repeat, guard, event, any::<bool>())
        .prop_map(|(parts, repeat, guard, event, throws)| Sub { id: 0, parts, repeat, guard, event, throws })
}

/// Gives every block its number; errors that nobody would catch are left out.
fn number(block: &mut Block, next: &mut u32, caught: bool) {
    let mut fresh = || {
        *next += 1;
        *next
    };
    match block {
        Block::Task(id) | Block::Script(id) => *id = fresh(),
        Block::Seq(parts) => parts.iter_mut().for_each(|part| number(part, next, caught)),
        Block::Par(id, parts) | Block::Xor(id, parts, _) | Block::Incl(id, parts, _) => {
            *id = fresh();
            parts.iter_mut().for_each(|part| number(part, next, caught));
        }
        Block::Loop(id, body, _) => {
            *id = fresh();
            number(body, next, caught);
        }
        Block::Sub(sub) => {
            sub.id = fresh();
            let caught = caught || sub.guard == Some(Guard::Error);
            sub.throws &= caught;
            sub.parts.iter_mut().for_each(|part| number(part, next, caught));
        }
    }
}

/// The inside of a process that starts with `start`.
pub fn xml(root: &Block) -> String {
    let mut text = String::from("<startEvent id='start'/><endEvent id='end'/>");
    let last = write(root, "start", "", &mut text);
    let _ = write!(text, "\n> {last} end");
    text
}

/// Writes a block behind a node; the node that leads on.
fn write(block: &Block, from: &str, condition: &str, text: &mut String) -> String {
    match block {
        Block::Task(id) => node(&format!("<userTask id='t{id}'/>"), &format!("t{id}"), from, condition, text),
        Block::Script(id) => node(
            &format!("<scriptTask id='t{id}'><script>1</script></scriptTask>"),
            &format!("t{id}"),
            from,
            condition,
            text,
        ),
        Block::Seq(parts) => {
            let mut at = (from.to_owned(), condition);
            for part in parts {
                at = (write(part, &at.0, at.1, text), "");
            }
            at.0
        }
        Block::Par(id, parts) => {
            let conditions = vec![String::new(); parts.len()];
            split("parallelGateway", *id, parts, &conditions, from, condition, text)
        }
        Block::Xor(id, parts, which) => {
            let conditions: Vec<String> = (0..parts.len()).map(|part| format!(" [{}]", part == *which)).collect();
            split("exclusiveGateway", *id, parts, &conditions, from, condition, text)
        }
        Block::Incl(id, parts, on) => {
            let conditions: Vec<String> = on.iter().map(|on| format!(" [{on}]")).collect();
            split("inclusiveGateway", *id, parts, &conditions, from, condition, text)
        }
        Block::Loop(id, body, rounds) => write_loop(*id, body, *rounds, from, condition, text),
        Block::Sub(sub) => write_sub(sub, from, condition, text),
    }
}

fn node(element: &str, id: &str, from: &str, condition: &str, text: &mut String) -> String {
    let _ = write!(text, "{element}\n> {from} {id}{condition}\n");
    id.to_owned()
}

fn split(
    kind: &str,
    id: u32,
    parts: &[Block],
    conditions: &[String],
    from: &str,
    condition: &str,
    text: &mut String,
) -> String {
    let (open, close) = (format!("sp{id}"), format!("j{id}"));
    node(&format!("<{kind} id='{open}'/><{kind} id='{close}'/>"), &open, from, condition, text);
    for (part, condition) in parts.iter().zip(conditions) {
        let last = write(part, &open, condition, text);
        let _ = writeln!(text, "> {last} {close}");
    }
    close
}

fn write_loop(id: u32, body: &Block, rounds: u8, from: &str, condition: &str, text: &mut String) -> String {
    let _ = write!(
        text,
        "<dataObject id='d{id}' name='n{id}'/><exclusiveGateway id='ml{id}'/><exclusiveGateway id='xl{id}' default='xl{id}_o{id}'/><task id='o{id}'/>
         <scriptTask id='i{id}' v:resultVariable='n{id}'><script>vars.n{id} + 1</script></scriptTask>"
    );
    let zero = format!("<scriptTask id='z{id}' v:resultVariable='n{id}'><script>0</script></scriptTask>");
    node(&zero, &format!("z{id}"), from, condition, text);
    let _ = writeln!(text, "> z{id} ml{id}");
    let last = write(body, &format!("ml{id}"), "", text);
    let _ = write!(text, "> {last} i{id} xl{id} o{id}\n> xl{id} ml{id} [vars.n{id} < {rounds}]\n");
    format!("o{id}")
}

fn write_sub(sub: &Sub, from: &str, condition: &str, text: &mut String) -> String {
    let id = sub.id;
    let mut inside = format!("<startEvent id='b{id}'/>");
    for part in &sub.parts {
        write(part, &format!("b{id}"), "", &mut inside);
    }
    if sub.throws {
        let _ = write!(
            inside,
            "<userTask id='f{id}'/><endEvent id='y{id}'><errorEventDefinition errorRef='e1'/></endEvent>\n> b{id} f{id} y{id}\n"
        );
    }
    if let Some(interrupting) = sub.event {
        let _ = write!(
            inside,
            "<subProcess id='p{id}' triggeredByEvent='true'><startEvent id='a{id}' isInterrupting='{interrupting}'><messageEventDefinition messageRef='m1'/></startEvent><userTask id='w{id}'/>
             > a{id} w{id}
             </subProcess>"
        );
    }
    inside.push_str(&match sub.repeat {
        Repeat::Once => String::new(),
        Repeat::Rounds(rounds) => format!(
            "<standardLoopCharacteristics><loopCondition>loopCounter &lt; {rounds}</loopCondition></standardLoopCharacteristics>"
        ),
        Repeat::Multi { count, sequential, enough } => format!(
            "<multiInstanceLoopCharacteristics isSequential='{sequential}'><loopCardinality>{count}</loopCardinality>
             <completionCondition>numberOfCompletedInstances >= {enough}</completionCondition></multiInstanceLoopCharacteristics>"
        ),
    });
    node(&format!("<subProcess id='u{id}'>{inside}</subProcess>"), &format!("u{id}"), from, condition, text);
    let _ = write!(text, "<exclusiveGateway id='v{id}'/>\n> u{id} v{id}\n");
    if let Some(guard) = sub.guard {
        let event =
            if guard == Guard::Error { "<errorEventDefinition/>" } else { "<signalEventDefinition signalRef='s1'/>" };
        let interrupting = guard != Guard::Beside;
        let on = if interrupting { format!("v{id}") } else { format!("k{id}") };
        let _ = write!(
            text,
            "<boundaryEvent id='g{id}' attachedToRef='u{id}' cancelActivity='{interrupting}'>{event}</boundaryEvent><userTask id='h{id}'/><endEvent id='k{id}'/>
             > g{id} h{id} {on}\n"
        );
    }
    format!("v{id}")
}
