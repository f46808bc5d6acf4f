//! What the service manager hears of a running engine, over a real socket.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::*;
use crate::assemble;
use crate::config::Config;
use crate::domain::place::KioskCode;
use crate::domain::recount::Timetable;
use crate::engine::JournalLine;
use crate::ipc::Notifier;
use crate::store::{FILE_NAME, Opening};

/// The manager wants to hear of the engine within this; it is fed three times as often.
const WATCHDOG: Duration = Duration::from_millis(300);
/// Longer than anything here takes on two busy cores.
const PATIENCE: Duration = Duration::from_secs(30);

/// A journal that stops the engine's loop when a visit begins, until it is let go.
struct Hang {
    hangs: Sender<()>,
    go: Receiver<()>,
}

impl Journal for Hang {
    fn write(&mut self, line: &JournalLine) {
        if line.event == "visit.began" {
            self.hangs.send(()).expect("the test waits");
            self.go.recv().expect("the test lets go");
        }
    }
}

fn setup(folder: &Path, journal: Box<dyn Journal>, signs: Signs) -> EngineSetup {
    let config =
        Config::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/desk.toml")).expect("a configuration");
    let opening =
        Opening::at(&folder.join(FILE_NAME), &KioskCode::new("K001").expect("a code"), &crate::seal::tests::sealer());
    EngineSetup {
        settings: assemble::settings(&config),
        catalog: assemble::catalogue(&config).expect("a catalogue"),
        open_store: Box::new(move |sink| Store::open(&opening, sink)),
        county: None,
        devices: DevicePlan::default(),
        journal,
        socket: None,
        slot: "A".to_owned(),
        signs,
        slip_key: None,
        recount: Timetable::default(),
    }
}

fn heard(manager: &UnixDatagram, within: Duration) -> Option<String> {
    manager.set_read_timeout(Some(within)).expect("a limit");
    let mut buffer = [0; 1024];
    let length = manager.recv(&mut buffer).ok()?;
    Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

fn wait_for(manager: &UnixDatagram, word: &str) {
    let mut others = Vec::new();
    while let Some(text) = heard(manager, PATIENCE) {
        if text.starts_with(word) {
            return;
        }
        others.push(text);
    }
    panic!("{word} was not heard, only {others:?}");
}

#[test]
fn a_loop_that_hangs_feeds_no_watchdog_and_one_that_goes_on_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    let notifier = Notifier::to(path.as_os_str(), Some(WATCHDOG)).expect("a line");
    let ((hangs, is_hanging), (go, goes)) = (channel(), channel());
    let journal = Box::new(Hang { hangs, go: goes });
    let engine = Engine::start(setup(folder.path(), journal, Signs::new(notifier))).expect("an engine");
    wait_for(&manager, "READY=1");
    wait_for(&manager, "STATUS=page idle, free, 0 waiting");
    wait_for(&manager, "WATCHDOG=1");
    wait_for(&manager, "WATCHDOG=1");

    engine.touch()(Intent::Begin);
    is_hanging.recv_timeout(PATIENCE).expect("the loop hangs");
    while heard(&manager, Duration::from_millis(1)).is_some() {}
    assert_eq!(heard(&manager, WATCHDOG * 2), None, "a loop that hangs must not say that it lives");

    go.send(()).expect("the loop waits");
    wait_for(&manager, "WATCHDOG=1");
    wait_for(&manager, "STATUS=page home, in use");
    drop(go);
    engine.stop().expect("an end");
}

#[test]
fn an_engine_with_its_window_is_ready_only_after_a_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    let notifier = Notifier::to(path.as_os_str(), Some(WATCHDOG)).expect("a line");
    let window = Beats::default();
    let signs = Signs::with_window(notifier, window.clone());
    let journal = Box::new(super::super::FileJournal::default());
    let engine = Engine::start(setup(folder.path(), journal, signs)).expect("an engine");
    for _ in 0..4 {
        let text = heard(&manager, PATIENCE).expect("a word");
        assert_ne!(text, "READY=1", "nothing is on the glass yet");
    }
    window.beat();
    wait_for(&manager, "READY=1");
    engine.stop().expect("an end");
}
