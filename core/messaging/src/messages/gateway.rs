//! Gateways of SMS: an HTTP request by a template of the company's administrators.
//!
//! Places in the template are `{to}`, `{text}` and `{key}` (the message's id, the same for every try), and `{secret}` in headers.
//! They are filled in one pass, each value written as the place needs it: what somebody writes into an SMS can neither end a
//! string nor name another place.

use std::collections::BTreeMap;

use kernel::db::{ConnectionTrait, QueryResult, Tx};
use kernel::error::FieldError;
use kernel::{Ctx, Db, Error, Result, TenantId, audit, seal};
use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use url::Url;
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

use super::sealed::place;
use super::{Messages, moving, named};
use crate::outbound::Outgoing;

/// Gateways of a company.
pub(super) const MAX_GATEWAYS: usize = 20;
/// Characters of an address or a body.
const MAX_URL: usize = 2_000;
const MAX_BODY: usize = 10_000;
/// Headers, and characters of one.
const MAX_HEADERS: usize = 20;
const MAX_VALUE: usize = 1_000;
/// Messages a second.
const MAX_PER_SECOND: u32 = 1_000;
/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;
/// Headers that belong to the connection or to the host.
const OWN: [&str; 11] = [
    "host",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "idempotency-key",
];
/// The gateway that is taken where a message names none and there are several.
const DEFAULT: &str = "default";

/// How a gateway is asked for an SMS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MessageGatewaySettings)]
pub struct Settings {
    /// What administrators call it.
    pub title: String,
    /// `https://...`; places may stand behind the `?`.
    pub url: String,
    /// `POST` (default), `PUT` or `GET`.
    #[serde(default = "post")]
    pub method: String,
    /// By name; `content-type` says how the body is written, `application/json` by default. A value may have `{secret}`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// With places; empty for `GET`.
    #[serde(default)]
    pub body: String,
    /// Where in the JSON of the answer the gateway's own id stands: a JSON pointer (RFC 6901). Empty: nowhere.
    #[serde(default)]
    pub answer_id: String,
    /// Messages a second, up to 1,000; 0 = as they come.
    #[serde(default)]
    pub per_second: u32,
}

fn post() -> String {
    "POST".to_owned()
}

/// A gateway as administrators write it.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MessageGatewayInput)]
pub struct GatewayInput {
    /// What administrators call it.
    pub title: String,
    /// `https://...`; places may stand behind the `?`.
    pub url: String,
    /// `POST` (default), `PUT` or `GET`.
    #[serde(default = "post")]
    pub method: String,
    /// By name; `content-type` says how the body is written, `application/json` by default. A value may have `{secret}`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// With places; empty for `GET`.
    #[serde(default)]
    pub body: String,
    /// Where in the JSON of the answer the gateway's own id stands: a JSON pointer (RFC 6901). Empty: nowhere.
    #[serde(default)]
    pub answer_id: String,
    /// Messages a second, up to 1,000; 0 = as they come.
    #[serde(default)]
    pub per_second: u32,
    /// What stands for `{secret}`; absent: the one it has (said again where the address is of another server), empty: none.
    #[serde(default)]
    pub secret: Option<String>,
}

impl GatewayInput {
    pub(super) fn settings(self) -> Settings {
        Settings {
            title: self.title,
            url: self.url,
            method: self.method,
            headers: self.headers,
            body: self.body,
            answer_id: self.answer_id,
            per_second: self.per_second,
        }
    }
}

/// A gateway as administrators see it: the secret is never shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = MessageGateway)]
pub struct GatewayView {
    /// What messages call it.
    pub key: String,
    /// How it is asked.
    #[serde(flatten)]
    pub settings: Settings,
    /// Whether it has a secret.
    pub has_secret: bool,
}

/// A gateway with its secret as it is kept: sealed.
pub(super) struct Gateway {
    pub(super) settings: Settings,
    pub(super) secret: String,
}

/// How values are written into a place.
#[derive(Clone, Copy)]
enum Written {
    Json,
    Form,
    Xml,
    Plain,
}

impl Written {
    fn of(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => Some(Self::Json),
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "application/xml" | "text/xml" => Some(Self::Xml),
            "text/plain" => Some(Self::Plain),
            _ => None,
        }
    }

    fn write(self, value: &str) -> String {
        match self {
            Self::Json => {
                let quoted = Json::String(value.to_owned()).to_string();
                quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
            }
            Self::Form => byte_serialize(value.as_bytes()).collect(),
            Self::Xml => value
                .chars()
                .map(|letter| match letter {
                    '&' => "&amp;".to_owned(),
                    '<' => "&lt;".to_owned(),
                    '>' => "&gt;".to_owned(),
                    '"' => "&quot;".to_owned(),
                    '\'' => "&apos;".to_owned(),
                    letter => letter.to_string(),
                })
                .collect(),
            Self::Plain => value.to_owned(),
        }
    }
}

