//! Typesetting: a sheet (a template with its files) in, a PDF out.
//!
//! It runs in a child process of the same binary (`kernel::child`), because a compile can neither be interrupted nor be
//! bounded in memory from inside; in programs that have no such command it runs here. The child is given the sheet alone:
//! it opens no file and no connection.

mod desk;
mod press;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::child::{self, ChildCommand, ChildLimits, Fault};
use kernel::error::{FieldError, FieldErrors};
use kernel::{Error, Result, TenantId};
use serde::{Deserialize, Serialize};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::INVALID;
use crate::lines::Lines;

/// Papers that are set at the same time.
const TURNS: usize = 2;
/// How long a paper of people waits for its turn.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of a sheet with its files.
const MAX_SHEET: usize = 16 * 1024 * 1024;
/// Of what is wrong with a template.
const MAX_PROBLEM: usize = 500;

/// What is set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sheet {
    /// The template, in Typst.
    pub main: String,
    /// What it reads, by name; bytes in Base64.
    pub files: BTreeMap<String, String>,
    /// Year, month and day, for `datetime.today()` and the PDF.
    pub day: (i32, u8, u8),
    /// Lines of ours above the template's own: its first one counts as 1.
    #[serde(default)]
    pub above: usize,
    /// Whether characters that no font has are drawn as squares, not refused.
    #[serde(default)]
    pub squares: bool,
}

impl Sheet {
    /// Adds a file.
    #[must_use]
    pub fn with(mut self, name: &str, bytes: &[u8]) -> Self {
        self.files.insert(name.to_owned(), STANDARD.encode(bytes));
        self
    }
}

/// Why a sheet could not be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// No font has these characters.
    Characters(Vec<char>),
    /// The template is wrong.
    Template {
        /// What is wrong.
        problem: String,
        /// The line, from 1, where it is known.
        line: Option<usize>,
    },
}

/// The child's answer.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    /// In Base64.
    Pdf(String),
    Trouble(Trouble),
}

/// The child's side: sets the sheet on standard input and writes the answer.
///
/// # Errors
/// When it cannot be read or the answer cannot be written.
pub fn typeset_alone(limits: ChildLimits, limited: bool) -> Result<(), String> {
    child::begin(limits, limited)?;
    let sheet: Sheet = serde_json::from_reader(std::io::stdin().lock()).map_err(|error| error.to_string())?;
    let answer = match press::set(&sheet) {
        Ok(pdf) => Answer::Pdf(STANDARD.encode(pdf)),
        Err(trouble) => Answer::Trouble(trouble),
    };
    serde_json::to_writer(std::io::stdout().lock(), &answer).map_err(|error| error.to_string())
}

/// Sets papers; cheap to clone.
#[derive(Clone)]
pub struct Typesetter {
    child: Option<Arc<ChildCommand>>,
    turns: Arc<Semaphore>,
    /// By company: no more of its papers stand in line than are set at the same time, so that others come in between.
    lines: Arc<Lines<TenantId>>,
    /// How long a paper waits for its turn.
    patience: Duration,
}

/// A turn of a company; the next one has it when it is dropped.
pub struct Turn {
    _line: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
}

impl Typesetter {
    /// By a command of the server's own binary; none: in this process.
    pub fn new(child: Option<ChildCommand>) -> Self {
        Self::with(child.map(Arc::new), TURNS, PATIENCE)
    }

    /// The same with turns of its own.
    #[must_use]
    pub(crate) fn apart(&self, turns: usize, patience: Duration) -> Self {
        Self::with(self.child.clone(), turns, patience)
    }

    fn with(child: Option<Arc<ChildCommand>>, most: usize, patience: Duration) -> Self {
        Self { child, turns: Arc::new(Semaphore::new(most)), lines: Arc::new(Lines::new(most)), patience }
    }

    /// Waits for a turn: only so many papers are made at a time, in whatever way.
    ///
    /// # Errors
    /// `Limited` after 15 seconds; of plugins after 8.
    pub(crate) async fn turn(&self, company: TenantId) -> Result<Turn> {
        let (line, turns) = (self.lines.of(company), Arc::clone(&self.turns));
        let wait = async move {
            let line = line.acquire_owned().await?;
            let turn = turns.acquire_owned().await?;
            Ok::<Turn, AcquireError>(Turn { _line: line, _turn: turn })
        };
        let turn = tokio::time::timeout(self.patience, wait).await;
        turn.map_err(|_| Error::Limited { retry_after: 5 })?.map_err(Error::internal)
    }

    /// Sets a sheet of a company.
    ///
    /// # Errors
    /// `document.invalid` naming `characters` (no font has them, each as `U+1F600`) or `template` (it is wrong, takes
    /// too long or too much memory); `Limited` when too many papers are set at this moment; `TooLarge`.
    pub async fn set(&self, company: TenantId, sheet: Sheet) -> Result<Vec<u8>> {
        let size: usize = sheet.main.len() + sheet.files.values().map(String::len).sum::<usize>();
        if size > MAX_SHEET {
            return Err(Error::TooLarge(kernel::Message::key("error.too_large").with("max", MAX_SHEET)));
        }
        let turn = self.turn(company).await?;
        let child = self.child.clone();
        let set = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            match child {
                Some(child) => beside(&child, &sheet),
                None => press::set(&sheet).map_err(told),
            }
        });
        set.await.map_err(Error::internal)?
    }
}

