//! What the engine does in the product, done by hand: turns of the loop, the store's jobs, deaths and starts.

use std::rc::Rc;
use std::time::Duration;

use kiosk::domain::effect::Effect;
use kiosk::domain::event::{AskNo, Event};
use kiosk::domain::id::{Sequence, SubmissionId};
use kiosk::domain::kiosk::Kiosk;
use kiosk::domain::submission::{CountyCommand, CountyEvent, Handed, StoreCommand, StoreEvent, Verdict};
use kiosk::ipc::Body;
use kiosk::store::StoreErrorKind;
use kiosk_hal::model::{
    DeviceState, DeviceStatus, IdReaderRequest, PaperState, PartState, PrinterEvent, PrinterStatus, Role,
    ScannerRequest,
};

use super::disk::End;
use super::plant::Plant;
use super::program::{Job, Program, Task, catalog, client, settings};
use super::world::{Thing, World};

impl World {
    /// The kiosk is switched on.
    pub fn boot(&mut self) {
        if self.program.is_some() {
            return;
        }
        let (keeper, report) = match self.disk.open() {
            Ok(opened) => opened,
            Err(error) => return self.history.blame(error),
        };
        if !report.missing.is_empty() {
            return self.history.blame(format!("at a start the store misses {:?}", report.missing));
        }
        self.lives += 1;
        let life = self.lives;
        self.note(format_args!("life {life}: {} kept, {} open", report.last.0, report.open));
        let now = self.now();
        let line = super::line::Line::default();
        let client = Rc::new(client(&line, &self.wall, self.fate.bits()));
        let now = kiosk::domain::time::Now { since_start: Duration::ZERO, ..now };
        let (kiosk, first) = Kiosk::new(settings(self.weather.probe), catalog(), now);
        self.program = Some(Program {
            life,
            kiosk,
            keeper,
            client,
            line,
            tasks: Vec::new(),
            jobs: std::collections::VecDeque::new(),
            busy: self.at,
            began: self.at,
            wall_began: now.wall,
            screen: None,
            watches: false,
            scans: false,
            tries: std::collections::BTreeMap::new(),
            earlier: None,
        });
        for role in [Role::IdReader, Role::Printer, Role::Scanner] {
            self.soon(Duration::from_secs(2), Thing::Tell(life, Box::new(device(role, DeviceState::Online))));
        }
        self.soon(
            Duration::from_secs(2),
            Thing::Tell(life, Box::new(Event::Printer(PrinterEvent::Status(good_printer())))),
        );
        self.carry_out(first);
    }

    /// Whether the program dies at this step.
    pub fn dies(&mut self) -> bool {
        !self.is_calm && self.program.is_some() && self.fate.below(10_000) < self.weather.kiosk_dies
    }

    /// The program ends without a word, or in order; whoever stood there goes.
    pub fn kill(&mut self) {
        let Some(program) = self.program.take() else { return };
        let end = End::any(&mut self.fate);
        self.note(format_args!("life {} ends, {end:?}", program.life));
        self.disk.leave(program.keeper, end, &mut self.fate);
        if let Some(person) = self.present.take() {
            self.comes_again(person);
        }
        let off = if self.fate.one_in(6) { 3_600 } else { 60 };
        let off = Duration::from_secs(1 + self.fate.below(off));
        // Whatever was switched off in the faults is on again soon after them.
        let back = (self.at + off).min(self.weather.calm.max(self.at) + Duration::from_secs(60));
        self.put(back, Thing::Boot);
    }

    /// One event, and whatever follows from it at once.
    pub fn feed(&mut self, event: Event) {
        let now = self.now();
        let Some(program) = &mut self.program else { return };
        let word = event.word();
        let effects = program.kiosk.handle(now, event);
        self.note(format_args!("{word}"));
        self.carry_out(effects);
    }

    /// Polls the calls until none moves.
    pub fn settle(&mut self) {
        loop {
            let Some(program) = &mut self.program else { return };
            let ended = program.ended_call();
            for (letter, slot) in program.line.calls() {
                self.history.sent(&letter);
                self.letter_leaves(letter, slot);
            }
            let Some((ask, event)) = ended else { return };
            self.note(format_args!("{event:?}"));
            let event = self.spoilt(event);
            self.feed(Event::County { ask, event });
        }
    }

