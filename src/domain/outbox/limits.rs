//! When no more applications are taken: before the disk is full, and before a promise gets too old.
//!
//! A kiosk without a line goes on taking applications, for that is what it is for; but not for ever. What stops it is
//! said on the idle screen, in the log and in the status, and guides go on working. What has begun may end: the limits
//! leave room for it. What cannot be measured stops nothing.

use std::time::Duration;

use jiff::Timestamp;

/// A megabyte, as disks count.
const MB: u64 = 1_000_000;
/// A day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How much may wait here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// An application may wait so many days for the county before no more are taken.
    pub max_days_offline: u32,
    /// So many applications may wait.
    pub max_waiting: usize,
    /// So many megabytes must be free beside the database.
    pub min_free_mb: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_days_offline: 30, max_waiting: 20_000, min_free_mb: 200 }
    }
}

/// How it is with what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Applications without acknowledgement that are not set aside.
    pub waiting: usize,
    /// When the oldest of them was kept.
    pub oldest: Option<Timestamp>,
    /// The county was not reached for a day, or not yet. With a line, an old entry is a matter of that entry.
    pub is_cut_off: bool,
    /// Bytes that are free beside the database, if that is known.
    pub free: Option<u64>,
}

/// Why no more are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The oldest has waited too long for the line.
    OfflineTooLong,
    /// Too many wait.
    TooManyWaiting,
    /// The disk is nearly full.
    NoRoom,
}

impl Full {
    /// Stable code, for log and status.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OfflineTooLong => "outbox.offline-too-long",
            Self::TooManyWaiting => "outbox.too-many-waiting",
            Self::NoRoom => "outbox.no-room",
        }
    }
}

impl Limits {
    /// Whether applications may be taken; the most urgent reason if not.
    pub fn judge(&self, load: &Load, wall: Timestamp) -> Option<Full> {
        if load.free.is_some_and(|free| free < self.min_free_mb.saturating_mul(MB)) {
            return Some(Full::NoRoom);
        }
        if load.waiting >= self.max_waiting {
            return Some(Full::TooManyWaiting);
        }
        let age = load.oldest.map(|oldest| Duration::try_from(wall.duration_since(oldest)).unwrap_or_default());
        (load.is_cut_off && age? >= DAY * self.max_days_offline).then_some(Full::OfflineTooLong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + n * 86_400).expect("a real moment")
    }

    #[test]
    fn each_limit_stops_at_its_edge_and_not_before() {
        let limits = Limits { max_days_offline: 14, max_waiting: 100, min_free_mb: 200 };
        let good = Load { waiting: 99, oldest: Some(day(0)), is_cut_off: true, free: Some(200 * MB) };
        assert_eq!(limits.judge(&good, day(13)), None);
        assert_eq!(limits.judge(&good, day(14)), Some(Full::OfflineTooLong));
        assert_eq!(limits.judge(&Load { waiting: 100, ..good }, day(13)), Some(Full::TooManyWaiting));
        assert_eq!(limits.judge(&Load { free: Some(200 * MB - 1), ..good }, day(13)), Some(Full::NoRoom));
        assert_eq!(limits.judge(&Load { free: None, ..good }, day(13)), None, "what is not known stops nothing");
        assert_eq!(limits.judge(&Load { is_cut_off: false, ..good }, day(900)), None, "one bad entry closes nothing");
        assert_eq!(limits.judge(&Load { oldest: None, ..good }, day(900)), None);
        assert_eq!(limits.judge(&good, day(-900)), None, "a clock that goes back is no reason");
    }
}
