//! Codes and command replies in a scanner's stream.
//!
//! A code ends with CR, LF or both; with a silence, which the protocol reports through
//! [`StreamParser::end_of_burst`]; or with ETX if it began with STX, and only such a code may hold line ends.
//! Empty codes are dropped. A reply to a command is told by its six-byte beginning, wherever it comes, and does not
//! disturb a code it interrupts. Memory is bounded: a code over 4096 bytes is thrown away as a whole.

use encoding_rs::GB18030;

use super::command::{CommandReply, REPLY_PREFIX, SUFFIX};
use crate::model::ScannedCode;

/// Longest code. A QR code holds at most 2953 bytes.
pub const LONGEST_CODE: usize = 4096;

/// Longest reply to a command.
const LONGEST_REPLY: usize = 256;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const CR: u8 = 0x0D;
const LF: u8 = 0x0A;

/// What the parser found.
#[derive(Clone, PartialEq, Eq)]
pub enum Scanned {
    /// A code that ended as it should.
    Code(Vec<u8>),
    /// A code that ended with silence only.
    CodeWithoutSuffix(Vec<u8>),
    /// A code over [`LONGEST_CODE`] bytes; it is gone.
    TooLong,
    /// A reply to a command.
    Reply(CommandReply),
}

impl std::fmt::Debug for Scanned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(bytes) => write!(f, "Code({} bytes)", bytes.len()),
            Self::CodeWithoutSuffix(bytes) => write!(f, "CodeWithoutSuffix({} bytes)", bytes.len()),
            Self::TooLong => f.write_str("TooLong"),
            Self::Reply(reply) => write!(f, "{reply:?}"),
        }
    }
}

/// Cuts a stream of bytes into codes and replies.
#[derive(Default)]
pub struct StreamParser {
    code: Vec<u8>,
    /// The reply that is arriving, without its beginning.
    reply: Option<Vec<u8>>,
    /// The code was too long: everything up to its end is dropped.
    overflowed: bool,
}

impl StreamParser {
    /// An empty parser.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes in and appends what they complete to `scanned`.
    pub fn feed(&mut self, bytes: &[u8], scanned: &mut Vec<Scanned>) {
        for byte in bytes {
            if self.reply.is_some() {
                self.feed_reply(*byte, scanned);
            } else {
                self.feed_code(*byte, scanned);
            }
        }
    }

    /// Whether something has begun that has not ended.
    pub fn is_pending(&self) -> bool {
        !self.code.is_empty() || self.reply.is_some() || self.overflowed
    }

    /// Whether a code has begun that has not ended.
    pub fn is_mid_code(&self) -> bool {
        !self.code.is_empty() || self.overflowed
    }

    /// Bytes held; bounded by a longest code and a longest reply.
    pub fn held(&self) -> usize {
        self.code.len() + self.reply.as_ref().map_or(0, Vec::len)
    }

    /// The scanner has been silent for long enough: what has begun has ended.
    pub fn end_of_burst(&mut self, scanned: &mut Vec<Scanned>) {
        self.reply = None;
        self.overflowed = false;
        let code = std::mem::take(&mut self.code);
        let code = code.strip_prefix(&[STX]).map(<[u8]>::to_vec).unwrap_or(code);
        if !code.is_empty() {
            scanned.push(Scanned::CodeWithoutSuffix(code));
        }
    }

    /// Forgets everything that has begun.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn feed_reply(&mut self, byte: u8, scanned: &mut Vec<Scanned>) {
        let Some(reply) = &mut self.reply else { return };
        reply.push(byte);
        if let Some(body) = reply.strip_suffix(&SUFFIX) {
            scanned.extend(CommandReply::of_body(body).map(Scanned::Reply));
            self.reply = None;
        } else if reply.len() >= LONGEST_REPLY {
            self.reply = None;
        }
    }

    fn feed_code(&mut self, byte: u8, scanned: &mut Vec<Scanned>) {
        let framed = self.code.first() == Some(&STX);
        match byte {
            ETX if framed => self.end_code(1, scanned),
            CR | LF if !framed => self.end_code(0, scanned),
            _ if self.overflowed => {}
            _ => {
                self.code.push(byte);
                if let Some(before) = self.code.strip_suffix(&REPLY_PREFIX) {
                    let length = before.len();
                    self.code.truncate(length);
                    self.reply = Some(Vec::new());
                } else if self.code.len() > LONGEST_CODE {
                    self.code.clear();
                    self.overflowed = true;
                    scanned.push(Scanned::TooLong);
                }
            }
        }
    }

    fn end_code(&mut self, skip: usize, scanned: &mut Vec<Scanned>) {
        self.overflowed = false;
        let mut code = std::mem::take(&mut self.code);
        code.drain(..skip.min(code.len()));
        if !code.is_empty() {
            scanned.push(Scanned::Code(code));
        }
    }
}

impl std::fmt::Debug for StreamParser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StreamParser({} bytes held)", self.held())
    }
}

/// A whole code as text: UTF-8 if it is valid, else GB 18030, else the bytes.
pub fn decode(bytes: Vec<u8>) -> ScannedCode {
    let text = String::from_utf8(bytes).or_else(|error| {
        let bytes = error.into_bytes();
        match GB18030.decode_without_bom_handling_and_without_replacement(&bytes) {
            Some(text) => Ok(text.into_owned()),
            None => Err(bytes),
        }
    });
    ScannedCode { text }
}
