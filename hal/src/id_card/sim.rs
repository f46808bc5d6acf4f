//! The reader's own side: the module's state machine over the same codec, with named faults.
//!
//! | state | 20 01 | 20 02 | 30 01 |
//! |---|---|---|---|
//! | empty | 80 | 81 | 41 |
//! | present | 9F → found | 81 | 41 |
//! | found | 9F | 90 → selected | 41 |
//! | selected | 9F → found | 90 | the card → consumed |
//! | consumed | 80 | 81 | 41 |
//!
//! A consumed card answers again only after it was lifted. Some modules are said not to do that; for them
//! [`IdReaderModel::set_consumes`] leaves the card present after it was read.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::codec::{Command, Found, FrameParser, Reply, encode};
use super::deck::CardImage;
use super::status::Status;
use crate::runner::Elapsed;
use crate::sim::DeviceModel;

mod fault;

pub use fault::{Fault, UnknownFault};

/// Time a module takes for a short answer.
const SHORT_ANSWER: Duration = Duration::from_millis(15);

/// Time a module takes to read a card before it answers.
const READ_ANSWER: Duration = Duration::from_millis(250);

/// Time of an answer that is slow and still in time.
const SLOW_ANSWER: Duration = Duration::from_millis(800);

/// Time of an answer that comes after the driver has stopped waiting for it.
const LATE_ANSWER: Duration = Duration::from_millis(1250);

/// The usual speed of a module.
const USUAL_BAUD: u32 = 115_200;

/// The speed of a module under the fault `wrong-speed`.
const OTHER_BAUD: u32 = 9600;

/// How much of a reply leaves the module under the fault `truncated`.
const TRUNCATED: usize = 700;

/// What one maker's module sends when it has waited in vain: length 5, three bytes behind it.
const NOTICE: [u8; 10] = [0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x05, 0x05, 0x05, 0x05];

/// 05.01-20070101-000000042-000000007.
const MODULE_NUMBER: [u8; 16] =
    [0x05, 0x00, 0x01, 0x00, 0xD5, 0x3E, 0x32, 0x01, 0x2A, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00];

/// A simulated reader.
pub struct IdReaderModel {
    state: State,
    card: Option<CardImage>,
    consumes: bool,
    faults: Vec<ActiveFault>,
    parser: FrameParser,
    answers: VecDeque<(Elapsed, Vec<u8>)>,
    commands: Vec<Command>,
    noise: u32,
}

/// A fault and how often it still acts; `None` until it is cleared.
#[derive(Debug, Clone, Copy)]
struct ActiveFault {
    fault: Fault,
    times: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    Present,
    Found,
    Selected,
    Consumed,
}

impl Default for IdReaderModel {
    fn default() -> Self {
        Self::new()
    }
}

impl IdReaderModel {
    /// A healthy module without a card.
    pub fn new() -> Self {
        Self {
            state: State::Empty,
            card: None,
            consumes: true,
            faults: Vec::new(),
            parser: FrameParser::new(),
            answers: VecDeque::new(),
            commands: Vec::new(),
            noise: 1,
        }
    }

    /// Lays a card on the reader. One that lay there is taken away.
    pub fn lay(&mut self, card: CardImage) {
        self.card = Some(card);
        self.state = State::Present;
    }

    /// Takes the card away.
    pub fn lift(&mut self) {
        self.card = None;
        self.state = State::Empty;
    }

    /// Whether a card lies on the reader.
    pub fn has_card(&self) -> bool {
        self.card.is_some()
    }

    /// Whether a card that was read goes unseen until it is lifted (the default), or is found again and again.
    pub fn set_consumes(&mut self, consumes: bool) {
        self.consumes = consumes;
    }

    /// Switches a fault on until it is cleared.
    pub fn set_fault(&mut self, fault: Fault) {
        self.put_fault(fault, None);
    }

