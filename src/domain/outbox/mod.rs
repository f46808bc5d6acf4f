//! What is still to be sent, and when: pure policy over plain data.
//!
//! What goes first: the entry whose resident stands there and waits, alone; then the small ones, those that have never
//! failed before those that have, by the kiosk's sequence and never by the clock; bulky ones last. The small ones
//! travel together, up to [`BATCH_MAX`] and [`BATCH_BYTES`] in one call. One call is under way at a time, so a slow
//! one holds the next up for the client's time-out at the most.
//!
//! **One bad entry never delays another.** Each entry gets a verdict of its own. A call that fails as a whole may be
//! the line's fault or one entry's. At first it counts against the line: the `Gate` shuts for a jittered wait, and the
//! entries of that call go last and in half the company from then on, until the bad one stands alone. When the line
//! has proven good since an entry failed, its next failure is its own: it waits by itself and the gate stays open. An
//! entry that was never tried passes a shut gate once, and so does the one that somebody waits for.
//!
//! One that goes on failing by itself for a week while others go through is set aside too, with its last code.
//!
//! An entry leaves only when the county's stored acknowledgement is durable here, or when it is set aside for staff,
//! with a reason they can read. The store holds the truth; this is the plan for it and is rebuilt from it
//! at start.

mod backoff;
mod gate;
mod limits;
pub mod reasons;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

pub use backoff::Backoff;
pub use limits::{Full, Limits, Load};

use self::gate::Gate;
use super::id::{Sequence, SubmissionId};
use super::submission::{Handed, OutboxEntry, OutboxState};
use super::time::{Now, SinceStart};

/// Most entries in one call. The answer to so many fits into what the client reads of an answer.
pub const BATCH_MAX: usize = 50;
/// Most bytes in one call: two minutes on the thinnest line that villages have.
pub const BATCH_BYTES: u64 = 256 * 1024;
/// What the wrapping of one entry adds to its bytes, at most.
const WRAPPING: u64 = 512;
/// The year 2020, unix seconds: no kiosk kept anything before it.
const FIRST_KIOSK: i64 = 1_577_836_800;
/// An entry of more bytes is bulky: it travels alone, after the others.
pub const BULKY: u64 = 32 * 1024;

/// An entry that failed by itself so often, while others went through, is given to staff …
const OWN_FAILURES: u32 = 12;
/// … when it was kept so long ago: time enough for a platform to mend what is wrong with it.
const OWN_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// One entry of the plan.
#[derive(Debug, Clone, PartialEq)]
struct Planned {
    entry: OutboxEntry,
    /// How often it came back without a clear answer.
    attempt: u32,
    /// Most entries in a call that this one may be part of.
    company: usize,
    /// Whether one of its failures was its own.
    is_suspect: bool,
    /// How many were, while others went through.
    own_failures: u32,
    /// How often the line had proven good at its last failure.
    failed_at: Option<u64>,
    /// May be sent while the gate is shut.
    passes: bool,
    phase: Phase,
}

impl Planned {
    /// What goes first, the smaller the earlier.
    fn rank(&self) -> (bool, u32, Sequence) {
        (self.is_bulky(), self.attempt, self.entry.sequence)
    }

    fn is_bulky(&self) -> bool {
        self.entry.size > BULKY
    }

    fn is_busy(&self) -> bool {
        matches!(self.phase, Phase::InFlight | Phase::Marking)
    }
}

/// What happens with an entry right now.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// May be sent from this time on.
    Due(SinceStart),
    /// With the county.
    InFlight,
    /// The county answered; the mark is being written.
    Marking,
    /// Set aside for staff.
    Aside,
}

/// The plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Outbox {
    backoff: Backoff,
    planned: BTreeMap<Sequence, Planned>,
    /// Finds the number of an identity.
    numbers: BTreeMap<SubmissionId, Sequence>,
    /// Entries in flight or being marked.
    busy: usize,
    /// Entries set aside.
    aside: usize,
    gate: Gate,
}

