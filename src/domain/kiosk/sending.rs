//! Handing applications to the county, and what its answers mean.

use std::time::Duration;

use super::touch::ignored;
use super::{Kiosk, Line};
use crate::domain::effect::{Effect, Note};
use crate::domain::event::AskNo;
use crate::domain::id::SubmissionId;
use crate::domain::receipt;
use crate::domain::session::Page;
use crate::domain::submission::{CaseReceipt, CaseReport, CountyCommand, CountyEvent, StoreCommand, Verdict};
use crate::domain::time::{Now, clock, day};
use crate::ipc::{CaseStatus, ScanPrompt};

impl Kiosk {
    /// Sends what is due, one call at a time; looks whether the county is there while nothing is sent.
    pub(super) fn send_due(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let handed = self.outbox.take_due(now.since_start, self.waited_for());
        if let Some(first) = handed.first() {
            let command = match handed.len() {
                1 => CountyCommand::Submit { id: first.id, sequence: first.sequence },
                _ => CountyCommand::SubmitBatch { handed },
            };
            self.ask_county(command, out);
            self.next_probe = now.since_start + self.settings.times.probe;
        } else if !self.outbox.is_sending() && now.since_start >= self.next_probe {
            self.ask_county(CountyCommand::Probe, out);
            // Half to the whole of the period, so that kiosks drift apart.
            let spread = 0.5 + now.fraction() / 2.0;
            self.next_probe = now.since_start + self.settings.times.probe.mul_f64(spread);
        }
        let up = self.health.line != Line::Down;
        if let Some(Page::Kept(done)) = self.visit.as_mut().map(|visit| &mut visit.page) {
            done.line_up = up;
        }
    }

    pub(super) fn county(&mut self, now: &Now, ask: AskNo, event: CountyEvent, out: &mut Vec<Effect>) {
        match event {
            CountyEvent::Submitted { id, verdict } => self.submitted(now, vec![(id, verdict)], out),
            CountyEvent::BatchSubmitted { verdicts } => self.submitted(now, verdicts, out),
            CountyEvent::CaseState { answer } => self.case_state(now, ask, answer, out),
            CountyEvent::Probed { reachable } => self.line(now, if reachable { Line::Up } else { Line::Down }, out),
        }
    }

    /// Notes what the last call says about the line, and tells of a change.
    fn line(&mut self, now: &Now, line: Line, out: &mut Vec<Effect>) {
        if line == Line::Up {
            self.room.reached = Some(now.since_start);
        }
        if self.health.line != line {
            self.health.line = line;
            self.line_since = now.since_start;
            out.push(Effect::Note(Note::Line { up: line == Line::Up }));
        }
    }

    /// What one call came to: each application by its own verdict, unless the call failed as a whole.
    fn submitted(&mut self, now: &Now, verdicts: Vec<(SubmissionId, Verdict)>, out: &mut Vec<Effect>) {
        // What could not be read here was never sent: it says nothing about the line, nor about those that were.
        let (here, verdicts): (Vec<_>, Vec<_>) = verdicts.into_iter().partition(|(_, verdict)| verdict.arose_here());
        for (id, verdict) in here {
            self.judged(now, id, verdict, out);
        }
        let is_answered = verdicts.iter().any(|(_, verdict)| verdict.is_about_the_application());
        let is_known = verdicts.iter().any(|(id, _)| self.outbox.sequence_of(*id).is_some());
        if is_answered && is_known {
            self.line(now, Line::Up, out);
            self.sending_goes_on(out);
            self.outbox.answered();
        } else if let Some((_, Verdict::TryAgain { code, after })) =
            verdicts.iter().find(|(_, verdict)| matches!(verdict, Verdict::TryAgain { .. }))
        {
            let ids: Vec<SubmissionId> = verdicts.iter().map(|(id, _)| *id).collect();
            let (code, after) = (code.clone(), *after);
            return self.call_failed(now, &ids, code, after, out);
        }
        let (mut stopped, mut receipts) = ((Vec::new(), None), Vec::new());
        for (id, verdict) in verdicts {
            match verdict {
                Verdict::Stored { receipt } => receipts.extend(self.stored(id, receipt, out)),
                Verdict::StopAll { code } => {
                    stopped.0.push(id);
                    stopped.1 = Some(code);
                }
                Verdict::SetAside { .. } | Verdict::TryAgain { .. } => self.judged(now, id, verdict, out),
            }
        }
        self.acknowledge(receipts, out);
        if let (ids, Some(code)) = stopped {
            self.line(now, Line::Down, out);
            self.outbox.stop(&ids, now);
            self.sending_stopped(code, out);
        }
    }

