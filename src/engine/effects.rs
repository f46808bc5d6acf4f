//! Carrying out what the core asks for.
//!
//! Nothing here waits: devices and store have queues of their own, calls to the county run as tasks beside the loop.
//! What cannot be handed over is answered at once with the event that says so, so that every question has its answer.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use kiosk_hal::model::{NotPrintedCause, PrintOutcome, PrinterEvent, PrinterRequest};
use tokio::sync::{mpsc, oneshot};

use super::devices::Devices;
use super::paper;
use super::stamp::Stamp;
use super::words::Words;
use crate::county::CountyClient;
use crate::domain::effect::Effect;
use crate::domain::event::{AskNo, Event};
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::kiosk::Kiosk;
use crate::domain::submission::{CountyCommand, CountyEvent, StoreCommand, StoreEvent, Verdict};
use crate::store::{Store, StoreErrorKind};

/// Hands effects to those who carry them out.
pub struct Executor {
    store: Store,
    county: Option<Rc<CountyClient>>,
    devices: Devices,
    words: Words,
    stamp: Rc<Stamp>,
    inbox: mpsc::Sender<Event>,
    /// Whether the county has the public half of this run's key, or is being told.
    registered: Rc<Cell<bool>>,
    /// The store answers in order: the numbers of the look-ups under way.
    finds: VecDeque<AskNo>,
}

impl Executor {
    /// Everything an effect may need.
    pub fn new(
        store: Store,
        county: Option<Rc<CountyClient>>,
        devices: Devices,
        words: Words,
        stamp: Rc<Stamp>,
        inbox: mpsc::Sender<Event>,
    ) -> Self {
        let registered = Rc::default();
        Self { store, county, devices, words, stamp, inbox, registered, finds: VecDeque::new() }
    }

    /// Store and devices, for whoever asks whether they live.
    pub fn parts(&self) -> (&Store, &Devices) {
        (&self.store, &self.devices)
    }

    /// Gives an answer of the store the number of its question.
    pub fn name_answer(&mut self, mut event: Event) -> Event {
        if let Event::Store { ask, event: StoreEvent::Found { .. } | StoreEvent::FindFailed { .. } } = &mut event {
            *ask = self.finds.pop_front().unwrap_or_default();
        }
        if let Event::County { event: CountyEvent::Probed { reachable: true }, .. } = &event {
            self.register();
        }
        if let Event::County { event: CountyEvent::Submitted { verdict: Verdict::Stored { .. }, .. }, .. } = &event {
            self.register();
        }
        event
    }

    /// Carries out one effect. `Some` is its answer, where it has one at once.
    pub fn carry_out(&mut self, effect: Effect, kiosk: &Kiosk) -> Option<Event> {
        match effect {
            Effect::Reader(request) => {
                if let Some(Err(busy)) = self.devices.reader.as_ref().map(|reader| reader.send(request)) {
                    tracing::error!(%busy, "request lost");
                }
                None
            }
            Effect::Scanner(request) => {
                if let Some(Err(busy)) = self.devices.scanner.as_ref().map(|scanner| scanner.send(request)) {
                    tracing::error!(%busy, "request lost");
                }
                None
            }
            Effect::Print { job, paper } => {
                let slip =
                    paper::write(&paper, &self.words, kiosk.settings(), kiosk.catalog(), |claim| self.stamp.qr(claim));
                let taken = self
                    .devices
                    .printer
                    .as_ref()
                    .is_some_and(|printer| printer.send(PrinterRequest::Print { job, slip }).is_ok());
                let outcome = PrintOutcome::NotPrinted(NotPrintedCause::NoDevice);
                (!taken).then_some(Event::Printer(PrinterEvent::Finished { job, outcome }))
            }
            Effect::Store { ask, command } => {
                let looks_up = matches!(command, StoreCommand::Find { .. });
                match self.store.send(command) {
                    Ok(()) => {
                        if looks_up {
                            self.finds.push_back(ask);
                        }
                        None
                    }
                    Err(refusal) => Some(Event::Store { ask, event: *refusal }),
                }
            }
            Effect::County { ask, command } => self.ask_county(ask, command),
            Effect::Note(_) | Effect::Ignored { .. } => None,
        }
    }

    /// Tells the county the public half of the key, once in a run. Asked whenever the county has been found there, so
    /// that a telling that failed is repeated with the next look and needs no waits of its own.
    fn register(&self) {
        let (Some(county), Some(key)) = (self.county.clone(), self.stamp.key()) else { return };
        if self.registered.replace(true) {
            return;
        }
        let (public, suite, registered) = (key.public().to_pem(), key.suite(), Rc::clone(&self.registered));
        tokio::task::spawn_local(async move {
            let told = match public {
                Ok(public) => county.register_receipt_key(suite.as_str(), &public).await,
                Err(error) => Err(error.code().to_owned()),
            };
            if let Err(code) = told {
                // A platform without a register will not have one in a minute.
                registered.set(code == "county.http-404");
                tracing::warn!(code, "the county does not have the key of this kiosk's slips");
            }
        });
    }

    fn ask_county(&self, ask: AskNo, command: CountyCommand) -> Option<Event> {
        let Some(county) = self.county.clone() else {
            return Some(Event::County { ask, event: no_county(command) });
        };
        let inbox = self.inbox.clone();
        match command {
            CountyCommand::Submit { id, sequence } => self.submit(county, ask, id, sequence),
            CountyCommand::CaseState { case_number, query_code } => {
                tokio::task::spawn_local(async move {
                    let answer = county.case_state(&case_number, &query_code).await;
                    inbox.send(Event::County { ask, event: CountyEvent::CaseState { answer } }).await.ok();
                });
            }
            CountyCommand::Probe => {
                tokio::task::spawn_local(async move {
                    let reachable = county.probe().await;
                    inbox.send(Event::County { ask, event: CountyEvent::Probed { reachable } }).await.ok();
                });
            }
        }
        None
    }

    /// The bytes come out of the store as they were kept and go out as they came: never rebuilt, never re-encoded.
    fn submit(&self, county: Rc<CountyClient>, ask: AskNo, id: SubmissionId, sequence: Sequence) {
        let (give, body) = oneshot::channel();
        self.store.fetch_body(id, move |body| {
            give.send(body).ok();
        });
        let inbox = self.inbox.clone();
        tokio::task::spawn_local(async move {
            let verdict = match body.await {
                Ok(Ok(Some(body))) => county.submit(id, sequence, body.bytes()).await,
                Ok(Ok(None)) => Verdict::SetAside { code: "store.body-missing".to_owned() },
                Ok(Err(error)) if error.kind == StoreErrorKind::EntryDamaged => {
                    Verdict::SetAside { code: error.code().to_owned() }
                }
                Ok(Err(error)) => Verdict::TryAgain { code: error.code().to_owned(), after: None },
                Err(_) => Verdict::TryAgain { code: "store.closed".to_owned(), after: None },
            };
            inbox.send(Event::County { ask, event: CountyEvent::Submitted { id, verdict } }).await.ok();
        });
    }
}

/// The answer of a machine without a county: everything is kept, nothing is sent.
fn no_county(command: CountyCommand) -> CountyEvent {
    let code = "county.not-configured".to_owned();
    match command {
        CountyCommand::Submit { id, .. } => {
            CountyEvent::Submitted { id, verdict: Verdict::TryAgain { code, after: None } }
        }
        CountyCommand::CaseState { .. } => CountyEvent::CaseState { answer: Err(code) },
        CountyCommand::Probe => CountyEvent::Probed { reachable: false },
    }
}
