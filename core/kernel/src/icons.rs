//! Pictures that the portal has, by name: one file for the host, the SDK and the portal, so that they cannot drift.

use std::sync::LazyLock;

static ICONS: LazyLock<Vec<String>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../sdk/ui/icons.json")).unwrap_or_default());

/// Names of all of them.
pub fn all() -> impl Iterator<Item = &'static str> {
    ICONS.iter().map(String::as_str)
}

/// Whether there is one of this name.
pub fn is_known(name: &str) -> bool {
    all().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_some_and_each_once() {
        let mut names: Vec<&str> = all().collect();
        assert!(names.len() > 50 && is_known("truck") && !is_known("") && !is_known("Truck"));
        let many = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), many);
    }
}