    /// What a program without the protection would make of an answer.
    fn spoilt(&mut self, event: CountyEvent) -> CountyEvent {
        match event {
            CountyEvent::Submitted { id, verdict: Verdict::TryAgain { code, .. } }
                if self.plant == Plant::DroppedOnServerError && code.starts_with("county.http-5") =>
            {
                CountyEvent::Submitted { id, verdict: Verdict::SetAside { code } }
            }
            CountyEvent::BatchSubmitted { mut verdicts } => {
                for (_, verdict) in &mut verdicts {
                    if let Verdict::TryAgain { code, .. } = verdict
                        && self.plant == Plant::DroppedOnServerError
                        && code.starts_with("county.http-5")
                    {
                        *verdict = Verdict::SetAside { code: std::mem::take(code) };
                    }
                }
                CountyEvent::BatchSubmitted { verdicts }
            }
            CountyEvent::Submitted { .. } | CountyEvent::CaseState { .. } | CountyEvent::Probed { .. } => event,
        }
    }

    /// Shows first, then does what is asked for, in order; may die between any two.
    fn carry_out(&mut self, effects: Vec<Effect>) {
        self.show();
        for effect in effects {
            if self.dies() {
                return self.kill();
            }
            let Some(program) = &mut self.program else { return };
            match effect {
                Effect::Reader(request) => program.watches = request == IdReaderRequest::Watch,
                Effect::Scanner(request) => program.scans = request == ScannerRequest::Enable,
                Effect::Print { job, paper } => self.prints(job, &paper),
                Effect::Store { ask, command } => self.ask_store(Job::Command { ask, command }),
                Effect::County { ask, command } => self.ask_county(ask, command),
                Effect::Note(note) => self.note(format_args!("{note:?}")),
                Effect::Ignored { why } => self.note(format_args!("ignored: {why}")),
            }
        }
    }

    fn show(&mut self) {
        let now = self.now();
        let Some(program) = &mut self.program else { return };
        let screen = program.kiosk.screen(&now);
        if program.screen.as_ref() == Some(&screen) {
            return;
        }
        let (page, life) = (screen.body.name(), program.life);
        self.trace.note(self.at, format_args!("screen of life {life}: {page}"));
        let is_free = matches!(screen.body, Body::Idle(_) | Body::OutOfService(_));
        match self.present {
            Some(person) if is_free && self.people[person].has_begun => {
                self.present = None;
                self.comes_again(person);
            }
            Some(person) => self.people[person].has_begun |= !is_free,
            None => {}
        }
        let secrets: Vec<(usize, String)> = (self.people.iter().enumerate())
            .flat_map(|(n, person)| person.secrets().map(|secret| (n, secret.to_owned())))
            .collect();
        self.history.shown(self.present, &screen, &secrets);
        if let (Some(person), Body::Status(status)) = (self.present, &screen.body) {
            self.history.told(person, status.state, &status.number, &self.county);
        }
        if let Some(program) = &mut self.program {
            program.screen = Some(screen);
        }
    }

    fn ask_store(&mut self, job: Job) {
        if let Job::Command { ask, command } = &job {
            if let StoreCommand::Keep { application } = command {
                let wish = self.present.map(|person| (person, self.people[person].wish()));
                self.history.asked(self.visit, wish, application);
            }
            let refusal = self.strikes(self.weather.store_full).then(|| no_room(command)).flatten();
            if let Some(event) = refusal {
                let (life, ask) = (self.lives, *ask);
                return self.soon(Duration::ZERO, Thing::Tell(life, Box::new(Event::Store { ask, event })));
            }
        }
        let slow = self.strikes(self.weather.store_slow);
        let takes = if slow { 2_000 + self.fate.below(45_000) } else { 1 + self.fate.below(15) };
        let Some(program) = &mut self.program else { return };
        program.jobs.push_back(job);
        program.busy = program.busy.max(self.at) + Duration::from_millis(takes);
        let (at, life) = (program.busy, program.life);
        self.put(at, Thing::Store(life));
    }

    /// The store does its next job. The program may die before the answer is heard.
    pub fn store_works(&mut self) {
        let Some(program) = &mut self.program else { return };
        let life = program.life;
        match program.jobs.pop_front() {
            None => {}
            Some(Job::Body { ask, id, sequence }) => self.hand_in(ask, id, sequence),
            Some(Job::Bodies { ask, handed }) => self.hand_in_several(ask, handed),
            Some(Job::Command { ask, command }) => {
                for event in self.store_answers(&command) {
                    self.note(format_args!("the store: {}", word(&event)));
                    let after = Duration::from_millis(self.fate.below(5));
                    self.soon(after, Thing::Tell(life, Box::new(Event::Store { ask, event })));
                }
            }
        }
    }

