//! People at the machine, and the devices under their hands.

use std::time::Duration;

use kiosk::domain::effect::{Paper, PaperKind};
use kiosk::domain::event::Event;
use kiosk::domain::receipt;
use kiosk::ipc::{Body, Intent};
use kiosk_hal::model::{
    CardFailure, DeviceState, IdReaderEvent, NotPrintedCause, PrintOutcome, PrinterEvent, Role, ScannedCode,
    ScannerEvent, UnknownCause,
};

use super::history::PersonNo;
use super::person::Act;
use super::plant::Plant;
use super::turns::device;
use super::world::{Thing, World};

/// A reader needs this long for a card.
const READING: Duration = Duration::from_millis(1_200);

impl World {
    /// A person comes; who finds the machine taken or dark comes again a little later.
    pub fn arrives(&mut self, person: PersonNo) {
        let screen = self.program.as_ref().and_then(|program| program.screen.as_ref());
        let is_free = screen.is_some_and(|screen| matches!(screen.body, Body::Idle(_) | Body::OutOfService(_)));
        if self.present.is_some() || !is_free {
            let after = Duration::from_secs(20 + self.street.below(120));
            return self.soon(after, Thing::Arrive(person));
        }
        self.visit += 1;
        self.present = Some(person);
        self.people[person].arrives();
        let visit = self.visit;
        self.note(format_args!("person {person} is there, visit {visit}"));
        self.soon(Duration::from_secs(1), Thing::Person(visit));
    }

    /// The person of a visit looks at the screen and does something.
    pub fn person_acts(&mut self, visit: u64) {
        let (Some(program), Some(person)) = (&mut self.program, self.present) else { return };
        if visit != self.visit {
            return;
        }
        let Some(screen) = program.screen.clone() else { return };
        let err = if self.is_calm { 0 } else { self.weather.people_err };
        let (act, pause) = self.people[person].act(&screen, err, &mut self.street);
        self.note(format_args!("person {person}: {}", word(&act)));
        let goes_on = act != Act::WalkOff;
        match act {
            Act::Touch(intent) => self.touches(intent),
            Act::LayCard => self.lays_card(person),
            Act::ShowSlip(code) => self.shows(code),
            Act::Wait => {}
            // Whoever walks off before the first touch leaves the machine free; otherwise it wipes itself.
            Act::WalkOff if !self.people[person].has_begun => self.present = None,
            Act::WalkOff => {}
        }
        if goes_on {
            self.soon(pause, Thing::Person(visit));
        }
    }

    fn touches(&mut self, intent: Intent) {
        if self.street.below(1_000) < self.weather.people_err {
            self.soon(Duration::from_millis(120), Thing::Touch(self.lives, intent.clone()));
        }
        self.feed(Event::Intent(intent));
    }

    fn lays_card(&mut self, person: PersonNo) {
        let fails = self.strikes(self.weather.device);
        let Some(program) = self.program.as_ref().filter(|program| program.watches) else { return };
        let life = program.life;
        self.feed(Event::Reader(IdReaderEvent::Reading));
        let event = if fails {
            IdReaderEvent::Failed(CardFailure::Moved)
        } else {
            IdReaderEvent::Card(Box::new(self.people[person].card.clone()))
        };
        self.soon(READING, Thing::Tell(life, Box::new(Event::Reader(event))));
    }

    fn shows(&mut self, code: String) {
        let fails = self.strikes(self.weather.device);
        let Some(program) = self.program.as_ref().filter(|program| program.scans) else { return };
        let text = if fails { Ok("https://example.invalid/".to_owned()) } else { Ok(code) };
        let event = Event::Scanner(ScannerEvent::Code(ScannedCode { text }));
        self.soon(Duration::from_millis(300), Thing::Tell(program.life, Box::new(event)));
    }

    /// The printer takes a job. What is on paper and what it says about it are two things.
    pub fn prints(&mut self, job: u64, paper: &Paper) {
        let (outcome, out) = if self.strikes(self.weather.device) {
            let out = self.fate.one_in(2);
            match self.fate.below(4) {
                0 => (Some(PrintOutcome::NotPrinted(NotPrintedCause::CoverOpen)), false),
                1 => (Some(PrintOutcome::Unknown(UnknownCause::LostMidJob)), out),
                2 => (None, out),
                _ => (Some(PrintOutcome::Printed), true),
            }
        } else {
            (Some(PrintOutcome::Printed), true)
        };
        self.note(format_args!("job {job}, on paper: {out}"));
        self.history.printed(self.present, paper, out);
        if self.plant == Plant::SlipRepeated && out {
            self.history.printed(self.present, paper, out);
        }
        if let Some(person) = self.present.filter(|_| out) {
            match &paper.kind {
                PaperKind::Kept { claim, .. } | PaperKind::Accepted { claim, .. } => {
                    self.people[person].slips.push(receipt::payload(claim, None));
                }
                PaperKind::Notice { .. } => {}
            }
        }
        let Some(outcome) = outcome else { return };
        // Some answers come when nobody waits for them any more.
        let late = self.strikes(self.weather.device);
        let after = if late { 20_000 + self.fate.below(90_000) } else { 900 + self.fate.below(4_000) };
        let event = Event::Printer(PrinterEvent::Finished { job, outcome });
        self.soon(Duration::from_millis(after), Thing::Tell(self.lives, Box::new(event)));
    }

    /// A device goes and comes back.
    pub fn unplug(&mut self) {
        let role = match self.fate.below(3) {
            0 => Role::IdReader,
            1 => Role::Printer,
            _ => Role::Scanner,
        };
        let Some(program) = &self.program else { return };
        let life = program.life;
        let back = Duration::from_secs(3 + self.fate.below(60));
        self.soon(back, Thing::Tell(life, Box::new(device(role, DeviceState::Online))));
        self.feed(device(role, DeviceState::NoDevice));
    }
}

/// What somebody does, without what is personal.
const fn word(act: &Act) -> &'static str {
    match act {
        Act::Touch(_) => "touches",
        Act::LayCard => "lays the card down",
        Act::ShowSlip(_) => "shows the slip",
        Act::Wait => "waits",
        Act::WalkOff => "walks off",
    }
}
