//! Visits as stories: what the resident sees, and in which order the machine keeps its promises.

use std::time::Duration;

use kiosk_hal::model::{
    CardFailure, DeviceState, IdReaderEvent, NotPrintedCause, NumberCheck, PrintOutcome, Role, ScannedCode,
    ScannerEvent, UnknownCause, Validity,
};

use super::machine::{Machine, card, receipt};
use crate::domain::effect::{Effect, Note, PaperKind};
use crate::domain::event::{AskNo, Event};
use crate::domain::receipt::{SlipCode, parse, payload};
use crate::domain::submission::{Application, CountyCommand, CountyEvent, StoreCommand, StoreEvent, Verdict};
use crate::ipc::{Body, CardPrompt, Intent, Language, Overlay, ScanPrompt, SlipState, TextSize, WindowReason};

const PENSION: &str = "sample-01";
const ALLOWANCE: &str = "sample-03";
const HEALTH_INSURANCE: &str = "sample-09";
const MINUTE: Duration = Duration::from_secs(60);

fn submits(machine: &Machine) -> usize {
    machine.county.iter().filter(|(_, command)| matches!(command, CountyCommand::Submit { .. })).count()
}

#[test]
fn three_items_can_be_applied_for_from_end_to_end() {
    for item in [PENSION, ALLOWANCE, HEALTH_INSURANCE] {
        let mut machine = Machine::new();
        machine.kept(item);
        assert_eq!(machine.page(), "kept", "{item}");
        assert!(matches!(machine.prints(PrintOutcome::Printed), PaperKind::Kept { .. }));
        machine.county_answers(Verdict::Stored { receipt: receipt() }).store_answers();
        assert_eq!(machine.page(), "accepted", "{item}");
        assert!(matches!(machine.prints(PrintOutcome::Printed), PaperKind::Accepted { .. }));
        machine.touch(Intent::Finish);
        assert_eq!(machine.page(), "take", "{item}");
        machine.pass(Duration::from_secs(10));
        assert_eq!(machine.page(), "idle", "{item}");
    }
}

#[test]
fn kept_is_shown_and_printed_only_after_the_store_said_so_and_sent_only_after_the_slip() {
    let mut machine = Machine::new();
    machine.store_answers();
    machine.confirmed(PENSION);
    assert_eq!(machine.page(), "storing");
    assert!(machine.prints.is_empty(), "no slip before the database");
    assert_eq!(submits(&machine), 0, "nothing is sent before the database");
    machine.store_answers();
    assert_eq!(machine.page(), "kept");
    assert_eq!((machine.prints.len(), submits(&machine)), (1, 0), "the slip comes before the sending");
    machine.prints(PrintOutcome::Printed);
    assert_eq!(submits(&machine), 1);
}

#[test]
fn a_printer_that_says_nothing_does_not_hold_the_application_back_for_ever() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    assert_eq!(submits(&machine), 0);
    machine.pass(Duration::from_secs(45));
    assert_eq!(submits(&machine), 1);
}

#[test]
fn accepted_is_shown_only_after_the_receipt_is_durable() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    machine.prints(PrintOutcome::Printed);
    machine.county_answers(Verdict::Stored { receipt: receipt() });
    assert_eq!(machine.page(), "kept", "the receipt is not on the disk yet");
    machine.store_answers();
    assert_eq!(machine.page(), "accepted");
}

#[test]
fn a_case_that_is_accepted_after_the_resident_left_reaches_no_screen_and_no_paper() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    machine.prints(PrintOutcome::Printed);
    machine.touch(Intent::Finish).pass(Duration::from_secs(10)).touch(Intent::Begin);
    machine.county_answers(Verdict::Stored { receipt: receipt() }).store_answers();
    assert_eq!(machine.page(), "home", "the next person sees nothing of it");
    assert!(machine.prints.is_empty());
    assert_eq!(machine.kiosk.waiting(), 0);
}

