//! `kioskctl update`: the health gate, the state of updates, an update by stick; and `kioskctl agent`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use zeroize::Zeroizing;

use super::start::notifier;
use super::{CtlError, Report};
use crate::config::{Config, Loaded};
use crate::engine::Clock;
use crate::ipc::FellBack;
use crate::store::{NEWEST_SCHEMA, READABLE_FROM};
use crate::telemetry::{self, Code, Event};
use crate::update::{
    Booted, Bus, Candidate, Credentials, Facts, Fleet, Folder, LastGood, OnStick, Parts, Reason, Refusal, Request,
    Rules, Status, Trial, Verdict, Window, ask_engine, bundle_on, offset, turn_for_ever,
};

/// Time between two looks at the facts.
const LOOK: Duration = Duration::from_secs(1);
/// So long an image that is new here must look good without a break: longer than the watchdog and its abort take to end a
/// part that hangs.
const HOLD: Duration = Duration::from_secs(20);

/// What the gate found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confirmed {
    /// Version of the image.
    pub version: String,
    /// Its slot.
    pub slot: String,
    /// It is good.
    pub good: bool,
    /// Codes of what is missing.
    pub codes: Vec<String>,
    /// Why, in Chinese.
    pub zh: Vec<String>,
    /// Why, in English.
    pub en: Vec<String>,
}

impl Report for Confirmed {
    fn lines(&self) -> Vec<String> {
        let verdict = if self.good { "good" } else { "not good" };
        let mut lines = vec![format!("version {} in slot {}: {verdict}", self.version, self.slot)];
        lines.extend(
            self.codes.iter().zip(self.zh.iter().zip(&self.en)).map(|(code, (zh, en))| format!("{code}: {en} ({zh})")),
        );
        lines
    }

    fn is_good(&self) -> bool {
        self.good
    }
}

/// Watches the running image for at most `within` and calls it good, or writes down why not.
///
/// # Errors
/// The configuration or the update folder cannot be used.
pub fn confirm(config: &Path, within: Duration) -> Result<Confirmed, CtlError> {
    let (log, folder, socket) = match Config::load_or_set_up(config)? {
        Loaded::Whole(config) => (config.log, config.update.folder, config.socket),
        Loaded::ToSetUp(vendor) => (vendor.log, vendor.update_folder, vendor.socket),
    };
    // A log that cannot be written keeps no image from being judged.
    telemetry::start(&log).ok();
    let folder = Folder::at(&folder);
    let runtime = runtime().map_err(|error| failed(&error))?;
    let outcome = runtime.block_on(async {
        let bus = Bus::system().await;
        let booted = booted(bus.as_ref().ok()).await;
        let candidate = Candidate::of(&booted.version, &booted.slot, folder.last_good());
        let clock = Clock::start();
        let mut trial = Trial::new(within, if candidate.is_known() { Duration::ZERO } else { HOLD });
        let facts = loop {
            let facts = Facts::of(ask_engine(&socket).as_ref());
            if trial.look(clock.since_start(), candidate.judge(&facts)).is_some() {
                break facts;
            }
            pause(LOOK).await;
        };
        // What is not good is not marked; a known image is, whatever is missing on it.
        let is_marked = candidate.end(&facts, true).reasons.is_empty()
            && match &bus {
                Ok(bus) => bus.mark_good().await.inspect_err(|error| tracing::error!(%error, "no mark")).is_ok(),
                Err(error) => {
                    tracing::error!(%error, "no mark");
                    false
                }
            };
        (booted, candidate.end(&facts, is_marked), facts)
    });
    let (Booted { version, slot, .. }, outcome, facts) = outcome;
    for reason in &outcome.excused {
        tracing::warn!(code = reason.code(), "something is missing on an image that was good before");
    }
    let reasons = outcome.reasons;
    let written = if !reasons.is_empty() {
        for reason in &reasons {
            Event::UpdateBad { version: Code::new(&version), code: Code::new(&reason.code()) }.emit();
        }
        folder.set_bad(&Verdict { version: version.clone(), slot: slot.clone(), reasons: reasons.clone() })
    } else {
        Event::UpdateGood { version: Code::new(&version) }.emit();
        if outcome.is_measure { folder.set_good(&LastGood::of(&version, &slot, &facts)) } else { Ok(()) }
    };
    // A memory that cannot be written makes no image bad: it would be started again and again.
    written.inspect_err(|error| tracing::error!(%error, "the update folder cannot be written")).ok();
    let lines: Vec<(String, String)> = reasons.iter().map(Reason::lines).collect();
    Ok(Confirmed {
        version,
        slot,
        good: reasons.is_empty(),
        codes: reasons.iter().map(Reason::code).collect(),
        zh: lines.iter().map(|(zh, _)| zh.clone()).collect(),
        en: lines.into_iter().map(|(_, en)| en).collect(),
    })
}

