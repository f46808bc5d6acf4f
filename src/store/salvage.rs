//! What to do with a damaged file: put it aside, and go on with everything in it that still reads and is right.
//!
//! A fresh file takes over each application whose rows read, keep the rules of the schema, and whose content matches
//! its digest, under the same number and identity. The counter stays where it was, so every number that could not be taken
//! over is named as missing by the opening. A schema that does not read is laid over with that of a fresh store (`graft`). Where no
//! table can be walked through even then, traces of rows tell how far the store was (`traces`): the fresh file begins behind that number.
//!
//! **What becomes of the damaged file.** If it gave up everything, the fresh file is opened and checked like any store and
//! then takes its place, and the old bytes are overwritten: sealed content must not outlive its acknowledgement in a
//! copy. If anything is missing, or if its schema had to be laid over, the damaged file and its log are kept byte by byte as they were found, under the first free
//! name `kiosk.db.damaged-1`, `-2` …, for whoever can do more with them; the status says so until somebody takes them
//! away.
//!
//! **If the machine stops in between**, the store's name still leads to the damaged file with all that was in it, and the next
//! opening begins anew; a file without its log would be an older one, and no file at all an empty one that starts again at
//! number 1. Therefore the fresh file is filled under a name of its own; then the log is emptied into the damaged file,
//! so that the file says everything by itself; then the log goes, durably, for it would otherwise be read into the fresh file;
//! and the last step, one rename, is the only change of the name. What a stopped salvage leaves behind is a
//! half-filled file, which the next opening clears away, or one copy more.
//!
//! Left out: a file of another kiosk or of a newer program, and one of which nothing tells what it is. They are refused as
//! before and left as they are.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params_from_iter};

use super::afresh::AFRESH;
use super::error::{StoreError, StoreErrorKind};
use super::files::Files;
use super::graft;
use super::keeper::Opening;
use super::ledger::{Ledger, MOST_MISSING, TakenOver};
use super::schema;
use super::traces::traces;
use crate::domain::id::SubmissionId;

const DOING: &str = "salvage";
/// End of the name of the fresh file while it is filled.
const FRESH: &str = ".salvaging";
/// End of the name of a copy while it is made.
const COPIED: &str = ".copying";
/// End of the name of a damaged file with a fresh schema.
const GRAFTED: &str = ".grafting";
/// The files of one database: the log and the journal, and the file itself last.
pub(super) const PARTS: [&str; 3] = ["-wal", "-journal", ""];
/// More files put aside than this mean a disk that damages one after another; somebody has to look.
const MOST_ASIDE: u32 = 20;

/// What became of a damaged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Salvaged {
    /// Everything in it was taken over, and it is gone.
    Whole,
    /// Something is missing: as it was found it lies here.
    InPart {
        /// The file; its log beside it, if it had one.
        aside: PathBuf,
    },
}

/// Takes over what reads of a damaged file into a fresh one that takes its place. `found` is why it does not open.
///
/// # Errors
/// `found`, where nothing tells that it is a store of this kiosk, or how far it was; or the file cannot be read at all, or the
/// fresh one cannot be written. The damaged file is still in its place.
pub(super) fn salvage(
    opening: &Opening,
    found: StoreError,
    as_found: Option<&AsFound>,
) -> Result<Salvaged, StoreError> {
    watched(opening, found, as_found, &mut || {})
}

/// A file and its journal before they were opened. Opening reads the journal into the file, and what is put aside must be
/// what was found.
#[derive(Debug)]
pub(super) struct AsFound {
    file: Vec<u8>,
    journal: Vec<u8>,
}

