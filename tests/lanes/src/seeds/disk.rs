//! The disk of a simulated kiosk, and three ways for a program to leave it.
//!
//! The files are those of [`crate::disk`]: in memory, with a log of all that was done to them. A program that ends in
//! order tidies up. A killed one leaves everything as it was written. When the power goes, only what was synced is
//! certain, and chance decides about the rest.

use std::collections::BTreeMap;

use kiosk::store::{Keeper, OpenReport};

use crate::chance::Chance;
use crate::disk::cut::{Names, Replay};
use crate::disk::{self, Failure, Faults, Mount};
use crate::people::opening;

/// How a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order.
    Stopped,
    /// Without a word.
    Killed,
    /// With the power.
    PowerCut,
}

impl End {
    const ALL: [Self; 3] = [Self::Stopped, Self::Killed, Self::PowerCut];

    /// One of them.
    pub fn any(chance: &mut Chance) -> Self {
        Self::ALL[chance.index(Self::ALL.len())]
    }
}

/// The disk of one kiosk.
#[derive(Debug)]
pub struct Disk {
    mount: Mount,
    /// What was on it, durable, when it was put in.
    before: BTreeMap<String, Vec<u8>>,
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Self {
        Self { mount: Mount::of(disk::Disk::with([])), before: BTreeMap::new() }
    }

    /// Opens the store, as a program does at its start.
    pub fn open(&self) -> Result<(Keeper, OpenReport), String> {
        Keeper::open(&opening(&self.mount)).map_err(|error| format!("the store does not open: {}", error.code()))
    }

    /// Something is about to fail: a call soon after this moment, once or a few times. `hides_syncs`: a failed sync is
    /// answered as good.
    pub fn will_fail(&self, chance: &mut Chance, hides_syncs: bool) {
        let failure = if hides_syncs { Failure::Sync } else { Failure::ALL[chance.index(Failure::ALL.len())] };
        let call = self.mount.disk.counts().calls + if hides_syncs { 0 } else { chance.below(24) };
        let fail = Some((call, failure, 1 + chance.below(3)));
        self.mount.disk.set_faults(Faults { fail, hides_failed_syncs: hides_syncs, ..Faults::default() });
    }

    /// The disk is sound. Says whether something has failed.
    pub fn mend(&self) -> bool {
        let has_failed = self.mount.disk.failed() > 0;
        self.mount.disk.set_faults(Faults::default());
        has_failed
    }

    /// Ends the program that holds the store, and leaves what is left of the files.
    pub fn leave(&mut self, keeper: Keeper, end: End, chance: &mut Chance) {
        let files = match end {
            End::Stopped => {
                drop(keeper);
                self.mount.disk.files()
            }
            End::Killed => {
                let files = self.mount.disk.files();
                drop(keeper);
                files
            }
            End::PowerCut => {
                let log = self.mount.disk.take_log();
                drop(keeper);
                let names = if chance.one_in(2) { Names::Ordered } else { Names::Strict };
                let mut replay = Replay::new(&self.before, &log, names);
                replay.walk_to(log.len());
                replay.image(chance)
            }
        };
        // A stopped or killed program's writes are all with the system, which goes on running: they are as good as
        // durable until the power goes, and that comes from a fresh start of the log.
        self.mount = Mount::of(disk::Disk::with(files.clone()));
        self.before = files;
    }
}
