//! The child: residents and sender on one store, until it is killed.
//!
//! Its lines: `kept ID NUMBER KEY` after the store answered · `sent ID KEY` when the bytes leave for the county ·
//! `acknowledged ID` after the receipt is stored · `refused CODE`, `broken CODE` when the store says so.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use kiosk::domain::id::{Sequence, SubmissionId};
use kiosk::domain::submission::{OutboxState, StoreCommand, StoreEvent};

use super::Fault;
use super::chance::Chance;
use super::world::{Desk, application, key_of, receipt};

const ORDERS: &str = "KIOSK_CRASH_CHILD";
/// Unasked events are waited for only where a refusal announces them; after this many refusals the child has shown enough.
const REFUSALS: u64 = 3;
/// A child that nobody kills ends here.
const LONGEST: u64 = 5_000;

/// Makes the command start the child half of this test binary.
pub fn configure(command: &mut Command, folder: &Path, seed: u64, life: u64, fault: Fault) {
    command
        .args(["--exact", "crash::child_of_the_harness", "--ignored", "--nocapture", "--test-threads=1"])
        .env(ORDERS, format!("{seed} {life} {} {}", fault.name(), folder.display()));
}

/// Plays one life if the parent asked for it.
pub fn run_if_asked() {
    let Ok(orders) = std::env::var(ORDERS) else {
        return;
    };
    let mut words = orders.splitn(4, ' ');
    let mut word = || words.next().unwrap();
    let seed: u64 = word().parse().unwrap();
    let life: u64 = word().parse().unwrap();
    let name = word();
    let fault = Fault::ALL.into_iter().find(|f| f.name() == name).unwrap();
    let folder = PathBuf::from(word());
    // The test runner has begun a line of its own.
    say("");
    Child {
        desk: Desk::open(&folder),
        chance: Chance::new(seed ^ life.rotate_left(32)),
        life,
        fault,
        last: None,
        waiting: Vec::new(),
        refusals: 0,
    }
    .live();
}

struct Child {
    desk: Desk,
    chance: Chance,
    life: u64,
    fault: Fault,
    last: Option<(SubmissionId, Sequence, String)>,
    /// Identities to send, and whether a sending had an unclear end before.
    waiting: Vec<(SubmissionId, Sequence, bool)>,
    refusals: u64,
}

impl Child {
    fn live(&mut self) {
        let StoreEvent::Queue { entries } = self.desk.ask(StoreCommand::LoadQueue) else {
            panic!("the queue must load");
        };
        // After a restart nobody knows how far a sending went: every one of them may have reached the county.
        for entry in entries {
            match entry.state {
                OutboxState::Queued => self.waiting.push((entry.id, entry.sequence, true)),
                OutboxState::SetAside { .. } | OutboxState::Acknowledged { .. } => {
                    panic!("nothing was set aside: {entry:?}")
                }
            }
        }
        for step in 0..LONGEST {
            match self.chance.below(10) {
                0..5 => self.keep(step),
                5 => self.keep_again(),
                _ => self.send(),
            }
            if self.refusals >= REFUSALS {
                return;
            }
        }
    }

    /// A resident confirms.
    fn keep(&mut self, step: u64) {
        let key = format!("resident-{}-{step}", self.life);
        let id = self.fresh_id();
        if self.fault == Fault::ShownBeforeStored {
            let next = self.last.as_ref().map_or(1, |(_, sequence, _)| sequence.0 + 1);
            say(&format!("kept {id} {next} {key}"));
        }
        let application = Box::new(application(id, &key));
        let answer = self.desk.ask(StoreCommand::Keep { application });
        if let StoreEvent::Kept { entry } = answer {
            if self.fault != Fault::ShownBeforeStored {
                say(&format!("kept {id} {} {key}", entry.sequence.0));
            }
            self.last = Some((id, entry.sequence, key));
            self.waiting.push((id, entry.sequence, false));
        } else {
            self.refused(&answer);
        }
    }

    /// The same application once more, as after a touch that came twice: the number must be the same.
    fn keep_again(&mut self) {
        let Some((id, sequence, key)) = self.last.clone() else {
            return;
        };
        if !self.waiting.iter().any(|(waiting, ..)| *waiting == id) {
            return;
        }
        let application = Box::new(application(id, &key));
        let answer = self.desk.ask(StoreCommand::Keep { application });
        if let StoreEvent::Kept { entry } = answer {
            assert_eq!(entry.sequence, sequence);
            say(&format!("kept {id} {} {key}", sequence.0));
        } else {
            self.refused(&answer);
        }
    }

    /// The sender takes one of the queue. One time in three the county's answer gets lost.
    fn send(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let at = usize::try_from(self.chance.below(self.waiting.len() as u64)).unwrap();
        let (id, sequence, was_unclear) = self.waiting[at];
        let body = match self.desk.store.body(id) {
            Ok(body) => body.expect("a waiting application has content"),
            Err(error) => {
                self.refused_with(error.code());
                return;
            }
        };
        let key = key_of(body.bytes(), id, sequence);
        let shown = if was_unclear && self.fault == Fault::FreshIdOnRetry { self.fresh_id() } else { id };
        say(&format!("sent {shown} {key}"));
        if self.chance.below(3) == 0 {
            self.waiting[at].2 = true;
            return;
        }
        let command = StoreCommand::Acknowledge { id, receipt: receipt(id) };
        let answer = self.desk.ask(command);
        if let StoreEvent::Acknowledged { id } = answer {
            say(&format!("acknowledged {id}"));
            self.waiting.swap_remove(at);
        } else {
            self.refused(&answer);
        }
    }

    fn refused(&mut self, event: &StoreEvent) {
        match event {
            StoreEvent::NotKept { code, .. }
            | StoreEvent::MarkFailed { code, .. }
            | StoreEvent::FindFailed { code }
            | StoreEvent::Broken { code } => self.refused_with(code),
            StoreEvent::Kept { .. }
            | StoreEvent::Acknowledged { .. }
            | StoreEvent::Marked { .. }
            | StoreEvent::SetAside { .. }
            | StoreEvent::Carried { .. }
            | StoreEvent::Requeued { .. }
            | StoreEvent::Found { .. }
            | StoreEvent::Measured { .. }
            | StoreEvent::Queue { .. }
            | StoreEvent::Reopened { .. } => panic!("an answer to another question: {event:?}"),
        }
    }

    fn refused_with(&mut self, code: &str) {
        say(&format!("refused {code}"));
        self.refusals += 1;
        if let Some(StoreEvent::Broken { code }) = self.desk.unasked() {
            say(&format!("broken {code}"));
        }
    }

    fn fresh_id(&mut self) -> SubmissionId {
        let mut chance = [0; 10];
        chance[..8].copy_from_slice(&self.chance.bits().to_be_bytes());
        SubmissionId::from_parts(1_744_246_000_000 + self.life, chance)
    }
}

/// One line in one write, so that a kill leaves a whole line or none.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
