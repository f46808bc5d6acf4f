//! What to do with a damaged file: put it aside, and go on with everything in it that still reads and is right.
//!
//! The damaged file is never changed and never deleted; it gets the first free name `kiosk.db.damaged-1`, `-2` … beside
//! its old place, and its log goes with it. A fresh file takes over each application whose rows read, keep the rules of
//! the schema, and whose content matches its digest, under the same number and identity. The counter stays where it was, so
//! every number that could not be taken over is named as missing by the opening.
//!
//! If the machine stops in between, the old name is free or holds a part. That part is sound in itself but not whole, so
//! the fresh file is filled under a name of its own and takes the old name as the last step.
//!
//! Left out: a file whose first page or schema does not read any more, and one of another kiosk or of a newer program. They are
//! refused as before, because nothing tells what they are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params_from_iter};

use super::error::{StoreError, StoreErrorKind};
use super::keeper::Opening;
use super::ledger::{Ledger, MOST_MISSING};
use super::schema;
use crate::domain::id::SubmissionId;

const DOING: &str = "salvage";
/// More files put aside than this mean a disk that damages one after another; somebody has to look.
const MOST_ASIDE: u32 = 99;

/// Puts a damaged file aside and fills a fresh one. Gives the name of the damaged one.
///
/// # Errors
/// The file cannot be moved or read at all, or the fresh one cannot be written. The damaged file is still there, under
/// one of its two names.
pub(super) fn salvage(opening: &Opening) -> Result<PathBuf, StoreError> {
    let file = &opening.file;
    let failed = |kind| StoreError::new(file, DOING, kind);
    // A file system of a test has no way to rename; there the damage is only told.
    if opening.vfs.is_some() {
        return Err(failed(StoreErrorKind::Damaged));
    }
    let fresh = with_end(file, ".salvaging");
    for end in ["", "-wal"] {
        match std::fs::remove_file(with_end(&fresh, end)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return Err(failed(StoreErrorKind::Io)),
        }
    }
    let aside = (1..=MOST_ASIDE)
        .map(|number| with_end(file, &format!(".damaged-{number}")))
        .find(|name| !name.exists())
        .ok_or_else(|| failed(StoreErrorKind::Damaged))?;
    copy(&Source::open(file)?, &Opening { file: fresh.clone(), ..opening.clone() })?;
    // The log first: without its database it says nothing, with another one it would be taken for that one's.
    let moves =
        [(with_end(file, "-wal"), with_end(&aside, "-wal")), (file.clone(), aside.clone()), (fresh, file.clone())];
    for (from, to) in moves {
        match std::fs::rename(from, to) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return Err(failed(StoreErrorKind::Io)),
        }
    }
    Ok(aside)
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(end);
    PathBuf::from(name)
}

/// The damaged file, open for reading alone.
struct Source {
    file: PathBuf,
    connection: Connection,
}

impl Source {
    fn open(file: &Path) -> Result<Self, StoreError> {
        let sql = |error| StoreError::sql(file, DOING, error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).map_err(sql)?;
        // Nothing of it is changed, not even by closing it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(sql)?;
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON;").map_err(sql)?;
        Ok(Self { file: file.to_owned(), connection })
    }

    fn sql(&self, error: rusqlite::Error) -> StoreError {
        StoreError::sql(&self.file, DOING, error)
    }

    /// One row by its key, with the names of its columns. A row that does not read is none.
    fn row(&self, statement: &str, key: &Value) -> Option<(Vec<String>, Vec<Value>)> {
        let mut statement = self.connection.prepare_cached(statement).ok()?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let values = statement
            .query_row([key], |row| (0..names.len()).map(|column| row.get(column)).collect::<rusqlite::Result<_>>())
            .optional()
            .ok()??;
        Some((names, values))
    }
}

/// Takes over row by row; each in a transaction of its own, so that one that is not right takes nothing with it.
fn copy(source: &Source, fresh: &Opening) -> Result<(), StoreError> {
    let counted: Option<i64> =
        source.connection.query_row("SELECT last_sequence FROM terminal", [], |row| row.get(0)).ok();
    let kiosk: Option<String> =
        source.connection.query_row("SELECT kiosk_code FROM terminal", [], |row| row.get(0)).ok();
    if let Some(found) = kiosk.filter(|found| found != fresh.kiosk.as_str()) {
        return Err(StoreError::new(&source.file, DOING, StoreErrorKind::OtherKiosk { found }));
    }
    // Where the counter does not read or is wrong, the rows tell how far it was; both directions, for one may end at the damage.
    let highest = ["SELECT max(sequence) FROM outbox", "SELECT sequence FROM outbox ORDER BY sequence DESC LIMIT 1"]
        .into_iter()
        .filter_map(|statement| source.connection.query_row(statement, [], |row| row.get::<_, i64>(0)).ok())
        .max();
    if counted.is_none() && highest.is_none() {
        // The schema itself does not read. An empty store in its place would start again at number 1, without a word.
        return Err(StoreError::new(&source.file, DOING, StoreErrorKind::Damaged));
    }
    // A damaged counter may stand too low, and then the rows above it must not be forgotten; or absurdly high, and then
    // it says nothing.
    let highest = highest.unwrap_or(0);
    let last = counted.filter(|counted| counted.saturating_sub(highest) <= MOST_MISSING).unwrap_or(0).max(highest);
    let target = schema::open(fresh)?;
    let mut ledger = Ledger::new(&fresh.file, target.connection, &fresh.sealer);
    for sequence in 1..=last {
        if let Some((id, rows)) = read(source, sequence) {
            // What is not taken over is named by the opening: its number is missing.
            ledger.take_over(id, &rows)?;
        }
    }
    ledger.set_counter(last).map_err(|error| source.sql(error))?;
    ledger.empty_log()
}

/// A row of a table: its name, its columns, its values.
pub(super) type TableRow = (&'static str, Vec<String>, Vec<Value>);

fn read(source: &Source, sequence: i64) -> Option<(SubmissionId, [TableRow; 2])> {
    let (names, outbox) = source.row("SELECT * FROM outbox WHERE sequence = ?1", &Value::Integer(sequence))?;
    let key = outbox.get(names.iter().position(|name| name == "id")?)?.clone();
    let Value::Blob(id) = &key else { return None };
    let id = SubmissionId(uuid::Uuid::from_slice(id).ok()?);
    let (columns, application) = source.row("SELECT * FROM application WHERE id = ?1", &key)?;
    Some((id, [("application", columns, application), ("outbox", names, outbox)]))
}

/// The statement that writes a row; names of tables and columns are those of the schema.
pub(super) fn insertion((table, columns, _): &TableRow) -> String {
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), places.join(", "))
}

/// The values of a row, for its statement.
pub(super) fn values(row: &TableRow) -> rusqlite::ParamsFromIter<&Vec<Value>> {
    params_from_iter(&row.2)
}
