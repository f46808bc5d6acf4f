//! A disk that fails: at the n-th call, in every way, for every n until no call is left.
//!
//! A kiosk works through one script. At some call the disk fails, once or from then on. Promised: what was answered stays;
//! "kept" is never said of what is not on the disk; a broken store keeps nothing until it is opened again; a failed sync
//! is not tried again on the same connection; once the disk is sound, a reopening finds everything, and so does a machine
//! whose power goes instead.

use kiosk::domain::id::SubmissionId;
use kiosk::domain::submission::{StoreCommand, StoreEvent};

use crate::chance::Chance;
use crate::disk::cut::{Names, Replay};
use crate::disk::{Disk, Failure, Faults, Mount, Op};
use crate::people::{application, id, receipt};
use crate::powercut::check::check;
use crate::powercut::history::{Desk, Fact, History, Promise};
use crate::powercut::workload::Files;
use crate::{Pace, Tally};

/// Applications of the script.
const RESIDENTS: u64 = 5;
/// Power cuts after each failure.
const CUTS: usize = 1;

/// A protection that is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// None.
    Nothing,
    /// Whatever the store answers to a new application is taken for "kept".
    RefusalTakenForKept,
    /// Syncs that failed are answered as good.
    FailedSyncAnsweredAsGood,
}

/// Every failure at every call, or at every `stride`-th; `count` of the pace is how often all are gone through, with other
/// chance for the cuts.
pub fn run(pace: Pace, stride: u64, seed: u64, planted: Planted) -> Tally {
    let ways: Vec<(Failure, u64)> =
        Failure::ALL.into_iter().flat_map(|failure| [(failure, 1), (failure, u64::MAX)]).collect();
    let all = ways.len() as u64;
    let pace = Pace { count: pace.count.saturating_mul(all), ..pace };
    pace.run_rounds(seed, |number, tally| {
        let (round, way) = (number / all, number % all);
        let Some((failure, times)) = usize::try_from(way).ok().and_then(|way| ways.get(way)) else { return };
        let mut from = 0;
        loop {
            let mut chance = Chance::new(seed ^ from ^ (round << 32));
            let faults = Faults { fail: Some((from, *failure, *times)), ..Faults::default() };
            let (result, hit) = fail_at(faults, planted, &mut chance);
            let Some(call) = hit else { break };
            tally.note(result.map_err(|why| format!("{failure:?} at call {call}, {times} times: {why}")));
            // Between here and there no call can fail in this way: to begin there would be the same try once more.
            from = call + stride;
        }
    })
}

/// One run of the script. Says also which call was the first to fail, if any was.
fn fail_at(faults: Faults, planted: Planted, chance: &mut Chance) -> (Result<(), String>, Option<u64>) {
    let mount = Mount::of(Disk::with([]));
    let faults = Faults { hides_failed_syncs: planted == Planted::FailedSyncAnsweredAsGood, ..faults };
    mount.disk.set_faults(faults);
    let mut script = Script { history: History::default(), refused: Vec::new(), planted };
    let mut desk = Desk::open(&mount).ok();
    let result = match &mut desk {
        Some(desk) => script.play(&mount, desk),
        None => Ok(()),
    };
    let hit = mount.disk.first_failed();
    let point = mount.disk.position();
    mount.disk.set_faults(Faults::default());
    let result =
        result.and_then(|()| script.power_goes(&mount, point, chance)).and_then(|()| script.reopens(&mount, desk));
    (result, hit)
}

struct Script {
    history: History,
    /// What was not kept and may be on the disk nevertheless, because the disk failed while it was written.
    refused: Vec<Fact>,
    planted: Planted,
}

impl Script {
    fn play(&mut self, mount: &Mount, desk: &mut Desk) -> Result<(), String> {
        let mut commands = Vec::new();
        for mark in 1..=RESIDENTS {
            commands.push(StoreCommand::Keep { application: Box::new(application(mark, 900)) });
            if mark == 2 {
                commands.push(StoreCommand::Acknowledge { id: id(mark), receipt: receipt(mark) });
            }
            if mark == 4 {
                let receipts = [1, 4].map(|mark| (id(mark), receipt(mark))).to_vec();
                commands.push(StoreCommand::AcknowledgeAll { receipts });
            }
        }
        commands.push(StoreCommand::SetAside { id: id(3), reason: "county.refused".to_owned() });
        let mut is_broken = false;
        for command in commands {
            let asked = mount.disk.position();
            let said = desk.ask(&command);
            let answered = mount.disk.position();
            let answer = said.first().ok_or("a question without an answer")?;
            let mut promise = promise(answer, &command, desk);
            if self.planted == Planted::RefusalTakenForKept
                && let (StoreCommand::Keep { application }, None) = (&command, &promise)
            {
                let sequence = self.history.facts.len() as u64 + 1;
                let (id, item) = (application.client_submission_id, application.item.clone());
                promise = Some(Promise::Kept { sequence, id, item, body: Vec::new() });
            }
            match promise {
                Some(_) if is_broken && self.planted == Planted::Nothing => {
                    return Err("a broken store promised something".to_owned());
                }
                Some(promise) => self.history.facts.push(Fact { asked, answered, promise }),
                None => self.refuse(&command, asked),
            }
            is_broken |= said.iter().any(|event| matches!(event, StoreEvent::Broken { .. }));
        }
        self.tried_no_sync_twice(mount)
    }

