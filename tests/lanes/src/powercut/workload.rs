//! A kiosk at work on a recording disk: residents confirm, the county acknowledges, the program ends and starts.

use std::collections::BTreeMap;

use kiosk::domain::id::SubmissionId;
use kiosk::domain::submission::{StoreCommand, StoreEvent};
use rusqlite::{Connection, OpenFlags};

use super::history::{Desk, Fact, History, Promise, Stage};
use crate::chance::Chance;
use crate::disk::{Disk, Faults, Mount, NAME, Op, store_file};
use crate::people::{application, id, receipt};

/// A rule that is broken on purpose, so that the lane can be seen to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// None: the store as it is.
    Nothing,
    /// The log is not synced at each commit, as with `synchronous=NORMAL`.
    LogNotSynced,
    /// Nothing is synced, as with `synchronous=OFF`.
    NothingSynced,
    /// "Kept" is told before the commit.
    AnsweredBeforeCommit,
    /// Counter and rows are written in two transactions.
    CounterApart,
    /// The log is not cut off, so deleted content stays behind in it.
    TruncateLost,
    /// The steps of the schema are taken statement by statement, without a transaction around it.
    MigrationInPieces,
}

impl Planted {
    const fn faults(self) -> Faults {
        let fine = Faults {
            fail: None,
            hides_failed_syncs: false,
            skips_log_syncs: false,
            skips_syncs: false,
            skips_folder_syncs: false,
            skips_truncates: false,
            counts_large_pages: false,
        };
        match self {
            Self::Nothing | Self::AnsweredBeforeCommit | Self::CounterApart | Self::MigrationInPieces => fine,
            Self::LogNotSynced => Faults { skips_log_syncs: true, ..fine },
            Self::NothingSynced => Faults { skips_syncs: true, ..fine },
            Self::TruncateLost => Faults { skips_truncates: true, ..fine },
        }
    }
}

/// What was done to a disk, and what was answered meanwhile.
#[derive(Debug)]
pub struct Recording {
    pub before: BTreeMap<String, Vec<u8>>,
    pub log: Vec<Op>,
    pub history: History,
}

/// How much is done in one run.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Questions to the store.
    pub steps: u64,
    /// Of ten questions so many are new applications.
    pub keeps: u64,
}

/// Lets a kiosk work from an empty or given disk and writes down everything.
///
/// # Errors
/// The store did not do what a store on a sound disk must do.
pub fn record(seed: u64, size: Size, before: History, files: Files, planted: Planted) -> Result<Recording, String> {
    let disk = Disk::with(files.clone());
    disk.set_faults(planted.faults());
    let mount = Mount::of(disk);
    if planted == Planted::MigrationInPieces {
        migration_in_pieces(&mount).map_err(|error| error.to_string())?;
    }
    let mut run = Run {
        waiting: before.before.values().filter(|row| row.stage != Stage::Acknowledged).map(|row| row.id).collect(),
        desk: Desk::open(&mount)?,
        mount,
        chance: Chance::new(seed),
        history: before,
        next: seed.wrapping_mul(10_000) % 1_000_000_000,
        planted,
    };
    for _ in 0..size.steps {
        run.step(size)?;
    }
    let Run { desk, mount, history, .. } = run;
    drop(desk);
    Ok(Recording { before: files, log: mount.disk.take_log(), history })
}

/// Files of a disk by name.
pub type Files = BTreeMap<String, Vec<u8>>;

struct Run {
    // Dropped before the mount.
    desk: Desk,
    mount: Mount,
    chance: Chance,
    history: History,
    /// Applications without an end.
    waiting: Vec<SubmissionId>,
    next: u64,
    planted: Planted,
}

impl Run {
    fn step(&mut self, size: Size) -> Result<(), String> {
        let dice = self.chance.below(10);
        if dice < size.keeps || self.waiting.is_empty() {
            return if self.planted == Planted::CounterApart && self.chance.one_in(3) {
                self.keep_with_the_counter_apart()
            } else {
                self.keep()
            };
        }
        match self.chance.below(8) {
            0 => self.reopen(),
            1 => self.set_aside(),
            2 | 3 if self.waiting.len() > 1 => self.acknowledge_all(),
            _ => self.acknowledge(),
        }
    }

