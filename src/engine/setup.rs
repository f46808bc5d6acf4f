//! The loop of a machine that is being set up: the same devices, the same socket, the same clock, another core.
//!
//! It ends well when the settings are written: the unit starts the program again, which then finds a whole configuration.
//! Files and the county are asked beside the loop; their answers come back as events, in the order of the questions.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use kiosk_hal::model::{NotPrintedCause, PrintOutcome, PrinterEvent, PrinterRequest, Slip};
use tokio::sync::{mpsc, oneshot, watch};

use super::clock::{Clock, wall_clock};
use super::devices::{DevicePlan, Devices};
use super::journal::{Journal, Recorder};
use super::run::{Engine, EngineError, open_door, until};
use super::signs::Signs;
use super::socket::Door;
use crate::county::enrol::{EnrolAt, EnrolFailure, enrol};
use crate::domain::event::Event;
use crate::domain::place::KioskCode;
use crate::domain::setup::{
    Expected, Grant, NetworkState, Progress, Provision, Setup, SetupEffect, SetupEvent, SetupNote, SetupPlan,
};
use crate::domain::time::Now;
use crate::ipc::{Beats, EngineStatus, EnrolRefusal, Screen};
use crate::provision::{
    Answer, EnrolCode, Folders, MachineKey, Request, Rollout, Trusted, disk, read_card, rollout_of_card, settings,
};
use crate::telemetry::{Code, Event as Recorded, Kind};

/// Name of a prepared card.
const CARD: &str = "provision.toml";
/// Name of an answer that was brought.
const ANSWER: &str = "answer.json";
/// Answers that wait for their judgement; more than one comes from people who hold up one code after the other.
const GIVEN: usize = 4;

/// Everything the set-up of a machine needs.
pub struct FirstStart {
    /// Places and devices.
    pub plan: SetupPlan,
    /// Where things are kept.
    pub folders: Folders,
    /// Whose signatures count.
    pub trusted: Trusted,
    /// Folder in which files are brought.
    pub inbox: PathBuf,
    /// Devices to open.
    pub devices: DevicePlan,
    /// The slip that is printed as a test.
    pub test_slip: Slip,
    /// A moment that has certainly passed.
    pub floor: Timestamp,
    /// Looks at the line.
    pub look: Box<dyn Fn() -> NetworkState + Send>,
    /// Where the journal goes.
    pub journal: Box<dyn Journal>,
    /// Socket to listen on, if the screen is another process.
    pub socket: Option<PathBuf>,
    /// What the service manager is told.
    pub signs: Signs,
}

impl Engine {
    /// Starts the set-up in place of the kiosk. [`Engine::wait`] returns when it is over.
    ///
    /// # Errors
    /// What could not be opened, by name.
    pub fn start_setup(first: FirstStart) -> Result<Self, EngineError> {
        let painted = Beats::default();
        let frames = painted.clone();
        Self::spawn(painted, move |sender, inbox, stopped, ready| {
            turn_until_done(first, sender, inbox, frames, stopped, ready)
        })
    }
}

