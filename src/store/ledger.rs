//! The SQL: one function per promise, one short transaction per function.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::body::{Body, Holder, Plain, encode};
use super::entry::{as_column, entries, entry, is_as_written, natural, row_digest};
use super::error::{StoreError, StoreErrorKind};
use super::salvage::{TableRow, insertion, values};
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::submission::{Application, CaseReceipt, OutboxEntry, OutboxState};
use crate::seal::Sealer;

/// The statements that are asked for each application, for the test of their plans.
#[cfg(test)]
const HOT: [&str; 11] =
    [COUNT_UP, STORED, ENTRY, QUEUE, PAGE, SEQUENCE, RECEIPT, CONTENT_GONE, VOUCH, SET_ASIDE, REQUEUE];
const COUNT_UP: &str = "UPDATE terminal SET last_sequence = last_sequence + 1 RETURNING last_sequence";
const STORED: &str = "SELECT o.sequence, a.body, a.digest, a.same_tag
     FROM application a JOIN outbox o ON o.id = a.id WHERE a.id = ?1";
const ENTRY: &str = entries!("WHERE o.sequence = ?1");
const QUEUE: &str = entries!("WHERE o.state <> 'acknowledged' ORDER BY o.sequence");
const PAGE: &str = entries!("WHERE o.sequence > ?1 ORDER BY o.sequence LIMIT ?2");
const SEQUENCE: &str = "SELECT sequence FROM outbox WHERE id = ?1";
const RECEIPT: &str = "UPDATE outbox
     SET state = 'acknowledged', case_number = ?2, query_code = ?3, accepted_at = ?4, promise_date = ?5, reason = NULL
     WHERE id = ?1 AND state <> 'acknowledged'";
const CONTENT_GONE: &str = "UPDATE application SET body = NULL, digest = NULL, same_tag = NULL WHERE id = ?1";
const VOUCH: &str = "UPDATE outbox SET row_digest = ?2 WHERE sequence = ?1";
const SET_ASIDE: &str = "UPDATE outbox SET state = 'set-aside', reason = coalesce(reason, ?2)
     WHERE id = ?1 AND state <> 'acknowledged'";
const REQUEUE: &str = "UPDATE outbox SET state = 'queued', reason = NULL
     WHERE sequence = ?1 AND state = 'set-aside'
       AND EXISTS (SELECT 1 FROM application a WHERE a.id = outbox.id AND a.body IS NOT NULL)";

const ACKNOWLEDGE: &str = "write a receipt to";

/// Free pages that stay in the file for the next applications; a busy day needs a few hundred.
const SPARE_PAGES: i64 = 512;

/// A counter further above the rows than this was not reached by counting: it is damaged.
pub(super) const MOST_MISSING: i64 = 10_000;

/// One application, for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The entry.
    pub entry: OutboxEntry,
    /// Such as `张*`, if the form had a name.
    pub masked_name: Option<String>,
}

/// What could be taken over of one application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenOver {
    /// Both rows, and nothing says that they are not as they were written.
    AsItWas,
    /// The content, with a row that is known as damaged.
    WithADamagedRow,
    /// Nothing.
    Nothing,
}

/// What the numbers say at opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Count {
    pub last: Sequence,
    pub open: u64,
    pub missing: Vec<Sequence>,
}

/// The open database. Every method is one transaction; an error means that nothing of it was written, except after an
/// error that [`StoreErrorKind::breaks`] the connection, when only the next opening can tell.
#[derive(Debug)]
pub(super) struct Ledger {
    file: PathBuf,
    connection: Connection,
    sealer: Arc<Sealer>,
}

impl Ledger {
    pub(super) fn new(file: &Path, connection: Connection, sealer: &Arc<Sealer>) -> Self {
        Self { file: file.to_owned(), connection, sealer: Arc::clone(sealer) }
    }

