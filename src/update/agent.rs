//! The agent: when to ask, fetch, install and restart. Pure: time and facts are arguments, deeds are effects.
//!
//! An update comes from the rollout server or from a technician's stick, and goes one way: it is looked at (signature, model
//! and version, by the installer), it waits for its moment, it is installed into the other slot, it waits again, the
//! machine restarts. Each step that does not go on ends with a [`Refusal`], shown, logged and reported.
//!
//! - **Moments.** Nothing begins while somebody uses the machine, nor within the quiet time after a visit. From the server
//!   both steps also need the window and this kiosk's turn in it; a technician who stands there with a stick needs none.
//! - **What is kept here.** A bundle whose program could not read the store's file is refused before it is installed. If
//!   the old program, in the other slot, could not read what the new one will write, there is no restart while anything
//!   is unsent: a fall-back would strand it.
//! - **Power cuts.** Until the installation is complete nothing is remembered, because the old image is what starts; the
//!   server offers again, the technician's wish lies in its file. Afterwards [`Resume`] is on the disk. The boot order
//!   changes just before the restart, after [`Resume`] says so. A machine that starts in the old slot without that word was
//!   switched off while it waited, and waits again; with it the new image did not come up.

use std::path::PathBuf;
use std::time::Duration;

use super::fleet::{Poll, Progress};
use super::folder::{Request, Resume, Status, Verdict};
use super::gate::{Facts, Reason};
use super::refusal::Refusal;
use super::run::{Booted, BundleInfo, Look};
use super::version::compare;
use super::when::Window;
use crate::domain::text::Text;
use crate::domain::time::{Now, SinceStart};
use crate::ipc::{EngineStatus, FellBack};
use crate::telemetry::{Code, Event as Recorded};

/// How often the technician's wish is looked for.
const REQUEST_EVERY: Duration = Duration::from_secs(3);
/// How often the engine is asked while something waits for its moment.
const ENGINE_EVERY: Duration = Duration::from_secs(10);
/// How often it is asked while the technician stands before the screen and is to give a word.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// How often a running installation is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Pause before an update that was refused for a passing reason is tried again.
const AGAIN: Duration = Duration::from_secs(300);
/// After so many tries a passing reason is not a passing one.
const TRIES: u32 = 3;
/// Asking a server that did not answer.
const POLL_AGAIN: Duration = Duration::from_secs(300);
/// A restart for a stick waits so long after the last visit: whoever comes back for a forgotten card finds the machine on.
const STICK_QUIET: Duration = Duration::from_secs(60);
/// An engine that has been away for so long serves nobody.
const AWAY: Duration = Duration::from_secs(600);
/// The rollout server hears of progress in steps of so many percent.
const STEP: u8 = 20;

/// What this kiosk is and may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Hours for updates of the server.
    pub window: Window,
    /// This kiosk's turn in it.
    pub offset: Duration,
    /// Nobody must have used the machine for so long before it restarts.
    pub quiet: Duration,
    /// There is a rollout server.
    pub has_fleet: bool,
    /// What runs.
    pub booted: Booted,
    /// Which start of the machine this is.
    pub boot: String,
    /// Newest schema of the store that this program knows.
    pub schema: u32,
}

/// Where a bundle comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The rollout server.
    Fleet {
        /// Its action.
        action: String,
        /// Where the bundle lies.
        url: String,
    },
    /// A technician.
    Stick {
        /// The file.
        file: PathBuf,
        /// Not before somebody says so on the screen.
        ask: bool,
    },
}

