//! Believable screens with invented persons, for every page.

use crate::catalogue::{departments, full, guide, rows, tiles};
use crate::visit::{digits, form, identify, kept, levels, long_choices, review};
use kiosk::attest::{SlipKey, Suite};
use kiosk::domain::id::Sequence;
use kiosk::domain::receipt::{Claim, payload};
use kiosk::ipc::*;
use kiosk_hal::model::{CardFailure, NotPrintedCause, UnknownCause};

/// A page with a name for its picture, and how many primary actions it must have.
pub struct Sample {
    pub name: &'static str,
    pub body: Body,
    pub progress: Option<Progress>,
    pub primary: usize,
}

pub struct Words(pub Language);

impl Words {
    pub fn t(&self, zh: &str, en: &str) -> String {
        match self.0 {
            Language::Zh => zh.to_owned(),
            Language::En => en.to_owned(),
        }
    }
}

pub fn frame(language: Language, text_size: TextSize, sample: &Sample) -> Frame {
    let w = Words(language);
    let idle = matches!(sample.body, Body::Idle(_));
    Frame {
        centre: w.t("示例镇为民服务中心", "Shili Town People's Service Centre"),
        clock: clock(),
        language,
        text_size,
        progress: sample.progress.clone(),
        can_back: !idle,
        can_home: !idle,
        hotline: "12345".into(),
        sample: true,
    }
}

pub fn overlays(language: Language) -> Vec<(&'static str, Option<Overlay>)> {
    vec![
        ("plain", None),
        ("help", Some(Overlay::Help(window(&Words(language))))),
        ("still", Some(Overlay::StillThere { seconds_left: 42 })),
        ("leave", Some(Overlay::ConfirmLeave)),
    ]
}

fn clock() -> Clock {
    Clock { year: 2026, month: 11, day: 23, weekday: 1, hour: 9, minute: 41 }
}

/// The square code of an invented application, signed as a kiosk signs it: with a case number it is that of the slip
/// "accepted".
pub fn slip_code(case: Option<&str>) -> String {
    let claim = Claim {
        kiosk: "K032".into(),
        sequence: Sequence(187),
        item: "11320699MB0000000A2000113112800".into(),
        at: jiff::Timestamp::from_second(1_795_398_060).expect("a time of our days"),
        case: case.map(str::to_owned),
        code: "481205".into(),
    };
    let key = SlipKey::from_seed(Suite::International, [7; 32]).expect("any seed is a key");
    payload(&claim.text(), key.sign(&claim.text()).as_deref())
}

fn step(step: u8, stage: Stage, about: String) -> Option<Progress> {
    Some(Progress { step, of: 4, stage, about, minutes_left: 5 - step })
}

fn window(w: &Words) -> WindowPlace {
    WindowPlace { place: place(w), phone: "0513-0000 0001".into(), hotline: "12345".into() }
}

pub fn place(w: &Words) -> Place {
    Place {
        name: w.t("示例镇为民服务中心 全科窗口", "Shili Town Service Centre, all-round window"),
        address: w.t("示例县示例镇示例路 1 号，一楼大厅", "1 Shili Road, Shili Town, ground floor"),
        hours: w.t("工作日 上午 8:30—11:30，下午 14:00—17:30", "Working days 8:30–11:30 and 14:00–17:30"),
    }
}

