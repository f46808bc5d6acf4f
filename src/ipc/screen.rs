//! What is on the screen, as values. A projection of the engine's state, sent when it changed.

use kiosk_hal::model::{CardFailure, NotPrintedCause, UnknownCause};
use serde::{Deserialize, Serialize};

use super::{Language, TextSize};

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
    /// Local notices in force today.
    pub notices: Vec<String>,
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

/// Identify screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identify {
    /// What the reader waits for or complains about.
    pub prompt: CardPrompt,
    /// Who processes the data.
    pub processor: String,
    /// Everyday name of the item.
    pub item: String,
}

/// What to tell the person at the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "prompt")]
pub enum CardPrompt {
    /// Put the card down.
    Place,
    /// Being read, hold still.
    Reading,
    /// Not read; why.
    Failed {
        /// The reader's reason.
        why: CardFailure,
    },
    /// The card is past its date.
    Expired,
    /// The card is not valid yet: date of the machine or of the card is wrong.
    NotYetValid,
    /// The number does not pass its check.
    NumberWrong,
    /// This service is not for this kind of card.
    KindNotServed,
    /// The reader does not work; the answers are kept, the window can go on.
    ReaderLost,
}

/// One question of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The question as a sentence.
    pub ask: String,
    /// A line of help, may be empty.
    pub hint: String,
    /// How it is answered.
    pub pad: Pad,
    /// What is wrong with the answer, after the resident tried to go on.
    pub problem: Option<Problem>,
    /// What the card said already, locked.
    pub known: Vec<KnownValue>,
    /// May be left empty.
    pub optional: bool,
    /// The answer would be accepted.
    pub complete: bool,
    /// Label of the next question; `None` = the review is next.
    pub next: Option<String>,
}

/// A value nobody has to type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownValue {
    /// Label of the field.
    pub label: String,
    /// Value, masked where it must be.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Read from the card.
    Card,
    /// Typed or chosen here.
    Resident,
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "pad")]
pub enum Pad {
    /// Digits on the large number pad.
    Digits {
        /// What they are.
        kind: DigitKind,
        /// What was typed, in groups.
        shown: String,
        /// Digits still missing, if the length is fixed.
        missing: Option<u8>,
    },
    /// One of several, or several of several.
    Choices {
        /// The options of this page.
        options: Vec<ChoiceView>,
        /// Several may be chosen.
        many: bool,
        /// Which page.
        pages: Pages,
    },
}

/// Kind of digits, for layout and spoken hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigitKind {
    /// Mobile number, 11 digits.
    Mobile,
    /// Bank account.
    Account,
    /// Date as year, month, day.
    Date,
    /// Money in yuan.
    Money,
    /// ID number, 18 places, `X` allowed.
    IdNumber,
    /// A plain whole number.
    Number,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChoiceView {
    /// Value for the intent.
    pub value: String,
    /// Text.
    pub label: String,
    /// Chosen.
    pub chosen: bool,
}

/// What is wrong with an answer, in terms a screen can say kindly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "problem")]
pub enum Problem {
    /// Nothing was answered.
    Empty,
    /// Digits missing.
    TooShort {
        /// How many.
        missing: u8,
    },
    /// A mobile number does not begin like this.
    NotAMobile,
    /// The bank account's check digit is wrong: probably a typing slip.
    AccountCheck,
    /// Not a day of the calendar.
    NotADate,
    /// A day too far back or ahead.
    DateOutOfRange,
    /// The ID number's check digit is wrong.
    IdNumberCheck,
    /// The amount or number is out of range.
    OutOfRange,
}

/// Review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Everyday name of the item.
    pub item: String,
    /// The rows of this page.
    pub rows: Vec<ReviewRow>,
    /// Which page.
    pub pages: Pages,
    /// To whom it goes.
    pub receiver: String,
    /// Materials that still have to be shown at the window.
    pub bring_later: Vec<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// Label.
    pub label: String,
    /// Value, masked where it must be.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
    /// Question to go back to, if it can be changed.
    pub question: Option<usize>,
}

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
    /// Masked mobile number for the message, if one was given.
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
    /// Masked mobile number for the message, if one was given.
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
    /// 请补齐补正材料.
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
        }
    }
}
