//! A kiosk with a store, a county and devices that answer when the test says so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kiosk_hal::model::{
    CardDate, CardKind, DeviceState, DeviceStatus, IdCard, IdReaderEvent, NumberCheck, PaperState, PartState,
    PrintOutcome, PrinterEvent, PrinterStatus, Role, Sex, Validity,
};

use crate::domain::catalog::Catalog;
use crate::domain::effect::{Effect, Paper, PaperKind};
use crate::domain::event::{AskNo, Event};
use crate::domain::genuine::RootHash;
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::kiosk::Kiosk;
use crate::domain::outbox::{Backoff, Limits};
use crate::domain::settings::{Fitted, Settings, Times, WindowSettings};
use crate::domain::submission::{
    Application, CaseReceipt, CountyCommand, CountyEvent, OutboxEntry, OutboxState, StoreCommand, StoreEvent, Verdict,
};
use crate::domain::text::Text;
use crate::domain::time::Now;
use crate::ipc::{Body, Intent, Pad, Screen};

/// 2026-11-24 09:00 in Beijing.
const WALL: i64 = 1_795_482_000;

pub struct Machine {
    pub kiosk: Kiosk,
    pub at: Duration,
    pub turn: u64,
    pub effects: Vec<Effect>,
    pub prints: Vec<(u64, Paper)>,
    pub store: Vec<(AskNo, StoreCommand)>,
    pub county: Vec<(AskNo, CountyCommand)>,
    pub kept: BTreeMap<SubmissionId, (Sequence, Application)>,
    /// Those of them that have their end.
    pub marked: BTreeSet<SubmissionId>,
}

pub fn catalog() -> Catalog {
    static LOADED: std::sync::OnceLock<Catalog> = std::sync::OnceLock::new();
    LOADED
        .get_or_init(|| {
            let items = include_str!("../../../../config/catalogue/items.json");
            let local = include_str!("../../../../config/catalogue/local.json");
            Catalog::load(items, local).expect("the shipped catalogue loads").catalog
        })
        .clone()
}

pub fn settings() -> Settings {
    Settings {
        kiosk_code: "K032".into(),
        centre: Text::new("示例镇为民服务中心", "Shili Town Public Service Centre"),
        window: WindowSettings {
            name: Text::new("示例镇为民服务中心全科窗口", "All-round window"),
            address: Text::new("示例路1号", "1 Shili Road"),
            hours: Text::new("工作日 8:30—17:30", "Working days 8:30 to 17:30"),
            phone: "0513-00000001".into(),
        },
        hotline: "12345".into(),
        check_page: None,
        root_hash: RootHash::read(&"9f3a".repeat(16)),
        notice_version: "2026-11".into(),
        fitted: Fitted { reader: true, printer: true, scanner: true },
        times: Times::default(),
        backoff: Backoff::default(),
        limits: Limits::default(),
    }
}

/// An invented resident, 84 years old.
pub fn card() -> IdCard {
    IdCard {
        kind: CardKind::Resident,
        name: "王桂芳".into(),
        latin_name: None,
        sex: Sex::Female,
        ethnicity: Some("01".into()),
        birth: CardDate::parse("19420305"),
        address: Some("江苏省示例县示例镇示例村3组12号".into()),
        number: "320699194203050026".into(),
        number_check: NumberCheck::Passed,
        authority: Some("示例县公安局".into()),
        valid_from: CardDate::parse("20100101"),
        valid_until: Validity::LongTerm,
        nationality: None,
        pass_number: None,
    }
}

impl Machine {
    pub fn new() -> Self {
        let at = Duration::ZERO;
        let (kiosk, first) = Kiosk::new(settings(), catalog(), now(at, 0));
        let mut machine = Self {
            kiosk,
            at,
            turn: 0,
            effects: Vec::new(),
            prints: Vec::new(),
            store: Vec::new(),
            county: Vec::new(),
            kept: BTreeMap::new(),
            marked: BTreeSet::new(),
        };
        machine.sort(first);
        for role in [Role::IdReader, Role::Printer, Role::Scanner] {
            machine.device(role, DeviceState::Online);
        }
        machine.event(Event::Printer(PrinterEvent::Status(good_printer())));
        machine
    }

    pub fn now(&self) -> Now {
        now(self.at, self.turn)
    }

