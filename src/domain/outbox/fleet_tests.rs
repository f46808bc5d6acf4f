//! A county's kiosks come back together after an outage: the real plan of each, a platform that admits so many calls a
//! second, and a clock that jumps from event to event.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::tests::entry;
use super::*;

/// Kiosks of a large county, with what each has kept.
const KIOSKS: usize = 5_000;
const KEPT: u64 = 20;
/// Calls the platform admits in a second.
const ADMITS: u32 = 200;
const OUTAGE: Duration = Duration::from_secs(2 * 60 * 60);

/// What was seen after the outage.
#[derive(Debug)]
struct Seen {
    /// Most calls in one second.
    peak: u32,
    /// Calls per call that was needed.
    calls_per_useful: f64,
    /// Until the last kiosk was empty.
    drained: Duration,
    /// Until half of them were.
    median: Duration,
}

/// A small generator; its numbers decide waits alone.
struct Lots(u64);

impl Lots {
    fn next(&mut self) -> [u8; 16] {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u128::from((self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)).to_be_bytes()
    }
}

/// `jitter`: as the kiosk has it; without it every wait is the whole bound.
fn come_back(backoff: Backoff, jitter: bool) -> Seen {
    let mut lots = Lots(11);
    let mut kiosks: Vec<Outbox> = (0..KIOSKS)
        .map(|_| {
            let mut outbox = Outbox::new(backoff);
            (1..=KEPT).for_each(|n| outbox.add(entry(n), Duration::ZERO));
            outbox
        })
        .collect();
    let mut clock: BinaryHeap<Reverse<(Duration, usize)>> = (0..KIOSKS).map(|n| Reverse((Duration::ZERO, n))).collect();
    let (mut second, mut in_second, mut peak, mut calls, mut useful) = (0, 0, 0, 0_u32, 0_u32);
    let mut empty = Vec::new();
    while let Some(Reverse((at, n))) = clock.pop() {
        let chance = if jitter { lots.next() } else { [255; 16] };
        let now = Now { since_start: at, wall: Timestamp::UNIX_EPOCH, chance };
        let outbox = &mut kiosks[n];
        let handed = outbox.take_due(at, None);
        let ids: Vec<SubmissionId> = handed.iter().map(|handed| handed.id).collect();
        if !ids.is_empty() && at < OUTAGE {
            outbox.failed(&ids, &now, "county.timeout", None, None).unwrap();
        } else if !ids.is_empty() {
            if at.as_secs() != second {
                (second, in_second) = (at.as_secs(), 0);
            }
            in_second += 1;
            calls += 1;
            peak = peak.max(in_second);
            if in_second > ADMITS {
                outbox.failed(&ids, &now, "county.http-503", None, None).unwrap();
            } else {
                useful += 1;
                outbox.answered();
                for id in ids {
                    assert!(outbox.marking(id) && outbox.acknowledged(id).is_some());
                }
            }
        }
        match outbox.next_wake() {
            Some(wake) => clock.push(Reverse((wake.max(at + Duration::from_millis(1)), n))),
            None => empty.push(at - OUTAGE),
        }
    }
    assert_eq!(empty.len(), KIOSKS);
    let calls_per_useful = f64::from(calls) / f64::from(useful);
    Seen { peak, calls_per_useful, drained: *empty.last().unwrap(), median: empty[KIOSKS / 2] }
}

#[test]
fn a_countys_kiosks_come_back_after_two_hours_without_a_second_outage() {
    let backoff = Backoff { first: Duration::from_secs(5), cap: Duration::from_secs(600), ..Backoff::default() };
    let seen = come_back(backoff, true);
    assert!(seen.peak <= 2 * ADMITS, "{seen:?}");
    assert!(seen.calls_per_useful <= 1.2, "{seen:?}");
    assert!(seen.drained <= backoff.cap.mul_f64(1.2), "{seen:?}");
    assert!(seen.drained <= seen.median * 3, "nobody starves: {seen:?}");
}

#[test]
fn without_jitter_the_same_kiosks_are_the_second_outage() {
    let backoff = Backoff { first: Duration::from_secs(5), cap: Duration::from_secs(600), ..Backoff::default() };
    assert!(come_back(backoff, false).peak > 2 * ADMITS);
}
