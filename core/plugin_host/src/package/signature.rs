//! Signatures: Ed25519 (RFC 8032) over the checksums, by keys the operator trusts or the publisher's own.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::PackageError;

/// Stands before what is signed, so that a signature is good for nothing else.
const DOMAIN: &[u8] = b"verstak-package-v1\n";

/// Who vouches for a package, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PluginLevel)]
pub enum Level {
    /// Part of the product.
    Core,
    /// Checked by a key the operator trusts.
    Verified,
    /// Signed by its publisher, whose key is pinned at the first install.
    Publisher,
    /// Not signed: for development.
    Dev,
}

impl Level {
    /// The word in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Verified => "verified",
            Self::Publisher => "publisher",
            Self::Dev => "dev",
        }
    }

    /// Reads the word; one that is not known vouches for nothing.
    pub fn of_name(name: &str) -> Self {
        [Self::Core, Self::Verified, Self::Publisher]
            .into_iter()
            .find(|level| level.name() == name)
            .unwrap_or(Self::Dev)
    }
}

/// Keys the operator trusts: public key in hexadecimal -> level.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrustedKeys(pub BTreeMap<String, Level>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureFile {
    /// Public key, hexadecimal.
    key: String,
    /// Signature, hexadecimal.
    signature: String,
}

/// A private key that signs packages.
pub struct Signer(SigningKey);

impl Signer {
    /// From 32 secret bytes in hexadecimal.
    ///
    /// # Errors
    /// When the text is not 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, PackageError> {
        let bad = || PackageError::Signature("a secret key is 64 hexadecimal digits".to_owned());
        let bytes: [u8; 32] = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(bad)?;
        Ok(Self(SigningKey::from_bytes(&bytes)))
    }

    /// The public key in hexadecimal.
    pub fn public(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    pub(super) fn sign(&self, checksums: &[u8]) -> String {
        let signature = self.0.sign(&[DOMAIN, checksums].concat());
        format!("key = \"{}\"\nsignature = \"{}\"\n", self.public(), hex::encode(signature.to_bytes()))
    }
}

/// Checks the signature file; gives the level and the signer's key.
pub(super) fn verify(
    file: Option<&[u8]>,
    checksums: &[u8],
    trusted: &TrustedKeys,
) -> Result<(Level, Option<String>), PackageError> {
    let Some(file) = file else { return Ok((Level::Dev, None)) };
    let bad = |why: String| PackageError::Signature(why);
    let text = std::str::from_utf8(file).map_err(|error| bad(error.to_string()))?;
    let parsed: SignatureFile = toml::from_str(text).map_err(|error| bad(error.message().to_owned()))?;
    let key = bytes::<32>(&parsed.key).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    let signature = bytes::<64>(&parsed.signature).map(|bytes| Signature::from_bytes(&bytes));
    let (Some(key), Some(signature)) = (key, signature) else {
        return Err(bad("key or signature is malformed".to_owned()));
    };
    key.verify_strict(&[DOMAIN, checksums].concat(), &signature)
        .map_err(|_| bad("it does not belong to these files".to_owned()))?;
    let name = hex::encode(key.as_bytes());
    Ok((trusted.0.get(&name).copied().unwrap_or(Level::Publisher), Some(name)))
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text).ok()?.try_into().ok()
}
