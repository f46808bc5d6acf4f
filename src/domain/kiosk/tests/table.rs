//! The whole table: every page, every event, what becomes of it.
//!
//! The lines of `transitions.txt` are those that lead to another page; every pair that is not listed stays where it is.
//! The diagram in ARCHITECTURE is drawn from the same lines, and a test compares them.

use std::collections::BTreeSet;
use std::time::Duration;

use kiosk_hal::model::{
    CardFailure, DeviceState, IdReaderEvent, NotPrintedCause, PrintOutcome, PrinterEvent, Role, ScannedCode,
    ScannerEvent,
};

use super::machine::{Machine, card, good_printer, receipt};
use crate::domain::event::{AskNo, Event};
use crate::domain::id::SubmissionId;
use crate::domain::receipt::{kept_code, kiosk_number};
use crate::domain::submission::{CountyEvent, StoreEvent, Verdict};
use crate::ipc::{Intent, Language, TextSize};

const ITEM: &str = "sample-01";

/// Makes a machine on a page.
type Make = fn() -> Machine;

/// Each page, reached as a person would reach it.
fn pages() -> Vec<(&'static str, Make)> {
    fn with(prepare: impl Fn(&mut Machine)) -> Machine {
        let mut machine = Machine::new();
        while !machine.store.is_empty() {
            machine.store_answers();
        }
        prepare(&mut machine);
        machine
    }
    fn printed() -> Machine {
        with(|machine| {
            machine.kept(ITEM);
            machine.prints(PrintOutcome::Printed);
        })
    }
    fn scanning(machine: &mut Machine, text: &str) {
        machine.touch(Intent::Begin).touch(Intent::OpenScan);
        machine.event(Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok(text.into()) })));
    }
    vec![
        ("idle", || with(|_| {})),
        ("out-of-service", || {
            with(|machine| {
                machine.event(Event::Store {
                    ask: AskNo::default(),
                    event: StoreEvent::Broken { code: "store.io".into() },
                });
            })
        }),
        ("service", || with(|machine| _ = machine.touch(Intent::OpenService))),
        ("home", || with(|machine| _ = machine.touch(Intent::Begin))),
        ("departments", || with(|machine| _ = machine.touch(Intent::Begin).touch(Intent::OpenDepartments))),
        ("list", || with(|machine| _ = machine.open_guide(ITEM).touch(Intent::Back))),
        ("item", || with(|machine| _ = machine.open_guide(ITEM))),
        ("identify", || with(|machine| _ = machine.open_guide(ITEM).touch(Intent::Apply))),
        ("form", || with(|machine| _ = machine.open_guide(ITEM).touch(Intent::Apply).lay(card()))),
        ("review", || with(|machine| _ = machine.open_guide(ITEM).touch(Intent::Apply).lay(card()).fill())),
        ("storing", || with(|machine| _ = machine.confirmed(ITEM))),
        ("not-kept", || {
            with(|machine| {
                machine.confirmed(ITEM);
                let (ask, command) = machine.store[0].clone();
                if let crate::domain::submission::StoreCommand::Keep { application } = command {
                    let id = application.client_submission_id;
                    machine.event(Event::Store {
                        ask,
                        event: StoreEvent::NotKept { id, code: "store.disk-full".into(), certain: true },
                    });
                }
            })
        }),
        ("kept", printed),
        ("accepted", || {
            let mut machine = printed();
            machine.county_answers(Verdict::Stored { receipt: receipt() }).store_answers();
            machine
        }),
        ("set-aside", || {
            let mut machine = printed();
            machine.county_answers(Verdict::SetAside { code: "form-invalid".into() }).store_answers();
            machine
        }),
        ("scan", || with(|machine| _ = machine.touch(Intent::Begin).touch(Intent::OpenScan))),
        ("status", || {
            let mut machine = printed();
            machine.touch(Intent::Finish).pass(Duration::from_secs(10));
            let (id, (sequence, _)) = machine.kept.iter().next().expect("one is kept");
            let (number, code) = (kiosk_number("K032", *sequence), kept_code(*id));
            let qr = format!("BM2 K {number} 11320699 1767225600 - {code} -");
            scanning(&mut machine, &qr);
            machine.store_answers();
            machine
        }),
        ("window", || with(|machine| _ = machine.open_guide(ITEM).touch(Intent::ToWindow))),
        ("take", || {
            let mut machine = printed();
            machine.touch(Intent::Finish);
            machine
        }),
    ]
}

