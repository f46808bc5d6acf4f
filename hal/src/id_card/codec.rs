//! Frames of the reader's serial line, both directions.
//!
//! ```text
//! request   AA AA AA 96 69 | LenH LenL | CMD PARA     | DATA … | CHK
//! reply     AA AA AA 96 69 | LenH LenL | SW1 SW2 SW3  | DATA … | CHK
//! ```
//!
//! The length is big-endian and counts everything after itself; the check byte is the XOR of everything from the
//! length to the last data byte. [`FrameParser`] takes bytes in any pieces, holds at most one longest frame and one
//! piece, and never looks for a new frame inside one that is still arriving, because photo bytes may hold the
//! preamble. After a wrong check byte or an impossible length the search goes on one byte behind the failed
//! preamble, so that a good frame behind noise is found. Time is the protocol's business: it tells the parser when
//! to give an unfinished frame up.

use zeroize::{Zeroize, Zeroizing};

/// Three bytes to synchronise, two that start the frame.
pub const PREAMBLE: [u8; 5] = [0xAA, 0xAA, 0xAA, 0x96, 0x69];

/// Smallest value of the length field: command, parameter, check byte.
pub const SHORTEST: u16 = 3;

/// Largest value of the length field that is believed. The longest real reply has 2314.
pub const LONGEST: u16 = 4096;

/// Preamble and length field.
const HEADER: usize = 7;

/// Input is looked at in pieces of this size, so that the buffer stays bounded however much arrives at once.
const PIECE: usize = 512;

/// Commands that are sent to the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// `10 FF`: reset the module.
    Reset,
    /// `11 FF`: self-test and status.
    Status,
    /// `12 FF`: the module's 16-byte number.
    ModuleNumber,
    /// `20 01`: look for a card.
    FindCard,
    /// `20 02`: select the card that was found.
    SelectCard,
    /// `30 01`: read text and photo.
    ReadCard,
    /// `30 10`: read text, photo and fingerprints. Known to the simulator; the driver never asks.
    ReadCardWithFingerprints,
    /// `30 03`: read the latest appended address.
    ReadAppendedAddress,
    /// `30 05`: read the card's management number.
    ReadManagementNumber,
}

impl Command {
    /// All commands.
    pub const ALL: [Self; 9] = [
        Self::Reset,
        Self::Status,
        Self::ModuleNumber,
        Self::FindCard,
        Self::SelectCard,
        Self::ReadCard,
        Self::ReadCardWithFingerprints,
        Self::ReadAppendedAddress,
        Self::ReadManagementNumber,
    ];

    /// CMD and PARA.
    pub const fn bytes(self) -> [u8; 2] {
        match self {
            Self::Reset => [0x10, 0xFF],
            Self::Status => [0x11, 0xFF],
            Self::ModuleNumber => [0x12, 0xFF],
            Self::FindCard => [0x20, 0x01],
            Self::SelectCard => [0x20, 0x02],
            Self::ReadCard => [0x30, 0x01],
            Self::ReadCardWithFingerprints => [0x30, 0x10],
            Self::ReadAppendedAddress => [0x30, 0x03],
            Self::ReadManagementNumber => [0x30, 0x05],
        }
    }

    /// The whole request frame.
    pub fn frame(self) -> Vec<u8> {
        encode(&self.bytes())
    }

    /// The command of a request's body; `None` for commands this table does not hold.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.bytes() == body)
    }
}

/// A reply taken apart. `Debug` does not show the data, which may be a person's.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// SW1 and SW2, the card's own status as forwarded by the module.
    pub card_status: [u8; 2],
    /// SW3, the module's status.
    pub status: u8,
    /// Everything behind the status.
    pub data: Zeroizing<Vec<u8>>,
}

impl Reply {
    /// A reply without data and with SW1 SW2 = `00 00`.
    pub fn bare(status: u8) -> Self {
        Self { card_status: [0, 0], status, data: Zeroizing::default() }
    }

    /// A reply with data and with SW1 SW2 = `00 00`.
    pub fn with_data(status: u8, data: Vec<u8>) -> Self {
        Self { card_status: [0, 0], status, data: Zeroizing::new(data) }
    }

    /// Takes a frame's body apart; `None` if it is too short for the three status bytes.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        let (status, data) = body.split_first_chunk::<3>()?;
        let [sw1, sw2, sw3] = *status;
        Some(Self { card_status: [sw1, sw2], status: sw3, data: Zeroizing::new(data.to_vec()) })
    }

    /// The whole reply frame.
    pub fn frame(&self) -> Vec<u8> {
        let [sw1, sw2] = self.card_status;
        let mut body = Zeroizing::new(vec![sw1, sw2, self.status]);
        body.extend_from_slice(&self.data);
        encode(&body)
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({:02X}, {} bytes)", self.status, self.data.len())
    }
}

