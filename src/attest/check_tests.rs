//! A hundred thousand altered slips, and the few that must pass.

#![expect(clippy::unwrap_used, reason = "a failed test names its line")]

use super::super::{SlipKey, Suite};
use super::*;
use crate::domain::id::Sequence;
use crate::domain::receipt;

/// What the QR code's alphanumeric mode can hold, and the small letters of the layout's own check.
const CHARACTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:abcdefghijklmnopqrstuvwxyz";

fn key(suite: Suite, seed: u8) -> SlipKey {
    SlipKey::from_seed(suite, [seed; 32]).unwrap()
}

fn keys(suite: Suite) -> Keys {
    let of = |seed| vec![key(suite, seed).public()];
    Keys::Register(BTreeMap::from([("K032".to_owned(), of(1)), ("K033".to_owned(), of(2))]))
}

/// The slip of the n-th application, kept or accepted.
fn slip(signer: &SlipKey, n: u64) -> String {
    let claim = Claim {
        kiosk: "K032".into(),
        sequence: Sequence(n + 1),
        item: "11320699MB0000000A2000113112800".into(),
        at: jiff::Timestamp::from_second(1_767_225_600 + n as i64 * 61).unwrap(),
        case: (n % 2 == 1).then(|| format!("32069920261124{n:04}")),
        code: format!("{:06}", n * 7919 % 1_000_000),
    }
    .text();
    receipt::payload(&claim, signer.sign(&claim).as_deref())
}

/// A sequence that looks random and is the same in every run (SplitMix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// Alters one character in each of `count` slips, every position in turn, and counts those that `is_let_through`.
fn let_through(suite: Suite, count: usize, is_let_through: impl Fn(&str, &Keys) -> bool + Sync) -> usize {
    let (signer, keys) = (key(suite, 1), keys(suite));
    let run = |thread: usize| {
        let mut draw = Draw(thread as u64);
        let mut passed = 0;
        let mut at = 0;
        let slips: Vec<String> = (0..64).map(|n| slip(&signer, n * 2 + thread as u64)).collect();
        for n in 0..count / 2 {
            let genuine = &slips[n % slips.len()];
            let mut altered = genuine.clone().into_bytes();
            at = (at + 1) % altered.len();
            while altered[at] == genuine.as_bytes()[at] {
                altered[at] = CHARACTERS[draw.below(CHARACTERS.len())];
            }
            passed += usize::from(is_let_through(&String::from_utf8(altered).unwrap(), &keys));
        }
        passed
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| run(1));
        run(0) + other.join().unwrap()
    })
}

fn is_genuine(scanned: &str, keys: &Keys) -> bool {
    matches!(check(scanned, keys), Outcome::Genuine(_))
}

#[test]
fn of_100_000_slips_with_one_altered_character_none_passes() {
    assert_eq!(let_through(Suite::International, 100_000, is_genuine), 0);
}

#[test]
fn of_10_000_slips_under_the_national_suite_with_one_altered_character_none_passes() {
    assert_eq!(let_through(Suite::Sm, 10_000, is_genuine), 0);
}

#[test]
fn the_harness_notices_a_check_that_skips_the_signature() {
    let careless = |scanned: &str, _: &Keys| matches!(take_apart(scanned), Payload::Signed { signature: Some(_), .. });
    let passed = let_through(Suite::International, 10_000, careless);
    assert!(passed > 1_000, "{passed}");
}

#[test]
fn what_the_kiosk_printed_is_genuine_under_both_suites_and_signed_the_same_again() {
    for suite in [Suite::International, Suite::Sm] {
        let signer = key(suite, 1);
        for n in 0..40 {
            let printed = slip(&signer, n);
            assert_eq!(printed, slip(&signer, n));
            let Outcome::Genuine(claim) = check(&printed, &keys(suite)) else { panic!("{printed}") };
            assert_eq!(claim.sequence, Sequence(n + 1));
            assert!(is_genuine(&printed, &Keys::Single(signer.public())));
        }
    }
}

#[test]
fn a_slip_signed_by_another_kiosk_or_under_another_suite_is_altered() {
    for suite in [Suite::International, Suite::Sm] {
        assert_eq!(check(&slip(&key(suite, 2), 1), &keys(suite)), Outcome::Altered);
    }
    assert_eq!(check(&slip(&key(Suite::Sm, 1), 1), &keys(Suite::International)), Outcome::Altered);
}

#[test]
fn a_replaced_key_still_proves_the_slips_of_its_time() {
    let (before, after) = (key(Suite::International, 1), key(Suite::Sm, 9));
    let keys = Keys::Register(BTreeMap::from([("K032".to_owned(), vec![before.public(), after.public()])]));
    assert!(is_genuine(&slip(&before, 1), &keys) && is_genuine(&slip(&after, 2), &keys));
}

#[test]
fn what_cannot_be_proven_is_told_apart() {
    let keys = keys(Suite::International);
    let printed = slip(&key(Suite::International, 1), 0);
    let without = printed.rsplit_once(' ').unwrap().0;
    assert_eq!(check(&receipt::payload(without, None), &keys), Outcome::Unsigned);
    assert_eq!(check("BM1 K K032000187 000001", &keys), Outcome::Unsigned);
    assert_eq!(check(without, &keys), Outcome::Altered);
    assert_eq!(check("https://example.invalid", &keys), Outcome::Foreign);
    let nobody = Keys::Register(BTreeMap::new());
    assert_eq!(check(&printed, &nobody), Outcome::UnknownKiosk { kiosk: "K032".into() });
}

#[test]
fn keys_are_read_back_from_their_files_and_show_nothing_of_themselves() {
    for suite in [Suite::International, Suite::Sm] {
        let made = key(suite, 7);
        let pem = made.to_pem().unwrap();
        let read = SlipKey::from_pem(&pem).unwrap();
        assert_eq!((read.suite(), read.sign("claim")), (suite, made.sign("claim")));
        let pem = made.public().to_pem().unwrap();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----"));
        assert_eq!(PublicKey::from_pem(&pem).unwrap().to_pem().unwrap(), pem);
        assert_eq!(format!("{made:?}"), format!("SlipKey {{ suite: {suite:?}, .. }}"));
    }
    assert_eq!(SlipKey::from_pem("nothing").unwrap_err().code(), "receipt.key");
}
