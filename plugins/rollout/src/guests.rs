//! Guests: people without an account who answer a poll, each by a link of their own, once. What they answer is a record like the
//! answers of everybody, and hidden like them where a poll is anonymous.

use verstak_plugin::pages::Answer;
use verstak_plugin::prelude::*;
use verstak_plugin::records::Together;

use crate::store::{self, Read, Rules, is};

/// Characters of a code: two ids without their hyphens, 148 random bits among them.
const CODE: usize = 64;
/// Most characters of an answer in words.
const WORDS: usize = 4_000;

/// A code that nobody guesses.
///
/// # Errors
/// What the host says.
pub fn code() -> Result<String, HostError> {
    Ok(records::fresh_ids(2)?.concat().replace('-', ""))
}

/// The public page on which guests answer.
const PAGE: &str = "survey";

/// Where the page stands that guests answer on; nothing while nobody has opened it.
///
/// # Errors
/// What the host says.
pub fn page() -> Result<Option<String>, HostError> {
    links::page_address(PAGE)
}

/// What a guest is sent: the page's address with their code.
pub fn link(address: &str, code: &str) -> String {
    format!("{address}?code={code}")
}

/// The guest whose code this is, and their poll. Whatever is wrong with a code, it is nobody's.
fn invited(code: &str) -> Result<Option<(Row, Row)>, HostError> {
    if code.len() != CODE || !code.bytes().all(|sign| sign.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let Some(guest) = store::all("rollout_guest", &is("code", code), &[])?.into_iter().next() else { return Ok(None) };
    let poll = records::get("rollout_poll", guest.words("poll"))?;
    Ok(poll.map(|poll| (guest, poll)))
}

fn has_answered(guest: &Row) -> Result<bool, HostError> {
    Ok(store::count("rollout_answer", &is("guest", &*guest.id))? > 0)
}

/// How a guest stands to their poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    Answered,
    Over,
}

impl Standing {
    /// A poll is over after its last day, and with its project.
    fn of(guest: &Row, poll: &Row, rules: &Rules) -> Result<Self, HostError> {
        let noted = !guest.is_empty("answered_at");
        if noted || (poll.yes("anonymous") && has_answered(guest)?) {
            return Ok(Self::Answered);
        }
        let late = poll.day("until").is_some_and(|until| until < rules.today());
        let project = records::get("rollout_project", poll.words("project"))?;
        let ended = project.is_none_or(|project| matches!(project.stage(), "closed" | "stopped"));
        Ok(if late || ended { Self::Over } else { Self::Open })
    }

    fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Over => "over",
        }
    }
}

/// The poll that a guest is asked: nothing for a code that is none.
pub fn survey(ask: &Ask) -> Outcome<Figures> {
    let Some((guest, poll)) = invited(ask.text("code").unwrap_or_default())? else {
        return Ok(Figures::from(Vec::new()));
    };
    let standing = Standing::of(&guest, &poll, &Rules::load())?;
    let row = Figure::new("poll")
        .with("title", poll.words("title"))
        .with("questions", poll.words("questions"))
        .with("anonymous", poll.yes("anonymous"))
        .with("state", standing.key());
    Ok(Figures::one(row))
}

/// Keeps what a guest answers, once.
pub fn answer_poll(deed: &Deed) -> Acted {
    let Some((guest, poll)) = invited(deed.text("code").unwrap_or_default())? else {
        return Err(NotActed::refuse(Message::new("survey.gone", "This link opens no poll")));
    };
    match Standing::of(&guest, &poll, &Rules::load())? {
        Standing::Answered => return Ok(thanks()),
        Standing::Over => return Err(NotActed::refuse(Message::new("survey.over", "The poll is over"))),
        Standing::Open => {}
    }
    let mark = deed.integer("mark").or_else(|| deed.text("mark")?.parse().ok());
    let Some(mark) = mark.filter(|mark| (1..=5).contains(mark)) else {
        return Ok(answer().error("mark", Message::new("survey.mark", "Choose a mark from 1 to 5")));
    };
    let words = deed.text("words").unwrap_or_default().trim();
    if words.chars().count() > WORDS {
        return Ok(answer().error("words", Message::new("survey.words_long", "At most 4,000 characters")));
    }
    match keep(&guest, &poll, mark, words) {
        Ok(()) => Ok(thanks()),
        // Sent from two windows at once: the first one stands.
        Err(HostError::Conflict(_)) if has_answered(&guest)? => Ok(thanks()),
        Err(error) => Err(error.into()),
    }
}

/// The answer and the note that there is one, both or none. Of an anonymous poll nothing is noted: when a guest answered, beside how
/// the figures moved at that moment, says what.
fn keep(guest: &Row, poll: &Row, mark: i64, words: &str) -> Result<(), HostError> {
    let draft = Draft::new()
        .with_some("project", poll.id("project").map(Value::link))
        .with("poll", Value::link(&poll.id))
        .with("guest", Value::link(&guest.id))
        .with("mark", mark)
        .with_some("text", Some(words).filter(|words| !words.is_empty()));
    let mut writes = Together::new().create("rollout_answer", draft);
    if !poll.yes("anonymous") {
        let answered = Draft::new().with("answered_at", Value::Instant(runtime::now()));
        writes = writes.change("rollout_guest", &guest.id, answered);
    }
    writes.run().map(drop)
}

fn thanks() -> Answer {
    answer().set("sent", true).toast(Message::new("survey.thanks", "Thank you: your answer is kept"))
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn a_link_is_the_page_with_the_code() {
        assert_eq!(
            link("https://crm.example.com/p/acme/x/survey", "a1"),
            "https://crm.example.com/p/acme/x/survey?code=a1"
        );
    }
}
