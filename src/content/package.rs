//! A package: manifest, signatures and files, and the checks between a stranger's bytes and content that counts.
//!
//! [`Package::build`] puts files together, [`Package::open`] takes a stranger's bytes apart. Opening proves that every file
//! is the one the manifest names and that nothing else is in it; [`Package::check`] proves that a place which may do so has
//! signed it. [`Package::delta`] leaves out what somebody has already, and [`Parcel::complete`] takes it from there.

use std::collections::BTreeMap;

use super::archive::{self, Files};
use super::manifest::{self, Change, Entry, FORMAT, MANIFEST, Manifest, SIGNATURE};
use super::refusal::Refusal;
use super::trust::Trust;
use crate::domain::catalog::{Centre, Edition, Layer, Region};
use crate::domain::text::Text;

/// Most signatures of one package.
const SIGNATURES: usize = 4;
/// Longest manifest in bytes: sixty thousand entries have twelve million.
const LONGEST_MANIFEST: usize = 16 * 1024 * 1024;

/// Content with its manifest. Its files are those of the manifest, no more and no fewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    manifest: Manifest,
    /// The manifest as it is signed.
    head: Vec<u8>,
    signatures: Vec<String>,
    files: Files,
}

/// What is told about a package that is being made; the files tell the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// Its version.
    pub version: u64,
    /// Whose it is.
    pub region: Region,
    /// The day.
    pub made: jiff::civil::Date,
    /// Where the content comes from.
    pub source: Text,
    /// Who answers for it.
    pub owner: String,
    /// Who lets it be published.
    pub approver: String,
    /// Days after which it is called old.
    pub fresh_days: u16,
    /// What changed with each version.
    pub history: Vec<Change>,
}

/// A container whose manifest was read, with the files that came along: all of them, or only what changed.
#[derive(Debug)]
pub struct Parcel {
    manifest: Manifest,
    head: Vec<u8>,
    signatures: Vec<String>,
    files: Files,
}

impl Package {
    /// Puts a package together. The same title and files give the same package.
    ///
    /// # Errors
    /// A name that cannot stand in a package.
    pub fn build(title: Title, files: Files) -> Result<Self, Refusal> {
        let bad = files.keys().find(|name| !archive::is_name(name) || [MANIFEST, SIGNATURE].contains(&name.as_str()));
        if let Some(bad) = bad {
            return Err(Refusal::Name(bad.clone()));
        }
        let Title { version, region, made, source, owner, approver, fresh_days, history } = title;
        let files_listed = manifest::entries(&files);
        let manifest = Manifest {
            format: FORMAT,
            version,
            region,
            made,
            source,
            owner,
            approver,
            fresh_days,
            history,
            files: files_listed,
        };
        let head = manifest.bytes().map_err(|error| Refusal::Manifest(error.to_string()))?;
        Ok(Self { manifest, head, signatures: Vec::new(), files })
    }

    /// Takes a stranger's container apart; everything must be in it.
    ///
    /// # Errors
    /// The first thing that is wrong. Who signed it is for [`Self::check`].
    pub fn open(bytes: &[u8]) -> Result<Self, Refusal> {
        Parcel::open(bytes)?.complete(|_| None)
    }

    /// What it is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its files, without manifest and signatures.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The title it was made with.
    pub fn title(&self) -> Title {
        let Manifest { version, region, made, source, owner, approver, fresh_days, history, .. } =
            self.manifest.clone();
        Title { version, region, made, source, owner, approver, fresh_days, history }
    }

    /// Digest of the manifest, which stands for the whole content.
    pub fn digest(&self) -> String {
        manifest::digest(&self.head)
    }

    /// What is signed.
    pub fn signed_bytes(&self) -> &[u8] {
        &self.head
    }

    /// Adds a signature over [`Self::signed_bytes`].
    pub fn add_signature(&mut self, signature: String) {
        if !self.signatures.contains(&signature) && self.signatures.len() < SIGNATURES {
            self.signatures.push(signature);
        }
    }

    /// Its signatures.
    pub fn signatures(&self) -> &[String] {
        &self.signatures
    }

    /// Checks that it is signed by a place that may, and made for this centre.
    ///
    /// # Errors
    /// Unsigned, foreign, or for another place.
    pub fn check(&self, trust: &Trust, centre: &Centre) -> Result<(), Refusal> {
        if self.signatures.is_empty() {
            return Err(Refusal::Unsigned);
        }
        let signers = trust.signers(&self.head, &self.signatures);
        if !signers.iter().any(|signer| centre.may_sign(signer, &self.manifest.region)) {
            return Err(Refusal::Foreign);
        }
        if !centre.belongs_to(&self.manifest.region) {
            return Err(Refusal::OtherPlace(self.manifest.region.clone()));
        }
        Ok(())
    }

    /// Checks that it may take the place of an installed one.
    ///
    /// # Errors
    /// It is older, or the same version with other content.
    pub fn check_after(&self, installed: &Self) -> Result<(), Refusal> {
        let (have, offered) = (installed.manifest.version, self.manifest.version);
        match offered.cmp(&have) {
            std::cmp::Ordering::Less => Err(Refusal::Older { have, offered }),
            std::cmp::Ordering::Equal if self.head != installed.head => Err(Refusal::SameVersion(have)),
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => Ok(()),
        }
    }

