//! `settings`: what the tenant's admin set, over the defaults, without secrets.

use serde_json::Value as Json;

use super::State;
use crate::bindings::types::{Field, Value};
use crate::bindings::verstak::runtime::settings;
use crate::manifest::SettingType;

impl settings::Host for State {
    async fn all(&mut self) -> wasmtime::Result<Vec<Field>> {
        self.enter_shared("settings")?;
        let Some(caller) = &self.caller else { return Ok(Vec::new()) };
        let plugin = &caller.plugin;
        let open = plugin.manifest().settings.iter().filter(|setting| setting.kind != SettingType::Secret);
        let field = |key: &str| Some(Field { name: key.to_owned(), value: value(plugin.settings.get(key)?) });
        Ok(open.filter_map(|setting| field(&setting.key)).collect())
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Boolean(*flag),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Decimal(number.to_string()), Value::Integer),
        Json::String(text) => Value::Text(text.clone()),
        other => Value::Json(other.to_string()),
    }
}