    /// Takes over the rows of one application from a damaged file, if they keep the rules of the schema and the content
    /// matches its digest. Content that is right is not given up for a damaged row: it comes along as the damaged one
    /// that it is. A tombstone is nothing but its row.
    pub(super) fn take_over(&mut self, id: SubmissionId, rows: &[TableRow<'_>]) -> Result<TakenOver, StoreError> {
        let transaction = begin(&self.file, &mut self.connection, "salvage")?;
        for row in rows {
            match transaction.prepare_cached(&insertion(row)).and_then(|mut insert| insert.execute(values(row))) {
                Ok(_) => {}
                Err(error) => {
                    let error = StoreError::sql(&self.file, "salvage", error);
                    // The rules of the schema refuse it, or its columns are not those of the schema: it is damaged, the
                    // disk is not. Dropping the transaction takes all of it back.
                    return if error.kind == StoreErrorKind::Internal { Ok(TakenOver::Nothing) } else { Err(error) };
                }
            }
        }
        let sql = |error| StoreError::sql(&self.file, "salvage", error);
        let Some(known) = stored(&transaction, id).map_err(sql)? else { return Ok(TakenOver::Nothing) };
        let is_row_right = is_row_right(&transaction, known.sequence).map_err(sql)?;
        let taken = match (&known.body, is_row_right) {
            (Some(body), _) if known.digest.as_deref() != Some(&body.digest(id, known.sequence)) => TakenOver::Nothing,
            (Some(_) | None, true) => TakenOver::AsItWas,
            (Some(_), false) => TakenOver::WithADamagedRow,
            (None, false) => TakenOver::Nothing,
        };
        if taken != TakenOver::Nothing {
            transaction.commit().map_err(sql)?;
        }
        Ok(taken)
    }

    /// Puts the counter where it was in the damaged file.
    pub(super) fn set_counter(&self, last: i64) -> rusqlite::Result<()> {
        self.connection.execute("UPDATE terminal SET last_sequence = ?1", [last]).map(|_| ())
    }

    /// Closing will not touch the file any more: after a failed sync nothing is tried again on this connection.
    pub(super) fn leave_as_it_is(&self) {
        // It only sets a flag of the connection. If it were refused, closing would try what a fresh opening tries anyway.
        let _set = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    }

    /// An error of the program about this file.
    pub(super) fn refused(&self, kind: StoreErrorKind) -> StoreError {
        StoreError::new(&self.file, "work with", kind)
    }

    /// Seals an application and keeps it under the next number. The same application again gives the entry it has; its
    /// identity with other content is refused, and so is an identity whose content is gone, for nobody can compare it.
    pub(super) fn keep(&mut self, application: &Application) -> Result<OutboxEntry, StoreError> {
        const DOING: &str = "keep an application in";
        let id = application.client_submission_id;
        let internal = |file: &Path| StoreError::new(file, DOING, StoreErrorKind::Internal);
        let plain = encode(application).map_err(|_| internal(&self.file))?;
        let same = self.sealer.same_tag(plain.bytes());
        let transaction = begin(&self.file, &mut self.connection, DOING)?;
        let sql = |error| StoreError::sql(&self.file, DOING, error);

        if let Some(known) = stored(&transaction, id).map_err(sql)? {
            return if known.is_same(&plain, &same) {
                find(&transaction, known.sequence).map_err(sql)?.ok_or_else(|| internal(&self.file))
            } else {
                Err(StoreError::new(&self.file, DOING, StoreErrorKind::IdTaken))
            };
        }

        let sequence = transaction.query_row(COUNT_UP, [], |row| natural(row, 0)).map(Sequence).map_err(sql)?;
        // The number is part of the seal. An application that cannot be sealed takes its number back with the transaction.
        let body = plain.seal(&self.sealer, application, sequence).map_err(|error| {
            tracing::error!(code = error.code(), %error, "an application could not be sealed");
            StoreError::new(&self.file, DOING, StoreErrorKind::Unsealed)
        })?;
        let holder = Holder::of(application, &self.sealer);
        insert(&transaction, application, sequence, &body, &holder, &same).map_err(sql)?;
        vouch(&transaction, sequence, true).map_err(sql)?;
        transaction.commit().map_err(sql)?;
        Ok(OutboxEntry {
            id,
            sequence,
            item: application.item.clone(),
            kept_at: application.confirmed_at,
            size: body.bytes().len() as u64,
            state: OutboxState::Queued,
        })
    }

    /// Writes the county's receipt and deletes the content. A second receipt for the same identity changes nothing.
    pub(super) fn acknowledge(&mut self, id: SubmissionId, receipt: &CaseReceipt) -> Result<(), StoreError> {
        let unknown = self.acknowledge_all([(id, receipt)])?;
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(StoreError::new(&self.file, ACKNOWLEDGE, StoreErrorKind::NotQueued))
        }
    }

