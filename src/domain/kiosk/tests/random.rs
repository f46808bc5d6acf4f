//! Anything in any order: what must hold after every single step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kiosk_hal::model::{
    CardFailure, DeviceState, IdReaderEvent, IdReaderRequest, NotPrintedCause, PaperState, PrintOutcome, PrinterEvent,
    Role, ScannedCode, ScannerEvent, UnknownCause,
};
use proptest::prelude::*;

use super::machine::{Machine, card, good_printer, receipt};
use crate::domain::effect::{Effect, PaperKind};
use crate::domain::event::Event;
use crate::domain::id::SubmissionId;
use crate::domain::submission::{CountyCommand, CountyEvent, StoreCommand, StoreEvent, Verdict};
use crate::ipc::{Body, Intent, Language, Pad, TextSize, UpdateAnswer, UpdateNews, UpdatePhase};

/// Everything people, devices, disks and lines can do.
#[derive(Debug, Clone)]
enum Op {
    /// A touch on something the screen offers: the n-th of it.
    Sensible(u8),
    /// The present question is answered well.
    Answer,
    /// The last sensible touch comes twice, as from a trembling hand.
    Tremble,
    /// Any touch at all, sensible or not.
    Touch(u8),
    Card(bool),
    CardFails,
    Reader(bool),
    Printer(bool),
    Scanner(bool),
    NoPaper,
    Scan(u8),
    StoreAnswers,
    StoreFails,
    StoreBreaks,
    CountyAnswers(u8),
    CountyAnswersTwice,
    SlipEnds(u8),
    StaleSlip,
    Pass(u16),
    /// The agent tells something: a phase by its number.
    Updates(u8),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        30 => any::<u8>().prop_map(Op::Sensible),
        12 => Just(Op::Answer),
        2 => Just(Op::Tremble),
        6 => any::<u8>().prop_map(Op::Touch),
        6 => any::<bool>().prop_map(Op::Card),
        1 => Just(Op::CardFails),
        1 => any::<bool>().prop_map(Op::Reader),
        1 => any::<bool>().prop_map(Op::Printer),
        1 => any::<bool>().prop_map(Op::Scanner),
        1 => Just(Op::NoPaper),
        2 => any::<u8>().prop_map(Op::Scan),
        14 => Just(Op::StoreAnswers),
        1 => Just(Op::StoreFails),
        1 => Just(Op::StoreBreaks),
        10 => any::<u8>().prop_map(Op::CountyAnswers),
        1 => Just(Op::CountyAnswersTwice),
        10 => any::<u8>().prop_map(Op::SlipEnds),
        1 => Just(Op::StaleSlip),
        3 => (0..40_u16).prop_map(Op::Pass),
        1 => (0..200_u16).prop_map(Op::Pass),
        2 => any::<u8>().prop_map(Op::Updates),
    ]
}

/// What an attentive person would touch on the present screen.
fn offered(machine: &Machine) -> Vec<Intent> {
    let screen = machine.screen();
    let mut touches = vec![Intent::Back, Intent::Home, Intent::Help, Intent::MoreTime, Intent::CloseHelp];
    match screen.body {
        Body::Idle(_) | Body::OutOfService(_) | Body::Setup(_) => touches.extend([Intent::Begin, Intent::OpenService]),
        Body::Home(home) => {
            touches.extend([Intent::OpenDepartments, Intent::OpenScan]);
            touches.extend(home.themes.into_iter().map(|tile| Intent::OpenTheme { theme: tile.id }));
        }
        Body::Departments(departments) => touches
            .extend(departments.departments.into_iter().map(|tile| Intent::OpenDepartment { department: tile.id })),
        Body::List(list) => {
            touches.extend(list.rows.into_iter().map(|row| Intent::OpenItem { item: row.id }));
            touches.push(Intent::NextPage);
        }
        Body::Item(_) => touches = vec![Intent::Apply, Intent::Apply, Intent::PrintNotice, Intent::OpenFullGuide],
        Body::Identify(_) => touches.push(Intent::ToWindow),
        Body::Form(form) => {
            touches = vec![Intent::Next, Intent::Next];
            match form.pad {
                Pad::Digits { .. } => touches.extend("138000006".chars().map(|digit| Intent::Digit { digit })),
                Pad::Choices { options, .. } => {
                    touches.extend(options.into_iter().map(|option| Intent::Choose { value: option.value }));
                }
            }
        }
        Body::Review(_) => touches = vec![Intent::Confirm, Intent::Confirm, Intent::Edit { question: 0 }, Intent::Home],
        Body::NotKept(_) => touches.push(Intent::Confirm),
        Body::Kept(_) | Body::Accepted(_) | Body::SetAside(_) => {
            touches = vec![Intent::Finish, Intent::PrintAgain, Intent::MoreTime, Intent::MoreTime]
        }
        Body::Status(_) | Body::Window(_) | Body::Take(_) => touches.push(Intent::Finish),
        Body::Service(_) => touches.push(Intent::AnswerUpdate { answer: UpdateAnswer::Install }),
        Body::Scan(_) | Body::Storing => {}
    }
    touches
}