/// Every event, with a name for the table. Answers carry the ids that this machine waits for.
fn events(machine: &Machine) -> Vec<(&'static str, Event)> {
    let id = machine.kept.keys().next().copied().unwrap_or(SubmissionId::from_parts(1, [1; 10]));
    let storing = machine.store.iter().find_map(|(_, command)| match command {
        crate::domain::submission::StoreCommand::Keep { application } => Some(application.client_submission_id),
        crate::domain::submission::StoreCommand::Acknowledge { .. }
        | crate::domain::submission::StoreCommand::AcknowledgeAll { .. }
        | crate::domain::submission::StoreCommand::SetAside { .. }
        | crate::domain::submission::StoreCommand::Find { .. }
        | crate::domain::submission::StoreCommand::Measure
        | crate::domain::submission::StoreCommand::LoadQueue
        | crate::domain::submission::StoreCommand::Reopen => None,
    });
    let touch = |intent| Event::Intent(intent);
    let store = |event| Event::Store { ask: AskNo(99_999), event };
    let county = |event| Event::County { ask: AskNo(99_999), event };
    let device = |role, state| {
        Event::Device(kiosk_hal::model::DeviceStatus { role, state, code: "x".into(), detail: String::new() })
    };
    let code = |text: &str| Event::Scanner(ScannerEvent::Code(ScannedCode { text: Ok(text.into()) }));
    vec![
        ("touch begin", touch(Intent::Begin)),
        ("touch back", touch(Intent::Back)),
        ("touch home", touch(Intent::Home)),
        ("touch text size", touch(Intent::SetTextSize { size: TextSize::Large })),
        ("touch language", touch(Intent::SetLanguage { language: Language::En })),
        ("touch help", touch(Intent::Help)),
        ("touch close help", touch(Intent::CloseHelp)),
        ("touch more time", touch(Intent::MoreTime)),
        ("touch leave", touch(Intent::Leave)),
        ("touch stay", touch(Intent::Stay)),
        ("touch theme", touch(Intent::OpenTheme { theme: first_theme(machine) })),
        ("touch unknown theme", touch(Intent::OpenTheme { theme: "no such".into() })),
        ("touch departments", touch(Intent::OpenDepartments)),
        ("touch unknown department", touch(Intent::OpenDepartment { department: "no such".into() })),
        ("touch item", touch(Intent::OpenItem { item: ITEM.into() })),
        ("touch unknown item", touch(Intent::OpenItem { item: "no such".into() })),
        ("touch full guide", touch(Intent::OpenFullGuide)),
        ("touch next page", touch(Intent::NextPage)),
        ("touch previous page", touch(Intent::PreviousPage)),
        ("touch print notice", touch(Intent::PrintNotice)),
        ("touch apply", touch(Intent::Apply)),
        ("touch digit", touch(Intent::Digit { digit: '1' })),
        ("touch erase", touch(Intent::Erase)),
        ("touch clear", touch(Intent::Clear)),
        ("touch choose", touch(Intent::Choose { value: "no such".into() })),
        ("touch next", touch(Intent::Next)),
        ("touch edit", touch(Intent::Edit { question: 0 })),
        ("touch edit nothing", touch(Intent::Edit { question: usize::MAX })),
        ("touch confirm", touch(Intent::Confirm)),
        ("touch print again", touch(Intent::PrintAgain)),
        ("touch finish", touch(Intent::Finish)),
        ("touch scan", touch(Intent::OpenScan)),
        ("touch window", touch(Intent::ToWindow)),
        ("touch service", touch(Intent::OpenService)),
        ("touch answer", touch(Intent::AnswerUpdate { answer: crate::ipc::UpdateAnswer::Install })),
        ("update asks", Event::Updates(Box::new(super::service::asking("1.1.0")))),
        ("store repaired", Event::StoreFound(super::service::repaired())),
        ("reader lost", device(Role::IdReader, DeviceState::NoDevice)),
        ("reader online", device(Role::IdReader, DeviceState::Online)),
        ("printer lost", device(Role::Printer, DeviceState::NoDevice)),
        ("scanner lost", device(Role::Scanner, DeviceState::NoDevice)),
        ("card being read", Event::Reader(IdReaderEvent::Reading)),
        ("card read", Event::Reader(IdReaderEvent::Card(Box::new(card())))),
        ("card not read", Event::Reader(IdReaderEvent::Failed(CardFailure::Unreadable))),
        ("card removed", Event::Reader(IdReaderEvent::Removed)),
        ("printer status", Event::Printer(PrinterEvent::Status(good_printer()))),
        ("late slip", {
            let outcome = PrintOutcome::NotPrinted(NotPrintedCause::PaperOut);
            Event::Printer(PrinterEvent::Finished { job: 99_999, outcome })
        }),
        ("our code", code("BM1 A 320699 123456")),
        ("foreign code", code("https://example.invalid")),
        ("endless code", Event::Scanner(ScannerEvent::TooLong)),
        ("suffix missing", Event::Scanner(ScannerEvent::SuffixMissing)),
        ("store kept", {
            let id = storing.unwrap_or(id);
            let name = crate::domain::text::Text::new("事项", "item");
            let item = crate::domain::submission::ItemRef {
                item: crate::domain::id::ItemId(ITEM.into()),
                code: String::new(),
                version: 1,
                name: name.clone(),
                plain_name: name,
            };
            store(StoreEvent::Kept {
                entry: crate::domain::submission::OutboxEntry {
                    id,
                    sequence: crate::domain::id::Sequence(77),
                    item,
                    kept_at: machine.now().wall,
                    size: 1500,
                    state: crate::domain::submission::OutboxState::Queued,
                },
            })
        }),
        (
            "store not kept",
            store(StoreEvent::NotKept { id: storing.unwrap_or(id), code: "store.io".into(), certain: false }),
        ),
        ("store acknowledged", store(StoreEvent::Acknowledged { id })),
        ("store set aside", store(StoreEvent::SetAside { id })),
        ("store carried", store(StoreEvent::Carried { id })),
        ("store mark failed", store(StoreEvent::MarkFailed { id, code: "store.io".into() })),
        ("store found nothing", store(StoreEvent::Found { entry: None })),
        ("store cannot look up", store(StoreEvent::FindFailed { code: "store.internal".into() })),
        ("store measured", store(StoreEvent::Measured { free: Some(1) })),
        ("store queue", store(StoreEvent::Queue { entries: Vec::new() })),
        ("store broken", store(StoreEvent::Broken { code: "store.io".into() })),
        ("county stored", county(CountyEvent::Submitted { id, verdict: Verdict::Stored { receipt: receipt() } })),
        ("county busy", {
            let verdict = Verdict::TryAgain { code: "county.http-503".into(), after: None };
            county(CountyEvent::Submitted { id, verdict })
        }),
        ("county refuses", {
            let verdict = Verdict::SetAside { code: "form-invalid".into() };
            county(CountyEvent::Submitted { id, verdict })
        }),
        ("county stops us", {
            let verdict = Verdict::StopAll { code: "county.signature".into() };
            county(CountyEvent::Submitted { id, verdict })
        }),
        ("county knows a case", county(CountyEvent::CaseState { answer: Ok(None) })),
        ("county reachable", county(CountyEvent::Probed { reachable: true })),
        ("time 10 s", Event::Woke),
        ("time 60 s", Event::Woke),
        ("time 120 s", Event::Woke),
    ]
}

