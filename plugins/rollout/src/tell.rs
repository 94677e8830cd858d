//! Notices: who is told what happened with a rollout, each once.

use verstak_plugin::notify::Notice;
use verstak_plugin::prelude::*;

use crate::store::{Read, Rules};

const STAGES: &str = "/app/verstak.rollout/rollout";

/// Tells people something about a project, once under a key.
///
/// # Errors
/// What the host says.
pub fn told<'a>(
    key: &str,
    text: Message,
    to: impl IntoIterator<Item = Option<&'a str>>,
    link: &str,
) -> Result<(), HostError> {
    let mut to: Vec<&str> = to.into_iter().flatten().collect();
    to.sort_unstable();
    to.dedup();
    if to.is_empty() {
        return Ok(());
    }
    notify::send(Notice::new(key, text).to(&to).link(link))
}

/// How a stage stands: open and returned ones concern who is responsible, submitted ones the board, the others both.
///
/// # Errors
/// What the host says.
pub fn stage(stage: &Row, state: &str, project: &Row) -> Result<(), HostError> {
    let board: Vec<String> = match state {
        "submitted" => crate::who::board(&Rules::load())?,
        _ => Vec::new(),
    };
    let mine = [stage.id("responsible"), project.id("lead")];
    let to = board.iter().map(|id| Some(id.as_str())).chain(mine.into_iter().filter(|_| state != "submitted"));
    let text = match state {
        "submitted" => Message::new("notice.submitted", "A stage waits for the board: {title}"),
        "accepted" => Message::new("notice.accepted", "A stage is accepted: {title}"),
        "returned" => Message::new("notice.returned", "A stage is returned: {title}"),
        "overridden" => Message::new("notice.overridden", "A stage is passed over: {title}"),
        _ => Message::new("notice.opened", "A stage is open: {title}"),
    };
    // A stage may be submitted and returned more than once.
    let key = format!("stage:{}:{state}:{}", stage.id, stage.version);
    told(&key, text.with("title", stage.words("title")), to, STAGES)
}

/// Bills over 90 % of the limit, and those that wait for the board.
///
/// # Errors
/// What the host says.
pub fn bill(bill: &Row, project: &Row, percent: Option<f64>) -> Result<(), HostError> {
    let link = "/app/verstak.rollout/results?tab=money";
    if bill.stage() == "waiting" {
        let board = crate::who::board(&Rules::load())?;
        let text = Message::new("notice.bill", "A bill over the limit waits for the board: {title}")
            .with("title", bill.words("title"));
        told(&format!("bill:{}", bill.id), text, board.iter().map(|id| Some(id.as_str())), link)?;
    }
    let Some(percent) = percent else { return Ok(()) };
    let text =
        Message::new("notice.limit", "Bills take {percent} % of the limit").with("percent", format!("{percent:.1}"));
    let key = format!("limit:{}:{percent:.1}", project.id);
    told(&key, text, [project.id("lead"), project.id("owner_budget")], link)
}

const PLAN: &str = "/app/verstak.rollout/plan?tab=versions";
const MINE: &str = "/app/verstak.rollout/my";

/// The board is asked to agree to a version of the plan.
///
/// # Errors
/// What the host says.
pub fn version(id: &str, title: &str) -> Result<(), HostError> {
    let board = crate::who::board(&Rules::load())?;
    let text = Message::new("notice.version", "The plan waits for your answer: {title}").with("title", title);
    told(&format!("version:{id}"), text, board.iter().map(|id| Some(id.as_str())), PLAN)
}

/// The board was reported to.
///
/// # Errors
/// What the host says.
pub fn reported(project: &Row, rules: &Rules) -> Result<(), HostError> {
    let board = crate::who::board(rules)?;
    let text = Message::new("notice.report", "A report to the board: {title}").with("title", project.words("title"));
    let link = format!("/records/rollout_project/{}", project.id);
    told(&format!("report:{}:{}", project.id, rules.today()), text, board.iter().map(|id| Some(id.as_str())), &link)
}

/// Whoever an interview was held with is asked to confirm what was written down.
///
/// # Errors
/// What the host says.
pub fn interview(row: &Row) -> Result<(), HostError> {
    let text = Message::new("notice.interview", "Confirm what you said in the interview, please");
    let link = "/app/verstak.rollout/registers?tab=interviews";
    told(&format!("interview:{}", row.id), text, [row.id("person")], link)
}

/// Those whom a poll asks; one about clients asks guests, and of colleagues those departments alone that it names.
///
/// # Errors
/// What the host says.
pub fn poll(row: &Row) -> Result<(), HostError> {
    if row.text("about") == Some("satisfaction") && row.ids("audience").is_empty() {
        return Ok(());
    }
    let text = Message::new("notice.poll", "An answer is wanted: {title}").with("title", row.words("title"));
    let people = audience(row)?;
    let all: Vec<Notice> = people
        .chunks(1_000)
        .map(|some| Notice::new(format!("poll:{}", row.id), text.clone()).to(some).link(MINE))
        .collect();
    notify::send_many(&all)
}

/// People of the departments that something is meant for, with those below them; of no department everybody.
fn audience(row: &Row) -> Result<Vec<String>, HostError> {
    let chosen = row.ids("audience");
    let mut people: Vec<String> = Vec::new();
    if chosen.is_empty() {
        people.extend(crate::signals::everybody()?.into_iter().map(|(person, _)| person));
    }
    for department in chosen {
        people.extend(people::in_department(department, true)?.into_iter().map(|person| person.id));
    }
    people.sort();
    people.dedup();
    Ok(people)
}

/// The key of a notice among those of the module.
pub fn news_key(notice: &str) -> String {
    format!("news:{notice}")
}

/// Tells everybody whom a notice is for, and notes how many they are.
///
/// # Errors
/// What the host says.
pub fn news(notice: &Row) -> Result<(), HostError> {
    let people = audience(notice)?;
    let text = format!("{}. {}", notice.words("title"), notice.words("text"));
    let text: String = text.chars().take(400).collect();
    let all: Vec<Notice> = people
        .chunks(1_000)
        .map(|some| {
            let words = Message::new("notice.news", &text).with("title", &text);
            Notice::new(news_key(&notice.id), words).to(some).link(MINE).confirm()
        })
        .collect();
    notify::send_many(&all)?;
    let told = i64::try_from(people.len()).unwrap_or(i64::MAX);
    records::change("rollout_notice", &notice.id, Draft::new().with("told", told).with("confirmed", 0_i64))?;
    Ok(())
}

/// How many were told of a project's notices, and how many have confirmed. Writes it beside each notice where it changed.
///
/// # Errors
/// What the host says.
pub fn confirmed(notices: &[Row]) -> Result<(i64, i64), HostError> {
    let mut sums = (0, 0);
    for notice in notices {
        let receipts = notify::receipts(&news_key(&notice.id))?;
        let count = |receipts: usize| i64::try_from(receipts).unwrap_or(i64::MAX);
        sums.0 += count(receipts.len());
        sums.1 += count(receipts.iter().filter(|receipt| receipt.confirmed.is_some()).count());
    }
    Ok(sums)
}

/// A task that is late behind the agreed version, told once.
///
/// # Errors
/// What the host says.
pub fn late(task: &Row, project: &Row) -> Result<(), HostError> {
    let text = Message::new("notice.late", "Late by the agreed plan: {title}").with("title", task.words("title"));
    let link = format!("/records/task/{}", task.id);
    told(&format!("late:{}", task.id), text, [task.id("assignee"), project.id("lead")], &link)
}
