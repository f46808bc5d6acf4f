//! The set-up as a person, a card, a disk and chance drive it.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use kiosk_hal::model::{
    DeviceState, DeviceStatus, IdReaderEvent, NotPrintedCause, PrintOutcome, PrinterEvent, Role, ScannedCode,
    ScannerEvent, UnknownCause,
};
use proptest::prelude::*;

use super::*;
use crate::domain::settings::WindowSettings;
use crate::domain::text::Text;
use crate::ipc::{Body, SetupPage};

const PLACES: &str = include_str!("../../../../config/places.json");

fn plan() -> SetupPlan {
    SetupPlan {
        places: serde_json::from_str(PLACES).unwrap(),
        fitted: FittedDevices { reader: true, printer: true, scanner: true },
        kiosk: None,
        hotline: "12345".to_owned(),
    }
}

fn grant(setup: &Setup) -> Grant {
    let place = setup.progress.place().map(|place| place.parts().clone());
    let window = WindowSettings {
        name: Text::new("窗口", ""),
        address: Text::new("一楼", ""),
        hours: Text::new("全天", ""),
        phone: "0513-00000".to_owned(),
    };
    Grant {
        kiosk: KioskCode::new("K032").unwrap(),
        url: "https://kiosk.county.example".to_owned(),
        app_id: "K032".to_owned(),
        seal_suite: "sm".to_owned(),
        place,
        window: Some(window),
    }
}

/// A machine with a disk that may lose power, a county that says yes, and a counter of touches.
struct Bench {
    setup: Setup,
    disk: Option<Progress>,
    finished: bool,
    over: bool,
    touches: usize,
    seconds: u64,
    disk_works: bool,
}

impl Bench {
    fn new() -> Self {
        Self::on(None)
    }

    fn on(disk: Option<Progress>) -> Self {
        let (setup, effects) = Setup::new(plan(), disk.clone(), now(0));
        let mut bench = Self { setup, disk, finished: false, over: false, touches: 0, seconds: 0, disk_works: true };
        bench.obey(effects);
        bench
    }

    fn event(&mut self, event: SetupEvent) {
        let effects = self.setup.handle(now(self.seconds), event);
        self.obey(effects);
    }

    fn touch(&mut self, intent: Intent) {
        self.touches += 1;
        self.event(SetupEvent::Intent(intent));
    }

    fn choose(&mut self, label: &str) {
        let SetupPage::Place(place) = self.page() else { panic!("no list: {:?}", self.page()) };
        let option = place.options.into_iter().find(|option| option.label == label).unwrap();
        self.touch(Intent::Choose { value: option.value });
    }

    fn page(&self) -> SetupPage {
        let body = self.setup.screen(&now(self.seconds)).body;
        let Body::Setup(setup) = body else { panic!("{}", body.name()) };
        setup.page
    }

    fn wait(&mut self, seconds: u64) {
        self.seconds += seconds;
        self.event(SetupEvent::Woke);
    }

    fn scan(&mut self) {
        let code = ScannedCode { text: Ok("BME1.code".to_owned()) };
        self.event(SetupEvent::Scanner(ScannerEvent::Code(code)));
    }

    /// What disk, county and printer answer.
    fn obey(&mut self, effects: Vec<SetupEffect>) {
        for effect in effects {
            match effect {
                SetupEffect::Keep { ask, progress } => {
                    let result = if self.disk_works {
                        self.disk = Some(*progress);
                        Ok(())
                    } else {
                        Err("setup.not-saved".to_owned())
                    };
                    self.event(SetupEvent::Kept { ask, result });
                }
                SetupEffect::Enrol { ask, expected, .. } => {
                    assert_eq!(expected.place, self.setup.progress.place().map(|place| place.code().to_owned()));
                    let grant = grant(&self.setup);
                    self.event(SetupEvent::Enrolled { ask, result: Ok(grant) });
                }
                SetupEffect::PrintTest { job } => {
                    let outcome = PrintOutcome::Printed;
                    self.event(SetupEvent::Printer(PrinterEvent::Finished { job, outcome }));
                }
                SetupEffect::Finish { ask, progress } => {
                    assert_eq!(Some(progress.as_ref()), self.disk.as_ref(), "settings come from what is durable");
                    self.finished = true;
                    self.event(SetupEvent::Finished { ask, result: Ok(()) });
                }
                SetupEffect::Leave => self.over = true,
                SetupEffect::Reader(_)
                | SetupEffect::Scanner(_)
                | SetupEffect::LookAtNetwork
                | SetupEffect::LookForFiles
                | SetupEffect::Note(_)
                | SetupEffect::Ignored { .. } => {}
            }
        }
    }

