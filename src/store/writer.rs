//! The handle and the one thread behind it.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use super::body::Body;
use super::error::{StoreError, StoreErrorKind};
use super::keeper::{Keeper, OpenReport, Opening, refusal};
use super::staff::StaffWork;
use crate::domain::id::SubmissionId;
use crate::domain::submission::{StoreCommand, StoreEvent};
use crate::ipc::Beats;

/// Commands that may wait for the disk. A visit has one under way and the sender one; more than this is a fault.
const WAITING: usize = 64;

type BodyCallback = Box<dyn FnOnce(Result<Option<Body>, StoreError>) + Send>;

pub(super) enum Request {
    Command(StoreCommand),
    Body(SubmissionId, BodyCallback),
    /// Work of staff.
    Staff(StaffWork),
    /// Asks for a sign of life.
    Beat,
}

/// The store. Dropping it finishes what was sent and closes the database.
pub struct Store {
    file: PathBuf,
    report: OpenReport,
    beats: Beats,
    requests: Option<Arc<SyncSender<Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("file", &self.file).field("report", &self.report).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database file of this kiosk and starts the thread. `sink` is called on that thread with the one answer
    /// of each command, and with [`StoreEvent::Broken`] once when the store breaks outside of an answer.
    pub fn open(opening: &Opening, sink: impl FnMut(StoreEvent) + Send + 'static) -> Result<Self, StoreError> {
        let (mut keeper, report) = Keeper::open(opening)?;
        let (requests, inbox) = sync_channel(WAITING);
        let mut sink = sink;
        let beats = Beats::default();
        let beaten = beats.clone();
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || run(&mut keeper, &inbox, &beaten, &mut sink))
            .map_err(|_| StoreError::new(&opening.file, "start the thread of", StoreErrorKind::Internal))?;
        Ok(Self { file: opening.file.clone(), report, beats, requests: Some(Arc::new(requests)), thread: Some(thread) })
    }

    /// What was found at opening.
    pub fn report(&self) -> &OpenReport {
        &self.report
    }

    /// Hands a command to the thread without waiting. `Err` holds the answer of a command that was not taken, because
    /// too many wait or the thread is gone.
    pub fn send(&self, command: StoreCommand) -> Result<(), Box<StoreEvent>> {
        self.post(Request::Command(command)).map_err(|(kind, request)| match request {
            Request::Command(command) => Box::new(refusal(&command, kind.code(), true)),
            Request::Body(..) | Request::Staff(_) | Request::Beat => {
                Box::new(StoreEvent::Broken { code: kind.code().to_owned() })
            }
        })
    }

    /// Reads the bytes of an application on the thread and gives them to `callback` there. `Ok(None)`: nothing to send,
    /// unknown or acknowledged. `store.entry-damaged`: never to be sent, set it aside.
    pub fn fetch_body(
        &self,
        id: SubmissionId,
        callback: impl FnOnce(Result<Option<Body>, StoreError>) + Send + 'static,
    ) {
        if let Err((kind, Request::Body(_, callback))) = self.post(Request::Body(id, Box::new(callback))) {
            callback(Err(StoreError::new(&self.file, "read from", kind)));
        }
    }

    /// As [`Store::fetch_body`], and waits for it. Not for the engine's thread.
    pub fn body(&self, id: SubmissionId) -> Result<Option<Body>, StoreError> {
        let (answer, wait) = sync_channel(1);
        self.fetch_body(id, move |body| {
            // A receiver that went away does not want it.
            let _gone = answer.send(body);
        });
        wait.recv().unwrap_or_else(|_| Err(StoreError::new(&self.file, "read from", StoreErrorKind::Closed)))
    }

    /// Asks the thread for a sign of life and gives the number of signs so far. A thread that hangs in the disk, or whose
    /// queue is full, gives none.
    pub fn beat(&self) -> u64 {
        self.post(Request::Beat).ok();
        self.beats.count()
    }

    fn post(&self, request: Request) -> Result<(), (StoreErrorKind, Request)> {
        let Some(requests) = &self.requests else {
            return Err((StoreErrorKind::Closed, request));
        };
        post(requests, request)
    }

    /// What a door for staff needs. It keeps nothing alive: dropping the store still ends the thread.
    pub(super) fn for_staff(&self) -> (PathBuf, Weak<SyncSender<Request>>) {
        (self.file.clone(), self.requests.as_ref().map(Arc::downgrade).unwrap_or_default())
    }
}

/// Hands a request over without waiting.
pub(super) fn post(requests: &SyncSender<Request>, request: Request) -> Result<(), (StoreErrorKind, Request)> {
    requests.try_send(request).map_err(|error| match error {
        TrySendError::Full(request) => (StoreErrorKind::Overloaded, request),
        TrySendError::Disconnected(request) => (StoreErrorKind::Closed, request),
    })
}

