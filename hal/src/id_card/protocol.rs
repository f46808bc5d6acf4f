//! What is asked of the reader and when: speed search, watching for cards, retries, the reader's health.
//!
//! ```text
//! opened ─▶ probe (11 FF at each speed) ─▶ number (12 FF) ─▶ rest ◀──────────────────────────┐
//!                  ▲                                          │ watching          every 5 s   │
//!                  │ three silent answers                     ▼ every 300 ms      ▼           │
//!                  └───────────────────────────── find (20 01)            check (11 FF) ──────┤
//!                                                   │ 9F                                      │
//!                                                   ▼                                         │
//!                                                 select (20 02) ─▶ read (30 01) ─▶ card ─────┘
//! ```
//!
//! Promises: each card is reported once per presentation; a card that lay there and was not read ends with exactly
//! one [`CardFailure`]; fields come only from a reply with right check byte and right lengths; a reply that answers
//! nothing that was asked is dropped, above all the late reading of a visit that is over; a module that says it is
//! broken is reported as such and asked again every few seconds.
//!
//! Removal is told only where the module shows it. Most modules answer "no card" to a card that still lies there
//! after it was read, so `Removed` may never come, and the screen asks for the card to be taken by time.

use std::collections::VecDeque;
use std::time::Duration;

use super::codec::{Command, Found, FrameParser, Reply, module_number};
use super::fields::{ReadKind, card, take_apart};
use super::status::Status;
use crate::link::LinkError;
use crate::model::{CardFailure, DeviceState, DeviceStatus, IdReaderEvent, IdReaderRequest, Role};
use crate::runner::{DeviceEvent, Elapsed, Protocol, Transmit};

/// Speeds a module can have, the usual one first.
pub const SPEEDS: [u32; 5] = [115_200, 57_600, 38_400, 19_200, 9600];

/// Pause between two looks for a card: short enough to feel immediate, long enough for the field to settle.
const POLL: Duration = Duration::from_millis(300);

/// Pause before a sequence that failed starts again.
const RESTART: Duration = Duration::from_millis(100);

/// Pause after a failure was reported, so that one bad card does not flood the screen.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Wait for an answer during the speed search: a module that hears us answers at once.
const PROBE_WAIT: Duration = Duration::from_millis(500);

/// Wait for the first byte of a short answer.
const SHORT_WAIT: Duration = Duration::from_secs(1);

/// Wait for the first byte of a card's data: the module talks to the card first.
const READ_WAIT: Duration = Duration::from_secs(3);

/// The same on the slowest line.
const READ_WAIT_SLOW: Duration = Duration::from_secs(6);

/// Longest silence inside a frame.
const INTER_BYTE: Duration = Duration::from_millis(100);

/// Longest time for a whole frame after the wait for its first byte: twice the longest reply at 9600 baud.
const WHOLE_FRAME: Duration = Duration::from_secs(5);

/// Time between two health checks while nothing else is asked.
const CHECK: Duration = Duration::from_secs(5);

/// Pause between two searches for a module that does not answer at any speed.
const SEARCH_PAUSE: Duration = Duration::from_secs(2);

/// Pause before a module that called itself broken is asked again.
const BROKEN_PAUSE: Duration = Duration::from_secs(5);

/// Readings of one selected card before it counts as unreadable.
const READS: u8 = 5;

/// Whole sequences (find, select, read) before a card counts as failed.
const SEQUENCES: u8 = 3;

/// Unanswered questions in a row after which the module counts as gone.
const SILENCES: u8 = 3;

