//! Opening the file: its settings, its version, its soundness.
//!
//! Nothing is written before the file is known to be ours and not newer than the program. Each migration runs in one
//! immediate transaction together with its version number, so that a cut leaves the old schema or the new one, never
//! something between.
//!
//! Two numbers say what a file is. `user_version` is the oldest schema whose program can work with it; a program refuses
//! a file with a higher one than its own. `schema_step` counts the migrations that were run. An additive migration takes
//! a step and leaves `user_version` alone, so that the program of the other boot slot goes on reading, delivering and
//! keeping; the script says what that program makes of what the newer one wrote.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use super::error::{StoreError, StoreErrorKind};
use super::keeper::Opening;
use crate::domain::place::KioskCode;
use crate::ipc::StoreSchema;

/// Marks the file as a store of a kiosk (`PRAGMA application_id`): the letters `Kisk`.
pub(super) const APPLICATION_ID: i64 = 0x4b69_736b;

/// One step of the schema.
#[derive(Clone, Copy)]
struct Migration {
    script: &'static str,
    /// Oldest schema whose program can work with the file after it: `user_version`.
    reader: i64,
}

/// Migrations by step, from 1. Only additive between neighbouring images: the other boot slot must still read the file.
const MIGRATIONS: &[Migration] = &[
    Migration { script: include_str!("migrations/001_outbox.sql"), reader: 1 },
    Migration { script: include_str!("migrations/002_seal.sql"), reader: 1 },
    Migration { script: include_str!("migrations/003_rows.sql"), reader: 1 },
];

/// Newest `user_version` this program can work with.
const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Newest schema this program knows, for manifests of images.
pub const NEWEST_SCHEMA: u32 = MIGRATIONS.len() as u32;

/// Oldest schema whose program can work with what this program writes, for manifests of images.
pub const READABLE_FROM: u32 = MIGRATIONS[MIGRATIONS.len() - 1].reader as u32;

const OPEN: &str = "open";

/// A connection that is fit for promises.
#[derive(Debug)]
pub(super) struct Opened {
    pub connection: Connection,
    /// Step of the schema found in the file; 0 for a new one.
    pub found_step: i64,
    /// What the file holds from now on.
    pub schema: StoreSchema,
}

/// Opens and checks the database, brings its schema up to date and makes sure it is the store of this kiosk.
pub(super) fn open(opening: &Opening) -> Result<Opened, StoreError> {
    let Opening { file, kiosk, .. } = opening;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = match opening.vfs() {
        None => {
            make_private(file)?;
            Connection::open_with_flags(file, flags)
        }
        // Its files are no files of the system, so the connection itself makes a missing one.
        Some(vfs) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_CREATE;
            Connection::open_with_flags_and_vfs(file, flags, vfs)
        }
    }
    .map_err(|e| sql(file, e))?;
    // A file that is refused is left as it is; closing would empty its log into it.
    keep_log(file, &connection, true)?;
    // Whoever holds the lock holds it until he ends: waiting for him would only delay the message.
    connection.busy_timeout(Duration::ZERO).map_err(|e| sql(file, e))?;
    // Must come before the first access: the lock is then taken by it and held until the connection closes.
    set(file, &connection, "locking_mode", "EXCLUSIVE", "exclusive")?;
    let found_step = ours(file, &connection)?;
    not_of_another(file, &connection, kiosk)?;
    if found_step == 0 {
        shape(file, &connection)?;
    }
    durable(file, &connection)?;
    sound(file, &connection)?;
    keep_log(file, &connection, false)?;
    let as_found = |error: StoreError| {
        // The statements are right: what a file refuses that was a store before is not the schema that its step says.
        let is_misshapen = error.kind == StoreErrorKind::Internal && found_step > 0;
        if is_misshapen { refuse(file, StoreErrorKind::Damaged) } else { error }
    };
    migrate(file, &mut connection, found_step, MIGRATIONS).map_err(as_found)?;
    belongs(file, &connection, kiosk).map_err(as_found)?;
    complete(file, &connection).map_err(as_found)?;
    let schema = marked(file, &connection)?;
    Ok(Opened { connection, found_step, schema })
}

/// Whether closing leaves the log beside the file, or empties it into the file.
fn keep_log(file: &Path, connection: &Connection, keeps: bool) -> Result<(), StoreError> {
    let set = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps);
    set.map(|_| ()).map_err(|e| sql(file, e))
}