#[test]
fn a_try_that_failed_is_repeated_with_the_same_id() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    machine.prints(PrintOutcome::Printed);
    let first = machine.county.iter().rev().find_map(|(_, command)| match command {
        CountyCommand::Submit { id, sequence } => Some((*id, *sequence)),
        CountyCommand::SubmitBatch { .. } | CountyCommand::CaseState { .. } | CountyCommand::Probe => None,
    });
    machine.county_answers(Verdict::TryAgain { code: "county.timeout".into(), after: None });
    machine.pass(Duration::from_secs(20));
    let second = machine.county.iter().rev().find_map(|(_, command)| match command {
        CountyCommand::Submit { id, sequence } => Some((*id, *sequence)),
        CountyCommand::SubmitBatch { .. } | CountyCommand::CaseState { .. } | CountyCommand::Probe => None,
    });
    assert!(first.is_some());
    assert_eq!(first, second);
}

#[test]
fn a_refused_application_is_set_aside_and_the_resident_is_led_to_the_window() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    machine.prints(PrintOutcome::Printed);
    machine.county_answers(Verdict::SetAside { code: "form-invalid".into() }).store_answers();
    assert_eq!(machine.page(), "set-aside");
    assert_eq!(machine.kiosk.waiting(), 0, "it delays nobody");
}

#[test]
fn what_could_not_be_kept_was_never_promised_and_is_tried_again_under_the_same_id() {
    let mut machine = Machine::new();
    machine.store_answers();
    machine.confirmed(PENSION);
    let (ask, command) = machine.store.remove(0);
    let StoreCommand::Keep { application } = command else { panic!("it is being kept") };
    let id = application.client_submission_id;
    machine
        .event(Event::Store { ask, event: StoreEvent::NotKept { id, code: "store.disk-full".into(), certain: true } });
    assert_eq!(machine.page(), "not-kept");
    assert!(machine.prints.is_empty());
    machine.touch(Intent::Confirm);
    let Some((_, StoreCommand::Keep { application: again })) = machine.store.first() else {
        panic!("it is being kept again")
    };
    assert_eq!(again.client_submission_id, id);
    assert_eq!(again.fields, application.fields, "the answers were not lost");
}

#[test]
fn a_store_that_does_not_answer_ends_the_wait_and_its_late_answer_still_counts() {
    let mut machine = Machine::new();
    machine.store_answers();
    machine.confirmed(PENSION).pass(Duration::from_secs(31));
    assert_eq!(machine.page(), "not-kept");
    machine.store_answers();
    assert_eq!(machine.page(), "kept");
}

#[test]
fn sixty_seconds_without_a_touch_ask_and_a_hundred_and_twenty_wipe() {
    let mut machine = Machine::new();
    machine.open_guide(PENSION).touch(Intent::Apply).lay(card());
    assert_eq!(machine.page(), "form");
    machine.pass(MINUTE);
    assert!(matches!(machine.screen().overlay, Some(Overlay::StillThere { .. })));
    machine.touch(Intent::MoreTime);
    assert_eq!(machine.screen().overlay, None, "more time was given");
    machine.pass(MINUTE).pass(MINUTE);
    assert_eq!(machine.page(), "idle");
    assert!(machine.kiosk.visit.is_none(), "the visit with everything in it is dropped");
    let shown = serde_json::to_string(&machine.screen()).expect("plain data");
    let left = format!("{shown}{:?}{:?}", machine.kiosk.outbox, machine.kiosk.health);
    for secret in [card().name.clone(), card().number.clone(), "示例村3组12号".into()] {
        assert!(!left.contains(&secret), "nothing of the person is left");
    }
}

#[test]
fn a_touch_that_comes_after_the_end_begins_a_new_visit_and_never_acts_in_the_old_one() {
    let mut machine = Machine::new();
    machine.open_guide(PENSION).touch(Intent::Apply).lay(card()).fill();
    assert_eq!(machine.page(), "review");
    machine.at += 3 * MINUTE;
    machine.touch(Intent::Confirm);
    assert_eq!(machine.page(), "idle");
    assert!(
        !machine
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Store { command: StoreCommand::Keep { .. }, .. }))
    );
}

