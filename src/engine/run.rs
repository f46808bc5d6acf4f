//! The one loop.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};

use super::clock::Clock;
use super::counting::Counting;
use super::devices::{DevicePlan, Devices};
use super::effects::Executor;
use super::journal::{Journal, Recorder};
use super::signs::Signs;
use super::socket::{self, Door};
use super::staff::StaffDesk;
use super::stamp::Stamp;
use crate::attest::SlipKey;
use crate::county::CountyClient;
use crate::domain::catalog::Catalog;
use crate::domain::effect::Effect;
use crate::domain::event::{AskNo, Event};
use crate::domain::kiosk::Kiosk;
use crate::domain::place::KioskCode;
use crate::domain::recount::Timetable;
use crate::domain::settings::Settings;
use crate::domain::submission::{StoreEvent, StoreFound};
use crate::domain::time::{Now, SinceStart};
use crate::ipc::{Beats, EngineStatus, Intent, Screen, StoreSchema};
use crate::store::Store;
use crate::telemetry::{Event as Recorded, Kind, Version};

/// Events that may wait. The loop takes microseconds for one; a full inbox is a fault and is logged as one.
const INBOX: usize = 1024;

/// Everything an engine needs.
pub struct EngineSetup {
    /// Settings of the core.
    pub settings: Settings,
    /// Catalogue.
    pub catalog: Catalog,
    /// Opens the store; called on the engine's thread with the sink for its answers.
    pub open_store: Box<dyn FnOnce(StoreSink) -> Result<Store, crate::store::StoreError> + Send>,
    /// The county, if one is configured.
    pub county: Option<CountyClient>,
    /// What slips are signed with, if the kiosk has a key.
    pub slip_key: Option<SlipKey>,
    /// Devices to open.
    pub devices: DevicePlan,
    /// Where the journal goes.
    pub journal: Box<dyn Journal>,
    /// Socket to listen on, if the screen is another process.
    pub socket: Option<std::path::PathBuf>,
    /// Boot slot of the image, for the status; empty where there is none.
    pub slot: String,
    /// Where signs of life go.
    pub signs: Signs,
    /// When to count against the county.
    pub recount: Timetable,
}

/// Takes the store's answers, from any thread.
pub type StoreSink = Box<dyn FnMut(StoreEvent) + Send>;

/// Takes the screens once the loop runs.
pub(super) type Ready = std::sync::mpsc::SyncSender<watch::Receiver<Arc<Screen>>>;

/// A running engine. Dropping it stops the loop, the devices and the store.
pub struct Engine {
    intents: mpsc::Sender<Event>,
    screens: watch::Receiver<Arc<Screen>>,
    painted: Beats,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<Result<(), EngineError>>>,
}

/// Why an engine does not run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The operating system refused something at start.
    #[error("cannot start the engine: {0}")]
    Start(#[from] std::io::Error),
    /// The socket for the screen cannot be opened.
    #[error("cannot listen on {path}: {source}")]
    Socket {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// A device thread cannot be started.
    #[error("cannot start the {role}: {message}")]
    Device {
        /// Which.
        role: &'static str,
        /// Why.
        message: String,
    },
    /// The words for slips are damaged.
    #[error("the shipped words for slips are damaged: {0}")]
    Words(#[from] toml::de::Error),
    /// The loop ended by a bug.
    #[error("the engine's thread ended unexpectedly")]
    Ended,
}

impl Engine {
    /// Starts the engine on its own thread and waits until it runs.
    ///
    /// # Errors
    /// What could not be opened, by name.
    pub fn start(setup: EngineSetup) -> Result<Self, EngineError> {
        let painted = Beats::default();
        let frames = painted.clone();
        Self::spawn(painted, move |sender, inbox, stopped, ready| {
            turn_for_ever(setup, sender, inbox, frames, stopped, ready)
        })
    }

    /// Runs a loop on its own thread and waits until it runs. `painted` counts the frames of a window in this process.
    pub(super) fn spawn<Loop, Turning>(painted: Beats, run: Loop) -> Result<Self, EngineError>
    where
        Loop: FnOnce(mpsc::Sender<Event>, mpsc::Receiver<Event>, oneshot::Receiver<()>, Ready) -> Turning
            + Send
            + 'static,
        Turning: Future<Output = Result<(), EngineError>>,
    {
        let (intents, inbox) = mpsc::channel(INBOX);
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = std::sync::mpsc::sync_channel(1);
        let sender = intents.clone();
        let thread = thread::Builder::new().name("engine".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, run(sender, inbox, stopped, ready))
        })?;
        match started.recv() {
            Ok(screens) => Ok(Self { intents, screens, painted, stop: Some(stop), thread: Some(thread) }),
            Err(_) => match thread.join() {
                Ok(Err(error)) => Err(error),
                Ok(Ok(())) | Err(_) => Err(EngineError::Ended),
            },
        }
    }

    /// A handle for touches, usable from any thread. A full inbox drops the touch: the person touches again.
    pub fn touch(&self) -> impl Fn(Intent) + Send + Sync + Clone + use<> {
        let intents = self.intents.clone();
        move |intent| {
            if intents.try_send(Event::Intent(intent)).is_err() {
                tracing::warn!("the engine does not take touches");
            }
        }
    }

    /// The present screen and every new one.
    pub fn screens(&self) -> watch::Receiver<Arc<Screen>> {
        self.screens.clone()
    }

    /// Counts frames of a window in this process, for the status.
    pub fn painted(&self) -> Beats {
        self.painted.clone()
    }

    /// Waits until the loop ends by itself (it does not, short of a fault).
    ///
    /// # Errors
    /// Why it ended.
    pub fn wait(mut self) -> Result<(), EngineError> {
        self.join()
    }

    /// Stops the loop and waits until devices and store are closed.
    ///
    /// # Errors
    /// The loop had ended before it was asked to: what was shown since then was not the truth.
    pub fn stop(mut self) -> Result<(), EngineError> {
        // Nobody takes the word when the loop has ended; the join tells why, or that nobody knows.
        let asked = self.stop.take().is_some_and(|stop| stop.send(()).is_ok());
        self.join()?;
        if asked { Ok(()) } else { Err(EngineError::Ended) }
    }

    fn join(&mut self) -> Result<(), EngineError> {
        match self.thread.take().map(thread::JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) | None => Err(EngineError::Ended),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the engine's thread ended by a panic");
        }
    }
}

