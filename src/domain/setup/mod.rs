//! The set-up of a new machine: language, place, network, enrolment, devices, done.
//!
//! [`Setup`] stands beside the kiosk and has the same form: [`Setup::handle`] takes one event with its time and answers with
//! effects, [`Setup::next_wake`] says when it wants to be woken, [`Setup::screen`] is a projection. Every event is legal on
//! every page.
//!
//! Promises: a step counts as finished only after the disk said so, so that a loss of power resumes at the first step that
//! was not; no place exists whose names, codes and level contradict each other; an enrolment is taken only for this machine
//! and this place; every device is tried, or absent because somebody said so; the settings are written once, at the end,
//! from what is durable. A card prepared in the office runs the same steps without a touch and falls back to the pages,
//! with the reason, where it cannot go on.
//!
//! Not here: keys, signatures, files, network, the form of the settings (the engine and `provision`), typing of names, and
//! wireless networks.

mod event;
mod network;
mod place_list;
mod progress;
mod project;
mod step;

use std::collections::BTreeMap;

use kiosk_hal::model::{
    DeviceState, DeviceStatus, IdReaderEvent, IdReaderRequest, PrintOutcome, PrinterEvent, Role, ScannerEvent,
    ScannerRequest,
};

use super::event::AskNo;
use super::place::{KioskCode, Place};
use super::time::{Now, SinceStart};
use crate::ipc::{DeviceCheck, EnrolPrompt, EnrolRefusal, Intent, Language, TextSize};

pub use event::{Expected, Provision, SetupEffect, SetupEvent, SetupNote};
pub use network::{FixedAddress, NetworkChoice, NetworkError, NetworkState};
pub use place_list::{Chosen, ListedCity, ListedCounty, ListedTown, ListedVillage, PlaceList};
pub use progress::{Checks, FittedDevices, Grant, PROGRESS_VERSION, PlaceChoice, Progress, ROLES, Step};

use network::{Typed, Typing};

/// Places on one page of a list: two columns of four fit every form of the screen.
const PAGE: usize = 8;
/// The value of the choice "not in this list".
const ELSEWHERE: &str = "elsewhere";
/// The value of the choice "fixed address", and the one of "automatic".
const FIXED: &str = "fixed";
const AUTOMATIC: &str = "automatic";
/// A small file is on the disk long before; after this it counts as not saved.
const SAVE_LIMIT: SinceStart = SinceStart::from_secs(20);
/// Time between two looks at the line: somebody is plugging a cable in and watches.
const LOOK: SinceStart = SinceStart::from_secs(2);
/// The county's answer with all its time-outs comes well before; after this it counts as no line.
const ENROL_LIMIT: SinceStart = SinceStart::from_secs(90);
/// A prepared card tries again after this; forty machines in one office must not fill the line.
const AUTO_AGAIN: SinceStart = SinceStart::from_secs(15);
/// A prepared card waits so long for its devices; a printer needs half a minute after power-on.
const AUTO_DEVICES: SinceStart = SinceStart::from_secs(60);
/// The test slip with its proof takes less.
const PRINT_LIMIT: SinceStart = SinceStart::from_secs(60);
/// "Done" is read before the machine starts anew.
const FAREWELL: SinceStart = SinceStart::from_secs(4);

/// What the set-up has to know before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupPlan {
    /// Places to choose from.
    pub places: PlaceList,
    /// Devices that the configuration names.
    pub fitted: FittedDevices,
    /// Number of the kiosk, if it has one already.
    pub kiosk: Option<KioskCode>,
    /// Hotline for the frame.
    pub hotline: String,
}

/// Why the set-up wants to be woken; a fixed word for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupWake {
    /// A question must have been answered by now.
    Limit,
    /// Time to look at the line or for files.
    Look,
    /// The clock on the screen.
    Clock,
}

/// The set-up of one machine.
#[derive(Debug)]
pub struct Setup {
    plan: SetupPlan,
    /// What is durable.
    progress: Progress,
    view: View,
    saving: Option<Saving>,
    not_saved: bool,
    language: Language,
    size: TextSize,
    file: Option<EnrolRefusal>,
    auto: Option<Box<Provision>>,
    network: NetworkState,
    states: BTreeMap<Role, DeviceStatus>,
    checks: Checks,
    last_ask: u64,
    last_job: u64,
    next_look: SinceStart,
}

/// A step that is being made durable.
#[derive(Debug)]
struct Saving {
    ask: AskNo,
    next: Box<Progress>,
    until: SinceStart,
}

/// The page, with what exists on it only.
#[derive(Debug)]
enum View {
    Language,
    Place { chosen: Chosen, page: usize },
    Centre { chosen: Chosen, place: Box<Place> },
    Network { typing: Option<Typing>, fixed: Option<FixedAddress> },
    Enrol(Enrol),
    Devices { printing: Option<(u64, SinceStart)>, auto_until: Option<SinceStart> },
    Done { ask: Option<(AskNo, SinceStart)>, leave: Option<SinceStart> },
    Left,
}

