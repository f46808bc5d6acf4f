//! When: the hours of a window, and where in it this kiosk has its turn.
//!
//! Hours are those of the place. A clock that cannot be true (older than the program's own release) opens no window: a
//! machine that has lost its time waits for the line to bring it, or for a technician with a stick, who needs no window.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::time::local;

/// Earlier than this no clock is true: the year this program was first released.
const FIRST_RELEASE: Timestamp = Timestamp::constant(1_767_225_600, 0);

const DAY: u32 = 24 * 60;

/// Hours of the day in which the machine may fetch and restart, in minutes of the local day. `to` before `from` passes
/// midnight; both equal is the whole day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: u32,
    to: u32,
}

impl Window {
    /// Reads `02:00-05:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let minutes = |text: &str| {
            let (hours, minutes) = text.trim().split_once(':')?;
            let both_digits = hours.len() == 2 && minutes.len() == 2;
            let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
            (both_digits && hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
        };
        let (from, to) = text.split_once('-')?;
        Some(Self { from: minutes(from)?, to: minutes(to)? })
    }

    /// How long the window is open each day.
    pub fn length(&self) -> Duration {
        let minutes = (self.to + DAY - self.from) % DAY;
        Duration::from_secs(u64::from(if minutes == 0 { DAY } else { minutes }) * 60)
    }

    /// Whether it is open now for a kiosk whose turn comes `offset` after the opening.
    pub fn is_open(&self, wall: Timestamp, offset: Duration) -> bool {
        if wall < FIRST_RELEASE {
            return false;
        }
        let local = local(wall);
        let now = u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs());
        let since_opening = Duration::from_secs(u64::from((now + DAY - self.from) % DAY) * 60);
        since_opening < self.length() && since_opening >= offset
    }
}

/// Where this kiosk has its turn within `spread`: always the same place for one kiosk, and kiosks lie far apart, so that a
/// county's machines do not fetch together. Never so late that less than half of the window is left.
pub fn offset(kiosk: &str, spread: Duration, window: Window) -> Duration {
    // FNV-1a: stable over versions and machines, which the standard library's hashes do not promise.
    let hash = kiosk
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let most = spread.min(window.length() / 2).as_secs();
    // The low bits of this hash follow the last byte; the high ones are mixed.
    Duration::from_secs(if most == 0 { 0 } else { (hash >> 20) % most })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use super::*;

    fn at(local: &str) -> Timestamp {
        format!("2026-11-24T{local}:00+08:00").parse().unwrap()
    }

    #[test]
    fn a_window_is_open_in_its_hours_also_over_midnight() {
        let night = Window::parse("02:00-05:00").unwrap();
        let late = Window::parse("23:00-01:30").unwrap();
        let none = Duration::ZERO;
        for (time, in_night, in_late) in [
            ("01:59", false, false),
            ("02:00", true, false),
            ("04:59", true, false),
            ("05:00", false, false),
            ("23:00", false, true),
            ("00:30", false, true),
            ("01:30", false, false),
        ] {
            assert_eq!(night.is_open(at(time), none), in_night, "{time}");
            assert_eq!(late.is_open(at(time), none), in_late, "{time}");
        }
        assert!(Window::parse("00:00-00:00").unwrap().is_open(at("13:13"), none), "the whole day");
    }

    #[test]
    fn a_kiosk_waits_for_its_turn() {
        let night = Window::parse("02:00-05:00").unwrap();
        let hour = Duration::from_secs(3_600);
        assert!(!night.is_open(at("02:59"), hour));
        assert!(night.is_open(at("03:00"), hour));
    }

    #[test]
    fn a_clock_that_cannot_be_true_opens_no_window() {
        let always = Window::parse("00:00-00:00").unwrap();
        assert!(!always.is_open("1970-01-01T03:00:00Z".parse().unwrap(), Duration::ZERO));
    }

    #[test]
    fn forty_kiosks_are_spread_and_each_keeps_its_place() {
        let night = Window::parse("02:00-05:00").unwrap();
        let spread = Duration::from_secs(3_600);
        let turns: Vec<u64> = (1..=40).map(|n| offset(&format!("K{n:03}"), spread, night).as_secs() / 60).collect();
        let crowd = (0..60).map(|minute| turns.iter().filter(|turn| **turn == minute).count()).max();
        assert!(crowd <= Some(5), "{crowd:?} of forty in one minute: {turns:?}");
        assert!(turns.iter().all(|turn| *turn < 60));
        assert_eq!(offset("K001", spread, night), offset("K001", spread, night));
        let most = offset("K001", Duration::from_secs(86_400), night);
        assert!(most < Duration::from_secs(5_400), "half of the window is left");
    }

    #[test]
    fn nonsense_is_no_window() {
        for text in ["", "2-5", "02:00", "25:00-26:00", "02:60-03:00", "2:00-5:00"] {
            assert_eq!(Window::parse(text), None, "{text}");
        }
    }
}
