//! Where packages come from: a file, a folder, a stick. Strangers' files are read whole, within a bound, and through no link.

use std::path::{Path, PathBuf};

use super::package::Package;
use super::refusal::{Refusal, Refused};
use super::shelf::ENDING;
use crate::disk::{self, DiskError};

/// Largest package that is read, in bytes: five thousand items with their forms have a third of it.
pub const LARGEST: u64 = 128 * 1024 * 1024;

/// The bytes of a package file.
///
/// # Errors
/// It is not there, not a file, or too large.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Refused> {
    match disk::read_bytes(path, LARGEST) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Refused::new(path, Refusal::Nothing)),
        Err(error) => Err(Refused::new(path, error)),
    }
}

/// A package of a file, with everything in it. Who signed it is not looked at.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn read(path: &Path) -> Result<Package, Refused> {
    Package::open(&bytes(path)?).map_err(|why| Refused::new(path, why))
}

/// The package files of a folder or a stick, by name; none if the folder is not there.
///
/// # Errors
/// The folder cannot be read.
pub fn packages_in(folder: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let fault = |source| Refusal::Disk(DiskError::new("read", folder, source));
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(fault)?.path();
        if path.extension().is_some_and(|end| end == ENDING) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
