//! The kiosk: every decision of the machine, as one total function over plain data.
//!
//! [`Kiosk::handle`] takes one event and the time it happened at, and answers with effects. [`Kiosk::next_wake`] says
//! when it wants to be woken, and why. [`Kiosk::screen`] is a projection of the state, free of side effects. Every
//! event is legal in every state: what makes no sense gives [`Effect::Ignored`] and nothing else.
//!
//! Promises kept here: *store, then show, then print, then send* (the slip "kept" is asked for only by the store's
//! answer, sending waits for the slip); a submission keeps its id for life; the visit's answers survive any device; a
//! late result of a finished visit never reaches the next person's screen; ending a visit drops everything personal.
//!
//! Not here: words for residents (`ui/`), bytes of devices (`kiosk-hal`), clocks, files, network.

mod health;
mod project;
mod reopening;
mod results;
mod room;
mod sending;
mod service;
mod touch;

use std::collections::BTreeMap;

use kiosk_hal::model::{IdReaderRequest, ScannerRequest};

use super::catalog::Catalog;
use super::effect::{Effect, Note, Paper, PaperKind, VisitEnd};
use super::event::{AskNo, Event};
use super::id::{SubmissionId, VisitNo};
use super::outbox::Outbox;
use super::session::{Page, SlipTrack, Visit};
use super::settings::Settings;
use super::submission::{CaseReceipt, CountyCommand, StoreCommand};
use super::time::{Now, SinceStart};
use reopening::Reopening;

use room::Room;
use service::Service;

pub use health::{Health, Line, StoreHealth};

/// What the machine is and knows.
#[derive(Debug)]
pub struct Kiosk {
    settings: Settings,
    catalog: Catalog,
    health: Health,
    outbox: Outbox,
    visit: Option<Visit>,
    visits: VisitNo,
    last_job: u64,
    last_ask: u64,
    next_probe: SinceStart,
    reopening: Reopening,
    /// When the line to the county came or went.
    line_since: SinceStart,
    /// When the last visit ended.
    quiet_since: SinceStart,
    /// The store told what is in its queue.
    queue_read: bool,
    room: Room,
    service: Service,
    /// Slips at the printer, with their word for the log, also those whose page or visit is gone.
    jobs: BTreeMap<u64, &'static str>,
    /// What the county gave, until the mark in the store is durable.
    receipts: BTreeMap<SubmissionId, CaseReceipt>,
}

/// Why the kiosk wants to be woken; a fixed word for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeReason {
    /// The visit's warning or end by inactivity.
    Idle,
    /// A page ends by itself.
    Page,
    /// Something is due to be sent.
    Outbox,
    /// Time to look whether the county is there.
    Probe,
    /// A broken store is opened again.
    Store,
    /// Time to look how much room the disk has.
    Room,
    /// The clock on the screen.
    Clock,
}

impl Kiosk {
    /// A kiosk that was just switched on, and what it asks for first.
    pub fn new(settings: Settings, catalog: Catalog, now: Now) -> (Self, Vec<Effect>) {
        let mut kiosk = Self {
            outbox: Outbox::new(settings.backoff),
            health: Health::new(),
            settings,
            catalog,
            visit: None,
            visits: VisitNo::default(),
            last_job: 0,
            last_ask: 0,
            next_probe: now.since_start,
            reopening: Reopening::default(),
            line_since: now.since_start,
            quiet_since: now.since_start,
            queue_read: false,
            room: Room { next: now.since_start, ..Room::default() },
            service: Service::default(),
            jobs: BTreeMap::new(),
            receipts: BTreeMap::new(),
        };
        let mut out = Vec::new();
        kiosk.ask_store(StoreCommand::LoadQueue, &mut out);
        kiosk.watch_room(&now, &mut out);
        kiosk.send_due(&now, &mut out);
        (kiosk, out)
    }

