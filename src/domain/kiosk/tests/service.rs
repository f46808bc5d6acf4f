//! The technician's page: when it opens, what it says, and the one word that can be given on it.

use std::time::Duration;

use super::machine::Machine;
use crate::domain::event::{AskNo, Event};
use crate::domain::id::Sequence;
use crate::domain::submission::{StoreEvent, StoreFound};
use crate::domain::text::Text;
use crate::ipc::{
    Body, FellBack, ImageCard, Intent, Language, ServiceLine, ServicePage, StoreState, TextSize, UpdateAnswer,
    UpdateNews, UpdatePhase,
};

/// A bundle on a stick waits for a word.
pub fn asking(version: &str) -> UpdateNews {
    UpdateNews { running: "1.0.0".into(), phase: UpdatePhase::Asking, version: version.into(), ..UpdateNews::default() }
}

/// A damaged store was put right; two numbers could not be taken over.
pub fn repaired() -> StoreFound {
    StoreFound { last: Sequence(9), missing: vec![Sequence(4), Sequence(7)], aside: Some("kiosk.db.damaged-1".into()) }
}

fn told(machine: &mut Machine, news: UpdateNews) -> &mut Machine {
    machine.event(Event::Updates(Box::new(news)))
}

fn page(machine: &Machine) -> Option<ServicePage> {
    let Body::Service(page) = machine.screen().body else { return None };
    Some(*page)
}

fn line(machine: &Machine) -> Option<ServiceLine> {
    let Body::Idle(idle) = machine.screen().body else { return None };
    Some(idle.service)
}

fn image(machine: &Machine) -> ImageCard {
    page(machine).expect("the page is open").image.expect("the root hash is known")
}

/// The line that is always there.
fn nothing() -> Option<ServiceLine> {
    Some(ServiceLine::Nothing { kiosk: "K032".into() })
}

fn answer(machine: &Machine) -> Option<UpdateAnswer> {
    machine.kiosk.status(&machine.now(), "service").answer
}

#[test]
fn a_stick_that_asks_brings_the_page_and_a_touch_gives_the_word_once() {
    let mut machine = Machine::new();
    told(&mut machine, asking("1.1.0"));
    let shown = page(&machine).expect("the page comes by itself");
    assert_eq!((shown.running.as_str(), shown.version.as_str(), shown.answered), ("1.0.0", "1.1.0", false));
    assert_eq!(answer(&machine), None);
    assert!(!machine.kiosk.is_in_use(), "the page must not hold the update up");
    machine.touch(Intent::AnswerUpdate { answer: UpdateAnswer::Install });
    assert_eq!(answer(&machine), Some(UpdateAnswer::Install));
    // The other button under the same finger changes nothing any more.
    machine.touch(Intent::AnswerUpdate { answer: UpdateAnswer::Leave });
    assert_eq!(answer(&machine), Some(UpdateAnswer::Install));
    // The same news once more keeps the word; the agent that has taken it ends it.
    told(&mut machine, asking("1.1.0"));
    assert_eq!(answer(&machine), Some(UpdateAnswer::Install));
    told(&mut machine, UpdateNews { phase: UpdatePhase::Waiting, ..asking("1.1.0") });
    assert_eq!(answer(&machine), None);
}

#[test]
fn a_word_for_one_version_never_counts_for_another() {
    let mut machine = Machine::new();
    told(&mut machine, asking("1.1.0")).touch(Intent::AnswerUpdate { answer: UpdateAnswer::Install });
    told(&mut machine, asking("1.2.0"));
    assert_eq!(answer(&machine), None);
}

#[test]
fn without_a_stick_no_word_can_be_given() {
    let mut machine = Machine::new();
    machine.touch(Intent::OpenService).touch(Intent::AnswerUpdate { answer: UpdateAnswer::Install });
    assert!(page(&machine).is_some());
    assert_eq!(answer(&machine), None);
    machine.touch(Intent::Back).touch(Intent::AnswerUpdate { answer: UpdateAnswer::Install });
    assert_eq!(answer(&machine), None);
}

