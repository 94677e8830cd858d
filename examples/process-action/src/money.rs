//! Amounts in hundredths.

/// Hundredths of a currency's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cents(i128);

impl Cents {
    /// So many units.
    pub fn whole(units: i64) -> Self {
        Cents(i128::from(units) * 100)
    }

    /// A decimal number in text; digits after the second are rounded half up.
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.trim().strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.trim()),
        };
        let (units, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(units) || !plain(fraction) || units.len() > 30 {
            return None;
        }
        let thousandths: i128 = format!("{units}{:0<3.3}", fraction).parse().ok()?;
        Some(Cents(sign * ((thousandths + 5) / 10)))
    }

    /// So many percent of it, rounded to the nearest cent.
    pub fn percent(self, percent: i64) -> Self {
        Cents((self.0.saturating_mul(i128::from(percent)) + 50).div_euclid(100))
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Self {
        Cents(self.0 - other.0)
    }

    /// For JSON.
    pub fn number(self) -> f64 {
        let (sign, cents) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        format!("{sign}{}.{:02}", cents / 100, cents % 100).parse().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        for (text, expected) in [
            ("0", Some(0)),
            ("12", Some(1_200)),
            ("12.5", Some(1_250)),
            ("12.345", Some(1_235)),
            ("12.3449", Some(1_234)),
            ("-1.01", Some(-101)),
            ("", None),
            ("1,5", None),
            ("1e9", None),
            (".5", None),
            ("-", None),
        ] {
            assert_eq!(Cents::parse(text), expected.map(Cents), "{text}");
        }
        assert_eq!(Cents::parse(&"9".repeat(31)), None);
    }

    #[test]
    fn percents_are_rounded() {
        for (cents, percent, expected) in [(10_000, 5, 500), (333, 10, 33), (335, 10, 34), (0, 5, 0), (1, 100, 1)] {
            assert_eq!(Cents(cents).percent(percent), Cents(expected), "{percent} % of {cents}");
        }
        assert_eq!(Cents(-150).number(), -1.5);
        assert_eq!(Cents::whole(3).minus(Cents(1)).number(), 2.99);
    }
}