#[test]
fn language_and_text_size_are_back_to_their_defaults_for_the_next_person() {
    let mut machine = Machine::new();
    machine.touch(Intent::SetLanguage { language: Language::En }).touch(Intent::SetTextSize { size: TextSize::Large });
    assert_eq!(machine.screen().frame.language, Language::En);
    assert_eq!(machine.page(), "home", "the first touch may be the language");
    machine.pass(5 * MINUTE);
    let frame = machine.screen().frame;
    assert_eq!((frame.language, frame.text_size), (Language::Zh, TextSize::Normal));
}

#[test]
fn leaving_with_answers_asks_first_and_staying_keeps_them() {
    let mut machine = Machine::new();
    machine.open_guide(PENSION).touch(Intent::Apply).lay(card());
    let before = machine.screen().body;
    machine.touch(Intent::Home);
    assert_eq!(machine.screen().overlay, Some(Overlay::ConfirmLeave));
    machine.touch(Intent::Digit { digit: '1' });
    machine.touch(Intent::Stay);
    assert_eq!(machine.screen().body, before, "a touch behind the panel does nothing");
    machine.touch(Intent::Home).touch(Intent::Leave);
    assert_eq!(machine.page(), "home");
}

#[test]
fn each_card_that_cannot_be_used_has_its_own_words_and_the_next_card_is_read() {
    let mut machine = Machine::new();
    machine.open_guide(PENSION).touch(Intent::Apply);
    let prompt = |machine: &Machine| {
        let Body::Identify(identify) = machine.screen().body else { panic!("still at the reader") };
        identify.prompt
    };
    let mut expired = card();
    expired.valid_until = Validity::Until(kiosk_hal::model::CardDate::parse("20200101").expect("a day"));
    let mut wrong = card();
    wrong.number_check = NumberCheck::Failed;
    let mut foreign = card();
    foreign.kind = kiosk_hal::model::CardKind::ForeignPermanent2023;
    let mut broken = card();
    broken.name = "王\u{fffd}芳".into();
    let unreadable = CardPrompt::Failed { why: CardFailure::Malformed };
    for (bad, expected) in [
        (broken, unreadable),
        (expired, CardPrompt::Expired),
        (wrong, CardPrompt::NumberWrong),
        (foreign, CardPrompt::KindNotServed),
    ] {
        machine.lay(bad);
        assert_eq!(prompt(&machine), expected);
    }
    for why in [CardFailure::Unreadable, CardFailure::UnsupportedKind] {
        machine.event(Event::Reader(IdReaderEvent::Failed(why)));
        assert_eq!(prompt(&machine), CardPrompt::Failed { why });
    }
    machine.lay(card());
    assert_eq!(machine.page(), "form");
}

#[test]
fn an_item_for_people_of_a_higher_age_says_so_kindly() {
    let mut machine = Machine::new();
    let mut young = card();
    young.birth = kiosk_hal::model::CardDate::parse("19850615");
    machine.open_guide(ALLOWANCE).touch(Intent::Apply).lay(young);
    let Body::Window(window) = machine.screen().body else { panic!("the window is offered") };
    assert_eq!(window.why, WindowReason::NotOldEnough { years: 80 });
}

#[test]
fn an_item_whose_form_cannot_be_taken_here_offers_the_window_and_no_dead_button() {
    let mut machine = Machine::new();
    machine.open_guide("sample-04").touch(Intent::Apply);
    assert!(matches!(machine.page(), "window" | "item"));
    assert!(!machine.effects.iter().any(|effect| matches!(effect, Effect::Reader(_))), "no card is asked for");
}

#[test]
fn a_device_lost_at_any_step_keeps_the_answers() {
    for role in [Role::IdReader, Role::Printer, Role::Scanner] {
        for steps in 0..6 {
            let mut machine = Machine::new();
            machine.open_guide(PENSION).touch(Intent::Apply).lay(card());
            for digit in "13800000000".chars().take(steps * 2) {
                machine.touch(Intent::Digit { digit });
            }
            let before = machine.screen().body;
            machine.device(role, DeviceState::NoDevice);
            assert_eq!(machine.screen().body, before, "{role:?} lost after {steps}");
            machine.device(role, DeviceState::Online);
            machine.fill();
            assert_eq!(machine.page(), "review");
        }
    }
}