#[test]
fn a_resident_is_not_disturbed_by_a_stick_and_the_idle_page_tells_of_it_afterwards() {
    let mut machine = Machine::new();
    machine.touch(Intent::Begin);
    told(&mut machine, asking("1.1.0"));
    assert_eq!(machine.screen().body.name(), "home");
    machine.touch(Intent::Back);
    assert_eq!(line(&machine), Some(ServiceLine::Offer { version: "1.1.0".into() }));
    machine.touch(Intent::OpenService);
    assert!(page(&machine).is_some());
}

#[test]
fn the_page_has_its_own_language_and_size_and_closes_by_itself() {
    let mut machine = Machine::new();
    machine.touch(Intent::OpenService);
    machine.touch(Intent::SetLanguage { language: Language::En }).touch(Intent::SetTextSize { size: TextSize::Large });
    let frame = machine.screen().frame;
    assert_eq!((frame.language, frame.text_size), (Language::En, TextSize::Large));
    machine.pass(Duration::from_secs(301));
    let screen = machine.screen();
    assert_eq!(screen.body.name(), "idle");
    assert_eq!((screen.frame.language, screen.frame.text_size), (Language::Zh, TextSize::Normal));
}

#[test]
fn an_update_that_fell_back_is_told_with_version_time_and_reason_until_a_newer_one_is_good() {
    let mut machine = Machine::new();
    let at = machine.now().wall;
    let why = Text::new("新版本没有显示画面", "the new version showed no picture");
    let (version, back_to) = ("1.1.0".to_owned(), "1.0.0".to_owned());
    let fell = FellBack { version, back_to, at, code: "update.no-frame".into(), why };
    let resting = UpdateNews { running: "1.0.0".into(), ..UpdateNews::default() };
    told(&mut machine, UpdateNews { fell_back: Some(fell), ..resting.clone() });
    assert_eq!(line(&machine), Some(ServiceLine::FellBack { version: "1.1.0".into() }));
    let status = machine.kiosk.status(&machine.now(), "idle").update;
    assert!(status.contains("1.1.0 fell back to 1.0.0") && status.contains("update.no-frame"), "{status}");
    machine.touch(Intent::OpenService);
    let shown = page(&machine).and_then(|page| page.fell_back).expect("the page tells of it");
    assert_eq!((shown.version.as_str(), shown.back_to.as_str()), ("1.1.0", "1.0.0"));
    assert_eq!((shown.why.as_str(), shown.at.day, shown.at.hour), ("新版本没有显示画面", 24, 9));
    machine.touch(Intent::SetLanguage { language: Language::En });
    let shown = page(&machine).and_then(|page| page.fell_back).expect("the page tells of it");
    assert_eq!(shown.why, "the new version showed no picture");
    told(&mut machine, resting).touch(Intent::Back);
    assert_eq!(line(&machine), nothing());
}

#[test]
fn a_refusal_stands_on_the_idle_page_for_ten_minutes_and_on_the_technicians_page_for_good() {
    let mut machine = Machine::new();
    let why = Text::new("这个更新比现在的版本旧", "older than what runs here");
    let refused = UpdateNews { phase: UpdatePhase::Refused, code: "update.older".into(), why, ..asking("0.9.0") };
    told(&mut machine, refused.clone());
    assert_eq!(line(&machine), Some(ServiceLine::Refused { version: "0.9.0".into() }));
    // The same news again does not begin anew.
    machine.pass(Duration::from_secs(500));
    told(&mut machine, refused);
    machine.pass(Duration::from_secs(101));
    assert_eq!(line(&machine), nothing());
    machine.touch(Intent::OpenService);
    assert_eq!(page(&machine).map(|page| page.why), Some("这个更新比现在的版本旧".into()));
}

