//! Opening the devices and leading what they tell into the inbox.

use std::sync::Arc;

use kiosk_hal::id_card::driver as reader_driver;
use kiosk_hal::model::{IdReaderEvent, IdReaderRequest, PrinterEvent, PrinterRequest, ScannerEvent, ScannerRequest};
use kiosk_hal::printer::driver as printer_driver;
use kiosk_hal::printer::font::PaperFont;
use kiosk_hal::runner::{Device, DeviceEvent};
use kiosk_hal::scanner::driver as scanner_driver;
use tokio::sync::mpsc;

use super::run::EngineError;
use crate::domain::event::Event;

/// Which devices to open. `None` = the machine has none.
#[derive(Debug, Clone, Default)]
pub struct DevicePlan {
    /// ID card reader.
    pub reader: Option<reader_driver::IdReaderSettings>,
    /// Printer, and the font for lines its own font cannot print.
    pub printer: Option<(printer_driver::PrinterSettings, Arc<PaperFont>)>,
    /// Scanner.
    pub scanner: Option<scanner_driver::ScannerSettings>,
}

/// The running devices. Dropping them stops their threads.
#[derive(Debug, Default)]
pub struct Devices {
    /// ID card reader.
    pub reader: Option<Device<IdReaderRequest>>,
    /// Printer.
    pub printer: Option<Device<PrinterRequest>>,
    /// Scanner.
    pub scanner: Option<Device<ScannerRequest>>,
}

impl Devices {
    /// Starts one thread per device.
    pub fn open(plan: DevicePlan, inbox: &mpsc::Sender<Event>) -> Result<Self, EngineError> {
        let failed = |role, error: std::io::Error| EngineError::Device { role, message: error.to_string() };
        let reader = plan
            .reader
            .map(|settings| reader_driver::open(settings, sink(inbox, Event::Reader as fn(IdReaderEvent) -> Event)))
            .transpose()
            .map_err(|error| failed("id-reader", error))?;
        let printer = plan
            .printer
            .map(|(settings, font)| {
                printer_driver::open(settings, font, sink(inbox, Event::Printer as fn(PrinterEvent) -> Event))
            })
            .transpose()
            .map_err(|error| failed("printer", error))?;
        let scanner = plan
            .scanner
            .map(|settings| scanner_driver::open(settings, sink(inbox, Event::Scanner as fn(ScannerEvent) -> Event)))
            .transpose()
            .map_err(|error| failed("scanner", error))?;
        Ok(Self { reader, printer, scanner })
    }
}

/// From a device's thread into the inbox. A device's result is never dropped while there is room; no room is a fault.
fn sink<E>(inbox: &mpsc::Sender<Event>, name: fn(E) -> Event) -> impl FnMut(DeviceEvent<E>) + Send + 'static + use<E>
where
    E: 'static,
{
    let inbox = inbox.clone();
    move |event| {
        let event = match event {
            DeviceEvent::Status(status) => Event::Device(status),
            DeviceEvent::Class(event) => name(event),
        };
        if inbox.try_send(event).is_err() {
            tracing::error!("the engine does not take device events");
        }
    }
}