fn any_touch(number: u8) -> Intent {
    let all = [
        Intent::Begin,
        Intent::Back,
        Intent::Home,
        Intent::SetTextSize { size: TextSize::Large },
        Intent::SetLanguage { language: Language::En },
        Intent::Leave,
        Intent::Stay,
        Intent::Apply,
        Intent::Digit { digit: '7' },
        Intent::Digit { digit: '贰' },
        Intent::Erase,
        Intent::Clear,
        Intent::Choose { value: "no such value".into() },
        Intent::Next,
        Intent::Edit { question: 9_999 },
        Intent::Confirm,
        Intent::PrintAgain,
        Intent::Finish,
        Intent::OpenScan,
        Intent::ToWindow,
        Intent::NextPage,
        Intent::PreviousPage,
        Intent::OpenItem { item: "sample-01".into() },
        Intent::PrintNotice,
    ];
    all[usize::from(number) % all.len()].clone()
}

/// What the outside world has seen so far, kept apart from the kiosk.
#[derive(Default)]
struct Witness {
    stored: BTreeSet<SubmissionId>,
    acknowledged: BTreeSet<SubmissionId>,
    sequences: BTreeMap<SubmissionId, u64>,
    in_flight: BTreeSet<SubmissionId>,
    watching: bool,
}

impl Witness {
    fn look(&mut self, machine: &mut Machine) {
        for effect in machine.took() {
            match effect {
                Effect::Print { paper, .. } => match paper.kind {
                    PaperKind::Kept { claim, .. } => {
                        assert!(self.stored.iter().any(|id| claim.ends_with(&crate::domain::receipt::kept_code(*id))));
                    }
                    PaperKind::Accepted { .. } => assert!(!self.acknowledged.is_empty(), "no receipt is durable"),
                    PaperKind::Notice { .. } => {}
                },
                Effect::County { command: CountyCommand::Submit { id, sequence }, .. } => {
                    assert!(self.stored.contains(&id), "sent before it was kept");
                    assert!(!self.acknowledged.contains(&id), "sent after it was acknowledged");
                    assert_eq!(*self.sequences.entry(id).or_insert(sequence.0), sequence.0, "one number for life");
                    assert!(self.in_flight.is_empty(), "one call at a time");
                    self.in_flight.insert(id);
                }
                Effect::County { command: CountyCommand::SubmitBatch { handed }, .. } => {
                    assert!(self.in_flight.is_empty(), "one call at a time");
                    for handed in handed {
                        assert!(self.stored.contains(&handed.id), "sent before it was kept");
                        assert!(!self.acknowledged.contains(&handed.id), "sent after it was acknowledged");
                        let number = handed.sequence.0;
                        assert_eq!(*self.sequences.entry(handed.id).or_insert(number), number, "one number for life");
                        assert!(self.in_flight.insert(handed.id), "twice in one call");
                    }
                }
                Effect::Reader(request) => {
                    let on = request == IdReaderRequest::Watch;
                    self.watching = on;
                }
                Effect::County { .. }
                | Effect::Store { .. }
                | Effect::Scanner(_)
                | Effect::Note(_)
                | Effect::Ignored { .. } => {}
            }
        }
        let screen = machine.screen();
        let identifying = matches!(screen.body, Body::Identify(_));
        assert!(identifying || !self.watching, "the reader looks for cards on {} too", screen.body.name());
        if matches!(screen.body, Body::Service(_)) {
            assert!(machine.kiosk.visit.is_none(), "the technician's page lies over a visit");
        }
        if matches!(screen.body, Body::Idle(_) | Body::OutOfService(_) | Body::Service(_)) {
            let kiosk = &machine.kiosk;
            assert!(kiosk.visit.is_none());
            let shown = serde_json::to_string(&screen).expect("plain data");
            let all = format!("{shown}{:?}{:?}{:?}", kiosk.outbox, kiosk.receipts, kiosk.health);
            for secret in ["王桂芳", "320699194203050026", "示例村3组12号", "13800000000"] {
                assert!(!all.contains(secret), "something personal is left after the visit");
            }
        }
        let (wake, reason) = machine.kiosk.next_wake(&machine.now());
        let spins = wake <= machine.at && !self.stored.is_empty() && self.in_flight.is_empty();
        assert!(wake > machine.at || !spins || machine.at == Duration::ZERO, "woken for nothing: {reason:?}");
    }
}

