//! Where a day begins and ends: kept where a policy says so, of its start and its end alone, and shown to the person.

use serde_json::Value as Json;
use verstak_plugin::prelude::*;

/// What a policy keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keeps {
    /// Nothing, whatever is said.
    #[default]
    Nothing,
    /// The IP address.
    Address,
    /// What the browser or phone says, where its owner lets it.
    Position,
}

impl Keeps {
    /// Of a choice of the policy.
    pub fn of(key: Option<&str>) -> Self {
        match key {
            Some("ip") => Self::Address,
            Some("geo") => Self::Position,
            _ => Self::Nothing,
        }
    }

    /// Its key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Nothing => "off",
            Self::Address => "ip",
            Self::Position => "geo",
        }
    }
}

/// A position on the earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    latitude: f64,
    longitude: f64,
    /// Metres.
    accuracy: Option<f64>,
}

impl Position {
    /// `{latitude, longitude, accuracy}`; nothing where it is no place on the earth.
    pub fn of(said: &Json) -> Option<Self> {
        let within = |key: &str, most: f64| said.get(key)?.as_f64().filter(|number| number.abs() <= most);
        let accuracy = said.get("accuracy").and_then(Json::as_f64).filter(|metres| (0.0..1e7).contains(metres));
        Some(Self { latitude: within("latitude", 90.0)?, longitude: within("longitude", 180.0)?, accuracy })
    }

    /// As people read it, to a metre or so.
    pub fn text(self) -> String {
        let place = format!("{:.5}, {:.5}", self.latitude, self.longitude);
        self.accuracy.map_or_else(|| place.clone(), |metres| format!("{place} ±{metres:.0} m"))
    }
}

/// What is written into a day with its next save.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Where it began.
    pub start: Option<String>,
    /// Where it ended.
    pub end: Option<String>,
}

/// Where whoever acts is, as far as it is kept. Nobody's day waits for it: what is not known is left empty.
///
/// # Errors
/// As the host says.
pub fn here(keeps: Keeps, said: Option<Position>) -> Result<Option<String>, HostError> {
    match keeps {
        Keeps::Nothing => Ok(None),
        Keeps::Position => Ok(said.map(Position::text)),
        Keeps::Address => match address::of_request() {
            Err(HostError::Denied(why)) => {
                warning!("the address is not kept: {why}");
                Ok(None)
            }
            known => known,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        Position::of(&serde_json::from_str(text).unwrap()).map(Position::text)
    }

    #[test]
    fn a_position_is_read_and_what_is_none_is_left_out() {
        let office = r#"{"latitude": 50.4501, "longitude": 30.5234, "accuracy": 24.6}"#;
        assert_eq!(of(office).as_deref(), Some("50.45010, 30.52340 ±25 m"));
        assert_eq!(of(r#"{"latitude": -90, "longitude": 180}"#).as_deref(), Some("-90.00000, 180.00000"));
        assert_eq!(of(r#"{"latitude": 90.1, "longitude": 0}"#), None);
        assert_eq!(of(r#"{"latitude": "50", "longitude": 30}"#), None);
        assert_eq!(of(r#"{"latitude": 1, "longitude": 2, "accuracy": -5}"#).as_deref(), Some("1.00000, 2.00000"));
        assert_eq!(of("[]"), None);
    }

    #[test]
    fn nothing_is_kept_unless_a_policy_says_so() {
        let office = Position { latitude: 50.0, longitude: 30.0, accuracy: None };
        assert_eq!(here(Keeps::of(None), Some(office)), Ok(None));
        assert_eq!(here(Keeps::of(Some("off")), Some(office)), Ok(None));
        assert_eq!(here(Keeps::of(Some("geo")), Some(office)), Ok(Some("50.00000, 30.00000".to_owned())));
        assert_eq!(here(Keeps::of(Some("geo")), None), Ok(None));
    }
}
