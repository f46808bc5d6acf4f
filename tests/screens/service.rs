//! Pages of updates and repairs, for the sample pages; and whether each reason fits on its line.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use kiosk::ipc::*;
use kiosk::screen::Headless;
use kiosk::update::{Reason, Refusal};

use crate::samples::{Sample, Words, frame};

const NUMBERS: [&str; 8] = [
    "K032 0000 041",
    "K032 0000 07X",
    "K032 0000 116",
    "K032 0000 124",
    "K032 0000 132",
    "K032 0000 140",
    "K032 0000 159",
    "K032 0000 167",
];

/// As long as a signed one is.
fn image_code() -> String {
    format!("BMI1 K032 {} 1795398060 {}", "9F3A20C177D4E05B".repeat(4), "A7B*+/.-".repeat(12))
}

fn page() -> ServicePage {
    ServicePage {
        running: "1.0.0".into(),
        phase: UpdatePhase::Resting,
        version: String::new(),
        percent: 0,
        why: String::new(),
        code: String::new(),
        restart_at: None,
        answered: false,
        fell_back: None,
        store: StoreCard { given: Some(1_204), waiting: 3, ..StoreCard::default() },
        codes: Vec::new(),
        image: Some(ImageCard { hash: "9F3A 20C1 77D4 E05B".into(), qr: image_code() }),
    }
}

fn at(hour: u8, minute: u8) -> Clock {
    Clock { year: 2026, month: 11, day: 23, weekday: 1, hour, minute }
}

fn update(phase: UpdatePhase) -> ServicePage {
    ServicePage { phase, version: "1.1.0".into(), ..page() }
}

fn reason(w: &Words, reason: &Reason) -> String {
    let (zh, en) = reason.lines();
    w.t(&zh, &en)
}

fn refused(w: &Words, refusal: Refusal) -> ServicePage {
    let (why, code) = (w.t(refusal.zh(), refusal.en()), refusal.code().to_owned());
    ServicePage { why, code, ..update(UpdatePhase::Refused) }
}

fn fell(w: &Words, why: &Reason) -> ServicePage {
    let line = FellBackLine {
        version: "1.1.0".into(),
        back_to: "1.0.0".into(),
        at: at(2, 14),
        why: reason(w, why),
        code: why.code(),
    };
    ServicePage { fell_back: Some(line), ..page() }
}

pub fn samples(w: &Words) -> Vec<Sample> {
    let sample =
        |name, page: ServicePage| Sample { name, body: Body::Service(Box::new(page)), progress: None, primary: 1 };
    let store = |store| ServicePage { store, ..page() };
    let idle = |name, service| Sample {
        name,
        primary: 1,
        progress: None,
        body: Body::Idle(Idle {
            card: Works::Yes,
            paper: Works::Yes,
            line: Works::Yes,
            apply_count: 7,
            guide_count: 12,
            held: Held::Nothing,
            notices: vec![w.t("城乡居民医保 11 月 30 日前缴费", "Pay the medical insurance by 30 November")],
            service,
        }),
    };
    let version = || "1.1.0".to_owned();
    let waits = ServicePage {
        why: w.t("等本机的申请都送到县里后再重启", "it restarts when all that is kept here is sent"),
        code: "update.unsent".into(),
        ..update(UpdatePhase::Restart)
    };
    let lost: Vec<String> = NUMBERS.iter().map(|number| (*number).to_owned()).collect();
    vec![
        idle("idle-offer", ServiceLine::Offer { version: version() }),
        idle("idle-fell-back", ServiceLine::FellBack { version: version() }),
        idle("idle-repaired", ServiceLine::Repaired { lost: 2 }),
        sample("service", ServicePage { codes: vec!["printer.paper-out".into()], ..page() }),
        sample("service-asking", update(UpdatePhase::Asking)),
        sample("service-answered", ServicePage { answered: true, ..update(UpdatePhase::Asking) }),
        sample("service-installing", ServicePage { percent: 62, ..update(UpdatePhase::Installing) }),
        sample("service-restart", ServicePage { restart_at: Some(at(9, 43)), ..update(UpdatePhase::Restart) }),
        sample("service-restart-held", waits),
        sample("service-restart-night", update(UpdatePhase::Restart)),
        sample("service-refused", refused(w, Refusal::Schema)),
        sample("service-fell-back", fell(w, &Reason::NoFrame)),
        sample("service-repaired", {
            let (given, aside) = (Some(1_204), "kiosk.db.damaged-1".to_owned());
            let lost = lost[..2].to_vec();
            store(StoreCard { state: StoreState::Repaired, given, waiting: 3, lost, aside, ..StoreCard::default() })
        }),
        sample("service-lost-many", {
            let (given, aside) = (Some(1_204), "kiosk.db.damaged-1".to_owned());
            let (state, lost_more) = (StoreState::Repaired, 14);
            store(StoreCard { state, given, waiting: 3, lost, lost_more, aside, ..StoreCard::default() })
        }),
        sample("service-disk", {
            let (state, code) = (StoreState::Disk, "store.io".to_owned());
            store(StoreCard {
                state,
                code,
                given: Some(1_204),
                waiting: 3,
                again_at: Some(at(9, 42)),
                ..StoreCard::default()
            })
        }),
        sample("service-reopened", {
            let (state, code) = (StoreState::Reopened, "store.io".to_owned());
            store(StoreCard { state, code, given: Some(1_204), waiting: 3, ..StoreCard::default() })
        }),
    ]
}

/// A line of text is so many times as high as its letters; two lines are twice that.
const TWO_LINES: f32 = 2.0;

#[test]
fn every_refusal_and_every_reason_of_a_fall_back_stands_on_one_line_in_both_languages() {
    let window = Headless::new(1080, 1920, |_| {}).unwrap();
    let mut reasons: Vec<Reason> =
        ["id-reader", "printer", "scanner"].map(|role| Reason::Device { role: role.to_owned() }).into();
    reasons.extend([
        Reason::NoEngine,
        Reason::NoFrame,
        Reason::Settings,
        Reason::Store,
        Reason::Outbox,
        Reason::County,
        Reason::Mark,
        Reason::NeverUp,
        Reason::Untold,
    ]);
    let mut faults = Vec::new();
    // Large print in landscape is the only place where a reason may take two lines.
    for (width, height, size, note) in
        [(1080, 1920, TextSize::Normal, 32.0), (1080, 1920, TextSize::Large, 34.0), (1280, 800, TextSize::Normal, 26.0)]
    {
        window.set_size(width, height);
        for language in [Language::Zh, Language::En] {
            let w = &Words(language);
            let pages = Refusal::ALL.iter().map(|refusal| (refused(w, *refusal), w.t(refusal.zh(), refusal.en())));
            for (page, words) in pages.chain(reasons.iter().map(|why| (fell(w, why), reason(w, why)))) {
                let sample = Sample { name: "why", body: Body::Service(Box::new(page)), progress: None, primary: 1 };
                window.show(&Screen { frame: frame(language, size, &sample), body: sample.body, overlay: None });
                let texts = window.texts();
                let high = texts.iter().find(|text| text.label == words).map(|text| text.place.3);
                if !high.is_some_and(|high| high < note * TWO_LINES) {
                    faults.push(format!("{width}×{height} {size:?}: {words:?} is {high:?} high"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
