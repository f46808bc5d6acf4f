//! The staff's desk in a running engine: what waits and why, carrying by hand, and the recount.
//!
//! It promises that the same work has the same end whether the engine runs or not: what is done to a store is done by the
//! functions below, by the engine on its store's thread or by `kioskctl` on a store that nobody else has open. And it
//! promises that nothing is believed because of who brings it: the county's file is checked here, signature first.
//!
//! **Who may ask.** The socket is open to the group of the screen. These questions are answered to root and to the
//! engine's own user only, as the system itself tells who is at the other end ([`may_ask`]): a screen that was taken over can
//! touch, and can neither read what waits nor put it back into the queue.
//!
//! A recount takes as long as the line takes; the loop goes on meanwhile. Its two readings of the ledger are short, and the
//! second one waits for nobody: if a visit has begun, a recount of the schedule is given up and comes again.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use tokio::sync::oneshot;

use super::journal::Recorder;
use crate::county::carry::{self, Answer, CarryError};
use crate::county::{CountyClient, digest_of};
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::recount::{Claim, Recount};
use crate::domain::submission::{OutboxEntry, OutboxState, StoreCommand, StoreEvent, Verdict};
use crate::ipc::{EngineStatus, Imported, Language, RecountSummary, StaffAsk, StaffTold, Told, ToldState};
use crate::store::{self, Keeper, Listed, StaffDoor, StoreError};
use crate::telemetry::{Code, Event as Recorded};

/// Applications in one answer; each takes some three hundred bytes of a line of 256 kB.
const PAGE: usize = 200;
/// A body that makes a longer line is not told over the socket.
const BODY_MAX: usize = 200 * 1024;
/// A file that is carried here is not longer: a hundred thousand receipts.
const FILE_MAX: usize = 64 * 1024 * 1024;
/// Differences that the log names one by one; the status has the number of all, the file beside the store more of them.
const NAMED: usize = 20;

/// Whether a user may ask about the outbox: root, and whom the engine runs as.
pub fn may_ask(asks: u32, engine: u32) -> bool {
    asks == 0 || asks == engine
}

/// What a client may reach of the outbox.
pub struct StaffDesk {
    store: StaffDoor,
    folder: PathBuf,
    county: Option<Rc<CountyClient>>,
    terminal: String,
    recorder: Recorder,
    last: RefCell<Option<RecountSummary>>,
    status: Rc<RefCell<EngineStatus>>,
    is_counting: Cell<bool>,
}

impl StaffDesk {
    /// Over the store and the county of this engine.
    pub fn new(
        store: StaffDoor,
        county: Option<Rc<CountyClient>>,
        terminal: String,
        recorder: Recorder,
        status: Rc<RefCell<EngineStatus>>,
    ) -> Self {
        let folder = store.folder();
        let last = RefCell::new(store::last_recount(&folder).as_ref().map(RecountSummary::of));
        Self { store, folder, county, terminal, recorder, last, status, is_counting: Cell::new(false) }
    }

    /// The last recount.
    pub fn last(&self) -> Option<RecountSummary> {
        self.last.borrow().clone()
    }

    /// Answers a question; `file` collects the parts of a file of this client.
    pub async fn answer(&self, ask: StaffAsk, file: &mut String) -> StaffTold {
        match self.try_answer(ask, file).await {
            Ok(told) => told,
            Err(Refusal { code, message }) => StaffTold::Refused { code, message },
        }
    }

    async fn try_answer(&self, ask: StaffAsk, file: &mut String) -> Result<StaffTold, Refusal> {
        match ask {
            StaffAsk::List { after } => {
                let (entries, more) = self.on_store(move |keeper, _| page(keeper, after)).await??;
                Ok(StaffTold::List { entries, more })
            }
            StaffAsk::Body { sequence } => {
                let stored = self.on_store(move |keeper, tell| body(keeper, sequence, tell)).await?;
                if stored.as_ref().is_some_and(|stored| stored.len() > BODY_MAX) {
                    return Err(Refusal::new(
                        "outbox.too-long",
                        "this application is too long for the engine's socket",
                    ));
                }
                Ok(StaffTold::Body { stored })
            }
            StaffAsk::Retry { sequence } => {
                self.on_store(move |keeper, tell| store::requeue(keeper, sequence, tell)).await??;
                Ok(StaffTold::Done)
            }
            StaffAsk::Import { part, last } => {
                file.push_str(&part);
                if file.len() > FILE_MAX {
                    file.clear();
                    return Err(Refusal::new("carry.too-long", "this file is too long to be the county's"));
                }
                if !last {
                    return Ok(StaffTold::Taken);
                }
                let content = std::mem::take(file);
                Ok(StaffTold::Imported(self.import(content.as_bytes()).await?))
            }
            StaffAsk::Recount => Ok(StaffTold::Recounted { recount: self.recount(&|| true).await? }),
        }
    }

