//! A scanner module of the Newland kind: obeys its trigger, answers commands, reads what is held in front of it.
//!
//! A code in view is read 120 ms after the trigger and then gone; one that nobody asks for is taken away after three
//! seconds, as a person would. In mode 2 (auto-sense) the module reads without a trigger.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

use encoding_rs::GB18030;

use super::command::{CommandReply, HOST_PREFIX, Outcome, SUFFIX, Store};
use crate::runner::Elapsed;
use crate::sim::DeviceModel;

/// Time from trigger to code.
const DECODE: Duration = Duration::from_millis(120);

/// How long a code nobody asks for stays in view.
const IN_VIEW: Duration = Duration::from_secs(3);

/// Time a module takes to answer a command.
const ANSWER: Duration = Duration::from_millis(5);

/// Pause between the pieces of a code under the fault `split-reads`.
const SPLIT_PAUSE: Duration = Duration::from_millis(8);

/// Pause between repeats under the fault `repeats`.
const REPEAT_PAUSE: Duration = Duration::from_millis(200);

/// Length of the noise under the fault `garbage`: more than any code.
const NOISE: usize = 4500;

/// Longest command that is listened to.
const LONGEST_COMMAND: usize = 256;

/// Settings this module knows, and their largest value.
const TAGS: [(&str, u32); 6] =
    [("SCNTRG", 1), ("SCNMOD", 3), ("ORTSET", 3_600_000), ("RRDDUR", 3_600_000), ("SETUPE", 1), ("GRBENA", 1)];

/// Something that is wrong with the scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Codes come in pieces of two bytes with pauses.
    SplitReads,
    /// Codes come without their suffix.
    NoSuffix,
    /// Text is sent in GB 18030.
    Gbk,
    /// In place of a code come 4500 bytes of noise without line ends.
    Garbage,
    /// Every setting is refused.
    Nak,
    /// Commands are not answered and not obeyed.
    NoAnswer,
    /// Each code is sent three times in a row.
    Repeats,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 7] =
        [Self::SplitReads, Self::NoSuffix, Self::Gbk, Self::Garbage, Self::Nak, Self::NoAnswer, Self::Repeats];

    /// The name used in scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SplitReads => "split-reads",
            Self::NoSuffix => "no-suffix",
            Self::Gbk => "gbk",
            Self::Garbage => "garbage",
            Self::Nak => "nak",
            Self::NoAnswer => "no-answer",
            Self::Repeats => "repeats",
        }
    }
}

/// There is no fault of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scanner has no fault named {0:?}")]
pub struct UnknownFault(pub String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == name).ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

/// A simulated scanner.
#[derive(Debug)]
pub struct ScannerModel {
    faults: Vec<Fault>,
    suffix: Vec<u8>,
    mode: u32,
    read_time: Duration,
    /// Until when a trigger acts.
    triggered_until: Option<Elapsed>,
    view: VecDeque<InView>,
    input: Vec<u8>,
    output: VecDeque<(Elapsed, Vec<u8>)>,
    commands: Vec<String>,
}

#[derive(Debug)]
struct InView {
    text: String,
    /// When it will be read, once that is certain.
    read_at: Option<Elapsed>,
    gone_at: Option<Elapsed>,
}

impl Default for ScannerModel {
    fn default() -> Self {
        Self::new()
    }
}

impl ScannerModel {
    /// A module with factory settings: auto-sense, suffix CR.
    pub fn new() -> Self {
        Self {
            faults: Vec::new(),
            suffix: vec![0x0D],
            mode: 2,
            read_time: Duration::from_secs(5),
            triggered_until: None,
            view: VecDeque::new(),
            input: Vec::new(),
            output: VecDeque::new(),
            commands: Vec::new(),
        }
    }

    /// Holds a code in front of the scanner.
    pub fn present(&mut self, text: &str) {
        self.view.push_back(InView { text: text.to_owned(), read_at: None, gone_at: None });
    }

    /// Sets what the module sends behind each code.
    pub fn set_suffix(&mut self, suffix: &[u8]) {
        self.suffix = suffix.to_vec();
    }

    /// Switches a fault on.
    pub fn set_fault(&mut self, fault: Fault) {
        self.clear_fault(fault);
        self.faults.push(fault);
    }

    /// Switches a fault off.
    pub fn clear_fault(&mut self, fault: Fault) {
        self.faults.retain(|active| *active != fault);
    }

    /// Switches all faults off.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Power fails and comes back: volatile settings are lost.
    pub fn power_cycle(&mut self) {
        let fresh = Self::new();
        self.mode = fresh.mode;
        self.read_time = fresh.read_time;
        self.triggered_until = None;
        self.output.clear();
    }

    /// Takes the settings that were heard since the last call.
    pub fn take_commands(&mut self) -> Vec<String> {
        std::mem::take(&mut self.commands)
    }

