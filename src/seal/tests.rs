//! The seal against the published vectors, and against the county's own code.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use county_stand_in::seal::{Keys, Place, Refusal, Suite as TheirSuite};
use sm2::elliptic_curve::rand_core::{TryCryptoRng, TryRng};

use super::key::Recipient;
use super::*;
use crate::domain::id::{Sequence, SubmissionId};

const BOTH: [(Suite, TheirSuite); 2] = [(Suite::Sm, TheirSuite::Sm), (Suite::International, TheirSuite::International)];

#[test]
fn what_is_sealed_opens_at_the_county_and_nowhere_else() {
    for (suite, _) in BOTH {
        let sealed = sealer_of(suite).seal(&bound(), b"plain words").unwrap();
        let here = Place { id: &bound().id.to_string(), sequence: 42, purpose: "application" };
        let keys = Keys::of_the_standards().unwrap();
        assert_eq!(&keys.open_bytes(&sealed, here).unwrap()[..], b"plain words");

        let other_id = SubmissionId(uuid::Uuid::from_u128(8)).to_string();
        for elsewhere in
            [Place { id: &other_id, ..here }, Place { sequence: 43, ..here }, Place { purpose: "attachment/1", ..here }]
        {
            assert_eq!(keys.open_bytes(&sealed, elsewhere), Err(Refusal::Broken), "{elsewhere:?}");
        }
        let text = String::from_utf8(sealed).unwrap();
        let renamed = text.replace("\"K032\"", "\"K033\"");
        assert_eq!(keys.open_bytes(renamed.as_bytes(), here), Err(Refusal::Broken));
        let strangers = Keys::new(&[1; 32], [2; 32]).unwrap();
        assert_eq!(strangers.open_bytes(text.as_bytes(), here), Err(Refusal::KeyUnknown));
        let newer = text.replace("\"envelope\":1", "\"envelope\":2");
        assert_eq!(keys.open_bytes(newer.as_bytes(), here), Err(Refusal::Malformed));
    }
}

#[test]
fn a_changed_character_anywhere_in_an_envelope_is_found() {
    for (suite, _) in BOTH {
        let sealed = String::from_utf8(sealer_of(suite).seal(&bound(), b"plain words").unwrap()).unwrap();
        let keys = Keys::of_the_standards().unwrap();
        let id = bound().id.to_string();
        let here = Place { id: &id, sequence: 42, purpose: "application" };
        let start = sealed.find("\"sealed\":\"").unwrap() + 10;
        let end = sealed.len() - 2;
        for at in (start..end).step_by(3) {
            let mut bent = sealed.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            // The last character before the padding holds bits that mean nothing; a strict decoder refuses them.
            assert!(keys.open_bytes(&bent, here).is_err(), "character {at}");
        }
    }
}

#[test]
fn the_same_content_never_gives_the_same_envelope() {
    for (suite, _) in BOTH {
        let mut calls = 0_u8;
        let calls = Arc::new(std::sync::Mutex::new(move || {
            calls += 1;
            [calls; 32]
        }));
        let chance: Chance = Arc::new(move || Ok((calls.lock().unwrap())()));
        let sealer = Sealer::new(county(suite), LookupKey::new([3; 32]), chance).unwrap();
        let one = sealer.seal(&bound(), b"plain words").unwrap();
        assert_ne!(one, sealer.seal(&bound(), b"plain words").unwrap());
    }
}

/// Frozen: counties read this example. If this fails, the change is wrong, not the document.
#[test]
fn attachments_never_share_a_key_even_when_chance_repeats() {
    for sealer in sealers() {
        let first_chunk = |number, plain: &[u8]| {
            let mut attachment = sealer.seal_attachment(&bound(), number, plain).unwrap();
            attachment.chunks.remove(0)
        };
        // Under one key and nonce two texts would differ where they differ themselves, and nowhere else.
        let (one, other, same) =
            (first_chunk(1, &[b'a'; 64]), first_chunk(1, &[b'b'; 64]), first_chunk(2, &[b'a'; 64]));
        for pair in [&other, &same] {
            let stream: BTreeSet<u8> = one.iter().zip(pair.iter()).take(64).map(|(a, b)| a ^ b).collect();
            assert!(stream.len() > 8, "one stream of key for two texts: {stream:?}");
        }
    }
}

