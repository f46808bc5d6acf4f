//! What is still to be sent, and when: pure policy over plain data.
//!
//! Order is the kiosk's sequence, never the clock; only the entry whose resident stands there and waits goes first. Each
//! entry has its own back-off, so one that is refused or failed never holds up another; one call at a time is under way,
//! so a slow one holds the next up for the client's time-out at the most. An entry leaves only when the county's stored acknowledgement is durable here, or when it
//! is set aside for staff. The store holds the truth; this is the plan for it and is rebuilt from it at start.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::id::{Sequence, SubmissionId};
use super::submission::{OutboxEntry, OutboxState};
use super::time::{Now, SinceStart};

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
    /// them best. The county's own `Retry-After` is a lower bound, spread over another quarter of itself.
    pub fn wait(&self, attempt: u32, fraction: f64, asked: Option<Duration>, resident_waits: bool) -> Duration {
        let cap = if resident_waits { self.cap_while_waiting } else { self.cap };
        let doubled = self.first.saturating_mul(1_u32.checked_shl(attempt.min(30)).unwrap_or(u32::MAX)).min(cap);
        let jittered = doubled.mul_f64(fraction.clamp(0.0, 1.0));
        match asked {
            Some(asked) => asked.saturating_add(asked.mul_f64(fraction.clamp(0.0, 1.0) / 4.0)).max(jittered),
            None => jittered,
        }
    }
}

/// One entry of the plan.
#[derive(Debug, Clone, PartialEq)]
struct Planned {
    entry: OutboxEntry,
    attempt: u32,
    phase: Phase,
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
    stopped_until: Option<SinceStart>,
}

impl Outbox {
    /// An empty plan.
    pub fn new(backoff: Backoff) -> Self {
        Self { backoff, planned: BTreeMap::new(), stopped_until: None }
    }

    /// Takes over an entry from the store; `due` is the earliest time to send it.
    pub fn add(&mut self, entry: OutboxEntry, due: SinceStart) {
        let phase = match entry.state {
            OutboxState::Queued => Phase::Due(due),
            OutboxState::SetAside { .. } => Phase::Aside,
            OutboxState::Acknowledged { .. } => return,
        };
        self.planned.entry(entry.sequence).or_insert(Planned { entry, attempt: 0, phase });
    }

