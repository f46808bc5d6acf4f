//! Pages of the first start: language, place, network, enrolment, devices, done.

use kiosk_hal::model::Role;
use serde::{Deserialize, Serialize};

use super::Pages;

/// One page of the set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// Why the file on the boot partition was not used, if there was one.
    pub file: Option<EnrolRefusal>,
    /// The step just finished could not be written to the disk.
    pub not_saved: bool,
    /// A step is being written to the disk; touches wait.
    pub saving: bool,
    /// The page. On the wire the word `page` is taken: it names the body.
    #[serde(rename = "step")]
    pub page: SetupPage,
}

/// Pages of the set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "setup")]
pub enum SetupPage {
    /// 中文 or English.
    Language,
    /// One level of the place, to be chosen from a list.
    Place(SetupPlace),
    /// The name of the centre as it follows from the choice: is it right?
    Centre {
        /// Full name of the centre.
        centre: String,
    },
    /// The line: a cable, and an address that came by itself.
    Network(SetupNetwork),
    /// One number of a fixed address.
    Address(SetupAddress),
    /// The county's code, please.
    Enrol(SetupEnrol),
    /// Every device tried once.
    Devices {
        /// Reader, printer, scanner.
        devices: Vec<SetupDevice>,
        /// Every one works or is absent on purpose.
        ready: bool,
    },
    /// Everything is written; the machine starts.
    Done {
        /// Number of the kiosk.
        kiosk: String,
        /// Full name of the centre.
        centre: String,
    },
}

/// Level of a place that is being chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupLevel {
    /// City.
    City,
    /// County, district, county-level city or zone.
    County,
    /// Town, township or street.
    Town,
    /// The town's own centre, or one of its villages and communities.
    Centre,
}

/// One level of the place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupPlace {
    /// Which level.
    pub level: SetupLevel,
    /// What was chosen above, from the city down.
    pub chosen: Vec<String>,
    /// What can be chosen, one page of it.
    pub options: Vec<SetupOption>,
    /// Which page of the list.
    pub pages: Pages,
}

/// One place of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupOption {
    /// What the intent `choose` names.
    pub value: String,
    /// Its name.
    pub label: String,
}

/// The line as the machine finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupNetwork {
    /// A cable is plugged in.
    pub cable: bool,
    /// Address in use; empty while there is none.
    pub address: String,
    /// The address of a fixed setting; empty for an automatic one.
    pub fixed: String,
}

/// Numbers of a fixed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupNumber {
    /// Address of this machine.
    Address,
    /// Length of the network's prefix, such as 24.
    Prefix,
    /// Address of the router.
    Gateway,
    /// Address of the name server.
    Dns,
}

/// One number of a fixed address, being typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupAddress {
    /// Which.
    pub number: SetupNumber,
    /// What was typed, in groups of three digits.
    pub shown: String,
    /// Digits to go.
    pub missing: usize,
    /// What was typed is no such number.
    pub wrong: bool,
}

/// The enrolment with the county.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupEnrol {
    /// What is happening.
    pub prompt: EnrolPrompt,
    /// Small line for the technician: a stable code, empty while all is well.
    pub code: String,
}

/// What the enrolment page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "prompt")]
pub enum EnrolPrompt {
    /// Hold the county's code to the scanner.
    Scan,
    /// The county is being asked.
    Asking,
    /// The scanner does not work; the answer can come by file.
    ScannerLost,
    /// It did not work; another code may be held up.
    Refused {
        /// Why.
        why: EnrolRefusal,
    },
}

/// Why an enrolment, or a file on the boot partition, was not taken. Each is one plain sentence on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnrolRefusal {
    /// Not an enrolment code at all.
    NotACode,
    /// Longer than any code of a county.
    TooLong,
    /// Not signed by an authority this machine trusts, or changed after signing.
    Foreign,
    /// Its time is over.
    Expired,
    /// It was used for another machine.
    Used,
    /// It is for another kiosk.
    OtherKiosk,
    /// It is for another place than the one chosen here.
    OtherPlace,
    /// Its address is not one that a machine may speak to.
    BadAddress,
    /// The county cannot be reached.
    NoLine,
    /// Who answers is not the county named by the code.
    OtherCounty,
    /// The county answered, and refused.
    CountyRefused,
    /// The county's answer cannot be used.
    BadAnswer,
    /// What the county gave could not be written to the disk.
    NotStored,
    /// The file is damaged.
    BadFile,
}

impl EnrolRefusal {
    /// Every reason, for the screens' tests.
    pub const ALL: [Self; 14] = [
        Self::NotACode,
        Self::TooLong,
        Self::Foreign,
        Self::Expired,
        Self::Used,
        Self::OtherKiosk,
        Self::OtherPlace,
        Self::BadAddress,
        Self::NoLine,
        Self::OtherCounty,
        Self::CountyRefused,
        Self::BadAnswer,
        Self::NotStored,
        Self::BadFile,
    ];

    /// Stable code, listed in `config/events.md`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotACode => "setup.not-a-code",
            Self::TooLong => "setup.too-long",
            Self::Foreign => "setup.foreign",
            Self::Expired => "setup.expired",
            Self::Used => "setup.used",
            Self::OtherKiosk => "setup.other-kiosk",
            Self::OtherPlace => "setup.other-place",
            Self::BadAddress => "setup.bad-address",
            Self::NoLine => "setup.no-line",
            Self::OtherCounty => "setup.other-county",
            Self::CountyRefused => "setup.county-refused",
            Self::BadAnswer => "setup.bad-answer",
            Self::NotStored => "setup.not-stored",
            Self::BadFile => "setup.bad-file",
        }
    }

    /// Trying again with the same code can help.
    pub const fn may_pass(self) -> bool {
        match self {
            Self::NoLine | Self::NotStored | Self::BadAnswer => true,
            Self::NotACode
            | Self::TooLong
            | Self::Foreign
            | Self::Expired
            | Self::Used
            | Self::OtherKiosk
            | Self::OtherPlace
            | Self::BadAddress
            | Self::OtherCounty
            | Self::CountyRefused
            | Self::BadFile => false,
        }
    }
}

/// One device and how its try went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupDevice {
    /// Which.
    pub role: Role,
    /// How it went.
    pub check: DeviceCheck,
    /// Small line for the technician: a stable code, empty while all is well.
    pub code: String,
}

/// How the try of a device went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceCheck {
    /// Not tried yet.
    Untried,
    /// Being tried.
    Trying,
    /// It works.
    Works,
    /// The slip was sent; nobody can say whether it came out. A person has to look.
    Look,
    /// It does not.
    Fails,
    /// This machine has none, on purpose.
    Absent,
}
