//! The loop around the agent: carries its effects out, one after the other, each with a limit.
//!
//! Nothing here decides. The last word about an action is kept until the server has taken it, and nothing else is asked of
//! the server before: an offer that it would repeat in ignorance is not heard. The installer and the server are asked with limits of their own; the engine is asked over its
//! socket. Files are read and written through [`Folder`].

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::agent::{Agent, Effect, Event, Rules, Seen, Source};
use super::fleet::{Fleet, Progress};
use super::folder::{Folder, LastGood, Request as WishFor, Resume, Untold};
use super::refusal::Refusal;
use crate::domain::text::Text;
use crate::domain::time::Now;
use crate::ipc::{Connection, EngineStatus, Notifier, Reply, Request, UpdateNews, UpdatePhase};

/// The engine answers within a turn of its loop.
const ANSWER: Duration = Duration::from_secs(3);

/// What runs on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Booted {
    /// Slot of the boot loader, such as `A`.
    pub slot: String,
    /// Version of the image.
    pub version: String,
    /// Model that the installer compares with bundles; empty if it does not say.
    pub compatible: String,
    /// The boot loader has given the other slot up.
    pub other_given_up: bool,
}

/// What the installer says of a bundle whose signature it has checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BundleInfo {
    /// Model it is for.
    pub compatible: String,
    /// Its version.
    pub version: String,
    /// Newest schema of the store that its program knows (`store-schema` in the section `meta.bianmin`); 1 if it says none.
    pub schema: u32,
    /// Oldest schema whose program can read what its program writes (`store-readable-from`); its own if it says none.
    pub readable_from: u32,
}

/// What the installer needs to fetch a bundle over a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetch {
    /// A header with the kiosk's token, for the rollout server alone.
    pub header: Option<String>,
    /// File with the certificates (PEM) that the server's must lead to. The installer's reader opens it, so the user it
    /// runs as must be able to.
    pub ca_file: Option<PathBuf>,
}

/// How an installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Going on.
    Busy {
        /// Percent.
        percent: u8,
    },
    /// Over, and well.
    Done,
    /// Over.
    Failed(Refusal),
}

/// What installs.
pub trait Installer {
    /// Checks a bundle's signature and reads its manifest. `fetch` is for fetching it.
    fn inspect(&mut self, source: &str, fetch: &Fetch) -> impl Future<Output = Result<BundleInfo, Refusal>>;
    /// Begins to install.
    fn install(&mut self, source: &str, fetch: &Fetch) -> impl Future<Output = Result<(), Refusal>>;
    /// Makes the slot that was installed the one that starts next.
    fn activate(&mut self) -> impl Future<Output = Result<(), Refusal>>;
    /// How the installation of this version is. Done means that it lies in the other slot, whole.
    fn look(&mut self, version: &str) -> impl Future<Output = Look>;
}

/// What the loop works with.
#[derive(Debug)]
pub struct Parts<I> {
    /// The installer.
    pub installer: I,
    /// The rollout server, if there is one.
    pub fleet: Option<Fleet>,
    /// The update folder.
    pub folder: Folder,
    /// The engine's socket.
    pub socket: PathBuf,
    /// Made when the machine is to restart.
    pub restart_flag: PathBuf,
    /// Name of this kiosk.
    pub kiosk: String,
    /// Signs of life.
    pub notifier: Notifier,
    /// The bundle that asks for a word was there at the last look.
    pub stick_is_in: bool,
}