#[test]
fn the_envelope_in_the_contract_is_the_one_we_make() {
    let submission = example("Submission");
    let plain: Box<serde_json::value::RawValue> = example("Application");
    // Without the spaces of the document, as the store encodes it.
    let plain = plain.get().lines().map(str::trim).collect::<String>().replace(": ", ":").replace(", ", ",");
    let plain = plain.replace("{ ", "{").replace(" }", "}");
    let submission: serde_json::Value = serde_json::from_str(submission.get()).unwrap();
    let bound = Bound {
        terminal: submission["terminalId"].as_str().unwrap(),
        id: SubmissionId(submission["clientSubmissionId"].as_str().unwrap().parse().unwrap()),
        sequence: Sequence(submission["sequence"].as_u64().unwrap()),
        purpose: Purpose::Application,
    };
    let sealed = sealer().seal(&bound, plain.as_bytes()).unwrap();
    let made: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
    assert_eq!(made, submission["application"]);
}

/// An example of the contract: the JSON after `Name:` and `value:`.
fn example(name: &str) -> Box<serde_json::value::RawValue> {
    let (_, examples) = include_str!("../../config/county-contract.yaml").split_once("\n  examples:\n").unwrap();
    let (_, rest) = examples.split_once(&format!("    {name}:\n      value: ")).unwrap();
    serde_json::Deserializer::from_str(rest).into_iter().next().unwrap().unwrap()
}

#[test]
fn without_chance_nothing_is_sealed() {
    let none: Chance = Arc::new(|| Err(SealError::NoChance));
    assert!(Sealer::new(county(Suite::Sm), LookupKey::new([3; 32]), none).is_err());
    let draws = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let once: Chance = {
        let draws = Arc::clone(&draws);
        Arc::new(move || {
            if draws.swap(false, std::sync::atomic::Ordering::SeqCst) { Ok([1; 32]) } else { Err(SealError::NoChance) }
        })
    };
    let sealer = Sealer::new(county(Suite::Sm), LookupKey::new([3; 32]), once).unwrap();
    assert_eq!(sealer.seal(&bound(), b"x").unwrap_err().code(), "seal.no-chance");
}

#[test]
fn sm2_encryption_gives_the_example_of_gb_t_32918_5() {
    let Recipient::Sm(to) = county(Suite::Sm).recipient else { panic!("the suite was asked for") };
    let mut k = Fixed(hex::decode("59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21").unwrap());
    let wrapped = to.wrap(b"encryption standard", &mut k).unwrap();
    let wanted = concat!(
        "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73",
        "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0",
        "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766",
        "21886ca989ca9c7d58087307ca93092d651efa"
    );
    assert_eq!(hex::encode(wrapped), wanted);
}

#[test]
fn sm4_gcm_gives_the_vector_of_rfc_8998() {
    let cipher = sm::Sm4Gcm::new_from_slice(&hex::decode("0123456789ABCDEFFEDCBA9876543210").unwrap()).unwrap();
    let nonce: [u8; 12] = hex::decode("00001234567800000000ABCD").unwrap().try_into().unwrap();
    let aad = hex::decode("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2").unwrap();
    let plain: Vec<u8> = b"\xaa\xbb\xcc\xdd\xee\xff\xee\xaa".iter().flat_map(|byte| [*byte; 8]).collect();
    let sealed = cipher.encrypt(&nonce.into(), Payload { msg: &plain, aad: &aad }).unwrap();
    let wanted = concat!(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735",
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
        "83de3541e4c2b58177e065a9bf7b62ec"
    );
    assert_eq!(hex::encode(sealed), wanted);
}

#[test]
fn sm4_gives_the_first_example_of_gb_t_32907() {
    use sm4::cipher::{BlockCipherEncrypt as _, KeyInit as _};
    let text: [u8; 16] = hex::decode("0123456789abcdeffedcba9876543210").unwrap().try_into().unwrap();
    let cipher = sm4::Sm4::new(&text.into());
    let mut block = text.into();
    cipher.encrypt_block(&mut block);
    assert_eq!(hex::encode(block), "681edf34d206965e86b3e94f536e4246");
}

#[test]
fn hpke_gives_the_vector_of_rfc_9180_a_2() {
    let theirs = hex::decode("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a").unwrap();
    let to = international::Recipient::new(&theirs).unwrap();
    let seed = hex::decode("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b").unwrap();
    let info = hex::decode("4f6465206f6e2061204772656369616e2055726e").unwrap();
    let sealed =
        international::seal_with(&to, &info, b"Count-0", b"Beauty is truth, truth beauty", &mut Fixed(seed)).unwrap();
    let wanted = concat!(
        "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"
    );
    assert_eq!(hex::encode(sealed), wanted);
}