    /// Switches a fault on for the next `times` replies that it can spoil.
    pub fn set_fault_times(&mut self, fault: Fault, times: u32) {
        self.put_fault(fault, Some(times));
    }

    /// Switches a fault off.
    pub fn clear_fault(&mut self, fault: Fault) {
        self.faults.retain(|active| active.fault != fault);
    }

    /// Switches all faults off.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Takes the commands that were understood since the last call.
    pub fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    fn put_fault(&mut self, fault: Fault, times: Option<u32>) {
        self.clear_fault(fault);
        self.faults.push(ActiveFault { fault, times });
    }

    fn has_fault(&self, fault: Fault) -> bool {
        self.faults.iter().any(|active| active.fault == fault)
    }

    /// Whether a fault acts now; counts it.
    fn acts(&mut self, fault: Fault) -> bool {
        let Some(at) = self.faults.iter().position(|active| active.fault == fault) else { return false };
        let Some(active) = self.faults.get_mut(at) else { return false };
        if let Some(times) = &mut active.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.faults.remove(at);
            }
        }
        true
    }

    fn handle_command(&mut self, now: Elapsed, body: &[u8]) {
        let Some(command) = Command::of_body(body) else {
            return self.send(now, SHORT_ANSWER, Reply::bare(Status::BadCommand.byte()).frame());
        };
        self.commands.push(command);
        if self.acts(Fault::NoAnswer) {
            return;
        }
        if command == Command::FindCard && self.acts(Fault::ModuleNotice) {
            return self.send(now, SHORT_ANSWER, NOTICE.to_vec());
        }
        let reply = self.reply(command);
        let delay = self.delay(command, &reply);
        let frame = self.spoil(reply.frame());
        self.send(now, delay, frame);
    }

    fn reply(&mut self, command: Command) -> Reply {
        if self.acts(Fault::SelfTest) {
            return Reply::bare(Status::SelfTestFailed.byte());
        }
        if self.acts(Fault::Unauthorised) {
            return Reply::bare(Status::Unauthorised.byte());
        }
        if self.acts(Fault::LinkError) {
            return Reply::bare(Status::ModuleSawBadChecksum.byte());
        }
        match command {
            Command::Reset | Command::Status => Reply::bare(Status::Success.byte()),
            Command::ModuleNumber => Reply::with_data(Status::Success.byte(), MODULE_NUMBER.to_vec()),
            Command::FindCard => self.find(),
            Command::SelectCard => self.select(),
            Command::ReadCard => self.read(false),
            Command::ReadCardWithFingerprints => self.read(true),
            Command::ReadAppendedAddress | Command::ReadManagementNumber => Reply::bare(Status::Absent.byte()),
        }
    }

    fn find(&mut self) -> Reply {
        match self.state {
            State::Empty | State::Consumed => Reply::bare(Status::NoCard.byte()),
            State::Present | State::Found | State::Selected => {
                self.state = State::Found;
                Reply::with_data(Status::CardFound.byte(), vec![0; 4])
            }
        }
    }

    fn select(&mut self) -> Reply {
        match self.state {
            State::Empty | State::Present | State::Consumed => Reply::bare(Status::SelectFailed.byte()),
            State::Found | State::Selected => {
                if self.acts(Fault::MoveCard) {
                    self.state = State::Present;
                    return Reply::bare(Status::SelectFailed.byte());
                }
                if self.acts(Fault::Rejected) {
                    return Reply::bare(Status::CardRejectsModule.byte());
                }
                if self.acts(Fault::Unsupported) {
                    return Reply::bare(Status::WrongCard.byte());
                }
                self.state = State::Selected;
                Reply::with_data(Status::Success.byte(), vec![0; 8])
            }
        }
    }

    fn read(&mut self, with_fingerprints: bool) -> Reply {
        let Some(card) = self.card.clone().filter(|_| self.state == State::Selected) else {
            return Reply::bare(Status::ReadFailed.byte());
        };
        if self.acts(Fault::ReadFails) {
            return Reply::bare(Status::ReadFailed.byte());
        }
        self.state = if self.consumes { State::Consumed } else { State::Present };
        if self.acts(Fault::BadLengths) {
            return Reply::with_data(Status::Success.byte(), vec![0; 4]);
        }
        Reply::with_data(Status::Success.byte(), read_data(&card, with_fingerprints))
    }

    fn delay(&mut self, command: Command, reply: &Reply) -> Duration {
        if self.acts(Fault::Late) {
            LATE_ANSWER
        } else if self.acts(Fault::Slow) {
            SLOW_ANSWER
        } else if command == Command::ReadCard && !reply.data.is_empty() {
            READ_ANSWER
        } else {
            SHORT_ANSWER
        }
    }

    /// What the faults of the line make of a reply.
    fn spoil(&mut self, mut frame: Vec<u8>) -> Vec<u8> {
        if self.acts(Fault::Garbage) {
            return (0..48).map(|_| self.noise_byte()).collect();
        }
        if self.acts(Fault::BadChecksum)
            && let Some(check) = frame.last_mut()
        {
            *check ^= 0x01;
        }
        if self.acts(Fault::Truncated) {
            let half = frame.len().min(9);
            frame.truncate(if frame.len() > TRUNCATED { TRUNCATED } else { half });
        }
        if self.acts(Fault::StrayBytes) {
            frame.splice(0..0, [0xAA, 0x00, 0xAA]);
        }
        frame
    }

    fn send(&mut self, now: Elapsed, delay: Duration, bytes: Vec<u8>) {
        let at = self.answers.back().map_or(now + delay, |(at, _)| (now + delay).max(*at));
        self.answers.push_back((at, bytes));
    }

    fn noise_byte(&mut self) -> u8 {
        self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.noise.to_be_bytes()[0]
    }
}

