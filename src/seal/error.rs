//! Why a seal could not be made, or its keys not be read.

use std::path::PathBuf;

use kiosk_hal::model::Audience;

/// A failure of sealing or of its keys. Never holds key or content.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A key file could not be read, or a new one not be written.
    #[error("cannot use the key file {}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The county's key is not one public key in PEM.
    #[error("the county's key in {} is not a public key (PEM, `BEGIN PUBLIC KEY`); ask the county for it", file.display())]
    NotAKey {
        /// Which.
        file: PathBuf,
    },
    /// The county's key belongs to the other suite.
    #[error("the county's key in {} is not of the suite {wanted}; correct seal.suite or seal.county_key_file", file.display())]
    OtherSuite {
        /// Which.
        file: PathBuf,
        /// Suite of the configuration.
        wanted: &'static str,
    },
    /// The key of the lookup tags is not 32 bytes as hex.
    #[error("the lookup key in {} is not 64 hex digits; restore it, or remove it to have a new one made", file.display())]
    NotALookupKey {
        /// Which.
        file: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("no random bytes for the seal")]
    NoChance,
    /// The cipher refused. Its inputs are checked before, so this is an error of the program.
    #[error("the cipher refused the content")]
    Cipher,
}

impl SealError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "seal.file",
            Self::NotAKey { .. } => "seal.not-a-key",
            Self::OtherSuite { .. } => "seal.other-suite",
            Self::NotALookupKey { .. } => "seal.not-a-lookup-key",
            Self::NoChance => "seal.no-chance",
            Self::Cipher => "seal.cipher",
        }
    }

    /// Who can mend it: keys and files are the engineer's.
    pub const fn audience(&self) -> Audience {
        Audience::Engineer
    }

    /// Whether trying again can help without anybody doing something.
    pub const fn is_retriable(&self) -> bool {
        matches!(self, Self::NoChance)
    }
}
