//! The files of the update folder: what must survive a power cut, a restart and a fall-back. No personal data.
//!
//! Each file is written whole by [`crate::disk`], so a reader finds the old content or the new one, and root can write here
//! though the folder is the agent's.
//! A file that cannot be understood counts as not there and is logged: it is a memory, not a promise.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::fleet::Progress;
use super::gate::{Facts, Reason};
use crate::disk;
use crate::ipc::{Access, FellBack, UpdatePhase};

/// What the last image that was called good could do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LastGood {
    /// Its version.
    pub version: String,
    /// Its slot.
    pub slot: String,
    /// It served residents; otherwise it was the set-up of a new machine.
    #[serde(default = "served")]
    pub served: bool,
    /// Whether each configured device answered, by role.
    pub devices: BTreeMap<String, bool>,
    /// Whether the county answered.
    pub county: bool,
}

/// A memory that does not say it was written by a kiosk that served.
const fn served() -> bool {
    true
}

impl LastGood {
    /// The memory of an image with these facts.
    pub fn of(version: &str, slot: &str, facts: &Facts) -> Self {
        let answered = |access: &Access| matches!(access, Access::Opened | Access::Lost);
        Self {
            version: version.to_owned(),
            slot: slot.to_owned(),
            served: !facts.setting_up,
            devices: facts.devices.iter().map(|(role, access)| (role.clone(), answered(access))).collect(),
            county: facts.county == Some(true),
        }
    }
}

/// Why an image was not called good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
    /// Its version.
    pub version: String,
    /// Its slot.
    pub slot: String,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// An image that is installed and not yet called good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Resume {
    /// The rollout server's action, if it came from there.
    pub action: Option<String>,
    /// Its version.
    pub version: String,
    /// Oldest schema whose program can read what the image will write.
    pub readable_from: u32,
    /// The slot it was installed from: coming up there again is a fall-back.
    pub from_slot: String,
    /// Which start of the machine installed it.
    pub boot: String,
    /// Its slot was made the one that starts next. Before that the old slot starts, and that is no fall-back.
    #[serde(default = "activated")]
    pub activated: bool,
}

/// A memory that does not say so is of a program that called every start in the old slot a fall-back.
const fn activated() -> bool {
    true
}

/// The last word about an action, which the rollout server has not taken yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Untold {
    /// The server's action.
    pub action: String,
    /// How it ended.
    pub progress: Progress,
}

/// A technician's wish: install this file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Request {
    /// The bundle.
    pub file: PathBuf,
    /// Not before somebody says so on the screen.
    #[serde(default)]
    pub ask: bool,
}

/// How it goes, for `kioskctl update status` and the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// `resting`, `asking`, `waiting`, `installing`, `restart`, `refused` or `fell-back`.
    pub phase: String,
    /// Version it is about; empty if unknown.
    pub version: String,
    /// Percent of an installation.
    pub percent: u8,
    /// Stable code of what is wrong; empty if nothing is.
    pub code: String,
    /// One line in Chinese.
    pub zh: String,
    /// One line in English.
    pub en: String,
}

impl Status {
    /// The phase as a value; a word that is not known counts as none.
    pub fn phase(&self) -> UpdatePhase {
        match self.phase.as_str() {
            "asking" => UpdatePhase::Asking,
            "waiting" => UpdatePhase::Waiting,
            "installing" => UpdatePhase::Installing,
            "restart" => UpdatePhase::Restart,
            "refused" => UpdatePhase::Refused,
            _ => UpdatePhase::Resting,
        }
    }
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// At this path.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// What the last good image could do.
    pub fn last_good(&self) -> Option<LastGood> {
        self.read("last-good.json")
    }

