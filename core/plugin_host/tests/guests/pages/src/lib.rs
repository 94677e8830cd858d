//! Does what it is ordered, on pages: good and bad.

use verstak_plugin::prelude::*;

verstak_plugin::plugin! {
    data { "order" => figures }
    act { "order" => press }
    render { "drawn" => draw }
}

fn figures(ask: &Ask) -> Outcome<Figures> {
    let row = |id: &str| Figure::new(id).with("left", 1);
    let order = ask.input.first().and_then(|field| match &field.value {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    });
    Ok(match order {
        Some("many") => (0..2_001).map(|n| row(&n.to_string())).collect::<Vec<_>>().into(),
        Some("twice") => vec![row("a"), row("a")].into(),
        Some("column") => Figures::one(row("a").with("other", 1)),
        Some("type") => Figures::one(Figure::new("a").with("left", "a lot")),
        Some("large") => Figures::one(Figure::new("x".repeat(2_000))),
        Some("write") => {
            records::create("lead", Draft::new().with("title", "no"))?;
            Figures::one(row("a"))
        }
        Some("keep") => {
            kv::set("a", vec![1], None)?;
            Figures::one(row("a"))
        }
        Some("loop") => loop {
            std::hint::black_box(0);
        },
        Some("trap") => panic!("ordered"),
        Some("cursor") if ask.cursor.as_deref() == Some("b") => Figures::one(row("b")),
        Some("cursor") => Figures { next: Some("b".to_owned()), ..Figures::one(row("a")) },
        _ => Figures::one(row("a")),
    })
}

fn press(deed: &Deed) -> Acted {
    Ok(match deed.text("order").unwrap_or_default() {
        "away" => answer().open("//evil.example"),
        "local" => answer().open("/r/lead"),
        "patches" => (0..21).fold(answer(), |answer, _| answer.refresh(&[])),
        "state" => answer().set("a", "x".repeat(17 * 1024)),
        "refuse" => return Err(NotActed::refuse(Message::new("left", "?"))),
        "write and fail" => {
            records::create("lead", Draft::new().with("title", "made"))?;
            return Err(NotActed::Failed("ordered".to_owned()));
        }
        "fail" => return Err(NotActed::Failed("ordered".to_owned())),
        "write" => {
            records::create("lead", Draft::new().with("title", "made"))?;
            answer().toast(Message::new("left", "?"))
        }
        "deny" => {
            records::remove("lead", deed.key())?;
            answer()
        }
        _ => answer().set("key", deed.key()),
    })
}

fn draw(view: &View) -> Outcome<String> {
    let page = |block: &str| format!(r#"{{"v": 1, "blocks": [{block}]}}"#);
    Ok(match view.param("order").unwrap_or_default() {
        "none" => "nothing".to_owned(),
        "deep" => page(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
        "large" => page(&format!(r#"{{"block": "text", "markdown": "{}"}}"#, "x".repeat(300 * 1024))),
        "act" => page(r#"{"block": "actions", "items": [{"label": {"t": "left"}, "act": "other"}]}"#),
        "entity" => r#"{"v": 1, "sources": {"all": {"records": "deal"}}, "blocks": []}"#.to_owned(),
        "source" => r#"{"v": 1, "sources": {"all": {"plugin": "other"}}, "blocks": []}"#.to_owned(),
        "lie" => page(r#"{"block": "text", "markdown": {"=": "nobody.knows"}}"#),
        "write" => {
            records::create("lead", Draft::new().with("title", "no"))?;
            page("")
        }
        _ => page(r#"{"block": "text", "markdown": "=1 + 1"}"#),
    })
}
