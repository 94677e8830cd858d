//! The keys of a provider (JWK Set, RFC 7517) and what they say of a signature (RFC 7518, 3). Pure.
//!
//! Only signatures with a public key: `none` and those with a shared secret are not known here.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value as Json;

/// Keys that are kept of a provider.
const MAX_KEYS: usize = 100;

/// How something is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Es256,
    Es384,
}

/// All that are understood, with their names.
pub const ALGORITHMS: [(&str, Algorithm); 6] = [
    ("RS256", Algorithm::Rs256),
    ("RS384", Algorithm::Rs384),
    ("RS512", Algorithm::Rs512),
    ("PS256", Algorithm::Ps256),
    ("ES256", Algorithm::Es256),
    ("ES384", Algorithm::Es384),
];

impl Algorithm {
    /// The algorithm with a name.
    pub fn named(name: &str) -> Option<Self> {
        ALGORITHMS.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
            Self::Es256 | Self::Es384 => None,
        }
    }
}

/// The keys of a provider.
#[derive(Debug, Default)]
pub struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The only algorithm it is for, where that is said.
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Debug)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point of the curve, uncompressed (SEC 1, 2.3.3).
    P256(Vec<u8>),
    P384(Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Json>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a set; keys of other kinds or for other purposes are left out.
    ///
    /// # Errors
    /// When it is no set.
    pub fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let set: Set = serde_json::from_slice(json)?;
        Ok(Self(set.keys.into_iter().filter_map(key).take(MAX_KEYS).collect()))
    }

    /// Whether there is none that could be of use.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that something is signed with: the one of this id, or without an id the only one for the algorithm.
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut fitting = self.0.iter().filter(|key| key.fits(algorithm));
        match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }

    /// Whether the signature is right; none when there is no such key.
    pub fn holds(&self, id: Option<&str>, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Option<bool> {
        self.find(id, algorithm).map(|key| key.holds(algorithm, message, signature))
    }
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match self.material {
            Material::Rsa { .. } => algorithm.rsa().is_some(),
            Material::P256(_) => algorithm == Algorithm::Es256,
            Material::P384(_) => algorithm == Algorithm::Es384,
        };
        kind && self.algorithm.is_none_or(|only| only == algorithm)
    }

    fn holds(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { n, e } => algorithm
                .rsa()
                .is_some_and(|rule| RsaPublicKeyComponents { n, e }.verify(rule, message, signature).is_ok()),
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            Material::P384(point) => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).verify(message, signature).is_ok()
            }
        }
    }
}

fn key(json: Json) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(json).ok()?;
    if jwk.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    // A key for an algorithm that is not understood is of no use.
    let algorithm = match jwk.alg.as_deref() {
        Some(name) => Some(Algorithm::named(name)?),
        None => None,
    };
    let material = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => Material::Rsa { n: number(jwk.n.as_deref()?)?, e: number(jwk.e.as_deref()?)? },
        ("EC", Some("P-256")) => Material::P256(point(jwk.x.as_deref()?, jwk.y.as_deref()?, 32)?),
        ("EC", Some("P-384")) => Material::P384(point(jwk.x.as_deref()?, jwk.y.as_deref()?, 48)?),
        _ => return None,
    };
    Some(Key { id: jwk.kid, algorithm, material })
}

/// Some providers put zeros in front, which a number has not.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn point(x: &str, y: &str, size: usize) -> Option<Vec<u8>> {
    let (x, y) = (BASE64_URL_SAFE_NO_PAD.decode(x).ok()?, BASE64_URL_SAFE_NO_PAD.decode(y).ok()?);
    (x.len() == size && y.len() == size).then(|| [vec![4], x, y].concat())
}
