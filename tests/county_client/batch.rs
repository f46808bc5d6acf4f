//! Several applications in one call, over real TLS, with the faults of the stand-in.

use county_stand_in::Fault;
use kiosk::domain::id::{Sequence, SubmissionId};
use kiosk::domain::submission::{Handed, Verdict};

use crate::bench::{Bench, body, body_with, id, stored, word};

async fn submit(bench: &Bench, bodies: &[(u64, Vec<u8>)]) -> Vec<(SubmissionId, Verdict)> {
    let stored: Vec<_> =
        bodies.iter().map(|(n, body)| (Handed { id: id(*n), sequence: Sequence(*n) }, body.as_slice())).collect();
    bench.client.submit_batch(&stored).await
}

fn good(numbers: impl IntoIterator<Item = u64>) -> Vec<(u64, Vec<u8>)> {
    numbers.into_iter().map(|n| (n, body(n))).collect()
}

#[tokio::test]
async fn fifty_applications_in_one_call_are_fifty_cases() {
    let bench = Bench::start();
    let verdicts = submit(&bench, &good(1..=50)).await;
    assert_eq!(verdicts.len(), 50);
    let cases = bench.platform.cases().unwrap();
    assert_eq!(cases.len(), 50);
    for ((told, verdict), case) in verdicts.into_iter().zip(cases) {
        assert_eq!((told.to_string(), stored(verdict).case_number), (case.client_submission_id, case.case_number));
    }
}

#[tokio::test]
async fn one_that_is_refused_or_is_no_application_does_not_touch_the_others() {
    let bench = Bench::start();
    stored(bench.submit(2).await);
    let bodies =
        [(1, body(1)), (2, body_with(2, "100")), (3, b"{".to_vec()), (4, br#"{"terminal":"320699-0001"}"#.to_vec())];
    let mut bodies = bodies.to_vec();
    bodies.push((5, body(5)));
    let verdicts = submit(&bench, &bodies).await;
    let said = |n: u64| word(&verdicts.iter().find(|(told, _)| *told == id(n)).unwrap().1);
    assert_eq!((said(1), said(5)), ("stored".to_owned(), "stored".to_owned()));
    assert_eq!(said(2), "aside county.id-conflict");
    assert_eq!(said(3), "aside county.body-broken");
    assert_eq!(said(4), "aside form-invalid");
    assert_eq!(bench.count(), 3);
}

#[tokio::test]
async fn whatever_ends_a_batch_each_application_is_one_case_and_has_its_receipt() {
    for fault in [
        Fault::Busy { retry_after: 7 },
        Fault::Broken,
        Fault::Html,
        Fault::Empty,
        Fault::DropBefore,
        Fault::DropAfterCommit,
        Fault::Truncated,
        Fault::Repeated,
        Fault::Unsigned,
        Fault::Refused { code: "form-outdated".into() },
    ] {
        let bench = Bench::start();
        stored(bench.submit(9).await);
        bench.platform.faults().push(fault.clone());
        for (_, verdict) in submit(&bench, &good(1..=5)).await {
            assert!(matches!(verdict, Verdict::TryAgain { .. }), "{fault:?}: {}", word(&verdict));
        }
        // Some of them alone, which asks first, and then all together.
        let alone = stored(bench.submit(3).await);
        let verdicts = submit(&bench, &good(1..=5)).await;
        let receipts: Vec<_> = verdicts.into_iter().map(|(_, verdict)| stored(verdict)).collect();
        assert_eq!(receipts[2], alone, "{fault:?}");
        let cases = bench.platform.cases().unwrap();
        assert_eq!(cases.len(), 6, "{fault:?}");
        for receipt in receipts {
            assert_eq!(cases.iter().filter(|case| case.case_number == receipt.case_number).count(), 1, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_kiosk_that_is_refused_is_refused_with_its_whole_batch() {
    let bench = Bench::start();
    bench.platform.faults().push(Fault::Unauthorised);
    for (_, verdict) in submit(&bench, &good(1..=3)).await {
        assert_eq!(word(&verdict), "stop county.signature");
    }
    assert_eq!(bench.count(), 0);
}
