//! The international suite: HPKE in base mode with X25519, HKDF-SHA256 and ChaCha20-Poly1305 (RFC 9180).
//!
//! Layout: the encapsulated key (32 bytes), cipher text, 16 bytes of tag. `info` is the constant below, so that a key
//! used for something else as well never gives the same keys.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeS, Serializable as _, single_shot_seal_with_rng};

use sm2::elliptic_curve::rand_core::CryptoRng;

use super::draw::Drawn;

/// The application's information of RFC 9180.
const INFO: &[u8] = b"bianmin-seal";

type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;

/// The county's X25519 key.
#[derive(Clone)]
pub(super) struct Recipient(PublicKey);

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recipient(X25519)")
    }
}

impl Recipient {
    /// From its 32 bytes.
    pub fn new(point: &[u8]) -> Option<Self> {
        PublicKey::from_bytes(point).ok().map(Self)
    }
}

/// Seals `plain`.
pub(super) fn seal(to: &Recipient, associated: &[u8], plain: &[u8], drawn: &mut Drawn) -> Option<Vec<u8>> {
    seal_with(to, INFO, associated, plain, drawn)
}

/// Seals with this information and this chance.
pub(super) fn seal_with(
    to: &Recipient,
    info: &[u8],
    associated: &[u8],
    plain: &[u8],
    chance: &mut impl CryptoRng,
) -> Option<Vec<u8>> {
    let (encapsulated, content) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &to.0,
        info,
        plain,
        associated,
        chance,
    )
    .ok()?;
    let mut sealed = encapsulated.to_bytes().to_vec();
    sealed.extend(content);
    Some(sealed)
}
