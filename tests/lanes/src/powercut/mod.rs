//! Power cuts: the real store works on a recording disk, and at every point of its log the power goes.
//!
//! [`workload`] records, [`crate::disk::cut`] builds what may be left, `check` opens it with a fresh store and compares
//! it with the answers given until then ([`history`]). Promised: nothing answered is missing or changed, no number is
//! missing, nothing is half there, nothing is there that nobody asked for beyond the one question under way, the file is
//! whole, and what was acknowledged is gone: from the open store at once, and from the raw disk with the next answer. (Between
//! the two the file system itself writes the shorter log out; on ext4 that takes five seconds.)
//!
//! Every tenth cut is followed by one within the recovery, and every hundredth by another one in that.

pub mod check;
pub mod history;
pub mod migration;
pub mod salvage;
pub mod workload;

use check::check;
use history::{History, Rows};
use workload::{Files, Planted, Recording, Size, record};

use crate::chance::Chance;
use crate::disk::cut::{Names, Replay};
use crate::disk::{Disk, Mount};
use crate::pace::seed_of;
use crate::{Pace, Tally};

/// Points tried within one run of a kiosk; a longer run is sampled.
const POINTS: usize = 400;
/// Disks built for one point and one way names become durable.
const DISKS: u64 = 2;

/// Tries this many cuts.
pub fn run(pace: Pace, seed: u64, planted: Planted) -> Tally {
    pace.run(seed, |round, tally| {
        let round_seed = seed_of(seed, round);
        match record(round_seed, size(round), History::default(), Files::new(), planted) {
            Ok(recording) => cut_everywhere(&recording, round_seed, pace.count, tally),
            Err(why) => tally.note(Err(format!("run {round_seed}: {why}"))),
        }
    })
}

/// Most runs are short, so that the start and the first commits are tried often; one in sixteen is long enough for the
/// database to empty its log by itself.
const fn size(round: u64) -> Size {
    match round % 16 {
        15 => Size { steps: 320, keeps: 10 },
        7 => Size { steps: 60, keeps: 5 },
        _ => Size { steps: 4 + round % 12, keeps: 5 },
    }
}

/// Cuts at the points of a recorded run until `cuts` are tried in all.
pub fn cut_everywhere(recording: &Recording, seed: u64, cuts: u64, tally: &mut Tally) {
    let mut chance = Chance::new(seed);
    let Recording { before, log, history } = recording;
    let stride = log.len().div_ceil(POINTS).max(1);
    for names in [Names::Ordered, Names::Strict] {
        let mut replay = Replay::new(before, log, names);
        let mut point = chance.index(stride);
        while point <= log.len() {
            replay.walk_to(point);
            let (must, may) = history.at(point);
            for _ in 0..DISKS {
                if tally.tried >= cuts {
                    return;
                }
                let image = replay.image(&mut chance);
                let place = || format!("run {seed}, point {point} of {}, {names:?}", log.len());
                again(&image, &must, may.as_ref(), names, 0, &mut chance, tally, &place);
            }
            point += stride;
        }
    }
}

/// Checks a disk, and now and then cuts the power within its recovery.
#[expect(clippy::too_many_arguments, reason = "the same eight things at every depth")]
fn again(
    image: &Files,
    must: &Rows,
    may: Option<&Rows>,
    names: Names,
    depth: u32,
    chance: &mut Chance,
    tally: &mut Tally,
    place: &dyn Fn() -> String,
) {
    let mount = Mount::of(Disk::with(image.clone()));
    let found = check(&mount, image, must, may);
    let recovered = match found {
        Ok(recovered) => {
            tally.note(Ok(()));
            recovered
        }
        Err(why) => return tally.note(Err(format!("{}, depth {depth}: {why}", place()))),
    };
    if depth < 2 && chance.one_in(10) {
        let mut replay = Replay::new(image, &recovered.log, names);
        replay.walk_to(chance.index(recovered.log.len() + 1));
        let image = replay.image(chance);
        // What the first start found is there for good.
        again(&image, &recovered.rows, None, names, depth + 1, chance, tally, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 20_261_124;

    #[test]
    fn twenty_thousand_power_cuts_lose_nothing() {
        let tally = run(Pace { threads: 2, ..Pace::of(20_000) }, SEED, Planted::Nothing);
        assert_eq!(tally.bad, 0, "{tally}\n{:#?}", tally.findings);
        assert!(tally.tried >= 20_000);
    }

    #[test]
    fn the_lane_notices_a_log_that_is_not_synced() {
        notices(Planted::LogNotSynced, "is lost");
    }

    #[test]
    fn the_lane_notices_a_disk_without_syncs() {
        // Almost every promise breaks, so which of them is found first is not said here.
        notices(Planted::NothingSynced, "");
    }

    #[test]
    fn the_lane_notices_an_answer_before_the_commit() {
        notices(Planted::AnsweredBeforeCommit, "is lost");
    }

    #[test]
    fn the_lane_notices_a_counter_in_a_transaction_of_its_own() {
        notices(Planted::CounterApart, "numbers are missing");
    }

    #[test]
    fn the_lane_notices_a_log_that_keeps_deleted_content() {
        notices(Planted::TruncateLost, "still on the disk");
    }

    fn notices(planted: Planted, words: &str) {
        let tally = run(Pace::of(3_000), SEED, planted);
        assert!(tally.bad > 0, "{planted:?} was not noticed in {} cuts", tally.tried);
        assert!(tally.findings.iter().any(|finding| finding.contains(words)), "{:#?}", tally.findings);
    }
}
