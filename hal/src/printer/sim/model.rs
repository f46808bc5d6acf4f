//! The printer as a device: line, buffer, head, sensors, and the answers it gives.
//!
//! Bytes arrive at the pace of the line. Real-time questions are heard while they arrive, even inside a raster, as
//! real printers do; all else waits in the buffer until the head has time. A fault that stops the head stops the
//! buffer too, so a queued question behind it stays unanswered.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::fault::Fault;
use super::interpreter::{Interpreter, PaperIssue};
use super::paper::{Edge, PaperImage, PrintedSlip};
use crate::printer::command::{Command, Question, Recovery};
use crate::printer::font::PaperFont;
use crate::printer::parse::{Parsed, parse};
use crate::printer::profile::{DOTS_PER_MM, PrinterProfile};
use crate::runner::Elapsed;
use crate::sim::{DeviceModel, wire_time};

/// The most bytes the buffer holds; a sender that ignores that loses the rest.
const BUFFER: usize = 256 * 1024;

/// Slips kept for whoever asks later.
const KEPT: usize = 64;

/// How long switching on takes: no answers, and what arrives is lost.
const BOOT: Elapsed = Elapsed::from_secs(1);

/// A gap up to which the head counts as having worked without a pause; a thread wakes a few milliseconds late.
const LATE: Elapsed = Elapsed::from_millis(50);

/// Called with every piece of paper that leaves the printer.
pub type OnSlip = Box<dyn FnMut(&PrintedSlip) + Send>;

/// A receipt printer.
pub struct PrinterModel {
    profile: PrinterProfile,
    interpreter: Interpreter,
    faults: BTreeSet<Fault>,
    paper_left: Option<usize>,
    arriving: VecDeque<(Elapsed, Vec<u8>)>,
    line_free: Elapsed,
    last_two: [u8; 2],
    buffer: Vec<u8>,
    worked_off: Vec<u8>,
    busy_until: Elapsed,
    off_until: Elapsed,
    reports: bool,
    lagging: Option<u8>,
    answers: VecDeque<Vec<u8>>,
    damaged: bool,
    slips: VecDeque<PrintedSlip>,
    count: usize,
    on_slip: Vec<OnSlip>,
}

impl std::fmt::Debug for PrinterModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrinterModel")
            .field("profile", &self.profile.name)
            .field("faults", &self.faults)
            .field("buffered", &self.buffer.len())
            .field("slips", &self.count)
            .finish_non_exhaustive()
    }
}

impl PrinterModel {
    /// A healthy printer with a full roll.
    pub fn new(profile: PrinterProfile, font: Arc<PaperFont>) -> Self {
        Self {
            interpreter: Interpreter::new(profile.clone(), font),
            profile,
            faults: BTreeSet::new(),
            paper_left: None,
            arriving: VecDeque::new(),
            line_free: Elapsed::ZERO,
            last_two: [0; 2],
            buffer: Vec::new(),
            worked_off: Vec::new(),
            busy_until: Elapsed::ZERO,
            off_until: Elapsed::ZERO,
            reports: false,
            lagging: None,
            answers: VecDeque::new(),
            damaged: false,
            slips: VecDeque::new(),
            count: 0,
            on_slip: Vec::new(),
        }
    }

    /// Sets a fault.
    pub fn set_fault(&mut self, fault: Fault) {
        if let Fault::PaperEndsAfter(bytes) = fault {
            self.paper_left = Some(bytes);
        } else {
            self.faults.insert(fault);
        }
        self.report();
    }

    /// Takes a fault away; the printer goes on where it stopped.
    pub fn clear_fault(&mut self, fault: Fault) {
        if let Fault::PaperEndsAfter(_) = fault {
            self.paper_left = None;
        }
        self.faults.remove(&fault);
        self.report();
    }

    /// Puts a new roll in: what hangs out is torn off first.
    pub fn refill(&mut self) {
        self.paper_left = None;
        self.faults.remove(&Fault::NoPaper);
        self.faults.remove(&Fault::NearEnd);
        self.tear();
        self.report();
    }

    /// Switches off and on: buffer and modes are gone, what hangs out stays. The dying line reads as one zero byte.
    pub fn power_cycle(&mut self, now: Elapsed) {
        self.drop_buffer();
        self.arriving.clear();
        self.answers = VecDeque::from([vec![0x00]]);
        self.lagging = None;
        self.reports = false;
        self.interpreter.power_on();
        self.busy_until = now;
        self.off_until = now + BOOT;
    }

    /// The slips so far, oldest first, at most the last 64.
    pub fn slips(&self) -> Vec<PrintedSlip> {
        self.slips.iter().cloned().collect()
    }

    /// How many pieces of paper have left the printer.
    pub fn slip_count(&self) -> usize {
        self.count
    }

