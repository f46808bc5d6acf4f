//! What has been finished, as it stands on the disk: the set-up goes on from here after a loss of power.

use kiosk_hal::model::Role;
use serde::{Deserialize, Serialize};

use super::network::NetworkChoice;
use crate::domain::place::{KioskCode, Place, PlaceParts};
use crate::domain::settings::WindowSettings;
use crate::ipc::{DeviceCheck, Language};

/// Version of the form on the disk. A newer one is not understood and is begun again.
pub const PROGRESS_VERSION: u8 = 1;

/// Steps in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Language.
    Language,
    /// Place.
    Place,
    /// Network.
    Network,
    /// Enrolment with the county.
    Enrol,
    /// Devices.
    Devices,
    /// Everything is known; the settings are written.
    Done,
}

impl Step {
    /// How many there are.
    pub const COUNT: u8 = 6;

    /// Number of the step, from 1.
    pub const fn number(self) -> u8 {
        match self {
            Self::Language => 1,
            Self::Place => 2,
            Self::Network => 3,
            Self::Enrol => 4,
            Self::Devices => 5,
            Self::Done => 6,
        }
    }

    /// Minutes a technician needs from here on, rounded up.
    pub const fn minutes_left(self) -> u8 {
        match self {
            Self::Language | Self::Place => 5,
            Self::Network => 4,
            Self::Enrol => 3,
            Self::Devices => 2,
            Self::Done => 0,
        }
    }
}

/// The finished steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Version of this form.
    pub version: u8,
    /// Language of the set-up.
    pub language: Option<Language>,
    /// Place.
    pub place: Option<PlaceChoice>,
    /// Network.
    pub network: Option<NetworkChoice>,
    /// What the county gave; its files are on the disk by then.
    pub enrolled: Option<Grant>,
    /// Devices.
    pub devices: Option<FittedDevices>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { version: PROGRESS_VERSION, language: None, place: None, network: None, enrolled: None, devices: None }
    }
}

/// How the place was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum PlaceChoice {
    /// From a list, or from a file.
    Chosen {
        /// The place.
        place: Box<PlaceParts>,
        /// The window of its centre, where the file tells it.
        window: Option<Box<WindowSettings>>,
    },
    /// No list has it: the county names it when the machine enrols.
    County,
}

/// What the county gave. The secret and the certificates are files and not in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Number of the kiosk.
    pub kiosk: KioskCode,
    /// Address of the platform.
    pub url: String,
    /// Name of the kiosk towards the platform.
    pub app_id: String,
    /// Suite that applications are sealed with, in the word of the configuration.
    pub seal_suite: String,
    /// The place as the county knows it; `None` where it knows the code alone.
    pub place: Option<PlaceParts>,
    /// The window of the centre as the county knows it.
    pub window: Option<WindowSettings>,
}

/// Which devices this machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedDevices {
    /// ID card reader.
    pub reader: bool,
    /// Printer.
    pub printer: bool,
    /// Scanner.
    pub scanner: bool,
}

impl FittedDevices {
    /// Whether the device of this role is there.
    pub const fn has(self, role: Role) -> bool {
        match role {
            Role::IdReader => self.reader,
            Role::Printer => self.printer,
            Role::Scanner => self.scanner,
        }
    }
}

impl Progress {
    /// The first step that is not finished.
    pub fn step(&self) -> Step {
        if self.language.is_none() {
            Step::Language
        } else if self.place.is_none() {
            Step::Place
        } else if self.network.is_none() {
            Step::Network
        } else if self.enrolled.is_none() {
            Step::Enrol
        } else if self.devices.is_none() {
            Step::Devices
        } else {
            Step::Done
        }
    }

    /// Takes what was read from the disk. A form that is not understood, or a place that does not fit together, counts as
    /// nothing: the set-up begins again, and nothing wrong is carried on.
    pub fn checked(self) -> Option<Self> {
        let places = [
            match &self.place {
                Some(PlaceChoice::Chosen { place, .. }) => Some(place.as_ref().clone()),
                Some(PlaceChoice::County) | None => None,
            },
            self.enrolled.as_ref().and_then(|grant| grant.place.clone()),
        ];
        let good = places.into_iter().flatten().all(|parts| Place::new(parts).is_ok());
        (self.version == PROGRESS_VERSION && good).then_some(self)
    }

    /// The place of the machine: the county's word counts, before that the choice.
    pub fn place(&self) -> Option<Place> {
        let granted = self.enrolled.as_ref().and_then(|grant| grant.place.clone());
        let parts = match (granted, &self.place) {
            (Some(parts), _) => parts,
            (None, Some(PlaceChoice::Chosen { place, .. })) => place.as_ref().clone(),
            (None, Some(PlaceChoice::County) | None) => return None,
        };
        Place::new(parts).ok()
    }

    /// The window of the centre: the county's word counts, before that the file's.
    pub fn window(&self) -> Option<WindowSettings> {
        let granted = self.enrolled.as_ref().and_then(|grant| grant.window.clone());
        granted.or_else(|| match &self.place {
            Some(PlaceChoice::Chosen { window, .. }) => window.as_deref().cloned(),
            Some(PlaceChoice::County) | None => None,
        })
    }
}

/// The devices of a machine and how their tries went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checks {
    reader: DeviceCheck,
    printer: DeviceCheck,
    scanner: DeviceCheck,
}

/// Roles in the order a visit meets them.
pub const ROLES: [Role; 3] = [Role::IdReader, Role::Printer, Role::Scanner];

impl Checks {
    /// Nothing tried; what the machine does not have is absent.
    pub fn new(fitted: FittedDevices) -> Self {
        let first = |role| if fitted.has(role) { DeviceCheck::Untried } else { DeviceCheck::Absent };
        Self { reader: first(Role::IdReader), printer: first(Role::Printer), scanner: first(Role::Scanner) }
    }

    /// How the try of this device went.
    pub const fn of(&self, role: Role) -> DeviceCheck {
        match role {
            Role::IdReader => self.reader,
            Role::Printer => self.printer,
            Role::Scanner => self.scanner,
        }
    }

    /// Notes how the try of a device went.
    pub fn set(&mut self, role: Role, check: DeviceCheck) {
        match role {
            Role::IdReader => self.reader = check,
            Role::Printer => self.printer = check,
            Role::Scanner => self.scanner = check,
        }
    }

    /// Every device works or is absent on purpose.
    pub fn are_settled(&self) -> bool {
        ROLES.into_iter().all(|role| matches!(self.of(role), DeviceCheck::Works | DeviceCheck::Absent))
    }

    /// What the machine has.
    pub fn fitted(&self) -> FittedDevices {
        let has = |role| self.of(role) != DeviceCheck::Absent;
        FittedDevices { reader: has(Role::IdReader), printer: has(Role::Printer), scanner: has(Role::Scanner) }
    }
}
