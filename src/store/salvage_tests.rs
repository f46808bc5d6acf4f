//! A salvage that is stopped anywhere: the list of points, and what the next start makes of each.
//!
//! The store lies in real files. Half of what was kept stands in the log alone, so that a salvage which parts a file from
//! its log is found out. At each point the folder is copied as a killed program leaves it, and the copy is started.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use tempfile::TempDir;

use super::*;
use crate::domain::id::Sequence;
use crate::domain::place::KioskCode;
use crate::domain::submission::{OutboxState, StoreCommand, StoreEvent};
use crate::seal::tests::sealer;
use crate::store::keeper::Keeper;
use crate::store::ledger::tests::{application, is_on_disk, receipt};
use crate::store::{Body, FILE_NAME};

const RESIDENTS: u64 = 12;

#[test]
fn a_salvage_stopped_anywhere_loses_nothing_more_and_never_starts_empty() {
    let damaged = damaged();
    let whole = copied(&damaged);
    let wanted = started(&whole).unwrap();
    assert!(wanted.lost.len() < 6 && !wanted.lost.is_empty(), "{:?}", wanted.lost);

    let mut points = Vec::new();
    let working = copied(&damaged);
    salvaging(&working, &mut || points.push(copied(&working))).unwrap();
    points.push(copied(&working));
    assert!(points.len() > RESIDENTS as usize + 5, "{}", points.len());
    for (number, point) in points.iter().enumerate() {
        let found = started(point).unwrap_or_else(|why| panic!("stopped at point {number}: {why}"));
        assert_eq!(found, wanted, "stopped at point {number}");
        let aside = with_end(&point.path().join(FILE_NAME), ".damaged-1");
        for end in ["", "-wal"] {
            let is_copy = std::fs::read(with_end(&aside, end)).unwrap() == bytes(&damaged, end);
            assert!(is_copy, "stopped at point {number}: what was found is not kept, {end:?}");
        }
    }
}

#[test]
fn a_salvage_stopped_twice_loses_nothing_more_either() {
    let damaged = damaged();
    let wanted = started(&copied(&damaged)).unwrap();
    let mut points = Vec::new();
    let first = copied(&damaged);
    salvaging(&first, &mut || points.push(copied(&first))).unwrap();
    for (number, point) in points.iter().enumerate() {
        let mut again = Vec::new();
        // After the rename the store is sound and there is nothing to salvage.
        if Keeper::open(&opening(&copied(point))).unwrap().1.salvaged.is_some() {
            salvaging(point, &mut || again.push(copied(point))).unwrap();
        }
        for (later, point) in again.iter().enumerate() {
            assert_eq!(started(point).as_ref(), Ok(&wanted), "stopped at point {number}, then at {later}");
        }
    }
}

#[test]
fn a_damage_that_costs_nothing_leaves_no_second_copy() {
    let killed = killed();
    let mut keeper = Keeper::open(&opening(&killed)).unwrap().0;
    let sealed = keeper.body(application(5).client_submission_id, &mut |_| {}).unwrap().unwrap();
    drop(keeper);
    let sound = bytes(&killed, "");
    let piece = &sealed.bytes()[150..214];
    let (mut whole, mut in_part) = (0, 0);
    for page in 2..sound.len() / 512 {
        let mut hurt = sound.clone();
        hurt[page * 512..page * 512 + 8].fill(0xee);
        let trial = copied(&killed);
        std::fs::write(trial.path().join(FILE_NAME), &hurt).unwrap();
        let Ok((mut keeper, report)) = Keeper::open(&opening(&trial)) else { continue };
        let kept = std::fs::read_dir(trial.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".damaged-"));
        match report.salvaged {
            None => continue,
            Some(Salvaged::InPart { .. }) => {
                // Something is missing, or it was a page of the schema, which was laid over.
                assert!(kept.count() > 0 && report.damaged == 1, "page {page}");
                in_part += 1;
            }
            Some(Salvaged::Whole) => {
                assert_eq!(report.missing, []);
                assert_eq!((kept.count(), report.damaged), (0, 0), "page {page}");
                assert!(is_on_disk(&trial, piece), "the search itself must work");
                let (id, receipt) = (application(5).client_submission_id, receipt("N5"));
                keeper.command(&StoreCommand::Acknowledge { id, receipt }, &mut |_| {});
                assert!(!is_on_disk(&trial, piece), "page {page}: sealed content outlives its acknowledgement");
                whole += 1;
            }
        }
    }
    assert!(whole > 0 && in_part > 0, "{whole} whole, {in_part} in part");
}

