//! Jobs: one call of a run. What comes before and after it is of [`crate::jobs`].

use wasmtime::Store;
use wasmtime::component::Instance;

use super::PointKind;
use crate::bindings::jobs;
use crate::bindings::runs as wit;
use crate::capabilities::State;
use crate::engine::{Budget, Code, Effect, Engine, Invoke};
use crate::manifest;
use crate::texts::said;

/// Jobs.
pub(crate) static KIND: PointKind = PointKind {
    name: "job",
    export: "jobs",
    budget: Budget::JOB,
    declared: |manifest| manifest.jobs.iter().map(|one| one.id.clone()).collect(),
    check: manifest::jobs::check,
    probe: |pre| Some(Box::new(jobs::GuestIndices::new(pre).ok()?)),
};

/// Bytes of a cursor.
const MAX_CURSOR: usize = 16 * 1024;
/// Characters of a message that are kept.
const MAX_MESSAGE: usize = 500;
/// The whole of a progress, as it is kept.
const WHOLE: f64 = 10_000.0;

/// One call, by the id of the job.
pub(crate) struct Work(pub(crate) String, pub(crate) wit::Call);

/// What a call came to.
#[derive(Debug)]
pub(crate) enum Came {
    /// To the end.
    Done,
    /// Further.
    More(wit::Step),
    /// To nothing, now and ever: the plugin's own words, no failure of it.
    Never(String),
}

impl Invoke for Work {
    type Answer = Came;
    const EFFECT: Effect = Effect::Writes;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Answer, String>> {
        let guest = code.indices::<jobs::GuestIndices>(KIND.export)?.load(&mut *store, instance)?;
        Ok(match guest.call_run(store, &self.0, &self.1).await? {
            Ok(wit::Answer::Done) => Ok(Came::Done),
            Ok(wit::Answer::More(step)) => Ok(Came::More(step)),
            Err(wit::Failure::Never(text)) => Ok(Came::Never(said(text))),
            Err(wit::Failure::Again(text)) => Err(text),
        })
    }
}

/// Whether an answer makes sense to a call that began at a cursor.
pub(crate) fn judge(before: Option<&str>, answer: &Came) -> Result<(), String> {
    let Came::More(step) = answer else { return Ok(()) };
    if step.cursor.len() > MAX_CURSOR {
        return Err(format!("a cursor of more than {} KiB", MAX_CURSOR / 1024));
    }
    if step.cursor.contains('\0') {
        return Err("the character U+0000 in a cursor".to_owned());
    }
    if before == Some(step.cursor.as_str()) {
        return Err("the cursor that it was called with: it would never end".to_owned());
    }
    match step.progress {
        Some(progress) if !(0.0..=1.0).contains(&progress) => Err(format!("a progress of {progress}, not from 0 to 1")),
        _ => Ok(()),
    }
}

/// Progress in ten-thousandths and message of a step, as they are kept.
pub(crate) fn shown(step: &wit::Step) -> (Option<i64>, Option<String>) {
    let thousandths = |progress: f64| format!("{:.0}", progress * WHOLE).parse().ok();
    let message: String = step.message.chars().filter(|letter| *letter != '\0').take(MAX_MESSAGE).collect();
    (step.progress.and_then(thousandths), (!message.trim().is_empty()).then_some(message))
}

/// What a job says to a call without anything.
pub(super) async fn ask_nothing(engine: &Engine, code: &Code, state: State, id: &str) -> Option<String> {
    let key = uuid::Uuid::nil().to_string();
    let call = wit::Call { key, input: "{}".to_owned(), cursor: None, attempt: 1, planned: 0 };
    match engine.call(code, state, Work(id.to_owned(), call)).await.answer.ok()? {
        Came::Never(said) => Some(said),
        Came::Done | Came::More(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn more(cursor: &str, progress: Option<f64>) -> Came {
        Came::More(wit::Step { cursor: cursor.to_owned(), progress, message: "x\0y".repeat(300) })
    }

    fn check(before: Option<&str>, answer: &Came, expected: Result<(), &str>) {
        match (judge(before, answer), expected) {
            (Ok(()), Ok(())) => {}
            (Err(got), Err(wanted)) => assert!(got.contains(wanted), "{got}"),
            (got, wanted) => panic!("{answer:?}: {got:?} instead of {wanted:?}"),
        }
    }

    #[test]
    fn answers_are_judged() {
        check(None, &Came::Done, Ok(()));
        check(None, &more("", Some(0.0)), Ok(()));
        check(Some("1"), &more("2", Some(1.0)), Ok(()));
        check(Some("1"), &more("1", None), Err("it would never end"));
        check(None, &more(&"x".repeat(MAX_CURSOR + 1), None), Err("more than 16 KiB"));
        check(None, &more("a\0", None), Err("U+0000"));
        for progress in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            check(None, &more("2", Some(progress)), Err("not from 0 to 1"));
        }
    }

    #[test]
    fn progress_and_messages_are_kept_short() {
        let Came::More(step) = more("1", Some(0.123_46)) else { return };
        let (progress, message) = shown(&step);
        assert_eq!((progress, message.map(|text| text.chars().count())), (Some(1_235), Some(MAX_MESSAGE)));
        assert_eq!(shown(&wit::Step { cursor: String::new(), progress: None, message: " ".to_owned() }), (None, None));
    }
}
