//! What a provider says of somebody: its ID token (OpenID Connect Core 1.0, 3.1.3.7; JWS, RFC 7515). Signature, issuer,
//! audience, time and nonce are judged here, in this order; what does not fit is refused. Pure.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kernel::Timestamp;
use people::provider::account::Proven;
use serde::Deserialize;
use serde_json::Value as Json;

use super::keys::{Algorithm, Keys};

/// Seconds that two clocks may differ.
const DRIFT: i64 = 60;

/// What it must be about.
pub struct Expected<'a> {
    /// Who says it.
    pub issuer: &'a str,
    /// For whom: what the issuer calls us.
    pub client: &'a str,
    /// In answer to what.
    pub nonce: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// Why it is not believed.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is signed with a key that is not among those known.
    UnknownKey,
    /// Anything else.
    Wrong(&'static str),
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    crit: Option<Json>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Json,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    nonce: Option<String>,
    azp: Option<String>,
    email: Option<Json>,
    email_verified: Option<Json>,
    name: Option<Json>,
}

/// Judges a token.
///
/// # Errors
/// Why it is not believed.
pub fn judged(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Proven, Refused> {
    let claims = signed(token, keys)?;
    let wrong = |why| Err(Refused::Wrong(why));
    if claims.iss != expected.issuer {
        return wrong("another issuer");
    }
    if !is_for(&claims.aud, claims.azp.as_deref(), expected.client) {
        return wrong("meant for another client");
    }
    let now = expected.now.micros().div_euclid(1_000_000);
    if claims.exp.saturating_add(DRIFT) <= now {
        return wrong("it has expired");
    }
    let early = |at: Option<i64>| at.is_some_and(|at| at.saturating_sub(DRIFT) > now);
    if early(claims.iat) || early(claims.nbf) {
        return wrong("it is from the future: the clocks differ");
    }
    if expected.nonce.is_empty() || claims.nonce.as_deref() != Some(expected.nonce) {
        return wrong("another nonce");
    }
    let text = |value: Option<Json>| value.as_ref().and_then(Json::as_str).map(str::to_owned);
    Ok(Proven {
        subject: claims.sub,
        email: text(claims.email),
        verified: verified(claims.email_verified),
        name: text(claims.name),
    })
}

/// The claims of a token whose signature is right.
fn signed(token: &str, keys: &Keys) -> Result<Claims, Refused> {
    const FORM: Refused = Refused::Wrong("it is no signed token");
    let (content, seal) = token.rsplit_once('.').ok_or(FORM)?;
    let (head, body) = content.split_once('.').filter(|(_, body)| !body.contains('.')).ok_or(FORM)?;
    let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| FORM);
    let head: Head = serde_json::from_slice(&decoded(head)?).map_err(|_| FORM)?;
    if head.crit.is_some() {
        return Err(Refused::Wrong("it asks for more than is understood"));
    }
    let algorithm = Algorithm::named(&head.alg).ok_or(Refused::Wrong("its algorithm is not allowed"))?;
    match keys.holds(head.kid.as_deref(), algorithm, content.as_bytes(), &decoded(seal)?) {
        None => Err(Refused::UnknownKey),
        Some(false) => Err(Refused::Wrong("its signature is not right")),
        Some(true) => {
            serde_json::from_slice(&decoded(body)?).map_err(|_| Refused::Wrong("its claims are not complete"))
        }
    }
}

/// Whether a token is for this client: among several audiences it must be the one it was issued to.
fn is_for(audience: &Json, party: Option<&str>, client: &str) -> bool {
    let among = match audience {
        Json::String(one) => one == client,
        Json::Array(all) => {
            all.iter().any(|one| one.as_str() == Some(client)) && (all.len() == 1 || party == Some(client))
        }
        _ => false,
    };
    among && party.is_none_or(|party| party == client)
}

