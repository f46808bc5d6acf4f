//! Whether a slip is genuine: a pure function of its text and the keys somebody trusts.

use std::collections::BTreeMap;

use super::key::PublicKey;
use crate::domain::receipt::{Claim, Payload, take_apart};

/// Keys to check slips with.
#[derive(Debug, Clone)]
pub enum Keys {
    /// One key, whatever kiosk the slip names: who checks knows which kiosk it should be.
    Single(PublicKey),
    /// The county's register: for each kiosk all keys it ever had, for slips outlive a replaced key.
    Register(BTreeMap<String, Vec<PublicKey>>),
}

/// What a slip turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The kiosk it names printed it, and nothing in it was altered.
    Genuine(Box<Claim>),
    /// It has our mark, but the kiosk it names did not sign this.
    Altered,
    /// No key is known for the kiosk it names.
    UnknownKiosk {
        /// Its code.
        kiosk: String,
    },
    /// A slip without a signature: of the layout before, or of a kiosk without a key. Nothing can be said.
    Unsigned,
    /// No slip of ours.
    Foreign,
}

impl Outcome {
    /// Stable word for machines.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Genuine(_) => "genuine",
            Self::Altered => "altered",
            Self::UnknownKiosk { .. } => "unknown-kiosk",
            Self::Unsigned => "unsigned",
            Self::Foreign => "foreign",
        }
    }
}

/// Checks the text of a slip's QR code.
pub fn check(scanned: &str, keys: &Keys) -> Outcome {
    let (claim, text, signature) = match take_apart(scanned) {
        Payload::Foreign => return Outcome::Foreign,
        Payload::Damaged => return Outcome::Altered,
        Payload::Old(_) | Payload::Signed { signature: None, .. } => return Outcome::Unsigned,
        Payload::Signed { claim, text, signature: Some(signature) } => (claim, text, signature),
    };
    let known = match keys {
        Keys::Single(key) => std::slice::from_ref(key),
        Keys::Register(register) => register.get(&claim.kiosk).map(Vec::as_slice).unwrap_or_default(),
    };
    if known.is_empty() {
        return Outcome::UnknownKiosk { kiosk: claim.kiosk };
    }
    if known.iter().any(|key| key.signed(text, signature)) { Outcome::Genuine(claim) } else { Outcome::Altered }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
