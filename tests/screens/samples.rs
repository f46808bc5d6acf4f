//! Believable screens with invented persons, for every page.

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
    fn t(&self, zh: &str, en: &str) -> String {
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
    Clock {
        year: 2026,
        month: 11,
        day: 23,
        weekday: 1,
        hour: 9,
        minute: 41,
    }
}

fn step(step: u8, stage: Stage, about: String) -> Option<Progress> {
    Some(Progress {
        step,
        of: 4,
        stage,
        about,
        minutes_left: 5 - step,
    })
}

fn window(w: &Words) -> WindowPlace {
    WindowPlace {
        place: place(w),
        phone: "0513-0000 0001".into(),
        hotline: "12345".into(),
    }
}

fn place(w: &Words) -> Place {
    Place {
        name: w.t("示例镇为民服务中心 全科窗口", "Shili Town Service Centre, all-round window"),
        address: w.t("示例县示例镇示例路 1 号，一楼大厅", "1 Shili Road, Shili Town, ground floor"),
        hours: w.t("工作日 上午 8:30—11:30，下午 14:00—17:30", "Working days 8:30–11:30 and 14:00–17:30"),
    }
}

fn tiles(w: &Words) -> Vec<Tile> {
    [
        ("old-age", "养老和老年补贴", "Old age", "养老保险、尊老金、认证", "Pension, allowance, yearly check", 3, "elder"),
        ("insurance", "医保和社保", "Insurance", "参保登记、补贴", "Enrolment, subsidies", 2, "shield"),
        ("hardship", "困难和残疾帮扶", "Hardship, disability", "低保、临时救助、两项补贴", "Living allowance, emergency help", 4, "heart"),
        ("family", "生育和家庭", "Birth and family", "生育登记", "Birth registration", 1, "child"),
        ("work", "开店和就业", "Business and work", "个体工商户、就业补贴", "Licence, work subsidies", 2, "shop"),
        ("veterans", "退役军人", "Veterans", "优待证", "Privilege card", 1, "medal"),
    ]
    .into_iter()
    .map(|(id, zh, en, zh_summary, en_summary, count, icon)| Tile {
        id: id.into(),
        title: w.t(zh, en),
        summary: w.t(zh_summary, en_summary),
        count,
        icon: icon.into(),
    })
    .collect()
}

fn departments(w: &Words) -> Vec<Tile> {
    [
        ("rs", "人力资源和社会保障局", "Human Resources and Social Security", 3, "briefcase"),
        ("mz", "民政局", "Civil Affairs", 3, "heart"),
        ("yb", "医疗保障局", "Healthcare Security", 1, "shield"),
        ("cl", "残疾人联合会", "Disabled Persons' Federation", 1, "person"),
        ("wj", "卫生健康委员会", "Health Commission", 1, "child"),
        ("tj", "退役军人事务局", "Veterans Affairs", 1, "medal"),
        ("sc", "市场监督管理局", "Market Regulation", 1, "shop"),
        ("zf", "镇人民政府", "Town Government", 2, "building"),
        ("nj", "农业农村局", "Agriculture and Rural Affairs", 1, "sprout"),
    ]
    .into_iter()
    .map(|(id, zh, en, count, icon)| Tile {
        id: id.into(),
        title: w.t(zh, en),
        summary: String::new(),
        count,
        icon: icon.into(),
    })
    .collect()
}

fn rows(w: &Words) -> Vec<ItemRow> {
    [
        ("我要参加居民养老保险", "Join the residents' pension", "城乡居民基本养老保险参保登记", "Resident pension insurance: enrolment", "人社局", "Social Security", CanDo::Apply),
        ("领取居民养老金的年度认证", "Yearly check for the pension", "城乡居民基本养老保险待遇领取资格认证", "Resident pension: yearly entitlement confirmation", "人社局", "Social Security", CanDo::Prefill),
        ("满 80 岁领尊老金", "Old-age allowance from 80", "尊老金（高龄津贴）申领", "Old-age allowance: application", "民政局", "Civil Affairs", CanDo::Apply),
        ("申请低保", "Minimum living allowance", "最低生活保障申请", "Minimum living allowance: application", "镇人民政府", "Town Government", CanDo::GuideOnly),
        ("办个体户营业执照", "Licence for a small business", "个体工商户设立登记", "Individual business: establishment registration", "市场监管局", "Market Regulation", CanDo::WindowOnly),
    ]
    .into_iter()
    .map(|(plain, plain_en, name, name_en, department, department_en, can)| ItemRow {
        id: name.into(),
        plain_name: w.t(plain, plain_en),
        name: w.t(name, name_en),
        department: w.t(department, department_en),
        can,
    })
    .collect()
}