/// Some providers write `"true"`.
fn verified(value: Option<Json>) -> Option<bool> {
    match value {
        None | Some(Json::Null) => None,
        Some(Json::Bool(verified)) => Some(verified),
        Some(other) => Some(other.as_str() == Some("true")),
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_790_000_000;

    struct Issuer {
        pair: EcdsaKeyPair,
        keys: Keys,
    }

    impl Issuer {
        fn new() -> Self {
            let (rng, rule) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
            let document = EcdsaKeyPair::generate_pkcs8(rule, &rng).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(rule, document.as_ref(), &rng).unwrap();
            let point = pair.public_key().as_ref().to_vec();
            let coordinate = |from: usize| BASE64_URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
            let key = json!({"kty": "EC", "crv": "P-256", "kid": "a", "x": coordinate(1), "y": coordinate(33)});
            let others = [
                json!({"kty": "oct", "k": "c2VjcmV0"}),
                json!("no key"),
                json!({"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"}),
            ];
            let set = json!({"keys": [key, others[0], others[1], others[2]]});
            let keys = Keys::read(set.to_string().as_bytes()).unwrap();
            assert!(!keys.is_empty());
            Self { pair, keys }
        }

        fn sign(&self, head: &Json, claims: &Json) -> String {
            let part = |json: &Json| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
            let content = format!("{}.{}", part(head), part(claims));
            let seal = self.pair.sign(&SystemRandom::new(), content.as_bytes()).unwrap();
            format!("{content}.{}", BASE64_URL_SAFE_NO_PAD.encode(seal.as_ref()))
        }

        fn judge(&self, token: &str) -> Result<Proven, Refused> {
            let now = Timestamp(NOW * 1_000_000);
            judged(token, &self.keys, &Expected { issuer: "https://id.test", client: "crm", nonce: "n", now })
        }

        /// With some claims other than good ones.
        fn with(&self, changes: &Json) -> Result<Proven, Refused> {
            let mut claims = json!({"iss": "https://id.test", "sub": "1", "aud": "crm", "exp": NOW + 60, "iat": NOW, "nonce": "n", "email": "a@b.test", "email_verified": true});
            for (name, value) in changes.as_object().unwrap() {
                claims[name] = value.clone();
            }
            self.judge(&self.sign(&json!({"alg": "ES256", "kid": "a"}), &claims))
        }
    }

    #[test]
    fn what_fits_is_believed_and_nothing_else() {
        let issuer = Issuer::new();
        let found = issuer.with(&json!({})).unwrap();
        assert_eq!(
            (found.subject.as_str(), found.email.as_deref(), found.verified),
            ("1", Some("a@b.test"), Some(true))
        );
        for good in [
            json!({"aud": ["crm"]}),
            json!({"aud": ["other", "crm"], "azp": "crm"}),
            json!({"exp": NOW - 59}),
            json!({"iat": NOW + 59}),
            json!({"email_verified": "true"}),
        ] {
            assert_eq!(issuer.with(&good).unwrap().verified, Some(true), "{good}");
        }
        for bad in [
            json!({"iss": "https://id.test/"}),
            json!({"aud": "other"}),
            json!({"aud": []}),
            json!({"aud": {"crm": true}}),
            json!({"aud": ["crm", "other"]}),
            json!({"aud": ["crm", "other"], "azp": "other"}),
            json!({"azp": "other"}),
            json!({"exp": NOW - 60}),
            json!({"exp": "tomorrow"}),
            json!({"exp": null}),
            json!({"nbf": NOW + 61}),
            json!({"iat": NOW + 61}),
            json!({"nonce": "m"}),
            json!({"nonce": null}),
            json!({"sub": 1}),
        ] {
            assert!(matches!(issuer.with(&bad), Err(Refused::Wrong(_))), "{bad}");
        }
        assert_eq!(issuer.with(&json!({"email_verified": "yes"})).unwrap().verified, Some(false));
        assert_eq!(issuer.with(&json!({"email_verified": null})).unwrap().verified, None);
    }

    #[test]
    fn tokens_of_other_forms_are_refused() {
        let issuer = Issuer::new();
        let claims = json!({"iss": "https://id.test", "sub": "1", "aud": "crm", "exp": NOW + 60, "nonce": "n"});
        assert!(issuer.judge(&issuer.sign(&json!({"alg": "ES256"}), &claims)).is_ok(), "the only key needs no id");
        for head in [
            json!({"alg": "none"}),
            json!({"alg": "HS256", "kid": "a"}),
            json!({"alg": "ES256", "kid": "a", "crit": ["x"]}),
            json!({"kid": "a"}),
        ] {
            assert!(matches!(issuer.judge(&issuer.sign(&head, &claims)), Err(Refused::Wrong(_))), "{head}");
        }
        for head in [json!({"alg": "ES256", "kid": "b"}), json!({"alg": "RS256", "kid": "a"})] {
            assert!(matches!(issuer.judge(&issuer.sign(&head, &claims)), Err(Refused::UnknownKey)), "{head}");
        }
        let good = issuer.sign(&json!({"alg": "ES256", "kid": "a"}), &claims);
        let (content, _) = good.rsplit_once('.').unwrap();
        for token in
            ["", ".", "..", "a.b.c", content, &format!("{content}."), &format!("{good}.x"), &format!("{good}=")]
        {
            assert!(matches!(issuer.judge(token), Err(Refused::Wrong(_))), "{token}");
        }
        let other = Issuer::new();
        assert_eq!(other.judge(&good).unwrap_err(), Refused::Wrong("its signature is not right"));
    }
}
