//! Opening what terminals seal: the county's half of the envelope.
//!
//! Written apart from the terminal's half and by another way: SM2 from the arithmetic of its curve, HPKE from X25519, HKDF
//! and ChaCha20-Poly1305. What both halves agree on is `config/county-contract.yaml`, and the published vectors below.
//!
//! The keys are made in the stand-in's folder. They guard invented residents and nothing else.

use base64ct::{Base64, Encoding as _};
use chacha20poly1305::ChaCha20Poly1305;
use hkdf::Hkdf;
use serde::Deserialize;
use sha2::Sha256;
use sm2::elliptic_curve::Group as _;
use sm2::elliptic_curve::sec1::ToSec1Point as _;
use sm2::{NonZeroScalar, ProjectivePoint, PublicKey};
use sm3::{Digest as _, Sm3};
use sm4::Sm4;
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};

/// What stands before the point of an SM2 key in its `SubjectPublicKeyInfo`.
const SM2_INFO: &str = "3059301306072a8648ce3d020106082a811ccf5501822d034200";
/// What stands before an X25519 key in its `SubjectPublicKeyInfo`.
const X25519_INFO: &str = "302a300506032b656e032100";
/// KEM, KDF and AEAD of RFC 9180, as they stand in the derivation.
const KEM_ID: &[u8] = b"KEM\x00\x20";
const HPKE_ID: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x03";
/// The application's information.
const INFO: &[u8] = b"bianmin-seal";

/// The private key of SM2 in the example of GB/T 32918.5; published, so it guards nothing.
const EXAMPLE_SM: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
/// The private key of Alice in RFC 7748; published, so it guards nothing.
const EXAMPLE_X25519: &str = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";

/// Which algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// SM2, SM3, SM4-GCM.
    Sm,
    /// X25519, HKDF-SHA256, ChaCha20-Poly1305.
    International,
}

/// Why an envelope was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is no envelope of a known version and suite.
    Malformed,
    /// It is for a key that this county does not have.
    KeyUnknown,
    /// It does not open: damaged, or made for another terminal, id, number or purpose.
    Broken,
}

/// An envelope, as received.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    envelope: u8,
    suite: Suite,
    key_id: String,
    /// Terminal that made it.
    pub terminal: String,
    sealed: String,
}

/// Where an envelope was found.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Submission id, as written outside.
    pub id: &'a str,
    /// Number, as written outside.
    pub sequence: i64,
    /// `application` or `attachment/N`.
    pub purpose: &'a str,
}

/// The county's private keys, one of each suite.
pub struct Keys {
    sm: NonZeroScalar,
    x25519: StaticSecret,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Envelope {
    /// Its algorithms.
    pub fn suite(&self) -> Suite {
        self.suite
    }
}

impl Keys {
    /// Keys from their bytes; `None` if the first is no private key of SM2.
    pub fn new(sm: &[u8; 32], x25519: [u8; 32]) -> Option<Self> {
        let sm = NonZeroScalar::try_from(&sm[..]).ok()?;
        Some(Self { sm, x25519: StaticSecret::from(x25519) })
    }

    /// The published example keys of the standards, for tests that must repeat themselves. `None` never.
    pub fn of_the_standards() -> Option<Self> {
        let bytes = |text: &str| <[u8; 32]>::try_from(hex::decode(text).ok()?).ok();
        Self::new(&bytes(EXAMPLE_SM)?, bytes(EXAMPLE_X25519)?)
    }

    /// The public key of a suite as PEM, which a terminal is given.
    pub fn pem(&self, suite: Suite) -> String {
        let block = Base64::encode_string(&self.info(suite));
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        let mut rest = block.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = after;
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        pem
    }

    /// Opens the envelope found at `place`.
    ///
    /// # Errors
    /// Says which of three things is wrong; nothing of the content.
    pub fn open(&self, envelope: &Envelope, place: Place<'_>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        if envelope.envelope != 1 {
            return Err(Refusal::Malformed);
        }
        let Envelope { suite, key_id, terminal, .. } = envelope;
        let sealed = Base64::decode_vec(&envelope.sealed).map_err(|_| Refusal::Malformed)?;
        if *key_id != self.key_id(*suite) {
            return Err(Refusal::KeyUnknown);
        }
        let word = match suite {
            Suite::Sm => "sm",
            Suite::International => "international",
        };
        let Place { id, sequence, purpose } = place;
        let associated = ["bianmin-seal/1", word, key_id, terminal, id, &sequence.to_string(), purpose, ""].join("\n");
        match suite {
            Suite::Sm => self.open_sm(&sealed, associated.as_bytes()),
            Suite::International => self.open_international(&sealed, associated.as_bytes()),
        }
        .map(Zeroizing::new)
        .ok_or(Refusal::Broken)
    }

    /// As [`Self::open`], from the stored bytes of a terminal.
    ///
    /// # Errors
    /// As there.
    pub fn open_bytes(&self, envelope: &[u8], place: Place<'_>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let envelope: Envelope = serde_json::from_slice(envelope).map_err(|_| Refusal::Malformed)?;
        self.open(&envelope, place)
    }

