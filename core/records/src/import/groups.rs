//! Reasons why rows were refused and cells left out, the same ones together, counted while an import runs.

use serde::{Deserialize, Serialize};

use super::convert::RowProblem;
use super::store::Refusal;

/// Different reasons that are counted.
const MOST: usize = 100;
/// Rows named by number.
const ROWS: usize = 5;
/// Different cells shown.
const VALUES: usize = 5;

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ImportReason)]
pub struct Group {
    /// Which field, when it is one field's fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Machine-readable.
    pub code: String,
    /// As the first row of it was told.
    pub message: String,
    /// Cells were left out; otherwise rows were refused.
    pub left_out: bool,
    /// How many rows.
    pub rows: u64,
    /// Numbers of the first rows.
    pub first: Vec<u64>,
    /// A few different cells.
    pub values: Vec<String>,
}

impl Group {
    fn of(problem: &RowProblem) -> Self {
        Self {
            field: problem.field.clone(),
            code: problem.code.clone(),
            message: problem.message.clone(),
            left_out: problem.left_out,
            rows: 0,
            first: Vec::new(),
            values: Vec::new(),
        }
    }

    fn is_of(&self, problem: &RowProblem) -> bool {
        self.field == problem.field && self.code == problem.code && self.left_out == problem.left_out
    }

    /// `row`: the number of one that was not counted yet.
    fn hear(&mut self, row: Option<u64>, problem: &RowProblem) {
        if let Some(row) = row {
            self.rows += 1;
            if self.first.len() < ROWS {
                self.first.push(row);
            }
        }
        if let Some(value) =
            problem.value.as_ref().filter(|value| self.values.len() < VALUES && !self.values.contains(value))
        {
            self.values.push(value.clone());
        }
    }
}

/// Counts what is wrong with these rows. Reasons beyond the first hundred different ones stand in the report alone.
pub(super) fn count(groups: &mut Vec<Group>, rows: &[Refusal]) {
    for row in rows {
        // Several columns of a row may go into one field.
        let mut counted: Vec<usize> = Vec::new();
        for problem in &row.problems {
            let place = groups.iter().position(|group| group.is_of(problem)).unwrap_or(groups.len());
            if place == groups.len() && place < MOST {
                groups.push(Group::of(problem));
            }
            if let Some(group) = groups.get_mut(place) {
                group.hear((!counted.contains(&place)).then_some(row.row), problem);
                counted.push(place);
            }
        }
    }
}

/// The most frequent ones first, refused rows before cells left out.
pub(super) fn sorted(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_by_key(|group| (group.left_out, std::cmp::Reverse(group.rows)));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(field: &str, code: &str, value: &str, left_out: bool) -> RowProblem {
        RowProblem {
            field: Some(field.into()),
            code: code.into(),
            message: format!("{value}?"),
            value: Some(value.into()),
            left_out,
        }
    }

    #[test]
    fn the_same_reasons_stand_together() {
        let mut groups = Vec::new();
        let rows: Vec<Refusal> = (2..12)
            .map(|row| Refusal {
                row,
                cells: Vec::new(),
                problems: vec![problem("source", "choice", ["Mars", "Venus"][usize::from(row % 2 == 0)], true)],
            })
            .collect();
        count(&mut groups, &rows);
        let refused =
            Refusal { row: 12, cells: Vec::new(), problems: vec![problem("stage", "stage", "Nowhere", false)] };
        count(&mut groups, &[refused]);
        let sorted = sorted(groups);
        let shown: Vec<(&str, u64, bool)> = sorted.iter().map(|g| (g.code.as_str(), g.rows, g.left_out)).collect();
        assert_eq!(shown, [("stage", 1, false), ("choice", 10, true)]);
        assert_eq!((&sorted[1].first, &sorted[1].values), (&vec![2, 3, 4, 5, 6], &vec!["Venus".into(), "Mars".into()]));
    }

    #[test]
    fn a_row_is_counted_once_however_many_of_its_cells_are_wrong() {
        let mut groups = Vec::new();
        let problems = vec![problem("phones", "phone", "x", true), problem("phones", "phone", "y", true)];
        count(&mut groups, &[Refusal { row: 7, cells: Vec::new(), problems }]);
        assert_eq!((groups[0].rows, &groups[0].first), (1, &vec![7]));
        assert_eq!(groups[0].values, ["x", "y"]);
    }

    #[test]
    fn a_hundred_different_reasons_are_kept_and_no_more() {
        let mut groups = Vec::new();
        let rows: Vec<Refusal> = (0..150)
            .map(|row| Refusal {
                row,
                cells: Vec::new(),
                problems: vec![problem(&format!("f{row}"), "number", "x", false)],
            })
            .collect();
        count(&mut groups, &rows);
        assert_eq!(groups.len(), 100);
    }
}