    /// The container with everything.
    ///
    /// # Errors
    /// Cannot happen for a package that was built or opened.
    pub fn bytes(&self) -> Result<Vec<u8>, Refusal> {
        self.container(|_| true)
    }

    /// The container with what another package does not have: changed and new items.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub fn delta(&self, have: &Self) -> Result<Vec<u8>, Refusal> {
        self.container(|path| have.files.get(path) != self.files.get(path))
    }

    fn container(&self, with: impl Fn(&str) -> bool) -> Result<Vec<u8>, Refusal> {
        let signatures: String = self.signatures.iter().map(|line| format!("{line}\n")).collect();
        let mut parts: Vec<(&str, &[u8])> = vec![(MANIFEST, &self.head)];
        if !signatures.is_empty() {
            parts.push((SIGNATURE, signatures.as_bytes()));
        }
        parts.extend(self.files.iter().filter(|(path, _)| with(path)).map(|(path, bytes)| (path.as_str(), &bytes[..])));
        archive::write(parts).map_err(Refusal::Name)
    }

    /// The content as a layer of the catalogue.
    ///
    /// # Errors
    /// A file of it that is no JSON.
    pub fn layer(&self) -> Result<Layer, Refusal> {
        let mut values = BTreeMap::new();
        for (path, bytes) in self.files.iter().filter(|(path, _)| path.ends_with(".json")) {
            let value = serde_json::from_slice(bytes)
                .map_err(|error| Refusal::Manifest(format!("{path} is no JSON: {error}")))?;
            values.insert(path.clone(), value);
        }
        let edition = Edition {
            region: self.manifest.region.clone(),
            version: self.manifest.version,
            source: self.manifest.source.clone(),
            made: self.manifest.made,
            fresh_days: self.manifest.fresh_days,
            digest: self.digest(),
        };
        Ok(Layer { edition, values })
    }
}

impl Parcel {
    /// Reads container and manifest.
    ///
    /// # Errors
    /// The container is damaged, or the manifest is not of this form.
    pub fn open(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut files = archive::read(bytes)?;
        let head = files.remove(MANIFEST).ok_or_else(|| Refusal::Manifest("there is none".to_owned()))?;
        if head.len() > LONGEST_MANIFEST {
            return Err(Refusal::Manifest("it is too long".to_owned()));
        }
        let form = serde_json::from_slice::<serde_json::Value>(&head)
            .map_err(|error| Refusal::Manifest(error.to_string()))?
            .get("format")
            .and_then(serde_json::Value::as_u64);
        // Looked at first: what a newer form holds beside is not this program's to judge.
        if let Some(form) = form.filter(|form| *form != u64::from(FORMAT)) {
            return Err(Refusal::Format(u32::try_from(form).unwrap_or(u32::MAX)));
        }
        let manifest: Manifest = serde_json::from_slice(&head).map_err(|error| Refusal::Manifest(error.to_string()))?;
        let signatures = files.remove(SIGNATURE).unwrap_or_default();
        let signatures = String::from_utf8(signatures).map_err(|_| Refusal::Unsigned)?;
        let signatures = signatures.lines().take(SIGNATURES).map(str::to_owned).collect();
        Ok(Self { manifest, head, signatures, files })
    }

    /// What it will be.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The whole package. What did not come along is looked for at `have`, by its entry.
    ///
    /// # Errors
    /// A file is missing, changed, or does not belong to it.
    pub fn complete(mut self, have: impl Fn(&Entry) -> Option<Vec<u8>>) -> Result<Package, Refusal> {
        let mut files = Files::new();
        for entry in &self.manifest.files {
            let path = &entry.path;
            if !archive::is_name(path) {
                return Err(Refusal::Name(path.clone()));
            }
            let bytes =
                self.files.remove(path).or_else(|| have(entry)).ok_or_else(|| Refusal::Missing(path.clone()))?;
            if Entry::of(path, &bytes) != *entry {
                return Err(Refusal::Altered(path.clone()));
            }
            files.insert(path.clone(), bytes);
        }
        if let Some((path, _)) = self.files.pop_first() {
            return Err(Refusal::Unlisted(path));
        }
        if files.len() != self.manifest.files.len() {
            return Err(Refusal::Manifest("a file is named twice".to_owned()));
        }
        Ok(Package { manifest: self.manifest, head: self.head, signatures: self.signatures, files })
    }

    /// The whole package, with what did not change taken from an installed one.
    ///
    /// # Errors
    /// As [`Self::complete`]; what the installed one does not have is [`Refusal::NoBase`].
    pub fn upon(self, installed: &Package) -> Result<Package, Refusal> {
        let name = self.manifest.name();
        let have =
            |entry: &Entry| installed.files.get(&entry.path).filter(|b| Entry::of(&entry.path, b) == *entry).cloned();
        self.complete(have).map_err(|why| if matches!(why, Refusal::Missing(_)) { Refusal::NoBase(name) } else { why })
    }
}