/// Puts preamble, length and check byte around a body. Bodies longer than [`LONGEST`] allows are cut.
pub fn encode(body: &[u8]) -> Vec<u8> {
    let body = body.get(..usize::from(LONGEST) - 1).unwrap_or(body);
    let length = u16::try_from(body.len() + 1).unwrap_or(LONGEST).to_be_bytes();
    let mut frame = Vec::with_capacity(HEADER + body.len() + 1);
    frame.extend_from_slice(&PREAMBLE);
    frame.extend_from_slice(&length);
    frame.extend_from_slice(body);
    frame.push(check_byte(&length) ^ check_byte(body));
    frame
}

/// What the parser found.
#[derive(Clone, PartialEq, Eq)]
pub enum Found {
    /// The body of a frame with a right check byte.
    Frame(Zeroizing<Vec<u8>>),
    /// A whole frame with a wrong check byte; nothing of it is given out.
    BadChecksum,
    /// A preamble with an impossible length behind it.
    BadLength(u16),
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Frame(body) => write!(f, "Frame({} bytes)", body.len()),
            Self::BadChecksum => f.write_str("BadChecksum"),
            Self::BadLength(length) => write!(f, "BadLength({length})"),
        }
    }
}

/// Finds frames in a stream of bytes.
#[derive(Default)]
pub struct FrameParser {
    buffer: Zeroizing<Vec<u8>>,
}

impl FrameParser {
    /// An empty parser.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes in and appends what they complete to `found`.
    pub fn feed(&mut self, bytes: &[u8], found: &mut Vec<Found>) {
        for piece in bytes.chunks(PIECE) {
            self.buffer.extend_from_slice(piece);
            self.take_apart(found);
        }
    }

    /// Whether a preamble has arrived whose frame is not complete.
    pub fn is_mid_frame(&self) -> bool {
        self.buffer.starts_with(&PREAMBLE)
    }

    /// Bytes held; bounded by one longest frame and one piece.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    /// The unfinished frame will not be finished. Frames hidden in its bytes are found; the rest is thrown away.
    pub fn give_up(&mut self, found: &mut Vec<Found>) {
        while self.is_mid_frame() {
            self.drop_front(1);
            self.take_apart(found);
        }
        self.clear();
    }

    /// Throws everything away.
    pub fn clear(&mut self) {
        self.buffer.zeroize();
    }

    fn take_apart(&mut self, found: &mut Vec<Found>) {
        loop {
            self.seek_preamble();
            let Some(length) = self.length() else { return };
            if !(SHORTEST..=LONGEST).contains(&length) {
                found.push(Found::BadLength(length));
                self.drop_front(1);
                continue;
            }
            let whole = HEADER + usize::from(length);
            let Some(counted) = self.buffer.get(PREAMBLE.len()..whole) else { return };
            if check_byte(counted) == 0 {
                let body = counted.get(2..counted.len() - 1).unwrap_or_default();
                found.push(Found::Frame(Zeroizing::new(body.to_vec())));
                self.drop_front(whole);
            } else {
                found.push(Found::BadChecksum);
                self.drop_front(1);
            }
        }
    }

    /// Drops everything in front of the first preamble, or in front of what may still become one.
    fn seek_preamble(&mut self) {
        let whole = self.buffer.windows(PREAMBLE.len()).position(|window| window == PREAMBLE);
        let start = whole.unwrap_or_else(|| {
            let tail = self.buffer.len().saturating_sub(PREAMBLE.len() - 1);
            (tail..self.buffer.len())
                .find(|&at| self.buffer.get(at..).is_some_and(|rest| PREAMBLE.starts_with(rest)))
                .unwrap_or(self.buffer.len())
        });
        self.drop_front(start);
    }

    fn length(&self) -> Option<u16> {
        let bytes = self.buffer.get(PREAMBLE.len()..HEADER)?;
        Some(u16::from_be_bytes(bytes.try_into().ok()?))
    }

    fn drop_front(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        if count >= self.buffer.len() {
            // Wipes the whole capacity: a card's text has been in it.
            self.buffer.zeroize();
        } else {
            self.buffer.drain(..count);
        }
    }
}

impl std::fmt::Debug for FrameParser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FrameParser({} bytes held)", self.buffer.len())
    }
}

/// The module's number as it is printed: `05.01-20070101-000000042-000000007`.
///
/// Sixteen bytes, little-endian: u16 major, u16 maker, u32 date, u32 serial, u32 random part. `None` for another
/// length.
pub fn module_number(data: &[u8]) -> Option<String> {
    let data: &[u8; 16] = data.try_into().ok()?;
    let [a0, a1, b0, b1, rest @ ..] = *data;
    let [d0, d1, d2, d3, s0, s1, s2, s3, r0, r1, r2, r3] = rest;
    let major = u16::from_le_bytes([a0, a1]);
    let maker = u16::from_le_bytes([b0, b1]);
    let date = u32::from_le_bytes([d0, d1, d2, d3]);
    let serial = u32::from_le_bytes([s0, s1, s2, s3]);
    let random = u32::from_le_bytes([r0, r1, r2, r3]);
    Some(format!("{major:02}.{maker:02}-{date:08}-{serial:09}-{random:09}"))
}

fn check_byte(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}
