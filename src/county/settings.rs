//! Where the platform is, and with which credentials; and why that may not do.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use kiosk_hal::model::Audience;
use zeroize::Zeroizing;

use super::sign::Signer;
use super::transport::Nonce;

/// A village line over a mobile network connects within this or not at all.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A whole exchange, answer included. A receipt has a few hundred bytes; longer than this is a broken line.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Settings of the client, validated by [`CountyClient::new`](super::CountyClient::new).
#[derive(Debug, Clone)]
pub struct CountySettings {
    /// `https://host[:port]`, without a path.
    pub url: String,
    /// PEM file with the only certificate authority that counts; system stores are not asked.
    pub ca_file: PathBuf,
    /// Application id the platform gave.
    pub app_id: String,
    /// File with the shared secret; white space around it does not count.
    pub secret_file: PathBuf,
    /// Id of this terminal, as the platform knows it.
    pub terminal: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for a whole answer.
    pub request_timeout: Duration,
}

impl CountySettings {
    /// Checks the names and reads the secret.
    ///
    /// # Errors
    /// Names the key or the file.
    pub fn signer(&self) -> Result<Signer, CountyError> {
        check_name("app-id", &self.app_id)?;
        check_name("terminal", &self.terminal)?;
        Ok(Signer::new(self.app_id.clone(), read_secret(&self.secret_file)?))
    }
}

/// Why no client could be made. All are found at start, none later.
#[derive(Debug, thiserror::Error)]
pub enum CountyError {
    /// Not a URL, or one with a path, user or query.
    #[error("use county url {url}: it must be https://host or https://host:port")]
    Url {
        /// As configured.
        url: String,
    },
    /// Not HTTPS.
    #[error("use county url {url}: applications travel over https only")]
    NotHttps {
        /// As configured.
        url: String,
    },
    /// A file could not be read.
    #[error("read county file {}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The PEM file holds no usable certificate.
    #[error("find a certificate authority in {}", file.display())]
    Authority {
        /// Which.
        file: PathBuf,
    },
    /// The secret file is empty.
    #[error("find a secret in {}", file.display())]
    Secret {
        /// Which.
        file: PathBuf,
    },
    /// The application id or terminal cannot stand in a header.
    #[error("use county key {key}: letters, digits, dot, dash and underscore only")]
    Name {
        /// Key in the settings.
        key: &'static str,
    },
    /// The HTTP library refused the settings.
    #[error("set up the county client")]
    Client {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl CountyError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "county.url",
            Self::NotHttps { .. } => "county.url-not-https",
            Self::File { .. } => "county.file",
            Self::Authority { .. } => "county.authority",
            Self::Secret { .. } => "county.secret",
            Self::Name { .. } => "county.name",
            Self::Client { .. } => "county.client",
        }
    }

    /// Who can mend it: settings and files are the engineer's.
    pub const fn audience(&self) -> Audience {
        Audience::Engineer
    }

    /// Whether trying again can help without anybody doing something.
    pub const fn is_retriable(&self) -> bool {
        false
    }
}

/// A nonce from the system's random source.
#[expect(clippy::disallowed_methods, reason = "a nonce is chance by its purpose and decides nothing")]
pub(super) fn system_nonce() -> Option<Nonce> {
    let mut bytes = Nonce::default();
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

pub(super) fn read_file(file: &Path) -> Result<Vec<u8>, CountyError> {
    fs::read(file).map_err(|source| CountyError::File { file: file.into(), source })
}

fn read_secret(file: &Path) -> Result<Zeroizing<Vec<u8>>, CountyError> {
    let bytes = Zeroizing::new(read_file(file)?);
    let secret = Zeroizing::new(bytes.trim_ascii().to_vec());
    if secret.is_empty() {
        return Err(CountyError::Secret { file: file.into() });
    }
    Ok(secret)
}

fn check_name(key: &'static str, name: &str) -> Result<(), CountyError> {
    let fits = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if fits { Ok(()) } else { Err(CountyError::Name { key }) }
}