/// How updates are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpdateReport {
    /// What the agent says.
    pub agent: Status,
    /// The last image that was called good.
    pub last_good: Option<LastGood>,
    /// The last image that was not.
    pub last_bad: Option<Verdict>,
    /// The last update that fell back, until a newer one is good.
    pub fell_back: Option<FellBack>,
}

impl Report for UpdateReport {
    fn lines(&self) -> Vec<String> {
        let status = &self.agent;
        let mut lines = vec![format!("update     {} {} {}%", status.phase, status.version, status.percent)];
        if !status.code.is_empty() {
            lines.push(format!("why        {}: {} ({})", status.code, status.en, status.zh));
        }
        if let Some(good) = &self.last_good {
            lines.push(format!("last good  {} in slot {}", good.version, good.slot));
        }
        if let Some(fell) = &self.fell_back {
            let FellBack { version, back_to, at, code, why } = fell;
            lines.push(format!("fell back  {version} to {back_to}, {at} by this machine's clock"));
            lines.push(format!("why        {code}: {} ({})", why.en, why.zh));
        }
        if let Some(bad) = &self.last_bad {
            let why: Vec<String> = bad.reasons.iter().map(|reason| reason.lines().1).collect();
            lines.push(format!("last bad   {} in slot {}: {}", bad.version, bad.slot, why.join("; ")));
        }
        lines
    }
}

/// Reads the update folder.
///
/// # Errors
/// The configuration cannot be used.
pub fn status(config: &Path) -> Result<UpdateReport, CtlError> {
    let folder = Folder::at(&Config::load(config)?.update.folder);
    let agent = folder.status().unwrap_or_else(|| Status { phase: "unknown".to_owned(), ..Status::default() });
    Ok(UpdateReport { agent, last_good: folder.last_good(), last_bad: folder.bad(), fell_back: folder.fell_back() })
}

/// Which bundle a technician means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bundle {
    /// This file.
    File(PathBuf),
    /// The one on the stick.
    Stick,
}

/// When a bundle is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as nobody uses the machine.
    Now,
    /// After somebody said so on the screen.
    Asked,
}

/// A wish that the agent has taken and brought to an end, or to its restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsbReport {
    /// The bundle.
    pub file: PathBuf,
    /// How it went.
    pub status: Status,
}

impl Report for UsbReport {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {} {}", self.file.display(), self.status.phase, self.status.version)];
        if self.status.code.is_empty() {
            lines.push("it starts when nobody uses the machine".to_owned());
        } else {
            lines.push(format!("{}: {} ({})", self.status.code, self.status.en, self.status.zh));
        }
        lines
    }

    fn is_good(&self) -> bool {
        self.status.phase == "restart"
    }
}

/// Asks the agent to install a bundle and waits for the end, at most `within`. With `ask` the agent installs it only after
/// somebody said so on the screen.
///
/// # Errors
/// There is no bundle, no agent, or no end in time.
pub fn usb(config: &Path, bundle: Bundle, when: When, within: Duration) -> Result<UsbReport, CtlError> {
    let config = Config::load(config)?;
    let file = match bundle {
        Bundle::File(file) => std::path::absolute(file).map_err(|error| failed(&error))?,
        Bundle::Stick => match bundle_on(&config.update.stick_folder) {
            OnStick::One(file) => file,
            OnStick::Nothing => {
                let message = format!("there is no bundle (*.raucb) in {}", config.update.stick_folder.display());
                return Err(CtlError::new("update.no-stick", message, "put the stick in, or name the file"));
            }
            OnStick::Several(count) => {
                let message = format!("there are {count} bundles on the stick");
                return Err(CtlError::new("update.several", message, "name the file that is meant"));
            }
        },
    };
    if !file.is_file() {
        let message = format!("{} is not a file", file.display());
        return Err(CtlError::new("update.no-file", message, "check the path"));
    }
    follow(&Folder::at(&config.update.folder), file, when, within)
}

/// Hands the wish to the agent and waits for the end of it.
fn follow(folder: &Folder, file: PathBuf, when: When, within: Duration) -> Result<UsbReport, CtlError> {
    let before = folder.status();
    folder
        .set_request(Some(&Request { file: file.clone(), ask: when == When::Asked }))
        .map_err(|error| failed(&error))?;
    let runtime = runtime().map_err(|error| failed(&error))?;
    let clock = Clock::start();
    let mut has_moved = false;
    while clock.since_start() < within {
        runtime.block_on(pause(LOOK));
        let status = folder.status();
        has_moved |= status != before || folder.request().is_none();
        if has_moved
            && let Some(status) = status
            && folder.request().is_none()
            && matches!(status.phase.as_str(), "restart" | "refused")
        {
            return Ok(UsbReport { file, status });
        }
        // Nobody has taken the wish up, or it still asks: without the stick there is nothing to say yes to.
        if folder.request().is_some() && !file.is_file() {
            folder.set_request(None).map_err(|error| failed(&error))?;
            let message = format!("{} is gone: the stick was taken out", file.display());
            return Err(CtlError::new("update.stick-gone", message, "put it in again; nothing was changed"));
        }
    }
    folder.set_request(None).map_err(|error| failed(&error))?;
    let message = "the update did not come to an end in time".to_owned();
    Err(CtlError::new("update.no-agent", message, "look whether the agent runs, and at `kioskctl update status`"))
}

