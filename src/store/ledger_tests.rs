//! What the ledger promises, tried with faults.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use tempfile::TempDir;

use super::*;
use crate::domain::id::ItemId;
use crate::domain::place::KioskCode;
use crate::domain::submission::{FieldValue, ItemRef};
use crate::domain::text::Text;
use crate::ipc::Source;
use crate::seal::tests::{opened, sealer};
use crate::store::schema;

#[test]
fn kept_applications_are_numbered_without_gaps_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    for n in 1..=3 {
        let entry = ledger.keep(&application(n)).unwrap();
        assert_eq!(entry.sequence, Sequence(n));
        assert_eq!(ledger.find(Sequence(n)).unwrap(), Some(entry));
    }
    drop(ledger);
    let ledger = reopened(&folder);
    let numbers: Vec<_> = ledger.queue().unwrap().iter().map(|e| e.sequence.0).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let body = ledger.body(application(2).client_submission_id).unwrap();
    let sealed = body.unwrap();
    let plain = encode(&application(2)).unwrap();
    assert_eq!(opened(sealed.bytes(), application(2).client_submission_id, Sequence(2)), plain.bytes());
    assert_eq!(ledger.find(Sequence(4)).unwrap(), None);
    assert_eq!(ledger.find(Sequence(u64::MAX)).unwrap(), None);
}

#[test]
fn the_same_application_again_keeps_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let first = ledger.keep(&application(1)).unwrap();
    assert_eq!(ledger.keep(&application(1)).unwrap(), first);
    assert_eq!(ledger.keep(&application(2)).unwrap().sequence, Sequence(2));
}

#[test]
fn one_identity_with_other_content_is_refused_and_takes_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    ledger.keep(&application(1)).unwrap();
    let mut other = application(1);
    other.fields[0].value = "李小红".to_owned();
    assert_eq!(ledger.keep(&other).unwrap_err().code(), "store.id-taken");
    assert_eq!(ledger.keep(&application(2)).unwrap().sequence, Sequence(2));
}

#[test]
fn a_full_disk_keeps_nothing_and_leaves_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let pages = schema::read(&ledger.file, &ledger.connection, "page_count").unwrap();
    let limit = pages.parse::<u32>().unwrap() + 3;
    ledger.connection.pragma_update(None, "max_page_count", limit).unwrap();
    let mut kept = 0;
    let error = (1..=1_000)
        .find_map(|n| match ledger.keep(&application(n)) {
            Ok(entry) => {
                kept = entry.sequence.0;
                None
            }
            Err(error) => Some(error),
        })
        .unwrap();
    assert_eq!(error.code(), "store.disk-full");
    assert!(kept > 0);
    assert_eq!(ledger.queue().unwrap().len() as u64, kept);
    ledger.connection.pragma_update(None, "max_page_count", 100_000).unwrap();
    let next = ledger.keep(&application(kept + 1)).unwrap();
    assert_eq!(next.sequence, Sequence(kept + 1));
    assert_eq!(ledger.count().unwrap().missing, []);
}

#[test]
fn a_fault_between_the_two_rows_leaves_none_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    ledger
        .connection
        .execute_batch(
            "CREATE TEMP TRIGGER fault BEFORE INSERT ON main.outbox BEGIN SELECT raise(ABORT, 'planted'); END",
        )
        .unwrap();
    assert_eq!(ledger.keep(&application(1)).unwrap_err().code(), "store.internal");
    ledger.connection.execute_batch("DROP TRIGGER fault").unwrap();
    let rows: i64 = ledger.connection.query_row("SELECT count(*) FROM application", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
    assert_eq!(ledger.keep(&application(2)).unwrap().sequence, Sequence(1));
}