    async fn import(&self, file: &[u8]) -> Result<Imported, Refusal> {
        let county = self.county()?;
        let answers = carry::read_back(county.signer(), &self.terminal, file)?;
        let terminal = self.terminal.clone();
        self.on_store(move |keeper, tell| take_carried(keeper, &answers, &terminal, tell)).await?
    }

    /// Counts against the county, keeps the result, and writes down what differs. `is_free` says whether the ledger may be
    /// read a second time.
    pub async fn recount(&self, is_free: &dyn Fn() -> bool) -> Result<Recount, Refusal> {
        if self.is_counting.replace(true) {
            return Err(Refusal::new("recount.busy", "a recount is under way"));
        }
        let counted = self.count(is_free).await;
        self.is_counting.set(false);
        match &counted {
            Ok(recount) => self.write_down(recount),
            Err(refusal) => self.recorder.record(&Recorded::LedgerNotCounted { code: Code::new(&refusal.code) }),
        }
        counted
    }

    async fn count(&self, is_free: &dyn Fn() -> bool) -> Result<Recount, Refusal> {
        let county = self.county()?;
        let before = self.on_store(|keeper, _| entries(keeper)).await??;
        let theirs = county.whole_ledger().await.map_err(|code| {
            let message = format!("the county's ledger cannot be read ({code})");
            Refusal { code, message }
        })?;
        if !is_free() {
            return Err(Refusal::new("recount.in-use", "somebody has begun a visit"));
        }
        let (at, terminal) = (super::wall_clock(), self.terminal.clone());
        Ok(self.on_store(move |keeper, tell| sum_up(keeper, at, &before, &theirs, &terminal, tell)).await??)
    }

    fn write_down(&self, recount: &Recount) {
        self.recorder.record(&Recorded::LedgerRecounted {
            here: recount.here as u64,
            there: recount.there as u64,
            differing: recount.differing as u64,
        });
        for found in recount.differences.iter().take(NAMED) {
            let code = Code::new(found.kind.code());
            self.recorder.record(&Recorded::LedgerDiffers { sequence: found.sequence, code });
        }
        if let Err(error) = store::remember_recount(&self.folder, recount) {
            // The finding is in the log and in the status of this run; the next recount comes at its hour.
            tracing::warn!(%error, "the recount could not be written beside the store");
        }
        let summary = RecountSummary::of(recount);
        self.status.borrow_mut().recount = Some(summary.clone());
        *self.last.borrow_mut() = Some(summary);
    }

    fn county(&self) -> Result<Rc<CountyClient>, Refusal> {
        self.county.clone().ok_or_else(|| Refusal::new("county.not-configured", "this kiosk has no county"))
    }

    /// Has work done on the store's thread and waits for its result.
    async fn on_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Keeper, &mut dyn FnMut(StoreEvent)) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (give, result) = oneshot::channel();
        self.store.ask(move |keeper, tell| {
            // A client that went away does not want it; what was done is done and told to the engine.
            give.send(work(keeper, tell)).ok();
        })?;
        result.await.map_err(|_| Refusal::new("store.closed", "the store is closed"))
    }
}

/// Why something was not done: a stable code, and words for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code.
    pub code: String,
    /// What happened.
    pub message: String,
}

impl Refusal {
    fn new(code: &str, message: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_owned() }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string() }
    }
}

impl From<CarryError> for Refusal {
    fn from(error: CarryError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string() }
    }
}

/// Some applications above a number, and whether there are more.
fn page(keeper: &Keeper, after: Sequence) -> Result<(Vec<Told>, bool), StoreError> {
    let mut entries: Vec<Told> = keeper.listed_after(after, PAGE + 1)?.into_iter().map(told).collect();
    let more = entries.len() > PAGE;
    entries.truncate(PAGE);
    Ok((entries, more))
}

