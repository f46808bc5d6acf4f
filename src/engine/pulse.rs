//! Whether the parts of the engine go on turning: the question behind every feeding of the watchdog.
//!
//! The loop itself asks, at a fixed beat, so a loop that hangs asks no more and feeds nothing. Each part (the store's
//! thread, each device's thread, and in `kiosk run` the window) has a count that grows while it lives and a limit for
//! how long it may stand still. Pure: time and counts are arguments.

use std::time::Duration;

use crate::domain::time::SinceStart;

/// The store may stand still for so long: a card that cleans itself up can hold a sync for many seconds.
pub const STORE_SILENCE: Duration = Duration::from_secs(30);

/// A device may stand still for so long: one long raster to a slow printer that pauses is a single write.
pub const DEVICE_SILENCE: Duration = Duration::from_secs(240);

/// What is seen of a part at one beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Which part.
    pub name: &'static str,
    /// How long it may stand still.
    pub limit: Duration,
    /// Its turns so far; `None` when it has ended.
    pub turns: Option<u64>,
    /// It must have turned once before the program counts as ready.
    pub must_begin: bool,
}

/// How the parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// All go on, but one that must begin has not begun yet: not ready, and not hanging either.
    Beginning,
    /// All go on.
    Well,
    /// This part has stood still for longer than it may, or has ended.
    Still(&'static str),
}

#[derive(Debug)]
struct Part {
    name: &'static str,
    turns: u64,
    moved: SinceStart,
}

/// Remembers when each part last moved.
#[derive(Debug, Default)]
pub struct Pulse {
    parts: Vec<Part>,
}

impl Pulse {
    /// Takes what is seen now and says how the parts are.
    pub fn take(&mut self, now: SinceStart, seen: &[Seen]) -> Life {
        let mut life = Life::Well;
        for part in seen {
            let Some(turns) = part.turns else { return Life::Still(part.name) };
            if now.saturating_sub(self.last_move(now, part.name, turns)) > part.limit {
                return Life::Still(part.name);
            }
            if part.must_begin && turns == 0 {
                life = Life::Beginning;
            }
        }
        life
    }

    fn last_move(&mut self, now: SinceStart, name: &'static str, turns: u64) -> SinceStart {
        match self.parts.iter_mut().find(|part| part.name == name) {
            Some(part) => {
                if part.turns != turns {
                    (part.turns, part.moved) = (turns, now);
                }
                part.moved
            }
            None => {
                self.parts.push(Part { name, turns, moved: now });
                now
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    fn store(turns: u64) -> Seen {
        Seen { name: "store", limit: LIMIT, turns: Some(turns), must_begin: false }
    }

    fn at(seconds: u64) -> SinceStart {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_part_that_goes_on_is_well_however_long_it_takes() {
        let mut pulse = Pulse::default();
        for turn in 0..100 {
            assert_eq!(pulse.take(at(turn * 20), &[store(turn)]), Life::Well);
        }
    }

    #[test]
    fn a_part_that_stands_still_past_its_limit_is_named_and_recovers() {
        let mut pulse = Pulse::default();
        pulse.take(at(0), &[store(1)]);
        assert_eq!(pulse.take(at(30), &[store(1)]), Life::Well);
        assert_eq!(pulse.take(at(31), &[store(1)]), Life::Still("store"));
        assert_eq!(pulse.take(at(32), &[store(2)]), Life::Well);
    }

    #[test]
    fn a_thread_that_has_ended_is_named_at_once() {
        let printer = Seen { name: "printer", limit: LIMIT, turns: None, must_begin: false };
        assert_eq!(Pulse::default().take(at(0), &[store(1), printer]), Life::Still("printer"));
    }

    #[test]
    fn a_window_without_a_frame_is_beginning_and_then_still() {
        let window = Seen { name: "window", limit: LIMIT, turns: Some(0), must_begin: true };
        let mut pulse = Pulse::default();
        assert_eq!(pulse.take(at(0), &[window]), Life::Beginning);
        assert_eq!(pulse.take(at(31), &[window]), Life::Still("window"));
        assert_eq!(pulse.take(at(32), &[Seen { turns: Some(1), ..window }]), Life::Well);
    }
}