    /// Power is lost and comes back: what is not on the disk is gone.
    fn power_cut(&self) -> Self {
        Self::on(self.disk.clone())
    }
}

fn now(seconds: u64) -> Now {
    let wall = jiff::Timestamp::from_second(1_795_000_000 + i64::try_from(seconds).unwrap()).unwrap();
    Now { since_start: SinceStart::from_secs(seconds), wall, chance: [0; 16] }
}

fn card() -> IdReaderEvent {
    // A failed read and a good one differ for the page; a real card is not needed to try the way of events.
    IdReaderEvent::Reading
}

fn provision() -> Box<Provision> {
    let list = plan().places;
    let mut chosen = list.skip(Chosen::default());
    while chosen.level().is_some() {
        chosen = list.choose(&chosen, 0).unwrap();
    }
    let place = list.place(&chosen);
    Box::new(Provision {
        kiosk: KioskCode::new("K032").unwrap(),
        language: Language::Zh,
        place: place.unwrap().unwrap().parts().clone(),
        window: grant(&Setup::new(plan(), None, now(0)).0).window.unwrap(),
        network: NetworkChoice::Dhcp,
        devices: FittedDevices { reader: true, printer: true, scanner: false },
        code: "BME1.card".to_owned(),
    })
}

fn online(role: Role) -> SetupEvent {
    SetupEvent::Device(DeviceStatus { role, state: DeviceState::Online, code: String::new(), detail: String::new() })
}

#[test]
fn a_machine_is_set_up_without_a_keyboard_in_few_touches() {
    let mut bench = Bench::new();
    bench.touch(Intent::SetLanguage { language: Language::Zh });
    // One city in the list: nobody is asked for it.
    bench.choose("示例县");
    bench.choose("示例镇");
    bench.choose("河东村");
    assert_eq!(bench.page(), SetupPage::Centre { centre: "示例县示例镇河东村便民服务中心".to_owned() });
    bench.touch(Intent::Next);
    bench.event(SetupEvent::Network(NetworkState { cable: true, address: Some([10, 0, 0, 2].into()) }));
    bench.touch(Intent::Next);
    bench.scan();
    assert_eq!(bench.setup.step(), Step::Devices);
    assert_eq!(bench.setup.checks.of(Role::Scanner), DeviceCheck::Works, "the county's code was its proof");
    bench.touch(Intent::TryDevice { role: Role::Printer });
    bench.event(SetupEvent::Reader(card()));
    assert_eq!(bench.setup.checks.of(Role::IdReader), DeviceCheck::Trying);
    bench.touch(Intent::DeviceAbsent { role: Role::IdReader, absent: true });
    bench.touch(Intent::Next);
    assert!(bench.finished && !bench.over);
    bench.wait(5);
    assert!(bench.over);
    #[expect(clippy::print_stdout, reason = "the figure is wanted")]
    {
        println!("touches: {}", bench.touches);
    }
    assert!(bench.touches <= 25, "{} touches", bench.touches);
    let fitted = bench.disk.unwrap().devices.unwrap();
    assert!(!fitted.reader && fitted.printer && fitted.scanner);
}

