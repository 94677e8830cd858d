//! Routes of plugins: a request finds its route, its caller is checked, the guest answers, the answer is made safe.

use kernel::error::Refusal;
use kernel::{Actor, Ctx, Error, Message, Result, TenantId};
use wasmtime::Store;
use wasmtime::component::Instance;

use super::signature::Spent;
use super::{Point, PointKind, signature};
use crate::PluginHost;
use crate::bindings::http as wit;
use crate::capabilities::State;
use crate::engine::{Budget, Code, Effect, Fault, Invoke};
use crate::loops;
use crate::manifest::{Manifest, Route, RouteAuth, check};
use crate::registry::{OnNode, Running};

/// Routes.
pub(crate) static KIND: PointKind = PointKind {
    name: "http",
    export: "http",
    budget: Budget::HTTP,
    declared: |manifest: &Manifest| manifest.routes.iter().map(Route::id).collect(),
    check: check::routes,
    probe: |pre| Some(Box::new(wit::GuestIndices::new(pre).ok()?)),
};

impl Invoke for wit::Request {
    type Answer = wit::Response;
    const EFFECT: Effect = Effect::Writes;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Answer, String>> {
        let guest = code.indices::<wit::GuestIndices>(KIND.export)?.load(&mut *store, instance)?;
        guest.call_handle(store, &self).await
    }
}

/// Headers of a request that guests do not see.
const HIDDEN: [&str; 4] = ["cookie", "authorization", "proxy-authorization", "x-forwarded-for"];
/// Headers of an answer that guests may set, besides `x-...`.
const ALLOWED: [&str; 5] = ["content-type", "cache-control", "content-language", "etag", "retry-after"];
/// Types a browser does not run; everything else is sent as bytes.
const SAFE_TYPES: [&str; 6] =
    ["application/json", "application/problem+json", "application/xml", "text/plain", "text/csv", "text/calendar"];
const MAX_HEADERS: usize = 50;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum HttpCaller<'a> {
    /// Somebody signed in.
    User(&'a Ctx),
    /// Anybody, at a tenant's public address.
    Public(TenantId),
}

/// A request to a plugin's route.
#[derive(Debug, Clone, Default)]
pub struct HttpRequest {
    /// `GET`, `POST` ...
    pub method: String,
    /// Path below the plugin's own, beginning with `/`.
    pub path: String,
    /// Decoded parameters.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpRequest {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A plugin's answer, fit to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// 200 to 599.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl PluginHost {
    /// Answers a request through a plugin.
    ///
    /// # Errors
    /// `NotFound` (no such plugin or route here), `Unauthenticated` (not signed in, or signature not good, old or used
    /// before), `TooLarge`; when the plugin failed, `plugin.failed` with its name and the reason for people who are signed in,
    /// `Unavailable` for everybody else.
    pub async fn http(&self, caller: HttpCaller<'_>, plugin: &str, request: HttpRequest) -> Result<HttpResponse> {
        let tenant = match caller {
            HttpCaller::User(ctx) => ctx.tenant,
            HttpCaller::Public(tenant) => tenant,
        };
        let missing = || Error::NotFound(format!("route {} {} of plugin {plugin}", request.method, request.path));
        if matches!(caller, HttpCaller::User(ctx) if ctx.is_closed(plugin)) {
            return Err(missing());
        }
        let plugins = self.inner.registry.tenant(tenant).await?;
        let enabled = match plugins.get(plugin).ok_or_else(missing)? {
            OnNode::Running(plugin) => plugin,
            OnNode::Failed(failed) => {
                let title = |locale| failed.title(locale).to_owned();
                return Err(trouble(
                    caller,
                    plugin,
                    title,
                    ("plugin.unavailable", &Message::key("error.hook.not_loaded")),
                    failed.error(),
                ));
            }
        };
        let failed = |fault: &Fault| {
            let title = |locale| enabled.manifest().title.in_locale(locale).to_owned();
            trouble(
                caller,
                plugin,
                title,
                (fault.code(), &fault.message()),
                Error::Unavailable(format!("plugin {plugin} {fault}")),
            )
        };
        let (route, found) = matching(enabled.manifest(), &request).ok_or_else(missing)?;
        let name = KIND.point(&route.id());
        if enabled.stopped().contains(&name) {
            return Err(failed(&Fault::Stopped));
        }
        if request.body.len() > route.body_limit {
            return Err(Error::TooLarge(
                Message::key("error.too_large").with("max", format!("{} B", route.body_limit)),
            ));
        }
        let (ctx, spent) = self.admit(caller, &enabled, route, &request).await?;
        let link = loops::link(plugin, &route.id());
        let anonymous = matches!(caller, HttpCaller::Public(_));
        let point = Point { plugin: &enabled, name, link, budget: KIND.budget, anonymous, own: false, held: None };
        let judge = |response: &wit::Response| match (200..600).contains(&response.status) {
            true => Ok(()),
            false => Err("a status outside 200 to 599".to_owned()),
        };
        let request = HttpRequest {
            path: route.path.clone(),
            query: found.into_iter().chain(request.query).collect(),
            ..request
        };
        let answer = self.call(&ctx, &point, to_wit(&ctx, anonymous, request), judge).await;
        if let Some(spent) = spent {
            // Who is told that it did not work may send the same again.
            spent.settle(answer.as_ref().is_ok_and(|response| response.status < 500)).await?;
        }
        answer.map(safe).map_err(|fault| failed(&fault))
    }