/// A template with its places filled, in one pass.
fn filled(template: &str, places: &[(&str, &str)], written: Written) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        match places.iter().find(|(place, _)| from.starts_with(place)) {
            Some((place, value)) => {
                text.push_str(&written.write(value));
                rest = from.get(place.len()..).unwrap_or_default();
            }
            None => {
                text.push('{');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
    text
}

impl Settings {
    pub(super) fn content_type(&self) -> &str {
        let named = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        named.map_or("application/json", |(_, value)| value.as_str())
    }

    pub(super) fn check(&self, secret: &str) -> Result<()> {
        let title = self.title.trim();
        if title.is_empty() || title.chars().count() > 100 {
            return Err(named("title", FieldError::new("too_long").with("max", 100)));
        }
        if !["GET", "POST", "PUT"].contains(&self.method.as_str()) {
            return Err(named("method", FieldError::new("choice").with("value", &self.method)));
        }
        if self.per_second > MAX_PER_SECOND {
            return Err(named("per_second", FieldError::new("range").with("min", 0).with("max", MAX_PER_SECOND)));
        }
        if self.answer_id.len() > 200 || !(self.answer_id.is_empty() || self.answer_id.starts_with('/')) {
            return Err(named("answer_id", FieldError::new("gateway_pointer")));
        }
        self.check_url(secret)?;
        self.check_headers()?;
        self.check_body()
    }

    fn check_url(&self, secret: &str) -> Result<()> {
        let wrong = || named("url", FieldError::new("gateway_url"));
        let fixed = self.url.split('?').next().unwrap_or_default();
        if self.url.chars().count() > MAX_URL || fixed.contains(['{', '}']) || self.url.contains("{secret}") {
            return Err(wrong());
        }
        let url = Url::parse(&self.address("1", "1", "1")).map_err(|_| wrong())?;
        if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        if !url.username().is_empty() || url.password().is_some() || (url.scheme() != "https" && !secret.is_empty()) {
            return Err(named("url", FieldError::new("gateway_secret")));
        }
        Ok(())
    }

    fn check_headers(&self) -> Result<()> {
        if self.headers.len() > MAX_HEADERS {
            return Err(named("headers", FieldError::new("too_many").with("max", MAX_HEADERS)));
        }
        for (name, value) in &self.headers {
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            let fits = !name.is_empty() && name.len() <= 100 && name.bytes().all(token);
            let plain = value.len() <= MAX_VALUE && value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            if !fits || !plain || OWN.contains(&name.to_ascii_lowercase().as_str()) {
                let shown: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
                return Err(named("headers", FieldError::new("gateway_header").with("value", shown)));
            }
        }
        Ok(())
    }

    fn check_body(&self) -> Result<()> {
        let kind = self.content_type();
        let wrong = || named("body", FieldError::new("gateway_body").with("value", kind));
        let written = Written::of(kind).ok_or_else(wrong)?;
        if self.body.chars().count() > MAX_BODY || self.body.contains('\0') || self.body.contains("{secret}") {
            return Err(wrong());
        }
        if (self.method == "GET") != self.body.is_empty() {
            return Err(wrong());
        }
        let places = [("{to}", "+15550100"), ("{text}", "a \"b\" \\ \n"), ("{key}", "k")];
        let body = filled(&self.body, &places, written);
        if matches!(written, Written::Json) && !self.body.is_empty() && serde_json::from_str::<Json>(&body).is_err() {
            return Err(wrong());
        }
        match ["{to}", "{text}"].into_iter().find(|place| !self.url.contains(place) && !self.body.contains(place)) {
            Some(place) => Err(named("body", FieldError::new("gateway_place").with("value", place))),
            None => Ok(()),
        }
    }

    fn address(&self, to: &str, text: &str, key: &str) -> String {
        filled(&self.url, &[("{to}", to), ("{text}", text), ("{key}", key)], Written::Form)
    }
}

impl Gateway {
    /// Its secret as it was given, under its key.
    ///
    /// # Errors
    /// `Conflict("secrets.locked")` where this server cannot open it.
    pub(super) fn secret(&self, db: &Db, tenant: TenantId, key: &str) -> Result<String> {
        db.seals().open(&place(tenant, key, &self.settings.url), &self.secret)
    }

    /// The request for an SMS.
    pub(super) fn request(&self, secret: &str, to: &str, text: &str, message: Uuid) -> Result<Outgoing, String> {
        let (settings, key) = (&self.settings, message.to_string());
        let written = Written::of(settings.content_type()).ok_or("the gateway's content-type is not known")?;
        let places = [("{to}", to), ("{text}", text), ("{key}", key.as_str())];
        let url = Url::parse(&settings.address(to, text, &key)).map_err(|error| error.to_string())?;
        let hidden = [("{secret}", secret), ("{key}", key.as_str())];
        let mut headers: Vec<(String, String)> = settings
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), filled(value, &hidden, Written::Plain)))
            .collect();
        headers.push(("idempotency-key".to_owned(), key.clone()));
        if !settings.body.is_empty() && !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".to_owned(), settings.content_type().to_owned()));
        }
        let body = filled(&settings.body, &places, written).into_bytes();
        Ok(Outgoing { url, method: settings.method.clone(), headers, body, most: MAX_ANSWER })
    }

    /// What the gateway calls the message, where its answer says.
    pub(super) fn foreign_id(&self, answer: &[u8]) -> Option<String> {
        let pointer = Some(&self.settings.answer_id).filter(|pointer| !pointer.is_empty())?;
        let answer: Json = serde_json::from_slice(answer).ok()?;
        match answer.pointer(pointer)? {
            Json::String(text) => Some(text.chars().take(200).collect()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

pub(super) fn from_row(row: &QueryResult) -> Result<(String, Gateway), DbErr> {
    let settings = serde_json::from_value(row.try_get_by_index(1)?).map_err(|error| DbErr::Type(error.to_string()))?;
    Ok((row.try_get_by_index(0)?, Gateway { settings, secret: row.try_get_by_index(2)? }))
}

/// The company's gateways by key.
pub(super) async fn all(conn: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<(String, Gateway)>> {
    let select = Query::select()
        .columns(["gateway", "settings", "secret"])
        .from("message_gateway")
        .and_where(Expr::col("tenant_id").eq(tenant.0))
        .order_by("gateway", Order::Asc)
        .to_owned();
    Ok(conn.query_all(&select).await?.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// One gateway.
pub(super) async fn load(conn: &impl ConnectionTrait, tenant: TenantId, key: &str) -> Result<Option<Gateway>> {
    Ok(all(conn, tenant).await?.into_iter().find(|(known, _)| known == key).map(|(_, gateway)| gateway))
}

/// The gateway that a message goes by.
pub(super) async fn chosen(conn: &impl ConnectionTrait, tenant: TenantId, asked: Option<&str>) -> Result<String> {
    let known = all(conn, tenant).await?;
    let wanted = match (asked, known.as_slice()) {
        (Some(asked), _) => asked,
        (None, []) => return Err(named("gateway", FieldError::new("no_gateway"))),
        (None, [(only, _)]) => only,
        (None, _) => DEFAULT,
    };
    match known.iter().any(|(key, _)| key == wanted) {
        true => Ok(wanted.to_owned()),
        false => {
            let shown: String = wanted.chars().filter(|letter| !letter.is_control()).take(64).collect();
            Err(named("gateway", FieldError::new("unknown_name").with("value", shown)))
        }
    }
}

impl Messages {
    /// The company's gateways (administrators).
    ///
    /// # Errors
    /// `Denied`.
    pub async fn gateways(&self, ctx: &Ctx) -> Result<Vec<GatewayView>> {
        people::require_admin(ctx)?;
        let known = all(self.mail.db.read(), ctx.tenant).await?;
        Ok(known.into_iter().map(|(key, gateway)| view(key, gateway)).collect())
    }

    /// Makes or changes a gateway (administrators).
    ///
    /// # Errors
    /// `Denied`, `message.invalid` naming the setting.
    pub async fn set_gateway(&self, ctx: &Ctx, key: &str, input: GatewayInput) -> Result<GatewayView> {
        people::require_admin(ctx)?;
        check_key(key)?;
        let tx = self.mail.db.begin().await?;
        let mut known = all(&tx, ctx.tenant).await?;
        let old = known.iter().position(|(other, _)| other == key).map(|at| known.swap_remove(at).1);
        if old.is_none() && known.len() >= MAX_GATEWAYS {
            return Err(named("key", FieldError::new("too_many").with("max", MAX_GATEWAYS)));
        }
        let before = old.as_ref().map(|old| old.settings.clone());
        let kept = old.filter(|old| input.secret.is_none() && seal::is_there(&old.secret));
        if kept.as_ref().is_some_and(|old| origin(&old.settings.url) != origin(&input.url)) {
            // It would be shown to whoever answers there.
            return Err(named("secret", FieldError::new("required")));
        }
        let plain =
            |secret: &str| secret.len() <= MAX_VALUE && secret.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let secret = match input.secret.as_deref() {
            Some(secret) if !plain(secret) => return Err(named("secret", FieldError::new("characters"))),
            Some(secret) => self.mail.db.seals().seal(&ctx.env, &place(ctx.tenant, key, &input.url), secret)?,
            None => kept.map(|old| old.secret).unwrap_or_default(),
        };
        let gateway = Gateway { settings: input.settings(), secret };
        gateway.settings.check(&gateway.secret)?;
        save(&tx, ctx, key, &gateway).await?;
        let told = moving::told(key, before.as_ref(), Some(&gateway.settings));
        audit::record(&tx, ctx, "message_gateway.changed", key, told).await?;
        tx.commit().await?;
        Ok(view(key.to_owned(), gateway))
    }

    /// Removes a gateway: what waits for it fails (administrators).
    ///
    /// # Errors
    /// `Denied`, `NotFound`.
    pub async fn remove_gateway(&self, ctx: &Ctx, key: &str) -> Result<()> {
        people::require_admin(ctx)?;
        let tx = self.mail.db.begin().await?;
        let gone = load(&tx, ctx.tenant, key).await?.ok_or_else(|| Error::NotFound(format!("gateway {key}")))?;
        remove(&tx, ctx, key).await?;
        let told = moving::told(key, Some(&gone.settings), None);
        audit::record(&tx, ctx, "message_gateway.removed", key, told).await?;
        Ok(tx.commit().await?)
    }
}

/// The server that an address is of.
pub(super) fn origin(url: &str) -> Option<url::Origin> {
    url.split('?').next().and_then(|fixed| Url::parse(fixed).ok()).map(|url| url.origin())
}

/// Passes keys that a gateway may have.
pub(super) fn check_key(key: &str) -> Result<()> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    match !key.is_empty() && key.len() <= 32 && key.bytes().all(fits) {
        true => Ok(()),
        false => Err(named("key", FieldError::new("choice_key").with("max", 32))),
    }
}

/// Removes a gateway with its secret.
pub(super) async fn remove(tx: &Tx, ctx: &Ctx, key: &str) -> Result<()> {
    let delete = Query::delete()
        .from_table("message_gateway")
        .and_where(Expr::col("tenant_id").eq(ctx.tenant.0))
        .and_where(Expr::col("gateway").eq(key))
        .to_owned();
    tx.execute(&delete).await?;
    Ok(())
}

fn view(key: String, gateway: Gateway) -> GatewayView {
    GatewayView { key, has_secret: seal::is_there(&gateway.secret), settings: gateway.settings }
}

pub(super) async fn save(tx: &Tx, ctx: &Ctx, key: &str, gateway: &Gateway) -> Result<()> {
    let settings = serde_json::to_value(&gateway.settings).map_err(Error::internal)?;
    let insert = Query::insert()
        .into_table("message_gateway")
        .columns(["tenant_id", "gateway", "settings", "secret", "updated_at"])
        .values_panic([
            ctx.tenant.into(),
            key.into(),
            settings.into(),
            gateway.secret.as_str().into(),
            ctx.now().0.into(),
        ])
        .on_conflict(
            OnConflict::columns(["tenant_id", "gateway"])
                .update_columns(["settings", "secret", "updated_at"])
                .to_owned(),
        )
        .to_owned();
    Ok(tx.later(&insert).await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::INVALID;
    use super::*;

    fn settings(change: Json) -> Settings {
        let mut all = json!({
            "title": "Test", "url": "https://sms.example.com/send",
            "body": "{\"to\": \"{to}\", \"text\": \"{text}\", \"ref\": \"{key}\"}",
        });
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn check(change: Json, secret: &str, field: Option<&str>) {
        let said = match settings(change.clone()).check(secret) {
            Err(Error::Invalid { code: INVALID, fields }) => fields.keys().next().cloned(),
            Err(error) => panic!("{error}"),
            Ok(()) => None,
        };
        assert_eq!(said.as_deref(), field, "{change}");
    }

    #[test]
    fn a_template_is_checked_when_it_is_written() {
        let form = json!({"content-type": "application/x-www-form-urlencoded"});
        check(json!({}), "s", None);
        check(json!({"headers": form, "body": "to={to}&text={text}"}), "", None);
        check(json!({"method": "GET", "url": "https://a.example.com/?to={to}&text={text}", "body": ""}), "", None);
        check(json!({"url": "http://a.example.com/"}), "", None);
        check(json!({"url": "http://a.example.com/"}), "s", Some("url"));
        for url in [
            "ftp://a.example.com/",
            "https://{to}.example.com/",
            "https://a.example.com/{text}",
            "nonsense",
            "https://a.example.com/?k={secret}",
            "https://u:p@a.example.com/",
        ] {
            check(json!({"url": url}), "", Some("url"));
        }
        check(json!({"headers": {"X-A\r\nHost": "x"}}), "", Some("headers"));
        check(json!({"headers": {"X-A": "x\r\nY: z"}}), "", Some("headers"));
        check(json!({"headers": {"Host": "internal"}}), "", Some("headers"));
        check(json!({"headers": {"content-type": "application/pdf"}}), "", Some("body"));
        check(json!({"body": "{\"to\": {to}, \"text\": {text}}"}), "", Some("body"));
        check(json!({"body": "{\"to\": \"{to}\"}"}), "", Some("body"));
        check(json!({"method": "GET"}), "", Some("body"));
        check(json!({"method": "TRACE"}), "", Some("method"));
        check(json!({"answer_id": "id"}), "", Some("answer_id"));
        check(json!({"per_second": 1_001}), "", Some("per_second"));
    }

    fn sent(change: Json, to: &str, text: &str) -> Outgoing {
        let gateway = Gateway { settings: settings(change), secret: String::new() };
        gateway.request("s3cret", to, text, Uuid::nil()).unwrap()
    }

    #[test]
    fn what_a_message_says_stays_what_it_says() {
        let evil = "\", \"to\": \"+1\", \"x\": \"{to}{key}{secret}\n&text=<a>";
        let json: Json = serde_json::from_slice(&sent(json!({}), "+380501234567", evil).body).unwrap();
        assert_eq!((&json["text"], &json["to"]), (&json!(evil), &json!("+380501234567")));
        let form =
            json!({"headers": {"content-type": "application/x-www-form-urlencoded"}, "body": "to={to}&text={text}"});
        let request = sent(form, "+380501234567", evil);
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(&request.body).map(|(name, value)| (name.into(), value.into())).collect();
        assert_eq!(pairs, [("to".to_owned(), "+380501234567".to_owned()), ("text".to_owned(), evil.to_owned())]);
        let get = json!({"method": "GET", "url": "https://a.example.com/?to={to}&text={text}", "body": ""});
        let request = sent(get, "+1", evil);
        assert_eq!(
            (request.url.host_str(), request.url.query_pairs().nth(1).unwrap().1.as_ref()),
            (Some("a.example.com"), evil)
        );
        let xml = json!({"headers": {"content-type": "text/xml"}, "body": "<m to=\"{to}\">{text}</m>"});
        let body = String::from_utf8(sent(xml, "+1", "<a>&\"").body).unwrap();
        assert_eq!(body, "<m to=\"+1\">&lt;a&gt;&amp;&quot;</m>");
    }

    #[test]
    fn the_secret_goes_into_headers_and_every_request_has_the_key() {
        let request = sent(json!({"headers": {"Authorization": "Bearer {secret}"}}), "+1", "{secret}");
        let has = |name: &str, value: &str| request.headers.contains(&(name.to_owned(), value.to_owned()));
        let nil = Uuid::nil().to_string();
        assert!(has("authorization", "Bearer s3cret") && has("idempotency-key", &nil));
        assert!(has("content-type", "application/json"));
        assert!(!String::from_utf8(request.body).unwrap().contains("s3cret"));
    }

    #[test]
    fn the_gateways_own_id_is_found_where_the_pointer_says() {
        let of = |pointer: &str, answer: &str| {
            let gateway = Gateway { settings: settings(json!({"answer_id": pointer})), secret: String::new() };
            gateway.foreign_id(answer.as_bytes()).unwrap_or_default()
        };
        assert_eq!(of("/messages/0/id", r#"{"messages": [{"id": 17}]}"#), "17");
        assert_eq!(of("/id", r#"{"id": "a-1"}"#), "a-1");
        assert_eq!((of("/id", "nonsense"), of("", r#"{"id": 1}"#), of("/id", r#"{"id": {}}"#)), Default::default());
    }
}
