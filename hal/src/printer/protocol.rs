//! The job protocol: questions before, pieces with a pace, proof after, and one definite result.
//!
//! A job runs through: ask the state (refuse with its cause) → send in pieces of at most 1 KiB, no faster than the
//! line → wait for the proof the profile names → on silence ask for the cause. It ends in exactly one
//! [`PrinterEvent::Finished`]. Nothing is sent twice: whatever is unclear is reported as unknown and is a person's
//! decision. Jobs that arrive meanwhile wait in a short queue.
//!
//! Races and why they are harmless: a proof that arrives while the cause is being asked still counts, because it can
//! only belong to this job. The one-byte answer of tier B counts only with a round of clean answers behind it, because
//! a printer that loses its power sends a byte that looks the same. After an unclear tier B job a late answer could be taken for the next job's proof;
//! therefore the line is flushed with a question of its own before that job. Process ids cannot be mixed up, as each
//! job has its own. Flow-control characters are read and ignored: pieces are paced, and a stuck XOFF must not hang us.
//! Questions are never asked while a job is being sent, because they would land inside a raster.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::command::{Command, ProcessId, Recovery};
use super::font::PaperFont;
use super::layout::{PrintJob, lay_out, print_time_ms};
use super::profile::{AfterFault, PrinterProfile, ProofTier};
use super::proof::{Evidence, Proof, is_queued, real_time};
use super::reply::{Reply, ReplyDemux};
use super::round::{Line, Round, Step, ask};
use super::status::{Answers, cause_in_mid_job, device_status, from_answers, gone, unanswered, unasked};
use crate::link::LinkError;
use crate::model::{
    DeviceState, DeviceStatus, NotPrintedCause, PrintOutcome, PrinterEvent, PrinterRequest, PrinterStatus, Role, Slip,
    UnknownCause,
};
use crate::runner::{DeviceEvent, Elapsed, Protocol, Transmit};

/// How long one real-time question may take; makers answer within some 10 ms even while printing.
pub const ANSWER_WAIT: Duration = Duration::from_millis(500);

/// Pause between looks at an idle printer: soon enough to say "no paper" before a resident begins.
pub const IDLE_POLL: Duration = Duration::from_secs(5);

/// What the proof may take beyond sending and printing: the cut, and a busy controller.
pub const PROOF_GRACE: Duration = Duration::from_secs(2);

/// How long a leftover of an unclear job may take to come out before the next job is refused.
pub const FLUSH_WAIT: Duration = Duration::from_secs(10);

/// Silence after which a flushed line counts as empty.
pub const FLUSH_QUIET: Duration = Duration::from_millis(500);

/// The largest piece sent at once, in bytes: fits the smallest receive buffer met, and a link loss is noticed soon.
pub const PIECE: usize = 1024;

/// Jobs that may wait; a visit prints two or three slips.
pub const QUEUE: usize = 8;

/// The printer's protocol; see the module for its promises.
pub struct PrinterProtocol {
    profile: PrinterProfile,
    font: Arc<PaperFont>,
    next_id: u16,
    demux: ReplyDemux,
    phase: Phase,
    queue: VecDeque<Job>,
    line: Line,
    /// An unclear tier B job may still answer.
    may_answer_late: bool,
    /// What is known; `told` is what the application was last told, nothing before the first event.
    status: PrinterStatus,
    told: Option<PrinterStatus>,
    reported: Option<DeviceStatus>,
    transmit: VecDeque<Vec<u8>>,
    events: VecDeque<DeviceEvent<PrinterEvent>>,
}

/// A job that has not begun.
struct Job {
    number: u64,
    print: PrintJob,
}

/// Why the four questions are being asked.
enum Why {
    Look,
    Before(Job),
    After { number: u64, proof: Proof, evidence: Evidence },
}

enum Phase {
    Closed,
    Idle { poll_at: Option<Elapsed> },
    Asking { why: Why, round: Round, deadline: Elapsed },
    Flushing { job: Job, answered: bool, deadline: Elapsed },
    Sending { job: Job, proof: Proof, sent: usize, started: Elapsed, piece: Piece },
    Proving { number: u64, proof: Proof, deadline: Elapsed },
}

/// The next piece of a job.
#[derive(Clone, Copy)]
enum Piece {
    Due,
    At(Elapsed),
}

