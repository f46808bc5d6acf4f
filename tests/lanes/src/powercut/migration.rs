//! Power cuts within a step of the schema: the file of an earlier program, and a newer program that opens it for the first time.
//!
//! The earlier program stands here by what it did to the file, statement by statement, as it was shipped. Its store is
//! opened by the program of today, which takes the step and goes on working; at every write of that the power goes. Whichever boot
//! slot starts then, it must find everything: the newer program as in every other cut, and the earlier one by its own
//! statements, its own check of the digests, and its refusal of files that are too new for it.

use kiosk::domain::id::{ItemId, SubmissionId};
use kiosk::domain::submission::{CaseReceipt, ItemRef};
use kiosk::domain::text::Text;
use rusqlite::{Connection, OpenFlags};
use sm3::{Digest, Sm3};

use super::again;
use super::check::compare;
use super::history::{History, Row, Rows, Stage};
use super::workload::{Files, Planted, Size, record};
use crate::chance::Chance;
use crate::disk::cut::{Names, Replay};
use crate::disk::{Disk, Mount, NAME, store_file};
use crate::pace::seed_of;
use crate::{Pace, Tally};

/// What the program of schema 1 left.
const SCHEMA_1: &str = include_str!("../../fixtures/schema-1.sql");
/// Mark of a store of a kiosk: the letters `Kisk`.
const APPLICATION_ID: i64 = 0x4b69_736b;
/// Newest `user_version` that the program of schema 1 worked with.
const KNOWN_TO_SCHEMA_1: i64 = 1;
/// What the newer program does after the step.
const AFTERWARDS: Size = Size { steps: 6, keeps: 4 };

/// Tries this many cuts. One try is one disk, started in one of the two slots.
pub fn run(pace: Pace, seed: u64, planted: Planted) -> Tally {
    pace.run(seed, |round, tally| {
        let round_seed = seed_of(seed, round);
        // In order, or as the power or a kill left it, with everything in the log.
        let ends_in_order = round % 2 == 0;
        if let Err(why) = cut(round_seed, ends_in_order, pace.count, planted, tally) {
            tally.note(Err(format!("run {round_seed}: {why}")));
        }
    })
}

fn cut(seed: u64, ends_in_order: bool, cuts: u64, planted: Planted, tally: &mut Tally) -> Result<(), String> {
    let (files, rows) = schema_1(ends_in_order)?;
    let history = History { before: rows, facts: Vec::new() };
    let recording = record(seed, AFTERWARDS, history, files, planted)?;
    let mut chance = Chance::new(seed);
    for names in [Names::Ordered, Names::Strict] {
        let mut replay = Replay::new(&recording.before, &recording.log, names);
        for point in 0..=recording.log.len() {
            if tally.tried >= cuts {
                return Ok(());
            }
            replay.walk_to(point);
            let (must, may) = recording.history.at(point);
            let place = || format!("run {seed}, point {point} of {}, {names:?}", recording.log.len());
            let image = replay.image(&mut chance);
            again(&image, &must, may.as_ref(), names, 0, &mut chance, tally, &place);
            let image = replay.image(&mut chance);
            tally.note(older_slot(image, &must, may.as_ref()).map_err(|why| format!("{}, older slot: {why}", place())));
        }
    }
    Ok(())
}

/// The disk as the program of schema 1 left it, with pages of 4,096 bytes, and what it held.
fn schema_1(ends_in_order: bool) -> Result<(Files, Rows), String> {
    let mount = Mount::of(Disk::with([]));
    let make = || -> rusqlite::Result<Files> {
        let connection = older(&mount)?;
        connection.execute_batch(&format!("BEGIN; {SCHEMA_1} COMMIT;"))?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", 1)?;
        let files = mount.disk.files();
        drop(connection);
        Ok(if ends_in_order { mount.disk.files() } else { files })
    };
    let files = make().map_err(|error| error.to_string())?;
    let rows = seen_by_schema_1(&Mount::of(Disk::with(files.clone())))?;
    Ok((files, rows))
}