/// Where an update is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// There is none.
    Resting,
    /// It is being looked at.
    Looking(Source),
    /// It is good and waits for the technician's word on the screen.
    Asking(Source, BundleInfo),
    /// It waits for its moment to be installed.
    Waiting(Source, BundleInfo),
    /// It is being installed.
    Installing(Source, BundleInfo),
    /// It is installed and waits for its moment to start.
    Restart(Resume),
    /// The restart was asked for.
    Going,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The agent starts, with what it remembers.
    Started(Seen),
    /// Time has passed.
    Woke,
    /// The server answered, or not.
    Polled(Option<Poll>),
    /// The engine answered, or not.
    Engine(Option<Box<EngineStatus>>),
    /// The technician's wish, if there is one.
    Request(Option<Request>),
    /// The installer has looked at a bundle.
    Inspected(Result<BundleInfo, Refusal>),
    /// The installer took the order, or not.
    Ordered(Result<(), Refusal>),
    /// How the installation is.
    Looked(Look),
    /// The installer made the new slot the one that starts next, or not.
    Activated(Result<(), Refusal>),
    /// The image that runs was called good, or not yet.
    Good(bool),
}

/// What the agent finds at its start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Seen {
    /// The image that was installed and not yet called good.
    pub resume: Option<Resume>,
    /// The last image that was not called good.
    pub bad: Option<Verdict>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the server.
    Poll,
    /// Ask the engine.
    AskEngine,
    /// Look for the technician's wish.
    LookForRequest,
    /// Let the installer look at a bundle.
    Inspect(Source),
    /// Let the installer install it.
    Install(Source),
    /// Look how the installation is.
    Look {
        /// Of which version.
        version: String,
    },
    /// Look whether the running image was called good.
    LookAtGood,
    /// Tell the server.
    Report {
        /// About which action.
        action: String,
        /// What.
        progress: Progress,
    },
    /// Remember or forget an update that fell back.
    RememberFall(Option<FellBack>),
    /// Remember or forget the installed image.
    Remember(Option<Resume>),
    /// Forget the technician's wish.
    ForgetRequest,
    /// Show how it goes.
    Show(Status),
    /// Write down.
    Note(Recorded),
    /// Remember what works now: the measure for the image that comes.
    Measure(Facts),
    /// Remember this, durably, and only then make the new slot the one that starts next.
    Activate(Resume),
    /// Restart the machine.
    Restart,
}

/// The agent.
#[derive(Debug)]
pub struct Agent {
    pub(super) rules: Rules,
    pub(super) step: Step,
    tries: u32,
    told: u8,
    next_poll: SinceStart,
    next_request: SinceStart,
    pub(super) next_engine: SinceStart,
    next_look: SinceStart,
    not_before: SinceStart,
    engine_seen: SinceStart,
    /// The image that runs came up after an update and waits for its judgement.
    judged: Option<Resume>,
    /// What was shown last.
    shown: Option<Status>,
    /// It was told that the restart waits for what is unsent.
    pub(super) held: bool,
}

impl Rules {
    /// A restart for a stick waits so long after the last visit.
    pub fn stick_quiet(&self) -> Duration {
        STICK_QUIET.min(self.quiet)
    }
}

impl Agent {
    /// An agent that was just started.
    pub fn new(rules: Rules, now: &Now) -> Self {
        let at = now.since_start;
        Self {
            rules,
            step: Step::Resting,
            tries: 0,
            told: 0,
            next_poll: at,
            next_request: at,
            next_engine: at,
            next_look: at,
            not_before: at,
            engine_seen: at,
            judged: None,
            shown: None,
            held: false,
        }
    }

    /// Where the update is.
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// When to wake it.
    pub fn next_wake(&self) -> SinceStart {
        let mut next = self.next_request.min(self.next_engine);
        if self.rules.has_fleet {
            next = next.min(self.next_poll);
        }
        match self.step {
            Step::Installing(..) => next.min(self.next_look),
            Step::Resting
            | Step::Looking(_)
            | Step::Asking(..)
            | Step::Waiting(..)
            | Step::Restart(_)
            | Step::Going => next,
        }
    }