#[test]
fn a_reader_that_goes_and_comes_back_is_asked_to_look_again() {
    let mut machine = Machine::new();
    machine.open_guide(PENSION).touch(Intent::Apply);
    machine.device(Role::IdReader, DeviceState::NoDevice);
    let Body::Identify(identify) = machine.screen().body else { panic!("still at the reader") };
    assert_eq!(identify.prompt, CardPrompt::ReaderLost);
    machine.took();
    machine.device(Role::IdReader, DeviceState::Online);
    assert!(machine.took().contains(&Effect::Reader(kiosk_hal::model::IdReaderRequest::Watch)));
}

#[test]
fn a_slip_that_did_not_come_out_is_never_printed_again_by_itself_and_a_copy_is_marked() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    machine.prints(PrintOutcome::Unknown(UnknownCause::PaperOutMidJob));
    let Body::Kept(kept) = machine.screen().body else { panic!("kept is shown") };
    assert_eq!(kept.slip, SlipState::Unclear { why: UnknownCause::PaperOutMidJob });
    machine.device(Role::Printer, DeviceState::Online).pass(Duration::from_secs(30));
    assert!(machine.prints.is_empty(), "nobody decided to print again");
    machine.touch(Intent::PrintAgain);
    let (_, paper) = machine.prints.first().expect("the resident decided");
    assert!(paper.copy, "a second slip is marked");
}

#[test]
fn no_paper_still_leads_to_the_end_with_number_and_code_on_the_screen() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    machine.prints(PrintOutcome::NotPrinted(NotPrintedCause::PaperOut));
    machine.county_answers(Verdict::Stored { receipt: receipt() }).store_answers();
    let Body::Accepted(accepted) = machine.screen().body else { panic!("accepted is shown") };
    assert_eq!(accepted.number, "3206 9920 2611 2400 01");
    let scanned = payload(&accepted.qr, None);
    let SlipCode::Case { number, code } = parse(&scanned).expect("a code of ours") else { panic!("a case") };
    assert_eq!((number.as_str(), code.as_str()), ("320699202611240001", "482913"));
}

#[test]
fn a_late_print_result_of_a_finished_visit_is_ignored() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    machine.touch(Intent::Finish).pass(Duration::from_secs(10)).touch(Intent::Begin);
    let screen = machine.screen().body;
    machine.took();
    machine.prints(PrintOutcome::Unknown(UnknownCause::NoProof));
    assert_eq!(machine.screen().body, screen);
    assert!(machine.took().iter().any(|effect| matches!(effect, Effect::Ignored { .. })));
}

#[test]
fn the_scanner_is_enabled_only_while_a_screen_asks_for_a_code() {
    use kiosk_hal::model::ScannerRequest;
    let mut machine = Machine::new();
    machine.touch(Intent::Begin);
    machine.took();
    machine.touch(Intent::OpenScan);
    assert!(machine.took().contains(&Effect::Scanner(ScannerRequest::Enable)));
    machine.event(Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok("https://example.invalid".into()) })));
    let Body::Scan(scan) = machine.screen().body else { panic!("still scanning") };
    assert_eq!(scan.prompt, ScanPrompt::NotOurs);
    machine.touch(Intent::Back);
    assert!(machine.took().contains(&Effect::Scanner(ScannerRequest::Disable)));
    machine.event(Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok("BM1 A 1 2".into()) })));
    assert!(matches!(machine.took().as_slice(), [Effect::Ignored { .. }]));
}

