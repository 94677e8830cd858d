//! Working time as people write it.

use crate::definition::time;

/// Units by the letters they begin with, in three languages: days, weeks, hours, minutes.
const UNITS: [(&str, char); 16] = [
    ("w", 'W'),
    ("нед", 'W'),
    ("тиж", 'W'),
    ("d", 'D'),
    ("д", 'D'),
    ("h", 'H'),
    ("ч", 'H'),
    ("г", 'H'),
    ("m", 'M'),
    ("мин", 'M'),
    ("м", 'M'),
    ("хв", 'M'),
    ("х", 'M'),
    ("рабочих д", 'D'),
    ("робочих д", 'D'),
    ("н", 'W'),
];

/// `1d`, `4h`, `1 д 4 ч`, `30 хв`, or ISO 8601, as ISO 8601; nothing when it is neither.
pub fn iso(text: &str) -> Option<String> {
    let text = text.trim();
    let written = if text.starts_with(['P', 'p']) { text.to_uppercase() } else { spoken(&text.to_lowercase())? };
    matches!(time::working(&written), Ok(seconds) if seconds > 0).then_some(written)
}

fn spoken(text: &str) -> Option<String> {
    let (mut weeks, mut days, mut hours, mut minutes) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut rest = text;
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let digits = rest.find(|sign: char| !sign.is_ascii_digit())?;
        let (number, behind) = rest.split_at(digits);
        let number: u32 = number.parse().ok()?;
        let behind = behind.trim_start();
        let end = behind.find(|sign: char| sign.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let (_, unit) = UNITS.iter().find(|(begins, _)| unit.trim().starts_with(begins))?;
        let total = match unit {
            'W' => &mut weeks,
            'D' => &mut days,
            'H' => &mut hours,
            _ => &mut minutes,
        };
        *total = total.checked_add(number)?;
        rest = behind;
    }
    Some(composed(weeks, days, hours, minutes))
}

fn composed(weeks: u32, days: u32, hours: u32, minutes: u32) -> String {
    if weeks > 0 && (days, hours, minutes) == (0, 0, 0) {
        return format!("P{weeks}W");
    }
    // A week has five working days.
    let days = weeks.saturating_mul(5).saturating_add(days);
    let part = |number: u32, unit: char| if number > 0 { format!("{number}{unit}") } else { String::new() };
    let clock = part(hours, 'H') + &part(minutes, 'M');
    let clock = if clock.is_empty() { clock } else { format!("T{clock}") };
    format!("P{}{clock}", part(days, 'D'))
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn times() {
        for (text, expected) in [
            ("1d", Some("P1D")),
            ("4h", Some("PT4H")),
            ("1d 4h", Some("P1DT4H")),
            ("1d4h30m", Some("P1DT4H30M")),
            ("2w", Some("P2W")),
            ("1w 2d", Some("P7D")),
            ("2 дня", Some("P2D")),
            ("4 часа", Some("PT4H")),
            ("4 год", Some("PT4H")),
            ("30 минут", Some("PT30M")),
            ("30 хв", Some("PT30M")),
            ("1 тиждень", Some("P1W")),
            ("2 недели", Some("P2W")),
            ("P1D", Some("P1D")),
            ("pt4h", Some("PT4H")),
            ("0d", None),
            ("", None),
            ("4", None),
            ("soon", None),
            ("4 parsecs", None),
            ("P1M", None),
            ("99999999999d", None),
            ("4000000000d 4000000000d", None),
        ] {
            assert_eq!(iso(text).as_deref(), expected, "{text}");
        }
    }
}
