//! Leave requests: what the manifest cannot say. Counts the days of a request, and lets nobody decide on their own.

use verstak_plugin::prelude::*;

verstak_plugin::plugin! { hooks { "request" => each request } }

fn request(change: &mut Change) -> Outcome {
    count(change);
    let decided = change.differs("stage") && matches!(change.text("stage"), Some("approved" | "rejected"));
    if decided && !change.is_rejected() && change.id("owner") == runtime::context().actor.id.as_deref() {
        change.reject(Message::new("own.decision", "Nobody decides on a request of their own")).on("stage");
    }
    Ok(())
}

fn count(change: &mut Change) {
    let day = |name: &str| change.text(name).and_then(number);
    let (Some(starts), Some(ends)) = (day("starts"), day("ends")) else { return };
    if ends < starts {
        change.reject(Message::new("days.none", "The last day is before the first one")).on("ends");
    } else if change.integer("days") != Some(ends - starts + 1) {
        change.set("days", ends - starts + 1);
    }
}

/// Days since 0000-03-01 of `YYYY-MM-DD` (years of March to February, so that the leap day is their last).
fn number(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    Some(year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        let between = |from: &str, to: &str| number(to).unwrap() - number(from).unwrap();
        assert_eq!(between("2026-02-28", "2026-03-01"), 1);
        assert_eq!(between("2028-02-28", "2028-03-01"), 2);
        assert_eq!(between("2026-12-31", "2027-01-01"), 1);
        assert_eq!(between("2000-01-01", "2100-01-01"), 36_525);
        assert_eq!(number("today"), None);
    }
}
