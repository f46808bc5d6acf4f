//! Keys: the kiosk's own, and the public halves that slips are checked with.
//!
//! Both are PEM: PKCS#8 (`PRIVATE KEY`) and SPKI (`PUBLIC KEY`), as `openssl` reads and writes them. The secret half has
//! no `Debug` that shows it, no way out but [`SlipKey::to_pem`], and is wiped on drop by the libraries under it.

use std::fmt;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use ed25519_dalek::{Signer as _, Verifier as _};
use sm2::dsa;
use zeroize::{Zeroize as _, Zeroizing};

use super::letters;

/// User id of SM2 signatures where nobody agreed on another one (GB/T 32918.2, GM/T 0009).
const SM2_USER: &str = "1234567812345678";
/// Bytes of chance that a key is made of.
pub const SEED_LENGTH: usize = 32;
/// Bytes of a signature, in both suites.
const SIGNATURE_LENGTH: usize = 64;

/// Which algorithms sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// Ed25519.
    International,
    /// SM2 with SM3.
    Sm,
}

impl Suite {
    /// The word of the configuration and of the county's contract: `international` or `sm`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::International => "international",
            Self::Sm => "sm",
        }
    }
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not PEM, not this kind of PEM, or of no known algorithm.
    #[error("find an Ed25519 or SM2 {what} key in PEM")]
    Unreadable {
        /// `private` or `public`.
        what: &'static str,
    },
    /// The bytes of chance give no key; others will.
    #[error("make a key of these bytes")]
    Seed,
}

impl KeyError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "receipt.key",
            Self::Seed => "receipt.seed",
        }
    }
}

/// A kiosk's secret half.
pub struct SlipKey(Secret);

enum Secret {
    International(Box<ed25519_dalek::SigningKey>),
    Sm(Box<dsa::SigningKey>),
}

impl fmt::Debug for SlipKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlipKey").field("suite", &self.suite()).finish_non_exhaustive()
    }
}

impl SlipKey {
    /// Makes a key out of chance; the bytes are wiped.
    ///
    /// # Errors
    /// [`KeyError::Seed`], less than once in 2³² times and only for SM2.
    pub fn from_seed(suite: Suite, mut seed: [u8; SEED_LENGTH]) -> Result<Self, KeyError> {
        let made = match suite {
            Suite::International => Ok(Secret::International(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)))),
            Suite::Sm => dsa::SigningKey::from_slice(SM2_USER, &seed)
                .map(|key| Secret::Sm(Box::new(key)))
                .map_err(|_| KeyError::Seed),
        };
        seed.zeroize();
        made.map(Self)
    }

    /// Reads a PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(pem) {
            return Ok(Self(Secret::International(Box::new(key))));
        }
        let unreadable = || KeyError::Unreadable { what: "private" };
        let secret = sm2::SecretKey::from_pkcs8_pem(pem).map_err(|_| unreadable())?;
        let key = dsa::SigningKey::new(SM2_USER, &secret).map_err(|_| unreadable())?;
        Ok(Self(Secret::Sm(Box::new(key))))
    }

    /// Writes a PKCS#8 PEM, for the key file and nowhere else.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] if the library cannot write what it holds.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let written = match &self.0 {
            Secret::International(key) => key.to_pkcs8_pem(LineEnding::LF),
            Secret::Sm(key) => sm2::SecretKey::from(key.as_nonzero_scalar()).to_pkcs8_pem(LineEnding::LF),
        };
        written.map_err(|_| KeyError::Unreadable { what: "private" })
    }

    /// Which algorithms.
    pub const fn suite(&self) -> Suite {
        match self.0 {
            Secret::International(_) => Suite::International,
            Secret::Sm(_) => Suite::Sm,
        }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(match &self.0 {
            Secret::International(key) => Public::International(Box::new(key.verifying_key())),
            Secret::Sm(key) => Public::Sm(Box::new(key.verifying_key().clone())),
        })
    }

    /// Signs a claim: 96 characters, the same for the same claim. `None` if the library cannot, which a copy of the
    /// library's own words calls as likely as guessing the key; the slip then says that it is not signed.
    pub fn sign(&self, claim: &str) -> Option<String> {
        let bytes: [u8; SIGNATURE_LENGTH] = match &self.0 {
            Secret::International(key) => key.try_sign(claim.as_bytes()).ok()?.to_bytes(),
            Secret::Sm(key) => key.try_sign(claim.as_bytes()).ok()?.to_bytes().into(),
        };
        Some(letters::write(&bytes))
    }
}

/// A kiosk's public half.
#[derive(Debug, Clone)]
pub struct PublicKey(Public);

#[derive(Debug, Clone)]
enum Public {
    International(Box<ed25519_dalek::VerifyingKey>),
    Sm(Box<dsa::VerifyingKey>),
}

impl PublicKey {
    /// Reads an SPKI PEM.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if let Ok(key) = ed25519_dalek::VerifyingKey::from_public_key_pem(pem) {
            return Ok(Self(Public::International(Box::new(key))));
        }
        let unreadable = || KeyError::Unreadable { what: "public" };
        let key = sm2::PublicKey::from_public_key_pem(pem).map_err(|_| unreadable())?;
        let key = dsa::VerifyingKey::new(SM2_USER, key).map_err(|_| unreadable())?;
        Ok(Self(Public::Sm(Box::new(key))))
    }

    /// Writes an SPKI PEM.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] if the library cannot write what it holds.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let written = match &self.0 {
            Public::International(key) => key.to_public_key_pem(LineEnding::LF),
            Public::Sm(key) => sm2::PublicKey::from(&**key).to_public_key_pem(LineEnding::LF),
        };
        written.map_err(|_| KeyError::Unreadable { what: "public" })
    }

    /// Which algorithms.
    pub const fn suite(&self) -> Suite {
        match self.0 {
            Public::International(_) => Suite::International,
            Public::Sm(_) => Suite::Sm,
        }
    }

    /// Whether this key's owner signed exactly this text.
    pub fn signed(&self, claim: &str, signature: &str) -> bool {
        let Some(bytes) = letters::read::<SIGNATURE_LENGTH>(signature) else { return false };
        match &self.0 {
            Public::International(key) => {
                key.verify_strict(claim.as_bytes(), &ed25519_dalek::Signature::from_bytes(&bytes)).is_ok()
            }
            Public::Sm(key) => dsa::Signature::from_slice(&bytes)
                .is_ok_and(|signature| key.verify(claim.as_bytes(), &signature).is_ok()),
        }
    }
}