fn first_theme(machine: &Machine) -> String {
    let themes = machine.kiosk.catalog().themes(Language::Zh);
    themes.first().map(|tile| tile.id.clone()).expect("the catalogue has themes")
}

fn seconds_of(event: &str) -> u64 {
    match event {
        "time 10 s" => 10,
        "time 60 s" => 60,
        "time 120 s" => 120,
        _ => 0,
    }
}

fn name(machine: &Machine) -> String {
    let screen = machine.screen();
    let panel = match screen.overlay {
        None => "",
        Some(crate::ipc::Overlay::Help(_)) => "+help",
        Some(crate::ipc::Overlay::StillThere { .. }) => "+still-there",
        Some(crate::ipc::Overlay::ConfirmLeave) => "+confirm-leave",
    };
    format!("{}{panel}", screen.body.name())
}

#[test]
fn every_event_on_every_page_does_what_the_table_says() {
    let mut lines = Vec::new();
    let mut pairs = 0;
    let mut seen = BTreeSet::new();
    for (page, make) in pages() {
        let count = events(&make()).len();
        for index in 0..count {
            let mut machine = make();
            assert_eq!(name(&machine), page, "the page is reached");
            let (label, event) = events(&machine).swap_remove(index);
            let before = name(&machine);
            machine.at += Duration::from_secs(1 + seconds_of(label));
            machine.event(event);
            pairs += 1;
            let after = name(&machine);
            seen.insert(after.clone());
            if after != before {
                lines.push(format!("{before} -- {label} --> {after}"));
            }
        }
    }
    lines.push(format!("# {pairs} pairs of page and event"));
    let table = lines.join("\n") + "\n";
    let shipped = include_str!("transitions.txt");
    if table != shipped {
        let path = std::env::temp_dir().join("transitions.txt");
        std::fs::write(&path, &table).expect("the temporary folder takes files");
        let differing: Vec<&str> = table.lines().filter(|line| !shipped.contains(line)).collect();
        panic!("the table differs; the present one is in {}. New lines:\n{}", path.display(), differing.join("\n"));
    }
}
