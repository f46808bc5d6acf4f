//! The platform's clock: the only place that reads one.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

/// What the platform's wall clock shows, given how wrong it is told to be.
#[expect(clippy::disallowed_methods, reason = "the one clock of the stand-in")]
pub fn now(wrong_by_seconds: i64) -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second().saturating_add(wrong_by_seconds)).unwrap_or(now)
}

/// The day in China, where the platform works and counts its case numbers.
pub fn day(at: Timestamp) -> Date {
    local(at).date()
}

/// Date and time in China.
pub fn local(at: Timestamp) -> DateTime {
    TimeZone::fixed(Offset::constant(8)).to_datetime(at)
}