fn apply(machine: &mut Machine, witness: &mut Witness, op: &Op) {
    match op {
        Op::Sensible(number) => {
            let touches = offered(machine);
            machine.touch(touches[usize::from(*number) % touches.len()].clone());
        }
        Op::Tremble => _ = machine.touch(Intent::Next).tremble(Intent::Confirm),
        Op::Answer => drop(machine.answer()),
        Op::Touch(number) => drop(machine.touch(any_touch(*number))),
        Op::Card(good) => {
            let mut card = card();
            if !good {
                card.number_check = kiosk_hal::model::NumberCheck::Failed;
            }
            machine.lay(card);
        }
        Op::CardFails => drop(machine.event(Event::Reader(IdReaderEvent::Failed(CardFailure::Moved)))),
        Op::Reader(on) => drop(machine.device(Role::IdReader, online(*on))),
        Op::Printer(on) => drop(machine.device(Role::Printer, online(*on))),
        Op::Scanner(on) => drop(machine.device(Role::Scanner, online(*on))),
        Op::NoPaper => {
            let mut status = good_printer();
            status.paper = PaperState::Out;
            machine.event(Event::Printer(PrinterEvent::Status(status)));
        }
        Op::Scan(number) => {
            let text = match number % 3 {
                0 => "BM1 A 320699 123456".to_owned(),
                1 => "BM1 K K032000001 000000".to_owned(),
                _ => "\u{1b}@<script>".to_owned(),
            };
            machine.event(Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok(text) })));
        }
        Op::StoreAnswers => {
            if let Some((_, command)) = machine.store.first() {
                match command {
                    StoreCommand::Keep { application } => drop(witness.stored.insert(application.client_submission_id)),
                    StoreCommand::Acknowledge { id, .. } => drop(witness.acknowledged.insert(*id)),
                    StoreCommand::AcknowledgeAll { receipts } => {
                        witness.acknowledged.extend(receipts.iter().map(|(id, _)| *id));
                    }
                    StoreCommand::SetAside { .. }
                    | StoreCommand::Find { .. }
                    | StoreCommand::Measure
                    | StoreCommand::LoadQueue
                    | StoreCommand::Reopen => {}
                }
                machine.store_answers();
            }
        }
        Op::StoreFails => {
            if let Some((ask, command)) = machine.store.first().cloned() {
                let code = "store.disk-full".to_owned();
                let event = match command {
                    StoreCommand::Keep { application } => {
                        StoreEvent::NotKept { id: application.client_submission_id, code, certain: true }
                    }
                    StoreCommand::Acknowledge { id, .. } | StoreCommand::SetAside { id, .. } => {
                        StoreEvent::MarkFailed { id, code }
                    }
                    StoreCommand::AcknowledgeAll { receipts } => StoreEvent::Marked {
                        done: Vec::new(),
                        failed: receipts.iter().map(|(id, _)| (*id, code.clone())).collect(),
                    },
                    StoreCommand::Find { .. } => StoreEvent::FindFailed { code },
                    StoreCommand::LoadQueue | StoreCommand::Reopen => StoreEvent::Broken { code },
                    StoreCommand::Measure => StoreEvent::Measured { free: None },
                };
                machine.store.remove(0);
                machine.event(Event::Store { ask, event });
            }
        }
        Op::StoreBreaks => {
            let event = StoreEvent::Broken { code: "store.io".into() };
            machine.event(Event::Store { ask: crate::domain::event::AskNo::default(), event });
        }
        Op::CountyAnswers(number) => {
            if !std::mem::take(&mut witness.in_flight).is_empty() {
                machine.county_answers(verdict(*number));
            }
        }
        Op::CountyAnswersTwice => {
            if let Some(id) = witness.acknowledged.iter().next().copied() {
                let verdict = Verdict::Stored { receipt: receipt() };
                let ask = crate::domain::event::AskNo(1);
                machine.event(Event::County { ask, event: CountyEvent::Submitted { id, verdict } });
            }
        }
        Op::SlipEnds(number) => {
            if !machine.prints.is_empty() {
                machine.prints(match number % 3 {
                    0 => PrintOutcome::Printed,
                    1 => PrintOutcome::NotPrinted(NotPrintedCause::CoverOpen),
                    _ => PrintOutcome::Unknown(UnknownCause::LostMidJob),
                });
            }
        }
        Op::StaleSlip => {
            let outcome = PrintOutcome::Printed;
            machine.event(Event::Printer(PrinterEvent::Finished { job: u64::MAX, outcome }));
        }
        Op::Updates(number) => {
            let phases = [
                UpdatePhase::Resting,
                UpdatePhase::Asking,
                UpdatePhase::Installing,
                UpdatePhase::Restart,
                UpdatePhase::Refused,
            ];
            let phase = phases[usize::from(*number) % phases.len()];
            let news = UpdateNews { phase, ..super::service::asking("1.1.0") };
            machine.event(Event::Updates(Box::new(news)));
        }
        Op::Pass(seconds) => drop(machine.pass(Duration::from_secs(u64::from(*seconds)))),
    }
}

