//! The pipelines every new company begins with.

use std::sync::LazyLock;

use kernel::db::Tx;
use kernel::text::Texts;
use kernel::{Ctx, Locale, Result};
use records::stages::{self, FirstStage, Semantic};

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new([
        (Locale::En, include_str!("../i18n/en.json")),
        (Locale::Ru, include_str!("../i18n/ru.json")),
        (Locale::Uk, include_str!("../i18n/uk.json")),
    ])
});

/// Key, meaning, colour.
type Stages = &'static [(&'static str, Semantic, &'static str)];

/// The stages by entity. A pipeline is named by the text `pipeline.<entity>`, a stage by
/// `stage.<key>`.
const FIRST: [(&str, Stages); 2] = [
    (
        "lead",
        &[
            ("new", Semantic::Open, "#4c8dff"),
            ("in_progress", Semantic::Open, "#22b8cf"),
            ("qualified", Semantic::Open, "#7c6cf0"),
            ("proposal", Semantic::Open, "#f0a020"),
            ("converted", Semantic::Won, "#2f9e44"),
            ("junk", Semantic::Lost, "#868e96"),
        ],
    ),
    (
        "deal",
        &[
            ("deal_new", Semantic::Open, "#4c8dff"),
            ("preparation", Semantic::Open, "#22b8cf"),
            ("quote", Semantic::Open, "#7c6cf0"),
            ("negotiation", Semantic::Open, "#f0a020"),
            ("contract", Semantic::Open, "#e8590c"),
            ("payment", Semantic::Open, "#d6336c"),
            ("won", Semantic::Won, "#2f9e44"),
            ("lost", Semantic::Lost, "#868e96"),
        ],
    ),
];

/// Makes the pipelines of a new company, named in its language.
///
/// # Errors
/// When the database fails.
pub async fn create(tx: &Tx, ctx: &Ctx) -> Result<()> {
    for (entity, stages) in FIRST {
        let first: Vec<FirstStage> =
            stages.iter().map(|(key, semantic, color)| stage(ctx, entity, key, *semantic, color)).collect();
        stages::create(tx, ctx, entity, &text(&format!("pipeline.{entity}"), ctx.locale), &first).await?;
    }
    Ok(())
}

fn stage(ctx: &Ctx, entity: &str, key: &'static str, semantic: Semantic, color: &'static str) -> FirstStage {
    let name = text(&format!("stage.{key}"), ctx.locale);
    let convert_only = entity == "lead" && semantic == Semantic::Won;
    FirstStage { key: key.into(), name, labels: None, semantic, color: color.into(), convert_only }
}

fn text(key: &str, locale: Locale) -> String {
    TEXTS.get(locale, key).unwrap_or(key).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text_with_the_same_parameters() {
        assert_eq!(TEXTS.differences(), [""; 0]);
    }

    #[test]
    fn pipelines_and_stages_have_a_name_in_every_language() {
        for (entity, stages) in FIRST {
            for locale in Locale::ALL {
                assert!(TEXTS.get(locale, &format!("pipeline.{entity}")).is_some(), "{entity}");
                for (key, ..) in stages {
                    assert!(TEXTS.get(locale, &format!("stage.{key}")).is_some(), "{key}");
                }
            }
        }
    }
}
