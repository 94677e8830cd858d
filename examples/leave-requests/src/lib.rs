//! Leave requests: what the manifest cannot say. Counts the days of a request, lets nobody decide on their own, knows how
//! many days are left, and approves several requests at once.

use verstak_plugin::prelude::*;

verstak_plugin::plugin! {
    hooks { "request" => each request }
    data { "balance" => balance }
    act { "approve" => approve }
}

fn request(change: &mut Change) -> Outcome {
    let moved = ["starts", "ends", "kind"].iter().any(|field| change.differs(field));
    if moved && !change.is_new() && change.text("stage") == Some("approved") && !change.differs("stage") {
        change.reject(Message::new("approved.fixed", "It is approved: withdraw it and ask anew")).on("stage");
        return Ok(());
    }
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

/// The days of the year that whoever looks has left.
fn balance(_: &Ask) -> Outcome<Figures> {
    let mine = r#"{"and": [{"field": "owner", "op": "eq", "value": {"me": true}},
        {"field": "stage", "op": "eq", "value": "approved"}, {"field": "kind", "op": "eq", "value": "yearly"},
        {"field": "starts", "op": "eq", "value": {"relative": "this_year"}}]}"#;
    let taken = Query::of("leave_request").filter(mine).fields(&["days"]).limit(200).run()?;
    let taken: i64 = taken.rows.iter().filter_map(|row| row.integer("days")).sum();
    let all = Settings::load().integer("days_a_year").unwrap_or_default();
    Ok(Figures::one(Figure::new("me").with("left", all - taken)))
}

/// Approves the chosen requests; those that are refused say why.
fn approve(deed: &Deed) -> Acted {
    let update = |id: &String| records::Update {
        id: id.clone(),
        version: None,
        fields: Draft::new().with("stage", "approved").0,
    };
    let updates: Vec<_> = deed.rows().iter().map(update).collect();
    let saved = records::change_many("leave_request", &updates)?;
    let done = saved.iter().filter(|one| one.is_ok()).count();
    let said = answer().refresh(&[]);
    let said =
        if done > 0 { said.toast(Message::new("page.done", "Approved: {count}").with("count", done)) } else { said };
    let failed = saved.into_iter().zip(deed.rows()).filter_map(|(one, id)| Some((id, one.err()?)));
    Ok(failed.fold(said, |said, (id, error)| said.refused(id, error.into())))
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
