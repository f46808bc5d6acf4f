//! Packages of the catalogue, as an office put them here: whole ones, and the changes from one version to another.
//!
//! A file lies in the folder `packages` as `REGION-VERSION.bmc` or `REGION-FROM-VERSION.delta`, or is handed in by the
//! program that runs the platform. Nothing in it is read: what a package is worth is for its signature to say, at the terminal.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Most bytes in one piece: an answer stays below 64 kB.
pub const PIECE: usize = 48 * 1024;

/// All files by their digest, and what they are.
#[derive(Debug, Default)]
pub struct Packages {
    files: BTreeMap<String, Vec<u8>>,
    whole: BTreeMap<(String, u64), File>,
    changes: BTreeMap<(String, u64, u64), File>,
}

/// A file to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: usize,
}

/// What a terminal is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Code of the place.
    pub region: String,
    /// Newest version.
    pub version: u64,
    /// The whole package.
    pub whole: File,
    /// The changes from the version that the terminal has, if there are any.
    pub changes: Option<File>,
}

impl Packages {
    /// Reads the folder; names of another form are passed over.
    pub fn open(folder: &Path) -> Self {
        let mut packages = Self::default();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let (stem, end) = (path.file_stem(), path.extension());
            let parts: Vec<&str> = stem.and_then(|stem| stem.to_str()).unwrap_or_default().split('-').collect();
            let number = |text: &str| text.parse::<u64>().ok();
            let Ok(bytes) = std::fs::read(&path) else { continue };
            match (&parts[..], end.and_then(|end| end.to_str())) {
                ([region, version], Some("bmc")) => {
                    if let Some(version) = number(version) {
                        packages.publish(region, version, bytes);
                    }
                }
                ([region, from, version], Some("delta")) => {
                    if let (Some(from), Some(version)) = (number(from), number(version)) {
                        packages.publish_changes(region, from, version, bytes);
                    }
                }
                _ => {}
            }
        }
        packages
    }

    /// Puts a package on offer.
    pub fn publish(&mut self, region: &str, version: u64, bytes: Vec<u8>) {
        let file = self.keep(bytes);
        self.whole.insert((region.to_owned(), version), file);
    }

    /// Puts the changes from one version to another on offer.
    pub fn publish_changes(&mut self, region: &str, from: u64, version: u64, bytes: Vec<u8>) {
        let file = self.keep(bytes);
        self.changes.insert((region.to_owned(), from, version), file);
    }

    fn keep(&mut self, bytes: Vec<u8>) -> File {
        let file = File { sha256: hex::encode(Sha256::digest(&bytes)), size: bytes.len() };
        self.files.insert(file.sha256.clone(), bytes);
        file
    }

    /// The newest package of a place, for a terminal that has this version (0: none).
    pub fn offer(&self, region: &str, have: u64) -> Option<Offer> {
        let range = (region.to_owned(), 0)..=(region.to_owned(), u64::MAX);
        let ((_, version), whole) = self.whole.range(range).next_back()?;
        let changes = self.changes.get(&(region.to_owned(), have, *version)).cloned();
        Some(Offer { region: region.to_owned(), version: *version, whole: whole.clone(), changes })
    }

    /// A piece of a file from a place on; empty at its end. `None` if there is no such file or place.
    pub fn piece(&self, sha256: &str, from: usize) -> Option<Vec<u8>> {
        let rest = self.files.get(sha256)?.get(from..)?;
        Some(rest.get(..PIECE).unwrap_or(rest).to_vec())
    }
}
