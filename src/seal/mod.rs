//! The seal: what a resident hands in can be read by the county alone from the moment it is confirmed.
//!
//! The promise: [`Sealer::seal`] turns plain bytes into one versioned envelope that only the holder of the county's private
//! key opens, and only under the terminal, submission id, number and purpose it was made for. The kiosk holds no key that
//! opens it, so neither the program nor the thief of its disk can read it back.
//!
//! How: a fresh key per envelope, wrapped for the county's public key, and an authenticated cipher over the content with
//! everything that is known of it outside as associated data. Two suites behind one interface, chosen by
//! configuration ([`Suite`]):
//!
//! - `sm`, the national one: SM2 public-key encryption (GB/T 32918.4, layout C1‖C3‖C2) of a random SM4 key, content in
//!   SM4-GCM (GB/T 32907, RFC 8998), key ids by SM3 (GB/T 32905).
//! - `international`: HPKE in base mode (RFC 9180) with X25519, HKDF-SHA256 and ChaCha20-Poly1305, key ids by SHA-256.
//!
//! **The envelope is a JSON object** with the binary part in base64: `{"envelope":1,"suite":…,"keyId":…,"terminal":…,
//! "sealed":…}`. It is stored like this and travels like this, in the place of the application. Base64 costs a third of its
//! length; in exchange the program of the other boot slot, which knows JSON objects only, delivers it byte for byte, and a
//! retry by either of the two is the same body to the county. `config/county-contract.yaml` describes it for counties.
//!
//! Beside the seal stand two keyed tags, HMAC-SM3 both: one finds applications of a card again without holding its number
//! ([`LookupKey`]), one tells the same application handed in twice, for sealing is randomised ([`Sealer::same_tag`]).
//! The key of the second is drawn when the sealer is made and never written, so the disk does not help to try it out.
//!
//! [`attachment`] seals files in pieces with a hash tree. Chance is an argument: each envelope takes 32 fresh bytes, and
//! what is drawn from them depends on the content as well, so that a source that repeats itself does not repeat a key.
//!
//! Left out on purpose: opening (the county's alone; the stand-in platform has its own code for it), signatures (the
//! request is signed by `county`), storing and sending.

pub mod attachment;
mod bound;
mod draw;
mod error;
mod international;
mod key;
mod sealer;
mod sm;

#[cfg(test)]
pub(crate) mod tests;

pub use bound::{Bound, Purpose};
pub use error::SealError;
pub use key::{CountyKey, KeyId, LookupKey, Suite};
pub use sealer::{Chance, Sealer};
