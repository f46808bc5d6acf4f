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

use super::codec::{Command, Found, FrameParser};
use crate::link::LinkError;
use crate::model::{CardFailure, DeviceState, DeviceStatus, IdReaderEvent, IdReaderRequest, Role};
use crate::runner::{DeviceEvent, Elapsed, Protocol, Transmit};

mod answers;

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
            self.reply_damaged(now, asking);
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

// Reports.
impl IdReaderProtocol {
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
