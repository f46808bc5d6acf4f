//! A resident: sees the screen, does the next sensible thing, and not always that.
//!
//! Reads nothing but the screen. All persons are invented.

use std::time::Duration;

use kiosk::ipc::{Body, CardPrompt, DigitKind, Form, Intent, Overlay, Pad, ScanPrompt, Screen, SlipState};
use kiosk_hal::model::{CardDate, CardKind, IdCard, NumberCheck, Sex, Validity};

use super::history::Wish;
use crate::chance::Chance;

/// Items that can be applied for on the machine, all under one theme.
const ITEMS: [&str; 2] = ["sample-02", "sample-01"];
const THEME: &str = "elder";
const NAMES: [&str; 8] = ["王桂芳", "李秀英", "张建国", "刘玉兰", "陈志强", "杨春花", "赵德明", "黄素珍"];

/// One resident.
#[derive(Debug)]
pub struct Person {
    pub card: IdCard,
    pub mobile: String,
    pub goal: Goal,
    /// Codes of the slips in the hand.
    pub slips: Vec<String>,
    /// Has touched the screen in this visit.
    pub has_begun: bool,
    /// Saw that the application is kept.
    pub was_promised: bool,
    /// Went back from "not confirmed" to change an answer, and has not done it yet.
    wants_change: bool,
    typed: usize,
    looks: u32,
}

/// What somebody comes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// To apply for an item.
    Apply(&'static str),
    /// To ask how far the case on this slip is.
    Ask(String),
}

/// What somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Touch(Intent),
    LayCard,
    ShowSlip(String),
    Wait,
    WalkOff,
}

impl Person {
    /// The n-th person of a run.
    pub fn new(n: usize, chance: &mut Chance) -> Self {
        let card = IdCard {
            kind: CardKind::Resident,
            name: NAMES[n % NAMES.len()].to_owned(),
            latin_name: None,
            sex: Sex::Female,
            ethnicity: Some("01".to_owned()),
            // Old enough for every item, however wrong the clock is.
            birth: CardDate::parse("19000305"),
            address: Some(format!("江苏省示例县示例镇示例村{n}组12号")),
            number: format!("3206991900030500{n:02}"),
            number_check: NumberCheck::Passed,
            authority: Some("示例县公安局".to_owned()),
            valid_from: None,
            valid_until: Validity::LongTerm,
            nationality: None,
            pass_number: None,
        };
        Self {
            card,
            // One key too many never makes it the number of somebody else.
            mobile: format!("138{}", ((n + 1) % 10).to_string().repeat(8)),
            goal: Goal::Apply(ITEMS[chance.index(ITEMS.len())]),
            slips: Vec::new(),
            has_begun: false,
            was_promised: false,
            wants_change: false,
            typed: 0,
            looks: 0,
        }
    }

    /// Comes to the machine.
    pub fn arrives(&mut self) {
        (self.has_begun, self.was_promised, self.typed, self.looks) = (false, false, 0, 0);
        self.wants_change = false;
    }

    /// What this person asks for.
    pub fn wish(&self) -> Wish {
        let item = match &self.goal {
            Goal::Apply(item) => (*item).to_owned(),
            Goal::Ask(_) => String::new(),
        };
        Wish { name: self.card.name.clone(), card: self.card.number.clone(), item }
    }

    /// Texts that nobody else may ever see.
    pub fn secrets(&self) -> [&str; 3] {
        [&self.card.name, &self.card.number, &self.mobile]
    }

    /// The next thing done before this screen, and how long until the one after it.
    pub fn act(&mut self, screen: &Screen, err: u64, chance: &mut Chance) -> (Act, Duration) {
        if chance.below(1_000) < err {
            return self.err(chance);
        }
        let act = match screen.overlay {
            Some(Overlay::StillThere { .. }) => Act::Touch(Intent::MoreTime),
            Some(Overlay::ConfirmLeave) => Act::Touch(Intent::Stay),
            Some(Overlay::Help(_)) => Act::Touch(Intent::CloseHelp),
            None => self.on_page(&screen.body, chance),
        };
        let quick = matches!(act, Act::Touch(Intent::Digit { .. }));
        let pause = if quick { 150 + chance.below(250) } else { 700 + chance.below(4_000) };
        (act, Duration::from_millis(pause))
    }