    /// After a failed sync the same file is not synced again before it is opened again.
    fn tried_no_sync_twice(&self, mount: &Mount) -> Result<(), String> {
        let log = mount.disk.log();
        let failed = log.iter().position(|op| matches!(op, Op::SyncFailed { .. }));
        let Some(failed) = failed else { return Ok(()) };
        let again = log[failed + 1..].iter().any(|op| matches!(op, Op::Sync { .. } | Op::SyncFailed { .. }));
        if again && self.planted == Planted::Nothing { Err("a failed sync was tried again".to_owned()) } else { Ok(()) }
    }

    fn refuse(&mut self, command: &StoreCommand, asked: usize) {
        let promise = match command {
            StoreCommand::Keep { application } => {
                let kept =
                    self.history.facts.iter().filter(|fact| matches!(fact.promise, Promise::Kept { .. })).count();
                let (id, item) = (application.client_submission_id, application.item.clone());
                Promise::Kept { sequence: kept as u64 + 1, id, item, body: Vec::new() }
            }
            StoreCommand::Acknowledge { id, receipt } => {
                Promise::Acknowledged { receipts: vec![(*id, receipt.clone())] }
            }
            StoreCommand::AcknowledgeAll { receipts } => Promise::Acknowledged { receipts: receipts.clone() },
            StoreCommand::SetAside { id, .. } => Promise::SetAside { id: *id },
            StoreCommand::Find { .. } | StoreCommand::Measure | StoreCommand::LoadQueue | StoreCommand::Reopen => {
                return;
            }
        };
        self.refused.push(Fact { asked, answered: usize::MAX, promise });
    }

    /// What must be there, and what may be there in its place: the first refused question may have reached the disk.
    fn expected(&self, point: usize) -> (crate::powercut::history::Rows, Option<crate::powercut::history::Rows>) {
        let mut history = self.history.clone();
        let mut must = history.at(point).0;
        for row in must.values_mut().filter(|row| row.body.as_ref().is_some_and(Vec::is_empty)) {
            // It was kept, and reading it back failed: its bytes were not seen.
            row.body = None;
        }
        let last = history.facts.last().map_or(0, |fact| fact.answered);
        let may = self.refused.iter().find(|fact| fact.asked >= last).map(|fact| {
            history.facts.push(Fact { asked: fact.asked, answered: point, promise: fact.promise.clone() });
            let mut rows = history.at(point).0;
            for row in rows.values_mut().filter(|row| row.body.as_ref().is_some_and(Vec::is_empty)) {
                row.body = None;
            }
            rows
        });
        (must, may)
    }

    fn power_goes(&self, mount: &Mount, point: usize, chance: &mut Chance) -> Result<(), String> {
        let log = mount.disk.log();
        let (must, may) = self.expected(point);
        for _ in 0..CUTS {
            let mut replay = Replay::new(&Files::new(), &log[..point], Names::Ordered);
            replay.walk_to(point);
            let image = replay.image(chance);
            let found = Mount::of(Disk::with(image.clone()));
            check(&found, &image, &must, may.as_ref()).map_err(|why| format!("after a power cut: {why}"))?;
        }
        Ok(())
    }

    fn reopens(&self, mount: &Mount, desk: Option<Desk>) -> Result<(), String> {
        if let Some(mut desk) = desk {
            let said = desk.ask(&StoreCommand::Reopen);
            if !matches!(said.as_slice(), [StoreEvent::Reopened { missing, .. }] if missing.is_empty()) {
                return Err(format!("a reopening on a sound disk gives {said:?}"));
            }
            // The script cut short by the failure goes on: a resident who tries again is kept.
            let again = desk.ask(&StoreCommand::Keep { application: Box::new(application(RESIDENTS + 1, 900)) });
            if !matches!(again.as_slice(), [StoreEvent::Kept { .. }]) {
                return Err(format!("after the reopening nothing is kept: {again:?}"));
            }
        }
        let (must, _) = self.expected(mount.disk.position());
        let mut desk = Desk::open(mount)?;
        for (number, wanted) in &must {
            let found = desk.row(*number)?.ok_or_else(|| format!("number {number} is lost"))?;
            if found.id != wanted.id || (found.stage != wanted.stage && self.refused.is_empty()) {
                return Err(format!("number {number} is another after the reopening"));
            }
        }
        Ok(())
    }
}

