//! `kioskctl catalog`: packages of the catalogue, signed, checked, installed. Making them from spreadsheets is
//! [`super::catalog_author`].

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{CtlError, Report};
use crate::config::Config;
use crate::content::diff::{Difference, What, diff as differences};
use crate::content::{Outcome, Package, Refused, Shelf, Trust, source};
use crate::domain::catalog::{Centre, Region};
use crate::provision::SigningKey;
use crate::provision::keys::Document;

impl From<Refused> for CtlError {
    fn from(refused: Refused) -> Self {
        let message = format!("cannot take {}: {}", refused.file.display(), refused.why);
        Self::new(refused.why.code(), message, refused.why.mend())
    }
}

/// What a package is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct About {
    /// File.
    pub file: PathBuf,
    /// Level and code of its place.
    pub region: String,
    /// Version.
    pub version: u64,
    /// The day it was made.
    pub made: String,
    /// Who answers for it.
    pub owner: String,
    /// Who let it be published.
    pub approver: String,
    /// Items in it.
    pub items: usize,
    /// Digest of its manifest.
    pub digest: String,
    /// Places whose keys have signed it, among those that were looked for.
    pub signed_by: Vec<String>,
    /// What was done, or what to do next.
    pub next: String,
}

impl About {
    fn of(file: &Path, package: &Package, next: impl Into<String>) -> Self {
        let manifest = package.manifest();
        Self {
            file: file.to_owned(),
            region: manifest.region.to_string(),
            version: manifest.version,
            made: manifest.made.to_string(),
            owner: manifest.owner.clone(),
            approver: manifest.approver.clone(),
            items: package.files().keys().filter(|path| path.starts_with("items/")).count(),
            digest: package.digest(),
            signed_by: Vec::new(),
            next: next.into(),
        }
    }
}

impl Report for About {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("{}: {} version {}, {}", self.file.display(), self.region, self.version, self.made),
            format!("{} items; {} / {}", self.items, self.owner, self.approver),
            format!("digest {}", self.digest),
        ];
        if !self.signed_by.is_empty() {
            lines.push(format!("signed by {}", self.signed_by.join(", ")));
        }
        lines.push(self.next.clone());
        lines
    }
}

/// Writes a package to a file.
pub(super) fn write(path: &Path, package: &Package) -> Result<(), CtlError> {
    let bytes = package.bytes().map_err(|why| Refused::new(path, why))?;
    crate::disk::write(path, &bytes, crate::disk::OPEN)?;
    Ok(())
}

/// Signs a package with the key of a place; the file is replaced, or written to `out`.
///
/// # Errors
/// The package or the key cannot be used, or the file cannot be written.
pub fn sign(file: &Path, key: &Path, out: Option<&Path>) -> Result<About, CtlError> {
    let mut package = source::read(file)?;
    let key = SigningKey::read(key)?;
    package.add_signature(key.sign(Document::Catalogue, package.signed_bytes()));
    let out = out.unwrap_or(file);
    write(out, &package)?;
    Ok(About::of(out, &package, "signed; check it with `kioskctl catalog verify`"))
}

/// Checks a package as a machine does: digests, signature, place.
///
/// # Errors
/// Why a machine of that place would not take it.
pub fn verify(file: &Path, keys: &Path, centre: Option<&str>) -> Result<About, CtlError> {
    let package = source::read(file)?;
    let trust = Trust::read(keys)?;
    let region = match centre {
        Some(code) => Region::new(code).ok_or_else(|| {
            CtlError::new("package.region", format!("{code:?} is no code of a place"), "give 4, 6, 9 or 12 digits")
        })?,
        None => package.manifest().region.clone(),
    };
    package.check(&trust, &Centre::by_code(&region)).map_err(|why| Refused::new(file, why))?;
    let signers = trust.signers(package.signed_bytes(), package.signatures());
    let mut about = About::of(file, &package, "whole, signed, and for this place");
    about.signed_by = signers.into_iter().map(str::to_owned).collect();
    Ok(about)
}

