//! The plan under every kind of answer, without a clock.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::collections::BTreeSet;

use super::*;
use crate::domain::id::ItemId;
use crate::domain::submission::ItemRef;
use crate::domain::text::Text;

fn now(seconds: u64, fraction: u8) -> Now {
    at(Duration::from_secs(seconds), fraction)
}

fn at(since_start: SinceStart, fraction: u8) -> Now {
    let mut chance = [0; 16];
    chance[12] = fraction;
    Now { since_start, wall: Timestamp::UNIX_EPOCH, chance }
}

pub(super) fn entry(sequence: u64) -> OutboxEntry {
    let name = Text::new("事项", "item");
    OutboxEntry {
        id: SubmissionId::from_parts(sequence, [7; 10]),
        sequence: Sequence(sequence),
        item: ItemRef { item: ItemId("x".into()), code: "c".into(), version: 1, name: name.clone(), plain_name: name },
        kept_at: Timestamp::UNIX_EPOCH,
        size: 1500,
        state: OutboxState::Queued,
    }
}

fn sized(sequence: u64, size: u64) -> OutboxEntry {
    OutboxEntry { size, ..entry(sequence) }
}

fn outbox(entries: impl IntoIterator<Item = OutboxEntry>) -> Outbox {
    let mut outbox = Outbox::new(Backoff::default());
    for entry in entries {
        outbox.add(entry, Duration::ZERO);
    }
    outbox
}

fn numbers(handed: &[Handed]) -> Vec<u64> {
    handed.iter().map(|handed| handed.sequence.0).collect()
}

fn ids(handed: &[Handed]) -> Vec<SubmissionId> {
    handed.iter().map(|handed| handed.id).collect()
}

/// The county took them and the marks are durable.
fn taken(outbox: &mut Outbox, handed: &[Handed]) {
    outbox.answered();
    for handed in handed {
        assert!(outbox.marking(handed.id));
        assert!(outbox.acknowledged(handed.id).is_some());
    }
}

#[test]
fn small_entries_travel_together_and_bulky_ones_alone_and_last() {
    let mut outbox = outbox([sized(1, 900_000), sized(2, 1500), sized(3, 40_000), sized(4, 1500)]);
    let mut calls = Vec::new();
    loop {
        let handed = outbox.take_due(Duration::ZERO, None);
        if handed.is_empty() {
            break;
        }
        calls.push(numbers(&handed));
        taken(&mut outbox, &handed);
    }
    assert_eq!(calls, [vec![2, 4], vec![1], vec![3]]);
}

#[test]
fn a_call_holds_at_most_fifty_entries_and_256_kilobytes() {
    let mut many = outbox((1..=120).map(entry));
    assert_eq!(many.take_due(Duration::ZERO, None).len(), BATCH_MAX);
    let mut large = outbox((1..=20).map(|n| sized(n, BULKY)));
    let handed = large.take_due(Duration::ZERO, None);
    let bytes = handed.len() as u64 * BULKY;
    assert!(bytes <= BATCH_BYTES && bytes + 2 * BULKY > BATCH_BYTES, "{bytes}");
}

#[test]
fn the_entry_that_somebody_waits_for_goes_first_and_alone() {
    let mut outbox = outbox((1..=9).map(entry));
    assert_eq!(numbers(&outbox.take_due(Duration::ZERO, Some(entry(7).id))), [7]);
}

#[test]
fn a_thousand_entries_drain_in_hardly_more_than_a_fiftieth_of_calls() {
    let mut outbox = outbox((1..=1000).map(entry));
    let mut calls = 0;
    while outbox.waiting() > 0 {
        let handed = outbox.take_due(Duration::ZERO, None);
        assert!(!handed.is_empty(), "nothing holds an answered line up");
        calls += 1;
        taken(&mut outbox, &handed);
    }
    assert_eq!(calls, 1000 / 50);
}

#[test]
fn after_a_dead_line_a_thousand_entries_drain_in_hardly_more_calls() {
    let mut outbox = outbox((1..=1000).map(entry));
    let (mut clock, mut fraction) = (Duration::ZERO, 0_u8);
    let mut failures = 0;
    while clock < Duration::from_secs(7200) {
        let handed = outbox.take_due(clock, None);
        if !handed.is_empty() {
            failures += 1;
            fraction = fraction.wrapping_add(97);
            outbox.failed(&ids(&handed), &at(clock, fraction), "county.timeout", None, None).unwrap();
        }
        clock = outbox.next_wake().unwrap().max(clock + Duration::from_millis(1));
    }
    assert!(failures < 60, "one knock at a time, not one per entry: {failures}");
    let mut calls = 0;
    while outbox.waiting() > 0 {
        let handed = outbox.take_due(clock, None);
        calls += 1;
        taken(&mut outbox, &handed);
    }
    assert!(calls <= 1000 / 50 + 2, "{calls}");
}

