//! When the scanner reads, and which of its codes count.
//!
//! Promises: a code is delivered only while a screen asks for one, and only if it began after the asking; the same
//! code held in front of the scanner is delivered once; of several codes in view the first counts; a scanner that
//! has lost its suffix still works and is reported once.
//!
//! A Newland module is set up at opening (command trigger, five seconds per read, set-up codes on paper refused),
//! triggered again and again while a screen asks, and asked for its mode now and then: an answer shows that it
//! lives, and another mode than ours shows that it lost its settings. A plain scanner is only listened to.

use std::collections::VecDeque;
use std::time::Duration;

use super::codec::{Scanned, StreamParser, decode};
use super::command::{CommandReply, Outcome, Store, newland};
use crate::link::LinkError;
use crate::model::{DeviceState, DeviceStatus, Role, ScannerEvent, ScannerRequest};
use crate::runner::{DeviceEvent, Elapsed, Protocol, Transmit};

/// Silence that ends a code of a scanner known to send no suffix. One code's pieces follow each other within a few
/// milliseconds on the line.
const IDLE_GAP: Duration = Duration::from_millis(50);

/// Silence that ends a code of any other scanner: its suffix is on the way, and the machine may be too busy to look at the
/// line for longer than the line itself is silent. Half a code would be told as a wrong one.
const PATIENCE: Duration = Duration::from_millis(500);

/// An identical code within this time of the last one is the same presentation; each repeat starts it anew.
const DUPLICATE: Duration = Duration::from_millis(1500);

/// Other codes within this time of a delivered one were in view with it and are ignored.
const BURST: Duration = Duration::from_millis(300);

/// Wait for the reply to a command before it counts as unanswered.
const REPLY_WAIT: Duration = Duration::from_millis(500);

/// Pause between two commands.
const COMMAND_PAUSE: Duration = Duration::from_millis(50);

/// Time after which a read has ended by itself in the module (five seconds) and is started anew.
const TRIGGER_AGAIN: Duration = Duration::from_millis(5300);

/// Time between two questions for the mode.
const CHECK: Duration = Duration::from_secs(10);

/// Unanswered commands in a row after which the module counts as gone.
const SILENCES: u8 = 3;

/// What a module must be told before it serves: stop, read on command only, five seconds per read, no set-up by
/// codes on paper.
const SET_UP: [&str; 4] = ["SCNTRG0", "SCNMOD0", "ORTSET5000", "SETUPE0"];

const TRIGGER: &str = "SCNTRG1";
const UNTRIGGER: &str = "SCNTRG0";
const ASK_MODE: &str = "SCNMOD*";
const MODE: &str = "SCNMOD";
const OUR_MODE: &str = "SCNMOD0";

/// Which commands a scanner understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// The unified commands of Newland and Sunmi-type modules.
    Newland,
    /// None: it reads by itself and sends what it reads.
    Plain,
}

/// The protocol of one scanner.
#[derive(Debug)]
pub struct ScannerProtocol {
    family: Family,
    open: bool,
    enabled: bool,
    parser: StreamParser,
    last_byte: Elapsed,
    /// Silence that ends a code; as the last code ended.
    gap: Duration,
    /// The code that is arriving began before a screen asked.
    skip_current: bool,
    last: Option<Delivered>,
    suffix_missing_told: bool,
    commands: VecDeque<&'static str>,
    in_flight: Option<(&'static str, Elapsed)>,
    next_command: Elapsed,
    trigger_at: Option<Elapsed>,
    check_at: Elapsed,
    silences: u8,
    set_up_refused: bool,
    status: Option<DeviceStatus>,
    out: VecDeque<Transmit>,
    events: VecDeque<DeviceEvent<ScannerEvent>>,
}

struct Delivered {
    code: Vec<u8>,
    at: Elapsed,
    seen: Elapsed,
}

impl std::fmt::Debug for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delivered({} bytes)", self.code.len())
    }
}

impl ScannerProtocol {
    /// The same for a scanner known to send no suffix: a silence of this length ends its first code already.
    #[must_use]
    pub const fn with_gap(mut self, gap: Duration) -> Self {
        self.gap = gap;
        self
    }

