//! The kiosk's signature on slips, and on what it says of its image: anybody who has the kiosk's public key can tell a slip of
//! its from an altered one.
//!
//! It promises that [`check`] calls a slip genuine only if the kiosk it names signed exactly this text; one altered
//! character anywhere makes it something else. And that signing takes no chance: the same claim has the same
//! signature for ever, so a copy of a slip is the same code, and a weak source of chance gives no key away.
//!
//! How: `domain::receipt` writes the claim and takes a payload apart. [`SlipKey`] signs the claim's text, under one of
//! two suites that share everything else: Ed25519 (RFC 8032), or SM2 with SM3 (GB/T 32918.2, the usual user id, the
//! nonce derived by RFC 6979 over SM3). The key itself says which; nothing in a slip can choose. A signature has 64
//! bytes in both and is written by [`letters`] in 96 characters.
//!
//! Left out on purpose: certificates (the county keeps a register, see `config/county-contract.yaml`), the county's
//! signature (a slip speaks for the kiosk; whether the county has the case, its page says), and where a key file lies.

mod check;
mod key;
pub mod letters;

pub use check::{Keys, Outcome, check, check_image};
pub use key::{KeyError, PublicKey, SEED_LENGTH, SlipKey, Suite};