#[test]
fn a_kept_slip_tells_how_far_its_application_is_and_a_wrong_code_tells_nothing() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    let PaperKind::Kept { claim, .. } = machine.prints(PrintOutcome::Printed) else { panic!("a kept slip") };
    machine.touch(Intent::Finish).pass(Duration::from_secs(10));
    let scan = |machine: &mut Machine, text: String| {
        machine.touch(Intent::Begin).touch(Intent::OpenScan);
        machine.event(Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok(text) }))).store_answers();
    };
    scan(&mut machine, payload(&claim, None));
    let Body::Status(status) = machine.screen().body else { panic!("the state is shown") };
    assert_eq!(status.state, crate::ipc::CaseState::Kept);
    machine.touch(Intent::Home).touch(Intent::Back);
    let forged = format!("{} 000000", claim.rsplit_once(' ').expect("number and code").0);
    scan(&mut machine, payload(&forged, None));
    let Body::Scan(scan) = machine.screen().body else { panic!("nothing is shown") };
    assert_eq!(scan.prompt, ScanPrompt::NotFound);
}

#[test]
fn a_slip_of_the_layout_before_still_finds_its_application() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    let PaperKind::Kept { claim, .. } = machine.prints(PrintOutcome::Printed) else { panic!("a kept slip") };
    machine.touch(Intent::Finish).pass(Duration::from_secs(10));
    let code = claim.rsplit_once(' ').expect("the code is last").1;
    machine.touch(Intent::Begin).touch(Intent::OpenScan);
    let old = format!("BM1 K K032000001 {code}");
    machine.event(Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok(old) }))).store_answers();
    let Body::Status(status) = machine.screen().body else { panic!("the state is shown") };
    assert_eq!((status.state, status.number.as_str()), (crate::ipc::CaseState::Kept, "K032 0000 01T"));
}

#[test]
fn screen_and_paper_claim_the_same() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    let Body::Kept(kept) = machine.screen().body else { panic!("kept is shown") };
    let PaperKind::Kept { claim, number, .. } = machine.prints(PrintOutcome::Printed) else { panic!("a kept slip") };
    assert_eq!((kept.qr, kept.number), (claim, number));
    machine.county_answers(Verdict::Stored { receipt: receipt() }).store_answers();
    let Body::Accepted(accepted) = machine.screen().body else { panic!("accepted is shown") };
    let PaperKind::Accepted { claim, .. } = machine.prints(PrintOutcome::Printed) else { panic!("an accepted slip") };
    assert_eq!(accepted.qr, claim);
}

#[test]
fn a_late_answer_about_a_case_is_not_shown_to_the_next_person() {
    let mut machine = Machine::new();
    machine.touch(Intent::Begin).touch(Intent::OpenScan);
    machine.event(Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok("BM1 A 320699 482913".into()) })));
    let (ask, _) = machine.county.pop().expect("the county is asked");
    machine.touch(Intent::Home).touch(Intent::Back).touch(Intent::Begin).touch(Intent::OpenScan);
    machine.event(Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok("BM1 A 111111 222222".into()) })));
    let report = crate::domain::submission::CaseReport {
        item_name: "事项".into(),
        state: crate::ipc::CaseState::InReview,
        raw_text: String::new(),
        since: machine.now().wall,
        promise_date: None,
    };
    machine.event(Event::County { ask, event: CountyEvent::CaseState { answer: Ok(Some(report)) } });
    assert_eq!(machine.page(), "scan");
}

#[test]
fn a_broken_store_shows_what_is_wrong_and_guides_still_work() {
    let mut machine = Machine::new();
    machine.event(Event::Store { ask: AskNo::default(), event: StoreEvent::Broken { code: "store.io".into() } });
    let Body::OutOfService(out) = machine.screen().body else { panic!("the reason is shown") };
    assert!(out.guides_work && out.codes.contains("store.io"));
    machine.open_guide(PENSION).touch(Intent::Apply);
    let Body::Window(window) = machine.screen().body else { panic!("the window is offered") };
    assert_eq!(window.why, WindowReason::StorageDown);
}

