//! Two boot slots, one file: the program of schema 1 and this one, in both directions.
//!
//! The older program stands here by what it did to the file, statement by statement, as it was shipped.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use county_stand_in::seal::{Keys, Place};
use rusqlite::params;
use tempfile::TempDir;

use super::ledger::Ledger;
use super::ledger::tests::{application, is_on_disk, receipt};
use super::*;
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::place::KioskCode;
use crate::domain::submission::{Application, OutboxState};
use crate::seal::tests::{opened, sealer};

#[test]
fn a_program_of_schema_1_delivers_what_this_one_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = newer(&folder);
    let entry = ledger.keep(&application(1)).unwrap();
    let ours = crate::county::wire::envelope(entry.id, entry.sequence, "K032", body(&ledger, entry.id).bytes());
    drop(ledger);

    let older = Older::open(&folder);
    let stored = older.body(entry.id, entry.sequence);
    let theirs = crate::county::wire::envelope(entry.id, entry.sequence, "K032", &stored);
    assert_eq!(ours, theirs, "both slots send the same body, or the county would see a conflict");
    let sent: serde_json::Value = serde_json::from_slice(&theirs.unwrap()).unwrap();
    let place = Place { id: &entry.id.to_string(), sequence: 1, purpose: "application" };
    let plain = Keys::of_the_standards().unwrap().open_bytes(sent["application"].to_string().as_bytes(), place);
    assert_eq!(&plain.unwrap()[..], encode(&application(1)).unwrap().bytes());
    older.acknowledge(entry.id);
    drop(older);

    let ledger = newer(&folder);
    assert!(matches!(ledger.find(Sequence(1)).unwrap().unwrap().state, OutboxState::Acknowledged { .. }));
    assert_eq!(ledger.body(entry.id).unwrap(), None);
}

#[test]
fn what_schema_1_kept_is_delivered_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let older = Older::make(&folder);
    let one = older.keep(&application(1));
    older.keep(&application(2));
    drop(older);

    let mut ledger = newer(&folder);
    assert_eq!(ledger.queue().unwrap().len(), 2);
    assert_eq!(body(&ledger, one).bytes(), encode(&application(1)).unwrap().bytes(), "the county may know them");
    // The same again is known, other content is not.
    assert_eq!(ledger.keep(&application(1)).unwrap().sequence, Sequence(1));
    let mut other = application(2);
    other.fields[0].value = "李小红".to_owned();
    assert_eq!(ledger.keep(&other).unwrap_err().code(), "store.id-taken");
    let three = ledger.keep(&application(3)).unwrap();
    assert_eq!(three.sequence, Sequence(3));
    let sealed = body(&ledger, three.id);
    assert_eq!(opened(sealed.bytes(), three.id, three.sequence), encode(&application(3)).unwrap().bytes());
    ledger.acknowledge(one, &receipt("N1")).unwrap();
    ledger.empty_log().unwrap();
    drop(ledger);
    assert!(!is_on_disk(&folder, "张小明1\"".as_bytes()), "deleted like any other");
    assert!(is_on_disk(&folder, "张小明2\"".as_bytes()), "waits as it was kept");
}

#[test]
fn the_slots_may_change_places_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    newer(&folder).keep(&application(1)).unwrap();
    for n in (2..=9).step_by(2) {
        Older::open(&folder).keep(&application(n));
        assert_eq!(newer(&folder).keep(&application(n + 1)).unwrap().sequence, Sequence(n + 1));
    }
    let ledger = newer(&folder);
    let numbers: Vec<u64> = ledger.queue().unwrap().iter().map(|entry| entry.sequence.0).collect();
    assert_eq!(numbers, (1..=9).collect::<Vec<_>>());
    for n in 1..=9 {
        assert!(ledger.body(application(n).client_submission_id).unwrap().is_some());
    }
    assert_eq!(ledger.count().unwrap().missing, []);
}

