//! Whom the verbs ask: a running engine, or the store itself.

use std::time::Duration;

use crate::assemble::{AssembleError, county, sealer, signer};
use crate::config::Config;
use crate::county::CountyClient;
use crate::county::carry;
use crate::ctl::CtlError;
use crate::domain::id::Sequence;
use crate::domain::recount::Recount;
use crate::engine::{Refusal, body, entries, sum_up, take_carried, told, wall_clock};
use crate::ipc::{Connection, ConnectionError, Imported, Reply, Request, StaffAsk, StaffTold, Told};
use crate::store::{FILE_NAME, Keeper, Opening, StoreError, remember_recount, requeue};

/// The engine answers within a turn of its store; a recount takes as long as the line takes.
const ANSWER: Duration = Duration::from_secs(30);
/// A recount over a thin line: many pages, each with the time of a request.
const RECOUNT: Duration = Duration::from_secs(15 * 60);
/// A part of a file in one line of the socket. In JSON a quote takes two bytes.
const PART: usize = 100 * 1024;

/// Either of them.
pub enum Desk<'a> {
    /// The engine that has the store.
    Engine(Connection),
    /// The store, which no engine has.
    Store { config: &'a Config, keeper: Box<Keeper> },
}

impl<'a> Desk<'a> {
    /// The engine, if one answers; else the store. A race between the two is settled by the lock of the store: whoever
    /// comes second is told that it is busy.
    pub fn open(config: &'a Config) -> Result<Self, CtlError> {
        if let Ok(connection) = Connection::open(&config.socket) {
            connection.wait_at_most(ANSWER).map_err(of_line)?;
            return Ok(Self::Engine(connection));
        }
        let file = config.store_folder.join(FILE_NAME);
        if !file.is_file() {
            let message = format!("there is no store at {}", file.display());
            let todo = "check store.folder; the engine makes it at its first start";
            return Err(CtlError::new("outbox.no-store", message, todo));
        }
        let sealer = sealer(config).map_err(AssembleError::from)?;
        let (keeper, _) = Keeper::open(&Opening::at(&file, &config.kiosk, &sealer)).map_err(of_store)?;
        Ok(Self::Store { config, keeper: Box::new(keeper) })
    }

    /// Whether an engine does the work.
    pub fn is_engine(&self) -> bool {
        matches!(self, Self::Engine(_))
    }

    /// Every application by number.
    pub fn listed(&mut self) -> Result<Vec<Told>, CtlError> {
        let connection = match self {
            Self::Engine(connection) => connection,
            Self::Store { keeper, .. } => {
                return Ok(keeper.listed().map_err(of_store)?.into_iter().map(told).collect());
            }
        };
        let mut all: Vec<Told> = Vec::new();
        loop {
            let after = all.last().map_or(Sequence(0), |told| told.sequence);
            let told = ask(connection, StaffAsk::List { after })?;
            let StaffTold::List { entries, more } = told else { return Err(crossed(&told)) };
            let ends = !more || entries.is_empty();
            all.extend(entries);
            if ends {
                return Ok(all);
            }
        }
    }

    /// The bytes of one as they would travel, if they are here and sound.
    pub fn body(&mut self, sequence: Sequence) -> Result<Option<String>, CtlError> {
        match self {
            Self::Engine(connection) => {
                let told = ask(connection, StaffAsk::Body { sequence })?;
                if let StaffTold::Body { stored } = told { Ok(stored) } else { Err(crossed(&told)) }
            }
            Self::Store { keeper, .. } => Ok(body(keeper, sequence, &mut drop)),
        }
    }

    /// Back into the queue.
    pub fn retry(&mut self, sequence: Sequence) -> Result<(), CtlError> {
        match self {
            Self::Engine(connection) => {
                let told = ask(connection, StaffAsk::Retry { sequence })?;
                if matches!(told, StaffTold::Done) { Ok(()) } else { Err(crossed(&told)) }
            }
            Self::Store { keeper, .. } => requeue(keeper, sequence, &mut drop).map_err(of_store),
        }
    }