#[test]
fn a_loss_of_power_resumes_at_the_first_step_that_was_not_finished() {
    type Doing = (&'static str, fn(&mut Bench));
    let steps: [Doing; 5] = [
        ("language", |bench| bench.touch(Intent::SetLanguage { language: Language::En })),
        ("place", |bench| bench.touch(Intent::Choose { value: Setup::ELSEWHERE.to_owned() })),
        ("network", |bench| bench.touch(Intent::Next)),
        ("enrol", |bench| {
            let mut given = grant(&bench.setup);
            given.place = Some(provision().place);
            let ask = bench.setup.next_ask();
            bench.setup.view = View::Enrol(Enrol::Asking { ask, until: SinceStart::from_secs(100) });
            bench.event(SetupEvent::Enrolled { ask, result: Ok(given) });
        }),
        ("devices", |bench| {
            for role in ROLES {
                bench.touch(Intent::DeviceAbsent { role, absent: true });
            }
            bench.touch(Intent::Next);
        }),
    ];
    let mut bench = Bench::new();
    for (name, finish) in steps {
        let before = bench.setup.step();
        let cut = bench.power_cut();
        assert_eq!(cut.setup.step(), before, "before {name} is finished");
        finish(&mut bench);
        let after = bench.power_cut();
        assert!(after.setup.step() > before, "{name} stays finished");
        assert_eq!(after.disk, bench.disk);
        bench = if after.setup.step() == Step::Done { bench } else { after };
    }
    assert!(bench.finished);
}

#[test]
fn a_step_is_left_only_when_the_disk_has_it() {
    let mut bench = Bench::new();
    bench.disk_works = false;
    bench.touch(Intent::SetLanguage { language: Language::Zh });
    assert_eq!(bench.setup.step(), Step::Language);
    assert!(bench.setup.not_saved);
    // A disk that does not answer at all is told as well, and a late answer changes nothing.
    let effects = bench.setup.handle(now(1), SetupEvent::Intent(Intent::SetLanguage { language: Language::Zh }));
    let Some(SetupEffect::Keep { ask, .. }) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(bench.setup.step(), Step::Language, "nothing is finished before the disk says so");
    assert!(bench.setup.next_wake(&now(1)).0 <= SinceStart::from_secs(1) + SAVE_LIMIT, "a disk that hangs is noticed");
    bench.seconds = 60;
    bench.event(SetupEvent::Woke);
    assert!(bench.setup.not_saved);
    bench.event(SetupEvent::Kept { ask: *ask, result: Ok(()) });
    assert_eq!(bench.setup.step(), Step::Language);
}

#[test]
fn an_enrolment_for_another_place_or_another_kiosk_is_refused_in_one_line() {
    let mut bench = Bench::new();
    bench.touch(Intent::SetLanguage { language: Language::Zh });
    bench.choose("示例县");
    bench.choose("青浦乡");
    bench.touch(Intent::Next);
    bench.touch(Intent::Next);
    let ask = bench.setup.next_ask();
    bench.setup.view = View::Enrol(Enrol::Asking { ask, until: SinceStart::from_secs(100) });
    let mut other = grant(&bench.setup);
    other.place = Some(provision().place);
    bench.event(SetupEvent::Enrolled { ask, result: Ok(other) });
    assert_eq!(bench.setup.step(), Step::Enrol);
    let SetupPage::Enrol(page) = bench.page() else { panic!("the page stays") };
    assert_eq!(page.prompt, EnrolPrompt::Refused { why: EnrolRefusal::OtherPlace });
    // The right code, held up next, is taken.
    bench.scan();
    assert_eq!(bench.setup.step(), Step::Devices);
}

#[test]
fn a_prepared_card_sets_the_machine_up_without_a_touch() {
    let mut bench = Bench::new();
    bench.event(SetupEvent::FileFound(Ok(provision())));
    assert_eq!(bench.setup.step(), Step::Devices);
    bench.event(online(Role::IdReader));
    assert!(!bench.finished, "the printer has not answered yet");
    bench.event(online(Role::Printer));
    assert!(bench.finished, "the scanner is absent on purpose");
    bench.wait(5);
    assert!(bench.over);
    assert_eq!(bench.touches, 0);
}

#[test]
fn a_prepared_card_that_cannot_go_on_leaves_the_pages_and_says_why() {
    let mut bench = Bench::new();
    bench.event(SetupEvent::FileFound(Err(EnrolRefusal::Foreign)));
    assert_eq!((bench.setup.step(), bench.setup.file), (Step::Language, Some(EnrolRefusal::Foreign)));
    bench.event(SetupEvent::FileFound(Ok(provision())));
    bench.wait(61);
    let SetupPage::Devices { ready: false, .. } = bench.page() else { panic!("{:?}", bench.page()) };
    bench.event(online(Role::IdReader));
    bench.event(online(Role::Printer));
    assert!(!bench.finished, "a person has taken over");
}

#[test]
fn an_unclear_slip_asks_the_person_and_a_failed_one_does_not_count() {
    let mut bench = Bench::new();
    bench.event(SetupEvent::FileFound(Ok(provision())));
    bench.touch(Intent::TryDevice { role: Role::Printer });
    for (outcome, check) in [
        (PrintOutcome::Unknown(UnknownCause::NoProof), DeviceCheck::Look),
        (PrintOutcome::NotPrinted(NotPrintedCause::PaperOut), DeviceCheck::Fails),
    ] {
        let effects = bench.setup.handle(now(0), SetupEvent::Intent(Intent::TryDevice { role: Role::Printer }));
        let Some(SetupEffect::PrintTest { job }) = effects.first() else { panic!("{effects:?}") };
        bench.event(SetupEvent::Printer(PrinterEvent::Finished { job: *job, outcome }));
        assert_eq!(bench.setup.checks.of(Role::Printer), check);
    }
    bench.touch(Intent::DeviceWorks { role: Role::Printer });
    assert_eq!(bench.setup.checks.of(Role::Printer), DeviceCheck::Fails, "nobody can say that a failed slip came out");
}

/// A machine on the page of the enrolment, with a fixed address, whose county has not answered yet.
fn asking() -> Bench {
    let mut bench = Bench::new();
    bench.touch(Intent::SetLanguage { language: Language::Zh });
    bench.choose("示例县");
    bench.choose("示例镇");
    bench.choose("河东村");
    bench.touch(Intent::Next);
    let fixed = FixedAddress::new([10, 0, 0, 5].into(), 24, [10, 0, 0, 1].into(), [10, 0, 0, 1].into()).unwrap();
    bench.setup.view = View::Network { typing: None, fixed: Some(fixed) };
    bench.touch(Intent::Next);
    assert_eq!(bench.setup.step(), Step::Enrol);
    let ask = bench.setup.next_ask();
    bench.setup.view = View::Enrol(Enrol::Asking { ask, until: SinceStart::from_secs(1_000) });
    bench
}

fn prompt(bench: &Bench) -> EnrolPrompt {
    let SetupPage::Enrol(page) = bench.page() else { panic!("{:?}", bench.page()) };
    page.prompt
}

#[test]
fn an_answer_that_could_not_be_stored_leaves_a_page_that_takes_the_code_again() {
    for disk_answers in [true, false] {
        let mut bench = asking();
        bench.disk_works = false;
        let ask = AskNo(bench.setup.last_ask);
        let given = grant(&bench.setup);
        if disk_answers {
            bench.event(SetupEvent::Enrolled { ask, result: Ok(given) });
        } else {
            bench.setup.handle(now(0), SetupEvent::Enrolled { ask, result: Ok(given) });
            assert_eq!(prompt(&bench), EnrolPrompt::Asking);
            bench.wait(SAVE_LIMIT.as_secs());
        }
        assert_eq!(prompt(&bench), EnrolPrompt::Refused { why: EnrolRefusal::NotStored });
        let (next, _) = bench.setup.next_wake(&now(bench.seconds));
        assert!(next >= SinceStart::from_secs(bench.seconds) + AUTO_AGAIN, "a broken disk is not asked all the time");
        bench.disk_works = true;
        bench.scan();
        assert_eq!(bench.setup.step(), Step::Devices);
    }
}

#[test]
fn back_from_the_enrolment_keeps_the_address_that_was_typed() {
    let mut bench = asking();
    let before = bench.disk.clone().unwrap().network;
    assert!(matches!(before, Some(NetworkChoice::Fixed(_))));
    bench.touch(Intent::Back);
    bench.touch(Intent::Next);
    assert_eq!(bench.disk.unwrap().network, before);
}

#[test]
fn a_strange_file_stops_neither_the_countys_answer_nor_a_prepared_card() {
    let mut bench = asking();
    let ask = AskNo(bench.setup.last_ask);
    let given = grant(&bench.setup);
    bench.event(SetupEvent::AnswerFound(Err(EnrolRefusal::BadAnswer)));
    bench.event(SetupEvent::Enrolled { ask, result: Ok(given) });
    assert_eq!(bench.setup.step(), Step::Devices);
    let mut bench = asking();
    bench.setup.auto = Some(provision());
    bench.setup.view = View::Enrol(Enrol::Again { at: SinceStart::from_secs(15), why: EnrolRefusal::NoLine });
    bench.event(SetupEvent::AnswerFound(Err(EnrolRefusal::BadAnswer)));
    bench.wait(15);
    assert_eq!(bench.setup.step(), Step::Devices, "the card has tried again by itself");
}

fn any_event() -> impl Strategy<Value = SetupEvent> {
    let intents = prop_oneof![
        Just(Intent::Next),
        Just(Intent::Back),
        Just(Intent::Home),
        Just(Intent::Help),
        Just(Intent::Erase),
        Just(Intent::Clear),
        Just(Intent::NextPage),
        Just(Intent::PreviousPage),
        Just(Intent::SetLanguage { language: Language::En }),
        (0..9_u8).prop_map(|n| Intent::Choose { value: n.to_string() }),
        Just(Intent::Choose { value: "elsewhere".to_owned() }),
        Just(Intent::Choose { value: "fixed".to_owned() }),
        Just(Intent::Choose { value: "automatic".to_owned() }),
        prop::char::range('0', '9').prop_map(|digit| Intent::Digit { digit }),
        Just(Intent::TryDevice { role: Role::Printer }),
        Just(Intent::DeviceWorks { role: Role::Printer }),
        prop::sample::select(&ROLES[..]).prop_map(|role| Intent::DeviceAbsent { role, absent: true }),
        prop::sample::select(&ROLES[..]).prop_map(|role| Intent::DeviceAbsent { role, absent: false }),
    ];
    prop_oneof![
        8 => intents.prop_map(SetupEvent::Intent),
        1 => Just(SetupEvent::Woke),
        1 => Just(SetupEvent::FileFound(Ok(provision()))),
        1 => Just(SetupEvent::FileFound(Err(EnrolRefusal::BadFile))),
        1 => Just(SetupEvent::AnswerFound(Err(EnrolRefusal::BadAnswer))),
        1 => (0..30_u64).prop_map(|ask| SetupEvent::Kept { ask: AskNo(ask), result: Ok(()) }),
        1 => (0..30_u64).prop_map(|ask| SetupEvent::Finished { ask: AskNo(ask), result: Ok(()) }),
        1 => (0..30_u64).prop_map(|ask| SetupEvent::Enrolled { ask: AskNo(ask), result: Err(EnrolRefusal::NoLine) }),
        1 => Just(SetupEvent::Scanner(ScannerEvent::Code(ScannedCode { text: Ok("x".to_owned()) }))),
        1 => Just(SetupEvent::Scanner(ScannerEvent::TooLong)),
        1 => Just(SetupEvent::Reader(IdReaderEvent::Reading)),
        1 => prop::sample::select(&ROLES[..]).prop_map(online),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_what_counts_as_finished_is_on_the_disk(
        events in prop::collection::vec((any_event(), 0..30_u64, prop::bool::weighted(0.8)), 1..80),
    ) {
        let mut bench = Bench::new();
        for (event, seconds, disk_works) in events {
            bench.seconds += seconds;
            bench.disk_works = disk_works;
            bench.event(event);
            let durable = bench.disk.clone().unwrap_or_default();
            prop_assert_eq!(bench.setup.progress(), &durable);
            let after = bench.power_cut();
            prop_assert_eq!(after.setup.progress(), &durable);
            prop_assert!(!bench.finished || durable.step() == Step::Done);
            let (wake, _) = bench.setup.next_wake(&now(bench.seconds));
            prop_assert!(wake >= SinceStart::from_secs(bench.seconds) || bench.over);
        }
    }
}
