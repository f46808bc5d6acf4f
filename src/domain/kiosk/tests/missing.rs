//! When something is missing or put right by hand: paper left behind, an answer that stays away, a reader, room on the disk,
//! the county's trust; and what staff carry or put back.

use std::time::Duration;

use kiosk_hal::model::{PrintOutcome, ScannedCode, ScannerEvent};

use super::machine::{Machine, receipt};
use crate::domain::effect::{Effect, Note, PaperKind};
use crate::domain::event::{AskNo, Event};
use crate::domain::receipt::payload;
use crate::domain::submission::{CountyCommand, StoreEvent, Verdict};
use crate::ipc::{Body, Intent, ScanPrompt};

const PENSION: &str = "sample-01";
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_slip_whose_page_was_left_is_still_taken_and_still_written_down() {
    let mut machine = Machine::new();
    machine.open_guide(PENSION).touch(Intent::PrintNotice).touch(Intent::Home).touch(Intent::Back);
    let Body::Take(take) = machine.screen().body else { panic!("there is paper to take") };
    assert!(take.paper);
    machine.took();
    machine.prints(PrintOutcome::Printed);
    let noted = machine
        .took()
        .into_iter()
        .any(|effect| matches!(effect, Effect::Note(Note::Slip { outcome: PrintOutcome::Printed, .. })));
    assert!(noted, "the journal knows of the slip");
}

#[test]
fn a_look_up_that_fails_or_stays_away_ends_and_the_next_one_works() {
    let mut machine = Machine::new();
    machine.kept(PENSION);
    let PaperKind::Kept { claim, .. } = machine.prints(PrintOutcome::Printed) else { panic!("a kept slip") };
    machine.touch(Intent::Finish).pass(Duration::from_secs(10));
    machine.touch(Intent::Begin).touch(Intent::OpenScan);
    let scan = |machine: &mut Machine| {
        machine.event(Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok(payload(&claim, None)) })));
    };
    scan(&mut machine);
    let (ask, _) = machine.store.pop().expect("the store is asked");
    machine.event(Event::Store { ask, event: StoreEvent::FindFailed { code: "store.internal".into() } });
    let Body::Scan(shown) = machine.screen().body else { panic!("still scanning") };
    assert_eq!(shown.prompt, ScanPrompt::NoLine);
    scan(&mut machine);
    machine.store.clear();
    machine.pass(Duration::from_secs(46));
    let Body::Scan(shown) = machine.screen().body else { panic!("still scanning") };
    assert_eq!(shown.prompt, ScanPrompt::NoLine, "a look-up has an end");
    scan(&mut machine);
    machine.store_answers();
    assert_eq!(machine.page(), "status");
}

#[test]
fn without_a_reader_nothing_is_offered_that_leads_nowhere() {
    let mut settings = super::machine::settings();
    settings.fitted.reader = false;
    let (mut kiosk, _) =
        crate::domain::kiosk::Kiosk::new(settings, super::machine::catalog(), super::machine::now(Duration::ZERO, 0));
    let mut at = Duration::ZERO;
    for intent in [Intent::Begin, Intent::OpenTheme { theme: "elder".into() }] {
        at += Duration::from_secs(1);
        kiosk.handle(super::machine::now(at, 1), Event::Intent(intent));
    }
    let Body::List(list) = kiosk.screen(&super::machine::now(at, 2)).body else { panic!("a list is shown") };
    assert!(list.rows.iter().all(|row| row.can != crate::ipc::CanDo::Apply));
}

fn load(machine: &mut Machine, free: Option<u64>) {
    machine.event(Event::Store { ask: AskNo::default(), event: StoreEvent::Measured { free } });
}

#[test]
fn before_the_disk_is_full_no_more_are_taken_and_the_idle_screen_says_so() {
    let mut machine = Machine::new();
    let held = |machine: &Machine| {
        let body = machine.screen().body;
        let Body::Idle(idle) = body else { panic!("the idle screen, not {}", body.name()) };
        (idle.held, idle.apply_count > 0, idle.guide_count > 0)
    };
    load(&mut machine, Some(500_000_000));
    assert_eq!(held(&machine), (crate::ipc::Held::Nothing, true, true));
    machine.took();
    load(&mut machine, Some(199_000_000));
    assert_eq!(held(&machine), (crate::ipc::Held::NoRoom, false, true));
    let stopped = Note::TakingStopped { code: "outbox.no-room", waiting: 0, free_mb: 199 };
    assert!(machine.took().contains(&Effect::Note(stopped)), "never silently");
    assert_eq!(machine.kiosk.status(&machine.now(), "idle").taking, "outbox.no-room");
    load(&mut machine, Some(500_000_000));
    assert_eq!(held(&machine), (crate::ipc::Held::Nothing, true, true));
    assert!(machine.took().contains(&Effect::Note(Note::TakingAgain { waiting: 0 })));
}

