//! Power cuts within a salvage: a damaged store is put aside, and at every step of that the power goes.
//!
//! A kiosk works, is killed in the middle, and its file is hurt. An undisturbed start says what can be had of it. The same
//! start is then recorded, with the database's writes and those of whole files, and at every point of it the power
//! goes; of what no sync had made durable any part may be there, in any order, in both ways names become durable. The
//! next start must find the same: every row that could be had, and every other number named as missing; and the damaged
//! file, if not everything was to be had.

use kiosk::store::{FILE_NAME, Keeper};

use super::check::compare;
use super::history::{Desk, History, Rows};
use super::workload::{Files, Planted as Workload, Size, record};
use crate::bitrot::damage;
use crate::chance::Chance;
use crate::disk::cut::{Names, Replay};
use crate::disk::{Disk, Faults, Mount};
use crate::pace::seed_of;
use crate::people::opening;
use crate::{Pace, Tally};

/// What the kiosk does before.
const BEFORE: Size = Size { steps: 16, keeps: 7 };
/// Disks built for one point and one way names become durable.
const DISKS: u64 = 2;

/// A protection that is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// None.
    Nothing,
    /// The folder is never synced by the salvage itself.
    FolderNotSynced,
    /// Nothing is synced.
    NothingSynced,
}

/// Tries this many cuts. One try is one disk.
pub fn run(pace: Pace, seed: u64, planted: Planted) -> Tally {
    pace.run(seed, |round, tally| {
        let round_seed = seed_of(seed, round);
        if let Err(why) = cut_everywhere(round_seed, planted, tally) {
            tally.note(Err(format!("run {round_seed}: {why}")));
        }
    })
}

/// What a start finds.
#[derive(Debug, PartialEq)]
struct Found {
    rows: Rows,
    missing: Vec<u64>,
    last: u64,
}

fn cut_everywhere(seed: u64, planted: Planted, tally: &mut Tally) -> Result<(), String> {
    let mut chance = Chance::new(seed);
    let recording = record(seed, BEFORE, History::default(), Files::new(), Workload::Nothing)?;
    // Killed at some moment of its second half, so that much stands in the log alone.
    let length = recording.log.len();
    let mut replay = Replay::new(&recording.before, &recording.log, Names::Ordered);
    replay.walk_to(length / 2 + chance.index(length / 2));
    let mut hurt = replay.written();
    let Some(bytes) = hurt.get_mut(FILE_NAME).filter(|bytes| bytes.len() >= 1_024) else { return Ok(()) };
    let what = damage(bytes, &mut chance);
    let mount = Mount::of(Disk::with(hurt.clone()));
    // A refusal leaves everything as it was; a damage that nobody sees needs no salvage.
    let Ok((wanted, true)) = found(&mount) else { return Ok(()) };

    let mount = Mount::of(Disk::with(hurt.clone()));
    mount.disk.set_faults(Faults {
        skips_folder_syncs: planted == Planted::FolderNotSynced,
        skips_syncs: planted == Planted::NothingSynced,
        ..Faults::default()
    });
    drop(Keeper::open(&opening(&mount)).map_err(|error| error.code().to_owned())?);
    let log = mount.disk.take_log();
    for names in [Names::Ordered, Names::Strict] {
        let mut replay = Replay::new(&hurt, &log, names);
        for point in 0..=log.len() {
            replay.walk_to(point);
            for _ in 0..DISKS {
                let image = replay.image(&mut chance);
                let result = same(&Mount::of(Disk::with(image)), &wanted, &hurt);
                let place = |why| format!("run {seed}, {what}, point {point} of {}, {names:?}: {why}", log.len());
                tally.note(result.map_err(place));
            }
        }
    }
    Ok(())
}

/// Whether a start finds what the undisturbed one found, and the damaged file if it must be there.
fn same(mount: &Mount, wanted: &Found, hurt: &Files) -> Result<(), String> {
    let (found, _) = found(mount)?;
    compare(&found.rows, &wanted.rows)?;
    if (&found.missing, found.last) != (&wanted.missing, wanted.last) {
        return Err(format!("missing are {:?} and not {:?}", found.missing, wanted.missing));
    }
    let files = mount.disk.files();
    let is_kept = |end: &str| {
        let Some(bytes) = hurt.get(&format!("{FILE_NAME}{end}")) else { return true };
        (1..=3).any(|number| files.get(&format!("{FILE_NAME}.damaged-{number}{end}")) == Some(bytes))
    };
    if wanted.missing.is_empty() || (is_kept("") && is_kept("-wal")) {
        Ok(())
    } else {
        Err("the damaged file is not kept as it was found".to_owned())
    }
}

/// Starts and reads everything. Says also whether a salvage was needed.
fn found(mount: &Mount) -> Result<(Found, bool), String> {
    let mut desk = Desk::open(mount)?;
    let last = desk.report.last.0;
    let mut rows = Rows::new();
    for number in 1..=last {
        if let Some(row) = desk.row(number)? {
            rows.insert(number, row);
        }
    }
    let missing = desk.report.missing.iter().map(|number| number.0).collect();
    Ok((Found { rows, missing, last }, desk.report.salvaged.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 20_261_124;

    #[test]
    fn a_power_cut_at_any_write_of_a_salvage_loses_nothing_more() {
        let tally = run(Pace { threads: 2, ..Pace::of(1_000) }, SEED, Planted::Nothing);
        assert_eq!(tally.bad, 0, "{tally}\n{:#?}", tally.findings);
    }

    #[test]
    fn the_lane_notices_a_salvage_that_never_syncs_the_folder() {
        notices(Planted::FolderNotSynced);
    }

    #[test]
    fn the_lane_notices_a_salvage_without_syncs() {
        notices(Planted::NothingSynced);
    }

    /// Goes on until it is noticed, one round at a time.
    fn notices(planted: Planted) {
        let is_noticed = (0..40).any(|portion| run(Pace::of(1), SEED + portion, planted).bad > 0);
        assert!(is_noticed, "{planted:?} was not noticed");
    }
}
