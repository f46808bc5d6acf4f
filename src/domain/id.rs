//! Identifiers. Each is a type of its own, so that they cannot be mixed up.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Identity of one application for life (`clientSubmissionId`): made on the kiosk before the first call, used as the
/// key of every retry, never made a second time for the same application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubmissionId(pub Uuid);

impl SubmissionId {
    /// Makes a UUIDv7 from a wall-clock time and ten bytes of chance.
    pub fn from_parts(unix_millis: u64, chance: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_millis, &chance).into_uuid())
    }

    /// The 13 characters that say when it was made, as in `0196214d-3d40`. Holds none of the chance.
    pub fn time_part(&self) -> String {
        self.to_string().chars().take(13).collect()
    }
}

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// Number of a kept application on this kiosk: 1, 2, 3 … without gaps. A gap names a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

/// One visit of one person, counted since the program started. Late results carry the number of a finished visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VisitNo(pub u64);

/// Id of an item in the catalogue (`itemId`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ItemId(pub String);