async fn turn_until_done(
    first: FirstStart,
    sender: mpsc::Sender<Event>,
    mut inbox: mpsc::Receiver<Event>,
    painted: Beats,
    mut stopped: oneshot::Receiver<()>,
    ready: std::sync::mpsc::SyncSender<watch::Receiver<Arc<Screen>>>,
) -> Result<(), EngineError> {
    let clock = Rc::new(Clock::start());
    let recorder = Recorder::new(Rc::clone(&clock), first.journal);
    let devices = Devices::open(first.devices, &sender)?;
    let now = clock.now();
    let progress = settings::resume(&first.folders);
    let (setup, effects) = Setup::new(first.plan, progress, now);
    recorder.record(&Recorded::SetupStarted { step: setup.progress().step().number().into() });
    let (show, screens) = watch::channel(Arc::new(setup.screen(&now)));
    let status = Rc::new(RefCell::new(EngineStatus::default()));
    let door = Door {
        inbox: sender.clone(),
        screens: screens.clone(),
        status: Rc::clone(&status),
        recorder: recorder.clone(),
        painted: painted.clone(),
        staff: None,
    };
    open_door(first.socket.as_deref(), door)?;
    let (answers, mut answered) = mpsc::channel(64);
    let desk = Arc::new(Desk {
        folders: first.folders,
        trusted: first.trusted,
        inbox: first.inbox,
        floor: first.floor,
        seen: Mutex::default(),
        given: Mutex::default(),
        carried: Mutex::default(),
    });
    let mut turn = Turn {
        clock,
        setup,
        devices,
        desk,
        answers,
        look: first.look,
        slip: first.test_slip,
        show,
        recorder,
        status,
        painted,
    };
    turn.carry_out(&now, "start", effects);
    ready.send(screens).ok();
    let mut signs = first.signs;
    let every = signs.every();
    let mut next_sign = every.map(|_| turn.clock.since_start());
    while !turn.setup.is_over() {
        let (wake, _reason) = turn.setup.next_wake(&turn.clock.now());
        let wake = tokio::time::Instant::from_std(turn.clock.instant(wake));
        let (what, event) = tokio::select! {
            biased;
            _ = &mut stopped => break,
            () = until(&turn.clock, next_sign) => {
                next_sign = every.map(|every| turn.clock.since_start() + every);
                signs.give(turn.clock.since_start(), None, &turn.devices, &turn.status.borrow());
                continue;
            }
            Some(event) = answered.recv() => ("answer", event),
            event = inbox.recv() => match event {
                Some(event) => {
                    let what = event.word();
                    let Some(event) = of_kiosk(event) else { continue };
                    (what, event)
                }
                None => return Err(EngineError::Ended),
            },
            () = tokio::time::sleep_until(wake) => ("wake", SetupEvent::Woke),
        };
        turn.take(what, event);
    }
    turn.recorder.record(&Recorded::KioskStopping { after: turn.clock.since_start() });
    Ok(())
}

/// What devices and the socket tell, for the set-up. It has no store and no county of the kiosk's.
fn of_kiosk(event: Event) -> Option<SetupEvent> {
    match event {
        Event::Intent(intent) => Some(SetupEvent::Intent(intent)),
        Event::Device(status) => Some(SetupEvent::Device(status)),
        Event::Reader(event) => Some(SetupEvent::Reader(event)),
        Event::Printer(event) => Some(SetupEvent::Printer(event)),
        Event::Scanner(event) => Some(SetupEvent::Scanner(event)),
        Event::Woke => Some(SetupEvent::Woke),
        Event::Store { .. } | Event::County { .. } | Event::StoreFound(_) | Event::Updates(_) => None,
    }
}

/// What one turn of the loop works with.
struct Turn {
    clock: Rc<Clock>,
    setup: Setup,
    devices: Devices,
    desk: Arc<Desk>,
    answers: mpsc::Sender<SetupEvent>,
    look: Box<dyn Fn() -> NetworkState + Send>,
    slip: Slip,
    show: watch::Sender<Arc<Screen>>,
    recorder: Recorder,
    status: Rc<RefCell<EngineStatus>>,
    painted: Beats,
}

impl Turn {
    fn take(&mut self, what: &'static str, event: SetupEvent) {
        let now = self.clock.now();
        let effects = self.setup.handle(now, event);
        self.carry_out(&now, what, effects);
    }

    fn carry_out(&mut self, now: &Now, what: &'static str, effects: Vec<SetupEffect>) {
        self.show(now);
        for effect in effects {
            match effect {
                SetupEffect::Reader(request) => {
                    if let Some(Err(busy)) = self.devices.reader.as_ref().map(|reader| reader.send(request)) {
                        tracing::error!(%busy, "request lost");
                    }
                }
                SetupEffect::Scanner(request) => {
                    if let Some(Err(busy)) = self.devices.scanner.as_ref().map(|scanner| scanner.send(request)) {
                        tracing::error!(%busy, "request lost");
                    }
                }
                SetupEffect::PrintTest { job } => {
                    let request = PrinterRequest::Print { job, slip: self.slip.clone() };
                    let taken = self.devices.printer.as_ref().is_some_and(|printer| printer.send(request).is_ok());
                    if !taken {
                        let outcome = PrintOutcome::NotPrinted(NotPrintedCause::NoDevice);
                        self.answer(SetupEvent::Printer(PrinterEvent::Finished { job, outcome }));
                    }
                }
                SetupEffect::LookAtNetwork => self.answer(SetupEvent::Network((self.look)())),
                SetupEffect::LookForFiles => self.beside(|desk| desk.look_for_files()),
                SetupEffect::Keep { ask, progress } => {
                    self.beside(move |desk| vec![SetupEvent::Kept { ask, result: desk.keep(&progress) }])
                }
                SetupEffect::Finish { ask, progress } => self.beside(move |desk| {
                    let result = settings::finish(&desk.folders, &progress);
                    vec![SetupEvent::Finished { ask, result: told(result) }]
                }),
                SetupEffect::Enrol { ask, code, expected } => {
                    let (desk, answers) = (Arc::clone(&self.desk), self.answers.clone());
                    tokio::task::spawn_local(async move {
                        let result = desk.enrol(code, expected).await;
                        answers.send(SetupEvent::Enrolled { ask, result }).await.ok();
                    });
                }
                SetupEffect::Leave => {}
                SetupEffect::Note(note) => self.note(note),
                SetupEffect::Ignored { why } => {
                    self.recorder.record(&Recorded::InputIgnored { what: Kind(what), why: Kind(why) });
                }
            }
        }
    }

