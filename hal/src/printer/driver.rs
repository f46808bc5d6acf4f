//! The printer on a port: settings, link, protocol, one thread.

use std::io;
use std::sync::Arc;

use super::font::PaperFont;
use super::profile::PrinterProfile;
use super::protocol::PrinterProtocol;
use crate::link::LinkOpener;
use crate::link::serial::{SerialOpener, SerialSettings};
use crate::model::{PrinterEvent, PrinterRequest, Role};
use crate::runner::{Device, DeviceEvent, spawn};

/// Where the printer is and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterSettings {
    /// A stable path of the port.
    pub port: String,
    /// The model. Its `baud` is the line's speed.
    pub profile: PrinterProfile,
    /// Number of the first process id, 1 to 9999; any number that differs from start to start, such as the seconds
    /// of the wall clock modulo 9999, keeps an echo of the last run from being taken for one of this run.
    pub first_id: u16,
}

impl PrinterSettings {
    /// A printer of this model on this port, counting its process ids from 1.
    pub fn at(port: impl Into<String>, profile: PrinterProfile) -> Self {
        Self { port: port.into(), profile, first_id: 1 }
    }
}

/// Starts the printer on its port.
///
/// The device opens the port by itself, now and after every loss. `sink` is called on the device's thread and must
/// not block.
///
/// # Errors
/// The operating system gives no more threads. A missing port is no error here; it is reported as an event.
pub fn open<S>(settings: PrinterSettings, font: Arc<PaperFont>, sink: S) -> io::Result<Device<PrinterRequest>>
where
    S: FnMut(DeviceEvent<PrinterEvent>) + Send + 'static,
{
    let PrinterSettings { port, profile, first_id } = settings;
    let opener = SerialOpener::new(SerialSettings { path: port, baud: profile.baud });
    open_on(Box::new(opener), profile, first_id, font, sink)
}

/// The same on any link.
///
/// # Errors
/// As [`open`].
pub fn open_on<S>(
    opener: Box<dyn LinkOpener>,
    profile: PrinterProfile,
    first_id: u16,
    font: Arc<PaperFont>,
    sink: S,
) -> io::Result<Device<PrinterRequest>>
where
    S: FnMut(DeviceEvent<PrinterEvent>) + Send + 'static,
{
    spawn(Role::Printer, opener, PrinterProtocol::new(profile, font, first_id), sink)
}
