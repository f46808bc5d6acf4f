//! Each kind of difference, what explains itself, and when it is time to count.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use super::*;
use crate::domain::submission::{CaseReceipt, ItemRef};
use crate::domain::text::Text;

const HELD: &str = "aa";

fn id(sequence: u64) -> SubmissionId {
    SubmissionId::from_parts(sequence, [7; 10])
}

fn entry(sequence: u64, state: OutboxState) -> OutboxEntry {
    let name = Text::new("事项", "item");
    let item = crate::domain::id::ItemId("x".into());
    OutboxEntry {
        id: id(sequence),
        sequence: Sequence(sequence),
        item: ItemRef { item, code: "c".into(), version: 1, name: name.clone(), plain_name: name },
        kept_at: Timestamp::UNIX_EPOCH,
        size: 0,
        state,
    }
}

fn accepted(sequence: u64) -> OutboxEntry {
    let receipt = CaseReceipt {
        case_number: format!("case-{sequence}"),
        query_code: "123456".into(),
        accepted_at: Timestamp::UNIX_EPOCH,
        promise_date: None,
    };
    entry(sequence, OutboxState::Acknowledged { receipt })
}

fn queued(sequence: u64) -> OutboxEntry {
    entry(sequence, OutboxState::Queued)
}

fn aside(sequence: u64) -> OutboxEntry {
    entry(sequence, OutboxState::SetAside { reason: "form-outdated".into() })
}

fn claim(sequence: u64) -> Claim {
    Claim {
        sequence: Sequence(sequence),
        client_submission_id: id(sequence),
        body_digest: HELD.into(),
        case_number: format!("case-{sequence}"),
    }
}

fn count(before: &[OutboxEntry], theirs: &[Claim], after: &[OutboxEntry]) -> Vec<(u64, DifferenceKind)> {
    let held = |_| Some(HELD.to_owned());
    let recount = Recount::of(Timestamp::UNIX_EPOCH, before, theirs, after, &held);
    assert_eq!(recount.differing, recount.differences.len());
    recount.differences.iter().map(|found| (found.sequence.0, found.kind)).collect()
}

#[test]
fn each_difference_has_its_kind_and_what_agrees_has_none() {
    let ours = [accepted(1), queued(2), aside(3), queued(4), aside(5), accepted(6), queued(7), accepted(8), queued(9)];
    let theirs = [
        claim(1),
        claim(4),
        claim(5),
        Claim { body_digest: "bb".into(), ..claim(7) },
        Claim { case_number: "other".into(), ..claim(8) },
        Claim { client_submission_id: id(99), ..claim(9) },
        claim(12),
    ];
    let found = count(&ours, &theirs, &ours);
    let expected = [
        (4, DifferenceKind::CountyHasIt),
        (5, DifferenceKind::CountyHasIt),
        (6, DifferenceKind::CountyLacksIt),
        (7, DifferenceKind::DigestDiffers),
        (8, DifferenceKind::CaseDiffers),
        (9, DifferenceKind::CaseDiffers),
        (12, DifferenceKind::UnknownHere),
    ];
    assert_eq!(found, expected, "1 agrees; 2 and 3 wait, which is no difference");
}

#[test]
fn each_case_beside_another_under_one_number_is_named_by_its_own_number() {
    let ours = [accepted(1), queued(2)];
    let second = |sequence, case: &str| Claim { case_number: case.into(), ..claim(sequence) };
    let theirs =
        [second(1, "case-b"), claim(1), second(1, "case-a"), claim(2), claim(7), second(7, "case-c"), claim(7)];
    let recount = Recount::of(Timestamp::UNIX_EPOCH, &ours, &theirs, &ours, &|_| Some(HELD.to_owned()));
    let found: Vec<_> =
        recount.differences.iter().map(|found| (found.sequence.0, found.kind, found.case_number.as_deref())).collect();
    let expected = [
        // Whatever their order in the county's list, the case of the receipt is the one that agrees.
        (1, DifferenceKind::TwoCases, Some("case-a")),
        (1, DifferenceKind::TwoCases, Some("case-b")),
        (2, DifferenceKind::CountyHasIt, None),
        (7, DifferenceKind::UnknownHere, None),
        (7, DifferenceKind::TwoCases, Some("case-c")),
    ];
    assert_eq!(found, expected, "the same case told twice is one");
}

#[test]
fn what_travels_between_the_readings_is_no_difference() {
    // Kept and accepted meanwhile; the county was read before and after it came in.
    assert_eq!(count(&[queued(1)], &[claim(1)], &[accepted(1)]), []);
    assert_eq!(count(&[queued(1)], &[], &[accepted(1)]), []);
    assert_eq!(count(&[], &[claim(1)], &[queued(1)]), []);
    assert_eq!(count(&[], &[], &[accepted(1)]), []);
    // The harness would notice a difference that stays.
    assert_eq!(count(&[accepted(1)], &[], &[accepted(1)]), [(1, DifferenceKind::CountyLacksIt)]);
}