#[test]
fn a_sealed_row_shows_a_masked_name_and_tags_and_no_more_of_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let mut person = application(1);
    person.fields[0].name = "applicantName".to_owned();
    let mut number = person.fields[0].clone();
    (number.name, number.value) = ("applicantIdNo".to_owned(), "11019919000101001X".to_owned());
    person.fields.push(number);
    let id = newer(&folder).keep(&person).unwrap().id;
    let database = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    let row = |connection: &rusqlite::Connection| {
        connection
            .query_row(
                "SELECT masked_name, lookup_tag, same_tag, body IS NULL FROM application WHERE id = ?1",
                [id.0.as_bytes()],
                |row| {
                    let tags: (Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(1)?, row.get(2)?);
                    Ok((row.get::<_, Option<String>>(0)?, tags.0, tags.1, row.get::<_, bool>(3)?))
                },
            )
            .unwrap()
    };
    let tag = Some(sealer().lookup_tag("11019919000101001X").to_vec());
    let (name, lookup, same, is_empty) = row(&database);
    assert_eq!((name.as_deref(), &lookup, same.is_some(), is_empty), (Some("张*"), &tag, true, false));
    drop(database);
    newer(&folder).acknowledge(id, &receipt("N1")).unwrap();
    let database = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
    // The tombstone is still found by card; what could compare contents is gone with the content.
    assert_eq!(row(&database), (Some("张*".to_owned()), tag, None, true));
}

fn body(ledger: &Ledger, id: SubmissionId) -> Body {
    ledger.body(id).unwrap().unwrap()
}

fn newer(folder: &TempDir) -> Ledger {
    let kiosk = KioskCode::new("K032").unwrap();
    let opening = Opening::at(&folder.path().join(FILE_NAME), &kiosk, &sealer());
    Ledger::new(&opening.file, schema::open(&opening).unwrap().connection, &opening.sealer)
}

/// The program of schema 1.
struct Older(rusqlite::Connection);

impl Older {
    fn make(folder: &TempDir) -> Self {
        let connection = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
        connection.execute_batch(include_str!("migrations/001_outbox.sql")).unwrap();
        connection.pragma_update(None, "application_id", 0x4b69_736b).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        connection
            .execute("INSERT INTO terminal (only_row, kiosk_code, last_sequence) VALUES (1, 'K032', 0)", [])
            .unwrap();
        drop(connection);
        Self::open(folder)
    }

    /// It refused a file above its own version, and one that is not sound.
    fn open(folder: &TempDir) -> Self {
        let connection = rusqlite::Connection::open(folder.path().join(FILE_NAME)).unwrap();
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert!(version <= 1, "it would refuse the file");
        let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        connection.pragma_update(None, "foreign_keys", "ON").unwrap();
        Self(connection)
    }

    fn keep(&self, application: &Application) -> SubmissionId {
        let sequence: i64 = self
            .0
            .query_row("UPDATE terminal SET last_sequence = last_sequence + 1 RETURNING last_sequence", [], |row| {
                row.get(0)
            })
            .unwrap();
        let body = Body::from_stored(serde_json::to_vec(application).unwrap());
        let (id, item) = (application.client_submission_id, &application.item);
        self.0
            .execute(
                "INSERT INTO application
                 (id, item_id, item_code, version, name_zh, name_en, plain_zh, plain_en, terminal, kept_at, body, digest)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
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
                    body.digest(id, Sequence(u64::try_from(sequence).unwrap())),
                ],
            )
            .unwrap();
        self.0
            .execute(
                "INSERT INTO outbox (sequence, id, state) VALUES (?1, ?2, 'queued')",
                params![sequence, id.0.as_bytes()],
            )
            .unwrap();
        id
    }

    /// The bytes it sent, after its check of the digest.
    fn body(&self, id: SubmissionId, sequence: Sequence) -> Vec<u8> {
        let (bytes, digest): (Vec<u8>, Vec<u8>) = self
            .0
            .query_row(
                "SELECT a.body, a.digest FROM application a JOIN outbox o ON o.id = a.id WHERE a.id = ?1",
                [id.0.as_bytes()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(digest, Body::from_stored(bytes.clone()).digest(id, sequence));
        bytes
    }

    fn acknowledge(&self, id: SubmissionId) {
        self.0
            .execute(
                "UPDATE outbox
                 SET state = 'acknowledged', case_number = 'N1', query_code = '1', accepted_at = '2025-04-10T01:03:00Z',
                     promise_date = NULL, reason = NULL
                 WHERE id = ?1 AND state <> 'acknowledged'",
                [id.0.as_bytes()],
            )
            .unwrap();
        self.0.execute("UPDATE application SET body = NULL, digest = NULL WHERE id = ?1", [id.0.as_bytes()]).unwrap();
    }
}
