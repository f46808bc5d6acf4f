//! The runner over links in memory and over real pseudo-terminals, with a device that answers every byte.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use kiosk_hal::link::memory::MemoryPort;
use kiosk_hal::link::{Link, LinkError, LinkErrorKind, LinkOpener, SerialOpener, SerialSettings};
use kiosk_hal::model::Role;
use kiosk_hal::runner::{Device, DeviceEvent, Elapsed, Protocol, Transmit, spawn};
use kiosk_hal::sim::{DeviceModel, Pty, SimPort};

/// Longer than any answer takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn requests_go_out_and_answers_come_back_as_events() {
    let port = MemoryPort::new("memory");
    let mut far = port.plug();
    let (device, heard) = start(port.opener());
    assert_eq!(next(&heard), Heard::Opened);
    device.send(b"hello".to_vec()).unwrap();
    let mut bytes = Vec::new();
    far.read(&mut bytes, PATIENCE).unwrap();
    assert_eq!(bytes, b"hello");
    far.write_all(b"yes", PATIENCE).unwrap();
    assert_eq!(next(&heard), Heard::Bytes(b"yes".to_vec()));
}

#[test]
fn a_lost_link_is_told_once_and_opened_again() {
    let port = MemoryPort::new("memory");
    let far = port.plug();
    let (_device, heard) = start(port.opener());
    assert_eq!(next(&heard), Heard::Opened);
    let _again = port.plug();
    drop(far);
    assert_eq!(next(&heard), Heard::Lost(LinkErrorKind::Lost));
    assert_eq!(next(&heard), Heard::Opened);
}

#[test]
fn a_request_without_a_link_reaches_the_protocol_and_nothing_of_it_is_sent_later() {
    let port = MemoryPort::new("memory");
    let (device, heard) = start(port.opener());
    assert_eq!(next(&heard), Heard::Lost(LinkErrorKind::Missing));
    device.send(b"void".to_vec()).unwrap();
    assert_eq!(next(&heard), Heard::Request);
    let mut far = port.plug();
    while next(&heard) != Heard::Opened {}
    let mut bytes = Vec::new();
    assert_eq!(far.read(&mut bytes, Duration::from_millis(100)).unwrap(), 0);
}

#[test]
fn a_full_queue_is_an_error_for_the_caller_and_never_a_wait() {
    // A port that never finishes opening keeps the device thread from taking requests.
    struct Stuck(Receiver<()>);
    impl LinkOpener for Stuck {
        fn open(&mut self) -> Result<Box<dyn Link>, LinkError> {
            self.0.recv().ok();
            Err(LinkError { port: "stuck".to_owned(), kind: LinkErrorKind::Missing, detail: String::new() })
        }
        fn name(&self) -> &str {
            "stuck"
        }
    }
    let (release, wait) = channel();
    let (device, _heard) = start(Box::new(Stuck(wait)));
    let refused = (0..100).find_map(|_| device.send(Vec::new()).err());
    assert_eq!(refused.map(|busy| busy.role), Some(Role::Scanner));
    drop(release);
}

#[test]
fn closing_a_device_ends_its_thread() {
    let port = MemoryPort::new("memory");
    let mut far = port.plug();
    let (device, heard) = start(port.opener());
    assert_eq!(next(&heard), Heard::Opened);
    device.close();
    assert!(heard.recv().is_err(), "the sink is gone with the thread");
    assert_eq!(far.write_all(b"x", PATIENCE).unwrap_err().kind, LinkErrorKind::Lost);
}

#[test]
fn every_byte_value_passes_a_simulated_port_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let port = SimPort::start(&folder.path().join("device"), Mirror::new(115_200)).unwrap();
    let (device, heard) = start(serial(&port, 115_200));
    assert_eq!(next(&heard), Heard::Opened);
    let all: Vec<u8> = (0..=255).collect();
    device.send(all.clone()).unwrap();
    let mut back = Vec::new();
    while back.len() < all.len() {
        let Heard::Bytes(bytes) = next(&heard) else { continue };
        back.extend(bytes);
    }
    assert_eq!(back, all);
}

#[test]
fn a_simulated_line_keeps_the_pace_of_a_real_one() {
    let folder = tempfile::tempdir().unwrap();
    let port = SimPort::start(&folder.path().join("device"), Mirror::new(9600)).unwrap();
    let (device, heard) = start(serial(&port, 9600));
    assert_eq!(next(&heard), Heard::Opened);
    let before = port.now();
    device.send(vec![0x55; 480]).unwrap();
    let mut count = 0;
    while count < 480 {
        let Heard::Bytes(bytes) = next(&heard) else { continue };
        count += bytes.len();
    }
    let took = port.now() - before;
    assert!(took >= Duration::from_millis(495), "480 bytes take half a second at 9600 baud, not {took:?}");
}

#[test]
fn a_host_at_another_speed_receives_garbage() {
    let folder = tempfile::tempdir().unwrap();
    let port = SimPort::start(&folder.path().join("device"), Mirror::new(9600)).unwrap();
    let (device, heard) = start(serial(&port, 115_200));
    assert_eq!(next(&heard), Heard::Opened);
    device.send(b"hello".to_vec()).unwrap();
    assert!(matches!(next(&heard), Heard::Bytes(bytes) if !b"hello".starts_with(&bytes)));
}