    fn store_answers(&mut self, command: &StoreCommand) -> Vec<StoreEvent> {
        let Some(program) = &mut self.program else { return Vec::new() };
        match (self.plant, command) {
            (Plant::ReceiptNotStored, StoreCommand::Acknowledge { id, .. }) => {
                return vec![StoreEvent::Acknowledged { id: *id }];
            }
            (Plant::ReceiptNotStored, StoreCommand::AcknowledgeAll { receipts }) => {
                let done = receipts.iter().map(|(id, _)| *id).collect();
                return vec![StoreEvent::Marked { done, failed: Vec::new() }];
            }
            (Plant::QueueForgotten, StoreCommand::LoadQueue) => return vec![StoreEvent::Queue { entries: Vec::new() }],
            _ => {}
        }
        if self.plant == Plant::NeverReopened && *command == StoreCommand::Reopen {
            return vec![StoreEvent::Broken { code: "store.io".to_owned() }];
        }
        let strikes = !self.is_calm && self.rot.below(1_000) < self.weather.disk_fails;
        if strikes {
            self.disk.will_fail(&mut self.rot, self.plant == Plant::FailedSyncHidden);
        }
        let mut events = Vec::new();
        let spoilt = program.spoilt(self.plant, command);
        program.keeper.command(spoilt.as_ref().unwrap_or(command), &mut |event| events.push(event));
        if self.plant == Plant::CertainAlways {
            for event in &mut events {
                if let StoreEvent::NotKept { certain, .. } = event {
                    *certain = true;
                }
            }
        }
        if strikes && self.disk.mend() {
            self.trace.note(self.at, format_args!("the disk failed"));
        }
        self.write_down(command, &events);
        events
    }

    /// What the answers of the store mean for the judge.
    fn write_down(&mut self, command: &StoreCommand, events: &[StoreEvent]) {
        let Some(program) = &mut self.program else { return };
        for event in events {
            match (event, command) {
                (StoreEvent::Kept { entry }, _) => {
                    let body = program.keeper.body(entry.id, &mut drop);
                    self.history.kept(entry, body);
                }
                // What was under way when the disk failed may be on it: the queue tells, and then it counts.
                (StoreEvent::Queue { entries }, _) => {
                    for entry in entries {
                        if !self.history.knows(entry.id) {
                            let body = program.keeper.body(entry.id, &mut drop);
                            self.history.kept(entry, body);
                        }
                    }
                }
                (StoreEvent::Reopened { missing, .. }, _) if !missing.is_empty() => {
                    self.history.blame(format!("after a reopening the store misses {missing:?}"));
                }
                (StoreEvent::Acknowledged { id }, StoreCommand::Acknowledge { receipt, .. }) => {
                    self.history.acknowledged(*id, receipt);
                }
                (StoreEvent::Marked { done, .. }, StoreCommand::AcknowledgeAll { receipts }) => {
                    for (id, receipt) in receipts.iter().filter(|(id, _)| done.contains(id)) {
                        self.history.acknowledged(*id, receipt);
                    }
                }
                (
                    StoreEvent::MarkFailed { id, .. } | StoreEvent::SetAside { id },
                    StoreCommand::SetAside { reason, .. },
                ) => {
                    self.history.set_aside(*id, reason);
                }
                _ => {}
            }
        }
    }

    fn ask_county(&mut self, ask: AskNo, command: CountyCommand) {
        let Some(program) = &mut self.program else { return };
        let client = Rc::clone(&program.client);
        match command {
            CountyCommand::Submit { id, sequence } => self.ask_store(Job::Body { ask, id, sequence }),
            CountyCommand::SubmitBatch { handed } => self.ask_store(Job::Bodies { ask, handed }),
            CountyCommand::CaseState { case_number, query_code } => {
                let call = async move { client.case_state(&case_number, &query_code).await };
                let future = Box::pin(async move { CountyEvent::CaseState { answer: call.await } });
                program.tasks.push(Task { ask, future });
            }
            CountyCommand::Probe => {
                let future = Box::pin(async move { CountyEvent::Probed { reachable: client.probe().await } });
                program.tasks.push(Task { ask, future });
            }
        }
    }

    /// Who and which number goes out, as this program has it.
    fn outside(plant: Plant, program: &mut Program, handed: Handed) -> Handed {
        let tries = program.tries.entry(handed.id).or_default();
        *tries += 1;
        let is_again = *tries > 1;
        let mut outside = handed;
        if is_again && plant == Plant::FreshIdOnRetry {
            outside.id.0 = uuid::Uuid::from_u128(handed.id.0.as_u128() ^ u128::from(*tries));
        }
        if plant == Plant::WrongNumber {
            outside.sequence.0 += 1;
        }
        if is_again && plant == Plant::BytesRebuilt {
            outside.sequence.0 += 1_000;
        }
        outside
    }

