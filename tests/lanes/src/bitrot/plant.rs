//! A store that was hurt and opened again, whole or with a protection left out.
//!
//! The real store cannot be told to leave its protections out. What it would do without one is done here in its place, on
//! the same file.

use kiosk::domain::id::SubmissionId;
use kiosk::store::{FILE_NAME, Files, Keeper, OpenReport, Salvaged};
use sm3::{Digest, Sm3};
use std::collections::BTreeMap;

use crate::disk::{Mount, WholeFiles, store_file};
use crate::people::opening;
use crate::powercut::workload::raw;

/// A protection that is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// None.
    Nothing,
    /// What is given out is read past the store, without its check of the digest.
    DigestNotChecked,
    /// Rows are believed whatever their digest says.
    RowsNotChecked,
    /// The counter is not compared with the rows, so no number is ever missed.
    CounterNotCompared,
    /// A damaged store is put aside and an empty one begun.
    StartsEmpty,
    /// Rows that a salvage refused are taken over as they read, with a digest that fits.
    TakenOverUnchecked,
}

/// An open store, and what it would give out.
pub(super) struct Shop {
    pub keeper: Keeper,
    pub report: OpenReport,
    /// What stands in the file, where it is read past the store.
    past: Option<BTreeMap<u64, Vec<u8>>>,
}

impl Shop {
    /// Opens the store. An error is the code of its refusal.
    pub fn open(mount: &Mount, planted: Planted) -> Result<Self, String> {
        let (keeper, report) = open(mount)?;
        let mut shop = Self { keeper, report, past: None };
        match planted {
            Planted::Nothing => {}
            Planted::CounterNotCompared => shop.report.missing.clear(),
            Planted::DigestNotChecked => {
                drop(shop.keeper);
                shop.past = Some(read_past(mount));
                shop.keeper = open(mount)?.0;
            }
            Planted::RowsNotChecked => {
                drop(shop.keeper);
                // A row without a digest is one of an earlier schema, which is believed.
                if let Ok(connection) = raw(mount) {
                    let _unreadable = connection.execute("UPDATE outbox SET row_digest = NULL", []);
                }
                shop.keeper = open(mount)?.0;
            }
            Planted::StartsEmpty if shop.report.salvaged.is_some() => {
                drop(shop.keeper);
                let files = WholeFiles(std::sync::Arc::clone(&mount.disk));
                files.remove(&store_file(mount)).map_err(|error| error.to_string())?;
                let salvaged = shop.report.salvaged.take();
                (shop.keeper, shop.report) = open(mount)?;
                shop.report.salvaged = salvaged;
            }
            Planted::TakenOverUnchecked => {
                drop(shop.keeper);
                if let Some(Salvaged::InPart { .. }) = &shop.report.salvaged {
                    take_over(mount);
                }
                let salvaged = shop.report.salvaged.take();
                (shop.keeper, shop.report) = open(mount)?;
                shop.report.salvaged = salvaged;
            }
            Planted::StartsEmpty => {}
        }
        Ok(shop)
    }

    /// What would be sent. An error is the code of the refusal.
    pub fn body(&mut self, number: u64, id: SubmissionId) -> Result<Option<Vec<u8>>, String> {
        match &self.past {
            Some(past) => Ok(past.get(&number).cloned()),
            None => match self.keeper.body(id, &mut |_| {}) {
                Ok(body) => Ok(body.map(|body| body.bytes().to_vec())),
                Err(error) => Err(error.code().to_owned()),
            },
        }
    }
}

fn open(mount: &Mount) -> Result<(Keeper, OpenReport), String> {
    Keeper::open(&opening(mount)).map_err(|error| error.code().to_owned())
}

/// Every content that reads, right or wrong.
fn read_past(mount: &Mount) -> BTreeMap<u64, Vec<u8>> {
    let read = || -> rusqlite::Result<BTreeMap<u64, Vec<u8>>> {
        raw(mount)?
            .prepare(
                "SELECT o.sequence, a.body FROM outbox o JOIN application a ON a.id = o.id WHERE a.body IS NOT NULL",
            )?
            .query_map([], |row| Ok((u64::from(row.get::<_, u32>(0)?), row.get(1)?)))?
            .collect()
    };
    read().unwrap_or_default()
}

/// Takes over whatever reads of the rows that are missing. What does not read is left, as in the real salvage.
fn take_over(mount: &Mount) {
    let Ok(connection) = raw(mount) else { return };
    let aside = mount.folder().join(format!("{FILE_NAME}.damaged-1"));
    if connection.execute("ATTACH ?1 AS damaged", [aside.to_string_lossy()]).is_err() {
        return;
    }
    for number in 1..=1_000_u32 {
        let take = || -> rusqlite::Result<()> {
            let (id, body): ([u8; 16], Vec<u8>) = connection.query_row(
                "SELECT a.id, a.body FROM damaged.outbox o JOIN damaged.application a ON a.id = o.id WHERE o.sequence = ?1",
                [number],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let digest: [u8; 32] = Sm3::new()
                .chain_update(id)
                .chain_update(u64::from(number).to_be_bytes())
                .chain_update(&body)
                .finalize()
                .into();
            connection.execute("INSERT INTO application SELECT * FROM damaged.application WHERE id = ?1", [id])?;
            connection.execute("INSERT INTO outbox SELECT * FROM damaged.outbox WHERE sequence = ?1", [number])?;
            connection.execute("UPDATE application SET digest = ?2 WHERE id = ?1", (id, digest))?;
            Ok(())
        };
        // A row that is already there, or does not read.
        let _left_out = take();
    }
}
