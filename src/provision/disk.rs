//! Files that are there whole or not at all, and where they lie.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Readable by the kiosk's user alone.
pub const SECRET: u32 = 0o600;
/// Readable by everybody on the machine.
pub const OPEN: u32 = 0o644;

/// A file that could not be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {path}: {source}")]
pub struct DiskError {
    doing: &'static str,
    path: PathBuf,
    source: std::io::Error,
}

impl DiskError {
    /// An error about a file.
    pub fn new(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self { doing, path: path.to_owned(), source }
    }
}

/// Writes beside the place, syncs, renames, and syncs the folder: after a loss of power the old file is there or the new one.
///
/// # Errors
/// Names the file.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DiskError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    let written = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        // Left over from a loss of power; its mode may be another one.
        if beside.exists() {
            fs::remove_file(&beside)?;
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        // The service's umask leaves nothing to others; screen, agent and network have to read what is open.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        fs::File::open(folder)?.sync_all()
    };
    written().map_err(|source| DiskError::new("write", path, source))
}

/// Removes a file durably; one that is not there is removed already.
///
/// # Errors
/// Names the file.
pub fn remove(path: &Path) -> Result<(), DiskError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(DiskError::new("remove", path, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A small file as text; `None` if there is none.
///
/// # Errors
/// Names the file.
pub fn read(path: &Path) -> Result<Option<String>, DiskError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DiskError::new("read", path, source)),
    }
}

/// Where things lie under `setup.folder`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders(PathBuf);

impl Folders {
    /// Under this folder.
    pub fn under(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Drop-ins of the configuration.
    pub fn config(&self, name: &str) -> PathBuf {
        self.0.join("config.d").join(name)
    }

    /// Files of the county.
    pub fn county(&self, name: &str) -> PathBuf {
        self.0.join("county").join(name)
    }

    /// The machine's key.
    pub fn machine_key(&self) -> PathBuf {
        self.0.join("keys").join("machine.key")
    }

    /// The key that slips are signed with.
    pub fn slip_key(&self) -> PathBuf {
        self.0.join("keys").join("receipt.key")
    }

    /// File for systemd-networkd.
    pub fn network(&self) -> PathBuf {
        self.0.join("network").join("50-kiosk.network")
    }

    /// Progress of the set-up.
    pub fn progress(&self) -> PathBuf {
        self.0.join("setup.json")
    }

    /// The last request for enrolment, to be carried to the county where there is no line.
    pub fn request(&self) -> PathBuf {
        self.0.join("county").join("request.json")
    }

    /// An answer of the county that was brought, waiting to be taken.
    pub fn answer(&self) -> PathBuf {
        self.0.join("county").join("answer.json")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use super::*;

    #[test]
    fn the_mode_is_the_one_asked_for_whatever_the_service_masks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("open");
        // No usual umask leaves this.
        write(&path, b"one", 0o666).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666);
    }

    #[test]
    fn a_file_is_replaced_whole_and_what_was_left_over_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/secret");
        write(&path, b"one", SECRET).unwrap();
        fs::write(folder.path().join("a/secret.new"), "half of").unwrap();
        write(&path, b"two", SECRET).unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("two"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!folder.path().join("a/secret.new").exists());
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }
}