/// Differences between two packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// Version of the old one.
    pub from: u64,
    /// Version of the new one.
    pub to: u64,
    /// Each difference.
    pub differences: Vec<Difference>,
    /// Bytes of the whole new package.
    pub whole: usize,
    /// Bytes of what changed.
    pub delta: usize,
}

impl Report for Differences {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("version {} to {}: {} files differ", self.from, self.to, self.differences.len())];
        for difference in &self.differences {
            let mark = match difference.what {
                What::Added => '+',
                What::Removed => '-',
                What::Changed => '~',
            };
            lines.push(format!("{mark} {} {}", difference.path, difference.name));
            lines.extend(difference.fields.iter().map(|(path, old, new)| format!("    {path}: {old} → {new}")));
        }
        lines.push(format!("changes {} bytes, whole {} bytes", self.delta, self.whole));
        lines
    }
}

/// Compares two packages; with `out` the changes alone are written, to be installed upon the old one.
///
/// # Errors
/// One of them cannot be read, or the file cannot be written.
pub fn diff(old: &Path, new: &Path, out: Option<&Path>) -> Result<Differences, CtlError> {
    let (before, after) = (source::read(old)?, source::read(new)?);
    let of_new = |why| Refused::new(new, why);
    let delta = after.delta(&before).map_err(of_new)?;
    if let Some(out) = out {
        crate::disk::write(out, &delta, crate::disk::OPEN)?;
    }
    Ok(Differences {
        from: before.manifest().version,
        to: after.manifest().version,
        differences: differences(&before, &after),
        whole: after.bytes().map_err(of_new)?.len(),
        delta: delta.len(),
    })
}

/// The shelf of a machine.
///
/// # Errors
/// The configuration names none, or its keys cannot be read.
fn shelf(config: &Path) -> Result<Shelf, CtlError> {
    let config = Config::load(config)?;
    let shelf = crate::assemble::shelf(&config)?;
    shelf.ok_or_else(|| {
        CtlError::new(
            "package.no-shelf",
            "this machine has no folder for packages",
            "set catalogue.installed and catalogue.keys",
        )
    })
}

/// Installs a package, or the newest ones of a folder or stick, upper levels first.
///
/// # Errors
/// The first that is refused; what was installed stays.
pub fn install(config: &Path, from: &Path) -> Result<Installation, CtlError> {
    let shelf = shelf(config)?;
    let mut files = if from.is_dir() {
        source::packages_in(from).map_err(|why| Refused::new(from, why))?
    } else {
        vec![from.to_owned()]
    };
    // A code with fewer digits lies above.
    files.sort_by_key(|path| path.file_stem().map_or(0, std::ffi::OsStr::len));
    let mut done = Vec::new();
    for file in files {
        let outcome = shelf.install(&file, &source::bytes(&file)?)?;
        done.push((file, if outcome == Outcome::Taken { "installed" } else { "was installed already" }));
    }
    Ok(Installation { done, next: "start the kiosk's engine again" })
}

/// Turns back to the packages before.
///
/// # Errors
/// There are none that can be used.
pub fn back(config: &Path) -> Result<Installation, CtlError> {
    let installed = shelf(config)?.go_back()?;
    let name = |package: &Package| (PathBuf::from(package.manifest().name()), "in use again");
    Ok(Installation { done: installed.packages.iter().map(name).collect(), next: "start the kiosk's engine again" })
}

/// What was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installation {
    /// Each package and what became of it.
    pub done: Vec<(PathBuf, &'static str)>,
    /// What to do next.
    pub next: &'static str,
}

impl Report for Installation {
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.done.iter().map(|(file, what)| format!("{}: {what}", file.display())).collect();
        lines.push(self.next.to_owned());
        lines
    }
}

/// The day in China.
pub fn today() -> jiff::civil::Date {
    crate::domain::time::local_date(crate::engine::wall_clock())
}
