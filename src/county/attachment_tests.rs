//! Attachments over a thin and lossy line, on a virtual clock, against the platform's own shelf.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is the failure of the test")]

use std::time::Duration;

use county_stand_in::attachment::{Shelf, Wrong};
use county_stand_in::seal::Keys;

use super::*;
use crate::domain::id::Sequence;
use crate::seal::attachment::{Attachment, CHUNK};
use crate::seal::{Bound, Purpose, tests::sealers};

const ID: SubmissionId = SubmissionId(uuid::Uuid::from_u128(7));

#[test]
fn three_hundred_kilobytes_arrive_over_20_kbit_with_a_tenth_lost() {
    for seed in 1..=20 {
        let photo = photo(300_000);
        let sent = sealed(&photo, 0);
        let mut line = Line { seed, ..Line::default() };
        let mut shelf = Shelf::default();
        let mut tries = 0;
        while line.attempt(&sent, &mut shelf).is_err() {
            tries += 1;
            assert!(tries < 100, "seed {seed}: it never arrives");
        }
        assert_eq!(shelf.content(&ID.to_string(), 1).unwrap(), photo, "seed {seed}");
        let payload: usize = sent.chunks.iter().map(Vec::len).sum::<usize>() + sent.manifest.len();
        // What was cut short, what was repeated packet by packet, and the heads of all requests.
        let again = line.bytes - payload;
        assert!(again < payload / 2, "seed {seed}: {again} bytes of {payload} again, {tries} tries");
        assert!(line.now < Duration::from_secs(600), "seed {seed}: {:?}", line.now);
        // A chunk whose answer was lost is not sent again.
        assert!(line.whole_twice == 0, "seed {seed}: {} chunks arrived twice", line.whole_twice);
    }
}

#[test]
fn a_line_without_loss_carries_each_byte_once() {
    let sent = sealed(&photo(300_000), 0);
    let mut line = Line { lossless: true, ..Line::default() };
    let mut shelf = Shelf::default();
    line.attempt(&sent, &mut shelf).unwrap();
    let exchanges = line.carried / 2;
    assert_eq!(exchanges, 2 + 300_000_usize.div_ceil(CHUNK), "one question, the manifest, each chunk");
}

#[test]
fn a_damaged_swapped_or_foreign_chunk_is_found_and_a_missing_one_named() {
    for suite in 0..2 {
        let sent = sealed(&photo(100_000), suite);
        let keys = Keys::of_the_standards().unwrap();
        let id = ID.to_string();
        let mut shelf = Shelf::default();
        assert_eq!(shelf.chunk(&id, 1, 0, &sent.chunks[0]), Err(Wrong::Unknown));
        shelf.manifest(&keys, &id, 1, &sent.manifest).unwrap();
        let mut bent = sent.chunks[2].clone();
        bent[5] ^= 1;
        assert_eq!(shelf.chunk(&id, 1, 2, &bent), Err(Wrong::Chunk), "damaged");
        assert_eq!(shelf.chunk(&id, 1, 2, &sent.chunks[3]), Err(Wrong::Chunk), "swapped");
        assert_eq!(shelf.chunk(&id, 1, 2, &sent.chunks[2][..100]), Err(Wrong::Chunk), "cut");
        assert_eq!(shelf.chunk(&id, 1, 99, &sent.chunks[2]), Err(Wrong::Chunk), "beyond the end");
        let other = sealed(&photo(90_000), suite);
        assert_eq!(shelf.chunk(&id, 1, 0, &other.chunks[0]), Err(Wrong::Chunk), "of another attachment");
        assert_eq!(shelf.manifest(&keys, &id, 1, &other.manifest), Err(Wrong::Conflict));
        for at in [3, 0, 1, 6, 5, 4] {
            shelf.chunk(&id, 1, at, &sent.chunks[at]).unwrap();
        }
        assert_eq!(shelf.content(&id, 1), None, "one is missing");
        assert_eq!(shelf.progress(&id, 1).unwrap().have, [0, 1, 3, 4, 5, 6]);
        shelf.chunk(&id, 1, 2, &sent.chunks[2]).unwrap();
        assert_eq!(shelf.content(&id, 1).unwrap(), photo(100_000));
    }
}

