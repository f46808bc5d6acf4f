//! Years of use: what an application costs, and whether it costs more when very many wait.
//!
//! Costs are counted on the disk ([`Counts`]), so the judgement does not depend on the machine it is made on.

use kiosk::domain::submission::{StoreCommand, StoreEvent};

use crate::Tally;
use crate::disk::{Counts, Disk, Faults, Mount};
use crate::people::{application, id, receipt};
use crate::powercut::history::Desk;

/// Applications over which a cost is averaged: enough for several emptyings of the log.
pub const SAMPLE: u64 = 1_000;
/// Bytes of answers that make an application of about 1.5 kB.
const LETTERS: usize = 1_100;

/// What one application costs on average, in thousandths, so that it can be compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Syncs.
    pub syncs: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Calls to the disk.
    pub calls: u64,
}

impl Cost {
    fn between(before: Counts, after: Counts, applications: u64) -> Self {
        let per = |amount: u64| amount * 1_000 / applications;
        Self {
            syncs: per(after.syncs - before.syncs),
            bytes: per(after.bytes - before.bytes),
            calls: per(after.calls - before.calls),
        }
    }
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
}

/// A protection that is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// None.
    Nothing,
    /// What is deleted is never given back to the disk.
    NothingGivenBack,
}

/// Fills a store, measures, and drains it in order.
///
/// # Errors
/// What the store did not do.
pub fn measure(count: u64, planted: Planted) -> Result<Measured, String> {
    let mount = Mount::of(Disk::with([]));
    mount.disk.set_faults(Faults { skips_truncates: planted == Planted::NothingGivenBack, ..Faults::default() });
    let mut desk = Desk::open(&mount)?;
    keep(&mut desk, 1..=100)?;
    let first = cost(&mount, &mut desk, 101)?;
    keep(&mut desk, 101 + SAMPLE..=count)?;
    mount.disk.forget_log();
    let from = count.max(100 + SAMPLE) + 1;
    let last = cost(&mount, &mut desk, from)?;
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
    for mark in 1..=all {
        let command = StoreCommand::Acknowledge { id: id(mark), receipt: receipt(mark) };
        if !matches!(desk.ask(&command).as_slice(), [StoreEvent::Acknowledged { .. }]) {
            return Err(format!("number {mark} is not acknowledged"));
        }
        if mark % 1_000 == 0 {
            mount.disk.forget_log();
        }
    }
    drop(desk);
    Ok(Measured { first, last, plain, sealed, full, drained: length(&mount) })
}

/// The lane: one try for each application, and the judgement at the end.
pub fn run(count: u64, seed: u64, planted: Planted) -> Tally {
    let mut tally = Tally::new(seed);
    let judged = measure(count, planted).and_then(|measured| judge(&measured));
    tally.tried = count;
    if let Err(why) = judged {
        tally.bad = 1;
        tally.findings.push(why);
    }
    tally
}

/// Whether the costs are within their limits.
///
/// # Errors
/// Which one is not, with the numbers.
pub fn judge(measured: &Measured) -> Result<(), String> {
    let Measured { first, last, full, drained, .. } = measured;
    let limits = [
        ("too many syncs", first.syncs <= 1_050 && last.syncs <= 1_050),
        ("too many bytes", first.bytes <= 12_000_000 && last.bytes <= 12_000_000),
        ("dearer when very many wait", last.bytes * 2 <= first.bytes * 3 && last.calls * 2 <= first.calls * 3),
        ("not shrunk", drained * 2 < *full),
    ];
    match limits.iter().find(|(_, is_kept)| !is_kept) {
        None => Ok(()),
        Some((what, _)) => Err(format!("{what}: {measured:?}")),
    }
}

fn keep(desk: &mut Desk, marks: std::ops::RangeInclusive<u64>) -> Result<(), String> {
    for mark in marks {
        let said = desk.ask(&StoreCommand::Keep { application: Box::new(application(mark, LETTERS)) });
        if !matches!(said.as_slice(), [StoreEvent::Kept { .. }]) {
            return Err(format!("{mark} is not kept: {said:?}"));
        }
    }
    Ok(())
}

fn cost(mount: &Mount, desk: &mut Desk, from: u64) -> Result<Cost, String> {
    let before = mount.disk.counts();
    keep(desk, from..=from + SAMPLE - 1)?;
    Ok(Cost::between(before, mount.disk.counts(), SAMPLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_costs_one_sync_and_twelve_kilobytes_also_when_many_wait() {
        let measured = measure(3_000, Planted::Nothing).expect("the store does its work");
        assert_eq!(judge(&measured), Ok(()));
        assert!(measured.plain >= 1_500, "an application of the issue's size: {measured:?}");
    }

    #[test]
    fn the_lane_notices_a_file_that_never_shrinks() {
        let measured = measure(1_200, Planted::NothingGivenBack).expect("the store does its work");
        assert!(judge(&measured).is_err_and(|why| why.contains("not shrunk")), "{measured:?}");
    }
}