    /// A protocol for a scanner of this family, which is expected to end its codes with a suffix.
    pub fn new(family: Family) -> Self {
        Self {
            family,
            open: false,
            enabled: false,
            parser: StreamParser::new(),
            last_byte: Elapsed::ZERO,
            gap: PATIENCE,
            skip_current: false,
            last: None,
            suffix_missing_told: false,
            commands: VecDeque::new(),
            in_flight: None,
            next_command: Elapsed::ZERO,
            trigger_at: None,
            check_at: Elapsed::ZERO,
            silences: 0,
            set_up_refused: false,
            status: None,
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }
}

impl Protocol for ScannerProtocol {
    type Request = ScannerRequest;
    type Event = ScannerEvent;

    fn handle_opened(&mut self, now: Elapsed) {
        self.open = true;
        self.parser.clear();
        self.suffix_missing_told = false;
        self.silences = 0;
        self.out.clear();
        match self.family {
            Family::Newland => {
                self.set_status(DeviceState::Starting, "", "");
                self.set_up(now);
            }
            Family::Plain => self.set_status(DeviceState::Online, "", ""),
        }
    }

    fn handle_lost(&mut self, _now: Elapsed, error: &LinkError) {
        self.open = false;
        self.parser.clear();
        self.out.clear();
        self.commands.clear();
        self.in_flight = None;
        self.trigger_at = None;
        self.set_status(error.kind.state(), error.kind.code(), &error.to_string());
    }

    fn handle_request(&mut self, now: Elapsed, request: ScannerRequest) {
        match request {
            ScannerRequest::Enable => {
                self.enabled = true;
                self.skip_current = self.parser.is_mid_code();
                self.last = None;
                self.trigger_at = self.speaks().then_some(now);
            }
            ScannerRequest::Disable => {
                self.enabled = false;
                self.trigger_at = None;
                if self.speaks() {
                    self.commands.retain(|command| *command != TRIGGER);
                    self.commands.push_back(UNTRIGGER);
                }
            }
        }
        self.go_on(now);
    }

    fn handle_input(&mut self, now: Elapsed, bytes: &[u8]) {
        // The silence may have passed unnoticed when bytes come in late.
        if self.parser.is_pending() && now >= self.last_byte + self.gap {
            self.end_of_burst(now);
        }
        self.last_byte = now;
        let mut scanned = Vec::new();
        self.parser.feed(bytes, &mut scanned);
        self.take(now, scanned);
        self.go_on(now);
    }

    fn handle_timeout(&mut self, now: Elapsed) {
        if self.parser.is_pending() && now >= self.last_byte + self.gap {
            self.end_of_burst(now);
        }
        if let Some((command, deadline)) = self.in_flight
            && now >= deadline
        {
            self.in_flight = None;
            self.unanswered(now, command);
        }
        self.go_on(now);
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<Elapsed> {
        let idle = self.parser.is_pending().then(|| self.last_byte + self.gap);
        let reply = self.in_flight.map(|(_, deadline)| deadline);
        // While a reply is awaited nothing else is sent, so nothing else can be due.
        let may_send = self.speaks() && self.in_flight.is_none();
        let command = (may_send && !self.commands.is_empty()).then_some(self.next_command);
        let check = may_send.then_some(self.check_at);
        let trigger = if may_send { self.trigger_at } else { None };
        [idle, reply, command, check, trigger].into_iter().flatten().min()
    }

    fn poll_event(&mut self) -> Option<DeviceEvent<ScannerEvent>> {
        self.events.pop_front()
    }
}

// Codes.
impl ScannerProtocol {
    fn end_of_burst(&mut self, now: Elapsed) {
        let mut scanned = Vec::new();
        self.parser.end_of_burst(&mut scanned);
        self.take(now, scanned);
    }

    fn take(&mut self, now: Elapsed, scanned: Vec<Scanned>) {
        for scanned in scanned {
            match scanned {
                Scanned::Reply(reply) => self.answered(now, &reply),
                Scanned::TooLong => {
                    self.alive();
                    self.trigger_after_code(now);
                    if self.enabled && !std::mem::take(&mut self.skip_current) {
                        self.events.push_back(DeviceEvent::Class(ScannerEvent::TooLong));
                    }
                }
                Scanned::Code(code) => {
                    self.gap = PATIENCE;
                    self.code(now, code);
                }
                Scanned::CodeWithoutSuffix(code) => {
                    self.gap = IDLE_GAP;
                    if !self.suffix_missing_told {
                        self.suffix_missing_told = true;
                        self.events.push_back(DeviceEvent::Class(ScannerEvent::SuffixMissing));
                    }
                    self.code(now, code);
                }
            }
        }
    }

