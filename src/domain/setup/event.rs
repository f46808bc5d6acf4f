//! All that can happen during the set-up, and all that it asks for.

use kiosk_hal::model::{DeviceStatus, IdReaderEvent, IdReaderRequest, PrinterEvent, ScannerEvent, ScannerRequest};

use super::network::{NetworkChoice, NetworkState};
use super::progress::{FittedDevices, Grant, Progress};
use crate::domain::event::AskNo;
use crate::domain::place::{KioskCode, PlaceParts};
use crate::domain::settings::WindowSettings;
use crate::ipc::{EnrolRefusal, Intent, Language};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum SetupEvent {
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
    /// The state of the line.
    Network(NetworkState),
    /// The progress is on the disk, or is not.
    Kept {
        /// The question it answers.
        ask: AskNo,
        /// Whether it is durable; a stable code if not.
        result: Result<(), String>,
    },
    /// The enrolment ended. What the county gave is checked and not yet stored: that comes with [`SetupEffect::Keep`].
    Enrolled {
        /// The question it answers.
        ask: AskNo,
        /// What the county gave.
        result: Result<Grant, EnrolRefusal>,
    },
    /// The county's answer was brought as a file and was checked; it is stored as the one over the line.
    AnswerFound(Result<Grant, EnrolRefusal>),
    /// A file with everything lay on the boot partition; its signature is checked.
    FileFound(Result<Box<Provision>, EnrolRefusal>),
    /// The settings are written, or are not.
    Finished {
        /// The question it answers.
        ask: AskNo,
        /// Whether they are durable; a stable code if not.
        result: Result<(), String>,
    },
    /// A deadline given by `next_wake` has come.
    Woke,
}

/// Everything about one machine, as the county signed it: a card prepared in the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provision {
    /// Number of the kiosk.
    pub kiosk: KioskCode,
    /// Language of the set-up's screens.
    pub language: Language,
    /// Place; consistent.
    pub place: PlaceParts,
    /// The window of its centre.
    pub window: WindowSettings,
    /// Network.
    pub network: NetworkChoice,
    /// Which devices the machine has.
    pub devices: FittedDevices,
    /// Text of its enrolment code.
    pub code: String,
}

/// What an enrolment code must be for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// This kiosk, if the machine has a number already.
    pub kiosk: Option<KioskCode>,
    /// The place with this code, if one was chosen.
    pub place: Option<String>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum SetupEffect {
    /// Tell the ID card reader.
    Reader(IdReaderRequest),
    /// Tell the scanner.
    Scanner(ScannerRequest),
    /// Print the test slip; the printer answers with the same job number.
    PrintTest {
        /// Job number, unique since the start.
        job: u64,
    },
    /// Look at the line; the answer is [`SetupEvent::Network`].
    LookAtNetwork,
    /// Look for files: a prepared card, an answer of the county brought on a stick.
    LookForFiles,
    /// Make the progress durable, with the network file that follows from it, and before it what the county gave if the
    /// progress takes it.
    Keep {
        /// Number of the question.
        ask: AskNo,
        /// What is finished.
        progress: Box<Progress>,
    },
    /// Check the code, make the key, ask the county.
    Enrol {
        /// Number of the question.
        ask: AskNo,
        /// Text of the code, as scanned. A stranger's text.
        code: String,
        /// What it must be for.
        expected: Expected,
    },
    /// Write the settings and forget the progress.
    Finish {
        /// Number of the question.
        ask: AskNo,
        /// Everything.
        progress: Box<Progress>,
    },
    /// The set-up is over: end well, so that the machine starts with its settings.
    Leave,
    /// A fact for the log.
    Note(SetupNote),
    /// The event meant nothing here.
    Ignored {
        /// Why, a fixed sentence.
        why: &'static str,
    },
}

/// Facts for the log. No code, no token, no person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupNote {
    /// A step is durable.
    StepDone {
        /// Its number, from 1.
        step: u8,
    },
    /// An enrolment or a file was refused.
    Refused {
        /// Why.
        why: EnrolRefusal,
    },
    /// Something could not be written.
    NotSaved,
}
