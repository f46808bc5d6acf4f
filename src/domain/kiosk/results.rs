//! What devices and store report, and what follows from it for the person in front of the machine.

use kiosk_hal::model::{
    CardFailure, CardKind, DeviceState, DeviceStatus, IdCard, IdReaderEvent, IdReaderRequest, NumberCheck,
    PrintOutcome, PrinterEvent, Role, ScannedCode, ScannerEvent, ScannerRequest, Validity,
};

use super::touch::ignored;
use super::{Kiosk, StoreHealth};
use crate::domain::catalog::eligible;
use crate::domain::effect::{Effect, Note, PaperKind};
use crate::domain::event::AskNo;
use crate::domain::form::{Form, mask};
use crate::domain::id::{ItemId, SubmissionId};
use crate::domain::receipt;
use crate::domain::session::{Done, Page, SlipTrack};
use crate::domain::submission::{CountyCommand, OutboxEntry, OutboxState, StoreCommand, StoreEvent, StoreFound};
use crate::domain::time::{Now, local_date};
use crate::ipc::{CardPrompt, CaseState, CaseStatus, Language, ScanPrompt, WindowReason};

impl Kiosk {
    pub(super) fn device(&mut self, status: DeviceStatus, out: &mut Vec<Effect>) {
        let (role, state) = (status.role, status.state);
        let code = status.code.clone();
        if self.health.note(status) {
            out.push(Effect::Note(Note::Device { role, state, code }));
        }
        let prompt = self.place_prompt();
        let Some(visit) = &mut self.visit else { return };
        match (role, &mut visit.page) {
            // The reader went or came while somebody waits at it: say so, and ask it to look again.
            (Role::IdReader, Page::Identify { prompt: shown, .. }) => {
                if state == DeviceState::Online && *shown == CardPrompt::ReaderLost {
                    out.push(Effect::Reader(IdReaderRequest::Watch));
                }
                if *shown == CardPrompt::ReaderLost || prompt == CardPrompt::ReaderLost {
                    *shown = prompt;
                }
            }
            (Role::Scanner, Page::Scan { prompt: shown, .. }) => {
                let works = matches!(state, DeviceState::Online | DeviceState::Starting);
                if works && *shown == ScanPrompt::ScannerLost {
                    *shown = ScanPrompt::Place;
                    out.push(Effect::Scanner(ScannerRequest::Enable));
                } else if !works && *shown != ScanPrompt::LookingUp {
                    *shown = ScanPrompt::ScannerLost;
                }
            }
            _ => {}
        }
    }

    pub(super) fn reader(&mut self, now: &Now, event: IdReaderEvent, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else {
            return ignored("a card event without a visit", out);
        };
        let Page::Identify { item, prompt } = &mut visit.page else {
            return ignored("no screen asks for a card", out);
        };
        match event {
            IdReaderEvent::Reading => *prompt = CardPrompt::Reading,
            IdReaderEvent::Failed(why) => {
                visit.touched = now.since_start;
                *prompt = CardPrompt::Failed { why };
                out.push(Effect::Note(Note::CardFailed { visit: visit.no, why }));
            }
            IdReaderEvent::Removed => {
                if *prompt == CardPrompt::Reading {
                    *prompt = CardPrompt::Place;
                }
            }
            IdReaderEvent::Card(card) => {
                visit.touched = now.since_start;
                visit.card_used = true;
                out.push(Effect::Note(Note::CardRead { visit: visit.no }));
                let item = item.clone();
                self.card(now, item, card, out);
            }
        }
    }

    /// A card was read: is it one that this item can be applied for with?
    fn card(&mut self, now: &Now, item: ItemId, card: Box<IdCard>, out: &mut Vec<Effect>) {
        if let Some(prompt) = objection(&card, now) {
            if let Some(Page::Identify { prompt: shown, .. }) = self.visit.as_mut().map(|visit| &mut visit.page) {
                *shown = prompt;
            }
            return;
        }
        let Some(found) = self.catalog.item(&item) else {
            self.turn_to(now, Page::Home, out);
            return ignored("the item left the catalogue", out);
        };
        if let Err(too_young) = eligible(found, &card, local_date(now.wall)) {
            let why = WindowReason::NotOldEnough { years: too_young.min_age };
            return self.send_to_window(now, why, Some(item), out);
        }
        match Form::start(found, &self.catalog, &card, local_date(now.wall)) {
            Ok(form) if form.is_reviewing() => {
                let form = Box::new(form);
                self.turn_to(now, Page::Review { item, card, form, page: 1, tried: None }, out);
            }
            Ok(form) => self.turn_to(now, Page::Fill { item, card, form: Box::new(form) }, out),
            Err(_) => self.send_to_window(now, WindowReason::FormNotHere, Some(item), out),
        }
    }

