//! The validated configuration. Every value in here is good; it travels in pieces to those who need it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::layers::Source;
use crate::domain::outbox::Limits;
use crate::domain::place::{KioskCode, Place};
use crate::domain::recount::Timetable;
use crate::domain::text::Text;
use crate::seal::Suite;

/// The whole configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Number of this kiosk in its county.
    pub kiosk: KioskCode,
    /// Where it stands; gives the centre its name.
    pub place: Place,
    /// The window that helps on.
    pub window: Window,
    /// Which devices there are.
    pub devices: Devices,
    /// The county's platform.
    pub county: County,
    /// The seal of what residents hand in.
    pub seal: Seal,
    /// Folder of the database.
    pub store_folder: PathBuf,
    /// Slips that anybody can check.
    pub receipt: Receipt,
    /// Folder of the catalogue.
    pub catalogue_folder: PathBuf,
    /// Packages that are installed over it.
    pub packages: Packages,
    /// The screen.
    pub screen: Screen,
    /// Times of a visit.
    pub visit: Visit,
    /// Times between attempts to send.
    pub backoff: Backoff,
    /// How much may wait here.
    pub limits: Limits,
    /// When to count against the county.
    pub recount: Timetable,
    /// Socket between engine, screen and `kioskctl`.
    pub socket: PathBuf,
    /// Updates of the image.
    pub update: Update,
    /// Where the machine is set up, if it is set up on its own screen.
    pub setup: Option<Setup>,
    /// Logs.
    pub log: Log,
    pub(super) sources: BTreeMap<String, Source>,
}

impl Config {
    /// Where the value of a key such as `visit.idle_wipe_s` comes from; `None` if nobody set it.
    pub fn source_of(&self, key: &str) -> Option<&Source> {
        self.sources.get(key)
    }

    /// All keys that have a value, in order, with where it comes from.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(key, source)| (key.as_str(), source))
    }
}

/// Slips that anybody can check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// File with the key that slips are signed with. Without it they are not signed.
    pub key_file: Option<PathBuf>,
    /// Page of the county on which anybody can check a slip.
    pub check_page: Option<String>,
}

/// Packages of the catalogue that are installed on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    /// Folder of the two sets. Without it the shipped files are the catalogue.
    pub folder: Option<PathBuf>,
    /// Folder with the keys of those who may sign, by the code of their place.
    pub keys: PathBuf,
}

/// What the image brings with it: everything but the place, the number and the county of one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct VendorConfig {
    /// Number of the kiosk, if it has one already.
    pub kiosk: Option<KioskCode>,
    /// Which devices there are.
    pub devices: Devices,
    /// Folder of the database.
    pub store_folder: PathBuf,
    /// Folder of the catalogue.
    pub catalogue_folder: PathBuf,
    /// The screen.
    pub screen: Screen,
    /// Times of a visit.
    pub visit: Visit,
    /// Times between attempts to send.
    pub backoff: Backoff,
    /// Socket between engine, screen and `kioskctl`.
    pub socket: PathBuf,
    /// Where the machine is set up.
    pub setup: Option<Setup>,
    /// Folder of what updates remember.
    pub update_folder: PathBuf,
    /// Logs.
    pub log: Log,
}

/// What a configuration is good for.
#[derive(Debug, Clone, PartialEq)]
pub enum Loaded {
    /// For serving.
    Whole(Box<Config>),
    /// For setting up: place, number or county are missing, and there is a folder to write them to.
    ToSetUp(Box<VendorConfig>),
}

/// Where a machine finds and keeps what its set-up needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Folder on the data partition: `config.d`, `county`, `keys`, `network`, and the progress of the set-up.
    pub folder: PathBuf,
    /// Folder with the keys (`*.pub`) of the authorities whose enrolment codes count.
    pub enrolment_keys: PathBuf,
    /// File with the places to choose from.
    pub places: PathBuf,
    /// Folder in which a prepared card's `provision.toml` is found.
    pub inbox: PathBuf,
}

/// The window of the centre (全科窗口).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Name.
    pub name: Text,
    /// Address.
    pub address: Text,
    /// Opening hours.
    pub hours: Text,
    /// Telephone.
    pub phone: String,
}

