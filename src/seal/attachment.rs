//! Attachments: sealed in chunks, proven by a hash tree, sent in any order and any number of tries.
//!
//! An attachment has a key of its own. Each chunk of at most [`CHUNK`] plain bytes is sealed with it under its place: submission,
//! number of the attachment, number of the chunk, number of all. So a damaged, swapped, repeated or missing chunk, and one
//! of another attachment, does not open. The key lies in the manifest, which is an envelope to the county like an
//! application, beside the root of a hash tree over the sealed chunks (SM3 or SHA-256, by suite).
//!
//! Outside the envelope the manifest lists the leaves, so that a platform can refuse a chunk that was damaged on the way
//! at once, and knows what is missing; inside stands the root, so that the list itself cannot be exchanged. The tree
//! is that of RFC 6962: `leaf = H(00‖chunk)`, `node = H(01‖left‖right)`, split at the largest power of two.
//!
//! Left out: a table for attachments that wait on the disk, and the screens that make them.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::ChaCha20Poly1305;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use sm3::{Digest, Sm3};
use zeroize::Zeroizing;

use super::bound::{Bound, Purpose};
use super::draw::Drawn;
use super::error::SealError;
use super::key::Suite;
use super::sealer::Sealer;
use super::sm::Sm4Gcm;

/// Plain bytes of a chunk. At 20 kbit/s one takes seven seconds: short enough to be lost without grief, long enough that
/// its request weighs little beside it.
pub const CHUNK: usize = 16 * 1024;

/// A sealed attachment, ready to be sent. Nothing in it can be read here.
#[derive(Debug)]
pub struct Attachment {
    /// The manifest as JSON.
    pub manifest: Vec<u8>,
    /// The sealed chunks in their order, at least one.
    pub chunks: Vec<Vec<u8>>,
}

/// What everybody may see.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    attachment: u8,
    terminal_id: &'a str,
    sequence: u64,
    number: u16,
    leaves: Vec<String>,
    seal: Box<RawValue>,
}

/// What the county alone sees.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Secret<'a> {
    size: usize,
    chunks: usize,
    root: String,
    key: &'a str,
}

impl Sealer {
    /// Seals an attachment. `bound` says whose; its purpose is replaced by the attachment of this number, from 1.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub fn seal_attachment(&self, bound: &Bound<'_>, number: u16, plain: &[u8]) -> Result<Attachment, SealError> {
        let bound = Bound { purpose: Purpose::Attachment(number), ..*bound };
        let suite = self.county().suite();
        // Bound to whose and to what: if chance ever repeats, two attachments still have two keys.
        let mut key = Zeroizing::new([0; 32]);
        let place = format!("bianmin-attachment-key/1\n{}\n{number}\n", bound.id);
        Drawn::new(self.fresh()?, place.as_bytes(), plain).fill(key.as_mut_slice());
        // An empty file is one empty chunk.
        let pieces: Vec<&[u8]> = if plain.is_empty() { vec![plain] } else { plain.chunks(CHUNK).collect() };
        let count = pieces.len();
        let chunks = pieces
            .into_iter()
            .enumerate()
            .map(|(at, piece)| seal_chunk(suite, &key, &bound, (at, count), piece).ok_or(SealError::Cipher))
            .collect::<Result<Vec<_>, _>>()?;
        let leaves: Vec<[u8; 32]> = chunks.iter().map(|chunk| hash(suite, &[&[0], chunk])).collect();
        let key_used = match suite {
            Suite::Sm => &key[..16],
            Suite::International => &key[..],
        };
        let key_used = Zeroizing::new(hex::encode(key_used));
        let secret =
            Secret { size: plain.len(), chunks: count, root: hex::encode(root(suite, &leaves)), key: &key_used };
        let secret = Zeroizing::new(serde_json::to_vec(&secret).map_err(|_| SealError::Cipher)?);
        let seal = String::from_utf8(self.seal(&bound, &secret)?).map_err(|_| SealError::Cipher)?;
        let manifest = serde_json::to_vec(&Manifest {
            attachment: 1,
            terminal_id: bound.terminal,
            sequence: bound.sequence.0,
            number,
            leaves: leaves.iter().map(hex::encode).collect(),
            seal: RawValue::from_string(seal).map_err(|_| SealError::Cipher)?,
        })
        .map_err(|_| SealError::Cipher)?;
        Ok(Attachment { manifest, chunks })
    }
}

/// Seals one chunk under its place. The key serves one attachment and the nonce counts its chunks, so no pair repeats.
fn seal_chunk(
    suite: Suite,
    key: &[u8; 32],
    bound: &Bound<'_>,
    (at, count): (usize, usize),
    piece: &[u8],
) -> Option<Vec<u8>> {
    let Purpose::Attachment(number) = bound.purpose else { return None };
    let place = format!("bianmin-chunk/1\n{}\n{number}\n{at}\n{count}\n", bound.id);
    let payload = Payload { msg: piece, aad: place.as_bytes() };
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&u64::try_from(at).ok()?.to_be_bytes());
    match suite {
        Suite::Sm => Sm4Gcm::new_from_slice(&key[..16]).ok()?.encrypt(&nonce.into(), payload).ok(),
        Suite::International => ChaCha20Poly1305::new(key.into()).encrypt(&nonce.into(), payload).ok(),
    }
}

/// The root over at least one leaf.
fn root(suite: Suite, leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [leaf] => *leaf,
        many => {
            let half = many.len().next_power_of_two() / 2;
            let (left, right) = many.split_at(half);
            hash(suite, &[&[1], &root(suite, left), &root(suite, right)])
        }
    }
}

fn hash(suite: Suite, parts: &[&[u8]]) -> [u8; 32] {
    match suite {
        Suite::Sm => parts.iter().fold(Sm3::new(), |hash, part| hash.chain_update(part)).finalize().into(),
        Suite::International => {
            parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
        }
    }
}
