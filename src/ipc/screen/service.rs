//! The technician's page: how updates are, what became of the store, what is wrong with devices. No personal data.
//!
//! [`UpdateNews`] is what the agent of updates tells the engine over the socket; [`ServicePage`] is what the engine shows of
//! it and of its own parts. The page offers one deed, and that only while a stick with a signed bundle waits for a word.

use serde::{Deserialize, Serialize};

use super::Clock;
use crate::domain::text::Text;

/// Where an update is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdatePhase {
    /// There is none.
    #[default]
    Resting,
    /// A bundle on a stick is good and waits for the technician's word.
    Asking,
    /// It waits for its moment to be installed.
    Waiting,
    /// It is being installed.
    Installing,
    /// It is installed and waits for its moment to start.
    Restart,
    /// It was not taken.
    Refused,
}

/// How updates are, as the agent tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct UpdateNews {
    /// Version of the image that runs.
    pub running: String,
    /// Where the present update is.
    pub phase: UpdatePhase,
    /// Its version; empty if there is none or it says none.
    pub version: String,
    /// Percent of an installation.
    pub percent: u8,
    /// Stable code of what is wrong or what it waits for; empty if nothing is.
    pub code: String,
    /// The same in one plain line.
    pub why: Text,
    /// Before the restart nobody must have used the machine for so many seconds; `None` where the hour decides.
    pub quiet_seconds: Option<u64>,
    /// The last update that fell back, until a newer one is good.
    pub fell_back: Option<FellBack>,
}

/// An update that was installed and not called good: the image before it runs again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FellBack {
    /// Version that was tried.
    pub version: String,
    /// Version that runs again.
    pub back_to: String,
    /// When that was noticed, by the clock of the machine, which may be wrong.
    pub at: jiff::Timestamp,
    /// Stable code of the reason.
    pub code: String,
    /// The reason in one plain line.
    pub why: Text,
}

/// The technician's word about the bundle on the stick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateAnswer {
    /// Install it.
    Install,
    /// Leave it.
    Leave,
}

/// The one quiet line on the idle page that leads to the technician's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "line")]
pub enum ServiceLine {
    /// A bundle on the stick waits for a word.
    Offer {
        /// Its version.
        version: String,
    },
    /// It waits for its moment, or is being installed.
    Installing {
        /// Its version.
        version: String,
    },
    /// It is installed; the machine restarts when nobody is there.
    Restart {
        /// Its version.
        version: String,
    },
    /// It was just refused.
    Refused {
        /// Its version, may be empty.
        version: String,
    },
    /// It did not serve; the version before it runs again.
    FellBack {
        /// Its version.
        version: String,
    },
    /// The store was damaged and put right.
    Repaired {
        /// Numbers without an application.
        lost: usize,
    },
    /// Nothing is to be told; the page is there all the same.
    Nothing {
        /// Code of this kiosk.
        kiosk: String,
    },
}

/// The technician's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServicePage {
    /// Version that runs.
    pub running: String,
    /// Where the present update is.
    pub phase: UpdatePhase,
    /// Its version, may be empty.
    pub version: String,
    /// Percent of an installation.
    pub percent: u8,
    /// What is wrong or what it waits for, one line in the language of the page; empty if nothing is.
    pub why: String,
    /// Stable code of it.
    pub code: String,
    /// When the machine restarts if nobody uses it until then.
    pub restart_at: Option<Clock>,
    /// The word was given and has not been taken yet.
    pub answered: bool,
    /// The last update that fell back.
    pub fell_back: Option<FellBackLine>,
    /// The store.
    pub store: StoreCard,
    /// Codes of what is wrong with devices.
    pub codes: Vec<String>,
    /// The image that runs; `None` where no verified root was opened.
    pub image: Option<ImageCard>,
}

/// The image that runs, for showing and for a telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageCard {
    /// First digits of its root hash, in groups of four.
    pub hash: String,
    /// What the code says (see [`crate::domain::genuine`]); signed before it is shown.
    pub qr: String,
}

/// An update that fell back, for showing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FellBackLine {
    /// Version that was tried.
    pub version: String,
    /// Version that runs again.
    pub back_to: String,
    /// When, by the machine's clock.
    pub at: Clock,
    /// Why, one line.
    pub why: String,
    /// Stable code.
    pub code: String,
}

/// What became of the store, for showing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StoreCard {
    /// How it is.
    pub state: StoreState,
    /// Stable code of what broke it; empty if nothing did since the start.
    pub code: String,
    /// Numbers given so far; `None` while nobody knows.
    pub given: Option<u64>,
    /// Applications here that the county does not have yet.
    pub waiting: usize,
    /// Numbers without an application, as they stand on slips; at most [`StoreCard::MOST`].
    pub lost: Vec<String>,
    /// So many more.
    pub lost_more: usize,
    /// Name of the damaged file that was put aside; empty if there is none.
    pub aside: String,
    /// When a broken store is opened again, by the machine's clock.
    pub again_at: Option<Clock>,
}

impl StoreCard {
    /// As many numbers as a person copies down; the rest stands in the log and in `kioskctl outbox`.
    pub const MOST: usize = 8;
}

/// How the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreState {
    /// Sound, and it was so since the start.
    #[default]
    Sound,
    /// It was damaged at this start or since; what was sound in it was taken over.
    Repaired,
    /// It broke since the start, was opened again, and everything in it is sound.
    Reopened,
    /// Broken: there is no room.
    NoRoom,
    /// Broken: the disk does not read or write as it should.
    Disk,
    /// Broken: the file is damaged.
    Damaged,
    /// Broken for another reason; the code says which.
    Broken,
}