/// The connection of the program of schema 1, with its settings.
fn older(mount: &Mount) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(store_file(mount), flags, NAME)?;
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;",
    )?;
    Ok(connection)
}

/// The slot of the older program starts on what is left, and finds the same.
fn older_slot(image: Files, must: &Rows, may: Option<&Rows>) -> Result<(), String> {
    let found = seen_by_schema_1(&Mount::of(Disk::with(image)))?;
    compare(&found, must).or_else(|why| may.map_or(Err(why.clone()), |may| compare(&found, may).map_err(|_| why)))
}

/// Everything in the store as the program of schema 1 reads it at a start and before it sends.
fn seen_by_schema_1(mount: &Mount) -> Result<Rows, String> {
    let connection = older(mount).map_err(|error| format!("does not open: {error}"))?;
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let read = || -> rusqlite::Result<(i64, i64, String, u32)> {
        Ok((
            number("user_version")?,
            number("application_id")?,
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?,
            connection.query_row("SELECT last_sequence FROM terminal", [], |row| row.get(0))?,
        ))
    };
    let (version, mark, sound, last) = read().map_err(|error| format!("does not read: {error}"))?;
    if version > KNOWN_TO_SCHEMA_1 || mark != APPLICATION_ID || sound != "ok" {
        return Err(format!("would be refused: version {version}, mark {mark:x}, {sound}"));
    }
    let rows = rows_of(&connection)?;
    let highest = rows.keys().next_back().copied().unwrap_or(0);
    if highest == u64::from(last) {
        Ok(rows)
    } else {
        Err(format!("the counter says {last} and the last row is {highest}"))
    }
}

fn rows_of(connection: &Connection) -> Result<Rows, String> {
    type Read = (u32, [u8; 16], String, Option<Vec<u8>>, Option<Vec<u8>>, ItemRef, Option<CaseReceipt>);
    let wrong = |column| rusqlite::Error::InvalidColumnType(column, String::new(), rusqlite::types::Type::Text);
    let receipt_of = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Option<CaseReceipt>> {
        let Some(case_number) = row.get(11)? else { return Ok(None) };
        Ok(Some(CaseReceipt {
            case_number,
            query_code: row.get(12)?,
            accepted_at: row.get::<_, String>(13)?.parse().map_err(|_| wrong(13))?,
            promise_date: match row.get::<_, Option<String>>(14)? {
                Some(day) => Some(day.parse().map_err(|_| wrong(14))?),
                None => None,
            },
        }))
    };
    let item_of = |row: &rusqlite::Row<'_>| -> rusqlite::Result<ItemRef> {
        Ok(ItemRef {
            item: ItemId(row.get(5)?),
            code: row.get(6)?,
            version: row.get(7)?,
            name: Text::new(row.get::<_, String>(8)?, row.get::<_, String>(9)?),
            plain_name: Text::new(row.get::<_, String>(10)?, row.get::<_, String>(15)?),
        })
    };
    let read = || -> rusqlite::Result<Vec<Read>> {
        connection
            .prepare(
                "SELECT o.sequence, a.id, o.state, a.body, a.digest, a.item_id, a.item_code, a.version, a.name_zh,
                        a.name_en, a.plain_zh, o.case_number, o.query_code, o.accepted_at, o.promise_date, a.plain_en
                 FROM application a JOIN outbox o ON o.id = a.id ORDER BY o.sequence",
            )?
            .query_map([], |row| {
                let content = (row.get(3)?, row.get(4)?);
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, content.0, content.1, item_of(row)?, receipt_of(row)?))
            })?
            .collect()
    };
    let mut rows = Rows::new();
    for (number, id, state, body, digest, item, receipt) in read().map_err(|error| error.to_string())? {
        let number = u64::from(number);
        if body.as_deref().map(|body| digest_of(&id, number, body).to_vec()) != digest {
            return Err(format!("number {number} would be set aside: the digest is another"));
        }
        let stage = match state.as_str() {
            "queued" => Stage::Queued,
            "acknowledged" => Stage::Acknowledged,
            _ => Stage::SetAside,
        };
        let id = SubmissionId(uuid::Uuid::from_bytes(id));
        rows.insert(number, Row { id, body, stage, item, receipt, is_wiped: false });
    }
    Ok(rows)
}

