//! Skyline: what the frame of its page presses. The frame draws by itself; the houses are records that the viewer sees.

use verstak_plugin::prelude::*;

verstak_plugin::plugin! {
    act { "greet" => greet }
}

/// Says hello. What comes of a frame is believed as little as anything of a browser.
fn greet(deed: &Deed) -> Acted {
    let title = deed.text("title").unwrap_or_default();
    let title: String = title.chars().filter(|letter| !letter.is_control()).take(100).collect();
    if title.is_empty() {
        return Err(NotActed::refuse(Message::new("", "There is nobody to greet")));
    }
    Ok(answer().toast(Message::new("page.greeted", "Greetings to {title}").with("title", title)))
}
