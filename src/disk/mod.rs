//! Small files that are there whole or not at all, and that a folder's owner can trust root with.
//!
//! [`write()`] opens the folder once and works inside of it: a left-over is unlinked, a file that must be new is made beside
//! the place, filled, given its mode and its owner, synced and renamed, and the folder is synced. After a loss of power the
//! old file is there or the new one, and no link in the folder leads the writing anywhere else. The mode is the one that was
//! asked for, whatever mask the program was started with: what is open is read by other users of the machine at the next
//! start. Where root writes, the file and every folder made for it belong to the owner of the folder that was there: what a
//! technician takes in with `kioskctl` is the engine's afterwards.
//!
//! [`read`] and [`read_bytes`] take regular files only, follow no link in the last place and read no more than [`LONGEST`] bytes or
//! what the caller bears.
//!
//! Left out: locks (each file has one writer), large files, and the links above the folder, which belong to whoever owns
//! the folders above.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};

/// Readable by the owner alone.
pub const SECRET: u32 = 0o600;
/// Readable by everybody on the machine.
pub const OPEN: u32 = 0o644;
/// Longest file that is read, in bytes: an answer of the county with its list of places has a quarter of it.
pub const LONGEST: u64 = 2 * 1024 * 1024;

/// A file that could not be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {path}: {source}")]
pub struct DiskError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl DiskError {
    /// An error about a file.
    pub fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self { doing, path: path.to_owned(), source }
    }
}

/// Writes a file whole and durably, with this mode; folders above it are made.
///
/// # Errors
/// Names the file; the old one stands.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DiskError> {
    whole(path, bytes, mode).map_err(|source| DiskError::new("write", path, source))
}

fn whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let above = above(path);
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut beside = name.to_owned();
    beside.push(".new");
    make_folders(above, mode)?;
    let folder = File::open(above)?;
    match rustix::fs::unlinkat(&folder, &beside, AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file: File = rustix::fs::openat(&folder, &beside, flags, Mode::RUSR | Mode::WUSR)?.into();
    file.write_all(bytes)?;
    give_to_owner_of(&folder, &file)?;
    // Last, because a new owner takes some modes away; and by the open file, because a name may be exchanged.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.sync_all()?;
    rustix::fs::renameat(&folder, &beside, &folder, name)?;
    folder.sync_all()
}

/// The folder that a name stands in.
fn above(path: &Path) -> &Path {
    path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the folders that are missing: open to everybody for an open file, to their owner alone for a secret.
fn make_folders(folder: &Path, mode: u32) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    make_folders(above(folder), mode)?;
    let above = File::open(above(folder))?;
    let name = folder.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    match rustix::fs::mkdirat(&above, name, Mode::RWXU) {
        Ok(()) => {}
        // Somebody else was faster.
        Err(rustix::io::Errno::EXIST) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made: File = rustix::fs::openat(&above, name, flags, Mode::empty())?.into();
    give_to_owner_of(&above, &made)?;
    let mode = if mode == OPEN { 0o755 } else { 0o700 };
    made.set_permissions(fs::Permissions::from_mode(mode))?;
    above.sync_all()
}

/// What root makes belongs to whom the folder belongs to. Others can only make what is theirs.
fn give_to_owner_of(folder: &File, made: &File) -> io::Result<()> {
    let (theirs, ours) = (folder.metadata()?, made.metadata()?);
    let is_theirs = (theirs.uid(), theirs.gid()) == (ours.uid(), ours.gid());
    if is_theirs || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    std::os::unix::fs::fchown(made.as_fd(), Some(theirs.uid()), Some(theirs.gid()))
}

/// Removes a file durably; one that is not there is removed already.
///
/// # Errors
/// Names the file.
pub fn remove(path: &Path) -> Result<(), DiskError> {
    let gone = || match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => File::open(above(path))?.sync_all(),
    };
    gone().map_err(|source| DiskError::new("remove", path, source))
}

/// A small file as text; `None` if there is none.
///
/// # Errors
/// Names the file.
pub fn read(path: &Path) -> Result<Option<String>, DiskError> {
    let Some(bytes) = read_bytes(path, LONGEST)? else { return Ok(None) };
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|error| DiskError::new("read", path, io::Error::new(io::ErrorKind::InvalidData, error)))
}

/// A file of at most this many bytes; `None` if there is none.
///
/// # Errors
/// Names the file.
pub fn read_bytes(path: &Path, longest: u64) -> Result<Option<Vec<u8>>, DiskError> {
    let read = || {
        // A pipe without a writer must not hold the reader.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file: File = rustix::fs::open(path, flags, Mode::empty())?.into();
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut bytes = Vec::new();
        file.take(longest + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > longest {
            return Err(io::Error::other("it is too long"));
        }
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DiskError::new("read", path, source)),
    }
}

#[cfg(test)]
mod tests;