#[test]
fn a_county_that_lost_everything_is_one_finding_with_its_number() {
    let ours: Vec<OutboxEntry> = (1..=1_000).map(accepted).collect();
    let recount = Recount::of(Timestamp::UNIX_EPOCH, &ours, &[], &ours, &|_| None);
    assert_eq!((recount.differing, recount.differences.len()), (1_000, MOST_DIFFERENCES));
}

const GOOD: Moment = Moment { is_online: true, is_in_use: false, is_store_good: true };
const NOON: Timetable = Timetable { hour: 12, spread: Duration::from_secs(3_600) };

/// Beijing time on a day of November 2026, so many hours after the start at midnight of the 24th.
fn at(hours: f64, fraction: u8) -> Now {
    let midnight: Timestamp = "2026-11-23T16:00:00Z".parse().unwrap();
    let since = Duration::from_secs_f64(hours * 3_600.0);
    let mut chance = [0; 16];
    chance[12] = fraction;
    Now { since_start: since, wall: midnight.checked_add(since).unwrap(), chance }
}

/// Hours at which a recount begins, looked at each minute for some days.
fn begun(schedule: &mut Schedule, hours: std::ops::Range<u32>, moment: impl Fn(f64) -> Moment) -> Vec<f64> {
    let minutes = hours.start * 60..hours.end * 60;
    minutes
        .map(|minute| f64::from(minute) / 60.0)
        .filter(|hour| {
            let due = schedule.take_due(&at(*hour, 0), moment(*hour));
            if due {
                schedule.ended(&at(*hour, 0), true);
            }
            due
        })
        .map(|hour| (hour * 100.0).round() / 100.0)
        .collect()
}

#[test]
fn it_is_counted_once_a_day_after_the_hour_and_the_spread() {
    let counted_yesterday = Some(at(0.0, 0).wall - Duration::from_secs(12 * 3_600));
    // Half of the spread: half past twelve.
    let mut schedule = Schedule::new(NOON, counted_yesterday, &at(0.0, 128));
    assert_eq!(begun(&mut schedule, 0..72, |_| GOOD), [12.5, 36.5, 60.5]);
    let mut other = Schedule::new(NOON, counted_yesterday, &at(0.0, 0));
    assert_eq!(begun(&mut other, 0..48, |_| GOOD), [12.0, 36.0], "each at a place of its own");
}

#[test]
fn a_machine_that_was_off_at_the_hour_counts_soon_after_it_is_on() {
    let three_days_ago = Some(at(0.0, 0).wall - Duration::from_secs(3 * 86_400));
    let mut schedule = Schedule::new(NOON, three_days_ago, &at(0.0, 0));
    let times = begun(&mut schedule, 0..13, |_| GOOD);
    assert_eq!(times, [0.08, 12.0], "after five minutes, and again at its hour");
    assert_eq!(begun(&mut Schedule::new(NOON, None, &at(0.0, 0)), 0..1, |_| GOOD), [0.08], "the first ever");
}

#[test]
fn nobody_is_counted_over_and_no_line_is_no_recount() {
    let yesterday = Some(at(0.0, 0).wall - Duration::from_secs(12 * 3_600));
    let mut schedule = Schedule::new(NOON, yesterday, &at(0.0, 0));
    let in_use = |hour: f64| Moment { is_in_use: hour < 13.0, is_online: hour >= 14.0, is_store_good: hour >= 15.0 };
    assert_eq!(begun(&mut schedule, 0..24, in_use), [15.0]);
}

#[test]
fn a_recount_that_failed_comes_again_after_an_hour_and_one_under_way_is_not_doubled() {
    let yesterday = Some(at(0.0, 0).wall - Duration::from_secs(12 * 3_600));
    let mut schedule = Schedule::new(NOON, yesterday, &at(0.0, 0));
    assert!(schedule.take_due(&at(12.0, 0), GOOD));
    assert!(!schedule.take_due(&at(12.1, 0), GOOD), "it is under way");
    schedule.ended(&at(12.2, 0), false);
    assert!(!schedule.take_due(&at(13.1, 0), GOOD));
    assert!(schedule.take_due(&at(13.2, 0), GOOD));
}

#[test]
fn a_clock_set_back_does_not_end_the_counting() {
    let in_ten_years = Some("2036-11-23T16:00:00Z".parse().unwrap());
    assert_eq!(begun(&mut Schedule::new(NOON, in_ten_years, &at(0.0, 0)), 0..24, |_| GOOD), [0.08, 12.0]);
}