#[test]
fn a_broken_store_is_opened_again_and_what_was_under_way_is_settled() {
    let mut machine = Machine::new();
    while !machine.store.is_empty() {
        machine.store_answers();
    }
    machine.kept(PENSION);
    machine.prints(PrintOutcome::Printed);
    machine.county_answers(Verdict::Stored { receipt: receipt() });
    // The mark reached the disk, but the answer was an error: the disk broke on the way.
    let (ask, command) = machine.store.remove(0);
    let StoreCommand::Acknowledge { id, .. } = command else { panic!("{command:?}") };
    machine.marked.insert(id);
    machine.event(Event::Store { ask, event: StoreEvent::MarkFailed { id, code: "store.io".into() } });
    let event = StoreEvent::Broken { code: "store.io".into() };
    machine.event(Event::Store { ask: AskNo::default(), event });
    machine.touch(Intent::Finish);
    machine.pass(Duration::from_secs(20));
    assert_eq!(machine.page(), "out-of-service");
    assert!(machine.store.is_empty(), "not before the pause is over: {:?}", machine.store);
    machine.pass(Duration::from_secs(11));
    assert!(matches!(machine.store[..], [(_, StoreCommand::Reopen)]));
    machine.store_answers();
    assert_eq!(machine.page(), "out-of-service", "open is not enough: the queue must be read");
    machine.store_answers();
    assert_eq!(machine.page(), "idle");
    assert_eq!(machine.kiosk.waiting(), 0, "what the disk knows as acknowledged is not sent again");
}

#[test]
fn a_salvage_at_a_reopening_is_noted_also_when_nothing_was_put_aside() {
    for is_salvaged in [false, true] {
        let mut machine = Machine::new();
        while !machine.store.is_empty() {
            machine.store_answers();
        }
        let event = StoreEvent::Broken { code: "store.damaged".into() };
        machine.event(Event::Store { ask: AskNo::default(), event });
        machine.pass(Duration::from_secs(31));
        let (ask, command) = machine.store.remove(0);
        assert_eq!(command, StoreCommand::Reopen);
        machine.took();
        let last = crate::domain::id::Sequence(0);
        let event = StoreEvent::Reopened { last, open: 0, missing: Vec::new(), is_salvaged, aside: None };
        machine.event(Event::Store { ask, event });
        let is_noted = machine.took().contains(&Effect::Note(Note::StoreSalvaged { lost: 0 }));
        assert_eq!(is_noted, is_salvaged);
    }
}

/// The disk broke while an application was being kept, and nobody knows whether it has it.
fn broken_while_keeping() -> (Machine, Application) {
    let mut machine = Machine::new();
    while !machine.store.is_empty() {
        machine.store_answers();
    }
    machine.confirmed(PENSION);
    let (ask, command) = machine.store.remove(0);
    let StoreCommand::Keep { application } = command else { panic!("{command:?}") };
    let id = application.client_submission_id;
    machine.event(Event::Store { ask, event: StoreEvent::NotKept { id, code: "store.io".into(), certain: false } });
    let event = StoreEvent::Broken { code: "store.io".into() };
    machine.event(Event::Store { ask: AskNo::default(), event });
    assert_eq!(machine.page(), "not-kept");
    (machine, *application)
}

#[test]
fn an_application_that_reached_the_disk_while_it_broke_is_kept_after_all() {
    let (mut machine, application) = broken_while_keeping();
    machine.kept.insert(application.client_submission_id, (crate::domain::id::Sequence(1), application));
    machine.pass(Duration::from_secs(31));
    machine.store_answers().store_answers();
    assert_eq!(machine.page(), "kept");
}

#[test]
fn while_nobody_knows_whether_the_disk_has_it_nothing_can_be_changed() {
    let (mut machine, application) = broken_while_keeping();
    let id = application.client_submission_id;
    machine.touch(Intent::Back);
    assert_eq!(machine.page(), "not-kept", "a changed application would be a second one");
    // A further try that certainly wrote nothing says nothing about the first.
    machine.touch(Intent::Confirm);
    let (ask, _) = machine.store.remove(0);
    machine.event(Event::Store { ask, event: StoreEvent::NotKept { id, code: "store.io".into(), certain: true } });
    machine.touch(Intent::Back);
    assert_eq!(machine.page(), "not-kept");
    // The window and back: the doubt goes along.
    machine.touch(Intent::ToWindow).touch(Intent::Back).touch(Intent::Back);
    assert_eq!(machine.page(), "not-kept");
    machine.pass(Duration::from_secs(31));
    machine.store_answers().store_answers();
    assert_eq!(machine.page(), "not-kept", "the disk does not have it");
    machine.touch(Intent::Back);
    assert_eq!(machine.page(), "review", "now it is certain");
}

