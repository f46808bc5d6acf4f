//! Years of use: what an application costs, and whether it costs more when very many wait.
//!
//! Costs are counted on the disk ([`Counts`]), so the judgement does not depend on the machine it is made on; times are told
//! and never judged. The store is drained as the kiosk does it: the plan hands out what travels together, its bytes are
//! read, and the acknowledgements of a call are stored together. A platform is modelled: so many applications a second, and each
//! sync of the kiosk between two calls takes its time; judged are the share of its rate that is used, and the share of places
//! in the calls.

use std::time::Duration;

use jiff::Timestamp;
use kiosk::domain::id::{Sequence, SubmissionId};
use kiosk::domain::outbox::{BATCH_MAX, Backoff, Outbox};
use kiosk::domain::submission::{CaseReceipt, OutboxEntry, StoreCommand, StoreEvent};
use kiosk::domain::time::Now;

use crate::disk::{Counts, Disk, Faults, Mount};
use crate::people::{application, id, receipt};
use crate::powercut::history::Desk;
use crate::{Pace, Stopwatch, Tally};

/// Applications over which a cost is averaged: enough for several emptyings of the log.
pub const SAMPLE: u64 = 1_000;
/// Bytes of answers that make an application of about 1.5 kB.
const LETTERS: usize = 1_100;

/// A platform that admits so many applications a second, as in the sums for a whole county.
const PLATFORM: u64 = 200;
/// A sync on the slow flash of a small board, in milliseconds.
const SYNC_MS: u64 = 5;
/// The log of the disk is of no use here and is forgotten after so many questions.
const FORGOTTEN: u64 = 500;

/// What one application costs, in thousandths so that averages can be compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Syncs, on average.
    pub syncs: u64,
    /// Bytes written, on average.
    pub bytes: u64,
    /// Calls to the disk, on average.
    pub calls: u64,
    /// Calls to the disk of all but the dearest in a hundred.
    pub calls_p99: u64,
    /// How long all but the slowest in a hundred took. It informs.
    pub p99: Duration,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub first: Cost,
    pub last: Cost,
    /// Bytes of one application before and after it is sealed.
    pub plain: usize,
    pub sealed: usize,
    /// Bytes of the file with everything queued, and after everything was acknowledged.
    pub full: usize,
    pub drained: usize,
    /// How the queue was drained.
    pub drain: Drain,
}

impl Measured {
    /// What was measured, for people.
    fn lines(&self) -> [String; 2] {
        let Self { first, last, full, drained, drain, .. } = self;
        let micros = |cost: &Cost| cost.p99.as_micros();
        let own = drain.took.as_secs_f64();
        [
            format!(
                "accept: p99 {} and {} calls, {} and {} microseconds; {} and {} bytes; file {full} and {drained} bytes",
                first.calls_p99 / 1_000,
                last.calls_p99 / 1_000,
                micros(first),
                micros(last),
                first.bytes / 1_000,
                last.bytes / 1_000
            ),
            format!(
                "drain: {} in {} calls, {own:.1} s of its own here, {:.3} syncs each; of a platform of {PLATFORM}/s \
                 it uses {:.3} with syncs of {SYNC_MS} ms",
                drain.acknowledged,
                drain.calls,
                drain.syncs as f64 / 1_000.0,
                drain.share() as f64 / 1_000.0
            ),
        ]
    }
}

/// How a queue was drained.
#[derive(Debug, Clone, Copy)]
pub struct Drain {
    /// Applications.
    pub acknowledged: u64,
    /// Calls to the county.
    pub calls: u64,
    /// Syncs for each application, in thousandths.
    pub syncs: u64,
    /// The kiosk's own time between the calls. It informs.
    pub took: Duration,
}

impl Drain {
    /// Thousandths of the rate of a platform that are used, where the kiosk's own time is that of its syncs. Counted, so it
    /// is the same on each machine.
    fn share(&self) -> u64 {
        let platforms = self.acknowledged * 1_000 / PLATFORM;
        let own = self.acknowledged * self.syncs * SYNC_MS / 1_000;
        (platforms * 1_000).checked_div(platforms + own).unwrap_or(0)
    }
}

/// A protection that is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// None.
    Nothing,
    /// What is deleted is never given back to the disk.
    NothingGivenBack,
    /// Each application travels in a call of its own.
    OneByOne,
    /// Each acknowledgement is written on its own.
    MarkedOneByOne,
    /// An application is written in two transactions.
    WrittenTwice,
    /// The pages are of 4,096 bytes.
    LargePages,
    /// The file is opened anew, with all its checks, at every fiftieth application.
    OpenedAnew,
}

