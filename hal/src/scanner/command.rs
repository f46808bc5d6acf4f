//! Commands of scanner modules.
//!
//! Newland and Sunmi-type modules share one syntax, in which a module repeats the command and puts a status byte
//! behind each setting:
//!
//! ```text
//! host    7E 01 "0000" | "#" or "@" | TAG SUB data        | 3B 03
//! module  02 01 "0000" | "#" or "@" | TAG SUB data status | 3B 03
//! ```
//!
//! `#` lasts until power-off and is the only one the driver uses: a module must not wear its flash, and a foreign
//! setting must not survive us. Of the other makers only the trigger is here.

/// Start of a Newland command.
pub const HOST_PREFIX: [u8; 6] = [0x7E, 0x01, b'0', b'0', b'0', b'0'];

/// Start of a Newland reply.
pub const REPLY_PREFIX: [u8; 6] = [0x02, 0x01, b'0', b'0', b'0', b'0'];

/// End of a Newland command and of a reply.
pub const SUFFIX: [u8; 2] = [0x3B, 0x03];

/// Honeywell: start reading. Needs trigger mode TRGMOD0.
pub const HONEYWELL_TRIGGER: [u8; 3] = [0x16, 0x54, 0x0D];

/// Honeywell: stop reading.
pub const HONEYWELL_UNTRIGGER: [u8; 3] = [0x16, 0x55, 0x0D];

/// Grow GM65: write 1 to zone 0002; the last two bytes mean "do not check".
pub const GM65_TRIGGER: [u8; 9] = [0x7E, 0x00, 0x08, 0x01, 0x00, 0x02, 0x01, 0xAB, 0xCD];

/// Symbol SSI: start decoding.
pub const SSI_TRIGGER: [u8; 6] = [0x04, 0xE4, 0x04, 0x00, 0xFF, 0x14];

/// How long a setting lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// Until power-off (`#`).
    Volatile,
    /// In the module's flash (`@`).
    Permanent,
}

impl Store {
    /// The character of the syntax.
    pub const fn mark(self) -> u8 {
        match self {
            Self::Volatile => b'#',
            Self::Permanent => b'@',
        }
    }
}

/// What a module says to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// ACK, 06.
    Accepted,
    /// NAK, 15: the value is out of range.
    OutOfRange,
    /// ENQ, 05: the tag is unknown.
    UnknownTag,
}

impl Outcome {
    /// The status byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Accepted => 0x06,
            Self::OutOfRange => 0x15,
            Self::UnknownTag => 0x05,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            0x06 => Some(Self::Accepted),
            0x15 => Some(Self::OutOfRange),
            0x05 => Some(Self::UnknownTag),
            _ => None,
        }
    }
}

/// A module's reply to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandReply {
    /// The setting as the module repeats it; with a query, the star is replaced by the value.
    pub setting: String,
    /// How it was taken. Of several settings in one frame, the first that was not accepted.
    pub outcome: Outcome,
}

impl CommandReply {
    /// Reads what stands between [`REPLY_PREFIX`] and [`SUFFIX`]; `None` if it is not a reply.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        let (mark, settings) = body.split_first()?;
        if *mark != Store::Volatile.mark() && *mark != Store::Permanent.mark() {
            return None;
        }
        let is_status = |byte: &u8| Outcome::of(*byte).is_some();
        let statuses = settings.iter().copied().filter_map(Outcome::of);
        let worst = statuses.clone().find(|outcome| *outcome != Outcome::Accepted);
        let outcome = worst.or_else(|| statuses.clone().next())?;
        let setting = settings.iter().filter(|byte| !is_status(byte) && byte.is_ascii_graphic());
        Some(Self { setting: setting.map(|byte| char::from(*byte)).collect(), outcome })
    }

    /// The reply frame.
    pub fn frame(&self, store: Store) -> Vec<u8> {
        let setting = self.setting.as_bytes();
        [&REPLY_PREFIX, [store.mark()].as_slice(), setting, &[self.outcome.byte()], &SUFFIX].concat()
    }
}

/// The command frame for a setting such as `SCNTRG1`.
pub fn newland(setting: &str, store: Store) -> Vec<u8> {
    [&HOST_PREFIX, [store.mark()].as_slice(), setting.as_bytes(), &SUFFIX].concat()
}

/// A Honeywell menu command; `.` stores, `!` does not.
pub fn honeywell(setting: &str, store: Store) -> Vec<u8> {
    let end = match store {
        Store::Volatile => b'!',
        Store::Permanent => b'.',
    };
    [&[0x16, 0x4D, 0x0D], setting.as_bytes(), &[end]].concat()
}