    pub(super) fn printer(&mut self, now: &Now, event: PrinterEvent, out: &mut Vec<Effect>) {
        match event {
            PrinterEvent::Status(parts) => self.health.printer_parts = parts,
            PrinterEvent::Finished { job, outcome } => self.slip_ended(now, job, outcome, out),
        }
    }

    /// A slip ended. It is written down whoever still waits for it; a page shows it only if it waits for this very job.
    pub(super) fn slip_ended(&mut self, now: &Now, job: u64, outcome: PrintOutcome, out: &mut Vec<Effect>) {
        let Some(word) = self.jobs.remove(&job) else {
            return ignored("a slip that was not asked for", out);
        };
        out.push(Effect::Note(Note::Slip { job, kind: word, outcome }));
        let Some(visit) = &mut self.visit else {
            return ignored("a slip of a finished visit", out);
        };
        let Some(slip) = visit.page.slip_mut().filter(|slip| slip.is_printing(job)) else {
            return ignored("a slip that no page waits for", out);
        };
        if let SlipTrack::Printing { kind, copy, .. } = std::mem::replace(slip, SlipTrack::None) {
            *slip = SlipTrack::Ended { outcome, kind, copy };
        }
        if let PrintOutcome::NotPrinted(_) = outcome {
            visit.papers = visit.papers.saturating_sub(1);
        }
        if let Page::Kept(done) = &visit.page {
            let id = done.id;
            self.outbox.release(id, now.since_start);
        }
    }

    pub(super) fn scanner(&mut self, now: &Now, event: ScannerEvent, out: &mut Vec<Effect>) {
        let waiting = matches!(
            self.visit.as_ref().map(|visit| &visit.page),
            Some(Page::Scan { prompt, .. }) if *prompt != ScanPrompt::LookingUp
        );
        match event {
            ScannerEvent::Code(code) if waiting => self.scanned(now, &code, out),
            ScannerEvent::TooLong if waiting => self.scan_prompt(ScanPrompt::NotOurs),
            ScannerEvent::Code(_) | ScannerEvent::TooLong => ignored("no screen asks for a code", out),
            ScannerEvent::SuffixMissing => {}
        }
    }

    fn scanned(&mut self, now: &Now, scanned: &ScannedCode, out: &mut Vec<Effect>) {
        if let Some(visit) = &mut self.visit {
            visit.touched = now.since_start;
        }
        let parsed = scanned.text.as_ref().ok().and_then(|text| receipt::parse(text));
        let (asked, expected, asked_number) = match parsed {
            None => return self.scan_prompt(ScanPrompt::NotOurs),
            Some(receipt::SlipCode::Case { number, code }) => {
                let command = CountyCommand::CaseState { case_number: number.clone(), query_code: code };
                (self.ask_county(command, out), None, number)
            }
            Some(receipt::SlipCode::Kept { kiosk, sequence, code }) if kiosk == self.settings.kiosk_code => {
                (self.ask_store(StoreCommand::Find { sequence }, out), Some(code), String::new())
            }
            Some(receipt::SlipCode::Kept { .. }) => return self.scan_prompt(ScanPrompt::NotFound),
        };
        let limit = now.since_start + self.settings.times.lookup_limit;
        if let Some(Page::Scan { prompt, ask, until, number, code, last_known }) =
            self.visit.as_mut().map(|visit| &mut visit.page)
        {
            (*prompt, *ask, *until) = (ScanPrompt::LookingUp, Some(asked), Some(limit));
            (*number, *code, *last_known) = (asked_number, expected, None);
        }
    }

    pub(super) fn scan_prompt(&mut self, prompt: ScanPrompt) {
        if let Some(Page::Scan { prompt: shown, ask, until, .. }) = self.visit.as_mut().map(|visit| &mut visit.page) {
            (*shown, *ask, *until) = (prompt, None, None);
        }
    }