#[test]
fn while_none_are_taken_apply_leads_to_the_window_and_guides_go_on() {
    let mut machine = Machine::new();
    load(&mut machine, Some(0));
    machine.open_guide(PENSION);
    let Body::Item(guide) = machine.screen().body else { panic!("the guide is shown") };
    assert_eq!(guide.can, crate::ipc::CanDo::WindowOnly, "never a button that leads nowhere");
    machine.touch(Intent::Apply);
    assert_eq!(machine.page(), "window");
}

#[test]
fn a_kiosk_that_the_county_refuses_says_so_until_it_is_known_again() {
    let mut machine = Machine::new();
    machine.kept(PENSION).prints(PrintOutcome::Printed);
    machine.county_answers(Verdict::StopAll { code: "county.signature".into() });
    assert!(machine.took().contains(&Effect::Note(Note::SendingStopped { code: "county.signature".into() })));
    assert_eq!(machine.kiosk.status(&machine.now(), "kept").sending, "county.signature");
    machine.pass(MINUTE * 20);
    let Body::Idle(idle) = machine.screen().body else { panic!("nobody is here") };
    assert_eq!(idle.held, crate::ipc::Held::SendingStopped);
    assert!(idle.apply_count > 0, "applications are still taken and kept");
    machine.pass(MINUTE * 20);
    machine.county_answers(Verdict::Stored { receipt: receipt() }).store_answers();
    assert!(machine.took().contains(&Effect::Note(Note::SendingGoesOn)));
    let Body::Idle(idle) = machine.screen().body else { panic!("nobody is here") };
    assert_eq!(idle.held, crate::ipc::Held::Nothing);
}

#[test]
fn what_staff_put_back_or_carry_by_hand_the_plan_follows() {
    let mut machine = Machine::new();
    machine.store_answers();
    machine.kept(PENSION);
    machine.prints(PrintOutcome::Printed);
    machine.county_answers(Verdict::SetAside { code: "form-invalid".into() }).store_answers();
    machine.touch(Intent::Finish).pass(Duration::from_secs(30));
    assert_eq!((machine.page(), machine.kiosk.waiting()), ("idle", 0));
    let (id, sequence) = machine.kept.iter().map(|(id, (sequence, _))| (*id, *sequence)).next().expect("one is kept");
    let (_, application) = &machine.kept[&id];
    let entry = crate::domain::submission::OutboxEntry {
        id,
        sequence,
        item: application.item.clone(),
        kept_at: application.confirmed_at,
        size: 1500,
        state: crate::domain::submission::OutboxState::Queued,
    };
    machine.county.clear();

    let by_hand = |event| Event::Store { ask: AskNo::default(), event };
    machine.event(by_hand(StoreEvent::Requeued { entry }));
    machine.pass(Duration::from_secs(1));
    assert_eq!(machine.kiosk.waiting(), 1);
    let sent = machine
        .county
        .iter()
        .any(|(_, command)| matches!(command, CountyCommand::Submit { id: sent, .. } if *sent == id));
    assert!(sent, "it is sent again, under its own id: {:?}", machine.county);

    // While it is on its way a receipt comes by hand; whatever the line says afterwards changes nothing.
    machine.event(by_hand(StoreEvent::Carried { id }));
    assert_eq!(machine.kiosk.waiting(), 0);
    machine.county_answers(Verdict::TryAgain { code: "county.timeout".into(), after: None });
    machine.pass(Duration::from_secs(3_600));
    assert_eq!(machine.kiosk.waiting(), 0);
    let again = machine.county.iter().any(|(_, command)| super::machine::is_sending(command));
    assert!(!again, "it is not sent any more: {:?}", machine.county);
    let ignored = machine.kiosk.handle(machine.now(), by_hand(StoreEvent::Carried { id }));
    assert!(ignored.iter().any(|effect| matches!(effect, Effect::Ignored { .. })), "a second time is nothing");
}
