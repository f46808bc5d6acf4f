//! The only place of the program that reads a clock or draws chance.

use std::time::Instant;

use jiff::Timestamp;

use crate::domain::time::Now;

/// Clock and chance of one engine.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting.
    #[expect(clippy::disallowed_methods, reason = "the one clock of the program")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Freezes the moment for one turn of the loop.
    ///
    /// # Panics
    /// If the operating system gives no random numbers: without them no id would be unique, and nothing may be
    /// promised. The unit restarts.
    #[expect(clippy::disallowed_methods, reason = "the one clock of the program, and its chance")]
    pub fn now(&self) -> Now {
        let mut chance = [0; 16];
        getrandom::fill(&mut chance).expect("the kernel gives random numbers");
        Now { since_start: self.start.elapsed(), wall: Timestamp::now(), chance }
    }

    /// Time since the start.
    pub fn since_start(&self) -> std::time::Duration {
        self.start.elapsed()
    }

    /// The instant of the runtime's timer that stands for a time since the start.
    pub fn instant(&self, since_start: std::time::Duration) -> Instant {
        self.start + since_start
    }
}

/// The wall clock, for those who need the moment outside of a turn of the loop (signatures of the county client).
#[expect(clippy::disallowed_methods, reason = "the one clock of the program")]
pub fn wall_clock() -> Timestamp {
    Timestamp::now()
}

/// 32 bytes of chance for those who need some outside of a turn of the loop (the seal). `None` if the system gives none.
#[expect(clippy::disallowed_methods, reason = "the one chance of the program")]
pub fn fresh_chance() -> Option<[u8; 32]> {
    let mut chance = [0; 32];
    getrandom::fill(&mut chance).ok().map(|()| chance)
}
