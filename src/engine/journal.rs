//! What happened, for technicians and for tests: ids and facts, never a person.
//!
//! Every line is an event of the catalogue (`telemetry`), so the journal, the log and `config/events.md` speak of the
//! same things in the same words. [`Recorder`] writes each event to both.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::clock::Clock;
use crate::domain::time::SinceStart;
use crate::telemetry::Event;

/// Receives each line of the journal. Called on the engine's thread; must not block.
pub trait Journal: Send {
    /// Takes one line.
    fn write(&mut self, line: &JournalLine);
}

/// One line: when, what, and the facts.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalLine {
    /// Milliseconds since the engine started.
    pub at_ms: u64,
    /// Stable event id of `config/events.md`.
    pub event: &'static str,
    /// The facts.
    pub facts: Map<String, Value>,
}

impl JournalLine {
    /// The line about an event.
    pub fn of(at: SinceStart, event: &Event) -> Self {
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        Self { at_ms, event: event.id(), facts: event.fields() }
    }

    /// The line as one JSON object.
    pub fn to_json(&self) -> String {
        let mut object = Map::new();
        object.insert("at_ms".into(), self.at_ms.into());
        object.insert("event".into(), self.event.into());
        object.extend(self.facts.clone());
        Value::Object(object).to_string()
    }
}

/// The journal as a file, if there is one: one JSON object per line. Without a file the log alone has the events.
#[derive(Debug, Default)]
pub struct FileJournal {
    file: Option<File>,
}

impl FileJournal {
    /// Writes to this file; what stood in it is gone.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { file: Some(File::create(path)?) })
    }
}

impl Journal for FileJournal {
    fn write(&mut self, line: &JournalLine) {
        if let Some(file) = &mut self.file
            && let Err(error) = writeln!(file, "{}", line.to_json())
        {
            tracing::error!(%error, "the journal cannot be written");
        }
    }
}

/// Writes events to the log and to the journal. Shared by all that run on the engine's thread.
#[derive(Clone)]
pub(super) struct Recorder {
    clock: Rc<Clock>,
    journal: Rc<RefCell<Box<dyn Journal>>>,
}

impl Recorder {
    /// Records with the engine's clock.
    pub(super) fn new(clock: Rc<Clock>, journal: Box<dyn Journal>) -> Self {
        Self { clock, journal: Rc::new(RefCell::new(journal)) }
    }

    /// Records one event, as of now.
    pub(super) fn record(&self, event: &Event) {
        event.emit();
        self.journal.borrow_mut().write(&JournalLine::of(self.clock.since_start(), event));
    }
}
