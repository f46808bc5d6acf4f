//! What came of attachments so far: manifests and chunks, and what is still missing.
//!
//! Held in memory: after a restart a terminal asks, is told that nothing is known, and begins again.

use std::collections::{BTreeMap, BTreeSet};

use chacha20poly1305::ChaCha20Poly1305;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sm3::{Digest as _, Sm3};
use sm4::Sm4;

use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};

use crate::seal::{Envelope, Keys, Place, Refusal, Suite};

/// Most chunks of one attachment; 16 MiB of the usual size.
const CHUNKS_MAX: usize = 1024;

/// A manifest as received.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    attachment: u8,
    /// Terminal it says it is from.
    pub terminal_id: String,
    sequence: i64,
    number: u16,
    leaves: Vec<String>,
    seal: Envelope,
}

#[derive(Deserialize)]
struct Secret {
    size: usize,
    chunks: usize,
    root: String,
    key: String,
}

/// How far an attachment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Chunks of the whole.
    pub chunks: usize,
    /// Those that are here, ascending.
    pub have: Vec<usize>,
}

/// Why something was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing is known of it.
    Unknown,
    /// The manifest is none, or contradicts itself.
    Manifest,
    /// Another manifest stands under this number.
    Conflict,
    /// The seal.
    Seal(Refusal),
    /// The chunk is damaged, or stands at another place.
    Chunk,
}

struct Entry {
    body: Vec<u8>,
    suite: Suite,
    leaves: Vec<[u8; 32]>,
    secret: Secret,
    chunks: BTreeMap<usize, Vec<u8>>,
}

/// All attachments, by submission and number.
#[derive(Default)]
pub struct Shelf(BTreeMap<(String, u16), Entry>);

impl Shelf {
    /// Takes a manifest. The same again changes nothing.
    ///
    /// # Errors
    /// If it is none for this place.
    pub fn manifest(&mut self, keys: &Keys, id: &str, number: u16, body: &[u8]) -> Result<Progress, Wrong> {
        if let Some(entry) = self.0.get(&(id.to_owned(), number)) {
            return if entry.body == body { self.progress(id, number) } else { Err(Wrong::Conflict) };
        }
        let manifest: Manifest = serde_json::from_slice(body).map_err(|_| Wrong::Manifest)?;
        if manifest.attachment != 1 || manifest.number != number || manifest.terminal_id != manifest.seal.terminal {
            return Err(Wrong::Manifest);
        }
        let purpose = format!("attachment/{number}");
        let place = Place { id, sequence: manifest.sequence, purpose: &purpose };
        let secret = keys.open(&manifest.seal, place).map_err(Wrong::Seal)?;
        let secret: Secret = serde_json::from_slice(&secret).map_err(|_| Wrong::Manifest)?;
        let leaf = |text: &String| <[u8; 32]>::try_from(hex::decode(text).ok()?).ok();
        let leaves: Vec<[u8; 32]> = manifest.leaves.iter().map(leaf).collect::<Option<_>>().ok_or(Wrong::Manifest)?;
        let suite = manifest.seal.suite();
        let is_whole = (1..=CHUNKS_MAX).contains(&leaves.len()) && leaves.len() == secret.chunks;
        if !is_whole || hex::encode(root(suite, leaves.clone())) != secret.root {
            return Err(Wrong::Manifest);
        }
        let entry = Entry { body: body.to_vec(), suite, leaves, secret, chunks: BTreeMap::new() };
        self.0.insert((id.to_owned(), number), entry);
        self.progress(id, number)
    }

    /// Takes a chunk. The same again changes nothing.
    ///
    /// # Errors
    /// If its manifest is not here, or it is not the chunk of this place.
    pub fn chunk(&mut self, id: &str, number: u16, at: usize, bytes: &[u8]) -> Result<Progress, Wrong> {
        let entry = self.0.get_mut(&(id.to_owned(), number)).ok_or(Wrong::Unknown)?;
        let leaf = entry.leaves.get(at).ok_or(Wrong::Chunk)?;
        if hash(entry.suite, 0, bytes) != *leaf {
            return Err(Wrong::Chunk);
        }
        entry.chunks.insert(at, bytes.to_vec());
        self.progress(id, number)
    }

    /// What is here.
    ///
    /// # Errors
    /// If nothing is known.
    pub fn progress(&self, id: &str, number: u16) -> Result<Progress, Wrong> {
        let entry = self.0.get(&(id.to_owned(), number)).ok_or(Wrong::Unknown)?;
        Ok(Progress { chunks: entry.leaves.len(), have: entry.chunks.keys().copied().collect() })
    }

    /// The attachment in the clear, once all of it is here and opens.
    pub fn content(&self, id: &str, number: u16) -> Option<Vec<u8>> {
        let entry = self.0.get(&(id.to_owned(), number))?;
        let all: BTreeSet<usize> = (0..entry.leaves.len()).collect();
        if !entry.chunks.keys().eq(all.iter()) {
            return None;
        }
        let key = hex::decode(&entry.secret.key).ok()?;
        let mut content = Vec::new();
        for (at, chunk) in &entry.chunks {
            let count = entry.leaves.len();
            let place = format!("bianmin-chunk/1\n{id}\n{number}\n{at}\n{count}\n");
            let payload = Payload { msg: chunk, aad: place.as_bytes() };
            let mut nonce = [0; 12];
            nonce[8..].copy_from_slice(&u32::try_from(*at).ok()?.to_be_bytes());
            content.extend(match entry.suite {
                Suite::Sm => AesGcm::<Sm4, U12>::new_from_slice(&key).ok()?.decrypt(&nonce.into(), payload).ok()?,
                Suite::International => {
                    ChaCha20Poly1305::new_from_slice(&key).ok()?.decrypt(&nonce.into(), payload).ok()?
                }
            });
        }
        (content.len() == entry.secret.size).then_some(content)
    }
}

/// The root, pair by pair from below; a leaf without a partner goes up as it is.
fn root(suite: Suite, mut level: Vec<[u8; 32]>) -> Vec<u8> {
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => hash(suite, 1, &[&left[..], right].concat()),
                alone => alone.concat().try_into().unwrap_or_default(),
            })
            .collect();
    }
    level.concat()
}

fn hash(suite: Suite, kind: u8, content: &[u8]) -> [u8; 32] {
    match suite {
        Suite::Sm => Sm3::new().chain_update([kind]).chain_update(content).finalize().into(),
        Suite::International => Sha256::new().chain_update([kind]).chain_update(content).finalize().into(),
    }
}