impl DeviceModel for IdReaderModel {
    fn handle_input(&mut self, now: Elapsed, bytes: &[u8]) {
        let mut found = Vec::new();
        self.parser.feed(bytes, &mut found);
        for found in found {
            match found {
                Found::Frame(body) => self.handle_command(now, &body),
                Found::BadChecksum => {
                    self.send(now, SHORT_ANSWER, Reply::bare(Status::ModuleSawBadChecksum.byte()).frame());
                }
                Found::BadLength(_) => {
                    self.send(now, SHORT_ANSWER, Reply::bare(Status::ModuleSawBadLength.byte()).frame());
                }
            }
        }
    }

    fn poll_output(&mut self, now: Elapsed) -> Option<Vec<u8>> {
        let due = self.answers.front().is_some_and(|(at, _)| *at <= now);
        if due { self.answers.pop_front().map(|(_, bytes)| bytes) } else { None }
    }

    fn poll_wake(&self) -> Option<Elapsed> {
        self.answers.front().map(|(at, _)| *at)
    }

    fn baud(&self) -> u32 {
        if self.has_fault(Fault::WrongSpeed) { OTHER_BAUD } else { USUAL_BAUD }
    }
}

impl fmt::Debug for IdReaderModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdReaderModel")
            .field("state", &self.state)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// The data of a successful reading of this card.
pub fn read_data(card: &CardImage, with_fingerprints: bool) -> Vec<u8> {
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut data = Vec::new();
    data.extend(length(&card.text));
    data.extend(length(&card.photo));
    if with_fingerprints {
        data.extend(length(&card.fingerprints));
    }
    data.extend_from_slice(&card.text);
    data.extend_from_slice(&card.photo);
    if with_fingerprints {
        data.extend_from_slice(&card.fingerprints);
    }
    data
}

/// The whole frame of a successful reading of this card.
pub fn read_frame(card: &CardImage, with_fingerprints: bool) -> Vec<u8> {
    let mut body = vec![0, 0, Status::Success.byte()];
    body.extend(read_data(card, with_fingerprints));
    encode(&body)
}
