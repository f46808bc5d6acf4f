//! What is on the screen, as values. A projection of the engine's state, sent when it changed.
//!
//! The frame and the list of pages are here; the pages themselves are grouped as a person meets them: finding an item
//! (`find`), applying for it (`apply`), and what came of it (`outcome`). The pages of the first start (`setup`) and
//! the page of updates and repairs (`service`) are for the technician.

use serde::{Deserialize, Serialize};

use super::{Language, TextSize};

mod apply;
mod find;
mod outcome;
mod service;
mod setup;

pub use apply::*;
pub use find::*;
pub use outcome::*;
pub use service::*;
pub use setup::*;

/// The whole picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Screen {
    /// The frame that every screen has.
    pub frame: Frame,
    /// The page inside it.
    pub body: Body,
    /// A panel over the page.
    pub overlay: Option<Overlay>,
}

/// The frame: top bar, progress line, bottom bar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Full name of the centre by the naming rule, in the session's language.
    pub centre: String,
    /// Local time to show.
    pub clock: Clock,
    /// Language of the session.
    pub language: Language,
    /// Text size of the session.
    pub text_size: TextSize,
    /// Where the resident is in the task; `None` outside a task.
    pub progress: Option<Progress>,
    /// 返回 does something here.
    pub can_back: bool,
    /// 首页 does something here.
    pub can_home: bool,
    /// Hotline, `12345`.
    pub hotline: String,
    /// The content is a sample and is marked so.
    pub sample: bool,
}

/// Local wall-clock time, for showing only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Year.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
    /// Day of the week, 1 Monday to 7 Sunday.
    pub weekday: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
}

/// A calendar day, for showing only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Year.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

/// Steps done and left, in words and dots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Current step, from 1.
    pub step: u8,
    /// Number of steps.
    pub of: u8,
    /// What the step is about.
    pub stage: Stage,
    /// What exactly, in a few words (the label of the question); empty if the stage says it all.
    pub about: String,
    /// Minutes left, rounded up.
    pub minutes_left: u8,
}

/// Step of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// 确认身份.
    Identify,
    /// 填写.
    Fill,
    /// 核对.
    Review,
    /// 提交.
    Done,
    /// 开机设置: the steps of the first start.
    SetUp,
}

/// The page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "page")]
pub enum Body {
    /// Nobody is here.
    Idle(Idle),
    /// Themes.
    Home(Home),
    /// Departments.
    Departments(Departments),
    /// Items of a theme or department.
    List(List),
    /// Guide of one item.
    Item(Box<ItemGuide>),
    /// Card on the reader, please.
    Identify(Identify),
    /// One question.
    Form(Form),
    /// All answers before handing in.
    Review(Review),
    /// Being written to the database; a moment.
    Storing,
    /// Could not be kept; nothing was promised.
    NotKept(WindowPlace),
    /// Kept here, not yet sent.
    Kept(Kept),
    /// The county has it.
    Accepted(Accepted),
    /// The county sent it back; staff will see to it.
    SetAside(SetAside),
    /// "Scan the code on your slip."
    Scan(Scan),
    /// State of one case.
    Status(CaseStatus),
    /// This has to be done at the window, and why.
    Window(Window),
    /// Take your card and paper.
    Take(Take),
    /// The machine cannot serve.
    OutOfService(OutOfService),
    /// Updates and repairs, for the technician.
    Service(Box<ServicePage>),
    /// The machine is being set up.
    Setup(Box<Setup>),
}

/// Panel over the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "panel")]
pub enum Overlay {
    /// A person was called.
    Help(WindowPlace),
    /// Are you still here?
    StillThere {
        /// Seconds until the visit ends by itself.
        seconds_left: u32,
    },
    /// Leaving wipes what was filled in. Leave?
    ConfirmLeave,
}

impl Body {
    /// Name of the page, as in the wire format and in visit scripts.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Idle(_) => "idle",
            Self::Home(_) => "home",
            Self::Departments(_) => "departments",
            Self::List(_) => "list",
            Self::Item(_) => "item",
            Self::Identify(_) => "identify",
            Self::Form(_) => "form",
            Self::Review(_) => "review",
            Self::Storing => "storing",
            Self::NotKept(_) => "not-kept",
            Self::Kept(_) => "kept",
            Self::Accepted(_) => "accepted",
            Self::SetAside(_) => "set-aside",
            Self::Scan(_) => "scan",
            Self::Status(_) => "status",
            Self::Window(_) => "window",
            Self::Take(_) => "take",
            Self::OutOfService(_) => "out-of-service",
            Self::Service(_) => "service",
            Self::Setup(setup) => match setup.page {
                SetupPage::Language => "setup-language",
                SetupPage::Place(_) => "setup-place",
                SetupPage::Centre { .. } => "setup-centre",
                SetupPage::Network(_) => "setup-network",
                SetupPage::Address(_) => "setup-address",
                SetupPage::Enrol(_) => "setup-enrol",
                SetupPage::Devices { .. } => "setup-devices",
                SetupPage::Done { .. } => "setup-done",
            },
        }
    }
}
