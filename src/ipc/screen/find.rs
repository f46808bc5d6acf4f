//! Pages before an application: idle, themes, lists, the guide of an item.

use serde::{Deserialize, Serialize};

use super::{ServiceLine, SlipState};

/// Whether something works right now, in the resident's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Works {
    /// Yes.
    Yes,
    /// With a limit (paper low).
    Low,
    /// No.
    No,
    /// Being found out.
    Checking,
}

/// Idle screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// Reading an ID card.
    pub card: Works,
    /// Printing.
    pub paper: Works,
    /// Line to the county. `No` means: kept here, sent later.
    pub line: Works,
    /// Items that can be applied for here.
    pub apply_count: usize,
    /// All items with a guide.
    pub guide_count: usize,
    /// What is held back.
    pub held: Held,
    /// Local notices in force today.
    pub notices: Vec<String>,
    /// What the technician should know, and his way in.
    pub service: ServiceLine,
}

/// What the machine holds back, for residents and for staff who pass by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// Nothing.
    #[default]
    Nothing,
    /// Applications are taken and kept, but the county does not take any from this machine.
    SendingStopped,
    /// None are taken: those that wait have waited too long for the line.
    OfflineTooLong,
    /// None are taken: too many wait for the line.
    TooManyWaiting,
    /// None are taken: the disk is nearly full.
    NoRoom,
}

/// Home screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Home {
    /// At most six.
    pub themes: Vec<Tile>,
}

/// Departments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Departments {
    /// One tile each.
    pub departments: Vec<Tile>,
}

/// A tile that leads to a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    /// Id for the intent.
    pub id: String,
    /// Title.
    pub title: String,
    /// What is in it, in a few words.
    pub summary: String,
    /// Number of items.
    pub count: usize,
    /// Name of an icon of the shipped set.
    pub icon: String,
}

/// What can be done here with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CanDo {
    /// 可在这里办.
    Apply,
    /// 先填后到窗口: fill in here, finish at the window.
    Prefill,
    /// 只能看: guide only.
    GuideOnly,
    /// The form needs something this machine does not have yet: window.
    WindowOnly,
}

/// List of items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct List {
    /// Title of the theme or department.
    pub title: String,
    /// The rows of this page, at most five.
    pub rows: Vec<ItemRow>,
    /// Which page.
    pub pages: Pages,
}

/// Position in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// From 1.
    pub page: usize,
    /// At least 1.
    pub of: usize,
}

/// One item in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemRow {
    /// Id for the intent.
    pub id: String,
    /// Everyday name.
    pub plain_name: String,
    /// Official name.
    pub name: String,
    /// Owning department, short.
    pub department: String,
    /// What can be done here.
    pub can: CanDo,
}

/// Guide of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemGuide {
    /// Everyday name.
    pub plain_name: String,
    /// Official name.
    pub name: String,
    /// What can be done here.
    pub can: CanDo,
    /// Item code (业务办理项编码), small type.
    pub code: String,
    /// Owning body, full name.
    pub owner: String,
    /// Level of the owner: 1 state … 6 village.
    pub level: u8,
    /// Who may apply (受理条件).
    pub who: Vec<String>,
    /// What to bring (申请材料).
    pub bring: Vec<Material>,
    /// How long (承诺时限).
    pub how_long: HowLong,
    /// `None` = free of charge.
    pub fee: Option<String>,
    /// Visits to the window (到办事现场次数) and the reason if not 0.
    pub visits: u8,
    /// Reason for the visits, may be empty.
    pub visits_why: String,
    /// Where and when.
    pub places: Vec<Place>,
    /// Telephone for questions.
    pub phone: String,
    /// Telephone for complaints.
    pub complaints_phone: String,
    /// What happens, step by step (办理流程).
    pub flow: Vec<FlowStep>,
    /// Legal basis (设定依据).
    pub law: Vec<String>,
    /// What comes out of it (办理结果).
    pub result: String,
    /// Remedies (法律救济).
    pub remedies: Vec<String>,
    /// Questions and answers (常见问题).
    pub questions: Vec<(String, String)>,
    /// Where the copy comes from and of which day it is.
    pub source: String,
    /// The short guide or a page of the full one.
    pub part: GuidePart,
    /// The notice can be printed now.
    pub can_print: bool,
    /// State of the notice slip, once asked for.
    pub slip: SlipState,
}

/// Which part of a guide is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "part")]
pub enum GuidePart {
    /// The short guide.
    Short,
    /// A page of the full guide: 1 places and flow, 2 questions, 3 result, law, remedies.
    Full {
        /// Which page.
        pages: Pages,
    },
}

/// One material.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Material {
    /// Its name.
    pub name: String,
    /// A note, may be empty (the card on the reader is enough; original; copies).
    pub note: String,
    /// The machine has it from the card on the reader.
    pub by_card: bool,
    /// Whether it must be there at once, may follow, or is optional.
    pub need: Need,
}

/// Necessity of a material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// 必要.
    Required,
    /// 非必要.
    Optional,
    /// 容缺后补: may follow.
    MayFollow,
}

/// How long it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how-long")]
pub enum HowLong {
    /// 即办件: at once.
    Instant,
    /// Working days.
    WorkingDays {
        /// How many.
        count: u16,
    },
    /// Calendar days.
    Days {
        /// How many.
        count: u16,
    },
    /// The guide does not say.
    NotStated,
}

/// One step of the flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowStep {
    /// Name of the step (申报, 受理 …).
    pub step: String,
    /// Who does it.
    pub who: String,
    /// What is done.
    pub what: String,
}

/// A place with its hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Opening hours.
    pub hours: String,
}

/// The window that helps on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowPlace {
    /// Where it is.
    pub place: Place,
    /// Its telephone.
    pub phone: String,
    /// Hotline.
    pub hotline: String,
}