    /// Takes one event. Total: never panics, whatever comes in whatever order.
    pub fn handle(&mut self, now: Now, event: Event) -> Vec<Effect> {
        let mut out = Vec::new();
        self.expire(&now, &mut out);
        match event {
            Event::Intent(intent) => self.touch(&now, intent, &mut out),
            Event::Device(status) => self.device(status, &mut out),
            Event::Reader(event) => self.reader(&now, event, &mut out),
            Event::Printer(event) => self.printer(&now, event, &mut out),
            Event::Scanner(event) => self.scanner(&now, event, &mut out),
            Event::Store { ask, event } => self.store(&now, ask, event, &mut out),
            Event::County { ask, event } => self.county(&now, ask, event, &mut out),
            Event::StoreFound(found) => self.store_found(found),
            Event::Updates(news) => self.updates(&now, *news),
            Event::Woke => {}
        }
        if self.reopening.take_due(now.since_start) {
            self.ask_store(StoreCommand::Reopen, &mut out);
        }
        self.watch_room(&now, &mut out);
        self.send_due(&now, &mut out);
        out
    }

    /// The next deadline and the reason for it. The engine sleeps until then if nothing happens.
    pub fn next_wake(&self, now: &Now) -> (SinceStart, WakeReason) {
        let minute = 60_000 - u64::try_from(now.wall.as_millisecond().rem_euclid(60_000)).unwrap_or(0);
        let mut next = (now.since_start + SinceStart::from_millis(minute), WakeReason::Clock);
        let mut offer = |at: SinceStart, reason| {
            if at < next.0 {
                next = (at, reason);
            }
        };
        if !self.outbox.is_sending() {
            offer(self.next_probe, WakeReason::Probe);
        }
        offer(self.room.next, WakeReason::Room);
        if let Some(due) = self.outbox.next_wake() {
            offer(due, WakeReason::Outbox);
        }
        if let Some(due) = self.reopening.due() {
            offer(due, WakeReason::Store);
        }
        if let Some(due) = self.service_wake(now) {
            offer(due, WakeReason::Page);
        }
        if let Some(visit) = &self.visit {
            let (warning, wipe) = visit.limits(&self.settings.times);
            if now.since_start < warning {
                offer(warning, WakeReason::Idle);
            } else {
                // The seconds on the warning count down.
                offer((now.since_start + SinceStart::from_secs(1)).min(wipe), WakeReason::Idle);
            }
            if let Page::Take { until } | Page::Storing { until, .. } = &visit.page {
                offer(*until, WakeReason::Page);
            } else if let Page::Scan { until: Some(until), .. } = &visit.page {
                offer(*until, WakeReason::Page);
            } else if let Some(SlipTrack::Printing { until, .. }) = visit.page.slip() {
                offer(*until, WakeReason::Page);
            }
        }
        next
    }

    /// The catalogue in use.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The settings in use.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether somebody is using the machine: no update and no restart now.
    pub fn is_in_use(&self) -> bool {
        self.visit.is_some()
    }

    /// Applications whose acknowledgement is still missing.
    pub fn waiting(&self) -> usize {
        self.outbox.waiting()
    }

    /// The one place that changes the page: what a page needs is asked for and given up here.
    fn turn_to(&mut self, now: &Now, page: Page, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        let before = std::mem::replace(&mut visit.page, page);
        if before.wants_card() != visit.page.wants_card() {
            let request = if visit.page.wants_card() { IdReaderRequest::Watch } else { IdReaderRequest::Stop };
            out.push(Effect::Reader(request));
        }
        if before.wants_code() != visit.page.wants_code() {
            let request = if visit.page.wants_code() { ScannerRequest::Enable } else { ScannerRequest::Disable };
            out.push(Effect::Scanner(request));
        }
        if let Page::Kept(done) = before {
            // Nobody waits at the slot any more: the application may go.
            self.outbox.release(done.id, now.since_start);
        }
    }

    /// Ends the visit and wipes everything of it.
    fn end_visit(&mut self, now: &Now, how: VisitEnd, out: &mut Vec<Effect>) {
        self.turn_to(now, Page::Home, out);
        if let Some(visit) = self.visit.take() {
            self.quiet_since = now.since_start;
            let after = now.since_start.saturating_sub(visit.began);
            out.push(Effect::Note(Note::VisitEnded { visit: visit.no, how, after }));
        }
    }