/// Step and oldest reader as the file tells them.
fn marked(file: &Path, connection: &Connection) -> Result<StoreSchema, StoreError> {
    let natural = |number: i64| u32::try_from(number).map_err(|_| refuse(file, StoreErrorKind::NotADatabase));
    let schema = natural(ours(file, connection)?)?;
    Ok(StoreSchema { schema, readable_from: natural(number(file, connection, "user_version")?)? })
}

/// Creates a missing file for its owner alone. An existing one is left as it is; it is not even opened here, because
/// closing a second handle would drop the lock of another connection of this process.
fn make_private(file: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file).map_err(|e| e.kind()) {
        Ok(_) | Err(ErrorKind::AlreadyExists) => Ok(()),
        Err(ErrorKind::NotFound) => Err(refuse(file, StoreErrorKind::NoFolder)),
        Err(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            Err(refuse(file, StoreErrorKind::Permission))
        }
        Err(ErrorKind::StorageFull) => Err(refuse(file, StoreErrorKind::DiskFull)),
        Err(_) => Err(refuse(file, StoreErrorKind::Io)),
    }
}

/// Reads the step of the file; refuses what needs a newer program or is not ours.
fn ours(file: &Path, connection: &Connection) -> Result<i64, StoreError> {
    let version = number(file, connection, "user_version")?;
    let application = number(file, connection, "application_id")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(|e| sql(file, e))?;
    let is_new = version == 0 && application == 0 && tables == 0;
    if !is_new && application != APPLICATION_ID {
        return Err(refuse(file, StoreErrorKind::NotADatabase));
    }
    if version > KNOWN {
        return Err(refuse(file, StoreErrorKind::Newer { found: version, known: KNOWN }));
    }
    let counts_steps: bool = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_step'", [], |row| row.get(0))
        .map_err(|e| sql(file, e))?;
    if !counts_steps {
        return Ok(version);
    }
    connection.query_row("SELECT step FROM schema_step", [], |row| row.get(0)).map_err(|e| {
        let error = sql(file, e);
        // The row is written with the table: one without the other, or with something else in it, is damage.
        if error.kind == StoreErrorKind::Internal {
            StoreError { kind: StoreErrorKind::Damaged, ..error }
        } else {
            error
        }
    })
}

/// What a file is made with, for life; both settings only count before the first page is written.
fn shape(file: &Path, connection: &Connection) -> Result<(), StoreError> {
    // Small pages, for two reasons. A new application changes a handful of pages by a few bytes each, and each is written
    // as a whole. And when rows move from page to page, the database may leave old bytes behind on the page they came
    // from; overflow pages never move, and of a row on pages this small all but the first 102 bytes lie on overflow
    // pages, which are zeroed when the content is deleted.
    set(file, connection, "page_size", "512", "512")?;
    // Deleted content can be given back to the disk in small steps.
    set(file, connection, "auto_vacuum", "INCREMENTAL", "2")
}

/// The settings every promise stands on, each read back after it was set.
fn durable(file: &Path, connection: &Connection) -> Result<(), StoreError> {
    set(file, connection, "journal_mode", "WAL", "wal")?;
    set(file, connection, "synchronous", "FULL", "2")?;
    set(file, connection, "foreign_keys", "ON", "1")?;
    // The log is emptied into the file every 4 MB: rarely enough that pages which change with every application are
    // copied once for very many of them.
    set(file, connection, "wal_autocheckpoint", "8000", "8000")?;
    // Deleted content is overwritten with zeros in the file.
    set(file, connection, "secure_delete", "ON", "1")?;
    set(file, connection, "cell_size_check", "ON", "1")?;
    set(file, connection, "trusted_schema", "OFF", "0")
}

/// Sets a pragma and reads it back.
fn set(
    file: &Path,
    connection: &Connection,
    setting: &'static str,
    wanted: &str,
    reads: &str,
) -> Result<(), StoreError> {
    connection.pragma_update_and_check(None, setting, wanted, |_| Ok(())).optional().map_err(|e| sql(file, e))?;
    let value = read(file, connection, setting)?;
    if value == reads { Ok(()) } else { Err(refuse(file, StoreErrorKind::Setting { setting })) }
}

/// Reads a pragma as text.
pub(super) fn read(file: &Path, connection: &Connection, setting: &'static str) -> Result<String, StoreError> {
    use rusqlite::types::ValueRef;
    connection
        .pragma_query_value(None, setting, |row| {
            Ok(match row.get_ref(0)? {
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => String::new(),
            })
        })
        .map_err(|e| sql(file, e))
}

fn number(file: &Path, connection: &Connection, setting: &str) -> Result<i64, StoreError> {
    connection.pragma_query_value(None, setting, |row| row.get(0)).map_err(|e| sql(file, e))
}

