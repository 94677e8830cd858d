//! Goals against measures: what was before, what is after, how far each goal is reached.

use verstak_plugin::prelude::*;

use crate::acceptance::Lacks;
use crate::figures::{self, Change, Window};
use crate::store::{self, Read};

/// A goal with its measures.
pub struct Compared {
    /// The goal.
    pub goal: Row,
    /// Before and after, where measured.
    pub before: Option<Row>,
    /// The last one after.
    pub after: Option<Row>,
    /// From before to after.
    pub change: Option<Change>,
    /// How far, in percent; none of what cannot be compared.
    pub degree: Option<f64>,
}

impl Compared {
    /// The change in words; what people said of themselves is called subjective.
    pub fn told(&self, words: &Lacks) -> String {
        let change = in_words(self.change, words);
        let asked = [&self.before, &self.after].into_iter().flatten().any(|row| row.text("method") == Some("poll"));
        if asked { format!("{change} ({})", words.word("subjective")) } else { change }
    }
}

/// Every goal of a project.
///
/// # Errors
/// What the host says.
pub fn compared(project: &str) -> Result<Vec<Compared>, HostError> {
    let mut goals = store::of_project("rollout_goal", project, &[])?;
    goals.sort_by_key(|row| row.integer("number"));
    let measures = store::of_project("rollout_measure", project, &[])?;
    Ok(goals.into_iter().map(|goal| one(goal, &measures)).collect())
}

fn one(goal: Row, measures: &[Row]) -> Compared {
    let of = |moment: &str| {
        let same =
            |row: &&Row| row.text("metric") == goal.text("metric") && row.id("department") == goal.id("department");
        let mine = measures.iter().filter(same).filter(|row| row.text("moment") == Some(moment));
        mine.max_by_key(|row| row.day("last")).cloned()
    };
    let (before, after) = (of("before"), of("after"));
    let both = before.as_ref().zip(after.as_ref());
    let change = both.map(|(before, after)| figures::change(&window(before), &window(after)));
    let comparable = matches!(change, Some(Change::Percent(_)));
    let values =
        both.filter(|_| comparable).and_then(|(before, after)| before.number("value").zip(after.number("value")));
    let degree =
        values.zip(goal.number("target")).and_then(|((before, after), target)| figures::degree(before, after, target));
    Compared { goal, before, after, change, degree }
}

fn window(row: &Row) -> Window<'_> {
    Window {
        same: (row.words("metric"), row.integer("definition").unwrap_or(1), row.words("scope")),
        days: row.integer("working_days").unwrap_or(0),
        value: row.number("value").unwrap_or(0.0),
        n: row.integer("n").unwrap_or(0),
    }
}

/// All goals as one, by weight; none while one of them cannot be told.
pub fn together(goals: &[Compared]) -> Option<f64> {
    let degrees: Option<Vec<(f64, i64)>> =
        goals.iter().map(|one| Some((one.degree?, one.goal.integer("weight").unwrap_or(1)))).collect();
    figures::weighted(&degrees?)
}

/// A change in words.
fn in_words(change: Option<Change>, words: &Lacks) -> String {
    match change {
        None => "—".to_owned(),
        Some(Change::Few) => words.word("few"),
        Some(Change::Unlike) => words.word("unlike"),
        Some(Change::Percent(None)) => "—".to_owned(),
        Some(Change::Percent(Some(percent))) => format!("{percent:+.1} %"),
    }
}

/// A number or a dash.
pub fn number(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| "—".to_owned(), |value| format!("{}{unit}", short(value)))
}

/// Without zeros at the end.
pub fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
