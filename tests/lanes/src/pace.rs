//! How long a lane runs, and on how many threads.
//!
//! A lane is a row of rounds, each with a number and nothing in common with the others, so threads take them in turn. A
//! round is never cut short: a lane tries at least as much, and works at least as long, as it was told. What a round does
//! comes from the seed and its number alone, whoever carries it out and however fast.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::chance::Chance;
use crate::tally::{Stopwatch, Tally};

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// At least so many tries.
    pub count: u64,
    /// And at least so long.
    pub at_least: Duration,
    /// Rounds at the same time.
    pub threads: u64,
}

impl Pace {
    /// So many tries on one thread, however long they take.
    pub const fn of(count: u64) -> Self {
        Self { count, at_least: Duration::ZERO, threads: 1 }
    }

    /// Carries out rounds, numbered from 0, until it is enough.
    pub fn run(self, seed: u64, round: impl Fn(u64, &mut Tally) + Sync) -> Tally {
        self.until(seed, |_, tried| tried >= self.count, round)
    }

    /// The same, where `count` is the number of rounds.
    pub fn run_rounds(self, seed: u64, round: impl Fn(u64, &mut Tally) + Sync) -> Tally {
        self.until(seed, |next, _| next >= self.count, round)
    }

    fn until(
        self,
        seed: u64,
        is_enough: impl Fn(u64, u64) -> bool + Sync,
        round: impl Fn(u64, &mut Tally) + Sync,
    ) -> Tally {
        let stopwatch = Stopwatch::start();
        let sum = Mutex::new((0, Tally::new(seed)));
        let next = || {
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            let number = sum.0;
            let goes_on = !is_enough(number, sum.1.tried) || stopwatch.took() < self.at_least;
            sum.0 += u64::from(goes_on);
            goes_on.then_some(number)
        };
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    while let Some(number) = next() {
                        let mut part = Tally::new(seed);
                        round(number, &mut part);
                        sum.lock().unwrap_or_else(PoisonError::into_inner).1.add(part);
                    }
                });
            }
        });
        sum.into_inner().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// The seed of a round.
pub const fn seed_of(seed: u64, round: u64) -> u64 {
    Chance::new(seed ^ Chance::new(round).bits()).bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_is_carried_out_once_and_at_least_as_many_as_asked_for() {
        for threads in [1, 3] {
            let seen = Mutex::new(Vec::new());
            let pace = Pace { threads, ..Pace::of(100) };
            let tally = pace.run(7, |number, tally| {
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(number);
                (0..10).for_each(|_| tally.note(Ok(())));
            });
            let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
            seen.sort_unstable();
            assert!((100..=120).contains(&tally.tried), "{tally}");
            assert!(seen.iter().copied().eq(0..tally.tried / 10), "{seen:?}");
        }
    }

    #[test]
    fn a_lane_works_at_least_as_long_as_it_is_told() {
        let at_least = Duration::from_millis(30);
        let stopwatch = Stopwatch::start();
        let tally = Pace { at_least, ..Pace::of(1) }.run_rounds(7, |_, tally| tally.note(Ok(())));
        assert!(stopwatch.took() >= at_least && tally.tried > 1, "{tally}");
    }
}