/// The receipts of a command that are durable.
fn acknowledged(command: &StoreCommand, done: &[SubmissionId]) -> Option<Promise> {
    let mut receipts = match command {
        StoreCommand::Acknowledge { id, receipt } => vec![(*id, receipt.clone())],
        StoreCommand::AcknowledgeAll { receipts } => receipts.clone(),
        StoreCommand::Keep { .. }
        | StoreCommand::SetAside { .. }
        | StoreCommand::Find { .. }
        | StoreCommand::Measure
        | StoreCommand::LoadQueue
        | StoreCommand::Reopen => return None,
    };
    receipts.retain(|(id, _)| done.contains(id));
    Some(Promise::Acknowledged { receipts })
}

fn promise(answer: &StoreEvent, command: &StoreCommand, desk: &mut Desk) -> Option<Promise> {
    match answer {
        StoreEvent::Kept { entry } => {
            let body = desk.body(entry.id).ok().flatten().unwrap_or_default();
            Some(Promise::Kept { sequence: entry.sequence.0, id: entry.id, item: entry.item.clone(), body })
        }
        StoreEvent::Acknowledged { id } => acknowledged(command, &[*id]),
        StoreEvent::Marked { done, .. } if done.is_empty() => None,
        StoreEvent::Marked { done, .. } => acknowledged(command, done),
        StoreEvent::SetAside { id } => Some(Promise::SetAside { id: *id }),
        StoreEvent::NotKept { .. }
        | StoreEvent::Carried { .. }
        | StoreEvent::Requeued { .. }
        | StoreEvent::MarkFailed { .. }
        | StoreEvent::Found { .. }
        | StoreEvent::FindFailed { .. }
        | StoreEvent::Queue { .. }
        | StoreEvent::Measured { .. }
        | StoreEvent::Reopened { .. }
        | StoreEvent::Broken { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 20_261_124;

    #[test]
    fn whichever_call_fails_nothing_answered_is_lost_and_a_reopening_serves_again() {
        let tally = run(Pace { threads: 2, ..Pace::of(1) }, 1, SEED, Planted::Nothing);
        assert_eq!(tally.bad, 0, "{tally}\n{:#?}", tally.findings);
        assert!(tally.tried > 500, "{tally}");
    }

    #[test]
    fn each_failure_hits_a_call_of_its_own() {
        for failure in Failure::ALL {
            let hit = |from| {
                fail_at(
                    Faults { fail: Some((from, failure, 1)), ..Faults::default() },
                    Planted::Nothing,
                    &mut Chance::new(1),
                )
                .1
            };
            let mut calls = Vec::new();
            while let Some(call) = hit(calls.last().map_or(0, |last| last + 1)) {
                calls.push(call);
            }
            assert!(calls.len() > 10 && calls.is_sorted_by(|one, next| one < next), "{failure:?}: {calls:?}");
        }
    }

    /// A log that could not be emptied, because the disk was full just then, holds what was acknowledged.
    #[test]
    fn what_could_not_be_emptied_is_emptied_with_the_next_look_at_the_room() {
        let mut tried = 0;
        for call in 0.. {
            let mount = Mount::of(Disk::with([]));
            let mut desk = Desk::open(&mount).expect("a sound disk");
            desk.ask(&StoreCommand::Keep { application: Box::new(application(1, 900)) });
            let body = desk.body(id(1)).expect("it reads").expect("it is there");
            let piece = &body[body.len() - 128..][..24];
            let is_on_disk = || mount.disk.files().values().any(|bytes| bytes.windows(24).any(|part| part == piece));
            let from = mount.disk.counts().calls + call;
            mount.disk.set_faults(Faults { fail: Some((from, Failure::Full, 1)), ..Faults::default() });
            let said = desk.ask(&StoreCommand::Acknowledge { id: id(1), receipt: receipt(1) });
            if mount.disk.failed() == 0 {
                break;
            }
            mount.disk.set_faults(Faults::default());
            if !matches!(said.as_slice(), [StoreEvent::Acknowledged { .. }]) || !is_on_disk() {
                continue;
            }
            tried += 1;
            assert!(matches!(desk.ask(&StoreCommand::Measure).as_slice(), [StoreEvent::Measured { .. }]));
            assert!(!is_on_disk(), "full at call {call}");
        }
        assert!(tried > 0, "the emptying was never hit");
    }

    #[test]
    fn the_lane_notices_a_refusal_that_is_taken_for_kept() {
        assert!(run(Pace::of(1), 11, SEED, Planted::RefusalTakenForKept).bad > 0);
    }

    #[test]
    fn the_lane_notices_a_failed_sync_that_is_answered_as_good() {
        let tally = run(Pace::of(1), 3, SEED, Planted::FailedSyncAnsweredAsGood);
        assert!(tally.findings.iter().any(|finding| finding.contains("lost")), "{:#?}", tally.findings);
    }
}