impl Outbox {
    /// An empty plan.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, planned: BTreeMap::new(), numbers: BTreeMap::new(), busy: 0, aside: 0, gate: Gate::default() }
    }

    /// Takes over an entry from the store; `due` is the earliest time to send it.
    pub fn add(&mut self, entry: OutboxEntry, due: SinceStart) {
        self.plan(entry, due, false);
    }

    /// Takes over an entry that was kept a moment ago: its first try does not wait for the line to come back.
    pub fn add_fresh(&mut self, entry: OutboxEntry, due: SinceStart) {
        self.plan(entry, due, true);
    }

    fn plan(&mut self, entry: OutboxEntry, due: SinceStart, passes: bool) {
        let phase = match entry.state {
            OutboxState::Queued => Phase::Due(due),
            OutboxState::SetAside { .. } => Phase::Aside,
            OutboxState::Acknowledged { .. } => return,
        };
        let planned = Planned {
            attempt: 0,
            company: BATCH_MAX,
            is_suspect: false,
            own_failures: 0,
            failed_at: None,
            passes,
            phase,
            entry,
        };
        let (id, sequence) = (planned.entry.id, planned.entry.sequence);
        if !self.planned.contains_key(&sequence) {
            self.aside += usize::from(planned.phase == Phase::Aside);
            self.planned.insert(sequence, planned);
            self.numbers.insert(id, sequence);
        }
    }

    /// The store was read again: what is not among these entries has its end, or is lost and named by the store.
    pub fn keep_only(&mut self, entries: &[OutboxEntry]) {
        let there: BTreeSet<SubmissionId> = entries.iter().map(|entry| entry.id).collect();
        let gone: Vec<SubmissionId> = self.numbers.keys().copied().filter(|id| !there.contains(id)).collect();
        for id in gone {
            self.acknowledged(id);
        }
    }

    /// Entries that were set aside for staff.
    pub fn aside(&self) -> usize {
        self.aside
    }

    /// Holds a fresh entry back until its slip is done, at the latest for `hold_for_slip`.
    pub fn hold_for_slip(&self, now: SinceStart) -> SinceStart {
        now + self.backoff.hold_for_slip
    }

    /// The slip is done: the entry may go now.
    pub fn release(&mut self, id: SubmissionId, now: SinceStart) {
        if let Some(planned) = self.find(id)
            && let Phase::Due(due) = planned.phase
            && planned.attempt == 0
        {
            planned.phase = Phase::Due(due.min(now));
        }
    }

    /// What goes in the next call, in order; nothing if nothing is due or a call is under way. Marks it as in flight.
    pub fn take_due(&mut self, now: SinceStart, waited_for: Option<SubmissionId>) -> Vec<Handed> {
        if self.gate.is_barred(now) || self.is_sending() {
            return Vec::new();
        }
        let is_shut = self.gate.is_shut(now);
        let mut ready: Vec<&Planned> = self
            .planned
            .values()
            .filter(|planned| matches!(planned.phase, Phase::Due(due) if due <= now))
            .filter(|planned| !is_shut || planned.passes)
            .collect();
        let waited = ready.iter().find(|planned| waited_for == Some(planned.entry.id)).map(|p| vec![p.entry.sequence]);
        let chosen = waited.unwrap_or_else(|| {
            if ready.len() > BATCH_MAX {
                ready.select_nth_unstable_by_key(BATCH_MAX, |planned| planned.rank());
                ready.truncate(BATCH_MAX);
            }
            ready.sort_unstable_by_key(|planned| planned.rank());
            company(&ready)
        });
        let mut handed = Vec::with_capacity(chosen.len());
        for sequence in chosen {
            if let Some(planned) = self.planned.get_mut(&sequence) {
                planned.phase = Phase::InFlight;
                self.busy += 1;
                handed.push(Handed { id: planned.entry.id, sequence });
            }
        }
        handed
    }

    /// The county has answered about an entry and the mark is being written. `false` if the entry is not on its way.
    pub fn marking(&mut self, id: SubmissionId) -> bool {
        self.find(id).is_some_and(|planned| {
            let was_in_flight = planned.phase == Phase::InFlight;
            if was_in_flight {
                planned.phase = Phase::Marking;
            }
            was_in_flight
        })
    }

    /// A call was answered: the line is good, and what failed with the line is no longer held against its entries.
    pub fn answered(&mut self) {
        self.gate.open();
        for planned in self.planned.values_mut().filter(|planned| !planned.is_suspect) {
            planned.company = BATCH_MAX;
        }
    }

    /// One entry again later with the same id, by its own fault. Returns the wait; `None` if it is not on its way.
    pub fn retry(&mut self, id: SubmissionId, now: &Now, asked: Option<Duration>, waits: bool) -> Option<Duration> {
        let backoff = self.backoff;
        let planned = self.find(id)?;
        if !matches!(planned.phase, Phase::InFlight | Phase::Marking) {
            return None;
        }
        let wait = backoff.wait(planned.attempt, now.fraction(), asked, waits);
        planned.attempt = planned.attempt.saturating_add(1);
        planned.passes = waits;
        planned.phase = Phase::Due(now.since_start + wait);
        self.busy -= 1;
        Some(wait)
    }

    /// An answered call had no clear answer for this one: its own failure, unless the code speaks of this machine.
    pub fn blame(&mut self, id: SubmissionId, code: &str) {
        if let Some(planned) = self.find(id)
            && !is_of_this_machine(code)
        {
            planned.own_failures = planned.own_failures.saturating_add(1);
        }
    }

    /// Whether an entry that failed once more with this code has failed by itself for so long that staff must look:
    /// twelve times while others went through, and kept a week ago or more.
    pub fn is_given_up(&self, id: SubmissionId, code: &str, wall: Timestamp) -> bool {
        let planned = self.numbers.get(&id).and_then(|sequence| self.planned.get(sequence));
        planned.is_some_and(|planned| {
            let age = Duration::try_from(wall.duration_since(planned.entry.kept_at)).unwrap_or_default();
            let has_line = planned.failed_at.is_none_or(|failed_at| failed_at < self.gate.proofs());
            let is_about_it = !is_of_the_line(code) && !is_of_this_machine(code);
            is_about_it && has_line && planned.own_failures >= OWN_FAILURES && age >= OWN_AGE
        })
    }

    /// A call failed as a whole, with this code: its entries again later with the same ids. `waited_for` is the entry
    /// somebody waits for. Returns the longest wait; `None` if nothing of it is on its way.
    pub fn failed(
        &mut self,
        ids: &[SubmissionId],
        now: &Now,
        code: &str,
        asked: Option<Duration>,
        waited_for: Option<SubmissionId>,
    ) -> Option<Duration> {
        let proofs = self.gate.proofs();
        let on_their_way: Vec<SubmissionId> = ids
            .iter()
            .copied()
            .filter(|id| self.find(*id).is_some_and(|planned| planned.phase == Phase::InFlight))
            .collect();
        let blames_entries = !is_of_the_line(code) && !is_of_this_machine(code);
        let is_their_own = blames_entries
            && on_their_way.iter().all(|id| {
                self.find(*id).and_then(|planned| planned.failed_at).is_some_and(|failed_at| failed_at < proofs)
            });
        let mut longest = None;
        for id in &on_their_way {
            let Some(own) = self.retry(*id, now, None, waited_for == Some(*id)) else { continue };
            let Some(planned) = self.find(*id) else { continue };
            planned.failed_at = Some(proofs);
            planned.is_suspect |= is_their_own;
            planned.own_failures = planned.own_failures.saturating_add(u32::from(is_their_own));
            if blames_entries {
                planned.company = (planned.company.min(on_their_way.len()) / 2).max(1);
            }
            // Behind a shut gate they wait together and travel together when it opens.
            let waits = is_their_own || planned.passes;
            if !waits {
                planned.phase = Phase::Due(now.since_start);
            }
            longest = longest.max(waits.then_some(own));
        }
        if !is_their_own && !on_their_way.is_empty() {
            let shut = self.gate.shut(&self.backoff, now, asked);
            longest = longest.max(Some(shut));
        }
        longest
    }

    /// The county refuses this kiosk: nothing is sent for a while.
    pub fn stop(&mut self, ids: &[SubmissionId], now: &Now) {
        for id in ids {
            self.retry(*id, now, None, false);
        }
        self.gate.bar(now.since_start + self.backoff.stop_pause);
    }

    /// The acknowledgement is durable: the entry leaves. Returns it.
    pub fn acknowledged(&mut self, id: SubmissionId) -> Option<OutboxEntry> {
        let planned = self.planned.remove(&self.numbers.remove(&id)?)?;
        self.busy -= usize::from(planned.is_busy());
        self.aside -= usize::from(planned.phase == Phase::Aside);
        Some(planned.entry)
    }

    /// The set-aside mark is durable: staff see to it.
    pub fn set_aside(&mut self, id: SubmissionId) -> Option<OutboxEntry> {
        let planned = self.find(id)?;
        let was_busy = planned.is_busy();
        let was_aside = planned.phase == Phase::Aside;
        planned.phase = Phase::Aside;
        let entry = planned.entry.clone();
        self.busy -= usize::from(was_busy);
        self.aside += usize::from(!was_aside);
        Some(entry)
    }

    /// When something is due next.
    pub fn next_wake(&self) -> Option<SinceStart> {
        if self.is_sending() {
            return None;
        }
        self.planned
            .values()
            .filter_map(|planned| match planned.phase {
                Phase::Due(due) => Some(self.gate.earliest(due, planned.passes)),
                Phase::InFlight | Phase::Marking | Phase::Aside => None,
            })
            .min()
    }

    /// An entry is with the county or its mark is being written.
    pub fn is_sending(&self) -> bool {
        self.busy > 0
    }

    /// Entries without a durable acknowledgement that are not set aside.
    pub fn waiting(&self) -> usize {
        self.planned.len() - self.aside
    }

    /// When the oldest of them was kept, by the terminal's clock of that time. A time before there was a kiosk is one that
    /// nobody knows (its row is damaged, or the clock was wrong) and says nothing of how long a line was down.
    pub fn oldest(&self) -> Option<Timestamp> {
        let waiting = self.planned.values().filter(|planned| planned.phase != Phase::Aside);
        waiting.map(|planned| planned.entry.kept_at).find(|at| at.as_second() >= FIRST_KIOSK)
    }

    /// Number on this kiosk of an entry of the plan.
    pub fn sequence_of(&self, id: SubmissionId) -> Option<Sequence> {
        self.numbers.get(&id).copied()
    }

    fn find(&mut self, id: SubmissionId) -> Option<&mut Planned> {
        self.planned.get_mut(self.numbers.get(&id)?)
    }
}

/// The first of those that are ready, and who travels with it.
fn company(ready: &[&Planned]) -> Vec<Sequence> {
    let (mut chosen, mut bytes, mut most) = (Vec::new(), 0, BATCH_MAX);
    for planned in ready {
        most = most.min(planned.company);
        let size = planned.entry.size.saturating_add(WRAPPING);
        let travels = chosen.is_empty() || (!planned.is_bulky() && bytes + size <= BATCH_BYTES);
        if !travels || chosen.len() >= most {
            break;
        }
        chosen.push(planned.entry.sequence);
        bytes += size;
        if planned.is_bulky() {
            break;
        }
    }
    chosen
}

/// Whether a code says that no entry can be at fault: nothing was sent, or the platform asks for time.
fn is_of_the_line(code: &str) -> bool {
    matches!(
        code,
        "county.unreachable"
            | "county.tls"
            | "county.no-chance"
            | "county.not-configured"
            | "county.http-429"
            | "county.http-503"
    )
}

/// Whether a code speaks of this kiosk as a whole, its clock, its disk or its key, and not of one entry.
fn is_of_this_machine(code: &str) -> bool {
    code.starts_with("store.") || matches!(code, "county.clock" | "county.nonce" | "county.seal-key-unknown")
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod fleet_tests;
