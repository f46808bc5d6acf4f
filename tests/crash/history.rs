//! What was promised and sent over all lives, and whether the store still knows it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kiosk::domain::id::Sequence;
use kiosk::domain::submission::{OutboxEntry, OutboxState, StoreCommand, StoreEvent};

use super::world::{Desk, key_of, receipt};

/// How much happened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub kept: u64,
    pub sent: u64,
    pub resent: u64,
    pub acknowledged: u64,
}

/// A promise: number and owner.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Promise {
    sequence: u64,
    key: String,
}

/// Everything the children said.
#[derive(Debug, Default)]
pub struct History {
    promised: BTreeMap<String, Promise>,
    /// Owner → identities under which something of theirs was sent.
    sent: BTreeMap<String, BTreeSet<String>>,
    acknowledged: BTreeSet<String>,
    /// Contradictions inside what was said.
    contradiction: Option<String>,
    deaths: u64,
    tally: Tally,
    /// Numbers up to here were checked in an earlier life.
    checked: u64,
}

impl History {
    /// Takes in one line of a child; lines of the test runner are none of ours.
    pub fn read(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["kept", id, sequence, key] => {
                let promise = Promise { sequence: sequence.parse().unwrap(), key: (*key).to_owned() };
                let before = self.promised.insert((*id).to_owned(), promise.clone());
                match before {
                    Some(before) if before != promise => {
                        self.contradiction = Some(format!("{id} was promised two numbers"));
                    }
                    Some(_) => {}
                    None => self.tally.kept += 1,
                }
            }
            ["sent", id, key] => {
                let ids = self.sent.entry((*key).to_owned()).or_default();
                self.tally.sent += 1;
                if !ids.insert((*id).to_owned()) {
                    self.tally.resent += 1;
                }
                if ids.len() > 1 {
                    self.contradiction = Some(format!("{key} was sent under a second id"));
                }
            }
            ["acknowledged", id] => {
                self.tally.acknowledged += 1;
                self.acknowledged.insert((*id).to_owned());
            }
            _ => {}
        }
    }

    /// A child is dead: one application may have been in flight.
    pub fn died(&mut self) {
        self.deaths += 1;
    }

    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Opens the store and compares; `is_full` looks at every entry, otherwise at those of the last life.
    pub fn check(&mut self, folder: &Path, is_full: bool) -> Result<(), String> {
        if let Some(contradiction) = &self.contradiction {
            return Err(contradiction.clone());
        }
        let desk = Desk::open(folder);
        let report = desk.store.report().clone();
        if !report.missing.is_empty() {
            return Err(format!("numbers are missing: {:?}", report.missing));
        }
        let from = if is_full { 0 } else { self.checked };
        let entries: BTreeMap<String, OutboxEntry> = (from + 1..=report.last.0)
            .map(|sequence| {
                let entry = found(&desk, Sequence(sequence))?;
                Ok((entry.id.to_string(), entry))
            })
            .collect::<Result<_, String>>()?;
        for (id, promise) in self.promised.iter().filter(|(_, p)| p.sequence > from) {
            let entry = entries.get(id).ok_or_else(|| format!("{id} was promised and is missing"))?;
            if entry.sequence.0 != promise.sequence {
                return Err(format!("{id} was promised another number"));
            }
            self.check_entry(&desk, id, entry, promise)?;
        }
        // What is stored beyond the promises can only be what was in flight at a death.
        let spare = (report.last.0).saturating_sub(self.promised.len() as u64);
        if spare > self.deaths {
            return Err(format!("{spare} entries nobody was promised, {} deaths", self.deaths));
        }
        self.checked = report.last.0;
        Ok(())
    }

    fn check_entry(&self, desk: &Desk, id: &str, entry: &OutboxEntry, promise: &Promise) -> Result<(), String> {
        match &entry.state {
            OutboxState::Acknowledged { receipt: stored } => {
                if *stored != receipt(entry.id) {
                    return Err(format!("{id} has the receipt of another"));
                }
                if !self.sent.contains_key(&promise.key) {
                    return Err(format!("{id} is acknowledged and was never sent"));
                }
                match body(desk, entry)? {
                    Some(_) => Err(format!("{id} is acknowledged and still has its content")),
                    None => Ok(()),
                }
            }
            OutboxState::Queued if self.acknowledged.contains(id) => Err(format!("{id} lost its receipt")),
            OutboxState::Queued => match body(desk, entry)? {
                Some(key) if key == promise.key => Ok(()),
                Some(_) => Err(format!("{id} has the content of another")),
                None => Err(format!("{id} was promised and has no content")),
            },
            OutboxState::SetAside { reason } => Err(format!("{id} was set aside: {reason}")),
        }
    }
}

fn found(desk: &Desk, sequence: Sequence) -> Result<OutboxEntry, String> {
    let answer = desk.ask(StoreCommand::Find { sequence });
    if let StoreEvent::Found { entry: Some(entry) } = answer {
        Ok(entry)
    } else {
        Err(format!("number {} is not found: {answer:?}", sequence.0))
    }
}

/// Whose content is stored under an identity.
fn body(desk: &Desk, entry: &OutboxEntry) -> Result<Option<String>, String> {
    let id = entry.id;
    desk.store
        .body(id)
        .map(|body| body.map(|body| key_of(body.bytes(), id, entry.sequence)))
        .map_err(|error| format!("{id} does not read: {error}"))
}
