//! An entry as it is read, and whether it stands there as it was written.
//!
//! Both rows of an application are read by one list of columns, [`entries!`], in one order. The digest of a row covers all of
//! them but the content, which has a digest of its own. A row of an earlier schema has none and is believed.

use jiff::{Timestamp, civil::Date};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use sm3::{Digest, Sm3};
use uuid::Uuid;

use super::error::StoreErrorKind;
use crate::domain::id::{ItemId, Sequence, SubmissionId};
use crate::domain::submission::{CaseReceipt, ItemRef, OutboxEntry, OutboxState};
use crate::domain::text::Text;

/// Columns of an entry, in the order [`entry`] reads them.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT o.id, o.sequence, o.state, o.case_number, o.query_code, o.accepted_at, o.promise_date, o.reason,
                    a.item_id, a.item_code, a.version, a.name_zh, a.name_en, a.plain_zh, a.plain_en, a.kept_at,
                    coalesce(length(a.body), 0), a.masked_name, a.terminal, a.digest, a.lookup_tag, a.same_tag, o.row_digest
             FROM outbox o JOIN application a ON a.id = o.id ",
            $rest
        )
    };
}
pub(super) use entries;

/// The column of an entry that holds the length of its content. It is not part of the row's digest.
const LENGTH: usize = 16;
/// The column of an entry that holds the digest of all columns before it.
const ROW_DIGEST: usize = 22;

/// Reads an entry. One whose details do not read, or are not as they were written, is given without them and as set aside,
/// so that a single damaged row neither blocks the rest nor is given out for right. One that waits goes on waiting: what is
/// sent is the content, which has a digest of its own.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    let id = SubmissionId(Uuid::from_bytes(row.get(0)?));
    let sequence = Sequence(natural(row, 1)?);
    let read = || -> Option<OutboxEntry> {
        if !is_as_written(row).ok()? {
            return None;
        }
        Some(OutboxEntry {
            id,
            sequence,
            state: state(row)?,
            item: ItemRef {
                item: ItemId(row.get(8).ok()?),
                code: row.get(9).ok()?,
                version: row.get(10).ok()?,
                name: Text::new(row.get::<_, String>(11).ok()?, row.get::<_, String>(12).ok()?),
                plain_name: Text::new(row.get::<_, String>(13).ok()?, row.get::<_, String>(14).ok()?),
            },
            kept_at: row.get::<_, String>(15).ok()?.parse().ok()?,
            size: natural(row, LENGTH).ok()?,
        })
    };
    let damaged = || OutboxState::SetAside { reason: StoreErrorKind::EntryDamaged.code().to_owned() };
    Ok(read().unwrap_or_else(|| OutboxEntry {
        id,
        sequence,
        item: ItemRef {
            item: ItemId(String::new()),
            code: String::new(),
            version: 0,
            name: Text::default(),
            plain_name: Text::default(),
        },
        kept_at: Timestamp::UNIX_EPOCH,
        size: natural(row, LENGTH).unwrap_or(0),
        state: state(row).filter(|state| *state == OutboxState::Queued).unwrap_or_else(damaged),
    }))
}

fn state(row: &Row<'_>) -> Option<OutboxState> {
    match row.get::<_, String>(2).ok()?.as_str() {
        "queued" => Some(OutboxState::Queued),
        "acknowledged" => Some(OutboxState::Acknowledged {
            receipt: CaseReceipt {
                case_number: row.get(3).ok()?,
                query_code: row.get(4).ok()?,
                accepted_at: row.get::<_, String>(5).ok()?.parse().ok()?,
                promise_date: match row.get::<_, Option<String>>(6).ok()? {
                    Some(day) => Some(day.parse::<Date>().ok()?),
                    None => None,
                },
            },
        }),
        "set-aside" => Some(OutboxState::SetAside { reason: row.get(7).ok()? }),
        _ => None,
    }
}

/// Whether a row is as it was written; of one without a digest nobody knows, and it is believed.
pub(super) fn is_as_written(row: &Row<'_>) -> rusqlite::Result<bool> {
    Ok(match row.get_ref(ROW_DIGEST)? {
        ValueRef::Null => true,
        ValueRef::Blob(written) => written == row_digest(row)?,
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => false,
    })
}

/// SM3 over the columns of an entry but the content, each with its kind and its length, 32 bytes.
pub(super) fn row_digest(row: &Row<'_>) -> rusqlite::Result<[u8; 32]> {
    let mut sum = Sm3::new();
    for column in (0..ROW_DIGEST).filter(|column| *column != LENGTH) {
        let mut add = |kind: u8, bytes: &[u8]| {
            sum.update([kind]);
            sum.update((bytes.len() as u64).to_be_bytes());
            sum.update(bytes);
        };
        match row.get_ref(column)? {
            ValueRef::Null => add(0, &[]),
            ValueRef::Integer(number) => add(1, &number.to_be_bytes()),
            ValueRef::Real(number) => add(2, &number.to_be_bytes()),
            ValueRef::Text(text) => add(3, text),
            ValueRef::Blob(bytes) => add(4, bytes),
        }
    }
    Ok(sum.finalize().into())
}

/// A number as the database holds it.
pub(super) fn as_column(sequence: Sequence) -> Option<i64> {
    i64::try_from(sequence.0).ok()
}

/// Reads a column that is never negative.
pub(super) fn natural(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}
