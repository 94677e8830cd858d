//! Gateways of SMS on their way between companies (`kernel::moving`), without their secrets. A secret has its place in headers; but
//! where a gateway wants it in the address or the body it can only be written there. So a gateway leaves where nothing in it can
//! be one: what is written out stands under a name that says it is none. The same is asked before the audit log is told, which
//! nobody can clear.

use kernel::db::{ConnectionTrait, Tx};
use kernel::error::FieldError;
use kernel::moving::{self, Gathered, Moved, Object, Trouble};
use kernel::{Ctx, Message, Result, TenantId, audit, seal};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use url::Url;

use super::gateway::{self, Gateway, GatewayInput, MAX_GATEWAYS, Settings, origin};
use super::named;

/// The first part of acts about gateways in the audit log.
pub const KIND: &str = "message_gateway";
/// Names in an address or a body under which no secret stands.
const PLAIN: [&str; 24] = [
    "alpha_name",
    "charset",
    "coding",
    "content_type",
    "encoding",
    "flash",
    "format",
    "from",
    "lang",
    "language",
    "method",
    "mode",
    "originator",
    "priority",
    "route",
    "sender",
    "sender_name",
    "source",
    "src",
    "ttl",
    "type",
    "unicode",
    "validity",
    "version",
];
/// Headers in which none stands.
const PLAIN_HEADERS: [&str; 5] = ["accept", "accept-charset", "accept-language", "content-type", "user-agent"];
/// Bytes of a part of an address that is no key of somebody: of a word, and of what has a digit.
const MAX_WORD: usize = 16;
const MAX_VERSION: usize = 4;
/// Bytes of a name in an address or a body: of one in words, and of one that has a digit.
const MAX_NAME: usize = 32;
const MAX_NUMBERED: usize = 16;

/// A gateway as it is read: a secret is none of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct GatewayRead {
    key: String,
    gateway: GatewayInput,
}

/// A gateway as it is told.
#[derive(Debug, Clone, Serialize)]
struct GatewaySpec<'a> {
    key: &'a str,
    gateway: &'a Settings,
}

/// A gateway of a file, read.
///
/// # Errors
/// What is not understood, in English.
pub fn object(spec: Json) -> std::result::Result<Object, String> {
    let GatewayRead { key, gateway } = moving::read(spec)?;
    if gateway.secret.is_some() {
        return Err("a secret does not move".to_owned());
    }
    let settings = gateway.settings();
    let spec = moving::sorted(json!(GatewaySpec { key: &key, gateway: &settings }));
    Ok(Object { key, spec })
}

/// What the audit log is told of a change: no secret. Where something that is written out may be one, only which server it is, and
/// the gateway does not come back from there.
pub(super) fn told(key: &str, before: Option<&Settings>, after: Option<&Settings>) -> Json {
    if !before.into_iter().chain(after).all(is_bare) {
        let server = after.or(before).and_then(|settings| origin(&settings.url));
        return json!({"key": key, "server": server.map(|server| server.ascii_serialization())});
    }
    let spec = |settings: &Settings| json!(GatewaySpec { key, gateway: settings });
    json!({"key": key, "before": before.map(spec), "after": after.map(spec)})
}