    /// The same for several in one transaction. Gives those that nobody knows; they keep none of the others back.
    pub(super) fn acknowledge_all<'r>(
        &mut self,
        receipts: impl IntoIterator<Item = (SubmissionId, &'r CaseReceipt)>,
    ) -> Result<Vec<SubmissionId>, StoreError> {
        let transaction = begin(&self.file, &mut self.connection, ACKNOWLEDGE)?;
        let sql = |error| StoreError::sql(&self.file, ACKNOWLEDGE, error);
        let mut unknown = Vec::new();
        for (id, receipt) in receipts {
            match acknowledge(&transaction, id, receipt).map_err(sql)? {
                Some(()) => {}
                None => unknown.push(id),
            }
        }
        transaction.commit().map_err(sql)?;
        Ok(unknown)
    }

    /// Gives free pages back to the disk, a bounded number at a time so that nobody waits for it.
    pub(super) fn shrink(&self) -> Result<(), StoreError> {
        let sql = |error| StoreError::sql(&self.file, "shrink", error);
        let free: i64 = self.connection.query_row("PRAGMA freelist_count", [], |row| row.get(0)).map_err(sql)?;
        if free < SPARE_PAGES {
            return Ok(());
        }
        // Each row is one page given back.
        let mut statement = self.connection.prepare_cached("PRAGMA incremental_vacuum(512)").map_err(sql)?;
        let mut pages = statement.query([]).map_err(sql)?;
        while pages.next().map_err(sql)?.is_some() {}
        Ok(())
    }