    /// As [`Self::hand_in`], several in one call.
    fn hand_in_several(&mut self, ask: AskNo, handed: Vec<Handed>) {
        let Some(program) = &mut self.program else { return };
        let (mut verdicts, mut bodies) = (Vec::new(), Vec::new());
        for handed in handed {
            match program.keeper.body(handed.id, &mut drop) {
                Ok(Some(body)) => bodies.push((handed, Self::outside(self.plant, program, handed), body)),
                Ok(None) => verdicts.push((handed.id, Verdict::SetAside { code: "store.body-missing".to_owned() })),
                Err(error) if error.kind == StoreErrorKind::EntryDamaged => {
                    verdicts.push((handed.id, Verdict::SetAside { code: error.code().to_owned() }));
                }
                Err(error) => {
                    verdicts.push((handed.id, Verdict::TryAgain { code: error.code().to_owned(), after: None }));
                }
            }
        }
        let client = Rc::clone(&program.client);
        let future = Box::pin(async move {
            let stored: Vec<_> = bodies.iter().map(|(_, outside, body)| (*outside, body.bytes())).collect();
            for (told, verdict) in client.submit_batch(&stored).await {
                let inside = bodies.iter().find(|(_, outside, _)| outside.id == told).map(|(inside, ..)| inside.id);
                verdicts.push((inside.unwrap_or(told), verdict));
            }
            CountyEvent::BatchSubmitted { verdicts }
        });
        program.tasks.push(Task { ask, future });
    }

    /// The bytes come out of the store as they were kept and go to the client.
    fn hand_in(&mut self, ask: AskNo, id: SubmissionId, sequence: Sequence) {
        let Some(program) = &mut self.program else { return };
        let Handed { id: under, sequence: numbered } = Self::outside(self.plant, program, Handed { id, sequence });
        let client = Rc::clone(&program.client);
        let body = program.keeper.body(id, &mut drop);
        let future = Box::pin(async move {
            let verdict = match body {
                Ok(Some(body)) => client.submit(under, numbered, body.bytes()).await,
                Ok(None) => Verdict::SetAside { code: "store.body-missing".to_owned() },
                Err(error) if error.kind == StoreErrorKind::EntryDamaged => {
                    Verdict::SetAside { code: error.code().to_owned() }
                }
                Err(error) => Verdict::TryAgain { code: error.code().to_owned(), after: None },
            };
            CountyEvent::Submitted { id, verdict }
        });
        program.tasks.push(Task { ask, future });
    }
}

/// What the store says at once where its queue is full. The queue at the start is always taken.
fn no_room(command: &StoreCommand) -> Option<StoreEvent> {
    let code = "store.overloaded".to_owned();
    match command {
        StoreCommand::Keep { application } => {
            Some(StoreEvent::NotKept { id: application.client_submission_id, code, certain: true })
        }
        StoreCommand::Acknowledge { id, .. } | StoreCommand::SetAside { id, .. } => {
            Some(StoreEvent::MarkFailed { id: *id, code })
        }
        StoreCommand::AcknowledgeAll { receipts } => {
            let failed = receipts.iter().map(|(id, _)| (*id, code.clone())).collect();
            Some(StoreEvent::Marked { done: Vec::new(), failed })
        }
        StoreCommand::Find { .. } => Some(StoreEvent::FindFailed { code }),
        StoreCommand::Measure | StoreCommand::LoadQueue | StoreCommand::Reopen => None,
    }
}

/// An answer of the store in one word, for the story.
const fn word(event: &StoreEvent) -> &'static str {
    match event {
        StoreEvent::Kept { .. } => "kept",
        StoreEvent::NotKept { .. } => "not kept",
        StoreEvent::Acknowledged { .. } => "acknowledged",
        StoreEvent::Marked { .. } => "marked",
        StoreEvent::SetAside { .. } => "set aside",
        StoreEvent::Carried { .. } => "carried",
        StoreEvent::Requeued { .. } => "requeued",
        StoreEvent::MarkFailed { .. } => "mark failed",
        StoreEvent::Found { .. } => "found",
        StoreEvent::FindFailed { .. } => "find failed",
        StoreEvent::Measured { .. } => "measured",
        StoreEvent::Queue { .. } => "queue",
        StoreEvent::Reopened { .. } => "reopened",
        StoreEvent::Broken { .. } => "broken",
    }
}

/// A device says how it is.
pub fn device(role: Role, state: DeviceState) -> Event {
    Event::Device(DeviceStatus { role, state, code: String::new(), detail: String::new() })
}

fn good_printer() -> PrinterStatus {
    PrinterStatus {
        paper: PaperState::Full,
        cover: PartState::Ok,
        cutter: PartState::Ok,
        head: PartState::Ok,
        online: PartState::Ok,
        ticket_taken: PartState::NotSupported,
    }
}