    /// Whether this caller may use the route, the context the guest works in, and the signature that it cost.
    async fn admit(
        &self,
        caller: HttpCaller<'_>,
        enabled: &Running,
        route: &Route,
        request: &HttpRequest,
    ) -> Result<(Ctx, Option<Spent>)> {
        let tenant = match (caller, route.auth) {
            (HttpCaller::User(ctx), RouteAuth::User | RouteAuth::None) => return Ok((ctx.clone(), None)),
            (HttpCaller::User(_), RouteAuth::Hmac) => return Err(Error::NotFound("a signed route".to_owned())),
            (HttpCaller::Public(_), RouteAuth::User) => return Err(Error::Unauthenticated),
            (HttpCaller::Public(tenant), RouteAuth::None | RouteAuth::Hmac) => tenant,
        };
        let mut ctx = people::tenant::get(&self.inner.services.db, tenant).await?.system_ctx(&self.inner.env);
        ctx.actor = Actor::Plugin { id: enabled.id().to_owned(), user: None };
        ctx.rights = enabled.own_rights.clone().unwrap_or_default();
        if route.auth != RouteAuth::Hmac {
            return Ok((ctx, None));
        }
        let (timestamp, given) = (request.header(signature::TIMESTAMP), request.header(signature::SIGNATURE));
        let now = ctx.now().micros() / 1_000_000;
        if !signature::verify(&enabled.enabled.secret, now, timestamp, given, &request.body) {
            return Err(Error::Unauthenticated);
        }
        let spent = signature::once(&self.inner.services.db, &ctx, enabled.id(), given.unwrap_or_default()).await?;
        Ok((ctx, Some(spent)))
    }
}

/// The route of a request, with what stands in the places of its parameters: an exact one before one with parameters, else
/// the first of the manifest.
fn matching<'a>(manifest: &'a Manifest, request: &HttpRequest) -> Option<(&'a Route, Vec<(String, String)>)> {
    let of_method = || manifest.routes.iter().filter(|route| route.method == request.method);
    if let Some(exact) = of_method().find(|route| route.path == request.path) {
        return (!exact.path.contains('{')).then(|| (exact, Vec::new()));
    }
    of_method().find_map(|route| Some((route, parameters(&route.path, &request.path)?)))
}

