//! The store without a thread: one command in, its answer out.
//!
//! [`Keeper`] owns the one connection. The engine works with it through the thread of [`Store`](super::Store); whoever
//! must decide the order of everything himself (a simulation, a replay of power cuts) works with it directly. Both
//! see the same answers in the same order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::afresh::write_afresh;
use super::body::Body;
use super::error::{StoreError, StoreErrorKind};
use super::files::{Files, of_the_system};
use super::ledger::{Ledger, Listed};
use super::room;
use super::salvage::{self, Salvaged, salvage};
use super::schema;
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::place::KioskCode;
use crate::domain::submission::{StoreCommand, StoreEvent};
use crate::ipc::StoreSchema;
use crate::seal::Sealer;

/// Which store to open, and how.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The database file.
    pub file: PathBuf,
    /// The kiosk it belongs to.
    pub kiosk: KioskCode,
    /// Seals what is kept. There is no opening without one, so nothing is ever kept in the clear.
    pub sealer: Arc<Sealer>,
    /// Where the file lies, for tests of power cuts and bad disks; `None` is the system's own file system.
    pub elsewhere: Option<Elsewhere>,
}

/// A disk that is not the system's.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// Name of a registered file system of SQLite.
    pub vfs: String,
    /// The same disk's whole files.
    pub files: Arc<dyn Files>,
}

impl Opening {
    /// The store of a kiosk in a file of the system.
    pub fn at(file: &Path, kiosk: &KioskCode, sealer: &Arc<Sealer>) -> Self {
        Self { file: file.to_owned(), kiosk: kiosk.clone(), sealer: Arc::clone(sealer), elsewhere: None }
    }

    /// The whole files of its disk.
    pub(super) fn files(&self) -> Arc<dyn Files> {
        self.elsewhere.as_ref().map_or_else(of_the_system, |elsewhere| Arc::clone(&elsewhere.files))
    }

    /// The name of its file system; `None` is the system's own.
    pub(super) fn vfs(&self) -> Option<&str> {
        self.elsewhere.as_ref().map(|elsewhere| elsewhere.vfs.as_str())
    }
}

/// What was found at opening, for the log and for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReport {
    /// The file was new.
    pub is_new: bool,
    /// Last number given.
    pub last: Sequence,
    /// Entries that are not acknowledged.
    pub open: u64,
    /// Numbers without an entry: losses, which the disk must explain.
    pub missing: Vec<Sequence>,
    /// The file was damaged, and what could be read of it is in a fresh one.
    pub salvaged: Option<Salvaged>,
    /// So many damaged files lie beside the store, of this opening and of earlier ones, because not everything in them
    /// could be taken over. They hold sealed applications until somebody takes them away.
    pub damaged: u32,
    /// Which programs can read the file.
    pub schema: StoreSchema,
}

impl OpenReport {
    /// Name of the damaged file that was put aside because something in it is missing, without its folder.
    pub fn aside(&self) -> Option<String> {
        match self.salvaged.as_ref()? {
            Salvaged::InPart { aside } => Some(aside.file_name()?.to_string_lossy().into_owned()),
            Salvaged::Whole => None,
        }
    }
}

#[derive(Debug)]
enum State {
    Open(Ledger),
    Broken(StoreErrorKind),
}

/// Owns the connection and answers.
#[derive(Debug)]
pub struct Keeper {
    opening: Opening,
    state: State,
    /// Deleted content still stands in the log, because emptying it found no room; the next command tries again.
    owes_emptying: bool,
    /// The disk has failed since the last opening: what it shows may not be on it.
    distrusts_what_it_reads: bool,
}

impl Keeper {
    /// Opens and checks the database.
    ///
    /// # Errors
    /// Names the file and says why it cannot be used; the file is left as it is.
    pub fn open(opening: &Opening) -> Result<(Self, OpenReport), StoreError> {
        let (ledger, report) = open(opening)?;
        Ok((
            Self {
                opening: opening.clone(),
                state: State::Open(ledger),
                owes_emptying: false,
                distrusts_what_it_reads: false,
            },
            report,
        ))
    }

