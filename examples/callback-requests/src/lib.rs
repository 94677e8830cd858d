//! Callback requests: a page for people without an account. Who sends something is nobody to the company, so the plugin acts as
//! itself, believes nothing of what it gets and says nothing of what is there but a number.

use verstak_plugin::prelude::*;

verstak_plugin::plugin! {
    data { "queue" => queue, "mine" => mine }
    act { "send" => send, "end" => end }
}

const ENTITY: &str = "callback_request";
/// Photos of a request.
const PHOTOS: usize = 3;

/// How many wait for a call.
fn queue(_: &Ask) -> Outcome<Figures> {
    let waiting = records::count(ENTITY, Some(r#"{"field": "done", "op": "eq", "value": false}"#))?;
    Ok(Figures::one(Figure::new("now").with("waiting", i64::try_from(waiting).unwrap_or(i64::MAX))))
}

/// The request that the page is opened for by a personal link. There is nothing else of it in the link: what is told of it is told here.
fn mine(ask: &Ask) -> Outcome<Figures> {
    let Some(id) = ask.view.record_of(ENTITY) else { return Ok(Figures::from(Vec::new())) };
    let Some(request) = records::get(ENTITY, id)? else { return Ok(Figures::from(Vec::new())) };
    let (name, done) = (request.text("name").unwrap_or_default(), request.boolean("done").unwrap_or_default());
    Ok(Figures::one(Figure::new("mine").with("name", name).with("done", done)))
}

/// Notes a request; the same press notes it once.
fn send(deed: &Deed) -> Acted {
    let given = |name: &str| deed.text(name).unwrap_or_default().trim().to_owned();
    let (name, phone, words) = (given("name"), given("phone"), given("words"));
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Ok(answer().error("name", Message::new("wrong.name", "Say what to call you")));
    }
    if !(7..=15).contains(&digits) || phone.chars().any(|letter| !"+()- 0123456789".contains(letter)) {
        return Ok(answer().error("phone", Message::new("wrong.phone", "This is no phone number")));
    }
    if words.chars().count() > 2_000 {
        return Ok(answer().error("words", Message::new("wrong.words", "At most 2,000 characters")));
    }
    let draft = Draft::new()
        .with("name", name.as_str())
        .with("phone", phone.as_str())
        .with("words", words.as_str())
        .with("press", deed.key());
    let request = records::ensure(ENTITY, "once", draft)?;
    let thanks = match photos(deed, &request.id)? {
        true => Message::new("page.thanks", "Thank you"),
        false => Message::new("page.thanks_without", "Thank you; not every photo came through"),
    };
    let link = links::make("mine", ENTITY, &request.id)?;
    Ok(answer().set("sent", true).toast(thanks).set("link", link.url))
}

/// Ends every personal link of the request that the page is opened for. One that is over meanwhile needs no ending.
fn end(deed: &Deed) -> Acted {
    let Some(id) = deed.view().record_of(ENTITY) else { return Ok(answer()) };
    for link in links::of_record(ENTITY, id)? {
        match links::revoke(&link.id) {
            Ok(()) | Err(HostError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(answer().set("ended", true))
}

/// Puts the photos that were sent beside a request. Whether all came: one that waited for too long is gone.
fn photos(deed: &Deed, request: &str) -> Result<bool, HostError> {
    let mut all = true;
    for upload in deed.texts("photos").iter().take(PHOTOS) {
        match uploads::take(upload, ENTITY, request) {
            Ok(_) => {}
            Err(HostError::NotFound(_) | HostError::Conflict(_)) => all = false,
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}