#[test]
fn a_slow_first_try_is_still_open_when_the_second_was_refused() {
    let mut machine = Machine::new();
    machine.store_answers();
    machine.confirmed(PENSION);
    machine.pass(Duration::from_secs(31));
    assert_eq!(machine.page(), "not-kept", "the store is silent");
    machine.touch(Intent::Confirm);
    let keeps: Vec<_> = std::mem::take(&mut machine.store);
    let [(first, command), (second, _)] = &keeps[..] else { panic!("{keeps:?}") };
    let StoreCommand::Keep { application } = command else { panic!("{command:?}") };
    let id = application.client_submission_id;
    let refused = || StoreEvent::NotKept { id, code: "store.disk-full".into(), certain: true };
    machine.event(Event::Store { ask: *first, event: refused() });
    machine.touch(Intent::Back);
    assert_eq!(machine.page(), "not-kept", "the second may still be kept");
    machine.event(Event::Store { ask: *second, event: refused() });
    machine.touch(Intent::Back);
    assert_eq!(machine.page(), "review");
}

/// Two applications that are with the county in one call, by their ids.
fn two_in_one_call() -> (Machine, AskNo, [crate::domain::id::SubmissionId; 2]) {
    use crate::domain::id::{ItemId, Sequence, SubmissionId};
    use crate::domain::submission::{ItemRef, OutboxEntry, OutboxState};
    use crate::domain::text::Text;

    let mut machine = Machine::new();
    let name = Text::new("事项", "item");
    let entry = |n: u64| OutboxEntry {
        id: SubmissionId::from_parts(n, [7; 10]),
        sequence: Sequence(n),
        item: ItemRef {
            item: ItemId("x".into()),
            code: "c".into(),
            version: 1,
            name: name.clone(),
            plain_name: name.clone(),
        },
        kept_at: machine.now().wall,
        size: 1500,
        state: OutboxState::Queued,
    };
    let entries = vec![entry(1), entry(2)];
    let ids = [entries[0].id, entries[1].id];
    let (ask, _) = machine.store.remove(0);
    machine.event(Event::Store { ask, event: StoreEvent::Queue { entries } });
    machine.pass(Duration::from_secs(5));
    let asked = machine.county.iter().find_map(|(ask, command)| {
        matches!(command, CountyCommand::SubmitBatch { handed } if handed.len() == 2).then_some(*ask)
    });
    (machine, asked.expect("both go together"), ids)
}

#[test]
fn what_cannot_be_read_here_says_nothing_about_the_line() {
    let (mut machine, ask, [damaged, other]) = two_in_one_call();
    let timeout = Verdict::TryAgain { code: "county.timeout".into(), after: None };
    let unreadable = Verdict::SetAside { code: "store.entry-damaged".into() };
    let verdicts = vec![(damaged, unreadable), (other, timeout)];
    machine.event(Event::County { ask, event: CountyEvent::BatchSubmitted { verdicts } });
    assert_eq!(machine.kiosk.health.line, crate::domain::kiosk::Line::Down, "nobody has answered");
    let aside =
        |(_, command): &(AskNo, StoreCommand)| matches!(command, StoreCommand::SetAside { id, .. } if *id == damaged);
    assert!(machine.store.iter().any(aside), "{:?}", machine.store);

    let (mut machine, ask, ids) = two_in_one_call();
    let verdicts = ids.map(|id| (id, Verdict::TryAgain { code: "store.io".into(), after: None })).to_vec();
    let before = machine.kiosk.health.line;
    machine.event(Event::County { ask, event: CountyEvent::BatchSubmitted { verdicts } });
    assert_eq!(machine.kiosk.health.line, before, "the disk is not the line");
}