#[test]
fn a_salvage_while_the_program_runs_is_told_also_when_nothing_was_lost() {
    let killed = killed();
    drop(Keeper::open(&opening(&killed)).unwrap());
    let sound = bytes(&killed, "");
    let costs_nothing = |hurt: &[u8]| {
        let trial = copied(&killed);
        std::fs::write(trial.path().join(FILE_NAME), hurt).unwrap();
        Keeper::open(&opening(&trial)).is_ok_and(|(_, report)| report.salvaged == Some(Salvaged::Whole))
    };
    let hurt = (2..sound.len() / 512).find_map(|page| {
        let mut hurt = sound.clone();
        hurt[page * 512..page * 512 + 8].fill(0xee);
        costs_nothing(&hurt).then_some(hurt)
    });
    let mut keeper = Keeper::open(&opening(&killed)).unwrap().0;
    keeper.give_up();
    let mut reopened = || {
        let mut said = Vec::new();
        keeper.command(&StoreCommand::Reopen, &mut |event| said.push(event));
        keeper.give_up();
        let [StoreEvent::Reopened { missing, is_salvaged, aside, .. }] = said.as_slice() else { panic!("{said:?}") };
        (missing.len(), *is_salvaged, aside.clone())
    };
    assert_eq!(reopened(), (0, false, None));
    std::fs::write(killed.path().join(FILE_NAME), hurt.unwrap()).unwrap();
    assert_eq!(reopened(), (0, true, None));
}

#[test]
fn what_is_put_aside_is_as_it_was_found_also_where_a_journal_was_read_into_it() {
    let killed = killed();
    drop(Keeper::open(&opening(&killed)).unwrap());
    // Stopped in the middle of a transaction with a rollback journal, as within the switch to the log.
    let connection = Connection::open(killed.path().join(FILE_NAME)).unwrap();
    connection.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN IMMEDIATE;").unwrap();
    connection.execute("UPDATE application SET name_zh = name_zh || '!', terminal = 'K0320'", []).unwrap();
    let stopped = copied(&killed);
    drop(connection);
    let found = bytes(&stopped, "");
    assert_ne!(found, bytes(&killed, ""), "something was written over");
    assert!(!bytes(&stopped, "-journal").is_empty());
    let mut in_part = 0;
    for page in 2..found.len() / 512 {
        let mut hurt = found.clone();
        hurt[page * 512..page * 512 + 8].fill(0xee);
        let trial = copied(&stopped);
        std::fs::write(trial.path().join(FILE_NAME), &hurt).unwrap();
        let Ok((_, report)) = Keeper::open(&opening(&trial)) else { continue };
        if let Some(Salvaged::InPart { aside }) = report.salvaged {
            assert!(std::fs::read(aside).unwrap() == hurt, "page {page}");
            in_part += 1;
        }
    }
    assert!(in_part > 0);
}

#[test]
fn a_store_whose_first_page_is_gone_gives_up_its_applications() {
    let killed = killed();
    drop(Keeper::open(&opening(&killed)).unwrap());
    let sound = bytes(&killed, "");
    let wanted = started(&copied(&killed)).unwrap();
    for hurt in [0..100, 0..512, 68..72, 100..140] {
        let mut bytes = sound.clone();
        bytes[hurt.clone()].fill(0);
        let trial = copied(&killed);
        std::fs::write(trial.path().join(FILE_NAME), &bytes).unwrap();
        assert_eq!(started(&trial).as_ref(), Ok(&wanted), "{hurt:?} is gone");
        // Where the schema itself reads, everything is taken over as it is and nothing is put aside.
        if hurt != (68..72) {
            let aside = with_end(&trial.path().join(FILE_NAME), ".damaged-1");
            assert_eq!(std::fs::read(aside).unwrap(), bytes, "{hurt:?}");
        }
    }
}

#[test]
fn the_list_of_points_notices_a_name_that_is_free_for_a_moment() {
    // The order of moves that looks natural: the log away, the file away, and then the fresh one to the old name.
    let folder = damaged();
    let file = folder.path().join(FILE_NAME);
    for end in ["-wal", ""] {
        std::fs::rename(with_end(&file, end), with_end(&with_end(&file, ".damaged-1"), end)).unwrap();
    }
    assert!(started(&folder).unwrap_err().contains("empty"));
}

#[test]
fn the_list_of_points_notices_a_file_that_is_parted_from_its_log() {
    let damaged = damaged();
    let wanted = started(&copied(&damaged)).unwrap();
    std::fs::remove_file(with_end(&damaged.path().join(FILE_NAME), "-wal")).unwrap();
    assert_ne!(started(&damaged).as_ref(), Ok(&wanted));
}

/// What a start found.
#[derive(Debug, PartialEq)]
struct Found {
    lost: Vec<Sequence>,
    rows: Vec<(u64, bool, Option<Body>)>,
}

