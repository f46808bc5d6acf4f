//! Files carried by hand between the kiosk's half and the stand-in's.

use jiff::Timestamp;
use kiosk::county::carry::{CarryError, Parcel, read_back, write_out};
use kiosk::county::sign::Signer;
use kiosk::domain::id::Sequence;
use kiosk::domain::submission::Verdict;
use zeroize::Zeroizing;

use crate::bench::{Bench, TERMINAL, body, body_with, id, stored, word};

fn signer(bench: &Bench) -> Signer {
    bench.settings().signer().unwrap()
}

fn parcel(n: u64, stored: Option<Vec<u8>>) -> Parcel {
    let state = if stored.is_some() { "queued" } else { "acknowledged" };
    Parcel { id: id(n), sequence: Sequence(n), state, stored }
}

/// Out and back: the verdicts for our bytes.
fn carried(bench: &Bench, parcels: &[Parcel]) -> Vec<Verdict> {
    let out = write_out(&signer(bench), TERMINAL, Timestamp::UNIX_EPOCH, parcels).unwrap();
    let back = bench.platform.import(&out).unwrap();
    let answers = read_back(&signer(bench), TERMINAL, &back).unwrap();
    let sent = parcels.iter().filter(|parcel| parcel.stored.is_some());
    assert_eq!(answers.len(), sent.clone().count());
    answers
        .iter()
        .zip(sent)
        .map(|(answer, parcel)| {
            assert_eq!(answer.id, parcel.id);
            answer.verdict(parcel.sequence, TERMINAL, parcel.stored.as_ref().unwrap()).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn a_carried_receipt_is_the_one_that_the_line_gives() {
    let bench = Bench::start();
    let parcels = [parcel(1, Some(body(1))), parcel(2, None), parcel(3, Some(body(3)))];
    let first: Vec<_> = carried(&bench, &parcels).into_iter().map(stored).collect();
    let again: Vec<_> = carried(&bench, &parcels).into_iter().map(stored).collect();
    assert_eq!(first, again, "carrying it twice changes nothing");
    assert_eq!(stored(bench.submit(1).await), first[0], "the line changes nothing after it");
    let by_line = stored(bench.submit(4).await);
    assert_eq!(stored(carried(&bench, &[parcel(4, Some(body(4)))]).remove(0)), by_line);
    assert_eq!(bench.count(), 3);
}

#[tokio::test]
async fn one_that_is_refused_in_a_file_does_not_touch_the_others_and_other_bytes_are_no_receipt() {
    let bench = Bench::start();
    stored(bench.submit(1).await);
    let verdicts = carried(&bench, &[parcel(1, Some(body_with(1, "100"))), parcel(2, Some(body(2)))]);
    assert_eq!(word(&verdicts[0]), "aside county.id-conflict");
    assert_eq!(word(&verdicts[1]), "stored");
    let out = write_out(&signer(&bench), TERMINAL, Timestamp::UNIX_EPOCH, &[parcel(2, Some(body(2)))]).unwrap();
    let back = bench.platform.import(&out).unwrap();
    let answers = read_back(&signer(&bench), TERMINAL, &back).unwrap();
    let other = answers[0].verdict(Sequence(2), TERMINAL, &body_with(2, "100")).unwrap();
    assert_eq!(word(&other), "aside county.id-conflict", "a receipt is for these bytes alone");
}

#[tokio::test]
async fn a_file_that_is_foreign_altered_or_of_another_kiosk_is_refused_by_name() {
    let bench = Bench::start();
    let out = write_out(&signer(&bench), TERMINAL, Timestamp::UNIX_EPOCH, &[parcel(1, Some(body(1)))]).unwrap();
    let back = bench.platform.import(&out).unwrap();
    let refused = |file: &[u8]| read_back(&signer(&bench), TERMINAL, file).unwrap_err();
    assert_eq!(refused(&out), CarryError::WrongKind);
    assert_eq!(read_back(&signer(&bench), "320699-0002", &back).unwrap_err(), CarryError::OtherKiosk);
    let elsewhere = Signer::new("another-county".into(), Zeroizing::new(bench.secret()));
    assert_eq!(read_back(&elsewhere, TERMINAL, &back).unwrap_err(), CarryError::ForeignCounty);
    let pretender = Signer::new("kiosk-demo-app".into(), Zeroizing::new(b"another secret".to_vec()));
    assert_eq!(read_back(&pretender, TERMINAL, &back).unwrap_err(), CarryError::Signature);
    assert_eq!(refused(&back[..back.len() / 2]), CarryError::NotAFile);
    let text = String::from_utf8(back.clone()).unwrap();
    assert_eq!(refused(text.replace("\"version\":1", "\"version\":2").as_bytes()), CarryError::Version);
    for at in 0..back.len() {
        let mut altered = back.clone();
        altered[at] ^= 1;
        // The last line end may be any: it is not part of what is signed.
        if at + 1 < back.len() {
            assert!(read_back(&signer(&bench), TERMINAL, &altered).is_err(), "byte {at}");
        }
    }
    // The platform is as careful with what it is given.
    let mut altered = out.clone();
    altered[200] ^= 1;
    assert!(bench.platform.import(&altered).is_err());
    assert!(bench.platform.import(&back).is_err());
    assert_eq!(bench.count(), 1);
}
