//! Damage at rest and storage that lies: a store that was hurt starts again, gives out nothing wrong, and names what is gone.
//!
//! [`run`] takes a closed store, flips a bit, wipes a sector or swaps two pages, and opens it. [`lying`] builds what a disk
//! leaves that answers syncs up to 16 too early.
//!
//! Allowed for a hurt store: a clear refusal where the first page is hurt so that nothing tells what the file is (counted by
//! [`Outcome`]); the file is then left as it was. After the lies of a disk the kiosk starts, always. A disk that lies may also lose the last numbers without a trace on itself: those are
//! named by the county, which hears the highest number of each kiosk; the lane checks that nothing but a tail is lost that
//! way.

mod plant;

use std::sync::{Mutex, PoisonError};

use kiosk::domain::id::Sequence;
use kiosk::domain::submission::{OutboxState, StoreCommand, StoreEvent};
use kiosk::store::{FILE_NAME, Salvaged};

pub use plant::Planted;
use plant::Shop;

use crate::chance::Chance;
use crate::disk::cut::{Names, Replay};
use crate::disk::{Disk, Mount};
use crate::pace::seed_of;
use crate::powercut::history::{History, Row, Rows, Stage};
use crate::powercut::workload::{self, Files, Recording, Size, record};
use crate::{Pace, Tally};

/// The piece that is wiped.
const SECTOR: usize = 512;
/// Size of a page.
const PAGE: usize = 512;
/// Most syncs that a lying disk owes.
const LAG: u64 = 16;

/// How a hurt store came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As if nothing had happened.
    Opened,
    /// The damaged file was put aside.
    Salvaged,
    /// Refused with a code.
    Refused,
}

/// Lies that found something once: the seed of the run and that of the cut.
///
/// First: the file was whole but for its schema, and the journal of its first start lay still beside it; reading that cut
/// everything off the file, and the kiosk did not start. The others: no table could be walked through, and traces of rows
/// alone tell how far it was; or an entry without its application stood above the counter, and nothing more could be kept.
#[cfg(test)]
const KEPT_LIES: [(u64, u64); 7] = [
    (1_339_816_942_143_765_666, 6_027_537_231_395_279_796),
    (6_381_852_073_232_347_709, 4_322_672_643_224_617_308),
    (14_798_779_679_389_830_647, 13_660_275_734_828_137_278),
    (16_180_128_270_793_801_452, 15_825_817_180_716_087_890),
    (17_892_094_869_569_132_800, 5_209_545_790_459_063_433),
    (13_108_941_912_752_039_581, 4_939_750_219_710_745_723),
    (1_723_236_997_498_502_352, 7_572_377_867_638_548_044),
];

/// Tries within one recorded run.
const TRIES: u64 = 20;

/// How often the stores came up in which way, by [`Outcome`].
pub type Outcomes = [u64; 3];

/// Hurts closed stores.
pub fn run(pace: Pace, seed: u64, planted: Planted) -> (Tally, Outcomes) {
    rounds(pace, seed, |recording, chance| {
        let mut replay = Replay::new(&recording.before, &recording.log, Names::Ordered);
        replay.walk_to(recording.log.len());
        let mut hurt = replay.image(chance);
        let (rows, _) = recording.history.at(recording.log.len());
        let Some(bytes) = hurt.get_mut(FILE_NAME) else { return Err("no store".to_owned()) };
        let what = damage(bytes, chance);
        look(&hurt, &rows, false, planted).map_err(|why| format!("{what}: {why}"))
    })
}

/// Cuts the power of lying disks.
pub fn lying(pace: Pace, seed: u64, planted: Planted) -> (Tally, Outcomes) {
    rounds(pace, seed, |recording, chance| lie(recording, chance, planted))
}

/// One cut of a disk that lies.
fn lie(recording: &Recording, chance: &mut Chance, planted: Planted) -> Result<Outcome, String> {
    let lag = 1 + chance.index(LAG as usize);
    let point = chance.index(recording.log.len() + 1);
    let mut replay = Replay::new(&recording.before, &recording.log, Names::Ordered).lying(lag);
    replay.walk_to(point);
    let image = replay.image(chance);
    // The question under way may have been answered by the disk and not yet to anybody.
    let (must, may) = recording.history.at(point);
    let place = |why| format!("point {point}, {lag} syncs owed: {why}");
    look(&image, may.as_ref().unwrap_or(&must), true, planted).map_err(place)
}