/// Structure and constraints of the whole file, and whether each index names the rows of its table: one that has lost a
/// row would leave an application out of the queue without a word.
fn sound(file: &Path, connection: &Connection) -> Result<(), StoreError> {
    let verdict: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(|e| sql(file, e))?;
    if verdict == "ok" { Ok(()) } else { Err(refuse(file, StoreErrorKind::Damaged)) }
}

/// Runs the migrations above step `found`, one transaction each.
fn migrate(file: &Path, connection: &mut Connection, found: i64, migrations: &[Migration]) -> Result<(), StoreError> {
    for (step, migration) in (1_i64..).zip(migrations) {
        if step <= found {
            continue;
        }
        let run = |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(migration.script)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", migration.reader)?;
            if step >= 2 {
                transaction.execute(
                    "INSERT INTO schema_step (only_row, step) VALUES (1, ?1)
                     ON CONFLICT (only_row) DO UPDATE SET step = excluded.step",
                    [step],
                )?;
            }
            transaction.commit()
        };
        run(connection).map_err(|e| StoreError::sql(file, "migrate", e))?;
    }
    Ok(())
}

/// Whether everything is there that the steps made. A disk that lies may have the count of a step and not its columns.
fn complete(file: &Path, connection: &Connection) -> Result<(), StoreError> {
    for columns in [
        "SELECT id, masked_name, lookup_tag, same_tag, body, digest FROM application LIMIT 0",
        "SELECT sequence, id, state, reason, row_digest FROM outbox LIMIT 0",
    ] {
        connection.prepare(columns).map_err(|e| sql(file, e))?;
    }
    let named: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE (type, name) IN
                 (VALUES ('index', 'outbox_open'), ('trigger', 'outbox_changed'))",
            [],
            |row| row.get(0),
        )
        .map_err(|e| sql(file, e))?;
    if named == 2 { Ok(()) } else { Err(refuse(file, StoreErrorKind::Damaged)) }
}