    /// An answer that is there at once; it is taken in the next turn.
    fn answer(&self, event: SetupEvent) {
        if self.answers.try_send(event).is_err() {
            tracing::error!("the set-up does not take answers");
        }
    }

    /// Works with files beside the loop.
    fn beside(&self, work: impl FnOnce(&Desk) -> Vec<SetupEvent> + Send + 'static) {
        let (desk, answers) = (Arc::clone(&self.desk), self.answers.clone());
        tokio::task::spawn_local(async move {
            let done = tokio::task::spawn_blocking(move || work(&desk)).await;
            for event in done.unwrap_or_default() {
                answers.send(event).await.ok();
            }
        });
    }

    fn note(&self, note: SetupNote) {
        self.recorder.record(&match note {
            SetupNote::StepDone { step } => Recorded::SetupStep { step: step.into() },
            SetupNote::Refused { why } => Recorded::SetupRefused { code: Code::new(why.code()) },
            SetupNote::NotSaved => Recorded::SetupNotSaved {},
        });
    }

    fn show(&mut self, now: &Now) {
        let screen = self.setup.screen(now);
        *self.status.borrow_mut() = EngineStatus {
            kiosk: self.setup.progress().enrolled.as_ref().map(|grant| grant.kiosk.to_string()).unwrap_or_default(),
            in_use: true,
            page: screen.body.name().to_owned(),
            waiting: 0,
            up_seconds: now.since_start.as_secs(),
            line: "set-up".to_owned(),
            store: "set-up".to_owned(),
            painted: self.painted.count() > 0,
            ..EngineStatus::default()
        };
        self.show.send_if_modified(|shown| {
            let changed = **shown != screen;
            if changed {
                *shown = Arc::new(screen);
            }
            changed
        });
    }
}

/// A failure of the disk is told in the log where it happened; the core needs to know that there was one.
fn told(result: Result<(), settings::SettingsError>) -> Result<(), String> {
    result.map_err(|error| {
        tracing::error!(%error, "the set-up cannot write");
        "setup.not-saved".to_owned()
    })
}

/// What works beside the loop: files, keys, the county.
struct Desk {
    folders: Folders,
    trusted: Trusted,
    inbox: PathBuf,
    floor: Timestamp,
    /// Contents of files that were looked at already, with what they were looked at beside: each is told once.
    seen: Mutex<BTreeMap<PathBuf, (String, Option<String>)>>,
    /// Checked answers of the county that the set-up has not taken yet, the newest first.
    given: Mutex<Vec<Answer>>,
    /// The rollout server of the prepared card, for this kiosk.
    carried: Mutex<Option<(KioskCode, Rollout)>>,
}

impl Desk {
    /// A prepared card and an answer that was brought, each told once for each content.
    fn look_for_files(&self) -> Vec<SetupEvent> {
        let mut found = Vec::new();
        if let Some(text) = self.fresh(&self.inbox.join(CARD), None) {
            let card = read_card(&text, &self.trusted).map(Box::<Provision>::new);
            let kiosk = card.as_ref().ok().map(|card| card.kiosk.clone());
            *lock(&self.carried) = kiosk.zip(rollout_of_card(&text, &self.trusted));
            found.push(SetupEvent::FileFound(card));
        }
        // An answer is for a request: the same file may be right when another request was made.
        let request = disk::read(&self.folders.request()).ok().flatten();
        for path in [self.folders.answer(), self.inbox.join(ANSWER)] {
            if let Some(text) = self.fresh(&path, request.as_deref()) {
                let read = check_answer(&self.folders, &self.trusted, self.floor, text.as_bytes());
                found.push(SetupEvent::AnswerFound(read.map(|answer| self.lay_by(answer))));
            }
        }
        found
    }

