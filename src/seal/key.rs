//! Keys: the county's public one, and the kiosk's own for lookup tags.

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use sm3::{Digest, Sm3};
use zeroize::Zeroizing;

use super::error::SealError;
use super::{international, sm};

/// What stands before an uncompressed SM2 point in a `SubjectPublicKeyInfo` (GB/T 35276: `id-ecPublicKey`, curve
/// 1.2.156.10197.1.301).
const SM2_HEAD: [u8; 26] =
    *b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d\x03\x42\x00";
/// What stands before an X25519 key in a `SubjectPublicKeyInfo` (RFC 8410).
const X25519_HEAD: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00";

/// Which algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// SM2, SM3, SM4-GCM (国密).
    Sm,
    /// X25519, HKDF-SHA256, ChaCha20-Poly1305.
    International,
}

impl Suite {
    /// The word of configuration and contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sm => "sm",
            Self::International => "international",
        }
    }
}

/// Names a key of the county: the first eight bytes of the digest over its `SubjectPublicKeyInfo`. Shown as hex.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub(super) [u8; 8]);

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The county's public key.
#[derive(Debug, Clone)]
pub struct CountyKey {
    id: KeyId,
    pub(super) recipient: Recipient,
}

/// The key in the form its suite uses.
#[derive(Debug, Clone)]
pub(super) enum Recipient {
    Sm(sm::Recipient),
    International(international::Recipient),
}

impl CountyKey {
    /// Reads the PEM file a county gives out.
    ///
    /// # Errors
    /// Names the file and says why it cannot be used.
    pub fn read(suite: Suite, file: &Path) -> Result<Self, SealError> {
        let text = std::fs::read_to_string(file).map_err(|source| SealError::File { file: file.to_owned(), source })?;
        Self::from_pem(suite, &text, file)
    }

    /// Reads PEM text; `file` is named in errors.
    ///
    /// # Errors
    /// If it is no public key, or one of the other suite.
    pub fn from_pem(suite: Suite, text: &str, file: &Path) -> Result<Self, SealError> {
        let info = public_key_info(text).ok_or_else(|| SealError::NotAKey { file: file.to_owned() })?;
        let other = || SealError::OtherSuite { file: file.to_owned(), wanted: suite.word() };
        let broken = || SealError::NotAKey { file: file.to_owned() };
        let (digest, recipient): ([u8; 32], _) = match suite {
            Suite::Sm => {
                let point = info.strip_prefix(&SM2_HEAD).ok_or_else(other)?;
                let recipient = sm::Recipient::new(point).ok_or_else(broken)?;
                (Sm3::digest(&info).into(), Recipient::Sm(recipient))
            }
            Suite::International => {
                let point = info.strip_prefix(&X25519_HEAD).ok_or_else(other)?;
                let recipient = international::Recipient::new(point).ok_or_else(broken)?;
                (Sha256::digest(&info).into(), Recipient::International(recipient))
            }
        };
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Ok(Self { id: KeyId([a, b, c, d, e, f, g, h]), recipient })
    }

    /// Which key it is.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Its suite.
    pub fn suite(&self) -> Suite {
        match self.recipient {
            Recipient::Sm(_) => Suite::Sm,
            Recipient::International(_) => Suite::International,
        }
    }
}

/// The bytes of the one `PUBLIC KEY` block.
fn public_key_info(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (block, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    let block: String = block.split_whitespace().collect();
    Base64::decode_vec(&block).ok()
}

/// The kiosk's own key for lookup tags. Shows nothing of itself and is wiped when dropped.
#[derive(Clone)]
pub struct LookupKey(Zeroizing<[u8; 32]>);

impl LookupKey {
    /// A key from its bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the key file: 64 hex digits.
    ///
    /// # Errors
    /// Names the file.
    pub fn read(file: &Path) -> Result<Self, SealError> {
        let text = std::fs::read(file).map_err(|source| SealError::File { file: file.to_owned(), source })?;
        let text = Zeroizing::new(text);
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim_ascii(), key.as_mut())
            .map_err(|_| SealError::NotALookupKey { file: file.to_owned() })?;
        Ok(Self(key))
    }

    /// Reads the key file, or makes it, for its owner alone, where there is none. It is written whole and synced under another
    /// name first, so that a cut leaves a whole key or none. `fresh` draws its bytes and is asked only then.
    ///
    /// # Errors
    /// Names the file.
    pub fn read_or_make(file: &Path, fresh: impl FnOnce() -> Result<[u8; 32], SealError>) -> Result<Self, SealError> {
        if file.exists() {
            return Self::read(file);
        }
        let key = Self::new(fresh()?);
        let unfinished = file.with_extension("new");
        let text = Zeroizing::new(hex::encode(*key.0));
        let write = || {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut opened = options.open(&unfinished)?;
            opened.write_all(text.as_bytes())?;
            opened.sync_all()?;
            std::fs::rename(&unfinished, file)?;
            std::fs::File::open(file.parent().unwrap_or(Path::new("")))?.sync_all()
        };
        write().map_err(|source| SealError::File { file: file.to_owned(), source })?;
        Ok(key)
    }

    /// The tag under which applications of this number are found.
    pub(super) fn tag(&self, number: &str) -> [u8; 32] {
        keyed_digest(&self.0, b"lookup\n", number.as_bytes())
    }
}

impl fmt::Debug for LookupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookupKey")
    }
}

/// HMAC-SM3 over what it is for and the content.
pub(super) fn keyed_digest(key: &[u8; 32], purpose: &[u8], content: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sm3>::new_from_slice(key).expect("an HMAC takes a key of any length");
    mac.update(purpose);
    mac.update(content);
    mac.finalize().into_bytes().into()
}