/// Refuses the store of another kiosk, for the numbers are per kiosk, before anything is changed in it. What does not read
/// here is left to the checks that follow.
fn not_of_another(file: &Path, connection: &Connection, kiosk: &KioskCode) -> Result<(), StoreError> {
    match connection.query_row("SELECT kiosk_code FROM terminal", [], |row| row.get::<_, String>(0)) {
        Ok(found) if found != kiosk.as_str() => Err(refuse(file, StoreErrorKind::OtherKiosk { found })),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A new file becomes the store of this kiosk.
fn belongs(file: &Path, connection: &Connection, kiosk: &KioskCode) -> Result<(), StoreError> {
    connection
        .execute(
            "INSERT INTO terminal (only_row, kiosk_code, last_sequence) VALUES (1, ?1, 0)
             ON CONFLICT (only_row) DO NOTHING",
            [kiosk.as_str()],
        )
        .map_err(|e| sql(file, e))?;
    let found: String =
        connection.query_row("SELECT kiosk_code FROM terminal", [], |row| row.get(0)).map_err(|e| sql(file, e))?;
    if found == kiosk.as_str() { Ok(()) } else { Err(refuse(file, StoreErrorKind::OtherKiosk { found })) }
}

fn refuse(file: &Path, kind: StoreErrorKind) -> StoreError {
    StoreError::new(file, OPEN, kind)
}

fn sql(file: &Path, error: rusqlite::Error) -> StoreError {
    StoreError::sql(file, OPEN, error)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

    use super::*;
    use crate::seal::tests::sealer;

    #[test]
    fn the_settings_of_durability_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let opened = open(&Opening::at(&file, &kiosk(), &sealer())).unwrap();
        for (setting, value) in [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("secure_delete", "1"),
            ("locking_mode", "exclusive"),
        ] {
            assert_eq!(read(&file, &opened.connection, setting).unwrap(), value);
        }
    }

    #[test]
    fn a_setting_that_is_not_taken_is_refused() {
        // A database in memory cannot be in WAL mode.
        let connection = Connection::open_in_memory().unwrap();
        let error = durable(Path::new("memory"), &connection).unwrap_err();
        assert_eq!(error.code(), "store.setting");
        assert!(error.to_string().contains("journal_mode"), "{error}");
    }

    #[test]
    fn a_new_file_gets_the_newest_schema_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap().found_step, 0);
        assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap().found_step, MIGRATIONS.len() as i64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "others may not read the store");
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_old_schema() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let mut connection = open(&Opening::at(&file, &kiosk(), &sealer())).unwrap().connection;
        let script = "CREATE TABLE half (a INTEGER) STRICT; CREATE TABLE outbox (a INTEGER) STRICT;";
        let broken = [MIGRATIONS, &[Migration { script, reader: 3 }]].concat();
        migrate(&file, &mut connection, KNOWN, &broken).unwrap_err();
        assert_eq!(number(&file, &connection, "user_version").unwrap(), 1);
        let half: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'half'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(half, 0);
    }

    #[test]
    fn a_newer_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let opened = open(&Opening::at(&file, &kiosk(), &sealer())).unwrap();
        opened.connection.pragma_update(None, "user_version", KNOWN + 1).unwrap();
        drop(opened);
        let before = std::fs::read(&file).unwrap();
        let error = open(&Opening::at(&file, &kiosk(), &sealer())).unwrap_err();
        assert_eq!(error.code(), "store.newer");
        assert!(error.to_string().contains("do not delete"), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }

    #[test]
    fn a_file_that_is_no_database_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let text = "a letter to the mayor, by chance at this place. ".repeat(100);
        std::fs::write(&file, &text).unwrap();
        let error = open(&Opening::at(&file, &kiosk(), &sealer())).unwrap_err();
        assert_eq!(error.code(), "store.not-a-database");
        assert!(error.to_string().contains("kiosk.db"), "{error}");
        assert!(error.to_string().contains("move it away"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }

    #[test]
    fn a_database_of_another_program_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let foreign = Connection::open(&file).unwrap();
        foreign.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
        drop(foreign);
        let before = std::fs::read(&file).unwrap();
        assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap_err().code(), "store.not-a-database");
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }

    #[test]
    fn a_store_of_another_kiosk_is_refused_and_left_alone_also_when_a_step_is_due() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let other = KioskCode::new("K033").unwrap();
        let older = Connection::open(&file).unwrap();
        older.execute_batch(MIGRATIONS[0].script).unwrap();
        older.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        older.pragma_update(None, "user_version", 1).unwrap();
        older.execute("INSERT INTO terminal VALUES (1, 'K032', 0)", []).unwrap();
        drop(older);
        let before = std::fs::read(&file).unwrap();
        let error = open(&Opening::at(&file, &other, &sealer())).unwrap_err();
        assert_eq!(error.code(), "store.other-kiosk");
        assert_eq!(std::fs::read(&file).unwrap(), before, "it is another kiosk's to migrate");
        assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap().found_step, 1);
        assert_eq!(open(&Opening::at(&file, &other, &sealer())).unwrap_err().code(), "store.other-kiosk");
    }

    #[test]
    fn two_engines_cannot_open_one_store() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let first = open(&Opening::at(&file, &kiosk(), &sealer())).unwrap();
        assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap_err().code(), "store.busy");
        drop(first);
        open(&Opening::at(&file, &kiosk(), &sealer())).unwrap();
    }

    #[test]
    fn a_missing_folder_is_not_made_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("not-mounted/kiosk.db");
        assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap_err().code(), "store.no-folder");
    }

    #[test]
    fn a_file_that_counts_steps_and_has_lost_the_count_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let opened = open(&Opening::at(&file, &kiosk(), &sealer())).unwrap();
        opened.connection.execute("DELETE FROM schema_step", []).unwrap();
        drop(opened);
        assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap_err().code(), "store.damaged");
    }

    #[test]
    fn a_file_that_lacks_what_its_steps_made_is_damaged() {
        for lost in
            ["DROP TRIGGER outbox_changed", "DROP INDEX outbox_open", "ALTER TABLE application DROP COLUMN same_tag"]
        {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("kiosk.db");
            let opened = open(&Opening::at(&file, &kiosk(), &sealer())).unwrap();
            opened.connection.execute_batch(lost).unwrap();
            drop(opened);
            assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap_err().code(), "store.damaged", "{lost}");
        }
    }

    #[test]
    fn a_step_that_was_taken_and_not_counted_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        let opened = open(&Opening::at(&file, &kiosk(), &sealer())).unwrap();
        opened.connection.execute("UPDATE schema_step SET step = 2", []).unwrap();
        drop(opened);
        assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap_err().code(), "store.damaged");
    }

    #[test]
    fn a_damaged_page_is_found_at_open() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kiosk.db");
        drop(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap());
        let mut bytes = std::fs::read(&file).unwrap();
        // The page type of every page but the first becomes nonsense.
        for page in bytes.chunks_mut(512).skip(1) {
            page[0] = 0xee;
        }
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(open(&Opening::at(&file, &kiosk(), &sealer())).unwrap_err().code(), "store.damaged");
    }

    fn kiosk() -> KioskCode {
        KioskCode::new("K032").unwrap()
    }
}
