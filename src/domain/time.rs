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

/// Offset of local time: Beijing time, UTC+8 without summer time, everywhere this machine stands.
const LOCAL_OFFSET: jiff::tz::Offset = jiff::tz::offset(8);

/// Local date and time of a moment.
pub fn local(wall: Timestamp) -> jiff::civil::DateTime {
    LOCAL_OFFSET.to_datetime(wall)
}

/// Local date of a moment.
pub fn local_date(wall: Timestamp) -> jiff::civil::Date {
    local(wall).date()
}

/// Local time for showing.
pub fn clock(wall: Timestamp) -> crate::ipc::Clock {
    let local = local(wall);
    crate::ipc::Clock {
        year: local.year(),
        month: local.month().unsigned_abs(),
        day: local.day().unsigned_abs(),
        weekday: local.weekday().to_monday_one_offset().unsigned_abs(),
        hour: local.hour().unsigned_abs(),
        minute: local.minute().unsigned_abs(),
    }
}

/// A calendar day for showing.
pub fn day(date: jiff::civil::Date) -> crate::ipc::Day {
    crate::ipc::Day { year: date.year(), month: date.month().unsigned_abs(), day: date.day().unsigned_abs() }
}
