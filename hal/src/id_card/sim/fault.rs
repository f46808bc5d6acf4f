//! What can be wrong with a simulated reader, by name.

use std::str::FromStr;

/// Something that is wrong with the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No answer at all.
    NoAnswer,
    /// The module's line runs at 9600 baud.
    WrongSpeed,
    /// `AA 00` in front of each reply, and a fourth `AA` before its preamble.
    StrayBytes,
    /// The check byte of each reply is wrong.
    BadChecksum,
    /// Replies end early: after 700 bytes, short ones in the middle.
    Truncated,
    /// Reading the card fails (41).
    ReadFails,
    /// The card moves between find and select (81).
    MoveCard,
    /// The card rejects the module (31).
    Rejected,
    /// The card is of another kind (40).
    Unsupported,
    /// The module's self-test failed (60).
    SelfTest,
    /// The module is not authorised (66).
    Unauthorised,
    /// The module sees wrong check bytes (10).
    LinkError,
    /// Answers come late, but in time.
    Slow,
    /// Answers come when nobody waits for them any more.
    Late,
    /// Noise in place of each reply.
    Garbage,
    /// A notice that is no frame in place of the answer to 20 01.
    ModuleNotice,
    /// The card's data says that text and photo are empty.
    BadLengths,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 17] = [
        Self::NoAnswer,
        Self::WrongSpeed,
        Self::StrayBytes,
        Self::BadChecksum,
        Self::Truncated,
        Self::ReadFails,
        Self::MoveCard,
        Self::Rejected,
        Self::Unsupported,
        Self::SelfTest,
        Self::Unauthorised,
        Self::LinkError,
        Self::Slow,
        Self::Late,
        Self::Garbage,
        Self::ModuleNotice,
        Self::BadLengths,
    ];

    /// The name used in scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAnswer => "no-answer",
            Self::WrongSpeed => "wrong-speed",
            Self::StrayBytes => "stray-bytes",
            Self::BadChecksum => "bad-checksum",
            Self::Truncated => "truncated",
            Self::ReadFails => "read-fails",
            Self::MoveCard => "move-card",
            Self::Rejected => "rejected",
            Self::Unsupported => "unsupported",
            Self::SelfTest => "self-test",
            Self::Unauthorised => "unauthorised",
            Self::LinkError => "link-error",
            Self::Slow => "slow",
            Self::Late => "late",
            Self::Garbage => "garbage",
            Self::ModuleNotice => "module-notice",
            Self::BadLengths => "bad-lengths",
        }
    }
}

/// There is no fault of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the reader has no fault named {0:?}")]
pub struct UnknownFault(pub String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == name).ok_or_else(|| UnknownFault(name.to_owned()))
    }
}
