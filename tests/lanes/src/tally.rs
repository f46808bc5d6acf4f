//! How much was tried, how much was bad, and how fast: the closing line of every lane.

use std::fmt;
use std::time::{Duration, Instant};

/// What a lane found. Its text is the closing line.
#[derive(Debug, Clone)]
pub struct Tally {
    /// How many times something was tried; the lane says what one try is.
    pub tried: u64,
    /// How many of them broke a promise.
    pub bad: u64,
    /// The seed that repeats the run.
    pub seed: u64,
    /// How long it took. It informs and is never judged.
    pub took: Duration,
    /// The first broken promises in words, with the seed or place that repeats each.
    pub findings: Vec<String>,
}

impl Tally {
    /// Findings that are kept in words; the rest is only counted.
    const TOLD: usize = 20;

    /// Nothing tried yet.
    pub const fn new(seed: u64) -> Self {
        Self { tried: 0, bad: 0, seed, took: Duration::ZERO, findings: Vec::new() }
    }

    /// Takes in one try.
    pub fn note(&mut self, result: Result<(), String>) {
        self.tried += 1;
        if let Err(finding) = result {
            self.bad += 1;
            if self.findings.len() < Self::TOLD {
                self.findings.push(finding);
            }
        }
    }

    /// Takes in another part of the same lane.
    pub fn add(&mut self, other: Self) {
        self.tried += other.tried;
        self.bad += other.bad;
        self.findings.extend(other.findings);
        self.findings.truncate(Self::TOLD);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.tried as f64 / self.took.as_secs_f64().max(0.001);
        write!(f, "tried {}, bad {}, seed {}, rate {rate:.0}/s", self.tried, self.bad, self.seed)
    }
}

/// The one clock of this package. It measures lanes and decides nothing.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[expect(clippy::disallowed_methods, reason = "the rate of a lane is told to people; nothing is decided by it")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn took(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_says_how_many_how_bad_which_seed_and_how_fast() {
        let mut tally = Tally::new(7);
        tally.note(Ok(()));
        tally.note(Err("lost number 3".to_owned()));
        tally.took = Duration::from_millis(500);
        assert_eq!(tally.to_string(), "tried 2, bad 1, seed 7, rate 4/s");
        assert_eq!(tally.findings, ["lost number 3"]);
    }

    #[test]
    fn findings_in_words_are_bounded_and_all_are_counted() {
        let mut tally = Tally::new(7);
        (0..1_000).for_each(|n| tally.note(Err(n.to_string())));
        let mut sum = Tally::new(7);
        sum.add(tally.clone());
        sum.add(tally);
        assert_eq!((sum.tried, sum.bad, sum.findings.len()), (2_000, 2_000, Tally::TOLD));
    }
}