/// The enrolment page.
#[derive(Debug)]
enum Enrol {
    /// For a code.
    Waiting(EnrolPrompt),
    /// For the county.
    Asking { ask: AskNo, until: SinceStart },
    /// A prepared card, for the next try.
    Again { at: SinceStart, why: EnrolRefusal },
}

impl Setup {
    /// A set-up that begins, or goes on with what is on the disk.
    pub fn new(plan: SetupPlan, progress: Option<Progress>, now: Now) -> (Self, Vec<SetupEffect>) {
        let progress = progress.and_then(Progress::checked).unwrap_or_default();
        let mut setup = Self {
            language: progress.language.unwrap_or_default(),
            checks: Checks::new(plan.fitted),
            plan,
            progress,
            view: View::Language,
            saving: None,
            not_saved: false,
            size: TextSize::default(),
            file: None,
            auto: None,
            network: NetworkState::default(),
            states: BTreeMap::new(),
            last_ask: 0,
            last_job: 0,
            next_look: now.since_start + LOOK,
        };
        let mut out = vec![SetupEffect::LookForFiles, SetupEffect::LookAtNetwork];
        setup.enter(&now, &mut out);
        (setup, out)
    }

    /// Takes one event. Total: never panics, whatever comes in whatever order.
    pub fn handle(&mut self, now: Now, event: SetupEvent) -> Vec<SetupEffect> {
        let mut out = Vec::new();
        self.expire(&now, &mut out);
        match event {
            SetupEvent::Intent(intent) => self.touch(&now, &intent, &mut out),
            SetupEvent::Device(status) => self.device(&now, status, &mut out),
            SetupEvent::Reader(event) => self.reader(&event, &mut out),
            SetupEvent::Printer(event) => self.printer(&event, &mut out),
            SetupEvent::Scanner(event) => self.scanner(&now, event, &mut out),
            SetupEvent::Network(state) => self.network = state,
            SetupEvent::Kept { ask, result } => self.kept(&now, ask, &result, &mut out),
            SetupEvent::Enrolled { ask, result } => self.enrolled(&now, ask, result, &mut out),
            SetupEvent::AnswerFound(result) => self.answer_found(&now, result, &mut out),
            SetupEvent::FileFound(result) => self.file_found(&now, result, &mut out),
            SetupEvent::Finished { ask, result } => self.finished(&now, ask, &result, &mut out),
            SetupEvent::Woke => {}
        }
        out
    }

    /// The next deadline and the reason for it.
    pub fn next_wake(&self, now: &Now) -> (SinceStart, SetupWake) {
        let minute = 60_000 - u64::try_from(now.wall.as_millisecond().rem_euclid(60_000)).unwrap_or(0);
        let mut next = (now.since_start + SinceStart::from_millis(minute), SetupWake::Clock);
        let mut offer = |at: SinceStart, reason| {
            if at < next.0 {
                next = (at, reason);
            }
        };
        if let Some(saving) = &self.saving {
            offer(saving.until, SetupWake::Limit);
        }
        match &self.view {
            View::Network { .. } => offer(self.next_look, SetupWake::Look),
            View::Enrol(enrol) => {
                offer(self.next_look, SetupWake::Look);
                match enrol {
                    Enrol::Waiting(_) => {}
                    Enrol::Asking { until: at, .. } | Enrol::Again { at, .. } => offer(*at, SetupWake::Limit),
                }
            }
            View::Devices { printing, auto_until } => {
                if let Some((_, until)) = printing {
                    offer(*until, SetupWake::Limit);
                }
                if let Some(until) = auto_until {
                    offer(*until, SetupWake::Limit);
                }
            }
            View::Done { ask, leave } => {
                if let Some((_, until)) = ask {
                    offer(*until, SetupWake::Limit);
                }
                if let Some(at) = leave {
                    offer(*at, SetupWake::Limit);
                }
            }
            View::Language | View::Place { .. } | View::Centre { .. } | View::Left => {}
        }
        next
    }

    /// What is durable.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The step shown.
    pub fn step(&self) -> Step {
        match &self.view {
            View::Language => Step::Language,
            View::Place { .. } | View::Centre { .. } => Step::Place,
            View::Network { .. } => Step::Network,
            View::Enrol(_) => Step::Enrol,
            View::Devices { .. } => Step::Devices,
            View::Done { .. } | View::Left => Step::Done,
        }
    }

    /// Whether the set-up is over and the program may end.
    pub fn is_over(&self) -> bool {
        matches!(self.view, View::Left)
    }

    fn next_ask(&mut self) -> AskNo {
        self.last_ask += 1;
        AskNo(self.last_ask)
    }
}

fn ignored(why: &'static str, out: &mut Vec<SetupEffect>) {
    out.push(SetupEffect::Ignored { why });
}

#[cfg(test)]
mod tests;