#[test]
fn hmac_sm3_gives_the_known_value() {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<sm3::Sm3>::new_from_slice(b"key").unwrap();
    mac.update(b"The quick brown fox jumps over the lazy dog");
    assert_eq!(
        hex::encode(mac.finalize().into_bytes()),
        "bd4a34077888162b210645b8ebf74b9af357303789357a27c7fc457244ebd398"
    );
}

#[test]
fn a_key_of_the_other_suite_and_a_text_that_is_no_key_are_refused_by_name() {
    let file = Path::new("county.pem");
    for (suite, theirs) in BOTH {
        let pem = Keys::of_the_standards().unwrap().pem(theirs);
        let other = if suite == Suite::Sm { Suite::International } else { Suite::Sm };
        assert_eq!(CountyKey::from_pem(suite, &pem, file).unwrap().suite(), suite);
        assert_eq!(CountyKey::from_pem(other, &pem, file).unwrap_err().code(), "seal.other-suite");
        for broken in ["", "hello", &pem.replace("PUBLIC", "PRIVATE"), &pem.replace("==", ""), &pem[..40]] {
            let error = CountyKey::from_pem(suite, broken, file);
            assert!(error.is_err() || broken == pem, "{broken}");
        }
    }
    // A point that is not on the curve.
    let pem = Keys::of_the_standards().unwrap().pem(TheirSuite::Sm);
    let bent = pem.replacen("CfnfMR5U", "CfnfMR5V", 1);
    assert_ne!(pem, bent);
    assert_eq!(CountyKey::from_pem(Suite::Sm, &bent, file).unwrap_err().code(), "seal.not-a-key");
}

#[test]
fn the_lookup_key_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lookup.key");
    let made = LookupKey::read_or_make(&file, || Ok([5; 32])).unwrap();
    let again = LookupKey::read_or_make(&file, || panic!("it is there")).unwrap();
    assert_eq!(made.tag("1"), again.tag("1"));
    assert_ne!(made.tag("1"), made.tag("2"));
    assert_ne!(made.tag("1"), LookupKey::new([6; 32]).tag("1"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0);
    }
    std::fs::write(&file, "short").unwrap();
    assert_eq!(LookupKey::read(&file).unwrap_err().code(), "seal.not-a-lookup-key");
    let nowhere = folder.path().join("missing/lookup.key");
    assert_eq!(LookupKey::read_or_make(&nowhere, || Ok([5; 32])).unwrap_err().code(), "seal.file");
}

#[test]
fn the_sealer_shows_the_name_of_the_countys_key_and_nothing_more() {
    let shown = format!("{:?} {:?}", sealer(), LookupKey::new([0xab; 32]));
    assert!(shown.contains(&sealer().county().id().to_string()), "{shown}");
    assert!(shown.len() < 120 && !shown.contains("171") && !shown.contains("abab"), "{shown}");
}

/// A source that gives these bytes, from the start each time.
struct Fixed(Vec<u8>);

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("bytes are asked for")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("bytes are asked for")
    }

    fn try_fill_bytes(&mut self, wanted: &mut [u8]) -> Result<(), Infallible> {
        wanted.copy_from_slice(&self.0[..wanted.len()]);
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

fn bound() -> Bound<'static> {
    Bound {
        terminal: "K032",
        id: SubmissionId(uuid::Uuid::from_u128(7)),
        sequence: Sequence(42),
        purpose: Purpose::Application,
    }
}

fn county(suite: Suite) -> CountyKey {
    let theirs = BOTH.iter().find(|(ours, _)| *ours == suite).unwrap().1;
    CountyKey::from_pem(suite, &Keys::of_the_standards().unwrap().pem(theirs), Path::new("county.pem")).unwrap()
}

fn sealer_of(suite: Suite) -> Arc<Sealer> {
    Arc::new(Sealer::new(county(suite), LookupKey::new([3; 32]), Arc::new(|| Ok([9; 32]))).unwrap())
}

/// A sealer to the published example key of the national suite. Its chance is always the same, and so is what it seals.
pub(crate) fn sealer() -> Arc<Sealer> {
    sealer_of(Suite::Sm)
}

/// One sealer of each suite.
pub(crate) fn sealers() -> [Arc<Sealer>; 2] {
    [sealer_of(Suite::Sm), sealer_of(Suite::International)]
}

/// What the county reads in a stored application.
pub(crate) fn opened(stored: &[u8], id: SubmissionId, sequence: Sequence) -> Vec<u8> {
    let place = Place { id: &id.to_string(), sequence: i64::try_from(sequence.0).unwrap(), purpose: "application" };
    Keys::of_the_standards().unwrap().open_bytes(stored, place).unwrap().to_vec()
}
