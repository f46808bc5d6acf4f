//! The manifest: what a package is, whose it is, and the digest of everything in it.
//!
//! The signature of a package is over the bytes of its manifest, and the manifest names every other file with size and
//! digest. So one signature holds the whole, and a package that was put together from what is here and what came over the
//! line is exactly as good as one that came whole.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::archive::Files;
use crate::domain::catalog::{Level, Region};
use crate::domain::text::Text;

/// Name of the manifest in the container.
pub const MANIFEST: &str = "manifest.json";
/// Name of the signatures in the container: one per line, base64url.
pub const SIGNATURE: &str = "manifest.sig";
/// Form of the manifest that this program reads and writes.
pub const FORMAT: u32 = 1;

/// What a package is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// Form of this manifest.
    pub format: u32,
    /// Rises with each publication of this place.
    pub version: u64,
    /// Level and code of the place that publishes it.
    pub region: Region,
    /// The day it was made.
    pub made: Date,
    /// Where the content comes from, as residents read it.
    pub source: Text,
    /// Who answers for the content.
    pub owner: String,
    /// Who let it be published.
    pub approver: String,
    /// Days after which the content is called old.
    pub fresh_days: u16,
    /// What changed with each version, the newest last.
    pub history: Vec<Change>,
    /// Every other file, by name.
    pub files: Vec<Entry>,
}

/// One publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    /// Its version.
    pub version: u64,
    /// Its day.
    pub day: Date,
    /// Who.
    pub by: String,
    /// What.
    pub what: String,
}

/// One file of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

impl Entry {
    /// The entry of a file.
    pub fn of(path: &str, bytes: &[u8]) -> Self {
        Self { path: path.to_owned(), size: bytes.len() as u64, sha256: digest(bytes) }
    }
}

/// SHA-256, hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The entries of files, in the order of their names.
pub fn entries(files: &Files) -> Vec<Entry> {
    files.iter().map(|(path, bytes)| Entry::of(path, bytes)).collect()
}

impl Manifest {
    /// The bytes that are signed.
    ///
    /// # Errors
    /// The fields cannot be written as JSON, which cannot happen with these types.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec_pretty(self)
    }

    /// A name for files and logs, such as `county-320699`.
    pub fn name(&self) -> String {
        format!("{}-{}", self.region.level().word(), self.region.code())
    }

    /// Its level.
    pub fn level(&self) -> Level {
        self.region.level().into()
    }
}
