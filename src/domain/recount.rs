//! The daily recount: what this kiosk says of each of its numbers against what the county's platform says.
//!
//! It promises that a difference is named, and that nothing comes of naming it: a recount sends nothing, deletes nothing
//! and marks nothing. What does happen with each difference is the meaning of its kind, see [`DifferenceKind`].
//!
//! How: the kiosk's ledger is read, then the county's, then the kiosk's again. Applications travel all the while, so only
//! what differs against both readings counts: a receipt that came in between explains itself. [`Schedule`] says when: once
//! a day after a configured hour, drawn within a spread, so that a county's kiosks do not all count at once; on a machine
//! that is off at that hour, soon after it is on again; only while the county is reached, and not while somebody is here.
//!
//! Left out on purpose: the digest of an application that the county has acknowledged. It is deleted with the content, so
//! such a number is compared by identity and case number.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::id::{Sequence, SubmissionId};
use super::submission::{OutboxEntry, OutboxState};
use super::time::{Now, SinceStart, local};

/// After a recount that failed: the county may be busy, and a day is long.
const AGAIN: Duration = Duration::from_secs(60 * 60);
/// After the start nobody counts at once: what waits goes first.
const AFTER_START: Duration = Duration::from_secs(5 * 60);
/// Differences that are kept; a county that lost everything is one finding and not a hundred thousand.
pub const MOST_DIFFERENCES: usize = 200;

/// What the county says of one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The kiosk's number.
    pub sequence: Sequence,
    /// Identity it came under.
    pub client_submission_id: SubmissionId,
    /// SM3 of the body as the county received it, lower-case hex.
    pub body_digest: String,
    /// The county's number.
    pub case_number: String,
}

/// How the two ledgers differ about a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// The county has it; here it still waits or is set aside. One that waits is handed in as ever, under the same id and with
    /// the same bytes, and gets the receipt it has. One that is set aside waits for `kioskctl outbox retry`.
    CountyHasIt,
    /// Here the county's receipt is stored; the county has no such case. The content was deleted for the receipt, so nothing
    /// can be sent again: staff look with the resident's second slip, which carries number and code.
    CountyLacksIt,
    /// Both have it, and the county's bytes are not those that are held here. It is not sent any differently: the county
    /// will refuse it as `id-conflict`, and it is set aside then.
    DigestDiffers,
    /// Both have it under this number, and identity or case number are not the same.
    CaseDiffers,
    /// The county has a number that this kiosk does not know: the disk lost it, or two machines have one number.
    UnknownHere,
    /// The county has more than one case under this number; each is named by its own number, the one that agrees with this
    /// kiosk left out. One application may have become two cases, or two machines have one number.
    TwoCases,
}

impl DifferenceKind {
    /// Stable code, for log and status.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CountyHasIt => "recount.county-has-it",
            Self::CountyLacksIt => "recount.county-lacks-it",
            Self::DigestDiffers => "recount.digest-differs",
            Self::CaseDiffers => "recount.case-differs",
            Self::UnknownHere => "recount.unknown-here",
            Self::TwoCases => "recount.two-cases",
        }
    }
}

/// One number about which the ledgers differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Difference {
    /// The number.
    pub sequence: Sequence,
    /// How.
    pub kind: DifferenceKind,
    /// The county's case number, of a case that stands beside another under this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_number: Option<String>,
}

/// What a recount came to. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recount {
    /// When, by the terminal's clock.
    pub at: Timestamp,
    /// Applications in this kiosk's ledger.
    pub here: usize,
    /// Cases of this kiosk at the county.
    pub there: usize,
    /// Numbers that differ, also those that are not listed.
    pub differing: usize,
    /// The first of them, by number; at most [`MOST_DIFFERENCES`].
    pub differences: Vec<Difference>,
}

impl Recount {
    /// Sums up two readings of this kiosk's ledger around one of the county's. `digest` gives the digest of the body that
    /// would travel, of an application whose bytes are still here.
    pub fn of(
        at: Timestamp,
        before: &[OutboxEntry],
        theirs: &[Claim],
        after: &[OutboxEntry],
        digest: &dyn Fn(SubmissionId) -> Option<String>,
    ) -> Self {
        let first = differences(before, theirs, digest);
        let lasting: Vec<Difference> =
            differences(after, theirs, digest).into_iter().filter(|found| first.binary_search(found).is_ok()).collect();
        Self {
            at,
            here: after.len(),
            there: theirs.len(),
            differing: lasting.len(),
            differences: lasting.into_iter().take(MOST_DIFFERENCES).collect(),
        }
    }
}

/// Every number about which the two say different things, ascending.
fn differences(
    ours: &[OutboxEntry],
    theirs: &[Claim],
    digest: &dyn Fn(SubmissionId) -> Option<String>,
) -> Vec<Difference> {
    let mut claims: BTreeMap<Sequence, Vec<&Claim>> = BTreeMap::new();
    for claim in theirs {
        claims.entry(claim.sequence).or_default().push(claim);
    }
    let known: BTreeMap<Sequence, &OutboxEntry> = ours.iter().map(|entry| (entry.sequence, entry)).collect();
    let mut found = Vec::new();
    for (sequence, entry) in &known {
        let of_number = claims.get(sequence).map_or(&[][..], Vec::as_slice);
        // Of several, the one that is meant is the one that agrees best; without any it is the first.
        let meant = of_number.iter().copied().min_by_key(|claim| distance(entry, claim));
        let kind = judge(entry, meant, digest);
        found.extend(kind.map(|kind| Difference { sequence: *sequence, kind, case_number: None }));
        found.extend(beside(of_number, meant));
    }
    for (sequence, of_number) in claims.iter().filter(|(sequence, _)| !known.contains_key(sequence)) {
        found.push(Difference { sequence: *sequence, kind: DifferenceKind::UnknownHere, case_number: None });
        found.extend(beside(of_number, of_number.first().copied()));
    }
    found.sort_unstable();
    found
}

