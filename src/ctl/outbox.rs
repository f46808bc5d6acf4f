//! `kioskctl outbox`: what waits here and why, and carrying it to the county by hand.
//!
//! These verbs open the store by themselves, under its lock: while the engine runs they fail with a plain word and nothing
//! happens. No personal data beyond the masked name.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{CtlError, Report};
use crate::assemble::{AssembleError, sealer, signer};
use crate::config::Config;
use crate::county::carry::{self, CarryError, Parcel};
use crate::domain::outbox::reasons;
use crate::domain::receipt::{in_groups, kiosk_number, read_number};
use crate::domain::submission::{OutboxState, StoreCommand, StoreEvent, Verdict};
use crate::engine::wall_clock;
use crate::ipc::Language;
use crate::store::{FILE_NAME, Keeper, Listed, Opening, StoreError};

/// Everything of the outbox.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct OutboxReport {
    /// Applications that wait or are set aside, oldest first.
    pub entries: Vec<Line>,
}

/// One application.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Number as it is printed.
    pub number: String,
    /// `queued` or `set-aside`.
    pub state: &'static str,
    /// Code of the reason, if it is set aside.
    pub reason: Option<String>,
    /// What the reason means, Chinese first.
    pub meaning: Option<String>,
    /// Everyday name of the item.
    pub item: String,
    /// Such as `张*`.
    pub name: String,
    /// When it was kept, by the machine's clock.
    pub kept_at: String,
}

/// What was done.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The sentence for a person.
    pub said: String,
    /// Applications it is about.
    pub count: usize,
}

/// What an import came to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Receipts stored now.
    pub stored: usize,
    /// Set aside now, refused by the county.
    pub set_aside: usize,
    /// Known before; nothing changed.
    pub known: usize,
    /// Not of this kiosk's store, or without a clear result; nothing changed.
    pub unclear: usize,
}

/// Lists what waits and what is set aside, with the reason in words.
///
/// # Errors
/// The store cannot be opened; the engine may be running.
pub fn list(config: &Path) -> Result<OutboxReport, CtlError> {
    let config = Config::load(config)?;
    let (keeper, _) = open(&config)?;
    let entries = listed(&keeper)?
        .into_iter()
        .filter_map(|Listed { entry, masked_name }| {
            let (state, reason) = match entry.state {
                OutboxState::Queued => ("queued", None),
                OutboxState::SetAside { reason } => ("set-aside", Some(reason)),
                OutboxState::Acknowledged { .. } => return None,
            };
            let meaning = reason.as_deref().map(|code| {
                let words = reasons::words(code);
                format!("{} ({})", words.get(Language::Zh), words.get(Language::En))
            });
            Some(Line {
                number: in_groups(&kiosk_number(config.kiosk.as_str(), entry.sequence)),
                state,
                reason,
                meaning,
                item: entry.item.plain_name.get(Language::Zh).to_owned(),
                name: masked_name.unwrap_or_default(),
                kept_at: entry.kept_at.to_string(),
            })
        })
        .collect();
    Ok(OutboxReport { entries })
}

/// Puts an application that is set aside back into the queue.
///
/// # Errors
/// The number is not well written, not of this kiosk, or its application is not set aside.
pub fn retry(config: &Path, number: &str) -> Result<Done, CtlError> {
    let config = Config::load(config)?;
    let todo = "see `kioskctl outbox list` for the numbers";
    let sequence = match read_number(number) {
        Ok((kiosk, sequence)) if kiosk == config.kiosk.as_str() => sequence,
        Ok((kiosk, _)) => {
            return Err(CtlError::new("outbox.other-kiosk", format!("this is a number of kiosk {kiosk}"), todo));
        }
        Err(_) => return Err(CtlError::new("outbox.number", "this is not a number of a kiosk", todo)),
    };
    let (mut keeper, _) = open(&config)?;
    keeper.requeue(sequence).map_err(of_store)?;
    Ok(Done { said: format!("{} is sent again when the engine runs", in_groups(number)), count: 1 })
}

/// Writes everything to a file for the county. The file must not be there yet.
///
/// # Errors
/// The store cannot be read, or the file cannot be written.
pub fn export(config: &Path, to: &Path) -> Result<Done, CtlError> {
    let config = Config::load(config)?;
    let signer = signer(&config).map_err(AssembleError::from)?;
    let (mut keeper, _) = open(&config)?;
    let mut parcels = Vec::new();
    for Listed { entry, .. } in listed(&keeper)? {
        let (state, is_here) = match entry.state {
            OutboxState::Queued => ("queued", true),
            OutboxState::SetAside { .. } => ("set-aside", true),
            OutboxState::Acknowledged { .. } => ("acknowledged", false),
        };
        // A body that is damaged stays behind by its digest; its number still goes.
        let body = if is_here { keeper.body(entry.id, &mut drop).ok().flatten() } else { None };
        let stored = body.map(|body| body.bytes().to_vec());
        parcels.push(Parcel { id: entry.id, sequence: entry.sequence, state, stored });
    }
    let file = carry::write_out(&signer, config.kiosk.as_str(), wall_clock(), &parcels)
        .ok_or_else(|| CtlError::new("carry.not-json", "an application makes no JSON", "report it"))?;
    write_new(to, &file)?;
    let count = parcels.iter().filter(|parcel| parcel.stored.is_some()).count();
    Ok(Done { said: format!("{count} applications are in {}; nothing is changed here", to.display()), count })
}

