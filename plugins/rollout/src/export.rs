//! The plan for other programs: a workbook, a calendar (RFC 5545).

use verstak_plugin::prelude::*;

use crate::office;
use crate::store::{self, Read};

fn tasks(project: &Row) -> Result<Vec<Row>, HostError> {
    let fields = [
        "title",
        "state",
        "rollout_code",
        "rollout_position",
        "rollout_days",
        "rollout_start",
        "rollout_end",
        "rollout_late",
    ];
    let mut tasks = store::of_project("task", &project.id, &fields)?;
    tasks.sort_by_key(|row| row.integer("rollout_position"));
    Ok(tasks)
}

/// The plan as a workbook.
///
/// # Errors
/// What the host says.
pub fn workbook(project: &Row) -> Result<Vec<u8>, HostError> {
    let number = |row: &Row, field: &str| row.integer(field).map(|number| number.to_string()).unwrap_or_default();
    let line = |row: &Row| {
        vec![
            row.words("title").to_owned(),
            number(row, "rollout_days"),
            row.words("rollout_start").to_owned(),
            row.words("rollout_end").to_owned(),
            row.words("state").to_owned(),
            number(row, "rollout_late"),
        ]
    };
    let head = ["title", "days", "start", "end", "state", "late"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(tasks(project)?.iter().map(line)).collect();
    Ok(office::table(project.words("title"), &rows))
}

/// The plan as a calendar.
///
/// # Errors
/// What the host says.
pub fn calendar(project: &Row) -> Result<String, HostError> {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Verstak//Rollout//EN\r\n");
    for row in tasks(project)? {
        let Some((start, end)) = row.day("rollout_start").zip(row.day("rollout_end")) else { continue };
        let bare = |day: crate::days::Day| day.to_string().replace('-', "");
        text.push_str(&format!(
            "BEGIN:VEVENT\r\nUID:{}@verstak\r\nDTSTAMP:{}T000000Z\r\nDTSTART;VALUE=DATE:{}\r\nDTEND;VALUE=DATE:{}\r\n{}END:VEVENT\r\n",
            row.id,
            bare(start),
            bare(start),
            bare(end.plus(1)),
            folded(&format!("SUMMARY:{}", escaped(row.words("title")))),
        ));
    }
    text.push_str("END:VCALENDAR\r\n");
    Ok(text)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace(['\n', '\r'], " ")
}

/// Lines of 75 bytes at most, the rest after a space.
fn folded(line: &str) -> String {
    let mut folded = String::new();
    let mut length = 0;
    for sign in line.chars() {
        if length + sign.len_utf8() > 74 {
            folded.push_str("\r\n ");
            length = 1;
        }
        folded.push(sign);
        length += sign.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_and_signs_escaped() {
        let line = folded(&format!("SUMMARY:{}", escaped(&"Б,".repeat(40))));
        assert!(line.lines().all(|line| line.len() <= 75), "{line}");
        assert_eq!(line.replace("\r\n ", "").trim_end(), format!("SUMMARY:{}", "Б\\,".repeat(40)));
    }
}