    /// Empties the write-ahead log, where deleted content lives on until it is overwritten.
    ///
    /// This is also the proof that there is such a log: after a fault while it was switched on, the setting reads "wal"
    /// and the database works with a rollback journal nevertheless, which keeps deleted content.
    pub(super) fn empty_log(&self) -> Result<(), StoreError> {
        const DOING: &str = "empty the log of";
        // Columns: busy, pages in the log, pages moved; the second is -1 without a log.
        let pages: i64 = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(1))
            .map_err(|e| StoreError::sql(&self.file, DOING, e))?;
        if pages < 0 {
            return Err(StoreError::new(&self.file, DOING, StoreErrorKind::Setting { setting: "journal_mode" }));
        }
        Ok(())
    }

    /// Takes an application out of sending, with the reason; its content stays for staff.
    pub(super) fn set_aside(&mut self, id: SubmissionId, reason: &str) -> Result<(), StoreError> {
        const DOING: &str = "set an application aside in";
        let transaction = begin(&self.file, &mut self.connection, DOING)?;
        let sql = |error| StoreError::sql(&self.file, DOING, error);
        let not_queued = || StoreError::new(&self.file, DOING, StoreErrorKind::NotQueued);
        let sequence = sequence_of(&transaction, id).map_err(sql)?.ok_or_else(not_queued)?;
        let was_right = is_row_right(&transaction, sequence).map_err(sql)?;
        let marked = transaction.execute(SET_ASIDE, params![id.0.as_bytes(), reason]).map_err(sql)?;
        if marked == 0 {
            return Err(not_queued());
        }
        vouch(&transaction, sequence, was_right).map_err(sql)?;
        transaction.commit().map_err(sql)
    }

    /// The entry with this number.
    pub(super) fn find(&self, sequence: Sequence) -> Result<Option<OutboxEntry>, StoreError> {
        find(&self.connection, sequence).map_err(|e| StoreError::sql(&self.file, "look something up in", e))
    }

    /// Everything that is not acknowledged, by number.
    pub(super) fn queue(&self) -> Result<Vec<OutboxEntry>, StoreError> {
        let read = || -> rusqlite::Result<Vec<OutboxEntry>> {
            self.connection.prepare(QUEUE)?.query_map([], entry)?.collect()
        };
        read().map_err(|e| StoreError::sql(&self.file, "read the queue of", e))
    }

    /// The applications above a number, by number, at most so many, with the masked name of the applicant.
    pub(super) fn listed(&self, after: Sequence, most: Option<usize>) -> Result<Vec<Listed>, StoreError> {
        // Below zero there is no limit.
        let limit = most.map_or(-1, |most| i64::try_from(most).unwrap_or(i64::MAX));
        let read = || -> rusqlite::Result<Vec<Listed>> {
            self.connection
                .prepare(PAGE)?
                .query_map((as_column(after), limit), |row| {
                    let masked_name = if is_as_written(row)? { row.get(17).ok().flatten() } else { None };
                    Ok(Listed { entry: entry(row)?, masked_name })
                })?
                .collect()
        };
        read().map_err(|e| StoreError::sql(&self.file, "list the entries of", e))
    }

    /// Puts one that is set aside back into the queue; only if its content is still here.
    pub(super) fn requeue(&mut self, sequence: Sequence) -> Result<(), StoreError> {
        const DOING: &str = "put an application back into the queue of";
        let transaction = begin(&self.file, &mut self.connection, DOING)?;
        let sql = |error| StoreError::sql(&self.file, DOING, error);
        let was_right = is_row_right(&transaction, sequence).optional().map_err(sql)?.unwrap_or(false);
        let marked = transaction.execute(REQUEUE, [as_column(sequence)]).map_err(sql)?;
        if marked == 0 {
            return Err(StoreError::new(&self.file, DOING, StoreErrorKind::NotQueued));
        }
        vouch(&transaction, sequence, was_right).map_err(sql)?;
        transaction.commit().map_err(sql)
    }

    /// The bytes to send, or `None` where there are none: unknown or acknowledged. Bytes that do not match their digest
    /// are not given out.
    pub(super) fn body(&self, id: SubmissionId) -> Result<Option<Body>, StoreError> {
        const DOING: &str = "read an application from";
        let known = stored(&self.connection, id).map_err(|e| StoreError::sql(&self.file, DOING, e))?;
        let Some(Stored { sequence, body: Some(body), digest, .. }) = known else {
            return Ok(None);
        };
        if digest.as_deref() == Some(&body.digest(id, sequence)) {
            Ok(Some(body))
        } else {
            Err(StoreError::new(&self.file, DOING, StoreErrorKind::EntryDamaged))
        }
    }

    /// Compares the counter with the rows. A row above the counter means damage; a missing number is named.
    pub(super) fn count(&self) -> Result<Count, StoreError> {
        const DOING: &str = "count the entries of";
        let sql = |error| StoreError::sql(&self.file, DOING, error);
        let (last, open): (u64, u64) = self
            .connection
            .query_row(
                "SELECT last_sequence, (SELECT count(*) FROM outbox WHERE state <> 'acknowledged') FROM terminal",
                [],
                |row| Ok((natural(row, 0)?, natural(row, 1)?)),
            )
            .map_err(sql)?;
        // A row without its application is no entry, and still no other may have its number.
        let highest = self
            .connection
            .query_row("SELECT coalesce(max(sequence), 0) FROM outbox", [], |row| natural(row, 0))
            .map_err(sql)?;
        if highest > last {
            return Err(StoreError::new(&self.file, DOING, StoreErrorKind::Damaged));
        }
        let mut missing = Vec::new();
        let mut expected = 1_u64;
        let mut statement = self
            .connection
            .prepare("SELECT o.sequence FROM outbox o NOT INDEXED CROSS JOIN application a ON a.id = o.id ORDER BY o.sequence")
            .map_err(sql)?;
        let mut rows = statement.query([]).map_err(sql)?;
        while let Some(row) = rows.next().map_err(sql)? {
            let found = natural(row, 0).map_err(sql)?;
            missing.extend((expected..found).map(Sequence));
            expected = found + 1;
        }
        if expected > last + 1 || last - (expected - 1) > MOST_MISSING.unsigned_abs() {
            return Err(StoreError::new(&self.file, DOING, StoreErrorKind::Damaged));
        }
        missing.extend((expected..=last).map(Sequence));
        Ok(Count { last: Sequence(last), open, missing })
    }
}

fn begin<'c>(file: &Path, connection: &'c mut Connection, doing: &'static str) -> Result<Transaction<'c>, StoreError> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|e| StoreError::sql(file, doing, e))
}

