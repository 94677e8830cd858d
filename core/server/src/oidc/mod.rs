//! Talking to providers of identity (OpenID Connect): where they are asked, what they answer, and whether it is believed.
//!
//! Owns: discovery documents and keys, kept for an hour; the exchange of a code; the connection test. Must not know: accounts,
//! sessions, pages. A provider's settings enter; an address to go to, or what it said of somebody (`Proven`), leaves. Every
//! request goes out by the guarded wire: 10 seconds, 1 MiB, no redirect.
//!
//! | module | what |
//! |---|---|
//! | `keys` | keys and signatures |
//! | `token` | what is said of somebody, judged |
//! | `waiting` | how many steps wait for providers at once |

mod keys;
mod token;
mod waiting;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kernel::clock::Env;
use kernel::kept::Kept;
use kernel::{Error, Locale, Message, Timestamp};
use people::provider::Provider;
use people::provider::account::Proven;
use people::provider::attempt::{Attempt, Begun};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};
use uuid::Uuid;

use self::keys::{Algorithm, Keys};
use self::token::{Expected, Refused};
use self::waiting::Waiting;
use crate::webhook::{Request, Trouble as Unsent, Wire};

/// From the first look for an address to the last byte, of all that one step of a sign-in asks.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const MAX_ANSWER: usize = 1024 * 1024;
/// Seconds that discovery documents and keys are kept.
const KEPT_SECONDS: i64 = 3_600;
/// Seconds between two looks for a key that is not known.
const LOOK_SECONDS: i64 = 60;
/// Providers that are remembered.
const MAX_KEPT: usize = 1_000;
/// Characters of what a provider says that are shown.
const SHOWN: usize = 200;
/// A code that no provider gave: with it a client is tried.
const NO_CODE: &str = "verstak-connection-test";

/// What is wrong with a provider or its answer.
#[derive(Debug)]
pub struct Trouble {
    /// Machine-readable; words for administrators are `provider.trouble.<code>`.
    pub code: &'static str,
    /// What exactly.
    pub detail: String,
}

impl Trouble {
    fn new(code: &'static str, detail: impl std::fmt::Display) -> Self {
        let line: String = detail.to_string().chars().filter(|letter| !letter.is_control()).take(SHOWN).collect();
        Self { code, detail: line }
    }

    /// The key of the client's secret is not here.
    pub fn sealed() -> Self {
        Self::new("sealed", "")
    }

    /// In words, with the way out.
    pub fn words(&self, locale: Locale) -> String {
        Message::key(&format!("provider.trouble.{}", self.code)).with("detail", &self.detail).in_locale(locale)
    }

    /// What the person who signs in is told.
    pub fn refusal(&self) -> Error {
        let code = match self.code {
            "busy" | "forbidden" | "unreachable" | "slow" | "status" | "too_long" => "auth.provider_unreachable",
            "client" | "public_url" | "sealed" => "auth.provider_setup",
            _ => "auth.provider_answer",
        };
        Error::Conflict { code, current: None }
    }
}

type Told<T> = Result<T, Trouble>;

/// What comes back from a provider with a person.
pub struct Back<'a> {
    /// To be exchanged.
    pub code: &'a str,
    /// Who says so (RFC 9207), where it is said.
    pub issuer: Option<&'a str>,
}

/// OpenID Connect Discovery 1.0, 3.
#[derive(Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

struct Known {
    document: Document,
    keys: Keys,
    since: Timestamp,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
}

/// RFC 6749, 5.2.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Asks providers; cheap to clone.
#[derive(Clone)]
pub struct Oidc {
    wire: Wire,
    env: Env,
    /// Whether addresses may do without TLS: where the operator lets this machine and private networks be reached.
    plain: bool,
    patience: Duration,
    kept: Arc<Kept<Uuid, Arc<Known>>>,
    waiting: Arc<Waiting>,
}

impl Oidc {
    /// With requests that go out by this wire.
    pub fn new(wire: Wire, env: &Env, plain: bool) -> Self {
        let (kept, waiting) = (Arc::new(Kept::of(MAX_KEPT)), Arc::default());
        Self { wire, env: env.clone(), plain, patience: PATIENCE, kept, waiting }
    }

    /// Whether addresses of providers may do without TLS.
    pub const fn plain(&self) -> bool {
        self.plain
    }

    /// Forgets what is known of a provider.
    pub fn forget(&self, id: Uuid) {
        self.kept.forget(&id);
    }