#[test]
fn help_is_there_on_every_page_and_closing_it_leads_back() {
    let mut machine = Machine::new();
    machine.touch(Intent::Help);
    assert!(matches!(machine.screen().overlay, Some(Overlay::Help(_))));
    machine.touch(Intent::CloseHelp);
    machine.touch(Intent::Back);
    machine.open_guide(PENSION).touch(Intent::Apply).lay(card());
    let before = machine.screen().body;
    machine.touch(Intent::Help);
    assert!(matches!(machine.screen().overlay, Some(Overlay::Help(_))));
    machine.touch(Intent::CloseHelp);
    assert_eq!(machine.screen().body, before);
}

#[test]
fn a_copy_that_did_not_come_out_is_still_a_copy_the_next_time() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    machine.prints(PrintOutcome::Unknown(UnknownCause::NoProof));
    machine.touch(Intent::PrintAgain);
    assert!(machine.prints.first().expect("the resident asked for it").1.copy);
    machine.prints(PrintOutcome::NotPrinted(NotPrintedCause::CoverOpen));
    machine.touch(Intent::PrintAgain);
    assert!(machine.prints.first().expect("the resident asked again").1.copy, "the first may lie in the slot");
}

#[test]
fn a_slip_that_was_certainly_not_printed_is_printed_without_the_mark_of_a_copy() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    machine.prints(PrintOutcome::NotPrinted(NotPrintedCause::PaperOut));
    machine.touch(Intent::PrintAgain);
    assert!(!machine.prints.first().expect("the resident asked for it").1.copy);
    machine.prints(PrintOutcome::Printed);
    machine.touch(Intent::PrintAgain);
    assert!(machine.prints.first().expect("the resident asked again").1.copy);
}

#[test]
fn a_trembling_hand_hands_in_nothing_that_nobody_has_looked_over() {
    let mut machine = Machine::new();
    machine.store_answers();
    machine.open_guide(HEALTH_INSURANCE).touch(Intent::Apply).lay(card());
    while machine.page() == "form" {
        machine.answer();
    }
    machine.touch(Intent::Back);
    machine.touch(Intent::Next).tremble(Intent::Confirm);
    assert_eq!(machine.page(), "review", "the second touch in the same place is the same touch");
    assert!(machine.store.is_empty(), "nothing was handed in");
    machine.touch(Intent::Confirm);
    assert_eq!(machine.page(), "storing");
}

#[test]
fn a_try_without_an_answer_is_not_changed_any_more_so_that_no_second_application_comes_of_it() {
    let mut machine = Machine::new();
    machine.store_answers();
    machine.confirmed(PENSION).pass(Duration::from_secs(31));
    assert_eq!(machine.page(), "not-kept");
    machine.touch(Intent::Back);
    assert_eq!(machine.page(), "not-kept", "the answers stay as they were handed in");
    machine.touch(Intent::ToWindow);
    machine.store_answers();
    assert_eq!(machine.page(), "kept", "the late answer is shown, also behind the window");
}

#[test]
fn another_try_keeps_the_same_application_to_the_last_byte() {
    let mut machine = Machine::new();
    machine.store_answers();
    machine.confirmed(PENSION).pass(Duration::from_secs(31));
    machine.touch(Intent::Confirm);
    let kept: Vec<String> = machine
        .store
        .iter()
        .filter_map(|(_, command)| match command {
            StoreCommand::Keep { application } => Some(serde_json::to_string(application).expect("plain data")),
            StoreCommand::Acknowledge { .. }
            | StoreCommand::AcknowledgeAll { .. }
            | StoreCommand::SetAside { .. }
            | StoreCommand::Find { .. }
            | StoreCommand::Measure
            | StoreCommand::LoadQueue
            | StoreCommand::Reopen => None,
        })
        .collect();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0], kept[1], "the store takes the same id with the same content only");
}
