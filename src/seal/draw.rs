//! From 32 fresh bytes to all the chance one envelope needs.
//!
//! SM3 in counter mode over seed, associated data and content. With a good source the seed alone makes it unpredictable;
//! with a source that repeats itself, another content still gets another key. The draws of one seed are a pure
//! function, which is what lets a simulation replay a year of sealing.

use std::convert::Infallible;

use sm2::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use sm3::{Digest, Sm3};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A stream of bytes for one envelope.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Drawn {
    key: [u8; 32],
    block: [u8; 32],
    used: usize,
    counter: u64,
}

impl Drawn {
    /// A stream for this seed, bound to what it is used for.
    pub fn new(mut seed: [u8; 32], associated: &[u8], plain: &[u8]) -> Self {
        let key = Sm3::new()
            .chain_update(seed)
            .chain_update(Sm3::digest(associated))
            .chain_update(Sm3::digest(plain))
            .finalize()
            .into();
        seed.zeroize();
        Self { key, block: [0; 32], used: 32, counter: 0 }
    }

    /// The next bytes.
    pub fn fill(&mut self, wanted: &mut [u8]) {
        for byte in wanted {
            if self.used == self.block.len() {
                self.counter += 1;
                self.block =
                    Sm3::new().chain_update(self.key).chain_update(self.counter.to_be_bytes()).finalize().into();
                self.used = 0;
            }
            *byte = self.block[self.used];
            self.used += 1;
        }
    }
}

impl TryRng for Drawn {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, wanted: &mut [u8]) -> Result<(), Infallible> {
        self.fill(wanted);
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_other_content_other_bytes() {
        let first = |seed: u8, associated: &[u8], plain: &[u8]| {
            let mut bytes = [0; 80];
            Drawn::new([seed; 32], associated, plain).fill(&mut bytes);
            bytes
        };
        let one = first(1, b"a", b"b");
        assert_eq!(one, first(1, b"a", b"b"));
        for other in [first(2, b"a", b"b"), first(1, b"x", b"b"), first(1, b"a", b"x"), first(1, b"ab", b"")] {
            assert_ne!(one, other);
        }
        assert_ne!(one[..32], one[32..64]);
    }
}