    /// Leaves: by way of "take your card and paper" if there is anything to take.
    fn leave(&mut self, now: &Now, out: &mut Vec<Effect>) {
        let Some(visit) = &mut self.visit else { return };
        visit.panel = None;
        if visit.card_used || visit.papers > 0 {
            let until = now.since_start + self.settings.times.take;
            self.turn_to(now, Page::Take { until }, out);
        } else {
            self.end_visit(now, VisitEnd::Left, out);
        }
    }

    /// Ends what has run out.
    fn expire(&mut self, now: &Now, out: &mut Vec<Effect>) {
        self.expire_service(now);
        let Some(visit) = &mut self.visit else { return };
        if now.since_start >= visit.limits(&self.settings.times).1 {
            self.end_visit(now, VisitEnd::TimedOut, out);
            return;
        }
        if let Some(slip) = visit.page.slip_mut()
            && let SlipTrack::Printing { job, until, .. } = slip
            && now.since_start >= *until
        {
            let job = *job;
            let outcome = kiosk_hal::model::PrintOutcome::Unknown(kiosk_hal::model::UnknownCause::NoProof);
            self.slip_ended(now, job, outcome, out);
            return;
        }
        if let Page::Take { until } = &visit.page
            && now.since_start >= *until
        {
            self.end_visit(now, VisitEnd::Left, out);
        } else if let Page::Storing { until, application, .. } = &visit.page
            && now.since_start >= *until
        {
            let id = application.client_submission_id;
            self.not_kept(now, id, "store.no-answer".to_owned(), None, out);
        } else if let Page::Scan { until: Some(until), .. } = &visit.page
            && now.since_start >= *until
        {
            self.lookup_failed(now, out);
        }
    }

    /// Asks for a slip and returns what tracks it.
    fn print(&mut self, now: &Now, kind: PaperKind, copy: bool, out: &mut Vec<Effect>) -> SlipTrack {
        let Some(visit) = &mut self.visit else {
            return SlipTrack::None;
        };
        visit.papers += 1;
        self.last_job += 1;
        let job = self.last_job;
        self.jobs.insert(job, kind.word(copy));
        let paper =
            Paper { language: visit.language, size: visit.size, printed_at: now.wall, copy, kind: kind.clone() };
        out.push(Effect::Print { job, paper: Box::new(paper) });
        let until = now.since_start + self.settings.times.print_limit;
        SlipTrack::Printing { job, until, kind: Box::new(kind), copy }
    }

    fn ask_store(&mut self, command: StoreCommand, out: &mut Vec<Effect>) -> AskNo {
        let ask = self.next_ask();
        out.push(Effect::Store { ask, command });
        ask
    }

    fn ask_county(&mut self, command: CountyCommand, out: &mut Vec<Effect>) -> AskNo {
        let ask = self.next_ask();
        out.push(Effect::County { ask, command });
        ask
    }

    fn next_ask(&mut self) -> AskNo {
        self.last_ask += 1;
        AskNo(self.last_ask)
    }

    /// Number of the visit under way, 0 when nobody is here.
    fn visit_no(&self) -> VisitNo {
        self.visit.as_ref().map_or(VisitNo(0), |visit| visit.no)
    }

    /// The application whose resident stands there and waits for its number.
    fn waited_for(&self) -> Option<SubmissionId> {
        match self.visit.as_ref().map(|visit| &visit.page) {
            Some(Page::Kept(done)) => Some(done.id),
            Some(_) | None => None,
        }
    }

    /// The resident of this visit stands before the page of this application and waits for its number.
    fn is_waited_for(&self, id: SubmissionId) -> bool {
        self.visit.as_ref().is_some_and(|visit| matches!(&visit.page, Page::Kept(done) if done.id == id))
    }
}

#[cfg(test)]
mod tests;
