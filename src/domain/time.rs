//! Time as an argument. The core reads no clock.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Time since the engine started; deadlines are kept in it. Not touched by a change of the wall clock.
pub type SinceStart = Duration;

/// What one turn of the loop knows about the world: when it is, and what chance gave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Now {
    /// For deadlines.
    pub since_start: SinceStart,
    /// For records. May be wrong after power-on: never used for order.
    pub wall: Timestamp,
    /// Fresh chance of this turn: for a new id and for jitter.
    pub chance: [u8; 16],
}

impl Now {
    /// A fraction in `0.0..1.0` from the turn's chance, for jitter.
    pub fn fraction(&self) -> f64 {
        let [.., a, b, c, d] = self.chance;
        f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
    }
}