    /// Takes one event. Every event is legal in every step.
    pub fn handle(&mut self, now: &Now, event: Event) -> Vec<Effect> {
        let mut out = Vec::new();
        match event {
            Event::Started(seen) => self.start(now, seen, &mut out),
            Event::Woke => self.wake(now, &mut out),
            Event::Polled(None) => self.next_poll = now.since_start + POLL_AGAIN,
            Event::Polled(Some(poll)) => self.polled(now, poll, &mut out),
            Event::Engine(status) => self.engine(now, status.as_deref(), &mut out),
            Event::Request(request) => self.requested(request, &mut out),
            Event::Inspected(result) => self.inspected(now, result, &mut out),
            Event::Ordered(result) => {
                if let Err(refusal) = result {
                    self.refuse(now, refusal, &mut out);
                }
            }
            Event::Looked(look) => self.looked(now, look, &mut out),
            Event::Activated(result) => self.activated(result, &mut out),
            Event::Good(is_good) => self.good(is_good, &mut out),
        }
        // A running installation is looked at every second; what is shown is written to the disk, so only news is.
        out.retain(|effect| {
            let Effect::Show(status) = effect else { return true };
            let is_same = self.shown.replace(status.clone()).as_ref() == Some(status);
            !(is_same && status.phase == "installing")
        });
        out
    }

    fn start(&mut self, now: &Now, seen: Seen, out: &mut Vec<Effect>) {
        let Some(resume) = seen.resume else {
            out.push(Effect::Show(status("resting", &self.rules.booted.version, 0)));
            return;
        };
        let in_old_slot = resume.from_slot == self.rules.booted.slot;
        if resume.boot == self.rules.boot || (in_old_slot && !resume.activated) {
            // The agent alone was restarted, or the machine was switched off before the new slot's turn came.
            out.push(Effect::Show(status("restart", &resume.version, 100)));
            self.step = Step::Restart(Resume { activated: false, ..resume });
            self.next_engine = now.since_start;
        } else if in_old_slot {
            self.fell_back(now, resume, seen.bad, out);
        } else {
            self.judged = Some(resume);
            out.push(Effect::LookAtGood);
        }
    }

    fn fell_back(&mut self, now: &Now, resume: Resume, bad: Option<Verdict>, out: &mut Vec<Effect>) {
        let reasons = bad
            .filter(|bad| bad.version == resume.version)
            .map(|bad| bad.reasons)
            .filter(|reasons| !reasons.is_empty())
            .unwrap_or_else(|| vec![if self.rules.booted.other_given_up { Reason::NeverUp } else { Reason::Untold }]);
        let lines: Vec<(String, String)> = reasons.iter().map(Reason::lines).collect();
        let join =
            |pick: fn(&(String, String)) -> &str, with: &str| lines.iter().map(pick).collect::<Vec<_>>().join(with);
        let (zh, en) = (join(|line| &line.0, "；"), join(|line| &line.1, "; "));
        let code = reasons.first().map_or_else(String::new, Reason::code);
        out.push(Effect::Note(Recorded::UpdateFellBack {
            version: Code::new(&resume.version),
            code: Code::new(&code),
        }));
        if let Some(action) = resume.action {
            let details = vec![code.clone(), en.clone()];
            out.push(Effect::Report { action, progress: Progress::Failed { details } });
        }
        out.push(Effect::RememberFall(Some(FellBack {
            version: resume.version.clone(),
            back_to: self.rules.booted.version.clone(),
            at: now.wall,
            code: code.clone(),
            why: Text::new(&zh, &en),
        })));
        let shown = Status { code, zh, en, ..status("fell-back", &resume.version, 0) };
        out.push(Effect::Show(shown));
        out.push(Effect::Remember(None));
    }

    fn good(&mut self, is_good: bool, out: &mut Vec<Effect>) {
        if !is_good {
            return;
        }
        let Some(resume) = self.judged.take() else { return };
        out.push(Effect::Note(Recorded::UpdateGood { version: Code::new(&resume.version) }));
        if let Some(action) = resume.action {
            let details = vec![format!("version {} runs and serves", resume.version)];
            out.push(Effect::Report { action, progress: Progress::Done { details } });
        }
        out.push(Effect::RememberFall(None));
        out.push(Effect::Show(status("resting", &resume.version, 0)));
        out.push(Effect::Remember(None));
    }

