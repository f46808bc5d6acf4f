//! The loop around the agent: carries its effects out, one after the other, each with a limit.
//!
//! Nothing here decides. The installer and the server are asked with limits of their own; the engine is asked over its
//! socket. Files are read and written through [`Folder`].

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::agent::{Agent, Effect, Event, Rules, Seen, Source};
use super::fleet::Fleet;
use super::folder::{Folder, LastGood};
use super::refusal::Refusal;
use crate::domain::time::Now;
use crate::ipc::{Connection, EngineStatus, Notifier, Reply, Request};

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
    /// Checks a bundle's signature and reads its manifest. `header` is for fetching it.
    fn inspect(&mut self, source: &str, header: Option<&str>) -> impl Future<Output = Result<BundleInfo, Refusal>>;
    /// Begins to install.
    fn install(&mut self, source: &str, header: Option<&str>) -> impl Future<Output = Result<(), Refusal>>;
    /// Makes the slot that was installed the one that starts next.
    fn activate(&mut self) -> impl Future<Output = Result<(), Refusal>>;
    /// How the installation is.
    fn look(&mut self) -> impl Future<Output = Look>;
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
}

/// Runs the agent until `go_on` says no. `now` reads the clock.
pub async fn turn_for_ever<I: Installer>(
    mut parts: Parts<I>,
    rules: Rules,
    now: impl Fn() -> Now,
    mut go_on: impl FnMut(&Agent) -> bool,
) {
    let booted = rules.booted.clone();
    let mut agent = Agent::new(rules, &now());
    let seen = Seen { resume: parts.folder.resume(), bad: parts.folder.bad() };
    let mut events = VecDeque::from([Event::Started(seen)]);
    parts.notifier.ready();
    while go_on(&agent) {
        while let Some(event) = events.pop_front() {
            for effect in agent.handle(&now(), event) {
                parts.notifier.alive();
                events.extend(parts.carry_out(effect, &booted.version, &booted.slot, &booted.compatible).await);
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
    async fn carry_out(&mut self, effect: Effect, version: &str, slot: &str, model: &str) -> Option<Event> {
        match effect {
            Effect::Poll => {
                let attributes =
                    [("kiosk", self.kiosk.as_str()), ("version", version), ("slot", slot), ("model", model)];
                let polled = match &self.fleet {
                    Some(fleet) => fleet.poll(&attributes).await,
                    None => return None,
                };
                let polled = polled.inspect_err(|error| tracing::warn!(%error, "no answer of the rollout server")).ok();
                return Some(Event::Polled(polled));
            }
            Effect::AskEngine => return Some(Event::Engine(ask_engine(&self.socket).map(Box::new))),
            Effect::LookForRequest => return Some(Event::Request(self.folder.request())),
            Effect::Inspect(source) => {
                let (address, header) = self.address(&source);
                return Some(Event::Inspected(self.installer.inspect(&address, header.as_deref()).await));
            }
            Effect::Install(source) => {
                let (address, header) = self.address(&source);
                return Some(Event::Ordered(self.installer.install(&address, header.as_deref()).await));
            }
            Effect::Look => return Some(Event::Looked(self.installer.look().await)),
            Effect::LookAtGood => {
                let is_good = self.folder.last_good().is_some_and(|good| good.version == version && good.slot == slot);
                return Some(Event::Good(is_good));
            }
            Effect::Report { action, progress } => {
                if let Some(fleet) = &self.fleet
                    && let Err(error) = fleet.report(&action, &progress).await
                {
                    tracing::warn!(%error, "the rollout server was not told");
                }
            }
            Effect::Remember(resume) => told(self.folder.set_resume(resume.as_ref())),
            Effect::ForgetRequest => told(self.folder.set_request(None)),
            Effect::Show(status) => {
                let line = format!("{} {} {}", status.phase, status.version, status.en);
                self.notifier.status(line.trim());
                told(self.folder.set_status(&status));
            }
            Effect::Measure(facts) => told(self.folder.set_good(&LastGood::of(version, slot, &facts))),
            Effect::Activate => return Some(Event::Activated(self.installer.activate().await)),
            Effect::Note(event) => event.emit(),
            Effect::Restart => told(std::fs::write(&self.restart_flag, "")),
        }
        None
    }

    /// Where the bundle is, and the header for fetching it.
    fn address(&self, source: &Source) -> (String, Option<String>) {
        match source {
            Source::Fleet { url, .. } => (url.clone(), self.fleet.as_ref().and_then(|fleet| fleet.header_for(url))),
            Source::Stick { file } => (file.display().to_string(), None),
        }
    }
}

fn told(written: std::io::Result<()>) {
    if let Err(error) = written {
        tracing::error!(%error, "the update folder cannot be written");
    }
}

/// How the engine is; `None` when it does not answer.
pub fn ask_engine(socket: &Path) -> Option<EngineStatus> {
    let mut connection = Connection::open(socket).ok()?;
    connection.wait_at_most(ANSWER).ok()?;
    connection.send(&Request::Status).ok()?;
    match connection.receive().ok()?? {
        Reply::Status { status } => Some(*status),
        Reply::Screen { .. } | Reply::Staff { .. } | Reply::Error { .. } => None,
    }
}