/// The protocol of one reader.
#[derive(Debug)]
pub struct IdReaderProtocol {
    phase: Phase,
    /// Index in [`SPEEDS`] of the speed in use.
    speed: usize,
    watching: bool,
    reset_wanted: bool,
    /// The card in the field that is not read yet.
    presented: Option<Presented>,
    last_card: LastCard,
    silences: u8,
    next_check: Elapsed,
    module: Option<String>,
    status: Option<DeviceStatus>,
    parser: FrameParser,
    out: VecDeque<Transmit>,
    events: VecDeque<DeviceEvent<IdReaderEvent>>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// No link.
    Closed,
    /// A question is on its way.
    Asking(Asking),
    /// All is well; the next question comes at this time.
    Resting { until: Elapsed },
    /// No module, or a broken one; the next search begins at this time.
    Pausing { until: Elapsed },
}

#[derive(Debug, Clone, Copy)]
struct Asking {
    step: Step,
    first_byte_by: Elapsed,
    whole_by: Elapsed,
    last_byte: Elapsed,
    /// The question is a repetition.
    resent: bool,
    /// Nobody wants the answer any more.
    abandoned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Probe { tried: usize },
    Reset,
    Number,
    Check,
    Find,
    Select,
    Read { attempt: u8 },
}

#[derive(Debug, Clone, Copy)]
struct Presented {
    failed_sequences: u8,
    cause: CardFailure,
}

/// What is known about the card that was reported last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastCard {
    /// It is gone, or there was none.
    Gone,
    /// It was reported and the module has not been asked since.
    Reported,
    /// The module still sees it.
    StillThere,
}

