//! The bytes of an application: encoded once, stored, sent, never rebuilt.
//!
//! [`encode`] is the only place that turns an application into bytes. Everything after it treats them as opaque, so
//! sealing to the county's public key is a change of this file alone. The digest ties the bytes to identity and number: a
//! flipped bit or a row under another identity is found before anything is sent.

use std::fmt;

use sm3::{Digest, Sm3};
use zeroize::Zeroizing;

use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::submission::Application;

/// The stored and sent bytes of an application. Shows nothing of itself and is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Zeroizing<Vec<u8>>);

impl Body {
    pub(super) fn from_stored(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// SM3 over identity, number and bytes, 32 bytes.
    pub(super) fn digest(&self, id: SubmissionId, sequence: Sequence) -> [u8; 32] {
        Sm3::new()
            .chain_update(id.0.as_bytes())
            .chain_update(sequence.0.to_be_bytes())
            .chain_update(self.bytes())
            .finalize()
            .into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// Encodes an application: JSON in the order of its fields, without spaces, UTF-8. The same application gives the same
/// bytes for ever; the frozen test below holds the format.
pub fn encode(application: &Application) -> Result<Body, serde_json::Error> {
    serde_json::to_vec(application).map(Body::from_stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ledger::tests::application;

    #[test]
    fn the_encoding_is_frozen() {
        let body = encode(&application(7)).expect("plain values encode");
        assert_eq!(
            std::str::from_utf8(body.bytes()).expect("JSON is UTF-8"),
            concat!(
                r#"{"clientSubmissionId":"01961d38-3c00-7000-8000-000000000007","#,
                r#""item":{"item":"pension","code":"000000000","version":3,"#,
                r#""name":{"zh":"参保登记","en":"Enrolment"},"plainName":{"zh":"办养老保险","en":""}},"#,
                r#""terminal":"K032","confirmedAt":"2025-04-10T01:02:03Z","formVersion":2,"notice":"1/zh","#,
                r#""fields":[{"name":"name","value":"张小明7","source":"card"}]}"#
            )
        );
    }

    #[test]
    fn the_digest_depends_on_identity_number_and_every_bit() {
        let one = application(1).client_submission_id;
        let body = Body::from_stored(b"abc".to_vec());
        let digest = body.digest(one, Sequence(1));
        assert_ne!(digest, body.digest(one, Sequence(2)));
        assert_ne!(digest, body.digest(application(2).client_submission_id, Sequence(1)));
        assert_ne!(digest, Body::from_stored(b"abb".to_vec()).digest(one, Sequence(1)));
    }

    #[test]
    fn a_body_shows_only_its_length() {
        let body = encode(&application(7)).expect("plain values encode");
        let shown = format!("{body:?}");
        assert!(!shown.contains("张"), "{shown}");
    }
}
