//! Damage at rest and storage that lies: a store that was hurt starts again, gives out nothing wrong, and names what is gone.
//!
//! [`run`] takes a closed store, flips a bit, wipes a sector or swaps two pages, and opens it. [`lying`] builds what a disk
//! leaves that answers syncs up to 16 too early. In both the store is opened in real files, because salvaging renames them.
//!
//! Allowed: a clear refusal where the first page is hurt so that nothing tells what the file is (counted by [`Outcome`]); the
//! file is then left as it was. A disk that lies may also lose the last numbers without a trace on itself: those are
//! named by the county, which hears the highest number of each kiosk; the lane checks that nothing but a tail is lost that
//! way.

mod plant;

use std::path::Path;

use kiosk::domain::id::Sequence;
use kiosk::domain::submission::{OutboxState, StoreCommand, StoreEvent};
use kiosk::store::{FILE_NAME, Opening};

pub use plant::Planted;
use plant::Shop;

use crate::Tally;
use crate::chance::Chance;
use crate::disk::cut::{Names, Replay};
use crate::people::{kiosk_code, sealer};
use crate::powercut::history::{History, Row, Rows, Stage};
use crate::powercut::workload::{self, Files, Recording, Size, record};

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

/// A fresh run of the store, with its seed; a store that does not work at all is a finding.
fn next_recording(chance: &mut Chance, tally: &mut Tally) -> Option<(u64, Recording)> {
    let seed = chance.bits();
    match recorded(seed, 24) {
        Ok(recording) => Some((seed, recording)),
        Err(why) => {
            tally.note(Err(why));
            None
        }
    }
}

/// Hurts a closed store this many times.
pub fn run(count: u64, seed: u64, planted: Planted) -> (Tally, [u64; 3]) {
    let (mut tally, mut outcomes) = (Tally::new(seed), [0; 3]);
    let mut chance = Chance::new(seed);
    while tally.tried < count {
        let Some((run_seed, recording)) = next_recording(&mut chance, &mut tally) else { continue };
        let mut replay = Replay::new(&recording.before, &recording.log, Names::Ordered);
        replay.walk_to(recording.log.len());
        let whole = replay.image(&mut chance);
        let (rows, _) = recording.history.at(recording.log.len());
        for _ in 0..20 {
            if tally.tried >= count {
                break;
            }
            let mut hurt = whole.clone();
            let Some(bytes) = hurt.get_mut(FILE_NAME) else { break };
            let what = damage(bytes, &mut chance);
            let result = look(&hurt, &rows, false, planted);
            if let Ok(outcome) = result {
                outcomes[outcome as usize] += 1;
            }
            tally.note(result.map(|_| ()).map_err(|why| format!("run {run_seed}, {what}: {why}")));
        }
    }
    (tally, outcomes)
}

/// Cuts the power of a lying disk this many times. Gives also how many cuts lost numbers at the end, and how many.
pub fn lying(count: u64, seed: u64, planted: Planted) -> (Tally, [u64; 3]) {
    let (mut tally, mut outcomes) = (Tally::new(seed), [0; 3]);
    let mut chance = Chance::new(seed);
    while tally.tried < count {
        let Some((run_seed, recording)) = next_recording(&mut chance, &mut tally) else { continue };
        for _ in 0..20 {
            let lag = 1 + chance.index(LAG as usize);
            let point = chance.index(recording.log.len() + 1);
            let mut replay = Replay::new(&recording.before, &recording.log, Names::Ordered).lying(lag);
            replay.walk_to(point);
            let image = replay.image(&mut chance);
            // The question under way may have been answered by the disk and not yet to anybody.
            let (must, may) = recording.history.at(point);
            let result = look(&image, may.as_ref().unwrap_or(&must), true, planted);
            if let Ok(outcome) = result {
                outcomes[outcome as usize] += 1;
            }
            let place = || format!("run {run_seed}, point {point}, {lag} syncs owed");
            tally.note(result.map(|_| ()).map_err(|why| format!("{}: {why}", place())));
        }
    }
    (tally, outcomes)
}

