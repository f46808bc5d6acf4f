//! What happened, line by line: hashed always, kept on demand. Two runs of a seed must have the same hash.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// The story of one run.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    lines: Option<Vec<String>>,
    line: String,
}

impl Trace {
    /// An empty story; `keeps` also keeps its lines.
    pub fn new(keeps: bool) -> Self {
        // Offset basis of FNV-1a, 64 bit.
        Self { hash: 0xcbf2_9ce4_8422_2325, lines: keeps.then(Vec::new), line: String::new() }
    }

    /// Adds what happened at a time.
    pub fn note(&mut self, at: Duration, what: fmt::Arguments<'_>) {
        self.line.clear();
        // Writing to a string cannot fail.
        write!(self.line, "{:>11}.{:03} {what}", at.as_secs(), at.subsec_millis()).ok();
        for byte in self.line.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(lines) = &mut self.lines {
            lines.push(self.line.clone());
        }
    }

    /// Hash of everything so far.
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The lines, if they were kept.
    pub fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}