    pub fn event(&mut self, event: Event) -> &mut Self {
        self.turn += 1;
        self.at += Duration::from_millis(1);
        let effects = self.kiosk.handle(self.now(), event);
        self.sort(effects);
        self
    }

    /// A touch at a person's pace.
    pub fn touch(&mut self, intent: Intent) -> &mut Self {
        self.at += Duration::from_millis(700);
        self.event(Event::Intent(intent))
    }

    /// A touch right after the one before, as a trembling hand does it.
    pub fn tremble(&mut self, intent: Intent) -> &mut Self {
        self.at += Duration::from_millis(120);
        self.event(Event::Intent(intent))
    }

    pub fn pass(&mut self, time: Duration) -> &mut Self {
        self.at += time;
        self.event(Event::Woke)
    }

    pub fn device(&mut self, role: Role, state: DeviceState) -> &mut Self {
        self.event(Event::Device(DeviceStatus { role, state, code: String::new(), detail: String::new() }))
    }

    pub fn lay(&mut self, card: IdCard) -> &mut Self {
        self.event(Event::Reader(IdReaderEvent::Card(Box::new(card))))
    }

    pub fn screen(&self) -> Screen {
        self.kiosk.screen(&self.now())
    }

    pub fn page(&self) -> &'static str {
        self.screen().body.name()
    }

    /// Takes the effects that arrived since the last call.
    pub fn took(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    fn sort(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match &effect {
                Effect::Print { job, paper } => self.prints.push((*job, (**paper).clone())),
                Effect::Store { command: StoreCommand::Measure, .. } => {}
                Effect::Store { ask, command } => self.store.push((*ask, command.clone())),
                Effect::County { ask, command } => self.county.push((*ask, command.clone())),
                Effect::Reader(_) | Effect::Scanner(_) | Effect::Note(_) | Effect::Ignored { .. } => {}
            }
            self.effects.push(effect);
        }
    }

    /// The store answers its oldest question well.
    pub fn store_answers(&mut self) -> &mut Self {
        let (ask, command) = self.store.remove(0);
        let event = match command {
            StoreCommand::Keep { application } => {
                let id = application.client_submission_id;
                let next = Sequence(self.kept.len() as u64 + 1);
                let sequence = self.kept.entry(id).or_insert((next, (*application).clone())).0;
                StoreEvent::Kept { entry: entry(sequence, &application) }
            }
            StoreCommand::Acknowledge { id, .. } => {
                self.marked.insert(id);
                StoreEvent::Acknowledged { id }
            }
            StoreCommand::SetAside { id, .. } => {
                self.marked.insert(id);
                StoreEvent::SetAside { id }
            }
            StoreCommand::Find { sequence } => StoreEvent::Found {
                entry: self.kept.values().find(|kept| kept.0 == sequence).map(|kept| entry(kept.0, &kept.1)),
            },
            StoreCommand::LoadQueue => StoreEvent::Queue {
                entries: self
                    .kept
                    .iter()
                    .filter(|(id, _)| !self.marked.contains(id))
                    .map(|(_, kept)| entry(kept.0, &kept.1))
                    .collect(),
            },
            StoreCommand::Reopen => {
                let last = Sequence(self.kept.len() as u64);
                StoreEvent::Reopened {
                    last,
                    open: (self.kept.len() - self.marked.len()) as u64,
                    missing: Vec::new(),
                    aside: None,
                }
            }
            StoreCommand::Measure => StoreEvent::Measured { free: None },
        };
        self.event(Event::Store { ask, event })
    }

    /// The county answers its oldest question.
    pub fn county_answers(&mut self, verdict: Verdict) -> &mut Self {
        let index = self.county.iter().position(|(_, command)| is_sending(command));
        let (ask, command) = self.county.remove(index.expect("an application is with the county"));
        let event = match command {
            CountyCommand::Submit { id, .. } => CountyEvent::Submitted { id, verdict },
            CountyCommand::SubmitBatch { handed } => CountyEvent::BatchSubmitted {
                verdicts: handed.into_iter().map(|handed| (handed.id, verdict.clone())).collect(),
            },
            CountyCommand::CaseState { .. } | CountyCommand::Probe => CountyEvent::Probed { reachable: true },
        };
        self.event(Event::County { ask, event })
    }

    /// The printer ends its oldest job.
    pub fn prints(&mut self, outcome: PrintOutcome) -> PaperKind {
        let (job, paper) = self.prints.remove(0);
        self.event(Event::Printer(PrinterEvent::Finished { job, outcome }));
        paper.kind
    }

    /// From idle to the guide of an item, by touch.
    pub fn open_guide(&mut self, item: &str) -> &mut Self {
        self.touch(Intent::Begin).touch(Intent::OpenDepartments);
        let Body::Departments(departments) = self.screen().body else { panic!("departments are shown") };
        for tile in departments.departments.into_iter().filter(|tile| tile.count > 0) {
            self.touch(Intent::OpenDepartment { department: tile.id });
            loop {
                let Body::List(list) = self.screen().body else { panic!("a list is shown") };
                if list.rows.iter().any(|row| row.id == item) {
                    return self.touch(Intent::OpenItem { item: item.into() });
                }
                if list.pages.page == list.pages.of {
                    break;
                }
                self.touch(Intent::NextPage);
            }
            self.touch(Intent::Back);
        }
        panic!("{item} is in no list")
    }

    /// Answers the present question with something acceptable and goes on. `false` if there is none.
    pub fn answer(&mut self) -> bool {
        use crate::ipc::DigitKind;
        let Body::Form(form) = self.screen().body else { return false };
        if !form.complete {
            match form.pad {
                Pad::Digits { kind, .. } => {
                    let digits = match kind {
                        DigitKind::Mobile => "13800000000",
                        DigitKind::Account => "6222020000000000000",
                        DigitKind::Date => "20261201",
                        DigitKind::Money => "100",
                        DigitKind::IdNumber => "320699198506150010",
                        DigitKind::Number => "3",
                    };
                    self.touch(Intent::Clear);
                    for digit in digits.chars() {
                        self.touch(Intent::Digit { digit });
                    }
                }
                Pad::Choices { options, .. } => {
                    let value = options[0].value.clone();
                    self.touch(Intent::Choose { value });
                }
            }
        }
        self.touch(Intent::Next);
        true
    }

    /// Answers every question, up to the review.
    pub fn fill(&mut self) -> &mut Self {
        for _ in 0..50 {
            if !self.answer() {
                return self;
            }
        }
        panic!("the form has no end: {:?}", self.screen().body)
    }

    /// An application of this item, confirmed and at the store.
    pub fn confirmed(&mut self, item: &str) -> &mut Self {
        self.open_guide(item).touch(Intent::Apply).lay(card()).fill().touch(Intent::Confirm)
    }

    pub fn kept(&mut self, item: &str) -> &mut Self {
        while matches!(self.store.first(), Some((_, StoreCommand::LoadQueue))) {
            self.store_answers();
        }
        self.confirmed(item).store_answers()
    }
}

