//! Leave requests: what the manifest cannot say. Keeps what is approved as it is, lets nobody decide on their own, knows how
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
    let decided = change.differs("stage") && matches!(change.text("stage"), Some("approved" | "rejected"));
    if decided && change.id("owner") == runtime::context().actor.id.as_deref() {
        change.reject(Message::new("own.decision", "Nobody decides on a request of their own")).on("stage");
    }
    Ok(())
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
