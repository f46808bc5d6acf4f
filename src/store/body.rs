//! The bytes of an application: encoded once, sealed at once, stored, sent, never rebuilt.
//!
//! [`encode`] is the only place that turns an application into bytes, and [`Plain::seal`] the only way from there to the
//! disk. Everything after it treats the sealed bytes as opaque; nothing in the program can read them. The digest ties
//! them to identity and number: a flipped bit or a row under another identity is found before anything is sent.

use std::fmt;

use sm3::{Digest, Sm3};
use zeroize::Zeroizing;

use crate::domain::form::mask;
use crate::domain::id::{Sequence, SubmissionId};
use crate::domain::submission::Application;
use crate::seal::{Bound, Purpose, SealError, Sealer};

/// The field that holds the applicant's name, in every item of the catalogue.
const NAME: &str = "applicantName";
/// The field that holds the number of the applicant's card.
const NUMBER: &str = "applicantIdNo";

/// The stored and sent bytes of an application: sealed, except in rows of schema 1. Shows nothing of itself.
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

/// What the store knows of the person whose application it keeps.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// Such as `张*`; absent where the form has no name.
    pub masked_name: Option<String>,
    /// Finds the applications of a card again; absent where the form has no number.
    pub lookup_tag: Option<[u8; 32]>,
}

impl Holder {
    /// Of an application.
    pub fn of(application: &Application, sealer: &Sealer) -> Self {
        let value = |name: &str| {
            application.fields.iter().find(|f| f.name == name && !f.value.is_empty()).map(|f| f.value.as_str())
        };
        Self {
            masked_name: value(NAME).map(mask::name),
            lookup_tag: value(NUMBER).map(|number| sealer.lookup_tag(number)),
        }
    }
}

/// The bytes of an application that can still be read: in memory only, wiped when dropped, shows nothing of itself.
pub struct Plain(Zeroizing<Vec<u8>>);

impl Plain {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Seals them for the county, under this application's identity and number alone.
    ///
    /// # Errors
    /// As [`Sealer::seal`].
    pub(super) fn seal(
        &self,
        sealer: &Sealer,
        application: &Application,
        sequence: Sequence,
    ) -> Result<Body, SealError> {
        let bound = Bound {
            terminal: &application.terminal,
            id: application.client_submission_id,
            sequence,
            purpose: Purpose::Application,
        };
        sealer.seal(&bound, self.bytes()).map(Body::from_stored)
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plain({} bytes)", self.0.len())
    }
}

/// Encodes an application: JSON in the order of its fields, without spaces, UTF-8. The same application gives the same
/// bytes for ever; the frozen test below holds the format.
pub fn encode(application: &Application) -> Result<Plain, serde_json::Error> {
    // Measured first: a buffer that grows leaves copies of what it held behind.
    let mut length = Length(0);
    serde_json::to_writer(&mut length, application)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *bytes, application)?;
    Ok(Plain(bytes))
}

/// Counts what is written to it.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
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