/// What staff are told of one.
pub fn told(Listed { entry, masked_name }: Listed) -> Told {
    let state = match entry.state {
        OutboxState::Queued => ToldState::Queued,
        OutboxState::Acknowledged { .. } => ToldState::Acknowledged,
        OutboxState::SetAside { reason } => ToldState::SetAside { reason },
    };
    Told {
        id: entry.id,
        sequence: entry.sequence,
        state,
        item: entry.item.plain_name.get(Language::Zh).to_owned(),
        masked_name,
        kept_at: entry.kept_at,
    }
}

/// The bytes of one as they would travel. A body that is damaged is none.
pub fn body(keeper: &mut Keeper, sequence: Sequence, tell: &mut dyn FnMut(StoreEvent)) -> Option<String> {
    let mut found = None;
    keeper.command(&StoreCommand::Find { sequence }, &mut |event| {
        if let StoreEvent::Found { entry: Some(entry) } = event {
            found = Some(entry.id);
        }
    });
    let body = keeper.body(found?, tell).ok().flatten()?;
    String::from_utf8(body.bytes().to_vec()).ok()
}

/// Stores the receipts of a file whose signature was checked. Doing it again changes nothing.
///
/// # Errors
/// The store took no mark; what was marked before stays marked.
pub fn take_carried(
    keeper: &mut Keeper,
    answers: &[Answer],
    terminal: &str,
    tell: &mut dyn FnMut(StoreEvent),
) -> Result<Imported, Refusal> {
    let known: BTreeMap<SubmissionId, OutboxEntry> =
        keeper.listed()?.into_iter().map(|listed| (listed.entry.id, listed.entry)).collect();
    let mut imported = Imported::default();
    for answer in answers {
        let Some(entry) = known.get(&answer.id) else {
            imported.unclear += 1;
            continue;
        };
        if matches!(entry.state, OutboxState::Acknowledged { .. }) {
            imported.known += 1;
            continue;
        }
        let Ok(Some(body)) = keeper.body(entry.id, tell) else {
            imported.unclear += 1;
            continue;
        };
        let mut mark = |command: StoreCommand| {
            store::mark(keeper, &command, tell)
                .map_err(|code| Refusal { code, message: "the store did not take a mark".to_owned() })
        };
        match answer.verdict(entry.sequence, terminal, body.bytes()) {
            Some(Verdict::Stored { receipt }) => {
                mark(StoreCommand::Acknowledge { id: entry.id, receipt })?;
                imported.stored += 1;
            }
            Some(Verdict::SetAside { code }) if matches!(entry.state, OutboxState::Queued) => {
                mark(StoreCommand::SetAside { id: entry.id, reason: code })?;
                imported.set_aside += 1;
            }
            Some(Verdict::SetAside { .. }) => imported.known += 1,
            Some(Verdict::TryAgain { .. } | Verdict::StopAll { .. }) | None => imported.unclear += 1,
        }
    }
    Ok(imported)
}

/// Every entry of the ledger.
///
/// # Errors
/// The database cannot be read.
pub fn entries(keeper: &Keeper) -> Result<Vec<OutboxEntry>, StoreError> {
    Ok(keeper.listed()?.into_iter().map(|listed| listed.entry).collect())
}

/// Reads the ledger again and sums up. Bodies are read only of what is held here and is with the county as well.
///
/// # Errors
/// The database cannot be read.
pub fn sum_up(
    keeper: &mut Keeper,
    at: jiff::Timestamp,
    before: &[OutboxEntry],
    theirs: &[Claim],
    terminal: &str,
    tell: &mut dyn FnMut(StoreEvent),
) -> Result<Recount, StoreError> {
    let after = entries(keeper)?;
    let with_county: BTreeSet<SubmissionId> = theirs.iter().map(|claim| claim.client_submission_id).collect();
    let mut digests = BTreeMap::new();
    for entry in &after {
        let is_held = !matches!(entry.state, OutboxState::Acknowledged { .. });
        if is_held
            && with_county.contains(&entry.id)
            && let Ok(Some(body)) = keeper.body(entry.id, tell)
            && let Some(digest) = digest_of(entry.id, entry.sequence, terminal, body.bytes())
        {
            digests.insert(entry.id, digest);
        }
    }
    Ok(Recount::of(at, before, theirs, &after, &|id| digests.get(&id).cloned()))
}
