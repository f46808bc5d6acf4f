//! The store for staff, while the engine has it: the same keeper, on its own thread, between two commands of the engine.
//!
//! A [`StaffDoor`] asks and does not own: when the engine drops its store, the thread ends, and whoever still asks is told
//! that the store is closed. What a person does by hand is told to the engine as well, as an answer of the store that
//! nobody asked for ([`StoreEvent::Carried`], [`StoreEvent::Requeued`]), so that its plan follows the disk.

use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::sync::mpsc::SyncSender;

use super::error::{StoreError, StoreErrorKind};
use super::keeper::Keeper;
use super::writer::{Request, Store, post};
use crate::domain::id::Sequence;
use crate::domain::submission::{StoreCommand, StoreEvent};

/// Work for the store's thread: the keeper, and the sink that tells the engine.
pub(super) type StaffWork = Box<dyn FnOnce(&mut Keeper, &mut dyn FnMut(StoreEvent)) + Send>;

/// Asks the store of a running engine.
#[derive(Clone)]
pub struct StaffDoor {
    file: PathBuf,
    requests: Weak<SyncSender<Request>>,
}

impl std::fmt::Debug for StaffDoor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffDoor").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Store {
    /// A door for staff.
    pub fn staff(&self) -> StaffDoor {
        let (file, requests) = self.for_staff();
        StaffDoor { file, requests }
    }
}

impl StaffDoor {
    /// The folder in which the store lies.
    pub fn folder(&self) -> PathBuf {
        self.file.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// Has the work done on the store's thread; it answers by what it captured.
    ///
    /// # Errors
    /// `store.closed` or `store.overloaded`: it is not done.
    pub fn ask(
        &self,
        work: impl FnOnce(&mut Keeper, &mut dyn FnMut(StoreEvent)) + Send + 'static,
    ) -> Result<(), StoreError> {
        let refused = |kind| StoreError::new(&self.file, "work with", kind);
        let requests = self.requests.upgrade().ok_or_else(|| refused(StoreErrorKind::Closed))?;
        post(&requests, Request::Staff(Box::new(work))).map_err(|(kind, _)| refused(kind))
    }
}

/// Puts one that is set aside back into the queue, and tells the engine.
///
/// # Errors
/// `store.not-queued`: there is none with this number that is set aside.
pub fn requeue(keeper: &mut Keeper, sequence: Sequence, tell: &mut dyn FnMut(StoreEvent)) -> Result<(), StoreError> {
    keeper.requeue(sequence)?;
    let mut found = None;
    keeper.command(&StoreCommand::Find { sequence }, &mut |event| {
        if let StoreEvent::Found { entry } = event {
            found = entry;
        }
    });
    if let Some(entry) = found {
        tell(StoreEvent::Requeued { entry });
    }
    Ok(())
}

/// Writes a mark that came by hand, and tells the engine.
///
/// # Errors
/// The stable code of why the store did not take it.
pub fn mark(keeper: &mut Keeper, command: &StoreCommand, tell: &mut dyn FnMut(StoreEvent)) -> Result<(), String> {
    let mut failed = None;
    keeper.command(command, &mut |event| {
        if let StoreEvent::Acknowledged { id } = event {
            return tell(StoreEvent::Carried { id });
        }
        if let StoreEvent::MarkFailed { code, .. } | StoreEvent::Broken { code } = &event {
            failed = Some(code.clone());
        }
        if !matches!(event, StoreEvent::MarkFailed { .. }) {
            tell(event);
        }
    });
    failed.map_or(Ok(()), Err)
}
