//! Drivers against simulators over real pseudo-terminals, with the time of a real line.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use kiosk_hal::id_card::sim::IdReaderModel;
use kiosk_hal::id_card::{IdReaderSettings, deck};
use kiosk_hal::model::{DeviceState, IdReaderEvent, IdReaderRequest, NumberCheck, ScannerEvent, ScannerRequest};
use kiosk_hal::runner::{Device, DeviceEvent};
use kiosk_hal::scanner::ScannerSettings;
use kiosk_hal::scanner::sim::ScannerModel;
use kiosk_hal::sim::SimPort;
use kiosk_hal::{id_card, scanner};

/// Longer than any reading with all its retries, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_card_laid_on_a_simulated_reader_arrives_as_fields() {
    let folder = tempfile::tempdir().unwrap();
    let port = SimPort::start(&folder.path().join("id-reader"), IdReaderModel::new()).unwrap();
    let (device, events) = reader(port.path());
    until_state(&events, DeviceState::Online);
    device.send(IdReaderRequest::Watch).unwrap();
    lay(&port, "zhao_da");
    let card = until_card(&events);
    assert_eq!((card.name.as_str(), card.number_check), ("赵龘", NumberCheck::Passed));
}

#[test]
fn a_reader_unplugged_while_it_reads_recovers_under_another_node() {
    let folder = tempfile::tempdir().unwrap();
    let port = SimPort::start(&folder.path().join("id-reader"), IdReaderModel::new()).unwrap();
    let (device, events) = reader(port.path());
    until_state(&events, DeviceState::Online);
    device.send(IdReaderRequest::Watch).unwrap();
    lay(&port, "wang_guifang");
    until(&events, |event| matches!(event, DeviceEvent::Class(IdReaderEvent::Reading)));
    port.unplug().unwrap();
    until(&events, |event| matches!(event, DeviceEvent::Class(IdReaderEvent::Failed(_))));
    until_state(&events, DeviceState::NoDevice);
    // Another terminal takes the number, as another adapter would.
    let taken = kiosk_hal::sim::Pty::open(&folder.path().join("other")).unwrap();
    port.replug().unwrap();
    assert_ne!(std::fs::read_link(port.path()).unwrap(), taken.node());
    until_state(&events, DeviceState::Online);
    lay(&port, "wang_guifang");
    assert_eq!(until_card(&events).name, "王桂芳");
}

#[test]
fn a_reader_that_appears_after_the_start_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("id-reader");
    let (_device, events) = reader(&path);
    until_state(&events, DeviceState::NoDevice);
    let _port = SimPort::start(&path, IdReaderModel::new()).unwrap();
    until_state(&events, DeviceState::Online);
}

#[test]
fn the_speed_search_works_on_a_real_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let port = SimPort::start(&folder.path().join("id-reader"), IdReaderModel::new()).unwrap();
    port.with(|model| model.set_fault(id_card::sim::Fault::WrongSpeed));
    let (device, events) = reader(port.path());
    until_state(&events, DeviceState::Online);
    device.send(IdReaderRequest::Watch).unwrap();
    lay(&port, "resident_male");
    assert_eq!(until_card(&events).name, "测试员甲");
}

#[test]
fn a_code_shown_to_a_simulated_scanner_arrives_and_a_replugged_scanner_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let port = SimPort::start(&folder.path().join("scanner"), ScannerModel::new()).unwrap();
    let (send, events) = channel();
    let settings = ScannerSettings::at(port.path().display().to_string());
    let device = scanner::open(settings, move |event| drop(send.send(event))).unwrap();
    until_state(&events, DeviceState::Online);
    device.send(ScannerRequest::Enable).unwrap();
    port.with(|model| model.present("https://example.invalid/t/000001"));
    assert_eq!(until_code(&events), "https://example.invalid/t/000001");
    port.unplug().unwrap();
    until_state(&events, DeviceState::NoDevice);
    port.with(ScannerModel::power_cycle);
    port.replug().unwrap();
    until_state(&events, DeviceState::Online);
    port.with(|model| model.present("京A00000 测试"));
    assert_eq!(until_code(&events), "京A00000 测试");
}

fn reader(path: &Path) -> (Device<IdReaderRequest>, Receiver<DeviceEvent<IdReaderEvent>>) {
    let (send, events) = channel();
    let settings = IdReaderSettings::at(path.display().to_string());
    (id_card::open(settings, move |event| drop(send.send(event))).unwrap(), events)
}

fn lay(port: &SimPort<IdReaderModel>, key: &str) {
    port.with(|model| model.lay(deck::find(key).unwrap().image));
}

fn until<E>(events: &Receiver<DeviceEvent<E>>, mut wanted: impl FnMut(&DeviceEvent<E>) -> bool) -> DeviceEvent<E> {
    loop {
        let event = events.recv_timeout(PATIENCE).unwrap();
        if wanted(&event) {
            return event;
        }
    }
}

fn until_state<E>(events: &Receiver<DeviceEvent<E>>, state: DeviceState) {
    until(events, |event| matches!(event, DeviceEvent::Status(status) if status.state == state));
}

fn until_card(events: &Receiver<DeviceEvent<IdReaderEvent>>) -> Box<kiosk_hal::model::IdCard> {
    loop {
        if let DeviceEvent::Class(IdReaderEvent::Card(card)) = events.recv_timeout(PATIENCE).unwrap() {
            return card;
        }
    }
}

fn until_code(events: &Receiver<DeviceEvent<ScannerEvent>>) -> String {
    loop {
        if let DeviceEvent::Class(ScannerEvent::Code(code)) = events.recv_timeout(PATIENCE).unwrap() {
            return code.text.unwrap();
        }
    }
}
