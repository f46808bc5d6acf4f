//! The line as the outbox sees it: while calls fail as a whole, the kiosk knocks now and then, not once per entry.
//!
//! Thousands of kiosks with a score of entries each would otherwise keep a platform busy with refusals that has just
//! come back. One call that was answered opens the gate at once.

use std::time::Duration;

use super::backoff::Backoff;
use crate::domain::time::{Now, SinceStart};

/// What the last calls say about the line.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Gate {
    /// Calls that failed as a whole since the last one that was answered.
    attempt: u32,
    /// Nothing old is sent before.
    shut_until: Option<SinceStart>,
    /// Nothing at all is sent before: the platform asked for it, or does not know this kiosk.
    barred_until: Option<SinceStart>,
    /// Calls that were answered.
    proofs: u64,
}

impl Gate {
    /// Whether nothing at all may be sent.
    pub fn is_barred(&self, now: SinceStart) -> bool {
        self.barred_until.is_some_and(|until| now < until)
    }

    /// Whether only entries that pass the gate may be sent.
    pub fn is_shut(&self, now: SinceStart) -> bool {
        self.shut_until.is_some_and(|until| now < until)
    }

    /// The earliest time for an entry that is due at `due`.
    pub fn earliest(&self, due: SinceStart, passes: bool) -> SinceStart {
        let shut = if passes { None } else { self.shut_until };
        due.max(shut.unwrap_or_default()).max(self.barred_until.unwrap_or_default())
    }

    /// How often the line has been proven good.
    pub fn proofs(&self) -> u64 {
        self.proofs
    }

    /// A call was answered.
    pub fn open(&mut self) {
        *self = Self { proofs: self.proofs + 1, ..Self::default() };
    }

    /// A call failed as a whole. Returns the wait.
    pub fn shut(&mut self, backoff: &Backoff, now: &Now, asked: Option<Duration>) -> Duration {
        let wait = backoff.wait(self.attempt, now.fraction(), asked, false);
        // A call out of turn, made for somebody who waits, says nothing new while the gate is shut.
        if !self.is_shut(now.since_start) {
            self.attempt = self.attempt.saturating_add(1);
            self.shut_until = Some(now.since_start + wait);
        }
        if asked.is_some() {
            self.bar(now.since_start + wait);
        }
        wait
    }

    /// Nothing at all is sent before `until`.
    pub fn bar(&mut self, until: SinceStart) {
        self.barred_until = Some(self.barred_until.unwrap_or_default().max(until));
    }
}