    /// Stores the receipts of the county's file.
    pub fn import(&mut self, file: &[u8]) -> Result<Imported, CtlError> {
        match self {
            Self::Engine(connection) => {
                let text = std::str::from_utf8(file).map_err(|_| super::of_carry(carry::CarryError::NotAFile))?;
                let parts = parts(text);
                for (at, part) in parts.iter().enumerate() {
                    let last = at + 1 == parts.len();
                    let told = ask(connection, StaffAsk::Import { part: (*part).to_owned(), last })?;
                    if let StaffTold::Imported(imported) = told {
                        return Ok(imported);
                    }
                    if last || !matches!(told, StaffTold::Taken) {
                        return Err(crossed(&told));
                    }
                }
                Err(super::of_carry(carry::CarryError::NotAFile))
            }
            Self::Store { config, keeper } => {
                let signer = signer(config).map_err(AssembleError::from)?;
                let terminal = config.kiosk.as_str();
                let answers = carry::read_back(&signer, terminal, file).map_err(super::of_carry)?;
                take_carried(keeper, &answers, terminal, &mut drop).map_err(of_refusal)
            }
        }
    }

    /// Counts against the county.
    pub fn recount(&mut self) -> Result<Recount, CtlError> {
        match self {
            Self::Engine(connection) => {
                connection.wait_at_most(RECOUNT).map_err(of_line)?;
                let told = ask(connection, StaffAsk::Recount)?;
                if let StaffTold::Recounted { recount } = told { Ok(recount) } else { Err(crossed(&told)) }
            }
            Self::Store { config, keeper } => {
                let client = county(config).map_err(AssembleError::from)?;
                let before = entries(keeper).map_err(of_store)?;
                let theirs = whole_ledger(&client)?;
                let terminal = config.kiosk.as_str();
                let recount = sum_up(keeper, wall_clock(), &before, &theirs, terminal, &mut drop).map_err(of_store)?;
                // Without it the engine counts once more than it would have; the report is what was asked for.
                if let Err(error) = remember_recount(&config.store_folder, &recount) {
                    tracing::warn!(%error, "the recount could not be written beside the store");
                }
                Ok(recount)
            }
        }
    }
}

fn whole_ledger(client: &CountyClient) -> Result<Vec<crate::domain::recount::Claim>, CtlError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        CtlError::new("outbox.runtime", error.to_string(), "the system gives no more descriptors or threads")
    })?;
    runtime.block_on(client.whole_ledger()).map_err(|code| {
        let message = "the county's ledger cannot be read";
        CtlError::new(code, message, "check the line; a county of an older contract has no such path")
    })
}

/// The text in parts that fit into a line, cut between characters. Never none.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > PART {
        let (part, behind) = rest.split_at(rest.floor_char_boundary(PART));
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}

fn ask(connection: &mut Connection, question: StaffAsk) -> Result<StaffTold, CtlError> {
    connection.send(&Request::Staff { question }).map_err(of_line)?;
    match connection.receive().map_err(of_line)? {
        Some(Reply::Staff { answer }) => {
            if let StaffTold::Refused { code, message } = *answer {
                return Err(of_refusal(Refusal { code, message }));
            }
            Ok(*answer)
        }
        Some(Reply::Error { message }) => {
            Err(CtlError::new("engine.unexpected", message, "use the kioskctl of the same version as the engine"))
        }
        Some(Reply::Screen { .. } | Reply::Status { .. }) | None => Err(gone()),
    }
}

fn gone() -> CtlError {
    let todo = "look into the engine's log; what was done is done, and doing it again changes nothing";
    CtlError::new("engine.unreachable", "the engine went away", todo)
}

fn crossed(told: &StaffTold) -> CtlError {
    let what = match told {
        StaffTold::List { .. } => "a list",
        StaffTold::Body { .. } => "a body",
        StaffTold::Done => "\"done\"",
        StaffTold::Taken => "\"taken\"",
        StaffTold::Imported(_) => "an import",
        StaffTold::Recounted { .. } => "a recount",
        StaffTold::Refused { .. } => "a refusal",
    };
    let message = format!("the engine answered with {what}, which was not asked for");
    CtlError::new("engine.unexpected", message, "use the kioskctl of the same version as the engine")
}

fn of_line(error: ConnectionError) -> CtlError {
    CtlError::new("engine.unreachable", error.to_string(), "look into the engine's log")
}

fn of_refusal(Refusal { code, message }: Refusal) -> CtlError {
    CtlError::new(code, message, "see config/events.md for the code")
}

fn of_store(error: StoreError) -> CtlError {
    let todo = "if another program has the store, stop it first; see config/events.md for the code";
    CtlError::new(error.code(), error.to_string(), todo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_parts_is_the_file_and_no_part_cuts_a_character() {
        let text = "回执".repeat(PART / 2 + 1);
        assert!(parts(&text).len() > 1);
        assert!(parts(&text).iter().all(|part| part.len() <= PART));
        assert_eq!(parts(&text).concat(), text);
        assert_eq!(parts(""), [""]);
    }
}