/// Fills a store, measures, and drains it in order.
///
/// # Errors
/// What the store did not do.
pub fn measure(count: u64, planted: Planted) -> Result<Measured, String> {
    let mount = Mount::of(Disk::with([]));
    mount.disk.set_faults(Faults {
        skips_truncates: planted == Planted::NothingGivenBack,
        counts_large_pages: planted == Planted::LargePages,
        ..Faults::default()
    });
    let mut desk = Desk::open(&mount)?;
    keep(&mount, &mut desk, 1..=100)?;
    let first = cost(&mount, &mut desk, 101, planted)?;
    keep(&mount, &mut desk, 101 + SAMPLE..=count)?;
    let from = count.max(100 + SAMPLE) + 1;
    let last = cost(&mount, &mut desk, from, planted)?;
    let all = from + SAMPLE - 1;
    let length = |mount: &Mount| mount.disk.files().get(kiosk::store::FILE_NAME).map_or(0, Vec::len);
    drop(desk);
    let mut desk = Desk::open(&mount)?;
    let full = length(&mount);
    let plain = kiosk::store::encode(&application(all, LETTERS)).map_err(|error| error.to_string())?.bytes().len();
    let sealed = desk.body(id(all))?.map_or(0, |body| body.len());
    let queue = desk.ask(&StoreCommand::LoadQueue);
    let [StoreEvent::Queue { entries }] = queue.as_slice() else { return Err("the queue does not read".to_owned()) };
    if !entries.iter().map(|entry| entry.sequence.0).eq(1..=all) {
        return Err("the queue is not in order or not whole".to_owned());
    }
    let drain = drain(&mount, &mut desk, entries, planted)?;
    drop(desk);
    Ok(Measured { first, last, plain, sealed, full, drained: length(&mount), drain })
}

/// Hands everything over and stores each acknowledgement, in the order of the plan.
fn drain(mount: &Mount, desk: &mut Desk, entries: &[OutboxEntry], planted: Planted) -> Result<Drain, String> {
    let stopwatch = Stopwatch::start();
    let mut outbox = Outbox::new(Backoff::default());
    entries.iter().for_each(|entry| outbox.add(entry.clone(), Duration::ZERO));
    let now = Now { since_start: Duration::ZERO, wall: Timestamp::UNIX_EPOCH, chance: [7; 16] };
    let (mut calls, mut expected, before) = (0, 1, mount.disk.counts().syncs);
    while outbox.waiting() > 0 {
        let alone = (planted == Planted::OneByOne).then(|| entries.get(expected as usize - 1)).flatten();
        let handed = outbox.take_due(now.since_start, alone.map(|entry| entry.id));
        if handed.is_empty() {
            return Err(format!("number {expected} waits and is not handed out"));
        }
        calls += 1;
        outbox.answered();
        let mut receipts = Vec::new();
        for handed in &handed {
            if handed.sequence.0 != expected {
                return Err(format!("number {} goes where {expected} was next", handed.sequence.0));
            }
            expected += 1;
            desk.body(handed.id)?.ok_or("what waits has no content")?;
            receipts.push((handed.id, receipt(handed.sequence.0)));
        }
        let at_once = if planted == Planted::MarkedOneByOne { 1 } else { receipts.len() };
        for receipts in receipts.chunks(at_once) {
            acknowledge(desk, receipts)?;
        }
        for handed in handed {
            if !outbox.marking(handed.id) || outbox.acknowledged(handed.id).is_none() {
                return Err(format!("number {} does not leave the plan", handed.sequence.0));
            }
        }
        mount.disk.forget_log();
    }
    let acknowledged = expected - 1;
    let syncs = (mount.disk.counts().syncs - before) * 1_000 / acknowledged.max(1);
    Ok(Drain { acknowledged, calls, syncs, took: stopwatch.took() })
}

/// Stores the receipts of one call, as the core asks for it.
fn acknowledge(desk: &mut Desk, receipts: &[(SubmissionId, CaseReceipt)]) -> Result<(), String> {
    let (command, wanted) = match receipts {
        [(id, receipt)] => {
            let command = StoreCommand::Acknowledge { id: *id, receipt: receipt.clone() };
            (command, StoreEvent::Acknowledged { id: *id })
        }
        _ => {
            let done = receipts.iter().map(|(id, _)| *id).collect();
            let command = StoreCommand::AcknowledgeAll { receipts: receipts.to_vec() };
            (command, StoreEvent::Marked { done, failed: Vec::new() })
        }
    };
    let said = desk.ask(&command);
    if said == [wanted] { Ok(()) } else { Err(format!("{} receipts are not stored: {said:?}", receipts.len())) }
}