    fn on_page(&mut self, body: &Body, chance: &mut Chance) -> Act {
        match body {
            Body::Idle(_) | Body::Setup(_) | Body::OutOfService(_) => Act::Touch(Intent::Begin),
            Body::Home(_) => match self.goal {
                Goal::Apply(_) => Act::Touch(Intent::OpenTheme { theme: THEME.to_owned() }),
                Goal::Ask(_) => Act::Touch(Intent::OpenScan),
            },
            // The technician's page: nobody here came for it.
            Body::Departments(_) | Body::Service(_) => Act::Touch(Intent::Back),
            Body::List(list) => {
                let Goal::Apply(item) = self.goal else { return Act::Touch(Intent::Back) };
                let is_there = list.rows.iter().any(|row| row.id == item);
                Act::Touch(if is_there { Intent::OpenItem { item: item.to_owned() } } else { Intent::NextPage })
            }
            Body::Item(_) => Act::Touch(Intent::Apply),
            Body::Identify(identify) => match identify.prompt {
                CardPrompt::Place | CardPrompt::Failed { .. } => Act::LayCard,
                CardPrompt::Reading => Act::Wait,
                CardPrompt::ReaderLost => self.patient(12, Act::Touch(Intent::Back)),
                CardPrompt::Expired | CardPrompt::NotYetValid | CardPrompt::NumberWrong | CardPrompt::KindNotServed => {
                    Act::WalkOff
                }
            },
            Body::Form(form) => self.answer(form),
            // One step back into the questions and forward again: what is confirmed then is another application.
            Body::Review(_) if std::mem::take(&mut self.wants_change) => Act::Touch(Intent::Back),
            Body::Review(_) => Act::Touch(Intent::Confirm),
            Body::Storing => Act::Wait,
            Body::NotKept(_) => match chance.below(4) {
                0 => Act::Touch(Intent::Finish),
                1 => {
                    self.wants_change = true;
                    Act::Touch(Intent::Back)
                }
                _ => {
                    self.wants_change = false;
                    Act::Touch(Intent::Confirm)
                }
            },
            Body::Kept(kept) => {
                self.was_promised = true;
                self.hold(kept.slip, chance)
            }
            Body::Accepted(accepted) => {
                self.was_promised = true;
                self.hold(accepted.slip, chance)
            }
            Body::SetAside(aside) => self.hold(aside.slip, chance),
            Body::Scan(scan) => {
                let Goal::Ask(code) = &self.goal else { return Act::Touch(Intent::Home) };
                match scan.prompt {
                    ScanPrompt::Place | ScanPrompt::NotOurs => Act::ShowSlip(code.clone()),
                    ScanPrompt::LookingUp => Act::Wait,
                    ScanPrompt::NotFound | ScanPrompt::NoLine | ScanPrompt::ScannerLost => {
                        self.patient(3, Act::Touch(Intent::Back))
                    }
                }
            }
            Body::Status(_) | Body::Window(_) | Body::Take(_) => Act::Touch(Intent::Finish),
        }
    }

    /// Looks at kept or accepted for a while; a slip that is not there is asked for again.
    fn hold(&mut self, slip: SlipState, chance: &mut Chance) -> Act {
        match slip {
            SlipState::NotPrinted { .. } | SlipState::Unclear { .. } if chance.one_in(3) => {
                Act::Touch(Intent::PrintAgain)
            }
            SlipState::None
            | SlipState::Printing
            | SlipState::Printed
            | SlipState::NotPrinted { .. }
            | SlipState::Unclear { .. } => self.patient(10, Act::Touch(Intent::Finish)),
        }
    }

    /// Waits so many looks and then does it.
    fn patient(&mut self, looks: u32, then: Act) -> Act {
        self.looks += 1;
        if self.looks.is_multiple_of(looks) { then } else { Act::Wait }
    }

    fn answer(&mut self, form: &Form) -> Act {
        if form.complete {
            self.typed = 0;
            return Act::Touch(Intent::Next);
        }
        match &form.pad {
            Pad::Digits { kind, .. } => {
                let digits = match kind {
                    DigitKind::Mobile => self.mobile.as_str(),
                    DigitKind::Account => "6222020000000000000",
                    DigitKind::Date => "20261201",
                    DigitKind::Money => "100",
                    DigitKind::IdNumber => "320699198506150010",
                    DigitKind::Number => "3",
                };
                let digit = digits.chars().nth(self.typed);
                self.typed = if digit.is_some() { self.typed + 1 } else { 0 };
                Act::Touch(digit.map_or(Intent::Clear, |digit| Intent::Digit { digit }))
            }
            Pad::Choices { options, .. } => match options.first() {
                Some(option) => Act::Touch(Intent::Choose { value: option.value.clone() }),
                None => Act::Touch(Intent::Next),
            },
        }
    }

    /// What a person in a hurry does, or one with somebody else's problem.
    fn err(&mut self, chance: &mut Chance) -> (Act, Duration) {
        let act = match chance.below(9) {
            0 => Act::WalkOff,
            1 => Act::Touch(Intent::Home),
            2 => Act::Touch(Intent::Back),
            3 => Act::Touch(Intent::Help),
            4 => Act::Touch(Intent::PrintAgain),
            5 => Act::Touch(Intent::Confirm),
            6 => Act::Touch(Intent::Finish),
            7 => Act::Wait,
            _ => Act::LayCard,
        };
        (act, Duration::from_millis(150 + chance.below(100_000)))
    }
}
