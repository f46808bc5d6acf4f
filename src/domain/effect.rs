//! All that a kiosk asks for.

use std::time::Duration;

use kiosk_hal::model::{CardFailure, DeviceState, IdReaderRequest, PrintOutcome, Role, ScannerRequest};

use super::event::AskNo;
use super::id::{ItemId, Sequence, SubmissionId, VisitNo};
use super::submission::{CaseReceipt, CountyCommand, ItemRef, StoreCommand};
use crate::ipc::{Language, TextSize};

/// One thing to do. The engine shows the new screen first and then carries the effects out in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell the ID card reader.
    Reader(IdReaderRequest),
    /// Tell the scanner.
    Scanner(ScannerRequest),
    /// Print; the printer answers with the same job number.
    Print {
        /// Job number, unique since the start of the program.
        job: u64,
        /// What to print.
        paper: Box<Paper>,
    },
    /// Ask the store.
    Store {
        /// Number of the question.
        ask: AskNo,
        /// The question.
        command: StoreCommand,
    },
    /// Ask the county.
    County {
        /// Number of the question.
        ask: AskNo,
        /// The question.
        command: CountyCommand,
    },
    /// Something that matters for operation happened; goes to the log.
    Note(Note),
    /// The event meant nothing here. Counted and logged, never an error.
    Ignored {
        /// Why, a fixed sentence.
        why: &'static str,
    },
}

/// Facts for the log. No personal data by construction; `telemetry` gives each its stable id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Somebody began.
    VisitBegan {
        /// Number of the visit.
        visit: VisitNo,
    },
    /// A visit ended and everything of it is wiped.
    VisitEnded {
        /// Number of the visit.
        visit: VisitNo,
        /// How.
        how: VisitEnd,
        /// How long it took.
        after: Duration,
    },
    /// Help was asked for on the screen.
    HelpCalled {
        /// Number of the visit.
        visit: VisitNo,
    },
    /// A card was read.
    CardRead {
        /// Number of the visit.
        visit: VisitNo,
    },
    /// A card was not read.
    CardFailed {
        /// Number of the visit.
        visit: VisitNo,
        /// Why.
        why: CardFailure,
    },
    /// An application was confirmed by the resident and goes to the store.
    Confirmed {
        /// Number of the visit.
        visit: VisitNo,
        /// Its identity for life.
        id: SubmissionId,
    },
    /// An application is durable.
    Kept {
        /// Number of the visit; 0 when nobody waits for it any more.
        visit: VisitNo,
        /// Its number on this kiosk.
        sequence: Sequence,
        /// Its identity for life.
        id: SubmissionId,
    },
    /// An application could not be kept.
    NotKept {
        /// Number of the visit; 0 when nobody waits for it any more.
        visit: VisitNo,
        /// Its identity for life.
        id: SubmissionId,
        /// Stable code.
        code: String,
    },
    /// The county has an application and the receipt is durable.
    Acknowledged {
        /// Its number on this kiosk.
        sequence: Sequence,
        /// Its identity for life.
        id: SubmissionId,
    },
    /// Sending failed for now.
    SendFailed {
        /// Its number on this kiosk.
        sequence: Sequence,
        /// Stable code.
        code: String,
        /// When it is tried again.
        wait: Duration,
    },
    /// A call with several applications failed as a whole for now.
    BatchFailed {
        /// How many.
        count: usize,
        /// Stable code.
        code: String,
        /// When the first of them is tried again, at the latest.
        wait: Duration,
    },
    /// The county refused an application for good.
    SetAside {
        /// Its number on this kiosk.
        sequence: Sequence,
        /// Stable code.
        code: String,
    },
    /// The county refuses this kiosk; nothing is sent until the pause is over.
    SendingStopped {
        /// Stable code.
        code: String,
    },
    /// The county has answered about an application again after it refused this kiosk.
    SendingGoesOn,
    /// No more applications are taken; guides go on.
    TakingStopped {
        /// Stable code.
        code: &'static str,
        /// Applications that wait.
        waiting: usize,
        /// Megabytes that are free, 0 if that is not known.
        free_mb: u64,
    },
    /// Applications are taken again.
    TakingAgain {
        /// Applications that wait.
        waiting: usize,
    },
    /// The line to the county came or went.
    Line {
        /// It is there.
        up: bool,
    },
    /// A device changed its state.
    Device {
        /// Which device.
        role: Role,
        /// Its state.
        state: DeviceState,
        /// Stable code of what is wrong, empty while all is well.
        code: String,
    },
    /// A slip ended.
    Slip {
        /// Number of the print job.
        job: u64,
        /// Which slip, in one word.
        kind: &'static str,
        /// How it ended.
        outcome: PrintOutcome,
    },
    /// The store was opened again after it broke, and is sound.
    StoreOpened {
        /// Last number given.
        last: Sequence,
        /// Entries that are not acknowledged.
        open: u64,
    },
    /// A number has no application.
    StoreGap {
        /// The number.
        sequence: Sequence,
    },
    /// The store was found damaged when it was opened again, and was put right.
    StoreSalvaged {
        /// Numbers without an application.
        lost: usize,
    },
    /// The technician gave his word about the update on the stick.
    UpdateAnswered {
        /// Its version.
        version: String,
        /// It is to be installed.
        install: bool,
    },
    /// The store is broken; the machine is out of service for applications.
    StoreBroken {
        /// Stable code.
        code: String,
    },
}

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitEnd {
    /// The resident finished or left.
    Left,
    /// Nobody touched the screen any more.
    TimedOut,
}

/// A slip to print, without words: the engine has the words.
#[derive(Debug, Clone, PartialEq)]
pub struct Paper {
    /// Language of the session.
    pub language: Language,
    /// Text size of the session.
    pub size: TextSize,
    /// Terminal's wall clock.
    pub printed_at: jiff::Timestamp,
    /// A second print of the same slip, marked 重打.
    pub copy: bool,
    /// Which slip.
    pub kind: PaperKind,
}

/// Kinds of slips.
#[derive(Debug, Clone, PartialEq)]
pub enum PaperKind {
    /// One-time notice (一次性告知单) of an item.
    Notice {
        /// Which item.
        item: ItemId,
    },
    /// Kept here, not yet sent (已保存，还没送到).
    Kept {
        /// Which item.
        item: ItemRef,
        /// Masked name of the applicant (张*).
        name: String,
        /// Kiosk's number, in groups.
        number: String,
        /// Query code.
        code: String,
        /// What the QR code claims; the engine signs it (`receipt::Claim::text`).
        claim: String,
    },
    /// Accepted by the platform (县里已收到).
    Accepted {
        /// Which item.
        item: ItemRef,
        /// Masked name of the applicant.
        name: String,
        /// Kiosk's number, in groups, small.
        number: String,
        /// What the county gave.
        receipt: CaseReceipt,
        /// What the QR code claims; the engine signs it (`receipt::Claim::text`).
        claim: String,
        /// Materials that still have to be shown at the window.
        bring_later: Vec<String>,
    },
}

impl PaperKind {
    /// The slip in one word, for the log; a copy (重打) has a word of its own.
    pub const fn word(&self, copy: bool) -> &'static str {
        match (self, copy) {
            (Self::Notice { .. }, false) => "notice",
            (Self::Notice { .. }, true) => "notice-copy",
            (Self::Kept { .. }, false) => "kept",
            (Self::Kept { .. }, true) => "kept-copy",
            (Self::Accepted { .. }, false) => "accepted",
            (Self::Accepted { .. }, true) => "accepted-copy",
        }
    }
}
