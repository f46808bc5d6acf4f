//! `kioskctl provision`: prepared cards, the way without a line, and what a machine was set up with.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{CtlError, Report};
use crate::config::{VendorConfig, check_county_url};
use crate::domain::setup::{Expected, NetworkChoice, Provision};
use crate::engine::{Clock, check_answer, wall_clock};
use crate::ipc::Language;
use crate::provision::answer::fingerprint_of;
use crate::provision::{
    DiskError, EnrolCode, Folders, KeyError, MachineKey, Request, Rollout, SigningKey, Trusted, card_text, disk,
    read_list,
};

/// The list of machines and their tokens, for the rollout server.
const TARGETS: &str = "rollout-targets.csv";

/// What cards are made from.
#[derive(Debug, Clone)]
pub struct MakeFrom<'a> {
    /// The table of machines.
    pub list: &'a Path,
    /// Private key of the county's authority.
    pub county_key: &'a Path,
    /// Certificate (PEM) of the authority that vouches for the platform.
    pub authority: &'a Path,
    /// Address of the platform.
    pub url: &'a str,
    /// Folder for the cards.
    pub out: &'a Path,
    /// Days that the enrolment codes count.
    pub days: u16,
    /// The rollout server: address, tenant, and its authority's certificates (PEM).
    pub rollout: Option<(&'a str, &'a str, &'a Path)>,
}

/// Cards that were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// One file for each machine, in the order of the table.
    pub cards: Vec<String>,
}

impl Report for Made {
    fn lines(&self) -> Vec<String> {
        let mut lines = self.cards.clone();
        lines.push(format!("{} cards; put each provision.toml on the boot partition of its card", self.cards.len()));
        lines
    }
}

/// Makes one signed card for each row. Everything is checked before the first is written.
///
/// # Errors
/// The first mistake of the table with line and column, a key, or a file.
pub fn make(from: &MakeFrom<'_>) -> Result<Made, CtlError> {
    let table = text_of(from.list)?;
    let rows = read_list(&table).map_err(|error| {
        let message = format!("{}, {error}", from.list.display());
        CtlError::new("provision.list", message, "correct the table and make the cards again; nothing was written")
    })?;
    let url = check_county_url("--url", from.url)?;
    let key = SigningKey::read(from.county_key)?;
    let authority = fingerprint_of(&text_of(from.authority)?).ok_or_else(|| {
        let message = format!("{} holds no certificate", from.authority.display());
        CtlError::new("provision.authority", message, "give the certificate of the platform's authority in PEM")
    })?;
    let rollout = match from.rollout {
        None => None,
        Some((url, tenant, ca)) => {
            let token = String::new();
            Some(Rollout {
                url: check_county_url("--rollout-url", url)?,
                tenant: tenant.to_owned(),
                token,
                ca: text_of(ca)?,
            })
        }
    };
    let now = wall_clock();
    let expires = now
        .checked_add(jiff::SignedDuration::from_hours(i64::from(from.days) * 24))
        .map_err(|error| CtlError::new("provision.days", error.to_string(), "give fewer days"))?;
    let clock = Clock::start();
    let mut cards = Vec::new();
    let mut targets = "controllerId,name,securityToken\n".to_owned();
    for row in rows {
        let code = EnrolCode {
            url: url.clone(),
            authority,
            token: hex::encode(clock.now().chance),
            expires,
            kiosk: row.kiosk.clone(),
            place: row.place.code().to_owned(),
        };
        let code = code.sign(&key).map_err(|error| CtlError::new("provision.code", error.to_string(), "report it"))?;
        let provision = Provision {
            kiosk: row.kiosk.clone(),
            language: Language::Zh,
            place: row.place.parts().clone(),
            window: row.window,
            network: row.network,
            devices: row.devices,
            code,
        };
        // Each machine has a token of its own; the list of them is what the server is given.
        let rollout = rollout.clone().map(|general| {
            let mut own = general;
            own.token = hex::encode(clock.now().chance);
            own
        });
        if let Some(rollout) = &rollout {
            if !rollout.is_good() {
                let message = "tenant or certificates of the rollout server cannot be used";
                let todo = "give a tenant of letters, digits, - . or _, and the authority's certificate in PEM";
                return Err(CtlError::new("provision.rollout", message, todo));
            }
            writeln!(targets, "{0},{0},{1}", row.kiosk, rollout.token).ok();
        }
        let text = card_text(&provision, &row.place, rollout.as_ref(), &key);
        cards.push((from.out.join(row.kiosk.as_str()).join("provision.toml"), text));
    }
    if rollout.is_some() {
        cards.push((from.out.join(TARGETS), targets));
    }
    let mut made = Vec::new();
    for (path, text) in cards {
        // A card holds the token of its machine: nobody else's business.
        disk::write(&path, text.as_bytes(), disk::SECRET)?;
        made.push(path.display().to_string());
    }
    Ok(Made { cards: made })
}