/// Writes one receipt. `None`: there is no such application.
fn acknowledge(transaction: &Transaction<'_>, id: SubmissionId, receipt: &CaseReceipt) -> rusqlite::Result<Option<()>> {
    let Some(sequence) = sequence_of(transaction, id)? else { return Ok(None) };
    let was_right = is_row_right(transaction, sequence)?;
    let marked = transaction.prepare_cached(RECEIPT)?.execute(params![
        id.0.as_bytes(),
        receipt.case_number,
        receipt.query_code,
        receipt.accepted_at.to_string(),
        receipt.promise_date.map(|day| day.to_string()),
    ])?;
    // Digest and tag go with the content: from a digest of readable bytes a curious mind could try out names.
    transaction.prepare_cached(CONTENT_GONE)?.execute([id.0.as_bytes()])?;
    if marked > 0 {
        vouch(transaction, sequence, was_right)?;
    }
    Ok(Some(()))
}

/// The number under an identity.
fn sequence_of(connection: &Connection, id: SubmissionId) -> rusqlite::Result<Option<Sequence>> {
    connection.prepare_cached(SEQUENCE)?.query_row([id.0.as_bytes()], |row| natural(row, 0).map(Sequence)).optional()
}

/// What is stored under an identity.
struct Stored {
    sequence: Sequence,
    body: Option<Body>,
    digest: Option<Vec<u8>>,
    same_tag: Option<Vec<u8>>,
}

impl Stored {
    /// Whether this is what is stored. A sealed row is compared by its tag, for sealing twice gives other bytes; a row
    /// of schema 1 has none and is compared as it lies there.
    fn is_same(&self, plain: &Plain, same: &[u8; 32]) -> bool {
        match (&self.body, &self.same_tag) {
            (None, _) => false,
            (Some(_), Some(tag)) => tag == same,
            (Some(body), None) => body.bytes() == plain.bytes(),
        }
    }
}

fn stored(connection: &Connection, id: SubmissionId) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(STORED)?
        .query_row([id.0.as_bytes()], |row| {
            Ok(Stored {
                sequence: Sequence(natural(row, 0)?),
                body: row.get::<_, Option<Vec<u8>>>(1)?.map(Body::from_stored),
                digest: row.get(2)?,
                same_tag: row.get(3)?,
            })
        })
        .optional()
}

fn insert(
    transaction: &Transaction<'_>,
    application: &Application,
    sequence: Sequence,
    body: &Body,
    holder: &Holder,
    same: &[u8; 32],
) -> rusqlite::Result<()> {
    let number = as_column(sequence).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, i64::MAX))?;
    let id = application.client_submission_id;
    let item = &application.item;
    transaction
        .prepare_cached(
            "INSERT INTO application
                 (id, item_id, item_code, version, name_zh, name_en, plain_zh, plain_en, terminal, kept_at, body, digest,
                  masked_name, lookup_tag, same_tag)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            id.0.as_bytes(),
            item.item.0,
            item.code,
            item.version,
            item.name.zh,
            item.name.en,
            item.plain_name.zh,
            item.plain_name.en,
            application.terminal,
            application.confirmed_at.to_string(),
            body.bytes(),
            body.digest(id, sequence),
            holder.masked_name,
            holder.lookup_tag,
            same,
        ])?;
    transaction
        .prepare_cached("INSERT INTO outbox (sequence, id, state) VALUES (?1, ?2, 'queued')")?
        .execute(params![number, id.0.as_bytes()])?;
    Ok(())
}

fn find(connection: &Connection, sequence: Sequence) -> rusqlite::Result<Option<OutboxEntry>> {
    // A number from a scanned code may be anything; one that no row can have is not found.
    let Some(number) = as_column(sequence) else {
        return Ok(None);
    };
    connection.prepare_cached(ENTRY)?.query_row([number], entry).optional()
}

/// Writes the digest of a row as it stands there. One that was not right before it was changed is not made so: it gets a
/// digest that no row has.
fn vouch(transaction: &Transaction<'_>, sequence: Sequence, was_right: bool) -> rusqlite::Result<()> {
    let digest = if was_right {
        transaction.prepare_cached(ENTRY)?.query_row([as_column(sequence)], row_digest)?
    } else {
        [0; 32]
    };
    transaction.prepare_cached(VOUCH)?.execute(params![as_column(sequence), digest]).map(|_| ())
}

/// Whether a row is as it was written; of one without a digest nobody knows, and it is believed.
fn is_row_right(connection: &Connection, sequence: Sequence) -> rusqlite::Result<bool> {
    connection.prepare_cached(ENTRY)?.query_row([as_column(sequence)], is_as_written)
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
pub(super) mod tests;
