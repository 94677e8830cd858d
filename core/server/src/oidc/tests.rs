//! Providers that answer too much, too late, or from where nobody may ask.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value as Json, json};

use super::*;

/// A provider whose discovery document is this answer.
async fn server(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn provider(issuer: &str) -> Provider {
    Provider {
        id: Uuid::nil(),
        tenant_id: Uuid::nil(),
        label: "IdP".into(),
        issuer: issuer.into(),
        client_id: "crm".into(),
        client_secret: Some("s:e c".into()),
        domains: json!([]),
        trusts_email: false,
        creates: false,
        role_id: None,
        department_id: None,
        passwords: true,
        enabled: true,
        created_at: 0,
    }
}

fn oidc(allow_private: bool) -> Oidc {
    let oidc = Oidc::new(Wire::new(allow_private).unwrap(), &Env::system(), true);
    Oidc { patience: Duration::from_millis(400), ..oidc }
}

async fn trouble(oidc: &Oidc, issuer: &str) -> &'static str {
    let found = oidc.test(&provider(issuer), Some("https://crm.test/oidc/1")).await;
    assert_eq!(found.len(), 1, "{found:?}");
    for locale in [Locale::En, Locale::Ru, Locale::Uk] {
        let words = found[0].words(locale);
        assert!(words.contains(' ') && !words.starts_with("provider.") && !words.contains('{'), "{words}");
    }
    found[0].code
}

const DISCOVERY: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn answers_without_an_end_and_slow_ones_are_left() {
    let endless = || async {
        Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 65_536]))))
    };
    let large = || async { format!("{{\"issuer\": \"{}\"}}", "x".repeat(10 * 1024 * 1024)) };
    let slow = || async { Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>()) };
    for (router, code) in [
        (Router::new().route(DISCOVERY, get(endless)), "too_long"),
        (Router::new().route(DISCOVERY, get(large)), "too_long"),
        (Router::new().route(DISCOVERY, get(slow)), "slow"),
        (Router::new().route(DISCOVERY, get(|| async { StatusCode::NOT_FOUND })), "status"),
        (Router::new().route(DISCOVERY, get(|| async { "<html>" })), "document"),
        (Router::new().route(DISCOVERY, get(|| async { "{}" })), "document"),
    ] {
        let issuer = server(router).await;
        let mut oidc = oidc(true);
        if code != "slow" {
            oidc.patience = PATIENCE;
        }
        assert_eq!(trouble(&oidc, &issuer).await, code);
    }
}

#[tokio::test]
async fn a_slow_provider_has_no_more_than_its_share_waiting() {
    let slow = || async { Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>()) };
    let issuer = server(Router::new().route(DISCOVERY, get(slow))).await;
    let (one, other) = (provider(&issuer), Provider { id: Uuid::from_u128(1), ..provider(&issuer) });
    let (oidc, callback) = (oidc(true), Some("https://crm.test/oidc/1"));
    let many = futures::future::join_all((0..=waiting::OF_ONE).map(|_| oidc.test(&one, callback)));
    let (many, other) = futures::join!(many, oidc.test(&other, callback));
    let codes: Vec<_> = many.iter().map(|found| found[0].code).collect();
    assert_eq!(codes.iter().filter(|code| **code == "slow").count(), waiting::OF_ONE, "{codes:?}");
    assert_eq!((codes.last(), other[0].code), (Some(&"busy"), "slow"));
    assert_eq!(trouble(&oidc, &issuer).await, "slow", "there is room again");
}

#[tokio::test]
async fn the_networks_around_the_server_are_not_asked() {
    let issuer = server(Router::new()).await;
    let port = issuer.rsplit(':').next().unwrap();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"] {
        assert_eq!(trouble(&oidc(false), &format!("http://{host}:{port}")).await, "forbidden", "{host}");
    }
    assert_eq!(trouble(&oidc(true), "http://169.254.169.254").await, "forbidden");
}

fn document(issuer: &str, changes: &Json) -> Json {
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/go?x=1"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
    });
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    document
}

#[tokio::test]
async fn a_document_that_leads_elsewhere_is_named() {
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "a", "x": "A".repeat(43), "y": "A".repeat(43)});
    for (changes, keys, code) in [
        (json!({"issuer": "https://another.test"}), json!([key]), "issuer"),
        (json!({"token_endpoint": "file:///etc/passwd"}), json!([key]), "address"),
        (json!({"authorization_endpoint": "javascript:alert(1)"}), json!([key]), "address"),
        (json!({"jwks_uri": "http://169.254.169.254/keys"}), json!([key]), "forbidden"),
        (json!({}), json!([]), "keys"),
        (json!({}), json!("none"), "document"),
        // The client is not known there.
        (json!({}), json!([key]), "client"),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let (said, set) = (document(&issuer, &changes).to_string(), json!({"keys": keys}).to_string());
        let refused = (StatusCode::UNAUTHORIZED, json!({"error": "invalid_client"}).to_string());
        let router = Router::new()
            .route(DISCOVERY, get(move || async move { said }))
            .route("/keys", get(move || async move { set }))
            .route("/token", axum::routing::post(move || async move { refused }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut oidc = oidc(true);
        oidc.patience = PATIENCE;
        assert_eq!(trouble(&oidc, &issuer).await, code, "{changes}");
    }
}

#[test]
fn a_client_is_named_as_in_a_form() {
    assert_eq!(named("crm", "s:e c").unwrap(), format!("Basic {}", BASE64_STANDARD.encode("crm:s%3Ae+c")).as_str());
}