/// A platform that fails on every call with one of these entries, and takes all others. Gives the calls until only
/// these are left, and the longest time any other entry had to wait.
fn with_bad(bad: &BTreeSet<u64>, count: u64) -> (usize, Duration) {
    let mut outbox = outbox((1..=count).map(entry));
    let (mut clock, mut calls, mut fraction) = (Duration::ZERO, 0, 1_u8);
    while outbox.waiting() > bad.len() {
        let handed = outbox.take_due(clock, None);
        if handed.is_empty() {
            clock = outbox.next_wake().unwrap().max(clock + Duration::from_millis(1));
            continue;
        }
        calls += 1;
        assert!(calls < 5000, "it never ends");
        fraction = fraction.wrapping_mul(181).wrapping_add(79);
        if handed.iter().any(|handed| bad.contains(&handed.sequence.0)) {
            outbox.failed(&ids(&handed), &at(clock, fraction), "county.http-500", None, None).unwrap();
        } else {
            taken(&mut outbox, &handed);
        }
    }
    (calls, clock)
}

#[test]
fn a_bad_entry_in_a_batch_ends_alone_and_the_others_go() {
    for bad in 1..=50 {
        let (calls, waited) = with_bad(&BTreeSet::from([bad]), 50);
        assert!(calls <= 16, "{bad}: {calls} calls");
        assert!(waited <= Duration::from_secs(90), "{bad}: {waited:?}");
    }
    let (calls, waited) = with_bad(&BTreeSet::from([3, 77, 140]), 200);
    assert!(calls <= 60 && waited < Duration::from_secs(600), "{calls} {waited:?}");
}

#[test]
fn an_entry_that_fails_by_itself_does_not_shut_the_gate_for_the_others() {
    let mut outbox = outbox([entry(1), entry(2)]);
    let handed = outbox.take_due(Duration::ZERO, None);
    outbox.failed(&ids(&handed), &now(0, 255), "county.http-500", None, None).unwrap();
    let clock = outbox.next_wake().unwrap();
    assert_eq!(numbers(&outbox.take_due(clock, None)), [1], "half the company");
    outbox.failed(&[entry(1).id], &at(clock, 255), "county.http-500", None, None).unwrap();
    let clock = outbox.next_wake().unwrap();
    let handed = outbox.take_due(clock, None);
    assert_eq!(numbers(&handed), [2], "those that failed less go first");
    taken(&mut outbox, &handed);
    let handed = outbox.take_due(outbox.next_wake().unwrap().max(clock), None);
    assert_eq!(numbers(&handed), [1]);
    outbox.failed(&[entry(1).id], &at(clock, 255), "county.http-500", None, None).unwrap();
    outbox.add(entry(3), clock);
    assert_eq!(numbers(&outbox.take_due(clock, None)), [3], "the line is good, only that one waits");
}

/// Entry 1 fails with this code time and again, and after each failure another one is taken. Tells at which failure it
/// is given up, counted from one.
fn given_up_after(code: &str, wall: Timestamp) -> Option<u32> {
    let mut outbox = outbox([entry(1)]);
    let mut clock = Duration::ZERO;
    for failure in 1..=40 {
        let handed = loop {
            clock = clock.max(outbox.next_wake().unwrap());
            let handed = outbox.take_due(clock, None);
            if numbers(&handed) == [1] {
                break handed;
            }
            taken(&mut outbox, &handed);
        };
        if outbox.is_given_up(entry(1).id, code, wall) {
            return Some(failure);
        }
        outbox.failed(&ids(&handed), &at(clock, 255), code, None, None).unwrap();
        outbox.add_fresh(entry(100 + u64::from(failure)), clock);
    }
    None
}

#[test]
fn what_fails_by_itself_for_a_week_is_given_to_staff_and_nothing_else_is() {
    let week = Timestamp::UNIX_EPOCH + OWN_AGE;
    // The first two failures may still be the line's.
    assert_eq!(given_up_after("county.http-500", week), Some(OWN_FAILURES + 2));
    let earlier = week - Duration::from_secs(1);
    assert_eq!(given_up_after("county.http-500", earlier), None, "the county has a week to mend it");
    for of_all in ["county.unreachable", "county.http-503", "county.clock", "county.seal-key-unknown"] {
        assert_eq!(given_up_after(of_all, week), None, "{of_all} speaks of no entry");
    }
}