fn guide(w: &Words, can: CanDo, part: GuidePart, slip: SlipState) -> Body {
    let need = |zh, en, note_zh: &str, note_en: &str, by_card, need| Material {
        name: w.t(zh, en),
        note: w.t(note_zh, note_en),
        by_card,
        need,
    };
    Body::Item(Box::new(ItemGuide {
        plain_name: w.t("我要参加居民养老保险", "Join the residents' pension"),
        name: w.t("城乡居民基本养老保险参保登记", "Resident pension insurance: enrolment"),
        can,
        code: "11320699000000019H432209990100001".into(),
        owner: w.t("示例县人力资源和社会保障局（示例）", "Shili County Human Resources and Social Security (sample)"),
        level: 4,
        who: vec![
            w.t("年满 16 周岁，不含在校学生", "From 16 years, not at school"),
            w.t("不属于职工基本养老保险覆盖范围", "Not in the employees' pension"),
        ],
        bring: vec![
            need("居民身份证", "Resident ID card", "", "", true, Need::Required),
            need("居民户口簿（首页及本人页）", "Household register (first page and own page)", "原件，看一看就还", "Original, only to be shown", false, Need::MayFollow),
            need("低保或残疾证明", "Proof of allowance or disability", "", "", false, Need::Optional),
        ],
        how_long: HowLong::WorkingDays { count: 3 },
        fee: None,
        visits: 0,
        visits_why: String::new(),
        places: vec![place(w)],
        phone: "0513-0000 0001".into(),
        complaints_phone: "0513-0000 0002".into(),
        flow: vec![
            FlowStep { step: w.t("申报", "Apply"), who: w.t("申请人", "Applicant"), what: w.t("在网上、自助终端或村、镇窗口填报", "Fill in online, here, or at the window") },
            FlowStep { step: w.t("初审", "First look"), who: w.t("村（社区）协办员", "Village assistant"), what: w.t("核对身份和材料", "Identity and materials are compared") },
            FlowStep { step: w.t("审核", "Examine"), who: w.t("县级社保经办机构", "County insurance office"), what: w.t("复核参保信息并反馈结果", "The entry is examined and answered") },
            FlowStep { step: w.t("办结", "Finish"), who: w.t("县级社保经办机构", "County insurance office"), what: w.t("登记成功，告知缴费方式", "You are entered and told how to pay") },
        ],
        law: vec![
            w.t("《中华人民共和国社会保险法》", "Social Insurance Law"),
            w.t("《国务院关于建立统一的城乡居民基本养老保险制度的意见》（国发〔2014〕8号）", "State Council Opinions on a unified residents' pension (2014, no. 8)"),
        ],
        result: w.t("参保登记结果（告知，无证件）", "Result of the enrolment (a message, no document)"),
        remedies: vec![
            w.t("对办理结果不服的，可以依法申请行政复议", "You may ask for administrative review"),
            w.t("可以依法向有管辖权的人民法院提起行政诉讼", "You may go to the people's court"),
        ],
        questions: vec![
            (w.t("在校学生能参保吗？", "Can pupils join?"), w.t("不能，在校学生不在参保范围。", "No, those at school are not covered.")),
            (w.t("需要缴费才能登记吗？", "Must I pay to enrol?"), w.t("登记本身不收费；养老保险费按所选档次另行缴纳。", "Enrolment is free; the premium is paid by the level you choose.")),
        ],
        source: w.t("示例内容，2026年11月20日更新", "Sample content, updated 2026-11-20"),
        part,
        can_print: true,
        slip,
    }))
}

fn full(page: usize) -> GuidePart {
    GuidePart::Full {
        pages: Pages { page, of: 3 },
    }
}

fn known(w: &Words) -> Vec<KnownValue> {
    [
        ("姓名", "Name", "王秀兰"),
        ("号码", "Number", "110199********0024"),
        ("性别", "Sex", "女"),
        ("民族", "Ethnic group", "汉"),
        ("住址", "Address", "示例县示例镇示例村六组 18 号"),
    ]
    .into_iter()
    .map(|(zh, en, value)| KnownValue {
        label: w.t(zh, en),
        value: value.into(),
        source: Source::Card,
    })
    .collect()
}

fn form(w: &Words, ask: (&str, &str), hint: (&str, &str), pad: Pad, problem: Option<Problem>) -> Body {
    Body::Form(Form {
        ask: w.t(ask.0, ask.1),
        hint: w.t(hint.0, hint.1),
        pad,
        problem,
        known: known(w),
        optional: false,
        complete: false,
        next: Some(w.t("银行卡号", "bank account")),
    })
}