    /// Where a person goes to say who they are (OpenID Connect Core 1.0, 3.1.2.1; PKCE, RFC 7636).
    ///
    /// # Errors
    /// What is wrong with the provider.
    pub async fn location(&self, provider: &Provider, callback: &str, begun: &Begun) -> Told<Url> {
        let known = match self.remembered(provider) {
            Some(known) => known,
            None => self.patient(provider, self.known(provider)).await?,
        };
        let mut url = self.address(&known.document.authorization_endpoint)?;
        url.set_fragment(None);
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", callback)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &begun.state)
            .append_pair("nonce", &begun.nonce)
            .append_pair("code_challenge", &begun.challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// What the provider says of the person who came back.
    ///
    /// # Errors
    /// What is wrong with the provider or its word.
    pub async fn proven(
        &self,
        provider: &Provider,
        attempt: &Attempt,
        callback: &str,
        back: &Back<'_>,
    ) -> Told<Proven> {
        self.patient(provider, async {
            let known = self.known(provider).await?;
            let named = back.issuer.is_some() || known.document.authorization_response_iss_parameter_supported;
            if named && back.issuer != Some(provider.issuer.as_str()) {
                return Err(Trouble::new("token", "somebody else sent the person back"));
            }
            let token = self.redeem(provider, &known, callback, back.code, &attempt.verifier).await?;
            self.judge(provider, known, &token, &attempt.nonce).await
        })
        .await
    }

    /// What is wrong with a provider, as far as it can be seen without a person; nothing: it works.
    pub async fn test(&self, provider: &Provider, callback: Option<&str>) -> Vec<Trouble> {
        let mut found = Vec::new();
        if callback.is_none() {
            found.push(Trouble::new("public_url", ""));
        }
        self.forget(provider.id);
        let known = match self.patient(provider, self.known(provider)).await {
            Ok(known) => known,
            Err(trouble) => {
                found.push(trouble);
                return found;
            }
        };
        let offered = &known.document.id_token_signing_alg_values_supported;
        if !offered.is_empty() && !offered.iter().any(|name| Algorithm::named(name).is_some()) {
            found.push(Trouble::new("algorithms", offered.join(", ")));
        }
        // Whoever does not know the client says so; whoever does, that the code is none.
        let callback = callback.unwrap_or("https://localhost/");
        let verifier = "x".repeat(64);
        let tried = self.patient(provider, self.redeem(provider, &known, callback, NO_CODE, &verifier)).await;
        found.extend(tried.err().filter(|trouble| trouble.code != "grant"));
        found
    }

    async fn patient<T>(&self, provider: &Provider, work: impl Future<Output = Told<T>>) -> Told<T> {
        let _waits = self.waiting.begin(provider.tenant_id, provider.id).ok_or_else(|| Trouble::new("busy", ""))?;
        let slow = || Trouble::new("slow", self.patience.as_secs());
        tokio::time::timeout(self.patience, work).await.unwrap_or_else(|_| Err(slow()))
    }

    fn remembered(&self, provider: &Provider) -> Option<Arc<Known>> {
        let (at, known) = self.kept.get(&provider.id)?;
        let good = known.document.issuer == provider.issuer && at.plus_seconds(KEPT_SECONDS) > self.env.now();
        good.then_some(known)
    }

    /// The discovery document and the keys, from memory for an hour.
    async fn known(&self, provider: &Provider) -> Told<Arc<Known>> {
        if let Some(known) = self.remembered(provider) {
            return Ok(known);
        }
        let now = self.env.now();
        let moment = self.kept.moment();
        let address = format!("{}/.well-known/openid-configuration", provider.issuer.trim_end_matches('/'));
        let document: Document = self.get(&address, "document").await?;
        if document.issuer != provider.issuer {
            return Err(Trouble::new("issuer", document.issuer));
        }
        for endpoint in [&document.authorization_endpoint, &document.token_endpoint] {
            self.address(endpoint)?;
        }
        let keys = self.body(&document.jwks_uri).await?;
        let keys = Keys::read(&keys).map_err(|error| Trouble::new("document", error))?;
        if keys.is_empty() {
            return Err(Trouble::new("keys", &document.jwks_uri));
        }
        let known = Arc::new(Known { document, keys, since: now });
        self.kept.put(moment, provider.id, now, Arc::clone(&known));
        Ok(known)
    }

    /// Keys change: one that is not known is looked for, once a minute at most.
    async fn judge(&self, provider: &Provider, known: Arc<Known>, token: &str, nonce: &str) -> Told<Proven> {
        let now = self.env.now();
        let expected = Expected { issuer: &provider.issuer, client: &provider.client_id, nonce, now };
        let mut judged = token::judged(token, &known.keys, &expected);
        if matches!(judged, Err(Refused::UnknownKey)) && known.since.plus_seconds(LOOK_SECONDS) <= now {
            self.forget(provider.id);
            let fresh = self.known(provider).await?;
            judged = token::judged(token, &fresh.keys, &expected);
        }
        judged.map_err(|refused| match refused {
            Refused::UnknownKey => Trouble::new("token", "the key of its signature is not among those published"),
            Refused::Wrong(why) => Trouble::new("token", why),
        })
    }

    /// Exchanges a code for the ID token (RFC 6749, 4.1.3).
    async fn redeem(
        &self,
        provider: &Provider,
        known: &Known,
        callback: &str,
        code: &str,
        verifier: &str,
    ) -> Told<String> {
        let request = self.redemption(provider, &known.document, callback, code, verifier)?;
        let (status, body) = self.send(request).await?;
        if status == 200 {
            let tokens: Tokens = serde_json::from_slice(&body).map_err(|error| Trouble::new("document", error))?;
            return tokens.id_token.ok_or_else(|| Trouble::new("id_token", &known.document.token_endpoint));
        }
        let refusal: Refusal = serde_json::from_slice(&body).unwrap_or_default();
        let said = format!("{status} {} {}", refusal.error, refusal.error_description);
        match refusal.error.as_str() {
            "invalid_client" | "unauthorized_client" => Err(Trouble::new("client", said.trim())),
            _ if status == 401 => Err(Trouble::new("client", said.trim())),
            "" => Err(Trouble::new("status", format!("{}: {status}", known.document.token_endpoint))),
            _ => Err(Trouble::new("grant", said.trim())),
        }
    }

    fn redemption(
        &self,
        provider: &Provider,
        document: &Document,
        callback: &str,
        code: &str,
        verifier: &str,
    ) -> Told<Request> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", callback)
            .append_pair("code_verifier", verifier);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let methods = document.token_endpoint_auth_methods_supported.as_deref();
        let basic = methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic"));
        match &provider.client_secret {
            Some(secret) if basic => {
                headers.insert(header::AUTHORIZATION, named(&provider.client_id, secret)?);
            }
            Some(secret) => {
                form.append_pair("client_id", &provider.client_id).append_pair("client_secret", secret);
            }
            None => {
                form.append_pair("client_id", &provider.client_id);
            }
        }
        let url = self.address(&document.token_endpoint)?;
        Ok(Request { url, method: Method::POST, headers, body: form.finish().into_bytes() })
    }

    async fn get<T: DeserializeOwned>(&self, address: &str, wrong: &'static str) -> Told<T> {
        let body = self.body(address).await?;
        serde_json::from_slice(&body).map_err(|error| Trouble::new(wrong, error))
    }

    async fn body(&self, address: &str) -> Told<Vec<u8>> {
        let url = self.address(address)?;
        let request = Request { url, method: Method::GET, headers: HeaderMap::new(), body: Vec::new() };
        match self.send(request).await? {
            (200, body) => Ok(body),
            (status, _) => Err(Trouble::new("status", format!("{address}: {status}"))),
        }
    }

    async fn send(&self, request: Request) -> Told<(u16, Vec<u8>)> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let answer = self.wire.exchange(request, MAX_ANSWER).await.map_err(|unsent| match unsent {
            Unsent::Forbidden(why) => Trouble::new("forbidden", format!("{host}: {why}")),
            Unsent::Passing(why) | Unsent::Wrong(why) => Trouble::new("unreachable", format!("{host}: {why}")),
        })?;
        match answer.body {
            Some(body) => Ok((answer.status, body)),
            None => Err(Trouble::new("too_long", host)),
        }
    }

    /// An address that a provider names: it is judged like one that somebody typed.
    fn address(&self, text: &str) -> Told<Url> {
        let url = Url::parse(text).map_err(|_| Trouble::new("address", text))?;
        let scheme = url.scheme() == "https" || (self.plain && url.scheme() == "http");
        let bare = url.username().is_empty() && url.password().is_none();
        if scheme && bare && url.host_str().is_some_and(|host| !host.is_empty()) {
            Ok(url)
        } else {
            Err(Trouble::new("address", text))
        }
    }
}

/// RFC 6749, 2.3.1: both parts are written as in a form first.
fn named(client: &str, secret: &str) -> Told<HeaderValue> {
    let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let both = BASE64_STANDARD.encode(format!("{}:{}", part(client), part(secret)));
    HeaderValue::from_str(&format!("Basic {both}")).map_err(|error| Trouble::new("client", error))
}

#[cfg(test)]
mod tests;
