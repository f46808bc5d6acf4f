//! Exactly once: whole visits from one seed, with everything that can go wrong on the way to the county.
//!
//! The kiosk (`domain`), the store (`Keeper` over real SQLite) and the county's client are the real ones. Invented are
//! the line, the county behind it, the devices, the people, and time itself (`world`). Letters are lost, repeated, late
//! by seconds or weeks, cut, answered by somebody else; the county is busy, broken, dies before and after it has
//! stored, refuses the kiosk for a while; the disk fails at any call, so that the store breaks and is opened again; the program stops, is killed or loses its power between any two steps, also in
//! the middle of a call; both clocks jump by up to twenty years; cards do not read, slips do not come out, people walk off and come back
//! with their slip.
//!
//! `history` judges from what was seen alone: whatever was shown or printed as kept is at the county exactly once,
//! byte for byte, soon after the faults have ended; "accepted" is said only with the county's number of that very
//! application and after its receipt is stored; nobody sees what belongs to somebody else; numbers have no gaps; no
//! slip comes out twice without the mark of a copy.
//!
//! Left out: damage at rest and a disk that lies (other lanes), pixels, and real sockets (the lane of the proxy).

mod county;
mod disk;
mod history;
mod line;
mod network;
mod person;
mod plant;
mod program;
mod street;
mod trace;
mod turns;
mod weather;
mod world;

pub use plant::Plant;
use world::World;

use crate::{Pace, Tally};

/// Seeds that found something once, each with the reason why it is kept. They are tried before all others.
const KEPT_SEEDS: &str = include_str!("kept.txt");

/// What came of one seed.
#[derive(Debug)]
pub struct Run {
    /// The first broken promise.
    pub violation: Option<String>,
    /// Hash of the whole story.
    pub hash: u64,
    /// The story, if it was kept.
    pub lines: Vec<String>,
    /// Applications that were kept, cases at the county, "accepted" screens, lives of the program.
    pub kept: usize,
    pub cases: usize,
    pub accepted: u64,
    pub lives: u32,
}

/// Lets one seed happen.
///
/// # Errors
/// The simulation itself could not begin.
pub fn run(seed: u64, plant: Plant, keeps_trace: bool) -> Result<Run, String> {
    let mut world = World::new(seed, plant, keeps_trace)?;
    world.run();
    let violation = world.history.violation().map(ToOwned::to_owned);
    Ok(Run {
        violation,
        hash: world.trace.hash(),
        kept: world.history.kept_count(),
        cases: world.county.cases.len(),
        accepted: world.history.accepted_shown,
        lives: world.lives,
        lines: world.trace.into_lines(),
    })
}

/// Tries seeds from `first` on. One try is one seed.
pub fn lane(first: u64, pace: Pace, plant: Plant) -> Tally {
    pace.run_rounds(first, |number, tally| tally.note(judged(first.saturating_add(number), plant)))
}

fn judged(seed: u64, plant: Plant) -> Result<(), String> {
    let run = run(seed, plant, false)?;
    run.violation.map_or(Ok(()), |violation| Err(format!("seed {seed}: {violation}")))
}

/// The kept seeds.
pub fn kept_seeds() -> impl Iterator<Item = u64> {
    KEPT_SEEDS.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests;