#[test]
fn an_entry_without_an_answer_among_answered_ones_is_counted_and_then_given_to_staff() {
    let mut outbox = outbox([entry(1)]);
    let week = Timestamp::UNIX_EPOCH + OWN_AGE;
    for _ in 0..OWN_FAILURES {
        assert!(!outbox.is_given_up(entry(1).id, "county.http-500", week));
        outbox.blame(entry(1).id, "county.http-500");
        outbox.blame(entry(1).id, "store.io");
    }
    assert!(outbox.is_given_up(entry(1).id, "county.http-500", week));
    assert!(!outbox.is_given_up(entry(1).id, "store.io", week), "a bad disk condemns nothing");
}

#[test]
fn a_dead_line_lets_a_fresh_entry_try_once() {
    let mut outbox = outbox((1..=3).map(entry));
    let handed = outbox.take_due(Duration::ZERO, None);
    outbox.failed(&ids(&handed), &now(0, 255), "county.unreachable", None, None).unwrap();
    outbox.add_fresh(entry(4), Duration::ZERO);
    assert_eq!(numbers(&outbox.take_due(Duration::ZERO, None)), [4]);
    outbox.failed(&[entry(4).id], &now(0, 255), "county.unreachable", None, None).unwrap();
    assert!(outbox.take_due(Duration::ZERO, None).is_empty());
    assert_eq!(outbox.take_due(Duration::from_secs(2), None).len(), 4);
}

#[test]
fn what_the_platform_asks_for_holds_everything_back() {
    let mut outbox = outbox((1..=3).map(entry));
    let handed = outbox.take_due(Duration::ZERO, None);
    let asked = Some(Duration::from_secs(120));
    outbox.failed(&ids(&handed), &now(0, 0), "county.http-503", asked, None).unwrap();
    outbox.add_fresh(entry(4), Duration::ZERO);
    assert!(outbox.take_due(Duration::from_secs(119), Some(entry(4).id)).is_empty());
    assert_eq!(outbox.next_wake(), asked);
    assert_eq!(outbox.take_due(Duration::from_secs(120), None).len(), 4, "busy is nobody's fault");
}

#[test]
fn one_entry_that_is_put_off_does_not_put_off_the_rest() {
    let mut outbox = outbox([entry(1), entry(2), entry(3)]);
    let handed = outbox.take_due(Duration::ZERO, None);
    outbox.answered();
    outbox.marking(handed[0].id);
    outbox.acknowledged(handed[0].id).unwrap();
    outbox.retry(handed[1].id, &now(0, 255), None, false).unwrap();
    outbox.marking(handed[2].id);
    outbox.acknowledged(handed[2].id).unwrap();
    outbox.add(entry(4), Duration::ZERO);
    assert_eq!(numbers(&outbox.take_due(Duration::ZERO, None)), [4]);
}

#[test]
fn an_entry_leaves_only_by_a_durable_mark() {
    let mut outbox = outbox([entry(1)]);
    let id = outbox.take_due(Duration::ZERO, None)[0].id;
    assert!(outbox.marking(id));
    assert!(!outbox.marking(id), "a second answer to the same question changes nothing");
    assert_eq!(outbox.waiting(), 1);
    outbox.retry(id, &now(5, 0), None, false).expect("the mark failed: again with the same id");
    assert_eq!(outbox.take_due(Duration::from_secs(60), None)[0].id, id);
    outbox.marking(id);
    assert!(outbox.acknowledged(id).is_some());
    assert_eq!((outbox.waiting(), outbox.next_wake()), (0, None));
    assert!(outbox.acknowledged(id).is_none());
}

#[test]
fn after_a_refusal_of_the_kiosk_nothing_is_sent_until_the_pause_is_over() {
    let mut outbox = outbox([entry(1), entry(2)]);
    let handed = outbox.take_due(Duration::ZERO, None);
    outbox.stop(&ids(&handed), &now(0, 0));
    outbox.add_fresh(entry(3), Duration::ZERO);
    assert!(outbox.take_due(Duration::from_secs(60), Some(entry(3).id)).is_empty());
    let pause = Backoff::default().stop_pause;
    assert_eq!(outbox.next_wake(), Some(pause));
    assert!(!outbox.take_due(pause, None).is_empty());
}

#[test]
fn a_fresh_entry_waits_for_its_slip_but_not_for_ever() {
    let mut outbox = outbox([]);
    let held = outbox.hold_for_slip(Duration::ZERO);
    outbox.add_fresh(entry(1), held);
    assert!(outbox.take_due(Duration::from_secs(1), None).is_empty());
    outbox.release(entry(1).id, Duration::from_secs(2));
    assert!(!outbox.take_due(Duration::from_secs(2), None).is_empty());
    outbox.add_fresh(entry(2), held);
    assert_eq!(outbox.next_wake(), None, "one is in flight");
    outbox.acknowledged(entry(1).id);
    assert_eq!(outbox.next_wake(), Some(held));
}