    /// Nobody answered the look-up: show what this machine knows itself, or say that nothing can be said now.
    pub(super) fn lookup_failed(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let Some(Page::Scan { last_known, .. }) = self.visit.as_mut().map(|visit| &mut visit.page) else { return };
        match last_known.take() {
            Some(known) => self.turn_to(now, Page::Status(known), out),
            None => self.scan_prompt(ScanPrompt::NoLine),
        }
    }

    pub(super) fn store(&mut self, now: &Now, ask: AskNo, event: StoreEvent, out: &mut Vec<Effect>) {
        match event {
            StoreEvent::Kept { entry } => self.kept(now, entry, out),
            StoreEvent::NotKept { id, code, certain } => self.not_kept(now, id, code, Some(certain), out),
            StoreEvent::Acknowledged { id } => self.acknowledged(now, id, out),
            StoreEvent::SetAside { id } => self.set_aside(now, id, out),
            StoreEvent::Carried { id } => self.carried(id, out),
            StoreEvent::Requeued { entry } => {
                // Out of the plan and in again: as one that was never tried.
                self.outbox.acknowledged(entry.id);
                self.outbox.add(entry, now.since_start);
            }
            StoreEvent::Marked { done, failed } => {
                done.into_iter().for_each(|id| self.acknowledged(now, id, out));
                failed.into_iter().for_each(|(id, code)| self.mark_failed(now, id, code, out));
            }
            StoreEvent::MarkFailed { id, code } => self.mark_failed(now, id, code, out),
            StoreEvent::Found { entry } => self.found(now, ask, entry, out),
            StoreEvent::FindFailed { .. } => {
                let waits = matches!(
                    self.visit.as_ref().map(|visit| &visit.page),
                    Some(Page::Scan { ask: Some(asked), .. }) if *asked == ask
                );
                if waits {
                    self.lookup_failed(now, out);
                } else {
                    ignored("nobody waits for this case", out);
                }
            }
            StoreEvent::Queue { entries } => {
                if self.reopening.read() {
                    // The disk alone knows what became of the questions under way when the store broke.
                    self.outbox.keep_only(&entries);
                    self.health.store = StoreHealth::Good;
                }
                self.queue_read = true;
                if let Some((wanted, tries)) = self.visit.as_mut().and_then(|visit| visit.page.tries_mut())
                    && entries.iter().all(|entry| entry.id != wanted)
                {
                    tries.not_on_disk();
                }
                for entry in entries {
                    if self.visit.as_ref().is_some_and(|visit| visit.page.waits_to_keep(entry.id)) {
                        self.kept(now, entry, out);
                        continue;
                    }
                    // Spread over the first wait, so that many kiosks switched on together do not call together.
                    let due = now.since_start + self.settings.backoff.wait(0, now.fraction(), None, false);
                    self.outbox.add(entry, due);
                }
            }
            StoreEvent::Reopened { last, open, missing, is_salvaged, aside } => {
                if !self.reopening.opened() {
                    return ignored("a reopening that was not asked for", out);
                }
                out.push(Effect::Note(Note::StoreOpened { last, open }));
                if is_salvaged {
                    out.push(Effect::Note(Note::StoreSalvaged { lost: missing.len() }));
                }
                self.store_found(StoreFound { last, missing: missing.clone(), aside });
                out.extend(missing.into_iter().map(|sequence| Effect::Note(Note::StoreGap { sequence })));
                self.ask_store(StoreCommand::LoadQueue, out);
            }
            StoreEvent::Measured { free } => self.measured(free),
            StoreEvent::Broken { code } => {
                self.reopening.broke(now.since_start, &self.settings.times);
                self.store_broke(&code);
                out.push(Effect::Note(Note::StoreBroken { code: code.clone() }));
                self.health.store = StoreHealth::Broken(code);
            }
        }
    }

    /// A mark is not on the disk: the application waits on, and is handed in again under the same id.
    fn mark_failed(&mut self, now: &Now, id: SubmissionId, code: String, out: &mut Vec<Effect>) {
        let waits = self.is_waited_for(id);
        let sequence = self.outbox.sequence_of(id);
        if let (Some(sequence), Some(wait)) = (sequence, self.outbox.retry(id, now, None, waits)) {
            out.push(Effect::Note(Note::SendFailed { sequence, code, wait }));
        }
    }