async fn turn_for_ever(
    setup: EngineSetup,
    sender: mpsc::Sender<Event>,
    inbox: mpsc::Receiver<Event>,
    painted: Beats,
    mut stopped: oneshot::Receiver<()>,
    ready: std::sync::mpsc::SyncSender<watch::Receiver<Arc<Screen>>>,
) -> Result<(), EngineError> {
    let clock = Rc::new(Clock::start());
    let recorder = Recorder::new(Rc::clone(&clock), setup.journal);
    let words = super::words::Words::shipped()?;
    let store_inbox = sender.clone();
    // The store's own thread may wait for room in the inbox; its answers are promises and are never dropped.
    let store = (setup.open_store)(Box::new(move |event| {
        store_inbox.blocking_send(Event::Store { ask: AskNo::default(), event }).ok();
    }))?;
    record_start(&recorder, &setup.settings, &setup.catalog, &store);
    let devices = Devices::open(setup.devices, &sender)?;
    let now = clock.now();
    let (kiosk, first) = Kiosk::new(setup.settings, setup.catalog, now);
    let stamp = Rc::new(Stamp::new(setup.slip_key));
    let (show, screens) = watch::channel(Arc::new(kiosk.screen(&now)));
    let status = Rc::new(RefCell::new(EngineStatus::default()));
    let county = setup.county.map(Rc::new);
    let terminal = kiosk.settings().kiosk_code.clone();
    let staff = Rc::new(StaffDesk::new(store.staff(), county.clone(), terminal, recorder.clone(), Rc::clone(&status)));
    let counting = Counting::new(setup.recount, &staff, &now);
    let door = Door {
        inbox: sender.clone(),
        screens: screens.clone(),
        status: Rc::clone(&status),
        recorder: recorder.clone(),
        painted: painted.clone(),
        staff: Some(staff),
    };
    open_door(setup.socket.as_deref(), door)?;
    let report = store.report();
    let found = StoreFound { last: report.last, missing: report.missing.clone(), aside: report.aside() };
    let known = Known { slot: setup.slot, schema: report.schema, damaged_files: report.damaged, painted };
    let mut signs = setup.signs;
    let every = signs.every();
    let executor = Executor::new(store, county, devices, words, Rc::clone(&stamp), sender);
    let mut turn = Turn { clock, kiosk, executor, stamp, show, recorder, status, known, counting };
    // Dropping the store waits for its thread, which may wait for room in the inbox: for ever, once nobody empties it.
    // So the inbox goes first, also after a panic: locals are dropped in reverse order, hence it is declared again behind
    // the executor, which holds the store. Answers lost this way are read again from the database at the next start.
    let mut inbox = inbox;
    turn.carry_out(&now, "start", first);
    turn.take(Event::StoreFound(found));
    ready.send(screens).ok();

    let mut next_sign = every.map(|_| turn.clock.since_start());
    loop {
        let (wake, _reason) = turn.kiosk.next_wake(&turn.clock.now());
        let wake = tokio::time::Instant::from_std(turn.clock.instant(wake));
        let event = tokio::select! {
            biased;
            _ = &mut stopped => break,
            // Before the inbox: however much comes in, a loop that turns says that it lives.
            () = until(&turn.clock, next_sign) => {
                next_sign = every.map(|every| turn.clock.since_start() + every);
                turn.give(&mut signs);
                continue;
            }
            event = inbox.recv() => match event {
                Some(event) => event,
                None => return Err(EngineError::Ended),
            },
            () = tokio::time::sleep_until(wake) => Event::Woke,
        };
        turn.take(event);
    }
    turn.recorder.record(&Recorded::KioskStopping { after: turn.clock.since_start() });
    Ok(())
}