/// A file that was written or taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// Number of the kiosk.
    pub kiosk: String,
    /// Which file.
    pub file: String,
    /// What to do next.
    pub next: &'static str,
}

impl Report for Carried {
    fn lines(&self) -> Vec<String> {
        vec![format!("{}: {}", self.kiosk, self.file), self.next.to_owned()]
    }
}

/// Writes the request of this machine to a file, to be carried to the county. With a code it is made for that code;
/// without one it is the request of the last code that was scanned.
///
/// # Errors
/// There is no code yet, or it is refused; or a file.
pub fn request(config: &Path, code: Option<&Path>, out: &Path) -> Result<Carried, CtlError> {
    let (folders, trusted) = machine(config)?;
    let text = match code {
        Some(path) => text_of(path)?,
        None => match disk::read(&folders.request())? {
            Some(json) => serde_json::from_str::<Request>(&json).map(|request| request.code).unwrap_or_default(),
            None => {
                return Err(CtlError::new(
                    "provision.no-code",
                    "no code of the county was scanned on this machine",
                    "scan it at the machine, or give its text with --code FILE",
                ));
            }
        },
    };
    let floor = time_floor();
    let read = EnrolCode::read(&text, &trusted, floor, &Expected::default())
        .map_err(|why| CtlError::new(why.code(), "the code is not taken", "ask the county for a new one"))?;
    let (request, _key) = Request::make(&folders, &text, &read)?;
    let json = serde_json::to_vec(&request)
        .map_err(|error| CtlError::new("provision.request", error.to_string(), "report it"))?;
    disk::write(out, &json, disk::SECRET)?;
    Ok(Carried {
        kiosk: read.kiosk.to_string(),
        file: out.display().to_string(),
        next: "carry it to the county; bring its answer back with `kioskctl provision accept`",
    })
}

/// Takes the county's answer that was carried here, by the checks of an answer over the line. The set-up on the screen goes
/// on by itself.
///
/// # Errors
/// The answer is refused, and why; or a file.
pub fn accept(config: &Path, file: &Path) -> Result<Carried, CtlError> {
    let (folders, trusted) = machine(config)?;
    let text = text_of(file)?;
    let place = folders.config(crate::provision::settings::WRITTEN[0]);
    if place.exists() {
        let message = "this machine is set up, and its secret is a newer one".to_owned();
        let next = "if it is to be enrolled anew: `kioskctl provision reset --yes`, then scan a new code";
        return Err(CtlError::new("provision.set-up", message, next));
    }
    let answer = check_answer(&folders, &trusted, time_floor(), text.as_bytes())
        .map_err(|why| CtlError::new(why.code(), "the answer is not taken", "see config/events.md for the code"))?;
    disk::write(&folders.answer(), text.as_bytes(), disk::SECRET)?;
    Ok(Carried {
        kiosk: answer.grant().kiosk.to_string(),
        file: file.display().to_string(),
        next: "taken; the set-up on the screen goes on by itself. Wipe the stick: it carried the machine's secret",
    })
}

/// What a machine was set up with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Steps that are finished while the set-up runs, of 6; none when it is over or has not begun.
    pub finished_steps: Option<u8>,
    /// How the address comes, while the set-up runs.
    pub network: Option<String>,
    /// Fingerprint of the machine's key, which orders name; none before the first enrolment.
    pub machine: Option<String>,
    /// Files that the set-up wrote, with their text. None holds a secret.
    pub files: Vec<(String, String)>,
}

impl Report for Shown {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(steps) = self.finished_steps {
            lines.push(format!("the set-up is under way: {steps} of 6 steps finished"));
        }
        lines.extend(self.network.clone());
        lines.extend(self.machine.iter().map(|machine| format!("machine's key {machine}")));
        for (file, text) in &self.files {
            lines.push(file.clone());
            lines.extend(text.lines().map(|line| format!("  {line}")));
        }
        if lines.is_empty() {
            lines.push("nothing is set up".to_owned());
        }
        lines
    }
}

