//! When a broken store is opened again: a pause, a fresh look, and only then service.
//!
//! After an error of the disk nothing is tried a second time on the same connection. The machine is out of service, and
//! after a pause the store is asked to open its file afresh and to check it ([`StoreCommand::Reopen`]). If that fails
//! the pauses double. If it goes well the queue is read again, because the disk alone knows what became of the questions
//! under way.
//!
//! [`StoreCommand::Reopen`]: crate::domain::submission::StoreCommand::Reopen

use crate::domain::settings::Times;
use crate::domain::time::SinceStart;

/// Where the machine is on the way back to a sound store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reopening {
    step: Step,
    failures: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Step {
    /// The store is sound, or nobody knows better.
    #[default]
    Sound,
    /// Broken; it is opened again at this time.
    Waiting(SinceStart),
    /// Asked to open.
    Asked,
    /// Open, and the queue is being read.
    Reading,
}

impl Reopening {
    /// The store broke, or could not be opened again. A second word of the same break moves nothing.
    pub(super) fn broke(&mut self, now: SinceStart, times: &Times) {
        if let Step::Waiting(_) = self.step {
            return;
        }
        let doubled = times.reopen_first.saturating_mul(1_u32.checked_shl(self.failures.min(16)).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        self.step = Step::Waiting(now + doubled.min(times.reopen_cap));
    }

    /// When the store is to be opened.
    pub(super) const fn due(&self) -> Option<SinceStart> {
        match self.step {
            Step::Waiting(at) => Some(at),
            Step::Sound | Step::Asked | Step::Reading => None,
        }
    }

    /// Whether it is to be opened now; says so once.
    pub(super) fn take_due(&mut self, now: SinceStart) -> bool {
        let is_due = self.due().is_some_and(|at| at <= now);
        if is_due {
            self.step = Step::Asked;
        }
        is_due
    }

    /// It is open and sound. `false`: nobody asked.
    pub(super) fn opened(&mut self) -> bool {
        let was_asked = self.step == Step::Asked;
        if was_asked {
            self.step = Step::Reading;
        }
        was_asked
    }

    /// The queue is here. Whether it replaces the plan: after a reopening, not at the start.
    pub(super) fn read(&mut self) -> bool {
        let was_reading = self.step == Step::Reading;
        if was_reading {
            *self = Self::default();
        }
        was_reading
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_broken_store_is_opened_after_a_pause_that_doubles_up_to_a_cap() {
        let times = Times::default();
        let (mut reopening, mut now) = (Reopening::default(), Duration::from_secs(7));
        for failures in 0..10 {
            reopening.broke(now, &times);
            let pause = times.reopen_first.saturating_mul(1 << failures).min(times.reopen_cap);
            assert_eq!(reopening.due(), Some(now + pause));
            assert!(!reopening.take_due(now + pause - Duration::from_millis(1)));
            now += pause;
            assert!(reopening.take_due(now));
            assert!(!reopening.take_due(now), "it is asked once");
        }
        assert!(reopening.opened());
        assert!(reopening.read());
        reopening.broke(now, &times);
        assert_eq!(reopening.due(), Some(now + times.reopen_first), "a good opening forgets the failures");
    }

    #[test]
    fn a_second_word_of_the_same_break_moves_nothing() {
        let times = Times::default();
        let mut reopening = Reopening::default();
        reopening.broke(Duration::ZERO, &times);
        reopening.broke(Duration::from_secs(20), &times);
        assert_eq!(reopening.due(), Some(times.reopen_first));
    }

    #[test]
    fn an_opening_that_nobody_asked_for_and_the_first_queue_change_nothing() {
        let mut reopening = Reopening::default();
        assert!(!reopening.opened());
        assert!(!reopening.read());
        assert_eq!(reopening, Reopening::default());
    }
}
