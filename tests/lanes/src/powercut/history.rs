//! What the store answered, and what must therefore be on the disk at each moment.

use std::collections::BTreeMap;

use kiosk::domain::id::{Sequence, SubmissionId};
use kiosk::domain::submission::{CaseReceipt, ItemRef, OutboxState, StoreCommand, StoreEvent};
use kiosk::store::{Keeper, OpenReport};

use crate::disk::Mount;
use crate::people::opening;

/// How far an application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Queued,
    Acknowledged,
    SetAside,
}

/// One application as it must be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: SubmissionId,
    /// The bytes that are sent, where the run has seen them.
    pub body: Option<Vec<u8>>,
    pub stage: Stage,
    /// Which item it is for.
    pub item: ItemRef,
    /// What the county gave.
    pub receipt: Option<CaseReceipt>,
    /// It is acknowledged and something was written and answered since: nothing of it is on the disk, not even unopened.
    pub is_wiped: bool,
}

/// Every application by number.
pub type Rows = BTreeMap<u64, Row>;

/// One answer and what it promises.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Length of the disk's log when the question was asked and when the answer came.
    pub asked: usize,
    pub answered: usize,
    pub promise: Promise,
}

#[derive(Debug, Clone)]
pub enum Promise {
    Kept { sequence: u64, id: SubmissionId, item: ItemRef, body: Vec<u8> },
    Acknowledged { receipts: Vec<(SubmissionId, CaseReceipt)> },
    SetAside { id: SubmissionId },
}

/// The answers of a run, in their order.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// What was there before the run.
    pub before: Rows,
    pub facts: Vec<Fact>,
}

impl History {
    /// What must be there if the power goes at this point of the log, and what may be there in its place because a
    /// question was under way.
    pub fn at(&self, point: usize) -> (Rows, Option<Rows>) {
        let mut rows = self.before.clone();
        let mut facts = self.facts.iter();
        for fact in facts.by_ref() {
            if fact.answered > point {
                let in_flight = (fact.asked < point).then(|| {
                    let mut rows = rows.clone();
                    fulfil(&mut rows, fact);
                    rows
                });
                return (rows, in_flight);
            }
            fulfil(&mut rows, fact);
        }
        (rows, None)
    }
}

fn fulfil(rows: &mut Rows, fact: &Fact) {
    // A mark that changes nothing writes nothing, so it takes no shorter log to the disk.
    let has_written = fact.answered > fact.asked;
    for row in rows.values_mut().filter(|row| has_written && row.stage == Stage::Acknowledged) {
        row.is_wiped = true;
    }
    let mut set = |id: &SubmissionId, stage, receipt: Option<&CaseReceipt>| {
        if let Some(row) = rows.values_mut().find(|row| row.id == *id) {
            (row.stage, row.receipt) = (stage, receipt.cloned());
        }
    };
    match &fact.promise {
        Promise::Kept { sequence, id, item, body } => {
            rows.entry(*sequence).or_insert_with(|| Row {
                id: *id,
                body: Some(body.clone()),
                stage: Stage::Queued,
                item: item.clone(),
                receipt: None,
                is_wiped: false,
            });
        }
        Promise::Acknowledged { receipts } => {
            receipts.iter().for_each(|(id, receipt)| set(id, Stage::Acknowledged, Some(receipt)));
        }
        Promise::SetAside { id } => set(id, Stage::SetAside, None),
    }
}

/// A store that answers one question at a time.
#[derive(Debug)]
pub struct Desk {
    pub keeper: Keeper,
    pub report: OpenReport,
}

impl Desk {
    /// Opens the store on a disk.
    ///
    /// # Errors
    /// The code of the store's refusal.
    pub fn open(mount: &Mount) -> Result<Self, String> {
        let (keeper, report) = Keeper::open(&opening(mount)).map_err(|error| error.code().to_owned())?;
        Ok(Self { keeper, report })
    }

    /// Everything the store says to a command.
    pub fn ask(&mut self, command: &StoreCommand) -> Vec<StoreEvent> {
        let mut said = Vec::new();
        self.keeper.command(command, &mut |event| said.push(event));
        said
    }

    /// The bytes of an application, or the code of the refusal.
    ///
    /// # Errors
    /// The code of the store's refusal.
    pub fn body(&mut self, id: SubmissionId) -> Result<Option<Vec<u8>>, String> {
        self.keeper
            .body(id, &mut |_| {})
            .map(|body| body.map(|body| body.bytes().to_vec()))
            .map_err(|error| error.code().to_owned())
    }

    /// What the store knows under a number, as a row.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn row(&mut self, number: u64) -> Result<Option<Row>, String> {
        let said = self.ask(&StoreCommand::Find { sequence: Sequence(number) });
        let entry = match said.as_slice() {
            [StoreEvent::Found { entry }] => entry.clone(),
            other => return Err(format!("number {number} is answered with {other:?}")),
        };
        let Some(entry) = entry else { return Ok(None) };
        let body = self.body(entry.id).map_err(|code| format!("number {number} does not read: {code}"))?;
        let (stage, receipt) = match entry.state {
            OutboxState::Queued => (Stage::Queued, None),
            OutboxState::Acknowledged { receipt } => (Stage::Acknowledged, Some(receipt)),
            OutboxState::SetAside { .. } => (Stage::SetAside, None),
        };
        Ok(Some(Row { id: entry.id, body, stage, item: entry.item, receipt, is_wiped: false }))
    }
}
