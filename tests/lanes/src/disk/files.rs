//! A disk's whole files, as the store sees them when it salvages: the same log, counts and faults as for the database.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;
use std::sync::Arc;

use kiosk::store::Files;

use super::{Disk, Failure, State};

/// The files of one disk.
#[derive(Debug)]
pub struct WholeFiles(pub Arc<Disk>);

impl WholeFiles {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> std::result::Result<T, Failure>) -> Result<T> {
        work(&mut self.0.state()).map_err(|failure| match failure {
            Failure::Full => Error::from(ErrorKind::StorageFull),
            Failure::ReadOnly => Error::from(ErrorKind::ReadOnlyFilesystem),
            Failure::Device | Failure::ShortWrite | Failure::Sync => Error::other("the disk failed"),
        })
    }
}

/// The name without the folder; a disk has one folder.
fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Files for WholeFiles {
    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>> {
        self.with(|state| {
            let Some(inode) = state.names.get(&name(file)).copied() else { return Ok(None) };
            let mut bytes = vec![0; state.length(inode)];
            state.read(inode, 0, &mut bytes)?;
            Ok(Some(bytes))
        })
    }

    fn write(&self, file: &Path, bytes: &[u8]) -> Result<()> {
        self.remove(file)?;
        self.with(|state| {
            let Some(inode) = state.open(&name(file), true)? else { return Ok(()) };
            state.write(inode, 0, bytes, true)?;
            state.sync(inode, false, false)
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let was_there = self.with(|state| state.rename(&name(from), &name(to)))?;
        if was_there { Ok(()) } else { Err(Error::from(ErrorKind::NotFound)) }
    }

    fn replace(&self, from: &Path, to: &Path) -> Result<()> {
        let old = self.0.state().names.get(&name(to)).copied();
        self.rename(from, to)?;
        self.sync_folder(to)?;
        let Some(old) = old else { return Ok(()) };
        self.with(|state| {
            let zeros = vec![0; state.length(old)];
            state.write(old, 0, &zeros, true)?;
            state.sync(old, false, false)
        })
    }

    fn remove(&self, file: &Path) -> Result<()> {
        if self.0.state().names.contains_key(&name(file)) {
            self.with(|state| state.delete(&name(file), false))?;
        }
        Ok(())
    }

    fn sync_folder(&self, _file: &Path) -> Result<()> {
        self.with(State::sync_folder)
    }

    fn is_there(&self, file: &Path) -> Result<bool> {
        Ok(self.0.state().names.contains_key(&name(file)))
    }
}