fn digits(kind: DigitKind, shown: &str, missing: Option<u8>) -> Pad {
    Pad::Digits {
        kind,
        shown: shown.into(),
        missing,
    }
}

fn levels(w: &Words, many: bool, count: usize) -> Pad {
    Pad::Choices {
        options: [200, 300, 400, 500, 700, 900, 1200, 1600]
            .into_iter()
            .take(count)
            .enumerate()
            .map(|(at, yuan)| ChoiceView {
                value: yuan.to_string(),
                label: w.t(&format!("每年 {yuan} 元"), &format!("{yuan} yuan a year")),
                chosen: at == 2 || (many && at == 0),
            })
            .collect(),
        many,
        pages: Pages { page: 1, of: 1 },
    }
}

fn long_choices(w: &Words) -> Pad {
    Pad::Choices {
        options: [
            ("一级残疾，生活完全不能自理", "Degree 1, needs care at all times"),
            ("二级残疾，生活大部分不能自理", "Degree 2, needs care most of the time"),
            ("三级残疾", "Degree 3"),
            ("四级残疾", "Degree 4"),
        ]
        .into_iter()
        .enumerate()
        .map(|(at, (zh, en))| ChoiceView {
            value: at.to_string(),
            label: w.t(zh, en),
            chosen: false,
        })
        .collect(),
        many: false,
        pages: Pages { page: 1, of: 2 },
    }
}

fn review(w: &Words, page: usize, of: usize) -> Body {
    let row = |label: (&str, &str), value: &str, question: Option<usize>| ReviewRow {
        label: w.t(label.0, label.1),
        value: value.into(),
        source: if question.is_some() { Source::Resident } else { Source::Card },
        question,
    };
    Body::Review(Review {
        item: w.t("我要参加居民养老保险", "Join the residents' pension"),
        rows: vec![
            row(("姓名", "Name"), "赵䶮", None),
            row(("号码", "Number"), "110199********0024", None),
            row(("住址", "Address"), "示例县示例镇示例村六组 18 号", None),
            row(("手机号码", "Mobile number"), "138 0000 0000", Some(0)),
            row(("年缴费档次", "Yearly level"), &w.t("每年 400 元", "400 yuan a year"), Some(1)),
        ],
        pages: Pages { page, of },
        receiver: w.t("示例县人力资源和社会保障局", "Shili County Social Security"),
        bring_later: vec![w.t("居民户口簿", "household register")],
    })
}

fn kept(w: &Words, sending: Sending, slip: SlipState) -> Body {
    Body::Kept(Kept {
        item: w.t("我要参加居民养老保险", "Join the residents' pension"),
        number: "K032 0001 87".into(),
        qr: "BM1:K032000187".into(),
        mobile: Some("138****0000".into()),
        slip,
        sending,
        phone: "0513-0000 0001".into(),
    })
}

fn identify(w: &Words, prompt: CardPrompt) -> Body {
    Body::Identify(Identify {
        prompt,
        processor: w.t("示例县人力资源和社会保障局", "Shili County Social Security"),
        item: w.t("我要参加居民养老保险", "Join the residents' pension"),
    })
}

