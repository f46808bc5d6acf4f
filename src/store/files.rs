//! Whole files beside the database: looked at, copied, renamed, taken away for good.
//!
//! The database writes its own files. What a salvage does with whole files goes through [`Files`], so that a test can
//! let the power go between any two of its steps and lose whatever no sync had made durable. Each method says what is
//! durable after it; a name is so only after [`Files::sync_folder`].

use std::fmt;
use std::io::{ErrorKind, Result, Write};
use std::path::Path;
use std::sync::Arc;

/// What is done with whole files.
pub trait Files: fmt::Debug + Send + Sync {
    /// The bytes; `None` if there is no such file.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>>;

    /// Writes a fresh file in the place of any other under this name; its content is durable, its name is not yet.
    ///
    /// # Errors
    /// It cannot be written.
    fn write(&self, file: &Path, bytes: &[u8]) -> Result<()>;

    /// Gives a file another name that nothing else has.
    ///
    /// # Errors
    /// It is refused; the file has its old name.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;

    /// Puts `from` in the place of `to` in one step. When it is done that is durable, and what `to` was is overwritten
    /// with zeros, through a handle that was opened before: a name could lead to the wrong file after a loss of power.
    ///
    /// # Errors
    /// It is refused, or nobody knows whether it is durable.
    fn replace(&self, from: &Path, to: &Path) -> Result<()>;

    /// Takes a name away; one that is not there is no error.
    ///
    /// # Errors
    /// It is refused.
    fn remove(&self, file: &Path) -> Result<()>;

    /// Makes the names in the folder of this file durable.
    ///
    /// # Errors
    /// It is refused.
    fn sync_folder(&self, file: &Path) -> Result<()>;

    /// Whether there is such a file.
    ///
    /// # Errors
    /// Nobody can tell.
    fn is_there(&self, file: &Path) -> Result<bool>;
}

/// The files of the system.
#[derive(Debug)]
pub(super) struct OfTheSystem;

/// The files of the system.
pub(super) fn of_the_system() -> Arc<dyn Files> {
    Arc::new(OfTheSystem)
}

/// No file is no error.
fn or_none<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Files for OfTheSystem {
    fn read(&self, file: &Path) -> Result<Option<Vec<u8>>> {
        or_none(std::fs::read(file))
    }

    fn write(&self, file: &Path, bytes: &[u8]) -> Result<()> {
        self.remove(file)?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        // For its owner alone, as the store itself.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut fresh = options.open(file)?;
        fresh.write_all(bytes)?;
        fresh.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        std::fs::rename(from, to)
    }

    fn replace(&self, from: &Path, to: &Path) -> Result<()> {
        let old = or_none(std::fs::OpenOptions::new().write(true).open(to))?;
        self.rename(from, to)?;
        // Not before the name is durable may anything be promised on the new file, or anything be done to the old one.
        self.sync_folder(to)?;
        old.map_or(Ok(()), |old| zero(&old))
    }

    fn remove(&self, file: &Path) -> Result<()> {
        or_none(std::fs::remove_file(file)).map(|_| ())
    }

    fn sync_folder(&self, file: &Path) -> Result<()> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Other systems than Unix do not open folders; there a rename is durable by itself or not at all.
        if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
    }

    fn is_there(&self, file: &Path) -> Result<bool> {
        file.try_exists()
    }
}

/// Overwrites a file from its beginning to its end.
fn zero(mut file: &std::fs::File) -> Result<()> {
    let zeros = [0; 4096];
    let mut left = file.metadata()?.len();
    while left > 0 {
        let piece = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
        file.write_all(&zeros[..piece])?;
        left -= piece as u64;
    }
    file.sync_all()
}