/// What the manifest of an image with this program has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    /// Version of the program.
    pub version: &'static str,
    /// Newest schema of the store it knows.
    pub store_schema: u32,
    /// Oldest schema whose program can read what it writes.
    pub store_readable_from: u32,
}

impl Report for About {
    fn lines(&self) -> Vec<String> {
        vec![
            format!("version={}", self.version),
            format!("store-schema={}", self.store_schema),
            format!("store-readable-from={}", self.store_readable_from),
        ]
    }
}

/// Tells it.
pub fn about() -> About {
    let (store_schema, store_readable_from) = (NEWEST_SCHEMA, READABLE_FROM);
    About { version: env!("CARGO_PKG_VERSION"), store_schema, store_readable_from }
}

/// The agent, until it is stopped.
///
/// # Errors
/// What could not be used, by name.
pub fn agent(config: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    telemetry::start(&config.log).context("start the log")?;
    let kiosk = config.kiosk.as_str().to_owned();
    let window = Window::parse(&config.update.window).context("read update.window")?;
    let fleet = match &config.update.server {
        None => None,
        Some(server) => {
            let token = Zeroizing::new(
                std::fs::read_to_string(&server.token_file)
                    .with_context(|| format!("read the token in {}", server.token_file.display()))?,
            );
            let token = Zeroizing::new(token.trim().to_owned());
            let who = Credentials { tenant: server.tenant.clone(), kiosk: kiosk.clone(), token };
            Some(Fleet::new(&server.url, Some(&server.ca_file), who)?)
        }
    };
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").context("read the number of this start")?;
    runtime()?.block_on(async {
        let bus = Bus::system().await?;
        let booted = booted(Some(&bus)).await;
        let rules = Rules {
            window,
            offset: offset(&kiosk, config.update.spread, window),
            quiet: config.update.quiet,
            has_fleet: fleet.is_some(),
            booted,
            boot: boot.trim().to_owned(),
            schema: NEWEST_SCHEMA,
        };
        let parts = Parts {
            installer: bus,
            fleet,
            folder: Folder::at(&config.update.folder),
            socket: config.socket.clone(),
            restart_flag: config.update.restart_flag.clone(),
            kiosk,
            notifier: notifier(),
            stick_is_in: false,
        };
        let clock = Clock::start();
        turn_for_ever(parts, rules, || clock.now(), |_| true).await;
        Ok(ExitCode::SUCCESS)
    })
}

/// What runs: the slot as the installer or the kernel tells it, the version as the image itself tells it.
async fn booted(bus: Option<&Bus>) -> Booted {
    let told = match bus {
        Some(bus) => bus.booted().await.inspect_err(|error| tracing::warn!(%error, "no slots")).unwrap_or_default(),
        None => Booted::default(),
    };
    let slot = if told.slot.is_empty() { crate::assemble::boot_slot() } else { told.slot };
    let version = image_version().unwrap_or(if told.version.is_empty() {
        env!("CARGO_PKG_VERSION").to_owned()
    } else {
        told.version
    });
    Booted { slot, version, ..told }
}

/// Version of the image in its release file.
fn image_version() -> Option<String> {
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("IMAGE_VERSION="))?;
    Some(value.trim_matches(['"', '\'']).to_owned()).filter(|version| !version.is_empty())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

#[expect(clippy::disallowed_methods, reason = "between two looks at facts that others change")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

fn failed(error: &dyn std::fmt::Display) -> CtlError {
    CtlError::new(Refusal::Failed.code(), error.to_string(), "look at the update folder and its permissions")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test names its line")]

    use super::*;

    #[test]
    fn a_stick_that_is_taken_out_while_it_asks_leaves_no_wish_behind() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let bundle = place.path().join("new.raucb");
        std::fs::write(&bundle, "a bundle").unwrap();
        let (taken, seen) = (bundle.clone(), folder.clone());
        let hand = std::thread::spawn(move || {
            while seen.request().is_none() {
                std::thread::yield_now();
            }
            std::fs::remove_file(taken).unwrap();
        });
        let error = follow(&folder, bundle, When::Asked, Duration::from_secs(30)).unwrap_err();
        hand.join().unwrap();
        assert_eq!((error.code.as_str(), folder.request()), ("update.stick-gone", None));
    }
}