/// Starts the store in a folder, reads everything, and keeps one application more.
fn started(folder: &TempDir) -> Result<Found, String> {
    let (mut keeper, report) = Keeper::open(&opening(folder)).map_err(|error| error.code().to_owned())?;
    if report.is_new || report.last == Sequence(0) {
        return Err("it starts empty".to_owned());
    }
    let mut rows = Vec::new();
    for number in 1..=report.last.0 {
        let mut said = Vec::new();
        keeper.command(&StoreCommand::Find { sequence: Sequence(number) }, &mut |event| said.push(event));
        let Some(StoreEvent::Found { entry }) = said.pop() else { return Err(format!("{number} does not read")) };
        let Some(entry) = entry else { continue };
        let body = keeper.body(entry.id, &mut |_| {}).map_err(|error| format!("{number}: {}", error.code()))?;
        rows.push((number, entry.state == OutboxState::Queued, body));
    }
    let mut said = Vec::new();
    let next = StoreCommand::Keep { application: Box::new(application(RESIDENTS + 1)) };
    keeper.command(&next, &mut |event| said.push(event));
    match said.as_slice() {
        [StoreEvent::Kept { entry }] if entry.sequence == Sequence(RESIDENTS + 1) => {}
        other => return Err(format!("the next application is answered with {other:?}")),
    }
    Ok(Found { lost: report.missing, rows })
}

/// A store as a killed program leaves it, with half of its applications in the log alone.
fn killed() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (mut keeper, _) = Keeper::open(&opening(&folder)).unwrap();
    let told = |keeper: &mut Keeper, command| keeper.command(&command, &mut |_| {});
    for n in 1..=RESIDENTS {
        if n == RESIDENTS / 2 {
            let (id, receipt) = (application(2).client_submission_id, receipt("N2"));
            // Emptied into the file: what comes now stands in the log.
            told(&mut keeper, StoreCommand::Acknowledge { id, receipt });
        }
        told(&mut keeper, StoreCommand::Keep { application: Box::new(application(n)) });
    }
    let id = application(9).client_submission_id;
    told(&mut keeper, StoreCommand::SetAside { id, reason: "county.refused".to_owned() });
    // As a killed program leaves it.
    let killed = copied(&folder);
    drop(keeper);
    assert!(bytes(&killed, "-wal").len() > 4_096, "the log is not in use");
    killed
}

/// The same with a damaged page in its file.
fn damaged() -> TempDir {
    let killed = killed();
    let sound = bytes(&killed, "");
    for page in 1..sound.len() / 512 {
        let mut hurt = sound.clone();
        hurt[page * 512..page * 512 + 8].fill(0xee);
        let trial = copied(&killed);
        std::fs::write(trial.path().join(FILE_NAME), &hurt).unwrap();
        // The first damage that costs something and not everything.
        let lost = Keeper::open(&opening(&trial)).map_or(0, |(_, report)| report.missing.len());
        if (1..6).contains(&lost) {
            std::fs::write(killed.path().join(FILE_NAME), &hurt).unwrap();
            return killed;
        }
    }
    panic!("no page costs a few applications");
}

/// Salvages, whatever the reason is that the store does not open.
fn salvaging(folder: &TempDir, stop: &mut dyn FnMut()) -> Result<Salvaged, StoreError> {
    let opening = opening(folder);
    let found = StoreError::new(&opening.file, DOING, StoreErrorKind::Damaged);
    watched(&opening, found, None, stop)
}

fn bytes(folder: &TempDir, end: &str) -> Vec<u8> {
    std::fs::read(with_end(&folder.path().join(FILE_NAME), end)).unwrap()
}

fn copied(folder: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

fn opening(folder: &TempDir) -> Opening {
    Opening::at(&folder.path().join(FILE_NAME), &KioskCode::new("K032").unwrap(), &sealer())
}

#[test]
fn after_many_thousand_numbers_a_table_without_its_right_edge_does_not_start_at_one_again() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(FILE_NAME);
    let (mut keeper, _) = Keeper::open(&opening(&folder)).unwrap();
    keeper.command(&StoreCommand::Keep { application: Box::new(application(1)) }, &mut |_| {});
    drop(keeper);
    // Sixty thousand numbers later, told by the counter, by the row and by the index of what waits.
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("UPDATE outbox SET sequence = 60000; UPDATE terminal SET last_sequence = 60000;").unwrap();
    let page: u32 =
        connection.query_row("SELECT pageno FROM dbstat WHERE name = 'outbox'", [], |row| row.get(0)).unwrap();
    drop(connection);
    let mut bytes = std::fs::read(&file).unwrap();
    let from = (page as usize - 1) * 512;
    bytes[from..from + 8].fill(0xff);
    std::fs::write(&file, bytes).unwrap();

    let opened = Keeper::open(&opening(&folder));
    assert!(opened.as_ref().map_or(true, |(_, report)| report.last == Sequence(60_000)), "{:?}", opened.map(|it| it.1));
}