    /// One application of an answered call.
    fn judged(&mut self, now: &Now, id: SubmissionId, verdict: Verdict, out: &mut Vec<Effect>) {
        let Some(sequence) = self.outbox.sequence_of(id) else {
            return ignored("an answer for an application that is not waiting", out);
        };
        match verdict {
            Verdict::TryAgain { code, .. } if self.outbox.is_given_up(id, &code, now.wall) => {
                self.judged(now, id, Verdict::SetAside { code }, out);
            }
            Verdict::Stored { receipt } => {
                let receipts = self.stored(id, receipt, out).into_iter().collect();
                self.acknowledge(receipts, out);
            }
            Verdict::SetAside { code } => {
                if !self.outbox.marking(id) {
                    return ignored("a second answer to the same question", out);
                }
                out.push(Effect::Note(Note::SetAside { sequence, code: code.clone() }));
                self.ask_store(StoreCommand::SetAside { id, reason: code }, out);
            }
            Verdict::TryAgain { code, after } => {
                let waits = self.is_waited_for(id);
                let Some(wait) = self.outbox.retry(id, now, after, waits) else {
                    return ignored("a second answer to the same question", out);
                };
                self.outbox.blame(id, &code);
                out.push(Effect::Note(Note::SendFailed { sequence, code, wait }));
            }
            Verdict::StopAll { .. } => ignored("a kiosk that is refused is refused as a whole", out),
        }
    }

    /// The county has an application: what there is to write down, unless it was answered before.
    fn stored(
        &mut self,
        id: SubmissionId,
        receipt: CaseReceipt,
        out: &mut Vec<Effect>,
    ) -> Option<(SubmissionId, CaseReceipt)> {
        if self.outbox.sequence_of(id).is_none() {
            ignored("an answer for an application that is not waiting", out);
            return None;
        }
        if !self.outbox.marking(id) {
            ignored("a second answer to the same question", out);
            return None;
        }
        self.receipts.insert(id, receipt.clone());
        Some((id, receipt))
    }

    /// Has the receipts of one call written down at once: fifty of their own would keep a resident's "confirm" waiting.
    fn acknowledge(&mut self, mut receipts: Vec<(SubmissionId, CaseReceipt)>, out: &mut Vec<Effect>) {
        let command = match receipts.len() {
            0 | 1 => match receipts.pop() {
                Some((id, receipt)) => StoreCommand::Acknowledge { id, receipt },
                None => return,
            },
            _ => StoreCommand::AcknowledgeAll { receipts },
        };
        self.ask_store(command, out);
    }

    fn call_failed(
        &mut self,
        now: &Now,
        ids: &[SubmissionId],
        code: String,
        after: Option<Duration>,
        out: &mut Vec<Effect>,
    ) {
        let Some(sequence) = ids.iter().find_map(|id| self.outbox.sequence_of(*id)) else {
            return ignored("an answer for an application that is not waiting", out);
        };
        if let [id] = ids
            && self.outbox.is_given_up(*id, &code, now.wall)
        {
            return self.judged(now, *id, Verdict::SetAside { code }, out);
        }
        self.line(now, Line::Down, out);
        let Some(wait) = self.outbox.failed(ids, now, &code, after, self.waited_for()) else {
            return ignored("a second answer to the same question", out);
        };
        out.push(Effect::Note(match ids.len() {
            1 => Note::SendFailed { sequence, code, wait },
            count => Note::BatchFailed { count, code, wait },
        }));
    }

    fn case_state(
        &mut self,
        now: &Now,
        answered: AskNo,
        answer: Result<Option<CaseReport>, String>,
        out: &mut Vec<Effect>,
    ) {
        let Some(visit) = &mut self.visit else {
            return ignored("nobody waits for this case", out);
        };
        let Page::Scan { ask, last_known, number, .. } = &mut visit.page else {
            return ignored("nobody waits for this case", out);
        };
        if *ask != Some(answered) {
            return ignored("a late answer", out);
        }
        let known = last_known.take();
        let number = std::mem::take(number);
        match (answer, known) {
            (Ok(Some(report)), known) => {
                self.line(now, Line::Up, out);
                let status = CaseStatus {
                    item: known.as_ref().map_or(report.item_name, |known| known.item.clone()),
                    number: receipt::in_groups(&number),
                    state: report.state,
                    raw: report.raw_text,
                    as_of: clock(now.wall),
                    live: true,
                    promised: report.promise_date.map(day),
                };
                self.turn_to(now, Page::Status(Box::new(status)), out);
            }
            (Ok(None) | Err(_), Some(known)) => self.turn_to(now, Page::Status(known), out),
            (Ok(None), None) => self.scan_prompt(ScanPrompt::NotFound),
            (Err(_), None) => self.scan_prompt(ScanPrompt::NoLine),
        }
    }
}
