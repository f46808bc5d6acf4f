//! `kioskctl printer status` and `kioskctl printer test`, by the driver itself.

use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::Duration;

use kiosk_hal::model::{
    DeviceState, NotPrintedCause, PaperState, PartState, PrintOutcome, PrinterEvent, PrinterRequest, PrinterStatus,
    UnknownCause,
};
use kiosk_hal::printer::driver::{PrinterSettings, open};
use kiosk_hal::printer::profile::PrinterProfile;
use kiosk_hal::runner::{Device, DeviceEvent};
use serde::Serialize;

use super::device::{Events, busy, no_thread};
use super::{CtlError, Report};
use crate::assemble::{paper_font, profile, test_slip};
use crate::config::{Printer, PrinterProfileRef};

/// A printer answers a round of questions within two seconds; this leaves room for its start.
const STATUS_WAIT: Duration = Duration::from_secs(15);
/// The longest test print with all its proofs ends well before this.
const TEST_WAIT: Duration = Duration::from_secs(60);
/// Number of the only job of this run.
const JOB: u64 = 1;

/// Which printer, where.
#[derive(Debug, Clone)]
pub struct PrinterAt<'a> {
    /// Its serial line.
    pub port: &'a str,
    /// A shipped profile by name, or a file that ends with `.toml`.
    pub profile: &'a str,
    /// Speed, if it is not the profile's.
    pub baud: Option<u32>,
    /// Folder with the font for lines that the printer's own font cannot print.
    pub fonts: &'a Path,
}

/// How the printer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrinterReport {
    /// State of the device.
    pub state: DeviceState,
    /// Stable code of what is wrong or worth knowing, empty while all is well.
    pub code: String,
    /// Its status bytes.
    pub detail: String,
    /// Its parts.
    pub parts: PrinterStatus,
    /// How the test print ended; absent for `status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<PrintOutcome>,
}

/// The profile of this name or file.
///
/// # Errors
/// There is none, or it is not valid.
pub fn profile_of(name: &str, baud: Option<u32>) -> Result<PrinterProfile, CtlError> {
    let profile_ref = if name.ends_with(".toml") {
        PrinterProfileRef::File(name.into())
    } else {
        PrinterProfileRef::Shipped(name.to_owned())
    };
    Ok(profile(&Printer { port: "".into(), baud, profile: profile_ref })?)
}

/// Asks a printer how it is.
///
/// # Errors
/// The port cannot be used, or the printer does not answer.
pub fn status(at: &PrinterAt<'_>) -> Result<PrinterReport, CtlError> {
    let (events, sender) = Events::new(at.port, STATUS_WAIT);
    let _device = start(at, sender)?;
    first_report(&events)
}

/// Prints a test slip and reports how that ended. Never prints twice.
///
/// # Errors
/// As for [`status`].
pub fn test(at: &PrinterAt<'_>) -> Result<PrinterReport, CtlError> {
    let slip = test_slip()?;
    let (events, sender) = Events::new(at.port, TEST_WAIT);
    let device = start(at, sender)?;
    let mut report = first_report(&events)?;
    device.send(PrinterRequest::Print { job: JOB, slip }).map_err(|error| busy(&error))?;
    loop {
        match events.next() {
            Some(DeviceEvent::Class(PrinterEvent::Finished { job: JOB, outcome })) => {
                report.test = Some(outcome);
                return Ok(report);
            }
            Some(DeviceEvent::Class(PrinterEvent::Finished { .. })) => {}
            Some(DeviceEvent::Class(PrinterEvent::Status(parts))) => report.parts = parts,
            Some(DeviceEvent::Status(status)) => {
                (report.state, report.code, report.detail) = (status.state, status.code, status.detail);
            }
            None => {
                report.test = Some(PrintOutcome::Unknown(UnknownCause::NoProof));
                return Ok(report);
            }
        }
    }
}

fn start(at: &PrinterAt<'_>, sender: Sender<DeviceEvent<PrinterEvent>>) -> Result<Device<PrinterRequest>, CtlError> {
    let settings = PrinterSettings::at(at.port, profile_of(at.profile, at.baud)?);
    open(settings, paper_font(at.fonts)?, move |event| drop(sender.send(event))).map_err(|error| no_thread(&error))
}

fn first_report(events: &Events<PrinterEvent>) -> Result<PrinterReport, CtlError> {
    let mut parts = PrinterStatus::UNKNOWN;
    let status = events.until_ready(|event| match event {
        PrinterEvent::Status(told) => parts = told,
        PrinterEvent::Finished { .. } => {}
    })?;
    Ok(PrinterReport { state: status.state, code: status.code, detail: status.detail, parts, test: None })
}

impl Report for PrinterReport {
    fn lines(&self) -> Vec<String> {
        let part = |state| match state {
            PartState::Ok => "well",
            PartState::Fault => "NOT WELL",
            PartState::Unknown => "unknown",
            PartState::NotSupported => "cannot tell",
        };
        let paper = match self.parts.paper {
            PaperState::Full => "enough",
            PaperState::Low => "low: put a new roll in soon",
            PaperState::Out => "OUT: put a new roll in",
            PaperState::Unknown => "unknown",
            PaperState::NotSupported => "cannot tell",
        };
        let mut lines = vec![
            format!("paper    {paper}"),
            format!("cover    {}", part(self.parts.cover)),
            format!("cutter   {}", part(self.parts.cutter)),
            format!("head     {}", part(self.parts.head)),
            format!("takes data {}", part(self.parts.online)),
        ];
        if !self.code.is_empty() {
            lines.push(format!("code     {}", self.code));
        }
        if let Some(outcome) = self.test {
            lines.push(match outcome {
                PrintOutcome::Printed => "test     printed; compare the slip with your eyes".to_owned(),
                PrintOutcome::NotPrinted(why) => format!("test     NOT printed: {}", not_printed(why)),
                PrintOutcome::Unknown(_) => "test     unclear: look whether a slip came out".to_owned(),
            });
        }
        lines
    }

    /// A status is good when a slip could be printed; a test when it was.
    fn is_good(&self) -> bool {
        match self.test {
            Some(outcome) => outcome == PrintOutcome::Printed,
            None => self.parts.can_print(),
        }
    }
}

fn not_printed(why: NotPrintedCause) -> &'static str {
    match why {
        NotPrintedCause::PaperOut => "no paper; put a new roll in",
        NotPrintedCause::CoverOpen => "the cover is open; close it",
        NotPrintedCause::CutterFault => "the cutter is stuck; free it, then switch the printer off and on",
        NotPrintedCause::HeadFault => {
            "the head is too hot or its voltage is wrong; let it rest, check the power supply"
        }
        NotPrintedCause::Offline => "the printer takes no data",
        NotPrintedCause::NoDevice => "the printer is gone",
        NotPrintedCause::MissingGlyph => "a character has no glyph",
    }
}
