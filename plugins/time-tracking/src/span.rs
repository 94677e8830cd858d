//! Half-open stretches of time. Touching is no overlap.

use crate::zone::SECOND;

/// `[start, end)` in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Belongs to it.
    pub start: i64,
    /// Does not.
    pub end: i64,
}

impl Span {
    /// From one instant to another.
    pub const fn new(start: i64, end: i64) -> Self {
        Self { start, end }
    }

    /// Whole seconds.
    pub const fn seconds(self) -> i64 {
        if self.end > self.start { (self.end - self.start) / SECOND } else { 0 }
    }

    /// What both have in common.
    pub fn both(self, other: Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }
}

/// Whole seconds of all of them.
pub fn seconds(spans: &[Span]) -> i64 {
    spans.iter().map(|span| span.seconds()).sum()
}

/// What is left of some spans without others.
pub fn without(spans: &[Span], cut: &[Span]) -> Vec<Span> {
    let mut left = spans.to_vec();
    for gap in cut {
        left = left
            .into_iter()
            .flat_map(|span| match span.both(*gap) {
                None => vec![span],
                Some(hit) => [Span::new(span.start, hit.start), Span::new(hit.end, span.end)]
                    .into_iter()
                    .filter(|rest| rest.start < rest.end)
                    .collect(),
            })
            .collect();
    }
    left.sort_unstable();
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: i64, end: i64) -> Span {
        Span::new(start * SECOND, end * SECOND)
    }

    #[test]
    fn rule_5_touching_is_no_overlap() {
        assert_eq!(span(0, 5).both(span(5, 9)), None);
        assert_eq!(span(0, 5).both(span(4, 9)), Some(span(4, 5)));
    }

    #[test]
    fn what_is_cut_out_is_gone() {
        let left = without(&[span(0, 10), span(20, 30)], &[span(2, 4), span(8, 22), span(40, 50)]);
        assert_eq!(left, [span(0, 2), span(4, 8), span(22, 30)]);
        assert_eq!(seconds(&left), 14);
    }
}
