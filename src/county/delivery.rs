//! Packages of the catalogue from the county: what is on offer, and a download that goes on where it stopped.
//!
//! An offer names files by digest and size. A [`Download`] asks for one piece after the other, from the byte on that it has
//! not got; what came is kept by whoever holds it, so that a line that breaks costs one piece. The whole is given out only
//! if its digest is the one of the offer. Whether the package counts is not known here: its own signature says so, to the
//! one who installs it. A platform that sends too much, too little or nothing for ever ends the download with a code.

use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::client::{CountyClient, encode, success};
use super::transport::Request;
use super::wire::problem_code;

/// Largest file that is fetched, in bytes: as much as a terminal installs.
const LARGEST: usize = 128 * 1024 * 1024;

/// A file to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PackageFile {
    /// SHA-256, 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Bytes.
    pub size: usize,
}

/// The newest package of a place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PackageOffer {
    /// Code of the place.
    pub region: String,
    /// Its version.
    pub version: u64,
    /// The whole package.
    pub whole: PackageFile,
    /// The changes from the version that was told, if the county has them.
    #[serde(default)]
    pub changes: Option<PackageFile>,
}

impl PackageOffer {
    /// The smaller of both.
    pub fn smaller(&self) -> &PackageFile {
        self.changes.as_ref().filter(|changes| changes.size < self.whole.size).unwrap_or(&self.whole)
    }
}

/// A download that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    file: PackageFile,
    bytes: Vec<u8>,
}

impl Download {
    /// Begins a download, or goes on with what was kept of it.
    pub fn of(file: PackageFile, kept: Vec<u8>) -> Self {
        let bytes = if kept.len() <= file.size { kept } else { Vec::new() };
        Self { file, bytes }
    }

    /// What is here so far.
    pub fn so_far(&self) -> &[u8] {
        &self.bytes
    }
}

impl CountyClient {
    /// What the county has of a place, for a terminal that has this version (0: none). `None`: it has nothing of it.
    ///
    /// # Errors
    /// A stable code, as with [`CountyClient::case_state`].
    pub async fn package_offer(&self, region: &str, have: u64) -> Result<Option<PackageOffer>, String> {
        let path = format!("/api/v1/catalogue/offers/{}/{have}", encode(region));
        let answer = self.transport().exchange(Request::get(&path)).await.map_err(|none| none.code.to_owned())?;
        if answer.is_signed(404) && problem_code(&answer.body).as_deref() == Some("catalogue-unknown") {
            return Ok(None);
        }
        let offer: PackageOffer =
            serde_json::from_slice(&success(answer)?).map_err(|_| "county.answer-broken".to_owned())?;
        let is_file = |file: &PackageFile| {
            (1..=LARGEST).contains(&file.size)
                && file.sha256.len() == 64
                && file.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_good = offer.region == region && is_file(&offer.whole) && offer.changes.as_ref().is_none_or(is_file);
        if is_good { Ok(Some(offer)) } else { Err("county.answer-broken".to_owned()) }
    }

    /// Fetches what is missing. After an error `download` holds what came, and another call goes on from there.
    ///
    /// # Errors
    /// A stable code; `county.file-broken` if the whole is not what was offered, and then nothing is kept of it.
    pub async fn fetch_package(&self, download: &mut Download) -> Result<Vec<u8>, String> {
        let Download { file, bytes } = download;
        while bytes.len() < file.size {
            let path = format!("/api/v1/catalogue/files/{}/{}", file.sha256, bytes.len());
            let answer = self.transport().exchange(Request::get(&path)).await.map_err(|none| none.code.to_owned())?;
            let piece = success(answer)?;
            // An empty piece would be asked for again for ever.
            if piece.is_empty() || piece.len() > file.size - bytes.len() {
                return Err("county.answer-broken".to_owned());
            }
            bytes.extend(piece);
        }
        let whole = std::mem::take(bytes);
        if hex::encode(digest(&SHA256, &whole)) == file.sha256 {
            Ok(whole)
        } else {
            Err("county.file-broken".to_owned())
        }
    }
}