/// One round is one recorded run with several tries, each with a seed of its own.
fn rounds(
    pace: Pace,
    seed: u64,
    one: impl Fn(&Recording, &mut Chance) -> Result<Outcome, String> + Sync,
) -> (Tally, Outcomes) {
    let outcomes = Mutex::new([0; 3]);
    let tally = pace.run(seed, |round, tally| {
        let run_seed = seed_of(seed, round);
        let recording = match recorded(run_seed, 24) {
            Ok(recording) => recording,
            Err(why) => return tally.note(Err(format!("run {run_seed}: {why}"))),
        };
        for number in 0..TRIES {
            let cut_seed = seed_of(run_seed, number);
            let result = one(&recording, &mut Chance::new(cut_seed));
            if let Ok(outcome) = result {
                outcomes.lock().unwrap_or_else(PoisonError::into_inner)[outcome as usize] += 1;
            }
            tally.note(result.map(|_| ()).map_err(|why| format!("run {run_seed}, cut {cut_seed}, {why}")));
        }
    });
    (tally, outcomes.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn recorded(seed: u64, steps: u64) -> Result<Recording, String> {
    record(seed, Size { steps, keeps: 7 }, History::default(), Files::new(), workload::Planted::Nothing)
}

/// Hurts a file in one of three ways and says how.
pub(crate) fn damage(bytes: &mut [u8], chance: &mut Chance) -> String {
    match chance.below(3) {
        0 => {
            let (at, bit) = (chance.index(bytes.len()), chance.below(8));
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at}")
        }
        1 => {
            let at = chance.index(bytes.len() / SECTOR) * SECTOR;
            bytes[at..at + SECTOR].fill(0);
            format!("sector at {at}")
        }
        _ => {
            let pages = bytes.len() / PAGE;
            let (one, other) = (chance.index(pages), chance.index(pages));
            for byte in 0..PAGE {
                bytes.swap(one * PAGE + byte, other * PAGE + byte);
            }
            format!("pages {one} and {other}")
        }
    }
}

/// Opens what is there and compares: nothing wrong is given out, and what is missing is named.
fn look(files: &Files, rows: &Rows, lies: bool, planted: Planted) -> Result<Outcome, String> {
    let mount = Mount::of(Disk::with(files.clone()));
    let mut shop = match Shop::open(&mount, planted) {
        Ok(opened) => opened,
        Err(code) if lies => return Err(format!("the kiosk does not start: {code}")),
        Err(code) => return refused(&code, files, &mount),
    };
    let report = shop.report.clone();
    for (number, wanted) in rows {
        let is_named = report.missing.contains(&Sequence(*number)) || (lies && *number > report.last.0);
        match (given_out(&mut shop, *number, wanted)?, is_named) {
            (true, _) | (false, true) => {}
            (false, false) => return Err(format!("number {number} is gone and nobody says so")),
        }
    }
    salvaged_rightly(&mount, files, report.salvaged.as_ref(), report.missing.is_empty())?;
    let next = crate::people::application(9_999_999_999, 300);
    let mut said = Vec::new();
    shop.keeper.command(&StoreCommand::Keep { application: Box::new(next) }, &mut |event| said.push(event));
    match said.first() {
        Some(StoreEvent::Kept { .. }) => {}
        // Damage where quick checks do not look is found by the first use; then the machine goes out of service.
        Some(StoreEvent::NotKept { code, .. }) if lies => return Err(format!("the kiosk does not serve: {code}")),
        Some(StoreEvent::NotKept { .. }) => return Ok(Outcome::Refused),
        other => return Err(format!("a new application is answered with {other:?}")),
    }
    Ok(if report.salvaged.is_some() { Outcome::Salvaged } else { Outcome::Opened })
}

/// A damaged file that gave up everything is gone; any other lies where it is said to be, as it was found.
fn salvaged_rightly(mount: &Mount, found: &Files, salvaged: Option<&Salvaged>, is_whole: bool) -> Result<(), String> {
    let now = mount.disk.files();
    let aside = now.iter().find(|(name, _)| name.contains(".damaged-") && !name.ends_with("-wal"));
    match (salvaged, aside) {
        (None, None) => Ok(()),
        (Some(Salvaged::Whole), None) if is_whole => Ok(()),
        (Some(Salvaged::InPart { aside }), Some((name, bytes)))
            if aside.ends_with(name) && Some(bytes) == found.get(FILE_NAME) =>
        {
            Ok(())
        }
        (Some(Salvaged::InPart { .. }), Some(_)) => Err("the damaged file is not kept as it was found".to_owned()),
        (salvaged, aside) => Err(format!("{salvaged:?}, and aside lies {:?}", aside.map(|(name, _)| name))),
    }
}

fn refused(code: &str, files: &Files, mount: &Mount) -> Result<Outcome, String> {
    let now = mount.disk.files();
    let is_left = now.get(FILE_NAME).map(Vec::len) >= files.get(FILE_NAME).map(Vec::len);
    match code {
        "store.not-a-database" | "store.newer" | "store.other-kiosk" | "store.damaged" if is_left => {
            Ok(Outcome::Refused)
        }
        _ => Err(format!("refused with {code}, file left: {is_left}")),
    }
}

/// Whether an application is there; what is given out of it must be right.
fn given_out(shop: &mut Shop, number: u64, wanted: &Row) -> Result<bool, String> {
    let mut said = Vec::new();
    shop.keeper.command(&StoreCommand::Find { sequence: Sequence(number) }, &mut |event| said.push(event));
    let entry = match said.into_iter().next() {
        Some(StoreEvent::Found { entry: Some(entry) }) => entry,
        Some(StoreEvent::Found { entry: None }) => return Ok(false),
        // An error tells: the machine goes out of service over it.
        Some(StoreEvent::FindFailed { .. }) => return Ok(true),
        other => return Err(format!("number {number} is answered with {other:?}")),
    };
    let is_damaged = matches!(&entry.state, OutboxState::SetAside { reason } if reason == "store.entry-damaged");
    let has_no_item = entry.item.code.is_empty();
    let receipt = match &entry.state {
        OutboxState::Acknowledged { receipt } => Some(receipt),
        OutboxState::Queued | OutboxState::SetAside { .. } => None,
    };
    if !has_no_item && entry.item != wanted.item {
        return Err(format!("number {number} is given out with a wrong item"));
    }
    // Where the power went on the way to an acknowledgement, it may not be there; but none that is there is another.
    if receipt.is_some() && wanted.receipt.is_some() && receipt != wanted.receipt.as_ref() {
        return Err(format!("number {number} is given out with a wrong receipt"));
    }
    if is_damaged && wanted.stage == Stage::Acknowledged {
        return Ok(true);
    }
    match shop.body(number, entry.id) {
        // A damaged one is known as damaged and set aside.
        Err(_) => Ok(true),
        Ok(None) if wanted.stage == Stage::Acknowledged => Ok(true),
        Ok(None) => match entry.state {
            OutboxState::Acknowledged { .. } => Err(format!("number {number} is taken for acknowledged")),
            OutboxState::Queued | OutboxState::SetAside { .. } => Err(format!("number {number} has no content")),
        },
        Ok(Some(body)) if entry.id == wanted.id && wanted.body.as_deref() == Some(&body[..]) => Ok(true),
        Ok(Some(_)) => Err(format!("number {number} is given out with wrong content")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u64 = 20_261_124;

    #[test]
    fn a_thousand_hurt_stores_give_out_nothing_wrong_and_name_what_is_gone() {
        let (tally, outcomes) = run(Pace { threads: 2, ..Pace::of(1_000) }, SEED, Planted::Nothing);
        assert_eq!(tally.bad, 0, "{tally} {outcomes:?}\n{:#?}", tally.findings);
        assert!(outcomes[Outcome::Salvaged as usize] > 100, "{outcomes:?}");
        assert!(outcomes[Outcome::Refused as usize] < 20, "{outcomes:?}");
    }

    #[test]
    fn a_disk_that_lies_loses_nothing_silently_but_a_tail_and_never_stops_the_kiosk() {
        let (tally, outcomes) = lying(Pace { threads: 2, ..Pace::of(2_000) }, SEED, Planted::Nothing);
        assert_eq!(tally.bad, 0, "{tally} {outcomes:?}\n{:#?}", tally.findings);
    }

    #[test]
    fn lies_that_found_something_once_find_nothing_now() {
        for (run_seed, cut_seed) in KEPT_LIES {
            let recording = recorded(run_seed, 24).expect("the run records");
            let result = lie(&recording, &mut Chance::new(cut_seed), Planted::Nothing);
            assert_eq!(result, Ok(Outcome::Salvaged), "run {run_seed}, cut {cut_seed}");
        }
    }

    #[test]
    fn the_lane_notices_a_store_that_checks_no_digest() {
        notices(run, 300, Planted::DigestNotChecked, "wrong content");
    }

    #[test]
    fn the_lane_notices_a_store_that_does_not_check_its_rows() {
        notices(run, 3_000, Planted::RowsNotChecked, "wrong item");
    }

    #[test]
    fn the_lane_notices_a_counter_that_nobody_compares_with_the_rows() {
        notices(run, 200, Planted::CounterNotCompared, "nobody says so");
        notices(lying, 1_000, Planted::CounterNotCompared, "nobody says so");
    }

    #[test]
    fn the_lane_notices_an_empty_store_after_a_damage() {
        notices(run, 200, Planted::StartsEmpty, "nobody says so");
    }

    #[test]
    fn the_lane_notices_a_salvage_that_takes_over_what_it_reads() {
        notices(run, 400, Planted::TakenOverUnchecked, "wrong content");
    }

    /// Goes on until it is noticed, in small portions.
    fn notices(lane: fn(Pace, u64, Planted) -> (Tally, Outcomes), count: u64, planted: Planted, words: &str) {
        let portion = |portion| lane(Pace::of(TRIES), SEED + portion, planted).0;
        let has_words = |tally: &Tally| tally.findings.iter().any(|finding| finding.contains(words));
        assert!((0..count / TRIES).map(portion).any(|tally| has_words(&tally)), "{planted:?} in {count} tries");
    }
}
