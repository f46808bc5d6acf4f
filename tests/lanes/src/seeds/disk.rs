//! Where a simulated kiosk keeps its store: files in memory where the system has such a place.
//!
//! A killed program leaves its files as they were written, with the write-ahead log beside the database; a program that
//! ends in order tidies up. [`Disk`] can do both. What a power cut leaves is the matter of another lane.

use std::path::{Path, PathBuf};
use std::{fs, io};

use kiosk::domain::place::KioskCode;
use kiosk::store::{FILE_NAME, Keeper, OpenReport, Opening};
use tempfile::TempDir;

use crate::people::sealer;

/// A place in memory on Linux; a sync costs nothing there, and nothing here depends on what a sync does.
const IN_MEMORY: &str = "/dev/shm";

/// The disk of one kiosk.
#[derive(Debug)]
pub struct Disk {
    root: TempDir,
    generation: u32,
    kiosk: KioskCode,
}

impl Disk {
    /// An empty disk.
    pub fn new(kiosk: KioskCode) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("kiosk-seeds-");
        let place = Path::new(IN_MEMORY);
        let root = if place.is_dir() { builder.tempdir_in(place)? } else { builder.tempdir()? };
        let disk = Self { root, generation: 0, kiosk };
        fs::create_dir(disk.folder())?;
        Ok(disk)
    }

    /// Opens the store, as a program does at its start.
    pub fn open(&self) -> Result<(Keeper, OpenReport), String> {
        let opening = Opening::at(&self.folder().join(FILE_NAME), &self.kiosk, &sealer());
        Keeper::open(&opening).map_err(|error| format!("the store does not open: {} ({error})", error.code()))
    }

    /// Ends the program without a word: what it wrote stays as it is, nothing is tidied.
    pub fn kill(&mut self, keeper: Keeper) -> io::Result<()> {
        let before = self.folder();
        self.generation += 1;
        let after = self.folder();
        fs::create_dir(&after)?;
        for entry in fs::read_dir(&before)? {
            let entry = entry?;
            fs::copy(entry.path(), after.join(entry.file_name()))?;
        }
        drop(keeper);
        fs::remove_dir_all(before)
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join(self.generation.to_string())
    }
}
