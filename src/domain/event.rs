//! All that can happen to a kiosk.

use kiosk_hal::model::{DeviceStatus, IdReaderEvent, PrinterEvent, ScannerEvent};

use super::submission::{CountyEvent, StoreEvent, StoreFound};
use crate::ipc::{Intent, UpdateNews};

/// Number of a question to the store or the county; the answer carries it, so that a late one is known as late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct AskNo(pub u64);

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A person touched something.
    Intent(Intent),
    /// A device changed its state.
    Device(DeviceStatus),
    /// The ID card reader tells something.
    Reader(IdReaderEvent),
    /// The printer tells something.
    Printer(PrinterEvent),
    /// The scanner tells something.
    Scanner(ScannerEvent),
    /// The store answers.
    Store {
        /// The question it answers; default for what the store says unasked.
        ask: AskNo,
        /// The answer.
        event: StoreEvent,
    },
    /// The county answers.
    County {
        /// The question it answers.
        ask: AskNo,
        /// The answer.
        event: CountyEvent,
    },
    /// What the store was found to hold when the program started.
    StoreFound(StoreFound),
    /// The agent tells how updates are.
    Updates(Box<UpdateNews>),
    /// A deadline given by `next_wake` has come.
    Woke,
}

impl Event {
    /// What happened in one word, for the log.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Intent(_) => "touch",
            Self::Device(_) => "device",
            Self::Reader(_) => "id-reader",
            Self::Printer(_) => "printer",
            Self::Scanner(_) => "scanner",
            Self::Store { .. } => "store",
            Self::County { .. } => "county",
            Self::StoreFound(_) => "store-found",
            Self::Updates(_) => "updates",
            Self::Woke => "wake",
        }
    }
}
