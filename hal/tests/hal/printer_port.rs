//! The real driver against the simulated printer over a real pseudo-terminal.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use kiosk_hal::model::{DeviceState, NotPrintedCause, PrintOutcome, PrinterEvent, PrinterRequest, UnknownCause};
use kiosk_hal::printer::sim::{Fault, SimPrinter};
use kiosk_hal::printer::{PrinterProfile, PrinterSettings, open};
use kiosk_hal::runner::DeviceEvent;

use crate::printer_support::{accepted, finished, font, plain, slip};

/// A real thread and a real line may take this long on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

#[expect(clippy::disallowed_methods, reason = "a port runs in real time")]
fn wait<T>(
    events: &Receiver<DeviceEvent<PrinterEvent>>,
    mut wanted: impl FnMut(&DeviceEvent<PrinterEvent>) -> Option<T>,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let event = events.recv_timeout(left).expect("the event comes in time");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

fn state(event: &DeviceEvent<PrinterEvent>) -> Option<DeviceState> {
    match event {
        DeviceEvent::Status(status) => Some(status.state),
        DeviceEvent::Class(_) => None,
    }
}

#[test]
fn a_slip_goes_through_a_real_line_and_a_pulled_plug_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("printer");
    let profile = PrinterProfile { speed_mm_per_s: 400, ..PrinterProfile::cn_kiosk_58() };
    let printer = SimPrinter::start(&path, profile.clone(), font()).unwrap();
    let settings = PrinterSettings { first_id: 17, ..PrinterSettings::at(path.to_str().unwrap(), profile) };
    let (sink, events) = channel();
    let device = open(settings, font(), move |event| {
        sink.send(event).ok();
    })
    .unwrap();
    wait(&events, |event| (state(event)? == DeviceState::Online).then_some(()));

    device.send(PrinterRequest::Print { job: 1, slip: accepted() }).unwrap();
    assert_eq!(wait(&events, finished), (1, PrintOutcome::Printed));
    let slips = printer.slips();
    assert!(slips.len() == 1 && slips[0].complete && slips[0].issues.is_empty(), "{slips:?}");

    printer.set_fault(Fault::NoPaper);
    device.send(PrinterRequest::Print { job: 2, slip: slip([plain("二")]) }).unwrap();
    assert_eq!(wait(&events, finished), (2, PrintOutcome::NotPrinted(NotPrintedCause::PaperOut)));
    printer.refill();

    printer.set_fault(Fault::Stalled);
    device.send(PrinterRequest::Print { job: 3, slip: accepted() }).unwrap();
    // The job has begun when its first bytes have come through the line.
    while printer.line().with(|model| model.buffered()) < 100 {
        std::thread::yield_now();
    }
    printer.line().unplug().unwrap();
    assert_eq!(wait(&events, finished), (3, PrintOutcome::Unknown(UnknownCause::LostMidJob)));
    printer.clear_fault(Fault::Stalled);
    printer.power_cycle();
    printer.line().replug().unwrap();
    wait(&events, |event| (state(event)? == DeviceState::Online).then_some(()));
    device.send(PrinterRequest::Print { job: 4, slip: slip([plain("四")]) }).unwrap();
    assert_eq!(wait(&events, finished), (4, PrintOutcome::Printed));
    assert_eq!(printer.slips().len(), 2, "job 3 was not sent a second time");
}