    /// Durable: show it, print it, send it, in this order.
    fn kept(&mut self, now: &Now, entry: OutboxEntry, out: &mut Vec<Effect>) {
        out.push(Effect::Note(Note::Kept { visit: self.visit_no(), sequence: entry.sequence, id: entry.id }));
        self.room.next = now.since_start;
        let (id, sequence) = (entry.id, entry.sequence);
        let Some((card, form, language)) = self.take_stored(id) else {
            // The visit is over; the application is not. It is sent, and the slip can be fetched later.
            return self.outbox.add_fresh(entry, now.since_start);
        };
        self.outbox.add_fresh(entry.clone(), self.outbox.hold_for_slip(now.since_start));
        let name = mask::name(&card.name);
        let bring_later = self
            .catalog
            .item(&entry.item.item)
            .map(|item| self.catalog.bring_later(item, language))
            .unwrap_or_default();
        let mut done = Done {
            id,
            sequence,
            item: entry.item,
            kept_at: entry.kept_at,
            name,
            mobile: form.mobile_masked(),
            bring_later,
            slip: SlipTrack::None,
            line_up: self.health.line != super::Line::Down,
        };
        let kind = PaperKind::Kept {
            item: done.item.clone(),
            name: done.name.clone(),
            number: self.number(&done),
            code: receipt::kept_code(done.id),
            claim: self.kept_claim(&done),
        };
        done.slip = self.print(now, kind, false, out);
        self.turn_to(now, Page::Kept(done), out);
    }

    /// Takes card and answers out of the page that waits for this application to be kept.
    fn take_stored(&mut self, wanted: SubmissionId) -> Option<(Box<IdCard>, Box<Form>, Language)> {
        let visit = self.visit.as_mut()?;
        let language = visit.language;
        match visit.take_page(|page| page.waits_to_keep(wanted)) {
            Some(Page::Storing { card, form, .. } | Page::NotKept { card, form, .. }) => Some((card, form, language)),
            Some(Page::Window { from, .. }) => {
                let Page::NotKept { card, form, .. } = *from else { return None };
                Some((card, form, language))
            }
            Some(_) | None => None,
        }
    }

    /// A try to keep did not end well. `answer`: the store's own word, certain or not; none when it is silent.
    pub(super) fn not_kept(
        &mut self,
        now: &Now,
        wanted: SubmissionId,
        code: String,
        answer: Option<bool>,
        out: &mut Vec<Effect>,
    ) {
        out.push(Effect::Note(Note::NotKept { visit: self.visit_no(), id: wanted, code }));
        let Some(visit) = &mut self.visit else { return };
        if let Some((id, tries)) = visit.page.tries_mut()
            && let Some(certain) = answer
            && id == wanted
        {
            tries.refused(certain);
        }
        let waits = |page: &Page| matches!(page, Page::Storing { application, .. } if application.client_submission_id == wanted);
        if let Some(Page::Storing { item, card, form, application, tries, .. }) = visit.take_page(waits) {
            self.turn_to(now, Page::NotKept { item, card, form, application, tries }, out);
        }
    }

    fn acknowledged(&mut self, now: &Now, id: SubmissionId, out: &mut Vec<Effect>) {
        let Some(receipt) = self.receipts.remove(&id) else {
            return ignored("an acknowledgement that was not asked for", out);
        };
        let Some(entry) = self.outbox.acknowledged(id) else {
            return ignored("an acknowledgement for nothing", out);
        };
        out.push(Effect::Note(Note::Acknowledged { sequence: entry.sequence, id }));
        let Some(mut done) = self.take_kept(id) else { return };
        let kind = PaperKind::Accepted {
            item: done.item.clone(),
            name: done.name.clone(),
            number: self.number(&done),
            claim: self.accepted_claim(&done, &receipt),
            receipt: receipt.clone(),
            bring_later: done.bring_later.clone(),
        };
        done.slip = self.print(now, kind, false, out);
        self.turn_to(now, Page::Accepted { done, receipt }, out);
        if let Some(visit) = &mut self.visit {
            // The number has just appeared: the person gets the whole time to look at it.
            visit.touched = now.since_start;
        }
    }

    /// The receipt came by hand: the application leaves the plan. Should somebody stand before its page, the page stays as it
    /// is, for what it says is true; the number is asked for with the slip.
    fn carried(&mut self, id: SubmissionId, out: &mut Vec<Effect>) {
        self.receipts.remove(&id);
        match self.outbox.acknowledged(id) {
            Some(entry) => out.push(Effect::Note(Note::Acknowledged { sequence: entry.sequence, id })),
            None => ignored("a carried receipt for nothing", out),
        }
    }