    /// The store was read again: what is not among these entries has its end, or is lost and named by the store.
    pub fn keep_only(&mut self, entries: &[OutboxEntry]) {
        let there: BTreeSet<Sequence> = entries.iter().map(|entry| entry.sequence).collect();
        self.planned.retain(|sequence, _| there.contains(sequence));
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

    /// The next entry to send, if one is due and none is with the county: the one somebody waits for, else the oldest.
    /// Marks it as in flight.
    pub fn take_due(&mut self, now: SinceStart, waited_for: Option<SubmissionId>) -> Option<(SubmissionId, Sequence)> {
        if self.stopped_until.is_some_and(|until| now < until) || self.is_sending() {
            return None;
        }
        self.stopped_until = None;
        let is_due = |planned: &Planned| matches!(planned.phase, Phase::Due(due) if due <= now);
        let first = self.planned.values().find(|planned| waited_for == Some(planned.entry.id) && is_due(planned));
        let chosen = first.or_else(|| self.planned.values().find(|planned| is_due(planned)))?.entry.sequence;
        let planned = self.planned.get_mut(&chosen)?;
        planned.phase = Phase::InFlight;
        Some((planned.entry.id, planned.entry.sequence))
    }

    /// The county has it and the mark is being written. `false` if the entry is not on its way.
    pub fn marking(&mut self, id: SubmissionId) -> bool {
        self.find(id).is_some_and(|planned| {
            let was_in_flight = planned.phase == Phase::InFlight;
            if was_in_flight {
                planned.phase = Phase::Marking;
            }
            was_in_flight
        })
    }

    /// Again later with the same id. Returns the wait; `None` if the entry is not on its way.
    pub fn retry(&mut self, id: SubmissionId, now: &Now, asked: Option<Duration>, waits: bool) -> Option<Duration> {
        let backoff = self.backoff;
        let planned = self.find(id)?;
        if !matches!(planned.phase, Phase::InFlight | Phase::Marking) {
            return None;
        }
        let wait = backoff.wait(planned.attempt, now.fraction(), asked, waits);
        planned.attempt = planned.attempt.saturating_add(1);
        planned.phase = Phase::Due(now.since_start + wait);
        Some(wait)
    }

    /// The county refuses this kiosk: nothing is sent for a while.
    pub fn stop(&mut self, id: SubmissionId, now: &Now) {
        self.retry(id, now, None, false);
        self.stopped_until = Some(now.since_start + self.backoff.stop_pause);
    }

    /// The acknowledgement is durable: the entry leaves. Returns it.
    pub fn acknowledged(&mut self, id: SubmissionId) -> Option<OutboxEntry> {
        let sequence = self.find(id)?.entry.sequence;
        self.planned.remove(&sequence).map(|planned| planned.entry)
    }

    /// The set-aside mark is durable: staff see to it.
    pub fn set_aside(&mut self, id: SubmissionId) -> Option<OutboxEntry> {
        let planned = self.find(id)?;
        planned.phase = Phase::Aside;
        Some(planned.entry.clone())
    }

    /// When something is due next.
    pub fn next_wake(&self) -> Option<SinceStart> {
        if self.is_sending() {
            return None;
        }
        let due = self
            .planned
            .values()
            .filter_map(|planned| match planned.phase {
                Phase::Due(due) => Some(due),
                Phase::InFlight | Phase::Marking | Phase::Aside => None,
            })
            .min()?;
        Some(self.stopped_until.map_or(due, |until| due.max(until)))
    }

    /// An entry is with the county or its mark is being written.
    pub fn is_sending(&self) -> bool {
        self.planned.values().any(|planned| matches!(planned.phase, Phase::InFlight | Phase::Marking))
    }

    /// Entries without a durable acknowledgement that are not set aside.
    pub fn waiting(&self) -> usize {
        self.planned.values().filter(|planned| planned.phase != Phase::Aside).count()
    }

    /// Entries that were set aside for staff.
    pub fn aside(&self) -> usize {
        self.planned.values().filter(|planned| planned.phase == Phase::Aside).count()
    }

    /// Number on this kiosk of an entry of the plan.
    pub fn sequence_of(&self, id: SubmissionId) -> Option<Sequence> {
        self.planned.values().find(|planned| planned.entry.id == id).map(|planned| planned.entry.sequence)
    }

    fn find(&mut self, id: SubmissionId) -> Option<&mut Planned> {
        self.planned.values_mut().find(|planned| planned.entry.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ItemId;
    use crate::domain::submission::ItemRef;
    use crate::domain::text::Text;

    fn now(seconds: u64, fraction: u8) -> Now {
        let mut chance = [0; 16];
        chance[12] = fraction;
        Now { since_start: Duration::from_secs(seconds), wall: jiff::Timestamp::UNIX_EPOCH, chance }
    }

    fn entry(sequence: u64) -> OutboxEntry {
        let name = Text::new("事项", "item");
        OutboxEntry {
            id: SubmissionId::from_parts(sequence, [sequence as u8; 10]),
            sequence: Sequence(sequence),
            item: ItemRef {
                item: ItemId("x".into()),
                code: "c".into(),
                version: 1,
                name: name.clone(),
                plain_name: name,
            },
            kept_at: jiff::Timestamp::UNIX_EPOCH,
            state: OutboxState::Queued,
        }
    }

    #[test]
    fn one_bad_entry_never_delays_another() {
        let mut outbox = Outbox::new(Backoff::default());
        outbox.add(entry(1), Duration::ZERO);
        outbox.add(entry(2), Duration::ZERO);
        let (first, _) = outbox.take_due(Duration::ZERO, None).expect("the first is due");
        assert_eq!(outbox.take_due(Duration::ZERO, None), None, "one at a time");
        let wait = outbox.retry(first, &now(0, 255), None, false).expect("it was in flight");
        assert!(wait > Duration::ZERO);
        let (second, _) = outbox.take_due(Duration::ZERO, None).expect("the second goes while the first waits");
        assert_ne!(first, second);
    }

    #[test]
    fn an_entry_leaves_only_by_a_durable_mark() {
        let mut outbox = Outbox::new(Backoff::default());
        outbox.add(entry(1), Duration::ZERO);
        let (id, _) = outbox.take_due(Duration::ZERO, None).expect("due");
        assert!(outbox.marking(id));
        assert!(!outbox.marking(id), "a second answer to the same question changes nothing");
        assert_eq!(outbox.waiting(), 1);
        outbox.retry(id, &now(5, 0), None, false).expect("the mark failed: again with the same id");
        let (again, _) = outbox.take_due(Duration::from_secs(60), None).expect("due again");
        assert_eq!(id, again);
        outbox.marking(id);
        assert!(outbox.acknowledged(id).is_some());
        assert_eq!((outbox.waiting(), outbox.next_wake()), (0, None));
        assert!(outbox.acknowledged(id).is_none());
    }

    #[test]
    fn waits_double_are_capped_and_jittered_and_respect_retry_after() {
        let backoff = Backoff::default();
        assert_eq!(backoff.wait(0, 1.0, None, false), Duration::from_secs(2));
        assert_eq!(backoff.wait(3, 1.0, None, false), Duration::from_secs(16));
        assert_eq!(backoff.wait(40, 1.0, None, false), backoff.cap);
        assert_eq!(backoff.wait(40, 1.0, None, true), backoff.cap_while_waiting);
        assert_eq!(backoff.wait(3, 0.0, None, false), Duration::ZERO, "full jitter begins at nothing");
        let asked = Duration::from_secs(120);
        assert!(backoff.wait(0, 0.0, Some(asked), true) >= asked, "the county's wish is a lower bound");
        assert!(backoff.wait(0, 1.0, Some(asked), true) <= asked.mul_f64(1.25));
    }

    #[test]
    fn after_a_refusal_of_the_kiosk_nothing_is_sent_until_the_pause_is_over() {
        let mut outbox = Outbox::new(Backoff::default());
        outbox.add(entry(1), Duration::ZERO);
        outbox.add(entry(2), Duration::ZERO);
        let (id, _) = outbox.take_due(Duration::ZERO, None).expect("due");
        outbox.stop(id, &now(0, 0));
        assert_eq!(outbox.take_due(Duration::from_secs(60), None), None);
        let pause = Backoff::default().stop_pause;
        assert_eq!(outbox.next_wake(), Some(pause));
        assert!(outbox.take_due(pause, None).is_some());
    }

    #[test]
    fn a_fresh_entry_waits_for_its_slip_but_not_for_ever() {
        let mut outbox = Outbox::new(Backoff::default());
        let held = outbox.hold_for_slip(Duration::ZERO);
        outbox.add(entry(1), held);
        assert_eq!(outbox.take_due(Duration::from_secs(1), None), None);
        outbox.release(entry(1).id, Duration::from_secs(2));
        assert!(outbox.take_due(Duration::from_secs(2), None).is_some());
        outbox.add(entry(2), held);
        assert_eq!(outbox.next_wake(), None, "one is in flight");
        outbox.acknowledged(entry(1).id);
        assert_eq!(outbox.next_wake(), Some(held));
    }
}