    /// One trigger gives one code: the next one needs another.
    fn trigger_after_code(&mut self, now: Elapsed) {
        if self.speaks() && self.enabled {
            self.trigger_at = Some(now + BURST);
        }
    }

    fn code(&mut self, now: Elapsed, code: Vec<u8>) {
        self.alive();
        if std::mem::take(&mut self.skip_current) || !self.enabled {
            return;
        }
        self.trigger_after_code(now);
        if let Some(last) = &mut self.last {
            if last.code == code && now < last.seen + DUPLICATE {
                last.seen = now;
                return;
            }
            if now < last.at + BURST {
                return;
            }
        }
        self.last = Some(Delivered { code: code.clone(), at: now, seen: now });
        self.events.push_back(DeviceEvent::Class(ScannerEvent::Code(decode(code))));
    }
}

// Commands.
impl ScannerProtocol {
    fn speaks(&self) -> bool {
        self.open && self.family == Family::Newland
    }

    fn set_up(&mut self, now: Elapsed) {
        self.in_flight = None;
        self.set_up_refused = false;
        self.commands = SET_UP.into();
        self.next_command = now;
        self.check_at = now + CHECK;
        self.trigger_at = self.enabled.then_some(now);
    }

    /// Sends the next command that is due.
    fn go_on(&mut self, now: Elapsed) {
        if !self.speaks() || self.in_flight.is_some() {
            return;
        }
        if self.trigger_at.is_some_and(|at| at <= now) {
            self.trigger_at = Some(now + TRIGGER_AGAIN);
            self.commands.push_back(TRIGGER);
        }
        if self.check_at <= now {
            self.check_at = now + CHECK;
            self.commands.push_back(ASK_MODE);
        }
        if now < self.next_command {
            return;
        }
        if let Some(command) = self.commands.pop_front() {
            self.out.push_back(Transmit::Bytes(newland(command, Store::Volatile)));
            self.in_flight = Some((command, now + REPLY_WAIT));
        }
    }

    fn answered(&mut self, now: Elapsed, reply: &CommandReply) {
        // A reply nobody waits for is a late one; it still shows that the module lives.
        let asked = self.in_flight.take().map(|(command, _)| command);
        self.next_command = now + COMMAND_PAUSE;
        if reply.outcome != Outcome::Accepted && asked.is_some_and(|asked| asked != TRIGGER && asked != ASK_MODE) {
            self.set_up_refused = true;
        }
        let foreign_mode = reply.setting.starts_with(MODE) && reply.setting != OUR_MODE;
        if asked == Some(ASK_MODE) && reply.outcome == Outcome::Accepted && foreign_mode {
            tracing::warn!("scanner has lost its settings");
            self.set_up(now);
        }
        self.alive();
    }

    fn unanswered(&mut self, now: Elapsed, command: &'static str) {
        self.silences += 1;
        self.next_command = now;
        if self.silences < SILENCES {
            // A setting is repeated, and so is a trigger while a screen waits for a code; a question comes again by itself.
            if command != ASK_MODE && (command != TRIGGER || self.enabled) {
                self.commands.push_front(command);
            }
            return;
        }
        self.silences = 0;
        self.set_status(DeviceState::Offline, "no-answer", "the scanner does not answer commands");
        self.set_up(now);
        self.next_command = now + CHECK;
        self.trigger_at = self.trigger_at.map(|_| now + CHECK);
        self.check_at = now + CHECK * 2;
    }

    fn alive(&mut self) {
        self.silences = 0;
        let code = if self.set_up_refused { "setup-refused" } else { "" };
        self.set_status(DeviceState::Online, code, "");
    }

    fn set_status(&mut self, state: DeviceState, code: &str, detail: &str) {
        let role = Role::Scanner;
        let code = if code.is_empty() { String::new() } else { format!("{}.{code}", role.as_str()) };
        let status = DeviceStatus { role, state, code, detail: detail.to_owned() };
        if self.status.as_ref() != Some(&status) {
            self.status = Some(status.clone());
            self.events.push_back(DeviceEvent::Status(status));
        }
    }
}