/// Listens for screens and technicians, where there is a socket.
pub(super) fn open_door(socket: Option<&Path>, door: Door) -> Result<(), EngineError> {
    let Some(path) = socket else { return Ok(()) };
    socket::listen(path, door).map_err(|source| EngineError::Socket { path: path.display().to_string(), source })
}

/// Waits for a time since the start; for ever where there is none.
pub(super) async fn until(clock: &Clock, at: Option<SinceStart>) {
    match at {
        Some(at) => tokio::time::sleep_until(tokio::time::Instant::from_std(clock.instant(at))).await,
        None => std::future::pending().await,
    }
}

/// What the status says beside what the core knows.
struct Known {
    slot: String,
    schema: StoreSchema,
    damaged_files: u32,
    painted: Beats,
}

/// What a technician asks first: which program, which kiosk, what the store holds, what can be applied for.
fn record_start(recorder: &Recorder, settings: &Settings, catalog: &Catalog, store: &Store) {
    if let Ok(kiosk) = KioskCode::new(&settings.kiosk_code) {
        recorder.record(&Recorded::KioskStarted { kiosk, version: Version(env!("CARGO_PKG_VERSION")) });
    }
    let report = store.report();
    recorder.record(&Recorded::StoreOpened { last: report.last, open: report.open });
    if report.salvaged.is_some() {
        recorder.record(&Recorded::StoreSalvaged { lost: report.missing.len() as u64 });
    }
    for sequence in &report.missing {
        recorder.record(&Recorded::StoreGap { sequence: *sequence });
    }
    let counts = catalog.counts();
    recorder.record(&Recorded::CatalogueLoaded { items: counts.all as u64, apply: counts.apply as u64 });
}

/// What one turn of the loop works with.
struct Turn {
    clock: Rc<Clock>,
    kiosk: Kiosk,
    executor: Executor,
    stamp: Rc<Stamp>,
    show: watch::Sender<Arc<Screen>>,
    recorder: Recorder,
    status: Rc<RefCell<EngineStatus>>,
    known: Known,
    counting: Counting,
}

impl Turn {
    /// Signs of life, from the loop itself and from nowhere else.
    fn give(&self, signs: &mut Signs) {
        let now = self.clock.now();
        let page = self.show.borrow().body.name();
        self.report(&now, page);
        let (store, devices) = self.executor.parts();
        signs.give(now.since_start, Some(store), devices, &self.status.borrow());
    }

    /// Brings the status up to date.
    fn report(&self, now: &Now, page: &str) {
        *self.status.borrow_mut() = EngineStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            slot: self.known.slot.clone(),
            schema: Some(self.known.schema),
            painted: self.known.painted.count() > 0,
            damaged_files: self.known.damaged_files,
            recount: self.counting.last(),
            ..self.kiosk.status(now, page)
        };
    }

    /// One event from outside, and whatever its effects bring about at once.
    fn take(&mut self, event: Event) {
        let event = self.executor.name_answer(event);
        let now = self.clock.now();
        let what = event.word();
        let effects = self.kiosk.handle(now, event);
        self.carry_out(&now, what, effects);
        self.counting.look(&now, &self.status);
    }

    /// Shows the screen and then carries out, until nothing more follows.
    fn carry_out(&mut self, now: &Now, what: &'static str, effects: Vec<Effect>) {
        let mut waiting = VecDeque::from([(what, effects)]);
        while let Some((what, effects)) = waiting.pop_front() {
            self.show(now);
            for effect in effects {
                match effect {
                    Effect::Note(note) => self.recorder.record(&Recorded::from(&note)),
                    Effect::Ignored { why } => {
                        self.recorder.record(&Recorded::InputIgnored { what: Kind(what), why: Kind(why) });
                    }
                    effect @ (Effect::Reader(_)
                    | Effect::Scanner(_)
                    | Effect::Print { .. }
                    | Effect::Store { .. }
                    | Effect::County { .. }) => {
                        if let Some(event) = self.executor.carry_out(effect, &self.kiosk) {
                            let now = self.clock.now();
                            let what = event.word();
                            waiting.push_back((what, self.kiosk.handle(now, event)));
                        }
                    }
                }
            }
        }
    }

    fn show(&mut self, now: &Now) {
        let mut screen = self.kiosk.screen(now);
        self.stamp.screen(&mut screen);
        let page = screen.body.name();
        self.report(now, page);
        let changed = self.show.send_if_modified(|shown| {
            let changed = **shown != screen;
            if changed {
                *shown = Arc::new(screen);
            }
            changed
        });
        if changed {
            tracing::debug!(page, "screen changed");
        }
    }
}

#[cfg(test)]
#[path = "signs_tests.rs"]
mod signs_tests;