/// Runs the agent until `go_on` says no. `now` reads the clock.
pub async fn turn_for_ever<I: Installer>(
    mut parts: Parts<I>,
    rules: Rules,
    now: impl Fn() -> Now,
    mut go_on: impl FnMut(&Agent) -> bool,
) {
    let booted = rules.booted.clone();
    let stick_quiet = rules.stick_quiet();
    let mut agent = Agent::new(rules, &now());
    let seen = Seen { resume: parts.folder.resume(), bad: parts.folder.bad() };
    let mut events = VecDeque::from([Event::Started(seen)]);
    parts.notifier.ready();
    while go_on(&agent) {
        while let Some(event) = events.pop_front() {
            for effect in agent.handle(&now(), event) {
                parts.notifier.alive();
                events.extend(parts.carry_out(effect, &booted, stick_quiet).await);
            }
        }
        parts.notifier.alive();
        rest(agent.next_wake().saturating_sub(now().since_start)).await;
        events.push_back(Event::Woke);
    }
    parts.notifier.stopping();
}

#[expect(clippy::disallowed_methods, reason = "the one wait of the agent, until the time its machine names")]
async fn rest(time: Duration) {
    tokio::time::sleep(time).await;
}

impl<I: Installer> Parts<I> {
    async fn carry_out(&mut self, effect: Effect, booted: &Booted, stick_quiet: Duration) -> Option<Event> {
        let Booted { version, slot, compatible: model, .. } = booted;
        match effect {
            Effect::Poll => {
                if !self.tell_untold().await {
                    return Some(Event::Polled(None));
                }
                let attributes =
                    [("kiosk", self.kiosk.as_str()), ("version", version), ("slot", slot), ("model", model)];
                let polled = match &self.fleet {
                    Some(fleet) => fleet.poll(&attributes).await,
                    None => return None,
                };
                let polled = polled.inspect_err(|error| tracing::warn!(%error, "no answer of the rollout server")).ok();
                return Some(Event::Polled(polled));
            }
            Effect::AskEngine => return Some(Event::Engine(self.tell_engine(booted, stick_quiet).map(Box::new))),
            Effect::LookForRequest => return Some(Event::Request(self.request())),
            Effect::Inspect(source) => {
                let (address, fetch) = self.address(&source);
                return Some(Event::Inspected(self.installer.inspect(&address, &fetch).await));
            }
            Effect::Install(source) => {
                let (address, fetch) = self.address(&source);
                return Some(Event::Ordered(self.installer.install(&address, &fetch).await));
            }
            Effect::Look { version } => return Some(Event::Looked(self.installer.look(&version).await)),
            Effect::LookAtGood => {
                let is_good =
                    self.folder.last_good().is_some_and(|good| good.version == *version && good.slot == *slot);
                return Some(Event::Good(is_good));
            }
            Effect::Report { action, progress } => self.report(action, progress).await,
            Effect::RememberFall(fell) => told(self.folder.set_fell_back(fell.as_ref())),
            Effect::Remember(resume) => told(self.folder.set_resume(resume.as_ref())),
            Effect::ForgetRequest => told(self.folder.set_request(None)),
            Effect::Show(status) => {
                let line = format!("{} {} {}", status.phase, status.version, status.en);
                self.notifier.status(line.trim());
                told(self.folder.set_status(&status));
                // The screen follows at once; what the engine answers is asked for when it is needed.
                self.tell_engine(booted, stick_quiet);
            }
            Effect::Measure(facts) => told(self.folder.set_good(&LastGood::of(version, slot, &facts))),
            Effect::Activate(resume) => return Some(Event::Activated(self.activate(&resume).await)),
            Effect::Note(event) => event.emit(),
            Effect::Restart => told(std::fs::write(&self.restart_flag, "")),
        }
        None
    }

    /// The technician's wish. One that asks is forgotten with its stick: a question about a bundle that is gone would stand
    /// on the screen for ever. A stick that was never seen is left to the installer, which may see more than the agent.
    fn request(&mut self) -> Option<WishFor> {
        let wish = self.folder.request()?;
        let was_in = std::mem::replace(&mut self.stick_is_in, wish.ask && wish.file.is_file());
        if wish.ask && was_in && !self.stick_is_in {
            told(self.folder.set_request(None));
            return None;
        }
        Some(wish)
    }