    fn wake(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let at = now.since_start;
        if at >= self.next_request {
            self.next_request = at + REQUEST_EVERY;
            if self.judged.is_some() {
                out.push(Effect::LookAtGood);
            } else {
                out.push(Effect::LookForRequest);
            }
        }
        if self.rules.has_fleet && at >= self.next_poll {
            self.next_poll = at + POLL_AGAIN;
            out.push(Effect::Poll);
        }
        if at >= self.next_engine {
            // Also while nothing waits: an engine that was started again hears how updates are.
            let is_asking = matches!(self.step, Step::Asking(..));
            self.next_engine = at + if is_asking { ASK_EVERY } else { ENGINE_EVERY };
            out.push(Effect::AskEngine);
        }
        match &self.step {
            Step::Installing(_, info) if at >= self.next_look => {
                self.next_look = at + LOOK_EVERY;
                out.push(Effect::Look { version: info.version.clone() });
            }
            Step::Waiting(..)
            | Step::Restart(_)
            | Step::Installing(..)
            | Step::Asking(..)
            | Step::Resting
            | Step::Looking(_)
            | Step::Going => {}
        }
    }

    fn polled(&mut self, now: &Now, poll: Poll, out: &mut Vec<Effect>) {
        self.next_poll = now.since_start + poll.every;
        if let Some(action) = poll.cancel {
            self.cancel(action, out);
            return;
        }
        let Some(offer) = poll.offer else { return };
        let is_idle = self.step == Step::Resting && self.judged.is_none();
        if is_idle && now.since_start >= self.not_before {
            self.told = 0;
            out.push(Effect::Note(Recorded::UpdateOffered {}));
            self.look(Source::Fleet { action: offer.action, url: offer.url }, out);
        }
    }

    /// What has begun is not taken back: half an image in the other slot serves nobody.
    fn cancel(&mut self, action: String, out: &mut Vec<Effect>) {
        let ours = |source: &Source| matches!(source, Source::Fleet { action: ours, .. } if *ours == action);
        let progress = match &self.step {
            Step::Installing(..) | Step::Going => Progress::NotCancelled,
            Step::Restart(resume) if resume.action.as_deref() == Some(&action) => Progress::NotCancelled,
            Step::Looking(source) | Step::Asking(source, _) | Step::Waiting(source, _) if ours(source) => {
                self.step = Step::Resting;
                Progress::Cancelled
            }
            Step::Looking(_) | Step::Asking(..) | Step::Waiting(..) | Step::Restart(_) | Step::Resting => {
                Progress::Cancelled
            }
        };
        out.push(Effect::Report { action, progress });
    }

    fn requested(&mut self, request: Option<Request>, out: &mut Vec<Effect>) {
        let Some(Request { file, ask }) = request else { return self.no_request(out) };
        let from_server = |source: &Source| matches!(source, Source::Fleet { .. });
        match &self.step {
            Step::Resting => self.tries = 0,
            // Whoever stands there is served first; the server offers again.
            Step::Waiting(source, _) if from_server(source) => self.tries = 0,
            Step::Asking(..)
            | Step::Waiting(..)
            | Step::Looking(_)
            | Step::Installing(..)
            | Step::Restart(_)
            | Step::Going => return,
        }
        self.look(Source::Stick { file, ask }, out);
    }

    fn look(&mut self, source: Source, out: &mut Vec<Effect>) {
        self.step = Step::Looking(source.clone());
        out.push(Effect::Inspect(source));
    }