/// Stores the receipts of the county's file. Doing it again changes nothing.
///
/// # Errors
/// The file is refused by name, or the store cannot be written.
pub fn import(config: &Path, file: &Path) -> Result<Imported, CtlError> {
    let config = Config::load(config)?;
    let signer = signer(&config).map_err(AssembleError::from)?;
    let bytes = std::fs::read(file).map_err(|error| unusable("read", file, &error))?;
    let terminal = config.kiosk.as_str();
    let answers = carry::read_back(&signer, terminal, &bytes).map_err(of_carry)?;
    let (mut keeper, _) = open(&config)?;
    let known: std::collections::BTreeMap<_, _> =
        listed(&keeper)?.into_iter().map(|listed| (listed.entry.id, listed.entry)).collect();
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
        let Ok(Some(body)) = keeper.body(entry.id, &mut drop) else {
            imported.unclear += 1;
            continue;
        };
        match answer.verdict(entry.sequence, terminal, body.bytes()) {
            Some(Verdict::Stored { receipt }) => {
                mark(&mut keeper, &StoreCommand::Acknowledge { id: entry.id, receipt })?;
                imported.stored += 1;
            }
            Some(Verdict::SetAside { code }) if matches!(entry.state, OutboxState::Queued) => {
                mark(&mut keeper, &StoreCommand::SetAside { id: entry.id, reason: code })?;
                imported.set_aside += 1;
            }
            Some(Verdict::SetAside { .. }) => imported.known += 1,
            Some(Verdict::TryAgain { .. } | Verdict::StopAll { .. }) | None => imported.unclear += 1,
        }
    }
    Ok(imported)
}

fn open(config: &Config) -> Result<(Keeper, PathBuf), CtlError> {
    let file = config.store_folder.join(FILE_NAME);
    if !file.is_file() {
        let message = format!("there is no store at {}", file.display());
        return Err(CtlError::new(
            "outbox.no-store",
            message,
            "check store.folder; the engine makes it at its first start",
        ));
    }
    let sealer = sealer(config).map_err(AssembleError::from)?;
    let (keeper, _) = Keeper::open(&Opening::at(&file, &config.kiosk, &sealer)).map_err(of_store)?;
    Ok((keeper, file))
}

fn listed(keeper: &Keeper) -> Result<Vec<Listed>, CtlError> {
    keeper.listed().map_err(of_store)
}

fn mark(keeper: &mut Keeper, command: &StoreCommand) -> Result<(), CtlError> {
    let mut failed = None;
    keeper.command(command, &mut |event| {
        if let StoreEvent::MarkFailed { code, .. } | StoreEvent::Broken { code } = event {
            failed = Some(code);
        }
    });
    match failed {
        None => Ok(()),
        Some(code) => Err(CtlError::new(code, "the store did not take a mark", "check the disk, then import again")),
    }
}

fn write_new(to: &Path, content: &[u8]) -> Result<(), CtlError> {
    use std::io::Write as _;
    let write = || {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(to)?;
        file.write_all(content)?;
        // A stick is pulled out a moment later.
        file.sync_all()
    };
    write().map_err(|error| unusable("write", to, &error))
}

fn unusable(doing: &str, file: &Path, error: &std::io::Error) -> CtlError {
    let message = format!("cannot {doing} {}: {error}", file.display());
    CtlError::new("carry.file", message, "check the stick and the name; an export needs a new name")
}

fn of_store(error: StoreError) -> CtlError {
    let todo = "if the kiosk runs, stop it first; see config/events.md for the code";
    CtlError::new(error.code(), error.to_string(), todo)
}

fn of_carry(error: CarryError) -> CtlError {
    CtlError::new(error.code(), error.to_string(), "nothing was changed; ask the county for this kiosk's file")
}

impl Report for OutboxReport {
    fn lines(&self) -> Vec<String> {
        if self.entries.is_empty() {
            return vec!["nothing waits here".to_owned()];
        }
        self.entries
            .iter()
            .map(|line| {
                let why = match (&line.reason, &line.meaning) {
                    (Some(code), Some(meaning)) => format!("  {code}: {meaning}"),
                    (Some(_) | None, _) => String::new(),
                };
                format!("{}  {:<9}  {}  {}  {}{why}", line.number, line.state, line.kept_at, line.name, line.item)
            })
            .collect()
    }
}

impl Report for Done {
    fn lines(&self) -> Vec<String> {
        vec![self.said.clone()]
    }
}

impl Report for Imported {
    fn lines(&self) -> Vec<String> {
        let Self { stored, set_aside, known, unclear } = self;
        vec![format!(
            "receipts stored {stored}, set aside {set_aside}, known before {known}, left as they are {unclear}"
        )]
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