/// The digest of schema 1, written apart from the store's.
fn digest_of(id: &[u8; 16], number: u64, body: &[u8]) -> [u8; 32] {
    Sm3::new().chain_update(id).chain_update(number.to_be_bytes()).chain_update(body).finalize().into()
}

/// The program of schema 1 delivers everything that is open.
#[cfg(test)]
fn delivers(mount: &Mount) -> rusqlite::Result<()> {
    let mut connection = older(mount)?;
    let open: Vec<Vec<u8>> = connection
        .prepare("SELECT id FROM outbox WHERE state <> 'acknowledged' ORDER BY sequence")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in open {
        let transaction = connection.transaction()?;
        transaction.execute(
            "UPDATE outbox
             SET state = 'acknowledged', case_number = 'N1', query_code = '246810', accepted_at = '2025-04-10T03:00:00Z',
                 promise_date = NULL, reason = NULL
             WHERE id = ?1 AND state <> 'acknowledged'",
            [&id],
        )?;
        transaction.execute("UPDATE application SET body = NULL, digest = NULL WHERE id = ?1", [&id])?;
        transaction.commit()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::powercut::check::check;
    use crate::powercut::history::Desk;

    const SEED: u64 = 20_261_124;

    #[test]
    fn a_power_cut_at_any_write_of_a_migration_loses_nothing_in_either_slot() {
        let tally = run(Pace::of(3_000), SEED, Planted::Nothing);
        assert_eq!(tally.bad, 0, "{tally}\n{:#?}", tally.findings);
        assert!(tally.tried >= 3_000, "{tally}");
    }

    #[test]
    fn the_lane_notices_a_migration_in_pieces() {
        let tally = run(Pace::of(2_000), SEED, Planted::MigrationInPieces);
        assert!(tally.findings.iter().any(|finding| finding.contains("had to be salvaged")), "{:#?}", tally.findings);
    }

    #[test]
    fn the_fixture_is_the_file_of_schema_1_and_every_state_is_in_it() {
        let (files, rows) = schema_1(true).expect("the fixture is sound");
        let bytes = &files[kiosk::store::FILE_NAME];
        assert_eq!(u16::from_be_bytes([bytes[16], bytes[17]]), 4_096, "size of its pages");
        let of = |stage| rows.values().filter(|row| row.stage == stage).count();
        assert_eq!((of(Stage::Queued), of(Stage::Acknowledged), of(Stage::SetAside)), (3, 2, 2));
    }

    #[test]
    fn after_the_step_the_program_of_schema_1_still_reads_and_delivers() {
        let (files, rows) = schema_1(false).expect("the fixture is sound");
        let mount = Mount::of(Disk::with(files));
        drop(Desk::open(&mount).expect("the newer program takes the step"));
        assert_eq!(seen_by_schema_1(&mount).as_ref(), Ok(&rows));
        delivers(&mount).expect("the older program delivers");
        let mut delivered = rows;
        let receipt = CaseReceipt {
            case_number: "N1".to_owned(),
            query_code: "246810".to_owned(),
            accepted_at: "2025-04-10T03:00:00Z".parse().expect("a well-formed time"),
            promise_date: None,
        };
        for row in delivered.values_mut().filter(|row| row.stage != Stage::Acknowledged) {
            (row.stage, row.body, row.receipt) = (Stage::Acknowledged, None, Some(receipt.clone()));
        }
        let image = mount.disk.files();
        check(&mount, &image, &delivered, None).expect("the newer program finds what the older one did");
    }
}