/// The same; `stop` is called wherever the machine may stop.
fn watched(
    opening: &Opening,
    found: StoreError,
    as_found: Option<&AsFound>,
    stop: &mut dyn FnMut(),
) -> Result<Salvaged, StoreError> {
    let file = &opening.file;
    let files = opening.files();
    let io = |error: std::io::Error| failed(file, &error);
    clear(&*files, file).map_err(io)?;
    stop();
    let fresh = Opening { file: with_end(file, FRESH), ..opening.clone() };
    let mut aside = None;
    let mut taken = copy(&Source::open(opening, file)?, &fresh, stop)?;
    if taken.is_none() {
        let Some(grafted) = read_under_a_fresh_schema(opening, &fresh)? else {
            clear(&*files, file).map_err(io)?;
            return Err(found);
        };
        aside = Some(put_aside(&*files, file, as_found, stop)?);
        files.rename(&with_end(file, GRAFTED), &with_end(file, COPIED)).map_err(io)?;
        files.replace(&with_end(file, COPIED), file).map_err(io)?;
        stop();
        taken = copy(&Source::open(opening, file)?, &fresh, stop)?;
        if taken.is_none() {
            taken = match grafted {
                Grafted::Reads => None,
                Grafted::Empty => Some(anew(&fresh, 0)?),
                Grafted::Traced(last) => Some(anew(&fresh, last)?),
            };
        }
    }
    let Some(taken) = taken else { return Err(found) };
    // With every check of a start, before it takes the name.
    let checked = Ledger::new(&fresh.file, schema::open(&fresh)?.connection, &fresh.sealer).count()?;
    let is_whole = taken.is_whole && checked.missing.is_empty();
    if !is_whole && aside.is_none() {
        aside = Some(put_aside(&*files, file, as_found, stop)?);
    }
    Source::open(opening, file)?.empty_log()?;
    stop();
    for end in ["-wal", "-journal"] {
        files.remove(&with_end(file, end)).map_err(io)?;
    }
    files.sync_folder(file).map_err(io)?;
    stop();
    files.replace(&fresh.file, file).map_err(io)?;
    stop();
    Ok(aside.map_or(Salvaged::Whole, |aside| Salvaged::InPart { aside }))
}

/// Clears away what a stopped salvage left behind, and counts the damaged files that are kept.
///
/// # Errors
/// The names cannot be read.
pub(super) fn tidy_up(opening: &Opening) -> Result<u32, StoreError> {
    let (file, files) = (&opening.file, opening.files());
    let count = || -> std::io::Result<u32> {
        clear(&*files, file)?;
        let mut count = 0;
        for number in 1..=MOST_ASIDE {
            count += u32::from(files.is_there(&aside(file, number))?);
        }
        Ok(count)
    };
    count().map_err(|error| failed(file, &error))
}

/// Lays a rollback journal off that is older than the file beside it. One that is not is read into the file by the opening;
/// then both are given as they are.
///
/// A store has such a journal once in its life, while its write-ahead log is switched on. A file that says of itself that
/// it has that log and is a store was written long after; a disk that lies may have the file and not yet the end of the
/// journal, and reading the journal into the file would cut everything off it.
pub(super) fn lay_stale_journal_off(opening: &Opening) -> Result<Option<AsFound>, StoreError> {
    let (file, files) = (&opening.file, opening.files());
    let journal = with_end(file, "-journal");
    let lay_off = || -> std::io::Result<Option<AsFound>> {
        let (Some(rolls_back), Some(bytes)) = (files.read(&journal)?, files.read(file)?) else { return Ok(None) };
        if !graft::is_past_its_journal(&bytes) {
            return Ok(Some(AsFound { file: bytes, journal: rolls_back }));
        }
        tracing::warn!("a journal older than the store is laid off");
        files.remove(&journal)?;
        files.sync_folder(file)?;
        Ok(None)
    };
    lay_off().map_err(|error| failed(file, &error))
}

/// What a damaged file is under the schema of a fresh store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grafted {
    /// Counter or rows read.
    Reads,
    /// Nothing reads, and it is not longer than a store that has kept nothing.
    Empty,
    /// Nothing reads, and traces of rows tell that numbers were given up to this one.
    Traced(i64),
}

