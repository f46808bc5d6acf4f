//! Starts a reader on a serial line.

use crate::link::{SerialOpener, SerialSettings};
use crate::model::{IdReaderEvent, IdReaderRequest, Role};
use crate::runner::{Device, DeviceEvent, spawn};

use super::protocol::{IdReaderProtocol, SPEEDS};

/// How a reader is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdReaderSettings {
    /// Stable path of the serial line.
    pub path: String,
    /// Speed at which the search begins, in baud; the others are tried after it.
    pub baud: u32,
}

impl IdReaderSettings {
    /// A reader at this path with the usual speed.
    pub fn at(path: impl Into<String>) -> Self {
        Self { path: path.into(), baud: SPEEDS[0] }
    }
}

/// Starts the reader's thread. The port need not exist yet; its state is reported to `sink`, on the device's thread.
///
/// # Errors
/// The operating system gives no more threads.
pub fn open(
    settings: IdReaderSettings,
    sink: impl FnMut(DeviceEvent<IdReaderEvent>) + Send + 'static,
) -> Result<Device<IdReaderRequest>, std::io::Error> {
    let protocol = IdReaderProtocol::new(settings.baud);
    let opener = SerialOpener::new(SerialSettings { path: settings.path, baud: settings.baud });
    spawn(Role::IdReader, Box::new(opener), protocol, sink)
}