    /// Carries out one command. `sink` gets its answer, and after it [`StoreEvent::Broken`] once if the store broke
    /// outside of an answer.
    pub fn command(&mut self, command: &StoreCommand, sink: &mut dyn FnMut(StoreEvent)) {
        if matches!(command, StoreCommand::Reopen) {
            return sink(self.reopen());
        }
        let ledger = match &mut self.state {
            State::Open(ledger) => ledger,
            State::Broken(kind) => return sink(refusal(command, kind.code(), true)),
        };
        if *command == StoreCommand::Measure {
            // Asked every so often and whatever else happens: a log that found no room is emptied by and by without a visit.
            let emptied = if self.owes_emptying { ledger.shrink().and_then(|()| ledger.empty_log()) } else { Ok(()) };
            self.owes_emptying = emptied.is_err();
            sink(StoreEvent::Measured { free: room::free(&self.opening.file) });
            if let Err(error) = emptied {
                log(&error);
                self.break_if_it_must(error.kind, true, sink);
            }
            return;
        }
        match carry_out(ledger, command) {
            Ok(answer) => {
                let has_marked = matches!(&answer, StoreEvent::Acknowledged { .. } | StoreEvent::Marked { .. });
                let has_deleted = has_marked || self.owes_emptying;
                let emptied = if has_deleted { ledger.shrink().and_then(|()| ledger.empty_log()) } else { Ok(()) };
                self.owes_emptying = emptied.is_err();
                sink(answer);
                if let Err(error) = emptied {
                    log(&error);
                    self.break_if_it_must(error.kind, true, sink);
                }
            }
            Err(error) => {
                log(&error);
                let answer = refusal(command, error.code(), error.kind.leaves_no_doubt());
                let is_told = matches!(answer, StoreEvent::Broken { .. });
                sink(answer);
                self.break_if_it_must(error.kind, !is_told, sink);
            }
        }
    }

    /// The bytes of an application. `Ok(None)`: nothing to send, unknown or acknowledged. `sink` gets
    /// [`StoreEvent::Broken`] if the store broke.
    ///
    /// # Errors
    /// `store.entry-damaged`: never to be sent, set it aside.
    pub fn body(&mut self, id: SubmissionId, sink: &mut dyn FnMut(StoreEvent)) -> Result<Option<Body>, StoreError> {
        let found = match &self.state {
            State::Open(ledger) => ledger.body(id),
            State::Broken(kind) => return Err(StoreError::new(&self.opening.file, "read from", kind.clone())),
        };
        if let Err(error) = &found {
            log(error);
            self.break_if_it_must(error.kind.clone(), true, sink);
        }
        found
    }

    /// Ends the connection after a fault of the program, as after one of the disk: nobody knows what it left behind.
    pub(super) fn give_up(&mut self) {
        self.state = State::Broken(StoreErrorKind::Internal);
    }

    /// Closes the file and opens it afresh, with every check of a start. Never a second try on the old connection: the
    /// system may have thrown unwritten pages away and would now say yes.
    fn reopen(&mut self) -> StoreEvent {
        // The old connection holds the lock; it must be gone before the new one asks for it.
        self.state = State::Broken(StoreErrorKind::Closed);
        let afresh = if self.distrusts_what_it_reads { write_afresh(&self.opening) } else { Ok(()) };
        match afresh.and_then(|()| open(&self.opening)) {
            Ok((ledger, report)) => {
                self.distrusts_what_it_reads = false;
                self.state = State::Open(ledger);
                let (is_salvaged, aside) = (report.salvaged.is_some(), report.aside());
                StoreEvent::Reopened {
                    last: report.last,
                    open: report.open,
                    missing: report.missing,
                    is_salvaged,
                    aside,
                }
            }
            Err(error) => {
                log(&error);
                let code = error.code().to_owned();
                self.distrust(&error.kind);
                self.state = State::Broken(error.kind);
                StoreEvent::Broken { code }
            }
        }
    }

    /// What the disk itself failed to do may have been given up behind our back. A write that found no room was told of at once,
    /// and a file that somebody else holds is no fault of the disk.
    fn distrust(&mut self, kind: &StoreErrorKind) {
        self.distrusts_what_it_reads |= matches!(kind, StoreErrorKind::Io);
    }

    /// Every application, by number, with the masked name of its applicant. For staff; not while the engine has the store.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn listed(&self) -> Result<Vec<Listed>, StoreError> {
        self.some_listed(Sequence(0), None)
    }

    /// The same, above a number and at most so many.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn listed_after(&self, after: Sequence, most: usize) -> Result<Vec<Listed>, StoreError> {
        self.some_listed(after, Some(most))
    }

    fn some_listed(&self, after: Sequence, most: Option<usize>) -> Result<Vec<Listed>, StoreError> {
        match &self.state {
            State::Open(ledger) => ledger.listed(after, most),
            State::Broken(kind) => Err(StoreError::new(&self.opening.file, "read from", kind.clone())),
        }
    }

    /// Puts an application that is set aside back into the queue.
    ///
    /// # Errors
    /// `store.not-queued`: there is none with this number that is set aside.
    pub fn requeue(&mut self, sequence: Sequence) -> Result<(), StoreError> {
        let put_back = match &mut self.state {
            State::Open(ledger) => ledger.requeue(sequence),
            State::Broken(kind) => return Err(StoreError::new(&self.opening.file, "write to", kind.clone())),
        };
        if let Err(error) = &put_back {
            // Whoever asked is told the error; the next command finds the store broken.
            self.break_if_it_must(error.kind.clone(), false, &mut |_| {});
        }
        put_back
    }

    /// Closes the connection after an error that forbids using it, and tells so once.
    fn break_if_it_must(&mut self, kind: StoreErrorKind, tell: bool, sink: &mut dyn FnMut(StoreEvent)) {
        if kind.breaks() {
            let code = kind.code().to_owned();
            if let State::Open(ledger) = &self.state {
                ledger.leave_as_it_is();
            }
            self.distrust(&kind);
            self.state = State::Broken(kind);
            if tell {
                sink(StoreEvent::Broken { code });
            }
        }
    }
}