#[test]
fn an_acknowledgement_deletes_the_content_and_leaves_a_tombstone() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let id = ledger.keep(&application(1)).unwrap().id;
    ledger.keep(&application(2)).unwrap();
    ledger.acknowledge(id, &receipt("N1")).unwrap();
    assert_eq!(ledger.body(id).unwrap(), None);
    let tombstone = ledger.find(Sequence(1)).unwrap().unwrap();
    assert_eq!(tombstone.state, OutboxState::Acknowledged { receipt: receipt("N1") });
    assert_eq!(ledger.queue().unwrap().len(), 1);
    // A second receipt changes nothing, and the identity cannot be used again.
    ledger.acknowledge(id, &receipt("N2")).unwrap();
    assert_eq!(ledger.find(Sequence(1)).unwrap().unwrap(), tombstone);
    assert_eq!(ledger.keep(&application(1)).unwrap_err().code(), "store.id-taken");
}

#[test]
fn deleted_content_is_neither_in_the_file_nor_in_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let id = ledger.keep(&application(41)).unwrap().id;
    let sealed = ledger.body(id).unwrap().unwrap();
    // A piece from the middle, as long as no page or frame of the log would cut it every time.
    let piece = &sealed.bytes()[150..214];
    assert!(is_on_disk(&folder, piece), "the search itself must work");
    assert!(!is_on_disk(&folder, "张小明41".as_bytes()));
    ledger.acknowledge(id, &receipt("N1")).unwrap();
    ledger.empty_log().unwrap();
    assert!(!is_on_disk(&folder, piece));
    drop(ledger);
    assert!(!is_on_disk(&folder, piece));
}

#[test]
fn an_application_that_is_set_aside_keeps_its_content_and_first_reason() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let id = ledger.keep(&application(1)).unwrap().id;
    ledger.set_aside(id, "form-outdated").unwrap();
    ledger.set_aside(id, "another").unwrap();
    let entries = ledger.queue().unwrap();
    let reason = "form-outdated".to_owned();
    assert_eq!(entries[0].state, OutboxState::SetAside { reason });
    assert!(ledger.body(id).unwrap().is_some());
    // The county has the last word.
    ledger.acknowledge(id, &receipt("N1")).unwrap();
    assert_eq!(ledger.set_aside(id, "late").unwrap_err().code(), "store.not-queued");
}

#[test]
fn a_mark_for_an_unknown_identity_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let id = application(9).client_submission_id;
    assert_eq!(ledger.acknowledge(id, &receipt("N1")).unwrap_err().code(), "store.not-queued");
    assert_eq!(ledger.set_aside(id, "x").unwrap_err().code(), "store.not-queued");
    assert_eq!(ledger.body(id).unwrap(), None);
}

#[test]
fn a_flipped_bit_in_the_content_is_found_before_sending() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let id = ledger.keep(&application(41)).unwrap().id;
    let whole = ledger.keep(&application(42)).unwrap().id;
    let sealed = ledger.body(id).unwrap().unwrap();
    let needle = &sealed.bytes()[150..214];
    drop(ledger);
    let file = folder.path().join("kiosk.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(needle.len()).position(|w| w == needle).unwrap();
    bytes[at + needle.len() - 1] ^= 1;
    std::fs::write(&file, bytes).unwrap();

    let ledger = reopened(&folder);
    assert_eq!(ledger.body(id).unwrap_err().code(), "store.entry-damaged");
    assert!(ledger.body(whole).unwrap().is_some());
}

#[test]
fn content_under_the_identity_of_another_is_found_before_sending() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let one = ledger.keep(&application(1)).unwrap().id;
    let two = ledger.keep(&application(2)).unwrap().id;
    ledger
        .connection
        .execute(
            "UPDATE application SET (body, digest) = (SELECT body, digest FROM application WHERE id = ?2) WHERE id = ?1",
            params![one.0.as_bytes(), two.0.as_bytes()],
        )
        .unwrap();
    assert_eq!(ledger.body(one).unwrap_err().code(), "store.entry-damaged");
}