/// The company's gateways by key.
///
/// # Errors
/// When the database fails.
pub async fn gather(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Gathered> {
    let mut known = gateway::all(conn, tenant).await?;
    // Databases order texts differently.
    known.sort_by(|one, other| one.0.cmp(&other.0));
    let mut all = Gathered::default();
    for (key, Gateway { settings, .. }) in &known {
        let spec = json!(GatewaySpec { key, gateway: settings });
        match is_bare(settings) {
            true => all.add(key.clone(), spec),
            false => all.hold(key.clone(), "configuration.gateway_secret", spec),
        }
    }
    Ok(all)
}

/// Makes, changes and removes gateways inside a transaction (administrators). What stands in the way, and which of them wait for a
/// secret.
///
/// # Errors
/// `Denied`; when the database fails.
pub async fn put(tx: &Tx, ctx: &Ctx, wanted: &[Moved]) -> Result<Vec<Trouble>> {
    people::require_admin(ctx)?;
    let mut troubles = Vec::new();
    for moved in wanted {
        match put_one(tx, ctx, moved).await {
            Ok(true) => {}
            Ok(false) => troubles.push(Trouble::skipped(moved, "secret", Message::key("configuration.gateway_waits"))),
            Err(error) => troubles.extend(Trouble::of(moved, error)?),
        }
    }
    Ok(troubles)
}

/// False: its secret is to be given yet.
async fn put_one(tx: &Tx, ctx: &Ctx, moved: &Moved) -> Result<bool> {
    let mut known = gateway::all(tx, ctx.tenant).await?;
    let there = known.iter().position(|(key, _)| *key == moved.key).map(|at| known.swap_remove(at).1);
    let before = there.as_ref().map(|there| there.settings.clone());
    let Some(GatewayRead { key, gateway: input }) = moved.wanted()? else {
        if before.is_some() {
            gateway::remove(tx, ctx, &moved.key).await?;
            let told = told(&moved.key, before.as_ref(), None);
            audit::record(tx, ctx, "message_gateway.removed", &moved.key, told).await?;
        }
        return Ok(true);
    };
    gateway::check_key(&key)?;
    if there.is_none() && known.len() >= MAX_GATEWAYS {
        return Err(named("key", FieldError::new("too_many").with("max", MAX_GATEWAYS)));
    }
    let settings = input.settings();
    let kept = there.filter(|there| seal::is_there(&there.secret));
    if kept.as_ref().is_some_and(|there| origin(&there.settings.url) != origin(&settings.url)) {
        // It would be shown to whoever answers there.
        return Err(named("secret", FieldError::new("required")));
    }
    let secret = kept.map(|there| there.secret).unwrap_or_default();
    settings.check(&secret)?;
    let complete = seal::is_there(&secret) || !settings.headers.values().any(|value| value.contains("{secret}"));
    let told = told(&key, before.as_ref(), Some(&settings));
    gateway::save(tx, ctx, &key, &Gateway { settings, secret }).await?;
    audit::record(tx, ctx, "message_gateway.changed", &key, told).await?;
    Ok(complete)
}

/// Whether nothing in it can be a secret.
fn is_bare(settings: &Settings) -> bool {
    let header = |(name, value): (&String, &String)| {
        PLAIN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) || is_sealed(value)
    };
    let (fixed, asked) = settings.url.split_once('?').unwrap_or((settings.url.as_str(), ""));
    let path = |url: Url| url.path_segments().is_none_or(|mut parts| parts.all(is_word));
    // Behind a `#` it may also stand after the values that are asked.
    !settings.url.contains('#')
        && Url::parse(fixed).is_ok_and(path)
        && settings.headers.iter().all(header)
        && pairs_are_bare(asked)
        && body_is_bare(settings)
}

/// Whether a part of an address is a word or a version, not somebody's key.
fn is_word(part: &str) -> bool {
    let most = if part.bytes().any(|byte| byte.is_ascii_digit()) { MAX_VERSION } else { MAX_WORD };
    part.len() <= most
}

/// Whether a header is a place, perhaps behind a scheme: `Bearer {secret}`.
fn is_sealed(value: &str) -> bool {
    let behind =
        |(scheme, place): (&str, &str)| place == "{secret}" && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_place(value) || value.split_once(' ').is_some_and(behind)
}

/// Whether a text is a place that is filled, or nothing.
fn is_place(text: &str) -> bool {
    ["", "{secret}", "{to}", "{text}", "{key}", "+{to}"].contains(&text.trim())
}

fn pairs_are_bare(text: &str) -> bool {
    // A key may stand where others have a name: `?5f4dcc3b5aa7&to={to}`.
    let bare = |name: &str, value: &str| is_name(name) && (!value.is_empty() || is_word(name)) && is_plain(name, value);
    url::form_urlencoded::parse(text.as_bytes()).all(|(name, value)| bare(&name, &value))
}

/// Whether a name is a word, or one of several that are numbered.
fn is_name(name: &str) -> bool {
    let most = if name.bytes().any(|byte| byte.is_ascii_digit()) { MAX_NUMBERED } else { MAX_NAME };
    name.len() <= most
}

fn is_plain(name: &str, value: &str) -> bool {
    is_place(value) || PLAIN.contains(&name.to_ascii_lowercase().replace('-', "_").as_str())
}

fn body_is_bare(settings: &Settings) -> bool {
    if settings.body.is_empty() {
        return true;
    }
    let kind = settings.content_type().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => serde_json::from_str(&settings.body)
            .is_ok_and(|body| is_all_read(&settings.body, &body) && json_is_bare("", &body)),
        "application/x-www-form-urlencoded" => pairs_are_bare(&settings.body),
        // It has no names that say what stands there.
        _ => false,
    }
}

