//! How long a wait is: jitter below a doubled and capped bound. Pure; the fraction comes in from outside.

use std::time::Duration;

/// How sending is retried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// Upper bound of the first wait; doubles with each attempt.
    pub first: Duration,
    /// No wait is longer than this, unless the county asks for it.
    pub cap: Duration,
    /// No wait is longer than this while the resident stands there and waits for the number.
    pub cap_while_waiting: Duration,
    /// Pause after the county refused this kiosk (401, 403).
    pub stop_pause: Duration,
    /// An entry whose slip is being printed is sent at the latest after this.
    pub hold_for_slip: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            cap: Duration::from_secs(15 * 60),
            cap_while_waiting: Duration::from_secs(8),
            stop_pause: Duration::from_secs(15 * 60),
            hold_for_slip: Duration::from_secs(40),
        }
    }
}

impl Backoff {
    /// Full jitter (AWS, 2015): a random part of the doubled and capped wait. `attempt` counts from 0.
    ///
    /// Peaks of thousands of kiosks after an outage come from waits that agree; a random wait from zero up spreads
    /// them best. Once the bound is the cap they are spread, and then a wait is at least half of it: if waits may begin at
    /// nothing, of thousands the one that is just at the start of a long wait when the platform comes back is served 3.4
    /// times as late as the one in the middle; so it is 2.7 times. Somebody who stands there is tried from zero up always.
    /// The county's own `Retry-After` is a lower bound, spread over another quarter of itself.
    pub fn wait(&self, attempt: u32, fraction: f64, asked: Option<Duration>, resident_waits: bool) -> Duration {
        let cap = if resident_waits { self.cap_while_waiting } else { self.cap };
        let doubled = self.first.saturating_mul(1_u32.checked_shl(attempt.min(30)).unwrap_or(u32::MAX)).min(cap);
        let fraction = fraction.clamp(0.0, 1.0);
        let is_spread = doubled == cap && !resident_waits;
        let jittered = doubled.mul_f64(if is_spread { f64::midpoint(1.0, fraction) } else { fraction });
        match asked {
            Some(asked) => asked.saturating_add(asked.mul_f64(fraction / 4.0)).max(jittered),
            None => jittered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_are_capped_and_jittered_and_respect_retry_after() {
        let backoff = Backoff::default();
        assert_eq!(backoff.wait(0, 1.0, None, false), Duration::from_secs(2));
        assert_eq!(backoff.wait(3, 1.0, None, false), Duration::from_secs(16));
        assert_eq!(backoff.wait(40, 1.0, None, false), backoff.cap);
        assert_eq!(backoff.wait(40, 1.0, None, true), backoff.cap_while_waiting);
        assert_eq!(backoff.wait(3, 0.0, None, false), Duration::ZERO, "the jitter begins at nothing");
        assert_eq!(backoff.wait(40, 0.0, None, false), backoff.cap / 2, "and at the cap with half of it");
        assert_eq!(backoff.wait(40, 0.0, None, true), Duration::ZERO, "but not for somebody who waits");
        let asked = Duration::from_secs(120);
        assert!(backoff.wait(0, 0.0, Some(asked), true) >= asked, "the county's wish is a lower bound");
        assert!(backoff.wait(0, 1.0, Some(asked), true) <= asked.mul_f64(1.25));
    }
}