    fn has_fault(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    fn is_reading(&self, now: Elapsed) -> bool {
        self.mode == 2 || self.triggered_until.is_some_and(|until| now < until)
    }

    fn obey(&mut self, now: Elapsed, body: &[u8]) {
        let Some((mark, setting)) = body.split_first() else { return };
        let setting = String::from_utf8_lossy(setting).into_owned();
        self.commands.push(setting.clone());
        if self.has_fault(Fault::NoAnswer) {
            return;
        }
        let store = if *mark == Store::Permanent.mark() { Store::Permanent } else { Store::Volatile };
        let reply = self.apply(now, &setting);
        self.output.push_back((now + ANSWER, reply.frame(store)));
    }

    fn apply(&mut self, now: Elapsed, setting: &str) -> CommandReply {
        let reply = |setting: String, outcome| CommandReply { setting, outcome };
        let Some((tag, largest)) = TAGS.iter().find(|(tag, _)| setting.starts_with(tag)) else {
            return reply(setting.to_owned(), Outcome::UnknownTag);
        };
        let value = setting.get(tag.len()..).unwrap_or_default();
        if value == "*" {
            let current = if *tag == "SCNMOD" { self.mode } else { 0 };
            return reply(format!("{tag}{current}"), Outcome::Accepted);
        }
        let value = value.parse::<u32>().ok().filter(|value| value <= largest);
        let Some(value) = value.filter(|_| !self.has_fault(Fault::Nak)) else {
            return reply(setting.to_owned(), Outcome::OutOfRange);
        };
        match *tag {
            "SCNTRG" => self.triggered_until = (value == 1).then(|| now + self.read_time),
            "SCNMOD" => self.mode = value,
            "ORTSET" => self.read_time = Duration::from_millis(u64::from(value)),
            _ => {}
        }
        reply(setting.to_owned(), Outcome::Accepted)
    }

    /// Looks at what is in view: plans a reading, or forgets what nobody asks for.
    fn look(&mut self, now: Elapsed) {
        let reading = self.is_reading(now);
        if let Some(code) = self.view.front_mut() {
            let gone_at = *code.gone_at.get_or_insert(now + IN_VIEW);
            if reading && code.read_at.is_none() {
                code.read_at = Some(now + DECODE);
            }
            if code.read_at.is_some_and(|at| at <= now) {
                if let Some(code) = self.view.pop_front() {
                    self.triggered_until = None;
                    self.read(now, &code.text);
                }
            } else if code.read_at.is_none() && gone_at <= now {
                self.view.pop_front();
            }
        }
    }

    fn read(&mut self, now: Elapsed, text: &str) {
        if self.has_fault(Fault::Garbage) {
            let noise = (0..NOISE).map(|at| b'!' + u8::try_from(at % 90).unwrap_or_default()).collect();
            self.output.push_back((now, noise));
            return;
        }
        let mut bytes =
            if self.has_fault(Fault::Gbk) { GB18030.encode(text).0.into_owned() } else { text.as_bytes().to_vec() };
        if !self.has_fault(Fault::NoSuffix) {
            bytes.extend_from_slice(&self.suffix);
        }
        let times = if self.has_fault(Fault::Repeats) { 3 } else { 1 };
        let mut at = now;
        for _ in 0..times {
            if self.has_fault(Fault::SplitReads) {
                for piece in bytes.chunks(2) {
                    self.output.push_back((at, piece.to_vec()));
                    at += SPLIT_PAUSE;
                }
            } else {
                self.output.push_back((at, bytes.clone()));
            }
            at += REPEAT_PAUSE;
        }
    }
}

impl DeviceModel for ScannerModel {
    fn handle_input(&mut self, now: Elapsed, bytes: &[u8]) {
        for byte in bytes {
            self.input.push(*byte);
            if self.input.ends_with(&HOST_PREFIX) || self.input.len() > LONGEST_COMMAND {
                self.input.clear();
            } else if let Some(body) = self.input.strip_suffix(&SUFFIX) {
                let body = body.to_vec();
                self.input.clear();
                self.obey(now, &body);
            }
        }
    }

    fn poll_output(&mut self, now: Elapsed) -> Option<Vec<u8>> {
        self.look(now);
        let due = self.output.front().is_some_and(|(at, _)| *at <= now);
        if due { self.output.pop_front().map(|(_, bytes)| bytes) } else { None }
    }

    fn poll_wake(&self) -> Option<Elapsed> {
        let output = self.output.front().map(|(at, _)| *at);
        let view = self.view.front().and_then(|code| code.read_at.or(code.gone_at));
        [output, view].into_iter().flatten().min()
    }

    fn baud(&self) -> u32 {
        115_200
    }
}
