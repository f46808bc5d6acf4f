//! Pages after an application, and those that lead elsewhere: kept, accepted, state of a case, window, out of service.

use kiosk_hal::model::{NotPrintedCause, UnknownCause};
use serde::{Deserialize, Serialize};

use super::{Clock, Day, WindowPlace};

/// Paper of a slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "slip")]
pub enum SlipState {
    /// None was asked for.
    None,
    /// Being printed.
    Printing,
    /// Confirmed by the printer.
    Printed,
    /// Certainly not on paper.
    NotPrinted {
        /// Why.
        why: NotPrintedCause,
    },
    /// Nobody can say; look at the slot.
    Unclear {
        /// Why.
        why: UnknownCause,
    },
}

/// Kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Everyday name of the item.
    pub item: String,
    /// The kiosk's number, in groups.
    pub number: String,
    /// Payload of the QR code.
    pub qr: String,
    /// Masked mobile number, if one was given. The pages promise no message and do not show it.
    pub mobile: Option<String>,
    /// The slip.
    pub slip: SlipState,
    /// How sending goes.
    pub sending: Sending,
    /// Telephone to ask at.
    pub phone: String,
}

/// How sending goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sending {
    /// Under way right now.
    Now,
    /// No line; later, by itself.
    Later,
}

/// Accepted by the county's platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// Everyday name of the item.
    pub item: String,
    /// Case number (办件号), in groups.
    pub number: String,
    /// Query code (查询码).
    pub query_code: String,
    /// Payload of the QR code.
    pub qr: String,
    /// Promised day, if the platform gives one.
    pub promised: Option<Day>,
    /// Masked mobile number, if one was given. The pages promise no message and do not show it.
    pub mobile: Option<String>,
    /// The slip.
    pub slip: SlipState,
    /// Materials that still have to be shown at the window.
    pub bring_later: Vec<String>,
}

/// Sent back by the county.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAside {
    /// Everyday name of the item.
    pub item: String,
    /// The kiosk's number, in groups.
    pub number: String,
    /// The slip of the kept application.
    pub slip: SlipState,
    /// Where to go.
    pub window: WindowPlace,
}

/// Scan screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// What to tell.
    pub prompt: ScanPrompt,
}

/// What to tell the person with a slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanPrompt {
    /// Hold the code to the window.
    Place,
    /// Being looked up.
    LookingUp,
    /// Not a code of ours.
    NotOurs,
    /// Nobody knows that number.
    NotFound,
    /// No line, and this machine does not know the case.
    NoLine,
    /// The scanner does not work.
    ScannerLost,
}

/// State of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseStatus {
    /// Everyday name of the item, or the official one.
    pub item: String,
    /// Number, in groups.
    pub number: String,
    /// State in plain words.
    pub state: CaseState,
    /// The platform's own words for it.
    pub raw: String,
    /// When this was true.
    pub as_of: Clock,
    /// The case was asked from the platform just now; otherwise it is the last known state.
    pub live: bool,
    /// Promised day.
    pub promised: Option<Day>,
}

/// Neutral states of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseState {
    /// Kept on this machine, not yet sent (已保存，还没送到).
    Kept,
    /// Set aside; staff see to it.
    SetAside,
    /// 已提交.
    Submitted,
    /// 已收件.
    Received,
    /// 请还缺材料，请补交 (补齐补正).
    SupplementRequired,
    /// 已受理.
    Accepted,
    /// 不予受理.
    NotAccepted,
    /// 审批中.
    InReview,
    /// 办结：准予.
    Granted,
    /// 办结：不予.
    Refused,
    /// 已撤回.
    Withdrawn,
    /// 终止.
    Terminated,
    /// 已送达.
    Delivered,
    /// 办理中（状态由窗口说明）.
    Unknown,
}

/// Go to the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Why.
    pub why: WindowReason,
    /// Everyday name of the item, may be empty.
    pub item: String,
    /// Where.
    pub window: WindowPlace,
}

/// Why the window is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum WindowReason {
    /// The form asks for something this machine cannot take in yet.
    FormNotHere,
    /// The resident asked for it.
    Asked,
    /// No card reader.
    NoReader,
    /// Applications cannot be stored on this machine right now.
    StorageDown,
    /// The item is for people of a higher age, by the birth date on the card.
    NotOldEnough {
        /// From this age on.
        years: u8,
    },
}

/// Take card and paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// A card was read in this visit.
    pub card: bool,
    /// A slip was printed in this visit.
    pub paper: bool,
}

/// Out of service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutOfService {
    /// Why.
    pub reasons: Vec<OutReason>,
    /// Guides can still be read.
    pub guides_work: bool,
    /// Where to go.
    pub window: WindowPlace,
    /// Small line for the technician: codes.
    pub codes: String,
    /// The line leads to the technician's page. Without an engine there is none.
    #[serde(default)]
    pub leads_on: bool,
}

/// Why the machine cannot serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutReason {
    /// Applications cannot be stored.
    Storage,
    /// The catalogue is missing or broken.
    Catalogue,
    /// The machine is being set up or maintained.
    Maintenance,
    /// It was switched on a moment ago.
    Starting,
}