/// The lane: one try for each application, and the judgement at the end of each round. Gives also what was measured, in
/// words. On one thread, for its times are told.
pub fn run(pace: Pace, seed: u64, planted: Planted) -> (Tally, Vec<String>) {
    let lines = std::sync::Mutex::new(Vec::new());
    let tally = Pace { threads: 1, ..pace }.run(seed, |_, tally| {
        let judged = measure(pace.count, planted).and_then(|measured| {
            lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(measured.lines());
            judge(&measured)
        });
        tally.tried = pace.count;
        if let Err(why) = judged {
            tally.bad = 1;
            tally.findings.push(why);
        }
    });
    (tally, lines.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Whether the costs are within their limits.
///
/// # Errors
/// Which are not, with the numbers.
pub fn judge(measured: &Measured) -> Result<(), String> {
    let Measured { first, last, full, drained, drain, .. } = measured;
    let is_dearer = |last: u64, first: u64| last * 2 > first * 3;
    let places = drain.calls * BATCH_MAX as u64;
    let limits = [
        ("too many syncs", first.syncs <= 1_050 && last.syncs <= 1_050),
        ("too many bytes", first.bytes <= 12_000_000 && last.bytes <= 12_000_000),
        ("dearer when very many wait", !is_dearer(last.bytes, first.bytes) && !is_dearer(last.calls, first.calls)),
        ("the dearest are dearer when very many wait", !is_dearer(last.calls_p99, first.calls_p99)),
        ("the calls are not full", drain.acknowledged * 10 >= places * 9),
        ("the platform is not used", drain.share() >= 900),
        ("too many syncs for an acknowledgement", drain.syncs <= 100),
        ("not shrunk", drained * 2 < *full),
    ];
    let broken: Vec<&str> = limits.iter().filter(|(_, is_kept)| !is_kept).map(|(what, _)| *what).collect();
    if broken.is_empty() { Ok(()) } else { Err(format!("{}: {measured:?}", broken.join("; "))) }
}

fn keep(mount: &Mount, desk: &mut Desk, marks: std::ops::RangeInclusive<u64>) -> Result<(), String> {
    for mark in marks {
        keep_one(desk, mark)?;
        if mark.is_multiple_of(FORGOTTEN) {
            mount.disk.forget_log();
        }
    }
    Ok(())
}

fn keep_one(desk: &mut Desk, mark: u64) -> Result<(), String> {
    let said = desk.ask(&StoreCommand::Keep { application: Box::new(application(mark, LETTERS)) });
    if matches!(said.as_slice(), [StoreEvent::Kept { .. }]) {
        Ok(())
    } else {
        Err(format!("{mark} is not kept: {said:?}"))
    }
}

/// What a sample of applications costs, on average and at the dear end.
fn cost(mount: &Mount, desk: &mut Desk, from: u64, planted: Planted) -> Result<Cost, String> {
    let before = mount.disk.counts();
    let (mut calls, mut times) = (Vec::new(), Vec::new());
    for mark in from..from + SAMPLE {
        let (counted, stopwatch) = (mount.disk.counts().calls, Stopwatch::start());
        if planted == Planted::OpenedAnew && mark.is_multiple_of(50) {
            // The old connection must be closed before the new one opens the file.
            let elsewhere = Mount::of(Disk::with([]));
            drop(std::mem::replace(desk, Desk::open(&elsewhere)?));
            *desk = Desk::open(mount)?;
        }
        keep_one(desk, mark)?;
        if planted == Planted::WrittenTwice {
            desk.ask(&StoreCommand::SetAside { id: id(mark), reason: "planted".to_owned() });
            desk.keeper.requeue(Sequence(mark)).map_err(|error| error.code().to_owned())?;
        }
        times.push(stopwatch.took());
        calls.push((mount.disk.counts().calls - counted) * 1_000);
    }
    mount.disk.forget_log();
    let after: Counts = mount.disk.counts();
    let per = |amount: u64| amount * 1_000 / SAMPLE;
    Ok(Cost {
        syncs: per(after.syncs - before.syncs),
        bytes: per(after.bytes - before.bytes),
        calls: per(after.calls - before.calls),
        calls_p99: p99(calls).unwrap_or(0),
        p99: p99(times).unwrap_or_default(),
    })
}

fn p99<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len() * 99 / 100).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_costs_one_sync_and_twelve_kilobytes_also_when_many_wait() {
        let measured = measure(3_000, Planted::Nothing).expect("the store does its work");
        assert_eq!(judge(&measured), Ok(()));
        assert!(measured.plain >= 1_500, "an application of the usual size: {measured:?}");
    }

    #[test]
    fn the_lane_notices_a_file_that_never_shrinks() {
        notices(1_200, Planted::NothingGivenBack, ["not shrunk"]);
    }

    #[test]
    fn the_lane_notices_a_platform_that_is_called_for_each_one() {
        notices(1_200, Planted::OneByOne, ["the calls are not full"]);
    }

    #[test]
    fn the_lane_notices_receipts_that_are_written_one_by_one() {
        let words = ["the platform is not used", "too many syncs for an acknowledgement"];
        notices(1_200, Planted::MarkedOneByOne, words);
    }

    #[test]
    fn the_lane_notices_a_second_transaction_for_each_application() {
        notices(1_200, Planted::WrittenTwice, ["too many syncs"]);
    }

    #[test]
    fn the_lane_notices_pages_that_make_small_changes_dear() {
        notices(1_200, Planted::LargePages, ["too many bytes"]);
    }

    #[test]
    fn the_lane_notices_a_store_that_reads_more_when_more_wait() {
        // One in fifty is dear, and dearer with each that waits.
        notices(2_400, Planted::OpenedAnew, ["the dearest are dearer when very many wait"]);
    }

    fn notices<const N: usize>(count: u64, planted: Planted, words: [&str; N]) {
        let measured = measure(count, planted).expect("the store does its work");
        let why = judge(&measured).expect_err("it is noticed");
        words.iter().for_each(|words| assert!(why.contains(words), "{words} in {why}"));
    }
}
