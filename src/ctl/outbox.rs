//! `kioskctl outbox`: what waits here and why, carrying it to the county by hand, and counting against the county.
//!
//! While the engine runs these verbs ask it over its socket, which answers root and its own user; while it does not, they
//! open the store by themselves, under its lock. The work is the same code in both cases (`engine::staff`), so is the end of
//! it. Whoever asks the engine needs no key of the store. No personal data beyond the masked name.

use std::path::Path;

use serde::Serialize;

use super::{CtlError, Report};
use crate::assemble::{AssembleError, signer};
use crate::config::Config;
use crate::county::carry::{self, CarryError, Parcel};
use crate::domain::outbox::reasons;
use crate::domain::receipt::{in_groups, kiosk_number, read_number};
use crate::domain::recount::DifferenceKind;
use crate::engine::wall_clock;
use crate::ipc::{Imported, Language, Told, ToldState};

mod desk;

use desk::Desk;

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

/// Lists what waits and what is set aside, with the reason in words.
///
/// # Errors
/// Neither engine nor store can be asked.
pub fn list(config: &Path) -> Result<OutboxReport, CtlError> {
    let config = Config::load(config)?;
    let entries = Desk::open(&config)?
        .listed()?
        .into_iter()
        .filter_map(|Told { sequence, state, item, masked_name, kept_at, .. }| {
            let (state, reason) = match state {
                ToldState::Queued => ("queued", None),
                ToldState::SetAside { reason } => ("set-aside", Some(reason)),
                ToldState::Acknowledged => return None,
            };
            let meaning = reason.as_deref().map(|code| {
                let words = reasons::words(code);
                format!("{} ({})", words.get(Language::Zh), words.get(Language::En))
            });
            Some(Line {
                number: in_groups(&kiosk_number(config.kiosk.as_str(), sequence)),
                state,
                reason,
                meaning,
                item,
                name: masked_name.unwrap_or_default(),
                kept_at: kept_at.to_string(),
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
    let mut desk = Desk::open(&config)?;
    desk.retry(sequence)?;
    let when = if desk.is_engine() { "now" } else { "when the engine runs" };
    Ok(Done { said: format!("{} is sent again {when}", in_groups(number)), count: 1 })
}

/// Writes everything to a file for the county. The file must not be there yet.
///
/// # Errors
/// The store cannot be read, or the file cannot be written.
pub fn export(config: &Path, to: &Path) -> Result<Done, CtlError> {
    let config = Config::load(config)?;
    let signer = signer(&config).map_err(AssembleError::from)?;
    let mut desk = Desk::open(&config)?;
    let mut parcels = Vec::new();
    for Told { id, sequence, state, .. } in desk.listed()? {
        let (state, is_here) = match state {
            ToldState::Queued => ("queued", true),
            ToldState::SetAside { .. } => ("set-aside", true),
            ToldState::Acknowledged => ("acknowledged", false),
        };
        // A body that is damaged stays behind by its digest; its number still goes.
        let stored = if is_here { desk.body(sequence)?.map(String::into_bytes) } else { None };
        parcels.push(Parcel { id, sequence, state, stored });
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
    let bytes = std::fs::read(file).map_err(|error| unusable("read", file, &error))?;
    // Refused before anybody is asked; an engine checks it again, for it believes nobody.
    let signer = signer(&config).map_err(AssembleError::from)?;
    carry::read_back(&signer, config.kiosk.as_str(), &bytes).map_err(of_carry)?;
    Desk::open(&config)?.import(&bytes)
}

/// Counts what is here against what the county holds, and says what differs. Nothing comes of it by itself.
///
/// # Errors
/// The county cannot be asked, or the store cannot be read.
pub fn recount(config: &Path) -> Result<Recounted, CtlError> {
    let config = Config::load(config)?;
    let recount = Desk::open(&config)?.recount()?;
    let number = |sequence| in_groups(&kiosk_number(config.kiosk.as_str(), sequence));
    let differences = recount.differences.iter().map(|found| Differs {
        number: number(found.sequence),
        code: found.kind.code(),
        case: found.case_number.clone(),
        todo: todo_about(found.kind),
    });
    Ok(Recounted {
        at: recount.at.to_string(),
        here: recount.here,
        there: recount.there,
        differing: recount.differing,
        differences: differences.collect(),
    })
}

/// What a recount came to, for staff.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Recounted {
    /// When, by the terminal's clock.
    pub at: String,
    /// Applications here.
    pub here: usize,
    /// Cases of this kiosk at the county.
    pub there: usize,
    /// Numbers that differ, also those that are not listed.
    pub differing: usize,
    /// What differs, by the number as it is printed.
    pub differences: Vec<Differs>,
}

/// One difference, and what to do.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Differs {
    /// Number as it is printed.
    pub number: String,
    /// Code of the difference.
    pub code: &'static str,
    /// The county's number of a case that stands beside another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// What it means and what to do, Chinese first.
    pub todo: &'static str,
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

/// What a difference means for staff.
const fn todo_about(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::CountyHasIt => {
            "县里已有，本机仍在等待：发送时会得到原来的回执；已搁置的请用 outbox retry \
             (the county has it, here it waits: it gets its receipt when it is sent; set aside: outbox retry)"
        }
        DifferenceKind::CountyLacksIt => {
            "本机有回执，县里没有：内容已删除，无法重发，请凭第二张单子联系县里 \
             (receipt here, no case there: the content is gone; ask the county, with the resident's second slip)"
        }
        DifferenceKind::DigestDiffers => {
            "两边内容不同：请先导出保存，再联系县里 (the content differs: export it and ask the county)"
        }
        DifferenceKind::CaseDiffers => {
            "办件号或标识不同：请联系县里，查是否有两台机器同号 \
             (case number or identity differ: ask the county; look for a second machine with this number)"
        }
        DifferenceKind::UnknownHere => {
            "县里有，本机没有记录：请联系维修 (the county has it, this machine knows nothing of it: call the service)"
        }
        DifferenceKind::TwoCases => {
            "县里同一编号有多个办件：请联系县里核对此办件 (the county has more than one case under this number: ask about this one)"
        }
    }
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

impl Report for Recounted {
    fn lines(&self) -> Vec<String> {
        let Self { here, there, differing, .. } = self;
        let mut lines = vec![format!("here {here}, at the county {there}, different {differing}")];
        lines.extend(self.differences.iter().map(|found| {
            let case = found.case.as_ref().map_or_else(String::new, |case| format!(" {case}"));
            format!("{}  {}{case}: {}", found.number, found.code, found.todo)
        }));
        lines
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
