//! Settings of a plugin in a tenant: checks of values against the schema, defaults, and the form guests read.

use std::collections::BTreeMap;

use kernel::error::{Error, FieldError, FieldErrors, Result};
use kernel::seal;
use records::Catalogue;
use serde_json::Value as Json;

use crate::manifest::{Manifest, Setting, SettingType};

/// Bytes of one text setting.
const MAX_TEXT: usize = 10_000;

/// Settings by key.
pub type Settings = BTreeMap<String, Json>;

/// Whether a value fits its setting; the error is a field error code.
pub(crate) fn check_value(setting: &Setting, value: &Json) -> std::result::Result<(), &'static str> {
    // It would be taken for a secret that does not open, by whoever looks for those of all companies.
    if setting.kind != SettingType::Secret && is_sealed(value) {
        return Err("sealed_text");
    }
    match (setting.kind, value) {
        (SettingType::Text | SettingType::Secret, Json::String(text)) if text.len() <= MAX_TEXT => Ok(()),
        (SettingType::Text | SettingType::Secret, Json::String(_)) => Err("too_long"),
        (SettingType::Boolean, Json::Bool(_)) => Ok(()),
        (SettingType::Choice, Json::String(text)) if setting.choices.iter().any(|choice| choice.value == *text) => {
            Ok(())
        }
        (SettingType::Choice, Json::String(_)) => Err("choice"),
        // A role is named by its key or id; what stages and fields there are the company's catalogue says.
        (SettingType::Role | SettingType::Stage | SettingType::Field, Json::String(text)) if text.len() <= 100 => {
            Ok(())
        }
        (SettingType::User, Json::String(text)) if uuid::Uuid::parse_str(text).is_ok() => Ok(()),
        (SettingType::Role | SettingType::User | SettingType::Stage | SettingType::Field, Json::String(_)) => Err("id"),
        (SettingType::Integer, Json::Number(number)) => match number.as_i64() {
            Some(number)
                if setting.min.is_some_and(|min| number < min) || setting.max.is_some_and(|max| number > max) =>
            {
                Err("range")
            }
            Some(_) => Ok(()),
            None => Err("type"),
        },
        _ => Err("type"),
    }
}

/// Whether a kept value is a secret that was sealed.
pub(crate) fn is_sealed(value: &Json) -> bool {
    value.as_str().is_some_and(seal::is_sealed)
}

/// The refusal with what the setting asks for: every place in its text is filled.
fn in_words(code: &str, setting: &Setting, value: &Json) -> FieldError {
    let bound = |bound: Option<i64>| bound.map_or_else(|| "…".to_owned(), |bound| bound.to_string());
    let error = FieldError::new(code);
    match code {
        "too_long" => error.with("max", MAX_TEXT),
        "choice" => error.with("value", value.as_str().unwrap_or_default().chars().take(80).collect::<String>()),
        "range" => error.with("min", bound(setting.min)).with("max", bound(setting.max)),
        "type" => error.with("type", setting.kind.name()),
        _ => error,
    }
}

fn is_blank(value: &Json) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Checks what an admin sent against the schema; blank values fall away, so that defaults apply. What stays as it lies is there,
/// and not looked at.
///
/// # Errors
/// Field errors named `settings.<key>`.
pub fn check(manifest: &Manifest, sent: &Settings, stays: &Settings) -> Result<Settings> {
    let mut errors = FieldErrors::new();
    let mut kept = Settings::new();
    for (key, value) in sent {
        let field = format!("settings.{key}");
        match manifest.settings.iter().find(|setting| setting.key == *key) {
            None => drop(errors.insert(field, FieldError::new("unknown"))),
            Some(_) if is_blank(value) => {}
            Some(setting) => match check_value(setting, value) {
                Ok(()) => drop(kept.insert(key.clone(), value.clone())),
                Err(code) => drop(errors.insert(field, in_words(code, setting, value))),
            },
        }
    }
    for setting in manifest.settings.iter().filter(|setting| setting.required && setting.default.is_none()) {
        if !kept.contains_key(&setting.key) && !stays.contains_key(&setting.key) {
            errors.entry(format!("settings.{}", setting.key)).or_insert_with(|| FieldError::new("required"));
        }
    }
    if errors.is_empty() { Ok(kept) } else { Err(Error::Invalid { code: "plugin.settings_invalid", fields: errors }) }
}

