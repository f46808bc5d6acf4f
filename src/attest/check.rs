//! Whether a slip or what a machine says of its image is genuine: a pure function of the text and the keys somebody trusts.

use std::collections::BTreeMap;

use super::key::PublicKey;
use crate::domain::genuine::{self, ImageClaim, ImageCode};
use crate::domain::receipt::{Claim, Payload, take_apart};

/// Keys to check slips with.
#[derive(Debug, Clone)]
pub enum Keys {
    /// One key, whatever kiosk the slip names: who checks knows which kiosk it should be.
    Single(PublicKey),
    /// The county's register: for each kiosk all keys it ever had, for slips outlive a replaced key.
    Register(BTreeMap<String, Vec<PublicKey>>),
}

/// What a slip, with a [`Claim`], or a code of an image, with an [`ImageClaim`], turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<C = Claim> {
    /// The kiosk it names made it, and nothing in it was altered.
    Genuine(Box<C>),
    /// It has our mark, but the kiosk it names did not sign this.
    Altered,
    /// No key is known for the kiosk it names.
    UnknownKiosk {
        /// Its code.
        kiosk: String,
    },
    /// Without a signature: of the layout before, or of a kiosk without a key. Nothing can be said.
    Unsigned,
    /// Nothing of ours.
    Foreign,
}

impl<C> Outcome<C> {
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
    let kiosk = claim.kiosk.clone();
    believed(keys, kiosk, claim, text, signature)
}

/// Checks the text of the code with which a machine says which image it runs.
pub fn check_image(scanned: &str, keys: &Keys) -> Outcome<ImageClaim> {
    match genuine::take_apart(scanned) {
        ImageCode::Foreign => Outcome::Foreign,
        ImageCode::Damaged => Outcome::Altered,
        ImageCode::Claimed { signature: None, .. } => Outcome::Unsigned,
        ImageCode::Claimed { claim, text, signature: Some(signature) } => {
            believed(keys, claim.kiosk.clone(), Box::new(claim), text, signature)
        }
    }
}

/// The claim, if a key of the kiosk it names signed its text.
fn believed<C>(keys: &Keys, kiosk: String, claim: Box<C>, text: &str, signature: &str) -> Outcome<C> {
    let known = match keys {
        Keys::Single(key) => std::slice::from_ref(key),
        Keys::Register(register) => register.get(&kiosk).map(Vec::as_slice).unwrap_or_default(),
    };
    if known.is_empty() {
        return Outcome::UnknownKiosk { kiosk };
    }
    if known.iter().any(|key| key.signed(text, signature)) { Outcome::Genuine(claim) } else { Outcome::Altered }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