impl PrinterProtocol {
    /// A protocol for one printer. `first_id` is the number of the first process id, 1 to 9999: a number that the
    /// last run did not use just before, so that an echo from then is not taken for one of now.
    pub fn new(profile: PrinterProfile, font: Arc<PaperFont>, first_id: u16) -> Self {
        let status = unasked(&profile);
        Self {
            profile,
            font,
            next_id: first_id.max(1),
            demux: ReplyDemux::new(),
            phase: Phase::Closed,
            queue: VecDeque::new(),
            line: Line::Trusted,
            may_answer_late: false,
            status,
            told: None,
            reported: None,
            transmit: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    fn print(&mut self, now: Elapsed, number: u64, slip: &Slip) {
        if matches!(self.phase, Phase::Closed) {
            return self.finish(number, PrintOutcome::NotPrinted(NotPrintedCause::NoDevice));
        }
        if self.queue.len() >= QUEUE {
            return self.finish(number, PrintOutcome::NotPrinted(NotPrintedCause::Offline));
        }
        match lay_out(slip, &self.profile, &self.font) {
            Err(_) => self.finish(number, PrintOutcome::NotPrinted(NotPrintedCause::MissingGlyph)),
            Ok(print) => {
                self.queue.push_back(Job { number, print });
                if matches!(self.phase, Phase::Idle { .. }) {
                    self.go_on(now);
                }
            }
        }
    }

    /// Begins the next job, or looks at the state, or rests.
    fn go_on(&mut self, now: Elapsed) {
        match (self.queue.pop_front(), self.profile.proof) {
            (Some(job), ProofTier::OneWay) => self.begin_sending(now, job),
            (Some(job), ProofTier::ProcessId | ProofTier::QueuedStatus | ProofTier::RealTimeStatus) => {
                self.begin_round(now, Why::Before(job));
            }
            (None, ProofTier::OneWay) => self.phase = Phase::Idle { poll_at: None },
            (None, ProofTier::ProcessId | ProofTier::QueuedStatus | ProofTier::RealTimeStatus) => {
                self.phase = Phase::Idle { poll_at: Some(now + IDLE_POLL) };
            }
        }
    }

    fn begin_round(&mut self, now: Elapsed, why: Why) {
        let round = Round::new();
        self.send_question(round.question());
        self.phase = Phase::Asking { why, round, deadline: now + ANSWER_WAIT };
    }

    fn send_question(&mut self, question: super::command::Question) {
        self.demux.reset();
        self.transmit.push_back(ask(question));
    }

    fn take_step(&mut self, now: Elapsed, why: Why, round: Round, step: Step) {
        match step {
            Step::Ask(question) => {
                self.send_question(question);
                self.phase = Phase::Asking { why, round, deadline: now + ANSWER_WAIT };
            }
            Step::Done(answers) => {
                self.set_status(from_answers(answers, &self.profile), Some(answers));
                self.after_round(now, why, round.is_steady());
            }
            Step::Silent => {
                self.set_status(unanswered(&self.profile), None);
                self.after_round(now, why, round.is_steady());
            }
        }
    }

    fn after_round(&mut self, now: Elapsed, why: Why, steady: bool) {
        match why {
            Why::Look => self.go_on(now),
            Why::Before(job) => match self.status.why_not() {
                Some(cause) => {
                    self.finish(job.number, PrintOutcome::NotPrinted(cause));
                    self.go_on(now);
                }
                None if self.may_answer_late => self.begin_flushing(now, job),
                None => self.begin_sending(now, job),
            },
            Why::After { number, proof, evidence } => {
                let enough = match proof {
                    Proof::Queued => evidence != Evidence::Missing,
                    Proof::CleanStatus => true,
                    Proof::Id(_) | Proof::Nothing => false,
                };
                if enough && steady && self.status.can_print() {
                    self.finish(number, PrintOutcome::Printed);
                } else {
                    self.give_up(number, proof);
                }
                self.go_on(now);
            }
        }
    }

    /// Ends a job without proof, and keeps its rest from coming out for the next person.
    fn give_up(&mut self, number: u64, proof: Proof) {
        let cause = cause_in_mid_job(&self.status);
        if cause != UnknownCause::NoProof && self.profile.after_fault == AfterFault::ClearBuffer {
            self.transmit.push_back(Command::Recover(Recovery::Clear).to_bytes());
        }
        self.may_answer_late |= proof == Proof::Queued;
        self.finish(number, PrintOutcome::Unknown(cause));
    }

    fn begin_flushing(&mut self, now: Elapsed, job: Job) {
        self.demux.reset();
        self.transmit.push_back(Command::PaperStatus.to_bytes());
        self.phase = Phase::Flushing { job, answered: false, deadline: now + FLUSH_WAIT };
    }

    fn begin_sending(&mut self, now: Elapsed, mut job: Job) {
        let proof = Proof::choose(self.profile.proof, self.next_id);
        if let Proof::Id(_) = proof {
            self.next_id = self.next_id % ProcessId::LAST + 1;
        }
        proof.ask(&mut job.print.bytes);
        self.demux.reset();
        self.phase = Phase::Sending { job, proof, sent: 0, started: now, piece: Piece::Due };
    }

    /// The next piece of the running job, if it is due; after the last one the wait for the proof begins.
    fn next_piece(&mut self) -> Option<Vec<u8>> {
        let Phase::Sending { job, proof, sent, started, piece } = &mut self.phase else { return None };
        let Piece::Due = *piece else { return None };
        let bytes = &job.print.bytes;
        let end = bytes.len().min(*sent + PIECE);
        let next = bytes[*sent..end].to_vec();
        *sent = end;
        *piece = Piece::At(*started + line_time(end, self.profile.baud));
        if end == bytes.len() {
            let printing = Duration::from_millis(print_time_ms(job.print.rows, &self.profile));
            let deadline = *started + line_time(end, self.profile.baud) + printing + PROOF_GRACE;
            self.phase = Phase::Proving { number: job.number, proof: *proof, deadline };
        }
        Some(next)
    }

    /// Reads what arrived. All replies of one read are seen by the phase that was current when it began: an answer
    /// behind the one that was asked for was not asked for.
    fn read(&mut self, now: Elapsed, replies: &[Reply]) {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Asking { why: Why::After { number, proof, .. }, .. } if proof.find(replies) == Evidence::Certain => {
                self.finish(number, PrintOutcome::Printed);
                self.go_on(now);
            }
            Phase::Asking { mut why, mut round, deadline } => {
                if let Why::After { proof, evidence, .. } = &mut why
                    && proof.find(replies) == Evidence::Hint
                {
                    *evidence = Evidence::Hint;
                }
                match replies.iter().find_map(real_time) {
                    None => self.phase = Phase::Asking { why, round, deadline },
                    Some(byte) => {
                        let step = round.answered(byte, self.line);
                        self.take_step(now, why, round, step);
                    }
                }
            }
            Phase::Flushing { job, answered, deadline } => {
                let came = replies.iter().any(is_queued);
                let deadline = if came { now + FLUSH_QUIET } else { deadline };
                self.phase = Phase::Flushing { job, answered: answered || came, deadline };
            }
            Phase::Proving { number, proof, deadline } => match proof.find(replies) {
                Evidence::Missing => self.phase = Phase::Proving { number, proof, deadline },
                Evidence::Hint => self.begin_round(now, Why::After { number, proof, evidence: Evidence::Hint }),
                Evidence::Certain => {
                    self.finish(number, PrintOutcome::Printed);
                    self.look_or_go_on(now);
                }
            },
            unmoved @ (Phase::Closed | Phase::Idle { .. } | Phase::Sending { .. }) => self.phase = unmoved,
        }
    }

    /// After a job the roll may be low and a ticket hangs at the exit: look at once unless the next job does so.
    fn look_or_go_on(&mut self, now: Elapsed) {
        if self.queue.is_empty() { self.begin_round(now, Why::Look) } else { self.go_on(now) }
    }

    fn finish(&mut self, job: u64, outcome: PrintOutcome) {
        self.events.push_back(DeviceEvent::Class(PrinterEvent::Finished { job, outcome }));
    }

    fn set_status(&mut self, status: PrinterStatus, answers: Option<Answers>) {
        self.change_status(status);
        self.report(device_status(&status, answers, &self.profile));
    }

    fn change_status(&mut self, status: PrinterStatus) {
        self.status = status;
        if self.told != Some(status) {
            self.told = Some(status);
            self.events.push_back(DeviceEvent::Class(PrinterEvent::Status(status)));
        }
    }

    fn report(&mut self, status: DeviceStatus) {
        let same = |old: &DeviceStatus| old.state == status.state && old.code == status.code;
        if !self.reported.as_ref().is_some_and(same) {
            self.reported = Some(status.clone());
            self.events.push_back(DeviceEvent::Status(status));
        }
    }
}

impl Protocol for PrinterProtocol {
    type Request = PrinterRequest;
    type Event = PrinterEvent;