#[test]
fn an_entry_that_is_not_as_it_was_written_is_never_given_out_for_right() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    ledger.keep(&application(1)).unwrap();
    ledger.keep(&application(2)).unwrap();
    ledger
        .connection
        .execute(
            "UPDATE application SET kept_at = 'yesterday' WHERE item_id = 'pension' AND plain_zh <> ''
                  AND id = (SELECT id FROM outbox WHERE sequence = 1)",
            [],
        )
        .unwrap();
    let entries = ledger.queue().unwrap();
    // The content has a digest of its own: it goes, without the details that cannot be believed.
    assert_eq!((entries[0].state.clone(), entries[0].item.code.as_str()), (OutboxState::Queued, ""));
    assert!(ledger.body(entries[0].id).unwrap().is_some());
    assert_eq!(entries[1], ledger.find(Sequence(2)).unwrap().unwrap());
    assert_ne!(entries[1].item.code, "");
    // Its receipt does not make the details right.
    ledger.acknowledge(entries[0].id, &receipt("N1")).unwrap();
    let damaged = OutboxState::SetAside { reason: "store.entry-damaged".to_owned() };
    assert_eq!(ledger.find(Sequence(1)).unwrap().unwrap().state, damaged);
    assert_eq!(ledger.body(entries[0].id).unwrap(), None);
}

#[test]
fn a_receipt_with_one_changed_letter_is_not_given_out() {
    for change in ["case_number = 'N2'", "query_code = '999999'", "accepted_at = '2026-01-01T00:00:00Z'"] {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = reopened(&folder);
        let id = ledger.keep(&application(1)).unwrap().id;
        ledger.acknowledge(id, &receipt("N1")).unwrap();
        let found = |ledger: &Ledger| ledger.find(Sequence(1)).unwrap().unwrap().state;
        assert_eq!(found(&ledger), OutboxState::Acknowledged { receipt: receipt("N1") });
        // As damage does it: past the trigger that an older program meets.
        ledger.connection.execute_batch("DROP TRIGGER outbox_changed").unwrap();
        ledger.connection.execute(&format!("UPDATE outbox SET {change}"), []).unwrap();
        assert_eq!(found(&ledger), OutboxState::SetAside { reason: "store.entry-damaged".to_owned() }, "{change}");
        ledger.connection.execute("UPDATE outbox SET row_digest = NULL", []).unwrap();
        assert!(matches!(found(&ledger), OutboxState::Acknowledged { .. }), "a row of an earlier schema is believed");
    }
}

#[test]
fn the_receipts_of_one_call_are_written_together_and_an_unknown_one_keeps_none_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let ids: Vec<_> = (1..=3).map(|n| ledger.keep(&application(n)).unwrap().id).collect();
    let stranger = application(9).client_submission_id;
    let receipts = [receipt("N1"), receipt("N9"), receipt("N3")];
    let unknown = ledger.acknowledge_all([ids[0], stranger, ids[2]].into_iter().zip(&receipts)).unwrap();
    assert_eq!(unknown, [stranger]);
    let states: Vec<_> = (1..=3).map(|n| ledger.find(Sequence(n)).unwrap().unwrap().state).collect();
    let has = |name| OutboxState::Acknowledged { receipt: receipt(name) };
    assert_eq!(states, [has("N1"), OutboxState::Queued, has("N3")]);
    assert_eq!(ledger.body(ids[0]).unwrap(), None);
}

