//! `kioskctl scanner read`: one code, by the driver itself.

use std::time::Duration;

use kiosk_hal::model::{ScannerEvent, ScannerRequest};
use kiosk_hal::runner::DeviceEvent;
use kiosk_hal::scanner::driver::{ScannerSettings, open};
use kiosk_hal::scanner::protocol::Family;
use serde::Serialize;

use super::device::{Events, busy, no_thread};
use super::{CtlError, Report};

/// A code that was read. It is a stranger's text: control characters are shown escaped.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CodeReport {
    /// The text; absent where the bytes are neither UTF-8 nor GB 18030.
    pub text: Option<String>,
    /// Those bytes in hexadecimal.
    pub bytes: Option<String>,
    /// The scanner sends its codes without a line end: it lost its settings.
    pub suffix_missing: bool,
}

impl std::fmt::Debug for CodeReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeReport").field("suffix_missing", &self.suffix_missing).finish_non_exhaustive()
    }
}

/// Reads one code.
///
/// # Errors
/// The port cannot be used, or no code came in time.
pub fn read(port: &str, baud: u32, family: Family, within: Duration) -> Result<CodeReport, CtlError> {
    let (events, sender) = Events::new(port, within);
    let settings = ScannerSettings { path: port.to_owned(), baud, family };
    let device = open(settings, move |event| drop(sender.send(event))).map_err(|error| no_thread(&error))?;
    events.until_ready(|_| ())?;
    device.send(ScannerRequest::Enable).map_err(|error| busy(&error))?;
    let mut suffix_missing = false;
    loop {
        match events.next() {
            Some(DeviceEvent::Class(ScannerEvent::Code(code))) => {
                let (text, bytes) = match code.text {
                    Ok(text) => (Some(text), None),
                    Err(bytes) => (None, Some(hex::encode(bytes))),
                };
                return Ok(CodeReport { text, bytes, suffix_missing });
            }
            Some(DeviceEvent::Class(ScannerEvent::SuffixMissing)) => suffix_missing = true,
            Some(DeviceEvent::Class(ScannerEvent::TooLong)) => {
                let message = "the code is longer than 4096 bytes";
                return Err(CtlError::new("scanner.too-long", message, "show a code of the county or of a slip"));
            }
            Some(DeviceEvent::Status(status)) => {
                if let Some(error) = events.failure(&status) {
                    return Err(error);
                }
            }
            None => {
                let message = format!("no code was held before the scanner within {} seconds", within.as_secs());
                return Err(CtlError::new("scanner.no-code", message, "hold one before it, or wait longer (--within)"));
            }
        }
    }
}

impl Report for CodeReport {
    fn lines(&self) -> Vec<String> {
        let mut lines = match (&self.text, &self.bytes) {
            (Some(text), _) => vec![text.escape_debug().to_string()],
            (None, Some(bytes)) => vec![format!("bytes {bytes}")],
            (None, None) => Vec::new(),
        };
        if self.suffix_missing {
            lines.push("the scanner sends no line end after a code: it lost its settings".to_owned());
        }
        lines
    }
}