impl IdReaderProtocol {
    /// A protocol that begins its speed search at `baud`, or at 115200 if a module cannot have that speed.
    pub fn new(baud: u32) -> Self {
        Self {
            phase: Phase::Closed,
            speed: SPEEDS.iter().position(|speed| *speed == baud).unwrap_or_default(),
            watching: false,
            reset_wanted: false,
            presented: None,
            last_card: LastCard::Gone,
            silences: 0,
            next_check: Elapsed::ZERO,
            module: None,
            status: None,
            parser: FrameParser::new(),
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    fn baud(&self) -> u32 {
        SPEEDS.get(self.speed).copied().unwrap_or(SPEEDS[0])
    }
}

impl Protocol for IdReaderProtocol {
    type Request = IdReaderRequest;
    type Event = IdReaderEvent;

    fn handle_opened(&mut self, now: Elapsed) {
        self.out.clear();
        self.silences = 0;
        self.last_card = LastCard::Gone;
        self.set_status(DeviceState::Starting, "", String::new());
        self.ask(now, Step::Probe { tried: 0 });
    }

    fn handle_lost(&mut self, _now: Elapsed, error: &LinkError) {
        self.phase = Phase::Closed;
        self.parser.clear();
        self.out.clear();
        self.end_presentation(CardFailure::Unreadable);
        self.set_status(error.kind.state(), error.kind.code(), error.to_string());
    }

    fn handle_request(&mut self, now: Elapsed, request: IdReaderRequest) {
        match request {
            IdReaderRequest::Watch => {
                self.watching = true;
                // A card left lying may be read again by a new visit, where the module allows it.
                self.last_card = LastCard::Gone;
                self.wake(now);
            }
            IdReaderRequest::Stop => {
                self.watching = false;
                self.presented = None;
                match &mut self.phase {
                    Phase::Asking(asking) => asking.abandoned = true,
                    Phase::Resting { until } => *until = self.next_check,
                    Phase::Closed | Phase::Pausing { .. } => {}
                }
            }
            IdReaderRequest::Reset => {
                self.reset_wanted = !matches!(self.phase, Phase::Closed);
                self.wake(now);
                if matches!(self.phase, Phase::Pausing { .. }) {
                    self.go_on(now);
                }
            }
        }
    }

    fn handle_input(&mut self, now: Elapsed, bytes: &[u8]) {
        let Phase::Asking(asking) = &mut self.phase else {
            // Nobody asked: late answers and noise.
            return;
        };
        asking.last_byte = now;
        let asking = *asking;
        let mut found = Vec::new();
        self.parser.feed(bytes, &mut found);
        if !self.answer(now, asking, &found) && found.contains(&Found::BadChecksum) {
            self.damaged(now, asking);
        }
    }

    fn handle_timeout(&mut self, now: Elapsed) {
        match self.phase {
            Phase::Closed => {}
            Phase::Asking(asking) => {
                let truncated = self.parser.is_mid_frame();
                let mut found = Vec::new();
                self.parser.give_up(&mut found);
                if self.answer(now, asking, &found) {
                    return;
                }
                if truncated {
                    self.truncated(now, asking);
                } else {
                    self.silent(now, asking);
                }
            }
            Phase::Resting { .. } | Phase::Pausing { .. } => self.go_on(now),
        }
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Elapsed> {
        match self.phase {
            Phase::Closed => None,
            Phase::Asking(asking) if self.parser.is_mid_frame() => {
                Some((asking.last_byte + INTER_BYTE).min(asking.whole_by))
            }
            Phase::Asking(asking) => Some(asking.first_byte_by),
            Phase::Resting { until } | Phase::Pausing { until } => Some(until),
        }
    }

    fn poll_event(&mut self) -> Option<DeviceEvent<IdReaderEvent>> {
        self.events.pop_front()
    }
}

// Questions.
impl IdReaderProtocol {
    fn ask(&mut self, now: Elapsed, step: Step) {
        self.ask_with(now, step, false);
    }

    fn ask_with(&mut self, now: Elapsed, step: Step, resent: bool) {
        let command = match step {
            Step::Probe { .. } => {
                self.out.push_back(Transmit::Baud(self.baud()));
                Command::Status
            }
            Step::Reset => Command::Reset,
            Step::Number => Command::ModuleNumber,
            Step::Check => Command::Status,
            Step::Find => Command::FindCard,
            Step::Select => Command::SelectCard,
            Step::Read { .. } => Command::ReadCard,
        };
        self.parser.clear();
        self.out.push_back(Transmit::Bytes(command.frame()));
        let first_byte_by = now + self.patience(step);
        let whole_by = first_byte_by + WHOLE_FRAME;
        self.phase = Phase::Asking(Asking { step, first_byte_by, whole_by, last_byte: now, resent, abandoned: false });
    }

    fn patience(&self, step: Step) -> Duration {
        match step {
            Step::Probe { .. } => PROBE_WAIT,
            Step::Reset | Step::Number | Step::Check | Step::Find | Step::Select => SHORT_WAIT,
            Step::Read { .. } if self.baud() > 9600 => READ_WAIT,
            Step::Read { .. } => READ_WAIT_SLOW,
        }
    }

    /// The next question after a rest.
    fn go_on(&mut self, now: Elapsed) {
        let step = match self.phase {
            _ if self.reset_wanted => {
                self.reset_wanted = false;
                self.end_presentation(CardFailure::Unreadable);
                Step::Reset
            }
            Phase::Closed | Phase::Asking(_) => return,
            Phase::Pausing { .. } => Step::Probe { tried: 0 },
            Phase::Resting { .. } if self.watching => Step::Find,
            Phase::Resting { .. } => Step::Check,
        };
        self.ask(now, step);
    }

    /// Rests for `pause` while watching, else until the next health check.
    fn rest(&mut self, now: Elapsed, pause: Duration) {
        let until = if self.reset_wanted {
            now
        } else if self.watching {
            now + pause
        } else {
            self.presented = None;
            self.next_check.max(now)
        };
        self.phase = Phase::Resting { until };
    }

    /// Cuts a rest short.
    fn wake(&mut self, now: Elapsed) {
        if let Phase::Resting { until } = &mut self.phase {
            *until = now;
        }
    }
}

// Answers.
impl IdReaderProtocol {
    /// Uses the first frame that answers the question; everything else that came with it is dropped, because it
    /// cannot answer a question that is not asked yet. Says whether there was such a frame.
    fn answer(&mut self, now: Elapsed, asking: Asking, found: &[Found]) -> bool {
        let reply = found.iter().find_map(|found| match found {
            Found::Frame(body) => Reply::of_body(body).filter(|reply| is_answer(asking.step, reply)),
            Found::BadChecksum | Found::BadLength(_) => None,
        });
        let Some(reply) = reply else { return false };
        self.silences = 0;
        self.next_check = now + CHECK;
        self.handle_reply(now, asking, &reply);
        true
    }

    fn handle_reply(&mut self, now: Elapsed, asking: Asking, reply: &Reply) {
        let status = Status::of(reply.status);
        match status {
            Status::SelfTestFailed => return self.broken(now, "self-test"),
            Status::Unauthorised => return self.broken(now, "unauthorised"),
            Status::ModuleSawBadChecksum | Status::ModuleSawBadLength => return self.damaged(now, asking),
            Status::Success
            | Status::Absent
            | Status::CardFound
            | Status::BadCommand
            | Status::NotPermitted
            | Status::Unrecognised
            | Status::CardRejectsModule
            | Status::ModuleRejectsCard
            | Status::NotVerified
            | Status::WrongCard
            | Status::ReadFailed
            | Status::RandomFailed
            | Status::NoCard
            | Status::SelectFailed
            | Status::Other(_) => {}
        }
        match asking.step {
            // Any answer with a right check byte means that the speed is right.
            Step::Probe { .. } | Step::Reset => self.ask(now, Step::Number),
            Step::Number => {
                self.module = module_number(&reply.data);
                self.online();
                self.rest(now, Duration::ZERO);
            }
            Step::Check => {
                self.online();
                self.rest(now, POLL);
            }
            Step::Find | Step::Select | Step::Read { .. } if asking.abandoned || !self.watching => {
                self.rest(now, POLL);
            }
            Step::Find => {
                self.online();
                self.found(now, status);
            }
            Step::Select => self.selected(now, status),
            Step::Read { attempt } => self.read(now, status, reply, attempt),
        }
    }

    fn found(&mut self, now: Elapsed, status: Status) {
        match status {
            Status::CardFound if self.last_card != LastCard::Gone => {
                self.last_card = LastCard::StillThere;
                self.rest(now, POLL);
            }
            Status::CardFound => {
                if self.presented.is_none() {
                    self.presented = Some(Presented { failed_sequences: 0, cause: CardFailure::Unreadable });
                    self.emit(IdReaderEvent::Reading);
                }
                self.ask(now, Step::Select);
            }
            Status::NoCard => {
                if self.last_card == LastCard::StillThere {
                    self.emit(IdReaderEvent::Removed);
                }
                self.last_card = LastCard::Gone;
                if let Some(presented) = self.presented {
                    self.end_presentation(presented.cause);
                }
                self.rest(now, POLL);
            }
            Status::CardRejectsModule | Status::ModuleRejectsCard | Status::NotVerified | Status::WrongCard => {
                self.refused(now, status);
            }
            Status::Success
            | Status::Absent
            | Status::ModuleSawBadChecksum
            | Status::ModuleSawBadLength
            | Status::BadCommand
            | Status::NotPermitted
            | Status::Unrecognised
            | Status::ReadFailed
            | Status::RandomFailed
            | Status::SelfTestFailed
            | Status::Unauthorised
            | Status::SelectFailed
            | Status::Other(_) => self.rest(now, POLL),
        }
    }

    fn selected(&mut self, now: Elapsed, status: Status) {
        match status {
            Status::Success => self.ask(now, Step::Read { attempt: 1 }),
            Status::SelectFailed => self.sequence_failed(now, CardFailure::Moved),
            Status::CardRejectsModule | Status::ModuleRejectsCard | Status::NotVerified | Status::WrongCard => {
                self.refused(now, status);
            }
            Status::NotPermitted => self.fail(now, CardFailure::Unreadable),
            Status::Absent
            | Status::CardFound
            | Status::ModuleSawBadChecksum
            | Status::ModuleSawBadLength
            | Status::BadCommand
            | Status::Unrecognised
            | Status::ReadFailed
            | Status::RandomFailed
            | Status::SelfTestFailed
            | Status::Unauthorised
            | Status::NoCard
            | Status::Other(_) => self.sequence_failed(now, CardFailure::Unreadable),
        }
    }

    fn read(&mut self, now: Elapsed, status: Status, reply: &Reply, attempt: u8) {
        match status {
            Status::Success => match take_apart(&reply.data, ReadKind::TextAndPhoto) {
                Ok(parts) => {
                    self.presented = None;
                    self.last_card = LastCard::Reported;
                    self.emit(IdReaderEvent::Card(Box::new(card(parts.text))));
                    self.rest(now, POLL);
                }
                Err(error) => {
                    tracing::debug!(%error, "card reply refused");
                    self.sequence_failed(now, CardFailure::Malformed);
                }
            },
            Status::ReadFailed if attempt < READS => self.ask(now, Step::Read { attempt: attempt + 1 }),
            Status::ReadFailed | Status::NotPermitted => self.fail(now, CardFailure::Unreadable),
            Status::SelectFailed => self.sequence_failed(now, CardFailure::Moved),
            Status::Absent => self.sequence_failed(now, CardFailure::Malformed),
            Status::CardRejectsModule | Status::ModuleRejectsCard | Status::NotVerified | Status::WrongCard => {
                self.refused(now, status);
            }
            Status::CardFound
            | Status::ModuleSawBadChecksum
            | Status::ModuleSawBadLength
            | Status::BadCommand
            | Status::Unrecognised
            | Status::RandomFailed
            | Status::SelfTestFailed
            | Status::Unauthorised
            | Status::NoCard
            | Status::Other(_) => self.sequence_failed(now, CardFailure::Unreadable),
        }
    }
}

// What goes wrong.
impl IdReaderProtocol {
    /// A frame was damaged on the way there or back: ask once more, then it is a fault of the line.
    fn damaged(&mut self, now: Elapsed, asking: Asking) {
        if !asking.resent && !asking.abandoned {
            return self.ask_with(now, asking.step, true);
        }
        match asking.step {
            Step::Select | Step::Read { .. } => self.sequence_failed(now, CardFailure::Unreadable),
            Step::Probe { tried } => self.next_speed(now, tried),
            Step::Reset | Step::Number | Step::Check | Step::Find => {
                self.set_status(DeviceState::Offline, "link-error", "frames are damaged on the line".to_owned());
                self.next_check = now + POLL;
                self.rest(now, POLL);
            }
        }
    }

    /// A frame began and did not end.
    fn truncated(&mut self, now: Elapsed, asking: Asking) {
        match asking.step {
            // One maker's module sends such a notice in place of "no card".
            Step::Find => {
                self.silences = 0;
                self.rest(now, POLL);
            }
            Step::Select | Step::Read { .. } => self.damaged(now, asking),
            Step::Probe { .. } | Step::Reset | Step::Number | Step::Check => self.silent(now, asking),
        }
    }

    fn silent(&mut self, now: Elapsed, asking: Asking) {
        if let Step::Probe { tried } = asking.step {
            return self.next_speed(now, tried);
        }
        self.silences += 1;
        if self.silences >= SILENCES {
            self.gone();
            return self.ask(now, Step::Probe { tried: 0 });
        }
        match asking.step {
            Step::Probe { .. } | Step::Reset => self.ask(now, Step::Probe { tried: 0 }),
            // A module without a number works all the same.
            Step::Number => {
                self.online();
                self.rest(now, Duration::ZERO);
            }
            Step::Check => self.ask(now, Step::Check),
            Step::Find => self.rest(now, POLL),
            Step::Select | Step::Read { .. } => self.sequence_failed(now, CardFailure::Unreadable),
        }
    }

    fn next_speed(&mut self, now: Elapsed, tried: usize) {
        self.speed = (self.speed + 1) % SPEEDS.len();
        let tried = tried + 1;
        if tried < SPEEDS.len() {
            self.ask(now, Step::Probe { tried });
        } else {
            self.gone();
            self.phase = Phase::Pausing { until: now + SEARCH_PAUSE };
        }
    }

    fn gone(&mut self) {
        self.silences = 0;
        self.end_presentation(CardFailure::Unreadable);
        self.set_status(DeviceState::Offline, "no-answer", "the module answers at no speed".to_owned());
    }

    fn broken(&mut self, now: Elapsed, code: &str) {
        self.end_presentation(CardFailure::Unreadable);
        self.set_status(DeviceState::HardwareError, code, self.module.clone().unwrap_or_default());
        self.phase = Phase::Pausing { until: now + BROKEN_PAUSE };
    }

    fn refused(&mut self, now: Elapsed, status: Status) {
        let wrong_kind = status == Status::WrongCard;
        self.fail(now, if wrong_kind { CardFailure::UnsupportedKind } else { CardFailure::Rejected });
    }

    fn sequence_failed(&mut self, now: Elapsed, cause: CardFailure) {
        let Some(presented) = &mut self.presented else { return self.rest(now, POLL) };
        presented.failed_sequences += 1;
        presented.cause = cause;
        if presented.failed_sequences < SEQUENCES {
            self.rest(now, RESTART);
        } else {
            self.fail(now, cause);
        }
    }

    fn fail(&mut self, now: Elapsed, cause: CardFailure) {
        self.presented = None;
        self.emit(IdReaderEvent::Failed(cause));
        self.rest(now, AFTER_FAILURE);
    }

    /// Ends a reading that was announced with its result, if there is one.
    fn end_presentation(&mut self, cause: CardFailure) {
        if self.presented.take().is_some() {
            self.emit(IdReaderEvent::Failed(cause));
        }
    }

    fn online(&mut self) {
        let detail = self.module.as_ref().map_or_else(String::new, |number| format!("module {number}"));
        self.set_status(DeviceState::Online, "", detail);
    }

    fn set_status(&mut self, state: DeviceState, code: &str, detail: String) {
        let role = Role::IdReader;
        let code = if code.is_empty() { String::new() } else { format!("{}.{code}", role.as_str()) };
        let status = DeviceStatus { role, state, code, detail };
        if self.status.as_ref() != Some(&status) {
            self.status = Some(status.clone());
            self.events.push_back(DeviceEvent::Status(status));
        }
    }

    fn emit(&mut self, event: IdReaderEvent) {
        self.events.push_back(DeviceEvent::Class(event));
    }
}

/// Whether a reply can be the answer to a question. Replies do not name their command, so what only an earlier
/// question can have caused is told by its shape.
fn is_answer(step: Step, reply: &Reply) -> bool {
    let length = reply.data.len();
    match Status::of(reply.status) {
        Status::Success => match step {
            Step::Probe { .. } | Step::Check | Step::Reset => length == 0,
            Step::Number => length == 16,
            Step::Find => false,
            Step::Select => length <= 8,
            // No data, or the eight bytes of a selection: an answer to something else.
            Step::Read { .. } => length != 0 && length != 8,
        },
        Status::CardFound | Status::NoCard => step == Step::Find,
        Status::Absent => matches!(step, Step::Read { .. }),
        Status::ReadFailed | Status::SelectFailed => matches!(step, Step::Select | Step::Read { .. }),
        Status::CardRejectsModule | Status::ModuleRejectsCard | Status::NotVerified | Status::WrongCard => {
            matches!(step, Step::Find | Step::Select | Step::Read { .. })
        }
        Status::ModuleSawBadChecksum
        | Status::ModuleSawBadLength
        | Status::BadCommand
        | Status::NotPermitted
        | Status::Unrecognised
        | Status::RandomFailed
        | Status::SelfTestFailed
        | Status::Unauthorised
        | Status::Other(_) => true,
    }
}