/// Whether all of a text was read: of a name that stands there twice only the last value is.
fn is_all_read(text: &str, json: &Json) -> bool {
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).count();
    letters(text) == letters(&json.to_string())
}

fn json_is_bare(name: &str, json: &Json) -> bool {
    match json {
        Json::String(text) => is_plain(name, text),
        Json::Array(items) => items.iter().all(|item| json_is_bare(name, item)),
        Json::Object(parts) => parts.iter().all(|(name, part)| is_name(name) && json_is_bare(name, part)),
        // A number may be one as well.
        Json::Number(_) => is_plain(name, "0"),
        Json::Null | Json::Bool(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(change: Json) -> bool {
        let mut all = json!({
            "title": "Test", "url": "https://sms.example.com/v1/send?type=plain",
            "headers": {"Authorization": "Bearer {secret}", "Content-Type": "application/json"},
            "body": "{\"to\": \"{to}\", \"text\": \"{text}\", \"sender\": \"Acme\", \"more\": [{\"ref\": \"{key}\"}]}",
        });
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        is_bare(&serde_json::from_value(all).unwrap())
    }

    #[test]
    fn a_gateway_leaves_where_nothing_in_it_can_be_a_secret() {
        assert!(leaves(json!({})));
        let form = json!({"Content-Type": "application/x-www-form-urlencoded"});
        assert!(leaves(json!({"headers": form, "body": "to={to}&text={text}&from=Acme"})));
        assert!(leaves(
            json!({"method": "GET", "body": "", "url": "https://a.example.com/?to={to}&text={text}&flash"})
        ));
        assert!(leaves(
            json!({"body": "{\"messages\": [{\"to\": \"{to}\", \"text_1\": \"{text}\", \"flag\": null}]}"})
        ));
        for hidden in [
            json!({"url": "https://sms.example.com/send?apikey=hush"}),
            json!({"url": "https://sms.example.com/bot0123456789abcdef/send"}),
            json!({"url": "https://sms.example.com/hush5/send"}),
            json!({"url": "https://sms.example.com/send#hush"}),
            json!({"url": "https://sms.example.com/send?from=Acme#hush"}),
            json!({"url": "https://sms.example.com/send?5f4dcc3b5aa7&to={to}"}),
            json!({"url": "https://sms.example.com/send?5f4dcc3b5aa765d61d83=&to={to}"}),
            json!({"body": "{\"to\": \"{to}\", \"text\": \"{text}\", \"ref\": \"hush\", \"ref\": \"{key}\"}"}),
            json!({"body": "{\"to\": \"{to}\", \"text\": \"{text}\", \"5f4dcc3b5aa765d61d83\": true}"}),
            json!({"headers": {"X-Key": "hush"}}),
            json!({"headers": {"X-Key": "hush {secret}s"}}),
            json!({"headers": {"Authorization": "Basic aHVzaA=="}}),
            json!({"headers": form, "body": "to={to}&text={text}&password=hush"}),
            json!({"body": "{\"to\": \"{to}\", \"text\": \"{text}\", \"auth\": {\"token\": \"hush\"}}"}),
            json!({"body": "{\"to\": \"{to}\", \"text\": \"{text}\", \"pin\": 1234}"}),
            json!({"headers": {"Content-Type": "text/xml"}, "body": "<m to=\"{to}\" key=\"hush\">{text}</m>"}),
        ] {
            assert!(!leaves(hidden.clone()), "{hidden}");
        }
    }

    #[test]
    fn the_log_is_told_of_no_secret() {
        let settings = |url: &str| serde_json::from_value(json!({"title": "T", "url": url})).unwrap();
        let bare: Settings = settings("https://a.example.com/send?to={to}&text={text}");
        let hidden: Settings = settings("https://a.example.com/send?to={to}&text={text}&password=hush");
        assert_eq!(told("main", None, Some(&bare))["after"]["gateway"], json!(bare));
        for (before, after) in [(Some(&bare), &hidden), (Some(&hidden), &bare), (None, &hidden)] {
            assert_eq!(told("main", before, Some(after)), json!({"key": "main", "server": "https://a.example.com"}));
        }
    }

    #[test]
    fn a_secret_is_no_part_of_a_file() {
        let spec = json!({"key": "main", "gateway": {"title": "T", "url": "https://a.example.com/?to={to}"}});
        assert_eq!(object(spec.clone()).unwrap().spec["gateway"]["method"], "POST");
        let mut with = spec;
        with["gateway"]["secret"] = json!("hush");
        assert!(object(with).is_err());
    }
}