/// Every page in its important states.
pub fn all(language: Language) -> Vec<Sample> {
    let w = &Words(language);
    let identify_step = || step(1, Stage::Identify, String::new());
    let fill = || step(2, Stage::Fill, w.t("手机号码", "mobile number"));
    let check = || step(3, Stage::Review, String::new());
    let item = w.t("我要参加居民养老保险", "Join the residents' pension");
    let plain = |name, primary, body| Sample { name, body, progress: None, primary };
    let staged = |name, primary, progress, body| Sample { name, body, progress, primary };
    let out_of_paper = SlipState::NotPrinted { why: NotPrintedCause::PaperOut };
    let unclear = SlipState::Unclear { why: UnknownCause::LostMidJob };
    let mut samples = vec![
        plain(
            "idle",
            1,
            Body::Idle(Idle {
                card: Works::Yes,
                paper: Works::Low,
                line: Works::No,
                apply_count: 7,
                guide_count: 12,
                held: Held::SendingStopped,
                notices: vec![w.t("城乡居民医保 11 月 30 日前缴费", "Pay the medical insurance by 30 November")],
                service: ServiceLine::Nothing { kiosk: "K032".into() },
            }),
        ),
        plain("home", 0, Body::Home(Home { themes: tiles(w) })),
        plain("departments", 0, Body::Departments(Departments { departments: departments(w) })),
        plain(
            "list",
            0,
            Body::List(List {
                title: w.t("养老和老年补贴", "Old age"),
                rows: rows(w),
                pages: Pages { page: 1, of: 3 },
            }),
        ),
        plain("item", 1, guide(w, CanDo::Apply, GuidePart::Short, SlipState::None)),
        plain("item-prefill", 1, guide(w, CanDo::Prefill, GuidePart::Short, SlipState::Printed)),
        plain("item-guide-only", 1, guide(w, CanDo::GuideOnly, GuidePart::Short, out_of_paper)),
        plain("item-window-only", 1, guide(w, CanDo::WindowOnly, GuidePart::Short, SlipState::None)),
        plain("item-full-1", 1, guide(w, CanDo::Apply, full(1), SlipState::None)),
        plain("item-full-2", 1, guide(w, CanDo::Apply, full(2), SlipState::None)),
        plain("item-full-3", 1, guide(w, CanDo::Apply, full(3), SlipState::None)),
        staged("identify", 0, identify_step(), identify(w, CardPrompt::Place)),
        staged("identify-reading", 0, identify_step(), identify(w, CardPrompt::Reading)),
        staged("identify-failed", 0, identify_step(), identify(w, CardPrompt::Failed { why: CardFailure::Unreadable })),
        staged("identify-expired", 1, identify_step(), identify(w, CardPrompt::Expired)),
        staged("identify-reader-lost", 1, identify_step(), identify(w, CardPrompt::ReaderLost)),
        staged(
            "form-mobile",
            1,
            fill(),
            form(
                w,
                ("您的手机号码是多少？", "What is your mobile number?"),
                (
                    "有事要问时打这个号码。没有手机可以留子女的。",
                    "For questions about this application. A child's number is fine.",
                ),
                digits(DigitKind::Mobile, "138 0000 00", Some(2)),
                None,
            ),
        ),
        staged(
            "form-mobile-wrong",
            1,
            fill(),
            form(
                w,
                ("您的手机号码是多少？", "What is your mobile number?"),
                (
                    "有事要问时打这个号码。没有手机可以留子女的。",
                    "For questions about this application. A child's number is fine.",
                ),
                digits(DigitKind::Mobile, "238 0000 0000", Some(0)),
                Some(Problem::NotAMobile),
            ),
        ),
        staged(
            "form-account",
            1,
            fill(),
            form(
                w,
                ("您的社会保障卡或银行卡卡号是多少？", "What is the number of your bank card?"),
                ("补贴打到这张卡上。", "The money goes to this card."),
                digits(DigitKind::Account, "6217 0000 0000 0004 417", None),
                None,
            ),
        ),
        staged(
            "form-date",
            1,
            fill(),
            form(
                w,
                ("残疾证是哪一天发的？", "When was the certificate issued?"),
                ("", ""),
                digits(DigitKind::Date, "", Some(8)),
                None,
            ),
        ),
        staged(
            "form-id-number",
            1,
            fill(),
            form(
                w,
                ("配偶的公民身份号码是多少？", "What is your spouse's ID number?"),
                ("", ""),
                digits(DigitKind::IdNumber, "110199 19000101 00", Some(2)),
                None,
            ),
        ),
        staged(
            "form-levels",
            1,
            fill(),
            form(
                w,
                ("您想选哪个缴费档次？", "Which level would you like to pay?"),
                ("档次由当地公布，以后可以改。", "Levels are set locally and can be changed later."),
                levels(w, false, 8),
                None,
            ),
        ),
        staged(
            "form-many",
            1,
            fill(),
            form(
                w,
                ("您有下面哪些情况？", "Which of these are true for you?"),
                ("", ""),
                levels(w, true, 4),
                Some(Problem::Empty),
            ),
        ),
        staged(
            "form-long-choices",
            1,
            fill(),
            form(w, ("残疾等级是几级？", "What degree is the disability?"), ("", ""), long_choices(w), None),
        ),
        staged("review", 1, check(), review(w, 1, 1)),
        staged("review-first-page", 1, check(), review(w, 1, 2)),
        staged("storing", 0, step(4, Stage::Done, String::new()), Body::Storing),
        plain("not-kept", 1, Body::NotKept(window(w))),
        plain("kept-later", 1, kept(w, Sending::Later, SlipState::Printed)),
        plain("kept-now", 1, kept(w, Sending::Now, SlipState::Printing)),
        plain("kept-no-paper", 1, kept(w, Sending::Later, out_of_paper)),
        plain(
            "accepted",
            1,
            Body::Accepted(Accepted {
                item: item.clone(),
                number: "3206 9920 2611 2300 17".into(),
                query_code: "481205".into(),
                qr: slip_code(Some("320699202611230017")),
                promised: Some(Day { year: 2026, month: 11, day: 26 }),
                mobile: Some("138****0000".into()),
                slip: SlipState::Printed,
                bring_later: vec![w.t("居民户口簿", "household register")],
            }),
        ),
        plain(
            "accepted-unclear",
            1,
            Body::Accepted(Accepted {
                item: item.clone(),
                number: "3206 9920 2611 2300 17".into(),
                query_code: "481205".into(),
                qr: slip_code(Some("320699202611230017")),
                promised: None,
                mobile: None,
                slip: unclear,
                bring_later: vec![],
            }),
        ),
        plain(
            "set-aside",
            1,
            Body::SetAside(SetAside {
                item: item.clone(),
                number: "K032 0001 871".into(),
                slip: SlipState::Printed,
                window: window(w),
            }),
        ),
        plain("scan", 0, Body::Scan(Scan { prompt: ScanPrompt::Place })),
        plain("scan-no-line", 0, Body::Scan(Scan { prompt: ScanPrompt::NoLine })),
        plain(
            "status",
            1,
            Body::Status(CaseStatus {
                item: item.clone(),
                number: "3206 9920 2611 2300 17".into(),
                state: CaseState::InReview,
                raw: w.t("审批中（县社保中心）", "审批中（县社保中心）"),
                as_of: clock(),
                live: true,
                promised: Some(Day { year: 2026, month: 11, day: 26 }),
            }),
        ),
        plain(
            "status-supplement",
            1,
            Body::Status(CaseStatus {
                item: item.clone(),
                number: "3206 9920 2611 2300 17".into(),
                state: CaseState::SupplementRequired,
                raw: "补正".into(),
                as_of: clock(),
                live: false,
                promised: None,
            }),
        ),
        plain(
            "window",
            1,
            Body::Window(Window { why: WindowReason::FormNotHere, item: item.clone(), window: window(w) }),
        ),
        plain("take", 1, Body::Take(Take { card: true, paper: true })),
        plain(
            "out-of-service",
            1,
            Body::OutOfService(OutOfService {
                reasons: vec![OutReason::Storage],
                guides_work: true,
                window: window(w),
                codes: "store.disk-full".into(),
                leads_on: true,
            }),
        ),
    ];
    samples.extend(crate::service::samples(w));
    samples.extend(crate::setup::samples(w));
    samples
}