/// Shows what the set-up wrote.
///
/// # Errors
/// The configuration, or a file.
pub fn show(config: &Path) -> Result<Shown, CtlError> {
    let (folders, _) = machine(config)?;
    let progress = crate::provision::settings::resume(&folders);
    let mut files = Vec::new();
    for name in crate::provision::settings::WRITTEN {
        let path = folders.config(name);
        if let Some(text) = disk::read(&path)? {
            files.push((path.display().to_string(), text));
        }
    }
    let network = progress.as_ref().and_then(|progress| progress.network).map(|choice| match choice {
        NetworkChoice::Dhcp => "address from the network".to_owned(),
        NetworkChoice::Fixed(fixed) => format!("fixed address {}/{}", fixed.address(), fixed.prefix()),
    });
    let finished_steps = progress.map(|progress| progress.step().number() - 1);
    Ok(Shown { finished_steps, network, machine: fingerprint(&folders)?, files })
}

/// Fingerprint of the machine's key, if it has one; none is made.
pub(super) fn fingerprint(folders: &Folders) -> Result<Option<String>, CtlError> {
    let key = folders.machine_key();
    Ok(if key.exists() { Some(MachineKey::open_or_make(&key)?.fingerprint()) } else { None })
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reset {
    /// Files that are gone.
    pub removed: Vec<String>,
}

impl Report for Reset {
    fn lines(&self) -> Vec<String> {
        let mut lines = self.removed.clone();
        lines.push("start the kiosk again: it begins its set-up. Database, key and certificates stay".to_owned());
        lines
    }
}

/// Removes what the set-up wrote, so that the next start begins it anew. The database, the machine's key and the county's
/// files stay: applications may wait in the one, and the others are of use again.
///
/// # Errors
/// Not confirmed; the configuration; or a file.
pub fn reset(config: &Path, yes: bool) -> Result<Reset, CtlError> {
    let (folders, _) = machine(config)?;
    if !yes {
        let message = "this takes the machine out of service until it is set up again";
        return Err(CtlError::new("provision.not-confirmed", message, "say --yes if that is meant"));
    }
    Ok(Reset { removed: remove_settings(&folders)? })
}

/// Removes them and says which were there.
pub(super) fn remove_settings(folders: &Folders) -> Result<Vec<String>, CtlError> {
    let mut removed = Vec::new();
    // The number of the kiosk first: without it the configuration is not whole, and a loss of power here begins the set-up.
    let names = crate::provision::settings::WRITTEN.map(|name| folders.config(name));
    for path in names.into_iter().chain([folders.progress(), folders.answer(), folders.network()]) {
        if path.exists() {
            disk::remove(&path)?;
            removed.push(path.display().to_string());
        }
    }
    Ok(removed)
}

/// The folders of a machine and whom it trusts.
pub(super) fn machine(config: &Path) -> Result<(Folders, Trusted), CtlError> {
    let vendor = VendorConfig::load(config)?;
    let setup = vendor.setup.ok_or_else(|| {
        let message = format!("{} has no setup.folder", config.display());
        CtlError::new(
            "provision.no-folder",
            message,
            "this machine is not set up on its own screen; edit its configuration",
        )
    })?;
    Ok((Folders::under(&setup.folder), Trusted::read(&setup.enrolment_keys)?))
}

/// A moment that has certainly passed: this version was written after it, or the image was made then.
pub fn time_floor() -> jiff::Timestamp {
    let of_image = fs::metadata("/usr/lib/clock-epoch").and_then(|file| file.modified()).ok();
    let of_image = of_image.and_then(|time| jiff::Timestamp::try_from(time).ok());
    FLOOR.max(of_image.unwrap_or(FLOOR))
}

/// 1 November 2026.
const FLOOR: jiff::Timestamp = jiff::Timestamp::constant(1_793_491_200, 0);

pub(super) fn text_of(path: &Path) -> Result<String, CtlError> {
    fs::read_to_string(path).map_err(|source| {
        let path = PathBuf::from(path);
        CtlError::new("file.unreadable", format!("cannot read {}: {source}", path.display()), "check the path")
    })
}

impl From<DiskError> for CtlError {
    fn from(error: DiskError) -> Self {
        Self::new("file.disk", error.to_string(), "check path, space and permissions")
    }
}

impl From<KeyError> for CtlError {
    fn from(error: KeyError) -> Self {
        Self::new("provision.key", error.to_string(), "give the right key file, or check its permissions")
    }
}