    /// Remembers a good image, and forgets that this very version was bad before.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn set_good(&self, good: &LastGood) -> io::Result<()> {
        self.write("last-good.json", good)?;
        if self.bad().is_some_and(|bad| bad.version == good.version) { self.forget_bad() } else { Ok(()) }
    }

    /// The last image that was not called good.
    pub fn bad(&self) -> Option<Verdict> {
        self.read("bad.json")
    }

    /// Writes down why an image is not called good.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn set_bad(&self, verdict: &Verdict) -> io::Result<()> {
        self.write("bad.json", verdict)
    }

    /// Forgets it: an image whose turn comes is judged by its own trial, not by an earlier one of the same version.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn forget_bad(&self) -> io::Result<()> {
        self.set::<Verdict>("bad.json", None)
    }

    /// The installed image that was not yet called good.
    pub fn resume(&self) -> Option<Resume> {
        self.read("installed.json")
    }

    /// Remembers or forgets it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn set_resume(&self, resume: Option<&Resume>) -> io::Result<()> {
        self.set("installed.json", resume)
    }

    /// What the rollout server has not heard yet.
    pub fn untold(&self) -> Option<Untold> {
        self.read("untold.json")
    }

    /// Remembers or forgets it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn set_untold(&self, untold: Option<&Untold>) -> io::Result<()> {
        self.set("untold.json", untold)
    }

    /// The last update that fell back, until a newer one is good.
    pub fn fell_back(&self) -> Option<FellBack> {
        self.read("fell-back.json")
    }

    /// Remembers or forgets it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn set_fell_back(&self, fell_back: Option<&FellBack>) -> io::Result<()> {
        self.set("fell-back.json", fell_back)
    }

    /// The technician's wish.
    pub fn request(&self) -> Option<Request> {
        self.read("request.json")
    }

    /// Makes a wish or forgets it.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn set_request(&self, request: Option<&Request>) -> io::Result<()> {
        self.set("request.json", request)
    }

    /// How it goes.
    pub fn status(&self) -> Option<Status> {
        self.read("status.json")
    }

    /// Writes how it goes.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn set_status(&self, status: &Status) -> io::Result<()> {
        self.write("status.json", status)
    }

    fn set<T: Serialize>(&self, name: &str, value: Option<&T>) -> io::Result<()> {
        match value {
            Some(value) => self.write(name, value),
            None => disk::remove(&self.0.join(name)).map_err(io::Error::other),
        }
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let text = disk::read(&self.0.join(name))
            .inspect_err(|error| tracing::warn!(%error, "a file of the update folder is not taken"))
            .ok()??;
        serde_json::from_str(&text)
            .inspect_err(|error| tracing::warn!(file = name, %error, "a file of the update folder is not understood"))
            .ok()
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> io::Result<()> {
        disk::write(&self.0.join(name), &serde_json::to_vec(value)?, disk::OPEN).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use super::*;

    #[test]
    fn a_version_that_is_good_at_last_is_not_remembered_as_bad_and_another_one_is() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let verdict = Verdict { version: "1.1.0".to_owned(), slot: "B".to_owned(), reasons: vec![Reason::NoFrame] };
        folder.set_bad(&verdict).unwrap();
        // The old slot is judged as good after a fall-back: the reason is still to be told.
        folder.set_good(&LastGood::of("1.0.0", "A", &Facts::default())).unwrap();
        assert_eq!(folder.bad(), Some(verdict));
        folder.set_good(&LastGood::of("1.1.0", "B", &Facts::default())).unwrap();
        assert_eq!(folder.bad(), None);
    }

    #[test]
    fn what_is_written_is_read_back_and_what_is_broken_counts_as_not_there() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        assert_eq!((folder.last_good(), folder.bad(), folder.resume()), (None, None, None));
        let reasons = vec![Reason::NoFrame, Reason::Device { role: "printer".to_owned() }];
        let verdict = Verdict { version: "1.1.0".to_owned(), slot: "B".to_owned(), reasons };
        folder.set_bad(&verdict).unwrap();
        assert_eq!(folder.bad(), Some(verdict));
        let request = Request { file: "/run/stick/new.raucb".into(), ask: true };
        folder.set_request(Some(&request)).unwrap();
        assert_eq!(folder.request(), Some(request));
        folder.set_request(None).unwrap();
        folder.set_request(None).unwrap();
        assert_eq!(folder.request(), None);
        std::fs::write(place.path().join("bad.json"), "{\"version\":").unwrap();
        assert_eq!(folder.bad(), None);
    }
}