#[test]
fn the_restart_is_foretold_and_nobody_is_told_a_time_while_it_waits_for_unsent_work() {
    let mut machine = Machine::new();
    machine.pass(Duration::from_secs(20)).touch(Intent::OpenService);
    let restart = UpdateNews { phase: UpdatePhase::Restart, quiet_seconds: Some(600), ..asking("1.1.0") };
    told(&mut machine, restart.clone());
    let at = page(&machine).and_then(|page| page.restart_at).expect("a time");
    assert_eq!((at.hour, at.minute), (9, 10), "ten minutes after the last visit, which never was");
    told(&mut machine, UpdateNews { code: "update.unsent".into(), ..restart });
    assert_eq!(page(&machine).and_then(|page| page.restart_at), None);
}

#[test]
fn what_a_repair_kept_and_lost_is_told_in_numbers_as_they_stand_on_slips() {
    let mut machine = Machine::new();
    machine.event(Event::StoreFound(repaired()));
    assert_eq!(line(&machine), Some(ServiceLine::Repaired { lost: 2 }));
    machine.touch(Intent::OpenService);
    let store = page(&machine).expect("the page").store;
    assert_eq!((store.state, store.given, store.aside.as_str()), (StoreState::Repaired, Some(9), "kiosk.db.damaged-1"));
    let number = |sequence| {
        let number = crate::domain::receipt::kiosk_number("K032", Sequence(sequence));
        crate::domain::receipt::in_groups(&number)
    };
    assert_eq!((store.lost, store.lost_more), (vec![number(4), number(7)], 0));
    let repair = machine.kiosk.status(&machine.now(), "idle").repair;
    assert!(repair.contains("kiosk.db.damaged-1") && repair.contains("2 numbers"), "{repair}");
}

#[test]
fn of_many_lost_numbers_the_first_are_named_and_the_rest_is_counted() {
    let mut machine = Machine::new();
    let missing = (1..=30).map(Sequence).collect();
    machine.event(Event::StoreFound(StoreFound { last: Sequence(40), missing, aside: None }));
    assert_eq!(line(&machine), nothing(), "an old loss is no news of this start");
    machine.touch(Intent::OpenService);
    let store = page(&machine).expect("the page").store;
    assert_eq!((store.lost.len(), store.lost_more), (8, 22));
}

#[test]
fn a_disk_that_failed_is_told_with_the_time_of_the_next_look_and_afterwards_as_mended() {
    let mut machine = Machine::new();
    while !machine.store.is_empty() {
        machine.store_answers();
    }
    let event = StoreEvent::Broken { code: "store.io".into() };
    machine.event(Event::Store { ask: AskNo::default(), event });
    assert_eq!(machine.screen().body.name(), "out-of-service");
    machine.touch(Intent::OpenService);
    let store = page(&machine).expect("the page").store;
    assert_eq!((store.state, store.code.as_str()), (StoreState::Disk, "store.io"));
    assert!(store.again_at.is_some(), "{store:?}");
    machine.pass(Duration::from_secs(31));
    while !machine.store.is_empty() {
        machine.store_answers();
    }
    let store = page(&machine).expect("the page").store;
    assert_eq!((store.state, store.code.as_str(), store.again_at), (StoreState::Reopened, "store.io", None));
}

#[test]
fn the_page_names_the_image_and_its_claim_stays_the_same_while_it_is_open() {
    let mut machine = Machine::new();
    machine.touch(Intent::OpenService);
    let shown = image(&machine);
    assert_eq!(shown.hash, "9F3A 9F3A 9F3A 9F3A");
    assert_eq!(shown.qr, format!("BMI1 K032 {} {}", "9F3A".repeat(16), machine.now().wall.as_second()));
    machine.pass(Duration::from_secs(60));
    assert_eq!(image(&machine), shown);
    machine.touch(Intent::Back).touch(Intent::OpenService);
    assert_ne!(image(&machine), shown, "a page that is opened anew has a new time");
}

#[test]
fn a_machine_without_a_verified_root_shows_no_code() {
    let mut machine = Machine::new();
    machine.kiosk.settings.root_hash = None;
    machine.touch(Intent::OpenService);
    assert_eq!(page(&machine).expect("the page is open").image, None);
}
