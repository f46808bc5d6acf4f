//! What is installed: two folders and one pointer, so that the last good content is always there.
//!
//! ```text
//! catalogue/current       "a" or "b"
//! catalogue/a/*.bmc       one set of packages, one per level
//! catalogue/b/*.bmc       the set before or after it
//! ```
//!
//! [`Shelf::install`] checks a package and everything together with it, writes the whole set into the folder that is not
//! in use, and then turns the pointer, which is one small file that is there whole or not at all. A loss of power at any
//! moment leaves the pointer on a complete set. [`Shelf::load`] takes the set that the pointer names; if that one has become
//! unreadable, altered or foreign it takes the other one and says so. A package that is refused changes nothing.
//!
//! Left out: one writer at a time is the caller's promise (the engine, or `kioskctl` with the kiosk's own user).

use std::path::{Path, PathBuf};

use super::package::{Package, Parcel};
use super::refusal::{Refusal, Refused};
use super::source;
use super::trust::Trust;
use crate::disk;
use crate::domain::catalog::{Centre, JoinError, Loaded, join};

/// Name of the pointer.
const POINTER: &str = "current";
/// Ending of a package.
pub const ENDING: &str = "bmc";

/// One of the two folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The folder `a`.
    A,
    /// The folder `b`.
    B,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Where packages are installed, for which centre, and who may sign.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
    trust: Trust,
    centre: Centre,
}

/// A set that counts.
#[derive(Debug)]
pub struct Installed {
    /// Its packages, the highest level first.
    pub packages: Vec<Package>,
    /// The folder it lies in.
    pub side: Side,
    /// What is made of it.
    pub loaded: Loaded,
    /// Why it is not the set that the pointer names, if it is not.
    pub fell_back: Option<Refused>,
}

/// What an installation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is installed.
    Taken,
    /// It was installed already.
    Known,
}

/// One step on the disk; a set of them ends with the pointer.
enum Step {
    Write(PathBuf, Vec<u8>),
    Remove(PathBuf),
}

impl Shelf {
    /// A shelf in this folder.
    pub fn new(folder: &Path, trust: Trust, centre: Centre) -> Self {
        Self { folder: folder.to_owned(), trust, centre }
    }

    /// What counts: the set of the pointer, or the last good one. `None` if nothing was ever installed.
    ///
    /// # Errors
    /// Neither set can be used; the refusal is about the one that the pointer names.
    pub fn load(&self) -> Result<Option<Installed>, Refused> {
        let pointer = self.folder.join(POINTER);
        let side = match disk::read(&pointer).map_err(|error| Refused::new(&pointer, error))? {
            None => return Ok(None),
            Some(text) if text.trim() == Side::B.name() => Side::B,
            Some(_) => Side::A,
        };
        match self.set(side) {
            Ok(installed) => Ok(Some(installed)),
            Err(why) => match self.set(side.other()) {
                Ok(last_good) => Ok(Some(Installed { fell_back: Some(why), ..last_good })),
                Err(_) => Err(why),
            },
        }
    }

    /// Checks a package, and installs it if it is newer. It may hold everything or only what changed.
    ///
    /// # Errors
    /// Why not; what was installed stays.
    pub fn install(&self, file: &Path, bytes: &[u8]) -> Result<Outcome, Refused> {
        let refused = |why: Refusal| Refused::new(file, why);
        let here = self.load()?;
        let (side, packages) = here.map_or((Side::B, Vec::new()), |set| (set.side, set.packages));
        let Some(set) = self.checked(packages, bytes).map_err(refused)? else { return Ok(Outcome::Known) };
        for step in self.steps(&set, side.other()).map_err(refused)? {
            match step {
                Step::Write(path, bytes) => disk::write(&path, &bytes, disk::OPEN),
                Step::Remove(path) => disk::remove(&path),
            }
            .map_err(|error| refused(error.into()))?;
        }
        Ok(Outcome::Taken)
    }

    /// Turns the pointer back to the set before, if that one is good.
    ///
    /// # Errors
    /// There is none that can be used.
    pub fn go_back(&self) -> Result<Installed, Refused> {
        let pointer = self.folder.join(POINTER);
        let here = self.load()?.ok_or_else(|| Refused::new(&pointer, Refusal::Nothing))?;
        let before = self.set(here.side.other())?;
        let text = format!("{}\n", before.side.name());
        disk::write(&pointer, text.as_bytes(), disk::OPEN).map_err(|error| Refused::new(&pointer, error))?;
        Ok(before)
    }

    /// The set with a new package in it; `None` if it is there already.
    fn checked(&self, mut packages: Vec<Package>, bytes: &[u8]) -> Result<Option<Vec<Package>>, Refusal> {
        let parcel = Parcel::open(bytes)?;
        let at = packages.iter().position(|known| known.manifest().region == parcel.manifest().region);
        let installed = at.and_then(|at| packages.get(at));
        let package = match installed {
            Some(installed) => parcel.upon(installed)?,
            None => parcel.complete(|_| None)?,
        };
        package.check(&self.trust, &self.centre)?;
        if let Some(installed) = installed {
            package.check_after(installed)?;
            if package.digest() == installed.digest() {
                return Ok(None);
            }
        }
        match at {
            Some(at) => packages[at] = package,
            None => packages.push(package),
        }
        packages.sort_by_key(|package| package.manifest().region.level());
        together(&packages, &self.centre)?;
        Ok(Some(packages))
    }

    /// Everything that is to be done on the disk, in this order: the folder is emptied, filled, and pointed to.
    fn steps(&self, set: &[Package], side: Side) -> Result<Vec<Step>, Refusal> {
        let folder = self.folder.join(side.name());
        let stale = source::packages_in(&folder)?;
        let mut steps: Vec<Step> = stale.into_iter().map(Step::Remove).collect();
        for package in set {
            let path = folder.join(format!("{}.{ENDING}", package.manifest().name()));
            steps.push(Step::Write(path, package.bytes()?));
        }
        steps.push(Step::Write(self.folder.join(POINTER), format!("{}\n", side.name()).into_bytes()));
        Ok(steps)
    }

    /// Reads and checks one of the two sets.
    fn set(&self, side: Side) -> Result<Installed, Refused> {
        let folder = self.folder.join(side.name());
        let mut packages = Vec::new();
        for path in source::packages_in(&folder).map_err(|why| Refused::new(&folder, why))? {
            let package = source::read(&path)?;
            package.check(&self.trust, &self.centre).map_err(|why| Refused::new(&path, why))?;
            packages.push(package);
        }
        if packages.is_empty() {
            return Err(Refused::new(&folder, Refusal::Nothing));
        }
        packages.sort_by_key(|package| package.manifest().region.level());
        let loaded = together(&packages, &self.centre).map_err(|why| Refused::new(&folder, why))?;
        Ok(Installed { packages, side, loaded, fell_back: None })
    }
}

/// The catalogue of a set of packages.
///
/// # Errors
/// They do not go together, or are no catalogue.
pub fn together(packages: &[Package], centre: &Centre) -> Result<Loaded, Refusal> {
    let layers = packages.iter().map(Package::layer).collect::<Result<_, _>>()?;
    join(layers, centre).map_err(|error| match error {
        JoinError::Layers(fault) => fault.into(),
        JoinError::Content(error) => error.into(),
    })
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod tests;
