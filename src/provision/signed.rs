//! Signed text, as a code is read from paper and an order from a stick: head, payload, `.`, signature; payload and signature
//! in base64url without padding. The payload is a JSON object, and the signature is over its text as it stands.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{Document, SigningKey, Trusted};

/// Why a text does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unopened {
    /// It is not of this form.
    Form,
    /// Not signed by an authority this machine trusts, or changed after signing.
    Foreign,
}

/// The signed text of a payload.
///
/// # Errors
/// The payload cannot be written as JSON.
pub(super) fn sign(
    head: &str,
    document: Document,
    payload: &impl Serialize,
    key: &SigningKey,
) -> Result<String, serde_json::Error> {
    let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(payload)?);
    let signature = key.sign(document, text.as_bytes());
    Ok(format!("{head}{text}.{signature}"))
}

/// The payload of a stranger's text. Nothing of an unsigned one is looked at.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn open<T: DeserializeOwned>(
    head: &str,
    document: Document,
    text: &str,
    trusted: &Trusted,
) -> Result<T, Unopened> {
    let parts = text.strip_prefix(head).and_then(|rest| rest.split_once('.'));
    let (payload, signature) = parts.ok_or(Unopened::Form)?;
    if !trusted.has_signed(document, payload.as_bytes(), signature) {
        return Err(Unopened::Foreign);
    }
    let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| Unopened::Form)?;
    serde_json::from_slice(&json).map_err(|_| Unopened::Form)
}