    fn inspected(&mut self, now: &Now, result: Result<BundleInfo, Refusal>, out: &mut Vec<Effect>) {
        let Step::Looking(source) = &self.step else { return };
        let source = source.clone();
        match result.and_then(|info| self.check(&info).map(|()| info)) {
            Ok(info) => {
                let asks = matches!(source, Source::Stick { ask: true, .. });
                out.push(Effect::Show(status(if asks { "asking" } else { "waiting" }, &info.version, 0)));
                self.step = if asks { Step::Asking(source, info) } else { Step::Waiting(source, info) };
                self.next_engine = now.since_start;
            }
            Err(Refusal::Same) if let Source::Fleet { action, .. } = source => {
                // It is what the server wants to be here: the word that it runs was lost, or it was brought by a stick.
                self.step = Step::Resting;
                self.tries = 0;
                let details = vec![format!("version {} runs here already", self.rules.booted.version)];
                out.push(Effect::Report { action, progress: Progress::Done { details } });
            }
            Err(refusal) => self.refuse(now, refusal, out),
        }
    }

    /// The rules that are ours; signature, model and blocks are the installer's.
    fn check(&self, info: &BundleInfo) -> Result<(), Refusal> {
        if !self.rules.booted.compatible.is_empty() && info.compatible != self.rules.booted.compatible {
            return Err(Refusal::WrongModel);
        }
        match compare(&info.version, &self.rules.booted.version) {
            None => Err(Refusal::NoVersion),
            Some(std::cmp::Ordering::Less) => Err(Refusal::Older),
            Some(std::cmp::Ordering::Equal) => Err(Refusal::Same),
            Some(std::cmp::Ordering::Greater) => Ok(()),
        }
    }

    fn engine(&mut self, now: &Now, engine: Option<&EngineStatus>, out: &mut Vec<Effect>) {
        if engine.is_some() {
            self.engine_seen = now.since_start;
        }
        self.tell_what_holds(engine, out);
        match &self.step {
            Step::Asking(_, info) => {
                let info = info.clone();
                self.asked(now, &info, engine, out);
            }
            Step::Waiting(source, info) if self.may_begin(now, source, engine) => {
                let (source, info) = (source.clone(), info.clone());
                if info.schema < self.needed(engine) {
                    return self.refuse(now, Refusal::Schema, out);
                }
                out.push(Effect::Note(Recorded::UpdateInstalling { version: Code::new(&info.version) }));
                out.push(Effect::Show(status("installing", &info.version, 0)));
                out.push(Effect::Install(source.clone()));
                self.next_look = now.since_start + LOOK_EVERY;
                self.step = Step::Installing(source, info);
            }
            Step::Restart(resume) if self.may_restart(now, resume, engine) => {
                if let Some(status) = engine {
                    out.push(Effect::Measure(Facts::of(Some(status))));
                }
                out.push(Effect::Activate(Resume { activated: true, ..resume.clone() }));
            }
            Step::Waiting(..)
            | Step::Restart(_)
            | Step::Resting
            | Step::Looking(_)
            | Step::Installing(..)
            | Step::Going => {}
        }
    }

    /// Only now does the boot order change: a power cut while the update waited started the old image.
    fn activated(&mut self, result: Result<(), Refusal>, out: &mut Vec<Effect>) {
        let Step::Restart(resume) = &self.step else { return };
        // Where it could not be done the next look at the engine tries again.
        if result.is_err() {
            return out.push(Effect::Remember(Some(resume.clone())));
        }
        out.push(Effect::Note(Recorded::UpdateRestarting { version: Code::new(&resume.version) }));
        out.push(Effect::Restart);
        self.step = Step::Going;
    }

    fn may_begin(&self, now: &Now, source: &Source, engine: Option<&EngineStatus>) -> bool {
        let in_window = match source {
            Source::Stick { .. } => true,
            Source::Fleet { .. } => self.rules.window.is_open(now.wall, self.rules.offset),
        };
        in_window && now.since_start >= self.not_before && self.is_free(now, engine, Duration::ZERO)
    }