    fn handle_opened(&mut self, now: Elapsed) {
        self.demux.reset();
        self.transmit.clear();
        self.line = Line::Trusted;
        if self.profile.proof == ProofTier::OneWay {
            self.set_status(unasked(&self.profile), None);
            return self.go_on(now);
        }
        let (state, code, detail) = (DeviceState::Starting, String::new(), String::new());
        self.report(DeviceStatus { role: Role::Printer, state, code, detail });
        self.begin_round(now, Why::Look);
    }

    fn handle_lost(&mut self, _now: Elapsed, error: &LinkError) {
        self.transmit.clear();
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Closed | Phase::Idle { .. } | Phase::Asking { why: Why::Look, .. } => {}
            Phase::Asking { why: Why::Before(job), .. }
            | Phase::Flushing { job, .. }
            | Phase::Sending { job, sent: 0, .. } => {
                self.finish(job.number, PrintOutcome::NotPrinted(NotPrintedCause::NoDevice));
            }
            Phase::Sending { job: Job { number, .. }, proof, .. }
            | Phase::Proving { number, proof, .. }
            | Phase::Asking { why: Why::After { number, proof, .. }, .. } => {
                self.may_answer_late |= proof == Proof::Queued;
                self.finish(number, PrintOutcome::Unknown(UnknownCause::LostMidJob));
            }
        }
        for job in std::mem::take(&mut self.queue) {
            self.finish(job.number, PrintOutcome::NotPrinted(NotPrintedCause::NoDevice));
        }
        self.change_status(gone(&self.profile));
        self.report(DeviceStatus {
            role: Role::Printer,
            state: error.kind.state(),
            code: format!("printer.{}", error.kind.code()),
            detail: error.to_string(),
        });
    }

