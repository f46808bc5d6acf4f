//! From status bytes to the model: what the printer's answers mean for the next job and for a failed one.

use super::command::Question;
use super::flags::Flags;
use super::profile::{Cutter, Part, PrinterProfile, ProofTier};
use crate::model::{
    DeviceState, DeviceStatus, NotPrintedCause, PaperState, PartState, PrinterStatus, Role, UnknownCause,
};

/// Codes that a printer's [`DeviceStatus`] can carry besides those of the link, each with the state it comes with.
pub const CODES: &[(&str, DeviceState)] = &[
    ("printer.paper-out", DeviceState::UserError),
    ("printer.cover-open", DeviceState::UserError),
    ("printer.cutter-fault", DeviceState::HardwareError),
    ("printer.head-fault", DeviceState::HardwareError),
    ("printer.offline", DeviceState::Offline),
    ("printer.no-answer", DeviceState::Offline),
    ("printer.paper-low", DeviceState::Online),
    ("printer.ticket-waiting", DeviceState::Online),
    ("printer.one-way", DeviceState::Online),
];

/// The four answers of one round, in the order of [`Question::ALL`].
pub type Answers = [u8; 4];

/// What a complete round of answers says.
pub fn from_answers(answers: Answers, profile: &PrinterProfile) -> PrinterStatus {
    let flags = Question::ALL
        .into_iter()
        .zip(answers)
        .fold(Flags::default(), |flags, (question, byte)| flags.and(Flags::from_answer(question, byte)));
    let part = |broken: bool| if broken { PartState::Fault } else { PartState::Ok };
    let paper_out = flags.paper_end || flags.stopped_paper_end;
    let low = flags.near_end && profile.near_end_sensor == Part::Present;
    let not_taking = flags.offline
        || flags.waiting_online_recovery
        || flags.feeding_by_button
        || flags.feed_button
        || flags.error
        || flags.recoverable_error;
    PrinterStatus {
        paper: match (paper_out, low) {
            (true, _) => PaperState::Out,
            (false, true) => PaperState::Low,
            (false, false) => PaperState::Full,
        },
        cover: part(flags.cover_open),
        cutter: match profile.cutter {
            Cutter::None => PartState::NotSupported,
            Cutter::Partial | Cutter::Full => part(flags.cutter_error),
        },
        head: part(flags.unrecoverable_error || flags.auto_recoverable_error),
        online: part(not_taking),
        ticket_taken: match profile.ticket_sensor {
            Part::Present => part(flags.ticket_waiting),
            Part::Absent => PartState::NotSupported,
        },
    }
}

/// What can be said while nothing has been answered: nothing of what it could tell, and what it cannot tell.
pub fn unasked(profile: &PrinterProfile) -> PrinterStatus {
    let nothing = if profile.proof == ProofTier::OneWay { PartState::NotSupported } else { PartState::Unknown };
    PrinterStatus {
        paper: if profile.proof == ProofTier::OneWay { PaperState::NotSupported } else { PaperState::Unknown },
        cover: nothing,
        cutter: if profile.cutter == Cutter::None { PartState::NotSupported } else { nothing },
        head: nothing,
        online: nothing,
        ticket_taken: match profile.ticket_sensor {
            Part::Present => nothing,
            Part::Absent => PartState::NotSupported,
        },
    }
}

/// What is known of a printer that is not there: nothing, not even of one that never answers.
pub fn gone(profile: &PrinterProfile) -> PrinterStatus {
    PrinterStatus { online: PartState::Unknown, ..unasked(profile) }
}

/// What is said when questions stay unanswered: it takes no data, and all else is unknown.
pub fn unanswered(profile: &PrinterProfile) -> PrinterStatus {
    PrinterStatus { online: PartState::Fault, ..unasked(profile) }
}

/// The device state for a status, with code and detail.
pub fn device_status(status: &PrinterStatus, answers: Option<Answers>, profile: &PrinterProfile) -> DeviceStatus {
    let code = match status.why_not() {
        Some(NotPrintedCause::PaperOut) => "printer.paper-out",
        Some(NotPrintedCause::CoverOpen) => "printer.cover-open",
        Some(NotPrintedCause::CutterFault) => "printer.cutter-fault",
        Some(NotPrintedCause::HeadFault) => "printer.head-fault",
        Some(NotPrintedCause::Offline | NotPrintedCause::NoDevice | NotPrintedCause::MissingGlyph) => {
            if answers.is_some() { "printer.offline" } else { "printer.no-answer" }
        }
        None if profile.proof == ProofTier::OneWay => "printer.one-way",
        None if status.paper == PaperState::Low => "printer.paper-low",
        None if status.ticket_taken == PartState::Fault => "printer.ticket-waiting",
        None => "",
    };
    let state = CODES.iter().find(|(known, _)| *known == code).map_or(DeviceState::Online, |(_, state)| *state);
    let detail = answers.map_or_else(String::new, |[a, b, c, d]| format!("status {a:02X} {b:02X} {c:02X} {d:02X}"));
    DeviceStatus { role: Role::Printer, state, code: code.to_owned(), detail }
}

/// Why a job that was sent has no proof, seen from the status after it.
pub fn cause_in_mid_job(status: &PrinterStatus) -> UnknownCause {
    match status.why_not() {
        Some(NotPrintedCause::PaperOut) => UnknownCause::PaperOutMidJob,
        Some(NotPrintedCause::CoverOpen) => UnknownCause::CoverOpenMidJob,
        Some(NotPrintedCause::CutterFault | NotPrintedCause::HeadFault) => UnknownCause::FaultMidJob,
        Some(NotPrintedCause::Offline | NotPrintedCause::NoDevice | NotPrintedCause::MissingGlyph) | None => {
            UnknownCause::NoProof
        }
    }
}