/// The answer to a command that was not carried out. `certain`: it has left nothing behind.
pub(super) fn refusal(command: &StoreCommand, code: &str, certain: bool) -> StoreEvent {
    let code = code.to_owned();
    match command {
        StoreCommand::Keep { application } => {
            StoreEvent::NotKept { id: application.client_submission_id, code, certain }
        }
        StoreCommand::Acknowledge { id, .. } | StoreCommand::SetAside { id, .. } => {
            StoreEvent::MarkFailed { id: *id, code }
        }
        StoreCommand::AcknowledgeAll { receipts } => StoreEvent::Marked {
            done: Vec::new(),
            failed: receipts.iter().map(|(id, _)| (*id, code.clone())).collect(),
        },
        StoreCommand::Find { .. } => StoreEvent::FindFailed { code },
        StoreCommand::Measure => StoreEvent::Measured { free: None },
        StoreCommand::LoadQueue | StoreCommand::Reopen => StoreEvent::Broken { code },
    }
}

/// Opens the file; a damaged one is put aside, and what still reads of it is gone on with.
fn open(opening: &Opening) -> Result<(Ledger, OpenReport), StoreError> {
    let as_found = salvage::lay_stale_journal_off(opening)?;
    let (ledger, report) = match open_sound(opening) {
        Err(error) if matches!(error.kind, StoreErrorKind::Damaged | StoreErrorKind::NotADatabase) => {
            log(&error);
            let salvaged = salvage(opening, error, as_found.as_ref())?;
            open_sound(opening).map(|(ledger, report)| (ledger, OpenReport { salvaged: Some(salvaged), ..report }))
        }
        opened => opened,
    }?;
    // Only now, when the store is sound: until then it may be all there is.
    let damaged = salvage::tidy_up(opening)?;
    Ok((ledger, OpenReport { damaged, ..report }))
}

fn open_sound(opening: &Opening) -> Result<(Ledger, OpenReport), StoreError> {
    let opened = schema::open(opening)?;
    let ledger = Ledger::new(&opening.file, opened.connection, &opening.sealer);
    let count = ledger.count()?;
    // What was deleted just before the last end may still be in the log.
    ledger.empty_log()?;
    let report = OpenReport {
        is_new: opened.found_step == 0,
        last: count.last,
        open: count.open,
        missing: count.missing,
        salvaged: None,
        damaged: 0,
        schema: opened.schema,
    };
    Ok((ledger, report))
}

fn carry_out(ledger: &mut Ledger, command: &StoreCommand) -> Result<StoreEvent, StoreError> {
    Ok(match command {
        StoreCommand::Keep { application } => StoreEvent::Kept { entry: ledger.keep(application)? },
        StoreCommand::Acknowledge { id, receipt } => {
            ledger.acknowledge(*id, receipt)?;
            StoreEvent::Acknowledged { id: *id }
        }
        StoreCommand::AcknowledgeAll { receipts } => {
            let unknown = ledger.acknowledge_all(receipts.iter().map(|(id, receipt)| (*id, receipt)))?;
            let code = StoreErrorKind::NotQueued.code();
            StoreEvent::Marked {
                done: receipts.iter().map(|(id, _)| *id).filter(|id| !unknown.contains(id)).collect(),
                failed: unknown.into_iter().map(|id| (id, code.to_owned())).collect(),
            }
        }
        StoreCommand::SetAside { id, reason } => {
            ledger.set_aside(*id, reason)?;
            StoreEvent::SetAside { id: *id }
        }
        StoreCommand::Find { sequence } => StoreEvent::Found { entry: ledger.find(*sequence)? },
        // Answered before the database is asked.
        StoreCommand::Measure => StoreEvent::Measured { free: None },
        StoreCommand::LoadQueue => StoreEvent::Queue { entries: ledger.queue()? },
        // Carried out by the keeper, which owns the connection; a ledger alone cannot.
        StoreCommand::Reopen => return Err(ledger.refused(StoreErrorKind::Internal)),
    })
}

/// The events carry a code only; what the database said goes to the log here. It never holds values of a row.
fn log(error: &StoreError) {
    let said = error.source.as_ref().map(ToString::to_string);
    tracing::error!(code = error.code(), %error, said, "the store failed");
}