/// Writes the damaged file with a fresh schema beside it. `None`: nothing tells that it is a store of this kiosk, or
/// nothing reads of a file in which something may have been.
fn read_under_a_fresh_schema(opening: &Opening, fresh: &Opening) -> Result<Option<Grafted>, StoreError> {
    let (file, files) = (&opening.file, opening.files());
    let io = |error: std::io::Error| failed(file, &error);
    let damaged = files.read(file).map_err(io)?.unwrap_or_default();
    if !graft::fits(&damaged) {
        return Ok(None);
    }
    let template = template(fresh)?;
    let grafted = with_end(file, GRAFTED);
    files.write(&grafted, &graft::grafted(&damaged, &template)).map_err(io)?;
    let log = files.read(&with_end(file, "-wal")).map_err(io)?.unwrap_or_default();
    files.write(&with_end(&grafted, "-wal"), &log).map_err(io)?;
    let traces = traces(&damaged, &log);
    let source = Source::open(opening, &grafted)?;
    let kiosk = source.kiosk().or(traces.kiosk);
    let is_ours = match &kiosk {
        Some(kiosk) => kiosk == opening.kiosk.as_str(),
        None => graft::is_marked_or_blank(&damaged),
    };
    let reads =
        source.kiosk().is_some() || source.counted().is_some() || source.highest().is_some_and(|highest| highest > 0);
    drop(source);
    files.remove(&with_end(&grafted, "-wal")).map_err(io)?;
    Ok(match (is_ours, reads) {
        (false, _) => None,
        (true, true) => Some(Grafted::Reads),
        (true, false) if traces.last > 0 => Some(Grafted::Traced(traces.last)),
        (true, false) => (damaged.len() <= template.bytes.len()).then_some(Grafted::Empty),
    })
}

/// A store that has kept nothing.
fn template(fresh: &Opening) -> Result<graft::Template, StoreError> {
    let sql = |error| StoreError::sql(&fresh.file, DOING, error);
    let files = fresh.files();
    let connection = schema::open(fresh)?.connection;
    let schema = connection
        .prepare("SELECT pageno FROM dbstat WHERE name IN ('sqlite_schema', 'sqlite_master')")
        .and_then(|mut pages| pages.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<u32>>>())
        .map_err(sql)?;
    // Closing empties its log into it.
    drop(connection);
    let bytes = files.read(&fresh.file).map_err(|error| failed(&fresh.file, &error))?.unwrap_or_default();
    for end in PARTS {
        files.remove(&with_end(&fresh.file, end)).map_err(|error| failed(&fresh.file, &error))?;
    }
    Ok(graft::Template { bytes, schema })
}

/// Begins an empty store behind the last number that left a trace; those up to it are missing.
fn anew(fresh: &Opening, last: i64) -> Result<Taken, StoreError> {
    let ledger = Ledger::new(&fresh.file, schema::open(fresh)?.connection, &fresh.sealer);
    ledger.set_counter(last).map_err(|error| StoreError::sql(&fresh.file, DOING, error))?;
    ledger.empty_log()?;
    Ok(Taken { is_whole: false })
}

/// Copies the damaged file and its log for good, and then gives the copies their names. Gives that of the file.
fn put_aside(
    files: &dyn Files,
    file: &Path,
    as_found: Option<&AsFound>,
    stop: &mut dyn FnMut(),
) -> Result<PathBuf, StoreError> {
    let io = |error: std::io::Error| failed(file, &error);
    let mut free = None;
    for number in 1..=MOST_ASIDE {
        let name = aside(file, number);
        if !files.is_there(&name).map_err(io)? {
            free = Some(name);
            break;
        }
    }
    let aside = free.ok_or_else(|| StoreError::new(file, DOING, StoreErrorKind::Damaged))?;
    // Written under a name of its own, so that a half one is never taken for what was found.
    let copied = with_end(file, COPIED);
    for end in PARTS {
        let bytes = match as_found {
            Some(AsFound { file, .. }) if end.is_empty() => Some(file.clone()),
            Some(AsFound { journal, .. }) if end == "-journal" => Some(journal.clone()),
            Some(_) | None => files.read(&with_end(file, end)).map_err(io)?,
        };
        if let Some(bytes) = bytes {
            // A log of an earlier try that was stopped before its file has the same name and is of no use.
            files.remove(&with_end(&aside, end)).map_err(io)?;
            files.write(&with_end(&copied, end), &bytes).map_err(io)?;
            files.rename(&with_end(&copied, end), &with_end(&aside, end)).map_err(io)?;
        }
        stop();
    }
    files.sync_folder(file).map_err(io)?;
    stop();
    Ok(aside)
}

