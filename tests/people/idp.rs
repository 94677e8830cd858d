//! A provider of identity of the tests' own: OpenID Connect as far as our client goes, or wrong in the ways it is told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kernel::clock::{Clock, TestClock};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use crate::app::{Answer, TestApp};

pub const SECRET: &str = "s3cret of the client";

/// A sign-in that was begun in a browser.
pub struct Trip {
    /// Of the browser.
    pub cookie: String,
    /// Where the browser was sent.
    pub asked: BTreeMap<String, String>,
    provider: String,
}

/// What was promised for a code.
struct Promise {
    challenge: String,
    callback: String,
    claims: Value,
}

struct Inside {
    issuer: String,
    clock: Arc<TestClock>,
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    /// `RS256`, `ES256`, or what it says it is.
    algorithm: Mutex<&'static str>,
    /// Of the keys: part of their ids.
    generation: AtomicUsize,
    promises: Mutex<BTreeMap<String, Promise>>,
    made: AtomicUsize,
    key_questions: AtomicUsize,
}

/// The provider.
#[derive(Clone)]
pub struct Idp(Arc<Inside>);

async fn discovery(State(idp): State<Idp>) -> String {
    let issuer = &idp.0.issuer;
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/go?realm=x"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    })
    .to_string()
}

async fn keys(State(idp): State<Idp>) -> String {
    idp.0.key_questions.fetch_add(1, Ordering::Relaxed);
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(idp.0.rsa.public());
    let point = idp.0.ec.public_key().as_ref().to_vec();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({"keys": [
        {"kty": "RSA", "use": "sig", "kid": idp.kid("RS256"), "n": text(&public.n), "e": text(&public.e)},
        {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": idp.kid("ES256"), "x": text(&point[1..33]), "y": text(&point[33..])},
        {"kty": "oct", "k": "AAAA"},
    ]})
    .to_string()
}

async fn token(State(idp): State<Idp>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let refused = |status, error: &str| (status, json!({"error": error}).to_string());
    let secret: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let named = format!("Basic {}", STANDARD.encode(format!("crm:{secret}")));
    if headers.get("authorization").and_then(|value| value.to_str().ok()) != Some(named.as_str()) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let form: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let promise = idp.0.promises.lock().unwrap().remove(&form["code"]);
    let Some(promise) = promise else { return refused(StatusCode::BAD_REQUEST, "invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if challenge != promise.challenge || form["redirect_uri"] != promise.callback {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    (
        StatusCode::OK,
        json!({"access_token": "x", "token_type": "Bearer", "id_token": idp.sign(&promise.claims)}).to_string(),
    )
}

impl Idp {
    /// By the clock of the product.
    pub async fn start(app: &TestApp) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (rng, rule) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(rule, &rng).unwrap();
        let text: String = include_str!("idp_key.txt").lines().skip(1).collect();
        let idp = Self(Arc::new(Inside {
            issuer: format!("http://{}/realms/acme", listener.local_addr().unwrap()),
            clock: Arc::clone(&app.clock),
            rsa: RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap(),
            ec: EcdsaKeyPair::from_pkcs8(rule, document.as_ref(), &rng).unwrap(),
            algorithm: Mutex::new("RS256"),
            generation: AtomicUsize::new(1),
            promises: Mutex::default(),
            made: AtomicUsize::new(0),
            key_questions: AtomicUsize::new(0),
        }));
        let router = Router::new()
            .route("/realms/acme/.well-known/openid-configuration", get(discovery))
            .route("/realms/acme/keys", get(keys))
            .route("/realms/acme/token", post(token))
            .with_state(idp.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        idp
    }

    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// From now on it signs so.
    pub fn signs(&self, algorithm: &'static str) {
        *self.0.algorithm.lock().unwrap() = algorithm;
    }

    /// It has other keys from now on.
    pub fn rotate(&self) {
        self.0.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// How often its keys were asked for.
    pub fn key_questions(&self) -> usize {
        self.0.key_questions.load(Ordering::Relaxed)
    }

    fn kid(&self, algorithm: &str) -> String {
        format!("{algorithm}-{}", self.0.generation.load(Ordering::Relaxed))
    }

    fn sign(&self, claims: &Value) -> String {
        let algorithm = *self.0.algorithm.lock().unwrap();
        let head = json!({"alg": algorithm, "kid": self.kid(algorithm), "typ": "JWT"});
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let content = format!("{}.{}", part(&head), part(claims));
        let rng = SystemRandom::new();
        let seal = match algorithm {
            "ES256" => self.0.ec.sign(&rng, content.as_bytes()).unwrap().as_ref().to_vec(),
            "none" => Vec::new(),
            _ => {
                let mut seal = vec![0; self.0.rsa.public().modulus_len()];
                self.0.rsa.sign(&RSA_PKCS1_SHA256, &rng, content.as_bytes(), &mut seal).unwrap();
                seal
            }
        };
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(seal))
    }

    /// A provider of the first company, with other settings than these.
    pub fn settings(&self, changes: &Value) -> Value {
        let mut input =
            json!({"label": "Acme ID", "issuer": self.issuer(), "client_id": "crm", "client_secret": SECRET});
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    }

    /// The same, made by the administrator of a company.
    pub async fn known_to(&self, app: &TestApp, company: usize, changes: &Value) -> String {
        app.by_of(company, "admin").post("/sign-in-providers", self.settings(changes)).await.ok(201)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Somebody said there who they are: the address they are sent back to. `claims` differ from good ones.
    pub fn says(&self, trip: &Trip, subject: &str, claims: &Value) -> String {
        let now = self.0.clock.now().0 / 1_000_000;
        let mut all = json!({
            "iss": self.issuer(), "aud": "crm", "sub": subject, "iat": now, "exp": now + 300, "nonce": trip.asked["nonce"],
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let code = format!("code-{}", self.0.made.fetch_add(1, Ordering::Relaxed));
        let promise = Promise {
            challenge: trip.asked["code_challenge"].clone(),
            callback: trip.asked["redirect_uri"].clone(),
            claims: all,
        };
        self.0.promises.lock().unwrap().insert(code.clone(), promise);
        format!("/oidc/{}?code={code}&state={}&session_state=x", trip.provider, trip.asked["state"])
    }
}

/// Begins in a new browser.
pub async fn begin(app: &TestApp, provider: &str, next: &str) -> Trip {
    let answer = app.stranger().post("/session/oidc", json!({"provider": provider, "next": next})).await;
    let place: Url = answer.ok(200)["location"].as_str().unwrap().parse().unwrap();
    let asked = place.query_pairs().into_owned().collect();
    let cookie = cookie(&answer, "verstak_sign_in").unwrap();
    Trip { cookie, asked, provider: provider.to_owned() }
}

/// Comes back to the browser that began.
pub async fn come_back(app: &TestApp, trip: &Trip, path: &str) -> Answer {
    app.stranger().header("cookie", &trip.cookie).send("GET", path, None, Vec::new()).await
}

/// The whole of it, with an e-mail that is verified; where it ends.
pub async fn travel(app: &TestApp, idp: &Idp, provider: &str, subject: &str, email: &str) -> Answer {
    let trip = begin(app, provider, "/").await;
    let path = idp.says(&trip, subject, &json!({"email": email, "email_verified": true}));
    come_back(app, &trip, &path).await
}

/// Where an answer leads.
#[track_caller]
pub fn led(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.header("location").unwrap().to_owned()
}

/// What a cookie is set to, as the browser sends it: people come by https, so it is of the host alone.
pub fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let all = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let found = all.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with(&format!("__Host-{name}=")));
    found.map(str::to_owned)
}

/// The e-mail of whoever is signed in now.
pub async fn entered(app: &TestApp, answer: &Answer) -> String {
    let session = cookie(answer, "verstak_session").unwrap();
    let me = app.stranger().header("cookie", &session).get("/me").await.ok(200);
    me["user"]["email"].as_str().unwrap().to_owned()
}