    /// Tells the engine how updates are, and hears how it is.
    fn tell_engine(&self, booted: &Booted, stick_quiet: Duration) -> Option<EngineStatus> {
        let news = news(&self.folder, booted, stick_quiet);
        ask(&self.socket, &Request::Updates { news: Box::new(news) })
    }

    /// Tells the server. What ends an action is on the disk before, and stays there until it was taken.
    async fn report(&mut self, action: String, progress: Progress) {
        let Some(fleet) = &self.fleet else { return };
        if progress.is_end() {
            told(self.folder.set_untold(Some(&Untold { action, progress })));
            self.tell_untold().await;
        } else if let Err(error) = fleet.report(&action, &progress).await {
            tracing::warn!(%error, "the rollout server was not told");
        }
    }

    /// Whether nothing is left untold.
    async fn tell_untold(&mut self) -> bool {
        let (Some(fleet), Some(Untold { action, progress })) = (&self.fleet, self.folder.untold()) else { return true };
        match fleet.report(&action, &progress).await {
            Err(error) if error.may_pass() => {
                tracing::warn!(%error, "the rollout server was not told; it will be");
                return false;
            }
            Err(error) => tracing::warn!(%error, "the rollout server has no use for what it was told"),
            Ok(()) => {}
        }
        told(self.folder.set_untold(None));
        true
    }

    /// The new slot's turn. Without the memory of it a fall-back could not be told from a power cut, and a bad image would
    /// be started again and again: then the boot order stays as it is.
    async fn activate(&mut self, resume: &Resume) -> Result<(), Refusal> {
        self.folder.set_resume(Some(resume)).map_err(|error| {
            tracing::error!(%error, "the update folder cannot be written: the new slot is not started");
            Refusal::Failed
        })?;
        told(self.folder.forget_bad());
        self.installer.activate().await
    }

    /// Where the bundle is, and what fetching it takes.
    fn address(&self, source: &Source) -> (String, Fetch) {
        match source {
            Source::Fleet { url, .. } => {
                (url.clone(), self.fleet.as_ref().map(|fleet| fleet.fetch(url)).unwrap_or_default())
            }
            Source::Stick { file, .. } => (file.display().to_string(), Fetch::default()),
        }
    }
}

fn told(written: std::io::Result<()>) {
    if let Err(error) = written {
        tracing::error!(%error, "the update folder cannot be written");
    }
}

/// How updates are, out of what the folder remembers.
pub fn news(folder: &Folder, booted: &Booted, stick_quiet: Duration) -> UpdateNews {
    let status = folder.status().unwrap_or_default();
    let phase = status.phase();
    // The hours of the server's updates are not foretold; a stick's restart comes when nobody was there for a moment.
    let by_stick = folder.resume().is_some_and(|resume| resume.action.is_none());
    let quiet_seconds = (phase == UpdatePhase::Restart && by_stick).then_some(stick_quiet.as_secs());
    let is_about = phase != UpdatePhase::Resting;
    UpdateNews {
        running: booted.version.clone(),
        phase,
        version: if is_about { status.version } else { String::new() },
        percent: status.percent,
        code: if is_about { status.code } else { String::new() },
        why: if is_about { Text::new(status.zh, status.en) } else { Text::default() },
        quiet_seconds,
        fell_back: folder.fell_back(),
    }
}

/// How the engine is; `None` when it does not answer.
pub fn ask_engine(socket: &Path) -> Option<EngineStatus> {
    ask(socket, &Request::Status)
}

fn ask(socket: &Path, request: &Request) -> Option<EngineStatus> {
    let mut connection = Connection::open(socket).ok()?;
    connection.wait_at_most(ANSWER).ok()?;
    connection.send(request).ok()?;
    match connection.receive().ok()?? {
        Reply::Status { status } => Some(*status),
        Reply::Screen { .. } | Reply::Staff { .. } | Reply::Error { .. } => None,
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
