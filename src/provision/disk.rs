//! Where the files of a machine lie. How they are written is the business of [`crate::disk`].

use std::path::{Path, PathBuf};

pub use crate::disk::{DiskError, OPEN, SECRET, read, remove, write};

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

    /// What the agent needs for the rollout server.
    pub fn rollout(&self, name: &str) -> PathBuf {
        self.0.join("rollout").join(name)
    }

    /// The machine's key.
    pub fn machine_key(&self) -> PathBuf {
        self.0.join("keys").join("machine.key")
    }

    /// Numbers of the orders that were obeyed.
    pub fn spent(&self) -> PathBuf {
        self.0.join("keys").join("orders.json")
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
