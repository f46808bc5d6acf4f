//! The thief's look: every file of a store, searched for every mark of a thousand residents in every usual writing.
//!
//! A third of them are acknowledged, some are set aside, the rest wait. The store lies there as after a power cut,
//! log and all, and once more after it was closed. The same search over a store that keeps the plain bytes finds all of
//! them, which shows that it can.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

mod residents;
mod scan;

use std::path::Path;

use encoding_rs::GB18030;
use kiosk::domain::id::Sequence;
use kiosk::domain::place::KioskCode;
use kiosk::domain::submission::{StoreCommand, StoreEvent};
use kiosk::store::{FILE_NAME, Keeper, Opening};

use crate::seal::{opened, sealer};
use residents::{RESIDENTS, Resident};
use scan::Scan;

#[test]
fn the_disk_holds_nothing_of_a_thousand_residents() {
    let folder = tempfile::tempdir().unwrap();
    let scan = Scan::for_marks(RESIDENTS.flat_map(|n| Resident::number(n).marks()));
    let kept = keep_all(folder.path());
    let at_work = scan.over(folder.path());
    assert!(at_work.bytes > 1_000_000, "{at_work:?}");
    assert_eq!(at_work.hits, Vec::<String>::new(), "while it is open, log included");
    drop(kept);
    assert_eq!(scan.over(folder.path()).hits, Vec::<String>::new(), "after it was closed");
}

#[test]
fn the_search_finds_each_resident_in_each_writing() {
    let folder = tempfile::tempdir().unwrap();
    let scan = Scan::for_marks(RESIDENTS.flat_map(|n| Resident::number(n).marks()));
    for n in RESIDENTS.step_by(100) {
        for mark in Resident::number(n).marks() {
            for writing in writings(&mark) {
                std::fs::write(folder.path().join("image"), &writing).unwrap();
                let hits = scan.over(folder.path()).hits;
                assert!(hits.contains(&mark), "{mark} as {writing:02x?}");
            }
        }
    }
    // A whole store in the clear: every resident is found.
    std::fs::remove_file(folder.path().join("image")).unwrap();
    let database = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    database.execute_batch("CREATE TABLE plain (body BLOB); BEGIN").unwrap();
    for n in RESIDENTS {
        let body = serde_json::to_vec(&Resident::number(n).application()).unwrap();
        database.execute("INSERT INTO plain VALUES (?1)", [body]).unwrap();
    }
    database.execute_batch("COMMIT").unwrap();
    let hits = scan.over(folder.path()).hits;
    let missed = RESIDENTS.filter(|n| !Resident::number(*n).marks().iter().all(|mark| hits.contains(mark))).count();
    assert_eq!(missed, 0);
}

#[test]
fn sealed_bytes_of_the_acknowledged_are_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = keeper(folder.path());
    let mut pieces = Vec::new();
    for n in 1..=20 {
        let id = keep(&mut keeper, n).0;
        let body = keeper.body(id, &mut |event| panic!("{event:?}")).unwrap().unwrap();
        pieces.push(String::from_utf8(body.bytes()[200..264].to_vec()).unwrap());
    }
    let scan = Scan::for_marks(pieces.clone());
    assert_eq!(scan.over(folder.path()).hits.len(), 20, "the search itself works");
    for n in 1..=20 {
        acknowledge(&mut keeper, n);
        let left = scan.over(folder.path()).hits;
        assert_eq!(left.len() as u64, 20 - n, "at once, with the answer");
    }
}

/// Keeps everybody, acknowledges every third, sets aside every tenth, and looks whether the county can read the rest.
fn keep_all(folder: &Path) -> Keeper {
    let mut keeper = keeper(folder);
    for n in RESIDENTS {
        let (id, sequence) = keep(&mut keeper, n);
        if n % 100 == 1 {
            let body = keeper.body(id, &mut |event| panic!("{event:?}")).unwrap().unwrap();
            let plain = opened(body.bytes(), id, sequence);
            assert_eq!(plain, serde_json::to_vec(&Resident::number(n).application()).unwrap());
        }
        if n % 3 == 0 {
            acknowledge(&mut keeper, n);
        } else if n % 10 == 0 {
            let reason = "form-outdated".to_owned();
            let aside = StoreCommand::SetAside { id, reason };
            assert_eq!(ask(&mut keeper, &aside), StoreEvent::SetAside { id });
        }
    }
    keeper
}

fn keep(keeper: &mut Keeper, n: u64) -> (kiosk::domain::id::SubmissionId, Sequence) {
    let application = Box::new(Resident::number(n).application());
    let answer = ask(keeper, &StoreCommand::Keep { application });
    let StoreEvent::Kept { entry } = answer else { panic!("{answer:?}") };
    (entry.id, entry.sequence)
}

fn acknowledge(keeper: &mut Keeper, n: u64) {
    let id = Resident::number(n).application().client_submission_id;
    let receipt = residents::receipt(n);
    assert_eq!(ask(keeper, &StoreCommand::Acknowledge { id, receipt }), StoreEvent::Acknowledged { id });
}

fn ask(keeper: &mut Keeper, command: &StoreCommand) -> StoreEvent {
    let mut answers = Vec::new();
    keeper.command(command, &mut |event| answers.push(event));
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

fn keeper(folder: &Path) -> Keeper {
    let kiosk = KioskCode::new("K032").unwrap();
    Keeper::open(&Opening::at(&folder.join(FILE_NAME), &kiosk, &sealer())).unwrap().0
}

/// A mark as somebody may have written it, with strangers around it.
fn writings(mark: &str) -> Vec<Vec<u8>> {
    let wide = |to: fn(u16) -> [u8; 2]| mark.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    let mut forms = vec![
        mark.as_bytes().to_vec(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        GB18030.encode(mark).0.into_owned(),
    ];
    let coded: Vec<Vec<u8>> = forms
        .iter()
        .flat_map(|form| {
            let shifted = (0..3).map(|shift| {
                let text = [&b"xy"[..shift], &form[..], b"z"].concat();
                <base64ct::Base64 as base64ct::Encoding>::encode_string(&text).into_bytes()
            });
            let hex = [hex::encode(form).into_bytes(), hex::encode_upper(form).into_bytes()];
            shifted.chain(hex).collect::<Vec<_>>()
        })
        .collect();
    forms.extend(coded);
    forms.into_iter().map(|form| [b"before", &form[..], b"after"].concat()).collect()
}
