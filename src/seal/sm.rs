//! The national suite: SM2 wraps an SM4 key, SM4-GCM seals the content.
//!
//! Layout: `C1‖C3‖C2` of the 16-byte key (65 + 32 + 16 bytes, C1 uncompressed), 12 bytes of nonce, cipher text, 16 bytes
//! of tag. The key is used once, so the nonce could be fixed; a drawn one costs twelve bytes and survives a mistake.

use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use sm2::elliptic_curve::rand_core::TryCryptoRng;
use sm2::pke::EncryptingKey;
use sm4::Sm4;
use zeroize::Zeroizing;

use super::draw::Drawn;

/// SM4 in Galois/counter mode with a nonce of 12 bytes (RFC 8998).
pub(super) type Sm4Gcm = AesGcm<Sm4, U12>;

/// Bytes before the cipher text.
pub(super) const HEAD: usize = 65 + 32 + 16 + 12;

/// The county's SM2 key.
#[derive(Debug, Clone)]
pub(super) struct Recipient(EncryptingKey);

impl Recipient {
    /// From an uncompressed point; `None` if it is not on the curve.
    pub fn new(point: &[u8]) -> Option<Self> {
        (point.len() == 65).then(|| EncryptingKey::from_sec1_bytes(point).ok()).flatten().map(Self)
    }

    /// Wraps a key: C1‖C3‖C2.
    pub fn wrap(&self, key: &[u8], drawn: &mut impl TryCryptoRng) -> Option<Vec<u8>> {
        self.0.encrypt(drawn, key).ok()
    }
}

/// Seals `plain`.
pub(super) fn seal(to: &Recipient, associated: &[u8], plain: &[u8], drawn: &mut Drawn) -> Option<Vec<u8>> {
    let mut key = Zeroizing::new([0; 16]);
    drawn.fill(key.as_mut());
    let mut nonce = [0; 12];
    drawn.fill(&mut nonce);
    let mut sealed = Vec::with_capacity(HEAD + plain.len() + 16);
    sealed.extend(to.wrap(&key[..], drawn)?);
    sealed.extend(nonce);
    sealed.extend(plain);
    let cipher = Sm4Gcm::new((&*key).into());
    // The plain bytes are overwritten where they lie.
    let tag = cipher.encrypt_inout_detached((&nonce).into(), associated, sealed.get_mut(HEAD..)?.into()).ok()?;
    sealed.extend(tag);
    Some(sealed)
}