fn aside(file: &Path, number: u32) -> PathBuf {
    with_end(file, &format!(".damaged-{number}"))
}

/// Takes half-made files away. By their names alone, never overwritten: after a loss of power a name may be the store's.
fn clear(files: &dyn Files, file: &Path) -> std::io::Result<()> {
    for made in [FRESH, COPIED, GRAFTED, AFRESH] {
        for end in PARTS {
            let left = with_end(&with_end(file, made), end);
            if files.is_there(&left)? {
                files.remove(&left)?;
            }
        }
    }
    Ok(())
}

pub(super) fn failed(file: &Path, error: &std::io::Error) -> StoreError {
    let is_full = error.kind() == ErrorKind::StorageFull;
    StoreError::new(file, DOING, if is_full { StoreErrorKind::DiskFull } else { StoreErrorKind::Io })
}

pub(super) fn with_end(file: &Path, end: &str) -> PathBuf {
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
    fn open(opening: &Opening, file: &Path) -> Result<Self, StoreError> {
        let sql = |error| StoreError::sql(file, DOING, error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match opening.vfs() {
            None => Connection::open_with_flags(file, flags),
            Some(vfs) => Connection::open_with_flags_and_vfs(file, flags, vfs),
        }
        .map_err(sql)?;
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

    /// The code of the kiosk it belongs to, if that reads.
    fn kiosk(&self) -> Option<String> {
        self.connection.query_row("SELECT kiosk_code FROM terminal", [], |row| row.get(0)).ok()
    }

    /// The counter, if it reads.
    fn counted(&self) -> Option<i64> {
        self.connection.query_row("SELECT last_sequence FROM terminal", [], |row| row.get(0)).ok()
    }

    /// The highest number of a row, if any reads; both directions, for one may end at the damage. 0: none is there.
    fn highest(&self) -> Option<i64> {
        ["SELECT coalesce(max(sequence), 0) FROM outbox", "SELECT sequence FROM outbox ORDER BY sequence DESC LIMIT 1"]
            .into_iter()
            .filter_map(|statement| self.connection.query_row(statement, [], |row| row.get(0)).ok())
            .max()
    }

    /// One row of a table by its key. One that does not read is none.
    fn row<'a>(&self, (table, columns): (&'static str, &'a [String]), by: &str, key: &Value) -> Option<TableRow<'a>> {
        let statement = format!("SELECT {} FROM {table} WHERE {by} = ?1", columns.join(", "));
        let mut statement = self.connection.prepare_cached(&statement).ok()?;
        let values = statement
            .query_row([key], |row| (0..columns.len()).map(|column| row.get(column)).collect::<rusqlite::Result<_>>())
            .optional()
            .ok()??;
        Some((table, columns, values))
    }
}

/// The columns of both tables, application and outbox.
struct Columns([Vec<String>; 2]);

impl Columns {
    /// As bytes first, for a damaged schema may call its columns by anything. `None`: that is not how a table is called.
    fn of(connection: &Connection) -> Option<Self> {
        let of = |table: &str| -> Option<Vec<String>> {
            let mut names = connection.prepare("SELECT CAST(name AS BLOB) FROM pragma_table_info(?1)").ok()?;
            let names: Vec<Vec<u8>> =
                names.query_map([table], |row| row.get(0)).ok()?.collect::<Result<_, _>>().ok()?;
            names.into_iter().map(|name| String::from_utf8(name).ok()).collect()
        };
        Some(Self([of("application")?, of("outbox")?]))
    }

    /// Whether they are some of these: an earlier schema has fewer.
    fn are_some_of(&self, known: &Self) -> bool {
        self.0
            .iter()
            .zip(&known.0)
            .all(|(ours, known)| !ours.is_empty() && ours.iter().all(|name| known.contains(name)))
    }
}

/// What was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taken {
    /// The counter read, and so did every row up to it, and no row is above it.
    is_whole: bool,
}

/// Takes over row by row; each in a transaction of its own, so that one that is not right takes nothing with it.
/// `None`: the schema itself does not read, and nothing was taken over.
fn copy(source: &Source, fresh: &Opening, stop: &mut dyn FnMut()) -> Result<Option<Taken>, StoreError> {
    if let Some(found) = source.kiosk().filter(|found| found != fresh.kiosk.as_str()) {
        return Err(StoreError::new(&source.file, DOING, StoreErrorKind::OtherKiosk { found }));
    }
    let target = schema::open(fresh)?;
    let columns = Columns::of(&source.connection);
    let Some(columns) =
        columns.zip(Columns::of(&target.connection)).and_then(|(ours, known)| ours.are_some_of(&known).then_some(ours))
    else {
        return Ok(None);
    };
    // Where the counter does not read or is wrong, the rows tell how far it was.
    let (counted, highest) = (source.counted(), source.highest());
    if counted.is_none() && highest.unwrap_or(0) == 0 {
        // An empty store in its place would start again at number 1, without a word.
        return Ok(None);
    }
    // A damaged counter may stand too low, and then the rows above it must not be forgotten; or absurdly high, and then
    // it says nothing.
    let has_rows_that_read = highest.is_some();
    // A table whose right edge is damaged does not say how far it goes; what its rows left behind on other pages does.
    let told = counted.unwrap_or(0);
    let highest = match highest {
        Some(highest) => highest,
        None => Some(traced(source, fresh)?).filter(|rows| (0..=MOST_MISSING).contains(&(told - rows))).unwrap_or(0),
    };
    if !has_rows_that_read && told > MOST_MISSING && highest == 0 {
        // Many numbers were given, and nothing says that this counter is right: a wrong guess would give them twice.
        return Ok(None);
    }
    let last = counted.filter(|counted| counted.saturating_sub(highest) <= MOST_MISSING).unwrap_or(0).max(highest);
    let mut ledger = Ledger::new(&fresh.file, target.connection, &fresh.sealer);
    let mut is_whole = has_rows_that_read && counted == Some(last);
    for sequence in 1..=last {
        // What is not taken over is named by the opening: its number is missing.
        is_whole &= match read(source, &columns, sequence) {
            Some((id, rows)) => ledger.take_over(id, &rows)? == TakenOver::AsItWas,
            None => false,
        };
        stop();
    }
    ledger.set_counter(last).map_err(|error| source.sql(error))?;
    stop();
    ledger.empty_log()?;
    Ok(Some(Taken { is_whole }))
}

/// The highest number of a row that left a trace anywhere in the damaged file or its log.
fn traced(source: &Source, fresh: &Opening) -> Result<i64, StoreError> {
    let files = fresh.files();
    let bytes = |file: &Path| files.read(file).map(Option::unwrap_or_default).map_err(|error| failed(file, &error));
    Ok(traces(&bytes(&source.file)?, &bytes(&with_end(&source.file, "-wal"))?).rows)
}

/// A row of a table: its name, its columns, its values.
pub(super) type TableRow<'a> = (&'static str, &'a [String], Vec<Value>);

fn read<'a>(source: &Source, columns: &'a Columns, sequence: i64) -> Option<(SubmissionId, [TableRow<'a>; 2])> {
    let Columns([of_application, of_outbox]) = columns;
    let outbox = source.row(("outbox", of_outbox), "sequence", &Value::Integer(sequence))?;
    let key = outbox.2.get(of_outbox.iter().position(|name| name == "id")?)?.clone();
    let Value::Blob(id) = &key else { return None };
    let id = SubmissionId(uuid::Uuid::from_slice(id).ok()?);
    let application = source.row(("application", of_application), "id", &key)?;
    Some((id, [application, outbox]))
}

/// The statement that writes a row; names of tables and columns are those of the schema.
pub(super) fn insertion((table, columns, _): &TableRow<'_>) -> String {
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), places.join(", "))
}

/// The values of a row, for its statement.
pub(super) fn values<'a>(row: &'a TableRow<'_>) -> rusqlite::ParamsFromIter<&'a Vec<Value>> {
    params_from_iter(&row.2)
}

#[cfg(test)]
#[path = "salvage_tests.rs"]
mod tests;
