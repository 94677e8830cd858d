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
        Some("memory") => hoard(),
        Some("long cursor") => Figures { next: Some("b".repeat(2_000)), ..Figures::one(row("a")) },
        Some("no number") => Figures::one(Figure::new("a").with("left", f64::NAN)),
        Some("flag") => Figures::one(Figure::new("a").with("left", true)),
        Some("time") => Figures::one(Figure::new("a").with("left", Value::Instant(i64::MAX))),
        Some("list") => Figures::one(Figure::new("a").with("left", Value::Ids(vec!["b".to_owned()]))),
        Some("somebody") => Figures::one(row("a").with("who", "Ann")),
        Some("a number of people") => Figures::one(row("a").with("who", 5)),
        Some("cursor") if ask.cursor.as_deref() == Some("b") => Figures::one(row("b")),
        Some("cursor") => Figures { next: Some("b".to_owned()), ..Figures::one(row("a")) },
        _ => Figures::one(row("a")),
    })
}

/// Not written to: on a busy machine pages cost processor time, and that would run out first.
fn hoard() -> ! {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        all.push(std::hint::black_box(Vec::with_capacity(1024 * 1024)));
    }
}

fn press(deed: &Deed) -> Acted {
    let words = |text: &str| Message::new("", text);
    Ok(match deed.text("order").unwrap_or_default() {
        "away" => answer().open("//evil.example"),
        "local" => answer().open("/r/lead"),
        "away by a line" => answer().open("/r/lead\r\nset-cookie: a=b"),
        "away by a slash" => answer().open("/\\evil.example"),
        "script" => answer().open("javascript:alert(1)"),
        "endless toast" => answer().toast(words(&"x".repeat(17 * 1024))),
        "sources" => answer().refresh(&["order"; 21]),
        "errors" => (0..201).fold(answer(), |answer, n| answer.error(&n.to_string(), words("no"))),
        "refusals" => (0..201).fold(answer(), |answer, n| answer.refused(&n.to_string(), words("no"))),
        "endless errors" => (0..150).fold(answer(), |answer, _| answer.error("order", words(&"x".repeat(8 * 1024)))),
        "loop" => loop {
            std::hint::black_box(0);
        },
        "trap" => panic!("ordered"),
        "memory" => hoard(),
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
        "loop" => loop {
            std::hint::black_box(0);
        },
        "trap" => panic!("ordered"),
        "memory" => hoard(),
        "unknown" => page(r#"{"block": "hologram", "beam": 5}"#),
        "many" => page(&vec![r#"{"block": "text", "markdown": "x"}"#; 301].join(",")),
        "nested" => page(&(1..9).fold(r#"{"block": "text", "markdown": "x"}"#.to_owned(), |inner, _| {
            format!(r#"{{"block": "section", "blocks": [{inner}]}}"#)
        })),
        "endless expression" => {
            page(r#"{"block": "text", "markdown": {"=": "row.all(a, row.all(b, row.all(c, true)))"}}"#)
        }
        "frame" => page(r#"{"block": "frame", "title": {"t": "left"}, "file": "map/index.html"}"#),
        "circle" => hanging(&[("a", "b"), ("b", "a")]),
        "own tail" => hanging(&[("a", "a")]),
        "chain" => hanging(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "order")]),
        _ => page(r#"{"block": "text", "markdown": "=1 + 1"}"#),
    })
}

/// Sources that each hang on another one; `order` is one of the code, which hangs on none.
fn hanging(pairs: &[(&str, &str)]) -> String {
    let source = |(name, on): &(&str, &str)| {
        let filter = format!(r#"{{"field": "id", "op": "eq", "value": {{"=": "sources.{on}.first.id"}}}}"#);
        format!(r#""{name}": {{"records": "lead", "filter": {filter}}}"#)
    };
    let sources: Vec<String> = pairs.iter().map(source).collect();
    let order = r#""order": {"plugin": "order"}"#;
    format!(r#"{{"v": 1, "sources": {{{}, {order}}}, "blocks": []}}"#, sources.join(", "))
}
