//! Starts a scanner on a serial line.

use super::protocol::{Family, ScannerProtocol};
use crate::link::{SerialOpener, SerialSettings};
use crate::model::{Role, ScannerEvent, ScannerRequest};
use crate::runner::{Device, DeviceEvent, spawn};

/// How a scanner is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerSettings {
    /// Stable path of the serial line.
    pub path: String,
    /// Its speed in baud; USB-CDC ignores it.
    pub baud: u32,
    /// Which commands it understands.
    pub family: Family,
}

impl ScannerSettings {
    /// A module of the Newland kind at this path, 115200 baud.
    pub fn at(path: impl Into<String>) -> Self {
        Self { path: path.into(), baud: 115_200, family: Family::Newland }
    }
}

/// Starts the scanner's thread. The port need not exist yet; its state is reported to `sink`, on the device's thread.
///
/// # Errors
/// The operating system gives no more threads.
pub fn open(
    settings: ScannerSettings,
    sink: impl FnMut(DeviceEvent<ScannerEvent>) + Send + 'static,
) -> Result<Device<ScannerRequest>, std::io::Error> {
    let protocol = ScannerProtocol::new(settings.family);
    let opener = SerialOpener::new(SerialSettings { path: settings.path, baud: settings.baud });
    spawn(Role::Scanner, Box::new(opener), protocol, sink)
}
