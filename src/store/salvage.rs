//! What to do with a damaged file: put it aside, and go on with everything in it that still reads and is right.
//!
//! What the damaged file and its log were is kept byte by byte under the first free name `kiosk.db.damaged-1`, `-2` … beside
//! them. A fresh file takes over each application whose rows read, keep the rules of the schema, and whose content matches
//! its digest, under the same number and identity. The counter stays where it was, so every number that could not be taken
//! over is named as missing by the opening.
//!
//! If the machine stops in between, the store's name still leads to the damaged file with all that was in it, and the next
//! opening begins anew; a file without its log would be an older one, and no file at all an empty one that starts again at
//! number 1. Therefore the fresh file is filled under a name of its own; then the log is emptied into the damaged file,
//! so that the file says everything by itself; and the last step, one rename, is the only change of the name. What a
//! stopped salvage leaves behind is a half-filled fresh file, which the next one clears away, or one copy more.
//!
//! Left out: a file whose first page or schema does not read any more, and one of another kiosk or of a newer program. They are
//! refused as before, because nothing tells what they are.

use std::ffi::OsString;
use std::io::ErrorKind;
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
/// End of the name of the fresh file while it is filled.
const FRESH: &str = ".salvaging";
/// End of the name of a copy while it is made.
const COPIED: &str = ".copying";
/// More files put aside than this mean a disk that damages one after another; somebody has to look.
const MOST_ASIDE: u32 = 99;

/// Keeps a damaged file under another name and puts a fresh one in its place. Gives the name of the damaged one.
///
/// # Errors
/// The file cannot be copied or read at all, or the fresh one cannot be written. The damaged file is still in its place.
pub(super) fn salvage(opening: &Opening) -> Result<PathBuf, StoreError> {
    watched(opening, &mut || {})
}

/// The same; `stop` is called wherever the machine may stop.
fn watched(opening: &Opening, stop: &mut dyn FnMut()) -> Result<PathBuf, StoreError> {
    let file = &opening.file;
    // A file system of a test has no way to rename; there the damage is only told.
    if opening.vfs.is_some() {
        return Err(StoreError::new(file, DOING, StoreErrorKind::Damaged));
    }
    let io = |error: std::io::Error| failed(file, &error);
    let (fresh, copied) = (with_end(file, FRESH), with_end(file, COPIED));
    for left in [&fresh, &copied] {
        for end in ["", "-wal", "-journal"] {
            remove(&with_end(left, end)).map_err(io)?;
        }
    }
    let aside = (1..=MOST_ASIDE)
        .map(|number| with_end(file, &format!(".damaged-{number}")))
        .find(|name| !name.exists())
        .ok_or_else(|| StoreError::new(file, DOING, StoreErrorKind::Damaged))?;
    stop();
    copy(&Source::open(file)?, &Opening { file: fresh.clone(), ..opening.clone() }, stop)?;
    // Copied under a name of its own, so that a half one is never taken for what was found.
    for end in ["-wal", ""] {
        keep_copy(&with_end(file, end), &with_end(&copied, end), &with_end(&aside, end)).map_err(io)?;
        stop();
    }
    sync_folder(file).map_err(io)?;
    let source = Source::open(file)?;
    source.empty_log()?;
    stop();
    std::fs::rename(&fresh, file).map_err(io)?;
    stop();
    // Not before the name is durable may anything be promised on the new file.
    sync_folder(file).map_err(io)?;
    Ok(aside)
}

/// Copies a file for good, and then gives the copy its name. A file that is not there has none.
fn keep_copy(from: &Path, copied: &Path, named: &Path) -> std::io::Result<()> {
    match std::fs::copy(from, copied) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    std::fs::File::open(copied)?.sync_all()?;
    std::fs::rename(copied, named)
}

fn remove(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the names in the folder of this file durable.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Other systems than Unix do not open folders; there a rename is durable by itself or not at all.
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

fn failed(file: &Path, error: &std::io::Error) -> StoreError {
    let is_full = error.kind() == ErrorKind::StorageFull;
    StoreError::new(file, DOING, if is_full { StoreErrorKind::DiskFull } else { StoreErrorKind::Io })
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(end);
    PathBuf::from(name)
}

/// The damaged file. Its applications are read and never changed.
struct Source {
    file: PathBuf,
    connection: Connection,
}

impl Source {
    fn open(file: &Path) -> Result<Self, StoreError> {
        let sql = |error| StoreError::sql(file, DOING, error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).map_err(sql)?;
        // Nothing of it is changed by closing it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(sql)?;
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON;").map_err(sql)?;
        Ok(Self { file: file.to_owned(), connection })
    }

    /// Brings what the log holds into the file itself, and cuts the log off.
    fn empty_log(&self) -> Result<(), StoreError> {
        let is_busy: bool = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(|error| self.sql(error))?;
        if is_busy { Err(StoreError::new(&self.file, DOING, StoreErrorKind::Busy)) } else { Ok(()) }
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
fn copy(source: &Source, fresh: &Opening, stop: &mut dyn FnMut()) -> Result<(), StoreError> {
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
        stop();
    }
    ledger.set_counter(last).map_err(|error| source.sql(error))?;
    stop();
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

#[cfg(test)]
#[path = "salvage_tests.rs"]
mod tests;