    fn set_aside(&mut self, now: &Now, id: SubmissionId, out: &mut Vec<Effect>) {
        if self.outbox.set_aside(id).is_none() {
            return ignored("a set-aside mark for nothing", out);
        }
        if let Some(done) = self.take_kept(id) {
            self.turn_to(now, Page::SetAside(done), out);
        }
    }

    fn take_kept(&mut self, id: SubmissionId) -> Option<Done> {
        match self.visit.as_mut()?.take_page(|page| matches!(page, Page::Kept(done) if done.id == id)) {
            Some(Page::Kept(done)) => Some(done),
            Some(_) | None => None,
        }
    }

    /// The store knows, or does not know, the slip that was scanned.
    fn found(&mut self, now: &Now, answered: AskNo, entry: Option<OutboxEntry>, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else {
            return ignored("nobody waits for this case", out);
        };
        let Page::Scan { ask, code, .. } = &mut visit.page else {
            return ignored("nobody waits for this case", out);
        };
        if *ask != Some(answered) {
            return ignored("a late answer", out);
        }
        let expected = code.take();
        let language = visit.language;
        let entry = entry.filter(|entry| expected.as_deref() == Some(receipt::kept_code(entry.id).as_str()));
        let Some(entry) = entry else {
            return self.scan_prompt(ScanPrompt::NotFound);
        };
        let number = receipt::kiosk_number(&self.settings.kiosk_code, entry.sequence);
        let status = |state, number: &str, promised| CaseStatus {
            item: entry.item.plain_name.get(language).to_owned(),
            number: receipt::in_groups(number),
            state,
            raw: String::new(),
            as_of: crate::domain::time::clock(now.wall),
            live: false,
            promised,
        };
        match &entry.state {
            OutboxState::Queued => {
                let page = Page::Status(Box::new(status(CaseState::Kept, &number, None)));
                self.turn_to(now, page, out);
            }
            OutboxState::SetAside { .. } => {
                let page = Page::Status(Box::new(status(CaseState::SetAside, &number, None)));
                self.turn_to(now, page, out);
            }
            OutboxState::Acknowledged { receipt: given } => {
                let promised = given.promise_date.map(crate::domain::time::day);
                let mut known = status(CaseState::Submitted, &given.case_number, promised);
                known.as_of = crate::domain::time::clock(given.accepted_at);
                let command = CountyCommand::CaseState {
                    case_number: given.case_number.clone(),
                    query_code: given.query_code.clone(),
                };
                let asked = self.ask_county(command, out);
                if let Some(Page::Scan { ask, number, last_known, .. }) =
                    self.visit.as_mut().map(|visit| &mut visit.page)
                {
                    (*ask, *number, *last_known) = (Some(asked), given.case_number.clone(), Some(Box::new(known)));
                }
            }
        }
    }
}

/// Why this card cannot be used, in the order a person would check it.
fn objection(card: &IdCard, now: &Now) -> Option<CardPrompt> {
    let today = local_date(now.wall);
    let today = (i32::from(today.year()), today.month(), today.day());
    let key = |date: kiosk_hal::model::CardDate| (i32::from(date.year), date.month as i8, date.day as i8);
    match card.kind {
        CardKind::Resident | CardKind::HmtResidence => {}
        CardKind::ForeignPermanent2017 | CardKind::ForeignPermanent2023 => {
            return Some(CardPrompt::KindNotServed);
        }
    }
    if card.name.is_empty() || card.name.contains(char::REPLACEMENT_CHARACTER) {
        // A name that cannot be read whole is nobody's name.
        return Some(CardPrompt::Failed { why: CardFailure::Malformed });
    }
    if card.number_check == NumberCheck::Failed {
        return Some(CardPrompt::NumberWrong);
    }
    match card.valid_until {
        Validity::Until(last) if key(last) < today => return Some(CardPrompt::Expired),
        Validity::Until(_) | Validity::LongTerm | Validity::Unclear => {}
    }
    match card.valid_from {
        Some(first) if key(first) > today => Some(CardPrompt::NotYetValid),
        Some(_) | None => None,
    }
}