/// Every page in its important states.
pub fn all(language: Language) -> Vec<Sample> {
    let w = &Words(language);
    let identify_step = || step(1, Stage::Identify, String::new());
    let fill = || step(2, Stage::Fill, w.t("手机号码", "mobile number"));
    let check = || step(3, Stage::Review, String::new());
    let item = w.t("我要参加居民养老保险", "Join the residents' pension");
    let plain = |name, primary, body| Sample {
        name,
        body,
        progress: None,
        primary,
    };
    let staged = |name, primary, progress, body| Sample {
        name,
        body,
        progress,
        primary,
    };
    let out_of_paper = SlipState::NotPrinted {
        why: NotPrintedCause::PaperOut,
    };
    let unclear = SlipState::Unclear {
        why: UnknownCause::LostMidJob,
    };
    vec![
        plain("idle", 1, Body::Idle(Idle { card: Works::Yes, paper: Works::Low, line: Works::No, apply_count: 7, guide_count: 12, notices: vec![w.t("城乡居民医保 11 月 30 日前缴费", "Pay the medical insurance by 30 November")] })),
        plain("home", 0, Body::Home(Home { themes: tiles(w) })),
        plain("departments", 0, Body::Departments(Departments { departments: departments(w) })),
        plain("list", 0, Body::List(List { title: w.t("养老和老年补贴", "Old age"), rows: rows(w), pages: Pages { page: 1, of: 3 } })),
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
        staged("form-mobile", 1, fill(), form(w, ("您的手机号码是多少？", "What is your mobile number?"), ("审核结果发短信到这个号码。没有手机可以留子女的。", "The result is sent to this number. A child's number is fine."), digits(DigitKind::Mobile, "138 0000 00", Some(2)), None)),
        staged("form-mobile-wrong", 1, fill(), form(w, ("您的手机号码是多少？", "What is your mobile number?"), ("审核结果发短信到这个号码。没有手机可以留子女的。", "The result is sent to this number. A child's number is fine."), digits(DigitKind::Mobile, "238 0000 0000", Some(0)), Some(Problem::NotAMobile))),
        staged("form-account", 1, fill(), form(w, ("您的社会保障卡或银行卡卡号是多少？", "What is the number of your bank card?"), ("补贴打到这张卡上。", "The money goes to this card."), digits(DigitKind::Account, "6217 0000 0000 0004 417", None), None)),
        staged("form-date", 1, fill(), form(w, ("残疾证是哪一天发的？", "When was the certificate issued?"), ("", ""), digits(DigitKind::Date, "", Some(8)), None)),
        staged("form-id-number", 1, fill(), form(w, ("配偶的公民身份号码是多少？", "What is your spouse's ID number?"), ("", ""), digits(DigitKind::IdNumber, "110199 19000101 00", Some(2)), None)),
        staged("form-levels", 1, fill(), form(w, ("您想选哪个缴费档次？", "Which level would you like to pay?"), ("档次由当地公布，以后可以改。", "Levels are set locally and can be changed later."), levels(w, false, 8), None)),
        staged("form-many", 1, fill(), form(w, ("您有下面哪些情况？", "Which of these are true for you?"), ("", ""), levels(w, true, 4), Some(Problem::Empty))),
        staged("form-long-choices", 1, fill(), form(w, ("残疾等级是几级？", "What degree is the disability?"), ("", ""), long_choices(w), None)),
        staged("review", 1, check(), review(w, 1, 1)),
        staged("review-first-page", 1, check(), review(w, 1, 2)),
        staged("storing", 0, step(4, Stage::Done, String::new()), Body::Storing),
        plain("not-kept", 1, Body::NotKept(window(w))),
        plain("kept-later", 1, kept(w, Sending::Later, SlipState::Printed)),
        plain("kept-now", 1, kept(w, Sending::Now, SlipState::Printing)),
        plain("kept-no-paper", 1, kept(w, Sending::Later, out_of_paper)),
        plain("accepted", 1, Body::Accepted(Accepted { item: item.clone(), number: "3206 9920 2611 2300 17".into(), query_code: "481 205".into(), qr: "BM1:320699202611230017:481205".into(), promised: Some(Day { year: 2026, month: 11, day: 26 }), mobile: Some("138****0000".into()), slip: SlipState::Printed, bring_later: vec![w.t("居民户口簿", "household register")] })),
        plain("accepted-unclear", 1, Body::Accepted(Accepted { item: item.clone(), number: "3206 9920 2611 2300 17".into(), query_code: "481 205".into(), qr: "BM1:320699202611230017:481205".into(), promised: None, mobile: None, slip: unclear, bring_later: vec![] })),
        plain("set-aside", 1, Body::SetAside(SetAside { item: item.clone(), number: "K032 0001 87".into(), slip: SlipState::Printed, window: window(w) })),
        plain("scan", 0, Body::Scan(Scan { prompt: ScanPrompt::Place })),
        plain("scan-no-line", 0, Body::Scan(Scan { prompt: ScanPrompt::NoLine })),
        plain("status", 1, Body::Status(CaseStatus { item: item.clone(), number: "3206 9920 2611 2300 17".into(), state: CaseState::InReview, raw: w.t("审批中（县社保中心）", "审批中（县社保中心）"), as_of: clock(), live: true, promised: Some(Day { year: 2026, month: 11, day: 26 }) })),
        plain("status-supplement", 1, Body::Status(CaseStatus { item: item.clone(), number: "3206 9920 2611 2300 17".into(), state: CaseState::SupplementRequired, raw: "补正".into(), as_of: clock(), live: false, promised: None })),
        plain("window", 1, Body::Window(Window { why: WindowReason::FormNotHere, item: item.clone(), window: window(w) })),
        plain("take", 1, Body::Take(Take { card: true, paper: true })),
        plain("out-of-service", 1, Body::OutOfService(OutOfService { reasons: vec![OutReason::Storage], guides_work: true, window: window(w), codes: "store.disk-full".into() })),
    ]
}