    fn info(&self, suite: Suite) -> Vec<u8> {
        let (head, point) = match suite {
            Suite::Sm => (SM2_INFO, PublicKey::from_secret_scalar(&self.sm).to_sec1_point(false).as_bytes().to_vec()),
            Suite::International => (X25519_INFO, x25519_dalek::PublicKey::from(&self.x25519).as_bytes().to_vec()),
        };
        [hex::decode(head).unwrap_or_default(), point].concat()
    }

    fn key_id(&self, suite: Suite) -> String {
        let info = self.info(suite);
        let digest: [u8; 32] = match suite {
            Suite::Sm => Sm3::digest(&info).into(),
            Suite::International => Sha256::digest(&info).into(),
        };
        hex::encode(&digest[..8])
    }

    fn open_sm(&self, sealed: &[u8], associated: &[u8]) -> Option<Vec<u8>> {
        let (wrapped, rest) = sealed.split_at_checked(65 + 32 + 16)?;
        let (nonce, content) = rest.split_at_checked(12)?;
        let key = Zeroizing::new(self.unwrap_sm2(wrapped)?);
        let cipher = AesGcm::<Sm4, U12>::new_from_slice(&key).ok()?;
        let nonce: [u8; 12] = nonce.try_into().ok()?;
        cipher.decrypt(&nonce.into(), Payload { msg: content, aad: associated }).ok()
    }

    /// Decrypts `C1‖C3‖C2` (GB/T 32918.4, section 7): the shared point is `d·C1`, the key stream its KDF, and `C3` proves
    /// the plain text.
    fn unwrap_sm2(&self, wrapped: &[u8]) -> Option<Vec<u8>> {
        let (c1, rest) = wrapped.split_at_checked(65)?;
        let (c3, c2) = rest.split_at_checked(32)?;
        // Fails for what is not on the curve; the cofactor is 1.
        let c1 = PublicKey::from_sec1_bytes(c1).ok()?;
        let shared: ProjectivePoint = c1.to_projective() * *self.sm;
        if bool::from(shared.is_identity()) {
            return None;
        }
        let point = shared.to_affine().to_sec1_point(false);
        let (x, y) = point.as_bytes().get(1..)?.split_at_checked(32)?;
        let stream = (1_u32..).flat_map(|counter| {
            let block: [u8; 32] =
                Sm3::new().chain_update(x).chain_update(y).chain_update(counter.to_be_bytes()).finalize().into();
            block
        });
        let plain: Vec<u8> = c2.iter().zip(stream).map(|(byte, mask)| byte ^ mask).collect();
        let proof: [u8; 32] = Sm3::new().chain_update(x).chain_update(&plain).chain_update(y).finalize().into();
        (proof == c3).then_some(plain)
    }

    /// RFC 9180 in base mode: `Decap`, `KeyScheduleR`, one `Open` with sequence number 0.
    fn open_international(&self, sealed: &[u8], associated: &[u8]) -> Option<Vec<u8>> {
        let (encapsulated, content) = sealed.split_at_checked(32)?;
        let theirs: [u8; 32] = encapsulated.try_into().ok()?;
        let ours = x25519_dalek::PublicKey::from(&self.x25519);
        let shared = self.x25519.diffie_hellman(&theirs.into());
        if !shared.was_contributory() {
            return None;
        }
        open_hpke(shared.as_bytes(), &[encapsulated, ours.as_bytes()].concat(), INFO, content, associated)
    }
}

/// The rest of HPKE once the two points have met. `kem_context` is both public keys, one after the other.
fn open_hpke(dh: &[u8], kem_context: &[u8], info: &[u8], content: &[u8], associated: &[u8]) -> Option<Vec<u8>> {
    let eae = extract(KEM_ID, &[], b"eae_prk", dh);
    let secret = expand::<32>(&eae, KEM_ID, b"shared_secret", kem_context)?;
    let (psk_id, _) = Hkdf::<Sha256>::extract(None, &labelled(HPKE_ID, b"psk_id_hash", b""));
    let (info, _) = Hkdf::<Sha256>::extract(None, &labelled(HPKE_ID, b"info_hash", info));
    // Mode 0 is base.
    let context = [&[0][..], &psk_id, &info].concat();
    let schedule = extract(HPKE_ID, &secret[..], b"secret", b"");
    let key = expand::<32>(&schedule, HPKE_ID, b"key", &context)?;
    let nonce = expand::<12>(&schedule, HPKE_ID, b"base_nonce", &context)?;
    let cipher = ChaCha20Poly1305::new((&*key).into());
    cipher.decrypt((&*nonce).into(), Payload { msg: content, aad: associated }).ok()
}

fn labelled(suite: &[u8], label: &[u8], content: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([b"HPKE-v1", suite, label, content].concat())
}

fn extract(suite: &[u8], salt: &[u8], label: &[u8], content: &[u8]) -> Hkdf<Sha256> {
    Hkdf::<Sha256>::extract(Some(salt), &labelled(suite, label, content)).1
}

fn expand<const N: usize>(from: &Hkdf<Sha256>, suite: &[u8], label: &[u8], info: &[u8]) -> Option<Zeroizing<[u8; N]>> {
    let length = u16::try_from(N).ok()?.to_be_bytes();
    let info = [&length, &labelled(suite, label, info)[..]].concat();
    let mut wanted = Zeroizing::new([0; N]);
    from.expand(&info, wanted.as_mut()).ok()?;
    Some(wanted)
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