    fn handle_request(&mut self, now: Elapsed, request: PrinterRequest) {
        match request {
            PrinterRequest::Print { job, slip } => self.print(now, job, &slip),
            PrinterRequest::Refresh => {
                if matches!(self.phase, Phase::Idle { poll_at: Some(_) }) {
                    self.begin_round(now, Why::Look);
                }
            }
        }
    }

    fn handle_input(&mut self, now: Elapsed, bytes: &[u8]) {
        let mut replies = Vec::new();
        self.demux.feed(bytes, &mut replies);
        self.read(now, &replies);
    }

    fn handle_timeout(&mut self, now: Elapsed) {
        if self.poll_timeout().is_none_or(|deadline| now < deadline) {
            return;
        }
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Closed => {}
            Phase::Idle { .. } => self.begin_round(now, Why::Look),
            Phase::Asking { why, mut round, .. } => {
                self.line = Line::Suspect;
                let step = round.unanswered();
                self.take_step(now, why, round, step);
            }
            Phase::Flushing { job, answered: true, .. } => {
                self.may_answer_late = false;
                self.begin_sending(now, job);
            }
            Phase::Flushing { job, answered: false, .. } => {
                self.finish(job.number, PrintOutcome::NotPrinted(NotPrintedCause::Offline));
                self.go_on(now);
            }
            Phase::Sending { job, proof, sent, started, .. } => {
                self.phase = Phase::Sending { job, proof, sent, started, piece: Piece::Due };
            }
            Phase::Proving { number, proof: Proof::Nothing, .. } => {
                self.finish(number, PrintOutcome::Unknown(UnknownCause::OneWay));
                self.go_on(now);
            }
            Phase::Proving { number, proof, .. } => {
                let evidence = Evidence::Missing;
                self.begin_round(now, Why::After { number, proof, evidence });
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmit.pop_front().or_else(|| self.next_piece()).map(Transmit::Bytes)
    }

    fn poll_timeout(&self) -> Option<Elapsed> {
        match &self.phase {
            Phase::Closed | Phase::Sending { piece: Piece::Due, .. } => None,
            Phase::Idle { poll_at } => *poll_at,
            Phase::Asking { deadline, .. } | Phase::Flushing { deadline, .. } | Phase::Proving { deadline, .. } => {
                Some(*deadline)
            }
            Phase::Sending { piece: Piece::At(time), .. } => Some(*time),
        }
    }

    fn poll_event(&mut self) -> Option<DeviceEvent<PrinterEvent>> {
        self.events.pop_front()
    }
}

/// Time that bytes take on an 8N1 line.
fn line_time(bytes: usize, baud: u32) -> Duration {
    let bits = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(10);
    Duration::from_micros(bits.saturating_mul(1_000_000) / u64::from(baud.max(1)))
}