/// The values of a path with parameters, decoded; none where it does not fit.
fn parameters(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut values = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(values),
            (Some(wanted), Some(given)) => match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(_) if given.is_empty() => return None,
                Some(name) => {
                    let value = percent_encoding::percent_decode_str(given).decode_utf8().ok()?;
                    values.push((name.to_owned(), value.into_owned()));
                }
                None if wanted == given => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

/// A route that did not work: people who are signed in read which plugin and why, strangers that it did not.
fn trouble(
    caller: HttpCaller<'_>,
    plugin: &str,
    title: impl Fn(kernel::Locale) -> String,
    (code, why): (&str, &Message),
    public: Error,
) -> Error {
    let HttpCaller::User(ctx) = caller else { return public };
    let (title, reason) = (title(ctx.locale), why.in_locale(ctx.locale));
    let message = Message::key("error.plugin.failed").with("plugin", title).with("reason", reason);
    let (code, plugin) = (code.to_owned(), Some(plugin.to_owned()));
    Error::Refused(Box::new(Refusal { plugin, ..Refusal::new(code, message) }))
}

fn to_wit(ctx: &Ctx, anonymous: bool, request: HttpRequest) -> wit::Request {
    let seen = request.headers.into_iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()));
    wit::Request {
        method: request.method,
        path: request.path,
        query: request.query.into_iter().map(|(name, value)| wit::Pair { name, value }).collect(),
        headers: seen.take(MAX_HEADERS).map(|(name, value)| wit::Header { name, value }).collect(),
        body: request.body,
        user: ctx.user().filter(|_| !anonymous).map(|id| id.to_string()),
    }
}

/// Known headers only; types that a browser would run become bytes; nothing of the portal's origin is reachable.
fn safe(response: wit::Response) -> HttpResponse {
    let mut headers: Vec<(String, String)> = Vec::new();
    for header in response.headers.into_iter().take(MAX_HEADERS) {
        let name = header.name.to_lowercase();
        let token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let plain = header.value.bytes().all(|byte| (32..127).contains(&byte)) && header.value.len() <= 1_000;
        let known = ALLOWED.contains(&name.as_str()) || (name.starts_with("x-") && !name.starts_with("x-verstak-"));
        if token && plain && known && !headers.iter().any(|(set, _)| *set == name) {
            headers.push((name, header.value));
        }
    }
    headers.retain(|(name, value)| {
        let essence = value.split(';').next().unwrap_or_default().trim().to_lowercase();
        name != "content-type" || SAFE_TYPES.contains(&essence.as_str())
    });
    if !headers.iter().any(|(name, _)| name == "content-type") && !response.body.is_empty() {
        headers.push(("content-type".to_owned(), "application/octet-stream".to_owned()));
    }
    headers.retain(|(name, _)| !["x-content-type-options", "x-frame-options"].contains(&name.as_str()));
    headers.push(("x-content-type-options".to_owned(), "nosniff".to_owned()));
    headers.push(("content-security-policy".to_owned(), "sandbox; default-src 'none'".to_owned()));
    HttpResponse { status: response.status, headers, body: response.body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_give_their_parameters() {
        let check = |pattern: &str, path: &str, expected: Option<&[(&str, &str)]>| {
            let got = parameters(pattern, path);
            let got: Option<Vec<(&str, &str)>> =
                got.as_ref().map(|all| all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect());
            assert_eq!(got.as_deref(), expected, "{pattern} {path}");
        };
        check("/sheets/{week}/submit", "/sheets/2026-W10/submit", Some(&[("week", "2026-W10")]));
        check("/a/{b}/{c}", "/a/1/%D1%8F%2F", Some(&[("b", "1"), ("c", "я/")]));
        check("/sheets/{week}", "/sheets/", None);
        check("/sheets/{week}", "/sheets/1/2", None);
        check("/sheets/{week}", "/other/1", None);
        check("/sheets/{week}", "/sheets/%FF", None);
    }

    #[test]
    fn answers_are_made_safe() {
        let header = |name: &str, value: &str| wit::Header { name: name.to_owned(), value: value.to_owned() };
        let headers = vec![
            header("Content-Type", "text/html"),
            header("set-cookie", "verstak_session=stolen"),
            header("x-mine", "1"),
            header("x-bad", "a\r\nset-cookie: b"),
            header("location", "https://evil.example"),
        ];
        let safe = safe(wit::Response { status: 200, headers, body: b"<script>".to_vec() });
        let names: Vec<&str> = safe.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x-mine", "content-type", "x-content-type-options", "content-security-policy"]);
        assert_eq!(safe.headers[1].1, "application/octet-stream");
    }
}