/// What is asked for each application must not become slower with the number of them.
#[test]
fn no_statement_of_the_hot_path_reads_a_whole_table_or_sorts() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = reopened(&folder);
    let plan = |statement: &str| -> Vec<String> {
        let mut explain = ledger.connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let places = explain.parameter_count();
        let nothing = rusqlite::params_from_iter(std::iter::repeat_n(rusqlite::types::Null, places));
        explain.query_map(nothing, |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let is_slow = |step: &String| {
        // The counter is one row, and the index of what is open holds nothing else.
        let reads_all = step.starts_with("SCAN") && step != "SCAN terminal" && !step.contains("INDEX outbox_open");
        step.contains("TEMP B-TREE") || reads_all
    };
    for statement in HOT {
        let plan = plan(statement);
        assert!(!plan.iter().any(is_slow), "{statement}: {plan:?}");
    }
    assert!(HOT.iter().any(|statement| !plan(statement).is_empty()));
    // The look at the plan must work.
    for slow in [entries!("ORDER BY o.sequence DESC"), entries!("WHERE o.sequence > 0 ORDER BY o.reason")] {
        assert!(plan(slow).iter().any(is_slow), "{slow}");
    }
}

#[test]
fn a_missing_number_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    for n in 1..=4 {
        ledger.keep(&application(n)).unwrap();
    }
    ledger.connection.execute("DELETE FROM outbox WHERE sequence IN (2, 4)", []).unwrap();
    let count = ledger.count().unwrap();
    assert_eq!(count.missing, [Sequence(2), Sequence(4)]);
    assert_eq!(count.last, Sequence(4));
    assert_eq!(count.open, 2);
    // The number of a lost row is not given a second time.
    assert_eq!(ledger.keep(&application(5)).unwrap().sequence, Sequence(5));
}

#[test]
fn a_counter_that_fell_behind_its_rows_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    ledger.keep(&application(1)).unwrap();
    ledger.connection.execute("UPDATE terminal SET last_sequence = 0", []).unwrap();
    assert_eq!(ledger.count().unwrap_err().code(), "store.damaged");
}

#[test]
fn a_row_above_the_counter_is_damage_also_without_its_application() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = reopened(&folder);
    let id = ledger.keep(&application(1)).unwrap().id;
    ledger.connection.pragma_update(None, "foreign_keys", "OFF").unwrap();
    ledger.connection.execute("DELETE FROM application WHERE id = ?1", [id.0.as_bytes()]).unwrap();
    assert_eq!(ledger.count().unwrap().missing, [Sequence(1)]);
    ledger.connection.execute("UPDATE terminal SET last_sequence = 0", []).unwrap();
    assert_eq!(ledger.count().unwrap_err().code(), "store.damaged", "the next application could not be kept");
}

fn reopened(folder: &TempDir) -> Ledger {
    let file = folder.path().join("kiosk.db");
    let kiosk = KioskCode::new("K032").unwrap();
    let opening = crate::store::Opening::at(&file, &kiosk, &sealer());
    Ledger::new(&file, schema::open(&opening).unwrap().connection, &opening.sealer)
}

/// Whether any file of the store holds these bytes.
pub(in crate::store) fn is_on_disk(folder: &TempDir, needle: &[u8]) -> bool {
    std::fs::read_dir(folder.path()).unwrap().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|w| w == needle)
    })
}

/// An invented application; `n` goes into its identity and its content.
pub(crate) fn application(n: u64) -> Application {
    let mut chance = [0; 10];
    chance[2..].copy_from_slice(&n.to_be_bytes());
    Application {
        client_submission_id: SubmissionId::from_parts(1_744_246_946_816, chance),
        item: ItemRef {
            item: ItemId("pension".to_owned()),
            code: "000000000".to_owned(),
            version: 3,
            name: Text::new("参保登记", "Enrolment"),
            plain_name: Text::new("办养老保险", ""),
        },
        terminal: "K032".to_owned(),
        confirmed_at: "2025-04-10T01:02:03Z".parse().unwrap(),
        form_version: 2,
        notice: "1/zh".to_owned(),
        fields: vec![FieldValue { name: "name".to_owned(), value: format!("张小明{n}"), source: Source::Card }],
    }
}

pub(in crate::store) fn receipt(number: &str) -> CaseReceipt {
    CaseReceipt {
        case_number: number.to_owned(),
        query_code: "123456".to_owned(),
        accepted_at: "2025-04-10T01:03:00Z".parse().unwrap(),
        promise_date: Some("2025-05-12".parse().unwrap()),
    }
}