#[test]
fn an_exchanged_list_of_leaves_and_a_manifest_at_another_place_are_refused() {
    let keys = Keys::of_the_standards().unwrap();
    let id = ID.to_string();
    for suite in 0..2 {
        let sent = sealed(&photo(100_000), suite);
        let text = String::from_utf8(sent.manifest.clone()).unwrap();
        let mut exchanged: serde_json::Value = serde_json::from_str(&text).unwrap();
        exchanged["leaves"].as_array_mut().unwrap().swap(0, 1);
        let mut shelf = Shelf::default();
        assert_eq!(shelf.manifest(&keys, &id, 1, exchanged.to_string().as_bytes()), Err(Wrong::Manifest));
        assert!(shelf.manifest(&keys, &id, 2, &sent.manifest).is_err(), "another number");
        let other = SubmissionId(uuid::Uuid::from_u128(8)).to_string();
        assert!(matches!(shelf.manifest(&keys, &other, 1, &sent.manifest), Err(Wrong::Seal(_))), "another id");
        shelf.manifest(&keys, &id, 1, &sent.manifest).unwrap();
    }
}

#[test]
fn nothing_of_an_attachment_can_be_read_and_an_empty_one_is_one_too() {
    for suite in 0..2 {
        let sent = sealed(b"", suite);
        let keys = Keys::of_the_standards().unwrap();
        let mut shelf = Shelf::default();
        shelf.manifest(&keys, &ID.to_string(), 1, &sent.manifest).unwrap();
        shelf.chunk(&ID.to_string(), 1, 0, &sent.chunks[0]).unwrap();
        assert_eq!(shelf.content(&ID.to_string(), 1).unwrap(), b"");
        let text = "张小明".repeat(20_000);
        let sent = sealed(text.as_bytes(), suite);
        let all = [sent.manifest, sent.chunks.concat()].concat();
        assert!(!all.windows(9).any(|window| window == "张小明".as_bytes()));
    }
}

fn sealed(plain: &[u8], suite: usize) -> Attachment {
    let bound = Bound { terminal: "K032", id: ID, sequence: Sequence(42), purpose: Purpose::Application };
    sealers()[suite].seal_attachment(&bound, 1, plain).unwrap()
}

/// Bytes that do not repeat, like those of a photograph.
fn photo(length: usize) -> Vec<u8> {
    let mut chance = 1_u64;
    (0..length).map(|_| step(&mut chance).to_be_bytes()[0]).collect()
}

fn step(chance: &mut u64) -> u64 {
    *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *chance
}

/// 20 kbit/s in packets of 1,200 bytes. A tenth of the packets is lost and repeated a second later; in a tenth of the
/// exchanges the line breaks at some packet, on the way there or on the way back.
#[derive(Default)]
struct Line {
    seed: u64,
    now: Duration,
    bytes: usize,
    carried: usize,
    whole_twice: usize,
    lossless: bool,
}

/// The line broke.
#[derive(Debug)]
struct Broken;

impl Line {
    /// One try, until everything is there or the line breaks.
    fn attempt(&mut self, sent: &Attachment, shelf: &mut Shelf) -> Result<(), Broken> {
        let (keys, id) = (Keys::of_the_standards().unwrap(), ID.to_string());
        let mut upload = Upload::new(sent.chunks.len());
        loop {
            // Head of a request with its signature, and of an answer.
            let (up, down) = (500, 400);
            let answer = match upload.next() {
                Step::Done => return Ok(()),
                Step::Ask => {
                    self.carry(up)?;
                    shelf.progress(&id, 1)
                }
                Step::Manifest => {
                    self.carry(up + sent.manifest.len())?;
                    shelf.manifest(&keys, &id, 1, &sent.manifest)
                }
                Step::Chunk(at) => {
                    self.carry(up + sent.chunks[at].len())?;
                    let there = shelf.progress(&id, 1).unwrap().have.contains(&at);
                    self.whole_twice += usize::from(there);
                    shelf.chunk(&id, 1, at, &sent.chunks[at])
                }
            };
            self.carry(down)?;
            match answer {
                Ok(there) => {
                    let have = there.have.into_iter().collect();
                    assert!(upload.has(&Progress { chunks: there.chunks, have }));
                }
                Err(Wrong::Unknown) => upload.is_unknown(),
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    /// Carries some bytes one way.
    fn carry(&mut self, bytes: usize) -> Result<(), Broken> {
        self.carried += 1;
        let packets = bytes.div_ceil(1_200);
        let breaks_at = self.one_in(20).then(|| usize::try_from(step(&mut self.seed) >> 33).unwrap() % packets);
        for packet in 0..packets {
            loop {
                let size = (bytes - packet * 1_200).min(1_200);
                self.bytes += size;
                self.now += Duration::from_millis(u64::try_from(size).unwrap() * 8 / 20);
                if breaks_at == Some(packet) {
                    // Found out by the time-out of the exchange.
                    self.now += crate::county::settings::REQUEST_TIMEOUT;
                    return Err(Broken);
                }
                if !self.one_in(10) {
                    break;
                }
                self.now += Duration::from_secs(1);
            }
        }
        Ok(())
    }

    fn one_in(&mut self, n: u64) -> bool {
        !self.lossless && (step(&mut self.seed) >> 33).is_multiple_of(n)
    }
}
