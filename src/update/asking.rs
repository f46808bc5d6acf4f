//! The technician's word: what the agent does with a bundle on a stick that is not installed before somebody says so.
//!
//! The bundle has been looked at: its signature, model and version are good, and the screen shows both versions. It waits
//! for as long as the stick is in, because the wish for it lies in the folder until then. Before anybody is asked it is
//! certain that its program could read what is kept here; how much room there is shows when it is written.

use super::agent::{Agent, Effect, Step, status};
use super::folder::{Resume, Status};
use super::refusal::Refusal;
use super::run::BundleInfo;
use crate::domain::time::Now;
use crate::ipc::{EngineStatus, UpdateAnswer};

/// Why an installed update does not start yet: the program before it could not read what it will write.
const UNSENT: (&str, &str, &str) =
    ("update.unsent", "等本机的申请都送到县里后再重启", "it restarts when all that is kept here is sent");

impl Agent {
    /// Oldest schema that a program must know to read the store's file. Without an engine nobody says what the file needs:
    /// then no less than what this program writes.
    pub(super) fn needed(&self, engine: Option<&EngineStatus>) -> u32 {
        engine.and_then(|status| status.schema).map_or(self.rules.schema, |file| file.readable_from)
    }

    /// The engine answered, or not, while the bundle waits for a word.
    pub(super) fn asked(&mut self, now: &Now, info: &BundleInfo, engine: Option<&EngineStatus>, out: &mut Vec<Effect>) {
        // Without an engine there is no screen on which anybody could say anything.
        let Some(engine) = engine else { return };
        if info.schema < self.needed(Some(engine)) {
            return self.refuse(now, Refusal::Schema, out);
        }
        match engine.answer {
            None => {}
            Some(UpdateAnswer::Leave) => self.refuse(now, Refusal::Declined, out),
            Some(UpdateAnswer::Install) => {
                if let Step::Asking(source, info) = std::mem::replace(&mut self.step, Step::Resting) {
                    out.push(Effect::Show(status("waiting", &info.version, 0)));
                    self.step = Step::Waiting(source, info);
                    self.next_engine = now.since_start;
                }
            }
        }
    }

    /// Nobody wishes anything: a bundle that asks is gone with its stick.
    pub(super) fn no_request(&mut self, out: &mut Vec<Effect>) {
        if matches!(self.step, Step::Asking(..)) {
            self.step = Step::Resting;
            out.push(Effect::Show(status("resting", &self.rules.booted.version, 0)));
        }
    }

    /// A fall-back would strand what is unsent: the program in this slot could not read what the new one will have written.
    pub(super) fn strands(&self, resume: &Resume, engine: Option<&EngineStatus>) -> bool {
        let unsent = engine.is_none_or(|status| status.waiting + status.set_aside > 0 || !status.outbox_read);
        resume.readable_from > self.rules.schema && unsent
    }

    /// Tells, once, that the restart waits for what is unsent, and once that it does no more.
    pub(super) fn tell_what_holds(&mut self, engine: Option<&EngineStatus>, out: &mut Vec<Effect>) {
        let Step::Restart(resume) = &self.step else { return };
        let holds = engine.is_some() && self.strands(resume, engine);
        if holds == self.held {
            return;
        }
        self.held = holds;
        let plain = status("restart", &resume.version, 100);
        let (code, zh, en) = UNSENT;
        let held = Status { code: code.to_owned(), zh: zh.to_owned(), en: en.to_owned(), ..plain.clone() };
        out.push(Effect::Show(if holds { held } else { plain }));
    }
}