    fn may_restart(&self, now: &Now, resume: &Resume, engine: Option<&EngineStatus>) -> bool {
        let (in_window, quiet) = match resume.action {
            Some(_) => (self.rules.window.is_open(now.wall, Duration::ZERO), self.rules.quiet),
            None => (true, self.rules.stick_quiet()),
        };
        in_window && self.is_free(now, engine, quiet) && !self.strands(resume, engine)
    }

    /// Nobody uses the machine, for so long.
    fn is_free(&self, now: &Now, engine: Option<&EngineStatus>, quiet: Duration) -> bool {
        match engine {
            Some(status) => !status.in_use && Duration::from_secs(status.quiet_seconds) >= quiet,
            None => now.since_start.saturating_sub(self.engine_seen) >= AWAY,
        }
    }

    fn looked(&mut self, now: &Now, look: Look, out: &mut Vec<Effect>) {
        let Step::Installing(source, info) = &self.step else { return };
        match look {
            Look::Busy { percent } => {
                let version = info.version.clone();
                if percent >= self.told + STEP {
                    self.told = percent;
                    if let Source::Fleet { action, .. } = source {
                        out.push(Effect::Report { action: action.clone(), progress: Progress::Going { percent } });
                    }
                }
                out.push(Effect::Show(status("installing", &version, percent)));
            }
            Look::Done => {
                let action = match source {
                    Source::Fleet { action, .. } => Some(action.clone()),
                    Source::Stick { .. } => None,
                };
                let resume = Resume {
                    action,
                    version: info.version.clone(),
                    readable_from: info.readable_from,
                    from_slot: self.rules.booted.slot.clone(),
                    boot: self.rules.boot.clone(),
                    activated: false,
                };
                out.push(Effect::Remember(Some(resume.clone())));
                out.push(Effect::ForgetRequest);
                out.push(Effect::Note(Recorded::UpdateInstalled { version: Code::new(&resume.version) }));
                if let Some(action) = resume.action.clone() {
                    out.push(Effect::Report { action, progress: Progress::Going { percent: 100 } });
                }
                out.push(Effect::Show(status("restart", &resume.version, 100)));
                self.next_engine = now.since_start;
                self.step = Step::Restart(resume);
            }
            Look::Failed(refusal) => self.refuse(now, refusal, out),
        }
    }

    /// Ends the present update, for now or for good.
    pub(super) fn refuse(&mut self, now: &Now, refusal: Refusal, out: &mut Vec<Effect>) {
        let (source, version) = match std::mem::replace(&mut self.step, Step::Resting) {
            Step::Looking(source) => (source, String::new()),
            Step::Asking(source, info) | Step::Waiting(source, info) | Step::Installing(source, info) => {
                (source, info.version)
            }
            other @ (Step::Resting | Step::Restart(_) | Step::Going) => {
                self.step = other;
                return;
            }
        };
        self.tries += 1;
        let again = refusal.may_pass() && self.tries < TRIES;
        out.push(Effect::Note(Recorded::UpdateRefused {
            version: Code::new(&version),
            code: Code::new(refusal.code()),
        }));
        out.push(Effect::Show(Status {
            code: refusal.code().to_owned(),
            zh: refusal.zh().to_owned(),
            en: refusal.en().to_owned(),
            ..status("refused", &version, 0)
        }));
        match source {
            // The wish is forgotten at once: whoever stands there sees why, and wishes again.
            Source::Stick { .. } => out.push(Effect::ForgetRequest),
            Source::Fleet { .. } if again => {
                self.not_before = now.since_start + AGAIN;
                self.next_poll = self.next_poll.min(self.not_before);
            }
            Source::Fleet { action, .. } => {
                self.tries = 0;
                let details = vec![refusal.code().to_owned(), refusal.en().to_owned()];
                out.push(Effect::Report { action, progress: Progress::Failed { details } });
            }
        }
    }
}

pub(super) fn status(phase: &str, version: &str, percent: u8) -> Status {
    Status { phase: phase.to_owned(), version: version.to_owned(), percent, ..Status::default() }
}

#[cfg(test)]
#[path = "agent_tests.rs"]
mod tests;
