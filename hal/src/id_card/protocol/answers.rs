//! What an answer, a damaged answer and a silence lead to.
//!
//! Every status word is handled at every step by name; a new one stops the compiler here.

use std::time::Duration;

use super::{
    AFTER_FAILURE, Asking, BROKEN_PAUSE, CHECK, IdReaderProtocol, LastCard, POLL, Phase, Presented, READS, RESTART,
    SEARCH_PAUSE, SEQUENCES, SILENCES, SPEEDS, Step,
};
use crate::id_card::codec::{Found, Reply, module_number};
use crate::id_card::fields::{ReadKind, card, take_apart};
use crate::id_card::status::Status;
use crate::model::{CardFailure, DeviceState, IdReaderEvent};
use crate::runner::Elapsed;

impl IdReaderProtocol {
    /// Uses the first frame that answers the question; everything else that came with it is dropped, because it
    /// cannot answer a question that is not asked yet. Says whether there was such a frame.
    pub(super) fn answer(&mut self, now: Elapsed, asking: Asking, found: &[Found]) -> bool {
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
    /// A reply was damaged on the way. What was only read can be asked again; the data of a card cannot, because
    /// every reading needs its own find and select before it.
    pub(super) fn reply_damaged(&mut self, now: Elapsed, asking: Asking) {
        match asking.step {
            Step::Read { .. } => self.sequence_failed(now, CardFailure::Unreadable),
            Step::Probe { .. } | Step::Reset | Step::Number | Step::Check | Step::Find | Step::Select => {
                self.damaged(now, asking);
            }
        }
    }

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
    pub(super) fn truncated(&mut self, now: Elapsed, asking: Asking) {
        match asking.step {
            // One maker's module sends such a notice in place of "no card".
            Step::Find => {
                self.silences = 0;
                self.rest(now, POLL);
            }
            Step::Select | Step::Read { .. } => self.reply_damaged(now, asking),
            Step::Probe { .. } | Step::Reset | Step::Number | Step::Check => self.silent(now, asking),
        }
    }

    pub(super) fn silent(&mut self, now: Elapsed, asking: Asking) {
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
    pub(super) fn end_presentation(&mut self, cause: CardFailure) {
        if self.presented.take().is_some() {
            self.emit(IdReaderEvent::Failed(cause));
        }
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