#[test]
fn an_unplugged_port_is_lost_and_a_replugged_one_is_found_under_its_stable_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("device");
    let port = SimPort::start(&path, Mirror::new(115_200)).unwrap();
    let (device, heard) = start(serial(&port, 115_200));
    assert_eq!(next(&heard), Heard::Opened);
    port.unplug().unwrap();
    assert_eq!(next(&heard), Heard::Lost(LinkErrorKind::Lost));
    assert!(!path.exists());
    port.replug().unwrap();
    while next(&heard) != Heard::Opened {}
    device.send(b"again".to_vec()).unwrap();
    let mut back = Vec::new();
    while back.len() < 5 {
        let Heard::Bytes(bytes) = next(&heard) else { continue };
        back.extend(bytes);
    }
    assert_eq!(back, b"again");
}

#[test]
fn a_second_program_finds_the_port_busy_and_gets_it_after_the_first_has_closed() {
    let folder = tempfile::tempdir().unwrap();
    let port = SimPort::start(&folder.path().join("device"), Mirror::new(115_200)).unwrap();
    let (device, heard) = start(serial(&port, 115_200));
    assert_eq!(next(&heard), Heard::Opened);
    let mut second = serial(&port, 115_200);
    assert_eq!(second.open().err().map(|error| error.kind), Some(LinkErrorKind::Busy));
    device.close();
    let (_second, heard) = start(second);
    while next(&heard) != Heard::Opened {}
}

#[test]
fn writing_to_a_device_that_takes_nothing_ends_with_a_time_out_and_does_not_hang() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody reads the other side of this terminal.
    let pty = Pty::open(&folder.path().join("device")).unwrap();
    let mut opener = SerialOpener::new(SerialSettings { path: pty.path().display().to_string(), baud: 9600 });
    let mut link = opener.open().unwrap();
    let error = link.write_all(&[0x55; 300_000], Duration::from_millis(500)).unwrap_err();
    assert_eq!(error.kind, LinkErrorKind::WriteTimeout);
}

#[derive(Debug, PartialEq)]
enum Heard {
    Opened,
    Lost(LinkErrorKind),
    Request,
    Bytes(Vec<u8>),
}

/// Sends what it is asked to send and reports what it hears.
#[derive(Debug, Default)]
struct Echo {
    out: Vec<Vec<u8>>,
    events: Vec<Heard>,
    open: bool,
}

impl Protocol for Echo {
    type Request = Vec<u8>;
    type Event = Heard;

    fn handle_opened(&mut self, _now: Elapsed) {
        self.open = true;
        self.events.push(Heard::Opened);
    }
    fn handle_lost(&mut self, _now: Elapsed, error: &LinkError) {
        self.open = false;
        self.events.push(Heard::Lost(error.kind));
    }
    fn handle_request(&mut self, _now: Elapsed, request: Vec<u8>) {
        if !self.open {
            self.events.push(Heard::Request);
        }
        self.out.push(request);
    }
    fn handle_input(&mut self, _now: Elapsed, bytes: &[u8]) {
        self.events.push(Heard::Bytes(bytes.to_vec()));
    }
    fn handle_timeout(&mut self, _now: Elapsed) {}
    fn poll_transmit(&mut self) -> Option<Transmit> {
        (!self.out.is_empty()).then(|| Transmit::Bytes(self.out.remove(0)))
    }
    fn poll_timeout(&self) -> Option<Elapsed> {
        None
    }
    fn poll_event(&mut self) -> Option<DeviceEvent<Heard>> {
        (!self.events.is_empty()).then(|| DeviceEvent::Class(self.events.remove(0)))
    }
}

/// A device that sends back what it gets.
#[derive(Debug)]
struct Mirror {
    baud: u32,
    back: Vec<u8>,
}

impl Mirror {
    fn new(baud: u32) -> Self {
        Self { baud, back: Vec::new() }
    }
}

impl DeviceModel for Mirror {
    fn handle_input(&mut self, _now: Elapsed, bytes: &[u8]) {
        self.back.extend_from_slice(bytes);
    }
    fn poll_output(&mut self, _now: Elapsed) -> Option<Vec<u8>> {
        (!self.back.is_empty()).then(|| std::mem::take(&mut self.back))
    }
    fn poll_wake(&self) -> Option<Elapsed> {
        None
    }
    fn baud(&self) -> u32 {
        self.baud
    }
}

fn start(opener: Box<dyn LinkOpener>) -> (Device<Vec<u8>>, Receiver<Heard>) {
    let (send, heard) = channel();
    let device = spawn(Role::Scanner, opener, Echo::default(), move |event| {
        if let DeviceEvent::Class(event) = event {
            send.send(event).ok();
        }
    })
    .unwrap();
    (device, heard)
}

fn serial(port: &SimPort<Mirror>, baud: u32) -> Box<dyn LinkOpener> {
    Box::new(SerialOpener::new(SerialSettings { path: port.path().display().to_string(), baud }))
}

fn next(heard: &Receiver<Heard>) -> Heard {
    heard.recv_timeout(PATIENCE).unwrap()
}