    /// The text of a file that was not looked at before with this content, beside this request.
    fn fresh(&self, path: &Path, request: Option<&str>) -> Option<String> {
        let text = disk::read(path).ok().flatten()?;
        let look = (text.clone(), request.map(str::to_owned));
        let mut seen = lock(&self.seen);
        if seen.get(path) == Some(&look) {
            return None;
        }
        seen.insert(path.to_owned(), look);
        Some(text)
    }

    /// Keeps a checked answer until the set-up has judged it.
    fn lay_by(&self, answer: Answer) -> Grant {
        let grant = answer.grant();
        let mut given = lock(&self.given);
        given.insert(0, answer);
        given.truncate(GIVEN);
        grant
    }

    /// Makes a step durable. What the county gave is stored first, if this is the step that takes it.
    fn keep(&self, progress: &Progress) -> Result<(), String> {
        let durable = settings::resume(&self.folders).and_then(|durable| durable.enrolled);
        let mut given = lock(&self.given);
        let stored = match &progress.enrolled {
            Some(grant) if durable.as_ref() != Some(grant) => {
                let carried = lock(&self.carried).clone().filter(|(kiosk, _)| *kiosk == grant.kiosk);
                let carried = carried.map(|(_, rollout)| rollout);
                let answer = given.iter().find(|answer| answer.grant() == *grant);
                answer
                    .ok_or_else(|| "it is not here".to_owned())
                    .and_then(|answer| answer.store(&self.folders, carried.as_ref()).map_err(|error| error.to_string()))
            }
            Some(_) | None => Ok(()),
        };
        let kept = match stored {
            Ok(()) => told(settings::keep(&self.folders, progress)),
            Err(error) => {
                tracing::error!(error, "the county's answer cannot be stored");
                Err(EnrolRefusal::NotStored.code().to_owned())
            }
        };
        if kept.is_ok() && progress.enrolled.is_some() {
            given.clear();
        }
        // What was refused for a step that is another one now, or could not be stored, is looked at again.
        lock(&self.seen).retain(|path, _| *path == self.inbox.join(CARD));
        kept
    }

    /// From the text of a code to what the county gave, checked.
    async fn enrol(self: Arc<Self>, text: String, expected: Expected) -> Result<Grant, EnrolRefusal> {
        let code = EnrolCode::read(&text, &self.trusted, self.floor, &expected)?;
        let (request, key) = Request::make(&self.folders, &text, &code).map_err(|error| {
            tracing::error!(%error, "the machine has no key");
            EnrolRefusal::NotStored
        })?;
        let body = serde_json::to_vec(&request).map_err(|_| EnrolRefusal::NotStored)?;
        let now = wall_clock().max(self.floor);
        let at = EnrolAt { url: &code.url, authority: code.authority, now };
        let bytes = enrol(at, body).await.map_err(|failure| match failure {
            EnrolFailure::NoLine => EnrolRefusal::NoLine,
            EnrolFailure::OtherCounty => EnrolRefusal::OtherCounty,
            EnrolFailure::Expired => EnrolRefusal::Expired,
            EnrolFailure::Used => EnrolRefusal::Used,
            EnrolFailure::Foreign => EnrolRefusal::Foreign,
            EnrolFailure::Refused => EnrolRefusal::CountyRefused,
            EnrolFailure::BadAnswer => EnrolRefusal::BadAnswer,
        })?;
        Answer::read(&bytes, &self.trusted, &key, &code).map(|answer| self.lay_by(answer))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks an answer that was brought as a file against the request that this machine made. Stores nothing.
///
/// # Errors
/// No request was made here, or the answer is not for it.
pub fn check_answer(
    folders: &Folders,
    trusted: &Trusted,
    floor: Timestamp,
    bytes: &[u8],
) -> Result<Answer, EnrolRefusal> {
    let request = disk::read(&folders.request()).ok().flatten().ok_or(EnrolRefusal::BadAnswer)?;
    let request: Request = serde_json::from_str(&request).map_err(|_| EnrolRefusal::BadAnswer)?;
    let code = EnrolCode::read(&request.code, trusted, floor, &Expected::default())?;
    let key = MachineKey::open_or_make(&folders.machine_key()).map_err(|_| EnrolRefusal::NotStored)?;
    Answer::read(bytes, trusted, &key, &code)
}