fn online(on: bool) -> DeviceState {
    if on { DeviceState::Online } else { DeviceState::NoDevice }
}

fn verdict(number: u8) -> Verdict {
    match number % 5 {
        0..=1 => Verdict::Stored { receipt: receipt() },
        2 => Verdict::TryAgain { code: "county.timeout".into(), after: Some(Duration::from_secs(3)) },
        3 => Verdict::SetAside { code: "form-invalid".into() },
        _ => Verdict::StopAll { code: "county.signature".into() },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_breaks_a_promise(ops in proptest::collection::vec(op(), 1..200)) {
        let mut machine = Machine::new();
        let mut witness = Witness::default();
        for op in &ops {
            apply(&mut machine, &mut witness, op);
            witness.look(&mut machine);
        }
    }

    #[test]
    fn the_same_events_at_the_same_times_give_the_same_result(ops in proptest::collection::vec(op(), 1..120)) {
        let play = || {
            let mut machine = Machine::new();
            let mut witness = Witness::default();
            let mut story = Vec::new();
            for op in &ops {
                apply(&mut machine, &mut witness, op);
                story.push(format!("{:?}", machine.effects));
                witness.look(&mut machine);
            }
            (story, machine.screen())
        };
        prop_assert_eq!(play(), play());
    }
}

#[test]
fn the_random_visits_do_reach_the_promises_they_are_about() {
    // A property over visits that never get anywhere would hold for nothing.
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let wanted = ["form", "review", "kept", "accepted", "set-aside", "not-kept", "take"];
    let mut reached = BTreeSet::new();
    for _ in 0..3_000 {
        let ops = proptest::collection::vec(op(), 200).new_tree(&mut runner).expect("a sample").current();
        let mut machine = Machine::new();
        let mut witness = Witness::default();
        for op in &ops {
            apply(&mut machine, &mut witness, op);
            witness.look(&mut machine);
            reached.insert(machine.page());
        }
        if wanted.iter().all(|page| reached.contains(page)) {
            return;
        }
    }
    panic!("some of {wanted:?} are never reached; reached {reached:?}");
}
