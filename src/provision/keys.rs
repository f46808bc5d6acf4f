//! Signatures of authorities (Ed25519) and the machine's own key (P-256).
//!
//! Keys are files as other tools make them: private ones PKCS #8 in PEM (`openssl genpkey -algorithm ed25519`), public ones
//! SubjectPublicKeyInfo in PEM (`openssl pkey -pubout`). What is signed begins with a word of its own for each kind of
//! document, so that a signature for one can never stand for another.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData as _};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

use super::disk::{self, DiskError};

/// Beginning of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410); its 32 bytes follow.
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What is signed. The word is part of the signed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// An enrolment code.
    Code,
    /// An answer of the county.
    Answer,
    /// A prepared card.
    Card,
    /// An order to begin anew.
    Order,
    /// A package of the catalogue.
    Catalogue,
}

impl Document {
    const fn word(self) -> &'static [u8] {
        match self {
            Self::Code => b"bianmin enrolment code 1\n",
            Self::Answer => b"bianmin enrolment answer 1\n",
            Self::Card => b"bianmin prepared card 1\n",
            Self::Order => b"bianmin order 1\n",
            Self::Catalogue => b"bianmin catalogue 1\n",
        }
    }

    fn bytes(self, text: &[u8]) -> Vec<u8> {
        [self.word(), text].concat()
    }
}

/// Fresh bytes of chance for a key that is made here.
///
/// # Errors
/// The system gives none.
pub fn fresh<const LENGTH: usize>() -> Result<[u8; LENGTH], KeyError> {
    let mut bytes = [0; LENGTH];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes)
        .map_err(|_| KeyError::Make("the system gives no random bytes".to_owned()))?;
    Ok(bytes)
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file.
    #[error("cannot read the key {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a key of the kind that is needed.
    #[error("{path} is not {what}")]
    Kind {
        /// Which.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
    },
    /// It could not be made.
    #[error("cannot make a key: {0}")]
    Make(String),
    /// It could not be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Keys of the authorities whose signatures count here.
#[derive(Debug, Clone, Default)]
pub struct Trusted(Vec<[u8; 32]>);

impl Trusted {
    /// Reads every `*.pub` of a folder. A folder that is not there trusts nobody.
    ///
    /// # Errors
    /// A file that is no Ed25519 key: an image that trusts by accident is worse than one that does not start.
    pub fn read(folder: &Path) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        if !folder.exists() {
            return Ok(Self(keys));
        }
        let read = |source| KeyError::Read { path: folder.to_owned(), source };
        for entry in std::fs::read_dir(folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            if path.extension().is_none_or(|end| end != "pub") {
                continue;
            }
            let pem = std::fs::read(&path).map_err(|source| KeyError::Read { path: path.clone(), source })?;
            let kind = || KeyError::Kind { path: path.clone(), what: "an Ed25519 public key in PEM" };
            let spki = SubjectPublicKeyInfoDer::from_pem_slice(&pem).map_err(|_| kind())?;
            let raw = spki.as_ref().strip_prefix(&ED25519_SPKI).ok_or_else(kind)?;
            keys.push(raw.try_into().map_err(|_| kind())?);
        }
        Ok(Self(keys))
    }

    /// Whether one of the authorities signed this text. `signature` is base64url.
    pub fn has_signed(&self, document: Document, text: &[u8], signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let bytes = document.bytes(text);
        self.0.iter().any(|key| UnparsedPublicKey::new(&ED25519, key).verify(&bytes, &signature).is_ok())
    }
}

/// The key of an authority, on the desk of the county.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Reads a private key.
    ///
    /// # Errors
    /// Names the file.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let pem = std::fs::read(path).map_err(|source| KeyError::Read { path: path.to_owned(), source })?;
        let kind = || KeyError::Kind { path: path.to_owned(), what: "an Ed25519 private key in PEM (PKCS #8)" };
        let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| kind())?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).map_err(|_| kind())?;
        Ok(Self(pair))
    }

    /// Signs a text; base64url.
    pub fn sign(&self, document: Document, text: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.0.sign(&document.bytes(text)))
    }
}

/// The machine's own key. It is made on the machine and has no way out of this type but into its own file.
pub struct MachineKey(KeyPair);

impl MachineKey {
    /// Opens the key, making it at the first time. The file is readable by the kiosk's user alone.
    ///
    /// # Errors
    /// The file is damaged, or the disk or the system's chance fails.
    pub fn open_or_make(path: &Path) -> Result<Self, KeyError> {
        match std::fs::read_to_string(path) {
            Ok(pem) => KeyPair::from_pem(&pem)
                .map(Self)
                .map_err(|_| KeyError::Kind { path: path.to_owned(), what: "the key of a machine" }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let pair = KeyPair::generate().map_err(|error| KeyError::Make(error.to_string()))?;
                disk::write(path, pair.serialize_pem().as_bytes(), disk::SECRET)?;
                Ok(Self(pair))
            }
            Err(source) => Err(KeyError::Read { path: path.to_owned(), source }),
        }
    }

    /// A request for a certificate in the name of this kiosk, PEM.
    ///
    /// # Errors
    /// The library refuses.
    pub fn request(&self, kiosk: &str) -> Result<String, KeyError> {
        let make = |error: rcgen::Error| KeyError::Make(error.to_string());
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, kiosk);
        params.serialize_request(&self.0).map_err(make)?.pem().map_err(make)
    }

    /// SHA-256 of the public key (SubjectPublicKeyInfo), hexadecimal.
    pub fn fingerprint(&self) -> String {
        hex::encode(ring::digest::digest(&ring::digest::SHA256, &self.0.subject_public_key_info()))
    }
}