fn beside(child: &ChildCommand, sheet: &Sheet) -> Result<Vec<u8>> {
    let sheet = serde_json::to_vec(sheet).map_err(Error::internal)?;
    let limits = child.limits;
    let answer = child.run(&[], &sheet).map_err(|fault| match fault {
        Fault::TooSlow => {
            wrong("template", FieldError::worded("limit", "document.too_slow").with("max", limits.seconds))
        }
        Fault::TooMuchMemory => {
            wrong("template", FieldError::worded("limit", "document.memory").with("max", limits.memory / (1024 * 1024)))
        }
        // The stack ends before the memory where a template calls itself: it is the template's fault.
        Fault::Refused(words) | Fault::Broken(words) => {
            tracing::warn!(%words, "a paper could not be set");
            template(&words, None)
        }
    })?;
    let answer: Answer = serde_json::from_slice(&answer).map_err(Error::internal)?;
    match answer {
        Answer::Pdf(pdf) => STANDARD.decode(pdf).map_err(Error::internal),
        Answer::Trouble(trouble) => Err(told(trouble)),
    }
}

fn told(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Characters(characters) => {
            let named: Vec<String> = characters.iter().map(|one| format!("U+{:04X}", u32::from(*one))).collect();
            wrong("characters", FieldError::worded("characters", "document.characters").with("value", named.join(", ")))
        }
        Trouble::Template { problem, line } => template(&problem, line),
    }
}

fn template(problem: &str, line: Option<usize>) -> Error {
    let problem: String = problem.chars().filter(|letter| !letter.is_control()).take(MAX_PROBLEM).collect();
    let place = line.map_or_else(String::new, |line| format!("{line}: "));
    let words = advice(&problem).unwrap_or("document.template");
    wrong("template", FieldError::worded("invalid", words).with("problem", format!("{place}{problem}")))
}

/// The words for what goes wrong most, which say what to do about it.
fn advice(problem: &str) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 9] = [
        ("unknown variable", "document.template_variable"),
        ("does not contain key", "document.template_key"),
        ("does not contain field", "document.template_key"),
        ("file not found", "document.template_file"),
        ("package", "document.template_package"),
        ("unclosed delimiter", "document.template_unclosed"),
        ("unexpected", "document.template_unclosed"),
        (", found ", "document.template_kind"),
        ("cannot join", "document.template_kind"),
    ];
    KNOWN.iter().find(|(part, _)| problem.contains(part)).map(|(_, words)| *words)
}

fn wrong(field: &str, error: FieldError) -> Error {
    Error::Invalid { code: INVALID, fields: FieldErrors::from([(field.to_owned(), error)]) }
}

#[cfg(test)]
mod tests {
    use kernel::Locale;

    use super::*;

    /// What is said about a template.
    fn said(sheet: &Sheet) -> String {
        let error = told(press::set(sheet).unwrap_err());
        error.fields_in(Locale::En).into_values().map(|(_, words)| words).collect()
    }

    fn sheet(main: &str) -> Sheet {
        Sheet { main: main.to_owned(), day: (2026, 3, 16), ..Sheet::default() }
    }

    #[test]
    fn problems_are_told_with_the_line_of_the_template_itself() {
        let mut below = sheet("#let ours = 1\nText\n#nothing");
        assert!(said(&below).contains("3: unknown variable"), "{}", said(&below));
        below.above = 1;
        let words = said(&below);
        assert!(words.contains("2: unknown variable") && words.contains("spelling"), "{words}");
        let key = sheet("#let data = json(\"data.json\")\n#data.titel").with("data.json", b"{\"title\": 1}");
        assert!(said(&key).contains("2: ") && said(&key).contains("titel"), "{}", said(&key));
        let part = sheet("#import \"part.typ\": a\n#a").with("part.typ", b"\n#let a = b");
        assert!(said(&part).contains("part.typ (2)"), "{}", said(&part));
    }

    #[test]
    fn characters_without_a_font_are_named_unless_squares_may_stand_there() {
        let mut party = sheet("Party \u{1f600}");
        assert!(said(&party).contains("U+1F600"), "{}", said(&party));
        party.squares = true;
        assert!(press::set(&party).unwrap().starts_with(b"%PDF"));
    }

    #[test]
    fn a_file_that_is_no_font_is_named() {
        let words = said(&sheet("Text").with("fonts/own.ttf", b"no font"));
        assert!(words.contains("fonts/own.ttf"), "{words}");
    }
    #[tokio::test]
    async fn a_company_that_asks_for_many_papers_lets_others_come_in_between() {
        let setter = Typesetter::new(None).apart(1, Duration::from_secs(60));
        let company = |number: u128| TenantId(uuid::Uuid::from_u128(number));
        let first = setter.turn(company(1)).await.unwrap();
        let (mut more, mut most) = (Box::pin(setter.turn(company(1))), Box::pin(setter.turn(company(1))));
        let mut other = Box::pin(setter.turn(company(2)));
        assert!(futures::poll!(&mut more).is_pending() && futures::poll!(&mut most).is_pending());
        assert!(futures::poll!(&mut other).is_pending());
        drop(first);
        assert!(futures::poll!(&mut more).is_pending(), "it came first, and its company had a turn");
        let theirs = other.await.unwrap();
        assert!(futures::poll!(&mut more).is_pending());
        drop(theirs);
        let next = more.await.unwrap();
        assert!(futures::poll!(&mut most).is_pending());
        drop(next);
        drop(most.await.unwrap());
    }
}