/// How far a claim is from what is stored here: 0 agrees.
fn distance(entry: &OutboxEntry, claim: &Claim) -> u8 {
    let is_its_case = match &entry.state {
        OutboxState::Acknowledged { receipt } => receipt.case_number == claim.case_number,
        OutboxState::Queued | OutboxState::SetAside { .. } => true,
    };
    2 * u8::from(claim.client_submission_id != entry.id) + u8::from(!is_its_case)
}

/// The cases under a number beside the one that is meant; the same case told twice is one.
fn beside(of_number: &[&Claim], meant: Option<&Claim>) -> Vec<Difference> {
    let others: BTreeSet<&str> = of_number
        .iter()
        .map(|claim| claim.case_number.as_str())
        .filter(|number| meant.is_none_or(|meant| meant.case_number != *number))
        .collect();
    let sequence = |claim: &&Claim| claim.sequence;
    let Some(sequence) = of_number.first().map(sequence) else { return Vec::new() };
    let named =
        |number: &str| Difference { sequence, kind: DifferenceKind::TwoCases, case_number: Some(number.to_owned()) };
    others.into_iter().map(named).collect()
}

fn judge(
    entry: &OutboxEntry,
    claim: Option<&Claim>,
    digest: &dyn Fn(SubmissionId) -> Option<String>,
) -> Option<DifferenceKind> {
    match (&entry.state, claim) {
        // It waits, and the county does not have it: that is what waiting means.
        (OutboxState::Queued | OutboxState::SetAside { .. }, None) => None,
        (OutboxState::Acknowledged { .. }, None) => Some(DifferenceKind::CountyLacksIt),
        (_, Some(claim)) if claim.client_submission_id != entry.id => Some(DifferenceKind::CaseDiffers),
        (OutboxState::Queued | OutboxState::SetAside { .. }, Some(claim)) => match digest(entry.id) {
            Some(held) if held != claim.body_digest => Some(DifferenceKind::DigestDiffers),
            Some(_) | None => Some(DifferenceKind::CountyHasIt),
        },
        (OutboxState::Acknowledged { receipt }, Some(claim)) => {
            (receipt.case_number != claim.case_number).then_some(DifferenceKind::CaseDiffers)
        }
    }
}

/// When to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timetable {
    /// Hour of the day, local time, 0 to 23.
    pub hour: i8,
    /// Spread after it.
    pub spread: Duration,
}

impl Default for Timetable {
    fn default() -> Self {
        Self { hour: 12, spread: Duration::from_secs(60 * 60) }
    }
}

/// How it is with the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The last call to the county was answered.
    pub is_online: bool,
    /// Somebody is here.
    pub is_in_use: bool,
    /// The store is open and its queue was read.
    pub is_store_good: bool,
}

/// Remembers the last recount and says when the next is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    timetable: Timetable,
    /// Day of the last recount that came to an end, by the terminal's clock.
    counted: Option<Date>,
    /// Drawn once a run: how far after the hour.
    offset: Duration,
    /// Not before this time.
    not_before: SinceStart,
    /// The day that is being counted.
    counting: Option<Date>,
}

impl Schedule {
    /// A machine that was just switched on; `last` is its last recount.
    pub fn new(timetable: Timetable, last: Option<Timestamp>, now: &Now) -> Self {
        Self {
            timetable,
            counted: last.map(|at| counting_day(at, timetable)),
            offset: timetable.spread.mul_f64(now.fraction()),
            not_before: now.since_start + AFTER_START.min(timetable.spread),
            counting: None,
        }
    }

    /// Whether to count now. `true` once; [`Self::ended`] says that it is over.
    #[must_use]
    pub fn take_due(&mut self, now: &Now, moment: Moment) -> bool {
        let can = moment.is_online && !moment.is_in_use && moment.is_store_good && self.counting.is_none();
        if !can || now.since_start < self.not_before {
            return false;
        }
        // The hour lies `offset` later for this kiosk; before it, the day before is what was to be counted.
        let day = counting_day(now.wall.checked_sub(self.offset).unwrap_or(now.wall), self.timetable);
        // A clock that was set back by more than the spread may not end the counting for years.
        let is_due = self.counted.is_none_or(|last| day > last || last.yesterday().is_ok_and(|before| before > day));
        if is_due {
            self.counting = Some(day);
        }
        is_due
    }

    /// A recount ended; without a result it is tried again after a while.
    pub fn ended(&mut self, now: &Now, came_to_an_end: bool) {
        match (self.counting.take(), came_to_an_end) {
            (Some(day), true) => self.counted = Some(day),
            (Some(_), false) => self.not_before = now.since_start + AGAIN,
            // Counted by hand beside the schedule, which is not touched by it.
            (None, _) => {}
        }
    }
}

/// The day whose hour has come: before the hour it is the day before.
fn counting_day(wall: Timestamp, timetable: Timetable) -> Date {
    let local = local(wall);
    if local.hour() >= timetable.hour { local.date() } else { local.date().yesterday().unwrap_or(local.date()) }
}

#[cfg(test)]
#[path = "recount_tests.rs"]
mod tests;