impl Drop for Store {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported by its own unwinding.
            let _panicked = thread.join();
        }
    }
}

/// The thread: requests in their order, until the handle is dropped.
fn run(keeper: &mut Keeper, inbox: &Receiver<Request>, beats: &Beats, sink: &mut dyn FnMut(StoreEvent)) {
    while let Ok(request) = inbox.recv() {
        // A panic is a fault of the program. It must not end as a store that is silently gone: the question is refused,
        // the machine goes out of service, and the file is opened afresh as after a fault of the disk.
        match request {
            Request::Command(command) => {
                let told = std::panic::catch_unwind(AssertUnwindSafe(|| keeper.command(&command, sink)));
                if told.is_err() {
                    gave_up(keeper, Some(&command), sink);
                }
            }
            Request::Body(id, callback) => {
                let told = std::panic::catch_unwind(AssertUnwindSafe(|| callback(keeper.body(id, sink))));
                if told.is_err() {
                    gave_up(keeper, None, sink);
                }
            }
            Request::Staff(work) => {
                let told = std::panic::catch_unwind(AssertUnwindSafe(|| work(keeper, sink)));
                if told.is_err() {
                    gave_up(keeper, None, sink);
                }
            }
            Request::Beat => beats.beat(),
        }
    }
}

/// After a panic: refuses what was asked and says that the store is broken.
fn gave_up(keeper: &mut Keeper, command: Option<&StoreCommand>, sink: &mut dyn FnMut(StoreEvent)) {
    keeper.give_up();
    let code = StoreErrorKind::Internal.code();
    tracing::error!(code, "the store's thread panicked");
    if let Some(command) = command {
        sink(refusal(command, code, false));
    }
    sink(StoreEvent::Broken { code: code.to_owned() });
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use std::fs::OpenOptions;
    use std::path::Path;

    use super::*;
    use crate::domain::id::Sequence;
    use crate::domain::place::KioskCode;
    use crate::seal::tests::sealer;
    use crate::store::ledger::tests::{application, is_on_disk, receipt};

    #[test]
    fn each_command_has_one_answer_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let (store, events) = opened(&folder.path().join("kiosk.db"));
        assert!(store.report().is_new);
        store.send(keep(1)).unwrap();
        store.send(keep(1)).unwrap();
        store.send(StoreCommand::Find { sequence: Sequence(2) }).unwrap();
        store.send(StoreCommand::LoadQueue).unwrap();
        let id = application(1).client_submission_id;
        assert!(store.body(id).unwrap().is_some());
        drop(store);
        let events: Vec<_> = events.iter().collect();
        let [
            StoreEvent::Kept { entry },
            StoreEvent::Kept { entry: again },
            StoreEvent::Found { entry: None },
            StoreEvent::Queue { entries },
        ] = events.as_slice()
        else {
            panic!("{events:?}");
        };
        assert_eq!(entry, again);
        assert_eq!(entries.as_slice(), std::slice::from_ref(entry));
    }

    #[test]
    fn a_command_that_finds_no_room_gets_its_answer_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (store, hold, is_busy) = held_up(&folder.path().join("kiosk.db"));
        // Dropped before the store, also when an assertion fails: the thread must be free to end.
        let hold = hold;
        store.send(StoreCommand::LoadQueue).unwrap();
        is_busy.recv().unwrap();
        for _ in 0..WAITING {
            store.send(StoreCommand::LoadQueue).unwrap();
        }
        let code = "store.overloaded".to_owned();
        let refused = store.send(StoreCommand::LoadQueue).unwrap_err();
        assert_eq!(*refused, StoreEvent::Broken { code: code.clone() });
        let id = application(1).client_submission_id;
        let refused = store.send(keep(1)).unwrap_err();
        assert_eq!(*refused, StoreEvent::NotKept { id, code, certain: true });
        drop(hold);
    }

    #[test]
    fn a_thread_that_hangs_gives_no_sign_of_life_and_one_that_goes_on_does() {
        let folder = tempfile::tempdir().unwrap();
        let (store, hold, is_busy) = held_up(&folder.path().join("kiosk.db"));
        let hold = hold;
        store.send(StoreCommand::LoadQueue).unwrap();
        is_busy.recv().unwrap();
        assert_eq!((store.beat(), store.beat()), (0, 0), "it hangs in its sink");
        drop(hold);
        // The answer to a later question proves that everything before it is done.
        assert!(store.body(application(1).client_submission_id).unwrap().is_none());
        assert!(store.beat() >= 2);
    }

    #[test]
    fn an_answered_acknowledgement_has_left_nothing_of_the_content_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (store, events) = opened(&folder.path().join("kiosk.db"));
        store.send(keep(41)).unwrap();
        assert!(matches!(events.recv().unwrap(), StoreEvent::Kept { .. }));
        let id = application(41).client_submission_id;
        let sealed = store.body(id).unwrap().unwrap();
        let piece = &sealed.bytes()[150..214];
        assert!(is_on_disk(&folder, piece), "the search itself must work");
        assert!(!is_on_disk(&folder, "张小明41".as_bytes()));
        let receipt = receipt("N1");
        store.send(StoreCommand::Acknowledge { id, receipt }).unwrap();
        assert_eq!(events.recv().unwrap(), StoreEvent::Acknowledged { id });
        assert!(!is_on_disk(&folder, piece));
    }

    #[test]
    fn a_panic_on_the_thread_breaks_the_store_and_a_reopening_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let (store, events) = opened(&folder.path().join("kiosk.db"));
        store.send(keep(1)).unwrap();
        assert!(matches!(events.recv().unwrap(), StoreEvent::Kept { .. }));
        store.fetch_body(application(1).client_submission_id, |_| panic!("a planted fault"));
        assert_eq!(events.recv().unwrap(), StoreEvent::Broken { code: "store.internal".to_owned() });
        store.send(keep(2)).unwrap();
        assert!(matches!(events.recv().unwrap(), StoreEvent::NotKept { .. }));
        store.send(StoreCommand::Reopen).unwrap();
        let reopened =
            StoreEvent::Reopened { last: Sequence(1), open: 1, missing: Vec::new(), is_salvaged: false, aside: None };
        assert_eq!(events.recv().unwrap(), reopened);
        store.send(keep(2)).unwrap();
        assert!(matches!(events.recv().unwrap(), StoreEvent::Kept { entry } if entry.sequence == Sequence(2)));
    }

    #[test]
    fn a_store_whose_file_breaks_says_so_once_and_writes_nothing_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let (store, _events) = opened(&file);
        for n in 1..=20 {
            let _room = store.send(keep(n));
            let _in_step = store.body(application(n).client_submission_id);
        }
        drop(store);

        let (store, events) = opened(&file);
        OpenOptions::new().write(true).open(&file).unwrap().set_len(4096).unwrap();
        for n in 201..=203 {
            store.send(keep(n)).unwrap();
        }
        store.send(StoreCommand::LoadQueue).unwrap();
        let error = store.body(application(1).client_submission_id).unwrap_err();
        drop(store);
        let events: Vec<_> = events.iter().collect();
        let code = error.code().to_owned();
        assert_eq!(code, "store.damaged");
        let not_kept = |n, certain| {
            let id = application(n).client_submission_id;
            StoreEvent::NotKept { id, code: code.clone(), certain }
        };
        let broken = StoreEvent::Broken { code: code.clone() };
        assert_eq!(events, [not_kept(201, false), broken.clone(), not_kept(202, true), not_kept(203, true), broken]);
    }

    #[test]
    fn the_answer_of_a_refused_command_fits_the_command() {
        let id = application(1).client_submission_id;
        let code = "store.io".to_owned();
        let aside = StoreCommand::SetAside { id, reason: "x".to_owned() };
        assert_eq!(refusal(&aside, &code, true), StoreEvent::MarkFailed { id, code: code.clone() });
        for certain in [false, true] {
            let not_kept = StoreEvent::NotKept { id, code: code.clone(), certain };
            assert_eq!(refusal(&keep(1), &code, certain), not_kept);
        }
    }

    fn keep(n: u64) -> StoreCommand {
        StoreCommand::Keep { application: Box::new(application(n)) }
    }

    /// A store whose thread stays in its first answer until the holder is dropped; the receiver hears that it is there.
    fn held_up(file: &Path) -> (Store, SyncSender<()>, Receiver<()>) {
        let (hold, held) = sync_channel::<()>(0);
        let (busy, is_busy) = sync_channel(1_000);
        let store = Store::open(&Opening::at(file, &kiosk(), &sealer()), move |_| {
            let _ended = busy.send(());
            let _released = held.recv();
        })
        .unwrap();
        (store, hold, is_busy)
    }

    fn opened(file: &Path) -> (Store, Receiver<StoreEvent>) {
        let (events, received) = sync_channel(1000);
        let store = Store::open(&Opening::at(file, &kiosk(), &sealer()), move |event| {
            let _test_ended = events.send(event);
        })
        .unwrap();
        (store, received)
    }

    fn kiosk() -> KioskCode {
        KioskCode::new("K032").unwrap()
    }
}