/// The devices; an absent one is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Devices {
    /// ID card reader.
    pub id_reader: Option<IdReader>,
    /// Receipt printer.
    pub printer: Option<Printer>,
    /// Code scanner.
    pub scanner: Option<Scanner>,
}

/// ID card reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdReader {
    /// Its serial line.
    pub port: PathBuf,
    /// Its speed.
    pub baud: Baud,
}

/// Speed of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baud {
    /// The driver finds it.
    Auto,
    /// Fixed, in baud.
    Fixed(u32),
}

/// Receipt printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printer {
    /// Its serial line.
    pub port: PathBuf,
    /// Its speed in baud, where it differs from the profile's.
    pub baud: Option<u32>,
    /// What it can do.
    pub profile: PrinterProfileRef,
}

/// Where a printer profile is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrinterProfileRef {
    /// A shipped one, by name.
    Shipped(String),
    /// A TOML file.
    File(PathBuf),
}

/// Code scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanner {
    /// Its serial line.
    pub port: PathBuf,
    /// Its speed in baud.
    pub baud: u32,
    /// Which commands it knows.
    pub kind: ScannerKind,
}

/// Families of scanners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScannerKind {
    /// The "unified" commands of Newland and alike: can be triggered and set up.
    Newland,
    /// Sends codes, is sent nothing.
    Plain,
}

/// Keys of the seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Algorithms.
    pub suite: Suite,
    /// The county's public key.
    pub county_key_file: PathBuf,
    /// The kiosk's key for lookup tags; `None`: made at the first start, in the folder of the store.
    pub lookup_key_file: Option<PathBuf>,
}

/// The county's platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct County {
    /// `https://host` or `https://host:port`, without a slash at the end.
    pub url: String,
    /// Name of this kiosk towards the platform.
    pub app_id: String,
    /// File with the shared secret.
    pub secret_file: PathBuf,
    /// File with the certificates (PEM) the platform's certificate must lead to.
    pub ca_file: PathBuf,
    /// For the connection alone.
    pub connect_timeout: Duration,
    /// For a whole request with its answer.
    pub request_timeout: Duration,
}

/// The screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Folder with the fonts.
    pub fonts: PathBuf,
    /// Pixels.
    pub size: ScreenSize,
}

/// Size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// Times of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// Without a touch for so long: "are you still here?"
    pub idle_warning: Duration,
    /// Without a touch for so long: the visit ends and everything is wiped. Longer than `idle_warning`.
    pub idle_wipe: Duration,
    /// "Take your card and paper" stays this long.
    pub take: Duration,
}

/// Times between attempts to send; the jitter is drawn below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Upper bound of the first wait.
    pub first: Duration,
    /// Upper bound of every wait. Not shorter than `first`.
    pub cap: Duration,
}

/// Updates of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Folder of what must survive a fall-back.
    pub folder: PathBuf,
    /// The rollout server; `None` = updates come by stick alone.
    pub server: Option<UpdateServer>,
    /// Hours for updates of the server, as written: `02:00-05:00`.
    pub window: String,
    /// Kiosks take their turns within this after the window opens.
    pub spread: Duration,
    /// Nobody must have used the machine for so long before it restarts.
    pub quiet: Duration,
    /// Where the system mounts a stick.
    pub stick_folder: PathBuf,
    /// File that is made when the machine is to restart.
    pub restart_flag: PathBuf,
}

/// The rollout server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateServer {
    /// `https://host` or `https://host:port`.
    pub url: String,
    /// Tenant there.
    pub tenant: String,
    /// File with this kiosk's token.
    pub token_file: PathBuf,
    /// File with the certificates (PEM) that the server's must lead to.
    pub ca_file: PathBuf,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Form of a line.
    pub format: LogFormat,
    /// How much.
    pub level: LogLevel,
    /// Where to; `None` is standard error.
    pub file: Option<PathBuf>,
}

/// Form of a line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For reading.
    Text,
}

/// How much is logged; each level holds the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// The kiosk cannot serve.
    Error,
    /// Someone should look today.
    Warn,
    /// What a technician would tell on the telephone.
    Info,
    /// Small deviations.
    Debug,
    /// Follows the code.
    Trace,
}
