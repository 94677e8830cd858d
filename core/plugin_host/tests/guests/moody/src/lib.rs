//! Misbehaves at the moments of its own life. A test writes over the orders in the built component: nothing else is there to tell it.

use verstak_plugin::prelude::*;

plugin! {
    enabled => enabled,
    disabling => disabling,
    health => health
}

/// Sixteen bytes each.
static HEALTH: &str = "health: be good!";
static MOMENT: &str = "moment: be good!";

fn health() -> Outcome {
    obey(HEALTH)
}

fn enabled() -> Outcome {
    obey(MOMENT)
}

fn disabling() -> Outcome {
    obey(MOMENT)
}

fn obey(order: &'static str) -> Outcome {
    match std::hint::black_box(order).split(": ").nth(1).map(str::trim) {
        Some("loop") => loop {
            std::hint::black_box(());
        },
        Some("memory") => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(std::hint::black_box(Vec::with_capacity(1024 * 1024)));
            }
        }
        Some("trap") => panic!("on purpose"),
        Some("fail") => Err("on purpose".into()),
        Some("write") => {
            records::create("lead", Draft::new().with("title", "By itself"))?;
            Ok(())
        }
        _ => Ok(()),
    }
}