fn recorded(seed: u64, steps: u64) -> Result<Recording, String> {
    record(seed, Size { steps, keeps: 7 }, History::default(), Files::new(), workload::Planted::Nothing)
}

/// Hurts a file in one of three ways and says how.
fn damage(bytes: &mut [u8], chance: &mut Chance) -> String {
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
fn look(files: &Files, rows: &Rows, may_lose_a_tail: bool, planted: Planted) -> Result<Outcome, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).map_err(|error| error.to_string())?;
    }
    let opening = Opening::at(&folder.path().join(FILE_NAME), &kiosk_code(), &sealer());
    let mut shop = match Shop::open(&opening, planted) {
        Ok(opened) => opened,
        Err(code) => return refused(&code, files, folder.path()),
    };
    let report = shop.report.clone();
    for (number, wanted) in rows {
        let is_named = report.missing.contains(&Sequence(*number)) || (may_lose_a_tail && *number > report.last.0);
        match (given_out(&mut shop, *number, wanted)?, is_named) {
            (true, _) | (false, true) => {}
            (false, false) => return Err(format!("number {number} is gone and nobody says so")),
        }
    }
    if report.salvaged.as_ref().is_some_and(|aside| !aside.exists()) {
        return Err("the damaged file is not where it is said to be".to_owned());
    }
    let next = crate::people::application(9_999_999_999, 300);
    let mut said = Vec::new();
    shop.keeper.command(&StoreCommand::Keep { application: Box::new(next) }, &mut |event| said.push(event));
    match said.first() {
        Some(StoreEvent::Kept { .. }) => {}
        // Damage where quick checks do not look is found by the first use; then the machine goes out of service.
        Some(StoreEvent::NotKept { .. }) => return Ok(Outcome::Refused),
        other => return Err(format!("a new application is answered with {other:?}")),
    }
    Ok(if report.salvaged.is_some() { Outcome::Salvaged } else { Outcome::Opened })
}

fn refused(code: &str, files: &Files, folder: &Path) -> Result<Outcome, String> {
    let is_left = files.iter().all(|(name, bytes)| {
        name != FILE_NAME || std::fs::read(folder.join(name)).is_ok_and(|found| found.len() >= bytes.len())
    });
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
        let (tally, outcomes) = run(1_000, SEED, Planted::Nothing);
        assert_eq!(tally.bad, 0, "{tally} {outcomes:?}\n{:#?}", tally.findings);
        assert!(outcomes[Outcome::Salvaged as usize] > 100, "{outcomes:?}");
        assert!(outcomes[Outcome::Refused as usize] < 200, "{outcomes:?}");
    }

    #[test]
    fn a_disk_that_lies_loses_nothing_silently_but_a_tail_and_the_kiosk_starts() {
        let (tally, outcomes) = lying(400, SEED, Planted::Nothing);
        assert_eq!(tally.bad, 0, "{tally} {outcomes:?}\n{:#?}", tally.findings);
    }

    #[test]
    fn the_lane_notices_a_store_that_checks_no_digest() {
        notices(run, 300, Planted::DigestNotChecked, "wrong content");
        notices(lying, 1_000, Planted::DigestNotChecked, "wrong content");
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
    fn notices(lane: fn(u64, u64, Planted) -> (Tally, [u64; 3]), count: u64, planted: Planted, words: &str) {
        let found = (0..count / 20).map(|portion| lane(20, SEED + portion, planted).0).find(|tally| tally.bad > 0);
        let tally = found.unwrap_or_else(|| panic!("{planted:?} was not noticed in {count} tries"));
        assert!(tally.findings.iter().any(|finding| finding.contains(words)), "{:#?}", tally.findings);
    }
}