    /// Bytes that have come over the line and are not worked off.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Calls `on_slip` with every further piece of paper. It runs while the model is locked: it must not block, and
    /// must not reach for the model.
    pub fn subscribe(&mut self, on_slip: OnSlip) {
        self.on_slip.push(on_slip);
    }

    /// The paper that hangs out, if anything is on it.
    pub fn paper_in_progress(&self) -> Option<PaperImage> {
        let roll = self.interpreter.roll();
        roll.has_ink().then(|| PaperImage::draw(roll, &self.profile, Edge::Torn))
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    fn is_offline(&self) -> bool {
        [Fault::NoPaper, Fault::CoverOpen, Fault::CutterJam, Fault::HeadHot, Fault::Voltage]
            .into_iter()
            .any(|fault| self.has(fault))
    }

    fn advance(&mut self, now: Elapsed) {
        while let Some((_, bytes)) = self.arriving.pop_front_if(|(at, _)| *at <= now) {
            if now < self.off_until {
                continue;
            }
            for byte in bytes {
                if self.buffer.len() < BUFFER {
                    self.buffer.push(byte);
                } else {
                    self.damaged = true;
                }
                self.hear(byte);
            }
        }
        while self.busy_until <= now && !self.is_offline() && !self.has(Fault::Stalled) && self.work(now) {}
    }

    /// Works one command off; says whether there was one.
    fn work(&mut self, now: Elapsed) -> bool {
        let (command, used) = match parse(&self.buffer) {
            Parsed::NeedMore => return false,
            Parsed::Unknown(used) => {
                let used = used.min(self.buffer.len());
                self.interpreter.note(PaperIssue::UnknownCommand);
                self.worked_off.extend(self.buffer.drain(..used));
                return true;
            }
            Parsed::Command(command, used) => (command, used),
        };
        if let Some(left) = &mut self.paper_left {
            if *left < used {
                self.paper_left = None;
                self.set_fault(Fault::NoPaper);
                return false;
            }
            *left -= used;
        }
        let taken = self.buffer.drain(..used);
        if !is_question(&command) {
            self.worked_off.extend(taken);
        } else {
            drop(taken);
        }
        let done = self.interpreter.apply(&command);
        let begin = if self.busy_until + LATE >= now { self.busy_until } else { now };
        self.busy_until = begin + self.time_for(done.rows);
        if done.cut {
            for piece in self.interpreter.take_cut() {
                let complete = !std::mem::take(&mut self.damaged);
                let image = PaperImage::draw(&piece, &self.profile, Edge::Cut);
                self.deliver(image, complete);
            }
        }
        self.answer_queued(&command);
        true
    }

    fn time_for(&self, rows: usize) -> Elapsed {
        let per_second = u64::from(self.profile.speed_mm_per_s) * u64::from(DOTS_PER_MM);
        Elapsed::from_micros(u64::try_from(rows).unwrap_or(u64::MAX).saturating_mul(1_000_000) / per_second.max(1))
    }

    fn deliver(&mut self, image: PaperImage, complete: bool) {
        let bytes = std::mem::take(&mut self.worked_off);
        let slip = PrintedSlip { image, bytes, complete, issues: self.interpreter.take_issues() };
        for on_slip in &mut self.on_slip {
            on_slip(&slip);
        }
        self.count += 1;
        self.slips.push_back(slip);
        if self.slips.len() > KEPT {
            self.slips.pop_front();
        }
    }

    /// Somebody takes off by hand what hangs out; what is still to come of that job is damaged too.
    fn tear(&mut self) {
        let piece = self.interpreter.tear();
        if piece.has_ink() {
            let image = PaperImage::draw(&piece, &self.profile, Edge::Torn);
            self.deliver(image, false);
            self.damaged = has_print_data(&self.buffer);
        }
    }

    fn drop_buffer(&mut self) {
        self.damaged |= has_print_data(&self.buffer) || self.interpreter.roll().has_ink();
        self.buffer.clear();
    }

    /// Listens for real-time commands on the line.
    fn hear(&mut self, byte: u8) {
        let [first, second] = self.last_two;
        self.last_two = [second, byte];
        match (first, second, byte) {
            (0x10, 0x04, n) => {
                if let Some(question) = Question::from_number(n) {
                    self.answer(question);
                }
            }
            (0x10, 0x05, 2) => self.recover(Recovery::Clear),
            (0x10, 0x05, 1) => self.recover(Recovery::Retry),
            (_, _, _) => {}
        }
    }

    fn recover(&mut self, recovery: Recovery) {
        match recovery {
            Recovery::Clear => {
                self.drop_buffer();
                self.interpreter.power_on();
            }
            Recovery::Retry => {}
        }
    }

    fn answer(&mut self, question: Question) {
        if self.has(Fault::OneWay) {
            return;
        }
        if self.has(Fault::ReportNoise) {
            self.answers.push_back(vec![0x10, 0x00, 0x13, 0x00, 0x11, 0x0F]);
        }
        let byte = if self.has(Fault::ConstantZero) { 0 } else { self.status_byte(question) };
        if self.has(Fault::Lagging) {
            if let Some(before) = self.lagging.replace(byte) {
                self.answers.push_back(vec![before]);
            }
        } else {
            self.answers.push_back(vec![byte]);
        }
    }

    fn status_byte(&self, question: Question) -> u8 {
        let bit = |set: bool, mask: u8| if set { mask } else { 0 };
        let error = self.has(Fault::CutterJam) || self.has(Fault::HeadHot) || self.has(Fault::Voltage);
        0x12 | match question {
            Question::Printer => bit(self.is_offline(), 0x08) | bit(self.has(Fault::TicketWaiting), 0x80),
            Question::Offline => {
                bit(self.has(Fault::CoverOpen), 0x04) | bit(self.has(Fault::NoPaper), 0x20) | bit(error, 0x40)
            }
            Question::Error => {
                bit(self.has(Fault::CutterJam), 0x08)
                    | bit(self.has(Fault::Voltage), 0x20)
                    | bit(self.has(Fault::HeadHot), 0x40)
            }
            Question::Paper => bit(self.has(Fault::NearEnd), 0x0C) | bit(self.has(Fault::NoPaper), 0x60),
        }
    }

    /// Answers that come only when everything before the question is on paper.
    fn answer_queued(&mut self, command: &Command) {
        if self.has(Fault::OneWay) {
            return;
        }
        if let Command::AutoStatus(n) = command {
            self.reports = n & 0x0E != 0;
            self.report();
        }
        if *command == Command::PaperStatus {
            let near = if self.has(Fault::NearEnd) { 0x03 } else { 0 };
            self.answers.push_back(vec![near]);
        }
        if let Command::ReportProcess(id) = command
            && !self.has(Fault::NoProcessId)
            && !self.has(Fault::ConstantZero)
        {
            let [a, b, c, d] = id.0;
            self.answers.push_back(vec![0x37, 0x22, a, b, c, d, 0x00]);
        }
    }

    /// Sends an automatic report if somebody asked for them.
    fn report(&mut self) {
        if !self.reports || self.has(Fault::OneWay) {
            return;
        }
        let bit = |set: bool, mask: u8| if set { mask } else { 0 };
        let first = 0x10 | bit(self.is_offline(), 0x08) | bit(self.has(Fault::CoverOpen), 0x20);
        let second = bit(self.has(Fault::CutterJam), 0x08)
            | bit(self.has(Fault::Voltage), 0x20)
            | bit(self.has(Fault::HeadHot), 0x40);
        let third = bit(self.has(Fault::NearEnd), 0x03) | bit(self.has(Fault::NoPaper), 0x0C);
        self.answers.push_back(vec![first, second, third, 0x0F]);
    }
}

/// Whether a command asks or orders something of the device and puts nothing on paper.
const fn is_question(command: &Command) -> bool {
    matches!(
        command,
        Command::Ask(_)
            | Command::Recover(_)
            | Command::AutoStatus(_)
            | Command::PaperStatus
            | Command::ReportProcess(_)
    )
}

/// Whether a buffer holds more than questions, which pile up while the head stands still.
fn has_print_data(mut buffer: &[u8]) -> bool {
    while let Parsed::Command(command, used) = parse(buffer) {
        if !is_question(&command) {
            return true;
        }
        buffer = buffer.get(used..).unwrap_or_default();
    }
    !buffer.is_empty()
}

impl DeviceModel for PrinterModel {
    fn handle_input(&mut self, now: Elapsed, bytes: &[u8]) {
        self.line_free = self.line_free.max(now) + wire_time(bytes.len(), self.profile.baud);
        self.arriving.push_back((self.line_free, bytes.to_vec()));
        self.advance(now);
    }

    fn poll_output(&mut self, now: Elapsed) -> Option<Vec<u8>> {
        self.advance(now);
        self.answers.pop_front()
    }

    fn poll_wake(&self) -> Option<Elapsed> {
        let arrival = self.arriving.front().map(|(at, _)| *at);
        let head =
            (!self.buffer.is_empty() && !self.is_offline() && !self.has(Fault::Stalled)).then_some(self.busy_until);
        // A buffer that holds half a command wakes nobody: more bytes will.
        let head = head.filter(|_| parse(&self.buffer) != Parsed::NeedMore);
        [arrival, head].into_iter().flatten().min()
    }

    fn baud(&self) -> u32 {
        self.profile.baud
    }
}