/// Passes settings whose stages and fields are there: in the company, or among what the manifest itself declares.
///
/// # Errors
/// Field errors named `settings.<key>`.
pub(crate) fn check_references(manifest: &Manifest, catalogue: &Catalogue, kept: &Settings) -> Result<()> {
    let mut errors = FieldErrors::new();
    for setting in manifest.settings.iter().filter(|setting| setting.kind.is_of_entity()) {
        let entity = setting.entity.as_deref().unwrap_or_default();
        let Some(key) = kept.get(&setting.key).and_then(Json::as_str) else { continue };
        let own = manifest.entities.iter().find(|own| own.key == entity);
        let there = if setting.kind == SettingType::Stage {
            let known = catalogue.pipelines.stage(entity, key).is_some();
            known || own.is_some_and(|own| own.stages.iter().any(|one| one.key == key))
        } else {
            let known = catalogue.find(entity).is_some_and(|def| def.field(key).is_some());
            known || own.is_some_and(|own| own.fields.iter().any(|one| one.key == key))
        };
        if !there {
            let error = FieldError::new("choice").with("value", key.chars().take(80).collect::<String>());
            errors.insert(format!("settings.{}", setting.key), error);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid { code: "plugin.settings_invalid", fields: errors }) }
}

/// What is in force: the kept values over the defaults; settings without either are left out. Secrets lie there as they are kept;
/// what was one in another version is nothing in this one.
pub fn in_force(manifest: &Manifest, kept: &Settings) -> Settings {
    let shown = |setting: &Setting, value: &Json| setting.kind == SettingType::Secret || !is_sealed(value);
    let value = |setting: &Setting| {
        kept.get(&setting.key).filter(|value| shown(setting, value)).or(setting.default.as_ref()).cloned()
    };
    manifest.settings.iter().filter_map(|setting| Some((setting.key.clone(), value(setting)?))).collect()
}

#[cfg(test)]
mod tests {
    use kernel::Locale;
    use serde_json::json;

    use super::*;

    fn setting(kind: &str, rest: Json) -> Setting {
        let mut whole = json!({"key": "limit", "type": kind, "label": {"en": "Limit"}});
        if let (Some(whole), Json::Object(rest)) = (whole.as_object_mut(), rest) {
            whole.extend(rest);
        }
        serde_json::from_value(whole).expect("a setting")
    }

    #[test]
    fn what_was_a_secret_in_another_version_is_nothing_in_this_one() {
        let manifest = |kind: &str| {
            let head = "id = \"test.a\"\nversion = \"1.0.0\"\napi = \"1\"\ntitle.en = \"A\"\n";
            let setting = format!("[[settings]]\nkey = \"limit\"\ntype = \"{kind}\"\nlabel.en = \"Limit\"\n");
            toml::from_str::<Manifest>(&(head.to_owned() + &setting)).expect("a manifest")
        };
        let kept: Settings = [("limit".to_owned(), json!("sealed:1:0011:AAAA"))].into();
        assert_eq!(in_force(&manifest("secret"), &kept), kept);
        assert_eq!(in_force(&manifest("text"), &kept), Settings::new());
    }

    #[test]
    fn a_refused_setting_says_what_is_asked_for_with_no_place_left_unfilled() {
        let cases = [
            (setting("integer", json!({"min": 1, "max": 9})), json!(10)),
            (setting("integer", json!({"min": 1})), json!(0)),
            (setting("integer", json!({})), json!("ten")),
            (setting("text", json!({})), json!("x".repeat(MAX_TEXT + 1))),
            (setting("text", json!({})), json!(true)),
            (setting("text", json!({})), json!("sealed:1:0011:AAAA")),
            (setting("role", json!({})), json!("sealed:1:")),
            (setting("choice", json!({"choices": [{"value": "a", "label": {"en": "A"}}]})), json!("b")),
            (setting("user", json!({})), json!("somebody")),
        ];
        for (setting, value) in cases {
            let code = check_value(&setting, &value).expect_err("a misfit");
            for locale in [Locale::En, Locale::Ru, Locale::Uk] {
                let text = in_words(code, &setting, &value).message.in_locale(locale);
                assert!(!text.contains('{'), "{code}: {text}");
            }
        }
    }
}
