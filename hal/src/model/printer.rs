//! What a receipt printer tells: its state, and whether a slip is really on paper.

use serde::{Deserialize, Serialize};

use super::Slip;

/// Requests to the printer.
#[derive(Debug, Clone, PartialEq)]
pub enum PrinterRequest {
    /// Print one slip. Exactly one [`PrinterEvent::Finished`] with the same `job` follows, whatever happens.
    Print {
        /// Chosen by the caller, echoed in the result.
        job: u64,
        /// What to print.
        slip: Slip,
    },
    /// Ask the state now; a [`PrinterEvent::Status`] follows if it changed.
    Refresh,
}

/// Events of the printer.
#[derive(Debug, Clone, PartialEq)]
pub enum PrinterEvent {
    /// The state changed.
    Status(PrinterStatus),
    /// A job ended.
    Finished {
        /// The caller's number.
        job: u64,
        /// How it ended.
        outcome: PrintOutcome,
    },
}

/// Paper supply, after XFS4IoT `Printer.Status.paper`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperState {
    /// Enough.
    Full,
    /// The near-end sensor sees the core.
    Low,
    /// None.
    Out,
    /// The printer has not told.
    Unknown,
    /// The printer cannot tell.
    NotSupported,
}

/// State of one part of the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartState {
    /// It says it is well.
    Ok,
    /// It says it is not (cover open, cutter stuck, head hot, voltage).
    Fault,
    /// It has not told.
    Unknown,
    /// It cannot tell.
    NotSupported,
}

/// State of the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterStatus {
    /// Paper.
    pub paper: PaperState,
    /// Cover closed.
    pub cover: PartState,
    /// Cutter.
    pub cutter: PartState,
    /// Print head and its supply.
    pub head: PartState,
    /// Takes data at all.
    pub online: PartState,
    /// The last ticket was taken ([`PartState::Fault`] = still hangs at the exit).
    pub ticket_taken: PartState,
}

impl PrinterStatus {
    /// Nothing known yet.
    pub const UNKNOWN: Self = Self {
        paper: PaperState::Unknown,
        cover: PartState::Unknown,
        cutter: PartState::Unknown,
        head: PartState::Unknown,
        online: PartState::Unknown,
        ticket_taken: PartState::NotSupported,
    };

    /// Whether a job may start: nothing says no, and the printer has answered.
    pub fn can_print(&self) -> bool {
        self.why_not().is_none() && self.online != PartState::Unknown
    }

    /// The first reason that forbids printing.
    pub fn why_not(&self) -> Option<NotPrintedCause> {
        let Self { paper, cover, cutter, head, online, ticket_taken: _ } = *self;
        if paper == PaperState::Out {
            Some(NotPrintedCause::PaperOut)
        } else if cover == PartState::Fault {
            Some(NotPrintedCause::CoverOpen)
        } else if cutter == PartState::Fault {
            Some(NotPrintedCause::CutterFault)
        } else if head == PartState::Fault {
            Some(NotPrintedCause::HeadFault)
        } else if online == PartState::Fault {
            Some(NotPrintedCause::Offline)
        } else {
            None
        }
    }
}

/// How a print job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "cause")]
pub enum PrintOutcome {
    /// The device confirmed it (tier A or B), or nothing contradicts it (tier C).
    Printed,
    /// Certainly not on paper: refused before the first byte of it.
    NotPrinted(NotPrintedCause),
    /// Nobody can say. Never answered by a second print without a person's decision.
    Unknown(UnknownCause),
}

/// Why a slip is not on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotPrintedCause {
    /// No paper before the job began.
    PaperOut,
    /// The cover is open.
    CoverOpen,
    /// The cutter is stuck.
    CutterFault,
    /// Head too hot, voltage wrong, or another fault that stops the head.
    HeadFault,
    /// The printer does not take data.
    Offline,
    /// There is no printer.
    NoDevice,
    /// The slip holds what cannot be drawn on this paper: a character that neither the printer's font nor the bundled
    /// font has, or a code too long for its width.
    MissingGlyph,
}

/// Why it is unknown whether a slip is on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownCause {
    /// Paper ended in the middle of the job.
    PaperOutMidJob,
    /// The cover was opened in the middle of the job.
    CoverOpenMidJob,
    /// The cutter or the head failed in the middle of the job.
    FaultMidJob,
    /// The printer went away in the middle of the job.
    LostMidJob,
    /// The proof of print did not come in time, and no cause is reported.
    NoProof,
    /// A one-way printer: only the time has passed (tier D).
    OneWay,
}
