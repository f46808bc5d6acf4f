//! Serial lines through the `serialport` crate: 8 data bits, no parity, 1 stop bit, exclusive.
//!
//! What the crate reports differs by situation; this file turns it into [`LinkErrorKind`]: a missing node, a node
//! held by another program, a node without permission and a node that is no serial line are four different things
//! for a technician. After opening, silence is `Ok(0)` of ours, while `Ok(0)` of the port, `BrokenPipe` and any
//! other error mean that the device is gone. The descriptor is closed by dropping the link; the runner does that
//! at once, because an adapter that is held open comes back under another number.

use std::io::{ErrorKind as IoKind, Read, Write};
use std::time::Duration;

use serialport::{DataBits, ErrorKind, FlowControl, Parity, SerialPort, StopBits, TTYPort};

use super::{Link, LinkError, LinkErrorKind, LinkOpener};
use crate::runner::clock;

/// Bytes read at once: more than a whole card reply, so one wake-up takes all there is.
const READ_SIZE: usize = 4096;

/// Bytes written at once. The kernel reports a port as writable when at least this much fits, so a write after that
/// report does not block, and the deadline is looked at often enough.
const WRITE_SLICE: usize = 64;

/// How a serial line is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialSettings {
    /// A stable path such as `/dev/serial/by-id/…`, never a bare port number.
    pub path: String,
    /// Speed in baud at opening.
    pub baud: u32,
}

/// Opens one serial line again and again.
#[derive(Debug, Clone)]
pub struct SerialOpener {
    settings: SerialSettings,
}

impl SerialOpener {
    /// An opener for these settings. Nothing is touched yet.
    pub fn new(settings: SerialSettings) -> Self {
        Self { settings }
    }
}

impl LinkOpener for SerialOpener {
    fn open(&mut self) -> Result<Box<dyn Link>, LinkError> {
        let SerialSettings { path, baud } = &self.settings;
        let port = serialport::new(path.as_str(), *baud)
            .data_bits(DataBits::Eight)
            .parity(Parity::None)
            .stop_bits(StopBits::One)
            .flow_control(FlowControl::None)
            .open_native()
            .map_err(|error| LinkError {
                port: path.clone(),
                kind: kind_of_open_error(&error),
                detail: error.description.clone(),
            })?;
        Ok(Box::new(SerialLink { path: path.clone(), port }))
    }

    fn name(&self) -> &str {
        &self.settings.path
    }
}

struct SerialLink {
    path: String,
    port: TTYPort,
}

impl SerialLink {
    fn error(&self, kind: LinkErrorKind, detail: impl ToString) -> LinkError {
        LinkError { port: self.path.clone(), kind, detail: detail.to_string() }
    }

    fn wait_at_most(&mut self, wait: Duration) -> Result<(), LinkError> {
        self.port.set_timeout(wait).map_err(|error| self.error(LinkErrorKind::Lost, error))
    }
}

impl Link for SerialLink {
    fn read(&mut self, buffer: &mut Vec<u8>, wait: Duration) -> Result<usize, LinkError> {
        self.wait_at_most(wait)?;
        let mut bytes = [0; READ_SIZE];
        match self.port.read(&mut bytes) {
            Ok(0) => Err(self.error(LinkErrorKind::Lost, "end of file")),
            Ok(count) => {
                buffer.extend_from_slice(bytes.get(..count).unwrap_or_default());
                Ok(count)
            }
            Err(error) if matches!(error.kind(), IoKind::TimedOut | IoKind::Interrupted | IoKind::WouldBlock) => Ok(0),
            Err(error) => Err(self.error(LinkErrorKind::Lost, error)),
        }
    }

    fn write_all(&mut self, bytes: &[u8], wait: Duration) -> Result<(), LinkError> {
        let until = clock() + wait;
        let mut rest = bytes;
        while !rest.is_empty() {
            let left = until.saturating_duration_since(clock());
            if left.is_zero() {
                return Err(self.error(LinkErrorKind::WriteTimeout, format!("{} bytes left", rest.len())));
            }
            self.wait_at_most(left)?;
            match self.port.write(rest.get(..WRITE_SLICE).unwrap_or(rest)) {
                Ok(0) => return Err(self.error(LinkErrorKind::Lost, "nothing written")),
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if matches!(error.kind(), IoKind::TimedOut | IoKind::Interrupted | IoKind::WouldBlock) => {}
                Err(error) => return Err(self.error(LinkErrorKind::Lost, error)),
            }
        }
        Ok(())
    }

    fn set_baud(&mut self, baud: u32) -> Result<(), LinkError> {
        self.port.set_baud_rate(baud).map_err(|error| self.error(LinkErrorKind::Lost, error))
    }
}

/// Which of the four situations an error at opening is.
///
/// A node that is no terminal fails in `tcgetattr` ("Not a typewriter", kind unknown); a port held by another
/// program fails with EBUSY or with the lock, which the crate calls "no device".
fn kind_of_open_error(error: &serialport::Error) -> LinkErrorKind {
    match error.kind {
        ErrorKind::NoDevice => LinkErrorKind::Busy,
        ErrorKind::Io(IoKind::NotFound) => LinkErrorKind::Missing,
        ErrorKind::Io(IoKind::PermissionDenied) => LinkErrorKind::Permission,
        // ENXIO and ENODEV (a node whose device has just gone) and EIO arrive as "unknown" with the system's words.
        ErrorKind::Unknown if is_gone(&error.description) => LinkErrorKind::Missing,
        ErrorKind::Unknown | ErrorKind::InvalidInput => LinkErrorKind::NotSerial,
        ErrorKind::Io(_) => LinkErrorKind::Lost,
    }
}

fn is_gone(words: &str) -> bool {
    ["No such device", "I/O error", "Input/output error"].iter().any(|gone| words.contains(gone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_at(path: &str) -> Option<LinkErrorKind> {
        SerialOpener::new(SerialSettings { path: path.to_owned(), baud: 9600 }).open().err().map(|error| error.kind)
    }

    #[test]
    fn a_path_without_a_node_is_missing_and_a_plain_device_is_not_serial() {
        assert_eq!(kind_at("/dev/serial/by-id/there-is-no-such-device"), Some(LinkErrorKind::Missing));
        assert_eq!(kind_at("/dev/null"), Some(LinkErrorKind::NotSerial));
    }

    #[test]
    fn missing_permission_has_its_own_kind() {
        let error = serialport::Error::new(ErrorKind::Io(IoKind::PermissionDenied), "Permission denied");
        assert_eq!(kind_of_open_error(&error), LinkErrorKind::Permission);
    }
}
