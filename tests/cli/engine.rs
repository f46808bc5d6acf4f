//! Stopping an engine whose store has more to say than anybody still hears.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use kiosk::assemble;
use kiosk::config::Config;
use kiosk::domain::submission::StoreEvent;
use kiosk::engine::{DevicePlan, Engine, EngineSetup, FileJournal, Signs};
use kiosk::store::{FILE_NAME, Opening, Store};
use tempfile::TempDir;

use crate::seal::sealer;

/// An engine that is not down by then hangs.
const DOWN: Duration = Duration::from_secs(30);
/// Many times what an inbox holds, and more than a loop takes while it is being stopped.
const FLOOD: usize = 200_000;

/// An engine without devices and county, whose store's thread floods the inbox as soon as it says its first word.
fn flooded(folder: &Path) -> EngineSetup {
    let config = Config::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/desk.toml")).unwrap();
    let (file, code) = (folder.join(FILE_NAME), config.kiosk.clone());
    EngineSetup {
        settings: assemble::settings(&config),
        catalog: assemble::catalogue(&config).unwrap(),
        open_store: Box::new(move |mut sink| {
            let flood = move |event: StoreEvent| (0..FLOOD).for_each(|_| sink(event.clone()));
            Store::open(&Opening::at(&file, &code, &sealer()), Box::new(flood))
        }),
        county: None,
        slip_key: None,
        devices: DevicePlan::default(),
        journal: Box::new(FileJournal::default()),
        slot: String::new(),
        signs: Signs::default(),
        recount: kiosk::domain::recount::Timetable::default(),
        socket: None,
    }
}

/// Does it on a thread of its own, so that a hanging one fails the test instead of the run.
fn within_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, done) = channel();
    std::thread::spawn(move || send.send(work()).ok());
    match done.recv_timeout(DOWN) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => panic!("the engine waits for its store, and the store for the engine"),
        Err(RecvTimeoutError::Disconnected) => panic!("the engine panicked"),
    }
}

#[test]
fn an_engine_stops_although_its_store_waits_for_room_in_the_inbox() {
    let folder = TempDir::new().unwrap();
    let setup = flooded(folder.path());
    within_time(move || Engine::start(setup).unwrap().stop()).unwrap();
}
