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
use kernel::{Error, Result};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::INVALID;

/// Papers that are set at the same time.
const TURNS: usize = 2;
/// How long a paper waits for its turn.
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
}

impl Typesetter {
    /// By a command of the server's own binary; none: in this process.
    pub fn new(child: Option<ChildCommand>) -> Self {
        Self { child: child.map(Arc::new), turns: Arc::new(Semaphore::new(TURNS)) }
    }

    /// Sets a sheet.
    ///
    /// # Errors
    /// `document.invalid` naming `characters` (no font has them, each as `U+1F600`) or `template` (it is wrong, takes
    /// too long or too much memory); `Limited` when too many papers are set at this moment; `TooLarge`.
    pub async fn set(&self, sheet: Sheet) -> Result<Vec<u8>> {
        let size: usize = sheet.main.len() + sheet.files.values().map(String::len).sum::<usize>();
        if size > MAX_SHEET {
            return Err(Error::TooLarge(kernel::Message::key("error.too_large").with("max", MAX_SHEET)));
        }
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| Error::Limited { retry_after: 5 })?.map_err(Error::internal)?;
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
    wrong("template", FieldError::worded("invalid", "document.template").with("problem", format!("{place}{problem}")))
}

fn wrong(field: &str, error: FieldError) -> Error {
    Error::Invalid { code: INVALID, fields: FieldErrors::from([(field.to_owned(), error)]) }
}