    fn keep(&mut self) -> Result<(), String> {
        self.next += 1;
        let mark = self.next;
        let letters = if self.chance.one_in(8) { 6_000 } else { 200 + self.chance.index(1_400) };
        let asked = self.mount.disk.position();
        let said = self.desk.ask(&StoreCommand::Keep { application: Box::new(application(mark, letters)) });
        let [StoreEvent::Kept { entry }] = said.as_slice() else { return Err(format!("not kept: {said:?}")) };
        let answered = self.mount.disk.position();
        let body = self.desk.body(entry.id)?.ok_or("a fresh application has no content")?;
        let promise = Promise::Kept { sequence: entry.sequence.0, id: entry.id, item: entry.item.clone(), body };
        let is_early = self.planted == Planted::AnsweredBeforeCommit;
        self.history.facts.push(Fact { asked, answered: if is_early { asked } else { answered }, promise });
        self.waiting.push(id(mark));
        Ok(())
    }

    fn acknowledge(&mut self) -> Result<(), String> {
        let at = self.chance.index(self.waiting.len());
        let id = self.waiting.swap_remove(at);
        let receipt = receipt(self.next);
        let promise = Promise::Acknowledged { receipts: vec![(id, receipt.clone())] };
        self.mark(&StoreCommand::Acknowledge { id, receipt }, promise, &StoreEvent::Acknowledged { id })
    }

    /// The results of one call: all of them, or none.
    fn acknowledge_all(&mut self) -> Result<(), String> {
        let many = 2 + self.chance.index(self.waiting.len().saturating_sub(1));
        let receipts: Vec<_> = self.waiting.drain(..many.min(self.waiting.len())).zip(1..).collect();
        let receipts: Vec<_> = receipts.into_iter().map(|(id, nth)| (id, receipt(self.next * 100 + nth))).collect();
        let done = receipts.iter().map(|(id, _)| *id).collect();
        let command = StoreCommand::AcknowledgeAll { receipts: receipts.clone() };
        self.mark(&command, Promise::Acknowledged { receipts }, &StoreEvent::Marked { done, failed: Vec::new() })
    }

    fn set_aside(&mut self) -> Result<(), String> {
        let at = self.chance.index(self.waiting.len());
        let id = self.waiting[at];
        let command = StoreCommand::SetAside { id, reason: "county.refused".to_owned() };
        self.mark(&command, Promise::SetAside { id }, &StoreEvent::SetAside { id })
    }

    fn mark(&mut self, command: &StoreCommand, promise: Promise, wanted: &StoreEvent) -> Result<(), String> {
        let asked = self.mount.disk.position();
        let said = self.desk.ask(command);
        if said.as_slice() != std::slice::from_ref(wanted) {
            return Err(format!("not marked: {said:?}"));
        }
        self.history.facts.push(Fact { asked, answered: self.mount.disk.position(), promise });
        Ok(())
    }

    /// The program ends in an orderly way and starts again.
    fn reopen(&mut self) -> Result<(), String> {
        // The old connection must be closed before the new one opens the file.
        let elsewhere = Mount::of(Disk::with([]));
        drop(std::mem::replace(&mut self.desk, Desk::open(&elsewhere)?));
        self.desk = Desk::open(&self.mount)?;
        Ok(())
    }

    /// What a store would do that writes the counter on its own: another program beside the real one, in its place.
    fn keep_with_the_counter_apart(&mut self) -> Result<(), String> {
        let elsewhere = Mount::of(Disk::with([]));
        drop(std::mem::replace(&mut self.desk, Desk::open(&elsewhere)?));
        counter_apart(&self.mount).map_err(|error| error.to_string())?;
        self.desk = Desk::open(&self.mount)?;
        Ok(())
    }
}

/// Steps the counter in one transaction and takes it back in the next: what stands between them is a gap.
fn counter_apart(mount: &Mount) -> rusqlite::Result<()> {
    let connection = raw(mount)?;
    connection.execute_batch("UPDATE terminal SET last_sequence = last_sequence + 1")?;
    connection.execute_batch("UPDATE terminal SET last_sequence = last_sequence - 1")
}

/// What a store would do that takes a step of the schema statement by statement.
fn migration_in_pieces(mount: &Mount) -> rusqlite::Result<()> {
    let connection = raw(mount)?;
    connection.execute_batch(include_str!("../../../../src/store/migrations/002_seal.sql"))?;
    connection.execute_batch("INSERT INTO schema_step (only_row, step) VALUES (1, 2)")?;
    connection.execute_batch(include_str!("../../../../src/store/migrations/003_rows.sql"))?;
    connection.execute_batch("UPDATE schema_step SET step = 3")
}

/// A bare connection to the file of the store, with the settings of the store.
///
/// # Errors
/// The file cannot be opened.
pub fn raw(mount: &Mount) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(store_file(mount), flags, NAME)?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;")?;
    Ok(connection)
}