pub fn now(at: Duration, turn: u64) -> Now {
    let mut chance = [0; 16];
    chance[..8].copy_from_slice(&turn.to_be_bytes());
    chance[12] = (turn.wrapping_mul(37) % 251) as u8;
    let wall = jiff::Timestamp::from_second(WALL).expect("a real moment");
    Now { since_start: at, wall: wall + jiff::SignedDuration::try_from(at).expect("short"), chance }
}

pub fn good_printer() -> PrinterStatus {
    PrinterStatus {
        paper: PaperState::Full,
        cover: PartState::Ok,
        cutter: PartState::Ok,
        head: PartState::Ok,
        online: PartState::Ok,
        ticket_taken: PartState::NotSupported,
    }
}

pub fn receipt() -> CaseReceipt {
    CaseReceipt {
        case_number: "320699202611240001".into(),
        query_code: "482913".into(),
        accepted_at: jiff::Timestamp::from_second(WALL).expect("a real moment"),
        promise_date: Some(jiff::civil::date(2026, 11, 27)),
    }
}

fn entry(sequence: Sequence, application: &Application) -> OutboxEntry {
    OutboxEntry {
        id: application.client_submission_id,
        sequence,
        item: application.item.clone(),
        kept_at: application.confirmed_at,
        size: 1500,
        state: OutboxState::Queued,
    }
}

/// Whether a question hands something in.
pub fn is_sending(command: &CountyCommand) -> bool {
    matches!(command, CountyCommand::Submit { .. } | CountyCommand::SubmitBatch { .. })
}
